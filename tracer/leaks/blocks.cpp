#include "sonde/leaks/blocks.hpp"

#include <algorithm>
#include <bit>

#include "sonde/base/limits.hpp"

namespace sonde::leaks {

namespace {

// Blocks whose starts are further apart than this belong to different runs, so that pages are of use in each.
constexpr std::uint64_t run_gap = std::uint64_t{1} << 20;
constexpr std::uint32_t blocks_per_page = 32;  // The index of 10 million blocks then lies in a cache.
// From here on addresses are the kernel's.
constexpr std::uint64_t address_end = std::uint64_t{1} << 63;

}  // namespace

bool Blocks::add(Block block) {
  if (packed_.size() >= limits::leak_blocks || block.size > address_end) return false;
  if (block.address >= address_end || block.end() > address_end) return false;
  if (!packed_.empty() && block.address < end_) return false;
  const auto index = static_cast<std::uint32_t>(packed_.size());
  if (runs_.empty() || block.address - (runs_.back().begin + packed_.back().offset) > run_gap ||
      block.address - runs_.back().begin > ~std::uint32_t{0}) {
    runs_.push_back({.begin = block.address, .first = index, .count = 0});
  }
  Run& run = runs_.back();
  ++run.count;
  run.offset_bits |= static_cast<std::uint32_t>(block.address - run.begin);
  const bool large = block.size >= is_large;
  if (large) large_.push_back({index, block.size});
  packed_.push_back({static_cast<std::uint32_t>(block.address - run.begin),
                     large ? is_large : static_cast<std::uint32_t>(block.size)});
  if (index == 0) begin_ = block.address;
  end_ = block.end();
  return true;
}

void Blocks::seal() {
  slots_.clear();
  groups_.clear();
  filter_.reset();
  std::size_t marked = 0;
  for (Run& run : runs_) {
    if (!group_run(run)) index_run(run);
    marked += mark(run, marked);
  }
}

// False where bits for all granules would take more than the blocks do.
bool Blocks::group_run(Run& run) {
  constexpr unsigned smallest = 3;
  constexpr unsigned largest = 4;
  run.granule = run.offset_bits == 0 ? largest : static_cast<unsigned>(std::countr_zero(run.offset_bits));
  run.granule = std::min(run.granule, largest);
  const std::uint64_t reach = packed_[run.first + run.count - 1].offset >> run.granule;
  const std::uint64_t count = reach / Group::granules + 1;
  run.groups = 0;
  if (run.granule < smallest || count > run.count / (sizeof(Group) / sizeof(Packed)) + 1) return false;
  run.group = static_cast<std::uint32_t>(groups_.size());
  run.groups = static_cast<std::uint32_t>(count);
  groups_.resize(groups_.size() + count, Group{});
  std::uint32_t index = run.first;
  for (std::uint64_t number = 0; number < count; ++number) {
    Group& group = groups_[run.group + number];
    group.first = index;
    for (; index < run.first + run.count; ++index) {
      const std::uint64_t granule = packed_[index].offset >> run.granule;
      if (granule / Group::granules != number) break;
      group.starts[granule % Group::granules / 64] |= std::uint64_t{1} << (granule % 64);
    }
    for (std::size_t i = 0; i < group.starts.size(); ++i)
      group.below[i + 1] = static_cast<std::uint8_t>(group.below[i] + bits_of(group.starts[i]));
  }
  return true;
}

void Blocks::prefetch_guess(const Run& run, std::uint64_t address) const {
  const std::uint64_t offset = address - run.begin;
  const std::uint64_t page = offset >> run.shift;
  if (page >= run.pages) return;
  const std::uint32_t from = slots_[run.slot + page];
  const std::uint32_t to = slots_[run.slot + page + 1];
  const std::size_t guessed = from == to ? from : guess(run, offset, from, to);
  __builtin_prefetch(&packed_[std::min(guessed, packed_.size() - 1)]);
}

void Blocks::index_run(Run& run) {
  const std::uint32_t reach = packed_[run.first + run.count - 1].offset;
  const std::uint32_t wanted = run.count / blocks_per_page + 1;
  run.shift = 0;
  while ((reach >> run.shift) >= wanted) ++run.shift;
  run.pages = (reach >> run.shift) + 1;
  run.slot = static_cast<std::uint32_t>(slots_.size());
  std::uint32_t index = run.first;
  for (std::uint32_t page = 0; page < run.pages; ++page) {
    while (packed_[index].offset >> run.shift < page) ++index;  // The last block is in the last page.
    slots_.push_back(index);
  }
  slots_.push_back(run.first + run.count);
}

std::size_t Blocks::mark(const Run& run, std::size_t marked) {
  // A filter that has been filled many times over tells nothing any more.
  constexpr std::size_t enough = 16 * filter_bits;
  if (marked >= enough) return 0;
  const std::uint64_t first = run.begin >> filter_shift;
  const std::uint64_t last = block(run.first + run.count - 1, run).end() >> filter_shift;
  if (last - first >= enough - marked) {
    filter_.set();
    return enough;
  }
  for (std::uint64_t piece = first; piece <= last; ++piece) filter_.set(piece % filter_bits);
  return last - first + 1;
}

std::uint64_t Blocks::large_size(std::uint32_t index) const {
  const auto it = std::lower_bound(large_.begin(), large_.end(), index,
                                   [](const Large& large, std::uint32_t i) { return large.index < i; });
  return it->size;
}

const Blocks::Run& Blocks::run_of(std::uint32_t index) const {
  const auto it = std::upper_bound(runs_.begin(), runs_.end(), index,
                                   [](std::uint32_t i, const Run& run) { return i < run.first; });
  return *(it - 1);
}

const Blocks::Run* Blocks::run_at(std::uint64_t address) const {
  const auto it = std::upper_bound(runs_.begin(), runs_.end(), address,
                                   [](std::uint64_t a, const Run& run) { return a < run.begin; });
  return it == runs_.begin() ? nullptr : &*(it - 1);
}

std::uint32_t Blocks::last_in_page(const Run& run, std::uint64_t address) const {
  const std::uint64_t offset = address - run.begin;
  const std::uint64_t page = offset >> run.shift;
  if (page >= run.pages) return run.first + run.count - 1;
  // The first that begins behind the address is in [from, to].
  std::uint32_t from = slots_[run.slot + page];
  std::uint32_t to = slots_[run.slot + page + 1];
  // Blocks of one size are where they are guessed to be, and others not far from there.
  constexpr unsigned steps = 6;
  std::uint32_t guess = this->guess(run, offset, from, to);
  for (unsigned i = 0; i < steps && from < to; ++i) {
    if (packed_[guess].offset <= offset) {
      from = guess + 1;
      guess = from;
    } else {
      to = guess;
      guess = to - 1;
    }
    if (guess >= to || guess < from) break;
  }
  while (from < to) {
    const std::uint32_t middle = from + (to - from) / 2;
    const bool before = packed_[middle].offset <= offset;
    from = before ? middle + 1 : from;
    to = before ? to : middle;
  }
  return from - 1;  // Not before the run's first, which begins where the run does.
}

std::uint32_t Blocks::find(std::uint64_t address) const {
  if (!may_have(address)) return none;
  const Run* run = run_at(address);
  const std::uint32_t index = last_before(*run, address);
  return address < block(index, *run).end() ? index : none;
}

std::uint32_t Blocks::first_from(std::uint64_t address) const {
  const Run* run = run_at(address);
  if (run == nullptr) return 0;
  const std::uint32_t index = last_before(*run, address);
  return run->begin + packed_[index].offset == address ? index : index + 1;
}

}  // namespace sonde::leaks
