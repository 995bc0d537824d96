#include "sonde/suppress/leak_report.hpp"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include "sonde/base/limits.hpp"

namespace sonde::suppress {

namespace {

constexpr std::size_t array_depth = 2;   // Of what stands directly in {"suppressions":[...]}.
constexpr std::size_t member_depth = 3;  // Of the members of the objects there.

// Told of each value by RapidJSON; keeps no more than what is asked for.
class Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
 public:
  bool StartObject() {
    if (in_array_ && depth_ == array_depth) {
      if (uses_.size() == limits::suppression_entries)
        return refuse("more suppressions than a report may have");
      uses_.emplace_back();
    }
    return enter();
  }
  bool EndObject(rapidjson::SizeType) { return leave(); }
  bool StartArray() {
    if (depth_ == 1 && key_ == "suppressions") in_array_ = found_ = true;
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
    if (!at_member()) return true;
    const std::string_view value(text, std::min<std::size_t>(size, limits::suppression_line_bytes));
    if (key_ == "file") uses_.back().file = value;
    if (key_ == "name") uses_.back().name = value;
    return true;
  }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int(int value) { return value < 0 || Uint64(static_cast<std::uint64_t>(value)); }
  bool Int64(std::int64_t value) { return value < 0 || Uint64(static_cast<std::uint64_t>(value)); }
  bool Uint64(std::uint64_t value) {
    if (!at_member()) return true;
    if (key_ == "line") uses_.back().line = value;
    if (key_ == "count") uses_.back().count = value;
    if (key_ == "bytes") uses_.back().bytes = value;
    return true;
  }

  bool found() const { return found_; }
  std::string_view refused() const { return refused_; }
  std::vector<ReportedUse>& uses() { return uses_; }

 private:
  bool at_member() const { return in_array_ && depth_ == member_depth && !uses_.empty(); }
  bool refuse(std::string_view why) {
    refused_ = why;
    return false;
  }
  bool enter() {
    key_.clear();
    return ++depth_ <= limits::leak_report_nesting || refuse("values too deep in one another");
  }
  bool leave() {
    --depth_;
    return true;
  }

  std::vector<ReportedUse> uses_;
  std::string key_;
  std::size_t depth_ = 0;
  bool in_array_ = false;
  bool found_ = false;
  std::string_view refused_;
};

}  // namespace

Result<std::vector<ReportedUse>> parse_leak_report(std::string json) {
  if (json.size() > limits::leak_report_bytes)
    return fail(ErrorCode::limit, fmt::format("larger than {} bytes", limits::leak_report_bytes));
  // Strings are resolved in place, so that the reader needs no memory of its own, of which it computes
  // addresses before it has any. It recurses, no deeper than the handler lets it.
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseStopWhenDoneFlag;
  Handler handler;
  rapidjson::InsituStringStream stream(json.data());
  rapidjson::Reader reader;
  while (true) {
    const rapidjson::ParseResult parsed = reader.Parse<flags>(stream, handler);
    if (parsed.Code() == rapidjson::kParseErrorDocumentEmpty) break;
    if (!handler.refused().empty()) return fail(ErrorCode::limit, std::string(handler.refused()));
    if (parsed.IsError()) {
      return fail(ErrorCode::invalid, fmt::format("no JSON, at byte {}: {}", parsed.Offset(),
                                                  rapidjson::GetParseError_En(parsed.Code())));
    }
  }
  if (!handler.found()) return fail(ErrorCode::invalid, "no array \"suppressions\" in it");
  return std::move(handler.uses());
}

}  // namespace sonde::suppress
