#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib
load pods

small=/var/lib/rkt-small

setup() {
    mkdir -p $small
}

teardown() {
    umount $small 2>/dev/null || :
    rmdir $small
    end_pods
}

@test "fetch on a full disk fails with the reason and leaves nothing in the store" {
    busybox_image full
    mount -t tmpfs -o size=1M tmpfs $small
    check_fails 254 rkt --dir=$small --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-full.aci"
    has 'No space left on device'
    [[ -z $(rkt --dir=$small image list --no-legend) ]]
    [[ -z $(find $small/cas/tmp $small/cas/blob $small/cas/tree -type f) ]]
    mount -o remount,size=20M $small
    check rkt --dir=$small --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-full.aci"
    check rkt --dir=$small run --net=none example.com/full
}

@test "prepare and run on a full disk fail with the reason, leave no pod, and list still works" {
    busybox_image full
    mount -t tmpfs -o size=20M tmpfs $small
    rkt --dir=$small --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-full.aci"
    dd if=/dev/zero of=$small/filler bs=64k 2>/dev/null || :
    check_fails 254 rkt --dir=$small prepare --no-overlay example.com/full
    has 'No space left on device'
    check_fails 254 rkt --dir=$small run --net=none example.com/full
    has 'No space left on device'
    check rkt --dir=$small list
    rm $small/filler
    check rkt --dir=$small gc --grace-period=0s
    [[ -z $(find $small/pods -mindepth 2) ]]
    check rkt --dir=$small run --net=none example.com/full
}
