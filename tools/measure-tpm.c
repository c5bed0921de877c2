/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "measure-tpm.h"

#include <errno.h>
#include <openssl/evp.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "alloc.h"
#include "library.h"
#include "log.h"

#define FUNCTION(name) __typeof__(name) *name

struct Tpm {
        struct {
                FUNCTION(Esys_Initialize);
                FUNCTION(Esys_Finalize);
                FUNCTION(Esys_Free);
                FUNCTION(Esys_GetCapability);
                FUNCTION(Esys_PCR_Extend);
                FUNCTION(Tss2_RC_Decode);
                FUNCTION(Tss2_TctiLdr_Initialize);
                FUNCTION(Tss2_TctiLdr_Finalize);
        } f;
        TSS2_TCTI_CONTEXT *tcti;
        ESYS_CONTEXT *esys;
};

static const struct {
        TPM2_ALG_ID id;
        const char *name;
        const EVP_MD *(*digest)(void);
} algorithms[] = {
        { TPM2_ALG_SHA1, "sha1", EVP_sha1 },
        { TPM2_ALG_SHA256, "sha256", EVP_sha256 },
        { TPM2_ALG_SHA384, "sha384", EVP_sha384 },
        { TPM2_ALG_SHA512, "sha512", EVP_sha512 },
        { TPM2_ALG_SM3_256, "sm3-256", EVP_sm3 },
        { TPM2_ALG_SHA3_256, "sha3-256", EVP_sha3_256 },
        { TPM2_ALG_SHA3_384, "sha3-384", EVP_sha3_384 },
        { TPM2_ALG_SHA3_512, "sha3-512", EVP_sha3_512 },
};

/* -EOPNOTSUPP: a library is not there. */
static int load_from(const char *file, const LibraryFunction *functions, size_t n) {
        _cleanup_free_ char *error = NULL;
        int r = library_load(file, "", functions, n, &error);
        if (r == -ELIBBAD)
                log_error("%s: %s", file, error);
        else if (r < 0)
                log_debug("%s", error);
        return r == -ELIBACC ? -EOPNOTSUPP : r;
}

static int load(Tpm *t) {
        const LibraryFunction esys[] = {
                { "Esys_Initialize", &t->f.Esys_Initialize },
                { "Esys_Finalize", &t->f.Esys_Finalize },
                { "Esys_Free", &t->f.Esys_Free },
                { "Esys_GetCapability", &t->f.Esys_GetCapability },
                { "Esys_PCR_Extend", &t->f.Esys_PCR_Extend },
        };
        const LibraryFunction rc[] = { { "Tss2_RC_Decode", &t->f.Tss2_RC_Decode } };
        const LibraryFunction loader[] = {
                { "Tss2_TctiLdr_Initialize", &t->f.Tss2_TctiLdr_Initialize },
                { "Tss2_TctiLdr_Finalize", &t->f.Tss2_TctiLdr_Finalize },
        };
        int r = load_from("libtss2-esys.so.0", esys, ELEMENTSOF(esys));
        if (r >= 0)
                r = load_from("libtss2-rc.so.0", rc, ELEMENTSOF(rc));
        return r < 0 ? r : load_from("libtss2-tctildr.so.0", loader, ELEMENTSOF(loader));
}

static int fail(const Tpm *t, TSS2_RC rc, const char *what) {
        log_error("cannot %s: %s", what, t->f.Tss2_RC_Decode(rc));
        return -EIO;
}

int tpm_open(const char *tcti, Tpm **ret) {
        _cleanup_tpm_ Tpm *t = xnew(Tpm, 1);
        int r = load(t);
        if (r < 0)
                return r;
        _cleanup_free_ char *what = xasprintf("reach the TPM at %s", tcti);
        TSS2_RC rc = t->f.Tss2_TctiLdr_Initialize(tcti, &t->tcti);
        if (rc == TSS2_RC_SUCCESS)
                rc = t->f.Esys_Initialize(&t->esys, t->tcti, NULL);
        if (rc != TSS2_RC_SUCCESS)
                return fail(t, rc, what);
        *ret = TAKE_PTR(t);
        return 0;
}

void tpm_close(Tpm *t) {
        if (t->esys)
                t->f.Esys_Finalize(&t->esys);
        if (t->tcti)
                t->f.Tss2_TctiLdr_Finalize(&t->tcti);
        free(t);
}

static bool has_register(const TPMS_PCR_SELECTION *s, unsigned pcr) {
        return s->sizeofSelect > pcr / 8 && s->pcrSelect[pcr / 8] & 1U << pcr % 8;
}

/* A bank whose algorithm is not known here could not be replayed from the log either. */
static int add_digest(
                TPM2_ALG_ID id, const void *data, size_t size, TpmDigests *ret, TPML_DIGEST_VALUES *values) {
        for (size_t i = 0; i < ELEMENTSOF(algorithms); i++) {
                if (algorithms[i].id != id || ret->n == TPM_DIGESTS_MAX ||
                                values->count == TPM2_NUM_PCR_BANKS)
                        continue;
                unsigned n = 0;
                uint8_t *bytes = ret->items[ret->n].bytes;
                if (!EVP_Digest(data, size, bytes, &n, algorithms[i].digest(), NULL)) {
                        log_error("this host's libcrypto refuses %s, which the TPM has a bank for",
                                        algorithms[i].name);
                        return -EOPNOTSUPP;
                }
                ret->items[ret->n].algorithm = algorithms[i].name;
                ret->items[ret->n++].size = n;
                values->digests[values->count].hashAlg = id;
                memcpy(&values->digests[values->count++].digest, bytes, n);
                return 0;
        }
        log_warning("the TPM has a bank of an algorithm that is not known here (0x%x): it stays as it is",
                        id);
        return 0;
}

static int make_digests(Tpm *t, unsigned pcr, const void *data, size_t size, TpmDigests *ret,
                TPML_DIGEST_VALUES *values) {
        TPMI_YES_NO more;
        TPMS_CAPABILITY_DATA *banks = NULL;
        TSS2_RC rc = t->f.Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                        TPM2_CAP_PCRS, 0, 1, &more, &banks);
        if (rc != TSS2_RC_SUCCESS)
                return fail(t, rc, "ask the TPM for its banks");
        const TPML_PCR_SELECTION *l = &banks->data.assignedPCR;
        int r = 0;
        for (uint32_t i = 0; i < MIN(l->count, ELEMENTSOF(l->pcrSelections)) && r >= 0; i++)
                if (has_register(&l->pcrSelections[i], pcr))
                        r = add_digest(l->pcrSelections[i].hash, data, size, ret, values);
        t->f.Esys_Free(banks);
        if (r >= 0 && values->count == 0) {
                log_error("no bank of the TPM has register %u", pcr);
                return -EOPNOTSUPP;
        }
        return r;
}

int tpm_extend(Tpm *t, unsigned pcr, const void *data, size_t size, TpmDigests *ret) {
        TpmDigests digests = {};
        TPML_DIGEST_VALUES values = {};
        int r = make_digests(t, pcr, data, size, &digests, &values);
        if (r < 0)
                return r;
        TSS2_RC rc = t->f.Esys_PCR_Extend(
                        t->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values);
        if (rc != TSS2_RC_SUCCESS)
                return fail(t, rc, "extend a register of the TPM");
        *ret = digests;
        return 0;
}
