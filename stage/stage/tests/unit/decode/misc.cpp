// Message passing, capabilities, filters, bpf and perf, against what strace 6.1 prints for the same calls.
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

TEST_CASE("shared memory") {
  shmid_ds segment{};
  segment.shm_perm.mode = 0600;
  segment.shm_segsz = 4096;
  segment.shm_cpid = segment.shm_lpid = 16415;
  segment.shm_nattch = 1;
  segment.shm_atime = segment.shm_ctime = 1795234387;
  CHECK(CallBuilder("shmctl").arg(1).arg(IPC_STAT).out(bytes_of(segment)).ret(0).text() ==
        "shmctl(1, IPC_STAT, {shm_perm={uid=0, gid=0, mode=0600, key=0, cuid=0, cgid=0}, shm_segsz=4096, "
        "shm_cpid=16415, shm_lpid=16415, shm_nattch=1, shm_atime=1795234387, shm_dtime=0, "
        "shm_ctime=1795234387}) = 0");
  CHECK(CallBuilder("shmctl").arg(1).arg(IPC_SET).in(bytes_of(segment)).ret(0).text() ==
        "shmctl(1, IPC_SET, {shm_perm={uid=0, gid=0, mode=0600}}) = 0");
  CHECK(CallBuilder("shmctl").arg(1).arg(IPC_RMID).arg(0).ret(0).text() == "shmctl(1, IPC_RMID, NULL) = 0");
  CHECK(CallBuilder("shmget").arg(0).arg(4096).arg(IPC_CREAT | 0600).ret(1).text() ==
        "shmget(IPC_PRIVATE, 4096, IPC_CREAT|0600) = 1");
  CHECK(CallBuilder("shmget").arg(0xfffffffb).arg(10).arg(IPC_CREAT | 0600).ret(5).text() ==
        "shmget(0xfffffffb, 10, IPC_CREAT|0600) = 5");
}

TEST_CASE("messages and semaphores") {
  const long type = 7;
  CHECK(CallBuilder("msgsnd").arg(0).in(bytes_of(type) + "hello world").arg(11).arg(0).ret(0).text() ==
        R"(msgsnd(0, {mtype=7, mtext="hello world"}, 11, 0) = 0)");
  CHECK(CallBuilder("msgsnd").arg(0).arg(8).arg(3).arg(0).ret(-EFAULT).text() ==
        "msgsnd(0, 0x8, 3, 0) = -1 EFAULT (Bad address)");
  const sembuf operations[] = {{0, 1, 0}, {1, -1, IPC_NOWAIT | SEM_UNDO}};
  CHECK(CallBuilder("semop").arg(0).in(bytes_of(operations)).arg(2).ret(-EAGAIN).text() ==
        "semop(0, [{sem_num=0, sem_op=1, sem_flg=0}, {sem_num=1, sem_op=-1, sem_flg=SEM_UNDO|IPC_NOWAIT}], "
        "2) = -1 "
        "EAGAIN (Resource temporarily unavailable)");
  CHECK(CallBuilder("semop").arg(0).in(bytes_of(operations)).arg(0).ret(-EINVAL).text() ==
        "semop(0, [], 0) = -1 EINVAL (Invalid argument)");
  msqid_ds queue{};
  queue.msg_perm.mode = 0600;
  queue.msg_qbytes = 16384;
  queue.msg_ctime = 1795234387;
  CHECK(CallBuilder("msgctl").arg(0).arg(IPC_STAT).out(bytes_of(queue)).ret(0).text() ==
        "msgctl(0, IPC_STAT, {msg_perm={uid=0, gid=0, mode=0600, key=0, cuid=0, cgid=0}, msg_stime=0, "
        "msg_rtime=0, "
        "msg_ctime=1795234387, msg_qnum=0, msg_qbytes=16384, msg_lspid=0, msg_lrpid=0}) = 0");
  CHECK(CallBuilder("msgctl").arg(0).arg(IPC_SET).in(bytes_of(queue)).ret(0).text() ==
        "msgctl(0, IPC_SET, {msg_perm={uid=0, gid=0, mode=0600}, msg_qbytes=16384}) = 0");
}

TEST_CASE("capabilities") {
  const __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  CHECK(CallBuilder("capget").in(bytes_of(header)).arg(0).ret(0).text() ==
        "capget({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, NULL) = 0");
  data[0].effective = 1u << CAP_CHOWN | 1u << CAP_KILL;
  data[1].permitted = 1u << (CAP_SYSLOG - 32);
  CHECK(CallBuilder("capset").in(bytes_of(header)).in(bytes_of(data)).ret(0).text() ==
        "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=1<<CAP_CHOWN|1<<CAP_KILL, "
        "permitted=1<<CAP_SYSLOG, inheritable=0}) = 0");
  data[1].effective = 0xfffffe00;
  data[0].effective = 0;
  CHECK(CallBuilder("capset").in(bytes_of(header)).in(bytes_of(data)).ret(0).text() ==
        "capset({version=_LINUX_CAPABILITY_VERSION_3, pid=0}, {effective=0xfffffe00, "
        "permitted=1<<CAP_SYSLOG, inheritable=0}) = 0");
  const __user_cap_header_struct odd{1, 0};
  CHECK(
      CallBuilder("capget").in(bytes_of(odd)).arg(8).ret(-EINVAL).text() ==
      "capget({version=0x1 /* _LINUX_CAPABILITY_VERSION_??? */, pid=0}, 0x8) = -1 EINVAL (Invalid argument)");
}

TEST_CASE("a seccomp filter's instructions are shown under -v") {
  const sock_filter filter[] = {
      {0x20, 0, 0, 0}, {0x15, 0, 1, 39}, {6, 0, 0, 0x00030005}, {5, 0, 1, 1}, {6, 0, 0, 0x7fff0000}};
  const sock_fprog program{5, reinterpret_cast<sock_filter*>(0x5000)};
  CallBuilder call("seccomp");
  call.arg(1).arg(1).in(bytes_of(program)).memory(0x5000, bytes_of(filter)).ret(0);
  CHECK(call.text() ==
        "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=5, filter=0x5000}) = 0");
  call.style.verbose = true;
  CHECK(call.text() ==
        "seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=5, filter=["
        "BPF_STMT(BPF_LD|BPF_W|BPF_ABS, 0), BPF_JUMP(BPF_JMP|BPF_K|BPF_JEQ, 0x27, 0, 0x1), "
        "BPF_STMT(BPF_RET|BPF_K, SECCOMP_RET_TRAP|0x5), BPF_JUMP(BPF_JMP|BPF_K|BPF_JA, 0x1, 0, 0x1), "
        "BPF_STMT(BPF_RET|BPF_K, SECCOMP_RET_ALLOW)]}) = 0");
}

TEST_CASE("users and groups") {
  CHECK(CallBuilder("setreuid").arg(~std::uint64_t{0}).arg(0).ret(0).text() == "setreuid(-1, 0) = 0");
  CHECK(CallBuilder("setuid").arg(4294967294).ret(0).text() == "setuid(4294967294) = 0");
  const unsigned groups[] = {1, 2, 3};
  CHECK(CallBuilder("setgroups").arg(3).in(bytes_of(groups)).ret(0).text() == "setgroups(3, [1, 2, 3]) = 0");
  CHECK(CallBuilder("getgroups").arg(64).out(bytes_of(groups)).ret(3).text() ==
        "getgroups(64, [1, 2, 3]) = 3");
}

TEST_CASE("perf_event_open") {
  perf_event_attr attribute{};
  attribute.size = 128;
  attribute.type = PERF_TYPE_SOFTWARE;
  attribute.disabled = attribute.exclude_kernel = 1;
  attribute.sample_period = 1000;
  attribute.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID;
  attribute.read_format = PERF_FORMAT_ID;
  const auto opened = [&] {
    const auto none = ~std::uint64_t{0};
    return CallBuilder("perf_event_open")
        .in(bytes_of(attribute))
        .arg(0)
        .arg(none)
        .arg(none)
        .arg(8)
        .ret(3)
        .text();
  };
  const std::string rest = ", ...}, 0, -1, -1, PERF_FLAG_FD_CLOEXEC) = 3";
  CHECK(opened() ==
        "perf_event_open({type=PERF_TYPE_SOFTWARE, size=PERF_ATTR_SIZE_VER7, config=PERF_COUNT_SW_CPU_CLOCK, "
        "sample_period=1000, sample_type=PERF_SAMPLE_IP|PERF_SAMPLE_TID, read_format=PERF_FORMAT_ID, "
        "disabled=1, "
        "exclude_kernel=1, precise_ip=0 /* arbitrary skid */" +
            rest);
  attribute.type = PERF_TYPE_HW_CACHE;
  attribute.config = 0x10103;
  attribute.size = 64;
  attribute.freq = 1;
  attribute.precise_ip = 2;
  CHECK(
      opened() ==
      "perf_event_open({type=PERF_TYPE_HW_CACHE, size=PERF_ATTR_SIZE_VER0, "
      "config=PERF_COUNT_HW_CACHE_RESULT_MISS<<16|PERF_COUNT_HW_CACHE_OP_WRITE<<8|PERF_COUNT_HW_CACHE_DTLB, "
      "sample_freq=1000, sample_type=PERF_SAMPLE_IP|PERF_SAMPLE_TID, read_format=PERF_FORMAT_ID, disabled=1, "
      "exclude_kernel=1, freq=1, precise_ip=2 /* requested to have 0 skid */" +
          rest);
}

TEST_CASE("bpf") {
  struct {
    std::uint32_t type = 2, key = 4, value = 8, entries = 2, flags = 0, inner = 0, node = 0;
    char name[16] = "mm";
    std::uint32_t rest[7]{};
  } map;
  CHECK(CallBuilder("bpf").arg(0).in(bytes_of(map)).arg(20).ret(3).text() ==
        "bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_ARRAY, key_size=4, value_size=8, max_entries=2, "
        "map_flags=0}, "
        "20) = 3");
  CHECK(CallBuilder("bpf").arg(0).in(bytes_of(map)).arg(72).ret(3).text() ==
        "bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_ARRAY, key_size=4, value_size=8, max_entries=2, "
        "map_flags=0, "
        R"(inner_map_fd=0, map_name="mm", map_ifindex=0, btf_fd=0, btf_key_type_id=0, btf_value_type_id=0, )"
        "btf_vmlinux_value_type_id=0, map_extra=0}, 72) = 3");
  const std::uint64_t element[] = {0xffffffff, 0x4aa2e0, 0x4ac2e0, 0};
  CHECK(CallBuilder("bpf").arg(1).in(bytes_of(element)).arg(32).ret(-EBADF).text() ==
        "bpf(BPF_MAP_LOOKUP_ELEM, {map_fd=-1, key=0x4aa2e0, value=0x4ac2e0, flags=BPF_ANY}, 32) = -1 EBADF "
        "(Bad file "
        "descriptor)");
  CHECK(CallBuilder("bpf").arg(0).in(bytes_of(map)).arg(0).ret(-EINVAL).text() ==
        "bpf(BPF_MAP_CREATE, 0x10000, 0) = -1 EINVAL (Invalid argument)");
  CHECK(CallBuilder("bpf").arg(99).in(bytes_of(map)).arg(16).ret(-EINVAL).text() ==
        "bpf(0x63 /* BPF_??? */, 0x10000, 16) = -1 EINVAL (Invalid argument)");
}

TEST_CASE("priorities of I/O") {
  CHECK(CallBuilder("ioprio_set").arg(1).arg(0).arg(16388).ret(0).text() ==
        "ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)) = 0");
  CHECK(CallBuilder("ioprio_get").arg(1).arg(0).ret(16388).text() ==
        "ioprio_get(IOPRIO_WHO_PROCESS, 0) = 16388 (IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4))");
}

TEST_CASE("personality") {
  CHECK(CallBuilder("personality").arg(0xffffffff).ret(0x40000).text() ==
        "personality(0xffffffff) = 0x40000 (PER_LINUX|ADDR_NO_RANDOMIZE)");
  CHECK(CallBuilder("personality").arg(0).ret(0).text() == "personality(PER_LINUX) = 0 (PER_LINUX)");
}

}  // namespace sonde::decode
