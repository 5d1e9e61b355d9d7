"""PAY: what is open of an invoice after what receivables tells, what Dataverse is told, and how old it is. No store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from project_invoicing.dataverse.mapping import payment_write_back
from project_invoicing.dataverse.maps import overridden
from project_invoicing.domain.codes import PaymentRefusal, WriteBackState
from project_invoicing.domain.invoice import Invoice
from project_invoicing.domain.payment import Balance, Effect, Payment, Receivable, Settlement, Standing, payment_in
from project_invoicing.errors import Rejected
from project_invoicing.rules.ageing import Ageing, Bucket, bucket_of
from project_invoicing.rules.figures import Figures
from project_invoicing.rules.payment_form import payment_of, payments_in
from project_invoicing.rules.payments import balance_of, changed, judged, known
from project_invoicing.rules.reconciliation.proformas import payments_not_written
from project_invoicing.rules.write_back import row_of_payments
from project_invoicing.setup.lookups import FinanceSetup
from tests.setups import finance_setup
from tests.store_free.recorded import invoice

SETUP = finance_setup()
PARTLY_IS_PAID = finance_setup(("parameters.USPM.partly_paid_is_paid", True))
FTI_1 = invoice()
"""1,920.00 USD with tax."""
FTI_2 = invoice(invoice_number="FTI-2", subtotal=Decimal("-400.00"), sales_tax=Decimal(-80), total=Decimal("-480.00"))
"""A credit note."""


def told(id: Any = "P-1", version: Any = 1, **said: Any) -> Payment:
    usual = {"company": "USPM", "date": "2026-09-10", "currency": "USD", "invoice_number": "FTI-1"}
    return payment_of(usual | {"settlement_id": id, "version": version} | said)


def after(*payments: Payment, of: Invoice = FTI_1, setup: FinanceSetup = SETUP) -> Receivable:
    """What is settled of an invoice once these counted in it, in this order."""
    made = Receivable(of.company, of.invoice_number)
    for payment in payments:
        counts = of.invoice_number in payment.documents
        made = changed(made, payment if counts else None, payment, setup)
    return made


def stands(*payments: Payment, of: Invoice = FTI_1) -> tuple[str, str, Standing]:
    balance = balance_of(of, after(*payments, of=of))
    show = Figures(SETUP)
    return show.amount(balance.open, of.currency), show.amount(balance.over, of.currency), balance.standing


def told_there(*payments: Payment, of: Invoice = FTI_1, setup: FinanceSetup = SETUP) -> dict[str, Any]:
    return row_of_payments(of, after(*payments, of=of, setup=setup))


PAID: dict[str, Any] = {"status": "invoice_paid", "state": "paid", "reason": "complete"}
ACTIVE: dict[str, Any] = {"status": "posted", "state": "active", "reason": None}


def test_pay_01_the_codes_and_columns_are_those_of_the_table_map_and_can_be_changed() -> None:
    columns = payment_write_back(**PAID, amount_due=Decimal(0))
    assert columns == {"msdyn_projectinvoicestatus": 192350003, "statecode": 2, "statuscode": 100001}
    assert payment_write_back(**ACTIVE) == {"msdyn_projectinvoicestatus": 192350010, "statecode": 0}
    partial = payment_write_back(status="posted", state="paid", reason="partial")
    assert (partial["statecode"], partial["statuscode"]) == (2, 100002)
    own = {"amount_due": "msdyn_amountdue", "codes": {"status": {"999": "invoice_paid"}, "reason": {"7": "complete"}}}
    made = overridden({"payments_write_back": own})["payments_write_back"]
    by_field = {column.field: column for column in made.columns}
    assert by_field["amount_due"].column == "msdyn_amountdue"
    assert (by_field["status"].codes or {})[999] == "invoice_paid"
    assert (by_field["reason"].codes or {})[7] == "complete"


def test_pay_03_a_payment_is_read_whole_and_written_the_same_however_its_figures_are() -> None:
    said: dict[str, Any] = {
        "amount": "1881.60",
        "cash_discount": "38.4",
        "written_off": 0,
        "canceled": False,
        "unknown": "x",
    }
    payment = told(**said)
    assert (payment.amount, payment.cash_discount, payment.written_off) == (
        Decimal("1881.6"),
        Decimal("38.40"),
        Decimal(0),
    )
    assert payment.text == told(**{**said, "amount": "1881.6000", "cash_discount": Decimal("38.40")}).text
    assert payment_in(payment.text) == payment
    assert payment_in(told(canceled=True).text) == told(canceled=True)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"company": " "}, "company"),
        ({"settlement_id": None}, "settlement_id"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "1.5"}, "version"),
        ({"date": None}, "date"),
        ({"date": "10.09.2026"}, "date"),
        ({"date": "0001-01-01"}, "date"),
        ({"currency": ""}, "currency"),
        ({"amount": "1_000"}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": "1e400"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"invoice_number": None}, "invoice_number"),
        ({"invoice_number": "A\nB"}, "invoice_number"),
        ({"canceled": "perhaps"}, "canceled"),
        ({"credit_note": "FTI-1"}, "credit_note"),
        ({"credit_note": "FTI-2", "amount": "-5"}, "amount"),
        ({"credit_note": "FTI-2", "cash_discount": "5"}, "amount"),
    ],
)
def test_pay_03_what_is_no_payment_says_which_field_is_wrong(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Rejected) as raised:
        told(**{"amount": "5", **said})
    assert raised.value.field == field


def test_pay_03_a_file_has_a_payment_a_line_and_a_bad_line_is_given_as_it_stands() -> None:
    head = "company,settlement_id,version,invoice_number,amount,canceled"
    text = "\r\n".join([head, "USPM,P-1,1,FTI-1,5.00,", "", "USPM,P-2,2,,,yes", ""])
    rows = list(payments_in("a.csv", b"\xef\xbb\xbf" + text.encode()))
    assert [line for line, _ in rows] == [2, 4]
    assert rows[0][1] == {
        "company": "USPM",
        "settlement_id": "P-1",
        "version": "1",
        "invoice_number": "FTI-1",
        "amount": "5.00",
    }
    assert payment_of(rows[1][1]).canceled
    lines = list(payments_in("a.jsonl", b'{"amount": 5.10}\n\nno json\n'))
    assert lines == [(1, {"amount": Decimal("5.10")}), (3, "no json")]
    for name, wrong in (("a.csv", b"company,amount\n"), ("a.txt", b""), ("a.csv", b"\xff\xfe")):
        with pytest.raises(Rejected):
            list(payments_in(name, wrong))


def test_pay_04_a_part_that_is_paid_leaves_the_rest_open_and_the_state_active() -> None:
    assert stands(told(amount="1000.00")) == ("920.00", "0.00", Standing.PARTLY_PAID)
    assert told_there(told(amount="1000.00")) == ACTIVE | {"amount_due": Decimal("920.00")}


@pytest.mark.parametrize(
    "rest", [{"amount": "920"}, {"amount": "881.60", "cash_discount": "38.40"}, {"written_off": "920"}]
)
def test_pay_05_nothing_open_is_paid_whichever_way_it_was_settled(rest: dict[str, str]) -> None:
    paid = [told(amount="1000"), told("P-2", **rest)]
    assert stands(*paid) == ("0.00", "0.00", Standing.PAID)
    assert told_there(*paid) == PAID | {"amount_due": Decimal(0)}
    assert told_there(told(amount="1881.60", cash_discount="38.40")) == PAID | {"amount_due": Decimal(0)}


def test_pay_06_a_payment_that_counts_no_more_leaves_all_of_it_open_again() -> None:
    gone = [told(amount="1920"), told(version=2, canceled=True)]
    assert stands(*gone) == ("1920.00", "0.00", Standing.OPEN)
    assert after(*gone).changes == 2
    assert told_there(*gone) == ACTIVE | {"amount_due": Decimal("1920.00")}


def test_pay_07_a_credit_note_pays_a_part_and_is_paid_by_it() -> None:
    settled = told("S-1", amount="480", credit_note="FTI-2")
    assert settled.documents == ("FTI-1", "FTI-2")
    assert stands(settled) == ("1440.00", "0.00", Standing.PARTLY_PAID)
    assert stands(settled, of=FTI_2) == ("0.00", "0.00", Standing.PAID)
    assert told_there(settled, of=FTI_2) == PAID | {"amount_due": Decimal(0)}
    assert stands(told("R-1", invoice_number="FTI-2", amount="-480"), of=FTI_2) == ("0.00", "0.00", Standing.PAID)


def test_pay_07_what_is_paid_beyond_the_total_is_the_customers() -> None:
    assert stands(told(amount="2000")) == ("0.00", "80.00", Standing.PAID)
    assert told_there(told(amount="2000")) == PAID | {"amount_due": Decimal(0)}
    back = told("R-1", invoice_number="FTI-2", amount="-500")
    assert stands(back, of=FTI_2) == ("0.00", "-20.00", Standing.PAID)


def test_pay_08_of_a_settlement_the_newest_version_counts_in_whatever_order_they_come() -> None:
    versions = [told(version=number, amount=str(100 * number)) for number in (1, 2, 3)]
    for order in permutations([*versions, versions[0]]):
        kept: Settlement | None = None
        for payment in order:
            if known(kept, payment) is None:
                kept = Settlement(payment, "2026-09-11T00:00:00Z")
        assert kept == Settlement(versions[2], "2026-09-11T00:00:00Z")


def test_pay_08_a_repetition_an_older_version_and_another_content_each_have_an_answer() -> None:
    before = Settlement(told(version=2, amount="5"), "2026-09-11T00:00:00Z")
    told_now = (told(version=2, amount="5.00"), told(amount="5"), told(version=2, amount="6"))
    found = [(answer.effect, answer.reason) for one in told_now if (answer := known(before, one))]
    differs = (Effect.REFUSED, PaymentRefusal.SAME_VERSION_DIFFERS)
    assert found == [(Effect.REPEATED, None), (Effect.OLDER, None), differs]
    assert known(None, told(amount="5")) is known(before, told(version=3, amount="5")) is None
    aside = replace(before, reason=PaymentRefusal.UNKNOWN_INVOICE)
    assert known(aside, aside.payment) is None, "what is set aside is tried again"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"invoice_number": "FTI-9"}, PaymentRefusal.UNKNOWN_INVOICE),
        ({"company": "NONE"}, PaymentRefusal.UNKNOWN_INVOICE),
        ({"currency": "GBP"}, PaymentRefusal.OTHER_CURRENCY),
        ({"amount": "5.001"}, PaymentRefusal.TOO_MANY_DIGITS),
        ({"invoice_number": "FTI-2", "credit_note": "FTI-1"}, PaymentRefusal.NO_CREDIT_NOTE),
        ({"credit_note": "FTI-3"}, PaymentRefusal.NO_CREDIT_NOTE),
    ],
)
def test_pay_03_what_fits_no_invoice_of_ours_is_set_aside_with_the_reason(
    said: dict[str, str], reason: PaymentRefusal
) -> None:
    others = replace(FTI_2, invoice_number="FTI-3", customer="C-009")
    invoices = {one.invoice_number: one for one in (FTI_1, FTI_2, others)}
    verdict = judged(told(**{"amount": "5", **said}), invoices, SETUP)
    assert (verdict.effect, verdict.reason) == (Effect.SET_ASIDE, reason)
    assert judged(told(amount="5"), invoices, SETUP).effect is Effect.APPLIED
    assert judged(told(canceled=True, **said), {}, SETUP).effect is Effect.CANCELED
    on_account = told(amount="5", invoice_number=None, customer="C-001")
    assert judged(on_account, {}, SETUP).effect is Effect.UNAPPLIED


def test_pay_10_what_dataverse_refused_or_was_not_told_is_a_difference() -> None:
    failed = payments_not_written(FTI_1, WriteBackState.FAILED, "400 read-only")
    assert (failed.check, failed.difference.detail) == (
        "write_back_failed",
        "what is open of invoice FTI-1: Dataverse says: 400 read-only",
    )
    assert payments_not_written(FTI_1, WriteBackState.PENDING, None).check == "write_back_unfinished"


def test_99_34_a_parameter_has_a_part_that_is_paid_as_paid_in_dataverse() -> None:
    partly = told_there(told(amount="1000"), setup=PARTLY_IS_PAID)
    assert partly == {"status": "posted", "state": "paid", "reason": "partial", "amount_due": Decimal("920.00")}
    assert told_there(told(amount="1920"), setup=PARTLY_IS_PAID) == PAID | {"amount_due": Decimal(0)}


def test_a_document_of_nothing_has_nothing_open() -> None:
    assert Balance(Decimal(0), Decimal(5), touched=True).over == 5
    assert Balance.of(Decimal(0), ()).standing is Standing.OPEN


@pytest.mark.parametrize(
    ("due", "bucket"),
    [
        ("2026-10-01", Bucket.NOT_DUE),
        ("2026-09-30", Bucket.NOT_DUE),
        ("2026-09-29", Bucket.TO_30),
        ("2026-08-31", Bucket.TO_30),
        ("2026-08-30", Bucket.TO_60),
        ("2026-08-01", Bucket.TO_60),
        ("2026-07-31", Bucket.TO_90),
        ("2026-07-02", Bucket.TO_90),
        ("2026-07-01", Bucket.OVER_90),
    ],
)
def test_ageing_counts_the_days_after_the_due_date(due: str, bucket: Bucket) -> None:
    assert bucket_of(date.fromisoformat(due), date(2026, 9, 30)) is bucket


def ageing(at: str, customer: str | None = None) -> Ageing:
    return Ageing("USPM", "USD", Decimal("0.01"), date.fromisoformat(at), customer)


def test_ageing_is_by_customer_and_currency_and_in_accounting_currency_at_the_rate_of_each_invoice() -> None:
    pounds = invoice(invoice_number="FTI-4", currency="GBP", exchange_rate=Decimal("1.3777"), total=Decimal("100.00"))
    other = invoice(invoice_number="FTI-5", customer="C-002", total=Decimal("10.00"))
    made = ageing("2026-09-30")
    made.add(FTI_1, after(told(amount="1000")))
    made.add(FTI_2, None)
    made.add(pounds, None)
    made.add(other, after(told(amount="15", invoice_number="FTI-5"), of=other))
    of_both: dict[str, Any] = {"invoice_number": None, "customer": "C-002"}
    made.add_unapplied(told("U-1", **of_both, amount="4", cash_discount="2", written_off="1"))
    made.add_unapplied(told("U-2", invoice_number=None, customer="C-002", amount="9", currency="GBP"))
    rows = {(one.customer, one.currency): (str(one.open), str(one.unapplied)) for one in made.by_customer()}
    who = FTI_1.customer
    assert rows == {
        (who, "USD"): ("440.00", "0"),
        (who, "GBP"): ("100.00", "0"),
        ("C-002", "USD"): ("0", "12.00"),
        ("C-002", "GBP"): ("0", "9"),
    }
    assert [(one.customer, one.currency, one.invoices) for one in made.by_customer() if one.invoices] == [
        (who, "GBP", 1),
        (who, "USD", 2),
    ]
    accounted = {one.customer: (str(one.open), str(one.balance)) for one in made.by_customer_accounted()}
    assert accounted == {who: ("577.77", "577.77"), "C-002": ("0", "-12.00")}
    assert {one.currency: one.balance for one in made.totals()} == {"USD": Decimal(428), "GBP": Decimal(91)}
    assert (made.total().open, made.total().unapplied) == (Decimal("577.77"), Decimal(12))
    assert [one.invoice.invoice_number for one in made.invoices] == ["FTI-1", "FTI-2", "FTI-4"]


def test_ageing_at_an_earlier_date_knows_neither_later_invoices_nor_later_payments() -> None:
    paid = after(told(amount="1000", date="2026-09-10"), told("P-2", amount="920", date="2026-10-05"))
    for at, open_ in (("2026-08-29", 0), ("2026-08-30", 1920), ("2026-09-10", 920), ("2026-10-05", 0)):
        made = ageing(at)
        made.add(FTI_1, paid)
        made.add_unapplied(told("U-1", invoice_number=None, customer="C-009", amount="7", date="2026-10-06"))
        assert sum(one.open for one in made.by_customer()) == open_, at
        assert not any(one.unapplied for one in made.by_customer())
    on_the_day = ageing("2026-10-06")
    on_the_day.add_unapplied(told("U-1", invoice_number=None, customer="C-009", amount="7", date="2026-10-06"))
    assert [one.unapplied for one in on_the_day.by_customer()] == [7]
    alone = ageing("2026-10-01", "C-009")
    alone.add(FTI_1, None)
    alone.add_unapplied(told("U-1", invoice_number=None, customer="C-009", amount="7"))
    assert [(one.customer, one.balance) for one in alone.by_customer()] == [("C-009", Decimal(-7))]


def test_a_payment_in_an_answer_is_json() -> None:
    assert json.loads(json.dumps(told(amount="5").as_detail())) == {
        "amount": "5",
        "company": "USPM",
        "currency": "USD",
        "date": "2026-09-10",
        "invoice_number": "FTI-1",
        "settlement_id": "P-1",
        "version": 1,
    }
