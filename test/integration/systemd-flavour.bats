#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The systemd stage1: systemd as PID 1 of the pod, the apps as its services.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are set by start_pod
load lib
load pods

setup() {
    stage1=(--stage1-from-dir=systemd --net=host)
}

teardown() {
    end_pods
}

@test "systemd flavour: a pod that does nothing ends with 0, and one that fails with its status" {
    busybox_image app
    check rkt run "${stage1[@]}" example.com/app
    [[ -z $output ]]
    check_fails 7 rkt run "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app --exec=/bin/sh -- -c 'exit 7'
    check rkt status "$(<"$BATS_TEST_TMPDIR/uuid")"
    has '^state=exited$'
    has '^app-app=7$'
    check_fails 137 rkt run "${stage1[@]}" example.com/app --exec=/bin/sh -- -c 'kill -KILL $$'
    check_fails 203 rkt run "${stage1[@]}" example.com/app --exec=/bin/missing
    has 'app\[[0-9]*\]: .*/bin/missing'
}
