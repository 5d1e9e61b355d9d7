"""Which company lends resources to which."""

from __future__ import annotations

from project_invoicing.setup.models.row import SetupRow
from project_invoicing.setup.models.values import Name


class Intercompany(SetupRow):
    """The ``lender`` bills the ``borrower`` as its ``customer``; to the borrower it is the ``vendor``.

    ``accrue_revenue``: whether posting an inter-organizational sale accrues it; if not given, the lender's profile
    decides (IC-06).
    """

    lender: Name
    borrower: Name
    customer: Name
    vendor: Name
    accrue_revenue: bool | None = None
