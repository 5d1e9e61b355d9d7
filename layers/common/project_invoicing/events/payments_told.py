"""What others tell of payments on the bus: an event of whoever keeps receivables, or of a file in our bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

TOLD: Final = "CustomerPaymentSettled"
"""The detail-type of a payment."""
FOLDER: Final = "payments/"
"""Where files of payments are put, in the bucket of the batches."""
_OBJECT_CREATED: Final = "Object Created"


def is_about_payments(event: Mapping[str, Any]) -> bool:
    """Whether a message of the queue is about payments, not about batches."""
    kind = event.get("detail-type")
    return kind == TOLD or (kind == _OBJECT_CREATED and str(event["detail"]["object"]["key"]).startswith(FOLDER))
