"""What the payer gives as reference: one value for the page, the QR code and the e-invoice."""

from __future__ import annotations

import re
from typing import Final

from project_invoicing.domain.invoice_document import BankAccount, InvoiceDocument

LONGEST: Final = 140
"""Of a transfer's reference, in SEPA and in Switzerland."""
FOREIGN_TO_BANKS: Final = re.compile("[^\u0020-\u007e\u00a0-\u017f\u0218-\u021b\u20ac]")
"""Characters that a transfer has not."""


def accounts_to_pay(document: InvoiceDocument) -> tuple[BankAccount, ...]:
    """The accounts in the invoice's currency, or those of no currency. The first one is on the page."""
    given = [one for one in document.bank_accounts if (one.iban or "").strip() or (one.account_number or "").strip()]
    same = tuple(one for one in given if one.currency == document.currency)
    return same or tuple(one for one in given if one.currency is None)


def payment_reference(document: InvoiceDocument) -> str:
    """The number of the invoice, as banks can write it; where it is paid to a QR-IBAN, a QR reference made of it.

    Empty while it has no number. One for all accounts, as an e-invoice has but one (UBL-SR-44).
    """
    if not document.number:
        return ""
    if any(is_qr_iban(one.iban) for one in accounts_to_pay(document)[:1]):
        return qr_reference(document.number)
    return FOREIGN_TO_BANKS.sub(".", document.number)[:LONGEST].strip()


def is_qr_iban(text: str | None) -> bool:
    """Whether transfers to this account need a QR reference: a Swiss one whose bank's id is from 30000 to 31999."""
    iban = re.sub(r"\s", "", text or "").upper()
    return iban[:2] in {"CH", "LI"} and bool(re.fullmatch("3[01][0-9]{3}", iban[4:9]))


def qr_reference(number: str) -> str:
    """27 digits: those of the number, and the check digit (modulo 10, recursive)."""
    digits = "".join(sign for sign in number if sign.isascii() and sign.isdigit())[-26:].rjust(26, "0")
    carry = 0
    for digit in digits:
        carry = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)[(carry + int(digit)) % 10]
    return digits + str((10 - carry) % 10)
