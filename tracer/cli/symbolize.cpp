// sonde symbolize: addresses of a file → functions, files and lines.
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/verification.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/cli/verbs.hpp"
#include "sonde/names/debug_files.hpp"
#include "sonde/names/module.hpp"
#include "sonde/output/location.hpp"
#include "sonde/output/stream.hpp"

namespace sonde::cli {

namespace {

constexpr int failure = 125;

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// An address in hexadecimal, or a symbol of the file with an offset or without: main+0x10. What begins with a
// digit is an address, since looking for a symbol takes its time.
std::optional<std::uint64_t> address_of(std::string_view text, const names::Module& module) {
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') return hexadecimal(text);
  const std::size_t plus = text.rfind('+');
  std::optional<std::uint64_t> offset = 0;
  if (plus != std::string_view::npos) offset = hexadecimal(text.substr(plus + 1));
  const auto symbol = module.image().symbol(text.substr(0, plus));
  if (symbol && offset) return symbol->address + *offset;
  return hexadecimal(text);
}

Result<names::Module> open_module(const std::string& path, const names::DebugFiles& files) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return fail_errno(errno, fmt::format("cannot open {}", path));
  auto image = elf::Image::open(std::move(file), path);
  if (!image) return Failure(image.error());
  if ((*image)->type() == elf::FileType::relocatable)
    return fail(ErrorCode::unsupported,
                fmt::format("{} is an object file: it has no addresses until it is linked", path));
  std::error_code error;
  const std::string real = std::filesystem::canonical(path, error);
  return names::Module(std::move(*image), error ? path : real, files);
}

Result<names::DebugFiles> open_debug_files(const Settings& settings) {
  auto process = names::FileRoot::at("/");
  auto own = names::FileRoot::at("/");
  if (!process || !own) return Failure((process ? own : process).error());
  names::DebugFileOptions options;
  for (const std::string& folder : settings.symbols_from) {
    std::error_code error;
    options.symbols_from.push_back(std::filesystem::canonical(folder, error));
    if (error) return fail_errno(error.value(), fmt::format("cannot look into {}", folder));
  }
  if (settings.debuginfod) {
    auto servers = names::Debuginfod::load();
    if (!servers) return Failure(servers.error());
    options.servers = *std::move(servers);
  }
  return names::DebugFiles(std::move(*process), std::move(*own), std::move(options));
}

class Symbolizer {
 public:
  Symbolizer(const Settings& settings, names::Module module, const names::DebugFiles& files)
      : settings_(settings),
        module_(std::move(module)),
        files_(files),
        output_(UniqueFd(::dup(STDOUT_FILENO))) {}

  // One address. A word that is none is told, and the rest goes on.
  void show(std::string_view text) {
    const auto address = address_of(text, module_);
    if (!address) {
      complain(fmt::format("'{}' is neither an address nor a symbol of {}", text, settings_.symbolize.file));
      good_ = false;
      return;
    }
    if (settings_.symbolize.verify) verification_.add(*address);
    const names::Location location = module_.locate(*address);
    for (const names::Frame& frame : location.frames) lines_ |= frame.line != 0;
    if (settings_.output.format == Format::json)
      output::append_location_json(output_.buffer(), *address, location);
    else
      output::append_location_text(output_.buffer(), location, !settings_.symbolize.mangled);
    output_.commit();
  }

  // What the reader of the output must know, and the exit status.
  int finish() {
    output_.flush();
    if (const auto problem = files_.server_problem()) complain(*problem);
    if (module_.problem()) {
      complain(*module_.problem());
    } else if (!lines_ && !module_.image().has_debug_info() && module_.debug_path().empty()) {
      complain(
          fmt::format("{} has no debug information, and no debug file for it was found: there are no lines",
                      settings_.symbolize.file));
    }
    if (output_.error() && output_.error()->errno_value != EPIPE) complain(*output_.error());
    if (!good_ || output_.error()) return failure;
    return settings_.symbolize.verify ? verification_.finish(module_, settings_.symbolize.file) : 0;
  }

  output::Stream& output() { return output_; }

 private:
  const Settings& settings_;
  names::Module module_;
  const names::DebugFiles& files_;
  output::Stream output_;
  Verification verification_;
  bool good_ = true;
  bool lines_ = false;
};

}  // namespace

int symbolize(const Settings& settings) {
  ::signal(SIGPIPE, SIG_IGN);
  const auto files = open_debug_files(settings);
  if (!files) {
    complain(files.error());
    return failure;
  }
  auto module = open_module(settings.symbolize.file, *files);
  if (!module) {
    complain(module.error());
    return failure;
  }
  Symbolizer symbolizer(settings, std::move(*module), *files);
  for (const std::string& address : settings.symbolize.addresses)
    if (!address.empty()) symbolizer.show(address);
  if (settings.symbolize.addresses.empty()) {
    // Whoever asks by a pipe may wait for each answer.
    std::string word;
    while (symbolizer.output().state() == output::Stream::State::open && std::cin >> word) {
      symbolizer.show(word);
      symbolizer.output().flush();
    }
  }
  return symbolizer.finish();
}

}  // namespace sonde::cli
