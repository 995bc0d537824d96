// Asks about network interfaces by ioctl and by netlink, rightly and wrongly. Only to be run in a network
// namespace of its own, where there is nothing to break; it looks whether it is, by the loopback's being
// down.
#define _GNU_SOURCE
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
  struct nlmsghdr head;
  char payload[512];
} request;
static char answer[16384];
static int route;

static void begin(int type, int flags, const void* payload, unsigned size) {
  memset(&request, 0, sizeof request);
  request.head.nlmsg_len = NLMSG_LENGTH(size);
  request.head.nlmsg_type = type;
  request.head.nlmsg_flags = flags;
  request.head.nlmsg_seq = 7;
  memcpy(request.payload, payload, size);
}

static void attribute(int type, const void* bytes, unsigned size) {
  struct rtattr* a = (void*)((char*)&request + NLMSG_ALIGN(request.head.nlmsg_len));
  a->rta_type = type;
  a->rta_len = RTA_LENGTH(size);
  memcpy(RTA_DATA(a), bytes, size);
  request.head.nlmsg_len = NLMSG_ALIGN(request.head.nlmsg_len) + RTA_ALIGN(a->rta_len);
}

static void receive(int flags) {
  struct sockaddr_nl from;
  struct iovec vector = {answer, sizeof answer};
  struct msghdr message = {&from, sizeof from, &vector, 1, 0, 0, 0};
  recvmsg(route, &message, flags);
}

static void exchange(void) {
  struct sockaddr_nl kernel = {AF_NETLINK};
  sendto(route, &request, request.head.nlmsg_len, 0, (void*)&kernel, sizeof kernel);
  receive(MSG_DONTWAIT);
  receive(MSG_DONTWAIT);
}

static void interfaces(void) {
  static const int wanted[] = {SIOCGIFADDR,   SIOCGIFNETMASK, SIOCGIFBRDADDR, SIOCGIFDSTADDR, SIOCGIFHWADDR,
                               SIOCGIFFLAGS,  SIOCGIFMTU,     SIOCGIFINDEX,   SIOCGIFMETRIC,  SIOCGIFTXQLEN,
                               SIOCGIFMAP,    SIOCGIFSLAVE,   SIOCSIFADDR,    SIOCSIFNETMASK, SIOCSIFMTU,
                               SIOCSIFHWADDR, SIOCSIFMETRIC,  SIOCSIFTXQLEN,  SIOCGIFCOUNT,   SIOCATMARK,
                               SIOCGPGRP};
  const int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq r;
  memset(&r, 0, sizeof r);
  strcpy(r.ifr_name, "lo");
  r.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  ioctl(s, SIOCSIFFLAGS, &r);
  for (unsigned i = 0; i < 2 * sizeof wanted / sizeof *wanted; i++) {
    const int request_code = wanted[i / 2];
    memset(&r, 0, sizeof r);
    strcpy(r.ifr_name, i % 2 ? "nosuch" : "lo");
    if (request_code == SIOCSIFADDR || request_code == SIOCSIFNETMASK) r.ifr_addr.sa_family = AF_INET;
    ioctl(s, request_code, &r);
  }
  memset(&r, 0, sizeof r);
  for (r.ifr_ifindex = 1; r.ifr_ifindex < 78; r.ifr_ifindex = 77 + (r.ifr_ifindex == 77))
    ioctl(s, SIOCGIFNAME, &r);
  strcpy(r.ifr_name, "nosuch");
  strcpy(r.ifr_newname, "other");
  ioctl(s, SIOCSIFNAME, &r);
  ioctl(99, SIOCGIFADDR, &r);
  ioctl(s, SIOCGIFADDR, 8);
  struct ifreq list[10];
  memset(list, 0, sizeof list);
  struct ifconf conf = {sizeof list, {(char*)list}};
  ioctl(s, SIOCGIFCONF, &conf);
  conf.ifc_buf = 0;
  ioctl(s, SIOCGIFCONF, &conf);
  conf.ifc_buf = (void*)8;
  conf.ifc_len = 80;
  ioctl(s, SIOCGIFCONF, &conf);
  ioctl(s, SIOCGIFCONF, 8);
  conf.ifc_len = 5;
  conf.ifc_buf = (void*)list;
  ioctl(s, SIOCGIFCONF, &conf);
  close(s);
}

static void links_and_addresses(void) {
  struct ifinfomsg link = {AF_UNSPEC, 0, 0, 1, 0, 0};
  const unsigned filter = 1 << 3 | 1;
  begin(RTM_GETLINK, NLM_F_REQUEST, &link, sizeof link);
  attribute(IFLA_EXT_MASK, &filter, sizeof filter);
  exchange();
  link.ifi_index = 77;
  begin(RTM_GETLINK, NLM_F_REQUEST | NLM_F_ACK, &link, sizeof link);
  attribute(IFLA_IFNAME, "nosuch", 7);
  exchange();
  struct ifaddrmsg address = {AF_INET, 8, IFA_F_PERMANENT, RT_SCOPE_HOST, 1};
  const unsigned number = htonl(0x0a000001);
  begin(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &address, sizeof address);
  attribute(IFA_LOCAL, &number, 4);
  attribute(IFA_LABEL, "lo:x", 5);
  exchange();
  exchange();
  begin(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, &address, sizeof address);
  attribute(IFA_LOCAL, &number, 4);
  exchange();
  struct rtgenmsg any = {AF_UNSPEC};
  begin(RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, &any, sizeof any);
  exchange();
}

static void routes_rules_neighbours(void) {
  struct rtmsg r = {AF_INET, 16, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST, 0};
  const unsigned to = htonl(0x0a010000), via = htonl(0x0a000002), metric = 5;
  begin(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, &r, sizeof r);
  attribute(RTA_DST, &to, 4);
  attribute(RTA_GATEWAY, &via, 4);
  attribute(RTA_PRIORITY, &metric, 4);
  exchange();
  r.rtm_dst_len = 32;
  r.rtm_flags = RTM_F_LOOKUP_TABLE;
  begin(RTM_GETROUTE, NLM_F_REQUEST, &r, sizeof r);
  attribute(RTA_DST, &to, 4);
  exchange();
  struct fib_rule_hdr rule = {AF_INET};
  begin(RTM_GETRULE, NLM_F_REQUEST | NLM_F_DUMP, &rule, sizeof rule);
  exchange();
  struct ndmsg neighbour = {AF_INET, 0, 0, 1, NUD_PERMANENT, NTF_PROXY, RTN_UNICAST};
  begin(RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND, &neighbour, sizeof neighbour);
  attribute(NDA_DST, &via, 4);
  attribute(NDA_LLADDR, "\2\0\0\0\0\1", 6);
  exchange();
  begin(RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, &neighbour, sizeof neighbour);
  exchange();
}

// Messages that mean nothing.
static void senseless(void) {
  struct sockaddr_nl kernel = {AF_NETLINK};
  begin(RTM_GETLINK, NLM_F_REQUEST, "\0\0\0", 4);
  sendto(route, &request, 40, 0, (void*)&kernel, sizeof kernel);
  request.head.nlmsg_len = 20;
  sendto(route, &request, 40, 0, (void*)&kernel, sizeof kernel);
  request.head.nlmsg_type = 0x7777;
  request.head.nlmsg_flags = 0xf01;
  sendto(route, &request, 24, 0, (void*)&kernel, sizeof kernel);
  request.head.nlmsg_type = NLMSG_DONE;
  sendto(route, &request, 20, 0, (void*)&kernel, sizeof kernel);
  sendto(route, 8, 20, 0, (void*)&kernel, sizeof kernel);
  while (recv(route, answer, sizeof answer, MSG_DONTWAIT) > 0) {
  }
}

int main(void) {
  struct ifreq loopback;
  memset(&loopback, 0, sizeof loopback);
  strcpy(loopback.ifr_name, "lo");
  ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCGIFFLAGS, &loopback);
  if (loopback.ifr_flags & IFF_UP) return 77;
  interfaces();
  route = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
  struct sockaddr_nl self = {AF_NETLINK, 0, 4242, 0};
  bind(route, (void*)&self, sizeof self);
  const int one = 1;
  setsockopt(route, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
  links_and_addresses();
  routes_rules_neighbours();
  senseless();
  const int diag = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
  begin(0x10, NLM_F_REQUEST, "\3\1\0\0", 4);
  send(diag, &request, request.head.nlmsg_len, 0);
  // What looks like a netlink message, and is none.
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  send(pair[0], &request, request.head.nlmsg_len, 0);
  return 0;
}
