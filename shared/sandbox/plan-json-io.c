/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-json-io.h"

#include "alloc.h"

static const struct {
        const char *key;
        AppIoMode usual;
} standard[] = { { "stdin", APP_IO_NULL }, { "stdout", APP_IO_LOG }, { "stderr", APP_IO_LOG } };

void plan_io_to_json(json_object *o, const AppIo *io) {
        for (size_t i = 0; i < ELEMENTSOF(standard); i++)
                if (io->modes[i] != standard[i].usual)
                        json_object_object_add(o, standard[i].key,
                                        json_object_new_string(app_io_mode_name(io->modes[i])));
        if (!io->log_path)
                return;
        json_object_object_add(o, "logPath", json_object_new_string(io->log_path));
        if (io->log_file_size > 0) {
                json_object_object_add(o, "logFileSize", json_object_new_uint64(io->log_file_size));
                json_object_object_add(o, "logFileCount", json_object_new_int((int) io->log_file_count));
        }
}

int plan_io_from_json(JsonContext *c, json_object *o, AppIo *ret) {
        int64_t size = 0, count = APP_LOG_FILE_COUNT_DEFAULT;
        const char *path = NULL;
        int r;
        for (int i = 0; i < (int) ELEMENTSOF(standard); i++) {
                const char *name = app_io_mode_name(standard[i].usual);
                if ((r = json_get_string(c, o, standard[i].key, JSON_OPTIONAL, &name)) < 0)
                        return r;
                int m = app_io_mode_from_name(i, name);
                if (m < 0)
                        return json_fail_member(c, standard[i].key, "\"%s\" is not known", name);
                ret->modes[i] = m;
        }
        if ((r = json_get_string(c, o, "logPath", JSON_OPTIONAL, &path)) < 0 ||
                        (r = json_get_int(c, o, "logFileSize", JSON_OPTIONAL,
                                         (int64_t) APP_LOG_FILE_SIZE_MIN, INT64_MAX, &size)) < 0 ||
                        (r = json_get_int(c, o, "logFileCount", JSON_OPTIONAL, 2, APP_LOG_FILE_COUNT_MAX,
                                         &count)) < 0)
                return r;
        if (path && !app_log_path_is_valid(path))
                return json_fail_member(c, "logPath", "\"%s\" does not lead below a directory", path);
        ret->log_path = xstrdup(path);
        ret->log_file_size = (uint64_t) size;
        ret->log_file_count = (unsigned) count;
        return 0;
}
