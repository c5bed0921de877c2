#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How the apps of a pod begin, go on and end.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
}

@test "oom: the supervisors go last, and what runs in the pod has the value of who started it" {
    need capabilities sys_resource
    busybox_image score '{"exec": ["/bin/sh", "-c", "echo main $(cat /proc/self/oom_score_adj); exec sleep 1000"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "echo pre $(cat /proc/self/oom_score_adj)"]}]}'
    start_pod example.com/score
    local own pid
    own=$(</proc/self/oom_score_adj)
    for pid in "$run_pid" "$(<"/var/lib/rkt/pods/run/$uuid/pid")"; do
        [[ $(<"/proc/$pid/oom_score_adj") == -999 ]]
    done
    wait_for 10 grep -q ": main $own\$" "$BATS_TEST_TMPDIR/out"
    grep -q ": pre $own\$" "$BATS_TEST_TMPDIR/out"
    check rkt enter "$uuid" cat /proc/self/oom_score_adj
    has "^$own\$"
}

@test "oom: where the supervisors' value cannot be lowered, apps and what enters them have it as it is" {
    busybox_image score "$(sh_app 'cat /proc/self/oom_score_adj; exec sleep 1000')"
    (echo 77 >/proc/self/oom_score_adj && exec capsh --drop=cap_sys_resource -- -c 'exec rkt run --net=none --uuid-file-save="$1" example.com/score' \
        - "$BATS_TEST_TMPDIR/uuid") >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    wait_for 20 grep -q ': 77$' "$BATS_TEST_TMPDIR/out"
    check rkt enter "$(<"$BATS_TEST_TMPDIR/uuid")" cat /proc/self/oom_score_adj
    has '^77$'
}
