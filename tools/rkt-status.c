/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <time.h>

#include "alloc.h"
#include "duration.h"
#include "globals.h"
#include "info.h"
#include "json.h"
#include "log.h"
#include "output-format.h"
#include "process.h"
#include "strv.h"
#include "uuid-arguments.h"

#define POLL_INTERVAL_NS (100 * NSEC_PER_MSEC)

static int64_t wait_exit, wait_ready; /* ns; 0: do not wait; DURATION_FOREVER */
static OutputFormat format;
static bool watch;

static int set_wait(const char *value, void *userdata) {
        int r = duration_parse_wait(value, userdata);
        if (r < 0)
                log_error("--wait=%s: expected true, false or a duration", value);
        return r;
}

static const Option options[] = {
        { "format", OPTION_CALL, &format, "output as json or json-pretty", .call = output_format_parse,
                        .shown_default = "json|json-pretty" },
        { "wait", OPTION_CALL, &wait_exit, "wait for the pod to exit: true, false or a duration",
                        .call = set_wait, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true",
                        .shown_default = "true" },
        { "watch", OPTION_BOOL, &watch, "print it again whenever it changes, until the pod has ended" },
        { "wait-ready", OPTION_CALL, &wait_ready, "wait for the pod to be ready: true, false or a duration",
                        .call = set_wait, .flags = OPTION_VALUE_OPTIONAL, .if_bare = "true",
                        .shown_default = "true" },
        {},
};

static const Command command = {
        .name = "status",
        .usage = "[--wait[=DURATION]] [--wait-ready[=DURATION]] [--watch] [--format=json|json-pretty] UUID "
                 "| "
                 "--uuid-file=FILE",
        .summary = "Check the status of a rkt pod",
        .options = options,
        .shared_options = { uuid_file_options },
        .global_options = global_options,
};

static bool has_exited(const Pod *p) {
        PodState s = p->state;
        return s == POD_EXITED || s == POD_EXITED_DELETING || s == POD_EXITED_GARBAGE || s == POD_DELETING ||
               s == POD_GARBAGE || s == POD_ABORTED_PREPARE;
}

static bool is_ready_or_over(const Pod *p) {
        return pod_is_ready(p) || has_exited(p);
}

/* 0 once the condition holds; -ETIMEDOUT; errors of pod_refresh. */
static int wait_until(Pod *p, bool (*condition)(const Pod *), int64_t timeout) {
        uint64_t start = monotonic_ns();
        for (;;) {
                int r = pod_refresh(p);
                if (condition(p))
                        return 0;
                if (r < 0)
                        return r;
                if (timeout != DURATION_FOREVER && monotonic_ns() - start >= (uint64_t) timeout)
                        return -ETIMEDOUT;
                nanosleep(&(struct timespec){ .tv_nsec = POLL_INTERVAL_NS }, NULL);
        }
}

static int wait_for_pod(Pod *p) {
        int r = 0;
        if (wait_ready != 0) {
                r = wait_until(p, is_ready_or_over, wait_ready);
                if (r == 0 && !pod_is_ready(p)) {
                        log_error("pod %s ended before it was ready", p->uuid);
                        return -ECANCELED;
                }
        }
        if (r == 0 && wait_exit != 0)
                r = wait_until(p, has_exited, wait_exit);
        if (r == -ETIMEDOUT)
                log_error("pod %s: the time to wait is over", p->uuid);
        else if (r < 0)
                log_error_errno(r, "pod %s", p->uuid);
        return r;
}

static void print_time(FILE *f, const char *name, int64_t ns) {
        _cleanup_free_ char *text = time_absolute(ns);
        fprintf(f, "%s=%s\n", name, text);
}

static void print_health(FILE *f, const AppInfo *a) {
        const HealthState *h = &a->health;
        if (!a->has_health || a->state != APP_RUNNING)
                return;
        fprintf(f, "health-%s=%s\n", a->app->name, health_status_name(h->status));
        if (h->checked_at == 0 || (h->exit_code == 0 && !h->timed_out))
                return;
        _cleanup_free_ char *line = health_output_last_line(h->output);
        fprintf(f, "health-failure-%s=%s%d%s%s\n", a->app->name, h->timed_out ? "timeout " : "",
                        h->exit_code, *line ? " " : "", line);
}

static void print_text(FILE *f, const PodInfo *i) {
        PodState s = i->pod->state;
        fprintf(f, "state=%s\n", pod_state_name(s));
        if (i->created_at)
                print_time(f, "created", i->created_at);
        if (i->started_at)
                print_time(f, "started", i->started_at);
        if (s == POD_RUNNING || s == POD_EXITED) {
                _cleanup_free_ char *networks = pod_info_networks(i);
                fprintf(f, "networks=%s\n", networks);
        }
        if (!pod_state_has_run(s) && s != POD_DELETING)
                return;
        if (i->pid > 0)
                fprintf(f, "pid=%d\n", (int) i->pid);
        fprintf(f, "exited=%s\n", s == POD_RUNNING ? "false" : "true");
        for (size_t n = 0; n < i->n_apps && s != POD_RUNNING; n++) {
                if (i->apps[n].has_exit_code)
                        fprintf(f, "app-%s=%d\n", i->apps[n].app->name, i->apps[n].exit_code);
                if (i->apps[n].oom_killed)
                        fprintf(f, "oom-killed=%s\n", i->apps[n].app->name);
        }
        for (size_t n = 0; n < i->n_apps && s == POD_RUNNING; n++)
                print_health(f, &i->apps[n]);
}

/* Allocated; NULL after logging. */
static char *describe(const Pod *p) {
        _cleanup_pod_info_ PodInfo info = {};
        _cleanup_free_ char *error = NULL;
        char *text = NULL;
        size_t size;
        if (pod_info_read(p, POD_INFO_FULL, &info, &error) < 0) {
                log_error("pod %s: %s", p->uuid, error);
                return NULL;
        }
        if (format != OUTPUT_TEXT) {
                _cleanup_json_ json_object *o = pod_info_to_json(&info);
                _cleanup_free_ char *json = json_to_text(o, format == OUTPUT_JSON_PRETTY);
                return xasprintf("%s\n", json);
        }
        FILE *f = open_memstream(&text, &size);
        if (!f) {
                log_error_errno(errno, "open_memstream");
                return NULL;
        }
        print_text(f, &info);
        fclose(f);
        return text;
}

static int print(const Pod *p) {
        _cleanup_free_ char *text = describe(p);
        return text ? (fputs(text, stdout), process_flush()) : -EINVAL;
}

/* A pod that is removed meanwhile has ended, too. */
static int print_changes(Pod *p) {
        _cleanup_free_ char *before = NULL;
        for (;;) {
                int r = pod_refresh(p);
                if (r == -ENOENT && before)
                        return 0;
                if (r < 0)
                        return log_error_errno(r, "pod %s", p->uuid);
                bool last = has_exited(p);
                _cleanup_free_ char *now = describe(p);
                if (!now)
                        return -EINVAL;
                if (!streq_ptr(before, now))
                        printf("%s%s", before && format == OUTPUT_TEXT ? "\n" : "", now);
                if ((r = process_flush()) < 0 || last)
                        return r;
                free(before);
                before = TAKE_PTR(now);
                nanosleep(&(struct timespec){ .tv_nsec = POLL_INTERVAL_NS }, NULL);
        }
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        _cleanup_pod_ Pod *pod = NULL;
        int r = globals_command(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        if (pod_find_argument(globals.dir, arguments, uuid_file, &pod) < 0 || wait_for_pod(pod) < 0)
                return EXIT_RKT_FAILURE;
        r = watch ? print_changes(pod) : print(pod);
        return r < 0 ? EXIT_RKT_FAILURE : 0;
}
