"""What --redact leaves out is nowhere: neither in what is printed nor in a recording, compressed or not."""

import ctypes
import re
import struct
import unittest

import harness
from harness import LiveTest

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t


def decompressed(trace):
    """All blocks of a trace file, one after another."""
    at, whole = 16, b""
    while at + 16 <= len(trace):
        _, _, raw_size, compressed_size = struct.unpack_from("<4I", trace, at)
        at += 16
        raw = ctypes.create_string_buffer(raw_size + 1)
        size = zstd.ZSTD_decompress(raw, ctypes.c_size_t(raw_size), trace[at:at + compressed_size],
                                    ctypes.c_size_t(compressed_size))
        assert size == raw_size, size
        whole += raw.raw[:raw_size]
        at += compressed_size
    return whole


class Redaction(LiveTest):
    def record(self, what, *options):
        """What the target said are its secrets, and all that is known of it: the frames, and each way to show them."""
        trace = self.folder / "trace.sonde"
        folder = self.folder / "run"
        folder.mkdir()
        sonde = self.sonde("record", "-o", trace, "run", "-q", "-yy", "-v", "-s", "4096",
                           "-E", "X=SECRET-given" if what == "env" else "X=Y", *options, "--",
                           harness.TARGETS / "secrets", what, *["SECRET-typed"] * (what == "strings"), trace=False, cwd=folder)
        status, lines = sonde.finish()
        self.assertEqual(status, 0, lines)
        secrets = {"SECRET-" + name for name in " ".join(lines).split()}
        self.assertTrue(secrets)
        shown = {"frames": decompressed(trace.read_bytes())}
        for form in ("text", "json", "csv"):
            report = self.sonde("report", "--format", form, trace, trace=False)
            status, lines = report.finish()
            self.assertEqual(status, 0, report.errors())
            shown[form] = "\n".join(lines).encode()
        return secrets, shown

    def check(self, what):
        secrets, shown = self.record(what)
        for secret in secrets:  # So that a place that is not traced at all does not count as hidden.
            self.assertIn(secret.encode(), shown["frames"])
        for path in sorted(self.folder.glob("**/*"), reverse=True):
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
        _, shown = self.record(what, "--redact", what)
        for form, text in shown.items():
            self.assertEqual(set(re.findall(rb"SECRET[-\w]*", text)), set(), form)
        self.assertIn(b"redacted", shown["text"])
        self.assertIn(b'"redacted":true', shown["json"])

    def test_strings(self):
        self.check("strings")

    def test_paths(self):
        self.check("paths")

    def test_environment(self):
        self.check("env")


if __name__ == "__main__":
    harness.main()
