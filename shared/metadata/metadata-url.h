/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where the metadata service is. */

#include "alloc.h"

#define METADATA_SOCKET "/run/rkt/metadata-svc.sock" /* for who registers pods */
#define METADATA_PORT   "18112"                      /* for apps */

/* AC_METADATA_URL of a pod that has the token and reaches the host at the address, an IPv6 one if it has a
 * colon in it. Allocated. */
static inline char *metadata_url(const char *address, const char *token) {
        return xasprintf(strchr(address, ':') ? "http://[%s]:" METADATA_PORT "/%s"
                                              : "http://%s:" METADATA_PORT "/%s",
                        address, token);
}
