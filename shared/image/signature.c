/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "signature.h"

#include <errno.h>
#include <fcntl.h>

#include "alloc.h"
#include "duration.h"
#include "file.h"
#include "log.h"
#include "strv.h"

void signers_clear(Signers *s) {
        for (size_t i = 0; i < s->n; i++)
                public_key_free(s->keys[i]);
        free(s->keys);
        *s = (Signers){};
}

static int load_keys(const SignatureCheck *c, bool may_be_unknown, TrustedKeys *ret) {
        int r = c->name ? keystore_load(&c->keystore, c->name, ret) : keystore_load_all(&c->keystore, ret);
        if (r >= 0 && ret->n == 0 && may_be_unknown)
                return -ENOKEY;
        if (r >= 0 && ret->n == 0) {
                if (c->name)
                        log_error("image %s must be verified by its signature, but no key is trusted for "
                                  "\"%s\"; "
                                  "\"rkt trust --prefix=%s\" adds one",
                                        c->image, c->name, c->name);
                else
                        log_error("image %s must be verified by its signature, but no key is trusted at "
                                  "all; "
                                  "\"rkt trust --prefix=NAME\" adds one",
                                        c->image);
                return -ENOKEY;
        }
        return r;
}

static int import_key(OpenPgp *o, const TrustedKey *key) {
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_ char **fingerprints = NULL;
        size_t size;
        int r = read_file_at(AT_FDCWD, key->path, OPENPGP_KEYS_MAX, &text, &size);
        if (r < 0)
                return log_error_errno(r, "cannot read the trusted key %s", key->path);
        r = openpgp_import(o, key->path, text, size, &fingerprints);
        if (r < 0)
                return r;
        if (strv_length(fingerprints) != 1 || !streq(fingerprints[0], key->fingerprint)) {
                log_error("%s is named by another fingerprint than that of the key in it, which is %s",
                                key->path, fingerprints[0]);
                return -EINVAL;
        }
        return 0;
}

static int import_keys(OpenPgp *o, const TrustedKeys *keys) {
        for (size_t i = 0; i < keys->n; i++) {
                int r = import_key(o, &keys->items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The signatures that trusted keys have made, or claim to have; the others have no key. */
static int verify(const SignatureCheck *c, bool may_be_unknown, int fd, SignatureList *ret) {
        _cleanup_trusted_keys_ TrustedKeys keys = {};
        _cleanup_openpgp_ OpenPgp *o = NULL;
        int r = load_keys(c, may_be_unknown, &keys);
        if (r >= 0)
                r = openpgp_new(c->directory, &o);
        if (r >= 0)
                r = import_keys(o, &keys);
        if (r >= 0)
                r = openpgp_verify(o, c->source, c->signature, c->size, fd, ret);
        /* gpg's system-wide configuration may name further keyrings: their keys are not ours */
        for (size_t i = 0; r >= 0 && i < ret->n; i++) {
                Signature *s = &ret->items[i];
                if (s->key && !trusted_keys_find(&keys, s->key->fingerprint)) {
                        public_key_free(TAKE_PTR(s->key));
                        s->state = SIGNATURE_KEY_MISSING;
                }
        }
        return r;
}

static const char *identity(const Signature *s) {
        return s->key && s->key->identities[0] ? s->key->identities[0] : "no identity";
}

/* What keeps a signature by a trusted key from counting. 0 if nothing does. */
static int problem_of(const Signature *s, char **ret) {
        _cleanup_free_ char *when = NULL;
        if (s->state == SIGNATURE_KEY_REVOKED || s->key->revoked) {
                *ret = xasprintf("key %s (%s), which has been revoked", s->key->fingerprint, identity(s));
                return -EKEYREVOKED;
        }
        if (s->state == SIGNATURE_KEY_EXPIRED || s->key->expired) {
                when = time_absolute(s->key->expires * (int64_t) NSEC_PER_SEC);
                *ret = xasprintf("key %s (%s), which has expired: %s", s->key->fingerprint, identity(s),
                                when);
                return -EKEYEXPIRED;
        }
        if (s->state == SIGNATURE_EXPIRED) {
                when = time_absolute(s->expires * (int64_t) NSEC_PER_SEC);
                *ret = xasprintf("key %s (%s), but the signature has expired: %s", s->key->fingerprint,
                                identity(s), when);
                return -EKEYEXPIRED;
        }
        if (s->state == SIGNATURE_UNUSABLE || s->key->unusable) {
                *ret = xasprintf("key %s (%s), in a way that cannot be used: %s", s->key->fingerprint,
                                identity(s), s->problem ?: "the key is disabled or broken");
                return -EKEYREJECTED;
        }
        return 0;
}

static int refuse_unknown(const SignatureCheck *c, const Signature *s) {
        if (c->name)
                log_error("image %s is signed by key %s, which is not trusted for \"%s\"; if it should be, "
                          "\"rkt trust --prefix=%s\" adds it",
                                c->image, s->issuer, c->name, c->name);
        else
                log_error("image %s is signed by key %s, which is not trusted; if it should be, "
                          "\"rkt trust --prefix=NAME\" adds it",
                                c->image, s->issuer);
        return -ENOKEY;
}

/* Of signatures none of which counts: the most telling reason. */
static int refuse(const SignatureCheck *c, const SignatureList *l, bool may_be_unknown) {
        for (size_t i = 0; i < l->n; i++) {
                _cleanup_free_ char *problem = NULL;
                int r = l->items[i].key ? problem_of(&l->items[i], &problem) : 0;
                if (r < 0) {
                        log_error("image %s is signed by %s", c->image, problem);
                        return r;
                }
        }
        return may_be_unknown ? -ENOKEY : refuse_unknown(c, &l->items[0]);
}

int signature_check_issuer(const SignatureCheck *c, bool may_be_unknown) {
        _cleanup_signatures_ SignatureList l = {};
        int r = verify(c, may_be_unknown, -1, &l);
        if (r < 0)
                return r;
        for (size_t i = 0; i < l.n; i++) {
                _cleanup_free_ char *problem = NULL;
                if (l.items[i].key && problem_of(&l.items[i], &problem) == 0)
                        return 0;
        }
        return refuse(c, &l, may_be_unknown);
}

int signature_verify(const SignatureCheck *c, int fd, Signers *ret_signers) {
        _cleanup_signatures_ SignatureList l = {};
        Signers signers = {};
        int r = verify(c, false, fd, &l);
        if (r < 0)
                return r;
        for (size_t i = 0; i < l.n; i++)
                if (l.items[i].key && l.items[i].state == SIGNATURE_BAD) {
                        log_error("image %s does not match its signature %s by key %s (%s): one of them was "
                                  "changed",
                                        c->image, c->source, l.items[i].key->fingerprint,
                                        identity(&l.items[i]));
                        return -EBADMSG;
                }
        for (size_t i = 0; i < l.n; i++) {
                _cleanup_free_ char *problem = NULL;
                Signature *s = &l.items[i];
                if (!s->key || s->state != SIGNATURE_GOOD || problem_of(s, &problem) < 0)
                        continue;
                xgrow(&signers.keys, signers.n);
                signers.keys[signers.n++] = TAKE_PTR(s->key);
        }
        if (signers.n == 0)
                return refuse(c, &l, false);
        *ret_signers = signers;
        return 0;
}

int signature_check_name(const SignatureCheck *c, const char *name, const Signers *signers) {
        _cleanup_trusted_keys_ TrustedKeys keys = {};
        int r = keystore_load(&c->keystore, name, &keys);
        if (r < 0)
                return r;
        for (size_t i = 0; i < signers->n; i++)
                if (trusted_keys_find(&keys, signers->keys[i]->fingerprint))
                        return 0;
        log_error("image %s is called \"%s\", but key %s, which has signed it, is only trusted for other "
                  "names; if it "
                  "should be for this one, \"rkt trust --prefix=%s\" adds it",
                        c->image, name, signers->keys[0]->fingerprint, name);
        return -ENOKEY;
}

void signature_report(const Signers *signers) {
        log_info("signature verified:");
        for (size_t i = 0; i < signers->n; i++)
                STRV_FOREACH (id, signers->keys[i]->identities)
                        log_info("  %s", *id);
}
