"""Financial tags of a company: free texts on its transactions, beside the dimensions."""

from __future__ import annotations

import re
from typing import Annotated, Final

from project_invoicing.setup.models.row import After, Limited, SetupRow, told

_LABEL: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


def _label(text: str) -> str:
    if not _LABEL.fullmatch(text):
        raise told(
            f"{text!r} is no label: it starts with a letter or an underscore; letters, digits, underscores follow"
        )
    return text


Label = Annotated[str, Limited(min_length=1, max_length=100), After(_label)]


class FinancialTag(SetupRow):
    """One tag (TAG-01). One that is not ``active`` is put on no new line; lines that have it keep it."""

    label: Label
    active: bool = True


class FinancialTags(SetupRow):
    """The tags of a company. Values are not validated (TAG-01)."""

    tags: Annotated[list[FinancialTag], Limited(min_length=1, max_length=20)]

    def _once(self) -> None:
        labels = [tag.label for tag in self.tags]
        if twice := next((one for one in labels if labels.count(one) > 1), None):
            raise told(f"{twice!r} is there twice; keep one of them")

    CHECKS = (_once,)
