/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The keys that end a session and not the program behind it, as Docker and podman have them. */

#include <stdbool.h>
#include <stddef.h>

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define DETACH_KEYS_MAX     16

typedef struct DetachKeys {
        char keys[DETACH_KEYS_MAX];
        size_t n;     /* 0: there are none */
        size_t typed; /* how many of them have been typed */
} DetachKeys;

/* "KEY,KEY,…", of which each is a character or ctrl-CHARACTER, with a letter or one of @ [ \ ] ^ _ ; "" for
 * none. -EINVAL */
int detach_keys_parse(const char *text, DetachKeys *ret);

/* Takes what was typed. What may be passed on goes to out, which has room for size + DETACH_KEYS_MAX bytes:
 * keys that may be the beginning of the sequence wait for the next ones. True when the sequence is complete:
 * nothing behind it counts. */
bool detach_keys_filter(DetachKeys *k, const char *typed, size_t size, char *out, size_t *ret_size);
