"""What correction journals have posted for an unbilled sale, as the text of a column of its row."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal

from project_invoicing.domain.accrued_revenue import AccrualCorrection, Part
from project_invoicing.domain.codes import PostingType


def corrections_text(corrections: Iterable[AccrualCorrection]) -> str:
    return json.dumps(
        [
            [
                one.journal,
                one.voucher,
                [
                    [part.posting_type, part.account, part.currency, str(part.amount), str(part.accounting_amount)]
                    for part in one.parts
                ],
            ]
            for one in corrections
        ],
        separators=(",", ":"),
        ensure_ascii=False,
    )


def corrections_of(text: str) -> tuple[AccrualCorrection, ...]:
    return tuple(
        AccrualCorrection(
            journal,
            voucher,
            tuple(
                Part(PostingType(posting_type), account, currency, Decimal(amount), Decimal(accounting))
                for posting_type, account, currency, amount, accounting in parts
            ),
        )
        for journal, voucher, parts in json.loads(text)
    )
