"""Two companies of which one lends to the other: Contoso UK (GBPM) to Contoso (USPM)."""

from __future__ import annotations

from typing import Any

from tests.builders import guid
from tests.rules.finance import finance, second_company


def between_companies(**terms: Any) -> dict[str, Any]:
    """Both companies; GBPM lends to USPM. ``terms`` are more of the intercompany terms."""
    made = second_company(
        finance(
            ("customers.USPM.C-001", {"sales_tax_group": "DOM", "dimensions": {"Region": "Adatum's"}}),
            ("projects.PRJ-1.dimensions", {"Region": "the project's"}),
            ("profiles.TM.post_costs", {"time": "profit_and_loss"}),
        )
    )
    made["companies"]["GBPM"] |= {"accounting_currency": "GBP", "time_zone": "Europe/London"}
    made["exchange_rates"].append({"from": "USD", "to": "GBP", "valid_from": "2026-01-01", "rate": "80", "factor": 100})
    made["customers"]["GBPM"]["IC-USPM"] = {
        "name": "Contoso",
        "sales_tax_group": "EXP",
        "dimensions": {"Region": "between"},
    }
    made["categories"]["GBPM"]["Labor"]["item_sales_tax_group"] = "FULL"
    made["intercompany"] = [{"lender": "GBPM", "borrower": "USPM", "customer": "IC-USPM", "vendor": "V-GBPM", **terms}]
    made["references"]["msdyn_organizationalunit"] = {guid("Contoso UK"): "GBPM", guid("Contoso"): "USPM"}
    return made
