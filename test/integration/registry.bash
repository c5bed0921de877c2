# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Registries with images, for tests: "load registry" beside "load lib".

# make_debian_redis LAYOUT: adds an image debian-redis of six layers to an OCI layout: busybox, the libraries
# of redis, redis, and what only layers have: whiteouts, an opaque directory, hard links, setuid files.
make_debian_redis() {
    local layout=$1 d=$BATS_FILE_TMPDIR/layers binary libraries file
    binary=$(readlink -f "$(type -P redis-server)")
    mapfile -t libraries < <(ldd "$binary" | grep -o '/[^ ]*' | sort -u)
    mkdir -p "$d"/{1/{usr/bin,etc/redis,var/lib/gone,tmp},2,3/usr/bin,4/{etc,var/lib/gone},5/opt/links,6/etc/redis}
    ln -s usr/bin "$d/1/bin"
    ln -s usr/lib "$d/1/lib"
    ln -s usr/lib64 "$d/1/lib64"
    chmod 1777 "$d/1/tmp"
    cp "$(type -P busybox)" "$d/1/usr/bin/busybox"
    for file in sh ls cat stat sleep true id; do
        ln -s busybox "$d/1/usr/bin/$file"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nredis:x:999:998::/:/bin/sh\n' >"$d/1/etc/passwd"
    printf 'root:x:0:\nredis:x:998:\n' >"$d/1/etc/group"
    echo 'from the first layer' | tee "$d/1/etc/motd" "$d/1/etc/kept" "$d/1/var/lib/gone/a" "$d/1/var/lib/gone/b" >/dev/null
    cp "$d/1/usr/bin/busybox" "$d/1/usr/bin/su"
    chmod 4755 "$d/1/usr/bin/su"
    for file in "${libraries[@]}"; do
        [[ $file == /usr/* ]] || file=/usr$file
        mkdir -p "$d/2${file%/*}"
        cp -L "$file" "$d/2$file"
    done
    cp "$binary" "$d/3/usr/bin/redis-server"
    cp "$(type -P redis-cli)" "$d/3/usr/bin/"
    : >"$d/4/etc/.wh.motd"
    : >"$d/4/var/lib/gone/.wh..wh..opq"
    echo 'from the fourth layer' >"$d/4/var/lib/gone/c"
    echo linked >"$d/5/opt/links/one"
    ln "$d/5/opt/links/one" "$d/5/opt/links/two"
    echo 'port 6379' >"$d/6/etc/redis/redis.conf"
    chown 999:998 "$d/6/etc/redis/redis.conf"
    chmod 640 "$d/6/etc/redis/redis.conf"
    for file in 1 2 3 4 5 6; do
        tar -C "$d/$file" --sort=name --numeric-owner -cf "$d/$file.tar" .
    done
    local config='{"Cmd": ["redis-server", "--version"], "Env": ["PATH=/usr/bin", "FLAVOUR=six layers"],
        "ExposedPorts": {"6379/tcp": {}}, "Volumes": {"/data": {}}, "WorkingDir": "/tmp"}'
    python3 "$BATS_TEST_DIRNAME/oci-image.py" --config "$config" "$layout" debian-redis "$d"/{1,2,3,4,5,6}.tar
    python3 "$BATS_TEST_DIRNAME/oci-image.py" --config "$config" "$layout" mixed \
        "$d/1.tar=zstd" "$d/2.tar=plain" "$d/3.tar=gzip" "$d/4.tar=zstd" "$d/5.tar=plain" "$d/6.tar=gzip"
}

# make_small LAYOUT NAME TEXT [ARCH]: an image of two small layers, busybox and a file that holds TEXT.
make_small() {
    local layout=$1 name=$2 text=$3 arch=${4:-amd64} d
    d=$(mktemp -d "$BATS_FILE_TMPDIR/small.XXXXXX")
    mkdir -p "$d"/{1/bin,2/etc}
    cp "$(type -P busybox)" "$d/1/bin/busybox"
    ln -s busybox "$d/1/bin/sh"
    ln -s busybox "$d/1/bin/cat"
    echo "$text" >"$d/2/etc/text"
    # the same bytes whenever it is made
    tar -C "$d/1" --sort=name --numeric-owner --mtime=@0 -cf "$d/1.tar" .
    tar -C "$d/2" --sort=name --numeric-owner --mtime=@0 -cf "$d/2.tar" .
    python3 "$BATS_TEST_DIRNAME/oci-image.py" --arch "$arch" --config '{"Cmd": ["cat", "/etc/text"], "Env": ["PATH=/bin"]}' \
        "$layout" "$name" "$d/1.tar" "$d/2.tar"
}

# make_big LAYOUT NAME: 240 MB (in the vm host, with its little memory, 12) in four layers that do not compress.
make_big() {
    local layout=$1 name=$2 d=$BATS_FILE_TMPDIR/big size=60M i
    [[ $RKT_TEST_HOST == ns ]] || size=3M
    for i in 1 2 3 4; do
        mkdir -p "$d/$i"
        head -c $size /dev/urandom >"$d/$i/random$i"
        tar -C "$d/$i" --sort=name --numeric-owner -cf "$d/$i.tar" .
        rm -r "${d:?}/$i"
    done
    python3 "$BATS_TEST_DIRNAME/oci-image.py" "$layout" "$name" "$d"/{1,2,3,4}.tar=plain
    rm -r "$d"
}

# start_registry NAME [YAML-LINE…]: Debian's docker-registry on the storage that all of the file's registries
# share, with more lines of configuration. Sets registry (localhost:PORT), registry_log, registry_pid.
start_registry() {
    local name=$1 port d=$BATS_FILE_TMPDIR
    shift
    registry_log=$d/$name.log
    for ((;;)); do
        port=$((RANDOM % 20000 + 30000))
        {
            printf 'version: 0.1\nlog:\n  accesslog:\n    disabled: false\n'
            printf 'storage:\n  filesystem:\n    rootdirectory: %s/storage\n' "$d"
            printf 'http:\n  addr: 127.0.0.1:%s\n' "$port"
            printf '%s\n' "$@"
        } >"$d/$name.yml"
        docker-registry serve "$d/$name.yml" >"$registry_log" 2>&1 3>&- &
        registry_pid=$!
        wait_for 20 port_answers_or_ended "$port" "$registry_pid"
        kill -0 "$registry_pid" 2>/dev/null && break
        grep -q 'address already in use' "$registry_log" || { cat "$registry_log"; return 1; }
    done
    server_pids+=("$registry_pid")
    # shellcheck disable=SC2034 # for the test
    registry=localhost:$port
}

# registry_requests PATTERN: how many requests of the access log match "METHOD PATH STATUS".
registry_requests() {
    sed -nE 's/.*"(GET|HEAD|POST) ([^ ]+) HTTP[^"]*" ([0-9]+) .*/\1 \2 \3/p' "$registry_log" | grep -cE "$1" || :
}

# start_scripted_registry LAYOUT [NAME]: scripted-registry.py, which obeys $rules and writes to $log. Sets
# registry.
start_scripted_registry() {
    rules=$BATS_TEST_TMPDIR/rules${2-}.json log=$BATS_TEST_TMPDIR/requests${2-}
    local port
    : >"$log"
    serve_by scripted-registry.py "$1" "$rules" "$log"
    # shellcheck disable=SC2034 # for the test
    registry=localhost:$port
}
