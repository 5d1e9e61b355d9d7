"""The approval of a proposal or a vendor invoice: where it stands, who took the last step, and what was submitted."""

from __future__ import annotations

from dataclasses import dataclass

from project_invoicing.domain.codes import ApprovalState


@dataclass(frozen=True, slots=True)
class Approval:
    """The last step: ``by`` whom it was taken and when (``at``), and what was said with it.

    ``submitter`` and the keys of ``editors`` are ids in lower case; ``editors`` had edited the proposal, of a vendor
    invoice that of the lender, before it was submitted, with the time of each. ``digest`` stands for what was submitted
    to be posted, with this ``total``.
    """

    state: ApprovalState
    at: str
    by: str
    comment: str | None = None
    submitter: str | None = None
    submitted_by: str | None = None
    submitted_at: str | None = None
    editors: dict[str, str] | None = None
    digest: str | None = None
    total: str | None = None
