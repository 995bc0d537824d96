#include "cli/leak_image.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <utility>

#include <fmt/format.h>

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

LeakImage::LeakImage(int file, process::MemoryImage image, pid_t pid)
    : image_(std::move(image)),
      memory_(file, image_.memory.runs),
      mappings_(mappings_of(image_.memory.maps)),
      walk_(fail(ErrorCode::unsupported, {})) {
  walk_heap(pid);
}

LeakImage::LeakImage(process::CopySpace space, process::MemoryImage image, pid_t pid)
    : image_(std::move(image)),
      memory_(std::move(space), image_.memory.runs),
      mappings_(mappings_of(image_.memory.maps)),
      walk_(fail(ErrorCode::unsupported, {})) {
  walk_heap(pid);
}

void LeakImage::walk_heap(pid_t pid) {
  const auto mappings = for_walk(mappings_);
  std::vector<Address> pointers;
  for (const auto& thread : image_.threads) {
    if (!thread.has_ended) pointers.push_back({thread.thread_pointer});
  }
  glibc_heap::Process process{.memory = memory_, .mappings = mappings, .thread_pointers = pointers};
  name_structures(pid, process);
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

// A stack is used from its pointer on; that of a thread that has ended not at all.
std::uint64_t LeakImage::root_begin(const memory::Mapping& mapping) const {
  std::optional<std::uint64_t> lowest;
  bool ended = false;
  for (const auto& thread : image_.threads) {
    if (!contains(mapping, thread.stack_pointer)) continue;
    ended |= thread.has_ended != 0;
    if (!thread.has_ended)
      lowest = std::min(lowest.value_or(~std::uint64_t{0}), thread.stack_pointer - red_zone);
  }
  if (lowest) return std::max(*lowest, mapping.begin.value);
  if (ended) return mapping.end.value;
  const glibc_heap::Mapping one{
      {mapping.begin, mapping.end}, mapping.readable, mapping.writable, mapping.shared, mapping.name};
  const bool is_old_stack =
      mapping.inode == 0 && glibc_heap::is_ended_thread_stack(memory_, one, thread_layout_).value_or(false);
  return is_old_stack ? mapping.end.value : mapping.begin.value;
}

bool LeakImage::is_root(const memory::Mapping& mapping, const leaks::Blocks& blocks) const {
  if (!mapping.writable) return false;
  if (mapping.inode != 0 || mapping.name == "[stack]") return true;
  const std::uint32_t first = blocks.first_from(mapping.begin.value);
  return first >= blocks.size() || blocks[first].address >= mapping.end.value;
}

void LeakImage::append_run(const process::CopiedRun& run, const leaks::Blocks& blocks, Scene& scene) const {
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
    const bool root = is_root(*mapping, blocks);
    const std::uint64_t from = root ? std::clamp(root_begin(*mapping), at, end) : end;
    append(at, from, false);
    const auto among = [&](std::uint64_t begin, std::uint64_t until, bool owned) {
      if (owned || !walk_) return append(begin, until, !owned);
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

LeakImage::Scene LeakImage::scene(const leaks::Blocks& blocks) const {
  Scene scene;
  for (const process::CopiedRun& run : image_.memory.runs) append_run(run, blocks, scene);
  scene.words = image_.vectors;
  for (const auto& thread : image_.threads) {
    if (thread.has_ended) continue;
    scene.words.push_back(thread.thread_pointer);
    scene.words.push_back(dtv_block_of(thread.thread_pointer));
    if (thread.uses_registers)
      scene.words.insert(scene.words.end(), thread.registers.begin(), thread.registers.end());
    // A stack in a block of the heap, as coroutines have them.
    const std::uint32_t block = blocks.find(thread.stack_pointer);
    if (block == leaks::Blocks::none) continue;
    const std::uint64_t from = (thread.stack_pointer - red_zone) & ~std::uint64_t{7};
    std::vector<std::uint64_t> words((blocks[block].end() - from) / 8);
    words.resize(memory_.read({from}, std::as_writable_bytes(std::span(words))) / 8);
    scene.words.insert(scene.words.end(), words.begin(), words.end());
  }
  for (const memory::Mapping& mapping : mappings_) {
    if (mapping.executable && mapping.inode != 0)
      scene.code.push_back({mapping.begin.value, mapping.end.value});
  }
  return scene;
}

}  // namespace sonde::cli
