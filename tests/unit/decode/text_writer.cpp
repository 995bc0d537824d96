#include "sonde/decode/text_writer.hpp"

#include <doctest/doctest.h>

namespace sonde::decode {

namespace {

using namespace std::string_view_literals;

std::string quoted(std::string_view text, HexStrings hex = HexStrings::never) {
  std::string out;
  TextWriter(out, hex).string(std::as_bytes(std::span(text)), false);
  return out;
}

template <typename Write>
std::string written(Write write) {
  std::string out;
  TextWriter writer(out, HexStrings::never);
  write(writer);
  return out;
}

}  // namespace

TEST_CASE("strings are quoted as strace does it") {
  CHECK(quoted("plain") == R"("plain")");
  CHECK(quoted("\t\n\v\f\r\"\\") == R"("\t\n\v\f\r\"\\")");
  CHECK(quoted("ab\177\200\33") == R"("ab\177\200\33")");
  SUBCASE("octal escapes are short unless a digit follows") {
    CHECK(quoted("\0\0"sv) == R"("\0\0")");
    CHECK(quoted("\0\0011"sv) == R"("\0\0011")");
    CHECK(quoted("\0338"sv) == R"("\0338")");
    CHECK(quoted("\033x"sv) == R"("\33x")");
    CHECK(quoted("\0019"sv) == R"("\0019")");
  }
  SUBCASE("-x turns a string with unprintable bytes into hexadecimal as a whole") {
    CHECK(quoted("a\n", HexStrings::non_ascii) == R"("a\n")");
    CHECK(quoted("a\1", HexStrings::non_ascii) == R"("\x61\x01")");
    CHECK(quoted("a\177", HexStrings::non_ascii) == R"("\x61\x7f")");
  }
  SUBCASE("-xx turns every string") { CHECK(quoted("ab", HexStrings::all) == R"("\x61\x62")"); }
}

TEST_CASE("a string that was cut is marked") {
  CHECK(written([](Writer& out) { out.string(std::as_bytes(std::span("abc"sv)), true); }) == R"("abc"...)");
}

TEST_CASE("no byte of a tracee's gets through raw") {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    for (const char shown : quoted(std::string_view(&byte, 1))) CHECK((shown >= ' ' && shown <= '~'));
    const std::string path = written([&](Writer& out) { out.descriptor(3, {std::string_view(&byte, 1)}); });
    for (const char shown : path) CHECK((shown >= ' ' && shown <= '~'));
  }
}

TEST_CASE("numbers") {
  CHECK(written([](Writer& out) { out.integer(-3); }) == "-3");
  CHECK(written([](Writer& out) { out.unsigned_integer(UINT64_MAX); }) == "18446744073709551615");
  CHECK(written([](Writer& out) { out.hex(0); }) == "0");
  CHECK(written([](Writer& out) { out.hex(0x1f); }) == "0x1f");
  CHECK(written([](Writer& out) { out.octal(0); }) == "000");
  CHECK(written([](Writer& out) { out.octal(022); }) == "022");
  CHECK(written([](Writer& out) { out.octal(0644); }) == "0644");
  CHECK(written([](Writer& out) { out.address(0); }) == "NULL");
  CHECK(written([](Writer& out) { out.address(0x10); }) == "0x10");
}

TEST_CASE("descriptors with more than a path") {
  const auto text = [](const event::FdTarget& target) {
    return written([&](Writer& out) { out.descriptor(3, target); });
  };
  CHECK(text({"/dev/null", "char 1:3"}) == "3</dev/null<char 1:3>>");
  CHECK(text({"/dev/old (deleted)", "block 8:1"}) == "3</dev/old<block 8:1>>(deleted)");
  CHECK(text({"", "char 1:3"}) == "3<char 1:3>");
  CHECK(text({"socket:[7]", "TCPv6:[[::1]:5->[::1]:6]"}) == "3<TCPv6:[[::1]:5->[::1]:6]>");
  CHECK(text({"anon_inode:[pidfd]", "pid:17"}) == "3<pid:17>");
  CHECK(text({"socket:[7]", "UNIX-STREAM:[7->8]", "/run/a\"b\n"}) ==
        R"(3<UNIX-STREAM:[7->8,"/run/a\"b\n"]>)");
  CHECK(text({"socket:[7]", "UNIX-DGRAM:[7]", std::string_view("\0name\1", 6)}) ==
        R"(3<UNIX-DGRAM:[7,@"name\1"]>)");
  CHECK(text({"socket:[7]", "\x1b[31m<", "\x1b"}) == R"(3<\33[31m\74>)");
}

TEST_CASE("descriptors") {
  CHECK(written([](Writer& out) { out.descriptor(3, {}); }) == "3");
  CHECK(written([](Writer& out) { out.descriptor(3, {"/etc/passwd"}); }) == "3</etc/passwd>");
  CHECK(written([](Writer& out) { out.descriptor(3, {"/a<b>\n"}); }) == R"(3</a\74b\76\n>)");
  CHECK(written([](Writer& out) { out.descriptor(-100, {"/tmp"}); }) == "AT_FDCWD</tmp>");
  CHECK(written([](Writer& out) { out.descriptor(4, {"/memfd:name (deleted)"}); }) ==
        "4</memfd:name>(deleted)");
}

TEST_CASE("composites nest, with commas between what stands in them") {
  const std::string text = written([](Writer& out) {
    out.begin_struct();
    out.field("a");
    out.begin_array();
    out.element();
    out.integer(1);
    out.element();
    out.begin_struct();
    out.end_struct();
    out.more();
    out.end_array();
    out.field("b");
    out.begin_call("makedev");
    out.argument();
    out.hex(8);
    out.argument();
    out.hex(1);
    out.end_call();
    out.comment("sda1");
    out.field("c");
    out.begin_set(true);
    out.member();
    out.symbol("INT", 2);
    out.member();
    out.symbol("CHLD", 17);
    out.end_set();
    out.more();
    out.end_struct();
    out.remark("Timeout");
  });
  CHECK(text == "{a=[1, {}, ...], b=makedev(0x8, 0x1) /* sda1 */, c=~[INT CHLD], ...} (Timeout)");
}

}  // namespace sonde::decode
