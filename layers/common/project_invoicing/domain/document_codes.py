"""The vocabularies of invoice documents: what the set-up chooses from, and what a document says."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

MOST_LOGO_POINTS: Final = 4_000_000
LANGUAGES: Final = ("en", "de", "fr", "es", "pl", "ja")
"""Those that documents have words for."""


class TaxCategory(StrEnum):
    """UNCL5305, as EN 16931 uses it."""

    STANDARD = "S"
    ZERO_RATED = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE_SCOPE = "O"


class DocumentFormat(StrEnum):
    """``detail`` lists the lines; ``summary`` a sum for each group, with the lines in an annex."""

    DETAIL = "detail"
    SUMMARY = "summary"


class Grouping(StrEnum):
    """What lines can be grouped by."""

    CONTRACT_LINE = "contract_line"
    PROJECT = "project"
    TASK = "task"
    ROLE = "role"
    RESOURCE = "resource"
    DATE = "date"
    CATEGORY = "category"


class Syntax(StrEnum):
    """How an e-invoice is written: as a file of its own, or within the PDF."""

    UBL = "ubl"
    CII = "cii"
    FACTUR_X = "factur_x"


class Profile(StrEnum):
    """Whose identifiers an e-invoice carries."""

    EN16931 = "en16931"
    PEPPOL = "peppol"
    XRECHNUNG = "xrechnung"


class Channel(StrEnum):
    """How a document is sent. ``outbox`` puts it where an access point fetches it."""

    MAIL = "mail"
    OUTBOX = "outbox"
