"""Scenarios: JSON Lines, read and checked whole before anything runs (contract, section 2; D-065)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from local.scenario_lines import (
    COMPANIES,
    KINDS,
    PROPOSALS,
    Approve,
    CallLine,
    Confirm,
    DataverseLine,
    IntercompanyInvoiceLine,
    Line,
    RunLine,
    SetupLine,
    ShortLine,
)
from local.short_form import ShortForm
from operate.documents import TwiceError, exact_json, json_problem, read_text
from operate.invalid_input import InvalidInput, shown, unknown
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.setup.problems import check

_NUMBER: Final = "invoicenumber"


@dataclass(frozen=True, slots=True)
class Scenario:
    """``numbers`` has the number in the file of each line, ``proposals`` the numbers and ids of ``invoice`` rows."""

    path: Path
    lines: list[Line]
    numbers: list[int]
    proposals: frozenset[str]


def read_scenario(path: Path, runnable: Collection[str], setup: Mapping[str, Any]) -> Scenario:
    """The scenario in ``path``; blank lines are skipped.

    ``runnable`` are the functions a ``run`` line may name; ``setup`` is the document in force at the start, which the
    ``setup`` lines change. Raises ``InvalidInput`` with every problem of every line.
    """
    text = read_text(path)
    if problem := _no_lines(text):
        raise InvalidInput([f"{path}:1: {problem}"])
    read = _Reading(runnable, setup)
    problems: list[tuple[int, str]] = []
    for number, line_text in enumerate(text.split("\n"), start=1):
        if not line_text.strip():
            continue
        try:
            read.take(number, _line(exact_json(line_text)))
        except InvalidInput as invalid:
            problems += [(number, problem) for problem in invalid.problems]
        except ValidationError as error:
            problems += [(number, problem) for problem in _explained(error)]
        except TwiceError as error:
            problems.append((number, str(error)))
        except (ValueError, RecursionError) as error:
            problems.append((number, f"is not JSON: {json_problem(error)}"))
    if problems := sorted([*problems, *read.unknown_proposals()], key=lambda problem: problem[0]):
        raise InvalidInput([f"{path}:{number}: {problem}" for number, problem in problems])
    return Scenario(path, read.lines, read.numbers, frozenset(read.proposals | read.proformas))


@dataclass(slots=True)
class _Reading:
    """What has been read so far. A line may name what earlier lines have introduced."""

    runnable: Collection[str]
    setup: Mapping[str, Any]
    lines: list[Line] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    proposals: set[str] = field(default_factory=set)
    proformas: set[str] = field(default_factory=set)
    dataverse: ShortForm = field(default_factory=ShortForm)
    between_companies: bool = False
    """An earlier line makes intercompany proposals, whose numbers are drawn as it runs."""
    _named: list[tuple[int, str, str]] = field(default_factory=list)

    def take(self, number: int, line: Line) -> None:
        """Adds a line. Raises ``InvalidInput`` for what a model alone cannot see."""
        if self.lines and line.at < self.lines[-1].at:
            before = f"{self.lines[-1].at} of line {self.numbers[-1]}"
            raise InvalidInput([f"at: {line.at} is before {before}; the clock of a scenario never goes back"])
        if isinstance(line, ShortLine):
            for made in self.dataverse.rows_of(line, self.setup):
                self.take(number, made)
            return
        self.lines.append(line)
        self.numbers.append(number)
        match line:
            case SetupLine():
                self._set_up(line)
            case DataverseLine():
                self.dataverse.arrived(line)
                for proforma in _proformas(line):
                    self.proformas.add(proforma.detail["id"])
                    self.proposals |= {str(number) for number in [proforma.detail["row"].get(_NUMBER)] if number}
            case CallLine():
                self._call(number, line)

    def unknown_proposals(self) -> Iterator[tuple[int, str]]:
        """Proposals that are named and that no line of the whole scenario can make."""
        for number, name, value in self._named:
            if value not in self.proposals | self.proformas:
                yield number, unknown(name, value, "proposal", self.proposals)

    def _set_up(self, line: SetupLine) -> None:
        document = {**self.setup, **line.setup}
        if found := check(document):
            raise InvalidInput([f"setup.{problem}" for problem in found])
        self.setup = document

    def _call(self, number: int, line: CallLine) -> None:
        if isinstance(line, RunLine) and line.run not in self.runnable:
            known = ", ".join(sorted(self.runnable))
            raise InvalidInput([f"run: {line.run!r} is not a function that a line can run; use {known}"])
        named = {(name, name.rpartition(".")[2]): value for name, value in line.named().items()}
        companies = self.setup.get("companies", {})
        if problems := [
            unknown(name, value, "company", companies)
            for (name, last), value in named.items()
            if last in COMPANIES and value not in companies
        ]:
            raise InvalidInput(problems)
        if not self.between_companies:
            self._named += [(number, name, value) for (name, last), value in named.items() if last in PROPOSALS]
        self.between_companies = self.between_companies or isinstance(line, IntercompanyInvoiceLine)


def _proformas(line: DataverseLine) -> list[BusEvent]:
    """The proformas that the line brings."""
    if line.dataverse.get("PrimaryEntityName") != PROFORMA:
        return []
    try:
        return row_events(line.dataverse, line.at, [])
    except Rejected:  # it is kept as rejected when its turn comes
        return []


def _no_lines(text: str) -> str | None:
    """Why a text as a whole is no scenario."""
    if not text.strip():
        return "is empty; a scenario has a JSON object on each line"
    if text.lstrip().startswith("["):
        return "is a JSON array; a scenario has a JSON object on each line, without brackets and commas around them"
    first, *others = [line.strip() for line in text.splitlines() if line.strip()][:2]
    if first.startswith("{") and first.endswith(("{", ",")) and others and not others[0].startswith("{"):
        return "is a JSON object over several lines; a scenario has a whole one on each line"
    return None


def _line(given: Any) -> Line:
    if not isinstance(given, dict):
        raise InvalidInput(["a line is a JSON object"])
    kinds = [kind for kind in KINDS if kind in given]
    if len(kinds) != 1:
        found = f"both {' and '.join(kinds)}" if kinds else "none"
        raise InvalidInput([f"a line has exactly one of {', '.join(KINDS)}; here is {found}"])
    return KINDS[kinds[0]].model_validate(given)


_SHORT: Final[Mapping[str, type[BaseModel]]] = {"approve": Approve, "confirm": Confirm}


def _known_beside(place: tuple[int | str, ...]) -> str:
    """The keys that a short line knows."""
    model = _SHORT.get(str(place[0])) if len(place) > 1 else None
    return f"; {place[0]} knows {', '.join(model.model_fields)}" if model else ""


def _explained(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        field = ".".join(str(step) for step in detail["loc"])
        match detail["type"]:
            case "missing":
                yield f"{field}: is missing"
            case "extra_forbidden":
                yield f"{field}: is not known here{_known_beside(detail['loc'])}"
            case "value_error":
                yield f"{field}: {detail['ctx']['error']}".removeprefix(": ")  # of the line as a whole
            case _:
                yield f"{field}: {detail['msg'][0].lower()}{detail['msg'][1:]}, not {shown(detail['input'])}"
