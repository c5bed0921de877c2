/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Image manifests and indexes of the OCI image specification 1.1, and those of Docker's "image manifest
 * version 2, schema 2" (manifest, manifest list), which differ in media types only.
 *
 * Parsing is strict, as the text comes from outside. On failure -EINVAL (-EFBIG beyond OCI_DOCUMENT_MAX)
 * with *ret_error (allocated) "NAME:LINE:COLUMN: member: what was expected", where name is that of the
 * source. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "macro.h"
#include "name-value.h"

#define OCI_DOCUMENT_MAX  ((size_t) 4 * 1024 * 1024) /* bytes; what registries take at most, too */
#define OCI_LAYERS_MAX    1000
#define OCI_MANIFESTS_MAX 1000 /* in an index */
#define OCI_INDEX_DEPTH   4    /* indexes in indexes, for those who follow them */

#define OCI_MEDIA_INDEX       "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_CONFIG      "application/vnd.oci.image.config.v1+json"
#define OCI_MEDIA_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define OCI_MEDIA_LAYER_GZIP  "application/vnd.oci.image.layer.v1.tar+gzip"
#define OCI_MEDIA_LAYER_ZSTD  "application/vnd.oci.image.layer.v1.tar+zstd"
#define DOCKER_MEDIA_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MEDIA_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define DOCKER_MEDIA_CONFIG   "application/vnd.docker.container.image.v1+json"
#define DOCKER_MEDIA_LAYER    "application/vnd.docker.image.rootfs.diff.tar"
#define DOCKER_MEDIA_SCHEMA1  "application/vnd.docker.distribution.manifest.v1+json"

typedef enum OciDocumentKind {
        OCI_UNKNOWN,
        OCI_INDEX,
        OCI_MANIFEST,
        OCI_SCHEMA1, /* Docker's image manifest version 2, schema 1: not supported */
} OciDocumentKind;

/* Which it is, by its members; media_type is what the source says (Content-Type without parameters, or a
 * descriptor's): it and the document's own mediaType must not say otherwise. media_type may be NULL or a
 * general one such as application/json. */
int oci_document_kind(const char *name, const char *media_type, const char *text, size_t size,
                OciDocumentKind *ret, char **ret_error);

typedef enum OciLayerFormat {
        OCI_LAYER_UNKNOWN, /* cannot be read here */
        OCI_LAYER_FOREIGN, /* not distributed with the image: cannot be had */
        OCI_LAYER_TAR,
        OCI_LAYER_GZIP,
        OCI_LAYER_ZSTD,
} OciLayerFormat;
OciLayerFormat oci_layer_format(const char *media_type);

/* Operating systems and architectures under Go's names; NULL: not said. */
typedef struct OciDescriptor {
        char *media_type;
        char *digest;  /* valid */
        uint64_t size; /* bytes */
        char **urls;   /* NULL: none */
        char *os, *arch, *variant;
        NameValueList annotations;
} OciDescriptor;

void oci_descriptor_done(OciDescriptor *d); /* frees what is in it */

typedef struct OciManifest {
        char *media_type;      /* OCI_MEDIA_MANIFEST or DOCKER_MEDIA_MANIFEST, also where it is not said */
        OciDescriptor config;  /* of an image, not of another artifact */
        OciDescriptor *layers; /* bottom first, all in a format that can be read; one may come twice */
        size_t n_layers;
        NameValueList annotations;
} OciManifest;

void oci_manifest_free(OciManifest *m);
DEFINE_CLEANUP(OciManifest *, oci_manifest_free)
#define _cleanup_oci_manifest_ _cleanup_(oci_manifest_freep)

int oci_manifest_parse(const char *name, const char *text, size_t size, OciManifest **ret, char **ret_error);

/* As a document, without annotations of its own. Allocated. */
char *oci_manifest_to_text(const OciManifest *m);

typedef struct OciIndex {
        char *media_type;
        OciDescriptor *manifests; /* of manifests, indexes, and things that are neither */
        size_t n_manifests;
        NameValueList annotations;
} OciIndex;

void oci_index_free(OciIndex *i);
DEFINE_CLEANUP(OciIndex *, oci_index_free)
#define _cleanup_oci_index_ _cleanup_(oci_index_freep)

char *oci_index_to_text(const OciIndex *i); /* as an OCI image index; allocated */
int oci_index_parse(const char *name, const char *text, size_t size, OciIndex **ret, char **ret_error);

/* The manifest (or inner index) for a platform in Go's names; variant may be NULL: the architecture's
 * default one. The best variant that the platform runs is taken; an entry that says no platform is taken if
 * nothing else fits and it is the only one of these. NULL: there is none. */
const OciDescriptor *oci_index_select(
                const OciIndex *index, const char *os, const char *arch, const char *variant);
/* The same for this machine. NULL with *ret_error (allocated): for which platforms there are some. */
const OciDescriptor *oci_index_select_host(const OciIndex *index, char **ret_error);
/* The platforms of an index, for messages: "linux/amd64, linux/arm/v7". */
char *oci_index_platforms(const OciIndex *index);

/* Go's names for appc's architecture; false if there is none. *ret_variant may become NULL. */
bool oci_platform_from_appc(const char *arch, const char **ret_arch, const char **ret_variant);
/* This machine. */
void oci_platform_host(const char **ret_os, const char **ret_arch, const char **ret_variant);
/* How well an image for one variant of an architecture runs on another: < 0 not at all, else more is
 * better. Either may be NULL. */
int oci_variant_rank(const char *arch, const char *wanted, const char *offered);
