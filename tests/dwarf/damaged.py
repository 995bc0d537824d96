"""What the tests of damaged and hostile files have in common."""

import os
import subprocess
from pathlib import Path

TOOL = os.environ["SONDE_FRAMES"]
SOAK = "SONDE_FRAMES_SOAK" in os.environ
SECONDS = 2
MEGABYTES = 512
SANITIZED = b"__asan_init" in Path(TOOL).read_bytes()


def many(number):
    """A hundredth of it for a tool that was built with sanitizers, which is many times slower."""
    return number // 100 if SANITIZED else number


def check(test, program, addresses, about):
    """Looks all addresses of the program up: that must end by itself, within the bounds. Sanitizers have bounds of their
    own; time counts for a night alone, when the machine does nothing else."""
    process = subprocess.Popen([TOOL, program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        process.stdin.write("".join(f"{a:x}\n" for a in addresses).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass
    errors = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    test.assertIn(process.returncode, (0, 1), f"{about}: {errors[-2000:]}")
    if not SANITIZED:
        test.assertLess(usage.ru_maxrss // 1024, MEGABYTES, about)
        if SOAK:
            test.assertLess(usage.ru_utime + usage.ru_stime, SECONDS, about)
