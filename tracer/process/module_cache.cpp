#include "sonde/process/module_cache.hpp"

#include <algorithm>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/names/file_root.hpp"

namespace sonde::process {

namespace {

constexpr std::string_view vdso = "[vdso]";
constexpr std::string_view deleted = " (deleted)";

bool is_file(const memory::Mapping& mapping) { return mapping.inode != 0 && mapping.name.starts_with('/'); }

bool is_same_file(int fd, const memory::Mapping& mapping) {
  struct stat st;
  return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == mapping.inode &&
         major(st.st_dev) == mapping.device_major && minor(st.st_dev) == mapping.device_minor;
}

// By its path first, which needs no privilege. Overlay filesystems show other numbers in maps than stat()
// tells, so where map_files cannot be opened either a file of that name is taken on trust, unless the kernel
// says that it is gone.
UniqueFd open_file(pid_t pid, const memory::Mapping& mapping) {
  UniqueFd by_path;
  if (!mapping.name.ends_with(deleted)) {
    if (const auto root = names::FileRoot::at(fmt::format("/proc/{}/root", pid))) {
      by_path = root->open(mapping.name).value_or(UniqueFd());
    }
    if (by_path && is_same_file(by_path.value(), mapping)) return by_path;
  }
  const auto range = fmt::format("/proc/{}/map_files/{:x}-{:x}", pid, mapping.begin.value, mapping.end.value);
  UniqueFd by_range(::open(range.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  return by_range ? std::move(by_range) : std::move(by_path);
}

std::shared_ptr<const elf::Image> open_image(pid_t pid, const memory::Mapping& mapping) {
  if (mapping.name == vdso) {
    std::vector<std::byte> bytes(mapping.end.value - mapping.begin.value);
    if (bytes.size() > limits::vdso_bytes) return nullptr;
    if (memory::ProcessMemory(pid).read(mapping.begin, bytes) != bytes.size()) return nullptr;
    return elf::Image::from_bytes(std::move(bytes), std::string(vdso)).value_or(nullptr);
  }
  UniqueFd file = open_file(pid, mapping);
  if (!file) return nullptr;
  return elf::Image::open(std::move(file), mapping.name).value_or(nullptr);
}

// What the file's executable segments span.
unwind::CodeRange code_of(const elf::Image& image) {
  unwind::CodeRange code{~std::uint64_t{0}, 0};
  for (const elf::Segment& segment : image.segments()) {
    if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0) continue;
    code.begin = std::min(code.begin, segment.address);
    code.end = std::max(code.end, segment.address + segment.memory_size);
  }
  return code;
}

std::optional<std::uint64_t> address_of(const elf::Image& image, std::string_view section) {
  const elf::Section* found = image.section(section);
  return found == nullptr ? std::nullopt : std::optional(found->address);
}

// .eh_frame, which is loaded with the program, is the better: .debug_frame tells of what .eh_frame leaves
// out.
std::optional<unwind::Table> build_table(const elf::Image& image) {
  std::vector<unwind::CfiSection> sections;
  const auto text = address_of(image, ".text");
  const auto data = address_of(image, ".got");
  using Format = unwind::CfiSection::Format;
  for (const auto& [name, format] :
       {std::pair(".eh_frame", Format::eh_frame), std::pair(".debug_frame", Format::debug_frame)}) {
    const auto bytes = image.contents(name);
    if (!bytes || bytes->empty()) continue;
    const std::uint64_t address = format == Format::eh_frame ? address_of(image, name).value_or(0) : 0;
    sections.push_back({format, *bytes, address, text, data});
  }
  const unwind::CodeRange code = code_of(image);
  if (sections.empty() || code.begin >= code.end) return std::nullopt;
  auto built = unwind::build(sections, code);
  if (!built) return std::nullopt;
  return std::move(built->table);
}

}  // namespace

const Module* ModuleCache::of(pid_t pid, const memory::Mapping& mapping) {
  const bool is_vdso = mapping.name == vdso;
  if (!is_vdso && !is_file(mapping)) return nullptr;
  // One kernel has few vDSOs, told apart by their size: that of 64-bit, x32 and 32-bit programs.
  const Key key = is_vdso
                      ? Key{0, mapping.end.value - mapping.begin.value, std::string(vdso)}
                      : Key{makedev(mapping.device_major, mapping.device_minor), mapping.inode, mapping.name};
  if (const auto found = known_.find(key); found != known_.end()) return found->second;
  if (modules_.size() >= limits::modules) return nullptr;
  return known_[key] = add(mapping.name, open_image(pid, mapping));
}

Module* ModuleCache::add(std::string path, std::shared_ptr<const elf::Image> image) {
  auto module = std::make_unique<Module>();
  module->id = static_cast<std::uint32_t>(modules_.size() + 1);
  module->path = std::move(path);
  module->image = std::move(image);
  if (module->image) {
    if (auto table = build_table(*module->image))
      module->table = tables_.emplace_back(*std::move(table)).view();
  }
  return modules_.emplace_back(std::move(module)).get();
}

}  // namespace sonde::process
