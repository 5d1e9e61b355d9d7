"""The service that takes mails (SES), and the place where a stack on this machine keeps them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from project_invoicing.errors import Rejected, Unavailable
from project_invoicing.ledger_bucket import in_key, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from project_invoicing.document_bucket import DocumentBucket

LOCAL_SENDER: Final = "invoices@example.com"
MAILS: Final = "outbox/mail/"
"""Where mails are kept in the bucket of a stack on this machine."""
_BUSY: Final = frozenset({"TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"})
_SERVER_ERROR: Final = 500


class MailRefused(Rejected):
    """The service has refused the mail: it was not sent, and will not be."""

    def __init__(self, why: str) -> None:
        super().__init__("mail", f"the mail was refused: {why}")


class MailNotTaken(Unavailable):
    """The service took nothing, and may do so later: it was not sent."""


class Mail(Protocol):
    sender: str

    def send(self, address: str, message: bytes, tags: Mapping[str, str]) -> str:
        """Sends a message to one address. The service's id of it.

        Raises ``MailRefused`` or ``MailNotTaken``, or ``Unavailable`` where it may have been sent.
        """


class Ses:
    """SES. Its client must not repeat a request: each one is a mail."""

    def __init__(self, client: Any, sender: str, configuration_set: str) -> None:
        self._client = client
        self.sender = sender
        self._configuration_set = configuration_set

    def send(self, address: str, message: bytes, tags: Mapping[str, str]) -> str:
        try:
            answer = self._client.send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [address]},
                Content={"Raw": {"Data": message}},
                ConfigurationSetName=self._configuration_set,
                EmailTags=[{"Name": name, "Value": tag(value)} for name, value in tags.items()],
            )
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code") or status_of(error))
            if code in _BUSY:
                raise MailNotTaken(f"the mail service takes nothing now: {code}") from error
            if not status_of(error) or status_of(error) >= _SERVER_ERROR:
                raise Unavailable(f"the mail service did not say whether it took the mail: {code}") from error
            raise MailRefused(code) from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise MailNotTaken(f"the mail service was not reached: {type(error).__name__}") from error
        except BotoCoreError as error:
            raise Unavailable(f"the mail service did not answer: {type(error).__name__}") from error
        return str(answer["MessageId"])


class MailFolder:
    """Keeps mails as files in the bucket of the documents, and sends none."""

    sender = LOCAL_SENDER

    def __init__(self, bucket: DocumentBucket) -> None:
        self._bucket = bucket

    def send(self, address: str, message: bytes, tags: Mapping[str, str]) -> str:  # noqa: ARG002 - the message has it
        key = f"{MAILS}{in_key(tags['company'])}/{in_key(tags['invoice'])}-{tags['attempt']}.eml"
        self._bucket.put_bytes(key, message, "message/rfc822")
        return key


def tag(value: str) -> str:
    """A text as SES takes it for the value of a tag: letters, digits and ``-``, all others as ``_`` and two digits."""
    return "".join(chr(one) if re.match(rb"[A-Za-z0-9-]", bytes([one])) else f"_{one:02x}" for one in value.encode())


def of_tag(value: str) -> str:
    """The text of a tag. Raises ``ValueError`` for one that is not ours."""
    first, *others = value.split("_")
    return (first.encode() + b"".join(bytes.fromhex(one[:2]) + one[2:].encode() for one in others)).decode()
