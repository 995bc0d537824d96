// A signal's siginfo, for the lines that tell of a signal and for the calls that carry one.
#pragma once

#include <csignal>

#include "sonde/decode/style.hpp"
#include "sonde/decode/writer.hpp"

namespace sonde::decode {

// Text: {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x18}. Which members are shown follows from si_signo
// and si_code, as in sigaction(2). `info` is laid out as a 64-bit kernel's, and may hold anything.
void render_siginfo(const siginfo_t& info, const Style& style, Writer& out);

}  // namespace sonde::decode
