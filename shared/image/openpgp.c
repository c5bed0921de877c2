/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "openpgp.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <gpgme.h>
#include <signal.h>
#include <sys/stat.h>

#include "alloc.h"
#include "file.h"
#include "lock.h"
#include "log.h"
#include "strv.h"

/* no-autostart: neither an agent nor a key box daemon, which would outlive us. trust-model: what is imported
 * is what the keystore trusts, there is no web of trust in it. */
static const char configuration[] = "no-autostart\nbatch\nno-tty\nno-greeting\ntrust-model always\n"
                                    "no-auto-check-trustdb\nno-auto-key-retrieve\nno-auto-key-import\n"
                                    "no-auto-key-locate\ndisable-dirmngr\n";

#define HOME_PREFIX "rkt-gpg-"
/* gpgme's default is 512 bytes; more than fits into a pipe is moved about for each write. */
#define IO_BUFFER_SIZE "65536"

struct OpenPgp {
        gpgme_ctx_t context;
        char *home;  /* NULL: not made */
        int home_fd; /* holds its lock */
        sigset_t old_signals;
};

static void gpgme_data_releasep(gpgme_data_t *d) {
        if (*d)
                gpgme_data_release(*d);
}
static void gpgme_key_unrefp(gpgme_key_t *k) {
        if (*k)
                gpgme_key_unref(*k);
}
#define _cleanup_data_ _cleanup_(gpgme_data_releasep)
#define _cleanup_key_  _cleanup_(gpgme_key_unrefp)

static int log_gpg_error(gpgme_error_t e, const char *what, const char *source) {
        if (gpgme_err_code(e) == GPG_ERR_INV_ENGINE) {
                log_error("cannot %s %s: that needs the program gpg (GnuPG), which is not to be found here",
                                what, source);
                return -EOPNOTSUPP;
        }
        log_error("cannot %s %s: %s", what, source, gpgme_strerror(e));
        return -EIO;
}

static void hold_signals(OpenPgp *o) {
        sigset_t held;
        sigemptyset(&held);
        sigaddset(&held, SIGINT);
        sigaddset(&held, SIGTERM);
        sigaddset(&held, SIGHUP);
        sigprocmask(SIG_BLOCK, &held, &o->old_signals);
}

/* Whoever sweeps the directory removes what is not locked: perhaps just this one, before it was. */
static int make_home(OpenPgp *o, const char *directory) {
        for (;;) {
                struct stat ours, named;
                _cleanup_free_ char *path = xasprintf("%s/" HOME_PREFIX "XXXXXX", directory);
                if (!mkdtemp(path))
                        return -errno;
                int fd = lock_directory_at(AT_FDCWD, path, LOCK_MODE_EXCLUSIVE, false);
                if (fd == -ENOENT || fd == -EWOULDBLOCK)
                        continue;
                if (fd < 0)
                        return fd;
                if (fstat(fd, &ours) == 0 && stat(path, &named) == 0 && ours.st_ino == named.st_ino) {
                        o->home = TAKE_PTR(path);
                        o->home_fd = fd;
                        return 0;
                }
                close(fd);
        }
}

static gpgme_error_t make_context(OpenPgp *o) {
        gpgme_check_version(NULL);
        gpgme_error_t e = gpgme_new(&o->context);
        if (!e)
                e = gpgme_set_protocol(o->context, GPGME_PROTOCOL_OpenPGP);
        if (!e)
                e = gpgme_ctx_set_engine_info(o->context, GPGME_PROTOCOL_OpenPGP, NULL, o->home);
        if (e)
                return e;
        gpgme_set_armor(o->context, 1);
        gpgme_set_offline(o->context, 1);
        return 0;
}

int openpgp_new(const char *directory, OpenPgp **ret) {
        _cleanup_openpgp_ OpenPgp *o = xnew(OpenPgp, 1);
        o->home_fd = -1;
        hold_signals(o);
        if (!directory)
                directory = getenv("TMPDIR") ?: "/tmp";
        int r = make_home(o, directory);
        if (r < 0)
                return log_error_errno(r, "cannot make a directory for keys in %s", directory);
        r = write_string_at(o->home_fd, "gpg.conf", configuration, 0600);
        if (r < 0)
                return log_error_errno(r, "cannot write %s/gpg.conf", o->home);
        gpgme_error_t e = make_context(o);
        if (e)
                return log_gpg_error(e, "use", "gpg");
        *ret = TAKE_PTR(o);
        return 0;
}

void openpgp_free(OpenPgp *o) {
        if (o->context)
                gpgme_release(o->context);
        if (o->home) {
                int r = remove_tree_at(AT_FDCWD, o->home, false);
                if (r < 0)
                        log_warning_errno(r, "cannot remove %s", o->home);
        }
        if (o->home_fd >= 0)
                close(o->home_fd);
        sigprocmask(SIG_SETMASK, &o->old_signals, NULL);
        free(o->home);
        free(o);
}

void public_key_free(PublicKey *k) {
        free(k->fingerprint);
        strv_free(k->subkeys);
        strv_free(k->identities);
        free(k);
}

void signatures_clear(SignatureList *l) {
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].issuer);
                if (l->items[i].key)
                        public_key_free(l->items[i].key);
        }
        free(l->items);
        *l = (SignatureList){};
}

static char *lower_case(const char *s) {
        char *l = xstrdup(s ?: "");
        for (char *p = l; *p; p++)
                *p = tolower((unsigned char) *p);
        return l;
}

/* An identity is whatever the maker of a key wrote: control characters, those beyond ASCII too (U+0080 to
 * U+009F), could make a terminal show something else. */
static char *safe_text(const char *s) {
        char *text = xcalloc(strlen(s) * 4 + 1, 1), *p = text;
        for (; *s; s++) {
                unsigned char c = *s, next = s[1];
                if (c == 0xc2 && next >= 0x80 && next < 0xa0) {
                        p += sprintf(p, "\\x%02x", next);
                        s++;
                } else if (c < ' ' || c == 0x7f)
                        p += sprintf(p, "\\x%02x", c);
                else
                        *p++ = c;
        }
        return text;
}

static PublicKey *read_key(gpgme_key_t key) {
        PublicKey *k = xnew(PublicKey, 1);
        k->fingerprint = lower_case(key->subkeys->fpr);
        k->expired = key->expired;
        k->revoked = key->revoked;
        k->unusable = key->disabled || key->invalid;
        k->expires = key->subkeys->expires;
        k->subkeys = strv_copy(NULL);
        for (gpgme_subkey_t s = key->subkeys->next; s; s = s->next)
                strv_push(&k->subkeys, lower_case(s->fpr));
        k->identities = strv_copy(NULL);
        for (gpgme_user_id_t u = key->uids; u; u = u->next)
                if (u->uid && (key->revoked || (!u->revoked && !u->invalid)))
                        strv_push(&k->identities, safe_text(u->uid));
        return k;
}

/* Where armor says that a secret key follows, gpg is not asked to take it. */
static bool has_secret_armor(const void *data, size_t size) {
        static const char mark[] = "-----BEGIN PGP PRIVATE KEY BLOCK-----";
        return memmem(data, size, mark, strlen(mark)) != NULL;
}

static int refuse_secret(const char *source) {
        log_error("%s contains a secret key, which is not to be given away: export the public key with gpg "
                  "--armor --export",
                        source);
        return -EKEYREJECTED;
}

int openpgp_import(OpenPgp *o, const char *source, const void *data, size_t size, char ***ret_fingerprints) {
        _cleanup_data_ gpgme_data_t keys = NULL;
        _cleanup_strv_ char **fingerprints = strv_copy(NULL);
        if (has_secret_armor(data, size))
                return refuse_secret(source);
        gpgme_error_t e = gpgme_data_new_from_mem(&keys, data, size, 0);
        if (!e)
                e = gpgme_op_import(o->context, keys);
        gpgme_import_result_t result = e ? NULL : gpgme_op_import_result(o->context);
        if (result && result->secret_read > 0)
                return refuse_secret(source);
        if (e && gpgme_err_code(e) != GPG_ERR_NO_DATA)
                return log_gpg_error(e, "read the keys of", source);
        for (gpgme_import_status_t s = result ? result->imports : NULL; s; s = s->next) {
                _cleanup_free_ char *fingerprint = lower_case(s->fpr);
                if (!s->result && *fingerprint && !strv_contains(fingerprints, fingerprint))
                        strv_add(&fingerprints, fingerprint);
        }
        if (!fingerprints[0]) {
                log_error("%s contains no OpenPGP public key that can be used", source);
                return -ENOKEY;
        }
        *ret_fingerprints = TAKE_PTR(fingerprints);
        return 0;
}

int openpgp_find(OpenPgp *o, const char *fingerprint, PublicKey **ret) {
        _cleanup_key_ gpgme_key_t key = NULL;
        if (isempty(fingerprint) || gpgme_get_key(o->context, fingerprint, &key, 0) || !key->subkeys)
                return -ENOKEY;
        *ret = read_key(key);
        return 0;
}

int openpgp_export(OpenPgp *o, const char *fingerprint, char **ret, size_t *ret_size) {
        _cleanup_data_ gpgme_data_t out = NULL;
        gpgme_error_t e = gpgme_data_new(&out);
        if (!e)
                e = gpgme_op_export(o->context, fingerprint, 0, out);
        if (e)
                return log_gpg_error(e, "export the key", fingerprint);
        size_t size;
        char *text = gpgme_data_release_and_get_mem(TAKE_PTR(out), &size);
        if (!text || size == 0) {
                gpgme_free(text);
                log_error("cannot export the key %s: gpg gives nothing", fingerprint);
                return -EIO;
        }
        *ret = xstrndup(text, size);
        *ret_size = strlen(*ret);
        gpgme_free(text);
        return 0;
}

static SignatureState read_state(gpgme_signature_t s) {
        switch (gpgme_err_code(s->status)) {
        case GPG_ERR_NO_ERROR: return SIGNATURE_GOOD;
        case GPG_ERR_BAD_SIGNATURE: return SIGNATURE_BAD;
        case GPG_ERR_SIG_EXPIRED: return SIGNATURE_EXPIRED;
        case GPG_ERR_KEY_EXPIRED: return SIGNATURE_KEY_EXPIRED;
        case GPG_ERR_CERT_REVOKED: return SIGNATURE_KEY_REVOKED;
        case GPG_ERR_NO_PUBKEY: return SIGNATURE_KEY_MISSING;
        default: return SIGNATURE_UNUSABLE;
        }
}

/* gpgme's list is one long struct after the other in its context, and asking for keys replaces it. */
static void copy_signatures(OpenPgp *o, gpgme_signature_t first, SignatureList *l) {
        for (gpgme_signature_t s = first; s; s = s->next) {
                xgrow(&l->items, l->n);
                l->items[l->n++] = (Signature){
                        .state = read_state(s),
                        .issuer = lower_case(s->fpr),
                        .problem = s->status ? gpgme_strerror(s->status) : NULL,
                        .expires = s->exp_timestamp,
                };
        }
        for (size_t i = 0; i < l->n; i++)
                openpgp_find(o, l->items[i].issuer, &l->items[i].key);
}

static gpgme_error_t open_signed(int fd, gpgme_data_t *ret) {
        if (fd < 0)
                return gpgme_data_new_from_mem(ret, "", 0, 0);
        if (lseek(fd, 0, SEEK_SET) < 0)
                return gpgme_error_from_syserror();
        gpgme_error_t e = gpgme_data_new_from_fd(ret, fd);
        if (!e)
                gpgme_data_set_flag(*ret, "io-buffer-size", IO_BUFFER_SIZE); /* old ones do without */
        return e;
}

int openpgp_verify(
                OpenPgp *o, const char *source, const void *data, size_t size, int fd, SignatureList *ret) {
        _cleanup_data_ gpgme_data_t signature = NULL, text = NULL;
        gpgme_error_t e = gpgme_data_new_from_mem(&signature, data, size, 0);
        if (!e)
                e = open_signed(fd, &text);
        if (!e)
                e = gpgme_op_verify(o->context, signature, text, NULL);
        gpgme_verify_result_t result = e ? NULL : gpgme_op_verify_result(o->context);
        if (gpgme_err_code(e) == GPG_ERR_NO_DATA || (result && !result->signatures)) {
                log_error("%s is not a detached OpenPGP signature", source);
                return -EBADMSG;
        }
        if (e)
                return log_gpg_error(e, "verify the signature", source);
        copy_signatures(o, result->signatures, ret);
        return 0;
}
