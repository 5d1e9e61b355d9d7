"""Intercompany terms and financial dimensions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from project_invoicing.domain.master_data import Part
from project_invoicing.setup.indexes.master_data import MasterDataLookups
from project_invoicing.setup.indexes.shared import shared
from project_invoicing.setup.models.dimensions import (
    AccountRule,
    DimensionRule,
    DimensionSource,
    FinancialTags,
    TagRule,
)
from project_invoicing.setup.models.intercompany import Intercompany

_RULE_COLUMNS = ("customer", "contract", "project_group", "project", "category", "resource")
"""The columns of a dimension rule, from general to specific (DIM-07)."""
_TAG_COLUMNS = ("customer", "contract", "project", "category", "resource")
"""The columns of a tag rule."""
_RENUMBERED = {"project": Part.PROJECTS, "contract": Part.CONTRACTS, "customer": Part.CUSTOMERS}
"""Those that name what may get another number."""


class DimensionLookups(MasterDataLookups):
    """Lenders by borrower, dimension rules by company."""

    def lenders(self, borrower: str) -> tuple[Intercompany, ...]:
        """The intercompany terms under which others lend resources to ``borrower`` (STG-15)."""
        return self._lenders.get(borrower, ())

    def borrowers(self, lender: str, customer: str | None) -> tuple[str, ...]:
        """Those whom ``lender`` lends to, first the one that it bills as ``customer``."""
        lends = (row for row in self.document.intercompany if row.lender == lender)
        return tuple(row.borrower for row in sorted(lends, key=lambda row: row.customer != customer))

    def borrower(self, lender: str, customer: str | None, project: str | None, contract: str | None) -> str | None:
        """The company for which a line of the lender was worked: the borrower that has its project, or contract.

        D-095. Terms that are gone leave what the document says of the project.
        """
        for borrower in self.borrowers(lender, customer):
            if self.project(borrower, project) or self.contract(borrower, contract):
                return borrower
            if self.passed_on(Part.PROJECTS, borrower, project) or self.passed_on(Part.CONTRACTS, borrower, contract):
                return borrower
        of_project = self._company_written(Part.PROJECTS, project) if project else None
        return of_project or (self._company_written(Part.CONTRACTS, contract) if contract else None)

    @shared
    def _lenders(self) -> dict[str, tuple[Intercompany, ...]]:
        found: dict[str, tuple[Intercompany, ...]] = {}
        for row in self.document.intercompany:
            found[row.borrower] = (*found.get(row.borrower, ()), row)
        return found

    def worker_dimensions(self, company: str, resource: str | None) -> dict[str, str]:
        """The dimensions of a resource's employment in the company (DIM-04)."""
        worker = self.worker(company, resource)
        return dict(worker.dimensions) if worker else {}

    def active_tags(self, company: str) -> tuple[str, ...]:
        """The labels of the financial tags that new lines of a company may have (TAG-01)."""
        return self._active_tags.get(company, ())

    @shared
    def _active_tags(self) -> dict[str, tuple[str, ...]]:
        tags = self.document.financial_tags
        return {company: tuple(one.label for one in known.tags if one.active) for company, known in tags.items()}

    def tags_of(self, company: str) -> FinancialTags | None:
        """The financial tags of a company, also those that are not active, with their rules."""
        return self.document.financial_tags.get(company)

    def ruled_tags(self, company: str, **names: str | None) -> Iterator[TagRule]:
        """The rules that give a line with these ``names`` active tags, one a tag (TAG-07).

        ``names``: customer, contract, project, category, resource of the line.
        """
        tags = self.tags_of(company)
        if tags is None or not tags.rules:
            return
        known = self._names_for(company, names)
        left = set(self.active_tags(company))
        for rule in tags.rules:
            asked = ((column, getattr(rule, column)) for column in _TAG_COLUMNS)
            if rule.label in left and all(value is None or value in known[column] for column, value in asked):
                left.remove(rule.label)
                yield rule

    def _names_for(self, company: str, names: Mapping[str, str | None]) -> dict[str, Sequence[str]]:
        """By column what a rule may say for it: the name itself, and the numbers that it had before."""
        known: dict[str, Sequence[str]] = {column: [name] if name else [] for column, name in names.items()}
        return known | {column: self.names_of(part, company, names.get(column)) for column, part in _RENUMBERED.items()}

    def ruled_dimensions(self, company: str, **names: str | None) -> dict[str, str] | DimensionSource | None:
        """The dimensions of the most specific rule that matches, or what it takes them from; ``None`` without one.

        DIM-07, NEW-04.

        ``names``: customer, contract, project_group, project, category, resource of the line.
        """
        rules = self._dimension_rules.get(company)
        if not rules:
            return None
        known = self._names_for(company, names)
        best: tuple[tuple[bool, ...], DimensionRule] | None = None
        for rule in rules:
            asked = {column: getattr(rule, column) for column in _RULE_COLUMNS}
            if any(value is not None and value not in known.get(column, ()) for column, value in asked.items()):
                continue
            specific = [asked[column] is not None for column in reversed(_RULE_COLUMNS)]
            as_it_is = [asked[column] == names.get(column) for column in _RENUMBERED if asked[column]]
            found = (*specific, *as_it_is)  # rules as specific as each other name the same columns
            if best is None or found > best[0]:
                best = (found, rule)
        if best is None:
            return None
        return best[1].source or dict(best[1].dimensions or {})

    @shared
    def _dimension_rules(self) -> dict[str, list[DimensionRule]]:
        rules: dict[str, list[DimensionRule]] = defaultdict(list)
        for row in self.document.dimension_rules:
            rules[row.company].append(row)
        return dict(rules)

    def dimension_problem(self, company: str, account: str, dimensions: Mapping[str, str]) -> str | None:
        """Why an account refuses a dimension combination, in words; ``None`` when it accepts it (DIM-14)."""
        rule = self._account_rules.get((company, account))
        if rule is None:
            return None
        for name in rule.required:
            if not dimensions.get(name):
                return f"account {account} needs dimension {name}"
        for name, allowed in rule.values.items():
            if name in dimensions and dimensions[name] not in allowed:
                return f"account {account} does not take {dimensions[name]} for {name}; it takes {', '.join(allowed)}"
        return None

    @shared
    def _account_rules(self) -> dict[tuple[str, str], AccountRule]:
        structures = self.document.account_structures
        return {(company, rule.account): rule for company, rules in structures.items() for rule in rules}
