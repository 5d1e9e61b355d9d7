"""The Dataverse side of Project Operations: what approvals, confirmations and corrections make of rows (D-048).

``Business`` has the verbs. Each module below it has one part of the rules: ``work`` (entries and approvals) with its
``journal_lines``, ``contracts``, ``master_data``, ``milestones``, ``retainers``, ``proformas`` (making drafts) with
``drafts``, ``edits``, ``applied_retainers``, ``totals``; ``confirmation``, ``corrections``; ``actuals`` is the only one
that writes actuals and transaction connections.
"""

from dataverse_standin.business.business import WORK, Business
from dataverse_standin.business.codes import (
    AdjustmentStatus,
    BillingMethod,
    BillingStatus,
    BillingType,
    InvoiceStatus,
    ScheduleStatus,
    TransactionClass,
    TransactionType,
)
from dataverse_standin.business.contracts import Engagement
from dataverse_standin.rows import Refused

__all__ = [
    "WORK",
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
