/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Entry point "gc": removes what a pod that has ended left outside of its directory. Running it again does
 * no harm. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "alloc.h"
#include "cgroup1.h"
#include "cgroup2.h"
#include "file.h"
#include "incoming.h"
#include "log.h"
#include "network.h"
#include "option.h"
#include "process.h"
#include "strv.h"
#include "uuid.h"

static bool debug;
static char *local_config;

static const Option options[] = {
        { "debug", OPTION_BOOL, &debug, "print more" },
        { "local-config", OPTION_STRING, &local_config, "local configuration directory" },
        {},
};

static const Command command = {
        .name = "gc",
        .usage = "[--debug] [--local-config=DIR] UUID",
        .summary = "remove what a pod left behind (stage1 entry point, called by rkt gc)",
        .options = options,
};

/* Only a cgroup of our own making: systemd removes its scopes itself, and a unit's cgroup is the unit's. */
static int remove_cgroup(const char *uuid) {
        _cleanup_free_ char *path = NULL, *name = xasprintf("rkt-%s", uuid);
        int r = read_line_at(AT_FDCWD, "subcgroup", &path);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "cannot read the pod's subcgroup");
        char *slash = strrchr(path, '/');
        if (slash && startswith(slash, "/machine-rkt"))
                cgroup1_remove_below(path); /* which systemd may wait for */
        if (!slash || !streq(slash + 1, name))
                return 0;
        *slash = 0;
        _cleanup_close_ int parent = cgroup2_open(path);
        if (parent == -ENOENT || parent == -ENODATA)
                return 0; /* the host was restarted, or the parent has gone */
        r = parent < 0 ? parent : cgroup2_remove_at(parent, name);
        return r < 0 ? log_error_errno(r, "cannot remove the cgroup %s/%s", path, name) : 0;
}

static int remove_journal_link(const char *uuid) {
        char id[33];
        uuid_machine_id(uuid, id);
        _cleanup_free_ char *path = xasprintf("/var/log/journal/%s", id);
        struct stat st;
        if (lstat(path, &st) < 0 || !S_ISLNK(st.st_mode))
                return 0;
        return unlink(path) < 0 && errno != ENOENT ? log_error_errno(errno, "cannot remove %s", path) : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        char uuid[UUID_STRING_SIZE];
        process_begin("stage1");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        log_set_debug(debug);
        if (strv_length(arguments) != 1 || uuid_normalize(arguments[0], uuid) < 0) {
                log_error("expected the UUID of a pod as the only argument");
                return EXIT_RKT_FAILURE;
        }
        _cleanup_strv_ char **passed_on = network_options(debug, local_config);
        int link = remove_journal_link(uuid), network = network_leave(uuid, passed_on);
        incoming_remove(uuid);
        r = remove_cgroup(uuid);
        return r < 0 || link < 0 || network < 0 ? EXIT_RKT_FAILURE : 0;
}
