/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "insecure.h"

#include <errno.h>

#include "log.h"
#include "strv.h"

static const struct {
        const char *name;
        unsigned bits;
} values[] = {
        { "none", 0 },
        { "image", INSECURE_IMAGE },
        { "tls", INSECURE_TLS },
        { "ondisk", INSECURE_ONDISK },
        { "http", INSECURE_HTTP },
        { "pubkey", INSECURE_PUBKEY },
        { "capabilities", INSECURE_CAPABILITIES },
        { "paths", INSECURE_PATHS },
        { "seccomp", INSECURE_SECCOMP },
        { "all-fetch", INSECURE_IMAGE | INSECURE_TLS | INSECURE_HTTP | INSECURE_PUBKEY },
        { "all-run", INSECURE_CAPABILITIES | INSECURE_PATHS | INSECURE_SECCOMP },
        { "all", 0xff },
};

int insecure_parse(const char *list, unsigned *ret) {
        _cleanup_strv_ char **words = strv_split(list, ',');
        unsigned bits = 0, seen = 0;
        STRV_FOREACH (w, words) {
                size_t i = 0;
                while (i < ELEMENTSOF(values) && strcasecmp(*w, values[i].name) != 0)
                        i++;
                if (i == ELEMENTSOF(values)) {
                        log_error("unknown value \"%s\" for --insecure-options: expected none, image, tls, "
                                  "ondisk, "
                                  "http, pubkey, capabilities, paths, seccomp, all-fetch, all-run or all",
                                        *w);
                        return -EINVAL;
                }
                if (seen & 1u << i) {
                        log_error("value \"%s\" given twice in --insecure-options=%s", *w, list);
                        return -EINVAL;
                }
                seen |= 1u << i;
                bits |= values[i].bits;
        }
        *ret = bits;
        return 0;
}
