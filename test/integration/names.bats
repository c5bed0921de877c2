#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Names: resolv.conf and hosts of pods, and names of pods for each other and for the host.

load lib
load pods

setup() {
    config=$BATS_TEST_TMPDIR/config
    mkdir -p "$config/net.d"
    name_pids=()
}

teardown() {
    [[ ! ${moved-} ]] || { rm -rf /run/systemd/resolve && mv -f "$moved" /etc/resolv.conf; }
    [[ ! ${ns-} ]] || ip netns del "$ns" 2>/dev/null || :
    ((${#name_pids[@]} == 0)) || kill "${name_pids[@]}" 2>/dev/null || :
    end_pods
    ip link del rktnames0 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-names
}

# names_network [JSON of the plugin]: the bridge rkt-names with both families, and dnsname behind it.
names_network() {
    local dnsname=${1:-\{\}}
    jq -n --argjson d "$dnsname" '{cniVersion: "1.0.0", name: "rkt-names", plugins: [
        {type: "bridge", bridge: "rktnames0", isGateway: true, ipMasq: true,
         ipam: {type: "host-local", ranges: [[{subnet: "10.76.0.0/24"}], [{subnet: "fd76::/64"}]], routes: [{dst: "0.0.0.0/0"}]}},
        ({type: "dnsname"} + $d)]}' >"$config/net.d/10-names.conflist"
}

# start_named HOSTNAME [ARGUMENT…]: a pod that waits. Sets uuid and run_pid.
start_named() {
    local name=$1
    shift
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt --local-config="$config" run --net=rkt-names --hostname="$name" --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" \
        "${inspect_pod[@]}" --name=wait --exec=/bin/sleep -- 600 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    name_pids+=("$run_pid")
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

# ask WORD…: what getent says in a new pod of the network; succeeds as it does.
ask() {
    run rkt --local-config="$config" run --net=rkt-names --hostname=asker "${inspect_pod[@]}" --exec=/bin/getent -- "$@"
    # shellcheck disable=SC2154 # by run
    return "$status"
}

address() { rkt status "$1" | grep -o "$2=[^,]*" | head -n 1 | sed 's/^[^=]*=//'; }

@test "pods of a network know each other by their hostnames, in both families, for as long as they live" {
    need commands dnsmasq
    inspect_image
    names_network
    local db before
    before=$(find /run/rkt 2>/dev/null | sort)
    start_named db
    db=$uuid
    [[ $(cat /run/rkt/names/rkt-names/hosts/*) == "$(address "$db" ip4)"$'\tdb\n'"$(address "$db" ip6)"$'\tdb' ]]
    ask ahostsv4 db || { echo "$output"; return 1; }
    has "$(address "$db" ip4) "
    ask ahostsv6 db
    has "$(address "$db" ip6) "
    ask hosts "$(address "$db" ip4)"
    has ' db$'
    check rkt enter "$db" /bin/getent ahostsv4 db
    rkt --local-config="$config" netplug check "$db"
    # another one, and the first no more
    start_named web
    rkt stop "$db" >/dev/null
    rkt status --wait=20s "$db" >/dev/null
    check rkt enter "$uuid" /bin/getent ahostsv4 web
    check_fails 2 rkt enter "$uuid" /bin/getent ahostsv4 db
    # nothing is left behind the last: no name, no dnsmasq
    rkt stop "$uuid" >/dev/null
    rkt status --wait=20s "$uuid" >/dev/null
    rkt gc --grace-period=0s >/dev/null
    [[ $(find /run/rkt 2>/dev/null | sort) == "$before" ]]
    ! pgrep -f /run/rkt/names || return 1
}

@test "names in a domain: with it and without, and other plugins' name servers stay behind" {
    need commands dnsmasq
    inspect_image
    names_network '{"domainName": "pods.example"}'
    start_named db
    local v4
    v4=$(address "$uuid" ip4)
    check rkt enter "$uuid" /bin/cat /etc/resolv.conf
    has '^nameserver 10\.76\.0\.1$'
    has '^nameserver fd76::1$'
    has '^search pods\.example$'
    check rkt enter "$uuid" /bin/getent ahostsv4 db.pods.example
    has "^$v4 "
    ask ahostsv4 db # its own name a pod has from its hosts
    has "$v4 .*db\.pods\.example"
    check_fails 2 rkt enter "$uuid" /bin/getent hosts other.pods.example
    # the network is changed while it has pods: the next one makes it so
    names_network '{"domainName": "other.example"}'
    ask ahostsv4 db.other.example
    has "$v4 "
}

@test "a pod that dies with its supervisor loses its name by gc; netplug check misses a name that is gone" {
    need commands dnsmasq
    inspect_image
    names_network
    start_named first
    local first=$uuid
    start_named second
    [[ $(ls /run/rkt/names/rkt-names/hosts | wc -l) == 2 ]]
    kill -9 "$run_pid" $(<"/var/lib/rkt/pods/run/$uuid/pid")
    wait_for 20 bash -c "rkt status $uuid | grep -q state=exited"
    rkt gc --grace-period=0s >/dev/null
    [[ $(ls /run/rkt/names/rkt-names/hosts) == "$first:eth0" ]]
    rkt --local-config="$config" netplug check "$first"
    rm "/run/rkt/names/rkt-names/hosts/$first:eth0"
    check_fails 254 rkt --local-config="$config" netplug check "$first"
    has 'the names of the container are not in /run/rkt/names/rkt-names/hosts'
}

@test "many pods that come and go at once leave neither names nor a dnsmasq" {
    need commands dnsmasq
    busybox_image short
    names_network
    local i n=8 pids=() failed=0
    [[ $RKT_TEST_HOST != vm ]] || n=4
    for ((i = 0; i < n; i++)); do
        rkt --local-config="$config" run --net=rkt-names --hostname="short$i" example.com/short >"$BATS_TEST_TMPDIR/out$i" 2>&1 3>&- &
        pids+=($!)
    done
    for ((i = 0; i < n; i++)); do
        wait "${pids[i]}" || { cat "$BATS_TEST_TMPDIR/out$i"; failed=1; }
    done
    ((failed == 0))
    # and one behind the other: systemd's limit of starts is not for them
    for ((i = 0; i < n; i++)); do
        check rkt --local-config="$config" run --net=rkt-names example.com/short
    done
    [[ ! -e /run/rkt/names ]]
    ! systemctl is-active --quiet rkt-dnsname@rkt-names.service || return 1
}

@test "ptp, too; and name servers of the configuration are told to the pod in place of a dnsmasq" {
    need commands dnsmasq
    inspect_image
    local ptp='{"type": "ptp", "ipMasq": true, "ipam": {"type": "host-local", "subnet": "10.76.0.0/24", "routes": [{"dst": "0.0.0.0/0"}]}}'
    echo "{\"cniVersion\": \"1.0.0\", \"name\": \"rkt-names\", \"plugins\": [$ptp, {\"type\": \"dnsname\"}]}" >"$config/net.d/10-names.conflist"
    start_named db
    ask ahostsv4 db || { echo "$output"; return 1; }
    has "$(address "$uuid" ip4) "
    rkt stop "$uuid" >/dev/null
    rkt status --wait=20s "$uuid" >/dev/null
    [[ ! -e /run/rkt/names ]]
    names_network '{"dns": {"nameservers": ["192.0.2.53"], "options": ["ndots:2"]}}'
    start_named db
    check rkt enter "$uuid" /bin/cat /etc/resolv.conf
    has '^nameserver 192\.0\.2\.53$'
    has '^options ndots:2$'
    lacks '10\.76\.0\.1'
    [[ $(ls /run/rkt/names/rkt-names) == hosts && $(ls /run/rkt/names/rkt-names/hosts) == "$uuid:eth0" ]]
}

@test "what cannot be named, or asked, fails with the reason and leaves nothing" {
    need commands dnsmasq
    busybox_image named
    names_network '{"domainName": "a b"}'
    check_fails 254 rkt --local-config="$config" run --net=rkt-names example.com/named
    has '"a b" cannot be a domain'
    jq '.plugins[0].isGateway = false | .plugins[1] = {type: "dnsname"}' "$config/net.d/10-names.conflist" >"$config/new"
    mv "$config/new" "$config/net.d/10-names.conflist"
    ip link del rktnames0
    check_fails 254 rkt --local-config="$config" run --net=rkt-names example.com/named
    has 'the host has no address in the network rkt-names, where names could be asked for'
    names_network
    check_fails 254 rkt --local-config="$config" run '--net=rkt-names:K8S_POD_NAME=a/../b' example.com/named
    has '"a/../b" cannot be a name of a host'
    [[ ! -e /run/rkt/names ]]
}

@test "Debian's dnsname in the chain" {
    need commands dnsmasq
    [[ -x /usr/lib/cni/dnsname ]] || skip "needs golang-github-containernetworking-plugin-dnsname"
    inspect_image
    names_network '{"domainName": "pods.example", "capabilities": {"aliases": true}}'
    mkdir "$BATS_TEST_TMPDIR/cni"
    ln -s /usr/lib/cni/dnsname "$BATS_TEST_TMPDIR/cni/"
    export RKT_CNI_PATH=$BATS_TEST_TMPDIR/cni:/usr/lib/rkt/cni
    start_named db
    grep -q "$(address "$uuid" ip4)"$'\tdb' /run/containers/cni/dnsname/rkt-names/addnhosts
    [[ ! -e /run/rkt/names ]]
    ask ahostsv4 db || { echo "$output"; return 1; }
    has "$(address "$uuid" ip4) "
    rkt stop "$uuid" >/dev/null
    rkt status --wait=20s "$uuid" >/dev/null
    ! grep -q . /run/containers/cni/dnsname/rkt-names/addnhosts 2>/dev/null || return 1
    rm -rf /run/containers/cni/dnsname/rkt-names
}

@test "the host resolves pods by nss-mymachines" {
    [[ -e /usr/lib/$(uname -m)-linux-gnu/libnss_mymachines.so.2 ]] || skip "needs libnss-mymachines"
    inspect_image
    names_network
    start_named db
    check getent -s mymachines ahostsv4 "rkt-$uuid"
    has "^$(address "$uuid" ip4) "
    check getent -s mymachines ahostsv6 "rkt-$uuid"
    has "^$(address "$uuid" ip6) "
}

# files ARGUMENT…: /etc/resolv.conf, hosts and hostname as a pod sees them, with marks before them.
files() {
    check rkt --local-config="$config" run "$@" "${pod[@]}"
    # shellcheck disable=SC2001 # for each line
    output=$(sed 's/^\[[^]]*\] [a-z]*\[[0-9]*\]: //' <<<"$output")
    resolv=$(sed -n '/^RESOLV$/,/^HOSTS$/p' <<<"$output" | sed '1d;$d')
    hosts=$(sed -n '/^HOSTS$/,/^HOSTNAME$/p' <<<"$output" | sed '1d;$d')
}

@test "resolv.conf: flags before the network's, the volume's, the image's" {
    busybox_image files "$(sh_app 'echo RESOLV; cat /etc/resolv.conf; echo HOSTS; cat /etc/hosts; echo HOSTNAME; cat /etc/hostname')"
    local resolv hosts image=$BATS_TEST_TMPDIR/image-files pod=(example.com/files)
    echo 'nameserver 192.0.2.4' >"$image/rootfs/etc/resolv.conf"
    applets files cat
    echo 'nameserver 192.0.2.3' >"$BATS_TEST_TMPDIR/volume"
    echo '{"cniVersion": "1.0.0", "name": "rkt-names", "type": "bridge", "bridge": "rktnames0", "isGateway": true, "dns": {"nameservers": ["192.0.2.2"],
        "search": ["s.example"], "domain": "d.example"}, "ipam": {"type": "host-local", "subnet": "10.76.0.0/24"}}' >"$config/net.d/10-n.conf"
    files --net=none
    [[ $resolv == 'nameserver 192.0.2.4' ]]
    files --net=none --dns=none
    [[ $resolv == 'nameserver 192.0.2.4' ]]
    pod=("--volume=r,kind=host,source=$BATS_TEST_TMPDIR/volume" example.com/files --mount=volume=r,target=/etc/resolv.conf)
    files --net=none
    [[ $resolv == 'nameserver 192.0.2.3' ]]
    files --net=rkt-names
    [[ $resolv == $'# Generated by rkt from network rkt-names\n\ndomain d.example\nsearch s.example\nnameserver 192.0.2.2' ]]
    files --net=rkt-names --dns=none
    [[ $resolv == 'nameserver 192.0.2.3' ]]
    files --net=rkt-names --dns=192.0.2.1,2001:db8::1 --dns=192.0.2.9 --dns-search=a.example --dns-search=b.example --dns-opt=ndots:2 --dns-opt=rotate \
        --dns-domain=c.example
    [[ $resolv == $'# Generated by rkt run\n\ndomain c.example\nsearch a.example b.example\nnameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver 192.0.2.9\noptions ndots:2 rotate' ]] ||
        { echo "$resolv"; return 1; }
    files --net=rkt-names --dns=host
    [[ $resolv == "$(</etc/resolv.conf)" ]]
    [[ $(<"$BATS_TEST_TMPDIR/volume") == 'nameserver 192.0.2.3' ]]
}

@test "hosts: flags before the volume's, the image's, and those of rkt, which know the pod's name" {
    busybox_image files "$(sh_app 'echo RESOLV; echo HOSTS; cat /etc/hosts; echo HOSTNAME; cat /etc/hostname')"
    local resolv hosts image=$BATS_TEST_TMPDIR/image-files pod=(example.com/files)
    files --net=none --hostname=me
    has '^me$'
    [[ $(head -n 2 <<<"$hosts") == $'127.0.0.1\tlocalhost me\n::1\tlocalhost ip6-localhost ip6-loopback' ]] || { echo "$hosts"; return 1; }
    echo '10.4.4.4 image' >"$image/rootfs/etc/hosts"
    applets files cat
    files --net=none
    [[ $hosts == '10.4.4.4 image' ]]
    echo '10.3.3.3 volume' >"$BATS_TEST_TMPDIR/volume"
    pod=("--volume=h,kind=host,source=$BATS_TEST_TMPDIR/volume" example.com/files --mount=volume=h,target=/etc/hosts)
    files --net=none
    [[ $hosts == '10.3.3.3 volume' ]]
    files --net=none --hostname=me --hosts-entry=10.1.1.1=a,10.1.1.2=b --hosts-entry=fd00::1=c --hosts-entry=10.1.1.1=again
    [[ $hosts == $'127.0.0.1\tlocalhost me\n::1\tlocalhost ip6-localhost ip6-loopback\n10.1.1.1\ta\n10.1.1.2\tb\nfd00::1\tc\n10.1.1.1\tagain' ]] || { echo "$hosts"; return 1; }
    files --net=none --hosts-entry=host
    [[ $hosts == "$(</etc/hosts)" ]]
}

@test "the host's resolv.conf and hosts cannot be written to by a pod" {
    busybox_image writes "$(sh_app 'for f in resolv.conf hosts; do echo changed 2>/dev/null >>/etc/$f && echo WRITTEN $f; done; true')"
    local before
    before=$(cat /etc/resolv.conf /etc/hosts)
    check rkt run --net=none --dns=host --hosts-entry=host example.com/writes
    lacks WRITTEN
    [[ $(cat /etc/resolv.conf /etc/hosts) == "$before" ]]
}

@test "--dns=host with systemd-resolved gives a pod with a network the servers behind the stub" {
    [[ ! -e /run/systemd/resolve ]] || skip "systemd-resolved is here"
    busybox_image files "$(sh_app 'cat /etc/resolv.conf')"
    moved=/etc/resolv.conf.before-$$
    mv /etc/resolv.conf "$moved"
    mkdir -p /run/systemd/resolve
    echo 'nameserver 127.0.0.53' >/run/systemd/resolve/stub-resolv.conf
    echo 'nameserver 192.0.2.77' >/run/systemd/resolve/resolv.conf
    ln -s /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
    check rkt run --dns=host example.com/files
    has 'nameserver 192\.0\.2\.77'
    check rkt run --net=host --dns=host example.com/files
    has 'nameserver 127\.0\.0\.53'
}

@test "the plugin by hand: aliases, VERSION, CHECK, and GC of what no attachment has" {
    need commands dnsmasq
    load cni-lives
    cni_setup
    local bridge json with
    bridge=$(conf bridge 1.1.0 '{"name": "rkt-names", "bridge": "rktnames0", "isGateway": true, "ipam": {"type": "host-local", "subnet": "10.76.0.0/24"}}')
    cni_ok ADD "$ours/bridge" "$bridge"
    json=$(conf dnsname 1.1.0 '{"name": "rkt-names", "runtimeConfig": {"aliases": {"rkt-names": ["db", "store"], "other": ["not"]}}}')
    with=$(with_previous "$json" "$output")
    cni_args='IgnoreUnknown=1;K8S_POD_NAME=c1' cni_ok ADD "$ours/dnsname" "$with"
    [[ $(jq -c .dns <<<"$output") == '{"nameservers":["10.76.0.1"]}' && $(jq '.ips | length' <<<"$output") == 1 ]]
    [[ $(</run/rkt/names/rkt-names/hosts/"$container:eth0") == $'10.76.0.2\tc1 db store' ]]
    cni_args='K8S_POD_NAME=c1' cni_ok CHECK "$ours/dnsname" "$with"
    cni_fails 999 CHECK "$ours/dnsname" "$with" # another name
    cni_fails 999 ADD "$ours/dnsname" "$json"
    [[ $message == *'must be called as chained plugin'* ]]
    cni_fails 999 ADD "$ours/dnsname" "$(jq -c '.runtimeConfig.aliases."rkt-names" = [7]' <<<"$with")"
    cni_ok STATUS "$ours/dnsname" "$json"
    cni_ok GC "$ours/dnsname" "$(jq -c --arg c "$container" '."cni.dev/valid-attachments" = [{containerID: $c, ifname: "eth0"}]' <<<"$json")"
    [[ -e /run/rkt/names/rkt-names/hosts/$container:eth0 ]]
    cni_ok GC "$ours/dnsname" "$(jq -c '."cni.dev/valid-attachments" = []' <<<"$json")"
    [[ ! -e /run/rkt/names ]]
    cni_ok DEL "$ours/dnsname" "$json"
    cni_ok DEL "$ours/bridge" "$bridge"
    cni_teardown
}

@test "the plugin by hand on a host without systemd: dnsmasq is a process that is left alone, and ended" {
    need commands dnsmasq
    load cni-lives
    cni_setup
    local bridge json without=$BATS_TEST_TMPDIR/dnsname
    printf '#!/bin/sh\nexec unshare -m sh -c "mount -t tmpfs none /run/systemd && exec %s/dnsname"\n' "$ours" >"$without"
    chmod +x "$without"
    bridge=$(conf bridge 1.1.0 '{"name": "rkt-names", "bridge": "rktnames0", "isGateway": true, "ipam": {"type": "host-local", "subnet": "10.76.0.0/24"}}')
    cni_ok ADD "$ours/bridge" "$bridge"
    json=$(conf dnsname 1.1.0 '{"name": "rkt-names"}')
    json=$(with_previous "$json" "$output")
    cni_args='K8S_POD_NAME=c1' cni_ok ADD "$without" "$json"
    local pid
    pid=$(</run/rkt/names/rkt-names/pid)
    ! systemctl is-active --quiet rkt-dnsname@rkt-names.service || return 1
    # nothing of the plugin's stays open in it
    check ls -l "/proc/$pid/fd"
    has ' 1 -> /dev/null'
    has ' 2 -> /dev/null'
    lacks '\.lock'
    cni_args='K8S_POD_NAME=c1' cni_ok CHECK "$without" "$json"
    cni_ok DEL "$without" "$json"
    wait_for 5 bash -c "! [[ -e /proc/$pid ]]"
    [[ ! -e /run/rkt/names ]]
    cni_ok DEL "$ours/bridge" "$bridge"
    cni_teardown
}

@test "wrong values of the flags are refused before anything is made" {
    busybox_image early
    local flag
    for flag in --dns=nobody --dns=host,192.0.2.1 '--dns=none --dns-search=a' '--dns=host --dns-opt=b' --hosts-entry=a=10.1.1.1 --hosts-entry=10.1.1.1= \
        --hosts-entry=host,10.1.1.1=a '--hosts-entry=host --hosts-entry=10.1.1.1=a'; do
        # shellcheck disable=SC2086 # words
        check_fails 254 rkt run --net=none $flag example.com/early
        has '^run: --(dns|hosts-entry)='
    done
    [[ ! $(rkt list --no-legend) ]]
}
