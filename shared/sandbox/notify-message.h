/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What an app says by sd_notify(3): lines NAME=VALUE. Others than these are left alone. */

#include <stdbool.h>

typedef struct NotifyMessage {
        bool ready;     /* READY=1 */
        bool reloading; /* RELOADING=1 */
        bool alive;     /* WATCHDOG=1 */
        bool trigger;   /* WATCHDOG=trigger */
        char *extend;   /* EXTEND_TIMEOUT_USEC=…: digits, in the text; or NULL */
        char *status;   /* STATUS=…: in the text that was parsed, without control characters; or NULL */
} NotifyMessage;

/* Changes text. */
void notify_message_parse(char *text, NotifyMessage *ret);
