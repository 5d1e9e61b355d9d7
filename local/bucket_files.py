"""What a stack has put into its buckets, as files of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from project_invoicing.errors import IntegrationError
from project_invoicing.mail_service import MAILS
from project_invoicing.store import client

_DOCUMENT_PARTS: Final = 4
"""Of a key: company, year, number and name."""
_OUTBOX: Final = "outbox"


def write(buckets: Iterable[str], folder: Path) -> int:
    """Writes every object under ``folder``, by its key. Returns how many. Raises ``IntegrationError``."""
    number = 0
    try:
        for bucket in buckets:
            for key in keys(bucket):
                file = folder.joinpath(*key.split("/"))
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(client.s3().get_object(Bucket=bucket, Key=key)["Body"].read())
                number += 1
    except OSError as error:
        raise IntegrationError(f"--files: {folder} could not be written: {error.strerror}") from error
    return number


def write_invoices(bucket: str, folder: Path) -> int:
    """Writes the documents of invoices as ``invoices/COMPANY/NUMBER.pdf``, with the other files beside it."""
    number = 0
    try:
        for key in keys(bucket):
            parts = key.split("/")
            if len(parts) != _DOCUMENT_PARTS or parts[0] == _OUTBOX:
                continue  # an attachment, or what an access point fetches
            company, _, invoice, name = parts
            file = folder / "invoices" / company / f"{invoice}.{name.rpartition('.')[2]}"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(client.s3().get_object(Bucket=bucket, Key=key)["Body"].read())
            number += 1
    except OSError as error:
        raise IntegrationError(f"--files: {folder} could not be written: {error.strerror}") from error
    return number


def write_mails(bucket: str, folder: Path) -> int:
    """Writes the mails that were kept in place of being sent as ``mail/COMPANY/NUMBER-1.eml``."""
    number = 0
    try:
        for key in keys(bucket, MAILS):
            file = folder.joinpath("mail", *key.removeprefix(MAILS).split("/"))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(client.s3().get_object(Bucket=bucket, Key=key)["Body"].read())
            number += 1
    except OSError as error:
        raise IntegrationError(f"--files: {folder} could not be written: {error.strerror}") from error
    return number


def keys(bucket: str, prefix: str = "") -> Iterator[str]:
    for page in client.s3().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", ()):
            yield str(one["Key"])
