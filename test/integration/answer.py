#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command on a terminal of its own: answer.py LINES COMMAND…

Each time that something ending with a question mark and a line break (or "'no'") appears, the next of LINES is
typed. What the command writes goes to standard output; its exit status is ours.
"""

import os
import pty
import re
import sys

lines = sys.argv[1].split("\n")
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
unanswered = b""
while True:
    try:
        data = os.read(fd, 4096)
    except OSError:
        data = b""
    if not data:
        break
    sys.stdout.buffer.write(data)
    unanswered += data
    if lines and re.search(rb"\(yes/no\)\?\s*$", unanswered):
        os.write(fd, lines.pop(0).encode() + b"\n")
        unanswered = b""
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
