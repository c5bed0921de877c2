#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Fetching over HTTP from servers that are slow, break off, lie or mean ill. RKT_TEST_KILLS says how often a
# fetch is killed (50).

load lib
load servers

setup() {
    data=$BATS_TEST_TMPDIR/data
    www=$BATS_TEST_TMPDIR/www
    mkdir -p "$www"
    unset http_proxy https_proxy no_proxy
}

teardown() {
    stop_servers
    ip address delete 198.51.100.1/32 dev lo 2>/dev/null || :
}

r() { rkt --dir="$data" --insecure-options=image "$@"; }

# set_for NAME SETTING VALUE: what the scripted server does for $www/NAME.aci
set_for() { echo "$3" >"$www/$1.aci.$2"; }

fetched() { [[ ${lines[-1]} == "$id" ]]; }

nothing_is_left() {
    [[ -z $(find "$data" -type f) && -z $(ls -A "$data/cas/tree" "$data/cas/tmp" | grep -v ':$') ]]
}

# partial: the file that a download has left
partial() { find "$data/cas/tmp" -name 'incoming-*' -type f ! -name '*.lock'; }

size_at_least() { [[ -n $(partial) ]] && (($(stat -c %s "$(partial)") >= $1)); }

@test "http: a certificate must come from an authority that is trusted, unless the user turns that off" {
    make app
    certificates
    serve_nginx 127.0.0.1
    check_fails 254 r fetch "$url/app.aci"
    has "error downloading $url/app.aci: .*certificate"
    SSL_CERT_FILE=$tls/ca.pem check r fetch --full "$url/app.aci"
    fetched
    grep -q '^/app.aci 200 HTTP/2.0$' "$nginx_log"
    SSL_CERT_FILE=$tls/ca.pem check_fails 254 r fetch "${url/127.0.0.1/127.0.0.3}/app.aci"
    r image rm example.com/app >/dev/null
    check rkt --dir="$data" --insecure-options=image,tls fetch --full "$url/app.aci"
    fetched
}

@test "http: from https a redirect to plain http is only followed with --insecure-options=http" {
    make app
    certificates
    serve_scripted
    serve_nginx 127.0.0.1 "location = /down.aci { return 302 $url/app.aci; }"
    SSL_CERT_FILE=$tls/ca.pem check_fails 254 r fetch "$url/down.aci"
    has 'redirects from https to plain http.*--insecure-options=http'
    SSL_CERT_FILE=$tls/ca.pem check rkt --dir="$data" --insecure-options=image,http fetch --full "$url/down.aci"
    fetched
}

@test "http: a redirect leads to nothing but http, and not to addresses that only this host can reach" {
    make app
    serve_scripted
    local target
    for target in file:///etc/passwd ftp://127.0.0.1/x gopher://127.0.0.1/x; do
        set_for old location "$target"
        check_fails 254 r fetch "$url/old.aci"
        has "redirects to $target: the scheme \"[a-z]*\" is not http or https"
    done
    for target in http://169.254.169.254/latest/meta-data/ 'http://[fe80::1]/' http://169.254.43518/ \
        'http://[::ffff:169.254.169.254]/' http://metadata.google.internal/; do
        set_for old location "$target"
        check_fails 254 r fetch "$url/old.aci"
        has 'which can only be reached from this host'
    done
    # a server that is not on this host, by its address
    ip address add 198.51.100.1/32 dev lo
    for target in 127.0.0.1 localhost '[::1]' 0.0.0.0 127.1 app.localhost; do
        set_for old location "http://$target:$port/app.aci"
        check_fails 254 r fetch "http://198.51.100.1:$port/old.aci"
        has 'which can only be reached from this host'
    done
    [[ $(requests '^/app.aci') == 0 ]]
    set_for old location "http://198.51.100.1:$port/app.aci"
    check r fetch --full "$url/old.aci"
    fetched
}

@test "http: a name that leads to this host is no way to it for a server elsewhere" {
    make app
    serve_scripted
    ip address add 198.51.100.1/32 dev lo
    cp /etc/hosts "$BATS_TEST_TMPDIR/hosts"
    echo '127.0.0.1 inside.example' >>/etc/hosts
    set_for old location "http://inside.example:$port/app.aci"
    run r fetch "http://198.51.100.1:$port/old.aci"
    cat "$BATS_TEST_TMPDIR/hosts" >/etc/hosts
    ((status == 254))
    has 'the address of inside.example, 127.0.0.1, can only be reached from this host'
    [[ $(requests '^/app.aci') == 0 ]]
}

@test "http: credentials go to the host they are for, and only in a way that nobody can listen to" {
    make app
    certificates
    serve_scripted "$tls/cert.pem" "$tls/key.pem"
    local first=$port first_log=$log
    serve_scripted "$tls/cert.pem" "$tls/key.pem"
    export SSL_CERT_FILE=$tls/ca.pem
    # the same host, another port
    set_for old location "https://127.0.0.1:$port/app.aci"
    set_for same location "https://127.0.0.1:$first/old.aci"
    check r fetch --full "https://user:secret@127.0.0.1:$first/same.aci"
    fetched
    lacks secret
    [[ $(grep -c "auth=Basic $(printf user:secret | base64)$" "$first_log") == 2 ]]
    [[ $(requests 'auth=$') == 1 && $(requests 'auth=.') == 0 ]]
    # plain http
    serve_scripted
    r image rm example.com/app >/dev/null
    check r fetch "${url/127/user:secret@127}/app.aci"
    has 'not sending the credentials for 127.0.0.1:[0-9]* over plain http'
    [[ $(requests 'auth=.') == 0 ]]
    r image rm example.com/app >/dev/null
    check rkt --dir="$data" --insecure-options=image,http fetch "${url/127/user:secret@127}/app.aci"
    [[ $(requests 'auth=Basic') == 1 ]]
}

@test "http: what may be a secret in a URL is in no message" {
    serve_scripted
    set_for app status 404
    check_fails 254 rkt --debug --dir="$data" --insecure-options=image fetch \
        "${url/127/user:hidden1@127}/app.aci?version=7&X-Amz-Signature=hidden2&t=hidden3hidden3hidden3hidden3"
    has "error downloading http://\*\*\*@127.0.0.1:$port/app.aci\?version=7&X-Amz-Signature=\*\*\*&t=\*\*\*: bad HTTP status code: 404"
    lacks hidden
}

@test "http: a download goes on where the connection was cut" {
    make app 3000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    set_for app cut 1000000
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests ' 200 ') == 1 ]]
    [[ $(requests ' 206 range=bytes=1000000- if-range="one" ') == 1 ]]
    [[ $(requests ' 206 range=bytes=3000000- if-range="one" ') == 1 ]]
}

@test "http: a date that is old enough tells that a part fits, a fresh one does not" {
    make app 1000
    serve_scripted
    set_for app range yes
    set_for app cut 600000
    set_for app cuts 1
    set_for app last-modified 'Tue, 15 Nov 1994 12:45:26 GMT'
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests ' 206 range=bytes=600000- if-range=Tue, 15 Nov 1994 12:45:26 GMT') == 1 ]]
    r image rm example.com/app >/dev/null
    set_for app cuts 1
    set_for app last-modified "$(date -u '+%a, %d %b %Y %H:%M:%S GMT')"
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests ' 206 ') == 1 && $(requests ' 200 ') == 3 ]]
}

@test "http: without a strong validator, and if the server does not know parts, all is downloaded again" {
    make app 1000
    serve_scripted
    set_for app cut 600000
    local etag range
    for etag in '' 'W/"weak"' '"strong"'; do
        for range in yes ''; do
            [[ $etag == '"strong"' && $range == yes ]] && continue
            rm -f "$www"/app.aci.{etag,range}
            [[ -z $etag ]] || set_for app etag "$etag"
            [[ -z $range ]] || set_for app range "$range"
            set_for app cuts 2
            : >"$log"
            check r fetch --full "$url/app.aci"
            fetched
            [[ $(requests ' 200 ') == 3 && $(requests ' 206 ') == 0 ]]
            r image rm example.com/app >/dev/null
        done
    done
}

@test "http: what has changed since the connection was cut is downloaded anew" {
    make app 1000
    serve_scripted
    set_for app range yes
    set_for app etag '"one"'
    set_for app cut 600000
    set_for app status '200 503'
    check_fails 254 r fetch "$url/app.aci"
    [[ -n $(partial) ]]
    : >"$log"
    local mode
    for mode in yes no-if-range 416; do
        make app 1000
        rm -f "$www"/app.aci.{cut,status}
        set_for app etag "\"two $mode\""
        set_for app range $mode
        check r fetch --full "$url/app.aci"
        fetched
        [[ $(requests 'range=bytes=600000-') == 1 ]]
        [[ -z $(partial) ]]
        # the next round's beginning
        r image rm example.com/app >/dev/null
        set_for app range yes
        set_for app cut 600000
        set_for app status '200 503'
        check_fails 254 r fetch "$url/app.aci"
        : >"$log"
    done
}

@test "http: a part other than the one that was asked for is refused" {
    make app 1000
    serve_scripted
    set_for app range shifted
    set_for app etag '"one"'
    set_for app cut 600000
    check_fails 254 r fetch "$url/app.aci"
    has 'the server sends what begins at byte 600007 instead of byte 600000'
    [[ -z $(r image list --no-legend) ]]
}

@test "http: a length that is not true is noticed" {
    make app
    serve_scripted
    set_for app length 100000
    check_fails 254 r fetch "$url/app.aci"
    has "error downloading $url/app.aci"
    nothing_is_left
    set_for app length 100
    check_fails 254 r fetch "$url/app.aci"
    has 'truncated'
    nothing_is_left
}

@test "http: a body without end is refused by what is wrong with it, or at the limit" {
    make app
    serve_scripted
    set_for app endless yes
    check_fails 254 timeout 60 rkt --dir="$data" --insecure-options=image fetch "$url/app.aci"
    has 'something that is not gzip follows the compressed data'
    nothing_is_left
    gzip -dc "$www/app.aci" >"$www/plain.aci"
    set_for plain endless yes
    RKT_UNPACK_MAX_SIZE=2000000 check_fails 254 timeout 60 rkt --dir="$data" --insecure-options=image fetch "$url/plain.aci"
    has 'larger than the limit of 2000000 bytes'
    nothing_is_left
    set_for app length 9999999
    rm "$www/app.aci.endless"
    RKT_UNPACK_MAX_SIZE=2000000 check_fails 254 r fetch "$url/app.aci"
    has 'larger than the limit of 2000000 bytes'
    nothing_is_left
}

@test "http: what is no response is refused" {
    make app
    serve_scripted
    local raw
    for raw in '' 'SSH-2.0-OpenSSH_9.2\r\n' 'HTTP/1.1 200 OK\r\nContent-Le' 'HTTP/1.1 101 Switching Protocols\r\n\r\n' \
        'HTTP/1.1 100 Continue\r\n\r\n' 'HTTP/1.1 99999 OK\r\n\r\n' '\x00\xff\x00' \
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'; do
        set_for app raw "$raw"
        check_fails 254 r fetch "$url/app.aci"
        has "error downloading $url/app.aci: "
        nothing_is_left
    done
}

@test "http: megabytes of header fields are refused" {
    make app
    serve_scripted
    set_for app header-size 5000000
    check_fails 254 r fetch "$url/app.aci"
    has 'headers? .*(limit|large|exceed)'
    nothing_is_left
    set_for app header-size 50000
    check r fetch --full "$url/app.aci"
    fetched
}

@test "http: a transfer that does not move is given up, one that is slow and moves is not" {
    make app 100
    serve_scripted
    export RKT_HTTP_TIMEOUT=2
    local start=$SECONDS
    touch "$www/app.aci.hold"
    check_fails 254 timeout 60 rkt --dir="$data" --insecure-options=image fetch "$url/app.aci"
    rm "$www/app.aci.hold"
    ((SECONDS - start < 30))
    nothing_is_left
    set_for app rate 50
    check_fails 254 timeout 60 rkt --dir="$data" --insecure-options=image fetch "$url/app.aci"
    nothing_is_left
    rm "$www/app.aci.rate"
    set_for app drip yes
    check_fails 254 timeout 60 rkt --dir="$data" --insecure-options=image fetch "$url/app.aci"
    nothing_is_left
    rm "$www/app.aci.drip"
    set_for app rate 20000
    start=$SECONDS
    check r fetch --full "$url/app.aci"
    fetched
    ((SECONDS - start >= 4))
    RKT_HTTP_TIMEOUT=soon check_fails 254 r fetch "$url/app.aci"
    has 'RKT_HTTP_TIMEOUT=soon is not a number of seconds'
}

@test "http: a server that is busy is asked again, as late as it says, but not for ever" {
    make app
    serve_scripted
    set_for app status '503 429 502 200'
    set_for app retry-after 1
    local start=$SECONDS
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests '') == 4 ]]
    ((SECONDS - start >= 3))
    : >"$log"
    set_for app status 503
    set_for app retry-after 3600
    check_fails 254 r fetch "$url/app.aci"
    has 'bad HTTP status code: 503, to be tried again in 3600 s'
    [[ $(requests '') == 1 ]]
    : >"$log"
    set_for app retry-after 0
    check_fails 254 r fetch "$url/app.aci"
    (($(requests '') > 3))
    : >"$log"
    set_for app status 403
    check_fails 254 r fetch "$url/app.aci"
    [[ $(requests '') == 1 ]]
}

@test "http: a proxy from the environment is asked, except for the hosts it is not for" {
    make app
    serve_scripted
    http_proxy=$url check r fetch --full http://images.invalid/app.aci
    fetched
    [[ $(requests '^http://images.invalid/app.aci 200') == 1 ]]
    http_proxy=http://127.0.0.1:1 no_proxy=127.0.0.1 check r fetch "$url/app.aci"
    http_proxy=http://127.0.0.1:1 check_fails 254 r fetch "$url/other.aci"
}

@test "http: a proxy passes https on, and the servers behind it are not taken for this host" {
    make app
    certificates
    serve_scripted "$tls/cert.pem" "$tls/key.pem"
    export SSL_CERT_FILE=$tls/ca.pem
    ip address add 198.51.100.1/32 dev lo
    local server=$port
    set_for old location "https://localhost:$server/app.aci"
    serve_scripted
    https_proxy=$url check r fetch --full "https://198.51.100.1:$server/app.aci"
    fetched
    [[ $(requests "^198.51.100.1:$server 200") == 1 ]]
    https_proxy=$url check_fails 254 r fetch "https://198.51.100.1:$server/old.aci"
    has 'which can only be reached from this host'
}

@test "http: after a cut connection the redirect is asked for again" {
    make app 3000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    set_for app cut 1000000
    set_for app cuts 2
    set_for old location /app.aci
    check r fetch --full "$url/old.aci"
    fetched
    [[ $(requests '^/old.aci 302') == 3 && $(requests '^/app.aci 206') == 2 ]]
}

@test "http: a fetch that was killed is gone on with by the next one" {
    make app 4000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    set_for app rate 4000000
    rkt-fetch --dir="$data" --insecure-options=image "$url/app.aci" >/dev/null 2>&1 3>&- &
    local fetch=$!
    wait_for 20 size_at_least 1000000
    kill -KILL $fetch
    wait $fetch || :
    local there
    there=$(stat -c %s "$(partial)")
    # gc leaves it for a day
    check r image gc
    [[ $(stat -c %s "$(partial)") == "$there" ]]
    rm "$www/app.aci.rate"
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests " 206 range=bytes=$there- if-range=\"one\"") == 1 ]]
    [[ -z $(ls -A "$data/cas/tmp") ]]
}

@test "http: a fetch that was killed when all had come downloads nothing again" {
    make app 4000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    set_for app rate 4000000
    rkt-fetch --dir="$data" --insecure-options=image "$url/app.aci" >/dev/null 2>&1 3>&- &
    local fetch=$!
    wait_for 20 pkill -STOP -P $fetch -x rkt-unpack
    wait_for 20 size_at_least "$(stat -c %s "$www/app.aci")"
    kill -KILL $fetch
    wait $fetch || :
    rm "$www/app.aci.rate"
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests ' 200 ') == 1 && $(requests ' 416 ') == 1 && $(requests '') == 2 ]]
    # and is known by its ETag
    check r fetch "$url/app.aci"
    [[ $(requests ' 304 ') == 1 ]]
}

@test "http: what was left of a download goes after a day, or with the machine's start" {
    make app 1000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    set_for app cut 600000
    set_for app status '200 503'
    check_fails 254 r fetch "$url/app.aci"
    touch -d '25 hours ago' "$(partial)"
    check r image gc
    [[ -z $(ls -A "$data/cas/tmp") ]]
    # the machine has crashed since: who knows what is in the file
    set_for app status '200 503'
    check_fails 254 r fetch "$url/app.aci"
    local link
    link=$(find "$data/cas/tmp" -type l)
    ln -sfn "$(readlink "$link" | sed 's/^[^ ]*/00000000-0000-0000-0000-000000000000/')" "$link"
    rm "$www"/app.aci.{cut,status}
    : >"$log"
    check r fetch --full "$url/app.aci"
    fetched
    [[ $(requests ' 200 range= ') == 1 ]]
}

@test "http: fetches killed at random moments leave a store in which the next one succeeds" {
    make app 8000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    local i kills=${RKT_TEST_KILLS:-50}
    for ((i = 0; i < kills; i++)); do
        r image rm example.com/app >/dev/null 2>&1 || :
        rkt-fetch --dir="$data" --insecure-options=image "$url/app.aci" >/dev/null 2>&1 3>&- &
        sleep "$(printf '0.%03d' $((RANDOM % 150)))"
        kill -KILL $! 2>/dev/null || :
        wait $! 2>/dev/null || :
        rkt --dir="$data" image list >/dev/null
    done
    check r fetch --full "$url/app.aci"
    fetched
    check r image verify example.com/app
    check r image gc
    [[ -z $(ls -A "$data/cas/tmp") && $(ls -A "$data/cas/tree" | wc -l) == 1 ]]
}

# fetch_many N: as many fetches of $url/app.aci in the background. Sets fetches, their processes.
fetch_many() {
    local i
    fetches=()
    for ((i = 0; i < $1; i++)); do
        rkt-fetch --dir="$data" --insecure-options=image --full "$url/app.aci" >"$BATS_TEST_TMPDIR/out-$i" 2>&1 3>&- &
        fetches+=($!)
    done
}

all_wait() { [[ $(grep -l 'waiting' "$BATS_TEST_TMPDIR"/out-* | wc -l) == "$1" ]]; }

@test "http: of 20 that want one image at once, one downloads it and all have it" {
    make app 4000
    serve_scripted
    touch "$www/app.aci.hold"
    fetch_many 20
    wait_for 30 all_wait 19
    rm "$www/app.aci.hold"
    local i
    for ((i = 0; i < 20; i++)); do
        wait "${fetches[i]}"
        [[ $(tail -n 1 "$BATS_TEST_TMPDIR/out-$i") == "$id" ]]
    done
    [[ $(requests '') == 1 ]]
}

@test "http: if the one of 20 that downloads is killed, the next goes on with what is there" {
    make app 4000
    serve_scripted
    set_for app etag '"one"'
    set_for app range yes
    touch "$www/app.aci.hold"
    fetch_many 20
    wait_for 30 all_wait 19
    wait_for 20 size_at_least 1000000
    local i killed=$(grep -L waiting "$BATS_TEST_TMPDIR"/out-*)
    killed=${killed##*-}
    kill -KILL "${fetches[killed]}"
    rm "$www/app.aci.hold"
    for ((i = 0; i < 20; i++)); do
        ((i != killed)) || continue
        wait "${fetches[i]}"
        [[ $(tail -n 1 "$BATS_TEST_TMPDIR/out-$i") == "$id" ]]
    done
    [[ $(requests ' 200 ') == 1 && $(requests ' 206 ') == 1 ]]
}

@test "http: a full disk ends a download with the reason, and leaves it empty" {
    make app 4000
    serve_scripted
    set_for app etag '"one"'
    mkdir "$data"
    mount -t tmpfs -o size=3M tmpfs "$data"
    run r fetch "$url/app.aci"
    local left
    left=$(find "$data" -type f)
    umount "$data"
    ((status == 254))
    has 'No space left on device'
    [[ -z $left ]]
}

@test "http: a bar on a terminal shows how far a download is, and nothing elsewhere does" {
    make app 2000
    serve_scripted
    set_for app rate 2000000
    check r fetch --full "$url/app.aci"
    fetched
    lacks Downloading
    r image rm example.com/app >/dev/null
    script -qec "stty cols 70; rkt --dir=$data --insecure-options=image fetch $url/app.aci" "$BATS_TEST_TMPDIR/terminal" >/dev/null
    local text
    text=$(tr '\r' '\n' <"$BATS_TEST_TMPDIR/terminal" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g')
    grep -Eq '^Downloading ACI: \[=*>? *\] [0-9.]+ [kM]B/2\.[0-9] MB' <<<"$text"
    grep -Eq '^Downloading ACI: 2\.[0-9] MB' <<<"$text"
    ! awk 'length > 70' <<<"$text" | grep .
    grep -q $'\x1b\[36m' "$BATS_TEST_TMPDIR/terminal"
    r image rm example.com/app >/dev/null
    NO_COLOR=1 script -qec "rkt --dir=$data --insecure-options=image fetch $url/app.aci" "$BATS_TEST_TMPDIR/terminal" >/dev/null
    ! grep -q $'\x1b\[[0-9]*m' "$BATS_TEST_TMPDIR/terminal"
}
