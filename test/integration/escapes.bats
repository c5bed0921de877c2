#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The published ways out of a container runtime, each tried by escape.py from inside of an app: none may lead out.
# Where it does no harm, the same attempt is made without the protection, to show that it is one.

# shellcheck disable=SC2016,SC2154,SC2034 # scripts for the apps' shells; uuid and run_pid are start_pod's; options are inspect's
load lib
load pods

teardown() {
    kill "${others[@]}" 2>/dev/null || :
    end_pods
    umount /run/rkt-test-escapes 2>/dev/null || :
    rm -rf /run/rkt-test-escapes
}
others=()

# escape ARGUMENT…: escape.py as an app, its lines in $output.
escape() {
    app_options=("${escape_options[@]}" --exec=/bin/python3)
    inspect /inspect/escape.py "$@"
}
escape_options=()
unprotected=('--insecure-options=capabilities,seccomp,paths')

# start_escape ARGUMENT…: the same in the background, its lines in $BATS_TEST_TMPDIR/out.
start_escape() {
    start_pod "${run_options[@]}" "${inspect_pod[@]}" --name=hostile "${escape_options[@]}" --exec=/bin/python3 -- /inspect/escape.py "$@"
}

says() { grep -Eq -- "$1" "$BATS_TEST_TMPDIR/out"; }

# sums: all that rkt has installed and runs.
sums() { find /usr/bin/rkt* /usr/lib/rkt -type f -exec sha256sum {} +; }

@test "kernel: core_pattern, modprobe, release_agent and others cannot be written, nothing can be mounted" {
    inspect_image
    escape kernel
    has '^/proc/sys/kernel/core_pattern EROFS$'
    has '^/proc/sys/vm/overcommit_memory EROFS$'
    has '^/proc/sysrq-trigger (EROFS|ENOENT)$'
    has '^/sys/fs/cgroup/cgroup.procs EROFS$'
    has '^release-agent (EROFS|ENOENT)$'
    has '^unshare-user-mount EPERM$'
    lacks '^/(proc/(sys|irq)|sys)/[^ ]+ ok$'
    lacks '^(mount|fsopen|remount|unshare)[^ ]* ok$'
    rkt_options=("${unprotected[@]}")
    escape kernel
    has '^/proc/sys/kernel/core_pattern ok$'
    has '^mount-tmpfs ok$'
    has '^unshare-mount ok$'
}

@test "root: neither a chroot nor file handles lead out of it" {
    inspect_image
    escape root
    has '^chroot same$'
    has '^handle EPERM$'
    has '^handle-pidfs EPERM$'
    has '^handle-nsfs EPERM$'
    # also where the capability for file handles is asked for, the app's root is all that chroot is about
    rkt_options=("${unprotected[@]}")
    escape root
    has '^chroot same$'
    has '^handle (ok|ESTALE)$'
}

@test "PID 1: nothing of it can be read, traced, or taken by way of its descriptors and namespaces" {
    inspect_image
    escape leader
    lacks '^(/proc/1/[^ ]*|ptrace|process_vm_readv|pidfd_getfd|pidfd-setns|pidfd-namespace-[a-z]+|parent-[a-z]+|previous-mnt) (.* )?(ok|b.*)$'
    has '^/proc/1/root EACCES$'
    has '^ptrace EPERM$'
    has '^process_vm_readv EPERM$'
    rkt_options=("${unprotected[@]}")
    escape leader
    has '^/proc/1/root ok$'
    has '^/proc/1/fd ok$'
}

@test "processes: those of the host and of other pods cannot be named, traced, signalled or joined" {
    inspect_image
    start_pod "${inspect_pod[@]}" --exec=/bin/sleep -- 1000
    local leader numbers
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    numbers=("$leader" "$run_pid" "$(pgrep -P "$leader")" "$$")
    kill -0 "${numbers[@]}"
    escape processes "${numbers[@]}"
    has '^kill ESRCH$'
    has '^root ours$'
    lacks '^root FOREIGN'
    lacks '^(kill|proc|ptrace|pidfd|setns) (ok|EPERM|EACCES)$'
    # the attempts reach who is there to be reached
    escape processes 1
    has '^kill ok$'
    has '^proc EACCES$'
}

@test "devices: the host's disk, its memory and its consoles cannot be opened, wherever their nodes are made" {
    local disk
    disk=$(lsblk -dno MAJ:MIN | tail -n 1 | tr -d ' ')
    [[ -n $disk ]] || skip "needs a disk"
    inspect_image
    run_options=('--volume=data,kind=empty')
    escape_options=('--mount=volume=data,target=/data')
    escape devices "$disk"
    has '^disk at /dev: ok (EPERM|EACCES)$'
    has '^mem at /tmp: ok (EPERM|EACCES)$'
    lacks ' at [^ ]*: [^ ]* ok$'
}

@test "the runtime's programs cannot be overwritten by way of /proc/PID/exe (CVE-2019-5736), and what enters a hostile pod brings nothing (CVE-2019-10144, -10145, -10147)" {
    local before i n=8
    [[ ${RKT_TEST_HOST-} == ns ]] || n=3
    before=$(sums)
    inspect_image
    local root=$BATS_TEST_TMPDIR/image-inspect/rootfs
    ln -s /proc/self/exe "$root/inspect/link"
    printf '#!/proc/self/exe\n' >"$root/inspect/script"
    cp "$(type -P busybox)" "$root/inspect/sleep"
    chmod 755 "$root/inspect/script"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-inspect" "$BATS_TEST_TMPDIR/hostile.aci"
    rkt --insecure-options=image fetch "$BATS_TEST_TMPDIR/hostile.aci"
    start_escape watch
    wait_for 20 says ': watching$'
    for ((i = 0; i < n; i++)); do
        timeout 20 rkt enter "$uuid" /proc/self/exe || (($? == 254))
        timeout 20 rkt enter "$uuid" /inspect/link --pid=1 --appname=hostile -- /bin/true || (($? == 254))
        timeout 20 rkt enter "$uuid" /inspect/script || (($? == 254))
        timeout 20 rkt enter "$uuid" /bin/true
        timeout 20 rkt enter "$uuid" /inspect/sleep 0.1
    done 8</etc/passwd 9</
    # the watch saw them, and can overwrite a program where that is nobody else's
    wait_for 20 says ': exe OPEN own$'
    says ': process (exe|link|script)$'
    says ': process enter$'
    cat "$BATS_TEST_TMPDIR/out"
    ! says ': exe OPEN [^o]' || return 1
    ! says ': (DIRECTORY|DESCRIPTOR|MEMORY)' || return 1
    says ': memory (EACCES|EPERM) enter$'
    [[ $(sums) == "$before" ]]
}

@test "an app that is the runtime's own program by name (CVE-2019-5736) gets nothing from it" {
    inspect_image
    local before
    before=$(sums)
    check_fails 254 rkt run --net=none "${inspect_pod[@]}" --exec=/proc/self/exe
    lacks 'panic|fault'
    [[ $(sums) == "$before" ]]
}

@test "enter: what enters cannot type into the caller's terminal (TIOCSTI)" {
    need commands script
    [[ $(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1) == 1 ]] || skip "this kernel lets nobody type into terminals"
    inspect_image
    start_pod "${inspect_pod[@]}" --exec=/bin/sleep -- 1000
    local typed='read -r -t 1 -n 1 c </dev/tty; echo "typed=$c"'
    check script -qec "bash -c 'python3 -B $BATS_TEST_DIRNAME/escape.py type-ahead; $typed'" /dev/null
    has 'typed=x'
    local from
    for from in /dev/null /dev/tty; do
        check script -qec "bash -c 'rkt enter $uuid python3 /inspect/escape.py type-ahead <$from; $typed'" /dev/null
        has 'typed='
        lacks 'typed=x'
    done
}

@test "links in the places of masked paths, of devices and of proc (CVE-2023-27561, CVE-2025-31133, -52565, -52881) mask what they should, and nothing is written to" {
    local root=$BATS_TEST_TMPDIR/image-links/rootfs before
    before=$(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname)
    mkdir -p "$root/dev/pts" "$root/real"
    local name
    for name in null console full pts/0 pts/ptmx shm fd tty; do ln -s /proc/sys/kernel/core_pattern "$root/dev/$name"; done
    busybox_image links "$(sh_app 'cat /proc/kcore /proc/keys /proc/timer_list /sys/firmware/* 2>&1 | head -c 300
        echo x >/proc/sys/kernel/core_pattern; echo "(written $?)"; echo x >/dev/null; echo "(null $?)"; ls -ld /dev/null /dev/console')"
    applets links head
    check rkt run --net=none example.com/links
    has '\(written [12]\)'
    has '\(null 0\)'
    has ' c[rw-]+ .* /dev/null'
    # with a terminal, there is a console as well
    if type -P script >/dev/null; then
        check script -qec 'rkt run --net=none --interactive example.com/links' /dev/null
        has '\(written [12]\)'
        has '\(null 0\)'
        has '^c[rw-]+ .* /dev/console'
        [[ $(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname) == "$before" ]]
    fi
    # directories of the kernel's elsewhere: what is mounted and masked follows
    rm -rf "${root:?}/dev"
    ln -s /real/../proc "$root/sys"
    ln -s real "$root/dev"
    applets links head
    run rkt run --net=none example.com/links
    lacks 'written 0'
    rm "$root/sys"
    ln -s real "$root/proc"
    applets links head
    run rkt run --net=none example.com/links
    lacks 'written 0'
    [[ $(cat /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname) == "$before" ]]
}

@test "enter: an image that has a volume of its own in the place of /proc gets nothing written (CVE-2019-16884, CVE-2025-52881)" {
    busybox_image covered '{"exec": ["/bin/sh", "-c", "mkdir -p /proc/self/attr /proc/thread-self/attr; echo 0123456789 >/etc/victim; ln -s /etc/victim /proc/self/oom_score_adj; ln -s /etc/victim /proc/thread-self/attr/exec; echo made; exec sleep 1000"],
        "user": "0", "group": "0", "mountPoints": [{"name": "proc", "path": "/proc"}]}'
    applets covered mkdir ln
    start_pod example.com/covered --oom-score-adj=500
    wait_for 10 says ': made$'
    check rkt enter "$uuid" /bin/cat /etc/victim
    has '^0123456789$'
    # nor does a pipe in its place make it wait
    check rkt enter "$uuid" /bin/sh -c 'rm /proc/self/oom_score_adj && busybox mkfifo /proc/self/oom_score_adj'
    check timeout 20 rkt enter "$uuid" /bin/cat /etc/victim
}

@test "restart: what an app has put into a volume of its own in the place of /proc is not written to when it starts again (CVE-2025-52881)" {
    busybox_image covered '{"exec": ["/bin/sh", "-c", "[ -e /etc/victim ] && exec cat /etc/victim; mkdir -p /proc/self/attr /proc/thread-self/attr /proc/1/attr /proc/2/attr; echo 0123456789 >/etc/victim; for f in oom_score_adj attr/exec attr/current attr/apparmor; do ln -s /etc/victim /proc/self/$f; ln -s /etc/victim /proc/thread-self/$f; done; exit 1"],
        "user": "0", "group": "0", "mountPoints": [{"name": "proc", "path": "/proc"}]}'
    applets covered mkdir ln
    check rkt run --net=none example.com/covered --oom-score-adj=500 --restart=on-failure:1
    has ': 0123456789$'
}

@test "a mount point that is swapped with a link while pods start (CVE-2021-30465) never leads out of the pod" {
    local shared=/run/rkt-test-escapes/shared i n=12
    [[ ${RKT_TEST_HOST-} == ns ]] || n=4
    mkdir -p $shared/x /run/rkt-test-escapes/secret
    echo victim >/run/rkt-test-escapes/secret/file
    ln -s ../../../../../../../../run/rkt-test-escapes/secret $shared/y
    inspect_image
    busybox_image victim "$(sh_app 'cat /proc/self/mountinfo; ls /run/rkt-test-escapes/secret /volume/x /volume/y 2>&1')"
    run_options=("--volume=shared,kind=host,source=$shared")
    escape_options=('--mount=volume=shared,target=/shared')
    start_escape exchange /shared
    wait_for 10 says ': swapping$'
    mkdir /run/rkt-test-escapes/inner
    echo mine >/run/rkt-test-escapes/inner/own-file
    local ran=0
    for ((i = 0; i < n; i++)); do
        run rkt run --net=none --volume="shared,kind=host,source=$shared" --volume=inner,kind=host,source=/run/rkt-test-escapes/inner \
            example.com/victim --mount=volume=shared,target=/volume --mount=volume=inner,target=/volume/x --mount=volume=inner,target=/volume/x/new/deep
        lacks ': file$'
        # nor are directories made there on the way to a mount point (CVE-2024-45310)
        [[ $(ls /run/rkt-test-escapes/secret) == file ]]
        ((status != 0)) || ran=$((ran + 1))
        ! findmnt -rno TARGET | grep -q rkt-test-escapes || return 1
        [[ ! -e /run/rkt-test-escapes/secret/own-file ]]
    done
    echo "$ran of $n ran"
    [[ $(<"$BATS_TEST_TMPDIR/out") == *swapping* ]]
    kill -0 "$run_pid"
}

@test "the supervisor ignores every signal of an app's, whoever it claims to be from; other pods notice nothing" {
    busybox_image other "$(sh_app 'exec sleep 1000')"
    start_pod example.com/other
    local neighbour=$uuid signals='KILL STOP SEGV ABRT URG HUP QUIT USR1 PIPE ALRM CONT CHLD TERM INT 37 38 39'
    busybox_image angry "$(sh_app "for s in $signals; do kill -\$s 1 && echo sent; done; echo survived; exec sleep 1000")"
    start_pod example.com/angry
    wait_for 10 says ': survived$'
    check rkt enter "$uuid" /bin/sh -c 'kill -TERM 1 && echo inside'
    has '^inside$'
    check rkt status "$uuid"
    has '^state=running$'
    [[ $(grep -c ': survived$' "$BATS_TEST_TMPDIR/out") == 1 ]] # nor has it been restarted
    rkt stop "$uuid"
    check rkt status --wait=10s "$uuid"
    has '^state=exited$'
    start_pod example.com/angry --user=1000 --group=1000
    wait_for 10 says ': survived$'
    ! says ': sent$' || return 1
    check rkt enter "$uuid" /bin/sh -c 'kill -TERM 1 || echo refused'
    has '^refused$'
    check rkt status "$neighbour"
    has '^state=running$'
    # in a user namespace, and through system calls that let the sender say who it is
    inspect_image
    local users
    for users in no yes; do
        run_options=("--private-users=$users")
        start_escape signals
        wait_for 20 says ': sent$'
        says ': kill ok$'
        says ': as-queue ok$'
        ! says ': as-(user|kernel|tkill) ok$' || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
        check rkt enter "$uuid" /bin/echo inside
        [[ $(grep -c ': sent$' "$BATS_TEST_TMPDIR/out") == 1 ]]
        check rkt stop "$uuid"
        check rkt status --wait=20s "$uuid"
        has '^state=exited$'
    done
    run_options=()
}

@test "an app that sends signals to PID 1 without end does not keep it from its work, nor from being stopped" {
    inspect_image
    start_escape signal-storm
    wait_for 20 says ': storming$'
    check rkt enter "$uuid" /bin/echo inside
    check rkt stop --force "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^state=exited$'
}

@test "no supervisor listens on an abstract socket, which apps in the host's network could reach (CVE-2020-15257)" {
    inspect_image '{"exec": ["/bin/sleep", "1000"]}'
    rkt run --net=host --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${inspect_pod[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=20s "$uuid" >/dev/null
    local pid inode inodes=0
    for pid in "$run_pid" "$(<"/var/lib/rkt/pods/run/$uuid/pid")"; do
        while read -r inode; do
            inodes=$((inodes + 1))
            ! awk -v i="$inode" '$7 == i && $8 ~ /^@/' /proc/net/unix | grep . || return 1
        done < <(find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' | tr -dc '0-9\n')
    done
    ((inodes > 0))
}

@test "private users: none of the ways leads out of a pod with users of its own, also with all that it may be given" {
    inspect_image
    local disk protected
    disk=$(lsblk -dno MAJ:MIN | tail -n 1 | tr -d ' ')
    start_pod "${inspect_pod[@]}" --exec=/bin/sleep -- 1000
    local leader
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    run_options=(--private-users)
    for protected in yes no; do
        [[ $protected == yes ]] || rkt_options=("${unprotected[@]}")
        escape kernel
        lacks '^/proc/sys/(kernel/(core_pattern|modprobe)|vm/[^ ]*) ok$'
        lacks '^/(proc/(irq|sysrq)|sys/kernel)[^ ]* ok$'
        lacks '^release-agent ok$'
        escape root
        has '^chroot same$'
        # newer kernels let the root of a user namespace have handles of its own files
        [[ $protected == no ]] || lacks '^handle[^ ]* ok$'
        escape processes "$leader" "$run_pid" $$
        # who may trace all of the pod sees the root of its journald, which is the pod's
        [[ $protected == no ]] || lacks '^root FOREIGN'
        lacks '^(kill|proc|ptrace|pidfd|setns) (ok|EPERM|EACCES)$'
        [[ -z $disk ]] || escape devices "$disk"
        lacks ' at [^ ]*: [^ ]* ok$'
    done
    rkt_options=()
    escape leader
    lacks '^(/proc/1/[^ ]*|ptrace|process_vm_readv|pidfd_getfd|pidfd-setns|pidfd-namespace-[a-z]+|parent-[a-z]+|previous-mnt) (.* )?(ok|b.*)$'
}

@test "logs: an app that floods them while nobody reads waits, and its supervisor neither grows nor stops obeying" {
    inspect_image
    local way leader pss
    for way in lines no-newline newlines; do
        mkfifo "$BATS_TEST_TMPDIR/fifo-$way"
        sleep 1000 <>"$BATS_TEST_TMPDIR/fifo-$way" &
        others+=($!)
        rm -f "$BATS_TEST_TMPDIR/uuid"
        rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${inspect_pod[@]}" --exec=/bin/python3 \
            -- /inspect/escape.py flood "$way" >"$BATS_TEST_TMPDIR/fifo-$way" 2>&1 3>&- &
        wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
        uuid=$(<"$BATS_TEST_TMPDIR/uuid")
        rkt status --wait-ready=20s "$uuid" >/dev/null
        sleep 1
        leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
        pss=$(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$leader/smaps_rollup")
        echo "$way: $pss kB"
        ((pss < 4096))
        check rkt enter "$uuid" /bin/echo inside
        # in order, it takes the five seconds that the last lines are given
        if [[ $way == lines ]]; then rkt stop "$uuid"; else rkt stop --force "$uuid"; fi
        check rkt status --wait=20s "$uuid"
        has '^state=exited$'
    done
}

@test "a journal that an app fills stays within its part of the disk, and the pod goes on" {
    mkdir -p /run/rkt-test-escapes
    mount -t tmpfs -o size=64M tmpfs /run/rkt-test-escapes
    busybox_image full "$(sh_app 'i=0; while [ $i -lt 600 ]; do head -c 40000 /dev/urandom | base64 -w 0; echo; i=$((i+1)); done; echo done')"
    applets full head base64
    rkt --dir=/run/rkt-test-escapes --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-full.aci"
    rkt --dir=/run/rkt-test-escapes run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/full | tail -n 1 | grep ': done$'
    local used
    used=$(du -sk "/run/rkt-test-escapes/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/stage1/rootfs/var/log/journal" | cut -f1)
    echo "$used kB"
    ((used > 0 && used < 16384))
}

@test "a fork bomb ends at the pids limit, and neither the pod nor its neighbours are beyond reach" {
    need controllers pids
    inspect_image
    escape_options=(--pids-limit=60)
    start_escape bomb
    wait_for 10 says ': forking$'
    sleep 1
    local cgroup
    cgroup=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")/app-hostile
    (($(<"$cgroup/pids.current") <= 60))
    (($(sed -n 's/^max //p' "$cgroup/pids.events") > 0))
    busybox_image neighbour "$(sh_app 'echo ran')"
    check rkt run --net=none example.com/neighbour
    has ': ran$'
    rkt stop "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^state=exited$'
}

@test "gc removes what an app has nested deeper than any path" {
    inspect_image
    local depth=5000
    [[ ${RKT_TEST_HOST-} == ns ]] || depth=1500
    escape nest $depth
    has "^nested $depth$"
    check rkt gc --grace-period=0s
    [[ -z $(find /var/lib/rkt/pods -mindepth 2 -maxdepth 2) ]]
}
