#include "names.hpp"

#include <algorithm>

#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

namespace {

bool qualifies(Language language) {
  switch (language) {
    case Language::c89:
    case Language::c:
    case Language::c99:
    case Language::c11:
    case Language::c17:
    case Language::mips_assembler:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::uint32_t Names::find(std::uint64_t key) {
  const auto [known, is_new] = numbers_.try_emplace(key, static_cast<std::uint32_t>(names_.size()));
  if (!is_new) return known->second;
  const std::uint32_t number = known->second;
  names_.emplace_back();
  const Found found = follow(key);
  const std::string_view text = found.linkage_name.empty() ? qualified(found) : found.linkage_name;
  names_[number] = {text.substr(0, limits::dwarf_name_bytes), !found.linkage_name.empty()};
  return number;
}

Names::Entry Names::read_entry(const Place& place, std::uint64_t offset, Found& found) {
  Entry entry;
  if (offset < place.unit->root) return entry;
  Cursor cursor(place.file->sections.info, offset, place.unit->end);
  const Abbreviations& table = catalog_.abbreviations(place);
  const Abbreviation* const abbreviation = table.find(cursor.uleb());
  if (abbreviation == nullptr) return entry;
  found.is_namespace = abbreviation->tag == Tag::namespace_;
  Value linkage_name, name, origin, specification;
  read_attributes(cursor, table, *abbreviation, [&](At at, Value value) {
    switch (at) {
      case At::linkage_name:
      case At::MIPS_linkage_name:
        linkage_name = value;
        break;
      case At::name:
        name = value;
        break;
      case At::abstract_origin:
        origin = value;
        break;
      case At::specification:
        specification = value;
        break;
      default:
        break;
    }
  });
  entry.linkage_name = text_of(*place.file, *place.unit, linkage_name);
  entry.name = text_of(*place.file, *place.unit, name);
  entry.origin = origin ? origin : specification;
  return entry;
}

Names::Found Names::follow(std::uint64_t key) {
  Found found;
  // The entries of a hostile file may lead in a circle.
  for (unsigned hops = 0; hops < limits::dwarf_reference_hops; ++hops) {
    const Place place = catalog_.unit_of(key);
    if (!place) break;
    found.place = place;
    found.offset = offset_in(key);
    const Entry entry = read_entry(place, found.offset, found);
    if (found.name.empty()) found.name = entry.name;
    found.linkage_name = entry.linkage_name;
    if (!found.linkage_name.empty()) break;
    const auto next = reference_of(*place.file, *place.unit, place.file_number, entry.origin);
    if (!next) break;
    key = next->key();
  }
  return found;
}

std::string_view Names::qualified(const Found& found) {
  if (!found.place || found.name.empty() || !qualifies(found.place.unit->language)) return found.name;
  const FunctionIndex& index = catalog_.functions(found.place);
  std::vector<std::string_view> parts{found.name};
  std::size_t bytes = found.name.size();
  for (std::uint32_t at = index.scope_around(found.offset); at != no_index; at = index.scope(at).outer) {
    const Found scope = follow(Reference{found.place.file_number, index.scope(at).begin}.key());
    parts.push_back(!scope.name.empty()  ? scope.name
                    : scope.is_namespace ? std::string_view("(anonymous namespace)")
                                         : std::string_view("(anonymous)"));
    bytes += parts.back().size() + 2;
    if (bytes > limits::dwarf_name_bytes || parts.size() > limits::dwarf_name_parts) return found.name;
  }
  if (parts.size() == 1) return found.name;
  std::string& text = made_.emplace_back();
  text.reserve(bytes);
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    if (!text.empty()) text += "::";
    text += *part;
  }
  made_bytes_ += text.capacity();
  return text;
}

void Names::drop() {
  numbers_.clear();
  names_.clear();
  made_.clear();
  made_bytes_ = 0;
}

std::size_t Names::memory() const {
  // A hash node, about.
  return numbers_.size() * 40 + names_.capacity() * sizeof(Name) + made_.size() * sizeof(std::string) +
         made_bytes_;
}

}  // namespace sonde::dwarf
