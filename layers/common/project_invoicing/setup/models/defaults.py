"""What applies to master data where nothing says otherwise for the customer, project or product itself."""

from __future__ import annotations

from project_invoicing.domain.codes import BillingMethod
from project_invoicing.setup.models.row import SetupRow
from project_invoicing.setup.models.values import Name


class CustomerGroup(SetupRow):
    sales_tax_group: Name | None = None
    terms_of_payment: Name | None = None


class Products(SetupRow):
    item_sales_tax_group: Name | None = None


class Defaults(SetupRow):
    """The last to be asked: finance's own columns, the row from Dataverse and the entry of this document come first.

    ``customer_groups``: by company and customer group. ``project_groups``: the project group by company and billing
    method of the contract line, `investment` for work without a contract. ``terms``: the terms of payment that a value
    of Dataverse stands for (`paymenttermscode` 1 is net 30, for example); a value that is neither here nor the name of
    terms of payment counts as none. ``sales_tax_groups``: by company, for lines that get none from their project,
    contract or customer.
    """

    customer_groups: dict[Name, dict[Name, CustomerGroup]] = {}
    project_groups: dict[Name, dict[BillingMethod, Name]] = {}
    products: Products = Products()
    terms: dict[Name, Name] = {}
    sales_tax_groups: dict[Name, Name] = {}
