"""The Dataverse tables that the integration reads and writes. Dataverse's invoice is finance's proforma."""

from __future__ import annotations

from typing import Final

ACTUAL: Final = "msdyn_actual"
CONNECTION: Final = "msdyn_transactionconnection"
PROFORMA: Final = "invoice"

ACCOUNT: Final = "account"
CONTACT: Final = "contact"
CONTRACT: Final = "salesorder"
CONTRACT_LINE: Final = "salesorderdetail"
MILESTONE: Final = "msdyn_contractlinescheduleofvalue"
SPLIT_RULE: Final = "msdyn_projectcontractsplitbillingrule"
PROJECT: Final = "msdyn_project"
RESOURCE: Final = "bookableresource"
PRODUCT: Final = "product"
CATEGORY: Final = "msdyn_transactioncategory"
CURRENCY: Final = "transactioncurrency"
UNIT: Final = "msdyn_organizationalunit"
COMPANY: Final = "cdm_company"
EXCHANGE_RATE: Final = "msdyn_currencyexchangerate"

EXPENSE: Final = "msdyn_expense"
VENDOR_INVOICE_LINE: Final = "msdyn_projectvendorinvoiceline"
ORIGIN: Final = "msdyn_transactionorigin"
