#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib
load pods

teardown() {
    end_pods
}

# An engine that only tells what it was asked to do, as an image file.
foreign_stage1() {
    local dir=$BATS_TEST_TMPDIR/stage1
    mkdir -p "$dir/rootfs"
    cat >"$dir/manifest" <<END
{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/stage1-told",
 "labels": [{"name": "version", "value": "1.0"}, {"name": "os", "value": "linux"}, {"name": "arch", "value": "amd64"}],
 "annotations": [{"name": "coreos.com/rkt/stage1/run", "value": "/run"}, {"name": "coreos.com/rkt/stage1/gc", "value": "/gc"},
                 {"name": "coreos.com/rkt/stage1/interface-version", "value": "${1:-6}"}]}
END
    cat >"$dir/rootfs/run" <<'END'
#!/bin/sh
echo "told: $*"
echo "lock: $RKT_LOCK_FD"
test -e "/proc/$$/fd/$RKT_LOCK_FD" && echo "lock is open"
echo $$ >pid
echo 4 >stage1/rootfs/rkt/status/app
exit 4
END
    printf '#!/bin/sh\necho "collected $*"\n' >"$dir/rootfs/gc"
    chmod +x "$dir/rootfs/run" "$dir/rootfs/gc"
    rkt image build --overwrite "$dir" "$dir.aci"
}

@test "stage1: a foreign engine is run from an image file, a name and an ID, by rkt's interface" {
    busybox_image app
    foreign_stage1
    check_fails 4 rkt --insecure-options=image run --stage1-path="$BATS_TEST_TMPDIR/stage1.aci" --net=host \
        --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    has "^told: --net=host --local-config=/etc/rkt --hostname=rkt-$uuid --dns-conf-mode=resolv=default,hosts=default $uuid\$"
    has '^lock is open$'
    check rkt status "$uuid"
    has '^app-app=4$'
    check_fails 4 rkt run --stage1-name=example.com/stage1-told --net=host example.com/app
    check_fails 4 rkt run --stage1-hash="$(rkt image list --no-legend --full | sed -n '/stage1-told/s/\t.*//p')" --net=host example.com/app
    check rkt gc --grace-period=0s
    has "^collected --local-config=/etc/rkt $uuid\$"
}

@test "stage1: an engine with an older interface is not given flags that it does not know" {
    busybox_image app
    foreign_stage1 1
    check_fails 4 rkt run --stage1-path="$BATS_TEST_TMPDIR/stage1" --net=host example.com/app
    has 'interface version 1 and does not know --hostname='
    has '^told: --net=host --local-config=/etc/rkt [0-9a-f-]*$'
}

@test "stage1: the installed flavour is found by its directory and by its name; others are refused" {
    busybox_image app
    check rkt run --stage1-from-dir=native --net=none example.com/app
    check rkt run --stage1-name=coreos.com/rkt/stage1-native --net=none example.com/app
    check_fails 254 rkt run --stage1-name=coreos.com/rkt/stage1-native:0.0.1 --net=none example.com/app
    check_fails 254 rkt run --stage1-from-dir=nothing --net=none example.com/app
    has '/usr/lib/rkt/stage1/nothing'
    check_fails 254 rkt run --stage1-path=/etc --net=none example.com/app
    check_fails 254 rkt run --stage1-path=/x --stage1-name=y --net=none example.com/app
    has 'exclude each other'
}

@test "stage1.d: the configured engine is used" {
    busybox_image app
    foreign_stage1
    mkdir -p "$BATS_TEST_TMPDIR/etc/stage1.d"
    echo "{\"rktKind\": \"stage1\", \"rktVersion\": \"v1\", \"location\": \"$BATS_TEST_TMPDIR/stage1\"}" >"$BATS_TEST_TMPDIR/etc/stage1.d/a.json"
    check_fails 4 rkt --local-config="$BATS_TEST_TMPDIR/etc" run --net=host example.com/app
    has '^told: '
    # a stage1 has another working directory
    cd "$BATS_TEST_TMPDIR" || return
    check_fails 4 rkt --local-config=etc run --net=host example.com/app
    has "^told: --net=host --local-config=$PWD/etc "
}
