#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The fly stage1: a root directory, and nothing else between the app and the host.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are set by start_fly
load lib
load pods

teardown() {
    end_pods
    ! mountpoint -q "$BATS_TEST_TMPDIR/mounted" || umount -R "$BATS_TEST_TMPDIR/mounted"
}

# fly ARGUMENT…: what rkt run takes
fly() {
    rkt run --stage1-from-dir=fly --net=host "$@"
}

# start_fly ARGUMENT…: in the background, until it is ready. Sets uuid, run_pid.
start_fly() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt run --stage1-from-dir=fly --net=host --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=20s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

namespaces() {
    readlink /proc/self/ns/{pid,net,uts,ipc,user,cgroup}
}

@test "fly: the app has its own root and the host's namespaces, control group and kernel file systems" {
    busybox_image see "$(sh_app 'ls -a / | tr "\n" " "; echo; readlink -f /proc/self/exe; for n in pid net uts ipc user cgroup; do
        busybox readlink /proc/self/ns/$n; done; cat /proc/self/cgroup; ls -d /proc/1 /sys/kernel /dev/null; grep CapBnd /proc/self/status
        grep Seccomp: /proc/self/status; ls -ld /tmp; busybox hostname')"
    ln "$BATS_TEST_TMPDIR/image-see/rootfs/bin/busybox" "$BATS_TEST_TMPDIR/image-see/rootfs/bin/readlink"
    ln "$BATS_TEST_TMPDIR/image-see/rootfs/bin/busybox" "$BATS_TEST_TMPDIR/image-see/rootfs/bin/tr"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-see" "$BATS_TEST_TMPDIR/see.aci"
    before=$(host_state)
    check rkt --insecure-options=image run --stage1-from-dir=fly --net=host "$BATS_TEST_TMPDIR/see.aci"
    has '^\. \.\. bin dev etc proc sys tmp'
    local line
    for line in $(namespaces); do has "^${line/\[/\\[}\$"; done
    has "^$(tail -n 1 /proc/self/cgroup)\$"
    has "^$(grep CapBnd /proc/self/status)\$"
    has '^Seccomp:\s0$'
    has ' /tmp$'
    has '^drwxrwxrwt'
    has "^$(hostname)\$"
    same_host_state "$before"
}

@test "fly: it is chosen by name, by path, by directory and by configuration" {
    busybox_image app "$(sh_app 'readlink /proc/self/ns/pid 2>/dev/null || busybox readlink /proc/self/ns/pid')"
    local host
    host=$(readlink /proc/self/ns/pid)
    for choice in --stage1-name=coreos.com/rkt/stage1-fly --stage1-path=/usr/lib/rkt/stage1/fly --stage1-from-dir=fly; do
        check rkt run "$choice" --net=host example.com/app
        [[ $output == "$host" ]]
    done
    mkdir -p "$BATS_TEST_TMPDIR/etc/stage1.d"
    echo '{"rktKind": "stage1", "rktVersion": "v1", "location": "/usr/lib/rkt/stage1/fly"}' >"$BATS_TEST_TMPDIR/etc/stage1.d/a.json"
    check rkt --local-config="$BATS_TEST_TMPDIR/etc" run --net=host example.com/app
    [[ $output == "$host" ]]
}

@test "fly: the exit status is the app's, and rkt status has it; a signal counts from 128" {
    busybox_image ends "$(sh_app 'exit 7')"
    check_fails 7 fly --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/ends
    check rkt status "$(<"$BATS_TEST_TMPDIR/uuid")"
    has '^state=exited$'
    has '^app-ends=7$'
    check_fails 137 fly --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/ends --exec=/bin/sh -- -c 'kill -KILL $$'
    check rkt status "$(<"$BATS_TEST_TMPDIR/uuid")"
    has '^app-ends=137$'
    check_fails 203 fly example.com/ends --exec=/bin/missing
    has 'app ends: .*/bin/missing'
}

@test "fly: user, groups, environment, working directory and hooks are those of the manifest" {
    busybox_image who '{"exec": ["/bin/sh", "-c", "id; pwd; env; cat /tmp/hook"], "user": "1000", "group": "1001", "supplementaryGIDs": [5, 6],
        "workingDirectory": "/etc", "environment": [{"name": "A", "value": "b c"}],
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "id -u >/tmp/hook"]},
                          {"name": "post-stop", "exec": ["/bin/sh", "-c", "echo after by $(id -u)"]}]}'
    check fly --set-env=X=y example.com/who
    has '^uid=1000 gid=1001 groups=5,6$|^uid=1000 gid=1001 groups=1001,5,6$'
    has '^/etc$'
    has '^A=b c$'
    has '^X=y$'
    has '^AC_APP_NAME=who$'
    has '^PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$'
    has '^0$'
    [[ ${lines[-1]} == 'after by 0' ]]
}

@test "fly: what confines is left out, and that is told" {
    busybox_image isolated '{"exec": ["/bin/sh", "-c", "grep CapBnd /proc/self/status"], "user": "0", "group": "0",
        "isolators": [{"name": "resource/memory", "value": {"limit": "64M"}}, {"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_KILL"]}}]}'
    check fly --hostname=other example.com/isolated --cpu=100m --restart=always --notify
    has 'app isolated: the fly stage1 .* ignores the isolators resource/memory, os/linux/capabilities-retain-set, resource/cpu'
    has 'app isolated: the fly stage1 ignores the annotation coreos.com/rkt/stage2/restart'
    has 'app isolated: the fly stage1 ignores the annotation appc.io/executor/supports-systemd-notify'
    has '\-\-hostname=other is ignored'
    has "^$(grep CapBnd /proc/self/status)\$"
    check rkt run --stage1-from-dir=fly --net=none example.com/isolated
    has '\-\-net=none is ignored'
    # what rkt says when nobody has asked for a network
    check rkt run --stage1-from-dir=fly example.com/isolated
    lacks '\-\-net'
}

@test "fly: a pod of two apps is refused, and so are user namespaces" {
    busybox_image one
    check_fails 254 fly example.com/one example.com/one --name=two
    has 'exactly one app, and this pod has 2'
    check_fails 254 fly --private-users example.com/one
}

@test "fly: volumes of all kinds; what is mounted below one of the host comes along only when asked" {
    busybox_image vol "$(sh_app 'cat /host/name; ls /host/below; touch /ro/x 2>/dev/null || echo refused; ls -ld /empty; touch /empty/x; grep -c " /mem tmpfs " /proc/self/mounts
        ls /deep/below; touch /rootx 2>/dev/null || echo read-only root')"
    mkdir -p "$BATS_TEST_TMPDIR/mounted"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted"
    mkdir "$BATS_TEST_TMPDIR/mounted/below"
    echo content >"$BATS_TEST_TMPDIR/mounted/name"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted/below"
    touch "$BATS_TEST_TMPDIR/mounted/below/inside"
    check fly --volume="host,kind=host,source=$BATS_TEST_TMPDIR/mounted" --volume="deep,kind=host,source=$BATS_TEST_TMPDIR/mounted,recursive=true" \
        --volume="ro,kind=host,source=$BATS_TEST_TMPDIR/mounted,readOnly=true" --volume=empty,kind=empty,mode=0711 --volume=mem,kind=tmpfs,size=1Mi \
        example.com/vol --readonly-rootfs=true --mount=volume=host,target=/host --mount=volume=ro,target=/ro --mount=volume=empty,target=/empty \
        --mount=volume=mem,target=/mem --mount=volume=deep,target=/deep
    has '^content$'
    [[ $(grep -c '^inside$' <<<"$output") == 1 ]]
    has '^refused$'
    has '^drwx--x--x'
    has '^1$'
    has '^read-only root$'
    [[ ! -e $BATS_TEST_TMPDIR/mounted/x ]]
}

@test "fly: what the app mounts in a volume the host sees, and the other way round; elsewhere it stays its own" {
    busybox_image agent "$(sh_app 'mount -t tmpfs mine /data/from-app; mount -t tmpfs mine /etc; touch /data/from-app/file /etc/mounted
        trap "exit 0" TERM; while :; do sleep 0.1; done')"
    mkdir -p "$BATS_TEST_TMPDIR/mounted"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted"
    mount --make-shared "$BATS_TEST_TMPDIR/mounted"
    mkdir "$BATS_TEST_TMPDIR"/mounted/from-{app,host}
    before=$(findmnt -rno TARGET)
    start_fly --volume="data,kind=host,source=$BATS_TEST_TMPDIR/mounted" example.com/agent --mount=volume=data,target=/data
    wait_for 10 test -e "$BATS_TEST_TMPDIR/mounted/from-app/file"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted/from-host"
    touch "$BATS_TEST_TMPDIR/mounted/from-host/seen"
    check rkt enter "$uuid" /bin/ls /data/from-host
    has '^seen$'
    wait_for 10 rkt enter "$uuid" /bin/ls /etc/mounted
    umount "$BATS_TEST_TMPDIR/mounted/from-host" "$BATS_TEST_TMPDIR/mounted/from-app"
    [[ $(findmnt -rno TARGET) == "$before" ]]
}

@test "fly: enter is in the app's root, as its user, with its environment and directory, and passes the status" {
    busybox_image long '{"exec": ["/bin/sh", "-c", "trap \"exit 0\" TERM; while :; do sleep 0.1; done"], "user": "1000", "group": "1001",
        "workingDirectory": "/etc", "environment": [{"name": "A", "value": "b"}]}'
    start_fly example.com/long
    check rkt enter "$uuid" /bin/sh -c 'id -u; pwd; echo $A; echo $TERM; ls /bin/busybox'
    has '^1000$'
    has '^/etc$'
    has '^b$'
    has '^/bin/busybox$'
    check_fails 9 rkt enter "$uuid" /bin/sh -c 'exit 9'
    check rkt enter --user=0 --working-dir=/bin --environment=A=z "$uuid" /bin/sh -c 'id -u; pwd; echo $A'
    [[ $output == $'0\n/bin\nz' ]]
    check_fails 254 rkt enter "$uuid" /bin/missing
    has 'app long: .*/bin/missing'
}

@test "fly: rkt list, stop and rm treat it as any pod; an orderly stop is no failure" {
    busybox_image stops "$(sh_app 'trap "echo stopping; exit 143" TERM; while :; do sleep 0.1; done')"
    start_fly example.com/stops
    check rkt list --full
    has "^$uuid.*stops.*running"
    [[ $(jq -c .NetList "/var/lib/rkt/pods/run/$uuid/runtime-config") == '["host"]' ]]
    check rkt status "$uuid"
    has '^state=running$'
    pid=$(sed -n 's/^pid=//p' <<<"$output")
    [[ $(tr "\0" " " <"/proc/$pid/cmdline") == "/bin/sh -c "* ]]
    # the lock is with its parent, and nothing of rkt's is with the app
    ! find "/proc/$pid/fd" -lname '*pods*' | grep . || false
    check_fails 254 rkt rm "$uuid"
    check rkt stop "$uuid"
    check rkt status --wait=10s "$uuid"
    has '^app-stops=143$'
    wait "$run_pid"
    grep -x stopping "$BATS_TEST_TMPDIR/out"
    check rkt rm "$uuid"
    ! find /var/lib/rkt/pods -path "*$uuid*" | grep . || false
}

@test "fly: stop --force kills what does not listen, and a supervisor that is killed takes the app along" {
    busybox_image deaf '{"exec": ["/bin/sh", "-c", "trap : TERM; while :; do sleep 0.1; done"], "user": "0", "group": "0"}'
    busybox_image other '{"exec": ["/bin/sleep", "1000"], "user": "12", "group": "12"}'
    start_fly example.com/deaf
    check rkt stop "$uuid"
    check rkt stop --force "$uuid"
    check rkt status --wait=10s "$uuid"
    has '^app-deaf=137$'
    start_fly example.com/other
    pid=$(rkt status "$uuid" | sed -n 's/^pid=//p')
    kill -KILL "$run_pid"
    wait_for 10 test ! -e "/proc/$pid/cmdline"
    check rkt status "$uuid"
    has '^state=exited$'
}

@test "fly: an app that does not stop in time is killed, and so is a post-stop hook; a pre-start hook that stops is the end" {
    busybox_image deaf '{"exec": ["/bin/sh", "-c", "trap : TERM; while :; do sleep 0.05; done"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "post-stop", "exec": ["/bin/sh", "-c", "echo cleaning up; exec sleep 1000"]}]}'
    start_fly example.com/deaf --stop-timeout=200ms
    check rkt stop "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^app-deaf=137$'
    status=0
    wait "$run_pid" || status=$?
    ((status == 137))
    grep 'app deaf: it has not stopped within 0.2 s: killing it' "$BATS_TEST_TMPDIR/out"
    grep -x 'cleaning up' "$BATS_TEST_TMPDIR/out"
    grep 'the post-stop hook ended with status 137' "$BATS_TEST_TMPDIR/out"

    busybox_image hook '{"exec": ["/bin/sh", "-c", "echo main"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "trap \"exit 0\" TERM; echo waiting; while :; do sleep 0.05; done"]}]}'
    local how
    for how in --force=false --force; do
        rm -f "$BATS_TEST_TMPDIR/uuid"
        rkt run --stage1-from-dir=fly --net=host --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/hook >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
        run_pid=$!
        wait_for 10 grep -qx waiting "$BATS_TEST_TMPDIR/out"
        check rkt stop $how "$(<"$BATS_TEST_TMPDIR/uuid")"
        status=0
        wait "$run_pid" || status=$?
        if [[ $how == --force ]]; then ((status == 137)); else ((status == 0)); fi
        ! grep -x main "$BATS_TEST_TMPDIR/out" || return 1
    done
}

# of_pod: the processes whose root directory is that of the image with the mark.
of_pod() {
    local root
    for root in /proc/[0-9]*/root; do [[ ! -e $root/fly-test-mark ]] || echo "$root"; done
}
nobody_of_pod() { [[ -z $(of_pod) ]]; }

@test "fly: what an app has left running ends with it, in order or by force, in sessions of its own and orphaned too" {
    # an orphan that listens, one that does not, and a child of one that does
    local app='orphan() { (busybox setsid sh -c "$1" & exec true); }
        orphan "trap \"echo orphan ends; exit\" TERM; touch /tmp/1; while :; do sleep 0.05; done"
        orphan "trap : TERM; (sleep 1000) & touch /tmp/2; while :; do sleep 0.05; done"
        while [ ! -e /tmp/1 -o ! -e /tmp/2 ]; do sleep 0.05; done; echo main ends; '
    busybox_image leaves "$(sh_app "$app exit 3")"
    touch "$BATS_TEST_TMPDIR/image-leaves/rootfs/fly-test-mark"
    applets leaves setsid
    check_fails 3 fly example.com/leaves --stop-timeout=300ms
    has '^orphan ends$'
    nobody_of_pod || { of_pod; return 1; }
    # killed: the others get no time
    start_fly example.com/leaves --stop-timeout=1h --exec=/bin/sh -- -c "$app exec sleep 1000"
    wait_for 10 grep -qx 'main ends' "$BATS_TEST_TMPDIR/out"
    (($(of_pod | wc -l) >= 3))
    check rkt stop --force "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^app-leaves=137$'
    nobody_of_pod || { of_pod; return 1; }
    # a hook's, before the app begins
    busybox_image hook '{"exec": ["/bin/sh", "-c", "ps | grep \"[s]leep 1234\" || echo alone"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "sleep 1234 & :"]}]}'
    check fly example.com/hook
    has '^alone$'
}

@test "fly: what rkt run's caller had started before, and what an app has sent back to the host, goes on" {
    need commands nsenter
    busybox_image sends "$(sh_app 'nsenter -t 1 -m sh -c "sleep 4321 >/dev/null 2>&1 & echo sent \$!"')"
    applets sends nsenter
    # shellcheck disable=SC2119 # the function's arguments are the pod's
    check bash -c 'sleep 4322 >/dev/null 2>&1 3>&- & echo before $!; exec rkt run --stage1-from-dir=fly --net=host example.com/sends'
    local pid
    for pid in $(sed -n 's/^\(before\|sent\) //p' <<<"$output"); do
        [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == 'sleep 432'* ]]
        kill "$pid"
    done
    has '^before [0-9]+$'
    has '^sent [0-9]+$'
}

@test "fly: an app that starts and orphans processes without end is stopped like any other" {
    busybox_image orphans "$(sh_app 'trap "exit 0" TERM; while :; do (true & true &) ; done')"
    start_fly example.com/orphans
    check rkt stop "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^app-orphans=0$'
    wait "$run_pid"
}

@test "fly: gc and rm remove the pod, also one whose supervisor was killed" {
    busybox_image long '{"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0"}'
    local before pid
    before=$(host_state)
    start_fly --volume=data,kind=empty example.com/long --mount=volume=data,target=/data
    pid=$(rkt status "$uuid" | sed -n 's/^pid=//p')
    kill -KILL "$run_pid"
    wait_for 10 test ! -e "/proc/$pid/cmdline"
    check rkt gc --mark-only
    [[ -d /var/lib/rkt/pods/exited-garbage/$uuid ]]
    check rkt gc --grace-period=0s
    [[ -z $(find /var/lib/rkt/pods -name "$uuid*") ]]
    wait_for 10 same_host_state "$before"
}

@test "fly: signals to rkt run reach the app as they are" {
    busybox_image hears "$(sh_app 'trap "echo reloaded" HUP; trap "echo used" USR1; trap "exit 5" INT; while :; do sleep 0.1; done')"
    start_fly example.com/hears
    kill -HUP "$run_pid"
    wait_for 10 grep -qx reloaded "$BATS_TEST_TMPDIR/out"
    kill -USR1 "$run_pid"
    wait_for 10 grep -qx used "$BATS_TEST_TMPDIR/out"
    kill -INT "$run_pid"
    run wait "$run_pid"
    rkt status --wait=10s "$uuid" | grep -x app-hears=5
}

@test "fly: standard input and output are rkt's own" {
    busybox_image pipe '{"exec": ["/bin/cat"], "user": "0", "group": "0"}'
    output=$(echo through | fly example.com/pipe)
    [[ $output == through ]]
}

@test "fly: resolv.conf and hosts as asked, without overlay too" {
    busybox_image names "$(sh_app 'cat /etc/resolv.conf /etc/hosts')"
    check fly --dns=192.0.2.1 --hosts-entry=192.0.2.2=there example.com/names
    has '^nameserver 192.0.2.1$'
    has '^192.0.2.2\s+there$'
    check fly --no-overlay --hosts-entry=host --dns=192.0.2.3 example.com/names
    has '^nameserver 192.0.2.3$'
    has "^$(head -n 1 /etc/hosts)\$"
}

@test "fly: --dry-run prints what would be run, and prepare and run-prepared work" {
    busybox_image later "$(sh_app 'echo ran')"
    check rkt run --dry-run --stage1-from-dir=fly --net=host example.com/later
    [[ $(jq -r '.apps[0].exec[0]' <<<"$output") == /bin/sh ]]
    uuid=$(rkt prepare --stage1-from-dir=fly example.com/later)
    check rkt run-prepared --net=host "$uuid"
    [[ $output == ran ]]
}
