# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Images, signed or not, from web servers with TLS, by nginx: "load web" beside
# "load lib" and "load keys". Names below localhost are this machine, without
# anybody being asked.

web_hosts=(localhost a.localhost b.localhost c.localhost)

# use_web: a store, a configuration, what the servers have and keys, all the
# test's own. For setup.
use_web() {
    use_keys
    data=$BATS_TEST_TMPDIR/data
    config=$BATS_TEST_TMPDIR/config
    www=$BATS_TEST_TMPDIR/www
    mkdir -p "$www"
}

# stop_web: for teardown.
stop_web() {
    stop_gpg
    stop_servers
}

# r ARGUMENT…: rkt with them.
r() { rkt --dir="$data" --local-config="$config" --system-config="$BATS_TEST_TMPDIR/vendor" "$@"; }

# trust PREFIX NAME…: the keys of these names (keys.bash), without asking.
trust() {
    local name
    for name in "${@:2}"; do
        # shellcheck disable=SC2154 # of use_keys
        r trust --prefix="$1" --skip-fingerprint-review "$keys/$name.asc" >/dev/null 2>&1
    done
}

# serve_web: $www/HOST/… over https and http for all of $web_hosts, until
# stop_servers. A page /x is the file x, x.html or x/index.html. Requests are in
# $web_log. Sets SSL_CERT_FILE to the certificate of the authority that vouches.
# $web_extra is put into the server's configuration.
serve_web() {
    local dir=$BATS_TEST_TMPDIR/web host
    web_log=$dir/requests
    mkdir -p "$dir"
    : >"$web_log"
    make_certificate "$dir" "${web_hosts[@]}"
    export SSL_CERT_FILE=$dir/ca.pem
    for host in "${web_hosts[@]}"; do mkdir -p "$www/$host"; done
    cat >"$dir/nginx.conf" <<END
daemon off;
user root;
worker_processes 1;
pid $dir/pid;
error_log stderr;
events {}
http {
    log_format requests '\$scheme \$host \$request_uri \$status';
    access_log $web_log requests;
    default_type application/octet-stream;
    client_body_temp_path $dir/t1; proxy_temp_path $dir/t2; fastcgi_temp_path $dir/t3;
    uwsgi_temp_path $dir/t4; scgi_temp_path $dir/t5;
    server {
        listen 127.0.0.1:443 ssl;
        listen 127.0.0.1:80;
        ssl_certificate $dir/cert.pem;
        ssl_certificate_key $dir/key.pem;
        root $www/\$host;
        location / { try_files \$uri \$uri.html \$uri/index.html =404; }
        ${web_extra-}
    }
}
END
    nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/errors" >"$dir/out" 2>&1 3>&- &
    server_pids+=($!)
    wait_for 10 port_answers_or_ended 443 $! && kill -0 $! || { cat "$dir"/{out,errors}; return 1; }
}

# web_requests PATTERN: how many lines of the log match.
web_requests() { grep -cE -- "$1" "$web_log" || :; }

# page HOST/PATH LINE…: meta tags; "images PREFIX TEMPLATE" or "keys PREFIX URL".
page() {
    local file=$www/$1.html kind prefix value
    [[ $1 == */* ]] || file=$www/$1/index.html
    shift
    mkdir -p "${file%/*}"
    echo '<!DOCTYPE html><html><head><title>Images</title>' >"$file"
    while (($# > 0)); do
        read -r kind prefix value <<<"$1"
        case $kind in
        images) kind=ac-discovery ;;
        keys) kind=ac-discovery-pubkeys ;;
        esac
        echo "<meta name=\"$kind\" content=\"$prefix $value\">" >>"$file"
        shift
    done
    echo '</head><body></body></html>' >>"$file"
}

# aci FILE NAME [MEMBERS]: an archive of that name, with further members of the
# manifest as JSON, ", …". Sets id. One that replaces another is a second younger
# at least: nginx's ETag is made of the size and of whole seconds.
aci() {
    local dir before
    before=$(stat -c %Y "$1" 2>/dev/null) || before=0
    dir=$(mktemp -d "$BATS_TEST_TMPDIR/aci.XXXX")
    mkdir -p "$dir/rootfs/etc" "${1%/*}"
    chmod 755 "$dir"
    echo "$2 $RANDOM$RANDOM" >"$dir/rootfs/etc/${2//\//-}"
    echo "{\"acKind\": \"ImageManifest\", \"acVersion\": \"0.8.11\", \"name\": \"$2\"${3-}}" >"$dir/manifest"
    rkt image build --overwrite "$dir" "$1"
    (($(stat -c %Y "$1") > before)) || touch -d "@$((before + 1))" "$1"
    # shellcheck disable=SC2034 # for the test
    id=sha512-$(gzip -dcf "$1" | sha512sum | cut -c1-64)
}

# labels NAME=VALUE…: the member of a manifest.
labels() {
    local label all=
    for label; do all+=", {\"name\": \"${label%%=*}\", \"value\": \"${label#*=}\"}"; done
    echo ", \"labels\": [${all#, }]"
}
