"""Reconciliation: compares Dataverse with what was received, staged, posted and written back (D-030).

One run reads every table and every row of Dataverse, and holds about 1.5 KB per actual with its documents; it has no
age limit. A run that cannot finish in time says how far it got: what it did not check is not reported as fine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.dataverse.api import DataverseApi
from project_invoicing.domain.reconciliation import AGAINST_DATAVERSE, CHECKS, Check
from project_invoicing.errors import Unavailable
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.reconciliation.audit_tail import AuditTail
from project_invoicing.use_cases.reconciliation.books import Books
from project_invoicing.use_cases.reconciliation.dataverse import AgainstDataverse
from project_invoicing.use_cases.reconciliation.watch import OutOfTime, Watch

if TYPE_CHECKING:
    from project_invoicing.seal_bucket import SealBucket

Report = dict[str, Any]

SHOWN: Final = 50
"""How many differences a report shows per check, so that it fits into one table item."""
NOT_CONNECTED: Final = "no Dataverse is connected"


@dataclass(slots=True)
class Outcome:
    """The checks with everything they hold, and the report for a person (``Reconciliation.run``)."""

    checks: dict[str, Check]
    report: Report

    @property
    def differences(self) -> int:
        return sum(check.total for check in self.checks.values())

    @property
    def complete(self) -> bool:
        return bool(self.report["complete"])


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """One run. ``api`` is ``None`` where no Dataverse is connected; ``time_left`` says whether more may be read.

    ``bucket`` has the seals of the audit chain, if one is set.
    """

    stores: Stores
    api: DataverseApi | None
    at: str
    time_left: Callable[[], bool]
    bucket: SealBucket | None = None

    def run(self) -> Outcome:
        """Makes every check, and a report of it.

            {"at", "complete", "differences", "read": {what: number}, "rejected": {reason: number},
             "staged": [{"company", "state", "reason", "rows"}],
             "checks": [{"name", "title", "checked", "not_checked", "counts", "differences", "amounts", "found",
             "more"}], "integration_accounts": [{"company", "posting_type", "account", "currency", "balance",
             "credited": {document type: amount}, "actuals": [{"id", "amount"}], "more"}], "integration_lines": …}

        with ``found`` as ``[{"entity", "id", "company", "detail", "amount", "currency", "repair"}]``.
        ``complete`` is False where a check could not be finished. The checks against Dataverse are not checked where
        none is connected; that does not make the report incomplete. A balance of ``integration_accounts``
        is no difference (LED-55, LED-56); it is null where the books were not read to their end. Neither are
        ``integration_lines``, what finance posted to these accounts and our journals have not cleared
        (``integration.report_of``); null where nobody has such an account, or not everything was read.
        """
        checks = {name: Check(name) for name in CHECKS}
        watch = Watch(self.time_left)
        books = Books(self.stores, checks, watch, self.at)
        problem, lines = None, None
        try:
            books.read()
            self._judge_audit_chain(checks["audit_chain"])
            if self.api is not None:
                AgainstDataverse(self.api, books, checks, watch, self.at).read()
            lines = self._integration_lines(books, watch)
        except (OutOfTime, Unavailable) as stopped:
            problem = str(stopped)
        for name, check in checks.items():
            if self.api is None and name in AGAINST_DATAVERSE:
                check.not_checked, check.total, check.found = NOT_CONNECTED, 0, []
                check.amounts.clear()
            elif problem and (name in AGAINST_DATAVERSE or not books.done):
                check.not_checked = problem
        report = self._report(checks, books, watch, problem) | {"integration_lines": lines}
        return Outcome(checks, report)

    def _integration_lines(self, books: Books, watch: Watch) -> Report | None:
        # Imported late: most companies have no integration account.
        from project_invoicing.use_cases.reconciliation.integration import (  # noqa: PLC0415
            OtherSide,
            companies_with_accounts,
            report_of,
        )

        if not companies_with_accounts(books.setup):
            return None
        return report_of(OtherSide(self.api, books, watch, self.at).compare(), books.setup)

    def _judge_audit_chain(self, check: Check) -> None:
        try:
            AuditTail(*self.stores.audit_chain(), self.bucket).judge(check, self.at)
        except Unavailable as stopped:
            check.not_checked = str(stopped)

    def _report(self, checks: dict[str, Check], books: Books, watch: Watch, problem: str | None) -> Report:
        incomplete = [c for c in checks.values() if c.not_checked and c.not_checked != NOT_CONNECTED]
        return {
            "at": self.at,
            "complete": problem is None and not incomplete,
            "differences": sum(check.total for check in checks.values()),
            "read": watch.read,
            "staged": [
                {"company": company or None, "state": state, "reason": reason or None, "rows": number}
                for (company, state, reason), number in sorted(books.rows.counted.items())
            ],
            "rejected": dict(sorted(books.rejections.items())),
            "checks": [check.row(SHOWN) for check in checks.values()],
            "integration_accounts": [one.row() for one in books.accounts.all()] if books.done else None,
        }
