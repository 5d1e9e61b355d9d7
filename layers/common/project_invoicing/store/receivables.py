"""What was settled of posted invoices, in the proposals table.

Item ``RECEIVABLE`` of an invoice: ``co`` ``in`` company and number, ``sl`` what was settled, by settlement, as JSON
(id, version, date, amount, cash discount, written off, the other document), ``n`` how often that changed, ``pp``
whether a part that is paid is told to Dataverse as Paid.

``SETTLEMENT#<company>#<id>`` is the newest version of a settlement: ``co`` company, once it is one of ours (an audit
chain is a company's), ``vs`` its version, ``b`` its text, ``at`` when it came, ``re`` ``de`` why it is set aside, if it
is. ``lp`` ``ls`` put it into a list (``store.listing``) while it is set aside, or while it is settled against nothing.
All of a payment is one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.codes import PaymentRefusal, RejectReason
from project_invoicing.domain.payment import Receivable, Settled, Settlement, payment_in
from project_invoicing.errors import Rejected
from project_invoicing.store import history, outbox
from project_invoicing.store.invoices import partition
from project_invoicing.store.items import Item, bounded, readable
from project_invoicing.store.listing import Listed, Part
from project_invoicing.store.transactions import Write, get, get_many, put, transact, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry
    from project_invoicing.events import BusEvent

KEY: Final = "RECEIVABLE"
PREFIX: Final = "SETTLEMENT#"
HEADER: Final = "H"
MOST: Final = 1_000
"""Settlements of one invoice: an item has room for so many."""
_ASIDE: Final = "PAYMENTS#aside"
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class ChangedDocument:
    """A document of which something else is settled now, with what is told of that."""

    before: Receivable
    after: Receivable
    event: BusEvent
    done: HistoryEntry


class Receivables:
    """Access to what was settled."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, company: str, number: str) -> Receivable | None:
        item = get(self.client, self.table, partition(company, number), KEY)
        return receivable_of(item) if item else None

    def many(self, company: str, numbers: Iterable[str]) -> dict[str, Receivable]:
        """What was settled of these invoices, by number; nothing for those of which nobody has told."""
        keys = ((partition(company, number), KEY) for number in dict.fromkeys(numbers))
        found = (readable(receivable_of, item) for item in get_many(self.client, self.table, keys))
        return {one.invoice_number: one for one in found if one}

    def settlement(self, company: str, id: str) -> Settlement | None:
        item = get(self.client, self.table, _settlement(company, id), HEADER)
        return settlement_of(item) if item else None

    def aside(self) -> Iterator[Settlement]:
        """What is set aside, the longest-waiting first. The index may lag: whoever tries one again reads it again."""
        return self._listed(_ASIDE, lambda one: one.reason is not None)

    def unapplied(self, company: str) -> Iterator[Settlement]:
        """What customers of a company have to their credit, settled against nothing, the oldest first."""
        return self._listed(_unapplied(company), lambda one: one.is_unapplied)

    def history(self, company: str, number: str) -> Iterator[HistoryEntry]:
        """What was told of an invoice, oldest first."""
        return history.of(self.client, self.table, partition(company, number))

    def take(
        self,
        before: Settlement | None,
        after: Settlement,
        documents: Sequence[ChangedDocument],
        done: HistoryEntry | None,
    ) -> None:
        """The newest version of a settlement, with everything that changes by it.

        ``done``: the entry about a settlement that changes no document. Raises ``TransactionCancelled`` where another
        run was faster, ``Rejected`` for more settlements of one invoice than are kept.
        """
        company, id = after.payment.company, after.payment.settlement_id
        writes = [self._settlement_write(before, after)]
        for one in documents:
            writes.append(self._receivable_write(one.before, one.after))
            writes.append(outbox.record(self.table, one.event))
            writes.append(history.entry(self.table, partition(company, one.after.invoice_number), one.done))
        if done:
            writes.append(history.entry(self.table, _settlement(company, id), done))
        transact(self.client, writes)

    def note(self, company: str, id: str, done: HistoryEntry) -> None:
        """An entry about a settlement that changes nothing, once."""
        history.commit(self.client, self.table, _settlement(company, id), done, [])

    def _settlement_write(self, before: Settlement | None, after: Settlement) -> Write:
        pk, values = _settlement(after.payment.company, after.payment.settlement_id), _values(after)
        if before is None:
            return put(self.table, {"pk": pk, "sk": HEADER, **values}, unless_exists=True)
        expected = {"vs": before.payment.version, "re": before.reason, "at": before.at}
        return update(self.table, pk, HEADER, values, expected=expected)

    def _receivable_write(self, before: Receivable, after: Receivable) -> Write:
        pk = partition(after.company, after.invoice_number)
        values = {
            "co": after.company,
            "in": after.invoice_number,
            "sl": _text(after.settlements),
            "n": after.changes,
            "pp": after.partly_is_paid,
        }
        if not before.changes:
            return put(self.table, {"pk": pk, "sk": KEY, **values}, unless_exists=True)
        return update(self.table, pk, KEY, values, expected={"n": before.changes})

    def _listed(self, list_: str, fits: Any) -> Iterator[Settlement]:
        listed, before = Listed(self.client, self.table), "0|"
        while before:
            found = listed.oldest([Part(list_)], _PAGE, since=None, after=before)
            before = found.before
            keys = [(str(item["pk"]), HEADER) for item in found.entries]
            items = {str(item["pk"]): item for item in get_many(self.client, self.table, keys)}
            for pk, _ in keys:
                one = readable(settlement_of, items[pk]) if pk in items else None
                if one and fits(one):
                    yield one


def receivable_of(item: Item) -> Receivable:
    return Receivable(
        company=item["co"],
        invoice_number=item["in"],
        settlements=tuple(
            Settled(id, version, date.fromisoformat(day), Decimal(paid), Decimal(discount), Decimal(off), other)
            for id, version, day, paid, discount, off, other in json.loads(item["sl"])
        ),
        changes=int(item["n"]),
        partly_is_paid=bool(item["pp"]),
    )


def settlement_of(item: Item) -> Settlement:
    reason = PaymentRefusal(item["re"]) if "re" in item else None
    return Settlement(payment_in(item["b"]), item["at"], reason, item.get("de"))


def _values(settlement: Settlement) -> dict[str, Any]:
    said = settlement.payment
    place: dict[str, Any] = {"lp": None, "ls": None}
    if settlement.reason:
        place = {"lp": _ASIDE, "ls": f"{settlement.at}#{bounded(said.company)}#{bounded(said.settlement_id)}"}
    elif settlement.is_unapplied:
        place = {"lp": _unapplied(said.company), "ls": f"{said.date}#{bounded(said.settlement_id)}"}
    return {
        "co": said.company if settlement.of_ours else None,
        "vs": said.version,
        "b": said.text,
        "at": settlement.at,
        "re": settlement.reason,
        "de": settlement.detail,
        **place,
    }


def _text(settlements: Sequence[Settled]) -> str:
    if len(settlements) > MOST:
        detail = f"{len(settlements)} settlements of one invoice, and {MOST} is the most that is kept"
        raise Rejected(RejectReason.TOO_LARGE, detail, field="settlement_id")
    rows = [
        [one.settlement_id, one.version, one.date.isoformat(), *map(str, one[3:6]), one.other] for one in settlements
    ]
    return json.dumps(rows, separators=(",", ":"))


def _settlement(company: str, id: str) -> str:
    return f"{PREFIX}{bounded(company)}#{bounded(id)}"


def _unapplied(company: str) -> str:
    return f"PAYMENTS#{bounded(company)}#unapplied"
