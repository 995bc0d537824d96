// Stacks as valgrind 3.19 and LeakSanitizer (LLVM 14) have shown them of one program,
// tests/suppress/leaking.cpp.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "sonde/suppress/leak.hpp"
#include "sonde/suppress/parser.hpp"

namespace sonde::suppress {

inline constexpr std::string_view program = "/tmp/supp/leak";
inline constexpr std::string_view libc = "/usr/lib/x86_64-linux-gnu/libc.so.6";
inline constexpr std::string_view source = "/tmp/supp/leak.cpp";

struct NamedStack {
  unsigned bytes;  // Of its block: what tells it from the others.
  std::vector<Frame> frames;
};

inline const std::vector<NamedStack>& stacks() {
  static const Frame malloc_frame{"malloc", "malloc", "./malloc/./malloc/malloc.c", 3292, libc, false};
  static const Frame new_array{
      "_Znam", "operator new[](unsigned long)", "", 0, "/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30",
      false};
  static const Frame wrapped{"_ZN4shop7wrappedEj", "shop::wrapped(unsigned int)", source, 5, program, true};
  static const Frame fill{
      "_ZN4shop5Shelf4fillEj", "shop::Shelf::fill(unsigned int)", source, 7, program, false};
  static const Frame stock{
      "_ZN4shop5stockIjEEvT_", "void shop::stock<unsigned int>(unsigned int)", source, 9, program, false};
  static const auto plain = [](unsigned line) {
    return Frame{"plain_c", "plain_c", source, line, program, false};
  };
  static const auto main_at = [](unsigned line) {
    return Frame{"main", "main", source, line, program, false};
  };
  static const Frame call_main{"__libc_start_call_main",
                               "__libc_start_call_main",
                               "./csu/../sysdeps/nptl/libc_start_call_main.h",
                               58,
                               libc,
                               false};
  static const Frame start_main{
      "__libc_start_main@@GLIBC_2.34", "__libc_start_main", "./csu/../csu/libc-start.c", 392, libc, false};
  static const Frame start{"_start", "_start", "", 0, program, false};
  static const auto worker = Frame{"_Z6workerPv", "worker(void*)", source, 12, program, false};
  static const Frame start_thread{"start_thread", "start_thread", "./nptl/./nptl/pthread_create.c", 442,
                                  libc,           false};
  static const Frame clone_frame{"clone", "clone", "./misc/../sysdeps/unix/sysv/linux/x86_64/clone.S",
                                 100,     libc,    false};
  static const std::vector<NamedStack> all = {
      {40, {malloc_frame, wrapped, fill, stock, main_at(15), call_main, start_main, start}},
      {50, {new_array, plain(11), main_at(16), call_main, start_main, start}},
      {77, {malloc_frame, wrapped, fill, stock, worker, start_thread, clone_frame}},
      {78, {new_array, plain(11), worker, start_thread, clone_frame}},
  };
  return all;
}

// What is in a text, which must be without a mistake.
inline Suppressions parsed(std::string_view text) {
  Suppressions suppressions;
  suppressions.add("a.supp", text);
  return suppressions;
}

}  // namespace sonde::suppress
