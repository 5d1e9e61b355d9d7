"""What an importer finds in a delivery, read from the files alone: debit and credit by entry and currency."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from io import StringIO
from typing import Final
from xml.etree import ElementTree as ET

from beancount import loader
from beancount.core.data import Transaction

Found = Iterator[tuple[str, str, Decimal]]
"""Entry, currency, signed amount."""
Sums = dict[tuple[str, str], tuple[Decimal, Decimal]]

NOT_SAID: Final = ""
"""The currency where a file does not say: that of the company."""


def sums(found: Iterable[tuple[str, str, Decimal]]) -> Sums:
    """Debit and credit by entry and currency. Amounts of nothing are no reason to be there."""
    made: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for entry, currency, amount in found:
        if amount:
            made[entry, currency][amount < 0] += abs(amount)
    return {key: (debit, credit) for key, (debit, credit) in made.items()}


def _rows(text: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(StringIO(text, newline=""))


def _sides(debit: str, credit: str) -> Decimal:
    assert (debit == "") != (credit == ""), "one of the two sides is filled"
    return Decimal(debit or 0) - Decimal(credit or 0)


def _d365(text: str) -> Found:
    for row in _rows(text):
        yield row["VOUCHER"], row["CURRENCYCODE"], _sides(row["DEBITAMOUNT"], row["CREDITAMOUNT"])


def _netsuite(text: str) -> Found:
    for row in _rows(text):
        company, voucher, *_ = row["External ID"].split(":")
        assert company == row["Subsidiary"]
        yield voucher, row["Currency"], _sides(row["Debit"], row["Credit"])


def _summary(text: str) -> Found:
    for row in _rows(text):
        yield "", row["currency"], _sides(row["debit"], row["credit"])
        yield "", "accounting", _sides(row["accounting_debit"], row["accounting_credit"])


def _business_central(text: str) -> Found:
    for row in text.splitlines():
        line = json.loads(row, parse_float=Decimal)
        yield line["documentNumber"], NOT_SAID, Decimal(line["amount"])


def _xero(text: str) -> Found:
    for entry in json.loads(text, parse_float=Decimal)["ManualJournals"]:
        voucher = entry["Narration"].split(" ")[0].split(":")[1]
        yield from ((voucher, NOT_SAID, Decimal(line["LineAmount"])) for line in entry["JournalLines"])


def _quickbooks(text: str) -> Found:
    for row in text.splitlines():
        entry = json.loads(row, parse_float=Decimal)
        for line in entry["Line"]:
            sign = {"Debit": 1, "Credit": -1}[line["JournalEntryLineDetail"]["PostingType"]]
            yield entry["DocNumber"], entry["CurrencyRef"]["value"], sign * Decimal(line["Amount"])


def _sap(text: str) -> Found:
    root = ET.fromstring(text)  # noqa: S314  it is our own
    for entry in root.iter("JournalEntry"):
        voucher = str(entry.findtext("DocumentReferenceID")).split(":")[0]
        for element in ("Item", "DebtorItem"):
            for item in entry.iter(element):
                amount = item.find("AmountInTransactionCurrency")
                assert amount is not None
                value = Decimal(str(amount.text))
                assert not value or (value < 0) == (item.findtext("DebitCreditCode") == "H")
                yield voucher, str(amount.get("currencyCode")), value


def _beancount(text: str) -> Found:
    directives, errors, _ = loader.load_string(text)
    assert errors == []
    for directive in directives:
        if isinstance(directive, Transaction):
            for posting in directive.postings:
                assert posting.units is not None
                assert posting.units.number is not None
                yield str(directive.payee), posting.units.currency, posting.units.number


READERS: Final[Mapping[str, Callable[[str], Found]]] = {
    "d365_general_journal": _d365,
    "netsuite": _netsuite,
    "summary": _summary,
    "business_central": _business_central,
    "xero": _xero,
    "quickbooks": _quickbooks,
    "sap_s4hana": _sap,
    "beancount": _beancount,
}
