"""Table maps: how they stand, and what changes them."""

from __future__ import annotations

from unittest.mock import patch

from project_invoicing.store.map_states import MapStates
from tests.harness import envelope
from tests.rules.books import Books
from tests.workspace.person import Person


def test_every_map_is_listed_in_a_bounded_number_of_requests(books: Books) -> None:
    books.import_staging()
    page = Person(books).get("/maps")
    assert "actuals write back" in page.text
    assert "none yet" in page.text
    assert page.requests <= 3


def test_a_map_is_paused_with_a_reason_and_resumed(books: Books) -> None:
    books.import_staging()
    ann = Person(books)
    assert "say why" in ann.send("/maps/change", name="actuals", action="pause").text
    paused = ann.send("/maps/change", name="actuals", action="pause", reason="<b>the bank</b>")
    assert "actuals is paused." in paused.text
    assert "by ann" in paused.text
    assert "<b>the bank" not in paused.html
    assert "actuals paused" in ann.get("/").text
    kept = {**envelope({"entity": "msdyn_actual"}, books.world.at, "msdyn_actual.Create", "dataverse")}
    maps = MapStates(books.world.client, books.world.names.dataverse_table)
    maps.keep("actuals", kept)
    assert "1 event kept" in ann.get("/maps").text
    again = ann.send("/maps/change", name="actuals", action="pause", reason="twice")
    assert "actuals is paused, so pause is not possible" in again.text
    assert "twice" not in again.text
    with patch("project_invoicing.bus.Bus.publish", return_value=[]):
        resumed = ann.send("/maps/change", name="actuals", action="resume")
    assert "actuals is running; 1 event that was kept is on its way." in resumed.text
    assert not list(maps.kept("actuals"))


def test_what_is_no_map_or_no_action_is_refused(books: Books) -> None:
    books.import_staging()
    ann = Person(books)
    assert "there is no table map 'x'" in ann.send("/maps/change", name="x", action="stop", reason="y").text
    assert "action is 'drop'" in ann.send("/maps/change", name="actuals", action="drop").text
    eve = Person(books, ("accountant", "poster"))
    assert "Pause" not in eve.get("/maps").text
    assert eve.post("/maps/change", name="actuals", action="stop", reason="x").status == 403
