/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One network of a pod as it was when the pod was added to it: POD/net/NN-NAME.json. A configuration may
 * change or go, and plugins that are to undo something must be told the same as when they did it. */

#include "cni-config.h"

typedef struct NetworkRecord {
        CniNetwork network;
        char *ifname;
        char *args;                /* CNI_ARGS; NULL: none */
        char *hostname;            /* the pod's; NULL: not known, as in records of before there were names */
        json_object *capabilities; /* arguments of capabilities; NULL: none */
        json_object *result;       /* of ADD; NULL: it has not ended, or failed */
        char **path;               /* where plugins were looked for; NULL: it is not recorded */
} NetworkRecord;

void network_record_done(NetworkRecord *r);
#define _cleanup_network_record_ _cleanup_(network_record_done)

/* path: for messages. -EINVAL with *ret_error (allocated). */
int network_record_parse(
                const char *path, const char *text, size_t size, NetworkRecord *ret, char **ret_error);
char *network_record_print(const NetworkRecord *r);

/* Files of the directory net/: of record number index, and of all in their order (a strv). */
char *network_record_file(const NetworkRecord *r, size_t index);
int network_record_list(int net, char ***ret);
int network_record_read_at(int net, const char *file, NetworkRecord *ret, char **ret_error);
int network_record_write_at(int net, const char *file, const NetworkRecord *r);
