"""What the lists read, and the names that they show beside ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from project_invoicing.config import Settings
from project_invoicing.domain.proposal import UNRESOLVED
from project_invoicing.rules.figures import Figures
from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.setup.models.ledger import ExportSchedule
from project_invoicing.store.queue_lists import QueueLists
from project_invoicing.store.reconciliations import Reconciliations
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.lists.facts import CustomerFacts
from project_invoicing.use_cases.master_data.facts import Fact

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TOO_MANY: Final = "there are more than the report keeps, of whatever company"
_BY_COMPANY: Final = ("intervals", "sums", "lines")
_PAYING: Final = ("account", "contact")


@dataclass(frozen=True, slots=True)
class ListPlace:
    """The stores, and the time ``at`` which the question is asked (ISO 8601, UTC). Reads the set-up once.

    ``only``: whoever asks may see these companies alone, and nothing that is of none (D-162).
    """

    stores: Stores
    queue: QueueLists
    reports: Reconciliations
    at: str
    seen: FinanceSetup | None = None
    only: frozenset[str] | None = None

    @classmethod
    def read(cls, client: DynamoDBClient, named: Settings, at: str, only: frozenset[str] | None = None) -> ListPlace:
        stores = Stores.read(client, named)
        reports = Reconciliations(client, named.dataverse_table)
        return cls(stores, QueueLists(stores.staging), reports, at, only=only)

    def sees(self, company: str | None) -> bool:
        """Whether what is of a company may be shown."""
        return self.only is None or company in self.only

    def shows(self, company: str | None, asked: str | None) -> bool:
        """Whether what is of a company belongs to what is asked for: that company, and what may be its own."""
        return self.sees(company) and (asked is None or company in (None, asked))

    def report(self) -> dict[str, Any] | None:
        """The report of the last reconciliation, if one has run, with the differences that may be shown.

        Where a check found more than a report keeps, nobody can tell whose it is: it counts as not checked.
        """
        report = self.reports.last()
        if report is None or self.only is None:
            return report
        checks = [self._seen_of(check) for check in report["checks"]]
        accounts = [one for one in report.get("integration_accounts") or () if self.sees(one["company"])]
        lines = report.get("integration_lines")
        return {
            **report,
            "checks": checks,
            "differences": sum(check["differences"] for check in checks),
            "integration_accounts": accounts,
            "integration_lines": lines and self._seen_lines(lines),
        }

    def _seen_lines(self, told: dict[str, Any]) -> dict[str, Any]:
        seen = {name: [one for one in told[name] if self.sees(one["company"])] for name in _BY_COMPANY}
        return {**told, **seen, "more": min(told["more"], 1)}

    def _seen_of(self, check: dict[str, Any]) -> dict[str, Any]:
        found = [one for one in check["found"] if self.sees(one["company"])]
        seen = {**check, "found": found, "differences": len(found), "more": min(check["more"], 1), "amounts": {}}
        if "answered" in check:
            seen["answered"] = [one for one in check["answered"] if self.sees(one["company"])]
        return seen | ({"checked": False, "not_checked": _TOO_MANY} if check["more"] else {})

    @property
    def setup(self) -> FinanceSetup:
        """The set-up with the master data that was looked at, else its document alone."""
        return self.seen or self.stores.setups.reader.document

    def seeing(self, facts: Iterable[Fact]) -> ListPlace:
        """The place with the master data that these facts name. Nothing is read where the document has it all."""
        return replace(self, seen=self.stores.setups.seeing(facts).setup)

    @property
    def companies(self) -> list[str]:
        return sorted(filter(self.sees, self.setup.document.companies))

    @property
    def exporting(self) -> list[str]:
        """The companies that make ledger batches by themselves: only there somebody waits for them."""
        ledgers = ((company, self.setup.parameters(company).ledger) for company in self.companies)
        return [company for company, ledger in ledgers if ledger.schedule is not ExportSchedule.OFF]

    @property
    def companies_of_proposals(self) -> list[str]:
        """With the one that stands for none: headers whose contract the set-up does not know."""
        return [*self.companies, UNRESOLVED] if self.only is None else self.companies

    def amount(self, value: Decimal | None, currency: str | None) -> str | None:
        return Figures(self.setup).amount(value, currency)

    def customer_name(self, company: str | None, customer: str | None) -> str | None:
        """The name of a customer; ``None`` where finance has none for it."""
        known = self.setup.customer(company, customer)
        return known.name or None if known else None

    def who_pays(self, customer: str) -> list[str]:
        """The ids under which proposals of a customer are kept: its own, those of Dataverse, those of its contracts."""
        document = self.setup.document
        contracts = {name for name, contract in document.contracts.items() if contract.customer == customer}
        own = [id for entity in _PAYING for id in _ids_of(document.references.get(entity, {}).items(), {customer})]
        of_contracts = _ids_of(document.references.get("salesorder", {}).items(), contracts)
        # Where the document leads no id to the customer, its row does.
        return list(dict.fromkeys([customer, *(own or self._row_ids(customer)), *of_contracts]))[:_MOST_IDS]

    def _row_ids(self, customer: str) -> list[str]:
        seen = self.seeing(CustomerFacts(company, customer) for company in self.companies).setup
        found = (seen.customer(company, customer) for company in self.companies)
        return [one.row.id for one in found if one and one.row]


_MOST_IDS: Final = 100
"""DynamoDB's limit for one comparison with several values."""


def _ids_of(references: Iterable[tuple[str, str]], names: set[str]) -> list[str]:
    return [id.strip("{}").lower() for id, name in references if name in names]
