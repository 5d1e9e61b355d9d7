"""The state of a local stack in a folder: what ``--keep DIR`` leaves, and what ``invoicing serve`` goes on with.

One file, ``state.json``, has the items of all tables, what is on the queues (dead letters included) and in the buckets,
the secrets (the webhook's key stays the same) and the rows of the stand-in for Dataverse. It is written whole to
another name and then put in its place, so that whatever happens meanwhile the state that was saved last is there,
whole. A message that somebody else has hidden (a ``redrive`` that was killed) cannot be read. If it was seen before it
is saved all the same: at worst it comes twice, which changes nothing. The file does not depend on the engine. Who uses
a folder holds a lock on it, which ends with the process.
"""

from __future__ import annotations

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import boto3

from dataverse_standin import Rows
from local import bucket_files
from local.stack import Stack
from operate.invalid_input import InvalidInput
from operate.messages import MOST_MESSAGES
from project_invoicing.store import client, copies

_FORMAT: Final = 1
_FILE, _LOCK, _NEXT = "state.json", "lock", "state.json.next"
_WHILE_READ: Final = 30
"""Seconds for which messages are hidden from other readers while they are read; they are shown again after."""

Json = dict[str, Any]


class Folder:
    """A folder that this process holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._saved: bytes | None = None
        self._seen: dict[str, dict[str, str]] = {}
        """The messages that were on each queue when it was last looked at, by their ids."""
        self._objects: dict[str, dict[str, bytes]] = {}
        """What the buckets had when they were last looked at: nothing in them changes."""

    @property
    def file(self) -> Path:
        return self.path / _FILE

    def read(self) -> Json | None:
        """The state that was saved last, if there is one. Raises ``InvalidInput`` for one of another version."""
        if not self.file.exists():
            return None
        try:
            state = json.loads(self.file.read_bytes(), object_hook=_with_bytes)
            version = state["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise InvalidInput(
                [f"--keep: {self.file} is not the state of a local stack; name another folder"]
            ) from None
        if version != _FORMAT:
            raise InvalidInput([_another_version(self.file, f"its format is {version}, and this one reads {_FORMAT}")])
        return dict(state)

    def save(self, stack: Stack, rows: Rows | None) -> bool:
        """Saves the state, unless it is the one that was saved last. Says whether it did."""
        state = {
            "format": _FORMAT,
            **_stack_state(stack, self._seen),
            "buckets": {name: _objects(name, self._objects.setdefault(name, {})) for name in stack.template.buckets},
            "dataverse": rows.state() if rows else None,
        }
        data = json.dumps(state, default=_bytes).encode()
        if data == self._saved:
            return False
        with open(self.path / _NEXT, "wb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        (self.path / _NEXT).replace(self.file)
        with _opened(self.path) as folder:
            os.fsync(folder)
        self._saved = data
        return True


@contextmanager
def held(path: Path) -> Iterator[Folder]:
    """The folder at ``path``, made if it is not there, for this process alone. Raises ``InvalidInput``."""
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise InvalidInput([f"--keep: {path} cannot be used: {error.strerror}"]) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            who = os.read(lock, 20).decode(errors="replace").strip()
            raise InvalidInput([f"--keep: {path} is in use by process {who}; end that, or name another"]) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield Folder(path)
    finally:
        os.close(lock)


def restore(stack: Stack, state: Mapping[str, Any], where: Path) -> None:
    """Puts what was kept into a new stack, as if it had always been there. Raises ``InvalidInput``."""
    names = {table.id: table.request["TableName"] for table in stack.template.tables}
    unknown = [*(state["tables"].keys() - names.keys()), *(state["queues"].keys() - stack.queues.keys())]
    if unknown:
        raise InvalidInput([_another_version(where, f"template.yaml has no {', '.join(sorted(unknown))}")])
    for table, items in state["tables"].items():
        copies.fill(client.dynamodb(), names[table], items)
    stack.tell_of_objects(whether=False)
    for bucket, objects in state.get("buckets", {}).items():
        for key, data in objects.items():
            client.s3().put_object(Bucket=bucket, Key=key, Body=data)
    stack.tell_of_objects(whether=True)
    stack.pass_over_streams()
    sqs = boto3.client("sqs")
    for queue, bodies in state["queues"].items():
        for body in bodies:
            sqs.send_message(QueueUrl=stack.queues[queue], MessageBody=body)
    for secret, text in state["secrets"].items():
        client.secrets_manager().put_secret_value(SecretId=secret, SecretString=text)


def _stack_state(stack: Stack, seen: dict[str, dict[str, str]]) -> Json:
    secrets = client.secrets_manager()
    return {
        "tables": {
            table.id: list(copies.stored_items(client.dynamodb(), table.request["TableName"]))
            for table in stack.template.tables
        },
        "queues": {id: bodies for id, url in stack.queues.items() if (bodies := _bodies(url, seen.setdefault(id, {})))},
        "secrets": {
            secret.name: secrets.get_secret_value(SecretId=secret.name)["SecretString"]
            for secret in stack.template.secrets
        },
    }


def _objects(bucket: str, seen: dict[str, bytes]) -> dict[str, bytes]:
    """What is in a bucket, by key."""
    there = list(bucket_files.keys(bucket))
    for key in there:
        if key not in seen:
            seen[key] = client.s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    return {key: seen[key] for key in there}


def _bodies(url: str, seen: dict[str, str]) -> list[str]:
    """What is on a queue, and stays there. What was ``seen`` before and is hidden now counts as there."""
    sqs = boto3.client("sqs")
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    count = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    hidden = int(count.get("ApproximateNumberOfMessagesNotVisible", 0))
    if not int(count["ApproximateNumberOfMessages"]):  # a message that is only looked at counts as received once more
        if not hidden:
            seen.clear()
        return list(seen.values())
    read: list[Any] = []
    while got := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=MOST_MESSAGES, VisibilityTimeout=_WHILE_READ
    ).get("Messages"):
        read += got
    for message in read:
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)
    there = {str(message["MessageId"]): str(message["Body"]) for message in read}
    missing = {id: body for id, body in seen.items() if id not in there} if hidden else {}
    seen.clear()
    seen.update(missing | there)
    return list(seen.values())


def _another_version(where: Path, why: str) -> str:
    return f"--keep: {where} was written by another version: {why}; use that version, or name another folder"


def _bytes(value: object) -> Json:
    if isinstance(value, bytes):
        return {"base64": b64encode(value).decode()}
    raise TypeError(f"{value!r} is not JSON")


def _with_bytes(part: Json) -> Any:
    if part.keys() == {"base64"} and isinstance(part["base64"], str):
        return b64decode(part["base64"])
    return part


def _private(path: str, flags: int) -> int:
    """The state has the webhook's key and what a customer is called: for its owner's eyes."""
    return os.open(path, flags, 0o600)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        with suppress(OSError):
            os.close(descriptor)
