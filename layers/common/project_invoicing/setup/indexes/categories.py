"""Project categories and line properties."""

from __future__ import annotations

from project_invoicing.domain.codes import BillingType, TransactionClass
from project_invoicing.setup.indexes.master_data import MasterDataLookups
from project_invoicing.setup.models.companies import (
    CategoryKind,
    LineProperty,
)
from project_invoicing.setup.models.master_data import Category

_CATEGORY_KINDS = {
    TransactionClass.TIME: CategoryKind.TIME,
    TransactionClass.EXPENSE: CategoryKind.EXPENSE,
    TransactionClass.MATERIAL: CategoryKind.MATERIAL,
    TransactionClass.FEE: CategoryKind.FEE,
    TransactionClass.MILESTONE: CategoryKind.ON_ACCOUNT,
    TransactionClass.RETAINER: CategoryKind.ON_ACCOUNT,
}


class CategoryLookups(MasterDataLookups):
    """Categories and line properties by class, category and billing type."""

    def category(
        self, company: str, transaction_category: str | None, transaction_class: TransactionClass
    ) -> str | None:
        """The project category: that of the transaction category or, only if there is none, the default of the class.

        CAT-01, CAT-02; a transaction category without a project category in the company has none (CAT-03, 99-09).
        Milestones and retainers share the default ``on_account`` (RET-12).
        """
        if transaction_category is not None:
            return self.document.transaction_categories.get(company, {}).get(transaction_category)
        kind = _CATEGORY_KINDS.get(transaction_class)
        default = self.parameters(company).category_defaults.get(kind) if kind else None
        return default if default in self.document.categories.get(company, {}) else None

    def category_fits(self, company: str, name: str, transaction_class: TransactionClass) -> bool:
        """Whether a project category belongs to the class of the line (CAT-05)."""
        entry = self.category_entry(company, name)
        return entry is None or entry.kind is _CATEGORY_KINDS.get(transaction_class, entry.kind)

    def category_entry(self, company: str, name: str | None) -> Category | None:
        return self.document.categories.get(company, {}).get(name) if name else None

    def line_property(self, company: str, billing_type: BillingType) -> tuple[str, LineProperty] | None:
        """The line property mapped for a billing type, with its name (LP-01 to LP-05)."""
        name = self.parameters(company).line_property_mapping.get(billing_type)
        found = self.document.line_properties.get(name) if name else None
        return (name, found) if name and found else None
