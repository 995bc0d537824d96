#include "sonde/event/trace_file.hpp"

#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "sonde/event/event.hpp"

namespace {

using namespace sonde;
using namespace sonde::event;

// A note frame with that text, padded.
std::vector<std::byte> note(std::uint64_t time, std::string_view text) {
  const std::size_t size = align8(sizeof(FrameHeader) + sizeof(FrameStamp) + text.size() + 1);
  std::vector<std::byte> frame(size);
  const FrameHeader header{static_cast<std::uint32_t>(size), FrameType::note, 0};
  const FrameStamp stamp{1, 1, time};
  std::memcpy(frame.data(), &header, sizeof header);
  std::memcpy(frame.data() + sizeof header, &stamp, sizeof stamp);
  std::memcpy(frame.data() + sizeof header + sizeof stamp, text.data(), text.size());
  return frame;
}

struct Folder {
  Folder() { REQUIRE(::mkdtemp(name) != nullptr); }
  ~Folder() {
    ::unlink(path("trace").c_str());
    ::unlink(path("trace.part").c_str());
    ::rmdir(name);
  }
  std::string path(const char* file) const { return std::string(name) + "/" + file; }
  char name[64] = "/tmp/sonde-trace-XXXXXX";
};

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void store(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

struct ReadBack {
  std::vector<std::uint64_t> times;
  TraceEnding ending;
};

ReadBack read_all(TraceFileReader reader) {
  ReadBack all;
  while (const auto frame = reader.next()) {
    const auto parsed = parse_frame(*frame);
    REQUIRE(parsed.has_value());
    all.times.push_back(parsed->time);
  }
  CHECK(reader.frames() == all.times.size());
  all.ending = reader.ending();
  return all;
}

// Three blocks of `count` notes each.
void write_trace(const std::string& path, std::uint64_t count) {
  auto writer = TraceFileWriter::create(path, {{"command", "ls -l"}, {"arg", "ls"}, {"arg", "a=b"}});
  REQUIRE(writer.has_value());
  std::uint64_t time = 0;
  for (int block = 0; block < 3; ++block) {
    for (std::uint64_t i = 0; i < count; ++i)
      REQUIRE(writer->append(note(time++, "something that was seen")));
    REQUIRE(writer->flush());
  }
  REQUIRE(writer->finish());
}

}  // namespace

TEST_CASE("a trace file gives back its metadata and every frame in order") {
  Folder folder;
  write_trace(folder.path("trace"), 100);
  CHECK_FALSE(exists(folder.path("trace.part")));
  auto reader = TraceFileReader::open(folder.path("trace"));
  REQUIRE(reader.has_value());
  CHECK(reader->metadata() == TraceMetadata{{"command", "ls -l"}, {"arg", "ls"}, {"arg", "a=b"}});
  const ReadBack all = read_all(*std::move(reader));
  CHECK(all.ending == TraceEnding::whole);
  REQUIRE(all.times.size() == 300);
  for (std::uint64_t i = 0; i < 300; ++i) CHECK(all.times[i] == i);
}

TEST_CASE("blocks are written as they fill, and frames larger than a block fit") {
  Folder folder;
  auto writer = TraceFileWriter::create(folder.path("trace"), {});
  REQUIRE(writer.has_value());
  const std::string large(limits::frame_bytes - 64, 'x');
  for (std::uint64_t i = 0; i < 5; ++i) REQUIRE(writer->append(note(i, large)));
  CHECK(contents(folder.path("trace.part")).size() > 5 * 30);
  REQUIRE(writer->finish());
  const ReadBack all = read_all(*TraceFileReader::open(folder.path("trace")));
  CHECK(all.ending == TraceEnding::whole);
  CHECK(all.times == std::vector<std::uint64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("before the end the file stands aside, and is readable there") {
  Folder folder;
  {
    auto writer = TraceFileWriter::create(folder.path("trace"), {{"k", ""}});
    REQUIRE(writer.has_value());
    CHECK(writer->current_path() == folder.path("trace.part"));
    REQUIRE(writer->append(note(7, "kept")));
    REQUIRE(writer->flush());
    REQUIRE(writer->append(note(8, "not in a block yet")));
  }
  CHECK_FALSE(exists(folder.path("trace")));
  const ReadBack all = read_all(*TraceFileReader::open(folder.path("trace.part")));
  CHECK(all.ending == TraceEnding::cut_short);
  CHECK(all.times == std::vector<std::uint64_t>{7});
}

TEST_CASE("cut short anywhere, a file is readable up to its last whole block") {
  Folder folder;
  write_trace(folder.path("trace"), 10);
  const std::string whole = contents(folder.path("trace"));
  std::size_t most = 0;
  std::size_t unreadable = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    store(folder.path("trace.part"), std::string_view(whole).substr(0, size));
    auto reader = TraceFileReader::open(folder.path("trace.part"));
    if (!reader) {
      CHECK(most == 0);
      ++unreadable;
      continue;
    }
    const ReadBack all = read_all(*std::move(reader));
    CHECK(all.ending == TraceEnding::cut_short);
    CHECK(all.times.size() % 10 == 0);
    CHECK(all.times.size() >= most);
    most = all.times.size();
  }
  CHECK(most == 30);
  CHECK(unreadable < 100);
}

TEST_CASE("any one damaged byte is noticed, and what comes before it is good") {
  Folder folder;
  write_trace(folder.path("trace"), 10);
  const std::string whole = contents(folder.path("trace"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    if (at >= 12 && at < 16) continue;  // Reserved in the file's header.
    CAPTURE(at);
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    store(folder.path("trace.part"), damaged);
    auto reader = TraceFileReader::open(folder.path("trace.part"));
    if (!reader) continue;
    const ReadBack all = read_all(*std::move(reader));
    CHECK(all.ending != TraceEnding::whole);
    for (std::size_t i = 0; i < all.times.size(); ++i) CHECK(all.times[i] == i);
  }
}

TEST_CASE("failures say what is wrong") {
  Folder folder;
  CHECK(TraceFileWriter::create("/nonexistent/trace", {}).error().message() ==
        "cannot write the trace file /nonexistent/trace.part: No such file or directory");
  CHECK(TraceFileWriter::create(folder.name, {}).error().message() ==
        std::string("cannot write the trace file ") + folder.name + ": Is a directory");
  CHECK(TraceFileWriter::create(folder.path("trace"), {{"a=b", "c"}}).error().code == ErrorCode::invalid);
  CHECK(TraceFileWriter::create(folder.path("trace"), {{"a", std::string(limits::trace_metadata_bytes, 'x')}})
            .error()
            .code == ErrorCode::limit);
  CHECK_FALSE(exists(folder.path("trace.part")));
  CHECK(TraceFileReader::open(folder.path("trace")).error().code == ErrorCode::not_found);
  store(folder.path("trace"), "#!/bin/sh\necho this is no trace\n");
  CHECK(TraceFileReader::open(folder.path("trace")).error().context.find("is not a trace file") !=
        std::string::npos);
}

TEST_CASE("a full disk is reported, once and for good") {
  auto writer = TraceFileWriter::create("/dev/full", {});
  CHECK_FALSE(writer.has_value());
  CHECK(writer.error().message() == "cannot write the trace file /dev/full: No space left on device");
}

TEST_CASE("a pipe is written in place and read without seeking") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  auto writer = TraceFileWriter::create("/dev/fd/" + std::to_string(write_end.value()), {{"k", "v"}});
  REQUIRE(writer.has_value());
  REQUIRE(writer->append(note(3, "through a pipe")));
  REQUIRE(writer->finish());
  write_end.reset();
  const ReadBack all = read_all(*TraceFileReader::open(std::move(read_end), "pipe"));
  CHECK(all.ending == TraceEnding::whole);
  CHECK(all.times == std::vector<std::uint64_t>{3});
}
