// One walk over a stack: the frame that it has reached, and the ways from there to the caller's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "sonde/base/limits.hpp"
#include "sonde/unwind/walk.hpp"
#include "unwind/frame_registers.hpp"
#include "unwind/stack_window.hpp"

namespace sonde::unwind {

// The modules of a process, with a guess that the next address is where the last one was.
class ModuleIndex {
 public:
  explicit ModuleIndex(std::span<const Module> modules) : modules_(modules) {}

  // The index of the module that holds the address, or no_module.
  std::uint32_t find(std::uint64_t address) {
    if (last_ < modules_.size() && contains(modules_[last_], address)) return last_;
    return search(address);
  }
  const Module& operator[](std::uint32_t index) const { return modules_[index]; }

 private:
  static bool contains(const Module& module, std::uint64_t address) {
    return address >= module.begin.value && address < module.end.value;
  }
  std::uint32_t search(std::uint64_t address);

  std::span<const Module> modules_;
  std::uint32_t last_ = 0;
};

class Walker {
 public:
  // `known`: a bit for each register that is.
  Walker(const arch::Registers& registers, std::uint32_t known, std::span<const Module> modules,
         StackWindow& stack, Address reach);

  Walk run(std::span<Frame> into);
  // The walk has ended where it would need a register of the innermost frame that was not known.
  bool lacks_registers() const { return lacks_registers_; }

 private:
  // Each makes the caller's frame the one reached, or says why not.
  std::optional<End> step(std::uint32_t module);
  std::optional<End> by_rule(const Rule& rule, const Module& module);
  std::optional<End> without_information(std::uint32_t module);

  // The rule asks for nothing but the stack, and registers that are known.
  bool needs_stack_alone(const Rule& rule) const;
  End lack();
  // False when it cannot be known.
  bool cfa_of(const Rule& rule, const Module& module, std::uint64_t& cfa) const;
  std::optional<std::uint64_t> unusual_cfa_of(const Rule& rule, const Module& module) const;
  std::optional<End> recover(const Rule& rule, const Module& module, std::uint64_t cfa);
  void recover_saved(const Rule& rule, std::uint64_t cfa, const std::byte* near);
  void recover_irregular(const Rule& rule, const Module& module, std::uint64_t cfa,
                         const FrameRegisters& before);
  bool is_restored(const Recovery& recovery, const Module& module, std::uint64_t cfa,
                   const FrameRegisters& before) const;
  std::optional<std::uint64_t> recovered(const Recovery& recovery, const Module& module, std::uint64_t cfa,
                                         const FrameRegisters& before) const;
  // Notes that the walk comes to `cfa`. False when it does not lie above the one before, and may not lie
  // below either.
  bool progresses(std::uint64_t cfa, bool signal_frame);

  // The ways out of code without information; each is false when it makes no sense here, and then has changed
  // nothing.
  bool by_trampoline();
  bool by_prologue();
  bool by_frame_pointer();
  bool by_stack_top();
  bool leave_frame_at(std::uint64_t frame, Found how);
  bool returns_to(std::uint64_t return_address, std::uint64_t cfa, Found how);

  ModuleIndex modules_;
  StackWindow& stack_;
  FrameRegisters registers_;
  const bool knows_all_;  // The registers of the innermost frame.
  bool lacks_registers_ = false;
  std::uint64_t cfa_;  // Of the frame before, or where its stack begins.
  std::size_t switches_left_ = limits::unwind_stack_switches;
  Found found_ = Found::registers;  // How the frame reached was found.
  bool exact_ = true;               // Its pc is no return address.
};

}  // namespace sonde::unwind
