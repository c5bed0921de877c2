/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "namespaces.h"

#include <errno.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "macro.h"

pid_t namespaces_fork(uint64_t flags, int cgroup, int *ret_pidfd) {
        int pidfd = -1;
        struct clone_args args = {
                .flags = flags | CLONE_PIDFD | (cgroup >= 0 ? CLONE_INTO_CGROUP : 0),
                .pidfd = (uintptr_t) &pidfd,
                .exit_signal = SIGCHLD,
                .cgroup = cgroup >= 0 ? (uint64_t) cgroup : 0,
        };
        /* the process has one thread and holds no locks of the C library: the child may go on as after fork
         */
        pid_t pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0)
                return -errno;
        if (pid > 0)
                *ret_pidfd = pidfd;
        return pid;
}

int namespaces_loopback_up(void) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
        return ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
}

int pidfd_signal(int pidfd, int signal) {
        return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}
