"""test_pushdown.py with many more expressions."""

import os

SCALE = float(os.environ.get("SONDE_SOAK_SCALE", "1"))
os.environ.setdefault("SONDE_PUSHDOWN_ROUNDS", str(max(1, round(8000 * SCALE))))
os.environ.setdefault("SONDE_PUSHDOWN_SEED", "2")

import harness
from test_pushdown import Pushdown

if __name__ == "__main__":
    harness.main()
