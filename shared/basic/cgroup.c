/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "alloc.h"
#include "file.h"

#define WARM_VARIABLE "RKT_CGROUP_WARM"

bool cgroup_is_unified(void) {
        struct statfs fs;
        return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

const char *cgroup_mount_point(void) {
        return cgroup_is_unified() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/systemd";
}

/* The line for which name is the list of controllers, behind its second colon; NULL if there is none. */
static const char *find_hierarchy(const char *text, const char *controllers) {
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *p = strchr(line, ':');
                if (p && (p = startswith(p + 1, controllers)) && *p == ':')
                        return p + 1;
        }
        return NULL;
}

int cgroup_of_process(pid_t pid, char **ret) {
        char name[32] = "/proc/self/cgroup";
        if (pid > 0)
                snprintf(name, sizeof(name), "/proc/%d/cgroup", (int) pid);
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(AT_FDCWD, name, 65536, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? -ESRCH : r;

        const char *path = find_hierarchy(text, cgroup_is_unified() ? "" : "name=systemd");
        if (!path)
                return -ENODATA;
        *ret = xstrndup(path, strcspn(path, "\n"));
        return 0;
}

static void move_to_own_cgroup(void) {
        _cleanup_free_ char *cgroup = NULL;
        /* Whoever waits for the end of the caller's output must not wait for this. */
        if (close_range(0, ~0U, 0) < 0 || cgroup_of_process(0, &cgroup) < 0)
                return;
        _cleanup_free_ char *path = xasprintf("%s%s/cgroup.procs", cgroup_mount_point(), cgroup);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0)
                (void) !write(fd, "0", 1);
}

void cgroup_warm_up(bool announce) {
        if (getenv(WARM_VARIABLE)) {
                unsetenv(WARM_VARIABLE);
                return;
        }
        /* Twice, so that the second child is nobody's here to wait for: the caller may execute a program
         * that knows nothing of it. The first is gone before anything else happens. */
        pid_t child = fork();
        if (child == 0) {
                if (fork() == 0)
                        move_to_own_cgroup();
                _exit(0);
        }
        if (child > 0)
                while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                        ;
        if (announce)
                setenv(WARM_VARIABLE, "1", 1);
}
