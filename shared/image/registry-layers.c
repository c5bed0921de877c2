/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-layers.h"

#include <errno.h>
#include <poll.h>

#include "alloc.h"
#include "blob.h"
#include "import-signal.h"
#include "incoming.h"
#include "log.h"
#include "oci-digest.h"
#include "temporary.h"

#define MAX_TRANSFERS 6
#define LOCK_INTERVAL 100 /* milliseconds between looks at a layer that another process is fetching */

typedef enum JobState {
        JOB_WAITING,  /* for a turn, or for another process */
        JOB_TRANSFER, /* bytes are arriving */
        JOB_ENDED,    /* they do not any more: to be judged */
        JOB_COMPLETE, /* all bytes are here, and they are the right ones */
        JOB_DONE,     /* in the store */
} JobState;

/* A blob that is a layer, or several. */
typedef struct Job {
        RegistryLayers *all;
        const OciDescriptor *layer;
        const char *diff_id;
        char *id, *source, *label;
        JobState state;

        size_t registry;        /* which is asked */
        unsigned authorization; /* with which it was asked */
        bool again;             /* after it had refused that */
        HttpTransfer *transfer;
        int result; /* of the transfer */
        HttpResponse response;

        Incoming *incoming;
        bool resumed;  /* what was there when this process began may be wrong */
        uint64_t skip; /* bytes of the body that are there already: the server did not want to begin later */

        LayerImport *import; /* NULL: not begun */
        bool unpacked;
        bool placed; /* by us */
} Job;

struct RegistryLayers {
        RegistryLayersRequest request;
        Job *jobs;
        size_t n_jobs;
        OciImportLayer *imports;
        size_t max_unpackers;
        bool bad; /* a layer is not what it should be, which says something of the others, too */
};

static void forget_response(Job *j) {
        http_response_done(&j->response);
        j->response = (HttpResponse){};
}

static void drop_import(Job *j) {
        if (j->import)
                layer_import_free(TAKE_PTR(j->import));
        j->unpacked = false;
}

static void drop_incoming(Job *j) {
        if (j->incoming)
                incoming_free(TAKE_PTR(j->incoming));
}

void registry_layers_free(RegistryLayers *l) {
        for (size_t i = 0; i < l->n_jobs; i++) {
                Job *j = &l->jobs[i];
                if (j->transfer)
                        http_cancel(j->transfer);
                drop_import(j);
                drop_incoming(j);
                forget_response(j);
                free(j->id);
                free(j->source);
                free(j->label);
        }
        free(l->jobs);
        free(l->imports);
        free(l);
}

const OciImportLayer *registry_layers_imports(const RegistryLayers *l) {
        return l->imports;
}

/* The bytes go to the file; those that come although they are there already are passed over. */
static int take(const void *data, size_t size, void *userdata) {
        Job *j = userdata;
        uint64_t passed = MIN(j->skip, (uint64_t) size);
        j->skip -= passed;
        if (passed == size)
                return 0;
        return incoming_append(j->incoming, (const char *) data + passed, size - passed);
}

static int begin(const HttpResponse *response, void *userdata) {
        Job *j = userdata;
        j->skip = response->status == 206 ? 0 : incoming_size(j->incoming);
        return 0;
}

static int resume(HttpRange *ret, void *userdata) {
        const Job *j = userdata;
        *ret = (HttpRange){ .start = incoming_size(j->incoming) };
        return 0;
}

static void done(int result, HttpResponse *response, void *userdata) {
        Job *j = userdata;
        j->transfer = NULL;
        j->result = result;
        j->response = *response;
        *response = (HttpResponse){};
        j->state = JOB_ENDED;
}

static int start_transfer(Job *j) {
        const RegistryLayersRequest *q = &j->all->request;
        HttpRequest request = {
                .range = { .start = incoming_size(j->incoming) },
                .max_body = j->layer->size,
                .progress = j->label,
                .begin = begin,
                .take = take,
                .resume = resume,
                .done = done,
                .userdata = j,
        };
        Registry *registry = q->registries[j->registry];
        j->state = JOB_TRANSFER;
        j->authorization = registry_authorization(registry);
        return registry_start_blob(registry, j->layer->digest, &request, &j->transfer);
}

/* From the blob, if an earlier fetch came so far, or from the file that is filled at the same time. */
static int start_unpacking(Job *j) {
        int follow = -1;
        _cleanup_close_ int fd =
                        j->incoming ? incoming_fd(j->incoming) : blob_open(j->all->request.store, j->id);
        if (fd < 0)
                return log_error_errno(fd, "cannot read %s", j->source);
        int r = j->incoming ? incoming_follow(j->incoming, &follow) : 0;
        if (r < 0)
                return r;
        LayerRequest request = {
                .source = j->source,
                .digest = j->layer->digest,
                .diff_id = j->diff_id,
                .fd = fd,
                .follow = follow,
        };
        r = layer_import_start(j->all->request.store, &request, &j->import);
        if (follow >= 0)
                close(follow);
        return r;
}

static bool has_right_size(const Job *j) {
        return incoming_size(j->incoming) == j->layer->size;
}

static void tell_wrong_content(const Job *j, const char *digest) {
        if (has_right_size(j))
                log_error("%s: the content is not what was asked for: it has the digest %s", j->source,
                                digest ?: "?");
        else
                log_error("%s: it has %llu bytes instead of the %llu that the manifest says", j->source,
                                (unsigned long long) incoming_size(j->incoming),
                                (unsigned long long) j->layer->size);
}

/* What an earlier fetch has left may have spoilt it: then 1, and the layer is begun anew. */
static int restart(Job *j) {
        if (j->transfer)
                http_cancel(TAKE_PTR(j->transfer));
        drop_import(j);
        int r = incoming_restart(j->incoming);
        if (r >= 0)
                r = incoming_set_validator(j->incoming, j->layer->digest);
        if (r >= 0)
                r = incoming_want_digest(j->incoming);
        if (r < 0)
                return r;
        if (!j->resumed)
                return -EBADMSG;
        log_debug("%s: what an earlier fetch has left is of no use: beginning anew", j->source);
        j->resumed = false;
        return 1;
}

/* All bytes have come that will: 0 if they are right. */
static int check_content(Job *j) {
        int r = incoming_complete(j->incoming);
        if (r < 0)
                return r;
        const char *digest = incoming_digest(j->incoming);
        if (has_right_size(j) && streq_ptr(digest, j->layer->digest)) {
                j->state = JOB_COMPLETE;
                return 0;
        }
        if (!j->resumed)
                tell_wrong_content(j, digest);
        return restart(j);
}

/* Failures of a transfer that no broken line explains. */
static bool is_bad(int result) {
        switch (result) {
        case -EBADMSG:
        case -EFBIG:
        case -ELOOP:
        case -EPERM:
        case -EPROTO:
        case -EPROTONOSUPPORT: return true;
        default: return false;
        }
}

/* 1: another registry can be asked. */
static int next_registry(Job *j, int result) {
        const RegistryLayersRequest *q = &j->all->request;
        if (is_bad(result))
                j->all->bad = true;
        if (result == -EINTR || j->registry + 1 >= q->n_registries)
                return result;
        j->registry++;
        j->again = false;
        log_info("trying %s for layer %s", registry_name(q->registries[j->registry]), j->layer->digest);
        return 1;
}

/* Takes what a transfer ended with: it is complete, or goes on elsewhere, or that was it. */
static int judge_transfer(Job *j) {
        Registry *registry = j->all->request.registries[j->registry];
        int r = registry_blob_answer(registry, j->result, &j->response, j->authorization, j->again);
        forget_response(j);
        if (r > 0)
                j->again = true;
        else if (r == 0)
                r = check_content(j);
        if (r < 0)
                r = next_registry(j, r);
        return r > 0 ? start_transfer(j) : r;
}

/* With what an earlier fetch has left, if anything: as the digest says what it must become, that it belongs
 * together needs no word from the server. */
static int begin_incoming(Job *j) {
        j->resumed = incoming_size(j->incoming) > 0;
        int r = incoming_set_validator(j->incoming, j->layer->digest);
        if (r >= 0)
                r = incoming_want_digest(j->incoming);
        if (r >= 0 && incoming_size(j->incoming) >= j->layer->size)
                r = check_content(j);
        else if (r >= 0)
                r = 1;
        return r > 0 ? start_transfer(j) : r;
}

/* Finds out what there is to do for a layer. With 0 and still JOB_WAITING, another process has it. */
static int begin_job(Job *j) {
        Store *s = j->all->request.store;
        if (store_has_layer(s, j->layer->digest, j->diff_id)) {
                j->state = JOB_DONE;
                return 0;
        }
        int r = incoming_open(s, j->id, j->source, false, &j->incoming);
        if (r == -EWOULDBLOCK)
                return 0;
        if (r < 0)
                return r;
        /* between our two looks it may have come */
        if (store_has_layer(s, j->layer->digest, j->diff_id)) {
                drop_incoming(j);
                j->state = JOB_DONE;
                return 0;
        }
        if (blob_size(s, j->id) == (int64_t) j->layer->size) {
                drop_incoming(j);
                j->state = JOB_COMPLETE;
                return 0;
        }
        return begin_incoming(j);
}

/* The verdict of rkt-unpack. What it refuses is not kept, be it what the digest says or not. */
static int take_verdict(Job *j) {
        int r = layer_import_wait(j->import);
        j->unpacked = true;
        if (r >= 0 || r == -EINTR || !j->incoming)
                return r;
        if (j->resumed && j->state != JOB_COMPLETE) {
                r = restart(j);
                return r > 0 ? start_transfer(j) : r;
        }
        drop_import(j);
        incoming_discard(j->incoming);
        j->all->bad = true;
        return r;
}

static int finish_job(Job *j) {
        int r = j->incoming ? incoming_commit_blob(j->incoming, j->id) : 0;
        drop_incoming(j);
        j->state = JOB_DONE;
        j->placed = true;
        return r;
}

static size_t count(const RegistryLayers *l, bool (*is)(const Job *)) {
        size_t n = 0;
        for (size_t i = 0; i < l->n_jobs; i++)
                n += is(&l->jobs[i]);
        return n;
}

static bool is_waiting(const Job *j) {
        return j->state == JOB_WAITING;
}

static bool is_unfinished(const Job *j) {
        return j->state != JOB_DONE;
}

static bool is_transferring(const Job *j) {
        return j->state == JOB_TRANSFER;
}

static bool is_unpacking(const Job *j) {
        return j->import && !j->unpacked;
}

/* Whether rkt-unpack could begin with it. */
static bool is_unpackable(const Job *j) {
        return !j->import && (j->state == JOB_TRANSFER || j->state == JOB_COMPLETE);
}

static int advance_job(RegistryLayers *l, Job *j) {
        int r = 0;
        if (j->state == JOB_ENDED)
                r = judge_transfer(j);
        else if (j->state == JOB_WAITING && count(l, is_transferring) < MAX_TRANSFERS)
                r = begin_job(j);
        if (r >= 0 && is_unpackable(j) && count(l, is_unpacking) < l->max_unpackers)
                r = start_unpacking(j);
        if (r >= 0 && j->state == JOB_COMPLETE && j->unpacked)
                r = finish_job(j);
        return r;
}

static int wait_for_something(RegistryLayers *l) {
        struct pollfd *fds = xnew(struct pollfd, l->n_jobs);
        _cleanup_free_ void *owned = fds;
        _cleanup_free_ Job **unpacking = xnew(Job *, l->n_jobs);
        unsigned n = 0;
        for (size_t i = 0; i < l->n_jobs; i++)
                if (is_unpacking(&l->jobs[i])) {
                        fds[n] = (struct pollfd){ layer_import_pollfd(l->jobs[i].import), POLLIN, 0 };
                        unpacking[n++] = &l->jobs[i];
                }
        int r = http_client_step(l->request.http, fds, n, count(l, is_waiting) > 0 ? LOCK_INTERVAL : -1);
        if (r < 0)
                return r;
        if (import_interrupted())
                return -EINTR;
        for (unsigned i = 0; i < n; i++)
                if (fds[i].revents && is_unpacking(unpacking[i])) {
                        r = take_verdict(unpacking[i]);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* Of an image that a server has made up, nothing stays; what a lost connection has left is of use. */
static void drop_placed(RegistryLayers *l) {
        size_t n;
        for (size_t i = 0; i < l->n_jobs; i++) {
                Job *j = &l->jobs[i];
                bool placed = j->placed || j->unpacked;
                drop_import(j);
                if (placed)
                        store_drop_layer(l->request.store, j->layer->digest, j->diff_id);
                if (j->incoming)
                        incoming_discard(j->incoming);
        }
        temporary_sweep(l->request.store, &n);
}

static int run(RegistryLayers *l) {
        for (;;) {
                for (size_t i = 0; i < l->n_jobs; i++) {
                        int r = advance_job(l, &l->jobs[i]);
                        if (r < 0)
                                return r;
                }
                if (count(l, is_unfinished) == 0)
                        return 0;
                int r = wait_for_something(l);
                if (r < 0)
                        return r;
        }
}

static Job *find_job(RegistryLayers *l, const char *digest) {
        for (size_t i = 0; i < l->n_jobs; i++)
                if (streq(l->jobs[i].layer->digest, digest))
                        return &l->jobs[i];
        return NULL;
}

static int add_job(RegistryLayers *l, const OciDescriptor *layer, const char *diff_id) {
        const char *from = registry_name(l->request.registries[0]);
        Job *j = find_job(l, layer->digest);
        if (j && streq(j->diff_id, diff_id) && j->layer->size == layer->size)
                return 0;
        if (j) {
                log_error("%s: the layer %s stands twice in the manifest, and differs", from, layer->digest);
                return -EBADMSG;
        }
        j = &l->jobs[l->n_jobs++];
        *j = (Job){
                .all = l,
                .layer = layer,
                .diff_id = diff_id,
                .id = oci_digest_to_id(layer->digest),
                .source = xasprintf("docker://%s: layer %s", from, layer->digest),
                .label = xasprintf("layer %.12s", oci_digest_hex(layer->digest)),
        };
        return 0;
}

/* The large ones first: what is begun last should not take long. */
static int compare_jobs(const void *a, const void *b) {
        uint64_t x = ((const Job *) a)->layer->size, y = ((const Job *) b)->layer->size;
        return (x < y) - (x > y);
}

static int add_jobs(RegistryLayers *l) {
        const OciManifest *m = l->request.manifest;
        l->jobs = xnew(Job, m->n_layers);
        for (size_t i = 0; i < m->n_layers; i++) {
                int r = add_job(l, &m->layers[i], l->request.config->diff_ids[i]);
                if (r < 0)
                        return r;
        }
        qsort(l->jobs, l->n_jobs, sizeof(Job), compare_jobs);
        return 0;
}

static void list_imports(RegistryLayers *l) {
        const OciManifest *m = l->request.manifest;
        l->imports = xnew(OciImportLayer, m->n_layers);
        for (size_t i = 0; i < m->n_layers; i++)
                l->imports[i] = (OciImportLayer){
                        .digest = m->layers[i].digest,
                        .diff_id = l->request.config->diff_ids[i],
                        .size = m->layers[i].size,
                        .import = find_job(l, m->layers[i].digest)->import,
                };
}

int registry_layers_fetch(const RegistryLayersRequest *request, RegistryLayers **ret) {
        _cleanup_registry_layers_ RegistryLayers *l = xnew(RegistryLayers, 1);
        long cpus = sysconf(_SC_NPROCESSORS_ONLN);
        l->request = *request;
        l->max_unpackers = cpus > 1 ? cpus : 1;
        int r = add_jobs(l);
        if (r >= 0)
                r = run(l);
        if (r < 0 && l->bad)
                drop_placed(l);
        if (r < 0)
                return r;
        list_imports(l);
        *ret = TAKE_PTR(l);
        return 0;
}
