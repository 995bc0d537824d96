"""Filter expressions drawn at random from the grammar of docs/filter.md, of which most match some of an ordinary
program's calls and not others. No expression asks for what differs from run to run: process ids, times."""

import random

CALLS = ["openat", "open", "read", "write", "close", "mmap", "mmap2", "mprotect", "munmap", "brk", "access", "faccessat", "stat",
         "newfstatat", "fstat", "fstatat64", "statx", "lseek", "_llseek", "pread64", "fcntl", "fcntl64", "ioctl", "dup2",
         "rt_sigaction", "rt_sigprocmask", "prctl", "clone", "clone3", "fork", "vfork", "wait4", "execve", "exit_group",
         "kill", "tgkill", "socketpair", "socketcall", "sendto", "recvfrom", "readlink", "chdir", "getdents64", "seccomp"]
CLASSES = ["file", "desc", "network", "process", "signal", "memory", "ipc", "creds", "clock", "stat", "fstat", "%stat", "pure"]
GLOBS = ["open*", "*at", "*stat*", "m*", "?lose", "rt_*"]
ERRNOS = ["ENOENT", "EBADF", "EINVAL", "ENOTTY", "EFAULT", "ENOSYS", "EXDEV", "ECHILD", "EAGAIN", "9", "2"]
FLAGS = ["O_CREAT", "O_RDWR", "O_CLOEXEC", "O_RDONLY", "O_DIRECTORY", "MAP_PRIVATE", "MAP_ANONYMOUS", "PROT_READ", "PROT_WRITE",
         "R_OK", "AT_EMPTY_PATH", "SIGCHLD", "MSG_NOSIGNAL", "SOCK_CLOEXEC", "CLONE_VM", "CLONE_VFORK"]
PATHS = ["/etc/*", "/dev/null", "*.so*", "/nowhere*", "relative", "/", "/usr/*", "/proc/self/exe", "/dev/*"]
REGEXES = [r"^/etc", r"\\.so(\\.|$)", "null|zero", "^[^/]", "w.e", "."]
# Far from any process id, and so from what fork returns.
NUMBERS = ["-100", "-5", "-2", "-1", "0", "1", "2", "3", "4", "5", "8", "12", "63", "77", "100", "0x384", "900", "1K", "4K",
           "8KiB", "0x7fffffff", "0x80000000", "0xffffffff", "-0x80000000", "0x100000000", "0x100000384", "0xffffffffffffffff",
           "0x7fffffffffffffff", "AT_FDCWD", "O_RDWR", "F_GETFD"]
SIGNALS = ["SIGUSR1", "SIGCHLD", "SIGTERM", "SIGSEGV", "10"]
RESULTS = ["-1", "0", "1", "3", "4", "5", "7", "12", "64", "100", "0x1000000", "0x7fff0000"]
ORDER = ["==", "!=", "<", "<=", ">", ">="]


class Expressions:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def one(self, *choices):
        return self.random.choice(choices)

    def some(self, among, most=4):
        return ", ".join(self.random.choice(among) for _ in range(self.random.randint(1, most)))

    def number_test(self, field, numbers):
        shape = self.random.randrange(4)
        if shape == 0:
            low = self.random.choice(range(-5, 70))
            return f"{field} {self.one('in', 'not in')} [{self.some(numbers)}, {low}..{low + self.random.randrange(40)}]"
        if shape == 1:
            low = self.random.choice([-1, 0, 1, 3])
            return f"{field} in {low}..{self.random.choice([3, 64, 100])}"
        return f"{field} {self.random.choice(ORDER)} {self.random.choice(numbers)}"

    def test(self):
        rnd = self.random
        shape = rnd.randrange(17)
        if shape <= 1:
            return f"syscall {self.one('in', 'not in')} [{self.some(CALLS, 6)}]"
        if shape == 2:
            return f"syscall {self.one('in', 'not in')} {{{self.some(GLOBS + ['%' + name.lstrip('%') for name in CLASSES] + CALLS)}}}"
        if shape == 3:
            return f"syscall {self.one('==', '!=')} {rnd.choice(CALLS)}"
        if shape == 4:
            return f"syscall {self.one('=~', '!~')} \"{self.one('^[a-m]', 'stat', 'e$', '^(read|write)$')}\""
        if shape == 5:
            return f"class {self.one('==', '!=')} {rnd.choice(CLASSES)}"
        if shape in (6, 7):
            return self.number_test("fd", NUMBERS)
        if shape in (8, 9):
            return self.number_test(f"arg{rnd.randrange(6)}", NUMBERS)
        if shape == 10:
            flags = self.some(FLAGS, 2)
            return f"flags has [{flags}]" if rnd.randrange(3) else f"flags {self.one('==', '!=')} {self.one(*FLAGS, '0')}"
        if shape == 11:
            return self.number_test("ret", RESULTS)
        if shape == 12:
            return self.one("failed", "!failed", "status == successful", "status in [failed, unfinished]",
                            f"errno {self.one('==', '!=')} {rnd.choice(ERRNOS)}", f"errno in [{self.some(ERRNOS)}]")
        if shape == 13:
            return f"path {self.one('in', 'not in')} [{self.some([repr(path) for path in PATHS], 3)}]"
        if shape == 14:
            return f"path {self.one('=~', '!~')} \"{rnd.choice(REGEXES)}\""
        if shape == 15:
            return self.one(f"kind {self.one('==', '!=')} {self.one('syscall', 'signal', 'process')}", f"signal == {rnd.choice(SIGNALS)}",
                            "signal not in [SIGCHLD]", "comm == 'varied'", "comm =~ 'name'", "exe in ['*/compat_varied', '/usr/*']",
                            "duration >= 0ns", "time > 10m", "alloc.size > 4K")
        return self.number_test("nr", ["0", "1", "2", "3", "6", "9", "257", "1000", "0xffffffff"])

    def expression(self, depth):
        shape = self.random.randrange(6) if depth else 0
        if shape <= 1:
            return self.test()
        if shape == 2:
            return f"{self.one('!', 'not ')}({self.expression(depth - 1)})"
        operator = self.one(" && ", " and ") if shape <= 4 else self.one(" || ", " or ")
        return operator.join(f"({self.expression(depth - 1)})" for _ in range(self.random.randint(2, 3)))

    def strace_form(self):
        """What strace's users type."""
        negation = self.one("", "", "!")
        return self.one(f"trace={negation}{self.some(CALLS).replace(', ', ',')}", f"trace={negation}%{self.random.choice(CLASSES).lstrip('%')}",
                        f"trace={negation}/^[a-f]", f"status={self.one('failed', 'successful')}", "signal=SIGUSR1", "trace=?newcall,read",
                        f"fd={self.one('3', '0,3', '900')}")

    def draw(self):
        return self.strace_form() if self.random.randrange(8) == 0 else self.expression(3)
