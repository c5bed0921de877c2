#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Apps that come to a running pod of the systemd stage1 and go: what is of systemd in that. The rest is in app.bats.

# shellcheck disable=SC2016,SC2034,SC2154 # scripts for the apps' shells; what start_sandbox takes and sets
load lib
load pods
load sandboxes

setup() {
    flavour=systemd
}

teardown() {
    end_pods
}

# managed ARGUMENT…: systemctl of the pod.
managed() { systemctl -M "rkt-$uuid" --no-pager "$@"; }
runs() { managed is-active --quiet "app-$1.service"; }

# says NUMBER TEXT: so often it is in what the pod has printed.
says() { (($(grep -c "]: $2\$" "$BATS_TEST_TMPDIR/out") == $1)); }

@test "apps of systemd: one that is added is a service, with its limits, until it is removed; another of its name has its own" {
    sleeper one
    start_sandbox
    rkt app add "$uuid" example.com/one --memory=64Mi --cpu=500m
    [[ $(managed show -P LoadState app-one.service) == loaded ]]
    check_fails 3 managed is-active app-one.service
    check_fails 254 rkt app exec "$uuid" true
    has 'app one is not running'
    rkt app start "$uuid" --app=one
    runs one
    [[ $(managed show -P MemoryMax app-one.service) == $((64 << 20)) ]]
    [[ $(managed show -P CPUQuotaPerSecUSec app-one.service) == 500ms ]]
    check journalctl -M "rkt-$uuid" --no-pager -o cat -t one
    rkt app rm "$uuid" --app=one
    [[ $(managed show -P LoadState app-one.service) == not-found ]]
    rkt app add "$uuid" example.com/one --memory=32Mi
    rkt app start "$uuid" --app=one
    [[ $(managed show -P MemoryMax app-one.service) == $((32 << 20)) ]]
    [[ $(managed show -P CPUQuotaPerSecUSec app-one.service) == infinity ]]
}

@test "apps of systemd: limits of one are in force" {
    need controllers memory pids
    sleeper limited
    start_sandbox --memory=256M
    rkt app add "$uuid" example.com/limited --memory=64Mi --pids-limit=20
    rkt app start "$uuid" --app=limited
    cgroup=/sys/fs/cgroup$(<"$pod/subcgroup")
    [[ $(<"$cgroup/app-limited.service/memory.max") == $((64 << 20)) ]]
    [[ $(<"$cgroup/app-limited.service/pids.max") == 20 ]]
}

@test "apps of systemd: systemctl starts, stops and restarts one as rkt does, whatever its policy says" {
    sleeper one
    start_sandbox
    rkt app add "$uuid" example.com/one --restart=always
    check managed start app-one.service
    has_state one running
    wait_for 10 says 1 here
    check rkt app start "$uuid" --app=one
    check managed stop app-one.service
    has_state one exited
    check managed start app-one.service
    has_state one running
    wait_for 10 says 2 here
    check managed restart app-one.service
    wait_for 10 says 3 here
    check rkt app stop "$uuid" --app=one
    has_state one exited
    check_fails 3 managed is-active app-one.service
    check rkt app start "$uuid" --app=one
    runs one
    wait_for 10 says 4 here
    check rkt app rm "$uuid" --app=one
    # all that could be started again has been
    says 4 here
}

@test "apps of systemd: one is started again by its policy, with its hooks, and the pod goes on when that has failed" {
    busybox_image life "$(jq -n '{exec: ["/bin/sh", "-c", "echo main; echo x >>/count; [ $(grep -c x /count) -gt 2 ] || exit 3"], user: "0", group: "0",
        eventHandlers: [{name: "pre-start", exec: ["/bin/sh", "-c", "echo pre"]}, {name: "post-stop", exec: ["/bin/sh", "-c", "echo post"]}]}')"
    start_sandbox
    rkt app add "$uuid" example.com/life --name=works --restart=on-failure
    rkt app add "$uuid" example.com/life --name=fails --restart=on-failure:1 --exec=/bin/sh -- -c 'echo failing; exit 4'
    rkt app start "$uuid" --app=works
    ended() { [[ $(rkt app status --app="$1" --format=json "$uuid" | jq .exit_code) == "$2" ]]; }
    wait_for 20 ended works 0
    wait_for 10 says 3 post
    [[ $(grep -o 'works\[[0-9]*\]: [a-z]*$' "$BATS_TEST_TMPDIR/out" | sed 's/.* //' | paste -sd' ') == 'pre main post pre main post pre main post' ]]
    rkt app start "$uuid" --app=fails
    wait_for 20 says 2 failing
    wait_for 10 has_state fails exited
    ended fails 4
    [[ $(rkt status --format=json "$uuid" | jq -r .state) == running ]]
}

@test "apps of systemd: one whose hook fails has not been started, and can be started again at once" {
    busybox_image hook "$(jq -n '{exec: ["/bin/sleep", "1000"], user: "0", group: "0",
        eventHandlers: [{name: "pre-start", exec: ["/bin/sh", "-c", "[ -e /hooked ] || { touch /hooked; exit 9; }"]}]}')"
    start_sandbox
    rkt app add "$uuid" example.com/hook
    check_fails 254 rkt app start "$uuid" --app=hook
    has 'pre-start hook ended with status 9'
    check rkt app start "$uuid" --app=hook
    has_state hook running
}

@test "apps of systemd: one that does not mind its stop signal is killed when its time is over, and one that is unhealthy is started again" {
    busybox_image deaf "$(sh_app 'trap "" TERM; echo here; while :; do sleep 0.1; done')"
    sleeper sick
    start_sandbox
    rkt app add "$uuid" example.com/deaf --stop-timeout=300ms
    rkt app start "$uuid" --app=deaf
    wait_for 10 says 1 here
    check rkt app stop "$uuid" --app=deaf
    check rkt app status "$uuid" --app=deaf
    has '^exit_code=137$'
    rkt app rm "$uuid" --app=deaf
    rkt app add "$uuid" example.com/sick --health-cmd='[ ! -e /sick ]' --health-interval=100ms --health-retries=1 --health-on-failure=restart
    rkt app start "$uuid" --app=sick
    wait_for 10 says 2 here
    rkt app exec "$uuid" sh -c 'echo >/sick; sleep 1000' || :
    rkt app stop "$uuid" --app=sick
    has_state sick exited
}

@test "apps of systemd: a pod with apps in all states ends at once, and leaves nothing" {
    busybox_image app "$(sh_app 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done')"
    busybox_image short
    local before
    before=$(host_state)
    start_sandbox
    rkt app add "$uuid" example.com/app --name=new
    rkt app add "$uuid" example.com/app --name=running
    rkt app add "$uuid" example.com/short --name=ended
    rkt app add "$uuid" example.com/short --name=again --restart=always
    for name in running ended again; do rkt app start "$uuid" --app=$name; done
    wait_for 10 says 1 up
    rkt stop "$uuid"
    wait "$run_pid"
    check rkt app list --no-legend "$uuid"
    [[ $(grep -c 'exited$' <<<"$output") == 4 ]] || { echo "$output"; return 1; }
    check rkt app status "$uuid" --app=running
    has '^exit_code=0$'
    rkt rm "$uuid"
    same_host_state "$before"
}

@test "apps of systemd: a terminal of one that was added can be attached to" {
    busybox_image shell "$(sh_app 'read -r line; echo "read $line"; exit 6')"
    start_sandbox
    rkt app add "$uuid" example.com/shell --stdin=tty --stdout=tty --stderr=tty
    rkt app start "$uuid" --app=shell
    check_fails 6 script -qec "rkt attach --mode=tty $uuid" /dev/null < <(echo words)
    has 'read words'
    wait_for 5 has_state shell exited
}
