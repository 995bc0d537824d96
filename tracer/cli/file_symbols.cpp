#include "cli/file_symbols.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/process/proc_fs.hpp"
#include "sonde/record/stop_waiter.hpp"

namespace sonde::cli {

namespace {

constexpr std::string_view vdso = "[vdso]";
constexpr std::string_view deleted = " (deleted)";

std::string text_of(const UniqueFd& file) {
  std::string text;
  std::array<char, 1 << 16> chunk;
  while (text.size() < limits::proc_file_bytes) {
    const ssize_t n = ::read(file.value(), chunk.data(), chunk.size());
    if (n <= 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return text;
}

// Where the process itself, which may be in a container, has written it.
std::string perf_map_of(pid_t pid) {
  const auto status = process::ProcFs().status(pid);
  const auto root = names::FileRoot::at(fmt::format("/proc/{}/root", pid));
  if (!status || !root) return {};
  const auto file = root->open(fmt::format("/tmp/perf-{}.map", status->own_pid));
  return file ? text_of(*file) : std::string();
}

// One kernel has one vDSO for 64-bit programs: ours is that of the tracee, unless another build id tells that
// the recording is another kernel's.
std::shared_ptr<const elf::Image> own_vdso() {
  const auto mappings = memory::parse_maps(process::ProcFs().maps(::getpid()));
  if (!mappings) return nullptr;
  for (const memory::Mapping& mapping : *mappings) {
    if (mapping.name != vdso) continue;
    const std::size_t size = mapping.end.value - mapping.begin.value;
    std::vector<std::byte> bytes(std::min(size, limits::vdso_bytes));
    if (memory::ProcessMemory(::getpid()).read(mapping.begin, bytes) != size) return nullptr;
    return elf::Image::from_bytes(std::move(bytes), std::string(vdso)).value_or(nullptr);
  }
  return nullptr;
}

std::shared_ptr<const elf::Image> open_image(const stacks::Module& module, const names::FileRoot& root) {
  if (module.path == vdso) return own_vdso();
  if (module.path.ends_with(deleted)) return nullptr;
  auto file = root.open(module.path);
  if (!file) return nullptr;
  return elf::Image::open(*std::move(file), module.path).value_or(nullptr);
}

}  // namespace

FileSymbols::FileSymbols(const Settings& settings) {
  options_.symbols_from = settings.symbols_from;
  if (!settings.debuginfod) return;
  if (auto servers = names::Debuginfod::load())
    options_.servers = *std::move(servers);
  else
    complain(servers.error());
}

FileSymbols::File* FileSymbols::file_of(const stacks::Module& module) {
  const auto [found, added] = files_.try_emplace({module.path, module.build_id});
  if (!added) return found->second.get();
  for (const std::string& root : {fmt::format("/proc/{}/root", module.pid), std::string("/")}) {
    if (found->second = open(module, root); found->second) break;
  }
  return found->second.get();
}

std::unique_ptr<FileSymbols::File> FileSymbols::open(const stacks::Module& module,
                                                     const std::string& root) const {
  auto process = names::FileRoot::at(root);
  auto own = names::FileRoot::at("/");
  if (!process || !own) return nullptr;
  auto image = open_image(module, *process);
  if (!image || !std::ranges::equal(image->build_id(), module.build_id)) return nullptr;
  auto made = std::make_unique<File>(
      File{names::DebugFiles(*std::move(process), *std::move(own), options_), std::nullopt});
  made->module.emplace(std::move(image), module.path, made->debug_files);
  return made;
}

void FileSymbols::prepare(pid_t pid) {
  const Address place = process::ProcFs().sleeps_at(pid);
  if (place.value == 0 || !record::has_several_cpus()) return;
  const auto mappings = memory::parse_maps(process::ProcFs().maps(pid));
  const auto root = names::FileRoot::at(fmt::format("/proc/{}/root", pid));
  if (!mappings || !root) return;
  for (const memory::Mapping& mapping : *mappings) {
    if (place < mapping.begin || place >= mapping.end || !mapping.name.starts_with('/')) continue;
    stacks::Module module{mapping.name, {}, pid};
    const auto image = open_image(module, *root);
    const auto bias = image ? image->load_bias({mapping.begin, mapping.file_offset, true}) : std::nullopt;
    if (!bias) return;
    const Bytes id = image->build_id();
    module.build_id.assign(id.begin(), id.end());
    in_module(module, place.value - *bias);
  }
}

stacks::Functions FileSymbols::in_module(const stacks::Module& module, std::uint64_t address) {
  stacks::Functions functions;
  File* file = file_of(module);
  if (file == nullptr) return functions;
  const names::Location location = file->module->locate(address);
  if (const auto problem = file->debug_files.server_problem()) complain(*problem);
  for (const names::Frame& frame : location.frames) {
    functions.push_back({std::string(frame.function), 0, std::string(frame.file), frame.line, frame.column,
                         std::string(frame.linkage_name)});
  }
  if (!functions.empty() && location.offset) functions.back().start = address - *location.offset;
  return functions;
}

stacks::Functions FileSymbols::in_memory(pid_t pid, std::uint64_t address) {
  auto found = perf_maps_.find(pid);
  if (found == perf_maps_.end()) {
    found = perf_maps_.emplace(pid, names::PerfMap::parse(perf_map_of(pid))).first;
  }
  const auto function = found->second.find({address});
  if (!function) return {};
  return {{std::string(function->name), function->begin.value, {}, 0, 0, {}}};
}

}  // namespace sonde::cli
