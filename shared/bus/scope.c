/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope.h"

#include <errno.h>

#include "alloc.h"
#include "cgroup.h"
#include "duration.h"
#include "scope-limits.h"
#include "unit-name.h"

#define SYSTEMD_NAME    "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* What machined gives to the scopes that it makes. */
#define SCOPE_TASKS_MAX UINT64_C(16384)

static int append_properties(sd_bus_message *m, const Scope *s) {
        bool has_tasks;
        int r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", s->description, "Slice",
                        "s", s->slice, "Delegate", "b", 1, "CollectMode", "s", "inactive-or-failed", "PIDs",
                        "au", 1, (uint32_t) s->leader);
        /* What Delegate= leaves out, as only cgroup v1 has it. */
        if (r >= 0 && !cgroup_is_unified())
                r = sd_bus_message_append(
                                m, "(sv)", "DelegateControllers", "as", 3, "cpuacct", "blkio", "devices");
        if (r >= 0)
                r = scope_limits_append(m, s->limits, &has_tasks);
        if (r >= 0 && !has_tasks)
                r = sd_bus_message_append(m, "(sv)", "TasksMax", "t", SCOPE_TASKS_MAX);
        if (r >= 0 && s->stop_signal > 0)
                r = sd_bus_message_append(m, "(sv)", "KillSignal", "i", (int32_t) s->stop_signal);
        if (r >= 0 && s->stop_timeout_ns > 0)
                r = sd_bus_message_append(m, "(sv)", "TimeoutStopUSec", "t", s->stop_timeout_ns / 1000);
        return r;
}

static int new_start_message(sd_bus *manager, const Scope *s, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(
                        manager, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(m, "ss", s->name, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        if (r >= 0)
                r = append_properties(m, s);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_append(m, "a(sa(sv))", 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

/* A bus daemon that has not greeted us after this long hangs, or is being started for too long. */
#define BUS_PATIENCE_NS (3 * NSEC_PER_SEC)

typedef struct Job {
        const char *unit;
        bool ended, failed;
        char *result;
} Job;

static void job_done(Job *job) {
        free(job->result);
}

static int on_job_removed(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *ret_error) {
        Job *job = userdata;
        uint32_t id;
        const char *path, *unit, *result;
        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0 || !streq(unit, job->unit))
                return 0;
        job->ended = true;
        if (!streq(result, "done") && !job->result) {
                job->failed = true;
                job->result = xstrdup(result);
        }
        return 0;
}

/* The signal tells that the job is done, or how it failed. Over the bus, signals must be asked for. */
static int watch_job(Bus *bus, Job *job, sd_bus_slot **ret) {
        bool over_bus = bus->manager == bus->system;
        int r = sd_bus_match_signal_async(bus->manager, ret, over_bus ? SYSTEMD_NAME : NULL, SYSTEMD_PATH,
                        SYSTEMD_MANAGER, "JobRemoved", on_job_removed, NULL, job);
        if (r >= 0 && over_bus)
                r = sd_bus_call_method_async(bus->manager, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
                                "Subscribe", NULL, NULL, NULL);
        return r;
}

/* Whether the leader is in the scope now, by the only thing that counts. In cgroup v1 it is moved in one
 * hierarchy after the other: it has arrived in all when the job is done. */
static bool leader_arrived(const Scope *s, const Job *job, char **ret_cgroup) {
        _cleanup_free_ char *cgroup = NULL, *unit = NULL;
        if ((!job->ended && !cgroup_is_unified()) || cgroup_of_process(s->leader, &cgroup) < 0 ||
                        !(unit = unit_of_cgroup(cgroup)) || !streq(unit, s->name))
                return false;
        *ret_cgroup = TAKE_PTR(cgroup);
        return true;
}

/* -EAGAIN: the bus has not greeted us until patience. */
static int step(Bus *bus, int leader_fd, uint64_t patience) {
        uint64_t deadline = bus->deadline;
        bool greeted = bus->manager != bus->system || sd_bus_is_ready(bus->system) > 0;
        if (!greeted)
                bus->deadline = MIN(deadline, patience);
        int r = bus_step(bus, leader_fd);
        bus->deadline = deadline;
        return r == -ETIMEDOUT && monotonic_ns() < deadline ? -EAGAIN : r;
}

static int wait_for_leader(
                Bus *bus, const Scope *s, int leader_fd, BusCall *call, const Job *job, char **ret_cgroup) {
        uint64_t patience = monotonic_ns() + BUS_PATIENCE_NS;
        while (!leader_arrived(s, job, ret_cgroup)) {
                if (call->error < 0)
                        return call->error;
                if (job->failed)
                        return -ECANCELED;
                if (!bus->manager)
                        return -ECONNRESET;
                int r = step(bus, leader_fd, patience);
                if (r != 0)
                        return r > 0 ? -ESRCH : r;
        }
        return 0;
}

/* A leader that has ended but is not reaped yet can be "moved", and leaves a scope that was never populated:
 * systemd gets no notice of its becoming empty and would keep it for ever. */
static void stop_unpopulated(Bus *bus, const Scope *s, BusCall *start) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_bus_call_ BusCall stop = {};
        bus->deadline = MIN(bus->deadline, monotonic_ns() + BUS_PATIENCE_NS);
        if (!start->done && bus_call_wait(bus, start, -1) < 0)
                return; /* there is no scope, or nobody to tell */
        if (sd_bus_message_new_method_call(
                            bus->manager, &m, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit") < 0 ||
                        sd_bus_message_append(m, "ss", s->name, "replace") < 0)
                return;
        if (bus_call_start(bus->manager, m, &stop) >= 0)
                (void) bus_call_wait(bus, &stop, -1);
}

static int start(Bus *bus, const Scope *s, int leader_fd, char **ret_cgroup, char **ret_message) {
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_(job_done) Job job = { .unit = s->name };
        _cleanup_bus_call_ BusCall call = {};
        int r = watch_job(bus, &job, &slot);
        if (r >= 0)
                r = new_start_message(bus->manager, s, &m);
        if (r >= 0)
                r = bus_call_start(bus->manager, m, &call);
        if (r >= 0)
                r = wait_for_leader(bus, s, leader_fd, &call, &job, ret_cgroup);
        if (r == -ESRCH && bus->manager)
                stop_unpopulated(bus, s, &call);
        if (r < 0 && call.message)
                *ret_message = TAKE_PTR(call.message);
        else if (r < 0 && job.result)
                *ret_message = xasprintf("its job ended as \"%s\"", job.result);
        return r;
}

int bus_scope_start(Bus *bus, const Scope *s, int leader_fd, char **ret_cgroup, char **ret_message) {
        if (!bus->manager)
                return -ENOTCONN;
        int r = start(bus, s, leader_fd, ret_cgroup, ret_message);
        if (r < 0 && r != -ESRCH && bus_fall_back(bus)) {
                free(*ret_message);
                *ret_message = NULL;
                r = start(bus, s, leader_fd, ret_cgroup, ret_message);
        }
        return r;
}
