/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the apps' lines are shown: the standard output of rkt run. It may be a terminal that was stopped or
 * a pipe that nobody reads, so writing never blocks: what it does not take is kept, and no more is offered
 * until it is gone. */

#include <stdbool.h>
#include <sys/uio.h>

#include "loop.h"

typedef struct Console {
        int fd; /* -1: nobody reads any more */
        bool socket;
        char *pending;
        size_t n_pending;
        LoopSource source;
        int loop;
        void (*writable)(void *userdata); /* called when it takes lines again */
        void *userdata;
} Console;

/* A descriptor for what fd is, that may not block where fd may. As whoever opened it, with the host's files.
 */
int console_reopen(int fd);
Console console_open(int fd); /* fd is console_reopen's */
void console_attach(Console *c, int loop, void (*writable)(void *), void *userdata);

/* Whether a line may be written now. */
bool console_ready(const Console *c);
void console_write(Console *c, const struct iovec *parts, int n_parts);
