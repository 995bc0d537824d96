// What is written as JSON, held against docs/events.schema.json.
#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <rapidjson/document.h>
#include <rapidjson/schema.h>

namespace sonde::output {

inline rapidjson::Document parsed(const std::string& json) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(json.c_str(), json.size());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

class Schema {
 public:
  Schema() {
    std::ifstream file(SONDE_DOCS "/events.schema.json");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    schema_ = std::make_unique<rapidjson::SchemaDocument>(parsed(text));
  }

  // Empty when `line` fits, else what does not.
  std::string complaint(const std::string& line) const {
    rapidjson::Document document;
    if (document.Parse(line.c_str()).HasParseError()) return "does not parse";
    rapidjson::SchemaValidator validator(*schema_);
    if (document.Accept(validator)) return {};
    return std::string("breaks ") + validator.GetInvalidSchemaKeyword();
  }

 private:
  std::unique_ptr<rapidjson::SchemaDocument> schema_;
};

}  // namespace sonde::output
