"""The deliveries of ledger batches: numbered without a gap, each begun and completed once, never changed after that.

``DELIVERY#<company>#<kind>#<number>`` has an item per delivery, under its number: ``fo`` the format, ``sv`` the version
of the set-up that has it, ``q`` how many answers had been applied when it was begun (what they accept is not in it),
``at`` when it was begun, ``wi`` ``wn`` ``wh`` by whom, ``rq`` by which call, ``cd`` how many entries the other side
will translate to other cents, if any, and ``cm`` by how much one is out of balance at most, ``pa`` its parts, ``n`` its
lines, ``da`` when it was complete, or ``ga`` when it was given up, because more had been accepted meanwhile.
Under ``REFUSED#<format>`` is why a format could not take the batch: ``at``, ``de`` in words.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from project_invoicing.domain.actor import Actor, How
from project_invoicing.domain.money import ZERO
from project_invoicing.store import rows
from project_invoicing.store.errors import ConditionFailed, translated
from project_invoicing.store.items import Item, bounded
from project_invoicing.store.transactions import Write, delete, get, put, query, transact, update, write_one

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from project_invoicing.domain.ledger_batch import BatchId

_REFUSED: Final = "REFUSED#"


@dataclass(frozen=True, slots=True)
class PartOfDelivery:
    """A file of a delivery, by its name in the folder of the delivery."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A batch in a format. ``without``: what the first so many answers accepted is not in it.

    ``done``: when it was complete; ``given_up``: when it was not, as more had been accepted before that.
    ``differing``: how many entries the other side will translate otherwise than we did, and ``out_of_balance`` what one
    of them is out by at most, in accounting currency (D-172). ``request``: the id of the call by hand for it.
    """

    number: int
    format: str
    setup_version: int
    without: int
    at: str
    who: Actor
    parts: tuple[PartOfDelivery, ...] = ()
    lines: int = 0
    done: str | None = None
    given_up: str | None = None
    differing: int = 0
    out_of_balance: Decimal = ZERO
    request: str | None = None

    @property
    def is_begun(self) -> bool:
        """Whether somebody has to go on with it."""
        return self.done is None and self.given_up is None


@dataclass(frozen=True, slots=True)
class RefusedFormat:
    """A format that cannot hold a batch, and why: nothing of it was delivered."""

    format: str
    at: str
    detail: str


class BatchDeliveries:
    """Access to the deliveries of batches."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self.client = client
        self.table = table

    def get(self, id: BatchId, number: int) -> Delivery | None:
        item = get(self.client, self.table, _deliveries(id), _key(number))
        return _delivery(item) if item else None

    def of(self, id: BatchId) -> tuple[list[Delivery], list[RefusedFormat]]:
        """A batch's deliveries, also one that was begun, and the formats that could not take it. One request."""
        found = list(query(self.client, self.table, _deliveries(id)))
        refused = [_refused(item) for item in found if str(item["sk"]).startswith(_REFUSED)]
        return [_delivery(item) for item in found if "fo" in item], refused

    def begin(self, id: BatchId, delivery: Delivery) -> Delivery:
        """Begins a delivery, unless another run has begun one with its number: the one that is there."""
        item = {
            "pk": _deliveries(id),
            "sk": _key(delivery.number),
            "fo": delivery.format,
            "sv": delivery.setup_version,
            "q": delivery.without,
            "at": delivery.at,
            "wi": delivery.who.id,
            "wn": delivery.who.name,
            "wh": delivery.who.how,
        }
        if delivery.differing:
            item |= {"cd": delivery.differing, "cm": f"{delivery.out_of_balance:f}"}
        if delivery.request:
            item["rq"] = delivery.request
        try:
            with translated():
                self.client.put_item(**put(self.table, item, unless_exists=True)["Put"])
        except ConditionFailed:
            return self.get(id, delivery.number) or delivery
        return delivery

    def completed(self, id: BatchId, delivery: Delivery) -> Write:
        """The write that completes a delivery, which joins that of the batch. It must not be complete."""
        values = {"pa": rows.encode(delivery.parts), "n": delivery.lines, "da": delivery.done}
        expected = {"da": None, "ga": None, "fo": delivery.format}
        return update(self.table, _deliveries(id), _key(delivery.number), values, expected=expected)

    def give_up(self, id: BatchId, delivery: Delivery, at: str) -> None:
        """Nobody goes on with it. Another run may have done so, or completed it."""
        expected = {"da": None, "ga": None, "fo": delivery.format}
        with suppress(ConditionFailed):
            write_one(
                self.client, update(self.table, _deliveries(id), _key(delivery.number), {"ga": at}, expected=expected)
            )

    def refuse(self, id: BatchId, refused: RefusedFormat) -> None:
        """Keeps why a format cannot hold the batch; the last reason counts."""
        item = {"pk": _deliveries(id), "sk": _REFUSED + refused.format, "at": refused.at, "de": refused.detail}
        transact(self.client, [put(self.table, item, unless_exists=False)])

    def not_refused(self, id: BatchId, refused: RefusedFormat) -> Write:
        """The format can take it now."""
        return delete(self.table, _deliveries(id), _REFUSED + refused.format, expected={"at": refused.at})


def _delivery(item: Item) -> Delivery:
    return Delivery(
        number=int(item["sk"]),
        format=item["fo"],
        setup_version=item["sv"],
        without=item["q"],
        at=item["at"],
        who=Actor(item["wi"], item["wn"], How(item["wh"])),
        parts=tuple(rows.decode(PartOfDelivery, item["pa"])) if "pa" in item else (),
        lines=item.get("n", 0),
        done=item.get("da"),
        given_up=item.get("ga"),
        differing=item.get("cd", 0),
        out_of_balance=Decimal(item.get("cm", 0)),
        request=item.get("rq"),
    )


def _refused(item: Item) -> RefusedFormat:
    return RefusedFormat(str(item["sk"]).removeprefix(_REFUSED), item["at"], item["de"])


def _deliveries(id: BatchId) -> str:
    return f"DELIVERY#{bounded(id.company)}#{id.kind}#{id.number:06d}"


def _key(number: int) -> str:
    return f"{number:04d}"
