"""What the tests of damaged and hostile files have in common."""

import os
import re
import subprocess
from pathlib import Path

import compare

TOOL = os.environ["SONDE_FRAMES"]
SOAK = "SONDE_FRAMES_SOAK" in os.environ
SECONDS = 2
MEGABYTES = 512
SANITIZED = b"__asan_init" in Path(TOOL).read_bytes()


def many(number):
    """A hundredth of it for a tool that was built with sanitizers, which is many times slower."""
    return number // 100 if SANITIZED else number


def check(test, program, addresses, about, command=(TOOL,), statuses=(0, 1)):
    """Looks all addresses of the program up: that must end by itself, within the bounds. Sanitizers have bounds of their
    own; time counts for a night alone, when the machine does nothing else."""
    process = subprocess.Popen([*command, program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        process.stdin.write("".join(f"{a:x}\n" for a in addresses).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass
    errors = process.stderr.read().decode(errors="replace")
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    test.assertIn(process.returncode, statuses, f"{about}: {errors[-2000:]}")
    if not SANITIZED:
        test.assertLess(usage.ru_maxrss // 1024, MEGABYTES, about)
        if SOAK:
            test.assertLess(usage.ru_utime + usage.ru_stime, SECONDS, about)


def debug_sections(program):
    """(offset, size) of each section of debug information in the file."""
    found = []
    for line in compare.run(["readelf", "-SW", program]).splitlines():
        match = re.match(r"\s*\[ *\d+\] \.debug_(?!str|loc|frame)\S+\s+PROGBITS\s+\w+ (\w+) (\w+)", line)
        if match and int(match[2], 16):
            found.append((int(match[1], 16), int(match[2], 16)))
    return found


def mutate(whole, sections, chosen):
    """Changes 1 to 200 bytes: single bits, any bytes, extreme numbers, or a piece copied from elsewhere."""
    changed = bytearray(whole)
    for _ in range(chosen.choice((1, 3, 10, 50, 200))):
        offset, size = chosen.choice(sections)
        at = offset + chosen.randrange(size)
        kind = chosen.randrange(4)
        if kind == 0:
            changed[at] ^= 1 << chosen.randrange(8)
        elif kind == 1:
            changed[at] = chosen.randrange(256)
        elif kind == 2:
            value = chosen.choice((b"\xff" * 4, b"\0" * 4, b"\x80" * 9, b"\xff\xff\xff\x7f"))
            changed[at:at + len(value)] = value
        else:
            other = offset + chosen.randrange(size)
            piece = changed[other:min(other + chosen.randrange(1, 64), offset + size)]
            changed[at:at + len(piece)] = piece
    del changed[len(whole):]
    return changed
