#include <algorithm>
#include <cstring>
#include <elf.h>
#include <random>
#include <sstream>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/elf/workshop.hpp"

using namespace sonde;
using namespace sonde::elf;
using sonde::test::open_image;
using sonde::test::read_file;
using sonde::test::Workshop;

namespace {

// With a symbol from elsewhere, a pointer to data, and a function that is chosen at run time.
constexpr const char* program = R"(
#include <stdio.h>
static int twice(int x) { return 2 * x; }
static int (*choose(void))(int) { return twice; }
int chosen(int x) __attribute__((ifunc("choose")));
int* pointer[2] = {(int*)&pointer[1], 0};
int main(int argc, char** argv) { (void)argv; printf("%d\n", chosen(argc)); return 0; }
)";

std::vector<Relocation> relocations_of(const Image& image) {
  std::vector<Relocation> found;
  image.each_relocation([&](const Relocation& relocation) { found.push_back(relocation); });
  return found;
}

}  // namespace

TEST_CASE("relocations are those that readelf lists") {
  for (const char* flags : {"", "-static", "-static-pie", "-no-pie -Wl,-z,now"}) {
    CAPTURE(flags);
    const Workshop workshop;
    workshop.write("program.c", program);
    workshop.make(std::string("cc ") + flags + " -o program program.c");
    const auto image = open_image(workshop.path("program"));
    const auto found = relocations_of(*image);
    std::istringstream lines(workshop.run("readelf -rW program | awk '/R_X86_64/ { print $1, $2 }'"));
    std::size_t count = 0;
    for (std::uint64_t place = 0, info = 0; lines >> std::hex >> place >> info; ++count) {
      CHECK(std::any_of(found.begin(), found.end(), [&](const Relocation& one) {
        return one.place == place && one.type == ELF64_R_TYPE(info);
      }));
    }
    CHECK(count == found.size());
    CHECK(count != 0);
    const auto resolver = image->symbol("choose");
    REQUIRE(resolver);
    CHECK(std::any_of(found.begin(), found.end(), [&](const Relocation& one) {
      return one.type == R_X86_64_IRELATIVE && one.addend == resolver->address && one.symbol.empty();
    }));
  }
}

TEST_CASE("a relocation has its symbol's name") {
  const Workshop workshop;
  workshop.write("program.c", program);
  workshop.make("cc -o program program.c");
  const auto image = open_image(workshop.path("program"));
  const auto found = relocations_of(*image);
  CHECK(std::any_of(found.begin(), found.end(), [](const Relocation& one) {
    return one.symbol == "printf" && (one.type == R_X86_64_JUMP_SLOT || one.type == R_X86_64_GLOB_DAT);
  }));
}

TEST_CASE("an object file's are none of a loader's") {
  const Workshop workshop;
  workshop.write("program.c", program);
  workshop.make("cc -c -o program.o program.c");
  CHECK(relocations_of(*open_image(workshop.path("program.o"))).empty());
}

TEST_CASE("damage does no harm to relocations") {
  const Workshop workshop;
  workshop.write("program.c", program);
  workshop.make("cc -o program program.c");
  const auto whole = read_file(workshop.path("program"));
  std::mt19937 random(7);
  for (int i = 0; i < 500; ++i) {
    auto bytes = whole;
    for (int j = 0; j < 50; ++j) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    // Most damage should be where sections are described.
    for (int j = 0; j < 10; ++j) bytes[bytes.size() - 1 - random() % 2000] = static_cast<std::byte>(random());
    std::memcpy(bytes.data(), whole.data(), 64);
    const auto image = Image::from_bytes(std::move(bytes), "damaged");
    if (!image) continue;
    std::size_t sum = 0;
    (*image)->each_relocation([&](const Relocation& one) { sum += one.symbol.size(); });
    CHECK(sum < whole.size() * limits::name_bytes);
  }
}
