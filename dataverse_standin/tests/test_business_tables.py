"""TM and FP row by row: eight hours of Bob Kozack at a cost of 100 and a price of 200 dollars.

Each line of a table is: op (NEW, UPD, SAME), type, quantity, amount, billing type, adjustment status, billing status.
``·`` is where the documents are silent. All actuals must be in the table, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dataverse_standin.business import BillingMethod, Engagement
from dataverse_standin.rows import Lookup
from dataverse_standin.tests.office import (
    ADJUSTMENTS,
    BILLING_TYPES,
    STATUSES,
    TYPES,
    Office,
    Row,
    Snapshot,
    is_class,
)


class Case:
    """One row of the table: what was there, and the event."""

    def __init__(self, method: BillingMethod) -> None:
        self.office = Office()
        self.business = self.office.business
        self.engagement: Engagement = self.business.engagement(billing_method=method)
        self.entry = Lookup("msdyn_timeentry", "00000000-0000-0000-0000-000000000001")
        self.proforma = ""
        self.milestone = Lookup("msdyn_contractlinescheduleofvalue", "00000000-0000-0000-0000-000000000001")

    def created(self) -> None:
        self.entry = self.business.enter_time(self.engagement, 8)

    def submitted(self) -> None:
        self.created()
        self.business.submit(self.entry)

    def approved(self) -> None:
        self.submitted()
        self.business.approve(self.entry)

    def drafted(self) -> None:
        self.approved()
        self.proforma = self.office.draft(self.engagement)

    def confirmed(self) -> None:
        self.drafted()
        self.business.confirm(self.proforma)

    def revised(self) -> None:
        self.confirmed()
        self.proforma = self.business.revise(self.proforma)

    def with_milestone(self) -> None:
        self.approved()
        self.drafted_milestone()

    def drafted_milestone(self) -> None:
        self.milestone = self.business.add_milestone(self.engagement.contract_line, 5000, "Signing")
        self.business.ready_to_invoice(self.milestone)
        self.proforma = self.business.create_proforma(self.engagement.contract)

    def milestone_billed(self) -> None:
        self.with_milestone()
        self.business.confirm(self.proforma)

    def milestone_revised(self) -> None:
        self.milestone_billed()
        self.proforma = self.business.revise(self.proforma)


def nothing(case: Case) -> None:
    """Nothing was there."""


def confirm(case: Case) -> None:
    case.business.confirm(case.proforma)


def recall(case: Case) -> None:
    case.business.recall(case.entry)


def recall_approved(case: Case) -> None:
    case.business.recall(case.entry)
    case.business.approve_recall(case.entry)


def cancel(case: Case) -> None:
    case.business.cancel_approval(case.entry)


def approve(billable: int | None) -> Callable[[Case], object]:
    return lambda case: case.business.approve(case.entry, billable)


def draft(case: Case) -> None:
    case.business.create_proforma(case.engagement.contract)


def confirm_contract(case: Case) -> None:
    case.business.confirm_contract(case.engagement.contract)


def confirm_with(quantity: int) -> Callable[[Case], None]:
    def confirm_edited(case: Case) -> None:
        case.business.edit_detail(case.office.detail(case.proforma), quantity=quantity)
        case.business.confirm(case.proforma)

    return confirm_edited


def ready(case: Case) -> None:
    case.approved()
    case.business.ready_to_invoice(case.entry)


T = BillingMethod.TIME_AND_MATERIAL
F = BillingMethod.FIXED_PRICE

TABLE = [
    ("TM-01", T, nothing, Case.created, ""),
    ("TM-02", T, Case.created, lambda case: case.business.submit(case.entry), ""),
    ("TM-03", T, Case.submitted, recall, ""),
    (
        "TM-04",
        T,
        Case.submitted,
        approve(None),
        """NEW Cost 8 800 · blank ·
           NEW U 8 1600 · blank ·""",
    ),
    (
        "TM-05",
        T,
        Case.submitted,
        approve(6),
        """NEW Cost 8 800 · blank ·
           NEW U 6 1200 C blank ·
           NEW U 2 400 NC blank ·""",
    ),
    (
        "TM-06",
        T,
        Case.submitted,
        approve(10),
        """NEW Cost 8 800 · blank ·
           NEW U 10 2000 · blank ·""",
    ),
    (
        "TM-07",
        T,
        Case.approved,
        cancel,
        """UPD Cost 8 800 · Adjusted CAN
           UPD U 8 1600 · Adjusted CAN
           NEW Cost -8 -800 · Unadjustable CAN
           NEW U -8 -1600 · Unadjustable CAN""",
    ),
    (
        "TM-08",
        T,
        Case.approved,
        recall_approved,
        """UPD Cost 8 800 · Adjusted CAN
           UPD U 8 1600 · Adjusted CAN
           NEW Cost -8 -800 · Unadjustable CAN
           NEW U -8 -1600 · Unadjustable CAN""",
    ),
    (
        "TM-09",
        T,
        Case.approved,
        confirm_contract,
        """UPD Cost 8 800 · Adjusted ·
           UPD U 8 1600 · Adjusted ·
           NEW Cost -8 -800 · Unadjustable ·
           NEW U -8 -1600 · Unadjustable ·
           NEW Cost 8 800 · blank ·
           NEW U 8 1600 · blank ·""",
    ),
    (
        "TM-10 and EDIT-02",
        T,
        ready,
        draft,
        """SAME Cost 8 800 · blank ·
           UPD U 8 1600 · blank CIC""",
    ),
    (
        "TM-11 and CONF-04",
        T,
        Case.drafted,
        confirm,
        """SAME Cost 8 800 · blank ·
           UPD U 8 1600 · blank CIP
           NEW U -8 -1600 · Unadjustable ·
           NEW B 8 1600 · · ·""",
    ),
    (
        "TM-12 and CONF-05",
        T,
        Case.drafted,
        confirm_with(6),
        """SAME Cost 8 800 · blank ·
           UPD U 8 1600 · Adjusted ·
           NEW U -8 -1600 · Unadjustable ·
           NEW U 6 1200 C · ·
           NEW U 2 400 NC · ·
           NEW U -6 -1200 C Unadjustable ·
           NEW U -2 -400 NC Unadjustable ·
           NEW B 6 1200 C · ·
           NEW B 2 400 NC · ·""",
    ),
    (
        "TM-13 and CONF-06",
        T,
        Case.drafted,
        confirm_with(10),
        """SAME Cost 8 800 · blank ·
           UPD U 8 1600 · Adjusted ·
           NEW U -8 -1600 · Unadjustable ·
           NEW U 10 2000 C · ·
           NEW U -10 -2000 C Unadjustable ·
           NEW B 10 2000 C · ·""",
    ),
    (
        "TM-14 and CORR-02 and CORR-11",
        T,
        Case.revised,
        confirm_with(6),
        """SAME Cost 8 800 · blank ·
           SAME U 8 1600 · blank CIP
           SAME U -8 -1600 · Unadjustable ·
           UPD B 8 1600 · Adjusted ·
           NEW B -8 -1600 · Unadjustable ·
           NEW U 6 1200 C · CIP
           NEW U 2 400 C · ·
           NEW U -6 -1200 C Unadjustable ·
           NEW B 6 1200 C · ·""",
    ),
    (
        "TM-15",
        T,
        Case.revised,
        confirm_with(10),
        """SAME Cost 8 800 · blank ·
           SAME U 8 1600 · blank CIP
           SAME U -8 -1600 · Unadjustable ·
           UPD B 8 1600 · Adjusted ·
           NEW B -8 -1600 · Unadjustable ·
           NEW U 10 2000 C · CIP
           NEW U -10 -2000 C · ·
           NEW B 10 2000 C · ·""",
    ),
    (
        "CORR-01",
        T,
        Case.revised,
        confirm,
        """SAME Cost 8 800 · blank ·
           SAME U 8 1600 · blank CIP
           SAME U -8 -1600 · Unadjustable ·
           UPD B 8 1600 · Adjusted ·
           NEW B -8 -1600 · Unadjustable ·
           NEW U 8 1600 C blank USC""",
    ),
    ("FP-01", F, nothing, Case.created, ""),
    ("FP-02", F, Case.created, lambda case: case.business.submit(case.entry), ""),
    ("FP-03", F, Case.submitted, recall, ""),
    ("FP-04", F, Case.submitted, approve(None), "NEW Cost 8 800 · blank ·"),
    (
        "FP-05",
        F,
        Case.approved,
        cancel,
        """UPD Cost 8 800 · Adjusted CAN
           NEW Cost -8 -800 · Unadjustable CAN""",
    ),
    (
        "FP-06",
        F,
        Case.approved,
        recall_approved,
        """UPD Cost 8 800 · Adjusted CAN
           NEW Cost -8 -800 · Unadjustable CAN""",
    ),
    (
        "FP-07",
        F,
        Case.approved,
        confirm_contract,
        """UPD Cost 8 800 · Adjusted ·
           NEW Cost -8 -800 · Unadjustable ·
           NEW Cost 8 800 · blank ·""",
    ),
    ("FP-08", F, Case.approved, Case.drafted_milestone, "SAME Cost 8 800 · blank ·"),
    (
        "FP-09 and CONF-14",
        F,
        Case.with_milestone,
        confirm,
        """SAME Cost 8 800 · blank ·
           NEW B 1 5000 C blank ·""",
    ),
    (
        "FP-10 and CORR-09",
        F,
        Case.milestone_revised,
        confirm,
        """SAME Cost 8 800 · blank ·
           UPD B 1 5000 C Adjusted ·
           NEW B -1 -5000 C Unadjustable ·""",
    ),
]


def op_of(row: Row, before: Snapshot) -> str:
    stood = before.get(row["msdyn_actualid"])
    if stood is None:
        return "NEW"
    return "SAME" if stood == row else "UPD"


def fits(row: Row, before: Snapshot, line: str) -> bool:
    op, kind, quantity, amount, billing_type, adjustment, status = line.split()
    return (
        (op, TYPES[kind], quantity, amount)
        == (
            op_of(row, before),
            row["msdyn_transactiontypecode"],
            f"{row['msdyn_quantity']:f}",
            f"{row['msdyn_amount'].normalize():f}",
        )
        and billing_type in {"·", *(name for name, code in BILLING_TYPES.items() if code == row["msdyn_billingtype"])}
        and (adjustment == "·" or row.get("msdyn_adjustmentstatus") == ADJUSTMENTS[adjustment])
        and (status == "·" or row.get("msdyn_billingstatus") == STATUSES[status])
    )


@pytest.mark.parametrize(
    ("method", "given", "when", "then"),
    [pytest.param(*case[1:], id=case[0]) for case in TABLE],
)
def test_the_actuals_of_an_engagement_are_those_of_the_table(
    method: BillingMethod, given: Callable[[Case], None], when: Callable[[Case], object], then: str
) -> None:
    case = Case(method)
    given(case)
    before = case.office.snapshot()
    when(case)
    left = list(case.office.snapshot().values())
    for line in filter(None, map(str.strip, then.splitlines())):
        found = next((row for row in left if fits(row, before, line)), None)
        assert found is not None, f"{line} is not among {[(op_of(row, before), row) for row in left]}"
        left.remove(found)
    assert left == []


@pytest.mark.parametrize(("method", "lines"), [pytest.param(T, 2, id="TM-02"), pytest.param(F, 1, id="FP-02")])
def test_a_submission_makes_journal_lines_with_default_prices(method: BillingMethod, lines: int) -> None:
    case = Case(method)
    case.submitted()
    found = case.office.rows.select("msdyn_journalline")
    prices = [(line["msdyn_transactiontypecode"], line["msdyn_price"]) for line in found]
    assert prices == [(TYPES["Cost"], 100), (TYPES["U"], 200)][:lines]


@pytest.mark.parametrize(
    ("given", "when", "sums"),
    [
        pytest.param(Case.submitted, approve(None), (800, 1600, 0), id="TM-04"),
        pytest.param(Case.approved, cancel, (0, 0, 0), id="TM-07"),
        pytest.param(Case.approved, confirm_contract, (800, 1600, 0), id="TM-09"),
        pytest.param(Case.drafted, confirm, (800, 0, 1600), id="TM-11"),
        pytest.param(Case.drafted, confirm_with(6), (800, 0, 1600), id="TM-12"),
        pytest.param(Case.drafted, confirm_with(10), (800, 0, 2000), id="TM-13"),
        pytest.param(Case.revised, confirm_with(6), (800, 400, 1200), id="TM-14"),
        pytest.param(Case.revised, confirm_with(10), (800, 0, 2000), id="TM-15"),
    ],
)
def test_costs_and_sales_sum_up(
    given: Callable[[Case], None], when: Callable[[Case], object], sums: tuple[int, int, int]
) -> None:
    case = Case(T)
    given(case)
    when(case)
    assert tuple(case.office.sum(kind) for kind in ("Cost", "U", "B")) == sums


def test_fp_09_the_billed_sale_is_of_class_milestone() -> None:
    case = Case(F)
    case.milestone_billed()
    assert case.office.figures(**is_class("MILESTONE")) == ["B 1 5000"]


def test_tm_12_the_customer_pays_what_is_chargeable() -> None:
    case = Case(T)
    case.drafted()
    confirm_with(6)(case)
    assert case.office.totals(case.proforma) == (1200, 0, 1200)


def test_tm_14_corr_29_the_corrective_invoice_is_over_the_difference() -> None:
    case = Case(T)
    case.revised()
    confirm_with(6)(case)
    header = case.office.invoice(case.proforma)
    assert (header["totallineitemamount"], header["msdyn_hascorrections"]) == (-400, True)
    billed = case.office.figures("B", msdyn_invoice=case.proforma)
    assert billed == ["B -8 -1600", "B 6 1200"]
