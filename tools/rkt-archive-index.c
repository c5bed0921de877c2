/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process that looks for the members of a tar archive: where in it each begins, and how long it is, so
 * that who started it can take them from there without reading tar itself. A compressed archive is
 * uncompressed on the way. It is given everything as descriptors and shuts itself in; no part of the command
 * line for people. Started by shared/image/archive-index.c.
 *
 * rkt-archive-index ARCHIVE OUTPUT INDEX: numbers of descriptors. OUTPUT takes the uncompressed archive;
 * "-1": ARCHIVE is not compressed, and can be sought in. INDEX takes what archive-index.h says. */

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "alloc.h"
#include "archive-index-form.h"
#include "decompress.h"
#include "entry-path.h"
#include "file.h"
#include "log.h"
#include "option.h"
#include "process.h"
#include "unpack-sandbox.h"
#include "unpack.h"

#define MEMORY_MAX  (UINT64_C(1) << 30)
#define BUFFER_SIZE ((size_t) 256 * 1024)

static int archive_fd, output_fd, index_fd;
static uint8_t buffer[BUFFER_SIZE];

static _noreturn_ void finish(const char *text, size_t size) {
        _exit(write_all(index_fd, text, size) < 0 ? EXIT_RKT_FAILURE : 0);
}

static _noreturn_ void fail(const char *format, ...) _printf_(1, 2);
static _noreturn_ void fail(const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        _cleanup_free_ char *message = xvasprintf(format, ap);
        va_end(ap);
        _cleanup_free_ char *text = xasprintf("%c%.2000s", ARCHIVE_INDEX_FAILED, message);
        finish(text, strlen(text));
}

static uint64_t limit(const char *variable, uint64_t otherwise) {
        const char *value = getenv(variable);
        uint64_t number;
        return value && parse_uint(value, INT64_MAX, &number) >= 0 ? number : otherwise;
}

static void uncompress(void) {
        uint64_t size = 0, max_size = limit("RKT_UNPACK_MAX_SIZE", UNPACK_DEFAULT_SIZE),
                 max_ratio = MAX(limit("RKT_UNPACK_MAX_RATIO", UNPACK_DEFAULT_RATIO), 1U);
        _cleanup_decompressor_ Decompressor *d = decompressor_new(archive_fd);
        for (;;) {
                ssize_t n = decompressor_read(d, buffer, sizeof(buffer));
                if (n < 0)
                        fail("%s", decompressor_error(d));
                if (n == 0)
                        break;
                size += n;
                if (size > max_size)
                        fail("larger than %" PRIu64 " bytes when uncompressed", max_size);
                if (size > UNPACK_RATIO_FREE && size / max_ratio > decompressor_consumed(d))
                        fail("uncompressed it is more than %" PRIu64 " times as large", max_ratio);
                int r = write_all(output_fd, buffer, n);
                if (r < 0)
                        fail("cannot write the uncompressed archive: %s", strerror(-r));
        }
        if (lseek(output_fd, 0, SEEK_SET) < 0)
                fail("cannot rewind the uncompressed archive: %s", strerror(errno));
        archive_fd = output_fd;
}

/* Callbacks instead of archive_read_open_fd, which wants more system calls than there are here. */
static ssize_t read_archive(struct archive *a, _unused_ void *userdata, const void **ret) {
        ssize_t n;
        do
                n = read(archive_fd, buffer, sizeof(buffer));
        while (n < 0 && errno == EINTR);
        if (n < 0)
                archive_set_error(a, errno, "cannot read the archive: %s", strerror(errno));
        *ret = buffer;
        return n;
}

static int64_t skip(_unused_ struct archive *a, _unused_ void *userdata, int64_t size) {
        return lseek(archive_fd, size, SEEK_CUR) < 0 ? 0 : size;
}

static void write_member(FILE *f, struct archive *a, struct archive_entry *entry) {
        char name[PATH_MAX];
        const char *path = archive_entry_pathname(entry), *problem, *link = archive_entry_hardlink(entry);
        if (!path)
                fail("an entry at offset %" PRIi64 " has a name that cannot be read",
                                (int64_t) archive_read_header_position(a));
        problem = entry_path_normalize(path, name);
        if (problem)
                fail("entry \"%s\": %s", path, problem);
        if (link)
                fprintf(f, "%c 0 0 %s%c%s%c", ARCHIVE_INDEX_HARDLINK, name, 0, link, 0);
        else if (archive_entry_filetype(entry) == AE_IFLNK)
                fprintf(f, "%c 0 0 %s%c%s%c", ARCHIVE_INDEX_SYMLINK, name, 0,
                                archive_entry_symlink(entry) ?: "", 0);
        else if (archive_entry_filetype(entry) == AE_IFREG && archive_entry_sparse_count(entry) == 0)
                fprintf(f, "%c %" PRIi64 " %" PRIi64 " %s%c", ARCHIVE_INDEX_FILE,
                                (int64_t) archive_filter_bytes(a, 0), (int64_t) archive_entry_size(entry),
                                name, 0);
}

static void write_index(FILE *f) {
        struct archive *a = archive_read_new();
        struct archive_entry *entry;
        size_t n = 0;
        if (!a)
                fail("%s", strerror(ENOMEM));
        archive_read_support_filter_none(a);
        archive_read_support_format_tar(a);
        int r = archive_read_open2(a, NULL, NULL, read_archive, skip, NULL);
        while (r >= ARCHIVE_WARN && (r = archive_read_next_header(a, &entry)) >= ARCHIVE_WARN &&
                        r != ARCHIVE_EOF) {
                if (++n > ARCHIVE_INDEX_MAX)
                        fail("more than %d entries", ARCHIVE_INDEX_MAX);
                write_member(f, a, entry);
        }
        if (r != ARCHIVE_EOF)
                fail("is not a tar archive that can be read: %s",
                                archive_error_string(a) ?: "unknown error");
        archive_read_free(a);
}

static int parse_arguments(int argc, char **argv) {
        int *const fds[] = { &archive_fd, &output_fd, &index_fd };
        int64_t number;
        if (argc != ELEMENTSOF(fds) + 1)
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                int r = parse_int(argv[i + 1], -1, INT32_MAX, &number);
                if (r < 0)
                        return r;
                *fds[i] = (int) number;
        }
        return 0;
}

/* A bound for what a hostile archive can make libraries allocate. Not with AddressSanitizer, which reserves
 * terabytes. */
static void limit_memory(void) {
#ifndef __SANITIZE_ADDRESS__
        struct rlimit memory = { MEMORY_MAX, MEMORY_MAX };
        setrlimit(RLIMIT_AS, &memory);
#endif
}

int main(int argc, char **argv) {
        int root = -1;
        bool privileged;
        process_begin("image");
        setlocale(LC_CTYPE, "C.UTF-8"); /* names that are not ASCII, whatever the user's locale is */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (parse_arguments(argc, argv) < 0) {
                log_error("rkt-archive-index: internal to rkt, not to be called");
                return EXIT_RKT_FAILURE;
        }
        limit_memory();
        int r = unpack_sandbox_enter(&root, &privileged);
        if (r < 0)
                fail("cannot confine the process that reads the archive: %s", strerror(-r));
        if (output_fd >= 0)
                uncompress();

        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        if (!f)
                fail("%s", strerror(ENOMEM));
        fputc(ARCHIVE_INDEX_DONE, f);
        write_index(f);
        fclose(f);
        finish(text, size);
}
