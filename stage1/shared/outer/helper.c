/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "file.h"
#include "log.h"
#include "process.h"

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
                execv(argv[0], argv);
        log_error_errno(errno, "cannot execute %s", argv[0]);
        _exit(EXIT_RKT_FAILURE);
}

int helper_start(Helper *h, char *const argv[]) {
        *h = (Helper){ .in = -1, .out = -1 };
        int to[2], from[2];
        if (pipe2(to, O_CLOEXEC) < 0)
                return log_error_errno(errno, "pipe");
        _cleanup_close_ int to_out = to[0], to_in = to[1];
        if (pipe2(from, O_CLOEXEC) < 0)
                return log_error_errno(errno, "pipe");
        _cleanup_close_ int from_out = from[0], from_in = from[1];
        h->pid = spawn(argv, to_out, from_in);
        if (h->pid < 0)
                return log_error_errno(h->pid, "cannot start %s", argv[0]);
        h->in = TAKE_FD(to_in);
        h->out = TAKE_FD(from_out);
        return 0;
}

int helper_start_silent(Helper *h, char *const argv[]) {
        *h = (Helper){ .in = -1, .out = -1 };
        pid_t pid = spawn(argv, -1, -1);
        if (pid < 0)
                return log_error_errno(pid, "cannot start %s", argv[0]);
        h->pid = pid;
        return 0;
}

void helper_tell(Helper *h, const char *text) {
        if (h->in >= 0)
                (void) write_all(h->in, text, strlen(text));
}

void helper_close_in(Helper *h) {
        if (h->in >= 0)
                close(TAKE_FD(h->in));
}

void helper_forget(Helper *h) {
        helper_close_in(h);
        if (h->out >= 0)
                close(TAKE_FD(h->out));
}

void helper_read(Helper *h, void (*each)(const char *line, void *userdata), void *userdata) {
        ssize_t n = read(h->out, h->buffer + h->used, sizeof(h->buffer) - 1 - h->used);
        if (n < 0 && errno == EINTR)
                return;
        if (n <= 0) {
                close(TAKE_FD(h->out));
                return;
        }
        h->used += (size_t) n;
        h->buffer[h->used] = 0;
        char *line = h->buffer, *newline;
        while ((newline = strchr(line, '\n'))) {
                *newline = 0;
                each(line, userdata);
                line = newline + 1;
        }
        h->used = strlen(line);
        memmove(h->buffer, line, h->used);
        if (h->used == sizeof(h->buffer) - 1)
                h->used = 0; /* no line of the protocols is that long */
}

int helper_wait(Helper *h) {
        int wstatus = 0;
        if (h->pid == 0)
                return 0;
        while (waitpid(h->pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        h->pid = 0;
        return process_exit_status(wstatus) == 0 ? 0 : -EIO;
}
