/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "alloc.h"
#include "file.h"
#include "globals.h"
#include "log.h"
#include "metadata-route.h"
#include "metadata-url.h"
#include "process.h"

#define PROGRAM "rkt-metadata-register"
#define MARKER  "mds-registered" /* of that program */

int pod_metadata_check(void) {
        _cleanup_free_ char *program = process_helper(PROGRAM);
        if (access(program, X_OK) < 0)
                return log_error_errno(errno, "--mds-register: %s, which registers pods", program);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = METADATA_SOCKET };
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return log_error_errno(errno,
                                "--mds-register: the metadata service does not answer at " METADATA_SOCKET
                                " (systemctl start rkt-metadata.socket)");
        return 0;
}

static int make_token(char ret[static METADATA_TOKEN_SIZE]) {
        unsigned char bytes[(METADATA_TOKEN_SIZE - 1) / 2];
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return log_error_errno(errno, "getrandom");
        for (size_t i = 0; i < sizeof(bytes); i++)
                snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

/* A command line can be read by everyone, so the token goes through a pipe, which has room for it. */
static int open_input(const char *token, int *ret) {
        int pipefd[2];
        if (pipe2(pipefd, O_CLOEXEC) < 0)
                return log_error_errno(errno, "pipe");
        _cleanup_close_ int in = pipefd[1];
        *ret = pipefd[0];
        int r = write_all(in, token, strlen(token));
        return r < 0 ? log_error_errno(r, "pipe") : 0;
}

static int run_program(const Pod *p, const char *option, int input) {
        _cleanup_free_ char *program = process_helper(PROGRAM),
                            *directory = xasprintf("--pod=%s/pods/%s/%s", globals.dir,
                                            pod_place_name(p->place), p->uuid);
        char *argv[] = { program, directory, (char *) option, (char *) p->uuid, NULL };
        int status = process_run_with_input(argv, input);
        if (status < 0)
                return log_error_errno(status, "cannot execute %s", program);
        return status == 0 ? 0 : -EIO; /* it has said why */
}

int pod_metadata_register(const Pod *p, char **ret_token) {
        char token[METADATA_TOKEN_SIZE];
        _cleanup_close_ int input = -1;
        int r = make_token(token);
        if (r < 0 || (r = open_input(token, &input)) < 0 ||
                        (r = run_program(p, "--remove=false", input)) < 0)
                return r;
        *ret_token = xstrdup(token);
        return 0;
}

void pod_metadata_forget(const Pod *p) {
        if (faccessat(p->fd, MARKER, F_OK, 0) == 0 && run_program(p, "--remove", -1) < 0)
                log_warning("pod %s: the metadata service may still know it", p->uuid);
}
