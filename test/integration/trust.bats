#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; see keys.bash, web.bash

load lib
load keys
load web

setup() { use_web; }
teardown() { stop_web; }

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
    [[ -z $(pgrep -l 'gpg-agent|dirmngr|keyboxd|scdaemon') ]]
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

# nothing_left: neither in the store nor where gpg worked.
nothing_left() { [[ -z $(find "$data/cas" -type f) && -z $(ls -A "$data/cas/tree") && -z $(ls -d /tmp/rkt-gpg-* 2>/dev/null) ]] || { find "$data/cas" /tmp/rkt-gpg-*; return 1; }; }

@test "signatures: an image that a trusted key has signed is taken, and said who has" {
    key one
    aci "$www/app.aci" example.com/app
    sign "$www/app.aci" one
    trust example.com one
    check r fetch --full "$www/app.aci"
    has 'signature verified:'
    has '  one <one@example.com>'
    [[ ${lines[-1]} == "$id" ]]
    serve "$www"
    check r fetch --full "$url/app.aci"
    has 'signature verified:'
    rm "$www/app.aci.asc"
    g -u one@example.com -o "$www/app.aci.asc" --detach-sign "$www/app.aci"
    check r fetch --full "$www/app.aci"
    has 'signature verified:'
}

@test "signatures: without one an image is refused, with the way around it" {
    aci "$www/app.aci" example.com/app
    check_fails 254 r fetch "$www/app.aci"
    has "image $www/app.aci must be verified by its signature, and $www/app.aci.asc cannot be read: No such file"
    has 'insecure-options=image'
    serve "$www"
    check_fails 254 r fetch "$url/app.aci"
    has '404'
    has 'insecure-options=image'
    nothing_left
    check r fetch --insecure-options=image "$url/app.aci"
    has 'warning: image signature verification has been disabled'
    lacks 'signature verified'
}

@test "signatures: wrong, unknown, expired and revoked ones are refused with the reason, and nothing stays" {
    key one
    key other
    key gone
    expire=1d key old --faked-system-time 20200101T000000
    key long --faked-system-time 20200101T000000
    aci "$www/app.aci" example.com/app
    trust example.com one old gone long

    cp "$www/app.aci" "$www/copy"
    sign "$www/app.aci" one
    printf x >>"$www/app.aci"
    check_fails 254 r fetch "$www/app.aci"
    has "does not match its signature .* by key $(fingerprint_of one) \(one <one@example.com>\)"
    cp "$www/copy" "$www/app.aci"

    sign "$www/app.aci" other
    check_fails 254 r fetch "$www/app.aci"
    has "signed by key $(fingerprint_of other), which is not trusted; .*rkt trust --prefix="

    sign "$www/app.aci" old -- --faked-system-time 20200101T010000
    check_fails 254 r fetch "$www/app.aci"
    has 'old <old@example.com>\), which has expired: 2020-01-02'

    sign "$www/app.aci" long -- --faked-system-time 20200301T000000 --default-sig-expire 1d
    check_fails 254 r fetch "$www/app.aci"
    has 'signature has expired: 2020-03-02'

    sign "$www/app.aci" gone
    check r fetch "$www/app.aci"
    r image rm example.com/app >/dev/null
    revoke gone
    trust example.com gone
    check_fails 254 r fetch "$www/app.aci"
    has 'gone <gone@example.com>\), which has been revoked'

    echo nonsense >"$www/app.aci.asc"
    check_fails 254 r fetch "$www/app.aci"
    has 'app.aci.asc is not a detached OpenPGP signature'
    head -c 100000 /dev/zero >"$www/app.aci.asc"
    check_fails 254 r fetch "$www/app.aci"
    has 'File too large'
    # a message that contains what it signs says nothing about another file
    g -u one@example.com --armor --yes -o "$www/app.aci.asc" --sign "$www/copy"
    check_fails 254 r fetch "$www/app.aci"
    has 'not a detached OpenPGP signature'
    nothing_left
}

@test "signatures: nothing looks into an image before its signature is verified" {
    key one
    key other
    trust example.com one
    echo 'this is no archive' >"$www/app.aci"
    sign "$www/app.aci" other
    check_fails 254 r fetch "$www/app.aci"
    has 'not trusted'
    sign "$www/app.aci" one
    printf x >>"$www/app.aci"
    check_fails 254 strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=execve rkt --dir="$data" --local-config="$config" fetch "$www/app.aci"
    has 'does not match its signature'
    [[ -s $BATS_TEST_TMPDIR/trace ]]
    [[ -z $(grep rkt-unpack "$BATS_TEST_TMPDIR/trace") ]]
    sign "$www/app.aci" one
    check_fails 254 r fetch "$www/app.aci"
    has 'cannot import'
    nothing_left
}

@test "signatures: of several one must be good by a trusted key, and none by one be bad" {
    key one
    key two
    key three
    trust example.com one two
    aci "$www/app.aci" example.com/app
    sign "$www/app.aci" three one
    check r fetch "$www/app.aci"
    has 'one <one@example.com>'
    lacks 'three <'
    sign "$www/app.aci" one two
    check r fetch "$www/app.aci"
    has 'one <one@example.com>'
    has 'two <two@example.com>'
    # a good one, and one of other bytes
    g -u one@example.com --yes -o "$BATS_TEST_TMPDIR/good" --detach-sign "$www/app.aci"
    echo other >"$BATS_TEST_TMPDIR/other"
    g -u two@example.com --yes -o "$BATS_TEST_TMPDIR/bad" --detach-sign "$BATS_TEST_TMPDIR/other"
    cat "$BATS_TEST_TMPDIR/good" "$BATS_TEST_TMPDIR/bad" >"$www/app.aci.asc"
    check_fails 254 r fetch "$www/app.aci"
    has 'does not match its signature .* \(two <two@example.com>'
    sign "$www/app.aci" three
    check_fails 254 r fetch "$www/app.aci"
    has 'not trusted'
}

@test "signatures: a key only counts for the prefix that it is trusted for" {
    key one
    trust example.com/a one
    aci "$www/a.aci" example.com/a/b/c
    aci "$www/b.aci" example.com/b
    aci "$www/ab.aci" example.com/ab
    local image
    for image in a b ab; do sign "$www/$image.aci" one; done
    check r fetch "$www/a.aci"
    check_fails 254 r fetch "$www/b.aci"
    has "is called \"example.com/b\", but key $fingerprint, which has signed it, is only trusted for other names"
    has 'rkt trust --prefix=example.com/b'
    check_fails 254 r fetch "$www/ab.aci"
    [[ $(r image list --no-legend --fields=name 2>/dev/null) == example.com/a/b/c* ]]
    trust example.com one
    check r fetch "$www/b.aci" "$www/ab.aci"
}

@test "signatures: an empty local file takes a vendor's key away" {
    key one
    local vendor=$BATS_TEST_TMPDIR/vendor/trustedkeys/root.d
    mkdir -p "$vendor" "$config/trustedkeys/root.d" "$config/trustedkeys/prefix.d/example.com/b"
    cp "$keys/one.asc" "$vendor/$fingerprint"
    aci "$www/a.aci" example.com/a
    aci "$www/b.aci" example.com/b
    sign "$www/a.aci" one
    sign "$www/b.aci" one
    check r fetch "$www/a.aci"
    : >"$config/trustedkeys/prefix.d/example.com/b/$fingerprint"
    check r fetch "$www/a.aci"
    check_fails 254 r fetch "$www/b.aci"
    has 'only trusted for other names'
    : >"$config/trustedkeys/root.d/$fingerprint"
    check_fails 254 r fetch "$www/a.aci"
    has 'no key is trusted at all'
}

@test "signatures: a key file of another name than its fingerprint is an error" {
    key one
    local first=$fingerprint
    key two
    trust example.com one
    aci "$www/a.aci" example.com/a
    sign "$www/a.aci" two
    cp "$keys/two.asc" "$config/trustedkeys/prefix.d/example.com/$first"
    check_fails 254 r fetch "$www/a.aci"
    has "named by another fingerprint than that of the key in it, which is $fingerprint"
    rm "$config/trustedkeys/prefix.d/example.com/$first"
    cp "$keys/two.asc" "$config/trustedkeys/prefix.d/example.com/two.asc"
    check_fails 254 r fetch "$www/a.aci"
    has 'two.asc does not belong there'
    nothing_left
}

@test "signatures: --signature names a file for the image before it" {
    key one
    trust example.com one
    aci "$www/a.aci" example.com/a
    aci "$www/b.aci" example.com/b
    sign "$www/a.aci" one
    sign "$www/b.aci" one
    mv "$www/a.aci.asc" "$www/a.sig"
    check r fetch "$www/a.aci" --signature="$www/a.sig" "$www/b.aci"
    check_fails 254 r fetch "$www/a.aci" --signature="$www/b.aci.asc"
    has 'does not match its signature'
    check_fails 254 r fetch "$www/a.aci" --signature="$www/none"
    has "none cannot be read: No such file"
    check_fails 254 r fetch "$www/a.aci" --signature="$www/none" --signature="$www/a.sig"
    has 'given more than once for image'
    serve "$www"
    check r fetch "$url/a.aci" --signature="$www/a.sig"
    # and through run
    check_fails 254 r run --net=none "$www/a.aci" --signature="$www/b.aci.asc"
    has 'does not match its signature'
}

@test "signatures: keyrings of the user and of gpg's own configuration do not count" {
    key one
    key two
    trust example.com two
    aci "$www/a.aci" example.com/a
    sign "$www/a.aci" one
    check_fails 254 r fetch "$www/a.aci"
    has 'not trusted'
    HOME=$BATS_TEST_TMPDIR mkdir -p "$BATS_TEST_TMPDIR/.gnupg"
    cp "$GNUPGHOME"/pubring* "$BATS_TEST_TMPDIR/.gnupg/"
    HOME=$BATS_TEST_TMPDIR check_fails 254 r fetch "$www/a.aci"
    mkdir -p /etc/gnupg
    g --export one@example.com >"$BATS_TEST_TMPDIR/all.gpg"
    echo "keyring $BATS_TEST_TMPDIR/all.gpg" >/etc/gnupg/gpg.conf
    check_fails 254 r fetch "$www/a.aci"
    rm /etc/gnupg/gpg.conf
    has 'not trusted'
}

@test "signatures: what was once taken from a URL without one is downloaded again to be verified" {
    key one
    trust example.com one
    aci "$www/a.aci" example.com/a
    serve "$www"
    check r fetch --insecure-options=image "$url/a.aci"
    check r fetch --insecure-options=image --pull-policy=new "$url/a.aci"
    check_fails 254 r fetch --pull-policy=never "$url/a.aci"
    check_fails 254 r fetch --pull-policy=new "$url/a.aci"
    has '404'
    sign "$www/a.aci" one
    check r fetch --pull-policy=new "$url/a.aci"
    has 'signature verified'
    rm "$www/a.aci.asc"
    check r fetch --pull-policy=new "$url/a.aci"
    check r fetch --pull-policy=never "$url/a.aci"
}

# policy NAME POLICY PREFIX…: a file of trust.d.
policy() {
    mkdir -p "$config/trust.d"
    printf '%s\n' "${@:3}" | jq -R . | jq -s --arg p "$2" '{rktKind: "trust", rktVersion: "v1", prefixes: ., policy: $p}' \
        >"$config/trust.d/$1.json"
}

@test "policy: images of a name can be accepted without a signature, or rejected whatever it says" {
    key one
    trust example.com one
    aci "$www/a.aci" example.com/a
    sign "$www/a.aci" one
    policy none reject example.com/a
    check_fails 254 r fetch "$www/a.aci"
    has "image example.com/a is rejected: prefix \"example.com/a\" in $config/trust.d/none.json"
    check_fails 254 r fetch --insecure-options=image "$www/a.aci"
    check_fails 254 r fetch example.com/a
    has 'is rejected'
    nothing_left
    policy none signature example.com/a
    check r fetch "$www/a.aci"
    rm "$www/a.aci.asc"
    # what the name is stands in the file, which nobody looks into before
    policy none accept example.com/a
    check_fails 254 r fetch "$www/a.aci"
    # but the file has a name, too
    policy files accept "$(readlink -f "$www")"
    check r fetch "$www/a.aci"
    policy files accept "$(readlink -f "$www")x"
    check_fails 254 r fetch "$www/a.aci"
    policy none sometimes example.com/a
    check_fails 254 r fetch "$www/a.aci"
    has 'none.json:.*policy: expected "signature", "accept" or "reject", found "sometimes"'
}
