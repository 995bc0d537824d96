// What the renderers of signals share with those of other calls.
#pragma once

#include <csignal>

#include "decode/members.hpp"

namespace sonde::decode {

// A signal set as strace writes it: [INT CHLD], or what is not in it, ~[KILL STOP], when most signals are.
// The text stands for the mask's number.
void print_signal_set(const Value& value, std::uint64_t mask);

// The kernel's siginfo of the call's ABI at `address`, or the address when it cannot be read.
void print_siginfo(const Value& value, Address address);

// A signal by name; 0 and what has no name as a number.
void print_signal(const Value& value, int signal);

}  // namespace sonde::decode
