#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Many apps, many pods, one pod many times: all of it works, and nothing that stays grows.
#
#   RKT_TEST_GROWTH=1000  how often a pod is started and stopped (default: 30)

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
}

times=${RKT_TEST_GROWTH:-30} pods=200
if [[ ${RKT_TEST_HOST-} != ns ]]; then # an emulated machine is slow
    times=${RKT_TEST_GROWTH:-4} pods=12
fi

# processes_that_stay: "NAME PID DESCRIPTORS KILOBYTES" of the host's daemons; of journald, which maps as much of its
# files as there is, and of udevd, which keeps workers for a while, only how many descriptors.
processes_that_stay() {
    local name pid kilobytes
    for name in systemd systemd-machined systemd-journald systemd-logind dbus-daemon systemd-udevd; do
        pid=$(if [[ $name == systemd ]]; then echo 1; else pgrep -o -x -P 1 "${name:0:15}"; fi) || continue
        kilobytes=$(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup")
        [[ $name != systemd-journald && $name != systemd-udevd ]] || kilobytes=0
        echo "$name $pid $(find "/proc/$pid/fd" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l) $kilobytes"
    done
}

# same_processes BEFORE: those that are the same have no more than a few descriptors more, as systemd holds for what
# it has just done, and no more memory than an allocator may keep.
same_processes() {
    local name pid descriptors kilobytes old then_descriptors then_kilobytes
    while read -r name pid descriptors kilobytes; do
        old=$(grep "^$name $pid " <<<"$1") || continue
        read -r _ _ then_descriptors then_kilobytes <<<"$old"
        if ((descriptors > then_descriptors + 8 || kilobytes > then_kilobytes + 1024)); then
            echo "grown from $old to $descriptors descriptors, $kilobytes kB"
            return 1
        fi
    done < <(processes_that_stay)
}

# left: what else a pod could leave that host_state does not count.
left() {
    wc -l </proc/self/mountinfo
    find /sys/fs/cgroup/machine.slice -mindepth 1 -type d 2>/dev/null | wc -l
    find /var/lib/rkt/pods /var/log/journal -mindepth 2 2>/dev/null | grep -c rkt || :
    find /var/log/journal -mindepth 1 -maxdepth 1 -type l 2>/dev/null | wc -l
    systemctl list-units --all --no-legend 'machine-rkt*' | wc -l
    machinectl list --no-legend | wc -l
}

same_left() { [[ $(left) == "$1" ]]; }

@test "pods with 1, 2 and 50 apps run and end, and leave nothing" {
    busybox_image many "$(sh_app 'echo up; exec sleep 1000')"
    local before n i counts=(1 2 50)
    [[ ${RKT_TEST_HOST-} == ns ]] || counts=(1 2 12)
    before=$(host_state)
    for n in "${counts[@]}"; do
        local apps=()
        for ((i = 1; i <= n; i++)); do apps+=(example.com/many --name="app-$i"); done
        start_pod "${apps[@]}"
        all_are_up() { [[ $(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == "$n" ]]; }
        wait_for 20 all_are_up
        [[ $(rkt list --format=json | jq '.[] | select(.state == "running").app_names | length') == "$n" ]]
        rkt stop "$uuid"
        check rkt status --wait=20s "$uuid"
        [[ $(grep -c '^app-app-' <<<"$output") == "$n" ]]
    done
    rkt gc --grace-period=0s >/dev/null
    wait_for 10 same_host_state "$before"
}

@test "many pods at once: all start, run beside each other, end and are collected" {
    busybox_image one "$(sh_app 'exec sleep 1000')"
    local before i started=()
    before=$(host_state)
    for ((i = 0; i < pods; i++)); do
        rkt run --net=none example.com/one >"$BATS_TEST_TMPDIR/out-$i" 2>&1 3>&- &
        started+=($!)
    done
    running() { rkt list --format=json | jq -r '.[] | select(.state == "running").name'; }
    all_run() { [[ $(running | wc -l) == "$pods" ]]; }
    wait_for 60 all_run || { cat "$BATS_TEST_TMPDIR"/out-* | sort | uniq -c; return 1; }
    local uuids
    mapfile -t uuids < <(running)
    for i in "${uuids[@]}"; do rkt status --wait-ready=60s "$i" >/dev/null; done
    registered() { [[ $(machinectl list --no-legend | grep -c rkt-) == "$pods" ]]; }
    wait_for 20 registered # a pod runs while machined is being told
    rkt stop --force "${uuids[@]}" >/dev/null
    wait "${started[@]}" || : # bats has a child of its own, which ends when the time is out
    cat "$BATS_TEST_TMPDIR"/out-*
    [[ -z $(cat "$BATS_TEST_TMPDIR"/out-*) ]]
    rkt gc --grace-period=0s >/dev/null
    [[ $(rkt list --no-legend | wc -l) == 0 ]]
    wait_for 20 same_host_state "$before"
}

@test "a pod that is started and stopped many times leaves no descriptor, mount, cgroup, unit or memory in what stays" {
    busybox_image often "$(sh_app 'echo said; exec sleep 1000')"
    local i before_state before_left before_processes
    once() {
        start_pod example.com/often
        rkt stop "$uuid" >/dev/null
        wait "$run_pid" || :
        rkt gc --grace-period=0s >/dev/null
    }
    # what is loaded and allocated once
    for i in 1 2 3; do once; done
    before_state=$(host_state) before_left=$(left) before_processes=$(processes_that_stay)
    for ((i = 0; i < times; i++)); do once; done
    wait_for 10 same_host_state "$before_state"
    wait_for 10 same_left "$before_left" || { diff <(echo "$before_left") <(left); return 1; }
    wait_for 10 same_processes "$before_processes"
}

@test "PID 1 of a pod whose apps are restarted and entered many times does not grow" {
    ! sanitized || skip "built with sanitizers"
    busybox_image often "$(sh_app 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done')"
    start_pod example.com/often
    local leader descriptors kilobytes i n=15
    [[ ${RKT_TEST_HOST-} == ns ]] || n=3
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    holds() {
        descriptors=$(find "/proc/$leader/fd" -mindepth 1 -maxdepth 1 | wc -l)
        kilobytes=$(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$leader/smaps_rollup")
    }
    up_again() { [[ $(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == "$1" ]]; }
    wait_for 10 up_again 1
    again() {
        kill -INT "$leader"
        wait_for 10 up_again "$1"
        rkt enter "$uuid" /bin/true
    }
    again 2
    holds
    local then_descriptors=$descriptors then_kilobytes=$kilobytes
    for ((i = 3; i < n + 3; i++)); do again $i; done
    no_more() {
        holds
        ((descriptors <= then_descriptors && kilobytes <= then_kilobytes + 64))
    }
    wait_for 5 no_more || { echo "$then_descriptors $then_kilobytes kB, now $descriptors $kilobytes kB"; return 1; }
}
