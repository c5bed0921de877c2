/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What happens to pods and images, told to the host's journal: rkt events reads it there, and journalctl -x
 * explains it from a catalogue (units/rkt.catalog). */

#include <stdbool.h>

typedef enum EventKind {
        EVENT_POD_PREPARED,
        EVENT_POD_STARTED,
        EVENT_APP_STARTED,
        EVENT_APP_EXITED,
        EVENT_APP_OOM_KILLED,
        EVENT_APP_RESTARTING,
        EVENT_APP_HEALTHY,
        EVENT_APP_UNHEALTHY,
        EVENT_POD_READY,
        EVENT_POD_STOPPED,
        EVENT_POD_REMOVED,
        EVENT_IMAGE_FETCHED,
        EVENT_IMAGE_REMOVED,
        _EVENT_KIND_MAX,
} EventKind;

typedef struct Event {
        EventKind kind;
        const char *pod;               /* UUID; NULL: it is about none */
        const char *app;               /* of the pod; NULL: about all of it */
        const char *image, *reference; /* ID and name; NULL: it is about none */
        bool has_status;
        int status; /* as a shell has it: 128 + N for a signal */
        int signal; /* that ended it; 0: none */
} Event;

/* "app-exited" */
const char *event_kind_name(EventKind k);
/* -EINVAL for another word. */
int event_kind_parse(const char *name, EventKind *ret);
/* The MESSAGE_ID: 32 hexadecimal digits. */
const char *event_kind_id(EventKind k);

/* Sends it with one system call, and does not wait: what a journal that does not keep up, or that is not
 * there, does not take, is not told. errno is left alone. */
void event_send(const Event *e);

/* For a process that is going to change its root: finds the journal now. */
void event_connect(void);

/* The datagram of journald's native protocol; allocated. */
char *event_compose(const Event *e);
