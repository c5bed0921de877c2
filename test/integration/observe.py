# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in an app (native.bats brings the host's /usr into it) and prints what the app is and what it may do, a
# line for each thing: "NAME VALUE". Arguments choose; without, it prints what never changes anything.

import ctypes
import errno
import os
import socket
import stat
import sys

libc = ctypes.CDLL(None, use_errno=True)


def call(*arguments):
    """A raw system call: its result, or the name of the error."""
    libc.syscall.restype = ctypes.c_long
    ctypes.set_errno(0)
    result = libc.syscall(*[ctypes.c_ulong(a & 0xFFFFFFFFFFFFFFFF) for a in arguments])
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]


def attempt(function, *arguments):
    try:
        result = function(*arguments)
        return "ok" if not isinstance(result, (str, bytes)) else repr(result[:64])
    except OSError as e:
        return errno.errorcode[e.errno]


def read(path, mode="r"):
    with open(path, mode) as f:
        return f.read(64)


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


def status():
    with open("/proc/self/status") as f:
        for line in f:
            name, value = line.split(":", 1)
            if name in ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"):
                print(name, value.strip().replace("\t", " "))


def namespaces():
    for name in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        print("namespace-" + name, os.readlink("/proc/self/ns/" + name))


def descriptors():
    print("descriptors", " ".join(sorted((n for n in os.listdir("/proc/self/fd")
                                           if os.path.exists("/proc/self/fd/" + n) or int(n) < 3), key=int)))


def cgroup():
    with open("/proc/self/cgroup") as f:
        # that of cgroup2, or where there is none that of systemd's hierarchy
        lines = sorted(line.strip() for line in f if line.startswith("0:") or ":name=systemd:" in line)
        print("cgroup", lines[0].split(":", 2)[2])
    print("cgroup-procs", attempt(read, "/sys/fs/cgroup/cgroup.procs"))
    print("cgroup-write", attempt(os.mkdir, "/sys/fs/cgroup/x"))
    print("sys-fs", " ".join(os.listdir("/sys/fs")))


def calls():
    machine = os.uname().machine
    number = {
        "x86_64": dict(unshare=272, mount=165, keyctl=250, bpf=321, socket=41, personality=135, swapon=167, ptrace=101,
                       io_uring_setup=425, add_key=248, userfaultfd=323, reboot=169, init_module=175, setns=308,
                       perf_event_open=298, chroot=161, getpid=39),
        "aarch64": dict(unshare=97, mount=40, keyctl=219, bpf=280, socket=198, personality=92, swapon=224, ptrace=117,
                        io_uring_setup=425, add_key=217, userfaultfd=282, reboot=142, init_module=105, setns=268,
                        perf_event_open=241, chroot=51, getpid=172),
    }[machine]
    # arguments that would fail in another way if the call were allowed
    bad = 0xFFFFFFFFFFFFFFFF
    for name in ("mount", "keyctl", "bpf", "swapon", "add_key", "userfaultfd", "reboot", "init_module", "setns",
                 "perf_event_open", "io_uring_setup"):
        print(name, call(number[name], bad, bad, bad, bad, bad))
    print("unshare", call(number["unshare"], 0x10000000))
    print("clone3", call(435, 0, 0))
    print("new", call(600))
    print("socket-inet", "ok" if isinstance(call(number["socket"], 2, 1, 0), int) else "refused")
    print("socket-vsock", call(number["socket"], 40, 1, 0))
    print("socket-vsock-high", call(number["socket"], 40 + (1 << 32), 1, 0))
    print("socket-alg", call(number["socket"], 38, 5, 0))
    print("personality-get", call(number["personality"], 0xFFFFFFFF))
    print("personality-randomize", call(number["personality"], 0x0040000))
    print("getpid", call(number["getpid"]))


def i386(number, *arguments):
    """A system call in i386's way, by int 0x80, in a child: it ends with a signal where the kernel has none."""
    import mmap
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code = b"\x53"  # push rbx
    for load, value in zip((b"\xbb", b"\xb9", b"\xba"), (tuple(arguments) + (0, 0, 0))[:3]):
        code += load + (value & 0xFFFFFFFF).to_bytes(4, "little")
    code += b"\xb8" + number.to_bytes(4, "little") + b"\xcd\x80" + b"\x5b\xc3"  # eax; int 0x80; pop rbx; ret
    memory.write(code)
    function = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writer, str(function()).encode())
        os._exit(0)
    if os.waitpid(pid, 0)[1] != 0:
        return "none"
    result = int(os.read(reader, 32))
    return result if result >= 0 else errno.errorcode[-result]


def calls32():
    if os.uname().machine != "x86_64" or i386(20) in ("none", "ENOSYS"):
        names = ("int80", "getpid32", "mount32", "socket32-inet", "socket32-alg", "socketcall")
        print("\n".join(name + " none" for name in names))
        return
    print("int80 there")
    print("getpid32", i386(20))
    print("mount32", i386(21, 0, 0, 0))
    print("socket32-inet", "ok" if isinstance(i386(359, 2, 1, 0), int) else "refused")
    print("socket32-alg", i386(359, 38, 5, 0))
    print("socketcall", i386(102, 1, 0))


def paths():
    for path in ("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/kallsyms", "/proc/config.gz"):
        if os.path.lexists(path):
            print(path, attempt(read, path, "rb"))
    for path in ("/sys/firmware", "/sys/module", "/sys/power"):
        if os.path.lexists(path):
            print(path, attempt(lambda p: os.listdir(p) and "", path))
    print("/proc/sys", attempt(write, "/proc/sys/kernel/domainname", "x"))
    print("/proc/sysrq-trigger", attempt(write, "/proc/sysrq-trigger", ""))
    print("/sys", attempt(os.mkdir, "/sys/kernel/x"))


def write_same(path):
    """Writes what it reads, or makes a directory, which the kernel's file systems refuse in another way."""
    if os.path.isdir(path):
        os.mkdir(os.path.join(path, "inspect"))
        return
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, open(path, "rb").read())
    finally:
        os.close(fd)


def rkt_paths():
    """What rkt 1.30 hides from apps, and what it lets them only read."""
    for path in ("/sys/firmware", "/sys/fs", "/sys/hypervisor", "/sys/module", "/sys/power", "/proc/config.gz",
                 "/proc/kallsyms", "/proc/sched_debug", "/proc/kcore", "/proc/kmem", "/proc/mem"):
        if not os.path.lexists(path):
            print(path, "missing")
        elif os.path.isdir(path):
            print(path, "holds", " ".join(os.listdir(path)) or "nothing")
        else:
            print(path, attempt(lambda p: read(p, "rb") or None, path).replace("ok", "empty"))
    for path in ("/proc/bus", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/panic_on_oom",
                 "/proc/sysrq-trigger", "/sys/block", "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices", "/sys/kernel"):
        if not os.path.exists(path):
            print(path, "missing")
        elif path == "/proc/sysrq-trigger":
            print(path, attempt(lambda p: os.close(os.open(p, os.O_WRONLY)), path))
        else:
            print(path, attempt(write_same, path))


def limits():
    import resource
    with open("/proc/self/oom_score_adj") as f:
        print("oom-score-adj", f.read().strip())
    for name in ("cpu.max", "cpu.weight", "memory.max", "memory.high", "memory.swap.max", "pids.max", "io.max", "io.weight"):
        path = "/sys/fs/cgroup/" + name
        print(name, open(path).read().strip() if os.path.exists(path) else "none")
    print("rlimit-nofile", *resource.getrlimit(resource.RLIMIT_NOFILE))
    for name in ("kernel/shmmni", "net/ipv4/ip_default_ttl"):
        with open("/proc/sys/" + name) as f:
            print(name, f.read().strip())


def labels():
    for name in ("current", "apparmor/current"):
        print("label-" + name, attempt(read, "/proc/self/attr/" + name))


def roots():
    """Whether its root can be written, and whose it is."""
    print("root", attempt(lambda p: os.close(os.open(p, os.O_WRONLY | os.O_CREAT)), "/inspected"))
    print("root-owner", *(getattr(os.stat("/"), n) for n in ("st_uid", "st_gid")))
    with open("/proc/self/uid_map") as f:
        print("uid-map", *f.read().split())
    with open("/proc/self/mountinfo") as f:
        print("root-type", *[line.split(" - ")[1].split()[0] for line in f if line.split()[4] == "/"])


def devices():
    for name in ("null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "shm", "pts/ptmx", "fd/0"):
        print("has-" + name, os.path.exists("/dev/" + name))
    print("null", attempt(write, "/dev/null", "x"))
    print("full", attempt(write, "/dev/full", "x"))
    print("ptmx", attempt(os.open, "/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
    for where in ("/dev", "/tmp"):
        path = where + "/made"
        print("mknod-" + where, attempt(os.mknod, path, stat.S_IFCHR | 0o666, os.makedev(1, 1)))
        print("open-" + where, attempt(read, path, "rb"))
    print("mem", os.path.lexists("/dev/mem"))


def echo_request():
    """ICMP's, with the checksum that the kernel fills in only for sockets without privileges."""
    message = bytes([8, 0, 0, 0, 0, 1, 0, 1])
    total = sum(int.from_bytes(message[i:i + 2], "big") for i in range(0, len(message), 2))
    return message[:2] + (~total & 0xFFFF).to_bytes(2, "big") + message[4:]


def asks(address, kind):
    with socket.socket(socket.AF_INET, kind, socket.IPPROTO_ICMP) as s:
        s.settimeout(10)
        s.sendto(echo_request(), (address, 0))
        s.recv(1024)


def ping(address):
    """Through a raw socket, as CAP_NET_RAW allows."""
    print("ping", attempt(asks, address, socket.SOCK_RAW))


def echo(address):
    """As everybody may whose group is in ping_group_range."""
    print("echo", attempt(asks, address, socket.SOCK_DGRAM))


def bind(port):
    with socket.socket() as s:
        print("bind", attempt(s.bind, ("", int(port))))


def main(names):
    for name in names or ("status", "namespaces", "descriptors", "cgroup"):
        name, *argument = name.split("=", 1)
        globals()[name](*argument)


if __name__ == "__main__":
    main(sys.argv[1:])
