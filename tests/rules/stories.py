"""What Dataverse sends when work is approved, a proforma is confirmed, a posted invoice is corrected.

Each function returns the messages of one event, with the actuals, statuses, Skip Sync flags and connections that the
documents print for it (TM, SKIP, CONN; contradictions as resolved in 99-01 to 99-07). The work is called ``work``: its
cost actual is ``work/cost``, its unbilled sale ``work/unbilled``, its billed sale ``work/billed``.
"""

from __future__ import annotations

from typing import Any

from tests.builders import Context, actual, connection, proforma

IN_POUNDS: dict[str, Any] = {
    "project": "PRJ-GBP",
    "contract": "CTR-GBP",
    "contract_line": "CTR-GBP-1",
    "currency": "GBP",
}
"""Columns of work under the contract in pounds, at the rate of the day."""
FIXED_RATE: dict[str, Any] = {
    "project": "PRJ-FIXED",
    "contract": "CTR-FIXED",
    "contract_line": "CTR-FIXED-1",
    "currency": "GBP",
}
"""Columns of work under the contract in pounds, at the agreed rate of 1.25."""

_CONFIRMED = "2026-08-31T12:00:00Z"
_CORRECTED = "2026-09-10T12:00:00Z"
_GONE: dict[str, Any] = {"adjustment_status": "unadjustable"}
_POSTED: dict[str, Any] = {"billing_status": "customer_invoice_posted"}


def cost(name: str, quantity: str = "8", price: str = "100", **columns: Any) -> Context:
    return actual(name, quantity=quantity, price=price, **columns)


def sale(name: str, quantity: str = "8", price: str = "200", **columns: Any) -> Context:
    return actual(name, transaction_type="unbilled_sales", quantity=quantity, price=price, **columns)


def bill(name: str, quantity: str = "8", price: str = "200", *, invoice: str = "inv-1", **columns: Any) -> Context:
    return actual(name, transaction_type="billed_sales", quantity=quantity, price=price, invoice=invoice, **columns)


def bills(billed: str, unbilled: str) -> Context:
    """CONN-05."""
    return connection(f"{billed}-{unbilled}", billed, "Billed Sales", unbilled, "Unbilled Sales")


def reverses(reversal: str, original: str) -> Context:
    """CONN-04, CONN-07."""
    return connection(f"{reversal}-{original}", reversal, "Reversing", original, "Original")


def replaces(new: str, billed: str) -> Context:
    """CONN-08."""
    return connection(f"{new}-{billed}", new, "Replacing", billed, "Original")


def billed(
    *works: str,
    total: str = "1600",
    invoice: str = "inv-1",
    number: str = "INV-0001",
    quantity: str = "8",
    price: str = "200",
    **columns: Any,
) -> list[Context]:
    """Of works that were sold and are billed as they were, only what matters to finance, with their proforma."""
    header = {name: value for name, value in columns.items() if name in ("contract", "currency")}
    messages = [proforma(invoice, number=number, total=total, **header)]
    for work in works or ("work",):
        messages += [
            sale(f"{work}/unbilled", quantity, price, **columns),
            bill(f"{work}/billed", quantity, price, invoice=invoice, **columns),
            bills(f"{work}/billed", f"{work}/unbilled"),
        ]
    return messages


def approval(
    work: str = "work", quantity: str = "8", *, unit_cost: str = "100", price: str = "200", **columns: Any
) -> list[Context]:
    """TM-04, CONN-02. The cost is in the company's currency, whatever the sale is in."""
    return [
        cost(f"{work}/cost", quantity, unit_cost, **{**columns, "currency": "USD"}),
        sale(f"{work}/unbilled", quantity, price, **columns),
        connection(f"{work}/u-c", f"{work}/unbilled", "Unbilled Sales", f"{work}/cost", "Cost"),
    ]


def confirmation() -> list[Context]:
    """TM-11, SKIP-03."""
    changed: dict[str, Any] = {"message": "Update", "changed": ["msdyn_billingstatus"], "at": _CONFIRMED}
    return [
        sale("work/unbilled", **_POSTED, **changed),
        sale("work/reversal", "-8", skip_sync=True, **_GONE),
        bill("work/billed"),
        reverses("work/reversal", "work/unbilled"),
        bills("work/billed", "work/unbilled"),
        proforma("inv-1", total="1600"),
    ]


def _adjusted(name: str, transaction_type: str, **columns: Any) -> Context:
    changed: dict[str, Any] = {
        "message": "Update",
        "changed": ["msdyn_adjustmentstatus"],
        "adjustment_status": "adjusted",
    }
    return actual(name, transaction_type=transaction_type, quantity="8", price="200", **changed, **columns)


def confirmation_of_six_of_eight() -> list[Context]:
    """TM-12. The reversal of the original sale is synced, or its accrual would stay for ever (SKIP-07, 99-07)."""
    free: dict[str, Any] = {"billing_type": "non_chargeable"}
    return [
        _adjusted("work/unbilled", "unbilled_sales", at=_CONFIRMED),
        sale("work/reversal", "-8", **_GONE),
        sale("six/unbilled", "6"),
        sale("two/unbilled", "2", **free),
        sale("six/reversal", "-6", skip_sync=True, **_GONE),
        sale("two/reversal", "-2", skip_sync=True, **free, **_GONE),
        bill("six/billed", "6"),
        bill("two/billed", "2", **free),
        reverses("work/reversal", "work/unbilled"),
        reverses("six/reversal", "six/unbilled"),
        reverses("two/reversal", "two/unbilled"),
        bills("six/billed", "six/unbilled"),
        bills("two/billed", "two/unbilled"),
        proforma("inv-1", total="1200"),
    ]


def confirmation_of_ten_for_eight() -> list[Context]:
    """TM-13."""
    return [
        _adjusted("work/unbilled", "unbilled_sales", at=_CONFIRMED),
        sale("work/reversal", "-8", **_GONE),
        sale("ten/unbilled", "10"),
        sale("ten/reversal", "-10", skip_sync=True, **_GONE),
        bill("ten/billed", "10"),
        reverses("work/reversal", "work/unbilled"),
        reverses("ten/reversal", "ten/unbilled"),
        bills("ten/billed", "ten/unbilled"),
        proforma("inv-1", total="2000"),
    ]


def correction_to_six() -> list[Context]:
    """TM-14 after TM-11: six of the eight hours are billed again, two are back in the backlog."""
    return [
        _adjusted("work/billed", "billed_sales", invoice="inv-1", at=_CORRECTED),
        bill("work/credited", "-8", invoice="inv-2", **_GONE),
        sale("six/unbilled", "6", **_POSTED),
        sale("two/unbilled", "2"),
        sale("six/reversal", "-6", skip_sync=True, **_GONE),
        bill("six/billed", "6", invoice="inv-2"),
        reverses("work/credited", "work/billed"),
        replaces("six/unbilled", "work/billed"),
        replaces("two/unbilled", "work/billed"),
        reverses("six/reversal", "six/unbilled"),
        bills("six/billed", "six/unbilled"),
        proforma("inv-2", number="INV-0002", total="-400", has_corrections=True),
    ]


def correction_to_ten() -> list[Context]:
    """TM-15 after TM-11."""
    return [
        _adjusted("work/billed", "billed_sales", invoice="inv-1", at=_CORRECTED),
        bill("work/credited", "-8", invoice="inv-2", **_GONE),
        sale("ten/unbilled", "10", **_POSTED),
        sale("ten/reversal", "-10", skip_sync=True, **_GONE),
        bill("ten/billed", "10", invoice="inv-2"),
        reverses("work/credited", "work/billed"),
        replaces("ten/unbilled", "work/billed"),
        reverses("ten/reversal", "ten/unbilled"),
        bills("ten/billed", "ten/unbilled"),
        proforma("inv-2", number="INV-0002", total="400", has_corrections=True),
    ]
