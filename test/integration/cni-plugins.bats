#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Our CNI plugins, called by hand in namespaces of the test's own and beside Debian's of the same name.

load lib
load cni-lives

setup() { cni_setup; }
teardown() { cni_teardown; }

bridge_conf() { jq -cn --argjson i "$(ipam "$1")" '{bridge: "br-rkt-test", isGateway: true} + $i'; }

@test "plugins: VERSION names all versions, in the asker's own" {
    for plugin in "$ours"/*; do
        cni_ok VERSION "$plugin" '{"cniVersion":"0.4.0"}'
        [[ $(jq -c . <<<"$output") == '{"cniVersion":"0.4.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}' ]]
    done
}

@test "plugins: what the caller gets wrong has the code of the specification" {
    cni_fails 4 FROBNICATE "$ours/bridge" '{}'
    cni_fails 6 ADD "$ours/bridge" 'garbage'
    cni_fails 7 ADD "$ours/bridge" '{"cniVersion":"1.0.0"}'
    cni_fails 7 ADD "$ours/bridge" '{"cniVersion":"1.0.0","name":"../n"}'
    cni_fails 1 ADD "$ours/bridge" '{"cniVersion":"3.0.0","name":"n"}'
    cni_fails 1 CHECK "$ours/bridge" '{"cniVersion":"0.3.1","name":"n"}'
    cni_fails 1 GC "$ours/bridge" '{"cniVersion":"1.0.0","name":"n"}'
    ifname=sixteen-is-many1 cni_fails 4 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    container=a/b cni_fails 4 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    netns= cni_fails 4 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    netns=/proc/self/ns/net cni_fails 8 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    netns=/etc/passwd cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    [[ $message == *netns*/etc/passwd* ]]
}

@test "loopback: as the reference, in each version" {
    # CHECK and DEL are asked for lo, which stays; addresses of lo are the result's only from 0.3.0 on
    seen_ifname=lo
    for version in $(all_versions); do
        [[ $version != 0.[12].0 ]] || continue
        # the reference leaves the family out of its addresses
        without_family=1 same_as_reference loopback "$version" '{}'
    done
    cni_ok ADD "$ours/loopback" "$(conf loopback 0.2.0 '{}')"
    [[ $(jq -r .ip4.ip <<<"$output") == 127.0.0.1/8 ]]
}

@test "bridge: both families at once, a default route, an MTU and a MAC address" {
    local more='{"isDefaultGateway":true,"mtu":1400,"hairpinMode":true,"dns":{"nameservers":["10.88.0.1"],"search":["a"]}}'
    # with a default route among the routes, the reference fails: it is there twice
    same_as_reference bridge 0.4.0 "$(jq -c ". + $more | .ipam.routes = []" <<<"$(bridge_conf 46)")"
    cni_args='MAC=02:00:00:00:00:42' cni_ok ADD "$ours/bridge" "$(conf bridge 1.1.0 "$(jq -c ". + $more" <<<"$(bridge_conf 46)")")"
    [[ $(jq -r '.interfaces[2] | "\(.mac) \(.mtu)"' <<<"$output") == '02:00:00:00:00:42 1400' ]]
    check ip -n "$ns" link show eth0
    has '02:00:00:00:00:42'
    bridge link show | grep -q br-rkt-test
    bridge -d link show | grep -q 'hairpin on'
}

@test "bridge: containers reach each other and the host in both families" {
    local json
    json=$(conf bridge 1.0.0 "$(bridge_conf 46)")
    make_netns "$ns-b"
    cni_ok ADD "$ours/bridge" "$json"
    netns=$netns-b container=other cni_ok ADD "$ours/bridge" "$json"
    check ip netns exec "$ns" busybox ping -c1 -W2 10.88.0.3
    check ip netns exec "$ns" busybox ping -c1 -W2 fd88::3
    check ip netns exec "$ns-b" busybox ping -c1 -W2 10.88.0.1
    check ip netns exec "$ns-b" busybox ping -c1 -W2 fd88::1
}

@test "bridge: without addresses it is a wire" {
    same_as_reference bridge 0.3.1 '{"bridge":"br-rkt-test","ipam":{}}'
    ip link del br-rkt-test
    cni_ok ADD "$ours/bridge" "$(conf bridge 0.3.1 '{"bridge":"br-rkt-test"}')"
    [[ $(ip -n "$ns" -o link show eth0) == *LOWER_UP* ]]
}

@test "bridge: a VLAN with its gateway, and a trunk" {
    local json
    can_make 'bridge vlan_filtering 1'
    json=$(conf bridge 1.0.0 "$(jq -c '. + {vlan: 42}' <<<"$(bridge_conf 4)")")
    cni_ok ADD "$ours/bridge" "$json"
    [[ $(jq -r '.interfaces[3].name' <<<"$output") == br-rkt-test.42 ]]
    check bridge vlan show
    has '42 PVID Egress Untagged'
    check ip netns exec "$ns" busybox ping -c1 -W2 10.88.0.1
    cni_ok DEL "$ours/bridge" "$json"
    ip link del br-rkt-test.42
    ip link del br-rkt-test
    json=$(conf bridge 1.0.0 '{"bridge":"br-rkt-test","vlanTrunk":[{"minID":100,"maxID":102},{"id":7}],"preserveDefaultVlan":false}')
    cni_ok ADD "$ours/bridge" "$json"
    check bridge vlan show
    has '^\s+101|101-|100-102|\s101'
    has '\s7'
    cni_fails 999 ADD "$ours/bridge" "$(jq -c '. + {vlan: 5}' <<<"$json")"
    cni_fails 999 ADD "$ours/bridge" "$(jq -c '. + {vlanTrunk: [{minID: 9}]}' <<<"$json")"
}

@test "bridge: CHECK finds what was changed" {
    local json with
    json=$(conf bridge 1.0.0 "$(bridge_conf 4)")
    cni_fails 999 CHECK "$ours/bridge" "$json"
    cni_ok ADD "$ours/bridge" "$json"
    with=$(with_previous "$json" "$output")
    cni_ok CHECK "$ours/bridge" "$with"
    ip -n "$ns" route del default
    cni_fails 999 CHECK "$ours/bridge" "$with"
    [[ $message == *0.0.0.0/0* ]]
    ip -n "$ns" route add default via 10.88.0.1
    cni_ok CHECK "$ours/bridge" "$with"
    ip -n "$ns" addr add 10.88.0.77/24 dev eth0
    ip -n "$ns" addr del 10.88.0.2/24 dev eth0
    cni_fails 999 CHECK "$ours/bridge" "$with"
    [[ $message == *10.88.0.2/24* ]]
    ip link set "$(jq -r '.prevResult.interfaces[1].name' <<<"$with")" nomaster
    cni_fails 999 CHECK "$ours/bridge" "$(jq -c '.prevResult.ips = [] | .prevResult.routes = []' <<<"$with")"
    [[ $message == *"was not found"* ]]
    rm "$leases/n1/10.88.0.2"
    cni_fails 999 CHECK "$ours/bridge" "$with"
    [[ $message == *"Failed to find address"* ]]
}

@test "bridge: what cannot be is refused and leaves nothing" {
    local before
    ip link add br-rkt-test type bridge
    ip addr add 10.99.0.1/24 dev br-rkt-test
    before=$(ip -o link | wc -l)
    cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    [[ $message == *"already has an IP address different from 10.88.0.1/24"* ]]
    [[ $(ip -o link | wc -l) == "$before" ]]
    [[ ! $(find "$leases" -name '10.*') ]]
    cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(jq -c '. + {forceAddress: true}' <<<"$(bridge_conf 4)")")"
    cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 '{"bridge":"lo"}')"
    [[ $message == *"is not a bridge"* ]]
    cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 '{"bridge":"this-name-is-too-long"}')"
    cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 '{"bridge":"b","hairpinMode":true,"promiscMode":true}')"
    cni_fails 999 ADD "$ours/bridge" "$(conf bridge 1.0.0 '{"bridge":"b","mtu":"many"}')"
    [[ $message == *mtu*string* ]]
}

@test "bridge: DEL works without the namespace" {
    local json
    json=$(conf bridge 1.0.0 "$(bridge_conf 4)")
    cni_ok ADD "$ours/bridge" "$json"
    ip netns del "$ns"
    cni_ok DEL "$ours/bridge" "$json"
    [[ ! $(find "$leases" -name '10.*') ]]
    netns= cni_ok DEL "$ours/bridge" "$json"
}

@test "bridge: GC gives back what belongs to nobody, STATUS answers" {
    local json
    json=$(conf bridge 1.1.0 "$(bridge_conf 4)")
    cni_ok STATUS "$ours/bridge" "$json"
    cni_ok ADD "$ours/bridge" "$json"
    mkdir -p "$leases/n1"
    printf 'gone\r\neth0' >"$leases/n1/10.88.0.9"
    cni_ok GC "$ours/bridge" "$(jq -c --arg c "$container" '. + {"cni.dev/valid-attachments": [{containerID: $c, ifname: "eth0"}]}' <<<"$json")"
    [[ -e $leases/n1/10.88.0.2 && ! -e $leases/n1/10.88.0.9 ]]
    cni_ok GC "$ours/bridge" "$(jq -c '. + {"cni.dev/valid-attachments": []}' <<<"$json")"
    [[ ! -e $leases/n1/10.88.0.2 ]]
}

@test "bridge: many adds at once all get an address of their own" {
    local n=20 i json pids=()
    [[ ${RKT_TEST_HOST-} != vm ]] || n=5
    json=$(conf bridge 1.0.0 "$(bridge_conf 46)")
    for ((i = 0; i < n; i++)); do
        make_netns "$ns-$i"
    done
    for ((i = 0; i < n; i++)); do
        CNI_COMMAND=ADD CNI_CONTAINERID=many-$i CNI_NETNS=$netns-$i CNI_IFNAME=eth0 CNI_PATH=$ours \
            "$ours/bridge" <<<"$json" >"$BATS_TEST_TMPDIR/$i" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    [[ $(jq -r '.ips[].address' "$BATS_TEST_TMPDIR"/[0-9]* | sort -u | wc -l) == $((2 * n)) ]]
}

@test "ptp: the container reaches the host, and its own network only through it" {
    cni_ok ADD "$ours/ptp" "$(conf ptp 1.0.0 "$(ipam 46)")"
    check ip netns exec "$ns" busybox ping -c1 -W2 10.88.0.1
    check ip netns exec "$ns" busybox ping -c1 -W2 fd88::1
    check ip -n "$ns" route get 10.88.0.77
    has 'via 10.88.0.1'
}

@test "host-local: its leases are the reference's, too" {
    local json
    json=$(conf host-local 0.4.0 "$(ipam 46)")
    cni_ok ADD "$ours/host-local" "$json"
    container=second cni_ok ADD "$theirs/host-local" "$json"
    container=third cni_ok ADD "$ours/host-local" "$json"
    [[ $(jq -rc '[.ips[].address]' <<<"$output") == '["10.88.0.4/24","fd88::4/64"]' ]]
    cni_fails 999 ADD "$theirs/host-local" "$json"
    cni_fails 999 ADD "$ours/host-local" "$json"
    [[ $message == *"has been allocated to $container, duplicate allocation is not allowed"* ]]
    cni_ok CHECK "$theirs/host-local" "$json"
    cni_ok DEL "$theirs/host-local" "$json"
    cni_fails 999 CHECK "$ours/host-local" "$json"
    container=second cni_ok CHECK "$ours/host-local" "$json"
    container=second cni_ok DEL "$ours/host-local" "$json"
    container=second cni_fails 999 CHECK "$theirs/host-local" "$json"
    # round and round, not the address that was just given back
    container=fourth cni_ok ADD "$ours/host-local" "$json"
    [[ $(jq -r '.ips[0].address' <<<"$output") == 10.88.0.5/24 ]]
}

@test "host-local: the same answers as the reference to every form of configuration" {
    local forms=(
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24"}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24","rangeStart":"10.88.0.10","rangeEnd":"10.88.0.12","gateway":"10.88.0.254","routes":[{"dst":"10.9.0.0/16","gw":"10.88.0.9"}]}}'
        '{"ipam":{"type":"host-local","ranges":[[{"subnet":"10.88.0.0/24"},{"subnet":"10.89.0.0/24"}],[{"subnet":"fd88::/64","rangeStart":"fd88::100"}]]}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24"},"runtimeConfig":{"ips":["10.88.0.44"]}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24"},"runtimeConfig":{"ipRanges":[[{"subnet":"10.87.0.0/24"}]]}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24"},"args":{"cni":{"ips":["10.88.0.45"]}}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24"},"runtimeConfig":{"ips":["10.88.0.1"]}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/24"},"runtimeConfig":{"ips":["10.1.0.1"]}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.0/31"}}'
        '{"ipam":{"type":"host-local","subnet":"10.88.0.7/24"}}'
        '{"ipam":{"type":"host-local","ranges":[[{"subnet":"10.88.0.0/24"}],[{"subnet":"10.88.0.128/25"}]]}}'
        '{"ipam":{"type":"host-local","ranges":[[{"subnet":"10.88.0.0/24"},{"subnet":"fd88::/64"}]]}}'
        '{"ipam":{"type":"host-local","ranges":[]}}'
        '{}'
    )
    for form in "${forms[@]}"; do
        form=$(conf host-local 0.4.0 "$(jq -c --arg d "$leases" 'if .ipam then .ipam.dataDir = $d else . end' <<<"$form")")
        rm -rf "$leases"
        cni ADD "$theirs/host-local" "$form"
        their_status=$status their_output=$(jq -S 'del(.msg, .cniVersion)' <<<"$output")
        rm -rf "$leases"
        cni ADD "$ours/host-local" "$form"
        ((status == their_status)) || { echo "$output"; echo "another status than theirs, $their_status: $form"; false; }
        diff <(jq -S 'del(.msg, .cniVersion)' <<<"$output") <(echo "$their_output") || { echo "$form: <: ours"; false; }
    done
}

@test "host-local: a range that is used up is an error that names it" {
    local json
    json=$(conf host-local 1.0.0 "$(jq -cn --arg d "$leases" '{ipam: {type: "host-local", subnet: "10.88.0.0/29", rangeEnd: "10.88.0.3", dataDir: $d}}')")
    container=a cni_ok ADD "$ours/host-local" "$json"
    container=b cni_ok ADD "$ours/host-local" "$json"
    container=c cni_fails 999 ADD "$ours/host-local" "$json"
    [[ $message == *"no IP addresses available in range set: 10.88.0.1-10.88.0.3"* ]]
    container=a cni_ok DEL "$ours/host-local" "$json"
    container=c cni_ok ADD "$ours/host-local" "$json"
    [[ $(jq -r '.ips[0].address' <<<"$output") == 10.88.0.2/29 ]]
    # one set of two is used up: what the other gave goes back
    json=$(jq -c '.ipam |= (del(.subnet, .rangeEnd) | .ranges = [[{subnet: "10.90.0.0/24"}], [{subnet: "10.88.0.0/29", rangeEnd: "10.88.0.3"}]])' <<<"$json")
    container=d cni_fails 999 ADD "$ours/host-local" "$json"
    [[ ! $(find "$leases" -name '10.90.*') ]]
}

@test "host-local: names servers as a resolv.conf does" {
    printf '# none\nnameserver 192.0.2.1\nsearch a.example b.example\noptions ndots:3\ndomain example\n' >"$BATS_TEST_TMPDIR/resolv.conf"
    local json
    json=$(conf host-local 0.4.0 "$(jq -c --arg r "$BATS_TEST_TMPDIR/resolv.conf" '.ipam.resolvConf = $r' <<<"$(ipam 4)")")
    cni_ok ADD "$ours/host-local" "$json"
    our=$(jq -Sc .dns <<<"$output")
    rm -rf "$leases"
    cni_ok ADD "$theirs/host-local" "$json"
    [[ $our == "$(jq -Sc .dns <<<"$output")" ]]
}

@test "static: as the reference, by configuration and by the caller's wish" {
    local json='{"ipam":{"type":"static","addresses":[{"address":"10.88.0.5/24","gateway":"10.88.0.1"},{"address":"fd88::5/64"}],"routes":[{"dst":"0.0.0.0/0"}],"dns":{"domain":"d"}}}'
    for version in 0.2.0 0.4.0 1.0.0; do
        for args in '' 'IP=10.88.0.9/24;GATEWAY=10.88.0.254'; do
            [[ $version != 0.2.0 || ! $args ]] || continue
            export cni_args=$args
            cni_ok ADD "$ours/static" "$(conf static $version "$json")"
            our=$(jq -S . <<<"$output")
            cni_ok ADD "$theirs/static" "$(conf static $version "$json")"
            diff <(echo "$our") <(jq -S . <<<"$output")
        done
    done
    cni_args='IP=10.88.0.9' cni_fails 999 ADD "$ours/static" "$(conf static 1.0.0 "$json")"
    unset cni_args
    cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(jq -c '. + {bridge: "br-rkt-test"}' <<<"$json")")"
    check ip -n "$ns" addr show eth0
    has 'inet 10.88.0.5/24'
}

@test "ipam: a program of another type is run, and its error is handed on" {
    mkdir "$BATS_TEST_TMPDIR/bin"
    export cni_path=$BATS_TEST_TMPDIR/bin
    local json
    json=$(conf bridge 1.0.0 '{"bridge":"br-rkt-test","ipam":{"type":"mine"}}')
    cni_fails 999 ADD "$ours/bridge" "$json"
    [[ $message == *'failed to find plugin "mine"'* ]]
    cat >"$BATS_TEST_TMPDIR/bin/mine" <<END
#!/bin/sh
echo "\$CNI_COMMAND" >>$BATS_TEST_TMPDIR/calls
cat $BATS_TEST_TMPDIR/answer
[ ! -e $BATS_TEST_TMPDIR/fail ]
END
    chmod +x "$BATS_TEST_TMPDIR/bin/mine"
    echo '{"cniVersion":"1.0.0","ips":[{"address":"10.88.0.6/24"}]}' >"$BATS_TEST_TMPDIR/answer"
    cni_ok ADD "$ours/bridge" "$json"
    [[ $(jq -r '.ips[0].address' <<<"$output") == 10.88.0.6/24 ]]
    cni_ok DEL "$ours/bridge" "$json"
    [[ $(<"$BATS_TEST_TMPDIR/calls") == ADD$'\n'DEL ]]
    echo '{"code":11,"msg":"later"}' >"$BATS_TEST_TMPDIR/answer"
    touch "$BATS_TEST_TMPDIR/fail"
    cni_fails 11 ADD "$ours/bridge" "$json"
    [[ $message == later* ]]
    echo garbage >"$BATS_TEST_TMPDIR/answer"
    cni_fails 999 ADD "$ours/bridge" "$json"
    [[ $message == *"status 1"*garbage* ]]
    rm "$BATS_TEST_TMPDIR/fail"
    cni_fails 6 ADD "$ours/bridge" "$json"
    [[ ! $(ip -n "$ns" -o link | grep eth0) ]]
}

@test "macvlan: as the reference, and on the wire of its master" {
    make_master
    can_make macvlan link m0-rkt-test
    for version in 0.2.0 1.1.0; do
        same_as_reference macvlan $version "$(jq -c '. + {master: "m0-rkt-test"}' <<<"$(ipam 4)")"
    done
    same_as_reference macvlan 1.0.0 "$(jq -c '. + {master: "m0-rkt-test", mode: "private", mtu: 1300, mac: "02:00:00:00:00:07"}' <<<"$(ipam 6)")"
    cni_ok ADD "$ours/macvlan" "$(conf macvlan 1.0.0 "$(jq -c '. + {master: "m0-rkt-test"}' <<<"$(ipam 4)")")"
    ip -n "$ns-far" addr add 10.88.0.1/24 dev m1-rkt-test
    check ip netns exec "$ns" busybox ping -c1 -W2 10.88.0.1
    cni_fails 999 ADD "$ours/macvlan" "$(conf macvlan 1.0.0 '{"master":"m0-rkt-test","mode":"odd"}')"
    cni_fails 999 ADD "$ours/macvlan" "$(conf macvlan 1.0.0 '{"master":"m0-rkt-test","mtu":9000}')"
    [[ $message == *"master MTU(1500)"* ]]
    cni_fails 999 ADD "$ours/macvlan" "$(conf macvlan 1.0.0 '{"master":"nothing"}')"
}

@test "ipvlan: as the reference, in each mode" {
    make_master
    can_make ipvlan link m0-rkt-test
    for mode in l2 l3 l3s; do
        same_as_reference ipvlan 1.0.0 "$(jq -c --arg m $mode '. + {master: "m0-rkt-test", mode: $m}' <<<"$(ipam 4)")"
    done
    same_as_reference ipvlan 0.3.1 "$(jq -c '. + {master: "m0-rkt-test"}' <<<"$(ipam 6)")"
    cni_fails 999 ADD "$ours/ipvlan" "$(conf ipvlan 1.0.0 '{"master":"m0-rkt-test"}')"
}

@test "vlan: as the reference" {
    make_master
    can_make 'vlan id 9' link m0-rkt-test
    for version in 0.2.0 1.1.0; do
        same_as_reference vlan $version "$(jq -c '. + {master: "m0-rkt-test", vlanId: 5, mtu: 1400}' <<<"$(ipam 46)")"
    done
    cni_fails 999 ADD "$ours/vlan" "$(conf vlan 1.0.0 '{"vlanId":5}')"
    cni_fails 999 ADD "$ours/vlan" "$(conf vlan 1.0.0 '{"master":"m0-rkt-test","vlanId":5000}')"
}

@test "dummy: an address for the container alone" {
    can_make dummy
    one_life "$ours/dummy" "$(conf dummy 1.0.0 "$(ipam 46)")"
    [[ $seen == *10.88.0.2* && $seen == *fd88::2* ]]
    cni_fails 999 ADD "$ours/dummy" "$(conf dummy 1.0.0 '{}')"
    [[ $message == *"requires an IPAM configuration"* ]]
}

@test "tap: a device for a virtual machine, with its owner" {
    need_tun
    one_life "$ours/tap" "$(conf tap 1.0.0 "$(ipam 46)")"
    [[ $seen == *10.88.0.2* && $seen == *fd88::2* ]]
    cni_ok ADD "$ours/tap" "$(conf tap 1.0.0 '{"owner":1234,"group":5678,"mtu":1400,"mac":"02:00:00:00:00:09","multiQueue":true}')"
    check ip -n "$ns" -d link show eth0
    has 'tun type tap.*multi_queue.*user 1234|user 1234'
    has 'mtu 1400'
    has '02:00:00:00:00:09'
    cni_fails 999 ADD "$ours/tap" "$(conf tap 1.0.0 '{}')"
}

@test "host-device: as the reference, and the device comes home under its name" {
    make_master
    # the reference fails at the second DEL
    no_second_del=1 same_as_reference host-device 1.0.0 "$(jq -c '. + {device: "m0-rkt-test"}' <<<"$(ipam 4)")"
    local json
    json=$(conf host-device 1.0.0 "$(jq -cn --arg m "$(cat /sys/class/net/m0-rkt-test/address)" '{hwaddr: $m}')")
    cni_ok ADD "$ours/host-device" "$json"
    [[ ! -e /sys/class/net/m0-rkt-test ]]
    cni_ok CHECK "$ours/host-device" "$(with_previous "$json" "$output")"
    cni_ok DEL "$ours/host-device" "$json"
    [[ -e /sys/class/net/m0-rkt-test && ! $(</sys/class/net/m0-rkt-test/ifalias) ]]
    cni_ok DEL "$ours/host-device" "$json"
    cni_fails 999 ADD "$ours/host-device" "$(conf host-device 1.0.0 '{}')"
    cni_fails 999 ADD "$ours/host-device" "$(conf host-device 1.0.0 '{"device":"nothing"}')"
    cni_fails 999 ADD "$ours/host-device" "$(conf host-device 1.0.0 '{"kernelpath":"/etc"}')"
}

# chained TYPE CONF: the configuration of a plugin behind a bridge that has been added.
chained() {
    [[ ${previous-} ]] || { cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 46)")" && previous=$output; }
    with_previous "$(conf "$1" 1.0.0 "$2")" "$previous"
}

# behind_bridge PLUGIN JSON: ADD by both, each behind a bridge of its own; the results are the same.
behind_bridge() {
    local which mine=
    for which in "$ours" "$theirs"; do
        rm -rf "$leases"
        cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 46)")" || return
        previous=$output
        json=$(with_previous "$(conf "$1" 1.0.0 "$2")" "$previous")
        cni_ok ADD "$which/$1" "$json" || return
        result=$(plain_result <<<"$output")
        seen=$(plain_netns eth0; ip -n "$ns" rule; ip -n "$ns" -6 rule; ip -n "$ns" route show table 100 2>/dev/null; ip -n "$ns" -o link show eth0 | sed 's/link.ether .* brd//; s/^[0-9]*: //; s/@if[0-9]*//')
        cni_ok CHECK "$which/$1" "$(with_previous "$json" "$output")" || return
        cni_ok DEL "$which/$1" "$json" || return
        cni_ok DEL "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 46)")" || return
        ip link del br-rkt-test
        [[ $mine ]] || { mine=1 our_result=$result our_seen=$seen; }
    done
    diff <(echo "$our_result") <(echo "$result") || { echo "another result (<: ours)"; return 1; }
    diff <(echo "$our_seen") <(echo "$seen") || { echo "another container (<: ours)"; return 1; }
}

@test "tuning: as the reference, and DEL restores the interface" {
    behind_bridge tuning '{"sysctl":{"net.ipv4.conf.eth0.rp_filter":"2","net.core.somaxconn":"500"},"mtu":1300,"allmulti":true,"mac":"02:00:00:00:00:33","promisc":true}'
    cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
    previous=$output
    local json before
    before=$(ip -n "$ns" -o link show eth0)
    json=$(with_previous "$(conf tuning 1.0.0 "$(jq -cn --arg d "$BATS_TEST_TMPDIR/tuning" '{dataDir: $d, mtu: 1300, promisc: true, mac: "02:00:00:00:00:34", sysctl: {"net.ipv4.conf.IFNAME.rp_filter": "2"}, txQLen: 77}')")" "$previous")
    cni_ok ADD "$ours/tuning" "$json"
    [[ $(jq -r '.interfaces[2].mac' <<<"$output") == 02:00:00:00:00:34 ]]
    cni_ok CHECK "$ours/tuning" "$json"
    [[ $(ip netns exec "$ns" cat /proc/sys/net/ipv4/conf/eth0/rp_filter) == 2 ]]
    ip netns exec "$ns" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter'
    cni_fails 999 CHECK "$ours/tuning" "$json"
    [[ $message == *rp_filter*2*0* ]]
    cni_ok DEL "$ours/tuning" "$json"
    [[ $(ip -n "$ns" -o link show eth0) == "$before" ]]
    [[ ! $(ls "$BATS_TEST_TMPDIR/tuning") ]]
    cni_ok DEL "$ours/tuning" "$json"
    cni_fails 999 ADD "$ours/tuning" "$(jq -c '.sysctl = {"kernel.hostname": "x"}' <<<"$json")"
    cni_fails 999 ADD "$ours/tuning" "$(jq -c '.sysctl = {"net/../kernel/hostname": "x"}' <<<"$json")"
    cni_fails 999 ADD "$ours/tuning" "$(jq -c 'del(.prevResult)' <<<"$json")"
    mkdir -p /etc/cni/tuning
    echo '^net\.core\..*' >/etc/cni/tuning/allowlist.conf
    cni_fails 999 ADD "$ours/tuning" "$json"
    rm -r /etc/cni/tuning
    [[ $message == *"is not allowed"* ]]
}

@test "sbr: what comes from the address has a table of its own" {
    local json
    cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 46)")"
    json=$(with_previous "$(conf sbr 1.0.0 '{}')" "$output")
    cni_fails 999 CHECK "$ours/sbr" "$json"
    cni_ok ADD "$ours/sbr" "$json"
    check ip -n "$ns" rule
    has 'from 10.88.0.2 lookup 100'
    check ip -n "$ns" route show table 100
    has 'default via 10.88.0.1 dev eth0'
    has '10.88.0.0/24 dev eth0'
    [[ ! $(ip -n "$ns" route) ]]
    check ip -n "$ns" -6 route show table 101
    has 'default via fd88::1'
    check ip netns exec "$ns" busybox ping -c1 -W2 -I 10.88.0.2 10.88.0.1
    cni_ok CHECK "$ours/sbr" "$json"
    cni_ok DEL "$ours/sbr" "$json"
    check ip -n "$ns" rule
    lacks 'lookup 100'
    cni_ok DEL "$ours/sbr" "$json"
    cni_fails 999 ADD "$ours/sbr" "$(conf sbr 1.0.0 '{}')"
}

@test "sbr: two addresses of one family have a gateway each" {
    local json
    cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(jq -c '.ipam.ranges += [[{"subnet":"10.89.0.0/24"}]] | .forceAddress = true | .isGateway = false' <<<"$(bridge_conf 4)")")"
    json=$(with_previous "$(conf sbr 1.0.0 '{"table":7}')" "$output")
    cni_ok ADD "$ours/sbr" "$json"
    check ip -n "$ns" rule
    has 'from 10\.88\.0\.2 lookup 7'
    has 'from 10\.89\.0\.2 lookup 8'
    [[ $(ip -n "$ns" route show table 7) == *'default via 10.88.0.1'* && $(ip -n "$ns" route show table 7) != *10.89* ]]
    [[ $(ip -n "$ns" route show table 8) == *'default via 10.89.0.1'* && $(ip -n "$ns" route show table 8) != *10.88* ]]
    cni_ok CHECK "$ours/sbr" "$json"
    cni_ok DEL "$ours/sbr" "$json"
}

@test "vrf: the interface is put into one, which goes with its last" {
    can_make 'vrf table 9'
    behind_bridge vrf '{"vrfname":"blue","table":42}'
    rm -r "$leases" # the addresses begin anew
    local json
    cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 46)")"
    json=$(with_previous "$(conf vrf 1.0.0 '{"vrfname":"blue"}')" "$output")
    cni_ok ADD "$ours/vrf" "$json"
    cni_ok CHECK "$ours/vrf" "$json"
    [[ $(ip -n "$ns" -o addr show eth0) == *fd88::2* ]]
    cni_fails 999 ADD "$ours/vrf" "$json"
    ip -n "$ns" link set eth0 nomaster
    cni_fails 999 CHECK "$ours/vrf" "$json"
    cni_ok DEL "$ours/vrf" "$json"
    [[ ! $(ip -n "$ns" -o link show blue 2>/dev/null) ]]
    cni_ok DEL "$ours/vrf" "$json"
}

@test "bandwidth: both directions have a token bucket as the reference's" {
    ip link add other-rkt-test type ifb 2>/dev/null || modprobe ifb 2>/dev/null || skip "the kernel makes no ifb links"
    ip link del other-rkt-test 2>/dev/null || :
    local limits='{"ingressRate":800000,"ingressBurst":80000,"egressRate":1600000,"egressBurst":160000}' json which device
    for which in "$ours" "$theirs"; do
        rm -rf "$leases"
        cni_ok ADD "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
        json=$(with_previous "$(conf bandwidth 1.0.0 "{\"runtimeConfig\":{\"bandwidth\":$limits}}")" "$output")
        [[ $which == "$ours" ]] || json=$(with_previous "$(conf bandwidth 1.0.0 "$limits")" "$output")
        cni_ok ADD "$which/bandwidth" "$json"
        device=$(jq -r '.interfaces[3].name' <<<"$output")
        host=$(jq -r '.interfaces[1].name' <<<"$output")
        # each understands what the other has made
        cni_ok CHECK "$ours/bandwidth" "$(jq -c --argjson l "$limits" '. + $l' <<<"$json")"
        buckets=$device$(tc qdisc show dev "$device" | sed 's/^.*tbf/tbf/')$(tc qdisc show dev "$host" | sed 's/^qdisc//; s/parent.*//')$(tc filter show dev "$host" parent ffff: | grep -o 'mirred.*Redirect' | sort -u)
        tc qdisc del dev "$device" root
        cni_fails 999 CHECK "$ours/bandwidth" "$json"
        cni_ok DEL "$which/bandwidth" "$json"
        cni_ok DEL "$which/bandwidth" "$json"
        [[ ! -e /sys/class/net/$device ]]
        cni_ok DEL "$ours/bridge" "$(conf bridge 1.0.0 "$(bridge_conf 4)")"
        [[ $which == "$theirs" ]] || our_buckets=$buckets
    done
    diff <(echo "$our_buckets") <(echo "$buckets")
    cni_fails 999 ADD "$ours/bandwidth" "$(conf bandwidth 1.0.0 '{"ingressRate":8000}')"
    [[ $message == *"burst must also be set"* ]]
    cni_fails 999 ADD "$ours/bandwidth" "$(conf bandwidth 1.0.0 "$limits")"
}

@test "flannel: the host's subnet becomes a bridge" {
    local json
    printf 'FLANNEL_NETWORK=10.88.0.0/16\nFLANNEL_SUBNET=10.88.7.1/24\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n' >"$BATS_TEST_TMPDIR/subnet.env"
    json=$(conf flannel 1.0.0 "$(jq -cn --arg t "$BATS_TEST_TMPDIR" '{subnetFile: ($t + "/subnet.env"), dataDir: ($t + "/flannel"), ipam: {dataDir: ($t + "/leases")}, delegate: {bridge: "br-rkt-test", isDefaultGateway: true}}')")
    cni_ok ADD "$ours/flannel" "$json"
    added=$output
    [[ $(jq -r '.ips[0].address' <<<"$added") == 10.88.7.2/24 ]]
    check ip -n "$ns" route
    has '^10.88.0.0/16 via 10.88.7.1'
    check ip -n "$ns" link show eth0
    has 'mtu 1450'
    cni_ok CHECK "$ours/flannel" "$(with_previous "$json" "$added")"
    rm "$BATS_TEST_TMPDIR/subnet.env"
    cni_ok DEL "$ours/flannel" "$json"
    [[ ! $(ls "$BATS_TEST_TMPDIR/flannel") ]]
    [[ ! $(find "$leases" -name '10.*') ]]
    cni_ok DEL "$ours/flannel" "$json"
    cni_fails 999 ADD "$ours/flannel" "$json"
    cni_fails 50 STATUS "$ours/flannel" "$(jq -c '.cniVersion = "1.1.0"' <<<"$json")"
    printf 'FLANNEL_NETWORK=10.88.0.0/16\nFLANNEL_SUBNET=nonsense\n' >"$BATS_TEST_TMPDIR/subnet.env"
    cni_fails 999 ADD "$ours/flannel" "$json"
    [[ $message == *FLANNEL_SUBNET*nonsense* ]]
}
