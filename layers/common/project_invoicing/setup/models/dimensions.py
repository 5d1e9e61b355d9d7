"""Financial dimensions: those of workers, default rules, and account rules."""

from __future__ import annotations

from project_invoicing.setup.models.row import SetupRow
from project_invoicing.setup.models.values import Dimensions, Name


class Worker(SetupRow):
    """A resource of a company by its name, with the dimensions of its employment (DIM-04 to DIM-06)."""

    dimensions: Dimensions = {}


class DimensionRule(SetupRow):
    """Default dimensions for journal lines that match every name given; the most specific match wins (DIM-07).

    The columns go from general to specific; they are compared from the right.
    """

    company: Name
    customer: Name | None = None
    contract: Name | None = None
    project_group: Name | None = None
    project: Name | None = None
    category: Name | None = None
    resource: Name | None = None
    dimensions: Dimensions


class AccountRule(SetupRow):
    """The dimensions an account requires, and the values it allows (DIM-14)."""

    account: Name
    required: list[Name] = []
    values: dict[Name, list[str]] = {}
