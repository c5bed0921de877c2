#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later

load lib

setup_file() {
    local d=$BATS_FILE_TMPDIR dir
    make_certificate "$d" localhost 127.0.0.1
    dir=$d/build
    mkdir -p "$dir/rootfs"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/app"}' >"$dir/manifest"
    rkt image build --overwrite "$dir" "$d/app.aci"
}

setup() {
    data=$BATS_TEST_TMPDIR/data
    www=$BATS_TEST_TMPDIR/www
    system=$BATS_TEST_TMPDIR/system
    config=$BATS_TEST_TMPDIR/config
    user=$BATS_TEST_TMPDIR/user
    mkdir -p "$www" "$config/auth.d" "$system/auth.d" "$user/auth.d"
    cp "$BATS_FILE_TMPDIR/app.aci" "$www/app.aci"
    export SSL_CERT_FILE=$BATS_FILE_TMPDIR/ca.pem HOME=$BATS_TEST_TMPDIR/home XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/run
    unset DOCKER_CONFIG REGISTRY_AUTH_FILE
    umask 027
}

teardown() {
    stop_servers
}

r() { rkt --dir="$data" --system-config="$system" --local-config="$config" --user-config="$user" "$@"; }
fetch() { r --insecure-options="image${insecure:+,$insecure}" fetch --full "$@"; }

# serve_auth DIRECTORY [plain]: auth-server.py, over https but with plain. Sets host (localhost:PORT) and log.
serve_auth() {
    local port
    log=$(mktemp "$BATS_TEST_TMPDIR/requests-XXXXXX")
    if [[ ${2-} == plain ]]; then
        set -- "$1"
    else
        set -- "$1" "$BATS_FILE_TMPDIR/cert.pem" "$BATS_FILE_TMPDIR/key.pem"
    fi
    serve_by auth-server.py "$1" "$log" "${@:2}"
    host=localhost:$port
}

# auth DIRECTORY NAME TYPE CREDENTIALS DOMAIN…, docker_auth DIRECTORY NAME USER PASSWORD REGISTRY…: files of auth.d.
auth() {
    jq -n --arg type "$3" --argjson c "$4" '{rktKind: "auth", rktVersion: "v1", domains: $ARGS.positional,
        type: $type, credentials: $c}' --args "${@:5}" >"$1/auth.d/$2.json"
}
docker_auth() {
    jq -n --arg u "$3" --arg p "$4" '{rktKind: "dockerAuth", rktVersion: "v1", registries: $ARGS.positional,
        credentials: {user: $u, password: $p}}' --args "${@:5}" >"$1/auth.d/$2.json"
}

basic() { printf 'Basic %s' "$(printf %s "$1" | base64 -w0)"; }

# who PATTERN: who the last request that matches said that it was.
who() { grep -E -- "$1" "$log" | tail -n 1 | cut -d' ' -f4-; }

@test "credentials: basic, a bearer token and Amazon's signature open the way to an image" {
    serve_auth "$www"
    echo 'Basic reader:pass:word' >"$www/app.aci.auth"
    check_fails 254 fetch "https://$host/app.aci"
    has '401'
    auth "$config" a basic '{"user": "reader", "password": "pass:word"}' "$host"
    check fetch "https://$host/app.aci"

    echo 'Bearer t-o.k~e+n/=' >"$www/app.aci.auth"
    auth "$config" a oauth '{"token": "t-o.k~e+n/="}' "$host"
    check fetch "https://$host/app.aci?2"
    [[ $(who /app.aci) == 'Bearer t-o.k~e+n/=' ]]

    echo 'AWS AKID SECRET eu-west-1' >"$www/app.aci.auth"
    auth "$config" a aws '{"accessKeyID": "AKID", "secretAccessKey": "SECRET", "awsRegion": "eu-west-1"}' "$host"
    check fetch "https://$host/app.aci?x=3&a=4"
    [[ $(who /app.aci) == AWS4-HMAC-SHA256* ]]
    auth "$config" a aws '{"accessKeyID": "AKID", "secretAccessKey": "WRONG", "awsRegion": "eu-west-1"}' "$host"
    check_fails 254 fetch "https://$host/app.aci?4"
    grep -q 'AWS wrong signature' "$log"
    auth "$config" a aws '{"accessKeyID": "AKID", "secretAccessKey": "SECRET"}' "$host"
    check_fails 254 fetch "https://$host/app.aci?5"
    grep -q 'AWS another key or region' "$log"
}

@test "credentials: the user's go before the administrator's, and these before the vendor's" {
    serve_auth "$www"
    auth "$system" a basic '{"user": "vendor", "password": "x"}' "$host"
    check fetch "https://$host/app.aci"
    [[ $(who /app.aci) == "$(basic vendor:x)" ]]
    auth "$config" other basic '{"user": "admin", "password": "x"}' other.example.com "$host"
    check fetch "https://$host/app.aci"
    [[ $(who /app.aci) == "$(basic admin:x)" ]]
    auth "$user" a basic '{"user": "user", "password": "x"}' "$host"
    check fetch "https://$host/app.aci"
    [[ $(who /app.aci) == "$(basic user:x)" ]]
    check r config --pretty-print=false
    [[ $(jq -c '[.stage0[] | select(.rktKind == "auth") | [.domains[0], .credentials.user]]' <<<"$output") == \
        "[[\"$host\",\"user\"],[\"other.example.com\",\"admin\"]]" ]]
}

@test "credentials: a redirect to another host takes them nowhere" {
    local second=$BATS_TEST_TMPDIR/second host1 host2 log2
    mkdir "$second"
    cp "$www/app.aci" "$second/"
    serve_auth "$second"
    host2=$host log2=$log
    serve_auth "$www"
    host1=$host
    echo 'Basic u:secret' >"$www/app.aci.auth"
    auth "$config" a basic '{"user": "u", "password": "secret"}' "$host1"
    echo "https://$host2/app.aci" >"$www/app.aci.location"
    check fetch "https://$host1/app.aci"
    [[ $(who /app.aci) == "$(basic u:secret)" ]]
    [[ $(cut -d' ' -f2- "$log2") == '/app.aci 200 -' ]]
    # to the same host they go
    echo "https://$host1/other.aci" >"$www/app.aci.location"
    cp "$www/app.aci" "$www/other.aci"
    echo 'Basic u:secret' >"$www/other.aci.auth"
    check fetch "https://$host1/app.aci?2"
}

@test "credentials: they go over plain http only with --insecure-options=http" {
    serve_auth "$www" plain
    auth "$config" a basic '{"user": "u", "password": "secret"}' "$host"
    echo 'Basic u:secret' >"$www/app.aci.auth"
    check_fails 254 fetch "http://$host/app.aci"
    has 'not sending the credentials'
    [[ $(grep -c Basic "$log") == 0 ]]
    insecure=http
    check fetch "http://$host/app.aci"
    [[ $(who /app.aci) == "$(basic u:secret)" ]]
}

@test "credentials: files that everybody can read, and those of other users, are refused with how to mend it" {
    serve_auth "$www"
    auth "$config" a basic '{"user": "u", "password": "geheim"}' "$host"
    chmod 644 "$config/auth.d/a.json"
    check_fails 254 fetch "https://$host/app.aci"
    has "a.json is not used, as .* everybody can read it; \"chmod o= $config/auth.d/a.json\" mends it"
    lacks geheim
    check_fails 254 r config
    chmod 642 "$config/auth.d/a.json"
    check_fails 254 r config
    has 'everybody can change it'
    chmod 600 "$config/auth.d/a.json"
    chown 4711 "$config/auth.d/a.json"
    check_fails 254 r config
    has 'belongs to user 4711'
    # unless it is of a group that may write there, as rkt-admin may in /etc/rkt
    chgrp 4712 "$config/auth.d"
    chmod 770 "$config/auth.d"
    check_fails 254 r config
    chgrp 4712 "$config/auth.d/a.json"
    check r config
    chmod 777 "$config/auth.d"
    check_fails 254 r config
    [[ ! -s $log ]]
    # what has nothing to do with them is not disturbed
    check r list
    chown 0 "$config/auth.d/a.json"
    check r config
}

@test "credentials: what another user may not read is passed over" {
    local open=/run/rkt-test-$BATS_TEST_NUMBER.$$
    mkdir -m 755 "$open" "$open/auth.d"
    auth "$open" a basic '{"user": "u", "password": "geheim"}' example.com
    run setpriv --reuid=4711 --regid=4711 --clear-groups rkt --dir=/nowhere --local-config="$open" config
    rm -r "$open"
    [[ $status == 0 ]]
    has 'a.json is passed over: Permission denied'
    lacks geheim
}

@test "credentials: two for one host in one directory are an error that names both files" {
    auth "$config" a basic '{"user": "u", "password": "geheim"}' one.example.com two.example.com
    auth "$config" b oauth '{"token": "geheim"}' two.example.com:443
    check_fails 254 r config
    has "b.json:[0-9]+:[0-9]+: domains\[0\]: credentials for \"two.example.com\" are already in $config/auth.d/a.json"
    docker_auth "$config" b u geheim docker.io
    docker_auth "$config" c u geheim index.docker.io
    check_fails 254 r config
    has "c.json:.*: credentials for \"docker.io\" are already in $config/auth.d/b.json"
    lacks geheim
}

@test "credentials: what is wrong in a file is said with its place, and without secrets" {
    auth "$config" a basic '{"user": "u"}' one.example.com
    check_fails 254 r config
    has 'a.json:[0-9]+:[0-9]+: credentials.password: missing'
    auth "$config" a basic '{"user": "u", "password": ["geheim"]}' one.example.com
    check_fails 254 r config
    has 'credentials.password: expected a string, found an array'
    lacks geheim
    auth "$config" a digest '{"user": "u", "password": "geheim"}' one.example.com
    check_fails 254 r config
    has 'type: "digest" is not known: expected basic, oauth or aws'
    auth "$config" a basic '{"user": "u", "password": "geheim"}' https://one.example.com/x
    check_fails 254 r config
    has 'is not a host: expected HOST\[:PORT\]'
    auth "$config" a basic '{"user": "u", "password": "geheim"}'
    check_fails 254 r config
    has 'domains: cannot be empty'
    echo '{"rktKind": "paths", "rktVersion": "v1"}' >"$config/auth.d/a.json"
    check_fails 254 r config
    has 'rktKind is "paths", expected "auth" or "dockerAuth" in auth.d'
    lacks geheim
}

# serve_registry: a registry for user "u", password "secret", with nothing in it. asked REPOSITORY PATTERN: it is
# asked for an image, and by whom must match.
serve_registry() {
    serve_auth "$www"
    echo 'Basic u:secret' >"$www/v2.auth"
}
asked() {
    : >"$log"
    check_fails 254 fetch "docker://$host/$1"
    if ! grep -Eqx -- "$2" < <(who "/v2/$1/manifests/latest"); then
        cat "$log"
        printf '%s\nnot as %s\n' "$output" "$2"
        return 1
    fi
}
auth_json() {
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1"
}
encoded() { printf %s "$1" | base64 -w0; }

@test "credentials: for registries, those for the longest path count" {
    serve_registry
    asked a/b -
    docker_auth "$config" host wrong x "$host"
    asked a/b "$(basic wrong:x)"
    docker_auth "$config" path u secret "$host/a"
    asked a/b "$(basic u:secret)"
    has 'MANIFEST_UNKNOWN|not have|no such|404'
    asked ab/b "$(basic wrong:x)"
    # they are not for web servers
    check fetch "https://$host/app.aci"
    [[ $(who /app.aci) == - ]]
}

@test "credentials: those of podman and of Docker are used after our own, in their order" {
    serve_registry
    auth_json "$HOME/.docker/config.json" "{\"auths\": {\"https://$host/v1/\": {\"auth\": \"$(encoded docker:1)\"}}}"
    asked a/b "$(basic docker:1)"
    DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker asked a/b -
    auth_json "$BATS_TEST_TMPDIR/docker/config.json" "{\"auths\": {\"$host\": {\"username\": \"docker\", \"password\": \"2\"}}}"
    DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker asked a/b "$(basic docker:2)"
    auth_json "$HOME/.config/containers/auth.json" "{\"auths\": {\"$host/a\": {\"auth\": \"$(encoded podman:1)\"}}}"
    asked a/b "$(basic podman:1)"
    asked b/b "$(basic docker:1)"
    auth_json "$XDG_RUNTIME_DIR/containers/auth.json" "{\"auths\": {\"$host\": {\"auth\": \"$(encoded podman:2)\"}}}"
    asked a/b "$(basic podman:2)"
    auth_json "$BATS_TEST_TMPDIR/mine" "{\"auths\": {\"$host\": {\"auth\": \"$(encoded mine:1)\"}}}"
    REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/mine asked a/b "$(basic mine:1)"
    docker_auth "$config" ours u secret "$host"
    REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/mine asked a/b "$(basic u:secret)"
    rm "$config/auth.d/ours.json"
    chmod 644 "$BATS_TEST_TMPDIR/mine"
    REGISTRY_AUTH_FILE=$BATS_TEST_TMPDIR/mine check_fails 254 fetch "docker://$host/a/b"
    has 'mine is not used, as .* everybody can read it; "chmod o= .*mine" mends it'
    REGISTRY_AUTH_FILE=/none check_fails 254 fetch "docker://$host/a/b"
    has '/none, which REGISTRY_AUTH_FILE names: No such file'
}

# helper NAME SCRIPT: a credential helper in PATH.
helper() {
    mkdir -p "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\n%s\n' "$2" >"$BATS_TEST_TMPDIR/bin/docker-credential-$1"
    chmod 755 "$BATS_TEST_TMPDIR/bin/docker-credential-$1"
    PATH=$BATS_TEST_TMPDIR/bin:${PATH#"$BATS_TEST_TMPDIR/bin:"}
}

@test "credentials: a helper is asked for the host, and has time and space only for an answer" {
    serve_registry
    helper good 'echo "$1 $(cat)" >>"$HOME/asked"; echo "{\"Username\": \"u\", \"Secret\": \"secret\"}"'
    auth_json "$HOME/.docker/config.json" "{\"credHelpers\": {\"$host\": \"good\"}}"
    asked a/b "$(basic u:secret)"
    [[ $(<"$HOME/asked") == "get $host" ]]
    auth_json "$HOME/.docker/config.json" '{"credsStore": "good", "auths": {}}'
    asked a/b "$(basic u:secret)"

    helper none 'echo "credentials not found in native keychain"; exit 1'
    auth_json "$HOME/.docker/config.json" "{\"credHelpers\": {\"$host\": \"none\"}}"
    asked a/b -
    helper slow 'sleep 100 & wait'
    auth_json "$HOME/.docker/config.json" "{\"credHelpers\": {\"$host\": \"slow\"}}"
    RKT_CREDENTIAL_TIMEOUT=1 check_fails 254 fetch "docker://$host/a/b"
    has 'docker-credential-slow: no answer after 1 s'
    [[ -z $(pgrep -f 'sleep 100') ]]
    helper endless 'yes geheim'
    auth_json "$HOME/.docker/config.json" "{\"credHelpers\": {\"$host\": \"endless\"}}"
    check_fails 254 fetch "docker://$host/a/b"
    has 'docker-credential-endless: an answer of more than 65536 bytes'
    lacks geheim
    helper broken 'echo "the store is locked"; exit 7'
    auth_json "$HOME/.docker/config.json" "{\"credHelpers\": {\"$host\": \"broken\"}}"
    check_fails 254 fetch "docker://$host/a/b"
    has "credentials for $host, as .*config.json says: docker-credential-broken: exit status 7: the store is locked"
    # one for everything, without which one can go on
    auth_json "$HOME/.docker/config.json" '{"credsStore": "desktop"}'
    asked a/b -
    has 'no credentials for .*docker-credential-desktop: No such file or directory'
    auth_json "$HOME/.docker/config.json" '{"credsStore": "../../bin/sh"}'
    check_fails 254 fetch "docker://$host/a/b"
    has 'credsStore: expected NAME of a program docker-credential-NAME'
}

@test "config: prints one entry for each host, with secrets only if they are asked for" {
    mkdir -p "$config"/{paths.d,stage1.d,registries.d,trust.d}
    auth "$system" a basic '{"user": "sysUser", "password": "sysPassword"}' foo.com bar.com baz.com
    auth "$user" a basic '{"user": "user", "password": "password"}' foo.com
    auth "$config" b oauth '{"token": "someToken"}' bar.com
    auth "$config" c aws '{"accessKeyID": "ID", "secretAccessKey": "KEY"}' b.s3-eu-west-1.amazonaws.com
    docker_auth "$config" d dockerUser dockerPassword https://index.docker.io/v1/ quay.io/team
    echo '{"rktKind": "paths", "rktVersion": "v1", "stage1-images": "/opt/stage1"}' >"$config/paths.d/x.json"
    echo '{"rktKind": "stage1", "rktVersion": "v1", "name": "n", "version": "1", "location": "/l"}' >"$config/stage1.d/x.json"
    echo '{"rktKind": "registries", "rktVersion": "v1", "registries": [{"prefix": "docker.io",
        "mirrors": [{"location": "m:5000", "insecure": true}]}, {"prefix": "*.example.com", "blocked": true}]}' \
        >"$config/registries.d/x.json"
    echo '{"rktKind": "trust", "rktVersion": "v1", "prefixes": ["localhost:5000", "*"], "policy": "accept"}' \
        >"$config/trust.d/x.json"
    cat >"$BATS_TEST_TMPDIR/expected" <<'END'
{"stage0":[
{"rktVersion":"v1","rktKind":"auth","domains":["b.s3-eu-west-1.amazonaws.com"],"type":"aws","credentials":{"accessKeyID":"ID","secretAccessKey":"KEY","awsRegion":"eu-west-1"}},
{"rktVersion":"v1","rktKind":"auth","domains":["bar.com"],"type":"oauth","credentials":{"token":"someToken"}},
{"rktVersion":"v1","rktKind":"auth","domains":["baz.com"],"type":"basic","credentials":{"user":"sysUser","password":"sysPassword"}},
{"rktVersion":"v1","rktKind":"auth","domains":["foo.com"],"type":"basic","credentials":{"user":"user","password":"password"}},
{"rktVersion":"v1","rktKind":"dockerAuth","registries":["docker.io"],"credentials":{"user":"dockerUser","password":"dockerPassword"}},
{"rktVersion":"v1","rktKind":"dockerAuth","registries":["quay.io/team"],"credentials":{"user":"dockerUser","password":"dockerPassword"}},
{"rktVersion":"v1","rktKind":"paths","data":"/var/lib/rkt","stage1-images":"/opt/stage1"},
{"rktVersion":"v1","rktKind":"stage1","name":"n","version":"1","location":"/l"},
{"rktVersion":"v1","rktKind":"registries","registries":[{"prefix":"*.example.com","blocked":true},{"prefix":"docker.io","mirrors":[{"location":"m:5000","insecure":true}]}]},
{"rktVersion":"v1","rktKind":"trust","prefixes":["localhost:5000"],"policy":"accept"},
{"rktVersion":"v1","rktKind":"trust","prefixes":["*"],"policy":"accept"}
]}
END
    diff <(r config --pretty-print=false --show-secrets) <(tr -d '\n' <"$BATS_TEST_TMPDIR/expected"; echo)
    diff <(r config --show-secrets) <(jq --tab . "$BATS_TEST_TMPDIR/expected")
    # the same without the dispatcher
    diff <(rkt-config --dir="$data" --system-config="$system" --local-config="$config" --user-config="$user" --show-secrets) \
        <(r config --show-secrets)
    diff <(r config | jq .) <(jq '(.. | .password?, .token?, .secretAccessKey? | values) |= "********"' "$BATS_TEST_TMPDIR/expected")
    # what it prints can be configuration again
    local copy=$BATS_TEST_TMPDIR/copy i=0 entry directory
    while read -r entry; do
        directory=$(jq -r '{auth: "auth.d", dockerAuth: "auth.d", paths: "paths.d", stage1: "stage1.d", registries: "registries.d", trust: "trust.d"}[.rktKind]' <<<"$entry")
        mkdir -p "$copy/$directory"
        i=$((i + 1))
        echo "$entry" >"$copy/$directory/$i.json"
    done < <(r config --show-secrets | jq -c '.stage0[]')
    diff <(rkt --local-config="$copy" config --show-secrets) <(r config --show-secrets)
    check_fails 254 r config something
}
