# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Keys and signatures for the tests, by gpg: "load keys" beside "load lib".

# use_keys: makes a gpg home of the test's own. For setup.
use_keys() {
    export GNUPGHOME=$BATS_TEST_TMPDIR/gnupg
    keys=$BATS_TEST_TMPDIR/keys
    mkdir -m 700 "$GNUPGHOME"
    mkdir "$keys"
}

# stop_gpg: for teardown.
stop_gpg() { gpgconf --kill all 2>/dev/null || :; }

g() { gpg --batch --quiet --no-tty --passphrase '' --pinentry-mode loopback "$@"; }

# key NAME [GPG-OPTION…]: makes a key pair; the public key is $keys/NAME.asc.
# $expire is when it expires, as gpg takes it. Sets fingerprint.
key() {
    local name=$1
    shift
    g "$@" --quick-gen-key "$name <$name@example.com>" ed25519 sign "${expire:-never}"
    # shellcheck disable=SC2034 # for the test
    fingerprint=$(fingerprint_of "$name")
    g --armor --export "$name@example.com" >"$keys/$name.asc"
}

fingerprint_of() { g --with-colons --list-keys "$1@example.com" 2>/dev/null | awk -F: '/^fpr/ { print tolower($10); exit }'; }

# revoke NAME: and writes the key anew.
revoke() {
    local file
    file=$GNUPGHOME/openpgp-revocs.d/$(fingerprint_of "$1" | tr a-f A-F).rev
    sed -i 's/^:--/--/' "$file"
    g --import "$file"
    g --armor --export "$1@example.com" >"$keys/$1.asc"
}

# sign FILE NAME… [-- GPG-OPTION…]: FILE.asc, by all of them.
sign() {
    local file=$1 users=()
    shift
    while (($# > 0)) && [[ $1 != -- ]]; do
        users+=(-u "$1@example.com")
        shift
    done
    g "${users[@]}" --armor "${@:2}" --yes -o "$file.asc" --detach-sign "$file"
}
