"""The invoices of every scenario in ``events/scenarios``, where its set-up asks for e-invoices, break no rule."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_socket import enable_socket

from local import result, run
from project_invoicing.dataverse.mapping import calendar_dates
from project_invoicing.domain.invoice_document import InvoiceDocument
from project_invoicing.rules.e_invoice.business_rules import broken_rules
from project_invoicing.store.proposals import Proposals
from project_invoicing.store.staging import Staging
from project_invoicing.use_cases.invoice_documents.read import DocumentStores, posted_document
from project_invoicing.use_cases.setups import SetupVersions
from tests.e_invoices.official import broken_in
from tests.scenario_samples import SCENARIOS, options_of

IN_EACH_RUN = {"correction", "fixed-rate-contract", "plain-month"}
"""The others are for the night: to play a scenario takes a second or two."""
NAMES = [
    pytest.param(path.name, marks=[] if path.name in IN_EACH_RUN else [pytest.mark.large])
    for path in sorted(SCENARIOS.iterdir())
    if path.is_dir()
]
WITHOUT_INVOICE = {"bad-rows"}
ADDRESS = {"street": "Main Street 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}


@pytest.fixture(autouse=True)
def _loopback() -> None:
    enable_socket()


def e_invoicing(text: str) -> dict[str, Any]:
    """The scenario's set-up, complete for e-invoices. What had no tax is an export."""
    document: dict[str, Any] = yaml.safe_load(text)
    for company in document["companies"].values():
        company["document"] = {"address": ADDRESS, "tax_id": "DE136695976"}
    for customers in document["customers"].values():
        for customer in customers.values():
            customer |= {"address": ADDRESS, "tax_id": "DE811569869", "e_invoice": {"syntax": "ubl"}}
    tax = document["sales_tax"]
    for code in tax["codes"].values():
        code["category"] = "S"
    rates = [{"valid_from": "2020-01-01", "percent": "0"}]
    tax["codes"]["OUT"] = {"rates": rates, "account": "222300", "category": "G", "exemption_code": "VATEX-EU-G"}
    for group in tax["groups"].values():
        if not group:
            group.append("OUT")
    for codes in tax["item_groups"].values():
        codes.append("OUT")
    tax["rounding"] |= {"calculation": "total", "by": "code"}
    return document


@pytest.mark.engine
@pytest.mark.parametrize("name", NAMES)
def test_its_invoices_pass_the_official_rules(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SCENARIOS / name
    setup = tmp_path / "setup.yaml"
    setup.write_text(yaml.safe_dump(e_invoicing((folder / "setup.yaml").read_text("utf-8"))), "utf-8")
    found: list[InvoiceDocument] = []
    build = result.build

    def read_too(client: Any, names: Any, *rest: Any) -> result.Result:
        made = build(client, names, *rest)
        setups = SetupVersions.read(client, names.setup_table, names.master_data_table, on_demand=True)
        proposals = Proposals(client, names.proposals_table, calendar_dates("invoices"))
        stores = DocumentStores(proposals, Staging(client, names.staging_table), setups)
        documents = [posted_document(stores, row["company"], row["invoice_number"]) for row in made["invoices"]]
        found.extend(document for document in documents if document)
        assert len(found) == len(made["invoices"])
        return made

    monkeypatch.setattr(result, "build", read_too)
    run.run(replace(options_of(folder, engine="moto"), setup=setup))
    assert bool(found) == (name not in WITHOUT_INVOICE)
    for document in found:
        assert (broken_rules(document), broken_in(document)) == ([], {})
