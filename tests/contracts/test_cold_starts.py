"""What a function loads until it has answered: counted, as times depend on the machine (D-092).

What costs are classes more than files: Python writes and compiles the methods of each dataclass when it is loaded. The
times are measured by ``python -m benchmarks --only cold-start``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore
import pytest
from botocore.loaders import Loader
from botocore.session import Session, get_session

from local import ROOT
from local.template import read
from tools.cut_botocore import SERVICES, cut

LAYERS: Final = ("common", "documents")
FUNCTIONS: Final = {function.name: function for function in read(ROOT / "template.yaml").functions}

BUDGET: Final[Mapping[str, tuple[int, int]]] = {
    "dataverse_webhook": (40, 25),
    "dataverse_catchup": (80, 70),
    "proforma_header_sync": (130, 100),
    "master_data_sync": (75, 66),
    "actuals_sync": (60, 40),
    "staging_import": (174, 132),
    "journal_posting": (123, 104),
    "invoice_posting": (154, 132),
    "outbox_relay": (25, 10),
    "accounting_writeback": (90, 78),
    "document_editing": (207, 130),
    "explain": (177, 138),
    "reconciliation": (193, 170),
    "reference_rates": (10, 5),
    "workspace": (158, 115),
    "audit_sealing": (35, 20),
    "ledger_export": (146, 127),
    "ledger_answers": (150, 146),
    "invoice_documents": (170, 150),
    "invoice_sending": (64, 64),
}
"""The most modules of ours, and the most dataclasses in them: what there is, rounded up. Before you raise a number, see
whether what is new is needed for the answer, or only for types (``TYPE_CHECKING``)."""

CHECKING: Final = frozenset({"document_editing"})
"""The functions that check what a person asks for, and load pydantic. To read a set-up nobody needs it (D-158)."""

NEVER: Final = frozenset(
    {
        "aws_lambda_powertools.utilities.parser",  # 65 ms, by Powertools' batch, if pydantic was imported before it
        "boto3",
        "cryptography",
        "difflib",
        "moto",
        "msal",
        "multiprocessing",
        "requests",
        "rich",
        "s3transfer",
        "yaml",
    }
)
"""What takes long to load and no first answer needs."""

ANSWERED: Final = """
import importlib, json, sys
from pathlib import Path
from types import SimpleNamespace
from botocore.endpoint import Endpoint

def refused(*request):
    raise PermissionError("nothing is allowed here")

Endpoint._send = refused
name, samples = sys.argv[1:]
handler = importlib.import_module(f"functions.{name}.app").handler
context = SimpleNamespace(
    function_name=name, memory_limit_in_mb=512, invoked_function_arn=name, aws_request_id=name,
    get_remaining_time_in_millis=lambda: 30_000,
)
for sample in sorted(Path(samples).glob("*.json")):
    try:
        handler(json.loads(sample.read_text("utf-8")), context)
    except Exception as failed:
        if "nothing is allowed here" not in str(failed):
            raise
ours = {name: module for name, module in sys.modules.items() if name.startswith("project_invoicing")}
classes = [
    f"{name}.{one.__name__}"
    for name, module in ours.items()
    for one in vars(module).values()
    if isinstance(one, type) and one.__module__ == name and "__dataclass_fields__" in vars(one)
]
print(json.dumps({"modules": sorted(sys.modules), "ours": sorted(ours), "classes": classes}))
"""


@cache
def loaded(name: str) -> dict[str, list[str]]:
    """What a new process of the function has loaded when it has taken each sample and was refused by AWS."""
    environment = {
        **FUNCTIONS[name].environment,
        "WORKSPACE_LOCAL_USER": "somebody",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *(str(ROOT / "layers" / one) for one in LAYERS)]),
    }
    said = subprocess.run(
        [sys.executable, "-c", ANSWERED, name, ROOT / "events" / name],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    answer: dict[str, list[str]] = json.loads(said.stdout.splitlines()[-1])
    return answer


each_function = pytest.mark.parametrize("name", FUNCTIONS)


def test_every_function_has_a_budget() -> None:
    assert BUDGET.keys() == FUNCTIONS.keys()


@each_function
def test_the_first_answers_load_no_more_than_the_budget(name: str) -> None:
    found = loaded(name)
    modules, classes = BUDGET[name]

    assert len(found["ours"]) <= modules, found["ours"]
    assert len(found["classes"]) <= classes, found["classes"]


@each_function
def test_the_first_answers_load_nothing_heavy_that_they_do_not_need(name: str) -> None:
    unwanted = NEVER if name in CHECKING else NEVER | {"pydantic"}

    assert unwanted.intersection(loaded(name)["modules"]) == set()


def test_the_data_that_the_build_leaves_to_botocore_is_that_of_the_clients() -> None:
    text = (ROOT / "layers/common/project_invoicing/store/client.py").read_text("utf-8")

    assert set(re.findall(r"_client\(\"(\w+)\"", text)) == SERVICES


def test_the_clients_find_the_same_endpoints_in_the_data_that_the_build_leaves(tmp_path: Path) -> None:
    whole = Path(botocore.__file__).parent / "data"
    copied = ("sts", *SERVICES)
    for name in copied:
        shutil.copytree(whole / name, tmp_path / name)
    for file in whole.glob("*.json"):
        shutil.copy(file, tmp_path)

    cut(tmp_path)

    assert {folder.name for folder in tmp_path.iterdir() if folder.is_dir()} == SERVICES
    assert (tmp_path / "endpoints.json").stat().st_size * 5 < (whole / "endpoints.json").stat().st_size
    uncut, left = get_session(), get_session()
    left.register_component("data_loader", Loader([str(tmp_path)], include_default_search_paths=False))
    for service in SERVICES:
        assert regions(left, service) == regions(uncut, service)
        for region in ("us-east-1", "eu-central-1", "us-gov-west-1", "cn-north-1"):
            assert client(left, service, region) == client(uncut, service, region)


def regions(session: Session, service: str) -> list[str]:
    return [
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions(service, partition)
    ]


def client(session: Session, service: str, region: str) -> tuple[Any, ...]:
    """Where a client sends its requests, how it signs them, and what it can ask for."""
    made: Any = session.create_client(service, region, aws_access_key_id="none", aws_secret_access_key="none")
    meta = made.meta
    return meta.endpoint_url, meta.config.signature_version, meta.service_model.operation_names
