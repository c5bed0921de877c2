/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The layers of an image on their way from a registry into the store: several at once, each byte once. What
 * arrives goes to a file (incoming.h), is hashed, and is read from there by rkt-unpack while it grows. A
 * layer that the store has is not asked for; one that another process is fetching is waited for. */

#include "oci-config.h"
#include "oci-import.h"
#include "oci-manifest.h"
#include "registry.h"

typedef struct RegistryLayersRequest { /* all of it is borrowed */
        Store *store;
        HttpClient *http;            /* of the registries, and nobody else's at the time */
        Registry *const *registries; /* where the image may be: what fails with one is tried with the next */
        size_t n_registries;
        const OciManifest *manifest;
        const OciConfig *config; /* with a diff ID for each layer */
} RegistryLayersRequest;

typedef struct RegistryLayers RegistryLayers;

/* Returns once all layers are in the store, unpacked for root; or logs why not. */
int registry_layers_fetch(const RegistryLayersRequest *request, RegistryLayers **ret);
/* For oci_import_commit: one for each layer of the manifest; valid until registry_layers_free. */
const OciImportLayer *registry_layers_imports(const RegistryLayers *l);
void registry_layers_free(RegistryLayers *l);
DEFINE_CLEANUP(RegistryLayers *, registry_layers_free)
#define _cleanup_registry_layers_ _cleanup_(registry_layers_freep)
