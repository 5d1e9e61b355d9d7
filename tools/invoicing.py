"""The console command ``invoicing``. ``.venv/bin/invoicing``, which ``make setup`` writes, runs this file."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

if __name__ == "__main__":
    # Python puts the folder of this file first. The command may be called from anywhere, and needs the checkout's.
    sys.path[:] = [str(HERE.parent), *(folder for folder in sys.path if folder != str(HERE))]
    from local.__main__ import start

    sys.exit(start("invoicing", [__file__]))
