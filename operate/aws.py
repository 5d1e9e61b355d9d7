"""Calls to AWS: in the region that the environment names, and with a sentence for each failure (D-067)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import boto3
from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import IntegrationError, Unavailable

_ENDPOINTS: Final = "AWS_ENDPOINT_URL"
_REGION, _DEFAULT_REGION = "AWS_REGION", "AWS_DEFAULT_REGION"

_NO_CREDENTIALS: Final = "sign in, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_SIGN_IN: Final = "the sign-in is missing or has expired; run: aws sso login, or aws login"
_EXPIRED: Final = "the credentials have expired; sign in again"
_UNKNOWN: Final = "these credentials are not known in {region}; check them (AWS_PROFILE) and the region (AWS_REGION)"
_SIGNATURE: Final = "the signature is wrong; check AWS_SECRET_ACCESS_KEY and the clock of this machine"
_DENIED: Final = "the credentials may not do this: {message}"
_ABSENT: Final = (
    "{operation} in {region}: {message}; check the name, the region (AWS_REGION) and the account (AWS_PROFILE)"
)
_BUSY: Final = "{operation} is throttled; try again in a minute"
_NO_ANSWER: Final = "{message}; check the network, the region ({region}), and AWS_ENDPOINT_URL if it is set"

_CODES: Final[Mapping[str, str]] = {
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": _EXPIRED,
    "AuthFailure": _UNKNOWN,
    "IncompleteSignature": _UNKNOWN,
    "InvalidAccessKeyId": _UNKNOWN,
    "InvalidClientTokenId": _UNKNOWN,
    "MissingAuthenticationToken": _UNKNOWN,
    "MissingAuthenticationTokenException": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "InvalidSignatureException": _SIGNATURE,
    "SignatureDoesNotMatch": _SIGNATURE,
    "ResourceNotFoundException": _ABSENT,
    "LimitExceededException": _BUSY,
    "ProvisionedThroughputExceededException": _BUSY,
    "RequestLimitExceeded": _BUSY,
    "RequestThrottled": _BUSY,
    "Throttling": _BUSY,
    "ThrottlingException": _BUSY,
    "TooManyRequestsException": _BUSY,
}
_OTHER: Final = "{operation}: {message}"

_KINDS: Final[Mapping[type[BotoCoreError], str]] = {
    aws.NoRegionError: "no region is set; set AWS_REGION to the stack's, or AWS_PROFILE to a profile that has one",
    aws.InvalidRegionError: "{message}; check AWS_REGION",
    aws.ProfileNotFound: "{message}; check AWS_PROFILE",
    aws.NoCredentialsError: f"there are no credentials; {_NO_CREDENTIALS}",
    aws.PartialCredentialsError: f"{{message}}; {_NO_CREDENTIALS}",
    aws.CredentialRetrievalError: f"{{message}}; {_NO_CREDENTIALS}",
    aws.SSOError: _SIGN_IN,
    aws.TokenRetrievalError: _SIGN_IN,
    aws.LoginError: _SIGN_IN,
    aws.ConnectionError: _NO_ANSWER,
    aws.HTTPClientError: _NO_ANSWER,
}


@contextmanager
def asking() -> Iterator[None]:
    """Calls within it go to ``AWS_REGION``, as in Lambda and other SDKs, rather than to ``AWS_DEFAULT_REGION``.

    boto3 reads only the latter. Raises ``IntegrationError`` with a sentence for what AWS refuses or does not answer.
    """
    for name, url in os.environ.items():
        if name.startswith(_ENDPOINTS) and not urlsplit(url).hostname:
            raise IntegrationError(f"AWS: {name} is {url!r}; write a URL, such as http://127.0.0.1:4566")
    before = os.environ.get(_DEFAULT_REGION)
    if region := os.environ.get(_REGION):
        os.environ[_DEFAULT_REGION] = region
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise IntegrationError(sentence(error)) from error
    except Unavailable as error:  # a store's word for it, which names no cause
        if isinstance(error.__cause__, BotoCoreError | ClientError):
            raise IntegrationError(sentence(error.__cause__)) from error
        raise
    finally:
        if before is None:
            os.environ.pop(_DEFAULT_REGION, None)
        else:
            os.environ[_DEFAULT_REGION] = before


def sentence(error: BotoCoreError | ClientError) -> str:
    """What is wrong and what to do about it, in one line."""
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        text = _CODES.get(told.get("Code", ""), _OTHER)
        message = told.get("Message") or told.get("Code") or str(error)
        operation = error.operation_name
    else:
        text = next((text for kind, text in _KINDS.items() if isinstance(error, kind)), "{message}")
        message, operation = str(error), ""
    message = " ".join(message.split()).rstrip(".")
    return "AWS: " + text.format(message=message, operation=operation, region=_region())


def _region() -> str:
    try:
        return boto3.Session().region_name or "no region"
    except BotoCoreError:  # of a profile that does not exist
        return "no region"
