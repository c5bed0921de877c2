/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-layers.h"

#include <errno.h>
#include <poll.h>

#include "alloc.h"
#include "duration.h"
#include "import-signal.h"
#include "log.h"
#include "oci-digest.h"
#include "registry-layer.h"
#include "temporary.h"

#define MAX_TRANSFERS 6
#define LOOK_INTERVAL 50 /* milliseconds, while another process has a layer */

struct RegistryLayers {
        RegistryLayersRequest request;
        RegistryLayer *items; /* each blob once */
        size_t n;
        OciImportLayer *imports;
        size_t max_unpackers;
};

void registry_layers_free(RegistryLayers *l) {
        for (size_t i = 0; i < l->n; i++)
                registry_layer_done(&l->items[i]);
        free(l->items);
        free(l->imports);
        free(l);
}

const OciImportLayer *registry_layers_imports(const RegistryLayers *l) {
        return l->imports;
}

static size_t count(const RegistryLayers *l, bool (*is)(const RegistryLayer *)) {
        size_t n = 0;
        for (size_t i = 0; i < l->n; i++)
                n += is(&l->items[i]);
        return n;
}

static bool is_waiting(const RegistryLayer *i) {
        return i->state == LAYER_WAITING;
}

static bool is_unfinished(const RegistryLayer *i) {
        return i->state != LAYER_DONE;
}

static bool is_transferring(const RegistryLayer *i) {
        return i->state == LAYER_TRANSFER;
}

static bool is_unpacking(const RegistryLayer *i) {
        return i->import && !i->unpacked;
}

/* Whether rkt-unpack could begin with it. */
static bool is_unpackable(const RegistryLayer *i) {
        return !i->import && (i->state == LAYER_TRANSFER || i->state == LAYER_COMPLETE);
}

static bool is_due(const RegistryLayer *i) {
        return i->state == LAYER_WAITING && monotonic_ns() >= i->look_again;
}

static int advance(RegistryLayers *l, RegistryLayer *i) {
        int r = 0;
        if (i->state == LAYER_ENDED)
                r = registry_layer_judge(i);
        else if (is_due(i) && count(l, is_transferring) < MAX_TRANSFERS)
                r = registry_layer_begin(i);
        if (r >= 0 && is_unpackable(i) && count(l, is_unpacking) < l->max_unpackers)
                r = registry_layer_unpack(i);
        if (r >= 0 && i->state == LAYER_COMPLETE && i->unpacked)
                r = registry_layer_finish(i);
        return r;
}

/* Until bytes come, or one of the n descriptors is ready. */
static int wait_for_something(RegistryLayers *l, struct pollfd *fds, unsigned n) {
        bool look_again = count(l, is_waiting) > 0;
        int r = http_client_step(l->request.http, fds, n, look_again ? LOOK_INTERVAL : -1);
        if (r == 0 && n == 0 && look_again)
                poll(NULL, 0, LOOK_INTERVAL); /* everything is in the hands of others */
        return r >= 0 && import_interrupted() ? -EINTR : r;
}

static int wait_and_take_verdicts(RegistryLayers *l) {
        _cleanup_free_ struct pollfd *fds = xnew(struct pollfd, l->n);
        _cleanup_free_ RegistryLayer **unpacking = xnew(RegistryLayer *, l->n);
        unsigned n = 0;
        for (size_t i = 0; i < l->n; i++)
                if (is_unpacking(&l->items[i])) {
                        fds[n] = (struct pollfd){ layer_import_pollfd(l->items[i].import), POLLIN, 0 };
                        unpacking[n++] = &l->items[i];
                }
        int r = wait_for_something(l, fds, n);
        for (unsigned i = 0; i < n && r >= 0; i++)
                if (fds[i].revents)
                        r = registry_layer_take_verdict(unpacking[i]);
        return r;
}

static int run(RegistryLayers *l) {
        while (count(l, is_unfinished) > 0) {
                int r = 0;
                for (size_t i = 0; i < l->n && r >= 0; i++)
                        r = advance(l, &l->items[i]);
                if (r >= 0 && count(l, is_unfinished) > 0)
                        r = wait_and_take_verdicts(l);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_bad(const RegistryLayer *i) {
        return i->bad;
}

/* Of an image that a server has made up, nothing stays; what a lost connection has left is of use. */
static void drop_all(RegistryLayers *l) {
        size_t n;
        for (size_t i = 0; i < l->n; i++)
                registry_layer_drop(&l->items[i]);
        temporary_sweep(l->request.store, UNFINISHED_GRACE, &n);
}

static RegistryLayer *find(RegistryLayers *l, const char *digest) {
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->items[i].blob->digest, digest))
                        return &l->items[i];
        return NULL;
}

static int add(RegistryLayers *l, const OciDescriptor *blob, const char *diff_id) {
        const char *from = registry_name(l->request.registries[0]);
        const RegistryLayer *known = find(l, blob->digest);
        if (known && streq(known->diff_id, diff_id) && known->blob->size == blob->size)
                return 0;
        if (known) {
                log_error("%s: the layer %s stands twice in the manifest, and differs", from, blob->digest);
                return -EBADMSG;
        }
        l->items[l->n++] = (RegistryLayer){
                .request = &l->request,
                .blob = blob,
                .diff_id = diff_id,
                .id = oci_digest_to_id(blob->digest),
                .source = xasprintf("docker://%s: layer %s", from, blob->digest),
                .label = xasprintf("layer %.12s", oci_digest_hex(blob->digest)),
        };
        return 0;
}

/* The large ones first: what is begun last should not take long. */
static int compare(const void *a, const void *b) {
        uint64_t x = ((const RegistryLayer *) a)->blob->size, y = ((const RegistryLayer *) b)->blob->size;
        return (x < y) - (x > y);
}

static int add_all(RegistryLayers *l) {
        const OciManifest *m = l->request.manifest;
        l->items = xnew(RegistryLayer, m->n_layers + 1);
        for (size_t i = 0; i < m->n_layers; i++) {
                int r = add(l, &m->layers[i], l->request.config->diff_ids[i]);
                if (r < 0)
                        return r;
        }
        qsort(l->items, l->n, sizeof(RegistryLayer), compare);
        return 0;
}

static void list_imports(RegistryLayers *l) {
        const OciManifest *m = l->request.manifest;
        l->imports = xnew(OciImportLayer, m->n_layers + 1);
        for (size_t i = 0; i < m->n_layers; i++)
                l->imports[i] = (OciImportLayer){
                        .digest = m->layers[i].digest,
                        .diff_id = l->request.config->diff_ids[i],
                        .size = m->layers[i].size,
                        .import = find(l, m->layers[i].digest)->import,
                };
}

int registry_layers_fetch(const RegistryLayersRequest *request, RegistryLayers **ret) {
        _cleanup_registry_layers_ RegistryLayers *l = xnew(RegistryLayers, 1);
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        l->request = *request;
        l->max_unpackers = MAX(cpus, 1);
        int r = add_all(l);
        if (r >= 0)
                r = run(l);
        if (r < 0 && count(l, is_bad) > 0)
                drop_all(l);
        if (r < 0)
                return r;
        list_imports(l);
        *ret = TAKE_PTR(l);
        return 0;
}
