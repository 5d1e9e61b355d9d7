"""Who lends resources to whom."""

from __future__ import annotations

from project_invoicing.setup.models.values import Name, Row


class Intercompany(Row):
    """The ``lender`` bills the ``borrower`` as its ``customer``; to the borrower it is the ``vendor``.

    ``accrue_revenue``: whether inter-organizational sales accrue when they are posted; without it the lender's profile
    decides (IC-06).
    """

    lender: Name
    borrower: Name
    customer: Name
    vendor: Name
    accrue_revenue: bool | None = None
