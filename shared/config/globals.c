/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "globals.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "alloc.h"
#include "build-config.h"
#include "log.h"
#include "process.h"
#include "strv.h"

Globals globals;
static bool dir_given;

static int set_insecure(const char *value, void *userdata) {
        free(globals.insecure_text);
        globals.insecure_text = xstrdup(value);
        return insecure_parse(value, &globals.insecure);
}

const Option global_options[] = {
        { "debug", OPTION_BOOL, &globals.debug, "print out more debug information to stderr" },
        { "dir", OPTION_STRING, &globals.dir, "rkt data directory", .shown_default = RKT_DATA_DIR,
                        .seen = &dir_given },
        { "insecure-options", OPTION_CALL, NULL,
                        "comma-separated list of security features to disable. Allowed values: none, image, "
                        "tls, ondisk, "
                        "http, pubkey, capabilities, paths, seccomp, all-fetch, all-run, all",
                        .shown_default = "none", .call = set_insecure },
        { "local-config", OPTION_STRING, &globals.local_config, "local configuration directory",
                        .shown_default = RKT_LOCAL_CONFIG_DIR },
        { "system-config", OPTION_STRING, &globals.system_config, "system configuration directory",
                        .shown_default = RKT_SYSTEM_CONFIG_DIR },
        { "trust-keys-from-https", OPTION_BOOL, &globals.trust_keys_from_https,
                        "automatically trust gpg keys fetched from https" },
        { "user-config", OPTION_STRING, &globals.user_config, "user configuration directory" },
        {},
};

static int make_absolute(const char *path, char **ret) {
        _cleanup_free_ char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
        if (path[0] != '/' && !cwd)
                return log_error_errno(errno, "cannot tell the working directory");
        *ret = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", cwd, path);
        return 0;
}

/* stage1 has another working directory. An empty one stays so: there is none. */
static int resolve_config(char **directory) {
        char *resolved = NULL;
        if (!**directory)
                return 0;
        int r = make_absolute(*directory, &resolved);
        if (r < 0)
                return r;
        free(*directory);
        *directory = resolved;
        return 0;
}

static int resolve_dir(void) {
        const char *dir = globals.dir ?: globals.config.data_dir ?: RKT_DATA_DIR;
        if (!*dir) {
                log_error("--dir must not be empty");
                return -EINVAL;
        }
        /* What does not exist yet cannot be a symlink: it is made absolute as it stands. */
        _cleanup_free_ char *resolved = realpath(dir, NULL);
        if (!resolved && errno != ENOENT)
                return log_error_errno(errno, "data directory %s", dir);
        if (!resolved) {
                int r = make_absolute(dir, &resolved);
                if (r < 0)
                        return r;
        }
        free(globals.dir);
        globals.dir = TAKE_PTR(resolved);
        return 0;
}

int globals_settle(void) {
        log_set_debug(globals.debug);
        if (!globals.system_config)
                globals.system_config = xstrdup(RKT_SYSTEM_CONFIG_DIR);
        if (!globals.local_config)
                globals.local_config = xstrdup(RKT_LOCAL_CONFIG_DIR);

        char *directories[] = { globals.system_config, globals.local_config, globals.user_config, NULL };
        int r = config_load(directories, &globals.config);
        if (r >= 0)
                r = resolve_config(&globals.system_config);
        if (r >= 0)
                r = resolve_config(&globals.local_config);
        return r < 0 ? r : resolve_dir();
}

void globals_tell_stage1(void) {
        if (streq(globals.system_config, RKT_SYSTEM_CONFIG_DIR))
                unsetenv(GLOBALS_SYSTEM_CONFIG);
        else
                setenv(GLOBALS_SYSTEM_CONFIG, globals.system_config, 1);
}

char **globals_arguments(void) {
        char **l = strv_copy(NULL);
        if (globals.debug)
                strv_add(&l, "--debug");
        strv_push(&l, xasprintf("--dir=%s", globals.dir));
        strv_push(&l, xasprintf("--system-config=%s", globals.system_config));
        strv_push(&l, xasprintf("--local-config=%s", globals.local_config));
        if (globals.user_config)
                strv_push(&l, xasprintf("--user-config=%s", globals.user_config));
        if (globals.insecure_text)
                strv_push(&l, xasprintf("--insecure-options=%s", globals.insecure_text));
        if (globals.trust_keys_from_https)
                strv_add(&l, "--trust-keys-from-https");
        return l;
}

int globals_command(const Command *c, int argc, char **argv, char ***ret_arguments) {
        process_begin(c->name);
        int r = command_parse(c, argc, argv, ret_arguments);
        if (r != 0)
                return r;
        if (c->needs_root && geteuid() != 0) {
                log_error("cannot run as unprivileged user");
                return -EPERM;
        }
        return globals_settle();
}
