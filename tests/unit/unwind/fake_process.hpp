// A process made up for tests: code that a table is about, and memory of words.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/unwind/build.hpp"
#include "sonde/unwind/walk.hpp"
#include "unit/unwind/cfi_bytes.hpp"

namespace sonde::unwind::test {

using arch::Register;

// Readable where a word was put, byte by byte; counts how often it was asked.
class FakeMemory final : public MemoryReader {
 public:
  void put(std::uint64_t address, std::uint64_t value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
      bytes_[address + i] = static_cast<std::byte>(value >> (8 * i));
  }
  void put_bytes(std::uint64_t address, std::initializer_list<int> bytes) {
    for (const int byte : bytes) bytes_[address++] = static_cast<std::byte>(byte);
  }
  // Zeros from `begin` up to `end`, where there is nothing yet.
  void map(std::uint64_t begin, std::uint64_t end) {
    for (; begin < end; ++begin) bytes_.try_emplace(begin);
  }

  std::size_t read(Address address, std::span<std::byte> into) const override {
    ++reads;
    bytes_read += into.size();
    std::size_t done = 0;
    auto at = bytes_.find(address.value);
    for (; at != bytes_.end() && done < into.size() && at->first == address.value + done; ++at)
      into[done++] = at->second;
    return done;
  }

  mutable int reads = 0;
  mutable std::size_t bytes_read = 0;

 private:
  std::map<std::uint64_t, std::byte> bytes_;
};

// One module with a table, loaded 0x400000 above the addresses in its file.
struct FakeProcess {
  static constexpr std::uint64_t bias = 0x400000;
  static constexpr std::uint64_t stack = 0x7ffd0000;

  SectionBuilder cfi;
  std::size_t cie = cfi.cie("", {}, at_entry());
  std::vector<Module> modules;
  FakeMemory memory;
  arch::Registers registers;
  std::vector<CfiTable> tables;
  std::array<std::byte, 1024> window;
  std::array<Frame, 64> frames;
  int asked = 0;

  FakeProcess() { memory.map(stack, stack + 0x1000); }

  // A function of 0x100 bytes in the module's file. Returns the address in the process of a byte well inside
  // of it.
  std::uint64_t function(std::uint64_t address, const ByteBuilder& instructions) {
    cfi.fde(cie, address, 0x100, instructions);
    return address + bias + 0x80;
  }

  // Executable memory without information.
  void bare_code(std::uint64_t begin, std::uint64_t end) { modules.push_back({{begin}, {end}, 0, nullptr}); }

  Walk walk(std::size_t limit = 64) { return walk_from(registers, {}, limit); }

  // As from a system call's stop; counts in `asked` how often that is not enough.
  Walk walk_from_call() {
    return walk_from({registers.pc(), registers.sp(), [this] {
                        ++asked;
                        return std::optional(registers);
                      }});
  }

  Walk walk_from(const Start& start, Address reach = {}, std::size_t limit = 64) {
    const CfiSection section = cfi.section();
    auto table = build({&section, 1});
    REQUIRE(table);
    tables.clear();
    tables.push_back(std::move(*table));
    auto all = modules;
    all.push_back({{bias + 0x1000}, {bias + 0x10000}, bias, &tables.front().table.view()});
    std::sort(all.begin(), all.end(), [](const Module& a, const Module& b) { return a.begin < b.begin; });
    return unwind::walk(start, all, memory, window, std::span(frames).first(limit), reach);
  }

  std::vector<std::uint64_t> pcs(const Walk& walk) const {
    std::vector<std::uint64_t> found;
    for (std::size_t i = 0; i < walk.frames; ++i) found.push_back(frames[i].pc.value);
    return found;
  }
};

}  // namespace sonde::unwind::test
