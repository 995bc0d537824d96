// What a socket is connected to, in words: what -yy shows of descriptors.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <unordered_map>

namespace sonde::process {

// Names sockets as strace -yy does: TCP:[127.0.0.1:80->127.0.0.1:4242], UDPv6:[[::1]:53],
// UNIX-STREAM:[12->13,"/path"], NETLINK:[ROUTE:42]. Internet sockets are looked up in /proc/PID/net, which is
// that of the process's own network namespace; Unix ones through sock_diag(7), which knows peers, in ours.
class SocketNames {
 public:
  // `link` is the path of the descriptor's entry in /proc/PID/fd. Empty when nothing more is known of the
  // socket than its inode. Sockets that are connected are looked up once.
  std::string describe(pid_t pid, const char* link, std::uint64_t inode);

 private:
  static constexpr std::size_t kept = 1024;
  std::unordered_map<std::uint64_t, std::string> connected_;
};

}  // namespace sonde::process
