/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "archive-index.h"

#include <errno.h>
#include <limits.h>
#include <sys/mman.h>

#include "alloc.h"
#include "archive-index-form.h"
#include "file.h"
#include "option.h"
#include "process.h"
#include "strv.h"

#define TEXT_MAX      ((size_t) 64 * 1024 * 1024)
#define LINKS_MAX     8
#define LINE_MAX_SIZE (PATH_MAX + 64)

void archive_index_free(ArchiveIndex *i) {
        if (!i)
                return;
        for (size_t k = 0; k < i->n; k++) {
                free(i->members[k].name);
                free(i->members[k].target);
        }
        free(i->members);
        free(i);
}

/* A string with a NUL behind it, not longer than the longest path with what stands in front of it. */
static const char *take_string(const char **p, const char *end) {
        const char *s = *p, *nul = memchr(s, 0, end - s);
        if (!nul || nul - s > LINE_MAX_SIZE)
                return NULL;
        *p = nul + 1;
        return s;
}

static bool kind_is_valid(char kind) {
        return kind == ARCHIVE_INDEX_FILE || kind == ARCHIVE_INDEX_SYMLINK || kind == ARCHIVE_INDEX_HARDLINK;
}

/* "KIND OFFSET SIZE NAME" */
static bool parse_line(const char *line, ArchiveMember *m) {
        m->kind = line[0];
        if (!kind_is_valid(m->kind) || line[1] != ' ')
                return false;
        const char *size = strchr(line + 2, ' '), *name = size ? strchr(size + 1, ' ') : NULL;
        if (!name)
                return false;
        _cleanup_free_ char *offset_text = xstrndup(line + 2, size - line - 2),
                            *size_text = xstrndup(size + 1, name - size - 1);
        if (parse_uint(offset_text, INT64_MAX, &m->offset) < 0 ||
                        parse_uint(size_text, INT64_MAX, &m->size) < 0)
                return false;
        m->name = xstrdup(name + 1);
        return true;
}

static int compare_members(const void *a, const void *b) {
        return strcmp(((const ArchiveMember *) a)->name, ((const ArchiveMember *) b)->name);
}

static bool parse_members(const char *text, size_t size, ArchiveIndex *index) {
        const char *p = text, *end = text + size;
        while (p < end) {
                const char *line = take_string(&p, end);
                if (!line || index->n >= ARCHIVE_INDEX_MAX)
                        return false;
                xgrow(&index->members, index->n);
                ArchiveMember *m = &index->members[index->n];
                *m = (ArchiveMember){};
                if (!parse_line(line, m))
                        return false;
                index->n++;
                if (m->kind == ARCHIVE_INDEX_FILE)
                        continue;
                const char *target = take_string(&p, end);
                if (!target)
                        return false;
                m->target = xstrdup(target);
        }
        if (index->n > 0)
                qsort(index->members, index->n, sizeof(*index->members), compare_members);
        return true;
}

int archive_index_parse(const char *text, size_t size, ArchiveIndex **ret, char **ret_error) {
        _cleanup_archive_index_ ArchiveIndex *index = xnew(ArchiveIndex, 1);
        if (size > 1 && text[0] == ARCHIVE_INDEX_FAILED) {
                *ret_error = xstrndup(text + 1, size - 1);
                return -EBADMSG;
        }
        if (size == 0 || text[0] != ARCHIVE_INDEX_DONE || !parse_members(text + 1, size - 1, index)) {
                *ret_error = xstrdup("the process that reads the archive gave an index that makes no sense");
                return -EPROTO;
        }
        *ret = TAKE_PTR(index);
        return 0;
}

static int run(int archive, int output, int index) {
        _cleanup_free_ char *path = process_helper("rkt-archive-index");
        _cleanup_strv_ char **argv = NULL;
        const int fds[] = { archive, output, index };
        strv_add(&argv, path);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                strv_push(&argv, xasprintf("%d", fds[i]));
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0)
                        fd_close_on_exec(fds[i], false);
        int r = process_run(argv, -1);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0)
                        fd_close_on_exec(fds[i], true);
        return r;
}

int archive_index_make(int archive, int output, ArchiveIndex **ret, char **ret_error) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        _cleanup_close_ int fd = memfd_create("index", MFD_CLOEXEC);
        int r = fd < 0 ? -errno : run(archive, output, fd);
        if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        if (r == 0)
                r = read_fd(fd, TEXT_MAX, &text, &size);
        if (r != 0) {
                *ret_error = r < 0 ? xasprintf("cannot read the archive: %s", strerror(-r))
                                   : xasprintf("the process that reads the archive failed with status %d",
                                                     r);
                return r < 0 ? r : -ECHILD;
        }
        return archive_index_parse(text, size, ret, ret_error);
}

/* The name that a target means: ".." and "." are taken out, and nothing is above the top. */
static char *resolve(const char *directory, const char *target) {
        _cleanup_free_ char *joined = xasprintf("%s/%s", target[0] == '/' ? "" : directory, target);
        _cleanup_strv_ char **parts = strv_split(joined, '/'), **kept = strv_copy(NULL);
        STRV_FOREACH (part, parts) {
                size_t n = strv_length(kept);
                if (streq(*part, "..") && n > 0) {
                        free(kept[n - 1]);
                        kept[n - 1] = NULL;
                } else if (**part && !streq(*part, ".") && !streq(*part, "..")) {
                        strv_add(&kept, *part);
                }
        }
        return strv_join(kept, "/");
}

static char *link_name(const ArchiveMember *m) {
        const char *slash = strrchr(m->name, '/');
        _cleanup_free_ char *directory = slash ? xstrndup(m->name, slash - m->name) : xstrdup("");
        return resolve(m->kind == ARCHIVE_INDEX_HARDLINK ? "" : directory, m->target);
}

int archive_index_find(
                const ArchiveIndex *i, const char *name, const ArchiveMember **ret, char **ret_error) {
        _cleanup_free_ char *wanted = resolve("", name);
        for (size_t links = 0; links <= LINKS_MAX; links++) {
                const ArchiveMember key = { .name = wanted }, *end = i->members + i->n, *m;
                m = i->n ? bsearch(&key, i->members, i->n, sizeof(key), compare_members) : NULL;
                if (!m) {
                        *ret_error = xasprintf("there is no file \"%s\" in it", name);
                        return -ENOENT;
                }
                if ((m > i->members && streq(m[-1].name, wanted)) ||
                                (m + 1 < end && streq(m[1].name, wanted))) {
                        *ret_error = xasprintf("there are two files \"%s\" in it", wanted);
                        return -EEXIST;
                }
                if (m->kind == ARCHIVE_INDEX_FILE) {
                        *ret = m;
                        return 0;
                }
                free(wanted);
                wanted = link_name(m);
        }
        *ret_error = xasprintf("\"%s\" is one of too many links", name);
        return -ELOOP;
}
