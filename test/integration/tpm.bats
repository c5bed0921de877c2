#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What is measured into a TPM (an emulated one) before a pod runs, and that nothing is where there is none.

# shellcheck disable=SC2154 # output is run's
load lib
load pods

LOG=/run/log/systemd/tpm2-measure.log

setup() {
    need commands swtpm tpm2_pcrread
    [[ -x /usr/lib/rkt/rkt-measure ]] || skip "built without libtss2"
    rm -f "$LOG"
}

teardown() {
    end_pods
    ((${#tpm_pids[@]} == 0)) || kill "${tpm_pids[@]}" 2>/dev/null || :
    rm -f "$LOG"
}
tpm_pids=()

# start_tpm: a new one, whose registers are zero. Sets RKT_TCTI and TPM2TOOLS_TCTI.
start_tpm() {
    # a socket's path is short
    local dir
    dir=$(mktemp -d "${BATS_RUN_TMPDIR:-/tmp}/tpm.XXXX")
    swtpm socket --tpm2 --tpmstate "dir=$dir" --server "type=unixio,path=$dir/s" --ctrl "type=unixio,path=$dir/s.ctrl" \
        --flags not-need-init,startup-clear >"$dir/log" 2>&1 3>&- &
    tpm_pids+=($!)
    wait_for 10 test -S "$dir/s" -a -S "$dir/s.ctrl"
    export RKT_TCTI=swtpm:path=$dir/s TPM2TOOLS_TCTI=swtpm:path=$dir/s
}

# register BANK: PCR 15 in hexadecimal digits
register() {
    tpm2_pcrread "$1:15" | sed -n 's/^ *15 *: 0x//p' | tr A-F a-f
}

# records [FILTER]: of the log
records() {
    tr -d '\036' <"$LOG" | jq -c "${1:-.}"
}

# replay BANK: what the register has to be by the strings in the log
replay() {
    local value string
    value=$(printf '%*s' "$(($(printf '' | openssl dgst "-$1" -r | cut -d ' ' -f 1 | wc -c) - 1))" '' | tr ' ' 0)
    while IFS= read -r string; do
        value+=$(printf %s "$string" | openssl dgst "-$1" -r | cut -d ' ' -f 1)
        value=$(printf %s "${value^^}" | basenc -d --base16 | openssl dgst "-$1" -r | cut -d ' ' -f 1)
    done < <(records | jq -r .content.string)
    echo "$value"
}

@test "tpm: images, manifest and stage1 of a pod are in PCR 15 before it runs, and the log says how they got there" {
    start_tpm
    busybox_image first
    busybox_image second
    local zero
    zero=$(register sha256)
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/first example.com/second
    lacks 'measure'
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    [[ $(records | wc -l) == 1 ]]
    [[ $(records '[.pcr, .content_type, .content.eventType, .content.uuid, .content.stage1]') == "[15,\"rkt\",\"pod\",\"$uuid\",\"coreos.com/rkt/stage1-native\"]" ]]
    local manifest stage1 images
    manifest=$(sha256sum "/var/lib/rkt/pods/run/$uuid/pod" | cut -d ' ' -f 1)
    stage1=$(sha256sum /usr/lib/rkt/stage1/native/rootfs/run | cut -d ' ' -f 1)
    images=$(jq -r '[.apps[].image.id] | join(",")' "/var/lib/rkt/pods/run/$uuid/pod")
    [[ $(records .content.string) == "\"rkt-pod:$uuid:coreos.com/rkt/stage1-native:sha256-$stage1:sha256-$manifest:$images\"" ]]
    [[ $(register sha256) != "$zero" && $(register sha256) == "$(replay sha256)" ]]
    [[ $(register sha1) == "$(replay sha1)" ]]
    [[ $(stat -c %a "$LOG") == 600 ]]

    check rkt run --stage1-from-dir=fly --net=host example.com/first
    uuid=$(rkt prepare example.com/second)
    check rkt run-prepared --net=none "$uuid"
    [[ $(records .content.uuid | tail -n 1) == "\"$uuid\"" ]]
    [[ $(records | wc -l) == 3 ]]
    [[ $(register sha256) == "$(replay sha256)" && $(register sha384) == "$(replay sha384)" ]]
}

@test "tpm: where the kernel has one at /dev/tpmrm0, a pod is measured into it without being told where it is" {
    need host vm
    need modules tpm_vtpm_proxy
    [[ ! -e /dev/tpmrm0 ]] || skip "this host has a TPM of its own"
    busybox_image app
    local uuid
    mkdir "$BATS_TEST_TMPDIR/tpm"
    swtpm chardev --vtpm-proxy --tpm2 --tpmstate "dir=$BATS_TEST_TMPDIR/tpm" >"$BATS_TEST_TMPDIR/swtpm" 2>&1 3>&- &
    tpm_pids+=($!)
    wait_for 20 test -c /dev/tpmrm0
    unset RKT_TCTI
    export TPM2TOOLS_TCTI=device:/dev/tpmrm0
    check rkt run --net=none --uuid-file-save="$BATS_TEST_TMPDIR/uuid" example.com/app
    lacks measure
    uuid=$(<"$BATS_TEST_TMPDIR/uuid")
    [[ $(records .content.uuid) == "\"$uuid\"" ]]
    [[ $(register sha256) == "$(replay sha256)" ]]
    # the device goes with what emulates it
    kill "${tpm_pids[@]}"
    tpm_pids=()
    gone() { [[ ! -e /dev/tpmrm0 ]]; }
    wait_for 10 gone
}

@test "tpm: pods that start at the same time are logged in the order in which the register was extended" {
    start_tpm
    busybox_image app
    local i n=6 pids=()
    for ((i = 0; i < n; i++)); do
        rkt run --net=none example.com/app >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    [[ $(records | wc -l) == "$n" ]]
    [[ $(register sha256) == "$(replay sha256)" ]]
}

@test "tpm: nothing is measured for --dry-run and prepare, or without a TPM, or when it is turned off" {
    busybox_image app
    unset RKT_TCTI
    [[ -e /dev/tpmrm0 ]] || check strace -f -e trace=execve -o "$BATS_TEST_TMPDIR/trace" rkt run --net=none example.com/app
    [[ -e /dev/tpmrm0 ]] || ! grep -E 'rkt-measure|tss2' "$BATS_TEST_TMPDIR/trace"
    RKT_TCTI=none check rkt run --net=none example.com/app
    start_tpm
    check rkt run --dry-run --net=none example.com/app
    check rkt prepare example.com/app
    [[ ! -e $LOG ]]
}

@test "tpm: one that cannot be reached is a warning that says so, and the pod runs" {
    busybox_image app "$(sh_app 'echo ran')"
    RKT_TCTI=swtpm:path=$BATS_TEST_TMPDIR/none check rkt run --net=none example.com/app
    has 'cannot reach the TPM at swtpm:path='
    has 'is not measured'
    has ': ran$'
    [[ ! -e $LOG ]]
}

@test "tpm: a log that was left incomplete stays marked as that" {
    start_tpm
    busybox_image app
    mkdir -p "${LOG%/*}"
    : >"$LOG"
    chmod 1600 "$LOG"
    check rkt run --net=none example.com/app
    [[ $(stat -c %a "$LOG") == 1600 && $(records | wc -l) == 1 ]]
}
