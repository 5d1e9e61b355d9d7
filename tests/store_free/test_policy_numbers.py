"""Rules of the policy that name a project, a contract or a customer whose number has changed (D-156)."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.domain.codes import BillingMethod, PostingType
from project_invoicing.domain.master_data import NameKey, Part, RowKey, SeenName, SeenRow
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.master_view import MasterView
from project_invoicing.setup.policy_names import named, old_numbers
from tests.builders import guid
from tests.rules.finance import finance, second_company
from tests.store_free.viewing import Read, account, contract, policy, project, seeing

TM = BillingMethod.TIME_AND_MATERIAL
PROFILE = {"billing_method": "time_and_material"}
OLD = NameKey(Part.PROJECTS, "USPM", "PRJ-2")
NEW = NameKey(Part.PROJECTS, "USPM", "PRJ-2B")


def renumbered(part: Part, entity: str, old: str, new: str, read: Read) -> Read:
    """The rows after ``old`` has become ``new``."""
    row = (entity, guid(old))
    name = read[NameKey(part, "USPM", new)]
    assert isinstance(name, SeenName)
    name = SeenName(name.entity, name.id, name.columns, {}, earlier=(old,))
    return read | {
        NameKey(part, "USPM", new): name,
        NameKey(part, "USPM", old): SeenName(None, None, {}, {}, former=(row,)),
    }


PROJECT = renumbered(Part.PROJECTS, "msdyn_project", "PRJ-2", "PRJ-2B", project("PRJ-2", number="PRJ-2B"))
CONTRACT = renumbered(Part.CONTRACTS, "salesorder", "CTR-2", "CTR-2B", contract("CTR-2", number="CTR-2B"))
CUSTOMER = renumbered(Part.CUSTOMERS, "account", "C-2", "C-2B", account("C-2", number="C-2B"))


def seen(rules: dict[str, Any], *rows: Read) -> FinanceSetup:
    profiles = {**finance()["profiles"], "SPECIAL": PROFILE, "OTHER": PROFILE}
    return seeing({**policy(), "profiles": profiles, **rules}, *rows)


def profile(setup: FinanceSetup, project: str | None, contract: str | None = None) -> str | None:
    found = setup.profile("USPM", project, contract, TM)
    return found[0] if found else None


GENERAL = {"company": "USPM", "profile": "TM"}


@pytest.mark.parametrize(
    ("rule", "of"),
    [({"project": "PRJ-2"}, ("PRJ-2B", "CTR-1")), ({"contract": "CTR-2"}, ("PRJ-1", "CTR-2B"))],
)
def test_a_profile_rule_goes_on_applying_to_what_it_named(rule: dict[str, str], of: tuple[str, str]) -> None:
    setup = seen({"profile_rules": [GENERAL, {"company": "USPM", "profile": "SPECIAL", **rule}]}, PROJECT, CONTRACT)
    assert profile(setup, *of) == "SPECIAL"
    assert profile(setup, "PRJ-1", "CTR-1") == "TM"


def test_a_rule_for_the_new_number_comes_before_one_for_the_old() -> None:
    rules = [{"company": "USPM", "profile": name, "project": of} for name, of in (("OTHER", "PRJ-2B"), ("TM", "PRJ-2"))]
    assert profile(seen({"profile_rules": rules}, PROJECT), "PRJ-2B") == "OTHER"


def test_an_account_of_a_project_and_of_a_customer_stays_its_account() -> None:
    accounts = [
        {"posting_type": "invoiced_revenue", "account": "1"},
        {"posting_type": "invoiced_revenue", "account": "2", "project": "PRJ-2"},
        {"posting_type": "customer_balance", "account": "3"},
        {"posting_type": "customer_balance", "account": "4", "customer": "C-2"},
    ]
    setup = seen({"ledger_posting": {"USPM": accounts}}, PROJECT, CUSTOMER)

    for project_, expected in (("PRJ-2B", "2"), ("PRJ-1", "1")):
        assert setup.posting_account("USPM", PostingType.INVOICED_REVENUE, project=project_) == expected
    for customer, expected in (("C-2B", "4"), ("C-1", "3")):
        assert setup.posting_account("USPM", PostingType.CUSTOMER_BALANCE, customer=customer) == expected


def test_a_dimension_rule_goes_on_applying_and_one_for_the_new_number_comes_first() -> None:
    def rule(of: str, value: str) -> dict[str, Any]:
        return {"company": "USPM", "project": of, "dimensions": {"CostCenter": value}}

    old, new = rule("PRJ-2", "007"), rule("PRJ-2B", "008")
    for rules, expected in (([old], "007"), ([old, new], "008"), ([new, old], "008")):
        setup = seen({"dimension_rules": rules}, PROJECT)
        assert setup.ruled_dimensions("USPM", project="PRJ-2B") == {"CostCenter": expected}
        assert setup.ruled_dimensions("USPM", project="PRJ-1") is None


def test_the_entry_of_a_project_goes_on_applying_to_it() -> None:
    document = {"projects": {"PRJ-2": {"group": "FIXED"}, "PRJ-9": {"group": "TM"}}}
    assert getattr(seen(document, PROJECT).project("USPM", "PRJ-2B"), "group", None) == "FIXED"


def test_a_view_that_is_kept_with_a_document_keeps_the_numbers_before() -> None:
    kept = MasterView.of(MasterView(PROJECT).pinned())
    assert (kept.name(Part.PROJECTS, "USPM", "PRJ-2B"), kept.name(*_key(OLD))) == (PROJECT[NEW], PROJECT[OLD])


def _key(name: NameKey) -> tuple[Part, str, str]:
    return name.part, name.company, name.number


# --- what is said of it -----------------------------------------------------------------------------------------------

RULE = {"profile_rules": [{"company": "USPM", "profile": "SPECIAL", "project": "PRJ-2"}]}


def told(setup: FinanceSetup, rows: Read) -> list[str]:
    return [str(one.problem) for one in old_numbers(setup.document, rows.get)]


def test_a_rule_with_an_old_number_is_named_with_the_new_one() -> None:
    (said,) = told(seen(RULE), PROJECT)
    named_so = "profile_rules[0].project: names project PRJ-2 of USPM, which is PRJ-2B now"
    assert said == f"{named_so}: it goes on applying to it; write PRJ-2B"


def test_a_number_that_another_project_has_now_is_said_until_the_policy_names_both() -> None:
    rows = PROJECT | {OLD: SeenName("msdyn_project", guid("PRJ-3"), {}, {}, former=(("msdyn_project", guid("PRJ-2")),))}
    (said,) = told(seen(RULE), rows)
    assert said.endswith(
        "is PRJ-2B now, and PRJ-2 is another project: it applies to both; say by their numbers which is meant"
    )
    both = [*RULE["profile_rules"], {"company": "USPM", "profile": "TM", "project": "PRJ-2B"}]
    assert told(seen({"profile_rules": both}), rows) == []


def test_a_number_that_was_left_before_rows_remembered_it_applies_to_nothing() -> None:
    name = PROJECT[NEW]
    assert isinstance(name, SeenName)
    rows = PROJECT | {NEW: SeenName(name.entity, name.id, name.columns, {})}
    assert told(seen(RULE), rows)[0].endswith("which is PRJ-2B now: it applies to nothing; correct it, or take it out")
    assert profile(seen({"profile_rules": [GENERAL, *RULE["profile_rules"]]}, rows), "PRJ-2B") == "TM"


def test_a_project_that_is_deleted_or_has_no_number_is_not_said() -> None:
    key = RowKey("msdyn_project", guid("PRJ-2"))
    row = PROJECT[key]
    assert isinstance(row, SeenRow)
    gone = SeenRow(row.entity, row.id, row.version, row.columns, deleted=True, company="USPM", number="PRJ-2B")
    assert told(seen(RULE), PROJECT | {key: gone}) == []


def test_every_place_of_the_policy_that_names_a_number_is_looked_at() -> None:
    document = second_company(finance())
    document["profile_rules"] += [{"company": "USPM", "profile": "TM", "contract": "A"}]
    document["ledger_posting"]["USPM"] += [{"posting_type": "cost", "account": "1", "project": "B"}]
    document["ledger_posting"]["USPM"] += [{"posting_type": "customer_balance", "account": "1", "customer": "C"}]
    document["dimension_rules"] = [
        {"company": "USPM", "customer": "D", "contract": "E", "project": "F", "dimensions": {}}
    ]
    document["intercompany"] = [{"lender": "GBPM", "borrower": "USPM", "customer": "G", "vendor": "V"}]
    places = {".".join(map(str, path)): name for path, name in named(seeing(document).document)}
    assert {name.number for name in places.values()} >= set("ABCDEFG")
    assert places["intercompany.0.customer"] == NameKey(Part.CUSTOMERS, "GBPM", "G")
