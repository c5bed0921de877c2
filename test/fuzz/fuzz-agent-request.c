/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <signal.h>

#include "alloc.h"
#include "request.h"

/* What processes of the pod say to the agent of its systemd. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *s = fuzz_string(data, size);
        Request r;
        if (request_parse(s, &r) < 0)
                return 0;
        fuzz_assert(r.verb <= REQUEST_END);
        if (r.verb == REQUEST_UP || r.verb == REQUEST_END)
                return 0;
        fuzz_assert(r.phase >= APP_PRE_START && r.phase <= APP_POST_STOP && *r.app && !strchr(r.app, ' '));
        fuzz_assert(strlen(r.app) < AGENT_REQUEST);
        if (r.verb != REQUEST_ENDED)
                return 0;
        fuzz_assert(strlen(r.job) < sizeof(r.job));
        fuzz_assert(r.code >= CLD_EXITED && r.code <= CLD_DUMPED && r.status >= 0 && r.status <= 255);
        return 0;
}
