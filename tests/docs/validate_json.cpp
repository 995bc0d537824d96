// validate_json SCHEMA < LINES: whether each line is JSON that the schema describes. Says the first that is
// not, and of all how many there were of each kind.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>

#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

namespace {

int wrong(const std::string& line, const std::string& why) {
  std::cout << why << ": " << line << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1]);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  rapidjson::Document described;
  if (described.Parse(text.c_str()).HasParseError()) return wrong(argv[1], "no schema");
  const rapidjson::SchemaDocument schema(described);
  std::map<std::string, int> kinds;
  for (std::string line; std::getline(std::cin, line);) {
    rapidjson::Document record;
    record.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
    if (record.HasParseError()) return wrong(line, "not JSON");
    rapidjson::SchemaValidator validator(schema);
    if (!record.Accept(validator)) return wrong(line, validator.GetInvalidSchemaKeyword());
    ++kinds[record["kind"].GetString()];
  }
  for (const auto& [kind, count] : kinds) std::cout << kind << ' ' << count << '\n';
  return 0;
}
