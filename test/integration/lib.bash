# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Helpers for the integration tests: "load lib" at the top of each file.
# The tests run as root in a test host (test/host/README.md), with what is
# tested installed. RKT_TEST_HOST says which host it is.

# need KIND NAME…: skips the test, with the reason, where the host lacks one:
#   host NAME          ns or vm
#   controllers NAME…  cgroup2 controllers
#   capabilities NAME… in the bounding set, such as sys_resource
#   commands NAME…
#   modules NAME…      kernel modules (loaded, built in or loadable)
need() {
    local kind=$1 name bounding
    shift
    for name; do
        case $kind in
        host) [[ ${RKT_TEST_HOST-} == "$name" ]] || skip "needs the $name host" ;;
        controllers)
            grep -qw "$name" /sys/fs/cgroup/cgroup.controllers ||
                skip "needs the cgroup2 controller $name"
            ;;
        capabilities)
            bounding=$(sed -n 's/^CapBnd:\s*//p' /proc/self/status)
            grep -qw "cap_$name" < <(capsh --decode="$bounding") || skip "needs CAP_${name^^}"
            ;;
        commands) type -P "$name" >/dev/null || skip "needs the command $name" ;;
        modules)
            [[ -d /sys/module/$name ]] || modprobe "$name" 2>/dev/null || skip "needs the kernel module $name"
            ;;
        *) echo "need: unknown kind $kind"; return 1 ;;
        esac
    done
}

# wait_for SECONDS COMMAND…: runs the command until it succeeds. An emulated machine gets more time.
wait_for() {
    local patience=1 end
    [[ $RKT_TEST_HOST != vm ]] || patience=4
    end=$((SECONDS + $1 * patience))
    shift
    until "$@"; do
        if ((SECONDS >= end)); then
            echo "still not so after a while: $*"
            return 1
        fi
        sleep 0.05
    done
}

# check COMMAND…: runs it as bats' run does and fails unless it succeeds, with
# its output shown. check_fails STATUS COMMAND… expects that exit status.
check() { check_fails 0 "$@"; }
check_fails() {
    local expected=$1
    shift
    run "$@"
    # shellcheck disable=SC2154 # set by run
    if ((status != expected)); then
        printf '%s\nexit status %d instead of %d: %s\n' "$output" "$status" "$expected" "$*"
        return 1
    fi
}

# has PATTERN: the output of the last run holds the extended regular expression.
has() {
    if ! grep -Eq -- "$1" <<<"$output"; then
        printf '%s\nnot in the output above: %s\n' "$output" "$1"
        return 1
    fi
}

# lacks PATTERN: the output of the last run does not hold it. ("! has" would not fail a test by itself.)
lacks() {
    if grep -Eq -- "$1" <<<"$output"; then
        printf '%s\nin the output above: %s\n' "$output" "$1"
        return 1
    fi
}

# host_state: all that a pod could leave behind, one a line. A test saves it
# before and hands it to same_host_state after: with no more in it, the host is
# as clean as before. What systemd itself starts on demand does not count.
host_state() {
    findmnt -rno TARGET,FSTYPE | grep -v -e '^/run/credentials/' -e '^/proc/sys/fs/binfmt_misc ' | sed 's/^/mount /'
    ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/link \1/'
    find /sys/fs/cgroup -mindepth 1 -type d \
        ! -path '*/system.slice/*' ! -path '*/user.slice/*' ! -path '*/init.scope*' ! -name machine.slice ! -name user.slice ! -name '*.mount' |
        sed 's/^/cgroup /'
    find /sys/fs/cgroup/system.slice /sys/fs/cgroup/user.slice -type d -name '*rkt*' ! -name 'rkt-test-*' 2>/dev/null | sed 's/^/cgroup /'
    find /run -xdev \( -path /run/systemd -o -path /run/log -o -path /run/user -o -path '/run/rkt-test*' \) -prune -o -print | sed 's/^/run /'
    find /run/systemd/{machines,transient,nspawn} 2>/dev/null | grep rkt | sed 's/^/run /'
    { nft --stateless list ruleset || iptables-save; } 2>/dev/null | sed 's/^/nat /'
    find /tmp /var/tmp /dev/shm -mindepth 1 -maxdepth 1 ! -name 'bats-*' ! -name 'systemd-private-*' | sed 's/^/file /'
}

same_host_state() {
    diff <(sort <<<"$1") <(host_state | sort) | grep '^[<>]' || return 0
    echo "the host is not as it was before"
    return 1
}

# serve DIR: serves it on a free loopback port until the test's end. Sets url.
serve() {
    local port
    for ((;;)); do
        port=$((RANDOM % 20000 + 30000))
        # Descriptor 3 is bats' own: a child that keeps it keeps bats waiting.
        busybox httpd -f -p "127.0.0.1:$port" -h "$1" 3>&- &
        server_pids+=($!)
        wait_for 5 port_answers_or_ended "$port" $!
        kill -0 $! 2>/dev/null && break
    done
    # shellcheck disable=SC2034 # for the test
    url=http://127.0.0.1:$port
}

port_answers_or_ended() {
    { : <>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || ! kill -0 "$2" 2>/dev/null
}

# serve_by SCRIPT ARGUMENT…: one of our own servers (serving.py) on a free loopback port. Sets port.
serve_by() {
    local port_file
    port_file=$(mktemp -u "$BATS_TEST_TMPDIR/port-XXXXXX")
    PORT_FILE=$port_file python3 -B "$BATS_TEST_DIRNAME/$1" "${@:2}" 3>&- &
    server_pids+=($!)
    wait_for 10 test -s "$port_file"
    # shellcheck disable=SC2034 # for the test
    port=$(<"$port_file")
}

# stop_servers: for a test's teardown.
stop_servers() {
    ((${#server_pids[@]} == 0)) || kill "${server_pids[@]}" 2>/dev/null || :
    server_pids=()
}
server_pids=()

# make_certificate DIR HOST…: an authority's certificate DIR/ca.pem, and DIR/cert.pem and DIR/key.pem by it for the
# hosts, names or addresses.
make_certificate() {
    local dir=$1 host names=
    for host in "${@:2}"; do
        [[ $host == *[!0-9.]* ]] && names+=,DNS:$host || names+=,IP:$host
    done
    mkdir -p "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=authority of the test' \
        -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$dir/key.pem" -out "$dir/csr" 2>/dev/null
    openssl x509 -req -in "$dir/csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 -out "$dir/cert.pem" \
        -extfile <(echo "subjectAltName=${names#,}") 2>/dev/null
}
