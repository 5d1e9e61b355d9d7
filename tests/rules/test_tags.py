"""Financial tags through the functions: of headers and lines of drafts, by rules, and after posting."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.errors import Rejected
from project_invoicing.store.journals import Journals
from project_invoicing.store.sealable import Sealable
from project_invoicing.store.seals import Seals
from project_invoicing.use_cases.audit.seal import Sealing
from project_invoicing.use_cases.audit.tables import sealable
from project_invoicing.use_cases.audit.verify import Tables, verify
from project_invoicing.use_cases.lists.asked import Asked, Kind
from project_invoicing.use_cases.lists.place import ListPlace
from project_invoicing.use_cases.lists.show import page
from tests.builders import guid
from tests.rules.books import Books, before_transaction
from tests.rules.finance import TAXED, finance
from tests.rules.stories import billed, cost, reverses, sale

COMPANY, LATER = "USPM", "2026-08-31T10:00:00Z"
TAGS: list[dict[str, Any]] = [{"label": "IndustryEvent"}, {"label": "Site"}, {"label": "Old", "active": False}]
RULES: list[dict[str, Any]] = [
    {"label": "Site", "project": "PRJ-1", "value": "Seattle", "overwrite": True},
    {"label": "IndustryEvent", "category": "Labor", "value": "by rule"},
]


def setup(*rules: dict[str, Any]) -> dict[str, Any]:
    return finance(TAXED, financial_tags={COMPANY: {"tags": TAGS, "rules": list(rules)}})


def journals(books: Books) -> Journals:
    return Journals(books.world.client, books.world.names.journals_table)


def journal_lines(books: Books, number: str = "USPM-000001") -> dict[str, Any]:
    """The tags of a journal's lines by actual."""
    pages = journals(books).pages(COMPANY, number)
    return {line.actual_id: line.tags for page in pages for line in page.lines}


def edit(books: Books, **changes: Any) -> Any:
    return books.world.edit("edit", company=COMPANY, journal_id="USPM-000001", **changes)


def test_tag_02_tags_of_a_draft_are_those_of_lines_that_are_added_later(books: Books) -> None:
    books.use(setup())
    books.arrive(cost("first"))
    books.import_staging()
    assert edit(books, tags={"IndustryEvent": "2026 Event"})["outcome"] == "edited"
    books.arrive(cost("second"))
    books.import_staging()
    assert journal_lines(books) == {guid("first"): None, guid("second"): {"IndustryEvent": "2026 Event"}}
    history = list(journals(books).history(COMPANY, "USPM-000001"))
    assert [(dict(one.before), dict(one.after)) for one in history] == [
        ({"tags": None}, {"tags": {"IndustryEvent": "2026 Event"}})
    ]
    books.post_journals()
    assert "takes no more lines" not in str(edit(books, tags=None))
    assert "it is posted" in edit(books, tags=None)["outcome"]


def test_tag_02_each_line_of_a_draft_has_tags_that_can_be_edited_alone_or_with_others(books: Books) -> None:
    books.use(setup())
    books.arrive(cost("first"), cost("second"), sale("third"))
    books.import_staging()
    assert edit(books, actual_id=guid("first"), tags={"Site": "Rome"})["outcome"] == "edited"
    assert edit(books, lines={"kind": "cost"}, tags={"Site": "Oslo"})["changed"] == 2
    assert journal_lines(books) == {
        guid("first"): {"Site": "Oslo"},
        guid("second"): {"Site": "Oslo"},
        guid("third"): None,
    }
    assert edit(books, lines={}, tags=None)["changed"] == 2
    assert set(map(str, journal_lines(books).values())) == {"None"}


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ({"Old": "x"}, "has no active tag Old; there are IndustryEvent, Site"),
        ({"Nothing": "x"}, "has no active tag Nothing"),
        ({"Site": "a|b"}, "has the delimiter | in it"),
        ({"Site": " "}, "is empty"),
        ({}, "tags are written as"),
    ],
)
def test_tag_01_what_a_line_cannot_have_is_refused_before_anything_is_written(
    books: Books, tags: dict[str, str], told: str
) -> None:
    books.use(setup())
    books.arrive(cost("first"))
    books.import_staging()
    chosen: list[dict[str, Any]] = [{"actual_id": guid("first")}, {"lines": {}}, {}]
    for named in chosen:
        assert told in edit(books, **named, tags=tags)["outcome"]
    assert journal_lines(books) == {guid("first"): None}


def test_tag_07_rules_give_tags_when_a_line_is_made_and_when_it_is_saved(books: Books) -> None:
    books.use(setup(*RULES))
    books.arrive(cost("first"))
    books.import_staging()
    assert journal_lines(books) == {guid("first"): {"Site": "Seattle", "IndustryEvent": "by rule"}}
    edit(books, actual_id=guid("first"), tags={"IndustryEvent": "mine", "Site": "Rome"})
    assert journal_lines(books) == {guid("first"): {"IndustryEvent": "mine", "Site": "Seattle"}}
    edit(books, lines={}, sales_tax_group="EXP", tags=None)
    assert journal_lines(books) == {guid("first"): {"IndustryEvent": "by rule", "Site": "Seattle"}}
    told = [one.after["tags"]["IndustryEvent"] for one in journals(books).history(COMPANY, "USPM-000001")]
    assert sorted(told) == ["by rule", "mine"]


def test_tag_07_tags_of_the_header_go_before_a_rule_that_does_not_overwrite(books: Books) -> None:
    books.use(setup(*RULES))
    books.arrive(cost("first"))
    books.import_staging()
    edit(books, tags={"IndustryEvent": "2026 Event", "Site": "Rome"})
    books.arrive(cost("second"))
    books.import_staging()
    assert journal_lines(books)[guid("second")] == {"IndustryEvent": "2026 Event", "Site": "Seattle"}


def test_tag_02_lines_that_an_import_has_planned_get_the_tags_that_the_header_is_given_meanwhile(books: Books) -> None:
    books.use(setup())
    books.arrive(cost("first"))
    books.import_staging()
    books.arrive(cost("second"))
    with before_transaction(books, 0, lambda: edit(books, tags={"Site": "Rome"})):
        books.import_staging()
    assert journal_lines(books) == {guid("first"): None, guid("second"): {"Site": "Rome"}}


def test_tag_07_a_line_that_changes_in_dataverse_is_made_anew_with_header_and_rules(books: Books) -> None:
    books.use(setup(RULES[1]))
    books.arrive(cost("first"))
    books.import_staging()
    edit(books, tags={"Site": "Rome"})
    books.arrive(cost("first", "9", message="Update", changed=["msdyn_quantity"], at=LATER))
    books.import_staging()
    assert books.journal_line("first")["quantity"] == "9"
    assert journal_lines(books) == {guid("first"): {"Site": "Rome", "IndustryEvent": "by rule"}}


def test_tag_08_a_reversal_has_the_tags_of_the_posted_line_and_neither_the_journals_nor_those_of_rules(
    books: Books,
) -> None:
    books.use(setup())
    books.arrive(cost("first"))
    books.import_staging()
    edit(books, actual_id=guid("first"), tags={"Site": "Rome"})
    books.post_journals()
    books.use(setup(*RULES))
    books.arrive(cost("back", "-8"), reverses("back", "first"))
    books.import_staging()
    assert journal_lines(books, "USPM-000002") == {guid("back"): {"Site": "Rome"}}
    edited = books.world.edit(
        "edit", company=COMPANY, journal_id="USPM-000002", actual_id=guid("back"), sales_tax_group="EXP"
    )
    assert edited["outcome"] == "edited"
    assert journal_lines(books, "USPM-000002") == {guid("back"): {"Site": "Rome"}}


ANN: dict[str, Any] = {"actor": "ann@contoso.example"}


def correct(books: Books, voucher: str, line: int, tags: Any, **more: Any) -> Any:
    return books.do("correct_tags", company=COMPANY, voucher=voucher, line=line, tags=tags, **ANN, **more)


def chain(books: Books) -> tuple[Seals, Sealable]:
    return Seals(books.world.client, books.world.names.audit_table), sealable(books.world.client, books.world.names)


def pages_of_the_ledger(books: Books) -> list[Any]:
    return sorted(map(str, books.world.client.scan(TableName=books.world.names.ledger_table)["Items"]))


def told_of(books: Books, id: str) -> dict[str, Any]:
    found: dict[str, Any] = books.call("explain", {"id": id})["found"][0]
    return found


@pytest.fixture
def invoiced(books: Books) -> Books:
    """A cost, and an invoice with a tagged line."""
    books.use(setup({"label": "Site", "project": "PRJ-1", "value": "Rome"}))
    books.arrive(cost("hour"), *billed())
    books.journalise()
    books.post_invoices()
    return books


def test_tag_09_a_posted_line_gets_other_tags_without_a_voucher_and_the_history_says_who_did_it(
    invoiced: Books,
) -> None:
    voucher = invoiced.row("hour")["voucher"]
    before, vouchers = pages_of_the_ledger(invoiced), invoiced.result["vouchers"]
    assert correct(invoiced, voucher, 2, {"Site": "Oslo"}, reason="typed wrong")["outcome"] == "corrected"
    assert correct(invoiced, voucher, 2, {"Site": "Oslo"})["outcome"] == "unchanged"
    assert [one.get("tags") for one in told_of(invoiced, voucher)["voucher_lines"]] == [
        {"Site": "Rome"},
        {"Site": "Oslo"},
    ]
    assert pages_of_the_ledger(invoiced) == before
    assert invoiced.result["vouchers"] == vouchers
    *_, entry = journals(invoiced).history(COMPANY, invoiced.row("hour")["journal_id"])
    assert (entry.who.id, entry.what, dict(entry.before), dict(entry.after)) == (
        ANN["actor"],
        "given other tags",
        {"tags": {"Site": "Rome"}},
        {"voucher": voucher, "line": 2, "tags": {"Site": "Oslo"}, "reason": "typed wrong"},
    )


def test_tag_09_of_several_corrections_the_last_counts_and_an_invoice_tells_them(invoiced: Books) -> None:
    invoice = invoiced.invoice()
    for tags in ({"Site": "Oslo"}, {"IndustryEvent": "2026 Event"}, None):
        assert correct(invoiced, invoice["voucher"], 1, tags)["outcome"] == "corrected"
    found = told_of(invoiced, invoice["invoice_number"])
    assert "tags" not in found["voucher_lines"][0]
    assert found["voucher_lines"][1]["tags"] == {"Site": "Rome"}
    told = [step["what"] for step in found["history"] if "given other tags" in step["what"]]
    assert len(told) == 3
    assert "tags IndustryEvent 2026 Event -> none" in told[2]


def test_tag_04_header_tags_of_a_proposal_are_edited_and_go_to_the_customer_balance(books: Books) -> None:
    books.use(setup({"label": "Site", "project": "PRJ-1", "value": "Rome"}))
    books.arrive(cost("hour"), *billed())
    books.journalise()
    header = {"company": COMPANY, "proposal_id": "INV-0001"}
    assert "has no active tag Old" in books.edit("edit", **header, tags={"Old": "x"})
    assert books.edit("edit", **header, tags={"IndustryEvent": "2026 Event"}) == "done"
    preview = books.do("preview", **header)["previews"][0]
    books.post_invoices()
    number = books.invoice()["voucher"]
    lines = next(one["lines"] for one in books.result["vouchers"] if one["voucher"] == number)
    assert {one["account"]: one.get("tags") for one in lines} == {
        "411100": {"Site": "Rome"},
        "161300": {"Site": "Rome"},
        "420200": {"Site": "Rome"},
        "222100": {"Site": "Rome"},
        "130100": {"IndustryEvent": "2026 Event"},
    }
    assert [one.get("tags") for one in preview["voucher"]["lines"]] == [one.get("tags") for one in lines]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"voucher": "PV-99999999"}, "USPM has no posted voucher PV-99999999"),
        ({"line": 3}, "has 2 lines, and no line 3"),
        ({"line": 0}, "line is the place of a line in its voucher, from 1, not 0"),
        ({"tags": {"Old": "x"}}, "has no active tag Old"),
        ({"company": "NOPE"}, "NOPE"),
    ],
)
def test_tag_09_what_cannot_be_corrected_is_refused_by_name(
    invoiced: Books, changes: dict[str, Any], told: str
) -> None:
    asked = {"company": COMPANY, "voucher": invoiced.row("hour")["voucher"], "line": 1, "tags": None} | changes
    answer = invoiced.do("correct_tags", **asked)
    assert told in answer["outcome"]
    assert answer["refused"]


def test_tag_09_the_correction_of_a_sealed_voucher_is_sealed_and_the_chain_verifies(invoiced: Books) -> None:
    reports = []
    for tags in ({"Site": "Oslo"}, None):
        Sealing(*chain(invoiced), None, invoiced.world.at).run()
        reports.append(verify(Tables(*chain(invoiced)), invoiced.world.at))
        for voucher in (invoiced.row("hour")["voucher"], invoiced.invoice()["voucher"]):
            assert correct(invoiced, voucher, 1, tags)["outcome"] == "corrected"
    assert [(one["ok"], one["waiting"], one["first"]) for one in reports] == [(True, 0, None)] * 2
    assert reports[1]["entries"] - reports[0]["entries"] == 2
    invoiced.run("reconciliation")
    place = ListPlace.read(invoiced.world.client, invoiced.world.names, invoiced.world.at)
    found = page(place, Asked(Kind.DIFFERENCES)).rows
    assert {row.check for row in found} <= {"outbox", "write_back_unfinished"}


def test_tag_01_a_tag_and_the_delimiter_stay_in_the_set_up(books: Books) -> None:
    """The last one of this module, which keeps its set-ups."""
    books.use(setup())
    for tags, more, told in (
        (TAGS[1:], {}, "no longer begin with IndustryEvent, Site, Old"),
        (TAGS, {"delimiter": "~"}, "cannot change; write '|' again"),
    ):
        document = finance(TAXED, financial_tags={COMPANY: {"tags": tags, **more}})
        with pytest.raises(Rejected, match=told):
            books.use(document)
    with pytest.raises(Rejected, match="tags stay"):
        books.use(finance(TAXED))
    books.use(finance(TAXED, financial_tags={COMPANY: {"tags": [*TAGS, {"label": "New"}]}}))
