/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "leftovers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alloc.h"
#include "file.h"
#include "log.h"

#define REAPS_MAX    256 /* in a row: whoever forks without end must not keep the supervisor from all else */
#define CHILDREN_MAX (16 * 1024 * 1024)

int leftovers_open(Leftovers *ret) {
        *ret = (Leftovers){ .proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) };
        if (ret->proc < 0 || fstatat(ret->proc, "self/ns/mnt", &ret->host, 0) < 0)
                return log_error_errno(errno, "cannot open /proc/self/ns/mnt");
        if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
                return log_error_errno(errno, "cannot become the reaper of the pod's processes");
        return 0;
}

void leftovers_done(Leftovers *l) {
        close(l->proc);
        free(l->asked);
}

bool leftovers_reap(pid_t main, int *ret_wstatus) {
        for (unsigned i = 0; i < REAPS_MAX; i++) {
                int wstatus;
                pid_t ended = waitpid(-1, &wstatus, WNOHANG);
                if (ended <= 0)
                        return false;
                if (ended == main) {
                        *ret_wstatus = wstatus;
                        return true;
                }
        }
        kill(getpid(), SIGCHLD);
        return false;
}

static bool was_asked(const Leftovers *l, pid_t pid) {
        for (size_t i = 0; i < l->n_asked; i++)
                if (l->asked[i] == pid)
                        return true;
        return false;
}

/* What rkt's caller started before it became rkt, or what the app has sent back to the host, is not. */
static bool is_of_pod(const Leftovers *l, pid_t pid) {
        struct stat st;
        _cleanup_free_ char *path = xasprintf("%d/ns/mnt", (int) pid);
        return fstatat(l->proc, path, &st, 0) == 0 &&
               (st.st_ino != l->host.st_ino || st.st_dev != l->host.st_dev);
}

static void signal_one(Leftovers *l, pid_t pid, int signal) {
        if (signal != SIGKILL && was_asked(l, pid))
                return;
        kill(pid, signal); /* a child that only this process can reap: the number is its own */
        if (signal == SIGKILL)
                return;
        xgrow(&l->asked, l->n_asked);
        l->asked[l->n_asked++] = pid;
}

/* Its children only: those of a child become this process's own when that ends. */
size_t leftovers_signal(Leftovers *l, int signal) {
        _cleanup_free_ char *text = NULL;
        size_t n = 0;
        if (read_file_at(l->proc, "thread-self/children", CHILDREN_MAX, &text, NULL) < 0)
                return 0;
        for (char *p = text, *end;; p = end) {
                pid_t pid = (pid_t) strtol(p, &end, 10);
                if (end == p)
                        return n;
                if (!is_of_pod(l, pid))
                        continue;
                signal_one(l, pid, signal);
                n++;
        }
}
