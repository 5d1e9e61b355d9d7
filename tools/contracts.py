"""What others build against, printed from the classes that make it: our own events, and what people may ask for.

    python -m tools.contracts      # writes the table in docs/contracts.md and the schemas in events/schemas

A schema of an event describes its ``detail``, one of a command the request in ``{action: request}``, one of another
request the ``detail`` of the call by hand, or what stands under a name in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final

from local import ROOT
from project_invoicing.events.details import Detail, Shape, either, shapes
from project_invoicing.events.invoice_documents import InvoiceDocumentReady, InvoiceMailChanged
from project_invoicing.events.ledger_batches import (
    LedgerBatchDelivered,
    LedgerBatchesRequested,
    LedgerBatchReady,
    LedgerDeliveryRequested,
)
from project_invoicing.events.own import (
    VERSION,
    ActualRejected,
    ImportRequested,
    InvoicePosted,
    JournalFailed,
    JournalPosted,
    MasterDataChanged,
    MasterDataLoaded,
    OwnEvent,
    ProposalCreated,
    ProposalReady,
    SetupChanged,
    SweepContinued,
    WriteBackRequested,
)
from project_invoicing.events.receivables import InvoicePaymentsChanged
from project_invoicing.events.vendor_invoices import PendingVendorInvoiceCreated
from project_invoicing.use_cases.commands.command import Command
from project_invoicing.use_cases.commands.reading import COMMANDS
from project_invoicing.use_cases.requests.acknowledge_batch import AcknowledgeBatch
from project_invoicing.use_cases.requests.build_batches import BuildBatches
from project_invoicing.use_cases.requests.control_map import ControlMap
from project_invoicing.use_cases.requests.deliver_batch import DeliverBatch
from project_invoicing.use_cases.requests.import_staging import ImportStaging
from project_invoicing.use_cases.requests.invoice_documents import (
    AttachFile,
    MakeDocument,
    MakeDocuments,
    PreviewDocument,
    ResendDocument,
    ShowDocument,
)
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.use_cases.requests.post_journals import PostJournals
from project_invoicing.use_cases.requests.question import Question
from project_invoicing.use_cases.requests.record_payment import RecordPayment
from project_invoicing.use_cases.requests.repair_differences import RepairDifferences
from project_invoicing.use_cases.requests.request import Request
from project_invoicing.use_cases.requests.retry_write_back import RetryWriteBack

DOCUMENT: Final = ROOT / "docs" / "contracts.md"
SCHEMAS: Final = ROOT / "events" / "schemas"
OWN_EVENTS: Final[tuple[type[OwnEvent], ...]] = (
    ProposalCreated,
    ProposalReady,
    JournalPosted,
    JournalFailed,
    InvoicePosted,
    ActualRejected,
    SetupChanged,
    MasterDataChanged,
    MasterDataLoaded,
    LedgerBatchReady,
    LedgerBatchDelivered,
    LedgerDeliveryRequested,
    LedgerBatchesRequested,
    InvoiceDocumentReady,
    InvoiceMailChanged,
    InvoicePaymentsChanged,
    PendingVendorInvoiceCreated,
    ImportRequested,
    WriteBackRequested,
    SweepContinued,
)
"""What the table and the schemas show, in this order."""
REQUESTS: Final[tuple[type[Request], ...]] = (
    ControlMap,
    ImportStaging,
    PostJournals,
    PostInvoices,
    RetryWriteBack,
    RepairDifferences,
    BuildBatches,
    DeliverBatch,
    AcknowledgeBatch,
    RecordPayment,
    MakeDocument,
    MakeDocuments,
    ShowDocument,
    PreviewDocument,
    AttachFile,
    ResendDocument,
    Question,
)
"""What people may ask of the functions other than ``document_editing``."""
_BEGIN: Final = "<!-- generated from the classes of our events: python -m tools.contracts -->"
_END: Final = "<!-- end of what is generated -->"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_KINDS: Final = {str: "string", int: "integer", bool: "boolean"}


def table() -> Iterator[str]:
    """Every event with what it says and what it starts, and then what each field means."""
    yield "| event | detail | starts |"
    yield "| --- | --- | --- |"
    for event in OWN_EVENTS:
        yield f"| {event.TYPE} | {_said(event)} | {event.STARTS} |"
    yield ""
    yield "| field | of | what it says |"
    yield "| --- | --- | --- |"
    found: dict[tuple[str, str], list[str]] = {}
    for event in OWN_EVENTS:
        for field in _flat(event):
            found.setdefault((field.name, _meaning(field)), []).append(event.TYPE)
    for (name, meaning), events in found.items():
        yield f"| `{name}` | {', '.join(events)} | {meaning} |"


def with_table(document: str) -> str:
    """The text of ``docs/contracts.md`` with the table of now between its marks."""
    before, _, rest = document.partition(_BEGIN)
    _, found, after = rest.partition(_END)
    if not found:
        raise ValueError(f"{DOCUMENT.name} has no place for the table: {_BEGIN} … {_END}")
    return f"{before}{_BEGIN}\n\n" + "\n".join(table()) + f"\n\n{_END}{after}"


def schemas() -> dict[str, str]:
    """Path below ``events/schemas`` -> the text of the file."""
    events = {f"{event.TYPE}.json": _event_schema(event) for event in OWN_EVENTS}
    commands = {f"commands/{command.__name__}.json": _command_schema(command) for command in COMMANDS}
    requests = {f"commands/{request.__name__}.json": _request_schema(request) for request in REQUESTS}
    all_of_them = {**events, **commands, **requests}
    return {path: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for path, schema in all_of_them.items()}


def _event_schema(event: type[OwnEvent]) -> dict[str, Any]:
    schema = _schema(event)
    version = {"const": VERSION, "description": "the version of this shape"}
    properties = {"version": version, **schema.pop("properties")}
    head = {"$schema": _DIALECT, "title": event.TYPE, "description": cleandoc(str(event.__doc__))}
    return head | schema | {"required": ["version", *schema["required"]], "properties": properties}


def _command_schema(command: type[Command]) -> dict[str, Any]:
    """What is written under its action; the description says which that is."""
    schema = command.model_json_schema(by_alias=True)
    says = " ".join(schema.pop("description").replace("``", "").split())
    asked = f'{{"{command.ACTION}": …}}: {says}'
    return {"$schema": _DIALECT, "title": schema.pop("title"), "description": asked, **_plain(schema)}


def _request_schema(request: type[Request]) -> dict[str, Any]:
    says = " ".join(cleandoc(str(request.__doc__)).split())
    under = f', {{"{request.UNDER}": …}}' if request.UNDER else ""
    head = {"$schema": _DIALECT, "title": request.__name__, "description": f"{request.FUNCTION}{under}: {says}"}
    return head | _schema(request)


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without titles, which repeat the names of fields, and defaults: what is not given is not asked for."""
    for field in schema["properties"].values():
        field.pop("title", None)
        field.pop("default", None)
    return schema


def _schema(detail: type[Detail]) -> dict[str, Any]:
    """Other fields may come with a later version of the program, so they are allowed."""
    fields = shapes(detail)
    made: dict[str, Any] = {
        "type": "object",
        "required": [field.name for field in fields if not field.optional],
        "properties": {field.name: _property(field) for field in fields},
    }
    if detail.EITHER:
        made["oneOf"] = [{"required": list(group)} for group in detail.EITHER]
    return made


def _property(field: Shape) -> dict[str, Any]:
    says = field.says
    if issubclass(field.type, Detail):
        schema = _schema(field.type)
        return {"description": says.meaning} | ({"type": "array", "items": schema} if field.many else schema)
    kind = _KINDS[field.type]
    if field.many:
        return {"description": says.meaning, "type": "array", "items": {"type": kind}}
    made: dict[str, Any] = {"description": says.meaning, "type": [kind, "null"] if field.nullable else kind}
    if says.pattern:
        made["pattern"] = f"^{says.pattern}$"
    if says.values:
        made["enum"] = [str(value) for value in says.values]
    return made


def _said(detail: type[Detail]) -> str:
    parts = []
    either_of = {name for group in detail.EITHER for name in group}
    for field in shapes(detail):
        if issubclass(field.type, Detail):
            parts.append(f"`{field.name}`: {_said(field.type)}")
        elif field.name not in either_of:
            absent = " or null" if field.nullable else " (if any)" if field.optional else ""
            parts.append(f"`{field.name}`{absent}")
        elif field.name == detail.EITHER[0][0]:
            parts.append(either([f"`{name}`" for name in group] for group in detail.EITHER))
    return ", ".join(parts)


def _meaning(field: Shape) -> str:
    values = f": {', '.join(f'`{value}`' for value in field.says.values)}" if field.says.values else ""
    return f"{field.says.meaning}{values}"


def _flat(detail: type[Detail]) -> Iterator[Shape]:
    for field in shapes(detail):
        yield field
        if issubclass(field.type, Detail):
            yield from _flat(field.type)


def main() -> None:
    DOCUMENT.write_text(with_table(DOCUMENT.read_text("utf-8")), "utf-8")
    for path, text in schemas().items():
        file: Path = SCHEMAS / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(f"events/schemas/{path}")


if __name__ == "__main__":
    main()
