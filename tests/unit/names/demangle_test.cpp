#include "sonde/names/demangle.hpp"

#include <string>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"

using sonde::names::demangle;
namespace limits = sonde::limits;

namespace {

std::string repeat(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

// A type that doubles with each step: a name of a few hundred bytes stands for more text than any memory
// holds.
std::string doubling(std::size_t steps) {
  std::string name = "_Z1f1AIiiE";
  for (std::size_t i = 0; i < steps; ++i) {
    const std::string last(1, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i]);
    name += "S_IS" + last + "_S" + last + "_E";
  }
  return name;
}

}  // namespace

TEST_CASE("names that are not mangled stay as they are") {
  for (const char* const name :
       {"", "main", "_start", "_", "_Z", "_R", "_ZN", "_Zmain", "__libc_start_main@@GLIBC_2.34", "Z1fv"})
    CHECK_FALSE(demangle(name));
}

TEST_CASE("C++ names") {
  CHECK(demangle("_Z1fv") == "f()");
  CHECK(demangle("_ZN3foo3BarC1ERKS0_") == "foo::Bar::Bar(foo::Bar const&)");
  CHECK(demangle("_ZNSt6vectorIiSaIiEE9push_backEOi") ==
        "std::vector<int, std::allocator<int> >::push_back(int&&)");
  CHECK(demangle("_ZZ4mainENKUliE_clEi") == "main::{lambda(int)#1}::operator()(int) const");
  CHECK(demangle("_ZTV3foo") == "vtable for foo");
  CHECK(demangle("_ZN12_GLOBAL__N_14workEv") == "(anonymous namespace)::work()");
  CHECK(demangle("_Z3addIdET_S0_S0_") == "double add<double>(double, double)");
  CHECK(demangle("_ZN2cv3MatC1Ev") == "cv::Mat::Mat()");
  CHECK(demangle("_ZN1AcvbEv") == "A::operator bool()");
  CHECK(demangle("_Z1fv.part.0") == "f() [clone .part.0]");
  CHECK(demangle("_ZN3foo3barEv@@V1.2") == "foo::bar()");
}

TEST_CASE("Rust names of the legacy mangling") {
  CHECK(demangle("_ZN4core3fmt5write17h0123456789abcdefE") == "core::fmt::write");
  CHECK(
      demangle("_ZN60_$LT$alloc..string..String$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE") ==
      "<alloc::string::String as core::fmt::Display>::fmt");
  CHECK(demangle("_ZN4main28_$u7b$$u7b$closure$u7d$$u7d$17h0123456789abcdefE") == "main::{{closure}}");
  CHECK(demangle("_ZN3std2io5stdio6_print17h0123456789abcdefE.llvm.123456") == "std::io::stdio::_print");
  CHECK(demangle("_ZN1a1b17h0123456789abcdefE.cold.1") == "a::b [clone .cold.1]");
  // An escape that would become a control character stays an escape.
  CHECK(demangle("_ZN1a5$u1b$17h0123456789abcdefE") == "a::$u1b$");
  // Without a hash it is a C++ name.
  CHECK(demangle("_ZN4core3fmtEv") == "core::fmt()");
}

TEST_CASE("Rust names of the v0 mangling") {
  CHECK(demangle("_RNvCs1234_7mycrate3foo") == "mycrate::foo");
  CHECK(demangle("_RNvMs_CskK7mfDs1mzF_1mINtB4_3TagKb1_Kc78_Kln5_E3sayB4_") ==
        "<m::Tag<true, 'x', -5>>::say");
  CHECK(demangle("_RNvXs0_CskK7mfDs1mzF_1mRShNtB5_5Shape4area") == "<&[u8] as m::Shape>::area");
  CHECK(demangle("_RNCINvCskK7mfDs1mzF_1m5applyNCNvB4_4mains_0E0B4_") ==
        "m::apply::<m::main::{closure#1}>::{closure#0}");
  CHECK(demangle("_RINvCskK7mfDs1mzF_1m3genFUKCPhOAtj4_EzEB2_") ==
        "m::gen::<unsafe extern \"C\" fn(*const u8, *mut [u16; 4]) -> !>");
  CHECK(demangle("_RINvNtNtCskK7mfDs1mzF_1mu8gdel_5qa5inneru14escher_n_12a2klEB6_") ==
        "m::gödel::inner::escher_ünï::<i32>");
  CHECK(demangle("_RINvNtCsgEmfK2I1SDS_4core3ptr13drop_in_placeINtNtCslNYArtu3iFV_5alloc5boxed3BoxDG_"
                 "INtNtNtB4_3ops8function2"
                 "FnTRL0_eEEp6OutputjNtNtB4_6marker4SendEL_EECskK7mfDs1mzF_1m") ==
        "core::ptr::drop_in_place::<alloc::boxed::Box<dyn for<'a> core::ops::function::Fn<(&'a str,), Output "
        "= usize> + "
        "core::marker::Send>>");
  CHECK(demangle("_RNSNvYNCINvNtCsjrHSEGnQ3l9_3std2rt10lang_startuE0INtNtNtCsgEmfK2I1SDS_"
                 "4core3ops8function6FnOnceuE9call_"
                 "once6vtableCskK7mfDs1mzF_1m") ==
        "<std::rt::lang_start<()>::{closure#0} as "
        "core::ops::function::FnOnce<()>>::call_once::{shim:vtable#0}");
  CHECK(demangle("_RNvC1a1b.llvm.99") == "a::b");
  CHECK(demangle("_RNvC1a1b.cold") == "a::b [clone .cold]");
}

TEST_CASE("damaged Rust names") {
  for (const char* const name :
       {"_RNvC1a", "_RNvC1a9b", "_RB_", "_RNvB_1a", "_RINvC1a1bB9_E", "_RNvC1a1b!", "_R0NvC1a1b",
        "_RINvC1a1bKc110000_E", "_RINvC1a1bKb2_E", "_RNvC1au3ZZZ", "_RNvCs99999999999999999999_1a1b",
        "_RINvC1a1bL5_E", "_RINvC1a1bFGzzzzzz_EuE"})
    CHECK_MESSAGE(!demangle(name), std::string(name));
}

TEST_CASE("names that would cost too much are refused at once") {
  CHECK(demangle("_Z1f" + repeat("P", 900) + "i"));
  CHECK_FALSE(demangle("_Z" + std::to_string(limits::demangle_input_bytes) +
                       repeat("a", limits::demangle_input_bytes) + "v"));
  // Deep nesting.
  CHECK_FALSE(demangle("_Z1f" + repeat("P", limits::demangle_input_bytes - 10) + "i"));
  CHECK_FALSE(demangle("_RINvC1a1b" + repeat("R", limits::demangle_nesting) + "uE"));
  CHECK(demangle("_RINvC1a1b" + repeat("R", limits::demangle_nesting - 10) + "uE"));
  // Growth: text that doubles with each step.
  CHECK(demangle(doubling(2)));
  CHECK_FALSE(demangle(doubling(30)));
  std::string rust = "_RINvC1a1bTuuE";
  for (std::size_t i = 0; i < 10; ++i) rust += "TB8_B8_B8_B8_B8_B8_B8_B8_B8_B8_E";
  CHECK(demangle(rust + "E"));
  // Time: conversion operators in conversion operators.
  CHECK(demangle("_ZN" + repeat("1A", 3) + "cviEv"));
  CHECK_FALSE(demangle("_ZN" + repeat("cvT_I", 40) + "i" + repeat("E", 40) + "Ev"));
}
