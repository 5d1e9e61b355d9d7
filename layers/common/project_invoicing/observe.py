"""Logging and metrics of the functions: what happened, once, with ids; never whole events, names or secrets."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger(service="project-invoicing")
metrics = Metrics(namespace="ProjectInvoicing", service="project-invoicing")


def count(name: str, value: int = 1) -> None:
    """Adds to a CloudWatch metric of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
