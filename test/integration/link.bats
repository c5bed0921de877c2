# SPDX-License-Identifier: LGPL-2.1-or-later
# Images as roots of services and of systemd-nspawn.

load lib
load pods

setup() { link=test-$BATS_TEST_NUMBER-$$; }

teardown() {
    rkt image unlink "$link" 2>/dev/null || :
    end_pods
}

# make_image NAME WORD: an image whose /etc/word says so. Sets image_id.
make_image() {
    busybox_image "$1"
    mkdir -p "$BATS_TEST_TMPDIR/image-$1/rootfs"/{usr,proc,sys,dev,run,var,root}
    echo "$2" >"$BATS_TEST_TMPDIR/image-$1/rootfs/etc/word"
    rkt image build --overwrite "$BATS_TEST_TMPDIR/image-$1" "$BATS_TEST_TMPDIR/image-$1.aci"
    rkt image rm "$image_id"
    image_id=$(rkt --insecure-options=image fetch --full "$BATS_TEST_TMPDIR/image-$1.aci")
}

# collect: image gc, with nothing that is kept because it is new.
collect() { check rkt image gc --grace-period=0s; }

@test "link: a service has an image as its root, which is not written to" {
    make_image word hello
    check rkt image link example.com/word "$link"
    root=/var/lib/rkt/links/$link/rootfs
    [[ $output == "$root" ]]
    check systemd-run --quiet --wait --pipe -p RootDirectory="$root" -p ProtectSystem=strict /bin/cat /etc/word
    [[ $output == hello ]]
    check_fails 1 systemd-run --quiet --wait --pipe -p RootDirectory="$root" -p ProtectSystem=strict /bin/touch /etc/other
    check rkt image verify "$image_id"
}

@test "link: systemd-nspawn has an image as its root" {
    make_image word hello
    rkt image link example.com/word "$link"
    check systemd-nspawn --quiet --register=no --keep-unit --read-only --pipe -D "/var/lib/rkt/links/$link/rootfs" /bin/cat /etc/word
    has '^hello'
}

@test "link: image gc and rm leave the image alone until it is unlinked" {
    make_image word kept
    rkt image link "$image_id" "$link"
    collect
    [[ $(<"/var/lib/rkt/links/$link/rootfs/etc/word") == kept ]]
    check rkt image cat-manifest "$image_id"
    check_fails 254 rkt image rm "$image_id"
    has "is linked as $link"
    check rkt image unlink "$link"
    tree=$(rkt image render-tree "$image_id")
    collect
    check_fails 254 rkt image cat-manifest "$image_id"
    [[ ! -e /var/lib/rkt/cas/tree/$tree && ! -e /var/lib/rkt/links/$link ]]
}

@test "link: another image takes the place only when that is asked for" {
    make_image one first
    rkt image link example.com/one "$link"
    make_image two second
    check_fails 254 rkt image link example.com/two "$link"
    has 'is there already: --replace'
    [[ $(<"/var/lib/rkt/links/$link/rootfs/etc/word") == first ]]
    mkdir -p /var/lib/rkt/links/.new/rootfs # as a command that was killed leaves it
    check rkt image link --replace example.com/two "$link"
    [[ $(<"/var/lib/rkt/links/$link/rootfs/etc/word") == second ]]
    # of the image that was replaced nothing is kept, nor of the directory
    collect
    check_fails 254 rkt image cat-manifest example.com/one
    [[ $(find /var/lib/rkt/links -mindepth 1 -maxdepth 1 -name '.*') == '' ]]
    [[ $(<"/var/lib/rkt/links/$link/rootfs/etc/word") == second ]]
}

@test "link: all layers of an OCI image are one directory" {
    need commands umoci
    local layout=$BATS_TEST_TMPDIR/layout
    umoci init --layout "$layout" && umoci new --image "$layout:two"
    mkdir "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/second"
    echo 1 >"$BATS_TEST_TMPDIR/first/a"
    echo 2 >"$BATS_TEST_TMPDIR/second/b"
    umoci insert --image "$layout:two" "$BATS_TEST_TMPDIR/first" /first
    umoci insert --image "$layout:two" "$BATS_TEST_TMPDIR/second" /second
    image_id=$(rkt --insecure-options=image fetch --full "oci:$layout:two")
    rkt image link "$image_id" "$link"
    collect
    [[ $(cat "/var/lib/rkt/links/$link/rootfs"/{first/a,second/b} | xargs) == '1 2' ]]
    check rkt image link --format=json
    jq -e --arg link "$link" --arg id "$image_id" \
        '.[] | select(.name == $link) | .image_id == $id and .path == "/var/lib/rkt/links/" + $link + "/rootfs"' <<<"$output"
}

# mount_stack STACK DIR [OPTION]: mounts it as systemd.mstack(7) says, the layer with the highest number on top.
mount_stack() {
    local layers
    layers=$(cd "$1" && echo layer@* | tr ' ' '\n' | tac | paste -sd:)
    [[ $(ls -v "$1") == "$(cd "$1" && for ((i = 0; i < $(ls | wc -l); i++)); do echo "layer@$i"; done)" ]] # nothing else
    # Names relative to it: mount(8) may pass on 255 bytes of them.
    (cd "$1" && mount -t overlay -o "ro,lowerdir=$layers${3:+,$3}" overlay "$2")
}

# layered_image: an OCI image with a shell, of three layers that hide and take away. Sets image_id.
layered_image() {
    local layout=$BATS_FILE_TMPDIR/layout d=$BATS_TEST_TMPDIR i
    for i in 1 2 3; do mkdir -p "$d/$i"/{etc,opt}; echo "$i" >"$d/$i/etc/shown"; done
    mkdir -p "$d/1"/{bin,usr,proc,sys,dev,run,tmp,var,root}
    cp "$(type -P busybox)" "$d/1/bin/busybox"
    for i in sh cat ls touch; do ln "$d/1/bin/busybox" "$d/1/bin/$i"; done
    echo 1 >"$d/1/etc/gone"
    : >"$d/2/etc/.wh.gone"
    echo 1 >"$d/1/opt/below"
    : >"$d/2/opt/.wh..wh..opq"
    echo 2 >"$d/2/opt/above"
    chmod 750 "$d/1" # of the root: the layers above do not speak of it
    tar -C "$d/1" --numeric-owner -cf "$d/1.tar" .
    tar -C "$d/2" --numeric-owner -cf "$d/2.tar" etc opt
    tar -C "$d/3" --numeric-owner -cf "$d/3.tar" etc
    python3 "$BATS_TEST_DIRNAME/oci-image.py" "$layout" three "$d"/{1,2,3}.tar >/dev/null
    image_id=$(rkt --insecure-options=image fetch --full "oci:$layout:three")
}

@test "link: a mount stack of an OCI image has its layers, with what they hide and take away" {
    local stack root=$BATS_TEST_TMPDIR/root option
    layered_image
    check rkt image link --mstack "$image_id" "$link"
    stack=/var/lib/rkt/links/$link/$link.mstack
    [[ $output == "$stack" ]]
    collect
    mkdir "$root"
    # systemd mounts it with userxattr
    for option in '' userxattr; do
        mount_stack "$stack" "$root" "$option"
        run sh -c "cat $root/etc/shown; ls $root/etc $root/opt; stat -c %a $root"
        umount "$root"
        [[ $(sed "s|$root||" <<<"$output" | xargs) == '3 /etc: shown /opt: above 750' ]] || { echo "$option: $output"; return 1; }
    done
    check rkt image verify "$image_id"
    check rkt image link --format=json
    jq -e --arg path "$stack" '.[] | select(.path == $path)' <<<"$output"
    check_fails 254 rkt image link "$image_id" "$link"
    check rkt image link --replace "$image_id" "$link"
    [[ $(<"/var/lib/rkt/links/$link/rootfs/etc/shown") == 3 && ! -e $stack ]]
}

@test "link: a mount stack of an ACI is one layer, with an empty one below so that it is not written to" {
    make_image word stacked
    rkt image link --mstack example.com/word "$link"
    collect
    local stack=/var/lib/rkt/links/$link/$link.mstack
    [[ $(ls "$stack" | xargs) == 'layer@0 layer@1' && -z $(ls "$stack/layer@0") && $(<"$stack/layer@1/etc/word") == stacked ]]
    check rkt image unlink "$link"
    [[ ! -e $stack ]]
    check rkt image verify "$image_id"
}

# is_root_of COMMAND…: the command has the image of layered_image as the root, and cannot write to it.
is_root_of() {
    check "$@" /bin/sh -c 'cat /etc/shown; ls /etc/gone /opt 2>&1; touch /etc/new 2>&1; :'
    has '^3$'
    has 'gone: No such file'
    has '^above$'
    lacks below
    has 'new: Read-only file system'
}

@test "link: systemd has a mount stack as the root of a service, and systemd-nspawn of a container" {
    type -P systemd-mstack >/dev/null || skip "needs systemd 260"
    layered_image
    local stack=/var/lib/rkt/links/$link/$link.mstack service
    rkt image link --mstack "$image_id" "$link"
    service=(systemd-run --quiet --wait --pipe -p RootMStack="$stack")
    is_root_of "${service[@]}"
    is_root_of systemd-nspawn --quiet --register=no --keep-unit --pipe --mstack="$stack"
    check "${service[@]}" -p TemporaryFileSystem=/var:ro -p StateDirectory="$link" /bin/sh -c "echo state >/var/lib/$link/file"
    [[ $(<"/var/lib/$link/file") == state ]]
    rm -r "/var/lib/${link:?}"
    # with a place for it, what is written stays there
    mkdir "$stack/rw"
    check "${service[@]}" /bin/sh -c 'echo written >/etc/new'
    check "${service[@]}" /bin/cat /etc/new
    has '^written$'
    check rkt image verify "$image_id"
    # an image of one layer is not written to either
    make_image word stacked
    rkt image link --replace --mstack example.com/word "$link"
    check "${service[@]}" /bin/cat /etc/word
    has '^stacked$'
    check_fails 1 "${service[@]}" /bin/touch /etc/word
    check rkt image verify "$image_id"
}

@test "link: links are listed" {
    make_image word listed
    rkt image link example.com/word "$link"
    check rkt image link
    has '^NAME\s+IMAGE NAME\s+IMAGE ID\s+PATH'
    has "^$link\s+example.com/word:1.0\s+${image_id:0:19}\s+/var/lib/rkt/links/$link/rootfs$"
}

@test "link: names that are no names, images that are not there and one argument are errors" {
    busybox_image word
    check_fails 254 rkt image link example.com/word ../out
    check_fails 254 rkt image link example.com/word .hidden
    check_fails 254 rkt image link example.com/none "$link"
    check_fails 254 rkt image link example.com/word
    check_fails 254 rkt image unlink "$link"
    has 'there is no link'
    [[ ! -e /var/lib/rkt/links/$link && ! -e /var/lib/rkt/out ]]
}
