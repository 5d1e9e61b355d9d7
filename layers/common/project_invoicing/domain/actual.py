"""What arrives from Dataverse, in business terms: actuals, connections between them, proforma headers.

These are the rows before any finance set-up is applied: references are still Dataverse ids, and dates are as the sender
wrote them. Resolving them needs the company, which is known at import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID, uuid5

from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    CostOrigin,
    TransactionClass,
    TransactionType,
)
from project_invoicing.domain.money import MONEY_LIMIT, ZERO
from project_invoicing.domain.text import decimal


@dataclass(frozen=True, slots=True)
class Reference:
    """A look-up to another Dataverse row. It has a ``name`` only if the event carried one."""

    entity: str
    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class RowVersion:
    """Decides which of two versions of a row is newer.

    ``number`` is the Dataverse row version. If a sender leaves it out, ``occurred_at`` (ISO 8601 in UTC, with
    milliseconds) decides, and between two versions of the same moment ``content`` (a hash of the mapped columns), so
    that every order of arrival ends with the same row.
    """

    number: int | None
    occurred_at: str
    content: str


@dataclass(frozen=True, slots=True)
class Actual:
    """One msdyn_actual, mapped (table map ``actuals``). Amounts are in ``currency``, signed as Dataverse signs them.

    ``start``, ``document_date`` and ``accounting_date`` are either a bare date (``2026-08-27``), which is never
    shifted, or an instant (``2026-08-27T16:05:00Z``), whose day depends on the company's time zone (contract,
    section 5). The table map says which of them a column gives. ``customer`` is an account, or a contact where the
    actual names no account. ``discount`` reduces the amount before it is billed and is signed like the amount
    (FEE-01); ``resourcing_unit`` is the organizational unit that lends the resource, by id or legal entity;
    ``origin`` says where a cost comes from (JRN-16); ``fee`` is what is billed on top of the amount, signed like it
    (FEE-02); ``milestone`` is the one that a billed sale bills (OAT-04). Organizations that have these five name
    their columns in the settings. ``fee_of`` marks an actual that only we have: the fee of the sale with this id
    (``fee_of``).
    """

    id: str
    version: RowVersion
    transaction_type: TransactionType
    transaction_class: TransactionClass
    billing_type: BillingType
    quantity: Decimal
    price: Decimal
    amount: Decimal
    skip_sync: bool = False
    inactive: bool = False
    currency: Reference | None = None
    project: Reference | None = None
    contract: Reference | None = None
    contract_line: Reference | None = None
    customer: Reference | None = None
    category: Reference | None = None
    resource: Reference | None = None
    task: Reference | None = None
    role: Reference | None = None
    product: Reference | None = None
    invoice: Reference | None = None
    start: str | None = None
    document_date: str | None = None
    accounting_date: str | None = None
    adjustment_status: str | None = None
    billing_status: str | None = None
    description: str | None = None
    external_description: str | None = None
    unit: str | None = None
    origin: CostOrigin | None = None
    discount: Decimal | None = None
    resourcing_unit: str | None = None
    milestone: Reference | None = None
    fee: Decimal | None = None
    fee_of: str | None = None
    custom: dict[str, str] = field(default_factory=dict)


_FEE: Final = "fee"
_ONE: Final = Decimal(1)
_SALES: Final = frozenset({TransactionType.UNBILLED_SALES, TransactionType.BILLED_SALES})
_WORK: Final = frozenset({TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL})
DISCOUNT = "discount_amount"
RESOURCING_UNIT = "resourcing_unit"
DOCUMENT_TYPE = "document_type"
"""Names of the custom columns that stand for typed ones in the settings and in stored rows (D-015):
``discount``, ``resourcing_unit`` and ``origin``."""
_ORIGINS = frozenset(CostOrigin)


def typed_of_custom(custom: Mapping[str, str], origin: CostOrigin | None) -> dict[str, Any]:
    """Splits ``custom`` into ``discount``, ``resourcing_unit``, ``origin`` and the other columns, for an ``Actual``.

    Text that does not fit its typed column stays in ``custom``: a discount that is no amount is refused where it
    matters (FEE-01), and an unknown origin is ignored (JRN-16). ``origin``, the column's own value, takes precedence.
    """
    left = dict(custom)
    typed: dict[str, Any] = {"origin": origin, "custom": left}
    amount = decimal(left.get(DISCOUNT, ""))
    if amount is not None and abs(amount) <= MONEY_LIMIT:
        typed["discount"] = amount
        del left[DISCOUNT]
    if unit := left.pop(RESOURCING_UNIT, None):
        typed["resourcing_unit"] = unit
    if origin is None and left.get(DOCUMENT_TYPE) in _ORIGINS:
        typed["origin"] = CostOrigin(left.pop(DOCUMENT_TYPE))
    return typed


@dataclass(frozen=True, slots=True)
class Connection:
    """One msdyn_transactionconnection, turned so that ``actual_id`` is the row that carries the link.

    CONN-02: unbilled sales -> its cost. CONN-05: billed sales -> the unbilled sales it bills. CONN-04 and CONN-07:
    reversing -> original. CONN-08: replacing -> replaced.
    """

    id: str
    version: RowVersion
    actual_id: str
    role: ConnectionRole
    linked_id: str
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Proforma:
    """The header of one confirmed proforma invoice, mapped (table map ``invoices``).

    ``total`` is the expected amount before tax (``totallineitemamount``), ``None`` when the event has none. Dates are
    bare dates or instants, as in ``Actual``.
    """

    id: str
    version: RowVersion
    number: str
    name: str | None = None
    contract: Reference | None = None
    customer: Reference | None = None
    currency: Reference | None = None
    total: Decimal | None = None
    invoice_date: str | None = None
    due_date: str | None = None
    accounting_date: str | None = None
    bill_to: dict[str, str] = field(default_factory=dict)
    has_corrections: bool = False
    canceled: bool = False
    custom: dict[str, str] = field(default_factory=dict)


def is_newer(incoming: RowVersion, stored: RowVersion) -> bool:
    """Whether ``incoming`` replaces ``stored``: by row version, else by time, else by content.

    Comparing content makes the outcome independent of the order in which two versions of one moment arrive.
    """
    if incoming.number is not None and stored.number is not None:
        return incoming.number > stored.number
    return (incoming.occurred_at, incoming.content) > (stored.occurred_at, stored.content)


def fee_id(work: str) -> str:
    """The id that the fee of this sale has, whether there is one or not."""
    return str(uuid5(UUID(work), _FEE))


def may_have_fee(actual: Actual) -> bool:
    """Whether it is a sale of work. A cost has no fee, and a fee that is an actual in Dataverse has none (OAT-12)."""
    return actual.transaction_type in _SALES and actual.transaction_class in _WORK and actual.fee_of is None


def fee_of(work: Actual) -> Actual:
    """The fee of a sale of work, as an actual of class Fee in the same version; zero where the sale has none (FEE-02).

    Dataverse keeps it in a column of the sale. Here it has journal and proposal lines of its own.

    It has the default category of fees, the quantity 1, and no discount, product or resource.
    """
    amount = work.fee or ZERO
    return replace(
        work,
        id=fee_id(work.id),
        transaction_class=TransactionClass.FEE,
        quantity=-_ONE if amount < ZERO else _ONE,
        price=abs(amount),
        amount=amount,
        category=None,
        product=None,
        resource=None,
        unit=None,
        discount=None,
        fee=None,
        fee_of=work.id,
    )


def in_order(actual: Actual) -> tuple[str, bool]:
    """Sort key of the lines of one day and project: work by its id, each with its fee behind it."""
    return actual.fee_of or actual.id, actual.fee_of is not None
