"""A customer's work of any size, as Dataverse sends it: rows with all their columns filled, and a set-up for them.

    work = Work(lines=1000, days=20)
    work.worked      actuals of the work: half of them cost, half unbilled sales, each pair with its connection
    work.billed      the proforma over all of it, its billed sales and their connections

``into_staging`` puts rows into the staging table in large transactions: for preparing what is measured later, not for
measuring ``actuals_sync``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any, Final, cast

from local import ROOT
from operate.documents import read_setup
from project_invoicing.dataverse.context import row_events
from project_invoicing.dataverse.mapping import to_actual, to_connection
from project_invoicing.dataverse.row_events import RowEvent
from project_invoicing.store.staging import Staging
from project_invoicing.store.transactions import MAX_WRITES, Write, transact
from tests.builders import Context, actual, connection, guid, lookup, proforma
from tests.harness import TEMPLATE, World

COMPANY: Final = "USPM"
FIRST_DAY: Final = date(2026, 8, 3)
PRICE: Final = Decimal("138.00")
"""The price of an hour, in GBP."""
_UNIT: Final[dict[str, Any]] = {"msdyn_unit": lookup("uom", "unit-hour", "Hour")}
_AT: Final = "2026-08-28T09:00:00Z"


def finance(**parameters: Any) -> dict[str, Any]:
    """The set-up of the plain month, but its contract is in GBP: amounts are converted, accrued and taxed.

    ``parameters`` replace those of the company.
    """
    made = deepcopy(_plain_month())
    made["contracts"]["CTR-1"]["currency"] = "GBP"
    made["parameters"][COMPANY] |= parameters
    return made


@cache
def _plain_month() -> dict[str, Any]:
    return read_setup(ROOT / "events" / "scenarios" / "plain-month" / "setup.yaml")


@dataclass(frozen=True)
class Work:
    """``lines`` hours of work, spread evenly over ``days``. ``name`` tells it from other work."""

    lines: int
    days: int = 1
    name: str = "work"
    invoice_date: str | None = "2026-08-31"

    @property
    def proforma_id(self) -> str:
        return guid(f"{self.name}-invoice")

    @property
    def number(self) -> str:
        return f"INV-{self.name}"

    @property
    def total(self) -> Decimal:
        return sum((self._hours(n) * PRICE for n in range(self.lines)), Decimal(0))

    @property
    def costs(self) -> Iterator[Context]:
        return (self._actual("cost", n, currency="USD", price="62.40") for n in range(self.lines))

    @property
    def unbilled(self) -> Iterator[Context]:
        return (self._actual("unbilled_sales", n, currency="GBP", price=str(PRICE)) for n in range(self.lines))

    @property
    def sold(self) -> Iterator[Context]:
        """The unbilled sales with their connections to costs that somebody else journalised."""
        links = self._links("unbilled_sales", "cost")
        return chain.from_iterable(zip(self.unbilled, links, strict=True))

    @property
    def worked(self) -> Iterator[Context]:
        """A cost and an unbilled sale for each line."""
        pairs = zip(self.costs, self.unbilled, self._links("unbilled_sales", "cost"), strict=True)
        return chain.from_iterable(pairs)

    @property
    def header(self) -> Context:
        return proforma(
            self.proforma_id,
            number=self.number,
            name="Contoso Robotics, services rendered in August",
            total=str(self.total),
            currency="GBP",
            invoice_date=self.invoice_date,
            row_version=900_000_000,
            bill_to={"name": "Adatum Corporation", "line1": "22 Acacia Avenue", "city": "York", "country": "GB"},
        )

    @property
    def sales(self) -> Iterator[Context]:
        """The billed sales of the proforma and their connections, without the proforma."""
        rows = (
            self._actual("billed_sales", n, currency="GBP", price=str(PRICE), invoice=self.proforma_id)
            for n in range(self.lines)
        )
        return chain.from_iterable(zip(rows, self._links("billed_sales", "unbilled_sales"), strict=True))

    @property
    def billed(self) -> Iterator[Context]:
        return chain([self.header], self.sales)

    def _hours(self, number: int) -> Decimal:
        return Decimal(number % 32 + 1) / 4

    def _actual(self, kind: str, number: int, **columns: Any) -> Context:
        """An actual as a time entry makes it: every reference, and a description of about forty characters."""
        day = (FIRST_DAY + timedelta(days=number % self.days)).isoformat()
        return actual(
            f"{self.name}-{kind}-{number}",
            transaction_type=kind,
            quantity=str(self._hours(number)),
            category="Installation",
            start=f"{day}T14:00:00Z",
            document_date=day,
            accounting_date=day,
            billing_status="unbilled_sales_created" if kind == "unbilled_sales" else "customer_invoice_created",
            description=f"Commissioning of welding cell {number:05d}",
            external_description=f"Welding cell {number:05d}, on-site engineering",
            row_version=800_000_000 + number,
            **columns,
            **_UNIT,
        )

    def _links(self, one: str, other: str) -> Iterator[Context]:
        roles = {"cost": "Cost", "unbilled_sales": "Unbilled Sales", "billed_sales": "Billed Sales"}
        for n in range(self.lines):
            ends = (f"{self.name}-{one}-{n}", roles[one], f"{self.name}-{other}-{n}", roles[other])
            yield connection(f"{self.name}-{one}-link-{n}", *ends, row_version=850_000_000 + n)


class _Transactions:
    """Stands in the client's place and sends its single updates a hundred at a time."""

    def __init__(self, world: World) -> None:
        self._client = world.client
        self._writes: dict[str, Write] = {}

    def update_item(self, **request: Any) -> dict[str, Any]:
        id = str(request["Key"])
        if id in self._writes or len(self._writes) == MAX_WRITES:
            self.flush()
        for asked in ("ReturnValues", "ReturnValuesOnConditionCheckFailure"):
            request.pop(asked, None)
        self._writes[id] = {"Update": request}
        return {}

    def flush(self) -> None:
        if self._writes:
            transact(self._client, list(self._writes.values()))
            self._writes.clear()


def into_staging(world: World, contexts: Iterable[Context]) -> None:
    """Stores new actuals, then connections, as ``actuals_sync`` would, but a hundred a request."""
    details = [event.detail for context in contexts for event in row_events(context, _AT)]
    pending = _Transactions(world)
    staging = Staging(cast("Any", pending), world.names.staging_table)
    for detail in details:
        if detail["entity"] == "msdyn_actual":
            staging.receive(to_actual(RowEvent.read(detail)))
    pending.flush()
    for detail in details:
        if detail["entity"] != "msdyn_actual" and (link := to_connection(RowEvent.read(detail))):
            staging.connect(link)
    pending.flush()


def without_streams(world: World) -> World:
    """Switches the tables' streams off, which nobody reads here.

    With a stream each write to dynoxide takes longer than the one before: 20 ms for a batch of 25 at first, 450 ms
    after 25,000 writes.
    """
    for table in TEMPLATE.tables:
        if table.request.get("StreamSpecification"):
            world.client.update_table(
                TableName=table.request["TableName"], StreamSpecification={"StreamEnabled": False}
            )
    return world
