#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Volumes and mounts as an app finds them: what is mounted where, in which order, who may write, and what is said
# when that cannot be.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # scripts for the apps' shells; each test has its own uuid, by start_pod
load lib
load pods

teardown() {
    local path
    end_pods
    rkt volume list --no-legend | cut -f 1 | grep '^test-' | xargs -r rkt volume rm || :
    for path in "$BATS_TEST_TMPDIR"/mounted*; do ! mountpoint -q "$path" || umount -R "$path"; done
}

# volume NAME [CONTENT]: a directory of the host with a file "name" in it. Adds to volumes, arguments for rkt run.
volume() {
    mkdir -p "$BATS_TEST_TMPDIR/host-$1"
    echo "${2-$1}" >"$BATS_TEST_TMPDIR/host-$1/name"
    volumes+=("--volume=$1,kind=host,source=$BATS_TEST_TMPDIR/host-$1")
}
volumes=()

@test "volumes: one inside of another is seen, whatever order they are given in" {
    busybox_image nested "$(sh_app 'cat /data/name /data/in/name /data/in/most/name')"
    volume outer; volume inner; volume inmost
    local a=--mount=volume=outer,target=/data b=--mount=volume=inner,target=/data/in c=--mount=volume=inmost,target=/data/in/most
    for order in "$a $b $c" "$c $b $a" "$b $c $a"; do
        # shellcheck disable=SC2086 # three words
        check rkt run --net=none "${volumes[@]}" example.com/nested $order
        has ': outer$'
        has ': inner$'
        has ': inmost$'
    done
}

@test "volumes: links of the image do not change what is inside of what" {
    busybox_image links "$(sh_app 'cat /zdata/name /zdata/in/name /alink/in/name')"
    ln -s zdata "$BATS_TEST_TMPDIR/image-links/rootfs/alink"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-links" "$BATS_TEST_TMPDIR/links.aci"
    volume outer; volume inner
    # by name, /alink/in would come first, and /zdata over it
    check rkt --insecure-options=image run --net=none "${volumes[@]}" "$BATS_TEST_TMPDIR/links.aci" \
        --mount=volume=inner,target=/alink/in --mount=volume=outer,target=/zdata
    has ': outer$'
    [[ $(grep -c ': inner$' <<<"$output") == 2 ]]
}

@test "volumes: links that a volume brings do not change what is inside of what, and lead nowhere else" {
    busybox_image links "$(sh_app 'cat /zdata/in/name; ls -d /etc/made')"
    volume first; volume outer; volume inner
    ln -s /zdata "$BATS_TEST_TMPDIR/host-first/link"
    ln -s ../../../../../../etc/made "$BATS_TEST_TMPDIR/host-first/out"
    check rkt run --net=none "${volumes[@]}" --volume=v,kind=empty example.com/links --mount=volume=inner,target=/a/link/in \
        --mount=volume=outer,target=/zdata --mount=volume=first,target=/a --mount=volume=v,target=/a/out
    has ': inner$'
    has ': /etc/made$'
    [[ ! -e /etc/made ]]
}

@test "volumes: two at one place are an error that names both, one twice is none, and the root is no place" {
    busybox_image places "$(sh_app 'cat /data/name')"
    volume one; volume two
    check_fails 254 rkt run --net=none "${volumes[@]}" example.com/places --mount=volume=one,target=/data --mount=volume=two,target=/data/
    has 'app places: two volumes, "one" and "two", are to be mounted at /data'
    check_fails 254 rkt run --net=none "${volumes[@]}" example.com/places --mount=volume=one,target=/
    has 'the volume "one" cannot be mounted at /'
    check rkt run --net=none "${volumes[@]}" example.com/places --mount=volume=one,target=/data --mount=volume=one,target=/data
    has ': one$'
    check_fails 254 rkt run --net=none "${volumes[@]}" "${volumes[0]}" example.com/places
    has 'a volume of this name was given before'
}

@test "mounts: one for all apps is in each, and an app's own at the same path takes its place" {
    busybox_image first "$(sh_app 'cat /data/name')"
    busybox_image second "$(sh_app 'cat /data/name')"
    volume all; volume own
    check rkt run --net=none "${volumes[@]}" --mount=volume=all,target=/data example.com/first example.com/second \
        --mount=volume=own,target=/data/
    has 'first\[[0-9]+\]: all$'
    has 'second\[[0-9]+\]: own$'
}

@test "volumes: read-only is so for all that is mounted below, and the host's own mounts stay as they are" {
    busybox_image ro "$(sh_app 'cat /data/below/name; for d in /data /data/below /data/below/deep /again /again/below; do touch $d/x && echo wrote $d; done')"
    mkdir -p "$BATS_TEST_TMPDIR/mounted/below"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted"
    mkdir "$BATS_TEST_TMPDIR/mounted/below"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted/below"
    echo below >"$BATS_TEST_TMPDIR/mounted/below/name"
    mkdir "$BATS_TEST_TMPDIR/mounted/below/deep"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted/below/deep"
    check rkt run --net=none --volume="data,kind=host,source=$BATS_TEST_TMPDIR/mounted,readOnly=true" \
        --volume="rw,kind=host,source=$BATS_TEST_TMPDIR/mounted" example.com/ro --mount=volume=data,target=/data \
        --mount=volume=rw,target=/again
    has ': below$'
    lacks 'wrote /data'
    has ': wrote /again$'
    has ': wrote /again/below$'
    [[ -e $BATS_TEST_TMPDIR/mounted/below/x && ! -e $BATS_TEST_TMPDIR/mounted/below/deep/x ]]
}

@test "volumes: recursive=false leaves out what is mounted below" {
    busybox_image flat "$(sh_app 'ls /data /data/below')"
    mkdir -p "$BATS_TEST_TMPDIR/mounted"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted"
    mkdir "$BATS_TEST_TMPDIR/mounted/below"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted/below"
    touch "$BATS_TEST_TMPDIR/mounted/below/file"
    check rkt run --net=none --volume="data,kind=host,source=$BATS_TEST_TMPDIR/mounted,recursive=false" example.com/flat \
        --mount=volume=data,target=/data
    has ': below$'
    lacks ': file$'
}

@test "volumes: what the host mounts and unmounts below a running pod's volume is seen, and nothing comes back" {
    busybox_image long "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.1; done')"
    mkdir -p "$BATS_TEST_TMPDIR/mounted"
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted"
    mount --make-shared "$BATS_TEST_TMPDIR/mounted"
    mkdir "$BATS_TEST_TMPDIR/mounted/late"
    start_pod --volume="data,kind=host,source=$BATS_TEST_TMPDIR/mounted" example.com/long --mount=volume=data,target=/data
    mount -t tmpfs tmpfs "$BATS_TEST_TMPDIR/mounted/late"
    touch "$BATS_TEST_TMPDIR/mounted/late/file"
    check rkt enter "$uuid" /bin/ls /data/late
    has '^file$'
    umount "$BATS_TEST_TMPDIR/mounted/late"
    check rkt enter "$uuid" /bin/ls /data/late
    lacks 'file'
}

@test "volumes: a file, a link to one and a socket of the host can be volumes" {
    busybox_image files "$(sh_app 'cat /etc/one /new/place/two; ls -l /run/its.sock')"
    echo one >"$BATS_TEST_TMPDIR/one"
    ln -s one "$BATS_TEST_TMPDIR/two"
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$BATS_TEST_TMPDIR/sock"
    check rkt run --net=none --volume="one,kind=host,source=$BATS_TEST_TMPDIR/one" --volume="two,kind=host,source=$BATS_TEST_TMPDIR/two" \
        --volume="sock,kind=host,source=$BATS_TEST_TMPDIR/sock" example.com/files --mount=volume=one,target=/etc/one \
        --mount=volume=two,target=/new/place/two --mount=volume=sock,target=/run/its.sock
    [[ $(grep -c ': one$' <<<"$output") == 2 ]]
    has ': s.*/run/its.sock$'
}

@test "volumes: what cannot be mounted is told with the volume, its source and its place" {
    busybox_image wrong "$(sh_app 'echo ran')"
    volume dir; volume gone; volume ro
    rm -r "$BATS_TEST_TMPDIR/host-gone"
    check_fails 254 rkt run --net=none "${volumes[@]}" example.com/wrong --mount=volume=gone,target=/data
    has "app wrong: volume \"gone\": cannot open $BATS_TEST_TMPDIR/host-gone: No such file"
    check_fails 254 rkt run --net=none "${volumes[@]}" example.com/wrong --mount=volume=dir,target=/bin/sh
    has 'app wrong: volume "dir": it is a directory, but at /bin/sh the app has something else'
    check_fails 254 rkt run --net=none --volume="f,kind=host,source=$BATS_TEST_TMPDIR/host-dir/name" example.com/wrong \
        --mount=volume=f,target=/etc
    has 'app wrong: volume "f": it is not a directory, but at /etc the app has one'
    check_fails 254 rkt run --net=none "${volumes[@]/%host-ro/host-ro,readOnly=true}" example.com/wrong \
        --mount=volume=ro,target=/data --mount=volume=dir,target=/data/sub
    has 'app wrong: volume "dir": cannot make the mount point /data/sub: Read-only file system'
    lacks ': ran$'
    [[ ! -e $BATS_TEST_TMPDIR/host-ro/sub ]]
}

@test "volumes: a source that vanishes between prepare and run is an error, and nothing runs" {
    busybox_image later "$(sh_app 'echo ran')"
    volume data
    uuid=$(rkt prepare "${volumes[@]}" example.com/later --mount=volume=data,target=/data)
    rm -r "$BATS_TEST_TMPDIR/host-data"
    check_fails 254 rkt run-prepared --net=none "$uuid"
    has 'app later: volume "data": cannot open '
    lacks ': ran$'
}

@test "volumes: an empty one has its mode and owner, is shared by the apps, and goes with the pod" {
    busybox_image writer "$(sh_app 'ls -ldn /data /other; touch /data/here')"
    busybox_image reader "$(sh_app 'i=0; while [ $i -lt 100 ] && ! [ -e /data/here ]; do i=$((i+1)); sleep 0.1; done; ls /data; touch /data/x || echo refused')"
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --volume=v,kind=empty,mode=2770,uid=12,gid=34 \
        --volume=plain,kind=empty --mount=volume=v,target=/data example.com/writer --mount=volume=plain,target=/other example.com/reader
    has ': drwxrws--- .* 12 +34 .*/data$'
    has ': drwxr-xr-x .* 0 +0 .*/other$'
    has 'reader\[[0-9]+\]: here$'
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    check rkt rm "$uuid"
    ! find /var/lib/rkt/pods -path "*$uuid*" | grep . || false
}

@test "volumes: a mount point of an image without a volume gets an empty one, which is told, and the volume's readOnly wins" {
    busybox_image points '{"exec": ["/bin/sh", "-c", "ls -ld /data; touch /data/x && echo wrote; touch /ro/x || echo refused; touch /rw/x && echo wrote too"],
        "user": "0", "group": "0", "mountPoints": [{"name": "data", "path": "/data"}, {"name": "ro", "path": "/ro", "readOnly": true},
        {"name": "rw", "path": "/rw", "readOnly": true}]}'
    volume rw
    check rkt run --net=none "${volumes[0]},readOnly=false" example.com/points
    has 'no volume specified for mount point "data"'
    has 'no volume specified for mount point "ro"'
    lacks 'mount point "rw"'
    has ': drwxr-xr-x .*/data$'
    has ': wrote$'
    has ': refused$'
    has ': wrote too$'
}

@test "volumes: one at /sys or below it is seen as it is, and what is hidden beside it stays hidden" {
    busybox_image kernel "$(sh_app 'cat /sys/fs/cgroup/name /proc/acpi/name /sys/name; ls /sys/firmware/* /proc/timer_list; grep -c . /proc/timer_list || :')"
    volume data
    check rkt run --net=none "${volumes[@]}" example.com/kernel --mount=volume=data,target=/sys/fs/cgroup
    has ': data$'
    lacks '/sys/firmware/[a-z]+:'
    has ': 0$'
    check rkt run --net=none "${volumes[@]}" example.com/kernel --mount=volume=data,target=/sys
    has ': data$'
    has ': 0$'
}

@test "volumes: an image cannot uncover what is hidden by a volume of its own over it" {
    busybox_image sly '{"exec": ["/bin/sh", "-c", "grep -c . /proc/timer_list; echo x >/proc/sys/kernel/domainname || echo refused"], "user": "0", "group": "0",
        "mountPoints": [{"name": "a", "path": "/proc"}, {"name": "b", "path": "/proc/sys"}]}'
    jq -n --arg id "$image_id" '{acVersion: "0.8.11", acKind: "PodManifest", apps: [{name: "sly", readOnlyRootFS: true, image: {id: $id},
        annotations: [{name: "appc.io/docker/repository", value: "x"}]}]}' >"$BATS_TEST_TMPDIR/pod.json"
    check rkt run --net=none --pod-manifest="$BATS_TEST_TMPDIR/pod.json"
    has ': 0$'
    has ': refused$'
}

@test "volumes: a tmpfs has its size and mode, is shared by the apps, and nothing of it reaches the disk" {
    busybox_image filler '{"exec": ["/bin/sh", "-c", "ls -ldn /tmp/shared; grep shared /proc/self/mounts; cat /dev/zero >/tmp/shared/fill; ls -l /tmp/shared; touch /tmp/plain/x && echo wrote"], "user": "7", "group": "7"}'
    busybox_image finder "$(sh_app 'i=0; while [ $i -lt 100 ] && ! [ -e /found/fill ]; do i=$((i+1)); sleep 0.1; done; ls /found; touch /found/x || echo refused')"
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --volume=m,kind=tmpfs,size=1Mi,mode=0770,gid=7 --volume=plain,kind=tmpfs \
        example.com/filler --mount=volume=m,target=/tmp/shared --mount=volume=plain,target=/tmp/plain \
        example.com/finder --mount=volume=m,target=/found
    has ': drwxrwx--- .* 0 +7 .*/tmp/shared$'
    has ': tmpfs /tmp/shared tmpfs rw,nosuid,nodev,.*size=1024k'
    has ' 1048576 .* fill$'
    has 'No space left on device'
    has 'filler\[[0-9]+\]: wrote$'
    has 'finder\[[0-9]+\]: fill$'
    ! find "/var/lib/rkt/pods/run/$(<"$BATS_TEST_TMPDIR/uuid")/sharedVolumes" -name fill | grep . || false
    run grep sharedVolumes /proc/self/mountinfo
    lacks .
    check_fails 254 rkt run --net=none --volume=m,kind=tmpfs,size=64m example.com/filler
    has 'size: "64m" is not the size of a volume'
}

@test "volumes: a device that is one may be opened, for reading only if it is read-only, and no other device may" {
    [[ -c /dev/fuse ]] || skip "needs /dev/fuse"
    busybox_image device "$(sh_app 'for d in /dev/mine /dir/fuse /mine; do (: <$d) && echo read $d; (: >$d) && echo wrote $d; done')"
    mkdir "$BATS_TEST_TMPDIR/dir"
    mknod "$BATS_TEST_TMPDIR/dir/fuse" c 10 229
    run rkt run --net=none --volume=d,kind=host,source=/dev/fuse --volume="dir,kind=host,source=$BATS_TEST_TMPDIR/dir" example.com/device \
        --mount=volume=d,target=/dev/mine --mount=volume=d,target=/mine --mount=volume=dir,target=/dir
    has ': read /dev/mine$'
    has ': wrote /dev/mine$'
    has ': wrote /mine$'
    lacks '(read|wrote) /dir/fuse'
    run rkt run --net=none --volume=d,kind=host,source=/dev/fuse,readOnly=true --volume="dir,kind=host,source=$BATS_TEST_TMPDIR/dir" \
        example.com/device --mount=volume=d,target=/dev/mine --mount=volume=d,target=/mine --mount=volume=dir,target=/dir
    has ': read /dev/mine$'
    has ': read /mine$'
    lacks ': wrote '
    lacks '(read|wrote) /dir/fuse'
    run rkt run --net=none example.com/device
    lacks ': read '
}

@test "devices: one that an app makes is shut; in a privileged pod it is open, and file systems can be mounted" {
    [[ -c /dev/fuse ]] || skip "needs /dev/fuse"
    busybox_image maker "$(sh_app '/bin/busybox mknod /dev/f c 10 229 && echo made; (: </dev/f) && echo opened; mount -t tmpfs mine /tmp && echo mounted
        echo x >/proc/sys/kernel/domainname && echo written; cat /proc/timer_list >/tmp/list; grep -c . /tmp/list')"
    run rkt run --net=none example.com/maker
    has ': made$'
    lacks ': (opened|mounted|written)$'
    has ': 0$'
    run rkt --insecure-options=capabilities,paths,seccomp run --net=none example.com/maker
    has ': made$'
    has ': opened$'
    has ': mounted$'
    has ': written$'
    lacks 'no device policy'
    [[ ! -r /proc/timer_list ]] || lacks ': 0$'
    # each is for itself
    run rkt --insecure-options=capabilities,seccomp run --net=none example.com/maker
    has ': mounted$'
    lacks ': (opened|written)$'
}

@test "--readonly-rootfs: files and directories that volumes bring can be written, and a read-only one cannot" {
    busybox_image sealed "$(sh_app 'touch /tmp/x || echo refused; touch /etc/file/x || : >/etc/file && echo file; touch /m/x && echo memory; touch /r/x || echo kept')"
    volume r
    touch "$BATS_TEST_TMPDIR/file"
    check rkt run --net=none "${volumes[0]},readOnly=true" --volume="file,kind=host,source=$BATS_TEST_TMPDIR/file" --volume=m,kind=tmpfs \
        example.com/sealed --readonly-rootfs=true --mount=volume=r,target=/r --mount=volume=file,target=/etc/file --mount=volume=m,target=/m
    for word in refused file memory kept; do has ": $word\$"; done
}

@test "paths: each that --dry-run names as masked is empty, each named as read-only is that, and most are there" {
    local path masked protected
    busybox_image plan
    rkt run --dry-run --net=none example.com/plan >"$BATS_TEST_TMPDIR/plan" 2>/dev/null
    masked=$(jq -r '.apps[0].maskedPaths | join(" ")' "$BATS_TEST_TMPDIR/plan")
    protected=$(jq -r '.apps[0].readOnlyPaths | join(" ")' "$BATS_TEST_TMPDIR/plan")
    # what Docker, containerd and Podman hide
    for path in /proc/{acpi,asound,interrupts,kcore,keys,latency_stats,sched_debug,scsi,timer_list,timer_stats} \
        /sys/{firmware,devices/virtual/powercap,dev/block} /sys/devices/system/cpu/cpu*/thermal_throttle; do
        [[ $path != */cpu\** ]] || continue # this host has none
        [[ " $masked " == *" $path "* ]]
    done
    for path in /proc/{bus,fs,irq,sys,sysrq-trigger}; do [[ " $protected " == *" $path "* ]]; done
    busybox_image paths "$(sh_app "for p in $masked; do
            if [ -d \$p ]; then echo looked; [ \$p = /sys/fs ] || for f in \$p/*; do [ ! -e \$f ] || echo shown \$f; done
            elif [ -e \$p ]; then echo looked; ! grep -q . \$p || echo shown \$p; fi
        done
        for p in $protected; do
            if [ -d \$p ]; then grep -q \" \$p proc ro,\" /proc/self/mounts && echo looked || echo writable \$p
            elif [ -e \$p ]; then (: >\$p) && echo writable \$p; fi
        done; :")"
    check rkt run --net=none example.com/paths
    lacks ': (shown|writable) '
    (($(grep -c ': looked$' <<<"$output") >= 8))
    # the test can tell
    check rkt --insecure-options=paths run --net=none example.com/paths
    has ': shown /sys/module/'
    has ': writable /proc/sys$'
}

@test "named volumes: what a pod leaves in one the next pod finds, and gc and rm leave it alone" {
    busybox_image writer "$(sh_app 'ls -ldn /data; cat /data/count; echo more >>/data/count')"
    for _ in 1 2; do
        check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" --volume=v,kind=named,name=test-kept,mode=0711,uid=3,gid=4 \
            example.com/writer --mount=volume=v,target=/data
        has ': drwx--x--x .* 3 +4 .*/data$'
        check rkt rm "$(<"$BATS_TEST_TMPDIR/uuid")"
    done
    has '"[0-9a-f-]{36}"'
    rkt gc --grace-period=0s
    [[ $(wc -l </var/lib/rkt/volumes/test-kept/count) == 2 ]]
    run rkt run --net=none --volume=test-kept,kind=named,readOnly=true example.com/writer --mount=volume=test-kept,target=/data
    has ': more$'
    has 'Read-only file system'
    # fly has the same
    check rkt run --stage1-from-dir=fly --net=host --volume=test-kept,kind=named example.com/writer --mount=volume=test-kept,target=/data
    [[ $(wc -l </var/lib/rkt/volumes/test-kept/count) == 3 ]]
    check rkt volume rm test-kept
    [[ $output == test-kept && ! -e /var/lib/rkt/volumes/test-kept ]]
}

@test "named volumes: one that a prepared or running pod uses is listed with it and not removed, until the pod has ended" {
    busybox_image long "$(sh_app 'trap "exit 0" TERM; while :; do sleep 0.1; done')"
    check rkt volume create --mode=2770 --gid=7 test-busy test-free
    [[ $output == $'test-busy\ntest-free' ]]
    check_fails 254 rkt volume create test-busy
    has 'there is a volume "test-busy" already'
    start_pod --volume=test-busy,kind=named example.com/long --mount=volume=test-busy,target=/data
    check rkt volume list --format=json
    [[ $(jq -r '.[] | select(.name == "test-busy") | "\(.path) \(.mode) \(.uid) \(.gid) \(.used_by[])"' <<<"$output") == "/var/lib/rkt/volumes/test-busy 2770 0 7 $uuid" ]]
    [[ $(jq -c '.[] | select(.name == "test-free") | .used_by' <<<"$output") == '[]' ]]
    check rkt volume list
    has '^NAME\s+CREATED\s+USED BY$'
    has "^test-busy\s.*${uuid:0:8}\$"
    check_fails 254 rkt volume rm test-busy test-free test-none
    has "volume \"test-busy\" is in use by the pod $uuid"
    has '^test-free$'
    has 'there is no volume "test-none"'
    [[ -d /var/lib/rkt/volumes/test-busy && ! -e /var/lib/rkt/volumes/test-free ]]
    check rkt list --format=json
    [[ $(jq -r ".[] | select(.name == \"$uuid\") | .apps[0].mounts[0].host_path" <<<"$output") == /var/lib/rkt/volumes/test-busy ]]
    rkt stop "$uuid"
    rkt status --wait=10s "$uuid"
    local prepared
    prepared=$(rkt prepare --volume=v,kind=named,name=test-busy example.com/long --mount=volume=v,target=/data)
    check_fails 254 rkt volume rm test-busy
    has "in use by the pod $prepared"
    rkt rm "$prepared"
    check rkt volume rm test-busy
}

@test "named volumes: --dry-run makes none, names that lead elsewhere are refused, and one may be a link" {
    busybox_image sees "$(sh_app 'cat /data/name')"
    check rkt run --dry-run --net=none --volume=v,kind=named,name=test-dry example.com/sees --mount=volume=v,target=/data
    [[ ! -e /var/lib/rkt/volumes/test-dry ]]
    check_fails 254 rkt run --net=none --volume=v,kind=named,name=../pods example.com/sees --mount=volume=v,target=/data
    has 'is not a name'
    check_fails 254 rkt volume rm ../pods
    has 'is not the name of a volume'
    check_fails 254 rkt volume create --mode=rwx test-x
    has 'is not a file mode'
    volume else
    mkdir -p /var/lib/rkt/volumes
    ln -s "$BATS_TEST_TMPDIR/host-else" /var/lib/rkt/volumes/test-link
    check rkt run --net=none --volume=v,kind=named,name=test-link example.com/sees --mount=volume=v,target=/data
    has ': else$'
    check rkt volume rm test-link
    [[ -e $BATS_TEST_TMPDIR/host-else/name ]]
}

@test "mounts: one can be read-only where another of the same volume is not, and none undoes what the volume says" {
    busybox_image two "$(sh_app 'for d in /rw /ro /both; do touch $d/x 2>/dev/null && echo wrote $d; done')"
    volume data; volume fixed
    check_fails 1 rkt run --net=none "${volumes[0]}" "${volumes[1]},readOnly=true" example.com/two --mount=volume=data,target=/rw \
        --mount=volume=data,target=/ro,readOnly=true --mount=volume=fixed,target=/both,readOnly=false
    has ': wrote /rw$'
    lacks 'wrote /(ro|both)'
    check rkt run --net=none "${volumes[0]}" --mount=volume=data,target=/ro,readOnly=true example.com/two --mount=volume=data,target=/both
    lacks 'wrote /ro'
    has ': wrote /both$'
    check_fails 254 rkt run --net=none "${volumes[0]}" example.com/two --mount=volume=data,target=/ro,readOnly=maybe
    has 'readOnly: expected true or false'
}

@test "named volumes: an empty one begins with what a Docker image has there; one that is not stays as it is" {
    local dir=$BATS_TEST_TMPDIR/image-filled
    busybox_image filled "$(sh_app 'ls -ldn /data; ls -ln /data; cat /data/in/first; touch /data/mine')"
    mkdir -p "$dir/rootfs/data/in"
    echo one >"$dir/rootfs/data/in/first"
    ln -s in/first "$dir/rootfs/data/link"
    chown 7:8 "$dir/rootfs/data" && chmod 0751 "$dir/rootfs/data"
    rkt image build --overwrite "$dir" "$dir.aci"
    rkt --insecure-options=image fetch "$dir.aci" >/dev/null
    local flavour volume
    for flavour in native fly; do
        volume=(--volume=v,kind=named,name="test-$flavour")
        check rkt run --stage1-from-dir=$flavour --net=host "${volume[@]}" example.com/filled --annotation=appc.io/docker/repository=x \
            --mount=volume=v,target=/data
        has 'drwxr-x--x .* 7 +8 .*/data$'
        has 'link -> in/first$'
        has '(^|: )one$'
        rm "/var/lib/rkt/volumes/test-$flavour/in/first"
        check_fails 0 rkt run --stage1-from-dir=$flavour --net=host "${volume[@]}" example.com/filled --annotation=appc.io/docker/repository=x \
            --mount=volume=v,target=/data
        has ' mine$'
        has "can't open '/data/in/first'"
    done
    # appc says nothing of the kind of its own images
    check rkt run --net=none --volume=v,kind=named,name=test-plain example.com/filled --mount=volume=v,target=/data --exec=/bin/ls -- -l /data
    lacks ' in$'
}
