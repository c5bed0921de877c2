/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Finding images of the store, and what of them is needed to run them. */

#include <stddef.h>

#include "app-string.h"
#include "image-manifest.h"
#include "store.h"

/* The ID of the image that reference names: the beginning of an ID (sha512- and at least two hex digits), or
 * NAME[:VERSION][,LABEL=VALUE…]. Of several that match a name, the one flagged "latest" if no version was
 * asked for, else the newest import. -ENOENT; -ENOTUNIQ for an ID's beginning; -EINVAL; with *ret_error
 * (allocated) saying it in words. ret_error may be NULL. */
int store_resolve(Store *s, const char *reference, char **ret_id, char **ret_error);
/* The same for a name and labels all of which must match. -ENOENT. */
int store_resolve_name(Store *s, const char *name, const NameValueList *labels, char **ret_id);

/* The manifest's text, NUL-terminated. -ENOENT if there is no such image. */
int store_manifest_text(Store *s, const char *id, char **ret_text, size_t *ret_size);

/* The same, parsed. -EINVAL for one that is broken; each with *ret_error (allocated). */
int store_manifest_load(Store *s, const char *id, ImageManifest **ret, char **ret_error);

/* Notes that the image was used now. Lack of permission is no failure. */
int store_touch(Store *s, const char *id);

/* The images that make up image id, itself first, each before what lies below it: rkt's order, of which a
 * tree ID is a digest. Dependencies are looked up in the store. -ENOENT for one that is missing, -ELOOP for
 * one that depends on itself, with *ret_error. */
int store_flatten(Store *s, const char *id, char ***ret_ids, char **ret_error);

/* ID of the tree that image id runs from at the moment: -ENODATA if it was never rendered, or if it was
 * rendered with other dependencies than the store has now (store_render_tree or "rkt-image render-tree ID"
 * makes it); errors of store_flatten. */
int store_tree_id(Store *s, const char *id, char **ret_tree_id, char **ret_error);
/* Whether the tree is there, complete: 1, 0 or a negative errno. The caller shares prepareLock if it means
 * to use it. Its path is store_path()/tree/TREEID/rootfs. */
int store_tree_exists(Store *s, const char *tree_id);

/* What the root of an app is made of. */
typedef struct ImageTrees {
        char **ids;  /* lower directories of an overlay, uppermost first; or a single one: strv */
        size_t root; /* index of that whose top directory has the owner and the mode of the root */
} ImageTrees;

void image_trees_clear(ImageTrees *t);
#define _cleanup_image_trees_ _cleanup_(image_trees_clear)

#define OVERLAY_LAYERS_MAX                                                                                  \
        200 /* with as many, names of descriptors still fit into the options of a mount                     \
             */

/* The trees of an OCI image's layers, or the tree of an ACI, if all are there; the single tree of an image
 * with more layers than an overlay takes. Else -ENODATA (store_render_overlay_trees makes them); -ENOENT and
 * others as store_tree_id. */
int store_overlay_trees(Store *s, const char *id, ImageTrees *ret, char **ret_error);
/* A single tree for the whole image, the same way. */
int store_whole_tree(Store *s, const char *id, ImageTrees *ret, char **ret_error);

/* Makes what is missing of them; root only. Logs failures. The caller shares prepareLock. */
int store_render_overlay_trees(Store *s, const char *id, ImageTrees *ret);

/* Renders the image's tree if it is missing, through rkt-unpack, and notes it in the record; root only. Logs
 * failures. The caller shares prepareLock if it means to use the tree. */
int store_render_tree(Store *s, const char *id, char **ret_tree_id);
