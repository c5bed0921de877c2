/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A download into an Incoming, from where it was left: with Range and If-Range, and anew if the server does
 * not take part in that or has something else by now. */

#include "http.h"
#include "incoming.h"

typedef struct DownloadRequest {
        /* range and resume are not for the caller; what the rest points to is borrowed until the end.
         *
         * begin: with a status 200 what there was of it before does not count: whoever follows must be ended
         * before this returns. take (may be NULL): more has been appended.
         * done: with a result of 0 and a status 200 or 206, incoming_complete has been called; perhaps all
         * was there already, and nothing has come. */
        HttpRequest http;
        Incoming *incoming;
} DownloadRequest;

typedef struct Download Download;

/* Several at once. *ret is valid until done is called. Logs, unless http.quiet is set. */
int download_start(HttpClient *c, const DownloadRequest *request, Download **ret);
void download_cancel(Download *d);
