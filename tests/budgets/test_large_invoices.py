"""An invoice of ten thousand lines: imported and posted whole, within its requests and write units, and in step with size.

It becomes visible at one moment: until its last transaction nobody sees a line of the proposal or the invoice.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from benchmarks.business import Work, finance, into_staging
from tests.counting import TRANSACTION_LIKE, Usage, counted
from tests.harness import World

LINES = 10_000
