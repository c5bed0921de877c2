#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The metadata service, by the installed units, asked by apps and by hostile clients.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the apps' shell; what helpers set
load lib
load pods

setup() {
    need commands curl python3
    type -P rkt-metadata-service >/dev/null || skip "built without the metadata service"
    net_pids=()
    socket=/run/rkt/metadata-svc.sock
    systemctl start rkt-metadata.socket
}

teardown() {
    ((${#net_pids[@]} == 0)) || kill "${net_pids[@]}" 2>/dev/null || :
    end_pods
    ip link del rktmds0 2>/dev/null || :
    rm -rf /var/lib/cni/networks/rkt-mds
    systemctl stop rkt-metadata.socket rkt-metadata.service 2>/dev/null || :
    rm -rf /run/rkt-metadata/pods/0e5f7b0c-* /run/rkt-metadata/tokens/00112233445566778899aabbccddeeff
    systemctl reset-failed rkt-metadata.socket rkt-metadata.service 2>/dev/null || :
}

# start_asker [ARGUMENT…]: a pod of the inspecting image with an app "asker" that waits, in its annotations
# "example.com/color". Sets uuid, run_pid, url.
start_asker() {
    [[ -d $BATS_TEST_TMPDIR/image-inspect ]] || inspect_image
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt run --mds-register --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" "${inspect_pod[@]}" --name=asker \
        --annotation=example.com/color=red --exec=/bin/sleep -- 3600 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    net_pids+=("$run_pid")
    wait_for 20 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=30s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    url=$(url_of "$uuid")
}

url_of() { rkt enter "$1" /bin/sh -c 'echo $AC_METADATA_URL'; }

# in_pod UUID ARGUMENT…: curl inside the pod. Sets output: the body, and a line "STATUS TYPE".
in_pod() {
    local pod=$1
    shift
    run rkt enter "$pod" /bin/curl -sS --max-time 10 -w '\n%{http_code} %{content_type}\n' "$@"
}

# get PATH: in the pod of $uuid.
get() { in_pod "$uuid" "$url/acMetadata/v1/$1"; }

# answers STATUS [TYPE]: of the last question.
answers() { [[ $(tail -n 1 <<<"$output") == "$1 ${2-}"* ]] || { echo "$output"; return 1; }; }
# body: of the last question.
body() { head -n -1 <<<"$output"; }

# register ARGUMENT…: curl to the registration's socket. Prints the status.
register() { curl -sS --max-time 10 -o "$BATS_TEST_TMPDIR/answer" -w '%{http_code}' --unix-socket "$socket" "$@"; }

pod_manifest() {
    jq -n --arg id "sha512-$(printf '%064d' 7)" '{acKind: "PodManifest", acVersion: "0.8.11",
        apps: [{name: "app", image: {id: $id}, app: {exec: ["/x"], user: "0", group: "0"},
                annotations: [{name: "example.com/b", value: "of the pod"}]}],
        annotations: [{name: "example.com/a/deep", value: "ä & b"}]}'
}

image_manifest() {
    jq -n '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/app",
        annotations: [{name: "example.com/b", value: "of the image"}, {name: "example.com/c", value: "c"}]}'
}

@test "an app in the default network learns all of its pod that the specification names, with its types" {
    start_asker
    [[ $url =~ ^http://172\.16\.28\.[0-9]+:18112/[0-9a-f]{32}$ ]]
    get pod/uuid
    answers 200 'text/plain; charset=us-ascii'
    [[ $(body) == "$uuid" ]]
    get pod/manifest
    answers 200 application/json
    [[ $(body) == "$(<"/var/lib/rkt/pods/run/$uuid/pod")" ]]
    get pod/annotations
    answers 200 application/json
    [[ $(body) == '[]' ]]
    get apps/asker/image/manifest
    answers 200 application/json
    [[ $(body | jq -r .name) == example.com/inspect ]]
    get apps/asker/image/id
    answers 200 'text/plain; charset=us-ascii'
    [[ $(body) == "$(jq -r '.apps[0].image.id' "/var/lib/rkt/pods/run/$uuid/pod")" ]]
    get apps/asker/annotations
    answers 200 application/json
    body | jq -e '. == [{name: "example.com/color", value: "red"}]'
    get apps/asker/annotations/example.com/color
    answers 200 'text/plain; charset=us-ascii'
    [[ $(body) == red ]]
    # what rkt writes down, for those who enter and for those who look
    [[ $(jq -r .MetadataServiceURL "/var/lib/rkt/pods/run/$uuid/runtime-config") == "$url" ]]
    grep -qx "AC_METADATA_URL=$url" "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/rkt/env/asker"
    ! grep -qaf <(echo "${url##*/}") /proc/[0-9]*/cmdline 2>/dev/null || { echo 'the token is on a command line'; return 1; }
}

# write_bridge SUBNET: a network "rkt-mds" of the test's configuration, whose bridge has the gateway.
write_bridge() {
    mkdir -p "$config/net.d"
    jq -n --arg subnet "$1" '{cniVersion: "1.0.0", name: "rkt-mds", type: "bridge", bridge: "rktmds0", isGateway: true,
        ipam: {type: "host-local", subnet: $subnet}}' >"$config/net.d/10-mds.conf"
}

@test "in other networks, too, the service is at the host's address there: a bridge of either family, users of the pod's own" {
    config=$BATS_TEST_TMPDIR/config
    inspect_image
    local subnet url
    for subnet in 10.91.0.0/24 fd91::/64; do
        write_bridge $subnet
        check rkt --local-config="$config" run --mds-register --net=rkt-mds --private-users "${inspect_pod[@]}" --exec=/bin/sh -- -c \
            'echo "at $AC_METADATA_URL"; curl -gsS $AC_METADATA_URL/acMetadata/v1/apps/$AC_APP_NAME/annotations && echo ", here"'
        case $subnet in
        10*) has 'at http://10\.91\.0\.1:18112/[0-9a-f]{32}$' ;;
        fd*) has 'at http://\[fd91::1\]:18112/[0-9a-f]{32}$' ;;
        esac
        has '\[\], here'
        ip link del rktmds0
    done
    rm -rf /var/lib/cni/networks/rkt-mds
    # a gateway that is somebody else's
    jq -n '{cniVersion: "1.0.0", name: "rkt-mds", type: "bridge", bridge: "rktmds0",
        ipam: {type: "host-local", subnet: "10.91.0.0/24"}}' >"$config/net.d/10-mds.conf"
    check rkt --local-config="$config" run --mds-register --net=rkt-mds "${inspect_pod[@]}" --exec=/bin/env
    has 'no network of the pod has an address of this host for a gateway: its apps have no AC_METADATA_URL'
    lacks 'AC_METADATA_URL='
}

@test "many pods at once, in services: each has its own, and their end leaves nothing" {
    local n=8 i answers
    [[ $RKT_TEST_HOST != vm ]] || n=3
    inspect_image
    for ((i = 0; i < n; i++)); do
        systemd-run --quiet --unit="rkt-test-mds-$i" --collect rkt run --mds-register "${inspect_pod[@]}" --exec=/bin/sh -- -c \
            'echo "I am $(curl -sS $AC_METADATA_URL/acMetadata/v1/pod/uuid)"; curl -sS -d content=x $AC_METADATA_URL/acMetadata/v1/pod/hmac/sign'
    done
    wait_for 60 services_ended
    for uuid in $(rkt list --format=json | jq -r '.[].name'); do
        answers=$(rkt cat-manifest "$uuid" >/dev/null && journalctl -D "/var/lib/rkt/pods/run/$uuid/stage1/rootfs/var/log/journal" -o cat)
        grep -qx "I am $uuid" <<<"$answers"
        [[ ! -e /run/rkt-metadata/pods/$uuid && ! -e /var/lib/rkt/pods/run/$uuid/net ]]
        n=$((n - 1))
    done
    [[ $n == 0 ]]
}

services_ended() { ! systemctl is-active --quiet 'rkt-test-mds-*.service'; }

@test "signatures: one pod signs, another verifies, also after the service was started anew" {
    start_asker
    local first=$uuid signature expected
    in_pod "$uuid" --data-urlencode 'content=hello & goodbye' "$url/acMetadata/v1/pod/hmac/sign"
    answers 200 'text/plain; charset=us-ascii'
    signature=$(body)
    expected=$(python3 -c 'import base64, hmac, sys, uuid
key = open("/run/rkt-metadata/hmac-key", "rb").read()
print(base64.b64encode(hmac.digest(key, uuid.UUID(sys.argv[1]).bytes + b"hello & goodbye", "sha512")).decode())' "$first")
    [[ $signature == "$expected" ]]

    systemctl restart rkt-metadata.service
    start_asker
    [[ $uuid != "$first" && $url != "$(url_of "$first")" ]]
    verify() {
        in_pod "$uuid" --data-urlencode "content=$1" -d "uuid=$2" --data-urlencode "signature=$3" "$url/acMetadata/v1/pod/hmac/verify"
    }
    verify 'hello & goodbye' "$first" "$signature"
    answers 200
    verify 'hello & goodbye!' "$first" "$signature"
    answers 403
    verify 'hello & goodbye' "$uuid" "$signature"
    answers 403
    verify 'hello & goodbye' "$first" "$(base64 -w 0 <<<short)"
    answers 403
    verify 'hello & goodbye' "$first" 'no base64'
    answers 400
    verify 'hello & goodbye' nobody "$signature"
    answers 400
    # the first still has its own
    uuid=$first url=$(url_of "$first")
    get pod/uuid
    [[ $(body) == "$first" ]]
}

@test "a token opens its own pod and no other, and none once its pod has ended" {
    start_asker
    local first=$uuid first_url=$url
    start_asker
    in_pod "$uuid" "$first_url/acMetadata/v1/pod/uuid"
    [[ $(body) == "$first" ]]
    in_pod "$uuid" "${url%/*}/$(printf '%032x' 5)/acMetadata/v1/pod/uuid"
    answers 401
    in_pod "$uuid" "${url%/*}/short/acMetadata/v1/pod/uuid"
    answers 401
    rkt stop "$first"
    rkt status --wait=20s "$first" >/dev/null
    [[ ! -e /var/lib/rkt/pods/run/$first/mds-registered && ! -e /var/lib/rkt/pods/run/$first/net && ! -e /run/netns/rkt-$first ]]
    in_pod "$uuid" "$first_url/acMetadata/v1/pod/uuid"
    answers 401
    [[ ! -e /run/rkt-metadata/pods/$first && -e /run/rkt-metadata/pods/$uuid ]]
}

@test "gc has the service forget a pod whose supervisor was killed, also when the service is not there" {
    local service
    for service in running stopped; do
        start_asker --net=host
        [[ $url == http://127.0.0.1:18112/* ]]
        kill -9 "$run_pid"
        wait "$run_pid" || :
        rkt status --wait=20s "$uuid" >/dev/null
        [[ -e /run/rkt-metadata/pods/$uuid ]]
        [[ $service == running ]] || systemctl stop rkt-metadata.socket rkt-metadata.service
        rkt gc --grace-period=0s
        [[ ! -e /run/rkt-metadata/pods/$uuid && ! -e /var/lib/rkt/pods/exited-garbage/$uuid ]]
        [[ ! -e /run/rkt-metadata/tokens/${url##*/} && ! -L /run/rkt-metadata/tokens/${url##*/} ]]
    done
}

@test "other stage1s and networks: fly has the service, too; --net=none and a missing service are refused" {
    inspect_image
    check rkt run --mds-register --stage1-from-dir=fly "${inspect_pod[@]}" --exec=/bin/sh -- -c \
        'curl -sS $AC_METADATA_URL/acMetadata/v1/apps/$AC_APP_NAME/image/manifest'
    has '"name": *"example.com/inspect"'
    check rkt run --mds-register --net=default-restricted "${inspect_pod[@]}" --exec=/bin/sh -- -c \
        'curl -sS $AC_METADATA_URL/acMetadata/v1/apps/$AC_APP_NAME/image/manifest'
    has 'example.com/inspect'
    check rkt prepare "${inspect_pod[@]}" --exec=/bin/sh -- -c 'curl -sS $AC_METADATA_URL/acMetadata/v1/pod/uuid'
    local prepared=$output
    check rkt run-prepared --mds-register "$prepared"
    has "$prepared"
    check_fails 254 rkt run --mds-register --net=none "${inspect_pod[@]}"
    has 'does not go with --net=none'
    systemctl stop rkt-metadata.socket rkt-metadata.service
    check_fails 254 rkt run --mds-register --net=host "${inspect_pod[@]}"
    has 'the metadata service does not answer at /run/rkt/metadata-svc.sock'
    check rkt run --net=none "${inspect_pod[@]}" --exec=/bin/env
    lacks AC_METADATA_URL
}

@test "wrong paths and methods have the statuses of HTTP" {
    start_asker --net=host
    local base=$url/acMetadata/v1
    get pod/nothing
    answers 404
    get apps/nobody/image/id
    answers 404
    get pod/annotations/missing
    answers 404
    get ''
    answers 404
    in_pod "$uuid" "$url/"
    answers 404
    in_pod "$uuid" -X DELETE -i "$base/pod/uuid"
    answers 405
    has '^Allow: GET, HEAD'
    in_pod "$uuid" -i "$base/pod/hmac/sign"
    answers 405
    has '^Allow: POST'
    in_pod "$uuid" -I "$base/pod/manifest"
    answers 200 application/json
    in_pod "$uuid" -H 'Content-Type: text/plain' -d content=x "$base/pod/hmac/sign"
    answers 415
    in_pod "$uuid" -d other=x "$base/pod/hmac/sign"
    answers 400
    in_pod "$uuid" -d content=x -d content=y "$base/pod/hmac/sign"
    answers 400
    in_pod "$uuid" -d content=x -d content= "$base/pod/hmac/verify"
    answers 400
    in_pod "$uuid" -F content=x "$base/pod/hmac/sign" # a form, as well
    answers 200
    in_pod "$uuid" -d content= "$base/pod/hmac/sign"
    answers 200
    in_pod "$uuid" -d '' "$base/pod/hmac/sign"
    answers 400
    local path
    for path in pod/uuid%00 pod/%2e%2e/manifest apps/../pod/uuid apps/%2e%2e%2f%2e%2e/image/id pod//uuid pod/uuid/ apps/asker; do
        in_pod "$uuid" --path-as-is "$base/$path"
        answers 404
    done
}

@test "registration is root's, and takes whole manifests only" {
    local pod=0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11 token=00112233445566778899aabbccddeeff
    local base=http://127.0.0.1:18112/$token/acMetadata/v1
    [[ $(stat -c %a:%U:%G "$socket") == 660:root:root ]]
    pod_manifest >"$BATS_TEST_TMPDIR/pod"
    image_manifest >"$BATS_TEST_TMPDIR/image"
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/$pod") == 400 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/$pod?token=../../etc") == 400 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/image" "http://x/pods/$pod?token=$token") == 400 ]]
    grep -q PodManifest "$BATS_TEST_TMPDIR/answer"
    [[ $(register -T /dev/null "http://x/pods/$pod?token=$token") == 400 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/image" "http://x/pods/$pod/app") == 404 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/nobody?token=$token") == 400 ]]
    [[ $(register -X DELETE "http://x/pods/$pod") == 404 ]]
    [[ $(curl -s -o /dev/null -w '%{http_code}' "$base/pod/uuid") == 401 ]]

    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/$pod?token=$token") == 200 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/image" "http://x/pods/$pod/app") == 200 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/image" "http://x/pods/$pod/other") == 404 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/image" "http://x/pods/$pod/%2e%2e") == 400 ]]
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d12?token=$token") == 409 ]]
    [[ $(register -X POST -d x "http://x/pods/$pod") == 405 ]]
    [[ $(register "http://x/") == 404 ]]
    [[ $(curl -s "$base/pod/manifest" | sha512sum) == "$(sha512sum <"$BATS_TEST_TMPDIR/pod")" ]]
    [[ $(curl -s "$base/apps/app/image/manifest" | sha512sum) == "$(sha512sum <"$BATS_TEST_TMPDIR/image")" ]]
    curl -s "$base/apps/app/annotations" |
        jq -e 'sort_by(.name) == [{name: "example.com/b", value: "of the pod"}, {name: "example.com/c", value: "c"}]'
    [[ $(curl -s "$base/pod/annotations/example.com/a/deep") == 'ä & b' ]]
    [[ $(curl -s "$base/pod/annotations/example.com%2Fa%2Fdeep") == 'ä & b' ]]

    # somebody else who has got at the socket
    chmod 666 "$socket"
    run setpriv --reuid=65534 --regid=65534 --clear-groups curl -s --unix-socket "$socket" -o /dev/null -w '%{http_code}' -X DELETE "http://x/pods/$pod"
    [[ $output == 403 ]]
    [[ $(curl -s "$base/pod/uuid") == "$pod" ]]
    [[ $(register -X DELETE "http://x/pods/$pod") == 200 ]]
    [[ $(curl -s -o /dev/null -w '%{http_code}' "$base/pod/uuid") == 401 ]]
    [[ ! -e /run/rkt-metadata/pods/$pod ]]
}

@test "the program that registers pods says what is wrong with them, and takes back what it has done" {
    local pod=0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11 token=00112233445566778899aabbccddeeff d=$BATS_TEST_TMPDIR/a-pod
    local program=/usr/lib/rkt/rkt-metadata-register base=http://127.0.0.1:18112/$token/acMetadata/v1
    mkdir -p "$d/appsinfo/app"
    check_fails 254 "$program" --pod="$d" nobody
    has 'expected the UUID of a pod'
    check_fails 254 "$program" --pod="$d/none" "$pod" <<<"$token"
    has 'cannot open .*/none: No such file'
    check_fails 254 "$program" --pod="$d" "$pod" <<<"${token}0"
    has 'standard input: expected a token of 32 hexadecimal digits'
    check_fails 254 "$program" --pod="$d" "$pod" <<<"$token"
    has 'pod of the pod: No such file'
    [[ ! -e $d/mds-registered ]]
    pod_manifest >"$d/pod"
    check_fails 254 "$program" --pod="$d" "$pod" <<<"$token"
    has 'appsinfo/app/manifest of the pod: No such file'
    image_manifest >"$d/appsinfo/app/manifest"
    # what was half done is done again
    (cd "$d" && "$program" "${pod^^}" <<<"$token")
    [[ -e $d/mds-registered && $(curl -s "$base/pod/uuid") == "$pod" ]]
    [[ $(curl -s "$base/apps/app/image/manifest" | jq -r .name) == example.com/app ]]
    check "$program" --pod="$d" --remove "$pod"
    [[ ! -e $d/mds-registered && $(curl -s -o /dev/null -w '%{http_code}' "$base/pod/uuid") == 401 ]]
    check "$program" --pod="$d" --remove "$pod"
    systemctl stop rkt-metadata.socket rkt-metadata.service
    check_fails 254 "$program" --pod="$d" "$pod" <<<"$token"
    has "pod $pod: the metadata service does not answer at $socket"
    # its end must take it away all the same
    [[ -e $d/mds-registered ]]
    check "$program" --pod="$d" --remove "$pod"
    [[ ! -e $d/mds-registered ]]
}

@test "hostile clients: what is too large is refused, and the service answers others meanwhile and after" {
    local pod=0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11 token=00112233445566778899aabbccddeeff fd
    local base=http://127.0.0.1:18112/$token/acMetadata/v1
    pod_manifest >"$BATS_TEST_TMPDIR/pod"
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/$pod?token=$token") == 200 ]]
    { printf content=; head -c 600000 /dev/zero | tr '\0' a; } >"$BATS_TEST_TMPDIR/large"
    [[ $(curl -s -o /dev/null -w '%{http_code}' -d "@$BATS_TEST_TMPDIR/large" "$base/pod/hmac/sign") == 413 ]]
    [[ $(curl -s -o /dev/null -w '%{http_code}' -H 'Transfer-Encoding: chunked' -d "@$BATS_TEST_TMPDIR/large" "$base/pod/hmac/sign") == 413 ]]
    head -c 500000 "$BATS_TEST_TMPDIR/large" >"$BATS_TEST_TMPDIR/fits"
    [[ $(curl -s -o /dev/null -w '%{http_code}' -d "@$BATS_TEST_TMPDIR/fits" "$base/pod/hmac/sign") == 200 ]]
    head -c 9000000 /dev/zero >"$BATS_TEST_TMPDIR/manifest"
    [[ $(register -T "$BATS_TEST_TMPDIR/manifest" "http://x/pods/$pod?token=$token") == 413 ]]
    [[ $(curl -s -o /dev/null -w '%{http_code}' "$base/$(head -c 20000 /dev/zero | tr '\0' a)") == 4* ]]
    run curl -s -o /dev/null -w '%{http_code}' -H "X: $(head -c 60000 /dev/zero | tr '\0' a)" "$base/pod/uuid"
    [[ $output == 4* || $output == 000 ]]
    # no HTTP at all, and none of it in the journal as it came
    printf 'GET /\033[31m HTTP/1.1\r\n\r\n' >/dev/tcp/127.0.0.1/18112
    head -c 4096 /dev/urandom >/dev/tcp/127.0.0.1/18112
    # one address has so many connections and no more: another is served while it tries to take them all
    local -a held=()
    while ((${#held[@]} < 300)); do
        exec {fd}<>/dev/tcp/127.0.0.1/18112
        printf 'GET /' >&"$fd" || :
        held+=("$fd")
    done 2>/dev/null
    [[ $(curl -s --max-time 8 --interface 127.0.0.3 "$base/pod/uuid") == "$pod" ]]
    for fd in "${held[@]}"; do exec {fd}>&-; done
    [[ $(curl -s "$base/pod/uuid") == "$pod" ]]
    journalctl --sync
    run journalctl -o cat "_SYSTEMD_INVOCATION_ID=$(systemctl show -p InvocationID --value rkt-metadata.service)"
    has ": $pod: GET /acMetadata/v1/pod/uuid: 200\$"
    lacks "$token|"$'\033'
    [[ $(systemctl show -p NRestarts --value rkt-metadata.service) == 0 ]]
}

@test "the units: it runs as nobody in particular, keeps nothing in memory, and is there again when somebody asks" {
    local pod=0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11 token=00112233445566778899aabbccddeeff main
    check systemd-analyze verify --man=no /usr/lib/systemd/system/rkt-metadata.{socket,service}
    pod_manifest >"$BATS_TEST_TMPDIR/pod"
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/$pod?token=$token") == 200 ]]
    main=$(systemctl show -p MainPID --value rkt-metadata.service)
    [[ $(stat -c %u "/proc/$main") != 0 ]]
    grep -qx 'CapEff:[[:blank:]]*0*' "/proc/$main/status"
    [[ $(stat -Lc %a /run/rkt-metadata) == 700 ]]
    kill -9 "$main"
    local question=(curl -s --retry 5 --retry-all-errors "http://127.0.0.1:18112/$token/acMetadata/v1/pod/uuid")
    [[ $("${question[@]}") == "$pod" ]]
    systemctl stop rkt-metadata.service
    [[ $("${question[@]}") == "$pod" ]]
    [[ $(systemctl show -p MainPID --value rkt-metadata.service) != 0 ]]
    systemctl stop rkt-metadata.socket rkt-metadata.service
    [[ ! -e $socket ]]
}

@test "it ends when nobody asks for a while, if systemd listens, and knows what it knew" {
    local token=00112233445566778899aabbccddeeff pod=0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11 server
    systemctl stop rkt-metadata.socket rkt-metadata.service
    pod_manifest >"$BATS_TEST_TMPDIR/pod"
    start_activated() {
        systemd-socket-activate -l "$socket" -l 127.0.0.1:18112 /usr/bin/rkt-metadata-service --exit-idle-time=200ms \
            >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
        server=$!
        net_pids+=("$server")
        wait_for 10 grep -q 127.0.0.1:18112 "$BATS_TEST_TMPDIR/log"
    }
    start_activated
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/$pod?token=$token") == 200 ]]
    wait "$server"
    start_activated
    [[ $(curl -s "http://127.0.0.1:18112/$token/acMetadata/v1/pod/uuid") == "$pod" ]]
    wait "$server"
    rm -f "$socket"
}

@test "by hand, it listens itself, at another port if told to, and ends when nobody asks only for systemd" {
    systemctl stop rkt-metadata.socket rkt-metadata.service
    rm -rf /run/rkt-metadata/ /run/private/rkt-metadata /run/rkt-metadata
    rkt metadata-service --listen-port=18113 --exit-idle-time=1ms >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    net_pids+=($!)
    local server=$! token=00112233445566778899aabbccddeeff
    wait_for 10 test -S "$socket"
    pod_manifest >"$BATS_TEST_TMPDIR/pod"
    [[ $(register -T "$BATS_TEST_TMPDIR/pod" "http://x/pods/0e5f7b0c-0a4c-4d3c-8a09-6c52a56e2d11?token=$token") == 200 ]]
    [[ $(stat -c %a "$socket") == 660 ]]
    curl -sf "http://127.0.0.1:18113/$token/acMetadata/v1/pod/uuid"
    curl -sf "http://[::1]:18113/$token/acMetadata/v1/pod/uuid"
    check_fails 254 rkt metadata-service --listen-port=18114
    has 'there is a metadata service at /run/rkt/metadata-svc.sock already'
    check_fails 254 rkt metadata-service --listen-port=70000
    has 'expected a port number'
    kill "$server"
    wait "$server"
    [[ ! -e $socket ]]
    rm -rf /run/rkt-metadata
}
