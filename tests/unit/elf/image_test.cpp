#include "sonde/elf/image.hpp"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fstream>
#include <link.h>
#include <random>
#include <sstream>
#include <sys/auxv.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "unit/elf/workshop.hpp"

using namespace sonde;
using namespace sonde::elf;
using sonde::test::hex;
using sonde::test::open_image;
using sonde::test::read_file;
using sonde::test::try_open;
using sonde::test::Workshop;

namespace {

constexpr const char* program = R"(
#include <stdio.h>
static int twice(int x) { return 2 * x; }
int main(int argc, char** argv) { (void)argv; printf("%d\n", twice(argc)); return 0; }
)";

// A small program with debug information.
void build_program(const Workshop& workshop, const std::string& flags = "-g") {
  workshop.write("program.c", program);
  workshop.make("cc " + flags + " -o program program.c");
}

std::string libc_path() {
  std::string path;
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* into) {
        if (std::strstr(object->dlpi_name, "/libc.so") != nullptr)
          *static_cast<std::string*>(into) = object->dlpi_name;
        return 0;
      },
      &path);
  REQUIRE(!path.empty());
  return path;
}

volatile std::size_t looked_at;  // So that no look is optimised away.

// Everything that an image can be asked, so that whatever is wrong with it comes up.
void look_at_everything(const Image& image) {
  std::size_t seen = 0;
  for (const Section& section : image.sections()) {
    if (const auto contents = image.contents(section))
      for (const std::byte byte : *contents) seen += std::to_integer<std::size_t>(byte);
    seen += section.name.size();
  }
  for (const Segment& segment : image.segments()) {
    seen += image.loaded_at(segment.address).size();
    seen += image.load_bias({Address{0x1000}, segment.offset, true}).value_or(0);
  }
  seen += image.build_id().size() + image.has_debug_info();
  if (const auto link = image.debug_link()) seen += link->file_name.size();
  if (const auto link = image.alternate_link()) seen += link->path.size();
  std::uint64_t last = 0;
  for (const auto& range : image.symbols().ranges()) {
    REQUIRE(range.begin >= last);
    REQUIRE(range.end > range.begin);
    last = range.end;
  }
  seen += image.symbol("main").has_value();
  looked_at = seen;
}

}  // namespace

TEST_CASE("sections and segments are those that readelf lists") {
  const Workshop workshop;
  build_program(workshop);
  for (const std::string& path : {workshop.path("program"), libc_path()}) {
    const auto image = open_image(path);
    std::istringstream lines(workshop.run(
        "readelf -SW " + path +
        R"( | sed -n '/ NULL /d; s/^ *\[ *\([0-9]*\)\] \([^ ]*\) *[A-Z0-9_]* *\([0-9a-f]*\) \([0-9a-f]*\) \([0-9a-f]*\) .*/\1 \2 \3 \4 \5/p')"));
    std::size_t index;
    std::string name;
    std::uint64_t address, offset, size;
    std::size_t compared = 0;
    while (lines >> std::dec >> index >> name >> std::hex >> address >> offset >> size) {
      REQUIRE(index < image->sections().size());
      const Section& section = image->sections()[index];
      CHECK(section.name == name);
      CHECK(section.address == address);
      CHECK(section.offset == offset);
      CHECK(section.size == size);
      ++compared;
    }
    CHECK(compared > 20);
    const std::string count = workshop.run("readelf -lW " + path + " | grep -c '^  [A-Z_]* *0x'");
    CHECK(std::to_string(image->segments().size()) + "\n" == count);
  }
}

TEST_CASE("a file is what its header says") {
  const Workshop workshop;
  build_program(workshop);
  const auto image = open_image(workshop.path("program"));
  CHECK(image->file_class() == FileClass::elf64);
  CHECK(image->type() == FileType::shared);
  CHECK(image->has_debug_info());
  CHECK(image->entry() != 0);

  workshop.make("cc -no-pie -o fixed program.c && cc -c -o object.o program.c");
  const auto fixed = open_image(workshop.path("fixed"));
  CHECK(fixed->type() == FileType::executable);
  CHECK_FALSE(fixed->has_debug_info());
  const auto object = open_image(workshop.path("object.o"));
  CHECK(object->type() == FileType::relocatable);
  CHECK(object->symbols().ranges().empty());
  CHECK(object->symbol("main"));

  workshop.make("cc -m32 -g -o narrow program.c");
  const auto narrow = open_image(workshop.path("narrow"));
  CHECK(narrow->file_class() == FileClass::elf32);
  const auto main = narrow->symbol("main");
  REQUIRE(main);
  CHECK(narrow->symbols().find(main->address + main->size - 1)->name == "main");
  look_at_everything(*narrow);
}

TEST_CASE("contents are the bytes of the section") {
  const Workshop workshop;
  build_program(workshop);
  const auto image = open_image(workshop.path("program"));
  const auto interpreter = image->contents(".interp");
  REQUIRE(interpreter);
  CHECK(std::string(reinterpret_cast<const char*>(interpreter->data())) == "/lib64/ld-linux-x86-64.so.2");
  const Section* const interp = image->section(".interp");
  REQUIRE(interp != nullptr);
  CHECK(image->loaded_at(interp->address).data() == interpreter->data());
  CHECK(image->loaded_at(0xffff'ffff'ffff).empty());
  CHECK(image->contents(".bss")->empty());
  CHECK(image->contents(".absent")->empty());
  CHECK(image->section(".absent") == nullptr);
}

TEST_CASE("compressed sections become what they were") {
  const Workshop workshop;
  build_program(workshop, "-g -gz=none");
  const auto plain = open_image(workshop.path("program"));
  for (const std::string way : {"zlib", "zlib-gnu", "zlib-gabi", "zstd"}) {
    CAPTURE(way);
    workshop.make("objcopy --compress-debug-sections=" + way + " program compressed");
    const auto compressed = open_image(workshop.path("compressed"));
    std::size_t compared = 0;
    std::size_t smaller = 0;
    for (const Section& section : plain->sections()) {
      if (!section.name.starts_with(".debug_")) continue;
      const Section* const other = compressed->section(section.name);
      REQUIRE(other != nullptr);
      const auto expected = plain->contents(section);
      const auto found = compressed->contents(*other);
      REQUIRE(found);
      CHECK(std::ranges::equal(*expected, *found));
      CHECK(compressed->contents(*other)->data() == found->data());
      ++compared;
      smaller += other->size < section.size;
    }
    CHECK(compared >= 5);
    CHECK(smaller >= 1);
  }
}

TEST_CASE("a build id is the one that readelf prints") {
  const Workshop workshop;
  build_program(workshop);
  for (const std::string& path : {workshop.path("program"), libc_path()}) {
    const std::string expected = workshop.run("readelf -n " + path + " | sed -n 's/.*Build ID: //p'");
    CHECK(hex(open_image(path)->build_id()) + "\n" == expected);
  }
  workshop.make("cc -Wl,--build-id=none -o nameless program.c");
  CHECK(open_image(workshop.path("nameless"))->build_id().empty());
}

TEST_CASE("links to separate debug files") {
  const Workshop workshop;
  build_program(workshop);
  workshop.make("objcopy --only-keep-debug program program.debug");
  workshop.make("strip -o stripped program && objcopy --add-gnu-debuglink=program.debug stripped");
  const auto stripped = open_image(workshop.path("stripped"));
  const auto debug = open_image(workshop.path("program.debug"));
  const auto link = stripped->debug_link();
  REQUIRE(link);
  CHECK(link->file_name == "program.debug");
  CHECK(link->crc == debug->crc());
  CHECK_FALSE(stripped->has_debug_info());
  CHECK(debug->has_debug_info());
  CHECK_FALSE(debug->debug_link());
  CHECK(std::ranges::equal(debug->build_id(), stripped->build_id()));
  CHECK(debug->contents(".text")->empty());
  const auto main = debug->symbol("main");
  REQUIRE(main);
  CHECK(debug->symbols().find(main->address)->name == "main");
  CHECK_FALSE(stripped->symbols().find(main->address));

  workshop.make("cp program one && cp program two && dwz -m common one two");
  const auto one = open_image(workshop.path("one"));
  const auto alternate = one->alternate_link();
  REQUIRE(alternate);
  CHECK(alternate->path == "common");
  CHECK(hex(alternate->build_id) == hex(open_image(workshop.path("common"))->build_id()));
}

TEST_CASE("MiniDebugInfo: symbols in a compressed file within the file") {
  const Workshop workshop;
  build_program(workshop);
  const auto whole = open_image(workshop.path("program"));
  workshop.make(
      "objcopy -S --remove-section=.comment --remove-section=.gdb_index --keep-symbol=main "
      "--keep-symbol=twice program mini "
      "&& xz -k mini && strip -o stripped program && objcopy --add-section .gnu_debugdata=mini.xz stripped");
  const auto stripped = open_image(workshop.path("stripped"));
  for (const char* const name : {"main", "twice"}) {
    const auto symbol = whole->symbol(name);
    REQUIRE(symbol);
    const auto found = stripped->symbols().find(symbol->address + 1);
    REQUIRE(found);
    CHECK(found->name == name);
    CHECK(found->address == symbol->address);
  }
  // Damaged, it is as if it were not there.
  workshop.make(
      "head -c 100 mini.xz > cut.xz && strip -o damaged program && objcopy --add-section "
      ".gnu_debugdata=cut.xz damaged");
  CHECK_FALSE(open_image(workshop.path("damaged"))->symbols().find(whole->symbol("main")->address));
}

TEST_CASE("the load bias of this very process") {
  // Each mapping of libc that the kernel shows must give the bias that the dynamic linker knows.
  struct Known {
    std::string path;
    std::uint64_t bias;
  };
  Known known{libc_path(), 0};
  ::dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void* into) {
        auto& to = *static_cast<Known*>(into);
        if (to.path == object->dlpi_name) to.bias = object->dlpi_addr;
        return 0;
      },
      &known);
  const auto image = open_image(known.path);
  const std::string real = std::filesystem::canonical(known.path);
  std::ifstream maps("/proc/self/maps");
  std::size_t compared = 0;
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(real)) continue;
    unsigned long long begin, offset;
    char access[8];
    REQUIRE(std::sscanf(line.c_str(), "%llx-%*x %7s %llx", &begin, access, &offset) == 3);
    if (begin == reinterpret_cast<std::uintptr_t>(image->bytes().data())) continue;  // The image itself.
    CHECK(image->load_bias({Address{begin}, offset, access[2] == 'x'}) == known.bias);
    ++compared;
  }
  CHECK(compared >= 4);
  CHECK_FALSE(image->load_bias({Address{0x10000}, std::uint64_t{1} << 40, true}));
}

TEST_CASE("the vDSO, out of memory") {
  const auto* const begin = reinterpret_cast<const std::byte*>(::getauxval(AT_SYSINFO_EHDR));
  REQUIRE(begin != nullptr);
  const auto image = Image::from_bytes({begin, begin + 8192}, "[vdso]");
  REQUIRE(image);
  const auto symbol = (*image)->symbol("__vdso_clock_gettime");
  REQUIRE(symbol);
  const auto found = (*image)->symbols().find(symbol->address + 1);
  REQUIRE(found);
  CHECK(found->name == "clock_gettime");  // The weak name without underscores, for the same address.
  CHECK_FALSE((*image)->contents(".eh_frame")->empty());
  look_at_everything(**image);
}

TEST_CASE("what is no ELF file for this machine is refused, and why") {
  const Workshop workshop;
  const auto code = [&](const char* name) {
    const auto image = try_open(workshop.path(name));
    REQUIRE_FALSE(image);
    CHECK(image.error().message().find(name) != std::string::npos);
    return image.error().code;
  };
  workshop.write("empty", "");
  workshop.write("text", "#!/bin/sh\necho this is a script, and longer than an ELF header would be\n");
  CHECK(code("empty") == ErrorCode::invalid);
  CHECK(code("text") == ErrorCode::invalid);
  CHECK(code(".") == ErrorCode::invalid);

  build_program(workshop);
  workshop.make("head -c 60 program > beginning && head -c 4000 program > half");
  CHECK(code("beginning") == ErrorCode::invalid);
  CHECK(code("half") == ErrorCode::invalid);
  workshop.make("cp program arm && printf '\\267' | dd of=arm bs=1 seek=18 conv=notrunc");
  workshop.make("cp program big && printf '\\002' | dd of=big bs=1 seek=5 conv=notrunc");
  workshop.make("cp program version && printf '\\007' | dd of=version bs=1 seek=6 conv=notrunc");
  CHECK(code("arm") == ErrorCode::unsupported);
  CHECK(code("big") == ErrorCode::unsupported);
  CHECK(code("version") == ErrorCode::invalid);
  workshop.make("truncate -s 17G huge");
  CHECK(code("huge") == ErrorCode::limit);
}

TEST_CASE("a file that is cut short while it is open reads as zeros") {
  const Workshop workshop;
  build_program(workshop);
  const auto image = open_image(workshop.path("program"));
  const std::size_t size = image->bytes().size();
  REQUIRE(size > 12288);
  REQUIRE(::truncate(workshop.path("program").c_str(), 4096) == 0);
  CHECK(image->bytes()[size - 1] == std::byte{0});
  CHECK(image->bytes()[1] == std::byte{'E'});
  look_at_everything(*image);
  REQUIRE(::truncate(workshop.path("program").c_str(), 0) == 0);
  CHECK(image->bytes()[1] == std::byte{0});
}

TEST_CASE("a file that is cut off anywhere is refused or read in part") {
  const Workshop workshop;
  build_program(workshop);
  const auto bytes = read_file(workshop.path("program"));
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); size += size < 256 ? 1 : 97) {
    const auto image =
        Image::from_bytes({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, "cut");
    if (image)
      look_at_everything(**image);
    else
      ++refused;
  }
  CHECK(refused > 100);
}

TEST_CASE("damage anywhere does no harm") {
  const Workshop workshop;
  build_program(workshop, "-g -gz=zlib");
  workshop.make("cp program zstd && objcopy --compress-debug-sections=zstd zstd");
  std::mt19937_64 random(1);
  for (const char* const name : {"program", "zstd"}) {
    const auto good = read_file(workshop.path(name));
    const std::uint64_t tables = open_image(workshop.path(name))->bytes().size() - 64 * 36;
    std::size_t opened = 0;
    for (int round = 0; round < 1500; ++round) {
      auto bytes = good;
      // The headers more often than the rest.
      for (int i = 0; i < 4; ++i) {
        const std::uint64_t where = i < 2    ? random() % 800
                                    : i == 2 ? tables + random() % (64 * 36)
                                             : random() % bytes.size();
        bytes[where] = static_cast<std::byte>(random() % 4 == 0 ? 0xff : random());
      }
      if (const auto image = Image::from_bytes(std::move(bytes), "damaged")) {
        look_at_everything(**image);
        ++opened;
      }
    }
    CHECK(opened > 100);
  }
}
