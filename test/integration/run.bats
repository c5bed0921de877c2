#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib
load pods

teardown() {
    end_pods
}

@test "run: ends with the app's exit status" {
    busybox_image status "$(sh_app 'exit 7')"
    check_fails 7 rkt run --net=none example.com/status
    check rkt run --net=none example.com/status --exec=/bin/true
}

@test "run: what the app prints appears on stdout under the app's name" {
    busybox_image talk "$(sh_app 'echo to stdout; echo to stderr >&2')"
    check rkt run --net=none example.com/talk
    has '^\[ *[0-9]+\.[0-9]{6}\] talk\[[0-9]+\]: to stdout'
    has 'talk\[[0-9]+\]: to stderr'
}

@test "run: arguments behind -- go to the app, and --exec replaces the command" {
    busybox_image args
    check rkt run --net=none example.com/args --exec=/bin/echo -- --one 'two words' --- \
        example.com/args --name=second --exec=/bin/echo -- three
    has 'args\[[0-9]+\]: --one two words'
    has 'second\[[0-9]+\]: three'
}

@test "run: environment is taken from the caller, the image, the file, --set-env and --environment, in this order" {
    busybox_image env '{"exec": ["/bin/env"], "user": "0", "group": "0", "environment": [
        {"name": "A", "value": "image"}, {"name": "B", "value": "image"}, {"name": "C", "value": "image"}, {"name": "D", "value": "image"}]}'
    printf '# a comment\n\nB=file\nC=file\nD=file\n' >"$BATS_TEST_TMPDIR/file"
    A=caller Z=caller check rkt run --net=none --inherit-env --set-env-file="$BATS_TEST_TMPDIR/file" \
        --set-env=C=set --set-env=D=set example.com/env --environment=D=app
    has ': A=image$'
    has ': B=file$'
    has ': C=set$'
    has ': D=app$'
    has ': Z=caller$'
}

@test "run: without --inherit-env nothing of the caller's environment reaches the app" {
    busybox_image env '{"exec": ["/bin/env"], "user": "0", "group": "0"}'
    SECRET=x check rkt run --net=none example.com/env
    lacks SECRET
    has ': AC_APP_NAME=env$'
    has ': PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin$'
}

@test "run: a pod of three apps ends with the status of the first that fails, and the others are stopped" {
    local term='trap "echo stopping; exit 0" TERM; echo up; while :; do sleep 0.1; done'
    busybox_image one "$(sh_app "$term")"
    busybox_image two "$(sh_app 'sleep 0.5; exit 42')"
    busybox_image three "$(sh_app 'while :; do sleep 0.1; done')"
    check_fails 42 rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/one example.com/two example.com/three
    has 'one\[[0-9]+\]: stopping'
    check rkt status --uuid-file="$BATS_TEST_TMPDIR/uuid"
    has '^state=exited$'
    has '^app-one=0$'
    has '^app-two=42$'
    has '^app-three=143$'
}

@test "run: several apps of one pod see each other's processes and share the host name, but not their files" {
    busybox_image a "$(sh_app 'touch /only-here; hostname; sleep 2')"
    busybox_image b "$(sh_app 'sleep 0.5; ps; hostname; test ! -e /only-here && echo apart')"
    check rkt run --net=none --hostname=together example.com/a example.com/b
    has 'a\[[0-9]+\]: together'
    has 'b\[[0-9]+\]: together'
    has 'b\[[0-9]+\]: .* sleep 2'
    has 'b\[[0-9]+\]: apart'
}

@test "run: what an app writes is its own; the image stays as it was" {
    busybox_image writer "$(sh_app 'test ! -e /etc/new && echo clean; echo x >/etc/new; rm /bin/cat')"
    check rkt run --net=none example.com/writer
    has ': clean'
    check rkt run --net=none example.com/writer
    has ': clean'
}

@test "run --no-overlay: the app runs from a copy" {
    busybox_image copy "$(sh_app 'grep " / " /proc/self/mountinfo; echo x >/etc/new; rm /bin/cat')"
    check rkt run --net=none --no-overlay example.com/copy
    lacks ' - overlay '
    check rkt run --net=none example.com/copy
    has ' - overlay '
}

@test "run: user, group and working directory come from the image and are overridden by flags" {
    busybox_image who '{"exec": ["/bin/sh", "-c", "id; pwd"], "user": "65534", "group": "65534", "workingDirectory": "/etc"}'
    check rkt run --net=none example.com/who
    has 'uid=65534 gid=65534'
    has ': /etc$'
    check rkt run --net=none example.com/who --user=1000 --group=1001 --supplementary-gids=5,6 --working-dir=/tmp
    has 'uid=1000 gid=1001 groups=(1001,)?5,6'
    has ': /tmp$'
}

@test "run: --volume and --mount bring a directory of the host into the app" {
    busybox_image volumes "$(sh_app 'cat /data/file; echo back >/data/written; touch /ro/x || echo refused')"
    mkdir "$BATS_TEST_TMPDIR/data"
    echo from the host >"$BATS_TEST_TMPDIR/data/file"
    check rkt run --net=none --volume="data,kind=host,source=$BATS_TEST_TMPDIR/data" \
        --volume="ro,kind=host,source=$BATS_TEST_TMPDIR/data,readOnly=true" --volume=scratch,kind=empty,mode=1777 \
        example.com/volumes --mount=volume=data,target=/data --mount=volume=ro,target=/ro --mount=volume=scratch,target=/scratch
    has ': from the host'
    has ': refused'
    [[ $(<"$BATS_TEST_TMPDIR/data/written") == back ]]
}

@test "run: a missing volume is an error and leaves no pod behind" {
    busybox_image volumes
    check_fails 254 rkt run --net=none example.com/volumes --mount=volume=nope,target=/x
    has 'dangling mount point .*volume "nope" not found'
    [[ -z $(rkt list --no-legend) ]]
}

@test "run: an image that is not there, and one without os and arch, are errors that name it" {
    check_fails 254 rkt run --net=none --pull-policy=never example.com/absent
    has 'example.com/absent'
    check_fails 254 rkt run --net=none sha512-0123456789abcdef
    has 'sha512-0123456789abcdef'
    [[ -z $(rkt list --no-legend) ]]
}

@test "run: what a pod cannot have is refused before there is a pod" {
    busybox_image early
    check_fails 254 rkt run --net=none --hostname="$(printf 'h%.0s' {1..65})" example.com/early
    has 'longer than 64 characters'
    check_fails 254 rkt run --net=none example.com/early --name="$(printf 'n%.0s' {1..250})"
    has 'its name is longer than 240 characters'
    check_fails 254 rkt run --net=host,none example.com/early
    has 'excludes every other network'
    check_fails 254 rkt run --net=none --hostname=$'one\n192.0.2.1 two' example.com/early
    has 'expected letters, digits, dots, dashes and underscores'
    local flag
    for flag in dns-search dns-opt dns-domain; do
        check_fails 254 rkt run --net=none "--$flag="$'one\nnameserver 192.0.2.1' example.com/early
        has "--$flag: a control character is in the value"
    done
    for flag in user group exec signature; do
        check_fails 254 rkt prepare example.com/early "--$flag="
        has "--$flag=: must not be empty"
    done
    [[ -z $(rkt list --no-legend) ]]
}

@test "run --pod-manifest: the pod of the manifest runs, and wrong manifests are refused with their place" {
    busybox_image manifest
    local file=$BATS_TEST_TMPDIR/pod.json
    jq -n --arg id "$image_id" '{acVersion: "0.8.11", acKind: "PodManifest", apps: [{name: "mine", image: {id: $id},
        app: {exec: ["/bin/echo", "from the manifest"], user: "0", group: "0"}}]}' >"$file"
    check rkt run --net=none --pod-manifest="$file"
    has 'mine\[[0-9]+\]: from the manifest'
    check_fails 254 rkt run --net=none --pod-manifest="$file" example.com/manifest
    has 'conflicting flags'
    sed -i 's/"exec": \[/"exec": [7,/' "$file"
    check_fails 254 rkt run --net=none --pod-manifest="$file"
    has 'pod.json:[0-9]+:[0-9]+: apps\[0\].app.exec\[0\]: expected a string, found a number'
}

@test "run: not as root it says so" {
    check_fails 254 setpriv --reuid=65534 --clear-groups rkt run --net=none example.com/x
    has 'cannot run as unprivileged user'
}

@test "run: a program that is missing is named" {
    busybox_image missing
    check_fails 203 rkt run --net=none example.com/missing --exec=/bin/nothing-here
    has '/bin/nothing-here'
}

@test "enter: gives the app's namespaces, user, environment and exit status" {
    busybox_image inside "$(sh_app 'while :; do sleep 0.1; done')"
    start_pod example.com/inside --user=1234 --environment=WHO=app
    check rkt enter "$uuid" /bin/sh -c 'id -u; echo $WHO $AC_APP_NAME; ps'
    has '^1234$'
    has '^app inside$'
    check_fails 9 rkt enter "${uuid:0:8}" /bin/sh -c 'exit 9'
    check_fails 254 rkt enter --app=nobody "$uuid" /bin/true
    rkt stop "$uuid"
}

@test "enter: a pod of several apps wants --app" {
    busybox_image inside "$(sh_app 'while :; do sleep 0.1; done')"
    start_pod example.com/inside example.com/inside --name=other
    check_fails 254 rkt enter "$uuid" /bin/true
    has other
    check rkt enter --app=other "$uuid" /bin/env
    has '^AC_APP_NAME=other$'
    rkt stop "$uuid"
}
