"""Stories of the month's end: accrued revenue put right, costs moved, payments told, billing on account.

Each has what it needs in the set-up beyond that of all scenarios, and its figures, added up by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests import master
from tests.builders import Context, guid, lookup, money, proforma
from tests.rules.stories import approval, bill, bills, cost, reverses, sale
from tests.scenario_setup import SETUP, Step, arrives

COMPANY = {"company": "USPM"}
ANN = "ann@contoso.example"


@dataclass(frozen=True, slots=True)
class Finance:
    """``changes``: what its set-up says in place of something else. ``maps``: how its table maps differ."""

    steps: Callable[[], list[Step]]
    figures: str
    changes: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, Any] | None = None


def journals(day: str, hour: int = 17) -> list[Step]:
    return [
        {"at": f"{day}T{hour:02}:00:00Z", "run": "staging_import"},
        {"at": f"{day}T{hour:02}:01:00Z", "run": "journal_posting"},
    ]


def invoices(day: str, hour: int = 14) -> list[Step]:
    return [
        {"at": f"{day}T{hour:02}:00:00Z", "run": "staging_import"},
        {"at": f"{day}T{hour:02}:01:00Z", "run": "invoice_posting"},
    ]


# --- accrued revenue --------------------------------------------------------------------------------------------------

POUNDS: dict[str, Any] = {
    "project": "PRJ-2",
    "contract": "CTR-2",
    "contract_line": "CTR-2-1",
    "customer": "C-002",
    "currency": "GBP",
}
FIXED: dict[str, Any] = {"contract_line": "CTR-1-2"}


def accrued_revenue() -> list[Step]:
    """What invoices and a reversal left of accruals is put on correction journals, and posted."""
    correction = {**COMPANY, "actor": ANN}
    journal = {**correction, "journal_id": "ARJ-000002"}
    return [
        *arrives(
            "2026-08-27T13:00:00Z",
            bill("fixed/billed", **FIXED),
            bills("fixed/billed", "fixed/unbilled"),
            proforma("inv-1", number="INV-0001", total="1600"),
            bill("pounds/billed", "4", "250", invoice="inv-2", **POUNDS),
            bills("pounds/billed", "pounds/unbilled"),
            proforma("inv-2", number="INV-0002", total="1000", contract="CTR-2", customer="C-002", currency="GBP"),
        ),
        *invoices("2026-08-27"),
        *arrives(
            "2026-08-28T13:00:00Z",
            sale("fixed/unbilled", **FIXED),
            sale("pounds/unbilled", "4", "250", **POUNDS),
            sale("work/unbilled", "25"),
        ),
        *journals("2026-08-28"),
        *arrives("2026-08-30T13:00:00Z", sale("work/back", "-22.5"), reverses("work/back", "work/unbilled")),
        *journals("2026-08-30"),
        {"at": "2026-08-31T08:00:00Z", "create_accrual_journal": {**correction, "projects": ["PRJ-1"]}},
        {"at": "2026-08-31T08:10:00Z", "remove_accrual_lines": {**correction, "journal_id": "ARJ-000001"}},
        {"at": "2026-08-31T08:20:00Z", "create_accrual_journal": {**correction, "reversals": True}},
        {"at": "2026-08-31T08:30:00Z", "create_accrual_journal": {**correction, "projects": ["PRJ-2"]}},
        {"at": "2026-08-31T08:40:00Z", "post_accrual_journal": journal},
        {"at": "2026-08-31T08:50:00Z", "edit_accrual_journal": {**journal, "voucher_date": "2026-08-31"}},
        {"at": "2026-08-31T09:00:00Z", "post_accrual_journal": journal},
        {"at": "2026-08-31T09:10:00Z", "post_accrual_journal": journal},
        {"at": "2026-08-31T09:20:00Z", "create_accrual_journal": {**correction, "reversals": True}},
    ]


# --- moved costs ------------------------------------------------------------------------------------------------------


def of_day(day: str, **columns: Any) -> dict[str, Any]:
    return {"start": day, "document_date": day, **columns}


def moved_costs() -> list[Step]:
    """Costs go to profit and loss and back, by hand and with an invoice; one is cancelled; dimensions are adjusted."""
    first, second = of_day("2026-08-03"), of_day("2026-08-04")
    flight = of_day("2026-08-04", transaction_class="expense")
    sensors = of_day("2026-08-04", transaction_class="material", product="P-100", resource=None)
    by_hand = {**COMPANY, "actor": ANN, "date": "2026-08-31"}

    def moves(at: str, to: str, **costs: Any) -> Step:
        return {"at": f"2026-08-31T{at}:00Z", "post_costs": {**by_hand, "to": to, "costs": costs}}

    def adjusts(at: str, cost_center: str, *names: str) -> Step:
        asked = {"actual_ids": [guid(name) for name in names], "dimensions": {"CostCenter": cost_center}}
        return {"at": f"2026-08-31T{at}:00Z", "adjust_accounting": {**by_hand, **asked}}

    return [
        *arrives(
            "2026-08-04T16:00:00Z",
            *approval("first", **first),
            *approval("second", "4", **second),
            *approval("flight", "1", unit_cost="300", price="330", **flight),
            *approval("sensors", "10", unit_cost="42", price="50", **sensors),
        ),
        *journals("2026-08-04"),
        moves("08:00", "profit_and_loss", **{"class": "time", "until": "2026-08-03"}),
        moves("08:05", "profit_and_loss", **{"class": "time", "until": "2026-08-03"}),
        moves("08:10", "balance", actual_id=guid("first/cost")),
        moves("08:15", "profit_and_loss", **{"class": "time"}),
        moves("08:17", "balance", actual_id=guid("flight/cost")),
        adjusts("08:20", "999", "first/cost", "first/unbilled", "flight/unbilled"),
        *arrives(
            "2026-08-31T09:00:00Z",
            cost("second/cost-back", "-4", **second),
            sale("second/sale-back", "-4", **second),
            reverses("second/cost-back", "second/cost"),
            reverses("second/sale-back", "second/unbilled"),
        ),
        *journals("2026-08-31", 10),
        *arrives(
            "2026-08-31T13:00:00Z",
            bill("first/billed", **first),
            bill("flight/billed", "1", "330", **flight),
            bills("first/billed", "first/unbilled"),
            bill("sensors/billed", "10", "50", **sensors),
            bills("flight/billed", "flight/unbilled"),
            bills("sensors/billed", "sensors/unbilled"),
            proforma("inv-1", number="INV-0001", total="2430"),
        ),
        {"at": "2026-08-31T14:00:00Z", "run": "staging_import"},
        adjusts("14:10", "555", "first/unbilled"),
        {"at": "2026-08-31T14:20:00Z", "run": "invoice_posting"},
        adjusts("15:00", "555", "first/unbilled"),
        moves("15:10", "balance", actual_id=[guid("first/cost"), guid("second/cost")]),
    ]


# --- payments ---------------------------------------------------------------------------------------------------------


def payments() -> list[Step]:
    """Receivables tells of payments: of a part, of the rest, of too much, of nothing that is known, twice, too late."""

    def pays(at: str, id: str, version: int = 1, number: int = 1, **said: Any) -> Step:
        of = {"date": at[:10], "currency": "USD", "invoice_number": f"FTI-{number:08}"}
        said = {name: value for name, value in {**of, **said}.items() if value is not None}
        payment = {**COMPANY, "settlement_id": id, "version": version, **said}
        return {"at": f"{at}:00Z", "payment": payment}

    work = {"project": "PRJ-1", "resource": "Bob Kozack", "price": 200, "cost": 100}
    abroad = {"project": "PRJ-2", "resource": "Julia Funderburk", "hours": 4, "price": 250, "cost": 120}
    billed: list[Step] = []
    for day, approved, confirmed in (
        ("2026-08-27", {**work, "hours": 8}, "INV-0001"),
        ("2026-08-28", {**work, "hours": 2}, "INV-0002"),
        ("2026-08-29", abroad, "INV-0003"),
    ):
        billed += [
            {"at": f"{day}T12:00:00Z", "approve": approved},
            *journals(day, 13),
            {"at": f"{day}T14:00:00Z", "confirm": confirmed},
            *invoices(day, 15),
        ]
    return [
        *billed,
        pays("2026-09-10T08:00", "PAY-1", amount="1000.00"),
        pays("2026-09-10T08:00", "PAY-1", amount="1000.00"),
        pays("2026-09-10T08:01", "PAY-1", amount="1100.00"),
        pays("2026-09-12T08:00", "PAY-2", amount="881.60", cash_discount="38.40"),
        pays("2026-09-12T08:01", "PAY-3", number=2, amount="500.00"),
        pays("2026-09-12T08:02", "PAY-4", number=9, amount="75.00"),
        pays("2026-09-12T08:03", "PAY-5", number=3, amount="600.00"),
        pays("2026-09-12T08:04", "PAY-6", invoice_number=None, customer="C-001", amount="100.00"),
        pays("2026-09-15T08:00", "PAY-7", 2, number=3, currency="GBP", amount="400.00"),
        pays("2026-09-15T08:01", "PAY-7", 1, number=3, currency="GBP", amount="450.00"),
        pays("2026-09-20T08:00", "PAY-2", 2, canceled=True),
        {"at": "2026-10-20T12:00:00Z", "run": "staging_import"},
    ]


# --- on account -------------------------------------------------------------------------------------------------------

MILESTONE, FEE, DISCOUNT = "cr123_milestone", "cr123_fee", "cr123_discount"
RETAINER: dict[str, Any] = {
    "transaction_class": "retainer",
    "billing_type": "not_available",
    "contract_line": None,
    "project": None,
    "resource": None,
}
ON_LINE: dict[str, Any] = {"contract_line": "CTR-1-2", "resource": None, "transaction_class": "milestone"}


def on_account() -> list[Step]:
    """A milestone that is edited before it is billed, a retainer that is applied and refunded, fees and discounts."""
    columns = {FEE: money("160"), DISCOUNT: money("80")}
    of_milestone: dict[str, Any] = {MILESTONE: lookup("msdyn_contractlinescheduleofvalue", "M1")}
    known = yaml.safe_load(SETUP)
    apart = {
        "parameters": {"USPM": {**known["parameters"]["USPM"], "line_discount_category": "Labor"}},
        "ledger_posting": {
            "USPM": [
                *known["ledger_posting"]["USPM"],
                {"posting_type": "discount", "category": "Labor", "account": "411900"},
            ]
        },
    }

    def edits(at: str, group: str | None) -> Step:
        named = {"part": "on_account_transactions", "number": guid("M1"), **COMPANY, "actor": ANN}
        return {"at": at, "edit_master_data": {**named, "columns": {"item_sales_tax_group": group}}}

    def worked(name: str, invoice: str, *, day: str) -> list[Context]:
        usual = of_day(day, **columns)
        return [
            sale(f"{name}/unbilled", **usual),
            bill(f"{name}/billed", invoice=invoice, **usual),
            bills(f"{name}/billed", f"{name}/unbilled"),
        ]

    return [
        *arrives("2026-08-03T08:00:00Z", master.milestone("M1", "CTR-1-2", "4000", at="2026-08-03T08:00:00Z")),
        edits("2026-08-03T09:00:00Z", "BOOKS"),
        *arrives(
            "2026-08-04T08:00:00Z",
            master.milestone("M1", "CTR-1-2", "5000", message="Update", at="2026-08-04T08:00:00Z"),
        ),
        *arrives(
            "2026-08-05T08:00:00Z",
            bill("milestone", "1", "5000", **ON_LINE, **of_milestone),
            proforma("inv-1", number="INV-0001", total="5000"),
        ),
        {"at": "2026-08-05T09:00:00Z", "run": "staging_import"},
        edits("2026-08-05T09:10:00Z", None),
        {"at": "2026-08-05T09:20:00Z", "run": "invoice_posting"},
        *arrives(
            "2026-08-10T08:00:00Z",
            bill("retainer", "1", "1000", invoice="inv-2", **RETAINER),
            proforma("inv-2", number="INV-0002", total="1000"),
        ),
        *invoices("2026-08-10", 9),
        *arrives(
            "2026-08-17T08:00:00Z",
            *worked("net", "inv-3", day="2026-08-12"),
            bill("applied", "-1", "400", invoice="inv-3", **RETAINER),
            proforma("inv-3", number="INV-0003", total="1280"),
        ),
        *journals("2026-08-17", 9),
        *invoices("2026-08-17", 10),
        *arrives(
            "2026-08-24T08:00:00Z",
            bill("refund", "-1", "600", invoice="inv-4", **RETAINER),
            proforma("inv-4", number="INV-0004", total="-600"),
        ),
        *invoices("2026-08-24", 9),
        {"at": "2026-08-25T08:00:00Z", "setup": apart},
        *arrives(
            "2026-08-31T08:00:00Z",
            *worked("gross", "inv-5", day="2026-08-26"),
            proforma("inv-5", number="INV-0005", total="1680"),
        ),
        *journals("2026-08-31", 9),
        *invoices("2026-08-31", 10),
    ]


# --- their figures ----------------------------------------------------------------------------------------------------

ACCRUED_REVENUE_FIGURES = """\
Accrued revenue is put right (ARR). A profile accrues work of a fixed price, and two invoices were posted before the
journal with the accrual: neither could take it back. Of 25 hours, a reversal took back 22.5. USD, by hand:

               accrued (161300 Dr, 420200 Cr)    taken back    left, and corrected
  fixed price  8 h x 200            1,600.00           0.00    1,600.00   ARV-00000002
  in pounds    4 h x 250 GBP        1,250.00           0.00    1,250.00   ARV-00000003, and GBP 1,000.00
  25 hours     25 h x 200           5,000.00       4,500.00      500.00   ARV-00000001
                                    7,850.00       4,500.00    3,350.00

The pounds go back at the 1.25 of the contract that they were accrued at; the rate of that day is 1.35. ARJ-000001 has
PRJ-1 alone and is emptied, so it is deleted and its number stays used. ARJ-000002 has all three, what a reversal left
among them, because it is asked for. It is refused without a voucher date, then posted, then refused as posted.

At the end 161300 and 420200 are 0.00 in both currencies. Untouched: 411100 -2,850.00 (1,600.00 and 1,250.00),
222100 -320.00 (20 % of 1,600.00; the other customer is abroad), 130100 3,170.00.
"""
MOVED_COSTS_FIGURES = """\
Costs are posted to profit and loss and back (PCO), and what is posted is adjusted (ADA). Time and material wait on the
balance sheet and accrue nothing; expenses go to profit and loss and accrue. USD, all with cost center 007 at first:

            cost                       sale                     the cost is at first
  first      8 h x 100 =   800.00       8 h x 200 = 1,600.00    160000
  second     4 h x 100 =   400.00       4 h x 200 =   800.00    160000
  flight                   300.00                     330.00    540900; 161300 330.00 / 420200 -330.00
  sensors   10 x 42    =   420.00      10 x 50    =   500.00    160100

  PCV-000001  first to profit and loss: Dr 540100 800.00 / Cr 160000 800.00. Asked for again, nothing happens.
  PCV-000002  first back to the balance sheet; PCV-000003 and 000004 first and second to profit and loss.
  The flight may not go to the balance sheet: its revenue is accrued.
  AAV-000001  first's cost: 540100 800.00 and 600300 -800.00 from 007 to 999. Its sale accrues nothing: no voucher.
  AAV-000002  the flight's sale: 161300 330.00 and 420200 -330.00 from 007 to 999.
  second is cancelled: its cost is taken back where it is now, Cr 540100 400.00 / Dr 600300 400.00.
  INV-0001    first, flight and sensors: 1,600.00 + 330.00 + 500.00 = 2,430.00, 20 % 486.00, together 2,916.00.
              Before it is posted, first cannot be adjusted. Revenue: 1,930.00 at 999, 500.00 at 007; the accrual goes
              back at 999.
  PCV-000005  with the invoice, as the company wants it: sensors, Dr 540900 420.00 / Cr 160100 420.00.
  AAV-000003  first's revenue, once it is invoiced: 1,600.00 from 999 to 555.
  Refused at the end: first's cost is invoiced, second's is taken back.

Balances: 540100 800.00 (999); 540900 720.00 = 300.00 + 420.00; 600300 -800.00 (999); 600400 -300.00; 140200 -420.00;
411100 -2,430.00 (1,600.00 at 555, 330.00 at 999, 500.00 at 007); 222100 -486.00; 130100 2,916.00. 160000, 160100,
161300 and 420200 are 0.00, at each cost center.
"""
PAYMENTS_FIGURES = """\
Receivables tells of payments (PAY). Three invoices, of C-001 in USD with 20 % and 14 days, of C-002 abroad in GBP and
with 30 days:

                        net      tax      total   due
  FTI-00000001     1,600.00   320.00   1,920.00   2026-09-10
  FTI-00000002       400.00    80.00     480.00   2026-09-11
  FTI-00000003     1,000.00     0.00   1,000.00   2026-09-28   GBP, 1,250.00 USD

  PAY-1  1,000.00 of the first: 920.00 is open. The same again changes nothing; as 1,100.00 it is refused.
  PAY-2  881.60 and 38.40 of cash discount: paid, 0.00. Its version 2 cancels it: 920.00 is open again.
  PAY-3  500.00 of the second: paid, and 20.00 is the customer's.
  PAY-4  75.00 of an invoice that there is not: set aside. PAY-5 is in USD for the third: set aside.
  PAY-6  100.00 of C-001 for nothing yet.
  PAY-7  Version 2, 400.00 GBP of the third, comes before version 1 (450.00), which then is older: 600.00 is open.

On 2026-10-20 the first is 40 days overdue, the third 22. C-001: 920.00 in 31 to 60 days, unapplied 20.00 + 100.00 =
120.00, balance 800.00. C-002: 600.00 GBP in 1 to 30 days, 600.00 x 1.25 = 750.00 USD. Together 1,670.00 USD open,
balance 1,550.00. Nothing is posted for payments: 130100 is 1,920.00 + 480.00 + 1,250.00 = 3,650.00.
"""
ON_ACCOUNT_FIGURES = """\
Billing on account, fees and discounts (OAT, FEE). The organization names the milestone of an actual, fees and discounts
in columns of its own: map.json. USD, 20 %, unless finance says otherwise:

                                              net      tax      total
  INV-0001  milestone                    5,000.00   250.00   5,250.00
  INV-0002  retainer                     1,000.00   200.00   1,200.00
  INV-0003  8 h x 200, less 80           1,520.00
            fee                            160.00
            of the retainer               -400.00
                                         1,280.00   256.00   1,536.00
  INV-0004  the rest, refunded            -600.00  -120.00    -720.00   a credit note
  INV-0005  8 h x 200, less 80           1,520.00
            fee                            160.00
                                         1,680.00   336.00   2,016.00
                                         8,360.00   922.00   9,282.00

The milestone is 4,000 at first, and its item group is set to BOOKS (5 %). Then Dataverse says 5,000: the amount is
followed, the group stays. While it is on a proposal, the group cannot be taken back.

The discount of INV-0003 is not posted apart: 1,520.00 and 160.00 accrue and are revenue. That of INV-0005 is, since the
set-up of the 25th: 1,600.00 and 160.00 accrue and are revenue, and 411900 has 80.00.

Balances: 411200 -5,000.00, the milestone alone: the retainer is -1,000.00 + 400.00 + 600.00 = 0.00. 411100 -3,440.00 =
1,680.00 + 1,760.00; 411900 80.00; 222100 -672.00 = 200.00 + 256.00 - 120.00 + 336.00; 222200 -250.00; 130100 9,282.00;
161300 and 420200 0.00.
"""

FINANCE: Mapping[str, Finance] = {
    "accrued-revenue": Finance(
        accrued_revenue,
        ACCRUED_REVENUE_FIGURES,
        {
            "CTR-2-1: {contract: CTR-2, billing_method: time_and_material}": (
                "CTR-2-1: {contract: CTR-2, billing_method: fixed_price}"
            ),
            "    on_account: profit_and_loss\n": "    on_account: profit_and_loss\n    accrue_revenue: {time: true}\n",
        },
    ),
    "moved-costs": Finance(
        moved_costs,
        MOVED_COSTS_FIGURES,
        {
            "    auto_open_period: true\n": "    auto_open_period: true\n    post_costs_on_invoice: true\n",
            (
                "    billing_method: time_and_material\n"
                "    post_costs: {time: profit_and_loss, expense: profit_and_loss, material: profit_and_loss}\n"
                "    accrue_revenue: {time: true, expense: true, material: true, fee: true}\n"
            ): (
                "    billing_method: time_and_material\n"
                "    post_costs: {time: balance, expense: profit_and_loss, material: balance}\n"
                "    accrue_revenue: {time: false, expense: true, material: false, fee: true}\n"
            ),
            '    - {posting_type: cost_item, account: "140200"}\n': (
                '    - {posting_type: cost_item, account: "140200"}\n'
                '    - {posting_type: wip_cost_value, account: "160000"}\n'
                '    - {posting_type: wip_cost_item, account: "160100"}\n'
            ),
        },
    ),
    "payments": Finance(payments, PAYMENTS_FIGURES),
    "on-account": Finance(
        on_account,
        ON_ACCOUNT_FIGURES,
        maps={"actuals": {"milestone": MILESTONE, "fee": FEE, "discount": DISCOUNT}},
    ),
}
