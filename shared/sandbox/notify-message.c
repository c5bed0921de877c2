/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify-message.h"

#include <ctype.h>
#include <string.h>

#include "macro.h"

void notify_message_parse(char *text, NotifyMessage *ret) {
        *ret = (NotifyMessage){};
        for (char *line; (line = strsep(&text, "\n"));) {
                ret->ready |= streq(line, "READY=1");
                ret->reloading |= streq(line, "RELOADING=1");
                ret->alive |= streq(line, "WATCHDOG=1");
                ret->trigger |= streq(line, "WATCHDOG=trigger");
                char *extend = (char *) startswith(line, "EXTEND_TIMEOUT_USEC=");
                if (extend && *extend && !extend[strspn(extend, "0123456789")])
                        ret->extend = extend;
                if (!startswith(line, "STATUS="))
                        continue;
                ret->status = line + strlen("STATUS=");
                for (char *c = ret->status; *c; c++)
                        if (iscntrl((unsigned char) *c))
                                *c = ' '; /* it is shown on terminals */
        }
}
