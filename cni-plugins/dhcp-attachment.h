/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One interface of one container and its lease, as the daemon keeps it: in memory, and in a file of the
 * state directory from which a daemon that is started again goes on. */

#include "dhcp-client.h"
#include "dhcp-config.h"
#include "dhcp-link.h"
#include "dhcp-request.h"
#include "dhcp.h"

typedef struct Attachment {
        const DhcpSettings *settings;
        DhcpRequest request; /* the ADD */
        char *netns;         /* its path with the prefix of the host */
        char *file;          /* name in the state directory */
        DhcpConfig config;
        DhcpClient client;
        DhcpLink link;                     /* open while something is awaited */
        uint8_t server_mac[DHCP_MAC_SIZE]; /* who on the link has sent the lease */
        bool is_set;                       /* the interface has the address, or will get it from ADD */
        bool gone;                         /* with its namespace or interface: to be forgotten */
        uint64_t deadline;                 /* of the ADD that waits; DHCP_NEVER: it has been answered */
} Attachment;

uint64_t dhcp_now(void); /* nanoseconds of CLOCK_BOOTTIME */

/* Takes the request's content. NULL with *ret_error (allocated). */
Attachment *attachment_start(const DhcpSettings *settings, DhcpRequest *request, char **ret_error);
/* Of a file of the state directory; NULL if it is none, or is not needed any more: then it is removed. */
Attachment *attachment_load(const DhcpSettings *settings, const char *file);
void attachment_free(Attachment *a); /* the file stays */

bool attachment_is(const Attachment *a, const CniCall *c);
/* False if the container has another interface now under the same names. */
bool attachment_is_current(const Attachment *a, const DhcpRequest *request);

/* When attachment_run has something to do. */
uint64_t attachment_next(const Attachment *a);
/* Both return 1 when the lease has come, so that who waits for it can be answered. */
int attachment_run(Attachment *a);
int attachment_receive(Attachment *a);

/* What ADD gives, for CNI 1.1.0. The caller's. */
json_object *attachment_result(const Attachment *a);
/* Gives the lease back, as far as that is possible, and removes the file. */
void attachment_release(Attachment *a);
