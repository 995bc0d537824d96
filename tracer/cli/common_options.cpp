#include "cli/common_options.hpp"

namespace sonde::cli {

void add_debug_file_options(CLI::App& app, Settings& settings) {
  app.add_option("--symbols-from", settings.symbols_from, "Look for debug files in this folder first")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_flag("--debuginfod", settings.debuginfod, "Ask the servers of DEBUGINFOD_URLS for debug files");
}

void add_program_options(CLI::App& app, Settings& settings) {
  app.add_option("-u", settings.user, "Run the program as this user")->type_name("USER");
  app.add_option("-E", settings.environment, "Set (VAR=VAL) or remove (VAR) an environment variable")
      ->type_name("VAR[=VAL]")
      ->allow_extra_args(false);
}

void add_allocator_option(CLI::App& app, HeapOptions& heap) {
  app.add_option("--allocator", heap.allocators,
                 "A function of the program's own: name=F,size=arg0,returns=pointer or free=F,pointer=arg0")
      ->type_name("FUNCTION")
      ->allow_extra_args(false);
}

void add_watched_process_options(CLI::App& app, RawOptions& raw) {
  app.add_flag("--no-follow", raw.no_follow, "Watch threads, but not child processes");
  app.add_option("-p,pid", raw.pids, "Process ids, of processes that run already")
      ->type_name("PID")
      ->delimiter(',');
}

}  // namespace sonde::cli
