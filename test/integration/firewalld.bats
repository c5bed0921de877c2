#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # bats runs each test in a process of its own
#
# The plugin firewall with firewalld, which runs only here and in one test of publish.bats: both stop it.

load lib
load cni

setup() {
    need commands ip socat jq
    cni_begin inside
    address=10.77.1.2
    six=fd00:77:1::2
}

teardown() {
    stop_servers
    if [[ ${firewalld-} ]]; then
        systemctl stop firewalld
    fi
    cni_end
    ip link del rktfire1 2>/dev/null || :
    ip link del rktfire2 2>/dev/null || :
}

need_firewalld() {
    need commands firewall-cmd nft
    if systemctl is-active -q firewalld; then skip "firewalld runs on this host"; fi
}

start_firewalld() {
    firewalld=1
    systemctl start firewalld
    wait_for 30 bash -c 'nft list chain inet firewalld filter_FORWARD | grep -q reject'
}

# firewall COMMAND [MEMBERS]: calls the plugin for the addresses, with more members in its configuration. Sets output.
firewall() {
    local status=0 conf more=${2-}
    conf=$(jq -n --argjson more "${more:-{\}}" --arg four "$address/24" --arg six "$six/64" '{cniVersion: "1.0.0", name: "fire",
        type: "firewall", prevResult: {cniVersion: "1.0.0", interfaces: [], ips: [{address: $four}, {address: $six}]}} + $more')
    # shellcheck disable=SC2154 # set by cni_begin
    output=$(CNI_COMMAND=$1 CNI_CONTAINERID=fire CNI_NETNS=/run/netns/$inside CNI_IFNAME=eth0 CNI_PATH=$plugins \
        "$plugins/firewall" <<<"$conf") || status=$?
    ((status == 0)) || echo "# $1 $more: $output"
    return $status
}

# fails WORDS COMMAND [MEMBERS]
fails() {
    local words=$1
    shift
    if firewall "$@"; then return 1; fi
    [[ $(jq -r .msg <<<"$output") == *"$words"* ]]
}

# sources ZONE: those of this test's addresses that it has.
sources() { firewall-cmd --zone="$1" --list-sources | tr ' ' '\n' | grep -E '^(10\.77\.1|fd00:77:1:)' | sort | paste -sd ' '; }

# link NUMBER NAMESPACE: joins it to this host, which is 10.77.NUMBER.1 there.
link() {
    ip link add "rktfire$1" type veth peer name eth0 netns "$2"
    ip addr add "10.77.$1.1/24" dev "rktfire$1"
    ip link set "rktfire$1" up
    ip -n "$2" addr add "10.77.$1.2/24" dev eth0
    ip -n "$2" link set eth0 up
    ip -n "$2" route add default via "10.77.$1.1"
}

@test "firewalld: it lets out what it knows of, from ADD to DEL" {
    need_firewalld
    cni_namespace outside
    link 1 "$inside"
    # shellcheck disable=SC2154 # set by cni_namespace
    link 2 "$outside"
    sysctl -qw net.ipv4.ip_forward=1
    ip netns exec "$outside" socat TCP4-LISTEN:77,reuseaddr,fork 'SYSTEM:echo out' 3>&- &
    server_pids+=($!)
    local ask="ip netns exec $inside timeout 20 socat - TCP4:10.77.2.2:77,connect-timeout=3 </dev/null"
    wait_for 20 bash -c "ip netns exec $outside socat - TCP4:127.0.0.1:77 </dev/null | grep -q out"
    start_firewalld
    if [[ $(bash -c "$ask") ]]; then false; fi
    firewall ADD
    [[ $(jq -r '.ips[0].address' <<<"$output") == "$address/24" ]]
    firewall CHECK
    [[ $(bash -c "$ask") == out ]]
    firewall DEL
    if [[ $(bash -c "$ask") ]]; then false; fi
}

@test "firewalld: addresses are sources of the zone, once; what is not, or cannot be, is said" {
    need_firewalld
    start_firewalld
    local both="$address/32 $six/128" named='{"backend": "firewalld"}' work='{"backend": "firewalld", "firewalldZone": "work"}'
    firewall ADD "$named"
    firewall ADD "$named"
    [[ $(sources trusted) == "$both" ]]
    firewall CHECK "$named"
    fails "cannot find $address/32 in firewalld's zone work" CHECK "$work"
    # One of another zone cannot be added, and then the other is not.
    fails ZONE_CONFLICT ADD "$work"
    firewall-cmd --zone=trusted --remove-source="$address/32"
    fails "cannot find $address/32 in firewalld's zone trusted: it is not there" CHECK "$named"
    fails ZONE_CONFLICT ADD "$work"
    [[ $(sources work) == "" ]]
    # DEL takes what is there, and leaves another zone's.
    firewall DEL "$work"
    [[ $(sources trusted) == "$six/128" ]]
    firewall DEL "$named"
    firewall DEL "$named"
    [[ $(sources trusted) == "" ]]
    firewall ADD "$work"
    [[ $(sources work) == "$both" ]]
    firewall DEL "$work"
    [[ $(sources work) == "" ]]
    fails INVALID_ZONE ADD '{"backend": "firewalld", "firewalldZone": "nowhere"}'
    firewall DEL '{"backend": "firewalld", "firewalldZone": "nowhere"}'
    # Another backend leaves it alone.
    firewall ADD '{"backend": "nftables"}'
    [[ $(sources trusted) == "" ]]
    firewall DEL '{"backend": "nftables"}'
}

@test "firewalld: where it does not run it is not started, and is missed only by those who name it" {
    need_firewalld
    fails "firewalld does not run" ADD '{"backend": "firewalld"}'
    fails "firewalld does not run" CHECK '{"backend": "firewalld"}'
    firewall DEL '{"backend": "firewalld"}'
    firewall ADD
    firewall CHECK
    firewall DEL
    [[ $(systemctl is-active firewalld) == inactive ]]
}

@test "firewalld: a host without a bus needs none" {
    local DBUS_SYSTEM_BUS_ADDRESS=unix:path=$BATS_TEST_TMPDIR/none
    export DBUS_SYSTEM_BUS_ADDRESS
    firewall ADD
    firewall CHECK
    firewall DEL
    fails "cannot be asked over the system bus" ADD '{"backend": "firewalld"}'
    firewall DEL '{"backend": "firewalld"}'
    # One that hangs is given up on.
    DBUS_SYSTEM_BUS_ADDRESS=unix:path=$BATS_TEST_TMPDIR/hangs
    socat -u UNIX-LISTEN:"$BATS_TEST_TMPDIR/hangs",fork OPEN:/dev/null,wronly 3>&- &
    server_pids+=($!)
    wait_for 20 socat -u OPEN:/dev/null UNIX-CONNECT:"$BATS_TEST_TMPDIR/hangs"
    fails "timed out" ADD '{"backend": "firewalld"}'
}

@test "firewalld: names that no zone can have are refused" {
    local zone
    for zone in "a b" "../x" /work work/ a/b/c $'a\nb' "zöne"; do
        fails firewalldZone ADD "$(jq -n --arg zone "$zone" '{backend: "firewalld", firewalldZone: $zone}')"
    done
    fails firewalldZone ADD '{"firewalldZone": 1}'
    fails "backend: expected" ADD '{"backend": "ufw"}'
    firewall DEL '{"backend": "ufw"}'
}
