"""The variables with which ``sam local invoke`` runs a function on the stack that ``invoicing serve`` keeps up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from local.template import Template
from operate.invalid_input import InvalidInput

_HOST: Final = "host.docker.internal"
"""What a container calls the machine that it runs on."""
_HERE: Final = "127.0.0.1"
_SDK: Final = ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")


def variables(template: Template, sdk: Mapping[str, str]) -> dict[str, Any]:
    """Those of all functions and of the SDK, with this machine by the name that containers have for it.

    ``sdk`` has the credentials, the region and the address of the engine.
    """
    region = sdk.get("AWS_REGION") or sdk["AWS_DEFAULT_REGION"]
    named = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, **sdk}
    given = {**template.environment(), **{name: named[name] for name in _SDK}}
    return {"Parameters": {name: value.replace(f"//{_HERE}:", f"//{_HOST}:") for name, value in given.items()}}


@contextmanager
def written(path: Path | None, template: Template) -> Iterator[None]:
    """The file, for as long as the stack is up. Raises ``InvalidInput`` where it is there already or has no place."""
    if path is None:
        yield
        return
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(variables(template, os.environ), indent=2) + "\n")
    except OSError as error:
        raise InvalidInput([f"--env-vars: {path} cannot be written ({error.strerror}); name a new file"]) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
