"""The look-ups that rules make in the finance set-up. Every answer comes from an index: lines ask by the thousand."""

from __future__ import annotations

from project_invoicing.setup.indexes.accounts import AccountLookups
from project_invoicing.setup.indexes.calendar import CalendarLookups
from project_invoicing.setup.indexes.currencies import CurrencyLookups
from project_invoicing.setup.indexes.dimensions import DimensionLookups
from project_invoicing.setup.indexes.sales_tax import SalesTaxLookups
from project_invoicing.setup.indexes.terms import TermLookups


class FinanceSetup(CurrencyLookups, AccountLookups, DimensionLookups, SalesTaxLookups, CalendarLookups, TermLookups):
    """One version of the set-up, with its indexes. Immutable, so that one object serves all invocations of a process.

    ``None`` always means that the set-up has no answer; the caller's rule decides which reason follows from that.
    """
