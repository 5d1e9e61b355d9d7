"""Batches are made of what is ready: which documents, under which numbers, in which files.

Tests have the numbers of the reference.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from project_invoicing.domain.actor import person
from project_invoicing.domain.codes import BatchKind, BatchState
from project_invoicing.domain.history import Done
from project_invoicing.domain.ledger import INVOICE, JOURNAL
from project_invoicing.domain.ledger_batch import LedgerBatch, Sides
from project_invoicing.errors import Conflict
from project_invoicing.setup.document import SetupDocument
from project_invoicing.store import client
from project_invoicing.store.ledger import Entry
from project_invoicing.store.ledger_batches import LedgerBatches
from project_invoicing.store.transactions import Write, transact
from project_invoicing.use_cases.ledger_batches import build
from project_invoicing.use_cases.ledger_batches.closing import closing_warnings
from project_invoicing.use_cases.ledger_batches.files import BatchFiles, Differs
from project_invoicing.use_cases.ledger_batches.lists import listed, shown
from project_invoicing.use_cases.ledger_batches.occasions import BY_CLOCK, asked_by
from tests.books import COMPANY, JUNE, MONTHS, V1, V2, V3, Books, entries, small
from tests.faults import refused, silent
from tests.harness import envelope
from tests.rules.finance import finance


@pytest.fixture
def books(moto: None) -> Books:
    return Books()


def amounts(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    """The sums of a month by account, from what a reader finds in the files."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["account"]] = sums.get(row["account"], Decimal(0)) + Decimal(row["accounting_amount"])
    return sums


# --- what is in a batch -----------------------------------------------------------------------------------------------


def test_01_a_month_is_one_batch_of_three_vouchers_and_nine_lines_that_balance(books: Books) -> None:
    books.month()
    report = books.build()

    [batch] = books.batches
    assert (batch.number, batch.period, batch.period_number, batch.state) == (1, "2026-05", 1, BatchState.READY)
    assert (batch.documents, batch.vouchers, batch.lines) == (2, 3, 9)
    assert batch.accounting_totals == Sides(Decimal("4640.00"), Decimal("4640.00"))
    assert [one["number"] for one in report["batches"]] == [1]
    assert books.waiting() == []
    lines = books.lines(batch)
    assert [line["external_id"] for line in lines] == [
        *(f"USPM:PV-00000003:{place}" for place in range(1, 6)),  # of a day: sources and documents in their order
        *("USPM:PV-00000001:1", "USPM:PV-00000001:2", "USPM:PV-00000002:1", "USPM:PV-00000002:2"),
    ]
    assert amounts(lines)["130100"] == Decimal("1440.00")
    rows = list(csv.DictReader(io.StringIO(books.file(batch, "lines.csv").decode())))
    assert sum(Decimal(row["debit"] or 0) for row in rows) == sum(Decimal(row["credit"] or 0) for row in rows)
    assert [row["dim_Department"] for row in rows] == ["", "", "", "", "", "", "", "D10", "D10"]


def test_01_the_manifest_says_what_is_in_the_files_and_the_next_one_names_it(books: Books) -> None:
    books.month()
    books.build()
    books.post(JOURNAL, "J-2", small(4, JUNE))
    books.build()

    first, second = books.batches
    manifest = books.manifest(first)
    hashes = {key.rpartition("/")[2]: found for key, found in books.hashes().items() if "/000001/" in key}
    assert {name: one["sha256"] for name, one in manifest["files"].items()} == {
        name: hashes[name] for name in ("lines.jsonl", "lines.csv")
    }
    assert {name: one["bytes"] for name, one in manifest["files"].items()} == {
        name: len(books.file(first, name)) for name in ("lines.jsonl", "lines.csv")
    }
    assert manifest["totals"] == {"USD": {"debit": "4640.00", "credit": "4640.00"}}
    assert (manifest["previous_sha256"], manifest["documents"], manifest["lines"]) == (None, 2, 9)
    assert first.manifest_sha256 == hashes["manifest.json"]
    assert books.manifest(second)["previous_sha256"] == first.manifest_sha256
    assert (second.number, second.period, second.period_number) == (2, "2026-06", 1)


def test_a_batch_is_ready_together_with_its_event(books: Books) -> None:
    books.month()
    books.build()

    [event] = [one for one in books.unsent() if one.detail_type == "LedgerBatchReady"]
    assert event.detail["manifest_key"] == "ledger/USPM/2026-05/ledger/000001/manifest.json"
    assert (event.detail["debit"], event.detail["credit"], event.detail["lines"]) == ("4640.00", "4640.00", 9)


def test_nothing_to_send_makes_no_batch(books: Books) -> None:
    assert books.build()["batches"] == []
    books.month()
    books.build()
    assert books.build()["batches"] == []
    assert len(books.batches) == 1


def test_04_what_is_posted_later_is_the_next_batch_of_its_period_and_changes_no_other(books: Books) -> None:
    books.month()
    books.build()
    before = books.hashes()
    books.post(JOURNAL, "J-9", small(9), small(10, JUNE))
    books.build()

    first, again, june = books.batches
    assert [(one.number, one.period, one.period_number) for one in (first, again, june)] == [
        (1, "2026-05", 1),
        (2, "2026-05", 2),
        (3, "2026-06", 1),
    ]
    assert {line["voucher"] for line in books.lines(again)} == {"PV-00000009"}
    assert {line["voucher"] for line in books.lines(june)} == {"PV-00000010"}
    assert {key: books.hashes()[key] for key in before} == before
    assert books.waiting() == []


def test_05_a_document_is_of_the_period_of_its_accounting_date_not_of_the_clock(books: Books) -> None:
    books.at = "2026-06-01T03:30:00Z"  # 31 May, 23:30 in New York
    books.post(JOURNAL, "J-1", small(1, date(2026, 5, 31)))
    books.build()
    assert [one.period for one in books.batches] == ["2026-05"]


def test_13_a_credit_note_in_june_is_in_june_and_may_is_as_it_was(books: Books) -> None:
    books.month()
    books.build()
    before = books.hashes()
    back = [(one.account, f"{-one.amount:f}") for one in V3]
    books.post(INVOICE, "FTC-1", entries("PV-00000004", *back, day=JUNE, customer="C-001"))
    books.build()

    may, june = books.batches
    assert amounts(books.lines(june))["130100"] == Decimal("-1440.00")
    assert amounts(books.lines(may))["130100"] == Decimal("1440.00")
    assert {key: books.hashes()[key] for key in before} == before


def test_a_document_of_several_periods_is_in_a_batch_of_each_and_leaves_the_list_with_the_last(books: Books) -> None:
    books.post(JOURNAL, "J-1", small(1), small(2, JUNE))
    books.set_up(fiscal_periods={COMPANY: MONTHS[:1]})
    held = books.build()["held"]
    assert held[0]["reason"] == "no fiscal period has 2026-06-02; see `fiscal_periods` in the set-up"
    assert (books.batches, books.waiting()) == ([], ["J-1"])

    books.set_up()
    books.build()
    assert [(one.period, one.documents) for one in books.batches] == [("2026-05", 1), ("2026-06", 1)]
    assert books.waiting() == []
    assert set(books.building().batches.batches_with(COMPANY, JOURNAL, "J-1")) == {"2026-05", "2026-06"}


def test_no_document_is_taken_into_a_full_batch_and_none_is_cut(books: Books) -> None:
    books.set_up(("parameters.USPM.ledger", {"batch_lines": 5}))
    for number in range(1, 6):
        books.post(JOURNAL, f"J-{number}", small(number), small(number + 10))
    books.build()
    assert [(one.number, one.documents, one.lines) for one in books.batches] == [(1, 2, 8), (2, 2, 8), (3, 1, 4)]


def test_the_list_of_a_large_batch_is_claimed_some_documents_at_a_time(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "DOCUMENTS", 45)
    for number in range(1, 101):
        books.post(JOURNAL, f"J-{number:03d}", small(number))
    books.build()
    [batch] = books.batches
    assert (batch.documents, batch.list_pages) == (100, 3)
    documents = [one.document for one in books.building().batches.listed(batch.id)]
    assert documents == [f"J-{number:03d}" for number in range(1, 101)]
    assert [line["source_id"] for line in books.lines(batch)][::2] == documents


def test_the_text_of_a_line_follows_the_pattern_of_the_company(books: Books) -> None:
    pattern = "{document} {voucher} {project} for {customer}"
    books.set_up(("parameters.USPM.ledger", {"text": pattern}))
    books.post(INVOICE, "FTI-1", V3)
    books.build()
    assert books.lines(books.batch(1))[0]["text"] == "FTI-1 PV-00000003 for C-001"


# --- what cannot leave ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"account": "54\t0100"}, "account has a control character: '54\\t0100'"),
        ({"account": ""}, "voucher PV-00000002, line 1 has no account"),
        ({"dimensions": {"Department": "D\x0010"}}, "dimension Department has a control character: 'D\\x0010'"),
        ({"amount": Decimal("1.234")}, "amount 1.234 has more decimals than currency USD"),
    ],
)
def test_09_what_cannot_leave_stays_on_the_list_with_the_reason_and_its_neighbours_go(
    books: Books, bad: dict[str, Any], reason: str
) -> None:
    spoiled: list[Entry] = [replace(V2[0], **bad), V2[1]]
    books.post(JOURNAL, "J-1", V1)
    books.post(JOURNAL, "J-2", spoiled)
    books.post(INVOICE, "FTI-1", V3)
    report = books.build()

    assert report["held"] == [{"company": COMPANY, "source": JOURNAL, "document": "J-2", "reason": reason}]
    assert books.waiting() == ["J-2"]
    assert books.batch(1).documents == 2
    [waiting] = list(books.ready.of(COMPANY))
    assert waiting.why == reason
    assert books.build()["held"] == report["held"], "each run says it again"
    assert len(books.batches) == 1


def test_09_a_formula_is_escaped_in_the_csv_alone_and_counted(books: Books) -> None:
    codes = ["=1+1", "@x", "-5", "+a"]
    lines = [(code, "5.00") for code in codes] + [("540900", "-20.00")]
    books.post(JOURNAL, "J-1", entries("PV-00000001", *lines))
    books.build()

    batch = books.batch(1)
    rows = list(csv.DictReader(io.StringIO(books.file(batch, "lines.csv").decode())))
    assert [row["account"] for row in rows] == [f"'{code}" for code in codes] + ["540900"]
    assert [line["account"] for line in books.lines(batch)] == [*codes, "540900"]
    assert books.lines(batch)[4]["amount"] == "-20.00"
    assert books.manifest(batch)["escaped"] == 4


# --- who has batches made ---------------------------------------------------------------------------------------------


def test_08_yen_have_no_decimals_and_dinars_three(books: Books) -> None:
    books.set_up(("currencies.KWD", {"precision": "0.001"}))
    yen = entries("PV-00000011", ("540100", "1234"), ("540900", "-1234"), currency="JPY")
    dinars = entries("PV-00000012", ("540100", "1.234"), ("540900", "-1.234"), currency="KWD")
    ours = [[replace(one, accounting_amount=(one.amount / 100).quantize(Decimal("0.01"))) for one in yen], []]
    ours[1] = [replace(one, accounting_amount=Decimal("4.01").copy_sign(one.amount)) for one in dinars]
    books.post(JOURNAL, "J-1", *ours)
    books.build()

    [batch] = books.batches
    assert [line["amount"] for line in books.lines(batch)] == ["1234", "-1234", "1.234", "-1.234"]
    assert books.manifest(batch)["totals"] == {
        "JPY": {"debit": "1234", "credit": "1234"},
        "KWD": {"debit": "1.234", "credit": "1.234"},
    }
    rows = list(csv.DictReader(io.StringIO(books.file(batch, "lines.csv").decode())))
    assert [row["debit"] or row["credit"] for row in rows] == ["1234", "1234", "1.234", "1.234"]


def test_the_schedule_makes_batches_only_where_a_company_asks_for_them(books: Books) -> None:
    books.month()
    books.building().run(BY_CLOCK)
    assert books.batches == []
    books.set_up(("parameters.USPM.ledger", {"schedule": True}))
    books.building().run(BY_CLOCK)
    assert len(books.batches) == 1


def test_a_period_that_is_closed_is_made_into_a_batch_where_the_company_asks_for_that(books: Books) -> None:
    on_close = ("parameters.USPM.ledger", {"schedule": "on_close"})
    books.set_up(on_close)
    books.month()
    books.post(JOURNAL, "J-2", small(4, JUNE))
    changed = asked_by(envelope({"version": 1, "setup_version": 2}, books.at, "FinanceSetupChanged", "x"))
    books.building().run(changed)
    assert books.batches == []

    books.set_up(on_close, fiscal_periods={COMPANY: [MONTHS[0] | {"status": "closed"}, *MONTHS[1:]]})
    for _ in range(3):  # the event may come again
        books.building().run(changed)
    assert [(one.period, one.documents) for one in books.batches] == [("2026-05", 2)]
    assert books.waiting() == ["J-2"]


def test_a_person_who_has_a_batch_made_is_in_its_history(books: Books) -> None:
    books.month()
    answer = books.build(company=COMPANY, kind="ledger", actor="ann@contoso.example")
    assert answer["actor"] == "ann@contoso.example"
    [made] = list(books.building().batches.history(books.batch(1).id))
    assert (made.who, made.what) == (person("ann@contoso.example"), Done.CREATED)


def test_a_company_or_a_kind_that_is_not_known_is_refused(books: Books) -> None:
    books.month()
    assert books.build(company="XXXX")["refused"][0]["detail"] == "the set-up has no company XXXX"
    assert books.build(kind="everything")["refused"][0]["reason"] == "schema"
    assert books.batches == []
    assert books.build(kind="payables")["batches"] == []


# --- time, bucket -----------------------------------------------------------------------------------------------------


def test_16_a_run_without_time_stops_and_the_next_one_goes_on(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "DOCUMENTS", 45)
    for number in range(1, 101):
        books.post(JOURNAL, f"J-{number:03d}", small(number))
    left = iter([True, True] + [False] * 100)
    report = books.building(lambda: next(left)).run(books.asked())
    assert not report["finished"]
    [begun] = books.batches
    assert (begun.state, begun.documents) == (BatchState.CLAIMING, 45)

    assert books.build()["finished"]
    assert [(one.state, one.documents) for one in books.batches] == [(BatchState.READY, 100)]


def test_16_a_run_without_time_for_the_files_leaves_them_to_the_next_one(books: Books) -> None:
    for number in range(1, 5):
        books.post(JOURNAL, f"J-{number}", small(number))
    left = iter([True] * 4 + [False] * 100)
    report = books.building(lambda: next(left)).run(books.asked())
    assert (report["finished"], report["troubles"]) == (False, [])
    assert (books.batch(1).state, books.batch(1).trouble) == (BatchState.SEALED, None)
    books.build()
    assert [(one.number, one.state, one.lines) for one in books.batches] == [(1, BatchState.READY, 8)]


def test_files_that_cannot_be_written_are_written_by_the_next_run_and_the_reason_is_seen(books: Books) -> None:
    books.month()
    name = books.names.ledger_bucket
    client.s3().delete_bucket(Bucket=name)
    report = books.build()
    why = f"the bucket {name} refused a request: NoSuchBucket"
    assert report["troubles"] == [{"batch": "USPM-ledger-000001", "reason": why}]
    assert (books.batch(1).state, books.batch(1).trouble) == (BatchState.SEALED, why)

    books.post(JOURNAL, "J-2", small(4, JUNE))
    books.build()
    client.s3().create_bucket(Bucket=name)
    books.build()
    assert [(one.number, one.state, one.trouble) for one in books.batches] == [
        (1, BatchState.READY, None),
        (2, BatchState.READY, None),
    ]


def test_files_that_another_run_has_written_meanwhile_are_no_trouble(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator would look for what is wrong with a batch that is ready, and the next batch would wait."""
    books.month()
    write = BatchFiles.write

    def overtaken(files: BatchFiles, batch: LedgerBatch, at: str) -> LedgerBatch:
        write(files, batch, at)
        raise Conflict("the batch changed")

    monkeypatch.setattr(BatchFiles, "write", overtaken)
    assert books.build()["troubles"] == []
    assert (books.batch(1).state, books.batch(1).trouble) == (BatchState.READY, None)


def test_why_files_are_missing_is_not_written_over_what_another_run_has_found(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run goes on with other companies."""
    books.month()

    def fails(files: BatchFiles, batch: LedgerBatch, at: str) -> LedgerBatch:
        raise Conflict("mine")

    def troubled(batches: LedgerBatches, batch: LedgerBatch, trouble: str) -> tuple[Write, LedgerBatch]:
        transact(batches.client, [said(batches, batch, "another's")[0]])
        return said(batches, batch, trouble)

    said = LedgerBatches.troubled
    monkeypatch.setattr(BatchFiles, "write", fails)
    monkeypatch.setattr(LedgerBatches, "troubled", troubled)
    assert books.build()["troubles"] == [{"batch": "USPM-ledger-000001", "reason": "mine"}]
    assert books.batch(1).trouble == "another's"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (partial(refused, code="AccessDenied", status=403), "refused a request: AccessDenied"),
        (partial(refused, code="SlowDown", status=503), "did not answer: ClientError"),
        (silent, "did not answer: ReadTimeoutError"),
    ],
    ids=["denied", "slow down", "time-out"],
)
def test_a_bucket_that_is_denied_or_slow_loses_nothing_and_says_why(books: Books, fault: Any, why: str) -> None:
    books.month()
    with fault(client.s3()):
        answer = books.run("ledger_export")
    said = f"the bucket {books.names.ledger_bucket} {why}"
    assert answer["troubles"] == [{"batch": "USPM-ledger-000001", "reason": said}]
    batches = books.building().batches
    [row] = listed(batches, COMPANY, BatchKind.LEDGER, 20, None)["batches"]
    assert (row["state"], row["trouble"]) == ("sealed", said)
    assert shown(batches, books.batch(1))["trouble"] == said

    books.run("ledger_export")
    assert (books.batch(1).state, books.batch(1).trouble, len(books.lines(books.batch(1)))) == (
        BatchState.READY,
        None,
        9,
    )


def test_15_a_file_that_is_there_under_other_bytes_is_never_replaced(books: Books) -> None:
    books.month()
    name, key = books.names.ledger_bucket, "ledger/USPM/2026-05/ledger/000001/lines.csv"
    client.s3().put_object(Bucket=name, Key=key, Body=b"something else")
    report = books.build()
    assert f"the bucket has {key} under other bytes" in report["troubles"][0]["reason"]
    assert (books.batch(1).state, books.batch(1).manifest_sha256) == (BatchState.SEALED, None)
    assert client.s3().get_object(Bucket=name, Key=key)["Body"].read() == b"something else"


def test_15_a_deleted_file_is_there_again_with_the_same_hash_and_an_altered_one_is_found(books: Books) -> None:
    books.month()
    books.build()
    before = books.hashes()
    name, key = books.names.ledger_bucket, "ledger/USPM/2026-05/ledger/000001/lines.jsonl"
    client.s3().delete_object(Bucket=name, Key=key)
    books.building().files.put_again(books.batch(1))
    assert books.hashes() == before

    client.s3().put_object(Bucket=name, Key=key, Body=b"altered")
    versions = books.versions()
    with pytest.raises(Differs, match="under other bytes"):
        books.building().files.put_again(books.batch(1))
    assert books.versions() == versions


def test_14_files_are_made_again_with_the_same_bytes_whatever_the_set_up_says_by_then(
    books: Books, tmp_path: Any
) -> None:
    books.set_up(("parameters.USPM.ledger", {"text": "{document}"}))
    books.month()
    books.build()
    books.set_up(
        ("parameters.USPM.ledger", {"text": "{voucher} {posting_type}", "batch_lines": 1}),
        ("currencies.USD.precision", "0.0001"),
        fiscal_periods={COMPANY: [{"start": "2026-01-01", "end": "2026-12-31", "status": "open"}]},
    )
    made = books.building().files.again(books.batch(1), tmp_path)
    kept = {key.rpartition("/")[2]: sha256 for key, sha256 in books.hashes().items()}
    assert {name: one.sha256 for name, one in made.files.items()} == kept


# --- receivables, payables --------------------------------------------------------------------------------------------


def test_kinds_have_numbers_of_their_own(books: Books) -> None:
    books.month()
    books.build()
    assert books.of(BatchKind.RECEIVABLES) == books.of(BatchKind.PAYABLES) == []
    assert books.of(BatchKind.LEDGER)[0].accounting_totals == Sides(Decimal("4640.00"), Decimal("4640.00"))


# --- closing a period -------------------------------------------------------------------------------------------------


def test_closing_a_period_says_what_it_leaves_behind(books: Books) -> None:
    def said() -> list[str]:
        closed = finance(fiscal_periods={COMPANY: [MONTHS[0] | {"status": "closed"}, *MONTHS[1:]]})
        building = books.building()
        found = closing_warnings(building.batches, books.ready, building.setup, SetupDocument.model_validate(closed))
        return list(found)

    books.month()
    assert said() == [], "the company has never asked for batches"
    books.set_up(("parameters.USPM.ledger", {"schedule": "daily"}))
    closing = "USPM: 2026-05-01 to 2026-05-31 is closed, and "
    assert said() == [f"{closing}2 posted documents are in no batch for the general ledger: invoice FTI-1, journal J-1"]
    books.build()
    assert said() == [f"{closing}1 batch is not accepted: USPM-ledger-000001 (ready)"]
    books.post(JOURNAL, "J-2", small(7, JUNE))
    assert len(said()) == 1, "June stays open"


def test_a_reopened_period_gets_the_next_batch_of_that_period(books: Books) -> None:
    books.month()
    books.build()
    books.set_up(fiscal_periods={COMPANY: [MONTHS[0] | {"status": "closed"}, *MONTHS[1:]]})
    books.set_up()
    books.post(JOURNAL, "J-2", small(7))
    books.build()
    assert [(one.period, one.period_number) for one in books.batches] == [("2026-05", 1), ("2026-05", 2)]
