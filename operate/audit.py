"""The audit chain of a stack, deployed or local: what the commands ``invoicing audit …`` do."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final, cast

from operate.invalid_input import InvalidInput
from operate.stack_tables import named
from project_invoicing import bootstrap
from project_invoicing.domain.calendar import utc_text
from project_invoicing.domain.seals import End
from project_invoicing.errors import IntegrationError, Rejected
from project_invoicing.store import client
from project_invoicing.store.sealable import LEDGER, MARKED, Sealable
from project_invoicing.store.seals import Head, Seals
from project_invoicing.use_cases.audit import backfill, export, verify
from project_invoicing.use_cases.audit.seal import Sealing
from project_invoicing.use_cases.audit.tables import sealable

Json = dict[str, Any]

_TABLES: Final = (*MARKED, LEDGER, "audit")


@dataclass(frozen=True, slots=True)
class Options:
    """``export``: a file in place of a stack; ``bucket`` and ``ends``: what the chains are compared with."""

    company: str | None = None
    export: Path | None = None
    bucket: str | None = None
    ends: Path | None = None
    stack_prefix: str | None = None


def verified(options: Options) -> Json:
    """``AuditChain.report`` of a stack or an export. Raises ``InvalidInput``."""
    ends = _ends(options.ends) if options.ends else []
    bucket = None
    if options.bucket or not options.export:
        bucket = bootstrap.seal_bucket(options.bucket)
    at = _now()
    if options.export is None:
        seals, tables = _stores(options.stack_prefix)
        source: verify.Source = verify.Tables(seals, tables)
    else:
        exported = _read(options.export)
        source, at = exported, exported.at
    try:
        return verify.verify(source, at, company=options.company, ends=ends, bucket=bucket)
    except Rejected as rejected:
        raise InvalidInput([f"--{rejected.field}: {rejected.detail}"]) from None


def write_export(file: Path, stack_prefix: str | None) -> int:
    """Writes what a verification reads; packed if the name ends with ``.gz``. Returns how many lines it is."""
    seals, tables = _stores(stack_prefix)
    number = 0
    try:
        with _opened(file, "w") as out:
            for line in export.lines(seals, tables, _now()):
                out.write(f"{line}\n")
                number += 1
    except OSError as error:
        raise IntegrationError(f"{file} could not be written: {error.strerror}") from error
    return number


def ends(stack_prefix: str | None) -> list[Head]:
    """Where each chain ends now."""
    seals, _ = _stores(stack_prefix)
    return sorted(seals.heads().values())


def seal(stack_prefix: str | None) -> Json:
    """Seals what waits now, as the schedule does."""
    seals, tables = _stores(stack_prefix)
    return Sealing(seals, tables, bootstrap.seal_bucket(), _now()).run()


def fill(stack_prefix: str | None, tell: Callable[[str, int], None], *, again: bool) -> int:
    """Has what earlier versions stored sealed. Returns how many items that are."""
    return backfill.backfill(*_stores(stack_prefix), _now(), tell, again=again)


def _stores(stack_prefix: str | None) -> tuple[Seals, Sealable]:
    tables = named(stack_prefix, *_TABLES)
    return Seals(client.dynamodb(), tables.audit_table), sealable(client.dynamodb(), tables)


def _read(file: Path) -> export.Export:
    try:
        with _opened(file, "r") as lines:
            return export.Export(lines)
    except Rejected as rejected:
        raise InvalidInput([f"{file}: {rejected.detail}"]) from None
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise InvalidInput([f"{file} cannot be read: {getattr(error, 'strerror', None) or error}"]) from None


def _ends(file: Path) -> list[End]:
    """The ends that ``invoicing audit head`` printed into a file."""
    try:
        return list(_ends_in(file.read_text("utf-8").splitlines()))
    except OSError as error:
        raise InvalidInput([f"{file} cannot be read: {error.strerror}"]) from None
    except ValueError:
        problem = f"{file}: a line is a chain, a number and a hash, as invoicing audit head prints them"
        raise InvalidInput([problem]) from None


def _ends_in(lines: Iterable[str]) -> Iterator[End]:
    for line in filter(str.strip, lines):
        chain, number, made = line.rsplit(maxsplit=2)
        yield End(chain.strip(), int(number), made)


@contextmanager
def _opened(file: Path, mode: str) -> Iterator[IO[str]]:
    if file.suffix == ".gz":
        with gzip.open(file, f"{mode}t", encoding="utf-8") as packed:
            yield cast("IO[str]", packed)
    else:
        with file.open(mode, encoding="utf-8") as plain:
            yield plain


def _now() -> str:
    return utc_text(datetime.now(UTC))
