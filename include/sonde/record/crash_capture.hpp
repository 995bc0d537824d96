// What is copied of a process that is about to die of a signal, beside its stacks.
#pragma once

#include <csignal>
#include <optional>

#include "sonde/arch/registers.hpp"
#include "sonde/base/types.hpp"
#include "sonde/record/frame_buffer.hpp"
#include "sonde/record/stack_capture.hpp"

namespace sonde::record {

// Whether this signal, delivered to the task now, ends its process and means that something went wrong there:
// one that dumps core (signal(7)) and is neither caught nor ignored. SIGQUIT is what a user does.
bool is_crash(pid_t tid, int signal);

// Whether the kernel raised the signal because of what the task did at si_addr.
bool is_fault(const siginfo_t& info);

// Appends to a crash's frame: the code around the pc (64 bytes before and behind), and the lines of
// /proc/PID/maps about the fault's address, the pc and the stack pointer. The task must be stopped.
void capture_surroundings(TaskId task, const siginfo_t& info, const arch::Registers& registers,
                          bool redact_paths, FrameBuffer& frame);

// Appends what glibc keeps of the last words of a program that called abort(): of assert(), of a corrupt
// heap, of an exception that nobody caught. Nothing when there are none, or another C library.
void capture_abort_message(TaskId task, const StackCapture& stacks, FrameBuffer& frame);

}  // namespace sonde::record
