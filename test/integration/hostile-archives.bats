#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Archives that must be refused, with what is wrong and where said, and with the
# host and the store as before.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a process of its own

load lib

setup() {
    dir=$BATS_TEST_TMPDIR/data
    rkt --dir="$dir" image list >/dev/null 2>&1
    before=$(state)
}

# Everything in the store, and what archives here try to reach.
state() {
    find "$dir" -printf '%p %y %m %u %g %s\n' | sort
    find /tmp/rkt-hostile /etc/rkt-hostile 2>/dev/null || :
    md5sum /etc/passwd /etc/shadow
    stat -c '%h %a %u' /etc/passwd /etc/shadow
}

# archive KIND [NUMBER]
archive() {
    python3 "$BATS_TEST_DIRNAME/hostile-archive.py" "$1" "$BATS_TEST_TMPDIR/$1.aci" "${@:2}"
}

# refused KIND PATTERN: as root, which unpacks, and as somebody who only checks.
refused() {
    archive "$1"
    check_fails 254 rkt --dir="$dir" --insecure-options=image fetch "$BATS_TEST_TMPDIR/$1.aci"
    has "$2"
    diff <(echo "$before") <(state)
    if [[ ${3-} != root ]]; then
        install -d -o nobody "$BATS_TEST_TMPDIR/nobody"
        chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
        check_fails 254 setpriv --reuid=nobody --regid=nogroup --clear-groups \
            rkt --dir="$BATS_TEST_TMPDIR/nobody/data" --insecure-options=image fetch "$BATS_TEST_TMPDIR/$1.aci"
        has "$2"
        [[ -z $(find "$BATS_TEST_TMPDIR/nobody" -type f) ]]
    fi
}

@test "hostile archives: the good one that the others are made from is accepted" {
    archive good
    check rkt --dir="$dir" --insecure-options=image fetch "$BATS_TEST_TMPDIR/good.aci"
    local root=("$dir"/cas/tree/deps-*/rootfs)
    [[ $(stat -c %F "${root[0]}/dev/sda") == 'block special file' ]]
    [[ $(stat -c %t:%T "${root[0]}/etc/null") == 1:3 ]]
    [[ $(readlink "${root[0]}/etc/absolute") == /etc/passwd ]]
    [[ $(stat -c %h "${root[0]}/etc/hard") == 2 ]]
    [[ $(stat -c '%a %u' "${root[0]}/deep/down") == '755 0' ]]
}

@test "hostile archives: an absolute path is refused" {
    refused absolute_path 'entry 5, "/etc/rkt-hostile": its path is absolute'
}

@test "hostile archives: a path with .. is refused" {
    refused dotdot_path 'entry 5, "rootfs/\.\./.*": its path has "\.\." in it'
}

@test "hostile archives: what is neither manifest nor in rootfs is refused" {
    refused beside_rootfs 'entry 5, "other": an image has only'
}

@test "hostile archives: a symbolic link out of the image is refused" {
    refused symlink_out 'entry 5, "rootfs/out": it is a symbolic link out of the image'
}

@test "hostile archives: an absolute link leads into the image, not to the host" {
    mkdir -p /tmp/rkt-hostile
    before=$(state)
    refused through_absolute_symlink 'entry 6, "rootfs/out/rkt-hostile"' root
    rmdir /tmp/rkt-hostile
}

@test "hostile archives: a file over a link of the same name is refused" {
    refused over_symlink 'entry 6, "rootfs/passwd": the archive has it twice'
}

@test "hostile archives: rootfs must be a directory" {
    refused rootfs_symlink 'entry 2, "rootfs": rootfs must be a directory'
}

@test "hostile archives: a hard link out of the image is refused" {
    refused hard_link_out 'entry 5, "rootfs/shadow": it is a hard link to'
    refused hard_link_absolute 'entry 5, "rootfs/shadow": it is a hard link to "/etc/shadow"'
    refused hard_link_to_manifest 'entry 5, "rootfs/link": it is a hard link to "manifest"'
}

@test "hostile archives: a hard link to nothing or to a directory is refused" {
    refused hard_link_to_nothing 'entry 5, "rootfs/link": it is a hard link to "rootfs/nothing", which does not come before'
    refused hard_link_to_directory 'entry 5, "rootfs/link": it is a hard link to "rootfs/etc", which is a directory'
}

@test "hostile archives: devices where they do not belong are refused" {
    refused block_device 'entry 5, "rootfs/disk": device 8:0'
    refused character_device 'entry 5, "rootfs/etc/mem": device 1:1'
}

@test "hostile archives: an entry below a file is refused" {
    refused below_a_file 'entry 5, "rootfs/etc/file/below": .*Not a directory'
}

@test "hostile archives: entries that are there twice are refused, however they are spelled" {
    refused duplicate_file 'entry 5, "rootfs/etc/file": the archive has it twice'
    refused duplicate_directory 'entry 5, "rootfs/etc/": the archive has it twice'
    refused duplicate_spelling 'entry 5, "rootfs/./etc//file": the archive has it twice'
    refused duplicate_manifest 'entry 5, "./manifest": the archive has it twice'
}

@test "hostile archives: manifest and rootfs must be there, and be what they should" {
    refused no_manifest 'the archive has no "manifest"'
    refused no_rootfs 'the archive has no "rootfs"'
    refused manifest_directory 'entry 1, "manifest/": the manifest must be a regular file'
    refused manifest_symlink 'entry 1, "manifest": the manifest must be a regular file'
}

@test "hostile archives: a manifest that is too large, broken or invalid is refused, with its line" {
    refused manifest_huge 'a manifest of 9437184 bytes'
    refused manifest_broken 'manifest_broken.aci|manifest:1:[0-9]+'
    refused manifest_invalid 'manifest:1:60: name: "Not A Name"'
}

@test "hostile archives: an owner that chown would ignore is refused" {
    refused owner_out_of_range 'entry 5, "rootfs/etc/owned": owner 4294967295:0'
}

@test "hostile archives: names that no file system takes are refused" {
    refused long_name 'component of more than 255 bytes'
    refused deep_path 'longer than 4095 bytes'
}

@test "hostile archives: control characters in names do not reach the terminal" {
    refused control_characters '"rootfs/\\x1b\]0;owned\\x07\\x0aimage: all is well'
    [[ $output != *$'\e'* ]]
}

@test "hostile archives: a sparse file of a terabyte is refused before anything of it is written" {
    refused sparse 'entry 5, "rootfs/terabyte": its 1099511627776 bytes'
    refused huge 'entry 5, "rootfs/terabyte": its 1099511627776 bytes'
}

@test "hostile archives: more entries than the limit are refused" {
    archive many_entries 2000
    RKT_UNPACK_MAX_ENTRIES=1000 check_fails 254 rkt --dir="$dir" --insecure-options=image fetch "$BATS_TEST_TMPDIR/many_entries.aci"
    has 'entry 1001, "rootfs/etc/996": the image has more than 1000 entries'
    diff <(echo "$before") <(state)
}

@test "hostile archives: there is a limit to entries without being told" {
    need host ns # it takes minutes under emulation
    archive many_entries 1000000
    install -d -o nobody "$BATS_TEST_TMPDIR/nobody"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.."
    check_fails 254 setpriv --reuid=nobody --regid=nogroup --clear-groups \
        rkt --dir="$BATS_TEST_TMPDIR/nobody/data" --insecure-options=image fetch "$BATS_TEST_TMPDIR/many_entries.aci"
    has 'the image has more than 1000000 entries'
}

@test "hostile archives: a compression bomb is refused" {
    refused bomb 'compression bomb'
}

@test "hostile archives: truncated archives are refused" {
    refused truncated '"rootfs/data": .*[Tt]runcated'
    refused truncated_between_entries 'the archive is truncated'
    refused truncated_gzip 'the gzip data is truncated'
    refused truncated_gzip_trailer 'the gzip data is truncated'
}

@test "hostile archives: damaged archives are refused" {
    refused damaged_gzip 'the gzip data is damaged'
    refused damaged_header 'entry 8, "rootfs/etc/fifo": what comes after it is damaged'
    refused trailing_gzip 'something that is not gzip follows'
    refused twice_gzip 'not a tar archive'
    refused empty 'not a tar archive'
    refused text 'not a tar archive'
}

@test "hostile archives: a full disk leaves nothing behind" {
    archive good
    head -c 3M /dev/urandom >"$BATS_TEST_TMPDIR/noise"
    mkdir -p "$BATS_TEST_TMPDIR/image/rootfs" "$BATS_TEST_TMPDIR/small"
    tar -xOf "$BATS_TEST_TMPDIR/good.aci" manifest >"$BATS_TEST_TMPDIR/image/manifest"
    mv "$BATS_TEST_TMPDIR/noise" "$BATS_TEST_TMPDIR/image/rootfs/noise"
    rkt image build "$BATS_TEST_TMPDIR/image" "$BATS_TEST_TMPDIR/noise.aci"
    local size small=$BATS_TEST_TMPDIR/small
    for size in 1M 2M 4M 5M; do
        mount -t tmpfs -o size=$size none "$small"
        check_fails 254 rkt --dir="$small/d" --insecure-options=image fetch "$BATS_TEST_TMPDIR/noise.aci"
        has 'No space left on device'
        [[ -z $(find "$small" -type f) && -z $(ls -A "$small/d/cas/tree") ]] || find "$small"
        umount "$small"
    done
}
