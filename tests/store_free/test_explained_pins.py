"""Explanations show what a document was computed with. No store."""

from __future__ import annotations

from project_invoicing.domain.actual import RowVersion
from project_invoicing.domain.master_data import Key, NameKey, Part, RowKey, Seen, SeenName, SeenRow
from project_invoicing.rules.explaining.explanation import SHOWN, Explanation
from project_invoicing.rules.explaining.pins import say_pins
from project_invoicing.setup.master_view import MasterView

ACCOUNT = "0f1f1a5a-df82-43a1-861c-db7cfc3aac4e"
CUSTOMER = NameKey(Part.CUSTOMERS, "USPM", "C-001")


def said(seen: dict[Key, Seen | None]) -> dict[str, str]:
    made = Explanation("journal", "USPM-000001", "USPM", "")
    say_pins(made, MasterView(seen).pinned())
    return made.facts


def test_a_name_is_told_with_finances_own_columns_and_those_of_its_row() -> None:
    columns = {"name": "Adatum", "active": True, "currency": ["transactioncurrency", ACCOUNT, "USD"]}
    name = SeenName("account", ACCOUNT, columns, {"on_hold": False, "sales_tax_group": "DOM"})
    row = SeenRow("account", ACCOUNT, RowVersion(1, "2026-08-31T09:00:00.000Z", ""), columns)

    assert said({CUSTOMER: name, RowKey("account", ACCOUNT): row}) == {
        "computed with customers C-001 of USPM": "finance's own on_hold no, sales_tax_group DOM; "
        f"account {ACCOUNT}: active yes, currency USD, name Adatum"
    }


def test_what_was_not_there_and_what_has_no_row_is_told_as_that() -> None:
    gone = SeenName("product", ACCOUNT, {"number": "P-1"}, {}, deleted=True)
    facts = said({CUSTOMER: None, NameKey(Part.PRODUCTS, "", "P-1"): gone})

    assert facts == {"computed with products P-1": f"product {ACCOUNT} (deleted): number P-1"}


def test_a_long_list_is_counted() -> None:
    own = SeenName(None, None, {}, {"group": "TM"})
    facts = said({NameKey(Part.PROJECTS, "USPM", f"PRJ-{n:03}"): own for n in range(SHOWN + 2)})

    assert len(facts) == SHOWN + 1
    assert facts["computed with more"] == "2 names of master data"


def test_nothing_is_said_where_nothing_was_kept() -> None:
    made = Explanation("journal", "USPM-000001", "USPM", "")
    say_pins(made, None)
    assert made.facts == {}
