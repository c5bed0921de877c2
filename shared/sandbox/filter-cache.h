/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* System call filters that rkt-seccomp has compiled, as files of a directory (DATA/seccomp). The name of a
 * file is a hash of what it was compiled from; the file begins with that in full, so a file that was made
 * from something else is a miss, as is one of another machine, of other lists or of another version. Files
 * are put in place by rename and never changed: any of them may be removed at any time. */

#include "syscall-filter.h"

/* What an app asks for, in the one form that names a file: names sorted, each once. error is the name of an
 * errno or NULL, which kills. Allocated. */
char *filter_source(bool retain, const char *error_name, char *const *names);

char *filter_cache_name(const char *source); /* of its file; allocated */

/* -ENOENT if it is not there, -EPERM if others than root could have written it. */
int filter_cache_load(int cachefd, const char *source, SyscallFilter *ret);
int filter_cache_store(int cachefd, const char *source, const SyscallFilter *filter);
