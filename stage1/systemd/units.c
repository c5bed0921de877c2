/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "units.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/resource.h>

#include "agent-protocol.h"
#include "alloc.h"
#include "descriptor-limit.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "option.h"
#include "signal-name.h"
#include "strv.h"

#define DIRECTORY "/run/systemd/system"

/* The limits that systemd has a property for; it sets them in the cgroup that it makes for the app. */
static const struct {
        const char *file, *property;
} properties[] = {
        { "memory.max", "MemoryMax" },
        { "memory.high", "MemoryHigh" },
        { "memory.swap.max", "MemorySwapMax" },
        { "cpu.weight", "CPUWeight" },
        { "pids.max", "TasksMax" },
        { "io.weight", "IOWeight" },
        { "cpuset.cpus", "AllowedCPUs" },
        { "cpuset.mems", "AllowedMemoryNodes" },
};

/* "QUOTA PERIOD": in hundredths of a percent of a CPU. */
static void put_quota(FILE *f, const char *value) {
        _cleanup_free_ char *number = xstrndup(value, strcspn(value, " "));
        const char *rest = strchr(value, ' ');
        uint64_t quota, period;
        if (rest && parse_uint(number, UINT64_MAX / 10000, &quota) >= 0 &&
                        parse_uint(rest + 1, UINT64_MAX, &period) >= 0 && period > 0)
                fprintf(f, "CPUQuota=%" PRIu64 ".%02" PRIu64 "%%\n", quota * 100 / period,
                                quota * 10000 / period % 100);
}

static void put_limit(FILE *f, const PlanLimit *l) {
        for (size_t i = 0; i < ELEMENTSOF(properties); i++)
                if (streq(properties[i].file, l->file))
                        fprintf(f, "%s=%s\n", properties[i].property, l->value);
        if (streq(l->file, "cpu.max"))
                put_quota(f, l->value);
        /* systemd would look for a node of the disk in the pod: it passes the controller down, and the
         * agent writes the line */
        if (streq(l->file, "io.max"))
                fputs("IOAccounting=yes\n", f);
}

static void put_rlimit(FILE *f, const char *name, rlim_t soft, rlim_t hard) {
        char texts[2][24];
        const rlim_t values[] = { soft, hard };
        for (int i = 0; i < 2; i++)
                if (values[i] == RLIM_INFINITY)
                        strcpy(texts[i], "infinity");
                else
                        snprintf(texts[i], sizeof(texts[i]), "%" PRIu64, (uint64_t) values[i]);
        fprintf(f, "Limit%s=%s:%s\n", name, texts[0], texts[1]);
}

/* What who runs rkt has, as in the other flavours; for these two, systemd has values of its own. */
static void put_rlimits(FILE *f) {
        struct rlimit files = {}, memory;
        descriptor_limit_given(&files);
        if (files.rlim_max > 0)
                put_rlimit(f, "NOFILE", files.rlim_cur, files.rlim_max);
        if (getrlimit(RLIMIT_MEMLOCK, &memory) >= 0)
                put_rlimit(f, "MEMLOCK", memory.rlim_cur, memory.rlim_max);
}

/* The agent lets an app wait before it starts again, and counts how often it does. One that came to a
 * running pod it has started again itself: its end, whatever it was, is not that of the pod. */
static void put_restart(FILE *f, const AppLife *l) {
        if (l->restart == RESTART_NO)
                return;
        fprintf(f, "Restart=%s\nRestartSec=0\n", restart_policy_name(l->restart));
        if (l->restart == RESTART_ON_FAILURE)
                fputs("RestartForceExitStatus=SIGHUP SIGINT SIGTERM SIGPIPE\n", f);
}

static void put_section(FILE *f, const char *uuid, const PlanApp *a) {
        fprintf(f,
                        "[Unit]\nDescription=App %s of pod %s\nDefaultDependencies=no\n"
                        "Conflicts=shutdown.target\nBefore=shutdown.target\n"
                        "After=systemd-journald.socket systemd-journald-dev-log.socket\n"
                        "StartLimitIntervalSec=0\n",
                        a->name, uuid);
        STRV_FOREACH (name, a->life.after)
                fprintf(f, "After=app-%s.service\n", *name);
}

static void put_unit(FILE *f, const char *uuid, const PlanApp *a, bool added) {
        _cleanup_free_ char *signal = signal_name(a->life.stop_signal);
        put_section(f, uuid, a);
        if (added) /* nothing is to be left of it in systemd when it goes */
                fputs("CollectMode=inactive-or-failed\n", f);
        fprintf(f, "\n[Service]\nType=%s\nSlice=-.slice\n", a->life.notify ? "notify" : "exec");
        if (a->pre_start)
                fprintf(f, "ExecStartPre=" AGENT_PROGRAMS "/app pre-start %s\n", a->name);
        fprintf(f, "ExecStart=" AGENT_PROGRAMS "/app main %s\n", a->name);
        fprintf(f, "ExecStopPost=-" AGENT_PROGRAMS "/app ended %s\n", a->name);
        if (a->post_stop)
                fprintf(f, "ExecStopPost=-" AGENT_PROGRAMS "/app post-stop %s\n", a->name);
        fprintf(f,
                        "StandardInput=null\nStandardOutput=null\nStandardError=null\n"
                        "KillMode=mixed\nKillSignal=%s\nTimeoutStartSec=infinity\n"
                        "TimeoutStopSec=%" PRIu64 "ms\nOOMPolicy=continue\n",
                        signal, a->life.stop_timeout_ms);
        if (!added)
                put_restart(f, &a->life);
        put_rlimits(f);
        for (size_t i = 0; i < a->limits.n; i++)
                put_limit(f, &a->limits.items[i]);
}

static int write_unit(const char *name, char *text) {
        _cleanup_free_ char *path = xasprintf(DIRECTORY "/%s", name), *owned = text;
        int r = write_string_at(AT_FDCWD, path, owned, 0644);
        return r < 0 ? log_error_errno(r, "cannot write the pod's %s", path) : 0;
}

static char *app_text(const char *uuid, const PlanApp *a, bool added) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                abort();
        put_unit(f, uuid, a, added);
        fclose(f);
        return text;
}

static char *target_text(const Plan *p) {
        _cleanup_strv_ char **names = strv_copy(NULL);
        for (size_t i = 0; i < p->n_apps; i++)
                strv_push(&names, xasprintf("app-%s.service", p->apps[i].name));
        _cleanup_free_ char *apps = strv_join(names, " ");
        return xasprintf("[Unit]\nDescription=The apps of pod %s\nDefaultDependencies=no\n"
                         "Wants=systemd-journald.socket systemd-journald-dev-log.socket dbus.socket %s %s\n",
                        p->uuid, p->mutable ? "rkt-up.service" : "", apps);
}

int units_write(const Plan *p) {
        int r = mkdir_parents_at(AT_FDCWD, DIRECTORY, 0755);
        if (r < 0)
                return log_error_errno(r, "cannot create the pod's " DIRECTORY);
        for (size_t i = 0; r >= 0 && i < p->n_apps; i++) {
                _cleanup_free_ char *name = xasprintf("app-%s.service", p->apps[i].name);
                r = write_unit(name, app_text(p->uuid, &p->apps[i], false));
        }
        return r < 0 ? r : write_unit("default.target", target_text(p));
}

/* By the directory's time systemd knows whether it has to look again, and the kernel's clock for files may
 * stand still from one change to the next. */
static void touch_directory(void) {
        static uint64_t last;
        last = MAX((uint64_t) realtime_ns(), last + NSEC_PER_MSEC);
        struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
                { .tv_sec = (time_t) (last / NSEC_PER_SEC), .tv_nsec = (long) (last % NSEC_PER_SEC) } };
        if (utimensat(AT_FDCWD, DIRECTORY, times, 0) < 0)
                log_warning_errno(errno, "cannot set the time of the pod's " DIRECTORY);
}

int units_write_app(const char *uuid, const PlanApp *a) {
        _cleanup_free_ char *name = xasprintf("app-%s.service", a->name);
        int r = write_unit(name, app_text(uuid, a, true));
        touch_directory();
        return r;
}

void units_remove_app(const char *name) {
        _cleanup_free_ char *path = xasprintf(DIRECTORY "/app-%s.service", name);
        if (unlink(path) < 0 && errno != ENOENT)
                log_warning_errno(errno, "cannot remove the pod's %s", path);
        touch_directory();
}
