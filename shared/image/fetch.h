/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what a user calls an image to an image in the store. */

#include "store.h"

typedef enum FetchPolicy {
        FETCH_NEVER,  /* what is in the store */
        FETCH_NEW,    /* that, else the remote side */
        FETCH_UPDATE, /* the remote side, with HTTP's caching */
} FetchPolicy;

/* "never", "new", "update". Logs; -EINVAL. */
int fetch_policy_parse(const char *s, FetchPolicy *ret);

typedef struct FetchOptions {
        FetchPolicy policy;
        const char *signature; /* a detached signature; NULL: not given */
        unsigned insecure;     /* Insecure bits */
} FetchOptions;

/* *ret_id is allocated. For root, the image's tree is there, too. Logs failures. */
int fetch_image(Store *s, const char *reference, const FetchOptions *options, char **ret_id);
