// The sizes of what kinds copy are those of the kernel's structures.
#include <asm/ldt.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <asm/termbits.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <linux/landlock.h>
#include <linux/mqueue.h>
#include <linux/msg.h>
#include <linux/quota.h>
#include <linux/resource.h>
#include <linux/sem.h>
#include <linux/shm.h>
#include <linux/signal.h>
#include <linux/socket.h>
#include <linux/stat.h>
#include <linux/time.h>
#include <linux/timex.h>
#include <linux/utsname.h>

#include <doctest/doctest.h>

#include "sonde/syscall/kind.hpp"

namespace sonde::syscall {

TEST_CASE("structures are copied whole") {
  const auto size = [](Kind kind) { return spec(kind).size64; };
  CHECK(size(Kind::stat_out) == sizeof(struct stat));
  CHECK(size(Kind::statx_out) == sizeof(struct statx));
  CHECK(size(Kind::statfs_out) == sizeof(struct statfs));
  CHECK(size(Kind::flock_in) == sizeof(struct flock));
  CHECK(size(Kind::f_owner_in) == sizeof(struct f_owner_ex));
  CHECK(size(Kind::termios_out) == sizeof(struct termios));
  CHECK(size(Kind::termios2_out) == sizeof(struct termios2));
  CHECK(size(Kind::timespec_in) == sizeof(struct __kernel_timespec));
  CHECK(size(Kind::itimerspec_out) == sizeof(struct __kernel_itimerspec));
  CHECK(size(Kind::timex_update) == sizeof(struct __kernel_timex));
  CHECK(size(Kind::rusage_out) == sizeof(struct rusage));
  CHECK(size(Kind::rlimit64_out) == sizeof(struct rlimit64));
  CHECK(size(Kind::dqblk_out) == sizeof(struct if_dqblk));
  CHECK(size(Kind::dqinfo_out) == sizeof(struct if_dqinfo));
  CHECK(size(Kind::shmid_ds_out) == sizeof(struct shmid64_ds));
  CHECK(size(Kind::semid_ds_out) == sizeof(struct semid64_ds));
  CHECK(size(Kind::msqid_ds_out) == sizeof(struct msqid64_ds));
  CHECK(size(Kind::shminfo_out) == sizeof(struct shminfo64));
  CHECK(size(Kind::shm_info_out) == sizeof(struct shm_info));
  CHECK(size(Kind::seminfo_out) == sizeof(struct seminfo));
  CHECK(size(Kind::msginfo_out) == sizeof(struct msginfo));
  CHECK(size(Kind::sembuf_in) == sizeof(struct sembuf));
  CHECK(size(Kind::mq_attr_in) == sizeof(struct mq_attr));
  CHECK(size(Kind::utsname_out) == sizeof(struct new_utsname));
  CHECK(size(Kind::oldutsname_out) == sizeof(struct old_utsname));
  CHECK(size(Kind::iocb_in) == sizeof(struct iocb));
  CHECK(size(Kind::io_events_out) == sizeof(struct io_event));
  CHECK(size(Kind::io_uring_params_update) == sizeof(struct io_uring_params));
  CHECK(size(Kind::futex_waitv_in) == sizeof(struct futex_waitv));
  CHECK(size(Kind::epoll_events_out) == sizeof(struct epoll_event));
  CHECK(size(Kind::sock_fprog_in) == sizeof(struct sock_fprog));
  CHECK(size(Kind::user_desc_in) == sizeof(struct user_desc));
  CHECK(size(Kind::landlock_path_beneath_in) == sizeof(struct landlock_path_beneath_attr));
  CHECK(size(Kind::cap_header) == sizeof(struct __user_cap_header_struct));
  CHECK(size(Kind::cap_data_out) == 2 * sizeof(struct __user_cap_data_struct));
  CHECK(size(Kind::sigaction_in) == sizeof(struct sigaction));
  CHECK(size(Kind::siginfo_out) == sizeof(siginfo_t));
  CHECK(size(Kind::stack_in) == sizeof(stack_t));
  CHECK(size(Kind::sigevent_in) == sizeof(struct sigevent));
}

TEST_CASE("what a kind copies follows from its spec") {
  for (unsigned i = 0; i < static_cast<unsigned>(Kind::count_); ++i) {
    const KindSpec& kind = spec(static_cast<Kind>(i));
    CAPTURE(kind.name);
    const bool pointer = kind.direction != Direction::value;
    CHECK(pointer == (kind.capture != Capture::none));
    if (kind.capture == Capture::fixed) CHECK(kind.size64 >= kind.size32);
    if (kind.capture == Capture::fixed || kind.capture == Capture::array) CHECK(kind.size32 > 0);
    if (kind.length == Length::ret) CHECK(kind.direction == Direction::out);
    const bool counted = kind.capture == Capture::buffer || kind.capture == Capture::sized ||
                         kind.capture == Capture::array || kind.capture == Capture::listing ||
                         kind.capture == Capture::pointees || kind.capture == Capture::iovec ||
                         kind.capture == Capture::mmsghdr || kind.capture == Capture::msgbuf ||
                         kind.capture == Capture::message;
    CHECK(counted == (kind.length != Length::none));
  }
}

}  // namespace sonde::syscall
