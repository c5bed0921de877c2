/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "remote.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "image-record.h"
#include "json.h"
#include "strv.h"

#define RECORD_MAX ((size_t) 64 * 1024)

void remote_free(Remote *r) {
        free(r->url);
        free(r->etag);
        free(r->image_id);
        free(r);
}

int remote_parse(const char *name, const char *text, size_t size, Remote **ret) {
        _cleanup_json_context_ JsonContext c = {};
        const char *url, *etag = NULL, *image;
        int64_t time, max_age = 0;
        bool unverified = false;
        int r = json_context_parse(&c, name, text, size);
        if (r < 0 || (r = json_expect(&c, c.root, json_type_object)) < 0 ||
                        (r = json_get_string(&c, c.root, "url", JSON_REQUIRED, &url)) < 0 ||
                        (r = json_get_string(&c, c.root, "etag", JSON_OPTIONAL, &etag)) < 0 ||
                        (r = json_get_int(&c, c.root, "time", JSON_REQUIRED, INT64_MIN, INT64_MAX, &time)) <
                                        0 ||
                        (r = json_get_int(&c, c.root, "maxAge", JSON_OPTIONAL, 0, INT32_MAX, &max_age)) <
                                        0 ||
                        (r = json_get_bool(&c, c.root, "unverified", JSON_OPTIONAL, &unverified)) < 0 ||
                        (r = json_get_string(&c, c.root, "image", JSON_REQUIRED, &image)) < 0)
                return r;
        if (!store_id_is_whole(image))
                return -EINVAL;
        Remote *remote = xnew(Remote, 1);
        *remote = (Remote){
                .url = xstrdup(url),
                .etag = xstrdup(etag),
                .time = time,
                .max_age = max_age,
                .unverified = unverified,
                .image_id = xstrdup(image),
        };
        *ret = remote;
        return 0;
}

char *remote_to_text(const Remote *r) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "url", json_object_new_string(r->url));
        if (r->etag)
                json_object_object_add(o, "etag", json_object_new_string(r->etag));
        json_object_object_add(o, "time", json_object_new_int64(r->time));
        if (r->max_age > 0)
                json_object_object_add(o, "maxAge", json_object_new_int64(r->max_age));
        if (r->unverified)
                json_object_object_add(o, "unverified", json_object_new_boolean(true));
        json_object_object_add(o, "image", json_object_new_string(r->image_id));
        return json_to_text(o, false);
}

static int load(Store *s, const char *key, Remote **ret) {
        _cleanup_free_ char *path = xasprintf(STORE_REMOTES "/%s", key), *text = NULL;
        size_t size;
        int r = read_file_at(store_fd(s), path, RECORD_MAX, &text, &size);
        return r < 0 ? r : remote_parse(key, text, size, ret);
}

int remote_load(Store *s, const char *key, const char *url, Remote **ret) {
        _cleanup_remote_ Remote *r = NULL;
        if (load(s, key, &r) < 0 || !streq(r->url, url) || !store_has_image(s, r->image_id))
                return -ENOENT;
        *ret = TAKE_PTR(r);
        return 0;
}

/* The image may have been removed since it was put in place: then there is nothing to note. */
int remote_save(Store *s, const char *key, const Remote *remote) {
        _cleanup_free_ char *path = xasprintf(STORE_REMOTES "/%s", key), *text = remote_to_text(remote);
        _cleanup_close_ int lock = store_lock_changes(s);
        if (lock < 0)
                return lock;
        if (!store_has_image(s, remote->image_id))
                return 0;
        return replace_file_at(store_fd(s), path, text, strlen(text), 0660, true);
}

int remote_sweep(Store *s, const char *id, size_t *ret_n) {
        _cleanup_strv_ char **keys = NULL;
        int r = list_directory_at(store_fd(s), STORE_REMOTES, &keys);
        STRV_FOREACH (key, keys) {
                _cleanup_remote_ Remote *remote = NULL;
                _cleanup_free_ char *path = xasprintf(STORE_REMOTES "/%s", *key);
                if (load(s, *key, &remote) >= 0 && store_has_image(s, remote->image_id) &&
                                (!id || !streq(remote->image_id, id)))
                        continue;
                if (unlinkat(store_fd(s), path, 0) >= 0)
                        ++*ret_n;
                else if (errno != ENOENT)
                        r = -errno;
        }
        return r;
}
