// SARIF and JUnit. That the XML is well-formed is asked of a reader of our own, which knows as much of it as
// is written.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <rapidjson/document.h>

#include "sonde/output/leak_report.hpp"
#include "unit/output/leaks.hpp"

using namespace sonde::output;

namespace {

struct Element {
  std::string name;
  std::map<std::string, std::string> attributes;
};

class Xml {
 public:
  explicit Xml(std::string_view text) : rest_(text) {
    ok_ = take("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    while (ok_ && !rest_.empty()) ok_ = rest_[0] == '<' ? tag() : content();
    ok_ = ok_ && open_.empty();
  }
  bool ok() const { return ok_; }
  const std::vector<Element>& elements() const { return elements_; }
  std::size_t count(std::string_view name) const {
    std::size_t found = 0;
    for (const Element& element : elements_) found += element.name == name ? 1 : 0;
    return found;
  }

 private:
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string name() {
    std::string taken;
    while (!rest_.empty() && rest_[0] >= 'a' && rest_[0] <= 'z') {
      taken += rest_[0];
      rest_.remove_prefix(1);
    }
    return taken;
  }
  // Up to `end`, without what XML does not have.
  bool characters(std::string_view end, std::string& into) {
    while (!rest_.empty() && end.find(rest_[0]) == std::string_view::npos) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      if ((byte < 0x20 && byte != '\n') || byte == '<' || byte == '>') return false;
      if (byte == '&' && !rest_.starts_with("&lt;") && !rest_.starts_with("&gt;") &&
          !rest_.starts_with("&amp;") && !rest_.starts_with("&quot;") && !rest_.starts_with("&apos;")) {
        return false;
      }
      into += rest_[0];
      rest_.remove_prefix(1);
    }
    return true;
  }
  bool content() {
    std::string text;
    return characters("<", text) && (!open_.empty() || text == "\n");
  }
  bool tag() {
    take("<");
    if (take("/")) {
      if (open_.empty() || name() != open_.back() || !take(">")) return false;
      open_.pop_back();
      return true;
    }
    Element element{name(), {}};
    while (take(" ")) {
      const std::string key = name();
      if (key.empty() || !take("=\"")) return false;
      if (!characters("\"", element.attributes[key]) || !take("\"")) return false;
    }
    if (!take("/>")) {
      if (!take(">")) return false;
      open_.push_back(element.name);
    }
    elements_.push_back(std::move(element));
    return true;
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  std::vector<Element> elements_;
  bool ok_ = false;
};

rapidjson::Document sarif_of(const LostBlocks& lost, const LeakReportOptions& options) {
  const std::vector sources{lost.source(), lost.source()};
  const std::string json = leak_report_sarif(sources, options);
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(json.c_str(), json.size());
  REQUIRE_FALSE(document.HasParseError());
  return document;
}

std::string text_at(const rapidjson::Value& value) {
  REQUIRE(value.IsString());
  return value.GetString();
}

}  // namespace

TEST_CASE("SARIF: a run for each process, a rule for each class, a result for each record") {
  const LostBlocks lost;
  const auto document = sarif_of(lost, {.baseline = true});
  CHECK(text_at(document["version"]) == "2.1.0");
  REQUIRE(document["runs"].Size() == 2);
  const auto& run = document["runs"][1];
  CHECK(text_at(run["tool"]["driver"]["name"]) == "sonde");
  CHECK(run["tool"]["driver"]["rules"].Size() == 4);
  REQUIRE(run["results"].Size() == 4);  // Not the indirect one.
  const auto& first = run["results"][0];
  CHECK(text_at(first["ruleId"]) == "definitely-lost");
  CHECK(text_at(first["level"]) == "error");
  CHECK(text_at(first["baselineState"]) == "new");
  CHECK(text_at(first["message"]["text"]) ==
        "definitely lost: 300 B in 3 blocks, and 64 B in 2 blocks that they keep; allocated in wrap(int)");
  const auto& place = first["locations"][0]["physicalLocation"];
  CHECK(text_at(place["artifactLocation"]["uri"]) == "file:///src/a%20b.cpp");
  CHECK(place["region"]["startLine"].GetUint() == 5);
  REQUIRE(first["stacks"][0]["frames"].Size() == 4);
  CHECK(text_at(first["stacks"][0]["frames"][2]["location"]["physicalLocation"]["artifactLocation"]["uri"]) ==
        "file:///src/read%FF.cpp");
  CHECK(first["partialFingerprints"].HasMember("stack/v1"));
  CHECK(first["suppressions"].Empty());
  CHECK(text_at(run["results"][1]["baselineState"]) == "unchanged");
  CHECK(run["results"][2]["locations"].Empty());  // Its stack is not known.
  const auto& hidden = run["results"][3];
  REQUIRE(hidden["suppressions"].Size() == 1);
  CHECK(text_at(hidden["suppressions"][0]["kind"]) == "external");
  CHECK(text_at(hidden["suppressions"][0]["justification"]) == "libother.so");
}

TEST_CASE("SARIF: of no process") {
  CHECK(leak_report_sarif({}, {}).find("\"runs\":[]}") != std::string::npos);
}

TEST_CASE("JUnit: a test for each record, and for each class without any") {
  const LostBlocks lost;
  LeakReportOptions options{.baseline = true};
  options.shown.add(sonde::leaks::LeakClass::reachable);
  const std::vector sources{lost.source()};
  const std::string text = leak_report_junit(sources, options);
  const Xml xml(text);
  INFO(text);
  REQUIRE(xml.ok());
  CHECK(xml.count("testsuite") == 1);
  CHECK(xml.count("testcase") == 5);
  CHECK(xml.count("failure") == 2);
  CHECK(xml.count("skipped") == 2);
  CHECK(xml.elements()[0].attributes.at("tests") == "5");
  CHECK(xml.elements()[0].attributes.at("failures") == "2");
  CHECK(xml.elements()[1].attributes.at("name") == "leaks of /bin/&lt;app&gt;\\033 (7)");
  CHECK(text.find("read&lt;&quot;&amp;&apos;&gt;\\033[31m\\377\\001]]&gt; (read\\377.cpp:9)\n") !=
        std::string::npos);
  CHECK(text.find("suppressed by libother.so (sup&lt;&quot;.supp:1)") != std::string::npos);
  CHECK(text.find("name=\"none still reachable\"/>") != std::string::npos);
}

TEST_CASE("JUnit: characters that XML does not have") {
  LostBlocks lost;
  auto source = lost.source();
  source.exe = "\xef\xbf\xbf\xef\xbf\xbd\r\n\t";
  const std::vector sources{source};
  const std::string text = leak_report_junit(sources, {});
  CHECK(text.find("leaks of \\357\\277\\277\xef\xbf\xbd\\015\\012\\011 (7)") != std::string::npos);
  CHECK(Xml(text).ok());
}
