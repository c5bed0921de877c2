#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Labels of pods on a host that runs SELinux (RKT_TEST_SELINUX=1 for the vm host), permissive or enforcing.

# shellcheck disable=SC2154 # output is run's
load lib
load pods

setup() {
    [[ -e /sys/fs/selinux/enforce ]] || skip "this host does not run SELinux"
    local type
    # shellcheck source=/dev/null
    type=$(. /etc/selinux/config && echo "$SELINUXTYPE")
    contexts=/etc/selinux/$type/contexts/lxc_contexts
    [[ -e $contexts ]] || skip "the policy has no contexts for containers"
    cp -a "$contexts" "$BATS_TEST_TMPDIR/contexts"
    process=system_u:system_r:container_t file=system_u:object_r:container_file_t
    # Debian's has the types of virtual machines, but not those of containers that it names there
    is_known "$process:s0" || process=system_u:system_r:svirt_t file=system_u:object_r:svirt_image_t
    printf 'process = "%s:s0"\nfile = "%s:s0"\n' "$process" "$file" >"$contexts"
    pair=':s0:c[0-9]+,c[0-9]+$'
}

teardown() {
    [[ ! -e $BATS_TEST_TMPDIR/contexts ]] || cp -a "$BATS_TEST_TMPDIR/contexts" "$contexts"
    end_pods
}

# is_known CONTEXT: to the policy
is_known() { printf '%s\0' "$1" 2>/dev/null >/sys/fs/selinux/context; }

# What an app runs: its context, and those of files that it has from everywhere.
labels='
import os
print("process", open("/proc/self/attr/current").read().strip("\0\n"))
open("/tmp/new", "w").close()
for path in ("/", "/inspect", "/inspect/observe.py", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/dev", "/dev/shm",
             "/dev/pts", "/tmp/new", "/run/systemd/journal", "/run/systemd/journal/stdout", "/volume", "/tmpfs"):
    print(path, os.getxattr(path, "security.selinux").decode().strip("\0"))'

# run_labels ARGUMENT…: the labels of an app with these flags of run, and of the app behind "--".
run_labels() {
    local own=() image=()
    while (($#)) && [[ $1 != -- ]]; do own+=("$1"); shift; done
    (($# == 0)) || image=("${@:2}")
    check rkt run --net=none "${own[@]}" --dns=192.0.2.1 --volume=v,kind=empty --volume=t,kind=tmpfs "${inspect_pod[@]}" "${image[@]}" \
        --mount=volume=v,target=/volume --mount=volume=t,target=/tmpfs --exec=/bin/python3 -- -c "$labels"
    # shellcheck disable=SC2001 # for each line
    output=$(sed 's/^\[[^]]*\] [a-z]*\[[0-9]*\]: //' <<<"$output")
}

# all_labelled PROCESS FILE: as $output tells, each with its range
all_labelled() {
    [[ $(sed -n 's/^process //p' <<<"$output") == "$1" ]] || { echo "the process is not $1"; return 1; }
    [[ $(grep -c '^/' <<<"$output") == 14 ]]
    ! grep '^/' <<<"$output" | grep -v " $2\$" || { echo "not $2"; return 1; }
}

@test "selinux: an app and all of its files have the policy's contexts with the pod's own pair of categories" {
    inspect_image
    local range kind other=
    for kind in '' --no-overlay --private-users; do
        # shellcheck disable=SC2086 # nothing, or one word
        run_labels $kind
        range=$(sed -n "s/^process $process:\(s0:c[0-9]*,c[0-9]*\)$/\1/p" <<<"$output")
        [[ $range && $range != "$other" ]]
        all_labelled "$process:$range" "$file:$range"
        other=$range
    done
}

@test "selinux: an app's isolator goes before the policy's context, and its files are of its level" {
    inspect_image
    run_labels -- "--selinux-context=$process:s0:c7,c9"
    [[ $(sed -n 's/^process //p' <<<"$output") == "$process:s0:c7,c9" ]]
    has "^/ $file:s0:c7,c9\$"
    has "^/tmp/new $file:s0:c7,c9\$"
    # what the apps of a pod share is the pod's
    has "^/dev/shm $file$pair"
    lacks "^/dev/shm $file:s0:c7,c9\$"
}

@test "selinux: what enters an app has its context" {
    busybox_image enter "$(sh_app 'exec sleep 1000')"
    start_pod example.com/enter
    check rkt enter "$uuid" cat /proc/1/attr/current /proc/self/attr/current
    local own
    own=$(jq -r '.apps[0].selinuxContext' "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/plan.json")
    [[ $own =~ ^$process$pair ]]
    has "$own"
    check rkt app exec "$uuid" cat /proc/self/attr/current
    has "^$own"
}

@test "selinux: two pods never share a pair of categories, and a pod's is free again when it has ended" {
    busybox_image pair "$(sh_app 'exec sleep 1000')"
    # somebody has taken every pair but the last two
    cat >"$BATS_TEST_TMPDIR/hold.py" <<'END'
import fcntl, os, struct, sys
fd = os.open("/run/rkt/mcs", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.fcntl(fd, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 523776 - 2, 0))
os.execvp(sys.argv[1], sys.argv[1:])
END
    mkdir -p /run/rkt
    # the lock goes along into what holds it
    sed -i 's/^os.execvp/os.set_inheritable(fd, True)\n&/' "$BATS_TEST_TMPDIR/hold.py"
    python3 "$BATS_TEST_TMPDIR/hold.py" sleep 1000 3>&- &
    local holder=$! first
    taken() { [[ $(readlink "/proc/$holder/exe") == */sleep ]]; }
    wait_for 10 taken
    start_pod example.com/pair
    first=$uuid
    check rkt run --dry-run --net=none example.com/pair
    local plan='.apps[0].selinuxContext'
    [[ $(jq -r "$plan" <<<"$output") != $(jq -r "$plan" "/var/lib/rkt/pods/run/$first/stage1/rootfs/rkt/plan.json") ]]
    start_pod example.com/pair
    check_fails 254 rkt run --net=none example.com/pair
    has 'every pair of SELinux.s categories is taken by a pod'
    rkt stop --force "$first"
    rkt status --wait=10s "$first" >/dev/null
    check rkt run --dry-run --net=none example.com/pair
    kill "$holder"
    wait "$holder" || :
}

@test "selinux: a policy without types for containers is told of, and the pod runs without labels" {
    busybox_image none "$(sh_app 'cat /proc/self/attr/current')"
    echo 'process = "system_u:system_r:no_such_type_t:s0"' >>"$contexts"
    check rkt run --net=none example.com/none
    has 'does not have the context system_u:system_r:no_such_type_t:s0:c[0-9]+,c[0-9]+ .*: the pod gets no labels'
    has ": $(tr -d '\0' </proc/self/attr/current)"
    rm "$contexts"
    check rkt run --net=none example.com/none
    lacks SELinux
}

@test "selinux: a context of an app that the policy does not know, or one that is none, keeps a pod from starting" {
    busybox_image bad
    check_fails 203 rkt run --net=none example.com/bad --selinux-context=system_u:system_r:no_such_type_t:s0
    has 'no_such_type_t'
    echo 'process = "nonsense"' >>"$contexts"
    check_fails 254 rkt run --net=none example.com/bad
    has '"nonsense" is not a context'
}
