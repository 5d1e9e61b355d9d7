"""What AWS does not do is a sentence that names the cause; the region is that of the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    UnauthorizedSSOTokenError,
)

from local import ROOT, engines
from local.cli import main
from operate import aws, local_stack
from project_invoicing.errors import IntegrationError, Unavailable
from project_invoicing.store import client
from project_invoicing.store.errors import translated

SETUP = str(ROOT / "events" / "scenarios" / "plain-month" / "setup.yaml")
COMMANDS = [
    ["explain", "INV-0001", "--stack-prefix", "none"],
    ["preview", "INV-0001", "--stack-prefix", "none"],
    ["reconcile", "--stack-prefix", "none"],
    ["map", "list", "--stack-prefix", "none"],
    ["redrive", "actuals_sync", "--stack-prefix", "none"],
    ["setup", "load", SETUP, "--table", "none"],
]


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto, without a region, and without clients that have one."""
    with engines.running("moto"):
        client.forget()
        for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(name)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
        yield
    client.forget()


def refused(code: str, message: str = "no.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Query")


@pytest.mark.parametrize("arguments", COMMANDS)
def test_without_a_region_each_command_asks_for_one(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err == (
        "AWS: no region is set; set AWS_REGION to the stack's, or AWS_PROFILE to a profile that has one\n"
    )


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
@pytest.mark.parametrize("arguments", COMMANDS)
def test_each_command_goes_to_the_region_of_the_environment(
    arguments: list[str], name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "eu-west-3")

    assert main(arguments) in (1, 2)
    assert "eu-west-3" in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["list proposals", "post INV-1", "replay x", "history setup", "explain x", "map list"])
def test_where_nothing_names_a_stack_and_none_runs_one_sentence_says_so(
    verb: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in local_stack.NAMED_BY:
        monkeypatch.delenv(name, raising=False)
    assert main(verb.split()) == 2
    assert capsys.readouterr() == ("", f"{local_stack.NONE_RUNS}\n")


def test_aws_region_comes_first_and_the_environment_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    with aws.asking():
        assert boto3.client("sqs").meta.region_name == "eu-west-3"
    assert os.environ["AWS_DEFAULT_REGION"] == "us-east-2"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (NoCredentialsError(), "there are no credentials; sign in, or set AWS_PROFILE"),
        (PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "Partial credentials found in env"),
        (ProfileNotFound(profile="me"), "The config profile (me) could not be found; check AWS_PROFILE"),
        (UnauthorizedSSOTokenError(), "the sign-in is missing or has expired; run: aws sso login"),
        (EndpointConnectionError(endpoint_url="http://x"), 'Could not connect to the endpoint URL: "http://x"; check'),
        (
            ConnectTimeoutError(endpoint_url="http://x"),
            'Connect timeout on endpoint URL: "http://x"; check the network',
        ),
        (ReadTimeoutError(endpoint_url="http://x"), 'Read timeout on endpoint URL: "http://x"; check the network'),
        (BotoCoreError(), "An unspecified error occurred"),
        (
            refused("AccessDeniedException", "User: u\nmay not: q"),
            "the credentials may not do this: User: u may not: q",
        ),
        (refused("ExpiredTokenException"), "the credentials have expired; sign in again"),
        (refused("UnrecognizedClientException"), "these credentials are not known in eu-west-3; check them"),
        (refused("SignatureDoesNotMatch"), "the signature is wrong; check AWS_SECRET_ACCESS_KEY and the clock"),
        (refused("ResourceNotFoundException", "No such table"), "Query in eu-west-3: No such table; check the name"),
        (refused("ThrottlingException"), "Query is throttled; try again in a minute"),
        (refused("ValidationException", "bad"), "Query: bad"),
        (ClientError({}, "Query"), "Query: An error occurred (Unknown) when calling the Query operation: Unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_sentence_names_the_cause(
    error: BotoCoreError | ClientError, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    for passed_on in (nullcontext, translated):  # a client's own, or what a store makes of it
        with pytest.raises(IntegrationError) as raised, aws.asking(), passed_on():
            raise error
        assert str(raised.value).startswith(f"AWS: {told}")


def test_what_a_store_says_by_itself_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="try later"), aws.asking():
        raise Unavailable("try later")


def test_an_endpoint_that_is_no_url_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "localhost")

    assert main(["explain", "x", "--stack-prefix", "none"]) == 1
    assert capsys.readouterr().err == (
        "AWS: AWS_ENDPOINT_URL_DYNAMODB is 'localhost'; write a URL, such as http://127.0.0.1:4566\n"
    )
