"""Packages of dpkg, made by dpkg-deb and installed by dpkg."""
import hashlib
import json
import os
import system
from common import copy, run, write

MAINTAINER = 'Example Maintainers <example@packages.debian.org>'
FORMAT = '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}\t${db:Status-Status}\n'

METADATA = 'Metadata-Version: 2.1\nName: deckhand\nVersion: 0.9.1\nLicense: MIT\n'

# name, version, architecture, fields, files
PACKAGES = [
    ('keel-utils', '1.4.2-3', 'amd64', 'Source: keel\nDepends: libkeel1 (= 1.4.2-3)\n', {'usr/bin/keel': '#!/bin/sh\necho keel\n'}),
    ('libkeel1', '1.4.2-3', 'amd64', 'Source: keel\n', {'usr/lib/libkeel.so.1': 'keel 1.4.2\n'}),
    ('libkeel1', '1.4.2-3+deb12u1', 'amd64', 'Source: keel\n', {'usr/lib/libkeel.so.1': 'keel 1.4.2, fixed\n'}),
    ('keel-utils', '1.4.2-3+deb12u1', 'amd64', 'Source: keel\nDepends: libkeel1 (= 1.4.2-3+deb12u1)\n', {'usr/bin/keel': '#!/bin/sh\necho keel fixed\n'}),
    ('libtide2', '0.5-1', 'amd64', 'Source: tide\nMulti-Arch: same\n', {'usr/lib/libtide.so.2': 'tide\n'}),
    ('rope', '1:2.0~rc1-1+b2', 'amd64', 'Source: rope (1:2.0~rc1-1)\n', {'usr/bin/rope': '#!/bin/sh\necho rope\n', 'etc/rope.conf': 'length=20\n'}),
    ('knots', '7', 'all', '', {'usr/share/knots/bowline': 'a loop\n', 'usr/share/doc/knots/copyright': 'License: MIT\n'}),
    ('python3-deckhand', '0.9.1-2', 'all', 'Source: deckhand\n', {
        'usr/lib/python3/dist-packages/deckhand/__init__.py': '',
        'usr/lib/python3/dist-packages/deckhand-0.9.1.dist-info/METADATA': METADATA,
    }),
]


def build(work):
    """Makes the packages and returns their files by name and version."""
    files = {}
    for name, version, arch, fields, content in PACKAGES:
        root = os.path.join(work, f'{name}_{version}')
        for path, text in content.items():
            write(os.path.join(root, path), text, 0o755 if '/bin/' in path else 0o644)
        sums = ''.join(f'{hashlib.md5(text.encode()).hexdigest()}  {path}\n' for path, text in sorted(content.items()) if not path.startswith('etc/'))
        write(os.path.join(root, 'DEBIAN/md5sums'), sums)
        if any(p.startswith('etc/') for p in content):
            write(os.path.join(root, 'DEBIAN/conffiles'), ''.join(f'/{p}\n' for p in content if p.startswith('etc/')))
        write(os.path.join(root, 'DEBIAN/control'),
              f'Package: {name}\nVersion: {version}\nArchitecture: {arch}\nMaintainer: {MAINTAINER}\n{fields}Section: misc\nPriority: optional\n'
              f'Description: package of the small corpus\n It has a description with\n .\n two paragraphs.\n')
        file = os.path.join(work, f'{name}_{version.replace(":", "%3a")}_{arch}.deb')
        run('dpkg-deb', '--root-owner-group', '--build', root, file)
        files[name, version] = file
    return files


def prepare(root):
    """Makes a root file system without packages."""
    write(os.path.join(root, 'var/lib/dpkg/status'), '')
    for name in ('var/lib/dpkg/info', 'var/lib/dpkg/updates', 'etc', 'usr/lib', 'usr/bin'):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    write(os.path.join(root, 'usr/lib/os-release'), system.DEBIAN)
    os.symlink('../usr/lib/os-release', os.path.join(root, 'etc/os-release'))


def dpkg(root, *arguments):
    run('dpkg', f'--root={root}', '--force-not-root,unsafe-io', '--log=/dev/null', *arguments)
    for name in ('var/lib/dpkg/lock', 'var/lib/dpkg/lock-frontend', 'var/lib/dpkg/status-old', 'var/lib/dpkg/available', 'var/lib/dpkg/triggers'):
        run('rm', '-rf', os.path.join(root, name))


def query(root):
    """Returns the packages that dpkg-query lists, by status."""
    by = {}
    for line in run('dpkg-query', f'--admindir={root}/var/lib/dpkg', '-W', '-f', FORMAT).splitlines():
        name, version, arch, source, source_version, maintainer, status = line.split('\t')
        by.setdefault(status, []).append({
            'name': name, 'version': version, 'arch': arch, 'source_name': source, 'source_version': source_version, 'maintainer': maintainer})
    return by


def lists(root, p):
    """Returns what the files of a package in dpkg's info directory list."""
    info = os.path.join(root, 'var/lib/dpkg/info')
    base = p['name'] if os.path.exists(f'{info}/{p["name"]}.list') else f'{p["name"]}:{p["arch"]}'
    files = sorted(f for f in run('dpkg-query', f'--admindir={root}/var/lib/dpkg', '-L', p['name'] + (':' + p['arch'] if ':' in base else '')).splitlines() if f != '/.')
    with open(f'{info}/{base}.md5sums') as f:
        sums = f.read().splitlines()
    return {'info_basename': base, 'file_list_count': len(files), 'file_list_sha256': hashlib.sha256('\n'.join(files).encode()).hexdigest(), 'md5sums_count': len(sums)}


COPYRIGHT = {
    'rope': '''Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: rope

Files: *
Copyright: 2024 Example
License: GPL-2+ or Artistic
 See /usr/share/common-licenses/GPL-2.

Files: src/knot.c
Copyright: 2023 Example
License: Expat
 Permission is hereby granted.
 .
 License: this line is text

Files: debian/*
Copyright: 2024 Example
License: Expat
''',
    'tide': '''This package was debianized by Example.

The library is distributed under the terms of the GNU Lesser General Public License. On Debian systems,
the text is in /usr/share/common-licenses/LGPL-2.1. The tools come under /usr/share/common-licenses/BSD.
''',
}

LIST_COPYRIGHT = '''
import json, re, sys
from debian.copyright import Copyright, NotMachineReadableError
text = sys.stdin.read()
found = {'dep5': True, 'common_licenses': sorted(set(re.findall(r'/usr/share/common-licenses/([\\w.-]*\\w)', text)))}
try:
    found['license_synopses'] = sorted({p.license.synopsis for p in Copyright(text.splitlines(True)).all_paragraphs() if getattr(p, 'license', None)})
except NotMachineReadableError:
    found['dep5'] = False
print(json.dumps(found))
'''


def copyright_cases(corpus):
    texts = {f'usr/share/doc/{name}/copyright': text for name, text in COPYRIGHT.items()}
    listed = {path: json.loads(run('/usr/bin/python3', '-c', LIST_COPYRIGHT, stdin=text)) for path, text in texts.items()}
    folder = corpus.case('dpkg-copyright', 'both-forms', 'debian.copyright of python-debian, a regular expression for common licences', [], oracle='independent script', copyright=listed)
    for path, text in texts.items():
        write(os.path.join(folder, path), text)


def cases(corpus, debs, work):
    copyright_cases(corpus)
    oracle = 'dpkg-query -W'
    prepare(work)
    first = [debs[k] for k in (('libkeel1', '1.4.2-3'), ('keel-utils', '1.4.2-3'), ('rope', '1:2.0~rc1-1+b2'), ('knots', '7'), ('python3-deckhand', '0.9.1-2'))]
    dpkg(work, '--install', *first)
    dpkg(work, '--remove', 'rope')  # leaves its configuration
    by = query(work)
    assert [p['name'] for p in by['config-files']] == ['rope'], by
    folder = corpus.case('dpkg-status', 'installed', oracle, by['installed'], must_not=by['config-files'])
    copy(work, ['usr/lib/os-release', 'var/lib/dpkg/status'], folder)

    folder = corpus.case('dpkg-info', 'installed', oracle + ' and -L', [{**p, **lists(work, p)} for p in by['installed']], must_not=by['config-files'])
    copy(work, ['usr/lib/os-release', 'var/lib/dpkg/status', 'var/lib/dpkg/info'], folder)

    packages = []
    texts = {}
    for key in (('libkeel1', '1.4.2-3'), ('knots', '7')):
        control = run('dpkg-deb', '--field', debs[key])
        path = f'var/lib/dpkg/status.d/{key[0]}'
        texts[path] = control
        texts[path + '.md5sums'] = run('dpkg-deb', '--info', debs[key], 'md5sums')
        name, version, arch, source, source_version, maintainer = run(
            'dpkg-deb', '--show', '--showformat', '${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\t${Maintainer}', debs[key]).split('\t')
        packages.append({'name': name, 'version': version, 'arch': arch, 'source_name': source, 'source_version': source_version, 'maintainer': maintainer, 'location': path})
    folder = corpus.case('dpkg-statusd', 'distroless', 'dpkg-deb --show', packages)
    for path, text in texts.items():
        write(os.path.join(folder, path), text)


def truth(root):
    return [{'type': 'deb', 'name': p['name'], 'version': p['version'], 'path': '/var/lib/dpkg/status', 'arch': p['arch'],
             'source': p['source_name'], 'source_version': p['source_version'], 'os_owned': False} for p in query(root)['installed']]


def owned(root, path):
    """Reports whether a package lists a path."""
    info = os.path.join(root, 'var/lib/dpkg/info')
    for name in os.listdir(info):
        if name.endswith('.list'):
            with open(os.path.join(info, name)) as f:
                if path in f.read().splitlines():
                    return True
    return False
