/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Compiles the system call filter of an app for stage1, once for each set of calls: what runs a pod must
 * neither load libseccomp nor wait for it. */

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "filter-cache.h"
#include "filter-lists.h"
#include "filter-rules.h"
#include "log.h"
#include "option.h"
#include "process.h"
#include "strv.h"

static char *cache;

static const Option options[] = {
        { "cache", OPTION_STRING, &cache,
                        "directory to put the filter into; without it, the words are only checked",
                        .shown_default = "DIR" },
        {},
};

static const Command command = {
        .name = "seccomp",
        .usage = "[--cache=DIR] retain|remove ERROR|kill NAME|@WILDCARD…",
        .summary = "Compile a system call filter (called by stage1)",
        .options = options,
        .helper = true,
        .stop_at_argument = true,
};

static int parse(char **words, FilterSource *ret) {
        if (strv_length(words) < 3 || (!streq(words[0], "retain") && !streq(words[0], "remove"))) {
                log_error("expected retain or remove, an error or kill, and names of system calls");
                return -EINVAL;
        }
        *ret = (FilterSource){ .retain = streq(words[0], "retain"), .names = words + 2 };
        if (streq(words[1], "kill"))
                return 0;
        ret->error = filter_error_number(words[1]);
        if (ret->error < 0)
                log_error("\"%s\" is not an error: expected a name such as EPERM", words[1]);
        return MIN(ret->error, 0);
}

static int keep(char **words, const FilterSource *s, const SyscallFilter *filter) {
        _cleanup_free_ char *source = filter_source(s->retain, s->error ? words[1] : NULL, s->names);
        _cleanup_close_ int fd = open(cache, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = fd < 0 ? -errno : filter_cache_store(fd, source, filter);
        return r < 0 ? log_error_errno(r, "cannot put the filter into %s", cache) : 0;
}

static int run(char **words) {
        FilterSource source;
        _cleanup_free_ char *error = NULL;
        _cleanup_free_ struct sock_filter *code = NULL;
        size_t n;
        int r = parse(words, &source);
        if (r < 0)
                return r;
        r = filter_compile(&filter_lists, &source, &code, &n, &error);
        if (r < 0) {
                log_error("%s", error);
                return r;
        }
        return cache ? keep(words, &source, &(SyscallFilter){ .code = code, .n = n }) : 0;
}

int main(int argc, char **argv) {
        _cleanup_strv_ char **arguments = NULL;
        process_begin("seccomp");
        int r = command_parse(&command, argc, argv, &arguments);
        if (r != 0)
                return r < 0 ? EXIT_RKT_FAILURE : 0;
        return run(arguments) < 0 ? EXIT_RKT_FAILURE : 0;
}
