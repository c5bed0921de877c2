/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* epoll(7) with a function for each descriptor. */

#include <stdint.h>

typedef struct LoopSource {
        void (*handle)(void *userdata, uint32_t events);
        void *userdata;
        int fd; /* -1: not watched */
} LoopSource;

int loop_open(void);
/* The struct must stay where it is while it is watched. A descriptor that epoll does not take (a regular
 * file) is always ready: -EPERM. */
int loop_watch(int loop, LoopSource *s, int fd, uint32_t events);
void loop_forget(int loop, LoopSource *s);
/* Waits at most timeout_ms (-1: for ever) and calls what is ready. Returns how many were. */
int loop_turn(int loop, int timeout_ms);
