#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the App Container specification's validator of executors checks, as two images of ours: "main" with hooks and
# "sidekick" share a volume. Each check is made by the app itself.

# shellcheck disable=SC2016 # a script for the apps' shell
load lib
load pods

teardown() {
    end_pods
    systemctl stop rkt-metadata.socket rkt-metadata.service 2>/dev/null || :
}

validator='#!/bin/sh
fail() { echo "FAIL $*"; failed=1; }
is() { [ "$2" = "$3" ] || fail "$1 is \"$2\" instead of \"$3\""; }
there() { [ "$1" "$2" ] || fail "not so: $1 $2"; }
missing() { [ ! -e "$1" ] || fail "there already: $1"; }

environment() {
    is PATH "$PATH" /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    is "the working directory" "$(pwd)" /opt/acvalidator
    is IN_ACE_VALIDATOR "$IN_ACE_VALIDATOR" correct
    is AC_APP_NAME "$AC_APP_NAME" "$app"
    is "the user" "$(id -u):$(id -g)" 0:0
}

# the mount point $1 is one, read-only or not
mounted() {
    options=$(grep " $1 " /proc/self/mountinfo | cut -d " " -f 6)
    case ",$options," in
    *",$2,"*) ;;
    *) fail "$1 is mounted with \"$options\", without $2" ;;
    esac
}

filesystems() {
    for name in null zero full random urandom tty console ptmx; do there -c /dev/$name; done
    for name in /proc/self /sys/class /dev/pts /dev/shm; do there -d $name; done
    mounted /db rw
    mounted /reference ro
    touch /reference/file 2>/dev/null && fail "/reference can be written"
    [ ! -e /sys/fs/cgroup/memory.max ] || is "the memory limit" "$(cat /sys/fs/cgroup/memory.max)" "$limit"
}

# the other app has the same volume
meet() {
    echo "$app" >/db/$app
    i=0
    while [ ! -s /db/$1 ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i + 1)); done
    is "what $1 has put into the volume" "$(cat /db/$1)" "$1"
}

# ask PATH TYPE [FORM]: the metadata service, by hand, as a static busybox has no name service for wget. Sets body.
ask() {
    where=${AC_METADATA_URL#http://}
    host=${where%%:*} path=${where#*/}/acMetadata/v1/$1 method=GET form=$3
    [ -z "$form" ] || method=POST
    printf "%s /%s HTTP/1.0\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s" \
        $method "$path" "$host" ${#form} "$form" | nc -w 10 "$host" 18112 | tr -d "\r" >/tmp/answer-$app
    head=$(sed "/^$/q" /tmp/answer-$app)
    body=$(sed "1,/^$/d" /tmp/answer-$app)
    case $head in "HTTP/1."?" 200 "*) ;; *) fail "$1 has the answer $head" ;; esac
    [ -z "$2" ] || case $head in *"Content-Type: $2"*) ;; *) fail "$1 is not of type $2: $head" ;; esac
}

metadata() {
    [ -n "$AC_METADATA_URL" ] || return
    text="text/plain; charset=us-ascii"
    ask pod/manifest application/json
    case $body in *PodManifest*main*sidekick*) ;; *) fail "the pod manifest: $body" ;; esac
    ask pod/uuid "$text"
    uuid=$body
    [ ${#uuid} = 36 ] || fail "the UUID: $uuid"
    ask pod/annotations application/json
    is "the pod annotations" "$body" "[]"
    for other in main sidekick; do
        ask apps/$other/annotations application/json
        is "the annotations of $other" "$body" "[]"
        ask apps/$other/image/manifest application/json
        case $body in *ImageManifest*example.com/$other*) ;; *) fail "the manifest of $other: $body" ;; esac
        ask apps/$other/image/id "$text"
        case $body in sha512-*) ;; *) fail "the image of $other: $body" ;; esac
    done
    ask pod/hmac/sign "$text" content=to+be+signed
    signature=$(echo "$body" | sed "s/+/%2B/g; s/=/%3D/g")
    [ ${#body} = 88 ] || fail "the signature: $body"
    ask pod/hmac/verify "" "uuid=$uuid&content=to+be+signed&signature=$signature"
    echo "$app has asked"
}

failed=0 app=main limit=1073741824
case $1 in
prestart)
    missing /prestart
    missing /ran
    missing /poststop
    environment
    touch /prestart
    ;;
main)
    there -e /prestart
    missing /poststop
    environment
    filesystems
    touch /ran
    metadata
    meet sidekick
    ;;
poststop)
    there -e /prestart
    there -e /ran
    environment
    touch /poststop
    ;;
sidekick)
    app=sidekick limit=max
    missing /prestart
    environment
    filesystems
    metadata
    meet main
    ;;
esac
echo "$1 has ended with $failed"
exit $failed'

# validator_image NAME [JSON of more in the app]
validator_image() {
    local app more=${2:-\{\}}
    app=$(jq -n --arg name "$1" --argjson more "$more" '{exec: ["/ace", $name], user: "0", group: "0",
        workingDirectory: "/opt/acvalidator", environment: [{name: "IN_ACE_VALIDATOR", value: "correct"}],
        mountPoints: [{name: "database", path: "/db"}, {name: "reference", path: "/reference", readOnly: true}]} + $more')
    busybox_image "$1" "$app"
    mkdir -p "$BATS_TEST_TMPDIR/image-$1/rootfs/opt/acvalidator"
    printf '%s\n' "$validator" >"$BATS_TEST_TMPDIR/image-$1/rootfs/ace"
    chmod 755 "$BATS_TEST_TMPDIR/image-$1/rootfs/ace"
    applets "$1" cut nc sed tr
}

validator_images() {
    validator_image main '{"eventHandlers": [{"name": "pre-start", "exec": ["/ace", "prestart"]}, {"name": "post-stop", "exec": ["/ace", "poststop"]}],
        "ports": [{"name": "www", "protocol": "tcp", "port": 80}],
        "isolators": [{"name": "resource/memory", "value": {"request": "1Gi", "limit": "1Gi"}}]}'
    validator_image sidekick
    mkdir "$BATS_TEST_TMPDIR/reference"
}

# run_validator ARGUMENT…: rkt run of both.
run_validator() {
    check rkt run "$@" --volume=database,kind=empty "--volume=reference,kind=host,source=$BATS_TEST_TMPDIR/reference" \
        example.com/main example.com/sidekick
    lacks 'FAIL'
    has ': prestart has ended with 0$'
    has ': main has ended with 0$'
    has ': poststop has ended with 0$'
    has ': sidekick has ended with 0$'
}

@test "the checks of the specification's validator hold in a pod of its two apps, on each kind of root" {
    validator_images
    local root
    for root in --no-overlay=false --no-overlay; do
        run_validator --net=none $root
    done
}

@test "those of the metadata service hold, too, for both apps" {
    type -P rkt-metadata-service >/dev/null || skip "built without the metadata service"
    validator_images
    systemctl start rkt-metadata.socket
    run_validator --mds-register
    has ': main has asked$'
    has ': sidekick has asked$'
}
