"""Scenarios: JSON Lines, read and checked whole before anything runs (contract, section 2; D-065)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from operate.documents import TwiceError, exact_json, json_problem, read_text
from operate.invalid_input import InvalidInput, shown, unknown
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.maps import PROFORMA
from project_invoicing.dataverse.values import guid
from project_invoicing.domain.calendar import utc_text
from project_invoicing.errors import Rejected
from project_invoicing.events import BusEvent
from project_invoicing.setup.document import check

_SOURCE: Final = "project-invoicing.manual"
_EDITING: Final = "document_editing"
_NUMBER: Final = "invoicenumber"

Json = dict[str, Any]


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo:
            return utc_text(moment)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"write an instant as 2026-08-27T16:05:00Z, not {text!r}")


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(f"write a date as 2026-08-27, not {text!r}") from None


def _row_id(text: str) -> str:
    if id := guid(text):
        return id
    raise ValueError(f"write the GUID of a row, braces or not, not {text!r}")


_Named = Annotated[str, AfterValidator(lambda text: guid(text) or text.strip())]
"""A number as it is, or the id of a proposal's proforma as Dataverse writes it."""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Line(_Given):
    """``at`` is the clock of everything that the line sets off: an instant in UTC, to the second."""

    at: Annotated[str, AfterValidator(_instant)]


class DataverseLine(Line):
    dataverse: Json


class SetupLine(Line):
    setup: Json


class CallLine(Line):
    """A line that calls one function."""

    @property
    def function(self) -> str:
        return _EDITING

    @property
    def action(self) -> str:
        """What the line does, as it says itself: ``edit``, or the name of the function that runs."""
        return next(iter(self.model_fields_set - {"at"}))

    def named(self) -> dict[str, str]:
        """What the line names, by the field that names it: ``{"edit.company": "USPM", …}``."""
        request = self.model_dump(exclude={"at"}, exclude_unset=True)[self.action]
        return {f"{self.action}.{name}": value for name, value in request.items() if isinstance(value, str)}

    def event(self) -> Json:
        """The event the function is called with."""
        return self._event("Manual Edit", self.model_dump(exclude={"at"}, exclude_unset=True))

    def _event(self, detail_type: str, detail: Json) -> Json:
        return {"source": _SOURCE, "detail-type": detail_type, "time": self.at, "detail": detail}


class RunLine(CallLine):
    run: str
    company: _Named | None = None
    proposal_id: _Named | None = None
    journal_id: _Named | None = None
    invoice_date: Annotated[str, AfterValidator(_day)] | None = None
    actual_id: Annotated[str, AfterValidator(_row_id)] | None = None
    original_journal: _Named | None = None
    period_start: Annotated[str, AfterValidator(_day)] | None = None

    @property
    def function(self) -> str:
        return self.run

    @property
    def action(self) -> str:
        return self.run

    def named(self) -> dict[str, str]:
        return self.model_dump(exclude={"at", "run"}, exclude_none=True)

    def event(self) -> Json:
        return self._event("Manual Run", self.model_dump(exclude={"at", "run"}, exclude_none=True))


class _Document(_Given):
    company: _Named
    proposal_id: _Named | None = None
    journal_id: _Named | None = None

    @model_validator(mode="after")
    def _names_one(self) -> _Document:
        if (self.proposal_id is None) == (self.journal_id is None):
            raise ValueError("name one of proposal_id and journal_id")
        return self


class _Edit(_Document):
    """Further keys are what is to be changed. What may be changed is for the function to say."""

    model_config = ConfigDict(extra="allow")
    actual_id: str | None = None


class _Reset(_Given):
    company: _Named
    journal_id: _Named


class _Replay(_Given):
    entity: str
    id: str


class _IntercompanyInvoice(_Given):
    """Also ``from`` and ``to``; whether these are days is for the function to say."""

    model_config = ConfigDict(extra="allow")
    company: _Named
    borrower: _Named


class EditLine(CallLine):
    edit: _Edit


class DeleteLinesLine(CallLine):
    delete_lines: _Document


class ResetLine(CallLine):
    reset: _Reset


class ReplayLine(CallLine):
    replay: _Replay


class IntercompanyInvoiceLine(CallLine):
    intercompany_invoice: _IntercompanyInvoice


_KINDS: Final[Mapping[str, type[Line]]] = {
    "dataverse": DataverseLine,
    "run": RunLine,
    "edit": EditLine,
    "delete_lines": DeleteLinesLine,
    "reset": ResetLine,
    "replay": ReplayLine,
    "intercompany_invoice": IntercompanyInvoiceLine,
    "setup": SetupLine,
}


COMPANIES: Final = frozenset({"company", "borrower"})
PROPOSALS: Final = frozenset({"proposal_id"})
JOURNALS: Final = frozenset({"journal_id", "original_journal"})
"""The fields that name one."""


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
    """What has been read so far. Lines may name what the lines before them have made known."""

    runnable: Collection[str]
    setup: Mapping[str, Any]
    lines: list[Line] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    proposals: set[str] = field(default_factory=set)
    proformas: set[str] = field(default_factory=set)
    between_companies: bool = False
    """A line before makes intercompany proposals, whose numbers are drawn as it runs."""
    _named: list[tuple[int, str, str]] = field(default_factory=list)

    def take(self, number: int, line: Line) -> None:
        """Adds a line. Raises ``InvalidInput`` for what a model alone cannot see."""
        if self.lines and line.at < self.lines[-1].at:
            before = f"{self.lines[-1].at} of line {self.numbers[-1]}"
            raise InvalidInput([f"at: {line.at} is before {before}; the clock of a scenario never goes back"])
        self.lines.append(line)
        self.numbers.append(number)
        match line:
            case SetupLine():
                self._set_up(line)
            case DataverseLine():
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
            raise InvalidInput([f"run: {line.run!r} is no function that runs by itself; use {known}"])
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
    kinds = [kind for kind in _KINDS if kind in given]
    if len(kinds) != 1:
        found = f"both {' and '.join(kinds)}" if kinds else "none"
        raise InvalidInput([f"a line has exactly one of {', '.join(_KINDS)}; here is {found}"])
    return _KINDS[kinds[0]].model_validate(given)


def _explained(error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        field = ".".join(str(step) for step in detail["loc"])
        match detail["type"]:
            case "missing":
                yield f"{field}: is missing"
            case "extra_forbidden":
                yield f"{field}: is not known here"
            case "value_error":
                yield f"{field}: {detail['ctx']['error']}"
            case _:
                yield f"{field}: {detail['msg'][0].lower()}{detail['msg'][1:]}, not {shown(detail['input'])}"
