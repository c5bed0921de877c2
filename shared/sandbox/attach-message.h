/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What goes over the socket between a pod's PID 1 and who attaches to an app: seqpacket messages, a byte
 * that says what it is and what belongs to it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ATTACH_SOCKET "rkt/attach" /* in the stage1's root; of root and the group rkt */

/* As much input goes into a pipe all at once or not at all (PIPE_BUF). */
#define ATTACH_DATA_MAX    4096
#define ATTACH_MESSAGE_MAX (1 + ATTACH_DATA_MAX)

typedef enum AttachChannel {
        ATTACH_STDIN = 1 << 0,
        ATTACH_STDOUT = 1 << 1,
        ATTACH_STDERR = 1 << 2,
        ATTACH_TTY_IN = 1 << 3,
        ATTACH_TTY_OUT = 1 << 4,
        ATTACH_ALL = (1 << 5) - 1,
} AttachChannel;

typedef enum AttachKind {
        /* To PID 1. */
        ATTACH_HELLO = 'A',  /* channels, name of the app: the first message; no channels: what there is */
        ATTACH_INPUT = 'i',  /* data */
        ATTACH_EOF = 'e',    /* the input has ended */
        ATTACH_WINDOW = 'w', /* rows, columns */
        /* From PID 1. */
        ATTACH_WELCOME = 'h', /* channels that it has got */
        ATTACH_REFUSAL = 'x', /* data: why */
        ATTACH_OUTPUT = 'o',  /* data, of standard output or the terminal */
        ATTACH_ERROR = 'E',   /* data, of standard error */
        ATTACH_DROPPED = 'd', /* number of bytes of output that were not waited for */
        ATTACH_ENDED = 'q',   /* number: the app has ended with this status */
} AttachKind;

typedef struct AttachMessage {
        AttachKind kind;
        const char *data; /* in what was parsed */
        size_t size;
        unsigned channels;
        uint16_t rows, columns;
        uint64_t number;
} AttachMessage;

/* -EBADMSG: it is none that this side sends. */
int attach_message_parse(const void *message, size_t size, bool from_client, AttachMessage *ret);
/* Into buffer, of ATTACH_MESSAGE_MAX bytes; data is cut to what fits. Returns the size. */
size_t attach_message_write(const AttachMessage *m, char *buffer);

/* "stdin", "stdout", "stderr", "tty-in", "tty-out", "tty" (both). 0: no such name. */
unsigned attach_channels_from_name(const char *name);
/* A list of those, separated by commas; or "auto", for which *ret is 0. -EINVAL with *ret_error. */
int attach_channels_parse(const char *list, unsigned *ret, char **ret_error);
