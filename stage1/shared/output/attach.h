/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* PID 1's side of rkt attach. Whoever attaches to an app connects to a socket that only the host's root and
 * the group rkt reach, says which app, and then gets what it writes and may write to it, beside others who
 * do the same (attach-message.h). An app waits for them only a little: see attach_output. */

#include <stdbool.h>
#include <stdint.h>

#include "app-io.h"
#include "attach-message.h"
#include "loop.h"

#define ATTACH_CLIENTS_MAX 64 /* of a pod */

/* The last that a channel had to say. */
#define ATTACH_REPLAY_MAX ((size_t) 16 * 1024)
typedef struct AttachReplay {
        char *data; /* NULL: nothing yet */
        size_t size, end;
        size_t unseen; /* so much of it came while nobody was there */
} AttachReplay;

typedef struct AttachServer AttachServer;
typedef struct AttachPoint AttachPoint;

typedef struct AttachClient {
        AttachServer *server;
        AttachPoint *point; /* NULL: it has not said which app */
        int fd;             /* -1: not in use */
        LoopSource source;
        unsigned channels;
        char *pending; /* messages that it has not taken: size (uint16_t) and message */
        size_t n_pending;
        bool full;        /* its socket takes no more */
        bool left_behind; /* it is full, and not waited for */
        bool closing;     /* once it has taken everything */
        uint64_t dropped; /* bytes that it was not given */
} AttachClient;

/* What there is to attach to of an app. */
struct AttachPoint {
        const char *name;
        const AppIo *io;
        AttachServer *server; /* NULL: nothing */
        int input;            /* where input goes; -1: nowhere */
        LoopSource input_source;
        char *typed; /* input that the app has not taken */
        size_t n_typed;
        AttachReplay replays[2];
        bool ended, told; /* the app has; and the clients know it */
        int status;
        unsigned waiting;      /* for so many clients */
        uint64_t waiting_from; /* monotonic ns */
        uint64_t patience;     /* ns */
        int timer;             /* runs while it waits; -1: not needed yet */
        LoopSource timer_source;
        void (*resume)(void *userdata);
        void *userdata;
        AttachPoint *next; /* of the server's */
};

struct AttachServer {
        int socket; /* -1: nothing can be attached to */
        int loop;
        LoopSource source;
        AttachPoint *points;
        AttachClient *clients[ATTACH_CLIENTS_MAX]; /* kept when they have gone: the loop may still know them
                                                    */
};

/* socket: listening; taken. */
void attach_server_start(AttachServer *s, int socket, int loop);
/* Whether all who are waited for have got everything. */
bool attach_server_flushed(const AttachServer *s);

/* io: with something to attach to; must outlive the point. resume is called when the app's output may be
 * read again. */
void attach_point_open(AttachPoint *p, AttachServer *s, const char *name, const AppIo *io,
                void (*resume)(void *), void *userdata);
void attach_point_close(AttachPoint *p);
/* A new life of the app: where its input goes from now on, or -1. Not to block; taken. */
void attach_point_begin(AttachPoint *p, int input);
/* The app has ended, and will not be started again by itself. Those who are attached hear of it with
 * attach_point_settle. */
void attach_point_end(AttachPoint *p, int status);
/* All output of the app has been read. */
void attach_point_settle(AttachPoint *p);

/* False: somebody has to read first. */
bool attach_ready(const AttachPoint *p);
/* kind: ATTACH_OUTPUT or ATTACH_ERROR. For a client who does not read the app waits a second,
 * and after that only as long as its output is faster than 1 MB/s on the whole: whoever is slower is left
 * behind, until it has read what is there. It is told how much it has missed. */
void attach_output(AttachPoint *p, AttachKind kind, const char *data, size_t size);

/* For the parts of this. */
void attach_client_start(AttachClient *c, AttachServer *s, int fd);
void attach_client_send(AttachClient *c, const AttachMessage *m);
void attach_client_leave_behind(AttachClient *c);
void attach_client_catch_up(AttachClient *c); /* it is waited for once more */
void attach_client_drop(AttachClient *c);
void attach_client_watch(AttachClient *c);
AttachPoint *attach_server_find(const AttachServer *s, const char *name, size_t size);
/* A client has said what it wants. */
void attach_point_join(AttachPoint *p, AttachClient *c, unsigned channels);
void attach_point_take(AttachPoint *p, const AttachClient *c, const AttachMessage *m);
void attach_point_wait(AttachPoint *p);
void attach_point_waited(AttachPoint *p);
