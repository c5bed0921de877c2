/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What rkt check finds out about the host. Nothing here changes it, but for a directory that comes and goes
 * in the data directory. */

#include "macro.h"

typedef enum CheckState {
        CHECK_OK,
        CHECK_LACKS,   /* pods run, but without something */
        CHECK_FATAL,   /* pods do not run as they do by default */
        CHECK_UNKNOWN, /* to who asks: root would know */
} CheckState;

typedef struct Finding {
        const char *name; /* borrowed */
        CheckState state;
        char *found;
        char *follows; /* from what is not there; NULL: nothing */
} Finding;

typedef struct Checks {
        Finding *items;
        size_t n;
} Checks;

const char *check_state_name(CheckState s);
/* follows may be NULL, and is not kept for CHECK_OK. */
void checks_add(Checks *c, const char *name, CheckState state, const char *follows, const char *format, ...)
                _printf_(5, 6);
bool checks_can_run(const Checks *c);
void checks_done(Checks *c);
#define _cleanup_checks_ _cleanup_(checks_done)

void check_kernel(Checks *c);
void check_storage(Checks *c);
void check_systemd(Checks *c);
void check_network(Checks *c);
void check_extras(Checks *c);
