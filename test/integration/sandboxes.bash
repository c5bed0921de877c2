# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # what is set is for the tests; flavour is theirs, the stage1
#
# Pods to which apps are added: "load sandboxes" beside "load pods".

# start_sandbox ARGUMENT…: rkt app sandbox in the background, until it is ready. Sets uuid, run_pid, pod, leader and
# supervisor, the process that does what is asked for.
start_sandbox() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt "${rkt_options[@]}" app sandbox --stage1-from-dir="$flavour" --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    others=$(jobs -p) # bats' own is one of them, where a test has a limit
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=20s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    pod=/var/lib/rkt/pods/run/$uuid
    leader=$(<"$pod/pid") supervisor=$leader
    [[ $flavour != systemd ]] || supervisor=$(pgrep -P "$leader" -x rkt-agent)
}

# sleeper NAME: an image whose app sleeps until it is told to end.
sleeper() {
    busybox_image "$1" "$(sh_app 'trap "exit 0" TERM; echo here; sleep 1000 & wait')"
}

app_state() { rkt app status --app="$1" --format=json "$uuid" | jq -r .state; }
has_state() { [[ $(app_state "$1") == "$2" ]]; }
