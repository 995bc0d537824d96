#include "output/heap_call.hpp"

#include "output/text.hpp"
#include "sonde/allocator/functions.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::output {

namespace {

constexpr std::string_view unnamed = "(a function of the user's)";

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::string_view function_text(std::uint16_t function) {
  const std::string_view name = allocator::name_of(static_cast<allocator::Function>(function));
  return name.empty() ? unnamed : name;
}

std::string_view function_text(const event::HeapCall& call) {
  const std::string_view own = call.function == 0 ? call.snapshot.function() : std::string_view();
  return own.empty() ? function_text(call.function) : own.substr(0, limits::name_bytes);
}

void append_pointer(std::string& out, std::uint64_t address) {
  if (address == 0) {
    out += "NULL";
  } else {
    append(out, "{:#x}", address);
  }
}

void append_heap_arguments(std::string& out, const event::HeapCall& call) {
  using event::HeapOperation;
  if (call.operation == HeapOperation::release || call.operation == HeapOperation::give_up) {
    return append_pointer(out, call.address);
  }
  if (call.operation == HeapOperation::reallocate) {
    append_pointer(out, call.old_address);
    out += ", ";
  }
  append_decimal(out, call.size);
  if (call.alignment != 0) append(out, ", align={}", call.alignment);
}

void append_site_text(std::string& out, const stacks::Site& site) {
  if (site.function.empty()) {
    out += "??";
  } else {
    append_printable(out, stacks::without_parameters(site.function).substr(0, limits::name_bytes));
  }
  const std::string_view where = base_name(site.file.empty() ? site.module : site.file);
  if (where.empty()) return;
  out += " (";
  append_printable(out, where.substr(0, limits::name_bytes));
  if (site.line != 0) append(out, ":{}", site.line);
  out += ')';
}

std::string_view misuse_text(analysis::HeapMisuse misuse) {
  switch (misuse) {
    case analysis::HeapMisuse::double_free:
      return "given back before";
    case analysis::HeapMisuse::unknown_address:
      return "never allocated, or given back long ago";
    case analysis::HeapMisuse::inside_block:
      return "inside of a block";
    case analysis::HeapMisuse::mismatch:
      return "allocated by a function of another kind";
    case analysis::HeapMisuse::huge_size:
      return "a huge size";
    case analysis::HeapMisuse::zero_size:
      return "no bytes";
  }
  return {};
}

std::optional<stacks::Site> site_of(const StackSource& source, std::uint32_t id, pid_t pid) {
  const stacks::Stack* stack = source.book.stack(id);
  if (stack == nullptr) return std::nullopt;
  return stacks::site_of(*stack, pid, source.namer,
                         source.skip != nullptr ? *source.skip : stacks::SkipFunction());
}

}  // namespace sonde::output
