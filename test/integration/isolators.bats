#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Isolators from manifests and flags: what an app sees of them, and what the kernel makes of them. Limits need a host
# with the controllers.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
}

# pod_manifest ISOLATORS-OF-THE-POD ISOLATORS-OF-THE-APP SCRIPT: a file for --pod-manifest. Sets manifest.
pod_manifest() {
    busybox_image app
    manifest=$BATS_TEST_TMPDIR/pod.json
    jq -n --argjson pod "$1" --argjson app "$2" --arg script "$3" --arg id "$image_id" '{acVersion: "0.8.11", acKind: "PodManifest",
        isolators: $pod, apps: [{name: "app", image: {id: $id}, app: {exec: ["/bin/sh", "-c", $script], user: "0", group: "0",
        isolators: $app}}]}' >"$manifest"
}

@test "isolators: unknown ones are reported by name, and the app runs" {
    pod_manifest '[{"name": "example.com/gang", "value": 1}]' '[{"name": "example.com/gpu", "value": {"count": 2}},
        {"name": "resource/network-bandwidth", "value": {"default": true, "limit": "1M"}}]' 'echo ran'
    check rkt run --net=none --pod-manifest="$manifest"
    has 'the pod: isolator example.com/gang is not applied: this stage1 does not know it'
    has 'app app: isolator example.com/gpu is not applied: this stage1 does not know it'
    lacks 'network-bandwidth'
    has ': ran$'
    check rkt run --net=host --pod-manifest="$manifest"
    has 'app app: isolator resource/network-bandwidth is not applied: the pod has the host.s network'
    has ': ran$'
    check rkt run --net=host --network-bandwidth=1M example.com/app --exec=/bin/true
    has 'the pod: isolator resource/network-bandwidth is not applied: the pod has the host.s network'
}

@test "isolators: a value that is wrong is an error with its place" {
    pod_manifest '[]' '[{"name": "coreos.com/rkt/pids-max", "value": 0}]' 'echo ran'
    check_fails 254 rkt run --net=none --pod-manifest="$manifest"
    has 'isolators\[0\].value: 0 is out of range: expected 1 to '
    lacks ': ran$'
}

@test "no-new-privileges: by flag, and a flag takes it away from an image" {
    inspect_image '{"isolators": [{"name": "os/linux/no-new-privileges", "value": true}]}'
    inspect status
    has '^NoNewPrivs 1$'
    app_options=(--no-new-privileges=false)
    inspect status
    has '^NoNewPrivs 0$'
}

@test "ambient capabilities: a user other than root has them in effect, across execve and with no_new_privs" {
    inspect_image
    app_options=(--user=who --group=whose --caps-ambient=CAP_NET_BIND_SERVICE,CAP_KILL --no-new-privileges)
    inspect status
    has '^CapEff 0000000000000420$'
    has '^CapPrm 0000000000000420$'
    has '^CapAmb 0000000000000420$'
    has '^NoNewPrivs 1$'
    has '^Seccomp 2$'
    app_options=(--caps-ambient=CAP_SYS_ADMIN)
    check_fails 254 rkt run --net=none "${inspect_pod[@]}" "${app_options[@]}"
    has 'CAP_SYS_ADMIN is not among the app.s capabilities'
}

@test "rlimits: from a flag and a manifest; one that is unknown or upside down is an error" {
    pod_manifest '[]' '[{"name": "coreos.com/rkt/rlimits", "value": {"nofile": "100:200", "core": "0"}}]' 'cat /proc/self/limits'
    check rkt run --net=none --pod-manifest="$manifest"
    has 'Max open files +100 +200 '
    has 'Max core file size +0 +0 '
    check rkt run --net=none example.com/app --ulimit=nofile=64 --ulimit=nproc=50:60 --exec=/bin/cat -- /proc/self/limits
    has 'Max open files +64 +64 '
    has 'Max processes +50 +60 '
    check_fails 254 rkt run --net=none example.com/app --ulimit=nofiles=1
    has '"nofiles" is not a resource limit'
    check_fails 254 rkt run --net=none example.com/app --ulimit=nofile=2:1
    has 'SOFT or SOFT:HARD'
    check_fails 254 rkt run --net=none example.com/app --ulimit=nofile
}

@test "sysctl: parameters of the pod's own namespaces are set, any other is an error" {
    busybox_image params "$(sh_app 'cat /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_default_ttl /proc/sys/fs/mqueue/msg_max')"
    local ttl
    ttl=$(</proc/sys/net/ipv4/ip_default_ttl)
    check rkt run --net=none --sysctl=kernel.shmmni=1234 --sysctl=net.ipv4.ip_default_ttl=33 --sysctl=fs/mqueue/msg_max=7 example.com/params
    has ': 1234$'
    has ': 33$'
    has ': 7$'
    [[ $(</proc/sys/net/ipv4/ip_default_ttl) == "$ttl" ]]
    check_fails 254 rkt run --net=none --sysctl=kernel.panic=10 example.com/params
    has 'kernel.panic cannot be set for a pod'
    check_fails 254 rkt run --net=host --sysctl=net.ipv4.ip_default_ttl=33 example.com/params
    has "the pod has the host's network"
    check_fails 254 rkt run --net=none --ipc=parent --sysctl=kernel.shmmni=1 example.com/params
    check_fails 254 rkt run --net=none --sysctl=net.ipv4.no_such_thing=1 example.com/params
    has 'cannot set the kernel parameter net/ipv4/no_such_thing'
    [[ $(</proc/sys/net/ipv4/ip_default_ttl) == "$ttl" ]]
}

@test "capabilities: a name that is none is refused before there is a pod, from a flag, an image and a pod manifest" {
    busybox_image caps
    busybox_image strange '{"exec": ["/bin/true"], "user": "0", "group": "0", "isolators": [
        {"name": "os/linux/capabilities-remove-set", "value": {"set": ["CAP_KILL", "CAP_STRANGE"]}}]}'
    check_fails 254 rkt prepare example.com/caps --caps-retain=CAP_KILL,CAP_NONE
    has '^prepare: --caps-retain=CAP_KILL,CAP_NONE: "CAP_NONE" is not a capability'
    check_fails 254 rkt run --net=none example.com/caps --caps-remove=CAP_NONE
    has '^run: --caps-remove=CAP_NONE: "CAP_NONE" is not a capability'
    check_fails 254 rkt prepare example.com/caps --caps-ambient=none
    has '"none" is not a capability'
    check_fails 254 rkt prepare example.com/strange
    has 'app "strange": isolator os/linux/capabilities-remove-set: "CAP_STRANGE" is not a capability'
    jq -n --arg id "$image_id" '{acKind: "PodManifest", acVersion: "0.8.11", apps: [{name: "strange", image: {id: $id}}]}' >"$BATS_TEST_TMPDIR/pod"
    check_fails 254 rkt prepare --pod-manifest="$BATS_TEST_TMPDIR/pod"
    has '"CAP_STRANGE" is not a capability'
    check rkt list --full --no-legend
    lacks 'example.com/(caps|strange)'
}

@test "selinux-context and apparmor-profile: where the host runs neither, that is said and the app runs" {
    [[ ! -e /sys/fs/selinux/enforce && $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) != Y ]] ||
        skip "this host runs one of them"
    busybox_image label "$(sh_app 'echo ran')"
    check rkt run --net=none example.com/label --selinux-context=system_u:system_r:svirt_lxc_net_t:s0:c1,c2 --apparmor-profile=mine
    has 'os/linux/selinux-context is set but this host has no SELinux, skipping'
    has 'os/linux/apparmor-profile is set but this host has no AppArmor, skipping'
    has ': ran$'
    # labels that the caller has been given are not this pod's
    RKT_SELINUX_CONTEXT=a:b:c:s0 RKT_SELINUX_MOUNT_CONTEXT=a:b:c:s0 RKT_SELINUX_LOCK_FD=99 check rkt run --net=none example.com/label
    has ': ran$'
    check_fails 254 rkt run --net=none example.com/label --selinux-context=system_u:system_r
    has 'value.type: missing'
}

@test "apparmor-profile: where the host runs AppArmor, a profile that is not loaded keeps the app from starting" {
    [[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] || skip "needs a host with AppArmor"
    busybox_image label "$(sh_app 'echo ran; cat /proc/self/attr/current')"
    check_fails 203 rkt run --net=none example.com/label --apparmor-profile=not-there
    has 'cannot get the AppArmor profile not-there'
    lacks ': ran$'
}

@test "limits: a controller that the host lacks is named in a warning, of the app and of the pod" {
    ! grep -qw memory /sys/fs/cgroup/cgroup.controllers || skip "this host has the controllers"
    busybox_image limited "$(sh_app 'echo ran')"
    check rkt run --net=none --memory=64Mi example.com/limited --memory=32Mi --pids-limit=5 --cpuset-cpus=0 --io-weight=50
    has 'app limited: isolator resource/memory is set but this host has .* \(memory\), skipping'
    has 'app limited: isolator coreos.com/rkt/pids-max is set but .* \(pids\), skipping'
    has 'app limited: isolator coreos.com/rkt/cpuset is set but .* \(cpuset\), skipping'
    has 'app limited: isolator coreos.com/rkt/io-weight is set but .* \(io\), skipping'
    has 'the pod: isolator resource/memory is set but .* \(memory\), skipping'
    has ': ran$'
}

@test "limits: each one is in its file of the app's cgroup" {
    need controllers memory cpu pids io cpuset
    busybox_image limited "$(sh_app 'cd /sys/fs/cgroup && grep . memory.max memory.high memory.swap.max cpu.max cpu.weight pids.max cpuset.cpus io.weight')"
    check rkt run --net=none example.com/limited --memory=64Mi --memory-high=48Mi --memory-swap-max=0 --cpu=500m --cpu-shares=2 \
        --pids-limit=20 --cpuset-cpus=0 --io-weight=50
    has 'memory.max:67108864$'
    has 'memory.high:50331648$'
    has 'cpu.max:50000 100000$'
    has 'cpu.weight:1$'
    has 'pids.max:20$'
    has 'cpuset.cpus:0$'
    lacks 'memory is set but'
}

@test "limits: the kernel kills an app that takes more memory, and that is told" {
    need controllers memory
    busybox_image eater "$(sh_app 'head -c 100000000 /dev/zero | tail -n 1 | cat >/dev/null; exec tail -n 1 /dev/zero')"
    applets eater head tail
    check_fails 137 rkt run --net=none example.com/eater --memory=16Mi --memory-swap-max=0
    has 'eater\[[0-9]+\]: out of memory: the kernel killed [0-9]+ of its processes; the limit is 16777216 bytes'
    check_fails 137 rkt run --net=none --memory=24Mi --memory-swap-max=0 example.com/eater
    has 'eater\[[0-9]+\]: out of memory: the kernel killed [0-9]+ of its processes; the limit is that of the pod'
}

@test "limits: a fork bomb ends at the limit of processes, and so does the pod's" {
    need controllers pids
    busybox_image bomb "$(sh_app 'i=0; while [ $i -lt 100 ]; do sleep 2 & i=$((i+1)); done; echo survived')"
    run rkt run --net=none example.com/bomb --pids-limit=10
    has "can't fork|Resource temporarily unavailable"
    run rkt run --net=none --pids-limit=20 example.com/bomb
    has "can't fork|Resource temporarily unavailable"
}

@test "limits: an app with half a processor gets half of one" {
    need controllers cpu
    busybox_image spin "$(sh_app 'end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do :; done; grep usage_usec /sys/fs/cgroup/cpu.stat')"
    applets spin date
    check rkt run --net=none example.com/spin --cpu=300m
    local usage
    usage=$(sed -n 's/.*usage_usec //p' <<<"$output")
    # of 4 to 6 seconds; an emulated machine is slow to start with
    ((usage > 200000 && usage < 2400000))
}

@test "limits: those of the pod are its scope's, known to systemd, and stay after a reload" {
    need controllers memory pids
    busybox_image forever "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.1; done')"
    start_pod --memory=96Mi --pids-limit=50 --cpu=1500m --cpu-shares=2048 example.com/forever
    local cgroup scope
    cgroup=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup") scope="machine-rkt\\x2d${uuid//-/\\x2d}.scope"
    [[ $(<"$cgroup/memory.max") == 100663296 ]]
    [[ $(<"$cgroup/pids.max") == 50 ]]
    [[ $(<"$cgroup/cpu.max") == '150000 100000' ]]
    check systemctl show -P MemoryMax "$scope"
    has '^100663296$'
    systemctl daemon-reload
    [[ $(<"$cgroup/memory.max") == 100663296 && $(<"$cgroup/pids.max") == 50 ]]
}

@test "limits: those of a pod and those of the unit that it is in both hold, whatever the unit is called" {
    need controllers memory pids
    busybox_image forever "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.1; done')"
    check systemd-run --quiet --unit=rkt-test-limits --collect -p MemoryMax=64M -p KillMode=mixed -p Type=notify -p NotifyAccess=all \
        rkt run --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --net=none --memory=96Mi --pids-limit=50 example.com/forever --pids-limit=20
    local unit=/sys/fs/cgroup/system.slice/rkt-test-limits.service pod before after
    pod=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/subcgroup")
    before=$(cat "$unit/memory.max" "$pod"/{memory,pids}.max "$pod/app-forever/pids.max")
    systemctl daemon-reload
    after=$(cat "$unit/memory.max" "$pod"/{memory,pids}.max "$pod/app-forever/pids.max")
    systemctl stop rkt-test-limits
    [[ $before == $'67108864\n100663296\n50\n20' && $after == "$before" && ! -e $pod ]]
}

@test "limits: block bandwidth and operations are those of the disk that the pod lies on" {
    need controllers io
    local disk
    disk=$(findmnt -no SOURCE -T /var/lib/rkt)
    [[ -b $disk ]] || skip "/var/lib/rkt is not on a disk here"
    busybox_image disk "$(sh_app 'cat /sys/fs/cgroup/io.max')"
    check rkt run --net=none example.com/disk --block-bandwidth=10M --block-iops=100
    has ': [0-9]+:[0-9]+ rbps=10000000 wbps=10000000 riops=100 wiops=100$'
}

@test "limits: an app writes no faster to its disk than it may" {
    need controllers io
    [[ -b $(findmnt -no SOURCE -T /var/lib/rkt) ]] || skip "/var/lib/rkt is not on a disk here"
    inspect_image
    local began=$SECONDS
    # 4 MB at 1 MB in a second: a machine that is slow takes longer, none takes less
    check rkt run --net=none "${inspect_pod[@]}" --block-bandwidth=1M --exec=/bin/dd -- if=/dev/zero of=/written bs=256k count=16 oflag=direct
    has '16\+0 records out'
    ((SECONDS - began >= 2))
    began=$SECONDS
    check rkt run --net=none "${inspect_pod[@]}" --block-iops=10 --exec=/bin/dd -- if=/dev/zero of=/written bs=4k count=40 oflag=direct
    ((SECONDS - began >= 2))
}

@test "enter: what enters has the app's limits, ambient capabilities and no others" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_pod "${inspect_pod[@]}" --user=who --group=whose --caps-ambient=CAP_KILL --ulimit=nofile=70:80 --no-new-privileges
    check rkt enter "$uuid" python3 /inspect/observe.py status
    has '^CapAmb 0000000000000020$'
    has '^CapEff 0000000000000020$'
    has '^NoNewPrivs 1$'
    check rkt enter "$uuid" cat /proc/self/limits
    has 'Max open files +70 +80 '
}

@test "--dry-run prints the sandbox of each app as JSON, runs nothing and leaves nothing" {
    busybox_image dry "$(sh_app 'echo ran')"
    local before
    before=$(find /var/lib/rkt/pods -mindepth 2 -maxdepth 2)
    # what is said beside it is on standard error
    rkt run --dry-run --net=none --sysctl=kernel.sem=1 --cpu=2 example.com/dry --memory=64Mi --caps-retain=CAP_KILL --ulimit=core=0 \
        --seccomp=mode=remove,errno=EPERM,mount >"$BATS_TEST_TMPDIR/plan" 2>"$BATS_TEST_TMPDIR/errors"
    jq -e '.net == "none" and .sysctl == ["kernel/sem=1"] and .cgroup[0].value == "200000 100000"' "$BATS_TEST_TMPDIR/plan"
    jq -e '.apps[0] | .name == "dry" and .capabilities == ["CAP_KILL"] and .rlimits.core == "0:0" and (.seccomp | length) == 16 and
        .cgroup[0] == {"isolator": "resource/memory", "file": "memory.max", "value": "67108864"} and
        (.maskedPaths | index("/proc/kcore")) != null' "$BATS_TEST_TMPDIR/plan"
    ! grep 'dry\[[0-9]*\]: ran' "$BATS_TEST_TMPDIR/plan" "$BATS_TEST_TMPDIR/errors" || false
    [[ $(find /var/lib/rkt/pods -mindepth 2 -maxdepth 2) == "$before" ]]
}

@test "--dry-run of a prepared pod leaves it prepared" {
    busybox_image dry "$(sh_app 'echo ran')"
    uuid=$(rkt prepare example.com/dry)
    check rkt run-prepared --dry-run --net=none "$uuid"
    has '"uuid": *"'"$uuid"
    check rkt status "$uuid"
    has '^state=prepared$'
    check rkt run-prepared --net=none "$uuid"
    has ': ran$'
}

@test "limits: systemd knows those of the pod, also where it cannot enforce them" {
    busybox_image forever "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.1; done')"
    start_pod --memory=96Mi --memory-high=90Mi --memory-swap-max=0 --pids-limit=50 --cpu=1500m --cpu-shares=2048 --io-weight=50 \
        --cpuset-cpus=0-1 example.com/forever
    check systemctl show "machine-rkt\\x2d${uuid//-/\\x2d}.scope" \
        -p MemoryMax,MemoryHigh,MemorySwapMax,TasksMax,CPUQuotaPerSecUSec,CPUWeight,IOWeight,AllowedCPUs
    has '^MemoryMax=100663296$'
    has '^MemoryHigh=94371840$'
    has '^MemorySwapMax=0$'
    has '^TasksMax=50$'
    has '^CPUQuotaPerSecUSec=1.500000s$'
    has '^CPUWeight=79$'
    has '^IOWeight=50$'
    has '^AllowedCPUs=0-1$'
}
