# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# CNI plugins called by hand, in network namespaces of the test's own.

# cni_begin NAME: makes the namespace in which the plugins act; sets the variable NAME, and plugins.
cni_begin() {
    cni_names=()
    plugins=${CNI_PATH:-/usr/lib/rkt/cni}
    cni_namespace "$1"
    cni_host=${!1}
}

# cni_namespace NAME: sets the variable NAME to that of a new namespace with lo up.
cni_namespace() {
    local name=t$$-$RANDOM
    ip netns add "$name"
    ip -n "$name" link set lo up
    cni_names+=("$name")
    printf -v "$1" %s "$name"
}

# cni_forget NAME…: deletes the namespaces in these variables.
cni_forget() {
    local name
    for name; do ip netns del "${!name}"; done
}

# cni_end: for a test's teardown.
cni_end() {
    local name
    for name in "${cni_names[@]}"; do ip netns del "$name" 2>/dev/null || :; done
}

# cni_id NAME: the container ID of the namespace in the variable.
cni_id() { echo "id-${!1}"; }

# cni PLUGIN COMMAND NAME CONFIGURATION: calls it for that container; sets output to what it writes, and keeps
# the result of ADD in NAME.result.
cni() {
    local status=0
    output=$(CNI_COMMAND=$2 CNI_CONTAINERID=$(cni_id "$3") CNI_NETNS=/run/netns/${!3} CNI_IFNAME=eth0 \
        CNI_PATH=$plugins ip netns exec "$cni_host" "$plugins/$1" <<<"$4") || status=$?
    [[ $2 != ADD ]] || echo "$output" >"$BATS_TEST_TMPDIR/$3.result"
    ((status == 0)) || echo "# $1 $2: $output"
    return $status
}

# rules: all that netfilter has in the namespace of the plugins.
rules() {
    ip netns exec "$cni_host" nft list table inet rkt 2>/dev/null || :
    ip netns exec "$cni_host" iptables-legacy -t nat -S
    ip netns exec "$cni_host" ip6tables-legacy -t nat -S
}

# no_rules: fails if anything of a container's is left.
no_rules() {
    if rules | grep -E 'comment "blue|RKT-'; then return 1; fi
}

flush_rules() {
    ip netns exec "$cni_host" nft flush ruleset
    ip netns exec "$cni_host" iptables-legacy -t nat -F
    ip netns exec "$cni_host" ip6tables-legacy -t nat -F
}
