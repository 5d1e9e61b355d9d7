"""moto, quicker: three quarters of the tests' time was moto and botocore, working out the same for each request.

    with quick_moto.installed():
        …                           # every client and every moto of this process

A request to DynamoDB goes straight to moto's handler, without HTTP in between: no endpoint, signature, retry or
parsing. Parameters are checked and the client's events told as ever. What the handler does to the tables is moto's own
work, but that

- an item is replaced and never changed, so that a transaction need not copy its tables to be able to go back;
- a query looks at the items of its partition and does not sort the table;
- an expression is parsed and checked once, and so is a path into an event.

``tests/store/test_quick_moto.py`` holds answers and tables against those of moto as it comes.
"""

from __future__ import annotations

import json
import marshal
import re
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import botocore.regions
import botocore.session
import jsonpath_ng.ext
import jsonpath_ng.ext.parser
import moto.core.models
import moto.core.responses
import moto.dynamodb.comparisons
import moto.dynamodb.models
import moto.dynamodb.responses
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.client import BaseClient, ClientCreator
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import ParamValidationError
from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from botocore.validate import ParamValidationDecorator, ParamValidator
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import ServiceException
from moto.core.models import DEFAULT_ACCOUNT_ID, botocore_stubber
from moto.core.request import normalize_request
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.exceptions import ConditionalCheckFailed, ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import StreamShard, Table
from moto.dynamodb.models.utilities import bytesize, dynamo_to_dict
from moto.dynamodb.parsing.expressions import UpdateExpressionParser  # type: ignore[attr-defined]
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

Json = dict[str, Any]
Answers = Callable[[Any, OperationModel, Json], tuple[Any, Json]]
"""What answers a client's request: its status, and the answer as botocore parses it."""

OPERATIONS: Final = {
    "BatchGetItem": DynamoHandler.batch_get_item,
    "BatchWriteItem": DynamoHandler.batch_write_item,
    "CreateTable": DynamoHandler.create_table,
    "DeleteItem": DynamoHandler.delete_item,
    "GetItem": DynamoHandler.get_item,
    "PutItem": DynamoHandler.put_item,
    "Query": DynamoHandler.query,
    "Scan": DynamoHandler.scan,
    "TransactGetItems": DynamoHandler.transact_get_items,
    "TransactWriteItems": DynamoHandler.transact_write_items,
    "UpdateItem": DynamoHandler.update_item,
}
_ABSENT: Final = object()
_TYPE: Final = "application/x-amz-json-1.0"
_MOST_BYTES: Final = 405_000
"""Where moto refuses an item."""


@contextmanager
def installed() -> Iterator[None]:
    """moto and botocore work so for as long as the block lasts."""
    _set(_REPLACEMENTS)
    try:
        yield
    finally:
        _set(_ORIGINALS)


@contextmanager
def as_it_comes() -> Iterator[None]:
    """Within ``installed``: moto and botocore as they come, to compare with."""
    _set(_ORIGINALS)
    try:
        yield
    finally:
        _set(_REPLACEMENTS)


def _set(attributes: Iterable[tuple[Any, str, Any]]) -> None:
    for owner, name, value in attributes:
        if value is _ABSENT:
            delattr(owner, name)
        else:
            setattr(owner, name, value)


# --- requests ---

_call_as_it_comes = vars(BaseClient)["_make_api_call"]
_process_as_it_comes = BotocoreStubber.process_request
_sign_as_it_comes = RequestSigner.sign
_user_agent_as_it_comes = UserAgentString.to_string


def _call(client: Any, operation: str, params: Json) -> Any:
    """A request to DynamoDB goes to moto without HTTP, unless somebody means to meet it there."""
    service = client.meta.service_model
    quick = botocore_stubber.enabled and service.service_name == "dynamodb" and operation in OPERATIONS
    if not quick or _is_awaited(client, operation):
        return _call_as_it_comes(client, operation, params)
    return ask(client, operation, params, _answer)


def ask(client: Any, operation: str, params: Json, answers: Answers) -> Any:
    """A request without HTTP: checked, told to whoever listens to the client, and answered."""
    model, events, context = client.meta.service_model.operation_model(operation), client.meta.events, Json()
    params = client._emit_api_params(params, model, context)
    _check(client, model, params)
    request: Json = {"headers": {}}
    event = f"before-call.dynamodb.{operation}"
    answer = events.emit_until_response(event, model=model, params=request, context=context)[1]
    http, parsed = answer or answers(client, model, params)
    events.emit(f"after-call.dynamodb.{operation}", http_response=http, parsed=parsed, model=model, context=context)
    if http.status_code >= 300:
        raise client.exceptions.from_code(parsed["Error"]["Code"])(parsed, operation)
    return parsed


def _is_awaited(client: Any, operation: str) -> bool:
    """Whether others than moto listen to what is sent."""
    listeners = client.meta.events._emitter._handlers.prefix_search(f"before-send.dynamodb.{operation}")
    return len(listeners) > 1


def _check(client: Any, model: OperationModel, params: Json) -> None:
    """By the service's model, where the client is to."""
    serializer: Any = client._serializer
    if isinstance(serializer, ParamValidationDecorator):
        report = serializer._param_validator.validate(params, model.input_shape)  # type: ignore[attr-defined]
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())


def _answer(client: Any, model: OperationModel, params: Json) -> tuple[SimpleNamespace, Json]:
    """moto's answer, and what botocore makes of it."""
    handler = DynamoHandler()
    handler.region, handler.current_account = client.meta.region_name, DEFAULT_ACCOUNT_ID
    handler.headers = {"x-amz-target": f".{model.name}", "Content-Type": _TYPE}
    handler.querystring, handler.response_headers = {}, {}
    handler.body = handler.params = _apart(params)
    try:
        result: Any = OPERATIONS[model.name](handler).result
    except ServiceException as error:
        status, headers, body = handler.serialized(ActionResult(error))
        return SimpleNamespace(status_code=status), _parsed(client, model, status, headers, body)
    except HTTPException as error:
        status, headers, body = int(error.code or 400), {"Content-Type": _TYPE}, str(error.description)
        return SimpleNamespace(status_code=status), _parsed(client, model, status, headers, body)
    if model.name == "CreateTable":  # its answer has times
        body = json.dumps(result, default=_seconds)
        return SimpleNamespace(status_code=200), _parsed(client, model, 200, {"Content-Type": _TYPE}, body)
    shape: Any = model.output_shape
    parsed = _apart({name: result[name] for name in shape.members if result.get(name) is not None})
    parsed["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {"Content-Type": _TYPE}, "RetryAttempts": 0}
    return SimpleNamespace(status_code=200), parsed


def _parsed(client: Any, model: OperationModel, status: int, headers: Json, body: str | bytes) -> Json:
    """An answer as botocore parses it."""
    text = body.encode() if isinstance(body, str) else body
    response = {"status_code": status, "headers": HeadersDict(headers), "body": text, "context": {}}
    parsed: Json = client._response_parser.parse(response, model.output_shape)
    client._endpoint._add_modeled_error_fields(response, parsed, model, client._response_parser)
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    return parsed


def _seconds(moment: datetime) -> float:
    """moto has times of UTC that do not say so."""
    return moment.replace(tzinfo=UTC).timestamp()


def _apart(values: Json) -> Json:
    """A copy that shares nothing, as what goes over a wire."""
    try:
        copied: Json = marshal.loads(marshal.dumps(values, 2))  # noqa: S302  our own
    except ValueError:  # not plain values only
        copied = json.loads(json.dumps(values, default=_base64), object_hook=_with_bytes)
    return copied


def _with_bytes(part: Json) -> Json:
    """Binary values come as base64, and moto keeps bytes. An attribute called ``B`` has an object as its value."""
    if len(part) == 1:
        if isinstance(value := part.get("B"), str):
            return {"B": b64decode(value)}
        if isinstance(values := part.get("BS"), list):
            return {"BS": [b64decode(value) for value in values]}
    return part


def _base64(value: Any) -> str:
    assert isinstance(value, bytes)
    return b64encode(value).decode()


def _process(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
    """As moto does it, for the services that answer at one address each."""
    answers = _handler_at(request.url) if request.url.count("/") == 3 and request.url.endswith("/") else None
    if answers is None:
        return _process_as_it_comes(stubber, request)
    normalized = normalize_request(request)
    return answers(normalized, normalized.raw_url, normalized.headers)


@cache
def _handler_at(url: str) -> Callable[..., Any] | None:
    service = url.partition("//")[2].partition(".")[0]
    if service not in ("dynamodb", "events", "secretsmanager", "sqs"):
        return None
    backends: BackendDict[Any] = moto.backends.get_backend(service)  # type: ignore[call-overload]
    urls = backends[DEFAULT_ACCOUNT_ID]["us-east-1"].urls
    answers: Callable[..., Any] = next(method for pattern, method in urls.items() if re.match(pattern, url))
    return answers


def _user_agent(made: UserAgentString) -> str:
    """moto knows a client by its URL."""
    return "tests" if botocore_stubber.enabled else _user_agent_as_it_comes(made)


def _sign(signer: RequestSigner, operation_name: str, request: Any, *how: Any, **more: Any) -> None:
    """moto reads no signature, but S3 is refused to whoever has none."""
    if not botocore_stubber.enabled or ".s3." in request.url or "//s3." in request.url:
        _sign_as_it_comes(signer, operation_name, request, *how, **more)


_validate_as_it_comes = vars(ParamValidator)["_validate"]
_KINDS: Final[Mapping[str, Any]] = {"S": str, "N": str, "B": bytes, "BOOL": bool, "NULL": bool, "M": dict, "L": list}
_MAPS: Final = frozenset({"Key", "AttributeMap", "PutItemInputAttributeMap", "ExpressionAttributeValueMap"})


def _validate(validator: Any, params: Any, shape: Any, errors: Any, name: str) -> None:
    right = (shape.name in _MAPS and _is_map(params)) or (shape.name == "AttributeValue" and _is_value(params))
    if not right:
        _validate_as_it_comes(validator, params, shape, errors, name)


def _is_map(params: Any) -> bool:
    return type(params) is dict and all(type(name) is str and _is_value(value) for name, value in params.items())


def _is_value(params: Any) -> bool:
    """Whether a value is right at first sight."""
    if type(params) is not dict or len(params) != 1:
        return False
    kind, value = next(iter(params.items()))
    if not isinstance(value, _KINDS.get(kind, ())):
        return False
    if kind == "M":
        return _is_map(value)
    return kind != "L" or all(map(_is_value, value))


# --- clients ---


@cache
def _service_model(loader: Any, service: str, version: str | None) -> ServiceModel:
    return ServiceModel(loader.load_service_model(service, "service-2", api_version=version), service_name=service)


def _load_service_model(creator: Any, service_name: str, api_version: str | None = None) -> ServiceModel:
    return _service_model(creator._loader, service_name, api_version)


_alias_as_it_comes = vars(EventAliaser)["_alias_event_name"]
_aliases: dict[str, str] = {}


def _alias_event_name(aliaser: EventAliaser, event_name: str) -> str:
    """All clients have the same names for events."""
    found = _aliases.get(event_name)
    if found is None:
        found = _aliases[event_name] = _alias_as_it_comes(aliaser, event_name)
    return found


def _verify_accept_kwargs(_aliaser: Any, _handler: Any) -> None:
    """A handler that takes no keywords fails when it is called."""


_providers: dict[tuple[int, int], tuple[EndpointProvider, Any]] = {}


def _endpoint_provider(ruleset_data: Any, partition_data: Any, excluded_params: Any = None) -> EndpointProvider:
    """One for each set of rules. The sets are kept by the loader, and here, so that their ids stay theirs."""
    if excluded_params:
        return EndpointProvider(ruleset_data, partition_data, excluded_params)
    key = (id(ruleset_data), id(partition_data))
    if key not in _providers:
        made = EndpointProvider(ruleset_data, partition_data)
        _providers[key] = made, (ruleset_data, partition_data)
    return _providers[key][0]


# --- items ---

_query_as_it_comes = Table.query
_update_as_it_comes: Any = DynamoDBBackend.update_item
_copy_as_it_comes = Item.__deepcopy__
_size_as_it_comes = Item.size
_cast_as_it_comes = DynamoType.cast_value


def _new_item(item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: Mapping[str, Any]) -> None:
    """Checks the size once, not at each attribute."""
    item.hash_key, item.range_key = hash_key, range_key
    item.attrs = _attributes({name: DynamoType(value) for name, value in attrs.items()})


def _attributes(values: Mapping[str, DynamoType]) -> LimitedSizeDict:
    size = sum(bytesize(name) + value.size() for name, value in values.items())
    if size > _MOST_BYTES:
        raise ItemSizeTooLarge
    made = LimitedSizeDict()
    vars(made)["size"] = size
    for name, value in values.items():
        dict.__setitem__(made, name, value)
    return made


def _size(item: Item) -> int:
    return vars(item.attrs).get("size") or _size_as_it_comes(item)


def _copy(item: Item, _memo: Any) -> Item:
    """Its values are never changed, so the copy has the same."""
    made: Item = _made(Item)
    made.hash_key, made.range_key, made.attrs = item.hash_key, item.range_key, LimitedSizeDict()
    dict.update(made.attrs, item.attrs)
    return made


def _plain(value: Any) -> Any:
    """As moto's ``dynamo_to_dict``."""
    kind = type(value)
    if kind is DynamoType and value.type not in ("B", "BS"):
        return {value.type: value.value if value.type in ("S", "N") else _plain(value.value)}
    if kind is dict or kind is LimitedSizeDict:
        return {name: _plain(part) for name, part in value.items()}
    if kind is list:
        return [_plain(part) for part in value]
    return dynamo_to_dict(value)


def _snapshot(table: Table, _memo: Any) -> Table:
    """The table as it is now: items are replaced, not changed."""
    made = _like(table)
    if table.range_key_attr is None:
        made.items = defaultdict(dict, table.items)
    else:
        made.items = defaultdict(dict, {key: dict(part) for key, part in table.items.items()})
    if table.stream_shard is not None:
        made.stream_shard = _made(StreamShard)
        vars(made.stream_shard).update(vars(table.stream_shard), table=made, items=list(table.stream_shard.items))
    return made


def _like(table: Table) -> Table:
    made: Table = _made(Table)
    vars(made).update(vars(table))
    return made


def _made(kind: type[Any]) -> Any:
    """One without any attribute yet."""
    return object.__new__(kind)


def _query(table: Table, hash_key: DynamoType, *arguments: Any, **named: Any) -> Any:
    """moto's own query, of a table that holds only what its partition may have."""
    index = named.get("index_name") or (arguments[6] if len(arguments) > 6 else None)
    narrowed = _like(table)
    if index is None:
        found: Any = {hash_key: table.items[hash_key]} if hash_key in table.items else {}
    else:
        wanted = [(name, value) for name, value in named["hash_key_conditions"] if value.type == "S"]
        found = {
            key: {sort: item for sort, item in part.items() if _has(item, wanted)} for key, part in table.items.items()
        }
    narrowed.items = found
    return _query_as_it_comes(narrowed, hash_key, *arguments, **named)


def _has(item: Item, wanted: list[tuple[str, DynamoType]]) -> bool:
    attributes = item.attrs
    return all(name in attributes and attributes[name].value == value.value for name, value in wanted)


def _all_items(table: Table) -> list[Item]:
    """In order, by values that are worked out once."""
    if table.range_key_attr is None:
        items: Any = list(table.items.values())
        return sorted(items, key=lambda item: item.hash_key.cast_value)
    items = [item for part in table.items.values() for item in part.values()]
    return sorted(items, key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))


def _cast_value(value: DynamoType) -> Any:
    return value.value if value.type in ("S", "B") else _cast_as_it_comes.fget(value)  # type: ignore[attr-defined]


# --- expressions ---


class _Condition:
    """moto's parser for conditions, which parses a condition with its values once."""

    def __init__(self, text: str | None, names: Mapping[str, str] | None, values: Mapping[str, Any] | None) -> None:
        self._asked = (text, tuple((names or {}).items()), repr(values))
        self._values = values
        self.expr_attr_names_found: list[str] = []
        self.expr_attr_values_found: list[str] = []

    def parse(self) -> Any:
        found = _conditions.get(self._asked)
        if found is None:
            text, names, _ = self._asked
            parser = ConditionExpressionParser(text, dict(names), dict(self._values or {}))
            parsed = parser.parse()
            found = parsed, list(parser.expr_attr_names_found), list(parser.expr_attr_values_found)
            if len(_conditions) > 1000:
                _conditions.clear()
            _conditions[self._asked] = found
        self.expr_attr_names_found = [*found[1]]
        self.expr_attr_values_found = [*found[2]]
        return found[0]


_conditions: dict[Any, tuple[Any, list[str], list[str]]] = {}


class _Update:
    """A parsed update expression, for what only looks at it."""

    def __init__(self, expression: str) -> None:
        self._parsed = UpdateExpressionParser.make(expression)
        self._found: dict[Any, list[Any]] = {}

    def find_clauses(self, types: list[type]) -> list[Any]:
        key = tuple(types)
        if key not in self._found:
            self._found[key] = self._parsed.find_clauses(types)
        return self._found[key]


class _Updates:
    """Stands in for ``UpdateExpressionParser``."""

    make = staticmethod(lru_cache(maxsize=1000)(_Update))


class _Step(NamedTuple):
    verb: str
    name: str
    value: str


_SETS: Final = re.compile(r"(#\w+) = (:\w+)")
_SETS_FIRST: Final = re.compile(r"(#\w+) = if_not_exists\((#\w+), (:\w+)\)")
_ADDS: Final = re.compile(r"(#\w+) (:\w+)")
_REMOVES: Final = re.compile(r"#\w+")
_passed: set[Any] = set()
"""Updates that moto has parsed, checked and done once: table, expression, its names, and the aliases of its values."""


@lru_cache(maxsize=1000)
def _steps(expression: str) -> tuple[_Step, ...] | None:
    """What an expression does to attributes at the top, all by their aliases; ``None`` if it does anything else."""
    made = []
    verb = ""
    for part in re.split(r", (?![^(]*\))| (?=ADD |REMOVE )", expression):
        first, _, rest = part.partition(" ")
        if first in ("SET", "ADD", "REMOVE"):
            verb, done = first, rest
        else:
            done = part
        if verb == "SET" and (found := _SETS.fullmatch(done)):
            made.append(_Step(verb, found[1], found[2]))
        elif verb == "SET" and (found := _SETS_FIRST.fullmatch(done)) and found[1] == found[2]:
            made.append(_Step("FIRST", found[1], found[3]))
        elif verb == "ADD" and (found := _ADDS.fullmatch(done)):
            made.append(_Step(verb, found[1], found[2]))
        elif verb == "REMOVE" and _REMOVES.fullmatch(done):
            made.append(_Step(verb, done, ""))
        else:
            return None
    return tuple(made)


def _update_item(
    backend: DynamoDBBackend,
    table_name: str,
    key: dict[str, Any],
    update_expression: str,
    expression_attribute_names: dict[str, str],
    expression_attribute_values: dict[str, Any],
    attribute_updates: Any = None,
    expected: Any = None,
    condition_expression: str | None = None,
    return_values_on_condition_check_failure: str | None = None,
) -> Item:
    names, values = expression_attribute_names or {}, expression_attribute_values or {}
    table = backend.get_table(table_name)
    hash_key, range_key = backend.get_keys_value(table, key)
    item = table.get_item(hash_key, range_key)
    asked = (table.name, tuple(table.attribute_keys), update_expression, tuple(names.items()), tuple(values))
    made = _updated(table, key, item, update_expression, names, values) if asked in _passed else None
    if made is None or range_key is None or attribute_updates or expected:
        return _update_by_moto(
            (backend, table_name, key, update_expression, names, values, attribute_updates, expected),
            condition_expression,
            return_values_on_condition_check_failure,
            asked if range_key and not attribute_updates and not expected else None,
        )
    if not _Condition(condition_expression, names, values).parse().expr(item):
        if return_values_on_condition_check_failure == "ALL_OLD" and item is not None:
            raise ConditionalCheckFailed(item=item.to_json()["Attributes"])
        raise ConditionalCheckFailed
    table.items[hash_key][range_key] = made
    if table.stream_shard is not None:
        table.stream_shard.add(item, made)
    return made


def _updated(
    table: Table, key: dict[str, Any], item: Item | None, expression: str, names: Json, values: Json
) -> Item | None:
    """The item after an update whose expression moto has done before; ``None`` where moto has to look again."""
    attributes = dict(item.attrs) if item else {name: DynamoType(value) for name, value in key.items()}
    if item is None:
        table._validate_key_sizes(key)
    for verb, alias, value in _steps(expression) or ():
        name = names[alias]
        if verb == "REMOVE":
            attributes.pop(name, None)
        elif verb == "SET" or (verb == "FIRST" and name not in attributes):
            attributes[name] = DynamoType(values[value])
        elif verb == "ADD":
            number, before = DynamoType(values[value]), attributes.get(name, DynamoType({"N": "0"}))
            if number.type != "N" or before.type != "N":
                return None
            attributes[name] = before + number
    made: Item = _made(Item)
    made.hash_key = item.hash_key if item else DynamoType(key[table.hash_key_attr])
    made.range_key = item.range_key if item else DynamoType(key[str(table.range_key_attr)])
    try:
        made.attrs = _attributes(attributes)
    except ItemSizeTooLarge:
        return None
    return made


def _update_by_moto(arguments: Any, condition: str | None, on_failure: str | None, asked: Any) -> Item:
    """moto changes the item, so it gets one of its own; the one that was there comes back where moto refuses."""
    backend, table_name, key, expression, *_ = arguments
    table = backend.get_table(table_name)
    hash_key, range_key = backend.get_keys_value(table, key)
    item = table.get_item(hash_key, range_key)
    part = table.items[hash_key] if range_key else table.items
    place = range_key or hash_key
    with patch.object(Item, "__deepcopy__", _copy_as_it_comes):
        if item is not None:
            part[place] = _copy_as_it_comes(item, {})
        try:
            updated: Item = _update_as_it_comes(*arguments, condition, on_failure)
        except Exception:
            if item is not None:
                part[place] = item
            raise
    vars(updated.attrs).clear()
    if asked and _steps(expression):
        _passed.add(asked)
    return updated


_REPLACEMENTS: Final[list[tuple[Any, str, Any]]] = [
    (BaseClient, "_make_api_call", _call),
    (BotocoreStubber, "process_request", _process),
    (RequestSigner, "sign", _sign),
    (moto.core.models, "RESPONSES_METHODS", []),  # for what asks AWS without botocore, which nothing does here
    (
        jsonpath_ng.ext,
        "parse",
        cache(jsonpath_ng.ext.parser.parse),
    ),  # of the paths that each target of an event would get
    (moto.core.responses, "method_names_from_class", cache(method_names_from_class)),
    (moto.core.responses, "camelcase_to_underscores", cache(camelcase_to_underscores)),
    (botocore.session, "create_loader", cache(create_loader)),
    (botocore.regions, "EndpointProvider", _endpoint_provider),
    (ClientCreator, "_load_service_model", _load_service_model),
    (UserAgentString, "to_string", _user_agent),
    (ParamValidator, "_validate", _validate),
    (EventAliaser, "_alias_event_name", _alias_event_name),
    (EventAliaser, "_verify_accept_kwargs", _verify_accept_kwargs),
    (HierarchicalEmitter, "_verify_accept_kwargs", _verify_accept_kwargs),
    (Item, "__init__", _new_item),
    (Item, "__deepcopy__", _copy),
    (Item, "size", _size),
    (Table, "__deepcopy__", _snapshot),
    (Table, "query", _query),
    (Table, "all_items", _all_items),
    (DynamoType, "cast_value", property(_cast_value)),
    (DynamoDBBackend, "update_item", _update_item),
    (moto.dynamodb.responses, "create_condition_expression_parser", _Condition),
    (moto.dynamodb.models, "create_condition_expression_parser", _Condition),
    (moto.dynamodb.comparisons, "create_condition_expression_parser", _Condition),
    (moto.dynamodb.responses, "UpdateExpressionParser", _Updates),
    (moto.dynamodb.responses, "dynamo_to_dict", _plain),
]
_ORIGINALS: Final = [(owner, name, vars(owner).get(name, _ABSENT)) for owner, name, _ in _REPLACEMENTS]
