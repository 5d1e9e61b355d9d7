"""What is valid in a set-up document and will still make rows wait or postings be refused.

``setup.problems`` says what is wrong; this says what is missing, before the first row finds out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from project_invoicing.domain.codes import BillingMethod, PostingType, TransactionClass
from project_invoicing.domain.journal_line import cost_posting_types
from project_invoicing.domain.master_data import PARTS
from project_invoicing.domain.text import guid
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.document_needs import BuyerKnown, buyer_needs, e_invoice_needs, seller_needs
from project_invoicing.setup.models.documents import CompanyDocument
from project_invoicing.setup.models.master_data import Customer
from project_invoicing.setup.models.posting import OnAccountPosting, Profile
from project_invoicing.setup.models.values import OnOff
from project_invoicing.setup.problem import Problem
from project_invoicing.setup.problems import MASTER_REFERENCES, dangling, instead

_COST_CLASSES: Final = (TransactionClass.TIME, TransactionClass.EXPENSE, TransactionClass.MATERIAL)
_ELSEWHERE: Final = {".country": " where the proforma has none", ".name": " where no row has one"}
_WAITS: Final = "proposals wait with document_incomplete"
_SALES_CLASSES: Final = (*_COST_CLASSES, TransactionClass.FEE)


Customers = Mapping[str, Mapping[str, BuyerKnown]]
"""By company and number."""


def warnings(document: SetupDocument, on: date, customers: Customers | None = None) -> list[Problem]:
    """What will stand in somebody's way, as of the day ``on``; in the order of the document's parts.

    ``customers``: those of a stack; else those of the document by itself.
    """
    return [
        *_codes(document),
        *_references(document),
        *_unreferenced(document),
        *_not_known_yet(document),
        *_accounts(document),
        *_taxes(document, on),
        *_documents(document, _in_document(document) if customers is None else customers),
    ]


def _targets(document: SetupDocument) -> Mapping[str, tuple[str, frozenset[str]]]:
    """The part of the set-up that the references of a table lead to, and the names in it."""
    customers = frozenset(name for of_company in document.customers.values() for name in of_company)
    categories = frozenset(name for of_company in document.transaction_categories.values() for name in of_company)
    return {
        "msdyn_project": ("projects", frozenset(document.projects)),
        "salesorder": ("contracts", frozenset(document.contracts)),
        "salesorderdetail": ("contract_lines", frozenset(document.contract_lines)),
        "account": ("customers", customers),
        "contact": ("customers", customers),
        "transactioncurrency": ("currencies", frozenset(document.currencies)),
        "msdyn_transactioncategory": ("transaction_categories", categories),
        "product": ("products", frozenset(document.products)),
        "msdyn_organizationalunit": ("companies", frozenset(document.companies)),
    }


def _codes(document: SetupDocument) -> Iterator[Problem]:
    """Companies that no row of master data can be of: their codes are compared in capitals."""
    if document.master_rows is OnOff.ON:
        for code in document.companies:
            if code != code.upper():
                text = f"is not in capitals, so no row of Dataverse belongs to it; write {code.upper()}"
                yield Problem(("companies", code), text)


def _references(document: SetupDocument) -> Iterator[Problem]:
    """Tables that nothing is looked up in, ids that no row can have, and names that lead nowhere (STG-14)."""
    targets = _targets(document)
    for table, names in document.references.items():
        if table not in PARTS:
            text = (
                f"is no table of Dataverse that is looked up, so nothing here is used; {instead(table, sorted(PARTS))}"
            )
            yield Problem(("references", table), text)
        part, known = targets.get(table, ("", frozenset()))
        for id, name in names.items():
            path = ("references", table, id)
            if guid(id) is None:
                yield Problem(path, "is not a GUID, so no row of Dataverse has this id; correct it")
            if part and name not in known:
                hint = instead(name, sorted(known))
                yield Problem(path, f"leads to {name!r}, which is not in {part}: rows that name it will wait; {hint}")


def _unreferenced(document: SetupDocument) -> Iterator[Problem]:
    """Projects, contracts and customers that no row can name, because no id leads to them."""
    for tables, part, names in (
        (("msdyn_project",), "projects", document.projects),
        (("salesorder",), "contracts", document.contracts),
        (("salesorderdetail",), "contract_lines", document.contract_lines),
    ):
        led_to = {name for table in tables for name in document.references.get(table, {}).values()}
        for name, entry in names.items():
            if name not in led_to and (document.master_rows is OnOff.OFF or not entry.lacking):
                text = f"has no id in references.{tables[0]}: nothing names it unless its own row comes from Dataverse"
                yield Problem((part, name), text)


def _not_known_yet(document: SetupDocument) -> Iterator[Problem]:
    """Names of master data that is not in the document: a row may bring it, or the name is wrong."""
    for problem in dangling(document, MASTER_REFERENCES):
        yield Problem(
            problem.path, f"is not known yet, and applies to nothing until a row of it arrives: {problem.text}"
        )


def _accounts(document: SetupDocument) -> Iterator[Problem]:
    """Posting types that a company will need and that have no account at all (LED-57)."""
    for company in document.companies:
        there = {row.posting_type for row in document.ledger_posting.get(company, [])}
        reasons: dict[PostingType, str] = {}
        for posting_type, reason in _needed(document, company):
            reasons.setdefault(posting_type, reason)
        for posting_type, reason in reasons.items():
            if posting_type not in there:
                yield Problem(("ledger_posting", company), f"has no account for {posting_type}, which {reason}")


def _needed(document: SetupDocument, company: str) -> Iterator[tuple[PostingType, str]]:
    used = {row.profile: document.profiles[row.profile] for row in document.profile_rules if row.company == company}
    for name, profile in used.items():
        yield from ((posting_type, f"profile {name} posts to") for posting_type in _posted_by(profile))
    if _bills(document, company):
        yield PostingType.CUSTOMER_BALANCE, "every invoice posts to"
        yield PostingType.INVOICED_REVENUE, "every invoice of work posts to"
    parameters = document.parameters.get(company)
    if parameters and parameters.line_discount_category:
        yield PostingType.DISCOUNT, "line_discount_category posts discounts to"


def _bills(document: SetupDocument, company: str) -> bool:
    """Whether the company has customers. Where the document has none at all, they come as rows, for any company."""
    return bool(document.customers.get(company)) or not document.customers


def _posted_by(profile: Profile) -> Iterator[PostingType]:
    for transaction_class in _COST_CLASSES:
        yield from cost_posting_types(transaction_class, profile.cost_posting(transaction_class)) or ()
    if any(profile.accrues(transaction_class) for transaction_class in _SALES_CLASSES):
        yield PostingType.WIP_SALES_VALUE
        yield PostingType.ACCRUED_REVENUE_SALES_VALUE
    if profile.billing_method is BillingMethod.FIXED_PRICE:
        balance = profile.on_account is OnAccountPosting.BALANCE
        yield PostingType.WIP_INVOICED_ON_ACCOUNT if balance else PostingType.INVOICED_REVENUE_ON_ACCOUNT


def _taxes(document: SetupDocument, on: date) -> Iterator[Problem]:
    """Codes without an account or without a rate on the day, and codes that no line can have (TAX-12)."""
    tax = document.sales_tax
    billing = [company for company in document.companies if _bills(document, company)]
    general = [company for company in billing if _has_tax_account(document, company)]
    for name, code in tax.codes.items():
        path = ("sales_tax", "codes", name)
        if code.account is None and general != billing:
            missing = ", ".join(sorted(set(billing) - set(general)))
            yield Problem(path, f"has no account, and {missing} has none for sales_tax_payable: give it one")
        if not any(rate.valid_from <= on for rate in code.rates):
            first = min(rate.valid_from for rate in code.rates)
            yield Problem(path, f"has no rate on {on}: invoices taxed with it are refused before {first}")
        if not (_is_in(name, tax.groups) and _is_in(name, tax.item_groups)):
            yield Problem(path, "is not in a sales tax group and in an item sales tax group: no line is taxed with it")


def _has_tax_account(document: SetupDocument, company: str) -> bool:
    rows = document.ledger_posting.get(company, [])
    return any(row.posting_type is PostingType.SALES_TAX_PAYABLE for row in rows)


def _is_in(code: str, groups: Mapping[str, list[str]]) -> bool:
    return any(code in codes for codes in groups.values())


def _documents(document: SetupDocument, customers: Customers) -> Iterator[Problem]:
    """What the documents of invoices will lack, by company and by customer (D-183)."""
    for company, known in document.companies.items():
        if known.document is None:
            continue
        for need in seller_needs(document, company):
            yield Problem(("companies", company, "document"), f"asks for documents, which need {need}: {_WAITS}")
        for number, customer in customers.get(company, {}).items():
            path = ("customers", company, number)
            needs = [*buyer_needs(company, number, customer)]
            if customer.e_invoice:
                needs += e_invoice_needs(document, company, customer.e_invoice, _code_pairs(document))
            for need in needs:
                where = next((text for end, text in _ELSEWHERE.items() if need.endswith(end)), "")
                yield Problem(path, f"its documents need {need}{where}: {_WAITS}")


def _in_document(document: SetupDocument) -> Customers:
    return {
        company: {number: _known(one, known.document) for number, one in document.customers.get(company, {}).items()}
        for company, known in document.companies.items()
        if known.document
    }


def _known(customer: Customer, document: CompanyDocument) -> BuyerKnown:
    country = customer.address.country if customer.address else None
    return BuyerKnown(
        name=customer.name,
        country=country,
        country_is_code=country is not None,
        electronic_address=customer.electronic_address,
        e_invoice=customer.e_invoice,
        delivery=customer.delivery or document.delivery,
    )


def _code_pairs(document: SetupDocument) -> list[tuple[str, ...]]:
    """The sales tax codes that a line can have, for each pair of groups."""
    tax = document.sales_tax
    pairs = (
        tuple(code for code in codes if code in of_items)
        for codes in tax.groups.values()
        for of_items in tax.item_groups.values()
    )
    return list(dict.fromkeys(pairs))
