// Call frame information and unwind tables. The first byte says what the rest is: bits 0-1 an .eh_frame, a
// .debug_frame, half of each, or the bytes of a table
// and of an .eh_frame_hdr.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "sonde/unwind/build.hpp"
#include "sonde/unwind/function_starts.hpp"

namespace {

using namespace sonde;
using unwind::CfiSection;

// Looks at everything that a table has.
void ask(const unwind::TableView& view) {
  for (std::size_t row = 0; row < view.row_count(); ++row) {
    const std::uint64_t address = view.row_address(row);
    for (const std::uint64_t at : {address - 1, address, address + 1}) {
      const unwind::Rule* rule = view.find(at);
      if (rule == nullptr) continue;
      for (const auto& recovery : view.recoveries(*rule)) {
        if (recovery.how < unwind::How::saved_at_expression) continue;
        for (const std::byte byte : view.expression(recovery)) {
          if (std::to_integer<int>(byte) > 0xff) std::abort();
        }
      }
    }
  }
}

void ask_bytes(Bytes bytes) {
  std::vector<std::uint64_t> words(bytes.size() / sizeof(std::uint64_t));
  if (words.empty()) return;
  std::memcpy(words.data(), bytes.data(), words.size() * sizeof(std::uint64_t));
  if (const auto view = unwind::TableView::over(std::as_bytes(std::span(words)))) ask(*view);
}

void ask_starts(Bytes bytes) {
  const auto starts = unwind::FunctionStarts::parse(bytes, 0x10000);
  for (std::uint64_t address = 0; address < 0x20000; address += 0x1234) {
    const auto piece = starts.piece_of(address);
    if (piece && (address < piece->begin || address >= piece->end)) std::abort();
  }
}

void build_and_ask(std::span<const CfiSection> sections) {
  const auto built = unwind::build(sections);
  if (!built) return;
  const unwind::TableView& view = built->table.view();
  // What was built is what a reader accepts, in order, and each row is found where it begins.
  if (!unwind::TableView::over(built->table.bytes())) std::abort();
  for (std::size_t row = 1; row < view.row_count(); ++row) {
    if (view.row_address(row) <= view.row_address(row - 1)) std::abort();
  }
  if (view.row_count() > 0 && view.find(view.row_address(0) - 1) != nullptr) std::abort();
  if (view.find(view.end_address()) != nullptr) std::abort();
  ask(view);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes bytes{reinterpret_cast<const std::byte*>(data) + 1, size - 1};
  const Bytes half = bytes.first(bytes.size() / 2);
  const CfiSection eh{CfiSection::Format::eh_frame, bytes, 0x10000, 0x1000, 0x8000};
  const CfiSection debug{CfiSection::Format::debug_frame, bytes, 0, {}, {}};
  switch (data[0] & 3) {
    case 0:
      build_and_ask({&eh, 1});
      break;
    case 1:
      build_and_ask({&debug, 1});
      break;
    case 2: {
      const std::array both = {
          CfiSection{CfiSection::Format::eh_frame, half, 0x10000, {}, {}},
          CfiSection{CfiSection::Format::debug_frame, bytes.subspan(half.size()), 0, {}, {}}};
      build_and_ask(both);
      break;
    }
    default:
      ask_bytes(bytes);
      ask_starts(bytes);
      break;
  }
  return 0;
}
