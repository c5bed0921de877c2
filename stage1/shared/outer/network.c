/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"
#include "build-config.h"
#include "log.h"
#include "strv.h"

#define PROGRAM RKT_BINDIR "/rkt-netplug"
/* What globals_tell_stage1 sets. */
#define SYSTEM_CONFIG "RKT_SYSTEM_CONFIG"

static char **command_line(const Network *n, const char *subcommand, const char *uuid) {
        char **argv = NULL;
        strv_add(&argv, PROGRAM);
        strv_add(&argv, subcommand);
        strv_add(&argv, "--pod=.");
        strv_extend(&argv, n->options);
        strv_add(&argv, uuid);
        return argv;
}

char **network_options(bool debug, const char *local_config) {
        char **l = strv_copy(NULL);
        if (debug)
                strv_add(&l, "--debug");
        if (!isempty(local_config))
                strv_push(&l, xasprintf("--local-config=%s", local_config));
        const char *system_config = getenv(SYSTEM_CONFIG);
        if (!isempty(system_config))
                strv_push(&l, xasprintf("--system-config=%s", system_config));
        return l;
}

int network_start(Network *n, const char *uuid, char *const *options, bool host) {
        *n = (Network){ .options = strv_copy(options) };
        _cleanup_strv_ char **argv = command_line(n, "add", uuid);
        strv_add(&argv, "--leader=-");
        if (host)
                strv_add(&argv, "--host-address");
        return helper_start(&n->helper, argv);
}

void network_set_leader(Network *n, pid_t leader) {
        char line[16];
        snprintf(line, sizeof(line), "%d\n", (int) leader);
        helper_tell(&n->helper, line);
        helper_close_in(&n->helper);
}

static void take_line(const char *line, void *userdata) {
        Network *n = userdata;
        const char *number = startswith(line, "interface "), *host = startswith(line, "host ");
        if (host) {
                free(n->host);
                n->host = xstrdup(host);
        }
        if (!number)
                return;
        _cleanup_free_ char *before = n->interfaces;
        n->interfaces = xasprintf("%s%s%s", before ?: "", before ? " " : "", number);
}

void network_read(Network *n) {
        helper_read(&n->helper, take_line, n);
}

/* One that still adds is ended: what it has begun is recorded. */
void network_undo(Network *n, const char *uuid) {
        if (n->helper.pid > 0) {
                kill(n->helper.pid, SIGTERM);
                helper_wait(&n->helper);
        }
        helper_forget(&n->helper);
        _cleanup_strv_ char **argv = command_line(n, "del", uuid);
        helper_start_silent(&n->helper, argv);
}

int network_leave(const char *uuid, char *const *options) {
        _cleanup_free_ char *handle = xasprintf("/run/netns/rkt-%s", uuid);
        if (access("net", F_OK) < 0 && access(handle, F_OK) < 0)
                return 0;
        Network n = { .options = strv_copy(options) };
        network_undo(&n, uuid);
        int r = helper_wait(&n.helper);
        network_done(&n);
        return r;
}

/* If it fails, it has said why, and rkt gc tries again. */
void network_done(Network *n) {
        helper_wait(&n->helper);
        free(n->interfaces);
        free(n->host);
        strv_free(n->options);
        *n = (Network){ .helper = { .in = -1, .out = -1 } };
}
