"""The sales tax groups that an edit may choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from project_invoicing.setup.lookups import FinanceSetup
from project_invoicing.use_cases.commands.workplace import bad

TAX_GROUPS: Final = {"sales_tax_group": "groups", "item_sales_tax_group": "item_groups"}
"""The tax group fields of a line, and the set-up's list for each."""


def check_tax_groups(changes: Mapping[str, Any], setup: FinanceSetup) -> None:
    """Raises ``Rejected`` for a group that the set-up does not have."""
    for name, where in TAX_GROUPS.items():
        groups, value = getattr(setup.document.sales_tax, where), changes.get(name)
        if value is not None and value not in groups:
            raise bad(name, f"{name} {value} does not exist; there are {', '.join(sorted(groups)) or 'none'}")
