/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "app-io.h"

#include <errno.h>
#include <limits.h>

#include "alloc.h"
#include "option.h"
#include "quantity.h"
#include "strv.h"

static const char *const mode_names[] = {
        [APP_IO_NULL] = "null",
        [APP_IO_LOG] = "log",
        [APP_IO_STREAM] = "stream",
        [APP_IO_TTY] = "tty",
};

const char *app_io_mode_name(AppIoMode m) {
        return mode_names[m];
}

int app_io_mode_from_name(int descriptor, const char *name) {
        for (int i = 0; i < _APP_IO_MODE_MAX; i++)
                if (streq(mode_names[i], name) && (i != APP_IO_LOG || descriptor > 0))
                        return i;
        return -EINVAL;
}

bool app_log_path_is_valid(const char *path) {
        if (!*path || *path == '/' || strlen(path) >= PATH_MAX / 2 || endswith(path, "/"))
                return false;
        _cleanup_strv_ char **parts = strv_split(path, '/');
        STRV_FOREACH (part, parts)
                if (streq(*part, "..") || streq(*part, ".") || !**part)
                        return false;
        return true;
}

static int parse_mode(const char *value, int descriptor, AppIo *io, char **ret_error) {
        int m = app_io_mode_from_name(descriptor, value);
        if (m < 0) {
                *ret_error = xasprintf("\"%s\": expected %snull, stream or tty", value,
                                descriptor > 0 ? "log, " : "");
                return m;
        }
        io->modes[descriptor] = m;
        return 0;
}

static int parse_stdin(const char *value, AppIo *io, char **ret_error) {
        return parse_mode(value, 0, io, ret_error);
}

static int parse_stdout(const char *value, AppIo *io, char **ret_error) {
        return parse_mode(value, 1, io, ret_error);
}

static int parse_stderr(const char *value, AppIo *io, char **ret_error) {
        return parse_mode(value, 2, io, ret_error);
}

static int parse_log_path(const char *value, AppIo *io, char **ret_error) {
        if (!app_log_path_is_valid(value)) {
                *ret_error = xasprintf("\"%s\": expected a path below the pod's log directory", value);
                return -EINVAL;
        }
        io->log_path = xstrdup(value);
        return 0;
}

static int parse_size(const char *value, AppIo *io, char **ret_error) {
        Quantity q;
        int64_t bytes = quantity_parse(value, &q) < 0 ? -1 : quantity_value(q);
        if (bytes < (int64_t) APP_LOG_FILE_SIZE_MIN) {
                *ret_error = xasprintf("\"%s\": expected a size of 4Ki or more, such as 10Mi", value);
                return -EINVAL;
        }
        io->log_file_size = (uint64_t) bytes;
        return 0;
}

static int parse_count(const char *value, AppIo *io, char **ret_error) {
        uint64_t n;
        if (parse_uint(value, APP_LOG_FILE_COUNT_MAX, &n) < 0 || n < 2) {
                *ret_error = xasprintf("\"%s\": expected a number of files from 2 to %d", value,
                                APP_LOG_FILE_COUNT_MAX);
                return -EINVAL;
        }
        io->log_file_count = (unsigned) n;
        return 0;
}

int app_io_parse(const NameValueList *annotations, AppIo *ret, char **ret_error) {
        static const struct {
                const char *name;
                int (*parse)(const char *value, AppIo *io, char **ret_error);
        } table[] = {
                { APP_STDIN_ANNOTATION, parse_stdin },
                { APP_STDOUT_ANNOTATION, parse_stdout },
                { APP_STDERR_ANNOTATION, parse_stderr },
                { APP_LOG_PATH_ANNOTATION, parse_log_path },
                { APP_LOG_FILE_SIZE_ANNOTATION, parse_size },
                { APP_LOG_FILE_COUNT_ANNOTATION, parse_count },
        };
        _cleanup_app_io_ AppIo io = {
                .modes = { APP_IO_NULL, APP_IO_LOG, APP_IO_LOG },
                .log_file_count = APP_LOG_FILE_COUNT_DEFAULT,
        };
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *value = name_values_get(annotations, table[i].name);
                _cleanup_free_ char *problem = NULL;
                if (!value || table[i].parse(value, &io, &problem) >= 0)
                        continue;
                *ret_error = xasprintf("annotation %s: %s", table[i].name, problem);
                return -EINVAL;
        }
        if (app_io_has(&io, APP_IO_STREAM) && app_io_has(&io, APP_IO_TTY)) {
                *ret_error = xasprintf("its input and output are stdin=%s, stdout=%s, stderr=%s: an app has "
                                       "either streams or a tty",
                                mode_names[io.modes[0]], mode_names[io.modes[1]], mode_names[io.modes[2]]);
                return -EINVAL;
        }
        *ret = io;
        io = (AppIo){};
        return 0;
}

void app_io_done(AppIo *io) {
        free(io->log_path);
        *io = (AppIo){};
}

bool app_io_has(const AppIo *io, AppIoMode m) {
        return io->modes[0] == m || io->modes[1] == m || io->modes[2] == m;
}

bool app_io_attachable(const AppIo *io) {
        return app_io_has(io, APP_IO_STREAM) || app_io_has(io, APP_IO_TTY);
}

bool app_io_is_default(const AppIo *io) {
        return io->modes[0] == APP_IO_NULL && io->modes[1] == APP_IO_LOG && io->modes[2] == APP_IO_LOG &&
               !io->log_path;
}
