#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The table of rkt-machined(7): what systemd's tools do with a pod of each flavour, command by command.

# shellcheck disable=SC2016,SC2034,SC2154 # commands are run later; variables of theirs; output is run's
load lib
load pods

page=$BATS_TEST_DIRNAME/../../man/rkt-machined.7

teardown() {
    end_pods
    machinectl remove rkt-test-image rkt-test-clone 2>/dev/null || :
}

# table FLAVOUR: "CELL COMMAND" of each row of the page.
table() {
    awk -v flavour="$1" '
        /^\.It Sy command / { n = split($0, names, " Ta "); for (i = 2; i <= n; i++) if (names[i] == "Sy " flavour) column = i; next }
        /^\.It Li [a-z]+ctl / || /^\.It Li systemd-/ { if (split(substr($0, 8), cells, " Ta ") == n) print cells[column], cells[1] }' "$page"
}

# What shows that a command works: on $machine, the pod $uuid, whose app has its root at $root.
declare -gA commands=(
    [machinectl list]='machinectl list --no-legend | grep -q "^$machine "'
    [machinectl status]='machinectl status --no-pager "$machine" | grep "Leader: "'
    [machinectl show]='[[ $(machinectl show -p Class "$machine") == Class=container ]]'
    [machinectl login]='logs_in'
    [machinectl shell]='[[ $(machinectl --quiet shell "$machine" "$shell" -c "echo in the shell" </dev/null) == "in the shell"* ]]'
    [machinectl poweroff]='machinectl poweroff "$machine" && ended'
    [machinectl reboot]='machinectl reboot "$machine" && wait_for 10 up_again'
    [machinectl terminate]='machinectl terminate "$machine" && ended'
    [machinectl kill]='machinectl kill --kill-whom=leader "$machine" && ended'
    [machinectl bind]='machinectl bind --mkdir "$machine" "$dir" "$root/bound" && [[ $(in_app cat /bound/file) == bound ]]'
    [machinectl copy-to]='machinectl copy-to "$machine" "$dir/file" "$root/copied" && [[ $(in_app cat /copied) == bound ]]'
    [machinectl copy-from]='rm -f "$dir/back" && machinectl copy-from "$machine" "$root/etc/word" "$dir/back" && [[ $(<"$dir/back") == word ]]'
    [machinectl start]='machinectl start "$machine"'
    [journalctl -M]='wait_for "${patience:-10}" said -M "$machine"'
    [journalctl -m]='rkt stop "$uuid" && ended && said -m _MACHINE_ID="${uuid//-/}"'
    [systemctl list-machines]='systemctl list-machines --no-legend --plain | grep "$machine"'
    [systemctl -M]='systemctl -M "$machine" is-active default.target'
    [systemd-run -M]='systemd-run -M "$machine" --quiet --wait true'
    [busctl -M]='busctl -M "$machine" --no-pager list'
    [loginctl -M]='loginctl -M "$machine" --no-pager list-sessions'
    [hostnamectl -M]='hostnamectl -M "$machine" --static'
    [systemd-cgls -M]='systemd-cgls -M "$machine" | grep app-'
    [systemd-cgtop -M]='systemd-cgtop -b -n 1 -M "$machine"'
)

in_app() { rkt enter "$uuid" "$@"; }
ended() { rkt status --wait=20s "$uuid" | grep -qx state=exited; }
up_again() { (($(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == 2)); }
said() { journalctl "$@" -o cat SYSLOG_IDENTIFIER=app 2>&1 | grep -x up; }
logs_in() { machinectl login "$machine" </dev/null; }

# As a person who logs in, looks around, and has a new shell after "exit"; ^] three times leaves.
logs_in_as_person() {
    mkfifo "$dir/typed"
    script -qec "machinectl login $machine" /dev/null <"$dir/typed" >"$dir/shown" 2>&1 &
    local script=$!
    exec 8>"$dir/typed"
    # shellcheck disable=SC2016 # for the shell there
    wait_for 10 grep -q '#' "$dir/shown" && echo 'echo in-the-$((1))-pod' >&8 && wait_for 10 grep in-the-1-pod "$dir/shown" &&
        printf 'exit\necho again-in-the-$((1))-pod\n' >&8 && wait_for 10 grep again-in-the-1-pod "$dir/shown"
    local result=$?
    printf '\035\035\035' >&8
    exec 8>&-
    wait "$script"
    return "$result"
}

# The same where somebody asks who it is.
logs_in_with_name() {
    mkfifo "$dir/typed"
    script -qec "machinectl login $machine" /dev/null <"$dir/typed" >"$dir/shown" 2>&1 &
    local script=$! result=0
    exec 8>"$dir/typed"
    # shellcheck disable=SC2016 # for the shell there
    wait_for 20 grep -q 'login: ' "$dir/shown" && echo root >&8 && wait_for 10 grep -q '[#$] ' "$dir/shown" &&
        echo 'echo in-the-$((1))-pod' >&8 && wait_for 10 grep in-the-1-pod "$dir/shown" || result=1
    printf '\035\035\035' >&8
    exec 8>&-
    wait "$script"
    return "$result"
}

start_flavour() {
    start_pod "${flags[@]}" "example.com/${image:-app}"
    machine=rkt-$uuid root=/opt/stage2/app/rootfs shell=/bin/sh
    [[ $flavour != init ]] || root=""
    # a pod does not wait for machined
    [[ $flavour == fly ]] || wait_for 10 machinectl show "$machine" >/dev/null
}

# follows_table FLAVOUR FLAG…: each command does, or fails to do, on a pod of the flavour what its row says.
follows_table() {
    local flavour=$1 cell command rows=0 result said
    flags=("${@:2}") dir=$BATS_TEST_TMPDIR/dir
    mkdir "$dir"
    echo bound >"$dir/file"
    mkdir -p "$BATS_TEST_TMPDIR/image-app/rootfs/etc"
    echo word >"$BATS_TEST_TMPDIR/image-app/rootfs/etc/word"
    busybox_image app "$(sh_app 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done')"
    start_flavour
    while read -r cell command <&4; do
        rows=$((rows + 1)) result=no
        [[ ${commands[$command]-} ]] || { echo "$command: there is no test for it"; return 1; }
        # what never comes is not waited for
        [[ $cell == works ]] && patience=10 || patience=0
        said=$(eval "${commands[$command]}" 2>&1 4<&-) && result=works
        echo "$command: $result: $said"
        [[ $result == "$cell" ]] || { echo "$command: the page says: $cell"; return 1; }
        rkt status "$uuid" | grep -qx state=running || start_flavour
    done 4< <(table "$flavour")
    ((rows == ${#commands[@]})) || { echo "$rows rows for ${#commands[@]} commands"; return 1; }
}

@test "machinectl: the commands do with a native pod what the table says" {
    follows_table native
}

@test "machinectl: the commands do with a pod that has systemd what the table says" {
    # what ends systemd is not what ends a process
    commands[machinectl kill]='machinectl kill --kill-whom=leader --signal=SIGRTMIN+4 "$machine" && ended'
    commands[machinectl login]='logs_in_as_person'
    commands[machinectl shell]='script -qec "machinectl --quiet shell $machine $shell -c \"echo in the shell\"" /dev/null | grep "in the shell"'
    follows_table systemd --stage1-from-dir=systemd
}

# What the page says of pods with users of their own.
with_users() {
    commands[machinectl bind]='! machinectl bind --mkdir "$machine" "$dir" "$root/bound"'
    commands[machinectl copy-to]='! machinectl copy-to "$machine" "$dir/file" "$root/copied"'
}

@test "machinectl: with a native pod that has users of its own, too, but for what the page says of those" {
    with_users
    follows_table native --private-users
}

@test "machinectl: with a pod that has systemd and users of its own, too, but for what the page says of those" {
    with_users
    commands[machinectl kill]='machinectl kill --kill-whom=leader --signal=SIGRTMIN+4 "$machine" && ended'
    commands[machinectl login]='logs_in_as_person'
    commands[machinectl shell]='script -qec "machinectl --quiet shell $machine $shell -c \"echo in the shell\"" /dev/null | grep "in the shell"'
    follows_table systemd --stage1-from-dir=systemd --private-users
}

@test "machinectl: the commands do with a pod that boots what the table says" {
    [[ ${RKT_TEST_HOST-} != vm ]] || skip "it boots a system for every second command, which takes minutes there: needs the ns host"
    commands[machinectl kill]='machinectl kill --kill-whom=leader --signal=SIGRTMIN+4 "$machine" && ended'
    commands[machinectl login]='logs_in_with_name'
    commands[machinectl shell]='script -qec "machinectl --quiet shell $machine $shell -c \"echo in the shell\"" /dev/null | grep "in the shell"'
    commands[machinectl reboot]+=' && wait_for 10 machinectl show "$machine"'
    commands[systemd-cgls -M]='systemd-cgls -M "$machine" | grep init.scope'
    mkdir -p "$BATS_TEST_TMPDIR/image-system/rootfs/etc"
    echo word >"$BATS_TEST_TMPDIR/image-system/rootfs/etc/word"
    system_image
    image=system
    follows_table init "${system[@]::${#system[@]}-1}"
}

@test "machinectl: the commands do with a pod of fly what the table says" {
    follows_table fly --stage1-from-dir=fly
}

@test "machinectl: login, shell and those that want a bus in the pod say what is missing" {
    busybox_image app "$(sh_app 'exec sleep 1000')"
    start_pod example.com/app
    wait_for 10 machinectl show "rkt-$uuid" >/dev/null
    check_fails 1 machinectl shell "rkt-$uuid"
    has 'There is no system bus in container'
    check_fails 1 machinectl login "rkt-$uuid"
    has 'There is no system bus in container'
    check_fails 1 systemctl -M "rkt-$uuid" status
    has 'Failed to connect to .*bus.*: No such file or directory'
}

@test "machinectl bind: what is bound stays as long as the pod, read-only if that is asked for, and leaves nothing" {
    busybox_image app "$(sh_app 'exec sleep 1000')"
    local dir=$BATS_TEST_TMPDIR/dir before
    mkdir -p "$dir/below"
    echo text >"$dir/file"
    before=$(host_state)
    start_pod example.com/app --name=one example.com/app --name=two
    local machine=rkt-$uuid root=/opt/stage2/one/rootfs
    wait_for 10 machinectl show "$machine" >/dev/null
    check machinectl bind --mkdir "$machine" "$dir" $root/rw
    check machinectl bind --mkdir --read-only "$machine" "$dir" $root/ro
    check machinectl bind --mkdir "$machine" "$dir/file" $root/etc/file
    check rkt enter --app=one "$uuid" touch /rw/new
    [[ -e $dir/new ]]
    check_fails 1 rkt enter --app=one "$uuid" touch /ro/new
    has 'Read-only file system'
    check rkt enter --app=one "$uuid" cat /etc/file
    has '^text$'
    # the other app has none of it, nor has the host
    check_fails 1 rkt enter --app=two "$uuid" cat /etc/file
    check_fails 1 rkt enter --app=two "$uuid" ls /rw
    rkt stop "$uuid"
    rkt status --wait=20s "$uuid" >/dev/null
    wait_for 10 same_host_state "$before"
}

@test "machinectl bind: nothing is left of a pod whose supervisors were killed, once it is collected" {
    busybox_image app "$(sh_app 'exec sleep 1000')"
    start_pod example.com/app
    local place=/run/systemd/nspawn/propagate/rkt-$uuid
    [[ -d $place ]]
    kill -KILL "$run_pid"
    rkt stop --force "$uuid" >/dev/null || :
    rkt status --wait=20s "$uuid" >/dev/null
    rkt gc --grace-period=0s >/dev/null 2>&1
    [[ ! -e $place ]]
}

@test "machinectl bind: a pod with users of its own is refused by systemd" {
    busybox_image app "$(sh_app 'exec sleep 1000')"
    start_pod --private-users example.com/app
    wait_for 10 machinectl show "rkt-$uuid" >/dev/null
    check_fails 1 machinectl bind --mkdir "rkt-$uuid" /tmp /opt/stage2/app/rootfs/x
    has 'user namespacing'
}

@test "machinectl: a copy of an image is one of its images" {
    busybox_image app
    mkdir -p /var/lib/machines
    check rkt image render --rootfs-only example.com/app /var/lib/machines/rkt-test-image
    check machinectl --no-legend list-images
    has '^rkt-test-image +directory'
    check machinectl show-image -p Type rkt-test-image
    has '^Type=directory$'
    check machinectl clone rkt-test-image rkt-test-clone
    [[ -x /var/lib/machines/rkt-test-clone/bin/busybox ]]
    check machinectl remove rkt-test-clone
    [[ ! -e /var/lib/machines/rkt-test-clone ]]
}
