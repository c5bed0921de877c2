#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; see keys.bash, web.bash, registry.bash
#
# What becomes of each form of reference, by pull policy and by whether the image is trusted: one table, that is
# compared with what it should be and printed.

load lib
load keys
load web
load registry

setup() { use_web; }
teardown() { stop_web; }

# outcome ARGUMENT…: fetches, and says in a word what happened:
#   fetched    it came from outside        unchanged  the other side was asked, and had nothing new
#   store      nobody was asked, or what a layout or an archive has is in the store
#   refused    for want of a signature that is trusted
#   never      it would have to be fetched, and the policy is never
#   absent     there is no such image
outcome() {
    local output status=0
    output=$(r --debug fetch "$@" 2>&1) || status=$?
    case $status:$output in
    0:*'it has not changed'*) echo unchanged ;;
    0:*'using image from local store'* | 0:*'using image from the store'*) echo store ;;
    0:*) echo fetched ;;
    254:*'pull policy is never'*) echo never ;;
    254:*'no image in the store'*) echo absent ;;
    254:*signature* | 254:*'not trusted'*) echo refused ;;
    *) echo "$output" | tail -n 3 ;;
    esac
}

# row FORM TRUST REFERENCE OPTION…: a line of the table. The store that has the image got it from the same place,
# without its signature being verified unless TRUST is "signed".
row() {
    local form=$1 trust=$2 reference=$3 policy have cells=()
    shift 3
    for policy in never new update; do
        for have in no yes; do
            rm -rf "$data"
            if [[ $have == yes ]]; then
                if [[ $trust == signed ]]; then
                    r fetch "${filling:-$reference}" >/dev/null 2>&1
                else
                    r --insecure-options=image fetch "${filling:-$reference}" >/dev/null 2>&1
                fi
            fi
            cells+=("$(outcome "$@" --pull-policy=$policy "$reference")")
        done
    done
    printf '%-16s %-10s %-10s %-10s %-10s %-10s %-10s %-10s\n' "$form" "$trust" "${cells[@]}" | sed 's/ *$//'
}

# three_rows FORM REFERENCE: of an ACI, signed by the key "one" that is trusted, by one that is not, and taken anyway.
three_rows() {
    rm -rf "$config"
    r trust --prefix=a.localhost --skip-fingerprint-review "$keys/one.asc" >/dev/null 2>&1
    row "$1" signed "$2"
    rm -rf "$config"
    r trust --prefix=a.localhost --skip-fingerprint-review "$keys/other.asc" >/dev/null 2>&1
    row "$1" untrusted "$2"
    row "$1" insecure "$2" --insecure-options=image
}

# unsigned_rows FORM REFERENCE PREFIX: of an image that cannot be signed, refused, by a policy, and taken anyway.
unsigned_rows() {
    rm -rf "$config"
    row "$1" unsigned "$2"
    mkdir -p "$config/trust.d"
    echo "{\"rktKind\": \"trust\", \"rktVersion\": \"v1\", \"prefixes\": [\"$3\"], \"policy\": \"accept\"}" >"$config/trust.d/x.json"
    row "$1" accepted "$2"
    rm -rf "$config"
    row "$1" insecure "$2" --insecure-options=image
}

table() {
    printf '%-16s %-10s %-21s %-21s %-21s\n' form trust never new update
    printf '%-16s %-10s %-10s %-10s %-10s %-10s %-10s %-10s\n' '' 'in store:' no yes no yes no yes
    three_rows NAME a.localhost/app
    three_rows PATH "$aci"
    three_rows file: "file://$aci"
    three_rows https: https://a.localhost/app.aci
    three_rows cimd:appc "cimd:appc:v=0:a.localhost%2Fapp"
    filling=$aci row ID untrusted "$id"
    unsigned_rows docker: "docker://$registry/small" "$registry"
    unsigned_rows oci: "oci:$files/layout:small" "$files"
    unsigned_rows oci-archive: "oci-archive:$files/oci.tar:small" "$files"
    unsigned_rows docker-archive: "docker-archive:$files/docker.tar" "$files"
}

@test "fetch: what happens to each form of reference, by pull policy and trust" {
    need commands skopeo docker-registry
    key other
    key one
    serve_web
    aci=$www/a.localhost/app.aci files=$BATS_FILE_TMPDIR
    aci "$aci" a.localhost/app
    sign "$aci" one
    page a.localhost/app 'images a.localhost/app https://a.localhost/app.{ext}'
    make_small "$files/layout" small text >/dev/null
    tar -C "$files/layout" -cf "$files/oci.tar" .
    skopeo copy -q --insecure-policy "oci:$files/layout:small" "docker-archive:$files/docker.tar:small:latest"
    start_registry main
    skopeo copy -q --insecure-policy --dest-tls-verify=false --preserve-digests "oci:$files/layout:small" "docker://$registry/small"

    table >"$BATS_TEST_TMPDIR/table"
    sed 's/^/# /' "$BATS_TEST_TMPDIR/table" >&3
    diff -b - "$BATS_TEST_TMPDIR/table" <<'END'
form             trust      never                 new                   update
                 in store:  no         yes        no         yes        no         yes
NAME             signed     never      store      fetched    store      fetched    unchanged
NAME             untrusted  never      store      refused    store      refused    refused
NAME             insecure   never      store      fetched    store      fetched    unchanged
PATH             signed     never      never      fetched    fetched    fetched    fetched
PATH             untrusted  never      never      refused    refused    refused    refused
PATH             insecure   never      never      fetched    fetched    fetched    fetched
file:            signed     never      never      fetched    fetched    fetched    fetched
file:            untrusted  never      never      refused    refused    refused    refused
file:            insecure   never      never      fetched    fetched    fetched    fetched
https:           signed     never      store      fetched    store      fetched    unchanged
https:           untrusted  never      never      refused    refused    refused    refused
https:           insecure   never      store      fetched    store      fetched    unchanged
cimd:appc        signed     never      store      fetched    store      fetched    unchanged
cimd:appc        untrusted  never      store      refused    store      refused    refused
cimd:appc        insecure   never      store      fetched    store      fetched    unchanged
ID               untrusted  absent     store      absent     store      absent     store
docker:          unsigned   never      store      refused    store      refused    refused
docker:          accepted   never      store      fetched    store      fetched    unchanged
docker:          insecure   never      store      fetched    store      fetched    unchanged
oci:             unsigned   never      never      refused    refused    refused    refused
oci:             accepted   never      never      fetched    store      fetched    store
oci:             insecure   never      never      fetched    store      fetched    store
oci-archive:     unsigned   never      never      refused    refused    refused    refused
oci-archive:     accepted   never      never      fetched    store      fetched    store
oci-archive:     insecure   never      never      fetched    store      fetched    store
docker-archive:  unsigned   never      never      refused    refused    refused    refused
docker-archive:  accepted   never      never      fetched    store      fetched    store
docker-archive:  insecure   never      never      fetched    store      fetched    store
END
}
