#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Power cuts while images are fetched, pods prepared and both removed: what is in the store afterwards is whole.
# Runs on the machine that has the vm host, with the tree that is tested in RKT_TEST_INSTALL (made with
# DESTDIR=… meson install). RKT_TEST_CUTS says how often (5).

# shellcheck disable=SC2016 # scripts for the host
bats_require_minimum_version 1.5.0

setup_file() {
    export host=$BATS_TEST_DIRNAME/vm name=power-cut-$$ disk=$BATS_FILE_TMPDIR/disk
    [[ ${RKT_TEST_INSTALL-} ]] || skip "RKT_TEST_INSTALL is not set"
}

teardown_file() { "$host" stop "$name" 2>/dev/null || :; }

# Descriptor 3 is bats' own: a host that keeps it keeps bats waiting.
start() { "$host" start "$name" --disk "$disk" --install "$RKT_TEST_INSTALL" 3>&-; }

in_host() { "$host" exec --name "$name" -- sh -c "$1" </dev/null; }

# Two images on a file system that does not survive: one of a few large files, one of many small ones. The host is
# slow: what is to be interrupted must take a while.
make_images='
set -e
for i in large small; do
    mkdir -p /tmp/$i/rootfs/bin /tmp/$i/rootfs/d
    echo "{\"acKind\": \"ImageManifest\", \"acVersion\": \"0.8.11\", \"name\": \"example.com/$i\",
        \"labels\": [{\"name\": \"os\", \"value\": \"linux\"}, {\"name\": \"arch\", \"value\": \"amd64\"}],
        \"app\": {\"exec\": [\"/bin/true\"], \"user\": \"0\", \"group\": \"0\"}}" >/tmp/$i/manifest
    cp /bin/busybox /tmp/$i/rootfs/bin/true
done
head -c 20M /dev/urandom >/tmp/large/rootfs/d/file
for n in $(seq 500); do echo $n >/tmp/small/rootfs/d/$n; done
rkt image build --compression=none /tmp/large /tmp/large.aci
rkt image build /tmp/small /tmp/small.aci'

work='
while :; do
    rkt --insecure-options=image fetch /tmp/large.aci /tmp/small.aci
    rkt prepare example.com/small
    rkt image gc --grace-period=0s
    rkt gc --grace-period=0s --expire-prepared=0s
    rkt image rm example.com/large
done'

# Every image in the store has an archive and, if any, a tree that are what its ID says; then all works again.
check='
set -e
rkt list >/dev/null
for id in $(rkt image list --full --no-legend --fields=id); do
    rkt image verify $id || exit 1
    rkt image cat-manifest $id >/dev/null
done 2>&1 | tee /tmp/verified
! grep -E "failed|damaged|cannot" /tmp/verified
for tree in /var/lib/rkt/cas/tree/deps-*; do
    [ ! -d $tree ] || [ -x $tree/rootfs/bin/true -a -s $tree/rootfs/bin/true ]
done
rkt --insecure-options=image fetch /tmp/large.aci /tmp/small.aci >/dev/null
rkt image verify example.com/large example.com/small
rkt prepare example.com/small >/dev/null
rkt gc --grace-period=0s --expire-prepared=0s >/dev/null 2>&1
rkt image gc --grace-period=0s >/dev/null
[ -z "$(find /var/lib/rkt/cas -type f -o -type l)" ]
[ -z "$(ls -A /var/lib/rkt/cas/tree)" ]
[ -z "$(find /var/lib/rkt/pods -mindepth 2)" ]'

@test "a power cut at a random moment of fetch, prepare and gc leaves a store that is whole" {
    local i
    for ((i = 1; i <= ${RKT_TEST_CUTS:-5}; i++)); do
        start
        in_host "$make_images"
        in_host 'echo "after cut '$((i - 1))': $(ls /var/lib/rkt/cas/image 2>/dev/null | wc -l) images," \
            "$(ls -A /var/lib/rkt/cas/tree /var/lib/rkt/cas/tmp 2>/dev/null | wc -l) trees and temporaries"' >&3
        ((i == 1)) || in_host "$check"
        in_host "$work" >/dev/null 2>&1 3>&- &
        sleep "$((RANDOM % 10)).$((RANDOM % 10))"
        "$host" kill "$name"
        wait $! || :
    done
    start
    in_host "$make_images"
    in_host "$check"
}
