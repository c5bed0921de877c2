#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Masquerading (ipMasq) and published ports (portmap), by real connections
# between three kinds of network namespaces: HOST, where the plugins act, REMOTE
# on a link of its own to it, and containers. Each test runs with both backends.

load lib
load cni

setup() {
    need commands ip socat nft jq iptables-legacy
    cni_begin host
    cni_namespace remote
    ip link add uplink netns "$host" type veth peer name eth0 netns "$remote"
    ip -n "$host" addr add 192.0.2.1/24 dev uplink
    ip -n "$host" addr add 2001:db8::1/64 dev uplink nodad
    ip -n "$host" link set uplink up
    ip -n "$remote" addr add 192.0.2.2/24 dev eth0
    ip -n "$remote" addr add 2001:db8::2/64 dev eth0 nodad
    ip -n "$remote" link set eth0 up
    # Both begin without, and the plugins must switch it on.
    ip netns exec "$host" sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
}

teardown() {
    stop_servers
    cni_end
}

# conf BACKEND [PORTMAPPINGS]: a bridge that masquerades, and its ports.
bridge_conf() {
    jq -n --arg backend "$1" '{cniVersion: "1.0.0", name: "blue", type: "bridge", bridge: "blue0", isGateway: true,
        isDefaultGateway: true, ipMasq: true, hairpinMode: true, ipMasqBackend: $backend,
        ipam: {type: "host-local", dataDir: $ENV.BATS_TEST_TMPDIR, ranges: [[{subnet: "10.1.0.0/16"}], [{subnet: "fd00:1::/64"}]]}}'
}

ports_conf() { # BACKEND MAPPINGS RESULT
    jq -n --arg backend "$1" --argjson ports "$2" --argjson result "$3" '{cniVersion: "1.0.0", name: "blue",
        type: "portmap", backend: $backend, runtimeConfig: {portMappings: $ports}, prevResult: $result}'
}

# attach NAME BACKEND: a container with addresses; sets NAME, $result, four and six.
attach() {
    cni_namespace "$1"
    cni bridge ADD "$1" "$(bridge_conf "$2")"
    result=$output
    four=$(jq -r '.ips[0].address | split("/")[0]' <<<"$result")
    six=$(jq -r '.ips[1].address | split("/")[0]' <<<"$result")
}

# answer NAMESPACE SOCAT-ADDRESS: a server that tells who has come.
answer() {
    # shellcheck disable=SC2016 # for the server's shell
    ip netns exec "$1" socat "$2,fork" 'SYSTEM:read line; echo "$SOCAT_PEERADDR"' 3>&- &
    server_pids+=($!)
    sleep 0.2
}

# ask NAMESPACE SOCAT-ADDRESS: what the server has said.
ask() {
    local answer
    answer=$(ip netns exec "$1" timeout 5 socat -T 2 - "$2" <<<"") || return
    tr -d '[]' <<<"$answer"
}

v6() { # as socat prints it
    python3 -c 'import ipaddress, sys; print(ipaddress.ip_address(sys.argv[1]).exploded)' "$1"
}

backends=(nftables iptables)

@test "masquerade: what a container sends out comes from the host, and within its network from itself" {
    for backend in "${backends[@]}"; do
        attach one "$backend"
        attach two "$backend"
        answer "$remote" TCP4-LISTEN:7001,reuseaddr
        answer "$remote" TCP6-LISTEN:7002,reuseaddr,ipv6only=1
        answer "$one" TCP4-LISTEN:7003,reuseaddr
        [[ $(ask "$two" TCP4:192.0.2.2:7001) == 192.0.2.1 ]]
        [[ $(ask "$two" TCP6:"[2001:db8::2]":7002) == "$(v6 2001:db8::1)" ]]
        one_four=$(jq -r '.ips[0].address | split("/")[0]' <"$BATS_TEST_TMPDIR/one.result")
        [[ $(ask "$two" TCP4:"$one_four":7003) == "$four" ]]

        cni bridge CHECK two "$(bridge_conf "$backend" | jq --argjson r "$result" '. + {prevResult: $r}')"
        flush_rules
        if cni bridge CHECK two "$(bridge_conf "$backend" | jq --argjson r "$result" '. + {prevResult: $r}')"; then false; fi
        [[ $(jq -r .msg <<<"$output") == ipMasq:* ]]
        cni bridge DEL one "$(bridge_conf "$backend")"
        cni bridge DEL two "$(bridge_conf "$backend")"
        stop_servers
        no_rules
        cni_forget one two
    done
}

@test "masquerade: after DEL nothing of it is left, of the others all" {
    for backend in "${backends[@]}"; do
        attach one "$backend"
        attach two "$backend"
        answer "$remote" TCP4-LISTEN:7001,reuseaddr
        cni bridge DEL one "$(bridge_conf "$backend")"
        cni bridge DEL one "$(bridge_conf "$backend")"
        [[ $(ask "$two" TCP4:192.0.2.2:7001) == 192.0.2.1 ]]
        cni bridge DEL two "$(bridge_conf "$backend")"
        no_rules
        stop_servers
        cni_forget one two
    done
}

@test "forwarding: a host that has learned its way from a router goes on listening to it" {
    ip -n "$host" -6 route add default via fe80::1 dev uplink proto ra
    accepts() { ip netns exec "$host" sysctl -n "net.ipv6.conf.$1.accept_ra"; }
    [[ $(accepts uplink) == 1 && $(accepts lo) == 1 ]]
    attach one nftables
    [[ $(ip netns exec "$host" sysctl -n net.ipv6.conf.all.forwarding) == 1 ]]
    [[ $(accepts uplink) == 2 && $(accepts lo) == 1 && $(accepts default) == 1 && $(accepts blue0) == 0 ]]
    cni bridge DEL one "$(bridge_conf nftables)"
}

@test "ports: reached from outside, from the host by 127.0.0.1, from a neighbour and from the container itself" {
    local mappings='[{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]'
    for backend in "${backends[@]}"; do
        attach one "$backend"
        cni portmap ADD one "$(ports_conf "$backend" "$mappings" "$result")"
        [[ $(jq -S .ips <<<"$output") == "$(jq -S .ips <<<"$result")" ]] # the result of the chain goes on
        local conf
        conf=$(ports_conf "$backend" "$mappings" "$result")
        attach two "$backend"
        answer "$one" TCP4-LISTEN:80,reuseaddr
        answer "$one" TCP6-LISTEN:80,reuseaddr,ipv6only=1

        [[ $(ask "$remote" TCP4:192.0.2.1:8080) == 192.0.2.2 ]]
        [[ $(ask "$remote" TCP6:"[2001:db8::1]":8080) == "$(v6 2001:db8::2)" ]]
        [[ $(ask "$host" TCP4:127.0.0.1:8080) == 10.1.0.1 ]]
        [[ $(ask "$host" TCP4:192.0.2.1:8080) ]]
        [[ $(ask "$two" TCP4:192.0.2.1:8080) == 10.1.0.1 ]]
        [[ $(ask "$two" TCP6:"[2001:db8::1]":8080) == "$(v6 fd00:1::1)" ]]
        [[ $(ask "$one" TCP4:192.0.2.1:8080) == 10.1.0.1 ]]
        [[ $(ask "$one" TCP6:"[2001:db8::1]":8080) == "$(v6 fd00:1::1)" ]]

        cni portmap CHECK one "$conf"
        cni portmap DEL one "$conf"
        cni portmap DEL one "$conf"
        if ask "$remote" TCP4:192.0.2.1:8080; then false; fi
        cni bridge DEL one "$(bridge_conf "$backend")"
        cni bridge DEL two "$(bridge_conf "$backend")"
        no_rules
        stop_servers
        cni_forget one two
    done
}

@test "ports: udp and sctp, an address of the host's alone, and datagrams that were on their way before" {
    local mappings='[{"hostPort": 5353, "containerPort": 53, "protocol": "udp"},
        {"hostPort": 9000, "containerPort": 90, "protocol": "tcp", "hostIP": "192.0.2.1"}]'
    for backend in "${backends[@]}"; do
        attach one "$backend"
        # A flow that conntrack knows before the port leads anywhere.
        ask "$remote" UDP4:192.0.2.1:5353,sourceport=4000 || :
        cni portmap ADD one "$(ports_conf "$backend" "$mappings" "$result")"
        answer "$one" UDP4-LISTEN:53,reuseaddr
        answer "$one" TCP4-LISTEN:90,reuseaddr
        [[ $(ask "$remote" UDP4:192.0.2.1:5353,sourceport=4000) == 192.0.2.2 ]]
        [[ $(ask "$remote" TCP4:192.0.2.1:9000) == 192.0.2.2 ]]
        if ask "$host" TCP4:127.0.0.1:9000; then false; fi
        cni portmap DEL one "$(ports_conf "$backend" "$mappings" "$result")"
        cni bridge DEL one "$(bridge_conf "$backend")"
        stop_servers
        cni_forget one
    done
}

@test "ports: one that another container has is refused, and who has it is named" {
    local mappings='[{"hostPort": 8080, "containerPort": 80}]'
    for backend in "${backends[@]}"; do
        attach one "$backend"
        cni portmap ADD one "$(ports_conf "$backend" "$mappings" "$result")"
        attach two "$backend"
        if cni portmap ADD two "$(ports_conf "$backend" "$mappings" "$result")"; then false; fi
        [[ $(jq -r .msg <<<"$output") == *8080*"$(cni_id one)"* ]]
        # The first one's still works, and the second gets it when it is free.
        cni portmap DEL one "$(ports_conf "$backend" "$mappings" "$result")"
        cni portmap ADD two "$(ports_conf "$backend" "$mappings" "$result")"
        cni portmap DEL two "$(ports_conf "$backend" "$mappings" "$result")"
        cni bridge DEL one "$(bridge_conf "$backend")"
        cni bridge DEL two "$(bridge_conf "$backend")"
        cni_forget one two
    done
}

@test "ports: GC takes what no valid attachment has, and leaves the others" {
    local mappings='[{"hostPort": 8080, "containerPort": 80}]' keep
    for backend in "${backends[@]}"; do
        attach one "$backend"
        cni portmap ADD one "$(ports_conf "$backend" "$mappings" "$result")"
        attach two "$backend"
        answer "$remote" TCP4-LISTEN:7001,reuseaddr
        keep=$(jq -n --arg id "$(cni_id two)" '{"cni.dev/valid-attachments": [{containerID: $id, ifname: "eth0"}]}')
        cni portmap GC one "$(ports_conf "$backend" "[]" "$result" | jq --argjson keep "$keep" '. + $keep | .cniVersion = "1.1.0" | del(.prevResult)')"
        [[ $(ask "$two" TCP4:192.0.2.2:7001) == 192.0.2.1 ]]
        if grep "$(cni_id one)" <(rules); then false; fi
        cni bridge DEL one "$(bridge_conf "$backend")"
        cni bridge DEL two "$(bridge_conf "$backend")"
        stop_servers
        cni_forget one two
    done
}

@test "firewall: a host that forwards nothing by itself lets the container out and answers in, in legacy tables and nft's" {
    local tool conf
    for tool in nft legacy; do
        for family in iptables ip6tables; do ip netns exec "$host" "$family-$tool" -P FORWARD DROP; done
        attach one nftables
        conf=$(jq -n --argjson result "$result" '{cniVersion: "1.0.0", name: "blue", type: "firewall", prevResult: $result}')
        answer "$remote" TCP4-LISTEN:7001,reuseaddr
        answer "$remote" TCP6-LISTEN:7002,reuseaddr,ipv6only=1
        if ask "$one" TCP4:192.0.2.2:7001,connect-timeout=1; then false; fi
        cni firewall ADD one "$conf"
        cni firewall CHECK one "$conf"
        [[ $(ask "$one" TCP4:192.0.2.2:7001) == 192.0.2.1 ]]
        [[ $(ask "$one" TCP6:"[2001:db8::2]":7002) == "$(v6 2001:db8::1)" ]]
        ip netns exec "$host" "iptables-$tool" -S FORWARD >"$BATS_TEST_TMPDIR/rules"
        grep -q -- "-s $four/32 .*-j ACCEPT" "$BATS_TEST_TMPDIR/rules"
        grep -Eq -- "-d $four/32 .*--ctstate RELATED,ESTABLISHED,DNAT .*-j ACCEPT" "$BATS_TEST_TMPDIR/rules"
        ip netns exec "$host" "ip6tables-$tool" -S FORWARD | grep -q -- "-s $six/128 .*-j ACCEPT"
        cni firewall DEL one "$conf"
        cni firewall DEL one "$conf"
        if cni firewall CHECK one "$conf"; then false; fi
        if ask "$one" TCP4:192.0.2.2:7001,connect-timeout=1; then false; fi
        [[ $(ip netns exec "$host" "iptables-$tool" -S FORWARD) == "-P FORWARD DROP" ]]
        cni bridge DEL one "$(bridge_conf nftables)"
        for family in iptables ip6tables; do ip netns exec "$host" "$family-$tool" -P FORWARD ACCEPT; done
        stop_servers
        cni_forget one
    done
}

@test "ports: bad mappings are refused with the member that is wrong" {
    attach one nftables
    while IFS='|' read -r mappings words; do
        if cni portmap ADD one "$(ports_conf nftables "$mappings" "$result")"; then false; fi
        [[ $output == *"$words"* ]] || { echo "$mappings: $output"; false; }
    done <<'END'
[{"hostPort": 70000, "containerPort": 80}]|portMappings[0].hostPort
[{"hostPort": 80}]|containerPort
[{"hostPort": 80, "containerPort": 80, "protocol": "icmp"}]|icmp
[{"hostPort": 80, "containerPort": 80, "hostIP": "localhost"}]|localhost
[{"hostPort": 80, "containerPort": "80"}]|expected
{}|portMappings
END
    if cni portmap ADD one "$(ports_conf nftables '[{"hostPort": 80, "containerPort": 80}]' "$result" | jq 'del(.prevResult)')"; then false; fi
    [[ $output == *prevResult* ]]
    if cni portmap ADD one "$(ports_conf pf '[{"hostPort": 80, "containerPort": 80}]' "$result")"; then false; fi
    [[ $output == *"expected nftables or iptables"* ]]
    if cni portmap ADD one "$(ports_conf nftables '[]' "$result" | jq '.conditionsV4 = ["-s", "1.2.3.4"]')"; then false; fi
    [[ $output == *conditionsV4* ]]
}
