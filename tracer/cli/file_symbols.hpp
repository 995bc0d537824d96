// Names from the files that modules were mapped from.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sonde/elf/image.hpp"
#include "sonde/stacks/namer.hpp"

namespace sonde::cli {

class FileSymbols final : public stacks::Symbols {
 public:
  stacks::Functions in_module(const stacks::Module& module, std::uint64_t address) override;
  stacks::Functions in_memory(pid_t pid, std::uint64_t address) override;

 private:
  std::shared_ptr<const elf::Image> image_of(const stacks::Module& module);
  std::map<std::string, std::shared_ptr<const elf::Image>> images_;
};

}  // namespace sonde::cli
