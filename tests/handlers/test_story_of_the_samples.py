"""The samples in ``events/``, one after the other: eight hours become a posted customer invoice."""

from __future__ import annotations

from tests.handlers.samples import sample
from tests.rules.books import Books
from tests.rules.finance import finance


def test_each_function_takes_its_samples_and_together_they_tell_one_story(books: Books) -> None:
    books.use(finance())
    call = books.call

    assert call("actuals_sync", sample("actuals_sync/time-approved")) == {"batchItemFailures": []}
    imported = call("staging_import", sample("staging_import/scheduled"))
    assert imported == {"journal_lines": 2, "proposals_ready": 0, "waiting": 0}
    posted = call("journal_posting", sample("journal_posting/scheduled"))
    assert posted == {"posted": ["USPM-000001"], "failed": [], "refused": []}
    told = call("accounting_writeback", sample("accounting_writeback/integration-journal-posted"))
    assert told == {"batchItemFailures": []}

    assert call("actuals_sync", sample("actuals_sync/proforma-confirmed")) == {"batchItemFailures": []}
    header = sample("proforma_header_sync/invoice-confirmed")
    assert [call("proforma_header_sync", header)["outcome"] for _ in range(2)] == ["accepted", "duplicate"]
    ready = call("staging_import", sample("staging_import/manual"))
    assert ready == {"journal_lines": 0, "proposals_ready": 1, "waiting": 0}
    invoiced = call("invoice_posting", sample("invoice_posting/manual"))
    assert invoiced == {"posted": ["FTI-00000001"], "refused": []}

    assert call("accounting_writeback", sample("accounting_writeback/scheduled")) == {"queued": 0}
    assert books.invoice()["total"] == "1600.00"
    assert {row["state"] for row in books.result["staging"]} == {"posted", "skipped"}
