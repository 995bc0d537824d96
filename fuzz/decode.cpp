// The renderers of system calls, as they meet a hostile trace file: what its frames say of a call's memory is
// printed.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/decode/render.hpp"
#include "sonde/decode/text_writer.hpp"

namespace {

using namespace sonde;

// Every argument and the result, in each style. What is printed is one line without control characters.
void print(const decode::Call& call) {
  for (const decode::Xlat xlat : {decode::Xlat::raw, decode::Xlat::abbrev, decode::Xlat::verbose}) {
    const decode::Style style{.string_limit = 32, .verbose = xlat == decode::Xlat::verbose, .xlat = xlat};
    std::string line;
    decode::TextWriter writer(line, style.hex_strings);
    for (unsigned i = 0; i < call.row->argument_count; ++i) {
      if (decode::argument_shown(call, i)) decode::render_argument(call, i, style, writer);
    }
    if (call.exit) decode::render_result(call, style, writer);
    for (const char c : line) SONDE_CHECK(c >= ' ' && c <= '~');
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint64_t> aligned((size + 7) / 8);
  if (size != 0) std::memcpy(aligned.data(), data, size);
  Bytes rest(reinterpret_cast<const std::byte*>(aligned.data()), size);
  std::optional<decode::Call> call;
  while (const auto frame = event::frame_size(rest)) {
    if (const auto parsed = event::parse_frame(rest)) {
      if (const auto* enter = std::get_if<event::SyscallEnter>(&parsed->payload)) {
        call = decode::call_of(*parsed, *enter);
        print(*call);
      } else if (const auto* exit = std::get_if<event::SyscallExit>(&parsed->payload);
                 exit != nullptr && call) {
        call->exit = decode::CallExit{parsed->time, exit->ret, exit->failed, exit->snapshot};
        print(*call);
        call.reset();
      }
    }
    rest = rest.subspan(*frame);
  }
  return 0;
}
