/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attach.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>

#include "alloc.h"
#include "duration.h"

#define PATIENCE_MAX_NS      NSEC_PER_SEC
#define PATIENCE_NS_PER_BYTE 1000 /* 1 MB/s */

#define FOREACH_CLIENT(c, p)                                                                                \
        for (size_t _i = 0; _i < ELEMENTSOF((p)->server->clients) && (p)->server->clients[_i]; _i++)        \
                for (AttachClient *c = (p)->server->clients[_i]; c && c->fd >= 0 && c->point == (p);        \
                                c = NULL)

static bool has_tty(const AttachPoint *p) {
        return app_io_has(p->io, APP_IO_TTY);
}

static unsigned offered(const AttachPoint *p) {
        const unsigned streams[] = { ATTACH_STDIN, ATTACH_STDOUT, ATTACH_STDERR };
        const unsigned tty[] = { ATTACH_TTY_IN, ATTACH_TTY_OUT, ATTACH_TTY_OUT };
        unsigned channels = 0;
        for (size_t i = 0; i < 3; i++)
                channels |= p->io->modes[i] == APP_IO_STREAM ? streams[i]
                            : p->io->modes[i] == APP_IO_TTY  ? tty[i]
                                                             : 0;
        return channels;
}

static unsigned channels_of(AttachKind kind) {
        return kind == ATTACH_ERROR ? ATTACH_STDERR : ATTACH_STDOUT | ATTACH_TTY_OUT;
}

static void remember(AttachReplay *r, const char *data, size_t size, bool seen) {
        if (!r->data)
                r->data = xmalloc(ATTACH_REPLAY_MAX);
        r->unseen = seen ? 0 : MIN(r->unseen + size, ATTACH_REPLAY_MAX);
        if (size > ATTACH_REPLAY_MAX) {
                data += size - ATTACH_REPLAY_MAX;
                size = ATTACH_REPLAY_MAX;
        }
        size_t first = MIN(size, ATTACH_REPLAY_MAX - r->end);
        memcpy(r->data + r->end, data, first);
        memcpy(r->data, data + first, size - first);
        r->end = (r->end + size) % ATTACH_REPLAY_MAX;
        r->size = MIN(r->size + size, ATTACH_REPLAY_MAX);
}

/* Of a terminal, as much as there is, so that there is something on the screen; of a stream what nobody has
 * got, so that nobody gets it twice. */
static void replay(AttachPoint *p, AttachClient *c, AttachKind kind) {
        AttachReplay *r = &p->replays[kind == ATTACH_ERROR];
        size_t left = has_tty(p) ? r->size : r->unseen;
        r->unseen = 0;
        while (left > 0) {
                size_t start = (r->end + ATTACH_REPLAY_MAX - left) % ATTACH_REPLAY_MAX;
                size_t size = MIN(MIN(left, ATTACH_REPLAY_MAX - start), (size_t) ATTACH_DATA_MAX);
                attach_client_send(
                                c, &(AttachMessage){ .kind = kind, .data = r->data + start, .size = size });
                left -= size;
        }
}

static void tell_ended(AttachPoint *p, AttachClient *c) {
        attach_client_send(c, &(AttachMessage){ .kind = ATTACH_ENDED, .number = (uint64_t) p->status });
        c->closing = true;
        if (!c->full) {
                attach_client_drop(c);
                return;
        }
        p->patience = PATIENCE_MAX_NS; /* once more: this is the last that it is told */
        attach_client_catch_up(c);
        attach_client_watch(c);
}

void attach_point_join(AttachPoint *p, AttachClient *c, unsigned channels) {
        unsigned all = offered(p);
        if (channels & ~all) {
                static const char why[] = "the app has not been given all that was asked for to attach to";
                attach_client_send(c, &(AttachMessage){ .kind = ATTACH_REFUSAL,
                                                      .data = why,
                                                      .size = sizeof(why) - 1 });
                attach_client_drop(c);
                return;
        }
        c->point = p;
        c->channels = channels ?: all;
        attach_client_send(c, &(AttachMessage){ .kind = ATTACH_WELCOME, .channels = c->channels });
        if (c->channels & channels_of(ATTACH_OUTPUT))
                replay(p, c, ATTACH_OUTPUT);
        if (c->channels & channels_of(ATTACH_ERROR))
                replay(p, c, ATTACH_ERROR);
        if (p->told)
                tell_ended(p, c);
        else
                attach_client_watch(c);
}

static void close_input(AttachPoint *p) {
        loop_forget(p->server->loop, &p->input_source);
        if (p->input >= 0)
                close(TAKE_FD(p->input));
        free(TAKE_PTR(p->typed));
        p->n_typed = 0;
}

static void watch_clients(AttachPoint *p) {
        FOREACH_CLIENT(c, p)
        attach_client_watch(c);
}

/* Returns how much the app has taken. */
static size_t feed(AttachPoint *p, const char *data, size_t size) {
        size_t done = 0;
        while (p->input >= 0 && done < size) {
                ssize_t n = write(p->input, data + done, size - done);
                if (n > 0)
                        done += (size_t) n;
                else if (n < 0 && errno == EAGAIN)
                        return done;
                else if (n == 0 || errno != EINTR)
                        break; /* nobody reads it any more */
        }
        return size;
}

static void end_input(AttachPoint *p) {
        const char end_of_file = 4; /* ^D */
        if (has_tty(p))
                feed(p, &end_of_file, 1);
        else
                close_input(p);
}

static void on_input_writable(void *userdata, uint32_t events) {
        AttachPoint *p = userdata;
        size_t n = feed(p, p->typed, p->n_typed);
        p->n_typed -= n;
        memmove(p->typed, p->typed + n, p->n_typed);
        if (p->n_typed > 0)
                return;
        loop_forget(p->server->loop, &p->input_source);
        free(TAKE_PTR(p->typed));
        watch_clients(p);
}

static void take_input(AttachPoint *p, const char *data, size_t size) {
        size_t n = feed(p, data, size);
        if (n == size)
                return;
        p->n_typed = size - n;
        p->typed = xmalloc(p->n_typed);
        memcpy(p->typed, data + n, p->n_typed);
        loop_watch(p->server->loop, &p->input_source, p->input, EPOLLOUT);
        watch_clients(p);
}

/* Of the same size as before, too: a program that fills the screen draws it for who has just come. */
static void set_window(const AttachPoint *p, const AttachMessage *m) {
        struct winsize new = { .ws_row = m->rows, .ws_col = m->columns }, old = {};
        if (!has_tty(p) || p->input < 0)
                return;
        ioctl(p->input, TIOCGWINSZ, &old);
        if (old.ws_row == new.ws_row && old.ws_col == new.ws_col)
                ioctl(p->input, TIOCSIG, SIGWINCH);
        else
                ioctl(p->input, TIOCSWINSZ, &new);
}

void attach_point_take(AttachPoint *p, const AttachClient *c, const AttachMessage *m) {
        bool may_type = c->channels & (ATTACH_STDIN | ATTACH_TTY_IN);
        if (!may_type && m->kind != ATTACH_WINDOW)
                return;
        switch (m->kind) {
        case ATTACH_WINDOW: set_window(p, m); break;
        case ATTACH_INPUT: take_input(p, m->data, m->size); break;
        case ATTACH_EOF: end_input(p); break;
        default: break;
        }
}

bool attach_ready(const AttachPoint *p) {
        return p->waiting == 0;
}

static void on_timer(void *userdata, uint32_t events) {
        AttachPoint *p = userdata;
        uint64_t n;
        if (read(p->timer, &n, sizeof(n)) < 0 || p->waiting == 0)
                return;
        FOREACH_CLIENT(c, p)
        attach_client_leave_behind(c);
}

static int open_timer(AttachPoint *p) {
        if (p->timer >= 0)
                return 0;
        p->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        p->timer_source = (LoopSource){ .handle = on_timer, .userdata = p, .fd = -1 };
        return p->timer < 0 ? -errno : loop_watch(p->server->loop, &p->timer_source, p->timer, EPOLLIN);
}

static struct timespec timespec_of(uint64_t ns) {
        return (struct timespec){ .tv_sec = (time_t) (ns / NSEC_PER_SEC),
                .tv_nsec = (long) (ns % NSEC_PER_SEC) };
}

/* A client is full: how long the others and the app wait for it is what they have left of their patience. */
void attach_point_wait(AttachPoint *p) {
        if (p->waiting++ > 0)
                return;
        struct itimerspec t = { .it_value = timespec_of(MAX(p->patience, UINT64_C(1))) };
        p->waiting_from = monotonic_ns();
        if (open_timer(p) < 0 || timerfd_settime(p->timer, 0, &t, NULL) < 0)
                FOREACH_CLIENT(c, p)
        attach_client_leave_behind(c);
}

void attach_point_waited(AttachPoint *p) {
        if (--p->waiting > 0)
                return;
        p->patience -= MIN(p->patience, monotonic_ns() - p->waiting_from);
        timerfd_settime(p->timer, 0, &(struct itimerspec){}, NULL);
        p->resume(p->userdata);
}

void attach_output(AttachPoint *p, AttachKind kind, const char *data, size_t size) {
        bool seen = false;
        p->patience = MIN(p->patience + size * PATIENCE_NS_PER_BYTE, PATIENCE_MAX_NS);
        FOREACH_CLIENT(c, p) {
                if (!(c->channels & channels_of(kind)))
                        continue;
                seen = true;
                for (size_t i = 0; i < size; i += ATTACH_DATA_MAX)
                        attach_client_send(c,
                                        &(AttachMessage){ .kind = kind,
                                                        .data = data + i,
                                                        .size = MIN(size - i, (size_t) ATTACH_DATA_MAX) });
        }
        remember(&p->replays[kind == ATTACH_ERROR], data, size, seen);
}

void attach_point_open(AttachPoint *p, AttachServer *s, const char *name, const AppIo *io,
                void (*resume)(void *), void *userdata) {
        *p = (AttachPoint){
                .name = name,
                .io = io,
                .server = s,
                .input = -1,
                .input_source = { .handle = on_input_writable, .userdata = p, .fd = -1 },
                .patience = PATIENCE_MAX_NS,
                .timer = -1,
                .resume = resume,
                .userdata = userdata,
                .next = s->points,
        };
        s->points = p;
}

void attach_point_close(AttachPoint *p) {
        if (!p->server)
                return;
        FOREACH_CLIENT(c, p)
        attach_client_drop(c);
        close_input(p);
        if (p->timer >= 0) {
                loop_forget(p->server->loop, &p->timer_source);
                close(p->timer);
        }
        for (size_t i = 0; i < ELEMENTSOF(p->replays); i++)
                free(p->replays[i].data);
        for (AttachPoint **at = &p->server->points; *at; at = &(*at)->next)
                if (*at == p) {
                        *at = p->next;
                        break;
                }
        p->server = NULL;
}

void attach_point_begin(AttachPoint *p, int input) {
        close_input(p);
        p->input = input;
        p->ended = p->told = false;
        watch_clients(p);
}

void attach_point_end(AttachPoint *p, int status) {
        p->ended = true;
        p->status = status;
}

void attach_point_settle(AttachPoint *p) {
        if (!p->ended || p->told)
                return;
        p->told = true;
        FOREACH_CLIENT(c, p)
        tell_ended(p, c);
}
