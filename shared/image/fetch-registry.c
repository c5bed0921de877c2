/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch-registry.h"

#include <errno.h>

#include "alloc.h"
#include "duration.h"
#include "image-lookup.h"
#include "insecure.h"
#include "log.h"
#include "oci-digest.h"
#include "oci-import.h"
#include "oci-to-appc.h"
#include "registry-layers.h"
#include "registry-sources.h"
#include "remote.h"
#include "sha256.h"
#include "store-reference.h"

#define COMMIT_ATTEMPTS 3

typedef struct Fetch {
        Store *store;
        const Reference *reference;
        const char *stored_name; /* what the image is to be called in the store; NULL: nothing */
        HttpClient *http;
        char *name; /* docker://HOST/REPOSITORY…, for messages and as the URL of the remote record */
        char *key;  /* of that record, which notes what a tag stood for */
        RegistrySources *sources;
        size_t first;     /* of the sources: the one that had the manifest */
        char *top_digest; /* what the tag stands for: an index, or the manifest itself */
        RegistryDocument manifest, config;
        OciManifest *image;
        OciConfig *configuration;
        char *image_manifest; /* appc's */
} Fetch;

static void fetch_done(Fetch *f) {
        if (f->image)
                oci_manifest_free(f->image);
        if (f->configuration)
                oci_config_free(f->configuration);
        registry_document_done(&f->manifest);
        registry_document_done(&f->config);
        if (f->sources)
                registry_sources_free(f->sources);
        free(f->image_manifest);
        free(f->top_digest);
        free(f->name);
        free(f->key);
}

static const char *wanted(const Fetch *f) {
        return f->reference->digest ?: f->reference->tag;
}

static void note_remote(Fetch *f, const char *id) {
        Remote remote = {
                .url = f->name, .etag = f->top_digest, .time = realtime_ns(), .image_id = (char *) id
        };
        int r = remote_save(f->store, f->key, &remote);
        if (r < 0) /* the image is there: the registry will only be asked once more */
                log_warning_errno(r, "cannot note what %s is", f->name);
}

static int fail(const char *error) {
        log_error("%s", error);
        return -EINVAL;
}

/* From an index to the manifest (or the inner index) for this machine. */
static int descend(Registry *r, RegistryDocument *d) {
        _cleanup_oci_index_ OciIndex *index = NULL;
        _cleanup_free_ char *error = NULL;
        RegistryDocument next;
        if (oci_index_parse(d->url, d->text, d->size, &index, &error) < 0)
                return fail(error);
        const OciDescriptor *chosen = oci_index_select_host(index, &error);
        if (!chosen) {
                log_error("%s: %s", d->url, error);
                return -ENOENT;
        }
        int x = registry_get_manifest(r, chosen->digest, chosen->size, &next);
        if (x < 0)
                return x;
        registry_document_done(d);
        *d = next;
        return 0;
}

static int take_manifest(Fetch *f, RegistryDocument *d) {
        _cleanup_free_ char *error = NULL;
        if (oci_manifest_parse(d->url, d->text, d->size, &f->image, &error) < 0)
                return fail(error);
        f->manifest = *d;
        *d = (RegistryDocument){};
        return 0;
}

static int get_manifest_from(Fetch *f, Registry *r) {
        _cleanup_registry_document_ RegistryDocument d = {};
        int x = registry_get_manifest(r, wanted(f), 0, &d);
        if (x < 0)
                return x;
        free(f->top_digest);
        f->top_digest = xstrdup(d.digest);
        for (unsigned depth = 0; depth <= OCI_INDEX_DEPTH; depth++) {
                _cleanup_free_ char *error = NULL;
                OciDocumentKind kind;
                if (oci_document_kind(d.url, d.media_type, d.text, d.size, &kind, &error) < 0)
                        return fail(error);
                if (kind == OCI_MANIFEST)
                        return take_manifest(f, &d);
                if (kind == OCI_SCHEMA1) {
                        log_error("%s: the image is in Docker's old format (schema 1), whose content is not "
                                  "bound to a digest: not supported; pushing it again with a newer tool "
                                  "converts it",
                                        d.url);
                        return -EPROTONOSUPPORT;
                }
                if (kind != OCI_INDEX) {
                        log_error("%s: this is neither an image manifest nor an index of some", d.url);
                        return -EPROTONOSUPPORT;
                }
                x = descend(r, &d);
                if (x < 0)
                        return x;
        }
        log_error("%s: more than %d indexes in indexes", d.url, OCI_INDEX_DEPTH);
        return -ELOOP;
}

static Registry *source(const Fetch *f, size_t i) {
        return f->sources->items[i];
}

static void tell_next(const Fetch *f, size_t i) {
        if (i > 0)
                log_info("trying %s instead of %s", registry_name(source(f, i)),
                                registry_name(source(f, i - 1)));
}

static int get_manifest(Fetch *f) {
        int r = -ENOENT;
        for (size_t i = 0; i < f->sources->n && r < 0 && r != -EINTR; i++) {
                tell_next(f, i);
                r = get_manifest_from(f, source(f, i));
                f->first = i;
        }
        return r;
}

static int get_config(Fetch *f) {
        const OciDescriptor *d = &f->image->config;
        _cleanup_free_ char *error = NULL;
        /* Wherever it is fetched from, it has the name by which users know it. */
        _cleanup_free_ char *name = xasprintf("%s/%s", f->reference->host, f->reference->repository);
        const OciOrigin origin = {
                .name = name,
                .tag = f->reference->tag,
                .original = f->reference->text,
                .registry = f->reference->host,
                .repository = f->reference->repository,
                .manifest_digest = f->manifest.digest,
        };
        int r = -ENOENT;
        for (size_t i = f->first; i < f->sources->n && r < 0 && r != -EINTR; i++)
                r = registry_get_blob(source(f, i), d->digest, d->size, &f->config);
        if (r < 0)
                return r;
        if (oci_config_parse(f->config.url, f->config.text, f->config.size, &f->configuration, &error) < 0 ||
                        oci_to_image_manifest(
                                        &origin, f->image, f->configuration, &f->image_manifest, &error) < 0)
                return fail(error);
        return 0;
}

static int commit(Fetch *f, const RegistryLayers *layers, char **ret_id) {
        OciImportRequest request = {
                .source = f->name,
                .manifest = f->manifest.text,
                .manifest_size = f->manifest.size,
                .manifest_digest = f->manifest.digest,
                .config = f->config.text,
                .config_size = f->config.size,
                .config_digest = f->config.digest,
                .image_manifest = f->image_manifest,
                .reference = f->stored_name,
                .layers = registry_layers_imports(layers),
                .n_layers = f->image->n_layers,
        };
        return oci_import_commit(f->store, &request, ret_id);
}

/* What was in the store may be removed by the time that the rest is there: then once more. */
static int get_layers(Fetch *f, char **ret_id) {
        RegistryLayersRequest request = {
                .store = f->store,
                .http = f->http,
                .registries = f->sources->items + f->first,
                .n_registries = f->sources->n - f->first,
                .manifest = f->image,
                .config = f->configuration,
        };
        int r = -ESTALE;
        for (unsigned i = 0; r == -ESTALE && i < COMMIT_ATTEMPTS; i++) {
                _cleanup_registry_layers_ RegistryLayers *layers = NULL;
                r = registry_layers_fetch(&request, &layers);
                if (r >= 0)
                        r = commit(f, layers, ret_id);
        }
        return r;
}

/* Of several that want one image, one fetches it. */
static int get_image(Fetch *f, char **ret_id) {
        _cleanup_close_ int lock = oci_import_lock(f->store, f->manifest.digest);
        if (lock < 0)
                return lock;
        int r = oci_import_find(f->store, f->manifest.digest, f->stored_name, ret_id);
        if (r < 0)
                return log_error_errno(r, "cannot look for image %s in %s", f->manifest.digest,
                                store_path(f->store));
        if (r > 0) {
                log_debug("using image from local store for %s: its manifest is there", f->name);
                return 0;
        }
        r = get_config(f);
        return r < 0 ? r : get_layers(f, ret_id);
}

/* What the tag stands for, as far as somebody says it without giving it. */
static char *ask_digest(Fetch *f) {
        char *digest = NULL;
        int r = -ENOENT;
        for (size_t i = 0; i < f->sources->n && r < 0 && r != -EINTR; i++)
                r = registry_head_manifest(source(f, i), wanted(f), &digest);
        return digest;
}

/* Whether the tag still stands for what it stood for when the image was fetched. */
static bool is_unchanged(Fetch *f, char **ret_id) {
        _cleanup_remote_ Remote *known = NULL;
        if (remote_load(f->store, f->key, f->name, &known) < 0 || !known->etag)
                return false;
        _cleanup_free_ char *digest = ask_digest(f), *manifest_digest = oci_digest_from_id(known->image_id);
        if (!digest || !streq(digest, known->etag) || !manifest_digest)
                return false;
        if (oci_import_find(f->store, manifest_digest, f->stored_name, ret_id) <= 0)
                return false;
        f->top_digest = TAKE_PTR(digest);
        return true;
}

static int fetch_remote(Fetch *f, const FetchOptions *options, char **ret_id) {
        int r = registry_sources_new(options->client, f->reference, options->insecure, &f->sources);
        if (r < 0)
                return r;
        _cleanup_free_ char *digest = sha256_digest(f->name, strlen(f->name));
        f->key = xstrdup(oci_digest_hex(digest));
        log_debug("remote fetching from %s", f->name);
        if (options->policy == FETCH_UPDATE && is_unchanged(f, ret_id)) {
                log_debug("using image from local store for %s: it has not changed", f->name);
                r = 0;
        } else {
                r = get_manifest(f);
                if (r >= 0)
                        r = get_image(f, ret_id);
        }
        if (r >= 0)
                note_remote(f, *ret_id);
        return r;
}

/* A digest names one content for ever: there is nothing to update. */
static bool find_in_store(Store *s, const Reference *reference, FetchPolicy policy, char **ret_id) {
        if (policy == FETCH_UPDATE && !reference->digest)
                return false;
        if (store_reference_find(s, reference->location, ret_id) < 0)
                return false;
        log_debug("using image from local store for %s", reference->text);
        store_touch(s, *ret_id);
        return true;
}

int fetch_registry(Store *s, const Reference *reference, const FetchOptions *options, char **ret_id) {
        _cleanup_(fetch_done) Fetch f = {
                .store = s,
                .reference = reference,
                .stored_name = options->unnamed ? NULL : reference->location,
                .http = options->client,
                .name = xasprintf("docker://%s", reference->location),
        };
        if (find_in_store(s, reference, options->policy, ret_id))
                return 0;
        if (options->policy == FETCH_NEVER) {
                log_error("unable to fetch image from %s: it is not in the store, and the pull policy is "
                          "never",
                                f.name);
                return -ENOENT;
        }
        _cleanup_free_ char *repository = xasprintf("%s/%s", reference->host, reference->repository);
        int r = fetch_check_unsigned(repository, options);
        if (r < 0)
                return r;
        return fetch_remote(&f, options, ret_id);
}
