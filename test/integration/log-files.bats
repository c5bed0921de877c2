#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Log files in the form of the Container Runtime Interface.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

setup() {
    logs=$BATS_TEST_TMPDIR/logs
    mkdir "$logs"
}

teardown() {
    end_pods
    umount "$logs" 2>/dev/null || :
}

# text FILE…: what was written, as readers of such files put it together.
text() {
    perl -ne '/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z (stdout|stderr) ([FP]) (.*)$/s or die "no line of a log: $_"; my ($tag, $said) = ($2, $3);
        chomp $said; print $said, $tag eq "F" ? "\n" : ""' "$@"
}

# files NAME: that log file and its older ones, the oldest first.
files() { find "$logs" -name "$1*" | sort -t. -k3nr; }

# all NAME: all that there is of it.
all() {
    local -a found
    mapfile -t found < <(files "$1")
    text "${found[@]}"
}

@test "log files: lines come with time, stream and tag, in place of the journal and of rkt's output" {
    busybox_image talk "$(sh_app 'echo out; echo err >&2; echo; printf "no end"')"
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --log-dir="$logs" example.com/talk --log-path=talk.log
    lacks 'out|err'
    [[ $(stat -c %a "$logs/talk.log") == 640 ]]
    # the two streams are read one by one: no order between them
    [[ $(cut -d' ' -f2- "$logs/talk.log" | grep stdout) == $'stdout F out\nstdout F \nstdout P no end' ]]
    [[ $(cut -d' ' -f2- "$logs/talk.log" | grep stderr) == 'stderr F err' ]]
    text "$logs/talk.log" >/dev/null
    local written now
    written=$(date -d "$(head -n 1 "$logs/talk.log" | cut -d' ' -f1)" +%s)
    now=$(date +%s)
    ((written <= now && written > now - 600))
}

@test "log files: lines that are too long become several, and put together again they are what was written" {
    busybox_image long "$(sh_app 'head -c 50000 /dev/zero | tr "\0" x; echo; head -c 16384 /dev/zero | tr "\0" y; echo; echo short')"
    applets long head tr
    check rkt run --net=none --log-dir="$logs" example.com/long --log-path=long.log
    [[ $(cut -d' ' -f3 "$logs/long.log" | xargs) == 'P P P F F F' ]]
    text "$logs/long.log" | cmp - <(head -c 50000 /dev/zero | tr '\0' x; echo; head -c 16384 /dev/zero | tr '\0' y; echo; echo short)
}

@test "log files: rkt 1.x's annotations are the same as the flags" {
    busybox_image talk "$(sh_app 'echo out')"
    mkdir "$logs/sub"
    rkt run --net=none --dry-run --log-dir="$logs" example.com/talk --log-path=sub/talk.log --log-file-size=1Mi --log-file-count=3 |
        jq -e '.logDirectory == "'"$logs"'" and (.apps[0] | .logPath == "sub/talk.log" and .logFileSize == 1048576 and .logFileCount == 3)'
    check rkt prepare --quiet --log-dir="$logs" example.com/talk --log-path=sub/talk.log
    rkt cat-manifest "$output" | jq -e 'any(.annotations[]; .name == "coreos.com/rkt/experiment/kubernetes-log-dir") and
        any(.apps[0].annotations[]; .name == "coreos.com/rkt/experiment/kubernetes-log-path" and .value == "sub/talk.log")'
    check rkt run-prepared --net=none "$output"
    [[ $(text "$logs/sub/talk.log") == out ]]
}

@test "log files: paths that lead out of their directory, and sizes that are none, are refused" {
    busybox_image talk "$(sh_app 'echo out')"
    local path
    for path in ../talk.log /talk.log a/../b '' .; do
        check_fails 254 rkt run --net=none --log-dir="$logs" example.com/talk --log-path="$path"
    done
    check_fails 254 rkt run --net=none example.com/talk --log-path=talk.log
    has 'no --log-dir'
    check_fails 254 rkt run --net=none --log-dir=relative example.com/talk --log-path=talk.log
    check_fails 254 rkt run --net=none --log-dir="$logs/none" example.com/talk --log-path=talk.log
    has 'cannot open the pod.s log directory'
    check_fails 254 rkt run --net=none --log-dir="$logs" example.com/talk --log-path=none/talk.log
    has 'cannot open its log file none/talk.log'
    check_fails 254 rkt run --net=none --log-dir="$logs" example.com/talk --log-path=talk.log --log-file-size=1
    check_fails 254 rkt run --net=none --log-dir="$logs" example.com/talk --log-path=talk.log --log-file-count=1
    ln -s /etc "$logs/etc"
    check_fails 254 rkt run --net=none --log-dir="$logs" example.com/talk --log-path=etc/rkt-test.log
    ln -s /etc/rkt-test.log "$logs/link.log"
    check_fails 254 rkt run --net=none --log-dir="$logs" example.com/talk --log-path=link.log
    [[ ! -e /etc/rkt-test.log ]]
}

@test "log files: with a size a new one begins when it is reached, so many are kept, and no line is lost" {
    busybox_image count "$(sh_app 'seq 1 3000')"
    applets count seq
    check rkt run --net=none --log-dir="$logs" example.com/count --log-path=all.log --log-file-size=16Ki --log-file-count=100
    (($(files all.log | wc -l) > 2))
    all all.log | cmp - <(seq 1 3000)
    check rkt run --net=none --log-dir="$logs" example.com/count --log-path=few.log --log-file-size=4Ki --log-file-count=3
    [[ $(files few.log | xargs -n 1 basename | xargs) == 'few.log.2 few.log.1 few.log' ]]
    all few.log >"$BATS_TEST_TMPDIR/few"
    tail -n "$(wc -l <"$BATS_TEST_TMPDIR/few")" <(seq 1 3000) | cmp - "$BATS_TEST_TMPDIR/few"
}

@test "log files: one that was moved goes on until SIGUSR2, then a new one begins, and no line is lost" {
    busybox_image count "$(sh_app 'i=0; until [ -e /end ]; do i=$((i + 1)); echo $i; sleep 0.01; done; echo end')"
    applets count touch
    start_pod --log-dir="$logs" example.com/count --log-path=count.log
    wait_for 20 grep -q 'F 5$' "$logs/count.log"
    mv "$logs/count.log" "$logs/count.log.1"
    kill -USR2 "$run_pid"
    wait_for 20 test -s "$logs/count.log"
    cp "$logs/count.log" "$logs/count.log.copy" && : >"$logs/count.log" # what copytruncate does may lose, but goes on at its beginning
    wait_for 20 test -s "$logs/count.log"
    [[ $(head -c 1 "$logs/count.log") == 2 ]]
    mv "$logs/count.log" "$logs/count.log.0"
    mv "$logs/count.log.1" "$logs/count.log.2"
    kill -USR2 "$(<"/var/lib/rkt/pods/run/$uuid/pid")" # the pod's PID 1 will do as well
    wait_for 20 test -s "$logs/count.log"
    rkt enter "$uuid" touch /end
    wait "$run_pid"
    [[ $(text "$logs/count.log" | tail -n 1) == end ]]
    # between the second and the third file nothing was copied
    text "$logs/count.log.0" "$logs/count.log" | grep -v end >"$BATS_TEST_TMPDIR/numbers"
    seq "$(head -n 1 "$BATS_TEST_TMPDIR/numbers")" "$(tail -n 1 "$BATS_TEST_TMPDIR/numbers")" | cmp - "$BATS_TEST_TMPDIR/numbers"
}

@test "log files: on a full disk the app waits, nothing is lost when there is room again, and the pod can be stopped" {
    busybox_image count "$(sh_app 'seq 1 20000; echo said >/said; exec sleep 1000')"
    applets count seq
    mount -t tmpfs -o size=64k tmpfs "$logs"
    start_pod --log-dir="$logs" example.com/count --log-path=count.log
    wait_for 20 grep -q 'cannot write to its log file count.log: it waits until that works: No space left' "$BATS_TEST_TMPDIR/out"
    ! rkt enter "$uuid" ls /said 2>/dev/null || return 1
    mount -o remount,size=64m "$logs"
    wait_for 30 grep -q 'F 20000$' "$logs/count.log"
    text "$logs/count.log" | cmp - <(seq 1 20000)
    rkt stop "$uuid"
    rkt status --wait=20s "$uuid"
    umount "$logs"
    mount -t tmpfs -o size=64k tmpfs "$logs"
    start_pod --log-dir="$logs" example.com/count --log-path=count.log
    wait_for 20 grep -q 'cannot write to its log file' "$BATS_TEST_TMPDIR/out"
    rkt stop --force "$uuid"
    rkt status --wait=20s "$uuid"
}

@test "log files: a pod with users of its own writes them, too, as does what is attached to" {
    busybox_image talk "$(sh_app 'echo out; read -r word; echo "got $word"; echo err >&2')"
    start_pod --private-users --no-overlay --log-dir="$logs" example.com/talk --log-path=talk.log --stdin=stream --stdout=stream --user=7 --group=7
    check rkt attach "$uuid" <<<word
    [[ $output == $'out\ngot word' ]]
    wait "$run_pid"
    [[ $(cut -d' ' -f2- "$logs/talk.log" | grep stdout) == $'stdout F out\nstdout F got word' ]]
    [[ $(cut -d' ' -f2- "$logs/talk.log" | grep stderr) == 'stderr F err' ]]
    [[ $(stat -c %u "$logs/talk.log") == 0 ]]
}
