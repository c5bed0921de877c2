#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The plugin dhcp and its daemon, with dnsmasq as the server.

load lib
load cni-lives
load dhcp

setup() { dhcp_setup; }
teardown() {
    [[ $(type -t end_pods) != function ]] || end_pods
    dhcp_teardown
    systemctl stop rkt-cni-dhcp.service rkt-cni-dhcp.socket 2>/dev/null || :
}

bridge_dhcp() { dhcp_conf bridge "${1-}" '{"bridge": "br-rkt-test"}'; }

# leased: the addresses that dnsmasq has given away.
leased() { cut -d' ' -f3 "$dhcp_dir/leases" | sort; }
nothing_leased() { [[ ! $(leased) ]]; }

@test "a container on a bridge gets what the server gives: address, gateway, route, DNS, MTU; DEL gives it back" {
    far_bridge
    start_dnsmasq --dhcp-option=option:router,10.90.0.1 --dhcp-option=option:dns-server,10.90.0.1,10.90.0.2 --dhcp-option=option:domain-name,example.net \
        --dhcp-option=option:domain-search,a.example.net,b.example.net --dhcp-option=option:mtu,1400
    start_daemon
    cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    local address
    address=$(leased)
    [[ $address == 10.90.0.* ]]
    jq -e --arg a "$address/24" '(.ips | length == 1) and .ips[0].address == $a and .ips[0].gateway == "10.90.0.1" and
        .routes == [{dst: "0.0.0.0/0", gw: "10.90.0.1"}] and .dns == {nameservers: ["10.90.0.1", "10.90.0.2"], domain: "example.net",
            search: ["a.example.net", "b.example.net"]}' <<<"$output" || { echo "$output"; return 1; }
    cni_ok CHECK "$ours/bridge" "$(with_previous "$(bridge_dhcp)" "$output")"
    [[ $(ip -n "$ns" -j link show eth0 | jq '.[0].mtu') == 1400 ]]
    check ip netns exec "$ns" busybox ping -c1 -W2 10.90.0.1
    ls "$dhcp_dir/state" | grep -qx "$container:n1:eth0"
    cni_ok DEL "$ours/bridge" "$(bridge_dhcp)"
    wait_for 5 nothing_leased
    grep -q DHCPRELEASE "$dhcp_dir/log"
    [[ ! $(ls "$dhcp_dir/state") ]]
    cni_ok DEL "$ours/bridge" "$(bridge_dhcp)"
}

@test "classless routes, and with them no others; a priority for all" {
    far_bridge
    start_dnsmasq --dhcp-option=option:router,10.90.0.1 --dhcp-option=option:classless-static-route,10.91.0.0/16,10.90.0.2,0.0.0.0/0,10.90.0.3 \
        --dhcp-option=33,10.92.0.0,10.90.0.1
    start_daemon
    local json
    json=$(bridge_dhcp '{"priority": 77}')
    cni_ok ADD "$ours/bridge" "$json"
    jq -e '.routes == [{dst: "10.91.0.0/16", gw: "10.90.0.2", priority: 77}, {dst: "0.0.0.0/0", gw: "10.90.0.3", priority: 77}]' <<<"$output"
    check ip -n "$ns" route
    has '^default via 10\.90\.0\.3 dev eth0.* metric 77'
    has '^10\.91\.0\.0/16 via 10\.90\.0\.2 dev eth0.* metric 77'
    lacks '10\.92'
}

@test "a container on a macvlan" {
    make_far
    can_make 'macvlan mode bridge' link m0-rkt-test
    start_dnsmasq
    start_daemon
    local json
    json=$(dhcp_conf macvlan '' '{"master": "m0-rkt-test"}')
    cni_ok ADD "$ours/macvlan" "$json"
    cni_ok CHECK "$ours/macvlan" "$(with_previous "$json" "$output")"
    check ip netns exec "$ns" busybox ping -c1 -W2 10.90.0.1
    cni_ok DEL "$ours/macvlan" "$json"
    wait_for 5 nothing_leased
}

@test "Debian's plugins call ours, and each form of result is right" {
    [[ -x $theirs/bridge ]] || skip "needs Debian's containernetworking-plugins"
    far_bridge
    start_dnsmasq
    start_daemon
    local json version
    for version in 0.2.0 0.4.0 1.0.0; do
        json=$(jq -c --arg v $version '.cniVersion = $v' <<<"$(bridge_dhcp)")
        cni_ok ADD "$theirs/bridge" "$json"
        [[ $(jq -r '.ip4.ip // .ips[0].address' <<<"$output") == "$(leased)/24" ]]
        [[ $version == 0.2.0 ]] || cni_ok CHECK "$theirs/bridge" "$(with_previous "$json" "$output")"
        cni_ok DEL "$theirs/bridge" "$json"
        [[ ! $(ls "$dhcp_dir/state") ]]
    done
}

@test "options: what the configuration provides is sent, what it requests is asked for" {
    far_bridge
    start_dnsmasq --dhcp-host='id:mine,10.90.0.42' --dhcp-vendorclass=set:vendor,rkt-vendor --dhcp-option=tag:vendor,option:router,10.90.0.77
    start_daemon
    local json provide='{"option": "host-name", "value": "not-this", "fromArg": "K8S_POD_NAME"}, {"option": "60", "value": "rkt-vendor"}'
    json=$(bridge_dhcp "{\"provide\": [$provide], \"request\": [{\"skipDefault\": true}, {\"option\": \"routers\"}, {\"option\": \"1\"}]}")
    cni_args='IgnoreUnknown=1;K8S_POD_NAME=db' cni_ok ADD "$ours/bridge" "$json"
    [[ $(jq -r '.ips[0].gateway' <<<"$output") == 10.90.0.77 ]]
    [[ $(cut -d' ' -f4 "$dhcp_dir/leases") == db ]]
    # the reference's identifier of the client: 0, CONTAINER/NETWORK/INTERFACE
    [[ $(cut -d' ' -f5 "$dhcp_dir/leases") == "00:$(printf %s "$container/n1/eth0" | od -An -tx1 | tr -s ' \n' : | sed 's/^://; s/:$//')" ]]
    grep -q 'requested options: 3:router, 1:netmask$' "$dhcp_dir/log"
    cni_ok DEL "$ours/bridge" "$json"

    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp '{"provide": [{"option": "colour", "value": "red"}]}')"
    [[ $message == *'Can not parse option "colour"'* ]]
    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp '{"request": [{"option": "0"}]}')"
    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp '{"provide": {}}')"
    [[ $message == *'configuration:1:'*'ipam.provide: expected an array'* ]]
    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp "{\"provide\": [{\"option\": \"12\", \"value\": \"$(printf 'a%.0s' {1..256})\"}]}")"
    [[ $message == *'value too long'* ]]
    [[ ! $(ip -n "$ns" -o link | grep eth0) ]]
}

@test "no server, no daemon, no interface: ADD fails with the reason and leaves nothing" {
    far_bridge
    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp)"
    [[ $message == *"error dialing DHCP daemon"*"$dhcp_socket"* ]]
    cni_fails 50 STATUS "$ours/dhcp" "$(bridge_dhcp)"
    start_daemon --timeout=1s
    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp)"
    [[ $message == *"error calling DHCP.Allocate: no DHCP server has given eth0 a lease within 1s"* ]]
    [[ ! $(ip -n "$ns" -o link | grep eth0) ]]
    [[ ! $(ls "$dhcp_dir/state" 2>/dev/null) ]]
    cni_fails 999 ADD "$ours/dhcp" "$(bridge_dhcp)"
    [[ $message == *'failed to lookup "eth0": Link not found'* ]]
    netns=/run/netns/not-there cni_fails 999 ADD "$ours/dhcp" "$(bridge_dhcp)"
    # another program behind the socket
    kill "$daemon_pid"
    rm "$dhcp_socket"
    socat -t 5 UNIX-LISTEN:"$dhcp_socket" SYSTEM:'cat >/dev/null; echo HTTP/1.0 400 Bad Request' 3>&- &
    dhcp_pids+=($!)
    wait_for 5 test -S "$dhcp_socket"
    cni_fails 999 ADD "$ours/bridge" "$(bridge_dhcp)"
    [[ $message == *"this is not our daemon"* ]]
}

@test "a plugin that is killed while it waits leaves no lease" {
    far_bridge
    start_daemon
    ip link add other-rkt-test type veth peer name eth0 netns "$ns"
    CNI_COMMAND=ADD CNI_CONTAINERID=$container CNI_NETNS=$netns CNI_IFNAME=eth0 CNI_PATH=$ours "$ours/dhcp" <<<"$(bridge_dhcp)" 3>&- &
    local plugin=$!
    wait_for 5 bash -c "(( \$(ls -l /proc/$daemon_pid/fd | grep -c socket:) >= 4 ))" # its own, the plugin's, and the interface's two
    kill -9 $plugin
    wait_for 5 bash -c "(( \$(ls -l /proc/$daemon_pid/fd | grep -c socket:) == 1 ))"
}

@test "the daemon goes on with its leases after it was killed, and gives them back then" {
    far_bridge
    start_dnsmasq
    start_daemon
    cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    local with before=$output
    with=$(with_previous "$(bridge_dhcp)" "$output")
    kill -9 "$daemon_pid"
    wait "$daemon_pid" || :
    cni_fails 999 CHECK "$ours/bridge" "$with"
    start_daemon # over the socket of the dead one
    cni_ok CHECK "$ours/bridge" "$with"
    [[ ! $(ls -l "/proc/$daemon_pid/fd" | grep 'net:') ]] # nothing holds the namespace
    # the same once more is the same lease
    cni_ok ADD "$ours/dhcp" "$(bridge_dhcp)"
    [[ $(jq -c '.ips[0].address' <<<"$output") == "$(jq -c '.ips[0].address' <<<"$before")" ]]
    grep -c 'DHCPACK(' "$dhcp_dir/log" | grep -qx 1
    cni_ok DEL "$ours/bridge" "$(bridge_dhcp)"
    wait_for 5 nothing_leased
    # what is there no more is forgotten at the next start
    cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    kill "$daemon_pid"
    wait "$daemon_pid"
    ip netns del "$ns"
    echo garbage >"$dhcp_dir/state/garbage:n1:eth0"
    start_daemon
    [[ $(ls "$dhcp_dir/state") == garbage:n1:eth0 ]]
    grep -q 'garbage:n1:eth0:1:1: ' "$dhcp_dir/daemon"
}

@test "GC gives back what no attachment has any more" {
    far_bridge
    start_dnsmasq
    start_daemon
    make_netns "$ns-b"
    cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    netns=$netns-b container=other cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    [[ $(leased | wc -l) == 2 ]]
    cni_ok GC "$ours/bridge" "$(jq -c --arg c "$container" '."cni.dev/valid-attachments" = [{containerID: $c, ifname: "eth0"}]' <<<"$(bridge_dhcp)")"
    [[ $(ls "$dhcp_dir/state") == "$container:n1:eth0" ]]
    wait_for 5 bash -c "[[ \$(wc -l <'$dhcp_dir/leases') == 1 ]]"
}

# start_server JSON: one whose answers the test chooses; answer changes them.
start_server() {
    answer "$1"
    ip netns exec "$far" python3 -B "$BATS_TEST_DIRNAME/dhcp-server.py" m1-rkt-test "$dhcp_dir" 3>&- &
    dhcp_pids+=($!)
    wait_for 10 grep -qsx ready "$dhcp_dir/log"
}
answer() {
    echo "$1" >"$dhcp_dir/answer.new"
    mv "$dhcp_dir/answer.new" "$dhcp_dir/answer"
}
asked() { grep -Eqx "$1" "$dhcp_dir/log"; }
has_address() { ip -n "$ns" -o addr show eth0 | grep -q " $1/24 "; }
has_no_address() { ! ip -n "$ns" -4 -o addr show eth0 | grep -q .; }

@test "a lease is renewed by its server, or else by any" {
    far_bridge
    start_server '{"reply": "ack", "address": "10.90.0.10", "seconds": 600, "t1": 1, "t2": 2}'
    start_daemon
    cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    wait_for 20 asked 'REQUEST 10.90.0.10 alone'
    answer '{"reply": "none"}'
    wait_for 20 asked 'REQUEST 10.90.0.10 all'
    has_address 10.90.0.10
    cni_ok DEL "$ours/bridge" "$(bridge_dhcp)"
    wait_for 5 asked 'RELEASE 10.90.0.10 alone'
}

@test "the address of a lease that is over or refused is removed, and comes back with a new lease, as do its routes" {
    far_bridge
    start_server '{"reply": "ack", "address": "10.90.0.10", "seconds": 4, "t1": 1, "t2": 2}'
    start_daemon --resendmax=1s
    cni_ok ADD "$ours/bridge" "$(bridge_dhcp)"
    has_address 10.90.0.10
    answer '{"reply": "none"}'
    wait_for 30 has_no_address
    cni_fails 999 CHECK "$ours/dhcp" "$(bridge_dhcp)"
    answer '{"reply": "ack", "address": "10.90.0.10", "seconds": 600, "t1": 1, "t2": 590}'
    wait_for 30 has_address 10.90.0.10
    wait_for 5 bash -c "ip -n $ns route | grep -q '^default via 10.90.0.1 dev eth0'"
    answer '{"reply": "nak", "address": "10.90.0.10"}'
    wait_for 30 has_no_address
    answer '{"reply": "ack", "address": "10.90.0.11", "seconds": 600}'
    wait_for 30 has_address 10.90.0.11
    cni_ok CHECK "$ours/dhcp" "$(bridge_dhcp)"
    grep -q "the lease of 10.90.0.10/24 on eth0 is over: the address is removed" "$dhcp_dir/daemon"
}

@test "rkt run with a network of DHCP: systemd starts the daemon, the pod has address and name servers, its end gives all back" {
    load pods
    systemctl stop rkt-cni-dhcp.service rkt-cni-dhcp.socket 2>/dev/null || :
    systemctl daemon-reload
    systemctl start rkt-cni-dhcp.socket
    far_bridge
    start_dnsmasq --dhcp-option=option:dns-server,10.90.0.1 --dhcp-option=option:domain-search,example.net
    busybox_image lan "$(sh_app 'busybox ip -o -4 addr; busybox ip route; cat /etc/resolv.conf')"
    mkdir -p "$BATS_TEST_TMPDIR/config/net.d"
    dhcp_socket= dhcp_conf bridge '' '{"bridge": "br-rkt-test", "name": "lan"}' >"$BATS_TEST_TMPDIR/config/net.d/10-lan.conf"
    check rkt --local-config="$BATS_TEST_TMPDIR/config" run --net=lan example.com/lan
    has 'eth0 +inet 10\.90\.0\.'
    has 'default via 10\.90\.0\.1 '
    has 'nameserver 10\.90\.0\.1'
    has 'search example\.net'
    wait_for 5 nothing_leased
    systemctl is-active rkt-cni-dhcp.service
    [[ ! $(ls /run/cni/dhcp) ]]
    rkt gc --grace-period=0s >/dev/null
}

@test "a pod whose lease comes back with another address is listed with that" {
    load pods
    systemctl stop rkt-cni-dhcp.service rkt-cni-dhcp.socket 2>/dev/null || :
    systemctl daemon-reload
    systemctl start rkt-cni-dhcp.socket
    far_bridge
    start_server '{"reply": "ack", "address": "10.90.0.10", "seconds": 600, "t1": 1, "t2": 590}'
    busybox_image lan "$(sh_app 'exec sleep 1000')"
    mkdir -p "$BATS_TEST_TMPDIR/config/net.d"
    dhcp_socket= dhcp_conf bridge '' '{"bridge": "br-rkt-test", "name": "lan"}' >"$BATS_TEST_TMPDIR/config/net.d/10-lan.conf"
    rkt --local-config="$BATS_TEST_TMPDIR/config" run --net=lan --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/lan >/dev/null 2>&1 3>&- &
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid"
    listed() { rkt status "$(<"$BATS_TEST_TMPDIR/uuid")" | grep -q "^networks=lan:ip4=$1"; }
    wait_for 20 listed 10.90.0.10
    answer '{"reply": "nak", "address": "10.90.0.10"}'
    wait_for 30 asked 'DISCOVER .*'
    answer '{"reply": "ack", "address": "10.90.0.11", "seconds": 600}'
    wait_for 40 listed 10.90.0.11
    [[ $(jq -r '.[0].ip' "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/net-info.json") == 10.90.0.11 ]]
}
