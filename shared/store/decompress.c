/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decompress.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "alloc.h"
#include "gunzip.h"

#define INPUT_SIZE ((size_t) 256 * 1024)
#define MAGIC_MAX  6

typedef struct Format {
        const char *name;
        const char *magic;
        size_t magic_size;
        int filter; /* libarchive's; 0: done here */
        ssize_t (*read)(Decompressor *d, uint8_t *buffer, size_t size);
} Format;

struct Decompressor {
        int fd, follow; /* follow: -1: fd has all of it */
        const Format *format;
        uint8_t *input; /* what was read from fd and not used: start to end */
        size_t start, end;
        bool at_end;
        uint64_t consumed;
        Gunzip *gunzip;
        bool member_ended;
        struct archive *filter;
        char *error;
        int error_number;
};

static ssize_t fail(Decompressor *d, int error, const char *format, ...) _printf_(3, 4);
static ssize_t fail(Decompressor *d, int error, const char *format, ...) {
        va_list ap;
        va_start(ap, format);
        free(d->error);
        d->error = xvasprintf(format, ap);
        va_end(ap);
        return d->error_number = -abs(error);
}

/* Something has been appended, or all has: then there is one last look. */
static int wait_for_more(Decompressor *d) {
        uint8_t signs[4096];
        ssize_t n;
        while ((n = read(d->follow, signs, sizeof(signs))) < 0)
                if (errno != EINTR)
                        return fail(d, errno, "cannot wait for more of the archive: %s", strerror(errno));
        if (n == 0)
                d->follow = -1;
        return 0;
}

static ssize_t read_input(Decompressor *d, uint8_t *buffer, size_t size) {
        for (;;) {
                ssize_t n = read(d->fd, buffer, size);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return fail(d, errno, "cannot read the archive: %s", strerror(errno));
                if (n > 0 || d->follow < 0) {
                        d->at_end = n == 0;
                        d->consumed += n;
                        return n;
                }
                int r = wait_for_more(d);
                if (r < 0)
                        return r;
        }
}

/* Makes sure that something is in the input buffer. 0 at the end, 1, or an error. */
static int fill(Decompressor *d, size_t wanted) {
        if (d->start == d->end)
                d->start = d->end = 0;
        while (!d->at_end && d->end - d->start < wanted) {
                ssize_t n = read_input(d, d->input + d->end, INPUT_SIZE - d->end);
                if (n < 0)
                        return n;
                d->end += n;
        }
        return d->end > d->start;
}

static ssize_t read_plain(Decompressor *d, uint8_t *buffer, size_t size) {
        size_t done = MIN(size, d->end - d->start);
        memcpy(buffer, d->input + d->start, done);
        d->start += done;
        while (done < size && !d->at_end) {
                ssize_t n = read_input(d, buffer + done, size - done);
                if (n < 0)
                        return n;
                done += n;
        }
        return done;
}

static int next_member(Decompressor *d) {
        int r = fill(d, 1);
        if (r <= 0)
                return r;
        if (d->input[d->start] != 0x1f)
                return fail(d, EBADMSG,
                                "something that is not gzip follows the compressed data, at byte %llu",
                                (unsigned long long) (d->consumed - (d->end - d->start)));
        gunzip_restart(d->gunzip);
        d->member_ended = false;
        return 1;
}

static ssize_t read_gzip(Decompressor *d, uint8_t *buffer, size_t size) {
        GunzipBuffers b = { .out = buffer, .out_size = size };
        int r;
        if (!d->gunzip)
                d->gunzip = gunzip_new();
        while (b.out_size > 0) {
                if (d->member_ended && (r = next_member(d)) <= 0)
                        return r < 0 ? r : (ssize_t) (size - b.out_size);
                if ((r = fill(d, 1)) < 0)
                        return r;
                size_t in = d->end - d->start, out = b.out_size;
                b.in = d->input + d->start;
                b.in_size = in;
                r = gunzip_step(d->gunzip, &b);
                d->start = d->end - b.in_size;
                if (r < 0)
                        return fail(d, r, "the gzip data is damaged, before byte %llu",
                                        (unsigned long long) (d->consumed - b.in_size));
                if (r == 0 && b.in_size == in && b.out_size == out && (d->at_end || in > 0))
                        return fail(d, EBADMSG,
                                        d->at_end ? "the gzip data is truncated: it ends after %llu bytes"
                                                  : "the gzip data is damaged, at byte %llu",
                                        (unsigned long long) d->consumed);
                d->member_ended = r == 1;
        }
        return size;
}

static ssize_t give_input(struct archive *a, void *userdata, const void **ret) {
        Decompressor *d = userdata;
        int r = fill(d, 1);
        if (r < 0) {
                archive_set_error(a, -r, "%s", d->error);
                return -1;
        }
        size_t size = d->end - d->start;
        *ret = d->input + d->start;
        d->start = d->end;
        return size;
}

static int open_filter(Decompressor *d) {
        struct archive_entry *entry;
        d->filter = archive_read_new();
        archive_read_support_format_raw(d->filter);
        if (archive_read_append_filter(d->filter, d->format->filter) != ARCHIVE_OK ||
                        archive_read_open(d->filter, d, NULL, give_input, NULL) != ARCHIVE_OK ||
                        archive_read_next_header(d->filter, &entry) != ARCHIVE_OK)
                return fail(d, EBADMSG, "the %s data is damaged: %s", d->format->name,
                                archive_error_string(d->filter));
        return 0;
}

static ssize_t read_filter(Decompressor *d, uint8_t *buffer, size_t size) {
        int r;
        if (!d->filter && (r = open_filter(d)) < 0)
                return r;
        size_t done = 0;
        while (done < size) {
                ssize_t n = archive_read_data(d->filter, buffer + done, size - done);
                if (n == 0)
                        break;
                if (n < 0)
                        return fail(d, EBADMSG, "the %s data is damaged or truncated, before byte %llu: %s",
                                        d->format->name, (unsigned long long) d->consumed,
                                        archive_error_string(d->filter));
                done += n;
        }
        return done;
}

static const Format formats[] = {
        { "gzip", "\x1f\x8b", 2, 0, read_gzip },
        { "bzip2", "BZh", 3, ARCHIVE_FILTER_BZIP2, read_filter },
        { "xz",
                        "\xfd"
                        "7zXZ",
                        6, ARCHIVE_FILTER_XZ, read_filter },
        { "zstd", "\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD, read_filter },
        { "tar", "", 0, 0, read_plain },
};

Decompressor *decompressor_new(int fd) {
        Decompressor *d = xnew(Decompressor, 1);
        d->fd = fd;
        d->follow = -1;
        d->input = xmalloc(INPUT_SIZE);
        return d;
}

void decompressor_follow(Decompressor *d, int follow) {
        d->follow = follow;
}

void decompressor_free(Decompressor *d) {
        if (d->gunzip)
                gunzip_free(d->gunzip);
        if (d->filter)
                archive_read_free(d->filter);
        free(d->input);
        free(d->error);
        free(d);
}

ssize_t decompressor_read(Decompressor *d, uint8_t *buffer, size_t size) {
        if (d->error)
                return d->error_number;
        if (!d->format) {
                int r = fill(d, MAGIC_MAX);
                if (r < 0)
                        return r;
                d->format = formats;
                while (d->end - d->start < d->format->magic_size ||
                                memcmp(d->input + d->start, d->format->magic, d->format->magic_size) != 0)
                        d->format++;
        }
        return d->format->read(d, buffer, size);
}

const char *decompressor_error(const Decompressor *d) {
        return d->error;
}

const char *decompressor_format(const Decompressor *d) {
        return d->format ? d->format->name : NULL;
}

uint64_t decompressor_consumed(const Decompressor *d) {
        return d->consumed;
}
