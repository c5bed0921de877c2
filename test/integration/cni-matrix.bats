#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Each of our CNI plugins in each family and each version of the specification, called by hand beside Debian's of the
# same name: the same results, the same container, the same refusals.

load lib
load cni-lives

setup() {
    cni_setup
    without_dad
}

teardown() { cni_teardown; }

# in_all_cells PLUGIN JSON: same_as_reference in each cell of the matrix, with addresses of that family.
in_all_cells() {
    local version family
    while read -r version family; do
        same_as_reference "$1" "$version" "$(jq -c --argjson i "$(ipam "$family")" '. + $i' <<<"$2")" ||
            { echo "of $1 in $version with family $family"; return 1; }
        [[ ${link_made-} == '' ]] || ip link del "$link_made"
    done < <(cells)
}

# alone_in_all_cells PLUGIN JSON: one_life of a plugin that Debian does not have.
alone_in_all_cells() {
    local version family
    while read -r version family; do
        one_life "$ours/$1" "$(conf "$1" "$version" "$(jq -c --argjson i "$(ipam "$family")" '. + $i' <<<"$2")")" ||
            { echo "of $1 in $version with family $family"; return 1; }
        [[ $family != *4* || $seen == *10.88.0.2* ]] || { echo "$seen"; return 1; }
        [[ $family != *6* || $seen == *fd88::2* ]] || { echo "$seen"; return 1; }
    done < <(cells)
}

@test "matrix: bridge, which masquerades" { link_made=br-rkt-test in_all_cells bridge '{"bridge":"br-rkt-test","isGateway":true,"ipMasq":true}'; }

@test "matrix: ptp" { in_all_cells ptp '{}'; }

@test "matrix: macvlan" {
    make_master
    can_make macvlan link m0-rkt-test
    in_all_cells macvlan '{"master":"m0-rkt-test"}'
}

@test "matrix: ipvlan" {
    make_master
    can_make ipvlan link m0-rkt-test
    in_all_cells ipvlan '{"master":"m0-rkt-test"}'
}

@test "matrix: vlan" {
    make_master
    can_make 'vlan id 9' link m0-rkt-test
    in_all_cells vlan '{"master":"m0-rkt-test","vlanId":5}'
}

@test "matrix: host-device" {
    make_master
    # the reference fails at the second DEL
    no_second_del=1 in_all_cells host-device '{"device":"m0-rkt-test"}'
}

@test "matrix: dummy" {
    can_make dummy
    alone_in_all_cells dummy '{}'
}

@test "matrix: tap" {
    need_tun
    alone_in_all_cells tap '{}'
}

# behind_bridge_of PLUGIN VERSION JSON: what both answer behind a bridge of ours, and what becomes of the container.
behind_bridge_of() {
    local path=$1 version=$2 given
    rm -rf "$leases"
    cni_ok ADD "$ours/bridge" "$(conf bridge "$version" "$bridge")" || return
    given=$(with_previous "$(conf "${path##*/}" "$version" "$3")" "$output")
    cni ADD "$path" "$given"
    answer=$status$(plain_result <<<"$output" 2>/dev/null || :) refusal=
    ((status == 0)) || refusal=$(jq .code <<<"$output")
    seen=$(plain_netns eth0; ip -n "$ns" rule; ip -n "$ns" -6 rule; ip -n "$ns" -o link show eth0 | sed 's/link.ether .* brd//; s/^[0-9]*: //; s/@if[0-9]*//')
    if ((status == 0)); then
        [[ ${no_check-} == "$path" || ! $version =~ ^(0\.4|1\.) ]] || cni_ok CHECK "$path" "$(with_previous "$given" "$output")" || return
        cni_ok DEL "$path" "$given" || return
        cni_ok DEL "$path" "$given" || return
    fi
    cni_ok DEL "$ours/bridge" "$(conf bridge "$version" "$bridge")" || return
    ip link del br-rkt-test
}

# meta_in_all_cells PLUGIN JSON [JSON of the reference]
meta_in_all_cells() {
    local version family our_answer our_seen
    while read -r version family; do
        bridge=$(jq -c --argjson i "$(ipam "$family")" '. + $i' <<<'{"bridge":"br-rkt-test","isGateway":true}')
        behind_bridge_of "$ours/$1" "$version" "$2" || { echo "of $1 in $version with family $family"; return 1; }
        [[ $answer == 0* ]] || { echo "$output: of $1 in $version with family $family"; return 1; }
        our_answer=$answer our_seen=$seen
        # Debian's plugins end at 1.0.0.
        [[ $version != 1.1.0 ]] || version=1.0.0
        behind_bridge_of "$theirs/$1" "$version" "${3-$2}" || { echo "of their $1 in $version with family $family"; return 1; }
        # some of Debian's begin at a later version than ours
        [[ $refusal != 1 ]] || continue
        diff <(echo "$our_answer") <(echo "$answer") || { echo "$1 $version $family: another result (<: ours)"; return 1; }
        diff <(echo "$our_seen") <(echo "$seen") || { echo "$1 $version $family: another container (<: ours)"; return 1; }
    done < <(cells)
}

@test "matrix: tuning" { meta_in_all_cells tuning '{"mtu":1300,"allmulti":true,"sysctl":{"net.core.somaxconn":"500"}}'; }

@test "matrix: portmap" {
    # the reference looks for chains of both families
    no_check=$theirs/portmap meta_in_all_cells portmap '{"runtimeConfig":{"portMappings":[{"hostPort":16380,"containerPort":80,"protocol":"tcp"},{"hostPort":16381,"containerPort":81,"protocol":"udp"}]}}'
}

@test "matrix: firewall" { meta_in_all_cells firewall '{"backend":"iptables"}'; }

@test "matrix: sbr" { meta_in_all_cells sbr '{}'; }

@test "matrix: vrf" {
    can_make 'vrf table 9'
    meta_in_all_cells vrf '{"vrfname":"blue","table":42}'
}

@test "matrix: STATUS and GC of 1.1.0" {
    make_master
    local type json
    for type in bridge ptp macvlan ipvlan vlan host-device dummy tap host-local; do
        json=$(conf $type 1.1.0 "$(jq -c '. + {bridge: "br-rkt-test", master: "m0-rkt-test", device: "m0-rkt-test", vlanId: 5}' <<<"$(ipam 46)")")
        cni_ok STATUS "$ours/$type" "$json"
        cni_fails 999 STATUS "$ours/$type" "$(jq -c '.ipam.ranges[0][0].subnet = "10.88.0.0"' <<<"$json")"
        rm -rf "$leases"
        container=gone cni_ok ADD "$ours/host-local" "$json"
        container=kept cni_ok ADD "$ours/host-local" "$json"
        cni_ok GC "$ours/$type" "$(jq -c '. + {"cni.dev/valid-attachments": [{containerID: "kept", ifname: "eth0"}]}' <<<"$json")"
        [[ ! -e $leases/n1/10.88.0.2 && ! -e $leases/n1/fd88::2 ]] || { echo "$type: left"; false; }
        [[ -e $leases/n1/10.88.0.3 && -e $leases/n1/fd88::3 ]] || { echo "$type: taken away"; false; }
        cni_fails 1 GC "$ours/$type" "$(jq -c '.cniVersion = "1.0.0"' <<<"$json")"
    done
    for type in static tuning portmap bandwidth firewall sbr vrf loopback; do
        json=$(conf $type 1.1.0 '{"ipam":{"type":"static","addresses":[{"address":"10.88.0.5/24"}]},"cni.dev/valid-attachments":[]}')
        cni_ok STATUS "$ours/$type" "$json"
        cni_ok GC "$ours/$type" "$json"
    done
}

# same_refusal PLUGIN COMMAND JSON: both fail, with the same code and the same members.
same_refusal() {
    local type=$1 command=$2 json=$3 code
    cni "$command" "$ours/$type" "$json"
    ((status != 0)) || { echo "ours took it: $type $json"; return 1; }
    jq -e '(.msg | length > 0) and (keys - ["cniVersion", "code", "msg", "details"] == [])' <<<"$output" >/dev/null ||
        { echo "not an error: $output"; return 1; }
    code=$(jq .code <<<"$output")
    message=$(jq -r .msg <<<"$output")
    [[ ! $(ip -n "$ns" -o link show "$ifname" 2>/dev/null) ]] || { echo "left: $type $json"; return 1; }
    [[ ! $(find "$leases" -name '10.*' 2>/dev/null) ]] || { echo "lease left: $type $json"; return 1; }
    cni "$command" "$theirs/$type" "$json"
    ((status != 0)) || { echo "the reference took it, ours not: $message: $type $json"; return 1; }
    [[ $(jq .code <<<"$output") == "$code" ]] ||
        { echo "code $code: $message; theirs: $(jq -c . <<<"$output"): $type $json"; return 1; }
    # the reference leaves what its caller will have to delete
    ip -n "$ns" link del "$ifname" 2>/dev/null || :
}

@test "matrix: what is refused is refused with the same code" {
    make_master
    local type good change version types=(bridge ptp macvlan host-device)
    [[ $RKT_TEST_HOST == ns ]] || types=(host-device) # whose undoing is the hardest
    for type in "${types[@]}"; do
        good=$(conf $type 1.0.0 "$(jq -c '. + {bridge: "br-rkt-test", master: "m0-rkt-test", device: "m0-rkt-test"}' <<<"$(ipam 4)")")
        same_refusal $type ADD 'garbage'
        same_refusal $type ADD ''
        same_refusal $type ADD '[]'
        same_refusal $type FROBNICATE "$good"
        for change in 'del(.name)' '.name = "a b"' '.name = ".."' '.cniVersion = "9.0.0"' '.ipam = 3' '.ipam.type = 3' \
            '.ipam.type = "there-is-none"' '.ipam.ranges = [[{"subnet":"10.88.0.0/24"},{"subnet":"10.88.0.0/25"}]]' \
            '.ipam.ranges = [[{"subnet":"10.88.0.0/24"}],[{"subnet":"10.88.0.128/25"}]]' '.ipam.ranges[0][0].subnet = "nonsense"' \
            '.ipam.ranges[0][0].rangeStart = "10.89.0.1"' '.ipam.ranges[0][0].rangeStart = "10.88.0.9" | .ipam.ranges[0][0].rangeEnd = "10.88.0.5"' \
            '.ipam.ranges[0][0].gateway = "x"' '.ipam.routes = [{"dst":"x"}]' '.ipam.ranges = []' '.ipam.dataDir = 3'; do
            same_refusal $type ADD "$(jq -c "$change" <<<"$good")"
        done
        for version in 0.1.0 0.4.0; do
            same_refusal $type ADD "$(jq -c --arg v $version '.cniVersion = $v | .ipam.ranges = 3' <<<"$good")"
        done
        netns=/run/netns/there-is-none same_refusal $type ADD "$good"
        netns= same_refusal $type ADD "$good"
        container= same_refusal $type ADD "$good"
        container='a/../b' same_refusal $type ADD "$good"
        (ifname=sixteen-is-many1 && same_refusal $type ADD "$good")
        (ifname=a/b && same_refusal $type ADD "$good")
        (ifname= && same_refusal $type ADD "$good")
        same_refusal $type CHECK "$(jq -c '.cniVersion = "0.3.1"' <<<"$good")"
        same_refusal $type CHECK "$good"
    done
    same_refusal bridge ADD "$(conf bridge 1.0.0 '{"bridge":"lo"}')"
    same_refusal bridge ADD "$(conf bridge 1.0.0 '{"bridge":"this-name-is-too-long"}')"
    same_refusal bridge ADD "$(conf bridge 1.0.0 '{"bridge":"br-rkt-test","hairpinMode":true,"promiscMode":true}')"
    same_refusal bridge ADD "$(conf bridge 1.0.0 '{"bridge":"br-rkt-test","mtu":"1400"}')"
    same_refusal bridge ADD "$(conf bridge 1.0.0 '{"bridge":"br-rkt-test","isGateway":"yes"}')"
    same_refusal macvlan ADD "$(conf macvlan 1.0.0 '{"master":"there-is-none"}')"
    same_refusal macvlan ADD "$(conf macvlan 1.0.0 '{"master":"m0-rkt-test","mode":"odd"}')"
    same_refusal ipvlan ADD "$(conf ipvlan 1.0.0 '{"master":"m0-rkt-test","mode":"odd","ipam":{"type":"host-local"}}')"
    same_refusal vlan ADD "$(conf vlan 1.0.0 '{"master":"m0-rkt-test","vlanId":5000}')"
    same_refusal vlan ADD "$(conf vlan 1.0.0 '{"vlanId":5}')"
    same_refusal host-device ADD "$(conf host-device 1.0.0 '{}')"
    same_refusal host-device ADD "$(conf host-device 1.0.0 '{"device":"there-is-none"}')"
    for type in tuning portmap bandwidth firewall sbr vrf; do
        same_refusal $type ADD "$(conf $type 1.0.0 '{"runtimeConfig":{"portMappings":[{"hostPort":80,"containerPort":80}]},"ingressRate":8000,"ingressBurst":8000}')"
        same_refusal $type ADD 'garbage'
    done
    same_refusal static ADD "$(conf static 1.0.0 '{"ipam":{"type":"static","addresses":[{"address":"10.88.0.5"}]}}')"
    same_refusal static ADD "$(conf static 1.0.0 '{}')"
}
