#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # sh in JSON; each test is a process of its own; see registry.bash
#
# Images from registries: Debian's docker-registry with images that skopeo and buildah push, and a scripted one
# for what a good registry does not do.

load lib
load registry

setup_file() {
    need commands docker-registry skopeo jq openssl redis-server zstd
    cd "$BATS_FILE_TMPDIR" || return
    make_debian_redis layout >/dev/null
    make_small layout small 'the first' >/dev/null
    make_small layout second 'the second' >/dev/null
    make_small layout arm 'for another machine' arm64 >/dev/null
    make_big layout big >/dev/null
    start_registry main
    local name
    for name in debian-redis mixed small second big; do
        push "$name" "$registry/$name"
    done
    push debian-redis "$registry/schema2" --format v2s2
    push small "$registry/public/small"
    echo "$registry $registry_pid" >main
}

teardown_file() {
    read -r _ registry_pid <"$BATS_FILE_TMPDIR/main"
    kill "$registry_pid"
}

setup() {
    data=$BATS_TEST_TMPDIR/data layout=$BATS_FILE_TMPDIR/layout
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir "$HOME"
    read -r registry registry_pid <"$BATS_FILE_TMPDIR/main"
    registry_log=$BATS_FILE_TMPDIR/main.log
    : >"$registry_log"
}

teardown() {
    stop_servers
}

# push NAME-IN-LAYOUT DESTINATION OPTION…: as it is, or as the options say.
push() {
    local options=("${@:3}")
    (($# > 2)) || options=(--preserve-digests)
    skopeo copy --quiet --insecure-policy --dest-tls-verify=false "${options[@]}" "oci:$BATS_FILE_TMPDIR/layout:$1" "docker://$2"
}

r() { rkt --dir="$data" --insecure-options=image "$@"; }

# The ID that the store gives an image: the digest of its manifest.
image_id() {
    echo "sha256-$(jq -r --arg name "$1" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $name).digest[7:]' \
        "$layout/index.json")"
}

# nothing_kept: no image, no tree, no blob: at most what the next fetch goes on with.
nothing_kept() {
    [[ -z $(find "$data/cas" -type f ! -path "$data/cas/tmp/*") ]]
    [[ -z $(ls -A "$data/cas/tree") ]]
    [[ -z $(r image list --no-legend) ]]
}

@test "registry: an image is fetched by tag and by digest, and runs" {
    check r fetch --full "docker://$registry/debian-redis"
    [[ ${lines[-1]} == "$(image_id debian-redis)" ]]
    check r fetch --full "docker://$registry/small@sha256:$(image_id small | cut -c8-)"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    check r run --net=host "docker://$registry/debian-redis" --exec=/bin/sh -- -c 'redis-server --version; echo $FLAVOUR; pwd'
    has 'Redis server v='
    has 'six layers'
    has '/tmp'
}

@test "registry: layers show what the image says: whiteouts, opaque directories, hard links, owners, setuid" {
    check r fetch "docker://$registry/debian-redis"
    check r run --net=host --pull-policy=never "docker://$registry/debian-redis" --exec=/bin/sh -- -c '
        ls /etc /var/lib/gone
        cat /var/lib/gone/c /etc/kept
        stat -c "%a %n" /usr/bin/su /tmp
        stat -c "%u:%g %a %n" /etc/redis/redis.conf
        stat -c "%h %i" /opt/links/one /opt/links/two'
    lacks 'motd'
    has 'from the fourth layer'
    has 'from the first layer'
    has '4755 /usr/bin/su'
    has '1777 /tmp'
    has '999:998 640 /etc/redis/redis.conf'
    # both names of one file
    [[ $(grep -oE '2 [0-9]+$' <<<"$output" | sort -u | wc -l) == 1 ]]
    lacks '/a$'
}

@test "registry: docker schema 2, zstd and plain layers are read" {
    local name digest
    for name in schema2 mixed; do
        digest=$(curl -fsS -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json' \
            "http://$registry/v2/$name/manifests/latest" | sha256sum | cut -c1-64)
        check r fetch --full "docker://$registry/$name"
        [[ ${lines[-1]} == "sha256-$digest" ]]
        check r run --net=host "docker://$registry/$name"
        has 'Redis server v='
    done
    check skopeo copy --quiet --insecure-policy --dest-tls-verify=false --dest-compress-format zstd \
        "oci:$layout:small" "docker://$registry/zstd"
    check r fetch "oci://$registry/zstd:latest"
    check r run --net=host "oci://$registry/zstd:latest"
    has 'the first'
}

@test "registry: from an index, the image for this machine is taken" {
    local index=$BATS_TEST_TMPDIR/index
    jq '.manifests |= map(select(.annotations["org.opencontainers.image.ref.name"] | . == "arm" or . == "small"))
        | .manifests[].annotations = null' "$layout/index.json" >"$index"
    push arm "$registry/multi:arm"
    push small "$registry/multi:small"
    curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary "@$index" \
        "http://$registry/v2/multi/manifests/latest"
    check r fetch --full "docker://$registry/multi"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    jq '.manifests |= map(select(.platform.architecture == "arm64"))' "$index" >"$index.arm"
    curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' --data-binary "@$index.arm" \
        "http://$registry/v2/multi/manifests/arm-only"
    check_fails 254 r fetch "docker://$registry/multi:arm-only"
    has 'there is no image for linux/amd64, only for: linux/arm64'
}

@test "registry: an index made by buildah" {
    need commands buildah
    local b=(buildah --root "$BATS_TEST_TMPDIR/b" --runroot "$BATS_TEST_TMPDIR/rr" --storage-driver vfs)
    push arm "$registry/built:arm"
    push small "$registry/built:amd"
    check "${b[@]}" manifest create multi
    check "${b[@]}" manifest add --tls-verify=false multi "docker://$registry/built:arm"
    check "${b[@]}" manifest add --tls-verify=false multi "docker://$registry/built:amd"
    check "${b[@]}" manifest push --all --tls-verify=false multi "docker://$registry/built:latest"
    check r run --net=host "docker://$registry/built"
    has 'the first'
}

@test "registry: without a signature an image is only taken with --insecure-options=image" {
    check_fails 254 rkt --dir="$data" fetch "docker://$registry/small"
    has 'insecure-options=image'
    [[ $(registry_requests .) == 0 ]]
    check r fetch "docker://$registry/small"
    # what is in the store was vouched for
    check rkt --dir="$data" fetch --pull-policy=new "docker://$registry/small"
}

@test "registry: the pull policy says whether the store or the registry is asked" {
    local by_digest
    by_digest=docker://$registry/small@sha256:$(image_id small | cut -c8-)
    check_fails 254 r fetch --pull-policy=never "docker://$registry/small"
    has 'not in the store, and the pull policy is never'
    [[ $(registry_requests .) == 0 ]]
    check r fetch --pull-policy=new "docker://$registry/small"
    : >"$registry_log"
    check r fetch --pull-policy=new "docker://$registry/small"
    check r fetch --pull-policy=never "docker://$registry/small"
    [[ $(registry_requests .) == 0 ]]
    # asked, and nothing downloaded
    check r fetch --pull-policy=update "docker://$registry/small"
    [[ $(registry_requests HEAD) == 1 && $(registry_requests GET) == 0 ]]
    # another image has the tag now
    push second "$registry/small"
    check r fetch --pull-policy=new --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    check r fetch --pull-policy=update --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id second)" ]]
    push small "$registry/small"
    # a digest stands for one image for ever
    check r fetch --pull-policy=update "$by_digest"
    : >"$registry_log"
    check r fetch --pull-policy=update "$by_digest"
    [[ $(registry_requests .) == 0 ]]
}

@test "registry: run does not start rkt-fetch for an image that is there" {
    check r fetch "docker://$registry/small"
    kill -STOP "$registry_pid"
    check strace -f -e trace=execve -o "$BATS_TEST_TMPDIR/trace" rkt --dir="$data" run --net=host "docker://$registry/small"
    kill -CONT "$registry_pid"
    has 'the first'
    [[ $(grep -c rkt-fetch "$BATS_TEST_TMPDIR/trace") == 0 ]]
}

@test "registry: layers that images share are downloaded once" {
    check r fetch "docker://$registry/small"
    [[ $(registry_requests 'GET .*/blobs/') == 3 ]]
    : >"$registry_log"
    check r fetch "docker://$registry/second"
    # its configuration and its upper layer
    [[ $(registry_requests 'GET .*/blobs/') == 2 ]]
    check r run --net=host "docker://$registry/second"
    has 'the second'
}

@test "registry: images that share layers may be fetched at the same time" {
    local name pids=()
    for name in small second small second; do
        rkt-fetch --dir="$data" --insecure-options=image "docker://$registry/$name" >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    for name in "${pids[@]}"; do
        wait "$name"
    done
    # two configurations, two upper layers and the lower one
    [[ $(registry_requests 'GET .*/blobs/') == 5 ]]
    check r run --net=host "docker://$registry/small"
    check r run --net=host "docker://$registry/second"
}

@test "registry: a layer may come twice in an image" {
    local d=$BATS_TEST_TMPDIR/twice
    mkdir "$d"
    tar -C "$d" -cf "$d.tar" .
    python3 "$BATS_TEST_DIRNAME/oci-image.py" --config '{"Cmd": ["cat", "/etc/text"], "Env": ["PATH=/bin"]}' \
        "$layout" twice "$BATS_FILE_TMPDIR"/small.*/1.tar "$d.tar" "$d.tar" >/dev/null
    push twice "$registry/twice"
    check r run --net=host "docker://$registry/twice" --exec=/bin/sh -- -c 'echo it runs'
    has 'it runs'
    [[ $(registry_requests 'GET .*/blobs/') == 3 ]]
}

@test "registry: a server in an image answers" {
    check rkt --dir="$data" --insecure-options=image fetch "docker://$registry/debian-redis"
    rkt --dir="$data" run --net=host "docker://$registry/debian-redis" --exec=/usr/bin/redis-server -- --port 7379 \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    local pid=$!
    wait_for 20 redis-cli -p 7379 ping
    check redis-cli -p 7379 ping
    [[ $output == PONG ]]
    redis-cli -p 7379 shutdown nosave || :
    wait $pid
}

@test "registry: somebody who is not root can fetch, and a signal leaves what the next fetch goes on with" {
    local d=$BATS_TEST_TMPDIR/nobody
    install -d -o nobody "$d"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
    check setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME="$d" \
        rkt --dir="$d/d" --insecure-options=image fetch --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    start_scripted_registry "$layout"
    local layer pid status=0
    layer=$(jq -r '.layers[0].digest' "$layout/blobs/sha256/$(image_id small | cut -c8-)")
    echo "[{\"match\": \"$layer\", \"pause\": 0.01}]" >"$rules"
    python3 -c 'import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
        rkt-fetch --dir="$data" --insecure-options=image "docker://$registry/small" >/dev/null 2>&1 3>&- &
    pid=$!
    wait_for 20 grep -q "$layer" "$log"
    sleep 1
    kill -INT $pid
    wait $pid || status=$?
    ((status == 128 + 2))
    [[ -z $(r image list --no-legend) ]]
    rm "$rules"
    check r fetch "docker://$registry/small"
    grep -q "$layer 206" "$log"
}

@test "registry: of twenty processes that want one image, one downloads and all succeed" {
    local i pids=()
    for ((i = 0; i < 20; i++)); do
        rkt-fetch --dir="$data" --insecure-options=image --full "docker://$registry/big" >"$BATS_TEST_TMPDIR/out.$i" 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
    done
    run tail -qn 1 "$BATS_TEST_TMPDIR"/out.*
    [[ $(sort -u <<<"$output") == "$(image_id big)" ]]
    # the configuration and four layers
    [[ $(registry_requests 'GET .*/blobs/') == 5 ]]
}

@test "registry: when the process that downloads is killed, another one goes on" {
    local i pids=() killed=0
    start_scripted_registry "$layout"
    echo '[{"match": "blobs", "pause": 0.0001}]' >"$rules"
    for ((i = 0; i < 5; i++)); do
        rkt-fetch --dir="$data" --insecure-options=image --full "docker://$registry/debian-redis" >"$BATS_TEST_TMPDIR/out.$i" 2>&1 3>&- &
        pids+=($!)
    done
    wait_for 20 grep -q 'GET.*blobs' "$log"
    sleep 0.5
    for i in "${pids[@]}"; do
        # one that waits says so
        if ! grep -q 'waiting for another process' "$BATS_TEST_TMPDIR/out.$killed"; then
            kill -9 "$i"
            break
        fi
        killed=$((killed + 1))
    done
    for ((i = 0; i < 5; i++)); do
        ((i == killed)) || wait "${pids[i]}"
        ((i == killed)) || [[ $(tail -n 1 "$BATS_TEST_TMPDIR/out.$i") == "$(image_id debian-redis)" ]]
    done
    ((killed < 5))
}

@test "registry: a fetch that is killed goes on the next time, and nothing partial is ever seen" {
    local i pid times=50
    [[ $RKT_TEST_HOST == ns ]] || times=5
    for ((i = 0; i < times; i++)); do
        rkt-fetch --dir="$data" --insecure-options=image "docker://$registry/big" >/dev/null 2>&1 3>&- &
        pid=$!
        sleep "0.$((RANDOM % 10))$((RANDOM % 10))"
        kill -9 $pid 2>/dev/null || :
        wait $pid || :
        if [[ $(r image list --no-legend) ]]; then
            check r image verify "$(image_id big)"
            r image rm "$(image_id big)" >/dev/null
        fi
    done
    check r fetch --full "docker://$registry/big"
    [[ ${lines[-1]} == "$(image_id big)" ]]
    check r image verify "$(image_id big)"
    check r image gc
    [[ -z $(find "$data/cas/tmp" -type f -size +0) && $(find "$data/cas/tree" -mindepth 1 -maxdepth 1 ! -name 'layer-*' | wc -l) == 0 ]]
}

@test "registry: TLS with an authority of our own" {
    local tls=$BATS_FILE_TMPDIR/tls
    make_certificate "$tls" localhost 127.0.0.1
    start_registry tls "  tls:" "    certificate: $tls/cert.pem" "    key: $tls/key.pem"
    check_fails 254 r fetch "docker://$registry/small"
    has "https://$registry/v2/small/manifests/latest.*certificate"
    SSL_CERT_FILE=$tls/ca.pem check r fetch "docker://$registry/small"
    rm -r "$data"
    check rkt --dir="$data" --insecure-options=image,tls fetch "docker://$registry/small"
}

@test "registry: basic authentication, with the user's auth.json or rkt's own configuration" {
    local config=$BATS_TEST_TMPDIR/config
    htpasswd -Bbn tester secret >"$BATS_TEST_TMPDIR/htpasswd"
    start_registry basic auth: "  htpasswd:" "    realm: test" "    path: $BATS_TEST_TMPDIR/htpasswd"
    check_fails 254 r fetch "docker://$registry/small"
    has "wants a user and a password, and none are configured for $registry"
    know_password
    check_fails 254 r fetch "docker://$registry/small"
    has 'not sent over plain http without --insecure-options=http'
    check rkt --dir="$data" --insecure-options=image,http fetch "docker://$registry/small"
    rm -r "$HOME/.docker" "$data"
    install -d "$config/auth.d"
    (umask 077; echo "{\"rktKind\": \"dockerAuth\", \"rktVersion\": \"v1\", \"registries\": [\"$registry\"],
        \"credentials\": {\"user\": \"tester\", \"password\": \"wrong\"}}" >"$config/auth.d/test.json")
    check_fails 254 rkt --dir="$data" --user-config="$config" --insecure-options=image,http fetch "docker://$registry/small"
    has 'the credentials are not accepted'
    sed -i s/wrong/secret/ "$config/auth.d/test.json"
    check rkt --dir="$data" --user-config="$config" --insecure-options=image,http fetch "docker://$registry/small"
}

# start_token_server: token-server.py. Sets realm and token_log.
start_token_server() {
    local d=$BATS_TEST_TMPDIR/token port
    mkdir "$d"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens -keyout "$d/key.pem" -out "$d/tokens.pem" 2>/dev/null
    token_log=$BATS_TEST_TMPDIR/token.log
    : >"$token_log"
    serve_by token-server.py "$d/key.pem" "$d/tokens.pem" tester:secret refresh-me "$token_log"
    realm=http://127.0.0.1:$port/token
}

start_token_registry() {
    start_token_server
    start_registry token auth: "  token:" "    realm: $realm" \
        "    service: test-registry" "    issuer: test" "    rootcertbundle: $BATS_TEST_TMPDIR/token/tokens.pem"
}

# know_password: for $registry, in Docker's file.
know_password() {
    install -d "$HOME/.docker"
    (umask 077; echo "{\"auths\": {\"$registry\": {\"auth\": \"$(printf tester:secret | base64)\"}}}" >"$HOME/.docker/config.json")
}

h() { rkt --dir="$data" --insecure-options=image,http "$@"; }

@test "registry: tokens are got once, with a password, and used for all requests" {
    start_token_registry
    check_fails 254 h fetch "docker://$registry/small"
    has 'no token for repository small.*UNAUTHORIZED: wrong credentials'
    know_password
    : >"$token_log"
    check h fetch "docker://$registry/debian-redis"
    [[ $(<"$token_log") == 'GET tester repository:debian-redis:pull 200' ]]
}

@test "registry: tokens for everybody need no credentials" {
    start_token_registry
    check r fetch "docker://$registry/public/small"
    [[ $(<"$token_log") == 'GET None repository:public/small:pull 200' ]]
}

@test "registry: tokens by a refresh token" {
    start_token_registry
    install -d "$HOME/.docker"
    (umask 077; echo "{\"auths\": {\"$registry\": {\"identitytoken\": \"refresh-me\"}}}" >"$HOME/.docker/config.json")
    check h fetch "docker://$registry/small"
    [[ $(<"$token_log") == 'POST refreshed repository:small:pull 200' ]]
}

@test "registry: a token that is not good any more is got anew" {
    start_token_server
    start_scripted_registry "$layout"
    local wanted='"status": 401, "headers": {"WWW-Authenticate": "Bearer realm=\"'$realm'\",service=\"x\",scope=\"repository:public/small:pull\""}'
    local blob list="{\"match\": \"manifests\", \"times\": 1, $wanted}"
    for blob in $(jq -r '.layers[].digest' "$layout/blobs/sha256/$(image_id small | cut -c8-)"); do
        list+=", {\"match\": \"$blob\", \"times\": 1, $wanted}"
    done
    echo "[$list]" >"$rules"
    check r fetch --full "docker://$registry/public/small"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    # once for the manifest, once for both layers
    [[ $(wc -l <"$token_log") == 2 ]]
    rm -r "$data"
    # but not for ever
    echo "[{\"match\": \"blobs\", $wanted}]" >"$rules"
    check_fails 254 r fetch "docker://$registry/public/small"
    has 'the credentials are not accepted'
}

@test "registry: credentials are not sent to where a blob is really kept" {
    start_scripted_registry "$layout"
    local store=$registry store_log=$log
    start_scripted_registry "$layout" other
    know_password
    echo '[{"match": "manifests", "times": 1, "status": 401, "headers": {"WWW-Authenticate": "Basic realm=x"}},
        {"match": "blobs", "status": 307, "headers": {"Location": "http://'"$store"'/v2/small/blobs/NAME"}}]' >"$rules"
    check h fetch --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    grep -q 'manifests.* 200 Basic ' "$log"
    grep -q 'blobs.* 307 Basic ' "$log"
    grep -q 'blobs.* 200$' "$store_log"
    [[ $(grep -c Basic "$store_log") == 0 ]]
}

@test "registry: plain http is only for this machine, or where it is allowed" {
    local here=$registry config=$BATS_TEST_TMPDIR/config
    grep -q registry.test /etc/hosts || echo '127.0.0.1 registry.test' >>/etc/hosts
    registry=registry.test:${here#*:}
    check_fails 254 r fetch "docker://$registry/small"
    has "https://$registry/v2/small/manifests/latest"
    check h fetch "docker://$registry/small"
    rm -r "$data"
    install -d "$config/registries.d"
    echo "{\"rktKind\": \"registries\", \"rktVersion\": \"v1\", \"registries\": [{\"prefix\": \"$registry\", \"insecure\": true}]}" \
        >"$config/registries.d/test.json"
    check r --user-config="$config" fetch "docker://$registry/small"
    # once there is a certificate, there is no way back to http
    local tls=$BATS_TEST_TMPDIR/tls
    make_certificate "$tls" localhost 127.0.0.1
    start_registry certified "  tls:" "    certificate: $tls/cert.pem" "    key: $tls/key.pem"
    check_fails 254 h fetch "docker://$registry/second"
    has 'certificate'
    lacks 'http://'
}

@test "registry: a token server that is reached less safely than the registry gets nothing" {
    start_scripted_registry "$layout"
    echo '[{"match": "manifests", "status": 401,
        "headers": {"WWW-Authenticate": "Bearer realm=\"http://tokens.example/token\",service=\"x\""}}]' >"$rules"
    check_fails 254 r fetch "docker://$registry/small"
    has 'token server http://tokens.example/token, which is plain http: refused'
    echo '[{"match": "manifests", "status": 401,
        "headers": {"WWW-Authenticate": "Bearer realm=\"https://169.254.169.254/token\",service=\"x\""}}]' >"$rules"
    check_fails 254 r fetch "docker://$registry/small"
    has 'token server https://169.254.169.254/token, an address that only this machine can reach: refused'
    echo '[{"match": "manifests", "status": 401, "headers": {"WWW-Authenticate": "Negotiate"}}]' >"$rules"
    check_fails 254 r fetch "docker://$registry/small"
    has 'wants authentication by Negotiate'
    nothing_kept
}

@test "registry: a busy registry is asked again" {
    start_scripted_registry "$layout"
    echo '[{"match": "manifests", "times": 1, "status": 429, "headers": {"Retry-After": "1"}},
        {"match": "manifests", "times": 1, "status": 503}, {"match": "blobs", "times": 2, "status": 500}]' >"$rules"
    check r fetch --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    [[ $(grep -c ' 429' "$log") == 1 && $(grep -c ' 503' "$log") == 1 && $(grep -c ' 500' "$log") == 2 ]]
    rm -r "$data"
    echo '[{"match": "manifests", "status": 429, "headers": {"Retry-After": "3600"}}]' >"$rules"
    check_fails 254 r fetch "docker://$registry/small"
    has '429'
}

@test "registry: a layer whose connection breaks goes on where it was" {
    start_scripted_registry "$layout"
    local layer
    layer=$(jq -r '.layers[0].digest' "$layout/blobs/sha256/$(image_id small | cut -c8-)")
    echo "[{\"match\": \"$layer\", \"times\": 2, \"cut\": 100000}]" >"$rules"
    check r fetch --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id small)" ]]
    [[ $(grep -c "$layer 206" "$log") == 2 ]]
}

# hostile RULES MESSAGE: a fetch of "small" with these rules fails with this message, and nothing stays.
hostile() {
    echo "$1" >"$rules"
    check_fails 254 r fetch "docker://$registry/small"
    has "$2"
    nothing_kept
}

@test "registry: what a hostile registry sends is refused, with its URL and the reason" {
    export RKT_HTTP_TIMEOUT=2
    start_scripted_registry "$layout"
    local manifest layer config second
    manifest=$(image_id small | cut -c8-)
    layer=$(jq -r '.layers[1].digest' "$layout/blobs/sha256/$manifest")
    config=$(jq -r .config.digest "$layout/blobs/sha256/$manifest")
    second=$layout/blobs/sha256/$(image_id second | cut -c8-)
    # not what was asked for
    hostile '[{"match": "manifests", "headers": {"Docker-Content-Digest": "sha256:'"$(printf %064d 0)"'"}}]' \
        "http://$registry/v2/small/manifests/latest: the content has the digest sha256:.* instead of the registry's"
    hostile '[{"match": "'"$config"'", "body": "{}"}]' "v2/small/blobs/$config: it has 2 bytes instead of"
    hostile '[{"match": "'"$layer"'", "body": "short"}]' "layer $layer: it has 5 bytes instead of"
    hostile '[{"match": "'"$layer"'", "file": "'"$layout/oci-layout"'"}]' "layer $layer"
    echo "[{\"match\": \"GET\", \"file\": \"$second\"}]" >"$rules"
    check_fails 254 r fetch "docker://$registry/small@sha256:$manifest"
    has 'the content is not what was asked for'
    # too much, too slow, too deep
    hostile '[{"match": "manifests", "endless": true}]' "v2/small/manifests/latest: it is larger than the limit of"
    hostile '[{"match": "'"$layer"'", "endless": true}]' "$layer: it is larger than the limit of"
    hostile '[{"match": "manifests", "stall": true}]' "v2/small/manifests/latest: .*(too slow|timed out)"
    # what has come until then is what the next fetch goes on with
    echo '[{"match": "'"$layer"'", "stall": true}]' >"$rules"
    check_fails 254 r fetch "docker://$registry/small"
    has "$layer: .*(too slow|timed out)"
    [[ -z $(r image list --no-legend) ]]
    : >"$log"
    rm "$rules"
    check r fetch "docker://$registry/small"
    [[ $(grep -c blobs "$log") == 2 ]]
    r image rm "$(image_id small)" >/dev/null
    rm -r "$data"
    hostile '[{"match": "manifests", "flood": 10000000}]' "v2/small/manifests/latest: the headers are larger"
    hostile "[{\"match\": \"manifests\", \"body\": \"$(printf '[%.0s' {1..10000})\"}]" "v2/small/manifests/latest:"
    # elsewhere
    hostile '[{"match": "'"$layer"'", "status": 307, "headers": {"Location": "file:///etc/passwd"}}]' "$layer.*redirects to file:"
    hostile '[{"match": "'"$layer"'", "status": 307, "headers": {"Location": "http://169.254.169.254/latest/meta-data"}}]' \
        "$layer.*169.254.169.254"
    hostile '[{"match": "manifests", "status": 307, "headers": {"Location": "/v2/small/manifests/latest"}}]' 'more than 10 redirects'
}

@test "registry: images that cannot be had as a whole are refused" {
    start_scripted_registry "$layout"
    local manifest
    manifest=$layout/blobs/sha256/$(image_id small | cut -c8-)
    jq '.layers[1].mediaType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
        | .layers[1].urls = ["https://example.com/layer"]' "$manifest" >"$BATS_TEST_TMPDIR/foreign"
    hostile "[{\"match\": \"manifests\", \"file\": \"$BATS_TEST_TMPDIR/foreign\"}]" 'foreign|not distributed'
    hostile '[{"match": "manifests", "body": "{\"schemaVersion\": 1, \"name\": \"small\", \"fsLayers\": []}",
        "headers": {"Content-Type": "application/vnd.docker.distribution.manifest.v1+prettyjws"}}]' 'schema 1'
    jq '.layers[1].digest = "sha512:" + ("0" * 128)' "$manifest" >"$BATS_TEST_TMPDIR/sha512"
    hostile "[{\"match\": \"manifests\", \"file\": \"$BATS_TEST_TMPDIR/sha512\"}]" 'expected sha256'
    hostile '[{"match": "manifests", "body": "<html>", "headers": {"Content-Type": "text/html"}}]' 'v2/small/manifests/latest'
    hostile '[{"match": "manifests", "status": 404}]' 'the registry does not have it'
    hostile '[{"match": "blobs", "status": 403}]' 'access is denied'
}

@test "registry: mirrors are asked first, and the registry itself last" {
    start_scripted_registry "$layout"
    local config=$BATS_TEST_TMPDIR/config mirror=$registry
    install -d "$config/registries.d"
    read -r registry _ <"$BATS_FILE_TMPDIR/main"
    echo "{\"rktKind\": \"registries\", \"rktVersion\": \"v1\", \"registries\": [{\"prefix\": \"$registry\",
        \"mirrors\": [{\"location\": \"127.0.0.1:1\"}, {\"location\": \"$mirror\"}]}]}" >"$config/registries.d/test.json"
    check r --user-config="$config" fetch --full "docker://$registry/small"
    [[ ${lines[-1]} == "$(image_id small)" && $(registry_requests GET) == 0 ]]
    check rkt --dir="$data" run --net=host --pull-policy=never "docker://$registry/small"
    # what the mirrors say of a tag is asked first, too
    : >"$log"
    check r --user-config="$config" fetch "docker://$registry/small"
    [[ $(grep -c . "$log") == 1 && $(registry_requests .) == 0 ]]
    # what the mirror has lost comes from the registry
    echo '[{"match": "manifests", "status": 404}]' >"$rules"
    check r --user-config="$config" fetch "docker://$registry/second"
    [[ $(registry_requests 'GET.*manifests') == 1 ]]
    has "127.0.0.1:1/second"
    check_fails 254 r --user-config="$config" fetch "docker://$registry/none"
    has "http://$registry/v2/none/manifests/latest: the registry does not have it"
    : >"$registry_log"
    echo '[{"match": "blobs", "status": 404}]' >"$rules"
    check r --user-config="$config" fetch "docker://$registry/debian-redis"
    [[ $(registry_requests 'GET.*blobs') == 7 ]]
}
