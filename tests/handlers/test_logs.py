"""Log lines carry codes and ids: no text that a person wrote, no customer's key, nothing of a request."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from project_invoicing.observe import code, count, known_id, logger, metrics
from project_invoicing.rules import resolution
from project_invoicing.use_cases.journals import import_lines as import_journals
from tests import site
from tests.builders import Context, actual, connection, proforma

CANARY = "Zylphia Canarsie"


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Everything that is logged, as it goes out."""
    found: list[str] = []

    class Sink(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(json.dumps(record.__dict__, default=str) + self.format(record))

    sink = Sink()
    logger.addHandler(sink)
    before = logger.log_level
    logger.setLevel("DEBUG")
    yield found
    logger.setLevel(before)
    logging.getLogger(logger.name).removeHandler(sink)


def rows() -> list[Context]:
    texts: dict[str, Any] = {"description": CANARY, "external_description": CANARY}
    work: dict[str, Any] = {"contract": "CTR-1", "project": "PRJ-1"}
    return [
        proforma("inv-1", number="INV-0001", total="1600", name=CANARY, customer="C-001"),
        actual("sale", transaction_type="unbilled_sales", price="200", **texts, **work),
        actual("bill", transaction_type="billed_sales", price="200", invoice="inv-1", **texts, **work),
        actual("broken", start=CANARY, **texts),
        connection("link", "bill", "Billed Sales", "sale", "Unbilled Sales"),
        connection("role", "bill", CANARY, "sale", "Unbilled Sales"),
    ]


def test_nothing_that_others_wrote_is_in_a_log(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = resolution.resolve

    def resolve(actual: Any, *args: Any) -> Any:
        if actual.description == CANARY and not failed:
            failed.append(actual)
            raise ValueError(CANARY)
        return real(actual, *args)

    failed: list[Any] = []
    monkeypatch.setattr(import_journals, "resolve", resolve)
    with site.running() as stack:
        stack.send(*rows())
        stack.post(CANARY)
        for _ in range(2):
            for function in ("staging_import", "journal_posting", "staging_import", "invoice_posting"):
                invoke(stack, function, {})
        invoke(stack, "invoice_posting", {"invoice_date": CANARY})
        invoke(stack, "explain", {"id": CANARY})
        requests: list[dict[str, Any]] = [
            {"edit": {"company": "USPM", "proposal_id": "INV-0001", "due_date": CANARY}},
            {"edit": {"company": "USPM", "proposal_id": CANARY, "due_date": "2026-08-31"}},
            {"edit": {"company": "USPM", "proposal_id": "INV-0001", "dimensions": {CANARY: CANARY}}},
            {"reset": {"company": "USPM", "journal_id": CANARY}},
            {"replay": {"entity": CANARY, "id": CANARY}},
            {CANARY: {}},
        ]
        for request in requests:
            invoke(stack, "document_editing", request)
        stack.map("pause", reason=CANARY)
        stack.map(CANARY)
        stack.sweep(entity=CANARY)
        invoke(stack, "accounting_writeback", {"retry": {"company": CANARY, "journal_id": CANARY}})
        invoke(stack, "reconciliation", {})
        invoke(stack, "reconciliation", {"repair": CANARY})
    assert failed
    assert any("set aside" in line for line in lines)
    assert [line for line in lines if CANARY in line or "C-001" in line] == []
    assert len(lines) > 20


def invoke(stack: site.Site, function: str, detail: dict[str, Any]) -> None:
    event = {"source": "project-invoicing.manual", "detail-type": "Manual", "time": stack.at, "detail": detail}
    stack.stack.invoke(function, event)
    stack.stack.drain()


def test_a_code_is_what_is_before_the_colon() -> None:
    assert code("customer_on_hold: customer C-1 is on hold") == "customer_on_hold"
    assert code(CANARY) == "other"
    assert known_id("{0F8FAD5B-D9CB-469F-A165-70867728950E}") is not None
    assert known_id(CANARY) is known_id(5) is None


def test_an_invocation_that_counts_nothing_prints_and_warns_of_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)  # a local run in this process has switched it on
    metrics.clear_metrics()
    with warnings.catch_warnings(record=True) as warned:
        metrics.log_metrics(lambda event, context: event)({}, None)
    assert (warned, capsys.readouterr().out) == ([], "")

    def counting(event: object, context: object) -> None:
        count("Seen")

    metrics.log_metrics(counting)({}, None)
    (line,) = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert said["Seen"] == [1.0]
    assert said["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "ProjectInvoicing"
    assert said["service"] == "project-invoicing"
