/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch-url.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>

#include "alloc.h"
#include "cache-control.h"
#include "duration.h"
#include "file.h"
#include "http.h"
#include "image-import.h"
#include "image-lookup.h"
#include "log.h"
#include "remote.h"
#include "temporary.h"

typedef struct Download {
        Store *store;
        const char *url;
        const FetchOptions *options;
        const FetchChecks *checks;
        char key[65];        /* of the remote record */
        ImageImport *import; /* from the first byte on, or once it is verified */
        int whole;           /* what has to be verified first goes here; -1: nothing yet */
        char *whole_path;    /* temporary; relative to DATA/cas */
} Download;

static int make_key(const char *url, char ret[static 65]) {
        uint8_t digest[EVP_MAX_MD_SIZE];
        unsigned size;
        if (!EVP_Digest(url, strlen(url), digest, &size, EVP_sha512(), NULL))
                return log_error_errno(ENOTSUP, "cannot compute a SHA-512 digest");
        for (size_t i = 0; i < 32; i++)
                snprintf(ret + 2 * i, 3, "%02x", digest[i]);
        return 0;
}

static int take_whole(Download *d, const void *data, size_t size) {
        if (d->whole < 0)
                d->whole = temporary_file(d->store, &d->whole_path);
        int r = d->whole < 0 ? d->whole : write_all(d->whole, data, size);
        return r < 0 ? log_error_errno(r, "cannot write to %s/" STORE_TEMPORARIES, store_path(d->store)) : 0;
}

static int take(const void *data, size_t size, void *userdata) {
        Download *d = userdata;
        if (d->checks->verify)
                return take_whole(d, data, size);
        if (!d->import) {
                int r = image_import_new(d->store, d->url, &d->import);
                if (r < 0)
                        return r;
        }
        return image_import_write(d->import, data, size);
}

static int save(Download *d, const char *etag, int64_t max_age, const char *id) {
        Remote remote = {
                .url = (char *) d->url,
                .etag = (char *) etag,
                .time = realtime_ns(),
                .max_age = max_age,
                .image_id = (char *) id,
        };
        int r = remote_save(d->store, d->key, &remote);
        if (r < 0)
                log_warning_errno(r, "cannot note the download of %s", d->url);
        return 0; /* the image is there: it will only be downloaded once more */
}

static int import_whole(Download *d) {
        int r = d->checks->verify(d->whole, d->checks->userdata);
        if (r >= 0)
                r = image_import_new(d->store, d->url, &d->import);
        if (r >= 0 && lseek(d->whole, 0, SEEK_SET) < 0)
                r = log_error_errno(errno, "cannot read %s/%s", store_path(d->store), d->whole_path);
        return r < 0 ? r : image_import_write_fd(d->import, d->whole);
}

static int finish(Download *d, char **ret_id) {
        const ImageManifest *manifest;
        const char *id;
        int r = d->whole >= 0 ? import_whole(d) : 0;
        if (r >= 0)
                r = image_import_finish(d->import, &manifest, &id);
        if (r >= 0 && d->checks->accept)
                r = d->checks->accept(manifest, d->checks->userdata);
        if (r >= 0)
                r = image_import_commit(d->import, d->checks->latest);
        if (r >= 0)
                *ret_id = xstrdup(id);
        return r;
}

static int64_t max_age(const HttpResponse *response) {
        const char *value = http_response_header(response, "Cache-Control");
        return value ? cache_control_max_age(value) : 0;
}

static int download(Download *d, const Remote *known, char **ret_id) {
        _cleanup_http_response_ HttpResponse response = {};
        HttpRequest request = {
                .url = d->url,
                .if_none_match = known ? known->etag : NULL,
                .progress = "Downloading ACI",
                .take = take,
                .userdata = d,
        };
        log_debug("remote fetching from URL \"%s\"", d->url);
        int r = d->checks->before ? d->checks->before(d->checks->userdata) : 0;
        if (r >= 0)
                r = http_perform(d->options->client, &request, &response);
        if (r < 0)
                return r;
        const char *etag = http_response_header(&response, "ETag");
        if (response.status == 304) {
                log_debug("using image from local store for url %s: it has not changed", d->url);
                *ret_id = xstrdup(known->image_id);
                return save(d, etag ?: known->etag, max_age(&response), known->image_id);
        }
        if (!d->import && d->whole < 0) {
                log_error("error downloading %s: the response is empty", d->url);
                return -ENODATA;
        }
        r = finish(d, ret_id);
        return r < 0 ? r : save(d, etag, max_age(&response), *ret_id);
}

/* Also on the way here after waiting: since is when we began to. */
static bool is_good(const Remote *known, FetchPolicy policy, int64_t since) {
        if (policy != FETCH_UPDATE || known->time >= since)
                return true;
        int64_t age = realtime_ns() - known->time;
        return age >= 0 && age / (int64_t) NSEC_PER_SEC < known->max_age;
}

/* One download of a URL at a time: the others wait, and then have it. */
static int lock_url(Download *d, char **ret_path) {
        _cleanup_free_ char *path = xasprintf(STORE_TEMPORARIES "/url-%s", d->key);
        int fd = lock_file_at(store_fd(d->store), path, LOCK_MODE_EXCLUSIVE, false);
        if (fd == -EWOULDBLOCK) {
                log_info("another rkt instance is downloading this file, waiting...");
                fd = lock_file_at(store_fd(d->store), path, LOCK_MODE_EXCLUSIVE, true);
        }
        if (fd < 0)
                return log_error_errno(fd, "cannot lock %s/%s", store_path(d->store), path);
        *ret_path = TAKE_PTR(path);
        return fd;
}

static int fetch_locked(Download *d, int64_t since, char **ret_id) {
        _cleanup_remote_ Remote *known = NULL;
        remote_load(d->store, d->key, d->url, &known);
        if (known && is_good(known, d->options->policy, since)) {
                *ret_id = xstrdup(known->image_id);
                return 0;
        }
        int r = download(d, known, ret_id);
        if (d->import)
                image_import_free(TAKE_PTR(d->import));
        if (d->whole >= 0) {
                unlinkat(store_fd(d->store), d->whole_path, 0);
                close(d->whole);
                free(d->whole_path);
        }
        return r;
}

int fetch_url(Store *s, const char *url, const FetchOptions *options, const FetchChecks *checks,
                char **ret_id) {
        Download d = { .store = s, .url = url, .options = options, .checks = checks, .whole = -1 };
        _cleanup_remote_ Remote *known = NULL;
        _cleanup_free_ char *lock_path = NULL;
        int64_t since = realtime_ns();
        int r = make_key(url, d.key);
        if (r < 0)
                return r;
        remote_load(s, d.key, url, &known);
        if (known && is_good(known, options->policy, since)) {
                log_debug(options->policy == FETCH_UPDATE ? "image for %s isn't expired, not fetching."
                                                          : "using image from local store for url %s",
                                url);
                *ret_id = xstrdup(known->image_id);
                store_touch(s, *ret_id);
                return 0;
        }
        if (options->policy == FETCH_NEVER) {
                log_error("unable to fetch image from %s: it is not in the store, and the pull policy is "
                          "never",
                                url);
                return -ENOENT;
        }
        _cleanup_close_ int lock = lock_url(&d, &lock_path);
        if (lock < 0)
                return lock;
        r = fetch_locked(&d, since, ret_id);
        unlinkat(store_fd(s), lock_path, 0);
        return r;
}
