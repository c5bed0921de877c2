#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rkt-register called by hand, as somebody's own stage1 would call it: what it
# says, what it ends with, and what is left.

load lib

register=/usr/lib/rkt/rkt-register

setup() {
    uuid=$(</proc/sys/kernel/random/uuid)
    machine=rkt-$uuid
    scope="machine-rkt\\x2d${uuid//-/\\x2d}.scope"
}

teardown() {
    [[ ! ${leader-} ]] || kill -KILL "$leader" 2>/dev/null || :
    systemctl stop 'machine-rkt*.scope' 'rkt-test-*.service' 2>/dev/null || :
}

start_leader() {
    sleep 1000 3>&- &
    leader=$!
}

end_leader() {
    kill -KILL "$leader"
    wait "$leader" || :
}

no_scope() { [[ ! $(systemctl list-units --all --no-legend "machine-rkt\\\\x2d${uuid//-/\\\\x2d}.scope") ]]; }
no_machine() { ! machinectl show "$machine" >/dev/null 2>&1; }

@test "rkt-register: a process gets a scope and becomes a machine, and nothing is left when it ends" {
    start_leader
    check $register --uuid="${uuid^^}" --leader="$leader" --root=/srv --description='by hand' --stop-signal=USR1 --stop-timeout=7s
    [[ ${lines[0]} == "cgroup /machine.slice/$scope" ]]
    [[ ${lines[1]} == "machine $machine" ]]
    ((${#lines[@]} == 2))
    grep -Fqx "0::/machine.slice/$scope" "/proc/$leader/cgroup"
    check systemctl show -p Description -p Delegate -p TimeoutStopUSec -p KillSignal "$scope"
    has '^Description=by hand$'
    has '^Delegate=yes$'
    has '^TimeoutStopUSec=7s$'
    has '^KillSignal=10$'
    check machinectl show "$machine"
    has "^Leader=$leader\$"
    has '^RootDirectory=/srv$'

    end_leader
    wait_for 5 no_machine
    wait_for 5 no_scope
}

@test "rkt-register: the leader's number may come later, on standard input" {
    start_leader
    check bash -c "(sleep 0.3; echo $leader) | $register --uuid=$uuid --leader=-"
    has "^machine $machine\$"
}

@test "rkt-register: a leader that has ended, or that never comes, is no failure and leaves nothing" {
    local dead
    sleep 0 &
    dead=$!
    wait "$dead"
    check $register --uuid="$uuid" --leader="$dead"
    [[ ! $output ]]
    check bash -c "echo $dead | $register --uuid=$uuid --leader=-"
    [[ ! $output ]]
    check $register --uuid="$uuid" --leader=- </dev/null
    [[ ! $output ]]
    no_scope
    no_machine
}

@test "rkt-register: what is no UUID, no process or no signal is refused before anything is made" {
    start_leader
    local wrong
    for wrong in "" x "${uuid}0" "${uuid%?}" "${uuid//-/}" "../../$uuid"; do
        check_fails 254 $register --uuid="$wrong" --leader="$leader"
        has 'expected --uuid=UUID'
    done
    check_fails 254 $register --leader="$leader"
    check_fails 254 $register --uuid="$uuid"
    check_fails 254 $register --uuid="$uuid" --leader="$leader" --unregister
    for wrong in 0 -1 one 99999999999 "$leader "; do
        check_fails 254 $register --uuid="$uuid" --leader="$wrong"
        has 'is not a process number'
    done
    check_fails 254 bash -c "echo one | $register --uuid=$uuid --leader=-"
    check_fails 254 $register --uuid="$uuid" --leader="$leader" --stop-signal=NOSUCH
    has 'expected a signal'
    check_fails 254 $register --uuid="$uuid" --leader="$leader" --interface=eth0
    has 'expected an interface'
    no_scope
    no_machine
    [[ $(<"/proc/$leader/cgroup") != *machine-rkt* ]]
}

@test "rkt-register: a second leader for the same UUID is refused, and the first keeps its scope" {
    start_leader
    check $register --uuid="$uuid" --leader="$leader"
    sleep 1000 3>&- &
    local second=$!
    run $register --uuid="$uuid" --leader="$second"
    kill "$second"
    ((status == 254))
    has "systemd cannot start $(sed 's/\\/\\\\/g' <<<"$scope")"
    [[ $(systemctl show -p ControlGroup --value "$scope") == "/machine.slice/$scope" ]]
    grep -qx "$leader" "/sys/fs/cgroup/machine.slice/$scope/cgroup.procs"
}

@test "rkt-register: a leader in a service stays there, and --unregister makes machined forget it" {
    systemd-run --quiet --unit=rkt-test-register -p RemainAfterExit=yes sh -c "
        sleep 1000 & echo \$! >$BATS_TEST_TMPDIR/leader
        $register --uuid=$uuid --leader=\$! >$BATS_TEST_TMPDIR/said 2>&1; wait"
    wait_for 10 machinectl show "$machine"
    wait_for 5 grep -q machine "$BATS_TEST_TMPDIR/said"
    diff - "$BATS_TEST_TMPDIR/said" <<END
cgroup /system.slice/rkt-test-register.service
machine $machine
END
    [[ $(machinectl show -p Unit --value "$machine") == rkt-test-register.service ]]
    check $register --uuid="$uuid" --unregister
    [[ ! $output ]]
    wait_for 5 no_machine
    kill -0 "$(<"$BATS_TEST_TMPDIR/leader")"
    check $register --uuid="$uuid" --unregister
    check_fails 254 unshare --mount sh -c "mount -t tmpfs none /run/dbus && exec $register --uuid=$uuid --unregister"
    has "cannot unregister $machine"
}

@test "rkt-register: without the bus there is a scope and a warning, without systemd's socket a failure" {
    start_leader
    check unshare --mount sh -c "mount -t tmpfs none /run/dbus && exec $register --uuid=$uuid --leader=$leader --timeout=10s"
    has "^cgroup /machine.slice/machine-rkt"
    has '^warning cannot register .*: the system bus cannot be reached$'
    end_leader
    wait_for 5 no_scope

    start_leader
    check_fails 254 unshare --mount sh -c "mount -t tmpfs none /run/dbus && mount --bind /dev/null /run/systemd/private &&
        exec $register --uuid=$uuid --leader=$leader --timeout=2s"
    has 'systemd cannot start machine-rkt'
    lacks '^cgroup'
    no_scope
}
