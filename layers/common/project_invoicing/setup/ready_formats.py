"""The ready-made formats, as a set-up document would write them: ``ledger_formats`` takes from them with ``like``.

What no target has confirmed is said in ``docs/ledger.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final


def _column(name: str, field: str | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, **({"field": field} if field else {}), **more}


_D365_GENERAL_JOURNAL: Final = {
    "file": "csv",
    "columns": [
        _column("JOURNALBATCHNUMBER", "part_id"),
        _column("LINENUMBER", "row"),
        _column("JOURNALNAME", max_length=10),
        _column("DESCRIPTION", "batch", max_length=60),
        _column("VOUCHER", "entry", required=True, max_length=20),
        _column("TRANSDATE", "accounting_date"),
        _column("ACCOUNTTYPE", "line_kind"),
        _column("ACCOUNTDISPLAYVALUE", "account_display", on="ledger", required=True),
        _column("ACCOUNTDISPLAYVALUE", "customer", on="customer", required=True),
        _column("ACCOUNTDEFAULTDIMENSIONDISPLAYVALUE", "dimension_display", on="customer"),
        _column("CURRENCYCODE", "currency", required=True, max_length=3),
        _column("EXCHANGERATE", "rate"),
        _column("DEBITAMOUNT", "debit"),
        _column("CREDITAMOUNT", "credit"),
        _column("DOCUMENT", "voucher", max_length=20),
        _column("DOCUMENTDATE", "document_date"),
        _column("INVOICE", "invoice", on="customer", max_length=20),
        _column("TEXT", pattern="{text} {original}", max_length=60),
    ],
    "constants": {"JOURNALNAME": "GenJrn"},
    "entry": "{voucher}",
    "words": {"ledger": "Ledger", "customer": "Customer"},
    "rate_per": 100,
    "limits": {"lines_per_part": 10_000, "amount_decimals": 2},
}

_BUSINESS_CENTRAL: Final = {
    "file": "jsonl",
    "columns": [
        _column("accountType", "line_kind"),
        _column("accountNumber", "account", on="ledger", required=True, max_length=20),
        _column("accountNumber", "customer", on="customer", required=True, max_length=20),
        _column("postingDate", "accounting_date"),
        _column("documentNumber", "entry", required=True, max_length=20),
        _column("externalDocumentNumber", "external_id", max_length=35),
        _column("amount", "amount"),
        _column("description", pattern="{text} {original}", max_length=100),
        _column("dimensionSetLines", "dimensions", pair=["code", "valueCode"]),
    ],
    "entry": "{voucher}",
    "words": {"ledger": "G/L Account", "customer": "Customer"},
    "currency": "accounting",
    "any_dimension": True,
}

_NETSUITE: Final = {
    "file": "csv",
    "columns": [
        _column("External ID", "entry", required=True),
        _column("Date", "accounting_date"),
        _column("Currency", "currency", required=True),
        _column("Exchange Rate", "rate"),
        _column("Subsidiary", "company", required=True),
        _column("Memo", "batch"),
        _column("Account", "account", required=True),
        _column("Debit", "debit"),
        _column("Credit", "credit"),
        _column("Line Memo", pattern="{text} {original}"),
        _column("Name", "customer", on="customer", required=True),
    ],
    "mixed_currencies": "split",
    "dimension_columns": {"Department": "Department", "Class": "Class", "Location": "Location"},
    "limits": {"lines_per_part": 25_000, "lines_per_entry": 10_000, "amount_digits": 10, "amount_decimals": 2},
}

_SAP: Final = {
    "file": "xml",
    "head_columns": [
        _column("MessageHeader.ID", "part_id", max_length=35),
        _column("MessageHeader.CreationDateTime", pattern="{accounting_date}T00:00:00Z"),
    ],
    "entry_columns": [
        _column("MessageHeader.ID", pattern="{company}:{entry}", required=True, max_length=35),
        _column("MessageHeader.CreationDateTime", pattern="{accounting_date}T00:00:00Z"),
        _column("JournalEntry.OriginalReferenceDocumentType"),
        _column("JournalEntry.BusinessTransactionType"),
        _column("JournalEntry.AccountingDocumentType", max_length=2),
        _column("JournalEntry.DocumentReferenceID", "entry", required=True, max_length=16),
        _column("JournalEntry.DocumentHeaderText", "batch", max_length=25),
        _column("JournalEntry.CreatedByUser", max_length=12),
        _column("JournalEntry.CompanyCode", "company", required=True, max_length=4),
        _column("JournalEntry.DocumentDate", "document_date"),
        _column("JournalEntry.PostingDate", "accounting_date"),
    ],
    "columns": [
        _column("ReferenceDocumentItem", "entry_row"),
        _column("GLAccount", "account", on="ledger", required=True, max_length=10),
        _column("Debtor", "customer", on="customer", required=True, max_length=10),
        _column("AmountInTransactionCurrency@currencyCode", "transaction_currency"),
        _column("AmountInTransactionCurrency", "transaction_amount"),
        _column("AmountInCompanyCodeCurrency@currencyCode", "accounting_currency"),
        _column("AmountInCompanyCodeCurrency", "accounting_amount"),
        _column("DebitCreditCode", "side"),
        _column("AltvRecnclnAccts", "account", on="customer", max_length=10),
        _column("DocumentItemText", "text", max_length=50),
    ],
    "constants": {
        "JournalEntry.OriginalReferenceDocumentType": "BKPFF",
        "JournalEntry.BusinessTransactionType": "RFBU",
        "JournalEntry.AccountingDocumentType": "SA",
        "JournalEntry.CreatedByUser": "PROJINVOICE",
    },
    "entry": "{voucher}",
    "nesting": {
        "envelope": ["soapenv:Envelope", "soapenv:Body", "sfin:JournalEntryBulkCreateRequest"],
        "namespaces": {
            "soapenv": "http://schemas.xmlsoap.org/soap/envelope/",
            "sfin": "http://sap.com/xi/SAPSCORE/SFIN",
        },
        "entry": "JournalEntryCreateRequest",
        "lines": "JournalEntry",
        "line": {"ledger": "Item", "customer": "DebtorItem"},
    },
    "words": {"debit": "S", "credit": "H"},
    "mixed_currencies": "split",
    "customer_lines": "always",
    "dimension_columns": {
        "CostCenter": "AccountAssignment.CostCenter",
        "ProfitCenter": "AccountAssignment.ProfitCenter",
        "WBSElement": "AccountAssignment.WBSElement",
    },
    "limits": {"lines_per_entry": 999, "entries_per_part": 500},
}

_XERO: Final = {
    "file": "json",
    "entry_columns": [
        _column("Narration", pattern="{entry} {batch}", required=True),
        _column("Date", "accounting_date"),
        _column("Status"),
        _column("LineAmountTypes"),
    ],
    "columns": [
        _column("AccountCode", "account", required=True, max_length=10),
        _column("LineAmount", "amount"),
        _column("Description", pattern="{text} {original}"),
        _column("Tracking", "dimensions", pair=["Name", "Option"]),
    ],
    "constants": {"Status": "DRAFT", "LineAmountTypes": "NoTax"},
    "nesting": {"envelope": ["ManualJournals"], "lines": "JournalLines"},
    "currency": "accounting",
    "customer_lines": "never",
    "any_dimension": True,
    "limits": {"entries_per_part": 50, "amount_decimals": 2, "dimensions": 2},
}

_QUICKBOOKS: Final = {
    "file": "jsonl",
    "entry_columns": [
        _column("DocNumber", "entry", required=True, max_length=21),
        _column("TxnDate", "accounting_date"),
        _column("CurrencyRef.value", "currency"),
        _column("ExchangeRate", "rate"),
        _column("PrivateNote", pattern="{batch} {company}:{entry}"),
    ],
    "columns": [
        _column("Amount", "size"),
        _column("Description", pattern="{text} {original}"),
        _column("DetailType"),
        _column("JournalEntryLineDetail.PostingType", "side"),
        _column("JournalEntryLineDetail.AccountRef.value", "account", required=True),
        _column("JournalEntryLineDetail.Entity.Type", "line_kind", on="customer"),
        _column("JournalEntryLineDetail.Entity.EntityRef.value", "customer", on="customer", required=True),
        _column("JournalEntryLineDetail.ClassRef.value", "dimension_display"),
    ],
    "constants": {"DetailType": "JournalEntryLineDetail"},
    "entry": "{voucher}",
    "nesting": {"lines": "Line"},
    "words": {"debit": "Debit", "credit": "Credit", "customer": "Customer"},
    "currency": "accounting",
    "customer_lines": "always",
    "limits": {"amount_decimals": 2, "dimensions": 1},
}

_SUMMARY: Final = {
    "file": "csv",
    "columns": [
        _column("batch", "batch"),
        _column("row", "row"),
        _column("company", "company"),
        _column("accounting_date", "accounting_date"),
        _column("account", "account", required=True),
        _column("dimensions", "dimensions"),
        _column("project", "project"),
        _column("sales_tax_code", "sales_tax_code"),
        _column("currency", "transaction_currency"),
        _column("debit", "transaction_debit"),
        _column("credit", "transaction_credit"),
        _column("exchange_rate", "exchange_rate"),
        _column("accounting_currency", "accounting_currency"),
        _column("accounting_debit", "accounting_debit"),
        _column("accounting_credit", "accounting_credit"),
    ],
    "customer_lines": "never",
    "any_dimension": True,
    "summed": True,
}

_BEANCOUNT: Final = {
    "file": "beancount",
    "entry_columns": [
        _column("payee", "voucher"),
        _column("narration", pattern="{source} {source_id}"),
        _column("external_id", "entry"),
        _column("batch", "batch"),
    ],
    "columns": [
        _column("original", "original"),
        _column("customer", "customer"),
        _column("project", "project"),
        _column("dimensions", "dimensions"),
        _column("posting_type", "posting_type"),
        _column("sales_tax_code", "sales_tax_code"),
    ],
    "currency": "accounting",
    "customer_lines": "never",
    "any_dimension": True,
    "roots": {
        "1": "Assets",
        "2": "Liabilities",
        "3": "Equity",
        "4": "Income",
        **dict.fromkeys("56789", "Expenses"),
    },
}

_D365_FREE_TEXT_INVOICE: Final = {
    "kind": "receivables",
    "file": "csv",
    "columns": [
        _column("FREETEXTNUMBER", "invoice_number", required=True, max_length=20),
        _column("LINENUMBER"),
        _column("INVOICEDATE", "invoice_date"),
        _column("DUEDATE", "due_date"),
        _column("CUSTOMERACCOUNT", "customer", required=True, max_length=20),
        _column("INVOICEACCOUNT", "customer", required=True, max_length=20),
        _column("POSTINGPROFILE"),
        _column("CURRENCYCODE", "currency", required=True, max_length=3),
        _column("TERMSOFPAYMENT", "terms_of_payment", max_length=10),
        _column("AMOUNT", "subtotal"),
        _column("DESCRIPTION", pattern="{batch} {external_id}", max_length=60),
    ],
    "constants": {"LINENUMBER": "1", "POSTINGPROFILE": "GEN"},
    "entry": "{company}:{invoice_number}",
    "limits": {"amount_decimals": 2},
}

_NETSUITE_INVOICE: Final = {
    "kind": "receivables",
    "file": "csv",
    "columns": [
        _column("External ID", "entry", required=True),
        _column("Invoice #", "invoice_number", required=True),
        _column("Customer", "customer", required=True),
        _column("Subsidiary", "company", required=True),
        _column("Date", "invoice_date"),
        _column("Due Date", "due_date"),
        _column("Currency", "currency", required=True),
        _column("Terms", "terms_of_payment"),
        _column("Item"),
        _column("Quantity"),
        _column("Amount", "subtotal"),
        _column("Tax Amount", "sales_tax"),
        _column("Memo", "batch"),
    ],
    "constants": {"Item": "Project services", "Quantity": "1"},
    "entry": "{company}:{invoice_number}",
    "limits": {"lines_per_part": 25_000, "amount_digits": 10, "amount_decimals": 2},
}

_D365_VENDOR_INVOICE: Final = {
    "kind": "payables",
    "file": "csv",
    "entry_columns": [
        _column("HEADERREFERENCE", "entry", required=True),
        _column("INVOICENUMBER", "invoice_number", required=True, max_length=20),
        _column("INVOICEACCOUNT", "vendor", required=True, max_length=20),
        _column("VENDORACCOUNT", "vendor", required=True, max_length=20),
        _column("INVOICEDATE", "invoice_date"),
        _column("DUEDATE", "due_date"),
        _column("CURRENCY", "currency", required=True, max_length=3),
        _column("IMPORTEDAMOUNT", "total"),
        _column("INVOICEDESCRIPTION", "batch", max_length=60),
    ],
    "columns": [
        _column("HEADERREFERENCE", "entry", required=True),
        _column("INVOICELINENUMBER"),
        _column("CURRENCY", "currency", required=True, max_length=3),
        _column("PROCUREMENTCATEGORYNAME"),
        _column("NETAMOUNT", "subtotal"),
    ],
    "constants": {"INVOICELINENUMBER": "1", "PROCUREMENTCATEGORYNAME": "Project services"},
    "entry": "{company}:{lender}:{invoice_number}",
    "limits": {"amount_decimals": 2},
}

READY_FORMATS: Final[Mapping[str, Mapping[str, Any]]] = {
    "d365_general_journal": _D365_GENERAL_JOURNAL,
    "business_central": _BUSINESS_CENTRAL,
    "netsuite": _NETSUITE,
    "sap_s4hana": _SAP,
    "xero": _XERO,
    "quickbooks": _QUICKBOOKS,
    "summary": _SUMMARY,
    "beancount": _BEANCOUNT,
    "d365_free_text_invoice": _D365_FREE_TEXT_INVOICE,
    "netsuite_invoice": _NETSUITE_INVOICE,
    "d365_vendor_invoice": _D365_VENDOR_INVOICE,
}
