"""What gate keeps of a git ref on this machine: shared, small, and thrown away when in doubt."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gate.core.entry import Note
from gate.errors import ConfigError
from gate.fleet.state import open_state
from gate.fleet.state.git_cache import KEPT_FOR, SLOTS
from gate.fleet.state.protocol import Ledger
from gate.probe.snapshot import cache_folder
from tests.unit.fleet import git_remote
from tests.unit.fleet.git_remote import git

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
TICK = Note(at=datetime(2025, 11, 8, tzinfo=UTC), by="cron", kind="rechecked")


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    git_remote.alone(tmp_path / "cache", monkeypatch)
    return git_remote.new_remote(tmp_path / "state.git")


def use(remote: Path) -> int:
    """Append an entry as a process of its own would, and return its number."""
    with closing(open_state(f"git+{remote}")) as ledger:
        head = ledger.head()
        return ledger.append([TICK], head.seq)[0].seq


def caches() -> list[Path]:
    return sorted((cache_folder(os.environ) / "state").glob("*/*.git"))


def objects(folder: Path) -> int:
    return sum(path.is_file() for path in (folder / "objects").rglob("*"))


def test_one_gate_after_the_other_uses_one_repository(remote: Path) -> None:
    assert [use(remote) for _ in range(3)] == [1, 2, 3]
    assert len(caches()) == 1
    assert not [path for path in caches()[0].parent.iterdir() if path.suffix == ".old"]


def test_gates_at_once_have_one_each_and_at_last_a_passing_one(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "passing"))
    (tmp_path / "passing").mkdir()
    with ExitStack() as opened:
        ledgers: list[Ledger] = [
            opened.enter_context(closing(open_state(f"git+{remote}"))) for _ in range(SLOTS + 1)
        ]
        for number, ledger in enumerate(ledgers):
            assert ledger.head().seq == number
            ledger.append([TICK], number)
        assert len(caches()) == SLOTS
        assert len(list((tmp_path / "passing").iterdir())) == 1
    assert list((tmp_path / "passing").iterdir()) == []


def test_two_places_are_kept_apart(remote: Path) -> None:
    use(remote)
    with closing(open_state(f"git+{remote}#refs/gate/other")) as ledger:
        assert ledger.head().seq == 0
    assert len(caches()) == 2


def cut_off(folder: Path) -> None:
    (folder / "shallow.lock").touch()


def cut_off_at_a_ref(folder: Path) -> None:
    (folder / "refs" / "gate" / "seen.lock").touch()


def never_finished(folder: Path) -> None:
    (folder / "config").unlink()


def emptied_objects(folder: Path) -> None:
    for path in (folder / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.write_bytes(b"")


def no_objects(folder: Path) -> None:
    for path in (folder / "objects").rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            path.unlink()


def no_head(folder: Path) -> None:
    (folder / "HEAD").write_bytes(b"\0")


def grown_old(folder: Path) -> None:
    long_ago = folder.stat().st_mtime - KEPT_FOR - 60
    os.utime(folder / "config", (long_ago, long_ago))


def from_the_future(folder: Path) -> None:
    later = folder.stat().st_mtime + 86400
    os.utime(folder / "config", (later, later))


@pytest.mark.parametrize(
    "damage",
    [
        cut_off,
        cut_off_at_a_ref,
        never_finished,
        emptied_objects,
        no_objects,
        no_head,
        grown_old,
        from_the_future,
    ],
)
def test_what_a_killed_or_broken_gate_left_behind_is_thrown_away(
    remote: Path, damage: Callable[[Path], None]
) -> None:
    assert [use(remote), use(remote)] == [1, 2]
    (folder,) = caches()
    (folder / "mark").touch()
    damage(folder)
    assert [use(remote), use(remote)] == [3, 4]
    (folder,) = caches()
    assert damage is no_objects or not (folder / "mark").exists()  # they are simply fetched again
    assert len(list(folder.parent.glob("*.old"))) == 0


def test_damage_while_a_ledger_is_open_is_mended(remote: Path) -> None:
    with closing(open_state(f"git+{remote}")) as ledger:
        for number, damage in enumerate((no_objects, emptied_objects, no_head)):
            ledger.append([TICK], number)
            damage(caches()[0])
        assert [entry.seq for entry in ledger.entries()] == [1, 2, 3]
        no_objects(caches()[0])
        assert ledger.append([TICK], 3)[0].seq == 4


def test_only_the_last_state_is_fetched_not_its_history(remote: Path) -> None:
    with closing(open_state(f"git+{remote}")) as ledger:
        for number in range(8):
            ledger.append([TICK], number)
    (folder,) = caches()
    cut_off(folder)
    assert use(remote) == 9
    assert len(git(remote, "rev-list", git_remote.REF).split()) == 10
    assert objects(caches()[0]) < 13


def test_no_work_tree_and_no_branch_comes_to_be(remote: Path) -> None:
    use(remote)
    assert git(remote, "for-each-ref", "--format=%(refname)").split() == [git_remote.REF]
    names = {path.name for path in caches()[0].iterdir()}
    assert names <= {"HEAD", "config", "objects", "refs", "shallow", "logs", "packed-refs", "info"}


@POSIX
def test_the_cache_is_the_owners_alone_and_another_ones_is_not_trusted(remote: Path) -> None:
    use(remote)
    base = caches()[0].parent
    assert stat.S_IMODE(base.stat().st_mode) == 0o700
    (caches()[0] / "mark").touch()
    base.chmod(0o777)
    assert use(remote) == 2
    assert (caches()[0] / "mark").exists()
    assert objects(caches()[0]) < 12


def test_without_any_folder_to_work_in_it_says_so(
    remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="no folder for what is fetched"):
        open_state(f"git+{remote}")
