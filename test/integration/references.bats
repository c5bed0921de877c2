#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; see keys.bash, web.bash, registry.bash
#
# Every form in which an image can be named (rkt-reference(7)), and what becomes of it.

load lib
load keys
load web
load registry

setup() {
    use_web
    layout=$BATS_TEST_TMPDIR/layout
    export HOME=$BATS_TEST_TMPDIR/home
    mkdir -p "$HOME" "$config"
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() { stop_web; }

# docker_hub_is LOCATION: for what follows.
docker_hub_is() {
    mkdir -p "$config/registries.d"
    echo "{\"rktKind\": \"registries\", \"rktVersion\": \"v1\", \"registries\":
        [{\"prefix\": \"docker.io/library\", \"location\": \"$1\"}]}" >"$config/registries.d/hub.json"
}

# outcome COMMAND…: one word for what became of it.
outcome() {
    run "$@"
    case $status,$output in
    0,*) echo image ;;
    *'rkt trust'*) echo untrusted ;;
    *insecure-options=image*) echo unsigned ;;
    *) echo no ;;
    esac
}

@test "references: each form, by what there is, by pull policy and by trust" {
    # an App Container Image, signed, in a file and on a web server that tells where; an OCI image in a registry,
    # a layout, and archives
    key one
    rkt --local-config="$config" trust --root --skip-fingerprint-review "$keys/one.asc" 2>/dev/null
    mkdir -p "$www/localhost"
    aci "$www/localhost/app.aci" localhost/app "$(labels version=1.0 os=linux arch=amd64)"
    sign "$www/localhost/app.aci" one
    cp "$www/localhost/app.aci" file.aci
    cp "$www/localhost/app.aci.asc" file.aci.asc
    page localhost/app 'images localhost/app https://localhost/app.{ext}'
    serve_web
    make_small "$layout" small text >/dev/null
    start_registry references
    skopeo copy -q --insecure-policy --dest-tls-verify=false "oci:layout:small" "docker://$registry/small"
    skopeo copy -q --insecure-policy "oci:layout:small" oci-archive:oci.tar:small
    skopeo copy -q --insecure-policy "oci:layout:small" docker-archive:docker.tar:small:latest
    docker_hub_is "$registry"
    local digest small_id
    digest=$(jq -r .manifests[0].digest layout/index.json)
    small_id=${digest/:/-}

    # In each row: with the policies never, new and update, what is there for an empty store, with trusted
    # signatures, then when nothing is verified; without anything that is trusted; then for a store that has the
    # image, when what it came from has gone.
    cat >expected <<END
$id                                     no no no     no no no          no       image image image
$small_id                               no no no     no no no          no       image image image
localhost/app:1.0                       no image image  no image image  untrusted image image no
cimd:appc:v=0:localhost%2Fapp?version=1.0  no image image  no image image  untrusted image image no
$PWD/file.aci                           no image image  no image image  untrusted no no no
./file.aci                              no image image  no image image  untrusted no no no
file.aci                                no image image  no image image  untrusted no no no
file://$PWD/file.aci                    no image image  no image image  untrusted no no no
cimd:aci-archive:v=0:file%3A%2F%2F${PWD//\//%2F}%2Ffile.aci  no image image  no image image  untrusted no no no
https://localhost/app.aci               no image image  no image image  untrusted image image no
cimd:aci-archive:v=0:https%3A%2F%2Flocalhost%2Fapp.aci  no image image  no image image  untrusted image image no
docker://$registry/small                no unsigned unsigned  no image image  unsigned image image no
docker://$registry/small@$digest        no unsigned unsigned  no image image  unsigned image image image
docker:small                            no unsigned unsigned  no image image  unsigned image image no
oci://$registry/small:latest            no unsigned unsigned  no image image  unsigned image image no
cimd:docker:v=0:$registry/small         no unsigned unsigned  no image image  unsigned image image no
oci:layout:small                        no unsigned unsigned  no image image  unsigned no no no
oci:layout@$digest                      no unsigned unsigned  no image image  unsigned no no no
oci-archive:oci.tar:small               no unsigned unsigned  no image image  unsigned no no no
docker-archive:docker.tar:small         no unsigned unsigned  no image image  unsigned no no no
END
    local reference policy row stores=0
    while read -r reference _; do
        row=$reference
        for policy in never new update; do
            data=$BATS_TEST_TMPDIR/store$((++stores))
            row+=" $(outcome r fetch --pull-policy="$policy" "$reference")"
        done
        for policy in never new update; do
            data=$BATS_TEST_TMPDIR/store$((++stores))
            row+=" $(outcome r --insecure-options=image fetch --pull-policy="$policy" "$reference")"
        done
        data=$BATS_TEST_TMPDIR/store$((++stores))
        row+=" $(outcome rkt --dir="$data" --local-config="$BATS_TEST_TMPDIR/none" fetch --pull-policy=new "$reference")"
        echo "$row"
    done <expected >table

    data=$BATS_TEST_TMPDIR/full
    while read -r reference _; do
        [[ $reference == sha* ]] || r --insecure-options=image fetch "$reference" >/dev/null
    done <expected
    stop_servers
    mv file.aci gone.aci
    mv layout gone
    rm oci.tar docker.tar
    while read -r row; do
        for policy in never new update; do
            row+=" $(outcome r --insecure-options=image fetch --pull-policy="$policy" "${row%% *}")"
        done
        echo "$row"
    done <table >whole
    diff <(tr -s ' ' <expected) whole
}

@test "references: Docker's short names are those of Docker Hub" {
    local name
    make_small "$layout" small text >/dev/null
    start_registry hub
    skopeo copy -q --insecure-policy --dest-tls-verify=false oci:layout:small "docker://$registry/small:7"
    docker_hub_is "$registry"
    check r --insecure-options=image fetch --full docker://small:7
    local id=${lines[-1]}
    stop_servers
    for name in docker:small:7 docker://library/small:7 docker://docker.io/small:7 docker://index.docker.io/library/small:7 \
        docker://registry-1.docker.io/small:7 oci://DOCKER.IO/small:7 cimd:docker:v=0:small:7; do
        check r fetch --pull-policy=never --full "$name"
        [[ ${lines[-1]} == "$id" ]]
    done
    check_fails 254 r fetch --pull-policy=never docker:small
    check_fails 254 r fetch --pull-policy=never docker://other/small:7
    check_fails 254 r fetch --pull-policy=never "docker://$registry/small:7"
    # and pods are made of them without the registry
    check r prepare --quiet docker:small:7
    # what only looks into the store takes them as they are listed, too
    for name in "$id" docker.io/library/small:7 small:7 docker:small:7 docker://small:7 cimd:docker:v=0:small:7; do
        check r image cat-manifest "$name"
        [[ $(jq -r '.name, (.labels[] | select(.name == "version").value)' <<<"$output") == $'docker.io/library/small\n7' ]]
    done
    check_fails 254 r image cat-manifest docker://small:8
    has 'no image in the store is known as docker.io/library/small:8'
    check_fails 254 r image cat-manifest docker://Small
    has '"Small" has "S" as character 1'
    check_fails 254 r image cat-manifest small:8
    has 'no image in the store matches small:8'
    touch small:7
    check r image rm small:7
    check_fails 254 r fetch --pull-policy=never docker:small:7
}

# refused REFERENCE PATTERN: by each program that takes images, which then says so.
refused() {
    local program
    for program in fetch prepare; do
        check_fails 254 r --insecure-options=image "$program" "$1"
        has "$2" || return 1
    done
}

@test "references: what is none is refused with what stands where and what was expected" {
    refused 'docker://Redis' '^[a-z]+: image "docker://Redis": the repository "Redis" has "R" as character 1: expected lower-case letters'
    refused 'docker://localhost:5000/a//b' '"a//b" has "/" as character 3'
    refused 'docker://localhost:port/a' 'the port of host "localhost:port" is "port": expected a number from 1 to 65535'
    refused 'docker://redis:a b' 'the tag has the byte 0x20 as character 2'
    refused 'docker://redis@sha256:abc' 'the digest has 3 hexadecimal digits: expected 64'
    refused "docker://redis@sha512:$(printf 'a%.0s' {1..128})" 'algorithm "sha512", which is not supported: expected sha256:'
    refused 'oci://redis' 'expected HOST\[:PORT\]/REPOSITORY'
    refused 'oci:' 'the path is empty: expected a directory'
    refused 'oci-archive:a.tar:b//c' 'the name of an image in it "b//c" has "/" as character 3'
    refused 'cimd:docker' 'expected cimd:TYPE:v=0:DATA'
    refused 'cimd:oci:v=0:x' 'type "oci" of cimd is not known: expected aci-archive, appc or docker'
    refused 'cimd:appc:v=1:x' 'version "1" of cimd is not known: expected 0'
    refused 'https://example.com/app' 'the path of a URL must end in .aci'
    refused 'Example.com/App' 'image name "Example.com/App" is not an AC identifier'
    refused 'sha512-xyz' 'not an image ID'
    [[ -z $(find "$data" -name '*.aci' 2>/dev/null) ]]
}
