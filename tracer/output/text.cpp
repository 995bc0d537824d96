#include "output/text.hpp"

#include <iterator>
#include <sys/wait.h>

#include <fmt/format.h>

#include "sonde/syscall/constants.hpp"

namespace sonde::output {

void append_zero_padded(std::string& out, std::uint64_t value, unsigned digits) {
  const fmt::format_int text(value);
  if (text.size() < digits) out.append(digits - text.size(), '0');
  out.append(text.data(), text.size());
}

void append_seconds(std::string& out, Nanoseconds time) {
  append_decimal(out, time / 1'000'000'000);
  out += '.';
  append_zero_padded(out, time % 1'000'000'000 / 1000, 6);
}

void append_name(std::string& out, const decode::Call& call) {
  if (!call.row->name.empty()) {
    out += call.row->name;
  } else {
    append(out, "syscall_{:#x}", call.nr);
  }
}

bool never_returns(const syscall::Row& row) { return row.name == "exit_group" || row.name == "exit"; }

std::string signal_text(int signal) {
  const std::string_view name = syscall::signal_name(signal);
  return name.empty() ? std::to_string(signal) : std::string(name);
}

std::string_view loss_text(event::LossReason reason) {
  switch (reason) {
    case event::LossReason::overflow:
      return "the buffer was full";
    case event::LossReason::rate_limit:
      return "over the rate limit";
    case event::LossReason::sampling:
      return "not sampled";
    case event::LossReason::unwatched:
      return "their ends could not be caught";
  }
  return "";
}

std::string_view loss_name(event::LossReason reason) {
  switch (reason) {
    case event::LossReason::overflow:
      return "overflow";
    case event::LossReason::rate_limit:
      return "rate_limit";
    case event::LossReason::sampling:
      return "sampling";
    case event::LossReason::unwatched:
      return "unwatched";
  }
  return "";
}

std::string_view unfinished_name(Unfinished why) {
  switch (why) {
    case Unfinished::died:
      return "died";
    case Unfinished::detached:
      return "detached";
    case Unfinished::cut:
      return "cut";
  }
  return "";
}

std::string_view ending_name(int status) { return WIFSIGNALED(status) ? "killed" : "exited"; }

void append_printable(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c >= ' ' && c <= '~') {
      out += c;
    } else {
      append(out, "\\{:03o}", static_cast<unsigned char>(c));
    }
  }
}

std::string_view abi_text(Abi abi) {
  switch (abi) {
    case Abi::x86_64:
      return "x86_64";
    case Abi::i386:
      return "i386";
    case Abi::x32:
      return "x32";
  }
  return "";
}

std::string_view mode_text(Abi abi) {
  switch (abi) {
    case Abi::x86_64:
      return "64 bit";
    case Abi::i386:
      return "32 bit";
    case Abi::x32:
      return "x32";
  }
  return "";
}

std::string_view origin_text(event::TaskOrigin origin) {
  switch (origin) {
    case event::TaskOrigin::program:
      return "program";
    case event::TaskOrigin::attached:
      return "attached";
    case event::TaskOrigin::fork:
      return "fork";
    case event::TaskOrigin::vfork:
      return "vfork";
    case event::TaskOrigin::clone:
      return "clone";
  }
  return "";
}

}  // namespace sonde::output
