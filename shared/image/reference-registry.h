/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For reference.c: the parts of names in registries and layouts. */

#include "reference.h"

/* Fills host, repository, tag, digest and location. With need_host, the first part is the host whatever it
 * looks like; else Docker's rules say whether it is one. */
int registry_name_parse(const char *name, bool need_host, Reference *r, char **ret_error);

/* Docker's rule for the first n characters, up to a slash: "a/b" is a repository of Docker Hub, and "a.b/c",
 * "a:1/c" and "localhost/c" are elsewhere. */
bool docker_reads_as_host(const char *s, size_t n);

/* "sha256:" and 64 lower-case digits; others are not supported. -EINVAL with *ret_error. */
int reference_check_digest(const char *digest, char **ret_error);
/* org.opencontainers.image.ref.name: parts of letters and digits joined by one of - . _ : @ + or --, with /
 * between them. */
int reference_check_ref_name(const char *ref, char **ret_error);
