#include "form.hpp"

#include <limits>

namespace sonde::dwarf {

std::optional<std::uint32_t> fixed_size(Form form, Encoding encoding) {
  switch (form) {
    case Form::flag_present:
    case Form::implicit_const:
      return 0;
    case Form::data1:
    case Form::flag:
    case Form::ref1:
    case Form::strx1:
    case Form::addrx1:
      return 1;
    case Form::data2:
    case Form::ref2:
    case Form::strx2:
    case Form::addrx2:
      return 2;
    case Form::strx3:
    case Form::addrx3:
      return 3;
    case Form::data4:
    case Form::ref4:
    case Form::strx4:
    case Form::addrx4:
    case Form::ref_sup4:
      return 4;
    case Form::data8:
    case Form::ref8:
    case Form::ref_sig8:
    case Form::ref_sup8:
      return 8;
    case Form::data16:
      return 16;
    case Form::addr:
      return encoding.address_size;
    case Form::ref_addr:
      // DWARF 2 made it an address.
      return encoding.version <= 2 ? encoding.address_size : encoding.offset_size;
    case Form::strp:
    case Form::line_strp:
    case Form::sec_offset:
    case Form::strp_sup:
    case Form::GNU_ref_alt:
    case Form::GNU_strp_alt:
      return encoding.offset_size;
    default:
      return std::nullopt;
  }
}

namespace {

Value read_variable(Cursor& cursor, Form form, Encoding encoding) {
  const auto block = [&](std::uint64_t size) {
    cursor.skip(size);
    return Value{form, size};
  };
  switch (form) {
    case Form::udata:
    case Form::ref_udata:
    case Form::strx:
    case Form::addrx:
    case Form::loclistx:
    case Form::rnglistx:
    case Form::GNU_addr_index:
    case Form::GNU_str_index:
      return {form, cursor.uleb()};
    case Form::sdata:
      return {form, static_cast<std::uint64_t>(cursor.sleb())};
    case Form::string: {
      const Value value{form, cursor.position()};
      cursor.text();
      return value;
    }
    case Form::block1:
      return block(cursor.u8());
    case Form::block2:
      return block(cursor.u16());
    case Form::block4:
      return block(cursor.u32());
    case Form::block:
    case Form::exprloc:
      return block(cursor.uleb());
    case Form::indirect: {
      const auto actual = cursor.uleb();
      // An indirect form that names itself would never end; a constant of the abbreviation is not to be had
      // here.
      if (actual > std::numeric_limits<std::uint16_t>::max() || Form(actual) == Form::indirect ||
          Form(actual) == Form::implicit_const) {
        cursor.fail();
        return {};
      }
      return read_value(cursor, Form(actual), 0, encoding);
    }
    default:
      cursor.fail();
      return {};
  }
}

}  // namespace

Value read_value(Cursor& cursor, Form form, std::int64_t implicit, Encoding encoding) {
  if (form == Form::implicit_const) return {form, static_cast<std::uint64_t>(implicit)};
  const auto size = fixed_size(form, encoding);
  if (!size) return read_variable(cursor, form, encoding);
  if (*size == 0) return {form, 1};
  if (*size <= 8) return {form, cursor.sized(*size)};
  cursor.skip(*size);
  return {form, 0};
}

std::uint32_t small_constant(Value value) {
  switch (value.form) {
    case Form::data1:
    case Form::data2:
    case Form::data4:
    case Form::data8:
    case Form::udata:
    case Form::sdata:
    case Form::implicit_const:
      return value.number <= std::numeric_limits<std::uint32_t>::max()
                 ? static_cast<std::uint32_t>(value.number)
                 : 0;
    default:
      return 0;
  }
}

bool is_address(Form form) {
  switch (form) {
    case Form::addr:
    case Form::addrx:
    case Form::addrx1:
    case Form::addrx2:
    case Form::addrx3:
    case Form::addrx4:
    case Form::GNU_addr_index:
      return true;
    default:
      return false;
  }
}

}  // namespace sonde::dwarf
