/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The scalar types of the App Container specification 0.8.11 ("AC Types") and what it says about values:
 * tests on strings, none of which allocates or logs unless it says so. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "macro.h"

/* Largest manifest that is read, in bytes: a manifest beyond this is not one. */
#define APPC_MANIFEST_MAX ((size_t) 8 * 1024 * 1024)

/* What each type looks like, for messages. */
#define AC_NAME_FORM          "lower-case letters and digits, joined by single dashes"
#define AC_IDENTIFIER_FORM    "lower-case letters and digits, joined by single characters out of - . _ ~ /"
#define ENVIRONMENT_NAME_FORM "a letter or _, then letters, digits or _ . -"

/* ^[a-z0-9]+([-][a-z0-9]+)*$ : apps, volumes, ports, mount points. */
bool ac_name_is_valid(const char *s);
/* ^[a-z0-9]+([-._~/][a-z0-9]+)*$ : images, labels, annotations, isolators. */
bool ac_identifier_is_valid(const char *s);

/* The nearest valid name: lower case, what is not allowed becomes - (_ in identifiers), runs of separators
 * become one, none at the edges. Allocated; NULL if nothing is left. */
char *ac_name_sanitize(const char *s);
char *ac_identifier_sanitize(const char *s);
/* An app's name stands in names of files: "app-NAME", "NAME.tmp-PID". */
#define APP_NAME_MAX (NAME_MAX - 15)
/* The default name of an app: the last component of its image's name, sanitized. Allocated or NULL. */
char *app_name_from_image(const char *image_name);

/* Semantic version 2.0.0 (semver.org), as in acVersion. */
typedef struct SemanticVersion {
        uint64_t major, minor, patch;
} SemanticVersion;
int semantic_version_parse(const char *s, SemanticVersion *ret); /* -EINVAL */
/* What is wrong with an acVersion, NULL if nothing: it must be a semantic version other than 0.0.0 whose
 * major number is not above ours. */
const char *ac_version_problem(const char *s);

/* Hashes and image IDs: ALGORITHM-HEX with sha512 (up to 128 digits) or sha256 (up to 64; for OCI images),
 * lower case. rkt's own IDs are cut to 64 digits; any prefix with at least 2 digits names an image. */
#define IMAGE_ID_FORM       "sha512- or sha256- and at least 2 lower-case hexadecimal digits"
#define IMAGE_ID_MIN_DIGITS 2
bool image_id_is_valid(const char *s); /* whole or a prefix */
bool image_id_has_prefix(const char *id, const char *prefix);
/* Whether what a user typed can only be meant as an ID ("sha512-" or "sha256-" in front). */
bool image_id_is_meant(const char *s);

bool date_is_valid(const char *s); /* RFC 3339 with "T" */
bool url_is_valid(const char *s);  /* http or https with a host */
bool environment_name_is_valid(const char *s);
bool path_is_absolute(const char *s);
/* An absolute path without what means nothing: doubled and last slashes, and ".". ".." stays: what it means
 * is for links to say. */
char *path_simplify(const char *s);
bool path_equal(const char *a, const char *b); /* simplified */

/* Operating systems and architectures under appc's names. */
typedef enum OsArchTable {
        OS_ARCH_APPC, /* what a manifest may say */
        OS_ARCH_RKT,  /* what rkt runs: narrower */
} OsArchTable;
/* What is wrong with the pair (either may be NULL: not said), allocated; NULL if nothing. An architecture is
 * only checked when the operating system is given, as in the spec. */
char *os_arch_problem(OsArchTable table, const char *os, const char *arch);
const char *host_os(void);   /* "linux" */
const char *host_arch(void); /* from uname(2): "amd64", "aarch64", … */
/* appc's name for one of Go's or the OCI's architectures ("arm64", "v8"); variant may be NULL. NULL if
 * unknown. */
const char *arch_from_goarch(const char *goarch, const char *variant);

/* Index of the first string that equals an earlier one, or -1: O(n log n). strings[i] may not be NULL. */
ssize_t find_duplicate(const char *const *strings, size_t n);
