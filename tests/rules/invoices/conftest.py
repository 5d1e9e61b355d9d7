"""A stack whose table map carries the columns of discounts along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import pytest

from project_invoicing.dataverse import maps
from tests.harness import TEMPLATE

DISCOUNT = "cr123_discountamount"


@pytest.fixture
def discounts() -> Iterator[None]:
    """The organization keeps an actual's discount in ``DISCOUNT``, and the settings of all functions say so."""
    overrides = {maps.OVERRIDES_VARIABLE: json.dumps({"actuals": {"custom": {DISCOUNT: "discount_amount"}}})}
    environments: list[Any] = [function.environment for function in TEMPLATE.functions]
    with ExitStack() as until_end:
        for environment in environments:
            until_end.enter_context(patch.dict(environment, overrides))
        maps.table_maps.cache_clear()
        yield
    maps.table_maps.cache_clear()
