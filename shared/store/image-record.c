/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image-record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "image-record-oci.h"
#include "json.h"
#include "log.h"
#include "strv.h"
#include "types.h"

#define RECORD_MAX ((size_t) 1024 * 1024)

void image_record_free(ImageRecord *r) {
        free(r->id);
        free(r->name);
        name_values_clear(&r->labels);
        free(r->tree_id);
        strv_free(r->tree_images);
        free(r->config);
        free(r->reference);
        image_record_free_layers(r);
        free(r);
}

void image_records_free(ImageRecord **records, size_t n) {
        for (size_t i = 0; i < n; i++)
                image_record_free(records[i]);
        free(records);
}

char *image_record_title(const ImageRecord *r) {
        const char *version = name_values_get(&r->labels, "version");
        if (r->reference)
                return xstrdup(r->reference);
        return version ? xasprintf("%s:%s", r->name, version) : xstrdup(r->name);
}

void image_record_tell(const ImageRecord *r, EventKind kind) {
        _cleanup_free_ char *title = image_record_title(r);
        event_send(&(Event){ .kind = kind, .image = r->id, .reference = title });
}

uint64_t image_record_size(const ImageRecord *r) {
        uint64_t size = r->blob_size + r->tree_size;
        for (size_t i = 0; i < r->n_layers; i++)
                size += r->layers[i].tree_size;
        return size;
}

static int parse_tree(JsonContext *c, ImageRecord *record) {
        json_object *tree;
        const char *id = NULL;
        int64_t size = 0;
        int r = json_get_object(c, c->root, "tree", JSON_OPTIONAL, &tree);
        if (r < 0 || !tree)
                return r;
        size_t mark = json_enter(c, "tree");
        r = json_get_string(c, tree, "id", JSON_REQUIRED, &id);
        if (r >= 0)
                r = json_get_int(c, tree, "size", JSON_OPTIONAL, 0, INT64_MAX, &size);
        if (r >= 0)
                r = json_get_strv(c, tree, "images", JSON_REQUIRED, &record->tree_images);
        if (r < 0)
                return r;
        if (!store_tree_id_is_valid(id))
                return json_fail(c, "not a tree ID");
        json_leave(c, mark);
        record->tree_id = xstrdup(id);
        record->tree_size = size;
        return 0;
}

static int parse(JsonContext *c, ImageRecord *record) {
        const char *id, *name;
        int64_t size = 0;
        int r = json_expect(c, c->root, json_type_object);
        if (r < 0)
                return r;
        if ((r = json_get_string(c, c->root, "id", JSON_REQUIRED, &id)) < 0 ||
                        (r = json_get_string(c, c->root, "name", JSON_REQUIRED, &name)) < 0 ||
                        (r = string_map_parse(c, c->root, "labels", &record->labels)) < 0 ||
                        (r = json_get_int(c, c->root, "importTime", JSON_REQUIRED, INT64_MIN, INT64_MAX,
                                         &record->import_time)) < 0 ||
                        (r = json_get_bool(c, c->root, "latest", JSON_OPTIONAL, &record->latest)) < 0 ||
                        (r = json_get_int(c, c->root, "size", JSON_REQUIRED, 0, INT64_MAX, &size)) < 0 ||
                        (r = parse_tree(c, record)) < 0 || (r = image_record_parse_oci(c, record)) < 0)
                return r;
        if (!store_id_is_whole(id))
                return json_fail(c, "\"id\" is not an image ID");
        if (store_id_is_oci(id) != (record->config != NULL))
                return json_fail(c, "\"format\" is not that of an image with this ID");
        if (!ac_identifier_is_valid(name)) /* it becomes a path in the index */
                return json_fail(c, "\"name\" is not the name of an image");
        record->id = xstrdup(id);
        record->name = xstrdup(name);
        record->blob_size = size;
        return 0;
}

int image_record_parse(
                const char *name, const char *text, size_t size, ImageRecord **ret, char **ret_error) {
        _cleanup_json_context_ JsonContext c = {};
        _cleanup_image_record_ ImageRecord *record = xnew(ImageRecord, 1);
        int r = json_context_parse(&c, name, text, size);
        if (r >= 0)
                r = parse(&c, record);
        if (r < 0) {
                if (ret_error)
                        *ret_error = TAKE_PTR(c.error);
                return r;
        }
        *ret = TAKE_PTR(record);
        return 0;
}

char *image_record_to_text(const ImageRecord *r) {
        _cleanup_json_ json_object *o = json_object_new_object();
        json_object_object_add(o, "id", json_object_new_string(r->id));
        json_object_object_add(o, "name", json_object_new_string(r->name));
        if (r->labels.n > 0)
                json_object_object_add(o, "labels", string_map_to_json(&r->labels));
        json_object_object_add(o, "importTime", json_object_new_int64(r->import_time));
        if (r->latest)
                json_object_object_add(o, "latest", json_object_new_boolean(true));
        json_object_object_add(o, "size", json_object_new_int64(r->blob_size));
        if (r->tree_id) {
                json_object *tree = json_object_new_object(), *images = json_object_new_array();
                json_object_object_add(tree, "id", json_object_new_string(r->tree_id));
                if (r->tree_size > 0)
                        json_object_object_add(tree, "size", json_object_new_int64(r->tree_size));
                STRV_FOREACH (id, r->tree_images)
                        json_object_array_add(images, json_object_new_string(*id));
                json_object_object_add(tree, "images", images);
                json_object_object_add(o, "tree", tree);
        }
        image_record_add_oci(o, r);
        return json_to_text(o, false);
}

/* One read for a record of usual size: a list of images is thousands of these. */
static int read_record(
                int fd, size_t size, char *buffer, size_t buffer_size, char **ret_large, size_t *ret_size) {
        if (size >= buffer_size)
                return read_fd(fd, RECORD_MAX, ret_large, ret_size);
        ssize_t n = read(fd, buffer, buffer_size - 1);
        if (n < 0)
                return -errno;
        buffer[n] = 0;
        *ret_size = n;
        return 0;
}

typedef int (*RecordParser)(
                const char *name, const char *text, size_t size, ImageRecord **ret, char **ret_error);

static int load_at(int dirfd, const char *id, RecordParser parser, ImageRecord **ret, char **ret_error) {
        _cleanup_close_ int fd = openat(dirfd, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        char buffer[4096];
        _cleanup_free_ char *large = NULL;
        size_t size;
        int r = read_record(fd, st.st_size, buffer, sizeof(buffer), &large, &size);
        if (r < 0)
                return r;

        _cleanup_image_record_ ImageRecord *record = NULL;
        r = parser(id, large ?: buffer, size, &record, ret_error);
        if (r < 0)
                return r;
        if (!streq(record->id, id)) {
                if (ret_error)
                        *ret_error = xasprintf("%s: the record is that of %s", id, record->id);
                return -EINVAL;
        }
        record->last_used = timespec_ns(st.st_mtim);
        *ret = TAKE_PTR(record);
        return 0;
}

static int open_images(Store *s) {
        int fd = openat(store_fd(s), STORE_IMAGES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int image_record_load(Store *s, const char *id, ImageRecord **ret, char **ret_error) {
        if (!store_id_is_whole(id))
                return -ENOENT;
        _cleanup_close_ int dirfd = open_images(s);
        return dirfd < 0 ? dirfd : load_at(dirfd, id, image_record_parse, ret, ret_error);
}

/* The time is set before the rename: the file never shows a wrong one. */
int image_record_save(Store *s, const ImageRecord *record) {
        _cleanup_close_ int dirfd = open_images(s);
        if (dirfd < 0)
                return dirfd;
        _cleanup_free_ char *text = image_record_to_text(record);
        _cleanup_free_ char *temporary = xasprintf(".%s.tmp", record->id);
        unlinkat(dirfd, temporary, 0); /* of one that was killed: we hold the lock */
        _cleanup_close_ int fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
        if (fd < 0)
                return -errno;

        struct timespec times[2] = { { .tv_sec = record->last_used / 1000000000,
                        .tv_nsec = record->last_used % 1000000000 } };
        times[1] = times[0];
        int r = write_all(fd, text, strlen(text));
        if (r >= 0 && (fchmod(fd, 0660) < 0 || futimens(fd, times) < 0 || fdatasync(fd) < 0 ||
                                      renameat(dirfd, temporary, dirfd, record->id) < 0))
                r = -errno;
        if (r < 0)
                unlinkat(dirfd, temporary, 0);
        else if (fsync(dirfd) < 0)
                r = -errno;
        return r;
}

static int load_all(Store *s, RecordParser parser, ImageRecord ***ret, size_t *ret_n) {
        _cleanup_close_ int dirfd = open_images(s);
        if (dirfd < 0)
                return dirfd;
        _cleanup_strv_ char **names = NULL;
        int r = list_directory_at(dirfd, ".", &names);
        if (r < 0)
                return r;

        ImageRecord **records = NULL;
        size_t n = 0;
        STRV_FOREACH (name, names) {
                _cleanup_image_record_ ImageRecord *record = NULL;
                _cleanup_free_ char *error = NULL;
                if (!store_id_is_whole(*name))
                        continue;
                r = load_at(dirfd, *name, parser, &record, &error);
                if (r == -ENOENT)
                        continue;
                if (r < 0) {
                        log_warning("image record %s/" STORE_IMAGES
                                    "/%s is not usable, and removed by \"rkt image "
                                    "rm\" of its ID: %s",
                                        store_path(s), *name, error ?: strerror(-r));
                        continue;
                }
                xgrow(&records, n);
                records[n++] = TAKE_PTR(record);
        }
        *ret = records;
        *ret_n = n;
        return 0;
}

int image_records_load(Store *s, ImageRecord ***ret, size_t *ret_n) {
        return load_all(s, image_record_parse, ret, ret_n);
}

int image_records_list(Store *s, ImageRecord ***ret, size_t *ret_n) {
        return load_all(s, image_record_parse_line, ret, ret_n);
}
