#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # bats runs each test in a process of its own

# shellcheck disable=SC2012 # the names in the store are our own

load lib

setup() {
    # A store of the test's own: pods of others do not count in it.
    data=$BATS_TEST_TMPDIR/data
}

teardown() {
    rm -rf /var/lib/rkt/test-store
}

r() { rkt --dir="$data" --insecure-options=image "$@"; }

# image NAME [VERSION [MORE-MANIFEST [FILE=CONTENT…]]]: builds and fetches one. Sets id.
image() {
    local name=$1 version=${2:-1} more=${3-} dir=$BATS_TEST_TMPDIR/build-$RANDOM file
    shift $(($# < 3 ? $# : 3))
    mkdir -p "$dir/rootfs/etc"
    echo "$name $version" >"$dir/rootfs/etc/name"
    for file; do
        mkdir -p "$(dirname "$dir/rootfs/${file%%=*}")"
        echo "${file#*=}" >"$dir/rootfs/${file%%=*}"
    done
    cat >"$dir/manifest" <<END
{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/$name",
 "labels": [{"name": "version", "value": "$version"}, {"name": "os", "value": "linux"}, {"name": "arch", "value": "amd64"}]
 $more}
END
    rkt image build "$dir" "$dir.aci"
    id=$(r fetch --full "$dir.aci")
}

tree_of() { jq -r .tree.id "$data/cas/image/$1"; }

@test "store: the ID is the SHA-512 digest of the uncompressed archive, whatever the compression" {
    mkdir -p "$BATS_TEST_TMPDIR/i/rootfs/bin"
    cp "$(type -P busybox)" "$BATS_TEST_TMPDIR/i/rootfs/bin"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/x"}' >"$BATS_TEST_TMPDIR/i/manifest"
    tar -C "$BATS_TEST_TMPDIR/i" -cf "$BATS_TEST_TMPDIR/i.tar" manifest rootfs
    local expected compression
    expected=sha512-$(sha512sum <"$BATS_TEST_TMPDIR/i.tar" | cut -c1-64)
    for compression in cat gzip bzip2 xz zstd; do
        $compression <"$BATS_TEST_TMPDIR/i.tar" >"$BATS_TEST_TMPDIR/$compression.aci"
        check r fetch --full "$BATS_TEST_TMPDIR/$compression.aci"
        [[ $output == *"$expected" ]]
        cmp "$BATS_TEST_TMPDIR/$compression.aci" "$data/cas/blob/sha512/${expected:7:2}/$expected"
    done
    check r fetch "$BATS_TEST_TMPDIR/gzip.aci"
    [[ ${lines[-1]} == "${expected:0:39}" ]]
    [[ $(r image list --no-legend | wc -l) == 1 ]]
}

@test "store: the tree's ID is rkt's, and the tree holds owners, modes, times, links and file capabilities" {
    # not in /tmp: tmpfs has user attributes since Linux 6.6 only
    local dir=/var/lib/rkt/test-store/i
    data=/var/lib/rkt/test-store/data
    mkdir -p "$dir/rootfs/d/e"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/x"}' >"$dir/manifest"
    echo x >"$dir/rootfs/d/file"
    chown 12:34 "$dir/rootfs/d/file"
    chmod 6755 "$dir/rootfs/d/file"
    cp "$(type -P busybox)" "$dir/rootfs/d/capable"
    setcap cap_net_raw+ep "$dir/rootfs/d/capable"
    setfattr -n user.note -v hello "$dir/rootfs/d/capable"
    chmod 1777 "$dir/rootfs/d/e"
    ln -s /nowhere "$dir/rootfs/d/link"
    ln "$dir/rootfs/d/file" "$dir/rootfs/d/hard"
    mkfifo "$dir/rootfs/d/fifo"
    touch "$dir/rootfs/d/Ümläut"
    chown -h 7:8 "$dir/rootfs/d/link"
    touch -h -d 2001-02-03 "$dir"/rootfs/d/* "$dir/rootfs/d"
    tar -C "$dir" --xattrs --xattrs-include='*' --format=posix -czf "$dir.aci" manifest rootfs
    id=$(r fetch --full "$dir.aci")
    local tree
    tree=$data/cas/tree/deps-sha512-$(printf %s "$id" | sha512sum | cut -c1-64)/rootfs
    [[ -d $tree ]]
    diff <(cd "$dir/rootfs" && find . ! -type d -printf '%p %y %m %U %G %s %n %l %T@\n' | sort) \
        <(cd "$tree" && find . ! -type d -printf '%p %y %m %U %G %s %n %l %T@\n' | sort)
    [[ $(stat -c '%a %Y' "$tree/d") == "$(stat -c '%a %Y' "$dir/rootfs/d")" ]]
    [[ $(stat -c %a "$tree/d/e") == "$(stat -c %a "$dir/rootfs/d/e")" ]]
    [[ $(getcap "$tree/d/capable") == *cap_net_raw* ]]
    [[ $(getfattr --only-values -n user.note "$tree/d/capable") == hello ]]
}

@test "image list: prints names with versions, sizes of blob and tree, and sorts" {
    image small 1.0
    image large 2.0 '' "data=$(head -c 100000 /dev/zero | tr '\0' x)"
    check r image list
    has '^ID\s+NAME\s+SIZE\s+IMPORT TIME\s+LAST USED$'
    has '^sha512-[0-9a-f]{12}\s+example.com/small:1.0\s+[0-9.]+(B|KiB)\s+(just now|[0-9]+ seconds? ago)'
    [[ $(r image list --no-legend --sort=size --fields=name | head -1) == example.com/small:1.0 ]]
    [[ $(r image list --no-legend --sort=size --order=desc --fields=name | head -1) == example.com/large:2.0 ]]
    [[ $(r image list --no-legend --full --fields=id | tail -1) == "$id" ]]
    check r image list --format=json
    jq -e --arg id "$id" '.[1] | .id == $id and .name == "example.com/large:2.0" and .size > 100000 and
        .import_time > 1500000000000000000 and (.last_used_time | type) == "number"' <<<"$output"
    check_fails 254 r image list --sort=color
    check_fails 254 r image list --fields=id,color
}

@test "rkt image: subcommands may be cut short, have help in either place, and take no argument too many" {
    image short 1
    [[ $(r image l --no-legend) == *example.com/short:1* ]]
    check_fails 254 r image ex example.com/short
    has 'ambiguous subcommand "ex": it could be export or extract'
    check_fails 254 r image re not-there "$BATS_TEST_TMPDIR/tree" # render, and not reindex, which rkt 1.x had not
    has 'not-there'
    check_fails 254 r image list-all
    has 'unknown subcommand "list-all"'
    local words
    for words in 'help image list' 'image help list' 'image list --help'; do
        # shellcheck disable=SC2086
        check rkt $words
        has '--sort='
    done
    for words in list gc reindex; do
        check_fails 254 r image "$words" example.com/short
        has "image $words: unexpected argument \"example.com/short\": rkt image $words takes none"
    done
}

@test "image list: an empty store is an empty list" {
    check r image list --format=json
    [[ $output == *'[]' ]]
}

@test "image cat-manifest: finds images by ID, name, version and labels" {
    image app 1
    local first=$id
    image app 2
    [[ $(r image cat-manifest "${first:0:11}" | jq -r '.labels[] | select(.name == "version").value') == 1 ]]
    [[ $(r image cat-manifest example.com/app | jq -r '.labels[] | select(.name == "version").value') == 2 ]]
    [[ $(r image cat-manifest example.com/app:1 | jq -r '.labels[] | select(.name == "version").value') == 1 ]]
    [[ $(r image cat-manifest --pretty-print=false example.com/app,version=1 | wc -l) == 1 ]]
    check_fails 254 r image cat-manifest example.com/app:3
    has 'no image in the store matches example.com/app:3'
    check_fails 254 r image cat-manifest sha512-
}

@test "image export: writes the uncompressed archive, and does not overwrite unless told to" {
    image app
    check r image export example.com/app "$BATS_TEST_TMPDIR/out.aci"
    [[ sha512-$(sha512sum <"$BATS_TEST_TMPDIR/out.aci" | cut -c1-64) == "$id" ]]
    check_fails 254 r image export example.com/app "$BATS_TEST_TMPDIR/out.aci"
    has 'exists \(try --overwrite\)'
    echo old >"$BATS_TEST_TMPDIR/out.aci"
    check r image export --overwrite example.com/app "$BATS_TEST_TMPDIR/out.aci"
    [[ sha512-$(sha512sum <"$BATS_TEST_TMPDIR/out.aci" | cut -c1-64) == "$id" ]]
}

@test "image extract and render: an image's files, without and with those of its dependencies" {
    image base 1 '' both=base only-base=base
    image app 1 ', "dependencies": [{"imageName": "example.com/base"}]' both=app
    local out=$BATS_TEST_TMPDIR/out
    check r image extract example.com/app "$out"
    [[ -f $out/manifest && $(<"$out/rootfs/both") == app && ! -e $out/rootfs/only-base ]]
    check_fails 254 r image extract example.com/app "$out"
    has 'exists \(try --overwrite\)'
    check r image render --overwrite --rootfs-only example.com/app "$out"
    [[ ! -e $out/manifest && $(<"$out/both") == app && $(<"$out/only-base") == base ]]
    check_fails 254 r image extract --overwrite example.com/app /
    [[ $(find "$BATS_TEST_TMPDIR" -maxdepth 1 -name '.*' -mindepth 1) == '' ]]
}

@test "store: a rendered tree follows the dependency that the store has, and the white list" {
    image base 1 '' both=base only-base=base hidden=base
    image app 1 ', "dependencies": [{"imageName": "example.com/base"}], "pathWhitelist": ["/both", "/only-base"]' both=app own=app
    local first
    first=$(r image render-tree "$id")
    [[ $(<"$data/cas/tree/$first/rootfs/only-base") == base && $(<"$data/cas/tree/$first/rootfs/both") == app ]]
    [[ ! -e $data/cas/tree/$first/rootfs/hidden && ! -e $data/cas/tree/$first/rootfs/own ]]
    local base=$id app=$id
    base=$(jq -r '.tree.images[1]' "$data/cas/image/$app")
    [[ $first == deps-sha512-$(printf '%s,%s' "$app" "$base" | sha512sum | cut -c1-64) ]]
    image base 2 '' only-base=newer
    local second
    second=$(r image render-tree "$app")
    [[ $second != "$first" && $(<"$data/cas/tree/$second/rootfs/only-base") == newer ]]
}

@test "fetch: an image whose dependency is missing says which" {
    local dir=$BATS_TEST_TMPDIR/i
    mkdir -p "$dir/rootfs"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/x",
        "dependencies": [{"imageName": "example.com/gone", "labels": [{"name": "version", "value": "3"}]}]}' >"$dir/manifest"
    rkt image build "$dir" "$dir.aci"
    check_fails 254 r fetch "$dir.aci"
    has 'image example.com/x depends on example.com/gone:3, which cannot be fetched'
    check_fails 254 r fetch --pull-policy=never "$dir.aci"
    has 'files are read anew'
}

@test "image rm: removes images by any name, goes on after failures, and leaves nothing" {
    image one
    image two
    check_fails 254 r image rm example.com/one example.com/none "${id:0:20}"
    has "successfully removed aci for image: \"$id\""
    has '2 image\(s\) successfully removed'
    has '1 image\(s\) cannot be removed'
    [[ -z $(find "$data/cas" -type f -o -type l) && -z $(ls -A "$data/cas/tree") ]]
}

@test "image rm: a record that is damaged is told of, and can be removed by its ID" {
    image damaged
    local broken=$id
    image whole
    echo damaged >"$data/cas/image/$broken"
    check r image list --no-legend
    has "/cas/image/$broken is not usable, and removed by \"rkt image rm\" of its ID: "
    has 'example.com/whole'
    check r image rm "${broken:0:20}"
    check r image list --no-legend
    lacks 'not usable'
    [[ $(find "$data/cas/blob" -type f -printf '%f\n') == "$id" ]]
}

@test "image gc: keeps what is young, removes what is old, and what killed commands left" {
    image young
    local young=$id
    image old
    touch -d '2 days ago' "$data/cas/image/$id"
    mkdir -p "$data/cas/tree/.tmp-left/rootfs/d"
    touch "$data"/cas/tmp/left "$data/cas/manifest/left" "$data/cas/blob/sha512/00" 2>/dev/null
    ln -s nowhere "$data/cas/name/example.com/old/@left"
    rm -r "$data/cas/name/example.com/young"
    check r image gc
    has "successfully removed aci for image: \"$id\" \\(\"example.com/old:1\"\\)"
    [[ $(r image list --no-legend --full --fields=id) == "$young" ]]
    [[ $(ls -A "$data/cas/tree") == "$(tree_of "$young")" ]]
    [[ ! -e $data/cas/tmp/left && ! -e $data/cas/manifest/left && ! -e $data/cas/name/example.com/old ]]
    [[ -L $data/cas/name/example.com/young/@$young ]]
    check r image gc --grace-period=0s
    [[ -z $(r image list --no-legend) && -z $(ls -A "$data/cas/tree") ]]
}

@test "image gc: keeps images and trees that pods use, and everything if a pod cannot be read" {
    image used
    local used=$id uuid=aaaaaaaa-0000-4000-8000-000000000001
    image unused
    mkdir -p "$data/pods/run/$uuid/appsinfo/app"
    tree_of "$used" >"$data/pods/run/$uuid/appsinfo/app/treeStoreID"
    echo '{"acVersion": "0.8.11", "acKind": "PodManifest", "apps": []}' >"$data/pods/run/$uuid/pod"
    # exited: the tree is kept, the image is not
    check r image gc --grace-period=0s
    [[ $(ls -A "$data/cas/tree") == "deps-sha512-$(printf %s "$used" | sha512sum | cut -c1-64)" ]]
    image again
    chmod 000 "$data/pods/run/$uuid/appsinfo/app/treeStoreID"
    rm "$data/pods/run/$uuid/appsinfo/app/treeStoreID"
    mkdir "$data/pods/run/$uuid/appsinfo/app/treeStoreID"
    check r image gc --grace-period=0s
    has "pod $uuid cannot be read"
    [[ $(r image list --no-legend | wc -l) == 1 ]]
    [[ $(ls -A "$data/cas/tree" | wc -l) == 2 ]]
}

@test "image verify: finds what has changed in a tree, and rebuilds it" {
    image app 1 '' etc/conf=original
    check r image verify example.com/app
    has "successfully verified checksum for image: \"example.com/app\" \\(\"$id\"\\)"
    local tree
    tree=$data/cas/tree/$(tree_of "$id")
    echo changed >"$tree/rootfs/etc/conf"
    check r image verify example.com/app
    has 'tree cache verification failed for image example.com/app: /etc/conf: the .* differs; rebuilding'
    [[ $(<"$tree/rootfs/etc/conf") == original ]]
    rm -rf "$tree"
    check r image verify example.com/app
    has 'not rendered; no verification needed'
    [[ $(ls -A "$data/cas/tree") == '' ]]
}

@test "image verify: a damaged archive is found" {
    image app
    local blob=$data/cas/blob/sha512/${id:7:2}/$id
    gzip -dc "$blob" | sed 's/app 1/app 2/' >"$BATS_TEST_TMPDIR/changed"
    cat "$BATS_TEST_TMPDIR/changed" >"$blob"
    check_fails 254 r image verify example.com/app
    has "the archive of image $id is damaged"
}

@test "image reindex: takes over the archives and not the trees of an rkt 1.x store" {
    image old
    local blob=$data/cas/blob/sha512/${id:7:2}/$id
    r image export example.com/old "$BATS_TEST_TMPDIR/old.aci"
    local tree
    tree=$data/cas/tree/$(tree_of "$id")
    # as rkt 1.x would have left it, in the middle of rendering
    cat "$BATS_TEST_TMPDIR/old.aci" >"$blob"
    rm -rf "$data"/cas/{image,manifest,name}/* "$tree/rootfs/etc"
    mkdir "$data/cas/db"
    echo "$id" >"$tree/image"
    check r image gc
    [[ -f $blob ]]
    check r image reindex
    [[ $output == "$id" ]]
    [[ -f $tree/rootfs/etc/name && $(r image list --no-legend | wc -l) == 1 ]]
    check r image verify example.com/old
    check r image reindex
    [[ -z $output ]]
}

@test "store: members of no group and others cannot look into it" {
    image app
    [[ $(stat -c %a "$data/cas") == 2770 && $(stat -c %a "$data/cas/tree") == 2700 && $(stat -c %a "$data") == 2750 ]]
    [[ $(stat -c %a "$data/cas/image/$id" "$data/cas/blob/sha512/${id:7:2}/$id" | sort -u) == 660 ]]
}

@test "store: members of the group rkt fetch, list and remove images, also those of root" {
    getent group rkt >/dev/null || skip "there is no group rkt"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
    local member=(setpriv --reuid=nobody --regid=nogroup --groups=rkt rkt "--dir=$data" --insecure-options=image)
    image roots
    [[ $(stat -c %G "$data/cas/image/$id") == rkt ]]
    mv "$BATS_TEST_TMPDIR"/build-*.aci "$BATS_TEST_TMPDIR/roots.aci"
    check "${member[@]}" image rm example.com/roots
    (umask 077 && check "${member[@]}" fetch "$BATS_TEST_TMPDIR/roots.aci")
    check "${member[@]}" image list --no-legend
    has example.com/roots
    [[ -z $(find "$data/cas/tree" -mindepth 2 -maxdepth 2 -newer "$data/cas/image/$id") ]]
    # root gets a tree of it when it wants one, and can remove it
    local tree
    tree=$(r image render-tree example.com/roots)
    [[ $(<"$data/cas/tree/$tree/rootfs/etc/name") == 'roots 1' ]]
    check r image verify example.com/roots
    check r image rm example.com/roots
    [[ -z $(find "$data/cas" -type f -o -type l) ]]
    check_fails 254 setpriv --reuid=nobody --regid=nogroup --clear-groups rkt "--dir=$data" image list
    has 'Permission denied'
}

@test "store: the process that unpacks is shut in to the directory that it fills" {
    mkfifo "$BATS_TEST_TMPDIR/slow.aci"
    mkdir -p "$BATS_TEST_TMPDIR/i/rootfs"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/slow"}' >"$BATS_TEST_TMPDIR/i/manifest"
    head -c 10M /dev/zero >"$BATS_TEST_TMPDIR/i/rootfs/zero"
    tar -C "$BATS_TEST_TMPDIR/i" -cf "$BATS_TEST_TMPDIR/i.tar" manifest rootfs
    rkt-fetch --dir="$data" --insecure-options=image "$BATS_TEST_TMPDIR/slow.aci" >/dev/null 3>&- &
    local fetch=$! unpack
    exec 4>"$BATS_TEST_TMPDIR/slow.aci"
    head -c 9M "$BATS_TEST_TMPDIR/i.tar" >&4
    unpacks() { unpack=$(pgrep -P $fetch rkt-unpack) && [[ -e /proc/$unpack/root/zero ]]; }
    wait_for 10 unpacks
    [[ $(ls "/proc/$unpack/root") == zero ]]
    [[ $(wc -l <"/proc/$unpack/mountinfo") == 1 ]]
    grep -q $'^Seccomp:\t2' "/proc/$unpack/status"
    grep -q $'^NoNewPrivs:\t1' "/proc/$unpack/status"
    # chown, dac_override, fowner, fsetid, mknod, setfcap
    grep -q $'^CapEff:\t000000008800001b' "/proc/$unpack/status"
    grep -q $'^CapBnd:\t0000000000000000' "/proc/$unpack/status"
    local namespace
    for namespace in mnt net ipc uts; do
        [[ $(readlink "/proc/$unpack/ns/$namespace") != $(readlink /proc/self/ns/$namespace) ]]
    done
    # no descriptor leads out: pipes, memory files, the archive (to be read only), the directory, and standard ones
    local fd
    for fd in $(find "/proc/$unpack/fd" -lname "$data/cas/tmp/*" -printf '%f '); do
        (((0$(sed -n 's/^flags:\s*//p' "/proc/$unpack/fdinfo/$fd") & 3) == 0))
    done
    run bash -c "readlink /proc/$unpack/fd/* | grep -v -e '^pipe:' -e '^/memfd:' -e '^/dev/null' -e '^/$' -e '^/dev/pts' -e '^$data/cas/tmp/'"
    [[ -z $output || $output != *"$data"* ]]
    tail -c +$((9 * 1024 * 1024 + 1)) "$BATS_TEST_TMPDIR/i.tar" >&4
    exec 4>&-
    wait $fetch
}

@test "store: 20 fetches, gcs and removals at once leave a store that is whole" {
    local i jobs=()
    for i in 1 2 3 4 5; do image "many$i"; done
    for i in {1..20}; do
        case $((i % 4)) in
        0) r image gc --grace-period=0s ;;
        1) r fetch "$BATS_TEST_TMPDIR"/build-*.aci ;;
        2) r image rm example.com/many3 ;;
        3) r image list --format=json | jq -e . ;;
        esac >/dev/null 2>&1 3>&- &
        jobs+=($!)
    done
    wait "${jobs[@]}" || :
    check r fetch "$BATS_TEST_TMPDIR"/build-*.aci
    check r image verify example.com/many1 example.com/many2 example.com/many3 example.com/many4 example.com/many5
    check r image gc
    [[ -z $(ls -A "$data/cas/tmp") && $(ls -A "$data/cas/tree" | wc -l) == 5 && $(r image list --no-legend | wc -l) == 5 ]]
}

@test "store: fetch and gc killed at random moments leave a store that works and that gc clears" {
    local i
    mkdir -p "$BATS_TEST_TMPDIR/i/rootfs/d"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/killed"}' >"$BATS_TEST_TMPDIR/i/manifest"
    for i in {1..400}; do head -c 20000 /dev/urandom >"$BATS_TEST_TMPDIR/i/rootfs/d/$i"; done
    rkt image build "$BATS_TEST_TMPDIR/i" "$BATS_TEST_TMPDIR/i.aci"
    r image list >/dev/null
    for ((i = 1; i <= ${RKT_TEST_KILLS:-50}; i++)); do
        rkt-fetch --dir="$data" --insecure-options=image "$BATS_TEST_TMPDIR/i.aci" >/dev/null 2>&1 3>&- &
        sleep "0.$(printf %03d $((RANDOM % 200)))"
        kill -9 $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        check r image list --no-legend
        if [[ $output ]]; then
            # what is there is whole
            check r image verify example.com/killed
            [[ $output == *'successfully verified'* ]]
        fi
        if ((i % 5 == 0)); then
            rkt-image --dir="$data" gc --grace-period=0s >/dev/null 2>&1 3>&- &
            sleep "0.0$(printf %02d $((RANDOM % 20)))"
            kill -9 $! 2>/dev/null || :
            wait $! 2>/dev/null || :
        fi
    done
    check r fetch "$BATS_TEST_TMPDIR/i.aci"
    check r image verify example.com/killed
    check r image gc
    [[ -z $(ls -A "$data/cas/tmp") && $(ls -A "$data/cas/tree" | wc -l) == 1 ]]
    run pgrep rkt-unpack
    ((status == 1))
}
