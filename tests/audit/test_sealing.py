"""Sealing over the tables: what is posted and done is sealed once, and what somebody does to the tables is named."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks.business import COMPANY
from local import cli
from project_invoicing.config import settings
from project_invoicing.domain.actor import person
from project_invoicing.domain.finance_voucher import NewVoucher
from project_invoicing.domain.history import Done, HistoryEntry
from project_invoicing.domain.ledger import POST_COSTS
from project_invoicing.domain.seals import STACK, hash_of, parsed
from project_invoicing.domain.states import MapAction
from project_invoicing.errors import Conflict, Rejected, Unavailable
from project_invoicing.seal_bucket import SealBucket
from project_invoicing.store import client, history
from project_invoicing.store.finance_vouchers import FinanceVouchers
from project_invoicing.store.items import Item
from project_invoicing.store.ledger import Ledger
from project_invoicing.store.map_states import MapStates
from project_invoicing.store.ready import Ready
from project_invoicing.store.transactions import transact
from project_invoicing.use_cases.audit import export, seal, verify
from project_invoicing.use_cases.audit.backfill import backfill
from project_invoicing.use_cases.explain.ask import explain
from project_invoicing.use_cases.explain.stores import Stores
from project_invoicing.use_cases.reconciliation.run import Reconciliation
from tests.audit.stack import ENTRY, LATER, MUCH_LATER, Audited
from tests.earlier_ledger import as_earlier_versions_wrote_it
from tests.faults import TRANSACTION, Killed, dying, overtaken
from tests.thorough import thorough

ANN = "ann@contoso.example"
BUCKET = "seals-of-contoso"


def first(report: dict[str, object]) -> tuple[str, int | None, str]:
    """What is wrong first, in which seal, and in which table."""
    fault = report["first"]
    assert isinstance(fault, dict), report
    return fault["what"], fault["seal"], fault["entry"]["table"] if fault["entry"] else "the seal"


@pytest.fixture
def sealed(audited: Audited) -> Audited:
    """A journal and an invoice, edited and posted by a person, and a table map that was paused: all sealed."""
    audited.book("work")
    maps = MapStates(audited.client, audited.names.dataverse_table)
    maps.change("actuals", MapAction.PAUSE, "closing", audited.at, person(ANN))
    audited.seal()
    return audited


def test_what_is_posted_and_done_is_sealed_once_in_the_chain_of_its_company(sealed: Audited) -> None:
    report = sealed.verify(MUCH_LATER)
    assert (report["ok"], report["entries"], report["waiting"]) == (True, 5, 0)
    assert [(one["chain"], one["seals"], one["entries"]) for one in report["chains"]] == [("-", 1, 1), (COMPANY, 1, 4)]
    assert sealed.seal()["seals"] == 0, "there is nothing new"
    sealed.book("more")
    assert sealed.verify()["waiting"] == 4
    sealed.seal(MUCH_LATER)
    assert sealed.verify(MUCH_LATER)["chains"][1]["seals"] == 2
    assert [head.number for head in sealed.seals.heads().values()] == [1, 2]


Tamper = Callable[[Audited], object]


def page(audited: Audited, source: str = "INVOICE#") -> Item:
    return audited.items(audited.names.ledger_table, source)[0]


def change_one_byte(audited: Audited) -> None:
    item = page(audited)
    text = zlib.decompress(item["ez"]).replace(b"0", b"1", 1)
    audited.write(audited.names.ledger_table, item | {"ez": zlib.compress(text)})


def say_somebody_else_did_it(audited: Audited) -> None:
    (item,) = audited.items(audited.names.dataverse_table, "HISTORY#")
    audited.write(audited.names.dataverse_table, item | {"wi": "bob@contoso.example"})


def remove_an_entry(audited: Audited) -> None:
    (item,) = audited.items(audited.names.journals_table, "HISTORY#")
    audited.remove(audited.names.journals_table, item)


def slip_a_page_in(audited: Audited) -> None:
    audited.write(audited.names.ledger_table, page(audited, "JOURNAL#") | {"sk": "V#000009"})


def slip_an_attribute_in(audited: Audited) -> None:
    audited.write(audited.names.ledger_table, page(audited) | {"zz": "x"})


def slip_an_entry_in(audited: Audited) -> None:
    (item,) = audited.items(audited.names.proposals_table, "HISTORY#")
    audited.write(audited.names.proposals_table, item | {"sk": f"{item['at']}#0000000000000000"})


def change_a_seal(audited: Audited) -> None:
    (item,) = audited.items(audited.names.audit_table, f"SEAL#{COMPANY}")
    audited.write(audited.names.audit_table, item | {"t": item["t"].replace("V#000001", "V#000002")})


def cut_the_end_off(audited: Audited) -> None:
    for item in audited.items(audited.names.audit_table, f"SEAL#{COMPANY}"):
        audited.remove(audited.names.audit_table, item)


def forget_a_chain(audited: Audited) -> None:
    cut_the_end_off(audited)
    for item in audited.items(audited.names.audit_table, "HEADS"):
        audited.remove(audited.names.audit_table, item)


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (change_one_byte, ("changed", 1, "ledger")),
        (say_somebody_else_did_it, ("changed", 1, "dataverse")),
        (remove_an_entry, ("removed", 1, "journals")),
        (slip_a_page_in, ("added", None, "ledger")),
        (slip_an_attribute_in, ("changed", 1, "ledger")),
        (slip_an_entry_in, ("added", None, "proposals")),
        (change_a_seal, ("seal changed", 1, "the seal")),
        (cut_the_end_off, ("seal removed", 1, "the seal")),
        (forget_a_chain, ("seal removed", 1, "the seal")),
    ],
)
def test_whatever_somebody_does_to_the_tables_is_named_online_and_offline_and_in_the_night(
    sealed: Audited, tmp_path: Path, tamper: Tamper, named: tuple[str, int | None, str]
) -> None:
    sealed.seals.keep_progress({}, done=sealed.at)
    tamper(sealed)
    online = sealed.verify()
    faults = [fault for fault in online["faults"] if fault["what"] == named[0]]
    assert first({"first": faults[0]}) == named
    offline = verify.verify(export.Export(export.lines(sealed.seals, sealed.sealable, LATER)), LATER)
    assert offline["faults"] == online["faults"]
    found = Reconciliation(Stores.read(sealed.client, sealed.names), None, LATER, lambda: True).run()
    in_the_night = {one.detail.partition(":")[0] for one in found.checks["audit_chain"].found}
    if named[0] != "added" and tamper is not forget_a_chain:
        assert named[0] in in_the_night


def test_a_verification_of_one_company_says_nothing_of_the_others(sealed: Audited) -> None:
    say_somebody_else_did_it(sealed)
    report = sealed.verify(company=COMPANY)
    assert (report["ok"], [one["chain"] for one in report["chains"]]) == (True, [COMPANY])
    assert not sealed.verify(company="-")["ok"]


def test_a_verification_of_one_company_counts_what_belongs_to_it_alone(sealed: Audited) -> None:
    journal, table = "JOURNAL#GBPM#J-1", sealed.names.journals_table
    waits = {"ua": sealed.at, "at": sealed.at}
    sealed.write(table, {"pk": journal, "sk": "H", "co": "GBPM", "st": "posted", "pg": 1, **waits})
    sealed.write(table, {"pk": f"HISTORY#{journal}", "sk": f"{sealed.at}#1", **waits})
    own, other = (sealed.verify(company=company) for company in (COMPANY, "GBPM"))
    counted = ("entries", "posted", "waiting", "oldest")
    assert [own[name] for name in counted] == [4, 2, 0, None]
    assert [other[name] for name in counted] == [1, 1, 1, sealed.at]
    assert sealed.verify()["entries"] == 6


def test_a_chain_to_which_nothing_belongs_is_refused_from_tables_and_from_an_export(sealed: Audited) -> None:
    exported = export.Export(export.lines(sealed.seals, sealed.sealable, LATER))
    for source in (verify.Tables(sealed.seals, sealed.sealable), exported):
        with pytest.raises(Rejected, match=f"nothing belongs to the chain uspm; there are .*{COMPANY}"):
            verify.verify(source, LATER, company="uspm")


def test_explain_says_which_seal_holds_a_document(audited: Audited) -> None:
    work = audited.post()
    stores = Stores.read(audited.client, audited.names)

    def told() -> list[str]:
        numbers = (work.number, page(audited, "JOURNAL#")["id"])
        return [one["facts"]["audit chain"] for number in numbers for one in explain(stores, number)["found"]]

    assert told() == [f"not sealed yet, since {audited.at}"] * 2
    audited.seal()
    assert told() == [f"seal 1 of {COMPANY}"] * 2


def test_reconciliation_tells_what_nobody_has_sealed_for_an_hour(audited: Audited) -> None:
    audited.book("work")
    stores = Stores.read(audited.client, audited.names)

    def differences(at: str) -> int:
        return Reconciliation(stores, None, at, lambda: True).run().checks["audit_chain"].total

    assert (differences(LATER), differences(MUCH_LATER)) == (0, 4)
    sealing = audited.sealing(MUCH_LATER)
    sealing.run()
    assert (sealing.late, differences(MUCH_LATER)) == (4, 0)


# --- long documents, backlogs, others at the same time ----------------------------------------------------------------


def test_a_document_that_no_seal_can_hold_is_divided_and_nothing_is_lost(audited: Audited) -> None:
    audited.book("long", pages=5)
    with patch.object(seal, "MOST_ENTRIES", 2):
        assert audited.seal() == {"seals": 4, "entries": 8, "late": 0, "differing": []}
    assert audited.verify()["ok"]
    (header,) = (one for one in audited.items(audited.names.journals_table, "JOURNAL#") if one["sk"] == "H")
    assert "sp" not in header
    assert "ua" not in header


def test_a_backlog_is_sealed_in_as_many_seals_as_it_needs_and_goes_on_where_time_ran_out(audited: Audited) -> None:
    for n in range(3):
        audited.book(f"work-{n}")
    left = iter([True] * 4)
    with patch.object(seal, "UNITS", 2):
        sealing = audited.sealing()
        sealing.time_left = lambda: next(left, False)
        sealing.run()
        assert 0 < sealing.sealed < 12
        assert audited.verify()["waiting"] == 12 - sealing.sealed
        audited.seal()
    report = audited.verify()
    assert (report["ok"], report["waiting"], report["chains"][0]["entries"]) == (True, 0, 12)


def test_a_chain_that_cannot_be_continued_stops_no_other(audited: Audited) -> None:
    audited.book("work")
    audited.seal()
    (head,) = audited.items(audited.names.audit_table, "HEADS")
    audited.remove(audited.names.audit_table, head)
    audited.book("more")
    made = HistoryEntry(LATER, person(ANN), Done.EDITED)
    transact(audited.client, [history.entry(audited.names.master_data_table, "ROW#project#1", made)])
    with patch.object(seal, "_TRIES", 2), pytest.raises(Conflict):
        audited.seal()
    assert {chain: head.number for chain, head in audited.seals.heads().items()} == {STACK: 1}


@pytest.mark.parametrize("at", thorough([1, 8, 11], [*range(1, 14)]))
def test_two_that_seal_at_once_make_one_chain(audited: Audited, at: int) -> None:
    audited.book("work")
    with patch.object(seal, "UNITS", 2), overtaken(audited.client, at, audited.seal):
        audited.seal()
    report = audited.verify()
    assert (report["ok"], report["waiting"], report["chains"][0]["entries"]) == (True, 0, 4)


@pytest.mark.parametrize("at", thorough([9], [*range(1, 14)]))
def test_what_is_posted_while_it_seals_is_sealed_by_the_next_run_at_the_latest(audited: Audited, at: int) -> None:
    audited.book("work")
    with overtaken(audited.client, at, lambda: audited.book("meanwhile")):
        audited.seal()
    assert audited.verify()["ok"]
    audited.seal()
    report = audited.verify()
    assert (report["ok"], report["waiting"], report["entries"]) == (True, 0, 8)


@pytest.mark.parametrize("at", thorough([3, 30], [*range(1, 38)]))
def test_what_is_sealed_while_it_is_verified_or_exported_is_no_fault(audited: Audited, at: int) -> None:
    audited.book("work")
    audited.seal()

    def meanwhile() -> None:
        audited.book("meanwhile")
        audited.seal()

    with overtaken(audited.client, at, meanwhile):
        assert audited.verify()["faults"] == []
    audited.book("again")
    with overtaken(audited.client, at, audited.seal):
        lines = list(export.lines(audited.seals, audited.sealable, LATER))
    assert verify.verify(export.Export(lines), LATER)["faults"] == []


@pytest.mark.parametrize("at", [30, 31, 32, 33, 34, 35])
def test_a_chain_that_begins_while_it_is_verified_is_no_fault(audited: Audited, at: int) -> None:
    """The last requests: the items are read, and then the chains and their ends."""

    def meanwhile() -> None:
        audited.book("meanwhile")
        audited.seal()

    with overtaken(audited.client, at, meanwhile):
        assert audited.verify()["faults"] == []


# --- what earlier versions wrote --------------------------------------------------------------------------------------


def test_pages_of_text_and_compressed_ones_are_sealed_exported_and_verified(audited: Audited) -> None:
    audited.book("before")
    as_earlier_versions_wrote_it(audited)
    audited.seal()
    audited.book("now")
    audited.seal()
    forms = {"e" if "e" in item else "ez" for item in audited.items(audited.names.ledger_table)}
    assert forms == {"e", "ez"}
    lines = list(export.lines(audited.seals, audited.sealable, LATER))
    for found in (audited.verify(), verify.verify(export.Export(lines), LATER)):
        assert (found["ok"], found["faults"]) == (True, [])


def test_an_export_of_an_earlier_version_is_verified(audited: Audited) -> None:
    """Its last line says another form, and it has no compressed pages."""
    audited.book("before")
    as_earlier_versions_wrote_it(audited)
    audited.seal()
    *others, last = export.lines(audited.seals, audited.sealable, LATER)
    old = json.dumps(json.loads(last) | {"audit": 1})
    assert verify.verify(export.Export([*others, old]), LATER)["ok"]
    unknown = json.dumps(json.loads(last) | {"audit": 9})
    with pytest.raises(Rejected, match="has form 9"):
        export.Export([*others, unknown])


def unmarked(audited: Audited) -> int:
    """Makes all that is stored such as a version without seals has written it."""
    tables = (audited.names.journals_table, audited.names.proposals_table)
    marked = [(table, item) for table in tables for item in audited.items(table) if "ua" in item]
    for table, item in marked:
        audited.write(table, {name: value for name, value in item.items() if name != "ua"})
    return len(marked)


def test_what_earlier_versions_wrote_is_sealed_by_a_backfill_that_goes_on_where_it_died(audited: Audited) -> None:
    audited.book("work")
    old = unmarked(audited)
    assert old == 4
    audited.book("new")
    report = audited.verify()
    assert (first(report), report["waiting"]) == (("added", None, "journals"), 4)

    def fill() -> int:
        return backfill(audited.seals, audited.sealable, LATER, lambda *_: None)

    with dying(audited.client, 6, applied=True), pytest.raises(Killed):
        fill()
    assert 0 < 4 - fill() <= 4
    assert fill() == 0
    audited.seal()
    report = audited.verify()
    assert (report["ok"], report["marked"], report["entries"], report["waiting"]) == (True, True, 8, 0)


@pytest.mark.parametrize("at", [4, 5])
def test_what_another_run_has_marked_meanwhile_stops_no_backfill(audited: Audited, at: int) -> None:
    """It is passed over, and what comes behind it is marked."""
    audited.book("work")
    count = unmarked(audited)
    marked = []

    def run() -> None:
        marked.append(backfill(audited.seals, audited.sealable, LATER, lambda *_: None))

    with overtaken(audited.client, at, run):
        run()
    assert sum(marked) == count
    assert marked[0] > 0


def test_once_the_backfill_is_done_nothing_more_is_taken_for_old(sealed: Audited) -> None:
    assert backfill(sealed.seals, sealed.sealable, LATER, lambda *_: None) == 0
    slip_an_entry_in(sealed)
    assert backfill(sealed.seals, sealed.sealable, LATER, lambda *_: None) == 0
    assert first(sealed.verify())[0] == "added"
    (slipped,) = (one for one in sealed.items(sealed.names.proposals_table, "HISTORY#") if one["sk"].endswith("0000"))
    sealed.write(sealed.names.proposals_table, {name: slipped[name] for name in slipped if name not in ("ua", "se")})
    assert backfill(sealed.seals, sealed.sealable, LATER, lambda *_: None) == 0, "it would be sealed as if it were old"
    assert backfill(sealed.seals, sealed.sealable, LATER, lambda *_: None, again=True) == 1


# --- the bucket -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(audited: Audited) -> Iterator[SealBucket]:
    s3 = client.s3()
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    yield SealBucket(s3, BUCKET)
    client.forget()


def test_seals_are_kept_in_the_bucket_and_compared_with_it(audited: Audited, bucket: SealBucket) -> None:
    audited.book("work")
    audited.seal(bucket=bucket)
    assert list(bucket.numbers()) == [(COMPANY, 1)]
    (stored,) = audited.seals.of(COMPANY)
    assert bucket.text(COMPANY, 1) == stored.text
    assert audited.verify(bucket=bucket)["ok"]
    forget_a_chain(audited)
    for item in audited.items(audited.names.ledger_table):
        audited.remove(audited.names.ledger_table, item)
    assert first(audited.verify(bucket=bucket, company=COMPANY)) == ("seal removed", 1, "the seal")


def test_an_export_that_is_older_than_the_bucket_is_verified_as_far_as_it_goes(
    audited: Audited, bucket: SealBucket
) -> None:
    audited.post()
    audited.seal(bucket=bucket)
    lines = list(export.lines(audited.seals, audited.sealable, MUCH_LATER))
    seal = parsed(bucket.text(COMPANY, 1) or "")
    for number, sealed_at in ((2, "2026-11-30T09:00:00Z"), (3, "2026-12-31T09:00:00Z")):
        seal = replace(seal, number=number, sealed_at=sealed_at, previous=hash_of(seal.text))
        bucket.put(COMPANY, number, seal.text)

    def verified() -> dict[str, Any]:
        return verify.verify(export.Export(lines), MUCH_LATER, bucket=bucket)

    assert (verified()["ok"], verified()["later"]) == (True, 2)
    assert audited.verify(bucket=bucket)["first"]["what"] == "seal removed"  # the tables are of now
    bucket.put(COMPANY, 4, replace(seal, number=4, previous=hash_of("another")).text)
    assert first(verified()) == ("seal removed", 4, "the seal")
    lines[:] = [line for line in lines if '"seal":1' not in line and '"end":1' not in line]
    assert first(verified())[:2] == ("seal removed", 1)  # it is of the time of the export


@pytest.mark.parametrize("at", thorough([1, 30, 37], [*range(1, 38)]))
def test_what_is_put_into_the_bucket_while_it_is_verified_is_no_fault(
    audited: Audited, bucket: SealBucket, at: int
) -> None:
    audited.book("work")
    audited.seal(bucket=bucket)

    def meanwhile() -> None:
        audited.book("meanwhile")
        audited.seal(bucket=bucket)

    with overtaken(audited.client, at, meanwhile):
        assert audited.verify(bucket=bucket)["faults"] == []


def test_a_seal_that_a_crash_kept_from_the_bucket_is_put_there_by_the_next_run(
    audited: Audited, bucket: SealBucket
) -> None:
    audited.book("work")
    with dying(audited.client, 1, applied=True, operation=TRANSACTION), pytest.raises(Killed):
        audited.seal(bucket=bucket)
    assert list(bucket.numbers()) == []
    audited.seal(bucket=bucket)
    assert list(bucket.numbers()) == [(COMPANY, 1)]
    audited.book("more")
    with dying(audited.client, 1, applied=False, operation="UpdateItem"), pytest.raises(Killed):
        audited.seal(bucket=bucket)
    assert audited.seals.head(COMPANY).kept == 1
    assert audited.seal(bucket=bucket)["differing"] == []
    assert audited.seals.head(COMPANY).kept == 2


def test_a_bucket_is_never_overwritten_and_what_differs_there_is_told(audited: Audited, bucket: SealBucket) -> None:
    audited.book("work")
    assert bucket.put(COMPANY, 1, "somebody was here before")
    sealing = audited.sealing(bucket=bucket)
    assert sealing.run()["differing"] == [f"{COMPANY}#1"]
    assert bucket.text(COMPANY, 1) == "somebody was here before"
    assert first(audited.verify(bucket=bucket)) == ("seal changed", 1, "the seal")
    stores = Stores.read(audited.client, audited.names)
    found = Reconciliation(stores, None, LATER, lambda: True, bucket).run().checks["audit_chain"].found
    assert [one.id for one in found] == [f"{COMPANY}#1"]


def test_a_bucket_that_does_not_answer_stops_no_seal(audited: Audited, bucket: SealBucket) -> None:
    audited.book("work")
    with patch.object(SealBucket, "put", side_effect=Unavailable("down")), pytest.raises(Unavailable):
        audited.seal(bucket=bucket)
    assert audited.verify()["waiting"] == 0
    assert audited.seals.head(COMPANY).kept == 0


# --- the function and the commands ------------------------------------------------------------------------------------


def test_the_function_and_the_commands_seal_verify_export_and_print_the_end(
    audited: Audited, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "staging",
        "journals",
        "proposals",
        "ledger",
        "setup",
        "master_data",
        "dataverse",
        "audit",
        "ledger_batches",
    ):
        monkeypatch.setenv(f"{name.upper()}_TABLE", getattr(audited.names, f"{name}_table"))
    settings.cache_clear()

    def invoicing(*arguments: str) -> tuple[int, str]:
        code = cli.main(["audit", *arguments])
        return code, capsys.readouterr().out

    assert invoicing("verify") == (0, "Nothing is posted or sealed yet, so there is nothing to verify.\n")
    audited.post()
    assert audited.schedule("audit_sealing")["entries"] == 4
    assert "backfill" not in invoicing("verify")[1], "no earlier version has stored anything"
    assert invoicing("seal") == (0, "0 entries were sealed in 0 seals.\n")
    code, text = invoicing("backfill", "--json")
    assert (code, json.loads(text)) == (0, {"marked": 0})
    code, ends = invoicing("head")
    (head,) = audited.seals.heads().values()
    assert (code, ends) == (0, f"{COMPANY} 1 {head.hash}\n")
    kept = tmp_path / "ends.txt"
    kept.write_text(ends, "utf-8")
    code, text = invoicing("verify", "--ends", str(kept))
    assert (code, "4 entries of 2 posted documents agree with their seals." in text) == (0, True)

    file = tmp_path / "books.jsonl.gz"
    assert invoicing("export", str(file))[0] == 0
    change_one_byte(audited)
    assert invoicing("verify", "--export", str(file), "--ends", str(kept))[0] == 0
    code, text = invoicing("verify", "--json")
    assert (code, first(json.loads(text))) == (1, ("changed", 1, "ledger"))
    code, text = invoicing("verify")
    assert (code, "do not agree" in text, "INVOICE#" in text) == (1, True, True)

    half = tmp_path / "half.jsonl"
    half.write_text("\n".join(export.lines(audited.seals, audited.sealable, LATER)).rpartition("\n")[0], "utf-8")
    for arguments in (("--export", str(half)), ("--ends", str(half)), ("--export", str(tmp_path / "none"))):
        assert invoicing("verify", *arguments)[0] == 2


def test_a_voucher_of_a_persons_document_is_sealed_with_its_page_and_its_history(audited: Audited) -> None:
    ledger = Ledger(audited.client, audited.names.ledger_table)
    ready = Ready(audited.client, audited.names.ledger_batches_table)
    vouchers = FinanceVouchers(audited.client, audited.names.journals_table, ledger, ready)
    lines = (ENTRY.line, replace(ENTRY.line, amount=-ENTRY.amount, accounting_amount=-ENTRY.amount))
    done = HistoryEntry(audited.at, person(ANN), Done.MOVED)
    vouchers.post([NewVoucher(COMPANY, POST_COSTS, ENTRY.accounting_date, lines)], "PCV-######", done)
    audited.seal()
    report = audited.verify(MUCH_LATER)
    assert report["ok"], report
    assert audited.sealable.waiting() == []
    (page,) = audited.items(audited.names.ledger_table, "POST_COSTS#")
    audited.write(audited.names.ledger_table, page | {"id": "PCV-000002"})
    assert not audited.verify(MUCH_LATER)["ok"]
