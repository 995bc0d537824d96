#include "sonde/process/address_space.hpp"

#include "sonde/process/proc_fs.hpp"

namespace sonde::process {

bool AddressSpace::refresh(pid_t pid, ModuleCache& modules) {
  const auto mappings = memory::parse_maps(ProcFs().maps(pid));
  if (!mappings || mappings->empty()) return false;
  code_.clear();
  modules_.clear();
  for (const memory::Mapping& mapping : *mappings) {
    if (!mapping.executable) continue;
    unwind::Module code{mapping.begin, mapping.end, 0, nullptr};
    const Module* module = modules.of(pid, mapping);
    const auto bias = module != nullptr && module->image
                          ? module->image->load_bias({mapping.begin, mapping.file_offset, true})
                          : std::nullopt;
    if (bias) {
      code.bias = *bias;
      code.table = &module->table;
    } else {
      module = nullptr;
    }
    code_.push_back(code);
    modules_.push_back(module);
  }
  return true;
}

}  // namespace sonde::process
