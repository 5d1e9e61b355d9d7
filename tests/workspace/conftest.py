"""An issuer for the tests of the workspace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import sockets
from tests.workspace.oidc_issuer import OidcIssuer, oidc_issuer


@pytest.fixture
def issuer(_no_sockets: None) -> Iterator[OidcIssuer]:
    with sockets.loopback(), oidc_issuer() as made:
        yield made
