// Times, timers and clocks, against what strace 6.1 prints for the same calls.
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <sys/time.h>
#include <sys/timex.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

constexpr int to_restart = 516;  // ERESTART_RESTARTBLOCK

}  // namespace

TEST_CASE("sleeps show what was left only when they were interrupted") {
  const timespec wanted{1, 1000}, left{0, 998004356};
  const auto slept = [&](std::int64_t result) {
    return CallBuilder("nanosleep").in(bytes_of(wanted)).out(bytes_of(left)).ret(result).text();
  };
  CHECK(slept(0) == "nanosleep({tv_sec=1, tv_nsec=1000}, 0x20000) = 0");
  CHECK(slept(-to_restart) ==
        "nanosleep({tv_sec=1, tv_nsec=1000}, {tv_sec=0, tv_nsec=998004356}) = ? ERESTART_RESTARTBLOCK "
        "(Interrupted by signal)");
  CHECK(slept(-EINVAL) == "nanosleep({tv_sec=1, tv_nsec=1000}, 0x20000) = -1 EINVAL (Invalid argument)");
}

TEST_CASE("clocks") {
  const timespec now{1795234194, 173199418};
  const auto read = [&](std::int64_t clock) {
    return CallBuilder("clock_gettime")
        .arg(static_cast<std::uint64_t>(clock))
        .out(bytes_of(now))
        .ret(0)
        .text();
  };
  CHECK(read(CLOCK_REALTIME) == "clock_gettime(CLOCK_REALTIME, {tv_sec=1795234194, tv_nsec=173199418}) = 0");
  CHECK(read(-6) == "clock_gettime(0xfffffffa /* CLOCK_??? */, {tv_sec=1795234194, tv_nsec=173199418}) = 0");
  CHECK(CallBuilder("clock_getres").arg(CLOCK_TAI).arg(0).ret(0).text() ==
        "clock_getres(CLOCK_TAI, NULL) = 0");
  const timeval odd{1, -5};
  CHECK(CallBuilder("settimeofday").in(bytes_of(odd)).arg(0).ret(-EINVAL).text() ==
        "settimeofday({tv_sec=1, tv_usec=18446744073709551611}, NULL) = -1 EINVAL (Invalid argument)");
  SUBCASE("a 32-bit caller's times are half as wide") {
    const std::int32_t narrow[] = {-1, 5};
    CHECK(CallBuilder("clock_gettime", Abi::i386).arg(0).out(bytes_of(narrow)).ret(0).text() ==
          "clock_gettime(CLOCK_REALTIME, {tv_sec=-1, tv_nsec=5}) = 0");
  }
}

TEST_CASE("time() tells the date") {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  const std::int64_t now = 1795234194;
  CHECK(CallBuilder("time").out(bytes_of(now)).ret(now).text() ==
        "time([1795234194 /* 2026-11-21T04:09:54+0000 */]) = 1795234194 (2026-11-21T04:09:54+0000)");
  CHECK(CallBuilder("time").arg(8).ret(-EFAULT).text() == "time(0x8) = -1 EFAULT (Bad address)");
}

TEST_CASE("timers") {
  const itimerval interval{{0, 0}, {0, 1000}};
  CHECK(CallBuilder("setitimer").arg(ITIMER_REAL).in(bytes_of(interval)).arg(0).ret(0).text() ==
        "setitimer(ITIMER_REAL, {it_interval={tv_sec=0, tv_usec=0}, it_value={tv_sec=0, tv_usec=1000}}, "
        "NULL) = 0");
  const itimerspec value{{0, 0}, {0, 100000}}, none{};
  CHECK(CallBuilder("timer_settime").arg(0).arg(0).in(bytes_of(value)).out(bytes_of(none)).ret(0).text() ==
        "timer_settime(0, 0, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=100000}}, "
        "{it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=0}}) = 0");
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = 39;
  event.sigev_value.sival_int = 7;
  const auto created = [&] {
    return CallBuilder("timer_create").arg(CLOCK_REALTIME).in(bytes_of(event)).out(bytes_of(0)).ret(0).text();
  };
  CHECK(created() ==
        "timer_create(CLOCK_REALTIME, {sigev_value={sival_int=7, sival_ptr=0x7}, sigev_signo=SIGRT_7, "
        "sigev_notify=SIGEV_SIGNAL}, [0]) = 0");
  event.sigev_notify = SIGEV_NONE;
  CHECK(created() ==
        "timer_create(CLOCK_REALTIME, {sigev_value={sival_int=7, sival_ptr=0x7}, sigev_signo=39, "
        "sigev_notify=SIGEV_NONE}, [0]) = 0");
  event.sigev_notify = SIGEV_THREAD_ID;
  event._sigev_un._tid = 15436;
  CHECK(created() ==
        "timer_create(CLOCK_REALTIME, {sigev_value={sival_int=7, sival_ptr=0x7}, sigev_signo=SIGRT_7, "
        "sigev_notify=SIGEV_THREAD_ID, sigev_notify_thread_id=15436}, [0]) = 0");
  event.sigev_value.sival_ptr = nullptr;
  event.sigev_notify = 99;
  CHECK(created() ==
        "timer_create(CLOCK_REALTIME, {sigev_signo=39, sigev_notify=0x63 /* SIGEV_??? */}, [0]) = 0");
}

TEST_CASE("adjtimex") {
  timex state{};
  state.maxerror = state.esterror = 16000000;
  state.status = STA_UNSYNC;
  state.constant = 2;
  state.precision = 1;
  state.tolerance = 32768000;
  state.time = {1795234194, 177154};
  state.tick = 10000;
  CHECK(CallBuilder("adjtimex").inout(bytes_of(state), bytes_of(state)).ret(TIME_ERROR).text() ==
        "adjtimex({modes=0, offset=0, freq=0, maxerror=16000000, esterror=16000000, status=STA_UNSYNC, "
        "constant=2, "
        "precision=1, tolerance=32768000, time={tv_sec=1795234194, tv_usec=177154}, tick=10000, ppsfreq=0, "
        "jitter=0, "
        "shift=0, stabil=0, jitcnt=0, calcnt=0, errcnt=0, stbcnt=0, tai=0}) = 5 (TIME_ERROR)");
  CHECK(CallBuilder("adjtimex").arg(8).ret(-EFAULT).text() == "adjtimex(0x8) = -1 EFAULT (Bad address)");
}

}  // namespace sonde::decode
