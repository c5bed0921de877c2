/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The image store, DATA/cas (rkt-store(5)): plain files that are put in place by rename and found by path.
 * A reader takes no lock. Whoever changes the set of images holds the flock of the directory DATA/cas for
 * the few renames that it takes (store_lock_changes); whoever prepares a pod shares DATA/locks/prepareLock,
 * and whoever removes trees or images that a pod might be about to use holds it exclusively. Order: first
 * prepareLock, then the other. */

#include <stdbool.h>

#include "lock.h"
#include "macro.h"

/* Below DATA/cas. */
#define STORE_BLOBS       "blob"      /* ALGORITHM/ab/ID: archives as they were fetched */
#define STORE_IMAGES      "image"     /* ID: the record, and what makes an image exist */
#define STORE_MANIFESTS   "manifest"  /* ID: the image manifest as it stands in the archive */
#define STORE_NAMES       "name"      /* NAME/ID -> ../../image/ID */
#define STORE_REFERENCES  "reference" /* HOST/REPOSITORY:TAG: the ID of an image of a registry */
#define STORE_REMOTES     "remote"    /* hash of a URL: what was downloaded from there */
#define STORE_TREES       "tree"      /* TREEID/rootfs: an unpacked image with its dependencies */
#define STORE_TEMPORARIES "tmp"

/* Image IDs in the store: "sha512-" and 64 of the 128 hex digits of the digest of the uncompressed archive;
 * "sha256-" and the 64 hex digits of the digest of an OCI image's manifest. */
#define STORE_ID_LENGTH (strlen("sha512-") + 64)

/* How long what a fetch left unfinished is kept at most, so that another can go on with it: nanoseconds. */
#define UNFINISHED_GRACE (INT64_C(24) * 3600 * 1000000000)

typedef struct Store Store;

/* Opens the store of a data directory, creating what is missing, with the modes and the group that
 * rkt-store(5) gives. Logs failures. */
int store_open(const char *data_dir, Store **ret);
void store_free(Store *s);
DEFINE_CLEANUP(Store *, store_free)
#define _cleanup_store_ _cleanup_(store_freep)

int store_fd(const Store *s);           /* of DATA/cas; borrowed */
const char *store_path(const Store *s); /* of DATA/cas, for messages */

/* Locks that are held as long as the returned descriptor is open; -EWOULDBLOCK only without wait. */
int store_lock_prepare(Store *s, LockMode mode, bool wait);
int store_lock_changes(Store *s);

/* The directories that path (relative to DATA/cas) lies in, with the group's modes. */
int store_make_parents(Store *s, const char *path);
/* Syncs them, from the lowest to those of the store itself: without them, what was put there is not found.
 */
int store_sync_parents(Store *s, const char *path);

/* Whether layers of OCI images can be unpacked to trees of their own here: as root, and if the file system
 * takes the whiteouts that overlayfs has, which overlayfs itself does not. */
bool store_takes_layer_trees(const Store *s);

bool store_has_image(Store *s, const char *id); /* its record */
bool store_id_is_whole(const char *id);         /* exactly an ID of the store, in lower case */
bool store_tree_id_is_valid(const char *tree_id);
/* The store's ID of a hash as manifests have it: cut to 64 digits. Allocated; NULL if it is too short or no
 * hash. */
char *store_id_from_hash(const char *hash);
bool store_id_is_oci(const char *id); /* of an OCI image */
