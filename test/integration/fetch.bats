#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib
load servers

setup() {
    data=$BATS_TEST_TMPDIR/data
    www=$BATS_TEST_TMPDIR/www
    mkdir -p "$www"
}

teardown() {
    stop_servers
}

r() { rkt --dir="$data" --insecure-options=image "$@"; }

@test "fetch: takes a path, a file URL and an http URL, and prints one ID a line" {
    make app
    serve "$www"
    cd "$www"
    local form
    for form in ./app.aci app.aci "$www/app.aci" "file://$www/app.aci" "$url/app.aci" "$url/app.aci?x=y"; do
        [[ $(r fetch --full "$form" 2>/dev/null) == "$id" ]]
    done
    [[ $(r fetch "$www/app.aci" 2>/dev/null) == "${id:0:39}" ]]
    [[ $(r fetch "$www/app.aci" "$url/app.aci" 2>/dev/null | wc -l) == 2 ]]
    [[ $(r image fetch --full "$www/app.aci" 2>/dev/null) == "$id" ]]
    check r fetch --pull-policy=new example.com/app
    check r fetch "${id:0:20}"
}

@test "fetch: without a signature an image is only taken with --insecure-options=image" {
    make app
    check_fails 254 rkt --dir="$data" fetch "$www/app.aci"
    has 'signature'
    has 'insecure-options=image'
    check_fails 254 rkt --dir="$data" fetch "http://127.0.0.1:1/app.aci"
    has 'signature'
    [[ -z $(find "$data" -type f) ]]
}

@test "fetch: what cannot be fetched is refused with what can" {
    check_fails 254 r fetch example.com/unknown
    has 'discovery of "example.com/unknown" failed'
    check_fails 254 r fetch --pull-policy=never example.com/unknown
    has 'unable to fetch image from "example.com/unknown": no image in the store matches'
    check_fails 254 r fetch https://example.com/app
    has 'must end in .aci'
    check_fails 254 r fetch "$BATS_TEST_TMPDIR/none.aci"
    has 'error opening image file .*No such file or directory'
    check_fails 254 r fetch "$BATS_TEST_TMPDIR"
    has 'Is a directory'
    check_fails 254 rkt --insecure-options=image fetch /dev/zero
    has '/dev/zero: it is a character device'
    check_fails 254 r fetch
    has 'must provide at least one image'
    check_fails 254 r fetch -- --none.aci
    has 'error opening image file --none.aci: No such file or directory'
}

@test "fetch: an unchanged file is not downloaded again, by ETag and by max-age" {
    make app
    serve_scripted
    echo '"one"' >"$www/app.aci.etag"
    check r fetch --full "$url/app.aci"
    check r fetch --full "$url/app.aci"
    [[ ${lines[-1]} == "$id" && $(requests ' 200') == 1 && $(requests ' 304') == 1 ]]
    echo 'max-age=100' >"$www/app.aci.cache-control"
    check r fetch "$url/app.aci"
    [[ $(requests '') == 3 ]]
    # the answer that nothing has changed renewed it
    check r fetch "$url/app.aci"
    [[ $(requests '') == 3 ]]
    # another image under the same URL
    make app
    rm "$www/app.aci.cache-control"
    echo '"two"' >"$www/app.aci.etag"
    r image rm example.com/app >/dev/null
    check r fetch --full "$url/app.aci"
    [[ ${lines[-1]} == "$id" ]]
}

@test "fetch: the pull policy says whether the store or the server is asked" {
    make app
    serve_scripted
    check_fails 254 r fetch --pull-policy=never "$url/app.aci"
    [[ $(requests '') == 0 ]]
    check r fetch --pull-policy=new "$url/app.aci"
    check r fetch --pull-policy=new "$url/app.aci"
    check r fetch --pull-policy=never "$url/app.aci"
    [[ $(requests '') == 1 ]]
    check r fetch "$url/app.aci"
    [[ $(requests '') == 2 ]]
    check_fails 254 r fetch --pull-policy=sometimes "$url/app.aci"
}

@test "fetch: error statuses and broken transfers leave nothing" {
    make app
    serve_scripted
    echo 404 >"$www/app.aci.status"
    check_fails 254 r fetch "$url/app.aci"
    has 'bad HTTP status code: 404'
    echo 200 >"$www/app.aci.status"
    echo 100 >"$www/app.aci.cut"
    check_fails 254 r fetch "$url/app.aci"
    has 'error downloading'
    [[ -z $(find "$data" -type f) && -z $(ls -A "$data/cas/tree") ]]
    check_fails 254 r fetch http://127.0.0.1:1/app.aci
    has 'error downloading http://127.0.0.1:1/app.aci'
}

@test "fetch: follows redirects, but not for ever" {
    make app
    serve_scripted
    echo /app.aci >"$www/old.aci.location"
    check r fetch --full "$url/old.aci"
    [[ ${lines[-1]} == "$id" ]]
    echo /loop.aci >"$www/loop.aci.location"
    check_fails 254 r fetch "$url/loop.aci"
    has 'redirects'
}

# fetch_twice: two fetches of $url/app.aci in the background, the first held in the middle, the second waiting for
# it. Sets first and second, their processes; what they print is in $BATS_TEST_TMPDIR/{1,2}.
fetch_twice() {
    touch "$www/app.aci.hold"
    rkt-fetch --dir="$data" --insecure-options=image --full "$url/app.aci" >"$BATS_TEST_TMPDIR/1" 2>&1 3>&- &
    first=$!
    wait_for 20 test -s "$log"
    rkt-fetch --dir="$data" --insecure-options=image --full "$url/app.aci" >"$BATS_TEST_TMPDIR/2" 2>&1 3>&- &
    second=$!
    wait_for 20 grep -q 'another rkt instance is downloading this file, waiting' "$BATS_TEST_TMPDIR/2"
}

@test "fetch: of two that want one URL, one downloads and both succeed" {
    make app
    serve_scripted
    fetch_twice
    rm "$www/app.aci.hold"
    wait $first
    wait $second
    [[ $(tail -n 1 "$BATS_TEST_TMPDIR/1") == "$id" && $(tail -n 1 "$BATS_TEST_TMPDIR/2") == "$id" && $(requests '') == 1 ]]
}

@test "fetch: if the one that downloads is killed, the one that waits takes over" {
    make app
    serve_scripted
    fetch_twice
    kill -9 $first
    rm "$www/app.aci.hold"
    wait $second
    [[ $(tail -n 1 "$BATS_TEST_TMPDIR/2") == "$id" ]]
    check r image gc
    [[ -z $(ls -A "$data/cas/tmp") ]]
}

@test "fetch: an image can be fetched by somebody who is not root" {
    make app
    install -d -o nobody "$BATS_TEST_TMPDIR/nobody"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
    local as=(setpriv --reuid=nobody --regid=nogroup --clear-groups rkt "--dir=$BATS_TEST_TMPDIR/nobody/d" --insecure-options=image)
    check "${as[@]}" fetch --full "$www/app.aci"
    [[ ${lines[-1]} == "$id" ]]
    check "${as[@]}" image extract example.com/app "$BATS_TEST_TMPDIR/nobody/out"
    [[ $(stat -c %U "$BATS_TEST_TMPDIR/nobody/out/rootfs/file") == nobody ]]
    check_fails 254 "${as[@]}" image gc
    has 'cannot run as unprivileged user'
}

unpacking() { [[ $(ls -A "$data/cas/tree") ]]; }

@test "fetch: a signal ends it as it would any program, and nothing is left" {
    make app
    serve_scripted
    local signal fetch
    rkt --dir="$data" image list >/dev/null
    for signal in INT TERM HUP; do
        touch "$www/app.aci.hold"
        : >"$log"
        # a shell of its own: one that runs things in the background has them ignore SIGINT
        python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
            rkt-fetch --dir="$data" --insecure-options=image "$url/app.aci" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
        fetch=$!
        wait_for 20 test -s "$log"
        wait_for 20 unpacking
        kill -s $signal $fetch
        status=0
        wait $fetch || status=$?
        ((status == 128 + $(kill -l $signal)))
        [[ -z $(find "$data" -type f ! -name 'url-*') && -z $(ls -A "$data/cas/tree") ]]
    done
    rm "$www/app.aci.hold"
    check r fetch --full "$url/app.aci"
    [[ ${lines[-1]} == "$id" ]]
}
