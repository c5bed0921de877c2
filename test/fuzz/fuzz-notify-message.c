/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include <ctype.h>

#include "notify-message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        NotifyMessage m;
        notify_message_parse(text, &m);
        for (const char *c = m.extend ?: ""; *c; c++)
                fuzz_assert(isdigit((unsigned char) *c));
        for (const char *c = m.status ?: ""; *c; c++)
                fuzz_assert(!iscntrl((unsigned char) *c));
        return 0;
}
