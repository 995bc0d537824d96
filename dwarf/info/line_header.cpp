#include "line_header.hpp"

#include <algorithm>
#include <limits>

#include "sonde/base/limits.hpp"

namespace sonde::dwarf {

namespace {

std::uint32_t cut_to_32(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

// What an entry of a table of DWARF 5 consists of.
struct Field {
  LineContent content{};
  Form form{};
};

// Reads the tables of DWARF 5, whose entries say themselves what they consist of.
class TableReader {
 public:
  TableReader(Cursor& cursor, const File& file, const Unit& unit, Encoding encoding)
      : cursor_(cursor), file_(file), unit_(unit), encoding_(encoding) {}

  // Calls `take(SourceFile)` for each entry of a table.
  template <typename Take>
  void read(Take take) {
    std::vector<Field> fields;
    for (unsigned count = cursor_.u8(); count > 0 && cursor_.ok(); --count) {
      Field field;
      field.content = LineContent(cut_to_32(cursor_.uleb()));
      field.form = Form(cut_to_32(cursor_.uleb()));
      fields.push_back(field);
    }
    std::uint64_t entries = cursor_.uleb();
    for (; entries > 0 && cursor_.ok(); --entries) {
      const std::uint64_t before = cursor_.position();
      const SourceFile entry = read_entry(fields);
      // An entry that takes no bytes can be repeated without end.
      if (!cursor_.ok() || cursor_.position() == before) return;
      take(entry);
    }
  }

 private:
  SourceFile read_entry(const std::vector<Field>& fields) {
    SourceFile entry;
    for (const Field& field : fields) {
      const Value value = read_value(cursor_, field.form, 0, encoding_);
      if (!cursor_.ok()) break;
      if (field.content == LineContent::path) entry.name = text(value);
      if (field.content == LineContent::directory_index) entry.directory = cut_to_32(value.number);
    }
    return entry;
  }

  std::string_view text(Value value) {
    if (value.form == Form::string) return text_at(file_.sections.line, value.number);
    return text_of(file_, unit_, value);
  }

  Cursor& cursor_;
  const File& file_;
  const Unit& unit_;
  Encoding encoding_;
};

void read_tables_5(Cursor& cursor, const File& file, const Unit& unit, LineHeader& header) {
  TableReader reader(cursor, file, unit, header.encoding);
  reader.read([&](const SourceFile& entry) {
    if (header.directories.size() < limits::dwarf_line_files) header.directories.push_back(entry.name);
  });
  reader.read([&](const SourceFile& entry) {
    if (header.files.size() < limits::dwarf_line_files) header.files.push_back(entry);
  });
}

void read_tables_2(Cursor& cursor, LineHeader& header) {
  header.directories.emplace_back();
  while (cursor.ok() && header.directories.size() < limits::dwarf_line_files) {
    const std::string_view directory = cursor.text();
    if (directory.empty()) break;
    header.directories.push_back(directory);
  }
  header.files.emplace_back();
  while (cursor.ok() && header.files.size() < limits::dwarf_line_files) {
    const SourceFile source = read_source_file(cursor);
    if (source.name.empty()) break;
    header.files.push_back(source);
  }
}

// What stands between the lengths and the tables, alike in all versions.
bool read_parameters(Cursor& cursor, LineHeader& header) {
  header.minimum_instruction_length = cursor.u8();
  if (header.encoding.version >= 4) header.maximum_operations = cursor.u8();
  cursor.u8();  // default_is_stmt: a look-up takes rows of both kinds.
  header.line_base = cursor.s8();
  header.line_range = cursor.u8();
  header.opcode_base = cursor.u8();
  for (unsigned opcode = 1; opcode < header.opcode_base; ++opcode)
    header.operand_counts[opcode] = cursor.u8();
  if (header.maximum_operations == 0) header.maximum_operations = 1;
  return cursor.ok() && header.line_range != 0 && header.opcode_base != 0;
}

}  // namespace

SourceFile read_source_file(Cursor& cursor) {
  SourceFile source;
  source.name = cursor.text();
  if (source.name.empty()) return source;
  source.directory = cut_to_32(cursor.uleb());
  cursor.uleb();
  cursor.uleb();
  return source;
}

std::optional<LineHeader> read_line_header(const File& file, const Unit& unit) {
  if (!unit.lines) return std::nullopt;
  Cursor cursor(file.sections.line, *unit.lines);
  LineHeader header;
  header.encoding.offset_size = 4;
  std::uint64_t length = cursor.u32();
  if (length == 0xffffffff) {
    header.encoding.offset_size = 8;
    length = cursor.u64();
  }
  header.end = cursor.position() + std::min(length, cursor.remaining());
  cursor = Cursor(file.sections.line, cursor.position(), header.end);
  header.encoding.version = cursor.u16();
  header.encoding.address_size = unit.encoding.address_size;
  if (header.encoding.version < 2 || header.encoding.version > 5) return std::nullopt;
  if (header.encoding.version == 5) {
    header.encoding.address_size = cursor.u8();
    cursor.u8();  // The size of a segment selector: there are none.
  }
  const std::uint64_t header_length = cursor.sized(header.encoding.offset_size);
  if (header_length > cursor.remaining()) return std::nullopt;
  header.program = cursor.position() + header_length;
  if (!read_parameters(cursor, header)) return std::nullopt;
  Cursor tables(file.sections.line, cursor.position(), header.program);
  if (header.encoding.version == 5) {
    read_tables_5(tables, file, unit, header);
  } else {
    read_tables_2(tables, header);
  }
  return header;
}

std::string source_path(const std::vector<std::string_view>& directories,
                        const std::vector<SourceFile>& files, std::string_view unit_directory,
                        std::uint32_t file) {
  if (file >= files.size() || files[file].name.empty()) return {};
  std::string path;
  const auto put = [&](std::string_view part) {
    part = part.substr(0, limits::path_bytes);
    if (part.empty()) return;
    if (part.front() == '/') path.clear();
    if (!path.empty() && path.back() != '/') path += '/';
    path += part;
  };
  put(unit_directory);
  if (files[file].directory < directories.size()) put(directories[files[file].directory]);
  put(files[file].name);
  return path;
}

}  // namespace sonde::dwarf
