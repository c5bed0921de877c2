/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an image of a registry may be had, by the registries configuration: mirrors in their order, and the
 * registry itself. */

#include "reference.h"
#include "registry.h"

typedef struct RegistrySources {
        Registry **items;
        size_t n; /* at least one */
} RegistrySources;

/* Logs why there is none. */
int registry_sources_new(
                HttpClient *http, const Reference *reference, unsigned insecure, RegistrySources **ret);
void registry_sources_free(RegistrySources *s);
DEFINE_CLEANUP(RegistrySources *, registry_sources_free)
#define _cleanup_registry_sources_ _cleanup_(registry_sources_freep)
