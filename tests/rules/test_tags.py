"""Financial tags through the functions: of headers and lines of drafts, by rules, and after posting."""

from __future__ import annotations

from typing import Any

import pytest

from project_invoicing.errors import Rejected
from project_invoicing.store.journals import Journals
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import cost, reverses, sale

COMPANY = "USPM"
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
    for named in ({"actual_id": guid("first")}, {"lines": {}}, {}):
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


def test_tag_01_a_tag_and_the_delimiter_stay_in_the_set_up(books: Books) -> None:
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
