# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in an app, beside observe.py, and tries to get out of it: by the published ways, with nothing but what the
# app has. A line for each attempt: "NAME what came of it". What an attempt could break if it succeeded it does
# without: it writes back what it read, opens without writing, sends signal 0.

import ctypes
import os
import signal
import stat
import struct
import sys
import time

from observe import attempt, call, errno, libc

NUMBERS = {
    "x86_64": dict(ptrace=101, setns=308, unshare=272, mount=165, fsopen=430, pidfd_open=434, pidfd_getfd=438,
                   process_vm_readv=310, name_to_handle_at=303, open_by_handle_at=304, renameat2=316, rt_sigqueueinfo=129),
    "aarch64": dict(ptrace=117, setns=268, unshare=97, mount=40, fsopen=430, pidfd_open=434, pidfd_getfd=438,
                    process_vm_readv=270, name_to_handle_at=264, open_by_handle_at=265, renameat2=276, rt_sigqueueinfo=138),
}[os.uname().machine]
PTRACE_SEIZE = 0x4206
AT_FDCWD = -100


def system(name, *arguments):
    return call(NUMBERS[name], *arguments)


kept = []


def text_of(value):
    """The address of a C string that stays."""
    kept.append(ctypes.create_string_buffer(value.encode()))
    return ctypes.addressof(kept[-1])


def result(value):
    return "ok" if isinstance(value, int) else value


def say(*words):
    print(*words, flush=True)


def same_again(path):
    """Writes what it reads."""
    with open(path) as f:
        value = f.read()
    with open(path, "w") as f:
        f.write(value)


def kernel():
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory",
                 "/sys/kernel/uevent_helper", "/sys/kernel/profiling", "/proc/irq/default_smp_affinity"):
        if os.path.exists(path):
            say(path, attempt(same_again, path))
    for path in ("/proc/sysrq-trigger", "/proc/self/oom_score_adj", "/sys/fs/cgroup/cgroup.procs"):
        say(path, attempt(lambda p: os.close(os.open(p, os.O_WRONLY)), path))
    for kind in ("tmpfs", "cgroup2", "proc", "sysfs"):
        where, name = text_of("/tmp"), text_of(kind)
        say("mount-" + kind, result(system("mount", name, where, name, 0, 0)))
        say("fsopen-" + kind, result(system("fsopen", name, 0)))
    ms_remount_bind = 0x1020  # without MS_RDONLY
    say("remount", result(system("mount", 0, text_of("/proc/sys"), 0, ms_remount_bind, 0)))
    say("release-agent", attempt(lambda p: os.close(os.open(p, os.O_WRONLY)), "/sys/fs/cgroup/release_agent"))
    for name, flag in (("user", 0x10000000), ("mount", 0x20000), ("cgroup", 0x2000000), ("user-mount", 0x10020000)):
        pid = os.fork()
        if pid == 0:
            say("unshare-" + name, result(system("unshare", flag)))
            os._exit(0)
        os.waitpid(pid, 0)


def identity(path):
    st = os.stat(path)
    return st.st_dev, st.st_ino


def root():
    """A root that is only chroot's is left with a descriptor from before (chroot(2))."""
    before = identity("/")
    os.makedirs("/tmp/inner", exist_ok=True)
    fd = os.open(".", os.O_RDONLY)
    os.chroot("/tmp/inner")
    os.fchdir(fd)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    say("chroot", "same" if identity("/") == before else "OUT " + " ".join(os.listdir("/")))
    # file handles name what no path leads to (CVE-2014-3519, "shocker")
    handle = ctypes.create_string_buffer(8 + 128)
    ctypes.c_uint.from_buffer(handle).value = 128
    mount = ctypes.c_int()
    system("name_to_handle_at", AT_FDCWD, text_of("/"), ctypes.addressof(handle), ctypes.addressof(mount), 0)
    say("handle", result(system("open_by_handle_at", os.open("/", os.O_RDONLY), ctypes.addressof(handle), 0)))
    for name, where in (("pidfs", -10002), ("nsfs", -10003)):
        say("handle-" + name, result(system("open_by_handle_at", where, ctypes.addressof(handle), 0)))


def leader():
    """The pod's PID 1, which has all that the apps lack."""
    for name in ("root", "cwd", "exe", "ns/mnt", "ns/pid", "fd/0"):
        say("/proc/1/" + name, attempt(os.stat, "/proc/1/" + name))
    for name in ("mem", "maps", "environ", "auxv", "io", "syscall", "stack"):
        say("/proc/1/" + name, attempt(lambda p: open(p, "rb").read(1), "/proc/1/" + name))
    for name in range(16):
        say("/proc/1/fd", attempt(os.stat, "/proc/1/fd/%d" % name))
    say("ptrace", result(system("ptrace", PTRACE_SEIZE, 1, 0, 0)))
    here = ctypes.create_string_buffer(16)
    vector = (ctypes.c_ulong * 2)(ctypes.addressof(here), 16)
    say("process_vm_readv", result(system("process_vm_readv", 1, ctypes.addressof(vector), 1, ctypes.addressof(vector), 1, 0)))
    pidfd = system("pidfd_open", 1, 0)
    say("pidfd_getfd", " ".join(sorted({result(system("pidfd_getfd", pidfd, n, 0)) for n in range(32)})))
    say("pidfd-setns", result(system("setns", pidfd, 0x20000)))
    libc.ioctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p]
    for name, number in (("mount", 3), ("pid", 5), ("user", 8)):
        fd = libc.ioctl(pidfd, 0xFF00 | number, None)
        say("pidfd-namespace-" + name, result(system("setns", fd, 0)) if fd >= 0 else errno.errorcode[ctypes.get_errno()])
    for name in ("pid", "user", "mnt"):
        parent = libc.ioctl(os.open("/proc/self/ns/" + name, os.O_RDONLY), 0xB702, None)
        say("parent-" + name, "ok" if parent >= 0 else errno.errorcode[ctypes.get_errno()])
    info = ctypes.create_string_buffer(64)
    other = libc.ioctl(os.open("/proc/self/ns/mnt", os.O_RDONLY), 0x8010B70C, ctypes.cast(info, ctypes.c_void_p))
    say("previous-mnt", "ok" if other >= 0 else errno.errorcode[ctypes.get_errno()])


def signals():
    """Asks PID 1 for what it does when the host asks, also in the name of a sender who has no number here."""
    rt = signal.SIGRTMIN
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGURG, rt + 3, rt + 4, rt + 5):
        say("kill", attempt(os.kill, 1, number))
        for name, code in (("user", 0), ("queue", -1), ("kernel", 0x80), ("tkill", -6)):
            info = ctypes.create_string_buffer(128)
            struct.pack_into("iiixxxxii", info, 0, number, 0, code, 0, 0)
            say("as-" + name, result(system("rt_sigqueueinfo", 1, number, ctypes.addressof(info))))
    say("sent")
    time.sleep(1000)


def signal_storm():
    """The same without end, by more than one."""
    os.fork()
    say("storming")
    while True:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGURG):
            os.kill(1, number)


def processes(*pids):
    """Numbers that processes have on the host: of another pod, of the supervisors."""
    for number in map(int, pids):
        say("kill", attempt(os.kill, number, 0))
        say("proc", attempt(os.stat, "/proc/%d/root" % number))
        say("ptrace", result(system("ptrace", PTRACE_SEIZE, number, 0, 0)))
        say("pidfd", result(system("pidfd_open", number, 0)))
        say("setns", attempt(lambda n: system("setns", os.open("/proc/%d/ns/mnt" % n, os.O_RDONLY), 0), number))
    ours = identity("/")
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            theirs = identity("/proc/%s/root" % number)
        except OSError:
            continue
        say("root", "ours" if ours == theirs else "FOREIGN")


def devices(number):
    """Makes the disk's node, and those of what leads to memory or to other devices, wherever it can."""
    major, minor = map(int, number.split(":"))
    nodes = (("disk", stat.S_IFBLK, major, minor), ("mem", stat.S_IFCHR, 1, 1), ("kmsg", stat.S_IFCHR, 1, 11),
             ("loop-control", stat.S_IFCHR, 10, 237), ("tty", stat.S_IFCHR, 4, 0), ("fuse", stat.S_IFCHR, 10, 229))
    for where in ("/", "/tmp", "/dev", "/dev/shm", "/data"):
        for name, kind, *pair in nodes:
            path = os.path.join(where, "escape-" + name)
            made = attempt(os.mknod, path, kind | 0o666, os.makedev(*pair))
            say("%s at %s:" % (name, where), made, attempt(lambda p: os.close(os.open(p, os.O_RDONLY | os.O_NONBLOCK)), path))


def type_ahead():
    """Types into whatever terminal there is (TIOCSTI)."""
    import fcntl
    for fd in range(3):
        if os.isatty(fd):
            say("type", attempt(fcntl.ioctl, fd, 0x5412, b"x"))


def exchange(directory):
    """Swaps x, a directory, and y, a link, for ever (CVE-2021-30465)."""
    x, y = text_of(directory + "/x"), text_of(directory + "/y")
    say("swapping")
    while True:
        system("renameat2", AT_FDCWD, x, AT_FDCWD, y, 2)


class Watch:
    """Looks at every process that comes into the pod, from its first moment: whether it brings anything."""

    def __init__(self):
        self.root = identity("/")
        self.proc = identity("/proc")[0]
        self.own = identity("/inspect/sleep")  # a program that may be overwritten
        self.said = set()
        self.programs = {}  # what /proc/PID/exe was, by its name, until it can be opened for writing

    def report(self, *words):
        if words not in self.said:
            self.said.add(words)
            say(*words)

    def program(self, number, name):
        try:
            fd = os.open("/proc/%s/exe" % number, os.O_PATH)
        except OSError as e:
            self.report("exe", errno.errorcode[e.errno], name)
            return
        if identity("/proc/self/fd/%d" % fd) == self.own:
            name = "own"  # whatever the process was called a moment ago
        old = self.programs.pop(name, None)
        if old is not None:
            os.close(old)
        self.programs[name] = fd

    def overwrite(self):
        for name, fd in list(self.programs.items()):
            try:
                os.close(os.open("/proc/self/fd/%d" % fd, os.O_WRONLY))
                came = "OPEN"
            except OSError as e:
                came = errno.errorcode[e.errno]
            self.report("exe", came, name)
            if came != "ETXTBSY":
                os.close(self.programs.pop(name))

    def is_ours(self, path, st):
        """Whether the app can open it by itself, as a program does with its libraries."""
        try:
            return st.st_dev in (self.root[0], self.proc) or identity(path) == (st.st_dev, st.st_ino)
        except OSError:
            return False

    def descriptors(self, number, name):
        for fd in os.listdir("/proc/%s/fd" % number):
            link = "/proc/%s/fd/%s" % (number, fd)
            path, st = os.readlink(link), os.stat(link)
            if int(fd) > 2 and (stat.S_ISDIR(st.st_mode) or stat.S_ISREG(st.st_mode)) and not self.is_ours(path, st):
                self.report("DESCRIPTOR", name, path)

    def memory(self, number):
        """As a tracer would (but one holds on to what it traces): to be refused until it has become the command."""
        try:
            os.close(os.open("/proc/%s/mem" % number, os.O_RDWR))
            with open("/proc/%s/comm" % number) as f:
                self.report("MEMORY" if f.read() == "enter\n" else "late", "enter")
        except OSError as e:
            self.report("memory", errno.errorcode[e.errno], "enter")

    def look(self, number):
        try:
            with open("/proc/%s/comm" % number) as f:
                name = f.read().strip()
        except OSError:
            return
        self.report("process", name)
        self.program(number, name)
        for what in ("root", "cwd"):
            try:
                if identity("/proc/%s/%s" % (number, what))[0] != self.root[0]:
                    self.report("DIRECTORY", name, what)
            except OSError:
                pass
        try:
            self.descriptors(number, name)
        except OSError:
            pass
        if name == "enter":
            self.memory(number)

    def run(self):
        self.report("watching")
        own = {"1", str(os.getpid())}
        while True:
            for number in os.listdir("/proc"):
                if number.isdigit() and number not in own:
                    self.look(number)
            self.overwrite()


def watch():
    Watch().run()


def flood(way):
    if way == "lines":
        line = b"y" * 1000 + b"\n"
    elif way == "no-newline":
        line = b"y" * 65536
    else:
        line = b"\n" * 65536
    os.write(2, b"flooding\n")
    while True:
        os.write(1, line)


def bomb():
    """Forks until that fails, and its children do the same."""
    say("forking")
    while True:
        try:
            os.fork()
        except OSError:
            time.sleep(0.01)


def nest(depth):
    """Directories in one another, deeper than a path can name."""
    os.chdir("/tmp")
    for _ in range(int(depth)):
        os.mkdir("d")
        os.chdir("d")
    say("nested", depth)


globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
