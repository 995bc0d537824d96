#include "sonde/names/debug_files.hpp"

#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "unit/elf/workshop.hpp"

using namespace sonde;
using namespace sonde::names;
using sonde::test::hex;
using sonde::test::open_image;
using sonde::test::Workshop;

namespace {

FileRoot root_at(const std::string& directory) {
  auto root = FileRoot::at(directory);
  REQUIRE(root);
  return std::move(*root);
}

// A process's root with a program /bin/program, stripped, whose debug file lies outside of it at `debug`.
struct Place {
  Workshop workshop;
  std::string root = workshop.path("root");
  std::string own = workshop.path("own");
  std::string debug = workshop.path("program.debug");
  std::shared_ptr<const elf::Image> program;

  explicit Place(const std::string& flags = "") {
    workshop.write(
        "program.c",
        "int twice(int x) { return 2 * x; }\nint main(int c, char** v) { (void)v; return twice(c); }\n");
    workshop.make("cc -g " + flags + " -o whole program.c && objcopy --only-keep-debug whole program.debug");
    workshop.make("mkdir -p root/bin own && strip -o root/bin/program whole");
    workshop.make("objcopy --add-gnu-debuglink=program.debug root/bin/program");
    program = open_image(root + "/bin/program");
  }

  DebugFile find(DebugFileOptions options = {}) const {
    return DebugFiles(root_at(root), root_at(own), std::move(options)).find(*program, "/bin/program");
  }
  // Puts the debug file at a path, in the workshop's folder.
  void put(const std::string& path) const {
    std::filesystem::create_directories(std::filesystem::path(workshop.path(path)).parent_path());
    std::filesystem::copy_file(debug, workshop.path(path));
  }
  std::string build_id_path() const {
    const std::string id = hex(program->build_id());
    return ".build-id/" + id.substr(0, 2) + "/" + id.substr(2) + ".debug";
  }
};

}  // namespace

TEST_CASE("a debug file is found where distributions put it") {
  const auto found_at = [](const std::string& path) {
    const Place place;
    CHECK_FALSE(place.find().image);
    place.put(path);
    const DebugFile found = place.find();
    if (!found.image) return std::string();
    CHECK(found.image->has_debug_info());
    CHECK(found.image->symbol("twice"));
    return found.path;
  };
  CHECK(found_at("root/bin/program.debug") == "/bin/program.debug");
  CHECK(found_at("root/bin/.debug/program.debug") == "/bin/.debug/program.debug");
  CHECK(found_at("root/usr/lib/debug/bin/program.debug") == "/usr/lib/debug/bin/program.debug");
  CHECK(found_at("own/usr/lib/debug/bin/program.debug") == "/usr/lib/debug/bin/program.debug");
  CHECK(found_at("root/opt/program.debug").empty());
}

TEST_CASE("a debug file is found by its build id, in the process's root or in sonde's") {
  for (const std::string root : {"root", "own"}) {
    const Place place;
    const std::string path = "/usr/lib/debug/" + place.build_id_path();
    place.put(root + path);
    CHECK(place.find().path == path);
  }
}

TEST_CASE("folders that the user names come first") {
  const Place place;
  place.put("root/bin/program.debug");
  const auto options = [](const std::string& folder) {
    return DebugFileOptions{.symbols_from = {"/none", folder}};
  };
  CHECK(place.find(options("/syms")).path == "/bin/program.debug");
  place.put("own/syms/" + place.build_id_path());
  CHECK(place.find(options("/syms")).path == "/syms/" + place.build_id_path());
  std::filesystem::remove(place.root + "/bin/program.debug");

  place.put("own/flat/program.debug");
  CHECK(place.find(options("/flat")).path == "/flat/program.debug");
  place.put("own/named/program");
  CHECK(place.find(options("/named")).path == "/named/program");
  place.put("own/tree/bin/program");
  CHECK(place.find(options("/tree")).path == "/tree/bin/program");
  place.put("own/system/usr/lib/debug/" + place.build_id_path());
  CHECK(place.find(options("/system")).path == "/system/usr/lib/debug/" + place.build_id_path());
  // The stripped program itself says nothing more.
  std::filesystem::create_directory(place.own + "/same");
  std::filesystem::copy_file(place.root + "/bin/program", place.own + "/same/program");
  CHECK_FALSE(place.find(options("/same")).image);
}

TEST_CASE("a debug file of another build does not count") {
  const Place place;
  place.workshop.make(
      "cc -g -O2 -o other program.c && objcopy --only-keep-debug other root/bin/program.debug");
  CHECK_FALSE(place.find().image);
  place.workshop.make("mkdir -p $(dirname root/usr/lib/debug/" + place.build_id_path() +
                      ") && cp root/bin/program.debug root/usr/lib/debug/" + place.build_id_path());
  CHECK_FALSE(place.find().image);
}

TEST_CASE("without a build id the checksum decides") {
  const Place place("-Wl,--build-id=none");
  REQUIRE(place.program->build_id().empty());
  place.put("root/bin/program.debug");
  CHECK(place.find().path == "/bin/program.debug");
  place.workshop.make("printf x >> root/bin/program.debug");
  CHECK_FALSE(place.find().image);
}

TEST_CASE("what a hostile root has in place of a debug file") {
  const Place place;
  REQUIRE(::mkfifo((place.root + "/bin/program.debug").c_str(), 0600) == 0);
  CHECK_FALSE(place.find().image);  // And does not wait for a writer.
  std::filesystem::create_directories(place.root + "/bin/.debug/program.debug");
  CHECK_FALSE(place.find().image);
}

TEST_CASE("links stay within the process's root") {
  const Place place;
  place.workshop.make("mkdir -p root/usr/lib/debug/bin && ln -s " + place.debug + " root/bin/program.debug");
  CHECK_FALSE(place.find().image);  // That path is not in the root.
  place.workshop.make("ln -s /store/file root/usr/lib/debug/bin/program.debug");
  place.put("root/store/file");
  CHECK(place.find().path == "/usr/lib/debug/bin/program.debug");

  const FileRoot root = root_at(place.root);
  place.workshop.write("outside", "outside");
  place.workshop.make("ln -s ../../../../../../../../.." + place.workshop.path("outside") + " root/escape");
  CHECK_FALSE(root.open("/escape"));
  CHECK_FALSE(root.open("/../outside"));
  CHECK(root.open("/bin/program"));
  CHECK(root.open("//bin/../bin/program"));
  CHECK_FALSE(root.open(""));
  CHECK_FALSE(root.open(std::string("/bin/program\0", 13)));
  CHECK_FALSE(root.open("/" + std::string(5000, 'a')));
  CHECK(root.open("/nowhere").error().code == ErrorCode::not_found);
  CHECK_FALSE(FileRoot::at(place.root + "/bin/program"));
}

TEST_CASE("the file that dwz made is found by its link") {
  const Place place;
  place.workshop.make(
      "cp whole root/bin/one && cp whole root/bin/two && mkdir -p root/common && cd root/bin && "
      "dwz -m ../common/shared.debug -M ../common/shared.debug one two");
  const DebugFiles files(root_at(place.root), root_at(place.own), {});
  const DebugFile one{open_image(place.root + "/bin/one"), "/bin/one"};
  const DebugFile shared = files.find_alternate(one);
  REQUIRE(shared.image);
  CHECK(shared.path == "/bin/../common/shared.debug");
  CHECK_FALSE(files.find_alternate({place.program, "/bin/program"}).image);
  // One with another build id does not count.
  place.workshop.make("cp whole root/common/shared.debug");
  CHECK_FALSE(files.find_alternate(one).image);
}

TEST_CASE("split units and their packages") {
  const Place place;
  place.workshop.make(
      "mkdir -p root/src own/syms && cd root/src && cp ../../program.c . && cc -g -gsplit-dwarf -c "
      "program.c");
  const DebugFiles files(root_at(place.root), root_at(place.own), {.symbols_from = {"/syms"}});
  CHECK(files.find_split("/src", "program.dwo", "/bin/program").path == "/src/program.dwo");
  CHECK(files.find_split("/elsewhere", "/src/program.dwo", "/bin/program").path == "/src/program.dwo");
  CHECK_FALSE(files.find_split("/elsewhere", "program.dwo", "/bin/program").image);
  place.workshop.make("mv root/src/program.dwo root/bin/");
  CHECK(files.find_split("/elsewhere", "obj/program.dwo", "/bin/program").path == "/bin/program.dwo");
  CHECK_FALSE(files.find_package("/bin/program").image);
  place.workshop.make("cp root/bin/program.dwo root/bin/program.dwp");
  CHECK(files.find_package("/bin/program").path == "/bin/program.dwp");
  place.workshop.make("mv root/bin/program.dwo own/syms/");
  CHECK(files.find_split("/elsewhere", "obj/program.dwo", "/bin/program").path == "/syms/program.dwo");
}

TEST_CASE("this machine's libc has its debug file") {
  const DebugFiles files(root_at("/"), root_at("/"), {});
  const std::string path = "/usr/lib/x86_64-linux-gnu/libc.so.6";
  const DebugFile found = files.find(*open_image(path), path);
  REQUIRE(found.image);
  CHECK(found.image->has_debug_info());
  CHECK(found.image->symbol("__libc_start_call_main"));
}
