#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Ports of pods that are published on the host: what is asked for, what is free, and who is reached. ports.bats
# has the plugins' part.

load lib
load pods

setup() {
    need commands socat jq
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    pids=()
}

teardown() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || :
    end_pods
    rm -rf /var/lib/cni/networks/rkt-publish*
    if [[ ${firewalld-} ]]; then
        firewall-cmd --permanent --zone=trusted --remove-source=172.16.28.0/24 >/dev/null 2>&1 || :
        systemctl stop firewalld
    fi
    ip link del rktpublish0 2>/dev/null || :
    ip netns del "rkt-publish-$$" 2>/dev/null || :
}

# dual_network: the default network with both families, addresses of this test's.
dual_network() {
    cat >"$config/net.d/10-default.conf" <<'CONF'
{"cniVersion": "1.0.0", "name": "default", "type": "ptp", "ipMasq": true,
 "ipam": {"type": "host-local", "dataDir": "/var/lib/cni/networks/rkt-publish",
          "ranges": [[{"subnet": "172.16.29.0/24"}], [{"subnet": "fd00:29::/64"}]],
          "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}}
CONF
}

# server_image PORTS SCRIPT: an app with these ports that runs the script.
server_image() {
    inspect_image "$(jq -n --argjson ports "$1" --arg script "$2" '{exec: ["/bin/sh", "-c", $script], ports: $ports}')"
}

# start ARGUMENT…: rkt run in the background, until it is ready. Sets uuid.
start() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt --local-config="$config" run --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" "${inspect_pod[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    pids+=($!)
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

# make_remote: a namespace that is another host, in "remote": 192.0.2.2 and 2001:db8:29::2, this one is 1 in both.
make_remote() {
    remote=rkt-publish-$$
    ip netns add "$remote"
    ip link add rktpublish0 type veth peer name eth0 netns "$remote"
    ip addr add 192.0.2.1/24 dev rktpublish0
    ip addr add 2001:db8:29::1/64 dev rktpublish0 nodad
    ip link set rktpublish0 up
    ip -n "$remote" addr add 192.0.2.2/24 dev eth0
    ip -n "$remote" addr add 2001:db8:29::2/64 dev eth0 nodad
    ip -n "$remote" link set eth0 up
}

# listen SOCAT-ADDRESS PROTOCOL: holds a port of the host until the test ends. Sets listener.
listen() {
    socat "$1" EXEC:/bin/true 3>&- &
    listener=$!
    pids+=("$listener")
    wait_for 10 bash -c "ss -Hln --$2 --processes | grep -q pid=$listener,"
}

# answers SOCAT-ADDRESS WORD: whether who is asked there says the word.
answers() { [[ $(timeout 10 socat -t 5 -T 5 - "$1" <<<"hello" 2>/dev/null) == *"$2"* ]]; }

@test "publish: what is asked for wrongly ends prepare and run before there is a pod" {
    server_image '[{"name": "web", "protocol": "tcp", "port": 80}, {"name": "range", "protocol": "udp", "port": 1000, "count": 10},
        {"name": "odd", "protocol": "icmp", "port": 8}]' true
    while IFS='|' read -r arguments words; do
        for verb in prepare run; do
            # shellcheck disable=SC2086 # several arguments
            check_fails 254 rkt "$verb" $arguments "${inspect_pod[@]}"
            [[ $output == *"$words"* ]] || { echo "$verb $arguments: $output"; false; }
        done
    done <<'TABLE'
--port=wbe:8080|published port "wbe": no app of the pod has a port of that name; they have web, range, odd
--port=odd:8080|"odd": a port of the host can be tcp, udp or sctp, not "icmp"
--port=range:65530|"range": 10 ports from 65530 on are more than there are
--port=web:8080 --port=web:8080|both take tcp port 8080 of the host
--port=web:8080 --port=web:127.0.0.1:8080|both take tcp port 8080 of the host
--port=range:2000 --port=53-udp:0.0.0.0:2009|both take udp port 2009 of the host
--port=web:0|"0" is not a port
--port=web:65536|"65536" is not a port
--port=web:localhost:80|localhost
TABLE
    check_fails 254 rkt run --port=web:8080 "${inspect_pod[@]}" --name=a "${inspect_pod[@]: -1}" --name=b
    has 'more than one app of the pod has a port of that name: "a" and "b"'
    check rkt list --no-legend
    [[ ! $output ]]
}

@test "publish: the same number of another protocol, family or address is another port" {
    server_image '[{"name": "t", "protocol": "tcp", "port": 80}, {"name": "u", "protocol": "udp", "port": 80}]' true
    check rkt prepare --port=t:8080 --port=u:8080 "${inspect_pod[@]}"
    check rkt prepare --port=t:192.0.2.1:8080 --port=t:192.0.2.2:8080 --port='t:[::]:8080' "${inspect_pod[@]}"
}

@test "publish: a port at which a program of the host waits is refused, with that program" {
    server_image '[{"name": "t", "protocol": "tcp", "port": 80}, {"name": "u", "protocol": "udp", "port": 80}]' true
    listen TCP4-LISTEN:18101,bind=127.0.0.1,reuseaddr tcp
    check_fails 254 rkt run --port=t:18101 "${inspect_pod[@]}"
    has "published port \"t\": the host's tcp port 18101: socat \\(process $listener\\) has it at 127.0.0.1"
    check rkt run --port=u:18101 "${inspect_pod[@]}"
    check rkt run --port=t:127.0.0.2:18101 "${inspect_pod[@]}"
    kill "$listener"
    wait "$listener" || :
    check rkt run --port=t:18101 "${inspect_pod[@]}"

    listen TCP6-LISTEN:18102,reuseaddr tcp
    check_fails 254 rkt run --port=t:127.0.0.1:18102 "${inspect_pod[@]}"
    has "socat \\(process $listener\\) has it at \\[::\\]"
    listen UDP4-RECVFROM:18103,reuseaddr udp
    check_fails 254 rkt run --port=u:18103 "${inspect_pod[@]}"
    has "udp port 18103: socat \\(process $listener\\) has it at 0.0.0.0"
    # No interface, rule or address is left of the refused ones.
    check rkt gc --grace-period=0s
    run nft list table inet rkt
    lacks '1810[123]'
}

@test "publish: a port that leads to another pod is refused, with that pod" {
    server_image '[{"name": "t", "protocol": "tcp", "port": 80}]' 'exec sleep 1000'
    start --port=t:18104
    check_fails 254 rkt run --port=t:18104 "${inspect_pod[@]}"
    has "tcp port 18104 of the host leads to $uuid/eth0 already"
    check_fails 254 rkt run --port=t:18104 --net=default-restricted "${inspect_pod[@]}"
    has "$uuid"
}

@test "publish: a range of ports, udp, both families, and an address of the host alone" {
    need root
    [[ -e /proc/sys/net/ipv6 ]] || skip "this host has no IPv6"
    dual_network
    server_image '[{"name": "t", "protocol": "tcp", "port": 80, "count": 3}, {"name": "u", "protocol": "udp", "port": 53}]' \
        'for port in 80 81 82; do socat TCP6-LISTEN:$port,fork,ipv6only=0 EXEC:"/bin/echo pod$port" & done
         socat UDP6-RECVFROM:53,fork,ipv6only=0 EXEC:"/bin/echo datagram" & wait'
    start --port=t:18110 --port=u:18110 --port='80-tcp:127.0.0.1:18120'
    wait_for 20 answers TCP4:127.0.0.1:18110 pod80
    wait_for 20 answers TCP4:127.0.0.1:18112 pod82
    wait_for 20 answers UDP4:127.0.0.1:18110 datagram
    if answers TCP4:127.0.0.1:18113,connect-timeout=1 pod; then false; fi
    wait_for 20 answers TCP4:127.0.0.1:18120 pod80
    local four six gateway address
    check rkt status --format=json "$uuid"
    jq -e '.networks[0].ip == (.networks[0].addresses[0] | split("/")[0]) and (.networks[0].ip6 | startswith("fd00:29:"))' <<<"$output"
    four=$(jq -r '.networks[0].ip' <<<"$output") six=$(jq -r '.networks[0].ip6' <<<"$output")
    wait_for 20 answers "TCP4:$four:81" pod81
    wait_for 20 answers "TCP6:[$six]:81" pod81
    gateway=$(ip -6 -o addr show to fd00:29::/64 | grep -o 'fd00:29:[^/]*') # an address of the host's
    wait_for 20 answers "TCP6:[$gateway]:18111" pod81
    check rkt list --no-legend
    has "ip4=$four"
    has "ip6=$six"
    check machinectl --no-pager status "rkt-$uuid"
    has "Address: $four"
    has " $six"
    # By itself the pod comes out with the host's addresses, in each family.
    make_remote
    for address in TCP4-LISTEN:90 TCP6-LISTEN:91; do
        # shellcheck disable=SC2016 # for the server's shell
        ip netns exec "$remote" socat "$address,fork" 'SYSTEM:read line; echo $SOCAT_PEERADDR' 3>&- &
        pids+=($!)
    done
    local ask="rkt enter $uuid /bin/sh -c 'echo | socat -t 5 -T 5 - \$1' -"
    wait_for 20 bash -c "$ask TCP4:192.0.2.2:90 | grep -qx 192.0.2.1"
    wait_for 20 bash -c "$ask TCP6:[2001:db8:29::2]:91 | grep -qi 2001:0db8:0029:.*:0001"
}

@test "publish: what the host's systemd listens on for an app passes by" {
    server_image '[{"name": "t", "protocol": "tcp", "port": 80, "socketActivated": true}]' true
    listen TCP4-LISTEN:18105,reuseaddr tcp
    check rkt run --port=t:18105 "${inspect_pod[@]}"
    run nft list table inet rkt
    lacks 18105
}

@test "publish: beside firewalld ports lead to the pod, which is let out; its network's zone does so also after a reload" {
    need commands firewall-cmd
    server_image '[{"name": "t", "protocol": "tcp", "port": 80}]' 'exec socat TCP4-LISTEN:80,fork EXEC:"/bin/echo pod"'
    make_remote
    # shellcheck disable=SC2016 # for the server's shell
    ip netns exec "$remote" socat TCP4-LISTEN:90,fork 'SYSTEM:read line; echo $SOCAT_PEERADDR' 3>&- &
    pids+=($!)
    firewalld=1
    systemctl start firewalld
    wait_for 30 bash -c 'nft list chain inet firewalld filter_FORWARD | grep -q reject'
    start --port=t:18130
    local ask="rkt enter $uuid /bin/sh -c 'echo | socat -t 5 -T 5 - \$1' - TCP4:192.0.2.2:90,connect-timeout=3"
    wait_for 20 answers TCP4:127.0.0.1:18130 pod
    wait_for 20 bash -c "$ask | grep -qx 192.0.2.1"
    firewall-cmd --reload
    run bash -c "$ask"
    lacks '^192.0.2.1$'
    firewall-cmd --permanent --zone=trusted --add-source=172.16.28.0/24
    firewall-cmd --reload
    wait_for 20 bash -c "$ask | grep -qx 192.0.2.1"
    wait_for 20 answers TCP4:127.0.0.1:18130 pod
    wait_for 20 bash -c "echo | ip netns exec $remote timeout 10 socat -t 5 - TCP4:192.0.2.1:18130 | grep -q pod"
}
