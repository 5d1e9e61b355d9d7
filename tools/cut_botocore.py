"""Cuts from a built layer what botocore reads at every start and no function needs (D-092).

    python3.13 tools/cut_botocore.py .aws-sam/build/CommonLayer

botocore describes every service of AWS. For its first client it looks into the folder of each of them, twice, and reads
the endpoints of all. What stays describes the services that the functions call, unchanged. ``tools/build`` runs this
with the Python of the functions, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Final

SERVICES: Final = frozenset({"dynamodb", "events", "lambda", "s3", "secretsmanager", "sesv2", "sqs"})
"""Those that ``store/client.py`` has clients for."""
_ENDPOINTS: Final = SERVICES | {"email"}
"""The names that the list of endpoints has for them: SES is there under an older one."""


def cut(data: Path) -> None:
    """Leaves only ``SERVICES`` in botocore's folder ``data``: their folders, and their endpoints in every partition."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    file = data / "endpoints.json"
    endpoints = json.loads(file.read_text("utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {name: it for name, it in partition["services"].items() if name in _ENDPOINTS}
    file.write_text(json.dumps(endpoints), "utf-8")


if __name__ == "__main__":
    cut(Path(sys.argv[1]) / "python" / "botocore" / "data")
