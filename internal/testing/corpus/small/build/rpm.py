"""Packages of RPM, made by rpmbuild and installed by rpm."""
import glob
import lzma
import os
import re
import sqlite3
import struct
import zlib
import system
from common import copy, run, write

VENDOR = 'Rocky Enterprise Software Foundation'
FORMAT = '%{NAME}\t%{EPOCHNUM}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t%{LICENSE}\t%{VENDOR}\t%{MODULARITYLABEL}\t[%{FILENAMES}\n]\x1e'
MANIFEST = '%{NAME}\t%{VERSION}-%{RELEASE}\t%{INSTALLTIME}\t%{BUILDTIME}\t%{VENDOR}\t%{EPOCH}\t%{SIZE}\t%{ARCH}\t%{EPOCHNUM}\t%{SOURCERPM}\n'

SPEC = '''Name: {name}
Version: {version}
Release: {release}
{fields}Summary: Package of the small corpus
License: {license}
Vendor: {vendor}
%description
A package of the small corpus.
{parts}'''

PART = '''%package {part}
Summary: Part of a package of the small corpus
%description {part}
Part of a package of the small corpus.
'''

# name, version, release, licence, fields, files by subpackage
PACKAGES = [
    ('mast', '3.1', '2.el9', 'GPLv2+', '', {'': ['/usr/bin/mast', '/usr/share/mast/height'], 'libs': ['/usr/lib64/libmast.so.3']}),
    ('mast', '3.1', '4.el9_4', 'GPLv2+', '', {'': ['/usr/bin/mast', '/usr/share/mast/height'], 'libs': ['/usr/lib64/libmast.so.3']}),
    ('sail', '0.9~rc2', '1.el9', 'MIT', 'Epoch: 2\nBuildArch: noarch\n', {'': ['/usr/share/sail/area']}),
    ('jib', '5.0.1', '1.module+el9.4.0+7+a1b2c3d4', 'ASL 2.0', 'ModularityLabel: sails:5:9040020240101000000:a1b2c3d4\n', {'': ['/usr/bin/jib']}),
    ('ballast', '1', '1.el9', 'Public Domain', 'BuildArch: noarch\n', {'': ['/usr/share/ballast/lead']}),
]


def build(work):
    """Makes the packages and returns their files by name and version."""
    files = {}
    for name, version, release, license, fields, parts in PACKAGES:
        body = ''.join(PART.format(part=p) for p in parts if p)
        body += '%install\n' + ''.join(f'mkdir -p %{{buildroot}}{os.path.dirname(f)}\necho {name} {version} {release} >%{{buildroot}}{f}\n' for fs in parts.values() for f in fs)
        for part, list in parts.items():
            body += f'%files {part}\n' + ''.join(f'%attr(644,root,root) {f}\n' for f in list)
        spec = os.path.join(work, f'{name}-{release}.spec')
        write(spec, SPEC.format(name=name, version=version, release=release, license=license, fields=fields, vendor=VENDOR, parts=body))
        out = os.path.join(work, f'{name}-{release}')
        run('rpmbuild', '-bb', '--quiet', '--target', 'x86_64' if 'noarch' not in fields else 'noarch', *defines(out), spec)
        for file in glob.glob(out + '/RPMS/**/*.rpm', recursive=True):
            tag = run('rpm', '-qp', '--nosignature', '--qf', '%{NAME}', file)
            files[tag, f'{version}-{release}'] = file
    return files


def defines(top):
    values = {'_topdir': top, '_buildhost': 'build.example', 'use_source_date_epoch_as_buildtime': '1', 'clamp_mtime_to_source_date_epoch': '1', 'debug_package': '%{nil}',
              '_build_id_links': 'none', '__os_install_post': '%{nil}', '_binary_payload': 'w9.gzdio', '_source_payload': 'w9.gzdio'}
    return [a for k, v in values.items() for a in ('--define', f'{k} {v}')]


def prepare(root):
    for name in ('var/lib/rpm', 'var/tmp', 'etc', 'usr/lib'):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    write(os.path.join(root, 'usr/lib/os-release'), system.ROCKY)
    os.symlink('../usr/lib/os-release', os.path.join(root, 'etc/os-release'))


def rpm(root, *arguments, backend='sqlite'):
    out = run('rpm', '--root', root, '--dbpath', '/var/lib/rpm', '--define', f'_db_backend {backend}', '--nosignature', '--noplugins', *arguments)
    for name in ('rpmdb.sqlite-wal', 'rpmdb.sqlite-shm', '.rpm.lock'):
        if os.path.exists(f'{root}/var/lib/rpm/{name}'):
            os.remove(f'{root}/var/lib/rpm/{name}')
    return out


def install(root, *files):
    rpm(root, '--upgrade', '--nodeps', '--ignorearch', '--ignoreos', *files)


def query(root, backend='sqlite'):
    """Returns the packages that rpm -qa lists. Versions have the epoch as a prefix unless it is 0."""
    packages = []
    for row in rpm(root, '-qa', '--qf', FORMAT, backend=backend).split('\x1e')[:-1]:
        name, epoch, version, arch, source, license, vendor, module, files = row.split('\t')
        source_name, source_version = re.fullmatch(r'(.+)-([^-]+-[^-]+)\.src\.rpm', source).groups()
        p = {'name': name, 'version': version if epoch == '0' else f'{epoch}:{version}', 'arch': arch, 'source_rpm': source, 'source_name': source_name,
             'source_version': source_version, 'licenses': [license], 'vendor': vendor, 'file_count': len(files.split('\n')) - 1}
        if module != '(none)':
            p['modularitylabel'] = module
        packages.append(p)
    return packages


def first(rpms):
    return [rpms[k] for k in (('mast', '3.1-2.el9'), ('mast-libs', '3.1-2.el9'), ('sail', '0.9~rc2-1.el9'), ('ballast', '1-1.el9'))]


def headers(root):
    """Returns the headers in the SQLite database by number. All databases of RPM have the same headers."""
    with sqlite3.connect(f'file:{root}/var/lib/rpm/rpmdb.sqlite?mode=ro', uri=True) as db:
        return db.execute('SELECT hnum, blob FROM Packages ORDER BY hnum').fetchall()


def berkeley(headers, path):
    """Writes a database of Berkeley DB with its own loader. Entry 0 has the highest number."""
    entries = [(0, struct.pack('<I', headers[-1][0])), *headers]
    lines = ''.join(f' {struct.pack("<I", number).hex()}\n {blob.hex()}\n' for number, blob in entries)
    run('db5.3_load', path, stdin=f'VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END\n{lines}DATA=END\n')
    with open(path, 'r+b') as f:
        content = f.read()
        f.seek(0)
        f.write(b''.join(page(bytearray(content[i:i + 4096])) for i in range(0, len(content), 4096)))


def page(p):
    """Clears what differs each time: the identity of the file, and memory that the loader never set."""
    entries, offset = struct.unpack_from('<HH', p, 20)
    if p[25] == 8:  # the first page
        p[52:72] = bytes(20)
    elif p[25] == 7:  # a part of a long entry
        p[26 + offset:] = bytes(4096 - 26 - offset)
    elif p[25] == 13:  # offsets of entries, and the entries from the end of the page
        p[26 + 2 * entries:offset] = bytes(offset - 26 - 2 * entries)
        for entry in struct.unpack_from(f'<{entries}H', p, 26):
            if p[entry] == 3:  # the number of a page and a length, aligned
                p[entry + 1:entry + 4] = bytes(3)
    return p


def ndb(headers, path):
    """Writes a database of NDB, as lib/backend/ndb/rpmpkg.c of RPM describes it. The rpm of Debian can't write or read one."""
    slots, blobs = b'', b''
    for number, blob in headers:
        body = struct.pack('<4sIII', b'BlbS', number, 1, len(blob)) + blob
        body += bytes(-(len(body) + 12) % 16)
        body += struct.pack('<II4s', zlib.adler32(body), len(blob), b'BlbE')
        slots += struct.pack('<4sIII', b'Slot', number, (4096 + len(blobs)) // 16, len(body) // 16)
        blobs += body
    slots += struct.pack('<4sIII', b'Slot', 0, 0, 0) * ((4096 - 32 - len(slots)) // 16)
    write(path, struct.pack('<4s7I', b'RpmP', 0, len(headers), 1, headers[-1][0] + 1, 0, 0, 0) + slots + blobs)


def database(root, folder, name='var/lib/rpm/rpmdb.sqlite'):
    """Copies the database, compressed."""
    copy(root, ['usr/lib/os-release'], folder)
    with open(os.path.join(root, name), 'rb') as f:
        write(os.path.join(folder, name + '.xz'), lzma.compress(f.read(), preset=9))


def cases(corpus, rpms, work):
    prepare(work)
    install(work, *first(rpms), rpms['jib', '5.0.1-1.module+el9.4.0+7+a1b2c3d4'])
    database(work, corpus.case('rpm-sqlite', 'installed', 'rpm -qa', query(work)))
    berkeley(headers(work), os.path.join(work, 'var/lib/rpm/Packages'))
    database(work, corpus.case('rpm-bdb', 'loaded', 'rpm -qa', query(work, 'bdb_ro')), 'var/lib/rpm/Packages')
    os.remove(os.path.join(work, 'var/lib/rpm/Packages'))
    ndb(headers(work), os.path.join(work, 'var/lib/rpm/Packages.db'))
    database(work, corpus.case('rpm-ndb', 'written', 'rpm -qa of the SQLite database with the same headers', query(work)), 'var/lib/rpm/Packages.db')
    os.remove(os.path.join(work, 'var/lib/rpm/Packages.db'))
    manifest = rpm(work, '-qa', '--qf', MANIFEST)
    listed = [{k: v for k, v in p.items() if k not in ('licenses', 'file_count', 'modularitylabel')} for p in query(work)]
    folder = corpus.case('rpm-manifest', 'installed', 'rpm -qa', listed)
    copy(work, ['usr/lib/os-release'], folder)
    write(os.path.join(folder, 'var/lib/rpmmanifest/container-manifest-2'), manifest)
    rpm(work, '--erase', '--nodeps', 'mast', 'jib')  # the database keeps their pages
    database(work, corpus.case('rpm-sqlite', 'erased', 'rpm -qa', query(work)))


def truth(root):
    return [{'type': 'rpm', 'name': p['name'], 'version': p['version'], 'path': '/var/lib/rpm', 'arch': p['arch'], 'source': p['source_rpm']} for p in query(root)]
