#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The native stage1: what an app is, sees and may do, and how its supervisors behave.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
    rm -rf /run/rkt-test-native
}

forever='trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'

@test "capabilities: root in an app has the 14 of rkt and Docker, and nothing to inherit" {
    inspect_image
    inspect status
    has '^CapBnd 00000000a80425fb$'
    has '^CapEff 00000000a80425fb$'
    has '^CapInh 0000000000000000$'
    has '^CapAmb 0000000000000000$'
}

@test "capabilities: a user other than root has none in effect, also with a filter and without no_new_privs" {
    inspect_image
    app_options=(--user=who --group=whose '--supplementary-gids=7,8')
    inspect status
    has '^Uid 1000 1000 1000 1000$'
    has '^Gid 1001 1001 1001 1001$'
    has '^Groups 7 8$'
    has '^CapPrm 0000000000000000$'
    has '^CapEff 0000000000000000$'
    has '^Seccomp 2$'
    has '^NoNewPrivs 0$'
}

@test "capabilities: retain and remove sets are what they say, and insecure options leave all" {
    inspect_image
    app_options=('--caps-retain=CAP_NET_ADMIN,CAP_KILL')
    inspect status
    has '^CapBnd 0000000000001020$'
    app_options=(--caps-remove=CAP_KILL)
    inspect status
    has '^CapBnd 00000000a80425db$'
    app_options=() rkt_options=(--insecure-options=capabilities)
    inspect status
    has "^CapBnd $(sed -n 's/^CapBnd:\s*//p' /proc/self/status)\$"
}

@test "no_new_privs: set by the isolator" {
    inspect_image '{"isolators": [{"name": "os/linux/no-new-privileges", "value": true}]}'
    inspect status
    has '^NoNewPrivs 1$'
}

@test "paths: parts of proc and sys are hidden, the rest is not for writing; insecure options open them" {
    inspect_image
    inspect paths
    lacks '^/(proc/(kcore|keys|timer_list|kallsyms|config.gz)|sys/(firmware|module|power)) b?'"'.+'"
    has '^/proc/sys EROFS$'
    has '^/proc/sysrq-trigger (EROFS|ENOENT)$'
    has '^/sys (EROFS|EPERM)$'
    rkt_options=(--insecure-options=paths)
    inspect paths
    has '^/proc/sys ok$'
    has '^/sys EPERM$'
}

@test "devices: those of the specification are there, others can be made but not opened" {
    inspect_image
    inspect devices
    local name
    for name in null zero full random urandom tty console ptmx shm pts/ptmx; do has "^has-$name True\$"; done
    has '^null ok$'
    has '^full ENOSPC$'
    has '^ptmx ok$'
    has '^mknod-/dev ok$'
    has '^mknod-/tmp ok$'
    has '^open-/dev EPERM$'
    has '^open-/tmp (EACCES|EPERM)$'
    has '^mem False$'
}

@test "devices: a volume that is a device may be used, read-only only for reading" {
    busybox_image device "$(sh_app 'head -c 3 /dev/mine | wc -c; echo x >/dev/mine && echo written; head -c 3 /dev/theirs | wc -c
        echo x >/dev/theirs || echo refused')"
    check rkt run --net=none --volume=d,kind=host,source=/dev/zero --volume=e,kind=host,source=/dev/zero,readOnly=true \
        example.com/device --mount=volume=d,target=/dev/mine --mount=volume=e,target=/dev/theirs
    has 'device\[[0-9]+\]: written'
}

@test "an app holds nothing of the host: descriptors, processes, mounts" {
    busybox_image bare "$(sh_app 'ls /proc/self/fd; cat /proc/self/mountinfo; ps >/tmp/ps; echo $(grep -c . /tmp/ps) processes')"
    exec 7</etc/passwd
    check rkt run --net=none example.com/bare </etc/passwd
    exec 7<&-
    has ': 2$'
    # 3 is the directory that ls reads
    lacks ': ([4-9]|[0-9]{2,})$'
    lacks '/var/lib/rkt'
    has ': [3-7] processes'
}

@test "an app starts with default signal actions, whatever the caller ignores" {
    busybox_image signals '{"exec": ["/bin/grep", "Sig", "/proc/self/status"], "user": "0", "group": "0"}'
    check sh -c 'trap "" HUP INT USR1; exec rkt run --net=none example.com/signals'
    has 'SigIgn:.0+$'
    has 'SigBlk:.0+$'
}

@test "cgroup: each app is alone in its own, sees it as the root, and cannot change it" {
    inspect_image
    inspect cgroup
    has '^cgroup /$'
    has "^cgroup-procs '[0-9]+"
    has '^cgroup-write EROFS$'
    has '^sys-fs cgroup$'
}

@test "cgroup: limits reach the app's cgroup where the host has the controllers" {
    need controllers memory cpu
    busybox_image limited "$(sh_app 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu.weight')"
    check rkt run --net=none example.com/limited --memory=64Mi --cpu=500m --cpu-shares=2
    has ': 67108864$'
    has ': 50000 100000$'
    has ': 1$'
}

@test "cgroup: a limit that the host cannot set is named in a warning, and the pod runs" {
    ! grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "this host has the controller"
    busybox_image limited "$(sh_app 'echo ran')"
    check rkt run --net=none example.com/limited --memory=64Mi
    has 'resource/memory is set but'
    has ': ran$'
}

@test "oom-score-adj is set, and lowering it where that is not allowed is no error" {
    busybox_image oom "$(sh_app 'cat /proc/self/oom_score_adj')"
    check rkt run --net=none example.com/oom --oom-score-adj=321
    has ': 321$'
    check rkt run --net=none example.com/oom --oom-score-adj=-1000
}

@test "--readonly-rootfs: the root cannot be written, volumes and /dev/shm can" {
    busybox_image ro "$(sh_app 'touch /x || echo refused; touch /data/x && echo data; touch /dev/shm/x && echo shm')"
    check rkt run --net=none --volume=data,kind=empty example.com/ro --readonly-rootfs=true --mount=volume=data,target=/data
    has ': refused'
    has ': data'
    has ': shm'
}

@test "/etc/hosts and /etc/hostname are there, and what the image brings stays" {
    busybox_image names "$(sh_app 'cat /etc/hosts /etc/hostname; ls -l /etc/mtab')"
    check rkt run --net=none --hostname=pod-name example.com/names
    has ': 127.0.0.1.*localhost'
    has ': pod-name$'
    has 'mtab -> ../proc/self/mounts'
    echo '10.1.1.1 mine' >"$BATS_TEST_TMPDIR/image-names/rootfs/etc/hosts"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-names" "$BATS_TEST_TMPDIR/own.aci"
    check rkt --insecure-options=image run --net=none --dns=192.0.2.1 "$BATS_TEST_TMPDIR/own.aci" --exec=/bin/cat -- /etc/hosts /etc/resolv.conf
    has ': 10.1.1.1 mine'
    has ': nameserver 192.0.2.1'
}

@test "--net=none has a loopback interface that is up, and no other" {
    busybox_image net "$(sh_app 'cat /proc/net/dev; cat /sys/class/net/lo/operstate /sys/class/net/lo/flags')"
    check rkt run --net=none example.com/net
    has ': +lo:'
    has ': 0x9$'
    lacks 'eth|veth|wlan'
}

@test "ipc: private by default, the host's with --ipc=parent" {
    inspect_image
    inspect namespaces
    lacks "namespace-ipc $(readlink /proc/self/ns/ipc | sed 's/[][]/\\&/g')"
    run_options=(--ipc=parent)
    inspect namespaces
    has "namespace-ipc $(readlink /proc/self/ns/ipc | sed 's/[][]/\\&/g')"
}

@test "mount points of an image that lead out of it through links end inside of it" {
    busybox_image links "$(sh_app 'cat /escape/file; ls -d /etc/made')" 
    ln -s /etc/made "$BATS_TEST_TMPDIR/image-links/rootfs/escape"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-links" "$BATS_TEST_TMPDIR/links.aci"
    mkdir "$BATS_TEST_TMPDIR/data"
    echo inside >"$BATS_TEST_TMPDIR/data/file"
    check rkt --insecure-options=image run --net=none --volume="data,kind=host,source=$BATS_TEST_TMPDIR/data" \
        "$BATS_TEST_TMPDIR/links.aci" --mount=volume=data,target=/escape
    has ': inside'
    has ': /etc/made'
    [[ ! -e /etc/made ]]
}

@test "hooks: pre-start runs before the app and post-stop after it, both as root" {
    busybox_image hooks '{"exec": ["/bin/sh", "-c", "echo main $(id -u); cat /marker"], "user": "1000", "group": "1000",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "echo pre $(id -u) | tee /marker"]},
                          {"name": "post-stop", "exec": ["/bin/sh", "-c", "echo post $(id -u)"]}]}'
    ln "$BATS_TEST_TMPDIR/image-hooks/rootfs/bin/"{busybox,tee}
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-hooks" "$BATS_TEST_TMPDIR/hooks.aci"
    check rkt --insecure-options=image run --net=none "$BATS_TEST_TMPDIR/hooks.aci"
    # shellcheck disable=SC2001
    [[ $(sed -n 's/^\[.*\]: //p' <<<"$output" | paste -sd,) == 'pre 0,main 1000,pre 0,post 0' ]]
}

@test "hooks: a pre-start hook that fails keeps the app from starting and gives its status" {
    busybox_image hook '{"exec": ["/bin/echo", "started"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "(sleep 100 &); exit 5"]}]}'
    check_fails 5 rkt run --net=none example.com/hook
    lacks ': started'
    has 'the pre-start hook ended with status 5'
}

@test "what cannot be executed is told under the app's name, with status 203" {
    busybox_image broken
    local root=$BATS_TEST_TMPDIR/image-broken/rootfs
    printf '#!/bin/nowhere\n' >"$root/bin/script"
    cp "$(type -P env)" "$root/bin/dynamic"
    echo text >"$root/bin/plain"
    printf '#!/bin/sh\r\nexit 0\r\n' >"$root/bin/windows"
    printf '#!/bin/sh\n' >"$root/bin/closed"
    chmod 755 "$root/bin/script" "$root/bin/dynamic" "$root/bin/windows"
    chmod 700 "$root/bin/closed"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-broken" "$BATS_TEST_TMPDIR/broken.aci"
    rkt --insecure-options=image fetch "$BATS_TEST_TMPDIR/broken.aci"
    check_fails 203 rkt run --net=none example.com/broken --exec=/bin/script
    has 'broken\[[0-9]+\]: cannot execute /bin/script: .*interpreter "/bin/nowhere", which is not in the image'
    check_fails 203 rkt run --net=none example.com/broken --exec=/bin/dynamic
    has 'needs the loader ".*ld-linux.*", which is not in the image'
    check_fails 203 rkt run --net=none example.com/broken --exec=/bin/plain
    has '/bin/plain is not executable'
    check_fails 203 rkt run --net=none example.com/broken --exec=/bin/windows
    has '/bin/windows needs the interpreter "/bin/sh" with a carriage return behind its name'
    check_fails 203 rkt run --net=none example.com/broken --exec=/bin/closed --user=1000 --group=1000
    has '/bin/closed, or a directory above it, is closed to the user \(mode 0700, owner 0:0\)'
    check_fails 203 rkt run --net=none --volume=v,kind=host,source="$root/bin" example.com/broken --mount=volume=v,target=/v --exec=/v/script
    has 'needs the interpreter "/bin/nowhere"'
    check_fails 203 rkt run --net=none example.com/broken --exec=nothing
    has 'neither in PATH'
    check_fails 203 rkt run --net=none example.com/broken --user=nobody-here
    has 'user "nobody-here" is not in the image'
    check_fails 203 rkt run --net=none example.com/broken --working-dir=/not/there
    has 'working directory /not/there: No such file or directory'
}

@test "enter: what enters is what the app is" {
    inspect_image '{"exec": ["/bin/sh", "-c", "python3 /inspect/observe.py; exec sleep 1000"], "isolators":
        [{"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_KILL", "CAP_NET_RAW"]}},
         {"name": "os/linux/no-new-privileges", "value": true}]}'
    start_pod "${inspect_pod[@]}" --user=who --group=whose --supplementary-gids=7
    wait_for 10 grep -q sys-fs "$BATS_TEST_TMPDIR/out"
    check rkt enter "$uuid" python3 /inspect/observe.py
    diff <(sed 's/^\[[^]]*\] [a-z]*\[[0-9]*\]: //' "$BATS_TEST_TMPDIR/out" | grep -vE '^(cgroup-procs|descriptors|namespace-cgroup)') \
        <(grep -vE '^(cgroup-procs|descriptors|namespace-cgroup)' <<<"$output")
    check rkt enter "$uuid" sh -c 'echo $HOME $USER $AC_APP_NAME; pwd; kill -9 1; ls /proc/1/root || :'
    has '^/home/who who inspect$'
    has 'Permission denied'
}

@test "enter: the command that is not there, and a signal" {
    busybox_image inside "$(sh_app "$forever")"
    start_pod example.com/inside
    check_fails 254 rkt enter "$uuid" nothing-here
    has 'cannot execute nothing-here'
    check_fails 137 rkt enter "$uuid" sh -c 'kill -9 $$'
}

@test "enter: on a terminal, the command has one of the pod's" {
    need commands script
    busybox_image inside "$(sh_app "$forever")"
    start_pod example.com/inside
    check_fails 6 script -qec "rkt enter $uuid sh -c 'readlink /proc/self/fd/0; echo to me >/dev/tty; exit 6'" /dev/null
    has '/dev/pts/0'
    has 'to me' # script(1), whose own input is at its end, may have put an echoed character in front
}

@test "--interactive: input and output are the app's own, or a terminal of the pod" {
    need commands script
    busybox_image talk "$(sh_app 'while read -r line; do echo "got $line"; done; exit 4')"
    check_fails 4 rkt run --net=none --interactive example.com/talk <<<'a line'
    [[ $output == 'got a line' ]]
    check_fails 5 script -qec "rkt run --net=none --interactive example.com/talk --exec=/bin/sh -- -c 'readlink /proc/self/fd/1; echo >/dev/console; exit 5'" /dev/null
    has '/dev/pts/0'
}

@test "stop: an app that does not obey is killed after its stop timeout, and at once on the second signal" {
    busybox_image deaf "$(sh_app 'trap "" TERM; while :; do sleep 0.05; done')"
    start_pod example.com/deaf --annotation=coreos.com/rkt/stage2/stop-timeout=300ms
    rkt stop "$uuid"
    check rkt status --wait=5s "$uuid"
    has '^app-deaf=137$'
    start_pod example.com/deaf
    kill "$run_pid"
    sleep 0.2
    kill "$run_pid"
    check rkt status --wait=5s "$uuid"
    has '^state=exited$'
}

@test "stop: children that an app leaves behind end with it" {
    busybox_image parent "$(sh_app '(trap "" HUP TERM; sleep 1000) & exit 0')"
    busybox_image other "$(sh_app 'sleep 0.5; ps')"
    check rkt run --net=none example.com/parent example.com/other
    lacks 'sleep 1000'
}

@test "kill -9 of the outer supervisor ends the apps in order" {
    busybox_image a "$(sh_app "$forever")"
    start_pod example.com/a
    wait_for 10 grep -q ': up' "$BATS_TEST_TMPDIR/out"
    kill -9 "$run_pid"
    check rkt status --wait=10s "$uuid"
    has '^app-a=0$'
}

@test "kill -9 of PID 1 ends the pod with 137, and no status is invented" {
    busybox_image a "$(sh_app "$forever")"
    start_pod example.com/a
    kill -9 "$(<"/var/lib/rkt/pods/run/$uuid/pid")"
    run wait "$run_pid"
    check rkt status --wait=10s "$uuid"
    has '^state=exited$'
    lacks '^app-a='
}

@test "logs: lines beyond 48K come in pieces, the last one without a newline is not lost, any byte is kept" {
    busybox_image lines "$(sh_app 'head -c 100000 /dev/zero | tr "\0" x; echo; printf "a\tb\001\n"; printf last')"
    ln "$BATS_TEST_TMPDIR/image-lines/rootfs/bin/"{busybox,head}
    ln "$BATS_TEST_TMPDIR/image-lines/rootfs/bin/"{busybox,tr}
    ln "$BATS_TEST_TMPDIR/image-lines/rootfs/bin/"{busybox,printf}
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-lines" "$BATS_TEST_TMPDIR/lines.aci"
    check rkt --insecure-options=image run --net=none "$BATS_TEST_TMPDIR/lines.aci"
    [[ $(grep -c ': x' <<<"$output") == 3 ]]
    [[ $(grep -o x <<<"$output" | wc -l) == 100000 ]]
    has $': a\tb\001'
    has ': last$'
}

@test "logs: an app that writes more than is read waits, and everything arrives" {
    busybox_image flood "$(sh_app 'i=0; while [ $i -lt 20000 ]; do echo "line $i of a flood that is longer than any pipe holds"; i=$((i+1)); done')"
    rkt run --net=none example.com/flood | (sleep 1; cat) >"$BATS_TEST_TMPDIR/flood"
    [[ $(grep -c 'of a flood' "$BATS_TEST_TMPDIR/flood") == 20000 ]]
    tail -n 1 "$BATS_TEST_TMPDIR/flood" | grep 'line 19999'
}

@test "logs: a reader that goes away does not end the app" {
    busybox_image talker "$(sh_app 'i=0; while [ $i -lt 50 ]; do echo line $i; sleep 0.01; i=$((i+1)); done; exit 3')"
    local -a results
    rkt run --net=none example.com/talker | head -n 1
    results=("${PIPESTATUS[@]}")
    [[ ${results[0]} == 3 ]]
}

@test "a pod that says nothing has no journald, and its supervisors hold at most half a megabyte" {
    ! sanitized || skip "built with sanitizers"
    busybox_image silent "$(sh_app 'exec sleep 1000')"
    start_pod example.com/silent
    local leader total=0 pid
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    check pgrep -P "$leader" -a
    lacks journald
    memory_is_small() {
        total=0
        for pid in "$leader" "$run_pid"; do
            total=$((total + $(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup")))
        done
        ((total <= 512))
    }
    wait_for 5 memory_is_small || { echo "$total kB"; return 1; }
}

@test "PID 1 cannot be read or written through proc, not even with CAP_SYS_PTRACE in its program file" {
    inspect_image
    local file=/usr/lib/rkt/stage1/native/rootfs/run before
    before=$(sha256sum "$file")
    check rkt run --net=none "${inspect_pod[@]}" --exec=/bin/python3 -- -c '
import os
for path in ("/proc/1/mem", "/proc/1/cwd", "/proc/1/fd/0", "/proc/1/environ"):
    try: os.stat(path) if path.endswith(("cwd", "0")) else open(path, "rb").read(1); print("READ", path)
    except OSError as e: print("refused", path)'
    lacks READ
    check rkt run --net=none "${inspect_pod[@]}" --caps-retain=CAP_SYS_PTRACE,CAP_DAC_OVERRIDE --exec=/bin/python3 -- -c '
try: os = __import__("os"); os.write(os.open("/proc/1/exe", os.O_WRONLY), b"x"); print("WRITTEN")
except OSError as e: print("refused", e)'
    has 'Read-only file system|Text file busy'
    [[ $(sha256sum "$file") == "$before" ]]
}

@test "a set-up that fails ends with 254, says why, and leaves nothing" {
    busybox_image plain
    local before
    before=$(host_state)
    check_fails 254 rkt run --net=none --volume=v,kind=host,source=/run/rkt-test-native/not-there example.com/plain --mount=volume=v,target=/v
    has '/run/rkt-test-native/not-there: No such file or directory'
    check_fails 254 rkt run --net=nowhere example.com/plain
    has 'networks not found: nowhere'
    check_fails 254 rkt run --net=none --interactive example.com/plain example.com/plain --name=two
    rkt gc --grace-period=0s >/dev/null
    wait_for 5 same_host_state "$before"
}

@test "nothing is left of a pod: mounts, cgroups, links, files in /run" {
    local before
    busybox_image full "$(sh_app 'echo logged; sleep 0.1')"
    before=$(host_state)
    check rkt run --net=none --volume=data,kind=empty example.com/full --mount=volume=data,target=/data
    check rkt gc --grace-period=0s
    wait_for 5 same_host_state "$before"
}

@test "without systemd: the pod has a cgroup of its own, and it is removed" {
    busybox_image alone "$(sh_app 'cat /proc/self/cgroup; ls /sys/fs/cgroup | head -n 1; (sleep 1000 &); echo ran')"
    check unshare --mount sh -c 'mount -t tmpfs none /run/systemd && exec rkt run --net=none --uuid-file-save="$1" example.com/alone' \
        - "$BATS_TEST_TMPDIR/uuid"
    has ': ran'
    has ': 0::/$'
    lacks 'pod runs without'
    check cat "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/subcgroup"
    [[ ! -d /sys/fs/cgroup$output ]]
}

@test "a volume on /etc/hosts is used, and --hosts-entry wins over it" {
    busybox_image hosts "$(sh_app 'cat /etc/hosts')"
    echo '10.2.2.2 volume' >"$BATS_TEST_TMPDIR/hosts"
    local -a pod=("--volume=h,kind=host,source=$BATS_TEST_TMPDIR/hosts" example.com/hosts '--mount=volume=h,target=/etc/hosts')
    check rkt run --net=none "${pod[@]}"
    has ': 10.2.2.2 volume'
    check rkt run --net=none --hosts-entry=10.3.3.3=flag "${pod[@]}"
    has ': 10.3.3.3.flag'
    lacks volume
}

@test "rkt-stage1(7): the example of the page runs a pod" {
    need commands jq
    local dir=$BATS_TEST_TMPDIR/stage1-chroot
    mkdir -p "$dir/rootfs"
    jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/stage1-chroot", annotations: [
        {name: "coreos.com/rkt/stage1/run", value: "/run"}, {name: "coreos.com/rkt/stage1/interface-version", value: "6"}]}' >"$dir/manifest"
    sed -n '/^#!\/bin\/bash$/,/^exit /p' "$BATS_TEST_DIRNAME/../../man/rkt-stage1.7" >"$dir/rootfs/run"
    chmod 755 "$dir/rootfs/run"
    busybox_image foreign "$(sh_app 'echo from the chroot; exit 6')"
    check_fails 6 rkt run --no-overlay --stage1-path="$dir" --net=host --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/foreign
    has '^from the chroot$'
    check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
    has '^state=exited$'
    has '^app-foreign=6$'
}

@test "run: PID 1 does not take what an image puts in the place of /proc for the kernel's" {
    local dir=$BATS_TEST_TMPDIR/image-covered
    mkdir -p "$dir/rootfs"
    ln -s proc "$dir/rootfs/sys"
    busybox_image covered "$(sh_app 'ls /proc; exit 7')"
    check_fails 7 rkt run --net=none example.com/covered
    has ': kernel$'
}
