"""What the API answers to a payment: done, kept for later, or refused (PAY-03, PAY-08)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.rules.books import Books
from tests.rules.finance import TAXED, finance
from tests.rules.stories import approval, billed
from tests.workspace.calling import Api
from tests.workspace.oidc_issuer import OidcIssuer

ADDRESS = "/api/v1/receivables/payments"
PAYMENT = {"company": "USPM", "settlement_id": "P-1", "version": 1, "date": "2026-09-10", "currency": "USD"}
INVOICE = "FTI-00000001"


@pytest.fixture(scope="module")
def posted(new_books: Callable[[], Books]) -> Books:
    made = new_books()
    made.use(finance(TAXED))
    made.arrive(*approval(), *billed())
    made.journalise()
    made.post_invoices()
    return made


@pytest.fixture
def api(posted: Books, issuer: OidcIssuer) -> Api:
    return Api.of(issuer, posted)


@pytest.mark.parametrize(
    ("said", "reason", "told"),
    [
        ({"invoice_number": "FTI-9"}, "unknown_invoice", "USPM has posted no invoice FTI-9"),
        ({"invoice_number": INVOICE, "currency": "GBP"}, "other_currency", "is in USD, and the payment in GBP"),
        ({"invoice_number": INVOICE, "amount": "1.001"}, "too_many_digits", "amount is 1.001"),
    ],
)
def test_pay_03_what_is_set_aside_is_kept_which_202_says_with_the_reason(
    api: Api, said: dict[str, Any], reason: str, told: str
) -> None:
    payment = {**PAYMENT, "settlement_id": f"P-{reason}", "amount": "5.00", **said}
    for _ in range(2):  # the same again is still kept
        status, answer = api.post(ADDRESS, payment)
        assert (status, answer["outcome"]) == (202, "set_aside"), answer
        (why,) = answer["aside"]
        assert (why["reason"], why["company"], why["document"]) == (reason, "USPM", payment["invoice_number"])
        assert told in why["detail"]
        assert "refused" not in answer
    assert api.post(ADDRESS, {**payment, "version": 2, "canceled": True})[0] == 200
    status, answer = api.post(ADDRESS, payment)
    assert (status, answer["outcome"]) == (200, "older")


def test_pay_08_a_repetition_is_done_and_another_content_of_the_same_version_is_409(api: Api) -> None:
    payment = {**PAYMENT, "invoice_number": INVOICE, "amount": "1000.00"}
    status, answer = api.post(ADDRESS, payment)
    assert (status, answer["outcome"]) == (200, "applied")
    assert answer["open"] == [{"invoice_number": INVOICE, "open": "920.00", "currency": "USD"}]
    status, answer = api.post(ADDRESS, payment)
    assert (status, answer["outcome"], answer["open"]) == (200, "repeated", [])
    status, problem = api.post(ADDRESS, payment | {"amount": "1.00"})
    assert (status, problem["reason"]) == (409, "same_version_differs")
    status, answer = api.post(ADDRESS, payment | {"version": 2, "amount": "2000.00"})
    assert (status, answer["open"][0]["open"]) == (200, "0.00")  # 80.00 are the customer's


def test_the_description_has_both_answers(api: Api) -> None:
    described = api.get("/api/v1/openapi.json")[1]
    answers = described["paths"][ADDRESS]["post"]["responses"]
    assert {"200", "202", "409"} <= set(answers)
    told = described["components"]["schemas"]["RecordPaymentAnswer"]["properties"]
    assert "set_aside" in told["outcome"]["enum"]
    assert "same_version_differs" not in told["aside"]["items"]["properties"]["reason"]["enum"]
