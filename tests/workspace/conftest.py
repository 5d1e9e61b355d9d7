"""An issuer, books, and the workspace over both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import sockets
from tests.rules.conftest import books, new_books, stack
from tests.workspace.oidc_issuer import OidcIssuer, oidc_issuer

__all__ = ["books", "issuer", "new_books", "stack"]


@pytest.fixture
def issuer(_no_sockets: None) -> Iterator[OidcIssuer]:
    with sockets.loopback(), oidc_issuer() as made:
        yield made
