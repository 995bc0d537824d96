#include "sonde/record/slot_gaps.hpp"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "sonde/unwind/function_starts.hpp"

using namespace sonde;
using namespace sonde::record;

TEST_CASE("gaps of a library: padding alone, each once, more of them as they are asked for") {
  const std::string path = "/lib/x86_64-linux-gnu/libc.so.6";
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file);
  const auto image = elf::Image::open(std::move(file), path);
  REQUIRE(image);
  const auto code = arch::Code::make();
  REQUIRE(code);
  const elf::Section* section = (*image)->section(".eh_frame_hdr");
  REQUIRE(section != nullptr);
  const auto bytes = (*image)->contents(*section);
  REQUIRE(bytes);
  SlotGaps gaps(**image, unwind::FunctionStarts::parse(*bytes, section->address).all());
  const std::size_t behind = gaps.found().size();
  CHECK(behind <= 1);
  REQUIRE(gaps.find(**image, *code, 1000));
  const std::size_t some = gaps.found().size();
  CHECK(some > behind);
  while (gaps.find(**image, *code, 100'000)) {
  }
  CHECK(gaps.found().size() > some);
  CHECK_FALSE(gaps.find(**image, *code, 1));

  std::vector<SlotGaps::Gap> all(gaps.found().begin(), gaps.found().end());
  std::ranges::sort(all, {}, &SlotGaps::Gap::begin);
  std::uint64_t last = 0;
  for (const SlotGaps::Gap& gap : all) {
    CHECK(gap.begin >= last);
    CHECK(gap.begin < gap.end);
    last = gap.end;
  }
  // What is in them does nothing but lead on: nops.
  for (const SlotGaps::Gap& gap : gaps.found().subspan(behind)) {
    Bytes rest = (*image)->loaded_at(gap.begin);
    REQUIRE(rest.size() >= gap.end - gap.begin);
    rest = rest.first(gap.end - gap.begin);
    while (!rest.empty()) {
      const auto instruction = code->decode(rest, gap.begin);
      REQUIRE(instruction);
      CHECK(instruction->flow == arch::Flow::onward);
      rest = rest.subspan(instruction->size);
    }
  }
}
