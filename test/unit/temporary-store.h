/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A store in a directory of its own, for each test: set_up and tear_down. */

#include <fcntl.h>

#include "file.h"
#include "store.h"

static char data_dir[64];
static Store *store;

static int set_up(void **state) {
        strcpy(data_dir, "/tmp/test-store-XXXXXX");
        return mkdtemp(data_dir) && store_open(data_dir, &store) >= 0 ? 0 : -1;
}

static int tear_down(void **state) {
        store_free(store);
        return remove_tree_at(AT_FDCWD, data_dir, false);
}
