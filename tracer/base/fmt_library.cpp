// The part of fmt that is not in its headers, as its own src/format.cc has it: Debian ships that as a shared
// library alone, which every start would have to load.
#include <fmt/format-inl.h>

FMT_BEGIN_NAMESPACE

namespace detail {

template dragonbox::decimal_fp<float> dragonbox::to_decimal(float) noexcept;
template dragonbox::decimal_fp<double> dragonbox::to_decimal(double) noexcept;
template std::locale locale_ref::get<std::locale>() const;
template thousands_sep_result<char> thousands_sep_impl(locale_ref);
template char decimal_point_impl(locale_ref);
template void buffer<char>::append(const char*, const char*);

}  // namespace detail

FMT_END_NAMESPACE
