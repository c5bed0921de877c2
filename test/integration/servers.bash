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
    local port_file
    port_file=$(mktemp -u "$BATS_TEST_TMPDIR/port-XXXXXX")
    log=$port_file.log
    : >"$log"
    python3 "$BATS_TEST_DIRNAME/scripted-server.py" "$www" "$log" "$port_file" "$@" 3>&- &
    server_pids+=($!)
    wait_for 10 test -s "$port_file"
    port=$(<"$port_file")
    # shellcheck disable=SC2034
    url=http${1+s}://127.0.0.1:$port
}

# requests PATTERN: how many requests match.
requests() { grep -Ec -- "$1" "$log" || :; }

# certificates: an authority, $tls/ca.pem, and $tls/server.pem and $tls/server.key for the addresses of this host.
certificates() {
    tls=$BATS_TEST_TMPDIR/tls
    mkdir -p "$tls"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=test authority' \
        -keyout "$tls/ca.key" -out "$tls/ca.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj '/CN=test server' -keyout "$tls/server.key" -out "$tls/server.csr" 2>/dev/null
    openssl x509 -req -in "$tls/server.csr" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:127.0.0.2,IP:198.51.100.1") \
        -out "$tls/server.pem" 2>/dev/null
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
        listen $address:$port ssl http2; ssl_certificate $tls/server.pem; ssl_certificate_key $tls/server.key;
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
