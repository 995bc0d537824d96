// perf_event_open().
#include <array>
#include <linux/perf_event.h>

#include <fmt/format.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

constexpr std::uint32_t first_size = 64;  // PERF_ATTR_SIZE_VER0

// The attribute as it has grown: a field is shown when it lies within the size that the caller gave.
class Attribute {
 public:
  Attribute(const Value& value, Bytes bytes, std::uint32_t size)
      : value_(value), bytes_(bytes), size_(size) {}

  void print() const {
    const std::uint64_t type = at(0, 4);
    value_.out.begin_struct();
    set("type", named_set<"perf_type">(), type);
    set("size", named_set<"perf_attr_size">(), at(4, 4), Base::unsigned_decimal);
    print_config(type, at(8, 8));
    const std::uint64_t bits = at(40, 8);
    const bool frequency = (bits >> 10 & 1) != 0;
    number(frequency ? "sample_freq" : "sample_period", at(16, 8));
    set("sample_type", named_set<"perf_sample">(), at(24, 8));
    set("read_format", named_set<"perf_read_format">(), at(32, 8));
    print_bits(bits);
    if (value_.style.verbose) {
      print_rest_of(type, bits);
    } else {
      value_.out.more();
    }
    value_.out.end_struct();
  }

 private:
  std::uint64_t at(std::size_t offset, std::size_t size) const { return unsigned_at(bytes_, offset, size); }

  void number(std::string_view name, std::uint64_t raw) const {
    value_.out.field(name);
    value_.out.unsigned_integer(raw);
  }
  void hex(std::string_view name, std::uint64_t raw) const {
    value_.out.field(name);
    value_.out.hex(raw);
  }
  void set(std::string_view name, const syscall::ConstantSet& names, std::uint64_t raw,
           Base base = Base::hex) const {
    value_.out.field(name);
    if (names.flags) {
      print_flags(value_, names, raw);
    } else {
      print_constant(value_, names, raw, unknown_of(names), base);
    }
  }

  void print_config(std::uint64_t type, std::uint64_t config) const {
    switch (type) {
      case PERF_TYPE_HARDWARE:
        return set("config", named_set<"perf_hardware">(), config);
      case PERF_TYPE_SOFTWARE:
        return set("config", named_set<"perf_software">(), config);
      case PERF_TYPE_TRACEPOINT:
        return number("config", config);
      case PERF_TYPE_HW_CACHE:
        value_.out.field("config");
        return print_cache_event(config);
      default:
        return hex("config", config);
    }
  }

  // Which cache, which operation on it and with which result, in a byte each.
  void print_cache_event(std::uint64_t config) const {
    const auto part = [](const syscall::ConstantSet& names, std::uint64_t raw) {
      const std::string_view name = names.name_of(raw);
      return name.empty() ? fmt::format("{:#x} /* {} */", raw, unknown_of(names)) : std::string(name);
    };
    std::string text = (config >> 24) != 0 ? fmt::format("{:#x}<<24|", config >> 24) : "";
    text += fmt::format("{}<<16|{}<<8|{}", part(named_set<"perf_cache_result">(), config >> 16 & 0xff),
                        part(named_set<"perf_cache_operation">(), config >> 8 & 0xff),
                        part(named_set<"perf_cache">(), config & 0xff));
    print_symbol(value_, text, config);
  }

  // The bit fields, in their order. Those that are not set are only listed under -v.
  void print_bits(std::uint64_t bits) const {
    struct Bits {
      std::string_view name;
      unsigned width;
    };
    static constexpr Bits all[] = {
        {"disabled", 1},
        {"inherit", 1},
        {"pinned", 1},
        {"exclusive", 1},
        {"exclude_user", 1},
        {"exclude_kernel", 1},
        {"exclude_hv", 1},
        {"exclude_idle", 1},
        {"mmap", 1},
        {"comm", 1},
        {"freq", 1},
        {"inherit_stat", 1},
        {"enable_on_exec", 1},
        {"task", 1},
        {"watermark", 1},
        {"precise_ip", 2},
        {"mmap_data", 1},
        {"sample_id_all", 1},
        {"exclude_host", 1},
        {"exclude_guest", 1},
        {"exclude_callchain_kernel", 1},
        {"exclude_callchain_user", 1},
        {"mmap2", 1},
        {"comm_exec", 1},
        {"use_clockid", 1},
        {"context_switch", 1},
        {"write_backward", 1},
        {"namespaces", 1},
        {"ksymbol", 1},
        {"bpf_event", 1},
        {"aux_output", 1},
        {"cgroup", 1},
        {"text_poke", 1},
        {"build_id", 1},
        {"inherit_thread", 1},
        {"remove_on_exec", 1},
        {"sigtrap", 1},
    };
    static constexpr std::string_view skid[] = {"arbitrary skid", "constant skid", "requested to have 0 skid",
                                                "must have 0 skid"};
    unsigned shift = 0;
    for (const Bits& field : all) {
      const std::uint64_t raw = bits >> shift & ((1u << field.width) - 1);
      shift += field.width;
      const bool precision = field.width == 2;
      if (raw == 0 && !precision && !value_.style.verbose) continue;
      number(field.name, raw);
      if (precision) value_.out.comment(skid[raw]);
    }
    if (const std::uint64_t reserved = bits >> shift) {
      hex("__reserved_1", reserved);
      value_.out.comment("Bits 63..38");
    }
  }

  void print_rest_of(std::uint64_t type, std::uint64_t bits) const {
    const bool watermark = (bits >> 14 & 1) != 0;
    number(watermark ? "wakeup_watermark" : "wakeup_events", at(48, 4));
    const bool breakpoint = type == PERF_TYPE_BREAKPOINT;
    if (breakpoint) set("bp_type", named_set<"perf_breakpoint">(), at(52, 4));
    hex(breakpoint ? "bp_addr" : "config1", at(56, 8));
    if (has(72)) {
      if (breakpoint) {
        number("bp_len", at(64, 8));
      } else {
        hex("config2", at(64, 8));
      }
    }
    if (has(80) && (at(24, 8) & PERF_SAMPLE_BRANCH_STACK) != 0) {
      set("branch_sample_type", named_set<"perf_branch_sample">(), at(72, 8));
    }
    if (has(88)) hex("sample_regs_user", at(80, 8));
    if (has(92) && (at(24, 8) & PERF_SAMPLE_STACK_USER) != 0) hex("sample_stack_user", at(88, 4));
    if (has(96) && (bits >> 25 & 1) != 0) {
      value_.out.field("clockid");
      render(Kind::clockid, value_.with(at(92, 4)));
    }
    if (has(104)) hex("sample_regs_intr", at(96, 8));
    if (has(108)) number("aux_watermark", at(104, 4));
    if (has(110)) number("sample_max_stack", at(108, 2));
    if (has(116)) number("aux_sample_size", at(112, 4));
    if (has(128)) hex("sig_data", at(120, 8));
  }

  bool has(std::uint32_t end) const { return size_ >= end; }

  const Value& value_;
  Bytes bytes_;
  std::uint32_t size_;
};

void render_attribute(const Value& value) {
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 128> bytes{};
  const std::size_t read = value.read(address, bytes);
  auto size = static_cast<std::uint32_t>(unsigned_at(bytes, 4, 4));
  if (size == 0) size = first_size;  // Which is what the kernel takes it for.
  if (address.value == 0 || read < first_size || size < first_size) return value.out.address(address.value);
  Attribute(value, Bytes(bytes).first(read), std::min<std::uint32_t>(size, static_cast<std::uint32_t>(read)))
      .print();
}

constexpr Registration table[] = {{Kind::perf_event_attr_in, render_attribute}};

}  // namespace

Domain misc_perf_domain() { return {table}; }

}  // namespace sonde::decode
