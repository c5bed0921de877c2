/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The text of a request to the agent: agent-protocol.h. */

#include "agent-protocol.h"
#include "phase.h"

typedef enum RequestVerb {
        REQUEST_RUN,
        REQUEST_WATCH,
        REQUEST_ENDED,
        REQUEST_UP,
        REQUEST_END,
} RequestVerb;

typedef struct Request {
        RequestVerb verb;
        /* not of REQUEST_UP and REQUEST_END */
        AppPhase phase;
        char app[AGENT_REQUEST];
        /* of REQUEST_ENDED, as waitid(2) tells */
        int code, status;
        char job[16]; /* "": not said */
} Request;

/* -EBADMSG: it is none. */
int request_parse(const char *text, Request *ret);
