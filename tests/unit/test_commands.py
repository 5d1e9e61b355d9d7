"""A request is read into the command that it asks for, and one that cannot be right says what is wrong with it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from project_invoicing.errors import Rejected
from project_invoicing.use_cases.commands.apply import HANDLERS
from project_invoicing.use_cases.commands.bill_intercompany import BillIntercompany
from project_invoicing.use_cases.commands.command import Command
from project_invoicing.use_cases.commands.delete_lines import DeleteJournalLines, DeleteProposalLines
from project_invoicing.use_cases.commands.edit_header import EditHeader
from project_invoicing.use_cases.commands.edit_journal_line import EditJournalLine
from project_invoicing.use_cases.commands.edit_master_data import EditMasterData
from project_invoicing.use_cases.commands.edit_proposal_line import EditProposalLine
from project_invoicing.use_cases.commands.preview import Preview
from project_invoicing.use_cases.commands.reading import COMMANDS, command_of

ID = "0f1f1a5a-df82-43a1-861c-db7cfc3aac4e"
PROPOSAL = {"company": "USPM", "proposal_id": "INV-0001"}
JOURNAL = {"company": "USPM", "journal_id": "USPM-000001"}
SOLD = {"company": "GBPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31"}


@pytest.mark.parametrize(
    ("action", "request_", "model"),
    [
        ("edit", PROPOSAL | {"due_date": "2026-09-30"}, EditHeader),
        ("edit", PROPOSAL | {"actual_id": ID, "sales_tax_group": None}, EditProposalLine),
        ("edit", JOURNAL | {"actual_id": ID, "dimensions": {"CostCenter": "007"}}, EditJournalLine),
        ("delete_lines", PROPOSAL, DeleteProposalLines),
        ("delete_lines", JOURNAL, DeleteJournalLines),
        ("delete_lines", JOURNAL | {"proposal_id": None}, DeleteJournalLines),
        ("delete_lines", PROPOSAL | {"journal_id": None}, DeleteProposalLines),
        ("preview", PROPOSAL | {"invoice_date": " 2026-08-31 "}, Preview),
        (
            "edit_master_data",
            {"part": "products", "number": " P-1 ", "columns": {"item_sales_tax_group": None}},
            EditMasterData,
        ),
        ("intercompany_invoice", SOLD, BillIntercompany),
    ],
)
def test_what_a_request_names_decides_which_command_it_is(
    action: str, request_: dict[str, Any], model: type[Command]
) -> None:
    assert type(command_of({action: request_})) is model


def test_every_command_is_carried_out_by_somebody() -> None:
    assert set(HANDLERS) == set(COMMANDS)


def test_ids_and_numbers_are_read_however_they_are_written() -> None:
    command = command_of({"edit": {"proposal_id": " INV-0001 ", "actual_id": f"{{{ID.upper()}}}"}})
    assert isinstance(command, EditProposalLine)
    assert (command.proposal_id, command.actual_id, command.company) == ("INV-0001", ID, None)


def test_names_that_a_command_has_no_use_for_are_passed_over() -> None:
    command = command_of({"delete_lines": PROPOSAL | {"actual_id": ID}})
    assert isinstance(command, DeleteProposalLines)


def test_an_edit_changes_what_it_gives_and_null_is_a_value() -> None:
    command = command_of({"edit": PROPOSAL | {"due_date": None, "invoice_date": "2026-08-31", "actor": "ann"}})
    assert isinstance(command, EditHeader)
    assert command.changes == {"due_date": None, "invoice_date": date(2026, 8, 31)}


@pytest.mark.parametrize(
    ("detail", "field", "told"),
    [
        ({}, "detail", "the request says nothing to do; it can say edit, delete_lines, reset, replay, dismiss"),
        ({"create": {}}, "create", "create is not possible here, only edit, delete_lines"),
        ({"edit": "INV-0001"}, "edit", "edit is written as an object that names a document, not 'INV-0001'"),
        ({"edit": {"due_date": None}}, "proposal_id", "the request needs proposal_id"),
        ({"reset": {"company": "USPM", "journal_id": " "}}, "journal_id", "the request needs journal_id"),
        ({"reset": {"journal_id": "J-1"}}, "company", "the request needs company"),
        ({"edit": PROPOSAL | {"actual_id": None}}, "actual_id", "the request needs actual_id"),
        ({"delete_lines": PROPOSAL | {"actual_id": "work"}}, "actual_id", "actual_id 'work' is no GUID; write it as"),
        ({"edit": PROPOSAL | {"actual_id": "work"}}, "actual_id", "actual_id 'work' is no GUID; write it as"),
        (
            {"edit": PROPOSAL | {"actual_id": ID, "dimensions": {}}},
            "dimensions",
            "dimensions cannot be edited; what can: item_sales_tax_group, rederive_dimensions, rederive_sales_tax",
        ),
        (
            {"edit": PROPOSAL | {"amount": "1", "due_date": "soon"}},
            "amount",
            "amount cannot be edited; what can: accounting_date, dimensions, due_date, invoice_date, tags",
        ),
        ({"edit": PROPOSAL | {"due_date": "soon"}}, "due_date", "due_date is written as 2026-08-31, not 'soon'"),
        ({"edit": PROPOSAL | {"due_date": "0001-01-01"}}, "due_date", "due_date is 0001-01-01; it can be from"),
        (
            {"edit": PROPOSAL | {"dimensions": {"CostCenter": 7}}},
            "dimensions",
            """dimensions are written as {"CostCenter": "007"}, not {'CostCenter': 7}""",
        ),
        (
            {"edit": PROPOSAL | {"actual_id": ID, "rederive_dimensions": 1}},
            "rederive_dimensions",
            "rederive_dimensions can only be true, not 1",
        ),
        (
            {"edit": JOURNAL | {"actual_id": ID, "sales_tax_group": ["DOM"]}},
            "sales_tax_group",
            "sales_tax_group is the name of a group or null, not ['DOM']",
        ),
        ({"intercompany_invoice": SOLD | {"from": None}}, "from", "the request needs from"),
        ({"intercompany_invoice": SOLD | {"from": "August"}}, "from", "from is written as 2026-08-31, not 'August'"),
        ({"intercompany_invoice": {"company": "GBPM"}}, "borrower", "the request needs borrower"),
        (
            {"delete_lines": PROPOSAL | JOURNAL},
            "journal_id",
            "delete_lines names journal_id or proposal_id, not both",
        ),
        (
            {"preview": PROPOSAL | {"invoicedate": "2026-08-31"}},
            "invoicedate",
            "preview knows no invoicedate; what it knows: actor, company, proposal_id, invoice_date",
        ),
        (
            {"reset": JOURNAL | {"actor": "Ann of Contoso"}},
            "actor",
            "actor is the id of who asks, up to 100 characters without blanks, not 'Ann of Contoso'",
        ),
    ],
)
def test_what_cannot_be_a_command_says_which_field_and_why(detail: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(Rejected) as caught:
        command_of(detail)
    assert caught.value.detail.startswith(told)
    assert (caught.value.reason, caught.value.field) == ("schema", field)
