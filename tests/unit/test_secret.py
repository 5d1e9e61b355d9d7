"""A secret is read seldom, and once more when a key is not in it: a rotation works at once, guessing costs nothing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from project_invoicing.errors import Unavailable
from project_invoicing.secrets import Secret


class SecretsManager:
    """Gives ``text`` and counts how often it was asked."""

    def __init__(self) -> None:
        self.text: str | None = "first"
        self.asked = 0

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803  as boto3 has it
        self.asked += 1
        if self.text is None:
            error: Any = {"Error": {"Code": "AccessDeniedException", "Message": "canary"}}
            raise ClientError(error, "GetSecretValue")
        return {"SecretString": self.text}


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def manager() -> SecretsManager:
    return SecretsManager()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def secret(manager: Any, clock: Clock) -> Secret:
    return Secret(manager, "the-secret", clock)


def test_it_is_read_once_in_five_minutes(secret: Secret, manager: SecretsManager, clock: Clock) -> None:
    for seconds, asked in ((0, 1), (299, 1), (300, 2), (301, 2)):
        clock.now = 1_000 + seconds
        assert secret.text() == "first"
        assert manager.asked == asked


def test_a_newer_one_is_looked_for_at_most_every_ten_seconds(
    secret: Secret, manager: SecretsManager, clock: Clock
) -> None:
    secret.text()
    manager.text = "second"
    assert secret.newer() is None
    clock.now += 10
    assert secret.newer() == "second"
    assert secret.text() == "second"
    clock.now += 10
    assert [secret.newer() for _ in range(100)] == [None] * 100
    assert manager.asked == 3


def test_one_that_cannot_be_read_is_tried_again_later(secret: Secret, manager: SecretsManager) -> None:
    manager.text = None
    with pytest.raises(Unavailable, match="the-secret") as caught:
        secret.text()
    assert "canary" not in str(caught.value)
    manager.text = "first"
    assert secret.text() == "first"
