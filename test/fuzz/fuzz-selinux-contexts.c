/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "security-module.h"
#include "selinux-contexts.h"

static void check(const char *context) {
        _cleanup_free_ char *with = selinux_context_with_pair(context, 0, 1023);
        const char *range = selinux_range(with);
        fuzz_assert(!strpbrk(with, "\" \t\r\n="));
        fuzz_assert(!range == !selinux_range(context));
        fuzz_assert(!range || strstr(range, ":c0,c1023"));
}

/* The policy's lxc_contexts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_selinux_contexts_ SelinuxContexts c = {};
        _cleanup_free_ char *error = NULL;
        if (selinux_contexts_parse("fuzz", (const char *) data, size, &c, &error) < 0) {
                fuzz_assert(error && !c.process && !c.file);
                return 0;
        }
        check(c.process);
        check(c.file);
        return 0;
}
