// The executable memory of a process, with an unwind table for each of its files.
#pragma once

#include <algorithm>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sonde/elf/image.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"
#include "sonde/unwind/build.hpp"
#include "sonde/unwind/walk.hpp"

namespace sonde::unwind::test {

// A file's call frame information, the better first. The image keeps the bytes.
inline std::vector<CfiSection> cfi_of(const elf::Image& image) {
  std::vector<CfiSection> found;
  for (const auto& [name, format] : {std::pair(".eh_frame", CfiSection::Format::eh_frame),
                                     std::pair(".debug_frame", CfiSection::Format::debug_frame)}) {
    const elf::Section* section = image.section(name);
    const auto bytes = image.contents(name);
    if (section == nullptr || !bytes) continue;
    CfiSection cfi;
    cfi.format = format;
    cfi.bytes = *bytes;
    cfi.address = section->address;
    found.push_back(cfi);
  }
  return found;
}

inline std::shared_ptr<const elf::Image> image_of(const std::string& path) {
  auto image = elf::Image::open(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path);
  return image ? *image : nullptr;
}

class ProcessImage {
 public:
  explicit ProcessImage(pid_t pid) : pid_(pid) {}

  // Looks at the mappings again. True when the executable ones have changed.
  bool refresh() {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/maps");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text == text_) return false;
    text_ = text;
    const auto maps = memory::parse_maps(text);
    if (!maps) return false;
    std::vector<Module> modules;
    for (const auto& mapping : *maps) {
      if (mapping.executable) modules.push_back(module_of(mapping));
    }
    const bool changed = !std::equal(modules.begin(), modules.end(), modules_.begin(), modules_.end(),
                                     [](const Module& a, const Module& b) {
                                       return a.begin == b.begin && a.end == b.end && a.table == b.table;
                                     });
    modules_ = std::move(modules);
    return changed;
  }

  const std::vector<Module>& modules() const { return modules_; }

 private:
  struct File {
    std::shared_ptr<const elf::Image> image;
    std::unique_ptr<Table> table;
  };

  Module module_of(const memory::Mapping& mapping) {
    Module module{mapping.begin, mapping.end, 0, nullptr};
    if (mapping.name != "[vdso]" && !mapping.name.starts_with('/')) return module;
    const File& file = file_of(mapping);
    if (!file.table) return module;
    const auto bias = file.image->load_bias({mapping.begin, mapping.file_offset, true});
    if (!bias) return module;
    module.table = &file.table->view();
    module.bias = *bias;
    return module;
  }

  const File& file_of(const memory::Mapping& mapping) {
    auto [found, is_new] = files_.try_emplace(mapping.name);
    File& file = found->second;
    if (!is_new) return file;
    if (mapping.name == "[vdso]") {
      std::vector<std::byte> bytes(mapping.end.value - mapping.begin.value);
      memory::ProcessMemory(pid_).read(mapping.begin, bytes);
      if (auto image = elf::Image::from_bytes(std::move(bytes), "[vdso]")) file.image = *image;
    } else {
      file.image = image_of(mapping.name);
    }
    if (!file.image) return file;
    if (auto built = build(cfi_of(*file.image)))
      file.table = std::make_unique<Table>(std::move(built->table));
    return file;
  }

  pid_t pid_;
  std::string text_;
  std::vector<Module> modules_;
  std::map<std::string, File> files_;
};

}  // namespace sonde::unwind::test
