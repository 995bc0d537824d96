#include "sonde/record/heap_plan.hpp"

#include <algorithm>
#include <array>
#include <elf.h>
#include <map>
#include <set>

#include "sonde/base/limits.hpp"
#include "sonde/probes/patch_table.hpp"
#include "sonde/unwind/function_starts.hpp"

namespace sonde::record {

namespace {

constexpr std::string_view loader_breakpoint = "_dl_debug_state";  // Of glibc's and musl's loaders.

struct Found {
  HeapFunctions::Id function;
  std::uint64_t size;
  bool kind_unknown = false;
};

struct Candidates {
  std::map<std::uint64_t, Found> entries;  // By address: of aliases the table's first.
  std::optional<std::uint64_t> loader;
  std::map<std::uint64_t, HeapFunctions::Id> chosen;  // By the resolver's address.
};

Candidates candidates_of(const elf::Image& image, const elf::Image* names, const HeapFunctions& functions) {
  Candidates found;
  const auto consider = [&](const elf::Symbol& symbol, bool chosen_at_run_time) {
    if (symbol.name == loader_breakpoint) found.loader = symbol.address;
    const auto known = functions.find(symbol.name);
    if (!known) return;
    if (chosen_at_run_time) {
      if (found.chosen.size() == limits::module_probes) return;
      const auto [at, is_new] = found.chosen.try_emplace(symbol.address, *known);
      at->second = std::min(at->second, *known);
      return;
    }
    const auto [at, is_new] = found.entries.try_emplace(symbol.address, Found{*known, symbol.size});
    if (is_new) return;
    Found& here = at->second;
    here.kind_unknown |= functions[*known].kind != functions[here.function].kind;
    here.function = std::min(here.function, *known);
  };
  image.each_function(consider);
  if (names != nullptr) names->each_function(consider);
  return found;
}

// Looks for the ends of functions: in all the pieces of code that jumps lead to from their entries.
class EndFinder {
 public:
  EndFinder(const elf::Image& image, const arch::Code& code, const std::map<std::uint64_t, Found>& entries)
      : image_(image), code_(code), entries_(entries) {
    const elf::Section* section = image.section(".eh_frame_hdr");
    if (section == nullptr) return;
    if (const auto bytes = image.contents(*section))
      starts_ = unwind::FunctionStarts::parse(*bytes, section->address);
  }

  struct Ends {
    std::set<std::uint64_t> returns;
    std::map<std::uint64_t, std::uint64_t>
        jumps;                    // To other functions, each with the pointer that it goes through.
    bool jumps_to_entry = false;  // Of another function that is watched itself.
    bool complete = true;
  };

  const unwind::FunctionStarts& starts() const { return starts_; }

  Ends of(std::uint64_t entry, std::uint64_t size) {
    Ends ends;
    todo_ = {piece_of(entry, size, ends)};
    for (std::size_t i = 0; i < todo_.size(); ++i) {
      if (i == limits::allocator_code_pieces) {
        ends.complete = false;
        break;
      }
      sweep(todo_[i], entry, ends);
    }
    return ends;
  }

  // Of the function's own piece alone: what it jumps to may be called by others as well.
  std::set<std::uint64_t> own_returns(std::uint64_t entry, std::uint64_t size) {
    Ends ends;
    todo_ = {piece_of(entry, size, ends)};
    sweep(todo_.front(), entry, ends);
    return std::move(ends.returns);
  }

 private:
  using Piece = unwind::FunctionStarts::Piece;

  Piece piece_of(std::uint64_t address, std::uint64_t size, Ends& ends) const {
    if (size != 0) return {address, address + size};
    if (const auto piece = starts_.piece_of(address)) return *piece;
    if (const auto symbol = image_.symbols().find(address); symbol && symbol->size != 0) {
      return {symbol->address, symbol->address + symbol->size};
    }
    ends.complete = false;
    return {address, address};
  }

  // Where in the file's memory an entry of the procedure linkage table has the address that it jumps to
  // (psABI, "Procedure Linkage Table"). Empty for other code.
  std::optional<std::uint64_t> linkage_pointer(std::uint64_t address) const {
    const bool in_table =
        std::any_of(image_.sections().begin(), image_.sections().end(), [&](const auto& section) {
          return section.name.starts_with(".plt") && address - section.address < section.size;
        });
    Bytes code = in_table ? image_.loaded_at(address) : Bytes{};
    for (int i = 0; i < 2; ++i) {
      const auto instruction = code_.decode(code, address);
      if (!instruction) return std::nullopt;
      if (instruction->flow == arch::Flow::jump_anywhere) return instruction->pointer;
      code = code.subspan(instruction->size);  // endbr64
      address += instruction->size;
    }
    return std::nullopt;
  }

  bool is_known(std::uint64_t address) const {
    return std::any_of(todo_.begin(), todo_.end(),
                       [&](const Piece& piece) { return piece.begin <= address && address < piece.end; });
  }

  // All instructions of a piece: what jump tables lead to as well, and what follows calls that do not return.
  void sweep(Piece piece, std::uint64_t entry, Ends& ends) {
    Bytes code = image_.loaded_at(piece.begin);
    code = code.first(std::min(
        {code.size(), static_cast<std::size_t>(piece.end - piece.begin), limits::allocator_code_bytes}));
    for (std::uint64_t address = piece.begin; !code.empty();) {
      const auto instruction = code_.decode(code, address);
      if (!instruction) break;  // Padding, or data.
      if (instruction->flow == arch::Flow::ret) ends.returns.insert(address);
      if (instruction->flow == arch::Flow::jump_anywhere) ends.jumps.emplace(address, instruction->pointer);
      if (instruction->flow == arch::Flow::jump && instruction->target != entry &&
          entries_.contains(instruction->target))
        ends.jumps_to_entry = true;
      const bool leads = instruction->flow == arch::Flow::jump || instruction->flow == arch::Flow::branch;
      if (const auto pointer = leads ? linkage_pointer(instruction->target) : std::nullopt) {
        ends.jumps.emplace(address, *pointer);
      } else if (leads && !is_known(instruction->target)) {
        todo_.push_back(piece_of(instruction->target, 0, ends));
      }
      code = code.subspan(instruction->size);
      address += instruction->size;
    }
  }

  const elf::Image& image_;
  const arch::Code& code_;
  const std::map<std::uint64_t, Found>& entries_;
  unwind::FunctionStarts starts_;
  std::vector<Piece> todo_;
};

// The breakpoints of several functions, each address once.
class Probes {
 public:
  Probes(EndFinder& finder, const HeapFunctions& functions) : finder_(finder), functions_(functions) {}

  // False where the function's ends are not known.
  bool add(std::uint64_t address, const Found& found) {
    PlannedProbe probe{address, ProbeRole::entry, found.function};
    probe.kind_unknown = found.kind_unknown;
    const HeapFunction& function = functions_[found.function];
    if (function.purpose != HeapPurpose::allocator) {
      probe.role = function.purpose == HeapPurpose::round ? ProbeRole::round : ProbeRole::executes;
      marks_.push_back(probe);
      return true;
    }
    if (!function.releases() || function.by_user()) {
      const EndFinder::Ends its = finder_.of(address, found.size);
      if (!its.complete || (its.returns.empty() && its.jumps.empty()) ||
          ends_.size() + its.returns.size() + its.jumps.size() > limits::module_probes) {
        return false;
      }
      probe.leaves_by_jump = its.jumps_to_entry || !its.jumps.empty();
      ends_.insert(its.returns.begin(), its.returns.end());
      jumps_.insert(its.jumps.begin(), its.jumps.end());
    }
    entries_.push_back(probe);
    return true;
  }

  // Where a resolver returns. False where that is not known, or where something else returns as well.
  bool add_resolver(std::uint64_t address, HeapFunctions::Id function) {
    const auto returns = finder_.own_returns(address, 0);
    if (returns.empty() || ends_.size() + resolvers_.size() + returns.size() > limits::module_probes)
      return false;
    for (const std::uint64_t at : returns) {
      if (ends_.contains(at) || !resolvers_.try_emplace(at, function).second) return false;
    }
    return true;
  }

  bool has_entries() const { return !entries_.empty(); }

  // Ends before the entries that need them.
  void append_to(std::vector<PlannedProbe>& probes) && {
    for (PlannedProbe& entry : entries_) {
      const auto jump = jumps_.extract(entry.address);
      entry.is_jump = !jump.empty();
      if (entry.is_jump) entry.through = jump.mapped();
      ends_.erase(entry.address);  // A function that only returns.
    }
    for (const std::uint64_t address : ends_) probes.push_back({address, ProbeRole::end});
    for (const auto& [address, pointer] : jumps_) {
      probes.push_back({.address = address, .role = ProbeRole::jump, .through = pointer});
    }
    probes.insert(probes.end(), entries_.begin(), entries_.end());
    for (const PlannedProbe& mark : marks_) {
      if (!ends_.contains(mark.address) && !jumps_.contains(mark.address)) probes.push_back(mark);
    }
    for (const auto& [address, function] : resolvers_)
      probes.push_back({address, ProbeRole::chosen, function});
  }

 private:
  EndFinder& finder_;
  const HeapFunctions& functions_;
  std::set<std::uint64_t> ends_;
  std::map<std::uint64_t, std::uint64_t> jumps_;
  std::map<std::uint64_t, HeapFunctions::Id> resolvers_;
  std::vector<PlannedProbe> entries_;
  std::vector<PlannedProbe> marks_;  // Entries of what allocates nothing.
};

}  // namespace

HeapPlan plan_heap(const elf::Image& image, const elf::Image* names, const arch::Code& code,
                   const HeapFunctions& functions) {
  HeapPlan plan;
  plan.is_32_bit = image.file_class() == elf::FileClass::elf32;
  if (plan.is_32_bit) return plan;
  const Candidates candidates = candidates_of(image, names, functions);
  if (candidates.loader) plan.probes.push_back({*candidates.loader, ProbeRole::modules});
  EndFinder finder(image, code, candidates.entries);
  Probes probes(finder, functions);
  for (const auto& [address, found] : candidates.entries) {
    if (!probes.add(address, found)) plan.left_out.push_back(functions[found.function].symbol);
  }
  for (const auto& [resolver, function] : candidates.chosen) {
    plan.chosen.push_back({function, resolver, probes.add_resolver(resolver, function)});
  }
  plan.has_allocator = probes.has_entries();
  std::move(probes).append_to(plan.probes);
  plan.gaps = SlotGaps(image, finder.starts().all());
  plan.gaps.find(image, code, plan.probes.size() * probes::slot_bytes / 2 + 256);
  return plan;
}

std::vector<PlannedProbe> plan_chosen(const elf::Image& image, const HeapPlan& plan, const arch::Code& code,
                                      const HeapFunctions& functions, HeapFunctions::Id function,
                                      std::uint64_t address) {
  std::map<std::uint64_t, Found> entries;
  for (const PlannedProbe& probe : plan.probes) {
    if (probe.role == ProbeRole::entry) entries.emplace(probe.address, Found{probe.function, 0});
  }
  EndFinder finder(image, code, entries);
  Probes probes(finder, functions);
  std::vector<PlannedProbe> planned;
  if (probes.add(address, {function, 0})) std::move(probes).append_to(planned);
  return planned;
}

}  // namespace sonde::record
