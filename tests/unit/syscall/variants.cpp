#include <fcntl.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/quota.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "unit/syscall/resolving.hpp"

namespace sonde::syscall {

namespace {

using enum Abi;
using Kinds = std::vector<Kind>;

}  // namespace

TEST_CASE("fcntl by its command") {
  CHECK(kinds_of(resolved(x86_64, "fcntl", {3, F_GETFL})) == Kinds{Kind::fd, Kind::fcntl_cmd});
  CHECK(resolved(x86_64, "fcntl", {3, F_GETFL}).returns == Kind::ret_open_flags);
  CHECK(resolved(x86_64, "fcntl", {3, F_DUPFD_CLOEXEC, 10}).returns == Kind::fd);
  CHECK(resolved(x86_64, "fcntl", {3, F_SETLKW, 0x1000}).arguments[2].kind == Kind::flock_in);
  CHECK(resolved(x86_64, "fcntl", {3, F_GETLK, 0x1000}).arguments[2].kind == Kind::flock_update);
  CHECK(resolved(x86_64, "fcntl", {3, F_ADD_SEALS, 1}).arguments[2].kind == Kind::seal_flags);
  CHECK(resolved(x86_64, "fcntl", {3, 12345, 1}).arguments[2].kind == Kind::hex);
  SUBCASE("the command is an int: the upper half of the register does not count") {
    CHECK(resolved(x86_64, "fcntl", {3, 0xdead00000000 | F_GETFL}).returns == Kind::ret_open_flags);
  }
  SUBCASE("i386 has two calls, and 64-bit locks of their own") {
    CHECK(resolved(i386, "fcntl64", {3, 13, 0x1000}).arguments[2].kind == Kind::flock64_in);
    CHECK(resolved(i386, "fcntl64", {3, F_SETFD, 1}).name == "fcntl64");
    CHECK(resolved(i386, "fcntl", {3, F_SETFD, 1}).arguments[2].kind == Kind::fd_flags);
  }
}

TEST_CASE("ioctl by its request") {
  CHECK(resolved(x86_64, "ioctl", {1, TCGETS, 0x1000}).arguments[2].kind == Kind::termios_out);
  CHECK(resolved(x86_64, "ioctl", {1, TIOCGWINSZ, 0x1000}).arguments[2].kind == Kind::winsize_out);
  CHECK(resolved(x86_64, "ioctl", {1, FIONREAD, 0x1000}).arguments[2].kind == Kind::int_out);
  CHECK(resolved(x86_64, "ioctl", {1, TIOCNOTTY, 0}).argument_count == 2);
  CHECK(resolved(x86_64, "ioctl", {1, 0x12345678, 0}).arguments[2].kind == Kind::hex);
}

TEST_CASE("futex by its operation, whatever its flags") {
  const Kinds wait = {Kind::address, Kind::futex_op, Kind::udec, Kind::timespec_in};
  CHECK(kinds_of(resolved(x86_64, "futex", {0, FUTEX_WAIT})) == wait);
  CHECK(kinds_of(resolved(x86_64, "futex", {0, FUTEX_WAIT_PRIVATE})) == wait);
  CHECK(kinds_of(resolved(x86_64, "futex", {0, FUTEX_WAIT | FUTEX_CLOCK_REALTIME})) == wait);
  CHECK(resolved(x86_64, "futex", {0, FUTEX_WAKE_PRIVATE}).argument_count == 3);
  const Row& bitset = resolved(x86_64, "futex", {0, FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME});
  CHECK(bitset.argument_count == 5);
  CHECK(bitset.arguments[4].reg == 5);
  CHECK(resolved(x86_64, "futex", {0, FUTEX_LOCK_PI}).arguments[2].reg == 3);
  CHECK(resolved(x86_64, "futex", {0, 99}).argument_count == 6);
  CHECK(resolved(i386, "futex", {0, FUTEX_WAIT}).arguments[3].kind == Kind::timespec_in);
  CHECK(resolved(i386, "futex_time64", {0, FUTEX_WAIT}).arguments[3].kind == Kind::timespec64_in);
}

TEST_CASE("prctl by its option, and by the next argument where that decides too") {
  CHECK(resolved(x86_64, "prctl", {PR_SET_NAME, 0x1000}).arguments[1].kind == Kind::task_name_in);
  CHECK(resolved(x86_64, "prctl", {PR_SET_PDEATHSIG, 9}).arguments[1].kind == Kind::signal);
  CHECK(resolved(x86_64, "prctl", {PR_GET_DUMPABLE}).argument_count == 1);
  CHECK(resolved(x86_64, "prctl", {PR_SET_NO_NEW_PRIVS, 1}).argument_count == 5);
  CHECK(resolved(x86_64, "prctl", {PR_SET_SECCOMP, SECCOMP_MODE_FILTER}).arguments[2].kind ==
        Kind::sock_fprog_in);
  CHECK(resolved(x86_64, "prctl", {PR_SET_SECCOMP, SECCOMP_MODE_STRICT}).argument_count == 2);
  CHECK(resolved(x86_64, "prctl", {PR_SET_SECCOMP, 77}).argument_count == 5);
  CHECK(resolved(x86_64, "prctl", {PR_SET_PTRACER, PR_SET_PTRACER_ANY}).arguments[1].kind == Kind::ptracer);
  CHECK(resolved(x86_64, "prctl", {PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE}).arguments[2].kind ==
        Kind::capability);
  CHECK(resolved(x86_64, "prctl", {9999}).arguments[1].kind == Kind::hex);
}

TEST_CASE("socket options by level and name") {
  const auto set = [](std::uint64_t level, std::uint64_t name) -> const Row& {
    return resolved(x86_64, "setsockopt", {3, level, name, 0x1000, 4});
  };
  CHECK(set(SOL_SOCKET, SO_LINGER).arguments[3].kind == Kind::linger_in);
  CHECK(set(SOL_SOCKET, SO_REUSEADDR).arguments[2].kind == Kind::sockopt_socket);
  CHECK(set(SOL_SOCKET, SO_REUSEADDR).arguments[3].kind == Kind::optval_in);
  CHECK(set(6, 1).arguments[2].kind == Kind::sockopt_tcp);
  CHECK(set(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP).arguments[2].kind == Kind::sockopt_netlink);
  CHECK(set(9999, 1).arguments[2].kind == Kind::udec);
  const Row& credentials = resolved(x86_64, "getsockopt", {3, SOL_SOCKET, SO_PEERCRED, 0x1000, 0x2000});
  CHECK(credentials.arguments[3].kind == Kind::ucred_out);
  CHECK(credentials.arguments[4].kind == Kind::socklen_update);
}

TEST_CASE("clone shows what its flags ask for, from the registers of the ABI") {
  const std::uint64_t thread =
      CLONE_VM | CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
  const Row& wide = resolved(x86_64, "clone", {thread});
  CHECK(kinds_of(wide) ==
        Kinds{Kind::address, Kind::clone_flags, Kind::pid_out, Kind::address, Kind::address});
  CHECK(wide.arguments[0].reg == 1);
  CHECK(wide.arguments[1].reg == 0);
  CHECK(wide.arguments[3].name == "tls");
  CHECK(wide.arguments[3].reg == 4);
  CHECK(wide.arguments[4].name == "child_tidptr");
  CHECK(wide.arguments[4].reg == 3);
  const Row& narrow = resolved(i386, "clone", {thread});
  CHECK(narrow.arguments[3].kind == Kind::user_desc_in);
  CHECK(narrow.arguments[3].reg == 3);
  CHECK(narrow.arguments[4].reg == 4);
  CHECK(resolved(x86_64, "clone", {17}).argument_count == 2);
  CHECK(resolved(x86_64, "clone", {CLONE_CHILD_SETTID | 17}).argument_count == 3);
  CHECK(resolved(x86_64, "clone", {CLONE_PIDFD}).arguments[2].kind == Kind::fd_out);
}

TEST_CASE("System V control calls by command, with IPC_64 or without") {
  CHECK(resolved(x86_64, "shmctl", {0, 2, 0x1000}).arguments[2].kind == Kind::shmid_ds_out);
  CHECK(resolved(x86_64, "shmctl", {0, 0x102, 0x1000}).arguments[2].kind == Kind::shmid_ds_out);
  CHECK(resolved(x86_64, "semctl", {0, 0, 1, 0x1000}).arguments[3].kind == Kind::semid_ds_in);
  CHECK(resolved(x86_64, "msgctl", {0, 0, 0x1000}).arguments[2].kind == Kind::address);
}

TEST_CASE("i386's ipc() goes by the name of what it does") {
  const Row& semget = resolved(i386, "ipc", {2, 1, 2, 3});
  CHECK(semget.name == "semget");
  CHECK(semget.nr == find(i386, "ipc")->nr);
  CHECK(has(semget.classes, Class::ipc));
  CHECK(semget.arguments[0].reg == 1);
  CHECK(resolved(i386, "ipc", {1 << 16 | 21}).name == "shmat");
  CHECK(has(resolved(i386, "ipc", {21}).classes, Class::memory));
  CHECK(resolved(i386, "ipc", {99}).name == "ipc");
}

TEST_CASE("other calls of many meanings") {
  CHECK(resolved(x86_64, "quotactl", {std::uint32_t(QCMD(Q_GETQUOTA, USRQUOTA))}).arguments[3].kind ==
        Kind::dqblk_out);
  CHECK(resolved(x86_64, "quotactl", {std::uint32_t(QCMD(Q_SYNC, GRPQUOTA))}).argument_count == 2);
  CHECK(resolved(x86_64, "seccomp", {SECCOMP_SET_MODE_FILTER}).arguments[2].kind == Kind::sock_fprog_in);
  CHECK(resolved(x86_64, "keyctl", {KEYCTL_READ}).arguments[2].kind == Kind::buffer_out);
  CHECK(resolved(x86_64, "arch_prctl", {0x1003}).arguments[1].kind == Kind::address_out);
  CHECK(resolved(x86_64, "arch_prctl", {0x1002}).arguments[1].kind == Kind::hex);
  CHECK(resolved(x86_64, "waitid", {3}).arguments[1].kind == Kind::fd);
  CHECK(resolved(x86_64, "reboot", {0, 0, LINUX_REBOOT_CMD_RESTART2}).argument_count == 4);
  CHECK(resolved(x86_64, "reboot", {0, 0, LINUX_REBOOT_CMD_RESTART}).argument_count == 3);
  CHECK(resolved(x86_64, "ptrace", {0x4206}).arguments[3].kind == Kind::ptrace_options);
  CHECK(resolved(x86_64, "ptrace", {0}).argument_count == 1);
  CHECK(resolved(x86_64, "fsconfig", {3, 1}).arguments[3].kind == Kind::mount_data);
  CHECK(resolved(x86_64, "kcmp", {1, 2, 1}).argument_count == 3);
  CHECK(resolved(x32, 0x40000000 | 157, {PR_SET_NAME}).arguments[1].kind == Kind::task_name_in);
}

}  // namespace sonde::syscall
