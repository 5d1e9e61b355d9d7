"""What a stack knows of the customers whose companies ask for documents: by set-up, rows, and finance's own columns."""

from __future__ import annotations

from collections import defaultdict

from project_invoicing.domain.master_data import PARTS, Key, NameKey, Part, RowKey, Seen
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.document_needs import BuyerKnown
from project_invoicing.setup.effective import Customer
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.documents import CompanyDocument
from project_invoicing.store.master_data import MasterData
from project_invoicing.store.whole_master_data import everything
from project_invoicing.use_cases.master_data.reader import OnDemand


def known_customers(master: MasterData, document: SetupDocument) -> dict[str, dict[str, BuyerKnown]]:
    """By company and number, as ``document`` would have them if it were the set-up of this master data.

    It reads the whole table, unless nobody asks for documents. With ``master_rows: off`` the document is all there is.
    """
    asking = {company: known.document for company, known in document.companies.items() if known.document}
    if not asking:
        return {}
    names = {
        NameKey(Part.CUSTOMERS, company, number) for company in asking for number in document.customers.get(company, {})
    }
    seen: dict[Key, Seen | None] = dict.fromkeys(names)
    for key, found in everything(master):
        if isinstance(key, NameKey) and key.part is Part.CUSTOMERS and key.company in asking:
            names.add(key)
        elif not (isinstance(key, RowKey) and PARTS.get(key.entity) is Part.CUSTOMERS):
            continue
        seen[key] = found
    view = OnDemand(master.read)
    view.add(seen)
    setup = FinanceSetup(document, 0).seeing(view)
    made: dict[str, dict[str, BuyerKnown]] = defaultdict(dict)
    for name in sorted(names):
        if customer := setup.customer(name.company, name.number):
            made[name.company][name.number] = _known(customer, asking[name.company])
    return made


def _known(customer: Customer, company: CompanyDocument) -> BuyerKnown:
    wanted = customer.document
    country = wanted.address.country if wanted.address else None
    return BuyerKnown(
        name=customer.name,
        country=country,
        country_is_code=country is not None,
        electronic_address=wanted.electronic_address,
        e_invoice=wanted.e_invoice,
        delivery=wanted.delivery or company.delivery,
    )
