/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Build-time program: seccomp-generate DEFAULT.list SETS.list CALLS.list FILTER.c LISTS.c. FILTER.c holds
 * the default filter as BPF, and a number that stands for the lists; LISTS.c holds the lists as text, for
 * rkt-seccomp. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "alloc.h"
#include "file.h"
#include "filter-compile.h"
#include "hash.h"
#include "log.h"

static int read_list(const char *path, char **ret) {
        int r = read_file_at(AT_FDCWD, path, 1024 * 1024, ret, NULL);
        return r < 0 ? log_error_errno(r, "%s", path) : 0;
}

/* Tells one state of the lists from another. */
static uint64_t lists_id(const FilterLists *l) {
        return hash_text(hash_text(hash_text(HASH_BEGIN, l->defaults), l->sets), l->calls);
}

static void print_text(FILE *f, const char *name, const char *text) {
        fprintf(f, "static const char %s[] =\n        \"", name);
        for (; *text; text++)
                if (*text == '\n')
                        fputs(text[1] ? "\\n\"\n        \"" : "\\n", f);
                else {
                        if (*text == '"' || *text == '\\')
                                fputc('\\', f);
                        fputc(*text, f);
                }
        fprintf(f, "\";\n");
}

static int write_lists(const char *path, const FilterLists *l) {
        _cleanup_fclose_ FILE *f = fopen(path, "we");
        if (!f)
                return log_error_errno(errno, "%s", path);
        fprintf(f, "/* made by seccomp-generate */\n#include \"filter-lists.h\"\n\n");
        print_text(f, "defaults", l->defaults);
        print_text(f, "sets", l->sets);
        print_text(f, "calls", l->calls);
        fprintf(f, "const FilterLists filter_lists = { defaults, sets, calls };\n");
        return 0;
}

static int write_filter(const char *path, const FilterLists *l) {
        _cleanup_free_ struct sock_filter *code = NULL;
        _cleanup_free_ char *error = NULL;
        char name[] = "@rkt/default-whitelist", *names[] = { name, NULL };
        size_t n;
        FilterSource source = { .retain = true, .error = EPERM, .names = names };
        int r = filter_compile(l, &source, &code, &n, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        _cleanup_fclose_ FILE *f = fopen(path, "we");
        if (!f)
                return log_error_errno(errno, "%s", path);
        fprintf(f, "/* made by seccomp-generate */\n#include \"syscall-filter.h\"\n\n"
                   "const struct sock_filter seccomp_default[] = {\n");
        for (size_t i = 0; i < n; i++)
                fprintf(f, "        { 0x%04x, %u, %u, 0x%08x },\n", code[i].code, code[i].jt, code[i].jf,
                                code[i].k);
        fprintf(f, "};\nconst size_t seccomp_default_length = %zu;\n", n);
        fprintf(f, "const char seccomp_lists_id[] = \"%016" PRIx64 "\";\n", lists_id(l));
        return 0;
}

int main(int argc, char **argv) {
        _cleanup_free_ char *defaults = NULL, *sets = NULL, *calls = NULL;
        if (argc != 6) {
                fprintf(stderr, "usage: seccomp-generate DEFAULT.list SETS.list CALLS.list FILTER.c "
                                "LISTS.c\n");
                return 2;
        }
        if (read_list(argv[1], &defaults) < 0 || read_list(argv[2], &sets) < 0 ||
                        read_list(argv[3], &calls) < 0)
                return 1;
        FilterLists lists = { defaults, sets, calls };
        return write_filter(argv[4], &lists) < 0 || write_lists(argv[5], &lists) < 0;
}
