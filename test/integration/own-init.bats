#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods that boot: the init of the image is PID 1 (rkt run --init=systemd).

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the pods' shells; uuid and run_pid are set by start_pod
load lib
load pods

teardown() {
    systemctl stop rkt-test-boot.service 2>/dev/null || :
    systemctl reset-failed rkt-test-boot.service 2>/dev/null || :
    end_pods
}

# init_image SCRIPT: example.com/init, whose init is a script.
init_image() {
    mkdir -p "$BATS_TEST_TMPDIR/image-init/rootfs/sbin"
    printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/image-init/rootfs/sbin/init"
    chmod 755 "$BATS_TEST_TMPDIR/image-init/rootfs/sbin/init"
    busybox_image init
}

in_pod() { rkt enter "$uuid" "$@"; }
ended() { rkt status --wait=20s "$uuid" | grep -qx state=exited; }
leader() { cat "/var/lib/rkt/pods/run/$uuid/pid"; }

# run_ends STATUS: that of the pod's rkt run.
run_ends() {
    local result=0
    wait "$run_pid" || result=$?
    ((result == $1)) || { echo "it ended with $result"; cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

@test "own init: systemd of an image boots as PID 1 in its own root, with the name and ID of the pod; rkt stop ends it in order, and its journal stays" {
    system_image
    start_pod "${system[@]}"
    check in_pod /bin/sh -c 'cat /proc/1/comm /etc/hostname /etc/machine-id; hostname; cat /proc/1/cgroup; tr "\0" "\n" </proc/1/environ; . /etc/os-release; echo "$ID"'
    has '^systemd$'
    (($(grep -cx "rkt-$uuid" <<<"$output") == 2))
    has "^${uuid//-/}\$"
    has '^0::/init.scope$'
    has '^container=rkt$'
    has "^container_uuid=$uuid\$"
    has '^system$'
    check in_pod systemctl is-active default.target
    check rkt list --full
    has "${uuid:0:8}.*running"
    grep -q "^\[[ 0-9.]*\] system\[1\]: .*: up$" "$BATS_TEST_TMPDIR/out"
    check in_pod cat /proc/sys/kernel/random/boot_id
    [[ $output != "$(cat /proc/sys/kernel/random/boot_id)" ]]

    said() { journalctl -M "rkt-$uuid" -t app -o cat | grep -qx up; }
    wait_for 10 said
    check rkt stop "$uuid"
    run_ends 0
    check rkt status "$uuid"
    has '^state=exited$'
    has '^app-system=0$'
    [[ ! -d /var/log/journal ]] || check journalctl -m "_MACHINE_ID=${uuid//-/}" -o cat
    [[ ! -d /var/log/journal ]] || has '^up$'
    check journalctl -D "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/var/log/journal" -o cat
    has 'Shutting down'
    check rkt gc --grace-period=0s
    [[ ! -e /var/log/journal/${uuid//-/} ]]
}

@test "own init: a pod that is booted again is the same pod; what it exits with is the status" {
    system_image
    start_pod "${system[@]}"
    local before
    before=$(leader)
    check machinectl reboot "rkt-$uuid"
    another() { [[ $(leader) != "$before" ]]; }
    wait_for 20 another
    check rkt status --wait-ready=20s "$uuid"
    check in_pod grep -c boot /boots
    [[ $output == 2 ]]
    wait_for 10 machinectl show "rkt-$uuid" >/dev/null
    check in_pod systemctl exit 7
    run_ends 7
    check rkt status "$uuid"
    has '^app-system=7$'
}

@test "own init: rkt stop --force and the end of rkt run are the end of the pod" {
    init_image 'trap "exit 0" TERM; while :; do sleep 0.1; done'
    start_init() {
        rkt run --net=none --init=systemd --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/init --stop-signal=SIGTERM 3>&- &
        run_pid=$!
        wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
        uuid=$(<"$BATS_TEST_TMPDIR/uuid")
        rm "$BATS_TEST_TMPDIR/uuid"
        # it is in its own root
        wait_for 10 in_pod true
    }
    start_init
    check rkt stop --force "$uuid"
    wait "$run_pid" || (($? == 137))
    check rkt status "$uuid"
    has '^app-init=137$'
    start_init
    kill -KILL "$run_pid"
    ended
}

@test "own init: a service is ready when it has booted; machinectl poweroff ends it with 0" {
    system_image
    check systemd-run --unit=rkt-test-boot --property=Type=notify --property=Delegate=yes --property=KillMode=mixed \
        rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${system[@]}"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check in_pod systemctl is-active app-boots.service
    [[ $(systemctl show --property=StatusText --value rkt-test-boot) == "Pod $uuid is ready." ]]
    wait_for 10 machinectl show "rkt-$uuid" >/dev/null
    check machinectl poweroff "rkt-$uuid"
    ended
    check rkt status "$uuid"
    has '^app-system=0$'
}

@test "own init: it has what systemd needs and nothing of the host: capabilities, devices, calls, files of the kernel" {
    system_image
    start_pod "${system[@]}"
    check in_pod grep -e Seccomp: -e CapBnd /proc/self/status
    has 'Seccomp:\s2'
    local capabilities
    capabilities=0x$(sed -n 's/^CapBnd:\s*//p' <<<"$output")
    # sys_admin and sys_boot; not sys_module, sys_rawio, sys_time, syslog, bpf
    ((capabilities >> 21 & 1 && capabilities >> 22 & 1 && !(capabilities & (1 << 16 | 1 << 17 | 1 << 25 | 1 << 34 | 1 << 39))))
    # nodes can be made, and not opened
    check_fails 1 in_pod /bin/sh -c 'mount -t tmpfs tmpfs /home && mknod /home/disk b 7 0 && cat /home/disk'
    has 'Operation not permitted'
    check in_pod /bin/sh -c 'touch /sys/kernel/x /proc/sys/kernel/hostname 2>&1; echo b >/proc/sysrq-trigger; mkdir /sys/fs/cgroup/own && echo made; cat /proc/sys/net/ipv4/ip_forward >/proc/sys/net/ipv4/ip_forward && echo net'
    has '/sys/kernel/x.*Read-only'
    has 'cannot create /proc/sysrq-trigger'
    has '^made$'
    has '^net$'
    check_fails 16 in_pod swapoff /boots
    has 'Not superuser'
    # what it mounts comes to its services
    check in_pod findmnt --noheadings --output=PROPAGATION /
    has '^shared'
    # nothing of rkt is left open there
    check in_pod /bin/sh -c 'ls -l /proc/1/fd'
    [[ $output != *rkt/pods* ]]
}

@test "own init: with users of its own, its root is nobody's on the host, and its services have users of the pod" {
    system_image
    start_pod --private-users "${system[@]}"
    check in_pod systemctl is-active app-boots.service
    (($(stat -c %u "/proc/$(leader)") >= 2000289792))
    check in_pod systemd-run --quiet --wait --pipe --property=User=messagebus id -un
    has '^messagebus$'
    check_fails 1 in_pod /bin/sh -c 'mknod /root/disk b 7 0'
    has 'Operation not permitted'
    check rkt stop "$uuid"
    run_ends 0
}

@test "own init: an init of another kind has the console, its stop signal, and its exit status" {
    init_image 'trap "echo asked; exit 5" USR2; echo "init $$ $1"; while :; do sleep 0.1; done'
    rkt run --net=none --init=systemd --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/init --stop-signal=SIGUSR2 -- word \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 10 grep -q '^\[[ 0-9.]*\] init\[1\]: init 1 word$' "$BATS_TEST_TMPDIR/out"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check in_pod /bin/hostname
    [[ $output == "rkt-$uuid" ]]
    check rkt stop "$uuid"
    run_ends 5
    grep -q 'init\[1\]: asked$' "$BATS_TEST_TMPDIR/out"
}

@test "own init: links where an image has its names lead nowhere, and are replaced by the pod's" {
    mkdir -p "$BATS_TEST_TMPDIR/image-init/rootfs/etc"
    ln -s /rkt/leaked "$BATS_TEST_TMPDIR/image-init/rootfs/etc/hostname"
    ln -s /proc/sys/kernel/hostname "$BATS_TEST_TMPDIR/image-init/rootfs/etc/machine-id"
    init_image '[ ! -L /etc/hostname ] && [ ! -L /etc/machine-id ] && cat /etc/hostname /etc/machine-id && hostname'
    check rkt run --net=none --init=systemd --hostname=mine --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/init
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    (($(grep -c ': mine$' <<<"$output") == 2))
    has ": ${uuid//-/}\$"
    [[ ! -e /var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/leaked ]]
}

@test "own init: one that reboots when it is asked to stop, as busybox does, is not booted again" {
    init_image 'trap "reboot -f" TERM; echo here; while :; do sleep 0.1; done'
    applets init reboot
    rkt run --net=none --init=systemd example.com/init --stop-signal=SIGTERM >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 10 grep -q 'here$' "$BATS_TEST_TMPDIR/out"
    kill -TERM "$run_pid"
    run_ends 0
    (($(grep -c 'here$' "$BATS_TEST_TMPDIR/out") == 1))
}

@test "own init: sockets and credentials of a unit come to it, each time that it boots" {
    init_image 'echo "$LISTEN_PID $LISTEN_FDS $LISTEN_FDNAMES $(cat "$CREDENTIALS_DIRECTORY/word")"; [ -S /proc/self/fd/3 ] || exit 4
        [ -e /again ] || { touch /again; reboot -f; }; while :; do sleep 0.1; done'
    applets init reboot
    check systemd-run --unit=rkt-test-boot --property=Delegate=yes --property=SetCredential=word:secret \
        --property="StandardOutput=file:$BATS_TEST_TMPDIR/out" \
        systemd-socket-activate --listen="$BATS_TEST_TMPDIR/socket" --fdname=web --setenv=CREDENTIALS_DIRECTORY \
        rkt run --net=none --init=systemd --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/init --sockets=web
    wait_for 10 test -S "$BATS_TEST_TMPDIR/socket"
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])' "$BATS_TEST_TMPDIR/socket"
    twice() { (($(grep -c 'init\[1\]: 1 1 web secret$' "$BATS_TEST_TMPDIR/out") == 2)); }
    wait_for 20 twice || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    check systemctl stop rkt-test-boot
}

@test "own init: with --interactive the console is the user's" {
    init_image 'read -r line; echo "got $line"; [ -t 0 ] && exit 3'
    check_fails 3 script -qec 'rkt run --net=none --init=systemd --interactive example.com/init' /dev/null <<<'typed words'
    has 'got typed words'
}

@test "own init: the program is the image's if that is an init, and otherwise the usual one" {
    busybox_image plain
    check_fails 254 rkt run --net=none --init=systemd example.com/plain
    has 'app plain: its image has no init'
    init_image 'exit 0'
    check rkt prepare --init=systemd example.com/init
    local prepared=$output
    check rkt cat-manifest "$prepared"
    [[ $(jq -r '.apps[0].app.exec[0]' <<<"$output") == /sbin/init ]]
    [[ $(jq -r '.annotations[] | select(.name == "coreos.com/rkt/stage1/init").value' <<<"$output") == systemd ]]
    check rkt run-prepared --net=none "$prepared"
    check_fails 6 rkt run --net=none --init=systemd example.com/init --exec=/bin/sh -- -c 'exit 6'
}

@test "own init: the stage1 with systemd boots it as well; that of fly, several apps and what only a supervisor does are refused by name" {
    init_image 'exit 4'
    check_fails 4 rkt run --net=none --stage1-from-dir=systemd --init=systemd example.com/init
    check_fails 254 rkt run --stage1-from-dir=fly --init=systemd example.com/init
    has 'stage1-fly cannot boot the init of an image'
    check_fails 254 rkt run --init=systemd example.com/init example.com/init --name=two
    has 'several apps'
    check_fails 254 rkt run --init=upstart example.com/init
    has '\-\-init=upstart: expected systemd or no'
    check_fails 254 rkt run --net=none --init=systemd example.com/init --restart=always
    has 'cannot have a restart policy'
    check_fails 254 rkt run --net=none --init=systemd example.com/init --user=1000
    has 'its user is another one than root'
    check_fails 254 rkt run --net=none --init=systemd example.com/init --stdout=stream
    has 'cannot have a choice of its standard input and output'
    check_fails 254 rkt run --init=systemd --pod-manifest=/dev/null
    has 'conflicting flags'
}

@test "own init: limits of the app are those of the pod, in which the init makes groups of its own" {
    need controllers memory pids
    system_image
    start_pod "${system[@]}" --memory=512M --pids-limit=200
    local cgroup
    cgroup=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")
    [[ $(<"$cgroup/memory.max") == $((512 * 1000 * 1000)) || $(<"$cgroup/memory.max") == $((512 * 1024 * 1024)) ]]
    [[ $(<"$cgroup/pids.max") == 200 ]]
    check in_pod systemd-run --quiet --wait --property=MemoryMax=64M cat /sys/fs/cgroup/system.slice/memory.max
}
