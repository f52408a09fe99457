"""Which processes are to be stopped, and which are only told of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from gate.core.model import Environment
from gate.guards.processes import Process
from gate.guards.stopping.choosing import Wish, choose, descendants_of, kin_of
from gate.guards.stopping.labs import lab_of
from gate.guards.stopping.working_tree import Patterns
from tests.unit.guards.stopping.machines import STARTED, FakeMachine, process

LABS = (
    lab_of(Environment(name="staging", focus_server="https://10.10.10.100/focus-server")),
    lab_of(Environment(name="other", focus_server="https://10.10.10.200/focus-server")),
)
PATTERNS = Patterns(names=("test_configure_*",))
ME = process(50, "python", "/bin/gate", "stop-tests", parent=40)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "test_jobs.py").write_text("def test_configure_a(): ...\n", encoding="utf-8")
    (tmp_path / "reads").mkdir()
    (tmp_path / "reads" / "test_reads.py").write_text("def test_channels(): ...\n", encoding="utf-8")
    return tmp_path


def pids(found: object) -> list[int]:
    assert isinstance(found, tuple)
    return [one.process.pid for one in found]


def test_what_configures_is_chosen_and_what_reads_or_mentions_is_not(tree: Path) -> None:
    processes = [
        ME,
        process(60, "pytest"),
        process(61, "pytest", "reads"),
        process(62, "locust", "-f", "x.py"),
        process(63, "vim", "test_jobs.py"),
        process(64, "grep", "-r", "pytest"),
        process(65, "pytest", "--collect-only"),
        process(66),
    ]
    machine = FakeMachine(me=ME, running=processes, folders=dict.fromkeys(range(60, 70), tree))
    choice = choose(machine, processes, Wish(patterns=PATTERNS))
    assert pids(choice.stop) == [60, 62]
    assert [one.why for one in choice.stop] == ["runs test_configure_a", "load"]
    assert (choice.foreign, choice.elsewhere) == ((), ())


def test_gate_and_all_that_it_was_started_by_are_never_chosen(tree: Path) -> None:
    processes = [process(30, "pytest"), process(40, "bash", parent=30), ME, process(41, "pytest", parent=30)]
    machine = FakeMachine(me=ME, running=processes, folders=dict.fromkeys((30, 41), tree))
    assert pids(choose(machine, processes, Wish(patterns=PATTERNS)).stop) == [41]


def test_another_users_process_is_told_of_and_not_chosen(tree: Path) -> None:
    processes = [ME, process(60, "pytest", user="noa"), process(61, "locust", user="noa")]
    machine = FakeMachine(me=ME, running=processes, folders={60: tree})
    choice = choose(machine, processes, Wish(patterns=PATTERNS))
    assert (pids(choice.stop), pids(choice.foreign)) == ([], [60, 61])


def test_what_cannot_be_looked_into_counts_in_doubt() -> None:
    processes = [ME, process(60, "pytest")]
    choice = choose(FakeMachine(me=ME, running=processes), processes, Wish(patterns=PATTERNS))
    assert [one.why for one in choice.stop] == ["where it runs may not be read, so in doubt it counts"]


def test_an_environment_narrows_to_what_names_its_host(tree: Path) -> None:
    processes = [ME, *(process(pid, "pytest") for pid in (60, 61, 62))]
    processes.append(process(63, "locust", "--host", "https://10.10.10.100/x"))
    environs: dict[int, Mapping[str, str]] = {
        60: {"URL": "https://10.10.10.100/focus-server"},
        61: {"URL": "https://10.10.10.200/focus-server"},
    }
    folders = dict.fromkeys((60, 61, 62), tree)
    machine = FakeMachine(me=ME, running=processes, folders=folders, environs=environs)
    choice = choose(machine, processes, Wish(patterns=PATTERNS, labs=LABS, environment="staging"))
    assert (pids(choice.stop), pids(choice.elsewhere)) == ([60, 63], [61, 62])


def test_everything_needs_no_look_into_a_tree(tree: Path) -> None:
    processes = [ME, process(61, "pytest", "reads")]
    machine = FakeMachine(me=ME, running=processes, folders={61: tree})
    choice = choose(machine, processes, Wish(patterns=Patterns(), everything=True))
    assert pids(choice.stop) == [61]


def test_a_parent_that_is_gone_is_named_so(tree: Path) -> None:
    processes = [ME, process(60, "pytest", parent=2), process(61, "pytest", parent=60)]
    machine = FakeMachine(me=ME, running=processes, folders=dict.fromkeys((60, 61), tree))
    stop = choose(machine, processes, Wish(patterns=PATTERNS)).stop
    assert [one.parent for one in stop] == ["2, which is gone", "pytest 60"]


def test_descendants_are_found_at_any_depth_and_a_reused_number_is_none() -> None:
    root = process(10, "pytest", created=STARTED + 5)
    family = [
        process(11, "x", parent=10, created=STARTED + 6),
        process(12, "x", parent=11, created=STARTED + 7),
    ]
    older = process(13, "x", parent=10, created=STARTED)
    found = descendants_of([root], [*family, older, root, process(14, "x")])
    assert sorted(one.pid for one in found) == [11, 12]


def test_kin_ends_where_numbers_go_round() -> None:
    circle: list[Process] = [process(50, parent=40), process(40, parent=50)]
    assert kin_of(circle[0], circle) == {50, 40}
