"""What the business makes is what finance can post: a month of everything, through the webhooks and the functions.

Finance gets the rows as Dataverse sends them, late and all at once after each step, and knows them by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from dataverse_standin.business import BillingMethod, BillingType, Engagement
from dataverse_standin.tests.office import Office
from dataverse_standin.webhooks import Post, Step, WebhookKey, Webhooks
from local import engines
from project_invoicing.dataverse.context import parse_json
from tests.harness import World
from tests.rules.books import Books
from tests.rules.finance import finance

STEPS = [
    *(Step(entity, message) for entity in ("msdyn_actual", "msdyn_transactionconnection") for message in
      ("Create", "Update")),
    Step("invoice", "Update"),
]  # fmt: skip


class Month:
    """An organization with two contract lines, and the finance side that it tells everything to."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.office = Office()
        self.business = self.office.business
        self.work: Engagement = self.business.engagement(cost_rate="86.67", bill_rate="133.35")
        fixed = BillingMethod.FIXED_PRICE
        self.fixed = self.business.add_contract_line(self.work.contract, self.work.project, fixed, "CTR-1-FP", ())
        self.sensor = self.business.add_product("P-100")
        self._sent: list[dict[str, Any]] = []
        self._webhooks = Webhooks(self.office.rows, self._take, STEPS, WebhookKey("secret"))
        books.use(finance(references=self._references()))

    def _take(self, post: Post) -> int:
        self._sent.append(parse_json(post.body))
        return 200

    def _references(self) -> dict[str, dict[str, str]]:
        """The integration keys: every row that finance knows, by the name that it has there."""
        names = {
            "msdyn_project": "msdyn_subject",
            "salesorder": "ordernumber",
            "salesorderdetail": "salesorderdetailname",
            "account": "accountnumber",
            "transactioncurrency": "isocurrencycode",
            "bookableresource": "name",
            "product": "productnumber",
        }
        return {
            entity: {row[f"{entity}id"]: row[name] for row in self.office.rows.select(entity)}
            for entity, name in names.items()
        }

    def post(self) -> None:
        """Tells finance, which journalises and posts what it can."""
        self._webhooks.deliver()
        assert self._webhooks.failed == []
        sent, self._sent = self._sent, []
        self.books.arrive(*sent)
        self.books.journalise()
        self.books.import_staging()
        self.books.post_invoices()

    def open_proposals(self) -> list[Any]:
        return [
            (proposal["proposal_id"], proposal["waiting_for"])
            for proposal in self.books.result["proposals"]
            if proposal["status"] != "posted"
        ]

    def states(self) -> set[str]:
        return {row["state"] for row in self.books.result["staging"]}


@pytest.fixture
def month() -> Iterator[Month]:
    with engines.running("moto"):
        yield Month(Books(World(at="2026-09-30T13:00:00Z")))


def work_of_august(month: Month) -> str:
    """Everything that can be billed; gives the id of its draft."""
    business, work = month.business, month.work
    for hours, billable in (("8", None), ("7.25", "5.5"), ("6", "7.75"), ("-1.5", None), ("4", "0")):
        month.office.approved(work, hours, billable)
    cancelled = month.office.approved(work, "3.33")
    business.cancel_approval(cancelled)
    flight = business.enter_expense(work, 1, "345.67", msdyn_price="380.24")
    sensors = business.enter_material(work, 12, month.sensor, msdyn_unitcost="42.42", msdyn_price="49.99")
    for entry in (flight, sensors):
        business.submit(entry)
        business.approve(entry)
    business.record_fee(work.contract_line, "66.10")
    business.ready_to_invoice(business.add_milestone(month.fixed, 5000, "Signing"))
    return month.office.draft(work)


def test_inv_06_inv_14_a_month_of_the_business_is_posted_to_the_cent(month: Month) -> None:
    business, office = month.business, month.office
    advance = business.add_retainer(month.work.contract, 700, "Advance")
    business.ready_to_invoice(advance)
    business.confirm(business.create_proforma(month.work.contract))
    month.post()

    draft = work_of_august(month)
    month.post()
    first, second, third, *_ = (row["msdyn_invoicelinetransactionid"] for row in business.details(draft))
    business.edit_detail(first, quantity="6.67")
    business.edit_detail(second, billing_type=BillingType.COMPLIMENTARY)
    business.edit_detail(third, price="120.01", quantity="2")
    business.add_detail(draft, month.work.contract_line, 3, "19.99")
    business.add_detail(draft, month.fixed, 1, "150")
    business.confirm(draft)
    month.post()
    assert month.open_proposals() == []
    assert month.states() <= {"posted", "skipped"}

    correction = business.revise(draft)
    for detail, part in zip(business.details(correction), (3, 1, 4, 2, 4), strict=False):
        quantity = round(detail["msdyn_previousquantity"] * part / 4, 2)
        business.edit_detail(detail["msdyn_invoicelinetransactionid"], quantity=quantity)
    business.confirm(correction)
    month.post()
    business.ready_to_invoice(month.work.contract)
    business.confirm(business.create_proforma(month.work.contract))
    month.post()

    assert month.open_proposals() == []
    assert month.states() <= {"posted", "skipped"}
    proformas = {row["invoicenumber"]: row["totallineitemamount"] for row in office.rows.select("invoice")}
    posted = {made["proposal_id"]: Decimal(made["subtotal"]) for made in month.books.result["invoices"]}
    assert posted == proformas
    assert len(posted) == 4
    balances = month.books.balances()
    assert not {"wip_sales_value", "accrued_revenue_sales_value"} & balances.keys()  # all of it is billed
    assert balances["customer_balance"] == sum(proformas.values())
    assert balances["cost"] == office.sum("Cost")


@pytest.mark.parametrize("quantity", ["0", "6", "10"], ids=["CORR-01", "TM-14 CORR-29", "TM-15"])
def test_a_correction_leaves_the_backlog_accrued(month: Month, quantity: str) -> None:
    business, office = month.business, month.office
    invoice = office.billed(month.work)
    month.post()
    correction = business.revise(invoice)
    business.edit_detail(office.detail(correction), quantity=quantity)
    business.confirm(correction)
    month.post()
    assert month.open_proposals() == []
    balances = month.books.balances()
    assert balances.get("wip_sales_value", 0) == office.sum("U")
    assert balances.get("customer_balance", 0) == office.sum("B")
    assert balances["cost"] == office.sum("Cost")
