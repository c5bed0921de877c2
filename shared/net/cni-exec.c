/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cni-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "alloc.h"
#include "build-config.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "process.h"
#include "strv.h"

#define OUTPUT_MAX (1024 * 1024)

extern char **environ;

char **cni_plugin_path(const char *given, const char *local_config) {
        if (isempty(given))
                given = getenv("RKT_CNI_PATH");
        if (!isempty(given))
                return strv_split(given, ':');
        char **l = strv_copy(NULL);
        strv_push(&l, xasprintf("%s/net.d", local_config));
        strv_add(&l, RKT_LIBDIR "/plugins/net");
        strv_add(&l, RKT_LIBDIR "/cni");
        strv_add(&l, "/usr/lib/cni");
        strv_add(&l, "/opt/cni/bin");
        return l;
}

char *cni_find_plugin(char *const *path, const char *type) {
        STRV_FOREACH (directory, path) {
                _cleanup_free_ char *program = xasprintf("%s/%s", *directory, type);
                if (**directory == '/' && access(program, X_OK) == 0)
                        return TAKE_PTR(program);
        }
        return NULL;
}

static char **environment(const CniRuntime *rt, const char *command) {
        _cleanup_free_ char *path = strv_join(rt->path, ":");
        char **l = strv_copy(NULL);
        for (char **e = environ; *e; e++)
                if (!startswith(*e, "CNI_"))
                        strv_add(&l, *e);
        strv_push(&l, xasprintf("CNI_COMMAND=%s", command));
        strv_push(&l, xasprintf("CNI_CONTAINERID=%s", rt->container_id ?: ""));
        strv_push(&l, xasprintf("CNI_NETNS=%s", rt->netns ?: ""));
        strv_push(&l, xasprintf("CNI_IFNAME=%s", rt->ifname ?: ""));
        strv_push(&l, xasprintf("CNI_ARGS=%s", rt->args ?: ""));
        strv_push(&l, xasprintf("CNI_PATH=%s", path));
        return l;
}

/* A file, so that a plugin that does not read cannot keep us waiting. */
static int open_input(json_object *config) {
        _cleanup_free_ char *text = json_to_text(config, false);
        _cleanup_close_ int fd = memfd_create("cni", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, text, strlen(text));
        if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return r < 0 ? r : -errno;
        return TAKE_FD(fd);
}

static _noreturn_ void execute(const CniRuntime *rt, const char *program, char **env, int in, int out) {
        char *argv[] = { (char *) program, NULL };
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        signal(SIGPIPE, SIG_DFL);
        setpgid(0, 0);
        /* if we are killed, it must not go on: whoever cleans up would do so too early */
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if ((rt->held < 0 || fd_close_on_exec(rt->held, false) >= 0) && dup2(in, STDIN_FILENO) >= 0 &&
                        dup2(out, STDOUT_FILENO) >= 0) {
                CniMain inside = rt->inside ? rt->inside(program) : NULL;
                if (inside) {
                        environ = env;
                        exit(inside());
                }
                execve(program, argv, env);
        }
        log_error_errno(errno, "cannot execute %s", program);
        _exit(EXIT_RKT_FAILURE);
}

/* 1: it can be read; 0: the time is over. */
static int wait_readable(int fd, uint64_t deadline) {
        for (;;) {
                uint64_t now = monotonic_ns(), left = now < deadline ? deadline - now : 0;
                struct pollfd p = { .fd = fd, .events = POLLIN };
                int n = poll(&p, 1, (int) MIN((left + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC, 1000000u));
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0 || (n == 0 && left == 0))
                        return n;
        }
}

/* Until its end of the pipe is closed. -ETIMEDOUT, -EFBIG. */
static int collect(int fd, uint64_t deadline, char **ret, size_t *ret_size) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0, room = 0;
        for (;;) {
                int r = wait_readable(fd, deadline);
                if (r <= 0)
                        return r < 0 ? r : -ETIMEDOUT;
                if (room - size < 4096) {
                        room = room * 2 + 4096;
                        text = xreallocarray(text, room + 1, 1);
                }
                ssize_t n = read(fd, text + size, room - size);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                size += n > 0 ? (size_t) n : 0;
                if (size > OUTPUT_MAX)
                        return -EFBIG;
        }
        text[size] = 0;
        *ret = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

/* It has closed its output; it may still not end. */
static int wait_for_end(pid_t pid, uint64_t deadline, int *ret_wstatus) {
        _cleanup_close_ int pidfd = (int) syscall(SYS_pidfd_open, pid, 0);
        int r = pidfd < 0 ? -errno : wait_readable(pidfd, deadline);
        if (r <= 0)
                return r < 0 ? r : -ETIMEDOUT;
        return waitpid(pid, ret_wstatus, 0) < 0 ? -errno : 0;
}

static int describe_failure(const char *type, int wstatus, const char *text, size_t size, char **ret_error) {
        _cleanup_cni_error_ CniError e = {};
        _cleanup_free_ char *why = NULL;
        if (WIFSIGNALED(wstatus))
                *ret_error = xasprintf("plugin %s was killed by signal %d", type, WTERMSIG(wstatus));
        else if (cni_error_parse(text, size, &e, &why) >= 0) {
                *ret_error = xasprintf("plugin %s: %s%s%s", type, e.message, isempty(e.details) ? "" : "; ",
                                e.details ?: "");
                return -EREMOTEIO;
        } else
                *ret_error = xasprintf("plugin %s ended with status %d and without saying why", type,
                                WEXITSTATUS(wstatus));
        return -EIO;
}

static int run(const CniRuntime *rt, const char *program, const char *type, char **env, int input,
                char **ret_output, size_t *ret_size, char **ret_error) {
        int pipefd[2], wstatus = 0;
        if (pipe2(pipefd, O_CLOEXEC) < 0) {
                *ret_error = xasprintf("plugin %s: pipe: %s", type, strerror(errno));
                return -EIO;
        }
        _cleanup_close_ int from = pipefd[0], to = pipefd[1];
        uint64_t deadline = monotonic_ns() + (uint64_t) rt->timeout_ns;
        fflush(NULL); /* the child may end by exit */
        pid_t pid = fork();
        if (pid == 0)
                execute(rt, program, env, input, to);
        if (pid < 0) {
                *ret_error = xasprintf("plugin %s: fork: %s", type, strerror(errno));
                return -EIO;
        }
        setpgid(pid, pid);
        close(TAKE_FD(to));
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = collect(from, deadline, &text, &size);
        if (r >= 0)
                r = wait_for_end(pid, deadline, &wstatus);
        if (r < 0) {
                kill(-pid, SIGKILL);
                kill(pid, SIGKILL);
                while (waitpid(pid, &wstatus, 0) < 0 && errno == EINTR)
                        ;
                if (r == -ETIMEDOUT)
                        *ret_error = xasprintf("plugin %s has not ended within %.3g s and was killed", type,
                                        (double) rt->timeout_ns / (double) NSEC_PER_SEC);
                else if (r == -EFBIG)
                        *ret_error = xasprintf("plugin %s has written more than %d bytes and was killed",
                                        type, OUTPUT_MAX);
                else
                        *ret_error = xasprintf("plugin %s: reading what it says: %s", type, strerror(-r));
                return r == -ETIMEDOUT ? r : -EIO;
        }
        if (wstatus != 0)
                return describe_failure(type, wstatus, text, size, ret_error);
        *ret_output = TAKE_PTR(text);
        *ret_size = size;
        return 0;
}

int cni_exec(const CniRuntime *rt, const char *command, const char *type, json_object *config,
                char **ret_output, size_t *ret_size, char **ret_error) {
        _cleanup_free_ char *program = cni_find_plugin(rt->path, type);
        if (!program) {
                _cleanup_free_ char *path = strv_join(rt->path, ":");
                *ret_error = xasprintf("plugin %s: there is none in %s", type, path);
                return -ENOENT;
        }
        _cleanup_close_ int input = open_input(config);
        if (input < 0) {
                *ret_error = xasprintf("plugin %s: its configuration: %s", type, strerror(-input));
                return -EIO;
        }
        _cleanup_strv_ char **env = environment(rt, command);
        uint64_t begin = monotonic_ns();
        int r = run(rt, program, type, env, input, ret_output, ret_size, ret_error);
        log_debug("%s %s: %.1f ms", command, program, (double) (monotonic_ns() - begin) / 1e6);
        return r;
}
