/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>

#include "alloc.h"
#include "file.h"
#include "image-manifest.h"
#include "log.h"
#include "pod-manifest.h"
#include "types.h"

#define FILE_MODE 0600

int metadata_state_open(const char *path) {
        int r = mkdir_parents_at(AT_FDCWD, path, 0700);
        _cleanup_close_ int fd = r < 0 ? r : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (r >= 0 && fd < 0)
                r = -errno;
        if (r < 0 || (r = mkdir_parents_at(fd, "tokens", 0700)) < 0 ||
                        (r = mkdir_parents_at(fd, "pods", 0700)) < 0)
                return log_error_errno(r, "cannot keep the state in %s", path);
        return TAKE_FD(fd);
}

int metadata_state_key(int state, unsigned char ret[static METADATA_KEY_SIZE]) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = read_file_at(state, "hmac-key", METADATA_KEY_SIZE, &text, &size);
        if (r >= 0 && size == METADATA_KEY_SIZE) {
                memcpy(ret, text, size);
                explicit_bzero(text, size);
                return 0;
        }
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "cannot read hmac-key");
        if (getrandom(ret, METADATA_KEY_SIZE, 0) != METADATA_KEY_SIZE)
                return log_error_errno(errno, "getrandom");
        r = replace_file_at(state, "hmac-key", ret, METADATA_KEY_SIZE, FILE_MODE, false);
        return r < 0 ? log_error_errno(r, "cannot write hmac-key") : 0;
}

static int open_pod(int state, const char *uuid) {
        _cleanup_free_ char *path = xasprintf("pods/%s", uuid);
        int fd = openat(state, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int write_annotations(int dir, const NameValueList *annotations) {
        _cleanup_json_ json_object *o = name_values_to_json(annotations);
        _cleanup_free_ char *text = json_to_text(o, false);
        return write_string_at(dir, "annotations", text, FILE_MODE);
}

/* Makes the directory path anew, which a name that is not one of the state's becomes when it is whole. */
static int make_directory(int at, const char *path) {
        int r = remove_tree_at(at, path, false);
        if (r < 0)
                return r;
        if (mkdirat(at, path, 0700) < 0)
                return -errno;
        int fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int write_pod(int dir, const char *token, const PodManifest *m, const char *text, size_t size) {
        int r = write_string_at(dir, "token", token, FILE_MODE);
        if (r < 0 || (r = write_file_at(dir, "manifest", text, size, FILE_MODE)) < 0 ||
                        (r = write_annotations(dir, &m->annotations)) < 0)
                return r;
        return mkdirat(dir, "apps", 0700) < 0 ? -errno : 0;
}

/* Nobody is answered by a token whose pod is not whole: its link is made last, and removed first. */
static int link_token(int state, const char *token, const char *uuid) {
        _cleanup_free_ char *path = xasprintf("tokens/%s", token);
        return symlinkat(uuid, state, path) < 0 ? -errno : 0;
}

int metadata_state_put_pod(int state, const char *uuid, const char *token, const char *manifest, size_t size,
                char **ret_error) {
        _cleanup_pod_manifest_ PodManifest *m = NULL;
        char other[UUID_STRING_SIZE];
        int r = pod_manifest_parse("manifest", manifest, size, &m, ret_error);
        if (r < 0)
                return r;
        r = metadata_state_find(state, token, other);
        if (r >= 0 && !streq(other, uuid))
                return -EEXIST;
        if ((r < 0 && r != -ENOENT) || ((r = metadata_state_remove(state, uuid)) < 0 && r != -ENOENT))
                return r;
        _cleanup_free_ char *path = xasprintf("pods/%s", uuid), *unfinished = xasprintf("pods/.%s", uuid);
        _cleanup_close_ int dir = make_directory(state, unfinished);
        r = dir < 0 ? dir : write_pod(dir, token, m, manifest, size);
        if (r >= 0 && renameat(state, unfinished, state, path) < 0)
                r = -errno;
        if (r >= 0)
                r = link_token(state, token, uuid);
        if (r < 0)
                remove_tree_at(state, unfinished, false);
        return r;
}

static int write_app(int dir, const RuntimeApp *ra, const ImageManifest *m, const char *text, size_t size) {
        _cleanup_name_values_ NameValueList merged = {};
        name_values_copy(&merged, &m->annotations);
        name_values_merge(&merged, &ra->annotations);
        int r = write_file_at(dir, "manifest", text, size, FILE_MODE);
        if (r < 0 || (r = write_annotations(dir, &merged)) < 0)
                return r;
        return write_string_at(dir, "image-id", ra->image.id, FILE_MODE);
}

int metadata_state_put_app(int state, const char *uuid, const char *app, const char *manifest, size_t size,
                char **ret_error) {
        _cleanup_close_ int pod = open_pod(state, uuid);
        if (pod < 0)
                return pod;
        _cleanup_pod_manifest_ PodManifest *pm = NULL;
        _cleanup_image_manifest_ ImageManifest *m = NULL;
        int r = pod_manifest_load_at(pod, "manifest", &pm, ret_error);
        if (r < 0)
                return r;
        const RuntimeApp *ra = pod_manifest_find_app(pm, app);
        if (!ra)
                return -ENOENT;
        if ((r = image_manifest_parse("manifest", manifest, size, &m, ret_error)) < 0)
                return r;
        _cleanup_free_ char *path = xasprintf("apps/%s", app), *unfinished = xasprintf("apps/.%s", app);
        _cleanup_close_ int dir = make_directory(pod, unfinished);
        r = dir < 0 ? dir : write_app(dir, ra, m, manifest, size);
        if (r >= 0 && (r = remove_tree_at(pod, path, false)) >= 0 &&
                        renameat(pod, unfinished, pod, path) < 0)
                r = -errno;
        if (r < 0)
                remove_tree_at(pod, unfinished, false);
        return r;
}

int metadata_state_remove(int state, const char *uuid) {
        _cleanup_free_ char *unfinished = xasprintf("pods/.%s", uuid);
        remove_tree_at(state, unfinished, false);
        _cleanup_close_ int pod = open_pod(state, uuid);
        if (pod < 0)
                return pod;
        _cleanup_free_ char *token = NULL, *path = xasprintf("pods/%s", uuid);
        char owner[UUID_STRING_SIZE];
        if (read_line_at(pod, "token", &token) >= 0 && metadata_token_is_valid(token) &&
                        metadata_state_find(state, token, owner) >= 0 && streq(owner, uuid)) {
                _cleanup_free_ char *link = xasprintf("tokens/%s", token);
                if (unlinkat(state, link, 0) < 0 && errno != ENOENT)
                        return -errno;
        }
        return remove_tree_at(state, path, false);
}

int metadata_state_find(int state, const char *token, char ret_uuid[static UUID_STRING_SIZE]) {
        if (!metadata_token_is_valid(token))
                return -ENOENT;
        _cleanup_free_ char *path = xasprintf("tokens/%s", token);
        char uuid[UUID_STRING_SIZE];
        ssize_t n = readlinkat(state, path, uuid, sizeof(uuid));
        if (n < 0)
                return -errno;
        if (n != UUID_STRING_SIZE - 1)
                return -ENOENT;
        uuid[n] = 0;
        if (!uuid_is_valid(uuid))
                return -ENOENT;
        memcpy(ret_uuid, uuid, sizeof(uuid));
        return 0;
}

static int open_name(int state, const char *uuid, const MetadataRoute *r, const char *name) {
        _cleanup_close_ int pod = open_pod(state, uuid);
        if (pod < 0)
                return pod;
        _cleanup_free_ char *path = r->app[0] ? xasprintf("apps/%s/%s", r->app, name) : xstrdup(name);
        int fd = openat(pod, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int metadata_state_open_file(int state, const char *uuid, const MetadataRoute *r) {
        static const char *const names[] = {
                [METADATA_POD_ANNOTATIONS] = "annotations",
                [METADATA_POD_MANIFEST] = "manifest",
                [METADATA_APP_ANNOTATIONS] = "annotations",
                [METADATA_APP_MANIFEST] = "manifest",
                [METADATA_APP_IMAGE_ID] = "image-id",
        };
        return names[r->endpoint] ? open_name(state, uuid, r, names[r->endpoint]) : -ENOENT;
}

int metadata_state_annotation(int state, const char *uuid, const MetadataRoute *r, char **ret) {
        _cleanup_close_ int fd = open_name(state, uuid, r, "annotations");
        _cleanup_free_ char *text = NULL;
        _cleanup_json_context_ JsonContext c = {};
        size_t size;
        int e = fd < 0 ? fd : read_fd(fd, 2 * APPC_MANIFEST_MAX, &text, &size);
        if (e < 0 || (e = json_context_parse(&c, "annotations", text, size)) < 0)
                return e;
        for (size_t i = 0;
                        json_object_is_type(c.root, json_type_array) && i < json_object_array_length(c.root);
                        i++) {
                json_object *o = json_object_array_get_idx(c.root, i);
                const char *name = NULL, *value = NULL;
                if ((e = json_get_string(&c, o, "name", JSON_REQUIRED, &name)) < 0 ||
                                (e = json_get_string(&c, o, "value", JSON_REQUIRED, &value)) < 0)
                        return e;
                if (streq(name, r->name)) {
                        *ret = xstrdup(value);
                        return 0;
                }
        }
        return -ENOENT;
}
