/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch-url.h"

#include <errno.h>
#include <openssl/evp.h>

#include "alloc.h"
#include "archive-import.h"
#include "cache-control.h"
#include "download.h"
#include "duration.h"
#include "http-url.h"
#include "image-lookup.h"
#include "import-signal.h"
#include "log.h"
#include "option.h"
#include "remote.h"

#define DOWNLOAD_MAX ((uint64_t) 100 << 30) /* as much as an image may be; RKT_UNPACK_MAX_SIZE */

typedef struct UrlFetch {
        Store *store;
        const char *url;
        char *shown; /* the URL, in messages */
        const FetchOptions *options;
        const FetchChecks *checks;
        char key[65]; /* of the remote record */
        Incoming *incoming;
        ImageImport *import; /* from the first bytes on, unless it has to be verified before */
        HttpResponse response;
        bool ended;
        int result; /* of the download */
} UrlFetch;

static int make_key(const char *url, char ret[static 65]) {
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size;
        if (!EVP_Digest(url, strlen(url), digest, &size, EVP_sha512(), NULL))
                return log_error_errno(ENOTSUP, "cannot compute a SHA-512 digest");
        for (size_t i = 0; i < 32; i++)
                snprintf(ret + 2 * i, 3, "%02x", digest[i]);
        return 0;
}

static int save(UrlFetch *d, const char *etag, int64_t max_age, bool unverified, const char *id) {
        Remote remote = {
                .url = (char *) d->url,
                .etag = (char *) etag,
                .time = realtime_ns(),
                .max_age = max_age,
                .unverified = unverified,
                .image_id = (char *) id,
        };
        int r = remote_save(d->store, d->key, &remote);
        if (r < 0)
                log_warning_errno(r, "cannot note the download of %s", d->shown);
        return 0; /* the image is there: it will only be downloaded once more */
}

static int64_t max_age(const HttpResponse *response) {
        const char *value = http_response_header(response, "Cache-Control");
        return value ? cache_control_max_age(value) : 0;
}

/* What came before is no part of what comes now. */
static int begin(const HttpResponse *response, void *userdata) {
        UrlFetch *d = userdata;
        if (response->status == 200 && d->import)
                image_import_free(TAKE_PTR(d->import));
        return 0;
}

static int take(const void *data, size_t size, void *userdata) {
        UrlFetch *d = userdata;
        if (d->import || d->checks->verify)
                return 0;
        return archive_import_begin(d->store, d->incoming, d->shown, &d->import);
}

static void end(int result, HttpResponse *response, void *userdata) {
        UrlFetch *d = userdata;
        d->ended = true;
        d->result = result;
        d->response = *response;
        *response = (HttpResponse){};
}

static bool has_ended(const ImageImport *i) {
        struct pollfd p = { .fd = image_import_pollfd(i), .events = POLLIN };
        return poll(&p, 1, 0) > 0;
}

/* Waits for the download, or for the unpacking process, which only ends before that if it refuses what it
 * has seen. */
static int wait_for_bytes(UrlFetch *d, Download *download) {
        int r = 0;
        while (!d->ended && r >= 0) {
                struct pollfd refused = { .fd = d->import ? image_import_pollfd(d->import) : -1,
                        .events = POLLIN };
                r = http_client_step(d->options->client, &refused, d->import ? 1 : 0, -1);
                if (r >= 0 && !d->ended && d->import && has_ended(d->import)) {
                        r = image_import_finish(d->import, NULL, NULL);
                        incoming_discard(d->incoming);
                        r = r < 0 ? r : -EBADMSG;
                }
        }
        if (d->ended)
                return d->result;
        download_cancel(download);
        return r;
}

static int download(UrlFetch *d, const Remote *known) {
        const char *max_size = getenv("RKT_UNPACK_MAX_SIZE");
        uint64_t max = DOWNLOAD_MAX;
        if (max_size && parse_uint(max_size, INT64_MAX, &max) < 0)
                max = DOWNLOAD_MAX;
        DownloadRequest request = {
                .http = {
                        .url = d->url,
                        .if_none_match = known ? known->etag : NULL,
                        .progress = "Downloading ACI",
                        .max_body = MAX(max, (uint64_t) 1),
                        .begin = begin,
                        .take = take,
                        .done = end,
                        .userdata = d,
                },
                .incoming = d->incoming,
        };
        Download *download;
        log_debug("remote fetching from URL \"%s\"", d->shown);
        int r = d->checks->before ? d->checks->before(d->checks->userdata) : 0;
        if (r >= 0)
                r = download_start(d->options->client, &request, &download);
        return r < 0 ? r : wait_for_bytes(d, download);
}

/* For an answer that only says that there is nothing behind what is there. */
static const char *incoming_etag(const UrlFetch *d) {
        const char *validator = incoming_validator(d->incoming);
        return d->response.status == 206 && validator && validator[0] == '"' ? validator : NULL;
}

static int fetch(UrlFetch *d, const Remote *known, char **ret_id) {
        int r = download(d, known);
        if (r < 0)
                return r;
        const char *etag = http_response_header(&d->response, "ETag") ?: incoming_etag(d);
        if (d->response.status == 304) {
                log_debug("using image from local store for url %s: it has not changed", d->shown);
                *ret_id = xstrdup(known->image_id);
                return save(d, etag ?: known->etag, max_age(&d->response), known->unverified,
                                known->image_id);
        }
        if (incoming_size(d->incoming) == 0) {
                log_error("error downloading %s: the response is empty", d->shown);
                return -ENODATA;
        }
        r = archive_import_finish(d->store, d->incoming, d->shown, d->checks, &d->import, ret_id);
        return r < 0 ? r : save(d, etag, max_age(&d->response), !d->checks->signature, *ret_id);
}

/* What is known of the URL; NULL: nothing that is of use. */
static Remote *load(UrlFetch *d) {
        _cleanup_remote_ Remote *known = NULL;
        if (remote_load(d->store, d->key, d->url, &known) < 0 || (known->unverified && d->checks->signature))
                return NULL;
        return TAKE_PTR(known);
}

/* Also on the way here after waiting: since is when we began to. */
static bool is_good(const Remote *known, FetchPolicy policy, int64_t since) {
        if (policy != FETCH_UPDATE || known->time >= since)
                return true;
        int64_t age = realtime_ns() - known->time;
        return age >= 0 && age / (int64_t) NSEC_PER_SEC < known->max_age;
}

static int fetch_locked(UrlFetch *d, int64_t since, char **ret_id) {
        _cleanup_remote_ Remote *known = load(d);
        if (known && is_good(known, d->options->policy, since)) {
                *ret_id = xstrdup(known->image_id);
                return 0;
        }
        int r = fetch(d, known, ret_id);
        if (d->import)
                image_import_free(TAKE_PTR(d->import));
        http_response_done(&d->response);
        return r;
}

/* One download of a URL at a time: the others wait, and then have it, or go on with it. */
static int fetch_alone(UrlFetch *d, int64_t since, char **ret_id) {
        _cleanup_free_ char *key = xasprintf("url-%s", d->key);
        import_signals_hold();
        int r = incoming_open(d->store, key, d->shown, true, &d->incoming);
        if (r >= 0) {
                r = fetch_locked(d, since, ret_id);
                incoming_free(d->incoming);
        }
        import_signals_release();
        return r;
}

int fetch_url(Store *s, const char *url, const FetchOptions *options, const FetchChecks *checks,
                char **ret_id) {
        _cleanup_free_ char *shown = http_url_mask(url);
        UrlFetch d = { .store = s, .url = url, .shown = shown, .options = options, .checks = checks };
        _cleanup_remote_ Remote *known = NULL;
        int64_t since = realtime_ns();
        int r = make_key(url, d.key);
        if (r < 0)
                return r;
        known = load(&d);
        if (known && is_good(known, options->policy, since)) {
                log_debug(options->policy == FETCH_UPDATE ? "image for %s isn't expired, not fetching."
                                                          : "using image from local store for url %s",
                                shown);
                *ret_id = xstrdup(known->image_id);
                store_touch(s, *ret_id);
                return 0;
        }
        if (options->policy == FETCH_NEVER) {
                log_error("unable to fetch image from %s: it is not in the store, and the pull policy is "
                          "never",
                                shown);
                return -ENOENT;
        }
        return fetch_alone(&d, since, ret_id);
}
