# SPDX-License-Identifier: LGPL-2.1-or-later
# rkt check: what a host has and lacks.

load lib

# state NAME: what the JSON of the last run says of it.
state() { jq -r --arg name "$1" '.checks[] | select(.name == $name).state' <<<"$output"; }
follows() { jq -r --arg name "$1" '.checks[] | select(.name == $name).follows' <<<"$output"; }

@test "check: pods can run on this host, and nothing is left in the data directory" {
    check rkt check
    has '^CHECK\s+STATE\s+FOUND\s+WHAT FOLLOWS'
    has '^kernel\s+ok\s+Linux [5-9]'
    has '^overlay\s+ok'
    has '^machined\s+ok'
    has '^journald\s+ok'
    lacks '\sfatal\s'
    [[ -z $(find /var/lib/rkt/tmp -maxdepth 1 -name 'check-*') ]]
    check rkt check --no-legend
    lacks '^CHECK'
}

@test "check: the JSON says the same, and each thing that is not there has a consequence" {
    check rkt check --format=json
    [[ $(jq .can_run <<<"$output") == true ]]
    [[ $(state systemd) == ok && $(state dbus) == ok ]]
    [[ $(jq '[.checks[] | select((.state == "ok") == has("follows"))] | length' <<<"$output") == 0 ]]
    [[ $(jq -r '.checks[].name' <<<"$output" | sort | uniq -d) == '' ]]
}

@test "check: a kernel without seccomp is fatal" {
    check_fails 1 unshare -m sh -c 'mount -t tmpfs none /proc/sys/kernel/seccomp && rkt check --format=json'
    [[ $(jq .can_run <<<"$output") == false && $(state seccomp) == fatal ]]
    [[ $(follows seccomp) == *--insecure-options=seccomp* ]]
}

@test "check: a root without CAP_SYS_ADMIN cannot run pods" {
    check_fails 1 capsh --drop=cap_sys_admin -- -c 'rkt check --format=json'
    [[ $(state capabilities) == fatal && $(state namespaces) == fatal && $(state overlay) == fatal ]]
}

@test "check: a data directory that cannot be written to is fatal" {
    mkdir "$BATS_TEST_TMPDIR/data"
    check_fails 1 unshare -m sh -c "mount -t tmpfs -o ro none $BATS_TEST_TMPDIR/data &&
        rkt --dir=$BATS_TEST_TMPDIR/data check --format=json"
    [[ $(state data-directory) == fatal && $(state overlay) == fatal ]]
}

@test "check: on an overlay, apps get copies of their images, which is not fatal" {
    mkdir "$BATS_TEST_TMPDIR"/{lower,upper,work,data}
    check unshare -m sh -c "cd $BATS_TEST_TMPDIR && mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work none data &&
        rkt --dir=$BATS_TEST_TMPDIR/data check --format=json"
    [[ $(state overlay) == lacks && $(follows overlay) == *copies* ]]
}

@test "check: missing plugins, gpg and devices are told, and are not fatal" {
    check env PATH="$BATS_TEST_TMPDIR" RKT_CNI_PATH="$BATS_TEST_TMPDIR" "$(type -P rkt)" check --format=json
    [[ $(state cni-plugins) == lacks && $(state gpg) == lacks ]]
    [[ $(state group-rkt) == ok && $(state group-rkt-admin) == ok ]]
    [[ -e /dev/tpmrm0 || $(state tpm) == lacks ]]
}

@test "check: a user who is not root is told what is unknown" {
    check setpriv --reuid=65534 --regid=65534 --clear-groups rkt check --format=json
    [[ $(state namespaces) == unknown && $(state packet-filter) == unknown && $(state kernel) == ok ]]
}

@test "check: arguments are an error" {
    check_fails 254 rkt check everything
    has 'takes no arguments'
}
