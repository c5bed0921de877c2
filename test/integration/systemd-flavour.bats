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

# start_systemd ARGUMENT…: a pod of it in the background, until it is ready. Sets uuid, run_pid, machine, leader.
start_systemd() {
    start_pod --stage1-from-dir=systemd "$@"
    machine=rkt-$uuid leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
}

# managed ARGUMENT…: systemctl of the pod.
managed() { systemctl -M "$machine" --no-pager "$@"; }

ended() { rkt status --wait=20s "$uuid" | grep -qx state=exited; }

@test "systemd flavour: it is chosen by name, by path and by directory; PID 1 is systemd, and the app sees nothing of it" {
    busybox_image see "$(sh_app 'echo $(cat /proc/1/comm; ls /usr /lib /run/rkt /run/dbus 2>&1 | grep -c "No such"); cat /proc/self/cgroup | grep ^0:
        grep -e CapBnd -e Seccomp: /proc/self/status')"
    for choice in --stage1-name=coreos.com/rkt/stage1-systemd --stage1-path=/usr/lib/rkt/stage1/systemd --stage1-from-dir=systemd; do
        check rkt run "$choice" --net=none example.com/see
        has ': systemd 4$'
    done
    has ': 0::/$'
    has ': CapBnd:\s00000000a80425fb$'
    has ': Seccomp:\s2$'
}

@test "systemd flavour: lines are shown and kept as in the other flavours, errors as errors, and a silent pod has no journald" {
    busybox_image talk "$(sh_app 'echo out; echo err >&2; [ "$1" = "" ] || exec sleep 1000')"
    check rkt run "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/talk
    has '^\[[ 0-9.]*\] talk\[[0-9]*\]: out$'
    has '^\[[ 0-9.]*\] talk\[[0-9]*\]: err$'
    check journalctl -D "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/stage1/rootfs/var/log/journal" -o json --no-pager SYSLOG_IDENTIFIER=talk
    [[ $(jq -r '.MESSAGE + .PRIORITY' <<<"$output" | LC_ALL=C sort | paste -sd,) == err3,out6 ]] || { echo "$output"; return 1; }
    busybox_image silent '{"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0"}'
    start_systemd example.com/silent
    check pgrep -P "$leader" -a
    lacks journald
    lacks dbus
}

@test "systemd flavour: an app is a service; it is stopped in its own way by rkt, by systemd and from outside, and entered" {
    busybox_image app "$(sh_app 'trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done')"
    start_systemd example.com/app
    check managed is-active app-app.service default.target
    check rkt enter "$uuid" /bin/sh -c 'cat /proc/self/cgroup | grep ^0:; grep CapBnd /proc/self/status; ps'
    has '^0::/$'
    has 'CapBnd:\s00000000a80425fb$'
    has 'rkt-agent'
    check rkt stop "$uuid"
    wait "$run_pid"
    grep -q 'bye$' "$BATS_TEST_TMPDIR/out"
    check rkt status "$uuid"
    has '^app-app=0$'

    start_systemd example.com/app
    check managed stop app-app.service
    ended
    wait "$run_pid"

    start_systemd example.com/app
    kill -TERM "$run_pid"
    wait "$run_pid"
    ! pgrep -F "/var/lib/rkt/pods/run/$uuid/pid"

    start_systemd example.com/app
    kill -KILL "$run_pid"
    ended
    check rkt status "$uuid"
    has '^app-app=0$'
}

@test "systemd flavour: an app that its own stop signal ends has failed unless somebody has asked for that" {
    busybox_image app "$(sh_app 'echo up; exec sleep 1000')"
    check_fails 143 rkt run "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app --exec=/bin/sh -- -c 'kill -TERM $$'
    check rkt status "$(<"$BATS_TEST_TMPDIR/uuid")"
    has '^app-app=143$'
    check_fails 138 rkt run "${stage1[@]}" example.com/app --stop-signal=USR1 --exec=/bin/sh -- -c 'kill -USR1 $$'

    local ask
    for ask in 'rkt stop $uuid' 'managed stop app-app.service' 'managed poweroff' 'kill -TERM $run_pid'; do
        start_systemd example.com/app
        eval "$ask" || : # the pod may have gone before the answer
        ended
        wait "$run_pid" || { echo "$ask"; return 1; }
    done

    # a signal is not a request
    start_systemd example.com/app
    managed kill --kill-whom=main --signal=TERM app-app.service || :
    ended
    local status=0
    wait "$run_pid" || status=$?
    ((status == 143))
}

ups() { (($(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == $1)); }

@test "systemd flavour: an app is started again as its policy says, and stopped or started again by systemctl, whatever that says" {
    busybox_image app "$(sh_app 'trap "exit 0" USR2; echo up; while :; do sleep 0.05; done')"
    start_systemd example.com/app --restart=on-failure
    wait_for 10 ups 1
    check managed kill --kill-whom=main --signal=TERM app-app.service
    wait_for 10 ups 2
    wait_for 10 managed is-active app-app.service
    check managed restart app-app.service
    wait_for 10 ups 3
    managed kill --kill-whom=main --signal=USR2 app-app.service || :
    ended
    wait "$run_pid"

    start_systemd example.com/app --restart=always
    wait_for 10 ups 1
    check managed kill --kill-whom=main --signal=USR2 app-app.service
    wait_for 10 ups 2
    wait_for 10 managed is-active app-app.service
    managed stop app-app.service || :
    ended
    wait "$run_pid"
    ups 2

    start_systemd example.com/app
    wait_for 10 ups 1
    check managed restart app-app.service
    wait_for 10 ups 2
    check managed restart app-app.service
    wait_for 10 ups 3
    check rkt status "$uuid"
    has '^state=running$'
    managed stop app-app.service || :
    ended
    wait "$run_pid"
}

@test "systemd flavour: the first app that fails ends the pod with its status; the others are stopped" {
    busybox_image two "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.05; done')"
    check_fails 5 rkt run "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/two --name=stays --- \
        example.com/two --name=fails --exec=/bin/sh -- -c 'exit 5'
    check rkt status "$(<"$BATS_TEST_TMPDIR/uuid")"
    has '^app-fails=5$'
    has '^app-stays=[0-9]+$'
}

@test "systemd flavour: hooks, order, restarts and readiness are those of the other flavour" {
    busybox_image life "$(jq -n '{exec: ["/bin/sh", "-c", "echo main; [ -e /once ] || { touch /once; exit 3; }"], user: "0", group: "0",
        eventHandlers: [{name: "pre-start", exec: ["/bin/sh", "-c", "echo pre"]}, {name: "post-stop", exec: ["/bin/sh", "-c", "echo post"]}]}')"
    check rkt run "${stage1[@]}" example.com/life --restart=on-failure
    [[ $(grep -o ': [a-z]*$' <<<"$output" | tr -d ' \n') == :pre:main:post:pre:main:post ]]
    check_fails 3 rkt run "${stage1[@]}" example.com/life
    [[ $(grep -o ': [a-z]*$' <<<"$output" | tr -d ' \n') == :pre:main:post ]]
}

@test "systemd flavour: limits of an app are properties of its service" {
    busybox_image app
    start_systemd example.com/app --exec=/bin/sleep --memory=64Mi --cpu=500m --cpu-shares=512 -- 1000
    check managed show -p MemoryMax -p CPUQuotaPerSecUSec -p CPUWeight app-app.service
    has '^MemoryMax=67108864$'
    has '^CPUQuotaPerSecUSec=500ms$'
    has '^CPUWeight=20$'
    check rkt top --apps --count=1 "$uuid"
    has '\bapp\b'
}

@test "systemd flavour: limits that the host cannot set are named in a warning, and the app runs" {
    ! grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "this host has the controllers"
    busybox_image limited "$(sh_app 'echo ran')"
    check rkt run "${stage1[@]}" --memory=64Mi example.com/limited --memory=32Mi --pids-limit=5 --cpu=500m
    has 'app limited: isolator resource/memory is set but this host has .* \(memory\), skipping'
    has 'app limited: isolator coreos.com/rkt/pids-max is set but .* \(pids\), skipping'
    has 'app limited: isolator resource/cpu is set but .* \(cpu\), skipping'
    has 'the pod: isolator resource/memory is set but .* \(memory\), skipping'
    has ': ran$'
}

@test "systemd flavour: the limits of an app are in its cgroup, and of the pod in the pod's, with users of its own, too" {
    need controllers memory cpu pids io cpuset
    busybox_image limited "$(sh_app 'cd /sys/fs/cgroup && grep . memory.max memory.high memory.swap.max cpu.max cpu.weight pids.max cpuset.cpus io.weight')"
    local users
    for users in no yes; do
        check rkt run "${stage1[@]}" --private-users=$users --memory=96Mi example.com/limited --memory=64Mi --memory-high=48Mi --memory-swap-max=0 \
            --cpu=500m --cpu-shares=2 --pids-limit=20 --cpuset-cpus=0 --io-weight=50
        has 'memory.max:67108864$'
        has 'memory.high:50331648$'
        has 'cpu.max:50000 100000$'
        has 'cpu.weight:1$'
        has 'pids.max:20$'
        has 'cpuset.cpus:0$'
        lacks 'is set but'
    done
    start_systemd --memory=96Mi --pids-limit=50 example.com/limited --exec=/bin/sleep -- 1000
    local cgroup
    cgroup=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")
    [[ $(<"$cgroup/memory.max") == 100663296 && $(<"$cgroup/pids.max") == 50 ]]
}

@test "systemd flavour: the kernel kills an app that takes more memory than it or its pod may, and that is told" {
    need controllers memory
    busybox_image eater "$(sh_app 'exec tail -n 1 /dev/zero')"
    applets eater tail
    local users
    for users in no yes; do
        check_fails 137 rkt run "${stage1[@]}" --private-users=$users --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/eater --memory=16Mi --memory-swap-max=0
        has 'eater\[[0-9]+\]: out of memory: the kernel killed 1 of its processes; the limit is 16777216 bytes'
        check rkt status "$(<"$BATS_TEST_TMPDIR/uuid")"
        has '^app-eater=137$'
    done
    # systemd, which is in the pod's, stays
    check_fails 137 rkt run "${stage1[@]}" --memory=64Mi --memory-swap-max=0 example.com/eater
    has 'eater\[[0-9]+\]: out of memory: the kernel killed [0-9]+ of its processes; the limit is that of the pod'
}

@test "systemd flavour: a fork bomb ends at the limit of processes, and so does the pod's" {
    need controllers pids
    busybox_image bomb "$(sh_app 'i=0; while [ $i -lt 100 ]; do sleep 2 & i=$((i+1)); done; echo survived')"
    run rkt run "${stage1[@]}" example.com/bomb --pids-limit=10
    has "can't fork|Resource temporarily unavailable"
    lacks survived
    run rkt run "${stage1[@]}" --pids-limit=30 example.com/bomb
    has "can't fork|Resource temporarily unavailable"
    lacks survived
}

@test "systemd flavour: an app with a third of a processor gets no more" {
    need controllers cpu
    busybox_image spin "$(sh_app 'end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do :; done; grep usage_usec /sys/fs/cgroup/cpu.stat')"
    applets spin date
    check rkt run "${stage1[@]}" example.com/spin --cpu=300m
    local usage
    usage=$(sed -n 's/.*usage_usec //p' <<<"$output")
    # of 4 to 6 seconds; an emulated machine is slow to start with
    ((usage > 200000 && usage < 2400000))
}

@test "systemd flavour: an app writes no faster to its disk than it may" {
    need controllers io
    [[ -b $(findmnt -no SOURCE -T /var/lib/rkt) ]] || skip "/var/lib/rkt is not on a disk here"
    inspect_image
    local began=$SECONDS
    # 4 MB at 1 MB in a second: a machine that is slow takes longer, none takes less
    check rkt run "${stage1[@]}" "${inspect_pod[@]}" --block-bandwidth=1M --exec=/bin/dd -- if=/dev/zero of=/written bs=256k count=16 oflag=direct
    has '16\+0 records out'
    ((SECONDS - began >= 2))
}

@test "systemd flavour: machinectl reboot starts systemd and the apps again, in the same pod" {
    busybox_image app "$(sh_app 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done')"
    start_systemd example.com/app
    wait_for 10 machinectl show "$machine" >/dev/null
    up_again() { (($(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == 2)); }
    check machinectl reboot "$machine"
    wait_for 10 up_again
    wait_for 10 managed is-active app-app.service
    check rkt stop "$uuid"
    ended
    wait "$run_pid"
}

# start_and_reach: a pod, and in it a command, a shell and the bus, from outside.
start_and_reach() {
    busybox_image app '{"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0"}'
    start_systemd example.com/app
    wait_for 10 machinectl show "$machine" >/dev/null
    check systemd-run -M "$machine" --quiet --wait --pipe /bin/echo from inside
    has '^from inside$'
    check script -qec "machinectl shell $machine /bin/sh -c 'echo in the shell'" /dev/null
    has 'in the shell'
    check busctl -M "$machine" --no-pager list
    has '^org.freedesktop.systemd1 '
    check loginctl -M "$machine" --no-pager list-sessions
}

@test "systemd flavour: a command, a shell and the bus of the pod, from outside" {
    start_and_reach
}

@test "systemd flavour: the bus of the pod is dbus-broker where the host has no dbus-daemon" {
    need commands dbus-broker-launch
    mkdir "$BATS_TEST_TMPDIR"/{upper,work}
    rkt() {
        [[ $1 == run ]] || { command rkt "$@"; return; }
        unshare --mount sh -euc '
            mount -t overlay -o "lowerdir=/usr,upperdir=$0/upper,workdir=$0/work" overlay /usr
            rm -f /usr/bin/dbus-daemon
            exec rkt "$@"' "$BATS_TEST_TMPDIR" "$@"
    }
    start_and_reach
    check managed show -p ExecStart dbus.service
    has 'dbus-broker-launch'
    check managed is-active dbus.service
    check rkt stop "$uuid"
    ended
}

@test "systemd flavour: in a service, the pod has a cgroup of its own in that of the service, and leaves none" {
    busybox_image app "$(sh_app 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done')"
    local unit=rkt-flavour-$$ cgroup
    check systemd-run --quiet --unit="$unit" -p KillMode=mixed -p Delegate=yes -p Type=notify -p NotifyAccess=all \
        rkt run "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    cgroup=$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")
    [[ $cgroup == */"$unit.service/rkt-$uuid" ]] || { echo "$cgroup"; return 1; }
    check systemctl stop "$unit"
    check rkt status "$uuid"
    has '^app-app=0$'
    [[ ! -d /sys/fs/cgroup$cgroup ]]
}

@test "systemd flavour: a pod leaves nothing behind" {
    busybox_image app
    rkt gc --grace-period=0s
    local before
    before=$(host_state)
    check rkt run "${stage1[@]}" example.com/app
    rkt gc --grace-period=0s
    same_host_state "$before"
}
