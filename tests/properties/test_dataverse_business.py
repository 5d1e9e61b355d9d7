"""INV-06, INV-08 to INV-13, INV-23, INV-24 over random months of a project manager: any verb in any order.

The stand-in for Dataverse has a time-and-material line with prices whose amounts need rounding, a fixed-price line with
milestones, and a retainer. After each verb, everything that holds of the actuals at any time is checked again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataverse_standin.business import (
    AdjustmentStatus,
    BillingMethod,
    BillingStatus,
    BillingType,
    InvoiceStatus,
    Refused,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import Office, Row, Snapshot
from tests.thorough import thorough

DETAIL = "msdyn_invoicelinetransaction"
UNBILLED, BILLED = int(TransactionType.UNBILLED_SALES), int(TransactionType.BILLED_SALES)
BACKLOG = {
    BillingStatus.UNBILLED_SALES_CREATED,
    BillingStatus.READY_TO_INVOICE,
    BillingStatus.CUSTOMER_INVOICE_CREATED,
}
NEVER_CHANGE = (
    *("msdyn_transactiontypecode", "msdyn_transactionclassification", "msdyn_quantity", "msdyn_price", "msdyn_amount"),
    *("msdyn_billingtype", "msdyn_skipsync", "msdyn_invoice", "transactioncurrencyid", "msdyn_accountingdate"),
)
COPIED = (
    *("msdyn_price", "msdyn_transactiontypecode", "msdyn_transactionclassification", "transactioncurrencyid"),
    *("msdyn_project", "msdyn_billingtype", "msdyn_salescontractlineid", "msdyn_accountcustomer"),
)

_T = TypeVar("_T")

repeatable = settings(
    max_examples=thorough(30, 300),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Step:
    """A verb, and what it may need: which one of several, how much, at what price."""

    verb: str
    pick: int
    quantity: Decimal
    price: Decimal
    quarters: int
    """Of the whole: five quarters are more than all."""
    billing_type: BillingType


steps = st.lists(
    st.builds(
        Step,
        verb=st.sampled_from(
            [
                *("approve_time", "approve_expense", "record_fee", "ready_milestone", "add_detail", "take_back"),
                *("approve_anew", "confirm_contract", "retainer_again", "draft", "refresh", "delete"),
                *("apply_retainer", "refund_retainer", "reprice", "give_away"),
                *("reduce", "confirm", "revise") * 3,
            ]
        ),
        pick=st.integers(0, 11),
        quantity=st.decimals("0.25", "12", places=2),
        price=st.decimals("0", "250", places=2),
        quarters=st.integers(0, 5),
        billing_type=st.sampled_from([BillingType.NON_CHARGEABLE, BillingType.COMPLIMENTARY]),
    ),
    min_size=20,
    max_size=40,
)


class Month:
    """What people do at work. Whatever is refused must leave everything as it was."""

    def __init__(self) -> None:
        self.office = Office()
        self.business = self.office.business
        self.work = self.business.engagement(cost_rate="86.67", bill_rate="133.35")
        fixed = BillingMethod.FIXED_PRICE
        self.fixed_line = self.business.add_contract_line(self.work.contract, self.work.project, fixed, "CTR-1-2", ())
        self.retainer = self.business.add_retainer(self.work.contract, 500, "Advance")
        self.business.ready_to_invoice(self.retainer)
        self.entries: list[Lookup] = []
        self.seen: Snapshot = {}

    # --- verbs --------------------------------------------------------------------------------------------------------

    def approve_time(self, step: Step) -> None:
        quantity = step.quantity if step.pick % 4 else -step.quantity
        entry = self.business.submit_time(self.work, quantity)
        self.business.approve(entry, round(quantity * step.quarters / 4, 2))
        self.entries.append(entry)

    def approve_expense(self, step: Step) -> None:
        entry = self.business.enter_expense(self.work, step.quantity, "12.34", msdyn_price=step.price)
        self.business.submit(entry)
        self.business.approve(entry)
        self.entries.append(entry)

    def record_fee(self, step: Step) -> None:
        self.business.record_fee(self.work.contract_line, step.price)

    def ready_milestone(self, step: Step) -> None:
        self.business.ready_to_invoice(self.business.add_milestone(self.fixed_line, step.price, "Milestone"))

    def retainer_again(self, step: Step) -> None:
        self.attempt(lambda: self.business.ready_to_invoice(self.retainer))

    def take_back(self, step: Step) -> None:
        if self.entries:
            entry = chosen(self.entries, step)
            verbs = (self.business.recall, self.business.approve_recall, self.business.submit)
            for verb in verbs if step.quarters % 2 else (self.business.cancel_approval,):
                self.attempt(partial(verb, entry))

    def approve_anew(self, step: Step) -> None:
        if self.entries:
            self.attempt(lambda: self.business.approve(chosen(self.entries, step)))

    def confirm_contract(self, step: Step) -> None:
        if not step.pick:
            cost = self.office.sum("Cost")
            self.attempt(lambda: self.business.confirm_contract(self.work.contract))
            assert self.office.sum("Cost") == cost

    def draft(self, step: Step) -> None:
        self.attempt(lambda: self.business.ready_to_invoice(self.work.contract))
        self.attempt(lambda: self.business.create_proforma(self.work.contract))

    def some_draft(self, step: Step) -> str:
        """A draft, if need be over new work."""
        if not self.drafts():
            self.approve_time(step)
            self.draft(step)
        return chosen(self.drafts(), step)

    def some_detail(self, step: Step) -> Row:
        draft = self.some_draft(step)
        if not self.business.details(draft):
            self.add_detail(step)
        return chosen(self.business.details(draft), step)

    def reduce(self, step: Step) -> None:
        """Or increase: to some quarters of what each detail bills."""
        for number, detail in enumerate(self.business.details(self.some_draft(step)), step.quarters):
            whole = detail.get("msdyn_previousquantity") or detail["msdyn_quantity"]
            quantity = round(whole * (number % 6) / 4, 2)
            self.attempt(partial(self.business.edit_detail, detail[f"{DETAIL}id"], quantity=quantity))

    def reprice(self, step: Step) -> None:
        detail = self.some_detail(step)
        self.attempt(lambda: self.business.edit_detail(detail[f"{DETAIL}id"], price=step.price))

    def give_away(self, step: Step) -> None:
        detail = self.some_detail(step)
        self.attempt(lambda: self.business.edit_detail(detail[f"{DETAIL}id"], billing_type=step.billing_type))

    def add_detail(self, step: Step) -> None:
        line = (self.work.contract_line, self.fixed_line)[step.quarters % 2]
        self.business.add_detail(self.some_draft(step), line, step.quantity, step.price)

    def refresh(self, step: Step) -> None:
        draft = self.some_draft(step)
        self.attempt(lambda: self.business.ready_to_invoice(self.work.contract))
        self.business.refresh_lines(draft)

    def delete(self, step: Step) -> None:
        self.business.delete_proforma(self.some_draft(step))

    def apply_retainer(self, step: Step) -> None:
        found = [row for row in self.business.details(self.some_draft(step)) if row.get("msdyn_applied")]
        if found:
            self.attempt(lambda: self.business.apply_retainer(found[0][f"{DETAIL}id"], step.price))

    def refund_retainer(self, step: Step) -> None:
        draft = self.some_draft(step)
        self.attempt(lambda: self.business.refund_retainer(draft, self.retainer, step.price))

    def confirm(self, step: Step) -> None:
        """INV-08 and INV-09: what was not edited upwards, or to another price, stays recognised as it was."""
        draft = self.some_draft(step)
        cost, before = self.office.sum("Cost"), recognised(self.office.actuals())
        other = {row["msdyn_sourcedocument"] for row in self.business.details(draft) if self._changes_worth(row)}
        self.attempt(lambda: self.business.confirm(draft))
        assert self.office.sum("Cost") == cost
        after = recognised(self.office.actuals())
        for source, worth in before.items():
            assert source in other or sum(after[source]) == sum(worth)

    def revise(self, step: Step) -> None:
        if not self.invoices():
            self.confirm(step)
        if self.invoices():
            invoice = chosen(self.invoices(), step)
            details = [row[f"{DETAIL}id"] for row in self.business.details(invoice)]
            some = [chosen(details, step)] if step.quarters % 2 else None
            self.attempt(lambda: self.business.revise(invoice, some))

    # --- what holds at any time -----------------------------------------------------------------------------------

    def inv_12_actuals_are_only_added(self) -> None:
        now = self.office.snapshot()
        for id, row in self.seen.items():
            assert [now[id].get(column) for column in NEVER_CHANGE] == [row.get(column) for column in NEVER_CHANGE]
            if row.get("msdyn_adjustmentstatus") is not None:  # INV-11: never adjusted again
                assert now[id]["msdyn_adjustmentstatus"] == row["msdyn_adjustmentstatus"]
                assert now[id].get("msdyn_billingstatus") == row.get("msdyn_billingstatus")
        self.seen = now

    def inv_08_what_is_recognised_is_in_the_backlog_or_billed(self) -> None:
        live: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
        for row in self.office.actuals():
            if row.get("msdyn_adjustmentstatus") is not None:
                continue
            if row["msdyn_transactiontypecode"] == BILLED:
                live[row["msdyn_sourcedocument"]][1] += row["msdyn_amount"]
            elif row["msdyn_transactiontypecode"] == UNBILLED and row["msdyn_billingstatus"] in BACKLOG:
                live[row["msdyn_sourcedocument"]][0] += row["msdyn_amount"]
        for source, sums in recognised(self.office.actuals()).items():
            assert list(sums) == live[source]

    def inv_10_a_reversal_is_its_original_negated(self) -> None:
        actuals = self.office.snapshot()
        connections = self.office.rows.select("msdyn_transactionconnection", msdyn_transaction1role="Reversing")
        originals = {row["msdyn_transaction1"]: actuals[row["msdyn_transaction2"]] for row in connections}
        reversals = [row for row in actuals.values() if is_reversal(row)]
        assert len(reversals) == len(connections) == len({row["msdyn_actualid"] for row in originals.values()})
        for reversal in reversals:
            original = originals[reversal["msdyn_actualid"]]
            assert reversal["msdyn_quantity"] == -original["msdyn_quantity"]
            assert reversal["msdyn_amount"] == -original["msdyn_amount"]
            assert [reversal.get(column) for column in COPIED] == [original.get(column) for column in COPIED]
            # 99-07: skipped exactly if what it reverses is billed as it is
            adjusted = original.get("msdyn_adjustmentstatus") == AdjustmentStatus.ADJUSTED
            assert reversal["msdyn_skipsync"] is not adjusted

    def inv_11_what_was_adjusted_is_on_no_draft(self) -> None:
        actuals = self.office.snapshot()
        for row in actuals.values():
            if row.get("msdyn_adjustmentstatus") is not None and row["msdyn_transactiontypecode"] == UNBILLED:
                assert row["msdyn_billingstatus"] not in BACKLOG
        drafted = [
            actuals[detail["msdyn_actual"].id]
            for draft in self.drafts()
            for detail in self.business.details(draft)
            if detail.get("msdyn_actual") and not detail["msdyn_correction"]
        ]
        assert len({row["msdyn_actualid"] for row in drafted}) == len(drafted)
        for row in drafted:
            assert row.get("msdyn_adjustmentstatus") is None
            assert row["msdyn_billingstatus"] == BillingStatus.CUSTOMER_INVOICE_CREATED

    def inv_13_a_bill_is_of_the_class_of_what_it_bills(self) -> None:
        actuals = self.office.snapshot()
        for row in self.office.rows.select("msdyn_transactionconnection", msdyn_transaction1type="msdyn_actual"):
            if row["msdyn_transaction1role"] == "Billed Sales":
                bill, sale = actuals[row["msdyn_transaction1"]], actuals[row["msdyn_transaction2"]]
                for column in ("msdyn_transactionclassification", "msdyn_amount", "msdyn_billingtype"):
                    assert bill[column] == sale[column]

    def inv_23_what_has_a_fixed_price_is_never_unbilled(self) -> None:
        assert self.office.actuals("U", msdyn_salescontractlineid=self.fixed_line) == []

    def inv_06_an_invoice_is_over_its_billed_sales(self) -> None:
        for invoice in self.invoices():
            billed = self.office.actuals("B", msdyn_invoice=invoice)
            assert self.office.totals(invoice)[0] == sum(row["msdyn_amount"] for row in billed if is_paid(row))

    def inv_24_no_more_of_a_retainer_is_used_than_there_is(self) -> None:
        row = self.office.rows.get(self.retainer.entity, self.retainer.id)
        billed = [bill for bill in self.office.actuals("B") if bill["msdyn_sourcedocument"] == self.retainer]
        assert row["msdyn_availableamount"] == sum(bill["msdyn_amount"] for bill in billed) >= 0
        assert row["msdyn_usedamount"] >= 0 <= row["msdyn_refundedamount"]

    # --- helpers --------------------------------------------------------------------------------------------------

    def attempt(self, verb: Callable[[], object]) -> None:
        before = self.office.snapshot()
        try:
            verb()
        except Refused:
            assert self.office.snapshot() == before

    def drafts(self) -> list[str]:
        return self._invoices({InvoiceStatus.DRAFT})

    def invoices(self) -> list[str]:
        return self._invoices({InvoiceStatus.CONFIRMED})

    def _invoices(self, statuses: set[InvoiceStatus]) -> list[str]:
        rows = self.office.rows.select("invoice")
        return [row["invoiceid"] for row in rows if row["msdyn_projectinvoicestatus"] in statuses]

    def _changes_worth(self, detail: Row) -> bool:
        """Whether what a detail bills becomes more or less than it was: then there is nothing to compare."""
        if detail["msdyn_transactionclassification"] in {TransactionClass.FEE, TransactionClass.RETAINER}:
            return True
        if detail["msdyn_correction"]:
            quantity, price = detail["msdyn_previousquantity"], detail["msdyn_previousprice"]
            has_sale = detail.get("msdyn_actual") is not None
        elif detail.get("msdyn_actual"):
            sale = self.office.rows.get("msdyn_actual", detail["msdyn_actual"].id)
            quantity, price, has_sale = sale["msdyn_quantity"], sale["msdyn_price"], True
        else:
            return True
        return not has_sale or price != detail["msdyn_price"] or abs(detail["msdyn_quantity"]) > abs(quantity)


def recognised(actuals: Sequence[Row]) -> dict[Any, tuple[Decimal, Decimal]]:
    """By source document: the sums of what is unbilled and of what is billed."""
    sums: dict[Any, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in actuals:
        kind = row["msdyn_transactiontypecode"]
        if kind in {UNBILLED, BILLED}:
            sums[row["msdyn_sourcedocument"]][kind == BILLED] += row["msdyn_amount"]
    return {source: (unbilled, billed) for source, (unbilled, billed) in sums.items()}


def is_reversal(row: Row) -> bool:
    return bool(row.get("msdyn_adjustmentstatus") == AdjustmentStatus.UNADJUSTABLE)


def is_paid(row: Row) -> bool:
    retainer = row["msdyn_transactionclassification"] == TransactionClass.RETAINER
    return bool(retainer or row["msdyn_billingtype"] == BillingType.CHARGEABLE)


def chosen(among: Sequence[_T], step: Step) -> _T:
    return among[step.pick % len(among)]


CHECKS = [name for name in vars(Month) if name.startswith("inv_")]


@repeatable
@given(steps)
def test_inv_06_inv_08_inv_09_inv_10_inv_11_inv_12_inv_13_inv_23_inv_24_hold_in_any_month(steps: list[Step]) -> None:
    month = Month()
    for step in steps:
        getattr(month, step.verb)(step)
        for name in CHECKS:
            getattr(month, name)()
