/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "oci-digest.h"

#include "alloc.h"

static bool is_hex(const char *s) {
        return strspn(s, "0123456789abcdef") == OCI_DIGEST_HEX && !s[OCI_DIGEST_HEX];
}

const char *oci_digest_problem(const char *digest) {
        const char *hex = startswith(digest, "sha256:");
        if (hex)
                return is_hex(hex) ? NULL
                                   : "is not a digest: expected 64 lower-case hexadecimal digits behind "
                                     "sha256:";
        if (startswith(digest, "sha512:") || startswith(digest, "sha384:") || startswith(digest, "blake3:"))
                return "is a digest of an algorithm that is not supported: expected sha256";
        return "is not a digest: expected sha256: and 64 lower-case hexadecimal digits";
}

bool oci_digest_is_valid(const char *digest) {
        return !oci_digest_problem(digest);
}

const char *oci_digest_hex(const char *digest) {
        return digest + strlen("sha256:");
}

char *oci_digest_to_id(const char *digest) {
        return xasprintf("sha256-%s", oci_digest_hex(digest));
}

char *oci_digest_from_id(const char *id) {
        const char *hex = startswith(id, "sha256-");
        return hex && is_hex(hex) ? xasprintf("sha256:%s", hex) : NULL;
}

char *oci_digest_from_hash(const void *sha256) {
        const unsigned char *hash = sha256;
        char *digest = xmalloc(OCI_DIGEST_MAX);
        char *p = stpcpy(digest, "sha256:");
        for (size_t i = 0; i < OCI_DIGEST_HEX / 2; i++)
                p += sprintf(p, "%02x", hash[i]);
        return digest;
}
