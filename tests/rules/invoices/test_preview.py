"""The dry run of a posting: what it would make, or why it would be refused, and nothing is written."""

from __future__ import annotations

import json
import os
from typing import Any
from unittest.mock import patch

import pytest

from local import cli
from project_invoicing.config import settings
from project_invoicing.use_cases.invoices import saga as invoice_saga
from tests import snapshots
from tests.faults import TRANSACTION, Killed, dying
from tests.harness import TEMPLATE
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance, second_company
from tests.rules.stories import IN_POUNDS, billed


def ready(books: Books, *works: str, **columns: Any) -> Books:
    """A proposal of these works in pounds, ready to be posted, with tax and accrual."""
    books.use(finance(TAXED, ("customers.USPM.C-001.terms_of_payment", "D14")))
    books.arrive(*billed(*works, **{**IN_POUNDS, **columns}))
    books.journalise()
    return books


def previewed(books: Books, **request: str) -> dict[str, Any]:
    answer = books.world.edit("preview", **{"proposal_id": "INV-0001", **request})
    assert answer["outcome"] == "previewed"
    (found,) = answer["previews"]
    return dict(found)


def posted(books: Books, **scope: str) -> dict[str, Any]:
    """The documents of the proposal as results print them, once it is posted."""
    books.post_invoices(proposal_id="INV-0001", **scope)
    (voucher,) = [voucher for voucher in books.result["vouchers"] if voucher["source"] == "invoice"]
    return {"invoice": books.invoice(), "voucher": voucher, "lines": books.proposal()["lines"]}


@pytest.mark.parametrize("scope", [{}, {"invoice_date": "2026-09-15"}], ids=["today", "on a date that is given"])
def test_prop_13_it_has_the_figures_of_the_posting_and_no_number(books: Books, scope: dict[str, str]) -> None:
    ready(books, "one", "two", total="3200")
    before = snapshots.read(books.world)
    would = previewed(books, **scope)
    assert snapshots.read(books.world) == before

    numbers = {"invoice_number": None, "voucher": None, "source_id": None}
    was = posted(books, **scope)
    for part in ("invoice", "voucher"):
        assert would[part] == was[part] | {name: None for name in numbers if name in was[part]}
    assert would["lines"] == was["lines"]
    assert (would["status"], would["refused"]) == ("ready", None)
    assert would["invoice"]["total"] == "3840.00"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("customers.USPM.C-001.on_hold", True), "customer_on_hold"),
        (("fiscal_periods.USPM", []), "period_closed"),
        (("ledger_posting.USPM", []), "ledger_account_missing"),
        (("sales_tax.codes.VAT20.rates", [{"valid_from": "2027-01-01", "percent": "20"}]), "sales_tax_setup_missing"),
    ],
)
def test_it_says_why_the_posting_would_be_refused(books: Books, change: tuple[str, Any], reason: str) -> None:
    ready(books)
    books.use(finance(TAXED, change))
    before = snapshots.read(books.world)
    would = previewed(books)
    assert (would["invoice"], would["lines"], would["voucher"]) == (None, [], None)
    assert would["refused"]["reason"] == reason
    assert snapshots.read(books.world) == before

    books.post_invoices()
    assert books.reasons() == [reason]


def test_a_proposal_that_waits_or_is_posted_would_be_refused(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    assert previewed(books)["refused"]["reason"] == "lines_missing"
    books.post_journals()
    books.post_invoices()
    assert previewed(books)["refused"]["reason"] == "already_posted"


def test_a_posting_that_was_begun_keeps_its_numbers_its_date_and_its_set_up(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invoice_saga, "PAGE_LINES", 1)
    ready(books, "one", "two", total="3200")
    with dying(books.world.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        books.world.run("invoice_posting", invoice_date="2026-09-15", proposal_id="INV-0001")
    books.use(finance(("customers.USPM.C-001.on_hold", True)))

    would = previewed(books)
    assert (would["status"], would["invoice"]["invoice_number"]) == ("posting", "FTI-00000001")
    assert (would["invoice"]["invoice_date"], would["invoice"]["total"]) == ("2026-09-15", "3840.00")
    was = posted(books)
    assert {part: would[part] for part in was} == was


def test_a_number_of_two_companies_is_previewed_in_both_or_in_the_one_that_is_named(books: Books) -> None:
    books.use(second_company(finance()))
    theirs = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
    books.arrive(*billed(), *billed("theirs", invoice="inv-2", **theirs))
    books.journalise()
    both = books.world.edit("preview", proposal_id="INV-0001")["previews"]
    assert [one["company"] for one in both] == ["USPM", "GBPM"]
    assert previewed(books, company="GBPM")["company"] == "GBPM"


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({"proposal_id": "INV-9999"}, "refused: there is no proposal INV-9999"),
        (
            {"proposal_id": "INV-0001", "invoice_date": "soon"},
            "refused: invoice_date is written as 2026-08-31, not 'soon'",
        ),
        ({"company": "USPM"}, "refused: the request needs proposal_id"),
    ],
)
def test_what_cannot_be_previewed_is_said(books: Books, request_: dict[str, str], told: str) -> None:
    books.arrive(*billed())
    assert books.world.edit("preview", **request_)["outcome"] == told


# --- the command ------------------------------------------------------------------------------------------------------


def command(books: Books, *arguments: str, **environment: str) -> int:
    """The command as a person's shell runs it, which names the tables of the stack unless ``environment`` does."""
    tables = books.world.names
    names = {
        "PROPOSALS_TABLE": tables.proposals_table,
        "SETUP_TABLE": tables.setup_table,
        "MASTER_DATA_TABLE": tables.master_data_table,
        "JOURNALS_TABLE": tables.journals_table,
        "STAGING_TABLE": tables.staging_table,
    }
    with patch.dict(os.environ, names | environment):
        settings.cache_clear()
        try:
            return cli.main(arguments)
        finally:
            settings.cache_clear()


def test_the_command_prints_what_the_function_says(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    ready(books)
    given = ["preview", "INV-0001", "--company", "USPM", "--invoice-date", "2026-08-31"]
    assert command(books, *given, "--json") == 0
    assert json.loads(capsys.readouterr().out)["previews"] == [previewed(books, invoice_date="2026-08-31")]

    assert command(books, *given) == 0
    printed = capsys.readouterr().out
    for text in ("Would be invoiced", "1920.00", "Voucher", "wip sales value", "-1600.00 GBP", "SERV"):
        assert text in printed


def test_the_command_says_why_a_posting_would_be_refused(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    ready(books)
    books.use(finance(("customers.USPM.C-001.on_hold", True)))
    assert command(books, "preview", "INV-0001") == 1
    assert "customer_on_hold" in capsys.readouterr().out


def test_the_command_finds_the_tables_of_a_stack(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    tables = ("ProposalsTable", "SetupTable", "MasterDataTable", "StagingTable", "JournalsTable")
    names = [f"invoicing-trial-{table}-1A2B3C" for table in tables]
    (like,) = (table.request for table in TEMPLATE.tables if table.id == "SetupTable")
    for name in names:
        books.world.client.create_table(**like | {"TableName": name})
    try:
        document = "events/scenarios/plain-month/setup.yaml"
        assert cli.main(["setup", "load", document, "--table", names[1]]) == 0
        assert cli.main(["preview", "INV-0001", "--stack-prefix", "invoicing-trial"]) == 2
        assert "there is no proposal and no journal INV-0001" in capsys.readouterr().err
    finally:
        for name in names:
            books.world.client.delete_table(TableName=name)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["preview", "INV-9999"], "there is no proposal and no journal INV-9999"),
        (["preview", "INV-0001", "--stack-prefix", "nowhere"], "no table begins with nowhere-ProposalsTable"),
    ],
)
def test_the_command_refuses_what_is_not_valid(
    books: Books, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ready(books)
    assert command(books, *arguments) == 2
    assert told in capsys.readouterr().err


def test_the_command_refuses_what_is_no_date(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command(books, "preview", "INV-0001", "--invoice-date", "31.8.")
    assert ended.value.code == 2
    assert "a date is written as 2026-08-31, not '31.8.'" in capsys.readouterr().err


def test_the_command_asks_for_the_names_of_the_tables(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(books, "preview", "INV-0001", PROPOSALS_TABLE="") == 2
    assert "set PROPOSALS_TABLE, or name the stack with --stack" in capsys.readouterr().err
