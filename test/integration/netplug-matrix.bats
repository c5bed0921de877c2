#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rkt-netplug with each plugin in each family and each version of CNI, ours and Debian's: the same networks for the pod,
# and nothing left.

load lib
load pods
load cni-lives

setup() {
    cni_setup
    without_dad
    ip netns exec "$ns" sleep 1000 3>&- & # the pod's leader
    leader=$!
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    busybox_image matrix
    uuid=$(rkt prepare --quiet example.com/matrix)
    pod=/var/lib/rkt/pods/prepared/$uuid
    wait_for 10 leader_is_in
}

leader_is_in() { [[ $(readlink "/proc/$leader/ns/net") != "$(readlink /proc/self/ns/net)" ]]; }

teardown() {
    rkt netplug del "$uuid" || :
    rkt rm "$uuid" >/dev/null || :
    kill "$leader" || :
    cni_teardown
    rm -rf /var/lib/cni/networks/rkt-test-matrix
}

# network VERSION JSON…: of these plugins.
network() {
    local version=$1 plugins
    shift
    plugins=$(jq -cs . <<<"$*")
    jq -n --arg v "$version" --argjson p "$plugins" '{cniVersion: $v, name: "rkt-test-matrix", plugins: $p}' >"$config/net.d/10-test.conflist"
}

# with_type TYPE JSON
with_type() { jq -c --arg t "$1" '. + {type: $t}' <<<"$2"; }

# pod_life CNI-PATH VERSION: the pod joins the network and leaves it. Sets info, what is known of it after, and seen, what is
# in its namespace.
pod_life() {
    local add=(rkt --local-config="$config" netplug add --cni-path="$1" --net=rkt-test-matrix --leader=$leader "$uuid")
    rm -rf "$leases"
    check "${add[@]}" || return
    info=$(jq -S '[.[] | {netName, ifName, ip, ip6, mask, addresses, hostInterfaces: [.hostInterfaces[]? | sub("^veth.*"; "veth")]}]' "$pod/net-info.json")
    seen=$(plain_netns eth0)
    ip netns exec "rkt-$uuid" ip -o link show eth0 >/dev/null || { echo "the handle leads elsewhere"; return 1; }
    [[ $seen == *10.88.0.2* || $seen == *fd88::2* ]] || { echo "no address: $seen"; return 1; }
    check rkt netplug check --cni-path="$1" "$uuid" || return
    [[ $2 =~ ^(0\.4|1\.) ]] || has 'not checked' || return
    check rkt netplug del --cni-path="$1" "$uuid" || return
    [[ ! -e /run/netns/rkt-$uuid && ! -e $pod/net ]] || { echo "left in the pod"; return 1; }
    [[ ! $(find "$leases" -name '[1f]*[.:]*') ]] || { ls "$leases"/*; return 1; }
    [[ ! $(ip -n "$ns" -o link show eth0 2>/dev/null) ]] || { echo "the interface is left"; return 1; }
    no_ports || return
}

# no_ports: of the bridge, or else with the network's addresses.
no_ports() { ! bridge link show | grep br-rkt-test && ! ip route | grep '^10\.88\.0\..*veth'; }

# same_pod VERSION [JSON…]: whichever plugins it is that do it.
same_pod() {
    local version=$1 our_info our_seen
    shift
    network "$version" "$@"
    pod_life "$ours" "$version" || { echo "ours, $version: $*"; return 1; }
    our_info=$info our_seen=$seen
    if [[ $version == 1.1.0 ]]; then # Debian's end at 1.0.0
        check_fails 254 rkt --local-config="$config" netplug add --cni-path="$theirs" --net=rkt-test-matrix --leader=$leader "$uuid"
        has 'incompatible CNI versions' || return
        [[ ! -e /run/netns/rkt-$uuid ]] || return
        version=1.0.0
        network "$version" "$@"
    fi
    pod_life "$theirs" "$version" || { echo "theirs, $version: $*"; return 1; }
    diff <(echo "$our_info") <(echo "$info") || { echo "$version: $*: another net-info.json (<: ours)"; return 1; }
    diff <(echo "$our_seen") <(echo "$seen") || { echo "$version: $*: another pod (<: ours)"; return 1; }
}

# in_all_cells PLUGIN JSON
in_all_cells() {
    local version family
    while read -r version family; do
        same_pod "$version" "$(with_type "$1" "$(jq -c --argjson i "$(ipam "$family")" '. + $i' <<<"$2")")" || return
    done < <(cells)
}

# alone_in_all_cells PLUGIN JSON
alone_in_all_cells() {
    local version family
    while read -r version family; do
        network "$version" "$(with_type "$1" "$(jq -c --argjson i "$(ipam "$family")" '. + $i' <<<"$2")")"
        pod_life "$ours" "$version" || { echo "$1 $version $family"; return 1; }
    done < <(cells)
}

@test "netplug: bridge in each version and family" { in_all_cells bridge '{"bridge":"br-rkt-test","isGateway":true}'; }

@test "netplug: ptp in each version and family" { in_all_cells ptp '{}'; }

@test "netplug: macvlan in each version and family" {
    make_master
    can_make macvlan link m0-rkt-test
    in_all_cells macvlan '{"master":"m0-rkt-test"}'
}

@test "netplug: ipvlan in each version and family" {
    make_master
    can_make ipvlan link m0-rkt-test
    in_all_cells ipvlan '{"master":"m0-rkt-test"}'
}

@test "netplug: vlan in each version and family" {
    make_master
    can_make 'vlan id 9' link m0-rkt-test
    in_all_cells vlan '{"master":"m0-rkt-test","vlanId":5}'
}

@test "netplug: tap and dummy in each version and family" {
    need_tun
    alone_in_all_cells tap '{}'
    can_make dummy
    alone_in_all_cells dummy '{}'
}

@test "netplug: chains in each version, of our plugins and Debian's in any mixture" {
    local version family bridge mixed=$BATS_TEST_TMPDIR/mixed other=$BATS_TEST_TMPDIR/other plugins
    mkdir "$mixed" "$other"
    ln -s "$ours"/{bridge,host-local,firewall} "$theirs"/{tuning,portmap} "$mixed/"
    ln -s "$theirs"/{bridge,host-local,firewall} "$ours"/{tuning,portmap} "$other/"
    while read -r version family; do
        bridge=$(with_type bridge "$(jq -c --argjson i "$(ipam "$family")" '. + $i' <<<'{"bridge":"br-rkt-test","isGateway":true,"ipMasq":true}')")
        plugins=("$bridge" '{"type":"tuning","mtu":1400}' '{"type":"portmap","capabilities":{"portMappings":true}}')
        [[ ! $version =~ ^(0\.4|1\.) ]] || plugins+=('{"type":"firewall"}') # Debian's begins there
        same_pod "$version" "${plugins[@]}"
        [[ $version != 1.1.0 ]] || continue
        pod_life "$mixed:$ours" "$version"
        pod_life "$other:$theirs" "$version"
    done < <(cells)
}
