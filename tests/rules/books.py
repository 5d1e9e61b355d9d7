"""A company's books for one test: what happens in Dataverse and in finance, and what is in the books then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from typing import Any

from tests.builders import Context, guid
from tests.harness import World
from tests.rules.finance import finance

Row = dict[str, Any]


class Books:
    """The functions over one set-up, that of the examples unless the test says otherwise.

    Rows are named as the test named them to the builders.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self._loaded: Mapping[str, Any] | None = None
        self._result: dict[str, list[Row]] | None = None

    # What happens

    def use(self, document: Mapping[str, Any]) -> None:
        """Finance loads another set-up."""
        self.world.load(document)
        self._loaded = document
        self._result = None

    def _ready(self) -> World:
        if self._loaded is None:
            self.use(finance())
        self._result = None
        return self.world

    def arrive(self, *contexts: Context) -> None:
        """Dataverse sends these, and every one of them is taken or refused: none fails."""
        answers = self._ready().deliver(*contexts)
        assert not any(answer.get("batchItemFailures") for answer in answers if answer)

    def import_staging(self, **scope: str) -> None:
        self._run("staging_import", scope)

    def post_journals(self, **scope: str) -> None:
        self._run("journal_posting", scope)

    def post_invoices(self, **scope: str) -> None:
        self._run("invoice_posting", scope)

    def journalise(self) -> None:
        """Import and posting of everything that has arrived."""
        self.import_staging()
        self.post_journals()

    def edit(self, action: str, **request: Any) -> str:
        outcome = self._ready().edit(action, **request)
        self.world.drain()
        return str(outcome["outcome"])

    def do(self, action: str, **request: Any) -> Any:
        """What a person's command answers."""
        return self._ready().edit(action, **request)

    def call(self, function: str, event: Mapping[str, Any]) -> Any:
        """A function gets an event of its own; what it tells the bus stays in the outbox."""
        return self._ready().call(function, event)

    def scheduled(self, function: str) -> Any:
        """One run by its schedule; what it tells the bus stays in the outbox."""
        return self._ready().schedule(function)

    def run(self, function: str, **scope: str) -> Any:
        """One run by hand; what it tells the bus stays in the outbox."""
        return self._ready().run(function, **scope)

    def _run(self, function: str, scope: Mapping[str, str]) -> None:
        self._ready().run(function, **scope)
        self.world.drain()

    # What is in the books

    def closed(self) -> Books:
        """The books as they are now, for tests that only read them: what happens later to the tables is not seen."""
        assert self.result
        return self

    @property
    def result(self) -> dict[str, list[Row]]:
        if self._result is None:
            self._result = self._ready().result()
        return self._result

    def row(self, name: str) -> Row:
        return next(row for row in self.result["staging"] if row["actual_id"] == guid(name))

    def state(self, name: str) -> str:
        return str(self.row(name)["state"])

    def journal_line(self, name: str) -> Row:
        return next(line for line in self.journal_lines() if line["actual_id"] == guid(name))

    def journal_lines(self) -> list[Row]:
        return [line for journal in self.result["journals"] for line in journal["lines"]]

    def proposal(self, number: str = "INV-0001") -> Row:
        return next(proposal for proposal in self.result["proposals"] if proposal["proposal_id"] == number)

    def reasons(self, number: str = "INV-0001") -> list[str]:
        """Why a proposal waits or was refused."""
        return [entry["reason"] for entry in self.proposal(number)["waiting_for"]]

    def invoice(self, number: str = "INV-0001") -> Row:
        """The customer invoice of a proposal."""
        return next(invoice for invoice in self.result["invoices"] if invoice["proposal_id"] == number)

    def voucher(self, number: str) -> list[tuple[str, str, str]]:
        """Posting type, amount and accounting amount of each line of a voucher."""
        lines = next(voucher["lines"] for voucher in self.result["vouchers"] if voucher["voucher"] == number)
        return [(line["posting_type"], line["amount"], line["accounting_amount"]) for line in lines]

    def voucher_of(self, name: str) -> list[tuple[str, str, str]]:
        """The voucher of an actual's journal line; none where nothing reached the ledger."""
        number = self.row(name)["voucher"]
        return self.voucher(number) if any(v["voucher"] == number for v in self.result["vouchers"]) else []

    def balances(self) -> dict[str, Decimal]:
        """The balance of each posting type in accounting currency, without those that are zero."""
        totals: dict[str, Decimal] = defaultdict(Decimal)
        for voucher in self.result["vouchers"]:
            for line in voucher["lines"]:
                totals[line["posting_type"]] += Decimal(line["accounting_amount"])
        return {posting_type: total for posting_type, total in totals.items() if total}

    def write_back(self, name: str, entity: str = "msdyn_actual") -> Row | None:
        """What Dataverse is told of a row."""
        found = [w["values"] for w in self.result["write_back"] if (w["entity"], w["id"]) == (entity, guid(name))]
        assert len(found) <= 1, f"{name} is written back {len(found)} times"
        return found[0] if found else None


@contextmanager
def before_transaction(books: Books, earlier: int, interrupt: Callable[[], object]) -> Iterator[None]:
    """Lets ``interrupt`` happen just before a transaction is sent, after ``earlier`` others inside the block."""
    numbers = count()

    def sending(**_: Any) -> None:
        if next(numbers) == earlier:
            interrupt()

    events: Any = books.world.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", sending)
    try:
        yield
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", sending)
    assert next(numbers) > earlier, f"only {earlier} transactions were sent, or fewer"
