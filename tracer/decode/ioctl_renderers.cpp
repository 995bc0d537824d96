// ioctl: its requests by name, and what terminals' requests point to.
#include <asm/ioctl.h>
#include <asm/termbits.h>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "decode/termios.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// A request that nobody knows, taken apart: _IOC(_IOC_READ, 0x54, 0x55, 0x4).
std::string request_text(std::uint32_t request) {
  constexpr std::string_view directions[] = {"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"};
  const auto hex = [](std::uint32_t number) { return number == 0 ? "0" : fmt::format("{:#x}", number); };
  return fmt::format("_IOC({}, {}, {}, {})", directions[_IOC_DIR(request)], hex(_IOC_TYPE(request)),
                     hex(_IOC_NR(request)), hex(_IOC_SIZE(request)));
}

void render_request(const Value& value) {
  const auto request = static_cast<std::uint32_t>(value.raw);
  const auto* set = syscall::constant_set("ioctl_request");
  const std::string_view name = set == nullptr ? std::string_view() : set->name_of(request);
  print_symbol(value, name.empty() ? request_text(request) : std::string(name), request);
}

template <const TermiosLayout& layout>
void render_termios(const Value& value) {
  print_termios(value, layout);
}

constexpr Field winsize_fields[] = {{"ws_row", 0, 2, Kind::udec},
                                    {"ws_col", 2, 2, Kind::udec},
                                    {"ws_xpixel", 4, 2, Kind::udec},
                                    {"ws_ypixel", 6, 2, Kind::udec}};
void render_winsize(const Value& value) {
  print_struct(value, {as_word(value, value.raw)}, 8, winsize_fields);
}

constexpr Field clone_range_fields[] = {{"src_fd", 0, 8, Kind::fd},
                                        {"src_offset", 8, 8, Kind::ludec},
                                        {"src_length", 16, 8, Kind::ludec},
                                        {"dest_offset", 24, 8, Kind::ludec}};
void render_clone_range(const Value& value) {
  print_struct(value, {as_word(value, value.raw)}, 32, clone_range_fields);
}

void render_character(const Value& value) { print_data(value, {as_word(value, value.raw)}, 1); }

constexpr Registration table[] = {
    {Kind::ioctl_request, render_request},
    {Kind::termios_in, render_termios<termios_layout>},
    {Kind::termios_out, render_termios<termios_layout>},
    {Kind::termios2_in, render_termios<termios2_layout>},
    {Kind::termios2_out, render_termios<termios2_layout>},
    {Kind::termio_in, render_termios<termio_layout>},
    {Kind::termio_out, render_termios<termio_layout>},
    {Kind::file_clone_range_in, render_clone_range},
    {Kind::winsize_in, render_winsize},
    {Kind::winsize_out, render_winsize},
    {Kind::char_in, render_character},
};

}  // namespace

Domain ioctl_domain() { return {table}; }

}  // namespace sonde::decode
