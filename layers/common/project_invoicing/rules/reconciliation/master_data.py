"""Master data in a reconciliation: rows that cannot be used, that never came, that changed after they were posted with.

Rows are kept with the few columns that are compared: there may be a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import MasterProblem, RejectReason, StagingState
from project_invoicing.domain.master_data import PARTS, Key, NameKey, Part, RowKey, Seen, SeenName, SeenRow
from project_invoicing.domain.reconciliation import Difference, Repair
from project_invoicing.domain.refusals import row_blocker
from project_invoicing.domain.staged_row import StagedRow
from project_invoicing.domain.tables import CONTRACT, CONTRACT_LINE, CURRENCY, MILESTONE, PROJECT
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.setup.indexes.references import without_precision
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.row import SetupRow

PATIENCE: Final = timedelta(hours=24)
"""How long a row may be waited for before that is a difference."""
RECENT: Final = timedelta(days=31)
"""For how long a change after a posting is a difference: it is told in a month's reports, not for ever."""
_DOCUMENTS: Final = 20
"""How many of the documents that were posted with a row are looked at."""

_KEPT: Final = frozenset(
    {
        "amount",
        "billing_method",
        "code",
        "company",
        "contract",
        "currency",
        "customer",
        "investment",
        "name",
        "open",
        "terms_of_payment",
    }
)
FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    CONTRACT: ("currency", "customer"),
    CONTRACT_LINE: ("billing_method", "contract"),
    PROJECT: ("contract", "investment"),
}
"""What a posting followed from, beside the company: a change of it asks whether what is posted was right."""
_COMPARED: Final[Mapping[Part, tuple[str, ...]]] = {
    Part.CUSTOMERS: ("terms_of_payment",),
    Part.CONTRACTS: ("customer", "currency", "terms_of_payment"),
    Part.CONTRACT_LINES: ("contract", "billing_method"),
    Part.PROJECTS: ("contract", "investment", "open"),
}
"""The columns of a document's entry that a row says too."""
_OPEN: Final = (StagingState.PENDING, StagingState.IMPORTED)


class PostedWith(NamedTuple):
    """A document on which a row was posted."""

    company: str
    journal_id: str | None
    proposal_id: str | None

    @property
    def name(self) -> str:
        return f"journal {self.journal_id}" if self.journal_id else f"proposal {self.proposal_id}"


@dataclass(slots=True)
class _Awaited:
    rows: int = 0
    since: str = "~"


@dataclass(slots=True)
class MasterRows:
    """All rows of master data, and what waits for rows that are not there. ``at``: the time of the reconciliation."""

    setup: FinanceSetup
    at: str
    rows: dict[RowKey, SeenRow] = field(default_factory=dict)
    _awaited: dict[str, _Awaited] = field(default_factory=dict)
    _referred: dict[RowKey, list[str]] = field(default_factory=dict)
    _companyless: set[RowKey] = field(default_factory=set)
    _posted: dict[RowKey, set[PostedWith]] = field(default_factory=dict)
    _told: set[tuple[RowKey, str]] = field(default_factory=set)
    _names: dict[NameKey, SeenName] = field(default_factory=dict)
    _billed: list[Finding] = field(default_factory=list)
    """Milestones that have changed since they were billed."""

    def add(self, row: SeenRow) -> Iterator[Finding]:
        """Takes a row in, and says what is wrong with it by itself.

        One that names no company at all is none of finance's: it is counted, and listed only if something waits for it.
        """
        columns = {name: value for name, value in row.columns.items() if name in _KEPT}
        key = RowKey(row.entity, row.id)
        self.rows[key] = replace(row, columns=columns)
        if row.problem and not row.deleted:
            if row.problem.startswith(MasterProblem.COMPANY_UNKNOWN) and not row.columns.get("company"):
                self._companyless.add(key)  # none of finance's, as long as nothing waits for it
                return
            yield Finding("master_data_problems", _of(row, row.problem))
        elif row.entity == CURRENCY and not row.deleted and (lacks := without_precision(row, self.setup.document)):
            yield Finding("master_data_problems", _of(row, f"{RejectReason.CURRENCY_UNKNOWN}: {lacks}"))
        if row.warning and not row.deleted:
            split = row.warning.startswith(MasterProblem.SPLIT_NOT_WHOLE)
            yield Finding("split_rules_not_100" if split else "master_data_problems", _of(row, row.warning))

    def add_name(self, name: NameKey, seen: SeenName) -> None:
        """Takes in a name, if some row has left it, or its row had others."""
        if seen.former or seen.earlier:
            self._names[name] = seen

    def add_staged(self, row: StagedRow) -> None:
        """A staged row: what it waits for, which deleted rows it refers to, with which rows it was posted."""
        if row.state is StagingState.POSTED:
            self._add_posted(row)
            if row.actual.milestone:
                self._add_billed(row, row.actual.milestone)
        if row.state not in _OPEN:
            return
        if row.blocker and row.since and "#" in row.blocker:
            awaited = self._awaited.setdefault(row.blocker, _Awaited())
            awaited.rows += 1
            awaited.since = min(awaited.since, row.since)
        for reference in _references(row):
            key = RowKey(reference.entity, reference.id)
            found = self.rows.get(key)
            if found and found.deleted:
                self._referred.setdefault(key, []).append(row.id)

    def _add_billed(self, row: StagedRow, milestone: Reference) -> None:
        """A milestone that has changed since the row billed it."""
        # Imported late: few organizations bill by milestones.
        from project_invoicing.rules.milestones import bills, changed_after_billing  # noqa: PLC0415

        now = self.rows.get(RowKey(MILESTONE, milestone.id)) if bills(row) else None
        if now and self._is_recent(now) and (detail := changed_after_billing(row, now)):
            self._billed.append(Finding("master_changed_after_posting", _of(now, detail, row.company)))

    def _add_posted(self, row: StagedRow) -> None:
        for reference in (row.actual.project, row.actual.contract, row.actual.contract_line):
            key = RowKey(reference.entity, reference.id) if reference else None
            now = self.rows.get(key) if key else None
            if key is None or now is None or not self._is_recent(now):
                continue
            documents = self._posted.setdefault(key, set())
            if len(documents) < _DOCUMENTS:
                documents.add(PostedWith(row.company or "", row.journal_id, row.proposal_id))

    def _is_recent(self, row: SeenRow) -> bool:
        return _moment(row.version.occurred_at or self.at) + RECENT >= _moment(self.at)

    def documents(self) -> list[PostedWith]:
        """Posted documents with a row that has changed lately; what they were computed with is to be looked at."""
        return sorted(set().union(*self._posted.values()), key=str)

    @property
    def companyless(self) -> int:
        """How many rows name no company."""
        return len(self._companyless)

    def judge(self) -> Iterator[Finding]:
        """What can be said once all rows are there."""
        yield from self._never_came()
        for key in self._companyless:
            if row_blocker(key.entity, key.id) in self._awaited:
                row = self.rows[key]
                yield Finding("master_data_problems", _of(row, row.problem or ""))
        for key, ids in self._referred.items():
            more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
            detail = f"deleted in Dataverse, and actual {ids[0]}{more} that is not posted refers to it"
            yield Finding("deleted_and_referred_to", _of(self.rows[key], detail))
        for row in self.rows.values():
            if not row.deleted:
                yield from self._against_document(row)
        if self._names:
            yield from self._old_numbers()
        yield from self._billed

    def _old_numbers(self) -> Iterator[Finding]:
        from project_invoicing.setup.policy_names import old_numbers  # noqa: PLC0415  only where a number has changed

        for old in old_numbers(self.setup.document, self._seen):
            yield Finding("document_differs", _of(old.row, str(old.problem)))

    def _seen(self, key: Key) -> Seen | None:
        match key:
            case NameKey():
                return self._names.get(key)
            case RowKey():
                return self.rows.get(key)
            case _:
                return None

    def _never_came(self) -> Iterator[Finding]:
        for blocker, awaited in self._awaited.items():
            entity, _, id = blocker.partition("#")
            if entity not in PARTS or RowKey(entity, id) in self.rows or not self._is_old(awaited.since):
                continue
            several = f"{awaited.rows} rows wait" if awaited.rows > 1 else "a row waits"
            detail = f"{several} for it since {awaited.since}, and it has never come"
            yield Finding("awaited_and_never_came", Difference(entity, id, detail, repair=Repair.FETCH))

    def _is_old(self, since: str) -> bool:
        return _moment(since) + PATIENCE <= _moment(self.at)

    # What was posted before

    def changed_since(self, document: PostedWith, seen: Iterable[SeenRow]) -> Iterator[Finding]:
        """What has changed in the rows that a posted document was computed with. Each change is told once."""
        for before in seen:
            key = RowKey(before.entity, before.id)
            now = self.rows.get(key)
            if now is None or not self._is_recent(now):
                continue
            for column, was, is_ in _changes(before, now):
                if (key, column) not in self._told:
                    self._told.add((key, column))
                    told = f"{self._shown(was)} when {document.name} was posted, and is {self._shown(is_)} now"
                    detail = f"{column.replace('_', ' ')} was {told}"
                    yield Finding("master_changed_after_posting", _of(now, detail, document.company))

    def _shown(self, value: Any) -> str:
        """A value in words; a look-up by the number of its row."""
        return self._number(value) if isinstance(value, list) else str(value)

    def _number(self, look_up: list[str]) -> str:
        row = self.rows.get(RowKey(look_up[0], look_up[1]))
        named = row and (row.number or row.columns.get("code"))
        return str(named or " ".join(look_up[:2]))

    # What the set-up document says otherwise

    def _against_document(self, row: SeenRow) -> Iterator[Finding]:
        part = PARTS.get(row.entity)
        if part is None or part not in _COMPARED or row.problem:
            return
        written = self.setup.document.references.get(row.entity, {}).get(row.id)
        if written and row.number and written != row.number and part is not Part.CONTRACT_LINES:
            yield _differs(row, "number", written, row.number)
        entry = self._entry(part, row, written or row.number or "")
        if entry is None:
            return
        company = getattr(entry, "company", None)
        if company and row.company and company != row.company:
            if written:  # else it is another one, of another company
                yield _differs(row, "company", company, row.company)
            return
        for column in _COMPARED[part]:
            said, has = self._said(entry, column), self._has(row, column)
            if said is not None and has is not None and said != has:
                yield _differs(row, column, said, has)

    def _entry(self, part: Part, row: SeenRow, name: str) -> SetupRow | None:
        document = self.setup.document
        if part is Part.CUSTOMERS:
            return document.customers.get(row.company or "", {}).get(name)
        entries: Mapping[str, SetupRow] = getattr(document, part)
        return entries.get(name)

    @staticmethod
    def _said(entry: SetupRow, column: str) -> str | None:
        value = getattr(entry, column) if column in entry.given else None
        return None if value is None else str(value)

    def _has(self, row: SeenRow, column: str) -> str | None:
        value = row.columns.get(column)
        if value is None:
            return None
        if column == "terms_of_payment":
            return self.setup.terms_known(value[2] if isinstance(value, list) and len(value) == 3 else value)
        return self._shown(value)


def _changes(before: SeenRow, now: SeenRow) -> Iterator[tuple[str, Any, Any]]:
    if before.company != now.company and before.company and now.company:
        yield "company", before.company, now.company
    for column in FIXED[before.entity]:
        was, is_ = before.columns.get(column), now.columns.get(column)
        if was is not None and _bare(was) != _bare(is_):
            yield column, was, is_


def _bare(value: Any) -> Any:
    """A look-up without the name that it carries."""
    return value[:2] if isinstance(value, list) else value


def _references(row: StagedRow) -> Iterator[Reference]:
    actual = row.actual
    named = (actual.project, actual.contract, actual.contract_line, actual.customer, actual.product, actual.resource)
    yield from (reference for reference in named if reference)


def _of(row: SeenRow, detail: str, company: str | None = None) -> Difference:
    name = f"{row.number}: " if row.number else ""
    return Difference(row.entity, row.id, f"{name}{detail}", row.company or company)


def _differs(row: SeenRow, column: str, said: str, has: str) -> Finding:
    detail = f"{column.replace('_', ' ')} is {said} in the set-up document and {has} in Dataverse"
    return Finding("document_differs", _of(row, detail))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
