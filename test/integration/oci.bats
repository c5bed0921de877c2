#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2030,SC2031 # sh in JSON; bats runs each test in a process of its own
#
# OCI layouts, their archives, and those of docker save: made by the tools that people use, fetched, run, refused
# if they lie, and written again for these tools.

load lib

setup_file() {
    need commands skopeo umoci buildah podman jq
    cd "$BATS_FILE_TMPDIR" || return
    mkdir -p root/{bin,etc,data}
    cp "$(type -P busybox)" root/bin/busybox
    for applet in sh cat ls id env pwd echo sleep; do ln root/bin/busybox "root/bin/$applet"; done
    printf 'root:x:0:0::/root:/bin/sh\nweb:x:33:44::/data:/bin/sh\n' >root/etc/passwd
    printf 'root:x:0:\nwww:x:44:\nextra:x:55:web\nweb:x:66:\n' >root/etc/group
    tar -C root -cf base.tar .
    mkdir second && echo 'of the second layer' >second/file
    tar -C second -cf second.tar ./file
    layout layout app '{"Cmd": ["/bin/cat", "/file"]}' base.tar second.tar
}

setup() {
    cd "$BATS_FILE_TMPDIR" || return
    data=$BATS_TEST_TMPDIR/data
}

r() { rkt --dir="$data" --insecure-options=image "$@"; }

go_arch() { uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/'; }

# layout DIR REF CONFIG LAYER…: adds an image for this machine, or for $arch.
layout() { python3 "$BATS_TEST_DIRNAME/oci-image.py" --config "$3" --arch "${arch:-$(go_arch)}" "$1" "$2" "${@:4}" >/dev/null; }

storage() { echo --root "$BATS_FILE_TMPDIR/storage" --runroot "$BATS_FILE_TMPDIR/runroot" --storage-driver vfs; }
# shellcheck disable=SC2046
buildah_() { buildah $(storage) "$@"; }
# shellcheck disable=SC2046
podman_() { podman $(storage) "$@"; }

# manifest_id LAYOUT REF: the ID that the store gives an image.
manifest_id() {
    jq -r --arg ref "$2" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $ref) | .digest' \
        "$1/index.json" | tr : -
}

# The store holds no image, no tree, no blob and no temporary file.
nothing_kept() {
    local left
    left=$(find "$data"/cas/{blob,image,manifest,reference} -type f; ls -A "$data/cas/tree"
        find "$data/cas/tmp" -type f ! -name 'fetching-*')
    [[ -z $left ]] || { echo "left: $left"; return 1; }
}

runs() { check r run --net=none "$@"; }

@test "oci: an image of a layout is fetched and runs, and its ID is the digest of its manifest" {
    check r fetch --full oci:layout
    [[ ${lines[-1]} == "$(manifest_id layout app)" ]]
    runs oci:layout:app
    has 'of the second layer'
    [[ $(r image list --no-legend | wc -l) == 1 ]]
    check r image cat-manifest layout:app
    [[ $(jq -c '[.name, .app.exec]' <<<"$output") == '["layout",["/bin/cat","/file"]]' ]]
    check_fails 254 rkt --dir="$data" fetch oci:layout
    has 'must be verified by a signature'
    check_fails 254 r fetch --pull-policy=never oci:layout
}

@test "oci: layouts of umoci, buildah and skopeo run, from directories and archives" {
    umoci init --layout umoci
    umoci new --image umoci:one
    umoci unpack --image umoci:one bundle
    cp -a root/. bundle/rootfs
    umoci repack --image umoci:one bundle
    umoci config --image umoci:one --config.entrypoint /bin/echo --config.cmd 'made by umoci'
    runs oci:umoci:one
    has 'made by umoci'

    # whose layers lack the padding at their end
    umoci insert --image umoci:one root/etc /more
    runs oci:umoci:one --exec=/bin/cat -- /more/passwd
    has 'web:x:33:44'

    container=$(buildah_ from scratch)
    buildah_ copy -q "$container" root /
    buildah_ config --entrypoint '["/bin/echo", "made by buildah"]' "$container"
    buildah_ commit -q "$container" oci:buildah:two
    runs oci:buildah:two
    has 'made by buildah'

    skopeo copy -q --insecure-policy oci:buildah:two oci-archive:two.tar:three
    runs oci-archive:two.tar
    has 'made by buildah'
    gzip -c two.tar >two.tar.gz
    check r fetch --full oci-archive:two.tar
    local id=${lines[-1]}
    check r fetch --full oci-archive:two.tar.gz:three
    [[ ${lines[-1]} == "$id" ]]
    check r fetch --full oci-archive:<(cat two.tar.gz)
    [[ ${lines[-1]} == "$id" ]]
}

@test "docker-archive: archives of podman save and skopeo run, and their tags are names in the store" {
    podman_ import -q --change 'CMD ["/bin/echo", "saved by podman"]' base.tar localhost/one:1 >/dev/null
    podman_ import -q --change 'CMD ["/bin/echo", "the second"]' second.tar localhost/two:2 >/dev/null
    podman_ save -q --format docker-archive -o one.tar localhost/one:1
    runs docker-archive:one.tar
    has 'saved by podman'
    runs --pull-policy=never docker://localhost/one:1
    has 'saved by podman'

    skopeo copy -q --insecure-policy docker-archive:one.tar docker-archive:copied.tar:some/name:v1
    check r fetch --full docker-archive:copied.tar:some/name:v1
    check r image list --no-legend --fields=name
    has '^docker.io/some/name:v1'

    podman_ save -q --multi-image-archive --format docker-archive -o both.tar localhost/one:1 localhost/two:2
    check_fails 254 r fetch docker-archive:both.tar
    has 'the archive has several images, say which one: localhost/one:1, localhost/two:2'
    check_fails 254 r fetch docker-archive:both.tar:localhost/three:1
    has 'the archive has no such image; it has: localhost/one:1, localhost/two:2'
    check r fetch docker-archive:both.tar:localhost/two:2
}

@test "oci-archive: the name that docker save and containerd note beside the tag is the image's" {
    cp -r layout noted
    jq '.manifests[0].annotations["io.containerd.image.name"] = "docker.io/library/app:7"' layout/index.json >noted/index.json
    tar -C noted -cf noted.tar oci-layout index.json blobs
    check r fetch oci-archive:noted.tar
    runs --pull-policy=never docker:app:7
    has 'of the second layer'
}

@test "oci: of several images in a layout, the user must say which" {
    cp -r layout several
    layout several other '{"Cmd": ["/bin/echo", "the other one"]}' base.tar
    check_fails 254 r fetch oci:several
    has 'oci:several: the layout has several images, say which one: app, other'
    check_fails 254 r fetch oci:several:none
    has 'the layout has no such image; it has: app, other'
    nothing_kept
    runs oci:several:other
    has 'the other one'
    local digest
    digest=$(manifest_id several app | tr - :)
    check r fetch --full "oci:several@$digest"
    [[ ${lines[-1]} == "${digest/:/-}" ]]
    check_fails 254 r fetch "oci:several:other@$digest"
    has 'no such image'
}

@test "oci: of an image for several platforms, the one for this machine is taken" {
    local name
    buildah_ manifest create many >/dev/null
    for name in arm64/v8 "$(go_arch)" s390x; do
        container=$(buildah_ from scratch)
        buildah_ copy -q "$container" root /
        buildah_ config --arch "${name%/*}" --cmd "/bin/echo for $name" "$container"
        buildah_ commit -q "$container" "for-${name%/*}"
        buildah_ manifest add many "containers-storage:localhost/for-${name%/*}" >/dev/null
    done
    buildah_ manifest push -q --all many oci:many:latest >/dev/null
    runs oci:many
    has "for $(go_arch)"

    arch=riscv64 layout elsewhere app '{}' base.tar
    jq '.manifests += [.manifests[0] | .platform.architecture = "mips64le"]' elsewhere/index.json >i && mv i elsewhere/index.json
    check_fails 254 r fetch oci:elsewhere
    has 'there is no image for linux/.*, only for: linux/riscv64, linux/mips64le'
}

@test "oci: layers that the store has are not read again" {
    check r fetch oci:layout
    cp -r layout shared
    layout shared other '{"Cmd": ["/bin/echo", "shares all"]}' base.tar second.tar
    # only what is new is left of the layout
    local layer
    for layer in $(jq -r '.layers[].digest[7:]' "shared/blobs/sha256/$(manifest_id shared other | cut -c8-)"); do
        rm "shared/blobs/sha256/$layer"
    done
    runs oci:shared:other
    has 'shares all'
}

@test "oci: the configuration is what the app gets" {
    layout configured app '{"Entrypoint": ["/bin/sh", "-c"], "Cmd": ["id; pwd; echo $A; echo $PATH; echo $BAD"], "User": "web",
        "WorkingDir": "data", "Env": ["A=b=c", "PATH=/bin", "BAD"], "Volumes": {"/data": {}},
        "ExposedPorts": {"80/tcp": {}, "90-92/udp": {}}, "Labels": {"some": "label"}, "StopSignal": "SIGUSR1"}' base.tar
    runs oci:configured
    has 'the environment entry "BAD" is not of the form NAME=VALUE'
    has 'uid=33\(web\) gid=44\(www\) groups=.*55\(extra\)'
    has ' /data$'
    has ' b=c$'
    check r image cat-manifest configured:app
    [[ $(jq -c '[.app.ports[] | .name, .count], .app.userLabels, [.app.mountPoints[].name]' <<<"$output") == \
        $'["80-tcp",1,"90-92-udp",3]\n{"some":"label"}\n["volume-data"]' ]]

    layout configured number '{"Cmd": ["/bin/id"], "User": "1001"}' base.tar
    runs oci:configured:number
    has 'uid=1001 gid=0\(root\)'
    layout configured both '{"Cmd": ["/bin/id"], "User": "web:extra"}' base.tar
    runs oci:configured:both
    has 'uid=33\(web\) gid=55\(extra\)$'
    layout configured nothing '{}' base.tar
    check_fails 254 r run --net=none oci:configured:nothing
    has 'it has no command to run; name one with --exec'
    runs oci:configured:nothing --exec=/bin/echo -- something
    has something
}

@test "oci: a volume begins with what the image has there, and can be written to" {
    mkdir -p volume/data && echo 'of the image' >volume/data/file && chown -R 33:44 volume/data && chmod 2750 volume/data
    tar -C volume -cf volume.tar ./data
    local script='cat /data/file; ls -ldn /data /new; echo x >/data/y && echo x >/new/y && echo written; echo x >/z && echo root written'
    layout volumes app "$(jq -nc --arg s "$script" '{Cmd: ["/bin/sh", "-c", $s], Volumes: {"/data": {}, "/new": {}}}')" base.tar volume.tar
    check r fetch --full oci:volumes
    local id=${lines[-1]} option
    for option in '' --no-overlay; do
        runs $option "$id"
        has 'of the image'
        has 'drwxr-s--- .* 33 +44 .* /data'
        has 'drwxr-xr-x .* 0 +0 .* /new'
        has ' root written'
    done
    check_fails 1 r run --net=none "$id" --readonly-rootfs=true
    has 'of the image'
    has ' written$'
    has 'Read-only file system'
    # a volume that the user gives is what the user says
    runs --volume volume-data,kind=empty "$id" --exec=/bin/ls -- -ldn /data
    has 'drwxr-xr-x .* 0 +0 .* /data'
}

@test "image export: an OCI image goes out as it came in" {
    check r fetch --full oci:layout
    local id=${lines[-1]} blob
    check r image export --format=oci "$id" "$BATS_TEST_TMPDIR/out/"
    for blob in layout/blobs/sha256/*; do cmp "$blob" "$BATS_TEST_TMPDIR/out/blobs/sha256/${blob##*/}"; done
    check r image export --format=oci "$id" "$BATS_TEST_TMPDIR/out.tar"
    skopeo inspect "oci:$BATS_TEST_TMPDIR/out" >/dev/null
    [[ sha256-$(skopeo inspect "oci-archive:$BATS_TEST_TMPDIR/out.tar" | jq -r '.Digest[7:]') == "$id" ]]
    umoci unpack --image "$BATS_TEST_TMPDIR/out:app" "$BATS_TEST_TMPDIR/bundle"
    diff -r root "$BATS_TEST_TMPDIR/bundle/rootfs" --exclude=file
    data=$BATS_TEST_TMPDIR/again
    check r fetch --full "oci-archive:$BATS_TEST_TMPDIR/out.tar"
    [[ ${lines[-1]} == "$id" ]]

    check_fails 254 r image export --format=oci "$id" "$BATS_TEST_TMPDIR/out"
    has 'exists \(try --overwrite\)'
    mkdir "$BATS_TEST_TMPDIR/empty"
    check r image export --format=oci "$id" "$BATS_TEST_TMPDIR/empty"
    skopeo inspect "oci:$BATS_TEST_TMPDIR/empty" >/dev/null
    check r image export --format=oci --overwrite "$id" "$BATS_TEST_TMPDIR/out"
    skopeo inspect "oci:$BATS_TEST_TMPDIR/out" >/dev/null
    check_fails 254 r image export --format=tar "$id" "$BATS_TEST_TMPDIR/x"
    has 'expected aci or oci'
    [[ ! -e $BATS_TEST_TMPDIR/x ]]
}

@test "image export: an OCI image becomes an ACI, and an ACI an OCI image" {
    check r fetch --full oci:layout
    check r image export "${lines[-1]}" "$BATS_TEST_TMPDIR/out.aci"
    check rkt image validate "$BATS_TEST_TMPDIR/out.aci"
    data=$BATS_TEST_TMPDIR/as-aci
    runs "$BATS_TEST_TMPDIR/out.aci"
    has 'of the second layer'

    check r fetch --full "$BATS_TEST_TMPDIR/out.aci"
    local id=${lines[-1]}
    [[ $id == sha512-* ]]
    check r image export --format=oci --name=latest "$id" "$BATS_TEST_TMPDIR/back/"
    umoci unpack --image "$BATS_TEST_TMPDIR/back" "$BATS_TEST_TMPDIR/bundle"
    diff -r root "$BATS_TEST_TMPDIR/bundle/rootfs" --exclude=file
    [[ $(jq -c .process.args "$BATS_TEST_TMPDIR/bundle/config.json") == '["/bin/cat","/file"]' ]]
    data=$BATS_TEST_TMPDIR/as-oci
    runs "oci:$BATS_TEST_TMPDIR/back"
    has 'of the second layer'
}

@test "image save: podman loads what is saved, and skopeo reads it" {
    skopeo copy -q --insecure-policy oci:layout:app oci-archive:named.tar:localhost/some/app:7
    check r fetch --full oci-archive:named.tar
    local app=${lines[-1]}
    layout plain other '{"Cmd": ["/bin/echo", "the other one"]}' base.tar=zstd
    check r fetch --full oci:plain
    check r image save "$app" "${lines[-1]}" "$BATS_TEST_TMPDIR/saved.tar"
    [[ $(skopeo inspect --config "docker-archive:$BATS_TEST_TMPDIR/saved.tar:localhost/some/app:7" | jq -c .config.Cmd) == \
        '["/bin/cat","/file"]' ]]
    # two images have one layer of three in common
    [[ $(tar tf "$BATS_TEST_TMPDIR/saved.tar" | sort | uniq -c | grep -c '1 .*\.tar$') == 2 ]]
    check podman_ load -i "$BATS_TEST_TMPDIR/saved.tar"
    has 'Loaded image: localhost/some/app:7'
    data=$BATS_TEST_TMPDIR/again
    runs "docker-archive:$BATS_TEST_TMPDIR/saved.tar:localhost/some/app:7"
    has 'of the second layer'
}

# refused PATTERN REFERENCE: with that message, and nothing stays.
refused() {
    check_fails 254 r fetch "$2"
    has "$1"
    nothing_kept
}

# blob_of LAYOUT JQ: the path of the blob whose digest jq finds in the manifest.
manifest_of() { echo "$1/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$1/index.json")"; }
blob_of() { echo "$1/blobs/sha256/$(jq -r "$2.digest[7:]" "$(manifest_of "$1")")"; }

# index LAYOUT DOCUMENT: puts a document of the test's own in place of the manifest.
index() {
    local digest
    digest=$(sha256sum "$2" | cut -c1-64)
    cp "$2" "$1/blobs/sha256/$digest"
    jq --arg d "sha256:$digest" --argjson n "$(stat -c %s "$2")" '.manifests[0].digest = $d | .manifests[0].size = $n' \
        "$1/index.json" >index.new
    mv index.new "$1/index.json"
}

@test "oci: what has another digest or size than it should have is refused" {
    local kind
    for kind in .config '.layers[0]' '.layers[1]'; do
        rm -rf bad && cp -r layout bad
        printf x | dd of="$(blob_of bad "$kind")" bs=1 seek=20 conv=notrunc status=none
        refused 'has digest sha256:.* instead of sha256:' oci:bad
        rm -rf bad && cp -r layout bad
        echo more >>"$(blob_of bad "$kind")"
        refused 'has .* bytes instead of' oci:bad
        rm -rf bad && cp -r layout bad
        rm "$(blob_of bad "$kind")"
        refused 'cannot open bad/blobs/sha256/.*: No such file or directory' oci:bad
    done
    rm -rf bad && cp -r layout bad
    printf ' ' >>"$(manifest_of bad)"
    refused 'has .* bytes instead of' oci:bad
    # diff IDs that are not those of the layers
    rm -rf bad && cp -r layout bad
    jq '.rootfs.diff_ids |= reverse' "$(blob_of bad .config)" >config
    jq --arg d "sha256:$(sha256sum <config | cut -c1-64)" --argjson n "$(stat -c %s config)" \
        '.config.digest = $d | .config.size = $n' "$(manifest_of bad)" >manifest
    cp config "bad/blobs/sha256/$(sha256sum <config | cut -c1-64)"
    index bad manifest
    check_fails 254 r fetch oci:bad
    has 'uncompressed, it has the digest'
    [[ -z $(r image list --no-legend) ]]
}

@test "oci: documents that are too large, too deep or say two things are refused" {
    cp -r layout docs
    head -c 5000000 /dev/zero | tr '\0' ' ' >doc && index docs doc
    refused 'has 5000000 bytes: expected at most' oci:docs
    head -c 100000 /dev/zero | tr '\0' '[' >doc && index docs doc
    refused 'nesting too deep|too many' oci:docs
    jq -c '. + {manifests: []}' "$(manifest_of layout)" >doc && index docs doc
    refused 'is not the media type of an image index|cannot have such a member' oci:docs
    sed 's/^{/{"layers": [],/' "$(manifest_of layout)" >doc && index docs doc
    refused 'has a member twice' oci:docs
    jq -c '.layers[0].mediaType = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"' "$(manifest_of layout)" >doc && index docs doc
    refused 'is a foreign layer, which is not distributed with the image' oci:docs
    jq -c '.layers[0].size = -1' "$(manifest_of layout)" >doc && index docs doc
    refused 'layers\[0\].size: -1 is out of range' oci:docs
    jq -c '.layers[0].digest = "sha256:../../../etc/passwd"' "$(manifest_of layout)" >doc && index docs doc
    refused 'layers\[0\].digest: .* is not a digest' oci:docs
    jq -c '.layers = .layers[:1]' "$(manifest_of layout)" >doc && index docs doc
    refused 'the manifest has 1 layers, but the configuration has 2' oci:docs
    echo '{"imageLayoutVersion": "2.0.0"}' >docs/oci-layout
    refused 'version "2.0.0" of image layouts is not known' oci:docs
}

@test "oci: links out of a layout are not followed, and files that are none do not hang" {
    cp -r layout links
    local blob
    blob=$(blob_of links '.layers[0]')
    cp "$blob" "$BATS_TEST_TMPDIR/outside"
    ln -sf "$BATS_TEST_TMPDIR/outside" "$blob"
    refused 'which leads out of the image layout' oci:links
    rm "$blob" && mkfifo "$blob"
    refused 'is not a regular file' oci:links
    rm "$blob" && cp "$BATS_TEST_TMPDIR/outside" links/inside && ln -s ../../inside "$blob"
    check r fetch oci:links
}

@test "oci-archive: members that lead out, stand twice or are cut off are refused" {
    tar -cf up.tar -C layout --transform 's,^blobs,../blobs,' .  2>/dev/null || :
    tar -Pcf up.tar --transform 's,^layout/,../,' layout/blobs layout/index.json layout/oci-layout
    refused 'has "\.\." in it' oci-archive:up.tar
    tar -C layout -cf twice.tar oci-layout index.json blobs index.json --hard-dereference
    refused 'there are two files "index.json" in it' oci-archive:twice.tar
    tar -C layout -cf whole.tar oci-layout index.json blobs
    head -c "$(($(stat -c %s whole.tar) / 2))" whole.tar >half.tar
    refused 'ends before its file|there is no file|cannot be read' oci-archive:half.tar
    head -c 400M /dev/zero | gzip -9 >bomb.tar
    refused 'uncompressed it is more than 250 times as large' oci-archive:bomb.tar
    head -c 100000 /dev/urandom >noise.tar
    refused 'is not a tar archive that can be read' oci-archive:noise.tar
    refused 'cannot open the image archive .*: Is a directory' oci-archive:layout
    refused 'there is no file "manifest.json" in it' docker-archive:whole.tar
}

@test "oci: layers that reach through links of earlier ones, or hold devices, do not get out" {
    mkdir -p "$BATS_TEST_TMPDIR/l1" "$BATS_TEST_TMPDIR/l2/way"
    ln -s /etc "$BATS_TEST_TMPDIR/l1/way"
    echo owned >"$BATS_TEST_TMPDIR/l2/way/owned"
    tar -C "$BATS_TEST_TMPDIR/l1" -cf link.tar way
    tar -C "$BATS_TEST_TMPDIR/l2" -cf through.tar way/owned
    layout through app '{}' base.tar link.tar through.tar
    check_fails 254 r fetch oci:through
    has 'way'
    [[ ! -e /etc/owned && -z $(r image list --no-legend) ]]

    mkdir -p "$BATS_TEST_TMPDIR/l3"
    mknod "$BATS_TEST_TMPDIR/l3/disk" b 7 0
    tar -C "$BATS_TEST_TMPDIR/l3" -cf device.tar disk
    layout device app '{}' base.tar device.tar
    check_fails 254 r fetch oci:device
    has 'disk'
    [[ -z $(r image list --no-legend) ]]
}

@test "oci: members of the group rkt fetch layouts, and export and save what came from them" {
    getent group rkt >/dev/null || skip "there is no group rkt"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." "$BATS_TEST_TMPDIR/../.." "$BATS_FILE_TMPDIR"
    local member=(setpriv --reuid=nobody --regid=nogroup --groups=rkt rkt "--dir=$data" --insecure-options=image)
    local out=$BATS_TEST_TMPDIR/out id
    install -d -o nobody "$out"
    tar -C layout -czf layout.tar.gz oci-layout index.json blobs
    check r image list
    check "${member[@]}" fetch --full oci:layout
    id=${lines[-1]}
    check "${member[@]}" fetch --full oci-archive:layout.tar.gz
    [[ ${lines[-1]} == "$id" ]]
    check "${member[@]}" image export --format=oci "$id" "$out/layout/"
    check "${member[@]}" image save "$id" "$out/saved.tar"
    check_fails 254 "${member[@]}" image export "$id" "$out/x.aci"
    has 'only root can read its tree'
    [[ $(ls "$out") == $'layout\nsaved.tar' ]]
    runs "$id"
    has 'of the second layer'
}

@test "docker-archive: layers may be links to others, compressed, and called anything" {
    mkdir -p old/one old/two
    cp base.tar old/one/layer.tar
    gzip -c second.tar >old/two/layer.tar
    mkdir old/again && ln -s ../one/layer.tar old/again/layer.tar
    jq -n --arg arch "$(go_arch)" --arg a "$(sha256sum <base.tar | cut -c1-64)" --arg b "$(sha256sum <second.tar | cut -c1-64)" \
        '{os: "linux", architecture: $arch, config: {Cmd: ["/bin/cat", "/file"]},
          rootfs: {type: "layers", diff_ids: ["sha256:" + $a, "sha256:" + $b, "sha256:" + $a]}}' >old/config.json
    echo '[{"Config":"config.json","RepoTags":null,"Layers":["one/layer.tar","two/layer.tar","again/layer.tar"]}]' >old/manifest.json
    tar -C old -cf old.tar one two again config.json manifest.json
    runs docker-archive:old.tar
    has 'of the second layer'
    # the tags that it has not are no names
    check r image list --no-legend --fields=name
    has '^old'

    data=$BATS_TEST_TMPDIR/other
    printf x | dd of=old/one/layer.tar bs=1 seek=3000 conv=notrunc status=none
    tar -C old -cf old.tar one two again config.json manifest.json
    refused 'the layer "one/layer.tar" has digest sha256:.* instead of' docker-archive:old.tar
    cp base.tar old/one/layer.tar
    mv old/config.json "old/$(printf '%064d' 0).json"
    sed -i "s/config.json/$(printf '%064d' 0).json/" old/manifest.json
    tar -C old -cf old.tar one two again "$(printf '%064d' 0).json" manifest.json
    refused 'the file "0*.json" has digest sha256:' docker-archive:old.tar
}

# archive_index ARCHIVE [OUTPUT]: what rkt-archive-index makes of the file, a line for each string of it.
archive_index() {
    : >"$BATS_TEST_TMPDIR/index"
    if [[ ${2-} ]]; then
        /usr/lib/rkt/rkt-archive-index 5 6 7 5<"$1" 6<>"$2" 7>"$BATS_TEST_TMPDIR/index"
    else
        /usr/lib/rkt/rkt-archive-index 5 -1 7 5<"$1" 7>"$BATS_TEST_TMPDIR/index"
    fi
    tr '\0' '\n' <"$BATS_TEST_TMPDIR/index"
}

@test "rkt-archive-index: says where each member is, so that it can be taken from there" {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir d
    echo 'the content' >d/file
    ln -s file d/link
    ln d/file d/second
    mkfifo d/pipe
    tar -cf a.tar ./d/file ./d/link ./d/second ./d/pipe
    check archive_index a.tar
    [[ $output == $'.f 512 12 d/file\ns 0 0 d/link\nfile\nh 0 0 d/second\n./d/file' ]]
    [[ $(dd if=a.tar bs=1 skip=512 count=12 status=none) == 'the content' ]]
    local before=$output
    gzip -k a.tar
    check archive_index a.tar.gz uncompressed
    [[ $output == "$before" ]]
    cmp a.tar uncompressed
    # a compressed one, where it is told that it is none
    check archive_index a.tar.gz
    has '^!is not a tar archive that can be read: '
}

@test "rkt-archive-index: a message instead of an index for archives that lead out, end early or grow too large" {
    cd "$BATS_TEST_TMPDIR" || return
    echo x >file
    tar --transform 's|file|../outside|' -Pcf out.tar file
    check archive_index out.tar
    has '^!entry "\.\./outside": '
    truncate -s 100000 file
    tar -cf whole.tar file
    head -c 300 whole.tar >half.tar
    check archive_index half.tar
    has '^!is not a tar archive that can be read: '
    gzip -k whole.tar
    head -c 200 whole.tar.gz >half.gz
    check archive_index half.gz uncompressed
    has '^!.*(truncated|unexpected end)'
    RKT_UNPACK_MAX_SIZE=5000 check archive_index whole.tar.gz uncompressed
    [[ $output == '!larger than 5000 bytes when uncompressed' ]]
}

@test "rkt-archive-index: it says that it is not for people, who do not give it descriptors" {
    local words
    for words in '' --help '5 6' '5 6 7 8' '5 6 seven' '-2 6 7'; do
        # shellcheck disable=SC2086
        check_fails 254 /usr/lib/rkt/rkt-archive-index $words
        has 'rkt-archive-index: internal to rkt, not to be called'
    done
}
