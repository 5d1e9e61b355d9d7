"""PAY through the functions: what receivables tells by event, file and hand, and what Dataverse is told of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from local import cli
from operate import receivables as operated
from project_invoicing import bootstrap
from project_invoicing.config import settings
from project_invoicing.dataverse.api import Answer, Patch
from project_invoicing.dataverse.context import row_events
from project_invoicing.domain.calendar import utc_text
from project_invoicing.store import client
from project_invoicing.store.batch_answers import BatchAnswers
from project_invoicing.store.receivables import Receivables
from tests.builders import Context, guid, proforma
from tests.dataverse import FakeDataverse, connected, queue
from tests.harness import envelope, sqs_batch
from tests.posted import scanned
from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.invoices.test_intercompany_invoices import AUGUST, between_companies, sold
from tests.rules.stories import bill
from tests.rules.test_lists import cli_of

FUNCTION = "ledger_answers"
INVOICE, CREDIT_NOTE = "FTI-00000001", "FTI-00000002"
USUAL = {"company": "USPM", "date": "2026-09-10", "currency": "USD", "invoice_number": INVOICE}
OF_A_LINE = {"contract_line": "CTR-1-FP", "start": "2026-08-02"}
PROFORMA = guid("inv-1")
STATUS, STATE, REASON = "msdyn_projectinvoicestatus", "statecode", "statuscode"
POSTED, PAID = 192350010, 192350003
READ_ONLY = Answer(400, "0x80045004", "a paid invoice is read-only")


@dataclass
class LockingDataverse(FakeDataverse):
    """Paid locks the row of an invoice: only its state can be changed. ``refusing``: every change of it is refused."""

    refusing: bool = False
    told: list[Mapping[str, Any]] = field(default_factory=list)

    def patch(self, patches: Sequence[Patch], *, atomic: bool = False) -> list[Answer]:
        return [self._one(one) for one in patches]

    def _one(self, one: Patch) -> Answer:
        if one.entity == "invoice":
            had = self.tables["invoice"][one.id].row
            if self.refusing or (had.get(STATE) == 2 and not one.columns.keys() <= {STATE, REASON}):
                return READ_ONLY
            self.told.append(dict(one.columns))
        return super().patch([one])[0]

    def row(self) -> Mapping[str, Any]:
        return self.tables["invoice"][PROFORMA].row

    def stands(self) -> tuple[Any, Any]:
        return self.row().get(STATUS), self.row().get(STATE, 0)


class Story:
    """An invoice of 1,920.00 and a credit note of 480.00, posted, and what comes of payments."""

    def __init__(self, books: Books, dataverse: LockingDataverse) -> None:
        self.books, self.dataverse = books, dataverse

    def post(self) -> None:
        self.books.use(finance(TAXED, ("parameters.USPM.prevalidation_minutes", 0)))
        sent: list[Context] = [
            bill("work", **OF_A_LINE),
            proforma("inv-1", total="1600"),
            bill("back", "-2", invoice="inv-2", **OF_A_LINE),
            proforma("inv-2", number="INV-0002", total="-400"),
        ]
        self.dataverse.apply(*sent)
        self.books.arrive(*sent)
        self.books.import_staging()
        for number in ("INV-0001", "INV-0002"):
            self.books.run("invoice_posting", company="USPM", proposal_id=number)
        self.drain()

    def drain(self) -> None:
        with connected(self.dataverse):
            self.books.world.drain()

    def pay(self, id: str = "P-1", version: int = 1, **said: Any) -> dict[str, Any]:
        """By hand, as a person does it; what follows is delivered."""
        payment = USUAL | {"settlement_id": id, "version": version, "actor": "ann"} | said
        event = {"time": self.books.world.at, "detail": {"payment": payment}}
        answer: dict[str, Any] = self.books.call(FUNCTION, event)
        self.drain()
        self.books._result = None
        return answer

    def tell(self, *payments: Mapping[str, Any]) -> None:
        """By events, in this order."""
        for payment in payments:
            event = envelope(dict(payment), self.books.world.at, "CustomerPaymentSettled", "receivables")
            assert self.books.call(FUNCTION, sqs_batch(json.dumps(event))) == {"batchItemFailures": []}
        self.drain()

    def open(self, number: str = INVOICE) -> tuple[str, str, str]:
        rows = {row["invoice_number"]: row for row in self.books.world.result().get("receivables", [])}
        return tuple(rows[number][name] for name in ("open", "over", "standing"))

    def later(self, **time: int) -> None:
        world = self.books.world
        world.at = utc_text(datetime.fromisoformat(world.at) + timedelta(**time))

    def schedule(self, function: str) -> Any:
        with connected(self.dataverse), queue() as tasks:
            answer = self.books.world.schedule(function)
        with connected(self.dataverse):
            for task, _ in tasks:
                self.books.call(function, sqs_batch(json.dumps(task)))
        return answer


@pytest.fixture
def story(books: Books) -> Iterator[Story]:
    made = Story(books, LockingDataverse())
    with patch.object(bootstrap, "now", lambda: datetime.fromisoformat(books.world.at)):
        yield made


def payment(id: str, version: int = 1, **said: Any) -> dict[str, Any]:
    return USUAL | {"settlement_id": id, "version": version} | said


def test_pay_04_pay_05_pay_06_a_part_the_rest_and_the_end_of_a_payment_reach_dataverse(story: Story) -> None:
    story.post()
    assert story.dataverse.stands() == (POSTED, 0)
    answer = story.pay(amount="1000.00")
    assert (answer["outcome"], answer["open"]) == (
        "applied",
        [{"invoice_number": INVOICE, "open": "920.00", "currency": "USD"}],
    )
    assert (story.open(), story.dataverse.stands()) == (("920.00", "0.00", "partly_paid"), (POSTED, 0))
    story.pay("P-2", amount="881.60", cash_discount="38.40")
    assert (story.open(), story.dataverse.stands()) == (("0.00", "0.00", "paid"), (PAID, 2))
    assert story.dataverse.row()[REASON] == 100001
    story.pay("P-1", 2, canceled=True)
    story.pay("P-2", 2, canceled=True)
    assert (story.open(), story.dataverse.stands()) == (("1920.00", "0.00", "open"), (POSTED, 0))


def test_pay_07_a_credit_note_is_settled_and_what_is_beyond_the_total_is_the_customers(story: Story) -> None:
    story.post()
    story.pay("S-1", amount="480", credit_note=CREDIT_NOTE)
    assert (story.open(), story.open(CREDIT_NOTE)) == (("1440.00", "0.00", "partly_paid"), ("0.00", "0.00", "paid"))
    story.pay("S-1", 2, canceled=True)
    story.pay(amount="2000")
    assert (story.open(), story.open(CREDIT_NOTE)) == (("0.00", "80.00", "paid"), ("-480.00", "0.00", "open"))
    assert story.dataverse.stands() == (PAID, 2)


def test_pay_08_doubled_shuffled_and_late_events_end_in_the_newest_versions(story: Story) -> None:
    story.post()
    said = [
        payment("P-1", 1, amount="100"),
        payment("P-1", 2, amount="700"),
        payment("P-2", 1, amount="480", credit_note=CREDIT_NOTE),
        payment("P-3", 1, amount="50"),
        payment("P-3", 2, canceled=True),
        payment("P-4", 1, invoice_number=None, customer="C-001", amount="30"),
        payment("P-4", 2, amount="30"),
    ]
    dice = random.Random(8)  # noqa: S311  an order, no secret
    for _ in range(4):
        order = said * 2
        dice.shuffle(order)
        story.tell(*order)
        assert story.open() == ("710.00", "0.00", "partly_paid")
        assert story.open(CREDIT_NOTE) == ("0.00", "0.00", "paid")
        store = Receivables(client.dynamodb(), story.books.world.names.proposals_table)
        assert list(store.unapplied("USPM")) == []
        forget_payments(story)


def forget_payments(story: Story) -> None:
    table = story.books.world.names.proposals_table
    for item in client.dynamodb().scan(TableName=table)["Items"]:
        if item["sk"]["S"] == "RECEIVABLE" or item["pk"]["S"].startswith(("SETTLEMENT#", "HISTORY#")):
            client.dynamodb().delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
    for number in (INVOICE, CREDIT_NOTE):
        key = {"pk": {"S": f"WRITEBACK#payment#USPM#{number}"}, "sk": {"S": "H"}}
        client.dynamodb().delete_item(TableName=story.books.world.names.staging_table, Key=key)


def test_pay_08_nothing_is_told_of_payments_before_the_invoices_own_row_is_written(story: Story) -> None:
    story.dataverse.refusing = True
    story.post()
    story.pay(amount="1920")
    assert story.dataverse.told == []
    story.dataverse.refusing = False
    detail = {"retry": {"company": "USPM", "invoice_number": INVOICE}}
    story.later(minutes=21)
    story.schedule("accounting_writeback")
    with connected(story.dataverse), queue() as tasks:
        story.books.call("accounting_writeback", {"time": story.books.world.at, "detail": detail})
        for task, _ in tasks:
            story.books.call("accounting_writeback", sqs_batch(json.dumps(task)))
    assert story.dataverse.stands() == (POSTED, 0)
    story.later(minutes=21)
    assert story.schedule("accounting_writeback") == {"queued": 1}
    assert story.dataverse.stands() == (PAID, 2)
    assert [sorted(columns) for columns in story.dataverse.told[1:]] == [[STATUS], [STATE, REASON]]


def test_pay_08_a_repeated_message_asks_dataverse_and_tells_it_nothing(story: Story) -> None:
    story.post()
    story.pay(amount="1920")
    before = list(story.dataverse.told)
    story.books.world.at = "2026-09-11T00:00:00Z"
    task: dict[str, Any] = {"detail-type": "Accounting Write-Back", "time": story.books.world.at}
    task |= {"detail": {"company": "USPM", "paid_invoice": INVOICE}}
    with connected(story.dataverse):
        story.books.call("accounting_writeback", sqs_batch(json.dumps(task)))
        assert story.dataverse.told == before
        story.dataverse.change("invoice", "inv-1", **{STATUS: POSTED, STATE: 0})
        story.books.call("accounting_writeback", sqs_batch(json.dumps(task)))
    assert story.dataverse.stands() == (PAID, 2)


def test_pay_02_pay_08_an_invoice_that_is_written_again_whole_is_opened_for_it_and_paid_again(story: Story) -> None:
    story.post()
    story.pay(amount="1920")
    detail = {"retry": {"company": "USPM", "invoice_number": INVOICE, "everything": True}}
    story.books.world.at = "2026-09-11T00:00:00Z"
    with connected(story.dataverse), queue() as tasks:
        answer = story.books.call("accounting_writeback", {"time": story.books.world.at, "detail": detail})
        assert answer["outcome"].startswith("all rows of invoice FTI-00000001")
        for task, _ in sorted(tasks, key=lambda one: one[1]):
            story.books.call("accounting_writeback", sqs_batch(json.dumps(task)))
    assert story.dataverse.stands() == (PAID, 2)
    assert {STATE: 0} in story.dataverse.told


def test_pay_09_a_header_that_comes_back_paid_changes_no_proposal(story: Story) -> None:
    story.post()
    story.pay(amount="1920")
    before = story.books.world.result()["proposals"]
    for status, state in ((PAID, 2), (POSTED, 0), (PAID, 0), (POSTED, 2)):
        row = {STATUS: status, STATE: state}
        header = proforma("inv-1", total="1600", message="Update", row_version=9_000_000 + status % 100 + state)
        header = with_columns(header, row)
        assert story.books.world.deliver(header) == [None], "the rule on the bus lets none of them through"
        story.dataverse.apply(header)
        event = json.loads(json.dumps({"detail": detail_of(header)}, default=str))
        story.books.call("proforma_header_sync", event | {"time": story.books.world.at})
        assert story.books.world.result()["proposals"] == before
    assert story.books.world.unsent() == []


def with_columns(context: Context, columns: Mapping[str, int]) -> Context:
    """The message with other codes, as Dataverse writes them."""
    made = json.loads(json.dumps(context, default=str))
    for place in ("InputParameters", "PostEntityImages"):
        for pair in made.get(place) or ():
            attributes = pair["value"].get("Attributes", [])
            attributes[:] = [one for one in attributes if one["key"] not in columns]
            attributes += [{"key": name, "value": {"Value": code}} for name, code in columns.items()]
    found: Context = made
    return found


def detail_of(context: Context) -> dict[str, Any]:
    (event,) = row_events(context, "2026-09-11T00:00:00Z")
    return event.detail


def test_pay_10_what_dataverse_refuses_is_failed_tried_every_day_and_holds_up_nothing(story: Story) -> None:
    story.post()
    story.dataverse.refusing = True
    story.pay(amount="1920")
    assert story.open() == ("0.00", "0.00", "paid")
    (failed,) = [row for row in story.books.result["write_back"] if row["state"] == "failed"]
    assert failed["values"] == {"status": "invoice_paid", "state": "paid", "reason": "complete", "amount_due": "0.00"}
    explained = story.books.call("explain", {"id": INVOICE})["found"][0]
    assert any("what is open was refused by Dataverse: 400" in step["what"] for step in explained["history"])
    with connected(story.dataverse):
        report = story.books.run("reconciliation")
    assert "what is open of invoice FTI-00000001" in found_in(report, "write_back_failed")[0]["detail"]
    story.later(hours=23)
    assert story.schedule("accounting_writeback") == {"queued": 0}
    story.dataverse.refusing = False
    story.later(hours=2)
    assert story.schedule("accounting_writeback") == {"queued": 1}
    assert story.dataverse.stands() == (PAID, 2)


def test_pay_10_a_person_has_what_was_refused_told_again_at_once(story: Story) -> None:
    story.post()
    story.dataverse.refusing = True
    story.pay(amount="1920")
    story.dataverse.refusing = False
    detail = {"retry": {"company": "USPM", "invoice_number": INVOICE, "actor": "ann"}}
    with connected(story.dataverse), queue() as tasks:
        answer = story.books.call("accounting_writeback", {"time": story.books.world.at, "detail": detail})
        assert answer["outcome"] == "what is open of invoice FTI-00000001 of USPM is told again"
        for task, _ in tasks:
            story.books.call("accounting_writeback", sqs_batch(json.dumps(task)))
    assert story.dataverse.stands() == (PAID, 2)
    explained = story.books.call("explain", {"id": INVOICE})["found"][0]
    assert any("sent to Dataverse again by ann" in step["what"] for step in explained["history"])


def found_in(report: Mapping[str, Any], check: str) -> list[dict[str, Any]]:
    return next(list(one["found"]) for one in report["checks"] if one["name"] == check)


def test_pay_05_the_reconciliation_compares_what_is_open_with_what_dataverse_has(story: Story) -> None:
    story.post()
    story.pay(amount="1920")
    with connected(story.dataverse):
        report = story.books.run("reconciliation")
        checks = ("write_back_failed", "write_back_unfinished", "write_back_differs")
        own = [one for check in checks for one in found_in(report, check) if one["id"] == PROFORMA]
        assert own == []
        story.dataverse.change("invoice", "inv-1", **{STATUS: POSTED, STATE: 0})
        report = story.books.run("reconciliation")
        (differs,) = [one for one in found_in(report, "write_back_differs") if one["id"] == PROFORMA]
        assert "statecode 2, not 0" in differs["detail"]


def test_a_person_who_marks_an_invoice_paid_in_dataverse_makes_no_difference(story: Story) -> None:
    story.post()
    story.dataverse.change("invoice", "inv-1", **{STATUS: PAID, STATE: 2, REASON: 100001})
    with connected(story.dataverse):
        report = story.books.run("reconciliation")
    assert [one for one in found_in(report, "write_back_differs") if one["id"] == PROFORMA] == []


def test_pay_03_what_names_no_invoice_is_kept_whole_and_counts_once_that_is_posted(story: Story) -> None:
    early = story.pay(amount="1000")
    assert (early["outcome"], early["aside"][0]["reason"]) == ("set_aside", "unknown_invoice")
    assert story.pay(amount="1000")["outcome"] == "set_aside", "tried again, in vain"
    assert story.books.world.schedule(FUNCTION) == {"unanswered": 0, "payments_set_aside": 1}
    story.post()
    assert story.books.world.schedule(FUNCTION) == {"unanswered": 0, "payments_set_aside": 0}
    assert story.open() == ("920.00", "0.00", "partly_paid")


def test_pay_06_a_payment_of_no_company_of_ours_can_be_canceled_and_is_in_no_chain_of_a_company(story: Story) -> None:
    assert story.pay(amount="1000", company="NONE")["outcome"] == "set_aside"
    assert story.pay(version=2, company="NONE", canceled=True)["outcome"] == "canceled"
    assert story.books.world.schedule(FUNCTION) == {"unanswered": 0, "payments_set_aside": 0}
    assert story.pay("P-2", amount="1000", invoice_number="FTI-9")["outcome"] == "set_aside"
    world = story.books.world
    items = [one for one in scanned(world, world.names.proposals_table) if one["pk"].startswith("SETTLEMENT#")]
    of = {one["pk"].split("#")[1]: one.get("co") for one in items if one["sk"] == "H"}
    assert of == {"NONE": None, "USPM": "USPM"}


def test_pay_03_a_newer_version_moves_a_payment_from_one_invoice_to_another(story: Story) -> None:
    story.post()
    story.pay(amount="1000")
    story.pay(version=2, amount="-480", invoice_number=CREDIT_NOTE)
    assert (story.open()[0], story.open(CREDIT_NOTE)[0]) == ("1920.00", "0.00")
    story.pay(version=3, invoice_number="FTI-9", amount="5")
    assert (story.open()[0], story.open(CREDIT_NOTE)[0]) == ("1920.00", "-480.00")
    other = story.pay(version=3, invoice_number=INVOICE, amount="7")
    assert (other["outcome"], other["refused"][0]["reason"]) == ("refused", "same_version_differs")
    assert story.pay(version=2, amount="1")["outcome"] == "older"
    unreadable = story.pay(version=4, amount="abc")
    assert unreadable["refused"][0]["reason"] == "schema"


def test_an_unreadable_event_is_kept_and_a_file_is_read_row_by_row(story: Story, ledger_bucket: None) -> None:
    story.post()
    story.tell({"company": "USPM", "settlement_id": "X"})
    bucket = story.books.world.names.ledger_bucket
    rows = [
        "company,settlement_id,version,date,currency,invoice_number,amount",
        f"USPM,F-1,1,2026-09-10,USD,{INVOICE},1000.00",
        "USPM,F-2,1,2026-09-10,USD,FTI-9,5.00",
        f"USPM,F-3,one,2026-09-10,USD,{INVOICE},5.00",
        f"USPM,F-4,1,2026-09-10,USD,{INVOICE},920.00",
    ]
    client.s3().put_object(Bucket=bucket, Key="payments/2026-09-10.csv", Body="\r\n".join(rows).encode())
    created = {"bucket": {"name": bucket}, "object": {"key": "payments/2026-09-10.csv"}}
    event = envelope(created, story.books.world.at, "Object Created", "aws.s3")
    for _ in range(2):
        assert story.books.call(FUNCTION, sqs_batch(json.dumps(event))) == {"batchItemFailures": []}
    story.drain()
    assert story.open() == ("0.00", "0.00", "paid")
    kept = BatchAnswers(client.dynamodb(), story.books.world.names.ledger_batches_table).unreadable()
    reasons = sorted(reason for _, reason, _ in kept)
    assert reasons[0].startswith("a payment names version") or "version is a whole number" in reasons[0]
    assert any(reason.startswith("payments/2026-09-10.csv line 4: version is a whole number") for reason in reasons)
    assert len(kept) == 2


def test_an_invoice_between_companies_has_something_open_and_dataverse_is_told_nothing(story: Story) -> None:
    story.books.use(between_companies())
    story.books.arrive(sold("work"))
    story.books.journalise()
    story.books.edit("intercompany_invoice", **AUGUST)
    story.books.post_invoices()
    (invoice,) = [one for one in story.books.result["invoices"] if one["company"] == "GBPM"]
    said = {"company": "GBPM", "invoice_number": invoice["invoice_number"], "currency": invoice["currency"]}
    story.pay(**said, amount=invoice["total"])
    assert story.open(invoice["invoice_number"])[2] == "paid"
    assert [one for one in story.books.result["write_back"] if "amount_due" in one["values"]] == []


def test_an_explanation_and_the_commands_say_what_is_open(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    story.post()
    story.pay(amount="1000")
    story.pay("U-1", invoice_number=None, customer="C-001", amount="30")
    story.pay("X-1", invoice_number="FTI-9", amount="5")
    (explained,) = story.books.call("explain", {"id": INVOICE})["found"]
    assert explained["facts"]["open"] == "920.00 USD"
    assert any("was told of a payment by ann" in step["what"] for step in explained["history"])
    settings.cache_clear()
    with cli_of(story.books):
        assert cli.main(["receivables", "ageing", "--at", "2026-10-30", "--json"]) == 1
        found = json.loads(capsys.readouterr().out)
        (row,) = found["rows"]
        assert (row["days_31_60"], row["open"], row["unapplied"], row["balance"]) == (
            "440.00",
            "440.00",
            "30.00",
            "410.00",
        )
        assert [one["settlement_id"] for one in found["aside"]] == ["X-1"]
        assert cli.main(["receivables", "ageing", "--at", "2026-10-30", "--csv", "invoices"]) == 1
        assert capsys.readouterr().out.splitlines()[1].split(",")[:2] == ["C-001", INVOICE]
        assert cli.main(["receivables", "show", INVOICE]) == 0
        assert "920.00" in capsys.readouterr().out
        assert cli.main(["receivables", "show", "FTI-9"]) == 2


def test_the_command_tells_a_payment_or_a_file_of_them(
    story: Story, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def called(_: str, function: str, detail: Mapping[str, Any]) -> Any:
        assert function == FUNCTION
        return json.loads(json.dumps(bootstrap.payment_inbox().request(detail["payment"], story.books.world.at)))

    story.post()
    one = ["receivables", "payment", "P-1", "--company", "USPM", "--actor", "ann"]
    said = ["--invoice", INVOICE, "--amount", "1000.00", "--currency", "USD", "--date", "2026-09-10"]
    file = tmp_path / "payments.csv"
    head = "company,settlement_id,version,date,currency,invoice_number,amount"
    rows = [f"USPM,P-2,1,2026-09-10,USD,{INVOICE},20.00", "USPM,P-3,1,2026-09-10,USD,FTI-9,5.00"]
    file.write_text("\n".join([head, *rows]), encoding="utf-8")
    settings.cache_clear()
    local = {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:1"}
    with cli_of(story.books), patch.dict("os.environ", local), patch.object(operated, "call", called):
        stack = ["--stack", "local"]
        for built in bootstrap.NAMED:
            built.cache_clear()
        assert cli.main([*one, *said, *stack]) == 0
        assert "P-1 counts in FTI-00000001; open: FTI-00000001 920.00 USD." in capsys.readouterr().out
        assert cli.main(["receivables", "payment", "--file", str(file), "--actor", "ann", *stack]) == 1
        printed = capsys.readouterr().out
        assert "2 payments were told; 1 of them count nowhere." in printed
        assert "unknown_invoice" in printed
        assert cli.main([*one, "--version", "2", "--canceled", "--json", *stack]) == 0
        assert json.loads(capsys.readouterr().out)["actor"] == "ann"
        file.write_text(f"{head}\nUSPM,P-4,one,2026-09-10,USD,{INVOICE},20.00", encoding="utf-8")
        assert cli.main(["receivables", "payment", "--file", str(file), "--actor", "ann", *stack]) == 2
        assert "payments.csv line 2: version is a whole number" in capsys.readouterr().err
        assert cli.main(["receivables", "payment", *stack]) == 2
    story.drain()
    assert story.open() == ("1900.00", "0.00", "partly_paid")
