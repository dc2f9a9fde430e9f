"""Packages of languages, made and installed by the tools of each."""
import base64
import glob
import hashlib
import json
import os
import re
import shutil
import sys
import zipfile
from common import Registry, copy, dump, run, write

STAMP = (2024, 1, 1, 0, 0, 0)


def build(work):
    """Makes the packages. It returns a folder with one root file system a language."""
    for make in (python, npm, ruby, composer, java, golang):
        make(os.path.join(work, make.__name__))
    return work


def archive(path, files):
    """Writes a zip archive that depends on its content only."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as z:
        for name, text in sorted(files.items()):
            info = zipfile.ZipInfo(name, STAMP)
            info.external_attr, info.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            z.writestr(info, text)


# Python

SITE = 'srv/python/lib/python3.11/site-packages'
DISTRIBUTIONS = [  # name, version, further lines
    ('Tide.Table', '2.0.1', 'License: BSD-3-Clause\nClassifier: License :: OSI Approved :: BSD License\nRequires-Dist: buoy>=1.4\n'),
    ('buoy', '1.4.0', 'License: MIT\n'),
    ('buoy', '1.5.0rc1', 'License: MIT\n'),
    ('log_line', '2024.1', 'License: Apache-2.0\n'),
]


def python(work):
    wheels = os.path.join(work, 'wheels')
    for name, version, lines in DISTRIBUTIONS:
        module = re.sub('[-_.]+', '_', name).lower()
        info = f'{re.sub("[-.]+", "_", name)}-{version}.dist-info'
        files = {f'{module}/__init__.py': f'version = "{version}"\n',
                 f'{info}/METADATA': f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: package of the small corpus\n{lines}',
                 f'{info}/WHEEL': 'Wheel-Version: 1.0\nGenerator: corpus (1)\nRoot-Is-Purelib: true\nTag: py3-none-any\n'}
        record = ''.join(f'{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(t.encode()).digest()).decode().rstrip("=")},{len(t)}\n' for n, t in sorted(files.items()))
        files[f'{info}/RECORD'] = record + f'{info}/RECORD,,\n'
        archive(os.path.join(wheels, f'{info.removesuffix(".dist-info")}-py3-none-any.whl'), files)
    pip(work, 'install', '--no-compile', '--target', os.path.join(work, 'root', SITE), 'Tide.Table==2.0.1', 'buoy==1.4.0', 'log-line')


def pip(work, command, *arguments):
    return run(sys.executable, '-m', 'pip', '--disable-pip-version-check', '--no-cache-dir', '-q', command, '--no-index', '--find-links', os.path.join(work, 'wheels'),
               '--root-user-action', 'ignore', *arguments)


def upgrade(work, root):
    """Installs a newer version. pip leaves the metadata of the old one in a target folder."""
    shutil.rmtree(os.path.join(root, SITE, 'buoy-1.4.0.dist-info'))
    pip(work, 'install', '--no-compile', '--upgrade', '--target', os.path.join(root, SITE), 'buoy==1.5.0rc1')


def normalized(name):
    return re.sub('[-_.]+', '-', name).lower()


LIST_WHEELS = '''
import email, glob, json, sys, zipfile
found = []
for wheel in sorted(glob.glob("*.whl")):
    z = zipfile.ZipFile(wheel)
    name = next(n for n in z.namelist() if n.endswith("/METADATA"))
    found.append([wheel, name, *describe(email.message_from_bytes(z.read(name)))])
'''
LIST_SITE = '''
import importlib.metadata, json, os
found = [[os.path.basename(d._path), *describe(d.metadata)] for d in importlib.metadata.distributions(path=["."])]
'''
DESCRIBE = '''
def describe(m):
    return [m["Name"], m["Version"], m.get_all("License") or [], [c.split(" :: ")[-1] for c in m.get_all("Classifier") or [] if c.startswith("License")]]
'''


def distribution(location, name, version, licenses, classifiers):
    return {'name': name, 'normalized_name': normalized(name), 'version': version, 'licenses': licenses, 'license_classifiers': classifiers, 'location': location}


def site(root, at=SITE):
    """Returns the distributions that importlib.metadata lists. pip list must agree."""
    folder = os.path.join(root, at)
    found = json.loads(run(sys.executable, '-c', DESCRIBE + LIST_SITE + 'print(json.dumps(found))', cwd=folder))
    listed = json.loads(run(sys.executable, '-m', 'pip', '--disable-pip-version-check', 'list', '--path', folder, '--format', 'json'))
    assert sorted((p['name'], p['version']) for p in listed) == sorted((f[1], f[2]) for f in found), (listed, found)
    return [distribution(f'{at}/{f[0]}/METADATA', *f[1:]) for f in found]


def python_cases(corpus, made, work):
    root = os.path.join(made, 'root')
    copy(root, [SITE], corpus.case('python-installed', 'pip', 'pip list and importlib.metadata', site(root)))
    wheels = os.path.join(made, 'wheels')
    found = json.loads(run(sys.executable, '-c', DESCRIBE + LIST_WHEELS + 'print(json.dumps(found))', cwd=wheels))
    folder = corpus.case('python-egg-wheel', 'wheels', 'email.parser of CPython', [distribution(f'opt/wheels/{f[0]}!{f[1]}', *f[2:]) for f in found])
    shutil.copytree(wheels, os.path.join(folder, 'opt/wheels'))

    texts = {'app/requirements.txt': '# pins\nTide.Table == 2.0.1 ; python_version > "3"\n-r requirements-more.txt\nlog-line >= 2023\n', 'app/requirements-more.txt': 'buoy==1.4.0 \\\n    # continued\n'}
    for name, text in texts.items():
        write(os.path.join(work, name), text)
    report = json.loads(pip(made, 'install', '--dry-run', '--ignore-installed', '--report', '-', '-r', os.path.join(work, 'app/requirements.txt')))
    asked = [{'name': p['metadata']['name'], 'version': p['metadata']['version'], 'normalized_name': normalized(p['metadata']['name'])} for p in report['install'] if p['requested']]
    ranges = [p for p in asked if p['normalized_name'] == 'log-line']
    folder = corpus.case('python-requirements', 'pins', 'pip install --dry-run --report', [p for p in asked if p not in ranges], may=ranges)
    copy(work, ['app'], folder)


# Node.js

NPM = 'srv/node'
MODULES = [  # name, version, dependencies
    ('@fleet/compass', '3.2.1', {'chart': '^2.0.0'}),
    ('sextant', '1.0.4', {'chart': '^1.0.0'}),
    ('chart', '1.0.0', {}),
    ('chart', '2.1.0', {}),
    ('sounding', '0.3.0', {}),
]


SHIP = {'name': 'ship', 'version': '1.0.0', 'license': 'ISC', 'private': True,
        'dependencies': {'@fleet/compass': '^3.0.0', 'sextant': '1.0.4'}, 'devDependencies': {'sounding': '~0.3.0'}}


def pack(work):
    """Packs the modules and returns a registry that serves them."""
    registry, documents = Registry(), {}
    for name, version, dependencies in MODULES:
        folder = os.path.join(work, 'modules', f'{name}-{version}'.replace('/', '-'))
        manifest = {'name': name, 'version': version, 'license': 'MIT', 'dependencies': dependencies, 'main': 'index.js'}
        dump(os.path.join(folder, 'package.json'), manifest)
        write(os.path.join(folder, 'index.js'), f'module.exports = "{name}";\n')
        packed = json.loads(run('npm', 'pack', '--json', '--pack-destination', folder, cwd=folder))
        packed = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
        path = f'/{name}/-/{packed["filename"]}'
        with open(os.path.join(folder, packed['filename']), 'rb') as f:
            registry.files[path] = f.read()
        d = documents.setdefault(name, {'name': name, 'dist-tags': {}, 'versions': {}})
        d['dist-tags']['latest'] = version
        d['versions'][version] = {**manifest, 'dist': {'tarball': registry.url + path, 'integrity': packed['integrity'], 'shasum': packed['shasum']}}
    for name, document in documents.items():
        registry.files['/' + name] = json.dumps(document).encode()
    return registry


def npm(work):
    registry = pack(work)
    app = os.path.join(work, 'root', NPM)
    dump(os.path.join(app, 'package.json'), SHIP)
    run('npm', 'install', '--registry', registry.url, '--no-audit', '--no-fund', '--ignore-scripts', '--cache', os.path.join(work, 'cache'), cwd=app)
    registry.rename(*(os.path.join(app, lock) for lock in ('package-lock.json', 'node_modules/.package-lock.json')))


def modules(app, *flags):
    """Returns the packages that npm query lists, and npm ls agrees with, below the root package."""
    found = [p for p in json.loads(run('npm', 'query', '*', *flags, cwd=app)) if p['location']]
    tree = json.loads(run('npm', 'ls', '--all', '--json', *flags, cwd=app))

    def names(node):
        for name, d in node.get('dependencies', {}).items():
            yield name, d['version']
            yield from names(d)
    assert sorted(set(names(tree))) == sorted({(p['name'], p['version']) for p in found}), (tree, found)
    return found


def npm_cases(corpus, made, work):
    root = os.path.join(made, 'root')
    app = os.path.join(root, NPM)
    project = [{'name': 'ship', 'version': '1.0.0'}]
    copy(root, [f'{NPM}/node_modules'], corpus.case('npm-package-json', 'installed', 'npm query and npm ls', [
        {'name': p['name'], 'version': p['version'], 'licenses': [p['license']], 'location': f'{NPM}/{p["location"]}/package.json'} for p in modules(app)]))
    locked = os.path.join(work, 'lock')
    copy(app, ['package.json', 'package-lock.json'], locked)
    copy(locked, ['package-lock.json'], corpus.case('npm-lock', 'locked', 'npm query and npm ls --package-lock-only', [
        {'name': p['name'], 'version': p['version'], 'dev': bool(p['dev']), 'location': p['location']} for p in modules(locked, '--package-lock-only')], may=project))


# Ruby

GEMS = 'srv/ruby'
RUBY = [('capstan', '2.3.0', ['winch (~> 1.1)'], 'MIT'), ('winch', '1.1.7', [], 'BSD-2-Clause'), ('bosun', '0.4.0.pre', [], 'Apache-2.0')]


def ruby(work):
    packed = os.path.join(work, 'gems')
    for name, version, dependencies, license in RUBY:
        folder = os.path.join(work, 'src', name)
        write(os.path.join(folder, f'lib/{name}.rb'), f'# {name}\n')
        needs = ''.join(f'  s.add_runtime_dependency "{d.split(" (")[0]}", "{d.split(" (")[1][:-1]}"\n' for d in dependencies)
        write(os.path.join(folder, name + '.gemspec'), f'Gem::Specification.new do |s|\n  s.name = "{name}"\n  s.version = "{version}"\n  s.summary = "package of the small corpus"\n'
              f'  s.authors = ["Example"]\n  s.homepage = "https://gems.example/{name}"\n  s.license = "{license}"\n  s.files = ["lib/{name}.rb"]\n{needs}end\n')
        os.makedirs(packed, exist_ok=True)
        run('gem', 'build', '--quiet', name + '.gemspec', '--output', os.path.join(packed, f'{name}-{version}.gem'), cwd=folder)
    home = os.path.join(work, 'root', GEMS)
    run('gem', 'install', '--local', '--no-document', '--prerelease', '--install-dir', home, *sorted(glob.glob(packed + '/*.gem'), reverse=True), cwd=packed)
    for name in ('cache', 'build_info', 'doc', 'extensions', 'plugins'):
        shutil.rmtree(os.path.join(home, name), ignore_errors=True)
    write(os.path.join(work, 'app/Gemfile'), 'source "https://registry.example"\ngem "capstan", "~> 2.0"\ngem "bosun", ">= 0.4.0.pre", group: :test\n')
    env = {'GEM_HOME': home, 'GEM_PATH': home, 'BUNDLE_GEMFILE': os.path.join(work, 'app/Gemfile'), 'BUNDLE_SILENCE_ROOT_WARNING': '1'}
    run('bundle3.1', 'lock', '--local', cwd=os.path.join(work, 'app'), env=env)


LIST_GEMS = 'require "json"; puts JSON.generate(Dir["specifications/*.gemspec"].sort.map { |f| s = Gem::Specification.load(f); [f, s.name, s.version.to_s, s.licenses] })'
LIST_LOCK = 'require "json"; require "bundler"; puts JSON.generate(Bundler::LockfileParser.new(File.read("Gemfile.lock")).specs.map { |s| [s.name, s.version.to_s] })'


def gems(root):
    """Returns the gems that RubyGems loads. gem list must agree."""
    home = os.path.join(root, GEMS)
    found = json.loads(run('ruby', '-e', LIST_GEMS, cwd=home))
    listed = run('gem', 'list', '--local', '--no-details', env={'GEM_HOME': home, 'GEM_PATH': home})
    for _, name, version, _ in found:
        assert re.search(rf'^{name} \({re.escape(version)}\)$', listed, re.M), listed
    return [{'name': f[1], 'version': f[2], 'licenses': f[3], 'location': f'{GEMS}/{f[0]}'} for f in found]


def ruby_cases(corpus, made, work):
    root = os.path.join(made, 'root')
    copy(root, [f'{GEMS}/specifications'], corpus.case('ruby-gemspec', 'installed', 'gem list and Gem::Specification.load', gems(root)))
    locked = json.loads(run('ruby', '-e', LIST_LOCK, cwd=os.path.join(made, 'app')))
    copy(made, ['app/Gemfile.lock'], corpus.case('gemfile-lock', 'locked', 'Bundler::LockfileParser', [{'name': n, 'version': v} for n, v in locked]))


# PHP

PHP = 'srv/php'
LIBRARIES = [('harbour/dock', 'v1.2.0', {'harbour/crane': '^0.7'}, 'MIT'), ('harbour/crane', '0.7.3', {}, 'BSD-3-Clause'), ('harbour/gauge', '4.0.0', {}, 'GPL-2.0-or-later')]
COMPOSER = {'COMPOSER_ALLOW_SUPERUSER': '1', 'COMPOSER_DISABLE_NETWORK': '1', 'COMPOSER_NO_INTERACTION': '1', 'COMPOSER_ROOT_VERSION': '1.0.0'}


def composer(work):
    app = os.path.join(work, 'root', PHP)
    for name, version, needs, license in LIBRARIES:
        folder = os.path.join(work, 'root/srv/libraries', name)
        dump(os.path.join(folder, 'composer.json'), {'name': name, 'version': version, 'license': license, 'require': needs, 'description': 'package of the small corpus'})
        write(os.path.join(folder, 'src.php'), f'<?php // {name}\n')
    dump(os.path.join(app, 'composer.json'), {
        'name': 'harbour/ship', 'license': 'MIT', 'require': {'harbour/dock': '^1.0'}, 'require-dev': {'harbour/gauge': '^4.0'},
        'repositories': [{'type': 'path', 'url': '../libraries/*/*', 'options': {'symlink': False}}, {'packagist.org': False}]})
    run_composer(work, 'update', '--quiet', cwd=app)
    os.remove(os.path.join(app, 'vendor/autoload.php'))
    for name in os.listdir(os.path.join(app, 'vendor/composer')):
        if name not in ('installed.json', 'installed.php'):
            os.remove(os.path.join(app, 'vendor/composer', name))


def run_composer(work, *arguments, cwd):
    return run('composer', '--no-plugins', *arguments, cwd=cwd, env={**COMPOSER, 'COMPOSER_HOME': os.path.join(work, 'home')})


def libraries(work, app, *flags):
    """Returns the packages that composer show and composer licenses list."""
    def show(*more):
        return {p['name']: p['version'] for p in json.loads(run_composer(work, 'show', '--format=json', *flags, *more, cwd=app)).get('locked' if flags else 'installed', [])}
    listed, production = show(), show('--no-dev')
    licenses = json.loads(run_composer(work, 'licenses', '--format=json', cwd=app))['dependencies']
    return [{'name': n, 'version': v, 'licenses': licenses[n]['license'], 'dev': n not in production} for n, v in listed.items()]


def composer_cases(corpus, made, work):
    root = os.path.join(made, 'root')
    app = os.path.join(root, PHP)
    copy(root, [f'{PHP}/vendor/composer/installed.json'], corpus.case('composer-installed', 'installed', 'composer show and composer licenses', libraries(made, app)))
    copy(root, [f'{PHP}/composer.lock'], corpus.case('composer-lock', 'locked', 'composer show --locked and composer licenses', libraries(made, app, '--locked')))


# Java

JAVA = 'srv/java'


def java(work):
    lib = os.path.join(work, 'root', JAVA)
    lantern = jar(work, 'org.example.port', 'lantern', '1.2.0', {})
    jar(work, 'org.example.port', 'foghorn', '3.0', {})
    with open(lantern, 'rb') as f:
        jar(work, 'org.example.port', 'lighthouse', '2.0-SNAPSHOT', {'BOOT-INF/lib/lantern-1.2.0.jar': f.read()})
    os.remove(lantern)
    assert sorted(os.listdir(lib)) == ['foghorn-3.0.jar', 'lighthouse-2.0-SNAPSHOT.jar']


def jar(work, group, name, version, content):
    folder = os.path.join(work, 'src', name)
    maven = f'META-INF/maven/{group}/{name}'
    write(os.path.join(folder, maven, 'pom.properties'), f'version={version}\ngroupId={group}\nartifactId={name}\n')
    write(os.path.join(folder, maven, 'pom.xml'), f'<project><modelVersion>4.0.0</modelVersion><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></project>\n')
    for path, text in content.items():
        write(os.path.join(folder, path), text)
    manifest = os.path.join(work, name + '.mf')
    write(manifest, f'Implementation-Title: {name}\nImplementation-Version: {version}\n')
    out = os.path.join(work, 'root', JAVA, f'{name}-{version}.jar')
    os.makedirs(os.path.dirname(out), exist_ok=True)
    run('jar', '--create', '--no-compress', '--file', out, '--manifest', manifest, '--date', '2024-01-01T00:00:00Z', '-C', folder, '.')
    return out


def artifacts(root, work):
    """Returns the coordinates in the pom.properties that unzip finds, also in archives within archives."""
    found = []

    def read(file, location):
        names = run('unzip', '-Z1', file).splitlines()
        for name in names:
            if name.endswith('/pom.properties'):
                fields = dict(line.split('=', 1) for line in run('unzip', '-p', file, name).splitlines() if '=' in line)
                found.append({'group': fields['groupId'], 'artifact': fields['artifactId'], 'version': fields['version'], 'location': location})
            elif name.endswith('.jar'):
                run('unzip', '-oq', file, name, '-d', work)
                read(os.path.join(work, name), f'{location}!{name}')
    os.makedirs(work, exist_ok=True)
    for name in sorted(os.listdir(os.path.join(root, JAVA))):
        read(os.path.join(root, JAVA, name), f'{JAVA}/{name}')
    return found


def java_cases(corpus, made, work):
    root = os.path.join(made, 'root')
    copy(root, [JAVA], corpus.case('java-archive', 'nested', 'unzip -p META-INF/maven/*/*/pom.properties', [
        {'name': f'{a["group"]}:{a["artifact"]}', 'version': a['version'], 'location': a['location']} for a in artifacts(root, work)]))


# Go

GO = 'srv/go/beacon'
FLASH = ('flash.example/flash', 'v1.3.0')


def golang(work):
    """Builds a program of the module beacon.example/beacon, which needs a module of a proxy in a folder."""
    module, version = FLASH
    proxy = os.path.join(work, 'proxy', module, '@v')
    gomod = f'module {module}\n\ngo 1.26\n'
    write(f'{proxy}/list', version + '\n')
    dump(f'{proxy}/{version}.info', {'Version': version, 'Time': '2024-01-01T00:00:00Z'})
    write(f'{proxy}/{version}.mod', gomod)
    archive(f'{proxy}/{version}.zip', {f'{module}@{version}/go.mod': gomod, f'{module}@{version}/flash.go': 'package flash\n\nfunc Seconds() int { return 3 }\n'})
    src = os.path.join(work, 'src')
    write(f'{src}/go.mod', f'module beacon.example/beacon\n\ngo 1.26\n\nrequire {module} {version}\n')
    write(f'{src}/main.go', f'package main\n\nimport "{module}"\n\nfunc main() {{ println(flash.Seconds()) }}\n')
    out = os.path.join(work, 'root', GO)
    run('go', 'build', '-mod=mod', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', out, '.', cwd=src, env={
        'GOPROXY': f'file://{work}/proxy', 'GONOSUMDB': '*', 'GOFLAGS': '-modcacherw', 'GOMODCACHE': f'{work}/modules', 'CGO_ENABLED': '0', 'GOOS': 'linux', 'GOARCH': 'amd64'})


def modules_of(root):
    """Returns the modules that go version -m prints, and the standard library."""
    lines = run('go', 'version', '-m', os.path.join(root, GO)).splitlines()
    found = [('stdlib', lines[0].split(': go')[1])]
    for line in lines[1:]:
        fields = line.split('\t')[1:]
        if fields[0] in ('mod', 'dep'):
            found.append((fields[1], fields[2]))
    return found


def cases(corpus, made, work):
    for name, write_cases in (('python', python_cases), ('npm', npm_cases), ('ruby', ruby_cases), ('composer', composer_cases), ('java', java_cases)):
        write_cases(corpus, os.path.join(made, name), os.path.join(work, name))


def truth(root, work):
    """Returns the packages of all languages in a root file system, by the lists of their tools."""
    found = []
    for p in site(root):
        found.append({'type': 'pypi', 'name': p['name'], 'version': p['version'], 'path': '/' + p['location']})
    for p in modules(os.path.join(root, NPM)):
        found.append({'type': 'npm', 'name': p['name'], 'version': p['version'], 'path': f'/{NPM}/{p["location"]}/package.json'})
    for p in gems(root):
        found.append({'type': 'gem', 'name': p['name'], 'version': p['version'], 'path': '/' + p['location']})
    for p in libraries(os.path.join(work, 'composer'), os.path.join(root, PHP)):
        found.append({'type': 'composer', 'name': p['name'], 'version': p['version'], 'path': f'/{PHP}/vendor/composer/installed.json'})
    for p in artifacts(root, os.path.join(work, 'jars')):
        found.append({'type': 'maven', 'name': p['artifact'], 'group': p['group'], 'version': p['version'], 'path': '/' + p['location'].replace('!', '!/')})
    for name, version in modules_of(root):
        found.append({'type': 'golang', 'name': name, 'version': version.replace('(devel)', ''), 'path': '/' + GO})
    return found
