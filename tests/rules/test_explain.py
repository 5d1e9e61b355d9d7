"""Questions of an accountant: where an actual or a document is, what blocks it, and what to do."""

from __future__ import annotations

import json
import os
from typing import Any
from unittest.mock import patch

import pytest

from local import cli
from project_invoicing.config import settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.states import MapAction
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.transactions import transact, update
from tests import policies, snapshots
from tests.builders import connection, guid, proforma
from tests.harness import envelope
from tests.rules.books import Books
from tests.rules.finance import TAXED, accounts_without, finance, second_company
from tests.rules.stories import IN_POUNDS, approval, bill, billed, bills, confirmation, cost, reverses, sale


def asked(books: Books, id: str, **scope: str) -> dict[str, Any]:
    """The function's whole answer, under its role; asking changes nothing."""
    before = snapshots.read(books.world)
    with policies.enforced():
        answer = books.call("explain", envelope({"id": id, **scope}, books.world.at, "Manual Question", "by.hand"))
    assert snapshots.read(books.world) == before
    return json.loads(json.dumps(answer))  # type: ignore[no-any-return]


def explained(books: Books, name: str, **scope: str) -> dict[str, Any]:
    """The only explanation of an actual, by the test's name for it."""
    (found,) = asked(books, guid(name), **scope)["found"]
    return dict(found)


def of_number(books: Books, number: str, **scope: str) -> dict[str, Any]:
    (found,) = asked(books, number, **scope)["found"]
    return dict(found)


def happened(made: dict[str, Any]) -> str:
    return "\n".join(f"{step['at'] or ''} {step['what']}" for step in made["history"])


def mark(books: Books, name: str, **values: Any) -> None:
    """What the write-back puts on a row."""
    staging = books.world.names.staging_table
    transact(books.world.client, [update(staging, guid(name), "A", values, expected={"st": "posted"})])


@pytest.fixture
def month(books: Books) -> Books:
    """A month in pounds with tax, posted and invoiced."""
    books.use(finance(TAXED))
    books.arrive(*approval(**IN_POUNDS), *billed(**IN_POUNDS))
    books.journalise()
    books.post_invoices()
    return books


def test_a_posted_cost_shows_its_journal_its_voucher_and_the_ledger(month: Books) -> None:
    made = explained(month, "work/cost")
    assert made["headline"] == "Cost (time) of 800.00 USD: posted with voucher PV-00000001, on journal USPM-000001"
    assert "was posted in journal USPM-000001 with voucher PV-00000001, accounting date 2026-08-27" in happened(made)
    assert [(line["account"], line["amount"], line["currency"]) for line in made["voucher_lines"]] == [
        ("540100", "800.00", "USD"),
        ("600300", "-800.00", "USD"),
    ]
    assert made["facts"]["project"] == "PRJ-GBP"


def test_a_billed_sale_shows_what_it_bills_its_invoice_and_its_write_back(month: Books) -> None:
    made = explained(month, "work/billed")
    (linked,) = made["linked"]
    assert (linked["role"], linked["id"], linked["amount"]) == ("bills", guid("work/unbilled"), "1600.00")
    assert linked["state"].startswith("posted with voucher")
    assert "customer invoice FTI-00000001 of 2026-08-31" in happened(made)
    assert "is not written back to Dataverse yet" in happened(made)
    assert {line["posting_type"] for line in made["voucher_lines"]} >= {"customer_balance", "sales_tax_payable"}

    mark(month, "work/billed", wb="failed", wd="404: msdyn_actual does not exist")
    made = explained(month, "work/billed")
    assert "was refused by Dataverse when it was written back: 404: msdyn_actual does not exist" in happened(made)
    assert any(f"reconcile --repair {guid('work/billed')}" in step for step in made["next"])
    mark(month, "work/billed", wb="done")
    made = explained(month, "work/billed")
    assert "was written back to Dataverse" in happened(made)
    assert made["next"] == ["nothing: it is done"]


def test_a_proposal_that_waits_names_each_blocking_actual_its_journal_and_that_journals_error(books: Books) -> None:
    books.use(finance(ledger_posting=accounts_without("wip_sales_value")))
    books.arrive(*billed("one", "two", total="3200"))
    books.journalise()
    books.import_staging()
    made = of_number(books, "INV-0001")
    assert made["headline"] == "Invoice proposal INV-0001 of 3200.00 USD before tax waits for its lines"
    assert {entry["actual_id"] for entry in made["waits_for"]} == {guid("one/unbilled"), guid("two/unbilled")}
    for entry in made["waits_for"]:
        assert (entry["reason"], entry["amount"], entry["currency"]) == ("unbilled_sales_not_posted", "1600.00", "USD")
        assert (entry["date"], entry["document"], entry["status"]) == ("2026-08-27", "USPM-000001", "error")
        assert entry["error"].startswith("ledger_account_missing")
        assert entry["since"] == "2026-08-31T13:00:00Z"
    assert made["next"][0].startswith("ledger_account_missing: add the account")
    assert "reset journal USPM-000001" in made["next"][1]

    row = explained(books, "one/billed")
    assert row["waits_for"][0]["actual_id"] == guid("one/unbilled")
    assert row["facts"]["proposal"] == "INV-0001 (waiting)"
    journal = of_number(books, "USPM-000001")
    assert {entry["actual_id"] for entry in journal["waits_for"]} == {guid("one/unbilled"), guid("two/unbilled")}
    assert "error" in journal["headline"]


def test_a_draft_journal_is_what_blocks_and_posting_it_is_what_to_do(books: Books) -> None:
    books.arrive(*billed())
    books.import_staging()
    made = of_number(books, "INV-0001")
    assert made["waits_for"][0]["document"] == "USPM-000001"
    assert made["next"] == ["post journal USPM-000001: journal_posting does it by its schedule"]
    assert "was not posted" not in happened(explained(books, "work/unbilled"))


def test_a_proposal_with_more_blocking_actuals_than_its_header_holds_names_them_all(books: Books) -> None:
    works = [f"w{number}" for number in range(55)]
    books.arrive(*billed(*works, total=str(1600 * 55)))
    books.import_staging()
    made = of_number(books, "INV-0001")
    assert len(made["waits_for"]) + made["left_out"]["waits_for"] == 55
    assert made["facts"]["billed actuals that have arrived"] == "55"


def test_a_rejection_that_replaying_cannot_mend_says_how_the_row_comes(books: Books) -> None:
    books.arrive(cost("work", msdyn_quantity=None, row_version=1))

    made = explained(books, "work")

    assert "schema: correct the row in Dataverse, or the registration of the step" in made["next"]
    assert not any("replay" in text for text in made["next"])
    assert any("reconcile --repair" in text for text in made["next"])


def test_advice_on_a_rejected_version_ends_with_the_newer_one_that_was_accepted(books: Books) -> None:
    books.arrive(cost("work", msdyn_quantity=None, row_version=1))
    books.arrive(cost("work", row_version=2, at="2030-01-01T00:00:00Z"))

    made = explained(books, "work")

    assert "a delivery was rejected: schema" in happened(made)
    assert not any("schema" in text for text in made["next"])
    assert "version 2, the newest known: 1 delivery\n" in happened(made) + "\n"


def test_a_proposal_short_of_an_actual_says_how_much_is_missing(books: Books) -> None:
    books.arrive(*billed(total="2000"))
    books.journalise()
    books.import_staging()
    made = of_number(books, "INV-0001")
    (entry,) = made["waits_for"]
    assert entry["reason"] == "billed_sales_mismatch"
    assert entry["detail"].endswith("the proforma to 2000.00 USD: 400.00 USD is missing")


def test_a_refused_posting_says_why_and_when(books: Books) -> None:
    books.arrive(*billed())
    books.journalise()
    books.use(finance(("customers.USPM.C-001.on_hold", True)))
    books.post_invoices()
    made = of_number(books, "INV-0001")
    assert "2026-08-31T13:00:00Z posting was refused: customer_on_hold" in happened(made)
    assert "customer_on_hold: release the customer" in made["next"]


def test_an_invoice_its_voucher_and_its_proposal_lead_to_the_same(month: Books) -> None:
    invoice = of_number(month, "FTI-00000001")
    assert invoice["headline"] == "Invoice FTI-00000001 for 1920.00 GBP with tax: posted"
    assert invoice["facts"]["proposal"] == "INV-0001"
    by_id = explained(month, "inv-1")
    assert (by_id["kind"], by_id["voucher_lines"]) == ("proposal", invoice["voucher_lines"])
    number = str(month.invoice()["voucher"])
    voucher = of_number(month, number)
    assert (voucher["kind"], voucher["voucher_lines"]) == ("voucher", invoice["voucher_lines"])


def test_a_journals_voucher_leads_to_its_actual_posted_or_not(books: Books) -> None:
    books.arrive(cost("a"))
    books.import_staging()
    before = of_number(books, "PV-00000001")
    assert before["headline"] == "Voucher PV-00000001 of journal USPM-000001: not in the ledger"
    books.post_journals()
    after = of_number(books, "PV-00000001")
    assert after["linked"][0]["id"] == guid("a")
    assert len(after["voucher_lines"]) == 2


def test_what_is_skipped_rejected_or_not_yet_imported_says_so(books: Books) -> None:
    books.arrive(*approval(), *confirmation(), cost("wrong", msdyn_transactiontypecode=7), cost("x", project="PRJ-9"))
    assert "waits for the next import" in explained(books, "work/cost")["headline"]
    books.import_staging()
    assert "skipped" in explained(books, "work/reversal")["headline"]
    wrong = explained(books, "wrong")
    assert "2026-08-31T13:00:00Z a delivery was rejected: unknown_code" in happened(wrong)
    assert wrong["next"][0].startswith("unknown_code: add the code to the table map")
    waiting = explained(books, "x")
    assert waiting["headline"].endswith("waits: reference_missing")
    assert guid("PRJ-9") in waiting["waits_for"][0]["detail"]


def test_an_actual_of_which_only_a_connection_has_arrived_says_that(books: Books) -> None:
    books.arrive(bills("b", "u"))
    made = explained(books, "b")
    assert made["headline"] == "Actual that has not arrived; only connections of it have"
    assert made["linked"][0]["state"] == "has not arrived"


def test_a_rejected_connection_and_a_rejected_proforma_are_found_by_their_ids(books: Books) -> None:
    books.arrive(
        connection("c", "a", "Winner", "b", "Loser"), proforma("p1", number="INV-1"), proforma("p2", number="INV-1")
    )
    assert explained(books, "c")["kind"] == "connection"
    assert "duplicate_proposal_number" in happened(explained(books, "p2"))


def test_a_row_whose_money_changed_after_posting_says_so(month: Books) -> None:
    month.arrive(
        sale("work/unbilled", "9", message="Update", changed=["msdyn_quantity"], **IN_POUNDS, at="2026-09-02T08:00:00Z")
    )
    made = explained(month, "work/unbilled")
    assert happened(made).endswith(
        "the books have the old one: it is 1800.00 GBP now and would be posted with 2340.00 USD, "
        "and was posted with 2080.00 USD"
    )
    assert any(step.startswith("late change") for step in made["next"])


def test_a_reversal_names_its_original(books: Books) -> None:
    books.arrive(sale("u"), sale("r", "-8"), reverses("r", "u"))
    books.journalise()
    (linked,) = explained(books, "r")["linked"]
    assert (linked["role"], linked["id"]) == ("reverses", guid("u"))


def test_a_number_of_two_companies_is_explained_for_both_or_for_the_one_named(books: Books) -> None:
    books.use(second_company(finance()))
    theirs = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
    books.arrive(*billed(), *billed("their", invoice="inv-2", **theirs))
    books.journalise()
    both = asked(books, "INV-0001")["found"]
    assert {made["company"] for made in both} == {"USPM", "GBPM"}
    assert of_number(books, "INV-0001", company="GBPM")["facts"]["proforma"] == guid("inv-2")
    assert {made["company"] for made in asked(books, "PV-00000001")["found"]} == {"USPM", "GBPM"}


def test_a_billed_sale_without_a_proforma_waits_for_it(books: Books) -> None:
    books.arrive(bill("b"))
    books.import_staging()
    made = explained(books, "b")
    assert "header_missing" in made["headline"]
    assert made["next"][0].startswith("header_missing: confirm the proforma")


@pytest.mark.parametrize(
    ("id", "looked"), [(guid("nobody"), "staging"), ("INV-9", "proposals"), ("PV-00009999", "ledger")]
)
def test_what_is_not_known_says_where_it_was_looked_for_and_what_that_means(books: Books, id: str, looked: str) -> None:
    books.arrive(cost("a"))
    answer = asked(books, id)
    assert answer["found"] == []
    assert looked in " ".join(answer["looked_in"])
    assert answer["next"]


class TestPausedMaps:
    @pytest.fixture
    def paused(self, books: Books) -> Books:
        """The maps are paused; then come an actual, its connection, a proforma, a newer version of a known actual."""
        books.arrive(sale("known"))
        self.change(books, MapAction.PAUSE)
        books.arrive(
            sale("new"), bills("new", "known"), proforma("inv-1", total="1600"), sale("known", row_version=9_000)
        )
        return books

    def change(self, books: Books, action: MapAction) -> None:
        states = MapStates(books.world.client, books.world.names.dataverse_table)
        for name in ("actuals", "transaction_connections", "invoices"):
            states.change(name, action, "month's end", "2026-08-31T09:00:00Z", person("ann"))

    @pytest.mark.parametrize(
        ("name", "kind", "headline", "map_name"),
        [
            ("new", "actual", "Actual that waits for the table map actuals", "actuals"),
            ("inv-1", "proposal", "Proforma that waits for the table map invoices", "invoices"),
        ],
    )
    def test_what_came_meanwhile_waits_for_its_map_which_is_to_be_resumed(
        self, paused: Books, name: str, kind: str, headline: str, map_name: str
    ) -> None:
        made = explained(paused, name)
        assert (made["kind"], made["headline"]) == (kind, headline)
        assert f"a delivery waits for the table map {map_name}" in happened(made)
        assert "2026-08-31T09:00:00Z the map is paused: month's end" in happened(made)
        assert made["next"] == [f"resume the map: `invoicing map resume {map_name}`"]

    def test_a_newer_version_that_waits_shows_beside_what_is_known(self, paused: Books) -> None:
        made = explained(paused, "known")
        assert made["headline"].startswith("Unbilled sale (time) of 1600.00 USD: waits for the next import")
        assert "a delivery waits for the table map actuals (version 9000)" in happened(made)

    def test_a_stopped_map_is_started_and_what_a_resumed_one_left_behind_comes_by_itself(self, paused: Books) -> None:
        self.change(paused, MapAction.STOP)
        made = explained(paused, "new")
        assert made["next"] == ["start the map: `invoicing map start actuals`"]
        self.change(paused, MapAction.START)
        assert explained(paused, "new")["next"] == [
            "nothing: its map runs again, and dataverse_catchup delivers it by its schedule"
        ]


def test_the_command_prints_the_same_and_ends_with_2_where_nothing_is_known(
    month: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {f"{k.upper()}": getattr(month.world.names, k) for k in TABLES}
    answer = asked(month, guid("work/billed"))
    with patch.dict(os.environ, environment):
        settings.cache_clear()
        assert cli.main(["explain", guid("work/billed"), "--json"]) == 0
        assert json.loads(capsys.readouterr().out) == answer
        assert cli.main(["explain", guid("work/billed")]) == 0
        shown = capsys.readouterr().out
        assert cli.main(["explain", "INV-9"]) == 2
        missing = capsys.readouterr().out
    settings.cache_clear()
    assert "Billed sale (time) of 1600.00 GBP: posted with voucher" in shown
    assert "customer balance" in shown
    assert "Nothing is known about INV-9." in missing


TABLES = ("staging_table", "journals_table", "proposals_table", "ledger_table", "setup_table")
