#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# OCI images in the store: layers as trees, what pods make of them, and how they go again.

load lib
load pods

setup() {
    config='{"Cmd": ["/true"]}'
    data=$(mktemp -d /var/lib/rkt/oci-test-XXXXXX)
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    umount "$BATS_TEST_TMPDIR/merged" 2>/dev/null || :
    chmod -R u+w "$data"
    rm -rf "$data"
}

r() { rkt "--dir=$data" "$@"; }

# make_layer FILE SPEC… (oci-layers.py says what they are), make_image TAG LAYER…: sets id.
make_layer() { python3 "$BATS_TEST_DIRNAME/oci-layers.py" layer "$@"; }
make_image() {
    id=$(python3 "$BATS_TEST_DIRNAME/oci-image.py" --config "$config" layout "$@")
    id=${id/:/-}
}
fetch() { check r fetch --full --insecure-options=image "oci:layout:$1"; }

# All that an image says of the files in a directory, but times.
listing() {
    (cd "$1" && find . \( -type f -printf '%P %y %m %U:%G ' -exec sh -c 'sha256sum <"$1"' - {} \; \) -o \
        -printf '%P %y %m %U:%G %l\n' | sort)
}

# mount_layers: what an overlay of the image's layers shows, at merged.
mount_layers() {
    local tree lower=''
    mkdir -p merged
    for tree in $(r image render-tree --overlay "$1"); do
        lower+=${lower:+:}$data/cas/tree/$tree/rootfs
    done
    if [[ $lower == *:* ]]; then
        mount -t overlay overlay -o "lowerdir=$lower" merged
    else
        mount --bind "$lower" merged
    fi
}

@test "oci store: blobs, record and trees of an image are where rkt-store(5) says" {
    make_layer a.tar ./ bin/ bin/x=1 etc/=700:3:4
    make_layer b.tar etc/y=2 .wh.gone
    make_image one a.tar=plain b.tar=zstd
    fetch one
    [[ ${lines[-1]} == "$id" ]]
    local record=$data/cas/image/$id blob
    [[ $(jq -r '.format, .id' "$record" | tr '\n' ' ') == "oci $id " ]]
    for blob in "$id" $(jq -r '.config, .layers[].blob' "$record"); do
        [[ $(sha256sum <"$data/cas/blob/sha256/${blob:7:2}/$blob") == "${blob#sha256-}  -" ]]
    done
    # the second layer implies etc: it has a tree of its own and one for what it lies on
    local diff
    diff=$(sha256sum <b.tar | cut -d' ' -f1)
    [[ $(jq -r '.layers[1].diffId' "$record") == "sha256-$diff" ]]
    [[ $(stat -c %a:%u:%g "$data/cas/tree/layer-sha256-$diff/rootfs/etc") == 755:0:0 ]]
    [[ $(stat -c %a:%u:%g "$data/cas/tree/$(jq -r '.layers[1].tree' "$record")/rootfs/etc") == 700:3:4 ]]
    [[ $(stat -c %F:%t:%T "$data/cas/tree/layer-sha256-$diff/rootfs/gone") == 'character special file:0:0' ]]
    [[ $(find "$data/cas/tmp" -type f ! -name 'fetching-*') == '' ]]
}

@test "oci store: layers, an overlay of them and the whole tree show what umoci makes of the image" {
    need commands umoci
    local seed
    for seed in {1..25}; do
        rm -rf l*.tar layout bundle whole
        python3 "$BATS_TEST_DIRNAME/oci-layers.py" random "$seed" 5 l
        make_image "$seed" l?.tar
        umoci unpack --image "layout:$seed" bundle
        fetch "$seed"
        mount_layers "$id"
        r image render --overwrite --rootfs-only "$id" whole
        diff <(listing bundle/rootfs) <(listing merged) || { echo "overlay, seed $seed"; false; }
        diff <(listing bundle/rootfs) <(listing whole) || { echo "whole tree, seed $seed"; false; }
        umount merged
    done
}

@test "oci store: an opaque directory and an opaque root hide what is below, wherever the marker stands" {
    make_layer base.tar d/ d/old=1 top=1 e/ e/f=1
    make_layer before.tar d/ d/.wh..wh..opq d/new=2
    make_layer behind.tar e/new=2 e/.wh..wh..opq
    make_layer root.tar only=3 .wh..wh..opq
    make_image dirs base.tar before.tar behind.tar
    fetch dirs
    mount_layers "$id"
    [[ $(cd merged && find . -type f | sort | tr '\n' ' ') == './d/new ./e/new ./top ' ]]
    umount merged
    make_image root base.tar root.tar
    fetch root
    [[ $(r image render-tree --overlay "$id" | wc -l) == 1 ]]
    mount_layers "$id"
    [[ $(ls merged) == only ]]
}

@test "oci store: a layer that two images share is unpacked once, and stays as long as one has it" {
    make_layer base.tar bin/ bin/x=1
    make_layer one.tar one=1
    make_layer two.tar two=2
    make_image one base.tar one.tar
    local first=$id
    make_image two base.tar two.tar
    fetch one
    local base=$data/cas/tree/layer-sha256-$(sha256sum <base.tar | cut -d' ' -f1)/rootfs/bin/x inode
    inode=$(stat -c %i "$base")
    fetch two
    [[ $(stat -c %i "$base") == "$inode" ]]
    check r image rm "$first"
    has 'removed treestore "layer-sha256-'
    [[ -e $base && -e $data/cas/blob/sha256/$(jq -r '.layers[0].blob | .[7:9] + "/" + .' "$data/cas/image/$id") ]]
    mount_layers "$id"
    [[ $(cat merged/bin/x merged/two) == 12 ]]
    umount merged
    check r image rm "$id"
    [[ $(find "$data/cas" -type f ! -name 'fetching-*') == '' ]]
    [[ $(ls "$data/cas/tree") == '' ]]
}

@test "oci store: a layer that writes through a link of a layer below is refused, and nothing of the image stays" {
    make_layer base.tar 'lib->usr/lib' usr/ usr/lib/ file=1
    local spec
    for spec in lib/x=1 file/x=1; do
        make_layer top.tar "$spec"
        make_image bad base.tar top.tar
        check_fails 254 r fetch --insecure-options=image oci:layout:bad
        has "entries in \"${spec%%/*}\", which is a link or a file in a layer below"
        [[ ! -e $data/cas/image/$id && ! -e $data/cas/manifest/$id ]]
    done
    # but an entry of its own for the directory replaces the link
    make_layer top.tar lib/ lib/x=1
    make_image good base.tar top.tar
    fetch good
    mount_layers "$id"
    [[ $(cat merged/lib/x) == 1 && ! -L merged/lib && -d merged/usr/lib ]]
}

@test "oci store: hostile layers are refused, with the entry and the reason" {
    local -A bad=(
        ['../x=1']='has ".." in it'
        ['a/.wh...=']='a whiteout of nothing'
        ['l->../../etc']='a symbolic link out of the image'
        ['h=>nothing']='does not come before it'
    )
    local spec
    for spec in "${!bad[@]}"; do
        make_layer bad.tar "$spec"
        make_image bad bad.tar
        check_fails 254 r fetch --insecure-options=image oci:layout:bad
        has "${bad[$spec]}"
        [[ ! -e $data/cas/image/$id ]]
    done
    [[ $(ls "$data/cas/tree" "$data/cas/image") != *layer-* ]]
}
