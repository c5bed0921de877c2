#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Checks of an app's health: what they are, what they find, and what is done about it.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    systemctl stop 'rkt-test-health*' 2>/dev/null || :
    systemctl reset-failed 'rkt-test-health*' 2>/dev/null || :
    [[ ! -e /run/rkt/pods/rkt-test-health-file.pod ]] || { rm /run/rkt/pods/rkt-test-health-file.pod; systemctl daemon-reload; }
    end_pods
}

# Checks often, and with little patience; and with all of it until the app has begun to work.
quick=(--health-interval=100ms --health-timeout=20s --health-retries=2)
patient=("${quick[@]}" --health-start-period=1h --health-start-interval=100ms)

# An app that is well as long as it has no file /broken.
breakable_image() {
    busybox_image "$1" "$(sh_app "${2-rm -f /broken; echo up; exec sleep 1000}")"
}
well='! test -e /broken || { echo it is broken; exit 3; }'

# wait_for_run STATUS: rkt run of start_pod ends with it.
wait_for_run() {
    local ended=0
    wait "$run_pid" || ended=$?
    ((ended == $1)) || { echo "it ended with $ended"; return 1; }
}

break_app() { rkt enter "$@" touch /broken; }

# health APP FILTER: of the pod's status.
health() { rkt status --format=json "$uuid" | jq -e --arg app "$1" ".apps[] | select(.name == \$app) | .health | $2"; }

# kinds: of the pod's events about health, in order, on one line.
kinds() {
    journalctl --sync
    rkt events --format=json --event=app-healthy --event=app-unhealthy "$uuid" | jq -r .event | paste -sd' '
}

@test "health: redis is asked by its own client; it is unhealthy while it hangs, and healthy again after that" {
    need commands redis-server redis-cli
    local pid patience=3s
    [[ $RKT_TEST_HOST != vm ]] || patience=10s
    inspect_image '{"exec": ["/bin/redis-server", "--port", "6379", "--save", "", "--dir", "/tmp"]}'
    start_pod "${inspect_pod[@]}" --name=redis --notify=healthy --health-cmd='redis-cli ping | grep PONG' \
        --health-interval=200ms --health-timeout=$patience --health-retries=2
    check rkt status "$uuid"
    has '^health-redis=healthy$'
    is_healthy() { health redis '.status == "healthy" and .failing_streak == 0 and .exit_code == 0 and .checked_at > 0 and .output == "PONG\n"' >/dev/null; }
    wait_for 10 is_healthy

    # shellcheck disable=SC2046 # a word for each process
    pid=$(grep -l '^redis-server' $(sed "s|.*|/proc/&/comm|" "/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")/app-redis/cgroup.procs"))
    pid=${pid#/proc/} pid=${pid%/comm}
    kill -STOP "$pid"
    is_unhealthy() { health redis '.status == "unhealthy" and .failing_streak >= 2 and .timed_out and .exit_code == 137' >/dev/null; }
    wait_for 30 is_unhealthy
    check rkt status "$uuid"
    has '^state=running$'
    has '^health-redis=unhealthy$'
    has '^health-failure-redis=timeout 137'
    grep -q ': it is unhealthy: ' "$BATS_TEST_TMPDIR/out"
    kill -CONT "$pid"
    wait_for 30 is_healthy
    [[ $(kinds) == 'app-healthy app-unhealthy app-healthy' ]]
    journalctl -x -o cat -t rkt RKT_POD="$uuid" RKT_EVENT=app-unhealthy | grep -q 'unhealthy: its last check ended with status 137'
}

@test "health: a check is in the app's sandbox, as rkt app exec is" {
    local look='{ id; pwd; env | grep -v -e ^TERM= -e ^_= -e ^SHLVL=; grep -E "^(Cap|Seccomp|NoNewPrivs|Groups)" /proc/self/status; cat /proc/self/cgroup
        ls -l /proc/self/ns | grep -v cgroup | grep -o "[a-z]*:[[].*"; grep files /proc/self/limits; } 2>&1'
    busybox_image box '{"exec": ["/bin/sleep", "1000"], "user": "7", "group": "8", "supplementaryGIDs": [9], "workingDirectory": "/tmp",
        "environment": [{"name": "COLOUR", "value": "blue"}],
        "isolators": [{"name": "os/linux/capabilities-retain-set", "value": {"set": ["CAP_KILL"]}}, {"name": "os/linux/no-new-privileges", "value": true}]}'
    mkdir -p "$BATS_TEST_TMPDIR/shared"
    chmod 777 "$BATS_TEST_TMPDIR/shared"
    local users
    for users in '' --private-users; do
        rm -f "$BATS_TEST_TMPDIR/shared/"*
        # shellcheck disable=SC2086 # no word or one
        start_pod $users --volume=shared,kind=host,source="$BATS_TEST_TMPDIR/shared" example.com/box --mount=volume=shared,target=/shared \
            --ulimit=nofile=123 --notify=healthy --health-cmd="$look >/shared/check" --health-interval=1h --health-start-interval=100ms
        check rkt app exec "$uuid" /bin/sh -c "$look"
        has '^uid=7 gid=8'
        has '^COLOUR=blue$'
        has '^/tmp$'
        has 'Max open files +123 '
        diff <(echo "$output") "$BATS_TEST_TMPDIR/shared/check"
        rkt stop --force "$uuid"
        rkt status --wait=20s "$uuid" >/dev/null
    done
}

@test "health: a check that takes too long is killed with what it has started, and leaves nothing" {
    busybox_image slow "$(sh_app 'exec sleep 2000')"
    start_pod example.com/slow --health-cmd='sleep 1000 & sleep 1000' --health-interval=50ms --health-timeout=100ms --health-retries=1
    failed_often() { health slow '.failing_streak >= 5 and .status == "unhealthy"' >/dev/null; }
    wait_for 30 failed_often
    local group
    group=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")/app-slow
    # the app, and at most one check: its shell, and two programs that it runs; those of each before it would be more
    few() { (($(wc -l <"$group/cgroup.procs") <= 4)); }
    wait_for 10 few
    [[ $(kinds) == app-unhealthy ]]
}

@test "health: the end of what a check writes is kept, however much that is" {
    busybox_image words "$(sh_app 'exec sleep 1000')"
    start_pod example.com/words --name=much --health-cmd='i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; echo the end >&2; exit 7' "${quick[@]}" \
        example.com/words --name=endless --health-cmd='while :; do echo more and more; done' --health-timeout=1h --health-interval=100ms --annotation=coreos.com/rkt/stage2/log-rate=5/1h \
        example.com/words --name=none --health-cmd='["/no/such", "program"]' "${quick[@]}" \
        example.com/words --name=bytes --health-cmd='printf "a\\033[31m\\377b"; exit 1' "${quick[@]}"
    much() { health much '.exit_code == 7 and (.output | length == 1024 and endswith("line 1999\nthe end\n"))' >/dev/null; }
    none() { health none '.exit_code == 203 and (.output | test("cannot execute /no/such: there is no such file"))' >/dev/null; }
    bytes() { health bytes '.status == "unhealthy" and .output == "a?[31m?b"' >/dev/null; }
    wait_for 30 much
    wait_for 30 none
    wait_for 30 bytes
    check rkt status "$uuid"
    has '^health-failure-much=7 the end$'
    has '^health-failure-bytes=1 a\?\[31m\?b$'
    has '^health-endless=starting$'
}

@test "health: an app that is to be ready when it is healthy is waited for, by the pod and by apps behind it" {
    busybox_image part "$(sh_app 'echo up-$AC_APP_NAME; exec sleep 1000')"
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/part --name=web --after=db \
        example.com/part --name=db --notify=healthy --health-cmd='test -e /good' --health-interval=100ms --health-start-period=1h \
        --health-start-interval=100ms >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    wait_for 20 grep -q ': up-db' "$BATS_TEST_TMPDIR/out"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    checked() { health db '.checked_at > 0' >/dev/null; }
    wait_for 20 checked
    # failures do not count while it starts
    health db '.status == "starting" and .failing_streak == 0 and .exit_code == 1'
    check_fails 254 rkt status --wait-ready=1ms "$uuid"
    check_fails 1 grep up-web "$BATS_TEST_TMPDIR/out"
    rkt enter --app=db "$uuid" touch /good
    check rkt status --wait-ready=60s "$uuid"
    wait_for 20 grep -q ': up-web' "$BATS_TEST_TMPDIR/out"
    health db '.status == "healthy"'
}

@test "health: an app that has become unhealthy is started again, whatever its policy, or killed, or stopped for good" {
    breakable_image breaks
    start_pod example.com/breaks --notify=healthy --health-cmd="$well" "${patient[@]}" --health-on-failure=restart
    break_app "$uuid"
    up_twice() { (($(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == 2)) && health breaks '.status == "healthy"' >/dev/null; }
    wait_for 60 up_twice
    grep -q ': it is unhealthy: .*the last one ended with status 3: it is broken$' "$BATS_TEST_TMPDIR/out"
    rkt status --format=json "$uuid" | jq -e '.apps[0].restarts == 1'
    rkt stop "$uuid"
    check rkt status --wait=60s "$uuid"

    start_pod example.com/breaks --notify=healthy --health-cmd="$well" "${patient[@]}" --health-on-failure=kill
    break_app "$uuid"
    wait_for_run 137
    check rkt status "$uuid"
    has '^app-breaks=137$'

    start_pod example.com/breaks --notify=healthy --health-cmd="$well" "${patient[@]}" --health-on-failure=kill --restart=on-failure
    break_app "$uuid"
    wait_for 60 up_twice
    rkt stop "$uuid"
    check rkt status --wait=60s "$uuid"

    breakable_image polite 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'
    start_pod example.com/polite --notify=healthy --health-cmd="$well" "${patient[@]}" --health-on-failure=stop --restart=always
    break_app "$uuid"
    wait_for_run 1 # that it gives way does not make it well
    check rkt status "$uuid"
    has '^app-polite=0$'
}

# fed: when the unit's watchdog was last answered, in microseconds.
fed() { systemctl show -p WatchdogTimestampMonotonic --value rkt-test-health; }

@test "health: the systemd stage1 checks, and starts an app again or kills it, too" {
    breakable_image managed 'rm -f /broken; trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'
    start_pod --stage1-from-dir=systemd example.com/managed --notify=healthy --health-cmd="$well" "${patient[@]}" --health-on-failure=restart
    break_app "$uuid"
    up_twice() { (($(grep -c ': up$' "$BATS_TEST_TMPDIR/out") == 2)) && health managed '.status == "healthy"' >/dev/null; }
    wait_for 60 up_twice
    rkt status --format=json "$uuid" | jq -e '.apps[0].restarts == 1'
    rkt stop "$uuid"
    check rkt status --wait=60s "$uuid"
    start_pod --stage1-from-dir=systemd example.com/managed --notify=healthy --health-cmd="$well" "${patient[@]}" --health-on-failure=kill
    break_app "$uuid"
    wait_for_run 137
}

@test "health: the watchdog of a unit is not answered for an app that is unhealthy" {
    breakable_image watched
    systemd-run --quiet --unit=rkt-test-health --service-type=notify -p WatchdogSec=4 -p KillMode=mixed rkt run --net=none \
        --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/watched --notify=healthy --health-cmd="$well" "${patient[@]}"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    health watched '.status == "healthy"' # the unit was not active before
    # as long as it is well, nobody is missed
    local begun
    begun=$(fed)
    fed_for_long() { (($(fed) > begun + 4500000)); }
    wait_for 30 fed_for_long
    [[ $(systemctl show -p Result --value rkt-test-health) == success ]]
    systemctl is-active rkt-test-health
    break_app "$uuid"
    missed() { [[ $(systemctl show -p Result --value rkt-test-health) == watchdog ]]; }
    wait_for 60 missed
}

@test "health: a unit of a pod file is active once its app is healthy, and starts anew when that is killed for not being" {
    breakable_image declared
    mkdir -p /run/rkt/pods
    cat >/run/rkt/pods/rkt-test-health-file.pod <<'END'
[Pod]
Network=none

[App]
Image=example.com/declared
Notify=healthy
HealthCmd=b=/broken; ! test -e "$b" || { echo "$$ saw $b"; exit 1; }
HealthInterval=100ms
HealthStartInterval=100ms
HealthStartPeriod=1h
HealthRetries=2
HealthTimeout=20s
HealthOnFailure=kill

[Service]
Restart=on-failure
END
    systemctl daemon-reload
    check systemctl start rkt-test-health-file
    local first
    uuid=$(</run/rkt/units/rkt-test-health-file/uuid)
    first=$uuid
    health declared '.status == "healthy"'
    break_app "$uuid"
    anew() { [[ $(systemctl show -p NRestarts -p ActiveState rkt-test-health-file | sort | paste -sd' ') == 'ActiveState=active NRestarts=1' ]]; }
    wait_for 60 anew
    uuid=$(</run/rkt/units/rkt-test-health-file/uuid)
    [[ $uuid != "$first" ]]
    health declared '.status == "healthy"'
    journalctl --sync
    journalctl -u rkt-test-health-file -o cat | grep -Eq ': it is unhealthy: .*: [0-9]+ saw /broken$'
}

@test "health: of an image of Docker's kind, and what the command line says goes before it" {
    busybox_image base
    tar -C "$BATS_TEST_TMPDIR/image-base/rootfs" -cf "$BATS_TEST_TMPDIR/layer.tar" .
    local arch
    arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
    python3 "$BATS_TEST_DIRNAME/oci-image.py" --arch "$arch" --config '{"Cmd": ["/bin/sleep", "1000"], "Env": ["PATH=/bin"],
        "Healthcheck": {"Test": ["CMD-SHELL", "echo of the image; false"], "Interval": 100000000, "Timeout": 20000000000, "Retries": 2}}' \
        "$BATS_TEST_TMPDIR/layout" checked "$BATS_TEST_TMPDIR/layer.tar" >/dev/null
    local image
    image=$(rkt --insecure-options=image fetch --full "oci:$BATS_TEST_TMPDIR/layout:checked")
    start_pod "$image" --name=asis "$image" --name=own --health-cmd='["CMD", "/bin/echo", "own"]' "$image" --name=without --no-healthcheck
    asis() { health asis '.status == "unhealthy" and .output == "of the image\n"' >/dev/null; }
    own() { health own '.status == "healthy" and .output == "own\n"' >/dev/null; }
    wait_for 30 asis
    wait_for 30 own
    health without '. == null'
    rkt cat-manifest "$uuid" | jq -e '.apps[1].annotations | map({(.name): .value}) | add |
        .["coreos.com/rkt/stage2/health-interval"] == "100ms" and .["coreos.com/rkt/stage2/health-retries"] == "2"'

    check rkt list --full
    has 'NETWORKS[[:space:]]+HEALTH$'
    has '[[:space:]]asis[[:space:]].*unhealthy$'
    check rkt list
    lacks 'HEALTH'
}

@test "health: without checks, list has no column for them and status no line" {
    busybox_image plain "$(sh_app 'exec sleep 1000')"
    start_pod example.com/plain
    check rkt list --full
    lacks 'HEALTH'
    check rkt status "$uuid"
    lacks 'health'
    [[ ! -e /var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/health ]]
    rkt status --format=json "$uuid" | jq -e '.apps[0] | has("health") | not'
}

@test "health: what is wrong with a check, or lacks one, is said when the pod is prepared" {
    busybox_image plain
    check_fails 254 rkt prepare example.com/plain --health-interval=10s
    has 'app plain: nothing says how its health is to be checked: give it --health-cmd'
    check_fails 254 rkt prepare example.com/plain --notify=healthy --no-healthcheck
    check_fails 254 rkt prepare example.com/plain --health-cmd=true --no-healthcheck
    has 'given twice'
    check_fails 254 rkt prepare example.com/plain --health-cmd=
    check_fails 254 rkt prepare example.com/plain --health-cmd=true --health-on-failure=pray
    has 'expected none, kill, restart or stop'
    check_fails 254 rkt prepare example.com/plain --health-cmd=true --health-retries=0
    check rkt prepare --quiet example.com/plain --no-healthcheck
    rkt rm "$output"
    check rkt run --dry-run --net=none example.com/plain --health-cmd='CMD true now' --health-timeout=1m
    jq -e '.apps[0].health | .command == ["true", "now"] and .timeout == 60000 and .interval == 30000' <<<"$output"
    [[ -z $(rkt list --no-legend) ]]
}

@test "health: an app that has come to a running pod is checked, until it goes" {
    breakable_image comes
    rkt app sandbox --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check rkt status --wait-ready=20s "$uuid"
    local held times
    for times in once again; do
        rkt app add "$uuid" example.com/comes --name=guest --health-cmd="$well" "${patient[@]}" --health-on-failure=restart
        rkt app start "$uuid" --app=guest
        well() { health guest '.status == "healthy"' >/dev/null; }
        wait_for 20 well
        break_app --app=guest "$uuid"
        restarted() { rkt status --format=json "$uuid" | jq -e '.apps[0] | .restarts == 1 and .health.status == "healthy"' >/dev/null; }
        wait_for 60 restarted
        rkt app rm "$uuid" --app=guest
        [[ ! -e /var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/health/guest ]]
        [[ $times == once ]] || (($(find "/proc/$(<"/var/lib/rkt/pods/run/$uuid/pid")/fd" -type l | wc -l) == held))
        held=$(find "/proc/$(<"/var/lib/rkt/pods/run/$uuid/pid")/fd" -type l | wc -l)
    done
}

@test "health: of an app that has ended, JSON alone tells what the last check had found" {
    breakable_image part 'echo up; while [ ! -e /end ]; do sleep 0.05; done'
    start_pod example.com/part --name=ends --notify=healthy --health-cmd=true "${quick[@]}" example.com/part --name=stays
    rkt enter --app=ends "$uuid" touch /end
    gone() { rkt status --format=json "$uuid" | jq -e '.apps[0].state == "exited"' >/dev/null; }
    wait_for 30 gone
    check rkt status "$uuid"
    has '^state=running$'
    lacks 'health'
    health ends '.status == "healthy"'
    check rkt list --full
    lacks 'HEALTH'
}

@test "health: fly says that it does not check" {
    busybox_image flies
    check rkt run --stage1-from-dir=fly --net=host example.com/flies --health-cmd=false --health-retries=1
    has 'the fly stage1 ignores the annotation coreos.com/rkt/stage2/health-cmd'
}
