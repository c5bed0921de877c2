#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Hosts with the controllers in cgroup v1, with cgroup2 beside it for processes or without: the vm host is booted so by
# RKT_TEST_CGROUPS=hybrid or =v1.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

hierarchies=(cpu cpuacct memory pids blkio devices)

setup() {
    [[ $(stat -fc %T /sys/fs/cgroup) == tmpfs ]] || skip "this host has cgroup2 alone"
    [[ ! -d /sys/fs/cgroup/unified ]] || hybrid=1
}

teardown() { end_pods; }

# cgroup_of UUID: the path of its cgroup in all hierarchies
cgroup_of() { cat "/var/lib/rkt/pods/run/$1/subcgroup"; }

# of_pod UUID: the directories that it has
of_pod() { find /sys/fs/cgroup -type d -path "*${1//-/?x2d}*"; }

no_cgroup_of() { [[ -z $(of_pod "$1") ]]; }

@test "cgroup v1: each app has a cgroup of its own in every hierarchy that systemd hands out, and sees no other" {
    busybox_image own "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.2; done')"
    local kind name pid tracked=systemd
    ((!hybrid)) || tracked=unified
    for kind in '' --private-users; do
        # shellcheck disable=SC2086 # nothing, or one word
        start_pod $kind example.com/own
        pid=$(pgrep -f 'trap "exit 0" TERM; while' | tail -n 1)
        for name in "${hierarchies[@]}" "$tracked"; do
            grep -qx "$pid" "/sys/fs/cgroup/$name$(cgroup_of "$uuid")/app-own/cgroup.procs"
        done
        # a place that is the host's own is not shown at all
        check rkt enter "$uuid" sh -c 'cd /sys/fs/cgroup; for d in *; do [ -h $d ] || echo $d $(cat $d/cgroup.procs | grep -cx $$); done'
        has '^memory 1$'
        has "^$tracked 1\$"
        has '^devices 1$'
        lacks 'freezer|cpuset|net_cls'
        check rkt enter "$uuid" sh -c 'cat /proc/self/cgroup'
        has ':memory:/$'
        has ":$( ((hybrid)) || echo name=systemd):/\$"
        check_fails 1 rkt enter "$uuid" sh -c 'echo 1G >/sys/fs/cgroup/memory/memory.limit_in_bytes'
        has 'Read-only file system'
        check rkt stop "$uuid"
        wait "$run_pid"
        wait_for 10 no_cgroup_of "$uuid"
    done
}

@test "cgroup v1: limits of an app and of its pod are in the files of their cgroups" {
    busybox_image limited "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.2; done')"
    local kind cgroup
    for kind in '' --private-users; do
        # shellcheck disable=SC2086 # nothing, or one word
        start_pod $kind --memory=96Mi --pids-limit=50 --cpu=1500m example.com/limited --memory=64Mi --memory-swap-max=16Mi --cpu=500m \
            --cpu-shares=2 --pids-limit=20
        cgroup=$(cgroup_of "$uuid")
        of() { cat "/sys/fs/cgroup/$1$cgroup/$2"; }
        [[ $(of memory memory.limit_in_bytes) == 100663296 ]]
        [[ $(of pids pids.max) == 50 ]]
        [[ $(of cpu cpu.cfs_quota_us) == 150000 && $(of cpu cpu.cfs_period_us) == 100000 ]]
        [[ $(of memory app-limited/memory.limit_in_bytes) == 67108864 ]]
        [[ ! -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes || $(of memory app-limited/memory.memsw.limit_in_bytes) == 83886080 ]]
        [[ $(of cpu app-limited/cpu.cfs_quota_us) == 50000 && $(of cpu app-limited/cpu.shares) == 2 ]]
        [[ $(of pids app-limited/pids.max) == 20 ]]
        check cat "$BATS_TEST_TMPDIR/out"
        lacks 'skipping'
        systemctl daemon-reload
        [[ $(of memory memory.limit_in_bytes) == 100663296 && $(of pids pids.max) == 50 ]]
        rkt stop --force "$uuid" >/dev/null
        wait "$run_pid" || :
    done
}

@test "cgroup v1: what it has nothing for is named, and the app runs" {
    busybox_image limited "$(sh_app 'echo ran')"
    check rkt run --net=none --cpuset-cpus=0 example.com/limited --memory-high=32Mi --cpuset-cpus=0
    has 'app limited: isolator coreos.com/rkt/memory-high is set but .* nothing like memory.high, skipping'
    has 'app limited: isolator coreos.com/rkt/cpuset is set but .* cgroup v1 \(cpuset\), skipping'
    has 'the pod: isolator coreos.com/rkt/cpuset is set but .* cgroup v1 \(cpuset\), skipping'
    has ': ran$'
}

@test "cgroup v1: the kernel kills an app that takes more memory than it or its pod may, and that is told" {
    busybox_image eater "$(sh_app 'exec tail -n 1 /dev/zero')"
    applets eater tail
    check_fails 137 rkt run --net=none example.com/eater --memory=16Mi --memory-swap-max=0
    has 'eater\[[0-9]+\]: out of memory: the kernel killed [0-9]+ of its processes; the limit is 16777216 bytes'
    check_fails 137 rkt run --net=none --private-users example.com/eater --memory=16Mi --memory-swap-max=0
    has 'the limit is 16777216 bytes'
    check_fails 137 rkt run --net=none --memory=24Mi --memory-swap-max=0 example.com/eater
    has 'eater\[[0-9]+\]: out of memory: the kernel killed [0-9]+ of its processes; the limit is that of the pod'
}

@test "cgroup v1: a fork bomb ends at the app's limit of processes, and at the pod's" {
    busybox_image bomb "$(sh_app 'i=0; while [ $i -lt 100 ]; do sleep 2 & i=$((i+1)); done; echo survived')"
    run rkt run --net=none example.com/bomb --pids-limit=10
    has "can't fork|Resource temporarily unavailable"
    run rkt run --net=none --pids-limit=20 example.com/bomb
    has "can't fork|Resource temporarily unavailable"
}

@test "cgroup v1: an app with a third of a processor gets no more" {
    busybox_image spin "$(sh_app 'end=$(($(date +%s) + 4)); while [ $(date +%s) -lt $end ]; do :; done; echo usage $(cat /sys/fs/cgroup/cpuacct/cpuacct.usage)')"
    applets spin date
    check rkt run --net=none example.com/spin --cpu=300m
    local usage
    usage=$(sed -n 's/.*usage //p' <<<"$output")
    # nanoseconds, of 3 to 6 seconds
    ((usage > 100000000 && usage < 2400000000))
}

@test "cgroup v1: an app writes no faster to its disk than it may" {
    [[ -b $(findmnt -no SOURCE -T /var/lib/rkt) ]] || skip "/var/lib/rkt is not on a disk here"
    inspect_image
    local began=$SECONDS
    check rkt run --net=none "${inspect_pod[@]}" --block-bandwidth=1M --exec=/bin/dd -- if=/dev/zero of=/written bs=256k count=16 oflag=direct
    has '16\+0 records out'
    ((SECONDS - began >= 2))
}

@test "cgroup v1: an app may open no device but its own, one that is a volume included" {
    busybox_image node "$(sh_app 'mknod /dev/mine b 7 0; dd if=/dev/mine of=/dev/null count=1 2>&1; echo >/dev/null && echo null; dd if=/dev/volume of=/dev/null bs=1 count=1 2>&1; true')"
    applets node mknod dd
    check rkt run --net=none --volume=v,kind=host,source=/dev/hwrng,readOnly=true example.com/node --mount=volume=v,target=/dev/volume
    has "can't open '/dev/mine': Operation not permitted"
    has ': null$'
    lacks "'/dev/volume': Operation not permitted"
    lacks 'no device policy'
    check rkt run --net=none --private-users --volume=v,kind=host,source=/dev/hwrng,readOnly=true example.com/node --mount=volume=v,target=/dev/volume
    has ': null$'
    lacks "'/dev/volume': Operation not permitted"
    lacks 'no device policy'
}

@test "cgroup v1: what an app leaves behind is killed when it ends, however much it forks" {
    busybox_image leaver "$(sh_app 'sleep 4242 & (f() { sleep 4243 & f; }; f) & sleep 0.3')"
    busybox_image stay "$(sh_app 'exec sleep 1000')"
    start_pod example.com/leaver --pids-limit=200 example.com/stay
    alone() { [[ $(rkt enter --app=stay "$uuid" ps | grep -c 'sleep 424') == 0 ]]; }
    wait_for 20 alone
    [[ $(<"/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/status/leaver") == 0 ]]
}

@test "cgroup v1: top tells what a pod and its app use" {
    busybox_image busy "$(sh_app 'x=$(head -c 8000000 /dev/zero | tr "\0" x); while :; do :; done')"
    applets busy head tr
    start_pod example.com/busy
    counted() {
        rkt top --interval=500ms --format=json "$uuid" | jq -e '.[0] | .cpu_usec > 0 and .memory_bytes > 8000000 and .tasks >= 2 and
            .apps[0].memory_bytes > 8000000 and .apps[0].tasks >= 1 and .apps[0].cpu_percent > 0'
    }
    wait_for 20 counted
}

@test "cgroup v1: no cgroup is left, however a pod ends" {
    busybox_image gone "$(sh_app 'exec sleep 1000')"
    local how
    for how in stop force kill; do
        start_pod example.com/gone
        case $how in
        stop) check rkt stop "$uuid" ;;
        force) check rkt stop --force "$uuid" ;;
        kill) command kill -KILL "$run_pid" ;;
        esac
        wait "$run_pid" || :
        rkt status --wait=20s "$uuid" >/dev/null
        [[ $how != kill ]] || rkt gc --grace-period=0s
        wait_for 20 no_cgroup_of "$uuid"
    done
    check systemctl list-units --all --plain --no-legend 'machine-rkt*'
    lacks gone
}

@test "cgroup v1: the pod of a service stays in it, and the service's limits stay its own" {
    busybox_image serve "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.2; done')"
    local unit=test-cgroup1-$$.service
    systemd-run --quiet --unit="$unit" -p MemoryMax=64M -p Delegate=yes rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" \
        --memory=32Mi example.com/serve --memory=16Mi
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=20s "$uuid" >/dev/null
    [[ $(cgroup_of "$uuid") == "/system.slice/$unit" ]]
    [[ $(<"/sys/fs/cgroup/memory/system.slice/$unit/memory.limit_in_bytes") == 67108864 ]]
    [[ $(<"/sys/fs/cgroup/memory/system.slice/$unit/app-serve/memory.limit_in_bytes") == 16777216 ]]
    systemctl stop "$unit"
    gone() { [[ -z $(find /sys/fs/cgroup -type d -path "*$unit*") ]]; }
    wait_for 20 gone
}

@test "cgroup v1: check tells of it" {
    run rkt check
    has '^cgroups\s+lacks\s+version 1'
    lacks 'without .*(memory|pids)'
}

@test "cgroup v1: a pod that has systemd is refused where there is no cgroup2, and else says which limits it has not" {
    busybox_image app "$(sh_app 'cat /proc/1/comm; cat /proc/self/cgroup | grep ^0:')"
    local users
    for users in no yes; do
        if ((!hybrid)); then
            check_fails 254 rkt run --stage1-from-dir=systemd --net=none --private-users=$users example.com/app
            has 'the systemd stage1 needs a host with cgroup2, and this one has cgroup v1 alone'
            continue
        fi
        check rkt run --stage1-from-dir=systemd --net=none --private-users=$users --memory=64Mi --uuid-file-save="$BATS_TEST_TMPDIR/uuid" \
            example.com/app --pids-limit=20
        has ': systemd$'
        has ': 0::/$'
        has 'app app: isolator coreos.com/rkt/pids-max is set but this host has the controller in cgroup v1, not v2 \(pids\), skipping'
        lacks 'the pod: isolator'
        lacks 'no device policy'
        wait_for 10 no_cgroup_of "$(<"$BATS_TEST_TMPDIR/uuid")"
    done
}
