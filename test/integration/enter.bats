#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What enters an app of a running pod, and what a hostile pod can make of it.

# shellcheck disable=SC2016,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

teardown() {
    end_pods
}

@test "a working directory or program in /proc/self/fd leads to nothing of the supervisors', of an app or what enters it (CVE-2024-21626)" {
    busybox_image fd "$(sh_app 'exec sleep 1000')"
    start_pod example.com/fd --name=idle
    local n numbers=({3..25})
    [[ ${RKT_TEST_HOST-} == ns ]] || numbers=(4 8 11 16 23) # an emulated machine is slow
    for n in "${numbers[@]}"; do
        run rkt run --net=none example.com/fd --exec=/bin/sh --working-dir="/proc/self/fd/$n" -- -c 'echo inside $(pwd -P)'
        lacks ': inside'
        run rkt run --net=none example.com/fd --exec="/proc/self/fd/$n/bin/sh" -- -c 'echo inside'
        lacks ': inside'
        run rkt enter "$uuid" "/proc/self/fd/$n/bin/sh" -c 'echo inside'
        lacks '^inside'
    done
}

@test "enter: another user has his own groups and variables, and is confined as the app is" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_pod "${inspect_pod[@]}" --supplementary-gids=7 --caps-retain=CAP_KILL,CAP_SETUID
    printf 'whose:x:1001:\nmore:x:1002:who\n' >"$BATS_TEST_TMPDIR/group"
    check rkt enter "$uuid" python3 /inspect/observe.py status
    has '^Uid 0 0 0 0$'
    has '^Groups 7$'
    has '^CapEff 00000000000000a0$'
    rkt enter "$uuid" sh -c 'cat >/etc/group' <"$BATS_TEST_TMPDIR/group"
    check rkt enter --user=who "$uuid" python3 /inspect/observe.py status
    has '^Uid 1000 1000 1000 1000$'
    has '^Gid 1001 1001 1001 1001$'
    has '^Groups (1001 1002|1002)$'
    has '^CapEff 0000000000000000$'
    has '^CapBnd 00000000000000a0$'
    has '^Seccomp 2$'
    check rkt enter --user=1234 --group=more "$uuid" sh -c 'echo $(id -u):$(id -g):$(id -G)'
    has '^1234:1002:1002$'
    check rkt enter --user=who "$uuid" sh -c 'echo $HOME $USER'
    has '^/home/who who$'
    check_fails 254 rkt enter --user=nobody-here "$uuid" true
    has 'user "nobody-here" is not in the image'
}

@test "enter: environment and working directory are the app's, or as asked for" {
    busybox_image env '{"exec": ["/bin/sh", "-c", "exec sleep 1000"], "user": "0", "group": "0", "workingDirectory": "/etc",
        "environment": [{"name": "FROM", "value": "image"}, {"name": "KEPT", "value": "yes"}]}'
    start_pod example.com/env --environment=SET=flag
    check rkt enter "$uuid" sh -c 'pwd; env'
    has '^/etc$'
    has '^FROM=image$'
    has '^SET=flag$'
    has '^AC_APP_NAME=env$'
    check rkt enter --working-dir=/tmp --environment=FROM=enter --environment=NEW= "$uuid" sh -c 'pwd; env'
    has '^/tmp$'
    has '^FROM=enter$'
    lacks 'FROM=image'
    has '^NEW=$'
    has '^KEPT=yes$'
    check_fails 254 rkt enter --working-dir=tmp "$uuid" pwd
    check_fails 254 rkt enter --environment=NOTHING "$uuid" pwd
    check_fails 254 rkt enter --working-dir=/not/there "$uuid" pwd
    has 'cannot enter the working directory /not/there: No such file'
}

@test "app exec: is enter: the app's sandbox, environment and directory, other ones as asked, and the command's status" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_pod "${inspect_pod[@]}" --name=first --caps-retain=CAP_KILL --environment=SET=flag --working-dir=/etc example.com/inspect --name=second
    check_fails 254 rkt app exec "$uuid" true
    has 'contains several apps; name one with --app'
    check rkt app exec --app=first "$uuid" sh -c 'pwd; env; python3 /inspect/observe.py status namespaces'
    has '^/etc$'
    has '^SET=flag$'
    has '^CapBnd 0000000000000020$'
    has '^Seccomp 2$'
    # each has a cgroup namespace of its own
    diff <(rkt enter --app=first "$uuid" python3 /inspect/observe.py status namespaces | grep -v namespace-cgroup) \
        <(grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp|namespace)' <<<"$output" | grep -v namespace-cgroup)
    check rkt app exec --app=second --user=1234 --environment=MORE=1 --working-dir=/tmp "$uuid" sh -c 'id -u; pwd; env'
    has '^1234$'
    has '^/tmp$'
    has '^MORE=1$'
    lacks 'SET=flag'
    check_fails 42 rkt app exec --app=second "$uuid" sh -c 'exit 42'
    check_fails 254 rkt app exec --app=third "$uuid" true
    has 'has no app "third"'
}

@test "enter: the terminal has the size of the caller's, follows it, and leaves it as it was" {
    need commands script
    busybox_image term "$(sh_app 'exec sleep 1000')"
    ln -f "$BATS_TEST_TMPDIR/image-term/rootfs/bin/"{busybox,stty}
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-term" "$BATS_TEST_TMPDIR/term.aci"
    rkt --insecure-options=image fetch "$BATS_TEST_TMPDIR/term.aci" >/dev/null
    start_pod example.com/term
    cat >"$BATS_TEST_TMPDIR/session" <<END
stty rows 33 cols 77
before=\$(stty -g)
tty=\$(tty)
(until rkt enter $uuid cat /waiting 2>/dev/null; do sleep 0.1; done; stty -F \$tty rows 44 cols 99) </dev/null >/dev/null 2>&1 &
rkt enter $uuid sh -c 'stty size; touch /waiting; until [ "\$(stty size)" = "44 99" ]; do sleep 0.1; done; stty size; stty -a | grep -c -w -- -icanon; kill -TERM \$\$'
echo "status \$?"
[ "\$(stty -g)" = "\$before" ] && echo restored
END
    check timeout 60 script -qec "bash $BATS_TEST_TMPDIR/session" /dev/null
    has '33 77'
    has '44 99'
    has 'status 143'
    has 'restored'
}

@test "enter: with a terminal, what is not one goes where the caller has led it, untouched" {
    need commands script
    busybox_image mixed "$(sh_app 'exec sleep 1000')"
    start_pod example.com/mixed
    check script -qec "rkt enter $uuid sh -c 'echo out; echo err >&2; ls -l /proc/self/fd/0' >$BATS_TEST_TMPDIR/stdout" /dev/null
    has 'err'
    lacks 'out'
    [[ $(head -n 1 "$BATS_TEST_TMPDIR/stdout") == out ]] # and no carriage return
    grep -q '/dev/pts/' "$BATS_TEST_TMPDIR/stdout"
    check script -qec "echo in | rkt enter $uuid sh -c 'cat; ls -l /proc/self/fd/1'" /dev/null
    has '^in'
    has '/dev/pts/[0-9]'
    # without any terminal, there is none
    rkt enter "$uuid" sh -c 'cat; ls -l /proc/self/fd/1; cat /dev/tty' <<<'in' >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" || true
    grep -q '^in$' "$BATS_TEST_TMPDIR/stdout"
    ! grep -q pts "$BATS_TEST_TMPDIR/stdout" || false
    grep -q 'tty' "$BATS_TEST_TMPDIR/stderr"
}

@test "enter: signals reach the command, and its end is enter's" {
    busybox_image signals "$(sh_app 'exec sleep 1000')"
    start_pod example.com/signals
    rkt enter "$uuid" sh -c 'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.05; done' >"$BATS_TEST_TMPDIR/enter" 2>&1 3>&- &
    local entered=$! status=0
    wait_for 10 grep -q ready "$BATS_TEST_TMPDIR/enter"
    kill -TERM "$entered"
    wait "$entered" || status=$?
    [[ $status == 9 ]]
    grep -q got "$BATS_TEST_TMPDIR/enter"
    check_fails 42 rkt enter "$uuid" sh -c 'exit 42'
    check_fails 139 rkt enter "$uuid" sh -c 'kill -SEGV $$'
}

@test "enter: what enters is in the app's cgroup, and ends with the app" {
    busybox_image group "$(sh_app 'until [ -e /end ]; do sleep 0.05; done')"
    start_pod example.com/group
    check rkt enter "$uuid" cat /proc/self/cgroup
    has '^0::/$'
    rkt enter "$uuid" sh -c 'trap "" TERM HUP; sleep 1000' >/dev/null 2>&1 3>&- &
    local entered=$! cgroup
    cgroup=/sys/fs/cgroup$(<"/var/lib/rkt/pods/run/$uuid/subcgroup")/app-group
    in_cgroup() { (($(wc -l <"$cgroup/cgroup.procs") >= 3)); }
    wait_for 10 in_cgroup
    rkt enter "$uuid" touch /end
    check rkt status --wait=20s "$uuid"
    run wait "$entered"
    ((status != 0))
}

@test "enter: a pod cannot overwrite what enters it (CVE-2019-5736)" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    local run=/usr/lib/rkt/stage1/native/rootfs before
    before=$(sha256sum "$run"/* /usr/bin/rkt-enter)
    start_pod "${inspect_pod[@]}"
    # the program that is entered is enter itself, and somebody waits for it
    rkt enter "$uuid" sh -c 'printf "#!/proc/self/exe\n" >/tmp/trap; chmod 755 /tmp/trap'
    rkt enter "$uuid" python3 -c '
import os, time
end = time.time() + 4
while time.time() < end:
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or int(pid) in (1, os.getpid()): continue
        try:
            fd = os.open("/proc/%s/exe" % pid, os.O_RDONLY)
            os.open("/proc/self/fd/%d" % fd, os.O_WRONLY | os.O_TRUNC); print("WRITTEN", pid, flush=True)
        except OSError: pass' >"$BATS_TEST_TMPDIR/attack" 2>&1 3>&- &
    local attack=$! n
    for n in 1 2 3 4 5 6; do
        run rkt enter "$uuid" /tmp/trap
        ((status != 0))
    done
    wait "$attack" || :
    ! grep WRITTEN "$BATS_TEST_TMPDIR/attack" || false
    [[ $(sha256sum "$run"/* /usr/bin/rkt-enter) == "$before" ]]
}

@test "enter: a pod that lays traps in its files keeps nobody waiting and gets nothing" {
    inspect_image '{"exec": ["/bin/sh", "-c", "exec sleep 1000"]}'
    start_pod "${inspect_pod[@]}"
    rkt enter "$uuid" sh -c 'rm /etc/passwd /etc/group; mkfifo /etc/passwd; ln -s /proc/1/root/etc/group /etc/group; umount /proc 2>/dev/null; :'
    check timeout 20 rkt enter "$uuid" sh -c 'echo $(id -u); grep -c . /proc/self/mounts'
    has '^0$'
    check_fails 254 timeout 20 rkt enter --user=who "$uuid" true
    has 'cannot|is not in the image'
    rkt enter "$uuid" sh -c 'rm /etc/passwd; ln -s /etc/passwd /etc/passwd'
    check timeout 20 rkt enter "$uuid" true
}

@test "enter: a pod that has ended, and one with several apps, are told of" {
    busybox_image several "$(sh_app 'exec sleep 1000')"
    start_pod example.com/several example.com/several --name=other
    check_fails 254 rkt enter "$uuid" true
    has 'contains several apps; name one with --app'
    has $'^enter: .*\tother$|\tother$'
    check rkt enter --app=other "$uuid" sh -c 'echo $AC_APP_NAME'
    has '^other$'
    check_fails 254 rkt enter --app=third "$uuid" true
    has 'has no app "third"'
    rkt stop --force "$uuid"
    rkt status --wait=10s "$uuid" >/dev/null
    check_fails 254 rkt enter --app=other "$uuid" true
    has 'is not running'
}
