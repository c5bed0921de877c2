#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What enters an app of a running pod, and what a hostile pod can make of it.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
}

@test "a working directory or program in /proc/self/fd leads to nothing of the supervisors', of an app or what enters it" {
    busybox_image fd "$(sh_app 'exec sleep 1000')"
    start_pod example.com/fd --name=idle
    local n numbers=({3..25})
    [[ ${RKT_TEST_HOST-} == ns ]] || numbers=(4 8 11 16 23) # an emulated machine is slow
    for n in "${numbers[@]}"; do
        run rkt run --net=none example.com/fd --exec=/bin/sh --working-dir="/proc/self/fd/$n" -- -c 'echo inside $(pwd -P)'
        lacks ': inside'
        run rkt run --net=none example.com/fd --exec="/proc/self/fd/$n/bin/sh" -- -c 'echo inside'
        lacks ': inside'
        run rkt enter "$uuid" "/proc/self/fd/$n/bin/sh" -c 'echo inside'
        lacks '^inside'
    done
}
