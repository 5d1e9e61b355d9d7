"""The e-invoice of a proposal, before it is posted."""

from __future__ import annotations

import pytest

from project_invoicing.store import client
from tests.builders import guid
from tests.rules.books import Books
from tests.rules.invoices.test_e_invoice_rules import ready, sending
from tests.workspace.person import Person


@pytest.mark.parametrize(("syntax", "root"), [("ubl", b"<Invoice "), ("cii", b":CrossIndustryInvoice ")])
def test_the_e_invoice_of_a_proposal_is_previewed_in_the_syntax_of_its_customer(
    books: Books, syntax: str, root: bytes
) -> None:
    client.s3().create_bucket(Bucket=books.world.names.document_bucket, ObjectLockEnabledForBucket=True)
    ready(books, sending(e_invoice={"syntax": syntax}))
    ann, own = Person(books, ("viewer",)), f"/proposals/{guid('inv-1')}/document"
    around, file = ann.get(own), ann.get(f"{own}/xml")
    assert f"its e-invoice as XML ({syntax.upper()})" in around.text
    assert (file.status, root in file.data) == (200, True)
    assert file.headers["Content-Type"] == "application/xml"
    books.use(sending(e_invoice=None))
    assert "e-invoice" not in ann.get(own).text
    assert "gets no e-invoices" in ann.get(f"{own}/xml").text
