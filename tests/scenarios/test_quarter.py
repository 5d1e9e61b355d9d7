"""The hand check in the comment of the scenario ``quarter`` is what its golden result has, account by account."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pytest

from tests.scenario_samples import SCENARIOS

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


@pytest.mark.parametrize(("account", "months"), by_hand().items(), ids=lambda one: "-".join(one))
def test_a_balance_is_what_the_comment_works_out(account: Account, months: dict[str, Checked]) -> None:
    before = Decimal(0)
    for month, balance in balances()[account].items():
        if month in months:
            line = months[month]
            assert sum(line.terms) == line.balance, month
            assert not before or line.terms[0] == before, month
            before = line.balance
        assert balance == before, month


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
