/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a pod is made of: system calls, namespaces, seccomp, capabilities, cgroups. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "alloc.h"
#include "cgroup1.h"
#include "check.h"
#include "file.h"
#include "process.h"
#include "security-module.h"
#include "strv.h"

/* The newest that a pod cannot do without, and when they came. Called with arguments that are refused, each
 * answers something else than that it does not exist. */
static const struct {
        long number;
        const char *name;
} calls[] = {
        { SYS_clone3, "clone3 (Linux 5.3)" },
        { SYS_openat2, "openat2 (5.6)" },
        { SYS_close_range, "close_range (5.9)" },
        { SYS_mount_setattr, "mount_setattr (5.12)" },
};

static void check_version(Checks *c) {
        struct utsname u;
        uname(&u);
        for (size_t i = 0; i < ELEMENTSOF(calls); i++)
                if (syscall(calls[i].number, -1, NULL, -1L, NULL, 0) < 0 && errno == ENOSYS) {
                        checks_add(c, "kernel", CHECK_FATAL,
                                        "pods cannot run: Linux 5.12 or newer is needed",
                                        "Linux %s, without the system call %s", u.release, calls[i].name);
                        return;
                }
        checks_add(c, "kernel", CHECK_OK, NULL, "Linux %s, %s", u.release, u.machine);
}

/* In a child, which ends with it. 0 or -errno. */
static int try_unshare(int flags) {
        int wstatus;
        pid_t pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(unshare(flags) < 0 ? MIN(errno, 255) : 0);
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return -process_exit_status(wstatus);
}

static void check_namespaces(Checks *c) {
        static const struct {
                int flag;
                const char *name;
        } kinds[] = {
                { CLONE_NEWPID, "pid" },
                { CLONE_NEWNS, "mount" },
                { CLONE_NEWUTS, "uts" },
                { CLONE_NEWIPC, "ipc" },
                { CLONE_NEWNET, "network" },
                { CLONE_NEWCGROUP, "cgroup" },
        };
        if (geteuid() != 0) {
                checks_add(c, "namespaces", CHECK_UNKNOWN, "only root can make them", "not tried");
                return;
        }
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                int r = try_unshare(kinds[i].flag);
                if (r < 0) {
                        checks_add(c, "namespaces", CHECK_FATAL, "pods cannot run",
                                        "no %s namespace can be made: %s", kinds[i].name, strerror(-r));
                        return;
                }
        }
        checks_add(c, "namespaces", CHECK_OK, NULL, "pid, mount, uts, ipc, network, cgroup");
}

static void check_user_namespaces(Checks *c) {
        int r = try_unshare(CLONE_NEWUSER);
        if (r >= 0)
                checks_add(c, "user-namespaces", CHECK_OK, NULL, "can be made");
        else
                checks_add(c, "user-namespaces", geteuid() == 0 ? CHECK_LACKS : CHECK_UNKNOWN,
                                "--private-users cannot be used", "%s", strerror(-r));
}

static void check_seccomp(Checks *c) {
        _cleanup_free_ char *actions = NULL;
        if (read_line_at(AT_FDCWD, "/proc/sys/kernel/seccomp/actions_avail", &actions) >= 0 &&
                        strstr(actions, "errno"))
                checks_add(c, "seccomp", CHECK_OK, NULL, "%s", actions);
        else
                checks_add(c, "seccomp", CHECK_FATAL, "pods run only with --insecure-options=seccomp",
                                "the kernel has no filters of system calls");
}

/* Whoever is root in a container may not be all that root can be. */
static void check_capabilities(Checks *c) {
        _cleanup_strv_ char **missing = strv_copy(NULL);
        bool fatal = false;
        for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
                if (cap_get_bound(cap) == 0) {
                        char *name = cap_to_name(cap);
                        strv_add(&missing, name ?: "?");
                        cap_free(name);
                        fatal |= cap == CAP_SYS_ADMIN || cap == CAP_SETUID || cap == CAP_SETGID ||
                                 cap == CAP_DAC_OVERRIDE;
                }
        if (strv_length(missing) == 0) {
                checks_add(c, "capabilities", CHECK_OK, NULL, "all");
                return;
        }
        _cleanup_free_ char *list = strv_join(missing, ", ");
        checks_add(c, "capabilities", fatal ? CHECK_FATAL : CHECK_LACKS,
                        fatal ? "pods cannot run" : "apps that are to have them do not get them",
                        "without %s", list);
}

static void check_controllers(Checks *c) {
        static const struct {
                const char *name, *follows;
        } wanted[] = {
                { "cpu", "limits of processor time are not kept" },
                { "memory", "limits of memory are not kept, and nobody counts it" },
                { "pids", "limits of the number of processes are not kept" },
                { "io", "weights of input and output are not kept" },
        };
        _cleanup_free_ char *line = NULL;
        _cleanup_strv_ char **have = NULL, **missing = strv_copy(NULL), **follows = strv_copy(NULL);
        Cgroup1 v1;
        cgroup1_open("/", &v1);
        if (read_line_at(AT_FDCWD, CGROUP_ROOT "/cgroup.controllers", &line) >= 0)
                have = strv_split(line, ' ');
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                if (!strv_contains(have, wanted[i].name) && !cgroup1_has(&v1, wanted[i].name)) {
                        strv_add(&missing, wanted[i].name);
                        strv_add(&follows, wanted[i].follows);
                }
        cgroup1_done(&v1);
        _cleanup_free_ char *list = strv_join(missing, ", "), *text = strv_join(follows, "; ");
        if (strv_length(missing) == 0)
                checks_add(c, "controllers", CHECK_OK, NULL, "%s", line ?: "cpu memory pids io");
        else
                checks_add(c, "controllers", CHECK_LACKS, text, "without %s", list);
}

static void check_cgroups(Checks *c) {
        CgroupLayout layout = cgroup_layout();
        _cleanup_close_ int root = cgroup_open("/");
        if (root < 0) {
                checks_add(c, "cgroups", CHECK_LACKS,
                                "apps have no cgroups, limits or figures of their own: boot with "
                                "systemd.unified_cgroup_hierarchy=1",
                                "no cgroup2 file system");
                return;
        }
        if (layout == CGROUP_UNIFIED)
                checks_add(c, "cgroups", CHECK_OK, NULL, "version 2 at " CGROUP_ROOT);
        else
                checks_add(c, "cgroups", CHECK_LACKS,
                                "memory-high and cpuset limit nothing: boot with "
                                "systemd.unified_cgroup_hierarchy=1",
                                layout == CGROUP_HYBRID ? "version 1, with processes in version 2"
                                                        : "version 1");
        check_controllers(c);
        if (access("/proc/pressure/cpu", R_OK) == 0)
                checks_add(c, "pressure", CHECK_OK, NULL, "counted");
        else
                checks_add(c, "pressure", CHECK_LACKS, "rkt top shows none: boot with psi=1", "not counted");
}

static void check_labels(Checks *c) {
        if (security_has_selinux())
                checks_add(c, "selinux", CHECK_OK, NULL, "on");
        else
                checks_add(c, "selinux", CHECK_LACKS, "pods have no contexts of SELinux", "off");
        if (security_has_apparmor())
                checks_add(c, "apparmor", CHECK_OK, NULL, "on");
        else
                checks_add(c, "apparmor", CHECK_LACKS, "apps cannot have profiles of AppArmor", "off");
}

void check_kernel(Checks *c) {
        check_version(c);
        check_namespaces(c);
        check_user_namespaces(c);
        check_seccomp(c);
        check_capabilities(c);
        check_cgroups(c);
        check_labels(c);
}
