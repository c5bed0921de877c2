#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib
load pods

teardown() {
    end_pods
}

forever='trap "exit 3" TERM; echo up; while :; do sleep 0.05; done'

@test "fetch, prepare and run-prepared make a pipeline" {
    busybox_image pipe "$(sh_app 'echo ran')"
    check bash -c 'rkt --insecure-options=image fetch "$1" | xargs rkt prepare | xargs rkt run-prepared --net=none' - "$BATS_TEST_TMPDIR/image-pipe.aci"
    has 'pipe\[[0-9]+\]: ran'
}

@test "prepare: the pod waits as prepared, runs once, and list shows each state" {
    busybox_image once
    local prepared
    prepared=$(rkt prepare --quiet example.com/once)
    check rkt status "$prepared"
    has '^state=prepared$'
    check rkt run-prepared --net=none "$prepared"
    check rkt status "$prepared"
    has '^state=exited$'
    has '^app-once=0$'
    check_fails 254 rkt run-prepared --net=none "$prepared"
    has 'is not prepared'
    check rkt list --full
    has "^$prepared"
    has 'example.com/once:1.0'
}

@test "list and status: JSON has what jq users expect" {
    busybox_image json "$(sh_app 'exit 5')"
    check_fails 5 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/json \
        --user-annotation=a=b --user-label=c=d
    local id
    id=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt list --format=json | jq -e --arg u "$id" '.[] | select(.name == $u) | .state == "exited" and .app_names == ["json"]
        and .apps[0].exit_code == 5 and .apps[0].state == "exited" and (.created_at | . > 1500000000 and . < 5000000000)
        and (.apps[0].started_at > 1500000000000000000) and .apps[0].user_annotations.a == "b" and .apps[0].user_labels.c == "d"
        and (.apps[0].image_id | startswith("sha512-"))'
    rkt status --format=json-pretty "$id" | jq -e '.state == "exited"'
    check rkt list --no-legend
    lacks '^UUID'
}

@test "status --wait: returns when the pod has ended, or 254 when the time is over" {
    busybox_image wait "$(sh_app 'sleep 1; exit 4')"
    start_pod example.com/wait
    check_fails 254 rkt status --wait=100ms "$uuid"
    check rkt status --wait "$uuid"
    has '^state=exited$'
    has '^app-wait=4$'
}

@test "stop: the app gets SIGTERM, its status is recorded, and stopping again is no error" {
    busybox_image term "$(sh_app "$forever")"
    start_pod example.com/term
    wait_for 10 grep -q ": up$" "$BATS_TEST_TMPDIR/out" # it listens now
    check rkt stop "$uuid"
    has "^\"$uuid\"$"
    wait "$run_pid" || [[ $? == 3 ]]
    check rkt status --wait=5s "$uuid"
    has '^app-term=3$'
    check rkt stop "$uuid"
    has 'already stopped'
}

@test "stop --force: an app that ignores SIGTERM is killed" {
    busybox_image deaf "$(sh_app 'trap "" TERM; while :; do sleep 0.05; done')"
    start_pod example.com/deaf
    check rkt stop --force --uuid-file="$BATS_TEST_TMPDIR/uuid"
    check rkt status --wait=5s "$uuid"
    has '^state=exited$'
}

@test "SIGTERM to rkt run stops the pod in order" {
    busybox_image term "$(sh_app "$forever")"
    start_pod example.com/term
    wait_for 10 grep -q ": up$" "$BATS_TEST_TMPDIR/out" # it listens now
    kill -TERM "$run_pid"
    local status=0
    wait "$run_pid" || status=$?
    [[ $status == 3 ]]
    check rkt status "$uuid"
    has '^app-term=3$'
}

@test "rm: refuses a running pod, and removes an exited one at once" {
    busybox_image rm "$(sh_app "$forever")"
    start_pod example.com/rm
    check_fails 254 rkt rm "$uuid"
    has 'failed to remove one or more pods$'
    has 'is currently running'
    rkt stop "$uuid"
    rkt status --wait=5s "$uuid" >/dev/null
    check rkt rm "$uuid"
    has "^\"$uuid\"$"
    check_fails 254 rkt status "$uuid"
    has 'no matches found'
}

@test "gc: keeps what is within the grace period, marks with --mark-only, expires prepared pods" {
    busybox_image gc
    local prepared
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/gc
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    prepared=$(rkt prepare --quiet example.com/gc)
    check rkt gc --mark-only
    check rkt status "$uuid"
    has '^state=exited garbage$'
    check rkt gc --grace-period=1h
    check rkt status "$uuid"
    check rkt gc --grace-period=0s
    check_fails 254 rkt status "$uuid"
    check rkt status "$prepared"
    check rkt gc --expire-prepared=0s
    check_fails 254 rkt status "$prepared"
}

@test "after gc the host is as it was before the pod" {
    busybox_image clean "$(sh_app "echo something; $forever")"
    local before
    before=$(host_state)
    start_pod example.com/clean
    rkt stop "$uuid"
    wait "$run_pid" || :
    rkt gc --grace-period=0s
    rm -f "$BATS_TEST_TMPDIR/uuid"
    wait_for 5 same_host_state "$before"
    [[ -z $(ls -A /var/lib/rkt/pods/*/ | grep -v -e '^$' -e ':$') ]]
}

@test "two gcs at once both succeed" {
    busybox_image gc
    for _ in 1 2 3 4 5 6; do rkt run --net=none example.com/gc; done
    rkt gc --grace-period=0s >"$BATS_TEST_TMPDIR/a" 2>&1 3>&- &
    local other=$!
    check rkt gc --grace-period=0s
    wait "$other"
    rkt gc --grace-period=0s
    [[ -z $(rkt list --no-legend) ]]
}

@test "a broken pod is reported by list and removed by gc" {
    busybox_image broken
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/broken
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    echo '{"acKind": 7' >"/var/lib/rkt/pods/run/$uuid/pod"
    rm "/var/lib/rkt/pods/run/$uuid/stage1/manifest"
    check rkt list
    has "$uuid: pod:[0-9]+:[0-9]+: unexpected end of the document"
    check rkt gc --grace-period=0s
    [[ ! -e /var/lib/rkt/pods/exited-garbage/$uuid ]]
}

@test "UUIDs: prefixes work in either case, ambiguous and unknown ones are refused" {
    busybox_image uuid
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/uuid
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check rkt status "${uuid:0:6}"
    check rkt cat-manifest "${uuid^^}"
    check_fails 254 rkt status ''
    has 'UUID cannot be empty'
    check_fails 254 rkt status ffffffff-ffff
    has 'no matches found for "ffffffff-ffff"'
    local like=$BATS_TEST_TMPDIR/like
    mkdir -p "$like/pods/run/abcdef00-0000-4000-8000-00000000000"{1,2}
    check_fails 254 rkt --dir="$like" status abcdef00
    has 'ambiguous uuid, 2 matches'
    # from a file, whatever the blanks around it
    printf ' %s \r\n' "$uuid" >"$like/file"
    check rkt status --uuid-file="$like/file"
    echo >"$like/file"
    check_fails 254 rkt stop --uuid-file="$like/file"
    has "unable to read UUID from file $like/file: there is none on its first line"
}

@test "--dir: another data directory, also through a symlink" {
    busybox_image elsewhere
    # on the file system of the data directory, where an overlay is possible
    local dir=/var/lib/rkt/elsewhere-$BATS_TEST_NUMBER
    mkdir "$dir"
    ln -s "$dir" "$dir-link"
    rkt --dir="$dir-link" --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-elsewhere.aci"
    check rkt --dir="$dir-link" run --net=none example.com/elsewhere
    check rkt --dir="$dir" list --no-legend
    has exited
    check rkt --dir="$dir-link" gc --grace-period=0s
    [[ -z $(rkt --dir="$dir" list --no-legend) ]]
    rm -rf "$dir" "$dir-link"
}

@test "the dispatcher: help, prefixes, unknown verbs, global flags before and after the verb" {
    check rkt help
    has 'COMMANDS:'
    has '^  --dir=/var/lib/rkt\s+rkt data directory$'
    check rkt help run
    has '--volume'
    check rkt ver
    has 'rkt Version: '
    check_fails 2 rkt
    has 'missing command'
    check_fails 254 rkt frobnicate
    has 'unknown command'
    check_fails 254 rkt r
    has 'ambiguous'
    check_fails 254 rkt list --nonsense
    has 'unknown flag: --nonsense'
    check rkt --dir="$BATS_TEST_TMPDIR/none" list --no-legend
    check rkt list --no-legend --dir="$BATS_TEST_TMPDIR/none"
    check_fails 254 rkt --insecure-options=imagine list
    has 'unknown value "imagine"'
}

@test "paths.d: the data directory can be configured, and a wrong file is named with its place" {
    mkdir -p "$BATS_TEST_TMPDIR/etc/paths.d"
    echo '{"rktKind": "paths", "rktVersion": "v1", "data": "/nonexistent/data"}' >"$BATS_TEST_TMPDIR/etc/paths.d/a.json"
    check rkt --local-config="$BATS_TEST_TMPDIR/etc" list --no-legend
    check rkt --local-config="$BATS_TEST_TMPDIR/etc" --debug list --no-legend
    printf '{"rktKind": "paths",\n "rktVersion": "v1", "data": "relative"}' >"$BATS_TEST_TMPDIR/etc/paths.d/a.json"
    check_fails 254 rkt --local-config="$BATS_TEST_TMPDIR/etc" list
    has 'a.json:2:[0-9]+: data: expected an absolute path'
}
