#include <string_view>

#include "sonde/base/limits.hpp"
#include "sonde/leaks/findings.hpp"

namespace sonde::leaks {

namespace {

// FNV-1a, 64 bits: simple enough to be the same for ever.
class Hash {
 public:
  void add(std::string_view text) {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0);
  }
  std::uint64_t value() const { return value_; }

 private:
  void add_byte(std::uint64_t byte) {
    value_ ^= byte;
    value_ *= 0x100000001b3;
  }
  std::uint64_t value_ = 0xcbf29ce484222325;
};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// "malloc" of "malloc@@GLIBC_2.2.5".
std::string_view without_version(std::string_view name) { return name.substr(0, name.find('@')); }

}  // namespace

std::uint64_t fingerprint(std::span<const Frame> frames) {
  if (frames.empty()) return 0;
  Hash hash;
  for (const Frame& frame : frames) {
    if (frame.inlined) continue;
    // The linkage name is the same with debug information and without.
    const std::string_view name = frame.linkage_name.empty() ? frame.function : frame.linkage_name;
    hash.add(without_version(name.substr(0, limits::name_bytes)));
    hash.add(base_name(frame.module.substr(0, limits::name_bytes)));
    if (name == "main") break;
  }
  return hash.value() == 0 ? 1 : hash.value();
}

}  // namespace sonde::leaks
