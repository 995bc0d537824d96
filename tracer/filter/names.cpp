#include "names.hpp"

#include <algorithm>
#include <cctype>

#include <re2/re2.h>

namespace sonde::filter {

namespace {

constexpr int errnos = 4096;  // The kernel's MAX_ERRNO, and one.
constexpr int signals = 65;   // _NSIG, and one.
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::uint64_t whole = ~std::uint64_t{0};

std::optional<std::uint32_t> index_of(Abi abi, std::uint32_t nr) {
  if (abi == Abi::x32) nr &= ~x32_bit;
  if (nr >= SyscallSet::numbers) return std::nullopt;
  return nr;
}

std::string upper(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return made;
}

template <typename NameOf>
std::vector<std::string_view> names_up_to(int end, NameOf name_of) {
  std::vector<std::string_view> names;
  for (int value = 1; value < end; ++value) {
    if (const std::string_view name = name_of(value); !name.empty()) names.push_back(name);
  }
  return names;
}

// How a flag of that part is told from others. Of a choice (open()'s access mode) all bits count, so that
// O_RDONLY, which has none, can be asked for too; a bit without bits means that none is set at all.
std::uint64_t mask_of(const syscall::Part& part, std::uint64_t value) {
  if (part.kind == syscall::PartKind::choice) return part.mask;
  return value == 0 ? whole : value;
}

void append_cases(std::vector<FlagCase>& cases, std::string_view name, const syscall::ConstantSet& set) {
  for (const syscall::Part& part : set.parts) {
    for (const syscall::Constant& constant : part.values) {
      if (constant.name == name) cases.push_back({&set, mask_of(part, constant.value), constant.value});
    }
  }
  for (const syscall::Constant& constant : set.wholes) {
    if (constant.name == name) cases.push_back({&set, whole, constant.value});
  }
}

}  // namespace

void SyscallSet::insert(Abi abi, std::uint32_t nr) {
  if (const auto index = index_of(abi, nr)) calls_[static_cast<std::size_t>(abi)].set(*index);
}

bool SyscallSet::contains(SyscallNumber call) const {
  const auto index = index_of(call.abi, call.nr);
  return index && calls_[static_cast<std::size_t>(call.abi)].test(*index);
}

bool SyscallSet::empty() const {
  return std::all_of(calls_.begin(), calls_.end(), [](const auto& calls) { return calls.none(); });
}

SyscallSet& SyscallSet::operator|=(const SyscallSet& other) {
  for (std::size_t i = 0; i < calls_.size(); ++i) calls_[i] |= other.calls_[i];
  return *this;
}

bool is_glob(std::string_view text) { return text.find_first_of("*?") != std::string_view::npos; }

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // The last * seen, and where in the text its run ends for now.
  std::size_t run_end = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      run_end = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++run_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

SyscallSet calls_named(std::string_view name) {
  return calls_where([&](const syscall::Row& row) { return row.name == name; });
}

SyscallSet calls_like(std::string_view glob) {
  return calls_where([&](const syscall::Row& row) { return glob_matches(glob, row.name); });
}

SyscallSet calls_matching(const re2::RE2& regex) {
  return calls_where([&](const syscall::Row& row) { return re2::RE2::PartialMatch(row.name.view(), regex); });
}

SyscallSet calls_of(syscall::Class wanted) {
  return calls_where([&](const syscall::Row& row) { return syscall::has(row.classes, wanted); });
}

std::span<const std::string_view> syscall_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::x32}) {
      for (const syscall::Row& row : syscall::rows(abi)) all.push_back(row.name);
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }();
  return names;
}

std::span<const std::string_view> errno_names() {
  static const auto names = names_up_to(errnos, syscall::errno_name);
  return names;
}

std::optional<int> errno_named(std::string_view name) {
  for (int value = 1; value < errnos; ++value) {
    if (syscall::errno_name(value) == name) return value;
  }
  // An alias, such as EWOULDBLOCK: only a constant whose value has an errno's name is one.
  const auto value = name.starts_with('E') ? syscall::constant_named(name) : std::nullopt;
  if (!value || *value >= errnos || !syscall::errno_name(static_cast<int>(*value)).starts_with('E') ||
      name.find('_') != std::string_view::npos) {
    return std::nullopt;
  }
  return static_cast<int>(*value);
}

std::span<const std::string_view> signal_names() {
  static const auto names = names_up_to(signals, syscall::signal_name);
  return names;
}

std::optional<int> signal_named(std::string_view name, bool loose) {
  std::string wanted(name);
  if (loose) {
    wanted = upper(name);
    if (!wanted.starts_with("SIG")) wanted.insert(0, "SIG");
  }
  for (int value = 1; value < signals; ++value) {
    if (syscall::signal_name(value) == wanted) return value;
  }
  // An alias, such as SIGPOLL; names with _ are other things (SIG_BLOCK, SIGEV_SIGNAL).
  const bool other = !wanted.starts_with("SIG") || wanted.find('_') != std::string::npos;
  const auto value = other ? std::nullopt : syscall::constant_named(wanted);
  if (!value || *value == 0 || *value >= signals) return std::nullopt;
  return static_cast<int>(*value);
}

std::vector<FlagCase> flag_named(std::string_view name) {
  std::vector<FlagCase> cases;
  for (unsigned kind = 0; kind < static_cast<unsigned>(syscall::Kind::count_); ++kind) {
    const auto* set = syscall::constants_of(static_cast<syscall::Kind>(kind));
    if (set == nullptr || !set->flags) continue;
    if (std::any_of(cases.begin(), cases.end(), [&](const FlagCase& c) { return c.set == set; })) continue;
    append_cases(cases, name, *set);
  }
  return cases;
}

Regex compile_regex(std::string_view pattern, std::int64_t bytes) {
  re2::RE2::Options options;
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  options.set_log_errors(false);
  options.set_max_mem(bytes);
  auto compiled = std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (!compiled->ok()) return {nullptr, compiled->error()};
  return {std::move(compiled), {}};
}

}  // namespace sonde::filter
