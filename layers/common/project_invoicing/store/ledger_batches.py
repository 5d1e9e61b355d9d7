"""The table of ledger batches: headers, their lists, and which batch a document is in.

``BATCH#<company>#<kind>`` has a header per number: ``st`` state, ``pe`` ``pn`` period and number in it, ``sv`` set-up
version, ``rw`` the way of receivables, ``ac`` accounting currency, ``oa`` ``sa`` ``ra`` when it was opened, sealed and
ready, ``d`` ``vo`` ``n`` documents, vouchers and lines, ``lp`` pages of its list, ``to`` ``at`` totals by currency and
in accounting currency, ``lo`` ``lt`` what is left out and its totals, ``fd`` ``ld`` first and last date, ``ph`` ``ms``
hashes of the manifest before it and of its own, ``dn`` deliveries, ``da`` when the last one was complete, ``en``
external numbers, ``an`` what was answered, ``ve`` its version.

``sp`` ``tx`` ``dg`` ``dm`` ``fo`` are what its files depend on: spans, pattern of texts, digits, dimensions, layout;
``tr`` says why its files are not there yet; ``su`` has its sums by account, compressed; ``co`` is its company.

``LIST#<company>#<kind>#<number>`` has the pages of its list, ``lz``, compressed, and which of its documents left the
list of what is ready in the page's own transaction, ``ow``. ``IN#<company>#<source>#<document>``, without the
document's last three characters, says by period, batch and page which documents that begin like this it has: ``ds``,
the rest of each. ``PERIOD#<company>#<kind>`` has the last number in each period, ``n``, and up to which receivables
batch its ledger batches have counted what they leave out, ``r``.
``OPEN#<company>`` has each batch that is not accepted yet.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.domain.ledger_batch import (
    Answered,
    BatchId,
    BatchKind,
    BatchState,
    LedgerBatch,
    LeftOut,
    ListedDocument,
    ReceivablesWay,
    Sides,
)
from project_invoicing.domain.states import BATCHES, BatchVerb
from project_invoicing.store import history as histories
from project_invoicing.store import rows
from project_invoicing.store.items import Item
from project_invoicing.store.leaving import Taken
from project_invoicing.store.transactions import Write, delete, get, get_many, last_until, put, query, update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.history import HistoryEntry

IN: Final = "IN#"
"""With what the keys of claims begin."""
TOGETHER: Final = 3
"""Documents whose ids differ in their last characters alone share an item: numbers are drawn in a row."""
_DIGITS: Final = 6
LAST_NUMBER: Final = 10**_DIGITS - 1


class LedgerBatches:
    """Access to the table of ledger batches."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    # Reading

    def get(self, id: BatchId) -> LedgerBatch | None:
        item = get(self.client, self.table, _batches(id.company, id.kind), _key(id.number))
        return _batch_of(item) if item else None

    def last(self, company: str, kind: BatchKind) -> LedgerBatch | None:
        """The newest batch of a company and kind. One request."""
        item = last_until(self.client, self.table, _batches(company, kind), "0", _key(LAST_NUMBER))
        return _batch_of(item) if item else None

    def newest(
        self, company: str, kind: BatchKind, limit: int = 50, before: int | None = None
    ) -> tuple[list[LedgerBatch], int | None]:
        """At most ``limit`` batches, newest first, of those numbered below ``before``; and before which it goes on.

        Two requests for each hundred: the numbers have no gap.
        """
        if before is None:
            last = self.last(company, kind)
            before = last.number + 1 if last else 1
        first = max(1, before - limit)
        return self.between(company, kind, first, before - 1)[::-1], first if first > 1 else None

    def between(self, company: str, kind: BatchKind, first: int, last: int) -> list[LedgerBatch]:
        """The batches with these numbers, oldest first."""
        keys = ((_batches(company, kind), _key(number)) for number in range(first, last + 1))
        found = [_batch_of(item) for item in get_many(self.client, self.table, keys)]
        return sorted(found, key=lambda batch: batch.number)

    def many(self, ids: Iterable[BatchId]) -> list[LedgerBatch]:
        """The batches with these ids that are there, in no order."""
        keys = {(_batches(id.company, id.kind), _key(id.number)) for id in ids}
        return [_batch_of(item) for item in get_many(self.client, self.table, keys)]

    def open(self, company: str) -> list[LedgerBatch]:
        """A company's batches that are not accepted yet, by kind and number. Two requests."""
        found = query(self.client, self.table, _open(company))
        kinds = (str(item["sk"]).partition("#") for item in found)
        keys = [(_batches(company, BatchKind(kind)), number) for kind, _, number in kinds]
        batches = [_batch_of(item) for item in get_many(self.client, self.table, keys)]
        return sorted(batches, key=lambda batch: (batch.kind, batch.number))

    def listed(self, id: BatchId) -> Iterator[ListedDocument]:
        """The documents on its list, in the order in which they were taken."""
        for item in query(self.client, self.table, _list(id)):
            yield from _documents(item)

    def taken(self, id: BatchId, page: int) -> Taken:
        """A page of its list, which is there. Two requests."""
        batch, item = self.get(id), get(self.client, self.table, _list(id), _key(page))
        if batch is None or item is None:
            raise LookupError(f"batch {id} has no page {page}")
        own = frozenset((str(source), str(document)) for source, document in item.get("ow", ()))
        return Taken(id, page, batch.period, _documents(item), own)

    def batches_with(self, company: str, source: str, document: str) -> dict[str, BatchId]:
        """The batches that have a document, by period. One request."""
        found = query(self.client, self.table, _in(company, source, document))
        with_it = (str(item["sk"]) for item in found if document[-TOGETHER:] in item["ds"])
        return dict(period_and_batch(company, sk) for sk in with_it)

    def period(self, company: str, kind: BatchKind, period: str) -> tuple[int, int]:
        """The last number in a period, and the last receivables batch that was counted there; 0 before the first."""
        item = get(self.client, self.table, _periods(company, kind), period) or {}
        return int(item.get("n", 0)), int(item.get("r", 0))

    # Writes

    def opened(self, batch: LedgerBatch) -> list[Write]:
        """The writes of a new batch, which join those of its first page.

        They fail if another one has the number or the one before it is not sealed.
        """
        item = {"pk": _batches(batch.company, batch.kind), "sk": _key(batch.number), **_values(batch)}
        before = batch.period_number - 1
        writes = [
            put(self.table, item, unless_exists=True),
            put(self.table, {"pk": _open(batch.company), "sk": _open_key(batch.id)}, unless_exists=True),
            update(
                self.table,
                _periods(batch.company, batch.kind),
                batch.period,
                {"n": batch.period_number},
                expected={"n": before or None},
            ),
        ]
        return writes + ([self._is_sealed(replace(batch, number=batch.number - 1))] if batch.number > 1 else [])

    def _is_sealed(self, batch: LedgerBatch) -> Write:
        return {
            "ConditionCheck": {
                "TableName": self.table,
                "Key": {"pk": {"S": _batches(batch.company, batch.kind)}, "sk": {"S": _key(batch.number)}},
                "ConditionExpression": "attribute_exists(#0) AND #1 <> :0",
                "ExpressionAttributeNames": {"#0": "pk", "#1": "st"},
                "ExpressionAttributeValues": {":0": {"S": BatchState.CLAIMING}},
            }
        }

    def page(self, taken: Taken) -> Write:
        """A page of its list, from 1."""
        item = {
            "pk": _list(taken.id),
            "sk": _key(taken.page),
            "lz": zlib.compress(rows.encode(taken.documents).encode(), 9),
            "ow": [list(one) for one in sorted(taken.staying)] or None,
        }
        return put(self.table, item, unless_exists=True)

    def claims(self, taken: Taken) -> list[Item]:
        """The items that say which batch has the documents of a page, which is written. They are only ever the same."""
        found: dict[str, list[str]] = {}
        for one in taken.documents:
            found.setdefault(_in(taken.id.company, one.source, one.document), []).append(one.document[-TOGETHER:])
        sk = "#".join((taken.period, taken.id.kind, _key(taken.id.number), _key(taken.page)))
        return [{"pk": pk, "sk": sk, "ds": rest} for pk, rest in found.items()]

    def changed(self, batch: LedgerBatch, verb: BatchVerb, **values: Any) -> tuple[Write, LedgerBatch]:
        """The write that does ``verb`` with these new ``values`` of its header, and the header afterwards.

        It fails if anything changed the header since it was read. Raises ``Conflict`` where its state forbids it.
        """
        after = replace(batch, state=BATCHES.after(batch.state, verb), version=batch.version + 1, **values)
        before, now = _values(batch), _values(after)
        new = {name: now.get(name) for name in {**before, **now} if before.get(name) != now.get(name)}
        where = (_batches(batch.company, batch.kind), _key(batch.number))
        return update(self.table, *where, new, expected={"ve": batch.version, "st": batch.state}), after

    def troubled(self, batch: LedgerBatch, trouble: str) -> tuple[Write, LedgerBatch]:
        """The write that says why its files are not there yet, and the header afterwards. As ``changed``."""
        after = replace(batch, trouble=trouble, version=batch.version + 1)
        where = (_batches(batch.company, batch.kind), _key(batch.number))
        values = {"tr": trouble, "ve": after.version}
        return update(self.table, *where, values, expected={"ve": batch.version, "st": batch.state}), after

    def noted(self, id: BatchId, made: HistoryEntry) -> Write:
        """An entry of its history, for the transaction of what was done."""
        return histories.entry(self.table, _document(id), made)

    def history(self, id: BatchId) -> Iterator[HistoryEntry]:
        """What was done to it, oldest first."""
        return histories.of(self.client, self.table, _document(id))

    def counted(self, batch: LedgerBatch, before: int, now: int) -> Write:
        """Receivables batches up to ``now`` are counted in the ledger batches of this period, until now ``before``."""
        where = (_periods(batch.company, batch.kind), batch.period)
        return update(self.table, *where, {"r": now}, expected={"r": before or None})

    def closed(self, id: BatchId) -> Write:
        """It is accepted: it is open no more. Joins the transaction of ``BatchVerb.ACCEPTED``."""
        return delete(self.table, _open(id.company), _open_key(id), expected={"sk": _open_key(id)})


def _values(batch: LedgerBatch) -> Item:
    left = batch.left_out
    return {
        "co": batch.company,
        "st": batch.state,
        "pe": batch.period,
        "pn": batch.period_number,
        "sv": batch.setup_version,
        "rw": batch.receivables,
        "ac": batch.accounting_currency,
        "sp": [[first.isoformat(), last.isoformat()] for first, last in batch.spans],
        "tx": batch.text,
        "dg": dict(batch.digits),
        "dm": list(batch.dimensions),
        "fo": batch.layout,
        "oa": batch.opened_at,
        "sa": batch.sealed_at,
        "ra": batch.ready_at,
        "d": batch.documents,
        "vo": batch.vouchers,
        "n": batch.lines,
        "lp": batch.list_pages,
        "to": {currency: _sides_text(sides) for currency, sides in batch.totals.items()},
        "at": _sides_text(batch.accounting_totals),
        "lo": left.documents if left else None,
        "lt": {currency: str(total) for currency, total in left.totals.items()} if left else None,
        "fd": batch.first_date.isoformat() if batch.first_date else None,
        "ld": batch.last_date.isoformat() if batch.last_date else None,
        "ph": batch.previous_sha256,
        "ms": batch.manifest_sha256,
        "dn": batch.deliveries,
        "da": batch.delivered_at,
        "en": list(batch.external_numbers) or None,
        "an": _answered_text(batch.answered),
        "tr": batch.trouble,
        "su": batch.account_sums,
        "ve": batch.version,
    }


def _batch_of(item: Item) -> LedgerBatch:
    _, company, kind = _parts(item["pk"])
    totals: Mapping[str, list[str]] = item["to"]
    left = {currency: Decimal(total) for currency, total in item.get("lt", {}).items()}
    return LedgerBatch(
        company=company,
        kind=BatchKind(kind),
        number=int(item["sk"]),
        period=item["pe"],
        period_number=item["pn"],
        state=BatchState(item["st"]),
        setup_version=item["sv"],
        receivables=ReceivablesWay(item["rw"]),
        accounting_currency=item["ac"],
        spans=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in item["sp"]),
        text=item["tx"],
        digits=item["dg"],
        dimensions=tuple(item["dm"]),
        layout=item["fo"],
        opened_at=item["oa"],
        sealed_at=item.get("sa"),
        ready_at=item.get("ra"),
        documents=item["d"],
        vouchers=item["vo"],
        lines=item["n"],
        list_pages=item["lp"],
        totals={currency: _sides(sides) for currency, sides in totals.items()},
        accounting_totals=_sides(item["at"]),
        left_out=LeftOut(item["lo"], left) if "lo" in item else None,
        first_date=date.fromisoformat(item["fd"]) if "fd" in item else None,
        last_date=date.fromisoformat(item["ld"]) if "ld" in item else None,
        previous_sha256=item.get("ph"),
        manifest_sha256=item.get("ms"),
        deliveries=item["dn"],
        delivered_at=item.get("da"),
        external_numbers=tuple(item.get("en", ())),
        answered=_answered_of(item["an"]) if "an" in item else Answered(),
        trouble=item.get("tr"),
        account_sums=item.get("su"),
        version=item["ve"],
    )


def _answered_text(answered: Answered) -> str | None:
    return None if answered == Answered() else rows.encode([answered])


def _answered_of(text: str) -> Answered:
    (found,) = rows.decode(Answered, text)
    return found


def _sides_text(sides: Sides) -> list[str]:
    return [str(sides.debit), str(sides.credit)]


def _sides(text: Sequence[str]) -> Sides:
    return Sides(Decimal(text[0]), Decimal(text[1]))


def _parts(pk: str) -> tuple[str, str, str]:
    """Prefix, company and kind. A company's code may have any character."""
    prefix, _, rest = pk.partition("#")
    company, _, kind = rest.rpartition("#")
    return prefix, company, kind


def _batches(company: str, kind: BatchKind) -> str:
    return f"BATCH#{company}#{kind}"


def _list(id: BatchId) -> str:
    return f"LIST#{id.company}#{id.kind}#{_key(id.number)}"


def _periods(company: str, kind: BatchKind) -> str:
    return f"PERIOD#{company}#{kind}"


def _documents(page: Item) -> list[ListedDocument]:
    return rows.decode(ListedDocument, zlib.decompress(page["lz"]).decode())


def _in(company: str, source: str, document: str) -> str:
    return f"{IN}{company}#{source}#{document[:-TOGETHER]}"


def period_and_batch(company: str, sk: str) -> tuple[str, BatchId]:
    """What the sort key of an item under ``IN`` says."""
    period, kind, number, _ = sk.split("#")
    return period, BatchId(company, BatchKind(kind), int(number))


def _document(id: BatchId) -> str:
    return f"{_batches(id.company, id.kind)}#{_key(id.number)}"


def _open(company: str) -> str:
    return f"OPEN#{company}"


def _open_key(id: BatchId) -> str:
    return f"{id.kind}#{_key(id.number)}"


def _key(number: int) -> str:
    return f"{number:0{_DIGITS}d}"
