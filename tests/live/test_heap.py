"""Calls of allocators: complete, exact and in order, whoever makes them; and a program that goes on as if nothing had been."""

import collections
import json
import os
import pathlib
import signal
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, SONDE, changed_code, wait_until

PRELOADS = {name: f"/usr/lib/x86_64-linux-gnu/{file}" for name, file in
            [("jemalloc", "libjemalloc.so.2"), ("tcmalloc", "libtcmalloc_minimal.so.4"), ("mimalloc", "libmimalloc.so.2")]}


def address(record):
    return int(record["address"] or "0", 0)


class Heap(LiveTest):
    @staticmethod
    def records(sonde):
        return [json.loads(line) for line in sonde.trace().splitlines()]

    def watched(self, name, *arguments, options=(), **more):
        """What a target says, and the records of its allocators' calls."""
        sonde = self.sonde("run", "--events", "heap,processes", "--format", "json", *options, "--",
                           harness.TARGETS / name, *arguments, **more)
        return sonde

    @staticmethod
    def told(lines):
        """What the target allocations says of its calls, as described() has them."""
        calls = []
        for line in lines:
            words = line.split()
            if words[0] == "free":
                calls.append(("free", int(words[1], 0)))
            else:
                calls.append((words[0], int(words[1]), int(words[2], 0)))
        return calls

    @staticmethod
    def described(records):
        calls = []
        for record in records:
            if record["kind"] == "free":
                if address(record):
                    calls.append(("free", address(record)))
            elif record["kind"] in ("alloc", "realloc"):
                calls.append((record["function"], int(record["size"]), address(record)))
        return calls

    def test_every_function(self):
        sonde = self.watched("allocations")
        status, lines = sonde.finish()
        self.assertEqual(status, 0, sonde.errors())
        self.assertEqual(self.told(lines), self.described(self.records(sonde)))

    def test_other_allocators(self):
        for name, library in PRELOADS.items():
            if not os.path.exists(library):
                continue
            with self.subTest(name):
                sonde = self.watched("allocations", "plain", options=["-E", f"LD_PRELOAD={library}"])
                status, lines = sonde.finish()
                self.assertEqual(status, 0, sonde.errors())
                seen = self.described(self.records(sonde))
                # An allocator may have several names for one function; and what libraries allocate at their start comes first.
                shapes = [call[-2:] if len(call) == 3 else call for call in self.told(lines)]
                seen = [call[-2:] if len(call) == 3 else call for call in seen]
                self.assertEqual(shapes, seen[-len(shapes):])

    def test_threads(self):
        for threads in (1, 32):
            sonde = self.watched("allocations", "count", str(threads), "100", options=["--no-stacks"])
            sonde.ready()
            sonde.say()
            calls, size = map(int, sonde.hear().split())
            self.assertEqual(sonde.finish()[0], 0)
            records = [record for record in self.records(sonde) if record["kind"] in ("alloc", "realloc")]
            by_round = [record for record in records if record["tid"] != record["pid"]]
            self.assertEqual(calls, 300 * threads)
            self.assertEqual((calls, size), (len(by_round), sum(record["size"] for record in by_round)))
            released = collections.Counter(address(record) for record in self.records(sonde)
                                           if record["kind"] == "free")
            self.assertGreaterEqual(sum(released.values()), 200 * threads)

    def test_sites(self):
        sonde = self.watched("allocations", options=["-e", "site.function == 'leap' && alloc.size == 71"])
        self.assertEqual(sonde.finish()[0], 0)
        found = [record for record in self.records(sonde) if record["kind"] == "alloc"]
        self.assertEqual([record["size"] for record in found], [71])

    def attached_to(self, target):
        sonde = self.sonde("attach", "-qq", "--events", "heap", "--format", "json", str(target.pid))
        sonde.wait_trace(r'"kind":"free"(.|\n){20000}')
        return sonde

    def unharmed(self, target):
        wait_until(lambda: not any(Proc.tracer(tid) for tid in Proc.tasks(target.pid)), "nobody traces the target")
        self.assert_untouched(target.pid)
        self.assertEqual(changed_code(target.pid), [])
        target.say()
        status, lines = target.finish()
        self.assertEqual((status, len(lines)), (0, 1))

    def test_leaves_a_busy_process(self):
        for threads in (1, 4, 32):
            for number in (signal.SIGINT, signal.SIGTERM):
                with self.subTest(threads=threads, signal=number):
                    target = self.churning(threads)
                    sonde = self.attached_to(target)
                    sonde.kill(number)
                    self.assertEqual(sonde.status(), 0 if number == signal.SIGINT else -number, sonde.errors())
                    self.unharmed(target)

    def test_death_of_keeper_and_console(self):
        for process in ("keeper", "console"):
            with self.subTest(process):
                target = self.churning(3)
                sonde = self.attached_to(target)
                os.kill(sonde.pid if process == "keeper" else sonde.console(), signal.SIGKILL)
                sonde.status()
                self.unharmed(target)

    def test_death_of_the_tracer(self):
        # Of a process that stands at no breakpoint: then nothing may happen to it.
        target = self.target("allocations", "churn", "1")
        target.ready()
        sonde = self.sonde("attach", "-qq", "--events", "heap", str(target.pid))
        wait_until(lambda: changed_code(target.pid), "there are breakpoints in the target")
        wait_until(lambda: Proc.state(target.pid) == "S", "the target waits")
        os.kill(sonde.tracer(), signal.SIGKILL)
        self.assertEqual(sonde.status(), 125)
        self.assertEqual(changed_code(target.pid), [])
        self.assert_untouched(target.pid)
        target.say()
        target.expect("going")
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_a_child_that_is_not_followed(self):
        sonde = self.watched("allocations", options=["--no-follow"])
        status, lines = sonde.finish()
        self.assertEqual(status, 0, sonde.errors())
        pids = {record["pid"] for record in self.records(sonde) if "pid" in record}
        self.assertEqual(len(pids), 1, sonde.trace())
        self.assertNotIn(81, [record.get("size") for record in self.records(sonde)])
        self.assertIn(82, [record.get("size") for record in self.records(sonde)])

    def test_libraries_that_come_and_go(self):
        sonde = self.watched("libraries")
        status, lines = sonde.finish()
        self.assertEqual((status, lines), (0, ["done"]), sonde.errors())
        sizes = collections.Counter(record.get("size") for record in self.records(sonde) if record["kind"] == "alloc")
        self.assertEqual(sizes[4711], 20)

    def test_report(self):
        target = subprocess.run([SONDE, "heap", "--format", "json", "--", harness.TARGETS / "allocations", "count", "2", "50"],
                                input=b"\n", capture_output=True, timeout=harness.LIMIT, check=True)
        calls, size = map(int, target.stdout.splitlines()[-1].split())
        [heap] = [json.loads(line) for line in target.stderr.splitlines() if b'"kind":"heap"' in line]
        sites = [site for site in heap["sites"]
                 if any(frame.get("function") == "one_round" for frame in site.get("stack", []))]
        self.assertEqual((calls, size), (sum(site["allocations"] for site in sites), sum(site["bytes"] for site in sites)))
        self.assertEqual(sum(site["live_blocks"] for site in sites), 0)
        self.assertEqual(heap.get("misuse", []), [])

    def test_a_function_that_ends_in_very_many_places(self):
        sonde = self.watched("returns")
        status, lines = sonde.finish()
        self.assertEqual((status, lines), (0, ["done"]), sonde.errors())
        records = self.records(sonde)
        sizes = [record["size"] for record in records if record["kind"] == "alloc" and record["function"] == "calloc"]
        self.assertEqual([size for size in sizes if 2000 <= size < 3024], list(range(2000, 3024)))
        self.assertFalse([record for record in records if record.get("misuse") or record["kind"] == "lost"])

    def test_allocator_of_the_programs_own(self):
        sonde = self.watched("pool", options=["--allocator", "name=pool_alloc,size=arg1,returns=pointer",
                                              "--allocator", "free=pool_free,pointer=arg0"])
        status, lines = sonde.finish()
        self.assertEqual(status, 0, sonde.errors())
        self.assertEqual(self.told(lines), self.described(self.records(sonde)))
        status, errors = self.run_sonde("run", "--events", "heap", "--allocator", "name=pool", "--", "true")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "name=pool", "size=arg0")

    def test_child_that_outlives_the_parent_whose_memory_it_has(self):
        for options in ([], ["--no-follow"]):
            with self.subTest(options=options):
                target = self.target("orphan_vfork")
                target.ready()
                sonde = self.sonde("attach", "-qq", "--events", "heap", "--format", "json", *options, str(target.pid))
                wait_until(lambda: changed_code(target.pid), "there are breakpoints in the target")
                target.say()
                self.assertEqual(target.status(), -signal.SIGKILL)
                target.say()
                target.expect("child done")
                sonde.status()
                sizes = collections.Counter(record.get("size") for record in self.records(sonde))
                self.assertEqual(sizes[1000], 100)

    def test_hostile_programs(self):
        alone = self.target("hostile_heap").finish()
        self.assertEqual((alone[0], alone[1][-1]), (0, "done"))
        for options in ([], ["-k"], ["--no-follow"]):
            with self.subTest(options=options):
                sonde = self.watched("hostile_heap", options=options)
                self.assertEqual(sonde.finish(), alone, sonde.errors())

    @unittest.skipUnless((harness.TARGETS / "compat_varied").exists(), "the compiler makes no 32-bit programs here")
    def test_32_bit_program(self):
        alone = self.target("compat_varied").finish()
        status, errors = self.run_sonde("heap", "-o", self.folder / "report", "--", harness.TARGETS / "compat_varied")
        self.assertEqual(status, alone[0])
        # Once for each program executed: it executes itself anew.
        self.assertEqual(errors.count("32-bit program: nothing of its heap is known"), 2, errors)

    def test_static_program(self):
        source = self.folder / "static.c"
        source.write_text("#include <stdlib.h>\nint main(void) { void *volatile p = malloc(1234); free(p); return 0; }\n")
        program = self.folder / "static"
        for compiler in ("gcc", "musl-gcc"):
            built = subprocess.run([compiler, "-static", "-O0", "-fno-builtin", source, "-o", program], check=False,
                                   stderr=subprocess.DEVNULL) if harness.shutil.which(compiler) else None
            if built is None or built.returncode != 0:
                continue
            with self.subTest(compiler):
                trace = self.folder / "records"
                subprocess.run([SONDE, "run", "--events", "heap", "--format", "json", "-o", trace, "--", program], check=True,
                               timeout=harness.LIMIT)
                calls = self.described(map(json.loads, trace.read_text().splitlines()))
                [block] = [call[2] for call in calls if call[:2] == ("malloc", 1234)]
                self.assertIn(("free", block), calls)


if __name__ == "__main__":
    harness.main()
