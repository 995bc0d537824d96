#include "cli/leak_image.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/glibc_heap/thread_stack.hpp"
#include "sonde/names/debug_files.hpp"

namespace sonde::cli {

namespace {

constexpr std::uint64_t red_zone = 128;  // psABI, "The Stack Frame".

std::vector<memory::Mapping> mappings_of(std::string_view maps) {
  auto parsed = memory::parse_maps(maps);
  return parsed ? *std::move(parsed) : std::vector<memory::Mapping>{};
}

bool contains(const memory::Mapping& mapping, std::uint64_t address) {
  return mapping.begin.value <= address && address < mapping.end.value;
}

std::vector<glibc_heap::Mapping> for_walk(const std::vector<memory::Mapping>& mappings) {
  std::vector<glibc_heap::Mapping> result;
  result.reserve(mappings.size());
  for (const memory::Mapping& one : mappings)
    result.push_back({{one.begin, one.end}, one.readable, one.writable, one.shared, one.name});
  return result;
}

std::shared_ptr<const elf::Image> open_image(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return nullptr;
  auto image = elf::Image::open(std::move(file), path);
  return image ? *std::move(image) : nullptr;
}

// The parts of [begin, end) that are in none of the ranges, which are ascending and disjoint; and those that
// are.
template <typename Visit>
void split(std::uint64_t begin, std::uint64_t end, std::span<const glibc_heap::Range> ranges, Visit visit) {
  auto range = std::ranges::upper_bound(ranges, begin, {}, [](const auto& one) { return one.end.value; });
  while (begin < end) {
    if (range == ranges.end() || range->begin.value >= end) return visit(begin, end, false);
    if (begin < range->begin.value) visit(begin, range->begin.value, false);
    const std::uint64_t inside = std::max(begin, range->begin.value);
    const std::uint64_t until = std::min(end, range->end.value);
    visit(inside, until, true);
    begin = until;
    ++range;
  }
}

}  // namespace

CopiedMemory::CopiedMemory(int file, std::span<const process::CopiedRun> runs) : runs_(runs) {
  if (runs.empty()) return;
  offset_ = runs.front().offset;
  const std::size_t size = runs.back().offset + runs.back().size - offset_;
  void* const memory =
      ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, file, static_cast<off_t>(offset_));
  if (memory == MAP_FAILED) return;
  memory_ = static_cast<const std::byte*>(memory);
  size_ = size;
}

CopiedMemory::CopiedMemory(process::CopySpace space, std::span<const process::CopiedRun> runs)
    : runs_(runs), space_(std::move(space)), size_(space_.bytes().size()), memory_(space_.bytes().data()) {}

CopiedMemory::~CopiedMemory() {
  if (memory_ != nullptr && memory_ != space_.bytes().data())
    ::munmap(const_cast<std::byte*>(memory_), size_);
}

Bytes CopiedMemory::bytes_of(const process::CopiedRun& run) const {
  if (memory_ == nullptr) return {};
  return Bytes(memory_, size_).subspan(run.offset - offset_, run.size);
}

std::size_t CopiedMemory::read(Address address, std::span<std::byte> into) const {
  std::size_t done = 0;
  while (done < into.size()) {
    const std::uint64_t at = address.value + done;
    auto run = std::ranges::upper_bound(runs_, at, {}, &process::CopiedRun::begin);
    if (run == runs_.begin()) break;
    --run;
    const std::uint64_t skip = at - run->begin;
    const Bytes bytes = bytes_of(*run);
    if (skip >= bytes.size()) break;
    const std::size_t size = std::min<std::size_t>(into.size() - done, bytes.size() - skip);
    std::memcpy(into.data() + done, bytes.data() + skip, size);
    done += size;
  }
  return done;
}

LeakImage::LeakImage(int file, process::MemoryImage image, TaskId task)
    : pid_(task.pid),
      image_(std::move(image)),
      memory_(file, image_.memory.runs),
      mappings_(mappings_of(image_.memory.maps)),
      walk_(fail(ErrorCode::unsupported, {})) {
  walk_heap(task.tid);
}

LeakImage::LeakImage(process::CopySpace space, process::MemoryImage image, TaskId task)
    : pid_(task.pid),
      image_(std::move(image)),
      memory_(std::move(space), image_.memory.runs),
      mappings_(mappings_of(image_.memory.maps)),
      walk_(fail(ErrorCode::unsupported, {})) {
  walk_heap(task.tid);
}

void LeakImage::walk_heap(pid_t tid) {
  const auto mappings = for_walk(mappings_);
  std::vector<Address> pointers;
  for (const auto& thread : image_.threads) {
    if (!thread.has_ended) pointers.push_back({thread.thread_pointer});
  }
  glibc_heap::Process process{.memory = memory_, .mappings = mappings, .thread_pointers = pointers};
  name_structures(tid, process);
  thread_layout_ = process.symbols.threads;
  walk_ = glibc_heap::walk(process);
}

void LeakImage::name_structures(pid_t pid, glibc_heap::Process& process) {
  const glibc_heap::Mapping* libc = glibc_heap::find_libc(process.mappings);
  if (libc == nullptr) return;
  // The process's own file, or, where it is about to end and has no root any more, that of the same name.
  const std::string path(libc->name);
  auto image = open_image(fmt::format("/proc/{}/root{}", pid, path));
  if (image == nullptr) image = open_image(path);
  if (image == nullptr) return;
  const auto piece = std::ranges::find(mappings_, libc->range.begin, &memory::Mapping::begin);
  const auto bias = image->load_bias({piece->begin, piece->file_offset, piece->executable});
  auto root = names::FileRoot::at(fmt::format("/proc/{}/root", pid));
  if (!root) root = names::FileRoot::at("/");
  auto own = names::FileRoot::at("/");
  if (!bias || !root || !own) return;
  const auto debug = names::DebugFiles(*std::move(root), *std::move(own), {}).find(*image, path);
  process.symbols = glibc_heap::symbols_of(*image, debug.image.get(), *bias);
}

// What the kernel gave the main thread, and what has the storage of another at its end. A coroutine's may be
// a part of a mapping in which the program has much else, and that of the main thread's storage as well.
bool LeakImage::is_known_stack(const memory::Mapping& mapping, const process::ThreadState& thread) const {
  if (!contains(mapping, thread.stack_pointer)) return false;
  return mapping.name == "[stack]" || (thread.tid != pid_ && contains(mapping, thread.thread_pointer));
}

// A stack is used from its pointer on; that of a thread that has ended not at all.
std::uint64_t LeakImage::root_begin(const memory::Mapping& mapping) const {
  std::optional<std::uint64_t> lowest;
  bool ended = false;
  bool runs_elsewhere = false;  // On a coroutine's stack: where its own is used is not known.
  for (const auto& thread : image_.threads) {
    runs_elsewhere |= thread.has_ended == 0 && contains(mapping, thread.thread_pointer);
    if (!is_known_stack(mapping, thread)) continue;
    ended |= thread.has_ended != 0;
    if (!thread.has_ended)
      lowest = std::min(lowest.value_or(~std::uint64_t{0}), thread.stack_pointer - red_zone);
  }
  if (lowest) return std::max(*lowest, mapping.begin.value);
  if (ended) return mapping.end.value;
  // The kernel has cleared the number of a thread that an exit has ended, as if it had ended by itself.
  if (runs_elsewhere) return mapping.begin.value;
  const glibc_heap::Mapping one{
      {mapping.begin, mapping.end}, mapping.readable, mapping.writable, mapping.shared, mapping.name};
  const bool is_old_stack =
      mapping.inode == 0 && glibc_heap::is_ended_thread_stack(memory_, one, thread_layout_).value_or(false);
  return is_old_stack ? mapping.end.value : mapping.begin.value;
}

// Between what glibc's malloc owns: the kernel joins its mappings with the program's own ones beside them.
bool LeakImage::is_root(const memory::Mapping& mapping, std::uint64_t at, const leaks::Blocks& blocks) const {
  if (mapping.inode != 0 || mapping.name == "[stack]") return true;
  std::uint64_t begin = mapping.begin.value;
  std::uint64_t end = mapping.end.value;
  if (walk_) {
    const auto& owned = walk_->owned;
    const auto behind =
        std::ranges::upper_bound(owned, at, {}, [](const auto& range) { return range.begin.value; });
    if (behind != owned.end()) end = std::min(end, behind->begin.value);
    if (behind != owned.begin()) begin = std::max(begin, (behind - 1)->end.value);
  }
  const std::uint32_t first = blocks.first_from(begin);
  return first >= blocks.size() || blocks[first].address >= end;
}

std::vector<glibc_heap::Range> LeakImage::blocks_in_use() const {
  constexpr std::uint64_t header_bytes = 16;
  std::vector<glibc_heap::Range> ranges;
  for (const glibc_heap::Block& block : walk_->blocks) {
    const Address end{block.address.value + block.size};
    const bool adjoins = !ranges.empty() && block.address.value - ranges.back().end.value <= header_bytes;
    // Of too many the last has what is free in between as well, rather than blocks not at all.
    if (adjoins || ranges.size() == limits::leak_regions / 2) {
      ranges.back().end = end;
    } else {
      ranges.push_back({block.address, end});
    }
  }
  return ranges;
}

void LeakImage::append_run(const process::CopiedRun& run, const leaks::Blocks& blocks,
                           const std::vector<glibc_heap::Range>* others, Scene& scene) const {
  const Bytes bytes = memory_.bytes_of(run);
  if (bytes.empty()) return;
  const auto append = [&](std::uint64_t begin, std::uint64_t end, bool root) {
    if (begin < end) scene.regions.push_back({begin, bytes.subspan(begin - run.begin, end - begin), root});
  };
  const std::uint64_t run_end = run.begin + run.size;
  for (std::uint64_t at = run.begin; at < run_end;) {
    const auto mapping =
        std::ranges::upper_bound(mappings_, at, {}, [](const auto& one) { return one.end.value; });
    if (mapping == mappings_.end()) return;
    const std::uint64_t end = std::min(run_end, mapping->end.value);
    const std::uint64_t from = std::clamp(root_begin(*mapping), at, end);
    append(at, from, false);
    const auto among = [&](std::uint64_t begin, std::uint64_t until, bool owned) {
      if (owned && others != nullptr) {
        return split(begin, until, *others,
                     [&](std::uint64_t a, std::uint64_t b, bool used) { append(a, b, used); });
      }
      const bool root = !owned && (others != nullptr || is_root(*mapping, begin, blocks));
      if (!root || !walk_) return append(begin, until, root);
      split(begin, until, walk_->ignored,
            [&](std::uint64_t a, std::uint64_t b, bool ignored) { append(a, b, !ignored); });
    };
    if (walk_) {
      split(from, end, walk_->owned, among);
    } else {
      among(from, end, false);
    }
    at = end;
  }
}

// tcbhead_t of glibc's sysdeps/x86_64/nptl/tls.h points, in its second word, behind the first entry of the
// table of thread-local storage, not to the block that it is.
std::uint64_t LeakImage::dtv_block_of(std::uint64_t thread_pointer) const {
  constexpr std::uint64_t entry_bytes = 16;
  std::uint64_t dtv = 0;
  const std::size_t got =
      memory_.read({thread_pointer + sizeof dtv}, std::as_writable_bytes(std::span(&dtv, 1)));
  return got == sizeof dtv ? dtv - entry_bytes : 0;
}

void LeakImage::append_words(std::uint64_t begin, std::uint64_t end, Scene& scene) const {
  constexpr std::uint64_t page_bytes = 4096;
  constexpr std::uint64_t word_bytes = sizeof(std::uint64_t);
  begin &= ~(word_bytes - 1);
  // Page by page: those that nobody has touched are not there.
  for (std::uint64_t next = 0; begin + word_bytes <= end; begin = next) {
    next = std::min(end, (begin / page_bytes + 1) * page_bytes);
    std::vector<std::uint64_t> words((next - begin) / word_bytes);
    words.resize(memory_.read({begin}, std::as_writable_bytes(std::span(words))) / word_bytes);
    scene.words.insert(scene.words.end(), words.begin(), words.end());
  }
}

// A static program has the main thread's storage in front of its heap, in the same mapping.
void LeakImage::append_storage(std::uint64_t thread_pointer, const leaks::Blocks& blocks,
                               Scene& scene) const {
  constexpr std::uint64_t descriptor_bytes = 4096;  // No less than glibc's and musl's have.
  const auto mapping = std::ranges::find_if(
      mappings_, [thread_pointer](const auto& one) { return contains(one, thread_pointer); });
  if (mapping == mappings_.end() || is_root(*mapping, thread_pointer, blocks)) return;
  if (blocks.find(thread_pointer) != leaks::Blocks::none) return;
  const std::uint32_t next = blocks.first_from(thread_pointer);
  std::uint64_t begin = mapping->begin.value;
  std::uint64_t end = std::min(mapping->end.value, thread_pointer + descriptor_bytes);
  if (next > 0) begin = std::max(begin, blocks[next - 1].end());
  if (next < blocks.size()) end = std::min(end, blocks[next].address);
  append_words(begin, end, scene);
}

LeakImage::Scene LeakImage::scene(const leaks::Blocks& blocks, bool others) const {
  Scene scene;
  std::vector<glibc_heap::Range> in_use;
  if (others && walk_) in_use = blocks_in_use();
  for (const process::CopiedRun& run : image_.memory.runs)
    append_run(run, blocks, others ? &in_use : nullptr, scene);
  scene.words = image_.vectors;
  // glibc keeps the stack of a thread that has ended for the next one, and with it that table.
  for (const glibc_heap::Mapping& mapping : for_walk(mappings_)) {
    if (!thread_layout_ ||
        !glibc_heap::is_ended_thread_stack(memory_, mapping, thread_layout_).value_or(false))
      continue;
    if (const auto descriptor = glibc_heap::thread_descriptor(memory_, mapping, *thread_layout_))
      scene.words.push_back(dtv_block_of(descriptor->value));
  }
  for (const auto& thread : image_.threads) {
    scene.words.push_back(dtv_block_of(thread.thread_pointer));
    if (thread.has_ended) continue;
    scene.words.push_back(thread.thread_pointer);
    if (thread.uses_registers)
      scene.words.insert(scene.words.end(), thread.registers.begin(), thread.registers.end());
    append_storage(thread.thread_pointer, blocks, scene);
    // A stack in a block of the heap, as coroutines have them.
    const std::uint32_t block = blocks.find(thread.stack_pointer);
    if (block == leaks::Blocks::none) continue;
    append_words(thread.stack_pointer - red_zone, blocks[block].end(), scene);
  }
  for (const memory::Mapping& mapping : mappings_) {
    if (mapping.executable && mapping.inode != 0)
      scene.code.push_back({mapping.begin.value, mapping.end.value});
  }
  return scene;
}

}  // namespace sonde::cli
