#include "sonde/output/crash_text.hpp"

#include "output/text.hpp"
#include "sonde/analysis/crash.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/output/json_writer.hpp"

namespace sonde::output {

namespace {

void append_registers(std::string& out, const arch::Registers& registers) {
  constexpr std::size_t in_a_line = 4;
  for (std::size_t i = 0; i < arch::register_count; ++i) {
    append(out, "{}{:>4} {:016x}", i % in_a_line == 0 ? "  " : " ",
           arch::name_of(static_cast<arch::Register>(i)), registers.general[i]);
    if (i % in_a_line == in_a_line - 1) out += '\n';
  }
  append(out, "  eflags {:x}\n", registers.eflags);
}

void append_instructions(std::string& out, const analysis::CrashFacts& facts, std::uint64_t pc) {
  for (const arch::Instruction& one : facts.instructions) {
    append(out, "{} {:#x}  ", one.address == pc ? "  =>" : "    ", one.address);
    append_printable(out, one.text);
    out += '\n';
  }
  if (facts.instructions.empty()) append(out, "  (there is no code at {:#x})\n", pc);
}

}  // namespace

void append_crash_text(std::string& out, const event::Event& event, const event::Crash& crash,
                       const StackSource& stacks) {
  const analysis::CrashFacts facts = analysis::explain_crash(crash);
  append(out, "*** process {}, thread {} crashes: {}: {}\n", event.task.pid, event.task.tid,
         signal_text(crash.info.si_signo), facts.summary);
  if (!facts.message.empty()) {
    std::string_view message = facts.message;
    while (message.ends_with('\n')) message.remove_suffix(1);
    out += "  it said: ";
    append_printable(out, message);
    out += '\n';
  }
  if (!facts.mapping.empty()) {
    out += "  there: ";
    append_printable(out, facts.mapping);
    out += '\n';
  }
  append_registers(out, crash.registers);
  append_instructions(out, facts, crash.registers.pc().value);
  append_stack_text(out, stacks, crash.snapshot.stack(), event.task.pid);
}

void append_thread_text(std::string& out, const event::Event& event, const event::ThreadStack& thread,
                        const StackSource& stacks) {
  append(out, "*** its thread {} \"", event.task.tid);
  append_printable(out, thread.comm);
  out += "\"\n";
  append_stack_text(out, stacks, thread.snapshot.stack(), event.task.pid);
}

void append_crash_json(std::string& out, const event::Crash& crash) {
  const analysis::CrashFacts facts = analysis::explain_crash(crash);
  out += ",\"summary\":";
  append_json_text(out, facts.summary);
  const auto optional = [&](std::string_view key, std::string_view text) {
    if (text.empty()) return;
    append(out, ",\"{}\":", key);
    append_json_text(out, text);
  };
  optional("message", facts.message);
  optional("mapping", facts.mapping);
  out += ",\"registers\":{";
  for (std::size_t i = 0; i < arch::register_count; ++i) {
    append(out, "{}\"{}\":\"{:#x}\"", i == 0 ? "" : ",", arch::name_of(static_cast<arch::Register>(i)),
           crash.registers.general[i]);
  }
  append(out, ",\"eflags\":\"{:#x}\"}},\"code\":[", crash.registers.eflags);
  const char* separator = "";
  for (const arch::Instruction& one : facts.instructions) {
    append(out, "{}{{\"address\":\"{:#x}\",\"text\":", separator, one.address);
    append_json_text(out, one.text);
    out += '}';
    separator = ",";
  }
  out += ']';
}

}  // namespace sonde::output
