"""STG, JRN: actuals become lines of integration journals, once, on the right journal."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.builders import guid
from tests.rules.books import Books, before_transaction
from tests.rules.finance import finance, second_company
from tests.rules.stories import IN_POUNDS, approval, cost, sale


def journals(books: Books) -> list[tuple[str, str, int]]:
    """Number, period and how many lines of each journal."""
    return [(j["journal_id"], j["period"], len(j["lines"])) for j in books.result["journals"]]


# --- which rows, how often --------------------------------------------------------------------------------------------


def test_stg_01_each_actual_has_a_line_of_its_own(books: Books) -> None:
    books.arrive(*approval())
    books.import_staging()
    assert [(line["actual_id"], line["kind"]) for line in books.journal_lines()] == [
        (guid("work/cost"), "cost"),
        (guid("work/unbilled"), "unbilled_sales"),
    ]


def test_stg_02_an_import_adds_only_what_is_on_no_journal_yet(books: Books) -> None:
    books.arrive(cost("one"))
    books.import_staging()
    books.arrive(cost("two"))
    books.import_staging()
    books.import_staging()
    assert [line["actual_id"] for line in books.journal_lines()] == [guid("one"), guid("two")]


def test_stg_03_num_08_deleted_lines_are_imported_again_with_new_vouchers(books: Books) -> None:
    books.arrive(*approval())
    for voucher in ("PV-00000001", "PV-00000003"):
        books.import_staging()
        assert books.journal_line("work/cost")["voucher"] == voucher
        assert books.edit("delete_lines", company="USPM", journal_id="USPM-000001") == "deleted"
        assert books.journal_lines() == []
    books.import_staging()
    books.import_staging()
    assert len(books.journal_lines()) == 2
    books.post_journals()
    assert books.state("work/cost") == books.state("work/unbilled") == "posted"


def test_stg_04_posted_lines_are_not_imported_again(books: Books) -> None:
    books.arrive(*approval())
    books.journalise()
    books.journalise()
    assert len(books.journal_lines()) == 2


@pytest.mark.parametrize("earlier", range(3))
def test_stg_16_two_imports_at_once_make_each_line_once(books: Books, earlier: int) -> None:
    """The second runs whole after ``earlier`` transactions of the first, which then goes on with what it has read."""
    books.use(finance(("parameters.USPM.journal_period", "days"), ("parameters.USPM.journal_line_limit", 2)))
    books.arrive(*approval(), *approval("more"), cost("other", start="2026-08-28"))
    with before_transaction(books, earlier, lambda: books.run("staging_import")):
        books.import_staging()
    on_lines = Counter(line["actual_id"] for line in books.journal_lines())
    assert on_lines == Counter(row["actual_id"] for row in books.result["staging"])
    assert len({line["voucher"] for line in books.journal_lines()}) == 5


def test_stg_24_a_run_for_one_company_imports_its_rows_only(books: Books) -> None:
    books.use(second_company(finance()))
    books.arrive(cost("ours"), cost("theirs", project="PRJ-2", contract="CTR-2", contract_line="CTR-2-1"))
    books.import_staging(company="GBPM")
    assert (books.state("ours"), books.state("theirs")) == ("pending", "imported")


def test_num_07_each_company_counts_for_itself(books: Books) -> None:
    books.use(second_company(finance()))
    books.arrive(cost("ours"), cost("theirs", project="PRJ-2", contract="CTR-2", contract_line="CTR-2-1"))
    books.import_staging()
    assert [journal["journal_id"] for journal in books.result["journals"]] == ["USPM-000001", "USPM-000001"]
    assert [line["voucher"] for line in books.journal_lines()] == ["PV-00000001", "PV-00000001"]


def test_cls_12_a_tax_actual_is_not_imported(books: Books) -> None:
    books.arrive(sale("tax", "1", "20", transaction_class="tax"))
    books.import_staging()
    assert books.state("tax") == "skipped"


# --- which journal ----------------------------------------------------------------------------------------------------


def test_jrn_01_there_is_a_journal_for_each_period(books: Books) -> None:
    books.use(finance(("parameters.USPM.journal_period", "days")))
    books.arrive(*(cost(day, start=day) for day in ("2026-01-20", "2025-12-31", "2026-01-05")))
    books.import_staging()
    assert [period for _, period, _ in journals(books)] == ["2025-12-31", "2026-01-05", "2026-01-20"]
    assert len(books.journal_lines()) == 3


def test_jrn_05_a_journal_that_is_being_posted_takes_no_more_lines(books: Books) -> None:
    books.arrive(cost("one"))
    books.import_staging()
    books.world.client.update_item(  # as a posting that died after its first page leaves it
        TableName=books.world.names.journals_table,
        Key={"pk": {"S": "JOURNAL#USPM#USPM-000001"}, "sk": {"S": "H"}},
        UpdateExpression="SET st = :processing",
        ExpressionAttributeValues={":processing": {"S": "processing"}},
    )
    books.arrive(cost("two"))
    books.import_staging()
    assert journals(books) == [("USPM-000001", "all", 1), ("USPM-000002", "all", 1)]


def test_jrn_06_a_journal_takes_as_many_lines_as_the_company_allows(books: Books) -> None:
    books.use(finance(("parameters.USPM.journal_line_limit", 3)))
    books.arrive(cost("first"), cost("second"))
    books.import_staging()
    books.arrive(*(cost(f"later {n}") for n in range(5)))
    books.import_staging()
    assert [count for _, _, count in journals(books)] == [3, 3, 1]
    numbers = [[line["line_number"] for line in journal["lines"]] for journal in books.result["journals"]]
    assert numbers == [[1, 2, 3], [1, 2, 3], [1]]


# --- what a row waits for ---------------------------------------------------------------------------------------------


def test_stg_14_a_row_waits_for_what_the_set_up_lacks_and_is_imported_once_it_is_there(books: Books) -> None:
    books.use(finance(exchange_rates=[]))
    books.arrive(sale("work", **IN_POUNDS))
    books.import_staging()
    found = (books.state("work"), books.row("work")["reason"], books.journal_lines())
    assert found == ("pending", "exchange_rate_missing", [])
    books.use(finance())
    books.import_staging()
    assert (books.state("work"), books.row("work")["reason"]) == ("imported", None)
