"""Reads how milestones stand, and whether their on-account transactions may be edited."""

from __future__ import annotations

from collections.abc import Collection

from project_invoicing.domain.refusals import Refused
from project_invoicing.rules.milestones import Standing, must_be_open, standing
from project_invoicing.store.milestone_links import naming
from project_invoicing.store.staging import Staging


def standings(staging: Staging, milestones: Collection[str]) -> dict[str, Standing]:
    """How each of these milestones stands, as the rows are now. Two requests for a hundred."""
    named = naming(staging, milestones)
    rows = staging.readable(actual for actuals in named.values() for actual in actuals)
    return {one: standing(one, (rows[id] for id in named[one] if id in rows)) for one in milestones}


def may_not_be_edited(staging: Staging, milestones: Collection[str]) -> dict[str, Refused]:
    """Those of these milestones that are on a proposal, or billed, each with its refusal (OAT-03)."""
    found: dict[str, Refused] = {}
    for milestone, stands in standings(staging, milestones).items():
        try:
            must_be_open(stands)
        except Refused as refused:
            found[milestone] = refused
    return found
