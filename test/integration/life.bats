#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How the apps of a pod begin, go on and end.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
}

@test "oom: the supervisors go last, and what runs in the pod has the value of who started it" {
    need capabilities sys_resource
    busybox_image score '{"exec": ["/bin/sh", "-c", "echo main $(cat /proc/self/oom_score_adj); exec sleep 1000"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/sh", "-c", "echo pre $(cat /proc/self/oom_score_adj)"]}]}'
    start_pod example.com/score
    local own pid
    own=$(</proc/self/oom_score_adj)
    for pid in "$run_pid" "$(<"/var/lib/rkt/pods/run/$uuid/pid")"; do
        [[ $(<"/proc/$pid/oom_score_adj") == -999 ]]
    done
    wait_for 10 grep -q ": main $own\$" "$BATS_TEST_TMPDIR/out"
    grep -q ": pre $own\$" "$BATS_TEST_TMPDIR/out"
    check rkt enter "$uuid" cat /proc/self/oom_score_adj
    has "^$own\$"
}

@test "oom: where the supervisors' value cannot be lowered, apps and what enters them have it as it is" {
    busybox_image score "$(sh_app 'cat /proc/self/oom_score_adj; exec sleep 1000')"
    (echo 77 >/proc/self/oom_score_adj && exec capsh --drop=cap_sys_resource -- -c 'exec rkt run --net=none --uuid-file-save="$1" example.com/score' \
        - "$BATS_TEST_TMPDIR/uuid") >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    wait_for 20 grep -q ': 77$' "$BATS_TEST_TMPDIR/out"
    check rkt enter "$(<"$BATS_TEST_TMPDIR/uuid")" cat /proc/self/oom_score_adj
    has '^77$'
}

@test "oom: an app that the kernel has killed is told so by status, in text and in JSON" {
    need controllers memory
    busybox_image eater "$(sh_app 'exec tail -n 1 /dev/zero')"
    ln -f "$BATS_TEST_TMPDIR/image-eater/rootfs/bin/"{busybox,tail}
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-eater" "$BATS_TEST_TMPDIR/eater.aci"
    check_fails 137 rkt --insecure-options=image run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --memory=24Mi \
        --memory-swap-max=0 "$BATS_TEST_TMPDIR/eater.aci"
    has 'out of memory: the kernel killed'
    check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
    has '^app-eater=137$'
    has '^oom-killed=eater$'
    rkt status --format=json --uuid-file="$BATS_TEST_TMPDIR/uuid" |
        jq -e '.apps[0] | .exit_code == 137 and .signal == "SIGKILL" and .oom_killed == true'
}

@test "status: a signal that ended an app is told from an exit status of the same number" {
    busybox_image end "$(sh_app 'exit 137')"
    check_fails 137 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/end
    rkt status --format=json --uuid-file="$BATS_TEST_TMPDIR/uuid" | jq -e '.apps[0] | .exit_code == 137 and .signal == null'
    check_fails 139 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/end --exec=/bin/sh -- -c 'kill -SEGV $$'
    rkt status --format=json --uuid-file="$BATS_TEST_TMPDIR/uuid" | jq -e '.apps[0] | .exit_code == 139 and .signal == "SIGSEGV"'
}

# words: the words behind the heads of the lines, in one line.
words() {
    # shellcheck disable=SC2001 # for each line
    sed -n 's/^\[[^]]*\] [a-z-]*\[[0-9]*\]: //p' <<<"$output" | paste -sd' '
}

@test "after: apps start behind those that they name, whatever their order, and stop before them" {
    busybox_image part "$(sh_app 'trap "echo down-$AC_APP_NAME; exit 0" TERM; echo up-$AC_APP_NAME; while :; do sleep 0.05; done')"
    start_pod example.com/part --name=web --after=db,cache example.com/part --name=cache --after=db example.com/part --name=db
    wait_for 20 grep -q 'up-web' "$BATS_TEST_TMPDIR/out"
    rkt stop "$uuid"
    check rkt status --wait=20s "$uuid"
    has '^app-web=0$'
    grep -o 'down-.*' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/downs"
    [[ $(paste -sd' ' "$BATS_TEST_TMPDIR/downs") == 'down-web down-cache down-db' ]]
    check rkt run --dry-run --net=none example.com/part --name=web --after=db example.com/part --name=db
    [[ $(jq -r '.apps[].name' <<<"$output" | paste -sd' ') == 'db web' ]]
}

@test "after: names that no app has and apps that wait for each other are refused when the pod is prepared" {
    busybox_image part
    check_fails 254 rkt prepare example.com/part --name=web --after=db
    has 'app web: it is to start after "db", but the pod has no such app'
    check_fails 254 rkt prepare example.com/part --name=a --after=b example.com/part --name=b --after=c example.com/part --name=c --after=a
    has 'the apps wait for each other: a after b after c after a'
    check_fails 254 rkt prepare example.com/part --name=self --annotation=coreos.com/rkt/stage2/after=self
    has 'self after self'
    check_fails 254 rkt prepare example.com/part --after=no/name
    check_fails 254 rkt run --net=none example.com/part --restart=unless-stopped
    has '"unless-stopped" is not a policy: expected no, on-failure'
    check_fails 254 rkt run --net=none example.com/part --stop-signal=NOSUCH
    check_fails 254 rkt run --net=none example.com/part --restart=always --annotation=coreos.com/rkt/stage2/restart=no
    [[ -z $(rkt list --no-legend) ]]
}

@test "restart: on-failure starts an app again until it succeeds, with its hooks, and the pod ends with 0" {
    local app
    app=$(sh_app 'n=$(cat /n || echo 0); echo run $n; echo $((n+1)) >/n; [ $n = 2 ] || kill -9 $$' | jq '. + {eventHandlers: [
        {name: "pre-start", exec: ["/bin/echo", "pre"]}, {name: "post-stop", exec: ["/bin/echo", "post"]}]}')
    busybox_image again "$app"
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/again --restart=on-failure
    has 'again\[[0-9]+\]: it has ended with status 137: starting it again in 0.1 s'
    has 'starting it again in 0.2 s'
    [[ $(words | grep -o 'pre run . [^:]*post' | wc -l) -ge 1 ]]
    rkt status --format=json --uuid-file="$BATS_TEST_TMPDIR/uuid" | jq -e '.apps[0] | .exit_code == 0 and .restarts == 2 and .signal == null'
}

@test "restart: after its times, the app has failed; its siblings run on until then" {
    busybox_image fails "$(sh_app 'echo try; exit 7')"
    busybox_image calm "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.05; done')"
    check_fails 7 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/calm example.com/fails --restart=on-failure:2
    [[ $(grep -c ': try$' <<<"$output") == 3 ]]
    check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
    has '^app-fails=7$'
    has '^app-calm=0$'
}

@test "restart: always starts an app again that has succeeded, until the pod is stopped" {
    busybox_image always "$(sh_app 'echo again')"
    start_pod example.com/always --restart=always
    three_times() { (($(grep -c ': again$' "$BATS_TEST_TMPDIR/out") >= 3)); }
    local fds leader
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    wait_for 20 grep -q 'starting it again' "$BATS_TEST_TMPDIR/out"
    fds=$(find "/proc/$leader/fd" -type l | wc -l)
    wait_for 20 three_times
    wait_for 20 grep -q 'starting it again in 0.4 s' "$BATS_TEST_TMPDIR/out"
    no_more_descriptors() { (($(find "/proc/$leader/fd" -type l | wc -l) <= fds)); }
    wait_for 10 no_more_descriptors
    rkt stop "$uuid"
    check rkt status --wait=10s "$uuid"
    has '^app-always=(0|143)$' # it may be running just then
    wait "$run_pid" || (($? == 143))
}

@test "stop: the signal and the time of the flags, the image, or the defaults" {
    busybox_image deaf "$(sh_app 'trap "echo usr1; exit 5" USR1; trap "" TERM; echo up; while :; do sleep 0.05; done')"
    start_pod example.com/deaf --stop-signal=SIGUSR1
    wait_for 10 grep -q ': up' "$BATS_TEST_TMPDIR/out"
    rkt stop "$uuid"
    check rkt status --wait=9s "$uuid"
    has '^app-deaf=5$'
    start_pod example.com/deaf --stop-timeout=1
    wait_for 10 grep -q ': up' "$BATS_TEST_TMPDIR/out"
    rkt stop "$uuid"
    check rkt status --wait=9s "$uuid"
    has '^app-deaf=137$'
}

# Says something to the socket of sd_notify, in the image by python3.
notifier='import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(text): s.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
'

@test "notify: a pod is ready when its app says so, and apps behind it start then" {
    # a volume at /run does not hide the socket
    inspect_image
    mkfifo "$BATS_TEST_TMPDIR/go"
    chmod 777 "$BATS_TEST_TMPDIR" && chmod 666 "$BATS_TEST_TMPDIR/go"
    busybox_image second "$(sh_app 'echo second is up; exec sleep 1000')"
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --volume=go,kind=host,source="$BATS_TEST_TMPDIR/go" --volume=run,kind=tmpfs \
        example.com/second --after=inspect "${inspect_pod[@]}" --notify --user=who --group=whose --mount=volume=go,target=/go --mount=volume=run,target=/run --exec=/bin/python3 \
        -- -c "$notifier"'
print("first is up", flush=True)
say("STATUS=warming up"); open("/go").read(); say("STATUS=fine\nREADY=1"); time.sleep(1000)' >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    wait_for 20 grep -q 'first is up' "$BATS_TEST_TMPDIR/out"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check_fails 254 rkt status --wait-ready=300ms "$uuid"
    ! grep -q 'second is up' "$BATS_TEST_TMPDIR/out" || false
    echo >"$BATS_TEST_TMPDIR/go"
    check rkt status --wait-ready=20s "$uuid"
    wait_for 10 grep -q 'second is up' "$BATS_TEST_TMPDIR/out"
}

@test "notify: an image may say that its app notifies, and the manager of a Type=notify service learns it" {
    inspect_image
    jq '.annotations = [{name: "appc.io/executor/supports-systemd-notify", value: "true"}]' "$BATS_TEST_TMPDIR/image-inspect/manifest" \
        >"$BATS_TEST_TMPDIR/manifest"
    mv "$BATS_TEST_TMPDIR/manifest" "$BATS_TEST_TMPDIR/image-inspect/manifest"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-inspect" "$BATS_TEST_TMPDIR/image-inspect.aci"
    rkt --insecure-options=image fetch "$BATS_TEST_TMPDIR/image-inspect.aci" >/dev/null
    systemd-run --quiet --unit=rkt-test-notify --service-type=notify --property=TimeoutStartSec=60 \
        rkt run --net=none "${inspect_pod[@]}" --exec=/bin/python3 \
        -- -c "$notifier"'say("STATUS=serving\x1b[31m\nREADY=1"); time.sleep(1000)'
    # systemd-run has waited for it
    [[ $(systemctl is-active rkt-test-notify) == active ]]
    words_are_there() { systemctl show -P StatusText rkt-test-notify | grep -q '^inspect: serving \[31m$\|^Pod .* is ready\.$'; }
    wait_for 10 words_are_there
    systemctl stop rkt-test-notify
    run systemctl show -P Result rkt-test-notify
    systemctl reset-failed rkt-test-notify 2>/dev/null || :
}

@test "notify: a Type=notify service of a pod whose app never says so does not become active" {
    busybox_image mute "$(sh_app 'exec sleep 1000')"
    run systemd-run --quiet --unit=rkt-test-mute --service-type=notify --property=TimeoutStartSec=3 rkt run --net=none example.com/mute --notify
    ((status != 0))
    systemctl reset-failed rkt-test-mute 2>/dev/null || :
    wait_for 10 sh -c '! rkt list --format=json | grep -q \"running\"'
    check systemd-run --quiet --unit=rkt-test-mute --service-type=notify --property=TimeoutStartSec=60 rkt run --net=none example.com/mute
    systemctl stop rkt-test-mute
}

@test "--interactive: a hook does not take the terminal away from the app" {
    need commands script
    busybox_image talk '{"exec": ["/bin/sh", "-c", "echo to the terminal >/dev/tty; readlink /proc/self/fd/0; exit 3"], "user": "0", "group": "0",
        "eventHandlers": [{"name": "pre-start", "exec": ["/bin/echo", "pre"]}, {"name": "post-stop", "exec": ["/bin/echo", "post"]}]}'
    ln -f "$BATS_TEST_TMPDIR/image-talk/rootfs/bin/"{busybox,readlink}
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-talk" "$BATS_TEST_TMPDIR/talk.aci"
    check_fails 3 script -qec "rkt --insecure-options=image run --net=none --interactive $BATS_TEST_TMPDIR/talk.aci" /dev/null
    has 'pre'
    has 'to the terminal'
    has '/dev/pts/0'
    has 'post'
}

@test "--interactive: an app that is started again has the terminal again" {
    need commands script
    busybox_image again "$(sh_app 'tty=$(readlink /proc/self/fd/0); echo "run on $tty" >/dev/tty; [ -e /once ] || { touch /once; exit 3; }')"
    ln -f "$BATS_TEST_TMPDIR/image-again/rootfs/bin/"{busybox,readlink}
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-again" "$BATS_TEST_TMPDIR/again.aci"
    check script -qec "rkt --insecure-options=image run --net=none --interactive $BATS_TEST_TMPDIR/again.aci --restart=on-failure" /dev/null
    (($(grep -c 'run on /dev/pts/0' <<<"$output") == 2))
    has 'app again: it has ended with status 3: starting it again'
}

@test "--private-users: an app tells that it is ready, is started again, and is entered" {
    inspect_image
    start_pod --private-users "${inspect_pod[@]}" --notify --restart=on-failure --user=who --group=whose --exec=/bin/python3 -- -c "$notifier"'
if not os.path.exists("/dev/shm/once"): open("/dev/shm/once", "w"); sys.exit(3)
say("READY=1"); time.sleep(1000)'
    grep -q 'has ended with status 3: starting it again' "$BATS_TEST_TMPDIR/out"
    rkt status --format=json "$uuid" | jq -e '.apps[0].restarts == 1'
    check rkt enter "$uuid" sh -c 'id -u; cat /proc/self/oom_score_adj'
    has '^1000$'
    has "^$(</proc/self/oom_score_adj)\$"
    check rkt enter --user=0 "$uuid" id -u
    has '^0$'
}

@test "hooks: root in the app's sandbox, with its capabilities, filter, limits and environment" {
    inspect_image '{"isolators": [{"name": "os/linux/no-new-privileges", "value": true}], "eventHandlers": [
        {"name": "pre-start", "exec": ["/bin/sh", "-c", "python3 /inspect/observe.py status cgroup; ulimit -n; echo $FROM"]},
        {"name": "post-stop", "exec": ["/bin/sh", "-c", "python3 /inspect/observe.py status cgroup; ulimit -n; echo $FROM"]}]}'
    check rkt run --net=none "${inspect_pod[@]}" --user=who --group=whose --caps-retain=CAP_KILL --ulimit=nofile=70 --environment=FROM=flag --exec=/bin/true
    local line
    for line in 'Uid 0 0 0 0' 'CapBnd 0000000000000020' 'CapEff 0000000000000020' 'NoNewPrivs 1' 'Seccomp 2' 'cgroup /' 70 flag; do
        (($(grep -c ": $line\$" <<<"$output") == 2)) || { echo "$output"; echo "not in both hooks: $line"; return 1; }
    done
}

@test "after: an app that still waits for its turn, or to be started again, is not started when the pod ends" {
    busybox_image mute "$(sh_app 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done')"
    busybox_image next "$(sh_app 'echo next is up; exit 9')"
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/next --after=mute example.com/mute --notify \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    local pod=$!
    wait_for 20 grep -q ': up$' "$BATS_TEST_TMPDIR/out"
    rkt stop --uuid-file="$BATS_TEST_TMPDIR/uuid"
    wait "$pod"
    ! grep -q 'next is up' "$BATS_TEST_TMPDIR/out" || false
    check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
    lacks '^app-next='
    # one that fails ends the pod, whoever waits
    check_fails 9 timeout 60 rkt run --net=none example.com/next --name=first --restart=on-failure:1 example.com/next --after=last example.com/mute \
        --name=last --notify
    (($(grep -c 'first\[[0-9]*\]: next is up' <<<"$output") == 2))
    lacks 'next\[[0-9]+\]: next is up'
}
