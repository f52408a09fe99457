"""Is a wired GitLab file the old one with a gate before every protected job, and nothing else?"""

from __future__ import annotations

from typing import Any

import pytest

from gate.wiring import gitlab
from gate.wiring.edits import apply_edits
from gate.wiring.marks import find_marks
from gate.wiring.records import Form, Refused, WireOptions
from tests.unit.wiring.gitlab_corpus import (
    ASK,
    FILES,
    PROTECT,
    SETUP,
    lines,
    loaded,
    read,
    source,
    unwired,
    wired,
)

corpus = pytest.mark.parametrize("name", FILES)
BOTH_NAMES = pytest.mark.parametrize("file", [".gitlab-ci.yml", "ci/lab.yml"])
ALREADY = {"wired-by-hand", "wired-by-child", "wired-by-failing-gate", "nothing-protected", "hidden-only"}
OWN = {"extends", "before_script", "script", "allow_failure", "needs", "trigger"}
GLOBAL = {"default", "include", "stages", "types", "variables", "workflow", "before_script", "spec"}


class TestTheCorpus:
    """What holds for every file."""

    def test_there_are_enough_of_them(self) -> None:
        assert len(FILES) >= 100

    @BOTH_NAMES
    @corpus
    def test_unwiring_gives_back_every_byte(self, name: str, file: str) -> None:
        text = read(name)
        assert unwired(wired(text, file), file) == text

    @BOTH_NAMES
    @corpus
    def test_wiring_twice_changes_nothing(self, name: str, file: str) -> None:
        once = wired(read(name), file)
        assert gitlab.wire(source(once, file), PROTECT, WireOptions()).edits == ()

    @BOTH_NAMES
    @corpus
    def test_lint_finds_nothing_once_it_is_wired(self, name: str, file: str) -> None:
        assert gitlab.lint(source(wired(read(name), file), file), PROTECT) == ()

    @corpus
    def test_lint_finds_every_file_that_wiring_has_to_change(self, name: str) -> None:
        text = read(name)
        changed = wired(text) != text
        assert changed == (name not in ALREADY)
        assert bool(gitlab.lint(source(text), PROTECT)) == changed

    @corpus
    def test_every_line_is_an_old_one_or_stands_below_a_mark(self, name: str) -> None:
        text, new = read(name), wired(read(name))
        rest, position = "", 0
        for mark in find_marks(source(new), "#"):
            assert mark.fits
            rest += new[position : mark.start] + mark.was
            position = mark.end
        rest += new[position:]
        assert rest.rstrip("\r\n") == text.rstrip("\r\n")

    @corpus
    def test_line_ends_stay_what_they_are(self, name: str) -> None:
        text, new = read(name), wired(read(name))
        if "\r\n" in text and text.count("\n") == text.count("\r\n"):
            assert new.count("\n") == new.count("\r\n")
        assert ("\r" in new) == ("\r" in text)

    @corpus
    def test_a_plain_reader_finds_the_old_jobs_with_the_gate_before_the_protected_ones(
        self, name: str
    ) -> None:
        old, new = loaded(read(name)), loaded(wired(read(name)))
        assert set(old) <= set(new)
        for job, body in old.items():
            if job == "include":
                continue
            changed = new[job] != body
            if changed:
                assert not job.startswith(".")
                assert job not in GLOBAL
                _compare(body, new[job])

    @corpus
    def test_jobs_that_are_not_protected_are_left_alone(self, name: str) -> None:
        old, new = loaded(read(name)), loaded(wired(read(name)))
        for job in (job for job in old if job.startswith((".", "unit", "build", "report", "summary", "ask"))):
            assert new[job] == old[job]


def _compare(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Find the guard at the head of a job's lines, or the gate's child in its trigger, and nothing lost."""
    assert {key: value for key, value in old.items() if key not in OWN} == {
        key: value for key, value in new.items() if key not in OWN
    }
    if "trigger" in old:
        assert new["trigger"]["include"] == [
            {"artifact": "gate-child.yml", "job": new["trigger"]["include"][0]["job"]}
        ]
        assert [need for need in new.get("needs", []) if need != "fiber-gate"] == old.get("needs", [])
        return
    bases = new.get("extends", [])
    assert any(
        "-guard" in base or "-inputs" in base for base in ([bases] if isinstance(bases, str) else bases)
    )
    key = "before_script" if ASK in lines(new.get("before_script")) else "script"
    head = lines(new[key])
    assert head[1] == ASK
    assert head[0].endswith("-guard before_script")
    rest = head[2:]
    kept = [line for line in lines(old.get(key)) if line != head[0]]
    assert rest == kept or (len(rest) == 1 and rest[0].startswith("!reference "))


GUARDED = f"""\
  before_script:
    - !reference [.fiber-gate-guard, before_script]
    - {ASK}
"""


class TestTheForms:
    """Which form is written where."""

    def test_a_job_gets_the_published_guard(self) -> None:
        new = wired("load:\n  script: [echo one]\n")
        assert "  extends: .fiber-gate-guard\n" + GUARDED in new
        assert "  - component: $CI_SERVER_FQDN/fiber-gate/fiber-gate/fiber-gate@0.1.0\n" in new
        assert "    inputs:\n      stage: .pre\n" in new

    def test_a_before_script_that_another_file_may_give_is_kept(self) -> None:
        new = loaded(wired("include: ci/part.yml\nload:\n  script: [echo one]\n"))
        assert new["load"]["extends"] == [".fiber-gate-inputs", ".fiber-gate-on-closed-skip"]
        assert "before_script" not in new["load"]
        assert new["load"]["script"] == [SETUP, ASK, "echo one"]

    def test_a_file_that_others_include_gets_the_same_form(self) -> None:
        new = loaded(wired("load:\n  script: [echo one]\n", "ci/lab.yml"))
        assert new["load"]["script"] == [SETUP, ASK, "echo one"]

    def test_a_script_of_another_file_is_called_by_reference(self) -> None:
        new = loaded(wired("include: ci/part.yml\nload:\n  extends: [.a, .b]\n"))
        assert new[".load-unguarded"] == {"extends": [".a", ".b"]}
        assert new["load"]["script"] == [SETUP, ASK, "!reference .load-unguarded script"]

    def test_a_trigger_job_starts_the_gates_child(self) -> None:
        new = loaded(wired("load:\n  trigger: {include: ci/lab.yml}\n  needs: [unit]\nunit: {script: x}\n"))
        assert new["include"][0]["inputs"] == {"stage": ".pre", "child": "ci/lab.yml"}
        assert new["load"] == {
            "trigger": {"include": [{"artifact": "gate-child.yml", "job": "fiber-gate"}]},
            "needs": ["fiber-gate", "unit"],
        }
        assert new["fiber-gate-child"] == {"rules": [{"when": "never"}]}

    def test_the_child_form_leaves_no_script_job_in_the_file(self) -> None:
        options = WireOptions(form=Form.CHILD)
        with pytest.raises(Refused, match="in the child form"):
            gitlab.wire(source("load:\n  script: [x]\n"), PROTECT, options)
        assert gitlab.wire(source("load:\n  trigger: {include: ci/lab.yml}\n"), PROTECT, options).edits

    def test_a_name_that_is_taken_is_not_used(self) -> None:
        new = loaded(wired("fiber-gate:\n  script: [mine]\nload:\n  script: [echo one]\n"))
        assert new["include"][0]["inputs"]["name"] == "fiber-gate-2"
        assert new["load"]["extends"] == ".fiber-gate-2-guard"

    def test_a_child_beside_a_template_that_is_there_gets_a_name_of_its_own(self) -> None:
        text = (
            "include: [{local: t/fiber-gate.yml}]\n"
            "load:\n  when: manual\n  trigger: {include: ci/lab.yml}\nconfigure:\n  script: [x]\n"
        )
        new = loaded(wired(text))
        assert new["include"][0]["inputs"] == {"stage": ".pre", "name": "fiber-gate-2", "child": "ci/lab.yml"}
        assert new["load"]["trigger"]["include"][0]["job"] == "fiber-gate-2"
        assert new["configure"]["extends"] == ".fiber-gate-guard"
        notes = gitlab.wire(source(text), PROTECT, WireOptions()).notes
        assert any("not again" in note.text for note in notes)

    def test_a_template_that_another_file_includes_is_not_included_again(self) -> None:
        text = "load:\n  extends: .fiber-gate-guard\n  script: [echo one]\n"
        assert "include" not in loaded(wired(text))

    def test_a_job_of_powershell_gets_the_template_for_it(self) -> None:
        text = (
            "include:\n  - local: t/fiber-gate.yml\n"
            "  - {local: t/fiber-gate.yml, inputs: {name: win-lab, shell: powershell}}\n"
            "load-win:\n  tags: [windows]\n  script: [echo one]\nload:\n  script: [echo two]\n"
        )
        new = loaded(wired(text, ".gitlab-ci.yml"))
        assert new["load-win"]["extends"] == ".win-lab-guard"
        assert new["load"]["extends"] == ".fiber-gate-guard"

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            pytest.param("allow_failure: false", {"exit_codes": [69, 75]}, id="false"),
            pytest.param("allow_failure: true", True, id="true"),
            pytest.param("allow_failure: {exit_codes: 3}", {"exit_codes": [69, 75, 3]}, id="code"),
            pytest.param("allow_failure: {exit_codes: [75, 3]}", {"exit_codes": [69, 75, 3]}, id="codes"),
            pytest.param("when: manual", True, id="manual"),
            pytest.param("when: always", None, id="none"),
        ],
    )
    def test_a_closed_gate_is_a_warning_and_other_failures_are_what_they_were(
        self, before: str, after: object
    ) -> None:
        new = loaded(wired(f"load:\n  {before}\n  script: [echo one]\n"))
        assert new["load"].get("allow_failure") == after

    def test_what_a_person_should_look_at_is_told(self) -> None:
        text = (
            "include: ci/part.yml\nload:\n  rules: [{when: always, allow_failure: false}]\n  extends: .part\n"
        )
        told = [note.text for note in gitlab.wire(source(text), PROTECT, WireOptions()).notes]
        for part in ("before_script", "comes from another file", "pipeline red", "Python 3.11", "component"):
            assert any(part in each for each in told), part

    def test_a_file_without_protected_jobs_says_so(self) -> None:
        (note,) = gitlab.wire(source("unit:\n  script: [x]\n"), PROTECT, WireOptions()).notes
        assert "configure* and load*" in note.text


class TestLaterEdits:
    """A person works on in a wired file."""

    def test_edits_elsewhere_are_no_obstacle(self) -> None:
        text = read("keywords")
        new = wired(text).replace("timeout: 1h", "timeout: 2h")
        assert unwired(new) == text.replace("timeout: 1h", "timeout: 2h")

    def test_an_edit_below_a_mark_is_refused_with_its_line(self) -> None:
        new = wired(read("script-list")).replace(ASK, "gate guard -- true")
        with pytest.raises(Refused, match="edited since") as caught:
            unwired(new)
        assert new.splitlines()[caught.value.place.line - 1].lstrip().startswith("# fiber-gate: ")

    def test_a_job_that_is_added_is_wired_beside_the_others(self) -> None:
        text = read("script-list")
        more = wired(text) + "load-2:\n  script: [echo two]\n"
        again = wired(more)
        assert loaded(again)["load-2"]["extends"] == ".fiber-gate-guard"
        assert unwired(again) == text + "load-2:\n  script: [echo two]\n"

    def test_a_guard_that_was_taken_out_is_found(self) -> None:
        new = wired(read("script-list")).replace(f"    - {ASK}\n", "")
        (finding,) = gitlab.lint(source(new), PROTECT)
        assert finding.rule == "gitlab/ungated-job"
        assert apply_edits(new, gitlab.wire(source(new), PROTECT, WireOptions()).edits) != new
