# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client of a pod's attach socket may not do harm with. Arguments: [--hello | --often] SOCKET APP."""

import os
import random
import socket
import struct
import sys

hello_only = sys.argv[1] == "--hello"
path, app = sys.argv[-2:]


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect(path)
    s.settimeout(20)
    return s


def hello(channels=0, name=app):
    s = connect()
    s.send(b"A" + bytes([channels]) + name.encode())
    return s


def answers(s):
    """The first byte of the answer; nothing if the other side has gone."""
    try:
        return s.recv(5000)[:1]
    except (ConnectionResetError, BrokenPipeError):
        return b""


if hello_only:
    try:
        sys.exit(0 if answers(hello()) == b"h" else 9)
    except (ConnectionResetError, BrokenPipeError):
        sys.exit(9)

if sys.argv[1] == "--often":
    for _ in range(500):
        s = hello()
        assert answers(s) == b"h"
        s.close()
    sys.exit(0)

# nothing that does not begin with a hello
for message in b"x", b"i" + b"data", b"e", b"w\0\0\0\0", b"A", b"A\xff" + app.encode(), b"A" * 5000, b"h\0", b"q" + bytes(8):
    s = connect()
    s.send(message)
    assert answers(s) == b"", message

# names and channels that there are not
assert answers(hello(0, "none")) == b"x"
assert answers(hello(0, "l" * 4000)) == b"x"
assert answers(hello(0, "")) == b"x"
assert answers(hello(8)) == b"x"

# after it, nothing that is none of ours: twice hello, what PID 1 says, wrong sizes
for message in b"A\0" + app.encode(), b"o" + b"data", b"w\0", b"exx", b"\0", bytes(4999):
    s = hello()
    assert answers(s) == b"h"
    try:
        s.send(message)
        assert answers(s) == b"", message
    except (ConnectionResetError, BrokenPipeError):
        pass

# input from who has not asked for it is none
s = hello(2)
assert answers(s) == b"h"
s.send(b"iend\n")
s.send(b"e")
s.close()

# chance, from a seed that is told
seed = int(os.environ.get("SEED", "1"))
chance = random.Random(seed)
for _ in range(200):
    greets, channels = chance.random() < 0.5, chance.choice([0, 1, 2, 4, 6])
    # neither input nor its end: that the app would get
    messages = [bytes([chance.choice(b"Aw\0xhod")]) + chance.randbytes(chance.choice([0, 1, 4, 8, 300]))
                for _ in range(chance.randrange(4))]
    s = hello(channels) if greets else connect()
    try:
        for message in messages:
            s.send(message)
    except (ConnectionResetError, BrokenPipeError):
        pass
    s.close()

# more than may come, and none of them says a word; then some windows of nobody's terminal
crowd = []
for _ in range(80):
    try:
        crowd.append(connect())
    except OSError:
        break
for s in crowd:
    s.close()
s = hello()
assert answers(s) == b"h"
for i in range(1000):
    s.send(b"w" + struct.pack("HH", i, 65535))
