// The report of `sonde stack`: what all threads of a process were doing.
#pragma once

#include <string>

#include "sonde/decode/style.hpp"
#include "sonde/stacks/namer.hpp"
#include "sonde/stacks/process_stacks.hpp"

namespace sonde::output {

// A paragraph a thread: its id, name, state and call, and its frames, innermost first and numbered; an
// inlined function stands above the frame whose code it is part of, and has no number.
//
//   process 4711 (/usr/bin/redis-server): 5 threads, stopped for 0.9 ms
//
//   thread 4711 "redis-server", sleeping, in epoll_wait(5, 0x7f2f3e01d000, 10128, 99)
//    #0   0x0000000000108b06  epoll_wait+0x56 (/usr/lib/x86_64-linux-gnu/libc.so.6)
//    #1   0x0000000000051c3f  aeProcessEvents+0x1f at ae.c:360
//
// Addresses are those in the frame's file.
void append_stacks_text(std::string& out, const stacks::ProcessStacks& sample, stacks::Namer& namer,
                        const decode::Style& style);

// The same as one JSON object: docs/json.md.
void append_stacks_json(std::string& out, const stacks::ProcessStacks& sample, stacks::Namer& namer,
                        const decode::Style& style);

}  // namespace sonde::output
