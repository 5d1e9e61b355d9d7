"""What a QR code for a payment says: the European one (EPC069-12) and the Swiss QR-bill (version 2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from project_invoice_documents.wording import clean
from project_invoicing.domain.invoice_document import BankAccount, InvoiceDocument, Party
from project_invoicing.domain.payment_reference import (
    FOREIGN_TO_BANKS,
    LONGEST,
    accounts_to_pay,
    is_qr_iban,
    payment_reference,
)

_LEAST, _MOST = Decimal("0.01"), Decimal("999999999.99")


class CodeKind(StrEnum):
    EPC = "epc"
    SWISS = "swiss"


@dataclass(frozen=True, slots=True)
class PaymentCode:
    kind: CodeKind
    payload: str


def code_of(document: InvoiceDocument) -> PaymentCode | None:
    """The QR code of an invoice that has a number, an amount to pay and an account that such a code can name."""
    account, amount = next(iter(accounts_to_pay(document)), None), document.total
    if document.invoice_number is None or account is None or not _LEAST <= amount <= _MOST:
        return None
    if amount != amount.quantize(Decimal("0.01")):
        return None
    iban = plain_iban(account.iban)
    if iban is None:
        return None
    if iban[:2] in {"CH", "LI"}:
        return _swiss(document, account, iban) if document.currency in {"CHF", "EUR"} else None
    return _epc(document, account, iban) if document.currency == "EUR" else None


def plain_iban(text: str | None) -> str | None:
    """Without spaces; ``None`` unless its check digits are right."""
    iban = re.sub(r"\s", "", text or "").upper()
    if not re.fullmatch("[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", iban):
        return None
    digits = "".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])
    return iban if int(digits) % 97 == 1 else None


def spaced_iban(text: str) -> str:
    iban = re.sub(r"\s", "", clean(text))
    return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))


def _for_banks(text: str | None, most: int) -> str:
    return FOREIGN_TO_BANKS.sub(".", clean(text or ""))[:most].strip()


def _epc(document: InvoiceDocument, account: BankAccount, iban: str) -> PaymentCode:
    bic = re.sub(r"\s", "", account.bic or "").upper()
    lines = [
        "BCD",
        "002",
        "1",
        "SCT",
        bic if re.fullmatch("[A-Z0-9]{8}(?:[A-Z0-9]{3})?", bic) else "",
        _for_banks(account.holder or document.seller.name, 70),
        iban,
        f"EUR{document.total:.2f}",
        "",
        "",
        payment_reference(document),
    ]
    return PaymentCode(CodeKind.EPC, "\n".join(lines))


def _swiss(document: InvoiceDocument, account: BankAccount, iban: str) -> PaymentCode | None:
    creditor = _swiss_party(document.seller, account.holder)
    if creditor is None:
        return None
    kind, reference = ("QRR", payment_reference(document)) if is_qr_iban(iban) else ("NON", "")
    lines = [
        *("SPC", "0200", "1", iban),
        *creditor,
        *[""] * 7,
        f"{document.total:.2f}",
        document.currency,
        *(_swiss_party(document.buyer, None) or [""] * 7),
        kind,
        reference,
        _for_banks(document.number, LONGEST),
        "EPD",
    ]
    return PaymentCode(CodeKind.SWISS, "\n".join(lines))


def _swiss_party(party: Party, holder: str | None) -> list[str] | None:
    address = party.address
    if not (address.postal_code and address.city and address.country):
        return None
    street = _for_banks(address.street, 70)
    name = _for_banks(holder or party.name, 70)
    place = [_for_banks(address.postal_code, 16), _for_banks(address.city, 35), clean(address.country).upper()]
    return ["S", name, street, "", *place] if name and all(place) else None
