"""Finance's own columns of master data: which there are. ``setup.finance_columns`` says what is wrong with values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.domain.master_data import Part

Columns = Mapping[str, Any]
"""Values by column; ``None`` takes a column back, so that the next layer says it again."""

COLUMNS: Final[Mapping[Part, tuple[str, ...]]] = {
    Part.CUSTOMERS: (
        "group",
        "sales_tax_group",
        "terms_of_payment",
        "on_hold",
        "dimensions",
        "address",
        "tax_id",
        "electronic_address",
        "buyer_reference",
        "language",
        "document_format",
        "e_invoice",
        "delivery",
    ),
    Part.CONTRACTS: ("sales_tax_group", "fixed_exchange_rate", "terms_of_payment"),
    Part.CONTRACT_LINES: ("dimensions",),
    Part.PROJECTS: ("group", "sales_tax_group", "dimensions"),
    Part.PRODUCTS: ("item_sales_tax_group",),
    Part.WORKERS: ("dimensions",),
    Part.ON_ACCOUNT_TRANSACTIONS: ("sales_tax_group", "item_sales_tax_group", "category", "dimensions"),
}
"""The columns of each part that finance may set. Everything else of master data is Dataverse's."""
