"""A stack with posted documents, over moto in this process."""

from __future__ import annotations

import pytest

from tests.audit.stack import Audited


@pytest.fixture
def audited(moto: None) -> Audited:
    return Audited()
