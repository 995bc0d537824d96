"""Programs of Debian under strace and under sonde: the same lines, process by process, once what differs from run to run is
made equal."""

import difflib
import re
import shutil
import subprocess
import unittest

import harness
from harness import LiveTest, SONDE

# What no two runs have in common: addresses, process ids and inodes, times, random bytes and what is made of them.
VARYING = [
    (r"0x[0-9a-f]{5,16}", "ADDRESS"),
    (r"^sysinfo\(.*", "sysinfo"),
    (r"\b(stx?_\w+|f_\w+|d_ino|d_off|tv_n?u?sec|si_[us]time)=\d+", r"\1=N"),
    (r" /\* \d{4}-\d\d-\d\dT[^*]*\*/", ""),
    (r'getrandom\("[^"]*"', 'getrandom("RANDOM"'),
    (r"\[\d+(->\d+)?(?=[\],])", "[INODE"),
    (r"\b\d{4,}\b", "NUMBER"),
    # Process ids may have fewer digits, and not as many in both runs.
    (r'readlink\("/proc/self", *"\d+"(.*) = \d+$', r'readlink("/proc/self","NUMBER"\1 = NUMBER'),
    (r'"/proc/\d+', '"/proc/NUMBER'),
    (r"^((?:set_tid_address|gettid|getpid|getppid|getpgrp|getpgid|getsid|v?fork|clone3?|wait4)\(.*) = \d+$", r"\1 = NUMBER"),
    (r"^(wait4|t?g?kill|pidfd_open|[gs]etpgid|prlimit64)\(\d+", r"\1(NUMBER"),
    (r"\b(si_pid|parent_tid|child_tid)=\[?\d+", r"\1=NUMBER"),
    (r"pid:\d+", "pid:NUMBER"),
    (r" *, *", ","),
    (r" +(?== )", " "),
]


def streams(trace, varying):
    """The lines of each process, in the order of their first ones; calls that others interrupted are whole again."""
    lines, begun = {}, {}
    for line in trace.splitlines():
        whole = re.match(r"(\d+) +(.*)", line)
        if not whole:
            continue
        pid, text = whole.groups()
        unfinished = re.match(r"(.*?) *<unfinished \.\.\.>$", text)
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
        if unfinished:
            begun[pid] = unfinished.group(1)
            continue
        if resumed:
            text = begun.pop(pid, "") + resumed.group(1)
        # When a child's end comes between two calls of its parent is not the same twice.
        if re.match(r"--- SIGCHLD |rt_sigreturn\(", text):
            continue
        for pattern, equal in varying:
            text = re.sub(pattern, equal, text)
        lines.setdefault(pid, []).append(text)
    return list(lines.values())


@unittest.skipUnless(shutil.which("strace") and shutil.which("setarch"), "no strace, or no setarch")
class SameLines(LiveTest):
    def traced(self, tracer, options, command, also):
        folder = self.folder / "run"
        folder.mkdir()
        self.prepare(folder)
        trace = self.folder / "trace"
        by = ["strace", "-f", "-o", trace, *options] if tracer == "strace" else [SONDE, "run", "-q", "-o", trace, *options,
                                                                                 "--"]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "TZ": "UTC", "LANG": "C"}
        subprocess.run(["setarch", "-R", *by, *command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=harness.LIMIT, check=True)
        shutil.rmtree(folder)
        return streams(trace.read_text(errors="replace"), [*also, *VARYING])

    @staticmethod
    def prepare(folder):
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("text\n")
        (folder / "a" / "c").symlink_to("b")
        (folder / "Makefile").write_text("all: copy\n\t@cat copy\ncopy: a/b\n\tcp a/b copy\n")

    def same(self, options, *command, also=()):
        if not shutil.which(command[0]):
            self.skipTest(f"no {command[0]}")
        expected, found = (self.traced(tracer, options, command, also) for tracer in ("strace", "sonde"))
        self.assertEqual(len(expected), len(found))
        self.assertGreater(sum(map(len, expected)), 20)
        for ours, theirs in zip(found, expected):
            self.assertEqual([], list(difflib.unified_diff(theirs, ours, "strace", "sonde", lineterm="", n=0)))

    def test_ls(self):
        self.same(["-v"], "ls", "-l", "a")

    def test_find_with_paths(self):
        self.same(["-y"], "find", "a", "-newer", "Makefile")

    def test_make(self):
        self.same(["-v"], "make")

    def test_tar(self):
        self.same(["-yy"], "tar", "cf", "x.tar", "a")

    def test_mounts_in_a_namespace(self):
        if subprocess.run(["unshare", "-Urm", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("no right to a mount namespace")
        self.same(["-v"], "unshare", "-Urm", "sh", "-c",
                  "mount -t tmpfs -o size=4k none a && mount --bind /etc a && umount a && umount a")

    def test_descriptors_of_every_kind(self):
        script = ("import os,select,socket\n"
                  "r,w=os.pipe(); a,b=socket.socketpair(); socket.send_fds(a,[b'x'],[r,w]); socket.recv_fds(b,9,5)\n"
                  "s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen()\n"
                  "c=socket.create_connection(s.getsockname()); d,_=s.accept(); c.send(b'y'); d.recv(1)\n"
                  "u=socket.socket(socket.AF_UNIX); u.bind('\\0name\\1'); u.listen(); v=socket.socket(socket.AF_UNIX)\n"
                  "v.connect('\\0name\\1'); q=select.poll(); q.register(r); q.register(d.fileno()); q.poll(0)\n"
                  "e=select.epoll(); e.register(w,4); e.poll(0,4); select.select([r],[w],[],0); p=os.pidfd_open(os.getpid())\n"
                  "os.fstat(p); f=open('gone','w'); os.unlink('gone'); f.write('z'); f.close(); open('/dev/null').close()\n"
                  "os.fstat(os.memfd_create('m')); os.fstat(os.eventfd(1))\n")
        # strace names a socket that is bound and does not listen yet by its address, sonde by its inode.
        also = [(r"listen\(\d+<TCP:\[[^]]*\]", "listen(TCP"), (r"data={u32=\d+, u64=\d+}", "data"),
                (r":\d{4,5}(?=[\]-])|(?<=sin_port=htons\()\d+", ":PORT")]
        self.same(["-yy"], "/usr/bin/python3", "-IS", "-c", script, also=also)


if __name__ == "__main__":
    harness.main()
