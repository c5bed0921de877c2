# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Images and pods for the tests: "load pods" beside "load lib".

# busybox_image NAME [JSON of the app]: an image with a static busybox under the
# names that the tests use, in the store as example.com/NAME. Sets image_id.
busybox_image() {
    local name=$1 dir=$BATS_TEST_TMPDIR/image-$1 applet
    local app=${2:-'{"exec": ["/bin/true"], "user": "0", "group": "0"}'}
    mkdir -p "$dir/rootfs"/{bin,etc,tmp}
    cp "$(type -P busybox)" "$dir/rootfs/bin/busybox"
    for applet in sh true false echo cat ls sleep id env pwd ps touch hostname kill mount grep rm; do
        ln "$dir/rootfs/bin/busybox" "$dir/rootfs/bin/$applet"
    done
    cat >"$dir/manifest" <<END
{
    "acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/$name",
    "labels": [{"name": "version", "value": "1.0"}, {"name": "os", "value": "linux"},
               {"name": "arch", "value": "$(uname -m | sed 's/x86_64/amd64/')"}],
    "app": $app
}
END
    rkt image build --overwrite "$dir" "$dir.aci"
    image_id=$(rkt --insecure-options=image fetch --full "$dir.aci")
}

# applets IMAGE NAME…: more of busybox in busybox_image's image, and it in the store again.
applets() {
    local image=$1 name
    shift
    for name; do ln -f "$BATS_TEST_TMPDIR/image-$image/rootfs/bin/"{busybox,"$name"}; done
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-$image" "$BATS_TEST_TMPDIR/image-$image.aci"
    rkt --insecure-options=image fetch --full "$BATS_TEST_TMPDIR/image-$image.aci" >/dev/null
}

# web_root DIR: a root with perl and web.pl.
web_root() {
    local root=$1 file
    mkdir -p "$root"/{etc,tmp,usr/bin}
    cp "$(readlink -f "$(type -P perl)")" "$root/usr/bin/perl"
    for file in bin lib lib64; do ln -s "usr/$file" "$root/$file"; done
    while read -r file; do
        [[ $file == /usr/* ]] || file=/usr$file
        mkdir -p "$root${file%/*}"
        cp -L "$file" "$root$file"
    done < <(ldd "$(type -P perl)" | grep -o '/[^ ]*')
    cp "$BATS_TEST_DIRNAME/web.pl" "$root/"
}

# sh_app SCRIPT: an app object that runs the script with the image's shell.
sh_app() {
    jq -n --arg s "$1" '{exec: ["/bin/sh", "-c", $s], user: "0", group: "0"}'
}

# start_pod ARGUMENT…: rkt run in the background, until it is ready. Sets uuid, run_pid.
start_pod() {
    rm -f "$BATS_TEST_TMPDIR/uuid"
    rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" "$@" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    run_pid=$!
    wait_for 10 test -s "$BATS_TEST_TMPDIR/uuid" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    rkt status --wait-ready=20s "$uuid" >/dev/null || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
}

# end_pods: stops and removes whatever a test left. For teardown.
end_pods() {
    local left
    for left in $(rkt list --format=json | jq -r '.[] | select(.state == "running") | .name'); do
        rkt stop --force "$left" >/dev/null || :
        rkt status --wait=10s "$left" >/dev/null || :
    done
    rkt gc --grace-period=0s --expire-prepared=0s >/dev/null 2>&1 || :
}

# sanitized: whether the pods' supervisors are, which takes memory that is not theirs.
sanitized() { ldd /usr/lib/rkt/stage1/native/rootfs/run 2>/dev/null | grep -q asan; }

# inspect_image [JSON]: an app that runs observe.py with the host's /usr. Sets inspect_pod, the arguments for rkt run.
inspect_image() {
    local dir=$BATS_TEST_TMPDIR/image-inspect more=${1:-\{\}} name
    mkdir -p "$dir/rootfs"/{usr,etc,tmp,inspect}
    for name in bin lib lib64 sbin; do ln -s "usr/$name" "$dir/rootfs/$name"; done
    cp "$BATS_TEST_DIRNAME/"{observe,escape}.py "$dir/rootfs/inspect/"
    printf 'root:x:0:0::/root:/bin/sh\nwho:x:1000:1001::/home/who:/bin/sh\n' >"$dir/rootfs/etc/passwd"
    printf 'root:x:0:\nwhose:x:1001:\n' >"$dir/rootfs/etc/group"
    jq -n --argjson more "$more" --arg arch "$(uname -m | sed 's/x86_64/amd64/')" '{acKind: "ImageManifest", acVersion: "0.8.11",
        name: "example.com/inspect", labels: [{name: "os", value: "linux"}, {name: "arch", value: $arch}],
        app: ({exec: ["/bin/python3", "/inspect/observe.py"], user: "0", group: "0",
               mountPoints: [{name: "usr", path: "/usr", readOnly: true}]} + $more)}' >"$dir/manifest"
    rkt image build --overwrite "$dir" "$dir.aci"
    rkt --insecure-options=image fetch "$dir.aci" >/dev/null
    inspect_pod=('--volume=usr,kind=host,source=/usr' example.com/inspect)
}

# system_image: example.com/system, systemd with few units, the programs of which are the host's: sets system, the
# arguments for rkt run. It counts its boots in /boots, and says "up" each time.
system_image() {
    local dir=$BATS_TEST_TMPDIR/image-system name units=$BATS_TEST_TMPDIR/image-system/rootfs/etc/systemd/system
    mkdir -p "$dir/rootfs"/{usr,etc/pam.d,var,tmp,root,home} "$units/default.target.wants"
    for name in bin lib lib64 sbin; do ln -s "usr/$name" "$dir/rootfs/$name"; done
    ln -s ../run "$dir/rootfs/var/run"
    cp /etc/{passwd,group} "$dir/rootfs/etc/"
    printf 'root:*:::::::\n' >"$dir/rootfs/etc/shadow"
    printf 'ID=system\nNAME=System\n' >"$dir/rootfs/etc/os-release"
    printf 'another-host\n' >"$dir/rootfs/etc/hostname"
    printf '0123456789abcdef0123456789abcdef\n' >"$dir/rootfs/etc/machine-id"
    printf 'passwd: files\ngroup: files\nshadow: files\n' >"$dir/rootfs/etc/nsswitch.conf"
    printf 'auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n' >"$dir/rootfs/etc/pam.d/other"
    printf '[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\nAfter=app-boots.service\nWants=systemd-journald.service systemd-journal-flush.service dbus.socket app-boots.service\n' >"$units/default.target"
    printf '[Unit]\nDefaultDependencies=no\nAfter=systemd-journal-flush.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\nStandardOutput=journal+console\nSyslogIdentifier=app\nExecStart=/bin/sh -c "echo boot >>/boots; echo up"\n' >"$units/app-boots.service"
    jq -n --arg arch "$(uname -m | sed 's/x86_64/amd64/')" '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/system",
        labels: [{name: "os", value: "linux"}, {name: "arch", value: $arch}]}' >"$dir/manifest"
    rkt image build --overwrite "$dir" "$dir.aci"
    rkt --insecure-options=image fetch "$dir.aci" >/dev/null
    system=(--init=systemd '--volume=usr,kind=host,source=/usr,readOnly=true' '--mount=volume=usr,target=/usr' example.com/system)
}

# inspect ARGUMENT…: rkt run of the image with these words behind "--", and its lines without their heads in $output.
inspect() {
    check rkt "${rkt_options[@]}" run --net=none "${run_options[@]}" "${inspect_pod[@]}" "${app_options[@]}" -- "$@"
    # shellcheck disable=SC2001 # for each line
    output=$(sed 's/^\[[^]]*\] [a-z]*\[[0-9]*\]: //' <<<"$output")
}
rkt_options=() run_options=() app_options=()
