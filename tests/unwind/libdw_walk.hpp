// Walks by elfutils' libdw, to compare with.
#pragma once

#include <cstdint>
#include <elfutils/libdwfl.h>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace sonde::unwind::test {

class LibdwWalker {
 public:
  explicit LibdwWalker(pid_t pid) : pid_(pid) { refresh(); }

  // Looks at the process's mappings again.
  void refresh() {
    dwfl_.reset(dwfl_begin(&callbacks()));
    if (!dwfl_) return;
    dwfl_linux_proc_report(dwfl_.get(), pid_);
    dwfl_report_end(dwfl_.get(), nullptr, nullptr);
    dwfl_linux_proc_attach(dwfl_.get(), pid_, true);
  }

  // The pcs of a task that is in a ptrace-stop of the calling thread's; at most `limit`.
  std::vector<std::uint64_t> walk(pid_t tid, std::size_t limit) {
    Frames frames{{}, limit};
    dwfl_getthread_frames(dwfl_.get(), tid, take, &frames);
    const char* error = dwfl_errmsg(0);
    end_ = error != nullptr ? error : "complete";
    return frames.pcs;
  }

  // Why the last walk ended.
  const std::string& end() const { return end_; }

 private:
  struct Frames {
    std::vector<std::uint64_t> pcs;
    std::size_t limit;
  };
  struct Ender {
    void operator()(Dwfl* dwfl) const { dwfl_end(dwfl); }
  };

  static int take(Dwfl_Frame* state, void* argument) {
    auto& frames = *static_cast<Frames*>(argument);
    Dwarf_Addr pc = 0;
    if (!dwfl_frame_pc(state, &pc, nullptr)) return DWARF_CB_ABORT;
    frames.pcs.push_back(pc);
    return frames.pcs.size() < frames.limit ? DWARF_CB_OK : DWARF_CB_ABORT;
  }

  // Nothing but what is in the files themselves.
  static int no_debug_file(Dwfl_Module*, void**, const char*, Dwarf_Addr, const char*, const char*, GElf_Word,
                           char**) {
    return -1;
  }
  static const Dwfl_Callbacks& callbacks() {
    static const Dwfl_Callbacks found = {dwfl_linux_proc_find_elf, no_debug_file, nullptr, nullptr};
    return found;
  }

  pid_t pid_;
  std::unique_ptr<Dwfl, Ender> dwfl_;
  std::string end_;
};

}  // namespace sonde::unwind::test
