"""Master data: finding it, where each value comes from, and finance's own columns."""

from __future__ import annotations

from tests import master
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.stories import cost
from tests.workspace.person import Person

CUSTOMER = {"kind": "customers", "company": "USPM", "number": "C-900"}


def shown(ann: Person, **key: str) -> str:
    return ann.get("/master-data/row", **(key or CUSTOMER)).text


def test_a_customer_is_found_by_its_number_and_by_its_id(books: Books) -> None:
    books.arrive(master.company("USPM"), master.account("acme", number="C-900", name="<b>Acme</b>"))
    ann = Person(books)
    page = ann.get("/master-data", number="C-900")
    assert 'href="/master-data/row?kind=customers&amp;company=USPM&amp;number=C-900"' in page.html
    assert page.requests <= 3
    assert "C-900" in ann.get("/master-data", number=guid("acme")).text
    assert "Neither finance" in ann.get("/master-data", number="C-900", kind="projects").text
    assert "Neither finance" in ann.get("/master-data", number="<i>").text
    assert "<b>Acme" not in ann.get("/master-data/row", **CUSTOMER).html


def test_what_is_called_so_is_found_by_the_beginning_of_its_name(books: Books) -> None:
    books.arrive(
        master.company("USPM"),
        master.account("acme", number="C-900", name="<b>ÄCME  Tools"),
        master.contract("CTR-9", company="USPM"),
        master.project("PRJ-9", contract="CTR-9", msdyn_subject="Acme renewal"),
    )
    ann = Person(books)
    page = ann.get("/master-data", number="<B>äcme t")
    assert f'href="/master-data/row?id={guid("acme")}"' in page.html
    assert "ÄCME Tools C-900 customers USPM" in page.text
    assert "<b>Ä" not in page.html
    assert page.requests <= 8
    assert "Acme renewal PRJ-9 projects USPM" in ann.get("/master-data", number="acme").text
    assert "Adatum C-001 customers USPM" in ann.get("/master-data", number="adat").text  # of the document alone
    for nothing in ("a", "tools", "acme" * 300, "\x00a", "acme#"):
        assert "Neither finance" in ann.get("/master-data", number=nothing).text
    assert "Neither finance" in ann.get("/master-data", number="acme", kind="contracts").text
    books.arrive(master.account("acme", number="C-900", name="Other", row_version=10**6))
    assert "Neither finance" in ann.get("/master-data", number="<b>").text
    assert "Other C-900" in ann.get("/master-data", number="OTH").text


def test_each_value_says_where_it_comes_from(books: Books) -> None:
    books.arrive(master.company("USPM"), master.account("acme", number="C-900", name="Acme"))
    text = shown(Person(books))
    assert "name Acme Dataverse" in text
    assert "What waits for it Nothing." in text


def test_finance_sets_a_column_and_takes_it_back(books: Books) -> None:
    books.arrive(master.company("USPM"), master.account("acme", number="C-900", name="Acme"))
    ann = Person(books)
    form = {**CUSTOMER, "was.sales_tax_group": "", "sales_tax_group": "DOM"}
    assert "Changed: sales tax group." in ann.send("/master-data/edit", **form).text
    assert "sales tax group DOM finance" in shown(ann)
    assert "Changed" in ann.send("/master-data/edit", **form).text
    assert "Nothing was changed." in ann.send("/master-data/edit", **CUSTOMER).text
    back = {**CUSTOMER, "was.sales_tax_group": "DOM", "sales_tax_group": ""}
    assert "Changed: sales tax group." in ann.send("/master-data/edit", **back).text
    assert "sales tax group DOM finance" not in shown(ann)


def test_a_form_that_is_old_leaves_what_others_have_set(books: Books) -> None:
    books.arrive(master.company("USPM"), master.account("acme", number="C-900", name="Acme"))
    ann = Person(books)
    ann.send("/master-data/edit", **CUSTOMER, **{"was.sales_tax_group": "", "sales_tax_group": "DOM"})
    old = {"was.sales_tax_group": "", "sales_tax_group": "", "was.on_hold": "", "on_hold": "yes"}
    assert "Changed: on hold." in ann.send("/master-data/edit", **CUSTOMER, **old).text
    assert "sales tax group DOM finance" in shown(ann)


def test_a_value_that_does_not_exist_is_refused_and_says_what_does(books: Books) -> None:
    books.arrive(master.company("USPM"), master.account("acme", number="C-900", name="Acme"))
    ann = Person(books)
    form = {**CUSTOMER, "was.sales_tax_group": "", "sales_tax_group": "NONE"}
    assert "Not changed: " in ann.send("/master-data/edit", **form).text
    dimensions = {**CUSTOMER, "was.dimensions": "", "dimensions": "CostCenter 007"}
    assert "Not changed: " in ann.send("/master-data/edit", **dimensions).text


def test_what_waits_for_a_row_is_on_its_page(books: Books) -> None:
    books.arrive(master.project("late", number="PRJ-LATE", contract="none"), cost("odd", project="late"))
    books.import_staging()
    assert guid("odd") in Person(books).get("/master-data/row", id=guid("late")).text


def test_only_an_administrator_edits_and_unknown_names_are_a_clear_4xx(books: Books) -> None:
    books.arrive(master.company("USPM"), master.account("acme", number="C-900", name="Acme"))
    eve = Person(books, ("accountant", "poster"))
    assert "an administrator may set them" in shown(eve)
    assert eve.post("/master-data/edit", **CUSTOMER, on_hold="yes").status == 403
    ann = Person(books)
    assert ann.get("/master-data/row", kind="x", number="y").status == 400
    assert ann.get("/master-data/row", kind="customers", number="y").status == 400
    assert ann.get("/master-data/row", **{**CUSTOMER, "number": "nobody"}).status == 404
    assert ann.get("/master-data/row", id=guid("nobody")).status == 404
