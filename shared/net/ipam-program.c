/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ipam-program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "alloc.h"
#include "file.h"
#include "process.h"
#include "strv.h"

#define OUTPUT_MAX (4 * 1024 * 1024)

extern char **environ;

static int find_program(CniCall *c, const char *type, char **ret) {
        if (strchr(type, '/'))
                return cni_fail(c, CNI_INVALID_NETWORK_CONFIG, "invalid plugin name: %s", type);
        _cleanup_strv_ char **directories = strv_split(c->path ? c->path : "", ':');
        STRV_FOREACH (d, directories) {
                _cleanup_free_ char *path = xasprintf("%s/%s", *d, type);
                if (**d && access(path, X_OK) == 0) {
                        *ret = TAKE_PTR(path);
                        return 0;
                }
        }
        return cni_fail(c, CNI_INTERNAL, "failed to find plugin \"%s\" in path [%s]", type,
                        c->path ? c->path : "");
}

/* A file rather than a pipe: the program may not read all of it, or none. */
static int input_file(const char *text) {
        _cleanup_close_ int fd = memfd_create("configuration", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, text, strlen(text));
        if (r < 0 || lseek(fd, 0, SEEK_SET) < 0)
                return r < 0 ? r : -errno;
        return TAKE_FD(fd);
}

static int start(const char *path, const char *command, int input, int output, pid_t *ret) {
        _cleanup_strv_ char **env = NULL;
        STRV_FOREACH (e, environ)
                if (!startswith(*e, "CNI_COMMAND="))
                        strv_add(&env, *e);
        strv_push(&env, xasprintf("CNI_COMMAND=%s", command));
        char *argv[] = { (char *) path, NULL };
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        int r = -posix_spawn(ret, path, &actions, NULL, argv, env);
        posix_spawn_file_actions_destroy(&actions);
        return r;
}

static int run(const char *path, const char *command, const char *text, char **ret, int *ret_status) {
        _cleanup_close_ int input = input_file(text), from = -1, to = -1;
        int pipes[2], status;
        size_t size;
        pid_t pid;
        if (input < 0)
                return input;
        if (pipe2(pipes, O_CLOEXEC) < 0)
                return -errno;
        from = pipes[0];
        to = pipes[1];
        int r = start(path, command, input, to, &pid);
        if (r < 0)
                return r;
        close(TAKE_FD(to));
        r = read_fd(from, OUTPUT_MAX, ret, &size);
        close(TAKE_FD(from)); /* one that writes on gets SIGPIPE */
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        *ret_status = process_exit_status(status);
        return r;
}

int ipam_program_output(CniCall *c, const char *type, const char *command, const char *text, char **ret) {
        _cleanup_free_ char *path = NULL, *output = NULL, *ignored = NULL;
        int status = 0, r = find_program(c, type, &path);
        if (r < 0)
                return r;
        r = run(path, command, text, &output, &status);
        if (r < 0)
                return cni_fail_errno(c, r, "cannot run %s", path);
        if (status == 0) {
                *ret = TAKE_PTR(output);
                return 0;
        }
        _cleanup_cni_error_ CniError e = {};
        if (cni_error_parse(output, strlen(output), &e, &ignored) < 0)
                return cni_fail(c, CNI_INTERNAL, "netplugin failed: %s ended with status %d: \"%.200s\"",
                                path, status, output);
        cni_fail(c, e.code, "%s", e.message);
        if (!c->error.details)
                c->error.details = TAKE_PTR(e.details);
        return -EINVAL;
}

/* The interfaces of the result are the caller's matter. */
static void take_addresses(CniResult *to, const CniResult *from) {
        for (size_t i = 0; i < from->n_ips; i++) {
                CniAddress *a = cni_result_add_address(to);
                *a = from->ips[i];
                a->interface = -1;
        }
        for (size_t i = 0; i < from->n_routes; i++)
                *cni_result_add_route(to) = from->routes[i];
        cni_dns_copy(&to->dns, &from->dns);
}

int ipam_program_add(CniCall *c, const char *type, CniResult *result) {
        _cleanup_free_ char *output = NULL, *error = NULL;
        _cleanup_cni_result_ CniResult given = {};
        int r = ipam_program_output(c, type, "ADD", c->conf.text, &output);
        if (r < 0)
                return r;
        if (cni_result_parse(type, output, strlen(output), c->version, &given, &error) < 0)
                return cni_fail(c, CNI_DECODING_FAILURE, "result of %s: %s", type, error);
        take_addresses(result, &given);
        return 0;
}

int ipam_program_run(CniCall *c, const char *type, const char *command) {
        _cleanup_free_ char *output = NULL;
        return ipam_program_output(c, type, command, c->conf.text, &output);
}
