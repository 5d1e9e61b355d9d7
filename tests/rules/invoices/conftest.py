"""Stacks whose table map reads columns that an organization has of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.dataverse import maps
from tests.harness import TEMPLATE

DISCOUNT = "cr123_discountamount"


@contextmanager
def of_actuals(changes: dict[str, Any]) -> Iterator[None]:
    """The map of actuals has these changes, and the settings of all functions say so."""
    overrides = {maps.OVERRIDES_VARIABLE: json.dumps({"actuals": changes})}
    environments: list[Any] = [function.environment for function in TEMPLATE.functions]
    with ExitStack() as until_end:
        for environment in environments:
            until_end.enter_context(patch.dict(environment, overrides))
        maps.table_maps.cache_clear()
        yield
    maps.table_maps.cache_clear()


@pytest.fixture
def discounts() -> Iterator[None]:
    """The organization keeps an actual's discount in ``DISCOUNT``."""
    with of_actuals({"custom": {DISCOUNT: "discount_amount"}}):
        yield
