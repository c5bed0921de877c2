#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods with users of their own (--private-users) of the systemd stage1: systemd as PID 1 of a user namespace.

# shellcheck disable=SC2016,SC2034,SC2054,SC2154 # scripts for the apps' shells; options are inspect's; uuid and run_pid are start_pod's
load lib
load pods

setup() {
    stage1=(--stage1-from-dir=systemd --private-users)
}

teardown() {
    end_pods
    rm -rf "$data"
}

# On a file system that can map owners: before Linux 6.3, that is not so of a tmpfs at /tmp.
data=/var/lib/rkt/test-systemd-users

forever='trap "echo bye; exit 0" TERM; while :; do sleep 0.05; done'

# start_users ARGUMENT…: such a pod in the background, until it is ready. Sets uuid, run_pid, machine, leader, and
# shift, its root's number on the host.
start_users() {
    start_pod "${stage1[@]}" "$@"
    machine=rkt-$uuid leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    read -r _ shift _ <"/proc/$leader/uid_map"
}

managed() { systemctl -M "$machine" --no-pager "$@"; }

app_pid() { managed show -P MainPID "app-$1.service"; }

@test "systemd flavour, private users: PID 1 is systemd, and it, the agent and the apps have a range of the pod's own" {
    busybox_image one "$(sh_app "$forever")"
    start_users example.com/one
    [[ $(tr -s ' ' <"/proc/$leader/uid_map") == " 0 $shift 65536" ]]
    [[ $(tr -s ' ' <"/proc/$leader/gid_map") == " 0 $shift 65536" ]]
    ((shift >= 0x773A0000 && shift < 0x7FFE0000 && shift % 65536 == 0))
    [[ $(<"/proc/$leader/comm") == systemd ]]
    local child children
    children=$(pgrep -P "$leader")
    (($(wc -l <<<"$children") == 2))
    for child in $leader $children; do
        check sed -n '/^Uid/p; /^Gid/p' "/proc/$child/status"
        [[ $output == $'Uid:\t'"$shift"$'\t'"$shift"$'\t'"$shift"$'\t'"$shift"$'\nGid:\t'"$shift"$'\t'"$shift"$'\t'"$shift"$'\t'"$shift" ]] ||
            { echo "$child: $output"; return 1; }
        [[ $(readlink "/proc/$child/ns/user") == "$(readlink "/proc/$leader/ns/user")" ]]
    done
    [[ $(readlink "/proc/$leader/ns/user") != "$(readlink /proc/self/ns/user)" ]]
    check_fails 1 flock -n "/run/rkt/users/$shift" true
    wait_for 10 machinectl show "$machine" >/dev/null
    check machinectl status "$machine"
    has "UID Shift: $shift"
    # its cgroup is the pod's root's, and nothing above it
    local cgroup
    cgroup=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")
    [[ $(stat -c %u "$cgroup" "$cgroup/cgroup.procs" "$cgroup/app-one.service" "${cgroup%/*}" | paste -sd' ') == "$shift $shift $shift 0" ]]
    check rkt stop "$uuid"
    wait "$run_pid"
    grep -q 'bye$' "$BATS_TEST_TMPDIR/out"
    check rkt status "$uuid"
    has '^app-one=0$'
    wait_for 10 flock -n "/run/rkt/users/$shift" true
}

@test "systemd flavour, private users: an app sees itself as in any other pod, and no trace of the range is on disk" {
    mkdir -p "$BATS_TEST_TMPDIR/image-inspect/rootfs/own"
    touch "$BATS_TEST_TMPDIR/image-inspect/rootfs/own/file"
    chown 1000:1001 "$BATS_TEST_TMPDIR/image-inspect/rootfs/own/file"
    inspect_image
    run_options=("${stage1[@]}")
    app_options+=(--exec=/bin/sh)
    inspect -c 'id -u; id -g; stat -c "%u:%g %n" / /own/file; echo x >/own/new; chown 1000:1001 /own/new; stat -c "%u:%g %n" /own/new
        grep -e CapBnd -e Seccomp: /proc/self/status; grep ^0: /proc/self/cgroup; tr -s " " </proc/self/uid_map; cat /proc/1/comm'
    [[ $output == $'0\n0\n0:0 /\n1000:1001 /own/file\n1000:1001 /own/new\nCapBnd:\t00000000a80425fb\nSeccomp:\t2\n0::/\n 0 2'*$' 65536\nsystemd' ]] ||
        { echo "$output"; return 1; }
    app_options+=(--user=who --group=whose --supplementary-gids=7,8)
    inspect -c 'id -u; id -g; grep ^Groups: /proc/self/status; echo $HOME'
    [[ $output == $'1000\n1001\nGroups:\t7 8 \n/home/who' ]] || { echo "$output"; return 1; }
    check find /var/lib/rkt/pods/run '(' -uid +65535 -o -gid +65535 ')' -print
    [[ -z $output ]] || { echo "$output"; return 1; }
    check_fails 7 rkt run "${stage1[@]}" --net=none "${inspect_pod[@]}" --exec=/bin/sh -- -c 'exit 7'
    check_fails 203 rkt run "${stage1[@]}" --net=none "${inspect_pod[@]}" --exec=/bin/true --user=70000 --group=0
    has "user 70000, group 0: the pod's user namespace has only those below 65536"
}

@test "systemd flavour, private users: root of the pod, and its systemd, is nobody to the host's files" {
    install -d -g 0 -m 0755 "$data" && chmod g-s "$data"
    echo secret >"$data/secret"
    chmod 600 "$data/secret"
    inspect_image
    start_users --volume="data,kind=host,source=$data" "${inspect_pod[@]}" --mount=volume=data,target=/data --exec=/bin/sleep -- 1000
    check rkt enter "$uuid" /bin/sh -c 'cat /data/secret; touch /data/new; mknod /tmp/null c 1 3; stat -c %u:%g /data'
    has 'cat: /data/secret: Permission denied'
    has 'mknod: /tmp/null: Operation not permitted'
    has '^65534:65534$'
    [[ ! -e $data/new ]]
    # as a service of the pod's own systemd: /usr is the host's, to be read
    run systemd-run -M "$machine" --quiet --wait --pipe /bin/sh -c 'id -u; tr -s " " </proc/self/uid_map; touch /usr/new; stat -c %u /usr; cat /etc/shadow
        date -s 2000-01-01; mknod /tmp/null c 1 3; unshare --mount /bin/echo may mount'
    has '^0$'
    has "^ 0 $shift 65536\$"
    has 'touch: .*/usr/new.*: Read-only file system'
    has '^65534$'
    has 'root:\*:'
    has 'date: cannot set date: Operation not permitted'
    has 'mknod: /tmp/null: Operation not permitted'
    has '^may mount$'
}

@test "systemd flavour, private users: volumes of the host with mapped owners, and volumes of the pod's own" {
    install -d -g 0 -m 0755 "$data" && chmod g-s "$data"
    echo x >"$data/file"
    chown 1000:1001 "$data/file"
    inspect_image
    run_options=("${stage1[@]}" --volume="data,kind=host,source=$data,idmap=true" --volume=empty,kind=empty,uid=5,gid=6 --volume=memory,kind=tmpfs,uid=7,gid=8
        --mount=volume=data,target=/data --mount=volume=empty,target=/empty --mount=volume=memory,target=/memory)
    app_options+=(--exec=/bin/sh)
    inspect -c 'stat -c %u:%g /data /data/file /empty /memory; echo new >/data/new && chown 5:6 /data/new; touch /empty/x /memory/x && echo made'
    [[ $output == $'0:0\n1000:1001\n5:6\n7:8\nmade' ]] || { echo "$output"; return 1; }
    [[ $(stat -c %u:%g "$data/new") == 5:6 ]]
}

@test "systemd flavour, private users: enter is in the app's user namespace, as the app's user, with a terminal of its own" {
    inspect_image
    start_users "${inspect_pod[@]}" --exec=/bin/sleep --user=who --group=whose -- 1000
    local inode
    inode=$(readlink "/proc/$leader/ns/user")
    check rkt enter "$uuid" /bin/sh -c 'id -u; id -g; tr -s " " </proc/self/uid_map; readlink /proc/self/ns/user; grep ^0: /proc/self/cgroup; echo $HOME'
    [[ $output == $'1000\n1001\n 0 '"$shift"$' 65536\n'"$inode"$'\n0::/\n/home/who' ]] || { echo "$output"; return 1; }
    check script -qec "rkt enter --user=0 --group=0 $uuid /bin/sh -c 'tty; stat -c %u:%g \$(tty)'" /dev/null
    has '/dev/pts/[0-9]+'
    has '^0:5'
}

@test "systemd flavour, private users: what apps print is in the pod's journal, which the host reads, and gc leaves nothing" {
    rkt gc --grace-period=0s
    local before
    busybox_image one "$(sh_app 'echo for the journal; echo as an error >&2')"
    rkt run --net=none "${stage1[@]}" example.com/one
    rkt gc --grace-period=0s
    before=$(host_state | grep -v /run/rkt/users) # of each range, the lock stays
    check rkt run --net=none "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/one
    has ': for the journal$'
    local pod id
    pod=/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")
    id=$(tr -d - <"$BATS_TEST_TMPDIR/uuid")
    check journalctl -D "$pod/stage1/rootfs/var/log/journal/$id" -o json --no-pager SYSLOG_IDENTIFIER=one
    [[ $(jq -r '.MESSAGE + ":" + .PRIORITY' <<<"$output" | LC_ALL=C sort | paste -sd,) == 'as an error:3,for the journal:6' ]] || { echo "$output"; return 1; }
    # owned as without a user namespace: whoever may read the journals of other pods may read this one
    check find "$pod/stage1/rootfs/var/log/journal/$id" -printf '%U\n'
    lacks '^[1-9]'
    if [[ -d /var/log/journal ]]; then
        check journalctl -m _MACHINE_ID="$id" -o cat --no-pager SYSLOG_IDENTIFIER=one
        has '^for the journal$'
        [[ -L /var/log/journal/$id ]]
    fi
    check rkt gc --grace-period=0s
    [[ ! -e $pod && ! -e /var/lib/rkt/pods/exited-garbage/${pod##*/} && ! -L /var/log/journal/$id ]]
    diff <(sort <<<"$before") <(host_state | grep -v /run/rkt/users | sort)
}

@test "systemd flavour, private users: machinectl shell, systemctl, and the bus of the pod, from outside" {
    busybox_image app '{"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0"}'
    start_users example.com/app
    wait_for 10 machinectl show "$machine" >/dev/null
    check managed is-system-running
    has '^running$'
    check managed is-active app-app.service default.target
    check script -qec "machinectl shell $machine /bin/sh -c 'echo in the shell of \$(id -u); tr -s \" \" </proc/self/uid_map'" /dev/null
    has 'in the shell of 0'
    has " 0 $shift 65536"
    check busctl -M "$machine" --no-pager list
    has '^org.freedesktop.systemd1 '
    check hostnamectl -M "$machine" hostname
    has "^rkt-$uuid\$"
}

@test "systemd flavour, private users: it is restarted by machinectl and stopped by systemd, and no two pods share a range" {
    busybox_image app "$(sh_app "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done")"
    start_users example.com/app
    wait_for 10 machinectl show "$machine" >/dev/null
    up_again() { (($(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == 2)); }
    check machinectl reboot "$machine"
    wait_for 10 up_again
    wait_for 10 managed is-active app-app.service
    [[ $(tr -s ' ' <"/proc/$leader/uid_map") == " 0 $shift 65536" ]]
    local first=$shift first_uuid=$uuid first_run=$run_pid first_machine=$machine
    start_users example.com/app
    ((shift != first))
    check systemctl -M "$first_machine" stop app-app.service
    wait "$first_run"
    check rkt status "$first_uuid"
    has '^app-app=0$'
    wait_for 10 flock -n "/run/rkt/users/$first" true
    # all at once: the supervisor is killed, and systemd stops the apps
    kill -KILL "$run_pid"
    check rkt status --wait=20s "$uuid"
    has '^state=exited$'
    has '^app-app=0$'
    wait_for 10 flock -n "/run/rkt/users/$shift" true
}

@test "systemd flavour, private users: in a service, the pod's cgroup below it is the pod's root's, and is removed" {
    busybox_image app "$(sh_app "$forever")"
    local unit=rkt-users-$BATS_SUITE_TEST_NUMBER-$$ cgroup
    check systemd-run --quiet --unit="$unit" -p KillMode=mixed -p Delegate=yes -p Type=notify -p NotifyAccess=all \
        rkt run --net=none "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    cgroup=$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")
    [[ $cgroup == */"$unit.service/rkt-$uuid" ]] || { echo "$cgroup"; return 1; }
    (($(stat -c %u "/sys/fs/cgroup$cgroup") > 65535))
    check systemctl stop "$unit"
    check rkt status "$uuid"
    has '^app-app=0$'
    [[ ! -d /sys/fs/cgroup$cgroup ]]
}

@test "systemd flavour, private users: in a network of its own, the pod's root has it, and a server on port 80 is reached" {
    inspect_image '{"exec": ["/bin/redis-server", "--port", "80", "--protected-mode", "no", "--save", "", "--dir", "/tmp"],
        "ports": [{"name": "redis", "protocol": "tcp", "port": 80}]}'
    rkt run "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${inspect_pod[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check rkt status --wait-ready=30s "$uuid"
    local ip
    ip=$(grep -o 'ip4=[^,]*' <<<"$output" | head -n 1)
    serves() { [[ $(timeout 5 redis-cli -h "${ip#ip4=}" -p 80 ping 2>/dev/null) == PONG ]]; }
    wait_for 10 serves
    check rkt enter "$uuid" /bin/ls /sys/class/net
    has '^eth0$'
    check rkt stop "$uuid"
    wait "$run_pid" || :
    [[ ! -e /run/netns/rkt-$uuid ]]
}

@test "systemd flavour, private users: a device that is a volume may be opened, one in a volume may not, and apps come back to theirs" {
    [[ -c /dev/fuse ]] || modprobe fuse 2>/dev/null || :
    [[ -c /dev/fuse ]] || skip "needs /dev/fuse"
    mkdir -p "$BATS_TEST_TMPDIR/dir" "$data"
    mknod -m 666 "$BATS_TEST_TMPDIR/dir/fuse" c 10 229
    mknod -m 666 "$data/fuse" c 10 229 # that of a host without udev is root's alone
    busybox_image device "$(sh_app 'for d in /mine /dir/fuse; do (: <$d) && echo read $d; (: >$d) && echo wrote $d; done; echo x >/dev/null && echo null
        [ -e /once ] || { touch /once; exit 3; }')"
    check rkt run --net=none "${stage1[@]}" --volume="d,kind=host,source=$data/fuse" --volume="dir,kind=host,source=$BATS_TEST_TMPDIR/dir" \
        example.com/device --restart=on-failure --mount=volume=d,target=/mine --mount=volume=dir,target=/dir
    [[ $(grep -c ': wrote /mine$' <<<"$output") == 2 ]]
    [[ $(grep -c ': null$' <<<"$output") == 2 ]]
    lacks '(read|wrote) /dir/fuse'
    lacks 'no device policy'
}

@test "systemd flavour, private users: an app that comes to a running pod opens no device but the usual ones, and is refused with another" {
    inspect_image
    local minor
    minor=$(awk '$2 ~ /^(autofs|fuse)$/ { print $1; exit }' /proc/misc)
    [[ $minor ]] || skip "needs the device autofs or fuse"
    mkdir -p "$data"
    mknod -m 666 "$data/other" c 10 "$minor"
    mknod -m 666 "$data/null" c 1 3
    rkt app sandbox --net=none "${stage1[@]}" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check rkt status --wait-ready=20s "$uuid"
    local usr=(--mnt-volume=name=usr,kind=host,source=/usr,target=/usr)
    check rkt app add "$uuid" example.com/inspect --name=mounter "${usr[@]}" --mnt-volume="name=data,kind=host,source=$data,target=/data" \
        --caps-retain=CAP_SYS_ADMIN --seccomp=mode=retain,@appc.io/all --exec=/bin/sleep -- 1000
    check rkt app start "$uuid" --app=mounter
    check_fails 2 rkt app exec --app=mounter "$uuid" /bin/sh -c 'mount -o remount,bind,dev /data && echo >/data/null && echo remounted; exec 3</data/other'
    has '^remounted$'
    has 'other: Operation not permitted'
    check_fails 254 rkt app add "$uuid" example.com/inspect --name=opener "${usr[@]}" --mnt-volume="name=other,kind=host,source=$data/other,target=/other"
    has "app opener: the systemd stage1 cannot let it open the device 10:$minor, which is a volume"
    check rkt app add "$uuid" example.com/inspect --name=opener "${usr[@]}" --mnt-volume="name=zero,kind=host,source=$data/null,target=/mine" \
        --exec=/bin/sh -- -c 'echo x >/mine && echo wrote'
    check rkt app start "$uuid" --app=opener
    wait_for 10 grep -q 'wrote$' "$BATS_TEST_TMPDIR/out"
    check rkt stop "$uuid"
    wait "$run_pid"
}
