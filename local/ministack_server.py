"""Ministack 1.5.33 with five repairs; runs in ministack's own environment and imports nothing of ours.

* It drops the ``Time`` of a PutEvents entry and stamps the event with its own clock. EventBridge delivers the time it
  was given, and our functions read no other clock.
* A rule invokes a function once. EventBridge invokes it asynchronously: with retries and an on-failure destination.
* Functions run under ministack's own Python and see its packages. They run under ``FUNCTION_PYTHON`` here, so that a
  package that is missing from the layer is missing.
* Each environment of a function unpacks the layer again, thousands of files. They share ``BUILT_LAYERS`` here, the
  folders that the layers were packed from.
* Nothing says when it is idle. ``GET /_activity`` says how many invocations have begun and how many are under way.
"""

from __future__ import annotations

import io
import json
import os
import threading
import time
import zipfile
from typing import Any

# It is installed in an environment of its own, in which this runs, and not in the one that is checked.
from ministack import app  # type: ignore[import-not-found]
from ministack.core import lambda_runtime  # type: ignore[import-not-found]
from ministack.services import eventbridge, lambda_svc  # type: ignore[import-not-found]

# ruff: noqa: SLF001  the repairs are of its insides

_put_events = eventbridge._put_events
_runtime_binary = lambda_runtime._detect_runtime_binary
_execute_function = lambda_svc._execute_function
_resolve_layer_zip = lambda_svc._resolve_layer_zip
_serve = app.app
_given: float | None = None
_activity = {"begun": 0, "ended": 0}
_counting = threading.Lock()


def put_events(request: dict[str, Any], **options: Any) -> Any:
    """One entry at a time, each under its own clock. Ministack serves requests in one thread."""
    global _given  # noqa: PLW0603
    entries = request.get("Entries", [])
    if len(entries) > 10:
        return _put_events(request, **options)
    answers = []
    for entry in entries:
        _given = entry.get("Time")
        answers.append(json.loads(_put_events({"Entries": [entry]}, **options)[2]))
    _given = None
    return eventbridge.json_response(
        {
            "FailedEntryCount": sum(answer["FailedEntryCount"] for answer in answers),
            "Entries": [one for answer in answers for one in answer["Entries"]],
        }
    )


def dispatch_to_lambda(arn: str, payload: str) -> None:
    function, _, _ = lambda_svc._get_func_record_for_ref(arn)
    if function:
        lambda_svc.invoke_async_with_retry(function, json.loads(payload))


def execute_function(*arguments: Any) -> Any:
    _count("begun")
    try:
        return _execute_function(*arguments)
    finally:
        _count("ended")


def runtime_binary(runtime: str) -> tuple[str, str]:
    binary, worker = _runtime_binary(runtime)
    return os.environ.get("FUNCTION_PYTHON", binary) if runtime.startswith("python") else binary, worker


def resolve_layer_zip(layer: Any) -> bytes | None:
    """Replaces the layer by one that points to the folder it was packed from."""
    if not _resolve_layer_zip(layer):
        return None
    named = str(layer.get("Arn") if isinstance(layer, dict) else layer)
    folder = "DocumentsLayer" if "DocumentsLayer" in named else "CommonLayer"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # A function may have both, unpacked into one folder.
        path = f"{os.environ['BUILT_LAYERS']}/{folder}/python"
        archive.writestr(f"python/lib/python3/site-packages/{folder}.pth", path)
    return packed.getvalue()


async def serve(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope.get("path") != "/_activity":
        await _serve(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(_activity).encode()})


def _count(what: str) -> None:
    with _counting:
        _activity[what] += 1


eventbridge._put_events = put_events
eventbridge._now_ts = lambda: time.time() if _given is None else _given
eventbridge._dispatch_to_lambda = dispatch_to_lambda
lambda_runtime._detect_runtime_binary = runtime_binary
lambda_svc._execute_function = execute_function
lambda_svc._resolve_layer_zip = resolve_layer_zip
app.app = serve

if __name__ == "__main__":
    app.main()
