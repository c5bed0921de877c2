/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "filter-cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/utsname.h>

#include "alloc.h"
#include "file.h"
#include "hash.h"
#include "strv.h"

#define FORMAT      "rkt-seccomp 1"
#define SOURCE_MAX  (64 * 1024)
#define PROGRAM_MAX (BPF_MAXINSNS * sizeof(struct sock_filter))

char *filter_source(bool retain, const char *error_name, char *const *names) {
        _cleanup_strv_ char **sorted = strv_copy(names), **lines = strv_copy(NULL);
        qsort(sorted, strv_length(sorted), sizeof(*sorted), string_compare);
        strv_push(&lines, xasprintf("%s %s", retain ? "retain" : "remove", error_name ?: "kill"));
        STRV_FOREACH (name, sorted)
                if (name == sorted || !streq(*name, name[-1]))
                        strv_add(&lines, *name);
        return strv_join(lines, "\n");
}

/* What the file begins with. */
static char *header(const char *source) {
        struct utsname u;
        uname(&u);
        return xasprintf(FORMAT " %s %s\n%s\n\n", u.machine, seccomp_lists_id, source);
}

/* Two sources with the same hash push each other out, no more. */
char *filter_cache_name(const char *source) {
        _cleanup_free_ char *head = header(source);
        return xasprintf("%016" PRIx64, hash_text(HASH_BEGIN, head));
}

/* A filter decides what an app may do: what somebody else than root could have put here is not one. */
static int open_trusted(int cachefd, const char *name) {
        struct stat st;
        _cleanup_close_ int fd = openat(cachefd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022))
                return -EPERM;
        return TAKE_FD(fd);
}

int filter_cache_load(int cachefd, const char *source, SyscallFilter *ret) {
        _cleanup_free_ char *head = header(source), *name = filter_cache_name(source), *text = NULL;
        size_t size, n = strlen(head);
        _cleanup_close_ int fd = open_trusted(cachefd, name);
        int r = fd < 0 ? fd : read_fd(fd, SOURCE_MAX + PROGRAM_MAX, &text, &size);
        if (r < 0)
                return r;
        if (size <= n || memcmp(text, head, n) != 0 || (size - n) % sizeof(struct sock_filter) != 0 ||
                        size - n > PROGRAM_MAX)
                return -ENOENT;
        struct sock_filter *code = xmalloc(size - n);
        memcpy(code, text + n, size - n);
        *ret = (SyscallFilter){ .code = code, .n = (size - n) / sizeof(*code), .allocated = code };
        return 0;
}

int filter_cache_store(int cachefd, const char *source, const SyscallFilter *filter) {
        _cleanup_free_ char *head = header(source), *name = filter_cache_name(source);
        size_t n = strlen(head), size = n + filter->n * sizeof(*filter->code);
        _cleanup_free_ char *text = xmalloc(size);
        memcpy(text, head, n);
        memcpy(text + n, filter->code, size - n);
        return replace_file_at(cachefd, name, text, size, 0644, false);
}
