#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; see keys.bash, web.bash, servers.bash

load lib
load keys
load web
load servers

setup() {
    use_web
    arch=$(uname -m | sed 's/x86_64/amd64/')
}
teardown() { stop_web; }

# publish NAME VERSION [MEMBERS]: the image HOST/PATH, signed by the key "one", as
# $www/HOST/PATH-VERSION.aci. Sets id, file.
publish() {
    file=$www/$1-$2.aci
    aci "$file" "$1" "$(labels version="$2" os=linux arch="$arch")${3-}"
    sign "$file" one
}

# one_key: a key that is trusted for everything below.
one_key() {
    key one
    local host
    for host in a b c; do trust $host.localhost one; done
}

names() { r image list --no-legend --fields=name 2>/dev/null | sort -u | tr '\n' ' '; }

@test "discovery: an image is found by its name, and its labels fill the template" {
    one_key
    serve_web
    publish a.localhost/app 1.0
    page a.localhost/app 'images a.localhost/app https://a.localhost/{name}-{version}-{os}-{arch}.{ext}' \
        'images a.localhost/app https://a.localhost/app-{version}.{ext}?unused={unknown}' \
        'images b.localhost https://b.localhost/' \
        'images a.localhost/app https://a.localhost/app-{version}.{ext}'
    check r fetch --full a.localhost/app:1.0
    has 'signature verified:'
    [[ ${lines[-1]} == "$id" ]]
    # all endpoints in turn: those before the last have nothing
    has "error downloading https://a.localhost/a.localhost/app-1.0-linux-$arch.aci.asc.*404"
    [[ $(web_requests 'ac-discovery=1') == 1 && $(web_requests b.localhost) == 0 ]]
    [[ $(names) == 'a.localhost/app:1.0 ' ]]
}

@test "discovery: the paths above the name are asked in turn, and the first that says anything counts" {
    one_key
    serve_web
    publish a.localhost/x/y/app 2
    page a.localhost 'images a.localhost https://a.localhost/{name}.{ext}'
    page a.localhost/x 'images a.localhost/x/ https://a.localhost/x/y/app-{version}.{ext}'
    check r fetch --full a.localhost/x/y/app:2
    [[ ${lines[-1]} == "$id" ]]
    [[ $(grep -o '/x.*discovery=1 [0-9]*' "$web_log") == '/x/y/app?ac-discovery=1 404
/x/y?ac-discovery=1 404
/x?ac-discovery=1 200' ]]
    check_fails 254 r fetch a.localhost/other
    has '404'
    check_fails 254 r fetch b.localhost/app
    has 'discovery of "b.localhost/app" failed: .*b.localhost/app.*404; .*https://b.localhost\?ac-discovery=1'
}

@test "discovery: without a version it is the latest, and flagged so" {
    one_key
    serve_web
    publish a.localhost/app 1.0
    cp "$file" "$www/a.localhost/app-latest.aci"
    cp "$file.asc" "$www/a.localhost/app-latest.aci.asc"
    page a.localhost/app 'images a.localhost/app https://a.localhost/app-{version}.{ext}'
    check r fetch --full a.localhost/app
    [[ ${lines[-1]} == "$id" ]]
    jq -e .latest "$data/cas/image/$id"
    # what was asked for by its label has to have it
    check_fails 254 r fetch a.localhost/app:latest
    has 'label version with another value, but version=latest was asked for'
}

@test "discovery: an image of another name, with other labels or for another machine is refused, and not kept" {
    one_key
    serve_web
    page a.localhost 'images a.localhost https://a.localhost/image.{ext}'
    aci "$www/a.localhost/image.aci" a.localhost/other
    sign "$www/a.localhost/image.aci" one
    check_fails 254 r fetch a.localhost/app
    has 'is called "a.localhost/other", but "a.localhost/app" was asked for'
    [[ -z $(names) ]]
    # nor if it is in the store already
    check r fetch a.localhost/other
    check_fails 254 r fetch a.localhost/app
    has 'is called "a.localhost/other"'
    r image rm a.localhost/other >/dev/null

    aci "$www/a.localhost/image.aci" a.localhost/app "$(labels os=linux arch=s390x flavour=red)"
    sign "$www/a.localhost/image.aci" one
    check_fails 254 r fetch a.localhost/app
    has "is for arch=s390x, and this machine is $arch"
    check_fails 254 r fetch a.localhost/app,arch=s390x,flavour=blue
    has 'label flavour with another value, but flavour=blue was asked for'
    check_fails 254 r fetch a.localhost/app,arch=s390x,taste=sweet
    has 'no label taste, but taste=sweet was asked for'
    [[ -z $(names) ]]
    # an image that does not say what it is for is for any machine
    aci "$www/a.localhost/image.aci" a.localhost/app
    sign "$www/a.localhost/image.aci" one
    check r fetch a.localhost/app
}

@test "discovery: an unknown issuer is noticed before the image is downloaded" {
    one_key
    key other
    serve_web
    publish a.localhost/app 1
    sign "$file" other
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}'
    check_fails 254 r fetch a.localhost/app:1
    has "is signed by key $fingerprint, which is not trusted for \"a.localhost/app\"; .*rkt trust --prefix=a.localhost/app"
    [[ $(web_requests 'aci.asc 200') == 1 && $(web_requests '/app-1.aci 200') == 0 ]]
    # a bad one only after
    sign "$file" one
    printf x >>"$file"
    check_fails 254 r fetch a.localhost/app:1
    has 'does not match its signature'
    [[ $(web_requests '/app-1.aci 200') == 1 && -z $(names) ]]
}

@test "discovery: https only, unless http is allowed by name" {
    one_key
    serve_web
    publish a.localhost/app 1
    page a.localhost 'images a.localhost http://a.localhost/app-{version}.{ext}'
    check_fails 254 r fetch a.localhost/app:1
    has 'none of the URLs that it finds can be used'
    check r fetch --insecure-options=http a.localhost/app:1
    [[ $(web_requests '^http a.localhost .*aci') == 2 ]]
    # a certificate of nobody that is known
    SSL_CERT_FILE=/dev/null check_fails 254 r fetch a.localhost/app:1
    has 'discovery of "a.localhost/app" failed: .*(certificate|SSL)'
    SSL_CERT_FILE=/dev/null check r fetch --insecure-options=tls,http a.localhost/app:1
    SSL_CERT_FILE=/dev/null check r fetch --insecure-options=http a.localhost/app:1
    [[ $(web_requests '^http a.localhost .*ac-discovery') -gt 0 ]]
}

@test "discovery: keys come over https without asking, after asking, or not at all" {
    key one
    serve_web
    publish a.localhost/app 1
    cp "$keys/one.asc" "$www/a.localhost/key.asc"
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}' 'keys a.localhost https://a.localhost/key.asc'
    check_fails 254 r fetch a.localhost/app:1 </dev/null
    has "gpg key fingerprint is"
    has 'there is no terminal'
    has 'not trusted|no key is trusted'
    [[ ! -e $config/trustedkeys ]]
    check_fails 254 python3 "$BATS_TEST_DIRNAME/answer.py" no rkt --dir="$data" --local-config="$config" fetch a.localhost/app:1
    has 'Not trusting'
    check python3 "$BATS_TEST_DIRNAME/answer.py" yes rkt --dir="$data" --local-config="$config" fetch a.localhost/app:1
    has 'after fingerprint review'
    [[ -s $config/trustedkeys/prefix.d/a.localhost/app/$fingerprint ]]

    rm -r "$config" "$data"
    check r fetch --trust-keys-from-https a.localhost/app:1
    has 'without fingerprint review'
    has 'signature verified:'
    # one that is known is not asked for again, and another is not fetched beside it
    key other
    cp "$keys/other.asc" "$www/a.localhost/key.asc"
    sign "$file" other
    rm -r "$data"
    check_fails 254 r fetch --trust-keys-from-https a.localhost/app:1
    has 'rkt trust --prefix=a.localhost/app'
    [[ $(ls "$config/trustedkeys/prefix.d/a.localhost/app" | wc -l) == 1 ]]
    # by hand
    check r trust --prefix=a.localhost/app --trust-keys-from-https
    has "Added key for prefix \"a.localhost/app\" at"
    check r fetch a.localhost/app:1
}

@test "discovery: keys are not taken from a server that may be anyone" {
    key one
    serve_web
    publish a.localhost/app 1
    cp "$keys/one.asc" "$www/a.localhost/key.asc"
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}' 'keys a.localhost https://a.localhost/key.asc'
    check_fails 254 r fetch --insecure-options=tls --trust-keys-from-https a.localhost/app:1
    has 'warning: TLS verification has been disabled'
    [[ ! -e $config/trustedkeys && $(web_requests key.asc) == 0 ]]
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}' 'keys a.localhost http://a.localhost/key.asc'
    check_fails 254 r fetch --trust-keys-from-https a.localhost/app:1
    has 'plain http'
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}' "keys a.localhost $keys/one.asc"
    check_fails 254 r fetch --trust-keys-from-https a.localhost/app:1
    has 'no https or http URL'
    [[ ! -e $config/trustedkeys ]]
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}' 'keys a.localhost https://a.localhost/key.asc'
    check r fetch --insecure-options=tls,pubkey --trust-keys-from-https a.localhost/app:1
}

@test "discovery: the pull policy says whether the store or the other side is asked" {
    one_key
    serve_web
    publish a.localhost/app 1
    page a.localhost 'images a.localhost https://a.localhost/app-{version}.{ext}'
    check_fails 254 r fetch --pull-policy=never a.localhost/app:1
    has 'no image in the store matches it, and the pull policy is never'
    [[ $(web_requests .) == 0 ]]
    check r fetch --pull-policy=new a.localhost/app:1
    local n
    n=$(web_requests .)
    check r fetch --pull-policy=new a.localhost/app:1
    check r fetch --pull-policy=never a.localhost/app
    [[ $(web_requests .) == "$n" ]]
    # asked, but not downloaded again
    check r fetch a.localhost/app:1
    [[ $(web_requests '/app-1.aci 200') == 1 && $(web_requests '/app-1.aci 304') == 1 ]]
    publish a.localhost/app 1
    check r fetch --full a.localhost/app:1
    [[ ${lines[-1]} == "$id" ]]
}

@test "signatures: one that is deferred is asked for again after the download" {
    one_key
    publish a.localhost/app 1
    local dir=$www/a.localhost
    www=$dir serve_scripted
    url+=/app-1.aci
    echo 202 >"$dir/app-1.aci.asc.status"
    check_fails 254 r fetch "$url"
    has 'asc: bad HTTP status code: 202'
    [[ -z $(names) && $(grep -c 'asc 202' "$log") == 2 ]]
    : >"$log"
    touch "$dir/app-1.aci.hold"
    r fetch "$url" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    local fetch=$!
    wait_for 20 grep -q 'aci 200' "$log"
    rm "$dir/app-1.aci.asc.status" "$dir/app-1.aci.hold"
    wait $fetch || { cat "$BATS_TEST_TMPDIR/out"; false; }
    grep -q 'signature verified' "$BATS_TEST_TMPDIR/out"
    [[ $(cut -d' ' -f1,2 "$log") == '/app-1.aci.asc 202
/app-1.aci 200
/app-1.aci.asc 200' ]]
}

# deps NAME[:VERSION]…: the member of a manifest.
deps() {
    local d all=
    for d; do
        all+=", {\"imageName\": \"${d%%:*}\""
        [[ $d != *:* ]] || all+=", \"labels\": [{\"name\": \"version\", \"value\": \"${d#*:}\"}]"
        all+='}'
    done
    echo ", \"dependencies\": [${all#, }]"
}

# three_hosts: each has the template of its images.
three_hosts() {
    local host
    for host in a b c; do page $host.localhost "images $host.localhost https://$host.localhost/{name}-{version}.{ext}"; done
}

# put NAME VERSION [MEMBERS]: as publish, at where three_hosts look.
put() {
    file=$www/${1%%/*}/$1-$2.aci
    aci "$file" "$1" "${3-}"
    sign "$file" one
}

@test "dependencies: they are fetched from where discovery finds them, each once, also for any machine" {
    one_key
    serve_web
    three_hosts
    put c.localhost/base latest
    put b.localhost/left 1 "$(labels version=1)$(deps c.localhost/base)"
    put b.localhost/right 2 "$(labels version=2)$(deps c.localhost/base)"
    put a.localhost/app latest "$(labels os=linux arch="$arch")$(deps b.localhost/left:1 b.localhost/right:2)"
    check r fetch --full a.localhost/app
    [[ ${lines[-1]} == "$id" ]]
    [[ $(names) == 'a.localhost/app b.localhost/left:1 b.localhost/right:2 c.localhost/base ' ]]
    [[ $(web_requests '/c.localhost/base-latest.aci 200') == 1 && $(web_requests '^https c.localhost .*ac-discovery') == 2 ]]
    check r image render a.localhost/app "$BATS_TEST_TMPDIR/out"
    [[ $(ls "$BATS_TEST_TMPDIR/out/rootfs/etc" | wc -l) == 4 ]]
    # with the policy "new" nothing that is there is asked for
    : >"$web_log"
    check r fetch --pull-policy=new a.localhost/app
    [[ ! -s $web_log ]]
    # and what has been removed comes again
    r image rm c.localhost/base >/dev/null
    check r fetch --pull-policy=new a.localhost/app
    [[ $(web_requests '/c.localhost/base-latest.aci 200') == 1 && $(web_requests a.localhost) == 0 ]]
}

@test "dependencies: those of files and of URLs are fetched, too, and must be signed" {
    one_key
    serve_web
    three_hosts
    put c.localhost/base latest
    aci "$www/a.localhost/app.aci" a.localhost/app "$(deps c.localhost/base)"
    sign "$www/a.localhost/app.aci" one
    check r fetch "$www/a.localhost/app.aci"
    [[ $(names) == 'a.localhost/app c.localhost/base ' ]]
    rm -r "$data" "$www/c.localhost/c.localhost/base-latest.aci.asc"
    check_fails 254 r fetch https://a.localhost/app.aci
    has 'image a.localhost/app depends on c.localhost/base, which cannot be fetched'
    [[ $(names) == 'a.localhost/app ' ]]
}

@test "dependencies: run fetches those that an image in the store lacks, unless the policy is never" {
    one_key
    serve_web
    three_hosts
    local dir=$BATS_TEST_TMPDIR/busybox
    mkdir -p "$dir/rootfs/bin"
    cp "$(type -P busybox)" "$dir/rootfs/bin/echo"
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "c.localhost/base"}' >"$dir/manifest"
    file=$www/c.localhost/c.localhost/base-latest.aci
    mkdir -p "${file%/*}"
    rkt image build "$dir" "$file"
    sign "$file" one
    put a.localhost/app latest "$(labels os=linux arch="$arch")$(deps c.localhost/base), \"app\": {\"exec\": [\"/bin/echo\", \"hello\"], \"user\": \"0\", \"group\": \"0\"}"
    check r fetch a.localhost/app
    r image rm c.localhost/base >/dev/null 2>&1
    check_fails 254 r run --net=none --pull-policy=never a.localhost/app
    has 'depends on c.localhost/base, which is not in the store'
    check r run --net=none a.localhost/app
    has 'hello'
    r gc --grace-period=0s >/dev/null 2>&1
}

@test "dependencies: a cycle is refused with the images that are in it" {
    one_key
    serve_web
    three_hosts
    put c.localhost/c latest "$(deps b.localhost/b)"
    put b.localhost/b latest "$(deps c.localhost/c)"
    put a.localhost/a latest "$(deps b.localhost/b)"
    check_fails 254 timeout 60 rkt --dir="$data" --local-config="$config" fetch a.localhost/a
    has 'depends on itself: b.localhost/b -> c.localhost/c -> b.localhost/b'
    put a.localhost/self latest "$(deps a.localhost/self)"
    check_fails 254 timeout 60 rkt --dir="$data" --local-config="$config" fetch a.localhost/self
    has 'depends on itself: a.localhost/self -> a.localhost/self'
}

@test "dependencies: an ID and a size that are said have to be right" {
    one_key
    serve_web
    three_hosts
    put c.localhost/base latest
    local size base=$id
    size=$(stat -c %s "$file")
    # depends MEMBER…: of the dependency
    depends() { put a.localhost/app latest ", \"dependencies\": [{\"imageName\": \"c.localhost/base\", $1}]"; }
    depends "\"imageID\": \"$base\", \"size\": $size"
    check r fetch a.localhost/app
    rm -r "$data"
    depends "\"imageID\": \"sha512-$(printf '0%.0s' {1..64})\""
    check_fails 254 r fetch a.localhost/app
    has "is $base, but what depends on it expects sha512-0000"
    [[ $(names) == 'a.localhost/app ' ]]
    depends "\"size\": $((size + 1))"
    check_fails 254 r fetch a.localhost/app
    has "has $size bytes, but what depends on it expects $((size + 1))"
    [[ $(names) == 'a.localhost/app ' ]]
    # also of what is in the store
    check r fetch c.localhost/base
    check_fails 254 r fetch --pull-policy=new a.localhost/app
    has "in the store has $size bytes, but what depends on it expects $((size + 1))"
    # an ID is found in the store without asking anybody
    depends "\"imageID\": \"$base\""
    : >"$web_log"
    check r fetch a.localhost/app
    [[ $(web_requests c.localhost) == 0 ]]
}
