"""Master data as it applies: which layer gives a column, what an id leads to, and what something waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import (
    BillingMethod,
    PostingType,
    TransactionClass,
    TransactionType,
    WaitReason,
)
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey
from project_invoicing.domain.money import ExchangeRate
from project_invoicing.domain.refusals import Wait
from project_invoicing.domain.terms import TermsOfPayment
from project_invoicing.rules.owner import Blocked, Owner, owner_of
from project_invoicing.rules.proforma import company_of, company_unknown, contract_of, customer_of, proforma_customer
from project_invoicing.rules.proposal_header import judge_header
from project_invoicing.rules.proposal_lines import ProposalPlan
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.effective import Found, Layer, Missing
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.master_view import DOCUMENT_ONLY, MasterView, NotRead, T
from tests.builders import guid
from tests.rules.finance import finance, second_company
from tests.store_free.actuals import an_actual
from tests.store_free.lending import between_companies
from tests.store_free.proposing import a_header, reference
from tests.store_free.viewing import (
    Read,
    account,
    children,
    contract,
    contract_line,
    finances,
    policy,
    project,
    rates,
    row,
    seeing,
    share,
    strictly,
    to,
)

AUGUST = date(2026, 8, 27)
USD = row("transactioncurrency", "USD", code="USD", precision="2")
ENGAGEMENT: tuple[Read, ...] = (
    USD,
    account("C-001", name="Adatum"),
    contract("CTR-1", customer=to("customer", "C-001"), currency=to("currency", "USD")),
    contract_line("CTR-1-1", contract=to("contract", "CTR-1"), billing_method="time_and_material"),
    project("PRJ-1", contract=to("contract", "CTR-1")),
)
"""The rows of an engagement, whole."""


def wait_of(found: object) -> Wait:
    assert isinstance(found, Blocked)
    return found.wait


def missing(found: Found | Missing | None) -> Missing:
    assert isinstance(found, Missing)
    return found


# --- layers -----------------------------------------------------------------------------------------------------------

FIXED = {"currency": "GBP", "rate": "125", "factor": 100}
GROUPED = {"customer_groups": {"USPM": {"BIG": {"sales_tax_group": "EXP", "terms_of_payment": "N30"}}}}
PLACES = {
    Part.CUSTOMERS: ("account", "C-001", "customers.USPM.C-001"),
    Part.CONTRACTS: ("salesorder", "CTR-1", "contracts.CTR-1"),
    Part.CONTRACT_LINES: ("salesorderdetail", "CTR-1-1", "contract_lines.CTR-1-1"),
    Part.PROJECTS: ("msdyn_project", "PRJ-1", "projects.PRJ-1"),
    Part.PRODUCTS: ("product", "P-100", "products.P-100"),
    Part.WORKERS: (None, "Molly Clark", "workers.USPM.Molly Clark"),
}
LAYERS = [
    pytest.param(Part.CUSTOMERS, "name", {Layer.ROW: "Adatum plc", Layer.DOCUMENT: "Adatum"}, id="customer name"),
    pytest.param(
        Part.CUSTOMERS, "group", {Layer.FINANCE: "A", Layer.ROW: "B", Layer.DOCUMENT: "C"}, id="customer group"
    ),
    pytest.param(
        Part.CUSTOMERS,
        "sales_tax_group",
        {Layer.FINANCE: "DOM", Layer.DOCUMENT: "DOM", Layer.DEFAULT: "EXP"},
        id="customer tax",
    ),
    pytest.param(
        Part.CUSTOMERS,
        "terms_of_payment",
        {Layer.FINANCE: "D14", Layer.ROW: "D14", Layer.DOCUMENT: "D14", Layer.DEFAULT: "N30"},
        id="customer terms",
    ),
    pytest.param(
        Part.CUSTOMERS,
        "on_hold",
        {Layer.FINANCE: False, Layer.ROW: True, Layer.DOCUMENT: False},
        id="customer hold",
    ),
    pytest.param(
        Part.CUSTOMERS, "dimensions", {Layer.FINANCE: {"Unit": "UK"}, Layer.DOCUMENT: {"Unit": "US"}}, id="customer dim"
    ),
    pytest.param(Part.CONTRACTS, "sales_tax_group", {Layer.FINANCE: "DOM", Layer.DOCUMENT: "EXP"}, id="contract tax"),
    pytest.param(
        Part.CONTRACTS,
        "terms_of_payment",
        {Layer.FINANCE: "N30", Layer.ROW: "D14", Layer.DOCUMENT: "N30"},
        id="contract terms",
    ),
    pytest.param(
        Part.CONTRACT_LINES,
        "billing_method",
        {Layer.ROW: "fixed_price", Layer.DOCUMENT: "time_and_material"},
        id="billing method",
    ),
    pytest.param(
        Part.CONTRACT_LINES,
        "dimensions",
        {Layer.FINANCE: {"Unit": "UK"}, Layer.DOCUMENT: {"Unit": "US"}},
        id="line dim",
    ),
    pytest.param(Part.PROJECTS, "group", {Layer.FINANCE: "TM", Layer.DOCUMENT: "FP"}, id="project group"),
    pytest.param(Part.PROJECTS, "sales_tax_group", {Layer.FINANCE: "DOM", Layer.DOCUMENT: "EXP"}, id="project tax"),
    pytest.param(Part.PROJECTS, "open", {Layer.ROW: False, Layer.DOCUMENT: True}, id="project open"),
    pytest.param(
        Part.PROJECTS, "dimensions", {Layer.FINANCE: {"Unit": "UK"}, Layer.DOCUMENT: {"Unit": "US"}}, id="project dim"
    ),
    pytest.param(
        Part.PRODUCTS,
        "item_sales_tax_group",
        {Layer.FINANCE: "SERV", Layer.DOCUMENT: "GOODS", Layer.DEFAULT: "FULL"},
        id="product tax",
    ),
    pytest.param(
        Part.WORKERS, "dimensions", {Layer.FINANCE: {"Unit": "UK"}, Layer.DOCUMENT: {"Unit": "US"}}, id="worker dim"
    ),
]


def layered(part: Part, column: str, values: dict[Layer, Any]) -> FinanceSetup:
    """A set-up in which each of these layers gives the column; the name itself is in the document."""
    entity, number, path = PLACES[part]
    entry = {"company": "USPM"} if part in (Part.CONTRACTS, Part.PROJECTS) else {}
    entry |= {"contract": "CTR-1"} if part is Part.CONTRACT_LINES else {}
    entry |= {"group": "BIG"} if column in ("sales_tax_group", "terms_of_payment") and part is Part.CUSTOMERS else {}
    entry |= {column: values[Layer.DOCUMENT]} if Layer.DOCUMENT in values else {}
    document = finance(workers={"USPM": {}})
    *above, last = path.split(".")
    at: Any = document
    for step in above:
        at = at[step]
    at[last] = entry
    document["defaults"] = {"products": {"item_sales_tax_group": "FULL"}} | GROUPED
    company = "" if part is Part.PRODUCTS else "USPM"
    read: list[Read] = []
    if entity:
        given = {column: values[Layer.ROW]} if Layer.ROW in values else {}
        read.append(row(entity, number, number=number, company=company or None, **given))
    if Layer.FINANCE in values:
        read.append(finances(part, company, number, **{column: values[Layer.FINANCE]}))
    return seeing(document, *read)


def value_of(setup: FinanceSetup, part: Part, column: str) -> Any:
    number = PLACES[part][1]
    found = {
        Part.CUSTOMERS: setup.customer("USPM", number),
        Part.CONTRACTS: setup.contract("USPM", number),
        Part.CONTRACT_LINES: setup.contract_line("USPM", number),
        Part.PROJECTS: setup.project("USPM", number),
        Part.PRODUCTS: setup.product(number),
        Part.WORKERS: setup.worker("USPM", number),
    }
    return getattr(found[part], column)


@pytest.mark.parametrize(("part", "column", "values"), LAYERS)
def test_each_column_comes_from_the_first_layer_that_gives_it(
    part: Part, column: str, values: dict[Layer, Any]
) -> None:
    """Finance, row, document, default: with the first layers gone, the next one counts."""
    order = [layer for layer in Layer if layer in values]
    for gone in range(len(order)):
        setup = layered(part, column, {layer: values[layer] for layer in order[gone:]})
        company = "" if part is Part.PRODUCTS else "USPM"
        assert value_of(setup, part, column) == values[order[gone]]
        assert setup.source_of(part, company, PLACES[part][1])[column].layer is order[gone]


@pytest.mark.parametrize(
    ("read", "rate", "layer"),
    [
        pytest.param((), None, None, id="none"),
        pytest.param((finances(Part.CONTRACTS, "USPM", "CTR-GBP", fixed_exchange_rate=FIXED),), "125", Layer.FINANCE),
    ],
)
def test_fxr_02_a_fixed_rate_may_be_finances_own_column(
    read: tuple[Read, ...], rate: str | None, layer: Layer | None
) -> None:
    setup = seeing(finance(), contract("CTR-GBP"), *read)
    found = setup.price_rate("CTR-GBP", "GBP", "USPM", AUGUST)
    assert found == ExchangeRate(Decimal(rate or "130"), Decimal(100))
    source = setup.source_of(Part.CONTRACTS, "USPM", "CTR-GBP").get("fixed_exchange_rate")
    assert (source.layer if source else None) is layer


def test_what_nothing_gives_has_no_source_and_what_nobody_knows_is_none() -> None:
    setup = seeing(policy(), project("PRJ-1"))
    assert set(setup.source_of(Part.PROJECTS, "USPM", "PRJ-1")) == {"open"}
    assert setup.source_of(Part.PROJECTS, "USPM", "PRJ-2") == {}
    assert setup.project("USPM", "PRJ-2") is None


def test_finances_columns_may_be_there_before_any_row() -> None:
    setup = seeing(policy(), finances(Part.CUSTOMERS, "USPM", "C-009", on_hold=True))
    found = setup.customer("USPM", "C-009")
    assert found
    assert found.on_hold
    assert setup.customer("GBPM", "C-009") is None


def test_rows_that_are_switched_off_are_left_out_of_account() -> None:
    document = finance(master_rows=False)
    setup = strictly(document, project("PRJ-1", open=False))
    found = setup.project("USPM", "PRJ-1")
    assert found
    assert found.open
    assert setup.view is DOCUMENT_ONLY


# --- the view ---------------------------------------------------------------------------------------------------------


def test_views_of_a_version_share_its_indexes_and_not_their_answers() -> None:
    setup = seeing(finance())
    again = setup.seeing(DOCUMENT_ONLY)
    assert again._profile_rules is setup._profile_rules
    assert again._time_zones is setup._time_zones
    assert again.tax_forms is setup.tax_forms
    asked = ("USPM", PostingType.CUSTOMER_BALANCE)
    assert setup.posting_account(*asked, customer="C-001") == "130100"
    assert setup._answered
    assert not again._answered
    assert (again.version, again.document) == (setup.version, setup.document)


@pytest.mark.parametrize(
    ("look_up", "key"),
    [
        pytest.param(
            lambda setup: setup.find("msdyn_project", guid("X")), RowKey("msdyn_project", guid("X")), id="by id"
        ),
        pytest.param(lambda setup: setup.project("USPM", "X"), NameKey(Part.PROJECTS, "USPM", "X"), id="project"),
        pytest.param(lambda setup: setup.contract("USPM", "X"), NameKey(Part.CONTRACTS, "USPM", "X"), id="contract"),
        pytest.param(
            lambda setup: setup.contract_line("USPM", "X"), NameKey(Part.CONTRACT_LINES, "USPM", "X"), id="line"
        ),
        pytest.param(lambda setup: setup.customer("USPM", "X"), NameKey(Part.CUSTOMERS, "USPM", "X"), id="customer"),
        pytest.param(lambda setup: setup.product("X"), NameKey(Part.PRODUCTS, "", "X"), id="product"),
        pytest.param(
            lambda setup: setup.worker_dimensions("USPM", "X"), NameKey(Part.WORKERS, "USPM", "X"), id="worker"
        ),
    ],
)
def test_what_was_not_read_is_a_defect_and_no_answer(look_up: Any, key: Any, unread: list[Key]) -> None:
    setup = strictly(policy())
    with pytest.raises(NotRead) as raised:
        look_up(setup)
    assert raised.value.key == key
    unread.clear()
    part = getattr(key, "part", None)
    if part:
        assert setup.keys_of(part, key.company, key.number) == (key,)


class Noting(MasterView):
    """Notes what it does not hold, and says nothing of it: as a step looks ahead for what it has to read."""

    def _of(self, key: Key, kind: type[T]) -> T | None:
        return super()._of(key, kind) if self.has(key) else None


def test_what_a_view_does_not_hold_is_no_answer_that_is_kept() -> None:
    view = Noting()
    setup = seeing(finance()).seeing(view)

    def asked() -> tuple[str | None, bool, Decimal | None]:
        found, rate = setup.project("USPM", "PRJ-1"), setup.exchange_rate("GBP", "USD", AUGUST)
        return setup.resolve("msdyn_project", guid("PRJ-1")), bool(found and found.open), rate.rate if rate else None

    assert asked() == ("PRJ-1", True, Decimal(130))
    view.add(project("PRJ-1", number="PRJ-9") | project("other", number="PRJ-1", open=False))
    view.add(rates("GBP", "USD", _2026_08_05="131"))
    assert asked() == ("PRJ-9", False, Decimal(131))


def test_rates_and_children_that_were_not_read_are_a_defect_too(unread: list[Key]) -> None:
    with pytest.raises(NotRead):
        strictly(policy()).exchange_rate("GBP", "USD", AUGUST)
    with pytest.raises(NotRead):
        strictly(policy(), project("PRJ-1")).contract_of_project("USPM", "PRJ-1")
    with pytest.raises(NotRead):
        strictly(policy(), contract("CTR-1"), account("C-001")).terms_for("CTR-1", "C-001", "USPM")
    unread.clear()


def test_a_document_that_holds_everything_says_the_same_where_no_row_has_arrived() -> None:
    document = second_company(finance())
    alone, beside = seeing(document).seeing(DOCUMENT_ONLY), seeing(document)
    for columns in ({}, {"project": "PRJ-2", "contract": None, "contract_line": "CTR-2-1"}, {"project": "PRJ-FIXED"}):
        actual = an_actual(**columns)
        assert resolve(actual, beside) == resolve(actual, alone)
        assert isinstance(resolve(actual, beside), Resolved)


@pytest.mark.parametrize("with_document", [False, True])
def test_rows_alone_and_rows_over_a_document_say_what_the_document_says(with_document: bool) -> None:
    by_document = seeing(finance())
    document = finance() if with_document else policy(transaction_categories={"USPM": {"Installation": "Labor"}})
    by_rows = seeing(document, *ENGAGEMENT, finances(Part.PROJECTS, "USPM", "PRJ-1", group="TM"))
    assert resolve(an_actual(), by_rows) == resolve(an_actual(), by_document)
    assert isinstance(resolve(an_actual(), by_rows), Resolved)


# --- ids --------------------------------------------------------------------------------------------------------------


def test_two_companies_may_have_a_project_of_the_same_number() -> None:
    document = policy(
        companies={code: {"accounting_currency": "USD"} for code in ("USPM", "GBPM")},
        parameters={},
        projects={},
    )
    setup = seeing(
        document,
        USD,
        project("ours", number="PRJ-1"),
        project("theirs", number="PRJ-1", company="GBPM"),
        finances(Part.PROJECTS, "USPM", "PRJ-1", group="TM"),
        finances(Part.PROJECTS, "GBPM", "PRJ-1", group="FP"),
    )
    found = [
        owner_of(an_actual(project=name, contract=None, contract_line=None, customer=None), setup)
        for name in ("ours", "theirs")
    ]
    assert [(one.company, one.project) for one in found if isinstance(one, Owner)] == [
        ("USPM", "PRJ-1"),
        ("GBPM", "PRJ-1"),
    ]
    groups = [setup.project_group(code, "PRJ-1", BillingMethod.TIME_AND_MATERIAL) for code in ("USPM", "GBPM")]
    assert groups == ["TM", "FP"]


def test_an_entry_of_the_document_counts_for_its_own_company_or_for_any_if_it_names_none() -> None:
    document = policy(
        companies={code: {"accounting_currency": "USD"} for code in ("USPM", "GBPM")},
        parameters={},
        projects={"PRJ-1": {"company": "USPM", "group": "TM"}, "PRJ-2": {"group": "FP"}},
    )
    setup = seeing(document, project("PRJ-1", company="GBPM"), project("PRJ-2", company="GBPM"))
    theirs, anyones = setup.project("GBPM", "PRJ-1"), setup.project("GBPM", "PRJ-2")
    assert theirs
    assert anyones
    assert (theirs.group, anyones.group) == (None, "FP")


@pytest.mark.parametrize(
    ("into", "read", "found"),
    [
        pytest.param("B", (account("B"),), "B", id="once"),
        pytest.param("B", (account("B", merged_into=to("customer", "C")), account("C")), "C", id="twice"),
        pytest.param(
            "B",
            (
                account("B", merged_into=to("customer", "C")),
                account("C", merged_into=to("customer", "D")),
                account("D"),
            ),
            "D",
            id="three times",
        ),
    ],
)
def test_a_merged_account_leads_to_the_one_that_is_left(into: str, read: tuple[Read, ...], found: str) -> None:
    setup = strictly(policy(), account("A", active=False, merged_into=to("customer", into)), *read)
    assert setup.resolve("account", guid("A")) == found


def test_an_account_merged_into_one_that_only_the_document_knows_leads_there() -> None:
    document = policy(customers={"USPM": {"C-001": {}}}, references={"account": {guid("B"): "C-001"}})
    setup = seeing(document, account("A", merged_into=to("customer", "B")))
    assert setup.resolve("account", guid("A")) == "C-001"


@pytest.mark.parametrize(
    "read",
    [
        pytest.param((account("A", merged_into=to("customer", "A")),), id="into itself"),
        pytest.param(
            (account("A", merged_into=to("customer", "B")), account("B", merged_into=to("customer", "A"))), id="cycle"
        ),
        pytest.param(
            tuple(account(one, merged_into=to("customer", into)) for one, into in ("AB", "BC", "CD", "DE")),
            id="four times",
        ),
    ],
)
def test_a_chain_of_merges_without_an_end_is_a_problem_of_its_own_row(read: tuple[Read, ...]) -> None:
    found = missing(strictly(policy(), *read).find("account", guid("A")))
    assert "was merged more than 3 times, or into itself; correct it in Dataverse" in found.detail
    assert found.blocker == f"account#{guid('A')}"


def test_a_merged_account_waits_for_the_one_it_was_merged_into() -> None:
    found = missing(seeing(policy(), account("A", merged_into=to("customer", "B"))).find("account", guid("A")))
    assert found.detail == f"account {guid('A')} was merged into account {guid('B')}, which has not arrived"
    assert found.blocker == f"account#{guid('B')}"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ({"deleted": True}, "was deleted in Dataverse; correct what names it"),
        ({"template": True, "number": None}, "is a template, not a project; correct what names it"),
        (
            {"number": None, "company": None, "problem": "company_unknown: the row names no company"},
            "cannot be used: company_unknown: the row names no company",
        ),
        ({"number": None}, "cannot be used: it has no number"),
    ],
)
def test_stg_14_an_actual_waits_for_a_project_that_cannot_be_used_and_says_why(state: Any, told: str) -> None:
    setup = seeing(policy(), USD, project("PRJ-1", **state))
    wait = wait_of(owner_of(an_actual(contract=None, contract_line=None, customer=None), setup))
    assert (wait.reason, wait.detail) == (WaitReason.REFERENCE_MISSING, f"msdyn_project {guid('PRJ-1')} {told}")
    assert wait.blocker == f"msdyn_project#{guid('PRJ-1')}"


def test_a_row_with_a_problem_stands_under_the_name_that_the_document_gives_it() -> None:
    wrong = {"number": None, "company": None, "problem": "company_unknown: no company"}
    setup = seeing(finance(), project("PRJ-1", **wrong))
    assert setup.find("msdyn_project", guid("PRJ-1")) == Found("PRJ-1", "USPM")
    assert isinstance(seeing(finance(), project("PRJ-1", deleted=True)).find("msdyn_project", guid("PRJ-1")), Missing)


def test_a_row_that_was_renumbered_has_its_own_number_and_a_contract_line_the_documents() -> None:
    read = (project("PRJ-1", number="PRJ-9"), contract_line("CTR-1-1", number="CTR-1-10", billing_method="fixed_price"))
    setup = seeing(finance(), *read)
    assert setup.resolve("msdyn_project", guid("PRJ-1")) == "PRJ-9"
    assert setup.resolve("salesorderdetail", guid("CTR-1-1")) == "CTR-1-1"
    assert setup.billing_method("USPM", "CTR-1-1") is BillingMethod.FIXED_PRICE
    assert setup.keys_of(Part.CONTRACT_LINES, "USPM", "CTR-1-1") == (
        NameKey(Part.CONTRACT_LINES, "USPM", "CTR-1-1"),
        RowKey("salesorderdetail", guid("CTR-1-1")),
    )


def test_a_project_of_a_company_that_the_policy_does_not_have_waits_for_the_policy() -> None:
    setup = seeing(policy(), USD, project("PRJ-1", company="FRPM"))
    wait = wait_of(owner_of(an_actual(contract=None, contract_line=None, customer=None), setup))
    assert wait.detail == "PRJ-1 belongs to FRPM, which is not among the set-up's companies"
    assert wait.blocker is None


@pytest.mark.parametrize(
    ("part", "entry", "table", "lacking"),
    [
        ("projects", {"group": "TM"}, "msdyn_project", "company"),
        ("contracts", {"company": "USPM", "sales_tax_group": "DOM"}, "salesorder", "customer and currency"),
        ("contract_lines", {"dimensions": {"Unit": "UK"}}, "salesorderdetail", "contract"),
    ],
)
def test_a_partial_entry_leads_nowhere_until_its_row_arrives(
    part: str, entry: dict[str, Any], table: str, lacking: str
) -> None:
    document = policy(**{part: {"NEW": entry}, "references": {table: {guid("NEW"): "NEW"}}})
    found = missing(seeing(document).find(table, guid("NEW")))
    assert found.detail == f"{table} {guid('NEW')} has not arrived, and its entry NEW in {part} lacks {lacking}"
    assert found.blocker == f"{table}#{guid('NEW')}"
    arrived = seeing(document, row(table, "NEW", number="NEW", company="USPM"))
    assert arrived.find(table, guid("NEW")) == Found("NEW", "USPM")


def test_the_rest_of_a_partial_entry_lies_over_what_its_row_gives() -> None:
    document = policy(projects={"PRJ-1": {"group": "TM", "dimensions": {"Unit": "UK"}}})
    found = seeing(document, *ENGAGEMENT).project("USPM", "PRJ-1")
    assert found
    assert (found.group, found.dimensions, found.contract) == (
        "TM",
        {"Unit": "UK"},
        Reference("salesorder", guid("CTR-1")),
    )


# --- currencies, units, categories, resources -------------------------------------------------------------------------


def test_a_currency_has_the_policys_precision_else_that_of_its_row() -> None:
    read = (row("transactioncurrency", "CHF", code="CHF", precision="2"), row("transactioncurrency", "JPY", code="JPY"))
    setup = seeing(
        policy(currencies={"USD": {"precision": "0.01"}, "JPY": {"precision": "1"}}, exchange_rates=[]), *read
    )
    assert [setup.resolve("transactioncurrency", guid(code)) for code in ("CHF", "JPY")] == ["CHF", "JPY"]
    assert [setup.currency_precision(code) for code in ("CHF", "JPY", "SEK")] == [Decimal("0.01"), Decimal(1), None]


def test_a_currency_without_any_precision_is_waited_for() -> None:
    setup = seeing(policy(), *ENGAGEMENT, row("transactioncurrency", "CHF", code="CHF"))
    wait = wait_of(owner_of(an_actual(currency="CHF"), setup))
    told = "cannot be used: currency CHF has no precision; add it to currencies"
    assert wait.detail == f"transactioncurrency {guid('CHF')} {told}"
    assert wait.blocker == f"transactioncurrency#{guid('CHF')}"


@pytest.mark.parametrize(
    ("state", "units", "company"),
    [
        ({"company": "GBPM"}, {"Contoso UK": "USPM"}, "GBPM"),
        ({}, {"Contoso UK": "GBPM"}, "GBPM"),
        ({}, {}, None),
    ],
)
def test_stg_15_a_unit_belongs_to_the_company_of_its_row_else_to_the_one_that_the_policy_says(
    state: dict[str, Any], units: dict[str, str], company: str | None
) -> None:
    companies = {code: {"accounting_currency": "USD"} for code in ("USPM", "GBPM")}
    document = policy(companies=companies, parameters={}, units=units)
    setup = seeing(document, row("msdyn_organizationalunit", "UK", name="Contoso UK", **state))
    assert setup.resolve("msdyn_organizationalunit", guid("UK")) == company
    if company is None:
        told = missing(setup.find("msdyn_organizationalunit", guid("UK"))).detail
        assert told.endswith("unit Contoso UK has no company; add it to units")


def test_categories_and_resources_are_named_by_their_rows_and_by_the_document_first() -> None:
    read = (
        row("msdyn_transactioncategory", "A", name="Installation"),
        row("bookableresource", "B", name="Molly Clark"),
    )
    setup = seeing(policy(), *read)
    named = [
        setup.resolve(table, guid(id)) for table, id in (("msdyn_transactioncategory", "A"), ("bookableresource", "B"))
    ]
    assert named == ["Installation", "Molly Clark"]
    written = {"msdyn_transactioncategory": {guid("A"): "Training"}}
    assert seeing(policy(references=written), *read).resolve("msdyn_transactioncategory", guid("A")) == "Training"


# --- contracts of projects, customers of contracts --------------------------------------------------------------------


def lines_of(project_name: str, *contracts: str) -> Read:
    rows = [("salesorderdetail", f"line of {one}", {"contract": to("contract", one)}) for one in contracts]
    return children(project_name, *rows)


@pytest.mark.parametrize(
    ("own", "lines", "written", "found"),
    [
        pytest.param("CTR-1", ("CTR-2",), None, "CTR-1", id="its own look-up first"),
        pytest.param(None, ("CTR-2", "CTR-2"), None, "CTR-2", id="all its lines name it"),
        pytest.param(None, ("CTR-1", "CTR-2"), None, None, id="lines of two contracts name none"),
        pytest.param(None, ("CTR-2",), "CTR-1", "CTR-2", id="lines go before the document"),
        pytest.param(None, (), "CTR-1", "CTR-1", id="the document last"),
        pytest.param(None, (), None, None, id="none"),
    ],
)
def test_the_contract_of_a_project(
    own: str | None, lines: tuple[str, ...], written: str | None, found: str | None
) -> None:
    columns: dict[str, Any] = {"contract": to("contract", own)} if own else {}
    setup = seeing(
        policy(projects={"PRJ-1": {"contract": written}}) if written else policy(),
        project("PRJ-1", **columns),
        lines_of("PRJ-1", *lines),
        contract("CTR-1"),
        contract("CTR-2"),
    )
    source = setup.source_of(Part.PROJECTS, "USPM", "PRJ-1").get("contract")
    assert (source.layer if source else None) == (
        Layer.ROW if own or len(set(lines)) == 1 else Layer.DOCUMENT if written else None
    )
    of_project = setup.contract_of_project("USPM", "PRJ-1")
    assert (of_project.name if isinstance(of_project, Found) else of_project) == found


def test_an_actual_waits_for_the_contract_of_its_project_rather_than_be_taken_for_internal_work() -> None:
    setup = seeing(policy(), USD, project("PRJ-1", contract=to("contract", "CTR-1")))
    actual = an_actual(contract=None, contract_line=None, customer=None)
    wait = wait_of(owner_of(actual, setup))
    assert wait.blocker == f"salesorder#{guid('CTR-1')}"
    written = policy(projects={"PRJ-1": {"contract": "CTR-9"}})
    told = wait_of(owner_of(actual, seeing(written, USD, project("PRJ-1")))).detail
    assert told == "contract CTR-9 of project PRJ-1 is not known in USPM"
    written["contracts"] = {"CTR-9": {"sales_tax_group": "DOM", "currency": "USD"}}
    told = wait_of(owner_of(actual, seeing(written, USD, project("PRJ-1")))).detail
    assert told.endswith("of project PRJ-1 has not arrived, and its entry in contracts lacks company and customer")
    assert isinstance(owner_of(actual, seeing(written, USD, project("PRJ-1"), contract("CTR-9"))), Owner)


def test_an_actual_without_a_customer_waits_for_that_of_its_contract() -> None:
    rows = [read for read in ENGAGEMENT if RowKey("account", guid("C-001")) not in read]
    wait = wait_of(owner_of(an_actual(customer=None), seeing(policy(), *rows)))
    assert (wait.reason, wait.blocker) == (WaitReason.REFERENCE_MISSING, f"account#{guid('C-001')}")
    found = owner_of(an_actual(customer=None), seeing(policy(), *ENGAGEMENT))
    assert isinstance(found, Owner)
    assert found.customer == "C-001"


# --- what a wait is for -----------------------------------------------------------------------------------------------


def test_every_wait_of_an_actual_names_what_may_end_it() -> None:
    document = finance(("parameters.USPM.category_defaults", {}))
    closed = seeing(finance(), project("PRJ-1", open=False))
    found = {
        "reference": resolve(an_actual(product="P-900"), seeing(finance())),
        "rate": resolve(an_actual(currency="JPY"), seeing(finance())),
        "closed": resolve(an_actual(), closed),
        "category": resolve(an_actual(), seeing(document)),
    }
    waits = {name: wait_of(one) for name, one in found.items()}
    assert {name: (wait.reason, wait.blocker) for name, wait in waits.items()} == {
        "reference": (WaitReason.REFERENCE_MISSING, f"product#{guid('P-900')}"),
        "rate": (WaitReason.EXCHANGE_RATE_MISSING, "rate#JPY#USD"),
        "closed": (WaitReason.PROJECT_CLOSED, f"msdyn_project#{guid('PRJ-1')}"),
        "category": (WaitReason.CATEGORY_MISSING, None),
    }


def test_waits_that_differ_only_in_what_blocks_them_are_the_same() -> None:
    wait = Wait(WaitReason.REFERENCE_MISSING, "x")
    assert wait == replace(wait, blocker="account#1")
    assert len({wait, replace(wait, blocker="account#1")}) == 1


TWO_COMPANIES: dict[str, Any] = {"companies": {code: {"accounting_currency": "USD"} for code in ("USPM", "GBPM")}}


def test_work_does_not_take_a_contract_of_another_company_for_its_own_of_that_number() -> None:
    rows = (
        USD,
        contract("theirs", number="CTR-1", company="GBPM", customer=to("customer", "C-001")),
        account("C-001", company="GBPM"),
        project("PRJ-1", contract=to("contract", "theirs")),
    )
    actual = an_actual(contract=None, contract_line=None, customer=None)
    found = owner_of(actual, seeing(policy(**TWO_COMPANIES), *rows))
    assert isinstance(found, Owner)
    assert (found.company, found.contract) == ("USPM", "CTR-1")
    wait = wait_of(owner_of(actual, seeing(policy(**TWO_COMPANIES), *rows, contract("ours", number="CTR-1"))))
    assert wait.reason is WaitReason.REFERENCE_MISSING
    assert "contract CTR-1 is one of GBPM, and USPM, whose project it is, has another of that number" in wait.detail
    assert wait.blocker == f"msdyn_project#{guid('PRJ-1')}"


def test_work_does_not_take_a_contract_line_of_another_company_for_its_own_of_that_number() -> None:
    lines = (contract_line("theirs", number="CTR-1-1", company="GBPM"), contract_line("ours", number="CTR-1-1"))
    setup = seeing(policy(**TWO_COMPANIES), *ENGAGEMENT, *lines)
    wait = wait_of(owner_of(an_actual(contract_line="theirs"), setup))
    assert "contract line CTR-1-1 is one of GBPM" in wait.detail


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        (account("ours", number="C-001", name="Blue Yonder"), "C-001 of USPM is Blue Yonder"),
        (account("ours", number="C-001", name="ADATUM"), None),
        ({}, "which is not among the customers of USPM"),
    ],
)
def test_an_account_of_another_company_is_not_taken_for_whoever_has_its_number_here(
    ours: Read, told: str | None
) -> None:
    theirs = account("theirs", number="C-001", company="GBPM", name="Adatum")
    setup = seeing(policy(**TWO_COMPANIES), theirs, ours)
    plan = ProposalPlan()
    judge_header(plan, a_header(customer=reference("customer", "theirs")), [], "USPM", setup)
    details = [wait.detail for wait in plan.waits]
    assert [told in detail for detail in details if told] == ([True] if told else [])
    assert bool(details) is bool(told)


def test_a_proforma_says_which_row_its_company_and_its_customer_wait_for() -> None:
    header = a_header(customer=reference("customer", "C-001"))
    nothing = seeing(policy())
    assert company_of(header.proforma, nothing) is None
    assert company_unknown(header.proforma, nothing).blocker == f"salesorder#{guid('CTR-1')}"
    assert missing(proforma_customer(header.proforma, nothing)).blocker == f"account#{guid('C-001')}"
    whole = seeing(policy(), *ENGAGEMENT)
    assert (company_of(header.proforma, whole), customer_of(header, whole)) == ("USPM", "C-001")


def test_a_proposal_goes_on_with_a_contract_and_a_customer_that_were_deleted_since() -> None:
    header = a_header(customer=reference("customer", "C-001"))
    gone = seeing(policy(), account("C-001", deleted=True), contract("CTR-1", deleted=True))
    assert (contract_of(header.proforma, gone), customer_of(header, gone)) == ("CTR-1", "C-001")
    assert company_of(header.proforma, gone) is None
    assert "was deleted in Dataverse" in company_unknown(header.proforma, gone).detail
    assert isinstance(proforma_customer(header.proforma, gone), Missing)


# --- terms, rates, defaults -------------------------------------------------------------------------------------------

N30, D14 = TermsOfPayment(days=30), TermsOfPayment(days=14)
TERMS: dict[str, Any] = {"terms": {"1": "N30", "2": "D14"}}


@pytest.mark.parametrize(
    ("of_share", "of_contract", "of_customer", "terms"),
    [
        pytest.param("1", "2", "2", N30, id="DUE-01 the customer's share first"),
        pytest.param(None, "1", "2", N30, id="DUE-01 the contract's"),
        pytest.param(None, None, "N30", N30, id="DUE-02 the customer's"),
        pytest.param("9", "1", "2", N30, id="terms that the policy does not know are none"),
        pytest.param(None, "9", "2", D14, id="nor do they hide the customer's"),
        pytest.param(None, None, None, None, id="none"),
    ],
)
def test_terms_of_payment(
    of_share: str | None, of_contract: str | None, of_customer: str | None, terms: TermsOfPayment | None
) -> None:
    setup = seeing(
        policy(defaults=TERMS),
        contract("CTR-1", terms_of_payment=of_contract),
        children("CTR-1", share("C-002", "2"), share("C-001", of_share)),
        account("C-001", terms_of_payment=of_customer),
    )
    assert setup.terms_for("CTR-1", "C-001", "USPM") == terms


def test_finances_terms_that_a_later_policy_has_no_longer_do_not_make_an_invoice_due_at_once() -> None:
    gone = finances(Part.CONTRACTS, "USPM", "CTR-1", terms_of_payment="N90")
    setup = seeing(policy(defaults=TERMS), contract("CTR-1"), gone, account("C-001", terms_of_payment="1"))
    assert setup.terms_for("CTR-1", "C-001", "USPM") == N30


def test_a_share_is_that_of_a_customer_whom_only_the_document_names() -> None:
    document = policy(
        defaults=TERMS, customers={"USPM": {"C-001": {}}}, references={"account": {guid("C-001"): "C-001"}}
    )
    setup = seeing(document, contract("CTR-1"), children("CTR-1", share("C-001", "1")))
    assert setup.terms_for("CTR-1", "C-001", "USPM") == N30


def test_a_share_of_an_account_that_was_merged_is_that_of_the_customer_it_was_merged_into() -> None:
    merged = account("C-000", merged_into=to("customer", "C-001"), active=False)
    read = (contract("CTR-1"), account("C-001", terms_of_payment="2"), merged)
    setup = seeing(policy(defaults=TERMS), *read, children("CTR-1", share("C-000", "1")))
    assert setup.terms_for("CTR-1", "C-001", "USPM") == N30
    own = seeing(policy(defaults=TERMS), *read, children("CTR-1", share("C-000", "1"), share("C-001", "2")))
    assert own.terms_for("CTR-1", "C-001", "USPM") == D14


def test_the_accounts_of_other_shares_are_not_read_where_the_customer_has_one() -> None:
    of_contract = children("CTR-1", share("C-000", "2"), share("C-001", "1"))
    setup = strictly(policy(defaults=TERMS), contract("CTR-1"), account("C-001"), of_contract)
    assert setup.terms_for("CTR-1", "C-001", "USPM") == N30


@pytest.mark.parametrize(
    ("on", "rate"),
    [("2026-07-31", "130"), ("2026-08-29", "131"), ("2026-08-30", "132"), ("2026-09-15", "133")],
)
def test_fxr_07_rates_of_rows_and_of_the_document_count_together_and_on_one_day_the_row(on: str, rate: str) -> None:
    """The document has 130 from January and 137.77 from 30 August on."""
    read = rates("GBP", "USD", _2026_08_05="131", _2026_08_30="132", _2026_09_10="133")
    found = seeing(finance(), read).exchange_rate("GBP", "USD", date.fromisoformat(on))
    assert found == ExchangeRate(Decimal(rate), Decimal(100))


def test_fxr_11_rows_alone_give_rates_from_their_first_day_on() -> None:
    setup = seeing(policy(exchange_rates=[]), rates("GBP", "USD", _2026_08_05="131"))
    assert setup.exchange_rate("GBP", "USD", date(2026, 8, 4)) is None
    assert setup.exchange_rate("GBP", "USD", date(2026, 8, 5)) == ExchangeRate(Decimal(131), Decimal(100))


def test_a_project_without_a_group_has_the_default_for_how_it_is_billed() -> None:
    groups = {"time_and_material": "TM", "fixed_price": "FP", "investment": "INV"}
    setup = seeing(policy(defaults={"project_groups": {"USPM": groups}}), project("PRJ-1"), project("PRJ-2"))
    assert [setup.project_group("USPM", "PRJ-1", method) for method in BillingMethod] == ["TM", "FP", "INV"]
    assert setup.project_group("USPM", "nothing", BillingMethod.INVESTMENT) is None
    own = seeing(
        policy(defaults={"project_groups": {"USPM": groups}}, projects={"PRJ-1": {"group": "OWN"}}), project("PRJ-1")
    )
    assert own.project_group("USPM", "PRJ-1", BillingMethod.FIXED_PRICE) == "OWN"


def test_led_41_rules_for_a_group_count_for_its_default() -> None:
    profiles = {"TM": {"billing_method": "time_and_material"}, "INV": {"billing_method": "investment"}}
    rules = [
        {"company": "USPM", "project_group": "G-TM", "profile": "TM"},
        {"company": "USPM", "project_group": "G-IN", "profile": "INV"},
    ]
    defaults = {"project_groups": {"USPM": {"time_and_material": "G-TM", "investment": "G-IN"}}}
    setup = seeing(policy(profiles=profiles, profile_rules=rules, defaults=defaults), project("PRJ-1"))
    of_contract = setup.profile("USPM", "PRJ-1", "CTR-1", BillingMethod.TIME_AND_MATERIAL)
    internal = setup.internal_profile("USPM", "PRJ-1")
    assert [found[0] if found else None for found in (of_contract, internal)] == ["TM", "INV"]


@pytest.mark.parametrize("method", ["project", "contract", "customer", "search"])
def test_tax_06_the_companys_default_is_the_last_resort_whatever_the_method(method: str) -> None:
    document = policy(defaults={"sales_tax_groups": {"USPM": "DOM"}})
    document["parameters"]["USPM"]["sales_tax_group_method"] = method
    setup = seeing(document, *ENGAGEMENT)
    assert setup.sales_tax_group("USPM", "PRJ-1", "CTR-1", "C-001") == "DOM"
    own = seeing(
        document,
        *ENGAGEMENT,
        *(
            finances(part, "USPM", name, sales_tax_group="EXP")
            for part, name in ((Part.PROJECTS, "PRJ-1"), (Part.CONTRACTS, "CTR-1"), (Part.CUSTOMERS, "C-001"))
        ),
    )
    assert own.sales_tax_group("USPM", "PRJ-1", "CTR-1", "C-001") == "EXP"


def test_tax_08_a_product_without_an_item_group_has_the_default_and_no_product_has_none() -> None:
    document = policy(defaults={"products": {"item_sales_tax_group": "FULL"}})
    setup = seeing(document, row("product", "P-1", number="P-1"))
    groups = [
        setup.item_sales_tax_group("USPM", TransactionClass.MATERIAL, None, name) for name in ("P-1", "P-2", None)
    ]
    assert groups == ["FULL", None, None]


def test_the_share_of_a_customer_is_found_by_its_id_whatever_name_the_look_up_carries() -> None:
    rule, id, columns = share("C-001", "1")
    carried = {**columns, "customer": [*columns["customer"], "Adatum"]}
    document = policy(
        defaults=TERMS, customers={"USPM": {"C-001": {}}}, references={"account": {guid("C-001"): "C-001"}}
    )
    setup = seeing(document, contract("CTR-1"), children("CTR-1", (rule, id, carried)))
    assert setup.terms_for("CTR-1", "C-001", "USPM") == N30


# --- between companies ------------------------------------------------------------------------------------------------


def lent(**terms: Any) -> dict[str, Any]:
    document = between_companies()
    document["companies"]["FRPM"] = {"accounting_currency": "USD"}
    document["customers"]["GBPM"]["IC-FRPM"] = {}
    more = {"lender": "GBPM", "borrower": "FRPM", "customer": "IC-FRPM", "vendor": "V-GBPM", **terms}
    return {**document, "intercompany": [more, *document["intercompany"]], "projects": {}, "contracts": {}}


def test_ic_15_of_two_borrowers_with_a_project_of_one_number_it_is_the_customer_of_the_line() -> None:
    setup = seeing(lent(), project("ours", number="PRJ-1"), project("theirs", number="PRJ-1", company="FRPM"))
    found = [setup.borrower("GBPM", customer, "PRJ-1", None) for customer in ("IC-USPM", "IC-FRPM")]
    assert found == ["USPM", "FRPM"]


def test_ic_15_a_borrower_is_one_that_has_the_project_or_the_contract() -> None:
    setup = seeing(lent(), project("PRJ-1"), contract("CTR-1"))
    assert setup.borrowers("GBPM", "IC-USPM") == ("USPM", "FRPM")
    assert setup.borrower("GBPM", "IC-FRPM", "PRJ-1", None) == "USPM"
    assert setup.borrower("GBPM", None, None, "CTR-1") == "USPM"
    assert setup.borrower("GBPM", None, "PRJ-9", None) is None


def test_ic_15_terms_that_are_gone_leave_what_the_document_says() -> None:
    setup = seeing({**between_companies(), "intercompany": []})
    assert setup.borrower("GBPM", "IC-USPM", "PRJ-1", "CTR-1") == "USPM"


def test_fxr_02_a_lender_does_not_take_a_fixed_rate_of_its_own_contract_of_that_number() -> None:
    document = between_companies()
    own = {"company": "GBPM", "customer": "IC-USPM", "currency": "USD"}
    document["contracts"]["CTR-9"] = own | {"fixed_exchange_rate": {"currency": "USD", "rate": "1", "factor": 1}}
    document["contracts"]["CTR-1"]["company"] = "USPM"
    setup = seeing(
        document,
        project("PRJ-1", contract=to("contract", "theirs")),
        contract("theirs", number="CTR-9", customer=to("customer", "C-001")),
    )
    actual = an_actual(TransactionType.INTER_ORGANIZATIONAL_SALES, contract="theirs", contract_line=None)
    found = resolve(actual, setup)
    assert isinstance(found, Resolved)
    assert (found.company, found.contract, found.rate) == ("GBPM", "CTR-9", ExchangeRate(Decimal(80), Decimal(100)))


def test_dim_07_the_group_of_a_lenders_line_is_that_of_the_borrowers_project() -> None:
    document = between_companies()
    rule = {"company": "GBPM", "project_group": "G-TM", "dimensions": {"Unit": "lent"}}
    document |= {"dimension_rules": [rule], "defaults": {"project_groups": {"USPM": {"time_and_material": "G-TM"}}}}
    document["projects"]["PRJ-1"].pop("group")
    found = resolve(an_actual(TransactionType.RESOURCING_UNIT_COST), seeing(document))
    assert isinstance(found, Resolved)
    assert (found.company, found.dimensions) == ("GBPM", {"Unit": "lent"})


def test_stg_15_a_row_waits_for_the_unit_that_has_not_arrived_and_for_the_policy_where_it_has() -> None:
    document = between_companies()
    document["intercompany"].append({"lender": "GBPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-2"})
    document["references"].pop("msdyn_organizationalunit")
    actual = an_actual(TransactionType.RESOURCING_UNIT_COST, resourcing_unit=guid("Contoso FR"))
    waits = [
        wait_of(resolve(actual, seeing(document, *read)))
        for read in ((), (row("msdyn_organizationalunit", "Contoso FR", name="Contoso FR", company="FRPM"),))
    ]
    assert {wait.reason for wait in waits} == {WaitReason.INTERCOMPANY_MISSING}
    assert [wait.blocker for wait in waits] == [f"msdyn_organizationalunit#{guid('Contoso FR')}", None]


def test_a_precision_that_arrives_later_is_seen() -> None:
    view = MasterView()
    setup = seeing(policy()).seeing(view)
    assert setup.currency_precision("CHF") is None
    view.add(row("transactioncurrency", "CHF", code="CHF", precision="2"))
    assert setup.currency_precision("CHF") == Decimal("0.01")


def test_fee_01_a_contract_line_has_its_billing_method_by_its_id() -> None:
    setup = seeing(policy(), *ENGAGEMENT, contract_line("CTR-1-FP", billing_method="fixed_price"))
    methods = [setup.billing_method_of(reference("contract_line", name)) for name in ("CTR-1-1", "CTR-1-FP", "CTR-9-9")]
    assert [*methods, setup.billing_method_of(None)] == [
        BillingMethod.TIME_AND_MATERIAL,
        BillingMethod.FIXED_PRICE,
        BillingMethod.TIME_AND_MATERIAL,
        BillingMethod.TIME_AND_MATERIAL,
    ]


def test_a_project_of_the_document_may_be_under_a_contract_of_another_company() -> None:
    document = second_company(finance(("projects.PRJ-1.contract", "CTR-2")))
    found = owner_of(an_actual(contract=None, contract_line=None, customer=None), seeing(document))
    assert isinstance(found, Owner)
    assert (found.company, found.contract, found.customer) == ("USPM", "CTR-2", "C-001")
