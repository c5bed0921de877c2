/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include "alloc.h"
#include "build-config.h"
#include "file.h"
#include "log.h"

extern char **environ;

static void open_standard(void) {
        int fd;
        do
                fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
        while (fd >= 0 && fd <= STDERR_FILENO && fd_close_on_exec(fd, false) >= 0);
        if (fd > STDERR_FILENO)
                close(fd);
}

void process_begin(const char *name) {
        log_init(name);
        if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0 ||
                        fcntl(STDERR_FILENO, F_GETFD) < 0)
                open_standard();
        signal(SIGCHLD, SIG_DFL);
}

int process_flush(void) {
        int r = fflush(stdout) != 0 ? -errno : 0;
        if (r == 0 && ferror(stdout))
                /* why an earlier write failed is not known any more; another one will say */
                r = write(STDOUT_FILENO, "\n", 1) < 0 ? -errno : -EIO;
        return r < 0 ? log_error_errno(r, "cannot write to standard output") : 0;
}

int process_end(int r) {
        return process_flush() < 0 || r < 0 ? EXIT_RKT_FAILURE : 0;
}

int process_exit_status(int wstatus) {
        return WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

static char *beside_us(const char *name, const char *fallback) {
        char self[PATH_MAX];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n > 0) {
                self[n] = 0;
                char *slash = strrchr(self, '/');
                *slash = 0;
                _cleanup_free_ char *path = xasprintf("%s/%s", self, name);
                if (access(path, X_OK) == 0)
                        return TAKE_PTR(path);
        }
        return xasprintf("%s/%s", fallback, name);
}

char *process_sibling(const char *name) {
        return beside_us(name, RKT_BINDIR);
}

char *process_helper(const char *name) {
        return beside_us(name, RKT_LIBDIR);
}

static int spawn(char *const argv[], int in, int out, pid_t *ret) {
        _cleanup_free_ char *path = argv[0][0] == '/' ? xstrdup(argv[0]) : process_sibling(argv[0]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        if (in >= 0)
                posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        if (out >= 0)
                posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
        int r = posix_spawn(ret, path, &actions, NULL, argv, environ);
        if (r == ENOENT && argv[0][0] != '/')
                r = posix_spawnp(ret, argv[0], &actions, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int wait_for(pid_t pid, int *ret_status) {
        int wstatus;
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        *ret_status = process_exit_status(wstatus);
        return 0;
}

static int run(char *const argv[], int in, int out) {
        pid_t pid;
        int status = 0, r = spawn(argv, in, out, &pid);
        if (r >= 0)
                r = wait_for(pid, &status);
        return r < 0 ? r : status;
}

int process_run(char *const argv[], int out) {
        return run(argv, -1, out);
}

int process_run_with_input(char *const argv[], int in) {
        return run(argv, in, -1);
}

int process_capture(char *const argv[], size_t max, char **ret, int *ret_status) {
        int pipefd[2];
        if (pipe2(pipefd, O_CLOEXEC) < 0)
                return -errno;
        _cleanup_close_ int in = pipefd[0], out = pipefd[1];
        pid_t pid;
        int r = spawn(argv, -1, out, &pid);
        if (r < 0)
                return r;
        close(TAKE_FD(out));

        _cleanup_free_ char *text = NULL;
        int read_error = read_fd(in, max, &text, NULL);
        close(TAKE_FD(in));
        r = wait_for(pid, ret_status);
        if (r < 0)
                return r;
        if (read_error < 0)
                return read_error;
        *ret = TAKE_PTR(text);
        return 0;
}
