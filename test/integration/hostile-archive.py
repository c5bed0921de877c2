#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes archives that nobody should accept (and a good one to measure them by).

    hostile-archive.py KIND OUTPUT [NUMBER]

KIND is a function below; each begins with what makes an image and adds one thing that must not be in it.
"""

import gzip
import io
import sys
import tarfile

MANIFEST = b"""{"acKind": "ImageManifest", "acVersion": "0.8.11", "name": "example.com/hostile",
 "labels": [{"name": "version", "value": "1"}, {"name": "os", "value": "linux"}, {"name": "arch", "value": "amd64"}],
 "app": {"exec": ["/bin/true"], "user": "0", "group": "0"}}
"""


class Archive:
    def __init__(self, f, format=tarfile.PAX_FORMAT):
        self.tar = tarfile.open(fileobj=f, mode="w|", format=format)

    def add(self, name, data=b"", **fields):
        info = tarfile.TarInfo(name)
        info.type = fields.pop("type", tarfile.REGTYPE)
        info.mode = fields.pop("mode", 0o755)
        info.size = len(data)
        for key, value in fields.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(data))

    def begin(self, manifest=MANIFEST):
        if manifest is not None:
            self.add("manifest", manifest, mode=0o644)
        self.add("rootfs", type=tarfile.DIRTYPE)
        self.add("rootfs/etc", type=tarfile.DIRTYPE)
        self.add("rootfs/etc/file", b"content\n")


def good(a):
    a.begin()
    a.add("rootfs/dev", type=tarfile.DIRTYPE)
    a.add("rootfs/dev/sda", type=tarfile.BLKTYPE, devmajor=8, devminor=0)
    a.add("rootfs/etc/null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
    a.add("rootfs/etc/fifo", type=tarfile.FIFOTYPE)
    a.add("rootfs/etc/link", type=tarfile.SYMTYPE, linkname="../etc/file")
    a.add("rootfs/etc/absolute", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    a.add("rootfs/etc/hard", type=tarfile.LNKTYPE, linkname="rootfs/etc/file")
    a.add("rootfs/deep/down/implied", b"x")


def absolute_path(a):
    a.begin()
    a.add("/etc/rkt-hostile", b"x")


def dotdot_path(a):
    a.begin()
    a.add("rootfs/../../../../../../etc/rkt-hostile", b"x")


def beside_rootfs(a):
    a.begin()
    a.add("other", b"x")


def symlink_out(a):
    a.begin()
    a.add("rootfs/out", type=tarfile.SYMTYPE, linkname="../../../../../../../tmp")
    a.add("rootfs/out/rkt-hostile", b"x")


def through_absolute_symlink(a):
    # resolved inside the root, where there is no /tmp: nowhere to go
    a.begin()
    a.add("rootfs/out", type=tarfile.SYMTYPE, linkname="/tmp")
    a.add("rootfs/out/rkt-hostile", b"x")


def over_symlink(a):
    a.begin()
    a.add("rootfs/passwd", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    a.add("rootfs/passwd", b"root::0:0::/:/bin/sh\n")


def rootfs_symlink(a):
    a.add("manifest", MANIFEST)
    a.add("rootfs", type=tarfile.SYMTYPE, linkname="/")
    a.add("rootfs/tmp/rkt-hostile", b"x")


def hard_link_out(a):
    a.begin()
    a.add("rootfs/shadow", type=tarfile.LNKTYPE, linkname="../../../../../../../../etc/shadow")


def hard_link_absolute(a):
    a.begin()
    a.add("rootfs/shadow", type=tarfile.LNKTYPE, linkname="/etc/shadow")


def hard_link_to_nothing(a):
    a.begin()
    a.add("rootfs/link", type=tarfile.LNKTYPE, linkname="rootfs/nothing")


def hard_link_to_directory(a):
    a.begin()
    a.add("rootfs/link", type=tarfile.LNKTYPE, linkname="rootfs/etc")


def hard_link_to_manifest(a):
    a.begin()
    a.add("rootfs/link", type=tarfile.LNKTYPE, linkname="manifest")


def block_device(a):
    a.begin()
    a.add("rootfs/disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0)


def character_device(a):
    a.begin()
    a.add("rootfs/etc/mem", type=tarfile.CHRTYPE, devmajor=1, devminor=1)


def below_a_file(a):
    a.begin()
    a.add("rootfs/etc/file/below", b"x")


def duplicate_file(a):
    a.begin()
    a.add("rootfs/etc/file", b"other\n")


def duplicate_directory(a):
    a.begin()
    a.add("rootfs/etc", type=tarfile.DIRTYPE, mode=0o777)


def duplicate_spelling(a):
    a.begin()
    a.add("rootfs/./etc//file", b"other\n")


def duplicate_manifest(a):
    a.begin()
    a.add("./manifest", MANIFEST.replace(b"hostile", b"other"))


def no_manifest(a):
    a.begin(None)


def no_rootfs(a):
    a.add("manifest", MANIFEST)


def manifest_directory(a):
    a.add("manifest", type=tarfile.DIRTYPE)
    a.add("rootfs", type=tarfile.DIRTYPE)


def manifest_symlink(a):
    a.add("manifest", type=tarfile.SYMTYPE, linkname="/etc/passwd")
    a.add("rootfs", type=tarfile.DIRTYPE)


def manifest_huge(a):
    a.begin(b" " * (9 << 20))


def manifest_broken(a):
    a.begin(MANIFEST.replace(b'"example', b"example"))


def manifest_invalid(a):
    a.begin(MANIFEST.replace(b"example.com/hostile", b"Not A Name"))


def owner_out_of_range(a):
    a.begin()
    a.add("rootfs/etc/owned", b"x", uid=(1 << 32) - 1)


def long_name(a):
    a.begin()
    a.add("rootfs/" + "n" * 256, b"x")


def deep_path(a):
    a.begin()
    a.add("rootfs/" + "d/" * 2100 + "f", b"x")


def control_characters(a):
    a.begin()
    a.add("rootfs/\x1b]0;owned\x07\nimage: all is well/../x", b"x")


def many_entries(a):
    # an empty file is 512 bytes: at any limit, this is quick to write and slow to unpack
    a.begin()
    for i in range(int(sys.argv[3])):
        a.tar.fileobj.write(HEADER(b"rootfs/etc/%d" % i))


def HEADER(name):
    block = bytearray(512)
    block[0:len(name)] = name
    block[100:108] = b"0000644\0"
    block[108:116] = b"0000000\0"
    block[116:124] = b"0000000\0"
    block[124:136] = b"00000000000\0"
    block[136:148] = b"00000000000\0"
    block[148:156] = b"        "
    block[156:157] = b"0"
    block[257:265] = b"ustar\00000"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def sparse(f):
    """A GNU sparse file of 1 TB in pax format 1.0: its data is a map that says that there is none."""
    a = Archive(f)
    a.begin()
    size = 1 << 40
    data = b"1\n%d\n0\n" % size
    data += b"\0" * (512 - len(data))
    a.add("rootfs/GNUSparseFile.0/terabyte", data, pax_headers={
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0",
        "GNU.sparse.name": "rootfs/terabyte", "GNU.sparse.realsize": str(size)})
    a.tar.close()


def huge(f):
    """A header that promises 1 TB."""
    a = Archive(f, tarfile.GNU_FORMAT)
    a.begin()
    info = tarfile.TarInfo("rootfs/terabyte")
    info.size = 1 << 40
    a.tar.fileobj.write(info.tobuf(tarfile.GNU_FORMAT))
    a.tar.close()


def bomb(f):
    """A gigabyte and a half of zeros."""
    with gzip.open(f, "wb", compresslevel=6) as z:
        a = Archive(z)
        a.begin()
        info = tarfile.TarInfo("rootfs/zeros")
        info.size = 3 << 29
        info.mode = 0o644
        z.write(info.tobuf(tarfile.PAX_FORMAT))
        for _ in range(3 << 9):
            z.write(bytes(1 << 20))
        a.tar.close()


def whole(a=None):
    f = io.BytesIO()
    a = Archive(f)
    good(a)
    a.add("rootfs/data", bytes(range(256)) * 4096)
    a.tar.close()
    return f.getvalue()


def truncated(f):
    f.write(whole()[:200000])


def truncated_between_entries(f):
    data = whole()
    f.write(data[:data.index(b"rootfs/data")])


def truncated_gzip(f):
    data = gzip.compress(whole())
    f.write(data[:-20])


def truncated_gzip_trailer(f):
    f.write(gzip.compress(whole())[:-4])


def damaged_gzip(f):
    """One bit of a stored block: it inflates, and is not what was compressed."""
    data = bytearray(gzip.compress(whole(), compresslevel=0))
    data[len(data) // 2] ^= 1
    f.write(data)


def trailing_gzip(f):
    f.write(gzip.compress(whole()) + b"more than was asked for")


def twice_gzip(f):
    f.write(gzip.compress(gzip.compress(whole())))


def damaged_header(f):
    data = bytearray(whole())
    at = data.index(b"rootfs/etc/link")
    data[at + 100] ^= 1
    f.write(data)


def empty(f):
    pass


def text(f):
    f.write(b"<html><body>404 Not Found</body></html>\n" * 100)


RAW = (sparse, huge, bomb, truncated, truncated_between_entries, truncated_gzip, truncated_gzip_trailer, damaged_gzip,
       trailing_gzip, twice_gzip, damaged_header, empty, text)


def main():
    kind = globals()[sys.argv[1]]
    with open(sys.argv[2], "wb") as f:
        if kind in RAW:
            kind(f)
        else:
            a = Archive(f)
            kind(a)
            a.tar.close()


main()
