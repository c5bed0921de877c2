# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # variables of the script that reads it
#
# What the ns and the vm host have in common: messages, command line, state.

# shellcheck source=test/host/root.bash
. "$here/root.bash"

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

# The state's pid file holds the number of the host's first process on this
# machine and its start time, so that a reused number is never taken for it.
# Sets init_pid.
running() {
    local pid start
    [[ -r $state/pid ]] && read -r pid start <"$state/pid" && [[ $start && $(start_time "$pid") == "$start" ]] &&
        init_pid=$pid
}

# main ARGUMENTS…: parses the command line that both hosts share and calls
# start, run_exec, stop, status; and kill, build and run_chroot, which only vm has.
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
            exec | chroot) break ;;
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
        --disk) disk=$(readlink -f "$2") ;;
        --size) size=$2 ;;
        *) die "unknown option $1" ;;
        esac
        shift 2
    done
    [[ $name =~ ^[a-z][a-z0-9-]*$ ]] || die "'$name' is no name for a host"
    state=/run/rkt-test/$name
    ((EUID == 0)) || die "must be root"
    case $verb in
    exec) (($#)) || die "exec needs a command"; run_exec "$@" ;;
    start | stop | status) "$verb" ;;
    chroot) (($#)) || die "chroot needs a command"; run_chroot "$@" ;;
    kill | build) declare -F "$verb" >/dev/null || die "there is no $verb here"; "$verb" ;;
    *) usage >&2; exit 125 ;;
    esac
}
