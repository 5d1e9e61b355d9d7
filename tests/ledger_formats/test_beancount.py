"""The books of the scenarios in beancount: its own checker accepts them, and its balances are ours."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest
from beancount import loader

from project_invoicing.domain.ledger_batch import BatchId, BatchKind
from project_invoicing.rules.ledger_formats.formats import ready_made
from project_invoicing.rules.ledger_formats.refusals import FormatRefused
from tests.ledger_formats.books import balances, entries, loaded, totals
from tests.ledger_formats.samples import SCENARIOS, V1, V3, format_like, in_euro, posted_in, voucher, written


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_checker_accepts_the_books_of_each_company_and_its_balances_are_ours(scenario: str) -> None:
    for company, group in groupby(posted_in(scenario), key=lambda line: line.company):
        lines = list(group)
        files = written(ready_made("beancount"), lines, batch=BatchId(company, BatchKind.LEDGER, 1))
        assert list(files) == ["part-0001.beancount"]
        assert balances(loaded(files["part-0001.beancount"])) == totals(lines)


def test_amounts_in_another_currency_balance_to_the_last_digit_and_keep_the_documents_amount() -> None:
    [text] = written(ready_made("beancount"), in_euro()).values()
    [entry] = entries(loaded(text))

    assert [(posting.account, posting.units.number, posting.meta["original"]) for posting in entry.postings] == [
        ("Assets:130100", Decimal("15.01"), "10.00 EUR"),
        ("Income:401000", Decimal("-5.00"), "-3.33 EUR"),
        ("Income:401000", Decimal("-5.00"), "-3.33 EUR"),
        ("Income:401000", Decimal("-5.01"), "-3.34 EUR"),
    ]


def test_an_entry_says_which_voucher_and_document_it_is() -> None:
    [text] = written(ready_made("beancount"), V3).values()
    [entry] = entries(loaded(text))

    assert (entry.payee, entry.narration) == ("PV-00000003", "invoice FTI-00000001")
    assert (entry.meta["external_id"], entry.meta["batch"]) == ("USPM:PV-00000003", "USPM-ledger-000001")
    assert entry.postings[0].meta["customer"] == "C-001"
    assert entry.postings[1].meta["dimensions"] == "Department=D10"


def test_batches_without_opened_accounts_are_read_together(tmp_path: Path) -> None:
    format = format_like("beancount", opens=False)
    for number, lines in enumerate((V1, voucher("PV-2", ("540100", "1.00"), ("540900", "-1.00"))), 1):
        [text] = written(format, lines, batch=BatchId("USPM", BatchKind.LEDGER, number)).values()
        (tmp_path / f"{number}.beancount").write_text(text, "utf-8")
    main = 'plugin "beancount.plugins.auto_accounts"\ninclude "*.beancount"\n'
    book = tmp_path / "main.bean"
    book.write_text(main, "utf-8")
    directives, errors, _ = loader.load_file(str(book))

    assert errors == []
    assert balances(directives) == {("540100", "GBP"): Decimal("801.00"), ("540900", "GBP"): Decimal("-801.00")}


@pytest.mark.parametrize(
    ("account", "limit"), [("x1", "has no root account"), ("1.1", "is no account name"), ("", "is empty")]
)
def test_an_account_that_is_no_account_there_is_refused(account: str, limit: str) -> None:
    with pytest.raises(FormatRefused, match=limit):
        written(ready_made("beancount"), voucher("PV-1", (account, "1.00"), ("540900", "-1.00")))


def test_an_accounts_root_is_that_of_the_longest_beginning_and_its_name_may_be_another() -> None:
    format = format_like(
        "beancount",
        roots={"1": "Assets", "16": "Assets:WIP", "x": "Income"},
        tables={"accounts": {"x1": "X1"}},
    )
    with pytest.raises(FormatRefused, match="has no root account"):
        written(format, voucher("PV-1", ("x1", "1.00"), ("161300", "-1.00")))
    named = format_like("beancount", roots={"1": "Assets", "16": "Assets:WIP", "X": "Income"}, tables=format.tables)
    [text] = written(named, voucher("PV-1", ("x1", "1.00"), ("161300", "-1.00"))).values()
    assert balances(loaded(text)).keys() == {("X1", "GBP"), ("161300", "GBP")}
    assert "Assets:WIP:161300" in text
