#include "sonde/dwarf/reader.hpp"

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "catalog.hpp"
#include "names.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

namespace {

// A place in a source, as a line table's files are numbered. 0 is a file too, in DWARF 5.
struct Position {
  std::uint32_t file = no_index;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// The paths of source files, made once for each file of a line table.
class Paths {
 public:
  std::string_view find(const Place& unit, const LineTable& lines, std::uint32_t file) {
    const auto number = static_cast<std::uint64_t>(unit.unit - unit.file->units.data());
    const auto [known, is_new] = paths_.try_emplace(number << 32 | file);
    if (is_new) {
      known->second = lines.path(file);
      memory_ += 72 + known->second.capacity();
    }
    return known->second;
  }
  void drop() {
    paths_.clear();
    memory_ = 0;
  }
  std::size_t memory() const { return memory_; }

 private:
  std::unordered_map<std::uint64_t, std::string> paths_;
  std::size_t memory_ = 0;
};

}  // namespace

class Reader::Index {
 public:
  explicit Index(Input input) : catalog_(std::move(input)), names_(catalog_) {}

  std::size_t units() const { return catalog_.size(); }
  std::size_t memory() const { return catalog_.memory() + names_.memory() + paths_.memory(); }

  Frames lookup(std::uint64_t address) {
    if (memory() > limits::dwarf_cache_bytes) drop();
    frames_.clear();
    catalog_.begin_lookup();
    const Place unit = catalog_.unit_at(address);
    if (!unit) return {};
    const LineTable& lines = catalog_.lines(unit);
    const LineRow* const row = lines.find(address);
    Position position;
    if (row != nullptr) position = {row->file, row->line, row->column};
    const Place code = with_functions(unit);
    const FunctionIndex& functions = catalog_.functions(code);
    std::uint32_t at = functions.find(address);
    if (at == no_index && row != nullptr) add_frame({}, unit, lines, position, false);
    while (at != no_index && frames_.size() < limits::dwarf_inline_frames) {
      const Function& function = functions.function(at);
      at = function.caller;
      add_frame(name_of(function), unit, lines, position, at != no_index);
      position = {function.call_file, function.call_line, function.call_column};
    }
    // The calls beyond the limit are left out.
    if (!frames_.empty()) frames_.back().inlined = false;
    return frames_;
  }

 private:
  void drop() {
    names_.drop();
    paths_.drop();
    catalog_.drop();
  }

  // A skeleton's other half. Some compilers leave what was inlined in the skeleton too, for when it cannot be
  // found.
  Place with_functions(const Place& unit) {
    const Place split = unit.unit->is_skeleton ? catalog_.split_of(*unit.unit) : Place();
    return split ? split : unit;
  }

  Name name_of(const Function& function) {
    if (function.name == no_index) function.name = names_.find(function.entry);
    return names_.name(function.name);
  }

  void add_frame(Name function, const Place& unit, const LineTable& lines, Position position, bool inlined) {
    frames_.push_back({function.text, paths_.find(unit, lines, position.file), position.line, position.column,
                       inlined, function.is_linkage_name});
  }

  Catalog catalog_;
  Names names_;
  Paths paths_;
  std::vector<Frame> frames_;
};

Reader::Reader(std::unique_ptr<Index> index) : index_(std::move(index)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(Input input) {
  if (input.main.info.empty()) return fail(ErrorCode::not_found, "there is no debug information");
  auto index = std::make_unique<Index>(std::move(input));
  if (index->units() == 0) return fail(ErrorCode::invalid, "the debug information cannot be read");
  return Reader(std::move(index));
}

Frames Reader::lookup(std::uint64_t address) { return index_->lookup(address); }

std::size_t Reader::memory() const { return index_->memory(); }

}  // namespace sonde::dwarf
