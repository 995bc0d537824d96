// Reads the objects in one array of a leaks report in JSON, for those who want a few of their members.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include "sonde/base/limits.hpp"
#include "sonde/base/result.hpp"

namespace sonde::suppress {

// RapidJSON tells it of each value. `Taker` has what is told on:
//
//   bool element()                                            another object of the array begins
//   bool text(std::string_view key, std::string_view value)   a member of it
//   bool number(std::string_view key, std::uint64_t value)    the same; negative ones are passed over
//
// Each returns false to end the reading, with `refused` set to why.
template <typename Taker>
class ReportArray : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, ReportArray<Taker>> {
 public:
  ReportArray(std::string_view name, Taker& taker) : name_(name), taker_(taker) {}

  bool StartObject() { return (!in_array_ || depth_ != array_depth || taker_.element()) && enter(); }
  bool EndObject(rapidjson::SizeType) { return leave(); }
  bool StartArray() {
    if (depth_ == 1 && key_ == name_) in_array_ = found_ = true;
    return enter();
  }
  bool EndArray(rapidjson::SizeType) {
    if (depth_ == array_depth) in_array_ = false;
    return leave();
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    constexpr std::size_t longest = 16;  // Longer than any that is known.
    key_.assign(text, std::min<std::size_t>(size, longest));
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return !at_member() || taker_.text(key_, std::string_view(text, size));
  }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int(int value) { return value < 0 || Uint64(static_cast<std::uint64_t>(value)); }
  bool Int64(std::int64_t value) { return value < 0 || Uint64(static_cast<std::uint64_t>(value)); }
  bool Uint64(std::uint64_t value) { return !at_member() || taker_.number(key_, value); }

  bool found() const { return found_; }

 private:
  static constexpr std::size_t array_depth = 2;   // Of what stands directly in {"name":[...]}.
  static constexpr std::size_t member_depth = 3;  // Of the members of the objects there.

  bool at_member() const { return in_array_ && depth_ == member_depth; }
  bool enter() {
    key_.clear();
    if (++depth_ <= limits::leak_report_nesting) return true;
    taker_.refused = "values too deep in one another";
    return false;
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::string_view name_;
  Taker& taker_;
  std::string key_;
  std::size_t depth_ = 0;
  bool in_array_ = false;
  bool found_ = false;
};

// The text is one JSON value or several, one behind the other; a NUL ends it. Fails with `invalid` where it
// is no JSON or has no such array, with `limit` beyond leak_report_bytes and leak_report_nesting, and where
// the taker refuses. The texts are untrusted.
template <typename Taker>
Result<void> read_report(std::string json, std::string_view array, Taker& taker) {
  if (json.size() > limits::leak_report_bytes)
    return fail(ErrorCode::limit, fmt::format("larger than {} bytes", limits::leak_report_bytes));
  // Strings are resolved in place, so that the reader needs no memory of its own, of which it computes
  // addresses before it has any. It recurses, no deeper than the handler lets it.
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseStopWhenDoneFlag;
  ReportArray<Taker> handler(array, taker);
  rapidjson::InsituStringStream stream(json.data());
  rapidjson::Reader reader;
  while (true) {
    const rapidjson::ParseResult parsed = reader.Parse<flags>(stream, handler);
    if (parsed.Code() == rapidjson::kParseErrorDocumentEmpty) break;
    if (!taker.refused.empty()) return fail(ErrorCode::limit, std::string(taker.refused));
    if (parsed.IsError()) {
      return fail(ErrorCode::invalid, fmt::format("no JSON, at byte {}: {}", parsed.Offset(),
                                                  rapidjson::GetParseError_En(parsed.Code())));
    }
  }
  if (!handler.found()) return fail(ErrorCode::invalid, fmt::format("no array \"{}\" in it", array));
  return {};
}

}  // namespace sonde::suppress
