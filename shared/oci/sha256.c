/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sha256.h"

#include <errno.h>
#include <openssl/evp.h>

#include "alloc.h"
#include "oci-digest.h"

#define BUFFER_SIZE ((size_t) 256 * 1024)

DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)

char *sha256_digest(const void *data, size_t size) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        unsigned n;
        return EVP_Digest(data, size, hash, &n, EVP_sha256(), NULL) ? oci_digest_from_hash(hash) : NULL;
}

int sha256_digest_range(int fd, uint64_t offset, uint64_t size, char **ret) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        unsigned n_hash;
        _cleanup_(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
        _cleanup_free_ char *buffer = xmalloc(BUFFER_SIZE);
        if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
                return -ENOMEM;
        while (size > 0) {
                ssize_t n = pread(fd, buffer, MIN(size, BUFFER_SIZE), offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -ENODATA;
                if (!EVP_DigestUpdate(context, buffer, n))
                        return -EIO;
                offset += n;
                size -= n;
        }
        if (!EVP_DigestFinal_ex(context, hash, &n_hash))
                return -EIO;
        *ret = oci_digest_from_hash(hash);
        return 0;
}
