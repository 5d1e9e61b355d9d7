"""The list of mutants that no test can notice names those that there are, and the finder finds what it should."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import equivalent, guards
from tests.mutants.__main__ import lines_of
from tests.mutants.guards import instrumented, mutants_of, sources
from tools.imports import ROOT


def test_each_argued_mutant_is_still_there_and_its_argument_says_something() -> None:
    argued = equivalent.arguments()
    files = {guards.name_of(file): file for file in sources()}
    there = {
        one.id for name in {id.partition(":")[0] for id in argued} if name in files for one in mutants_of(files[name])
    }
    assert argued.keys() - there == set(), "no such guard any more: delete it, or give it its new name"
    assert [id for id, because in argued.items() if len(because.split()) < 6] == []


def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, room: str = "store") -> Path:
    monkeypatch.setattr(guards, "LAYER", tmp_path)
    file = tmp_path / room / "module.py"
    file.parent.mkdir()
    file.write_text(textwrap.dedent(text), "utf-8")
    return file


def results(file: Path, call: str, **names: Any) -> dict[str, Any]:
    """What a call of the module gives with each of its mutants on, and with none."""
    tree, mutants = instrumented(file)
    found: dict[str, Any] = {}
    for on in (None, *mutants):
        given = {guards.SWITCH: lambda asked, on=on: on is not None and asked == on.id, **names}
        exec(compile(tree, "module", "exec"), given)  # noqa: S102 - the text is above
        try:
            found[on.id if on else ""] = eval(call, given)  # noqa: S307
        except ValueError as error:
            found[on.id if on else ""] = error
    return found


def test_each_part_of_a_condition_is_left_out_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path,
        monkeypatch,
        """
        def unchanged(row):
            return {"st": row, "ch": 1}

        def verb(row):
            values = {"st": "posted"}
            return update(values, expected=unchanged(row) | {"tk": None})
        """,
    )
    found = results(file, "verb('new')", update=lambda values, expected: expected)
    whole = {"st": "new", "ch": 1, "tk": None}
    assert found.pop("") == whole
    assert found.pop("store/module.py:verb:condition none: update(values, expected=unchanged(row) | {'tk': None})") == {
        "zz": None
    }
    assert found == {
        "store/module.py:unchanged:condition without st: row": {"zz": None, "ch": 1, "tk": None},
        "store/module.py:unchanged:condition without ch: 1": {"st": "new", "zz": None, "tk": None},
        "store/module.py:verb:condition without tk: None": {"st": "new", "ch": 1, "zz": None},
    }


def test_a_part_that_is_added_and_a_written_condition_are_left_out_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(
        tmp_path,
        monkeypatch,
        """
        def verb(pages):
            expected = {}
            if pages:
                expected["pg"] = pages
            return update(expected=expected), ask(ConditionExpression=f"#0 = {pages}"), put("item", unless_exists=True)
        """,
    )
    given = {
        "update": lambda expected: expected,
        "ask": lambda **given: given,
        "put": lambda _, unless_exists: unless_exists,
    }
    found = results(file, "verb(2)", **given)
    assert found.pop("") == ({"pg": 2}, {"ConditionExpression": "#0 = 2"}, True)
    assert list(found.values()) == [
        ({}, {"ConditionExpression": "#0 = 2"}, True),
        ({"zz": None}, {"ConditionExpression": "#0 = 2"}, True),
        ({"pg": 2}, {"ConditionExpression": "(#0 = 2) OR attribute_not_exists(zz)"}, True),
        ({"pg": 2}, {"ConditionExpression": "#0 = 2"}, False),
    ]


def test_a_test_of_a_state_lets_everybody_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path,
        monkeypatch,
        """
        def run(status, name):
            if not name or status != "draft":
                return "refused"
            return [one for one in (status, name) if one != "posted" and not done(one)]
        """,
    )
    found = results(file, "run('posted', 'posted')", done=lambda one: False)
    assert found.pop("") == "refused"
    assert found == {
        "store/module.py:run:test never: status != 'draft'": [],
        "store/module.py:run:test holds: one != 'posted'": "refused",
        "store/module.py:run:test never: done(one)": "refused",
    }
    assert results(file, "run('draft', 'posted')", done=lambda one: True) == {
        "": [],
        "store/module.py:run:test never: status != 'draft'": [],
        "store/module.py:run:test holds: one != 'posted'": [],
        "store/module.py:run:test never: done(one)": ["draft"],
    }


def test_a_handler_of_a_lost_race_raises_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path,
        monkeypatch,
        """
        def run():
            try:
                write()
            except Conflict:
                return "lost"
        """,
    )

    def write() -> None:
        raise ValueError("no")

    found = results(file, "run()", write=write, Conflict=ValueError)
    assert found.pop("") == "lost"
    assert [(id, str(error)) for id, error in found.items()] == [
        ("store/module.py:run:handler raises on: except Conflict", "no")
    ]


def test_rules_have_operators_and_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(
        tmp_path,
        monkeypatch,
        """
        def due(total, paid):
            return -(total - paid) if paid > 0 and total else 7
        """,
        room="rules",
    )
    assert results(file, "due(0, 5)") == {
        "": 7,
        "rules/module.py:due:compares paid > 0": 7,
        "rules/module.py:due:number 0": 7,
        "rules/module.py:due:joins paid > 0 and total": 5,
        "rules/module.py:due:counts total - paid": 7,
        "rules/module.py:due:sign -(total - paid)": 7,
        "rules/module.py:due:number 7": 8,
    }


def test_a_mutant_has_the_same_name_when_lines_move_and_two_alike_have_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "def run(state):\n    if state == 1:\n        return 2\n    if state == 1:\n        return 3\n    return 4\n"
    file = written(tmp_path, monkeypatch, text)
    before = mutants_of(file)
    file.write_text(f"# a comment\n\n{text}", "utf-8")
    assert [one.id for one in mutants_of(file)] == [one.id for one in before]
    assert [one.id.partition("run:")[2] for one in before] == ["test never: state == 1", "test never: state == 1 (2)"]
    assert [one.line for one in mutants_of(file)] == [4, 6]


def test_the_stores_have_hundreds_of_guards_each_with_its_own_name_and_its_file() -> None:
    found = [one for file in sources() if guards.name_of(file).startswith("store/") for one in mutants_of(file)]
    assert len(found) > 250
    assert len({one.id for one in found}) == len(found)
    assert all((ROOT / path).is_file() for path in {one.path for one in found})
    assert {one.kind for one in found} == {"condition", "test", "handler", "version"}


def test_lines_that_differ_are_read_from_what_git_says() -> None:
    told = """\
diff --git a/layers/a.py b/layers/a.py
--- a/layers/a.py
+++ b/layers/a.py
@@ -3 +3,2 @@ def run():
-old
+new
+newer
@@ -9,0 +11 @@
+more
@@ -20,2 +21,0 @@
-gone
-gone
"""
    assert lines_of(told) == {"layers/a.py": {3, 4, 11}}


@pytest.mark.slow
def test_a_run_says_what_a_test_misses_what_is_argued_and_what_survives(tmp_path: Path) -> None:
    only = r"store/(history\.py:(entry|_text)|batch_answers\.py:BatchAnswers\.keep(_pages|):cond)"
    tests = "tests/store/test_histories.py"
    command = [sys.executable, "-m", "tests.mutants", "--notes", str(tmp_path), "--only", only, tests]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.stderr.splitlines()[-1] == "3 found: 1 argued, 1 killed, 1 unreached"
    assert done.returncode == 1
