#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib
load keys

setup() {
    use_keys
    data=$BATS_TEST_TMPDIR/data
    config=$BATS_TEST_TMPDIR/config
    www=$BATS_TEST_TMPDIR/www
    mkdir -p "$www"
}

teardown() {
    stop_gpg
    stop_servers
}

r() { rkt --dir="$data" --local-config="$config" --system-config="$BATS_TEST_TMPDIR/vendor" "$@"; }

# answer TEXT COMMAND…: runs it on a terminal of its own, on which TEXT is typed once it asks.
answer() {
    python3 "$BATS_TEST_DIRNAME/answer.py" "$@"
}

# spaced FINGERPRINT: as gpg prints it.
spaced() { sed 's/..../& /g; s/ $//; s/\(.\{24\}\) /\1  /' <<<"${1^^}"; }

@test "trust: a key of a file is stored under its fingerprint, readable by all" {
    key one
    check r trust --prefix=example.com/app --skip-fingerprint-review "$keys/one.asc"
    has "prefix: \"example.com/app\"$"
    has "^key: \"$keys/one.asc\""
    has "gpg key fingerprint is: $(spaced "$fingerprint")"
    has 'one <one@example.com>'
    has "Trusting \"$keys/one.asc\" for prefix \"example.com/app\" without fingerprint review."
    local file=$config/trustedkeys/prefix.d/example.com/app/$fingerprint
    has "Added key for prefix \"example.com/app\" at \"$file\""
    [[ $(stat -c %a "$file") == 644 && $(stat -c %a "${file%/*}") == *775 && $(stat -c %a "$config/trustedkeys") == *775 ]]
    [[ $(stat -c %G "${file%/*}") == rkt-admin ]]
    g --show-keys "$file" | grep -qi "$fingerprint"
    check r trust --root --skip-fingerprint-review "$keys/one.asc"
    has "Added root key at \"$config/trustedkeys/root.d/$fingerprint\""
    [[ -z $(find "$config" -name '*.tmp-*') ]]
}

@test "trust: leaves no agent, no keyring and no temporary file" {
    key one
    stop_gpg
    unset GNUPGHOME
    local before
    before=$(ls -A /tmp)
    HOME=$BATS_TEST_TMPDIR/home check r trust --root --skip-fingerprint-review "$keys/one.asc"
    [[ ! -e $BATS_TEST_TMPDIR/home ]]
    [[ $(ls -A /tmp) == "$before" ]]
    ! pgrep -l 'gpg-agent|dirmngr|keyboxd|scdaemon'
}

@test "trust: what is asked for wrongly is refused with what is expected" {
    key one
    check_fails 254 r trust "$keys/one.asc"
    has '--root required for non-prefixed \(root\) keys'
    check_fails 254 r trust
    check_fails 254 r trust --root
    has 'can only be discovered for a prefix'
    check_fails 254 r trust --root --prefix=example.com "$keys/one.asc"
    has 'mutually exclusive'
    check_fails 254 r trust --prefix=https://example.com "$keys/one.asc"
    has 'is a URL'
    check_fails 254 r trust --prefix=../x "$keys/one.asc"
    has 'AC identifier|expected lower-case'
    check_fails 254 r trust --prefix=example.com "$keys/none.asc"
    has "cannot read the key $keys/none.asc: No such file"
    check_fails 254 r trust --prefix=example.com ftp://example.com/key.asc
    has 'only files and URLs'
    [[ ! -e $config ]]
}

@test "trust: files without keys, with secret keys, and unending ones are refused" {
    key one
    echo nothing >"$keys/nothing"
    check_fails 254 r trust --root --skip-fingerprint-review "$keys/nothing"
    has 'no OpenPGP public key'
    g --armor --export-secret-keys one@example.com >"$keys/secret.asc"
    check_fails 254 r trust --root --skip-fingerprint-review "$keys/secret.asc"
    has 'contains a secret key'
    g --export-secret-keys one@example.com >"$keys/secret.gpg"
    check_fails 254 r trust --root --skip-fingerprint-review "$keys/secret.gpg"
    has 'contains a secret key'
    { cat "$keys/one.asc"; head -c 2000000 /dev/zero; } >"$keys/large"
    check_fails 254 r trust --root --skip-fingerprint-review "$keys/large"
    has 'File too large'
    [[ ! -e $config ]]
}

@test "trust: each of several keys in one file gets a file of its own" {
    key one
    local first=$fingerprint
    key two
    cat "$keys/one.asc" "$keys/two.asc" >"$keys/both.asc"
    check r trust --prefix=example.com --skip-fingerprint-review "$keys/both.asc"
    has "$(spaced "$first")"
    has "$(spaced "$fingerprint")"
    [[ $(ls "$config/trustedkeys/prefix.d/example.com") == "$(printf '%s\n' "$first" "$fingerprint" | sort)" ]]
    g --show-keys --with-colons "$config/trustedkeys/prefix.d/example.com/$first" >"$BATS_TEST_TMPDIR/shown"
    [[ $(grep -c '^pub' "$BATS_TEST_TMPDIR/shown") == 1 ]]
    # a binary one
    g --export two@example.com >"$keys/two.gpg"
    check r trust --root --skip-fingerprint-review "$keys/two.gpg"
    head -n 1 "$config/trustedkeys/root.d/$fingerprint" | grep -q 'BEGIN PGP PUBLIC KEY BLOCK'
}

@test "trust: asks on a terminal, and takes nothing but yes for yes" {
    key one
    check answer 'yes' rkt --local-config="$config" trust --prefix=example.com/app "$keys/one.asc"
    has 'Are you sure you want to trust this key \(yes/no\)\?'
    has 'after fingerprint review'
    [[ -s $config/trustedkeys/prefix.d/example.com/app/$fingerprint ]]
    check answer 'no' rkt --local-config="$config" trust --root "$keys/one.asc"
    has 'Not trusting'
    [[ ! -e $config/trustedkeys/root.d ]]
    check answer $'y\nYES\nyes' rkt --local-config="$config" trust --root "$keys/one.asc"
    has "Please enter 'yes' or 'no'"
    [[ -s $config/trustedkeys/root.d/$fingerprint ]]
}

@test "trust: without a terminal it says what can be done instead, and adds nothing" {
    key one
    check_fails 254 r trust --prefix=example.com/app "$keys/one.asc" </dev/null
    has 'there is no terminal'
    has '--trust-keys-from-https'
    has 'rkt trust --prefix "example.com/app"'
    [[ ! -e $config ]]
}

@test "trust: identities cannot write to the terminal, and expired or revoked keys are pointed out" {
    expire=1d key old --faked-system-time 20200101T000000
    check r trust --root --skip-fingerprint-review "$keys/old.asc"
    has 'has expired \(2020-01-02'
    key gone
    revoke gone
    check r trust --root --skip-fingerprint-review "$keys/gone.asc"
    has 'has been revoked'
    g --quick-gen-key $'evil \e[2K\xc2\x9b2K <e@example.com>' ed25519 sign never || skip 'this gpg makes no such key'
    g --armor --export 'e@example.com' >"$keys/evil.asc"
    check r trust --root --skip-fingerprint-review "$keys/evil.asc"
    has 'evil'
    lacks $'\e'
    lacks $'\xc2\x9b'
}

@test "trust: keys over plain http are only taken when that is allowed" {
    key one
    cp "$keys/one.asc" "$www"
    serve "$www"
    check_fails 254 r trust --root --skip-fingerprint-review "$url/one.asc"
    has 'plain http'
    check r trust --root --skip-fingerprint-review --insecure-allow-http "$url/one.asc"
    rm -r "$config"
    check r trust --insecure-options=pubkey --root --skip-fingerprint-review "$url/one.asc"
    [[ -s $config/trustedkeys/root.d/$fingerprint ]]
    # not one that is to be trusted because of https
    check_fails 254 r trust --insecure-options=pubkey --trust-keys-from-https --root "$url/one.asc" </dev/null
    check_fails 254 r trust --root --skip-fingerprint-review --insecure-allow-http "$url/none.asc"
    has '404'
}
