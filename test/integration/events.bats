# SPDX-License-Identifier: LGPL-2.1-or-later
# What the journal is told of pods and images, and rkt events.

load lib
load pods

setup_file() { journalctl --update-catalog; }

teardown() {
    [[ -z ${follower-} ]] || kill "$follower" 2>/dev/null || :
    end_pods
}

# told ARGUMENT…: rkt events as JSON in $output, once the journal has all that was sent so far.
told() {
    journalctl --sync
    check rkt events --format=json "$@"
}

# kinds: of the events in $output, in order, on one line.
kinds() { jq -r .event <<<"$output" | tr '\n' ' '; }

# run_pod STATUS ARGUMENT…: a pod that ends with the status. Sets uuid.
run_pod() {
    check_fails "$1" rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "${@:2}"
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
}

@test "events: the life of a pod is told from its start to its removal" {
    busybox_image app "$(sh_app 'exit 3')"
    run_pod 3 example.com/app
    told "$uuid"
    [[ $(kinds) == 'pod-started '*' pod-stopped ' ]]
    [[ $(kinds | tr ' ' '\n' | sort | xargs) == 'app-exited app-started pod-ready pod-started pod-stopped' ]]
    [[ $(jq -c 'select(.event == "app-exited") | [.app, .status, .signal]' <<<"$output") == '["app",3,null]' ]]
    [[ $(jq 'select(.event == "pod-stopped").status' <<<"$output") == 3 ]]
    [[ $(jq -s 'map(.time) == (map(.time) | sort)' <<<"$output") == true ]]
    rkt rm "$uuid"
    told --event=pod-removed "${uuid:0:8}"
    [[ $(jq -r .pod <<<"$output") == "$uuid" ]]
}

@test "events: a line has a time, a kind and a sentence" {
    busybox_image app "$(sh_app 'kill -9 $$')"
    run_pod 137 example.com/app
    journalctl --sync
    check rkt events --event=app-exited --app=app "$uuid"
    has "^20[0-9-]+ [0-9:.]+ .*	app-exited +	App app of pod $uuid was ended by SIGKILL$"
    check rkt events --app=other "$uuid"
    [[ -z $output ]]
}

@test "events: a pod that is only prepared, and removed" {
    busybox_image app
    uuid=$(rkt prepare --quiet example.com/app)
    rkt rm "$uuid"
    told "$uuid"
    [[ $(kinds) == 'pod-prepared pod-removed ' ]]
}

@test "events: an app that is started again by its policy" {
    busybox_image app "$(sh_app 'echo >>/tmp/starts; [ "$(grep -c "" /tmp/starts)" = 2 ]')"
    run_pod 0 example.com/app --restart=on-failure
    told --app=app "$uuid"
    [[ $(kinds) == 'app-started app-exited app-restarting app-started app-exited ' ]]
}

@test "events: the kernel kills an app because memory is out" {
    need controllers memory
    busybox_image app "$(sh_app 'head -c 60000000 /dev/zero | tail >/dev/null')"
    applets app head tail
    run rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app --memory=20M
    told --event=app-oom-killed "$(<"$BATS_TEST_TMPDIR/uuid")"
    [[ $(jq -r .app <<<"$output") == app ]]
}

@test "events: the fly stage1 tells, too" {
    busybox_image app "$(sh_app 'exit 4')"
    check_fails 4 rkt run --stage1-from-dir=fly --net=host --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app
    told "$(<"$BATS_TEST_TMPDIR/uuid")"
    [[ $(kinds) == 'pod-started app-started pod-ready app-exited pod-stopped ' ]]
    [[ $(jq 'select(.event == "pod-stopped").status' <<<"$output") == 4 ]]
}

@test "events: images come and go" {
    busybox_image told-of
    rkt image rm "$image_id"
    told --event=image-fetched --event=image-removed
    [[ $(jq -r --arg id "$image_id" 'select(.image == $id) | .event + " " + .image_name' <<<"$output" | tail -n 2 | xargs) == \
        'image-fetched example.com/told-of:1.0 image-removed example.com/told-of:1.0' ]]
}

@test "events: an OCI image comes and goes" {
    need commands umoci
    umoci init --layout "$BATS_TEST_TMPDIR/layout" && umoci new --image "$BATS_TEST_TMPDIR/layout:one"
    image_id=$(rkt --insecure-options=image fetch --full "oci:$BATS_TEST_TMPDIR/layout:one")
    rkt image rm "$image_id"
    told --event=image-fetched --event=image-removed
    [[ $(jq -r --arg id "$image_id" 'select(.image == $id).event' <<<"$output" | tail -n 2 | xargs) == 'image-fetched image-removed' ]]
}

@test "events: journalctl -x explains them" {
    busybox_image app "$(sh_app 'exit 5')"
    run_pod 5 example.com/app
    journalctl --sync
    check journalctl -x -t rkt "RKT_POD=$uuid"
    has "App app of pod $uuid has ended"
    has "Its status was 5"
    has "journalctl -M rkt-$uuid -t app"
    has 'man:rkt-events\(1\)'
}

@test "events: with --follow they are told as they happen" {
    busybox_image app
    # shellcheck disable=SC2119
    rkt events --follow --since=0 --event=pod-stopped --format=json >"$BATS_TEST_TMPDIR/followed" 3>&- &
    follower=$!
    # it may not listen yet when the first pod ends
    one_is_followed() {
        run_pod 0 example.com/app
        journalctl --sync
        grep -q "$uuid" "$BATS_TEST_TMPDIR/followed"
    }
    wait_for 30 one_is_followed
}

@test "events: what others than root say of pods does not count" {
    uuid=$(cat /proc/sys/kernel/random/uuid)
    id=$(sed -n 's/^MESSAGE_ID=//p' < <(journalctl -o export -n 1 RKT_EVENT=pod-stopped))
    [[ -n $id ]]
    printf 'MESSAGE=false\nMESSAGE_ID=%s\nRKT_EVENT=pod-stopped\nRKT_POD=%s\n' "$id" "$uuid" >"$BATS_TEST_TMPDIR/entry"
    setpriv --reuid=65534 --regid=65534 --clear-groups logger --journald <"$BATS_TEST_TMPDIR/entry"
    journalctl --sync
    check journalctl -o cat "RKT_POD=$uuid"
    has false
    told "$uuid"
    [[ -z $output ]]
    logger --journald <"$BATS_TEST_TMPDIR/entry"
    told "$uuid"
    [[ $(kinds) == 'pod-stopped ' ]]
}

@test "events: a kind that there is not, and two pods, are errors" {
    check_fails 254 rkt events --event=pod-vanished
    has 'there is no such event'
    check_fails 254 rkt events one two
    check_fails 254 rkt events --since=-5m
}
