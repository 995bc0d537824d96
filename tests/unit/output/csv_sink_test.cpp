#include "sonde/output/csv_sink.hpp"

#include <csignal>

#include <doctest/doctest.h>

#include "unit/output/player.hpp"

using namespace sonde;
using namespace sonde::output;
using namespace sonde::test;

namespace {

constexpr std::string_view header =
    "kind,time,elapsed_ns,pid,tid,name,nr,abi,details,ret,result,errno,duration_ns,unfinished\r\n";

std::string rows(bool events, void (*script)(Player&)) {
  Stream out{UniqueFd{}};
  CsvSink sink(out, {decode::Style{}, events});
  Player play(sink);
  script(play);
  sink.finish(start);
  const std::string& text = out.buffer();
  REQUIRE(text.starts_with(header));
  return text.substr(header.size());
}

// Splits as RFC 4180 says; the number of fields of every record must be that of the header.
std::vector<std::vector<std::string>> parse(std::string_view text) {
  std::vector<std::vector<std::string>> records(1, std::vector<std::string>(1));
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string& field = records.back().back();
    if (quoted && text[i] == '"' && text.substr(i + 1, 1) == "\"") {
      field += text[i++];
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ',') {
      records.back().emplace_back();
    } else if (!quoted && text.substr(i, 2) == "\r\n") {
      records.emplace_back(1);
      ++i;
    } else {
      field += text[i];
    }
  }
  REQUIRE(records.back() == std::vector<std::string>(1));
  records.pop_back();
  return records;
}

}  // namespace

TEST_CASE("one row a call, fields quoted where they must be") {
  CHECK(rows(false,
             [](Player& play) {
               play.started(7);
               play.at(1'062);
               play.enter(7, read_row, {3, 0x1000, 64});
               play.at(1'070);
               play.exit(7, 4, Memory().add(0x1000, "a\"\n,"));
               play.call(7, getpid_row, {}, 7);
               play.call(7, close_row, {9}, -9);
               play.enter(7, exit_group_row, {3});
               play.ended(7, exited(3));
             }) ==
        "syscall,2026-11-21T03:58:40.001062000Z,1062000,7,7,read,0,x86_64,\"3, \"\"a\\\"\"\\n,\"\", "
        "64\",4,4,,8000,\r\n"
        "syscall,2026-11-21T03:58:40.001070000Z,1070000,7,7,getpid,39,x86_64,,7,7,,0,\r\n"
        "syscall,2026-11-21T03:58:40.001070000Z,1070000,7,7,close,3,x86_64,9,-9,"
        "-1 EBADF (Bad file descriptor),EBADF,0,\r\n"
        "syscall,2026-11-21T03:58:40.001070000Z,1070000,7,7,exit_group,231,x86_64,3,,,,0,died\r\n");
}

TEST_CASE("other events have rows when asked for, losses always") {
  const auto script = [](Player& play) {
    play.started(7);
    play.event({7, 7}, event::TaskName{"ls", "/bin/l\"s\n"});
    play.event({7, 7}, event::GroupStop{SIGSTOP});
    siginfo_t info{};
    info.si_signo = SIGTERM;
    play.event({7, 7}, event::Signal{info, {}});
    play.event({7, 7}, event::Exec{9});
    play.event({7, 7}, event::Lost{12, event::LossReason::overflow}, false);
    play.event({7, 7}, event::Note{"one, two"});
    play.event({7, 7}, event::TaskDetached{});
    play.event({7, 7}, event::TaskEnded{killed(SIGHUP)});
    play.event({7, 7}, event::TaskEnded{exited(4)});
    play.call(7, getpid_row, {}, 7);
  };
  const auto all = parse(rows(true, script));
  std::vector<std::string> told;
  for (const auto& record : all) {
    REQUIRE(record.size() == parse(header)[0].size());
    told.push_back(record[0] + " " + record[5] + " " + (record[0] == "signal" ? "" : record[8]));
  }
  CHECK(told == std::vector<std::string>{"process started program", "process named /bin/l\"s\\012",
                                         "stop SIGSTOP ", "signal SIGTERM ", "process exec 9",
                                         "lost overflow 12", "note  one, two", "process detached ",
                                         "process killed SIGHUP", "process exited 4", "syscall getpid "});
  const auto calls = parse(rows(false, script));
  REQUIRE(calls.size() == 2);
  CHECK(calls[0][0] == "lost");
  CHECK(calls[1][0] == "syscall");
}
