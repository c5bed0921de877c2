/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "registry-layer.h"

#include <errno.h>

#include "alloc.h"
#include "blob.h"
#include "duration.h"
#include "log.h"

#define LOCK_INTERVAL (NSEC_PER_SEC / 10) /* between looks at a layer that another process is fetching */

static void drop_import(RegistryLayer *l) {
        if (l->import)
                layer_import_free(TAKE_PTR(l->import));
        l->unpacked = false;
}

static void drop_incoming(RegistryLayer *l) {
        if (l->incoming)
                incoming_free(TAKE_PTR(l->incoming));
}

void registry_layer_done(RegistryLayer *l) {
        if (l->transfer)
                http_cancel(l->transfer);
        drop_import(l);
        drop_incoming(l);
        http_response_done(&l->response);
        free(l->id);
        free(l->source);
        free(l->label);
}

/* The bytes go to the file; those that come although they are there already are passed over. */
static int take(const void *data, size_t size, void *userdata) {
        RegistryLayer *l = userdata;
        uint64_t passed = MIN(l->skip, (uint64_t) size);
        l->skip -= passed;
        if (passed == size)
                return 0;
        return incoming_append(l->incoming, (const char *) data + passed, size - passed);
}

static int begin(const HttpResponse *response, void *userdata) {
        RegistryLayer *l = userdata;
        l->skip = response->status == 206 ? 0 : incoming_size(l->incoming);
        return 0;
}

static int resume(HttpRange *ret, void *userdata) {
        const RegistryLayer *l = userdata;
        *ret = (HttpRange){ .start = incoming_size(l->incoming) };
        return 0;
}

static void done(int result, HttpResponse *response, void *userdata) {
        RegistryLayer *l = userdata;
        l->transfer = NULL;
        l->result = result;
        l->response = *response;
        *response = (HttpResponse){};
        l->state = LAYER_ENDED;
}

static int start_transfer(RegistryLayer *l) {
        const RegistryLayersRequest *q = l->request;
        HttpRequest request = {
                .range = { .start = incoming_size(l->incoming) },
                .max_body = MAX(l->blob->size, (uint64_t) 1), /* 0 would be no limit */
                .progress = l->label,
                .begin = begin,
                .take = take,
                .resume = resume,
                .done = done,
                .userdata = l,
        };
        Registry *registry = q->registries[l->registry];
        l->state = LAYER_TRANSFER;
        l->authorization = registry_authorization(registry);
        return registry_start_blob(registry, l->blob->digest, &request, &l->transfer);
}

/* From the blob, if an earlier fetch came so far, or from the file that is filled at the same time. */
int registry_layer_unpack(RegistryLayer *l) {
        int follow = -1;
        _cleanup_close_ int fd =
                        l->incoming ? incoming_fd(l->incoming) : blob_open(l->request->store, l->id);
        if (fd < 0)
                return log_error_errno(fd, "cannot read %s", l->source);
        int r = l->incoming ? incoming_follow(l->incoming, &follow) : 0;
        if (r < 0)
                return r;
        LayerRequest request = {
                .source = l->source,
                .digest = l->blob->digest,
                .diff_id = l->diff_id,
                .fd = fd,
                .follow = follow,
        };
        r = layer_import_start(l->request->store, &request, &l->import);
        if (follow >= 0)
                close(follow);
        return r;
}

static bool has_right_size(const RegistryLayer *l) {
        return incoming_size(l->incoming) == l->blob->size;
}

static void tell_wrong_content(const RegistryLayer *l, const char *digest) {
        if (has_right_size(l))
                log_error("%s: the content is not what was asked for: it has the digest %s", l->source,
                                digest ?: "?");
        else
                log_error("%s: it has %llu bytes instead of the %llu that the manifest says", l->source,
                                (unsigned long long) incoming_size(l->incoming),
                                (unsigned long long) l->blob->size);
}

/* What an earlier fetch has left may have spoilt it: then 1, and the layer is begun anew. */
static int restart(RegistryLayer *l) {
        if (l->transfer)
                http_cancel(TAKE_PTR(l->transfer));
        drop_import(l);
        int r = incoming_restart(l->incoming);
        if (r >= 0)
                r = incoming_set_validator(l->incoming, l->blob->digest);
        if (r >= 0)
                r = incoming_want_digest(l->incoming);
        if (r < 0)
                return r;
        if (!l->resumed)
                return -EBADMSG;
        log_debug("%s: what an earlier fetch has left is of no use: beginning anew", l->source);
        l->resumed = false;
        return 1;
}

/* All bytes have come that will: 0 if they are right. */
static int check_content(RegistryLayer *l) {
        int r = incoming_complete(l->incoming);
        if (r < 0)
                return r;
        const char *digest = incoming_digest(l->incoming);
        if (has_right_size(l) && streq_ptr(digest, l->blob->digest)) {
                l->state = LAYER_COMPLETE;
                return 0;
        }
        if (!l->resumed)
                tell_wrong_content(l, digest);
        return restart(l);
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
static int next_registry(RegistryLayer *l, int result) {
        const RegistryLayersRequest *q = l->request;
        if (is_bad(result))
                l->bad = true;
        if (result == -EINTR || l->registry + 1 >= q->n_registries)
                return result;
        l->registry++;
        l->again = false;
        log_info("trying %s for layer %s", registry_name(q->registries[l->registry]), l->blob->digest);
        return 1;
}

int registry_layer_judge(RegistryLayer *l) {
        Registry *registry = l->request->registries[l->registry];
        int r = registry_blob_answer(registry, l->result, &l->response, l->authorization, l->again);
        http_response_done(&l->response);
        if (r > 0)
                l->again = true;
        else if (r == 0)
                r = check_content(l);
        if (r < 0)
                r = next_registry(l, r);
        return r > 0 ? start_transfer(l) : r;
}

/* With what an earlier fetch has left, if anything: as the digest says what it must become, that it belongs
 * together needs no word from the server. */
static int begin_incoming(RegistryLayer *l) {
        l->resumed = incoming_size(l->incoming) > 0;
        int r = incoming_set_validator(l->incoming, l->blob->digest);
        if (r >= 0)
                r = incoming_want_digest(l->incoming);
        if (r >= 0 && incoming_size(l->incoming) >= l->blob->size)
                r = check_content(l);
        else if (r >= 0)
                r = 1;
        return r > 0 ? start_transfer(l) : r;
}

int registry_layer_begin(RegistryLayer *l) {
        Store *s = l->request->store;
        if (store_has_layer(s, l->blob->digest, l->diff_id)) {
                l->state = LAYER_DONE;
                return 0;
        }
        int r = incoming_open(s, l->id, l->source, false, &l->incoming);
        if (r == -EWOULDBLOCK) {
                l->look_again = monotonic_ns() + LOCK_INTERVAL;
                return 0;
        }
        if (r < 0)
                return r;
        /* between our two looks it may have come */
        if (store_has_layer(s, l->blob->digest, l->diff_id)) {
                drop_incoming(l);
                l->state = LAYER_DONE;
                return 0;
        }
        if (blob_size(s, l->id) == (int64_t) l->blob->size) {
                drop_incoming(l);
                l->state = LAYER_COMPLETE;
                return 0;
        }
        return begin_incoming(l);
}

/* The verdict of rkt-unpack. What it refuses is not kept, be it what the digest says or not. */
int registry_layer_take_verdict(RegistryLayer *l) {
        int r = layer_import_wait(l->import);
        l->unpacked = true;
        if (r >= 0 || r == -EINTR || !l->incoming)
                return r;
        if (l->resumed && l->state != LAYER_COMPLETE) {
                r = restart(l);
                return r > 0 ? start_transfer(l) : r;
        }
        drop_import(l);
        incoming_discard(l->incoming);
        l->bad = true;
        return r;
}

int registry_layer_finish(RegistryLayer *l) {
        int r = l->incoming ? incoming_commit_blob(l->incoming, l->id) : 0;
        drop_incoming(l);
        l->state = LAYER_DONE;
        l->placed = true;
        return r;
}

void registry_layer_drop(RegistryLayer *l) {
        bool placed = l->placed || l->unpacked;
        drop_import(l);
        if (placed)
                store_drop_layer(l->request->store, l->blob->digest, l->diff_id);
        if (l->incoming)
                incoming_discard(l->incoming);
}
