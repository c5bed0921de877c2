/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the checks of an app have found: a file that its supervisor writes after each, and that status and
 * list read. Lines NAME=VALUE, an empty one, and the end of what the last check has written. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"

#define HEALTH_OUTPUT_MAX 1024 /* bytes that are kept, the last ones */
#define HEALTH_FILE_MAX   4096
#define HEALTH_DIR        "rkt/health" /* in the stage1's root: a file for each app */

typedef enum HealthStatus {
        HEALTH_STARTING, /* nothing that counts is known yet */
        HEALTH_HEALTHY,
        HEALTH_UNHEALTHY,
        _HEALTH_STATUS_MAX,
} HealthStatus;

typedef struct HealthState {
        HealthStatus status;
        uint64_t failing;   /* checks in a row that have failed and count */
        int64_t checked_at; /* when the last one has ended, ns since the epoch; 0: there was none */
        int exit_code;      /* of the last check, 128 + N for a signal */
        bool timed_out;     /* it was killed because it took too long */
        char *output;       /* allocated; never NULL once parsed */
} HealthState;

const char *health_status_name(HealthStatus s);

/* Allocated. Of output, n_output bytes count, whatever they are. */
char *health_state_format(const HealthState *s, const char *output, size_t n_output, size_t *ret_size);
/* Of the output only what a terminal can be shown, and JSON can hold, stays: valid UTF-8 without control
 * characters but newlines and tabs; the rest becomes "?". -EBADMSG if it is no such file. */
int health_state_parse(const char *text, size_t size, HealthState *ret);
void health_state_done(HealthState *s);
#define _cleanup_health_state_ _cleanup_(health_state_done)

/* What of an output may be shown, and its last line that has anything in it; "" if there is none. Allocated.
 */
char *health_output_clean(const char *output, size_t size);
char *health_output_last_line(const char *clean);
