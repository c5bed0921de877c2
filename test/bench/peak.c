/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a command and prints, in KiB, the most memory that its processes took together at any of the moments
 * looked at:
 *
 *      peak COMMAND ARG…
 *
 * The sum of their proportional set sizes (PSS): pages that several share count once. Looking costs time, so
 * this is not for a run whose time matters. Stdout of the command goes to stderr. Ends with its status. */

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "process.h"

#define INTERVAL (5 * NSEC_PER_MSEC)

static uint64_t proportional_size(pid_t pid) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/smaps_rollup", (int) pid), *text = NULL;
        if (read_file_at(AT_FDCWD, path, 65536, &text, NULL) < 0)
                return 0;
        const char *line = strstr(text, "\nPss:");
        return line ? strtoull(line + 5, NULL, 10) : 0;
}

/* The children of each thread of pid, and theirs; they may end meanwhile. */
static uint64_t descendants_size(pid_t pid) {
        _cleanup_free_ char *tasks = xasprintf("/proc/%d/task", (int) pid);
        _cleanup_closedir_ DIR *d = opendir(tasks);
        uint64_t sum = 0;
        struct dirent *e;
        while (d && (e = readdir(d))) {
                _cleanup_free_ char *path = xasprintf("%s/%s/children", tasks, e->d_name), *text = NULL;
                if (e->d_name[0] == '.' || read_file_at(AT_FDCWD, path, 65536, &text, NULL) < 0)
                        continue;
                char *rest = text;
                for (long child; (child = strtol(rest, &rest, 10)) > 0;)
                        sum += proportional_size(child) + descendants_size(child);
        }
        return sum;
}

/* What the command left running is ours by then, and waited for, too. */
static int reap(pid_t command, int *status) {
        for (;;) {
                int wstatus;
                pid_t pid = waitpid(-1, &wstatus, WNOHANG);
                if (pid == 0)
                        return 0;
                if (pid < 0 && errno != EINTR)
                        return 1;
                if (pid == command)
                        *status = process_exit_status(wstatus);
        }
}

int main(int argc, char **argv) {
        uint64_t peak = 0;
        int status = EXIT_RKT_FAILURE;
        log_init("peak");
        if (argc < 2) {
                log_error("usage: COMMAND ARG…");
                return EXIT_RKT_FAILURE;
        }
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        pid_t command = fork();
        if (command == 0) {
                dup2(STDERR_FILENO, STDOUT_FILENO);
                execvp(argv[1], argv + 1);
                log_error_errno(errno, "cannot start %s", argv[1]);
                _exit(EXIT_RKT_FAILURE);
        }
        if (command < 0) {
                log_error_errno(errno, "fork");
                return EXIT_RKT_FAILURE;
        }
        while (reap(command, &status) == 0) {
                uint64_t now = descendants_size(getpid());
                peak = MAX(peak, now);
                nanosleep(&(struct timespec){ .tv_nsec = INTERVAL }, NULL);
        }
        printf("%llu\n", (unsigned long long) peak);
        return status;
}
