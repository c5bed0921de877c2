/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The least that a container can cost: new namespaces, a /proc of their own, one program in them. With -n
 * the network has one too. */

#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "log.h"
#include "process.h"

static char stack[65536] __attribute__((aligned(16)));

static int inside(void *argument) {
        char **argv = argument;
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                        mount("proc", "/proc", "proc", 0, NULL) < 0)
                return EXIT_RKT_FAILURE;
        execv(argv[0], argv);
        return EXIT_RKT_FAILURE;
}

int main(int argc, char **argv) {
        int status, flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
                            SIGCHLD;
        log_init("floor");
        if (argc > 2 && streq(argv[1], "-n")) {
                flags |= CLONE_NEWNET;
                argv++;
                argc--;
        }
        if (argc < 2) {
                log_error("usage: [-n] PROGRAM [ARG…]");
                return EXIT_RKT_FAILURE;
        }
        pid_t pid = clone(inside, stack + sizeof(stack), flags, argv + 1);
        if (pid < 0) {
                log_error_errno(errno, "clone");
                return EXIT_RKT_FAILURE;
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return process_exit_status(status);
}
