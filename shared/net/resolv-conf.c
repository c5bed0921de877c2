/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resolv-conf.h"

#include <fcntl.h>

#include "alloc.h"
#include "file.h"
#include "strv.h"

#define RESOLV_CONF_MAX 65536

static void take_line(char *line, CniDns *d) {
        char *save, *key = strtok_r(line, " \t\r", &save), *word;
        if (!key || *key == '#' || *key == ';')
                return;
        char ***list = streq(key, "nameserver") ? &d->nameservers
                       : streq(key, "search")   ? &d->search
                       : streq(key, "options")  ? &d->options
                                                : NULL;
        while ((word = strtok_r(NULL, " \t\r", &save)))
                if (list)
                        strv_add(list, word);
                else if (streq(key, "domain")) {
                        free(d->domain);
                        d->domain = xstrdup(word);
                }
}

int resolv_conf_read(const char *path, CniDns *ret) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, path, RESOLV_CONF_MAX, &text, &size);
        if (r < 0)
                return r;
        char *save, *line = strtok_r(text, "\n", &save);
        for (; line; line = strtok_r(NULL, "\n", &save))
                take_line(line, ret);
        return 0;
}
