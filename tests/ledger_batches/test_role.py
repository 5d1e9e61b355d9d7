"""What the function of deliveries, answers and payments asks of AWS is what its role allows, and all of that."""

from __future__ import annotations

import json
from typing import Any

from project_invoicing.store import client
from tests import policies
from tests.batches import asked, told
from tests.books import COMPANY, Books

SAID: dict[str, Any] = {"company": COMPANY, "kind": "ledger", "number": 1}
PAYMENT = {
    "company": COMPANY,
    "settlement_id": "P-1",
    "date": "2026-06-03",
    "currency": "USD",
    "invoice_number": "FTI-00000009",
    "amount": "5.00",
}
NARROW = {"like": "beancount", "limits": {"lines_per_entry": 1}}


def test_ledger_answers_does_only_what_its_role_allows_and_all_of_it(moto: None) -> None:
    with policies.enforced() as noted:
        books = Books((f"parameters.{COMPANY}.ledger", {"formats": ["beancount"]}), ledger_formats={"own": NARROW})
        books.month()
        books.build()
        assert "refused" in asked(books, deliver={**SAID, "format": "own"})
        books.set_up(
            (f"parameters.{COMPANY}.ledger", {"formats": ["beancount"]}), ledger_formats={"own": {"like": "beancount"}}
        )
        books.at = "2026-06-03T05:00:00Z"
        assert asked(books, deliver={**SAID, "format": "own"})["delivery"] == 1
        books.schedule("ledger_answers")
        told(books, {**SAID, "outcome": "partly", "errors": [{"external_id": "USPM:PV-00000002"}]})
        told(books, {"outcome": "no answer at all"})
        assert asked(books, acknowledge={**SAID, "outcome": "accepted"})["outcome"] == "applied"
        for version in (1, 2):
            told(books, {**PAYMENT, "version": version}, "CustomerPaymentSettled", "receivables")
        assert books.schedule("ledger_answers")["payments_set_aside"] == 1
        named = {"Bucket": books.names.ledger_bucket, "Key": "payments/of-today.jsonl"}
        client.s3().put_object(**named, Body=json.dumps({**PAYMENT, "version": 3}).encode())
        told(books, {"object": {"key": named["Key"]}}, "Object Created", "aws.s3")
    used = {use for use in noted if use.function == "ledger_answers"}
    unused = {use for use in policies.allowed() if use.function == "ledger_answers"} - used
    assert {use.action.split(":")[0] for use in unused} <= {"sqs"}, unused
