#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What systemd, machined and the journal know of a pod, and what they can do to it.

load lib
load pods

teardown() {
    systemctl stop 'rkt-test-*.service' 2>/dev/null || :
    systemctl reset-failed 'rkt-test-*.service' 2>/dev/null || :
    rm -f /run/systemd/system/rkt-test-*.service
    end_pods
    rm -rf /run/rkt-test-log
}

# A pod whose two apps note how they are stopped, in the order in which it happens; "first" takes a while.
noting_images() {
    local volume='"mountPoints": [{"name": "log", "path": "/log"}]'
    rm -rf /run/rkt-test-log
    mkdir /run/rkt-test-log
    busybox_image first '{"exec": ["/bin/sh", "-c",
        "trap \"sleep 0.5; echo first >>/log/ended; exit 3\" TERM; echo up; echo first-up >>/log/started; while :; do sleep 0.05; done"],
        "user": "0", "group": "0", '"$volume"'}'
    busybox_image second '{"exec": ["/bin/sh", "-c",
        "trap \"echo second >>/log/ended; exit 0\" TERM; echo up; echo second-up >>/log/started; while :; do sleep 0.05; done"],
        "user": "0", "group": "0", '"$volume"'}'
    noting_pod=(--volume=log,kind=host,source=/run/rkt-test-log example.com/first example.com/second)
}

apps_are_up() { [[ $(wc -l </run/rkt-test-log/started) == 2 ]]; }

start_noting_pod() {
    noting_images
    start_pod "${noting_pod[@]}"
    wait_for 10 apps_are_up
    machine=rkt-$uuid
    scope=$(scope_of "$uuid")
}

scope_of() { echo "machine-rkt\\x2d${1//-/\\x2d}.scope"; }

no_machine() { ! machinectl show "$1" >/dev/null 2>&1; }

# Both apps had the time to end in their own way, and what they said of it is true.
ended_in_order() {
    check rkt status --wait=20s "$uuid"
    has '^app-first=3$'
    has '^app-second=0$'
    [[ $(sort /run/rkt-test-log/ended | paste -sd' ') == 'first second' ]]
    wait_for 5 no_machine "rkt-$uuid"
}

@test "systemd: a pod has a delegated scope in machine.slice, and systemctl status shows its cgroup tree" {
    start_noting_pod
    check systemctl show -p ActiveState -p Slice -p Delegate -p CollectMode "$scope"
    has '^ActiveState=active$'
    has '^Slice=machine.slice$'
    has '^Delegate=yes$'
    has '^CollectMode=inactive-or-failed$'
    check systemctl status --no-pager "$scope"
    has '─app-first$'
    has '─app-second$'
    has '─supervisor$'
    [[ $(<"/var/lib/rkt/pods/run/$uuid/subcgroup") == "/machine.slice/$scope" ]]
}

@test "machinectl: list, show and status tell of the pod" {
    start_noting_pod
    check machinectl list --no-legend
    has "^$machine +container +rkt"
    check machinectl show "$machine"
    has '^Class=container$'
    has '^Service=rkt$'
    has "^Leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")\$"
    has "^Id=${uuid//-/}\$"
    has "^Unit=${scope//\\/\\\\}\$"
    check machinectl status --no-pager "$machine"
    has 'Leader: [0-9]+'
    has '─app-first$'
}

@test "machinectl poweroff stops the apps in their own way" {
    start_noting_pod
    check machinectl poweroff "$machine"
    ended_in_order
}

@test "machinectl terminate stops the apps in their own way" {
    start_noting_pod
    check machinectl terminate "$machine"
    ended_in_order
}

@test "systemctl stop of the scope stops the apps in their own way" {
    start_noting_pod
    check systemctl stop "$scope"
    ended_in_order
}

@test "machinectl reboot stops the apps and starts them again" {
    start_noting_pod
    check machinectl reboot "$machine"
    restarted() { [[ $(wc -l </run/rkt-test-log/started) == 4 ]]; }
    wait_for 10 restarted
    check machinectl show "$machine"
    [[ $(sort /run/rkt-test-log/ended | paste -sd' ') == 'first second' ]]
    check rkt status "$uuid"
    has '^state=running$'
}

@test "machinectl kill signals the leader or all of the pod" {
    start_noting_pod
    check machinectl kill --kill-whom=leader --signal=TERM "$machine"
    ended_in_order

    rm -r "$BATS_TEST_TMPDIR"/image-*
    start_noting_pod
    check machinectl kill --signal=KILL "$machine"
    check rkt status --wait=10s "$uuid"
    has '^state=exited$'
    wait_for 5 no_machine "$machine"
}

@test "machinectl copy-to and copy-from reach an app's files" {
    start_noting_pod
    local root=/opt/stage2/first/rootfs
    head -c 100000 /dev/urandom >"$BATS_TEST_TMPDIR/there"
    check machinectl copy-to "$machine" "$BATS_TEST_TMPDIR/there" $root/etc/there
    check rkt enter --app=first "$uuid" /bin/ls /etc/there
    check machinectl copy-from "$machine" $root/etc/there "$BATS_TEST_TMPDIR/back"
    cmp "$BATS_TEST_TMPDIR/there" "$BATS_TEST_TMPDIR/back"
}

@test "journalctl -M shows a running pod's lines under its apps' names, and -D and -m show them afterwards" {
    start_noting_pod
    lines() { journalctl -M "$machine" -o cat SYSLOG_IDENTIFIER="$1" | grep -qx up; }
    wait_for 10 lines first
    wait_for 10 lines second
    check systemctl stop "$scope"
    check rkt status --wait=20s "$uuid"
    check journalctl -D "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/var/log/journal/${uuid//-/}" -o cat SYSLOG_IDENTIFIER=first
    has '^up$'
    check journalctl -m -o cat _MACHINE_ID="${uuid//-/}" SYSLOG_IDENTIFIER=second
    has '^up$'
    rkt rm "$uuid"
    [[ ! -L /var/log/journal/${uuid//-/} ]]
}

@test "journalctl -m: a pod that said nothing is nothing to complain of" {
    busybox_image silent
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/silent
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    [[ -L /var/log/journal/${uuid//-/} ]]
    check journalctl -m -n 1
    lacks "${uuid//-/}"
    rkt rm "$uuid"
}

@test "journalctl -m finds the lines of a pod that gc has marked, until it is removed" {
    busybox_image speaker "$(sh_app 'echo words')"
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/speaker
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt gc --mark-only
    [[ -d /var/lib/rkt/pods/exited-garbage/$uuid ]]
    check journalctl -m -o cat _MACHINE_ID="${uuid//-/}" SYSLOG_IDENTIFIER=speaker
    has '^words$'
    rkt gc --grace-period=0s
    [[ ! -L /var/log/journal/${uuid//-/} && ! $(find /var/log/journal -name "*${uuid//-/}*") ]]
}

@test "systemd-run: a pod started in a service stays in its cgroup and is registered there" {
    noting_images
    systemd-run --quiet --unit=rkt-test-run -p KillMode=mixed rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${noting_pod[@]}"
    wait_for 10 apps_are_up
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    wait_for 5 machinectl show "rkt-$uuid"
    check machinectl show -p Unit "rkt-$uuid"
    has '^Unit=rkt-test-run.service$'
    check systemctl status --no-pager rkt-test-run
    has '─app-first$'
    check systemctl list-units --no-legend 'machine-rkt*'
    [[ ! $output ]]

    check systemctl stop rkt-test-run
    ended_in_order
}

@test "a unit file: systemctl start, stop and restart of a pod, which fails with the app's status" {
    noting_images
    cat >/run/systemd/system/rkt-test-unit.service <<END
[Service]
ExecStart=rkt run --net=none --uuid-file-save=/run/rkt-test-log/uuid ${noting_pod[*]}
KillMode=mixed
END
    systemctl daemon-reload
    check systemctl start rkt-test-unit
    wait_for 10 apps_are_up
    uuid=$(</run/rkt-test-log/uuid)
    wait_for 5 machinectl show "rkt-$uuid"
    check systemctl restart rkt-test-unit
    ended_in_order
    restarted() { [[ $(wc -l </run/rkt-test-log/started) == 4 ]]; }
    wait_for 10 restarted
    uuid=$(</run/rkt-test-log/uuid)
    systemctl stop rkt-test-unit
    check systemctl show -p ExecMainStatus rkt-test-unit
    has '=3$'
}

@test "a pod that ends before its unit does is forgotten by machined" {
    busybox_image short "$(sh_app 'exit 0')"
    check systemd-run --quiet --wait --unit=rkt-test-short --pipe \
        sh -c 'rkt run --net=none --uuid-file-save=/run/rkt-test-uuid example.com/short; machinectl list --no-legend'
    ! has "rkt-$(</run/rkt-test-uuid)"
    rm /run/rkt-test-uuid
}

@test "two pods in one unit do not get in each other's way" {
    busybox_image sleeper "$(sh_app 'sleep 1000')"
    systemd-run --quiet --unit=rkt-test-two -p KillMode=mixed sh -c "
        rkt run --net=none --uuid-file-save=$BATS_TEST_TMPDIR/one example.com/sleeper &
        rkt run --net=none --uuid-file-save=$BATS_TEST_TMPDIR/two example.com/sleeper; wait"
    wait_for 10 test -s "$BATS_TEST_TMPDIR/one" -a -s "$BATS_TEST_TMPDIR/two"
    local one two
    one=$(<"$BATS_TEST_TMPDIR/one") two=$(<"$BATS_TEST_TMPDIR/two")
    check rkt status --wait-ready=10s "$one"
    check rkt status --wait-ready=10s "$two"
    check rkt stop "$one"
    check rkt status --wait=10s "$one"
    check rkt status "$two"
    has '^state=running$'
}

@test "a pod started from a session leaves it for machine.slice" {
    busybox_image sleeper "$(sh_app 'sleep 1000')"
    systemd-run --quiet --scope --slice=user-0.slice rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/sleeper >/dev/null 2>&1 3>&- &
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check rkt status --wait-ready=10s "$uuid"
    has_scope() { systemctl is-active --quiet "$(scope_of "$uuid")"; }
    wait_for 5 has_scope
}

@test "without machined a pod runs, with a warning" {
    busybox_image talk "$(sh_app 'echo said')"
    systemctl mask --runtime --now systemd-machined.service
    run rkt run --net=none example.com/talk
    systemctl unmask --runtime systemd-machined.service
    ((status == 0))
    has 'cannot register rkt-.* with systemd-machined: .*masked'
    has 'talk\[[0-9]+\]: said'
}

@test "machined is started for a pod when it does not run" {
    busybox_image sleeper "$(sh_app 'sleep 1000')"
    systemctl stop systemd-machined.service
    start_pod example.com/sleeper
    wait_for 5 machinectl show "rkt-$uuid"
}

@test "without D-Bus a pod still gets its scope, with a warning" {
    busybox_image talk "$(sh_app 'cat /proc/self/cgroup')"
    systemctl stop dbus.socket dbus.service
    run rkt run --net=none example.com/talk
    systemctl start dbus.socket dbus.service
    ((status == 0))
    has 'cannot register .*: the system bus cannot be reached'
}

@test "a bus that hangs does not keep a pod from its scope for ever" {
    busybox_image short
    local bus
    bus=$(systemctl show -p MainPID --value dbus.service)
    kill -STOP "$bus"
    run timeout 15 rkt run --net=none example.com/short
    kill -CONT "$bus"
    ((status == 0))
    has 'cannot register .*: the system bus cannot be reached'
}

@test "a pod that ends at once leaves neither machine nor scope" {
    busybox_image short
    local i
    for ((i = 0; i < 10; i++)); do check rkt run --net=none example.com/short; done
    nothing_left() {
        [[ ! $(machinectl list --no-legend | grep rkt-) && ! $(systemctl list-units --all --no-legend 'machine-rkt*') ]]
    }
    wait_for 5 nothing_left
}

@test "rkt-gc: the service collects, within its sandbox" {
    busybox_image short
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/short
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    mkdir -p /run/systemd/system/rkt-gc.service.d
    printf '[Service]\nEnvironment=GRACE_PERIOD=0s\n' >/run/systemd/system/rkt-gc.service.d/test.conf
    systemctl daemon-reload
    run systemctl start rkt-gc.service
    rm -r /run/systemd/system/rkt-gc.service.d
    systemctl daemon-reload
    ((status == 0))
    [[ ! -e /var/lib/rkt/pods/run/$uuid && ! -e /var/lib/rkt/pods/exited-garbage/$uuid ]]
    check systemd-analyze verify --man=no rkt-gc.service rkt-gc.timer
    [[ ! $output ]]
}
