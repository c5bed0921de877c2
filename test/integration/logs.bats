# SPDX-License-Identifier: LGPL-2.1-or-later
# What is kept of what apps say, and who can read it.

load lib
load pods

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid is set by start_pod
teardown() { end_pods; }

# run_pod ARGUMENT…: a pod until it ends. Sets uuid, and journal: where its journal is.
run_pod() {
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    journal=/var/lib/rkt/pods/run/$uuid/stage1/rootfs/var/log/journal/${uuid//-/}
}

# kept ARGUMENT…: lines of the pod's journal
kept() { journalctl -D "$journal" -o cat "$@"; }

@test "logs: standard output and standard error differ by priority" {
    busybox_image talk "$(sh_app 'echo out; echo err >&2')"
    run_pod example.com/talk
    [[ $(kept -t talk | sort | xargs) == 'err out' ]]
    [[ $(kept -t talk -p err) == err ]]
    [[ $(kept -t talk -o json | jq -r '.PRIORITY + .MESSAGE' | sort | xargs) == '3err 6out' ]]
}

@test "logs: beyond its rate an app's lines are shown, but not kept, and the journal says how many" {
    busybox_image talk "$(sh_app 'i=0; while [ $i != 20 ]; do i=$((i + 1)); echo line $i; done')"
    run_pod example.com/talk --log-rate=5/1h
    [[ $(grep -c 'talk\[[0-9]*\]: line ' <<<"$output") == 20 ]]
    [[ $(kept -t talk | grep -c '^line ') == 5 ]]
    kept -t talk -p warning | grep -x '15 lines are not kept: more than 5 in 1h0m0s'
}

@test "logs: each app has a rate of its own" {
    busybox_image talk "$(sh_app 'i=0; while [ $i != 9 ]; do i=$((i + 1)); echo line $i; done')"
    run_pod example.com/talk --name=much example.com/talk --name=little --log-rate=2/1h
    [[ $(kept -t much | grep -c '^line ') == 9 ]]
    [[ $(kept -t little | grep -c '^line ') == 2 ]]
}

@test "logs: the pod's journal has the size that is asked for" {
    busybox_image talk "$(sh_app 'echo said')"
    run_pod --log-size=3Mi example.com/talk
    kept -t systemd-journald | grep -E 'max 3(\.0)?M'
    rkt cat-manifest "$uuid" | jq -e '.annotations[] | select(.name == "coreos.com/rkt/stage1/log-size").value == "3Mi"'
}

@test "logs: rates and sizes that are none are refused" {
    busybox_image talk
    check_fails 254 rkt run --net=none example.com/talk --log-rate=100
    has 'is no rate'
    check_fails 254 rkt run --net=none --log-size=1k example.com/talk
    has 'expected a size'
    check_fails 254 rkt run --net=none example.com/talk --annotation=coreos.com/rkt/stage2/log-rate=often
    has 'is no rate'
}

@test "logs: the group rkt reads a pod's journal, others do not, and gc removes it" {
    busybox_image talk "$(sh_app 'echo secret; exec sleep 1000')"
    start_pod example.com/talk
    local id=${uuid//-/}
    as() { setpriv --reuid=65534 --regid=65534 "$@" journalctl -m -o cat "_MACHINE_ID=$id" 2>&1; }
    said() { as --groups="$(getent group rkt | cut -d: -f3)" | grep -qx secret; }
    wait_for 20 said
    [[ $(journalctl -M "rkt-$uuid" -t talk -o cat) == secret ]]
    ! as --clear-groups | grep -x secret || return 1
    rkt stop "$uuid"
    rkt status --wait=20s "$uuid"
    said
    rkt rm "$uuid"
    [[ ! -L /var/log/journal/$id ]]
    ! said || return 1
}
