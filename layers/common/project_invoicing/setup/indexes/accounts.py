"""Cost and revenue profiles, and the accounts that amounts are posted to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import product

from project_invoicing.domain.codes import BillingMethod, PostingType
from project_invoicing.setup.indexes.categories import CategoryLookups
from project_invoicing.setup.models.posting import Profile

_Level = tuple[bool, str] | None
_Key = tuple[_Level, _Level, _Level]


def _level(name: str | None, group: str | None) -> _Level:
    """The level of a ledger entry on one axis: ``(True, name)``, ``(False, group)``, or ``None`` for all."""
    if name:
        return (True, name)
    return (False, group) if group else None


def _levels(name: str | None, group: str | None) -> list[_Level]:
    """The levels that apply to a line on one axis, the most specific first."""
    return [level for level in (_level(name, None), _level(None, group)) if level] + [None]


class AccountLookups(CategoryLookups):
    """Profiles by rule, accounts by level."""

    def billing_method(self, contract_line: str | None) -> BillingMethod:
        line = self.contract_line(contract_line)
        return line.billing_method if line else BillingMethod.TIME_AND_MATERIAL

    def profile(
        self, company: str, project: str | None, contract: str | None, billing_method: BillingMethod
    ) -> tuple[str, Profile] | None:
        """The profile of the most specific rule: project, contract, project group, all (LED-41, LED-42, 99-17)."""
        found = self.project(project)
        contract = contract or (found.contract if found else None)
        return self._first_rule(company, project, contract, (billing_method,))

    def internal_profile(self, company: str, project: str | None) -> tuple[str, Profile] | None:
        """The profile of work without a contract: project, project group, all (LED-49 to LED-51, IVP-02, 99-31).

        Such work has no billing method, so rules for investments and for time and material both apply, at each level in
        this order; only the former where the company keeps other internal work in profit and loss (D-057).
        """
        methods = [BillingMethod.INVESTMENT]
        if self.parameters(company).internal_projects_use_profile:
            methods.append(BillingMethod.TIME_AND_MATERIAL)
        return self._first_rule(company, project, None, methods)

    def _first_rule(
        self, company: str, project: str | None, contract: str | None, methods: Sequence[BillingMethod]
    ) -> tuple[str, Profile] | None:
        found = self.project(project)
        levels = (
            ("project", project),
            ("contract", contract),
            ("project_group", found.group if found else None),
            ("all", None),
        )
        for level, name in levels:
            for method in methods:
                if rule := self._profile_rules.get((company, method, level, name)):
                    return rule
        return None

    @cached_property
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
        category: str | None = None,
        customer: str | None = None,
        sales_tax_code: str | None = None,
    ) -> str | None:
        """The main account of the most specific entry (LED-57, LED-58, LED-59).

        A sales tax code's own account comes first. Then the project decides before the category, and the category
        before the customer; on each axis, an entry by name before one for its group before one for all.
        """
        asked = (company, posting_type, project, category, customer, sales_tax_code)
        if asked not in self._answered:
            code = self.document.sales_tax.codes.get(sales_tax_code or "")
            own = code.account if code else None
            self._answered[asked] = own or self._most_specific(company, posting_type, project, category, customer)
        return self._answered[asked]

    def _most_specific(
        self, company: str, posting_type: PostingType, project: str | None, category: str | None, customer: str | None
    ) -> str | None:
        accounts = self._accounts.get((company, posting_type), {})
        of_project = self.project(project)
        of_category = self.category_entry(company, category)
        of_customer = self.customer(company, customer)
        levels = product(
            _levels(project, of_project.group if of_project else None),
            _levels(category, of_category.group if of_category else None),
            _levels(customer, of_customer.group if of_customer else None),
        )
        return next((accounts[key] for key in levels if key in accounts), None)

    @cached_property
    def _accounts(self) -> dict[tuple[str, PostingType], dict[_Key, str]]:
        accounts: dict[tuple[str, PostingType], dict[_Key, str]] = defaultdict(dict)
        for company, rows in self.document.ledger_posting.items():
            for row in rows:
                key = (
                    _level(row.project, row.project_group),
                    _level(row.category, row.category_group),
                    _level(row.customer, row.customer_group),
                )
                accounts[company, row.posting_type][key] = row.account
        return dict(accounts)

    @cached_property
    def _answered(self) -> dict[tuple[str | None, ...], str | None]:
        """Answers already given: thousands of lines need the same few accounts."""
        return {}
