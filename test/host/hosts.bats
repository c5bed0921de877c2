# SPDX-License-Identifier: LGPL-2.1-or-later
# The test hosts seen from outside. RKT_TEST_HOST says which one: ns or vm.

bats_require_minimum_version 1.5.0

setup_file() {
    export host=$BATS_TEST_DIRNAME/${RKT_TEST_HOST:-ns} name=hosts-$$
    mkdir -p "$BATS_FILE_TMPDIR"/{install/usr/share/rkt-test,install/lib/rkt-test,bound}
    touch "$BATS_FILE_TMPDIR"/{install/usr/share/rkt-test/a,install/lib/rkt-test/b,bound/c}
    # Descriptor 3 is bats' own: a host that keeps it keeps bats waiting.
    "$host" start "$name" --install "$BATS_FILE_TMPDIR/install" --bind "$BATS_FILE_TMPDIR/bound" 3>&-
}

teardown_file() { "$host" stop "$name"; }

host_exec() { "$host" exec --name "$name" "$@"; }

traces() {
    findmnt -rn | grep -- "$1"
    find /sys/fs/cgroup -type d | grep -- "rkt-test-$1"
    find /run/rkt-test -maxdepth 1 -name "$1" 2>/dev/null
    pgrep -af -- "/run/rkt-test/$1"
}

@test "exec: exit statuses and signals are passed on" {
    local status_wanted
    for status_wanted in 0 1 7 125 255; do
        run host_exec sh -c "exit $status_wanted"
        ((status == status_wanted))
        run host_exec --session sh -c "exit $status_wanted"
        ((status == status_wanted))
    done
    run host_exec sh -c 'kill -KILL $$'
    ((status == 137))
    run -127 host_exec no-such-command
}

@test "exec: arguments arrive as they are" {
    run host_exec printf '<%s>' '' 'a  b' "it's" '$HOME' 'x;y' '"' -- --session
    [[ $output == "<><a  b><it's><\$HOME><x;y><\"><--><--session>" ]]
}

@test "exec: 10 MB go in and come out, and standard error stays apart" {
    head -c 10000000 /dev/urandom >"$BATS_TEST_TMPDIR/in"
    host_exec sh -c 'cat; echo apart >&2' <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/error"
    cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
    [[ $(<"$BATS_TEST_TMPDIR/error") == apart ]]
}

@test "exec: commands run at the same time" {
    local i pids=() start=$SECONDS
    for i in 1 2 3 4 5 6 7 8; do
        host_exec --session sh -c "sleep 2; exit $i" 3>&- &
        pids+=($!)
    done
    for i in 1 2 3 4 5 6 7 8; do
        status=0
        wait "${pids[i - 1]}" || status=$?
        ((status == i))
    done
    ((SECONDS - start < 12))
}

@test "exec: the environment is clean and the directory is kept" {
    leak=1 run host_exec env
    [[ $output != *leak* ]]
    [[ $output == *"HOME=/root"* ]]
    cd "$BATS_TEST_DIRNAME"
    [[ $(host_exec pwd) == "$BATS_TEST_DIRNAME" ]]
}

@test "start: the installed, the bound and the source tree are there" {
    host_exec test -e /usr/share/rkt-test/a -a -e /usr/lib/rkt-test/b
    host_exec test -e "$BATS_FILE_TMPDIR/bound/c" -a -x "$host"
    host_exec systemctl --version
}

@test "start: a running host is not started again" {
    run -125 "$host" start "$name"
    [[ $output == *"running already"* ]]
    "$host" status "$name"
}

@test "exec: a host that is not running is an error" {
    run -125 "$host" exec --name no-such-host true
    run -3 "$host" status no-such-host
}

@test "stop: nothing is left" {
    "$host" start "$name-b" 3>&-
    "$host" exec --name "$name-b" systemd-run --quiet sleep 1000
    "$host" exec --name "$name-b" unshare --mount mount -t tmpfs tmpfs /mnt
    [[ $(traces "$name-b") ]]
    "$host" stop "$name-b"
    run traces "$name-b"
    [[ ! $output ]]
    "$host" status "$name"
}

@test "kill: a power cut keeps what was synced, and only that" {
    [[ $RKT_TEST_HOST == vm ]] || skip "needs the vm host"
    local disk=$BATS_TEST_TMPDIR/disk
    "$host" start "$name-c" --disk "$disk" 3>&-
    "$host" exec --name "$name-c" sh -c 'cd /var/lib/rkt; echo a >synced; sync; echo b >unsynced'
    "$host" kill "$name-c"
    "$host" start "$name-c" --disk "$disk" 3>&-
    run "$host" exec --name "$name-c" sh -c 'cd /var/lib/rkt; cat synced; ls; dmesg | grep EXT4'
    "$host" stop "$name-c"
    [[ ${lines[0]} == a ]]
    [[ $output != *unsynced* && $output == *"recovery complete"* ]]
}
