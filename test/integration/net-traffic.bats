#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What passes through a pod's network: redis, nginx and iperf3 in pods, spoken to by the host, by other pods, by
# themselves and by a remote host, which is a network namespace on a link of its own; with both backends of address
# translation, which iptables and nft look at.

# shellcheck disable=SC2154 # uuid and run_pid are set by start_net_pod
load lib
load pods

setup() {
    need commands ip nft iptables-legacy iptables-nft redis-cli redis-server
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    net_pids=()
    remote=rkt-test-remote
    ip netns add $remote
    ip -n $remote link set lo up
    ip link add uplink-rkt-test type veth peer name eth0 netns $remote
    ip addr add 192.0.2.1/24 dev uplink-rkt-test
    ip addr add 2001:db8::1/64 dev uplink-rkt-test nodad
    ip link set uplink-rkt-test up
    ip -n $remote addr add 192.0.2.2/24 dev eth0
    ip -n $remote addr add 2001:db8::2/64 dev eth0 nodad
    ip -n $remote link set eth0 up
}

teardown() {
    stop_servers
    iptables-nft -t nat -X RKT-TEST-OWN 2>/dev/null || :
    iptables-legacy -t filter -X RKT-TEST-OWN 2>/dev/null || :
    nft delete table inet rkt-test-own 2>/dev/null || :
    ((${#net_pids[@]} == 0)) || kill "${net_pids[@]}" 2>/dev/null || :
    end_pods
    ip link del uplink-rkt-test 2>/dev/null || :
    ip link del rkttraf0 2>/dev/null || :
    ip netns del $remote 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-test-traffic
}

# network BACKEND
network() {
    jq -n --arg b "$1" '{cniVersion: "1.0.0", name: "rkt-test-traffic", plugins: [
        {type: "bridge", bridge: "rkttraf0", isGateway: true, ipMasq: true, ipMasqBackend: $b, hairpinMode: true,
         ipam: {type: "host-local", ranges: [[{subnet: "10.75.0.0/24"}], [{subnet: "fd75::/64"}]],
                routes: [{dst: "0.0.0.0/0"}, {dst: "::/0"}]}},
        {type: "portmap", backend: $b, snat: true, capabilities: {portMappings: true}}]}' >"$config/net.d/10-traffic.conflist"
}

# start_net_pod ARGUMENT…: as start_pod, in the network; sets four and six, its addresses.
start_net_pod() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt --local-config="$config" run --net=rkt-test-traffic --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    net_pids+=("$run_pid")
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    four=$(jq -r '.[0].ip' "/var/lib/rkt/pods/run/$uuid/net-info.json")
    six=$(jq -r '.[0].ip6' "/var/lib/rkt/pods/run/$uuid/net-info.json")
}

stop_net_pod() {
    rkt stop "$uuid"
    wait "$run_pid" || :
    rkt rm "$uuid" >/dev/null
}

on_remote() { ip netns exec $remote "$@"; }

redis_image() {
    inspect_image '{"exec": ["/bin/redis-server", "--port", "6379", "--protected-mode", "no", "--save", "", "--dir", "/tmp"],
        "ports": [{"name": "redis", "protocol": "tcp", "port": 6379}]}'
}

# comes_from [COMMAND…] -- HOST PORT: the address from which redis there sees a client of that command's come.
comes_from() {
    local command=()
    while [[ $1 != -- ]]; do
        command+=("$1")
        shift
    done
    "${command[@]}" timeout 10 redis-cli -h "$2" -p "$3" client info 2>&1 |
        sed -n 's/^.*\<addr=\(.*\):[0-9]* laddr=.*$/\1/p; s/^.*Could not.*$/nobody/p' | tr -d '[]'
}

redis_is_there() { [[ $(comes_from "${@:1:$#-2}" -- "${@: -2}") == *[.:]* ]]; }

# of_the_host: the host's own rules, by all three tools. Without counters, and without what plugins of rkt add.
of_the_host() {
    iptables-nft -t nat -S
    iptables-legacy -t filter -S
    ip6tables-legacy -t filter -S
    nft -s list table inet rkt-test-own
}

@test "redis: from a remote host, the host, localhost, a neighbour and the pod itself, in both families, with both backends" {
    redis_image
    local backend own theirs
    # Rules of the host's own, in all three kinds of tables.
    iptables-nft -t nat -N RKT-TEST-OWN
    iptables-legacy -t filter -N RKT-TEST-OWN
    nft 'add table inet rkt-test-own; add chain inet rkt-test-own c { type filter hook input priority 0; }; add rule inet rkt-test-own c tcp dport 1 accept'
    redis-server --bind 192.0.2.1 --port 7001 --save '' --daemonize no --protected-mode no >/dev/null 3>&- & # to see that nothing else is caught
    server_pids+=($!)
    on_remote redis-server --bind 192.0.2.2 2001:db8::2 --port 7000 --save '' --protected-mode no >/dev/null 3>&- &
    server_pids+=($!)
    for backend in nftables iptables; do
        network $backend
        own=$(of_the_host)
        start_net_pod --port=redis:16379 "${inspect_pod[@]}"
        wait_for 20 redis_is_there "$four" 6379

        # In: a remote host is seen as what it is.
        [[ $(comes_from on_remote -- 192.0.2.1 16379) == 192.0.2.2 ]]
        [[ $(comes_from on_remote -- 2001:db8::1 16379) == 2001:db8::2 ]]
        # The host, by the pod's address, by its own and by that of localhost.
        [[ $(comes_from -- "$four" 6379) == 10.75.0.1 && $(comes_from -- "$six" 6379) == fd75::1 ]]
        redis_is_there 192.0.2.1 16379
        redis_is_there 2001:db8::1 16379
        [[ $(comes_from -- 127.0.0.1 16379) == 10.75.0.1 ]]
        # Another port of the host is not the pod's.
        wait_for 10 redis_is_there on_remote 192.0.2.1 7001
        [[ $(comes_from on_remote -- 192.0.2.1 7001) == 192.0.2.2 ]]
        # Another pod: by the pod's address as itself, through the published port by way of the host.
        check rkt --local-config="$config" run --net=rkt-test-traffic "${inspect_pod[@]}" --exec=/bin/sh -- -c "
            redis-cli -h $four client info; redis-cli -h $six client info
            redis-cli -h 192.0.2.1 -p 16379 client info; redis-cli -h 2001:db8::1 -p 16379 client info"
        (($(grep -c ' addr=10\.75\.0\..*:' <<<"$output") == 2 && $(grep -c ' addr=\[fd75::.*\]:' <<<"$output") == 2))
        # The hairpin.
        check rkt enter "$uuid" /bin/redis-cli -h 192.0.2.1 -p 16379 ping
        has PONG
        check rkt enter "$uuid" /bin/redis-cli -h 2001:db8::1 -p 16379 ping
        has PONG
        # Out: what the pod sends is masked by the host's address.
        check rkt enter "$uuid" /bin/redis-cli -h 192.0.2.2 -p 7000 client info
        has ' addr=192\.0\.2\.1:'
        check rkt enter "$uuid" /bin/redis-cli -h 2001:db8::2 -p 7000 client info
        has ' addr=\[2001:db8::1\]:'

        # Who looks at the tables finds it where it belongs, and everything else as it was.
        if [[ $backend == nftables ]]; then
            check nft list table inet rkt
            has '16379'
            check iptables-legacy -t nat -S
            lacks '16379'
        else
            check iptables-legacy -t nat -S
            has "^-A RKT-PFWD-DNAT-${uuid:0:8}.*--dport 16379 .*--to-destination $four:6379"
            has "^-A PREROUTING .*--comment \"rkt-test-traffic $uuid/eth0\" -j RKT-PFWD-DNAT-${uuid:0:8}"
            check ip6tables-legacy -t nat -S
            has "--to-destination \[$six\]:6379"
            run nft list table inet rkt
            lacks '16379'
            # What iptables saves it can restore.
            iptables-legacy-save -t nat >"$BATS_TEST_TMPDIR/saved"
            check iptables-legacy-restore "$BATS_TEST_TMPDIR/saved"
            [[ $(comes_from on_remote -- 192.0.2.1 16379) == 192.0.2.2 ]]
        fi
        [[ $(of_the_host) == "$own" ]]
        nft list ruleset >/dev/null

        stop_net_pod
        [[ $(comes_from on_remote -- 192.0.2.1 16379) == nobody && $(comes_from on_remote -- 2001:db8::1 16379) == nobody ]]
        { nft list ruleset; iptables-legacy -t nat -S; ip6tables-legacy -t nat -S; } >"$BATS_TEST_TMPDIR/rules"
        if grep -e 16379 -e '10\.75\.0\.[2-9]' -e 'fd75::[2-9]' -e RKT-PFWD -e RKT-MASQ "$BATS_TEST_TMPDIR/rules"; then false; fi
        [[ $(of_the_host) == "$own" ]]
    done
}

@test "nginx: a file comes whole through a published port, to many at once, in both families" {
    local size=8 clients=16 i pids=()
    [[ $RKT_TEST_HOST == ns ]] || size=1 clients=4
    mkdir -p "$BATS_TEST_TMPDIR/www"
    head -c "${size}M" /dev/urandom >"$BATS_TEST_TMPDIR/www/file"
    printf '%s\n' 'daemon off; user root; pid /tmp/pid; error_log stderr; events {}' \
        'http { access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u;' \
        'scgi_temp_path /tmp/s; server { listen 80; listen [::]:80; root /www; } }' >"$BATS_TEST_TMPDIR/www/nginx.conf"
    chmod -R a+rX "$BATS_TEST_TMPDIR/www"
    inspect_image '{"exec": ["/usr/sbin/nginx", "-c", "/www/nginx.conf"], "ports": [{"name": "http", "protocol": "tcp", "port": 80}],
        "mountPoints": [{"name": "usr", "path": "/usr", "readOnly": true}, {"name": "www", "path": "/www", "readOnly": true},
                        {"name": "log", "path": "/var/log/nginx"}]}'
    network nftables
    start_net_pod --port=http:18080 --volume="www,kind=host,source=$BATS_TEST_TMPDIR/www" --volume=log,kind=empty "${inspect_pod[@]}"
    wait_for 20 on_remote curl -sf -o /dev/null http://192.0.2.1:18080/nginx.conf
    for ((i = 0; i < clients; i++)); do
        on_remote curl -sf --max-time 60 -o "$BATS_TEST_TMPDIR/got-$i" "http://$( ((i % 2)) && echo 192.0.2.1 || echo '[2001:db8::1]'):18080/file" 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do wait "$i"; done
    for ((i = 0; i < clients; i++)); do cmp "$BATS_TEST_TMPDIR/www/file" "$BATS_TEST_TMPDIR/got-$i"; done
    stop_net_pod
}

# iperf_has JQ ARGUMENT…: iperf3 of the remote host against the pod's published port; tells the condition of its report.
iperf_has() {
    local report=$BATS_TEST_TMPDIR/report.json condition=$1
    shift
    on_remote timeout 60 iperf3 -J -p 15201 "$@" >"$report" || { jq -r '.error // .' "$report"; return 1; }
    jq -e "$condition" "$report" >/dev/null || { jq .end "$report"; return 1; }
}

# start_iperf_pod PROTOCOL…: a server with published ports of these.
start_iperf_pod() {
    inspect_image "$(jq -n '{exec: ["/bin/iperf3", "-s"], ports: [$ARGS.positional[] | {name: ., protocol: ., port: 5201}]}' --args "$@")"
    network nftables
    local ports=("${@/#/--port=}")
    start_net_pod "${ports[@]/%/:15201}" "${inspect_pod[@]}"
}

@test "iperf3: streams of tcp and udp through published ports, in both directions and families" {
    need commands iperf3
    local host
    start_iperf_pod tcp udp
    wait_for 20 iperf_has '.end.sum_received.bytes > 0' -c 192.0.2.1 -n 100K
    for host in 192.0.2.1 2001:db8::1; do
        iperf_has '.end.sum_received.bytes > 0 and (.end.streams | length) == 2' -c $host -n 2M -P 2
        iperf_has '.end.sum_received.bytes >= 2000000' -c $host -n 2M -R
        iperf_has '.end.sum.packets > 0 and .end.sum.lost_packets < .end.sum.packets' -c $host -u -b 20M -n 1M
    done
    stop_net_pod
}

@test "iperf3: a stream of sctp through a published port" {
    need commands iperf3
    need modules sctp
    start_iperf_pod tcp sctp
    wait_for 20 iperf_has '.end.sum_received.bytes > 0' -c 192.0.2.1 -n 100K
    iperf_has '.end.sum_received.bytes > 0' -c 192.0.2.1 --sctp -n 1M
    stop_net_pod
}
