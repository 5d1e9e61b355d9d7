"""STG, JRN, CAT, LP: actuals become lines of integration journals, once, on the right journal, with their defaults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import BILLING_TYPES, Context, guid
from tests.rules.books import Books, before_transaction
from tests.rules.finance import TAXED, finance, second_company
from tests.rules.stories import FIXED_RATE, IN_POUNDS, approval, cost, sale

AUGUST_CLOSED = {
    "USPM": [
        {"start": "2026-08-01", "end": "2026-08-31", "status": "closed"},
        {"start": "2026-09-01", "end": "2026-09-30", "status": "on_hold"},
        {"start": "2026-10-01", "end": "2026-10-31", "status": "open"},
    ]
}


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


@pytest.mark.parametrize(
    ("unit", "periods"),
    [
        pytest.param("days", ["2025-12-31", "2026-01-05", "2026-01-20"], id="JRN-01"),
        pytest.param("months", ["2025-12", "2026-01"], id="JRN-02"),
        pytest.param("years", ["2025", "2026"], id="JRN-03"),
        pytest.param("all", ["all"], id="JRN-04"),
    ],
)
def test_there_is_a_journal_for_each_period(books: Books, unit: str, periods: list[str]) -> None:
    books.use(finance(("parameters.USPM.journal_period", unit)))
    books.arrive(*(cost(day, start=day) for day in ("2026-01-20", "2025-12-31", "2026-01-05")))
    books.import_staging()
    assert [period for _, period, _ in journals(books)] == periods
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


# --- what is on a line ------------------------------------------------------------------------------------------------

ROWS: dict[str, Context] = {
    "work/cost": cost("work/cost"),
    "work/unbilled": sale("work/unbilled"),
    "two dates": cost("two dates", start="2026-08-27", accounting_date="2026-08-31"),
    "in pounds": sale("in pounds", **IN_POUNDS),
    "in pounds, later": sale("in pounds, later", **{**IN_POUNDS, "accounting_date": "2026-08-30"}),
    "agreed rate": sale("agreed rate", **FIXED_RATE),
    "cost in pounds": cost("cost in pounds", **FIXED_RATE),
    **{name: sale(name, billing_type=name) for name in BILLING_TYPES},
    "Julia's": cost("Julia's", resource="Julia Funderburk"),
    "with category": cost("with category", category="Installation"),
    **{name: sale(name, transaction_class=name, product="P-100") for name in ("time", "expense", "material")},
}


@pytest.fixture(scope="module")
def imported(new_books: Callable[[], Books]) -> Books:
    """A journal with a line of each of ``ROWS``."""
    books = new_books()
    other = ("categories.USPM.Other", {"kind": "time"}), ("transaction_categories.USPM.Installation", "Other")
    books.use(finance(TAXED, *other))
    books.arrive(*ROWS.values())
    books.import_staging()
    assert len(books.journal_lines()) == len(ROWS)
    return books.closed()


def test_jrn_07_a_line_has_its_transaction_date_and_its_accounting_date(imported: Books) -> None:
    line = imported.journal_line("two dates")
    assert (line["transaction_date"], line["accounting_date"]) == ("2026-08-27", "2026-08-31")


def test_jrn_11_inv_19_each_line_has_a_voucher_number_of_its_own(imported: Books) -> None:
    vouchers = [line["voucher"] for line in imported.journal_lines()]
    assert vouchers == [f"PV-{number:08d}" for number in range(1, len(ROWS) + 1)]


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        pytest.param("work/unbilled", "100", id="FXR-14"),
        pytest.param("in pounds", "130", id="JRN-12, FXR-07"),
        pytest.param("in pounds, later", "137.77", id="JRN-12, the accounting date's"),
        pytest.param("agreed rate", "125", id="FXR-09"),
        pytest.param("cost in pounds", "130", id="FXR-09 is for sales, not for costs"),
    ],
)
def test_a_line_has_its_exchange_rate(imported: Books, name: str, rate: str) -> None:
    assert imported.journal_line(name)["price_exchange_rate"] == rate


@pytest.mark.parametrize(
    ("billing_type", "line_property"),
    [
        pytest.param("chargeable", "CHARGE", id="LP-02"),
        pytest.param("non_chargeable", "NOCHARGE", id="LP-03 non-chargeable"),
        pytest.param("complimentary", "COMP", id="LP-03 complimentary"),
        pytest.param("not_specified", "NONE", id="LP-04 not specified"),
        pytest.param("not_available", "NONE", id="LP-04 not available"),
    ],
)
def test_jrn_13_a_billing_type_becomes_a_line_property(imported: Books, billing_type: str, line_property: str) -> None:
    assert imported.journal_line(billing_type)["line_property"] == line_property


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("work/cost", {"unit_cost": "100.00", "cost_amount": "800.00", "unit_price": "0.00", "sales_amount": "0.00"}),
        (
            "work/unbilled",
            {"unit_cost": "0.00", "cost_amount": "0.00", "unit_price": "200.00", "sales_amount": "1600.00"},
        ),
    ],
)
def test_jrn_15_a_line_is_a_cost_or_a_sale(imported: Books, name: str, figures: dict[str, str]) -> None:
    assert imported.journal_line(name).items() >= figures.items()


def test_jrn_17_the_resource_is_shown_by_name(imported: Books) -> None:
    assert imported.journal_line("Julia's")["resource"] == "Julia Funderburk"


@pytest.mark.parametrize(
    ("name", "category"),
    [
        pytest.param("with category", "Other", id="CAT-01"),
        pytest.param("time", "Labor", id="CAT-02 time"),
        pytest.param("expense", "Travel", id="CAT-02 expense"),
        pytest.param("material", "Material", id="CAT-02 material"),
    ],
)
def test_a_line_has_the_category_of_its_transaction_category_or_class(
    imported: Books, name: str, category: str
) -> None:
    assert imported.journal_line(name)["category"] == category


@pytest.mark.parametrize(
    ("name", "item_group"),
    [
        pytest.param("time", "SERV", id="TAX-06, TAX-07"),
        pytest.param("material", "GOODS", id="TAX-06, TAX-08"),
    ],
)
def test_a_sales_line_has_its_sales_tax_groups(imported: Books, name: str, item_group: str) -> None:
    line = imported.journal_line(name)
    assert (line["sales_tax_group"], line["item_sales_tax_group"]) == ("DOM", item_group)


@pytest.mark.parametrize(
    ("automatic", "accounting_date"),
    [pytest.param(True, "2026-10-01", id="JRN-08"), pytest.param(False, "2026-08-27", id="JRN-09")],
)
def test_an_accounting_date_in_a_closed_period_moves_where_the_company_wants_it(
    books: Books, automatic: bool, accounting_date: str
) -> None:
    books.use(finance(("parameters.USPM.auto_open_period", automatic), fiscal_periods=AUGUST_CLOSED))
    books.arrive(cost("work"))
    books.import_staging()
    line = books.journal_line("work")
    assert (line["transaction_date"], line["accounting_date"]) == ("2026-08-27", accounting_date)


# --- what a row waits for ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missing", "row", "reason"),
    [
        pytest.param(
            finance(exchange_rates=[]), sale("work", **IN_POUNDS), "exchange_rate_missing", id="STG-14, FXR-11"
        ),
        pytest.param(finance(("references.msdyn_project", {})), cost("work"), "reference_missing", id="reference"),
        pytest.param(
            finance(("transaction_categories.USPM", {})),
            cost("work", category="Installation"),
            "category_missing",
            id="CAT-03, 99-09: the default is not taken silently",
        ),
        pytest.param(
            finance(("parameters.USPM.line_property_mapping.not_available", None)),
            cost("work", billing_type="not_available"),
            "line_property_missing",
            id="LP-05, STG-17",
        ),
        pytest.param(finance(("projects.PRJ-1.open", False)), cost("work"), "project_closed", id="STG-23"),
    ],
)
def test_a_row_waits_for_what_the_set_up_lacks_and_is_imported_once_it_is_there(
    books: Books, missing: dict[str, Any], row: Context, reason: str
) -> None:
    books.use(missing)
    books.arrive(row)
    books.import_staging()
    assert (books.state("work"), books.row("work")["reason"], books.journal_lines()) == ("pending", reason, [])
    books.use(finance())
    books.import_staging()
    assert (books.state("work"), books.row("work")["reason"]) == ("imported", None)
