// Pieces of text that the outputs share.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sonde/decode/call.hpp"
#include "sonde/event/event.hpp"
#include "sonde/output/sink.hpp"

namespace sonde::output {

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

// Appends the call's name: "openat", or "syscall_0x1f4" for a number without a row.
void append_name(std::string& out, const decode::Call& call);

// exit and exit_group: all that can be known of them is known at the entry.
bool never_returns(const syscall::Row& row);

// "SIGTERM", or the number of a signal without a name.
std::string signal_text(int signal);

// For people ("the buffer was full") and for programs ("overflow").
std::string_view loss_text(event::LossReason reason);
std::string_view loss_name(event::LossReason reason);

// "died", "detached" or "cut".
std::string_view unfinished_name(Unfinished why);

// How a task ended: "exited" or "killed".
std::string_view ending_name(int status);

// `to` less `from`; 0 in a stream whose times run backwards, as only a forged one's do.
constexpr Nanoseconds elapsed(Nanoseconds from, Nanoseconds to) { return to < from ? 0 : to - from; }

// Appends text that may hold a tracee's bytes: control characters and what is not ASCII in octal.
void append_printable(std::string& out, std::string_view text);

// "x86_64", "i386" or "x32".
std::string_view abi_text(Abi abi);
// "64 bit", "32 bit" or "x32", as strace says.
std::string_view mode_text(Abi abi);

std::string_view origin_text(event::TaskOrigin origin);

}  // namespace sonde::output
