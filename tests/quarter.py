"""The story of the scenario ``quarter``: July to September 2026 of two companies that lend people to each other.

``events/scenarios/quarter/setup.yaml`` tells it in words, with a hand check of each balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import yaml

from local import ROOT
from tests.builders import Context, actual, connection, guid, money, proforma, wire_date

Step = dict[str, Any]

KNOWN = {
    "project": ["PRJ-1", "PRJ-2", "PRJ-3", "PRJ-INT", "PRJ-INV", "PRJ-G"],
    "contract": ["CTR-1", "CTR-2", "CTR-3", "CTR-G"],
    "contract_line": ["CTR-1-1", "CTR-1-2", "CTR-2-1", "CTR-2-2", "CTR-3-1", "CTR-G-1"],
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
FIXED_EURO: dict[str, Any] = {**IN_EURO, "contract_line": "CTR-2-2"}
FIXED_3: dict[str, Any] = {"project": "PRJ-3", "contract": "CTR-3", "contract_line": "CTR-3-1", "customer": "C-003"}
"""A fixed price whose hours accrue."""
HALVES = ("unbilled", "unit", "lent")
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


def setup() -> dict[str, Any]:
    """The set-up at the beginning, as it is written."""
    text = (ROOT / "events" / "scenarios" / "quarter" / "setup.yaml").read_text("utf-8")
    read: dict[str, Any] = yaml.safe_load(text)
    return read


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
        """Cost, of some ``origin``, and unbilled sale of one approval. ``billed_by``: columns of fee and discount."""
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

    def run(self, at: str, function: str, **scope: str | bool) -> None:
        self.steps.append({"at": at, "run": function, **scope})

    def ask(self, at: str, action: str, **request: Any) -> None:
        self.steps.append({"at": at, action: request})

    def close(self, at: str, until: str) -> None:
        """Closes the months of both companies that end by this day."""
        months = [("2026-07-01", "2026-07-31"), ("2026-08-01", "2026-08-31"), ("2026-09-01", "2026-09-30")]
        periods = [{"start": a, "end": b, "status": "closed" if b <= until else "open"} for a, b in months]
        self.ask(at, "setup", fiscal_periods={"USPM": periods, "GBPM": periods})

    def accepted(self, at: str, *batches: str) -> None:
        for company, kind, number in (batch.split("-") for batch in batches):
            self.ask(at, "acknowledge", company=company, kind=kind, number=int(number), outcome="accepted")

    def post(self, at: str, *proposals: str) -> None:
        for proposal in proposals:
            self.run(at, "invoice_posting", proposal_id=proposal)

    def approve(self, at: str, proposal: str) -> None:
        """In the British company one person submits a proposal, another approves it, and somebody posts it."""
        of = {"company": "GBPM", "proposal_id": proposal}
        hour = at[: len("2026-07-31T12:")]
        self.ask(f"{hour}30:00Z", "submit_proposal", **of, **ANN)
        self.ask(f"{hour}31:00Z", "approve_proposal", **of, **BOB)


def story() -> list[Step]:
    told = Story()
    july(told)
    august(told)
    september(told)
    return told.steps


def july(told: Story) -> None:
    lent: dict[str, Any] = {**ON_1, "resource": "Molly Clark"}
    retainer = {"transaction_class": "retainer", "project": None, "contract_line": None}
    flight: dict[str, Any] = {"transaction_class": "expense", "category": "Airfare"}
    sensors: dict[str, Any] = {"transaction_class": "material", "product": "P-100", "resource": None}
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
    told.approve("2026-07-31T13:00:00Z", "ICG-000001")
    told.run("2026-07-31T14:00:00Z", "invoice_posting")
    owed = {"company": "USPM", "numbers": ["FTG-000002"]}
    told.ask("2026-07-31T15:00:00Z", "post_vendor_invoices", **owed)
    told.run("2026-08-01T04:00:00Z", "ledger_export")


def august(told: Story) -> None:
    lent: dict[str, Any] = {**ON_1, "resource": "Molly Clark"}
    retainer = {"transaction_class": "retainer", "project": None, "contract_line": None}
    told.close("2026-08-03T08:00:00Z", "2026-07-31")
    batch = {"company": "USPM", "kind": "ledger", "number": 1}
    told.ask("2026-08-03T09:00:00Z", "acknowledge", **batch, outcome="accepted", external_number="GJ-7")
    british = {"company": "GBPM", "kind": "ledger", "number": 1}
    told.ask("2026-08-03T09:05:00Z", "acknowledge", **british, outcome="refused", message="account 411900 is blocked")
    told.ask("2026-08-03T09:10:00Z", "deliver", **british, format="business_central")
    told.ask("2026-08-03T10:00:00Z", "acknowledge", **british, outcome="accepted", external_number="GB-1")

    told.arrive(
        "2026-08-10T16:00:00Z",
        *told.work("late", "1", "100", "200", "2026-07-30"),
        *told.work("august", "10", "100", "200", "2026-08-06"),
        *told.work("euro again", "10", "70", "90", "2026-08-06", **IN_EURO),
        told.cost("intern again", "3", "100", "2026-08-06", **INTERNAL),
        *lending(told, "molly again", "5", "200", "2026-08-06", **lent),
        *told.work("british again", "10", "40", "75", "2026-08-06", **BRITISH),
        *borrowing(told, "bob", "5", "100", "2026-08-06"),
        told.cost("outline", "5", "100", "2026-08-06", **FIXED_3),
    )
    told.run("2026-08-10T18:00:00Z", "staging_import")
    told.run("2026-08-10T19:00:00Z", "journal_posting")
    of_august = {"company": "USPM", "actual_ids": [guid("august/cost"), guid("august/unbilled")]}
    told.ask(
        "2026-08-12T09:00:00Z", "adjust_accounting", **of_august, dimensions={"CostCenter": "999"}, reason="other team"
    )
    in_august = {"from": "2026-08-01", "until": "2026-08-31"}
    told.ask("2026-08-12T10:00:00Z", "post_costs", company="USPM", to="profit_and_loss", costs=in_august)
    back = {"actual_id": guid("euro again/cost")}
    told.ask("2026-08-12T11:00:00Z", "post_costs", company="USPM", to="balance", costs=back, reason="not billed yet")
    told.arrive(
        "2026-08-20T16:00:00Z",
        told.row("intern again/back", "cost", "-3", "100", "2026-08-06", **INTERNAL, **GONE),
        told.link("intern again/back", "Reversing", "intern again/cost", "Original"),
    )
    told.run("2026-08-20T18:00:00Z", "staging_import")
    told.run("2026-08-20T19:00:00Z", "journal_posting")

    at = "2026-08-31T12:00:00Z"
    told.arrive(
        at,
        *told.bill("molly", "INV-1003", "10", "200", "2026-07-09", **lent),
        *told.bill("late", "INV-1003", "1", "200", "2026-07-30"),
        *told.bill("august", "INV-1003", "10", "200", "2026-08-06"),
        told.on_account("applied", "INV-1003", "-400", "2026-08-31", **retainer),
        told.confirmed("INV-1003", "3800", at),
        told.on_account("concept", "INV-1004", "3000", "2026-08-31", **FIXED_3),
        told.row("outline/billed", "billed_sales", "5", "100", "2026-08-06", invoice="INV-1004", **FIXED_3),
        told.link("outline/billed", "Billed Sales", "outline/unbilled", "Unbilled Sales"),
        told.confirmed("INV-1004", "3500", at, contract="CTR-3", customer="C-003"),
        told.row("sketch/billed", "billed_sales", "2", "90", "2026-08-06", invoice="INV-1009", **FIXED_EURO),
        told.link("sketch/billed", "Billed Sales", "sketch/unbilled", "Unbilled Sales"),
        told.confirmed("INV-1009", "180", at, contract="CTR-2", customer="C-002", currency="EUR"),
        *told.bill("british again", "INV-2002", "10", "75", "2026-08-06", **BRITISH),
        told.confirmed("INV-2002", "750", at, contract="CTR-G", customer="G-001", currency="GBP"),
        *to_six(told, at),
    )
    told.run("2026-08-31T12:10:00Z", "staging_import")
    told.run("2026-08-31T12:15:00Z", "journal_posting")
    told.post("2026-08-31T12:20:00Z", "INV-1003", "INV-1004", "INV-1005", "INV-1009")
    told.approve("2026-08-31T12:00:00Z", "INV-2002")
    told.post("2026-08-31T12:40:00Z", "INV-2002")
    lent_in_august = {"company": "USPM", "borrower": "GBPM", "from": "2026-08-01", "to": "2026-08-31"}
    told.ask("2026-08-31T13:00:00Z", "intercompany_invoice", **lent_in_august)
    told.post("2026-08-31T13:10:00Z", "ICU-000001")
    told.run("2026-08-31T13:20:00Z", "staging_import", scheduled=True)  # posts what GBPM owes for it
    told.arrive(
        "2026-08-31T14:00:00Z",
        told.sale("outline", "5", "100", "2026-08-06", **FIXED_3),
        told.sale("sketch", "2", "90", "2026-08-06", **FIXED_EURO),
    )
    told.run("2026-08-31T14:10:00Z", "staging_import")
    told.run("2026-08-31T14:20:00Z", "journal_posting")
    told.run("2026-09-01T04:00:00Z", "ledger_export")


def to_six(told: Story, at: str) -> Sequence[Context]:
    """The posted invoice of the design is revised: six of the eight hours are billed again, two wait to be billed."""
    day, same = "2026-07-06", {"category": "Installation"}
    changed = {"message": "Update", "adjustment_status": "adjusted", "changed": ["msdyn_adjustmentstatus"]}
    return [
        told.row("design/billed", "billed_sales", "8", "200", day, invoice="INV-1001", **same, **changed),
        told.row("design/credited", "billed_sales", "-8", "200", day, invoice="INV-1005", **same, **GONE),
        told.sale("six", "6", "200", day, **same),
        told.sale("two", "2", "200", day, **same),
        *told.bill("six", "INV-1005", "6", "200", day, **same),
        told.link("design/credited", "Reversing", "design/billed", "Original"),
        told.link("six/unbilled", "Replacing", "design/billed", "Original"),
        told.link("two/unbilled", "Replacing", "design/billed", "Original"),
        told.confirmed("INV-1005", "-400", at, has_corrections=True),
    ]


def september(told: Story) -> None:
    lent: dict[str, Any] = {**ON_1, "resource": "Molly Clark"}
    retainer = {"transaction_class": "retainer", "project": None, "contract_line": None}
    hotel: dict[str, Any] = {"transaction_class": "expense", "category": "Airfare"}
    terms = setup()["intercompany"]
    batches = [{"by": "project", "day_of_month": 3}]
    told.ask("2026-09-03T07:00:00Z", "setup", intercompany=[{**terms[0], "batches": batches}, terms[1]])
    told.close("2026-09-03T08:00:00Z", "2026-08-31")
    told.accepted("2026-09-03T08:30:00Z", "USPM-ledger-2", "GBPM-ledger-2", "USPM-payables-1", "GBPM-payables-1")
    told.run("2026-09-03T09:00:00Z", "staging_import", scheduled=True)  # the batch of what was lent in August
    told.approve("2026-09-03T09:00:00Z", "ICG-000002")
    told.post("2026-09-03T10:00:00Z", "ICG-000002")
    told.ask("2026-09-03T11:00:00Z", "post_vendor_invoices", company="USPM", numbers=["FTG-000004"])
    told.arrive("2026-09-08T16:00:00Z", *not_lent(told, "molly again", "5", "200", "2026-08-06", **lent))
    told.arrive(
        "2026-09-10T16:00:00Z",
        *told.work("hotel", "1", "200", "220", "2026-09-08", "expense_report", **hotel),
        *told.work("british still", "4", "40", "75", "2026-09-08", **BRITISH),
    )
    told.run("2026-09-10T18:00:00Z", "staging_import")
    told.run("2026-09-10T19:00:00Z", "journal_posting")
    lent_in_september = {"company": "GBPM", "borrower": "USPM", "from": "2026-09-01", "to": "2026-09-30"}
    told.ask("2026-09-11T09:00:00Z", "intercompany_invoice", **lent_in_september)
    told.approve("2026-09-11T09:00:00Z", "ICG-000003")
    told.post("2026-09-11T10:00:00Z", "ICG-000003")
    told.ask("2026-09-11T11:00:00Z", "post_vendor_invoices", company="USPM", numbers=["FTG-000005"])
    built = {"company": "USPM", "actual_ids": [guid("build/unbilled")]}
    told.ask("2026-09-15T09:00:00Z", "adjust_accounting", **built, dimensions={"CostCenter": "999"})

    at = "2026-09-30T12:00:00Z"
    told.arrive(
        at,
        *told.bill("two", "INV-1006", "2", "200", "2026-07-06", category="Installation"),
        *told.bill("hotel", "INV-1006", "1", "220", "2026-09-08", **hotel),
        told.confirmed("INV-1006", "620", at),
        told.on_account("refunded", "INV-1007", "-600", "2026-09-30", **retainer),
        told.confirmed("INV-1007", "-600", at),
        *told.bill("euro again", "INV-1008", "10", "90", "2026-08-06", **IN_EURO),
        told.confirmed("INV-1008", "900", at, contract="CTR-2", customer="C-002", currency="EUR"),
        *told.bill("bob", "INV-2003", "5", "100", "2026-08-06", **{**BRITISH, "resource": "Bob Kozack"}),
        told.confirmed("INV-2003", "500", at, contract="CTR-G", customer="G-001", currency="GBP"),
    )
    told.run("2026-09-30T12:10:00Z", "staging_import")
    told.post("2026-09-30T12:20:00Z", "INV-1006", "INV-1007", "INV-1008")
    told.approve("2026-09-30T12:00:00Z", "INV-2003")
    told.post("2026-09-30T12:40:00Z", "INV-2003")
    parameters = setup()["parameters"]
    internal = {"to": "profit_and_loss", "since": "2026-07-01", "until": "2026-09-30", "project": "PRJ-INT"}
    scheduled = {**parameters["USPM"], "scheduled_costs": [internal]}
    told.ask("2026-09-30T13:00:00Z", "setup", parameters={**parameters, "USPM": scheduled})
    told.run("2026-09-30T13:10:00Z", "journal_posting", scheduled=True)
    of = {"company": "USPM"}
    told.ask("2026-09-30T14:00:00Z", "create_accrual_journal", **of, voucher_date="2026-09-30")
    told.ask("2026-09-30T14:10:00Z", "post_accrual_journal", **of, journal_id="ARJ-000001")
    payments(told)
    told.run("2026-10-01T04:00:00Z", "ledger_export")
    told.close("2026-10-02T08:00:00Z", "2026-09-30")
    told.accepted("2026-10-02T08:30:00Z", "USPM-ledger-3", "GBPM-ledger-3", "USPM-payables-2")
    for number, (work, side) in enumerate((("invent", "profit_and_loss"), ("intern", "balance"))):
        one = {"actual_id": guid(f"{work}/cost")}  # an investment; and a period that is closed
        told.ask(f"2026-10-02T09:0{number}:00Z", "post_costs", **of, to=side, costs=one, date="2026-09-30")
    parking = {"transaction_class": "expense", "cr123_origin": "expense_report"}  # no import runs any more
    told.arrive("2026-10-02T10:00:00Z", told.cost("parking", "1", "12", "2026-09-29", **ON_1, **parking))


def payments(told: Story) -> None:
    """What receivables tells: in parts, more than is owed, with a credit note, after the due date, of nobody knows."""

    def pay(
        hour: int, settlement: str, invoice: str, amount: str, day: str, company: str = "USPM", **more: Any
    ) -> None:
        usual = {"company": company, "settlement_id": settlement, "version": 1, "date": day, "currency": "USD"}
        said = {**usual, "invoice_number": invoice, "amount": amount, **more}
        told.ask(f"2026-09-30T{hour}:00:00Z", "payment", **said)

    pay(15, "PAY-1", "FTI-000001", "5000.00", "2026-08-20")
    pay(15, "PAY-2", "FTI-000001", "7446.11", "2026-09-04")
    pay(16, "PAY-3", "FTI-000002", "950.00", "2026-08-25", currency="EUR")
    pay(17, "PAY-4", "FTI-000003", "480.00", "2026-09-10", credit_note="FTI-000005")
    pay(17, "PAY-5", "FTI-000003", "1000.00", "2026-09-29")
    pay(18, "PAY-6", "FTI-000099", "77.00", "2026-09-29")
    pay(18, "PAY-5", "FTI-000003", "1080.00", "2026-09-29", version=2)
    pay(19, "PAY-7", "FTG-000001", "1680.00", "2026-09-15", "GBPM", currency="GBP")


def borrowing(told: Story, name: str, hours: str, price: str, day: str) -> Sequence[Context]:
    """Bob of the American company works for the British one: 100 dollars an hour, for which it asks 80 pounds."""
    of: dict[str, Any] = {**BRITISH, "resource": "Bob Kozack"}
    return [
        told.sale(name, hours, price, day, **of),
        told.row(f"{name}/unit", "resourcing_unit_cost", hours, "100", day, **{**of, "currency": "USD"}, **NOT_OURS),
        told.row(f"{name}/lent", "inter_organizational_sales", hours, "80", day, **of, **NOT_OURS),
    ]


def not_lent(told: Story, name: str, hours: str, price: str, day: str, **columns: Any) -> Sequence[Context]:
    """The approval of lent work is taken back in both companies."""
    pounds = {**columns, "currency": "GBP"}
    less = f"-{hours}"
    return [
        told.row(f"{name}/unbilled-back", "unbilled_sales", less, price, day, **columns, **GONE),
        told.row(f"{name}/unit-back", "resourcing_unit_cost", less, "88", day, **pounds, **NOT_OURS, **GONE),
        told.row(f"{name}/lent-back", "inter_organizational_sales", less, "120", day, **columns, **NOT_OURS, **GONE),
        *(told.link(f"{name}/{one}-back", "Reversing", f"{name}/{one}", "Original") for one in HALVES),
    ]


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
