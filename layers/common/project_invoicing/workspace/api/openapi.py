"""The description of the API (OpenAPI 3.1), made from the models, requests and rows that it reads and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from inspect import cleandoc
from typing import Any, Final, get_args, get_type_hints

from project_invoicing.domain.codes import BatchRefusal, PaymentRefusal, PostingFailure, RejectReason, WaitReason
from project_invoicing.domain.ledger_answer import Effect
from project_invoicing.domain.made_document import DocumentState
from project_invoicing.domain.mailed_document import MAIL_STATES, MailState
from project_invoicing.domain.payment import Effect as Told
from project_invoicing.events.details import Detail, Shape, shapes
from project_invoicing.use_cases.commands.command import Command
from project_invoicing.use_cases.commands.reading import ACTIONS, COMMANDS
from project_invoicing.use_cases.lists.asked import FILTERS, MOST, STATUSES, USUAL, Kind
from project_invoicing.use_cases.lists.show import ROWS
from project_invoicing.use_cases.people import NEEDED
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
)
from project_invoicing.use_cases.requests.post_invoices import PostInvoices
from project_invoicing.use_cases.requests.post_journals import PostJournals
from project_invoicing.use_cases.requests.record_payment import RecordPayment
from project_invoicing.use_cases.requests.repair_differences import RepairDifferences
from project_invoicing.use_cases.requests.request import SIGNATURE, Request
from project_invoicing.use_cases.requests.retry_write_back import RetryWriteBack
from project_invoicing.workspace.api import documents, operations
from project_invoicing.workspace.api.call import Call
from project_invoicing.workspace.api.routes import OPERATIONS, ROOT, Operation

Schema = dict[str, Any]

REQUESTS: Final[Mapping[str, type[Request]]] = {
    "make_document": MakeDocument,
    "make_documents": MakeDocuments,
    "preview_document": PreviewDocument,
    "attach_file": AttachFile,
    "resend_document": ResendDocument,
    "post_invoices": PostInvoices,
    "post_journals": PostJournals,
    "build_batches": BuildBatches,
    "deliver_batch": DeliverBatch,
    "acknowledge_batch": AcknowledgeBatch,
    "record_payment": RecordPayment,
    "import_staging": ImportStaging,
    "retry_write_back": RetryWriteBack,
    "repair_differences": RepairDifferences,
    "control_map": ControlMap,
}
"""The body of each operation that takes one, but for the commands."""
_TYPES: Final = {str: "string", int: "integer", bool: "boolean", type(None): "null"}
_PROBLEMS: Final = {
    "400": "The body is no JSON object.",
    "401": "No token, or one that is not valid.",
    "403": "Who calls has no role for this.",
    "409": "The document does not allow it. Nothing was done.",
    "413": "The body is too long.",
    "415": "The body is not JSON.",
    "422": "The request is wrong. Nothing was done.",
    "503": "A service did not answer. Ask again.",
}
_KEPT: Final = {"record_payment": "It is kept, counts nowhere yet, and is tried again every hour."}
_ASIDE: Final = frozenset(PaymentRefusal) - {PaymentRefusal.SAME_VERSION_DIFFERS}
_OF_BODIES: Final = frozenset({"400", "409", "413", "415"})
_ABOUT: Final = """The commands of the finance side of the project invoice integration.

Every command may be sent twice: the second time changes nothing. A posting may take longer than the API waits (30 s);
it goes on, and the same request, sent again, says what has become of it. Amounts are texts with a decimal point."""


def description(_: Call | None = None) -> Schema:
    """The whole description."""
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"{ROOT}{operation.path}", {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Project invoicing", "version": "1", "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
        "security": [{"token": []}],
    }


def _operation(operation: Operation) -> Schema:
    module = operation.does.partition(":")[0]
    does = getattr({"operations": operations, "documents": documents}.get(module), operation.name, description)
    made: Schema = {"operationId": operation.name, "summary": cleandoc(str(does.__doc__)).partition("\n")[0]}
    if parameters := _parameters(operation):
        made["parameters"] = parameters
    with_body = operation.method == "POST"
    if with_body:
        made["description"] = f"Needs the role {_role(operation)}."
        made["requestBody"] = {"required": True, "content": _json(_ref(_body(operation)))}
    if operation.open:
        made["security"] = []
    made["responses"] = {"200": {"description": "Done.", "content": _json(_ref(_answer(operation)))}}
    if kept := _KEPT.get(operation.name):
        made["responses"]["202"] = {"description": kept, "content": _json(_ref(_answer(operation)))}
    refused = [status for status in _PROBLEMS if with_body or status not in _OF_BODIES]
    if not operation.open:
        made["responses"] |= {status: _problem(status) for status in refused}
    return made


def _role(operation: Operation) -> str:
    if operation.name in REQUESTS:
        return NEEDED[REQUESTS[operation.name].__name__]
    return "; ".join(f"{NEEDED[command.__name__]} for {command.__name__}" for command in COMMANDS)


def _problem(status: str) -> Schema:
    content = {"application/problem+json": {"schema": _ref("Problem")}}
    return {"description": _PROBLEMS[status], "content": content}


def _parameters(operation: Operation) -> list[Schema]:
    match operation.name:
        case "list_rows":
            names = list(dict.fromkeys(name for filters in FILTERS.values() for name in filters))
            path = _parameter("kind", "path", {"enum": [*Kind]}, "the list")
            return [path, *map(_filter, names), *_PAGING]
        case "explain":
            path = _parameter("id", "path", {"type": "string"}, "an id of Dataverse, or the number of a document")
            return [path, _parameter("company", "query", {"type": "string"}, "the only company to look in")]
        case "show_document":
            path = _parameter("invoice_number", "path", {"type": "string"}, "the number of a posted invoice")
            company = _parameter("company", "query", {"type": "string"}, "the code of its company")
            return [path, {**company, "required": True}]
        case _:
            return []


def _filter(name: str) -> Schema:
    kinds = ", ".join(kind for kind in Kind if name in FILTERS[kind])
    schema: Schema = {"type": "string"}
    if name == "since":
        schema["format"] = "date"
    if name in ("from_month", "to_month"):
        schema["pattern"] = r"^\d{4}-(0[1-9]|1[0-2])$"
    if name == "status":
        schema["enum"] = list(dict.fromkeys(str(status) for statuses in STATUSES.values() for status in statuses))
    return _parameter(name, "query", schema, f"for {kinds}")


def _parameter(name: str, place: str, schema: Schema, says: str) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": says}


_PAGING: Final = (
    _parameter(
        "limit", "query", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "rows of a page"
    ),
    _parameter("cursor", "query", {"type": "string"}, "what the page before gave; leave it out to begin at the top"),
)


def _body(operation: Operation) -> str:
    return REQUESTS[operation.name].__name__ if operation.name in REQUESTS else "Command"


def _answer(operation: Operation) -> str:
    return "".join(word.capitalize() for word in operation.name.split("_")) + "Answer"


def _schemas() -> dict[str, Schema]:
    commands = {command.__name__: _of_command(command) for command in COMMANDS}
    requests = {request.__name__: _of_request(request) for request in REQUESTS.values()}
    rows = {row.__name__: _of_row(row) for row in ROWS.values()}
    return {"Command": _command(), **commands, **requests, **rows, **_ANSWERS}


def _command() -> Schema:
    """``{action: request}``, one action alone."""
    by_action = {action: [one.__name__ for one in COMMANDS if action == one.ACTION] for action in ACTIONS}
    return {
        "type": "object",
        "description": "One action, with the document that it is about.",
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
        "properties": {action: _one_of(names) for action, names in by_action.items()},
    }


def _one_of(names: Sequence[str]) -> Schema:
    return _ref(names[0]) if len(names) == 1 else {"anyOf": [_ref(name) for name in names]}


def _of_command(command: type[Command]) -> Schema:
    schema = command.model_json_schema(by_alias=True)
    schema["properties"].pop("actor")
    schema["description"] = _plain(schema["description"])
    for field in schema["properties"].values():
        field.pop("title", None)
        field.pop("default", None)
    return schema


def _of_request(request: type[Request]) -> Schema:
    known = [shape for shape in shapes(request) if shape.name not in SIGNATURE]
    made: Schema = {
        "type": "object",
        "description": _plain(cleandoc(str(request.__doc__))),
        "additionalProperties": False,
        "required": [shape.name for shape in known if not shape.optional],
        "properties": {shape.name: _of_shape(shape) for shape in known},
    }
    if request.EITHER:
        made["oneOf"] = [{"required": list(group)} for group in request.EITHER]
    return made


def _of_shape(shape: Shape) -> Schema:
    made: Schema = {"type": _TYPES.get(shape.type), "description": shape.says.meaning}
    if issubclass(shape.type, Detail):
        made = {
            "type": "object",
            "required": [one.name for one in shapes(shape.type) if not one.optional],
            "properties": {one.name: _of_shape(one) for one in shapes(shape.type)},
        }
    if shape.many:
        return {"type": "array", "items": made, "description": shape.says.meaning}
    if shape.says.pattern:
        made["pattern"] = f"^{shape.says.pattern}$"
    if shape.says.values:
        made["enum"] = [str(value) for value in shape.says.values]
    return made


def _of_row(row: type) -> Schema:
    hints = get_type_hints(row)
    known: Any = row
    properties = {field.name: {"type": _kind(hints[field.name])} for field in fields(known)}
    return {
        "type": "object",
        "description": _plain(cleandoc(str(row.__doc__))),
        "required": list(properties),
        "properties": properties,
    }


def _kind(hint: Any) -> str | list[str]:
    kinds = [_TYPES[one] for one in get_args(hint) or (hint,)]
    return kinds[0] if len(kinds) == 1 else kinds


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "").split())


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _object(properties: Mapping[str, Schema], *required: str) -> Schema:
    return {"type": "object", "required": list(required or properties), "properties": dict(properties)}


def _files(which: str) -> Schema:
    one = {"name": _TEXT, "key": _TEXT, "sha256": _TEXT, "bytes": _NUMBER}
    address = {**_TEXT, "description": "where it can be loaded for a minute"}
    return {"type": "array", "items": _object({**one, "address": address}), "description": which}


_TEXT: Final[Schema] = {"type": "string"}
_NULLABLE: Final[Schema] = {"type": ["string", "null"]}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_NUMBER: Final[Schema] = {"type": "integer"}
_REFUSED: Final[Schema] = {"type": "array", "items": _ref("Refusal")}
_ANSWERS: Final[Mapping[str, Schema]] = {
    "Refusal": _object({"company": _NULLABLE, "document": _NULLABLE, "reason": _TEXT, "detail": _TEXT}),
    "Problem": _object(
        {
            "title": _TEXT,
            "status": _NUMBER,
            "reason": {
                **_TEXT,
                "description": "what a program can go by; of a refusal "
                + ", ".join(sorted({*PostingFailure, *BatchRefusal, *PaymentRefusal, *WaitReason, *RejectReason})),
            },
            "detail": {**_TEXT, "description": "what is the matter, and what to do"},
            "field": {**_TEXT, "description": "the field at fault"},
            "refused": _REFUSED,
            "reference": {**_TEXT, "description": "finds the call in the log"},
        },
        *("title", "status", "reason", "detail", "reference"),
    ),
    "DescriptionAnswer": {"type": "object", "description": "This description."},
    "ListRowsAnswer": _object(
        {
            "rows": {"type": "array", "items": {"anyOf": [_ref(row.__name__) for row in ROWS.values()]}},
            "cursor": {
                **_NULLABLE,
                "description": "of the next page; null at the end, and only there: a page may be empty",
            },
        }
    ),
    "ExplainAnswer": _object(
        {"id": _TEXT, "found": {"type": "array", "items": {"type": "object"}}, "looked_in": _TEXTS, "next": _TEXTS}
    ),
    "ShowDocumentAnswer": _object(
        {
            "company": _TEXT,
            "invoice_number": _TEXT,
            "document": {**_NULLABLE, "enum": [*DocumentState, None], "description": "null: none was begun"},
            "made_at": {**_NULLABLE, "description": "when it was ready"},
            "files": _files("of the document, once it is ready"),
            "attachments": _files("that people have attached"),
            "mail": {
                "type": ["object", "null"],
                "description": "the last mail with it; null where nothing was mailed",
                "required": ["state", "attempt", "address", "asked_at"],
                "properties": {
                    "state": {**_TEXT, "enum": [*MAIL_STATES]},
                    "attempt": {**_NUMBER, "description": "which mail of this document it is"},
                    "address": _TEXT,
                    "asked_at": _TEXT,
                },
            },
        }
    ),
    "MakeDocumentAnswer": _object(
        {
            "company": _TEXT,
            "invoice_number": _TEXT,
            "state": {**_TEXT, "enum": [*DocumentState]},
            "at": _TEXT,
            "files": {"type": "array", "items": _object({"name": _TEXT, "sha256": _TEXT, "bytes": _NUMBER})},
        }
    ),
    "MakeDocumentsAnswer": _object(
        {
            "made": {"type": "array", "items": _object({"company": _TEXT, "invoice_number": _TEXT})},
            "failed": {"type": "array", "items": _object({"company": _TEXT, "invoice_number": _TEXT, "detail": _TEXT})},
            "there": {**_NUMBER, "description": "how many were there"},
            "not_asked": {**_NUMBER, "description": "how many nobody asks for"},
            "finished": {"type": "boolean", "description": "false: send the request again for the others"},
        }
    ),
    "PreviewDocumentAnswer": _object(
        {
            "company": _TEXT,
            "proposal_id": _TEXT,
            "name": _TEXT,
            "content_type": _TEXT,
            "content": {**_TEXT, "description": "the file, in base64"},
        }
    ),
    "AttachFileAnswer": _object({"key": _TEXT, "sha256": _TEXT, "bytes": _NUMBER}),
    "ResendDocumentAnswer": _object(
        {
            "outcome": {**_TEXT, "enum": [*MailState], "description": "the state of the mail"},
            "attempt": _NUMBER,
            "address": _TEXT,
            "detail": {**_NULLABLE, "description": "why it was not sent"},
        }
    ),
    "CommandAnswer": {**_object({"outcome": _TEXT}), "description": "The outcome, and what the action shows."},
    "PostInvoicesAnswer": _object({"posted": _TEXTS, "refused": _REFUSED}),
    "PostJournalsAnswer": _object({"posted": _TEXTS, "failed": _TEXTS, "refused": _REFUSED}),
    "BuildBatchesAnswer": _object({"outcome": _TEXT}),
    "DeliverBatchAnswer": _object({"outcome": _TEXT}),
    "AcknowledgeBatchAnswer": _object(
        {
            "outcome": {
                **_TEXT,
                "enum": [Effect.APPLIED, Effect.REPEATED],
                "description": "whether it changed anything",
            },
            "detail": _TEXT,
            "company": _TEXT,
            "kind": _TEXT,
            "number": _NUMBER,
            "state": {**_NULLABLE, "description": "of the batch, after it"},
            "external_numbers": _TEXTS,
        }
    ),
    "RecordPaymentAnswer": _object(
        {
            "outcome": {
                **_TEXT,
                "enum": [one for one in Told if one is not Told.REFUSED],
                "description": "what came of it",
            },
            "company": _TEXT,
            "settlement_id": _TEXT,
            "version": _NUMBER,
            "detail": _TEXT,
            "open": {
                "type": "array",
                "items": _object({"invoice_number": _TEXT, "open": _TEXT, "currency": _TEXT}),
                "description": "what is open of each document that changed",
            },
            "aside": {
                "type": "array",
                "items": _object(
                    {"company": _TEXT, "document": _TEXT, "reason": _TEXT | {"enum": sorted(_ASIDE)}, "detail": _TEXT}
                ),
                "description": "why it counts nowhere yet; only where it was set aside",
            },
        }
    ),
    "ImportStagingAnswer": _object({"journal_lines": _NUMBER, "proposals_ready": _NUMBER, "waiting": _NUMBER}),
    "RetryWriteBackAnswer": _object({"outcome": _TEXT}),
    "RepairDifferencesAnswer": _object(
        {
            "repaired": {
                "type": "array",
                "items": _object({"entity": _TEXT, "id": _TEXT, "repair": _TEXT, "outcome": _TEXT}),
            }
        }
    ),
    "ControlMapAnswer": {
        **_object(
            {"outcome": _TEXT, "maps": {"type": "array", "items": {"type": "object"}}, "delivered": _NUMBER},
            "outcome",
            "maps",
        ),
    },
}
