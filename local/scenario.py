"""Scenarios: JSON Lines, read and checked whole before anything runs (contract, section 2)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, model_validator

from local.documents import InvalidInput, exact_json, read_text
from project_invoicing.domain.calendar import utc_text
from project_invoicing.setup.document import check

_SOURCE: Final = "project-invoicing.manual"
_EDITING: Final = "document_editing"

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

    def event(self) -> Json:
        """The event the function is called with."""
        return self._event("Manual Edit", self.model_dump(exclude={"at"}, exclude_unset=True))

    def _event(self, detail_type: str, detail: Json) -> Json:
        return {"source": _SOURCE, "detail-type": detail_type, "time": self.at, "detail": detail}


class RunLine(CallLine):
    run: str
    company: str | None = None
    proposal_id: str | None = None
    journal_id: str | None = None
    invoice_date: Annotated[str, AfterValidator(_day)] | None = None
    actual_id: str | None = None
    original_journal: str | None = None
    period_start: Annotated[str, AfterValidator(_day)] | None = None

    @property
    def function(self) -> str:
        return self.run

    def event(self) -> Json:
        return self._event("Manual Run", self.model_dump(exclude={"at", "run"}, exclude_none=True))


class _Document(_Given):
    company: str
    proposal_id: str | None = None
    journal_id: str | None = None

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
    company: str
    journal_id: str


class _Replay(_Given):
    entity: str
    id: str


class _IntercompanyInvoice(_Given):
    """Also ``from`` and ``to``; whether these are days is for the function to say."""

    model_config = ConfigDict(extra="allow")
    company: str
    borrower: str


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


def read_scenario(path: Path, runnable: Collection[str], setup: Mapping[str, Any]) -> list[Line]:
    """The lines of the scenario in ``path``; blank ones are skipped.

    ``runnable`` are the functions a ``run`` line may name; ``setup`` is the document in force at the start, which the
    ``setup`` lines change. Raises ``InvalidInput`` with every problem of every line.
    """
    lines: list[Line] = []
    problems: list[str] = []
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        if not text.strip():
            continue
        try:
            line = _line(exact_json(text))
            setup = _checked(line, runnable, setup)
            lines.append(line)
        except InvalidInput as invalid:
            problems += [f"{path}:{number}: {problem}" for problem in invalid.problems]
        except ValidationError as error:
            problems += [f"{path}:{number}: {problem}" for problem in _explained(error)]
        except (ValueError, RecursionError) as error:
            problems.append(f"{path}:{number}: is not JSON: {error}")
    if problems:
        raise InvalidInput(problems)
    return lines


def _line(given: Any) -> Line:
    if not isinstance(given, dict):
        raise InvalidInput(["a line is a JSON object"])
    kinds = [kind for kind in _KINDS if kind in given]
    if len(kinds) != 1:
        found = f"both {' and '.join(kinds)}" if kinds else "none"
        raise InvalidInput([f"a line has exactly one of {', '.join(_KINDS)}; here is {found}"])
    return _KINDS[kinds[0]].model_validate(given)


def _checked(line: Line, runnable: Collection[str], setup: Mapping[str, Any]) -> Mapping[str, Any]:
    """The set-up in force after ``line``. Raises ``InvalidInput`` for what a model alone cannot see."""
    if isinstance(line, RunLine) and line.run not in runnable:
        raise InvalidInput([f"run: {line.run!r} is no function that runs by itself; use {', '.join(sorted(runnable))}"])
    if isinstance(line, SetupLine):
        setup = {**setup, **line.setup}
        if found := check(setup):
            raise InvalidInput([f"setup.{problem}" for problem in found])
    return setup


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
                yield f"{field}: {detail['msg'][0].lower()}{detail['msg'][1:]}, not {detail['input']!r}"
