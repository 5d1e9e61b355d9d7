"""The set-up document: what is accepted, and what a person is told about the rest."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field

from local import ROOT
from project_invoicing.setup.document import SetupDocument
from project_invoicing.setup.models.row import SetupRow
from project_invoicing.setup.problem import Problem
from project_invoicing.setup.problems import CROSS_REFERENCES, MASTER_REFERENCES, check, problems
from project_invoicing.setup.warnings import warnings
from tests.setups import document

SMALLEST = {"companies": {"USPM": {"accounting_currency": "USD"}}, "currencies": {"USD": {"precision": "0.01"}}}


def test_the_document_of_the_contract_is_right() -> None:
    assert problems(document()) == []


def test_companies_and_currencies_are_enough_and_the_rest_has_the_contracts_defaults() -> None:
    assert problems(SMALLEST) == []
    made = SetupDocument.model_validate({**SMALLEST, "parameters": {"USPM": {}}, "number_sequences": {"USPM": {}}})
    parameters = made.parameters["USPM"].model_dump(mode="json")
    assert parameters == {
        "journal_period": "days",
        "journal_line_limit": 200,
        "auto_open_period": True,
        "sales_tax_group_method": "search",
        "material_item_tax_group_method": "item",
        "milestone_item_sales_tax_group": None,
        "category_defaults": {},
        "line_property_mapping": {},
        "prevalidation_minutes": 0,
        "auto_post_proposals": False,
        "require_invoice_total": True,
        "beginning_balance_date": None,
        "allow_header_dimensions": False,
        "line_discount_category": None,
        "internal_projects_use_profile": True,
        "auto_post_journals": True,
        "post_after_hours": 0,
        "invoice_accounting_date": "invoice_date",
        "four_eyes": False,
        "four_eyes_journals": False,
        "approval": False,
        "approvers": [],
        "submitter_may_approve": False,
        "approve_vendor_invoices": False,
        "scheduled_costs": [],
        "post_costs_on_invoice": False,
        "receivables": "journal",
        "ledger": {
            "schedule": "off",
            "formats": [],
            "batch_lines": 100_000,
            "text": "{document} {project}",
            "answer_hours": 24,
        },
        "partly_paid_is_paid": False,
    }
    assert made.number_sequences["USPM"].proposal.allow_lower
    assert made.sales_tax.rounding.model_dump(mode="json") == {
        "precision": "0.01",
        "method": "normal",
        "by": "code",
        "calculation": "line",
    }


def test_a_document_read_from_json_is_the_same() -> None:
    made = SetupDocument.model_validate(document())
    stored = json.loads(json.dumps(document(), default=str))
    assert SetupDocument.read(stored) == made
    assert SetupDocument.read(made.model_dump(mode="json", by_alias=True)) == made


SCENARIOS = sorted((ROOT / "events" / "scenarios").glob("*/setup.yaml"))


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.parent.name)
def test_what_is_stored_is_read_as_it_was_checked(file: Path) -> None:
    written = yaml.safe_load(file.read_text("utf-8"))
    stored = json.loads(json.dumps(written, default=str))  # as a version is stored
    checked = SetupDocument.model_validate(written)
    read = SetupDocument.read(stored)
    assert read == checked
    assert repr(read.model_dump()) == repr(checked.model_dump())
    assert read.model_dump(by_alias=True, exclude_unset=True) == checked.model_dump(by_alias=True, exclude_unset=True)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *(("four_eyes", given) for given in (True, "yes", "ON", 1, 0, "off", "f", "n")),
        *(("journal_line_limit", given) for given in (7, "7", " 7 ", 7.0, "7.0")),
        *(("beginning_balance_date", given) for given in (None, "2026-08-01")),
        ("category_defaults", {"time": "Labor"}),
    ],
)
def test_what_is_taken_for_a_value_is_read_as_that_value(name: str, given: object) -> None:
    made = {**SMALLEST, "parameters": {"USPM": {name: given}}}
    assert problems(made) == []
    value = getattr(SetupDocument.model_validate(made).parameters["USPM"], name)
    read = getattr(SetupDocument.read(made).parameters["USPM"], name)
    assert (read, type(read)) == (value, type(value))


def test_a_row_is_frozen_and_says_what_it_lacks() -> None:
    row = SetupDocument.read(SMALLEST).companies["USPM"]
    with pytest.raises(AttributeError, match="never changes"):
        row.name = "Contoso"  # type: ignore[misc]
    with pytest.raises(AttributeError, match="accounting_currency, which must be given"):
        _ = type(row).read({}).accounting_currency
    assert (row.given, row.time_zone) == (["accounting_currency"], "UTC")
    assert hash(row) == hash(SetupDocument.model_validate(SMALLEST).companies["USPM"])


def test_a_row_that_is_declared_with_pydantic_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Wrong\.limit: use Limited and CHECKS"):
        type("Wrong", (SetupRow,), {"__annotations__": {"limit": "int"}, "limit": Field(ge=1)})


@pytest.mark.parametrize("wrong", [None, [], "companies", {}])
def test_what_is_no_document_is_told_and_not_raised(wrong: object) -> None:
    assert problems(wrong)


def test_every_error_is_told_at_once_each_with_its_path() -> None:
    wrong = document(
        ("parameters.USPM.journal_period", "day"),
        ("contracts.CTR-1.fixed_exchange_rate.rate", "0"),
        ("exchange_rates.0.rate", "abc"),
    )
    assert [problem.path for problem in check(wrong)] == [
        ("exchange_rates", 0, "rate"),
        ("parameters", "USPM", "journal_period"),
        ("contracts", "CTR-1", "fixed_exchange_rate", "rate"),
    ]
    assert str(Problem(("exchange_rates", 0, "rate"), "is wrong")) == "exchange_rates[0].rate: is wrong"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("parameters.USPM.journal_period", "day", "'day' is not allowed; use 'days', 'months', 'years' or 'all'"),
        ("parameters.USPM.journal_line_limit", 0, "input should be greater than or equal to 1, not 0"),
        ("parameters.USPM.journal_limit", 100, "is not known here; did you mean journal_line_limit?"),
        ("parameters.USPM.category_defaults", {"times": "Labor"}, "'times' is not allowed; use 'time', 'expense'"),
        ("contracts.CTR-1.fixed_exchange_rate.rte", "1", "is not known here; did you mean rate?"),
        ("exchange_rates.0.From", "GBP", "is not known here; did you mean from?"),
        ("sales_tax.codes.VAT20.rates.0.percentage", "20", "is not known here; did you mean percent?"),
        ("colour", "red", "is not known here; there is companies, currencies, "),
        ("customers.USPM.C-001", {"group": 7}, "7 must be text; put it in quotes"),
        ("customers.USPM.C-001", None, "None must be a mapping of keys to values"),
        ("profile_rules", {}, "{} must be a list"),
        ("companies.USPM", {"time_zone": "UTC"}, "is missing and must be given"),
        ("exchange_rates.0.rate", 1.25, '1.25 is no exact decimal; write it in quotes, such as "1.25"'),
        ("exchange_rates.0.rate", "1e400", "'1e400' is no exact decimal"),
        ("exchange_rates.0.rate", "1_000", "'1_000' is no exact decimal"),
        ("exchange_rates.0.rate", True, "True is no exact decimal"),
        ("exchange_rates.0.rate", "1" * 21, "no more than 20 digits"),
        ("exchange_rates.0.valid_from", "2026-1-1", "'2026-1-1' is no date; write it as 2026-08-31"),
        ("exchange_rates.0.valid_from", datetime(2026, 1, 1), "is no date"),  # noqa: DTZ001
        ("exchange_rates.0.valid_from", 20260101, "20260101 is no date"),
        ("exchange_rates.0.valid_from", "2026-02-30", "input should be a valid date"),
        ("companies.USPM.time_zone", "New York", "'New York' is no time zone; use an IANA name such as America"),
        ("number_sequences.USPM.invoice", "FTI", "'FTI' is no number format; it needs one run of # for the counter"),
        ("contract_lines.CTR-1-1.billing_method", "investment", "'investment' is not allowed here; use one of time_"),
        ("profiles.TM-WIP.post_costs", {"fee": "balance"}, "'fee' is not allowed here; use one of time, expense, mat"),
    ],
)
def test_a_wrong_value_is_told_with_what_would_be_right(path: str, value: Any, told: str) -> None:
    (problem,) = problems(document((path, value)))
    assert problem.startswith(path.replace(".0", "[0]"))
    assert told in problem


@pytest.mark.parametrize("given", ["125", 125, Decimal("125.0")])
def test_exact_numbers_are_taken_however_they_are_written(given: object) -> None:
    made = SetupDocument.model_validate(document(("exchange_rates.0.rate", given)))
    assert made.exchange_rates[0].rate == Decimal(125)


@pytest.mark.parametrize("given", ["2026-01-01", date(2026, 1, 1)])
def test_dates_are_taken_as_text_or_as_yaml_reads_them(given: object) -> None:
    made = SetupDocument.model_validate(document(("exchange_rates.0.valid_from", given)))
    assert made.exchange_rates[0].valid_from == date(2026, 1, 1)


def test_a_long_value_is_shown_by_its_beginning() -> None:
    (problem,) = problems(document(("parameters.USPM.journal_period", "x" * 500)))
    assert len(problem) < 200


def put(row: Any, steps: list[str], name: str) -> None:
    """Puts ``name`` at the first place that a path of CROSS_REFERENCES leads to."""
    step: Any = steps[0]
    below = steps[1:]
    if step in ("*", "{company}"):
        step = 0 if isinstance(row, list) else next(iter(row))
        if not below and not isinstance(row[step], str):
            row[name] = row.pop(step)
            return
    if below:
        put(row[step], below, name)
    else:
        row[step] = name


DEFAULTS = {
    "customer_groups": {"USPM": {"DOM": {"sales_tax_group": "DOM", "terms_of_payment": "N30"}}},
    "project_groups": {"USPM": {"time_and_material": "TM"}},
    "products": {"item_sales_tax_group": "GOODS"},
    "terms": {"1": "N30"},
    "sales_tax_groups": {"USPM": "DOM"},
}


def with_nowhere(source: str) -> dict[str, Any]:
    rules = [{"company": "USPM", "profile": "TM-WIP", **({"project": "PRJ-1"} if source.endswith("project") else {})}]
    rules += [{"company": "USPM", "profile": "TM-WIP", "contract": "CTR-1"}] if source.endswith("contract") else []
    made = document(profile_rules=rules[-1:], units={"Contoso": "USPM"}, defaults=deepcopy(DEFAULTS))
    made["item_costs"] = [{"company": "USPM", "product": "P-100", "valid_from": "2026-08-01", "unit_cost": "1.20"}]
    made["ledger_posting"]["USPM"] += [
        {"posting_type": "cost", "project": "PRJ-1", "account": "1"},
        {"posting_type": "customer_balance", "customer": "C-001", "account": "1"},
    ]
    put(made, source.split("."), "Nowhere")
    return made


@pytest.mark.parametrize(("source", "target"), CROSS_REFERENCES)
def test_a_name_that_leads_nowhere_is_told(source: str, target: str) -> None:
    assert any("'Nowhere' is not in " in problem for problem in problems(with_nowhere(source)))


@pytest.mark.parametrize(("source", "target"), MASTER_REFERENCES)
def test_a_name_of_master_data_that_may_still_arrive_is_a_warning(source: str, target: str) -> None:
    made = with_nowhere(source)
    assert problems(made) == []
    told = [str(warning) for warning in warnings(SetupDocument.model_validate(made), date(2026, 8, 31))]
    assert any("is not known yet" in warning and "'Nowhere' is not in " in warning for warning in told)


@pytest.mark.parametrize(
    ("part", "entry"),
    [
        ("contracts", {"sales_tax_group": "DOM"}),
        ("contract_lines", {"dimensions": {"Unit": "UK"}}),
        ("projects", {"group": "TM"}),
    ],
)
def test_an_entry_may_be_partial_because_a_row_may_give_the_rest(part: str, entry: dict[str, Any]) -> None:
    made = document()
    made[part]["NEW"] = entry
    assert problems(made) == []
    told = [str(warning) for warning in warnings(SetupDocument.model_validate(made), date(2026, 8, 31))]
    assert not [text for text in told if text.startswith(f"{part}.NEW")]


@pytest.mark.parametrize(("written", "value"), [(True, "on"), (False, "off"), ("on", "on"), ("off", "off")])
def test_a_switch_is_taken_as_text_or_as_yaml_reads_it(written: object, value: str) -> None:
    assert SetupDocument.model_validate(document(master_rows=written)).master_rows == value


def test_a_switch_has_two_positions() -> None:
    assert problems(document(master_rows="yes")) == ["master_rows: 'yes' is not allowed; use 'on' or 'off'"]


def test_a_name_that_is_nearly_right_is_told_with_the_right_one() -> None:
    assert problems(document(("transaction_categories.USPM.Installation", "Labour"))) == [
        "transaction_categories.USPM.Installation: 'Labour' is not in categories.USPM; did you mean Labor?"
    ]
    assert problems(document(("contracts.CTR-1.company", "X"))) == [
        "contracts.CTR-1.company: 'X' is not in companies; there is USPM, GBPM"
    ]


def test_defaults_of_parameters_and_references_may_lead_nowhere_because_the_rows_wait() -> None:
    assert (
        problems(
            document(
                ("parameters.USPM.category_defaults", {"time": "Nowhere"}),
                ("parameters.USPM.line_property_mapping", {"chargeable": "Nowhere"}),
                ("references.salesorder", {"22222222-2222-2222-2222-222222222222": "Nowhere"}),
            )
        )
        == []
    )


def test_accrual_is_refused_where_the_cost_stays_on_the_balance_sheet() -> None:
    """LED-39."""
    (problem,) = problems(document(("profiles.TM-WIP.post_costs.time", "balance")))
    assert problem.startswith("profiles.TM-WIP: accrue_revenue.time needs post_costs.time: profit_and_loss")


def test_led_40_a_fixed_price_without_estimates_is_invoiced_to_profit_and_loss() -> None:
    without = {"billing_method": "fixed_price", "estimate_principle": "no_wip"}
    assert problems(document(("profiles.FP", without))) == []
    (problem,) = problems(document(("profiles.FP", {**without, "on_account": "balance"})))
    assert problem.startswith("profiles.FP: estimate_principle: no_wip needs on_account: profit_and_loss")
    (problem,) = problems(document(("profiles.TM-WIP.estimate_principle", "no_wip")))
    assert problem == "profiles.TM-WIP: estimate_principle is for billing_method: fixed_price; leave it out"


def test_ivp_01_an_investment_accrues_no_revenue() -> None:
    (problem,) = problems(document(("profiles.TM-WIP.billing_method", "investment")))
    assert problem.startswith("profiles.TM-WIP: accrue_revenue is not for billing_method: investment")
    assert (
        problems(document(("profiles.TM-WIP", {"billing_method": "investment", "accrue_revenue": {"time": False}})))
        == []
    )


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            "profile_rules",
            [{"company": "USPM", "project": "PRJ-1", "contract": "CTR-1", "profile": "TM-WIP"}],
            "profile_rules[0]: project and contract exclude each other; keep one of them",
        ),
        (
            "profile_rules",
            [{"company": "USPM", "profile": "TM-WIP"}, {"company": "USPM", "profile": "TM-WIP"}],
            "profile_rules[1]: is for the same as entry [0]; keep one of them",
        ),
        (
            "exchange_rates",
            [
                {"from": "GBP", "to": "USD", "valid_from": "2026-01-01", "rate": rate, "factor": 1}
                for rate in ("1", "2")
            ],
            "exchange_rates[1]: is for the same as entry [0]; keep one of them",
        ),
        (
            "ledger_posting",
            {"USPM": [{"posting_type": "cost", "account": account} for account in ("1", "2")]},
            "ledger_posting.USPM[1]: is for the same as entry [0]; keep one of them",
        ),
        (
            "ledger_posting",
            {"USPM": [{"posting_type": "cost", "category": "Labor", "category_group": "Stock", "account": "1"}]},
            "ledger_posting.USPM[0]: category and category_group exclude each other; keep one of them",
        ),
        (
            "fiscal_periods",
            {"USPM": [{"start": "2026-08-31", "end": "2026-08-01", "status": "open"}]},
            "fiscal_periods.USPM[0]: the end 2026-08-01 is before the start 2026-08-31",
        ),
        (
            "fiscal_periods",
            {
                "USPM": [
                    {"start": "2026-08-31", "end": "2026-09-30", "status": "open"},
                    {"start": "2026-08-01", "end": "2026-08-31", "status": "closed"},
                ]
            },
            "fiscal_periods.USPM[0]: starts on 2026-08-31, before the period from 2026-08-01 to 2026-08-31 is over",
        ),
    ],
)
def test_rows_that_contradict_each_other_are_told(path: str, value: Any, told: str) -> None:
    assert problems(document((path, value))) == [told]


def test_a_hundred_problems_are_told_at_once() -> None:
    many = {f"PRJ-{number}": {"company": "Nowhere"} for number in range(1000)}
    assert len(problems(document(projects=many, profile_rules=[]))) == 100


def places(node: Any, path: str = "") -> list[str]:
    """The paths of everything below ``node``."""
    below = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, member in below for place in (f"{path}{key}", *places(member, f"{path}{key}."))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)


# On a busy machine input is made slowly, which says nothing about the code.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(places(document(references={}))), JSON)
def test_whatever_stands_where_it_should_not_is_told_and_never_raised(place: str, value: Any) -> None:
    assert all(": " in problem for problem in problems(document((place, value), references={})))
