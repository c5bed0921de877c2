/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <errno.h>

#include "alloc.h"

static const char *log_name = "rkt";
static bool log_debugging = false;
static void (*log_before)(void);
static char **log_captured;

void log_init(const char *name) {
        log_name = name;
}

void log_set_debug(bool on) {
        log_debugging = on;
}

bool log_debug_enabled(void) {
        return log_debugging;
}

void log_set_before(void (*before)(void)) {
        log_before = before;
}

void log_capture(char **into) {
        log_captured = into;
}

static void capture(const char *message, int error) {
        char *before = *log_captured;
        *log_captured = xasprintf("%s%s%s%s%s", before ?: "", before ? "\n" : "", message, error ? ": " : "",
                        error ? strerror(error) : "");
        free(before);
}

/* Messages quote words of files, images and servers: none of that is for the terminal to obey. */
static void disarm(char *message) {
        for (char *p = message; *p; p++)
                if (((unsigned char) *p < ' ' && *p != '\n' && *p != '\t') || *p == 0x7f)
                        *p = '?';
}

/* One write for each line, so that lines of processes that share a terminal do not mix. */
static void log_line(int error, const char *format, va_list ap) {
        char message[4096], line[4352];

        vsnprintf(message, sizeof(message), format, ap);
        size_t n = strlen(message);
        while (n > 0 && message[n - 1] == '\n')
                message[--n] = 0;
        disarm(message);
        if (log_captured) {
                capture(message, error);
                return;
        }

        int len = error ? snprintf(line, sizeof(line), "%s: %s: %s\n", log_name, message, strerror(error))
                        : snprintf(line, sizeof(line), "%s: %s\n", log_name, message);
        if (len >= (int) sizeof(line)) {
                len = sizeof(line);
                line[len - 1] = '\n';
        }
        if (log_before)
                log_before();
        if (write(STDERR_FILENO, line, len) < 0)
                return; /* nobody left to tell */
}

#define LOG_WITH(error, format)                                                                             \
        do {                                                                                                \
                int _saved = errno;                                                                         \
                va_list ap;                                                                                 \
                va_start(ap, format);                                                                       \
                log_line(error, format, ap);                                                                \
                va_end(ap);                                                                                 \
                errno = _saved;                                                                             \
        } while (0)

void log_error(const char *format, ...) {
        LOG_WITH(0, format);
}

void log_warning(const char *format, ...) {
        LOG_WITH(0, format);
}

void log_info(const char *format, ...) {
        LOG_WITH(0, format);
}

void log_debug(const char *format, ...) {
        if (log_debugging)
                LOG_WITH(0, format);
}

int log_error_errno(int error, const char *format, ...) {
        error = abs(error);
        LOG_WITH(error, format);
        return -error;
}

int log_warning_errno(int error, const char *format, ...) {
        error = abs(error);
        LOG_WITH(error, format);
        return -error;
}

int log_debug_errno(int error, const char *format, ...) {
        error = abs(error);
        if (log_debugging)
                LOG_WITH(error, format);
        return -error;
}
