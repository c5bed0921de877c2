#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# rkt update: newer images for services, and the way back.

# shellcheck disable=SC2154 # output, status and registry are others'
load lib
load pods
load registry

pods=/run/rkt/pods

setup_file() {
    need commands docker-registry skopeo perl
    mkdir -p "$BATS_FILE_TMPDIR/layout"
    web_root "$BATS_FILE_TMPDIR/root"
    tar -C "$BATS_FILE_TMPDIR/root" --sort=name --numeric-owner -cf "$BATS_FILE_TMPDIR/root.tar" .
    local version d
    for version in one two broken sick; do
        d=$BATS_FILE_TMPDIR/$version
        mkdir "$d"
        echo "$version" >"$d/version"
        [[ $version != broken ]] || echo 'print "broken\n"; exit 3;' >"$d/web.pl"
        tar -C "$d" --sort=name --numeric-owner -cf "$d.tar" .
        python3 "$BATS_TEST_DIRNAME/oci-image.py" --config '{"Entrypoint": ["/usr/bin/perl"], "Cmd": ["/web.pl"], "Env": ["PATH=/usr/bin"]}' \
            "$BATS_FILE_TMPDIR/layout" "$version" "$BATS_FILE_TMPDIR/root.tar" "$d.tar"
    done
}

setup() {
    mkdir -p $pods
    start_registry update
}

teardown() {
    systemctl stop 'rkt-test-*.service' 2>/dev/null || :
    systemctl reset-failed 'rkt-test-*.service' 2>/dev/null || :
    rm -rf $pods /var/lib/rkt/updates/rkt-test-*
    systemctl daemon-reload
    end_pods
    stop_servers
}

# push VERSION: what the registry has as web:latest from now on.
push() {
    skopeo copy --quiet --insecure-policy --dest-tls-verify=false "oci:$BATS_FILE_TMPDIR/layout:$1" "docker://$registry/web:latest"
}

# declare UNIT [AUTO-UPDATE]: a pod of web:latest that says when it is ready.
declare_pod() {
    cat >$pods/"$1".pod <<END
[Pod]
Network=none
GlobalArgs=--insecure-options=image
[App web]
Image=docker://$registry/web
Environment=PORT=80
Notify=yes
${2:+AutoUpdate=$2}
[Service]
Restart=no
TimeoutStartSec=60
END
    systemctl daemon-reload
}

update() { run rkt --insecure-options=image update "$@"; }

runs_version() {
    [[ $(rkt enter "$(</run/rkt/units/"$1"/uuid)" /usr/bin/perl -e 'open(F, "/version"); print <F>') == "$2" ]]
}

@test "update: a service that wants it is restarted with a newer image, and others are left alone" {
    push one
    declare_pod rkt-test-new registry
    declare_pod rkt-test-same
    check systemctl start rkt-test-new rkt-test-same
    update
    ((status == 0))
    has "^rkt-test-new.service	web	$registry/web:latest	up to date\$"
    lacks rkt-test-same
    local uuid same
    uuid=$(</run/rkt/units/rkt-test-new/uuid) same=$(</run/rkt/units/rkt-test-same/uuid)
    push two
    update --dry-run
    ((status == 0))
    has '	pending$'
    [[ $(</run/rkt/units/rkt-test-new/uuid) == "$uuid" ]]
    # and whoever starts meanwhile gets the image that was there before
    systemctl restart rkt-test-same
    runs_version rkt-test-same one
    same=$(</run/rkt/units/rkt-test-same/uuid)
    update
    ((status == 0))
    has '^rkt-test-new.service.*	updated$'
    runs_version rkt-test-new two
    runs_version rkt-test-same one
    [[ $(</run/rkt/units/rkt-test-same/uuid) == "$same" ]]
    update
    has '	up to date$'
}

@test "update: a service that does not become ready goes back to its image, which is not tried again" {
    push one
    declare_pod rkt-test-back registry
    check systemctl start rkt-test-back
    push broken
    update
    ((status == 254))
    has '^rkt-test-back.service.*	rolled back$'
    check systemctl is-active rkt-test-back
    runs_version rkt-test-back one
    local uuid
    uuid=$(</run/rkt/units/rkt-test-back/uuid)
    update --dry-run
    ((status == 0))
    has '	rejected$'
    update
    ((status == 0))
    has '	rejected$'
    [[ $(</run/rkt/units/rkt-test-back/uuid) == "$uuid" ]]
    # and a restart takes the good one
    check systemctl restart rkt-test-back
    runs_version rkt-test-back one
    push two
    update
    ((status == 0))
    has '	updated$'
    runs_version rkt-test-back two
}

@test "update: a service that does not become healthy with the newer image goes back to the one before" {
    push one
    declare_pod rkt-test-sick registry
    mkdir $pods/rkt-test-sick.pod.d
    cat >$pods/rkt-test-sick.pod.d/health.conf <<'END'
[App web]
Notify=healthy
HealthCmd=["/usr/bin/perl", "-e", "open(F, '/version'); exit(<F> =~ /sick/)"]
HealthInterval=100ms
HealthStartInterval=100ms
HealthRetries=2
HealthTimeout=20s
HealthOnFailure=kill
END
    systemctl daemon-reload
    check systemctl start rkt-test-sick
    push sick
    update
    ((status == 254))
    has '^rkt-test-sick.service.*	rolled back$'
    check systemctl is-active rkt-test-sick
    runs_version rkt-test-sick one
    journalctl --sync
    check journalctl -u rkt-test-sick -o cat
    has 'it is unhealthy'
    rkt status --format=json "$(</run/rkt/units/rkt-test-sick/uuid)" | jq -e '.apps[0].health.status == "healthy"'
}

@test "update: of the units that are named; local images; a registry that does not answer" {
    push one
    declare_pod rkt-test-local local
    declare_pod rkt-test-other registry
    check systemctl start rkt-test-local rkt-test-other
    push two
    rkt --insecure-options=image fetch --pull-policy=update "docker://$registry/web" >/dev/null
    update rkt-test-local.service
    ((status == 0))
    has '^rkt-test-local.service.*	updated$'
    lacks rkt-test-other
    runs_version rkt-test-local two
    stop_servers
    update rkt-test-other.service
    ((status == 254))
    has '^rkt-test-other.service.*	up to date$'
    runs_version rkt-test-other one
}

@test "update: the arguments of an OCI image are replaced behind its entry point" {
    push one
    check rkt --insecure-options=image run --net=none "docker://$registry/web" --replace-args -- -e 'print "given @ARGV\n"' a b
    has ': given a b$'
}

@test "update: its units are clean" {
    check systemd-analyze verify --man=no rkt-update.service rkt-update.timer
    [[ ! $output ]]
}
