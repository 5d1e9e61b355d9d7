"""One version of the policy, and the master data that a step sees over it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property
from typing import Any, Self

from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.master_view import DOCUMENT_ONLY, MasterView
from project_invoicing.setup.models.companies import (
    Company,
    Parameters,
)
from project_invoicing.setup.models.values import OnOff

_DEFAULT_PARAMETERS = Parameters()


class KnownData:
    """One version of the set-up. ``None`` always means that the set-up has no answer."""

    def __init__(self, document: SetupDocument, version: int) -> None:
        self.document = document
        self.version = version
        self.view: MasterView = DOCUMENT_ONLY
        self.indexes: dict[str, Any] = {}

    def seeing(self, view: MasterView) -> Self:
        """The same version with the rows that a step has read. It shares the indexes, so this costs nothing.

        With ``master_rows: off`` it goes on seeing the document alone.
        """
        seen = type(self)(self.document, self.version)
        seen.indexes = self.indexes
        if self.document.master_rows is OnOff.ON:
            seen.view = view
        return seen

    @cached_property
    def worked_out(self) -> dict[Hashable, Any]:
        """What rules have worked out over this view, by what they were asked.

        Thousands of lines ask the same. What a view has read stays, so an answer does too.
        """
        return {}

    def company(self, code: str) -> Company | None:
        return self.document.companies.get(code)

    def currency_of_company(self, company: str | None) -> str | None:
        """The company's accounting currency, ``None`` for an unknown company."""
        known = self.company(company) if company else None
        return known.accounting_currency if known else None

    def accounting_currency(self, company: str) -> str:
        return self.document.companies[company].accounting_currency

    def parameters(self, company: str) -> Parameters:
        """The company's parameters, or the contract's defaults when it has none."""
        return self.document.parameters.get(company, _DEFAULT_PARAMETERS)
