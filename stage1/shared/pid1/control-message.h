/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is said at the socket at which PID 1 of a mutable pod takes orders, stage1/rootfs/rkt/control in the
 * pod's directory. One order for each connection: descriptors, if it takes any, the order, and PID 1's
 * answer. */

#include <stdint.h>
#include <sys/types.h>

#define CONTROL_SOCKET          "rkt/control"
#define CONTROL_TEXT_MAX        1000
#define CONTROL_DESCRIPTORS_MAX 1024

typedef enum ControlKind {
        CONTROL_NONE,
        CONTROL_DESCRIPTOR, /* one is with it if value is 1; in the place of one that is not, 0 */
        /* The app's name is in text. */
        CONTROL_ADD, /* with its plan (JSON, of this app alone) and what pod_sources_foreach goes through */
        CONTROL_START, /* answered when it is ready, or has ended; or after so many ms as value says. 0: when
                        * it has been executed; negative: however long that takes */
        CONTROL_STOP,  /* answered when it has ended */
        CONTROL_REMOVE, /* the same, and nothing is left of it; also if there was nothing */
        CONTROL_ANSWER, /* of PID 1: 0 or a negative errno in value, and in text why */
} ControlKind;

typedef struct ControlMessage {
        uint32_t kind;
        int32_t value;
        char text[CONTROL_TEXT_MAX]; /* sent as far as its NUL */
} ControlMessage;

/* fd: -1 for none. text may be NULL; one that is too long is cut. */
int control_send(int socket, ControlKind kind, int value, const char *text, int fd);
/* 1, 0 when nobody will send any more, or -errno. */
int control_receive(int socket, ControlMessage *ret, int *ret_fd);
