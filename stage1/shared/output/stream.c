/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "alloc.h"
#include "duration.h"

#define READ_SIZE 4096
#define READS_MAX 32 /* in a row: the other streams have their turn, too */

bool logs_ready(const Logs *l) {
        return console_ready(&l->console) && journal_ready(&l->journal);
}

/* As journald forwards to a console, which is what rkt run has always shown. */
static void show(Logs *l, const JournalSender *from, const char *line, size_t size) {
        char head[320];
        uint64_t now = monotonic_ns() / 1000;
        int n = snprintf(head, sizeof(head), "[%5" PRIu64 ".%06" PRIu64 "] %.256s[%d]: ", now / 1000000,
                        now % 1000000, from->identifier, (int) from->pid);
        const struct iovec parts[] = { { head, (size_t) n }, { (char *) line, size }, { (char *) "\n", 1 } };
        console_write(&l->console, parts, ELEMENTSOF(parts));
}

void logs_write(Logs *l, const JournalSender *from, const char *line, size_t size) {
        show(l, from, line, size);
        journal_write(&l->journal, from, line, size);
}

static void tell_dropped(Stream *s, bool all) {
        uint64_t n = s->limit ? rate_limit_dropped(s->limit, monotonic_ns(), all) : 0;
        if (n == 0)
                return;
        _cleanup_free_ char *time = duration_format((int64_t) s->limit->interval);
        _cleanup_free_ char *text = xasprintf("%" PRIu64 " lines are not kept: more than %" PRIu64 " in %s",
                        n, s->limit->burst, time);
        JournalSender from = s->sender;
        from.priority = LOG_WARNING;
        journal_write(&s->logs->journal, &from, text, strlen(text));
}

void stream_tell_dropped(Stream *s) {
        tell_dropped(s, true);
}

static bool is_ready(const Stream *s) {
        if (s->point && !attach_ready(s->point))
                return false;
        return s->file ? log_file_ready(s->file) : !s->logged || logs_ready(s->logs);
}

/* What is beyond the limit is shown, but not kept. */
static void log_line(Stream *s, const char *line, size_t size) {
        while (s->terminal && size > 0 && line[size - 1] == '\r')
                size--;
        tell_dropped(s, false);
        bool passes = !s->limit || rate_limit_pass(s->limit, monotonic_ns());
        if (passes && s->limit && !journal_ready(&s->logs->journal)) {
                s->limit->dropped++; /* the journal has not taken what it was just told yet */
                passes = false;
        }
        if (passes)
                logs_write(s->logs, &s->sender, line, size);
        else
                show(s->logs, &s->sender, line, size);
}

static void write_line(Stream *s, const char *line, size_t size, bool partial) {
        if (s->file)
                log_file_add(s->file, s->name, partial, line, size);
        else
                log_line(s, line, size);
}

void stream_init(Stream *s, Logs *l, const JournalSender *sender) {
        *s = (Stream){ .logs = l, .sender = *sender, .in = -1, .out = -1, .source.fd = -1 };
}

int stream_open(Stream *s) {
        const JournalSender *sender = &s->sender;
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        s->in = fds[0];
        s->out = fds[1];
        /* only our end: the flag belongs to the description, and the two ends have one each */
        if (fcntl(s->in, F_SETFL, O_NONBLOCK) < 0 || fchown(s->out, sender->uid, sender->gid) < 0)
                return -errno;
        return 0;
}

/* Passes on whole lines of the buffer while they are taken. */
static void pass_lines(Stream *s, bool finish) {
        size_t start = 0, max = s->file ? LOG_FILE_LINE_MAX : STREAM_LINE_MAX;
        if (!s->file && !s->logged)
                start = s->used; /* those who attach have got it as it came */
        while (start < s->used && is_ready(s)) {
                char *newline = memchr(s->buffer + start, '\n', s->used - start);
                size_t length = newline ? (size_t) (newline - s->buffer) - start : s->used - start;
                if (length > max) {
                        length = max;
                        newline = NULL;
                } else if (!newline && !finish)
                        break;
                write_line(s, s->buffer + start, length, !newline);
                start += length + (newline ? 1 : 0);
        }
        if (s->file && start > 0)
                log_file_flush(s->file);
        s->used -= start;
        if (s->used == 0) {
                free(TAKE_PTR(s->buffer));
                s->size = 0;
        } else if (start > 0)
                memmove(s->buffer, s->buffer + start, s->used);
}

bool stream_read(Stream *s, bool finish) {
        pass_lines(s, false);
        for (unsigned reads = 0; reads < READS_MAX && is_ready(s); reads++) {
                if (s->size - s->used < READ_SIZE) {
                        s->size = s->used + READ_SIZE;
                        s->buffer = xreallocarray(s->buffer, s->size, 1);
                }
                ssize_t n = read(s->in, s->buffer + s->used, s->size - s->used);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EIO)
                        loop_forget(s->loop, &s->source); /* a terminal that nobody has open */
                if (n > 0 && s->point)
                        attach_output(s->point, s->kind, s->buffer + s->used, (size_t) n);
                if (n > 0)
                        s->used += (size_t) n;
                pass_lines(s, n <= 0 && finish);
                if (n <= 0)
                        return s->used == 0;
        }
        return false;
}

static void on_readable(void *userdata, uint32_t events) {
        Stream *s = userdata;
        stream_read(s, false);
        if (!is_ready(s))
                loop_forget(s->loop, &s->source); /* until stream_resume */
}

int stream_watch(Stream *s, int loop) {
        s->loop = loop;
        s->source = (LoopSource){ .handle = on_readable, .userdata = s, .fd = -1 };
        return loop_watch(loop, &s->source, s->in, EPOLLIN);
}

void stream_resume(Stream *s) {
        if (s->in >= 0 && s->source.fd < 0 && s->source.handle)
                loop_watch(s->loop, &s->source, s->in, EPOLLIN);
        pass_lines(s, false);
}

void stream_close(Stream *s) {
        loop_forget(s->loop, &s->source);
        if (s->in >= 0)
                close(TAKE_FD(s->in));
        if (s->out >= 0)
                close(TAKE_FD(s->out));
        free(TAKE_PTR(s->buffer));
        s->used = s->size = 0;
}
