"""Companies: currencies and exchange rates, fiscal periods, parameters and line properties."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from project_invoicing.domain.calendar import JournalPeriod
from project_invoicing.domain.codes import BillingType, CostSide, ReceivablesWay
from project_invoicing.setup.models.documents import CompanyDocument
from project_invoicing.setup.models.ledger import LedgerExport
from project_invoicing.setup.models.row import Limited, SetupRow, told
from project_invoicing.setup.models.values import Day, Name, Precision, Rate, TimeZone


class PeriodStatus(StrEnum):
    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class SalesTaxGroupMethod(StrEnum):
    """Where a line's sales tax group comes from (TAX-01 to TAX-06); ``search`` takes the first in this order."""

    PROJECT = "project"
    CONTRACT = "contract"
    CUSTOMER = "customer"
    SEARCH = "search"


class ItemTaxGroupMethod(StrEnum):
    """Where a material's item sales tax group comes from (TAX-08, TAX-09)."""

    ITEM = "item"
    CATEGORY = "category"


class CategoryKind(StrEnum):
    """The transaction type of a project category (CAT-04, CAT-05)."""

    TIME = "time"
    EXPENSE = "expense"
    MATERIAL = "material"
    FEE = "fee"
    ON_ACCOUNT = "on_account"


class InvoiceAccountingDate(StrEnum):
    """The accounting date of an invoice whose header carries none (99-23)."""

    INVOICE_DATE = "invoice_date"
    BILLED_SALES = "billed_sales"


class Company(SetupRow):
    """``document``: what its invoice documents say. A company that gives it asks for documents (D-182)."""

    name: str = ""
    accounting_currency: Name
    time_zone: TimeZone = "UTC"
    document: CompanyDocument | None = None


class Currency(SetupRow):
    """``precision`` is the smallest step of an amount: 0.01, 1, 0.05."""

    precision: Precision


class FixedRate(SetupRow):
    """``rate`` units of accounting currency for ``factor`` units of ``currency`` (FXR-12)."""

    currency: Name
    rate: Rate
    factor: Rate


class DatedRate(SetupRow):
    from_: Name
    to: Name
    valid_from: Day
    rate: Rate
    factor: Rate


class FiscalPeriod(SetupRow):
    start: Day
    end: Day
    status: PeriodStatus

    def _in_order(self) -> None:
        if self.end < self.start:
            raise told(f"the end {self.end} is before the start {self.start}")

    CHECKS = (_in_order,)


class ScheduledCosts(SetupRow):
    """Costs that the schedule posts to a side: those with a transaction date in these days, of a project or of all.

    PCO-12. It posts on the day of the run.
    """

    to: CostSide
    since: Day
    until: Day
    project: Name | None = None

    def _in_order(self) -> None:
        if self.until < self.since:
            raise told(f"until {self.until} is before since {self.since}")

    CHECKS = (_in_order,)


class Parameters(SetupRow):
    """The parameters of a company; the defaults are those of the contract.

    A category default or a line property that does not exist refuses nothing here: the rows that need it wait with
    ``category_missing`` or ``line_property_missing`` and go on once it is there (CAT-02, LP-05).

    ``internal_projects_use_profile``: work without a contract is posted by its profile where a rule gives it one; false
    sends it to profit and loss always, unless the profile is of the method `investment` (LED-49 to LED-51, IVP-02).

    ``auto_post_journals``: false leaves draft journals to a person. With ``post_after_hours`` the schedule posts a
    draft once its lines have stood unchanged for so long. What a person posts is posted at once, and a posting that was
    begun is finished. Invoices have ``auto_post_proposals``; the hours are not for them.

    ``line_discount_category``: revenue is accrued and posted without regard to discounts, which the invoice posts to
    the ``discount`` account of this category. Without it everything is net of the discount (FEE-06, FEE-07).

    ``auto_open_period``: an accounting date in a period that is not open moves to the first day of the next open one
    (JRN-08, JRN-18); else posting is refused. ``invoice_accounting_date``: where an invoice's header carries no
    accounting date, it is the invoice date, or the one that its billed sales agree on (99-23).

    ``four_eyes``: whoever has edited a proposal may not post it. Edits and postings by hand then have to say who it is;
    what is posted by itself (``auto_post_proposals``) is posted whoever has edited it.

    ``four_eyes_journals``: the same for integration journals, those included that take over the lines that failed.

    ``approval``: a proposal, whatever it is for, is posted only once it is submitted and approved, and as it was
    submitted. With ``auto_post_proposals`` it is posted as soon as it is approved. Whoever has submitted it may not
    approve it, unless ``submitter_may_approve``. With ``four_eyes``, whoever has edited it may not approve it, and may
    then post it. ``approvers`` are the ids of those who may approve; without any, whoever has the role.

    ``approve_vendor_invoices``: the same for what lenders have billed, by the same people. With ``four_eyes``, whoever
    has edited the lender's proposal may not approve it here, or where nobody approves, post it.

    ``scheduled_costs``: costs that the schedule of journal posting posts to profit and loss or to the balance sheet.
    ``post_costs_on_invoice``: a cost on the balance sheet goes to profit and loss with the invoice after which all of
    its unbilled sales are invoiced, on that invoice's accounting date (PCO-12).

    ``receivables``: how customer invoices reach the general ledger: in its journal, with the customer on the line, or
    as documents. ``ledger``: when batches for it are made, and in which formats.

    ``partly_paid_is_paid``: an invoice of which a part is paid becomes Paid in Dataverse, with the status reason
    Partial, which locks its row there; false leaves it active until nothing is open (99-34).
    """

    journal_period: JournalPeriod = JournalPeriod.DAYS
    journal_line_limit: Annotated[int, Limited(ge=1)] = 200
    auto_open_period: bool = True
    sales_tax_group_method: SalesTaxGroupMethod = SalesTaxGroupMethod.SEARCH
    material_item_tax_group_method: ItemTaxGroupMethod = ItemTaxGroupMethod.ITEM
    milestone_item_sales_tax_group: Name | None = None
    category_defaults: dict[CategoryKind, Name] = {}
    line_property_mapping: dict[BillingType, Name] = {}
    prevalidation_minutes: Annotated[int, Limited(ge=0)] = 0
    auto_post_proposals: bool = False
    require_invoice_total: bool = True
    beginning_balance_date: Day | None = None
    allow_header_dimensions: bool = False
    line_discount_category: Name | None = None
    internal_projects_use_profile: bool = True
    auto_post_journals: bool = True
    post_after_hours: Annotated[int, Limited(ge=0, le=8784)] = 0
    invoice_accounting_date: InvoiceAccountingDate = InvoiceAccountingDate.INVOICE_DATE
    four_eyes: bool = False
    four_eyes_journals: bool = False
    approval: bool = False
    approvers: list[Name] = []
    submitter_may_approve: bool = False
    approve_vendor_invoices: bool = False
    scheduled_costs: list[ScheduledCosts] = []
    post_costs_on_invoice: bool = False
    receivables: ReceivablesWay = ReceivablesWay.JOURNAL
    ledger: LedgerExport = LedgerExport()
    partly_paid_is_paid: bool = False


class LineProperty(SetupRow):
    """LP-01 to LP-06. Revenue accrues where both this and the profile allow it (99-10).

    ``on_invoice``: a line that is not chargeable is shown on the invoice all the same (99-21).
    """

    chargeable: bool = False
    accrue_revenue: bool = True
    on_invoice: bool = False
    capitalize: bool | None = None
