"""Rejected rows: which, why, what came, and delivering them again."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

from project_invoicing.errors import Rejected
from project_invoicing.store.staging import Staging
from tests.builders import Context, actual, guid, references
from tests.rules.books import Books
from tests.rules.finance import finance
from tests.rules.stories import cost
from tests.workspace.person import Person, Seen

ENTITY = "msdyn_actual"
SCRIPT = "<script>alert(1)</script>"


def bad(name: str, **more: Any) -> Context:
    """An actual without an amount."""
    return actual(name, amount=None, **more)


def row_of(name: str) -> str:
    return json.dumps([ENTITY, guid(name)])


def one(ann: Person, name: str) -> Seen:
    return ann.get("/rejected/row", entity=ENTITY, id=guid(name))


def test_the_list_says_why_and_the_row_shows_what_came(books: Books) -> None:
    books.arrive(bad("a", description=SCRIPT), bad("b"))
    ann = Person(books)
    page = ann.get("/rejected")
    assert guid("a") in page.text
    assert "schema" in page.text
    assert page.requests <= 4
    shown = one(ann, "a")
    assert '"msdyn_description": "<script>' in shown.text
    assert "<script>alert" not in shown.html
    assert "What to do: correct the row in Dataverse" in shown.text
    assert "since is written as 2026-08-31, not 'abc'" in ann.get("/rejected", since="abc").text
    assert "Nothing was rejected that is like that" in ann.get("/rejected", reason="too_large").text


def test_a_message_that_nobody_can_read_can_be_looked_at(books: Books) -> None:
    staging = Staging(books.world.client, books.world.names.staging_table)
    staging.reject(Rejected("schema", "the message is no JSON"), {"unreadable": "not json"}, books.world.at)
    ann = Person(books)
    page = ann.get("/rejected")
    found = re.search(r'href="(/rejected/row[^"]*)">a message without an id</a>', page.html)
    assert found
    address = unescape(found.group(1))
    shown = ann.get(address)
    assert "the message is no JSON" in shown.text
    assert '"unreadable": "not json"' in shown.text
    assert "cannot be delivered again" in shown.text
    assert "Replay it" not in shown.text

    row = unescape(re.findall(r'name="row" value="([^"]*)"', shown.html)[0])
    assert "Nothing was dismissed: write why." in ann.send("/rejected/dismiss", row=row).text
    assert "Nothing was dismissed: write why." in ann.send("/rejected/dismiss", row=row, reason="  ").text
    for _ in range(2):  # a double click
        done = ann.send("/rejected/dismiss", row=row, reason=f"a probe {SCRIPT}")
        assert "It is dismissed." in done.text
        assert done.text.count("dismissed by ann (workspace) : a probe") == 1
        assert SCRIPT not in done.html
    assert "Nothing is rejected" in ann.get("/rejected").text
    assert "a message without an id" in ann.get("/rejected", status="dismissed").text
    assert "put back among the rejected by ann" in ann.send("/rejected/dismiss", row=row, take_back="yes").text
    assert "a message without an id" in ann.get("/rejected").text


def test_several_are_dismissed_at_once_and_replayed_from_there(books: Books) -> None:
    books.arrive(bad("a"), bad("b"))
    ann = Person(books)
    rows = [("row", unescape(text)) for text in re.findall(r'name="row" value="([^"]*)"', ann.get("/rejected").html)]
    assert len(rows) == 2
    assert "Nothing was dismissed: write why." in ann.send("/rejected/dismiss", *rows).text
    assert "2 of 2 dismissed." in ann.send("/rejected/dismiss", *rows, reason="test rows").text
    page = ann.get("/rejected", status="dismissed")
    assert page.text.count("test rows") == 2
    assert page.requests <= 4
    assert "0 of 2 accepted" in ann.send("/rejected/replay", *rows).text
    assert "2 of 2 put back among the rejected." in ann.send("/rejected/dismiss", *rows, take_back="yes").text


def test_what_is_replayed_before_its_cause_is_fixed_is_rejected_again(books: Books) -> None:
    books.arrive(bad("a"))
    ann = Person(books)
    page = ann.send("/rejected/replay", row=row_of("a"))
    assert "Not accepted" in page.text
    assert guid("a") in ann.get("/rejected").text


def test_what_a_corrected_version_has_overtaken_leaves_the_list_when_it_is_replayed(books: Books) -> None:
    books.arrive(bad("a", row_version=1), cost("a", row_version=2))
    ann = Person(books)
    assert guid("a") in ann.get("/rejected").text
    assert "Replayed, and accepted." in ann.send("/rejected/replay", row=row_of("a")).text
    assert guid("a") not in ann.get("/rejected").text
    assert "replayed by ann" in one(ann, "a").text


def test_what_is_newer_than_the_accepted_version_stays_rejected(books: Books) -> None:
    books.arrive(cost("a", row_version=1), bad("a", row_version=2))
    assert "Not accepted" in Person(books).send("/rejected/replay", row=row_of("a")).text


def test_several_are_replayed_at_once_and_the_page_says_what_became_of_each(books: Books) -> None:
    books.arrive(bad("a"), bad("b"))
    rows = [("row", row_of(name)) for name in ("a", "b")]
    assert "0 of 2 accepted. Rejected again" in Person(books).send("/rejected/replay", *rows).text


def test_an_invalid_row_is_revived_once_and_its_history_says_by_whom(books: Books) -> None:
    made = finance()
    made["references"]["transactioncurrency"] |= references(currency=["CHF"])["transactioncurrency"]
    books.use(made)
    books.arrive(cost("francs", currency="CHF"))
    books.import_staging()
    ann = Person(books)
    assert "Found invalid by the import currency unknown" in one(ann, "francs").text
    assert "Replayed, and accepted." in ann.send("/rejected/replay", row=row_of("francs")).text
    assert "replayed by ann" in one(ann, "francs").text
    assert "no rejected event" in ann.send("/rejected/replay", row=row_of("francs")).text


def test_what_is_no_row_is_refused_and_a_viewer_may_only_look(books: Books) -> None:
    books.arrive(bad("a"))
    ann = Person(books)
    for text in ("", "null", "{}", '["a"]', '["a", 1]', "[" * 9_000, "\x00"):
        assert "choose at least one row" in ann.send("/rejected/replay", row=text).text
    assert "Nothing of this row is rejected any more" in ann.get("/rejected/row", entity=SCRIPT, id=SCRIPT).text
    eve = Person(books, ("viewer",))
    assert "Replay" not in eve.get("/rejected").text
    assert eve.post("/rejected/replay", row=row_of("a")).status == 403
    assert "Dismiss" not in one(eve, "a").text
    assert eve.post("/rejected/dismiss", row=row_of("a"), reason="why").status == 403
