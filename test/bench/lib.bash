# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # variables of the scripts that read it
#
# What the benchmarks have in common: contestants, and tables of how they fared.

die() { echo "${0##*/}: $*" >&2; exit 1; }

# setup BUILD: where the helpers are, and a work directory that is removed at the end.
setup() {
    ((EUID == 0)) || die "must be root"
    helpers=$(readlink -e "$1/test/bench") || die "$1 is not a build directory with test/bench in it"
    stopwatch=$helpers/stopwatch
    [[ -x $stopwatch ]] || die "$stopwatch is missing: build first, without -Dsanitize=true"
    mkdir -p /var/lib/rkt
    work=$(mktemp -d /var/lib/rkt/bench.XXXXXX)
    trap cleanup EXIT
}

# podman leaves mounts of its storage behind, and processes that still write there for a moment.
cleanup() {
    local i
    for ((i = 0; i < 20; i++)); do
        findmnt -rno TARGET | { grep "^$work/" || :; } | sort -r | while read -r mount; do umount -l "$mount"; done
        ! rm -rf --one-file-system "$work" "/run/${work##*/}" 2>/dev/null || return 0
        sleep 0.5
    done
    echo "$work is left over" >&2
}

have() { type -P "$1" >/dev/null; }

# enter NAME COMMAND…: appends a contestant "NAME COMMAND…" to the array "field" if it works here, and says
# why if it does not.
field=()
enter() {
    local name=$1 reason
    shift
    if ! have "$1"; then
        echo "  $name: not here: no $1" >&2
    elif ! reason=$("${@//@/0}" 2>&1 >/dev/null </dev/null); then
        reason=$(tail -n 1 <<<"$reason")
        echo "  $name: not here: ${reason:-status not 0}" >&2
    else
        ((${#field[@]} == 0)) || field+=(---)
        field+=("$name" "$@")
    fi
}

# table BASE < what stopwatch printed: each line's median also as a multiple of BASE's (a name).
table() {
    awk -F '\t' -v base="$1" '
        { line[NR] = $0; if ($1 == base) unit = $5 }
        END {
            printf "  %-44s %8s %8s %8s %9s\n", "milliseconds", "min", "median", "99 %", "ratio"
            for (i = 1; i <= NR; i++) {
                split(line[i], f, "\t")
                printf "  %-44s %8.2f %8.2f %8.2f %9s%s\n", f[1], f[4], f[5], f[6],
                    (unit > 0 ? sprintf("%.2f", f[5] / unit) : "-"), (f[3] > 0 ? "  FAILED " f[3] " times" : "")
            }
        }'
}

# summary: stopwatch's lines of several runs of it, as one line for each name.
summary() {
    sort -t $'\t' -k1,1 -k5,5n | awk -F '\t' '
        function out() { printf "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\n", name, n, failed, time[1], time[int(n / 2) + 1], time[n], 0, processor / n }
        $1 != name { if (n) out(); name = $1; n = failed = processor = 0 }
        { time[++n] = $5; failed += $3; processor += $8 }
        END { if (n) out() }'
}

# rates < what stopwatch -j printed.
rates() {
    awk -F '\t' '
        BEGIN { printf "  %-44s %8s %8s %8s %9s\n", "", "each/s", "median", "99 %", "max/median" }
        { printf "  %-44s %8.1f %8.2f %8.2f %9.2f%s\n", $1, $2 * 1000 / $7, $5, $6, $6 / $5,
            ($3 > 0 ? "  FAILED " $3 " times" : "") }'
}

# make_image DIR: the layout of an ACI whose app ends at once; with an argument it never ends.
make_image() {
    mkdir -p "$1"/rootfs/{dev,etc,proc,sys,tmp,usr}
    cp "$helpers/true" "$1/rootfs/true"
    cat >"$1/manifest" <<END
{
    "acKind": "ImageManifest",
    "acVersion": "0.8.11",
    "name": "rkt.test/true",
    "labels": [
        {"name": "version", "value": "1"},
        {"name": "os", "value": "linux"},
        {"name": "arch", "value": "$(uname -m | sed s/x86_64/amd64/)"}
    ],
    "app": {"exec": ["/true"], "user": "0", "group": "0"}
}
END
}

# fetch_image DIR: builds it and puts it into the store in $work/rkt; sets "rkt", the command for that store,
# and "id".
fetch_image() {
    have rkt || { echo "  rkt is not installed" >&2; return 1; }
    rkt=(rkt "--dir=$work/rkt")
    rkt image build --overwrite "$1" "$work/true.aci" || return
    id=$("${rkt[@]}" --insecure-options=image fetch "$work/true.aci") || return
    id=$(basename "$work/rkt/cas/image/${id##*$'\n'}"*)
}
