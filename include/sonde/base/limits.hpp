// Every bound on what a tracee, a file or a user may supply. SECURITY.md quotes each of them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sonde::limits {

// The event stream.
inline constexpr std::size_t ring_bytes = std::size_t{8} << 20;  // Shared memory between tracer and console.
inline constexpr std::size_t frame_bytes = std::size_t{1}
                                           << 20;  // One frame, in the ring and in a trace file.
inline constexpr std::size_t block_bytes = std::size_t{256}
                                           << 10;  // A trace file's block before compression.
inline constexpr std::size_t block_bytes_max = std::size_t{4} << 20;  // The largest block a reader accepts.
inline constexpr std::size_t trace_metadata_bytes = std::size_t{1}
                                                    << 20;  // A trace file's description of itself.

// What is copied out of a tracee for one system call.
inline constexpr std::size_t path_bytes = 4096;        // PATH_MAX of the kernel, with the NUL.
inline constexpr std::size_t string_bytes = 64 << 10;  // The largest string limit (-s) that can be asked for.
inline constexpr std::size_t struct_bytes = 4096;      // One structure of variable size.
inline constexpr std::size_t listing_bytes = 64 << 10;   // The entries that one getdents64 returned.
inline constexpr std::size_t array_elements = 256;       // Elements of one array (iovec, pollfd, argv ...).
inline constexpr std::size_t segments_per_event = 1024;  // Pieces of memory in one event.

// Stacks.
inline constexpr std::size_t stack_frames = 256;          // Frames of one stack.
inline constexpr std::size_t stack_generation = 1 << 16;  // Distinct stacks until they are counted anew.
inline constexpr std::size_t modules = 1 << 16;           // Files that stacks lead into.
inline constexpr std::size_t crash_threads = 256;         // Threads whose stacks a crash tells.
inline constexpr std::size_t crash_message_bytes = 4096;  // What a program said before it aborted.
inline constexpr std::size_t vdso_bytes = 1 << 20;        // The kernel's own code in a process.
inline constexpr std::size_t inlined_functions = 256;  // Functions at one address, inlined into each other.
inline constexpr std::size_t name_bytes = 4096;        // A function's name, and a source file's, as shown.
inline constexpr std::size_t names_bytes = std::size_t{256} << 20;  // All names of addresses that are kept.

// Text from /proc.
inline constexpr std::size_t proc_file_bytes = std::size_t{64} << 20;  // /proc/PID/maps and its like.

// The summary of system calls.
inline constexpr std::size_t statistics_numbers =
    1024;  // Numbers below it have a row each, the others share one.
inline constexpr std::size_t statistics_processes = 1024;  // Processes with a table of their own.

// The heap.
inline constexpr std::size_t heap_blocks = 64 << 20;   // Blocks in use, of all processes.
inline constexpr std::size_t heap_processes = 1024;    // Heaps that a report has.
inline constexpr std::size_t heap_frames = 4 << 20;    // Frames of all stacks, common ones once.
inline constexpr std::size_t heap_sites = 1 << 20;     // Stacks that are counted apart, in each heap.
inline constexpr std::size_t growth_rounds = 64;       // Of a heap that are kept, for its growth.
inline constexpr std::size_t growth_points = 4 << 20;  // What was live of a stack after a round.
inline constexpr std::size_t growth_heaps = 256;       // Heaps whose growth is kept.
inline constexpr std::size_t growth_sites = 10'000;    // Stacks whose growth is judged: those that grew most.
inline constexpr std::size_t heap_threads = 64 << 10;  // Threads that are counted apart.
inline constexpr std::size_t heap_findings = 256;      // Misuses from different places, of one heap.
inline constexpr std::size_t heap_released_blocks = 64 << 10;  // Blocks given back that are remembered.
inline constexpr std::size_t contents_pages = 16 << 10;        // Of a process, that --contents looks into.
inline constexpr std::size_t heap_memory_samples =
    512;                                           // Of a process's size along time, kept for the report.
inline constexpr std::size_t heap_searches = 256;  // For the block that an address lies in.

// A heap that is walked from outside.
inline constexpr std::size_t heap_walk_arenas = 64 << 10;
inline constexpr std::size_t heap_walk_heaps = 256 << 10;          // Of all arenas but the first.
inline constexpr std::size_t heap_walk_notes = 64;                 // Of what was damaged.
inline constexpr std::uint64_t heap_walk_chain_steps = 128 << 20;  // Chunks looked at to find where to go on.
inline constexpr std::uint64_t heap_walk_pages = 2 << 20;          // That may begin a mapped block.
inline constexpr std::uint64_t heap_walk_static_tls = 1 << 20;     // Below a thread pointer, for variables.

// ELF files.
inline constexpr std::size_t elf_file_bytes = std::size_t{16} << 30;
inline constexpr std::size_t elf_sections = 262'144;
inline constexpr std::size_t elf_segments = 65'536;
inline constexpr std::size_t elf_symbols = 4'194'304;      // Functions of one file that are known by name.
inline constexpr std::size_t elf_relocations = 4'194'304;  // Of one file that are looked through.
inline constexpr std::size_t elf_section_bytes = std::size_t{1} << 30;  // One section, decompressed.
inline constexpr std::size_t elf_expanded_bytes = std::size_t{2}
                                                  << 30;  // All sections of one file, decompressed.
inline constexpr std::size_t mini_debug_info_bytes = std::size_t{64} << 20;  // .gnu_debugdata, decompressed.
inline constexpr std::size_t xz_memory_bytes = std::size_t{64} << 20;  // What decompressing it may take.
inline constexpr std::size_t section_name_bytes = 256;
inline constexpr std::size_t symbol_name_bytes = 32 << 10;
inline constexpr std::size_t build_id_bytes = 64;

// Names.
inline constexpr std::size_t demangle_input_bytes = 8192;   // A name that is longer is shown as it is.
inline constexpr std::size_t demangled_bytes = 64 << 10;    // So is one that would become longer than this.
inline constexpr std::size_t demangle_conversions = 16;     // Conversion operators in one name.
inline constexpr std::size_t demangle_nesting = 256;        // Depth of a Rust name.
inline constexpr std::size_t perf_map_entries = 1'048'576;  // Functions of one /tmp/perf-PID.map.
inline constexpr std::size_t symbolized_bytes = std::size_t{256} << 20;  // Known addresses of one module.

// Debug information (DWARF).
inline constexpr std::size_t dwarf_cache_bytes = 256 << 20;  // What a reader keeps of it.
inline constexpr std::uint64_t dwarf_steps = 64 << 20;  // Attributes and ranges, to open or for one address.
inline constexpr std::size_t dwarf_units = 1 << 20;
inline constexpr std::size_t dwarf_ranges = 2 << 20;  // Of one list or unit, and of all units.
inline constexpr std::size_t dwarf_split_files = 65'000;
inline constexpr std::size_t dwarf_abbreviations = 64 << 10;  // Of one unit.
inline constexpr std::size_t dwarf_entry_attributes = 256;
inline constexpr std::size_t dwarf_nesting = 4096;            // Of entries in one another.
inline constexpr std::size_t dwarf_unit_functions = 2 << 20;  // With inlined calls.
inline constexpr std::size_t dwarf_line_files = 1 << 20;      // Of one line table; directories as many.
inline constexpr std::size_t dwarf_line_rows = 8 << 20;       // Of one line table.
inline constexpr unsigned dwarf_reference_hops = 32;          // From an entry to the entry that has its name.
inline constexpr std::size_t dwarf_name_bytes = 64 << 10;     // One function's name, qualified.
inline constexpr std::size_t dwarf_name_parts = 64;           // Namespaces and classes of a qualified name.
inline constexpr std::size_t dwarf_inline_frames = 1024;      // At one address.

// The second reader of debug information, a process of its own.
inline constexpr std::size_t verify_bytes = std::size_t{4} << 30;  // Of memory, beside what its parent has.
inline constexpr unsigned verify_seconds = 60;                     // Of a processor.
inline constexpr std::size_t verify_answer_bytes = std::size_t{512} << 20;  // What it may answer.
inline constexpr std::size_t verify_addresses = 1'048'576;                  // What it is asked at most.
inline constexpr std::size_t verify_frames = 1024;                          // At one address.
inline constexpr std::size_t verify_nesting = 1024;                         // Of entries in one another.

// Debug files from a server.
inline constexpr unsigned debuginfod_idle_seconds = 10;  // Without a byte from it.
inline constexpr unsigned debuginfod_seconds = 300;      // One file.
inline constexpr std::size_t debuginfod_bytes = std::size_t{2} << 30;

// The filter language.
inline constexpr std::size_t filter_bytes = 64 << 10;
inline constexpr std::size_t filter_nesting = 256;
inline constexpr std::size_t filter_set_items = 65536;
inline constexpr std::int64_t filter_regex_bytes = std::int64_t{8} << 20;

// Suppressions.
inline constexpr std::size_t suppression_file_bytes = std::size_t{16} << 20;
inline constexpr std::size_t suppression_entries = 65'536;      // Of all files.
inline constexpr std::size_t suppression_line_bytes = 4096;     // One line.
inline constexpr std::size_t suppression_places = 500;          // Lines of one that say where.
inline constexpr std::size_t suppression_comment_bytes = 4096;  // What is kept of the comments above one.
inline constexpr std::size_t suppression_problems = 100;        // Mistakes of one file that are told.
inline constexpr std::size_t suppression_cache_bytes = std::size_t{64}
                                                       << 20;  // Frames and stacks that were asked of.
inline constexpr std::size_t leak_report_bytes = std::size_t{256} << 20;  // Of --against.
inline constexpr std::size_t leak_report_nesting = 64;                    // Of its values in one another.

// What is lost of a heap.
inline constexpr std::size_t leak_blocks = 64 << 20;  // Blocks of one process that are searched for.
inline constexpr std::size_t leak_regions = 1 << 20;  // Pieces of its memory that are searched.
inline constexpr std::uint64_t leak_links = std::uint64_t{1}
                                            << 30;             // Pointers between blocks that are noted.
inline constexpr std::size_t leak_baseline_records = 1 << 20;  // Records of an earlier report.
inline constexpr std::size_t leak_contents_bytes = 4 << 20;    // Of blocks, shown in a report on leaks.

// Unwinding.
inline constexpr std::size_t cfi_section_bytes = std::size_t{1}
                                                 << 30;           // .eh_frame or .debug_frame of a module.
inline constexpr std::size_t cfi_rows = std::size_t{16} << 20;    // Rows of a module's unwind table.
inline constexpr std::size_t cfi_rules = 65535;                   // Different rules among them.
inline constexpr std::size_t cfi_buckets = std::size_t{4} << 20;  // Entries of the index over its rows.
inline constexpr std::size_t cfi_remembered_states = 32;          // Nesting of DW_CFA_remember_state.
inline constexpr std::size_t cfi_expression_bytes = 4096;         // One expression in call frame information.
inline constexpr std::size_t cfi_expressions_bytes = std::size_t{16} << 20;  // All different ones of a table.
inline constexpr std::size_t cfi_expression_steps = 1024;  // Operations until it must have ended.
inline constexpr std::size_t cfi_expression_stack = 64;    // Values on its stack.
inline constexpr std::size_t unwind_frames = 4096;         // Frames of one walk.
inline constexpr std::size_t unwind_stack_switches = 8;    // Times that it may go down to another stack.

// The heap.
// Of one mapping, beyond which it is not copied before Linux 6.7: what is reserved for shadows and cages.
inline constexpr std::uint64_t copied_mapping_bytes = std::uint64_t{256} << 30;
inline constexpr std::uint64_t copied_bytes = std::uint64_t{64}
                                              << 30;   // Of all copies that wait to be looked at.
inline constexpr std::size_t copied_threads = 65'536;  // Whose registers belong to a copy.
inline constexpr std::size_t patches = 262'144;        // Breakpoints in all processes together.
inline constexpr std::size_t trap_handlers = 16'384;   // Processes with a handler for them.
inline constexpr std::size_t allocator_code_bytes = 256
                                                    << 10;  // Looked through for the ends of one function.
inline constexpr std::size_t allocator_debug_file_bytes =
    std::size_t{256} << 20;  // Read for its CRC, of a debug file that may name allocators.
inline constexpr std::size_t allocator_code_pieces = 64;  // That it consists of.
inline constexpr std::size_t slot_pieces = 64
                                           << 10;    // Pieces of a module's code that are looked at for room.
inline constexpr std::size_t module_probes = 4096;   // Breakpoints in one module.
inline constexpr std::size_t space_probes = 16'384;  // Breakpoints in one process, or in all that are gone.
inline constexpr std::size_t pending_allocator_calls = 16;  // Of one task, in one another.

}  // namespace sonde::limits
