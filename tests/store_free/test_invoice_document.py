"""What the document of an invoice says of its parties, its lines and its taxes, without any store."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from project_invoicing.domain.codes import ProposalStatus, WaitReason
from project_invoicing.domain.invoice_document import (
    Channel,
    DocumentFormat,
    Grouping,
    Named,
    Profile,
    Snapshot,
    Syntax,
    TaxCategory,
)
from project_invoicing.domain.proposal import BetweenCompanies, Proposal
from project_invoicing.domain.proposal_line import ProposalLine
from project_invoicing.rules.document_needs import incomplete_document
from project_invoicing.rules.invoice_document import document_line, named_lines, snapshot_of
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.store import rows
from project_invoicing.store.snapshots import packed, unpacked
from tests.rules.finance import TAXED, finance
from tests.store_free.invoicing import a_line, a_proposal, invoiced, setup_of
from tests.store_free.test_document_setup import ADDRESS, CUSTOMER, DOCUMENT

BILLED = {"name": "Adatum Corp.", "line1": "2 Side Street", "line2": "Floor 3", "line3": "Left", "country": "US"}


def contoso(customer: dict[str, Any] | None = None, **document: Any) -> FinanceSetup:
    made = finance(TAXED)
    made["companies"]["USPM"]["document"] = {**deepcopy(DOCUMENT), **document}
    made["companies"]["FR"] = {"name": "Contoso France", "accounting_currency": "GBP"}
    made["customers"]["USPM"]["C-001"] |= CUSTOMER if customer is None else customer
    made["sales_tax"]["codes"]["VAT20"]["category"] = "S"
    made["sales_tax"]["rounding"] = {"calculation": "total"}
    return setup_of(made)


def snapshot(setup: FinanceSetup, *lines: ProposalLine, header: Proposal | None = None) -> Snapshot:
    header = header or a_proposal(bill_to=BILLED)
    made = invoiced(lines or [a_line(sales_tax_group="DOM")], setup, header=header)
    return snapshot_of(header, replace(made.draft, totals=replace(made.draft.totals, lines=made.lines)), setup)


def test_the_customers_wishes_come_before_the_companys() -> None:
    found = snapshot(contoso()).presentation
    assert (found.language, found.format, found.group_by) == ("fr", DocumentFormat.DETAIL, ())
    assert found.texts.closing is None  # the company has none in French
    assert found.e_invoice
    assert (found.e_invoice.syntax, found.e_invoice.profile) == (Syntax.UBL, Profile.PEPPOL)
    assert found.delivery
    assert found.delivery.address == "ap@adatum.example"
    without = snapshot(contoso({})).presentation
    assert (without.language, without.format) == ("de", DocumentFormat.SUMMARY)
    assert without.group_by == (Grouping.PROJECT, Grouping.TASK)
    assert without.texts.closing == "Vielen Dank."
    assert without.delivery
    assert without.delivery.channel is Channel.OUTBOX
    assert without.e_invoice is None


def test_the_buyers_address_is_finances_else_the_proformas() -> None:
    assert snapshot(contoso()).buyer.address.city == "Berlin"
    address = snapshot(contoso({})).buyer.address
    assert (address.street, address.street_2, address.country) == ("2 Side Street", "Floor 3, Left", "US")
    written = a_proposal(bill_to={**BILLED, "country": "United States"})
    address = snapshot(contoso({}), header=written).buyer.address
    assert (address.country, address.country_text) == (None, "United States")


def test_bank_accounts_are_those_of_the_currency_and_the_references_those_of_the_proforma() -> None:
    header = a_proposal(custom={"order_reference": "PO-1", "buyer_reference": "B-1"})
    found = snapshot(contoso(), header=header)
    assert (found.bank_accounts, found.order_reference, found.buyer_reference) == ((), "PO-1", "B-1")
    accounts = [{"account_number": "1"}, {"account_number": "2", "currency": "USD"}]
    found = snapshot(contoso(bank_accounts=accounts))
    assert [one.account_number for one in found.bank_accounts] == ["1", "2"]
    assert found.buyer_reference == CUSTOMER["buyer_reference"]


def test_between_companies_the_seller_is_the_lender_and_the_buyer_the_borrower() -> None:
    between = BetweenCompanies("FR", "C-001", "V-1", "USD", date(2026, 8, 1), date(2026, 8, 31))
    header = replace(a_proposal(), intercompany=between)
    found = snapshot(contoso(), header=header)
    assert (found.seller.id, found.seller.name) == ("USPM", "Contoso GmbH")
    assert (found.buyer.id, found.buyer.name) == ("C-001", "Contoso France")


def test_the_tax_table_has_each_code_with_its_base_and_the_tax_in_accounting_currency() -> None:
    lines = [a_line("100", 1, sales_tax_group="DOM"), a_line("50", 2, sales_tax_group="DOM"), a_line("7", 3)]
    (tax,) = snapshot(contoso(), *lines).taxes
    assert (tax.code, tax.base, tax.tax, tax.accounting_tax) == ("VAT20", Decimal(150), Decimal(30), None)
    pounds = a_proposal(currency="GBP", contract="CTR-GBP")
    (tax,) = snapshot(contoso(), *lines, header=pounds).taxes
    assert tax.accounting_tax == Decimal("41.33")  # at 137.77


def test_a_group_that_is_exempt_from_a_code_is_exempt_in_the_table() -> None:
    setup = contoso()
    made = setup.document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    made["sales_tax"]["codes"]["VAT20"] |= {"exempt_in": ["DOM"], "exemption_text": "Exempt under section 4"}
    (tax,) = snapshot(setup_of(made), a_line("100", sales_tax_group="DOM")).taxes
    assert (tax.category, tax.percent, tax.exemption_text) == (TaxCategory.EXEMPT, Decimal(0), "Exempt under section 4")
    made["sales_tax"]["codes"]["VAT20"]["exempt_in"] = []
    (tax,) = snapshot(setup_of(made), a_line("100", sales_tax_group="DOM")).taxes
    assert (tax.category, tax.exemption_text) == (TaxCategory.STANDARD, None)  # BR-S-10


def test_amounts_that_include_tax_are_net_on_the_line() -> None:
    made = finance(TAXED)
    made["sales_tax"]["amounts_include_tax"] = True
    (line,) = invoiced([a_line("120", sales_tax_group="DOM")], setup_of(made)).lines
    shown = document_line(line, {})
    assert (shown.net, shown.sales_tax, shown.tax_included) == (Decimal(100), Decimal(20), True)


def test_a_snapshot_is_read_as_it_was_written() -> None:
    found = replace(snapshot(contoso()), missing=("buyer.address",))
    assert unpacked(packed(found)) == found
    assert packed(unpacked(packed(found))) == packed(found)


def test_names_stand_once_on_a_page() -> None:
    task, role, unit = Named("T-1", "Design"), Named("Role 1"), Named("Hour")
    lines = [a_line(number=n, task=task, role=role, unit=unit, transaction_date=date(2026, 8, n)) for n in (1, 2, 3)]
    text = rows.encode(lines)
    assert [text.count(name) for name in ("Design", "Role 1", "Hour")] == [1, 1, 1]
    assert rows.decode(ProposalLine, text) == lines


def test_a_line_without_names_is_shown_by_its_numbers() -> None:
    made = invoiced([a_line()], contoso())
    (line,) = named_lines(made.draft, contoso()).totals.lines
    shown = document_line(line, {})
    assert (shown.project, shown.contract_line, shown.task) == (Named("PRJ-1"), Named("CTR-1-1"), None)


@pytest.mark.parametrize(
    ("customer", "document", "needs"),
    [
        ({}, {}, None),
        (CUSTOMER, {}, None),
        ({"e_invoice": {"syntax": "ubl"}}, {"tax_id": None}, "companies.USPM.document.tax_id"),
        ({"e_invoice": {"syntax": "ubl"}}, {"tax_id": None, "tax_number": "21/815/08150"}, None),
        ({"e_invoice": {"syntax": "ubl", "profile": "xrechnung"}}, {}, "customers.USPM.C-001.electronic_address"),
        ({}, {"address": {}}, "companies.USPM.document.address.country"),
        ({}, {"delivery": {"channel": "mail"}}, "customers.USPM.C-001.delivery.address"),
        ({}, {"delivery": {"channel": "mail", "address": "all@contoso.example"}}, None),
        ({"delivery": {"channel": "outbox"}}, {"delivery": {"channel": "mail"}}, None),
    ],
)
def test_a_proposal_waits_for_what_its_document_needs(
    customer: dict[str, Any], document: dict[str, Any], needs: str | None
) -> None:
    header = replace(a_proposal(bill_to=BILLED), status=ProposalStatus.WAITING)
    wait = incomplete_document(header, [a_line(sales_tax_group="DOM")], contoso(customer, **document))
    assert (wait and (wait.reason, wait.detail)) == (
        (WaitReason.DOCUMENT_INCOMPLETE, f"its document needs {needs}") if needs else None
    )


def test_a_wait_for_the_customer_ends_with_the_customer_and_one_for_the_company_with_the_policy() -> None:
    lines, lacking = [a_line()], a_proposal()
    of_customer = incomplete_document(lacking, lines, contoso({}))
    assert of_customer
    assert of_customer.blocked_by == "name#customers#USPM#C-001"
    of_company = incomplete_document(lacking, lines, contoso({"address": ADDRESS}, address={}))
    assert of_company
    assert of_company.blocked_by == "policy"


def test_a_borrower_by_mail_needs_an_address_too() -> None:
    between = BetweenCompanies("FR", "C-001", "V-1", "USD", date(2026, 8, 1), date(2026, 8, 31))
    made = contoso({}, delivery={"channel": "mail"}).document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    made["companies"]["FR"]["document"] = {"address": ADDRESS}
    wait = incomplete_document(replace(a_proposal(), intercompany=between), [a_line()], setup_of(made))
    assert wait
    assert wait.detail == "its document needs customers.USPM.C-001.delivery.address"


def test_a_wait_for_an_e_invoice_ends_with_the_customer_too() -> None:
    """Whose sales tax group may be why two codes apply to a line."""
    wait = incomplete_document(
        a_proposal(bill_to=BILLED), [a_line()], contoso({"e_invoice": {"syntax": "ubl"}}, tax_id=None)
    )
    assert wait
    assert "tax_id" in wait.detail
    assert wait.blocked_by == "name#customers#USPM#C-001"
