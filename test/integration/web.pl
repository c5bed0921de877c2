# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the tests of units run in a pod: a server that speaks to the service manager and takes its sockets, or
# else listens at port $PORT (80). No modules: its image has nothing but perl itself.
#
# It answers a line with a line: "env NAME", "cat FILE" and "stat FILE" with what these are, "hang" with
# nothing ever again, anything else with the name of the socket.
$| = 1;

sub inform {
    my $path = $ENV{NOTIFY_SOCKET} or return;
    socket(my $s, 1, 2, 0) or die "socket: $!";
    send($s, $_[0], 0, pack("S a*", 1, $path)) or die "notify: $!";
}

my @sockets;
if (($ENV{LISTEN_PID} // 0) == $$) {
    my @names = split /:/, $ENV{LISTEN_FDNAMES};
    for my $i (0 .. $ENV{LISTEN_FDS} - 1) {
        open(my $s, "+<&=", 3 + $i) or die "socket $i: $!";
        push @sockets, [$s, $names[$i]];
    }
} else {
    socket(my $s, 2, 1, 0) or die "socket: $!";
    setsockopt($s, 1, 2, 1);
    bind($s, pack("S n x12", 2, $ENV{PORT} // 80)) or die "bind: $!";
    listen($s, 10) or die "listen: $!";
    push @sockets, [$s, "own"];
}

my $reloads = 0;
my $half = $ENV{WATCHDOG_USEC} ? $ENV{WATCHDOG_USEC} / 2e6 : undef;
$SIG{TERM} = sub { print "down\n"; exit 0 };
$SIG{HUP} = sub { $reloads++; inform("RELOADING=1"); print "reloaded $reloads\n"; inform("READY=1") };

sub answer {
    my ($c, $name) = @_;
    my $line = <$c> // return;
    chomp $line;
    my ($verb, $what) = split / /, $line, 2;
    if ($verb eq "hang") { sleep 1000 while 1 }
    elsif ($verb eq "env") { print $c ($ENV{$what} // "unset"), "\n" }
    elsif ($verb eq "stat") { my @s = stat $what; printf $c "%04o %d:%d\n", $s[2] & 07777, $s[4], $s[5] }
    elsif ($verb eq "cat") { open(my $f, "<", $what) or print $c "error: $!"; print $c (<$f> // ""), "\n" if $f }
    elsif ($verb eq "write") { open(my $f, ">", $what) ? print $c "written\n" : print $c "error: $!\n" }
    else { print $c "hello from $name\n" }
}

print "up: ", join(" ", map { $_->[1] } @sockets), "\n";
inform("READY=1\nSTATUS=serving");
while (1) {
    inform("WATCHDOG=1") if $half;
    my $wanted = "";
    vec($wanted, fileno($_->[0]), 1) = 1 for @sockets;
    next unless select($wanted, undef, undef, $half) > 0;
    for my $s (@sockets) {
        next unless vec($wanted, fileno($s->[0]), 1) && accept(my $c, $s->[0]);
        select((select($c), $| = 1)[0]);
        answer($c, $s->[1]);
        close $c;
    }
}
