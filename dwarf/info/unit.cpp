#include "unit.hpp"

#include <algorithm>

namespace sonde::dwarf {

namespace {

bool takes(UnitType type, File::Kind kind) {
  switch (type) {
    case UnitType::compile:
    case UnitType::partial:
    case UnitType::skeleton:
      return true;
    case UnitType::split_compile:
      return kind == File::Kind::split;
    default:
      return false;
  }
}

// What is behind the length of a header of DWARF 5 (section 7.5.1). False for units that are left out.
bool read_header_5(Cursor& cursor, const File& file, Unit& unit) {
  const auto type = UnitType(cursor.u8());
  unit.encoding.address_size = cursor.u8();
  unit.abbreviations = cursor.sized(unit.encoding.offset_size);
  if (type == UnitType::skeleton || type == UnitType::split_compile) unit.identity = cursor.u64();
  // Where its contributions begin unless its root says otherwise: behind the header of the section's first.
  const unsigned length = unit.encoding.offset_size == 8 ? 12 : 4;
  unit.str_offsets_base = length + 4;
  unit.addr_base = length + 4;
  unit.rnglists_base = length + 8;
  return takes(type, file.kind);
}

}  // namespace

std::optional<Unit> read_header(const File& file, std::uint64_t& at) {
  Cursor cursor(file.sections.info, at);
  if (cursor.at_end()) return std::nullopt;
  Unit unit;
  unit.offset = at;
  unit.encoding.offset_size = 4;
  std::uint64_t length = cursor.u32();
  if (length == 0xffffffff) {
    unit.encoding.offset_size = 8;
    length = cursor.u64();
  } else if (length >= 0xfffffff0) {
    return std::nullopt;
  }
  if (!cursor.ok()) return std::nullopt;
  // A file that was cut short still has what its last unit begins with.
  unit.end = cursor.position() + std::min(length, cursor.remaining());
  at = unit.end;
  unit.encoding.version = cursor.u16();
  bool known = unit.encoding.version >= 2 && unit.encoding.version <= 5;
  if (unit.encoding.version == 5) {
    known = read_header_5(cursor, file, unit);
  } else {
    unit.abbreviations = cursor.sized(unit.encoding.offset_size);
    unit.encoding.address_size = cursor.u8();
  }
  unit.root = cursor.position();
  if (!known || !cursor.ok() || unit.root >= unit.end ||
      (unit.encoding.address_size != 8 && unit.encoding.address_size != 4))
    unit.encoding.version = 0;
  return unit;
}

std::optional<Root> read_root(const File& file, const Unit& unit, std::uint64_t& budget) {
  Cursor cursor(file.sections.info, unit.root, unit.end);
  Root root;
  std::vector<Attribute> attributes;
  if (!find_abbreviation(file.sections.abbrev, unit.abbreviations, cursor.uleb(), budget, root.tag,
                         attributes))
    return std::nullopt;
  if (root.tag != Tag::compile_unit && root.tag != Tag::partial_unit && root.tag != Tag::skeleton_unit)
    return std::nullopt;
  for (const Attribute& attribute : attributes) {
    const Value value = read_value(cursor, attribute.form, attribute.implicit, unit.encoding);
    if (!cursor.ok()) break;
    switch (attribute.name) {
      case At::low_pc:
        root.low_pc = value;
        break;
      case At::high_pc:
        root.high_pc = value;
        break;
      case At::ranges:
        root.ranges = value;
        break;
      case At::stmt_list:
        root.lines = value;
        break;
      case At::language:
        root.language = value;
        break;
      case At::comp_dir:
        root.directory = value;
        break;
      case At::dwo_name:
      case At::GNU_dwo_name:
        root.split_name = value;
        break;
      case At::GNU_dwo_id:
        root.identity = value;
        break;
      case At::str_offsets_base:
        root.str_offsets_base = value;
        break;
      case At::addr_base:
        root.addr_base = value;
        break;
      case At::GNU_addr_base:
        root.gnu_addr_base = value;
        break;
      case At::rnglists_base:
        root.rnglists_base = value;
        break;
      case At::GNU_ranges_base:
        root.gnu_ranges_base = value;
        break;
      default:
        break;
    }
  }
  return root;
}

void apply_root(const Root& root, Unit& unit) {
  const auto set = [](std::uint64_t& base, Value value) { base = offset_of(value).value_or(base); };
  set(unit.str_offsets_base, root.str_offsets_base);
  set(unit.addr_base, root.gnu_addr_base);
  set(unit.addr_base, root.addr_base);
  set(unit.rnglists_base, root.rnglists_base);
  set(unit.split_ranges_base, root.gnu_ranges_base);
  if (root.identity) unit.identity = root.identity.number;
  unit.lines = offset_of(root.lines);
  unit.language = Language(small_constant(root.language));
  unit.is_partial = root.tag == Tag::partial_unit;
  unit.is_skeleton = bool(root.split_name);
  unit.has_code = root.low_pc || root.ranges;
}

std::optional<std::uint64_t> offset_of(Value value) {
  switch (value.form) {
    case Form::sec_offset:
    case Form::data4:
    case Form::data8:
      return value.number;
    default:
      return std::nullopt;
  }
}

std::string_view text_of(const File& file, const Unit& unit, Value value) {
  switch (value.form) {
    case Form::string:
      return text_at(file.sections.info, value.number);
    case Form::strp:
      return text_at(file.sections.str, value.number);
    case Form::line_strp:
      return text_at(file.sections.line_str, value.number);
    case Form::strp_sup:
    case Form::GNU_strp_alt:
      return file.alternate == nullptr ? std::string_view()
                                       : text_at(file.alternate->sections.str, value.number);
    case Form::strx:
    case Form::strx1:
    case Form::strx2:
    case Form::strx3:
    case Form::strx4:
    case Form::GNU_str_index: {
      if (value.number > file.sections.str_offsets.size()) return {};
      Cursor cursor(file.sections.str_offsets,
                    unit.str_offsets_base + value.number * unit.encoding.offset_size);
      const std::uint64_t offset = cursor.sized(unit.encoding.offset_size);
      return cursor.ok() ? text_at(file.sections.str, offset) : std::string_view();
    }
    default:
      return {};
  }
}

std::optional<std::uint64_t> address_at(const File& file, const Unit& unit, std::uint64_t index) {
  if (index > file.sections.addr.size()) return std::nullopt;
  Cursor cursor(file.sections.addr, unit.addr_base + index * unit.encoding.address_size);
  const std::uint64_t address = cursor.sized(unit.encoding.address_size);
  return cursor.ok() ? std::optional(address) : std::nullopt;
}

std::optional<std::uint64_t> address_of(const File& file, const Unit& unit, Value value) {
  if (value.form == Form::addr) return value.number;
  if (is_address(value.form)) return address_at(file, unit, value.number);
  return std::nullopt;
}

std::optional<Reference> reference_of(const File& file, const Unit& unit, std::uint32_t file_number,
                                      Value value) {
  switch (value.form) {
    case Form::ref1:
    case Form::ref2:
    case Form::ref4:
    case Form::ref8:
    case Form::ref_udata:
      if (value.number >= unit.end - unit.offset) return std::nullopt;
      return Reference{file_number, unit.offset + value.number};
    case Form::ref_addr:
      return Reference{file_number, value.number};
    case Form::ref_sup4:
    case Form::ref_sup8:
    case Form::GNU_ref_alt:
      if (file.alternate == nullptr) return std::nullopt;
      return Reference{1, value.number};
    default:
      return std::nullopt;
  }
}

}  // namespace sonde::dwarf
