/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-seccomp.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "build-config.h"
#include "file.h"
#include "filter-cache.h"
#include "log.h"
#include "process.h"
#include "strv.h"

#define PROGRAM RKT_LIBDIR "/rkt-seccomp"
#define ALL     "@appc.io/all"
#define NOTHING "@appc.io/empty"

static bool is_only(const Isolator *i, const char *name) {
        return i->set[0] && !i->set[1] && streq(i->set[0], name);
}

/* It says itself what is wrong with a name. */
static int run_compiler(const PlanRequest *q, const Isolator *i, bool retain) {
        _cleanup_strv_ char **argv = strv_copy(NULL);
        strv_add(&argv, PROGRAM);
        strv_push(&argv, xasprintf("--cache=%s", q->seccomp_cache));
        strv_add(&argv, retain ? "retain" : "remove");
        strv_add(&argv, i->error_name ?: "kill");
        strv_extend(&argv, i->set);
        int r = process_run(argv, -1);
        if (r < 0)
                return log_error_errno(r, "cannot execute " PROGRAM);
        return r > 0 ? -EINVAL : 0;
}

static int open_cache(const PlanRequest *q) {
        if (!q->seccomp_cache)
                return -ENOENT;
        if (mkdir(q->seccomp_cache, 0755) < 0 && errno != EEXIST)
                return -errno;
        int fd = open(q->seccomp_cache, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int get_filter(const PlanRequest *q, const Isolator *i, bool retain, PlanApp *a) {
        _cleanup_free_ char *source = filter_source(retain, i->error_name, i->set);
        _cleanup_close_ int cache = open_cache(q);
        if (cache < 0)
                return log_error_errno(cache, "app %s: cannot open the directory of system call filters %s",
                                a->name, q->seccomp_cache ?: "");
        int r = filter_cache_load(cache, source, &a->filter);
        if (r == -ENOENT) {
                r = run_compiler(q, i, retain);
                if (r < 0) {
                        log_error("app %s: isolator %s has no filter", a->name, i->name);
                        return r;
                }
                r = filter_cache_load(cache, source, &a->filter);
        }
        if (r < 0)
                return log_error_errno(r, "app %s: cannot read its system call filter in %s", a->name,
                                q->seccomp_cache);
        a->seccomp = filter_cache_name(source);
        return 0;
}

/* A system makes mounts, namespaces and filters of its own. What it does not get is what would reach the
 * host by the capabilities that it needs for that, as systemd-nspawn(1) has it. */
static char *own_init_calls[] = { (char *) "acct", (char *) "add_key", (char *) "adjtimex", (char *) "bpf",
        (char *) "clock_adjtime", (char *) "clock_settime", (char *) "create_module",
        (char *) "delete_module", (char *) "fanotify_init", (char *) "finit_module",
        (char *) "get_kernel_syms", (char *) "init_module", (char *) "io_uring_enter",
        (char *) "io_uring_register", (char *) "io_uring_setup", (char *) "ioperm", (char *) "iopl",
        (char *) "kexec_file_load", (char *) "kexec_load", (char *) "keyctl", (char *) "lookup_dcookie",
        (char *) "nfsservctl", (char *) "open_by_handle_at", (char *) "perf_event_open",
        (char *) "query_module", (char *) "request_key", (char *) "settimeofday", (char *) "stime",
        (char *) "swapoff", (char *) "swapon", (char *) "syslog", (char *) "_sysctl", (char *) "uselib",
        (char *) "userfaultfd", (char *) "vm86", (char *) "vm86old", NULL };
static const Isolator own_init_filter = { .name = (char *) "of an image's init",
        .type = ISOLATOR_SECCOMP_REMOVE,
        .set = own_init_calls,
        .error_name = (char *) "EPERM" };

int plan_compile_seccomp(const PlanRequest *q, const IsolatorList *l, PlanApp *a) {
        const Isolator *retain = isolators_find(l, ISOLATOR_SECCOMP_RETAIN);
        const Isolator *removed = isolators_find(l, ISOLATOR_SECCOMP_REMOVE);
        if (q->no_seccomp || (retain && strv_contains(retain->set, ALL)))
                return 0;
        if (removed && strv_contains(removed->set, ALL)) {
                log_error("app %s: isolator %s: without " ALL " nothing can be executed", a->name,
                                removed->name);
                return -EINVAL;
        }
        if (retain)
                return get_filter(q, retain, true, a);
        /* nothing to remove: that is how an image asks for what it would have had anyway */
        if (removed && !is_only(removed, NOTHING))
                return get_filter(q, removed, false, a);
        if (q->own_init)
                return get_filter(q, &own_init_filter, false, a);
        a->seccomp = xstrdup(PLAN_SECCOMP_DEFAULT);
        syscall_filter_default(&a->filter);
        return 0;
}
