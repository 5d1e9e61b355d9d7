"""A file that is too large for an answer is loaded by a link, from a stack on this machine as from one in AWS."""

from __future__ import annotations

import urllib.request

import pytest

from local import engines
from project_invoicing.document_bucket import DocumentBucket
from project_invoicing.store import client
from tests.sockets import loopback

pytestmark = pytest.mark.engine


def test_a_link_to_the_bucket_leads_to_the_file_under_its_name() -> None:
    with loopback(), engines.running("ministack"):
        client.forget()
        client.s3().create_bucket(Bucket="documents", ObjectLockEnabledForBucket=True)
        bucket = DocumentBucket(client.s3(), "documents")
        bucket.put_bytes("USPM/2026/FTI%2F1/invoice.pdf", b"whole", "application/pdf")
        link = bucket.link("USPM/2026/FTI%2F1/invoice.pdf", "FTI/1 für alle.pdf", 60)
        with urllib.request.urlopen(link) as answer:  # noqa: S310 - loopback
            assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''FTI%2F1%20f%C3%BCr%20alle.pdf"
            assert answer.read() == b"whole"
    client.forget()
