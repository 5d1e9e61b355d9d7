"""Which company lends resources to which."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from project_invoicing.setup.models.row import Limited, SetupRow
from project_invoicing.setup.models.values import Name


class VendorInvoices(StrEnum):
    """Who posts a borrower's pending vendor invoices (ICV-10).

    ``by_hand``: a person, here. ``by_schedule``: the schedule of the import, here. ``elsewhere``: other payables, which
    get each with all its lines and answer.
    """

    BY_HAND = "by_hand"
    BY_SCHEDULE = "by_schedule"
    ELSEWHERE = "elsewhere"


class BatchBy(StrEnum):
    """One invoice between companies for all projects of the borrower, or one for each (ICV-07)."""

    BORROWER = "borrower"
    PROJECT = "project"


class BillingBatch(SetupRow):
    """Invoices that the schedule makes of the sales to a borrower, once a month from ``day_of_month`` on (ICV-07).

    They are for what was posted until the end of the month before: of a ``project``, of a ``contract``, or of all.
    """

    by: BatchBy = BatchBy.BORROWER
    day_of_month: Annotated[int, Limited(ge=1, le=28)] = 1
    project: Name | None = None
    contract: Name | None = None


class Intercompany(SetupRow):
    """The ``lender`` bills the ``borrower`` as its ``customer``; to the borrower it is the ``vendor``.

    ``accrue_revenue``: whether posting an inter-organizational sale accrues it; if not given, the lender's profile
    decides (IC-06). ``vendor_invoices``: who posts what the lender bills in the borrower. ``batches``: which invoices
    are made by schedule; none without.
    """

    lender: Name
    borrower: Name
    customer: Name
    vendor: Name
    accrue_revenue: bool | None = None
    vendor_invoices: VendorInvoices = VendorInvoices.BY_HAND
    batches: list[BillingBatch] = []
