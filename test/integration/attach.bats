#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rkt attach: the input and output of apps that were started for it.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the apps' shells; uuid and run_pid are start_pod's
load lib
load pods

setup() {
    export TMUX_TMPDIR=$BATS_TEST_TMPDIR
    clients=()
}

teardown() {
    ((${#clients[@]} == 0)) || kill -9 "${clients[@]}" 2>/dev/null || :
    tmux kill-server 2>/dev/null || :
    end_pods
}

# A terminal of 24 lines and 80 columns in which a command runs, and its exit status is shown.
terminal() {
    tmux -f /dev/null new-session -d -s "$1" -x 80 -y 24 "$2; echo ended-with \$?; exec sleep 1000" 3>&- \; set -g status off
}

# screen NAME PATTERN: what the terminal shows has it.
screen() { tmux capture-pane -p -t "$1" | grep -Eq -- "$2"; }

shows() { wait_for 20 screen "$@" || { tmux capture-pane -p -t "$1"; return 1; }; }

keys() { tmux send-keys -t "$@"; }

tty=(--stdin=tty --stdout=tty --stderr=tty)
streams=(--stdin=stream --stdout=stream --stderr=stream)

# client NAME ARGUMENT…: rkt attach in the background; its output in NAME.out, its messages in NAME.err, its input
# from the pipe NAME.in, its exit status in NAME.status. Sets client_pid.
client() {
    local name=$BATS_TEST_TMPDIR/$1
    shift
    mkfifo "$name.in"
    (
        status=0
        # the pipe has a writer as long as the test wants
        bash -c 'echo $$ >"$1.pid"; exec rkt-attach "${@:2}"' - "$name" "$@" <>"$name.in" >"$name.out" 2>"$name.err" 3>&- || status=$?
        echo "$status" >"$name.status"
    ) 3>&- &
    wait_for 10 test -s "$name.pid"
    client_pid=$(<"$name.pid")
    clients+=("$client_pid")
}

in_app() { rkt enter "$uuid" "$@" >/dev/null 2>&1; }

# hears ONE TWO WORD: what the one says, and the app repeats, the other has got: so it is attached.
hears() {
    echo "$3" >"$BATS_TEST_TMPDIR/$1.in"
    grep -qx "$3" "$BATS_TEST_TMPDIR/$2.out"
}

# ended NAME STATUS: that client ends with it.
ended() {
    wait_for 30 test -s "$BATS_TEST_TMPDIR/$1.status"
    [[ $(<"$BATS_TEST_TMPDIR/$1.status") == "$2" ]] || { cat "$BATS_TEST_TMPDIR/$1."{status,err}; return 1; }
}

@test "attach: two terminals show the same shell, which has the size of the last that came, and ends both" {
    need commands tmux
    busybox_image shell "$(sh_app 'exec sh')"
    applets shell stty
    start_pod example.com/shell "${tty[@]}" --environment=PS1='ready> '
    terminal one "rkt attach $uuid"
    shows one '^ready>'
    terminal two "rkt attach $uuid"
    shows two '^ready>'
    keys one 'echo from""one' Enter
    shows one '^fromone$'
    shows two '^fromone$'
    keys two 'echo from""two; tty; stty size' Enter
    shows one '^fromtwo$'
    shows two '^/dev/(pts/[0-9]+|tty)$'
    shows two '^24 80$'
    tmux resize-window -t two -x 100 -y 30
    keys one 'clear; until test "$(stty size)" = "30 100"; do sleep 0.1; done; echo large' Enter
    shows one '^large$'
    keys two 'exit 7' Enter
    shows one '^ended-with 7$'
    shows two '^ended-with 7$'
    wait "$run_pid" || (($? == 7))
}

@test "attach: the keys for it detach, the app goes on, and others of them reach it" {
    need commands tmux
    busybox_image shell "$(sh_app 'exec sh')"
    start_pod example.com/shell "${tty[@]}" --environment=PS1='ready> '
    terminal one "rkt attach $uuid"
    shows one '^ready>'
    keys one C-p C-q
    shows one 'detached from app shell'
    shows one '^ended-with 0$'
    terminal two "stty -echo; rkt attach --detach-keys=ctrl-a,d $uuid; stty -a | grep -o -- '-echo '"
    shows two '^ready>'
    keys two 'echo st""ill' Enter
    shows two '^still$'
    keys two C-a x C-u # the first of them alone is the app's
    keys two 'echo mo""re' Enter
    shows two 'more$'
    keys two C-a d
    shows two '^-echo'
    rkt status "$uuid" | grep -qx state=running
}

@test "attach: an app's terminal is its own again after a restart, and who is attached stays" {
    need commands tmux
    busybox_image shell "$(sh_app 'echo life; exec sh')"
    start_pod example.com/shell "${tty[@]}" --environment=PS1='ready> ' --restart=on-failure
    terminal one "rkt attach $uuid"
    shows one '^ready>'
    keys one 'clear; exit 3' Enter
    shows one '^life'
    keys one 'echo jo""b; cat /dev/tty' Enter
    shows one '^job$'
    keys one C-c
    keys one 'clear; exit 0' Enter
    shows one '^ended-with 0$'
}

@test "attach: streams come apart, input goes in, its end is the app's, and the exit status comes out" {
    busybox_image lines "$(sh_app 'while read -r l; do echo "out $l"; echo "err $l" >&2; done; echo end; exit 5')"
    start_pod example.com/lines "${streams[@]}"
    printf '%s\n' a 'b c' >"$BATS_TEST_TMPDIR/input"
    local status=0
    rkt attach "$uuid" <"$BATS_TEST_TMPDIR/input" >"$BATS_TEST_TMPDIR/stdout" 2>"$BATS_TEST_TMPDIR/stderr" || status=$?
    ((status == 5))
    [[ $(<"$BATS_TEST_TMPDIR/stdout") == $'out a\nout b c\nend' ]]
    [[ $(<"$BATS_TEST_TMPDIR/stderr") == $'err a\nerr b c' ]]
    wait "$run_pid" || (($? == 5))
}

@test "attach: what an app wrote before anybody came is not lost, and nobody gets it twice" {
    busybox_image early "$(sh_app 'echo early; while read -r l; do [ "$l" != end ] || exit 0; echo "$l"; done')"
    start_pod example.com/early "${streams[@]}"
    client one "$uuid"
    wait_for 20 grep -qx early "$BATS_TEST_TMPDIR/one.out"
    client two "$uuid"
    wait_for 20 hears one two later
    echo end >"$BATS_TEST_TMPDIR/two.in"
    ended one 0
    ended two 0
    [[ $(uniq "$BATS_TEST_TMPDIR/one.out") == $'early\nlater' ]]
    [[ $(uniq "$BATS_TEST_TMPDIR/two.out") == later ]]
}

@test "attach: who is slow or stopped holds up neither the app nor others, and is told what it has missed" {
    busybox_image much "$(sh_app 'while read -r l; do case $l in
        end) exit 4;; ping) echo ping;; *) seq 1 "$l"; echo done >/done;; esac; done')"
    applets much seq touch
    start_pod example.com/much "${streams[@]}"
    client one "$uuid"
    client two "$uuid"
    wait_for 20 hears one two ping
    local stopped=$client_pid total got missing name
    kill -STOP "$stopped"
    echo 300000 >"$BATS_TEST_TMPDIR/one.in"
    wait_for 60 in_app grep -x done /done
    total=$(seq 1 300000 | wc -c)
    kill -CONT "$stopped"
    wait_for 20 grep -q 'bytes of output are missing' "$BATS_TEST_TMPDIR/two.err"
    echo end >"$BATS_TEST_TMPDIR/one.in"
    ended one 4
    ended two 4
    for name in one two; do
        got=$(($(wc -c <"$BATS_TEST_TMPDIR/$name.out") - 5 * $(grep -cx ping "$BATS_TEST_TMPDIR/$name.out")))
        missing=$(sed -n 's/.*: \([0-9]*\) bytes of output are missing.*/\1/p' "$BATS_TEST_TMPDIR/$name.err" | awk '{ sum += $1 } END { print sum }')
        ((got + ${missing:-0} == total)) || { echo "$name: $got + $missing of $total"; return 1; }
    done
}

@test "attach: nonsense on its socket harms nobody, and the socket is root's and the group's alone" {
    busybox_image lines "$(sh_app 'while read -r l; do [ "$l" != end ] || exit 6; echo "$l"; done')"
    start_pod example.com/lines "${streams[@]}"
    local socket=/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/attach
    [[ $(stat -c '%a %U:%G' "$socket") == '660 root:rkt' ]]
    client one "$uuid"
    (cd "${socket%/*}" && timeout 240 python3 -B "$BATS_TEST_DIRNAME/attach-hostile.py" attach lines)
    echo still >"$BATS_TEST_TMPDIR/one.in"
    wait_for 20 grep -qx still "$BATS_TEST_TMPDIR/one.out"
    echo end >"$BATS_TEST_TMPDIR/one.in"
    ended one 6
}

@test "attach: who has come and gone leaves nothing behind in PID 1" {
    busybox_image lines "$(sh_app 'read -r end')"
    start_pod example.com/lines "${streams[@]}"
    local before leader
    leader=$(<"/var/lib/rkt/pods/run/$uuid/pid")
    fds() { ls "/proc/$leader/fd" | wc -l; }
    before=$(fds)
    (cd "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt" && timeout 240 python3 -B "$BATS_TEST_DIRNAME/attach-hostile.py" --often attach lines)
    as_before() { [[ $(fds) == "$before" ]]; }
    wait_for 20 as_before
}

@test "attach: processes of the pod are turned away, even where a volume shows them the socket" {
    inspect_image
    busybox_image lines "$(sh_app 'read -r end')"
    start_pod --volume=usr,kind=host,source=/usr --volume=rkt,kind=host,source=/var/lib/rkt example.com/lines "${streams[@]}" \
        example.com/inspect --mount=volume=rkt,target=/host --exec=/bin/sleep -- 1000
    (cd "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt" && python3 -B "$BATS_TEST_DIRNAME/attach-hostile.py" --hello attach lines)
    cp "$BATS_TEST_DIRNAME/attach-hostile.py" "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/"
    check_fails 9 rkt enter --app=inspect --working-dir="/host/pods/run/$uuid/stage1/rootfs/rkt" "$uuid" \
        python3 -B attach-hostile.py --hello attach lines
}

@test "attach: list tells what there is, and what cannot be is refused with its reason" {
    busybox_image lines "$(sh_app 'read -r end')"
    start_pod example.com/lines --name=some --stdin=stream --stderr=stream example.com/lines --name=term "${tty[@]}" \
        example.com/lines --name=plain --exec=/bin/sleep -- 1000
    check rkt attach --app=some --mode=list "$uuid"
    jq -e '.version == 1 and [.targets[].name] == ["stdin", "stderr"] and all(.targets[]; .domain == "unix")' <<<"$output"
    check rkt attach --app=term --mode=list "$uuid"
    jq -e '[.targets[].name] == ["tty"]' <<<"$output"
    check rkt attach --app=plain --mode=list "$uuid"
    jq -e '.targets == []' <<<"$output"
    check_fails 254 rkt attach --app=plain "$uuid"
    has 'nothing to attach to'
    check_fails 254 rkt attach "$uuid"
    has 'several apps'
    check_fails 254 rkt attach --app=none "$uuid"
    has 'no app "none"'
    check_fails 254 rkt attach --app=some --mode=stdout "$uuid"
    has 'has not been given all that was asked for'
    check_fails 254 rkt attach --app=some --mode=stdout,tty "$uuid"
    has 'either streams or a tty'
    check_fails 254 rkt attach --app=some --mode=everything "$uuid"
    has 'expected stdin, stdout'
    check_fails 254 rkt attach --app=some --detach-keys=ctrl- "$uuid"
    check_fails 254 setpriv --reuid=65534 --regid=65534 --clear-groups rkt attach "$uuid"
    check_fails 254 rkt run --net=none example.com/lines --stdin=log
    has 'expected null, stream or tty'
    check_fails 254 rkt run --net=none example.com/lines --stdin=tty --stdout=stream
    has 'either streams or a tty'
    check_fails 254 rkt run --net=none --interactive example.com/lines --stdin=stream
    has "rkt's own standard input"
}

@test "attach: input alone can be attached to, and what is logged stays logged; null is nothing" {
    busybox_image lines "$(sh_app 'read -r l; echo "got $l"; echo quiet >&2; exit 3')"
    start_pod example.com/lines --stdin=stream --stderr=null
    local status=0
    echo word | rkt attach --mode=stdin "$uuid" || status=$?
    ((status == 3))
    wait "$run_pid" || (($? == 3))
    grep -q 'lines\[[0-9]*\]: got word$' "$BATS_TEST_TMPDIR/out"
    ! grep quiet "$BATS_TEST_TMPDIR/out" || return 1
}

@test "attach: a pod with users of its own has streams and a terminal, too" {
    need commands tmux
    busybox_image shell "$(sh_app 'exec sh')"
    start_pod --private-users --no-overlay example.com/shell "${tty[@]}" --environment=PS1='ready> ' --user=7 --group=7 \
        example.com/shell --name=lines "${streams[@]}" --user=7 --group=7
    terminal one "rkt attach --app=shell $uuid"
    shows one '^ready>'
    keys one 'id -u; : </dev/tty && : >$(tty) && echo o""wn' Enter
    shows one '^7$'
    echo 'id -u; echo again >/dev/stderr; exit 2' >"$BATS_TEST_TMPDIR/input"
    check_fails 2 rkt attach --app=lines "$uuid" <"$BATS_TEST_TMPDIR/input"
    has '^7$'
    has '^again$'
}

@test "attach: the fly stage1 has nothing to attach to, and says so" {
    busybox_image lines "$(sh_app 'echo seen')"
    check rkt run --stage1-from-dir=fly --net=host example.com/lines --stdout=stream
    has 'the fly stage1 ignores the annotation coreos.com/rkt/stage2/stdout'
    has '^seen$'
}
