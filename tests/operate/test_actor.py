"""Who gives a command: the AWS principal, and on a local stack whoever uses this machine."""

from __future__ import annotations

import getpass

import boto3
import pytest

from operate.actor import acting
from operate.invalid_input import InvalidInput


class Sts:
    def __init__(self, arn: str) -> None:
        self.arn = arn

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": self.arn}


@pytest.fixture(autouse=True)
def _in_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_LAMBDA"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("arn", "id"),
    [
        ("arn:aws:iam::123456789012:user/ann", "user/ann"),
        (
            "arn:aws:sts::123456789012:assumed-role/Post/bob@contoso.example",
            "assumed-role/Post/bob@contoso.example",
        ),
        ("arn:aws:iam::123456789012:user/a=b,c", "user/a-b-c"),
    ],
)
def test_on_a_stack_in_aws_it_is_the_principal_and_nobody_else(
    monkeypatch: pytest.MonkeyPatch, arn: str, id: str
) -> None:
    monkeypatch.setattr(boto3, "client", lambda service: Sts(arn))
    assert acting(None) == id
    with pytest.raises(InvalidInput, match="only on a local stack"):
        acting("somebody-else")


def test_on_a_local_stack_it_is_the_user_or_whom_the_command_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    monkeypatch.setattr(getpass, "getuser", lambda: "ann smith")
    assert acting(None) == "ann-smith"
    assert acting("bob@contoso.example") == "bob@contoso.example"
    with pytest.raises(InvalidInput, match="--actor: actor is the id"):
        acting("Bob of Contoso")
