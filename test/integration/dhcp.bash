# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Networks with a DHCP server in a namespace of its own: "load dhcp" beside "load lib" and "load cni-lives".

# dhcp_setup: besides cni_setup's, a directory of the test's own for the daemon.
dhcp_setup() {
    need commands dnsmasq
    cni_setup
    dhcp_pids=()
    dhcp_dir=$BATS_TEST_TMPDIR/dhcp
    dhcp_socket=$dhcp_dir/socket
    mkdir -p "$dhcp_dir"
}

dhcp_teardown() {
    ((${#dhcp_pids[@]} == 0)) || kill "${dhcp_pids[@]}" 2>/dev/null || :
    cni_teardown
}

# far_bridge: the bridge br-rkt-test, one of whose ports is m1-rkt-test in the namespace $far, 10.90.0.1/24.
far_bridge() {
    ip link add br-rkt-test type bridge
    ip link set br-rkt-test up
    make_far
    ip link set m0-rkt-test master br-rkt-test
}

# make_far: m0-rkt-test here, whose other end is there.
make_far() {
    make_master
    far=$ns-far
    ip -n "$far" addr add 10.90.0.1/24 dev m1-rkt-test
}

# start_dnsmasq OPTION…: leases of 10.90.0.10 to 10.90.0.50. Sets dnsmasq_pid; $dhcp_dir/leases, and its words in
# $dhcp_dir/log.
start_dnsmasq() {
    ip netns exec "$far" dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=m1-rkt-test --bind-interfaces \
        --dhcp-range=10.90.0.10,10.90.0.50,1h --no-ping --dhcp-authoritative --user=root --pid-file="$dhcp_dir/dnsmasq.pid" \
        --dhcp-leasefile="$dhcp_dir/leases" --log-dhcp --log-facility="$dhcp_dir/log" "$@" 3>&- &
    dnsmasq_pid=$!
    dhcp_pids+=("$dnsmasq_pid")
    wait_for 10 grep -qs 'DHCP, ' "$dhcp_dir/log"
}

# start_daemon OPTION…: our daemon, for this test alone. Sets daemon_pid; its words in $dhcp_dir/daemon.
start_daemon() {
    "$ours/dhcp" daemon --socketpath="$dhcp_socket" --statedir="$dhcp_dir/state" "$@" >>"$dhcp_dir/daemon" 2>&1 3>&- &
    daemon_pid=$!
    dhcp_pids+=("$daemon_pid")
    wait_for 10 daemon_answers
}
daemon_answers() { CNI_COMMAND=STATUS CNI_PATH=$ours "$ours/dhcp" <<<"$(dhcp_conf dhcp)" >/dev/null; }

# dhcp_conf TYPE [JSON of ipam [JSON of the network]]
dhcp_conf() {
    local ipam=${2:-\{\}} network=${3:-\{\}}
    jq -cn --arg t "$1" --arg s "$dhcp_socket" --argjson i "$ipam" --argjson n "$network" \
        '{cniVersion: "1.1.0", name: "n1", type: $t, ipam: ({type: "dhcp", daemonSocketPath: $s} + $i)} + $n'
}
