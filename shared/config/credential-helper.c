/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "credential-helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "alloc.h"
#include "duration.h"
#include "json.h"
#include "option.h"
#include "process.h"
#include "secret.h"

#define OUTPUT_MAX      65536
#define DEFAULT_SECONDS 30

extern char **environ;

typedef struct Output {
        char text[OUTPUT_MAX + 1];
        size_t size;
} Output;

static void output_free(Output *o) {
        explicit_bzero(o, sizeof(*o));
        free(o);
}
DEFINE_CLEANUP(Output *, output_free)

static uint64_t seconds_allowed(void) {
        const char *s = getenv("RKT_CREDENTIAL_TIMEOUT");
        uint64_t n = DEFAULT_SECONDS;
        if (s && (parse_uint(s, 3600, &n) < 0 || n == 0))
                n = DEFAULT_SECONDS;
        return n;
}

/* A pipe that holds text and its end. A pipe takes 4 kB at once, and no name of a server is as long. */
static int pipe_with(const char *text) {
        int p[2];
        if (strlen(text) > PIPE_BUF)
                return -ENAMETOOLONG;
        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        ssize_t n = write(p[1], text, strlen(text));
        int r = n < 0 ? -errno : p[0];
        close(p[1]);
        if (r < 0)
                close(p[0]);
        return r;
}

/* In a process group of its own, so that what it has started ends with it. */
static int start(char *const argv[], const char *input, int *ret_fd, pid_t *ret_pid) {
        int p[2];
        _cleanup_close_ int in = pipe_with(input);
        if (in < 0)
                return in;
        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, p[1], STDOUT_FILENO);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        int r = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        close(p[1]);
        if (r != 0) {
                close(p[0]);
                return -r;
        }
        *ret_fd = p[0];
        return 0;
}

/* 1: more to come. 0: the end. */
static int read_some(int fd, Output *o) {
        ssize_t n = read(fd, o->text + o->size, OUTPUT_MAX - o->size);
        if (n < 0)
                return errno == EINTR ? 1 : -errno;
        o->size += n;
        o->text[o->size] = 0;
        return n > 0 && o->size == OUTPUT_MAX ? -EFBIG : n > 0;
}

/* Until it has ended. What it has printed by then is there, even if another process holds the pipe. */
static int collect(int fd, int pidfd, uint64_t seconds, Output *o) {
        uint64_t end = monotonic_ns() + seconds * NSEC_PER_SEC;
        for (bool open = true;;) {
                struct pollfd p[] = { { pidfd, POLLIN, 0 }, { open ? fd : -1, POLLIN, 0 } };
                uint64_t now = monotonic_ns();
                int r = now < end ? poll(p, ELEMENTSOF(p), (int) ((end - now) / NSEC_PER_MSEC) + 1) : 0;
                if (r < 0)
                        return -errno; /* EINTR too: the user, who cannot interrupt the helper itself */
                if (r == 0)
                        return -ETIMEDOUT;
                if (p[1].revents) {
                        r = read_some(fd, o);
                        if (r < 0)
                                return r;
                        open = r > 0;
                } else if (p[0].revents)
                        return 0;
        }
}

/* Starts it, and gives its exit status. */
static int run(char *const argv[], const char *input, Output *o, int *ret_status) {
        _cleanup_close_ int fd = -1, pidfd = -1;
        pid_t pid;
        int wstatus, r = start(argv, input, &fd, &pid);
        if (r < 0)
                return r;
        pidfd = pidfd_open(pid, 0);
        r = pidfd < 0 ? -errno : collect(fd, pidfd, seconds_allowed(), o);
        if (r < 0)
                kill(-pid, SIGKILL);
        while (waitpid(pid, &wstatus, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        *ret_status = process_exit_status(wstatus);
        return r;
}

static int parse(JsonContext *c, Credential *ret) {
        const char *user = "", *secret = "";
        if (json_expect(c, c->root, json_type_object) < 0 ||
                        json_get_string(c, c->root, "Username", JSON_OPTIONAL, &user) < 0 ||
                        json_get_string(c, c->root, "Secret", JSON_OPTIONAL, &secret) < 0)
                return -EINVAL;
        if (!*user && !*secret)
                return 0;
        bool token = streq(user, "<token>");
        *ret = (Credential){
                .type = token ? CREDENTIAL_IDENTITY : CREDENTIAL_BASIC,
                .user = xstrdup(user),
                .password = token ? NULL : xstrdup(secret),
                .token = token ? xstrdup(secret) : NULL,
                .source = xstrdup(c->name),
        };
        return 1;
}

int credential_helper_parse(
                const char *program, const char *text, size_t size, Credential *ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c;
        int r = json_context_parse(&c, program, text, size);
        if (r >= 0)
                r = parse(&c, ret);
        secret_wipe_json(c.root);
        if (r < 0)
                *ret_error = TAKE_PTR(c.error);
        return r;
}

/* Helpers say on standard output why they failed. Only its beginning, and nothing for a terminal to obey. */
static char *complaint(const char *program, const Output *o, int status) {
        char said[161];
        size_t n = 0;
        for (const char *p = o->text; *p && *p != '\n' && n < sizeof(said) - 1; p++)
                said[n++] = (unsigned char) *p < ' ' || *p == 0x7f ? '?' : *p;
        said[n] = 0;
        return xasprintf("%s: exit status %d%s%s", program, status, n ? ": " : "", said);
}

int credential_helper_get(const char *name, const char *server, Credential *ret, char **ret_error) {
        _cleanup_free_ char *program = xasprintf("docker-credential-%s", name);
        _cleanup_(output_freep) Output *o = xnew(Output, 1);
        char *argv[] = { program, (char *) "get", NULL };
        int status = 0, r = run(argv, server, o, &status);
        if (r == -ETIMEDOUT)
                *ret_error = xasprintf("%s: no answer after %llu s", program,
                                (unsigned long long) seconds_allowed());
        else if (r == -EFBIG)
                *ret_error = xasprintf("%s: an answer of more than %d bytes", program, OUTPUT_MAX);
        else if (r < 0)
                *ret_error = xasprintf("%s: %s", program, strerror(-r));
        if (r < 0)
                return r;
        if (status == 0)
                return credential_helper_parse(program, o->text, o->size, ret, ret_error);
        if (strstr(o->text, "credentials not found"))
                return 0;
        *ret_error = complaint(program, o, status);
        return -EIO;
}
