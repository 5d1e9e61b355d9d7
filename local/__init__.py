"""The stack of ``template.yaml`` on one machine, without an AWS account or Docker."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the project: ``template.yaml``, ``functions/``, ``layers/``."""

for _folder in (ROOT, ROOT / "layers" / "common"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
