#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Many pods in one network, many times, at once, and killed: each has addresses of its own, and nothing stays.
#
#   RKT_TEST_CYCLES=1000  how often a pod starts and stops (default: 100)

# shellcheck disable=SC2154 # uuid is set by run
load lib
load pods

setup() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    many_pids=()
    n=100 cycles=${RKT_TEST_CYCLES:-100} kills=50
    if [[ $RKT_TEST_HOST != ns ]]; then # an emulated machine is slow
        n=8 cycles=${RKT_TEST_CYCLES:-4} kills=5
    fi
    busybox_image many '{"exec": ["/bin/true"], "user": "0", "group": "0", "ports": [{"name": "web", "protocol": "tcp", "port": 80}]}'
    printf '%s\n' '{"cniVersion": "1.1.0", "name": "rkt-test-many", "plugins": [
        {"type": "bridge", "bridge": "rktmany0", "isGateway": true, "ipMasq": true,
         "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.76.0.0/16"}], [{"subnet": "fd76::/64"}]],
                  "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
        {"type": "portmap", "capabilities": {"portMappings": true}}]}' >"$config/net.d/10-many.conflist"
}

teardown() {
    ((${#many_pids[@]} == 0)) || kill "${many_pids[@]}" 2>/dev/null || :
    end_pods
    ip link del rktmany0 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-test-many
}

netplug() { rkt --local-config="$config" netplug "$@"; }

leases() { find /var/lib/cni/networks/rkt-test-many -name '[1f]*[.:]*' 2>/dev/null; }

# nothing_left: no link, lease, rule or namespace of the network's pods.
nothing_left() {
    ! ls /run/netns 2>/dev/null | grep '^rkt-' || return 1
    ! ip -o link show type veth | grep rktmany0 || return 1
    ! leases | grep . || return 1
    ! { nft list ruleset; iptables-save -t nat; ip6tables-save -t nat; } 2>/dev/null | grep -e '10\.76\.' -e 'fd76:' -e rkt-test-many || return 1
}

# all_links: how many there are of those that pods have; the kernel takes namespaces down in the background.
all_links() { ip -o link show type veth | wc -l; }
same_links() { [[ $(all_links) == "$1" ]]; }

# wait_all: for all in the background that are in pids; fails with the first that has.
wait_all() {
    local pid status=0
    for pid in "${pids[@]}"; do wait "$pid" || status=$?; done
    pids=()
    return $status
}

# pings FROM TO…: from the namespace of that pod all of these answer.
pings() {
    local from=$1 to pids=()
    shift
    for to; do
        nsenter --net="/run/netns/rkt-$from" busybox ping -c 1 -W 5 "$to" >/dev/null 3>&- &
        pids+=($!)
    done
    wait_all
}

@test "pods started at once on one bridge have addresses of their own and reach each other" {
    local i uuids=() four=() six=() before
    before=$(all_links)
    for ((i = 0; i < n; i++)); do
        rkt --local-config="$config" run --net=rkt-test-many --uuid-file-save="$BATS_TEST_TMPDIR/uuid-$i" example.com/many \
            --exec=/bin/sleep -- 1000 >"$BATS_TEST_TMPDIR/out-$i" 2>&1 3>&- &
        many_pids+=($!)
    done
    for ((i = 0; i < n; i++)); do
        wait_for 60 test -s "$BATS_TEST_TMPDIR/uuid-$i"
        uuids+=("$(<"$BATS_TEST_TMPDIR/uuid-$i")")
        check rkt status --wait-ready=60s "${uuids[i]}" || { cat "$BATS_TEST_TMPDIR/out-$i"; return 1; }
        four+=("$(jq -r '.[0].ip' "/var/lib/rkt/pods/run/${uuids[i]}/net-info.json")")
        six+=("$(jq -r '.[0].ip6' "/var/lib/rkt/pods/run/${uuids[i]}/net-info.json")")
    done
    [[ $(printf '%s\n' "${four[@]}" | sort -u | grep -c '^10\.76\.') == "$n" ]]
    [[ $(printf '%s\n' "${six[@]}" | sort -u | grep -c '^fd76::') == "$n" ]]
    (($(leases | wc -l) == 2 * n))

    # Of one to all and of each to the next: of all to all would be more neighbours than a kernel keeps.
    pings "${uuids[0]}" "${four[@]}"
    pings "${uuids[0]}" "${six[@]}"
    for ((i = 0; i < n; i++)); do
        pings "${uuids[i]}" "${four[(i + 1) % n]}" "${six[(i + 1) % n]}"
    done

    rkt stop --force "${uuids[@]}" >/dev/null
    wait "${many_pids[@]}" || :
    many_pids=()
    rkt gc --grace-period=0s >/dev/null
    nothing_left
    wait_for 20 same_links "$before"
}

@test "a pod that starts and ends many times leaves no link, lease, rule or namespace" {
    local i before file=$BATS_TEST_TMPDIR/uuid
    for ((i = 0; i < cycles; i++)); do
        check rkt --local-config="$config" run --net=rkt-test-many --port=web:18076 --uuid-file-save="$file" example.com/many
        rkt rm --uuid-file="$file" >/dev/null
        ((i > 0)) || before=$(host_state) # with the bridge, and what the system starts on demand
    done
    nothing_left
    wait_for 20 same_host_state "$before"
}

@test "adds of one pod at once: it joins its network once" {
    local i uuid pids=()
    uuid=$(rkt prepare --quiet example.com/many)
    for ((i = 0; i < 5; i++)); do
        netplug add --net=rkt-test-many "$uuid" 3>&- &
        pids+=($!)
    done
    wait_all
    (($(leases | wc -l) == 2))
    [[ $(ip -n "rkt-$uuid" -o link | grep -c eth) == 1 ]]
    netplug check "$uuid"
    for ((i = 0; i < 3; i++)); do
        netplug add --net=rkt-test-many "$uuid" >/dev/null 2>&1 3>&- &
        pids+=($!)
        netplug del "$uuid" 3>&- &
        pids+=($!)
    done
    wait_all
    netplug del "$uuid"
    nothing_left
}

@test "gc at any moment takes nothing from pods that join meanwhile" {
    local i uuids=() pids=() some=12
    [[ $RKT_TEST_HOST == ns ]] || some=4
    for ((i = 0; i < some; i++)); do uuids+=("$(rkt prepare --quiet example.com/many)"); done
    for ((i = 0; i < some; i++)); do
        netplug add --net=rkt-test-many "${uuids[i]}" 3>&- &
        pids+=($!)
        netplug gc 3>&- &
        pids+=($!)
    done
    wait_all
    netplug gc
    (($(leases | wc -l) == 2 * some))
    for ((i = 0; i < some; i++)); do netplug check "${uuids[i]}"; done
    for ((i = 0; i < some; i++)); do netplug del "${uuids[i]}"; done
    nothing_left
}

# a_moment MICROSECONDS: some time, no longer than that.
a_moment() { sleep "$(printf '0.%06d' $((RANDOM * $1 / 32768)))"; }

# duration COMMAND…: of one, in microseconds, into took.
duration() {
    local begin=${EPOCHREALTIME/./}
    "$@"
    took=$((${EPOCHREALTIME/./} - begin))
    ((took < 1000000)) || took=999999
}

@test "netplug add killed at any moment: gc leaves no link, lease, rule or namespace" {
    local i uuid pid took
    uuid=$(rkt prepare --quiet --port=web:18076 example.com/many)
    duration netplug add --net=rkt-test-many "$uuid"
    netplug del "$uuid"
    for ((i = 0; i < kills; i++)); do
        [[ ! $((i % 5)) == 0 ]] || uuid=$(rkt prepare --quiet --port="web:$((18100 + i))" example.com/many)
        netplug add --net=rkt-test-many "$uuid" >/dev/null 2>&1 3>&- &
        pid=$!
        a_moment "$took"
        kill -KILL $pid 2>/dev/null || :
        wait $pid 2>/dev/null || :
    done
    check rkt gc --grace-period=0s --expire-prepared=0s
    nothing_left
    # What was killed has no hold on the network: the next pod joins it.
    check rkt --local-config="$config" run --net=rkt-test-many --port=web:18100 example.com/many
}

# all_ended: nothing of rkt runs any more.
all_ended() {
    ! pgrep -x rkt-netplug >/dev/null && ! rkt list --format=json | jq -e '.[] | select(.state == "running")' >/dev/null
}

@test "rkt run killed at any moment: gc leaves no link, lease, rule or namespace" {
    local i pid took
    duration rkt --local-config="$config" run --net=rkt-test-many --port=web:18076 example.com/many
    for ((i = 0; i < kills; i++)); do
        rkt --local-config="$config" run --net=rkt-test-many --port="web:$((18100 + i))" example.com/many --exec=/bin/sleep -- 1000 >/dev/null 2>&1 3>&- &
        pid=$!
        a_moment "$took"
        kill -KILL $pid 2>/dev/null || :
        wait $pid 2>/dev/null || :
    done
    wait_for 30 all_ended
    check rkt gc --grace-period=0s --expire-prepared=0s
    nothing_left
}
