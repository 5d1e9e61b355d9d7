"""The option sets of Dataverse that the business logic writes, with the numbers that Dataverse gives them."""

from __future__ import annotations

from enum import IntEnum


class TransactionType(IntEnum):
    COST = 192350000
    UNBILLED_SALES = 192350005
    BILLED_SALES = 192350006
    RESOURCING_UNIT_COST = 192350007
    INTER_ORGANIZATIONAL_SALES = 192350008


class TransactionClass(IntEnum):
    """No public source gives the number of retainer; it is the one that the table maps expect."""

    TIME = 192350000
    EXPENSE = 192350001
    MATERIAL = 192350002
    MILESTONE = 192350003
    FEE = 192350004
    RETAINER = 192350010


class BillingType(IntEnum):
    NON_CHARGEABLE = 192350000
    CHARGEABLE = 192350001
    COMPLIMENTARY = 192350002
    NOT_AVAILABLE = 192350003


class BillingStatus(IntEnum):
    UNBILLED_SALES_CREATED = 192350000
    CUSTOMER_INVOICE_CREATED = 192350001
    CUSTOMER_INVOICE_POSTED = 192350002
    CANCELED = 192350003
    READY_TO_INVOICE = 192350004


class AdjustmentStatus(IntEnum):
    ADJUSTED = 192350001
    UNADJUSTABLE = 192350002


class BillingMethod(IntEnum):
    TIME_AND_MATERIAL = 192350000
    FIXED_PRICE = 192350001


class InvoiceStatus(IntEnum):
    """``POSTED`` is what finance writes back; no public source gives its number."""

    DRAFT = 192350000
    IN_REVIEW = 192350001
    CONFIRMED = 192350002
    PAID = 192350003
    POSTED = 192350010


class ContractStatus(IntEnum):
    DRAFT = 192350000
    CONFIRMED = 192350003


class ScheduleStatus(IntEnum):
    """Invoice status of a milestone, and of a retainer, which has the same life."""

    NOT_READY = 192350000
    READY = 192350001
    CUSTOMER_INVOICE_CREATED = 192350002
    CUSTOMER_INVOICE_POSTED = 192350003


class EntryStatus(IntEnum):
    """The status of a time entry or of material usage."""

    DRAFT = 192350000
    APPROVED = 192350002
    SUBMITTED = 192350003
    RECALL_REQUESTED = 192350004


class ExpenseStatus(IntEnum):
    DRAFT = 192350000
    SUBMITTED = 192350001
    APPROVED = 192350002
    RECALL_REQUESTED = 192350006


class RefundStatus(IntEnum):
    """No public source gives the numbers."""

    READY_TO_REFUND = 192350000
    REFUNDED = 192350001


WORK_BASED = 192350001
"""msdyn_ordertype of project contracts and of their invoices."""
CUSTOMER_TYPES = {"account": 192350001, "contact": 192350002}
"""msdyn_customertype, by the table of the customer."""
MULTIPLY_QUANTITY_BY_PRICE = 192350000
"""msdyn_amountmethod."""
