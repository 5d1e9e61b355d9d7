"""The webhook's secret, read strictly: a mistake in it must not open the door. Messages: see the handler's tests."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest

from project_invoicing.dataverse.webhook_keys import WebhookKeys, read_keys, shows_key, sign, signature_of

KEY, OTHER = "k" * 16, "o" * 48


def test_the_secret_names_one_key_or_two() -> None:
    assert read_keys(json.dumps({"key": KEY})).keys == (KEY,)
    assert read_keys(json.dumps({"key": KEY, "other_key": ""})).keys == (KEY,)
    keys = read_keys(json.dumps({"key": KEY, "other_key": OTHER, "signing_secret": "s" * 20}))
    assert (keys.keys, keys.signing_secret, keys.signature_required) == ((KEY, OTHER), "s" * 20, False)


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ("canary-not-json", "is not JSON"),
        ('["canary"]', "is not a JSON object"),
        ("{}", "has no key"),
        ({"key": None, "other_key": OTHER}, "has no key"),
        ({"key": ""}, "key of the webhook's secret is null or a text of at least 16"),
        ({"key": "canary-short"}, "key of the webhook's secret is null or a text of at least 16"),
        ({"key": KEY, "other_key": 7}, "other_key of"),
        ({"key": KEY, "signing_secret": "canary"}, "signing_secret of"),
        ({"key": KEY, "signature_required": True}, "only with a signing_secret"),
        ({"key": KEY, "signature_required": "canary"}, "true or false"),
    ],
)
def test_a_secret_with_a_mistake_is_refused_without_showing_it(secret: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as caught:
        read_keys(secret if isinstance(secret, str) else json.dumps(secret))
    assert "canary" not in str(caught.value)


def test_keys_have_no_readable_form() -> None:
    assert KEY not in repr(WebhookKeys((KEY,), "s" * 20))


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, wanted: bytes) -> bool:
        compared.append((given, wanted))
        return given == wanted

    monkeypatch.setattr(hmac, "compare_digest", compare)
    keys = WebhookKeys((KEY, OTHER))
    assert shows_key(keys, {"x-webhook-key": KEY}, {"code": "wrong \udcff"})
    assert [wanted for _, wanted in compared] == [KEY.encode(), OTHER.encode()] * 2


def test_a_signature_is_the_hmac_of_timestamp_and_body() -> None:
    wanted = hmac.new(b"s" * 20, b"1788166800.{}", "sha256").hexdigest()
    assert sign("s" * 20, "1788166800", b"{}") == wanted
    headers = {"x-webhook-timestamp": "1788166800", "x-webhook-signature": wanted.upper()}
    assert signature_of(WebhookKeys((KEY,), "s" * 20), headers, b"{}", 1788166801.5) == wanted


def test_without_a_signing_secret_no_signature_is_looked_at() -> None:
    assert signature_of(WebhookKeys((KEY,)), {"x-webhook-signature": "anything"}, b"", 0) is None
