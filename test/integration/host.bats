# SPDX-License-Identifier: LGPL-2.1-or-later
# What the other tests take for granted about the host they run in.

load lib

setup() { work=$(mktemp -d /var/lib/rkt/host.XXXXXX); }
teardown() {
    stop_servers
    rm -rf "$work"
}

@test "host: systemd is PID 1 and has started everything" {
    [[ $(</proc/1/comm) == systemd ]]
    check systemctl is-system-running
}

@test "host: machined answers on the bus" {
    check machinectl list
    check busctl call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager ListMachines
}

@test "host: the journal is persistent and takes lines" {
    echo "a line of $BATS_TEST_NUMBER" | systemd-cat -t rkt-test
    journalctl --sync
    check journalctl -t rkt-test -o cat
    has "a line of $BATS_TEST_NUMBER"
    [[ -f /var/log/journal/$(</etc/machine-id)/system.journal ]]
}

@test "host: a transient service passes on its exit status" {
    check systemd-run --quiet --wait true
    check_fails 7 systemd-run --quiet --wait --pipe sh -c 'exit 7'
}

@test "host: these tests run in a scope of a user's slice" {
    run cat /proc/self/cgroup
    has '^0::/user\.slice/user-0\.slice/.*\.scope$'
}

@test "host: a cgroup can be made and is empty of limits of others" {
    check systemd-run --quiet --scope -p Delegate=yes sh -c \
        'cd /sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup) && mkdir leaf && echo $$ >leaf/cgroup.procs && cat /proc/self/cgroup'
    has '/leaf$'
}

@test "host: a memory limit is kept" {
    need controllers memory
    run systemd-run --wait -p MemoryMax=20M -p MemorySwapMax=0 sh -c 'head -c 50M /dev/zero | tail'
    has 'oom-kill'
}

@test "host: root has every capability" {
    need host vm
    grep -q '^CapEff:.*1ffffffffff$' /proc/self/status
}

@test "host: loopback is up and served from" {
    echo hello >"$work/file"
    serve "$work"
    check curl -sSf "$url/file"
    has '^hello$'
}

@test "host: an overlay works in rkt's directory and in /tmp" {
    local dir
    for dir in "$work" "$BATS_TEST_TMPDIR"; do
        mkdir "$dir"/{upper,work,merged}
        check unshare --mount sh -c "mount -t overlay -o lowerdir=/usr,upperdir=$dir/upper,workdir=$dir/work overlay $dir/merged && touch $dir/merged/file"
        [[ -f $dir/upper/file ]]
    done
}

@test "host: files keep attributes, access lists, owners and holes" {
    touch "$work/file"
    check setfattr -n trusted.rkt -v 1 "$work/file"
    check setfattr -n security.capability -v 0sAQAAAgAEAAAAAAAAAAAAAAAAAAA= "$work/file"
    check setfacl -m u:12345:r "$work/file"
    check mknod "$work/null" c 1 3
    check truncate -s 1T "$work/sparse"
}

@test "host: rkt's directory is an ext4 with a journal" {
    need host vm
    [[ $(findmnt -no FSTYPE /var/lib/rkt) == ext4 ]]
    check tune2fs -l "$(findmnt -no SOURCE /var/lib/rkt)"
    has 'has_journal'
}

@test "host: namespaces nest, users' among them" {
    check unshare --user --map-root-user --mount --pid --fork --mount-proc true
    check ip netns add rkt-host-test
    check ip -n rkt-host-test link add veth0 type veth peer name veth1
    check ip netns delete rkt-host-test
}

@test "host: netfilter works in a network namespace" {
    check unshare --net nft add table inet rkt
}

@test "host: ipvlan, macvlan, vlan and dummy links can be made" {
    need modules dummy ipvlan macvlan 8021q
    check unshare --net sh -ec 'ip link add d0 type dummy; ip link add link d0 name i0 type ipvlan; ip link add link d0 name v0 type vlan id 5'
}

@test "host: its state is the same when nothing has happened" {
    local before
    before=$(host_state)
    check systemd-run --quiet --wait true
    same_host_state "$before"
}

@test "host: its state differs by a leftover of each kind" {
    local before
    before=$(host_state)
    mkdir /run/rkt-leftover
    run same_host_state "$before"
    rmdir /run/rkt-leftover
    [[ $status == 1 ]]
    has '> run /run/rkt-leftover'
}
