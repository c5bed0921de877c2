/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "selinux-claim.h"

#include <errno.h>
#include <fcntl.h>
#include <selinux/selinux.h>
#include <stdlib.h>

#include "alloc.h"
#include "file.h"
#include "library.h"
#include "log.h"
#include "security-module.h"

#define LIBRARY      "libselinux.so.1"
#define CONTEXTS_MAX ((size_t) 64 * 1024)

typedef struct Library {
        typeof(&selinux_lxc_contexts_path) selinux_lxc_contexts_path;
        typeof(&is_selinux_mls_enabled) is_selinux_mls_enabled;
        typeof(&security_check_context_raw) security_check_context_raw;
} Library;

static int load(Library *l) {
        const LibraryFunction functions[] = {
                { "selinux_lxc_contexts_path", &l->selinux_lxc_contexts_path },
                { "is_selinux_mls_enabled", &l->is_selinux_mls_enabled },
                { "security_check_context_raw", &l->security_check_context_raw },
        };
        _cleanup_free_ char *error = NULL;
        int r = library_load(LIBRARY, "", functions, ELEMENTSOF(functions), &error);
        if (r < 0)
                log_error("this host runs SELinux, but the pod's labels need a library that cannot be "
                          "loaded: %s",
                                error);
        return r;
}

static int read_contexts(const Library *l, SelinuxContexts *ret) {
        const char *path = l->selinux_lxc_contexts_path();
        _cleanup_free_ char *text = NULL, *error = NULL;
        size_t size;
        int r = path ? read_file_at(AT_FDCWD, path, CONTEXTS_MAX, &text, &size) : -ENOENT;
        if (r == -ENOENT) {
                log_debug("SELinux: the policy has no contexts for containers (%s): the pod gets no labels",
                                path ?: "lxc_contexts");
                return -ENODATA;
        }
        if (r < 0)
                return log_error_errno(r, "cannot read %s", path);
        r = selinux_contexts_parse(path, text, size, ret, &error);
        if (r < 0)
                log_error("%s", error);
        return r;
}

/* From the first digits of the UUID, which are random: two pods hardly ever begin at the same pair. */
static int lock_pair(const char *uuid, uint32_t *ret) {
        int r = mkdir_parents_at(AT_FDCWD, "/run/rkt", 0755);
        _cleanup_close_ int fd = r < 0 ? r : open(SELINUX_LOCKS, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return log_error_errno(r < 0 ? r : -errno, SELINUX_LOCKS);
        uint32_t first = (uint32_t) strtoul(uuid, NULL, 16) % SELINUX_PAIRS;
        for (uint32_t i = 0; i < SELINUX_PAIRS; i++) {
                uint32_t n = (first + i) % SELINUX_PAIRS;
                struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = n, .l_len = 1 };
                if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
                        *ret = n;
                        return TAKE_FD(fd);
                }
                if (errno != EAGAIN && errno != EACCES)
                        return log_error_errno(errno, "cannot lock " SELINUX_LOCKS);
        }
        log_error("pod %s: every pair of SELinux's categories is taken by a pod", uuid);
        return -EUSERS;
}

/* Debian's policy names types there that it does not have: nothing in it is about containers. */
static int check(const Library *l, const char *context) {
        if (l->security_check_context_raw(context) == 0)
                return 0;
        if (errno != EINVAL)
                return log_error_errno(errno, "cannot ask SELinux for the context %s", context);
        log_warning("SELinux: the policy does not have the context %s that its lxc_contexts names: the pod "
                    "gets no labels",
                        context);
        return -ENODATA;
}

int selinux_claim(const char *uuid, SelinuxContexts *ret) {
        _cleanup_selinux_contexts_ SelinuxContexts policy = {}, own = {};
        Library l;
        uint32_t n = 0;
        unsigned low, high;
        if (!security_has_selinux())
                return -ENODATA;
        int r = load(&l);
        if (r < 0 || (r = read_contexts(&l, &policy)) < 0)
                return r;
        _cleanup_close_ int lock = lock_pair(uuid, &n);
        if (lock < 0)
                return lock;
        selinux_pair(n, &low, &high);
        bool categories = l.is_selinux_mls_enabled() > 0;
        own.process = categories ? selinux_context_with_pair(policy.process, low, high)
                                 : xstrdup(policy.process);
        own.file = categories ? selinux_context_with_pair(policy.file, low, high) : xstrdup(policy.file);
        if ((r = check(&l, own.process)) < 0 || (r = check(&l, own.file)) < 0)
                return r;
        *ret = own;
        own = (SelinuxContexts){};
        return TAKE_FD(lock);
}
