#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Networks that cannot be, and plugins that do not do what they should: each is named, takes no longer than its time
# limit, and leaves nothing.

# shellcheck disable=SC2154 # output is set by check
load lib
load pods

setup() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    leases=$BATS_TEST_TMPDIR/leases
    # How long a plugin that hangs may: longer than any other needs, however busy the machine is.
    limit=2
    [[ $RKT_TEST_HOST == ns ]] || limit=6
    busybox_image bad
    uuid=$(rkt prepare --quiet example.com/bad)
    pod=/var/lib/rkt/pods/prepared/$uuid
}

teardown() {
    rm -f "$config/net.d/bad"
    netplug del "$uuid" 2>/dev/null || :
    end_pods
    ip link del rktbad0 2>/dev/null || :
    ip link del rktbad1 2>/dev/null || :
}

netplug() { rkt --local-config="$config" netplug "$@"; }

# write_network NAME JSON: of one plugin.
write_network() { jq -c --arg n "$1" '{cniVersion: "1.0.0", name: $n} + .' <<<"$2" >"$config/net.d/$1.conf"; }

# bridge JSON: a bridge with leases of the test's own, changed by that.
bridge() {
    jq -cn --arg d "$leases" --argjson more "$1" '{type: "bridge", bridge: "rktbad0", isGateway: true,
        ipam: {type: "host-local", dataDir: $d, ranges: [[{subnet: "10.74.0.0/24"}]]}} * $more'
}

# plugin NAME SCRIPT: one of the test's own, beside the networks.
plugin() {
    printf '#!/bin/sh\n%s\n' "$2" >"$config/net.d/$1"
    chmod +x "$config/net.d/$1"
}

# nothing_left: no handle, record, lease or link of the pod; a bridge may stay.
nothing_left() {
    [[ ! -e /run/netns/rkt-$uuid && ! -e $pod/net ]] || return 1
    ! find "$leases" -name '[1f]*[.:]*' 2>/dev/null | grep . || return 1
    ! ip -o link show type veth | grep rktbad || return 1
}

# refused WORDS: joining the network "bad" is, with these words, and leaves nothing.
refused() {
    check_fails 254 netplug add --net=bad "$uuid" && has "$1" && wait_for 5 nothing_left
}

@test "overlapping subnets are refused, and named" {
    local change
    for change in '[[{"subnet":"10.74.0.0/24"}],[{"subnet":"10.74.0.128/25"}]]' '[[{"subnet":"10.74.0.0/24"},{"subnet":"10.74.0.0/16"}]]' \
        '[[{"subnet":"fd74::/64"}],[{"subnet":"fd74::/48"}]]'; do
        write_network bad "$(bridge "$(jq -cn --argjson r "$change" '{ipam: {ranges: $r}}')")"
        refused 'overlap'
    done
}

@test "two networks of one subnet: the bridge of the other is said to be, and the first stays as it is" {
    write_network good "$(bridge '{}')"
    netplug add --net=good "$uuid"
    local other
    other=$(rkt prepare --quiet example.com/bad)
    write_network bad "$(bridge '{"ipam": {"ranges": [[{"subnet": "10.74.0.0/16"}]]}}')"
    check_fails 254 netplug add --net=bad "$other"
    has 'rktbad0" already has an IP address different from 10\.74\.0\.1/16'
    netplug check "$uuid"
    netplug del "$uuid"
    netplug del "$other"
    nothing_left
}

@test "two networks of overlapping subnets on bridges of their own are told of, by their names and files" {
    write_network good "$(bridge '{}')"
    write_network bad "$(bridge '{"bridge": "rktbad1", "ipam": {"ranges": [[{"subnet": "10.74.0.0/16"}]]}}')"
    check netplug add --net=good "$uuid"
    has '"good" \(.*/net.d/good.conf\) and "bad" \(.*/net.d/bad.conf\) have addresses in common \(10.74.0.0/24 and 10.74.0.0/16\)'
    netplug del "$uuid"
    # one bridge, two ranges of its subnet
    write_network bad "$(bridge '{"ipam": {"ranges": [[{"subnet": "10.74.0.0/24", "rangeStart": "10.74.0.128"}]]}}')"
    check netplug add --net=good "$uuid"
    lacks 'in common'
    netplug del "$uuid"
    nothing_left
}

@test "a range that is used up names itself; what a pod gives back is the next one's" {
    write_network bad "$(bridge '{"ipam": {"ranges": [[{"subnet": "10.74.0.0/29", "rangeEnd": "10.74.0.3"}]]}}')"
    local a b
    a=$(rkt prepare --quiet example.com/bad)
    b=$(rkt prepare --quiet example.com/bad)
    netplug add --net=bad "$a"
    netplug add --net=bad "$b"
    check_fails 254 netplug add --net=bad "$uuid"
    has 'no IP addresses available in range set: 10\.74\.0\.1-10\.74\.0\.3'
    [[ ! -e /run/netns/rkt-$uuid && ! -e $pod/net ]]
    netplug check "$a"
    netplug del "$a"
    check netplug add --net=bad "$uuid"
    [[ $(jq -r '.[0].ip' "$pod/net-info.json") == 10.74.0.2 ]]
    netplug del "$b"
    netplug del "$uuid"
    nothing_left
}

@test "members of wrong types and impossible values are named" {
    local change why
    while IFS=$'\t' read -r change why; do
        write_network bad "$(bridge '{}' | jq -c "$change")"
        refused "$why" || { echo "of: $change"; return 1; }
    done <<'END'
.bridge = 3	bridge: expected a string
.bridge = "this-name-is-too-long"	this-name-is-too-long
.bridge = "lo"	"lo"
.bridge = "../x"	"\.\./x"
.isGateway = "yes"	isGateway: expected
.mtu = "1500"	mtu: expected
.mtu = -5	mtu
.mtu = 1e30	mtu
.vlan = 5000	vlan
.ipMasq = 1	ipMasq: expected
.ipMasq = true | .ipMasqBackend = "pf"	ipMasqBackend
.ipam = []	ipam: expected
.ipam.type = "nothing-of-this-name"	nothing-of-this-name
.ipam.type = "../../../bin/true"	bin/true
.ipam.ranges = {}	ranges: expected
.ipam.ranges = [[]]	range
.ipam.ranges[0][0].subnet = "10.74.0.0"	10\.74\.0\.0
.ipam.ranges[0][0].subnet = "10.74.0.0/33"	10\.74\.0\.0/33
.ipam.ranges[0][0].rangeStart = "10.75.0.1"	10\.75\.0\.1
.ipam.ranges[0][0] += {rangeStart: "10.74.0.9", rangeEnd: "10.74.0.3"}	10\.74\.0\.[39]
.ipam.routes = [{dst: "everywhere"}]	everywhere
.ipam.routes = [{gw: "10.74.0.1"}]	dst
.ipam.routes = [{dst: "10.9.0.0/16", gw: "10.99.0.1"}]	10\.9\.0\.0/16
.type = "macvlan" | .master = "there-is-none"	there-is-none
.type = "macvlan" | .master = "this-name-is-too-long"	this-name-is-too-long
.type = "vlan" | .master = "lo" | .vlanId = "5"	vlanId: expected
.type = "host-device" | .device = "this-name-is-too-long"	this-name-is-too-long
END
}

@test "results that cannot be are refused with the plugin's name" {
    local json why
    while IFS='|' read -r json why; do
        printf '%s\n' "$json" >"$BATS_TEST_TMPDIR/answer"
        plugin bad "[ \"\$CNI_COMMAND\" = ADD ] || exit 0; cat $BATS_TEST_TMPDIR/answer"
        write_network bad '{"type": "bad"}'
        refused "result of plugin bad.*$why"
    done <<'END'
|
[]|expected an object
{"cniVersion": "9.9.9"}|9\.9\.9
{"cniVersion": "1.0.0", "ips": {}}|ips: expected
{"cniVersion": "1.0.0", "ips": [{}]}|address
{"cniVersion": "1.0.0", "ips": [{"address": "10.1.2.3"}]}|10\.1\.2\.3
{"cniVersion": "1.0.0", "ips": [{"address": "10.1.2.3/24", "interface": "eth0"}]}|interface: expected
{"cniVersion": "1.0.0", "interfaces": [{"name": 5}]}|name: expected
{"cniVersion": "1.0.0", "routes": [{"dst": "x"}]}|dst
{"cniVersion": "1.0.0", "dns": {"nameservers": "10.0.0.1"}}|nameservers: expected
END
    # As deep as no parser should go, and as much as none should take.
    plugin bad '[ "$CNI_COMMAND" = ADD ] || exit 0; head -c 500000 /dev/zero | tr "\0" "["'
    refused 'result of plugin bad'
    plugin bad '[ "$CNI_COMMAND" = ADD ] || exit 0; head -c 8000000 /dev/urandom'
    refused 'more than 1048576 bytes'
    plugin bad 'head -c 8000000 /dev/zero >&2; head -c 3000000 /dev/zero; exit 1'
    check_fails 254 netplug add --net=bad "$uuid"
}

@test "what a result says of names and servers is not written into the pod's files as lines of their own" {
    local run=(rkt --local-config="$config" run --net=bad example.com/bad --exec=/bin/cat)
    plugin bad '[ "$CNI_COMMAND" = ADD ] || exit 0; printf "%s\n" "{\"cniVersion\": \"1.0.0\", \"dns\": {\"nameservers\": [\"10.0.0.1\\nnameserver 6.6.6.6\"]}}"'
    write_network bad '{"type": "bad"}'
    run "${run[@]}" -- /etc/resolv.conf
    lacks 'nameserver 6\.6\.6\.6$'
    has 'its DNS settings have spaces in them'
}

@test "plugins that hang, with children, without output, deaf to signals, are killed at the limit with all that they started" {
    local script mark=$RANDOM$RANDOM
    write_network bad '{"type": "bad"}'
    export RKT_CNI_TIMEOUT=${limit}s
    for script in "exec sleep 1000.$mark" "sleep 1000.$mark & echo '{}'" "trap '' TERM HUP INT; exec >&-; sleep 1000.$mark; sleep 1000.$mark" \
        "cat >/dev/null; sleep 1000.$mark" "while :; do sleep 0.1; echo -n .; done"; do
        plugin bad "[ \"\$CNI_COMMAND\" = ADD ] || exit 0; $script"
        check_fails 254 netplug add --net=bad "$uuid"
        has "plugin bad has not ended within $limit s and was killed"
        wait_for 5 nothing_left
        if pgrep -f "sleep 1000\.$mark"; then false; fi
    done
}

@test "an IPAM plugin that hangs or dies under a bridge of ours leaves no link" {
    local script
    write_network bad "$(bridge '{"ipam": {"type": "bad"}}')"
    export RKT_CNI_TIMEOUT=${limit}s
    for script in 'exec sleep 1000' 'kill -9 $$' 'echo garbage' 'head -c 9000000 /dev/zero' 'exit 7'; do
        plugin bad "[ \"\$CNI_COMMAND\" = ADD ] || exit 0; $script"
        refused 'plugin bridge'
    done
    # One that hangs at DEL as well keeps the record for the next time, but neither the link nor the handle.
    plugin bad 'exec sleep 1000'
    check_fails 254 netplug add --net=bad "$uuid"
    [[ ! -e /run/netns/rkt-$uuid && -e $pod/net ]]
    plugin bad 'exit 0'
    check netplug del "$uuid"
    wait_for 5 nothing_left
}

@test "a plugin that fails, dies or hangs at DEL: the pod's side is gone, and del says so until it succeeds" {
    local script
    export RKT_CNI_TIMEOUT=${limit}s
    jq -n --argjson b "$(bridge '{}')" '{cniVersion: "1.0.0", name: "bad", plugins: [$b, {type: "bad"}]}' >"$config/net.d/10-bad.conflist"
    # shellcheck disable=SC2016 # for the plugin
    local pass='[ "$CNI_COMMAND" = DEL ] || { sed "s/^.*\"prevResult\"://; s/}$//" >/dev/null; echo "{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.74.0.2/24\"}]}"; exit 0; }'
    for script in 'exit 3' 'kill -9 $$' 'exec sleep 1000' 'echo garbage; exit 1' 'echo "{\"code\": 11, \"msg\": \"try later\"}"; exit 1'; do
        plugin bad "$pass; $script"
        netplug add --net=bad "$uuid"
        check_fails 254 netplug del "$uuid"
        has 'leaving the network "bad": plugin bad'
        [[ ! -e /run/netns/rkt-$uuid && -e $pod/net ]]
        if find "$leases" -name '10.*' | grep .; then false; fi # of the plugin before it in the chain
        plugin bad "$pass; exit 0"
        check netplug del "$uuid"
        wait_for 5 nothing_left
    done
}

@test "a pod whose namespace and handle have gone leaves its networks with gc" {
    write_network bad "$(bridge '{}')"
    netplug add --net=bad "$uuid"
    umount "/run/netns/rkt-$uuid"
    rm "/run/netns/rkt-$uuid"
    rmdir /run/netns 2>/dev/null || :
    check rkt gc --expire-prepared=0s --grace-period=0s
    wait_for 5 nothing_left
    [[ ! -e $pod ]]
}
