/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How an app of a pod begins, goes on and ends, which the specification leaves open: rkt's annotations of
 * apps say it. */

#include <stdbool.h>
#include <stdint.h>

#include "app-health.h"
#include "duration.h"
#include "name-value.h"

/* Names of other apps, separated by commas: this one starts when they have started, and stops before them.
 */
#define APP_AFTER_ANNOTATION "coreos.com/rkt/stage2/after"
/* What happens when the app has ended by itself: "no", "on-failure", "on-failure:TIMES", "always". */
#define APP_RESTART_ANNOTATION "coreos.com/rkt/stage2/restart"
/* The signal that asks the app to stop, and how long it has to obey: a duration, or seconds. */
#define APP_STOP_SIGNAL_ANNOTATION  "coreos.com/rkt/stage2/stop-signal"
#define APP_STOP_TIMEOUT_ANNOTATION "coreos.com/rkt/stage2/stop-timeout"
/* The signal that tells the app to read its configuration anew. */
#define APP_RELOAD_SIGNAL_ANNOTATION "coreos.com/rkt/stage2/reload-signal"
/* Names of the sockets that the app gets of the unit that the pod is in, separated by commas. */
#define APP_SOCKETS_ANNOTATION "coreos.com/rkt/stage2/sockets"
/* "true": the app tells when it is ready, as sd_notify(3) says. Of images, too; the name is rkt 1.x's.
 * "healthy": it is ready once a check of its health has succeeded. */
#define APP_NOTIFY_ANNOTATION "appc.io/executor/supports-systemd-notify"

typedef enum RestartPolicy {
        RESTART_NO,
        RESTART_ON_FAILURE,
        RESTART_ALWAYS,
        _RESTART_POLICY_MAX,
} RestartPolicy;

typedef struct AppLife {
        char **after; /* never NULL */
        RestartPolicy restart;
        uint64_t restart_max; /* of RESTART_ON_FAILURE; 0: without end */
        int stop_signal;
        uint64_t stop_timeout_ms;
        bool notify;
        bool ready_if_healthy;
        uint64_t log_lines, log_ms; /* log-limit.h; 0: no limit */
        int reload_signal;          /* 0: none */
        char **sockets;             /* NULL: not said */
        AppHealth health;
} AppLife;

const char *restart_policy_name(RestartPolicy p);
int restart_policy_from_name(const char *name); /* -EINVAL */

/* Annotations that are missing leave the default. -EINVAL with *ret_error: "annotation NAME: what is wrong
 * with its value". */
int app_life_parse(const NameValueList *annotations, AppLife *ret, char **ret_error);
/* What only all annotations of an app together can lack. -EINVAL with *ret_error. */
int app_life_check(const NameValueList *annotations, const AppLife *l, char **ret_error);
void app_life_done(AppLife *l);
#define _cleanup_app_life_ _cleanup_(app_life_done)

/* Whether an app that has ended with this status by itself, after so many restarts, is started again, and
 * how long that waits, as Docker's and podman's policies: 100 ms, and each time twice as long up to a
 * minute, from the beginning once the app has run well for 10 s. quick: ends since then. Nanoseconds. */
#define APP_RUNS_WELL_NS (10 * NSEC_PER_SEC)
bool app_life_restarts(const AppLife *l, int status, uint64_t restarts);
uint64_t app_life_restart_delay_ns(uint64_t quick);
