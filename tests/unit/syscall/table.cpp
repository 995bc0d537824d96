#include "sonde/syscall/table.hpp"

#include <cctype>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "unit/syscall/resolving.hpp"

namespace sonde::syscall {

TEST_CASE("a call is found by its number and by its name") {
  REQUIRE(find(Abi::x86_64, 257) != nullptr);
  CHECK(find(Abi::x86_64, 257)->name == "openat");
  CHECK(find(Abi::x86_64, "openat") == find(Abi::x86_64, 257));
  CHECK(find(Abi::i386, "openat")->nr == 295);
  CHECK(find(Abi::i386, 1)->name == "exit");
  SUBCASE("names that differ little are calls of their own") {
    CHECK(find(Abi::x86_64, "stat")->nr == 4);
    CHECK(find(Abi::x86_64, "newfstatat")->nr == 262);
    CHECK(find(Abi::x86_64, "umount2")->nr == 166);
    CHECK(find(Abi::x86_64, "umount") == nullptr);
    CHECK(find(Abi::i386, "umount")->nr == 22);
  }
  SUBCASE("names are told apart by case, and whole") {
    CHECK(find(Abi::x86_64, "Open") == nullptr);
    CHECK(find(Abi::x86_64, "ope") == nullptr);
    CHECK(find(Abi::x86_64, "") == nullptr);
  }
  SUBCASE("numbers between and beyond the calls are none") {
    CHECK(find(Abi::x86_64, 400) == nullptr);
    CHECK(find(Abi::x86_64, 513) == nullptr);
    CHECK(find(Abi::x86_64, 1u << 20) == nullptr);
    CHECK(find(Abi::x86_64, UINT32_MAX) == nullptr);
    CHECK(find(Abi::i386, 17) != nullptr);
    CHECK(find(Abi::i386, 222) == nullptr);
  }
}

TEST_CASE("x32 calls are the 64-bit ones, by their own numbers where they differ") {
  CHECK(find(Abi::x32, 0x40000000 | 1)->name == "write");
  CHECK(find(Abi::x32, 1)->name == "write");
  CHECK(find(Abi::x32, 0x40000000 | 512)->name == "rt_sigaction");
  CHECK(find(Abi::x32, 547)->name == "pwritev2");
  CHECK(find(Abi::x32, 548) == nullptr);
  CHECK(rows(Abi::x32).size() == rows(Abi::x86_64).size());
}

TEST_CASE("rows stand in the order of their numbers, and name each argument") {
  for (const Abi abi : {Abi::x86_64, Abi::i386}) {
    std::set<std::string_view> names;
    for (const Row& row : rows(abi)) {
      CAPTURE(row.name);
      CHECK(names.insert(row.name).second);
      CHECK(find(abi, row.nr) == &row);
      std::set<std::string_view> arguments;
      std::set<unsigned> registers;
      for (unsigned i = 0; i < row.argument_count; ++i) {
        CHECK(row.arguments[i].kind != Kind::none);
        CHECK(arguments.insert(row.arguments[i].name).second);
        CHECK(registers.insert(row.arguments[i].reg).second);
      }
    }
  }
}

TEST_CASE("an argument stands in the register of its place, unless its row says otherwise") {
  const Row& read = *find(Abi::x86_64, "read");
  CHECK(read.argument_count == 3);
  for (std::uint8_t i = 0; i < 3; ++i) CHECK(read.arguments[i].reg == i);

  const Row& preadv2 = *find(Abi::x86_64, "preadv2");
  CHECK(preadv2.argument_count == 5);
  CHECK(preadv2.arguments[4].kind == Kind::rwf_flags);
  CHECK(preadv2.arguments[4].reg == 5);

  const Row& fallocate = *find(Abi::i386, "fallocate");
  CHECK(fallocate.arguments[2].kind == Kind::split_ldec);
  CHECK(fallocate.arguments[3].reg == 4);
}

TEST_CASE("i386 calls have the kinds of their own structures") {
  CHECK(find(Abi::i386, "mmap")->arguments[0].kind == Kind::mmap_args_in);
  CHECK(find(Abi::i386, "mmap2")->arguments[5].kind == Kind::page_offset);
  CHECK(find(Abi::i386, "stat64")->arguments[1].kind == Kind::stat64_out);
  CHECK(find(Abi::i386, "chown")->arguments[1].kind == Kind::uid16);
  CHECK(find(Abi::i386, "chown32")->arguments[1].kind == Kind::uid);
  CHECK(find(Abi::i386, "clock_gettime")->arguments[1].kind == Kind::timespec_out);
  CHECK(find(Abi::i386, "clock_gettime64")->arguments[1].kind == Kind::timespec64_out);
  CHECK(find(Abi::i386, "pread64")->arguments[3].kind == Kind::split_ldec);
}

TEST_CASE("resolve() never fails") {
  CHECK(resolved(Abi::x86_64, 0).name == "read");
  const Row& unknown = resolved(Abi::x86_64, 9999);
  CHECK(unknown.name.empty());
  CHECK(unknown.argument_count == 6);
  for (std::uint8_t i = 0; i < 6; ++i) {
    CHECK(unknown.arguments[i].kind == Kind::hex);
    CHECK(unknown.arguments[i].reg == i);
  }
  CHECK(resolved(Abi::x32, UINT32_MAX).name.empty());
  CHECK(resolved(Abi::i386, 9999).name.empty());
}

// A parameter of a macro in variants.def that is called like an argument would give that its value for a
// name.
std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

TEST_CASE("every row that resolve() can give is one of the call's") {
  for (const Abi abi : {Abi::x86_64, Abi::i386}) {
    for (const Row& row : rows(abi)) {
      for (const Row* variant : resolvable(abi, row.nr)) {
        CHECK(variant->nr == row.nr);
        CHECK(variant->argument_count <= max_arguments);
        CHECK_FALSE(variant->name.empty());
        for (unsigned i = 0; i < variant->argument_count; ++i) {
          const std::string_view name = variant->arguments[i].name;
          CAPTURE(name);
          CHECK_FALSE(name.empty());
          CHECK(name == lower_case(name));
        }
      }
    }
  }
  CHECK(resolvable(Abi::x86_64, 9999).empty());
}

}  // namespace sonde::syscall
