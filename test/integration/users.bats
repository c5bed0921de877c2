#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Users and groups of apps, and pods with users of their own (--private-users): what is seen from inside, and what of
# it from outside.

# shellcheck disable=SC2016,SC2054,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
    rm -rf "$data"
    [[ ! -e $BATS_TEST_TMPDIR/subuid ]] || cp "$BATS_TEST_TMPDIR/subuid" /etc/subuid
    if [[ -d /rkt-test-users ]]; then
        rkt --dir=/rkt-test-users gc --grace-period=0s >/dev/null 2>&1 || :
        rm -rf /rkt-test-users
    fi
}

# On a file system that can map owners: before Linux 6.3, that is not so of a tmpfs at /tmp.
data=/var/lib/rkt/test-users

forever='trap "exit 0" TERM; while :; do sleep 0.05; done'

# file OWNER:GROUP MODE PATH: an empty file of the image that inspect_image or busybox_image $1 will make.
file() {
    local path=$BATS_TEST_TMPDIR/image-${image:-inspect}/rootfs$3
    mkdir -p "${path%/*}"
    touch "$path"
    chown "$1" "$path"
    chmod "$2" "$path"
}

inspect_shell() {
    inspect_image
    app_options+=(--exec=/bin/sh)
}

# leader: sets pid, of the pod's PID 1, and shift, its root's number on the host.
leader() {
    pid=$(</var/lib/rkt/pods/run/"$uuid"/pid)
    read -r _ shift _ <"/proc/$pid/uid_map"
}

## Users of the image

@test "users: names, numbers and paths of the image say who an app is" {
    file 4711:4712 644 /owned
    inspect_shell
    local expected
    while read -r user group expected; do
        app_options=(--exec=/bin/sh "--user=$user" "--group=$group")
        inspect -c 'id -u; id -g'
        [[ ${output//$'\n'/ } == "$expected" ]] || { echo "$user:$group: $output, not $expected"; return 1; }
    done <<'END'
root root 0 0
0 0 0 0
who whose 1000 1001
1000 1001 1000 1001
99999 12345 99999 12345
/owned /owned 4711 4712
/owned 0 4711 0
who /owned 1000 4712
END
}

@test "users: a path is looked up inside the image, whatever links lead out of it" {
    file 4711:4712 644 /deep/file
    ln -s /deep/file "$BATS_TEST_TMPDIR/image-inspect/rootfs/absolute"
    inspect_shell
    local path
    for path in /absolute /../../deep/file; do
        app_options=(--exec=/bin/sh "--user=$path" "--group=$path")
        inspect -c 'id -u; id -g'
        [[ $output == $'4711\n4712' ]]
    done
}

@test "users: one that the image does not have is named, and nothing runs" {
    inspect_shell
    local pod=("${inspect_pod[@]}" --exec=/bin/true)
    check_fails 203 rkt run --net=none "${pod[@]}" --user=nosuch --group=0
    has 'user "nosuch" is not in the image.s /etc/passwd'
    check_fails 203 rkt run --net=none "${pod[@]}" --user=who --group=nosuch
    has 'group "nosuch" is not in the image.s /etc/group'
    check_fails 203 rkt run --net=none "${pod[@]}" --user=/nosuch --group=0
    has 'user "/nosuch": cannot find that file'
    # the number that means "unchanged" to the kernel would leave the app root
    check_fails 203 rkt run --net=none "${pod[@]}" --user=4294967295 --group=0
}

@test "users: supplementary groups are the app's, and nothing of who started the pod" {
    inspect_shell
    app_options+=(--user=who --group=whose --supplementary-gids=7,8,70000)
    inspect -c 'grep ^Groups: /proc/self/status'
    [[ $output == $'Groups:\t7 8 70000 ' ]]
    app_options=(--exec=/bin/sh)
    check setpriv --groups 123 rkt run --net=none "${inspect_pod[@]}" "${app_options[@]}" -- -c 'grep ^Groups: /proc/self/status'
    lacks '123'
}

## Users of a pod's own

@test "private users: a pod's users are a range of its own, for PID 1 and for the apps, and machined knows" {
    busybox_image one "$(sh_app "$forever")"
    start_pod --private-users example.com/one
    leader
    check cat "/proc/$pid/uid_map" "/proc/$pid/gid_map"
    [[ $(tr -s ' ' <<<"$output") == " 0 $shift 65536"$'\n'" 0 $shift 65536" ]]
    # above what sssd and systemd give away, below what systemd keeps for foreign images
    ((shift >= 0x773A0000 && shift < 0x7FFE0000 && shift % 65536 == 0))
    [[ $(stat -c %u "/proc/$pid/environ") == 0 ]] # nobody may look into it: its files are the host's root's
    local app
    app=$(pgrep -P "$pid")
    [[ $(stat -c %u:%g "/proc/$app") == "$shift:$shift" ]]
    [[ $(readlink "/proc/$app/ns/user") == "$(readlink "/proc/$pid/ns/user")" ]]
    [[ $(readlink "/proc/$app/ns/user") != "$(readlink /proc/self/ns/user)" ]]
    check machinectl status "rkt-$uuid"
    has "UID Shift: $shift"
    check cat "/var/lib/rkt/pods/run/$uuid/private-users-prepared"
    [[ $output == "$shift:65536" ]]
    [[ $(jq -r .PrivateUsers "/var/lib/rkt/pods/run/$uuid/runtime-config") == "$shift:65536" ]]
    [[ $(jq -r .privateUsers "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/plan.json") == "$shift:65536" ]]
}

@test "private users: without the flag and with --private-users=no the users are the host's" {
    busybox_image one "$(sh_app 'cat /proc/self/uid_map')"
    local flag
    for flag in --inherit-env=false --private-users=no --private-users=false; do
        check rkt run --net=none "$flag" example.com/one
        has ': +0 +0 4294967295$'
    done
    check rkt run --net=none --private-users=yes example.com/one
    has ': +0 2[0-9]+ +65536$'
    check_fails 254 rkt run --net=none --private-users=maybe example.com/one
    has '--private-users=maybe: expected yes or no'
}

@test "private users: files of the image and of the app have the same owners inside, and on disk, as without" {
    file 0:0 644 /roots
    file 1000:1001 644 /whos
    inspect_shell
    run_options=(--private-users)
    inspect -c 'stat -c "%u:%g %n" / /roots /whos; echo x >/new; echo y >>/whos; chown 1000:1001 /new
        mkdir /dir; stat -c "%u:%g %n" /new /whos /dir; findmnt -no FSTYPE /'
    [[ $output == '0:0 /
0:0 /roots
1000:1001 /whos
1000:1001 /new
1000:1001 /whos
0:0 /dir
overlay' ]]
    local upper=(/var/lib/rkt/pods/run/*/overlay/*/upper/inspect)
    [[ $(stat -c %u:%g "${upper[0]}"/{,new,whos,dir} | paste -sd' ') == '0:0 1000:1001 1000:1001 0:0' ]]
    # nothing that is left of the pod has a trace of the range
    check find /var/lib/rkt/pods/run '(' -uid +65535 -o -gid +65535 ')' -print
    [[ -z $output ]] || { echo "$output"; return 1; }
    check rkt gc --grace-period=0s
    [[ -z $(find /var/lib/rkt/pods/{run,exited-garbage} -mindepth 1 -maxdepth 1) ]]
}

@test "private users: an app's user, its groups and its home are those of the image" {
    inspect_shell
    run_options=(--private-users)
    app_options+=(--user=who --group=whose --supplementary-gids=7,8)
    inspect -c 'id -u; id -g; grep ^Groups: /proc/self/status; echo $HOME'
    [[ $output == $'1000\n1001\nGroups:\t7 8 \n/home/who' ]]
    rm -r "$BATS_TEST_TMPDIR/image-inspect"
    file 4711:4712 644 /owned
    inspect_shell
    app_options=(--exec=/bin/sh --user=/owned --group=/owned)
    inspect -c 'id -u; id -g'
    [[ $output == $'4711\n4712' ]]
}

@test "private users: a set-user-ID program makes the pod's root, and a file capability is the pod's" {
    mkdir -p "$BATS_TEST_TMPDIR/image-inspect/rootfs/inspect"
    cp /usr/bin/id /usr/bin/grep "$BATS_TEST_TMPDIR/image-inspect/rootfs/inspect"
    chmod 4755 "$BATS_TEST_TMPDIR/image-inspect/rootfs/inspect/id"
    setcap cap_net_raw+ep "$BATS_TEST_TMPDIR/image-inspect/rootfs/inspect/grep"
    inspect_shell
    run_options=(--private-users)
    app_options+=(--user=who --group=whose)
    inspect -c '/inspect/id -u; /inspect/id -ru; /inspect/grep ^CapEff /proc/self/status'
    [[ $output == $'0\n1000\nCapEff:\t0000000000002000' ]]
}

@test "private users: root of the pod is nobody to the host's files, and its capabilities are for its namespaces" {
    inspect_shell
    mkdir "$BATS_TEST_TMPDIR/data"
    echo secret >"$BATS_TEST_TMPDIR/data/root"
    chmod 600 "$BATS_TEST_TMPDIR/data/root"
    run_options=(--private-users "--volume=data,kind=host,source=$BATS_TEST_TMPDIR/data" --mount=volume=data,target=/data)
    rkt_options=(--insecure-options=capabilities,seccomp)
    inspect -c 'cat /data/root; touch /data/x; stat -c %u:%g /data; mknod /tmp/null c 1 3; mount -t tmpfs none /tmp && echo mounted
        hostname other && hostname; echo 1 >/proc/sys/kernel/sysrq; date -s 2000-01-01; chown 70000 /tmp/x; :' 2>&1
    has 'cat: /data/root: Permission denied'
    has 'touch: .*/data/x.*: Permission denied'
    has '^65534:65534$'
    has 'mknod: /tmp/null: Operation not permitted'
    has '^mounted$'
    has '^other$'
    has 'date: cannot set date: Operation not permitted'
    [[ $(hostname) != other ]]
}

@test "private users: owners outside of the range are nobody, and their files cannot be had" {
    file 100000:100000 600 /foreign
    inspect_shell
    run_options=(--private-users)
    inspect -c 'stat -c %u:%g /foreign; cat /foreign; chown 0 /foreign; rm -f /foreign; :' 2>&1
    has '^65534:65534$'
    has 'cat: /foreign: Permission denied'
    has 'chown: .*(Invalid argument|Operation not permitted|Value too large)'
    check_fails 203 rkt run --net=none --private-users "${inspect_pod[@]}" --exec=/bin/true --user=70000 --group=0
    has 'user 70000, group 0: the pod.s user namespace has only those below 65536'
}

@test "private users: a volume of the host is as it is, or with its owners mapped" {
    inspect_shell
    install -d -g 0 -m 0755 "$data" && chmod g-s "$data"
    echo x >"$data/file"
    chown 1000:1001 "$data/file"
    local volume="--volume=data,kind=host,source=$data" script
    script='stat -c %u:%g /data /data/file; echo new >/data/new-$1 && chown 5:6 /data/new-$1; :'
    run_options=(--private-users "$volume" --mount=volume=data,target=/data)
    inspect -c "$script" sh plain 2>&1
    has '^65534:65534$'
    lacks '^1000:1001$'
    [[ ! -e $data/new-plain ]]
    run_options=(--private-users "$volume,idmap=true" --mount=volume=data,target=/data)
    inspect -c "$script" sh mapped 2>&1
    has '^0:0$'
    has '^1000:1001$'
    [[ $(stat -c %u:%g "$data/new-mapped") == 5:6 ]]
    # without users of its own there is nothing to map
    run_options=("$volume,idmap=true" --mount=volume=data,target=/data)
    inspect -c "$script" sh without
    [[ $(stat -c %u:%g "$data/new-without") == 5:6 ]]
    check_fails 254 rkt run --net=none --volume=x,kind=empty,idmap=true "${inspect_pod[@]}"
    has 'idmap.*is only for volumes of kind host'
}

@test "private users: a volume on a file system that cannot map owners is refused by name" {
    busybox_image one
    mkdir "$BATS_TEST_TMPDIR"/{l,u,w,m}
    mount -t overlay overlay -o "lowerdir=$BATS_TEST_TMPDIR/l,upperdir=$BATS_TEST_TMPDIR/u,workdir=$BATS_TEST_TMPDIR/w" "$BATS_TEST_TMPDIR/m"
    run rkt run --net=none --private-users --volume="data,kind=host,source=$BATS_TEST_TMPDIR/m,idmap=true" \
        --mount=volume=data,target=/data example.com/one
    umount "$BATS_TEST_TMPDIR/m"
    ((status == 254))
    has "app one: volume \"data\": its file system cannot show the owners of .*/m mapped"
}

@test "private users: volumes of the pod's own and named ones belong to the users that are asked for" {
    inspect_shell
    run_options=(--private-users --volume=empty,kind=empty,uid=5,gid=6 --volume=memory,kind=tmpfs,uid=7,gid=8
        --volume=named,kind=named,uid=9,gid=10 --mount=volume=empty,target=/empty --mount=volume=memory,target=/memory
        --mount=volume=named,target=/named)
    inspect -c 'stat -c %u:%g /empty /memory /named; touch /empty/x /named/x && chown 11:12 /named/x'
    [[ $output == $'5:6\n7:8\n9:10' ]]
    [[ $(stat -c %u:%g /var/lib/rkt/volumes/named{,/x} | paste -sd' ') == '9:10 11:12' ]]
    inspect -c 'stat -c %u:%g /named/x' # another range, the same owner
    [[ $output == 11:12 ]]
    run_options=(--private-users --volume=memory,kind=tmpfs,uid=70000 --mount=volume=memory,target=/memory)
    check_fails 254 rkt run --net=none "${run_options[@]}" "${inspect_pod[@]}" --exec=/bin/true
    has 'volume "memory": the pod.s user namespace has no user 70000'
    check rkt volume rm named
}

@test "private users: what is hidden, read-only and shut without is so, too; devices work and none can be made" {
    inspect_image
    run_options=(--private-users)
    inspect paths
    lacks "^/proc/(kcore|keys|timer_list) 'ok"
    has '^/proc/sys E(ROFS|ACCES|PERM)$'
    has '^/proc/sysrq-trigger E(ROFS|ACCES|PERM|NOENT)$'
    has '^/sys E(ROFS|ACCES|PERM)$'
    inspect devices
    lacks '^has-[a-z0-9/]* False$'
    has '^null ok$'
    has '^full ENOSPC$'
    has '^ptmx ok$'
    has '^mknod-/dev EPERM$'
    has '^mknod-/tmp EPERM$'
    inspect status
    has '^CapBnd 00000000a80425fb$'
    has '^CapEff 00000000a80425fb$'
    has '^Seccomp 2$'
    inspect cgroup
    has '^cgroup /$'
    has '^cgroup-write E'
}

@test "private users: who may mount there opens no device but those that are allowed" {
    inspect_shell
    local minor flavour
    minor=$(awk '$2 ~ /^(autofs|fuse)$/ { print $1; exit }' /proc/misc)
    [[ $minor ]] || skip "needs the device autofs or fuse"
    mkdir -p "$data"
    mknod -m 666 "$data/other" c 10 "$minor"
    mknod -m 666 "$data/null" c 1 3
    app_options+=(--caps-retain=CAP_SYS_ADMIN --seccomp=mode=retain,@appc.io/all)
    for flavour in native systemd; do
        run_options=(--stage1-from-dir=$flavour --private-users "--volume=data,kind=host,source=$data" --mount=volume=data,target=/data)
        inspect -c 'busybox mount -o remount,bind,dev /data && echo >/data/null && echo remounted
            (exec 3</data/other && echo opened); :' 2>&1
        has '^remounted$'
        has 'other: Operation not permitted'
        # one that is a volume is what was asked for
        run_options=(--stage1-from-dir=$flavour --private-users "--volume=other,kind=host,source=$data/other" --mount=volume=other,target=/other)
        inspect -c '(exec 3</other && echo opened); :' 2>&1
        has '^opened$'
    done
}

@test "private users: with the host's network, its /sys is there, and kernel parameters can be set for the pod" {
    busybox_image one "$(sh_app 'ls /sys/class/net; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax; ls -ld /sys')"
    check rkt run --net=host --private-users --sysctl=kernel.msgmax=9999 example.com/one
    has ': lo$'
    has ': 9999$'
    check rkt run --net=none --private-users --sysctl=net.ipv4.ip_forward=1 example.com/one
    has ': 1$'
    check rkt run --net=none --ipc=parent --private-users example.com/one
}

@test "private users: enter is the app's user in its namespace, with the app's files" {
    file 4711:4712 755 /owned
    inspect_shell
    start_pod --private-users "${inspect_pod[@]}" --exec=/bin/sh --user=/owned --group=/owned -- -c "$forever"
    leader
    check rkt enter "$uuid" /bin/sh -c 'id -u; id -g; cat /proc/self/uid_map; readlink /proc/self/ns/user; echo $HOME'
    has '^4711$'
    has '^4712$'
    has "^ +0 +$shift +65536\$"
    has "^$(readlink "/proc/$pid/ns/user" | sed 's/[][]/\\&/g')\$"
    check rkt stop "$uuid"
    check rkt status --wait=20s "$uuid"
    start_pod --private-users "${inspect_pod[@]}" --exec=/bin/sh -- -c "$forever"
    leader
    check rkt enter "$uuid" /bin/sh -c 'echo x >/entered; stat -c %u:%g /entered; grep CapBnd /proc/self/status'
    has '^0:0$'
    has '00000000a80425fb$'
    check script -qec "rkt enter $uuid /bin/sh -c 'tty; stat -c %u:%g \$(tty); echo x >\$(tty)'" /dev/null
    has '/dev/pts/[0-9]+'
    has '^0:5'
    lacks 'denied'
}

@test "private users: no two pods share a range, and a range is free again when its pod has ended" {
    busybox_image one "$(sh_app "$forever")"
    local n=4 i shifts=() uuids=()
    for ((i = 0; i < n; i++)); do
        start_pod --private-users example.com/one
        leader
        shifts+=("$shift") uuids+=("$uuid")
        check_fails 1 flock -n "/run/rkt/users/$shift" true
    done
    [[ $(printf '%s\n' "${shifts[@]}" | sort -u | wc -l) == "$n" ]]
    kill -KILL "$run_pid"
    wait_for 10 flock -n "/run/rkt/users/${shifts[3]}" true
    # also when a pod with the same range was killed: the supervisor and PID 1 both are gone
    check rkt stop --force "${uuids[0]}"
    wait_for 10 flock -n "/run/rkt/users/${shifts[0]}" true
}

@test "private users: what /etc/subuid gives away is no pod's, and when nothing is left that is said" {
    busybox_image one "$(sh_app "$forever")"
    [[ ! -e /etc/subuid ]] || cp /etc/subuid "$BATS_TEST_TMPDIR/subuid"
    touch "$BATS_TEST_TMPDIR/subuid"
    # everything but the range from 0x7A000000 on
    printf 'nobody:100000:65536\n# junk\nnobody:2000000000:46820352\nnobody:%d:200000000\n' $((0x7A010000)) >/etc/subuid
    start_pod --private-users example.com/one
    leader
    ((shift == 0x7A000000))
    check_fails 254 timeout 30 rkt run --net=none --private-users example.com/one
    has 'every range of users from .* is taken by a pod, or given away in /etc/subuid'
}

@test "private users: a pod is prepared once, and has its range when it runs" {
    busybox_image one "$(sh_app 'cat /proc/self/uid_map')"
    check rkt prepare --private-users example.com/one
    local prepared=$output
    prepared=${prepared##*$'\n'}
    [[ ! -s /var/lib/rkt/pods/prepared/$prepared/private-users-prepared ]]
    check rkt run-prepared --net=none "$prepared"
    has ': +0 2[0-9]+ +65536$'
    check rkt rm "$prepared"
}

@test "private users: a pod manifest, several apps and a copy instead of an overlay" {
    local image=one
    file 1000:1001 644 /whos
    busybox_image one "$(sh_app 'ls -n /whos; cat /proc/self/uid_map; grep " / " /proc/self/mountinfo')"
    busybox_image two "$(sh_app 'cat /proc/self/uid_map; echo x >/x')"
    check rkt run --net=none --private-users --no-overlay example.com/one example.com/two
    has 'one\[[0-9]+\]: .* 1000 +1001 .* /whos$'
    lacks ' - overlay '
    [[ $(grep -c ': *0 *2[0-9]* *65536$' <<<"$output") == 2 ]]
    [[ -z $(find /var/lib/rkt/pods -uid +65535) ]]
    jq -n --arg id "$image_id" '{acVersion: "0.8.11", acKind: "PodManifest", apps: [{name: "mine", image: {id: $id}}]}' >"$BATS_TEST_TMPDIR/pod"
    check rkt run --net=none --private-users --pod-manifest="$BATS_TEST_TMPDIR/pod"
    has 'mine\[[0-9]+\]: +0 2[0-9]+ +65536$'
}

@test "private users: where the kernel cannot map owners, the pod has a copy that belongs to its users" {
    local dir=$BATS_TEST_TMPDIR/image-inspect
    [[ $(stat -fc %T /) == overlayfs ]] || skip "needs a root on a file system without idmapped mounts"
    mkdir -p "$dir/rootfs/inspect"
    cp /usr/bin/id /usr/bin/grep "$dir/rootfs/inspect"
    chmod 4755 "$dir/rootfs/inspect/id"
    setcap cap_net_raw+ep "$dir/rootfs/inspect/grep"
    file 1000:1001 644 /whos
    file 100000:100000 644 /foreign
    ln -s /foreign "$dir/rootfs/link"
    inspect_shell
    mkdir /rkt-test-users
    rkt --dir=/rkt-test-users --insecure-options=image fetch "$dir.aci"
    # shellcheck disable=SC2034 # inspect has it
    rkt_options=(--dir=/rkt-test-users) run_options=(--private-users)
    app_options+=(--user=who --group=whose)
    inspect -c 'stat -c %u:%g / /whos /foreign /inspect; /inspect/id -u; /inspect/grep ^CapEff /proc/self/status; id -u' 2>/dev/null
    has '^0:0$'
    has '^1000:1001$'
    has '^65534:65534$'
    has $'^CapEff:\t0000000000002000$'
    [[ $(tail -n 3 <<<"$output" | head -n 1) == 0 ]]
    local pod=(/rkt-test-users/pods/run/*) range
    range=$(<"${pod[0]}/private-users-prepared")
    [[ $(stat -c %u "${pod[0]}/stage1/rootfs/opt/stage2/inspect/rootfs/whos") == $((${range%:*} + 1000)) ]]
    check rkt --dir=/rkt-test-users gc --grace-period=0s
    [[ -z $(find /rkt-test-users/pods/{run,exited-garbage} -mindepth 1 -maxdepth 1) ]]
}

@test "private users: the pod's root may make cgroups in its cgroup, and limits hold" {
    need controllers memory
    busybox_image one "$(sh_app 'cat /sys/fs/cgroup/memory.max; x=$(cat /dev/zero | busybox head -c 100000000 | busybox tr "\0" x); echo survived')"
    run rkt run --net=none --private-users example.com/one --memory=32Mi
    has ': 33554432$'
    lacks survived
}

@test "private users: in a unit, the pod keeps the unit's cgroup, and leaves no process and no machine" {
    busybox_image one "$(sh_app 'cat /proc/self/uid_map; cat /proc/self/cgroup')"
    check systemd-run --wait --pipe -q rkt run --net=none --private-users example.com/one
    has ': +0 2[0-9]+ +65536$'
    check machinectl list --no-legend
    lacks 'rkt-'
}

@test "private users: what apps print is in the pod's journal, and the score for memory that is out is the caller's" {
    busybox_image one "$(sh_app 'echo for the journal; cat /proc/self/oom_score_adj; sleep 1')"
    echo 77 >/proc/self/oom_score_adj
    check rkt run --net=none --private-users --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/one
    has ': 77$'
    local id
    id=$(tr -d - <"$BATS_TEST_TMPDIR/uuid")
    check journalctl -o cat -D "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/stage1/rootfs/var/log/journal/$id"
    has '^for the journal$'
}

@test "private users: finding out what the file system can do leaves nothing on the host" {
    busybox_image one
    rkt run --net=none --private-users=no example.com/one
    local before
    rm -rf /run/rkt/mapped-overlay
    before=$(host_state | grep -v /run/rkt)
    check rkt run --net=none --private-users example.com/one
    [[ -n $(find /run/rkt/mapped-overlay -type f) ]]
    [[ -z $(find /var/lib/rkt/tmp -name 'mapped-overlay*') ]]
    rkt gc --grace-period=0s >/dev/null
    wait_for 5 bash -c "$(declare -f host_state); diff <(sort <<<\"\$1\") <(host_state | grep -v /run/rkt | sort)" - "$before"
}
