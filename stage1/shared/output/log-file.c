/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log-file.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

#include "alloc.h"
#include "duration.h"
#include "log-files.h"
#include "log.h"
#include "send-fd.h"

#define HEAD_MAX       64
#define FLUSH_SIZE     ((size_t) 64 * 1024)
#define RETRY_NS       (NSEC_PER_SEC)
#define ANSWER_WAIT_MS 10000

/* The file, opened by who may. keep: as LogRequest's. */
static int request(const LogFile *l, unsigned keep) {
        size_t size = sizeof(LogRequest) + strlen(l->io->log_path) + 1;
        _cleanup_free_ LogRequest *q = xcalloc(1, size);
        q->keep = keep;
        memcpy(q->path, l->io->log_path, size - sizeof(LogRequest));
        int error = EPIPE, fd = -1;
        if (send(l->requests, q, size, MSG_NOSIGNAL) < 0)
                return -errno;
        ssize_t n;
        do
                n = receive_with_fd(l->requests, &error, sizeof(error), 0, &fd);
        while (n == -EINTR);
        return n < 0 ? (int) n : fd < 0 ? -error : fd;
}

static int take(LogFile *l, unsigned keep) {
        struct stat st;
        int fd = request(l, keep);
        if (fd < 0)
                return fd;
        if (l->fd >= 0)
                close(l->fd);
        l->fd = fd;
        l->size = fstat(fd, &st) < 0 ? 0 : (uint64_t) st.st_size;
        return 0;
}

static void arm(LogFile *l, uint64_t ns) {
        struct itimerspec t = { .it_value = { .tv_sec = (time_t) (ns / NSEC_PER_SEC),
                                                .tv_nsec = (long) (ns % NSEC_PER_SEC) } };
        timerfd_settime(l->timer, 0, &t, NULL);
}

static void on_timer(void *userdata, uint32_t events) {
        LogFile *l = userdata;
        uint64_t n;
        if (read(l->timer, &n, sizeof(n)) < 0)
                return;
        log_file_flush(l);
        if (log_file_ready(l))
                l->writable(l->userdata);
}

int log_file_open(LogFile *l, const char *app, const AppIo *io, int requests, int loop,
                void (*writable)(void *), void *userdata) {
        *l = (LogFile){
                .app = app,
                .io = io,
                .requests = requests,
                .fd = -1,
                .loop = loop,
                .source = { .handle = on_timer, .userdata = l, .fd = -1 },
                .writable = writable,
                .userdata = userdata,
        };
        int r = take(l, 0);
        if (r < 0)
                return log_error_errno(r, "app %s: cannot open its log file %s", app, io->log_path);
        l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        r = l->timer < 0 ? -errno : loop_watch(loop, &l->source, l->timer, EPOLLIN);
        return r < 0 ? log_error_errno(r, "timerfd") : 0;
}

void log_file_close(LogFile *l) {
        loop_forget(l->loop, &l->source);
        close(l->timer);
        close(l->fd);
        free(l->pending);
        *l = (LogFile){ .fd = -1, .source.fd = -1 };
}

bool log_file_ready(const LogFile *l) {
        return !l->stuck;
}

void log_file_add(LogFile *l, const char *stream, bool partial, const char *line, size_t size) {
        struct timespec now;
        struct tm utc;
        clock_gettime(CLOCK_REALTIME, &now);
        gmtime_r(&now.tv_sec, &utc);
        size_t needed = l->n_pending + HEAD_MAX + size + 1;
        if (needed > l->room) {
                l->room = MAX(needed, MIN(2 * l->room, 2 * FLUSH_SIZE));
                l->pending = xreallocarray(l->pending, l->room, 1);
        }
        char *p = l->pending + l->n_pending;
        p += strftime(p, HEAD_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
        p += snprintf(p, HEAD_MAX / 2, ".%09ldZ %s %c ", now.tv_nsec, stream, partial ? 'P' : 'F');
        p = mempcpy(p, line, size);
        *p++ = '\n';
        l->n_pending = (size_t) (p - l->pending);
        if (l->n_pending >= FLUSH_SIZE)
                log_file_flush(l);
}

static void rotate(LogFile *l) {
        uint64_t now = monotonic_ns();
        if (l->io->log_file_size == 0 || l->size < l->io->log_file_size || now < l->rotate_at)
                return;
        int r = take(l, l->io->log_file_count);
        if (r >= 0)
                return;
        log_warning_errno(r, "app %s: cannot begin a new log file %s: going on with the old one", l->app,
                        l->io->log_path);
        l->rotate_at = now + 60 * RETRY_NS;
}

static void wait_for_room(LogFile *l, int error) {
        if (!l->stuck)
                log_warning_errno(error,
                                "app %s: cannot write to its log file %s: it waits until that works", l->app,
                                l->io->log_path);
        l->stuck = true;
        arm(l, RETRY_NS);
}

/* The line that was begun is kept whole: another file may have to take it. */
static void keep_from(LogFile *l, size_t written) {
        size_t start = written;
        while (start > 0 && l->pending[start - 1] != '\n')
                start--;
        l->n_pending -= start;
        l->begun = written - start;
        memmove(l->pending, l->pending + start, l->n_pending);
}

void log_file_flush(LogFile *l) {
        size_t old = l->begun, written = old;
        int error = 0;
        while (written < l->n_pending && error == 0) {
                ssize_t n = write(l->fd, l->pending + written, l->n_pending - written);
                if (n > 0)
                        written += (size_t) n;
                else if (n == 0 || errno != EINTR)
                        error = n == 0 ? ENOSPC : errno;
        }
        l->size += written - old;
        if (error) {
                keep_from(l, written);
                wait_for_room(l, error);
                return;
        }
        l->n_pending = l->begun = 0;
        if (l->stuck)
                log_warning("app %s: its log file %s takes what it writes again", l->app, l->io->log_path);
        l->stuck = false;
        free(TAKE_PTR(l->pending));
        l->room = 0;
        rotate(l);
}

void log_file_reopen(LogFile *l) {
        int r = take(l, 0);
        if (r < 0)
                log_warning_errno(r, "app %s: cannot open its log file %s anew: going on with the old one",
                                l->app, l->io->log_path);
        else
                l->begun = 0;
}
