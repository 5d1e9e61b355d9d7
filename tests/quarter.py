"""The story of the scenario ``quarter``: July to September 2026 of two companies that lend people to each other.

``events/scenarios/quarter/setup.yaml`` tells it in words, with a hand check of each balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from tests.builders import Context, actual, connection, guid, money, proforma, wire_date

Step = dict[str, Any]

KNOWN = {
    "project": ["PRJ-1", "PRJ-2", "PRJ-3", "PRJ-INT", "PRJ-INV", "PRJ-G"],
    "contract": ["CTR-1", "CTR-2", "CTR-3", "CTR-G"],
    "contract_line": ["CTR-1-1", "CTR-1-2", "CTR-2-1", "CTR-3-1", "CTR-G-1"],
    "customer": ["C-001", "C-002", "C-003", "G-001"],
    "currency": ["USD", "EUR", "GBP"],
    "category": ["Installation", "Airfare"],
    "product": ["P-100"],
    "resource": ["Bob Kozack", "Julia Funderburk", "Molly Clark", "Gina Rossi"],
}
ON_1: dict[str, Any] = {"project": "PRJ-1", "contract": "CTR-1", "contract_line": "CTR-1-1", "customer": "C-001"}
"""Time and material for Adatum, in dollars; its costs are in profit and loss and its revenue accrues."""
FIXED_1: dict[str, Any] = {**ON_1, "contract_line": "CTR-1-2"}
"""The fixed price of the same contract."""
IN_EURO: dict[str, Any] = {
    "project": "PRJ-2",
    "contract": "CTR-2",
    "contract_line": "CTR-2-1",
    "customer": "C-002",
    "currency": "EUR",
    "resource": "Julia Funderburk",
}
"""Time and material in euro; its costs wait on the balance sheet."""
NO_CONTRACT: dict[str, Any] = {"contract": None, "contract_line": None, "customer": None}
INTERNAL: dict[str, Any] = {**NO_CONTRACT, "project": "PRJ-INT"}
INVESTMENT: dict[str, Any] = {**NO_CONTRACT, "project": "PRJ-INV"}
BRITISH: dict[str, Any] = {
    "project": "PRJ-G",
    "contract": "CTR-G",
    "contract_line": "CTR-G-1",
    "customer": "G-001",
    "currency": "GBP",
    "resource": "Gina Rossi",
}
"""Time and material of the British company."""
FREE: dict[str, Any] = {"billing_type": "non_chargeable"}
NOT_OURS: dict[str, Any] = {"billing_type": "not_available"}
GONE: dict[str, Any] = {"adjustment_status": "unadjustable"}
ANN, BOB = {"actor": "ann@contoso.example"}, {"actor": "bob@contoso.example"}


class Story:
    """The steps so far. Each row has a higher version than those before it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._versions = count(1000)

    # --- what Dataverse sends -----------------------------------------------------------------------------------------

    def arrive(self, at: str, *contexts: Context) -> None:
        self.steps += [{"at": at, "dataverse": context} for context in contexts]

    def row(self, name: str, kind: str, quantity: str, price: str, day: str, **columns: Any) -> Context:
        dated = {"start": wire_date(f"{day}T13:00:00Z"), "document_date": day, "at": f"{day}T16:00:00Z"}
        version = next(self._versions)
        usual: dict[str, Any] = {"transaction_type": kind, "quantity": quantity, "price": price, "row_version": version}
        return actual(name, **{**ON_1, **dated, **usual, **columns})

    def cost(self, name: str, quantity: str, price: str, day: str, **columns: Any) -> Context:
        """A cost, in dollars unless the company has another currency."""
        own = "GBP" if columns.get("project") == "PRJ-G" else "USD"
        return self.row(f"{name}/cost", "cost", quantity, price, day, **{**columns, "currency": own})

    def sale(self, name: str, quantity: str, price: str, day: str, **columns: Any) -> Context:
        return self.row(f"{name}/unbilled", "unbilled_sales", quantity, price, day, **columns)

    def link(self, one: str, role: str, other: str, other_role: str) -> Context:
        return connection(f"{one}-{other}", one, role, other, other_role, row_version=next(self._versions))

    def work(
        self,
        name: str,
        quantity: str,
        cost: str,
        price: str,
        day: str,
        origin: str | None = None,
        billed_by: dict[str, Any] | None = None,
        **columns: Any,
    ) -> list[Context]:
        """Cost and unbilled sale of one approval. ``origin``: where the cost comes from; ``billed_by``: fee, discount."""
        of_cost = {**columns, **({"cr123_origin": origin} if origin else {})}
        return [
            self.cost(name, quantity, cost, day, **of_cost),
            self.sale(name, quantity, price, day, **columns, **(billed_by or {})),
            self.link(f"{name}/unbilled", "Unbilled Sales", f"{name}/cost", "Cost"),
        ]

    def canceled(self, name: str, quantity: str, cost: str, price: str, day: str, **columns: Any) -> list[Context]:
        """The approval of this work is taken back."""
        made = []
        for half, kind, figure in (("cost", "cost", cost), ("unbilled", "unbilled_sales", price)):
            own = {**columns, "currency": "USD"} if half == "cost" else columns
            made += [
                self.row(f"{name}/{half}-back", kind, f"-{quantity}", figure, day, **own, **GONE),
                self.link(f"{name}/{half}-back", "Reversing", f"{name}/{half}", "Original"),
            ]
        return made

    def bill(self, name: str, invoice: str, quantity: str, price: str, day: str, **columns: Any) -> list[Context]:
        """The billed sale of work, and the reversal of its unbilled sale, which is not for finance."""
        return [
            self.row(f"{name}/billed", "billed_sales", quantity, price, day, invoice=invoice, **columns),
            self.row(
                f"{name}/reversal", "unbilled_sales", f"-{quantity}", price, day, skip_sync=True, **GONE, **columns
            ),
            self.link(f"{name}/billed", "Billed Sales", f"{name}/unbilled", "Unbilled Sales"),
            self.link(f"{name}/reversal", "Reversing", f"{name}/unbilled", "Original"),
        ]

    def on_account(self, name: str, invoice: str, amount: str, day: str, **columns: Any) -> Context:
        """A milestone, or with another class a retainer, as it is billed."""
        quantity = "-1" if amount.startswith("-") else "1"
        usual = {"transaction_class": "milestone", "amount": amount, "resource": None, "invoice": invoice}
        return self.row(name, "billed_sales", quantity, amount.lstrip("-"), day, **{**usual, **columns})

    def confirmed(self, invoice: str, total: str, at: str, **columns: Any) -> Context:
        """The proforma of an invoice; its number is its name."""
        version = next(self._versions)
        return proforma(invoice, number=invoice, total=total, at=at, row_version=version, **columns)

    # --- what people and schedules do ---------------------------------------------------------------------------------

    def run(self, at: str, function: str, **scope: str) -> None:
        self.steps.append({"at": at, "run": function, **scope})

    def ask(self, at: str, action: str, **request: Any) -> None:
        self.steps.append({"at": at, action: request})

    def approve(self, at: str, proposal: str) -> None:
        """In the British company one person submits a proposal, another approves it, and somebody posts it."""
        of = {"company": "GBPM", "proposal_id": proposal}
        hour = at[: len("2026-07-31T12:")]
        self.ask(f"{hour}30:00Z", "submit_proposal", **of, **ANN)
        self.ask(f"{hour}31:00Z", "approve_proposal", **of, **BOB)


def story() -> list[Step]:
    told = Story()
    july(told)
    return told.steps


def july(told: Story) -> None:
    lent: dict[str, Any] = {**ON_1, "resource": "Molly Clark"}
    retainer = {"transaction_class": "retainer", "project": None, "contract_line": None}
    flight = {"transaction_class": "expense", "category": "Airfare"}
    sensors = {"transaction_class": "material", "product": "P-100", "resource": None}
    fee: dict[str, Any] = {"transaction_class": "fee", "resource": None}
    both = {"cr123_fee": money("160"), "cr123_discount": money("80")}
    less = {"cr123_discount": money("100")}
    told.arrive(
        "2026-07-10T16:00:00Z",
        *told.work("design", "8", "100", "200", "2026-07-06", category="Installation"),
        *told.work("flight", "1", "345.67", "380.24", "2026-07-07", "expense_report", **flight),
        *told.work("sensors", "12", "42.42", "49.99", "2026-07-08", "vendor_invoice", **sensors),
        *told.work("favor", "2", "100", "200", "2026-07-09", **FREE),
        *told.work("build", "8", "100", "200", "2026-07-09", billed_by=both),
        told.sale("permit", "1", "250", "2026-07-09", **fee),
        *told.work("mistake", "4", "100", "200", "2026-07-10"),
        *told.work("euro", "10", "70", "90", "2026-07-09", **IN_EURO),
        told.cost("intern", "5", "100", "2026-07-08", **INTERNAL),
        told.cost("invent", "6", "100", "2026-07-08", **INVESTMENT),
        *lending(told, "molly", "10", "200", "2026-07-09", **lent),
        *told.work("british", "20", "40", "75", "2026-07-09", billed_by=less, **BRITISH),
    )
    told.run("2026-07-10T18:00:00Z", "staging_import")
    material = {"actual_id": guid("sensors/unbilled"), "item_sales_tax_group": "BOOKS"}
    told.ask("2026-07-10T18:10:00Z", "edit", company="USPM", journal_id="USPM-000001", **material)
    told.run("2026-07-10T19:00:00Z", "journal_posting")
    told.arrive("2026-07-13T16:00:00Z", *told.canceled("mistake", "4", "100", "200", "2026-07-10"))
    told.run("2026-07-13T18:00:00Z", "staging_import")
    told.run("2026-07-13T19:00:00Z", "journal_posting")

    at = "2026-07-31T12:00:00Z"
    told.arrive(
        at,
        *told.bill("design", "INV-1001", "8", "200", "2026-07-06", category="Installation"),
        *told.bill("flight", "INV-1001", "1", "380.24", "2026-07-07", **flight),
        *told.bill("sensors", "INV-1001", "12", "49.99", "2026-07-08", **sensors),
        *told.bill("favor", "INV-1001", "2", "200", "2026-07-09", **FREE),
        *told.bill("build", "INV-1001", "8", "200", "2026-07-09", **both),
        *told.bill("permit", "INV-1001", "1", "250", "2026-07-09", **fee),
        told.on_account("signing", "INV-1001", "5000", "2026-07-31", **FIXED_1),
        told.on_account("retainer", "INV-1001", "1000", "2026-07-31", **retainer),
        told.confirmed("INV-1001", "10510.12", at),
        *told.bill("euro", "INV-1002", "10", "90", "2026-07-09", **IN_EURO),
        told.confirmed("INV-1002", "900", at, contract="CTR-2", customer="C-002", currency="EUR"),
        *told.bill("british", "INV-2001", "20", "75", "2026-07-09", **BRITISH, **less),
        told.confirmed("INV-2001", "1400", at, contract="CTR-G", customer="G-001", currency="GBP"),
    )
    told.run("2026-07-31T12:10:00Z", "staging_import")
    untaxed = {"actual_id": guid("flight/billed"), "sales_tax_group": "EXP"}
    told.ask("2026-07-31T12:20:00Z", "edit", company="USPM", proposal_id="INV-1001", **untaxed)
    told.ask("2026-07-31T12:21:00Z", "edit", company="USPM", proposal_id="INV-1001", due_date="2026-08-20")
    told.run("2026-07-31T12:25:00Z", "invoice_posting")  # the British one is not approved
    told.approve("2026-07-31T12:00:00Z", "INV-2001")
    lent_in_july = {"company": "GBPM", "borrower": "USPM", "from": "2026-07-01", "to": "2026-07-31"}
    told.ask("2026-07-31T12:40:00Z", "intercompany_invoice", **lent_in_july)
    told.approve("2026-07-31T13:00:00Z", "IC-000001")
    told.run("2026-07-31T14:00:00Z", "invoice_posting")
    owed = {"company": "USPM", "numbers": ["FTG-000002"]}
    told.ask("2026-07-31T15:00:00Z", "post_vendor_invoices", **owed)
    told.run("2026-08-01T04:00:00Z", "ledger_export")


def lending(told: Story, name: str, hours: str, price: str, day: str, **columns: Any) -> Sequence[Context]:
    """Molly of the British company works for the American one: 88 GBP an hour, for which it asks 120 USD."""
    return [
        told.row(f"{name}/cost", "cost", hours, "120", day, **columns, **NOT_OURS, skip_sync=True),
        told.sale(name, hours, price, day, **columns),
        told.link(f"{name}/unbilled", "Unbilled Sales", f"{name}/cost", "Cost"),
        told.row(
            f"{name}/unit", "resourcing_unit_cost", hours, "88", day, **{**columns, "currency": "GBP"}, **NOT_OURS
        ),
        told.row(f"{name}/lent", "inter_organizational_sales", hours, "120", day, **columns, **NOT_OURS),
    ]
