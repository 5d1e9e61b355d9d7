"""Financial dimensions: those of workers, default rules, and account rules. Financial tags, beside them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final

from project_invoicing.setup.models.row import After, Limited, SetupRow, told
from project_invoicing.setup.models.values import Dimensions, Name

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise told(
            f"{text!r} is no label: it starts with a letter or an underscore; letters, digits, underscores follow"
        )
    return text


Label = Annotated[str, Limited(min_length=1, max_length=100), After(_label)]


class Worker(SetupRow):
    """A resource of a company by its name, with the dimensions of its employment (DIM-04 to DIM-06)."""

    dimensions: Dimensions = {}


class DimensionSource(StrEnum):
    """What a dimension rule may take the dimensions from (NEW-04)."""

    CONTRACT_LINE = "contract_line"
    PROJECT = "project"


class DimensionRule(SetupRow):
    """Default dimensions for journal lines that match every name given; the most specific match wins (DIM-07).

    The columns go from general to specific; they are compared from the right. A rule gives ``dimensions``, or names
    their ``source``: the line's contract line, or its project, which also stands in where there is no contract line
    (NEW-04, 99-36).
    """

    company: Name
    customer: Name | None = None
    contract: Name | None = None
    project_group: Name | None = None
    project: Name | None = None
    category: Name | None = None
    resource: Name | None = None
    dimensions: Dimensions | None = None
    source: DimensionSource | None = None

    def _values_or_source(self) -> None:
        if (self.dimensions is None) == (self.source is None):
            raise told("give either dimensions or source")

    CHECKS = (_values_or_source,)


class AccountRule(SetupRow):
    """The dimensions an account requires, and the values it allows (DIM-14)."""

    account: Name
    required: list[Name] = []
    values: dict[Name, list[str]] = {}


class FinancialTag(SetupRow):
    """One tag (TAG-01). One that is not ``active`` is put on no new line; lines that have it keep it."""

    label: Label
    active: bool = True


class TagRule(SetupRow):
    """Gives lines that match every name given a ``value`` of the tag ``label`` (TAG-07).

    Of the rules for a tag the first that matches counts. It replaces a value that a line has only with ``overwrite``.
    """

    label: Label
    value: Name
    customer: Name | None = None
    contract: Name | None = None
    project: Name | None = None
    category: Name | None = None
    resource: Name | None = None
    overwrite: bool = False


class FinancialTags(SetupRow):
    """The tags of a company, and rules that give lines a value (TAG-01, TAG-07).

    Values are not validated; none has the ``delimiter`` in it, which sets them apart in a column that has all tags, in
    the order of ``tags``. Neither a tag nor the delimiter can be taken out of a later version of the set-up: a tag that
    is no longer used is not ``active``.
    """

    tags: Annotated[list[FinancialTag], Limited(min_length=1, max_length=20)]
    delimiter: Annotated[str, Limited(min_length=1, max_length=1)] = "|"
    rules: list[TagRule] = []

    def _once(self) -> None:
        labels = [tag.label for tag in self.tags]
        if twice := next((one for one in labels if labels.count(one) > 1), None):
            raise told(f"{twice!r} is there twice; keep one of them")

    def _of_the_tags(self) -> None:
        labels = [tag.label for tag in self.tags]
        for rule in self.rules:
            if rule.label not in labels:
                raise told(f"a rule is for {rule.label!r}, which is no tag here; there is {', '.join(labels)}")
            if self.delimiter in rule.value:
                raise told(f"the value {rule.value!r} of a rule has the delimiter {self.delimiter} in it")

    CHECKS = (_once, _of_the_tags)
