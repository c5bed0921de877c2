/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a user can write for an image: every form is read and printed here.
 *
 *   sha512-HEX… sha256-HEX…                    an image in the store
 *   NAME[:VERSION][,LABEL=VALUE…]              found by appc's discovery
 *   /PATH ./PATH NAME.aci file:///PATH.aci     an ACI in a file
 *   http[s]://HOST/PATH.aci                    an ACI on a server
 *   docker:REF docker://REF                    in a registry: [HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]
 *   oci://HOST[:PORT]/REPOSITORY[:TAG][@DIGEST]
 *   oci:DIRECTORY[:REF][@DIGEST]               an OCI image layout
 *   oci-archive:FILE[:REF][@DIGEST]            a tar archive of one
 *   docker-archive:FILE[:REPOSITORY[:TAG]]     what docker save and podman save write
 *   cimd:TYPE:v=0:DATA                         rkt's URIs of types aci-archive, appc and docker
 *
 * Sources: rkt's documentation; distribution specification 1.1, "Pulling manifests";
 * Docker's reference grammar and normalisation; OCI image specification, annotation
 * org.opencontainers.image.ref.name.
 */

#include "app-string.h"
#include "macro.h"

typedef enum ReferenceKind {
        REFERENCE_ID,
        REFERENCE_NAME,
        REFERENCE_FILE,
        REFERENCE_URL,
        REFERENCE_REGISTRY,
        REFERENCE_OCI_LAYOUT,
        REFERENCE_OCI_ARCHIVE,
        REFERENCE_DOCKER_ARCHIVE,
} ReferenceKind;

typedef struct Reference {
        ReferenceKind kind;
        char *text; /* as it was given, for messages */
        /* The ID; the name with its labels; the path of a file or directory, which may be relative; the URL;
         * of a registry's image the name under which the store knows it, HOST/REPOSITORY:TAG or, if there is
         * a digest, HOST/REPOSITORY@DIGEST. Never NULL. */
        char *location;
        AppString app; /* REFERENCE_NAME: the same taken apart */
        /* REFERENCE_REGISTRY, and REFERENCE_DOCKER_ARCHIVE if an image of it is named. The host is in lower
         * case, with its port if one was given, and docker.io for all names of that registry. */
        char *host;
        char *repository;
        char *tag;    /* "latest" if there is neither tag nor digest; NULL with a digest only */
        char *digest; /* sha256:HEX, of layouts too; NULL: none. With a tag it is the digest that counts. */
        char *ref; /* which image of a layout or an archive, docker-archive: HOST/REPOSITORY:TAG; NULL: not
                      said */
} Reference;

void reference_done(Reference *r);
#define _cleanup_reference_ _cleanup_(reference_done)

/* May look at the file system, as what is a file's name is not a name of an image. -EINVAL with *ret_error
 * (allocated): what stands where, and what was expected. */
int reference_parse(const char *s, Reference *ret, char **ret_error);

/* [HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST] as docker:… takes it: the name of an image in docker-archives,
 * too. */
int reference_parse_registry(const char *s, Reference *ret, char **ret_error);

/* The shortest of the forms above that is complete, and reads as the same image. Allocated. */
char *reference_to_text(const Reference *r);
/* The cimd: URI, with labels and queries sorted. Allocated; NULL if there is none, as for IDs and layouts.
 */
char *reference_to_cimd(const Reference *r);
/* Whether both name the same image at the same place. */
bool reference_equal(const Reference *a, const Reference *b);
