"""The stack of ``template.yaml`` on one machine, without an AWS account or Docker.

Engines, the stack in them, scenarios and their results, the demo, and the command line. It imports ``operate``, whose
commands the command line has too, and ``dataverse_standin``, the other side of the demo. Only tests, tools and
benchmarks import it.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the project: ``template.yaml``, ``functions/``, ``layers/``."""

for _folder in (ROOT, ROOT / "layers" / "common", ROOT / "layers" / "documents"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))
