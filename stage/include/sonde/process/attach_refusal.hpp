// Why a process cannot be attached to, in words, with what would mend it.
#pragma once

#include <span>
#include <sys/types.h>

#include "sonde/base/result.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::process {

// What can be known before the attempt: the process does not exist, is a kernel thread, a zombie, or one of
// `own` (sonde's own processes). Otherwise success, which promises nothing.
Result<void> check_attachable(const ProcFs& proc, pid_t pid, std::span<const pid_t> own);

// Explains PTRACE_SEIZE's errno: traced already and by whom, another user's, Yama's scope with its value, not
// dumpable, a container without CAP_SYS_PTRACE. See ptrace(2), "Ptrace access mode checking".
Error explain_refusal(const ProcFs& proc, pid_t pid, int errno_value);

}  // namespace sonde::process
