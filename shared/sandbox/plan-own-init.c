/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-own-init.h"

#include <errno.h>
#include <signal.h>

#include "alloc.h"
#include "log.h"

/* There is nobody beside the init who could do that for it. */
static const char *problem_of_app(const PlanApp *a) {
        if (!streq(a->user, "0") && !streq(a->user, "root"))
                return "its user is another one than root";
        if (a->no_new_privileges)
                return "no new privileges (isolator os/linux/no-new-privileges)";
        if (a->pre_start || a->post_stop)
                return "event handlers";
        if (a->life.restart != RESTART_NO)
                return "a restart policy (--restart)";
        if (a->life.log_lines > 0)
                return "a limit of its lines in the journal (--log-rate)";
        if (a->io.log_path)
                return "a log file (--log-path)";
        if (!app_io_is_default(&a->io))
                return "a choice of its standard input and output (--stdin, --stdout, --stderr)";
        return NULL;
}

static const char *problem_of_pod(const Plan *p) {
        if (p->n_apps != 1)
                return "several apps";
        if (p->mutable)
                return "apps that come and go (--mutable)";
        return problem_of_app(&p->apps[0]);
}

/* The pod's cgroup is the init's, who makes those of the services below: the limits of the app are the
 * pod's, unless that has some of its own. */
static void move_limits(PlanLimits *from, PlanLimits *to) {
        for (size_t i = 0; i < from->n; i++)
                if (!plan_limits_find(to, from->items[i].file))
                        plan_limits_add(to, from->items[i].isolator, from->items[i].file,
                                        xstrdup(from->items[i].value));
        plan_limits_done(from);
}

int plan_compile_own_init(const PodManifest *m, Plan *p) {
        const char *problem = problem_of_pod(p);
        if (problem) {
                log_error("--init=" OWN_INIT_SYSTEMD
                          ": a pod that boots the init of its image cannot have %s",
                                problem);
                return -EOPNOTSUPP;
        }
        PlanApp *a = &p->apps[0];
        if (!name_values_get(&m->apps[0].annotations, APP_STOP_SIGNAL_ANNOTATION))
                a->life.stop_signal = SIGRTMIN + 3; /* systemd(1): halt */
        a->life.notify = false;                     /* it has a socket of its own */
        if (a->life.health.command)
                log_warning("app %s: its health is not checked: that is the business of its init", a->name);
        move_limits(&a->limits, &p->limits);
        return 0;
}
