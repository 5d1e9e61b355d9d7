"""STG, CAT, LP, BB: why a row waits is stored on it, stays while it is so, and is looked at again at every import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.staged_row import StagedRow
from tests.builders import Context, actual, guid, lookup, proforma, references
from tests.harness import World, envelope
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.journals.cases import custom_columns, later, opened, stored
from tests.rules.stories import bill, cost, sale

CATEGORY = "msdyn_transactioncategory"
YEN: dict[str, Any] = {"from": "JPY", "to": "USD", "valid_from": "2026-01-01", "rate": "0.68", "factor": 100}
INTERNAL: dict[str, Any] = {"project": "PRJ-INT", "contract": None, "contract_line": None, "customer": None}


def lacking() -> dict[str, Any]:
    """Contoso without what the rows below need."""
    made = finance(
        ("parameters.USPM.beginning_balance_date", "2026-07-31"),
        ("parameters.USPM.category_defaults.fee", None),
        ("parameters.USPM.line_property_mapping.not_available", None),
        ("projects.PRJ-OLD", {"company": "USPM", "contract": "CTR-1", "open": False}),
        ("projects.PRJ-INT", {"company": "USPM"}),
        ("currencies.EUR", {"precision": "0.01"}),
    )
    made["exchange_rates"].append(YEN | {"valid_from": "2026-09-01"})
    made["references"]["msdyn_project"] |= references(project=["PRJ-OLD", "PRJ-INT"])["msdyn_project"]
    made["references"]["transactioncurrency"] |= references(currency=["EUR"])["transactioncurrency"]
    return made


def mended() -> dict[str, Any]:
    """Contoso with all of it."""
    made = second_company(
        finance(
            ("projects.PRJ-OLD", {"company": "USPM", "contract": "CTR-1"}),
            ("projects.PRJ-INT", {"company": "USPM"}),
            ("projects.PRJ-404", {"company": "USPM", "contract": "CTR-1"}),
            ("currencies.EUR", {"precision": "0.01"}),
            ("transaction_categories.USPM.Training", "Labor"),
            ("transaction_categories.USPM.Installation", "Travel"),
            intercompany=[{"lender": "GBPM", "borrower": "USPM", "customer": "C-001", "vendor": "V-GBPM"}],
        )
    )
    made["exchange_rates"] += [YEN, YEN | {"from": "EUR"}]
    known = references(
        project=["PRJ-OLD", "PRJ-INT", "PRJ-404"],
        category=["Travelling"],
        resource=["Molly Clark"],
        product=["P-900"],
        currency=["EUR"],
    )
    made["products"]["P-900"] = {}
    made["transaction_categories"]["USPM"]["Travelling"] = "Labor"
    for entity, names in known.items():
        made["references"].setdefault(entity, {}).update(names)
    return made


class Case(NamedTuple):
    """A row, why it waits, and the values that led to it."""

    row: Context
    reason: str
    detail: str


CASES = {
    "the project": Case(
        sale("project", project="PRJ-404"),
        "reference_missing",
        f"msdyn_project {guid('PRJ-404')} is not among the set-up's references",
    ),
    "the category": Case(
        cost("category", category="Travelling"),
        "reference_missing",
        f"msdyn_transactioncategory {guid('Travelling')} is not among the set-up's references",
    ),
    "JRN-17 a resource that brings no name": Case(
        cost("resource", msdyn_bookableresource=lookup("bookableresource", "Molly Clark")),
        "reference_missing",
        f"bookableresource {guid('Molly Clark')} is not among the set-up's references",
    ),
    "the product": Case(
        cost("product", transaction_class="material", product="P-900"),
        "reference_missing",
        f"product {guid('P-900')} is not among the set-up's references",
    ),
    "STG-14, FXR-11 the pair": Case(
        sale("rate", currency="EUR"),
        "exchange_rate_missing",
        "no exchange rate from EUR to USD on or before 2026-08-27",
    ),
    "STG-14, FXR-11 the date": Case(
        sale("rate of then", currency="JPY"),
        "exchange_rate_missing",
        "no exchange rate from JPY to USD on or before 2026-08-27",
    ),
    "CAT-03": Case(
        cost("training", category="Training"),
        "category_missing",
        "transaction category Training has no project category for time in USPM",
    ),
    "CAT-02 no default": Case(
        sale("fee", transaction_class="fee"), "category_missing", "there is no default category for fee in USPM"
    ),
    "CAT-05": Case(
        cost("kind", transaction_class="expense", category="Installation"),
        "category_missing",
        "project category Labor of USPM is not one for expense",
    ),
    "LP-05, STG-17": Case(
        cost("property", billing_type="not_available"),
        "line_property_missing",
        "billing type not_available has no line property in USPM",
    ),
    "STG-23": Case(
        cost("finished", project="PRJ-OLD"), "project_closed", "project PRJ-OLD is not open for transactions"
    ),
    "STG-15": Case(
        actual("lent", transaction_type="resourcing_unit_cost"),
        "intercompany_missing",
        f"unable to import actual {guid('lent')}: intercompany relationship has to be set up between "
        "the legal entity of the resource and USPM: add it to intercompany",
    ),
    "STG-15 of a lender that is known": Case(
        actual("sold", transaction_type="inter_organizational_sales", cr123_resourcingunit="GBSI"),
        "intercompany_missing",
        f"unable to import actual {guid('sold')}: intercompany relationship has to be set up between "
        "legal entity GBSI and USPM: add it to intercompany",
    ),
}
BEFORE = {
    "STG-22, BB-01": cost("opening/cost", start="2026-07-31"),
    "STG-22, BB-02": sale("opening/unbilled", start="2026-07-01"),
    "STG-22, BB-03": bill("opening/billed", start="2026-07-31"),
    "STG-22, BB-04": cost("opening/fixed", start="2026-07-31", contract_line="CTR-1-FP"),
    "STG-22, BB-05": cost("opening/internal", start="2026-07-31", **INTERNAL),
}
STAYS = "sold"  # GBSI is set up by nobody


def name_of(context: Context) -> str:
    return str(context["PrimaryEntityId"])


def waits_for(books: Books, id: str) -> dict[str, Any]:
    """As ``explain`` says it, wherever it is stored."""
    (wait,) = books.call("explain", envelope({"id": id}, books.world.at, "Manual Question", "by.hand"))["found"][0][
        "waits_for"
    ]
    return dict(wait)


class Looks(NamedTuple):
    """What was stored after two imports, half an hour apart, and after the set-up was mended, by itself."""

    first: dict[str, StagedRow]
    second: dict[str, StagedRow]
    mended: dict[str, StagedRow]
    posted: dict[str, StagedRow]
    vouchers: list[dict[str, Any]]
    waits: dict[str, dict[str, Any]]
    reasons_of_the_proposal: list[str]


@pytest.fixture(scope="module")
def looks(stack: World) -> Iterator[Looks]:
    rows = (
        [case.row for case in CASES.values()]
        + list(BEFORE.values())
        + [cost("good"), cost("day after", start="2026-08-01")]
    )
    ids = [name_of(row) for row in rows]
    with custom_columns():
        books = opened(stack, lacking())
        books.arrive(*rows, proforma("inv-1"))

        def look() -> dict[str, StagedRow]:
            later(books)
            books.import_staging()
            return {id: stored(books, id) for id in ids}

        first, second = look(), look()
        books.post_journals()
        posted, vouchers = {id: stored(books, id) for id in ids}, books.result["vouchers"]
        waits = {name_of(row): waits_for(books, name_of(row)) for row in BEFORE.values()}
        reasons = books.reasons()
        books.use(mended())
        books.world.drain()
        looked_again = {id: stored(books, id) for id in ids}
        yield Looks(first, second, looked_again, posted, vouchers, waits, reasons)


def parametrized(cases: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=id) for id, case in cases.items()])


@parametrized(CASES)
def test_a_row_that_waits_says_why_and_since_when(looks: Looks, case: Case) -> None:
    row = looks.first[name_of(case.row)]
    assert (row.state, row.reason, row.detail) == (StagingState.PENDING, case.reason, case.detail)
    assert row.since == "2026-08-31T13:30:00Z"
    assert (row.journal_id, row.voucher) == (None, None)


@parametrized(CASES)
def test_since_when_stays_while_the_reason_stays(looks: Looks, case: Case) -> None:
    first, second = looks.first[name_of(case.row)], looks.second[name_of(case.row)]
    assert (second.reason, second.detail, second.since) == (first.reason, first.detail, first.since)


@parametrized({id: case for id, case in CASES.items() if name_of(case.row) != guid(STAYS)})
def test_a_row_is_imported_as_soon_as_what_it_named_is_in_the_set_up(looks: Looks, case: Case) -> None:
    """STG-21: of the refusals nothing is left."""
    row = looks.mended[name_of(case.row)]
    assert row.state is StagingState.IMPORTED
    assert (row.reason, row.detail, row.since) == (None, None, None)


def test_stg_15_terms_with_another_lender_are_not_taken_for_this_one(looks: Looks) -> None:
    assert looks.mended[guid(STAYS)].reason == "intercompany_missing"


def test_stg_15_a_row_of_the_resourcing_unit_becomes_a_line_of_the_lender(looks: Looks) -> None:
    assert looks.mended[guid("lent")].company == "GBPM"


def test_a_good_row_does_not_wait_for_its_neighbours(looks: Looks) -> None:
    assert looks.first[guid("good")].state is StagingState.IMPORTED


@parametrized(BEFORE)
def test_what_belongs_to_the_beginning_balances_becomes_no_line_and_no_voucher(looks: Looks, case: Context) -> None:
    row = looks.posted[name_of(case)]
    wait = looks.waits[name_of(case)]
    assert (row.state, wait["reason"]) == (StagingState.PENDING, "beginning_balance")
    assert wait["detail"].endswith("is not after the beginning balances of 2026-07-31")
    assert row.voucher is None


def test_bb_06_the_day_after_the_beginning_balances_is_imported_and_posted(looks: Looks) -> None:
    assert looks.posted[guid("day after")].state is StagingState.POSTED
    assert len(looks.vouchers) == 2  # with its neighbour's


def test_bb_03_a_proposal_says_that_its_sale_belongs_to_the_beginning_balances(looks: Looks) -> None:
    assert looks.reasons_of_the_proposal == ["beginning_balance"]


def test_stg_21_of_two_refusals_only_the_latest_is_kept(books: Books) -> None:
    """Another reason starts another since when."""
    books.use(lacking())
    books.arrive(cost("work", currency="EUR", project="PRJ-404"))
    books.import_staging()
    assert stored(books, "work").reason == "reference_missing"
    later(books)
    with_project = lacking()
    with_project["projects"]["PRJ-404"] = {"company": "USPM", "contract": "CTR-1"}
    with_project["references"]["msdyn_project"] |= references(project=["PRJ-404"])["msdyn_project"]
    books.use(with_project)
    books.import_staging()
    row = stored(books, "work")
    assert (row.reason, row.since) == ("exchange_rate_missing", "2026-08-31T13:30:00Z")
    assert row.detail == "no exchange rate from EUR to USD on or before 2026-08-27"


def test_refusals_come_in_the_order_of_the_rules(books: Books) -> None:
    """Reference, exchange rate, category, line property, project: what is mended lets the next one show."""
    books.arrive(cost("work", currency="EUR", project="PRJ-OLD", category="Travelling", billing_type="not_available"))
    document = lacking()
    seen = []
    for mend in (
        lambda made: made["references"]["msdyn_transactioncategory"].update(
            references(category=["Travelling"])[CATEGORY]
        ),
        lambda made: made["exchange_rates"].append(YEN | {"from": "EUR"}),
        lambda made: made["transaction_categories"]["USPM"].update(Travelling="Labor"),
        lambda made: made["parameters"]["USPM"]["line_property_mapping"].update(not_available="NONE"),
        lambda made: None,
    ):
        books.use(document)
        books.import_staging()
        seen.append(stored(books, "work").reason)
        mend(document)
    assert seen == [
        "reference_missing",
        "exchange_rate_missing",
        "category_missing",
        "line_property_missing",
        "project_closed",
    ]


@pytest.mark.parametrize("currency", [None, "CHF"])
def test_a_row_whose_currency_nobody_knows_is_invalid(books: Books, currency: str | None) -> None:
    made = finance()
    made["references"]["transactioncurrency"] |= references(currency=["CHF"])["transactioncurrency"]
    books.use(made)
    books.arrive(sale("work", currency=currency), cost("good"))
    books.import_staging()
    assert (books.state("work"), books.state("good")) == ("invalid", "imported")
    assert [(r["id"], r["reason"]) for r in books.result["rejected"]] == [(guid("work"), "currency_unknown")]


def test_another_set_up_imports_what_waited_for_it_and_leaves_the_rest_to_the_schedule(books: Books) -> None:
    books.arrive(cost("lacks its rate", currency="JPY"))
    books.import_staging()
    books.arrive(cost("fresh"))
    books.use(finance(exchange_rates=[YEN]))
    books.world.drain()
    assert [(books.state(name), books.row(name)["reason"]) for name in ("lacks its rate", "fresh")] == [
        ("imported", None),
        ("pending", None),
    ]


def test_a_proposal_is_complete_as_soon_as_the_set_up_knows_its_contract_and_its_rows(books: Books) -> None:
    """Header and billed sale each name something that the set-up lacks; nothing is posted before it."""
    document = finance()
    category = document["transaction_categories"]["USPM"].pop("Installation")
    contract = document["references"]["salesorder"].pop(guid("CTR-1"))
    books.use(document)
    columns: dict[str, Any] = {CATEGORY: lookup(CATEGORY, "Installation")}
    installed = bill("billed", contract_line="CTR-1-FP", **columns)
    books.arrive(installed, proforma("inv-1"))
    books.import_staging()
    assert (books.row("billed")["reason"], books.reasons()) == ("reference_missing", ["reference_missing"])
    document["references"]["salesorder"][guid("CTR-1")] = contract
    books.use(document)
    books.world.drain()
    assert (books.row("billed")["reason"], books.reasons()) == ("category_missing", ["category_missing"])
    document["transaction_categories"]["USPM"]["Installation"] = category
    books.use(document)
    books.world.drain()
    assert (books.state("billed"), books.proposal()["status"]) == ("imported", "ready")
