#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Files that declare pods, and the units that systemd has of them.

# shellcheck disable=SC2030,SC2031,SC2154 # each test is a process of its own; output and status are run's
load lib
load pods

pods=/run/rkt/pods
generator=/usr/lib/systemd/system-generators/rkt-generator

setup() {
    rm -rf $pods
    mkdir -p $pods
}

teardown() {
    systemctl stop 'rkt-test-*.service' 2>/dev/null || :
    systemctl reset-failed 'rkt-test-*.service' 2>/dev/null || :
    rm -rf $pods /run/systemd/system/rkt-test-*
    systemctl daemon-reload
    end_pods
    rkt volume rm rkt-test-data 2>/dev/null || :
}

# An app that says that it is up, and with which words; TERM ends it.
sleeper_image() {
    busybox_image sleeper '{"exec": ["/bin/sh", "-c",
        "trap \"echo down; exit 0\" TERM; echo up $0 $* $WORD; while :; do sleep 0.05; done", "image"],
        "user": "0", "group": "0"}'
}

# declare_pod NAME: a pod file of standard input.
declare_pod() { cat >"$pods/$1.pod"; }

# The lines of a unit's journal since this test began hold the pattern.
journal_has() { journalctl --sync && journalctl -u "$1" -o cat --since "@$began" | grep -Eq -- "$2"; }

began=$(date +%s)

@test "generator: a pod file is a service that starts, tells, restarts and stops, and leaves nothing" {
    sleeper_image
    declare_pod rkt-test-sleeper <<'END'
[Unit]
Description=A pod that \
    sleeps

[Pod]
Network=none

[App main]
Image=example.com/sleeper
Environment="WORD=two words"
Exec=-c 'trap "echo down; exit 0" TERM; echo "up $WORD %n" $$0; while :; do sleep 0.05; done' ${FROM_UNIT}

[Service]
Environment=FROM_UNIT=unit
END
    systemctl daemon-reload
    check systemctl start rkt-test-sleeper
    check systemctl show -p Description -p SourcePath -p Type -p ActiveState -p NRestarts rkt-test-sleeper
    has '^Description=A pod that +sleeps$'
    has "^SourcePath=$pods/rkt-test-sleeper.pod\$"
    has '^Type=notify$'
    has '^ActiveState=active$'
    wait_for 10 journal_has rkt-test-sleeper 'main\[[0-9]+\]: up two words rkt-test-sleeper.service unit$'
    check systemctl status --no-pager rkt-test-sleeper
    has '─app-main$'
    local uuid first
    first=$(</run/rkt/units/rkt-test-sleeper/uuid)
    check rkt status "$first"
    has '^state=running$'
    wait_for 10 machinectl show "rkt-$first"

    check systemctl restart rkt-test-sleeper
    uuid=$(</run/rkt/units/rkt-test-sleeper/uuid)
    [[ $uuid != "$first" ]]
    wait_for 10 journal_has rkt-test-sleeper ': down$'
    check_fails 254 rkt status "$first"

    check systemctl stop rkt-test-sleeper
    check systemctl show -p Result -p ActiveState rkt-test-sleeper
    has '^Result=success$'
    has '^ActiveState=inactive$'
    [[ ! -e /run/rkt/units/rkt-test-sleeper ]]
    check_fails 254 rkt status "$uuid"
}

@test "generator: the units are clean for systemd-analyze verify" {
    declare_pod rkt-test-all <<'END'
[Pod]
Network=rkt-test-net.net
Network=default:IP=172.16.28.9
PublishPort=127.0.0.1:8080:80
PublishPort=[::1]:5353:53/udp
HostName=all-%i
AddHost=there:10.1.1.1
DNS=10.1.1.1 10.1.1.2
Volume=rkt-test-data.volume:/data
Volume=/etc/ssl:/ssl:ro
Tmpfs=/tmp:size=8M,mode=0700
Memory=64M
Sysctl=net.ipv4.ip_forward=1
Pull=newer
GlobalArgs=--insecure-options=image

[App one]
Image=rkt-test-image.image
Exec=a "b c" 'd\'e' $$f %% \x41 ;
Environment=A=1 "B=$x %%" 'C=;'
AddCapability=NET_ADMIN
DropCapability=MKNOD
User=1000
GroupAdd=1 2
Ulimit=nofile=100:200
Restart=on-failure:3
StopSignal=SIGINT
StopTimeout=3

[App two]
Image=docker://localhost:1/two:latest
After=one
Notify=yes
DropCapability=all
ReadOnly=yes
AutoUpdate=registry

[Service]
Restart=always
CPUQuota=50%

[Install]
WantedBy=multi-user.target
END
    printf '[Image]\nImage=docker://localhost:1/one:latest\nPull=missing\n' >$pods/rkt-test-image.image
    printf '[Network]\nSubnet=10.99.3.0/24\nInterfaceName=rkt-test-br\n' >$pods/rkt-test-net.net
    printf '[Volume]\nMode=0700\nUser=1000\n' >$pods/rkt-test-data.volume
    local out=$BATS_TEST_TMPDIR/out
    mkdir "$out"
    check $generator "$out"
    [[ ! $output ]]
    cp -a "$out/." /run/systemd/system/
    rm $pods/*
    check systemd-analyze verify --man=no "$out"/rkt-test-{all,image-image,net-net,data-volume}.service
    rm -rf /run/systemd/system/multi-user.target.wants/rkt-test-all.service
    [[ ! $output ]] || { echo "$output"; return 1; }
}

@test "generator: what [Install] says is done, and drop-ins add to a file and take back" {
    sleeper_image
    declare_pod rkt-test-dropped <<'END'
[Pod]
Network=none
[App]
Image=example.com/sleeper
Environment=WORD=file
[Install]
WantedBy=rkt-test-wanting.target
END
    mkdir $pods/rkt-test-dropped.pod.d
    printf '[App]\nEnvironment=\nEnvironment=WORD=first\n' >$pods/rkt-test-dropped.pod.d/10-first.conf
    printf '[App]\nEnvironment=WORD=second\n[Install]\nAlias=rkt-test-alias.service\n' >$pods/rkt-test-dropped.pod.d/20-second.conf
    printf '[Unit]\nDescription=x\n' >/run/systemd/system/rkt-test-wanting.target
    systemctl daemon-reload
    check systemctl show -p Wants --value rkt-test-wanting.target
    has '^rkt-test-dropped.service$'
    check systemctl start rkt-test-alias
    wait_for 10 journal_has rkt-test-dropped ': up image second$'
    check systemctl show -p Id --value rkt-test-alias
    has '^rkt-test-dropped.service$'
}

@test "generator: templates" {
    sleeper_image
    declare_pod rkt-test-template@ <<'END'
[Pod]
Network=none
[App]
Image=example.com/sleeper
Environment=WORD=%i
END
    systemctl daemon-reload
    check systemctl start rkt-test-template@one rkt-test-template@two
    wait_for 10 journal_has rkt-test-template@one ': up image one$'
    wait_for 10 journal_has rkt-test-template@two ': up image two$'
}

@test "generator: a broken file is told of in the journal with its line, and the others become units" {
    declare_pod rkt-test-broken <<'END'
[App]
Image=example.com/sleeper
Memory=lots
Colour=red
END
    declare_pod rkt-test-whole <<'END'
[App]
Image=example.com/sleeper
END
    systemctl daemon-reload
    check systemctl show -p LoadState --value rkt-test-whole
    has '^loaded$'
    check systemctl show -p LoadState --value rkt-test-broken
    has '^not-found$'
    wait_for 10 journal_has rkt-test-broken "^$pods/rkt-test-broken.pod:3: .*\"lots\""
    wait_for 10 journal_has rkt-test-broken "^$pods/rkt-test-broken.pod:4: unknown key Colour="
    check journalctl -o json -n 1 -t rkt-generator CONFIG_FILE=$pods/rkt-test-broken.pod CONFIG_LINE=4 --since "@$began"
    has '"PRIORITY":"3"'
}

@test "generator: --dry-run prints the units, and what is wrong with files to standard error" {
    declare_pod rkt-test-whole <<'END'
[App]
Image=example.com/sleeper
END
    declare_pod rkt-test-broken <<'END'
Image=example.com/sleeper
END
    local r=0
    rkt-generator --dry-run --directory=$pods >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || r=$?
    ((r == 254))
    grep -q '^# rkt-test-whole.service$' "$BATS_TEST_TMPDIR/out"
    grep -q '^ExecStart=/usr/bin/rkt run .* example.com/sleeper$' "$BATS_TEST_TMPDIR/out"
    output=$(<"$BATS_TEST_TMPDIR/err")
    has "^generator: $pods/rkt-test-broken.pod:1: .* before the first section\$"
    (($(wc -l <<<"$output") == 1))
    rm $pods/rkt-test-broken.pod
    check rkt generator --dry-run --directory=$pods
}

@test "generator: a file of the administrator hides one of that name, and an empty one takes it away" {
    local etc=$BATS_TEST_TMPDIR/etc usr=$BATS_TEST_TMPDIR/usr
    mkdir "$etc" "$usr"
    printf '[App]\nImage=example.com/vendor\n' | tee "$usr/rkt-test-a.pod" "$usr/rkt-test-b.pod" "$usr/rkt-test-c.pod" >/dev/null
    printf '[App]\nImage=example.com/local\n' >"$etc/rkt-test-a.pod"
    ln -s /dev/null "$etc/rkt-test-b.pod"
    mkdir "$etc/rkt-test-c.pod.d"
    printf '[App]\nUser=7\n' >"$etc/rkt-test-c.pod.d/user.conf"
    check rkt-generator --dry-run --directory="$etc" --directory="$usr"
    has 'run .* example.com/local$'
    lacks 'rkt-test-b'
    has 'run .* example.com/vendor --user=7$'
    (($(grep -c '^ExecStart=' <<<"$output") == 2))
}

@test "generator: images, volumes and networks come before the pod that names them" {
    need commands ip
    local network=$BATS_TEST_TMPDIR/network
    sleeper_image
    cp "$BATS_TEST_TMPDIR/image-sleeper.aci" "$BATS_TEST_TMPDIR/again.aci"
    printf '[Image]\nImage=%s\nGlobalArgs=--insecure-options=image\n' "$BATS_TEST_TMPDIR/again.aci" >$pods/rkt-test-image.image
    printf '[Volume]\nVolumeName=rkt-test-data\nMode=0711\nUser=1234\n' >$pods/rkt-test-volume.volume
    printf '[Network]\nNetworkName=rkt-test\nSubnet=10.99.3.0/24\nInterfaceName=rkt-test-br\n' >$pods/rkt-test-net.net
    declare_pod rkt-test-user <<'END'
[Pod]
Network=rkt-test-net.net
PublishPort=127.0.0.1:18081:80
GlobalArgs=--insecure-options=image
[App]
Image=rkt-test-image.image
Volume=rkt-test-volume.volume:/data
END
    systemctl daemon-reload
    check systemctl start rkt-test-user
    systemctl is-active rkt-test-image-image rkt-test-volume-volume rkt-test-net-net
    [[ $(stat -c '%a %u' /var/lib/rkt/volumes/rkt-test-data) == '711 1234' ]]
    local uuid
    uuid=$(</run/rkt/units/rkt-test-user/uuid)
    check rkt status "$uuid"
    has '^networks=rkt-test:ip4=10\.99\.3\.'
    check rkt cat-manifest "$uuid"
    has '"podPort"'
    check systemctl stop rkt-test-net-net
    check systemctl is-active rkt-test-user || :
    [[ ! -e /run/rkt/net.d/rkt-test-net.conflist ]]
    check_fails 254 rkt status "$uuid"
    check systemctl restart rkt-test-volume-volume
    ip link del rkt-test-br 2>/dev/null || :
}

@test "generator: a job ends with its status, and starts no more" {
    busybox_image job "$(sh_app 'echo did; exit $STATUS')"
    declare_pod rkt-test-job <<'END'
[Pod]
Network=none
[App]
Image=example.com/job
Environment=STATUS=0
[Service]
Type=oneshot
END
    systemctl daemon-reload
    check systemctl start rkt-test-job
    wait_for 10 journal_has rkt-test-job ': did$'
    mkdir -p $pods/rkt-test-job.pod.d
    printf '[App]\nEnvironment=STATUS=7\n' >$pods/rkt-test-job.pod.d/a.conf
    systemctl daemon-reload
    check_fails 1 systemctl start rkt-test-job
    check systemctl show -p ExecMainStatus -p Result rkt-test-job
    has '^ExecMainStatus=7$'
    has '^Result=exit-code$'
    # an image that is not there leaves nothing to remove, and no complaint about that
    printf '[App]\nImage=example.com/missing\n[Pod]\nPull=never\n' >$pods/rkt-test-job.pod.d/a.conf
    systemctl daemon-reload
    check_fails 1 systemctl start rkt-test-job
    ! journal_has rkt-test-job 'unable to read UUID' || false
}
