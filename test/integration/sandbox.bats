#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What rkt's documentation promises of an app's sandbox, row by row, and each isolator of the specification, from one
# manifest: all as the app sees it. Other files look at each more closely.

# shellcheck disable=SC2034,SC2154 # options are inspect's; output and status are run's
load lib
load pods

teardown() {
    end_pods
}

# every_isolator: those of the specification, and a set of each exclusive pair.
every_isolator='[
    {"name": "resource/cpu", "value": {"request": "250m", "limit": "500m"}},
    {"name": "resource/memory", "value": {"request": "32M", "limit": "256M"}},
    {"name": "resource/block-bandwidth", "value": {"default": true, "limit": "10M"}},
    {"name": "resource/block-iops", "value": {"default": true, "limit": "100"}},
    {"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_NET_BIND_SERVICE", "CAP_KILL"]}},
    {"name": "os/linux/seccomp-remove-set", "value": {"set": ["mount", "keyctl"], "errno": "ENOTSUP"}},
    {"name": "os/linux/no-new-privileges", "value": true},
    {"name": "os/linux/oom-score-adj", "value": 321},
    {"name": "os/linux/cpu-shares", "value": 512},
    {"name": "os/linux/selinux-context", "value": {"user": "u", "role": "r", "type": "t", "level": "s0"}},
    {"name": "os/linux/apparmor-profile", "value": {"profile": "rkt-test"}},
    {"name": "example.com/unknown", "value": 1}]'

@test "every isolator of the specification, from one manifest, is what the app sees or is said to be skipped" {
    inspect_image
    local manifest=$BATS_TEST_TMPDIR/pod.json id
    id=$(rkt image list --format=json | jq -r '.[] | select(.name | startswith("example.com/inspect")).id' | head -n 1)
    # a host that runs them has no such context or profile
    [[ ! -e /sys/fs/selinux/enforce && $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]] ||
        every_isolator=$(jq '[.[] | select(.name | test("selinux|apparmor") | not)]' <<<"$every_isolator")
    jq -n --argjson app "$every_isolator" --arg id "$id" '{acVersion: "0.8.11", acKind: "PodManifest",
        isolators: [{name: "os/unix/sysctl", value: {"kernel.shmmni": "1234", "net.ipv4.ip_default_ttl": "33"}}],
        volumes: [{name: "usr", kind: "host", source: "/usr", readOnly: true}],
        apps: [{name: "inspect", image: {id: $id}, app: {exec: ["/bin/python3", "/inspect/observe.py", "status", "limits", "calls", "labels"],
        user: "0", group: "0", mountPoints: [{name: "usr", path: "/usr", readOnly: true}], isolators: $app}}]}' >"$manifest"
    check rkt run --net=none --pod-manifest="$manifest"
    has ': CapBnd 0000000000000420$'
    has ': CapEff 0000000000000420$'
    has ': NoNewPrivs 1$'
    has ': Seccomp 2$'
    has ': mount E(OP)?NOTSUPP?$'
    has ': keyctl E(OP)?NOTSUPP?$'
    has ': oom-score-adj 321$'
    has ': kernel/shmmni 1234$'
    has ': net/ipv4/ip_default_ttl 33$'
    has 'isolator example.com/unknown is not applied'
    if grep -q selinux <<<"$every_isolator"; then
        has 'os/linux/selinux-context is set but this host has no SELinux, skipping'
        has 'os/linux/apparmor-profile is set but this host has no AppArmor, skipping'
    fi
    # a limit is in the app's cgroup, or the missing controller is named
    local controller expected disk
    while read -r controller expected; do
        if grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers; then
            has ": $expected\$"
        else
            has "is set but .* \\($controller\\), skipping"
        fi
    done <<<'memory memory.max 256000000
cpu cpu.max 50000 100000
cpu cpu.weight 20'
    disk=$(findmnt -no SOURCE -T /var/lib/rkt)
    if [[ -b $disk ]] && grep -qw io /sys/fs/cgroup/cgroup.controllers; then
        has ': io.max [0-9:]+ rbps=10000000 wbps=10000000 riops=100 wiops=100$'
    fi
}

@test "sets that exclude each other, a default that is not allowed and a list that is empty are errors with their place" {
    busybox_image plain
    local isolators manifest=$BATS_TEST_TMPDIR/pod.json
    for isolators in \
        '[{"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_KILL"]}}, {"name": "os/linux/capabilities-remove-set", "value": {"set": ["CAP_KILL"]}}]' \
        '[{"name": "os/linux/seccomp-retain-set", "value": {"set": ["read"]}}, {"name": "os/linux/seccomp-remove-set", "value": {"set": ["read"]}}]' \
        '[{"name": "os/linux/capabilities-retain-set", "value": {"set": []}}]' \
        '[{"name": "os/linux/seccomp-remove-set", "value": {"set": []}}]' \
        '[{"name": "resource/memory", "value": {"default": true, "limit": "1G"}}]' \
        '[{"name": "resource/block-iops", "value": {"default": false, "limit": "1"}}]' \
        '[{"name": "resource/block-iops", "value": {"default": true, "request": "1", "limit": "1"}}]' \
        '[{"name": "os/linux/oom-score-adj", "value": 1001}]' \
        '[{"name": "os/linux/cpu-shares", "value": 1}]'; do
        jq -n --argjson app "$isolators" --arg id "$image_id" '{acVersion: "0.8.11", acKind: "PodManifest", apps: [{name: "plain",
            image: {id: $id}, app: {exec: ["/bin/echo", "ran"], user: "0", group: "0", isolators: $app}}]}' >"$manifest"
        run rkt run --net=none --pod-manifest="$manifest"
        ((status == 254)) || { echo "$isolators: $status: $output"; return 1; }
        has 'isolators'
        lacks ': ran$'
    done
}

@test "paths that rkt hid are hidden, and those that it protected cannot be written, also with all capabilities" {
    inspect_image
    local path
    for rkt_options in --debug=false --insecure-options=capabilities,seccomp; do
        inspect rkt_paths
        echo "$output"
        for path in /sys/{firmware,hypervisor,module,power}; do has "^$path (missing|holds nothing|EACCES)\$"; done
        has '^/sys/fs (holds cgroup|holds nothing)$' # with the app's own
        for path in /proc/{config.gz,kallsyms,sched_debug,kcore,kmem,mem}; do has "^$path (missing|empty|EACCES|EPERM)\$"; done
        for path in /proc/bus /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/vm/panic_on_oom /proc/sysrq-trigger \
            /sys/{block,bus,class,dev,devices,kernel}; do
            has "^$path (EROFS|missing|ENOENT|EPERM|EACCES)\$"
        done
    done
    # the test can tell
    rkt_options=--insecure-options=paths
    inspect rkt_paths
    has '^/sys/module holds .*[a-z]'
    has '^/proc/sys/kernel/core_pattern ok$'
}

@test "root: an overlay of the pod's own, the host's users unless it has its own, not to be written when that is asked for" {
    inspect_image
    inspect roots
    has '^root ok$'
    has '^uid-map 0 0 4294967295$'
    has '^root-type overlay$'
    app_options=(--readonly-rootfs=true)
    inspect roots
    has '^root EROFS$'
    run_options=(--private-users)
    inspect roots
    has '^root EROFS$'
    has '^root-owner 0 0$'
    has '^uid-map 0 2[0-9]{9} 65536$'
}

@test "limits of the unit that rkt run is started in hold for the pod" {
    need controllers memory pids
    busybox_image eater "$(sh_app 'echo began; exec tail -n 1 /dev/zero')"
    applets eater tail
    # by default systemd would stop the unit, and its status be systemd-run's own
    run systemd-run --wait --pipe -q -p MemoryMax=32M -p MemorySwapMax=0 -p OOMPolicy=continue rkt run --net=none example.com/eater
    has ': began$'
    ((status == 137 || status == 254)) || { echo "$status: $output"; return 1; }
    # as for everything that systemd starts, there is a limit of processes if nobody has asked for one
    busybox_image forever "$(sh_app 'exec sleep 1000')"
    start_pod example.com/forever
    check cat "/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")/pids.max"
    has '^[0-9]+$'
}
