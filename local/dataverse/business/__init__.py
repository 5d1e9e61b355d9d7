"""The Dataverse side of Project Operations: what approvals, confirmations and corrections make of rows (D-048).

``Business`` has the verbs. Each module below it has one part of the rules: ``work`` (entries and approvals),
``contracts``, ``milestones``, ``retainers``, ``proformas`` (drafts), ``confirmation``, ``corrections``; ``actuals`` is
the only one that writes actuals and transaction connections.
"""

from local.dataverse.business.business import Business
from local.dataverse.business.codes import (
    AdjustmentStatus,
    BillingMethod,
    BillingStatus,
    BillingType,
    InvoiceStatus,
    ScheduleStatus,
    TransactionClass,
    TransactionType,
)
from local.dataverse.business.contracts import Engagement
from local.dataverse.rows import Refused

__all__ = [
    "AdjustmentStatus",
    "BillingMethod",
    "BillingStatus",
    "BillingType",
    "Business",
    "Engagement",
    "InvoiceStatus",
    "Refused",
    "ScheduleStatus",
    "TransactionClass",
    "TransactionType",
]
