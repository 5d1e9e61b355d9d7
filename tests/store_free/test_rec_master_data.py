"""Master data in a reconciliation, over rows made by hand. No store."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.codes import StagingState
from project_invoicing.domain.master_data import NameKey, Part, SeenName, SeenRow
from project_invoicing.domain.reconciliation import Repair
from project_invoicing.rules.reconciliation.findings import Finding
from project_invoicing.rules.reconciliation.master_data import MasterRows, PostedWith
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.lookups import FinanceSetup
from tests.builders import guid
from tests.rules.stories import cost
from tests.setups import document
from tests.store_free.recorded import row

AT = "2026-08-31T13:00:00Z"
LATELY, LONG_AGO = "2026-08-20T09:00:00Z", "2026-06-01T09:00:00Z"
JOURNAL = PostedWith("USPM", "USPM-000001", None)


def seen(
    entity: str, name: str, /, *, at: str = LATELY, number: str | None = None, company: str | None = "USPM", **more: Any
) -> SeenRow:
    state = {key: more.pop(key) for key in ("deleted", "problem", "warning") if key in more}
    return SeenRow(entity, guid(name), RowVersion(7, at, "h"), more, company=company, number=number, **state)


def books(*rows: SeenRow, **keys: Any) -> tuple[MasterRows, list[Finding]]:
    """What is kept of these rows, and what is wrong with them by themselves."""
    made = MasterRows(FinanceSetup(SetupDocument.model_validate(document(**keys)), 1), AT)
    return made, [finding for one in rows for finding in made.add(one)]


def told(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.difference.detail) for finding in findings]


def test_a_row_with_a_problem_is_listed_with_it_and_a_deleted_one_is_not() -> None:
    second = seen("account", "two", problem="duplicate_number: USPM C-7 is account one; renumber one of them")
    gone = seen("account", "three", problem="duplicate_number: too", deleted=True)
    _, found = books(second, gone)
    assert told(found) == [("master_data_problems", second.problem)]
    assert (found[0].difference.entity, found[0].difference.id) == ("account", guid("two"))


def test_a_row_that_names_no_company_is_counted_and_listed_only_where_something_waits_for_it() -> None:
    problem = "company_unknown: the row names no company"
    made, found = books(seen("account", "prospect", company=None, problem=problem))
    assert (found, made.companyless, list(made.judge())) == ([], 1, [])
    made.add_staged(row(cost("a"), blocker=f"account#{guid('prospect')}", since="2026-08-31T12:00:00Z"))
    assert told(list(made.judge())) == [("master_data_problems", problem)]


def test_shares_of_a_contract_that_do_not_make_a_hundred_have_a_check_of_their_own() -> None:
    contract = seen("salesorder", "K", number="CTR-1", warning="split_not_whole: the shares make 99 %")
    _, found = books(contract)
    assert told(found) == [("split_rules_not_100", "CTR-1: split_not_whole: the shares make 99 %")]


def test_a_row_that_others_wait_for_and_that_never_came_is_listed_once_after_a_day_and_fetched() -> None:
    made, _ = books()
    blocker = f"msdyn_project#{guid('PRJ-9')}"
    for name, since in (("a", "2026-08-29T10:00:00Z"), ("b", "2026-08-30T10:00:00Z")):
        made.add_staged(row(cost(name), blocker=blocker, since=since))
    made.add_staged(row(cost("c"), blocker=f"account#{guid('young')}", since="2026-08-31T10:00:00Z"))
    made.add_staged(row(cost("d"), blocker="rate#GBP#USD", since="2026-08-01T10:00:00Z"))
    made.add_staged(row(cost("e"), blocker="policy", since="2026-08-01T10:00:00Z"))
    (found,) = made.judge()
    assert found.check == "awaited_and_never_came"
    assert (found.difference.entity, found.difference.id) == ("msdyn_project", guid("PRJ-9"))
    assert found.difference.detail == "2 rows wait for it since 2026-08-29T10:00:00Z, and it has never come"
    assert found.difference.repair is Repair.FETCH


def test_a_row_that_is_there_was_waited_for_and_has_come() -> None:
    made, _ = books(seen("msdyn_project", "PRJ-9", number="PRJ-9", problem="duplicate_number: …"))
    made.add_staged(row(cost("a"), blocker=f"msdyn_project#{guid('PRJ-9')}", since="2026-08-01T10:00:00Z"))
    assert [finding.check for finding in made.judge()] == []


@pytest.mark.parametrize(
    ("state", "listed"),
    [(StagingState.PENDING, True), (StagingState.IMPORTED, True), (StagingState.POSTED, False)],
)
def test_a_deleted_row_is_listed_where_work_that_is_not_posted_refers_to_it(state: StagingState, listed: bool) -> None:
    made, _ = books(seen("msdyn_project", "PRJ-1", number="PRJ-1", deleted=True))
    for name in ("a", "b"):
        made.add_staged(row(cost(name), state))
    details = [finding.difference.detail for finding in made.judge()]
    expected = f"PRJ-1: deleted in Dataverse, and actual {guid('a')} and 1 more that is not posted refers to it"
    assert details == ([expected] if listed else [])


# --- what has changed since it was posted with ---


def changed(before: SeenRow, now: SeenRow, *others: SeenRow) -> list[tuple[str, str]]:
    made, _ = books(now, *others)
    return told([*made.changed_since(JOURNAL, [before]), *made.changed_since(JOURNAL, [before])])


@pytest.mark.parametrize(
    ("entity", "was", "is_", "said"),
    [
        (
            "salesorderdetail",
            {"billing_method": "time_and_material"},
            {"billing_method": "fixed_price"},
            "billing method was time_and_material when journal USPM-000001 was posted, and is fixed_price now",
        ),
        (
            "salesorder",
            {"customer": ["account", guid("one"), "One"]},
            {"customer": ["account", guid("two"), "Two"]},
            f"customer was account {guid('one')} when journal USPM-000001 was posted, and is C-2 now",
        ),
        pytest.param(
            "msdyn_project",
            {"investment": False},
            {"investment": True},
            "investment was False when journal USPM-000001 was posted, and is True now",
            id="IVP-01",
        ),
    ],
)
def test_a_change_of_what_a_posting_followed_from_is_listed_once(
    entity: str, was: dict[str, Any], is_: dict[str, Any], said: str
) -> None:
    now, other = seen(entity, "row", number="N", **is_), seen("account", "two", number="C-2")
    assert changed(seen(entity, "row", **was), now, other) == [("master_changed_after_posting", f"N: {said}")]


def test_another_company_is_listed_and_another_name_of_a_customer_is_not() -> None:
    before = seen("msdyn_project", "P", contract=["salesorder", guid("K"), "old name"], name="Old")
    now = seen("msdyn_project", "P", company="GBPM", contract=["salesorder", guid("K"), "new name"], name="New")
    ((check, detail),) = changed(before, now)
    assert check == "master_changed_after_posting"
    assert detail == "company was USPM when journal USPM-000001 was posted, and is GBPM now"


def test_a_change_of_long_ago_is_not_listed_for_ever() -> None:
    before = seen("salesorderdetail", "L", billing_method="time_and_material")
    assert changed(before, seen("salesorderdetail", "L", at=LONG_AGO, billing_method="fixed_price")) == []


def test_only_documents_with_a_row_that_changed_lately_are_looked_at() -> None:
    project = cost("a")
    posted = row(project, StagingState.POSTED, journal_id="USPM-000001")
    other = row(cost("b"), StagingState.POSTED, proposal_id="INV-1")
    made, _ = books(seen("msdyn_project", "PRJ-1", number="PRJ-1"))
    for one in (posted, other, posted):
        made.add_staged(one)
    assert made.documents() == [PostedWith("USPM", "USPM-000001", None), PostedWith("USPM", None, "INV-1")]
    quiet, _ = books(seen("msdyn_project", "PRJ-1", number="PRJ-1", at=LONG_AGO))
    quiet.add_staged(posted)
    assert quiet.documents() == []


# --- what the document says otherwise ---


def differing(*rows: SeenRow, **keys: Any) -> list[str]:
    made, _ = books(*rows, **keys)
    return [finding.difference.detail for finding in made.judge() if finding.check == "document_differs"]


CUSTOMER = seen("account", "C-001", number="C-001")
CONTRACT: dict[str, Any] = {"customer": ["account", guid("C-001")], "currency": ["transactioncurrency", guid("GBP")]}
POUND = seen("transactioncurrency", "GBP", company=None, code="GBP")


def test_an_entry_that_says_the_same_as_its_row_is_no_difference() -> None:
    line = seen("salesorderdetail", "L", number="CTR-1-1", billing_method="time_and_material")
    project = seen("msdyn_project", "P", number="PRJ-1", open=True, contract=["salesorder", guid("K")])
    assert differing(CUSTOMER, POUND, seen("salesorder", "K", number="CTR-1", **CONTRACT), line, project) == []


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (
            seen("salesorder", "K", number="CTR-1", currency=["transactioncurrency", guid("USD"), "USD"]),
            "CTR-1: currency is GBP in the set-up document and USD in Dataverse",
        ),
        (
            seen("salesorderdetail", "L", number="CTR-1-1", billing_method="fixed_price"),
            "CTR-1-1: billing method is time_and_material in the set-up document and fixed_price in Dataverse",
        ),
        (
            seen("msdyn_project", "P", number="PRJ-1", open=False),
            "PRJ-1: open is True in the set-up document and False in Dataverse",
        ),
        (
            seen("account", "C", number="C-001", terms_of_payment="N14"),
            "C-001: terms of payment is N30 in the set-up document and N14 in Dataverse",
        ),
    ],
)
def test_an_entry_that_its_row_contradicts_is_listed(one: SeenRow, said: str) -> None:
    dollar = seen("transactioncurrency", "USD", company=None, code="USD")
    terms = {"N30": {"method": "net", "days": 30}, "N14": {"method": "net", "days": 14}}
    assert differing(dollar, one, terms_of_payment=terms) == [said]


def test_another_number_or_company_than_the_references_say_is_listed() -> None:
    references = {"msdyn_project": {guid("P"): "PRJ-1"}}
    renamed = seen("msdyn_project", "P", number="PRJ-100", company="GBPM")
    assert differing(renamed, references=references) == [
        "PRJ-100: number is PRJ-1 in the set-up document and PRJ-100 in Dataverse",
        "PRJ-100: company is USPM in the set-up document and GBPM in Dataverse",
    ]


def test_an_entry_of_another_company_with_the_same_number_is_another_one() -> None:
    assert differing(seen("msdyn_project", "P", number="PRJ-1", company="GBPM", open=False)) == []


def test_rows_that_cannot_be_used_or_are_deleted_are_not_compared() -> None:
    bad = seen("msdyn_project", "P", number="PRJ-1", open=False, problem="company_unknown: …")
    gone = seen("msdyn_project", "Q", number="PRJ-1", open=False, deleted=True)
    assert differing(bad, gone) == []


def test_a_rule_that_names_a_number_which_a_row_has_left_is_listed_with_the_new_number() -> None:
    rules = [{"company": "USPM", "profile": "TM-WIP", "project": "PRJ-2"}]
    made, _ = books(seen("msdyn_project", "PRJ-2", number="PRJ-2B"), profile_rules=rules)
    left, now = (NameKey(Part.PROJECTS, "USPM", number) for number in ("PRJ-2", "PRJ-2B"))
    made.add_name(left, SeenName(None, None, {}, {}, former=(("msdyn_project", guid("PRJ-2")),)))
    made.add_name(now, SeenName("msdyn_project", guid("PRJ-2"), {}, {}, earlier=("PRJ-2",)))
    said = "profile_rules[0].project: names project PRJ-2 of USPM, which is PRJ-2B now: it goes on applying to it"
    assert told(list(made.judge())) == [("document_differs", f"PRJ-2B: {said}; write PRJ-2B")]
