/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the plugin dhcp says to its daemon: one JSON object over the socket, what the plugin itself was told,
 * and one back, {"result": …} or {"code": …, "error": …}. Also how the daemon remembers it. */

#include "cni-plugin.h"

typedef struct DhcpRequest {
        JsonContext json;    /* of the request */
        char *text;          /* that it was read from */
        const char *command; /* ADD, DEL, CHECK or GC */
        CniCall call;        /* as the plugin's; no prevResult */
} DhcpRequest;

/* The caller's. */
json_object *dhcp_request_to_json(const CniCall *c, const char *command);

/* Takes text, which it frees in any case. -EINVAL with *ret_error (allocated). *ret must be given to
 * dhcp_request_done also after a failure. */
int dhcp_request_parse(char *text, size_t size, DhcpRequest *ret, char **ret_error);
void dhcp_request_done(DhcpRequest *r);
#define _cleanup_dhcp_request_ _cleanup_(dhcp_request_done)
