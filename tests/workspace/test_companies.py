"""Who may see one company alone: at every address and every operation, nothing of another one is told or done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from local import engines
from project_invoicing import bootstrap
from project_invoicing.use_cases.lists.asked import Kind
from project_invoicing.workspace.api.routes import OPERATIONS
from project_invoicing.workspace.routes import ROUTES
from tests import master
from tests.builders import actual, guid
from tests.harness import World
from tests.rules.books import Books
from tests.rules.finance import finance, second_company
from tests.rules.stories import billed, cost
from tests.workspace.calling import Api
from tests.workspace.oidc_issuer import OidcIssuer
from tests.workspace.person import Person

THEIRS: dict[str, Any] = {"project": "PRJ-2", "contract": "CTR-2", "contract_line": "CTR-2-1"}
SECRETS = (
    "Zenith",
    "INV-9001",
    "INV-9002",
    "FTZ-",
    "VZ-",
    "ZJ-",
    "777",
    guid("their-1"),
    guid("lost"),
    guid("odd"),
    guid("z/billed"),
    guid("their-milestone"),
)
"""What pages about the other company would show: names, numbers, amounts, ids."""
OF_A = ("USPM",)


@pytest.fixture(scope="module")
def month() -> Iterator[Books]:
    """Two companies with documents of all kinds. What is of GBPM alone is in ``SECRETS``."""
    made = second_company(finance())
    made["customers"]["GBPM"]["C-001"] = {**made["customers"]["GBPM"]["C-001"], "name": "Zenith"}
    numbers = made["number_sequences"]["GBPM"]
    numbers["invoice"] = "FTZ-########"
    numbers["voucher"] = "VZ-########"
    numbers["journal"] = "ZJ-######"
    with engines.running("moto"):
        books = Books(World())
        books.use(made)
        books.arrive(*billed("own"))
        books.arrive(*billed("z", total="777", price="97.125", invoice="their-1", number="INV-9001", **THEIRS))
        books.arrive(master.milestone("their-milestone", "CTR-2-1", "777", msdyn_name="Zenith phase"))
        books.journalise()
        books.import_staging()
        books.post_invoices()
        books.arrive(*billed("y", total="777", price="97.125", invoice="their-2", number="INV-9002", **THEIRS))
        books.arrive(cost("lost", price="777", category="none", **THEIRS), actual("odd", amount=None, **THEIRS))
        books.import_staging()
        made["parameters"]["GBPM"]["approval"] = True
        books.use(made)
        books.edit("submit_proposal", company="GBPM", proposal_id="INV-9002", actor="ann@contoso.example")
        books.run("reconciliation")
        yield books
    bootstrap.forget()


BATCH = {"company": "GBPM", "kind": "ledger", "number": "1"}
ASKED: dict[str, list[dict[str, str]]] = {
    "/": [{}, {"company": "GBPM"}],
    "/proposals": [{}, {"company": "GBPM"}, {"number": "INV-9002"}, {"customer": "C-001"}, {"number": guid("their-2")}],
    "/proposals/<id>": [{}],
    "/proposals/<id>/preview": [{}],
    "/proposals/<id>/document": [{}],
    "/proposals/<id>/document/html": [{}],
    "/proposals/<id>/document/pdf": [{}],
    "/proposals/<id>/document/xml": [{}],
    "/proposals/<id>/progress": [{}],
    "/approvals": [{}, {"company": "GBPM"}, {"status": "submitted"}, {"number": "INV-9002"}],
    "/journals": [{}, {"company": "GBPM"}, {"number": "ZJ-000001"}],
    "/journal": [{"company": "GBPM", "number": "ZJ-000001"}],
    "/journal/lines": [{"company": "GBPM", "number": "ZJ-000002"}],
    "/journal/preview": [{"company": "GBPM", "number": "ZJ-000002"}],
    "/invoices": [{}, {"company": "GBPM"}, {"number": "FTZ-00000001"}, {"customer": "C-001"}, {"customer": "Zenith"}],
    "/invoice": [{"company": "GBPM", "number": "FTZ-00000001"}],
    "/invoice/document": [{"company": "GBPM", "number": "FTZ-00000001"}],
    "/invoice/file": [{"company": "GBPM", "number": "FTZ-00000001", "name": "invoice.pdf"}],
    "/vouchers": [{}, {"company": "GBPM"}, {"number": "VZ-00000001"}],
    "/voucher": [{"company": "GBPM", "number": "VZ-00000001"}],
    "/on-account": [{}, {"company": "GBPM"}, {"number": guid("their-milestone")}, {"number": "Zenith phase"}],
    "/between": [{}, {"company": "GBPM"}],
    "/vendor-invoice": [{"company": "GBPM", "number": "FTZ-00000001"}],
    "/costs": [{}, {"company": "GBPM", "to": "balance"}],
    "/adjust": [{}, {"company": "GBPM", "actual_ids": guid("z/unbilled"), "dimensions": "CostCenter=999"}],
    "/accruals": [{}, {"company": "GBPM"}],
    "/accruals/csv": [{}, {"company": "GBPM"}],
    "/accruals/journal": [{"company": "GBPM", "number": "ARJ-000001"}],
    "/sales-tax": [{}, {"company": "GBPM"}, {"from": "2026-01-01", "to": "2027-12-31", "lines": "yes"}],
    "/sales-tax/csv": [{"from": "2026-01-01", "to": "2027-12-31", "of": of} for of in ("codes", "lines")],
    "/receivables": [{}, {"company": "GBPM"}, {"at": "2027-12-31"}, {"customer": "C-001", "at": "2027-12-31"}],
    "/receivables/csv": [{"at": "2027-12-31", "of": of} for of in ("rows", "accounting", "invoices")],
    "/ledger": [{"company": "GBPM"}],
    "/ledger/batch": [BATCH],
    "/ledger/file": [{**BATCH, "name": "manifest.json"}],
    "/ledger/missing": [{}, {"company": "GBPM"}],
    "/explain": [
        {"id": id}
        for id in ("INV-9001", "FTZ-00000001", "ZJ-000001", "VZ-00000001", "PRJ-2", "CTR-2", guid("z/billed"))
    ]
    + [{"id": guid("odd")}, {"id": guid("their-1"), "company": "GBPM"}, {"id": guid("lost")}],
    "/waiting": [{}, {"company": "GBPM"}, {"number": guid("lost")}, {"number": "INV-9002"}],
    "/rejected": [{}, {"company": "GBPM"}, {"number": guid("odd")}],
    "/rejected/row": [{"entity": "msdyn_actual", "id": guid("odd")}],
    "/differences": [{}, {"company": "GBPM"}],
    "/integration": [{}, {"company": "GBPM"}],
    "/integration/csv": [{}, {"company": "GBPM"}],
    "/errors": [{}, {"company": "GBPM"}],
    "/errors/csv": [{}, {"company": "GBPM"}],
    "/maps": [{}],
    "/master-data": [{}, {"number": "C-001"}, {"number": "PRJ-2"}, {"number": "C-001", "company": "GBPM"}],
    "/master-data/row": [
        {"kind": "customers", "company": "GBPM", "number": "C-001"},
        {"kind": "projects", "company": "GBPM", "number": "PRJ-2"},
    ],
    "/close": [{}, {"company": "GBPM"}],
}
NO_COMPANY = (
    "/integration/csv",
    "/maps",
    "/proposals/<id>/document/html",
    "/proposals/<id>/document/pdf",
    "/proposals/<id>/document/xml",
    "/proposals/<id>/progress",
    "/invoice/document",
    "/invoice/file",
    "/vendor-invoice",
    "/ledger/batch",
    "/ledger/file",
    "/accruals/csv",
    "/accruals/journal",
)
"""Pages that say nothing of a company here: nobody has billed between the two. Batches of another one are in
``test_ledger``, documents in ``test_invoice_documents``, lines of integration accounts in ``test_integration``,
correction journals in ``test_accruals``."""
FORMS: dict[str, dict[str, str]] = {
    "/proposals/<id>/edit": {"due_date": "2026-12-31"},
    "/proposals/<id>/edit-lines": {"actual_id": guid("y/billed"), "rederive_sales_tax": "yes"},
    "/proposals/<id>/delete-lines": {},
    "/proposals/<id>/import": {},
    "/proposals/<id>/post": {},
    "/proposals/<id>/submit": {"seen": "1"},
    "/proposals/<id>/recall": {"seen": "1"},
    "/proposals/<id>/judge": {"seen": "1", "step": "approve"},
    "/proposals/<id>/reset-approval": {"seen": "1"},
    "/journal/edit-lines": {"actual_id": guid("y/unbilled")},
    "/journal/change-lines": {"sales_tax_group": "=", "count": "1"},
    "/journal/delete-lines": {},
    "/journal/reset": {},
    "/journal/post": {},
    "/journal/tags": {"tags": "Site=Rome"},
    "/voucher/tags": {"line": "1", "tags": ""},
    "/receivables/payment": {
        "company": "GBPM",
        "number": "FTZ-00000001",
        "settlement_id": "P-1",
        "version": "1",
        "date": "2026-09-10",
        "currency": "USD",
        "amount": "777.00",
    },
    "/between/bill": {"company": "GBPM", "borrower": "USPM", "from": "2026-01-01", "to": "2026-12-31"},
    "/between/lines": {"company": "GBPM", "proposal_id": "INV-9002", "what": "off", "ids": guid("y/billed")},
    "/vendor-invoice/post": {"company": "GBPM", "number": "FTZ-00000001"},
    "/vendor-invoice/submit": {"company": "GBPM", "number": "FTZ-00000001"},
    "/vendor-invoice/recall": {"company": "GBPM", "number": "FTZ-00000001"},
    "/vendor-invoice/judge": {"company": "GBPM", "number": "FTZ-00000001", "step": "approve"},
    "/vendor-invoice/reset-approval": {"company": "GBPM", "number": "FTZ-00000001"},
    "/vendor-invoice/answer": {"company": "GBPM", "number": "FTZ-00000001", "answer": "posted"},
    "/costs/post": {"company": "GBPM", "to": "balance", "actual_id": guid("z/cost")},
    "/adjust/post": {"company": "GBPM", "actual_ids": guid("z/unbilled"), "dimensions": "CostCenter=999"},
    "/accruals/correct": {"company": "GBPM", "row": guid("z/unbilled")},
    "/accruals/journal/edit": {"voucher_date": "2026-08-31"},
    "/accruals/journal/remove": {"all": "yes"},
    "/accruals/journal/post": {},
    "/ledger/build": {"company": "GBPM", "kind": "ledger"},
    "/ledger/batch/deliver": {**BATCH, "format": "beancount"},
    "/ledger/batch/acknowledge": {**BATCH, "outcome": "accepted"},
    "/ledger/batch/void": {**BATCH, "message": "why"},
    "/invoice/make": {"company": "GBPM", "number": "FTZ-00000001"},
    "/invoice/attach": {"company": "GBPM", "number": "FTZ-00000001"},
    "/invoice/send": {"company": "GBPM", "number": "FTZ-00000001", "seen": "0"},
    "/waiting/import": {"company": "GBPM"},
    "/rejected/replay": {"row": json.dumps(["msdyn_actual", guid("odd")])},
    "/rejected/dismiss": {"row": json.dumps(["msdyn_actual", guid("odd")]), "reason": "why"},
    "/differences/compare": {},
    "/differences/repair": {"difference": json.dumps(["msdyn_actual", guid("lost"), "import"])},
    "/integration/repair": {"actual": guid("lost")},
    "/maps/change": {"name": "actuals", "action": "pause", "reason": "why"},
    "/master-data/edit": {
        "kind": "customers",
        "company": "GBPM",
        "number": "C-001",
        "was.sales_tax_group": "",
        "sales_tax_group": "FULL",
    },
}


def told(text: str, *given: str) -> list[str]:
    """The secrets in a text, without what was asked for."""
    for one in given:
        text = text.replace(one, "")
    return [
        secret
        for secret in SECRETS
        if re.search(rf"(?<![0-9]){re.escape(secret)}(?![0-9a-f])|{re.escape(secret)}-?[0-9]*(?=[^0-9])", text)
    ]


def stored(books: Books) -> Any:
    client, names = books.world.client, books.world.names
    tables = (names.staging_table, names.journals_table, names.proposals_table, names.master_data_table)
    return [client.scan(TableName=name)["Items"] for name in tables]


def test_every_page_and_every_form_is_tried() -> None:
    guarded = {(route.method, route.path) for route in ROUTES if route.role is not None}
    assert guarded == {("GET", path) for path in ASKED} | {("POST", path) for path in FORMS}


@pytest.mark.parametrize("path", ASKED)
def test_no_page_tells_anything_of_another_company(month: Books, path: str) -> None:
    ann = Person(month, companies=OF_A)
    for query in ASKED[path]:
        page = ann.get(path.replace("<id>", guid("their-2")), **query)
        assert page.status in (200, 400, 403, 404), page.text
        assert told(page.html, *query.values(), *(one.upper() for one in query.values())) == []
        if not query:
            assert "GBPM" not in page.text
    everything, address = Person(month), path.replace("<id>", guid("their-2"))
    for query in ASKED[path]:
        html = everything.get(address, **query).html
        assert path in NO_COMPANY or "GBPM" in html or told(html)


def test_no_form_does_anything_to_another_company(month: Books) -> None:
    ann, before = Person(month, companies=OF_A), stored(month)
    for path, form in FORMS.items():
        address = path.replace("<id>", guid("their-2"))
        of = {"/journal/": "ZJ-000002", "/voucher/": "VZ-00000001"}.get(path[:9])
        asked = f"{address}?company=GBPM&number={of}" if of else address
        answer = ann.post(asked, **form)
        assert answer.status in (303, 400, 403, 404, 422), (path, answer.text)
        if answer.status == 303:
            page = ann.get(answer.location)
            refused = ("Not ", "Nothing was", "There is no such page")
            assert any(one in page.text for one in refused), (path, page.text)
    assert stored(month) == before


def test_own_documents_are_seen_and_worked_with(month: Books) -> None:
    ann = Person(month, companies=OF_A)
    assert "INV-0001" in ann.get("/proposals", company="USPM").text
    assert ann.get(f"/proposals/{guid('inv-1')}").status == 200
    assert "Invoice" in ann.get("/invoice", company="USPM", number="FTI-00000001").text
    assert "What is of no company yet is not counted here" in ann.get("/close").text
    assert "Imported" in ann.send("/waiting/import").text


def test_no_operation_of_the_api_tells_or_does_anything_of_another_company(month: Books, issuer: OidcIssuer) -> None:
    api, before = Api.of(issuer, month, OIDC_COMPANIES_CLAIM="companies"), stored(month)
    own = api.token_of("administrator", "accountant", "poster", companies=["USPM"])
    for kind in Kind:
        for query in ("", "?company=GBPM"):
            _, answer = api.get(f"/api/v1/lists/{kind}{query}", own)
            assert told(json.dumps(answer)) == []
            assert not answer.get("rows") or {row["company"] for row in answer["rows"]} == {"USPM"}
    for id in ("INV-9001", guid("z/billed"), "C-001", "VZ-00000001", "ZJ-000001", guid("odd")):
        _, answer = api.get(f"/api/v1/explain/{id}", own)
        assert not {found["company"] for found in answer["found"]} - {"USPM"}
        assert told(json.dumps(answer), id) == []
    assert api.get("/api/v1/documents/FTZ-00000001?company=GBPM", own)[0] == 403
    assert api.get("/api/v1/documents/FTZ-00000001?company=USPM", own)[0] == 404
    invoice = {"company": "GBPM", "invoice_number": "FTZ-00000001"}
    proposal, journal = {"proposal_id": "INV-9002"}, {"journal_id": "ZJ-000002", "company": "GBPM"}
    row = {"entity": "msdyn_actual", "id": guid("odd")}
    bodies: dict[str, list[Any]] = {
        "/api/v1/commands": [
            {action: {**named, **more}}
            for named in (
                proposal,
                {**proposal, "company": "GBPM"},
                {"proposal_id": guid("their-2"), "company": "USPM"},
            )
            for action, more in (("edit", {"due_date": "2026-12-31"}), ("delete_lines", {}), ("preview", {}))
        ]
        + [{"edit": {**journal, "actual_id": guid("y/unbilled"), "dimensions": None}}, {"reset": journal}]
        + [{"correct_tags": {"company": "GBPM", "voucher": "VZ-00000001", "line": 1, "tags": None}}]
        + [{"delete_lines": journal}, {"preview": journal}, {"replay": row}, {"dismiss": {**row, "reason": "why"}}]
        + [
            {"edit_master_data": {"part": "customers", "company": "GBPM", "number": "C-001", "columns": {"name": "x"}}},
            {"edit_master_data": {"part": "products", "number": "P", "columns": {"item_sales_tax_group": "FULL"}}},
            {"intercompany_invoice": {"company": "GBPM", "borrower": "USPM", "from": "2026-08-01", "to": "2026-08-31"}},
        ],
        "/api/v1/postings/invoices": [{}, proposal, {"company": "GBPM"}, {**proposal, "company": "USPM"}],
        "/api/v1/postings/journals": [{}, journal, {"company": "GBPM"}],
        "/api/v1/ledger/batches": [{}, {"company": "GBPM"}, {"kind": "ledger"}],
        "/api/v1/ledger/deliveries": [{**BATCH, "number": 1, "format": "beancount"}],
        "/api/v1/ledger/answers": [
            {**BATCH, "number": 1, "outcome": outcome, "message": "why"} for outcome in ("accepted", "voided_there")
        ],
        "/api/v1/documents": [invoice, {**invoice, "company": "USPM"}],
        "/api/v1/documents/months": [{"month": "2026-08"}, {"month": "2026-08", "company": "GBPM"}],
        "/api/v1/documents/previews": [
            {"company": "GBPM", **proposal},
            {"company": "USPM", **proposal},
            {"company": "USPM", "proposal_id": guid("their-2")},
        ],
        "/api/v1/documents/attachments": [invoice | {"name": "a.csv", "content": "YQ=="}],
        "/api/v1/documents/mails": [invoice, {**invoice, "company": "USPM"}],
        "/api/v1/receivables/payments": [
            {"company": "GBPM", "settlement_id": "P-1", "version": 1, "invoice_number": "FTZ-00000001", **paid}
            for paid in ({"canceled": True}, {"date": "2026-09-10", "currency": "USD", "amount": "777"})
        ],
        "/api/v1/imports": [{}, {"company": "GBPM"}, {"company": "USPM", "actual_id": guid("lost")}],
        "/api/v1/write-backs": [{"company": "GBPM", "invoice_number": "FTZ-00000001"}],
        "/api/v1/repairs": [{"repair": guid("lost")}],
        "/api/v1/table-maps": [{"action": "pause", "name": "actuals"}, {"action": "list"}],
    }
    assert set(bodies) == {one.stem for one in OPERATIONS if one.method == "POST"}
    for path, several in bodies.items():
        for body in several:
            status, answer = api.post(path, body, own)
            assert status in (403, 404, 409, 422), (path, body, answer)
            given = ("INV-9002", guid("their-2"), guid("odd"), "ZJ-000002", "FTZ-00000001")
            assert told(json.dumps(answer), *given) == [], answer
    assert stored(month) == before
    status, answer = api.get("/api/v1/lists/proposals", api.token_of("viewer"))
    assert (status, "names no company in companies" in answer["detail"]) == (403, True)
    every = api.token_of("viewer", companies=["*"])
    assert [len(api.get(f"/api/v1/lists/invoices?company={one}", every)[1]["rows"]) for one in ("GBPM", "USPM")] == [
        1,
        1,
    ]
