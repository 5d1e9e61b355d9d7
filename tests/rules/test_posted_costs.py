"""Costs posted between balance sheet and profit and loss, through the functions and the stored rows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from local.functions import Context as Lambda
from project_invoicing.use_cases.commands import post_costs
from tests.builders import Context, connection, guid, references
from tests.rules.books import Books, before_transaction
from tests.rules.finance import finance
from tests.rules.invoices.test_intercompany_invoices import between_companies
from tests.rules.journals.test_journals_intercompany import lent
from tests.rules.stories import bill, billed, bills, cost, reverses, sale

COMPANY = "USPM"
WORK = guid("work/cost")


def setup(*values: tuple[str, Any], side: str = "balance", accrues: bool = False) -> dict[str, Any]:
    document = finance(*values, accrual=accrues)
    document["profiles"]["TM"]["post_costs"] = dict.fromkeys(("time", "expense", "material"), side)
    return document


def of_cost(sale: str, cost: str) -> Context:
    """CONN-02."""
    return connection(f"{sale}-{cost}", sale, "Unbilled Sales", cost, "Cost")


def approved(name: str = "work", **columns: Any) -> list[Context]:
    return [
        cost(f"{name}/cost", **columns),
        sale(f"{name}/unbilled", **columns),
        of_cost(f"{name}/unbilled", f"{name}/cost"),
    ]


def post(books: Books, to: str = "profit_and_loss", **asked: Any) -> Any:
    return books.do("post_costs", company=COMPANY, to=to, date="2026-08-31", **({"costs": {}} | asked))


def preview(books: Books, to: str = "profit_and_loss", **costs: Any) -> Any:
    return books.do("preview_costs", company=COMPANY, to=to, date="2026-08-31", costs=costs)


@pytest.fixture
def worked(books: Books) -> Books:
    """An hour's cost on the balance sheet."""
    books.use(setup())
    books.arrive(*approved())
    books.journalise()
    return books


def test_pco_01_a_cost_is_seen_then_posted_with_a_voucher_of_its_own(worked: Books) -> None:
    shown = preview(worked)
    assert [(one["actual_id"], one["from"], one["to"]) for one in shown["costs"]] == [
        (WORK, "balance", "profit_and_loss")
    ]
    debit_and_credit = [(line["account"], line["accounting_amount"]) for line in shown["costs"][0]["voucher"]["lines"]]
    assert debit_and_credit == [("540100", "800.00"), ("161100", "-800.00")]
    assert (shown["more"], "PCV-000001" in str(worked.result["vouchers"])) == (False, False)
    answer = post(worked, actor="ann@contoso.example", reason="month end")
    assert answer["posted"] == [{"actual_id": WORK, "voucher": "PCV-000001"}]
    assert worked.voucher("PCV-000001") == [("cost", "800.00", "800.00"), ("wip_cost_value", "-800.00", "-800.00")]
    assert worked.balances() == {"cost": Decimal(800), "payroll_allocation": Decimal(-800)}


def test_pco_13_a_second_run_does_nothing_and_the_other_direction_brings_it_back(worked: Books) -> None:
    post(worked)
    assert (post(worked)["posted"], preview(worked)["costs"]) == ([], [])
    assert post(worked, costs={"actual_id": WORK})["unchanged"] == 1
    assert post(worked, "balance")["posted"] == [{"actual_id": WORK, "voucher": "PCV-000002"}]
    assert worked.balances() == {"wip_cost_value": Decimal(800), "payroll_allocation": Decimal(-800)}


def test_pco_14_the_reversal_of_a_moved_cost_leaves_nothing_anywhere(worked: Books) -> None:
    post(worked)
    worked.arrive(cost("work/reversed", "-8"), reverses("work/reversed", "work/cost"))
    worked.journalise()
    assert worked.voucher_of("work/reversed") == [
        ("cost", "-800.00", "-800.00"),
        ("payroll_allocation", "800.00", "800.00"),
    ]
    assert worked.balances() == {}
    refused = post(worked, "balance", costs={"actual_id": [WORK]})["refused"]
    assert [(one["document"], one["reason"]) for one in refused] == [(WORK, "taken_back")]


def test_bal_03_pco_14_a_project_gets_a_contract_after_one_of_its_costs_was_moved(books: Books) -> None:
    """Two costs of 800, internal and on the balance sheet: one goes to profit and loss. Then both are made anew."""
    internal: dict[str, Any] = {"project": "PRJ-OWN", "contract": None, "contract_line": None, "customer": None}
    own = ("projects.PRJ-OWN", {"company": COMPANY, "group": "OWN"})
    known = ("references.msdyn_project", references(project=["PRJ-1", "PRJ-OWN"])["msdyn_project"])
    books.use(setup(own, known))
    books.arrive(cost("one", **internal), cost("two", **internal))
    books.journalise()
    assert post(books, costs={"actual_id": guid("one")})["posted"]
    assert books.balances() == {"cost": 800, "wip_cost_value": 800, "payroll_allocation": -1600}

    books.use(setup(("projects.PRJ-OWN", {"company": COMPANY, "contract": "CTR-1"}), known, side="profit_and_loss"))
    for name in ("one", "two"):
        books.arrive(
            cost(f"{name}/back", "-8", **internal),
            reverses(f"{name}/back", name),
            cost(f"{name}/anew", project="PRJ-OWN"),
        )
    books.journalise()
    assert books.voucher_of("one/back")[0] == ("cost", "-800.00", "-800.00")
    assert books.voucher_of("two/back")[0] == ("wip_cost_value", "-800.00", "-800.00")
    assert books.voucher_of("one/anew")[0] == ("cost", "800.00", "800.00")
    assert books.balances() == {"cost": 1600, "payroll_allocation": -1600}
    assert [one["reason"] for one in post(books, "balance", costs={"actual_id": guid("one")})["refused"]] == [
        "taken_back"
    ]
    assert differences(books) == []


def test_a_cost_whose_reversal_is_on_a_draft_stays_where_it_is(worked: Books) -> None:
    worked.arrive(cost("work/reversed", "-8"), reverses("work/reversed", "work/cost"))
    worked.import_staging()
    assert post(worked, costs={"actual_id": WORK})["refused"][0]["reason"] == "taken_back"
    worked.post_journals()
    assert worked.balances() == {}


def test_a_reversal_that_is_imported_while_its_cost_is_moved_is_imported_again(worked: Books) -> None:
    worked.arrive(cost("work/reversed", "-8"), reverses("work/reversed", "work/cost"))
    with before_transaction(worked, 0, lambda: post(worked)):
        worked.import_staging()
    assert worked.state("work/reversed") == "pending"
    worked.journalise()
    assert worked.balances() == {}


def test_pco_03_accrued_and_invoiced_costs_are_not_offered_and_refused_by_id(books: Books) -> None:
    books.use(setup(side="profit_and_loss", accrues=True))
    books.arrive(*approved(), *approved("free", billing_type="non_chargeable"))
    books.journalise()
    offered = [one["actual_id"] for one in preview(books, "balance")["costs"]]
    assert offered == [guid("free/cost")]
    answer = post(books, "balance", costs={"actual_id": [WORK, guid("free/cost")]})
    assert [(one["document"], one["reason"]) for one in answer["refused"]] == [(WORK, "revenue_accrued")]
    assert [one["actual_id"] for one in answer["posted"]] == [guid("free/cost")]
    books.arrive(*billed())
    books.journalise()
    books.post_invoices()
    assert post(books, "balance", costs={"actual_id": WORK})["refused"][0]["reason"] == "invoiced"


def test_pco_04_an_invoice_moves_no_cost_and_the_cost_can_go_to_profit_and_loss_afterwards(worked: Books) -> None:
    worked.arrive(*billed()[:1], bill("work/billed"), bills("work/billed", "work/unbilled"))
    worked.journalise()
    worked.post_invoices()
    assert worked.balances()["wip_cost_value"] == 800
    post(worked)
    assert worked.balances()["cost"] == 800


def test_pco_11_costs_are_chosen_by_what_their_lines_say(books: Books) -> None:
    books.use(setup())
    books.arrive(
        *approved(),
        cost("pounds", project="PRJ-GBP", contract="CTR-GBP", contract_line="CTR-GBP-1", currency="GBP"),
        cost("travel", "1", "2000", transaction_class="expense", category=None, start="2026-08-20T12:00:00Z"),
        cost("free", billing_type="non_chargeable"),
    )
    books.journalise()

    def found(**choice: Any) -> set[str]:
        names = {guid(name): name for name in ("work/cost", "pounds", "travel", "free")}
        return {names[one["actual_id"]] for one in preview(books, **choice)["costs"]}

    assert found() == {"work/cost", "pounds", "travel", "free"}
    assert found(project="PRJ-GBP") == found(contract="CTR-GBP") == {"pounds"}
    assert found(**{"class": "expense"}) == found(until="2026-08-20") == {"travel"}
    assert found(line_property="NOCHARGE") == {"free"}
    assert found(project="PRJ-1", **{"from": "2026-08-21"}, without=[guid("free")]) == {"work/cost"}
    for wrong in ({"colour": "red"}, {"class": "tax free"}, {"from": "yesterday"}, {"actual_id": "x"}):
        assert preview(books, **wrong)["outcome"].startswith("refused: ")


def test_pco_11_a_person_posts_a_hundred_at_once(worked: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    assert post_costs.BY_HAND == 100
    monkeypatch.setattr(post_costs, "BY_HAND", 1)
    worked.arrive(*approved("more"))
    worked.journalise()
    assert preview(worked)["more"] is True
    assert "more than 1 costs" in post(worked)["outcome"]
    assert post(worked, costs={"actual_id": WORK})["posted"]


def test_pco_10_a_closed_period_is_refused_before_anything_is_written(worked: Books) -> None:
    answer = worked.do("post_costs", company=COMPANY, to="profit_and_loss", date="2027-01-01", costs={})
    assert [one["reason"] for one in answer["refused"]] == ["period_closed"]
    assert worked.balances()["wip_cost_value"] == 800


@pytest.mark.parametrize(
    ("action", "asked"),
    [
        ("post_costs", {"to": "profit_and_loss", "costs": {}}),
        ("adjust_accounting", {"actual_ids": [WORK], "dimensions": {"CostCenter": "999"}}),
    ],
)
def test_pco_10_ada_11_four_eyes_ask_nothing_of_what_one_person_says_and_posts_at_once(
    books: Books, action: str, asked: dict[str, Any]
) -> None:
    ann = {"actor": "ann@contoso.example"}
    books.use(setup(("parameters.USPM.four_eyes", True), ("parameters.USPM.four_eyes_journals", True)))
    books.arrive(*approved())
    books.import_staging()
    journal = {"company": COMPANY, "journal_id": "USPM-000001"}
    books.world.edit("edit", **journal, actual_id=WORK, sales_tax_group="DOM", **ann)
    assert [one["reason"] for one in books.run("journal_posting", **journal, **ann)["refused"]] == ["four_eyes"]
    books.run("journal_posting", **journal, actor="bob@contoso.example")
    answer = books.do(action, company=COMPANY, date="2026-08-31", **asked, **ann)
    assert "refused" not in answer, answer
    assert len(answer.get("posted") or answer["adjusted"]) == 1


def test_a_moved_cost_says_who_moved_it_and_the_voucher_is_explained(worked: Books) -> None:
    post(worked, actor="ann@contoso.example", reason="month end")
    told = str(worked.run("explain", id=WORK))
    assert "was moved by ann@contoso.example" in told
    assert "cost balance -> profit_and_loss" in told
    assert "PCV-000001" in told
    told = worked.run("explain", id="PCV-000001")
    assert [(one["kind"], one["facts"]["reason"]) for one in told["found"]] == [("voucher", "month end")]


def test_what_is_asked_for_wrongly_is_said(worked: Books) -> None:
    for asked, why in (
        ({"company": "NOPE", "to": "balance", "costs": {}}, "company"),
        ({"company": COMPANY, "to": "sideways", "costs": {}}, "to is balance or profit_and_loss"),
        ({"company": COMPANY, "to": "balance"}, "needs costs"),
    ):
        assert why in worked.do("post_costs", **asked)["outcome"]


BY_SCHEDULE = {"to": "profit_and_loss", "since": "2026-08-01", "until": "2026-08-31"}


def test_pco_12_the_schedule_posts_what_it_is_told_once_a_day(worked: Books) -> None:
    assert "costs" not in worked.world.schedule("journal_posting")
    worked.use(setup(("parameters.USPM.scheduled_costs", [BY_SCHEDULE])))
    assert worked.scheduled("journal_posting")["costs"] == 1
    assert worked.balances() == {"cost": Decimal(800), "payroll_allocation": Decimal(-800)}
    voucher = next(one for one in worked.result["vouchers"] if one["source"] == "post_costs")
    assert voucher["accounting_date"] == worked.world.at[:10]
    worked.arrive(*approved("more"))
    worked.journalise()
    assert worked.scheduled("journal_posting")["costs"] == 0
    worked.world.at = "2026-09-01T13:00:00Z"
    assert worked.scheduled("journal_posting")["costs"] == 1


def test_pco_12_a_run_without_time_is_continued_by_the_next(worked: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    worked.arrive(*approved("more"))
    worked.journalise()
    worked.use(setup(("parameters.USPM.scheduled_costs", [BY_SCHEDULE])))
    left = iter([300_000, 0])
    with monkeypatch.context() as patched:
        patched.setattr(Lambda, "get_remaining_time_in_millis", staticmethod(lambda: next(left)))
        assert worked.scheduled("journal_posting")["costs"] == 1
    assert worked.scheduled("journal_posting")["costs"] == 1
    assert worked.balances()["cost"] == 1600


def test_pco_12_a_cost_goes_with_the_invoice_after_which_all_its_sales_are_invoiced(worked: Books) -> None:
    worked.use(setup(("parameters.USPM.post_costs_on_invoice", True)))
    worked.arrive(
        sale("half", "4"), of_cost("half", "work/cost"), *billed()[:1], bill("b"), bills("b", "work/unbilled")
    )
    worked.journalise()
    worked.post_invoices()
    assert worked.balances()["wip_cost_value"] == 800
    header = billed(total="800", invoice="inv-2", number="INV-0002")[0]
    worked.arrive(header, bill("b-2", "4", invoice="inv-2"), bills("b-2", "half"))
    worked.journalise()
    worked.post_invoices(invoice_date="2026-09-15")
    assert "wip_cost_value" not in worked.balances()
    voucher = next(one for one in worked.result["vouchers"] if one["source"] == "post_costs")
    assert voucher["accounting_date"] == worked.invoice("INV-0002")["accounting_date"]


def differences(books: Books) -> list[tuple[str, str]]:
    checks = books.call("reconciliation", {"time": books.world.at, "source": "aws.events", "detail": {}})["checks"]
    return [(one["name"], found["detail"]) for one in checks for found in one["found"]]


def test_the_reconciliation_finds_a_cost_that_is_not_where_its_row_says(worked: Books) -> None:
    post(worked)
    assert differences(worked) == []
    table, client = worked.world.names.staging_table, worked.world.client
    key = {"pk": {"S": WORK}, "sk": {"S": "A"}}
    client.update_item(TableName=table, Key=key, UpdateExpression="REMOVE cv")
    assert differences(worked) == [("moved", "voucher PCV-000001 of post costs: no row names it")]
    moved = {":ca": {"S": '{"wip_cost_value":"161100","payroll_allocation":"600300"}'}}
    client.update_item(TableName=table, Key=key, UpdateExpression="SET ca = :ca", ExpressionAttributeValues=moved)
    assert [detail for _, detail in differences(worked)][1:] == [
        "the ledger has costs of 0.00, the rows have 800 there",
        "the ledger has costs of 800, the rows have 0 there",
    ]


def test_pco_05_what_is_lent_is_moved_whatever_the_other_company_agreed_with_its_customer(books: Books) -> None:
    document = between_companies(("contract_lines.CTR-1-1.billing_method", "fixed_price"))
    books.use(document | {"profiles": setup()["profiles"], "intercompany": document["intercompany"]})
    books.arrive(lent("lent", quantity="10", resource="Molly Clark"))
    books.journalise()
    shown = books.do("preview_costs", company="GBPM", to="balance", date="2026-08-31", costs={})
    assert [(one["actual_id"], one["to"]) for one in shown["costs"]] == [(guid("lent"), "balance")]
