/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What --net says: "host", "none", "all", or names of configured networks, each with arguments for its
 * plugins: NAME[:KEY=VALUE[;KEY=VALUE]…][,NAME…] (inventory 6.1). */

#include <stdbool.h>
#include <stddef.h>

#include "macro.h"

#define NETWORK_DEFAULT "default"

typedef struct NetworkChoice {
        char *name;
        char *args; /* as CNI_ARGS; NULL: none */
} NetworkChoice;

typedef struct NetworkList {
        bool host, none, all; /* then there are no items */
        NetworkChoice *items;
        size_t n;
} NetworkList;

/* values: as given by repeated --net, each a comma list; NULL or empty: the default network. -EINVAL with
 * *ret_error (allocated). */
int network_list_parse(char *const *values, NetworkList *ret, char **ret_error);
void network_list_done(NetworkList *l);
#define _cleanup_network_list_ _cleanup_(network_list_done)

const NetworkChoice *network_list_find(const NetworkList *l, const char *name);

/* Whether s is a network's name as CNI has them: a letter or digit, then these and "_", "." and "-". */
bool network_name_is_valid(const char *s);
