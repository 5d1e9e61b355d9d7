"""What waits for master data is imported when that comes, and nothing else is looked at (D-099 to D-101)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.journal_line import JournalLine
from project_invoicing.domain.master_data import NameKey, Part, RateKey, Rates
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.events.own import MasterDataLoaded
from project_invoicing.store.journals import Journals
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.rates import ExchangeRates
from project_invoicing.store.staging import Staging
from tests import master
from tests.builders import AT, Context, guid, option, proforma
from tests.counting import counted
from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance, second_company
from tests.rules.invoices.test_intercompany_invoices import between_companies, sold
from tests.rules.journals.cases import statuses
from tests.rules.stories import FIXED_RATE, IN_POUNDS, bill, billed, bills, cost, sale

UNKNOWN = {"project": "PRJ-2"}
PROJECT = master.project("PRJ-2", contract="CTR-1")
OF_TWO: dict[str, Any] = {"project": "PRJ-2", "contract": None, "contract_line": None, "customer": None}
"""An actual that leaves it to its project whose it is."""
PROJECT_OF_TWO = master.project("PRJ-2", contract="CTR-2")
LATER: dict[str, Any] = {"message": "Update", "at": "2026-08-29T10:00:00Z"}
NewBooks = Callable[[], Books]
POUNDS_AGREED = {"currency": "GBP", "rate": "1.3", "factor": "1"}
BLOCKER = f"msdyn_project#{guid('PRJ-2')}"


@pytest.fixture
def books(new_books: Callable[[], Books]) -> Books:
    """Contoso's books, empty but for the row of its legal entity."""
    books = new_books()
    comes(books, master.company("USPM"))
    return books


def staging(books: Books) -> Staging:
    return Staging(books.world.client, books.world.names.staging_table)


def blocker(books: Books, name: str) -> str | None:
    return staging(books).rows([guid(name)])[guid(name)].blocker


def drafted_line(books: Books, name: str, company: str = "USPM") -> JournalLine:
    """The line of an actual on a journal, as it is stored."""
    journals = Journals(books.world.client, books.world.names.journals_table)
    numbers = [journal["journal_id"] for journal in books.result["journals"]]
    pages = (page for number in numbers for page in journals.pages(company, number))
    return next(line for page in pages for line in page.lines if line.actual_id == guid(name))


def waits(books: Books, *contexts: Context) -> None:
    """These arrive and are imported, as far as they can be."""
    books.arrive(*contexts)
    books.import_staging()


def set_finance(books: Books, part: Part, number: str, before: dict[str, Any], columns: dict[str, Any]) -> None:
    """Finance sets its own columns of a name of USPM."""
    name = NameKey(part, "USPM", number)
    MasterData(books.world.client, books.world.names.master_data_table).set_finance(name, columns, before=before, at=AT)


def comes(books: Books, *contexts: Context) -> None:
    """Master data arrives, and whoever listens is told; nothing is scheduled."""
    books.arrive(*contexts)
    books.world.drain()
    books._result = None


# --- what blocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contexts", "document", "expected"),
    [
        ([cost("one", **UNKNOWN)], finance(), BLOCKER),
        ([sale("one", **IN_POUNDS)], finance(exchange_rates=[]), "rate#GBP#USD"),
        ([cost("one", category="Training")], finance(), "policy"),
        ([bill("one")], finance(), None),
    ],
)
def test_a_waiting_row_stores_what_would_end_its_wait(
    books: Books, contexts: list[Context], document: dict[str, object], expected: str | None
) -> None:
    books.use(document)
    waits(books, *contexts)
    assert blocker(books, "one") == expected
    assert [row.id for row in staging(books).blocked_by([expected or "policy"])] == [guid("one")] * bool(expected)


def test_a_row_that_waits_no_longer_has_no_blocker(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN), cost("two", **UNKNOWN))
    books.arrive(cost("two", message="Update", changed=["msdyn_project"], at="2026-08-28T10:00:00Z"))
    assert blocker(books, "two") is None
    comes(books, PROJECT)
    assert (books.state("one"), blocker(books, "one")) == ("imported", None)
    assert list(staging(books).blocked_by([BLOCKER])) == []


# --- what is woken ----------------------------------------------------------------------------------------------------


def test_stg_14_the_arrival_of_a_project_imports_exactly_what_waited_for_it(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN), cost("other", project="PRJ-3"))
    books.arrive(cost("later"))
    comes(books, PROJECT)
    assert [line["actual_id"] for line in books.journal_lines()] == [guid("one")]
    assert (books.state("other"), books.state("later")) == ("pending", "pending")


def test_a_row_that_says_nothing_new_wakes_nobody(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN))
    comes(books, PROJECT)
    books.arrive(PROJECT)
    assert books.world.unsent() == []


def test_stg_23_opening_a_project_imports_what_waited_for_that(books: Books) -> None:
    comes(books, master.project("PRJ-2", contract="CTR-1", statecode=option(1)))
    waits(books, cost("one", **UNKNOWN))
    assert (books.row("one")["reason"], blocker(books, "one")) == ("project_closed", BLOCKER)
    reopened = master.project("PRJ-2", contract="CTR-1", message="Update", at="2026-08-29T10:00:00Z")
    comes(books, reopened)
    assert books.state("one") == "imported"


def test_a_proposal_whose_rows_wait_for_a_project_is_filled_when_that_comes_and_its_sales_are_posted(
    books: Books,
) -> None:
    waits(books, *billed(**UNKNOWN))
    assert books.reasons() == ["reference_missing"]
    comes(books, PROJECT)
    assert (books.state("work/unbilled"), books.reasons()) == ("imported", ["unbilled_sales_not_posted"])
    books.run("journal_posting")
    books.world.drain()
    books._result = None
    assert books.proposal()["status"] == "ready"


def test_a_header_whose_contract_is_unknown_gets_its_company_and_lines_when_that_comes(books: Books) -> None:
    of: dict[str, str] = {"contract": "CTR-2"}
    waits(books, *billed(**of, contract_line="CTR-1-FP", project="PRJ-1"))
    comes(books, master.account("C-009"), master.contract("CTR-2", customer="C-001"))
    assert books.proposal()["company"] == "USPM"
    assert "reference_missing" not in books.reasons()


def test_a_first_load_has_everything_looked_at_once(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN), *billed("two", **UNKNOWN))
    books.arrive(PROJECT)
    assert books.world.unsent()  # told to nobody, as in a first load
    assert books.state("one") == "pending"
    loaded = MasterDataLoaded(map="projects").on_bus(books.world.at, "projects")
    books.world.tell("staging_import", loaded)
    books._result = None
    assert (books.state("one"), books.state("two/unbilled")) == ("imported", "imported")


def test_looking_for_what_waits_costs_the_same_whatever_else_waits(books: Books) -> None:
    def requests(others: int) -> int:
        waits(books, *(cost(f"other {others} {n}", project="PRJ-9") for n in range(others)))
        event = sample("staging_import/master-data-changed")
        event["detail"]["blockers"] = [BLOCKER]
        with counted(books.world.client) as usage:
            books.call("staging_import", event)
        return usage.requests

    assert requests(1) == requests(30)


def test_a_rate_that_comes_imports_what_waited_for_it(books: Books) -> None:
    books.use(finance(exchange_rates=[]))
    waits(books, sale("one", **IN_POUNDS))
    rates = ExchangeRates(books.world.client, books.world.names.master_data_table)
    assert rates.set(
        RateKey("default", "GBP", "USD"), {date(2026, 8, 1): ExchangeRate(Decimal("1.25"), Decimal(1))}, AT
    )
    comes(books)
    assert books.state("one") == "imported"
    assert books.journal_line("one")["price_exchange_rate"] == "1.25"


def test_a_row_of_dataverse_sets_the_rate_of_its_day_and_takes_it_away_when_it_moves_or_goes(books: Books) -> None:
    rates, pair = MasterData(books.world.client, books.world.names.master_data_table), RateKey("default", "GBP", "USD")

    def days() -> dict[str, str]:
        found = rates.read([pair])[pair]
        return {str(day): str(rate.rate) for day, rate in found.days} if isinstance(found, Rates) else {}

    def row(rate: str, day: str, hour: int, **given: Any) -> Context:
        return master.exchange_rate("rate", "GBP", "USD", rate, day, at=f"2026-08-28T{hour:02}:00:00Z", **given)

    books.use(finance(exchange_rates=[]))
    waits(books, sale("one", **IN_POUNDS))
    comes(books, row("1.25", "2026-08-01", 10))
    assert (books.state("one"), days()) == ("imported", {"2026-08-01": "1.25"})
    comes(books, row("1.26", "2026-08-02", 12, message="Update"))
    comes(books, row("1.24", "2026-08-01", 11, message="Update"))  # late, and overtaken
    comes(books, row("1.26", "2026-08-02", 12, message="Update"))
    assert days() == {"2026-08-02": "1.26"}
    comes(books, master.exchange_rate("corrected", "GBP", "USD", "1.27", "2026-08-02", row_version=13))
    comes(books, master.deletion("msdyn_currencyexchangerate", "rate", at="2026-08-28T13:00:00Z"))
    assert days() == {"2026-08-02": "1.27"}
    comes(books, master.deletion("msdyn_currencyexchangerate", "corrected", at="2026-08-28T14:00:00Z"))
    assert days() == {}


def test_what_waits_since_before_rows_had_a_blocker_is_found_by_the_schedule_and_then_has_one(books: Books) -> None:
    waits(books, cost("one", **UNKNOWN))
    books.world.client.update_item(
        TableName=books.world.names.staging_table,
        Key={"pk": {"S": guid("one")}, "sk": {"S": "A"}},
        UpdateExpression="REMOVE bk",
    )
    assert blocker(books, "one") is None
    books.import_staging()
    assert blocker(books, "one") == BLOCKER


# --- what is known by its number alone --------------------------------------------------------------------------------


class TestWaitsByNumber:
    """The policy names a contract or a customer by a number that nobody has yet (D-125)."""

    CTR_9 = "name#contracts#USPM#CTR-9"

    @pytest.fixture
    def waiting(self, new_books: NewBooks) -> Books:
        books = new_books()
        books.use(finance(("projects.PRJ-2", {"company": "USPM", "contract": "CTR-9"})))
        comes(books, master.company("USPM"), master.project("PRJ-2"), master.contract("CTR-8", customer="C-001"))
        waits(books, cost("one", **OF_TWO))
        assert (books.row("one")["reason"], blocker(books, "one")) == ("reference_missing", self.CTR_9)
        return books

    @pytest.mark.parametrize(
        "contract",
        [
            master.contract("CTR-9", customer="C-001"),
            master.contract("CTR-8", number="CTR-9", customer="C-001", **LATER),
        ],
        ids=["a new row", "a row that takes the number"],
    )
    def test_a_row_that_comes_under_the_number_imports_what_waited_for_it(
        self, waiting: Books, contract: Context
    ) -> None:
        comes(waiting, contract)
        assert waiting.state("one") == "imported"
        assert drafted_line(waiting, "one").contract == "CTR-9"

    def test_a_proposal_waits_for_the_number_of_its_customer(self, new_books: NewBooks) -> None:
        books = new_books()
        of_two = {"company": "USPM", "customer": "C-900", "currency": "USD"}
        books.use(finance(("contracts.CTR-2", of_two)))
        comes(books, master.company("USPM"), master.contract("CTR-2"))
        header = proforma("inv-1", contract="CTR-2", customer=None)
        waits(books, header, *billed(contract="CTR-2", contract_line="CTR-1-FP", project="PRJ-1")[1:])
        assert "reference_missing" in books.reasons()
        comes(books, master.account("C-900"))
        assert "reference_missing" not in books.reasons()

    @pytest.mark.parametrize(
        "account",
        [
            master.account("here", number="C-901", name="Fabrikam"),
            master.account("there", number="C-901", **LATER),
        ],
        ids=["an account of its number", "the account itself"],
    )
    def test_a_proposal_whose_customer_is_anothers_waits_for_both(self, new_books: NewBooks, account: Context) -> None:
        books = new_books()
        books.use(second_company(finance()))
        comes(books, master.company("USPM"), master.company("GBPM"))
        comes(books, master.account("there", number="C-901", company="GBPM", name="Fabrikam"))
        waits(books, proforma("inv-1", customer="there"), *billed()[1:])
        assert "reference_missing" in books.reasons()
        comes(books, account)
        assert "reference_missing" not in books.reasons()


def test_a_row_that_waits_for_the_contract_of_its_project_is_imported_when_the_project_gets_another(
    books: Books,
) -> None:
    comes(books, master.project("PRJ-2", contract="CTR-7"))
    waits(books, cost("one", **OF_TWO))
    assert blocker(books, "one") == f"salesorder#{guid('CTR-7')}"
    comes(books, master.project("PRJ-2", contract="CTR-1", **LATER))
    assert books.state("one") == "imported"


# --- what changes under lines that are not posted yet -----------------------------------------------------------------


class TestChangesOfMasterData:
    """PRJ-2 belongs to CTR-2 of customer C-001; a line of it is on a draft."""

    @pytest.fixture
    def drafted(self, books: Books) -> Books:
        comes(books, master.contract("CTR-2", customer="C-001"), PROJECT_OF_TWO)
        waits(books, cost("one", **OF_TWO), cost("other"))
        assert (drafted_line(books, "one").contract, drafted_line(books, "one").customer) == ("CTR-2", "C-001")
        return books

    def test_a_draft_line_follows_its_project_to_another_contract(self, drafted: Books) -> None:
        before = drafted_line(drafted, "one")
        comes(drafted, master.project("PRJ-2", contract="CTR-GBP", **LATER))
        after = drafted_line(drafted, "one")
        assert (after.contract, after.voucher) == ("CTR-GBP", before.voucher)

    def test_a_draft_line_takes_the_new_customer_of_its_contract(self, drafted: Books) -> None:
        comes(drafted, master.contract("CTR-2", customer="C-002", **LATER))
        assert drafted_line(drafted, "one").customer == "C-002"
        assert drafted_line(drafted, "other").customer == "C-001"

    @pytest.mark.parametrize(
        ("renumbered", "named"),
        [
            (master.project("PRJ-2", number="PRJ-2B", contract="CTR-2", **LATER), ("PRJ-2B", "CTR-2")),
            (master.contract("CTR-2", number="CTR-2B", customer="C-001", **LATER), ("PRJ-2", "CTR-2B")),
        ],
    )
    def test_a_draft_line_takes_the_new_number_of_its_project_or_contract(
        self, drafted: Books, renumbered: Context, named: tuple[str, str]
    ) -> None:
        comes(drafted, renumbered)
        after = drafted_line(drafted, "one")
        assert (after.project, after.contract) == named
        assert drafted_line(drafted, "other").project == "PRJ-1"

    def test_a_draft_line_whose_project_loses_its_number_to_another_waits(self, drafted: Books) -> None:
        comes(drafted, master.project("PRJ-3"), master.project("PRJ-2", number="PRJ-3", contract="CTR-2", **LATER))
        assert drafted.state("one") == "pending"
        detail = staging(drafted).rows([guid("one")])[guid("one")].detail
        assert detail is not None
        assert "PRJ-3 is the number of msdyn_project" in detail

    def test_the_line_of_a_renumbered_contract_goes_on_being_billed_as_before(self, books: Books) -> None:
        line = master.contract_line("L-1", "CTR-2", project="PRJ-2", msdyn_billingmethod=option(192350001))
        comes(books, master.contract("CTR-2", customer="C-001"), PROJECT_OF_TWO, line)
        waits(books, cost("one", **OF_TWO | {"contract_line": "L-1"}))
        assert drafted_line(books, "one").contract_line == "CTR-2-1"
        comes(books, master.contract("CTR-2", number="CTR-2B", customer="C-001", **LATER))
        assert drafted_line(books, "one").contract_line == "CTR-2B-1"

    def test_what_a_person_set_stays_where_nothing_that_matters_changes(self, drafted: Books) -> None:
        journal = drafted.result["journals"][0]["journal_id"]
        drafted.edit(
            "edit", company="USPM", journal_id=journal, actual_id=guid("one"), dimensions={"Department": "022"}
        )
        with counted(drafted.world.client) as usage:
            comes(drafted, master.project("PRJ-2", contract="CTR-2", msdyn_subject="Another name", **LATER))
        assert drafted_line(drafted, "one").dimensions == {"Department": "022"}
        assert usage.operations["Query"] <= 8  # no journal is read for a name

    def test_what_is_posted_stays_as_it_is(self, drafted: Books) -> None:
        drafted.post_journals()
        before = drafted.result["vouchers"]
        comes(drafted, master.contract("CTR-2", customer="C-002", **LATER))
        assert drafted.result["vouchers"] == before
        assert drafted_line(drafted, "one").customer == "C-001"

    def test_a_line_whose_project_moves_to_another_company_is_imported_there(self, new_books: NewBooks) -> None:
        books = new_books()
        books.use(second_company(finance()))
        comes(books, master.company("USPM"), master.company("GBPM"))
        comes(books, master.project("PRJ-7", contract="CTR-1"))
        waits(books, cost("one", **OF_TWO | {"project": "PRJ-7"}))
        assert books.row("one")["company"] == "USPM"
        comes(books, master.project("PRJ-7", contract="CTR-2", company="GBPM", **LATER))
        assert (books.state("one"), books.row("one")["company"]) == ("imported", "GBPM")

    def test_a_draft_line_of_a_lender_takes_the_new_number_of_the_borrowers_project(self, new_books: NewBooks) -> None:
        books = new_books()
        books.use(between_companies())
        comes(books, master.company("USPM"), master.company("GBPM"), PROJECT)
        waits(books, sold("sold", **UNKNOWN))
        assert (books.row("sold")["company"], drafted_line(books, "sold", "GBPM").project) == ("GBPM", "PRJ-2")
        comes(books, master.project("PRJ-2", number="PRJ-2B", contract="CTR-1", **LATER))
        assert drafted_line(books, "sold", "GBPM").project == "PRJ-2B"

    def test_a_ready_proposal_is_judged_again_when_its_project_moves(self, drafted: Books) -> None:
        of_two = [sale("two/unbilled", **OF_TWO), bill("two/billed", **OF_TWO), bills("two/billed", "two/unbilled")]
        drafted.arrive(proforma("inv-1", contract="CTR-2"), *of_two)
        drafted.journalise()
        assert drafted.proposal()["status"] == "ready"
        comes(drafted, master.project("PRJ-2", contract="CTR-GBP", **LATER))
        proposals = Proposals(drafted.world.client, drafted.world.names.proposals_table, ())
        assert [line.contract for line in proposals.lines(guid("inv-1"))] == ["CTR-GBP"]


class TestLinesInError:
    """A trip of PRJ-2, which belongs to CTR-2, could not be posted: its journal is in error until it is reset."""

    @pytest.fixture
    def failed(self, new_books: NewBooks) -> Books:
        books = new_books()
        books.use(second_company(finance(ledger_posting=accounts_without("expense_offset"))))
        comes(books, master.company("USPM"), master.company("GBPM"))
        comes(books, master.contract("CTR-2", customer="C-001"), PROJECT_OF_TWO)
        waits(books, cost("one", transaction_class="expense", **OF_TWO), cost("other"))
        books.post_journals()
        assert statuses(books) == [("USPM-000001", "posted", 1), ("USPM-000002", "error", 1)]
        assert drafted_line(books, "one").error
        return books

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            (master.project("PRJ-2", contract="CTR-1", **LATER), ("PRJ-2", "CTR-1", "C-001")),
            (master.project("PRJ-2", number="PRJ-2B", contract="CTR-2", **LATER), ("PRJ-2B", "CTR-2", "C-001")),
            (master.contract("CTR-2", customer="C-002", **LATER), ("PRJ-2", "CTR-2", "C-002")),
        ],
    )
    def test_a_line_in_error_follows_its_project_and_its_contract(
        self, failed: Books, change: Context, named: tuple[str, str, str]
    ) -> None:
        before = drafted_line(failed, "one")
        comes(failed, change)
        after = drafted_line(failed, "one")
        assert (after.project, after.contract, after.customer) == named
        assert (after.voucher, after.error) == (before.voucher, None)
        assert statuses(failed)[1] == ("USPM-000002", "error", 1)  # a person resets it (POST-04)

    def test_a_line_in_error_whose_project_moves_to_another_company_is_imported_there(self, failed: Books) -> None:
        comes(failed, master.project("PRJ-2", contract="CTR-GBP", company="GBPM", **LATER))
        assert (failed.state("one"), failed.row("one")["company"]) == ("imported", "GBPM")

    def test_fxr_08_a_line_in_error_takes_the_fixed_rate_of_its_contract(self, new_books: NewBooks) -> None:
        books = new_books()
        books.use(finance(ledger_posting=accounts_without("accrued_revenue_sales_value")))
        comes(books, master.company("USPM"))
        waits(books, sale("one", **IN_POUNDS))
        books.post_journals()
        assert statuses(books) == [("USPM-000001", "error", 1)]
        set_finance(books, Part.CONTRACTS, "CTR-GBP", {}, {"fixed_exchange_rate": POUNDS_AGREED})
        comes(books)
        assert books.journal_line("one")["price_exchange_rate"] == "1.3"


def test_fxr_08_a_fixed_rate_re_rates_the_drafts_of_its_contract_alone(books: Books) -> None:
    waits(books, sale("one", **IN_POUNDS), sale("two", **FIXED_RATE))
    before = books.journal_line("two")
    assert books.journal_line("one")["price_exchange_rate"] != "1.3"
    name = NameKey(Part.CONTRACTS, "USPM", "CTR-GBP")
    agreed = {"fixed_exchange_rate": {"currency": "GBP", "rate": "1.3", "factor": "1"}}
    MasterData(books.world.client, books.world.names.master_data_table).set_finance(name, agreed, before={}, at=AT)
    comes(books)
    assert books.journal_line("one")["price_exchange_rate"] == "1.3"
    assert books.journal_line("two") == before


def test_a_fixed_rate_wakes_what_waited_for_a_rate_of_the_day(books: Books) -> None:
    books.use(finance(exchange_rates=[]))
    waits(books, sale("one", **IN_POUNDS))
    assert books.row("one")["reason"] == "exchange_rate_missing"
    name = NameKey(Part.CONTRACTS, "USPM", "CTR-GBP")
    agreed = {"fixed_exchange_rate": {"currency": "GBP", "rate": "1.3", "factor": "1"}}
    MasterData(books.world.client, books.world.names.master_data_table).set_finance(name, agreed, before={}, at=AT)
    comes(books)
    assert books.state("one") == "imported"
