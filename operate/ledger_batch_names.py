"""How the commands ``invoicing ledger …`` name batches."""

from __future__ import annotations

import argparse
import re
from typing import Final

from operate import ledger
from operate.arguments import named_text
from operate.invalid_input import InvalidInput
from project_invoicing.domain.ledger_batch import BatchId, BatchKind

_NAMED: Final = re.compile(rf"(.+)-({'|'.join(BatchKind)})-(\d{{1,6}})")


def named_batch(parser: argparse.ArgumentParser) -> None:
    """The arguments that name one batch; ``batch_of`` reads them."""
    parser.add_argument("batch", type=named_text, help="its id, such as USPM-ledger-000003, or its number")
    chosen(parser)


def batch_of(options: argparse.Namespace) -> BatchId:
    """The batch that the arguments name. Raises ``InvalidInput``."""
    if found := _NAMED.fullmatch(options.batch):
        return BatchId(found[1], BatchKind(found[2]), int(found[3]))
    if not (options.batch.isascii() and options.batch.isdigit()):
        problem = f"{options.batch} is no batch; write its id, such as USPM-ledger-000003, or a number with --company"
        raise InvalidInput([problem])
    company = options.company or ledger.only_company(options.stack_prefix)
    return BatchId(company, BatchKind(options.kind or BatchKind.LEDGER), int(options.batch))


def chosen(parser: argparse.ArgumentParser) -> None:
    """The arguments that choose a company and a kind."""
    parser.add_argument("--company", type=named_text, help="only this company")
    parser.add_argument("--kind", choices=[str(kind) for kind in BatchKind], help="only batches of this kind")
