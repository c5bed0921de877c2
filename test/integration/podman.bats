#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# podman, as a foreign client of our CNI plugins: its containers' networks by them alone.

load lib

setup() {
    need commands podman
    dir=$BATS_TEST_TMPDIR/podman
    mkdir -p "$dir"/{net,root/bin,root/proc,root/sys,root/dev,root/etc,root/tmp,root/www}
    cp "$(type -P busybox)" "$dir/root/bin"
    local tool
    for tool in sh httpd ip wget sleep; do ln -s busybox "$dir/root/bin/$tool"; done
    echo 'hello of podman' >"$dir/root/www/index.html"
    cat >"$dir/containers.conf" <<END
[network]
network_backend="cni"
cni_plugin_dirs=["/usr/lib/rkt/cni"]
network_config_dir="$dir/net"
[engine]
cgroup_manager="cgroupfs"
events_logger="none"
END
    write_network 1.0.0
    podman_here network ls 2>&1 | grep -q rkt-test-podman || skip "this podman knows netavark only"
}

teardown() {
    podman_here rm -a -f -t 0 >/dev/null 2>&1 || :
    ip link del br-rkt-test 2>/dev/null || :
    [[ ! ${made-} ]] || ip link del "$made" 2>/dev/null || :
    ip link del m0-rkt-test 2>/dev/null || :
    ip netns del rkt-test-podman 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-test-podman*
}

podman_here() {
    CONTAINERS_CONF=$dir/containers.conf podman --root "$dir/store" --runroot "$dir/run" --storage-driver vfs "$@" 3>&-
}

# run_here ARGUMENT…: podman run of the root directory; without cgroups, since crun sets limits for devices that not every
# host lets it set.
run_here() {
    local options=("${@:1:$#-1}") last=${*: -1}
    # shellcheck disable=SC2086 # words
    podman_here run --cgroups=disabled "${options[@]}" --rootfs "$dir/root" $last
}

# write_network VERSION: with both families, and the plugins that podman itself chains.
write_network() {
    jq -n --arg v "$1" '{cniVersion: $v, name: "rkt-test-podman", plugins: [
        {type: "bridge", bridge: "br-rkt-test", isGateway: true, ipMasq: true, hairpinMode: true,
         ipam: {type: "host-local", routes: [{dst: "0.0.0.0/0"}, {dst: "::/0"}],
                ranges: [[{subnet: "10.73.0.0/24", gateway: "10.73.0.1"}], [{subnet: "fd73::/64", gateway: "fd73::1"}]]}},
        {type: "portmap", capabilities: {portMappings: true}}, {type: "firewall"}, {type: "tuning", capabilities: {mac: true}}]}' \
        >"$dir/net/rkt-test.conflist"
}

# nothing_left: no port, lease or rule of the containers.
nothing_left() {
    ! bridge link show | grep -e br-rkt-test ${made:+-e "$made"} || return 1
    ! find /var/lib/cni/networks/rkt-test-podman* -name '[1f]*[.:]*' 2>/dev/null | grep . || return 1
    ! { nft list ruleset; iptables-save; ip6tables-save; } 2>/dev/null | grep -e '10\.73\.0\.[2-9]' -e 'fd73::[2-9]' || return 1
}

# page URL: what wget of the last container says.
has_page() { [[ $(curl -sf --max-time 5 "$1") == 'hello of podman' ]]; }

@test "podman: a published port from our plugins alone" {
    local port=$((RANDOM % 20000 + 30000))
    check run_here -d --name web --network rkt-test-podman -p "127.0.0.1:$port:80" '/bin/httpd -f -h /www'
    [[ -e /var/lib/cni/networks/rkt-test-podman/10.73.0.2 ]]
    wait_for 10 has_page "http://127.0.0.1:$port/"
    check podman_here rm -f -t 0 web
    nothing_left
}

@test "podman: networks of each version of CNI, with both families" {
    local version versions=(0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0)
    [[ $RKT_TEST_HOST == ns ]] || versions=(0.2.0 1.0.0)
    for version in "${versions[@]}"; do
        write_network "$version"
        check run_here --rm --network rkt-test-podman '/bin/ip addr show eth0'
        has 'inet 10\.73\.0\.[0-9]+/24'
        has 'inet6 fd73::[0-9a-f]+/64'
        nothing_left
    done
}

@test "podman: two containers reach each other and the host in both families, one with an address and a MAC of its own" {
    check run_here -d --name web --network rkt-test-podman --ip 10.73.0.77 --mac-address 02:00:00:00:00:77 '/bin/httpd -f -h /www'
    check podman_here inspect web
    jq -e '.[0].NetworkSettings.Networks["rkt-test-podman"] | .IPAddress == "10.73.0.77" and .MacAddress == "02:00:00:00:00:77" and
        .Gateway == "10.73.0.1" and (.GlobalIPv6Address | startswith("fd73::"))' <<<"$output"
    local six
    six=$(jq -r '.[0].NetworkSettings.Networks["rkt-test-podman"].GlobalIPv6Address' <<<"$output")
    wait_for 10 has_page http://10.73.0.77/
    has_page "http://[$six]/"
    check run_here --rm --network rkt-test-podman '/bin/wget -q -O - http://10.73.0.77/'
    has 'hello of podman'
    check run_here --rm --network rkt-test-podman "/bin/wget -q -O - http://[$six]/"
    has 'hello of podman'
    check podman_here network reload web # DEL and ADD beneath the running container
    has_page http://10.73.0.77/
    check podman_here rm -f -t 0 web
    nothing_left
}

@test "podman: a network that it creates itself, joined and left by a running container" {
    check podman_here network create --subnet 10.73.7.0/24 rkt-test-podman-own
    made=$(jq -r '.plugins[0].bridge' "$dir/net/rkt-test-podman-own.conflist")
    rm "$dir/net/rkt-test.conflist"
    jq -n '{cniVersion: "1.0.0", name: "rkt-test-podman-b", plugins: [{type: "ptp", ipam: {type: "host-local", ranges: [[{subnet: "10.73.8.0/24"}]]}}]}' \
        >"$dir/net/b.conflist"
    check run_here -d --name web --network rkt-test-podman-own '/bin/httpd -f -h /www'
    wait_for 10 has_page http://10.73.7.2/
    check podman_here network connect rkt-test-podman-b web
    wait_for 10 has_page http://10.73.8.2/
    has_page http://10.73.7.2/
    check podman_here network disconnect rkt-test-podman-b web
    [[ ! -e /var/lib/cni/networks/rkt-test-podman-b/10.73.8.2 ]]
    check podman_here rm -f -t 0 web
    [[ ! -e /var/lib/cni/networks/rkt-test-podman-own/10.73.7.2 ]]
    nothing_left
}

@test "podman: macvlan, on the wire of its master" {
    ip netns add rkt-test-podman
    ip link add m0-rkt-test type veth peer name m1 netns rkt-test-podman
    ip link set m0-rkt-test up
    ip -n rkt-test-podman link set m1 up
    ip -n rkt-test-podman addr add 10.73.0.1/24 dev m1
    jq -n '{cniVersion: "1.0.0", name: "rkt-test-podman", plugins: [{type: "macvlan", master: "m0-rkt-test",
        ipam: {type: "host-local", ranges: [[{subnet: "10.73.0.0/24", gateway: "10.73.0.1"}]]}}]}' >"$dir/net/rkt-test.conflist"
    check run_here -d --name web --network rkt-test-podman '/bin/httpd -f -h /www'
    wait_for 10 ip netns exec rkt-test-podman bash -c "$(declare -f has_page); has_page http://10.73.0.2/"
    check podman_here rm -f -t 0 web
    nothing_left
}

@test "podman: containers find each other by name and alias through our dnsname" {
    need commands dnsmasq
    jq '.plugins += [{type: "dnsname", domainName: "dns.podman", capabilities: {aliases: true}}]' "$dir/net/rkt-test.conflist" >"$dir/new"
    mv "$dir/new" "$dir/net/rkt-test.conflist"
    check run_here -d --name db --network rkt-test-podman --network-alias store '/bin/sleep 600'
    local address
    address=$(podman_here inspect db | jq -r '.[0].NetworkSettings.Networks."rkt-test-podman".IPAddress')
    [[ $address == 10.73.0.* ]]
    check run_here --rm --network rkt-test-podman '/bin/busybox nslookup -type=a db.dns.podman'
    has "Address: $address\$"
    check run_here --rm --network rkt-test-podman '/bin/busybox nslookup -type=a store 10.73.0.1'
    has "Address: $address\$"
    check podman_here rm -f -t 0 db
    nothing_left
    [[ ! -e /run/rkt/names/rkt-test-podman ]]
}
