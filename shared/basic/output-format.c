/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output-format.h"

#include <errno.h>

#include "json.h"
#include "log.h"
#include "process.h"

int output_format_parse(const char *value, void *userdata) {
        OutputFormat *f = userdata;
        if (streq(value, "json"))
                *f = OUTPUT_JSON;
        else if (streq(value, "json-pretty"))
                *f = OUTPUT_JSON_PRETTY;
        else {
                log_error("--format=%s: expected json or json-pretty", value);
                return -EINVAL;
        }
        return 0;
}

int output_format_print(OutputFormat f, json_object *o) {
        _cleanup_free_ char *text = json_to_text(o, f == OUTPUT_JSON_PRETTY);
        puts(text);
        return process_flush();
}
