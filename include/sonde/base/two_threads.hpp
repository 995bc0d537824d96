// Work that two threads share where there are two CPUs.
#pragma once

#include <csignal>
#include <sched.h>
#include <system_error>
#include <thread>

namespace sonde {

// Calls `work` in this thread, and in another at the same time where that can be had: it must do what is
// left, whoever calls it. No signal goes to the other one.
template <typename Work>
void in_two_threads(const Work& work) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (::sched_getaffinity(0, sizeof cpus, &cpus) != 0 || CPU_COUNT(&cpus) < 2) return work();
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread other;
  try {
    other = std::thread(work);
  } catch (const std::system_error&) {  // No more threads: alone then.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  work();
  if (other.joinable()) other.join();
}

}  // namespace sonde
