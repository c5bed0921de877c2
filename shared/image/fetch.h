/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From what a user calls an image to an image in the store. */

#include "http.h"
#include "image-manifest.h"
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
        bool unnamed;          /* of a registry: what the store has by this name stays what it is */
        const char *signature; /* a detached signature; NULL: not given */
        unsigned insecure;     /* Insecure bits */
        HttpClient *client;    /* for all that is asked of servers */
} FetchOptions;

/* What an archive has to pass on its way into the store. Each returns 0, or a negative errno after logging.
 */
typedef struct FetchChecks {
        int (*before)(void *userdata); /* it is going to be downloaded; NULL: nothing to be done */
        /* All of it is there, and nothing has looked into it yet; NULL: it may be looked into as it comes.
         */
        int (*verify)(int fd, void *userdata);
        /* Before it is put in the store, as id; NULL: any. */
        int (*accept)(const ImageManifest *manifest, const char *id, void *userdata);
        void *userdata;
        bool latest;    /* it was asked for by name, without a version */
        bool signature; /* verify looks at one: what was downloaded without that before is of no use */
} FetchChecks;

/* Says, once, which checks the user has turned off; when something is about to be fetched. */
void fetch_warn_insecure(unsigned insecure);

/* For an image of a format for which there are no signatures: 0 if it may be taken all the same, because the
 * user or the configuration (trust-policy.h) says so for that name. -ENOKEY, -EPERM; logs. */
int fetch_check_unsigned(const char *name, const FetchOptions *options);
/* trust_policy_check for a file or directory. */
int fetch_check_path(const char *path, bool *ret_signature);

/* *ret_id is allocated. For root, the image's tree is there, too. Logs failures. */
int fetch_image(Store *s, const char *reference, const FetchOptions *options, char **ret_id);
