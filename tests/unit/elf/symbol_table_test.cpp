#include "sonde/elf/symbol_table.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/elf/workshop.hpp"

using namespace sonde;
using namespace sonde::elf;
using sonde::test::open_image;
using sonde::test::Workshop;
using Binding = SymbolTable::Builder::Binding;

namespace {

constexpr std::uint64_t far_away = ~std::uint64_t{0};

struct Given {
  const char* name;
  std::uint64_t address;
  std::uint64_t size;
  Binding binding = Binding::global;
  std::uint64_t limit = far_away;
};

SymbolTable table_of(std::initializer_list<Given> symbols) {
  SymbolTable::Builder builder;
  for (const Given& s : symbols) builder.add({s.name, s.address, s.size}, s.binding, s.limit);
  return std::move(builder).build();
}

std::string name_at(const SymbolTable& table, std::uint64_t address) {
  const auto symbol = table.find(address);
  return symbol ? std::string(symbol->name) : "";
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

// The debug file that Debian's libc6-dbg has for the libc of this machine.
std::string separate_libc() {
  const std::string id = test::hex(open_image("/usr/lib/x86_64-linux-gnu/libc.so.6")->build_id());
  return "/usr/lib/debug/.build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug";
}

// A function that readelf lists.
struct Listed {
  std::uint64_t address;
  std::uint64_t size;
  std::string name;
};

std::vector<Listed> functions_by_readelf(const Workshop& workshop, const std::string& path,
                                         const char* option) {
  std::istringstream lines(
      workshop.run("readelf -W " + std::string(option) + " '" + path +
                   "' | awk '$4 ~ /^(FUNC|IFUNC)$/ && $7 ~ /^[0-9]+$/ { print $2, $3, $8 }'"));
  std::vector<Listed> functions;
  std::string address, size, name;
  while (lines >> address >> size >> name) {
    name = name.substr(0, name.find('@'));
    functions.push_back({std::stoull(address, nullptr, 16), std::stoull(size, nullptr, 0), name});
  }
  std::ranges::sort(functions, {}, &Listed::address);
  return functions;
}

// The names that a look-up of `address` may give: those of the covering functions that start last.
// `functions` ascend.
std::set<std::string> expected_names(const std::vector<Listed>& functions, std::uint64_t address) {
  auto f = std::ranges::upper_bound(functions, address, {}, &Listed::address);
  std::set<std::string> names;
  while (f != functions.begin()) {
    --f;
    if (address - f->address >= f->size) continue;
    for (auto alias = f; alias->address == f->address; --alias) {
      if (address - alias->address < alias->size) names.insert(alias->name);
      if (alias == functions.begin()) break;
    }
    break;
  }
  return names;
}

std::vector<std::uint64_t> addresses_in(const std::vector<Listed>& functions, std::size_t count) {
  std::mt19937_64 random(7);
  std::vector<std::uint64_t> addresses;
  while (addresses.size() < count) {
    const Listed& f = functions[random() % functions.size()];
    // Its first byte, its last, the one behind it, or any.
    const std::uint64_t choices[] = {0, f.size - 1, f.size, f.size == 0 ? 0 : random() % f.size};
    addresses.push_back(f.address + choices[random() % 4]);
  }
  return addresses;
}

// Compares look-ups in a file with what readelf lists.
void compare_with_readelf(const Workshop& workshop, const std::string& path, const char* option,
                          std::size_t count) {
  CAPTURE(path);
  const auto functions = functions_by_readelf(workshop, path, option);
  REQUIRE(functions.size() > 100);
  const auto image = open_image(path);
  std::size_t wrong = 0;
  std::size_t named = 0;
  for (const std::uint64_t address : addresses_in(functions, count)) {
    const auto expected = expected_names(functions, address);
    std::string found = name_at(image->symbols(), address);
    found = found.substr(0, found.find('@'));
    // Where no function is, there may be a label.
    if (expected.empty() ? image->symbols().find(address).value_or(Symbol{}).size != 0
                         : !expected.contains(found)) {
      ++wrong;
      MESSAGE("at " << address << " there is " << found);
    }
    named += !expected.empty();
  }
  CHECK(wrong == 0);
  CHECK(named > count / 2);
}

}  // namespace

TEST_CASE("a symbol covers its size, no more") {
  const auto table = table_of({{"one", 100, 10}, {"two", 120, 5}});
  CHECK(name_at(table, 99).empty());
  CHECK(name_at(table, 100) == "one");
  CHECK(name_at(table, 109) == "one");
  CHECK(name_at(table, 110).empty());
  CHECK(name_at(table, 124) == "two");
  CHECK(name_at(table, 125).empty());
  CHECK(name_at(table_of({}), 0).empty());
}

TEST_CASE("where symbols overlap, the one that starts last has the address") {
  const auto table =
      table_of({{"outer", 100, 100}, {"inner", 120, 10}, {"innermost", 125, 2}, {"across", 190, 20}});
  CHECK(name_at(table, 119) == "outer");
  CHECK(name_at(table, 120) == "inner");
  CHECK(name_at(table, 125) == "innermost");
  CHECK(name_at(table, 127) == "inner");
  CHECK(name_at(table, 130) == "outer");
  CHECK(name_at(table, 190) == "across");
  CHECK(name_at(table, 209) == "across");
  CHECK(name_at(table, 210).empty());
  CHECK(table.ranges().size() == 6);
}

TEST_CASE("of several names the one that a reader expects") {
  CHECK(name_at(table_of({{"local", 1, 1, Binding::local}, {"a_long_global", 1, 1}}), 1) == "a_long_global");
  CHECK(name_at(table_of({{"__write", 1, 1}, {"write", 1, 1, Binding::weak}}), 1) == "write");
  CHECK(name_at(table_of({{"f@@V2", 1, 1}, {"old_name_of_f", 1, 1, Binding::weak}}), 1) == "old_name_of_f");
  CHECK(name_at(table_of({{"weak", 1, 1, Binding::weak}, {"strong", 1, 1}}), 1) == "strong");
  CHECK(name_at(table_of({{"longer", 1, 1}, {"short", 1, 1}}), 1) == "short");
  CHECK(name_at(table_of({{"b", 1, 1}, {"a", 1, 1}}), 1) == "a");
  CHECK(name_at(table_of({{"_ZN1A1fEv", 1, 1}, {"_f", 1, 1}}), 1) == "_ZN1A1fEv");
  // Beyond its end, the longer one of the same start goes on.
  const auto table = table_of({{"__long", 10, 20}, {"cut", 10, 5}});
  CHECK(name_at(table, 14) == "cut");
  CHECK(name_at(table, 15) == "__long");
}

TEST_CASE("a label reaches to the next symbol or its section's end") {
  const auto table = table_of({{"label", 100, 0, Binding::global, 200},
                               {"next", 110, 0, Binding::global, 200},
                               {"alias", 110, 0, Binding::local, 200},
                               {"sized", 150, 10, Binding::global, 200},
                               {"within", 155, 0, Binding::global, 200},
                               {"behind", 170, 0, Binding::global, 200},
                               {"at_the_end", 200, 0, Binding::global, 200}});
  CHECK(name_at(table, 109) == "label");
  CHECK(name_at(table, 110) == "next");
  CHECK(name_at(table, 149) == "next");
  CHECK(name_at(table, 155) == "sized");
  CHECK(name_at(table, 160).empty());
  CHECK(name_at(table, 199) == "behind");
  CHECK(name_at(table, 200).empty());
}

TEST_CASE("sizes that reach beyond the last address") {
  const auto table = table_of({{"high", far_away - 5, 100}, {"all", 0, far_away}});
  CHECK(name_at(table, far_away - 5) == "high");
  CHECK(name_at(table, far_away - 1) == "high");
  CHECK(name_at(table, 5) == "all");
}

TEST_CASE("random tables agree with a search through all symbols") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 200; ++round) {
    std::vector<Listed> functions;
    SymbolTable::Builder builder;
    for (std::uint64_t i = 0; i < 40; ++i)
      functions.push_back({random() % 200, 1 + random() % 60, "f" + std::to_string(i)});
    std::ranges::sort(functions, {}, &Listed::address);
    for (const Listed& f : functions) builder.add({f.name, f.address, f.size}, Binding::global, far_away);
    const SymbolTable table = std::move(builder).build();
    CHECK(table.ranges().size() <= 80);
    for (std::uint64_t address = 0; address < 300; ++address) {
      const auto expected = expected_names(functions, address);
      const std::string found = name_at(table, address);
      if (expected.empty() != found.empty() || (!found.empty() && !expected.contains(found))) FAIL(found);
    }
  }
}

TEST_CASE("functions of real files are those that readelf lists") {
  const Workshop workshop;
  compare_with_readelf(workshop, own_path(), "-s", 10'000);
  compare_with_readelf(workshop, "/usr/lib/x86_64-linux-gnu/libc.so.6", "--dyn-syms", 10'000);
  compare_with_readelf(workshop, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "--dyn-syms", 4'000);
  compare_with_readelf(workshop, "/usr/bin/python3", "--dyn-syms", 4'000);
}

TEST_CASE("addr2line finds the same functions, or another name of them") {
  const Workshop workshop;
  // Of libc the names alone, joined again with its code: addr2line wants a .symtab, and would rather read
  // DWARF.
  workshop.make("strip -g -o program '" + own_path() + "'");
  workshop.make("eu-unstrip -o joined /usr/lib/x86_64-linux-gnu/libc.so.6 " + separate_libc() +
                " && strip -g -R .gnu_debugaltlink -R .gnu_debuglink -R .note.gnu.build-id -o libc joined");
  for (const std::string name : {"program", "libc"}) {
    CAPTURE(name);
    const auto functions = functions_by_readelf(workshop, workshop.path(name), "-s");
    const auto image = open_image(workshop.path(name));
    std::multimap<std::uint64_t, std::string> names;
    for (const Listed& f : functions) names.emplace(f.address, f.name);

    std::vector<std::uint64_t> asked;
    std::ostringstream questions;
    for (const std::uint64_t address : addresses_in(functions, 10'000)) {
      if (expected_names(functions, address).empty()) continue;  // addr2line then names whatever lies before.
      asked.push_back(address);
      questions << std::hex << address << "\n";
    }
    workshop.write("questions", questions.str());
    std::istringstream answers(workshop.run("addr2line -f -e " + name + " < questions"));
    std::size_t same = 0;
    for (const std::uint64_t address : asked) {
      std::string theirs, place;
      REQUIRE(std::getline(answers, theirs));
      REQUIRE(std::getline(answers, place));
      theirs = theirs.substr(0, theirs.find('@'));
      const auto ours = image->symbols().find(address);
      REQUIRE(ours);
      const auto [first, last] = names.equal_range(ours->address);
      if (std::any_of(first, last, [&](const auto& known) { return known.second == theirs; }))
        ++same;
      else
        MESSAGE("at " << address << " we say " << std::string(ours->name) << ", addr2line says " << theirs);
    }
    CHECK(same == asked.size());
    CHECK(asked.size() > 5'000);
  }
}
