"""The closed vocabularies of the business. Results and events print their values."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TransactionType(StrEnum):
    COST = "cost"
    UNBILLED_SALES = "unbilled_sales"
    BILLED_SALES = "billed_sales"
    RESOURCING_UNIT_COST = "resourcing_unit_cost"
    INTER_ORGANIZATIONAL_SALES = "inter_organizational_sales"


class TransactionClass(StrEnum):
    TIME = "time"
    EXPENSE = "expense"
    MATERIAL = "material"
    MILESTONE = "milestone"
    FEE = "fee"
    TAX = "tax"
    RETAINER = "retainer"


class BillingType(StrEnum):
    """``not_specified`` is a finance-side value only: Dataverse sends no value (LP-01)."""

    NOT_SPECIFIED = "not_specified"
    CHARGEABLE = "chargeable"
    NON_CHARGEABLE = "non_chargeable"
    COMPLIMENTARY = "complimentary"
    NOT_AVAILABLE = "not_available"


class BillingMethod(StrEnum):
    """How a contract line is billed. ``investment`` is a method of profiles only: nobody is billed (IVP-01)."""

    TIME_AND_MATERIAL = "time_and_material"
    FIXED_PRICE = "fixed_price"
    INVESTMENT = "investment"


class CostOrigin(StrEnum):
    """Where a cost comes from; decides which account it is credited to (JRN-16, LED-32 to LED-35, LED-55, LED-56)."""

    USAGE = "usage"
    PURCHASE = "purchase"
    VENDOR_INVOICE = "vendor_invoice"
    EXPENSE_REPORT = "expense_report"


class CostSide(StrEnum):
    """The two sides between which costs are posted (PCO-01, PCO-02)."""

    BALANCE = "balance"
    PROFIT_AND_LOSS = "profit_and_loss"

    @property
    def other(self) -> CostSide:
        return CostSide.PROFIT_AND_LOSS if self is CostSide.BALANCE else CostSide.BALANCE


PURCHASES: Final = frozenset({CostOrigin.PURCHASE, CostOrigin.VENDOR_INVOICE})
"""The origins of what was bought for a project (JRN-16, LED-33, LED-56)."""


class RowState(StrEnum):
    """The state of a row in Dataverse; ``closed`` and ``paid`` are states of invoices that still stand."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    CLOSED = "closed"
    PAID = "paid"
    CANCELED = "canceled"


class StagingState(StrEnum):
    PENDING = "pending"
    IMPORTED = "imported"
    POSTED = "posted"
    SKIPPED = "skipped"
    INVALID = "invalid"


class TableMapName(StrEnum):
    """The table maps, in the order of the flow. Each can be paused, resumed, stopped and started by name."""

    COMPANIES = "companies"
    CURRENCIES = "currencies"
    EXCHANGE_RATES = "exchange_rates"
    ORGANIZATIONAL_UNITS = "organizational_units"
    TRANSACTION_CATEGORIES = "transaction_categories"
    PRODUCTS = "products"
    RESOURCES = "resources"
    ACCOUNTS = "accounts"
    CONTACTS = "contacts"
    CONTRACTS = "contracts"
    PROJECTS = "projects"
    CONTRACT_LINES = "contract_lines"
    SPLIT_BILLING_RULES = "split_billing_rules"
    MILESTONES = "milestones"
    INVOICES = "invoices"
    ACTUALS = "actuals"
    TRANSACTION_CONNECTIONS = "transaction_connections"
    ACTUALS_WRITE_BACK = "actuals_write_back"
    INVOICES_WRITE_BACK = "invoices_write_back"
    PAYMENTS_WRITE_BACK = "payments_write_back"


MASTER_DATA_MAPS: Final = frozenset(
    {
        TableMapName.COMPANIES,
        TableMapName.CURRENCIES,
        TableMapName.EXCHANGE_RATES,
        TableMapName.ORGANIZATIONAL_UNITS,
        TableMapName.TRANSACTION_CATEGORIES,
        TableMapName.PRODUCTS,
        TableMapName.RESOURCES,
        TableMapName.ACCOUNTS,
        TableMapName.CONTACTS,
        TableMapName.CONTRACTS,
        TableMapName.PROJECTS,
        TableMapName.CONTRACT_LINES,
        TableMapName.SPLIT_BILLING_RULES,
        TableMapName.MILESTONES,
    }
)
"""The maps of master data. In a deployed stack they are stopped until somebody starts them."""


class MasterProblem(StrEnum):
    """What is wrong with a row of master data, beside the detail. The last one is only listed and holds nothing up."""

    COMPANY_UNKNOWN = "company_unknown"
    NUMBER_MISSING = "number_missing"
    DUPLICATE_NUMBER = "duplicate_number"
    DUPLICATE_RATE = "duplicate_rate"
    CONTRACT_UNKNOWN = "contract_unknown"
    MERGE_CYCLE = "merge_cycle"
    SPLIT_NOT_WHOLE = "split_not_whole"


class JournalStatus(StrEnum):
    DRAFT = "draft"
    PROCESSING = "processing"
    POSTED = "posted"
    ERROR = "error"


class ProposalStatus(StrEnum):
    """``canceled`` is a proposal whose proforma was canceled before posting; nothing lists it."""

    WAITING = "waiting"
    READY = "ready"
    POSTING = "posting"
    POSTED = "posted"
    CANCELED = "canceled"


class ApprovalState(StrEnum):
    """Where the approval of a proposal stands. ``draft``: it is to be submitted, or submitted again."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "changes_requested"


class LineKind(StrEnum):
    """Kinds of a proposal line (PROP-08)."""

    HOUR = "hour"
    EXPENSE = "expense"
    ITEM = "item"
    FEE = "fee"
    ON_ACCOUNT = "on_account"


class ConnectionRole(StrEnum):
    """What the linked actual is to the row that carries the link (CONN-02, -04, -05, -07, -08)."""

    UNBILLED = "unbilled"
    COST = "cost"
    ORIGINAL = "original"
    REPLACED = "replaced"


class PostingType(StrEnum):
    COST = "cost"
    PAYROLL_ALLOCATION = "payroll_allocation"
    EXPENSE_OFFSET = "expense_offset"
    COST_ITEM = "cost_item"
    PROCUREMENT_INTEGRATION = "procurement_integration"
    EXPENSE_INTEGRATION = "expense_integration"
    WIP_COST_VALUE = "wip_cost_value"
    WIP_COST_ITEM = "wip_cost_item"
    WIP_SALES_VALUE = "wip_sales_value"
    ACCRUED_REVENUE_SALES_VALUE = "accrued_revenue_sales_value"
    ACCRUED_REVENUE_OFFSET = "accrued_revenue_offset"
    INVOICED_REVENUE = "invoiced_revenue"
    INVOICED_REVENUE_ON_ACCOUNT = "invoiced_revenue_on_account"
    WIP_INVOICED_ON_ACCOUNT = "wip_invoiced_on_account"
    CUSTOMER_BALANCE = "customer_balance"
    SALES_TAX_PAYABLE = "sales_tax_payable"
    DISCOUNT = "discount"
    INTERCOMPANY_COST = "intercompany_cost"
    SALES_TAX_RECEIVABLE = "sales_tax_receivable"
    VENDOR_BALANCE = "vendor_balance"


ON_ACCOUNT: Final = frozenset({TransactionClass.MILESTONE, TransactionClass.RETAINER})
"""Classes billed on account: chargeable whatever the line property says, and never accrued."""
NO_MONEY: Final = frozenset({BillingType.NON_CHARGEABLE, BillingType.COMPLIMENTARY})
"""Billing types that the customer does not pay for."""
INTERCOMPANY: Final = frozenset({TransactionType.RESOURCING_UNIT_COST, TransactionType.INTER_ORGANIZATIONAL_SALES})
"""Kinds of actual that belong to the company that lends the resource (IC-04, INV-28)."""
INTEGRATION_ACCOUNTS: Final = (PostingType.PROCUREMENT_INTEGRATION, PostingType.EXPENSE_INTEGRATION)
"""The accounts that other modules of finance debit and our journals clear (LED-55, LED-56)."""


class WriteBackState(StrEnum):
    """Whether the accounting details of a row have been written back to Dataverse."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


class DocumentStanding(StrEnum):
    """How far the document of an invoice has come, as Dataverse is told: ready, or what became of its last mail."""

    READY = "ready"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"
    FAILED = "failed"


class WaitReason(StrEnum):
    """Why a staging row or a proposal waits. Stored with the values that led to it."""

    REFERENCE_MISSING = "reference_missing"
    EXCHANGE_RATE_MISSING = "exchange_rate_missing"
    CATEGORY_MISSING = "category_missing"
    LINE_PROPERTY_MISSING = "line_property_missing"
    NOT_PREVALIDATED = "not_prevalidated"
    PROJECT_CLOSED = "project_closed"
    INTERCOMPANY_MISSING = "intercompany_missing"
    UNBILLED_SALES_NOT_POSTED = "unbilled_sales_not_posted"
    FEE_NOT_POSTED = "fee_not_posted"
    BILLED_SALES_MISMATCH = "billed_sales_mismatch"
    INVOICE_TOTAL_MISSING = "invoice_total_missing"
    HEADER_MISSING = "header_missing"
    BEGINNING_BALANCE = "beginning_balance"
    ACCOUNTING_DATES_DIFFER = "accounting_dates_differ"
    INACTIVE = "inactive"
    DEFECT = "defect"
    ALREADY_BILLED = "already_billed"
    ALREADY_CREDITED = "already_credited"
    MASTER_DATA_TOO_LARGE = "master_data_too_large"
    DOCUMENT_INCOMPLETE = "document_incomplete"
    INVESTMENT_PROJECT = "investment_project"
    INTERCOMPANY_COST = "intercompany_cost"


SET_UP_REASONS: Final = frozenset(
    {
        WaitReason.REFERENCE_MISSING,
        WaitReason.EXCHANGE_RATE_MISSING,
        WaitReason.CATEGORY_MISSING,
        WaitReason.LINE_PROPERTY_MISSING,
        WaitReason.PROJECT_CLOSED,
        WaitReason.INTERCOMPANY_MISSING,
        WaitReason.INTERCOMPANY_COST,
        WaitReason.BEGINNING_BALANCE,
        WaitReason.ACCOUNTING_DATES_DIFFER,
        WaitReason.DOCUMENT_INCOMPLETE,
        WaitReason.INVESTMENT_PROJECT,
    }
)
"""Reasons that a new version of the set-up can resolve."""

SECOND_REASONS: Final = frozenset({WaitReason.ALREADY_BILLED, WaitReason.ALREADY_CREDITED})
"""The reasons of rows that come second: something else already continues the same actual (99-25)."""


class PostingFailure(StrEnum):
    """Why posting refuses a journal line or a proposal. Nothing is written in that case."""

    PERIOD_CLOSED = "period_closed"
    PROFILE_MISSING = "profile_missing"
    LEDGER_ACCOUNT_MISSING = "ledger_account_missing"
    SALES_TAX_SETUP_MISSING = "sales_tax_setup_missing"
    CUSTOMER_ON_HOLD = "customer_on_hold"
    DIMENSION_INVALID = "dimension_invalid"
    ALREADY_POSTED = "already_posted"
    LINES_MISSING = "lines_missing"
    FOUR_EYES = "four_eyes"
    NOT_APPROVED = "not_approved"
    IN_APPROVAL = "in_approval"
    SAME_PERSON = "same_person"
    ROLE_MISSING = "role_missing"
    E_INVOICE_RULE = "e_invoice_rule"
    OFFSET_ACCOUNT_MISSING = "offset_account_missing"
    IMBALANCE_CHANGED = "imbalance_changed"
    ON_CORRECTION_JOURNAL = "on_correction_journal"
    TOO_MANY_LINES = "too_many_lines"
    NOT_POSTED = "not_posted"
    NOT_A_COST = "not_a_cost"
    NO_LEDGER_ENTRY = "no_ledger_entry"
    TAKEN_BACK = "taken_back"
    REVENUE_ACCRUED = "revenue_accrued"
    INVOICED = "invoiced"
    NOT_FOR_THIS_PROJECT = "not_for_this_project"
    ON_PROPOSAL = "on_proposal"
    NOT_ADJUSTABLE = "not_adjustable"
    POSTED_ELSEWHERE = "posted_elsewhere"
    VOUCHER_TOO_LARGE = "voucher_too_large"


class VendorInvoiceStatus(StrEnum):
    """``posted`` has a voucher of ours. ``posted_elsewhere`` and ``refused`` are what other payables have answered."""

    PENDING = "pending"
    POSTED = "posted"
    POSTED_ELSEWHERE = "posted_elsewhere"
    REFUSED = "refused"


class BatchRefusal(StrEnum):
    """Why a ledger batch waits or is not delivered, or an answer about one changes nothing."""

    IN_NO_BATCH = "in_no_batch"
    REFUSED_THERE = "refused_there"
    UNKNOWN_BATCH = "unknown_batch"
    NOT_READY = "not_ready"
    UNANSWERED = "unanswered"
    NOTHING_LEFT = "nothing_left"
    FORMAT_REFUSED = "format_refused"
    FILES_DIFFER = "files_differ"
    LATE = "late"
    CONFLICT = "conflict"
    UNCLEAR = "unclear"
    UNKNOWN_VOUCHER = "unknown_voucher"
    WRONG_SHA256 = "wrong_sha256"


class PaymentRefusal(StrEnum):
    """Why a payment that was told counts nowhere. The first four are set aside and tried again."""

    UNKNOWN_INVOICE = "unknown_invoice"
    OTHER_CURRENCY = "other_currency"
    NO_CREDIT_NOTE = "no_credit_note"
    TOO_MANY_DIGITS = "too_many_digits"
    SAME_VERSION_DIFFERS = "same_version_differs"


class RejectReason(StrEnum):
    """Why an event is rejected. It is kept whole and can be replayed once the cause is fixed."""

    SCHEMA = "schema"
    UNKNOWN_CODE = "unknown_code"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    CURRENCY_UNKNOWN = "currency_unknown"
    TOO_LARGE = "too_large"
    PROPOSAL_NUMBER_NOT_ALLOWED = "proposal_number_not_allowed"
    DUPLICATE_PROPOSAL_NUMBER = "duplicate_proposal_number"
    CORRECTION_OF_UNKNOWN_ACTUAL = "correction_of_unknown_actual"


class BatchKind(StrEnum):
    """What the lines of a ledger batch are. A company's numbers run without a gap in each kind."""

    LEDGER = "ledger"
    RECEIVABLES = "receivables"
    PAYABLES = "payables"


class ReceivablesWay(StrEnum):
    """How customer invoices reach the other ledger: never two ways.

    ``journal``: their vouchers as they are. ``customer_lines``: the same, with the customer in place of the control
    account where a format can say so. ``documents``: as invoices, and their vouchers are in no ledger batch.
    """

    JOURNAL = "journal"
    CUSTOMER_LINES = "customer_lines"
    DOCUMENTS = "documents"


class BatchState(StrEnum):
    """``claiming`` takes documents, ``sealed`` has its list and writes its files; the others have left the house."""

    CLAIMING = "claiming"
    SEALED = "sealed"
    READY = "ready"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    PARTLY = "partly"
    ACCEPTED = "accepted"
    VOIDED_THERE = "voided_there"


TEXT_FIELDS: Final = {
    "document": "source_id",
    "voucher": "voucher",
    "project": "project",
    "contract": "contract",
    "customer": "customer",
    "posting_type": "posting_type",
}
"""What the pattern of a line's text in a ledger batch may name, and the field that it stands for."""
