/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "alloc.h"
#include "capabilities.h"
#include "file.h"
#include "log.h"
#include "mounts.h"
#include "namespaces.h"

#define STARTS_MAX      5 /* a journald that keeps crashing is given up */
#define STOP_TIMEOUT_MS 5000

static const struct {
        const char *path;
        int type;
} addresses[_JOURNAL_SOCKET_MAX] = {
        [JOURNAL_SOCKET_NATIVE] = { "/run/systemd/journal/socket", SOCK_DGRAM },
        [JOURNAL_SOCKET_STDOUT] = { "/run/systemd/journal/stdout", SOCK_STREAM },
        [JOURNAL_SOCKET_SYSLOG] = { "/run/systemd/journal/dev-log", SOCK_DGRAM },
};

static const char *const programs[] = { "/usr/lib/systemd/systemd-journald",
        "/lib/systemd/systemd-journald" };

/* Persistent, although the pod has no journal-flush.service: see the "flushed" mark below. Nothing of the
 * machine's: neither kernel messages nor audit. */
static const char configuration[] =
                "[Journal]\nStorage=persistent\nReadKMsg=no\nAudit=no\nForwardToSyslog=no\n"
                "ForwardToKMsg=no\nForwardToConsole=no\nForwardToWall=no\n"
                "RateLimitIntervalSec=0\nSyncIntervalSec=5s\n";

static struct sockaddr_un socket_address(JournalSocket s) {
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        memcpy(a.sun_path, addresses[s].path, strlen(addresses[s].path));
        return a;
}

static int open_socket(JournalSocket s) {
        struct sockaddr_un a = socket_address(s);
        int yes = 1;
        _cleanup_close_ int fd = socket(AF_UNIX, addresses[s].type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0 ||
                        bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 ||
                        chmod(addresses[s].path, 0666) < 0)
                return -errno;
        if (addresses[s].type == SOCK_STREAM && listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int connect_client(Journal *j) {
        struct sockaddr_un a = socket_address(JOURNAL_SOCKET_NATIVE);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &a, sizeof(a)) < 0)
                return -errno;
        j->client = TAKE_FD(fd);
        return 0;
}

int journal_open(Journal *j, int host_usr) {
        *j = (Journal){ .client = -1, .cgroup = -1, .client_source.fd = -1, .host_usr = host_usr };
        int r = mkdir_parents_at(AT_FDCWD, "/run/systemd/journal", 0755);
        if (r < 0)
                return log_error_errno(r, "cannot create the pod's /run/systemd/journal");
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++) {
                j->sources[s].fd = -1;
                j->sockets[s] = open_socket(s);
                if (j->sockets[s] < 0)
                        return log_error_errno(
                                        j->sockets[s], "cannot listen at the pod's %s", addresses[s].path);
        }
        r = connect_client(j);
        return r < 0 ? log_error_errno(r, "cannot connect to the pod's journal") : 0;
}

void journal_open_none(Journal *j) {
        *j = (Journal){ .client = -1, .cgroup = -1, .client_source.fd = -1, .host_usr = -1 };
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++)
                j->sockets[s] = j->sources[s].fd = -1;
}

void journal_open_managed(Journal *j) {
        journal_open_none(j);
        j->managed = true;
}

/* Gives the journal up: writers get ECONNREFUSED instead of waiting for ever. */
static void abandon(Journal *j) {
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++) {
                loop_forget(j->loop, &j->sources[s]);
                if (j->sockets[s] >= 0)
                        close(TAKE_FD(j->sockets[s]));
        }
        loop_forget(j->loop, &j->client_source);
        if (j->client >= 0)
                close(TAKE_FD(j->client));
        free(TAKE_PTR(j->pending));
        j->n_pending = 0;
}

/* The host's programs, for journald only: apps have roots of their own. */
static int mount_host_usr(Journal *j) {
        static const char *const links[] = { "bin", "sbin", "lib", "lib64" };
        if (j->host_usr < 0)
                return -ENOENT;
        int r = mount_attach_at(j->host_usr, AT_FDCWD, "/usr");
        close(TAKE_FD(j->host_usr));
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(links); i++) {
                char to[16], at[16];
                snprintf(to, sizeof(to), "usr/%s", links[i]);
                snprintf(at, sizeof(at), "/%s", links[i]);
                if (symlink(to, at) < 0 && errno != EEXIST)
                        r = -errno;
        }
        return r;
}

static int write_configuration(const Journal *j) {
        _cleanup_free_ char *size =
                        j->max_use > 0 ? xasprintf("SystemMaxUse=%" PRIu64 "\n", j->max_use) : NULL;
        _cleanup_free_ char *text = xasprintf("%s%s", configuration, size ?: "");
        return write_string_at(AT_FDCWD, "/etc/systemd/journald.conf", text, 0644);
}

int journal_prepare_files(const Journal *j) {
        int r = mkdir_parents_at(AT_FDCWD, "/etc/systemd", 0755);
        if (r >= 0)
                r = write_configuration(j);
        /* what journalctl --flush leaves: without it, journald would keep everything in /run */
        if (r >= 0)
                r = write_string_at(AT_FDCWD, "/run/systemd/journal/flushed", "", 0644);
        return r;
}

#define BIT(capability) (UINT64_C(1) << (capability))

static _noreturn_ void execute(Journal *j) {
        /* of the set in systemd's own unit: what reading others' /proc and writing the files takes */
        const uint64_t keep = BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) |
                              BIT(CAP_CHOWN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
                              BIT(CAP_SYS_ADMIN);
        char pid[32];
        snprintf(pid, sizeof(pid), "LISTEN_PID=%d", (int) getpid());
        char *environment[] = { (char *) "PATH=/usr/bin:/usr/sbin", (char *) "container=rkt",
                (char *) "LISTEN_FDS=3", pid, (char *) "SYSTEMD_LOG_TARGET=null", NULL };
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int i = 0; i < 3; i++)
                dup2(null, i);
        /* above the places where they belong first, as one may be in another's */
        int copies[_JOURNAL_SOCKET_MAX];
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++)
                copies[s] = fcntl(j->sockets[s], F_DUPFD, 16);
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++)
                dup2(copies[s], 3 + (int) s);
        syscall(SYS_close_range, 3 + _JOURNAL_SOCKET_MAX, ~0U, 0);

        /* blocked until journald looks at it, which it does when no message waits any more: PID 1 may want
         * it to end before it has begun */
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGTERM);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        signal(SIGPIPE, SIG_DFL);
        setsid();
        if (capabilities_limit(keep) < 0)
                _exit(1);
        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                char *argv[] = { (char *) programs[i], NULL };
                execve(programs[i], argv, environment);
        }
        _exit(127);
}

static void start(Journal *j) {
        if (j->pid > 0 || j->sockets[0] < 0)
                return;
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++)
                loop_forget(j->loop, &j->sources[s]);
        int r = 0;
        if (j->starts == 0 && (r = mount_host_usr(j)) >= 0)
                r = journal_prepare_files(j);
        if (r < 0 || ++j->starts > STARTS_MAX) {
                log_warning("no journal is kept for this pod: systemd-journald %s",
                                r < 0 ? "cannot be used" : "keeps failing");
                abandon(j);
                return;
        }
        _cleanup_close_ int pidfd = -1;
        pid_t pid = namespaces_fork(0, j->cgroup, &pidfd);
        if (pid == 0)
                execute(j);
        if (pid > 0)
                j->pid = pid;
}

static void on_incoming(void *userdata, uint32_t events) {
        start(userdata);
}

static void watch(Journal *j) {
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++)
                if (j->sockets[s] >= 0 && j->sources[s].fd < 0)
                        loop_watch(j->loop, &j->sources[s], j->sockets[s], EPOLLIN);
}

/* Sends with the app's credentials, so that journald attributes the line to it and not to PID 1. A process
 * that has been reaped meanwhile cannot be named. */
static int send_message(Journal *j, const char *message, size_t size, pid_t pid, uid_t uid, gid_t gid) {
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(struct ucred))];
        } control = {};
        struct iovec part = { (char *) message, size };
        struct msghdr m = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
        };
        control.header = (struct cmsghdr){
                .cmsg_level = SOL_SOCKET,
                .cmsg_type = SCM_CREDENTIALS,
                .cmsg_len = CMSG_LEN(sizeof(struct ucred)),
        };
        struct ucred credentials = { .pid = pid, .uid = uid, .gid = gid };
        memcpy(CMSG_DATA(&control.header), &credentials, sizeof(credentials));
        if (sendmsg(j->client, &m, MSG_NOSIGNAL) >= 0)
                return 0;
        if (errno == ESRCH) {
                m.msg_control = NULL;
                m.msg_controllen = 0;
                if (sendmsg(j->client, &m, MSG_NOSIGNAL) >= 0)
                        return 0;
        }
        return -errno;
}

static void on_client_writable(void *userdata, uint32_t events) {
        Journal *j = userdata;
        int r = send_message(j, j->pending, j->n_pending, j->pending_sender.pid, j->pending_sender.uid,
                        j->pending_sender.gid);
        if (r == -EAGAIN)
                return;
        loop_forget(j->loop, &j->client_source);
        free(TAKE_PTR(j->pending));
        j->n_pending = 0;
        j->writable(j->userdata);
}

void journal_attach(Journal *j, int loop, void (*writable)(void *), void *userdata) {
        j->loop = loop;
        j->writable = writable;
        j->userdata = userdata;
        for (JournalSocket s = 0; s < _JOURNAL_SOCKET_MAX; s++)
                j->sources[s] = (LoopSource){ .handle = on_incoming, .userdata = j, .fd = -1 };
        j->client_source = (LoopSource){ .handle = on_client_writable, .userdata = j, .fd = -1 };
        watch(j);
}

bool journal_ready(const Journal *j) {
        return j->n_pending == 0;
}

/* The native protocol (systemd's JOURNAL_NATIVE_PROTOCOL): a value of any bytes is preceded by its length.
 */
static char *compose(const JournalSender *from, const char *line, size_t size, size_t *ret_size) {
        char head[320];
        int n = snprintf(head, sizeof(head), "PRIORITY=%d\nSYSLOG_IDENTIFIER=%.256s\nMESSAGE\n",
                        from->priority, from->identifier);
        uint64_t length = htole64(size);
        char *message = xmalloc((size_t) n + sizeof(length) + size + 1);
        memcpy(message, head, (size_t) n);
        memcpy(message + n, &length, sizeof(length));
        memcpy(message + n + sizeof(length), line, size);
        message[(size_t) n + sizeof(length) + size] = '\n';
        *ret_size = (size_t) n + sizeof(length) + size + 1;
        return message;
}

void journal_write(Journal *j, const JournalSender *from, const char *line, size_t size) {
        if (!j->managed)
                start(j);
        else if (j->client < 0)
                connect_client(j); /* nobody listens yet: then it is only shown */
        if (j->client < 0 || j->n_pending > 0)
                return;
        size_t total;
        _cleanup_free_ char *message = compose(from, line, size, &total);
        if (send_message(j, message, total, from->pid, from->uid, from->gid) != -EAGAIN)
                return;
        j->pending = TAKE_PTR(message);
        j->n_pending = total;
        j->pending_sender.pid = from->pid;
        j->pending_sender.uid = from->uid;
        j->pending_sender.gid = from->gid;
        if (loop_watch(j->loop, &j->client_source, j->client, EPOLLOUT) < 0)
                abandon(j);
}

void journal_ended(Journal *j) {
        j->pid = 0;
        if (j->n_pending > 0)
                start(j);
        else
                watch(j);
}

static void send_all_pending(Journal *j) {
        while (j->n_pending > 0) {
                struct pollfd p = { .fd = j->client, .events = POLLOUT };
                if (poll(&p, 1, STOP_TIMEOUT_MS) <= 0)
                        break;
                on_client_writable(j, 0);
        }
}

/* unix(7): what the receiver has not read counts as not sent. */
void journal_settle(Journal *j) {
        int unread = 0;
        if (j->client < 0)
                return;
        send_all_pending(j);
        for (unsigned waited = 0; waited < STOP_TIMEOUT_MS; waited++) {
                if (ioctl(j->client, SIOCOUTQ, &unread) < 0 || unread == 0)
                        return;
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
}

void journal_close(Journal *j) {
        /* first what is still on its way to it */
        if (j->managed)
                journal_settle(j);
        else if (j->pid > 0)
                send_all_pending(j);
        if (j->pid <= 0)
                return;
        kill(j->pid, SIGTERM);
        sigset_t child;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        /* SIGCHLD is blocked and may be about somebody else: look again each time */
        struct timespec timeout = { .tv_sec = STOP_TIMEOUT_MS / 1000 };
        while (waitpid(j->pid, NULL, WNOHANG) == 0)
                if (sigtimedwait(&child, NULL, &timeout) < 0 && errno == EAGAIN) {
                        kill(j->pid, SIGKILL);
                        waitpid(j->pid, NULL, 0);
                        break;
                }
        j->pid = 0;
}
