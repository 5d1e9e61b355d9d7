"""Who gives a command on the command line: the AWS principal; on a local stack whoever uses this machine."""

from __future__ import annotations

import argparse
import getpass
import os
import re
from typing import Any, Final

import boto3

from operate.arguments import named_text
from operate.invalid_input import InvalidInput
from project_invoicing.errors import Rejected
from project_invoicing.use_cases.documents.given import given_actor

_LOCAL: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_LAMBDA")
_OTHER: Final = re.compile(r"[^\w.@+:|/\\-]")
"""What IAM allows in a name and an actor's id does not."""


def actor_option(parser: argparse.ArgumentParser) -> None:
    told = "who does it, on a local stack; default: your user name"
    parser.add_argument("--actor", type=named_text, metavar="ID", help=told)


def acting(given: str | None) -> str:
    """The id of who gives the command. Raises ``InvalidInput`` for an actor that is given for a stack in AWS."""
    if not any(os.environ.get(name) for name in _LOCAL):
        if given is not None:
            raise InvalidInput(["--actor: only on a local stack; on a stack in AWS it is the AWS principal"])
        sts: Any = boto3.client("sts")
        arn = str(sts.get_caller_identity()["Arn"])
        return _OTHER.sub("-", arn.split(":", 5)[-1])[:100]
    try:
        return given_actor(given) or local_user()
    except Rejected as rejected:
        raise InvalidInput([f"--actor: {rejected.detail}"]) from None


def local_user() -> str:
    """The id of whoever uses this machine."""
    return _OTHER.sub("-", getpass.getuser())[:100]
