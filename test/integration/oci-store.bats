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
    while umount "$BATS_TEST_TMPDIR/merged" 2>/dev/null; do :; done
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
    local seed n=25
    [[ $RKT_TEST_HOST == ns ]] || n=3 # it is emulated
    for ((seed = 1; seed <= n; seed++)); do
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
    local base inode
    base=$data/cas/tree/layer-sha256-$(sha256sum <base.tar | cut -d' ' -f1)/rootfs/bin/x
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

# shell_layer FILE: a layer with a static busybox, as /bin/sh and others.
shell_layer() {
    mkdir -p shell/bin shell/tmp
    chmod 1777 shell/tmp
    cp "$(type -P busybox)" shell/bin/busybox
    local applet
    for applet in sh cat ls stat id touch rm echo true; do ln -f shell/bin/busybox "shell/bin/$applet"; done
    tar -C shell --owner=0 --group=0 -cf "$1" ./bin ./tmp
}

@test "oci store: a pod shows its image's layers as an overlay, and without one the same from a copy" {
    config='{"Entrypoint": ["/bin/sh", "-c", "cat /etc/name; stat -c %a%u /etc; ls /; touch /new"]}'
    shell_layer shell.tar
    make_layer base.tar ./=711:1:1 etc/=700:3:3 etc/name=old gone=1
    make_layer top.tar etc/name=new .wh.gone
    make_image pod shell.tar base.tar top.tar
    local flag
    fetch pod
    for flag in --no-overlay=false --no-overlay; do
        check r run --insecure-options=image --net=none $flag "$id"
        has ': new7003'
        lacks ': gone'
        has ': etc'
    done
    [[ ! -e $data/cas/tree/$(jq -r '.layers[2].tree' "$data/cas/image/$id")/rootfs/new ]]
    local pod
    pod=$(find "$data"/pods/*/*/appsinfo -name treeStoreID | head -1)
    # uppermost first; the root directory is that of the layer that has an entry for it
    [[ $(cat "$pod") == "$(r image render-tree --overlay "$id")" ]]
    [[ $(wc -w <"$pod") == 3 ]]
    # pods that have ended keep their trees, not the image
    check r image gc --grace-period=0s
    [[ ! -e $data/cas/image/$id && -e $data/cas/tree/$(head -1 "$pod")/rootfs ]]
    r gc --grace-period=0s
    check r image gc --grace-period=0s
    check ls -A "$data/cas/tree"
    [[ $output == '' ]] || { ls -la "$data/cas/tree"; false; }
}

@test "oci store: an image of 130 layers runs from an overlay, one of 230 from its whole tree" {
    config='{"Entrypoint": ["/bin/sh", "-c", "cat /n/*"]}'
    shell_layer shell.tar
    python3 "$BATS_TEST_DIRNAME/oci-layers.py" numbered 229
    make_image many shell.tar {1..129}.tar
    fetch many
    check r run --insecure-options=image --net=none "$id"
    has ': 120,121,122,123,124,125,126,127,128,129,'
    [[ $(r image render-tree --overlay "$id" | wc -l) == 130 ]]
    make_image more shell.tar {1..229}.tar
    fetch more
    check r run --insecure-options=image --net=none "$id"
    has ': 220,221,222,223,224,225,226,227,228,229,'
    [[ $(r image render-tree --overlay "$id") == deps-sha512-* ]]
}

@test "oci store: a layer that an image has twice is mounted once" {
    shell_layer shell.tar
    make_layer a.tar d/ d/x=1
    make_layer b.tar d/ d/x=2
    config='{"Entrypoint": ["/bin/cat", "/d/x"]}'
    make_image twice shell.tar a.tar b.tar a.tar
    fetch twice
    check r run --insecure-options=image --net=none "$id"
    has ': 1'
}

@test "oci store: an image that somebody of the group fetched is rendered when root runs it" {
    getent group rkt >/dev/null || skip "there is no group rkt"
    rmdir "$data"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
    shell_layer shell.tar
    make_layer etc.tar etc/=700 etc/name=n
    config='{"Entrypoint": ["/bin/cat", "/etc/name"]}'
    make_image group shell.tar etc.tar
    r image list >/dev/null
    local member=(setpriv --reuid=nobody --regid=nogroup --groups=rkt rkt "--dir=$data")
    check "${member[@]}" fetch --insecure-options=image oci:layout:group
    [[ $(jq -r '.layers[0].tree' "$data/cas/image/$id") == null && $(ls "$data/cas/tree") == '' ]]
    check r run --insecure-options=image --net=none "$id"
    has ': n'
    [[ $(jq -r '.layers[0].tree' "$data/cas/image/$id") == layer-sha256-* ]]
}

@test "oci store: image list tells an image by its usual name, and its blobs and trees are in its size" {
    head -c 100000 /dev/zero >zero
    tar --owner=0 --group=0 -cf a.tar zero
    make_image listed a.tar=plain
    fetch listed
    local size
    size=$(jq '.size + ([.layers[].treeSize] | add)' "$data/cas/image/$id")
    ((size > 200000))
    [[ $(r image list --format=json | jq .[0].size) == "$size" ]]
    [[ $(r image list --full --no-legend) == "$id"* ]]
    # an ID's beginning is enough
    check r image cat-manifest "${id:0:15}"
    has '"acKind": "ImageManifest"'
    check_fails 254 r image cat-manifest sha256-ffff
    has 'no image in the store has an ID that begins with'
}

@test "image verify: what has changed in a layer's tree is found and mended, also where layers share it" {
    make_layer base.tar etc/=700:3:4 etc/x=1 .wh.y
    make_layer top.tar etc/z=2 d/ d/.wh..wh..opq
    make_image verified base.tar top.tar
    fetch verified
    local tree own variant
    own=$data/cas/tree/layer-sha256-$(sha256sum <top.tar | cut -d' ' -f1)
    variant=$data/cas/tree/$(jq -r '.layers[1].tree' "$data/cas/image/$id")
    [[ $own != "$variant" ]]
    check r image verify "$id"
    has 'successfully verified checksum'
    lacks failed
    for tree in "$own" "$variant"; do
        echo changed >"$tree/rootfs/etc/z"
        check r image verify "$id"
        has '/etc/z: the .* differs; rebuilding'
        [[ $(cat "$own/rootfs/etc/z") == 2 && $(cat "$variant/rootfs/etc/z") == 2 ]]
        setfattr -x trusted.overlay.opaque "$tree/rootfs/d"
        check r image verify "$id"
        has '/d: the extended attributes differ; rebuilding'
        rm -rf "$tree"
        check r image verify "$id"
        [[ $(cat "$tree/rootfs/etc/z") == 2 ]]
    done
    chmod 755 "$variant/rootfs/etc"
    check r image verify "$id"
    has '/etc: the mode differs; rebuilding'
    [[ $(stat -c %a:%u "$variant/rootfs/etc") == 700:3 ]]
    check r image verify "$id"
    lacks rebuilding
}

@test "image verify: a damaged blob is reported, and the next fetch brings it anew" {
    make_layer base.tar etc/ etc/x=1
    make_image damaged base.tar=plain
    fetch damaged
    local what blob
    for what in .layers[0].blob .config .id; do
        blob=$(jq -r "$what" "$data/cas/image/$id")
        blob=$data/cas/blob/sha256/${blob:7:2}/$blob
        printf X | dd of="$blob" bs=1 seek=10 conv=notrunc status=none
        check_fails 254 r image verify "$id"
        has 'is damaged: its content has the digest sha256-'
        fetch damaged
        check r image verify "$id"
    done
}

@test "image gc: blobs and trees of no image go after a day, those of images and pods stay" {
    make_layer base.tar etc/ etc/x=1
    make_image kept base.tar
    fetch kept
    local hex blob
    hex=$(printf x | sha256sum | cut -d' ' -f1)
    blob=$data/cas/blob/sha256/${hex:0:2}/sha256-$hex
    mkdir -p "${blob%/*}" "$data/cas/tree/layer-sha256-$hex/rootfs" "$data/cas/reference/localhost:5000"
    printf x >"$blob"
    echo "sha256-$hex" >"$data/cas/reference/localhost:5000/gone:1"
    check r image gc
    [[ -e $blob && -e $data/cas/tree/layer-sha256-$hex ]]
    [[ ! -e $data/cas/reference/localhost:5000 ]]
    touch -d '25 hours ago' "$blob" "$data/cas/tree/layer-sha256-$hex"
    check r image gc
    [[ ! -e $blob && ! -e $data/cas/tree/layer-sha256-$hex ]]
    check r image verify "$id"
    lacks rebuilding
    # without a grace period, nothing is left to another fetch
    mkdir -p "${blob%/*}" "$data/cas/tree/layer-sha256-$hex/rootfs"
    printf x >"$blob"
    check r image gc --grace-period=0s
    [[ ! -e $blob && $(ls "$data/cas/tree") == '' && $(find "$data/cas/blob" -type f) == '' ]]
}

# several_layers: three layers of some size, so that a fetch takes a while, and an image of them.
several_layers() {
    local i
    for i in 1 2 3; do
        mkdir -p "big$i/usr/$i"
        head -c 20M /dev/urandom >"big$i/usr/$i/random"
        touch "big$i/usr/$i/"file{1..500}
        tar -C "big$i" --owner=0 --group=0 -cf "big$i.tar" .
    done
    make_image big big1.tar big2.tar big3.tar
}

@test "oci store: 10 fetches of images that share layers, at once, all succeed and unpack each layer once" {
    several_layers
    make_layer other.tar other=1
    local first=$id i jobs=()
    make_image other big1.tar big2.tar other.tar
    for i in {1..10}; do
        case $((i % 2)) in
        0) rkt "--dir=$data" fetch --insecure-options=image oci:layout:big >"out$i" 2>&1 3>&- & ;;
        1) rkt "--dir=$data" fetch --insecure-options=image oci:layout:other >"out$i" 2>&1 3>&- & ;;
        esac
        jobs+=($!)
    done
    for i in {0..9}; do wait "${jobs[$i]}" || { cat "out$((i + 1))"; false; }; done
    check r image verify "$first" "$id"
    lacks rebuilding
    [[ $(find "$data/cas/tree" -mindepth 1 -maxdepth 1 ! -name '.lock*' | wc -l) == 4 ]]
    [[ $(find "$data/cas/tmp" -type f ! -name 'fetching-*' ! -name '*.lock') == '' ]]
}

@test "oci store: fetches killed at random moments leave a store in which the next one succeeds" {
    several_layers
    local i pid
    for i in {1..25}; do
        setsid rkt "--dir=$data" fetch --insecure-options=image oci:layout:big >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "0.$(printf %03d $((RANDOM % 400)))"
        kill -KILL -- -$pid 2>/dev/null || :
        wait $pid || :
        # nothing that is not whole can be seen
        if [[ -e $data/cas/image/$id ]]; then
            check r image verify "$id"
            lacks rebuilding
            ((i % 5)) || r image rm "$id" >/dev/null
        fi
    done
    fetch big
    check r image verify "$id"
    lacks rebuilding
    r image gc >/dev/null
    [[ $(find "$data/cas/tree" -mindepth 1 -maxdepth 1 -name '.*') == '' ]]
    r image rm "$id" >/dev/null
    find "$data/cas/tmp" "$data/cas/tree" "$data/cas/blob" -exec touch -d '25 hours ago' {} +
    r image gc >/dev/null
    [[ $(find "$data/cas" -type f) == '' ]]
}

@test "oci store: a fetch that a signal ends leaves nothing unfinished behind" {
    several_layers
    local i pid
    for i in 05 10 15 20 25 30; do
        rkt-fetch "--dir=$data" --insecure-options=image oci:layout:big >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "0.$i"
        kill -TERM $pid 2>/dev/null || :
        wait $pid || :
        [[ $(find "$data/cas/tree" -maxdepth 1 -name '.tmp-*' 2>/dev/null) == '' ]]
        rm -rf "${data:?}"/*
    done
}

@test "oci store: a tree deeper than a process may hold descriptors is unpacked, verified and removed" {
    local path
    path=$(printf 'a/%.0s' {1..1900})
    make_layer base.tar a/
    make_layer deep.tar "${path}x=1"
    make_image deep base.tar deep.tar
    ulimit -Sn 1024
    fetch deep
    check r image verify "$id"
    lacks rebuilding
    check r image rm "$id"
    [[ $(ls -A "$data/cas/tree") == '' ]]
}

@test "oci store: whiteouts that hide nothing are not to be seen" {
    make_layer base.tar ./ etc/=700:3:3 etc/x=1 etc/.wh.y .wh.z
    make_layer middle.tar new/ new/.wh.y new/x=1 .wh.new2
    make_layer top.tar new/z=1 etc/.wh.none old/ old/.wh.x old/.wh..wh..opq
    local name
    for name in 'base' 'base middle' 'base middle top'; do
        # shellcheck disable=SC2046,SC2086 # words
        make_image "${name##* }" $(printf '%s.tar ' $name)
        fetch "${name##* }"
        rm -rf upper work merged whole
        mkdir "$data"/{upper,work}
        mount_layers "$id"
        mount -t overlay overlay -o "lowerdir=merged,upperdir=$data/upper,workdir=$data/work" merged
        [[ $(find merged | grep -e '/y$' -e '/none$' -e 'old/x') == '' ]]
        ls -lR merged >/dev/null
        [[ $(stat -c %a:%u:%Y merged/etc) == 700:3:1000000000 ]]
        r image render --rootfs-only "$id" whole
        diff <(listing whole | grep -v '^ d') <(listing merged | grep -v '^ d')
        umount merged
        umount merged
        rm -rf "$data"/{upper,work}
        check r image verify "$id"
        lacks rebuilding
    done
    # the layers' own trees still have them, for images in which they are above something
    [[ -c $data/cas/tree/layer-sha256-$(sha256sum <base.tar | cut -d' ' -f1)/rootfs/etc/y ]]
}
