#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a careless caller hands down to rkt, and what it does with rkt's output.

load lib
load pods

teardown() {
    end_pods
}

# ignoring SIGNAL… -- COMMAND…: runs it with these signals ignored.
ignoring() {
    # shellcheck disable=SC2016 # perl's
    perl -e '$SIG{shift()} = "IGNORE" while $ARGV[0] ne "--"; shift; exec @ARGV' "$@"
}

@test "run: a caller that ignores SIGCHLD does not keep the pod from ending" {
    busybox_image status "$(sh_app 'exit 7')"
    check_fails 7 ignoring CHLD -- timeout 20 rkt run --net=none example.com/status
}

@test "run and enter: signals that the caller ignores are not ignored in the app" {
    # not with a shell between: busybox's ignores SIGQUIT
    busybox_image signals '{"exec": ["/bin/grep", "SigIgn", "/proc/self/status"], "user": "0", "group": "0"}'
    check ignoring INT QUIT HUP USR1 PIPE -- rkt run --net=none example.com/signals
    has 'SigIgn:.0000000000000000$'
    start_pod example.com/signals --exec=/bin/sleep -- 1000
    check ignoring INT QUIT HUP USR1 PIPE -- rkt enter "$uuid" grep SigIgn /proc/self/status
    has 'SigIgn:.0000000000000000$'
}

@test "run: without standard input, output and error the app runs all the same, and no file gets what is said" {
    busybox_image status "$(sh_app 'echo hello; exit 7')"
    local status=0
    timeout 20 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/status <&- >&- 2>&- || status=$?
    ((status == 7))
    timeout 20 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/other" example.com/status --exec=/bin/absent <&- >&- 2>&- || status=$?
    ((status == 203))
    [[ $(wc -c <"$BATS_TEST_TMPDIR/uuid") -le 37 && $(wc -c <"$BATS_TEST_TMPDIR/other") -le 37 ]]
}

@test "run: output to a full disk is lost, the status is not" {
    busybox_image status "$(sh_app 'echo hello; exit 7')"
    local status=0
    timeout 20 rkt run --net=none example.com/status >/dev/full || status=$?
    ((status == 7))
}

@test "what a command cannot print is an error that says so" {
    busybox_image printed
    local uuid words
    uuid=$(rkt prepare --quiet example.com/printed)
    for words in help version 'run --help' 'image help' 'completion bash' list 'list --format=json' "status $uuid" \
        "status --format=json $uuid" "cat-manifest $uuid" config 'image list' 'image list --format=json' \
        'image cat-manifest example.com/printed' 'image verify example.com/printed' 'prepare example.com/printed' "rm $uuid"; do
        # shellcheck disable=SC2016,SC2086
        check_fails 254 sh -c '"$@" >/dev/full' sh rkt $words
        has '^[a-z -]+: cannot (write to standard output|print .*): No space left on device$'
    done
}

@test "prepare: a pod whose UUID cannot be printed is not left behind" {
    busybox_image unseen
    check_fails 254 sh -c 'rkt prepare --quiet example.com/unseen >/dev/full'
    has 'cannot write to standard output: No space left on device'
    check rkt list --full --no-legend
    lacks 'example.com/unseen'
}

@test "run: all that an app printed before it ended is shown, also to a slow reader" {
    busybox_image lines "$(sh_app 'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done')"
    check timeout 60 rkt run --net=none example.com/lines
    ((${#lines[@]} == 3000))
    (($(timeout 60 rkt run --net=none example.com/lines | { sleep 7; wc -l; }) == 3000))
}

@test "stop: a pod whose output nobody reads ends" {
    busybox_image flood "$(sh_app 'while :; do echo a line of some length, again and again; done')"
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    sleep 1000 <"$BATS_TEST_TMPDIR/fifo" 3>&- &
    local reader=$!
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/flood >"$BATS_TEST_TMPDIR/fifo" 2>&1 3>&- &
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=20s "$uuid"
    sleep 1
    rkt stop "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^app-flood=143$'
    kill "$reader"
}

@test "run: a pod of two hundred apps starts under a limit of 256 descriptors, which the apps see" {
    busybox_image many "$(sh_app 'ulimit -n')"
    local words=() i
    for ((i = 0; i < 200; i++)); do words+=(example.com/many --name="app$i"); done
    check bash -c 'ulimit -Sn 256; exec timeout 120 rkt run --net=none "$@"' - "${words[@]}"
    (($(grep -c ': 256$' <<<"$output") == 200))
}

@test "run: from a directory that has been removed" {
    busybox_image status "$(sh_app 'exit 7')"
    check_fails 7 bash -c 'mkdir "$1" && cd "$1" && rmdir "$1" && rkt run --net=none example.com/status' - "$BATS_TEST_TMPDIR/gone"
}

@test "enter: without a terminal of its own, the command is not in the session of the caller's terminal" {
    busybox_image session "$(sh_app 'sleep 1000')"
    start_pod example.com/session
    # field 6 is the session's leader: 0 is somebody outside of the pod
    check rkt enter "$uuid" /bin/sh -c 'read -r pid _ _ _ _ session _ </proc/self/stat; [ $pid = $session ]'
}

@test "stop: post-stop hooks run to their end, but not for ever" {
    local app='{"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0", "eventHandlers": [
        {"name": "post-stop", "exec": ["/bin/sh", "-c", "HOOK"]}]}'
    busybox_image hook "${app/HOOK/sleep 1; echo cleaned up}"
    check_fails 1 rkt run --net=none example.com/hook example.com/hook --name=failing --exec=/bin/false
    (($(grep -c 'cleaned up' <<<"$output") == 2))
    busybox_image stuck "${app/HOOK/sleep 1000}"
    start_pod example.com/stuck
    rkt stop "$uuid"
    check rkt status --wait=25s "$uuid"
    has '^state=exited$'
}

@test "run: the caller's umask decides nothing about the pod's files, or the app's" {
    busybox_image masked '{"exec": ["/bin/sh", "-c", "umask; cat /etc/hosts"], "user": "1000", "group": "1000"}'
    local mask
    for mask in 077 000; do
        check bash -c 'umask "$1"; exec rkt run --net=none --uuid-file-save="$2" example.com/masked' - "$mask" "$BATS_TEST_TMPDIR/uuid"
        has ': 0022$'
        has localhost
        (cd "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")" && stat -c '%A %n' . pid pod subcgroup stage1/rootfs stage1/rootfs/rkt/status/masked) >"$BATS_TEST_TMPDIR/$mask"
    done
    diff "$BATS_TEST_TMPDIR/077" "$BATS_TEST_TMPDIR/000"
}

@test "run: an app's name may be as long as file names made of it allow; a longer one is refused" {
    busybox_image long "$(sh_app 'exit 7')"
    local name
    name=$(printf 'n%.0s' {1..240})
    check_fails 7 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/long --name="$name"
    check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
    has "^app-$name=7$"
    check_fails 254 rkt run --net=none example.com/long --name="${name}nn"
    has 'longer than 240 characters'
}
