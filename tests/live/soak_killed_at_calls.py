"""The tracer is killed at each of its system calls around breakpoints, where the fast test tries every seventh."""

import os

import harness
import test_killed_at_calls

test_killed_at_calls.STRIDE = max(1, round(1 / float(os.environ.get("SONDE_SOAK_SCALE", "1"))))
KilledAtCalls = test_killed_at_calls.KilledAtCalls

if __name__ == "__main__":
    harness.main()
