#include "sonde/output/json_writer.hpp"

#include <fcntl.h>
#include <limits>
#include <random>

#include <doctest/doctest.h>
#include <rapidjson/document.h>

using namespace sonde;
using sonde::output::JsonWriter;

namespace {

template <typename Say>
std::string json(Say say) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_value();
  say(writer);
  writer.end_value();
  return out;
}

Bytes bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("scalars") {
  CHECK(json([](JsonWriter& w) { w.integer(-3); }) == "-3");
  CHECK(json([](JsonWriter& w) { w.hex(0x20); }) == "32");
  CHECK(json([](JsonWriter& w) { w.octal(0644); }) == "420");
  CHECK(json([](JsonWriter& w) { w.address(0); }) == "null");
  CHECK(json([](JsonWriter& w) { w.address(0x7ffe1000); }) == R"("0x7ffe1000")");
  CHECK(json([](JsonWriter& w) { w.symbol("O_RDONLY|O_CLOEXEC", 02000000); }) ==
        R"({"value":524288,"name":"O_RDONLY|O_CLOEXEC"})");
  CHECK(json([](JsonWriter& w) { w.descriptor(3, {}); }) == "3");
  CHECK(json([](JsonWriter& w) { w.descriptor(3, {"/etc/passwd"}); }) == R"({"fd":3,"path":"/etc/passwd"})");
  CHECK(json([](JsonWriter& w) { w.descriptor(AT_FDCWD, {"/"}); }) ==
        R"({"fd":-100,"name":"AT_FDCWD","path":"/"})");
  CHECK(json([](JsonWriter& w) {
          w.descriptor(4, {"socket:[7]", "UNIX-STREAM:[7->8]", "/run/x"});
        }) == R"({"fd":4,"path":"socket:[7]","detail":"UNIX-STREAM:[7->8]","socket_name":"/run/x"})");
  CHECK(json([](JsonWriter& w) {
          w.descriptor(0, {"/dev/null", "char 1:3"});
        }) == R"({"fd":0,"path":"/dev/null","detail":"char 1:3"})");
  CHECK(json([](JsonWriter& w) { w.redacted(); }) == R"({"redacted":true})");
  CHECK(json([](JsonWriter&) {}) == "null");
}

TEST_CASE("integers that a double cannot hold are strings") {
  CHECK(json([](JsonWriter& w) { w.unsigned_integer(9007199254740991); }) == "9007199254740991");
  CHECK(json([](JsonWriter& w) { w.unsigned_integer(9007199254740992); }) == R"("9007199254740992")");
  CHECK(json([](JsonWriter& w) { w.integer(-9007199254740991); }) == "-9007199254740991");
  CHECK(json([](JsonWriter& w) { w.integer(std::numeric_limits<std::int64_t>::min()); }) ==
        R"("-9223372036854775808")");
}

TEST_CASE("strings keep every byte") {
  CHECK(json([](JsonWriter& w) { w.string(bytes("a\"\\\n\x1b"), false); }) == R"("a\"\\\n\u001B")");
  CHECK(json([](JsonWriter& w) { w.string(bytes({"\0x", 2}), false); }) == R"("\u0000x")");
  CHECK(json([](JsonWriter& w) { w.string(bytes("zürich"), false); }) == "\"zürich\"");
  CHECK(json([](JsonWriter& w) { w.string({}, false); }) == R"("")");
  CHECK(json([](JsonWriter& w) { w.string(bytes("abc"), true); }) == R"({"string":"abc","truncated":true})");
  CHECK(json([](JsonWriter& w) {
          w.string(bytes("\x7f"
                         "ELF\xff"),
                   false);
        }) == R"({"base64":"f0VMRv8="})");
  CHECK(json([](JsonWriter& w) { w.string(bytes("\xff\xfe"), true); }) ==
        R"({"base64":"//4=","truncated":true})");
  CHECK(json([](JsonWriter& w) { w.string(bytes("\xff\xfe\xfd"), false); }) == R"({"base64":"//79"})");
  // Half a character, an overlong one, a surrogate.
  for (const auto* text : {"\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    CHECK(json([&](JsonWriter& w) { w.string(bytes(text), false); }).starts_with("{\"base64\":"));
  }
}

TEST_CASE("composites nest") {
  CHECK(json([](JsonWriter& w) {
          w.begin_struct();
          w.field("st_rdev");
          w.begin_call("makedev");
          w.argument();
          w.hex(8);
          w.argument();
          w.hex(1);
          w.end_call();
          w.field("list");
          w.begin_array();
          w.element();
          w.integer(1);
          w.element();
          w.begin_struct();
          w.end_struct();
          w.more();
          w.end_array();
          w.more();
          w.end_struct();
        }) == R"({"st_rdev":{"call":"makedev","args":[8,1]},"list":[1,{},{"more":true}],"more":true})");
}

TEST_CASE("what the text form prints side by side is one string, or an array where a composite is among it") {
  CHECK(json([](JsonWriter& w) {
          w.begin_struct();
          w.field("st_mode");
          w.symbol("S_IFREG", 0100000);
          w.verbatim("|");
          w.octal(0644);
          w.field("st_size");
          w.integer(5);
          w.end_struct();
        }) == R"({"st_mode":"S_IFREG|0644","st_size":5})");
  CHECK(json([](JsonWriter& w) {
          w.begin_struct();
          w.field("flags");
          w.integer(0);
          w.end_struct();
          w.verbatim(" => ");
          w.begin_array();
          w.element();
          w.integer(7);
          w.end_array();
        }) == R"([{"flags":0}," => ",[7]])");
}

TEST_CASE("comments are left out, remarks are kept beside") {
  std::string out;
  JsonWriter writer(out);
  writer.begin_value();
  writer.integer(0);
  writer.comment("nothing");
  writer.remark("Timeout");
  writer.end_value();
  CHECK(out == "0");
  CHECK(writer.last_remark() == "Timeout");
}

TEST_CASE("whatever is said in whatever order, it is one JSON value") {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    const std::string said = json([&](JsonWriter& w) {
      for (int i = static_cast<int>(random() % 20); i > 0; --i) {
        switch (random() % 16) {
          case 0:
            w.integer(-1);
            break;
          case 1:
            w.hex(~0ull);
            break;
          case 2:
            w.address(1);
            break;
          case 3:
            w.symbol("A|B", 3);
            break;
          case 4:
            w.string(bytes("\xff\"\n"), random() % 2 == 0);
            break;
          case 5:
            w.descriptor(1, {random() % 2 == 0 ? "p" : ""});
            break;
          case 6:
            w.redacted();
            break;
          case 7:
            w.begin_struct();
            break;
          case 8:
            w.field("f");
            break;
          case 9:
            w.end_struct();
            break;
          case 10:
            w.begin_array();
            break;
          case 11:
            w.element();
            break;
          case 12:
            w.end_array();
            break;
          case 13:
            w.more();
            break;
          case 14:
            w.verbatim("|");
            break;
          default:
            random() % 2 == 0 ? w.begin_call("c") : w.end_call();
            break;
        }
      }
    });
    rapidjson::Document document;
    CAPTURE(said);
    REQUIRE_FALSE(document.Parse(said.data(), said.size()).HasParseError());
  }
}
