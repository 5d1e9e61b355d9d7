"""Reads how milestones stand."""

from __future__ import annotations

from collections.abc import Collection

from project_invoicing.rules.milestones import Standing, standing
from project_invoicing.store.milestone_links import naming
from project_invoicing.store.staging import Staging


def standings(staging: Staging, milestones: Collection[str]) -> dict[str, Standing]:
    """How each of these milestones stands, as the rows are now. Two requests for a hundred."""
    named = naming(staging, milestones)
    rows = staging.readable(actual for actuals in named.values() for actual in actuals)
    return {one: standing(one, (rows[id] for id in named[one] if id in rows)) for one in milestones}
