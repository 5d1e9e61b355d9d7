"""The staging table: one row an actual, what became of it, and what was rejected.

Attributes of a row (short, because a row that stays under 1 KB costs half of one that does not):

* ``a`` the mapped columns of the actual, as JSON text
* ``rv`` ``ot`` ``h`` its version: row version, time of the operation, hash of the mapped columns
* ``ch`` how many deliveries changed the row, ``dl`` how many there were
* ``st`` state; ``re`` ``rd`` ``rs`` the reason why it waits, the detail, since when
* ``q`` ``qs`` keys of the sparse index ``import_queue``: only rows that wait for an import have them (D-001, D-002)
* ``co`` company; ``jn`` journal; ``pn`` proposal; ``ln`` line number there
* ``xr`` exchange rate of its line (``125/100``); ``ac`` what posting it accrued; ``ca`` the accounts of a posted cost
* ``li`` what its posted line hands on to the line that continues it, without the dimensions that ``ac`` has already
* ``vo`` ``aa`` ``er`` ``tx`` the accounting details: voucher, accounting amount, exchange rate, sales tax amount
* ``wb`` ``wd`` whether Dataverse was told of them (done, failed; absent: not yet), and its answer where it refused
* ``l_`` + role + ``_`` + connection: the link of a transaction connection, ``version|id``, without an id once it is
  deleted (D-004)
* ``lk`` how many links were accepted: a link that comes between reading a row and writing it is not overlooked
* ``ip`` the intercompany proposal that bills a posted inter-organizational sale
* ``tk`` what has taken the row, as the sixteen bytes of its id: the billed sale that bills it, or what takes it back
* ``lt`` the row's money changed after it was imported: flagged, never silently applied; ``inactive`` where all that
  changed is that Dataverse has deactivated it, which it may take back

A link may arrive before its row, and a row may be taken before it arrives: then an item with links or ``tk`` only
stands there, which is no row yet (it has no ``a``).
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from heapq import merge
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID
from zlib import crc32

from project_invoicing.dataverse.values import whole
from project_invoicing.domain.actual import Actual, Connection, Reference, RowVersion, is_newer
from project_invoicing.domain.codes import (
    BillingType,
    ConnectionRole,
    CostOrigin,
    PostingType,
    RejectReason,
    RowState,
    StagingState,
    TransactionClass,
    TransactionType,
    WaitReason,
    WriteBackState,
)
from project_invoicing.domain.journal_line import Accrual, CostAccounts
from project_invoicing.domain.lineage import Charge, ChargedTax, Lineage
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.sales_tax import MarginalBase, TaxOrigin
from project_invoicing.domain.staged_row import Delivery, Rejection, StagedRow
from project_invoicing.errors import Conflict, Rejected
from project_invoicing.events import ACTUAL_REJECTED, own_event
from project_invoicing.store import outbox
from project_invoicing.store.errors import ConditionFailed, TransactionCancelled, translated
from project_invoicing.store.items import Expression, Item, bounded, key, plain_item, readable
from project_invoicing.store.transactions import (
    Write,
    get,
    get_many,
    lost,
    put,
    query,
    scan,
    transact,
    transact_what_holds,
    update,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX: Final = "import_queue"
SHARDS: Final = 4
"""Partitions of the import queue. A partition takes 1,000 writes a second; a row is written there once."""

ROW: Final = "A"
_LINK: Final = "l_"
_REJECTED: Final = "REJECTED#"
_CHANGED: Final = "U#"
_REWORDED: Final = "U#T#"
_RELINKED: Final = "U#L#"
_LEGIBLE_BYTES: Final = 200 * 1024
_MOST_BYTES: Final = 380 * 1024
"""DynamoDB takes 400 KB an item; what is left holds keys, reason and detail."""
_ATTEMPTS: Final = 5
_WAIT_REASONS: Final = frozenset(WaitReason)
_NAMES_OF_A_FILTER: Final = 100
"""DynamoDB takes 4 KB and 300 operators."""
_ON_DOCUMENTS: Final = (StagingState.IMPORTED, StagingState.POSTED)
_CONTINUED: Final = (ConnectionRole.UNBILLED, ConnectionRole.ORIGINAL)
_LOOKED_AT_AGAIN: Final = (*_CONTINUED, ConnectionRole.REPLACED)


# --- the actual as text -------------------------------------------------------------------------------------------

_NAMES: Final = {
    "transaction_type": "ty",
    "transaction_class": "cl",
    "billing_type": "bt",
    "quantity": "qt",
    "price": "pr",
    "amount": "am",
    "skip_sync": "sk",
    "inactive": "na",
    "currency": "cu",
    "project": "pj",
    "contract": "ct",
    "contract_line": "cl1",
    "customer": "cs",
    "category": "cg",
    "resource": "rs",
    "product": "pd",
    "invoice": "iv",
    "start": "sd",
    "document_date": "dd",
    "accounting_date": "ad",
    "adjustment_status": "as",
    "billing_status": "bs",
    "description": "ds",
    "external_description": "xd",
    "unit": "un",
    "custom": "cu1",
    "origin": "og",
}
_ENTITIES: Final = {
    "currency": "transactioncurrency",
    "project": "msdyn_project",
    "contract": "salesorder",
    "contract_line": "salesorderdetail",
    "customer": "account",
    "category": "msdyn_transactioncategory",
    "resource": "bookableresource",
    "product": "product",
    "invoice": "invoice",
}
_ON_LINE: Final = tuple(name for name in _NAMES if name not in ("skip_sync", "adjustment_status", "billing_status"))
"""What a line takes from its actual. A change of one of these after the import changes an unposted line; that of a
posted one is flagged, never applied."""
_TEXTS: Final = frozenset({"description", "external_description"})
"""What people may change on an actual at any time (CAN-10): it changes the text of a line and nothing else."""


_OF_LINEAGE: Final = 7
_OF_CHARGE: Final = 5
"""How many columns a text has at most; later versions may append some."""
_REVENUE_TYPES: Final = {
    PostingType.INVOICED_REVENUE: "r",
    PostingType.INVOICED_REVENUE_ON_ACCOUNT: "o",
    PostingType.WIP_INVOICED_ON_ACCOUNT: "w",
}
_REVENUE_TYPES_OF: Final = {short: posting_type for posting_type, short in _REVENUE_TYPES.items()}


def _text_of(actual: Actual) -> str:
    columns: dict[str, Any] = {}
    for name, short in _NAMES.items():
        value = getattr(actual, name)
        if value is None or value is False or value == {}:
            continue
        if isinstance(value, Reference):
            value = _reference_out(name, value)
        elif isinstance(value, Decimal):
            value = str(value)
        elif isinstance(value, Enum):
            value = value.value
        columns[short] = value
    return json.dumps(columns, separators=(",", ":"), ensure_ascii=False)


def _reference_out(name: str, reference: Reference) -> str | list[str | None]:
    """The id alone, or with name and table; no table stands for the one that the column leads to."""
    named = reference.name if name == "resource" else None
    usual = reference.entity == _ENTITIES[name]
    if usual and named is None:
        return reference.id
    return ["" if usual else reference.entity, reference.id, named]


def _reference_in(entity: str, stored: str | list[str | None]) -> Reference:
    if isinstance(stored, str):
        return Reference(entity, stored)
    named, id, name = stored
    return Reference(named or entity, str(id), name)


def _actual_of(id: str, version: RowVersion, text: str) -> Actual:
    columns = json.loads(text)
    values: dict[str, Any] = {
        name: columns[short] for name, short in _NAMES.items() if short in columns and name not in _ENTITIES
    }
    for name, entity in _ENTITIES.items():
        stored = columns.get(_NAMES[name])
        if stored is not None:
            values[name] = _reference_in(entity, stored)
    values["transaction_type"] = TransactionType(values["transaction_type"])
    values["transaction_class"] = TransactionClass(values["transaction_class"])
    values["billing_type"] = BillingType(values["billing_type"])
    for name in ("quantity", "price", "amount"):
        values[name] = Decimal(values[name])
    if "origin" in values:
        values["origin"] = CostOrigin(values["origin"])
    return Actual(id=id, version=version, **values)


def _changed_on_line(actual: Actual, item: Item, after: Actual) -> set[str]:
    """What of a line a newer version changes; of a row that could not be read everything, unless nothing is new.

    Both as they are stored: the names that an event may carry with its look-ups are no change.
    """
    before = readable(lambda stored: _actual_of(actual.id, actual.version, stored["a"]), item)
    if before is None:
        return set() if item.get("h") == actual.version.content else set(_ON_LINE)
    return {name for name in _ON_LINE if getattr(before, name) != getattr(after, name)}


def _accrual_text(accrual: Accrual) -> str:
    values = (getattr(accrual, f.name) for f in fields(Accrual))
    return json.dumps([str(v) if isinstance(v, Decimal) else v for v in values], separators=(",", ":"))


def _accrual_of(text: str) -> Accrual:
    currency, amount, accounting, rate, *accounts = json.loads(text)
    return Accrual(currency, Decimal(amount), Decimal(accounting), Decimal(rate), *accounts)


def _lineage_text(lineage: Lineage, accrual: Accrual | None, sales_tax: Decimal | None) -> str:
    """A list in the order of the columns, without what is empty at its end or what the row has anyway."""
    dimensions = lineage.dimensions
    if accrual and accrual.dimensions == dimensions:
        dimensions = None
    columns: list[Any] = [
        lineage.sales_tax_group,
        lineage.item_sales_tax_group,
        lineage.category,
        lineage.line_property,
        # Nothing means: as in the accrual. An empty one says that there are none, though the accrual has some.
        dimensions if dimensions or not (accrual and accrual.dimensions and not lineage.dimensions) else {},
        _charge_out(lineage.charge, sales_tax) if lineage.charge else None,
        lineage.worker_dimensions,
    ]
    return json.dumps(_trimmed(columns), separators=(",", ":"), ensure_ascii=False)


def _charge_out(charge: Charge, sales_tax: Decimal | None) -> list[Any]:
    taxes = None
    if charge.taxes is not None:
        alone = len(charge.taxes) == 1 and charge.taxes[0].amount == sales_tax
        taxes = [
            _trimmed([x.code, str(x.percent), x.account, None if alone else str(x.amount), *_form_out(x)])
            for x in charge.taxes
        ]
    revenue = _REVENUE_TYPES[charge.revenue_type] + (charge.revenue_account or "") if charge.revenue_type else None
    flags = int(charge.tax_included) + 2 * charge.credit + 4 * (not charge.counted)
    return _trimmed([charge.invoice, revenue, taxes, charge.discount_account, flags or None])


def _form_out(tax: ChargedTax) -> list[str | None]:
    return [tax.origin, tax.base_code, tax.marginal_base]


def _trimmed(columns: list[Any]) -> list[Any]:
    while columns and columns[-1] is None:
        columns.pop()
    return columns


def _lineage_of(text: str, accrual: Accrual | None, sales_tax: Any) -> Lineage:
    group, item_group, category, line_property, dimensions, charge, workers = _filled(json.loads(text), _OF_LINEAGE)
    if dimensions is None and accrual:
        dimensions = accrual.dimensions
    read = None if charge is None else _charge_in(charge, str(sales_tax or 0))
    return Lineage(group, item_group, category, line_property, dimensions or None, workers, read)


def _charge_in(columns: list[Any], sales_tax: str) -> Charge:
    invoice, revenue, taxes, discount_account, flags = _filled(columns, _OF_CHARGE)
    return Charge(
        invoice,
        _REVENUE_TYPES_OF[revenue[:1]] if revenue else None,
        revenue[1:] if revenue else None,
        discount_account,
        None if taxes is None else tuple(_tax_in(sales_tax, *one) for one in taxes),
        tax_included=bool((flags or 0) & 1),
        credit=bool((flags or 0) & 2),
        counted=not (flags or 0) & 4,
    )


def _tax_in(
    sales_tax: str,
    code: str,
    percent: str,
    account: str | None = None,
    amount: str | None = None,
    origin: str | None = None,
    base_code: str | None = None,
    marginal_base: str | None = None,
) -> ChargedTax:
    return ChargedTax(
        code,
        Decimal(percent),
        account,
        Decimal(sales_tax if amount is None else amount),
        TaxOrigin(origin) if origin else None,
        base_code,
        MarginalBase(marginal_base) if marginal_base else None,
    )


def _filled(columns: list[Any], length: int) -> list[Any]:
    return (columns + [None] * length)[:length]


def _cost_accounts_of(text: str) -> CostAccounts:
    return {PostingType(posting_type): account for posting_type, account in json.loads(text).items()}


def _version_of(item: Item) -> RowVersion:
    return RowVersion(item.get("rv"), item["ot"], item["h"])


def links_of(item: Item) -> dict[ConnectionRole, str]:
    """The linked actual by role: of several connections the one with the newest version that is not deleted."""
    links: dict[ConnectionRole, str] = {}
    for _, name, linked in sorted(
        (version, name, linked)
        for name, value in item.items()
        if name.startswith(_LINK)
        for version, _, linked in (str(value).partition("|"),)
    ):
        if linked:
            links[ConnectionRole(name.removeprefix(_LINK).partition("_")[0])] = linked
    return links


def taker_of(item: Item) -> str | None:
    """Who has taken the actual of an item, which may not have arrived yet."""
    return str(UUID(bytes=bytes(item["tk"]))) if "tk" in item else None


def row_of(item: Item) -> StagedRow | None:
    """The row in an item of the table or its index; ``None`` for an item that holds links only."""
    if "a" not in item:
        return None
    rate = item.get("xr")
    amount = item.get
    accrual = _accrual_of(item["ac"]) if "ac" in item else None
    return StagedRow(
        actual=_actual_of(item["pk"], _version_of(item), item["a"]),
        state=StagingState(item["st"]),
        changes=item["ch"],
        deliveries=item["dl"],
        reason=_reason_of(item),
        detail=item.get("rd"),
        since=item.get("rs"),
        company=item.get("co"),
        journal_id=item.get("jn"),
        proposal_id=item.get("pn"),
        line_number=item.get("ln"),
        voucher=item.get("vo"),
        accounting_amount=None if amount("aa") is None else Decimal(item["aa"]),
        exchange_rate=None if amount("er") is None else Decimal(item["er"]),
        sales_tax_amount=None if amount("tx") is None else Decimal(item["tx"]),
        write_back=WriteBackState(item.get("wb", WriteBackState.PENDING)),
        write_back_detail=item.get("wd"),
        price_rate=ExchangeRate(*map(Decimal, rate.split("/"))) if rate else None,
        accrual=accrual,
        cost_accounts=_cost_accounts_of(item["ca"]) if "ca" in item else None,
        outdated=_is_outdated(item.get("qs", "")),
        relinked=str(item.get("qs", "")).startswith(_RELINKED),
        late=bool(item.get("lt")),
        intercompany_proposal=item.get("ip"),
        links=links_of(item),
        links_accepted=item.get("lk", 0),
        lineage=_lineage_of(item["li"], accrual, item.get("tx")) if "li" in item else None,
        taken_by=taker_of(item),
    )


def readable_row(item: Item) -> StagedRow | None:
    """As ``row_of``; ``None`` too for a row that this code cannot read, such as one with an unknown state."""
    return readable(row_of, item)


def _reason_of(item: Item) -> WaitReason | None:
    """Why a row waits. A reason that this code does not know is no reason: the next import finds its own."""
    known = item["st"] == StagingState.PENDING and item.get("re") in _WAIT_REASONS
    return WaitReason(item["re"]) if known else None


def _state_of(item: Item) -> StagingState:
    """The state of a row; of one with a state that this code does not know, what it must be by what it carries."""
    try:
        return StagingState(item["st"])
    except (LookupError, ValueError):
        if "vo" in item:
            return StagingState.POSTED
        return StagingState.IMPORTED if "jn" in item or "pn" in item else StagingState.PENDING


def _is_known(version: RowVersion, item: Item) -> bool:
    """Whether a stored row has this version or a newer one. One whose version cannot be read is taken as older."""
    try:
        return not is_newer(version, _version_of(item))
    except (LookupError, TypeError):
        return False


class UnreadableRowError(Exception):
    """A row that is there, but that this code cannot read: whoever needs it has to wait for it."""


class Rows(dict[str, StagedRow]):
    """Rows by actual. Whoever asks for one that cannot be read gets an ``UnreadableRowError``, not "has not arrived".

    So what depends on it waits, and its neighbours do not.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        super().__init__()
        self._unreadable: set[str] = set()
        for item in items:
            if row := readable_row(item):
                self[row.id] = row
            elif "a" in item:
                self._unreadable.add(item["pk"])

    def hide(self, rows: Iterable[StagedRow]) -> None:
        """These are no good either, because something that belongs to them cannot be read."""
        for row in rows:
            self.pop(row.id, None)
            self._unreadable.add(row.id)

    def get(self, id: str, default: Any = None) -> Any:
        self._check(id)
        return super().get(id, default)

    def __missing__(self, id: str) -> StagedRow:
        self._check(id)
        raise KeyError(id)

    def __contains__(self, id: object) -> bool:
        self._check(id)
        return super().__contains__(id)

    def _check(self, id: object) -> None:
        if id in self._unreadable:
            raise UnreadableRowError(id)


# --- the table ----------------------------------------------------------------------------------------------------


class Staging:
    """Access to the staging table."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    # Receiving

    def receive(self, actual: Actual) -> Delivery:
        """Stores one delivered version of an actual.

        One request when the row is new, or when this version or a newer one is already waiting there: the update
        fills what is absent and counts the delivery, and its condition holds in just these two cases. Any other
        delivery (a newer version, or a repetition after the import) needs a second request that knows the first's
        answer (D-003).
        """
        expression = Expression()
        fill = self._columns(actual) | self._queue_keys(actual) | {"ch": 1}
        known = self._not_older(expression, actual.version)
        if not actual.skip_sync:
            known = f"({known} AND {expression.present('q')})"
        try:
            with translated():
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=key(actual.id, ROW),
                    UpdateExpression=expression.update(first=fill, add={"dl": 1}),
                    ConditionExpression=f"{expression.absent('a')} OR {known}",
                    **expression.aliases(),
                    ReturnValues="UPDATED_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return self._receive_again(actual, failed.item)
        return Delivery.DUPLICATE if "dl" in answer.get("Attributes", {}) else Delivery.ACCEPTED

    def _receive_again(self, actual: Actual, found: dict[str, Any] | None) -> Delivery:
        for _ in range(_ATTEMPTS):
            item = plain_item(found) if found else get(self.client, self.table, actual.id, ROW)
            if item is None or "a" not in item:
                return self.receive(actual)
            duplicate = _is_known(actual.version, item)
            values = {} if duplicate else self._changes(actual, item)
            expression = Expression()
            try:
                with translated():
                    self.client.update_item(
                        TableName=self.table,
                        Key=key(actual.id, ROW),
                        UpdateExpression=expression.update(values, add={"dl": 1} if duplicate else {"dl": 1, "ch": 1}),
                        ConditionExpression=expression.all_equal({"st": item.get("st"), "ch": item.get("ch")}),
                        **expression.aliases(),
                        ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    )
            except ConditionFailed as failed:
                found = failed.item
                continue
            return Delivery.DUPLICATE if duplicate else Delivery.CHANGED
        raise Conflict(f"actual {actual.id} kept changing while version {actual.version.number} was stored")

    def _changes(self, actual: Actual, item: Item) -> dict[str, Any]:
        """What a newer version changes on the row, by what has become of the row so far.

        It heals a row that could not be read.
        """
        values = self._columns(actual)
        state = _state_of(item)
        if state in _ON_DOCUMENTS:
            values["st"] = state
            after = _actual_of(actual.id, actual.version, values["a"])
            changed = _changed_on_line(actual, item, after)
            if state is StagingState.POSTED:
                return values | _lateness(changed - _TEXTS, after, item.get("lt"))
            if actual.skip_sync or changed - _TEXTS:
                return values | self._queued_as(actual.id, _changed_position(actual.id))
            if changed and "q" not in item:  # what is queued with another change is looked at whole
                return values | self._queued_as(actual.id, _reworded_position(actual.id))
            return values
        return {"q": None, "qs": None, "re": None, "rd": None, "rs": None} | values | self._queue_keys(actual)

    @staticmethod
    def _columns(actual: Actual) -> dict[str, Any]:
        version = actual.version
        return {
            "a": _text_of(actual),
            "rv": version.number,
            "ot": version.occurred_at,
            "h": version.content,
            "st": StagingState.SKIPPED if actual.skip_sync else StagingState.PENDING,
        }

    def _queue_keys(self, actual: Actual) -> dict[str, Any]:
        return {} if actual.skip_sync else self._queued_as(actual.id, _queue_position(actual))

    @staticmethod
    def _queued_as(actual_id: str, position: str) -> dict[str, Any]:
        return {"q": str(crc32(actual_id.encode()) % SHARDS), "qs": position}

    @staticmethod
    def _not_older(expression: Expression, version: RowVersion) -> str:
        """The stored version is the same or newer, as far as one condition can tell: where it is, this is not newer.

        A version with a row version tells nothing of a stored one without: the update would fill the number in, and
        the stored row would pass for a version that it is not.
        """
        if version.number is not None:
            return f"{expression.name('rv')} >= {expression.value(version.number)}"
        time, content = expression.value(version.occurred_at), expression.value(version.content)
        return (
            f"({expression.name('ot')} > {time} OR "
            f"({expression.name('ot')} = {time} AND {expression.name('h')} >= {content}))"
        )

    def connect(self, connection: Connection) -> Delivery:
        """Stores a connection on the row that carries it, which may not have arrived yet. One request.

        The value is ``version|linked id``; of several the greatest stands, so that order and repetition do not
        matter. A deleted connection leaves a version without an id. A row on a document is looked at again when a
        connection says what it bills, reverses or replaces: it takes the rate of its original (FXR-13), what that hands
        on (99-22), and has taken what it continues (99-25). What a posted row turns out to continue is marked at once,
        if nobody else has it.
        """
        version = connection.version
        order = version.occurred_at if version.number is None else f"{version.number:020d}"
        value = f"{order}|{'' if connection.deleted else connection.linked_id}"
        name = f"{_LINK}{connection.role}_{connection.id[:8]}"
        expression = Expression()
        try:
            with translated():
                answer = self.client.update_item(
                    TableName=self.table,
                    Key=key(connection.actual_id, ROW),
                    UpdateExpression=expression.update({name: value}, add={"lk": 1}),
                    ConditionExpression=(
                        f"{expression.absent(name)} OR {expression.name(name)} < {expression.value(value)}"
                    ),
                    **expression.aliases(),
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            found: dict[str, Any] | None = answer.get("Attributes")
            delivery = Delivery.ACCEPTED
        except ConditionFailed as failed:
            # Whoever delivered it first may have died before the second request.
            found, delivery = failed.item, Delivery.DUPLICATE
        if found and connection.role in _LOOKED_AT_AGAIN:
            item = plain_item(found)
            self._look_again(item)
            posted = item.get("st") == StagingState.POSTED and connection.role in _CONTINUED
            if posted and delivery is Delivery.ACCEPTED and not connection.deleted:
                transact_what_holds(self.client, [self.take(connection.linked_id, connection.actual_id)])
        return delivery

    def _look_again(self, item: Item) -> None:
        """Puts an imported row where the import finds those that have changed."""
        for _ in range(_ATTEMPTS):
            if item.get("st") != StagingState.IMPORTED or str(item.get("qs", "")).startswith(_RELINKED):
                return
            id = item["pk"]
            again = self._queued_as(id, _relinked_position(item, id))
            write = update(self.table, id, ROW, again, expected={"st": item["st"], "qs": item.get("qs")})
            try:
                transact(self.client, [write])
            except TransactionCancelled as cancelled:
                reason = cancelled.reasons[0]
                item = plain_item(reason[1]) if reason and reason[1] else item
            else:
                return

    def links_of(self, connections: Iterable[str]) -> Iterator[tuple[str, str, ConnectionRole, str]]:
        """The links of connections of which only the id is known: ``(connection, actual, role, version)``.

        None of deleted ones. A link is named by the first part of the id only, so another connection's may be among
        them. Reads the whole table once, for no index holds links: connections are seldom deleted.
        """
        by_name = {f"{_LINK}{role}_{id[:8]}": (id, role) for id in connections for role in ConnectionRole}
        present = tuple(by_name) if len(by_name) <= _NAMES_OF_A_FILTER else ()
        for item in scan(self.client, self.table, present=present):
            for name in by_name.keys() & item.keys():
                id, role = by_name[name]
                version, _, linked = str(item[name]).partition("|")
                if linked:
                    yield id, item["pk"], role, version

    # Rejecting

    def reject(self, rejected: Rejected, event: Mapping[str, Any], at: str, version: str = "") -> None:
        """Keeps a rejected event whole, so that it can be replayed once mended. Repeating it changes nothing.

        ``version`` tells events of one id apart that have no row version and no time. Raises ``Rejected``
        (``too_large``) for what no item can hold even when it is compressed.
        """
        version = version or bounded(str(event.get("row_version") or event.get("occurred_at") or ""))
        writes = [
            put(
                self.table,
                {
                    "pk": _rejected(rejected.entity, rejected.id),
                    "sk": f"{version}#{rejected.reason}",
                    "re": rejected.reason,
                    "rd": whole(rejected.detail),
                    "fd": rejected.field,
                    "at": at,
                    **_kept(rejected, event),
                },
                unless_exists=True,
            ),
            outbox.record(
                self.table,
                own_event(
                    ACTUAL_REJECTED,
                    at,
                    f"{bounded(rejected.entity)}#{bounded(rejected.id)}#{version}",
                    entity=bounded(rejected.entity),
                    id=bounded(rejected.id),
                    reason=rejected.reason,
                    detail=whole(rejected.detail),
                ),
            ),
        ]
        try:
            transact(self.client, writes)
        except TransactionCancelled as cancelled:
            if 0 not in lost(cancelled):
                raise

    def rejections(self, entity: str, id: str) -> Iterator[Rejection]:
        """Why the kept events of a row were rejected, oldest version first."""
        for item in query(self.client, self.table, _rejected(entity, id)):
            yield Rejection(entity, id, item["re"], item["rd"], item["at"])

    def rejected(self, entity: str, id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """The kept events of a row that was rejected: ``(sort key, event detail)``, oldest version first."""
        for item in query(self.client, self.table, _rejected(entity, id)):
            yield item["sk"], json.loads(zlib.decompress(item["ez"]) if "ez" in item else item["ev"])

    def revive(self, row: StagedRow) -> Write:
        """An invalid row waits for an import again."""
        values = {"st": StagingState.PENDING, "re": None, "rd": None, "rs": None} | self._queue_keys(row.actual)
        return update(self.table, row.id, ROW, values, expected={"st": StagingState.INVALID, "ch": row.changes})

    def mended(self, entity: str, id: str, sort_key: str) -> None:
        """Takes out a rejected event that was accepted after all. No condition: deleting what is gone is nothing."""
        with translated():
            self.client.delete_item(TableName=self.table, Key=key(_rejected(entity, id), sort_key))

    # Reading

    def changed(self) -> Iterator[tuple[StagedRow, bool]]:
        """Rows that changed after they were imported, and whether only their texts did.

        The index only proposes: some may be posted by now.
        """
        for item in chain.from_iterable(self._shard(shard, _CHANGED) for shard in range(SHARDS)):
            row = readable_row(item)
            if row and row.state in _ON_DOCUMENTS:
                yield row, str(item["qs"]).startswith(_REWORDED)

    def waiting_for_journal(self) -> Iterator[StagedRow]:
        """Rows of the import queue that belong on a journal. The index only proposes."""
        yield from self._queued("J#")

    def waiting_for_proposals(self) -> Iterator[tuple[str, list[StagedRow]]]:
        """Billed rows of the import queue, all rows of one proforma at a time: ``(proforma id or "", rows)``."""
        shards = [self._shard(shard, "B#") for shard in range(SHARDS)]
        ordered = merge(*shards, key=lambda item: str(item["qs"]))
        for proforma, items in groupby(ordered, key=lambda item: str(item["qs"]).split("#")[1]):
            yield proforma, [row for item in items if (row := readable_row(item)) and row.queued]

    def waiting_for_proposal(self, proforma_id: str) -> list[StagedRow]:
        return list(self._queued(f"B#{proforma_id}#"))

    def sales_to_bill(self, lender: str, borrower: str, start: date, end: date) -> list[StagedRow]:
        """Posted inter-organizational sales of these accounting dates that no intercompany invoice has (IC-15)."""
        found: list[StagedRow] = []
        prefix = _sales(lender, borrower)
        for item in chain.from_iterable(self._shard(shard, prefix) for shard in range(SHARDS)):
            day = str(item["qs"]).removeprefix(prefix).partition("#")[0]
            row = readable_row(item) if start.isoformat() <= day <= end.isoformat() else None
            if row and row.state is StagingState.POSTED:
                found.append(row)
        return found

    def _queued(self, prefix: str) -> Iterator[StagedRow]:
        items = chain.from_iterable(self._shard(shard, prefix) for shard in range(SHARDS))
        return (row for item in items if (row := readable_row(item)) and row.queued)

    def _shard(self, shard: int, prefix: str) -> Iterator[Item]:
        return query(self.client, self.table, str(shard), prefix=prefix, index=INDEX, names=("q", "qs"))

    def item(self, id: str) -> Item | None:
        """Everything that is stored under an actual's id; links only, as long as the actual has not arrived."""
        return get(self.client, self.table, id, ROW)

    def rows(self, ids: Iterable[str]) -> Rows:
        """The rows of these actuals, strongly consistent; those that have not arrived are missing.

        Looking one up that cannot be read raises ``UnreadableRowError``; the values are those that can.
        """
        keys = ((id, ROW) for id in dict.fromkeys(ids))
        return Rows(get_many(self.client, self.table, keys))

    def rows_and_takers(self, ids: Iterable[str]) -> tuple[Rows, dict[str, str]]:
        """As ``rows``, and who has taken each of these actuals, also of those that have not arrived (99-25)."""
        found = list(get_many(self.client, self.table, ((id, ROW) for id in dict.fromkeys(ids))))
        takers = ((item["pk"], taker_of(item)) for item in found)
        return Rows(found), {id: taker for id, taker in takers if taker}

    def readable(self, ids: Iterable[str]) -> dict[str, StagedRow]:
        """As ``rows``, where one that cannot be read is as good as none."""
        keys = ((id, ROW) for id in dict.fromkeys(ids))
        found = (readable_row(item) for item in get_many(self.client, self.table, keys))
        return {row.id: row for row in found if row}

    # Writes that take part in the transactions of the other stores

    def wait(self, row: StagedRow, wait: Wait | None, company: str | None, at: str) -> Write:
        """The row goes on waiting and says why; ``None``: its proposal does.

        Since when is kept while the reason stays the same.
        """
        values: dict[str, Any] = {"re": None, "rd": None, "rs": None, "co": company}
        if wait:
            since = row.since if row.reason is wait.reason else at
            values |= {"re": wait.reason, "rd": wait.detail, "rs": since}
        return update(self.table, row.id, ROW, values, expected=_unchanged(row))

    def invalidate(self, row: StagedRow, reason: str | None, detail: str, at: str) -> Write:
        values = {"st": StagingState.INVALID, "re": reason, "rd": detail, "rs": at, "q": None, "qs": None}
        return update(self.table, row.id, ROW, values, expected=_unchanged(row))

    def skip(self, row: StagedRow, detail: str, at: str) -> Write:
        values = {"st": StagingState.SKIPPED, "rd": detail, "rs": at, "re": None, "q": None, "qs": None}
        return update(self.table, row.id, ROW, values, expected=_unchanged(row))

    def journalised(
        self,
        row: StagedRow,
        company: str,
        journal_id: str,
        line_number: int,
        rate: ExchangeRate,
        *,
        by: str | None = None,
    ) -> Write:
        """The row has become a line of a draft journal. ``by``: and is taken with the same write, as by ``take``."""
        values = {"jn": journal_id, "ln": line_number, "xr": f"{rate.rate}/{rate.factor}"}
        return self._imported(row, company, values, by)

    def proposed(
        self, row: StagedRow, company: str, proposal_id: str, line_number: int, *, by: str | None = None
    ) -> Write:
        """The row has become a line of a proposal. ``by``: and is taken with the same write, as by ``take``."""
        return self._imported(row, company, {"pn": proposal_id, "ln": line_number}, by)

    def covered(self, row: StagedRow, company: str, proposal_id: str, *, by: str | None = None) -> Write:
        """The row has no money and came after its proposal was posted: it is done, without line or voucher (99-21)."""
        return self._imported(row, company, {"pn": proposal_id, "st": StagingState.POSTED}, by)

    def _imported(self, row: StagedRow, company: str, values: dict[str, Any], by: str | None) -> Write:
        cleared = {"q": None, "qs": None, "re": None, "rd": None, "rs": None}
        values = {"st": StagingState.IMPORTED, "co": company} | values | cleared
        taken = _taken(by)
        return update(self.table, row.id, ROW, values | taken, expected=_unchanged(row), free_for=taken)

    def take(self, id: str, by: str) -> Write:
        """The actual is continued by ``by``, if by no other (99-25). Doing it again changes nothing.

        It may not have arrived: who takes it is known then before it is.
        """
        taken = _taken(by)
        return update(self.table, id, ROW, taken, expected={}, free_for=taken)

    def free(self, id: str, by: str) -> Write:
        """What continued the actual no longer does: another may."""
        return update(self.table, id, ROW, {"tk": None}, expected=_taken(by))

    def relined(self, row: StagedRow, rate: ExchangeRate) -> Write:
        """The row's unposted line has been brought up to its present version."""
        values = {"q": None, "qs": None, "xr": f"{rate.rate}/{rate.factor}"}
        return update(self.table, row.id, ROW, values, expected=_unchanged(row, StagingState.IMPORTED))

    def up_to_date(self, row: StagedRow) -> Write:
        """Nothing is left to do about the row's last change."""
        return update(self.table, row.id, ROW, {"q": None, "qs": None}, expected=_unchanged(row, row.state))

    def rerated(self, actual_id: str, journal_id: str, rate: ExchangeRate) -> Write:
        """The row's unposted line has another exchange rate (FXR-08)."""
        expected = {"st": StagingState.IMPORTED, "jn": journal_id}
        return update(self.table, actual_id, ROW, {"xr": f"{rate.rate}/{rate.factor}"}, expected=expected)

    def flag_late(self, row: StagedRow) -> Write:
        """The row changed too late: its document is posted or being posted."""
        values = {"lt": True, "q": None, "qs": None}
        return update(self.table, row.id, ROW, values, expected=_unchanged(row, row.state))

    def moved(self, actual_id: str, journal_id: str, new_journal_id: str, line_number: int) -> Write:
        """The row's line has moved to the journal of lines that failed to post."""
        expected = {"st": StagingState.IMPORTED, "jn": journal_id}
        return update(self.table, actual_id, ROW, {"jn": new_journal_id, "ln": line_number}, expected=expected)

    def released(
        self, actual_id: str, document: dict[str, str], queue_position: str, *, by: str | None = None
    ) -> Write:
        """The row's unposted line was deleted: it waits for an import again (STG-03, STG-19).

        ``document`` is ``{"jn": journal}`` or ``{"pn": proposal}``, ``queue_position`` from ``journal_position`` or
        ``proposal_position``. ``by``: and who had taken it no longer has, as by ``free``.
        """
        values = {
            "st": StagingState.PENDING,
            **self._queued_as(actual_id, queue_position),
            "jn": None,
            "pn": None,
            "ln": None,
            "xr": None,
        } | ({"tk": None} if by else {})
        expected = {"st": StagingState.IMPORTED} | document | _taken(by)
        return update(self.table, actual_id, ROW, values, expected=expected)

    def posted(
        self,
        actual_id: str,
        document: dict[str, str],
        *,
        voucher: str | None,
        accounting_amount: Decimal | None,
        exchange_rate: Decimal | None,
        sales_tax_amount: Decimal | None,
        lineage: Lineage,
        accrual: Accrual | None = None,
        cost_accounts: CostAccounts | None = None,
        to_bill: tuple[StagedRow, str] | None = None,
    ) -> Write:
        """The row's line is posted: it gets the accounting details (WB-01, WB-02), and what the line hands on (99-22).

        ``to_bill`` for what now waits to be billed between companies: the row as it was read, and its
        ``sale_position``. That takes the place in the queue where a change waits to be looked at, so a row whose change
        came too late is flagged here.
        """
        values: dict[str, Any] = {
            "st": StagingState.POSTED,
            "vo": voucher,
            "aa": accounting_amount,
            "er": exchange_rate,
            "tx": sales_tax_amount,
            "ac": _accrual_text(accrual) if accrual else None,
            "ca": None if cost_accounts is None else json.dumps(cost_accounts, separators=(",", ":")),
            "li": _lineage_text(lineage, accrual, sales_tax_amount),
        }
        expected: dict[str, Any] = {"st": StagingState.IMPORTED}
        if to_bill:
            row, position = to_bill
            values |= self._queued_as(actual_id, position) | ({"lt": True} if row.outdated else {})
            expected = _unchanged(row, StagingState.IMPORTED)
        return update(self.table, actual_id, ROW, values, expected=expected | document)

    def written_back(self, actual_id: str, voucher: str | None, refusal: str | None) -> Write:
        """Dataverse was told the accounting details of this voucher, or has refused them (WB-03, WB-10)."""
        state = WriteBackState.FAILED if refusal else WriteBackState.DONE
        values = {"wb": state, "wd": refusal}
        return update(self.table, actual_id, ROW, values, expected={"st": StagingState.POSTED, "vo": voucher})

    def billed_between(self, row: StagedRow, proposal_id: str) -> Write:
        """The posted inter-organizational sale is on an intercompany proposal."""
        values = {"ip": proposal_id, "q": None, "qs": None}
        return update(self.table, row.id, ROW, values, expected={"st": StagingState.POSTED, "ip": None})


def _rejected(entity: str, id: str) -> str:
    return f"{_REJECTED}{bounded(entity)}#{bounded(id)}"


def _kept(rejected: Rejected, event: Mapping[str, Any]) -> dict[str, Any]:
    text = json.dumps(event, separators=(",", ":"), default=str)
    if len(text) <= _LEGIBLE_BYTES:
        return {"ev": text}
    packed = zlib.compress(text.encode())
    if len(packed) > _MOST_BYTES:
        problem = f"{len(packed)} bytes compressed, and {_MOST_BYTES} is the most that is kept; send fewer rows"
        raise Rejected(RejectReason.TOO_LARGE, problem, entity=rejected.entity, id=rejected.id)
    return {"ez": packed}


def _lateness(changed: set[str], after: Actual, before: Any) -> dict[str, Any]:
    """The flag of a posted row that changed. That it is inactive goes away with it, a change of money stays."""
    if changed == {"inactive"} and before in (None, RowState.INACTIVE):
        return {"lt": RowState.INACTIVE if after.inactive else None}
    return {"lt": True} if changed else {}


def _changed_position(actual_id: str) -> str:
    return f"{_CHANGED}{actual_id[:8]}"


def _reworded_position(actual_id: str) -> str:
    return f"{_REWORDED}{actual_id[:8]}"


def _relinked_position(item: Item, actual_id: str) -> str:
    """A row that waits for another change to be looked at is looked at whole."""
    return f"{_RELINKED}{actual_id[:8]}" if "qs" not in item else _changed_position(actual_id)


def _is_outdated(position: str) -> bool:
    return position.startswith(_CHANGED) and not position.startswith(_REWORDED)


def journal_position(actual_id: str) -> str:
    return f"J#{actual_id[:8]}"


def proposal_position(actual_id: str, proforma_id: str) -> str:
    return f"B#{proforma_id}#{actual_id[:8]}"


def sale_position(actual_id: str, lender: str, borrower: str, on: date) -> str:
    return f"{_sales(lender, borrower)}{on.isoformat()}#{actual_id[:8]}"


def _sales(lender: str, borrower: str) -> str:
    return f"I#{lender}#{borrower}#"


def _queue_position(actual: Actual) -> str:
    if actual.transaction_type is TransactionType.BILLED_SALES:
        return proposal_position(actual.id, actual.invoice.id if actual.invoice else "")
    return journal_position(actual.id)


def _unchanged(row: StagedRow, state: StagingState = StagingState.PENDING) -> dict[str, Any]:
    return {"st": state, "ch": row.changes, "lk": row.links_accepted or None}


def _taken(by: str | None) -> dict[str, Any]:
    return {"tk": UUID(by).bytes} if by else {}
