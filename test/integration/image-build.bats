# SPDX-License-Identifier: LGPL-2.1-or-later
# rkt image build, validate and patch-manifest: image files made, judged and
# changed. Needs nothing of the host but to have the programs installed.

bats_require_minimum_version 1.5.0
load lib

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p image/rootfs/{bin,etc}
    echo program >image/rootfs/bin/app
    chmod 4755 image/rootfs/bin/app
    ln image/rootfs/bin/app image/rootfs/bin/twin
    ln -s app image/rootfs/bin/link
    mkfifo image/rootfs/etc/pipe
    cat >image/manifest <<END
{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/app",
 "labels": [{"name": "os", "value": "linux"}, {"name": "arch", "value": "amd64"}],
 "app": {"exec": ["/bin/app"], "user": "0", "group": "0",
  "isolators": [{"name": "os/linux/capabilities-remove-set", "value": {"set": ["CAP_KILL"]}}]}}
END
}

# craft FILE: writes a tar with the entries that the Python on stdin adds, by
# add(name, type, data=b"", **attributes); manifest and rootfs are in it already
# unless the first line is "bare".
craft() {
    python3 -c '
import io, sys, tarfile
script = sys.stdin.read()
out = tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT)
def add(name, type=tarfile.REGTYPE, data=b"", **attributes):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mode = type, len(data), 0o755
    for key, value in attributes.items():
        setattr(info, key, value)
    out.addfile(info, io.BytesIO(data))
manifest = open("image/manifest", "rb").read()
if not script.startswith("bare"):
    add("manifest", data=manifest)
    add("rootfs", tarfile.DIRTYPE)
exec(script.removeprefix("bare"), dict(globals(), **vars(tarfile)))
out.close()' "$1"
}

manifest_of() { tar -xOf "$1" manifest; }

@test "image build: the same directory gives the same file, entries in order, the manifest first" {
    check rkt image build image a.aci
    sleep 1.1
    check rkt image build image b.aci
    cmp a.aci b.aci
    [[ $(tar -tf a.aci | head -n 3 | tr '\n' ' ') == "manifest rootfs/ rootfs/bin/ " ]]
    diff <(tar -tf a.aci | tail -n +2) <(tar -tf a.aci | tail -n +2 | LC_ALL=C sort)
    tar -tvf a.aci rootfs/bin/twin | grep '^h.*link to rootfs/bin/app$'
    tar --numeric-owner -tvf a.aci rootfs/bin/app | grep '^-rwsr-xr-x'
}

@test "image build: every compression holds the same archive and is valid" {
    for kind in gzip:zcat xz:xzcat zstd:zstdcat bzip2:bzcat none:cat; do
        check rkt image build --compression="${kind%:*}" image "${kind%:*}.aci"
        "${kind#*:}" <"${kind%:*}.aci" | sha512sum
    done | sort -u >sums
    [[ $(grep -c . sums) == 1 ]]
    check rkt image build --no-compression --overwrite image none.aci
    check rkt image validate {gzip,xz,zstd,bzip2,none}.aci
    has '^zstd.aci: valid app container image$'
    check_fails 254 rkt image build --compression=rar image rar.aci
    has 'unknown compression "rar"'
    [[ ! -e rar.aci ]]
}

@test "image build: times are cut to SOURCE_DATE_EPOCH and owners to root, if wanted" {
    chown 12:34 image/rootfs/bin/app
    SOURCE_DATE_EPOCH=86400 check rkt image build image a.aci
    [[ $(TZ=UTC tar --numeric-owner -tvf a.aci rootfs/bin/app) == *" 12/34 "*" 1970-01-02 00:00 "* ]]
    check rkt image build --overwrite --owner-root image a.aci
    tar --numeric-owner -tvf a.aci rootfs/bin/app | grep ' 0/0 '
}

@test "image build: names of any length and in any bytes are kept" {
    long=$(printf 'x%.0s' {1..200})
    mkdir -p "image/rootfs/$long/$long"
    echo ü >"image/rootfs/$long/$long/ümlaut"
    echo latin >"image/rootfs/"$'latin\xfc'
    check rkt image build image a.aci
    check rkt image validate a.aci
    mkdir out
    tar -C out -xf a.aci 2>/dev/null
    diff -r image/rootfs/"$long" out/rootfs/"$long"
    [[ -e out/rootfs/$'latin\xfc' ]]
}

@test "image build: a tree is packed to any depth that a path can have" {
    python3 -c '
import os
os.chdir("image/rootfs")
for i in range(1500):
    os.mkdir("d")
    os.chdir("d")'
    (
        ulimit -Sn 100
        check rkt image build image a.aci
    )
    check rkt image validate a.aci
}

@test "image build: an existing file stays, without --overwrite" {
    echo mine >a.aci
    check_fails 254 rkt image build image a.aci
    has 'a.aci: already exists'
    [[ $(<a.aci) == mine ]]
    check rkt image build --overwrite image a.aci
    check rkt image validate a.aci
}

@test "image build: what is no image is refused by name and leaves no file behind" {
    touch image/README
    check_fails 254 rkt image build image a.aci
    has 'image/README: an image has only'
    rm image/README
    check_fails 254 rkt image build image a.tar
    has 'must end in .aci'
    check_fails 254 rkt image build missing a.aci
    has 'missing: No such file'
    check_fails 254 rkt image build image
    sed -i 's/"user": "0"/"user": 0/' image/manifest
    check_fails 254 rkt image build image a.aci
    has 'image/manifest:3:[0-9]+: app.user: expected a string, found a number'
    rm image/manifest
    check_fails 254 rkt image build image a.aci
    has 'image/manifest: No such file'
    mv image/rootfs rootfs
    touch image/rootfs
    check_fails 254 rkt image build image a.aci
    has 'image/rootfs: must be a directory'
    run ls
    [[ $output != *aci* ]]
}

@test "image build: what cannot be fetched cannot be built" {
    ln -s ../../../etc/passwd image/rootfs/bin/out
    check_fails 254 rkt image build image a.aci
    has '"rootfs/bin/out".*symbolic link out of the image'
    run ls
    [[ $output != *aci* ]]
}

@test "image build: the image is not put into itself" {
    check_fails 254 rkt image build image image/rootfs/self.aci
    has 'cannot be written into its own root file system'
    [[ ! -e image/rootfs/self.aci ]]
}

@test "image build: sockets are left out with a warning" {
    python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("image/rootfs/etc/socket")'
    check rkt image build image a.aci
    has 'image/rootfs/etc/socket: is a socket'
    run tar -tf a.aci
    [[ $output != *socket* ]]
}

@test "image validate: every file gets its line, and one bad file is enough to fail" {
    check rkt image build image a.aci
    echo '{"acKind": "PodManifest", "acVersion": "0.8.11"}' >pod
    check rkt image validate a.aci image image/manifest pod
    [[ $output == "a.aci: valid app container image
image: valid image layout
image/manifest: valid ImageManifest
pod: valid PodManifest" ]]
    head -c 100 a.aci >cut.aci
    check_fails 254 rkt image validate cut.aci missing.aci a.aci
    has 'cut.aci: invalid app container image: .*truncated'
    has 'missing.aci: No such file'
    has 'a.aci: valid app container image'
    check_fails 254 rkt image validate --type=manifest a.aci
    check_fails 254 rkt image validate --type=layout a.aci
    check_fails 254 rkt image validate --type=picture a.aci
    has 'unknown type "picture"'
    check_fails 254 rkt image validate
}

@test "image validate: a manifest's error says where it is and what was expected" {
    printf '{\n "acKind": "ImageManifest",\n "acVersion": "0.8.11",\n "name": "Bad"\n}' >bad
    check_fails 254 rkt image validate bad
    has '^image: bad:4:10: name: "Bad" is not an AC identifier: expected '
    printf '{"acKind": "PodManifest", "acVersion": "0.8.11", "apps": [{"name": "a"}]}' >bad
    check_fails 254 rkt image validate bad
    has 'bad:1:59: apps\[0\].image: missing'
    printf '{"acKind": "ImageManifest", ' >bad
    check_fails 254 rkt image validate bad
    has 'bad:1:29: unexpected end of the document'
    head -c 9000000 /dev/zero | tr '\0' ' ' >bad
    check_fails 254 rkt image validate --type=manifest bad
    has 'File too large'
}

# refuses PATTERN: crafts an archive from stdin and expects it to be refused.
refuses() {
    craft bad.aci
    check_fails 254 rkt image validate bad.aci
    has "bad.aci: invalid app container image: .*$1"
}

@test "image validate: the layout is a manifest and a rootfs, each once, and nothing else" {
    refuses 'extra' <<<'add("extra")'
    refuses '"manifest"' <<<'add("manifest", data=manifest)'
    refuses '"rootfs/".*twice' <<<'add("rootfs", DIRTYPE)'
    refuses '"rootfs/./a".*twice' <<<'add("rootfs/a"); add("rootfs/./a")'
    refuses 'manifest' <<<'bare
add("rootfs", DIRTYPE)'
    refuses 'rootfs' <<<'bare
add("manifest", data=manifest)'
    refuses 'rootfs.*directory' <<<'bare
add("manifest", data=manifest); add("rootfs")'
    refuses 'regular file' <<<'bare
add("manifest", SYMTYPE, linkname="rootfs/m"); add("rootfs", DIRTYPE)'
    refuses 'acKind' <<<'bare
add("manifest", data=b"{}"); add("rootfs", DIRTYPE)'
}

@test "image validate: hostile entries are refused by name" {
    refuses '"/etc/passwd"' <<<'add("/etc/passwd")'
    refuses '"rootfs/../../x"' <<<'add("rootfs/../../x")'
    refuses '"rootfs/l"' <<<'add("rootfs/l", SYMTYPE, linkname="../../x")'
    refuses '"rootfs/h"' <<<'add("rootfs/h", LNKTYPE, linkname="rootfs/nothing")'
    refuses '"rootfs/h"' <<<'add("rootfs/h", LNKTYPE, linkname="/etc/shadow")'
    refuses '"rootfs/sda"' <<<'add("rootfs/sda", BLKTYPE, devmajor=8, devminor=0)'
    refuses '"rootfs/f/x"' <<<'add("rootfs/f"); add("rootfs/f/x")'
    refuses '[0-9]' <<<'bare
add("manifest", data=b" " * 9000000); add("rootfs", DIRTYPE)'
    refuses '\\x1b' <<<'add("\x1b[2Jevil")'
}

@test "image validate: a size that no disk has and a bomb are refused at once" {
    # a header that promises 1 TB, and a megabyte that follows
    craft big.aci <<<'add("rootfs/big", data=b"x" * 1048576)'
    python3 - <<'END'
data = bytearray(open("big.aci", "rb").read())
at = data.index(b"rootfs/big\0")
data[at + 124:at + 136] = b"\x80" + (1 << 40).to_bytes(11, "big")
data[at + 148:at + 156] = b" " * 8
data[at + 148:at + 156] = b"%06o\0 " % sum(data[at:at + 512])
open("big.aci", "wb").write(data)
END
    check_fails 254 timeout 20 rkt image validate big.aci
    has '"rootfs/big": .*limit'
    craft bomb.aci <<<'add("rootfs/zero", data=bytes(600 << 20))'
    gzip -9 bomb.aci
    mv bomb.aci.gz bomb.aci
    check_fails 254 timeout 60 rkt image validate bomb.aci
    has 'compression bomb'
}

@test "image patch-manifest: each option takes the place of what was there" {
    check rkt image build image a.aci
    check rkt image patch-manifest --name=example.com/new --exec='/bin/app  -v x' --user=5 --group=6 \
        --supplementary-groups=7,8 --capability=CAP_CHOWN,CAP_FOWNER \
        --mounts=work,path=/opt,readOnly=true:db,path=/db --ports=www,protocol=tcp,port=80,count=2 \
        --isolators=resource/cpu,request=50m,limit=100m:os/linux/no-new-privileges,value=true \
        --seccomp-mode=remove,errno=EPERM --seccomp-set=mount,umount2 a.aci b.aci
    check rkt image validate b.aci
    manifest_of b.aci | jq -S . >new
    jq -nS '{acKind: "ImageManifest", acVersion: "0.8.11", name: "example.com/new",
        labels: [{name: "os", value: "linux"}, {name: "arch", value: "amd64"}],
        app: {exec: ["/bin/app", "-v", "x"], user: "5", group: "6", supplementaryGIDs: [7, 8],
            mountPoints: [{name: "work", path: "/opt", readOnly: true}, {name: "db", path: "/db"}],
            ports: [{name: "www", protocol: "tcp", port: 80, count: 2, socketActivated: false}],
            isolators: [{name: "os/linux/capabilities-retain-set", value: {set: ["CAP_CHOWN", "CAP_FOWNER"]}},
                {name: "resource/cpu", value: {request: "50m", limit: "100m"}},
                {name: "os/linux/no-new-privileges", value: true},
                {name: "os/linux/seccomp-remove-set", value: {set: ["mount", "umount2"], errno: "EPERM"}}]}}' >expected
    diff expected new
}

@test "image patch-manifest: the files are those of the input" {
    setfattr -n user.note -v kept image/rootfs/bin/app 2>/dev/null || python3 -c '
import os
os.setxattr("image/rootfs/bin/app", "user.note", b"kept")' || true
    check rkt image build --compression=xz image a.aci
    check rkt image patch-manifest --user=7 a.aci b.aci
    diff <(tar -tvf a.aci | sed 1d) <(tar -tvf b.aci | sed 1d)
    cmp <(xzcat a.aci | tail -c +1537) <(zcat b.aci | tail -c +1537)
    check rkt image patch-manifest --no-compression --user=7 a.aci c.aci
    cmp c.aci <(zcat b.aci)
}

@test "image patch-manifest: --replace changes the file itself, and a failure does not" {
    check rkt image build image a.aci
    cp a.aci before.aci
    check_fails 254 rkt image patch-manifest --replace --name=Bad a.aci
    has 'name: "Bad" is not an AC identifier'
    cmp a.aci before.aci
    check rkt image patch-manifest --replace --name=example.com/other a.aci
    [[ $(manifest_of a.aci | jq -r .name) == example.com/other ]]
    check_fails 254 rkt image patch-manifest --name=a a.aci
    check_fails 254 rkt image patch-manifest --name=a --replace a.aci b.aci
    check_fails 254 rkt image patch-manifest --name=a a.aci before.aci
    has 'before.aci: already exists'
    run ls
    [[ $output != *tmp* ]]
}

@test "image patch-manifest: a whole manifest can be given" {
    check rkt image build image a.aci
    echo '{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "bare"}' >manifest
    check rkt image patch-manifest --manifest=manifest a.aci b.aci
    [[ $(manifest_of b.aci) == '{"acKind":"ImageManifest","acVersion":"0.8.11","name":"bare"}' ]]
    check_fails 254 rkt image patch-manifest --manifest=manifest --name=x a.aci c.aci
    has 'no other change'
    check_fails 254 rkt image patch-manifest --exec=/bin/x b.aci c.aci
    has 'has no app: --user and --group are needed'
    check rkt image patch-manifest --exec=/bin/x --user=0 --group=0 b.aci c.aci
    [[ $(manifest_of c.aci | jq -c .app) == '{"exec":["/bin/x"],"user":"0","group":"0"}' ]]
}

@test "image patch-manifest: what is wrong with an option is said, and nothing is written" {
    check rkt image build image a.aci
    while IFS='|' read -r option message; do
        check_fails 254 rkt image patch-manifest "$option" a.aci b.aci
        has "$message"
        [[ ! -e b.aci ]]
    done <<'END'
--mounts=work|mountPoints\[0\].path: missing
--mounts=work,path=opt|"opt" is not an absolute path
--ports=www,protocol=tcp,port=0|port: 0 is out of range
--isolators=resource/gpu,limit=1|unknown isolator "resource/gpu"
--isolators=resource/cpu,limit=fast|"fast" is not a quantity
--capability=kill me|"kill me" is not the name of a capability
--supplementary-groups=wheel|"wheel" is not a group ID
--seccomp-mode=remove|only of use together
--user=|app.user: must not be empty
--manifest=missing|missing: No such file
END
    echo no image >no.aci
    check_fails 254 rkt image patch-manifest --user=1 no.aci b.aci
    has 'no.aci: invalid app container image'
}

@test "image cat-manifest: prints the manifest of a file that is not in the store" {
    check rkt image build image app.aci
    check rkt image cat-manifest app.aci
    [[ $(jq -r .name <<<"$output") == example.com/app ]]
    check rkt image cat-manifest --pretty-print=false ./app.aci
    [[ ${#lines[@]} == 1 ]]
    echo nonsense >bad.aci
    check_fails 254 rkt image cat-manifest bad.aci
    has 'bad.aci'
}

@test "rkt-aci: does alone what rkt image has it do, and nothing else" {
    local aci=/usr/lib/rkt/rkt-aci
    check $aci build image a.aci
    check rkt image build image b.aci
    cmp a.aci b.aci
    check $aci validate a.aci
    check $aci cat-manifest --pretty-print=false a.aci
    ((${#lines[@]} == 1))
    diff <(jq -S . <<<"$output") <(jq -S . image/manifest)
    check $aci patch-manifest --name=example.com/other a.aci c.aci
    [[ $(manifest_of c.aci | jq -r .name) == example.com/other ]]

    check_fails 254 $aci
    has 'internal to rkt'
    check_fails 254 $aci list
    has 'internal to rkt'
    check_fails 254 $aci validate missing.aci
    has 'missing.aci'
    check_fails 254 $aci build image
}
