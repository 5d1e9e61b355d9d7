"""Receivables and payables leave as documents, and nothing leaves two ways: documents as posting makes them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.domain.ledger import POST_COSTS, VENDOR_INVOICE
from project_invoicing.store import client
from project_invoicing.store.whole_batches import Claim, everything
from project_invoicing.use_cases.ledger_batches import build
from tests import policies
from tests.books import Books, entries
from tests.harness import World
from tests.rules.invoices.test_intercompany_invoices import AUGUST, between_companies, sold
from tests.rules.stories import sale

AT = "2026-08-31T13:00:00Z"


SELDOM = {
    ("dynamodb:BatchGetItem", "MasterDataTable"),  # a rate or a currency that the set-up document does not have
    ("dynamodb:ConditionCheckItem", "LedgerBatchesTable"),  # the batch before
    ("dynamodb:DeleteItem", "LedgerBatchesTable"),  # a document of several periods, with its last one
    ("dynamodb:Query", "JournalsTable"),  # of a journal whose ledger does not say where its lines come from
    ("dynamodb:Query", "SetupTable"),  # once in a process
    ("s3:GetObject", "LedgerBucket/ledger/*"),  # a file that is there already
}


class Lending(World):
    """USPM has work done by GBPM, which bills it; the customer of USPM is not billed yet."""

    def __init__(self, way: str) -> None:
        super().__init__(AT)
        client.s3().create_bucket(Bucket=self.names.ledger_bucket)
        setup = between_companies()
        for parameters in setup["parameters"].values():
            parameters["receivables"] = way
        self.load(setup)
        self.deliver(*_each(sale("work/unbilled", "10"), sold()))
        self.run("staging_import")
        self.run("journal_posting")
        self.edit("intercompany_invoice", **AUGUST)
        self.run("invoice_posting")

    def build(self, **request: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.run("ledger_export", **request)
        assert not any(answer[name] for name in ("held", "troubles", "refused"))
        return answer

    @property
    def batches(self) -> list[tuple[str, str, int, int]]:
        """Company, kind, number and lines."""
        return [(one["company"], one["kind"], one["number"], one["lines"]) for one in self.result()["batches"]]

    def file(self, company: str, kind: str, name: str, number: int = 1) -> bytes:
        key = f"ledger/{company}/2026-01/{kind}/{number:06d}/{name}"
        return bytes(client.s3().get_object(Bucket=self.names.ledger_bucket, Key=key)["Body"].read())


def _each(*contexts: Any) -> Iterator[Any]:
    for one in contexts:
        yield from one if isinstance(one, list) else [one]


def test_receivables_and_payables_leave_as_documents_and_the_ledger_says_what_it_leaves_out(moto: None) -> None:
    with policies.enforced() as noted, patch.object(build, "DOCUMENTS", 1):
        lending = Lending("documents")
        lending.build()
        lending.build()
    assert lending.batches == [
        ("GBPM", "ledger", 1, 2),
        ("GBPM", "receivables", 1, 1),
        ("USPM", "ledger", 1, 2),
        ("USPM", "payables", 1, 1),
    ]
    number = lending.result()["invoices"][0]["invoice_number"]
    invoice = json.loads(lending.file("GBPM", "receivables", "lines.jsonl"))
    assert invoice == {
        "external_id": f"GBPM:{number}",
        "company": "GBPM",
        "batch": 1,
        "invoice_number": number,
        "document_type": "invoice",
        "corrects": None,
        "customer": "IC-USPM",
        "invoice_date": "2026-08-31",
        "accounting_date": "2026-08-31",
        "due_date": "2026-09-14",
        "terms_of_payment": "D14",
        "currency": "USD",
        "subtotal": "1200.00",
        "sales_tax": "0.00",
        "total": "1200.00",
        "voucher": lending.result()["invoices"][0]["voucher"],
        "taxes": invoice["taxes"],
    }
    [row] = csv.DictReader(io.StringIO(lending.file("GBPM", "receivables", "lines.csv").decode()))
    assert json.loads(row["taxes"]) == invoice["taxes"]
    received = json.loads(lending.file("GBPM", "receivables", "manifest.json"))
    assert received["totals"] == {"USD": {"debit": "1200.00", "credit": "0.00"}}
    assert received["accounting_totals"] == {"currency": "GBP", "debit": "900.00", "credit": "0.00"}

    payable = json.loads(lending.file("USPM", "payables", "lines.jsonl"))
    assert (payable["lender"], payable["vendor"], payable["total"]) == ("GBPM", "V-GBPM", "1200.00")
    paid = json.loads(lending.file("USPM", "payables", "manifest.json"))
    assert paid["accounting_totals"] == {"currency": "USD", "debit": "0.00", "credit": "1200.00"}

    ledger = json.loads(lending.file("GBPM", "ledger", "manifest.json"))
    assert ledger["left_out"] == {"documents": 1, "totals": {"USD": "1200.00"}}
    sources = [json.loads(line)["source"] for line in lending.file("GBPM", "ledger", "lines.jsonl").splitlines()]
    assert set(sources) == {"journal"}

    used = {use for use in noted if use.function == "ledger_export"}
    unused = {use for use in policies.allowed() if use.function == "ledger_export"} - used
    assert {(use.action, use.resource) for use in unused} <= SELDOM


@pytest.mark.parametrize("way", ["journal", "customer_lines"])
def test_receivables_in_the_journal_have_no_batch_of_their_own(moto: None, way: str) -> None:
    lending = Lending(way)
    lending.build()
    assert [one[:2] for one in lending.batches] == [("GBPM", "ledger"), ("USPM", "ledger"), ("USPM", "payables")]
    lines = [json.loads(line) for line in lending.file("GBPM", "ledger", "lines.jsonl").splitlines()]
    assert {line["source"] for line in lines} == {"invoice", "journal"}
    assert json.loads(lending.file("GBPM", "ledger", "manifest.json"))["left_out"] == {"documents": 0, "totals": {}}


def test_a_ledger_batch_counts_what_it_leaves_out_also_where_it_comes_before_the_receivables(moto: None) -> None:
    lending = Lending("documents")
    lending.build(company="GBPM", kind="ledger")
    lending.build(company="GBPM", kind="receivables")
    assert lending.batches == [("GBPM", "ledger", 1, 2), ("GBPM", "receivables", 1, 1)]
    assert json.loads(lending.file("GBPM", "ledger", "manifest.json"))["left_out"] == {"documents": 0, "totals": {}}
    assert json.loads(lending.file("GBPM", "receivables", "manifest.json"))["left_out"] is None


def test_vouchers_that_persons_made_leave_for_the_ledger_under_their_own_numbers(moto: None) -> None:
    books = Books()
    moved, billed = "PCV-000001", "VIV-000001"
    books.post(POST_COSTS, moved, entries(moved, ("540100", "800.00"), ("161100", "-800.00"), actual_id="a"))
    books.post(VENDOR_INVOICE, billed, entries(billed, ("540100", "5.00"), ("200100", "-5.00")))
    books.build()
    (batch,) = books.batches
    assert [(one["voucher"], one["source"], one["source_id"], one["actual_id"]) for one in books.lines(batch)] == [
        (moved, POST_COSTS, moved, "a"),
        (moved, POST_COSTS, moved, "a"),
        (billed, VENDOR_INVOICE, billed, None),
        (billed, VENDOR_INVOICE, billed, None),
    ]
    assert books.waiting() == []
    claims = [one for one in everything(books.client, books.names.ledger_batches_table) if isinstance(one, Claim)]
    assert {(one.company, one.source, one.document) for one in claims} == {
        ("USPM", POST_COSTS, moved),
        ("USPM", VENDOR_INVOICE, billed),
    }
