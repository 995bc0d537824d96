"""test_report.py with many more options, and a recording cut at every thousandth byte."""

import os

SCALE = float(os.environ.get("SONDE_SOAK_SCALE", "1"))
os.environ.setdefault("SONDE_REPORT_ROUNDS", str(max(1, round(2000 * SCALE))))
os.environ.setdefault("SONDE_REPORT_SEED", "2")
os.environ.setdefault("SONDE_REPORT_CUTS", "0")

import harness
from test_report import Report

if __name__ == "__main__":
    harness.main()
