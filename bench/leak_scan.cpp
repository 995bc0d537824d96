// How long it takes to find what is lost of 10 million blocks in 1 GiB, and how much memory: graphs of
// several shapes, as a program's memory would have them.
//
//   bench_leak_scan [BLOCKS] [SHAPE]
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <string_view>
#include <sys/resource.h>
#include <vector>

#include "sonde/leaks/scan.hpp"

namespace {

using namespace sonde::leaks;

constexpr std::uint64_t heap_begin = 0x5555'5555'5000;
constexpr std::uint64_t slot = 112;  // 96 to 104 bytes each, and what malloc keeps beside them.

long resident_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

class Heap {
 public:
  explicit Heap(std::uint64_t count) : count_(count), words_(count * slot / 8) {
    std::mt19937_64 random(7);
    // What is no pointer: small numbers, text, floating point numbers.
    for (std::uint64_t& word : words_) {
      const std::uint64_t number = random();
      word = number % 3 == 0 ? number % 1000 : number % 3 == 1 ? 0 : number | std::uint64_t{1} << 62;
    }
  }

  std::uint64_t address(std::uint64_t block) const { return heap_begin + block * slot; }
  void put(std::uint64_t block, unsigned word, std::uint64_t to) {
    words_[block * (slot / 8) + word] = address(to);
  }

  // Each block has three pointers to others at random.
  void random_graph() {
    std::mt19937_64 random(8);
    for (std::uint64_t i = 0; i < count_; ++i)
      for (const unsigned word : {0u, 1u, 5u}) put(i, word, random() % count_);
  }
  // A tree of two children each, in the order in which it was allocated.
  void tree() {
    for (std::uint64_t i = 0; 2 * i + 2 < count_; ++i) {
      put(i, 0, 2 * i + 1);
      put(i, 1, 2 * i + 2);
    }
  }
  // One list through all, in the order of addresses or in none.
  void list(bool shuffled) {
    std::uint64_t step = 1;
    if (shuffled) step = 7'368'787;  // A prime.
    for (std::uint64_t i = 0; i + 1 < count_; ++i) put(i * step % count_, 0, (i + 1) * step % count_);
  }

  void measure(const char* shape, bool held) const {
    Blocks blocks;
    blocks.reserve(count_);
    for (std::uint64_t i = 0; i < count_; ++i) blocks.add({address(i), 96 + i % 9});
    blocks.seal();
    const Region regions[] = {{heap_begin, std::as_bytes(std::span(words_)), false}};
    const std::uint64_t root[] = {address(0)};
    const long before = resident_kib();
    const std::clock_t start = std::clock();
    const auto began = std::chrono::steady_clock::now();
    const Outcome outcome =
        scan({.blocks = blocks, .regions = regions, .words = std::span(root, held ? 1 : 0)});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    const double time = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf(
        "%-14s %-5s %6.2f s, %6.2f of processors, %5ld MiB more; reachable %llu, definite %llu, indirect "
        "%llu\n",
        shape, held ? "held" : "lost", took.count(), time, (resident_kib() - before) / 1024,
        static_cast<unsigned long long>(outcome.total(LeakClass::reachable).blocks),
        static_cast<unsigned long long>(outcome.total(LeakClass::definite).blocks),
        static_cast<unsigned long long>(outcome.total(LeakClass::indirect).blocks));
  }

 private:
  std::uint64_t count_;
  std::vector<std::uint64_t> words_;
};

}  // namespace

int main(int argc, char** argv) {  // NOLINT(bugprone-exception-escape): there is nobody to tell.
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const std::string_view only = argc > 2 ? argv[2] : "";
  for (const char* shape : {"tree", "list", "shuffled list", "random graph", "nothing"}) {
    if (!only.empty() && only != shape) continue;
    Heap heap(count);
    const std::string_view name = shape;
    if (name == "tree") heap.tree();
    if (name == "list" || name == "shuffled list") heap.list(name != "list");
    if (name == "random graph") heap.random_graph();
    heap.measure(shape, true);
    heap.measure(shape, false);
  }
  return 0;
}
