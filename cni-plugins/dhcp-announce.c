/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp-announce.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>

#include "alloc.h"
#include "build-config.h"
#include "log.h"
#include "uuid.h"

#define PROGRAM RKT_BINDIR "/rkt-netplug"

static int start(char *const argv[]) {
        posix_spawnattr_t attributes;
        sigset_t none, ours;
        pid_t pid;
        sigemptyset(&none);
        sigemptyset(&ours);
        sigaddset(&ours, SIGCHLD);
        sigaddset(&ours, SIGPIPE);
        posix_spawnattr_init(&attributes);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &ours);
        int r = posix_spawn(&pid, argv[0], NULL, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
        return -r;
}

void dhcp_announce(const CniCall *c, const CniResult *result) {
        char uuid[UUID_STRING_SIZE], address[IP_PREFIX_TEXT_MAX];
        if (result->n_ips == 0 || uuid_normalize(c->container_id, uuid) < 0)
                return;
        ip_prefix_format(&result->ips[0].address, address);
        char *argv[] = { (char *) PROGRAM, (char *) "readdress", uuid, (char *) c->ifname, address, NULL };
        int r = start(argv);
        if (r < 0 && r != -ENOENT)
                log_warning_errno(r, "%s: cannot run " PROGRAM, c->container_id);
}
