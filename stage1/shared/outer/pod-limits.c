/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod-limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "alloc.h"
#include "cgroup2.h"
#include "file.h"
#include "log.h"
#include "option.h"
#include "strv.h"
#include "uuid.h"

/* Whether the kernel has a controller in a hierarchy of cgroup v1: "memory 5 120 1" in /proc/cgroups, where
 * 0 is v2. */
static bool is_in_v1(const char *controller) {
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *wanted = xasprintf("\n%s\t", streq(controller, "io") ? "blkio" : controller);
        if (read_file_at(AT_FDCWD, "/proc/cgroups", 64 * 1024, &text, NULL) < 0)
                return false;
        const char *line = strstr(text, wanted);
        return line && line[strlen(wanted)] != '0';
}

static bool has_controller(int cgroup, const char *controller) {
        _cleanup_free_ char *line = NULL;
        if (cgroup < 0 || read_line_at(cgroup, "cgroup.controllers", &line) < 0)
                return false;
        _cleanup_strv_ char **names = strv_split(line, ' ');
        return strv_contains(names, controller);
}

static void warn_missing(const PlanLimit *l, const char *whose, int cgroup, const Cgroup1 *v1) {
        _cleanup_free_ char *controller = xstrndup(l->file, strcspn(l->file, "."));
        if (cgroup1_has(v1, controller))
                log_warning("%s: isolator %s is set but this host has the controller in cgroup v1, which "
                            "has "
                            "nothing like %s, skipping",
                                whose, l->isolator, l->file);
        else if (cgroup1_exists(v1))
                log_warning("%s: isolator %s is set but the pod has no cgroup of this controller in cgroup "
                            "v1 "
                            "(%s), skipping",
                                whose, l->isolator, controller);
        else if (has_controller(cgroup, controller))
                log_warning("%s: isolator %s is set but this host's kernel has no %s, skipping", whose,
                                l->isolator, l->file);
        else
                log_warning("%s: isolator %s is set but this host has %s (%s), skipping", whose, l->isolator,
                                is_in_v1(controller) ? "the controller in cgroup v1, not v2"
                                                     : "no cgroup2 controller for it",
                                controller);
}

/* Where the kernel weighs input and output in the scheduler BFQ, the file has another name and ends at 1000.
 */
static int write_bfq_weight(int cgroup, const char *value) {
        uint64_t weight;
        int r = parse_uint(value, 10000, &weight);
        if (r < 0)
                return r;
        _cleanup_free_ char *text = xasprintf("%" PRIu64,
                        weight <= 100 ? weight : 100 + (weight - 100) * (1000 - 100) / (10000 - 100));
        return cgroup2_write(cgroup, "io.bfq.weight", text);
}

int pod_limit_write(const PlanLimit *l, const char *whose, int cgroup, const Cgroup1 *v1) {
        int r = cgroup2_write(cgroup, l->file, l->value);
        if (r == -ENOENT && streq(l->file, "io.weight"))
                r = write_bfq_weight(cgroup, l->value);
        if (r == -ENOENT)
                r = cgroup1_limit(v1, l->file, l->value);
        if (r == -ENOENT) {
                warn_missing(l, whose, cgroup, v1);
                return 0;
        }
        if (r == -ENODEV || r == -EOPNOTSUPP) {
                log_warning_errno(r,
                                "%s: isolator %s is set but the kernel cannot do it here (%s), skipping",
                                whose, l->isolator, l->file);
                return 0;
        }
        return r < 0 ? log_error_errno(r, "%s: isolator %s: cannot write %s to %s", whose, l->isolator,
                                       l->value, l->file)
                     : 0;
}

/* Whether a file of a cgroup holds what it does as long as nobody has written to it; of io.max, the line of
 * a disk. */
static bool is_untouched(const PlanLimit *l, const char *text) {
        size_t disk = strcspn(l->value, " ");
        if (streq(l->file, "io.max"))
                return strncmp(text, l->value, disk + 1) != 0 &&
                       !memmem(text, strlen(text), l->value, disk + 1);
        return startswith(text, "max") || startswith(text, "100\n") || startswith(text, "default 100\n") ||
               text[strspn(text, "\n")] == 0;
}

static int apply(const PlanLimit *l, int cgroup, const Cgroup1 *v1, bool own) {
        _cleanup_free_ char *present = NULL;
        int r = own ? 0 : read_file_at(cgroup, l->file, 64 * 1024, &present, NULL);
        if ((r >= 0 && present && !is_untouched(l, present)) ||
                        (!own && !cgroup1_is_untouched(v1, l->file))) {
                log_debug("the pod: isolator %s: the unit's own %s stays", l->isolator, l->file);
                return 0;
        }
        return pod_limit_write(l, "the pod", cgroup, v1);
}

/* The pod's scope, or what we have made; not that of a unit which the pod was started in, whatever its name.
 */
static bool is_own(const char *cgroup) {
        const char *slash = strrchr(cgroup, '/'), *name = slash ? slash + 1 : cgroup;
        const char *uuid = startswith(name, "rkt-");
        return (startswith(name, "machine-rkt") && endswith(name, ".scope")) || (uuid && uuid_is_valid(uuid));
}

int pod_limits_apply(const PlanLimits *l, const char *cgroup) {
        Cgroup1 v1 = CGROUP1_NONE;
        if (l->n == 0)
                return 0;
        if (!cgroup) {
                for (size_t i = 0; i < l->n; i++)
                        warn_missing(&l->items[i], "the pod", -1, &v1);
                return 0;
        }
        _cleanup_close_ int fd = cgroup_open(cgroup);
        int r = MIN(fd, 0);
        cgroup1_open(cgroup, &v1);
        for (size_t i = 0; i < l->n && r >= 0; i++)
                r = apply(&l->items[i], fd, &v1, is_own(cgroup));
        cgroup1_done(&v1);
        return fd < 0 ? log_error_errno(fd, "cannot open the pod's cgroup %s", cgroup) : r;
}
