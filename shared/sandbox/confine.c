/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "capabilities.h"

#define BIT(capability) (UINT64_C(1) << (capability))

const char *confine_step_name(ConfineStep step) {
        switch (step) {
        case CONFINE_CAPABILITIES: return "cannot limit the capabilities";
        case CONFINE_AMBIENT: return "cannot set the ambient capabilities";
        case CONFINE_GROUPS: return "cannot set the groups";
        case CONFINE_USER: return "cannot become the user";
        case CONFINE_WORKING_DIRECTORY: return "cannot enter the working directory";
        case CONFINE_NO_NEW_PRIVILEGES: return "cannot set no_new_privs";
        case CONFINE_SECCOMP: return "cannot load the system call filter";
        }
        return "cannot confine the process";
}

static int set_user(const Confinement *c, ConfineStep *step) {
        *step = CONFINE_GROUPS;
        if (setgroups(c->n_gids, c->gids) < 0 || setresgid(c->gid, c->gid, c->gid) < 0)
                return -errno;
        *step = CONFINE_USER;
        /* The permitted set survives the change of user until execve, which computes a new one: from the
         * bounding set for root, empty for others. So there is no capset to make after the filter is loaded,
         * which a filter might not allow. */
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(c->uid, c->uid, c->uid) < 0)
                return -errno;
        return capabilities_set_effective(0);
}

int confine(const Confinement *c, ConfineStep *step) {
        *step = CONFINE_CAPABILITIES;
        int r = capabilities_limit(c->capabilities);
        if (r < 0 || (r = set_user(c, step)) < 0)
                return r;

        /* with no capability in effect: a directory that the app may not enter stays closed */
        *step = CONFINE_WORKING_DIRECTORY;
        if (c->uid == 0 && (r = capabilities_set_effective(c->capabilities)) < 0)
                return r;
        if (chdir(c->working_directory) < 0)
                return -errno;

        *step = CONFINE_AMBIENT;
        if (c->ambient && (r = capabilities_set_ambient(c->ambient)) < 0)
                return r;

        *step = CONFINE_NO_NEW_PRIVILEGES;
        if (c->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        *step = CONFINE_SECCOMP;
        if (!c->seccomp)
                return 0;
        r = capabilities_set_effective(BIT(CAP_SYS_ADMIN) | (c->uid == 0 ? c->capabilities : 0));
        return r < 0 ? r : syscall_filter_load(c->seccomp);
}
