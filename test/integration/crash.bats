#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Programs killed at random moments: what is on disk stays readable, the next
# command works, and gc leaves nothing. RKT_TEST_KILLS says how often (50).

load lib
load pods

setup_file() {
    export kills=${RKT_TEST_KILLS:-50}
}

teardown() {
    end_pods
}

# random_sleep MAX_MS
random_sleep() {
    sleep "$(printf '0.%04d' $((RANDOM % ($1 * 10))))"
}

# Nothing is running any more, and gc removes all there is.
nothing_is_left() {
    wait_for 15 no_pod_runs
    check rkt gc --grace-period=0s --expire-prepared=0s
    check rkt gc --grace-period=0s --expire-prepared=0s
    [[ -z $(rkt list --no-legend) ]]
    [[ -z $(find /var/lib/rkt/pods -mindepth 2) ]]
}

no_pod_runs() {
    ! rkt list --format=json | jq -e '.[] | select(.state == "running" or .state == "preparing")' >/dev/null
}

works() {
    check rkt list
    check rkt run --net=none example.com/crash --exec=/bin/echo -- still works
    has 'still works'
}

@test "rkt run killed at random moments leaves a readable state and nothing after gc" {
    busybox_image crash "$(sh_app 'echo line; sleep 0.02')"
    local before i
    works
    before=$(host_state)
    for ((i = 0; i < kills; i++)); do
        rkt run --net=none example.com/crash >/dev/null 2>&1 3>&- &
        random_sleep 40
        kill -KILL $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        rkt list >/dev/null
    done
    works
    nothing_is_left
    wait_for 5 same_host_state "$before"
}

@test "a pod's PID 1 killed at random moments ends the pod, and gc cleans up" {
    busybox_image crash "$(sh_app 'echo line; while :; do sleep 0.05; done')"
    local before i pid
    works
    before=$(host_state)
    for ((i = 0; i < kills; i++)); do
        rm -f "$BATS_TEST_TMPDIR/uuid"
        rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/crash >/dev/null 2>&1 3>&- &
        run_pid=$!
        wait_for 5 test -s "$BATS_TEST_TMPDIR/uuid"
        wait_for 5 test -s "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/pid"
        pid=$(<"/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/pid")
        random_sleep 30
        kill -KILL "$pid"
        ! wait "$run_pid"
        check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
        has '^state=exited$'
    done
    works
    nothing_is_left
    rm -f "$BATS_TEST_TMPDIR/uuid"
    wait_for 5 same_host_state "$before"
}

@test "rkt prepare killed at random moments leaves aborted preparations that gc removes" {
    busybox_image crash
    local i
    works
    for ((i = 0; i < kills; i++)); do
        rkt prepare --quiet --no-overlay example.com/crash >/dev/null 2>&1 3>&- &
        random_sleep 15
        kill -KILL $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        rkt list >/dev/null
    done
    works
    nothing_is_left
}

@test "rkt fetch killed at random moments leaves only whole images" {
    busybox_image crash
    local i aci=$BATS_TEST_TMPDIR/image-crash.aci
    for ((i = 0; i < kills; i++)); do
        rkt image rm example.com/crash >/dev/null 2>&1 || :
        rkt --insecure-options=image fetch "$aci" >/dev/null 2>&1 3>&- &
        random_sleep 60
        kill -KILL $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        rkt image list >/dev/null
        if rkt image list --no-legend | grep -q example.com/crash; then
            check rkt image cat-manifest example.com/crash
        fi
    done
    rkt --insecure-options=image fetch "$aci"
    works
    check rkt gc --grace-period=0s
    check rkt image gc --grace-period=0s
    [[ -z $(find /var/lib/rkt/cas/tmp -mindepth 1) ]]
}
