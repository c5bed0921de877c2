#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods as services: what they take over from their unit. The examples of rkt-units(7) are run as they stand.

# shellcheck disable=SC2154 # output and status are run's
load lib
load pods

setup() {
    need commands perl
}

teardown() {
    systemctl stop 'example-*' 'rkt-test-*' 2>/dev/null || :
    systemctl reset-failed 'example-*' 'rkt-test-*' 2>/dev/null || :
    rm -rf /run/systemd/system/{example-,rkt-test-}*
    systemctl daemon-reload
    end_pods
}

# web_image NAME [JSON of the app]: perl and web.pl, as example.com/NAME.
web_image() {
    local name=$1 dir=$BATS_TEST_TMPDIR/image-$1
    local app=${2:-'{}'}
    web_root "$dir/rootfs"
    jq -n --arg name "example.com/$name" --argjson more "$app" --arg arch "$(uname -m | sed 's/x86_64/amd64/')" '
        {acKind: "ImageManifest", acVersion: "0.8.11", name: $name,
         labels: [{name: "os", value: "linux"}, {name: "arch", value: $arch}],
         app: ({exec: ["/usr/bin/perl", "/web.pl"], user: "0", group: "0"} + $more)}' >"$dir/manifest"
    rkt image build --overwrite "$dir" "$dir.aci"
    rkt --insecure-options=image fetch "$dir.aci" >/dev/null
}

# Writes the units of the manual's examples to where systemd finds them.
install_examples() {
    awk '/^\.Bd/ { inside = 1; next } /^\.Ed/ { inside = 0; next }
         inside && /^# \/etc\/systemd\/system\// { file = "/run/systemd/system/" substr($2, 21); printf "" >file; next }
         inside && file { gsub(/\\e/, "\\"); print >file }' "$BATS_TEST_DIRNAME/../../man/rkt-units.7"
    systemctl daemon-reload
}

# ask PORT LINE: what the server answers.
ask() {
    local answer
    exec {connection}<>"/dev/tcp/127.0.0.1/$1" || return
    echo "$2" >&"$connection"
    read -r answer <&"$connection" || :
    exec {connection}>&-
    echo "$answer"
}

answers() { [[ $(ask "$1" "$2" 2>/dev/null) == "$3" ]]; }

# The server of the example listens at port 80 of the host, which a test host may have in use.
use_port() {
    mkdir -p /run/systemd/system/example-web.service.d
    printf '[Service]\nExecStart=\n%s\n' "$(sed -n '/^ExecStart=/,/[^\\]$/p' /run/systemd/system/example-web.service |
        sed 's|example.com/web|example.com/web --environment=PORT=18090|')" >/run/systemd/system/example-web.service.d/port.conf
    systemctl daemon-reload
}

@test "units: the examples of the manual are clean for systemd-analyze verify" {
    install_examples
    local units
    units=(/run/systemd/system/example-*)
    ((${#units[@]} == 8))
    check systemd-analyze verify --man=no "${units[@]}"
    [[ ! $output ]] || { echo "$output"; return 1; }
}

@test "units: a service tells that it is ready, has its slice, limits and credentials, reloads, and stops in order" {
    web_image web
    install_examples
    use_port
    check systemctl start example-web
    check systemctl show -p StatusText -p Slice -p ControlGroup example-web
    has '^Slice=example.slice$'
    has '^ControlGroup=/example.slice/example-web.service$'
    wait_for 10 answers 18090 hello 'hello from own'
    has_status() { [[ $(systemctl show -p StatusText --value example-web) == "$1" ]]; }
    wait_for 10 has_status "Pod $(</run/example-web.uuid) is ready."

    local group
    group=$(find /sys/fs/cgroup/example.slice -type d -name app-web)
    grep -Eq '^Max open files +512 +1024 ' "/proc/$(head -n 1 "$group/cgroup.procs")/limits"

    [[ $(ask 18090 'env CREDENTIALS_DIRECTORY') == /run/credentials ]]
    [[ $(ask 18090 'cat /run/credentials/token') == from-the-unit ]]
    [[ $(ask 18090 'stat /run/credentials') == '0500 0:0' ]]
    [[ $(ask 18090 'stat /run/credentials/token') == '0400 0:0' ]]
    [[ $(ask 18090 'write /run/credentials/other') == 'error: Read-only file system' ]]
    check_fails 1 grep -r from-the-unit "/var/lib/rkt/pods/run/$(</run/example-web.uuid)" # they are in memory only

    check systemctl reload example-web
    reloaded() { journalctl --sync; journalctl -u example-web -o cat | grep -q ': reloaded 1$'; }
    wait_for 10 reloaded
    is_active() { systemctl is-active --quiet example-web; }
    wait_for 10 is_active

    check systemctl stop example-web
    check systemctl show -p Result --value example-web
    has '^success$'
    journalctl --sync
    journalctl -u example-web -o cat | grep -q ': down$'
}

sign_of_life() { systemctl show -p WatchdogTimestampMonotonic --value "$1"; }
later_sign() { (($(sign_of_life "$1") > $2)); }

# lives_on UNIT SECONDS: it gives signs of life for longer than its watchdog's interval.
lives_on() {
    local first
    first=$(sign_of_life "$1")
    wait_for $(($2 * 4)) later_sign "$1" $((first + $2 * 1000000))
}

@test "units: the watchdog of the unit restarts an app that hangs, and not one that does not" {
    web_image web
    install_examples
    use_port
    check systemctl start example-web
    [[ $(ask 18090 'env WATCHDOG_USEC') == 5000000 && $(ask 18090 'env WATCHDOG_PID') == unset ]]
    local before
    before=$(</run/example-web.uuid)
    lives_on example-web 5
    [[ $(</run/example-web.uuid) == "$before" ]]
    (ask 18090 hang >/dev/null) 3>&- &
    local asking=$!
    restarted() { [[ $(systemctl show -p NRestarts --value example-web) == 1 ]]; }
    wait_for 60 restarted
    journalctl --sync
    journalctl -u example-web -o cat | grep -q 'Watchdog timeout'
    wait_for 30 answers 18090 hello 'hello from own'
    wait "$asking" || :
    check_fails 254 rkt status "$before"
}

@test "units: the supervisors answer the watchdog for apps that cannot" {
    busybox_image sleeper "$(sh_app 'exec sleep 1000')"
    systemd-run --quiet --unit=rkt-test-watched --service-type=notify -p WatchdogSec=4 -p KillMode=mixed rkt run --net=none example.com/sleeper
    local pid
    pid=$(systemctl show -p MainPID --value rkt-test-watched)
    lives_on rkt-test-watched 4
    [[ $(systemctl show -p MainPID -p Result rkt-test-watched | paste -sd' ') == "MainPID=$pid Result=success" ]]
    # and who stops them is missed
    kill -STOP "$pid"
    missed() { [[ $(systemctl show -p Result --value rkt-test-watched) == watchdog ]]; }
    wait_for 30 missed
    kill -CONT "$pid" 2>/dev/null || :
}

@test "units: each app has the sockets that it names, and keeps them when the service is started again" {
    web_image web
    install_examples
    check systemctl start example-echo.socket example-admin.socket
    ! systemctl is-active --quiet example-echo.service
    [[ $(ask 18091 hello) == 'hello from echo' ]]
    [[ $(ask 18092 hello) == 'hello from admin' ]]
    [[ $(ask 18091 'env LISTEN_FDS') == 1 ]]
    check systemctl is-active example-echo.service
    check systemctl restart example-echo.service
    [[ $(ask 18091 hello) == 'hello from echo' ]]
    check systemctl stop example-echo.service
    [[ $(ask 18092 hello) == 'hello from admin' ]]
}

@test "units: the only app has all sockets, in their order, also as another user and in a user namespace" {
    web_image web
    printf '[Socket]\nListenStream=127.0.0.1:18094\nListenStream=127.0.0.1:18095\nFileDescriptorName=pair\n' >/run/systemd/system/rkt-test-only.socket
    cat >/run/systemd/system/rkt-test-only.service <<'END'
[Service]
Type=notify
ExecStart=/usr/bin/rkt run --private-users --net=none --set-env=LISTEN_FDS=9 example.com/web --notify --user=7 --group=8
SetCredential=token:mine
KillMode=mixed
END
    systemctl daemon-reload
    check systemctl start rkt-test-only.socket
    [[ $(ask 18094 hello) == 'hello from pair' && $(ask 18095 'env LISTEN_FDS') == 2 ]]
    [[ $(ask 18094 'env LISTEN_FDNAMES') == pair:pair ]]
    [[ $(ask 18095 'stat /run/credentials/token') == '0400 7:8' ]]
    [[ $(ask 18095 'cat /run/credentials/token') == mine ]]
}

@test "units: a port that is socketActivated gets the socket at which it is published" {
    web_image ported '{"ports": [{"name": "http", "protocol": "tcp", "port": 80, "socketActivated": true}]}'
    web_image other '{"ports": [{"name": "admin", "protocol": "tcp", "port": 81, "socketActivated": true}]}'
    printf '[Socket]\nListenStream=127.0.0.1:18096\nListenStream=127.0.0.1:18097\n' >/run/systemd/system/rkt-test-ported.socket
    cat >/run/systemd/system/rkt-test-ported.service <<'END'
[Service]
Type=notify
ExecStart=/usr/bin/rkt run --port=http:18096 --port=admin:18097 example.com/ported --notify --environment=WHO=ported example.com/other --notify --environment=WHO=other
KillMode=mixed
END
    systemctl daemon-reload
    check systemctl start rkt-test-ported.socket
    [[ $(ask 18096 'env WHO') == ported ]]
    [[ $(ask 18097 'env WHO') == other ]]
    [[ $(ask 18097 'env LISTEN_FDS') == 1 ]]
}

@test "units: systemd-socket-proxyd starts a pod with the first connection" {
    web_image web
    install_examples
    check systemctl start example-proxy.socket
    ! systemctl is-active --quiet example-backend
    [[ $(ask 18093 hello) == 'hello from own' ]]
    check systemctl is-active example-backend
}

@test "units: sockets that nobody takes are told of, and those of others are left alone" {
    busybox_image fds "$(sh_app 'ls /proc/self/fd; echo "pid ${LISTEN_PID-none}"')"
    printf '[Socket]\nListenStream=127.0.0.1:18098\n' >/run/systemd/system/rkt-test-fds.socket
    printf '[Service]\nType=oneshot\nExecStart=/usr/bin/rkt run --net=none example.com/fds --sockets=foreign\n' >/run/systemd/system/rkt-test-fds.service
    systemctl daemon-reload
    systemctl start rkt-test-fds.socket
    check systemctl start rkt-test-fds.service
    journalctl --sync
    check journalctl -u rkt-test-fds.service -o cat
    has 'no app takes the socket "rkt-test-fds.socket"'
    has ': pid none$'
    LISTEN_FDS=1 LISTEN_PID=1 check rkt run --net=none example.com/fds
    lacks 'no app takes'
}

@test "units: a pod in the host's network is in that of a unit with PrivateNetwork=" {
    busybox_image net "$(sh_app 'cat /proc/net/dev')"
    check systemd-run --quiet --wait --pipe --unit=rkt-test-private -p PrivateNetwork=yes rkt run --net=host example.com/net
    has ' lo:'
    (($(grep -c ':.*[0-9]' <<<"$(grep -E ': +[a-z0-9]+:' <<<"$output")") == 1))
}
