/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run-arguments.h"

#include <errno.h>

#include "alloc.h"
#include "log.h"
#include "strv.h"

static int parse_file_mode(const char *value, bool none_allowed, PlanFile *ret) {
        static const struct {
                const char *name;
                PlanFile mode;
        } names[] = {
                { "default", PLAN_FILE_DEFAULT },
                { "host", PLAN_FILE_HOST },
                { "stage0", PLAN_FILE_STAGE0 },
                { "none", PLAN_FILE_NONE },
        };
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].name, value) && (none_allowed || names[i].mode != PLAN_FILE_NONE)) {
                        *ret = names[i].mode;
                        return 0;
                }
        return -EINVAL;
}

int run_arguments_dns_mode(const char *modes, PlanRequest *q) {
        if (isempty(modes))
                return 0;
        _cleanup_strv_ char **parts = strv_split(modes, ',');
        STRV_FOREACH (part, parts) {
                const char *value;
                int r = -EINVAL;
                if ((value = startswith(*part, "resolv=")))
                        r = parse_file_mode(value, true, &q->resolv_conf);
                else if ((value = startswith(*part, "hosts=")))
                        r = parse_file_mode(value, false, &q->hosts);
                if (r < 0) {
                        log_error("--dns-conf-mode=%s: expected "
                                  "resolv=(host|stage0|none|default),hosts=(host|stage0|default)",
                                        modes);
                        return r;
                }
        }
        return 0;
}

int run_arguments_uuid(char **arguments, char ret[static UUID_STRING_SIZE]) {
        if (strv_length(arguments) == 1 && uuid_normalize(arguments[0], ret) >= 0)
                return 0;
        log_error("expected the UUID of a pod as the only argument");
        return -EINVAL;
}

void run_arguments_hide_token(int argc, char **argv) {
        for (int i = 1; i < argc; i++) {
                char *value = (char *) startswith(argv[i], "--mds-token");
                if (value && *value == '=')
                        memset(value + 1, '*', strlen(value + 1));
                else if (value && !*value && i + 1 < argc)
                        memset(argv[i + 1], '*', strlen(argv[i + 1]));
        }
}
