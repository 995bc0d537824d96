#include "sonde/output/location.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace sonde;
using sonde::names::Frame;
using sonde::names::Location;

namespace {

std::string name(std::string_view text) {
  std::string out;
  output::append_name(out, text);
  return out;
}

std::string text(const Location& location, bool demangled = true) {
  std::string out;
  output::append_location_text(out, location, demangled);
  return out;
}

std::string json(std::uint64_t address, const Location& location) {
  std::string out;
  output::append_location_json(out, address, location);
  return out;
}

const std::vector<Frame> two{{.function = "square(int)",
                              .linkage_name = "_Z6squarei",
                              .file = "/src/box.cpp",
                              .line = 5,
                              .column = 14,
                              .inlined = true},
                             {.function = "main",
                              .linkage_name = "main",
                              .file = "/src/box.cpp",
                              .line = 8,
                              .column = 0,
                              .inlined = false}};

}  // namespace

TEST_CASE("names of a file reach the terminal without control characters") {
  CHECK(name("fn<&\"x\">") == "fn<&\"x\">");
  CHECK(name("gödel::ünï ∂ 🦀") == "gödel::ünï ∂ 🦀");
  CHECK(name("a\nb\x1b[31m\x7f") == "a\\012b\\033[31m\\177");
  CHECK(name(std::string_view("a\0b", 3)) == "a\\000b");
  CHECK(name("\xc2\x9b"
             "31m") == "\\302\\23331m");  // U+009B, which some terminals take for ESC [.
  CHECK(name("\xff\xc3(\xe2\x82") == "\\377\\303(\\342\\202");  // No UTF-8, and cut off.
  CHECK(name("\xc0\x8a\xed\xa0\x80\xf4\x90\x80\x80") ==
        "\\300\\212\\355\\240\\200\\364\\220\\200\\200");  // Overlong, a surrogate, beyond Unicode.
}

TEST_CASE("the text of a location is llvm-symbolizer's") {
  CHECK(text({two, 3}) == "square(int)\n/src/box.cpp:5:14\nmain\n/src/box.cpp:8:0\n\n");
  CHECK(text({two, 3}, false) == "_Z6squarei\n/src/box.cpp:5:14\nmain\n/src/box.cpp:8:0\n\n");
  CHECK(text({}) == "??\n??:0:0\n\n");
}

TEST_CASE("the JSON of a location has what is known") {
  CHECK(json(0x1163, {two, 4}) == R"j({"kind":"location","address":"0x1163","offset":4,"frames":[)j"
                                  R"j({"inlined":true,"function":"square(int)","linkage_name":"_Z6squarei",)j"
                                  R"j("file":"/src/box.cpp","line":5,"column":14},)j"
                                  R"j({"inlined":false,"function":"main","file":"/src/box.cpp","line":8}]})j"
                                  "\n");
  CHECK(json(0, {}) == "{\"kind\":\"location\",\"address\":\"0x0\",\"frames\":[]}\n");
  Frame foul_frame;
  foul_frame.function = foul_frame.linkage_name = "\xff\"";
  const std::vector<Frame> foul{foul_frame};
  CHECK(json(1, {foul, {}}) ==
        R"({"kind":"location","address":"0x1","frames":[{"inlined":false,"function":{"base64":"/yI="}}]})"
        "\n");
}
