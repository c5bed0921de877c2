#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods with users of their own (--private-users) in each kind of network: the pod's network namespace belongs to its
# user namespace, so its root has in it what root has in a network of its own, and nothing on the host.

# shellcheck disable=SC2016,SC2034,SC2154 # scripts for the apps' shells; options are inspect's; uuid is start_net's
load lib
load pods

setup() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    cat >"$config/net.d/10-users.conflist" <<'END'
{"cniVersion": "1.0.0", "name": "rkt-test-users", "plugins": [
    {"type": "bridge", "bridge": "rkttestusers0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
     "dns": {"nameservers": ["192.0.2.53"], "search": ["users.test"]},
     "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.81.0.0/24"}], [{"subnet": "fd81::/64"}]],
              "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}]}
END
    jobs=()
}

teardown() {
    ((${#jobs[@]} == 0)) || kill "${jobs[@]}" 2>/dev/null || :
    end_pods
    ip link del rkttestusers0 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-test-users "$data"
}

# On a file system that can map owners.
data=/var/lib/rkt/test-users-net

# start_net ARGUMENT…: rkt run --private-users in the background, until it is ready. Sets uuid, run_pid, leader.
start_net() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt --local-config="$config" "${rkt_options[@]}" run --private-users --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    jobs+=($!)
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
}

net_run() { rkt --local-config="$config" run --private-users "$@"; }

# address UUID FAMILY: of its first network.
address() { rkt status "$1" | grep -o "$2=[^,]*" | head -n 1 | sed 's/^[^=]*=//'; }

# redis_image: a server on port 80, which only root of the network namespace may have.
redis_image() {
    inspect_image '{"exec": ["/bin/redis-server", "--port", "80", "--protected-mode", "no", "--save", "", "--dir", "/tmp"],
        "ports": [{"name": "redis", "protocol": "tcp", "port": 80}]}'
}

serves() { [[ $(timeout 5 redis-cli -h "$1" -p "${2:-80}" ping 2>/dev/null) == PONG ]]; }

# An app that pings an address through a raw socket, as observe.py has no need for ping(8).
ping() { rkt enter "$uuid" /bin/python3 /inspect/observe.py "ping=$1"; }

# owner_of FILE: the inode of the user namespace that the namespace belongs to.
owner_of() {
    python3 -c 'import fcntl, os, sys
print(os.fstat(fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0xB701)).st_ino)' "$1"
}

# gone UUID: no handle, interface, lease or rule of the pod is left.
gone() {
    [[ ! -e /run/netns/rkt-$1 ]] || return 1
    ! grep -rqs "$1" /var/lib/cni/networks || return 1
    ! { nft list ruleset; iptables-save -t nat; } 2>/dev/null | grep -q "${1%%-*}" || return 1
}

@test "private users: the pod is in the default network, and the host and other pods reach its port 80" {
    redis_image
    start_net "${inspect_pod[@]}"
    local ip
    ip=$(address "$uuid" ip4)
    [[ $ip == 172.16.28.* ]]
    [[ $(tr -s ' ' <"/proc/$leader/uid_map") == ' 0 2'*' 65536' ]]
    wait_for 10 serves "$ip"
    check net_run "${inspect_pod[@]}" --name=other --exec=/bin/redis-cli -- -h "$ip" -p 80 ping
    has ': PONG$'
    check rkt netplug check "$uuid"
    check machinectl status "rkt-$uuid"
    has "Address: $ip"
    check ping 172.16.28.1
    has '^ping ok$'
    rkt stop "$uuid"
    wait "$run_pid" || :
    gone "$uuid"
}

@test "private users: the network namespace belongs to the pod's user namespace, and so do the others" {
    redis_image
    start_net --net=rkt-test-users "${inspect_pod[@]}"
    local users name
    users=$(stat -Lc %i "/proc/$leader/ns/user")
    for name in net uts ipc pid mnt; do
        [[ $(owner_of "/proc/$leader/ns/$name") == "$users" ]] || { echo "$name"; return 1; }
    done
    [[ $(owner_of "/run/netns/rkt-$uuid") == "$users" ]]
    # ip-netns(8) works with the handle
    check ip netns exec "rkt-$uuid" ip -o addr show eth0
    has ' 10\.81\.0\.'
}

@test "private users: both families, a published port, from localhost and the pod itself, with the network's name servers" {
    redis_image
    start_net --net=rkt-test-users --port=redis:18081 "${inspect_pod[@]}"
    local v4 v6
    v4=$(address "$uuid" ip4) v6=$(address "$uuid" ip6)
    [[ $v4 == 10.81.0.* && $v6 == fd81::* ]]
    wait_for 10 serves "$v4"
    wait_for 10 serves "$v6"
    wait_for 5 serves 127.0.0.1 18081
    wait_for 5 serves 10.81.0.1 18081
    check rkt enter "$uuid" /bin/redis-cli -h 10.81.0.1 -p 18081 ping # the hairpin
    has 'PONG'
    check rkt enter "$uuid" /bin/cat /etc/resolv.conf
    has '^nameserver 192\.0\.2\.53$'
    has '^search users\.test$'
    check rkt stop "$uuid"
    wait "$run_pid" || :
    gone "$uuid"
}

@test "private users: root of the pod administers the pod's interfaces if it may, and never the host's" {
    redis_image
    local before script='export PATH=/sbin:/bin; ip link set lo down && ip link set lo up && ip addr add 192.0.2.77/32 dev lo && echo mine
        ip link set eth0 mtu 1300 && echo mtu; ip route add 198.51.100.0/24 dev eth0 && echo route
        ip link add pair0 type veth peer name pair1 && echo veth; :'
    check net_run --net=rkt-test-users "${inspect_pod[@]}" --exec=/bin/sh --caps-retain=CAP_NET_ADMIN,CAP_NET_RAW -- -c "$script"
    has ': mine$'
    has ': mtu$'
    has ': route$'
    has ': veth$'
    ! ip -o link | grep pair || return 1
    # as without users of its own: not unless it is asked for
    check net_run --net=rkt-test-users "${inspect_pod[@]}" --exec=/bin/sh -- -c "$script"
    lacks ': (mine|mtu|route|veth)$'
    # the host's network is not the pod's, whatever it may
    before=$(ip -o link show lo)
    check rkt --insecure-options=all-run run --private-users --net=host "${inspect_pod[@]}" --exec=/bin/sh -- -c "$script
        python3 /inspect/observe.py bind=81 ping=127.0.0.1; echo 1 >/proc/sys/net/ipv4/ip_forward || echo no parameter; :"
    lacks ': (mine|mtu|route|veth)$'
    has ': bind (EACCES|EPERM)$'
    has ': ping EPERM$'
    has ': no parameter$'
    [[ $(ip -o link show lo) == "$before" ]]
}

@test "private users: with --net=none there is lo, which works, and ports below 1024 are the pod's root's" {
    redis_image
    start_net --net=none "${inspect_pod[@]}"
    wait_for 10 rkt enter "$uuid" /bin/redis-cli -p 80 ping
    check ping 127.0.0.1
    has '^ping ok$'
    check rkt enter "$uuid" /bin/python3 /inspect/observe.py bind=81
    has '^bind ok$'
    check rkt enter --user=who --group=whose "$uuid" /bin/python3 /inspect/observe.py bind=82
    has '^bind EACCES$'
    [[ ! -e /run/netns/rkt-$uuid ]]
}

@test "private users: parameters of the pod's network are set with the pod's users, and by its root where they are not protected" {
    redis_image
    local ttl=/proc/sys/net/ipv4/ip_default_ttl
    check net_run --net=rkt-test-users --sysctl=net.ipv4.ip_default_ttl=33 --sysctl=net.ipv4.ping_group_range='0 1001' \
        --sysctl=kernel.shmmni=1234 "${inspect_pod[@]}" --user=who --group=whose --exec=/bin/sh \
        -- -c "cat $ttl /proc/sys/net/ipv4/ping_group_range /proc/sys/kernel/shmmni; python3 /inspect/observe.py echo=10.81.0.1"
    has ': 33$'
    has $': 0\t1001$'
    has ': 1234$'
    has ': echo ok$'
    check net_run --net=rkt-test-users "${inspect_pod[@]}" --exec=/bin/sh -- -c "echo 34 >$ttl || cat $ttl"
    lacks ': 34$'
    check rkt --insecure-options=paths --local-config="$config" run --private-users --net=rkt-test-users "${inspect_pod[@]}" --exec=/bin/sh \
        --caps-retain=CAP_NET_ADMIN -- -c "echo 34 >$ttl; cat $ttl"
    has ': 34$'
}

@test "private users: /sys shows the interfaces of the pod's network, and no others" {
    redis_image
    check net_run --net=rkt-test-users "${inspect_pod[@]}" --exec=/bin/ls -- /sys/class/net
    has ': eth0$'
    has ': lo$'
    lacks 'rkttestusers0'
}

@test "private users: a pod in a network has its volumes mapped, and a restart of all apps keeps its address" {
    install -d -m 0755 "$data" && chmod g-s "$data"
    echo of the host >"$data/file"
    chown 1000:1001 "$data/file"
    redis_image
    start_net --net=rkt-test-users "--volume=data,kind=host,source=$data,idmap=true" --volume=empty,kind=empty,uid=5,gid=6 "${inspect_pod[@]}" \
        --mount=volume=data,target=/data --mount=volume=empty,target=/empty
    local ip
    ip=$(address "$uuid" ip4)
    check rkt enter "$uuid" /bin/sh -c 'cat /data/file; stat -c %u:%g /data/file /empty; touch /data/new'
    has '^of the host$'
    has '^1000:1001$'
    has '^5:6$'
    [[ $(stat -c %u:%g "$data/new") == 0:0 ]]
    wait_for 10 serves "$ip"
    kill -INT "$leader"
    two_starts() { (($(grep -c 'Ready to accept connections' "$BATS_TEST_TMPDIR/out") == 2)); }
    wait_for 10 two_starts
    wait_for 10 serves "$ip"
    [[ $(address "$uuid" ip4) == "$ip" ]]
}

@test "private users: several apps of a pod share its network; enter is in it" {
    redis_image
    start_net --net=rkt-test-users "${inspect_pod[@]}" example.com/inspect --name=second --exec=/bin/sleep -- 1000
    wait_for 10 rkt enter --app=second "$uuid" /bin/redis-cli -p 80 ping
    check rkt enter --app=second "$uuid" /bin/cat /proc/net/fib_trie
    has " $(address "$uuid" ip4)\$"
}

@test "private users: gc leaves nothing of a network whose pod was killed; a pod that cannot join one leaves nothing" {
    redis_image
    start_net --net=rkt-test-users --port=redis:18082 "${inspect_pod[@]}"
    local first=$uuid
    kill -KILL "$run_pid" "$leader"
    check rkt status --wait=20s "$first"
    [[ -e /run/netns/rkt-$first ]]
    check rkt gc --grace-period=0s
    gone "$first"
    check_fails 254 net_run --net=rkt-test-users:IP=198.51.100.1 --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${inspect_pod[@]}"
    has '198\.51\.100\.1'
    gone "$(<"$BATS_TEST_TMPDIR/uuid")"
    check rkt gc --grace-period=0s
    [[ ! -e /var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid") ]]
}
