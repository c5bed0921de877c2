# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034 # variables of the script that reads it
#
# Changes to a root that make it boot quickly, quietly and without this
# machine's services. The vm host's cached root is made anew when this changes.

clean_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# copy_tree DIR ROOT: symbolic links in ROOT such as /lib are followed.
copy_tree() {
    tar -C "$1" -c . | tar -C "$2" -x --keep-directory-symlink
}

# configure_root ROOT NAME: only what the tests use is started at boot.
configure_root() {
    local etc=$1/etc unit
    rm -rf "$etc"/systemd/system/*.target.wants "$etc"/rc?.d
    mkdir -p "$etc/systemd/system"
    for unit in console-getty.service getty.target getty-static.service \
        systemd-{udevd,udev-trigger,udev-settle,networkd,resolved,timesyncd}.service \
        systemd-udevd-{control,kernel}.socket \
        systemd-journald-audit.socket systemd-remount-fs.service \
        systemd-{sysctl,binfmt,modules-load,random-seed,hwdb-update,firstboot,update-done,journal-catalog-update}.service ldconfig.service \
        kmod-static-nodes.service proc-sys-fs-binfmt_misc.automount \
        sys-kernel-{config,debug,tracing}.mount dev-hugepages.mount sys-fs-fuse-connections.mount \
        modprobe@.service e2scrub_{all,reap}.service systemd-pcrphase{,-sysinit}.service \
        {apt-daily,apt-daily-upgrade,dpkg-db-backup,e2scrub_all,fstrim,man-db,systemd-tmpfiles-clean}.timer; do
        ln -sf /dev/null "$etc/systemd/system/$unit"
    done
    # Each generator is a process more before the first unit starts.
    mkdir -p "$etc/systemd/system-generators"
    for unit in systemd-{bless-boot,cryptsetup,debug,fstab,getty,gpt-auto,hibernate-resume,integritysetup}-generator \
        systemd-{rc-local,run,system-update,sysv,veritysetup,ssh,tpm2,import,factory-reset}-generator \
        podman-system-generator openvpn-generator postgresql-generator lvm2-activation-generator sshd-socket-generator; do
        ln -sf /dev/null "$etc/systemd/system-generators/$unit"
    done
    # /tmp is not emptied: sources may be bound in below it.
    mkdir -p "$etc/tmpfiles.d"
    printf 'd /tmp 1777 root root\nd /var/tmp 1777 root root\n' >"$etc/tmpfiles.d/tmp.conf"
    : >"$etc/fstab"
    echo "$2" >"$etc/hostname"
    # Its own identity: the journal's directory is named by it.
    rm -f "$etc/machine-id"
    tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
    rm -rf "$1/var/log/journal"
    mkdir -p "$1/var/log/journal"
    printf '127.0.0.1 localhost %s\n::1 localhost ip6-localhost\n' "$2" >"$etc/hosts"
}
