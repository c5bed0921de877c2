/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "health-state.h"
#include "json.h"

/* What a supervisor has written, and whatever a check of an app has put in it: what comes of it can be told
 * in JSON, and comes again of what it is written as. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_health_state_ HealthState s = {}, again = {};
        size_t n;
        if (health_state_parse((const char *) data, size, &s) < 0)
                return 0;
        fuzz_assert(strlen(s.output) <= size);
        _cleanup_json_ json_object *o = json_object_new_string(s.output);
        _cleanup_free_ char *json = json_to_text(o, false);
        _cleanup_json_context_ JsonContext c = {};
        fuzz_assert(json_context_parse(&c, "output", json, strlen(json)) >= 0);
        _cleanup_free_ char *text = health_state_format(&s, s.output, strlen(s.output), &n);
        fuzz_assert(health_state_parse(text, n, &again) >= 0);
        fuzz_assert(streq(again.output, s.output) && again.status == s.status &&
                        again.failing == s.failing && again.checked_at == s.checked_at &&
                        again.exit_code == s.exit_code && again.timed_out == s.timed_out);
        _cleanup_free_ char *line = health_output_last_line(s.output);
        fuzz_assert(!strchr(line, '\n'));
        return 0;
}
