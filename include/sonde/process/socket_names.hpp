// What a socket is connected to, in words: what -yy shows of descriptors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <unordered_map>

namespace sonde::process {

struct SocketName {
  std::string detail;  // Protocol and ends; empty when no more is known of the socket than its inode.
  std::string bound;   // What a Unix socket was bound to: a path, or a NUL and an abstract name.
};

// Names sockets as strace -yy does: TCP:[127.0.0.1:80->127.0.0.1:4242], UDPv6:[[::1]:53],
// UNIX-STREAM:[12->13] with its name apart, NETLINK:[ROUTE:42]. Internet sockets are looked up in
// /proc/PID/net, which is that of the process's own network namespace; Unix ones through sock_diag(7), which
// knows peers, in ours.
class SocketNames {
 public:
  // `link` is the path of the descriptor's entry in /proc/PID/fd. Sockets that are connected are looked up
  // once.
  SocketName describe(pid_t pid, const char* link, std::uint64_t inode);
  // The NETLINK_* family; empty for a socket of another kind. One that is not bound yet does not tell its
  // family.
  static constexpr int unknown_protocol = -1;
  std::optional<int> netlink_protocol(pid_t pid, const char* link, std::uint64_t inode);

 private:
  static constexpr std::size_t kept = 1024;
  std::unordered_map<std::uint64_t, SocketName> connected_;
  std::unordered_map<std::uint64_t, int> netlink_;  // By inode, which names no other socket while it lives.
};

}  // namespace sonde::process
