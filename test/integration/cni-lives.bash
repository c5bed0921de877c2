# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# CNI plugins called by hand, as a runtime would: "load cni-lives" beside "load lib".

ours=/usr/lib/rkt/cni
theirs=/usr/lib/cni

# make_netns NAME…: named namespaces that cni_teardown removes again.
make_netns() {
    local name
    for name; do
        ip netns add "$name"
        netns_made+=("$name")
    done
}
netns_made=()

cni_setup() {
    container=c-$BATS_TEST_NUMBER-$$
    ns=rkt-test-$BATS_TEST_NUMBER
    netns=/run/netns/$ns
    ifname=eth0
    leases=$BATS_TEST_TMPDIR/leases
    make_netns "$ns"
}

cni_teardown() {
    local name
    for name in "${netns_made[@]}"; do
        ip netns del "$name" 2>/dev/null || :
    done
    # A port of a bridge goes with its peer; bridges and masters are the tests' own.
    for name in br-rkt-test m0-rkt-test m1-rkt-test other-rkt-test; do
        ip link del "$name" 2>/dev/null || :
    done
}

# cni COMMAND PLUGIN [JSON]: runs a plugin (a path) with the test's attachment; as bats' run, without what it logs.
cni() { run call_plugin "$@"; }
call_plugin() {
    CNI_COMMAND="$1" CNI_CONTAINERID="$container" CNI_NETNS="$netns" CNI_IFNAME="$ifname" CNI_ARGS="${cni_args-}" \
        CNI_PATH="${cni_path-$ours:$theirs}" "$2" <<<"${3-}" 2>>"$BATS_TEST_TMPDIR/stderr"
}

# cni_ok and cni_fails CODE: the same, checked. cni_fails' message is in $message.
cni_ok() {
    cni "$@"
    # shellcheck disable=SC2154 # set by run
    if ((status != 0)); then
        printf '%s\n%s %s failed\n' "$output" "$1" "$2"
        return 1
    fi
}
cni_fails() {
    local code=$1
    shift
    cni "$@"
    if ((status == 0)) || [[ $(jq -r .code <<<"$output") != "$code" ]]; then
        printf '%s\n%s %s: status %d instead of a failure with code %s\n' "$output" "$1" "$2" "$status" "$code"
        return 1
    fi
    # shellcheck disable=SC2034 # for the test
    message=$(jq -r '.msg + " " + (.details // "")' <<<"$output")
}

# conf TYPE VERSION JSON: a configuration of network n1.
conf() {
    jq -cn --arg t "$1" --arg v "$2" --argjson more "$3" '{cniVersion: $v, name: "n1", type: $t} + $more'
}

# ipam 4|6|46: host-local with leases of the test's own.
ipam() {
    local sets=()
    [[ $1 != *4* ]] || sets+=('[{"subnet":"10.88.0.0/24"}]')
    [[ $1 != *6* ]] || sets+=('[{"subnet":"fd88::/64"}]')
    local routes='[{"dst":"0.0.0.0/0"}]'
    [[ $1 == *4* ]] || routes='[{"dst":"::/0"}]'
    [[ $1 != 46 ]] || routes='[{"dst":"0.0.0.0/0"},{"dst":"::/0"}]'
    jq -cn --argjson s "[$(IFS=,; echo "${sets[*]}")]" --argjson r "$routes" --arg d "$leases" \
        '{ipam: {type: "host-local", ranges: $s, routes: $r, dataDir: $d}}'
}

# with_previous CONF RESULT
with_previous() { jq -c --argjson p "$2" '. + {prevResult: $p}' <<<"$1"; }

# What every run has in common: without random names and addresses, and what only 1.1.0 says.
plain_result() {
    jq -S 'del(.cniVersion) | walk(if type == "object" and has("mac") then .mac = "MAC" else . end)
        | if .interfaces then .interfaces[] |= (del(.mtu) | .name |= sub("^veth.*"; "veth")) else . end'
}

# The container's addresses and routes, without what the kernel makes by itself.
plain_netns() {
    ip -n "$ns" -j addr show "$1" | jq -Sc '[.[].addr_info[] | select(.scope == "global" or .local == "127.0.0.1" or .local == "::1") | {local, prefixlen, broadcast, scope}]'
    { ip -n "$ns" route; ip -n "$ns" -6 route; } | grep -v -e '^fe80' -e '^unreachable' | sed -e 's/ metric [0-9]*//; s/ pref medium//; s/ linkdown//; s/ *$//' | sort
}

# one_life PLUGIN CONF: ADD, CHECK where the version has it, DEL twice. Leaves the result in $result and what the
# container saw in $seen.
one_life() {
    local check=1
    rm -rf "$leases"
    cni_ok ADD "$1" "$2" || return
    result=$(plain_result <<<"$output")
    seen=$(plain_netns "${seen_ifname-$ifname}")
    [[ $(jq -r '.cniVersion // ""' <<<"$2") =~ ^(0\.4|1\.) ]] || check=
    [[ ! $check ]] || cni_ok CHECK "$1" "$(with_previous "$2" "$output")" || return
    cni_ok DEL "$1" "$2" || return
    [[ ${no_second_del-} ]] || cni_ok DEL "$1" "$2" || return
    [[ ! $(ip -n "$ns" -o link | grep -v -e ' lo:' -e ' sit0@' -e ' tunl0@') ]] || { ip -n "$ns" link; echo "left behind by $1"; return 1; }
    [[ ! -d $leases ]] || [[ ! $(find "$leases" -name '[1f]*[.:]*') ]] || { ls -R "$leases"; echo "left behind by $1"; return 1; }
}

# same_as_reference PLUGIN VERSION JSON: both lead the same life.
same_as_reference() {
    local version=$2 our_result our_seen
    one_life "$ours/$1" "$(conf "$1" "$2" "$3")" || return
    our_result=$result our_seen=$seen
    # Debian's plugins end at 1.0.0.
    [[ $version != 1.1.0 ]] || version=1.0.0
    one_life "$theirs/$1" "$(conf "$1" "$version" "$3")" || return
    if [[ ${without_family-} ]]; then
        our_result=$(jq -S 'del(.ips[].version)' <<<"$our_result") result=$(jq -S . <<<"$result")
    fi
    diff <(echo "$our_result") <(echo "$result") || { echo "$1 $2 $3: another result (<: ours)"; return 1; }
    diff <(echo "$our_seen") <(echo "$seen") || { echo "$1 $2 $3: another container (<: ours)"; return 1; }
}

# The emulated machine takes the oldest and the newest.
all_versions() {
    if [[ ${RKT_TEST_HOST-} == vm ]]; then
        echo 0.1.0 1.1.0
    else
        echo 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0
    fi
}

# cells: "VERSION FAMILY" of the matrix, one a line: both families at once in each version, and alone in the oldest forms
# of results and the newest; all of them with RKT_TEST_MATRIX=all.
cells() {
    local version
    if [[ ${RKT_TEST_HOST-} == vm && ! ${RKT_TEST_MATRIX-} ]]; then
        echo '1.0.0 46'
        return
    fi
    for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
        echo "$version 46"
        [[ ! ${RKT_TEST_MATRIX-} && $version != 0.2.0 && $version != 1.1.0 ]] || printf '%s\n' "$version 4" "$version 6"
    done
}

# without_dad: addresses in the test's namespace can be used at once. Else IPv6 takes a second or two each time.
without_dad() { ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0; }

# need_tun: else the test is skipped.
need_tun() { [[ -e /dev/net/tun ]] || modprobe tun 2>/dev/null || skip "no /dev/net/tun"; }

# make_master: m0-rkt-test on the host, whose other end is in a namespace of its own.
make_master() {
    make_netns "$ns-far"
    ip link add m0-rkt-test type veth peer name m1-rkt-test netns "$ns-far"
    ip -n "$ns-far" link set m1-rkt-test up
    ip link set m0-rkt-test up
}

# can_make 'KIND OPTION…' [link MASTER]: skips the test where the kernel cannot.
can_make() {
    local kind=$1
    shift
    # shellcheck disable=SC2086 # words
    ip link add "$@" name other-rkt-test type $kind 2>/dev/null || skip "the kernel makes no links of type $kind"
    ip link del other-rkt-test
}
