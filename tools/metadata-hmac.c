/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metadata-hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "alloc.h"
#include "base64.h"
#include "log.h"

#define UUID_BYTES 16

static void digest(const unsigned char key[static METADATA_KEY_SIZE], const char *uuid, const void *content,
                size_t size, unsigned char ret[static EVP_MAX_MD_SIZE], unsigned *ret_size) {
        char hex[33];
        _cleanup_free_ unsigned char *message = xmalloc(UUID_BYTES + size);
        uuid_machine_id(uuid, hex);
        if (OPENSSL_hexstr2buf_ex(message, UUID_BYTES, NULL, hex, 0) != 1) {
                log_error("\"%s\" is not a UUID", uuid);
                abort();
        }
        if (size > 0)
                memcpy(message + UUID_BYTES, content, size);
        if (!HMAC(EVP_sha512(), key, METADATA_KEY_SIZE, message, UUID_BYTES + size, ret, ret_size)) {
                log_error("libcrypto cannot make an HMAC with SHA-512");
                exit(EXIT_RKT_FAILURE);
        }
}

char *metadata_sign(const unsigned char key[static METADATA_KEY_SIZE], const char *uuid, const void *content,
                size_t size) {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned n;
        digest(key, uuid, content, size, bytes, &n);
        char *text = xmalloc(EVP_MAX_MD_SIZE * 2);
        EVP_EncodeBlock((unsigned char *) text, bytes, (int) n);
        return text;
}

int metadata_verify(const unsigned char key[static METADATA_KEY_SIZE], const char *uuid, const void *content,
                size_t size, const char *signature) {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        _cleanup_free_ char *given = NULL;
        size_t given_size;
        unsigned n;
        int r = base64_decode(signature, &given, &given_size);
        if (r < 0)
                return r;
        digest(key, uuid, content, size, bytes, &n);
        return given_size == n && CRYPTO_memcmp(given, bytes, n) == 0;
}
