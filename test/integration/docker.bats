#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2154 # set by run, pods and setup
#
# Docker on the same host: its rules let through only what it knows of, and it owns some of the tables that ours are
# in. Debian's docker.io does for this; it is not among test/packages, as it would drive Docker's own package out.

load lib
load pods

setup() {
    need commands docker dockerd socat jq
    pids=()
    make_remote
    start_docker
}

teardown() {
    ((${#pids[@]} == 0)) || kill "${pids[@]}" 2>/dev/null || :
    end_pods
    docker rm --force rkt-test >/dev/null 2>&1 || :
    systemctl stop docker.socket docker.service containerd.service 2>/dev/null || :
    ip link del docker0 2>/dev/null || :
    iptables -P FORWARD ACCEPT
    iptables-save | grep -v -e DOCKER -e docker0 -e 172.17. | iptables-restore # which it leaves
    ip link del rktdocker0 2>/dev/null || :
    ip netns del "rkt-docker-$$" 2>/dev/null || :
}

# make_remote: a namespace that is another host, 192.0.2.2; it says at port 90 who asks.
make_remote() {
    remote=rkt-docker-$$
    ip netns add "$remote"
    ip link add rktdocker0 type veth peer name eth0 netns "$remote"
    ip addr add 192.0.2.1/24 dev rktdocker0
    ip link set rktdocker0 up
    ip -n "$remote" addr add 192.0.2.2/24 dev eth0
    ip -n "$remote" link set eth0 up
    # shellcheck disable=SC2016 # for the server's shell
    ip netns exec "$remote" socat TCP4-LISTEN:90,fork 'SYSTEM:read line; echo $SOCAT_PEERADDR' 3>&- &
    pids+=($!)
}

start_docker() {
    # not on the root, which may be an overlay
    mkdir -p /etc/docker "$BATS_FILE_TMPDIR/docker"
    jq -n --arg d "$BATS_FILE_TMPDIR/docker" '{"data-root": $d}' >/etc/docker/daemon.json
    # a host that does not forward yet is one that Docker makes forward, but nothing that it does not know
    echo 0 >/proc/sys/net/ipv4/ip_forward
    systemctl reset-failed docker.service docker.socket 2>/dev/null || : # as often as there are tests
    systemctl start docker
    iptables -S FORWARD | grep -qx -- '-P FORWARD DROP'
    docker image inspect rkt-test >/dev/null 2>&1 || {
        mkdir -p "$BATS_TEST_TMPDIR/root/bin"
        cp "$(type -P busybox)" "$BATS_TEST_TMPDIR/root/bin/"
        ln -s busybox "$BATS_TEST_TMPDIR/root/bin/sh"
        tar -C "$BATS_TEST_TMPDIR/root" -c . | docker import - rkt-test >/dev/null
    }
}

# start_container: answers "container" at the host's port 18201, and comes again with Docker.
start_container() {
    docker run --detach --restart=always --name rkt-test --publish 18201:80 rkt-test \
        /bin/busybox nc -ll -p 80 -e /bin/busybox echo container >/dev/null
    wait_for 30 reached 18201 container
}

# start_server: a pod in the default network that answers "pod" at the host's port 18202.
start_server() {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec socat TCP4-LISTEN:80,fork EXEC:\"/bin/echo pod\""],
        "ports": [{"name": "t", "protocol": "tcp", "port": 80}]}'
    rkt run --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --port=t:18202 "${inspect_pod[@]}" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    pids+=($!)
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    wait_for 30 reached 18202 pod || { cat "$BATS_TEST_TMPDIR/out"; iptables-save; nft list ruleset; return 1; }
}

# reached PORT WORD: from the other host
reached() { echo | ip netns exec "$remote" timeout 10 socat -t 5 - "TCP4:192.0.2.1:$1,connect-timeout=3" 2>/dev/null | grep -q "$2"; }

# pod_asks, container_asks ADDRESS PORT: what it is told there
pod_asks() { rkt enter "$uuid" /bin/sh -c "echo | socat -t 5 -T 5 - TCP4:$1:$2,connect-timeout=3" 2>/dev/null; }
container_asks() { docker exec rkt-test /bin/sh -c "echo | /bin/busybox nc -w 5 $1 $2" 2>/dev/null; }

all_well() {
    reached 18201 container && reached 18202 pod && [[ $(pod_asks 192.0.2.2 90) == 192.0.2.1 ]] &&
        [[ $(container_asks 192.0.2.2 90) == 192.0.2.1 ]]
}

@test "docker: its containers and our pods are reached by their ports and reach out, also after it is started again" {
    start_container
    start_server
    wait_for 20 all_well
    # each other, by the host's address
    [[ $(pod_asks 192.0.2.1 18201) == *container* ]]
    [[ $(container_asks 192.0.2.1 18202) == *pod* ]]
    # what answers before it is asked may take its answer back
    at_home() { echo | socat -t 5 - TCP4:127.0.0.1:18202 2>/dev/null | grep -q pod; }
    wait_for 20 at_home
    systemctl restart docker
    wait_for 60 all_well
}

@test "docker: what a pod needs goes with it, and Docker's rules stay as they were" {
    start_container
    local before
    rules() { iptables-save | grep -v '^[#:]' | sort; }
    before=$(rules)
    start_server
    rkt stop --force "$uuid" >/dev/null
    rkt status --wait=20s "$uuid" >/dev/null
    rkt gc --grace-period=0s >/dev/null 2>&1
    reached 18201 container
    diff <(echo "$before") <(rules)
}

@test "docker: a port that one of its containers has is refused" {
    start_container
    inspect_image '{"ports": [{"name": "t", "protocol": "tcp", "port": 80}]}'
    check_fails 254 rkt run --port=t:18201 "${inspect_pod[@]}"
    has '18201'
    reached 18201 container
}

@test "docker: on a host that it has left forwarding nothing, pods are reached and reach out" {
    systemctl stop docker.socket docker.service
    iptables -S FORWARD | grep -qx -- '-P FORWARD DROP'
    start_server
    [[ $(pod_asks 192.0.2.2 90) == 192.0.2.1 ]]
}
