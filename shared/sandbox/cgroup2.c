/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup2.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/vfs.h>
#include <time.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

#define FREEZE_TRIES 200  /* milliseconds: a process that sleeps in the kernel may take longer */
#define KILL_TRIES   2000 /* tenths of them, likewise */
#define MOVE_TRIES   100

const char *cgroup2_mount_point(void) {
        static const char *const candidates[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
        struct statfs s;
        for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                if (statfs(candidates[i], &s) == 0 && s.f_type == CGROUP2_SUPER_MAGIC)
                        return candidates[i];
        return NULL;
}

int cgroup2_of_process(pid_t pid, char **ret) {
        char path[64];
        _cleanup_free_ char *text = NULL;
        snprintf(path, sizeof(path), "/proc/%d/cgroup", (int) pid);
        int r = read_file_at(AT_FDCWD, pid == 0 ? "/proc/self/cgroup" : path, 64 * 1024, &text, NULL);
        if (r < 0)
                return r;
        for (char *line = text, *next; line && *line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = 0;
                const char *cgroup = startswith(line, "0::");
                if (cgroup) {
                        *ret = xstrdup(cgroup);
                        return 0;
                }
        }
        return -ENODATA;
}

int cgroup2_open(const char *cgroup) {
        const char *mount = cgroup2_mount_point();
        if (!mount)
                return -ENODATA;
        _cleanup_free_ char *path = xasprintf("%s/%s", mount, cgroup);
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int cgroup2_create_at(int dirfd, const char *name) {
        if (mkdirat(dirfd, name, 0755) < 0 && errno != EEXIST)
                return -errno;
        int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int cgroup2_write(int cgroup, const char *file, const char *value) {
        _cleanup_close_ int fd = openat(cgroup, file, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        ssize_t n = write(fd, value, strlen(value));
        return n < 0 ? -errno : 0;
}

int cgroup2_attach(int cgroup, pid_t pid) {
        char text[16];
        snprintf(text, sizeof(text), "%d", (int) pid);
        return cgroup2_write(cgroup, "cgroup.procs", text);
}

/* Returns how many processes there were. */
static int visit_each(int cgroup, bool (*visit)(pid_t pid, void *userdata), void *userdata) {
        _cleanup_free_ char *text = NULL;
        int n = 0, r = read_file_at(cgroup, "cgroup.procs", 4 * 1024 * 1024, &text, NULL);
        if (r < 0)
                return r;
        for (char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
                n += visit((pid_t) strtol(p, NULL, 10), userdata);
        return n;
}

/* 0 is somebody whom we do not see. */
static bool kill_one(pid_t pid, void *userdata) {
        if (pid > 0)
                kill(pid, SIGKILL);
        return true;
}

static int kill_each(int cgroup) {
        return visit_each(cgroup, kill_one, NULL);
}

typedef struct Move {
        int to;
        pid_t except;
        int result;
} Move;

/* True if it was to be moved: then it has perhaps forked before. */
static bool move_one(pid_t pid, void *userdata) {
        Move *m = userdata;
        if (pid <= 0 || pid == m->except)
                return false;
        int r = cgroup2_attach(m->to, pid);
        if (r < 0 && r != -ESRCH)
                m->result = r;
        return true;
}

int cgroup2_move_all(int from, int to, pid_t except) {
        int r = 1;
        Move m = { .to = to, .except = except };
        for (unsigned i = 0; i < MOVE_TRIES && r > 0 && m.result >= 0; i++)
                r = visit_each(from, move_one, &m);
        return m.result < 0 ? m.result : MIN(r, 0);
}

static void wait_until_frozen(int cgroup) {
        for (unsigned i = 0; i < FREEZE_TRIES; i++) {
                _cleanup_free_ char *text = NULL;
                if (read_file_at(cgroup, "cgroup.events", 4096, &text, NULL) < 0 || strstr(text, "frozen 1"))
                        return;
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
}

/* In cgroup v1 that is a hierarchy of its own, which is not ours: what has forked meanwhile is killed, too.
 */
static int kill_until_empty(int cgroup) {
        int r = 1;
        for (unsigned i = 0; i < KILL_TRIES && r > 0; i++)
                if ((r = kill_each(cgroup)) > 0)
                        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
        return MIN(r, 0);
}

/* Not through cgroup.kill: the kernels that guard it against forks (since 6.14 and in stable ones) also kill
 * what is later cloned into the cgroup. What is frozen cannot fork, and dies all the same. */
int cgroup2_kill(int cgroup) {
        int r = kill_each(cgroup);
        if (r <= 0)
                return r;
        r = cgroup2_write(cgroup, "cgroup.freeze", "1");
        if (r == -ENOENT)
                return kill_until_empty(cgroup);
        if (r >= 0)
                wait_until_frozen(cgroup);
        r = kill_each(cgroup);
        cgroup2_write(cgroup, "cgroup.freeze", "0");
        return r < 0 ? r : 0;
}

int cgroup2_remove_at(int dirfd, const char *name) {
        _cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(fd, ".", &names);
        if (r < 0)
                return r;
        STRV_FOREACH (n, names) {
                /* everything in a cgroup that is not a cgroup is a file */
                struct stat st;
                if (fstatat(fd, *n, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode) &&
                                (r = cgroup2_remove_at(fd, *n)) < 0)
                        return r;
        }
        return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}
