"""The row of a fee, which follows the row of the sale that the fee is of (``domain.fee``).

Whatever arrives of the sale, in whatever order, its row is read afterwards and the fee's row is made to fit it: in the
same version, with the same links, turned to the fees of what they lead to. So a delivery that died half-way is put
right by its repetition, and an older version that comes late changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.actual import Actual, Connection, RowVersion, fee_id, fee_of, may_have_fee
from project_invoicing.domain.codes import ConnectionRole, StagingState
from project_invoicing.errors import Conflict
from project_invoicing.store.items import Item
from project_invoicing.store.staged_rows import LINK, ROW, link_text, readable_row
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import get, get_many

if TYPE_CHECKING:
    from project_invoicing.store.receiving import Receiving

_ATTEMPTS: Final = 5


def follow(staging: Staging, work: str, at: str, *, of_zero: bool = False) -> None:
    """Makes the fee's row fit the row of this sale as it is stored now; ``at`` is the time of what was delivered.

    One request where there is nothing to do: for what has no fee, and what has been done before. Raises ``Conflict``
    where others keep changing the sale. ``of_zero``: also where the sale has no fee, nor had one.
    """
    id = fee_id(work)
    for _ in range(_ATTEMPTS):
        items = {one: Item(pk=one, sk=ROW) for one in (work, id)}
        items |= {item["pk"]: item for item in get_many(staging.client, staging.table, ((work, ROW), (id, ROW)))}
        sale, fee = items[work], items[id]
        row = readable_row(sale)
        if row is None or not may_have_fee(row.actual) or not (row.actual.fee or "a" in fee or of_zero):
            return
        wanted = fee_of(row.actual)
        known = readable_row(fee)
        missing = [link for name, link in _links(id, sale) if link_text(link) != fee.get(name)]
        if known and known.actual.version == wanted.version and not missing:
            return
        for link in missing:
            staging.connect(link)
        if known is None or known.actual.version != wanted.version:
            staging.receive(wanted, at)
    raise Conflict(f"the sale {work} kept changing while its fee followed it")


def settled(staging: Receiving, work: Actual, item: Item, at: str | None) -> Actual:
    """A newer version of a sale as it is to be stored, where the table map reads no fees any more; ``item`` has it now.

    What is posted stays: the sale keeps its fee, and what bills it takes back what that accrued (FEE-10). A fee that is
    not posted is made zero before the sale is stored: where a delivery dies in between, its repetition does the rest.
    """
    before = readable_row(item)
    if before is None or not before.actual.fee or not may_have_fee(work):
        return work
    fee = get(staging.client, staging.table, fee_id(work.id), ROW) or {}
    if StagingState.POSTED in (item.get("st"), fee.get("st")):
        return replace(work, fee=before.actual.fee)
    staging.receive(fee_of(work), at)
    return work


def _links(id: str, sale: Item) -> Iterator[tuple[str, Connection]]:
    """The sale's links as those of its fee, by their names on the row. The cost of work is not the cost of its fee."""
    for name, value in sale.items():
        role, _, connection = name.removeprefix(LINK).partition("_")
        if not name.startswith(LINK) or role == ConnectionRole.COST:
            continue
        order, _, linked = str(value).partition("|")
        version = RowVersion(int(order) if order.isdigit() else None, order, "")
        to = fee_id(linked) if linked else ""
        yield name, Connection(connection, version, id, ConnectionRole(role), to, deleted=not linked)
