"""Our own events: what each of them says, made and read through one class (contract, section 6).

They are in the past tense, name a document and carry totals, never lines, so that an event stays small at any size.
Amounts are decimal strings, dates ISO 8601. The fields of these classes are the contract: the table in
``docs/contracts.md`` and the schemas in ``events/schemas`` are generated from them (``python -m tools.contracts``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from re import fullmatch
from typing import Annotated, Any, ClassVar, Final, Self, get_args, get_origin, get_type_hints

from project_invoicing.domain.codes import RejectReason
from project_invoicing.errors import Rejected
from project_invoicing.events import SOURCE, BusEvent

VERSION: Final = 1

DATE: Final = r"\d{4}-\d{2}-\d{2}"
AMOUNT: Final = r"-?\d+(\.\d+)?"


@dataclass(frozen=True, slots=True)
class Says:
    """What a field says, and what its texts look like: a ``pattern`` for the whole text, or one of ``values``."""

    meaning: str
    pattern: str | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """A field of an event: its Python type, whether it may be null, whether it may be left out."""

    name: str
    type: type
    says: Says
    nullable: bool
    optional: bool


Company = Annotated[str, Says("the code of the company in the set-up")]
ProposalNumber = Annotated[str, Says("the number of the proposal, which is its proforma's")]
Proforma = Annotated[str, Says("the Dataverse id of the proforma (of an intercompany proposal its own id)")]
JournalNumber = Annotated[str, Says("the number of the journal")]
LineCount = Annotated[int, Says("how many lines the document has")]
Currency = Annotated[str, Says("the currency of the document and of its amounts")]
Amount = Annotated[str, Says("an amount in the currency of the document", AMOUNT)]


class Detail:
    """Something with typed fields that is written as a JSON object.

    A field with the default ``None`` is left out where it has no value; any other that can be null is there, as null.
    ``EITHER`` are fields that exclude each other: exactly one of these groups is given, and given whole.
    """

    __slots__ = ()
    __dataclass_fields__: ClassVar[dict[str, Any]]
    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = ()

    def as_detail(self) -> dict[str, Any]:
        """The JSON object, with its keys in the order of the fields."""
        found: dict[str, Any] = {}
        for shape in shapes(type(self)):
            value = getattr(self, shape.name)
            if value is None and shape.optional:
                continue
            found[shape.name] = value.as_detail() if isinstance(value, Detail) else value
        return found

    @classmethod
    def of_detail(cls, detail: object, where: str) -> Self:
        """What ``as_detail`` made; fields that are not known here are passed over, as a later version may add some.

        Raises ``Rejected`` (``schema``) that names ``where`` and the field.
        """
        if not isinstance(detail, Mapping):
            raise _unreadable(where, "detail", f"has {detail!r} in place of an object")
        values = {shape.name: _read(shape, detail, where) for shape in shapes(cls)}
        given = {name for name, value in values.items() if value is not None}
        groups = [group for group in cls.EITHER if given.issuperset(group)]
        if cls.EITHER and len(groups) != 1:
            raise _unreadable(where, "detail", f"must name {either(cls.EITHER)}")
        return cls(**values)


class OwnEvent(Detail):
    """One of our events. ``TYPE`` is its detail-type, ``STARTS`` says who listens, in the words of the contract."""

    __slots__ = ()
    TYPE: ClassVar[str]
    STARTS: ClassVar[str] = ""

    def on_bus(self, time: str, key: str) -> BusEvent:
        """The event about the document named by ``key``, at ``time`` (ISO 8601, UTC)."""
        return BusEvent(SOURCE, self.TYPE, time, {"version": VERSION, **self.as_detail()}, f"{self.TYPE}#{key}")

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """The event as a function receives it. Raises ``Rejected`` (``schema``) for one that is not as described."""
        detail = event.get("detail")
        where = f"event {cls.TYPE} of {event.get('time')}"
        version = detail.get("version") if isinstance(detail, Mapping) else VERSION
        if version != VERSION:
            raise _unreadable(where, "version", f"has version {version!r}; this function reads version {VERSION}")
        return cls.of_detail(detail, where)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalCreated(OwnEvent):
    """A confirmed proforma has become a proposal, which waits for its lines."""

    TYPE: ClassVar[str] = "InvoiceProposalCreated"

    company: Annotated[str | None, Says("the code of the company; null while the set-up does not know whose it is")]
    proposal_id: ProposalNumber
    invoice_id: Proforma


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalReady(OwnEvent):
    """A proposal has all its lines and can be posted."""

    TYPE: ClassVar[str] = "InvoiceProposalReady"
    STARTS: ClassVar[str] = "`invoice_posting`, where `auto_post` is true"

    company: Company
    proposal_id: ProposalNumber
    invoice_id: Proforma
    currency: Annotated[str | None, Says("the currency of the proposal")]
    subtotal: Annotated[str, Says("the sum of the chargeable lines before tax", AMOUNT)]
    line_count: LineCount
    auto_post: Annotated[bool, Says("whether the company posts a proposal as soon as it is ready")]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalPosted(OwnEvent):
    """A journal is posted, without the lines that failed."""

    TYPE: ClassVar[str] = "IntegrationJournalPosted"
    STARTS: ClassVar[str] = (
        "`staging_import`: the proposals that waited for the journal and for nothing else; `accounting_writeback`"
    )

    company: Company
    journal_id: JournalNumber
    line_count: LineCount


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalFailed(OwnEvent):
    """Lines could not be posted: they stand on a journal in error until it is reset."""

    TYPE: ClassVar[str] = "IntegrationJournalFailed"

    company: Company
    journal_id: JournalNumber
    original_journal: Annotated[str | None, Says("the journal that the lines were on before, if another")]
    line_count: LineCount


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoicePosted(OwnEvent):
    """A customer invoice or credit note is posted."""

    TYPE: ClassVar[str] = "CustomerInvoicePosted"
    STARTS: ClassVar[str] = (
        "`staging_import`: the corrective proposals that waited for the invoice and for nothing else; "
        "`accounting_writeback`"
    )

    company: Company
    proposal_id: ProposalNumber
    invoice_id: Proforma
    invoice_number: Annotated[str, Says("the number of the posted invoice")]
    voucher: Annotated[str | None, Says("the number of its voucher; null where nothing was posted to the ledger")]
    document_type: Annotated[str, Says("by the sign of the total", values=("invoice", "credit_note"))]
    invoice_date: Annotated[str, Says("the date on the invoice", DATE)]
    due_date: Annotated[str, Says("when it is due", DATE)]
    accounting_date: Annotated[str, Says("the date of its voucher", DATE)]
    currency: Currency
    subtotal: Amount
    sales_tax: Amount
    total: Amount
    line_count: LineCount
    cash_discount_date: Annotated[str | None, Says("until when a cash discount can be taken", DATE)] = None
    cash_discount_percent: Annotated[str | None, Says("the percent of the cash discount", AMOUNT)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActualRejected(OwnEvent):
    """A row of Dataverse could not be accepted; its event is kept whole and can be replayed."""

    TYPE: ClassVar[str] = "ActualRejected"

    entity: Annotated[str, Says("the logical name of the row's table")]
    id: Annotated[str, Says("the id of the row, or what it had in its place")]
    reason: Annotated[str, Says("why, as a code", values=tuple(RejectReason))]
    detail: Annotated[str, Says("why, for a person")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupChanged(OwnEvent):
    """Another version of the finance set-up is loaded: what waits for it is looked at (D-026)."""

    TYPE: ClassVar[str] = "FinanceSetupChanged"
    STARTS: ClassVar[str] = "`staging_import`: what waited for the set-up"

    setup_version: Annotated[int, Says("the number of the version")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequested(OwnEvent):
    """A person, or a repair, wants one actual or one proposal imported."""

    TYPE: ClassVar[str] = "StagingImportRequested"
    STARTS: ClassVar[str] = "`staging_import`: that actual or proposal"
    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = (("actual_id",), ("proposal_id", "company"))

    actual_id: Annotated[str | None, Says("the Dataverse id of the actual")] = None
    proposal_id: Annotated[str | None, Says("the number of the proposal")] = None
    company: Annotated[str | None, Says("the code of the proposal's company")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry(Detail):
    """A posted document whose rows are to be written back again."""

    EITHER: ClassVar[tuple[tuple[str, ...], ...]] = (("journal_id",), ("invoice_number",))

    company: Company
    journal_id: Annotated[str | None, Says("the number of the journal")] = None
    invoice_number: Annotated[str | None, Says("the number of the invoice")] = None
    everything: Annotated[bool | None, Says("all its rows, not only those that were refused")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBackRequested(OwnEvent):
    """A person, or a repair, wants the accounting of a posted document written back to Dataverse again."""

    TYPE: ClassVar[str] = "WriteBackRequested"
    STARTS: ClassVar[str] = "`accounting_writeback`: the rows of that document that were refused, or all"

    retry: Annotated[Retry, Says("the document")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepContinued(OwnEvent):
    """A sweep of a table of Dataverse ran out of time; another invocation reads on."""

    TYPE: ClassVar[str] = "DataverseSweepContinued"
    STARTS: ClassVar[str] = "`dataverse_catchup`: the next round of a sweep"

    entity: Annotated[str, Says("the logical name of the table")]
    round: Annotated[int, Says("which round it is; the first invocation is round 0")]


OWN_EVENTS: Final[tuple[type[OwnEvent], ...]] = (
    ProposalCreated,
    ProposalReady,
    JournalPosted,
    JournalFailed,
    InvoicePosted,
    ActualRejected,
    SetupChanged,
    ImportRequested,
    WriteBackRequested,
    SweepContinued,
)


def shapes(cls: type[Detail]) -> tuple[Shape, ...]:
    """The fields of an event, in the order in which they are written."""
    known: Any = cls
    return _shapes(known)


@cache
def _shapes(cls: Any) -> tuple[Shape, ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_shape(one.name, hints[one.name], one.default is not MISSING) for one in fields(cls))


def either(groups: Iterable[Sequence[str]]) -> str:
    """Fields that exclude each other, in words: ``actual_id, or proposal_id and company``."""
    named = list(groups)
    return (", or " if any(len(group) > 1 for group in named) else " or ").join(" and ".join(group) for group in named)


def _shape(name: str, hint: Any, optional: bool) -> Shape:
    if get_origin(hint) is not Annotated:  # ``X | None`` of a default of None
        raise TypeError(f"{name} does not say what it means")
    kind, says = get_args(hint)
    kinds = [one for one in get_args(kind) or (kind,) if one is not type(None)]
    return Shape(name, kinds[0], says, nullable=kinds[0] is not kind and not optional, optional=optional)


def _read(shape: Shape, detail: Mapping[str, Any], where: str) -> Any:
    value = detail.get(shape.name)
    if value is None:
        if shape.optional or (shape.nullable and shape.name in detail):
            return None
        raise _unreadable(where, shape.name, f"has no {shape.name}: {shape.says.meaning}")
    if issubclass(shape.type, Detail):
        return shape.type.of_detail(value, f"{shape.name} of {where}")
    if not _fits(shape, value):
        raise _unreadable(where, shape.name, f"has {value!r} as {shape.name}: {shape.says.meaning}")
    return value


def _fits(shape: Shape, value: object) -> bool:
    if not isinstance(value, shape.type) or (isinstance(value, bool) and shape.type is int):
        return False
    says = shape.says
    if says.pattern and not fullmatch(says.pattern, str(value)):
        return False
    return not says.values or value in says.values


def _unreadable(where: str, field: str, problem: str) -> Rejected:
    return Rejected(RejectReason.SCHEMA, f"{where} {problem}", field=field)
