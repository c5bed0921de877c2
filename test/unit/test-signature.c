/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "alloc.h"
#include "file.h"
#include "signature.h"

/* With gpg itself: keys, a file, and signatures of it. FINGERPRINT.asc is a key, NAME.fpr its fingerprint,
 * NAME.sig what it says of the file. */
static const char script[] =
                "set -e; cd \"$1\"; export GNUPGHOME=$PWD/gpg; mkdir -m 700 gpg; echo content >file\n"
                "g() { gpg --batch --quiet --passphrase '' --pinentry-mode loopback \"$@\"; }\n"
                "key() { g \"${@:2}\" --quick-gen-key \"$1 <$1@example.com>\" ed25519 sign "
                "\"${expire:-never}\"\n"
                "  gpg --with-colons --list-keys \"$1@\" | awk -F: '/^fpr/ { print tolower($10); exit }' "
                ">$1.fpr; }\n"
                "sign() { g \"${@:2}\" --armor -u \"$1@example.com\" -o $1.sig --detach-sign file; }\n"
                "key good; sign good; key second; sign second; key revoked; sign revoked\n"
                "expire=1d key expired --faked-system-time 20200101T000000\n"
                "sign expired --faked-system-time 20200101T010000\n"
                "g -u good@example.com -o binary.sig --detach-sign file\n"
                "g -u good@example.com -o inline.sig --sign file\n"
                "g -u good@example.com -o clear.sig --clear-sign file\n"
                "key old --faked-system-time 20200101T000000\n"
                "g --faked-system-time 20200201T000000 --default-sig-expire 1d -u old@example.com -o "
                "old.sig "
                "--detach-sign file\n"
                "g -u good@example.com -u second@example.com --armor -o both.sig --detach-sign file\n"
                "echo other >other; g -u second@example.com -o of-other.sig --detach-sign other\n"
                "cat binary.sig of-other.sig >one-bad.sig\n"
                "sed -i 's/^:--/--/' gpg/openpgp-revocs.d/*.rev\n"
                "g --import gpg/openpgp-revocs.d/$(tr a-f A-F <revoked.fpr).rev\n"
                "for k in good second revoked expired old; do g --armor --export $k@example.com >$k.key; "
                "done\n"
                "gpg --batch --pinentry-mode loopback --passphrase '' --armor --export-secret-keys good@ "
                ">secret.key\n"
                "gpgconf --kill all\n";

static char directory[] = "/tmp/test-signature-XXXXXX";
static char *local_dir;

/* gpgme leaves its children to whoever reaps orphans. */
static int set_up(void **state) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        if (!mkdtemp(directory))
                return -1;
        local_dir = xasprintf("%s/local", directory);
        _cleanup_free_ char *path = xasprintf("%s/script", directory);
        _cleanup_free_ char *command = xasprintf("bash %s %s >%s/log 2>&1", path, directory, directory);
        assert_int_equal(write_string_at(AT_FDCWD, path, script, 0644), 0);
        int status = system(command);
        if (status != 0) {
                _cleanup_free_ char *log = xasprintf("cat %s/log", directory);
                status = system(log);
                return -1;
        }
        return 0;
}

static int tear_down(void **state) {
        free(local_dir);
        while (waitpid(-1, NULL, 0) > 0)
                ;
        return remove_tree_at(AT_FDCWD, directory, false);
}

static char *content(const char *name, const char *suffix, size_t *ret_size) {
        _cleanup_free_ char *path = xasprintf("%s/%s%s", directory, name, suffix);
        char *text;
        size_t size;
        assert_int_equal(read_file_at(AT_FDCWD, path, 1024 * 1024, &text, &size), 0);
        if (ret_size)
                *ret_size = size;
        return text;
}

/* Trusts these keys and no others. */
static void trust(const char *first, ...) {
        Keystore k = { "/nonexistent", local_dir };
        va_list ap;
        remove_tree_at(AT_FDCWD, local_dir, false);
        va_start(ap, first);
        for (const char *name = first; name; name = va_arg(ap, const char *)) {
                size_t size;
                _cleanup_free_ char *key = content(name, ".key", &size), *path = NULL;
                _cleanup_free_ char *fingerprint = content(name, ".fpr", NULL);
                fingerprint[strcspn(fingerprint, "\n")] = 0;
                assert_int_equal(keystore_add(&k, "example.com", fingerprint, key, size, &path), 0);
        }
        va_end(ap);
}

static int verify(const char *signature, const char *file) {
        size_t size;
        _cleanup_free_ char *text = content(signature, ".sig", &size),
                            *path = xasprintf("%s/%s", directory, file);
        _cleanup_signers_ Signers signers = {};
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        SignatureCheck c = {
                .keystore = { "/nonexistent", local_dir },
                .name = "example.com/app",
                .image = "app",
                .source = signature,
                .signature = text,
                .size = size,
        };
        int r = signature_check_issuer(&c, false);
        int q = signature_verify(&c, fd, &signers);
        assert_true(q < 0 || (r == 0 && signers.n > 0));
        if (q >= 0) {
                assert_int_equal(signature_check_name(&c, "example.com/any", &signers), 0);
                assert_int_equal(signature_check_name(&c, "example.org/any", &signers), -ENOKEY);
        }
        return q;
}

static void a_good_signature_by_a_trusted_key_counts_armored_or_not(void **state) {
        trust("good", NULL);
        assert_int_equal(verify("good", "file"), 0);
        assert_int_equal(verify("binary", "file"), 0);
        assert_int_equal(verify("good", "other"), -EBADMSG);
        assert_int_equal(verify("second", "file"), -ENOKEY);
}

static void what_is_no_detached_signature_is_refused(void **state) {
        trust("good", NULL);
        assert_true(verify("inline", "file") < 0);
        assert_true(verify("inline", "other") < 0);
        assert_true(verify("clear", "file") < 0);
        assert_true(verify("clear", "other") < 0);
}

static void expired_and_revoked_keys_and_expired_signatures_do_not_count(void **state) {
        trust("expired", "revoked", NULL);
        assert_int_equal(verify("expired", "file"), -EKEYEXPIRED);
        assert_int_equal(verify("revoked", "file"), -EKEYREVOKED);
        trust("old", NULL);
        assert_int_equal(verify("old", "file"), -EKEYEXPIRED);
}

static void of_several_signatures_one_must_be_good_and_none_bad(void **state) {
        trust("good", NULL);
        assert_int_equal(verify("both", "file"), 0);
        assert_int_equal(verify("one-bad", "file"), 0); /* by a key that nobody trusts */
        trust("second", NULL);
        assert_int_equal(verify("both", "file"), 0);
        assert_int_equal(verify("both", "other"), -EBADMSG);
        trust("good", "second", NULL);
        assert_int_equal(verify("both", "file"), 0);
        assert_int_equal(verify("one-bad", "file"), -EBADMSG);
        trust("expired", NULL);
        assert_int_equal(verify("both", "file"), -ENOKEY);
}

static void a_file_that_is_not_named_by_its_key_stops_everything(void **state) {
        _cleanup_free_ char *key = NULL, *fingerprint = content("second", ".fpr", NULL), *path = NULL;
        Keystore k = { "/nonexistent", local_dir };
        size_t size;
        trust("good", NULL);
        key = content("good", ".key", &size);
        fingerprint[strcspn(fingerprint, "\n")] = 0;
        assert_int_equal(keystore_add(&k, "", fingerprint, key, size, &path), 0);
        assert_int_equal(verify("good", "file"), -EINVAL);
}

static void secret_keys_are_not_taken(void **state) {
        _cleanup_openpgp_ OpenPgp *o = NULL;
        size_t size;
        char **fingerprints;
        _cleanup_free_ char *key = content("secret", ".key", &size);
        assert_int_equal(openpgp_new(NULL, &o), 0);
        assert_int_equal(openpgp_import(o, "secret.key", key, size, &fingerprints), -EKEYREJECTED);
        assert_int_equal(openpgp_import(o, "nothing", "nothing", 7, &fingerprints), -ENOKEY);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_good_signature_by_a_trusted_key_counts_armored_or_not),
                cmocka_unit_test(what_is_no_detached_signature_is_refused),
                cmocka_unit_test(expired_and_revoked_keys_and_expired_signatures_do_not_count),
                cmocka_unit_test(of_several_signatures_one_must_be_good_and_none_bad),
                cmocka_unit_test(a_file_that_is_not_named_by_its_key_stops_everything),
                cmocka_unit_test(secret_keys_are_not_taken),
        };
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
