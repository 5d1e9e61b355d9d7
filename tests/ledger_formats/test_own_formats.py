"""Formats of the policy: checked when it is loaded, each problem with its place and what would be right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from project_invoicing.rules.ledger_formats.formats import named
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.ledger_formats import LedgerFormat
from project_invoicing.setup.problems import problems
from tests.ledger_formats.samples import V1, format_like, written
from tests.setups import document

COLUMNS: list[dict[str, Any]] = [{"name": "voucher", "field": "voucher"}, {"name": "amount", "field": "amount"}]


def wrong(**own: Any) -> list[str]:
    """What is told of the format ``own`` in the contract's document."""
    return [text.removeprefix("ledger_formats.own") for text in problems(document(ledger_formats={"own": own}))]


def test_a_format_like_a_ready_made_one_and_a_whole_one_are_right() -> None:
    assert wrong(like="d365_general_journal", dimensions=["CostCenter"], constants={"JOURNALNAME": "Proj"}) == []
    assert wrong(file="csv", columns=COLUMNS) == []


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"like": "sap"}, ": like: 'sap' is no ready-made format; there is d365_general_journal, business_central"),
        ({"file": "csv"}, ": columns: a format needs at least one"),
        ({"columns": COLUMNS}, ".file: is missing and must be given"),
        ({"file": "xls", "columns": COLUMNS}, ".file: 'xls' is not allowed; use 'csv', 'jsonl'"),
        ({"file": "csv", "colums": COLUMNS}, ".colums: is not known here; did you mean columns?"),
        (
            {"file": "csv", "columns": [{"name": "a", "feld": "x"}]},
            ".columns[0].feld: is not known here; did you mean field?",
        ),
        (
            {"file": "csv", "columns": [{"name": "a", "field": "vat"}]},
            ": columns.a: 'vat' is no field of ledger; there is",
        ),
        (
            {"file": "csv", "columns": [{"name": "a", "pattern": "{voucher!r}"}]},
            ".columns[0].pattern: '{voucher!r}' is no pattern",
        ),
        ({"file": "csv", "columns": [{"name": "a", "pattern": "{vat}"}]}, ": columns.a: 'vat' is no field of ledger"),
        (
            {"file": "csv", "columns": [{"name": "a"}]},
            ": columns.a: give it a field, a pattern, or a value in constants.a",
        ),
        ({"file": "csv", "columns": [COLUMNS[0], COLUMNS[0]]}, ": columns: voucher is there twice"),
        ({"file": "csv", "columns": [{**COLUMNS[0], "pattern": "x"}]}, ": columns.voucher: field and pattern exclude"),
        ({"like": "xero", "constants": {"Status": "POSTED", "Stat": "x"}}, ": constants: Stat is no column; there is"),
        ({"like": "xero", "dates": "YYYY-DD"}, ": dates: 'YYYY-DD' needs YYYY, MM and DD once each"),
        ({"like": "netsuite", "entry": "{company}"}, ": entry: '{company}' must have {voucher}"),
        (
            {"like": "d365_vendor_invoice", "entry": "{lender}{invoice_number}"},
            ": entry: '{lender}{invoice_number}' must have",
        ),
        (
            {"like": "netsuite", "dimension_columns": {"Class": "Account"}},
            ": dimension_columns: Account is a column already",
        ),
        (
            {"like": "d365_general_journal", "any_dimension": True},
            ": any_dimension: a display has its dimensions in one order",
        ),
        ({"like": "summary", "customer_lines": "always"}, ": summed: sums have no vouchers"),
        ({"like": "netsuite", "file": "json"}, ": nesting: a json file needs envelope (one name)"),
        (
            {"like": "netsuite", "file": "xml", "nesting": {"envelope": ["a"], "entry": "b", "line": {"ledger": "c"}}},
            ": columns: 'External ID' is no path of elements",
        ),
        ({"like": "sap_s4hana", "nesting": {}}, ": nesting: a xml file needs envelope, entry and line"),
        (
            {"like": "beancount", "currency": "transaction"},
            ": file: a beancount file is for vouchers in currency: accounting",
        ),
        ({"like": "beancount", "roots": {"1": "Wealth"}}, ": roots: 'Wealth' is none of Assets"),
        ({"like": "beancount", "roots": {}}, ": roots: a beancount file needs the root account"),
        (
            {"like": "beancount", "more_columns": [{"name": "Text", "field": "text"}]},
            ": columns: 'Text' is no name of metadata",
        ),
        (
            {"like": "xero", "more_columns": [{"name": "Tracking.Name", "field": "text"}]},
            ": columns: Tracking holds Tracking.Name",
        ),
        (
            {"like": "netsuite", "more_columns": [{"name": "d", "field": "dimensions", "pair": ["a", "b"]}]},
            ": columns.d: pair is for",
        ),
        ({"like": "netsuite", "head_columns": COLUMNS}, ": head_columns: a csv file has no head"),
        ({"like": "netsuite", "limits": {"lines_per_part": 0}}, ".limits.lines_per_part: "),
        ({"like": "netsuite", "tables": {"accounts": {"424242": "1"}}}, ".tables.accounts.424242: is not known; "),
        (
            {"like": "netsuite", "tables": {"sales_tax_codes": {"XX": "1"}}},
            ".tables.sales_tax_codes.XX: is not known; ",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_what_would_be_right(own: dict[str, Any], told: str) -> None:
    found = wrong(**own)

    assert any(text.startswith(told) for text in found), found


def test_a_name_of_a_ready_made_format_is_not_taken_again() -> None:
    [text] = problems(document(ledger_formats={"xero": {"like": "xero"}}))

    assert text == "ledger_formats.xero: is the name of a ready-made format; take another, and write like: xero in it"


def test_a_company_delivers_in_formats_that_are_there() -> None:
    asked = ("parameters.USPM.ledger", {"formats": ["netsuite", "own", "d365"]})
    [text] = problems(document(asked, ledger_formats={"own": {"like": "xero"}}))

    assert text.startswith("parameters.USPM.ledger.formats[2]: 'd365' is no format; ")


@pytest.mark.parametrize("ledger", [{"formats": ["netsuite"]}, {"schedule": "daily"}])
def test_a_voucher_number_with_a_colon_is_refused_where_batches_are_made(ledger: dict[str, Any]) -> None:
    numbers = ("number_sequences.USPM", {"voucher": "PV:########"})
    [text] = problems(document(("parameters.USPM.ledger", ledger), numbers))

    assert text.startswith("number_sequences.USPM.voucher: 'PV:########' has a colon, which sets lines and currencies")
    assert problems(document(numbers)) == []


def test_a_document_with_formats_is_the_same_when_it_is_read_again() -> None:
    made = SetupDocument.model_validate(document(ledger_formats={"own": {"like": "xero", "dates": "DD.MM.YYYY"}}))

    stored = json.loads(json.dumps(made.model_dump(mode="json", by_alias=True)))
    assert SetupDocument.read(stored) == made


def test_what_a_format_gives_itself_counts_and_the_rest_is_as_ready_made() -> None:
    own = format_like(
        "netsuite",
        dates="DD.MM.YYYY",
        delimiter=";",
        constants={"Subsidiary": "Contoso : US"},
        more_columns=[{"name": "Project", "field": "project"}],
    )
    head, first, *_ = written(own, V1)["part-0001.csv"].splitlines()

    assert head.split(";")[-4:] == ["Project", "Department", "Class", "Location"]
    assert first.startswith("USPM:PV-00000001;31.05.2026;GBP;1;Contoso : US;USPM-ledger-000001;540100;800.00;;")
    assert first.endswith(";PRJ-1;;;")


def test_a_format_that_was_checked_is_read_without_being_checked_again() -> None:
    given = {"like": "xero", "constants": {"Status": "POSTED"}, "limits": {"dimensions": "3"}}

    read = SetupDocument.read(document(ledger_formats={"own": given}))
    assert named(read.ledger_formats, "own") == LedgerFormat.model_validate(given)


def test_the_constants_of_the_ready_made_format_stay_beside_those_of_its_own() -> None:
    own = format_like("xero", constants={"Status": "POSTED"})

    assert own.constants == {"Status": "POSTED", "LineAmountTypes": "NoTax"}
