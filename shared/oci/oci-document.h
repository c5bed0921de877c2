/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Inside of the layer, and for tests: what the documents have in common. */

#include "json-list.h"
#include "oci-manifest.h"

/* From text to a struct: limits, then JSON without members that are given twice (which two readers may
 * understand differently), then parse. Errors as in oci-manifest.h. */
int oci_document_parse(const char *name, const char *text, size_t size, json_type type, JsonItemParser parse,
                void *ret, char **ret_error);

/* schemaVersion must be 2 (or absent with optional), mediaType one of kind (or absent). */
int oci_document_check(JsonContext *c, json_object *o, OciDocumentKind kind);
/* Fails if there is a member of another kind of document: what is a manifest to one reader and an index to
 * another has a digest that says nothing (CVE-2021-41190). */
int oci_document_refuse_member(JsonContext *c, json_object *o, const char *key);

/* A copy of a string; an empty one counts as absent, as Go writes it. */
int oci_get_string(JsonContext *c, json_object *o, const char *key, JsonPresence p, char **ret);

OciDocumentKind oci_media_type_kind(const char *media_type); /* OCI_UNKNOWN if it is none of a document */

json_object *oci_descriptor_to_json(const OciDescriptor *d);         /* without urls and platform */
int oci_descriptor_parse(JsonContext *c, json_object *o, void *ret); /* into an OciDescriptor */
