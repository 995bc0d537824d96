"""Runs inside gdb, with a program to trace: stops it at random moments, steps through some instructions from each, and
compares gdb's frames with those of walk_from.

In the environment: SONDE_WALK_FROM, SONDE_STOPS, SONDE_STEPS, SONDE_SEED. Prints each difference, then `stops N agree N
sonde_longer N gdb_longer N gdb_skips N differ N`; where one is longer, the other's frames are its first ones; gdb skips where
it has all frames of sonde but one.
"""

import os
import random
import subprocess

import gdb

DEPTH = 2000
LONGEST_RUN_S = 0.02
SHOWN = 4
STOP = 54    # A signal that no program uses.
REGISTERS = ("rax rdx rcx rbx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip fs_base").split()
SETTINGS = ("pagination off", "confirm off", "backtrace past-main on", "backtrace past-entry on",
            f"backtrace limit {DEPTH}", "debuginfod enabled off", "startup-with-shell off", "disable-randomization on",
            "print inferior-events off", "print thread-events off")


def code_of(pid):
    """The executable mappings of the process."""
    ranges = []
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            where, mode = line.split()[:2]
            if "x" in mode:
                ranges.append([int(n, 16) for n in where.split("-")])
    return ranges


def cut_to_code(pcs, ranges):
    """Drops what comes from the first caller on that is not in executable memory: nobody can know what is there."""
    for index, pc in enumerate(pcs[1:], 1):
        if not any(low <= pc - 1 < high for low, high in ranges):
            return pcs[:index]
    return pcs


def gdbs_walk():
    pcs = []
    try:
        frame = gdb.newest_frame()
        while frame is not None and len(pcs) < DEPTH:
            # Not the functions that are not on the stack: gdb tells of tail calls too, by debug information.
            if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
                pcs.append(frame.pc())
            frame = frame.older()
    except gdb.error:
        pass
    return pcs


def registers():
    frame = gdb.newest_frame()
    return " ".join(f"{int(frame.read_register(name)) & (1 << 64) - 1:x}" for name in REGISTERS)


class Walks:
    def __init__(self):
        self.totals = dict.fromkeys(("stops", "agree", "sonde_longer", "gdb_longer", "gdb_skips", "differ"), 0)
        self.pid = 0
        self.walker = None
        self.shown = 0

    def start(self):
        self.stop_walker()
        gdb.execute("starti", to_string=True)
        self.pid = gdb.selected_inferior().pid
        self.walker = subprocess.Popen([os.environ["SONDE_WALK_FROM"], str(self.pid)], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)

    def stop_walker(self):
        if self.walker:
            self.walker.stdin.close()
            self.walker.wait()

    def alive(self):
        return gdb.selected_inferior().pid != 0

    def compare(self):
        self.walker.stdin.write(registers() + "\n")
        self.walker.stdin.flush()
        words = self.walker.stdout.readline().split()
        ours = [int(word, 16) for word in words if word.startswith("0x")]
        end = [word for word in words if not word.startswith("0x")]
        ranges = code_of(self.pid)
        ours, theirs = cut_to_code(ours, ranges), cut_to_code(gdbs_walk(), ranges)
        common = min(len(ours), len(theirs))
        skips = len(theirs) + 1 == len(ours) and any(theirs == ours[:i] + ours[i + 1:] for i in range(1, len(theirs)))
        what = ("gdb_skips" if skips else "differ" if ours[:common] != theirs[:common] else "sonde_longer" if len(ours) > common else
                "gdb_longer" if len(theirs) > common else "agree")
        self.totals["stops"] += 1
        self.totals[what] += 1
        if what != "agree" and self.shown < SHOWN:
            self.shown += 1
            at = next((i for i in range(common) if ours[i] != theirs[i]), common)
            print(f"{what} from frame {at} on: sonde {[hex(pc) for pc in ours[max(at - 2, 0):at + 4]]} "
                  f"{' '.join(end)}, gdb {[hex(pc) for pc in theirs[max(at - 2, 0):at + 4]]}")
            for pc in (ours if len(ours) > len(theirs) else theirs)[max(at - 2, 0):at + 3]:
                print("   ", gdb.execute(f"info symbol {pc}", to_string=True).strip())

    def run_for(self, seconds):
        self.walker.stdin.write(f"signal {STOP} {int(seconds * 1e6)}\n")
        self.walker.stdin.flush()
        gdb.execute("continue", to_string=True)


def main():
    chosen = random.Random(int(os.environ["SONDE_SEED"]))
    for setting in SETTINGS:
        gdb.execute(f"set {setting}")
    gdb.execute("handle all nostop noprint pass", to_string=True)
    gdb.execute("handle SIG54 stop print nopass", to_string=True)
    walks = Walks()
    for _ in range(int(os.environ["SONDE_STOPS"])):
        if walks.alive():
            walks.run_for(chosen.random() * LONGEST_RUN_S)
        if not walks.alive():
            walks.start()
        walks.compare()
        for _ in range(int(os.environ["SONDE_STEPS"])):
            gdb.execute("stepi", to_string=True)
            if not walks.alive():
                break
            walks.compare()
    if walks.alive():
        gdb.execute("kill", to_string=True)
    walks.stop_walker()
    print(*(f"{key} {count}" for key, count in walks.totals.items()))


main()
