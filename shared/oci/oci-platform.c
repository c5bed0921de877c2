/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "oci-manifest.h"
#include "types.h"

bool oci_platform_from_appc(const char *arch, const char **ret_arch, const char **ret_variant) {
        static const struct {
                const char *appc, *go, *variant;
        } table[] = {
                { "amd64", "amd64", NULL },
                { "i386", "386", NULL },
                { "aarch64", "arm64", "v8" },
                { "aarch64_be", "arm64be", NULL },
                { "armv6l", "arm", "v6" },
                { "armv7l", "arm", "v7" },
                { "armv7b", "armbe", NULL },
                { "ppc64", "ppc64", NULL },
                { "ppc64le", "ppc64le", NULL },
                { "s390x", "s390x", NULL },
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (streq(table[i].appc, arch)) {
                        *ret_arch = table[i].go;
                        *ret_variant = table[i].variant;
                        return true;
                }
        return false;
}

void oci_platform_host(const char **ret_os, const char **ret_arch, const char **ret_variant) {
        *ret_os = host_os();
        if (!oci_platform_from_appc(host_arch(), ret_arch, ret_variant)) {
                *ret_arch = host_arch(); /* riscv64, loong64 and the like have one name everywhere */
                *ret_variant = NULL;
        }
}

/* What a missing variant means (containerd's and Docker's rules). */
static const char *default_variant(const char *arch) {
        return streq(arch, "arm") ? "v7" : streq(arch, "arm64") ? "v8" : streq(arch, "amd64") ? "v1" : "";
}

/* "v8.2" as 8002, -1 if it is not of that form. */
static int variant_number(const char *s) {
        char *end;
        if (s[0] != 'v' || s[1] < '0' || s[1] > '9')
                return -1;
        unsigned long major = strtoul(s + 1, &end, 10), minor = 0;
        if (*end == '.' && end[1] >= '0' && end[1] <= '9')
                minor = strtoul(end + 1, &end, 10);
        return *end || major > 999 || minor > 999 ? -1 : (int) (major * 1000 + minor);
}

int oci_variant_rank(const char *arch, const char *wanted, const char *offered) {
        const char *mine = wanted ?: default_variant(arch), *its = offered ?: default_variant(arch);
        if (streq(mine, its))
                return 1000000;
        int a = variant_number(mine), b = variant_number(its);
        return a < 0 || b < 0 || b > a ? -1 : b;
}
