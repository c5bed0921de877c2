# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Images and servers that give them, for tests of fetching: "load lib" and "load servers". A test has
# www=$BATS_TEST_TMPDIR/www, and stop_servers in its teardown.

# make NAME [KILOBYTES]: an archive $www/NAME.aci of about that size. Sets id.
make() {
    local dir=$BATS_TEST_TMPDIR/build-$1
    mkdir -p "$dir/rootfs"
    echo "$1 $RANDOM" >"$dir/rootfs/file"
    [[ -z ${2-} ]] || dd if=/dev/urandom of="$dir/rootfs/random" bs=1k count="$2" status=none
    echo "{\"acKind\": \"ImageManifest\", \"acVersion\": \"0.8.11\", \"name\": \"example.com/$1\"}" >"$dir/manifest"
    # shellcheck disable=SC2154 # of the test
    rkt image build --overwrite "$dir" "$www/$1.aci"
    # shellcheck disable=SC2034 # for the test
    id=sha512-$(gzip -dcf "$www/$1.aci" | sha512sum | cut -c1-64)
}

# serve_scripted [CERTIFICATE KEY]: a server whose answers the test chooses by files beside those in $www
# (scripted-server.py). Sets url, port, and log, a file with a line for each request.
serve_scripted() {
    log=$(mktemp "$BATS_TEST_TMPDIR/requests-XXXXXX")
    serve_by scripted-server.py "$www" "$log" "$@"
    # shellcheck disable=SC2034
    url=http${1+s}://127.0.0.1:$port
}

# requests PATTERN: how many requests match.
requests() { grep -Ec -- "$1" "$log" || :; }

# certificates: an authority and a certificate for the addresses of this host, in a directory that is tls then.
certificates() {
    tls=$BATS_TEST_TMPDIR/tls
    make_certificate "$tls" localhost 127.0.0.1 127.0.0.2 198.51.100.1
}

# serve_nginx ADDRESS LINE…: nginx with TLS and HTTP/2 on a free port of ADDRESS, with $www as its root and LINEs in
# its server section. Sets url and nginx_log.
serve_nginx() {
    local address=$1 port directory
    shift
    directory=$(mktemp -d "$BATS_TEST_TMPDIR/nginx-XXXXXX")
    nginx_log=$directory/access.log
    chmod 755 "$BATS_TEST_TMPDIR" "$directory" "$www"
    for ((;;)); do
        port=$((RANDOM % 20000 + 30000))
        cat >"$directory/nginx.conf" <<END
daemon off; pid $directory/pid; error_log $directory/error.log; user root;
events {}
http {
    log_format short '\$request_uri \$status \$server_protocol';
    access_log $nginx_log short;
    client_body_temp_path $directory/body; proxy_temp_path $directory/proxy; fastcgi_temp_path $directory/fastcgi;
    uwsgi_temp_path $directory/uwsgi; scgi_temp_path $directory/scgi;
    server {
        listen $address:$port ssl http2; ssl_certificate $tls/cert.pem; ssl_certificate_key $tls/key.pem;
        root $www;
        $(printf '%s\n' "$@")
    }
}
END
        nginx -c "$directory/nginx.conf" 3>&- 2>"$directory/stderr" &
        server_pids+=($!)
        wait_for 10 nginx_answers_or_ended "$address" "$port" $!
        kill -0 $! 2>/dev/null && break
    done
    # shellcheck disable=SC2034
    url=https://$address:$port
}

nginx_answers_or_ended() {
    { : <>"/dev/tcp/$1/$2"; } 2>/dev/null || ! kill -0 "$3" 2>/dev/null
}
