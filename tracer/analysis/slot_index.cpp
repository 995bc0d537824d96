#include "sonde/analysis/slot_index.hpp"

#include <sys/random.h>
#include <utility>

namespace sonde::analysis {

namespace {

constexpr std::size_t smallest = 16;

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    std::uint64_t random = 0x9e3779b97f4a7c15;
    // Without it hashes are only easier to guess.
    (void)!::getrandom(&random, sizeof random, GRND_NONBLOCK);
    return random;
  }();
  return value;
}

// The finalizer of MurmurHash3.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ x >> 33) * 0xff51afd7ed558ccd;
  x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53;
  return x ^ x >> 33;
}

}  // namespace

std::uint32_t hash_of(std::uint64_t key) { return static_cast<std::uint32_t>(mix(key ^ seed())); }

std::uint32_t hash_of(std::uint64_t first, std::uint64_t second) {
  return static_cast<std::uint32_t>(mix(mix(first ^ seed()) + second));
}

void SlotIndex::insert(std::uint32_t hash, std::uint32_t place) {
  if ((count_ + 1) * 5 > slots_.size() * 4) grow();
  put(std::uint64_t{hash} << 32 | (place + 1));
  ++count_;
}

void SlotIndex::put(std::uint64_t slot) {
  std::size_t i = home(static_cast<std::uint32_t>(slot >> 32));
  while (slots_[i] != 0) i = next(i);
  slots_[i] = slot;
}

void SlotIndex::grow() {
  // By less than a factor of two: half empty, the slots of many elements would weigh more than the elements.
  std::vector<std::uint64_t> old(slots_.empty() ? smallest : slots_.size() + slots_.size() / 3);
  std::swap(old, slots_);
  for (const std::uint64_t slot : old) {
    if (slot != 0) put(slot);
  }
}

void SlotIndex::erase(std::uint32_t hash, std::uint32_t place) {
  const std::uint64_t wanted = std::uint64_t{hash} << 32 | (place + 1);
  std::size_t hole = home(hash);
  while (slots_[hole] != wanted) hole = next(hole);
  // What follows moves up, where its way from home leads across the hole.
  for (std::size_t i = next(hole); slots_[i] != 0; i = next(i)) {
    const std::size_t from = home(static_cast<std::uint32_t>(slots_[i] >> 32));
    const bool passes_hole = from <= i ? from <= hole && hole < i : hole >= from || hole < i;
    if (!passes_hole) continue;
    slots_[hole] = slots_[i];
    hole = i;
  }
  slots_[hole] = 0;
  --count_;
}

void SlotIndex::clear() {
  slots_ = std::vector<std::uint64_t>();
  count_ = 0;
}

}  // namespace sonde::analysis
