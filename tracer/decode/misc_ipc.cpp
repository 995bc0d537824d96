// System V and POSIX message passing.
#include <fcntl.h>

#include "decode/members.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

Address address_of(const Value& value) { return {as_word(value, value.raw)}; }

// Reads the structures that shmctl() and its kin fill, of either ABI.
class Reader {
 public:
  Reader(const Value& value) : value_(value), cursor_(value, address_of(value)) {}

  std::uint64_t word() { return cursor_.next(Cell::ulong).value_or(0); }
  std::uint64_t number() { return cursor_.next(Cell::u32).value_or(0); }
  // A time, whose upper half stands apart for 32-bit callers. Where 64-bit ones have room for it too,
  // `padded`.
  std::uint64_t time(bool padded = false) {
    const std::uint64_t low = word();
    const std::uint64_t high = padded || value_.word() == 4 ? word() : 0;
    return value_.word() == 4 ? low | high << 32 : low;
  }

 private:
  const Value& value_;
  MemberCursor cursor_;
};

void print_number(const Value& value, std::string_view name, std::uint64_t number) {
  value.out.field(name);
  value.out.unsigned_integer(number);
}

void print_time(const Value& value, std::string_view name, std::uint64_t seconds) {
  value.out.field(name);
  value.out.unsigned_integer(seconds);
}

// The owner, his rights and the key, with which each of the structures begins. What a call sets is less than
// what it tells.
void print_permissions(const Value& value, std::string_view name, Reader& reader, bool sets) {
  const std::uint64_t key = reader.number();
  const std::uint64_t uid = reader.number();
  const std::uint64_t gid = reader.number();
  const std::uint64_t creator_uid = reader.number();
  const std::uint64_t creator_gid = reader.number();
  const std::uint64_t mode = reader.number();
  reader.number();  // A sequence number and padding, then two reserved words.
  reader.word();
  reader.word();
  value.out.field(name);
  value.out.begin_struct();
  print_number(value, "uid", uid);
  print_number(value, "gid", gid);
  value.out.field("mode");
  value.out.octal(mode);
  if (!sets) {
    print_number(value, "key", key);
    print_number(value, "cuid", creator_uid);
    print_number(value, "cgid", creator_gid);
  }
  value.out.end_struct();
}

// The structure between braces, when all of it can be read.
template <typename Print>
void print_whole(const Value& value, syscall::Kind kind, Print print) {
  const auto& spec = syscall::spec(kind);
  if (unreadable(value, address_of(value), value.word() == 8 ? spec.size64 : spec.size32)) return;
  Reader reader(value);
  value.out.begin_struct();
  print(reader);
  value.out.end_struct();
}

void print_shared_memory(const Value& value, bool sets) {
  print_whole(value, Kind::shmid_ds_out, [&](Reader& reader) {
    print_permissions(value, "shm_perm", reader, sets);
    if (sets) return;
    print_number(value, "shm_segsz", reader.word());
    const std::uint64_t attached = reader.time();
    const std::uint64_t detached = reader.time();
    const std::uint64_t changed = reader.time();
    print_number(value, "shm_cpid", reader.number());
    print_number(value, "shm_lpid", reader.number());
    print_number(value, "shm_nattch", reader.word());
    print_time(value, "shm_atime", attached);
    print_time(value, "shm_dtime", detached);
    print_time(value, "shm_ctime", changed);
  });
}
void render_shared_memory_in(const Value& value) { print_shared_memory(value, true); }
void render_shared_memory_out(const Value& value) { print_shared_memory(value, false); }

void print_message_queue(const Value& value, bool sets) {
  print_whole(value, Kind::msqid_ds_out, [&](Reader& reader) {
    print_permissions(value, "msg_perm", reader, sets);
    const std::uint64_t sent = reader.time();
    const std::uint64_t received = reader.time();
    const std::uint64_t changed = reader.time();
    reader.word();  // Bytes in the queue, which is not told.
    const std::uint64_t messages = reader.word();
    const std::uint64_t most = reader.word();
    if (sets) return print_number(value, "msg_qbytes", most);
    print_time(value, "msg_stime", sent);
    print_time(value, "msg_rtime", received);
    print_time(value, "msg_ctime", changed);
    print_number(value, "msg_qnum", messages);
    print_number(value, "msg_qbytes", most);
    print_number(value, "msg_lspid", reader.number());
    print_number(value, "msg_lrpid", reader.number());
  });
}
void render_message_queue_in(const Value& value) { print_message_queue(value, true); }
void render_message_queue_out(const Value& value) { print_message_queue(value, false); }

void print_semaphores(const Value& value, bool sets) {
  print_whole(value, Kind::semid_ds_out, [&](Reader& reader) {
    print_permissions(value, "sem_perm", reader, sets);
    if (sets) return;
    print_time(value, "sem_otime", reader.time(true));
    print_time(value, "sem_ctime", reader.time(true));
    print_number(value, "sem_nsems", reader.word());
  });
}
void render_semaphores_in(const Value& value) { print_semaphores(value, true); }
void render_semaphores_out(const Value& value) { print_semaphores(value, false); }

constexpr Member shm_limits[] = {
    {"shmmax", Cell::ulong, Kind::ludec}, {"shmmin", Cell::ulong, Kind::ludec},
    {"shmmni", Cell::ulong, Kind::ludec}, {"shmseg", Cell::ulong, Kind::ludec},
    {"shmall", Cell::ulong, Kind::ludec},
};
constexpr Member shm_usage[] = {
    {"used_ids", Cell::u32, Kind::udec},         {"shm_tot", Cell::ulong, Kind::ludec},
    {"shm_rss", Cell::ulong, Kind::ludec},       {"shm_swp", Cell::ulong, Kind::ludec},
    {"swap_attempts", Cell::ulong, Kind::ludec}, {"swap_successes", Cell::ulong, Kind::ludec},
};
constexpr Member sem_limits[] = {
    {"semmap", Cell::u32, Kind::udec}, {"semmni", Cell::u32, Kind::udec}, {"semmns", Cell::u32, Kind::udec},
    {"semmnu", Cell::u32, Kind::udec}, {"semmsl", Cell::u32, Kind::udec}, {"semopm", Cell::u32, Kind::udec},
    {"semume", Cell::u32, Kind::udec}, {"semusz", Cell::u32, Kind::udec}, {"semvmx", Cell::u32, Kind::udec},
    {"semaem", Cell::u32, Kind::udec},
};
constexpr Member msg_limits[] = {
    {"msgpool", Cell::u32, Kind::udec}, {"msgmap", Cell::u32, Kind::udec}, {"msgmax", Cell::u32, Kind::udec},
    {"msgmnb", Cell::u32, Kind::udec},  {"msgmni", Cell::u32, Kind::udec}, {"msgssz", Cell::u32, Kind::udec},
    {"msgtql", Cell::u32, Kind::udec},  {"msgseg", Cell::u16, Kind::udec},
};
constexpr Member queue_attributes[] = {
    SONDE_SET_MEMBER("mq_flags", Cell::slong, "mq_flags"),
    {"mq_maxmsg", Cell::slong, Kind::ldec},
    {"mq_msgsize", Cell::slong, Kind::ldec},
    {"mq_curmsgs", Cell::slong, Kind::ldec},
};
constexpr Member semaphore_operation[] = {{"sem_num", Cell::u16, Kind::udec},
                                          {"sem_op", Cell::i16, Kind::dec},
                                          SONDE_SET_MEMBER("sem_flg", Cell::u16, "semop_flags")};

void render_shm_limits(const Value& value) { print_struct(value, address_of(value), shm_limits); }
void render_shm_usage(const Value& value) { print_struct(value, address_of(value), shm_usage); }
void render_sem_limits(const Value& value) { print_struct(value, address_of(value), sem_limits); }
void render_msg_limits(const Value& value) { print_struct(value, address_of(value), msg_limits); }
void render_queue_attributes(const Value& value) { print_struct(value, address_of(value), queue_attributes); }

void render_semaphore_operations(const Value& value) {
  print_array(
      value, address_of(value), static_cast<std::uint32_t>(next_argument(value)),
      struct_size(semaphore_operation, value.call.abi),
      [&](Address at) { print_struct(value, at, semaphore_operation); }, shown_elements(value));
}

// A message is its type, a long, and its text.
void print_message(const Value& value, std::uint64_t size) {
  const auto type = MemberCursor(value, address_of(value)).next(Cell::slong);
  if (address_of(value).value == 0 || !type) return value.out.address(address_of(value).value);
  value.out.begin_struct();
  value.out.field("mtype");
  value.out.integer(static_cast<std::int64_t>(*type));
  value.out.field("mtext");
  print_data(value, address_of(value) + value.word(), size);
  value.out.end_struct();
}
void render_message_in(const Value& value) { print_message(value, as_word(value, next_argument(value))); }
// strace shows as much as there was room for, not as much as came.
void render_message_out(const Value& value) { print_message(value, as_word(value, next_argument(value))); }

void render_key(const Value& value) {
  constexpr std::uint32_t ipc_private = 0;
  const auto key = static_cast<std::uint32_t>(value.raw);
  if (key == ipc_private) return print_symbol(value, "IPC_PRIVATE", key);
  value.out.hex(key);
}

// mq_open()'s last two arguments are for a queue that it may create.
bool creates(const Call& call) { return (call.args[1] & O_CREAT) != 0; }

constexpr Optional optionals[] = {{"mq_open", 2, creates}, {"mq_open", 3, creates}};

constexpr Registration table[] = {
    {Kind::shmid_ds_in, render_shared_memory_in},   {Kind::shmid_ds_out, render_shared_memory_out},
    {Kind::msqid_ds_in, render_message_queue_in},   {Kind::msqid_ds_out, render_message_queue_out},
    {Kind::semid_ds_in, render_semaphores_in},      {Kind::semid_ds_out, render_semaphores_out},
    {Kind::shminfo_out, render_shm_limits},         {Kind::shm_info_out, render_shm_usage},
    {Kind::seminfo_out, render_sem_limits},         {Kind::msginfo_out, render_msg_limits},
    {Kind::mq_attr_in, render_queue_attributes},    {Kind::mq_attr_out, render_queue_attributes},
    {Kind::sembuf_in, render_semaphore_operations}, {Kind::msgbuf_in, render_message_in},
    {Kind::msgbuf_out, render_message_out},         {Kind::ipc_key, render_key},
};

}  // namespace

Domain misc_ipc_domain() { return {table, optionals}; }

}  // namespace sonde::decode
