/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit-name.h"

#include <ctype.h>
#include <limits.h>

#include "alloc.h"

char *unit_escape(const char *s) {
        char *escaped = xmalloc(strlen(s) * 4 + 1), *p = escaped;
        for (const char *c = s; *c; c++) {
                if (*c == '/')
                        *p++ = '-';
                else if (isalnum((unsigned char) *c) || strchr(":_", *c) || (*c == '.' && c != s))
                        *p++ = *c;
                else
                        p += sprintf(p, "\\x%02x", (unsigned char) *c);
        }
        *p = 0;
        return escaped;
}

char *unit_scope_of_machine(const char *machine) {
        _cleanup_free_ char *escaped = unit_escape(machine);
        return xasprintf("machine-%s.scope", escaped);
}

char *unit_of_cgroup(const char *cgroup) {
        for (const char *p = cgroup + strspn(cgroup, "/"); *p; p += strspn(p, "/")) {
                _cleanup_free_ char *part = xstrndup(p, strcspn(p, "/"));
                p += strlen(part);
                if (endswith(part, ".slice"))
                        continue;
                /* A name that the kernel would take for one of its own files is prefixed with "_". */
                const char *name = part + (*part == '_');
                return endswith(name, ".service") || endswith(name, ".scope") ? xstrdup(name) : NULL;
        }
        return NULL;
}

bool unit_keeps_pod(const char *cgroup, const char *invocation_id, const char *units) {
        if (isempty(invocation_id) || startswith(cgroup, "/user.slice/"))
                return false;
        _cleanup_free_ char *unit = unit_of_cgroup(cgroup);
        if (!unit || !endswith(unit, ".service"))
                return false;

        char id[PATH_MAX];
        _cleanup_free_ char *link = xasprintf("%s/invocation:%s", units, unit);
        ssize_t n = readlink(link, id, sizeof(id) - 1);
        if (n < 0)
                return false;
        id[n] = 0;
        return streq(id, invocation_id);
}
