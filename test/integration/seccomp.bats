#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# System call filters: the default, sets from manifests and flags, their cache; all told by an app inside of them.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid is start_pod's
load lib
load pods

teardown() {
    end_pods
}

cache=/var/lib/rkt/seccomp

@test "seccomp: the default filter keeps apps from what could reach the host" {
    inspect_image
    # also with every capability: the filter alone refuses
    rkt_options=(--insecure-options=capabilities)
    inspect status calls
    has '^Seccomp 2$'
    local name
    for name in mount keyctl bpf swapon add_key userfaultfd reboot init_module setns perf_event_open io_uring_setup \
        unshare socket-vsock socket-vsock-high socket-alg personality-randomize; do
        has "^$name EPERM\$"
    done
    has '^clone3 ENOSYS$'
    has '^new ENOSYS$'
    has '^socket-inet ok$'
    has '^personality-get [0-9]+$'
    has '^getpid [0-9]+$'
}

@test "seccomp: i386's calls, which every program can make, are under the same rules" {
    inspect_image
    inspect calls32
    has '^int80 '
    has '^getpid32 ([0-9]+|none)$'
    has '^mount32 (EPERM|none)$'
    has '^socket32-inet (ok|none)$'
    has '^socket32-alg (EPERM|none)$'
    has '^socketcall (EPERM|none)$'
}

@test "seccomp: insecure options leave the filter out, and so does a retain set of everything" {
    inspect_image
    rkt_options=(--insecure-options=seccomp)
    inspect status
    has '^Seccomp 0$'
    rkt_options=() app_options=(--seccomp=mode=retain,@appc.io/all)
    inspect status
    has '^Seccomp 0$'
}

@test "seccomp: what a retain set leaves out fails with its error, or ends the app with SIGSYS" {
    busybox_image kept "$(sh_app 'mkdir /x || echo refused; sleep 0; echo on')"
    applets kept mkdir
    check rkt run --net=none example.com/kept --seccomp=mode=remove,errno=ENOTSUP,mkdir,mkdirat
    has ': mkdir: .*/x.*: (Operation not supported|Not supported)'
    has ': refused$'
    has ': on$'
    check_fails 159 rkt run --net=none example.com/kept --seccomp=mode=retain,read,write
    check_fails 159 rkt run --net=none example.com/kept --exec=/bin/mkdir --seccomp=mode=remove,mkdir,mkdirat -- /x
    check rkt run --net=none example.com/kept --seccomp=mode=retain,errno=EPERM,@rkt/default-whitelist
    lacks ': refused$'
}

@test "seccomp: a retain set may be wider than the default" {
    inspect_image
    app_options=(--seccomp=mode=retain,errno=EPERM,@rkt/default-whitelist,keyctl)
    inspect status calls
    has '^Seccomp 2$'
    lacks '^keyctl EPERM$'
    has '^bpf EPERM$'
    has '^clone3 ENOSYS$'
    has '^socket-alg EPERM$'
}

@test "seccomp: sets in a manifest do as the flag does, and the flag takes their place" {
    inspect_image '{"isolators": [{"name": "os/linux/seccomp-remove-set",
        "value": {"set": ["@systemd/mount", "getpriority"], "errno": "ENOENT"}}]}'
    inspect calls
    has '^mount ENOENT$'
    has '^getpid [0-9]+$'
    app_options=(--seccomp=mode=remove,errno=EXDEV,mount)
    inspect calls
    has '^mount EXDEV$'
}

@test "seccomp: every wildcard of rkt can be used" {
    busybox_image wild "$(sh_app 'echo ran')"
    local name
    for name in @rkt/default-blacklist @docker/default-blacklist @systemd/clock @systemd/mount @systemd/obsolete @systemd/raw-io @appc.io/empty; do
        check rkt run --net=none example.com/wild "--seccomp=mode=remove,errno=EPERM,$name"
        has ': ran$'
    done
    for name in @rkt/default-whitelist @docker/default-whitelist @appc.io/all \
        @rkt/default-whitelist,@systemd/privileged,@systemd/process,@systemd/network-io,@systemd/default-whitelist; do
        check rkt run --net=none example.com/wild "--seccomp=mode=retain,errno=EPERM,$name"
        has ': ran$'
    done
}

@test "seccomp: unknown names, wildcards and errors are named, and no pod runs" {
    busybox_image wrong "$(sh_app 'echo ran')"
    check_fails 254 rkt run --net=none example.com/wrong --seccomp=mode=retain,read,frobnicate
    has '"frobnicate" is not a system call'
    lacks ': ran$'
    check_fails 254 rkt run --net=none example.com/wrong --seccomp=mode=remove,@rkt/default-blocklist
    has '"@rkt/default-blocklist" is not a wildcard'
    check_fails 254 rkt run --net=none example.com/wrong --seccomp=mode=remove,errno=EWRONG,mount
    has '"EWRONG" is not an error'
    check_fails 254 rkt run --net=none example.com/wrong --seccomp=mode=remove,@appc.io/all
    has 'nothing can be executed'
}

@test "seccomp: a set is compiled once, whoever asks for it and in whatever order" {
    busybox_image once "$(sh_app 'grep Seccomp: /proc/self/status')"
    rm -rf "$cache"
    check rkt run --net=none example.com/once --seccomp=mode=remove,errno=EPERM,mount,bpf
    has 'Seccomp:.2$'
    [[ $(stat -c %a "$cache") == *755 && $(find "$cache" -type f | wc -l) == 1 ]]
    local before
    before=$(stat -c '%i %Y' "$cache"/*)
    check rkt run --net=none example.com/once --seccomp=mode=remove,errno=EPERM,bpf,mount,bpf
    [[ $(stat -c '%i %Y' "$cache"/*) == "$before" ]]
    check rkt run --net=none example.com/once --seccomp=mode=remove,errno=EACCES,mount,bpf
    [[ $(find "$cache" -type f | wc -l) == 2 ]]
}

@test "seccomp: many that ask for one set at the same time all get it" {
    busybox_image race "$(sh_app 'grep Seccomp: /proc/self/status')"
    rm -rf "$cache"
    local i pids=()
    for i in 1 2 3 4 5 6; do
        rkt run --net=none example.com/race --seccomp=mode=remove,errno=EPERM,mount >"$BATS_TEST_TMPDIR/out$i" 2>&1 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    [[ $(cat "$BATS_TEST_TMPDIR"/out? | grep -c 'Seccomp:.2$') == 6 ]]
    [[ $(find "$cache" -type f | wc -l) == 1 ]]
}

@test "seccomp: a cached filter that is damaged is made again, one that others could write is refused" {
    busybox_image damaged "$(sh_app 'grep Seccomp: /proc/self/status')"
    rm -rf "$cache"
    local -a run=(rkt run --net=none example.com/damaged --seccomp=mode=remove,errno=EPERM,mount)
    check "${run[@]}"
    truncate -s 100 "$cache"/*
    check "${run[@]}"
    has 'Seccomp:.2$'
    chmod 666 "$cache"/*
    check_fails 254 "${run[@]}"
    has 'cannot read its system call filter'
    rm -rf "$cache"
}

@test "seccomp: what enters has the app's filter, also after the cache is gone" {
    inspect_image '{"exec": ["/bin/sleep", "1000"]}'
    start_pod "${inspect_pod[@]}" --seccomp=mode=remove,errno=EXDEV,mount
    rm -rf "$cache"
    check rkt enter "$uuid" python3 /inspect/observe.py status calls
    has '^Seccomp 2$'
    has '^mount EXDEV$'
}

@test "rkt-seccomp: called by hand it checks words, and says which of them is wrong and what is expected" {
    local -a compile=(/usr/lib/rkt/rkt-seccomp)
    rm -rf "$cache"
    check "${compile[@]}" retain EPERM read @systemd/clock
    [[ ! $output ]]
    check "${compile[@]}" remove kill mount
    [[ ! -e $cache ]]
    check_fails 254 "${compile[@]}" retain EPERM read frobnicate
    has '"frobnicate" is not a system call'
    check_fails 254 "${compile[@]}" remove kill @systemd/clocks
    has '"@systemd/clocks" is not a wildcard: expected one of'
    check_fails 254 "${compile[@]}" remove EWRONG mount
    has '"EWRONG" is not an error: expected a name such as EPERM'
    local words
    for words in '' retain 'retain EPERM' 'keep EPERM read'; do
        # shellcheck disable=SC2086
        check_fails 254 "${compile[@]}" $words
        has 'expected retain or remove, an error or kill, and names of system calls'
    done
    check "${compile[@]}" --help
    has 'rkt-seccomp \[--cache=DIR\] retain\|remove ERROR\|kill NAME'
    check_fails 254 "${compile[@]}" --cash=/tmp retain EPERM read
    has 'unknown flag: --cash'
}

@test "rkt-seccomp: one file for each set, with the words in front, that only root can write" {
    local -a compile=(/usr/lib/rkt/rkt-seccomp "--cache=$BATS_TEST_TMPDIR/cache")
    check_fails 254 "${compile[@]}" remove EPERM mount bpf
    has "cannot put the filter into $BATS_TEST_TMPDIR/cache: No such file or directory"
    mkdir -m 755 "$BATS_TEST_TMPDIR/cache"
    cd "$BATS_TEST_TMPDIR/cache" || return
    (umask 0 && "${compile[@]}" remove EPERM mount bpf)
    "${compile[@]}" remove EPERM bpf mount bpf
    local -a files=(*)
    ((${#files[@]} == 1))
    [[ ${files[0]} =~ ^[0-9a-f]{16}$ && $(stat -c '%u %g %a' "${files[0]}") == '0 0 644' ]]
    [[ $(sed -n '2,4p;/^$/q' "${files[0]}") == $'remove EPERM\nbpf\nmount' ]]
    "${compile[@]}" remove kill mount bpf
    check_fails 254 "${compile[@]}" remove EPERM frobnicate
    files=(*)
    ((${#files[@]} == 2))
}
