#include "sonde/leaks/baseline.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include "sonde/base/limits.hpp"

namespace sonde::leaks {

namespace {

constexpr std::size_t array_depth = 2;   // Of what stands directly in {"records":[...]}.
constexpr std::size_t member_depth = 3;  // Of the members of the objects there.

// Told of each value by RapidJSON; keeps the fingerprints alone.
class Handler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Handler> {
 public:
  bool StartObject() { return enter(); }
  bool EndObject(rapidjson::SizeType) { return leave(); }
  bool StartArray() {
    if (depth_ == 1 && key_ == "records") in_array_ = found_ = true;
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
    if (!in_array_ || depth_ != member_depth || key_ != "fingerprint") return true;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text, text + size, value, 16);
    if (error != std::errc() || end != text + size) return true;
    if (fingerprints_.size() == limits::leak_baseline_records)
      return refuse("more records than a baseline may have");
    fingerprints_.push_back(value);
    return true;
  }

  bool found() const { return found_; }
  std::string_view refused() const { return refused_; }
  std::vector<std::uint64_t>& fingerprints() { return fingerprints_; }

 private:
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

  std::vector<std::uint64_t> fingerprints_;
  std::string key_;
  std::size_t depth_ = 0;
  bool in_array_ = false;
  bool found_ = false;
  std::string_view refused_;
};

}  // namespace

Baseline::Baseline(std::vector<std::uint64_t> fingerprints) : fingerprints_(std::move(fingerprints)) {
  std::sort(fingerprints_.begin(), fingerprints_.end());
  fingerprints_.erase(std::unique(fingerprints_.begin(), fingerprints_.end()), fingerprints_.end());
}

bool Baseline::has(std::uint64_t fingerprint) const {
  return fingerprint != 0 && std::binary_search(fingerprints_.begin(), fingerprints_.end(), fingerprint);
}

void Baseline::mark(Findings& findings) const {
  for (auto* records : {&findings.records, &findings.suppressed})
    for (Record& record : *records) record.known = has(record.fingerprint);
}

// As suppress::parse_leak_report() does it: in place, so that the reader takes no memory of its own.
Result<Baseline> parse_baseline(std::string json) {
  if (json.size() > limits::leak_report_bytes)
    return fail(ErrorCode::limit, fmt::format("larger than {} bytes", limits::leak_report_bytes));
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
  if (!handler.found()) return fail(ErrorCode::invalid, "no array \"records\" in it");
  return Baseline(std::move(handler.fingerprints()));
}

}  // namespace sonde::leaks
