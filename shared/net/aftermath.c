/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "aftermath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "duration.h"
#include "link.h"
#include "netns.h"

/* By far more than deleting a link takes, until it is out of sight. */
#define PATIENCE_MS 10000

/* Closing the socket would keep all others from changing tables while it waits, so it does not wait: by then
 * the kernel has done with what was deleted. */
#define GRACE_MS 50
/* Those of one program are few: two for each plugin that it calls. */
#define KEPT_MAX 16

static Netlink *kept[KEPT_MAX];
static size_t n_kept;

/* Like fork. The child has none of our descriptors but those of the kept sockets and these two (-1: none):
 * our caller may read a pipe to its end, or wait for a lock. */
static pid_t split(int a, int b) {
        int wanted[2 + KEPT_MAX] = { a, b };
        for (size_t i = 0; i < KEPT_MAX; i++)
                wanted[2 + i] = i < n_kept ? netlink_fd(kept[i]) : -1;
        pid_t pid = fork();
        if (pid != 0)
                return pid;
        signal(SIGPIPE, SIG_IGN);
        for (unsigned first = 0;;) {
                unsigned next = ~0U; /* the lowest that is wanted from the first on */
                for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                        if (wanted[i] >= 0 && (unsigned) wanted[i] >= first)
                                next = MIN(next, (unsigned) wanted[i]);
                if (next > first)
                        syscall(SYS_close_range, first, next == ~0U ? next : next - 1, 0);
                if (next == ~0U)
                        return 0;
                first = next + 1;
        }
}

/* In the child it lives on until that ends. */
static void let_go(void) {
        while (n_kept > 0)
                netlink_close(kept[--n_kept]);
}

static _noreturn_ void linger(int status) {
        if (n_kept > 0)
                nanosleep(&(struct timespec){ .tv_nsec = GRACE_MS * NSEC_PER_MSEC }, NULL);
        _exit(status);
}

static void at_exit(void) {
        if (n_kept > 0 && split(-1, -1) == 0)
                linger(EXIT_SUCCESS);
        let_go();
}

void aftermath_keep(Netlink *n) {
        static bool registered;
        if (n_kept == KEPT_MAX)
                let_go();
        kept[n_kept++] = n;
        if (!registered)
                atexit(at_exit);
        registered = true;
}

/* A socket that hears of the links of the namespace. */
static int open_watch(int netns_fd) {
        const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
        int before = netns_enter(netns_fd);
        if (before < 0)
                return before;
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
        netns_leave(before);
        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Whether what the socket has heard says that the link is gone. */
static bool heard_of_end(int watch, int index) {
        union {
                struct nlmsghdr header;
                char space[16384];
        } m;
        ssize_t n;
        while ((n = recv(watch, &m, sizeof(m), 0)) > 0) {
                const struct ifinfomsg *i = NLMSG_DATA(&m.header);
                if ((size_t) n >= NLMSG_SPACE(sizeof(*i)) && m.header.nlmsg_type == RTM_DELLINK &&
                                i->ifi_family == AF_UNSPEC && i->ifi_index == index)
                        return true;
        }
        return false;
}

/* Until the child has failed, or has deleted the link and is held up. The kernel tells of the end of a link
 * while it has the lock of all links: who asks for any gets an answer when the peer has gone, too. */
static int wait_for_end(int watch, int verdict, Netlink *host, int index) {
        struct pollfd p[] = { { .fd = watch, .events = POLLIN }, { .fd = verdict, .events = POLLIN } };
        for (;;) {
                int n = poll(p, ELEMENTSOF(p), PATIENCE_MS), r = -EIO;
                Link any;
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -ETIMEDOUT;
                if (p[0].revents && heard_of_end(watch, index)) {
                        link_get_by_index(host, 1, &any);
                        return 0;
                }
                if (p[1].revents)
                        return read(verdict, &r, sizeof(r)) == sizeof(r) ? r : -EIO;
        }
}

int aftermath_delete_link(int netns_fd, Netlink *n, Netlink *host, int index) {
        int ends[2];
        _cleanup_close_ int watch = open_watch(netns_fd);
        if (watch < 0 || pipe2(ends, O_CLOEXEC) < 0)
                return link_delete(n, index);
        _cleanup_close_ int verdict = ends[0], to = ends[1];
        pid_t pid = split(netlink_fd(n), to);
        if (pid < 0)
                return link_delete(n, index);
        if (pid == 0) {
                int r = link_delete(n, index);
                linger(write(to, &r, sizeof(r)) == sizeof(r) ? EXIT_SUCCESS : EXIT_FAILURE);
        }
        close(TAKE_FD(to));
        let_go();
        return wait_for_end(watch, verdict, host, index);
}
