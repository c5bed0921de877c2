/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/utsname.h>

#include "alloc.h"
#include "strv.h"
#include "types.h"

typedef struct OsArch {
        const char *os;
        const char *const *archs;
} OsArch;

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const OsArch appc_table[] = {
        { "darwin", NAMES("x86_64", "i386") },
        { "freebsd", NAMES("amd64", "i386", "arm") },
        { "linux", NAMES("amd64", "i386", "aarch64", "aarch64_be", "armv6l", "armv7l", "armv7b", "ppc64",
                                   "ppc64le", "s390x") },
        {},
};

static const OsArch rkt_table[] = {
        { "linux", NAMES("amd64", "i386", "aarch64", "aarch64_be", "armv6l", "armv7l", "armv7b",
                                   "ppc64le") },
        {},
};

static char *join_names(const OsArch *table) {
        _cleanup_strv_ char **names = strv_copy(NULL);
        for (const OsArch *t = table; t->os; t++)
                strv_add(&names, t->os);
        return strv_join(names, ", ");
}

char *os_arch_problem(OsArchTable which, const char *os, const char *arch) {
        const OsArch *table = which == OS_ARCH_RKT ? rkt_table : appc_table, *t = table;
        if (!os)
                return NULL;
        while (t->os && !streq(t->os, os))
                t++;
        if (!t->os) {
                _cleanup_free_ char *known = join_names(table);
                return xasprintf("unknown operating system \"%s\": expected one of %s", os, known);
        }
        if (!arch || strv_contains((char *const *) t->archs, arch))
                return NULL;
        _cleanup_free_ char *known = strv_join((char *const *) t->archs, ", ");
        return xasprintf("unknown architecture \"%s\" for %s: expected one of %s", arch, os, known);
}

const char *host_os(void) {
        return "linux";
}

const char *host_arch(void) {
        static struct utsname name;
        if (uname(&name) < 0)
                return "unknown";
        /* a 32-bit program on a 64-bit kernel runs 32-bit images */
        bool narrow = sizeof(void *) == 4;
        const char *m = name.machine;
        if (streq(m, "x86_64"))
                return narrow ? "i386" : "amd64";
        if (streq(m, "aarch64"))
                return narrow ? "armv7l" : "aarch64";
        if (m[0] == 'i' && streq(m + 2, "86"))
                return "i386";
        if (streq(m, "armv8l"))
                return "armv7l";
        return m;
}

const char *arch_from_goarch(const char *goarch, const char *variant) {
        static const struct {
                const char *go, *variant, *appc;
        } table[] = {
                { "amd64", NULL, "amd64" },
                { "386", NULL, "i386" },
                { "arm64", NULL, "aarch64" },
                { "arm64be", NULL, "aarch64_be" },
                { "arm", "v6", "armv6l" },
                { "arm", "v7", "armv7l" },
                { "arm", "v8", "armv7l" },
                { "arm", NULL, "armv6l" },
                { "armbe", NULL, "armv7b" },
                { "ppc64", NULL, "ppc64" },
                { "ppc64le", NULL, "ppc64le" },
                { "s390x", NULL, "s390x" },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(table[i].go, goarch) &&
                                (!table[i].variant || streq_ptr(table[i].variant, variant)))
                        return table[i].appc;
        return NULL;
}
