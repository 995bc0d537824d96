// Which events are shown: the filter of the command line, asked with what is known of the tasks.
#pragma once

#include "sonde/cli/settings.hpp"
#include "sonde/decode/call.hpp"
#include "sonde/event/event.hpp"

namespace sonde::cli {

enum class Shown { no, yes, undecided };

class Selection {
 public:
  // Keeps account of tasks' names; to be told of every event that is no system call, before asking about it.
  void observe(const event::Event&) {}
  // Of a call, at its entry (undecided: ask again) or exit.
  Shown ask(const decode::Call&) { return Shown::yes; }
  bool ask(const event::Event&) { return true; }
  explicit Selection(const Settings&) {}
};

}  // namespace sonde::cli
