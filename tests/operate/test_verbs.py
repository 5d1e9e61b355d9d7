"""The verbs for documents on the command line, against the functions of a stack called ``trial``."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from local import cli, engines
from local.cli import main
from local.functions import Handlers
from operate import calling
from project_invoicing import bootstrap
from project_invoicing.store.journals import Journals
from project_invoicing.store.proposals import Proposals
from tests.builders import actual, guid
from tests.harness import TEMPLATE, World
from tests.rules.books import Books
from tests.rules.finance import accounts_without, finance
from tests.rules.invoices.test_intercompany_invoices import between_companies, posted, sold
from tests.rules.invoices.test_vendor_invoices import between_companies as borrowing
from tests.rules.stories import approval, billed, cost
from tools import verbs


class Lambda:
    """Calls the functions of the world by the names that they have in the stack ``trial``."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fails = False

    def invoke(self, *, FunctionName: str, Payload: str) -> dict[str, Any]:  # noqa: N803  as boto3 has it
        if self.fails:
            told = json.dumps({"errorMessage": "the table is gone", "errorType": "Unavailable"})
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(told.encode())}
        function = TEMPLATE.function(FunctionName.removeprefix("trial-").replace("-", "_"))
        with environment({}):
            answer = Handlers(verbose=False).call(function, json.loads(Payload))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:sts::123456789012:assumed-role/Accountants/ann@contoso.example"}


ANN = "assumed-role/Accountants/ann@contoso.example"


@contextmanager
def environment(names: Mapping[str, str]) -> Iterator[None]:
    """The environment with these names, and after that as it was: functions and commands have each their own."""
    before = dict(os.environ)
    os.environ.update(names)
    _forget_names()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _forget_names()


def _forget_names() -> None:
    for built in bootstrap.NAMED:
        built.cache_clear()


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Iterator[Books]:
    with engines.running("moto"):
        world = World()
        real, functions = boto3.client, Lambda(world)
        monkeypatch.setattr(
            boto3, "client", lambda name, **more: functions if name in ("lambda", "sts") else real(name, **more)
        )
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        made = Books(world)
        made.functions = functions  # type: ignore[attr-defined]
        made.use(finance())
        yield made
    bootstrap.forget()


def command(*words: str) -> int:
    """Gives a command in an environment that names the stack ``trial``."""
    tables = ("staging", "journals", "proposals", "ledger", "setup", "master_data", "dataverse")
    names = {f"{name.upper()}_TABLE": str(getattr(TEMPLATE.settings(), f"{name}_table")) for name in tables}
    with environment({**names, "EVENT_BUS_NAME": "trial"}):
        return main(list(words))


def say(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    """What a command says as JSON: one object, and nothing else on standard output."""
    capsys.readouterr()
    assert command(*words, "--json") == code, capsys.readouterr()
    made = json.loads(capsys.readouterr().out)
    assert isinstance(made, dict)
    return made


def outcomes(answer: Any) -> list[tuple[str, str, str | None]]:
    return [(row["document"], row["outcome"], row["reason"]) for row in answer["rows"]]


def ready(books: Books, works: int = 3) -> None:
    names = [f"work-{n}" for n in range(works)]
    books.arrive(*billed(*names, total=str(1600 * works)))
    books.journalise()
    books.import_staging()


def lines(books: Books) -> list[Any]:
    stored = Proposals(books.world.client, books.world.names.proposals_table, ())
    return stored.lines(guid("inv-1"))


def test_documents_are_posted_one_row_each_and_a_refusal_stops_no_neighbour(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    ready(books)
    books.arrive(*billed("more", total="1600", invoice="inv-2", number="INV-0002"))
    books.import_staging()
    drafts = say(capsys, "post", "--all", "--only", "journals", "--dry-run")
    assert [one["journal_id"] for one in drafts["previews"]] == ["USPM-000002"]
    assert drafts["previews"][0]["vouchers"]

    made = say(capsys, "post", "INV-0002", "INV-9999", "INV-0001", "--date", "2026-08-31", code=1)

    assert outcomes(made) == [
        ("INV-0002", "refused", "lines_missing"),
        ("INV-9999", "unknown", "schema"),
        ("INV-0001", "done", None),
    ]
    done = made["rows"][2]
    assert (done["customer"], done["customer_name"], done["what"]) == ("C-001", "Adatum", "posted as FTI-00000001")
    assert made["rows"][0]["next"] == "see what the proposal waits for; it has no lines yet"
    stored = Proposals(books.world.client, books.world.names.proposals_table, ())
    assert [(one.who.id, one.what) for one in stored.history(guid("inv-1"))] == [(ANN, "posted")]

    made = say(capsys, "post", "--all", "--company", "USPM")
    assert outcomes(made) == [("USPM-000002", "done", None)]
    assert command("post", "--all") == 0
    assert capsys.readouterr().out == "Nothing is ready to be posted.\n"
    assert command("post", "INV-9999") == 2
    assert command("post", "USPM-000001", "--date", "2026-08-31") == 2
    assert command("post") == 2
    assert "name documents, or give --all" in capsys.readouterr().err


def test_several_lines_are_edited_at_once_and_say_what_they_had(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    ready(books)
    assert {line.item_sales_tax_group for line in lines(books)} == {"SERV"}
    made = say(capsys, "edit", "INV-0001", "--line", "2", "--item-sales-tax-group", "GOODS")
    assert made["rows"][0]["what"] == "1 of 1 lines changed"
    made = say(capsys, "edit", "INV-0001", "--all-lines", "--item-sales-tax-group", "GOODS")
    assert made["rows"][0]["what"] == "2 of 3 lines changed"
    assert [line.item_sales_tax_group for line in lines(books)] == ["GOODS"] * 3
    made = say(capsys, "edit", "INV-0001", "--where", "item_sales_tax_group=FULL", "--sales-tax-group", "EXP", code=2)
    assert made["rows"][0]["detail"] == "no line of proposal INV-0001 fits"
    made = say(capsys, "rederive", "tax", "INV-0001")
    assert (made["rows"][0]["what"], {line.item_sales_tax_group for line in lines(books)}) == (
        "3 of 3 lines changed",
        {"SERV"},
    )
    (told,) = say(capsys, "explain", "INV-0001")["found"]
    steps = [step["what"] for step in told["history"] if f"by {ANN} (command line)" in step["what"]]
    assert steps[1] == f"was edited by {ANN} (command line): item sales tax group SERV -> GOODS, lines 1, 3"

    assert say(capsys, "edit", "INV-0001", "--due-date", "2099-10-15")["rows"][0]["what"] == "edited"
    assert say(capsys, "edit", "INV-0001", "--due-date", "null")["done"] == 1
    for wrong, told_ in (
        (["--item-sales-tax-group", "GOODS"], "tax groups are of lines; say which"),
        (["--due-date", "2099-10-15", "--all-lines"], "dates are of the header"),
        (["--all-lines"], "say what to change"),
        (["--where", "category", "--sales-tax-group", "EXP"], "write NAME=VALUE"),
        (["--line", "x", "--sales-tax-group", "EXP"], "give line numbers, or the ids of actuals"),
    ):
        assert command("edit", "INV-0001", *wrong) == 2
        assert told_ in capsys.readouterr().err


def test_lines_of_a_journal_are_edited_deleted_and_rebuilt_and_a_journal_in_error_is_reset(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    books.use(finance(ledger_posting=accounts_without("payroll_allocation")))
    books.arrive(*approval())
    books.import_staging()
    made = say(capsys, "edit", "USPM-000001", "--where", "kind=cost", "--dimension", "CostCenter=007")
    assert made["rows"][0]["what"] == "1 of 1 lines changed"
    assert outcomes(say(capsys, "edit", "USPM-000001", "--due-date", "2099-10-15", code=2))[0][1] == "refused"
    previewed = say(capsys, "preview", "USPM-000001", code=1)["previews"][0]
    assert (previewed["failing"], previewed["refused"]["reason"]) == (1, "ledger_account_missing")
    made = say(capsys, "post", "USPM-000001", code=1)
    assert made["rows"][0]["what"] == "posted, in part;"
    assert say(capsys, "preview", "USPM-000002", code=1)["previews"][0]["refused"]["detail"].endswith("it is reset")
    assert say(capsys, "reset", "USPM-000002", "USPM-000001", code=2)["done"] == 1
    made = say(capsys, "delete-lines", "USPM-000002", "--rebuild")
    assert made["rows"][0]["result"]["journal_lines"] == 1
    journals = Journals(books.world.client, books.world.names.journals_table)
    assert [one.who.id for one in journals.history("USPM", "USPM-000002")] == [ANN, ANN]


def test_rejected_rows_are_replayed_by_reason(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.arrive(*(actual(f"odd-{n}", transaction_type="project_contract") for n in range(3)))
    books.arrive(actual("good"))
    made = say(capsys, "replay", "--reason", "unknown_code", "--company", "USPM", code=1)
    assert {row["document"] for row in made["rows"]} == {guid(f"odd-{n}") for n in range(3)}
    assert {row["reason"] for row in made["rows"]} == {"unknown_code"}
    assert say(capsys, "replay", "--reason", "schema")["rows"] == []
    assert outcomes(say(capsys, "replay", guid("good"), code=2)) == [(guid("good"), "unknown", "schema")]
    assert command("replay") == 2
    assert say(capsys, "import", "--company", "USPM")["journal_lines"] == 1


def test_a_write_back_is_retried_in_somebodys_name(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    ready(books)
    made = say(capsys, "retry-write-back", "USPM-000001", "FTI-1", code=2)
    assert outcomes(made) == [("USPM-000001", "refused", "schema"), ("FTI-1", "unknown", "schema")]
    assert "is still being written back" in made["rows"][0]["detail"]


def test_sales_between_companies_are_billed_or_the_reason_is_said(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    books.use(between_companies())
    books.arrive(sold())
    books.journalise()
    period = ["--from", "2026-08-01", "--to", "2026-08-31"]
    made = say(capsys, "bill-intercompany", "GBPM", "USPM", *period)
    assert made["rows"][0]["what"].startswith("created ")
    assert say(capsys, "bill-intercompany", "GBPM", "USPM", *period, code=2)["rows"][0]["outcome"] == "refused"
    assert command("bill-intercompany", "GBPM", "NONE", *period) == 2
    assert "there is no company 'NONE'" in capsys.readouterr().err


def test_a_function_that_fails_is_one_sentence(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.functions.fails = True  # type: ignore[attr-defined]
    assert command("import") == 1
    assert capsys.readouterr().err == "trial-staging-import failed: the table is gone; its log says where\n"


def test_what_was_loaded_and_set_has_a_history(books: Books, capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    say(capsys, "master", "set", "customers", "USPM", "C-001", "sales_tax_group=EXP")
    file = tmp_path / "rates.csv"
    file.write_text("from,to,valid_from,rate\nGBP,USD,2026-01-05,1.25\n", "utf-8")
    say(capsys, "rates", "load", str(file))
    document = tmp_path / "setup.json"
    document.write_text(json.dumps(finance(units={"Robotics": "USPM"}), default=str), "utf-8")
    assert say(capsys, "setup", "load", str(document))["version"] == 2

    (edited,) = say(capsys, "history", "master", "customers", "USPM", "C-001")["entries"]
    assert (edited["actor"], edited["before"], edited["after"]) == (
        ANN,
        {"sales_tax_group": None},
        {"sales_tax_group": "EXP", "change": 1},
    )
    (loaded,) = say(capsys, "history", "rates", "GBP", "USD")["entries"]
    assert (loaded["what"], loaded["before"]) == ("loaded", {"2026-01-05": None})
    assert loaded["after"] == {"2026-01-05": "1.25/1", "change": 1}
    first, second = say(capsys, "history", "setup")["entries"]
    assert (first["actor"], second["actor"]) == (None, ANN)
    assert second["before"] == {"version": 1}
    assert second["after"] == {"version": 2, "changed": "units"}
    assert say(capsys, "history", "map", "actuals") == {"entries": []}
    assert command("history", "rates", "GBP") == 2
    assert command("history", "setup") == 0
    capsys.readouterr()
    (told,) = say(capsys, "explain", "C-001")["found"]
    assert any("was edited by" in step["what"] for step in told["history"])


def test_every_command_has_json_help_and_an_example() -> None:
    found = list(verbs.leaves(cli._parser("invoicing")))
    assert len(found) > 25
    for name, parser in found:
        options = {option for action in parser._actions for option in action.option_strings}
        assert "--json" in options, name
        assert parser.description, name
        assert parser.epilog, name
        for example in verbs.examples(parser):
            assert example.startswith(f"invoicing {name}"), (name, example)
        assert all(action.help for action in parser._actions), name
    acting = {"post", "edit", "reset", "replay", "repair", "map", "master set", "rates load", "setup load"}
    with_actor = {name for name, parser in found if "--actor" in parser.format_help()}
    assert acting <= with_actor


def test_what_is_no_list_is_told_with_the_names_of_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["list", "nothing"])
    assert "'nothing' (choose from 'proposals', 'approvals', 'journals'," in capsys.readouterr().err


def test_every_example_is_one_that_the_command_line_takes() -> None:
    parser = cli._parser("invoicing")
    for _, leaf in verbs.leaves(parser):
        for example in verbs.examples(leaf):
            words = verbs.words(example)
            assert callable(parser.parse_args(words[1:]).command), example


def test_the_table_of_verbs_in_the_readme_is_that_of_the_parser() -> None:
    text = verbs.README.read_text("utf-8")
    assert verbs.with_table(text) == text, "run: python -m tools.verbs"


def test_a_call_waits_as_long_as_a_function_may_work_and_calls_once() -> None:
    waits: Any = calling.patient()
    assert waits.read_timeout > 900
    assert waits.retries == {"total_max_attempts": 1}


def test_wfl_02_proposals_are_submitted_and_approved_and_what_waits_is_listed(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    ready(books, 1)
    books.use(finance(("parameters.USPM.approval", True)))
    made = say(capsys, "proposal", "submit", "INV-0001", "INV-9999", "--comment", "August", code=2)
    assert outcomes(made) == [("INV-0001", "done", None), ("INV-9999", "unknown", "schema")]
    assert made["rows"][0]["what"] == "submitted"
    made = say(capsys, "proposal", "approve", "INV-0001", code=1)
    assert outcomes(made) == [("INV-0001", "refused", "same_person")]
    (row,) = say(capsys, "list", "approvals", "--status", "submitted")["rows"]
    assert (row["proposal_id"], row["submitted_by"], row["comment"]) == ("INV-0001", ANN, "August")
    assert command("list", "approvals") == 0
    assert "whoever has the role approver but" in " ".join(capsys.readouterr().out.split())
    with pytest.raises(SystemExit):
        command("proposal", "reject", "INV-0001")  # without a comment
    made = say(capsys, "proposal", "reset", "INV-0001", "--comment", "for another month")
    assert made["rows"][0]["what"] == "draft"
    assert command("post", "INV-0001") == 1


def test_costs_are_listed_previewed_and_posted(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    document = finance(accrual=False)
    document["profiles"]["TM"]["post_costs"] = {"time": "balance"}
    books.use(document)
    books.arrive(cost("work"), cost("more", "2"))
    books.journalise()
    asked = ("--to", "profit_and_loss", "--project", "PRJ-1", "--date", "2026-08-31")
    listed = say(capsys, "costs", "list", *asked)
    assert {one["actual_id"] for one in listed["costs"]} == {guid("work"), guid("more")}
    assert command("costs", "preview", *asked, "--without", guid("more")) == 0
    seen = capsys.readouterr().out
    assert "540100" in seen
    assert guid("more") not in seen
    made = say(capsys, "costs", "post", guid("work"), "--to", "profit_and_loss", "--date", "2026-08-31")
    assert outcomes(made) == [(guid("work"), "done", None)]
    assert made["rows"][0]["what"] == "posted to profit_and_loss: voucher PCV-000001"
    assert outcomes(say(capsys, "costs", "post", *asked, "--reason", "month end"))[0][0] == guid("more")
    assert command("costs", "post", *asked) == 0
    assert capsys.readouterr().out.startswith("Nothing to post")
    assert command("costs", "list", *asked) == 0
    assert "No cost that fits" in capsys.readouterr().out
    refused = say(capsys, "costs", "post", guid("none"), "--to", "balance", code=1)
    assert outcomes(refused) == [(guid("none"), "refused", "not_posted")]
    assert command("costs", "post", "--to", "balance", "--company", "NOPE") == 2
    assert command("costs", "list", "--to", "balance", "no-id") == 2


def test_posted_transactions_are_adjusted(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    books.arrive(cost("work"), cost("more", "2"))
    books.journalise()
    asked = (guid("work"), "--dimension", "CostCenter=999", "--date", "2026-08-31")
    assert command("adjust", "preview", *asked) == 0
    seen = capsys.readouterr().out
    assert "CostCenter=999" in seen
    made = say(capsys, "adjust", "post", *asked, "--reason", "wrong cost center")
    assert made["rows"][0]["what"] == "adjusted: voucher AAV-000001"
    assert command("adjust", "post", *asked) == 0
    assert capsys.readouterr().out.startswith("Nothing to adjust")
    assert say(capsys, "adjust", "preview", *asked)["unchanged"] == 1
    refused = say(capsys, "adjust", "post", guid("none"), "--dimension", "CostCenter=", code=1)
    assert outcomes(refused) == [(guid("none"), "refused", "not_posted")]
    assert command("adjust", "post", guid("work"), "--dimension", "CostCenter") == 2


def test_vendor_invoices_are_listed_previewed_posted_and_answered(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    books.use(borrowing())
    posted(books, sold(), sold("more", "5"))
    of = ("--company", "USPM")
    between = ("GBPM", "USPM", "--from", "2026-08-01", "--to", "2026-08-31", "--by", "project")
    assert say(capsys, "bill-intercompany", *between)["rows"][0]["what"] == "created IC-000001"
    made = say(capsys, "intercompany-lines", "GBPM", "IC-000001", "--off", guid("more"))
    assert made["rows"][0]["what"] == "lines taken off: 1"
    say(capsys, "bill-intercompany", *between)
    for number in ("IC-000001", "IC-000002"):
        books.post_invoices(proposal_id=number)
    assert command("vendor-invoices", "list", *of) == 0
    assert "FTI-00000001" in capsys.readouterr().out
    assert command("vendor-invoices", "preview", "FTI-00000001", *of) == 0
    assert "200100" in capsys.readouterr().out
    assert say(capsys, "vendor-invoices", "preview", "FTI-00000001", *of)["voucher"]["lines"]
    made = say(capsys, "vendor-invoices", "post", "FTI-00000001", *of, "--date", "2026-09-30")
    assert made["rows"][0]["what"] == "posted: voucher VIV-000001 of 2026-09-30"
    again = say(capsys, "vendor-invoices", "post", "FTI-00000001", *of, "--reason", "again", code=1)
    assert again["rows"][0]["reason"] == "already_posted"
    made = say(capsys, "vendor-invoices", "answer", "FTI-00000002", *of, "--refused", "no order")
    assert made["rows"][0]["what"] == "refused elsewhere"
    assert command("vendor-invoices", "answer", "FTI-00000002", *of, "--posted", "AP-17", "--lender", "GBPM") == 0
    assert capsys.readouterr().out
    assert command("vendor-invoices", "list", *of) == 0
    assert "has no vendor invoice that waits" in capsys.readouterr().out
    listed = say(capsys, "vendor-invoices", "list", *of, "--all")
    assert {one["voucher"] for one in listed["vendor_invoices"]} == {"VIV-000001", "AP-17"}
    assert command("vendor-invoices", "post", "FTI-00000003", *of) != 0


def test_tags_of_drafts_are_edited_and_those_of_posted_lines_corrected(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last one of this module, which keeps its set-ups: tags stay in them."""
    books.use(finance(financial_tags={"USPM": {"tags": [{"label": "Site"}]}}))
    books.arrive(cost("work"))
    books.import_staging()
    edit = ("edit", "USPM-000001", "--tag")
    assert say(capsys, *edit, "Site=Oslo")["rows"][0]["what"] == "edited"
    assert say(capsys, *edit, "Site=Rome", "--all-lines")["rows"][0]["what"] == "1 of 1 lines changed"
    assert command(*edit, "Site") == 2
    books.post_journals()
    tags = ("adjust", "tags", books.row("work")["voucher"], "--line")
    made = say(capsys, *tags, "2", "--tag", "null", "--reason", "typed wrong")
    assert made["rows"][0]["what"] == "line 2 has other tags"
    assert say(capsys, *tags, "2", "--tag", "null")["rows"][0]["what"] == "has these tags already"
    assert outcomes(say(capsys, *tags, "9", "--tag", "Site=Oslo", code=2))[0][1] == "refused"
