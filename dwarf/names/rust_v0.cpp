// Rust's mangling v0 (RFC 2603), printed as rustc's own demangler prints with {:#}: without hashes and the
// types of constants.
#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "punycode.hpp"
#include "rust_parts.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::names {

namespace {

std::string_view basic_type(char tag) {
  switch (tag) {
    case 'a':
      return "i8";
    case 'b':
      return "bool";
    case 'c':
      return "char";
    case 'd':
      return "f64";
    case 'e':
      return "str";
    case 'f':
      return "f32";
    case 'h':
      return "u8";
    case 'i':
      return "isize";
    case 'j':
      return "usize";
    case 'l':
      return "i32";
    case 'm':
      return "u32";
    case 'n':
      return "i128";
    case 'o':
      return "u128";
    case 'p':
      return "_";
    case 's':
      return "i16";
    case 't':
      return "u16";
    case 'u':
      return "()";
    case 'v':
      return "...";
    case 'x':
      return "i64";
    case 'y':
      return "u64";
    case 'z':
      return "!";
    default:
      return {};
  }
}

// Parses and prints in one pass. After a mistake, or when a limit is reached, `good_` is false and everything
// returns.
class V0 {
 public:
  // `text` is the name behind "_R": back references count from there.
  explicit V0(std::string_view text) : text_(text) {}

  std::optional<std::string> demangle() {
    if (is_digit(peek())) return std::nullopt;  // A version that is not known.
    path(true);
    if (is_upper(peek())) silently([&] { path(false); });  // The crate that instantiated it.
    const auto suffix = suffix_of(text_.substr(std::min(at_, text_.size())));
    if (!good_ || !suffix) return std::nullopt;
    return std::move(output_) + *suffix;
  }

 private:
  struct Identifier {
    std::string_view text;
    bool punycode = false;
  };

  // One level deeper, until it goes out of scope.
  class Level {
   public:
    explicit Level(V0& name) : name_(name) {
      if (++name_.depth_ > limits::demangle_nesting || ++name_.steps_ > limits::demangled_bytes) name_.fail();
    }
    ~Level() { --name_.depth_; }

   private:
    V0& name_;
  };

  void fail() {
    good_ = false;
    at_ = text_.size();
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  char next() {
    const char c = peek();
    if (c == '\0')
      fail();
    else
      ++at_;
    return c;
  }
  bool eat(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void print(std::string_view text) {
    if (silent_ || !good_) return;
    if (text.size() > limits::demangled_bytes - output_.size())
      fail();
    else
      output_ += text;
  }

  template <typename Function>
  void silently(Function parse) {
    const bool before = std::exchange(silent_, true);
    parse();
    silent_ = before;
  }

  // Items up to an "E", with what separates them.
  template <typename Function>
  std::size_t list(std::string_view separator, Function item) {
    std::size_t count = 0;
    while (good_ && !eat('E')) {
      if (count++ > 0) print(separator);
      item();
    }
    return count;
  }

  // "_" is 0, "0_" is 1 …
  std::uint64_t base_62() {
    if (eat('_')) return 0;
    std::uint64_t value = 0;
    while (good_ && !eat('_')) {
      const char c = next();
      const int digit = is_digit(c)            ? c - '0'
                        : c >= 'a' && c <= 'z' ? c - 'a' + 10
                        : is_upper(c)          ? c - 'A' + 36
                                               : -1;
      if (digit < 0 || value > (UINT64_MAX - 62) / 62 - 1) {
        fail();
        return 0;
      }
      value = value * 62 + static_cast<std::uint64_t>(digit);
    }
    return value + 1;
  }

  std::uint64_t optional_base_62(char tag) { return eat(tag) ? base_62() + 1 : 0; }

  // Without leading zeros: behind a "0" something else begins.
  std::size_t decimal() {
    if (eat('0')) return 0;
    std::size_t value = 0;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail();
    at_ += good_ ? static_cast<std::size_t>(end - begin) : 0;
    return value;
  }

  Identifier identifier() {
    Identifier found;
    found.punycode = eat('u');
    const std::size_t size = decimal();
    eat('_');
    if (size > text_.size() - at_) {
      fail();
      return {};
    }
    found.text = text_.substr(at_, size);
    at_ += size;
    return found;
  }

  void print(const Identifier& name) {
    if (!name.punycode) return print(name.text);
    if (const auto decoded = decode_punycode(name.text))
      print(*decoded);
    else
      fail();
  }

  // Goes on at an earlier place, which must lie before the reference so that it ends. Where nothing is
  // printed there is nothing to learn there.
  template <typename Function>
  void back_reference(Function parse) {
    const std::size_t here = at_ - 1;
    const std::uint64_t target = base_62();
    if (target >= here) return fail();
    if (silent_ || !good_) return;
    const std::size_t after = std::exchange(at_, static_cast<std::size_t>(target));
    parse();
    if (good_) at_ = after;
  }

  // In the place of a value its generic arguments follow "::".
  void path(bool value) {
    const Level level(*this);
    switch (const char tag = next(); tag) {
      case 'C':
        optional_base_62('s');
        print(identifier());
        break;
      case 'M':
      case 'X':
        optional_base_62('s');
        silently([&] { path(false); });
        [[fallthrough]];
      case 'Y':
        print("<");
        type();
        if (tag != 'M') {
          print(" as ");
          path(false);
        }
        print(">");
        break;
      case 'N':
        nested_path(value);
        break;
      case 'I':
        path(value);
        if (value) print("::");
        print("<");
        list(", ", [&] { generic_argument(); });
        print(">");
        break;
      case 'B':
        back_reference([&] { path(value); });
        break;
      default:
        fail();
    }
  }

  void nested_path(bool value) {
    const char space = next();
    path(value);
    const std::uint64_t disambiguator = optional_base_62('s');
    const Identifier name = identifier();
    if (is_upper(space)) {
      print("::{");
      print(space == 'C' ? "closure" : space == 'S' ? "shim" : std::string_view(&space, 1));
      if (!name.text.empty()) {
        print(":");
        print(name);
      }
      print(fmt::format("#{}}}", disambiguator));
    } else if (!name.text.empty()) {
      print("::");
      print(name);
    }
  }

  void generic_argument() {
    if (eat('L'))
      print_lifetime(base_62());
    else if (eat('K'))
      constant();
    else
      type();
  }

  // Lifetimes count outwards from the innermost binder; 0 is the erased one.
  void print_lifetime(std::uint64_t index) {
    if (index == 0) return print("'_");
    if (index > bound_lifetimes_) return fail();
    const std::uint64_t depth = bound_lifetimes_ - index;
    print(depth < 26 ? fmt::format("'{}", static_cast<char>('a' + depth)) : fmt::format("'_{}", depth));
  }

  template <typename Function>
  void in_binder(Function parse) {
    const std::uint64_t before = bound_lifetimes_;
    const std::uint64_t count = optional_base_62('G');
    if (count > limits::demangled_bytes) return fail();
    if (count > 0) {
      print("for<");
      for (std::uint64_t i = 0; i < count && good_; ++i) {
        if (i > 0) print(", ");
        ++bound_lifetimes_;
        print_lifetime(1);
      }
      print("> ");
    }
    parse();
    bound_lifetimes_ = before;
  }

  void type() {
    const Level level(*this);
    const char tag = next();
    if (const std::string_view basic = basic_type(tag); !basic.empty()) return print(basic);
    switch (tag) {
      case 'R':
      case 'Q':
        print("&");
        if (eat('L')) {
          if (const std::uint64_t lifetime = base_62(); lifetime != 0) {
            print_lifetime(lifetime);
            print(" ");
          }
        }
        if (tag == 'Q') print("mut ");
        return type();
      case 'P':
      case 'O':
        print(tag == 'P' ? "*const " : "*mut ");
        return type();
      case 'A':
      case 'S':
        print("[");
        type();
        if (tag == 'A') {
          print("; ");
          constant();
        }
        return print("]");
      case 'T':
        print("(");
        if (list(", ", [&] { type(); }) == 1) print(",");
        return print(")");
      case 'F':
        return in_binder([&] { function_signature(); });
      case 'D':
        return dynamic_traits();
      case 'B':
        return back_reference([&] { type(); });
      default:
        if (!good_) return;
        --at_;
        return path(false);
    }
  }

  void function_signature() {
    if (eat('U')) print("unsafe ");
    if (eat('K')) {
      print("extern \"");
      if (eat('C')) {
        print("C");
      } else {
        std::string abi(identifier().text);
        std::replace(abi.begin(), abi.end(), '_', '-');
        print(abi);
      }
      print("\" ");
    }
    print("fn(");
    list(", ", [&] { type(); });
    print(")");
    if (eat('u')) return;
    print(" -> ");
    type();
  }

  void dynamic_traits() {
    print("dyn ");
    in_binder([&] { list(" + ", [&] { dynamic_trait(); }); });
    if (!eat('L')) return fail();
    if (const std::uint64_t lifetime = base_62(); lifetime != 0) {
      print(" + ");
      print_lifetime(lifetime);
    }
  }

  // A trait, with its associated types among its generic arguments.
  void dynamic_trait() {
    bool open = open_path();
    while (eat('p')) {
      print(open ? ", " : "<");
      open = true;
      print(identifier());
      print(" = ");
      type();
    }
    if (open) print(">");
  }

  // A path; true when it ends in generic arguments, whose ">" is then left to the caller.
  bool open_path() {
    const Level level(*this);
    bool open = false;
    if (eat('B')) {
      back_reference([&] { open = open_path(); });
    } else if (eat('I')) {
      path(false);
      print("<");
      list(", ", [&] { generic_argument(); });
      open = true;
    } else {
      path(false);
    }
    return open;
  }

  void constant() {
    const Level level(*this);
    const char tag = next();
    if (tag == 'p') return print("_");
    if (tag == 'B') return back_reference([&] { constant(); });
    const bool is_signed = std::string_view("aslxni").find(tag) != std::string_view::npos;
    const bool is_integer = is_signed || std::string_view("htmyoj").find(tag) != std::string_view::npos;
    if (!is_integer && tag != 'b' && tag != 'c') return fail();
    if (is_signed && eat('n')) print("-");
    const std::size_t begin = at_;
    while (is_lower_hex(peek())) ++at_;
    const std::string_view digits = text_.substr(begin, at_ - begin);
    if (!eat('_')) return fail();
    print_constant(tag, digits, is_integer);
  }

  void print_constant(char tag, std::string_view digits, bool is_integer) {
    std::uint64_t value = 0;
    const bool fits =
        digits.empty() ||
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16).ec == std::errc{};
    if (is_integer) return print(fits ? fmt::format("{}", value) : fmt::format("0x{}", digits));
    if (!fits) return fail();
    if (tag == 'b') return value > 1 ? fail() : print(value == 1 ? "true" : "false");
    const auto character = utf8(value);
    if (!character) return fail();
    print(value < ' ' || value == 0x7f ? fmt::format("'\\u{{{:x}}}'", value)
                                       : fmt::format("'{}'", *character));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string output_;
  bool good_ = true;
  bool silent_ = false;
  std::size_t depth_ = 0;
  std::size_t steps_ = 0;
  std::uint64_t bound_lifetimes_ = 0;
};

}  // namespace

std::optional<std::string> demangle_rust_v0(std::string_view rest) { return V0(rest).demangle(); }

}  // namespace sonde::names
