/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From an image's name to where it, its signature and its keys are (appc spec, "Meta Discovery"): the page
 * https://NAME?ac-discovery=1, else those of the paths above it, up to the host, says it. Over plain http
 * only with INSECURE_HTTP, and after https has failed. */

#include <stddef.h>

#include "http.h"
#include "name-value.h"

typedef struct DiscoveryEndpoint {
        char *image, *signature; /* URLs */
} DiscoveryEndpoint;

typedef struct DiscoveryEndpoints {
        DiscoveryEndpoint *items;
        size_t n;
} DiscoveryEndpoints;

void discovery_endpoints_clear(DiscoveryEndpoints *e);
#define _cleanup_discovery_endpoints_ _cleanup_(discovery_endpoints_clear)

/* Where an image can be had, in the order of the page. labels fill the templates. -ENOENT if nothing is said
 * of it. Logs failures. */
int discovery_find_images(HttpClient *c, unsigned insecure, const char *name, const NameValueList *labels,
                DiscoveryEndpoints *ret);

/* URLs of keys (strv), in the order of the page. The same errors. */
int discovery_find_keys(HttpClient *c, unsigned insecure, const char *name, char ***ret_urls);

/* URL of the signature that belongs to an image at url: with ".aci.asc" where its path has ".aci" at the
 * end, else with ".asc" behind its path. Allocated. */
char *discovery_signature_url(const char *url);
