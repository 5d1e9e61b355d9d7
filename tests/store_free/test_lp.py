"""LP, JRN-13, 99-10: the line property of a billing type, and what it says of a line."""

from __future__ import annotations

from decimal import Decimal

import pytest

from project_invoicing.domain.codes import BillingType, WaitReason
from project_invoicing.rules.owner import Blocked
from project_invoicing.rules.resolution import Resolved, resolve
from project_invoicing.setup.problems import problems
from tests.rules.finance import finance
from tests.store_free.journalising import CONTOSO, line, looked_up, posted, sale


def test_lp_01_each_of_the_five_billing_types_has_a_line_property_of_its_own() -> None:
    mapping = {billing_type.value: f"LP-{billing_type.value}" for billing_type in BillingType}
    setup = looked_up(
        finance(
            ("parameters.USPM.line_property_mapping", mapping),
            line_properties={name: {"chargeable": True} for name in mapping.values()},
        )
    )
    assert len(mapping) == 5
    assert {name: line(sale(billing_type=name), setup).line_property for name in mapping} == mapping


def test_lp_01_a_billing_type_that_does_not_exist_is_refused() -> None:
    (problem,) = problems(finance(("parameters.USPM.line_property_mapping.sometimes", "NONE")))
    assert "sometimes" in problem


@pytest.mark.parametrize(
    ("billing_type", "line_property", "chargeable"),
    [
        pytest.param("chargeable", "CHARGE", True, id="LP-02"),
        pytest.param("non_chargeable", "NOCHARGE", False, id="LP-03 non-chargeable"),
        pytest.param("complimentary", "COMP", False, id="LP-03 complimentary"),
        pytest.param("not_specified", "NONE", False, id="LP-04 not specified"),
        pytest.param("not_available", "NONE", False, id="LP-04 not available"),
    ],
)
def test_jrn_13_a_billing_type_becomes_a_line_property(billing_type: str, line_property: str, chargeable: bool) -> None:
    made = line(sale(billing_type=billing_type))
    assert (made.line_property, made.chargeable) == (line_property, chargeable)


def test_lp_05_stg_17_a_billing_type_without_a_line_property_waits() -> None:
    document = finance(("parameters.USPM.line_property_mapping.not_available", None))
    outcome = resolve(sale(billing_type="not_available"), looked_up(document))
    assert isinstance(outcome, Blocked)
    assert outcome.wait.reason is WaitReason.LINE_PROPERTY_MISSING
    assert outcome.wait.detail == "billing type not_available has no line property in USPM"


@pytest.mark.parametrize(
    ("accrues", "chargeable", "amount"),
    [
        pytest.param(True, True, Decimal(1600), id="LP-06 yes"),
        pytest.param(False, True, None, id="LP-06 no"),
        pytest.param(True, False, None, id="99-10 what is not chargeable accrues nothing"),
    ],
)
def test_a_sale_accrues_if_its_line_property_says_so(accrues: bool, chargeable: bool, amount: Decimal | None) -> None:
    setup = looked_up(finance(("line_properties.CHARGE", {"chargeable": chargeable, "accrue_revenue": accrues})))
    found = posted(sale(), setup).accrual
    assert (found.amount if found else None) == amount


@pytest.mark.parametrize("billing_type", ["non_chargeable", "complimentary"])
def test_lp_03_what_is_given_away_is_free_whatever_its_line_property_says(billing_type: str) -> None:
    names = ("NOCHARGE", "COMP")
    setup = looked_up(finance(*((f"line_properties.{name}.chargeable", True) for name in names)))
    assert line(sale(billing_type=billing_type), setup).chargeable is False


def test_what_is_on_the_invoice_the_line_property_says() -> None:
    shown = {}
    for billing_type in ("chargeable", "non_chargeable", "complimentary"):
        resolved = resolve(sale(billing_type=billing_type), CONTOSO)
        assert isinstance(resolved, Resolved)
        shown[billing_type] = resolved.on_invoice
    assert shown == {"chargeable": True, "non_chargeable": False, "complimentary": True}
