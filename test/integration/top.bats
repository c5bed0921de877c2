# SPDX-License-Identifier: LGPL-2.1-or-later
# rkt top, and rkt status --watch.

load lib
load pods

# shellcheck disable=SC2154 # uuid and run_pid are set by start_pod
teardown() { end_pods; }

@test "top: a pod and its app are shown with what they use" {
    busybox_image busy "$(sh_app 'while :; do :; done')"
    start_pod example.com/busy
    check rkt top --interval=1s --format=json "$uuid"
    jq -e --arg uuid "$uuid" '.[0] | .name == $uuid and .cpu_usec > 0 and .cpu_percent > 0 and .tasks >= 2' <<<"$output"
    jq -e '.[0].apps | length == 1 and (.[0] | .name == "busy" and .tasks == 1 and .cpu_percent > 0)' <<<"$output"
    check rkt top --interval=10ms "${uuid:0:8}"
    has '^UUID\s+%CPU\s+TIME\s+MEMORY\s+TASKS'
    has "^${uuid:0:8}\s+[0-9.]+\s+[0-9.]+s\s"
    check rkt top --interval=10ms --apps --no-legend "$uuid"
    has "^${uuid:0:8}\s+busy\s+[0-9.]+\s"
    [[ $(wc -l <<<"$output") == 1 ]]
}

@test "top: memory is that of the pod's cgroup, and what an app has a limit of is its own" {
    need controllers memory pids
    busybox_image hold "$(sh_app 'x=$(head -c 8000000 /dev/zero | tr "\0" x); exec sleep 1000')"
    applets hold head tr
    start_pod example.com/hold --memory=100M
    grown() { rkt top --interval=0 --format=json "$uuid" | jq -e '.[0] | .memory_bytes >= .apps[0].memory_bytes and .apps[0].memory_bytes > 0 and .tasks >= 2'; }
    wait_for 20 grown
}

@test "top: one look tells nothing of processors; several are as many tables" {
    busybox_image idle "$(sh_app 'exec sleep 1000')"
    start_pod example.com/idle
    check rkt top --interval=0 --no-legend "$uuid"
    has "^${uuid:0:8}\s+-\s"
    check rkt top --interval=1ms --count=3 --format=json "$uuid"
    [[ $(jq -s 'length' <<<"$output") == 3 ]]
    [[ $(jq -s 'map(length) | unique | .[0]' <<<"$output") == 1 ]]
}

@test "top: the busiest pod comes first, unless another order is wanted" {
    busybox_image idle "$(sh_app 'exec sleep 1000')"
    busybox_image busy "$(sh_app 'while :; do :; done')"
    start_pod example.com/idle
    local idle=$uuid
    start_pod example.com/busy
    check rkt top --interval=1s --format=json "$idle" "$uuid"
    [[ $(jq -r '.[0].name' <<<"$output") == "$uuid" ]]
    check rkt top --interval=0 --sort=uuid --format=json "$idle" "$uuid"
    [[ $(jq -c 'map(.name) == (map(.name) | sort)' <<<"$output") == true ]]
}

@test "top: a pod that has ended is not shown, and what is no pod is an error" {
    busybox_image gone
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/gone
    check rkt top --interval=0 --no-legend "$(<"$BATS_TEST_TMPDIR/uuid")"
    [[ -z $output ]]
    check_fails 254 rkt top --interval=0 00000000-0000-4000-8000-000000000000
    check_fails 254 rkt top --sort=name
    check_fails 254 rkt top --interval=-1s
}

@test "status: with --watch each change is printed, until the pod has ended" {
    busybox_image ends "$(sh_app 'while [ ! -e /tmp/end ]; do sleep 0.05; done; exit 6')"
    start_pod example.com/ends
    rkt status --watch "$uuid" >"$BATS_TEST_TMPDIR/text" 3>&- &
    local text=$!
    rkt status --watch --format=json "$uuid" >"$BATS_TEST_TMPDIR/json" 3>&- &
    local json=$!
    wait_for 10 grep -q state=running "$BATS_TEST_TMPDIR/text"
    wait_for 10 test -s "$BATS_TEST_TMPDIR/json"
    rkt enter "$uuid" /bin/touch /tmp/end
    wait "$text" "$json"
    [[ $(grep ^state= "$BATS_TEST_TMPDIR/text" | uniq | xargs) == 'state=running state=exited' ]]
    grep -q '^app-ends=6$' "$BATS_TEST_TMPDIR/text"
    grep -q '^$' "$BATS_TEST_TMPDIR/text"
    [[ $(jq -r .state "$BATS_TEST_TMPDIR/json" | uniq | xargs) == 'running exited' ]]
}
