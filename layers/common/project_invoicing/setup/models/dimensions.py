"""Financial dimensions: those of workers, default rules, and what accounts ask for."""

from __future__ import annotations

from project_invoicing.setup.models.values import Dimensions, Name, Row


class Worker(Row):
    """A resource of a company by its name, with the dimensions of its employment (DIM-04 to DIM-06)."""

    dimensions: Dimensions = {}


class DimensionRule(Row):
    """Default dimensions of journal lines that match what it names; of several the most specific wins (DIM-07).

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


class AccountRule(Row):
    """What an account asks of dimensions: those that must be there, and the values that are allowed (DIM-14)."""

    account: Name
    required: list[Name] = []
    values: dict[Name, list[str]] = {}
