"""A secret in Secrets Manager, read rarely and read again when it seems to have changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from project_invoicing.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_SECONDS: Final = 300.0
"""How long a value that was removed from the secret may stay valid."""
AGAIN_SECONDS: Final = 10.0
"""The least time between two reads, so that someone guessing keys does not cause a request for each guess."""


class Secret:
    """The text of a secret, cached for some minutes. ``clock`` returns monotonic seconds."""

    def __init__(self, client: SecretsManagerClient, id: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._id = id
        self._clock = clock
        self._text = ""
        self._read_at: float | None = None

    def text(self) -> str:
        """The secret as it was at most five minutes ago. Raises ``Unavailable``."""
        return self._text if self._younger_than(KEPT_SECONDS) else self._read_again()

    def newer(self) -> str | None:
        """The current secret if it differs from ``text``, else ``None``; also ``None`` within ten seconds of a read."""
        if self._younger_than(AGAIN_SECONDS):
            return None
        before = self._text
        now = self._read_again()
        return None if now == before else now

    def read(self) -> str:
        """Reads the secret now. Raises botocore's own error where no retry helps: a wrong role or a wrong name."""
        self._text = self._client.get_secret_value(SecretId=self._id)["SecretString"]
        self._read_at = self._clock()
        return self._text

    def _read_again(self) -> str:
        try:
            return self.read()
        except (ClientError, BotoCoreError) as error:
            raise Unavailable(f"the secret {self._id} cannot be read: {type(error).__name__}") from error

    def _younger_than(self, seconds: float) -> bool:
        return self._read_at is not None and self._clock() - self._read_at < seconds
