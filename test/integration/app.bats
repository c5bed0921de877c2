#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Pods whose apps come and go while they run: rkt app.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_sandbox's
load lib
load pods
load sandboxes

setup() {
    flavour=${RKT_TEST_STAGE1:-native} # with systemd, the others run as well
}

# both FUNCTION: runs it with either stage1 that has mutable pods.
both() {
    for flavour in native systemd; do
        echo "stage1 $flavour:"
        "$1"
        end_pods
        rm -r "${BATS_TEST_TMPDIR:?}"/*
    done
}

teardown() {
    end_pods
    systemctl stop "rkt-test-$$-sandbox" 2>/dev/null || :
    systemctl reset-failed "rkt-test-$$-sandbox" 2>/dev/null || :
}

# warm_up IMAGE: an app comes, says something, for which journald is started, and goes.
warm_up() {
    rkt app add "$uuid" "example.com/$1" --name=warm
    rkt app start "$uuid" --app=warm
    wait_for 20 sh -c "journalctl -q -D $pod/stage1/rootfs/var/log/journal -t warm -o cat | grep -q here"
    rkt app rm "$uuid" --app=warm
}

# wait_for_jobs: those that came after the sandbox; what they say is looked at by other means.
wait_for_jobs() {
    local job
    for job in $(jobs -p); do
        grep -qx "$job" <<<"$others" || wait "$job" || :
    done
}

# what_is_held: what the supervisor and PID 1 have of the apps, and what the pod's directory and cgroup have.
what_is_held() {
    find "/proc/$supervisor/fd" -mindepth 1 -printf x | wc -c
    wc -l <"/proc/$supervisor/mountinfo"
    find "/sys/fs/cgroup$(<"$pod/subcgroup")" -type d ! -path '*/dbus.*' | sort
    find "$pod" ! -path '*/journal/*' ! \( -type d -empty \) ! -path "$pod/appsinfo" | sort
    ls "/proc/$leader/root/run/rkt" "/proc/$leader/root/run/rkt/namespaces" "/proc/$leader/root/run/rkt/notify" 2>/dev/null || :
    [[ $flavour != systemd ]] || find "/proc/$leader/root/run/systemd/system" -name 'app-*'
}

# holds_as_before TEXT: PID 1 closes the connection of a command after the command has its answer.
holds_as_before() {
    is_held() { [[ $(what_is_held) == "$1" ]]; }
    wait_for 10 is_held "$1" || { diff <(echo "$1") <(what_is_held); return 1; }
}

life() {
    sleeper stay
    local before after
    before=$(host_state)
    start_sandbox
    check rkt app list "$uuid"
    [[ $output == "NAME"*"STATE" ]]
    check rkt list --no-legend
    has "^${uuid:0:8}.*-.*-.*running"
    check rkt app add "$uuid" example.com/stay --name=one
    [[ -z $output ]]
    check rkt app list --no-legend "$uuid"
    has '^one[[:space:]]+created$'
    check rkt app start "$uuid" --app=one
    [[ -z $output ]]
    has_state one running
    check rkt app exec --app=one "$uuid" sh -c 'hostname; id -u'
    has "^rkt-$uuid$"
    check rkt app stop "$uuid" --app=one
    [[ -z $output ]]
    check rkt app status "$uuid" --app=one
    has '^state=exited$'
    has '^exit_code=0$'
    check rkt app start "$uuid" --app=one
    has_state one running
    check rkt app rm "$uuid" --app=one
    [[ -z $output ]]
    check rkt app list --no-legend "$uuid"
    [[ -z $output ]]
    [[ $(rkt status --format=json "$uuid" | jq -r .state) == running ]]
    check rkt stop "$uuid"
    wait "$run_pid"
    check rkt status "$uuid"
    has '^state=exited$'
    rkt rm "$uuid"
    after=$(same_host_state "$before") || { echo "$after"; return 1; }
}

@test "app: a sandbox has no apps and stays; one is added, started, stopped, started again and removed" { both life; }

@test "app: flags of an app that is added make the same sandbox as those of rkt run" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_sandbox --hostname=sandbox.example --sysctl=net.ipv4.ip_unprivileged_port_start=123
    mkdir "$BATS_TEST_TMPDIR/volume"
    echo content >"$BATS_TEST_TMPDIR/volume/file"
    rkt app add "$uuid" example.com/inspect --name=one --user=who --group=whose --working-dir=/tmp --environment=A=b \
        --mnt-volume=target=/usr,name=usr,kind=host,source=/usr,readOnly=true \
        --mnt-volume="target=/data,name=data,kind=host,source=$BATS_TEST_TMPDIR/volume" \
        --mnt-volume=target=/scratch,name=scratch,kind=tmpfs,size=64Ki \
        --caps-retain=CAP_KILL --seccomp=mode=remove,@rkt/default-blacklist,mkdir --readonly-rootfs=true \
        --user-annotation=x=y --user-label=l=m --annotation=example.com/a=b
    rkt app start "$uuid" --app=one
    check rkt app exec "$uuid" python3 /inspect/observe.py status
    has '^Uid 1000 1000 1000 1000$'
    has '^Gid 1001 1001 1001 1001$'
    has '^CapBnd 0000000000000020$'
    has '^Seccomp 2$'
    check rkt app exec "$uuid" sh -c 'pwd; echo $A; cat /data/file; hostname; stat -f -c %T /scratch; touch /x || echo read-only; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; mkdir /scratch/d || echo no mkdir'
    has '^/tmp$'
    has '^b$'
    has '^content$'
    has '^sandbox.example$'
    has '^tmpfs$'
    has '^read-only$'
    has '^123$'
    has '^no mkdir$'
    check rkt app status --app=one "$uuid"
    has "^mounts=.*$BATS_TEST_TMPDIR/volume:/data:\\(read_only:false\\)"
    has '/usr:/usr:\(read_only:true\)'
    has '^user_annotations=x:y$'
    has '^user_labels=l:m$'
    has '^image_id=sha512-'
    has '^created_at=20'
    has '^started_at=20'
    check rkt app status --app=one --format=json "$uuid"
    jq -e '.name == "one" and .state == "running" and (.mounts | length == 3) and .user_labels.l == "m" and .created_at <= .started_at and (has("exit_code") | not)' <<<"$output"
}

words() {
    busybox_image talk "$(sh_app 'echo out $(cat /said); echo $(date +%N) >/said; echo err >&2; exit 3')"
    applets talk date
    start_sandbox
    rkt app add "$uuid" example.com/talk
    rkt app start "$uuid" --app=talk
    wait_for 5 has_state talk exited
    check rkt app status --app=talk --format=json "$uuid"
    jq -e '.exit_code == 3 and .finished_at >= .started_at' <<<"$output"
    said=$(<"$(echo "$pod"/overlay/*/upper/talk/said)")
    rkt app start "$uuid" --app=talk
    wait_for 5 grep -q "talk\[[0-9]*\]: out $said" "$BATS_TEST_TMPDIR/out"
    wait_for 5 has_state talk exited
    wait_for 10 sh -c "journalctl -q -D $pod/stage1/rootfs/var/log/journal -t talk -o cat | grep -q 'out $said'"
    # it is the app's end, not the pod's
    [[ $(rkt status --format=json "$uuid" | jq -r .state) == running ]]
    rkt stop "$uuid"
    wait "$run_pid"
}

@test "app: what an app says is in the pod's journal and where the sandbox runs; one that is started anew goes on in its root" { both words; }

streams() {
    busybox_image echo "$(sh_app 'read -r line; echo "read $line"; read -r line; exit 5')"
    mkdir "$BATS_TEST_TMPDIR/logs"
    start_sandbox --log-dir="$BATS_TEST_TMPDIR/logs"
    rkt app add "$uuid" example.com/echo --stdin=stream --stdout=stream --log-path=echo.log
    rkt app start "$uuid" --app=echo
    check_fails 5 rkt attach --mode=stdin,stdout "$uuid" < <(echo words; echo more)
    has '^read words$'
    wait_for 5 has_state echo exited
    wait_for 5 grep -q ' stdout F read words$' "$BATS_TEST_TMPDIR/logs/echo.log"
    rkt app rm "$uuid" --app=echo
}

@test "app: the input and output of an app that was added can be attached to, and its lines kept in a file" { both streams; }

bad_programs() {
    busybox_image bad '{"exec": ["/bin/no-such-program"], "user": "0", "group": "0"}'
    busybox_image nobody '{"exec": ["/bin/true"], "user": "nobody-here", "group": "0"}'
    start_sandbox
    rkt app add "$uuid" example.com/bad
    check_fails 254 rkt app start "$uuid" --app=bad
    has '/bin/no-such-program'
    wait_for 5 has_state bad exited
    rkt app add "$uuid" example.com/nobody
    check_fails 254 rkt app start "$uuid" --app=nobody
    has 'user "nobody-here" is not in the image'
    rkt app rm "$uuid" --app=bad
    rkt app rm "$uuid" --app=nobody
}

@test "app: a program that cannot be executed is told to who starts it, and the pod goes on" { both bad_programs; }

@test "app: images with one tree share nothing that is written, and removing an app leaves the other's" {
    sleeper twin
    start_sandbox
    rkt app add "$uuid" example.com/twin --name=a
    rkt app add "$uuid" example.com/twin --name=b
    rkt app start "$uuid" --app=a
    rkt app start "$uuid" --app=b
    rkt app exec --app=a "$uuid" sh -c 'echo a >/mine'
    rkt app exec --app=b "$uuid" sh -c 'echo b >/mine'
    rkt app rm "$uuid" --app=a
    check rkt app exec --app=b "$uuid" cat /mine
    [[ $output == b ]]
    rkt app add "$uuid" example.com/twin --name=a
    rkt app start "$uuid" --app=a
    check_fails 1 rkt app exec --app=a "$uuid" cat /mine
}

other_roots() {
    sleeper own
    local flags
    for flags in --private-users --no-overlay '--no-overlay --private-users'; do
        # shellcheck disable=SC2086 # words
        start_sandbox $flags
        for name in first second; do
            rkt app add "$uuid" example.com/own --name=$name --memory=64M --mnt-volume=target=/empty,name=empty,kind=empty,mode=0777
            rkt app start "$uuid" --app=$name
        done
        check rkt app exec --app=first "$uuid" sh -c 'id -u; echo x >/written; echo from first >/empty/f; cat /proc/self/cgroup; sleep 0'
        has '^0$'
        check rkt app exec --app=second "$uuid" cat /empty/f
        has '^from first$'
        if [[ $flags == *private* ]]; then
            [[ $(stat -c %u "/proc/$(pgrep -P "$leader" | head -1)") != 0 ]]
        fi
        rkt app rm "$uuid" --app=first
        check rkt app exec --app=second "$uuid" cat /empty/f
        rkt app rm "$uuid" --app=second
        [[ ! -e $pod/sharedVolumes/empty ]]
        [[ -z $(find "/sys/fs/cgroup$(<"$pod/subcgroup")" -name 'app-*') ]]
        rkt stop "$uuid"
        wait "$run_pid"
        rkt rm "$uuid"
    done
}

@test "app: a pod with users of its own, with a copied tree and with limits takes apps as well" { both other_roots; }

@test "app: limits of an app and of the sandbox are in force" {
    need controllers memory pids
    sleeper limited
    start_sandbox --memory=256M
    rkt app add "$uuid" example.com/limited --memory=64M --pids-limit=20
    cgroup=/sys/fs/cgroup$(<"$pod/subcgroup")
    [[ $(<"$cgroup/memory.max") == $((256 << 20)) || $(<"$cgroup/memory.max") == 256000000 ]]
    [[ $(<"$cgroup/app-limited/memory.max") == 64* || $(<"$cgroup/app-limited/memory.max") == $((64 << 20)) ]]
    [[ $(<"$cgroup/app-limited/pids.max") == 20 ]]
}

mistakes() {
    sleeper x
    start_sandbox
    warm_up x
    local before
    before=$(what_is_held)
    check_fails 254 rkt app add "$uuid" example.com/not-in-the-store
    has 'not-in-the-store'
    check_fails 254 rkt app add "$uuid"
    check_fails 254 rkt app add "$uuid" example.com/x example.com/x
    check_fails 254 rkt app add 00000000 example.com/x
    check_fails 254 rkt app add "$uuid" example.com/x --caps-retain=CAP_NOT
    check_fails 254 rkt app add "$uuid" example.com/x --after=y
    check_fails 254 rkt app add "$uuid" example.com/x --signature=/dev/null
    check_fails 254 rkt app add "$uuid" example.com/x --name=y-started
    check_fails 254 rkt app add "$uuid" example.com/x --mnt-volume=target=/v,name=v,kind=host,source=/not-there
    has '/not-there'
    check_fails 254 rkt app add "$uuid" example.com/x --mnt-volume=kind=empty
    check_fails 254 rkt app add "$uuid" example.com/x --exec=/bin/sh --mnt-volume=target=/proc/self/x,name=v,kind=empty
    check_fails 254 rkt app start "$uuid"
    check_fails 254 rkt app start "$uuid" --app=x
    has 'has no app "x"'
    check_fails 254 rkt app stop "$uuid" --app=../x
    check_fails 254 rkt app rm "$uuid" --app=x
    check_fails 254 rkt app status "$uuid" --app=x
    check_fails 254 rkt app status "$uuid"
    check_fails 254 rkt app list 00000000
    holds_as_before "$before"

    rkt app add "$uuid" example.com/x
    check_fails 254 rkt app add "$uuid" example.com/x
    has 'has an app "x" already'
    check rkt app stop "$uuid" --app=x
    check rkt app start "$uuid" --app=x
    check rkt app start "$uuid" --app=x
    check rkt app stop "$uuid" --app=x
    check rkt app stop "$uuid" --app=x
    check rkt app rm "$uuid" --app=x
    check_fails 254 rkt app rm "$uuid" --app=x
    holds_as_before "$before"
}

@test "app: who adds, starts, stops or removes what is not there, or twice, is told so, and nothing is left" { both mistakes; }

not_ready() {
    sleeper lazy
    start_sandbox
    rkt app add "$uuid" example.com/lazy --notify=healthy --health-cmd='[ -e /ok ]' --health-interval=100ms
    check_fails 254 rkt app start --wait-ready=soon "$uuid" --app=lazy
    has 'expected true, false or a duration'
    [[ $(app_state lazy) == created ]]
    check_fails 254 rkt app start --wait-ready=200ms "$uuid" --app=lazy
    has 'not ready after 0.2 s, and goes on'
    has_state lazy running
    check rkt app start --wait-ready=false "$uuid" --app=lazy
    rkt app exec "$uuid" touch /ok
    check rkt app start "$uuid" --app=lazy
    check rkt app stop "$uuid" --app=lazy
    check rkt app start --wait-ready "$uuid" --app=lazy
}

@test "app: who starts an app waits for it to be ready no longer than wanted, and the app goes on" { both not_ready; }

unhealthy() {
    busybox_image sick "$(sh_app 'trap "" TERM; while :; do sleep 0.1; done')"
    start_sandbox
    rkt app add "$uuid" example.com/sick --stop-timeout=1s --health-cmd=false --health-interval=100ms --health-retries=1 --health-on-failure=restart
    rkt app start "$uuid" --app=sick
    wait_for 10 grep -q 'sick.*it is unhealthy' "$BATS_TEST_TMPDIR/out"
    check rkt app stop "$uuid" --app=sick
    has_state sick exited
}

@test "app: one that is on its way to be started again, because it is unhealthy, is stopped" { both unhealthy; }

@test "app: a pod that was not started as a sandbox, and a stage1 that cannot change one, say so" {
    sleeper plain
    start_pod example.com/plain
    check_fails 254 rkt app add "$uuid" example.com/plain --name=more
    has 'was not started by rkt app sandbox'
    check_fails 254 rkt app stop "$uuid" --app=plain
    check rkt app list --no-legend "$uuid"
    has '^plain[[:space:]]+running$'
    check_fails 254 rkt app sandbox --net=host --stage1-from-dir=fly
    has 'cannot change a running pod: it has no entry point "app/add"'
    check_fails 254 rkt app sandbox example.com/plain
    has 'takes no images'
}

@test "app: the pod has ended: its apps have, too, they can be removed, and gc takes the rest" {
    sleeper late
    start_sandbox
    rkt app add "$uuid" example.com/late --name=ran
    rkt app add "$uuid" example.com/late --name=idle
    rkt app start "$uuid" --app=ran
    rkt stop "$uuid"
    wait "$run_pid"
    has_state ran exited
    has_state idle exited
    check_fails 254 rkt app add "$uuid" example.com/late --name=more
    has 'is not running'
    check_fails 254 rkt app start "$uuid" --app=idle
    check rkt app rm "$uuid" --app=ran
    check rkt app list --no-legend "$uuid"
    [[ $output == idle* ]]
    rkt rm "$uuid"
    check_fails 254 rkt app list "$uuid"
}

@test "app: a sandbox is a unit of systemd, and publishes its ports for whichever app listens" {
    busybox_image web "$(sh_app 'exec httpd -f -p 80 -h /etc')"
    echo from the app >"$BATS_TEST_TMPDIR/image-web/rootfs/etc/file"
    applets web httpd
    local unit=rkt-test-$$-sandbox port=$((RANDOM % 20000 + 30000)) name
    # it is started when the pod is ready
    systemd-run --quiet --unit="$unit" --property=Type=notify --property=NotifyAccess=all --property=KillMode=mixed \
        rkt app sandbox --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --port="http:tcp:80:127.0.0.1:$port" --dns=192.0.2.1
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    answers() { [[ $(busybox wget -q -O - "http://127.0.0.1:$port/file") == 'from the app' ]]; }
    for name in one two; do
        rkt app add "$uuid" example.com/web --name=$name --restart=always
        rkt app start "$uuid" --app=$name
        wait_for 10 answers
        check rkt app exec "$uuid" cat /etc/resolv.conf
        has '^nameserver 192.0.2.1$'
        rkt app rm "$uuid" --app=$name
        if answers; then return 1; fi
    done
    systemctl stop "$unit"
    [[ $(rkt status --format=json "$uuid" | jq -r .state) == exited ]]
    run systemctl is-active "$unit" # 3, or 4 where a unit that is gone is another thing
    has '^inactive$'
}

reboot() {
    sleeper boot
    start_sandbox
    local name
    for name in on off new; do rkt app add "$uuid" example.com/boot --name=$name; done
    rkt app start "$uuid" --app=on
    rkt app start "$uuid" --app=off
    rkt app stop "$uuid" --app=off
    kill -INT "$leader"
    wait_for 10 sh -c "grep -c 'on\\[[0-9]*\\]: here' '$BATS_TEST_TMPDIR/out' | grep -qx 2"
    rkt status --wait-ready=10s "$uuid"
    has_state on running
    has_state off exited
    has_state new created
    rkt app start "$uuid" --app=new
    rkt app rm "$uuid" --app=on
}

@test "app: a pod that is told to reboot starts the apps again that were started, and no others" { both reboot; }

@test "app: processes of the pod give PID 1 no orders, even where a volume shows them the socket, and nonsense harms nobody" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_sandbox
    rkt app add "$uuid" example.com/inspect --name=one --mnt-volume=target=/usr,name=usr,kind=host,source=/usr,readOnly=true \
        --mnt-volume="target=/control,name=control,kind=host,source=$pod/stage1/rootfs/rkt"
    rkt app start "$uuid" --app=one
    cat >"$BATS_TEST_TMPDIR/order.py" <<'END'
import os, socket, struct, sys
directory, kind = sys.argv[1:]
os.chdir(directory)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(20)
s.connect("control")
try:
    if kind == "stop":
        s.send(struct.pack("=Ii", 4, 0) + b"one\0")
    else:
        fds = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
        for number in range(30):
            socket.send_fds(s, [struct.pack("=Ii", 1, number % 2) + b"\0"], fds[:number % 4])
        s.send(struct.pack("=Ii", int(kind), -1) + b"one")
    print("answer", len(s.recv(2000)))
except OSError as e:
    print("answer 0", e)
END
    local held kind
    held=$(what_is_held)
    check rkt app exec "$uuid" python3 -c "$(<"$BATS_TEST_TMPDIR/order.py")" /control stop
    has '^answer 0'
    has_state one running
    for kind in 0 1 2 3 6 99; do python3 "$BATS_TEST_TMPDIR/order.py" "$pod/stage1/rootfs/rkt" "$kind"; done
    holds_as_before "$held"
    has_state one running
    # who may does it in the same way
    check python3 "$BATS_TEST_TMPDIR/order.py" "$pod/stage1/rootfs/rkt" stop
    lacks '^answer 0'
    has_state one exited
}

@test "app: images that a sandbox runs are kept, and those of removed apps are not" {
    sleeper kept
    start_sandbox
    rkt app add "$uuid" example.com/kept
    rkt app start "$uuid" --app=kept
    rkt image gc --grace-period=0s
    check rkt image list --no-legend --full
    has "$image_id"
    rkt app exec "$uuid" ls /bin/sleep
    rkt app rm "$uuid" --app=kept
    rkt image gc --grace-period=0s
    check rkt image list --no-legend --full
    lacks "$image_id"
}

race() {
    sleeper race
    start_sandbox
    warm_up race
    local before n names=(1 2 3 4 5 6)
    before=$(what_is_held)
    for n in 1 2 3 4 5 6; do rkt app add "$uuid" example.com/race --name=same >"$BATS_TEST_TMPDIR/$n" 2>&1 3>&- & done
    wait_for_jobs
    [[ $(cat "$BATS_TEST_TMPDIR"/[1-6] | grep -c 'has an app "same" already') == 5 ]]
    for n in "${names[@]}"; do rkt app add "$uuid" example.com/race --name="app-$n" 3>&- & done
    wait_for_jobs
    [[ $(rkt app list --no-legend "$uuid" | wc -l) == 7 ]]
    for n in "${names[@]}"; do
        for verb in start stop start; do rkt app $verb "$uuid" --app="app-$n" 3>&- & done
    done
    wait_for_jobs
    for n in same "${names[@]/#/app-}"; do
        for verb in rm start rm stop; do rkt app $verb "$uuid" --app="$n" >/dev/null 2>&1 3>&- & done
    done
    wait_for_jobs
    [[ -z $(rkt app list --no-legend "$uuid") ]]
    holds_as_before "$before"
}

@test "app: two commands for one app at once do one after the other, and the pod is whole" { both race; }

kills() {
    sleeper kill
    start_sandbox
    warm_up kill
    local before n delay command
    before=$(what_is_held)
    for n in {1..8}; do
        for command in "add example.com/kill" start stop rm; do
            # shellcheck disable=SC2086 # words
            set -- $command
            if [[ $1 == add ]]; then set -- add "$uuid" "$2"; else set -- "$1" "$uuid" --app=kill; fi
            # it and what it has started are in a process group of their own
            setsid rkt app "$@" >/dev/null 2>&1 3>&- &
            delay=$(printf '0.%03d' $((n * n)))
            sleep "$delay"
            kill -KILL -- "-$!" 2>/dev/null || :
            wait "$!" 2>/dev/null || :
        done
        # whatever it has come to, the pod is listed, and takes the commands
        rkt app list "$uuid" >/dev/null
        rkt app rm "$uuid" --app=kill 2>"$BATS_TEST_TMPDIR/rm" || :
        [[ -z $(rkt app list --no-legend "$uuid") ]] || { cat "$BATS_TEST_TMPDIR"/{rm,out}; return 1; }
        rkt app add "$uuid" example.com/kill
        rkt app start "$uuid" --app=kill
        rkt app exec "$uuid" true
        rkt app rm "$uuid" --app=kill
        holds_as_before "$before"
    done
    rkt stop "$uuid"
    wait "$run_pid"
    rkt rm "$uuid"
}

@test "app: commands that are killed anywhere leave a pod that can be used, and one that is whole when they are given again" { both kills; }

@test "app: a command that is killed leaves what it has begun to be ended before others begin" {
    sleeper orphan
    start_sandbox
    warm_up orphan
    local before n
    before=$(what_is_held)
    for n in {1..10}; do
        rkt app add "$uuid" example.com/orphan 3>&- &
        sleep "0.0$((n * 4 % 10))$n"
        kill -KILL "$!" 2>/dev/null || : # and not what it has started
        wait "$!" 2>/dev/null || :
        rkt app rm "$uuid" --app=orphan 2>/dev/null || :
        [[ -z $(rkt app list --no-legend "$uuid") ]]
        # what is left of files goes with the next of that name
        rkt app add "$uuid" example.com/orphan
        rkt app rm "$uuid" --app=orphan
        holds_as_before "$before"
    done
}

growth() {
    local apps=3 rounds=4 n round
    # the whole takes some minutes: RKT_TEST_APPS=20 RKT_TEST_ROUNDS=100
    [[ ${RKT_TEST_HOST-} != ns ]] || apps=20 rounds=3
    [[ $flavour != systemd ]] || apps=$((apps / 2)) rounds=2
    apps=${RKT_TEST_APPS:-$apps} rounds=${RKT_TEST_ROUNDS:-$rounds}
    sleeper grow
    start_sandbox
    warm_up grow
    memory() { sed -n 's/^Pss_Anon: *\([0-9]*\) kB/\1/p' "/proc/$supervisor/smaps_rollup"; }
    one_round() {
        for ((n = 0; n < apps; n++)); do rkt app add "$uuid" example.com/grow --name="app-$n" --mnt-volume="target=/v,name=v$n,kind=empty"; done
        for ((n = 0; n < apps; n++)); do rkt app start "$uuid" --app="app-$n"; done
        for ((n = 0; n < apps; n++)); do rkt app stop "$uuid" --app="app-$n"; done
        for ((n = 0; n < apps; n++)); do rkt app start "$uuid" --app="app-$n"; done
        for ((n = 0; n < apps; n++)); do rkt app rm "$uuid" --app="app-$n"; done
    }
    one_round
    local held used
    held=$(what_is_held)
    used=$(memory)
    for ((round = 0; round < rounds; round++)); do one_round; done
    holds_as_before "$held"
    units() { systemctl -M "rkt-$uuid" --no-legend list-units --all 'app-*' 'opt-stage2*'; }
    units_are_gone() { [[ -z $(units) ]]; }
    [[ $flavour != systemd ]] || wait_for 10 units_are_gone || { units; return 1; }
    # once it idles it gives back what it can; some pages are held by a few bytes
    memory_is_small() { (($(memory) <= used + 128)); }
    sanitized || wait_for 20 memory_is_small || { echo "$used kB before, $(memory) kB after"; return 1; }
    [[ $(rkt status --format=json "$uuid" | jq -r .state) == running ]]
}

@test "app: a sandbox with 20 apps that are added, started again and removed over and over does not grow" { both growth; }
