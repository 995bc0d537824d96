#include "sonde/syscall/table.hpp"
#include "syscall/variants.hpp"

namespace sonde::syscall {

std::vector<const Row*> resolvable(Abi abi, std::uint32_t nr) {
  const Row* row = find(abi, nr);
  if (row == nullptr) return {};
  std::vector<const Row*> rows = {row};
  if (const std::uint8_t selector = selector_of(row->name); selector != no_selector) {
    for (const variants::Variant& variant : variants::of(abi, selector)) rows.push_back(&variant.row);
  }
  return rows;
}

}  // namespace sonde::syscall
