/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where an app's standard input, output and error lead, by rkt's annotations of apps and pods. */

#include <stdbool.h>
#include <stdint.h>

#include "name-value.h"

/* stdin: null (the default), stream, tty. stdout, stderr: log (the default), null, stream, tty. stream and
 * tty are for those who attach; an app has one of the two. */
#define APP_STDIN_ANNOTATION  "coreos.com/rkt/stage2/stdin"
#define APP_STDOUT_ANNOTATION "coreos.com/rkt/stage2/stdout"
#define APP_STDERR_ANNOTATION "coreos.com/rkt/stage2/stderr"

/* Of pods: a directory of the host; of apps: a file below it that takes what they write, in the form of the
 * Container Runtime Interface, in place of the journal. The names are rkt 1.x's. */
#define POD_LOG_DIR_ANNOTATION  "coreos.com/rkt/experiment/kubernetes-log-dir"
#define APP_LOG_PATH_ANNOTATION "coreos.com/rkt/experiment/kubernetes-log-path"
/* A file that has become so large is renamed to FILE.1, and so on, and a new one begins; so many files are
 * kept. No size: it grows. */
#define APP_LOG_FILE_SIZE_ANNOTATION  "coreos.com/rkt/stage2/log-file-size"
#define APP_LOG_FILE_COUNT_ANNOTATION "coreos.com/rkt/stage2/log-file-count"

#define APP_LOG_FILE_SIZE_MIN      (UINT64_C(4) << 10)
#define APP_LOG_FILE_COUNT_DEFAULT 5
#define APP_LOG_FILE_COUNT_MAX     1000

typedef enum AppIoMode {
        APP_IO_NULL,
        APP_IO_LOG,
        APP_IO_STREAM,
        APP_IO_TTY,
        _APP_IO_MODE_MAX,
} AppIoMode;

typedef struct AppIo {
        AppIoMode modes[3];      /* of descriptors 0, 1, 2 */
        char *log_path;          /* relative; NULL: the pod's journal */
        uint64_t log_file_size;  /* bytes; 0: no limit */
        unsigned log_file_count; /* with a size: 2 or more */
} AppIo;

const char *app_io_mode_name(AppIoMode m);
int app_io_mode_from_name(int descriptor, const char *name); /* -EINVAL: none that it can have */
/* A path below a directory: relative, and with nothing in it that leads up. */
bool app_log_path_is_valid(const char *path);

/* Annotations that are missing leave the default. -EINVAL with *ret_error (allocated). */
int app_io_parse(const NameValueList *annotations, AppIo *ret, char **ret_error);
void app_io_done(AppIo *io);
#define _cleanup_app_io_ _cleanup_(app_io_done)

bool app_io_is_default(const AppIo *io);
/* Whether one of the three is of that mode. */
bool app_io_has(const AppIo *io, AppIoMode m);
/* There is something to attach to. */
bool app_io_attachable(const AppIo *io);
