"""The scenarios in ``events/scenarios/``: a set-up, the events of a story, and the result they must have.

    python -m tests.scenario_samples           # writes set-ups and events again
    make goldens                               # runs them and writes their expected results again

A scenario is a folder with ``setup.yaml``, ``events.jsonl`` and ``expected.json``; with ``map.json``, where its
organization has columns of its own. Most have one set-up; that of ``quarter`` is its own file, ids aside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from local import ROOT
from local.run import Options
from tests import quarter
from tests.builders import Context, actual, connection, guid, proforma, references, to_json, wire_date
from tests.finance_stories import FINANCE
from tests.scenario_setup import KNOWN, SETUP, Step, arrives, runs

SCENARIOS = ROOT / "events" / "scenarios"


def approved(name: str, version: int, *, day: str, cost: str, price: str, **columns: Any) -> list[Context]:
    """Cost and unbilled-sales actual of one approval, and the connection between them (TM-04, CONN-02)."""
    worked = {"start": wire_date(f"{day}T13:00:00Z"), "document_date": day, "at": f"{day}T16:00:00Z", **columns}
    sold = {"currency": columns.get("currency", "USD")}
    return [
        actual(f"{name}-cost", **{**worked, "currency": "USD"}, price=cost, row_version=version),
        actual(
            f"{name}-unbilled",
            transaction_type="unbilled_sales",
            price=price,
            **{**worked, **sold},
            row_version=version + 1,
        ),
        connection(
            f"{name}-u-c", f"{name}-unbilled", "Unbilled Sales", f"{name}-cost", "Cost", row_version=version + 2
        ),
    ]


def billed(name: str, version: int, *, invoice: str, day: str, price: str, **columns: Any) -> list[Context]:
    """What confirming the proforma makes of an approval: the billed sale, the skipped reversal, and how they hang
    together (TM-11, SKIP-03, CONN-04, CONN-05)."""
    dated = {"start": wire_date(f"{day}T13:00:00Z"), "document_date": day, **columns}
    quantity = str(columns.get("quantity", "8"))
    return [
        actual(
            f"{name}-billed",
            transaction_type="billed_sales",
            price=price,
            invoice=invoice,
            **dated,
            row_version=version,
        ),
        actual(
            f"{name}-reversal",
            transaction_type="unbilled_sales",
            price=price,
            adjustment_status="unadjustable",
            skip_sync=True,
            **{**dated, "quantity": f"-{quantity}"},
            row_version=version + 1,
        ),
        connection(f"{name}-b-u", f"{name}-billed", "Billed Sales", f"{name}-unbilled", "Unbilled Sales"),
        connection(f"{name}-r-o", f"{name}-reversal", "Reversing", f"{name}-unbilled", "Original"),
    ]


def plain_month() -> list[Step]:
    """Time, expense and material of August, billed and posted at its end, with sales tax."""
    work: list[dict[str, Any]] = [
        {"name": "day-1", "day": "2026-08-03", "cost": "100", "price": "200", "category": "Installation"},
        {"name": "day-2", "day": "2026-08-04", "cost": "100", "price": "200", "quantity": "7.5"},
        {
            "name": "flight",
            "day": "2026-08-04",
            "cost": "345.67",
            "price": "380.24",
            "quantity": "1",
            "transaction_class": "expense",
            "category": "Airfare",
        },
        {
            "name": "sensors",
            "day": "2026-08-05",
            "cost": "42.42",
            "price": "49.99",
            "quantity": "12",
            "transaction_class": "material",
            "product": "P-100",
            "resource": None,
        },
    ]
    steps: list[Step] = []
    for number, one in enumerate(work):
        steps += arrives(f"{one['day']}T16:05:00Z", *approved(version=1000 + 10 * number, **one))
    steps += [runs("2026-08-05T18:00:00Z", "staging_import"), runs("2026-08-05T18:05:00Z", "journal_posting")]
    for number, one in enumerate(work):
        columns = {name: value for name, value in one.items() if name not in ("name", "day", "cost")}
        details = billed(one["name"], 2000 + 10 * number, invoice="inv-1", day=one["day"], **columns)
        steps += arrives("2026-08-31T13:00:00Z", *details)
    total = "4080.12"  # 1,600 + 1,500 + 380.24 + 599.88
    steps += arrives("2026-08-31T13:00:05Z", proforma("inv-1", number="INV-0001", total=total, row_version=2100))
    return [
        *steps,
        runs("2026-08-31T14:00:00Z", "staging_import"),
        runs("2026-08-31T15:00:00Z", "invoice_posting", proposal_id="INV-0001", invoice_date="2026-08-31"),
    ]


def fixed_rate_contract() -> list[Step]:
    """FXR-02 to FXR-06: four hours at 250 GBP under a fixed rate of 1.25, from approval to the customer balance."""
    of_contract: dict[str, Any] = {
        "project": "PRJ-2",
        "contract": "CTR-2",
        "contract_line": "CTR-2-1",
        "customer": "C-002",
        "resource": "Julia Funderburk",
        "quantity": "4",
        "currency": "GBP",
    }
    day = "2026-08-27"
    return [
        *arrives(f"{day}T16:05:00Z", *approved("julia", 100, day=day, cost="120", price="250", **of_contract)),
        runs(f"{day}T17:00:00Z", "staging_import"),
        runs(f"{day}T17:01:00Z", "journal_posting", company="USPM"),
        *arrives(
            "2026-08-31T08:00:00Z",
            proforma("inv-7", number="INV-0007", total="1000", contract="CTR-2", customer="C-002", currency="GBP"),
            *billed("julia", 200, invoice="inv-7", day=day, price="250", **of_contract),
        ),
        runs("2026-08-31T08:30:00Z", "staging_import"),
        runs("2026-08-31T09:00:00Z", "invoice_posting", proposal_id="INV-0007", invoice_date="2026-08-31"),
    ]


def quantity_cut() -> list[Step]:
    """TM-12: eight hours approved and posted; six are billed, two become non-chargeable on the draft (SKIP-07)."""
    day = "2026-08-27"
    at = "2026-08-31T13:00:00Z"

    def unbilled(name: str, quantity: str, version: int, **columns: Any) -> Context:
        sale = {"transaction_type": "unbilled_sales", "price": "200", "start": day, "document_date": day}
        return actual(name, **{**sale, "quantity": quantity, **columns}, row_version=version)

    def bill(name: str, quantity: str, version: int, **columns: Any) -> Context:
        return unbilled(name, quantity, version, **{"transaction_type": "billed_sales", "invoice": "inv-2", **columns})

    gone = {"adjustment_status": "unadjustable"}
    return [
        *arrives(f"{day}T16:05:00Z", *approved("work", 100, day=day, cost="100", price="200")),
        runs(f"{day}T17:00:00Z", "staging_import"),
        runs(f"{day}T17:01:00Z", "journal_posting"),
        *arrives(
            at,
            unbilled(
                "work-unbilled",
                "8",
                300,
                message="Update",
                adjustment_status="adjusted",
                start=wire_date(f"{day}T13:00:00Z"),
            ),
            unbilled("work-reversal", "-8", 301, **gone),
            unbilled("six", "6", 302),
            unbilled("two", "2", 303, billing_type="non_chargeable"),
            unbilled("six-reversal", "-6", 304, skip_sync=True, **gone),
            unbilled("two-reversal", "-2", 305, skip_sync=True, billing_type="non_chargeable", **gone),
            bill("six-billed", "6", 306),
            bill("two-billed", "2", 307, billing_type="non_chargeable"),
            connection("k1", "work-reversal", "Reversing", "work-unbilled", "Original"),
            connection("k2", "six-billed", "Billed Sales", "six", "Unbilled Sales"),
            connection("k3", "two-billed", "Billed Sales", "two", "Unbilled Sales"),
            proforma("inv-2", number="INV-0002", total="1200", row_version=308),
        ),
        runs("2026-08-31T14:00:00Z", "staging_import"),
        runs("2026-08-31T14:05:00Z", "journal_posting"),
        runs("2026-08-31T15:00:00Z", "invoice_posting", proposal_id="INV-0002", invoice_date="2026-08-31"),
    ]


def correction() -> list[Step]:
    """TM-14 after TM-11: the posted invoice of 1,600 is revised to six hours; a credit note of 400 follows."""
    day = "2026-08-27"
    at = "2026-09-10T13:00:00Z"

    def row(name: str, kind: str, quantity: str, version: int, **columns: Any) -> Context:
        usual = {"transaction_type": kind, "price": "200", "start": day, "document_date": day}
        return actual(name, **{**usual, "quantity": quantity, **columns}, row_version=version)

    gone = {"adjustment_status": "unadjustable"}
    return [
        *arrives(f"{day}T16:05:00Z", *approved("work", 100, day=day, cost="100", price="200")),
        runs(f"{day}T17:00:00Z", "staging_import"),
        runs(f"{day}T17:01:00Z", "journal_posting"),
        *arrives(
            "2026-08-31T13:00:00Z",
            *billed("work", 200, invoice="inv-3", day=day, price="200"),
            proforma("inv-3", number="INV-0003", total="1600", row_version=210),
        ),
        runs("2026-08-31T14:00:00Z", "staging_import"),
        runs("2026-08-31T15:00:00Z", "invoice_posting", proposal_id="INV-0003", invoice_date="2026-08-31"),
        *arrives(
            at,
            row(
                "work-billed",
                "billed_sales",
                "8",
                300,
                message="Update",
                invoice="inv-3",
                adjustment_status="adjusted",
                start=wire_date(f"{day}T13:00:00Z"),
            ),
            row("work-credited", "billed_sales", "-8", 301, invoice="inv-4", **gone),
            row("six", "unbilled_sales", "6", 302),
            row("two", "unbilled_sales", "2", 303),
            row("six-reversal", "unbilled_sales", "-6", 304, skip_sync=True, **gone),
            row("six-billed", "billed_sales", "6", 305, invoice="inv-4"),
            connection("k1", "work-credited", "Reversing", "work-billed", "Original"),
            connection("k2", "six-billed", "Billed Sales", "six", "Unbilled Sales"),
            connection("k3", "six", "Replacing", "work-billed", "Original"),
            connection("k4", "two", "Replacing", "work-billed", "Original"),
            proforma("inv-4", number="INV-0004", total="-400", has_corrections=True, row_version=310),
        ),
        runs("2026-09-10T14:00:00Z", "staging_import"),
        runs("2026-09-10T14:05:00Z", "journal_posting"),
        runs("2026-09-10T15:00:00Z", "invoice_posting", proposal_id="INV-0004", invoice_date="2026-09-10"),
    ]


def bad_rows() -> list[Step]:
    """Rows that cannot be right among good ones: the good ones go through, each bad one says what is wrong."""
    day = "2026-08-27"
    at = f"{day}T16:05:00Z"
    unknown = actual("unknown-project", project="PRJ-404", row_version=5)
    mended = references(**KNOWN)
    mended["msdyn_project"][guid("PRJ-404")] = "PRJ-1"
    return [
        *arrives(
            at,
            *approved("good", 100, day=day, cost="100", price="200"),
            actual("no-quantity", quantity=None, amount="800", row_version=1),
            actual("strange-type", transaction_type="project_contract", row_version=2),
            actual("too-much", quantity="1", price="2000000000", row_version=3),
            actual("half-a-date", start="2026-13-45", row_version=4),
            unknown,
            actual("no-proforma", transaction_type="billed_sales", invoice="inv-404", row_version=6),
            proforma("inv-5", number="INV-0005", total="1600", row_version=7),
        ),
        runs(f"{day}T17:00:00Z", "staging_import"),
        runs(f"{day}T17:01:00Z", "journal_posting"),
        {"at": f"{day}T17:02:00Z", "setup": {"references": mended}},
        *arrives(f"{day}T17:03:00Z", actual("no-quantity", quantity="8", amount="800", row_version=10)),
        runs(f"{day}T17:05:00Z", "staging_import"),
        runs(f"{day}T17:06:00Z", "journal_posting"),
        runs(f"{day}T17:07:00Z", "invoice_posting", proposal_id="INV-0005"),
    ]


def by_hand() -> list[Step]:
    """What a clerk may do: delete lines, edit tax groups and the due date, reset a journal in error, replay an event.

    And what Dataverse changes late: an actual that is on a draft journal already.
    """
    day = "2026-08-27"
    accounts = yaml.safe_load(SETUP)["ledger_posting"]["USPM"]
    lacking = [row for row in accounts if row["posting_type"] != "expense_offset"]
    work = approved("work", 100, day=day, cost="100", price="200")
    flight = approved("flight", 110, day=day, cost="300", price="330", quantity="1", transaction_class="expense")
    usual: dict[str, Any] = {"start": wire_date(f"{day}T13:00:00Z"), "document_date": day, "at": "2026-08-28T09:00:00Z"}
    shorter = [
        actual("work-cost", **usual, quantity="6", message="Update", row_version=120),
        actual(
            "work-unbilled",
            transaction_type="unbilled_sales",
            **usual,
            quantity="6",
            price="200",
            message="Update",
            row_version=121,
        ),
    ]
    document = {"company": "USPM", "proposal_id": "INV-0006"}
    total = "1530"
    bills = [
        *billed("work", 200, invoice="inv-6", day=day, price="200", quantity="6"),
        *billed("flight", 210, invoice="inv-6", day=day, price="330", quantity="1", transaction_class="expense"),
    ]
    return [
        {"at": f"{day}T08:00:00Z", "setup": {"ledger_posting": {"USPM": lacking}}},
        *arrives(f"{day}T16:05:00Z", *work, *flight),
        runs(f"{day}T17:00:00Z", "staging_import"),
        {"at": f"{day}T17:10:00Z", "delete_lines": {"company": "USPM", "journal_id": "USPM-000001"}},
        runs(f"{day}T17:20:00Z", "staging_import"),
        *arrives("2026-08-28T09:00:00Z", *shorter),
        runs("2026-08-28T09:05:00Z", "staging_import"),
        runs("2026-08-28T09:10:00Z", "journal_posting"),
        {"at": "2026-08-28T09:20:00Z", "setup": {"ledger_posting": {"USPM": accounts}}},
        {"at": "2026-08-28T09:25:00Z", "reset": {"company": "USPM", "journal_id": "USPM-000002"}},
        runs("2026-08-28T09:30:00Z", "journal_posting", original_journal="USPM-000001"),
        *arrives("2026-08-31T13:00:00Z", *bills, proforma("inv-6", number="INV-0006", total=total, row_version=220)),
        *arrives("2026-08-31T13:00:00Z", actual("mended", quantity=None, amount="800", row_version=1)),
        runs("2026-08-31T14:00:00Z", "staging_import"),
        {"at": "2026-08-31T14:01:00Z", "delete_lines": document},
        runs("2026-08-31T14:02:00Z", "staging_import"),
        {
            "at": "2026-08-31T14:03:00Z",
            "edit": {**document, "actual_id": guid("flight-billed"), "sales_tax_group": "EXP"},
        },
        {"at": "2026-08-31T14:04:00Z", "edit": {**document, "due_date": "2026-10-01"}},
        {"at": "2026-08-31T14:05:00Z", "edit": {**document, "actual_id": guid("work-billed"), "quantity": "99"}},
        {"at": "2026-08-31T14:06:00Z", "replay": {"entity": "msdyn_actual", "id": guid("mended")}},
        runs("2026-08-31T15:00:00Z", "invoice_posting", proposal_id="INV-0006"),
        runs("2026-08-31T15:01:00Z", "invoice_posting", proposal_id="INV-0006"),
    ]


def short_form() -> list[Step]:
    """What a project manager does, in the short form that the stand-in for Dataverse makes into rows."""
    work = {"project": "PRJ-1", "resource": "Bob Kozack"}
    flight = {"kind": "expense", "quantity": 1, "price": "380.24", "cost": "345.67", "category": "Airfare"}
    sensors = {"kind": "material", "quantity": 12, "price": "49.99", "cost": "42.42", "product": "P-100"}
    return [
        {
            "at": "2026-08-27T16:05:00Z",
            "approve": {**work, "hours": 8, "price": 200, "cost": 100, "category": "Installation"},
        },
        {"at": "2026-08-27T16:10:00Z", "approve": {"project": "PRJ-1", **flight, "date": "2026-08-26"}},
        {"at": "2026-08-27T16:15:00Z", "approve": {"project": "PRJ-1", **sensors}},
        {
            "at": "2026-08-28T16:00:00Z",
            "approve": {**work, "hours": "7.5", "billable": 6, "price": 200, "cost": 100},
        },
        {"at": "2026-08-28T17:00:00Z", "run": "staging_import"},
        {"at": "2026-08-28T17:01:00Z", "run": "journal_posting", "company": "USPM"},
        {
            "at": "2026-08-31T12:30:00Z",
            "approve": {"project": "PRJ-1", "kind": "milestone", "price": 5000, "description": "Signing"},
        },
        {"at": "2026-08-31T13:00:00Z", "confirm": "INV-0001"},
        {"at": "2026-08-31T14:00:00Z", "run": "staging_import"},
        {"at": "2026-08-31T14:10:00Z", "run": "journal_posting"},
        {"at": "2026-08-31T15:00:00Z", "run": "invoice_posting", "proposal_id": "INV-0001"},
    ]


def approval() -> list[Step]:
    """A company approves its proposals, and posts what is approved by itself: what two people do with one of them."""
    parameters = yaml.safe_load(SETUP)["parameters"]["USPM"] | {"approval": True, "auto_post_proposals": True}
    proposal = {"company": "USPM", "proposal_id": "INV-0001"}
    ann, bob = {**proposal, "actor": "ann@contoso.example"}, {**proposal, "actor": "bob@contoso.example"}
    comment = {"comment": "due in thirty days"}
    work = {"project": "PRJ-1", "resource": "Bob Kozack", "hours": 8, "price": 200, "cost": 100}
    return [
        {"at": "2026-08-27T08:00:00Z", "setup": {"parameters": {"USPM": parameters}}},
        {"at": "2026-08-27T16:05:00Z", "approve": work},
        {"at": "2026-08-28T17:00:00Z", "run": "staging_import"},
        {"at": "2026-08-28T17:01:00Z", "run": "journal_posting"},
        {"at": "2026-08-31T13:00:00Z", "confirm": "INV-0001"},
        {"at": "2026-08-31T14:00:00Z", "run": "staging_import"},
        {"at": "2026-08-31T15:00:00Z", "run": "invoice_posting", **proposal},
        {"at": "2026-08-31T15:01:00Z", "submit_proposal": {**ann, "comment": "August"}},
        {"at": "2026-08-31T15:02:00Z", "edit": {**ann, "due_date": "2026-10-01"}},
        {"at": "2026-08-31T15:03:00Z", "approve_proposal": ann},
        {"at": "2026-08-31T15:04:00Z", "request_changes": {**bob, **comment}},
        {"at": "2026-08-31T15:05:00Z", "edit": {**ann, "due_date": "2026-10-01"}},
        {"at": "2026-08-31T15:06:00Z", "submit_proposal": ann},
        {"at": "2026-08-31T15:07:00Z", "recall_proposal": ann},
        {"at": "2026-08-31T15:08:00Z", "submit_proposal": ann},
        {"at": "2026-08-31T15:09:00Z", "approve_proposal": bob},
    ]


def between_companies() -> list[Step]:
    """GBPM lends ten hours to USPM at 120 USD: a batch, both postings, the cost moved, and a credit that ends at zero.

    GBPM keeps its books in pounds: a dollar is 0.80 on the day of the work and 0.75 from the 31st of August on. USPM
    gets half of the tax of 20 percent back, and has the cost of PRJ-1 on its balance sheet.

    ================================  ==================================================================
    what is posted                    by hand
    ================================  ==================================================================
    27 August, GBPM, the sale         161300 and 420200: 1,200 USD at 0.80 = 960.00 and -960.00
    31 August, GBPM, FTI-00000001     the 960.00 back; at 0.75: 411100 -900.00, 222100 -180.00 (240 USD),
                                      130100 1,080.00 (1,440 USD)
    31 August, USPM, VIV-000001       160000 1,200 + half of 240 = 1,320.00, 223100 120.00, 200100 -1,440.00
    15 September, USPM, PCV-000001    540100 1,320.00, 160000 -1,320.00
    20 September, GBPM, the reversal  161300 and 420200: at the rate of the sale, -960.00 and 960.00
    21 September, GBPM, FTI-00000002  the -960.00 back; at 0.75: 411100 900.00, 222100 180.00, 130100 -1,080.00
    21 September, USPM, VIV-000002    540100 -1,320.00, where the cost is now, 223100 -120.00, 200100 1,440.00
    ================================  ==================================================================

    Each account of both companies adds up to zero. In the sales tax report of August USPM gets 120.00 back and has lost
    120.00; the credit counts in September.
    """
    here = yaml.safe_load(SETUP)
    both = {
        name: {"USPM": here[name]["USPM"], "GBPM": here[name]["USPM"]}
        for name in ("fiscal_periods", "parameters", "categories", "transaction_categories", "number_sequences")
    }
    taxes = here["sales_tax"]
    half = {**taxes["codes"], "VAT20": {**taxes["codes"]["VAT20"], "deductible_percent": 50}}
    accounts = {"wip_cost_value": "160000", "sales_tax_receivable": "223100", "vendor_balance": "200100"}
    owing = [{"posting_type": name, "account": account} for name, account in accounts.items()]
    borrowed, lent = here["profiles"]["TM-WIP"], {**here["profiles"]["TM-WIP"]}
    on_balance = {**borrowed, "post_costs": {**borrowed["post_costs"], "time": "balance"}, "accrue_revenue": {}}
    setup = {
        **both,
        "companies": {
            **here["companies"],
            "GBPM": {"name": "Contoso Robotics UK", "accounting_currency": "GBP", "time_zone": "Europe/London"},
        },
        "exchange_rates": [
            {"from": "USD", "to": "GBP", "valid_from": day, "rate": rate, "factor": 100}
            for day, rate in (("2026-01-01", "80"), ("2026-08-31", "75"))
        ],
        "customers": {
            **here["customers"],
            "GBPM": {"IC-USPM": {"name": "Contoso Robotics US", "sales_tax_group": "DOM", "terms_of_payment": "N14"}},
        },
        "profiles": {**here["profiles"], "TM-WIP": on_balance, "LENT": lent},
        "profile_rules": [*here["profile_rules"], {"company": "GBPM", "profile": "LENT"}],
        "ledger_posting": {"USPM": [*here["ledger_posting"]["USPM"], *owing], "GBPM": here["ledger_posting"]["USPM"]},
        "sales_tax": {**taxes, "codes": half},
        "intercompany": [{"lender": "GBPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-GBPM"}],
    }
    bill = {"company": "GBPM", "borrower": "USPM"}
    numbers = ("FTI-00000001", "FTI-00000002")
    worked: dict[str, Any] = {
        "transaction_type": "inter_organizational_sales",
        "price": "120",
        "resource": "Julia Funderburk",
        "billing_type": "not_available",
    }

    def sold(name: str, day: str, quantity: str, version: int) -> Context:
        return actual(name, **worked, start=day, document_date=day, quantity=quantity, row_version=version)

    def booked(at: str) -> list[Step]:
        return [runs(f"{at}T17:00:00Z", "staging_import"), runs(f"{at}T17:01:00Z", "journal_posting")]

    return [
        {"at": "2026-08-27T08:00:00Z", "setup": json.loads(json.dumps(setup, default=str))},
        *arrives("2026-08-27T16:05:00Z", sold("lent", "2026-08-27", "10", 100)),
        *booked("2026-08-27"),
        {"at": "2026-08-31T08:00:00Z", "intercompany_invoice": {**bill, "from": "2026-08-01", "to": "2026-08-31"}},
        runs("2026-08-31T09:00:00Z", "invoice_posting", company="GBPM", proposal_id="IC-000001"),
        {"at": "2026-08-31T10:00:00Z", "post_vendor_invoices": {"company": "USPM", "numbers": [numbers[0]]}},
        {
            "at": "2026-09-15T10:00:00Z",
            "post_costs": {"company": "USPM", "to": "profit_and_loss", "costs": {"project": "PRJ-1"}},
        },
        *arrives(
            "2026-09-20T16:05:00Z",
            sold("lent-back", "2026-09-20", "-10", 200),
            connection("lent-back-of", "lent-back", "Reversing", "lent", "Original", row_version=201),
        ),
        *booked("2026-09-20"),
        {"at": "2026-09-21T08:00:00Z", "intercompany_invoice": {**bill, "from": "2026-09-01", "to": "2026-09-30"}},
        runs("2026-09-21T09:00:00Z", "invoice_posting", company="GBPM", proposal_id="IC-000002"),
        {"at": "2026-09-21T10:00:00Z", "post_vendor_invoices": {"company": "USPM", "numbers": [numbers[1]]}},
    ]


STORIES: dict[str, Callable[[], list[Step]]] = {
    "approval": approval,
    "between-companies": between_companies,
    "by-hand": by_hand,
    "plain-month": plain_month,
    "quarter": quarter.story,
    "fixed-rate-contract": fixed_rate_contract,
    "quantity-cut": quantity_cut,
    "correction": correction,
    "bad-rows": bad_rows,
    "short-form": short_form,
    **{name: story.steps for name, story in FINANCE.items()},
}


IDS = "# Dataverse's ids of the above: what dual-write calls integration keys.\n"
OWN: Mapping[str, Mapping[str, Sequence[str]]] = {"quarter": quarter.KNOWN}
"""What Dataverse knows in scenarios with a set-up of their own."""


def setup_text(name: str = "") -> str:
    """The set-up of a scenario: that of most, its figures first, or its own as it is written; with ids."""
    text = (SCENARIOS / name / "setup.yaml").read_text(encoding="utf-8") if name in OWN else SETUP
    figures = ""
    if story := FINANCE.get(name):
        figures = "".join(f"# {line}\n" if line else "#\n" for line in story.figures.strip().splitlines()) + "\n"
        for old, new in story.changes.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
    known = yaml.safe_dump({"references": references(**OWN.get(name, KNOWN))}, sort_keys=False)
    return f"{figures}{text.partition(IDS)[0]}{IDS}{known}"


def map_text(name: str) -> str | None:
    """The ``map.json`` of a scenario that reads columns of an organization's own."""
    if name in OWN:
        return (SCENARIOS / name / "map.json").read_text(encoding="utf-8")
    story = FINANCE.get(name)
    return f"{json.dumps(story.maps)}\n" if story and story.maps else None


def options_of(folder: Path, **more: Any) -> Options:
    """How a scenario is run."""
    maps = folder / "map.json"
    named = maps if maps.exists() else None
    return Options(setup=folder / "setup.yaml", events=folder / "events.jsonl", map=named, **more)


def story_text(story: Callable[[], list[Step]]) -> str:
    return "".join(f"{to_json(step)}\n" for step in story())


def write() -> None:
    """Writes every scenario's set-up and events."""
    for name, story in STORIES.items():
        folder: Path = SCENARIOS / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "setup.yaml").write_text(setup_text(name), encoding="utf-8")
        (folder / "events.jsonl").write_text(story_text(story), encoding="utf-8")
        if maps := map_text(name):
            (folder / "map.json").write_text(maps, encoding="utf-8")


if __name__ == "__main__":
    write()
