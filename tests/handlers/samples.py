"""The samples in ``events/`` as the functions get them."""

from __future__ import annotations

import json
from typing import Any

from tests.event_samples import EVENTS


def sample(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
