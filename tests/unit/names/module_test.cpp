#include "sonde/names/module.hpp"

#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "unit/elf/workshop.hpp"

using namespace sonde;
using namespace sonde::names;
using sonde::test::open_image;
using sonde::test::Workshop;

namespace {

constexpr const char* source = R"(
namespace shapes {
struct Box { int side; int volume() const; };
inline __attribute__((always_inline)) int square(int x) {
  return x * x;
}
int Box::volume() const {
  return square(side) * side;
}
}
extern "C" int plain(int x) {
  return shapes::Box{x}.volume();
}
int main(int c, char**) { return plain(c); }
)";

struct Built {
  Workshop workshop;

  explicit Built(const std::string& flags = "-g -O1") {
    workshop.write("shapes.cpp", source);
    workshop.make("c++ " + flags + " -o program shapes.cpp");
  }

  DebugFiles files() const {
    return DebugFiles(std::move(*FileRoot::at(workshop.path(""))), std::move(*FileRoot::at("/")), {});
  }
  // The address behind the first instruction of a function.
  std::uint64_t address(const std::string& symbol) const {
    const auto found = open_image(workshop.path("program"))->symbol(symbol);
    REQUIRE(found);
    return found->address;
  }
  // What llvm-symbolizer prints for addresses.
  std::string by_llvm(const std::vector<std::uint64_t>& addresses) const {
    std::ostringstream command;
    command << "llvm-symbolizer --obj=program" << std::hex;
    for (const std::uint64_t address : addresses) command << " 0x" << address;
    return workshop.run(command.str());
  }
};

std::string printed(const Location& location) {
  std::ostringstream text;
  for (const Frame& frame : location.frames) {
    text << (frame.function.empty() ? "??" : frame.function) << "\n"
         << (frame.file.empty() ? "??" : frame.file) << ":" << frame.line << ":" << frame.column << "\n";
  }
  text << "\n";
  return text.str();
}

}  // namespace

TEST_CASE("inlined functions, files and lines, as llvm-symbolizer has them") {
  for (const std::string flags : {"-g -O1", "-g -O2 -gdwarf-4", "-g -O1 -gz", "-g -O1 -gsplit-dwarf"}) {
    CAPTURE(flags);
    const Built built(flags);
    const DebugFiles files = built.files();
    Module module(open_image(built.workshop.path("program")), "/program", files);
    std::vector<std::uint64_t> addresses;
    for (const char* const name : {"_ZNK6shapes3Box6volumeEv", "plain", "main"})
      for (std::uint64_t i = 0; i < 6; ++i) addresses.push_back(built.address(name) + i);
    const std::string expected = built.by_llvm(addresses);
    std::size_t inlined = 0;
    // The second time it comes out of the cache.
    for (int time = 0; time < 2; ++time) {
      std::string found;
      for (const std::uint64_t address : addresses) {
        const Location location = module.locate(address);
        found += printed(location);
        inlined += location.frames.size() > 1;
      }
      CHECK(found == expected);
    }
    CHECK(module.locate(addresses[5]).offset == 5);
    CHECK(inlined > 0);
    CHECK_FALSE(module.problem());
    CHECK(module.debug_path().empty());
  }
}

TEST_CASE("a stripped program is read through its debug file") {
  const Built built;
  const std::uint64_t address = built.address("_ZNK6shapes3Box6volumeEv");
  const std::string expected = built.by_llvm({address});
  built.workshop.make(
      "objcopy --only-keep-debug program program.debug && strip program && "
      "objcopy --add-gnu-debuglink=program.debug program");
  const DebugFiles files = built.files();
  Module module(open_image(built.workshop.path("program")), "/program", files);
  CHECK(printed(module.locate(address)) == expected);
  CHECK(module.locate(address).offset == 0);
  CHECK(module.debug_path() == "/program.debug");
}

TEST_CASE("a program that dwz has been over") {
  const Built built;
  const std::uint64_t address = built.address("_ZNK6shapes3Box6volumeEv");
  const std::string expected = built.by_llvm({address});
  built.workshop.make("cp program other && dwz -m common program other");
  const DebugFiles files = built.files();
  Module module(open_image(built.workshop.path("program")), "/program", files);
  CHECK(printed(module.locate(address)) == expected);
}

TEST_CASE("without debug information there are symbols, and their parameters") {
  const Built built("-O1");
  const DebugFiles files = built.files();
  Module module(open_image(built.workshop.path("program")), "/program", files);
  const std::uint64_t address = built.address("_ZNK6shapes3Box6volumeEv");
  const Location location = module.locate(address + 3);
  REQUIRE(location.frames.size() == 1);
  CHECK(location.frames[0].function == "shapes::Box::volume() const");
  CHECK(location.frames[0].linkage_name == "_ZNK6shapes3Box6volumeEv");
  CHECK(location.frames[0].file.empty());
  CHECK(location.offset == 3);
  CHECK(module.locate(1).frames.empty());
  CHECK_FALSE(module.locate(1).offset);
}

TEST_CASE("damaged debug information leaves the symbols") {
  const Built built;
  built.workshop.make(
      "head -c 64 /dev/zero | tr '\\0' '\\377' > junk && "
      "objcopy --update-section .debug_info=junk --update-section .debug_abbrev=junk program damaged");
  const DebugFiles files = built.files();
  Module module(open_image(built.workshop.path("damaged")), "/damaged", files);
  const Location location = module.locate(built.address("plain"));
  REQUIRE(location.frames.size() == 1);
  CHECK(location.frames[0].function == "plain");
  CHECK(module.problem());
}

TEST_CASE("functions of libc, through the debug file of this machine") {
  const DebugFiles files(std::move(*FileRoot::at("/")), std::move(*FileRoot::at("/")), {});
  const std::string path = "/usr/lib/x86_64-linux-gnu/libc.so.6";
  Module module(open_image(path), path, files);
  const auto qsort = module.image().symbol("qsort_r");
  REQUIRE(qsort);
  const Location location = module.locate(qsort->address);
  REQUIRE(!location.frames.empty());
  CHECK(location.frames.back().function.find("qsort_r") != std::string_view::npos);
  CHECK(location.frames.back().file.ends_with("msort.c"));
  CHECK(location.frames.back().line > 0);
}
