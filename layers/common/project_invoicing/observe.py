"""Logging and metrics of the functions: what happened, once, with codes and ids.

Whole events, text written by people, names, customer keys and secrets are never logged. An outcome is logged as its
``code``, an id that others sent as its ``known_id``.
"""

from __future__ import annotations

import re
from typing import Final

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider


class _WhatThereIs(AmazonCloudWatchEMFProvider):
    """Says nothing where nothing was counted: an invocation that counts nothing is none to warn of."""

    def flush_metrics(self, raise_on_empty_metrics: bool = False) -> None:
        if self.metric_set or raise_on_empty_metrics:
            super().flush_metrics(raise_on_empty_metrics)


logger = Logger(service="project-invoicing")
metrics = Metrics(provider=_WhatThereIs(namespace="ProjectInvoicing", service="project-invoicing"))


_CODE: Final = re.compile(r"[a-z][a-z_ -]{0,40}")
_ID: Final = re.compile(r"[0-9a-fA-F{}-]{1,40}")


def code(text: object) -> str:
    """The code at the start of an outcome: ``customer_on_hold`` of ``customer_on_hold: customer C-1 is on hold``."""
    head = str(text).partition(":")[0]
    return head if _CODE.fullmatch(head) else "other"


def known_id(text: object) -> str | None:
    """An id that came with an event, if it is a Dataverse id. Anything else could be arbitrary text."""
    return text if isinstance(text, str) and _ID.fullmatch(text) else None


def count(name: str, value: int = 1) -> None:
    """Adds to a CloudWatch metric of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
