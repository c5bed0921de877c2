# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # variables of the script that reads it
#
# What the ns and the vm host have in common: command line and the changes to
# the root that make it boot quickly and quietly.

clean_path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

note() { echo "${0##*/}: $*" >&2; }
die() { note "$@"; exit 125; }

# start_time PID: prints when the process was started (field 22 of its stat, in
# clock ticks since boot), nothing if there is none.
start_time() {
    local stat
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
    read -ra stat <<<"${stat##*) }"
    echo "${stat[19]}"
}

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
        systemd-{sysctl,binfmt,modules-load,random-seed,hwdb-update,firstboot}.service \
        kmod-static-nodes.service proc-sys-fs-binfmt_misc.automount \
        sys-kernel-{config,debug,tracing}.mount dev-hugepages.mount sys-fs-fuse-connections.mount \
        modprobe@.service e2scrub_{all,reap}.service systemd-pcrphase{,-sysinit}.service \
        {apt-daily,apt-daily-upgrade,dpkg-db-backup,e2scrub_all,fstrim,man-db,systemd-tmpfiles-clean}.timer; do
        ln -sf /dev/null "$etc/systemd/system/$unit"
    done
    : >"$etc/fstab"
    echo "$2" >"$etc/hostname"
    # Its own identity: the journal's directory is named by it.
    rm -f "$etc/machine-id"
    tr -d - </proc/sys/kernel/random/uuid >"$etc/machine-id"
    rm -rf "$1/var/log/journal"
    mkdir -p "$1/var/log/journal"
    printf '127.0.0.1 localhost %s\n::1 localhost ip6-localhost\n' "$2" >"$etc/hosts"
}

# main ARGUMENTS…: parses the command line that both hosts share and calls
# start, run_exec, stop, status (and, in vm, what is in extra_verbs).
main() {
    local verb=''
    if [[ ${1-} == boot ]]; then
        boot "$2"
        return
    fi
    name=rkt-${self##*/} install='' disk='' size=4G session=0 binds=()
    while (($#)); do
        case $1 in
        --) shift; break ;;
        --session) session=1; shift; continue ;;
        -h | --help) usage; return ;;
        --*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" ;;
        -*) ;;
        *)
            case $verb in
            '') verb=$1 ;;
            exec) break ;;
            *) name=$1 ;;
            esac
            shift
            continue
            ;;
        esac
        (($# > 1)) || die "unknown option or missing value: $1"
        case $1 in
        --name) name=$2 ;;
        --install) install=$(readlink -e "$2") || die "no such directory: $2" ;;
        --source) source=$(readlink -e "$2") || die "no such directory: $2" ;;
        --bind) binds+=("$2") ;;
        --size) size=$2 ;;
        *) die "unknown option $1" ;;
        esac
        shift 2
    done
    [[ $name =~ ^[a-z][a-z0-9-]*$ ]] || die "'$name' is no name for a host"
    state=/run/rkt-test/$name
    ((EUID == 0)) || die "must be root"
    case $verb in
    start) start ;;
    exec) (($#)) || die "exec needs a command"; run_exec "$@" ;;
    stop) kill_host ;;
    status) status ;;
    *) usage >&2; exit 125 ;;
    esac
}
