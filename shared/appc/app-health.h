/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How it is found out whether an app that runs also works: rkt's annotations, of images and of apps in a
 * pod, named after the options of Docker and podman. */

#include <stdint.h>

#include "name-value.h"

/* A JSON array with the program and its arguments, with "CMD" in front or without; or what /bin/sh is to
 * execute: as it is, or as ["CMD-SHELL", "…"]. "none" and ["NONE"]: no check, whatever the image says. */
#define APP_HEALTH_CMD_ANNOTATION "coreos.com/rkt/stage2/health-cmd"
/* Durations, or seconds. */
#define APP_HEALTH_INTERVAL_ANNOTATION       "coreos.com/rkt/stage2/health-interval"
#define APP_HEALTH_TIMEOUT_ANNOTATION        "coreos.com/rkt/stage2/health-timeout"
#define APP_HEALTH_START_PERIOD_ANNOTATION   "coreos.com/rkt/stage2/health-start-period"
#define APP_HEALTH_START_INTERVAL_ANNOTATION "coreos.com/rkt/stage2/health-start-interval"
/* How many checks in a row have to fail. */
#define APP_HEALTH_RETRIES_ANNOTATION "coreos.com/rkt/stage2/health-retries"
/* "none", "kill", "restart", "stop" */
#define APP_HEALTH_ON_FAILURE_ANNOTATION "coreos.com/rkt/stage2/health-on-failure"

/* What happens to an app that has become unhealthy. */
typedef enum HealthAction {
        HEALTH_ACTION_NONE,
        HEALTH_ACTION_KILL,    /* it fails, and what follows is its restart policy's to say */
        HEALTH_ACTION_RESTART, /* whatever its restart policy */
        HEALTH_ACTION_STOP,    /* it has failed and is not started again */
        _HEALTH_ACTION_MAX,
} HealthAction;

typedef struct AppHealth {
        char **command; /* NULL: there is no check */
        uint64_t interval_ms, timeout_ms;
        uint64_t start_period_ms;   /* failures before that do not count */
        uint64_t start_interval_ms; /* between checks as long as they do not count */
        uint64_t retries;           /* 1 or more */
        HealthAction on_failure;
} AppHealth;

const char *health_action_name(HealthAction a);
int health_action_from_name(const char *name); /* -EINVAL */

/* Annotations that are missing leave the default. -EINVAL with *ret_error: "annotation NAME: what is wrong
 * with its value". */
int app_health_parse(const NameValueList *annotations, AppHealth *ret, char **ret_error);
void app_health_done(AppHealth *h);
#define _cleanup_app_health_ _cleanup_(app_health_done)

/* The names of the annotations that an image may have, NULL behind the last. What is to be done is for
 * whoever runs it to say. */
extern const char *const app_health_image_annotations[];

/* A duration, or a number of seconds. -EINVAL with *ret_error. */
int app_time_parse(const char *value, uint64_t *ret_ms, char **ret_error);
