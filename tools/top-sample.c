/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "cgroup1.h"
#include "duration.h"
#include "file.h"
#include "globals.h"
#include "info.h"
#include "log.h"
#include "strv.h"
#include "top.h"

/* cgroup -1: it has none; else its path is known, too. */
static void add_row(TopSample *s, const Pod *p, const char *app, int cgroup, const char *path) {
        CgroupUsage usage = { -1, -1, -1, -1, -1, -1, -1, -1 };
        Cgroup1 v1;
        if (cgroup >= 0 && cgroup_usage_read(cgroup, &usage) < 0)
                return; /* it has ended meanwhile */
        if (cgroup >= 0) {
                cgroup1_open(path, &v1);
                cgroup1_usage_add(&v1, &usage);
                cgroup1_done(&v1);
        }
        xgrow(&s->rows, s->n);
        s->rows[s->n] = (TopRow){ .app = xstrdup(app), .usage = usage, .cpu_percent = -1 };
        memcpy(s->rows[s->n++].uuid, p->uuid, sizeof(p->uuid));
}

/* A pod without a cgroup of its own is listed without figures. */
static int add_pod(Pod *p, void *userdata) {
        TopSample *s = userdata;
        _cleanup_free_ char *path = NULL, *error = NULL;
        if (p->state != POD_RUNNING)
                return 0;
        int r = read_line_at(p->fd, "subcgroup", &path);
        _cleanup_close_ int cgroup = r < 0 ? r : cgroup_open(path);
        add_row(s, p, NULL, cgroup, path);
        _cleanup_pod_info_ PodInfo info = {};
        if (pod_info_read(p, POD_INFO_BRIEF, &info, &error) < 0) {
                log_warning("pod %s: %s", p->uuid, error);
                return 0;
        }
        for (size_t i = 0; cgroup >= 0 && i < info.n_apps; i++) {
                const char *name = info.apps[i].app->name;
                /* the second is the systemd flavour's */
                _cleanup_free_ char *below = xasprintf("%s/app-%s", path, name),
                                    *unit = xasprintf("%s.service", below);
                _cleanup_close_ int own = cgroup_open(below), of_unit = own < 0 ? cgroup_open(unit) : -1;
                if (own >= 0 || of_unit >= 0)
                        add_row(s, p, name, own < 0 ? of_unit : own, own < 0 ? unit : below);
        }
        return 0;
}

int top_sample_take(char *const *uuids, TopSample *ret) {
        TopSample s = { .taken = monotonic_ns() };
        int r = 0;
        if (!uuids || !*uuids)
                r = pods_foreach(globals.dir, POD_PLACE_BIT(POD_PLACE_RUN), add_pod, &s);
        for (char *const *u = uuids; u && *u && r >= 0; u++) {
                _cleanup_pod_ Pod *p = NULL;
                r = pod_find(globals.dir, *u, &p);
                if (r >= 0)
                        r = add_pod(p, &s);
        }
        if (r < 0)
                top_sample_done(&s);
        else
                *ret = s;
        return r;
}

static const TopRow *find_row(const TopSample *s, const TopRow *like) {
        for (size_t i = 0; i < s->n; i++)
                if (streq(s->rows[i].uuid, like->uuid) && streq_ptr(s->rows[i].app, like->app))
                        return &s->rows[i];
        return NULL;
}

void top_sample_compare(const TopSample *before, TopSample *now) {
        double elapsed_usec = (double) (now->taken - before->taken) / 1000;
        for (size_t i = 0; i < now->n; i++) {
                TopRow *row = &now->rows[i];
                const TopRow *old = find_row(before, row);
                if (old && old->usage.cpu_usec >= 0 && row->usage.cpu_usec >= old->usage.cpu_usec)
                        row->cpu_percent = 100 * (double) (row->usage.cpu_usec - old->usage.cpu_usec) /
                                           elapsed_usec;
        }
}

void top_sample_done(TopSample *s) {
        for (size_t i = 0; i < s->n; i++)
                free(s->rows[i].app);
        free(s->rows);
        *s = (TopSample){};
}
