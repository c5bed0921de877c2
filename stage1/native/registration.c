/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registration.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "alloc.h"
#include "build-config.h"
#include "file.h"
#include "log.h"
#include "process.h"
#include "strv.h"

#define PROGRAM RKT_LIBDIR "/rkt-register"

bool registration_possible(void) {
        return access("/run/systemd/system", F_OK) == 0;
}

/* A fork that goes on beside its child: posix_spawn(3) would wait until the program is loaded. */
static pid_t spawn(char *const argv[], int in, int out) {
        pid_t pid = fork();
        if (pid != 0)
                return pid < 0 ? -errno : pid;
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        if ((in < 0 || dup2(in, STDIN_FILENO) >= 0) && (out < 0 || dup2(out, STDOUT_FILENO) >= 0))
                execv(PROGRAM, argv);
        log_error_errno(errno, "cannot execute " PROGRAM);
        _exit(EXIT_RKT_FAILURE);
}

int registration_start(Registration *g, const char *uuid, const char *root) {
        *g = (Registration){ .in = -1, .out = -1 };
        int to[2], from[2];
        if (pipe2(to, O_CLOEXEC) < 0)
                return log_error_errno(errno, "pipe");
        _cleanup_close_ int to_out = to[0], to_in = to[1];
        if (pipe2(from, O_CLOEXEC) < 0)
                return log_error_errno(errno, "pipe");
        _cleanup_close_ int from_out = from[0], from_in = from[1];
        _cleanup_free_ char *uuid_option = xasprintf("--uuid=%s", uuid),
                            *root_option = xasprintf("--root=%s", root);
        char *argv[] = { (char *) PROGRAM, uuid_option, (char *) "--leader=-", (char *) "--stop-signal=URG",
                root_option, NULL };
        g->pid = spawn(argv, to_out, from_in);
        if (g->pid < 0)
                return log_error_errno(g->pid, "cannot start " PROGRAM);
        g->in = TAKE_FD(to_in);
        g->out = TAKE_FD(from_out);
        return 0;
}

int registration_set_leader(Registration *g, pid_t leader, const PlanLimits *limits) {
        _cleanup_strv_ char **words = strv_copy(NULL);
        strv_push(&words, xasprintf("%d", (int) leader));
        for (size_t i = 0; i < limits->n; i++)
                strv_push(&words, xasprintf("%s=%s", limits->items[i].file, limits->items[i].value));
        _cleanup_free_ char *joined = strv_join(words, "\t"), *line = xasprintf("%s\n", joined);
        /* SIGPIPE is ignored: if it has ended, its output says so */
        int r = write_all(g->in, line, strlen(line));
        close(TAKE_FD(g->in));
        return r;
}

static void take_line(Registration *g, const char *line) {
        const char *rest;
        if ((rest = startswith(line, "cgroup "))) {
                free(g->cgroup);
                g->cgroup = xstrdup(rest);
        } else if ((rest = startswith(line, "warning ")))
                log_warning("%s", rest);
}

void registration_read(Registration *g) {
        ssize_t n = read(g->out, g->buffer + g->used, sizeof(g->buffer) - 1 - g->used);
        if (n < 0 && errno == EINTR)
                return;
        if (n <= 0) {
                close(TAKE_FD(g->out));
                return;
        }
        g->used += (size_t) n;
        g->buffer[g->used] = 0;
        char *line = g->buffer, *newline;
        while ((newline = strchr(line, '\n'))) {
                *newline = 0;
                take_line(g, line);
                line = newline + 1;
        }
        g->used = strlen(line);
        memmove(g->buffer, line, g->used);
        if (g->used == sizeof(g->buffer) - 1)
                g->used = 0; /* no line of the protocol is that long */
}

int registration_wait(Registration *g) {
        int wstatus = 0;
        if (g->pid == 0)
                return 0;
        while (waitpid(g->pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        g->pid = 0;
        return process_exit_status(wstatus) == 0 ? 0 : -EIO;
}

void registration_undo(const char *uuid) {
        _cleanup_free_ char *uuid_option = xasprintf("--uuid=%s", uuid);
        char *argv[] = { (char *) PROGRAM, (char *) "--unregister", uuid_option, NULL };
        Registration g = { .in = -1, .out = -1 };
        g.pid = spawn(argv, -1, -1);
        if (g.pid > 0)
                registration_wait(&g);
}
