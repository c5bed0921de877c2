#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A DHCP server that does as the test says: dhcp-server.py INTERFACE DIRECTORY. It reads DIRECTORY/answer, JSON, at each
# message: {"address": …, "seconds": N, "t1": N, "t2": N, "reply": "ack", "nak" or "none"}, and writes a line for each
# message to DIRECTORY/log: its type, ciaddr, and whether it was sent to the server alone.

import json
import socket
import struct
import sys

SERVER = "10.90.0.1"
TYPES = {1: "DISCOVER", 3: "REQUEST", 7: "RELEASE"}
OFFER, ACK, NAK = 2, 5, 6


def options_of(data):
    options, i = {}, 240
    while i < len(data) and data[i] != 255:
        if data[i] == 0:
            i += 1
            continue
        options[data[i]] = data[i + 2:i + 2 + data[i + 1]]
        i += 2 + data[i + 1]
    return options


def reply_to(data, kind, answer):
    seconds = answer.get("seconds", 3600)
    address = socket.inet_aton("0.0.0.0" if kind == NAK else answer["address"])
    message = bytearray(data[:240])
    message[0] = 2
    message[16:20] = address
    options = [(53, bytes([kind])), (54, socket.inet_aton(SERVER))]
    if kind != NAK:
        options += [(51, struct.pack("!I", seconds)), (58, struct.pack("!I", answer.get("t1", seconds // 2))),
                    (59, struct.pack("!I", answer.get("t2", seconds * 7 // 8))), (1, b"\xff\xff\xff\0"), (3, socket.inet_aton(SERVER))]
    for code, value in options:
        message += bytes([code, len(value)]) + value
    return bytes(message) + b"\xff"


def main():
    interface, directory = sys.argv[1:]
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    s.setsockopt(socket.IPPROTO_IP, 8, 1)  # IP_PKTINFO: where it was sent to
    s.bind(("", 67))
    log = open(directory + "/log", "a", buffering=1)
    log.write("ready\n")
    while True:
        data, control, _, _ = s.recvmsg(4096, 256)
        options = options_of(data)
        kind = TYPES.get(options.get(53, b"\0")[0], "?")
        to = socket.inet_ntoa(control[0][2][8:12])
        log.write(f"{kind} {socket.inet_ntoa(data[12:16])} {'alone' if to == SERVER else 'all'}\n")
        with open(directory + "/answer") as f:
            answer = json.load(f)
        if answer["reply"] == "none" or kind not in ("DISCOVER", "REQUEST"):
            continue
        reply = OFFER if kind == "DISCOVER" else NAK if answer["reply"] == "nak" else ACK
        s.sendto(reply_to(data, reply, answer), ("255.255.255.255", 68))


main()
