#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A host whose services are pods: the examples of man/examples, and one that fails, are there when it boots.
# RKT_TEST_HOST says which one it is (ns), RKT_TEST_INSTALL has the tree that is tested (made with
# DESTDIR=… meson install). In ns a host that is started again is a new one: there the services end and start anew.

# shellcheck disable=SC2154,SC2016 # output is run's; scripts for the host
bats_require_minimum_version 1.5.0
load ../integration/lib
load ../integration/pods
load ../integration/registry

examples=$BATS_TEST_DIRNAME/../../man/examples
BATS_TEST_DIRNAME=$BATS_TEST_DIRNAME/../integration # where the helpers find what is beside them
export RKT_TEST_HOST=${RKT_TEST_HOST:-ns}
running='cache diary pages secret site visits watched'

setup_file() {
    [[ ${RKT_TEST_INSTALL-} ]] || skip "RKT_TEST_INSTALL is not set"
    need commands docker-registry skopeo perl nginx redis-server
    export host=${BATS_TEST_FILENAME%/*}/$RKT_TEST_HOST name=pod-host-$$ disk=$BATS_FILE_TMPDIR/disk
    export RKT_TEST_BOOT_SECONDS=420
    make_tree
    start_host
}

teardown_file() { "$host" stop "$name" 2>/dev/null || :; }

# Descriptor 3 is bats' own: a host that keeps it keeps bats waiting.
start_host() {
    local -a own=()
    [[ $RKT_TEST_HOST != vm ]] || own=(--disk "$disk")
    "$host" start "$name" --install "$BATS_FILE_TMPDIR/tree" "${own[@]}" 3>&-
}

in_host() { "$host" exec --name "$name" -- bash -c "$1" </dev/null; }

is_off() { ! "$host" status "$name" >/dev/null 2>&1; }

# Boots the host again, after an orderly end or, with "kill", a power cut.
reboot() {
    if [[ $RKT_TEST_HOST == vm ]]; then
        if [[ $1 == stop ]]; then
            in_host 'systemctl poweroff' || :
            wait_for 30 is_off
        fi
        "$host" kill "$name"
        start_host
        return
    fi
    in_host 'printf "[Unit]\nAllowIsolate=yes\nRequires=basic.target\nAfter=basic.target\n" >/run/systemd/system/down.target
        systemctl daemon-reload && systemctl isolate down.target && systemctl stop web.service && rm /run/systemd/system/down.target &&
        systemctl reset-failed && systemctl daemon-reload && (systemctl isolate multi-user.target || :)'
}

# copy_program ROOT PROGRAM: with its libraries.
copy_program() {
    local root=$1 file
    mkdir -p "$root/usr/bin"
    cp -L "$(type -P "$2")" "$root/usr/bin/"
    while read -r file; do
        [[ $file == /usr/* ]] || file=/usr$file
        mkdir -p "$root${file%/*}"
        cp -L "$file" "$root$file"
    done < <(ldd "$root/usr/bin/$2" 2>/dev/null | grep -o '/[^ ]*')
}

# add_layer NAME: $layers/NAME as an archive.
add_layer() { tar -C "$layers/$1" --sort=name --numeric-owner -cf "$layers/$1.tar" .; }

# add_image NAME CONFIG LAYER…: in the layout.
add_image() {
    local name=$1 config=$2
    shift 2
    python3 "$BATS_TEST_DIRNAME/oci-image.py" --config "$config" "$BATS_FILE_TMPDIR/layout" "$name" "${@/#/"$layers/"}" >/dev/null
}

# What the registries on the host have: made of this machine's programs, all upon one layer.
make_images() {
    local layers=$BATS_FILE_TMPDIR/layers path='"Env": ["PATH=/usr/bin"]' file
    mkdir -p "$layers"/{base/var/log/nginx,base/var/lib/nginx,nginx/etc/nginx,one,broken}
    web_root "$layers/base" # with perl and web.pl
    chmod 1777 "$layers/base/tmp"
    copy_program "$layers/base" busybox
    for file in sh cat date df false httpd nc printf sleep tail test; do ln -s busybox "$layers/base/usr/bin/$file"; done
    copy_program "$layers/base" redis-server
    copy_program "$layers/base" nginx
    printf 'root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n' >"$layers/base/etc/passwd"
    printf 'root:x:0:\nwww-data:x:33:\n' >"$layers/base/etc/group"
    cat >"$layers/nginx/etc/nginx/nginx.conf" <<'END'
daemon off;
user www-data;
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
    access_log off;
    server { listen 80; return 200 "nginx is here\n"; }
}
END
    echo one >"$layers/one/version"
    printf 'print "broken\\n"; exit 3;' >"$layers/broken/web.pl"
    for file in base nginx one broken; do add_layer $file; done
    add_image busybox "{\"Cmd\": [\"sh\"], $path}" base.tar
    add_image redis "{\"Cmd\": [\"redis-server\"], $path, \"ExposedPorts\": {\"6379/tcp\": {}}}" base.tar
    add_image nginx "{\"Cmd\": [\"nginx\", \"-c\", \"/etc/nginx/nginx.conf\"], $path, \"StopSignal\": \"SIGQUIT\"}" base.tar nginx.tar
    add_image site "{\"Entrypoint\": [\"/usr/bin/perl\"], \"Cmd\": [\"/web.pl\"], $path}" base.tar one.tar
    add_image broken "{\"Entrypoint\": [\"/usr/bin/perl\"], \"Cmd\": [\"/web.pl\"], $path}" base.tar broken.tar
    start_registry images
    push busybox docker.io/library/busybox:1
    push redis docker.io/library/redis:7
    push nginx docker.io/library/nginx:1
    push site registry.example.com/site:latest
    push broken registry.example.com/site:broken
    stop_servers
    rm -r "$layers"
}

push() {
    skopeo copy --quiet --insecure-policy --dest-tls-verify=false "oci:$BATS_FILE_TMPDIR/layout:$1" "docker://$registry/$2"
}

# enable UNIT TARGET: as "systemctl enable" would, but where a test host leaves it.
enable() {
    mkdir -p "$tree/usr/lib/systemd/system/$2.wants"
    ln -s "/etc/systemd/system/$1" "$tree/usr/lib/systemd/system/$2.wants/$1"
}

# What is tested, with the examples as a user would put them into place.
make_tree() {
    local tree=$BATS_FILE_TMPDIR/tree
    make_images
    cp -a "$RKT_TEST_INSTALL" "$tree"
    mkdir -p "$tree"/etc/{rkt/{pods,trust.d,registries.d},systemd/system,credstore} "$tree/srv"
    mv "$BATS_FILE_TMPDIR/storage" "$tree/srv/registry"
    cp "$examples"/*.{pod,net,volume} "$tree/etc/rkt/pods/"
    cp "$examples"/*.{socket,timer} "$tree/etc/systemd/system/"
    enable web.socket sockets.target
    enable report.timer timers.target
    echo it-is-secret >"$tree/etc/credstore/secret-password"
    cat >"$tree/etc/rkt/pods/failing.pod" <<'END'
[Pod]
Network=none
[App]
Image=docker://docker.io/library/busybox:1
Exec=false
[Install]
WantedBy=multi-user.target
END
    cat >"$tree/etc/rkt/trust.d/test.json" <<'END'
{"rktKind": "trust", "rktVersion": "v1", "prefixes": ["docker.io", "registry.example.com"], "policy": "accept"}
END
    cat >"$tree/etc/rkt/registries.d/test.json" <<'END'
{"rktKind": "registries", "rktVersion": "v1", "registries": [
    {"prefix": "docker.io", "location": "127.0.0.1:5000/docker.io", "insecure": true},
    {"prefix": "registry.example.com", "location": "127.0.0.1:5000/registry.example.com", "insecure": true}]}
END
    cat >"$tree/srv/registry.yml" <<'END'
version: 0.1
storage: {filesystem: {rootdirectory: /srv/registry}}
http: {addr: '127.0.0.1:5000'}
END
    cat >"$tree/etc/systemd/system/test-registry.service" <<'END'
[Unit]
Before=network-online.target
[Service]
ExecStart=docker-registry serve /srv/registry.yml
ExecStartPost=sh -c 'until curl -sf http://127.0.0.1:5000/v2/; do sleep 0.1; done'
END
    enable test-registry.service network-online.target
}

# each_is STATE UNIT…
each_is() {
    local state=$1
    shift
    run in_host "systemctl is-active $*"
    grep -qxv "$state" <<<"$output" || return 0
    in_host "systemctl --no-pager status $*" || :
    return 1
}

# How often the host has been up, as the pods tell that remember it.
remembers() {
    [[ $(in_host 'wc -l </var/lib/rkt/volumes/diary/starts') == "$1" ]]
}

answers() { [[ $(in_host "$1" 2>/dev/null) == "$2" ]]; }

# all_is_well N: as it is to be when the host has booted for the Nth time.
all_is_well() {
    # shellcheck disable=SC2086 # words
    each_is active multi-user.target web.socket report.timer $running
    each_is inactive web.service
    wait_for 20 answers 'systemctl is-failed failing' failed # it was up for a moment
    check in_host 'systemctl list-units --failed --plain --no-legend | cut -d" " -f1'
    [[ $output == failing.service ]] || { echo "failed: $output"; return 1; }
    check in_host 'systemctl list-jobs --no-legend'
    [[ ! $output ]] || { echo "jobs: $output"; return 1; }
    wait_for 10 answers 'redis-cli -h 10.81.0.2 get visits' 1 # in memory only
    remembers "$1"
    check in_host 'cat /var/lib/rkt/volumes/diary/starts; stat -c %a:%u /var/lib/rkt/volumes/diary'
    has '^700:1000$'
    check in_host 'curl -sS http://127.0.0.1:8081/examples/web.socket'
    has '^ListenStream=0.0.0.0:80$'
    wait_for 10 answers 'exec 4<>/dev/tcp/127.0.0.1/8082; echo hello >&4; head -n 1 <&4' 'hello from own'
    check in_host 'rkt enter $(</run/rkt/units/secret/uuid) /usr/bin/cat /run/credentials/password'
    has '^it-is-secret$'
    check in_host 'curl -sS http://127.0.0.1:80/'
    [[ $output == 'nginx is here' ]]
    each_is active web.service
    # its timer runs it some time after the host is up; before, it has not failed, either
    wait_for 60 in_host 'journalctl --sync; journalctl -b -u report -o cat | grep -q " /log$"'
    wait_for 30 answers 'systemctl show -p Result -p ExecMainStatus -p ActiveState report | paste -sd" "' \
        'Result=success ExecMainStatus=0 ActiveState=inactive'
}

# The pods that run are those of the services, and each service has left no other.
no_other_pods() {
    [[ $(in_host 'rkt list --format=json | jq -r ".[] | select(.state == \"running\") | .name" | sort') == \
        "$(in_host 'sort /run/rkt/units/*/uuid')" ]]
}

@test "pod-host: the examples are clean for systemd-analyze verify" {
    check in_host 'cd /run/systemd/generator && systemd-analyze verify --man=no *.service /etc/systemd/system/{web.socket,report.timer}'
    [[ ! $output ]] || { echo "$output"; return 1; }
    (($(in_host 'ls /run/systemd/generator/*.service | wc -l') == 12)) # ten pods, a network and a volume
}

@test "pod-host: the host comes up with its pods, and only the one that fails has failed" {
    all_is_well 1
    no_other_pods
}

@test "pod-host: an app that hangs is started anew by the watchdog" {
    local before
    before=$(in_host 'cat /run/rkt/units/watched/uuid')
    in_host 'kill -STOP $(cat $(find /sys/fs/cgroup/system.slice/watched.service -path "*app-*" -name cgroup.procs))'
    wait_for 60 answers 'systemctl show -p NRestarts --value watched' 1
    wait_for 30 answers 'systemctl is-active watched' active
    [[ $(in_host 'cat /run/rkt/units/watched/uuid') != "$before" ]]
}

@test "pod-host: an update that does not become ready is rolled back" {
    in_host 'skopeo copy --quiet --insecure-policy --src-tls-verify=false --dest-tls-verify=false \
        docker://127.0.0.1:5000/registry.example.com/site:broken docker://127.0.0.1:5000/registry.example.com/site:latest'
    check_fails 254 in_host 'rkt update'
    has '^site.service.*	rolled back$'
    each_is active site
    wait_for 10 answers 'exec 4<>/dev/tcp/127.0.0.1/8082; echo "cat /version" >&4; head -n 1 <&4' one
}

@test "pod-host: what needs another pod ends with it" {
    in_host 'systemctl stop cache'
    each_is inactive visits
    in_host 'systemctl start visits'
    each_is active cache visits
    wait_for 10 answers 'redis-cli -h 10.81.0.2 get visits' 1
}

@test "pod-host: the host comes up again the same" {
    reboot stop
    all_is_well 2
    no_other_pods
    wait_for 10 answers 'exec 4<>/dev/tcp/127.0.0.1/8082; echo "cat /version" >&4; head -n 1 <&4' one
}

@test "pod-host: and again after a power cut, of which nothing is left" {
    [[ $RKT_TEST_HOST == vm ]] || skip "needs the vm host"
    reboot kill
    all_is_well 3
    in_host 'rkt gc --grace-period=0s'
    check in_host 'find /var/lib/rkt/pods/{embryo,prepare,prepared,exited-garbage,garbage} -mindepth 1'
    [[ ! $output ]]
    check in_host 'rkt list --no-legend --format=json | jq length'
    [[ $output == 8 ]]
}
