"""What invoice documents say of a company and its customers: addresses, ids, bank accounts, texts, looks.

Everything is optional. What a document cannot do without is asked for by ``rules.document_needs``.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Final

from project_invoicing.domain.document_codes import LANGUAGES, Channel, DocumentFormat, Grouping, Profile, Syntax
from project_invoicing.setup.models.row import After, Limited, SetupRow, told

MAX_LOGO: Final = 32 * 1024
_RIGHT_TO_LEFT: Final = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
COUNTRIES: Final = frozenset(
    [
        "AD",
        "AE",
        "AF",
        "AG",
        "AI",
        "AL",
        "AM",
        "AO",
        "AQ",
        "AR",
        "AS",
        "AT",
        "AU",
        "AW",
        "AX",
        "AZ",
        "BA",
        "BB",
        "BD",
        "BE",
        "BF",
        "BG",
        "BH",
        "BI",
        "BJ",
        "BL",
        "BM",
        "BN",
        "BO",
        "BQ",
        "BR",
        "BS",
        "BT",
        "BV",
        "BW",
        "BY",
        "BZ",
        "CA",
        "CC",
        "CD",
        "CF",
        "CG",
        "CH",
        "CI",
        "CK",
        "CL",
        "CM",
        "CN",
        "CO",
        "CR",
        "CU",
        "CV",
        "CW",
        "CX",
        "CY",
        "CZ",
        "DE",
        "DJ",
        "DK",
        "DM",
        "DO",
        "DZ",
        "EC",
        "EE",
        "EG",
        "EH",
        "ER",
        "ES",
        "ET",
        "FI",
        "FJ",
        "FK",
        "FM",
        "FO",
        "FR",
        "GA",
        "GB",
        "GD",
        "GE",
        "GF",
        "GG",
        "GH",
        "GI",
        "GL",
        "GM",
        "GN",
        "GP",
        "GQ",
        "GR",
        "GS",
        "GT",
        "GU",
        "GW",
        "GY",
        "HK",
        "HM",
        "HN",
        "HR",
        "HT",
        "HU",
        "ID",
        "IE",
        "IL",
        "IM",
        "IN",
        "IO",
        "IQ",
        "IR",
        "IS",
        "IT",
        "JE",
        "JM",
        "JO",
        "JP",
        "KE",
        "KG",
        "KH",
        "KI",
        "KM",
        "KN",
        "KP",
        "KR",
        "KW",
        "KY",
        "KZ",
        "LA",
        "LB",
        "LC",
        "LI",
        "LK",
        "LR",
        "LS",
        "LT",
        "LU",
        "LV",
        "LY",
        "MA",
        "MC",
        "MD",
        "ME",
        "MF",
        "MG",
        "MH",
        "MK",
        "ML",
        "MM",
        "MN",
        "MO",
        "MP",
        "MQ",
        "MR",
        "MS",
        "MT",
        "MU",
        "MV",
        "MW",
        "MX",
        "MY",
        "MZ",
        "NA",
        "NC",
        "NE",
        "NF",
        "NG",
        "NI",
        "NL",
        "NO",
        "NP",
        "NR",
        "NU",
        "NZ",
        "OM",
        "PA",
        "PE",
        "PF",
        "PG",
        "PH",
        "PK",
        "PL",
        "PM",
        "PN",
        "PR",
        "PS",
        "PT",
        "PW",
        "PY",
        "QA",
        "RE",
        "RO",
        "RS",
        "RU",
        "RW",
        "SA",
        "SB",
        "SC",
        "SD",
        "SE",
        "SG",
        "SH",
        "SI",
        "SJ",
        "SK",
        "SL",
        "SM",
        "SN",
        "SO",
        "SR",
        "SS",
        "ST",
        "SV",
        "SX",
        "SY",
        "SZ",
        "TC",
        "TD",
        "TF",
        "TG",
        "TH",
        "TJ",
        "TK",
        "TL",
        "TM",
        "TN",
        "TO",
        "TR",
        "TT",
        "TV",
        "TW",
        "TZ",
        "UA",
        "UG",
        "UM",
        "US",
        "UY",
        "UZ",
        "VA",
        "VC",
        "VE",
        "VG",
        "VI",
        "VN",
        "VU",
        "WF",
        "WS",
        "XK",
        "YE",
        "YT",
        "ZA",
        "ZM",
        "ZW",
    ]
)


def _matching(pattern: str, what: str) -> After:
    found = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not found.fullmatch(text):
            raise told(f"{text!r} is no {what}")
        return text

    return After(check)


def _country(code: str) -> str:
    if code not in COUNTRIES:
        raise told(f"{code!r} is no country code of ISO 3166; write two capitals, such as DE")
    return code


def _language(code: str) -> str:
    if code in _RIGHT_TO_LEFT:
        raise told(f"{code!r} is written from right to left, which documents cannot do yet; use {', '.join(LANGUAGES)}")
    if code not in LANGUAGES:
        raise told(f"{code!r} is no language of documents; use one of {', '.join(LANGUAGES)}")
    return code


def _iban(text: str) -> str:
    """ISO 13616: the country and check digits moved to the end, letters as numbers, make 1 modulo 97."""
    number = text.replace(" ", "")
    plausible = re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", number, re.ASCII)
    if not plausible or int("".join(str(int(one, 36)) for one in number[4:] + number[:4])) % 97 != 1:
        raise told(f"{text!r} is no IBAN: its check digits do not fit")
    return number


def _bic(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", text, re.ASCII) or text[4:6] not in COUNTRIES:
        raise told(f"{text!r} is no BIC; it has 8 or 11 letters and digits, and a country in the middle")
    return text


def _logo(text: str) -> str:
    try:
        data = b64decode(text, validate=True)
    except (Error, ValueError):
        raise told("the logo is not base64") from None
    if len(data) > MAX_LOGO:
        raise told(f"the logo has {len(data)} bytes; {MAX_LOGO} is the most")
    from project_invoicing.setup.pictures import fault_of  # noqa: PLC0415 - whoever only reads starts without it

    if fault := fault_of(data):
        raise told(f"the logo {fault}")
    return text


def _text(longest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.strip():
            raise told("is empty; leave it out")
        if len(text) > longest:
            raise told(f"has {len(text)} characters; {longest} is the most")
        return text

    return check


Text = Annotated[str, After(_text(200))]
LongText = Annotated[str, After(_text(2000))]
Language = Annotated[str, After(_language)]
Country = Annotated[str, After(_country)]
Colour = Annotated[str, _matching(r"#[0-9a-fA-F]{6}", "colour; write it as #1f4e79")]
Scheme = Annotated[str, _matching(r"[0-9]{4}", "scheme of the EAS list; it has four digits, such as 0204")]
Iban = Annotated[str, After(_iban)]
Bic = Annotated[str, After(_bic)]
Logo = Annotated[str, After(_logo)]
UnitCode = Annotated[str, _matching(r"[A-Z0-9]{2,3}", "unit code of UN/ECE recommendation 20; such as HUR")]
CurrencyCode = Annotated[str, Limited(min_length=1, max_length=100)]


class AddressEntry(SetupRow):
    """``country`` as a code of ISO 3166, such as DE."""

    street: Text | None = None
    street_2: Text | None = None
    city: Text | None = None
    postal_code: Text | None = None
    region: Text | None = None
    country: Country | None = None


class ElectronicAddressEntry(SetupRow):
    """An address in an e-invoicing network. ``scheme``: a code of the EAS list, in quotes."""

    scheme: Scheme
    id: Text


class ContactEntry(SetupRow):
    name: Text | None = None
    phone: Text | None = None
    email: Text | None = None


class BankAccountEntry(SetupRow):
    """Where to pay. With ``currency`` it is printed on documents in that currency alone."""

    currency: CurrencyCode | None = None
    iban: Iban | None = None
    account_number: Text | None = None
    bic: Bic | None = None
    bank: Text | None = None
    holder: Text | None = None

    def _is_one(self) -> None:
        if (self.iban is None) == (self.account_number is None):
            raise told("needs iban, or account_number where there is none")

    CHECKS = (_is_one,)


class BrandEntry(SetupRow):
    """``logo``: a PNG or JPEG of at most 32 KB, as base64."""

    primary: Colour | None = None
    accent: Colour | None = None
    logo: Logo | None = None

    @property
    def logo_bytes(self) -> bytes | None:
        return b64decode(self.logo) if self.logo else None

    @property
    def logo_sha256(self) -> str | None:
        data = self.logo_bytes
        return sha256(data).hexdigest() if data else None


class TextsEntry(SetupRow):
    introduction: LongText | None = None
    payment: LongText | None = None
    closing: LongText | None = None
    footer: LongText | None = None


class FormatEntry(SetupRow):
    format: DocumentFormat | None = None
    group_by: list[Grouping] | None = None


class EInvoiceEntry(SetupRow):
    syntax: Syntax
    profile: Profile = Profile.EN16931


class DeliveryEntry(SetupRow):
    """``address``: whom a mail goes to. A customer with the channel ``mail`` has one."""

    channel: Channel
    address: Text | None = None

    def _is_mailable(self) -> None:
        from project_invoicing.domain.mail_address import is_address  # noqa: PLC0415 - as above

        if self.channel is Channel.MAIL and self.address is not None and not is_address(self.address):
            raise told(f"{self.address!r} is no address of a mail; write one, such as ap@customer.example")

    CHECKS = (_is_mailable,)


class CompanyDocument(SetupRow):
    """What the invoice documents of a company say (D-182).

    ``tax_id`` is the VAT identifier, ``tax_number`` that of the tax office. ``texts`` are by language, ``unit_codes``
    by the name of a unit of measure. ``language``, ``format``, ``group_by`` and ``delivery`` are for customers without
    their own.
    """

    legal_name: Text | None = None
    address: AddressEntry = AddressEntry()
    tax_id: Text | None = None
    tax_number: Text | None = None
    registration: Text | None = None
    electronic_address: ElectronicAddressEntry | None = None
    contact: ContactEntry = ContactEntry()
    bank_accounts: list[BankAccountEntry] = []
    language: Language = "en"
    format: DocumentFormat = DocumentFormat.DETAIL
    group_by: list[Grouping] = []
    brand: BrandEntry = BrandEntry()
    texts: dict[Language, TextsEntry] = {}
    unit_codes: dict[Text, UnitCode] = {}
    delivery: DeliveryEntry | None = None
