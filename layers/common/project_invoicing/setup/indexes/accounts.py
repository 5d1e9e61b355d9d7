"""Cost and revenue profiles, and the accounts that amounts are posted to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import product
from typing import Final

from project_invoicing.domain.actual import Reference
from project_invoicing.domain.codes import BillingMethod, PostingType
from project_invoicing.domain.master_data import Part
from project_invoicing.domain.tables import CONTRACT_LINE
from project_invoicing.setup.effective import Found
from project_invoicing.setup.indexes.categories import CategoryLookups
from project_invoicing.setup.indexes.shared import shared
from project_invoicing.setup.models.posting import Profile

_OF_CONTRACTS: Final = (BillingMethod.TIME_AND_MATERIAL, BillingMethod.FIXED_PRICE)
_Level = tuple[bool, str] | None
_Key = tuple[_Level, _Level, _Level]


def _level(name: str | None, group: str | None) -> _Level:
    """The level of a ledger entry on one axis: ``(True, name)``, ``(False, group)``, or ``None`` for all."""
    if name:
        return (True, name)
    return (False, group) if group else None


def _levels(names: Iterable[str], group: str | None) -> list[_Level]:
    """The levels that apply to a line on one axis, the most specific first."""
    return [*((True, name) for name in names), *([(False, group)] if group else []), None]


class AccountLookups(CategoryLookups):
    """Profiles by rule, accounts by level."""

    def billing_method(self, company: str | None, contract_line: str | None) -> BillingMethod:
        line = self.contract_line(company, contract_line)
        return line.billing_method if line else BillingMethod.TIME_AND_MATERIAL

    def billing_method_of(self, contract_line: Reference | None) -> BillingMethod:
        """As ``billing_method``, by the row; time and material for one that is not known."""
        found = self.find(contract_line.entity, contract_line.id) if contract_line else None
        if isinstance(found, Found):
            return self.billing_method(found.company, found.name)
        return BillingMethod.TIME_AND_MATERIAL

    def billing_methods_of(self, company: str, contract: str | None) -> tuple[BillingMethod, ...]:
        """How the lines of a contract are billed, time and material first; both ways where none of them is known."""
        names = self.names_of(Part.CONTRACTS, company, contract)
        lines = {line for name in names for line in self._written_lines.get(name, ())}
        found = self.contract(company, contract)
        children = self.view.children(found.row.id) if found and found.row else None
        rows = (self.find(*row) for row in (children.rows if children else ()) if row[0] == CONTRACT_LINE)
        lines |= {row.name for row in rows if isinstance(row, Found)}
        methods = {self.billing_method(company, line) for line in sorted(lines)}
        return tuple(method for method in _OF_CONTRACTS if method in methods) or _OF_CONTRACTS

    @shared
    def _written_lines(self) -> dict[str, list[str]]:
        """The contract lines of the document, by their contracts."""
        lines: dict[str, list[str]] = defaultdict(list)
        for name, line in self.document.contract_lines.items():
            if line.contract:
                lines[line.contract].append(name)
        return dict(lines)

    def profile(
        self, company: str, project: str | None, contract: str | None, *methods: BillingMethod
    ) -> tuple[str, Profile] | None:
        """The profile of the most specific rule: project, contract, project group, all (LED-41, LED-42, 99-17).

        On each level a rule for the first of the billing ``methods`` goes before one for the next.
        """
        found = self.project(company, project)
        if found and isinstance(found.contract, str):  # a contract that a row leads to is on the line already
            contract = contract or found.contract
        return self._first_rule(company, project, contract, methods)

    def internal_profile(self, company: str, project: str | None) -> tuple[str, Profile] | None:
        """The profile of work without a contract: project, project group, all (LED-49 to LED-51, IVP-02, 99-31).

        Such work has no billing method, so rules for investments and for time and material both apply, at each level in
        this order; only the former where the company keeps other internal work in profit and loss (D-057), and for a
        project that is said to be an investment.
        """
        methods = [BillingMethod.INVESTMENT]
        found = self.project(company, project)
        if self.parameters(company).internal_projects_use_profile and not (found and found.investment):
            methods.append(BillingMethod.TIME_AND_MATERIAL)
        return self._first_rule(company, project, None, methods)

    def is_investment(self, company: str, project: str | None, contract: str | None) -> bool:
        """Whether work is that of an investment project: the project says so, or its profile does (IVP-01)."""
        found = self.project(company, project)
        if found and found.investment:
            return True
        rule = self.internal_profile(company, project) if contract is None else None
        return rule is not None and rule[1].billing_method is BillingMethod.INVESTMENT

    def _first_rule(
        self, company: str, project: str | None, contract: str | None, methods: Sequence[BillingMethod]
    ) -> tuple[str, Profile] | None:
        levels = (
            *(("project", name) for name in self.names_of(Part.PROJECTS, company, project)),
            *(("contract", name) for name in self.names_of(Part.CONTRACTS, company, contract)),
            ("project_group", self.project_group(company, project, methods[0])),
            ("all", None),
        )
        for level, name in levels:
            for method in methods:
                if rule := self._profile_rules.get((company, method, level, name)):
                    return rule
        return None

    @shared
    def _profile_rules(self) -> dict[tuple[str, BillingMethod, str, str | None], tuple[str, Profile]]:
        rules = {}
        for row in self.document.profile_rules:
            profile = self.document.profiles[row.profile]
            named = (("project", row.project), ("contract", row.contract), ("project_group", row.project_group))
            level, name = next((entry for entry in named if entry[1]), ("all", None))
            rules[row.company, profile.billing_method, level, name] = (row.profile, profile)
        return rules

    def posting_account(
        self,
        company: str,
        posting_type: PostingType,
        *,
        project: str | None = None,
        project_group: str | None = None,
        category: str | None = None,
        customer: str | None = None,
        sales_tax_code: str | None = None,
        vendor: str | None = None,
    ) -> str | None:
        """The main account of the most specific entry (LED-57, LED-58, LED-59).

        ``project_group`` is the caller's to find: the project may be another company's (IC-07).

        A sales tax code's own account comes first. Then the project decides before the category, and the category
        before the customer or the vendor; on each axis, an entry by name before one for its group before one for all.
        """
        asked = (company, posting_type, project, project_group, category, customer, sales_tax_code, vendor)
        if asked not in self._answered:
            code = self.document.sales_tax.codes.get(sales_tax_code or "")
            own = code.account if code else None
            names = self.names_of(Part.PROJECTS, company, project)
            axes = (_levels(names, project_group), category, customer, vendor)
            self._answered[asked] = own or self._most_specific(company, posting_type, *axes)
        return self._answered[asked]

    def _most_specific(
        self,
        company: str,
        posting_type: PostingType,
        of_project: list[_Level],
        category: str | None,
        customer: str | None,
        vendor: str | None,
    ) -> str | None:
        accounts = self._accounts.get((company, posting_type), {})
        of_category = self.category_entry(company, category)
        of_customer = self.customer(company, customer)
        customers = self.names_of(Part.CUSTOMERS, company, customer)
        levels = product(
            of_project,
            _levels([category] if category else [], of_category.group if of_category else None),
            _levels([vendor], None) if vendor else _levels(customers, of_customer.group if of_customer else None),
        )
        return next((accounts[key] for key in levels if key in accounts), None)

    @shared
    def _accounts(self) -> dict[tuple[str, PostingType], dict[_Key, str]]:
        accounts: dict[tuple[str, PostingType], dict[_Key, str]] = defaultdict(dict)
        for company, rows in self.document.ledger_posting.items():
            for row in rows:
                key = (
                    _level(row.project, row.project_group),
                    _level(row.category, row.category_group),
                    _level(row.customer or row.vendor, row.customer_group),
                )
                accounts[company, row.posting_type][key] = row.account
        return dict(accounts)

    @cached_property
    def _answered(self) -> dict[tuple[str | None, ...], str | None]:
        """Answers already given to this view: thousands of lines need the same few accounts."""
        return {}
