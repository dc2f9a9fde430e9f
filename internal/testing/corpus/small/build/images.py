"""Images as OCI layouts. Each layer has what changed in a root file system, as a tar archive with whiteouts."""
import gzip
import hashlib
import io
import json
import os
import stat
import tarfile
import debian
import languages
import rpm
from common import EPOCH, copy, dump, run, write

CREATED = '2024-01-01T00:00:00Z'


def build(corpus, debs, rpms, made, work):
    root = os.path.join(work, 'debian')
    base = Image('debian-base', root)
    debian.prepare(root)
    debian.dpkg(root, '--install', *(debs[k] for k in (
        ('libkeel1', '1.4.2-3'), ('keel-utils', '1.4.2-3'), ('libtide2', '0.5-1'), ('rope', '1:2.0~rc1-1+b2'), ('knots', '7'), ('python3-deckhand', '0.9.1-2'))))
    base.layer('packages of the distribution')
    base.write(corpus, debian_truth(root))

    app = Image('debian-app', root, base)
    for name, folder in (('python', 'srv/python'), ('npm', 'srv/node'), ('ruby', 'srv/ruby'), ('composer', 'srv/php'), ('java', 'srv/java')):
        copy(os.path.join(made, name, 'root'), [folder], root)
    app.layer('packages of languages')
    debian.dpkg(root, '--install', debs['libkeel1', '1.4.2-3+deb12u1'], debs['keel-utils', '1.4.2-3+deb12u1'])
    debian.dpkg(root, '--purge', 'knots')
    run('npm', 'uninstall', 'sextant', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--cache', os.path.join(work, 'cache'), cwd=os.path.join(root, languages.NPM))
    languages.upgrade(os.path.join(made, 'python'), root)
    os.remove(os.path.join(root, languages.JAVA, 'foghorn-3.0.jar'))
    app.layer('updates, and packages that are deleted again')
    copy(os.path.join(made, 'golang', 'root'), [languages.GO], root)
    app.layer('a program')
    app.write(corpus, debian_truth(root) + languages.truth(root, os.path.join(work, 'lists')))

    root = os.path.join(work, 'rpm')
    image = Image('rpm-sqlite', root)
    rpm.prepare(root)
    rpm.install(root, *rpm.first(rpms), rpms['jib', '5.0.1-1.module+el9.4.0+7+a1b2c3d4'])
    image.layer('packages of the distribution')
    rpm.install(root, rpms['mast', '3.1-4.el9_4'], rpms['mast-libs', '3.1-4.el9_4'])
    rpm.rpm(root, '--erase', '--nodeps', 'ballast')
    image.layer('updates, and a package that is deleted again')
    image.write(corpus, rpm.truth(root))


def debian_truth(root):
    python = [{'type': 'pypi', 'name': p['name'], 'version': p['version'], 'path': '/' + p['location']} for p in languages.site(root, 'usr/lib/python3/dist-packages')]
    return [{**p, 'os_owned': debian.owned(root, p['path'])} for p in debian.truth(root) + python]


class Image:
    def __init__(self, name, root, base=None):
        self.name, self.root = name, root
        self.layers = list(base.layers) if base else []  # comment and tar archive
        self.before = dict(base.before) if base else {}

    def layer(self, comment):
        """Adds a layer with the changes since the last one."""
        now = snapshot(self.root)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode='w', format=tarfile.USTAR_FORMAT) as tar:
            for path in sorted(set(now) | set(self.before)):
                if now.get(path) == self.before.get(path):
                    continue
                parent, name = os.path.split(path)
                if path not in now:
                    if not parent or parent in now:  # else the whiteout of the parent hides it
                        tar.addfile(header(os.path.join(parent, '.wh.' + name)))
                    continue
                kind, mode, content = now[path]
                info = header(path, mode)
                if kind == 'd':
                    info.type = tarfile.DIRTYPE
                elif kind == 'l':
                    info.type, info.linkname = tarfile.SYMTYPE, content
                else:
                    info.size = len(content)
                tar.addfile(info, io.BytesIO(content) if kind == 'f' else None)
        self.before = now
        self.layers.append((comment, out.getvalue()))

    def write(self, corpus, truth):
        """Writes the layout and the truth file."""
        folder = os.path.join(corpus.dir, 'images', self.name)

        def blob(content, media):
            digest = hashlib.sha256(content).hexdigest()
            write(os.path.join(folder, 'blobs/sha256', digest), content)
            return {'mediaType': f'application/vnd.oci.image.{media}', 'digest': 'sha256:' + digest, 'size': len(content)}

        layers = [blob(gzip.compress(tar, 9, mtime=0), 'layer.v1.tar+gzip') for _, tar in self.layers]
        config = {'created': CREATED, 'architecture': 'amd64', 'os': 'linux',
                  'config': {'Env': ['PATH=/usr/bin'], 'Cmd': ['/bin/sh']},
                  'rootfs': {'type': 'layers', 'diff_ids': ['sha256:' + hashlib.sha256(tar).hexdigest() for _, tar in self.layers]},
                  'history': [{'created': CREATED, 'created_by': comment} for comment, _ in self.layers]}
        manifest = {'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
                    'config': blob(json.dumps(config).encode(), 'config.v1+json'), 'layers': layers}
        dump(os.path.join(folder, 'index.json'), {'schemaVersion': 2, 'manifests': [blob(json.dumps(manifest).encode(), 'manifest.v1+json')]})
        dump(os.path.join(folder, 'oci-layout'), {'imageLayoutVersion': '1.0.0'})
        corpus.truth(self.name, truth)


def header(path, mode=0o644):
    info = tarfile.TarInfo(path)
    info.mode, info.mtime = mode, EPOCH
    return info


def snapshot(root):
    """Returns kind, mode and content of everything below a folder."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            full = os.path.join(folder, name)
            path, mode = os.path.relpath(full, root), os.lstat(full).st_mode
            if stat.S_ISLNK(mode):
                found[path] = 'l', 0o777, os.readlink(full)
            elif stat.S_ISDIR(mode):
                found[path] = 'd', stat.S_IMODE(mode), None
            else:
                with open(full, 'rb') as f:
                    found[path] = 'f', stat.S_IMODE(mode), f.read()
    return found
