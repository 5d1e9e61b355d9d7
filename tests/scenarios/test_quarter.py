"""The hand check in the comment of the scenario ``quarter`` is what its golden result has, account by account."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import pytest
from pytest_socket import enable_socket

from local import result as results
from local import run
from project_invoicing.config import Settings
from project_invoicing.dataverse.api import FoundRow
from project_invoicing.domain.reconciliation import CHECKS, Check
from project_invoicing.domain.tables import ACTUAL, EXPENSE, ORIGIN, VENDOR_INVOICE_LINE
from project_invoicing.rules.sales_tax_report import Direction
from project_invoicing.store.seals import Seals
from project_invoicing.use_cases.audit.seal import Sealing
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.reconciliation.books import Books
from project_invoicing.use_cases.reconciliation.integration import OtherSide
from project_invoicing.use_cases.reconciliation.run import Reconciliation
from project_invoicing.use_cases.reconciliation.watch import Watch
from project_invoicing.use_cases.sales_tax_report.report import asked, report
from tests import policies
from tests.builders import guid
from tests.dataverse import FakeDataverse
from tests.scenario_samples import SCENARIOS, options_of
from tests.thorough import thorough

QUARTER: Final = SCENARIOS / "quarter"
MONTHS: Final = {"July": "2026-07", "August": "2026-08", "September": "2026-09"}
ACCOUNT: Final = re.compile(r"# (\w{4}) (\d{6}) \S.*")
MONTH: Final = re.compile(r"#   (July|August|September) +(.*)")
MORE: Final = re.compile(r"#    +(\S.*)")
TERM: Final = re.compile(r"(?<![\w.-])([-+]?) ?(?:(\d+) x )?(\d+\.\d\d)\b")

Account = tuple[str, str]


class Checked(NamedTuple):
    """What a line of the comment says: its terms, and the balance that they are said to make."""

    terms: list[Decimal]
    balance: Decimal


def result() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((QUARTER / "expected.json").read_text("utf-8"))
    return found


def comment() -> list[str]:
    text = (QUARTER / "setup.yaml").read_text("utf-8")
    return [line for line in text.partition("\ncompanies:")[0].splitlines() if line]


def by_hand() -> dict[Account, dict[str, Checked]]:
    """The balances of the comment, by company and account, then by month."""
    told: dict[Account, dict[str, str]] = {}
    account, month = ("", ""), ""
    for line in comment()[comment().index(BALANCES) + 1 :]:
        if found := ACCOUNT.fullmatch(line):
            account, month = (found[1], found[2]), ""
            told[account] = {}
        elif found := MONTH.fullmatch(line):
            month = MONTHS[found[1]]
            told[account][month] = found[2]
        elif (found := MORE.fullmatch(line)) and month:
            told[account][month] += f" {found[1]}"
        else:
            assert line == "#", line
    return {one: {month: checked(text) for month, text in months.items()} for one, months in told.items()}


PAYMENTS: Final = "# THE PAYMENTS, and what is open at the end of September; below zero, it is the customer's"
UNBILLED: Final = ("160000", "160100", "161300", "161400", "420200")
BALANCES: Final = "# THE BALANCES, debit positive: what was before, what the month adds, and the balance at its end"


def checked(text: str) -> Checked:
    terms, _, balance = text.rpartition(" = ")
    return Checked([amount(found) for found in TERM.finditer(terms)], Decimal(balance))


def amount(term: re.Match[str]) -> Decimal:
    return Decimal(term[2] or 1) * Decimal(term[3]) * (-1 if term[1] == "-" else 1)


def balances() -> dict[Account, dict[str, Decimal]]:
    """The balance of each account at the end of each month, from the vouchers of the golden result."""
    moved: dict[Account, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(MONTHS.values(), Decimal(0)))
    for voucher in result()["vouchers"]:
        for line in voucher["lines"]:
            for month in MONTHS.values():
                if voucher["accounting_date"][:7] <= month:
                    moved[voucher["company"], line["account"]][month] += Decimal(line["accounting_amount"])
    return moved


def test_the_comment_knows_every_account() -> None:
    assert sorted(by_hand()) == sorted(balances())


@pytest.mark.parametrize(("account", "months"), by_hand().items(), ids="-".join)
def test_a_balance_is_what_the_comment_works_out(account: Account, months: dict[str, Checked]) -> None:
    before = Decimal(0)
    for month, balance in balances()[account].items():
        if month in months:
            line = months[month]
            assert sum(line.terms) == line.balance, month
            assert not before or line.terms[0] == before, month
            before = line.balance
        assert balance == before, month


def test_what_is_open_is_what_the_comment_works_out() -> None:
    told = comment()[comment().index(PAYMENTS) + 1 : comment().index(BALANCES)]
    by_number = {line.split()[1]: checked(line) for line in told if " = " in line}
    assert all(sum(line.terms) == line.balance for line in by_number.values())
    found = {one["invoice_number"]: Decimal(one["open"]) - Decimal(one["over"]) for one in result()["receivables"]}
    assert found == {number: line.balance for number, line in by_number.items()}


def test_nothing_that_was_billed_is_left_and_the_rest_is_named() -> None:
    """What the comment says remains of WIP and accrued revenue."""
    found = {account: moved["2026-09"] for account, moved in balances().items() if account[1] in UNBILLED}
    assert {account: str(amount) for account, amount in found.items() if amount} == {
        ("USPM", "160000"): "600.00",
        ("USPM", "161400"): "-3000.00",
        ("GBPM", "161300"): "300.00",
        ("GBPM", "420200"): "-300.00",
    }


def test_every_voucher_is_balanced_and_no_number_is_missing() -> None:
    """A journal line that has nothing for the ledger uses its number, too."""
    made = result()
    for voucher in made["vouchers"]:
        assert sum(Decimal(line["accounting_amount"]) for line in voucher["lines"]) == 0, voucher["voucher"]
    used = {(one["company"], one["voucher"]) for one in made["vouchers"]}
    used |= {(one["company"], line["voucher"]) for one in made["journals"] for line in one["lines"]}
    numbers: dict[Account, list[int]] = defaultdict(list)
    for company, voucher in used:
        series, _, number = voucher.rpartition("-")
        numbers[company, series].append(int(number))
    for of_series in numbers.values():
        assert sorted(of_series) == list(range(1, len(of_series) + 1))


# --- what is seen when it is over -------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", thorough([1], range(1, 13)))
def test_neither_order_nor_repetition_changes_the_quarter(seed: int) -> None:
    """And no function does what its role does not allow, and every other view of the books agrees with them."""
    enable_socket()
    build, seen = results.build, []

    def looked_at(client: Any, names: Settings, at: str, *more: Any) -> results.Result:
        seen.append(names)
        if seed == 1:
            everything_is_sealed(client, names, at)
            nothing_differs(client, names, at)
            taxes_are_those_of_the_accounts(client, names, at)
            integration_accounts_are_explained(client, names, at)
        return build(client, names, at, *more)

    with policies.enforced(), patch.object(results, "build", looked_at):
        done = run.run(options_of(QUARTER, engine="moto", shuffle=seed, duplicate=1))
    assert (len(seen), done.dead_letters) == (1, [])
    assert counted_once(json.loads(json.dumps(done.result))) == counted_once(result())


def counted_once(made: dict[str, Any]) -> dict[str, Any]:
    """The result without what counts how often something came."""
    rows = [{k: v for k, v in row.items() if k not in ("deliveries", "duplicates")} for row in made["staging"]]
    return {**made, "staging": rows}


def everything_is_sealed(client: Any, names: Settings, at: str) -> None:
    seals, tables = Seals(client, names.audit_table), sealable(client, names)
    Sealing(seals, tables, None, at).run()
    found = verify(Tables(seals, tables), at)
    assert (found["ok"], found["waiting"], found["first"]) == (True, 0, None)


def nothing_differs(client: Any, names: Settings, at: str) -> None:
    """The reconciliation of the books finds nothing but what the story leaves."""
    outcome = Reconciliation(Stores.read(client, names), None, at, lambda: True).run()
    found = {name: [one.id for one in check.found] for name, check in outcome.checks.items() if check.found}
    assert (outcome.complete, found) == (True, {})


def taxes_are_those_of_the_accounts(client: Any, names: Settings, at: str) -> None:
    """STX-09, of what is paid and of what borrowers get back."""
    place, booked_on = ListPlace.read(client, names, at), defaultdict[tuple[str, str], Decimal](Decimal)
    for company in place.companies:
        made = report(place, asked(place, company, "2026-07-01", "2026-09-30", None)).report
        assert made.differences == []
        for (direction, _, account), (reported, booked) in made.accounts.items():
            assert reported == booked
            booked_on[company, account] += booked if direction is Direction.RECEIVABLE else -booked
    assert booked_on == {account: moved["2026-09"] for account, moved in balances().items() if account[1] in TAXES}


TAXES: Final = ("222100", "222200", "222300", "223100")


def integration_accounts_are_explained(client: Any, names: Settings, at: str) -> None:
    """What finance posted to them, beside what journals cleared: a taxi has no actual, parking no journal."""
    api = FakeDataverse()
    for entity, work, amount, day in (
        (EXPENSE, "flight", "345.67", "2026-07-07"),
        (EXPENSE, "hotel", "200.00", "2026-09-08"),
        (EXPENSE, "parking", "12.00", "2026-09-29"),
        (EXPENSE, "taxi", "30.00", "2026-09-29"),
        (VENDOR_INVOICE_LINE, "sensors", "509.04", "2026-07-08"),
    ):
        put = {
            "msdyn_project": {"entity": "msdyn_project", "id": guid("PRJ-1")},
            "transactioncurrencyid": {"entity": "transactioncurrency", "id": guid("USD")},
            "msdyn_amount": amount,
            "msdyn_invoicedate" if entity == VENDOR_INVOICE_LINE else "msdyn_transactiondate": day,
        }
        api._put(FoundRow(entity, guid(work), 1, at, put))
        comes_of = {"msdyn_origin": guid(work), "msdyn_origintype": entity, "msdyn_transactiontype": ACTUAL}
        if work != "taxi":
            linked = {**comes_of, "msdyn_transaction": guid(f"{work}/cost")}
            api._put(FoundRow(ORIGIN, guid(f"{work} of"), 1, at, linked))
    watch, stores = Watch(lambda: True), Stores.read(client, names)
    books = Books(stores, {name: Check(name) for name in CHECKS}, watch, at)
    books.read()
    found = OtherSide(api, books, watch, at, "USPM", date(2026, 7, 1), date(2026, 9, 30)).compare()
    left = {one.id: (str(one.state), str(one.difference)) for one in found.lines}
    assert left == {
        guid("flight"): ("reconciled", "0.00"),
        guid("hotel"): ("reconciled", "0.00"),
        guid("sensors"): ("reconciled", "0.00"),
        guid("parking"): ("missing_journal_line", "12.00"),
        guid("taxi"): ("missing_actual", "30.00"),
    }
