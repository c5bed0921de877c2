#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes layers that tests look closely at; oci-image.py makes images of them.

oci-layers.py layer FILE SPEC...   a tar file, its entries in this order:
                                     PATH/[=MODE[:UID:GID]]  PATH=CONTENT  PATH->TARGET  PATH=>HARDLINK
                                   a whiteout is a file of that name
oci-layers.py numbered N           1.tar … N.tar, I.tar with n/(I mod 10), in which is "I,"
oci-layers.py random SEED N PREFIX PREFIX1.tar … PREFIXn.tar, each changing what the ones before it left
"""
import io
import os
import random
import re
import sys
import tarfile


def entry(tar, name, kind=tarfile.REGTYPE, data=b'', link='', mode=0o644, owner=(0, 0)):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size, info.mode, info.mtime = kind, link, len(data), mode, 1000000000
    info.uid, info.gid = owner
    tar.addfile(info, io.BytesIO(data))


def layer(path, specs):
    with tarfile.open(path, 'w', format=tarfile.PAX_FORMAT) as tar:
        for spec in specs:
            directory = re.fullmatch(r'(.*/)(?:=(\d+)(?::(\d+):(\d+))?)?', spec)
            if directory:
                entry(tar, directory[1], tarfile.DIRTYPE, mode=int(directory[2] or '755', 8),
                      owner=(int(directory[3] or 0), int(directory[4] or 0)))
            elif '=>' in spec:
                entry(tar, spec.split('=>')[0], tarfile.LNKTYPE, link=spec.split('=>')[1])
            elif '->' in spec:
                entry(tar, spec.split('->')[0], tarfile.SYMTYPE, link=spec.split('->')[1], mode=0o777)
            else:
                name, _, content = spec.partition('=')
                entry(tar, name, data=content.encode())


class Random:
    """A file system that layers change: path -> 'd', 'f' or 'l'."""

    def __init__(self, seed):
        self.random, self.nodes = random.Random(seed), {}

    def path(self):
        return '/'.join(self.random.choice('abc') for _ in range(self.random.randint(1, 4)))

    def below(self, path):
        return [p for p in self.nodes if p.startswith(path + '/')]

    def add(self, tar, done, path):
        for i in range(1, path.count('/') + 1):
            parent = '/'.join(path.split('/')[:i])
            if self.nodes.get(parent, 'd') != 'd':
                return
            if parent not in self.nodes or (parent not in done and self.random.random() < 0.5):
                self.directory(tar, done, parent)
        kind = self.random.choice('dffl')
        if path in done or (kind != 'd' and any(p.startswith(path + '/') for p in done)):
            return
        if kind == 'd':
            self.directory(tar, done, path)
            return
        for p in self.below(path):
            del self.nodes[p]
        self.nodes[path] = kind
        done.add(path)
        if kind == 'l':
            entry(tar, path, tarfile.SYMTYPE, link='x', mode=0o777)
        else:
            entry(tar, path, data=self.random.randbytes(8).hex().encode(), mode=self.random.choice([0o644, 0o4755, 0o600]),
                  owner=(self.random.randint(0, 3), self.random.randint(0, 3)))

    def directory(self, tar, done, path):
        self.nodes[path] = 'd'
        done.add(path)
        entry(tar, path, tarfile.DIRTYPE, mode=self.random.choice([0o755, 0o700, 0o1777]),
              owner=(self.random.randint(0, 3), self.random.randint(0, 3)))

    def remove(self, tar, done, path):
        if path not in self.nodes or path in done or any(p.startswith(path + '/') for p in done):
            return
        parent, _, name = path.rpartition('/')
        entry(tar, os.path.join(parent, '.wh.' + name))
        for p in self.below(path) + [path]:
            del self.nodes[p]
        if self.random.random() < 0.5:  # something new of the same name, in the same layer
            self.add(tar, done, path)
        done.add(path)

    def empty(self, tar, done, path):
        if self.nodes.get(path) != 'd' or any(p.startswith(path + '/') for p in done):
            return
        entry(tar, path + '/.wh..wh..opq')
        done.add(path + '/.')
        for p in self.below(path):
            del self.nodes[p]

    def layer(self, path):
        done = set()
        with tarfile.open(path, 'w', format=tarfile.PAX_FORMAT) as tar:
            for _ in range(self.random.randint(1, 12)):
                action = self.random.choice([self.add, self.add, self.add, self.remove, self.empty])
                action(tar, done, self.path())


if __name__ == '__main__':
    command, arguments = sys.argv[1], sys.argv[2:]
    if command == 'layer':
        layer(arguments[0], arguments[1:])
    elif command == 'numbered':
        for i in range(1, int(arguments[0]) + 1):
            layer(f'{i}.tar', ['n/', f'n/{i % 10}={i},'])
    else:
        tree = Random(int(arguments[0]))
        for i in range(int(arguments[1])):
            tree.layer(f'{arguments[2]}{i + 1}.tar')
