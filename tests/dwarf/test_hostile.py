"""Files made to take a reader of debug information long or to fill its memory: small ones that say much."""

import shutil
import struct
import tempfile
import unittest
from pathlib import Path

import damaged
from damaged import many

# Numbers of DWARF: tags, attributes, forms.
COMPILE_UNIT, SUBPROGRAM, INLINED, BLOCK, BASE_TYPE = 0x11, 0x2E, 0x1D, 0x0B, 0x24
STMT_LIST, LOW_PC, HIGH_PC, LANGUAGE, ORIGIN, EXTERNAL, RANGES = 0x10, 0x11, 0x12, 0x13, 0x31, 0x3F, 0x55
ADDR, DATA4, DATA1, REF_ADDR, SEC_OFFSET, PRESENT = 0x01, 0x06, 0x0B, 0x10, 0x17, 0x19

C99 = b"\x0c"
ROOT = C99 + struct.pack("<QI", 0x1000, 0x100000)    # What ROOT_ABBREVIATION needs.
ADDRESSES = [0x1000, 0x1001, 0x1800, 0x9000000]


def elf(sections):
    """An ELF file of these sections alone."""
    names, contents, headers = b"\0", b"", [b"\0" * 64]
    for name, data in [*sections.items(), (".shstrtab", None)]:
        at = len(names)
        names += name.encode() + b"\0"
        data = names if data is None else data
        headers.append(struct.pack("<IIQQQQIIQQ", at, 1, 0, 0, 64 + len(contents), len(data), 0, 0, 1, 0))
        contents += data
    contents += b"\0" * (-len(contents) % 8)
    header = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, 64 + len(contents), 0, 64, 56, 0, 64, len(headers), len(headers) - 1)
    return header + contents + b"".join(headers)


def uleb(number):
    out = b""
    while number >= 0x80:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def abbreviation(code, tag, has_children, *attributes):
    pairs = b"".join(uleb(name) + uleb(form) for name, form in attributes)
    return uleb(code) + uleb(tag) + bytes([has_children]) + pairs + b"\0\0"


ROOT_ABBREVIATION = abbreviation(1, COMPILE_UNIT, 1, (LANGUAGE, DATA1), (LOW_PC, ADDR), (HIGH_PC, DATA4))
FLAGS = [(EXTERNAL, PRESENT)]    # Attributes that take no bytes.


def unit(entries, root=ROOT):
    contents = struct.pack("<HIB", 4, 0, 8) + b"\1" + root + entries
    return struct.pack("<I", len(contents)) + contents


def line_table(program):
    header = bytes([1, 1, 1, 0xFB, 14, 13, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]) + b"\0a\0\0\0\0\0"
    table = struct.pack("<HI", 4, len(header)) + header + program
    return struct.pack("<I", len(table)) + table


SET_ADDRESS = b"\0\x09\2" + struct.pack("<Q", 0x1000)
END_SEQUENCE = b"\0\1\1"
MANY_RANGES = b"".join(struct.pack("<QQ", 1 + i, 0x200000 - i) for i in range(many(500_000))) + b"\0" * 16


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sonde-hostile-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def check(self, abbrev, info, **others):
        program = self.folder / self.id()
        sections = {".debug_abbrev": abbrev, ".debug_info": info}
        program.write_bytes(elf({**sections, **{f".debug_{name}": data for name, data in others.items()}}))
        damaged.check(self, program, ADDRESSES, self.id())

    def test_roots_at_the_end_of_a_long_table(self):
        table = b"".join(abbreviation(2 + i, BASE_TYPE, 0) for i in range(many(60_000)))
        self.check(table + ROOT_ABBREVIATION + b"\0", unit(b"") * many(200_000))

    def test_deep_nesting(self):
        self.check(ROOT_ABBREVIATION + abbreviation(2, BLOCK, 1) + b"\0", unit(b"\2" * many(5_000_000)))

    def test_calls_without_attributes(self):
        self.check(ROOT_ABBREVIATION + abbreviation(2, INLINED, 1) + b"\0", unit(b"\2\0" * many(5_000_000)))

    def test_attributes_without_bytes(self):
        table = ROOT_ABBREVIATION + abbreviation(2, SUBPROGRAM, 0, *FLAGS * 250, (LOW_PC, PRESENT)) + b"\0"
        self.check(table, unit(b"\2" * many(8_000_000)))

    def test_functions_that_share_overlapping_ranges(self):
        table = ROOT_ABBREVIATION + abbreviation(2, SUBPROGRAM, 0, (RANGES, SEC_OFFSET)) + b"\0"
        self.check(table, unit((b"\2" + b"\0" * 4) * many(100_000)), ranges=MANY_RANGES)

    def test_units_that_share_overlapping_ranges(self):
        table = abbreviation(1, COMPILE_UNIT, 1, (LANGUAGE, DATA1), (RANGES, SEC_OFFSET)) + b"\0"
        self.check(table, unit(b"", C99 + b"\0" * 4) * many(300_000), ranges=MANY_RANGES)

    def test_units_without_ranges_that_share_a_long_table(self):
        table = abbreviation(1, COMPILE_UNIT, 1, (LANGUAGE, DATA1))
        table += b"".join(abbreviation(2 + i, SUBPROGRAM, 0, *FLAGS * 20) for i in range(many(50_000)))
        self.check(table + b"\0", unit(b"", C99) * many(300_000))

    def test_rows_and_sequences_of_lines(self):
        table = abbreviation(1, COMPILE_UNIT, 1, (LANGUAGE, DATA1), (LOW_PC, ADDR), (HIGH_PC, DATA4),
                             (STMT_LIST, SEC_OFFSET)) + b"\0"
        info = unit(b"", ROOT + b"\0" * 4)
        for program in (SET_ADDRESS + bytes([33, 31]) * many(10_000_000) + END_SEQUENCE,
                        (SET_ADDRESS + b"\1\2\xff\xff\x03" + END_SEQUENCE) * many(500_000)):
            self.check(table, info, line=line_table(program))

    def test_names_in_many_units_with_long_tables(self):
        table = ROOT_ABBREVIATION + abbreviation(2, SUBPROGRAM, 1, (LOW_PC, ADDR), (HIGH_PC, DATA4))
        table += abbreviation(3, INLINED, 1, (ORIGIN, REF_ADDR), (LOW_PC, ADDR), (HIGH_PC, DATA4))
        table += abbreviation(4, SUBPROGRAM, 0, (ORIGIN, REF_ADDR))
        table += b"".join(abbreviation(5 + i, SUBPROGRAM, 0, *FLAGS * 20) for i in range(many(50_000))) + b"\0"
        calls, units = (100, 3000) if damaged.SANITIZED else (1000, 30_000)

        def caller(origins):
            body = b"\2" + struct.pack("<QI", 0x1000, 0x1000)
            return unit(body + b"".join(b"\3" + struct.pack("<IQI", o, 0x1000, 0x100) for o in origins))

        def link(origin):
            return unit(b"\4" + struct.pack("<I", origin))

        first, size = len(caller([0] * calls)), len(link(0))
        entries = [first + i * size + size - 5 for i in range(units)]
        info = caller([entries[i * 29] for i in range(calls)])
        info += b"".join(link(entries[(i + 1) % units]) for i in range(units))
        self.check(table, info)


if __name__ == "__main__":
    unittest.main(verbosity=2)
