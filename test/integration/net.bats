#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods in networks: rkt-netplug and CNI plugins.

load lib
load pods

setup() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    net_pids=()
    # ip-netns(8) of tests before has left the directory of handles, mounted over itself; rkt makes and removes it.
    umount /run/netns 2>/dev/null || :
    [[ ! -e /run/netns ]] || rmdir /run/netns
}

# Networks of the test are not of this host any more once their state is gone; bridges stay in CNI.
teardown() {
    ((${#net_pids[@]} == 0)) || kill "${net_pids[@]}" 2>/dev/null || :
    end_pods
    ip link del rkttest0 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-test*
}

# write_network FILE JSON: LOCAL/net.d/FILE.
write_network() { printf '%s\n' "$2" >"$config/net.d/$1"; }

# bridge_network: a bridge "rkt-test" with both families and ports.
bridge_network() {
    write_network 10-bridge.conflist '{"cniVersion": "1.0.0", "name": "rkt-test", "plugins": [
        {"type": "bridge", "bridge": "rkttest0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.77.0.0/24"}], [{"subnet": "fd77::/64"}]],
                  "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": true}, "snat": true}]}'
}

# plugin NAME SCRIPT: a plugin of the test's own, beside the networks.
plugin() {
    printf '#!/bin/sh\n%s\n' "$2" >"$config/net.d/$1"
    chmod +x "$config/net.d/$1"
}

# start_net_pod ARGUMENT…: as start_pod, in networks of the test's configuration.
start_net_pod() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt --local-config="$config" run --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    net_pids+=($!)
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    run_pid=$!
}

net_run() { rkt --local-config="$config" run "$@"; }

# address UUID FAMILY: of its first network.
address() { rkt status "$1" | grep -o "$2=[^,]*" | head -n 1 | sed 's/^[^=]*=//'; }

redis_image() {
    inspect_image '{"exec": ["/bin/redis-server", "--port", "6379", "--protected-mode", "no", "--save", "", "--dir", "/tmp"],
        "ports": [{"name": "redis", "protocol": "tcp", "port": 6379}]}'
}

redis_answers() { [[ $(timeout 5 redis-cli -h "$1" -p "${2:-6379}" ping 2>/dev/null) == PONG ]]; }

# No interface, lease or handle of pods.
no_leftovers() {
    [[ ! -e /run/netns ]] || { ls /run/netns; return 1; }
    ! ip -o link | grep veth || return 1
    ! find /var/lib/cni/networks -type f ! -name 'last_reserved*' ! -name lock 2>/dev/null | grep . || return 1
}

# Of the bridge's addresses.
no_rules() {
    ! { nft list ruleset; iptables-save -t nat; } 2>/dev/null | grep -e '10\.77\.0\.' -e 'fd77:' || return 1
}

@test "a pod without --net is in the default network; the host and another pod reach it, and its end leaves nothing" {
    need commands redis-cli redis-server
    redis_image
    local first before
    before=$(host_state | grep -v '^nat')
    start_net_pod "${inspect_pod[@]}"
    first=$(address "$uuid" ip4)
    [[ $first == 172.16.28.* ]]
    wait_for 10 redis_answers "$first"
    [[ $(rkt list --no-legend --full | grep "$uuid") == *"default:ip4=$first" ]]
    check machinectl status "rkt-$uuid"
    has 'Iface: veth'
    has "Address: $first"
    [[ $(ip netns list) == *"rkt-$uuid"* ]]

    check net_run "${inspect_pod[@]}" --name=other --exec=/bin/redis-cli -- -h "$first" ping
    has 'PONG$'
    rkt stop "$uuid"
    wait "$run_pid" || :
    no_leftovers
    rkt gc --grace-period=0s >/dev/null
    wait_for 5 bash -c "$(declare -f host_state); diff <(sort <<<\"\$1\") <(host_state | grep -v '^nat' | sort)" - "$before"
}

@test "a network of the configuration: both families, a published port, from the host, localhost and the pod itself" {
    need commands redis-cli redis-server
    redis_image
    bridge_network
    start_net_pod --net=rkt-test --port=redis:16379 "${inspect_pod[@]}"
    local v4 v6
    v4=$(address "$uuid" ip4) v6=$(address "$uuid" ip6)
    [[ $v4 == 10.77.0.* && $v6 == fd77::* ]]
    wait_for 10 redis_answers "$v4"
    wait_for 10 redis_answers "$v6"
    wait_for 5 redis_answers 127.0.0.1 16379
    wait_for 5 redis_answers 10.77.0.1 16379
    check rkt enter "$uuid" /bin/redis-cli -h 10.77.0.1 -p 16379 ping # the hairpin
    has 'PONG'
    check rkt status --format=json "$uuid"
    jq -e --arg v4 "$v4" --arg v6 "$v6" '.networks == [.networks[0]] and (.networks[0] | .netName == "rkt-test" and .ip == $v4 and
        .mask == "255.255.255.0" and .ip6 == $v6 and .ifName == "eth0" and .addresses == [$v4 + "/24", $v6 + "/64"])' <<<"$output"
    rkt netplug check "$uuid"
}

@test "several networks are joined in the order of their files, with arguments, and --net=all is all" {
    busybox_image nets "$(sh_app 'busybox ip -o -4 addr')"
    write_network 20-b.conf '{"cniVersion": "0.4.0", "name": "rkt-test-b", "type": "ptp", "ipam": {"type": "host-local", "subnet": "10.78.0.0/24"}}'
    write_network 10-a.conf '{"cniVersion": "0.3.1", "name": "rkt-test-a", "type": "ptp", "ipam": {"type": "host-local", "subnet": "10.79.0.0/24"}}'
    check net_run --net='rkt-test-b:IP=10.78.0.55,rkt-test-a' example.com/nets
    has 'eth0 .* 10\.79\.0\.'
    has 'eth1 .* 10\.78\.0\.55/'
    check net_run --net=all example.com/nets
    has 'eth3 '
    check net_run --net=default --net=rkt-test-a example.com/nets
    has 'eth1 .* 172\.16\.28\.'
    no_leftovers
}

@test "--net=host has the host's interfaces, --net=none only lo; neither has net-info.json" {
    busybox_image nets "$(sh_app 'busybox ip -o link')"
    local mode
    for mode in host none; do
        check rkt run --net=$mode --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/nets
        [[ $(rkt status "$(<"$BATS_TEST_TMPDIR/uuid")") == *networks=$'\n'* ]]
        [[ ! -e /var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/net-info.json ]]
    done
    (($(grep -c ': lo:' <<<"$output") == 1 && $(wc -l <<<"$output") == 1))
    start_pod example.com/nets --exec=/bin/sleep -- 60
    [[ $(rkt status "$uuid") == *networks=$'\n'* ]]
}

@test "wrong networks are named, and nothing is left" {
    busybox_image early
    bridge_network
    local case value why
    for case in 'nowhere|networks not found: nowhere' 'a,a|given twice' 'host,a|excludes every other' ',|name is empty' \
        'host:a=b|takes no arguments' 'a:b|expected NAME:KEY=VALUE' 'a/b|not a network' 'rkt-test:IP=10.1.1.1|10\.1\.1\.1'; do
        value=${case%%|*} why=${case#*|}
        check_fails 254 net_run --net="$value" example.com/early
        has "$why"
    done
    check_fails 254 net_run --net=host --port=x:80 example.com/early
    check_fails 254 net_run --port=missing:80 example.com/early
    has 'published port "missing": no app'
    ip link del rkttest0
    no_leftovers
}

@test "broken configurations are refused with file and member" {
    busybox_image early
    local case json why
    for case in '{|unexpected end' '{"name": "a"}|type: missing' '{"name": "a", "type": 3}|type: expected a string' \
        '{"name": "a", "plugins": []}|plugins: a network needs a plugin' '{"name": "a b", "type": "x"}|name: "a b"' \
        '{"name": "a", "type": "x", "cniVersion": "7.0"}|cniVersion: "7.0"'; do
        json=${case%%|*} why=${case#*|}
        write_network broken.conf "$json"
        check_fails 254 net_run example.com/early
        has "broken\.conf:[0-9].*$why"
    done
    check_fails 254 rkt --local-config="$config" netplug list
    no_leftovers
}

@test "plugins that are missing, fail, print garbage or hang are reported, killed, and undone" {
    busybox_image early
    # shellcheck disable=SC2016 # for the plugin
    local note='[ "$CNI_COMMAND" = ADD ] || { echo "$CNI_COMMAND $CNI_IFNAME" >>'$BATS_TEST_TMPDIR'/calls; exit 0; }'
    local case script why limit=60s
    plugin other "$note"'
        echo "{\"cniVersion\": \"1.0.0\"}"'
    for case in 'exit 3|status 3' 'echo "{\"code\": 7, \"msg\": \"no good\", \"details\": \"at all\"}"; exit 1|no good; at all' \
        'echo garbage|result of plugin bad' 'echo "{\"ips\": [{\"address\": 3}]}"|expected a string' 'kill -9 $$|killed by signal 9' \
        'echo "{"; cat /dev/zero|more than .* bytes' 'echo words >&2; sleep 1000|not ended within'; do
        script=${case%%|*} why=${case#*|}
        plugin bad "$note; $script"
        write_network 10-x.conflist '{"cniVersion": "1.0.0", "name": "rkt-test", "plugins": [{"type": "other"}, {"type": "bad"}]}'
        : >"$BATS_TEST_TMPDIR/calls"
        [[ $script != *'sleep 1000' ]] || limit=2s
        RKT_CNI_TIMEOUT=$limit check_fails 254 net_run --net=rkt-test example.com/early
        has 'joining the network "rkt-test"'
        has "$why"
        [[ $(<"$BATS_TEST_TMPDIR/calls") == $'DEL eth0\nDEL eth0' ]]
    done
    has '^words$'
    ! pgrep -f "$config/net.d/bad" || return 1
    write_network 10-x.conf '{"cniVersion": "1.0.0", "name": "rkt-test", "type": "not-there"}'
    rm "$config/net.d/10-x.conflist"
    check_fails 254 net_run --net=rkt-test example.com/early
    has 'plugin not-there: there is none in'
    no_leftovers
}

@test "a network's name servers are the pod's, unless the command line names others" {
    busybox_image dns "$(sh_app 'cat /etc/resolv.conf')"
    plugin dns 'echo "{\"cniVersion\": \"1.0.0\", \"dns\": {\"nameservers\": [\"192.0.2.53\"], \"search\": [\"example.net\"], \"options\": [\"ndots:3\"]}}"'
    write_network 10-x.conf '{"cniVersion": "1.0.0", "name": "rkt-test", "type": "dns"}'
    check net_run --net=rkt-test example.com/dns
    has '# Generated by rkt from network rkt-test'
    has 'nameserver 192\.0\.2\.53'
    has 'search example\.net'
    has 'options ndots:3'
    check net_run --net=rkt-test --dns=192.0.2.1 example.com/dns
    has 'nameserver 192\.0\.2\.1$'
    lacks '192\.0\.2\.53'
    check_fails 1 net_run --net=rkt-test --dns=none example.com/dns
}

@test "plugins are told what the specification says, in the order of it, and del what add was told" {
    busybox_image early
    # shellcheck disable=SC2016 # for the plugin
    plugin tell 'd='"$BATS_TEST_TMPDIR"'/told; n=$(ls "$d" | wc -l); { env | grep ^CNI_; cat; echo; } >"$d/$n-$CNI_COMMAND"
        echo "{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.1.2.3/24\"}]}"'
    mkdir "$BATS_TEST_TMPDIR/told"
    write_network 10-x.conflist '{"cniVersion": "1.0.0", "name": "rkt-test", "plugins": [{"type": "tell", "own": 1},
        {"type": "tell", "own": 2, "capabilities": {"ips": true, "mac": false}}]}'
    check net_run --uuid-file-save="$BATS_TEST_TMPDIR/uuid" '--net=rkt-test:IP=10.1.2.3;MAC=02:00:00:00:00:01' example.com/early
    local told=$BATS_TEST_TMPDIR/told
    [[ $(ls "$told") == $'0-ADD\n1-ADD\n2-DEL\n3-DEL' ]]
    grep -qx "CNI_CONTAINERID=$(<"$BATS_TEST_TMPDIR/uuid")" "$told/0-ADD"
    grep -qx "CNI_NETNS=/run/netns/rkt-$(<"$BATS_TEST_TMPDIR/uuid")" "$told/2-DEL"
    grep -qx "CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAME=rkt-$(<"$BATS_TEST_TMPDIR/uuid");IP=10.1.2.3;MAC=02:00:00:00:00:01" "$told/3-DEL"
    grep -qx 'CNI_IFNAME=eth0' "$told/1-ADD"
    tail -n 1 "$told/0-ADD" | jq -e '.own == 1 and .name == "rkt-test" and .cniVersion == "1.0.0" and has("prevResult") == false'
    tail -n 1 "$told/1-ADD" | jq -e '.own == 2 and .prevResult.ips[0].address == "10.1.2.3/24" and .runtimeConfig == {"ips": ["10.1.2.3"]} and has("capabilities") == false'
    tail -n 1 "$told/2-DEL" | jq -e '.own == 2 and .prevResult.ips[0].address == "10.1.2.3/24"'
    tail -n 1 "$told/3-DEL" | jq -e '.own == 1'
}

@test "del works when the namespace, the handle, the plugin or the configuration is gone, and again" {
    busybox_image early
    bridge_network
    local pod
    uuid=$(rkt prepare --quiet example.com/early)
    pod=/var/lib/rkt/pods/prepared/$uuid
    rkt --local-config="$config" netplug add --net=rkt-test "$uuid"
    umount "/run/netns/rkt-$uuid"
    rm "$config/net.d/10-bridge.conflist"
    rkt netplug del "$uuid"
    wait_for 5 no_leftovers # the kernel takes namespaces down in the background
    rkt netplug del "$uuid"

    bridge_network
    rkt --local-config="$config" netplug add --net=rkt-test "$uuid"
    rkt --local-config="$config" netplug add --net=rkt-test "$uuid" # has nothing to do
    rm -rf /run/netns-gone "$pod/net-info.json"
    umount "/run/netns/rkt-$uuid" && rm -r /run/netns # as after a restart of the host
    rkt --local-config="$config" netplug add --net=rkt-test "$uuid"
    (($(find /var/lib/cni/networks/rkt-test -name '10.*' | wc -l) == 1))
    cp -r "$pod/net" "$BATS_TEST_TMPDIR/net"
    check rkt netplug del --cni-path=/nonexistent "$uuid"
    has 'there is none in /nonexistent: what it made may be left'
    cp -r "$BATS_TEST_TMPDIR/net" "$pod/net" # with its plugins back, nothing is
    check rkt netplug del "$uuid"
    wait_for 5 no_leftovers
    no_rules
}

@test "the gc of the timer takes killed pods out of their networks from its own mount namespace" {
    busybox_image early
    bridge_network
    ip netns add mine # has /run/netns mounted on itself
    start_net_pod --net=rkt-test example.com/early --exec=/bin/sleep -- 60
    ip netns del mine
    kill -KILL "$run_pid" "$(rkt status "$uuid" | sed -n 's/^pid=//p')"
    wait_for 10 bash -c '[[ $(rkt status "$1") == *state=exited* ]]' - "$uuid"
    [[ -e /run/netns/rkt-$uuid ]]
    mkdir -p /run/systemd/system/rkt-gc.service.d
    printf '[Service]\nEnvironment=GRACE_PERIOD=0s\n' >/run/systemd/system/rkt-gc.service.d/test.conf
    systemctl daemon-reload
    run systemctl start rkt-gc.service
    rm -r /run/systemd/system/rkt-gc.service.d
    systemctl daemon-reload
    ((status == 0)) || { journalctl -u rkt-gc.service -n 20; return 1; }
    [[ $(ls -A /run/netns) == '' ]]
    umount /run/netns
    rmdir /run/netns
    wait_for 5 no_leftovers
}

@test "netplug lists networks, tells their status, and has its plugins collect what no pod has" {
    bridge_network
    # shellcheck disable=SC2016 # for the plugin
    plugin own 'cat >'"$BATS_TEST_TMPDIR"'/$CNI_COMMAND; [ $CNI_COMMAND != STATUS ] || { echo "{\"code\": 50, \"msg\": \"closed today\"}"; exit 1; }'
    write_network 30-own.conf '{"cniVersion": "1.1.0", "name": "rkt-test-own", "type": "own"}'
    write_network 40-default.conf '{"cniVersion": "1.0.0", "name": "default", "type": "own"}'
    check rkt --local-config="$config" netplug list
    has '^rkt-test[[:space:]]+bridge,portmap[[:space:]]+1\.0\.0[[:space:]]+.*/10-bridge.conflist$'
    has '^default[[:space:]].*/40-default.conf$'
    lacks '99-default.conf'
    check_fails 254 rkt --local-config="$config" netplug status
    has '^rkt-test-own: plugin own: closed today$'
    has '^rkt-test: its plugins are there'
    check rkt --local-config="$config" netplug gc
    jq -e '."cni.dev/valid-attachments" == [] and .name == "rkt-test-own"' "$BATS_TEST_TMPDIR/GC"
}

@test "netplug gc removes handles whose pod is gone, and no others" {
    ip netns add rkt-00000000-0000-4000-8000-000000000001
    ip netns add mine
    check rkt netplug gc --namespaces-only
    [[ $(ip netns list) == mine ]]
    ip netns del mine
    umount /run/netns
    rmdir /run/netns
}

# What a program reads of a connection: how much, and how long that took since the first bytes came.
receive='
import socket, sys, time
s = socket.create_server(("", int(sys.argv[1])))
print("listening", flush=True)
c, n, first = s.accept()[0], 0, None
while True:
    data = c.recv(65536)
    if not data: break
    first = first or time.monotonic()
    n += len(data)
print("took", n, time.monotonic() - first)'
send='
import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 30)
c.sendall(b"x" * 400000)'

# can_shape: with the modules that the plugin bandwidth needs, loaded or built in.
can_shape() {
    modprobe -a ifb sch_tbf sch_ingress cls_u32 act_mirred 2>/dev/null || :
    ip link add rkt-test-ifb type ifb 2>/dev/null || return 1
    local status=0
    tc qdisc add dev rkt-test-ifb root tbf rate 1mbit burst 32k latency 25ms &&
        tc qdisc add dev rkt-test-ifb ingress &&
        tc filter add dev rkt-test-ifb parent ffff: protocol all u32 match u32 0 0 action mirred egress redirect dev lo || status=1
    ip link del rkt-test-ifb
    return "$status"
}

# is_slow FILE: it took the time that 400,000 bytes take at that many a second, but for a burst. More is no matter.
is_slow() {
    wait_for 30 grep -q took "$1"
    awk '$1 == "took" && $2 == 400000 && $3 >= 0.7 { found = 1 } END { exit !found }' "$1" || { cat "$1"; return 1; }
}

@test "network-bandwidth: what a pod receives and sends is shaped at the host's end of its link, until the pod ends" {
    can_shape || skip "the kernel shapes no traffic"
    bridge_network
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_net_pod --net=rkt-test --network-bandwidth=400k "${inspect_pod[@]}"
    local pod=/var/lib/rkt/pods/run/$uuid link
    local -a links
    mapfile -t links < <(jq -r '.result.interfaces[] | select((.sandbox // "") == "" and .name != "rkttest0") | .name' "$pod"/net/*.json)
    ((${#links[@]} == 2))
    for link in "${links[@]}"; do
        check tc qdisc show dev "$link"
        has 'tbf .*root .*rate 3200Kbit'
    done
    check rkt netplug check "$uuid"

    rkt enter "$uuid" python3 -c "$receive" 7000 >"$BATS_TEST_TMPDIR/in" 3>&- &
    wait_for 20 grep -q listening "$BATS_TEST_TMPDIR/in"
    python3 -c "$send" "$(address "$uuid" ip4)" 7000
    is_slow "$BATS_TEST_TMPDIR/in"
    python3 -c "$receive" 17000 >"$BATS_TEST_TMPDIR/out-of" 3>&- &
    wait_for 20 grep -q listening "$BATS_TEST_TMPDIR/out-of"
    rkt enter "$uuid" python3 -c "$send" 10.77.0.1 17000
    is_slow "$BATS_TEST_TMPDIR/out-of"

    rkt stop --force "$uuid"
    rkt status --wait=20s "$uuid" >/dev/null
    for link in "${links[@]}"; do [[ ! -e /sys/class/net/$link ]]; done
}

@test "network-bandwidth: a network that says it can is told; where it cannot be applied, that is said and the pod runs" {
    busybox_image band
    plugin shaper "cat >'$BATS_TEST_TMPDIR/config.'\$CNI_COMMAND; echo '{\"cniVersion\": \"1.0.0\"}'"
    write_network 10-shaper.conf '{"cniVersion": "1.0.0", "name": "rkt-test", "type": "shaper", "capabilities": {"bandwidth": true}}'
    write_network 20-other.conf '{"cniVersion": "1.0.0", "name": "rkt-test-other", "type": "shaper"}'
    check net_run --net=rkt-test example.com/band --network-bandwidth=1M
    lacks 'network-bandwidth'
    [[ $(jq -c '.runtimeConfig.bandwidth' "$BATS_TEST_TMPDIR/config.ADD") == '{"ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000,"egressBurst":800000}' ]]
    diff <(jq -c .runtimeConfig "$BATS_TEST_TMPDIR/config.ADD") <(jq -c .runtimeConfig "$BATS_TEST_TMPDIR/config.DEL")

    check net_run --net=rkt-test-other --network-bandwidth=1M example.com/band
    has 'network "rkt-test-other": isolator resource/network-bandwidth is not applied: plugin shaper makes no pair of links'
    # of two apps, neither has the interface for itself
    check net_run --net=rkt-test --network-bandwidth=2M example.com/band --name=one --network-bandwidth=1M example.com/band --name=two
    has 'app one: isolator resource/network-bandwidth is not applied: the apps of a pod share its interfaces'
    [[ $(jq -c '.runtimeConfig.bandwidth.ingressRate' "$BATS_TEST_TMPDIR/config.ADD") == 16000000 ]]
    # an only app's and the pod's: the lower one
    check net_run --net=rkt-test --network-bandwidth=2M example.com/band --network-bandwidth=3M
    [[ $(jq -c '.runtimeConfig.bandwidth.egressRate' "$BATS_TEST_TMPDIR/config.ADD") == 16000000 ]]
    check_fails 254 net_run --net=rkt-test --network-bandwidth=0 example.com/band
    has 'network-bandwidth=0'
}

@test "the system's configuration of the caller counts for the pod's networks, and del finds the plugins of then" {
    local system=$BATS_TEST_TMPDIR/system
    mkdir -p "$system/net.d"
    echo '{"cniVersion": "1.0.0", "name": "rkt-test-system", "type": "told"}' >"$system/net.d/10-told.conf"
    # shellcheck disable=SC2016 # for the plugin's shell
    plugin told 'cat >/dev/null; echo "$CNI_COMMAND" >>"${0%/*}/log"; echo "{\"cniVersion\": \"1.0.0\"}"'
    busybox_image system
    (cd "$BATS_TEST_TMPDIR" && check rkt --system-config=system --local-config=config run --net=rkt-test-system example.com/system)
    [[ $(<"$config/net.d/log") == ADD$'\n'DEL ]]
    # Killed with rkt run, it is left to gc, which is told nothing.
    check rkt prepare example.com/system
    uuid=${lines[-1]}
    check rkt --system-config="$system" --local-config="$config" netplug add --net=rkt-test-system "$uuid"
    check rkt netplug del "$uuid"
    [[ $(tail -n 1 "$config/net.d/log") == DEL ]]
    (($(wc -l <"$config/net.d/log") == 4))
}

@test "netplug gc keeps what pods of another data directory have in a network of the same name" {
    local other=/var/lib/rkt/other-$$ mine
    write_network 10-shared.conf '{"cniVersion": "1.1.0", "name": "rkt-test-shared", "type": "ptp", "ipMasq": true,
        "ipam": {"type": "host-local", "subnet": "10.76.0.0/24"}}'
    busybox_image shared "$(sh_app 'exec sleep 1000')"
    rkt --dir="$other" --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-shared.aci" >/dev/null
    start_net_pod --net=rkt-test-shared example.com/shared
    mine=$uuid
    rkt --dir="$other" --local-config="$config" run --net=rkt-test-shared --uuid-file-save="$BATS_TEST_TMPDIR/theirs" example.com/shared >/dev/null 2>&1 3>&- &
    net_pids+=($!)
    wait_for 20 test -s "$BATS_TEST_TMPDIR/theirs"
    rkt --dir="$other" status --wait-ready=30s "$(<"$BATS_TEST_TMPDIR/theirs")" >/dev/null
    echo nobody >/var/lib/cni/networks/rkt-test-shared/10.76.0.99

    check rkt --local-config="$config" netplug gc
    [[ ! -e /var/lib/cni/networks/rkt-test-shared/10.76.0.99 ]]
    check rkt netplug check "$mine"
    check rkt --dir="$other" netplug check "$(<"$BATS_TEST_TMPDIR/theirs")"

    rkt --dir="$other" stop --force "$(<"$BATS_TEST_TMPDIR/theirs")"
    rkt --dir="$other" status --wait=20s "$(<"$BATS_TEST_TMPDIR/theirs")" >/dev/null
    rkt --dir="$other" gc --grace-period=0s
    rm -rf "$other"
}
