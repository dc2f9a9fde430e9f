"""Cases that no image has: lock files, a POM, PEAR's registry, and files that no tool of Debian or npm makes."""
import glob
import hashlib
import json
import os
import re
import languages
from common import EPOCH, Registry, copy, dump, run, write

SCRIPT = 'independent script'
MADE_BY_HAND = 'made by hand as the documentation of the format describes; listed by '


def cases(corpus, tools, wheels, work):
    """Writes the cases. tools is the folder in which npm installed yarn, pnpm and bun."""
    javascript(corpus, os.path.abspath(tools), os.path.join(work, 'javascript'))
    python(corpus, wheels, os.path.join(work, 'python'))
    maven(corpus, os.path.join(work, 'maven'))
    pear(corpus, os.path.join(work, 'pear'))
    apk(corpus)
    gradle(corpus)


# JavaScript

def javascript(corpus, tools, work):
    registry = languages.pack(work)
    env = {'HOME': os.path.join(work, 'home'), 'XDG_CACHE_HOME': os.path.join(work, 'cache')}
    yarn, berry, pnpm = (('node', os.path.join(tools, 'node_modules', p)) for p in ('yarn/bin/yarn.js', '@yarnpkg/cli-dist/bin/yarn.js', 'pnpm/bin/pnpm.cjs'))
    bun = (os.path.join(tools, 'node_modules/.bin/bun'),)
    install = ('install', '--registry', registry.url, '--ignore-scripts')

    def lock(format, name, install, tool, list, **texts):
        """Writes the case of a tool. list calls the tool and returns names, versions and whether a package is for development only."""
        app = os.path.join(work, format, 'app')
        dump(os.path.join(app, 'package.json'), languages.SHIP)
        for file, text in texts.items():
            write(os.path.join(app, file), text)
        run(*tool, *install, cwd=app, env=env)
        found = list(lambda *arguments: run(*tool, *arguments, cwd=app, env=env))
        registry.rename(os.path.join(app, name))
        detail = f'{os.path.basename(tool[-1]).split(".")[0]} {run(*tool, "--version", cwd=app, env=env).strip()}'
        copy(os.path.dirname(app), [f'app/{name}'], corpus.case(format, 'locked', detail, [{'name': n, 'version': v, 'dev': dev} for n, v, dev in found]))

    lock('yarn-lock-v1', 'yarn.lock', install, yarn, lambda run: yarn_tree(json.loads(run('list', '--json', '--frozen-lockfile'))['data']['trees']))
    lock('yarn-lock-berry', 'yarn.lock', ('install', '--no-immutable'), berry, lambda run: berry_list(run('info', '--all', '--recursive', '--json')), **{
        'yarn.lock': '', '.yarnrc.yml': f'npmRegistryServer: "{registry.url}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nnpmMinimalAgeGate: 0\nenableTelemetry: false\nenableGlobalCache: false\n'})
    lock('pnpm-lock', 'pnpm-lock.yaml', (*install, '--store-dir', os.path.join(work, 'store')), pnpm, pnpm_list)
    lock('bun-lock', 'bun.lock', install, bun, lambda run: [(*found, False) for found in re.findall(r'── (\S+)@(\S+)', run('pm', 'ls', '--all'))])


def yarn_tree(trees):
    for tree in trees:
        if not tree.get('shadow'):
            yield *tree['name'].rsplit('@', 1), False
            yield from yarn_tree(tree['children'])


def berry_list(lines):
    """Returns what yarn info lists, a document a line, except the project itself."""
    for p in map(json.loads, lines.splitlines()):
        if '@npm:' in p['value']:
            yield p['value'].split('@npm:')[0], p['children']['Version'], False


def pnpm_list(run):
    def names(node):
        for section in ('dependencies', 'devDependencies'):
            for name, p in node.get(section, {}).items():
                yield name, p['version']
                yield from names(p)
    everything, production = (set(names(json.loads(run('list', '--json', '--depth', 'Infinity', *flags))[0])) for flags in ((), ('--prod',)))
    return [(*p, p not in production) for p in sorted(everything)]


# Python

PYPROJECT = '''[tool.poetry]
name = "ship"
version = "1.0.0"
description = ""
authors = []

[tool.poetry.dependencies]
python = "^3.11"
tide-table = "^2.0"

[tool.poetry.group.test.dependencies]
log-line = "*"

[[tool.poetry.source]]
name = "example"
url = "{url}/simple/"
default = true

[project]
name = "ship"
version = "1.0.0"
requires-python = ">=3.11"
dependencies = ["tide-table~=2.0"]

[tool.pdm.dev-dependencies]
test = ["log-line"]

[[tool.pdm.source]]
name = "pypi"
url = "{url}/simple/"
verify_ssl = false
'''

PIPFILE = '''[[source]]
name = "example"
url = "{url}/simple"
verify_ssl = false

[packages]
tide-table = "~=2.0"

[dev-packages]
log-line = "*"
'''

UV = '''version = 1
revision = 2
requires-python = ">=3.11"

[[package]]
name = "buoy"
version = "1.4.0"
source = {{ registry = "https://registry.example/simple" }}
wheels = [
    {{ url = "https://registry.example/wheels/{buoy}", hash = "sha256:{buoy_hash}", size = {buoy_size} }},
]

[[package]]
name = "ship"
version = "1.0.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "tide-table" }},
]

[package.metadata]
requires-dist = [{{ name = "tide-table", specifier = "~=2.0" }}]

[[package]]
name = "tide-table"
version = "2.0.1"
source = {{ registry = "https://registry.example/simple" }}
dependencies = [
    {{ name = "buoy" }},
]
wheels = [
    {{ url = "https://registry.example/wheels/{tide}", hash = "sha256:{tide_hash}", size = {tide_size} }},
]
'''

PYLOCK = '''lock-version = "1.0"
requires-python = ">=3.11"
created-by = "corpus"

[[packages]]
name = "buoy"
version = "1.4.0"
wheels = [
    {{ name = "{buoy}", url = "https://registry.example/wheels/{buoy}", size = {buoy_size}, hashes = {{ sha256 = "{buoy_hash}" }} }},
]

[[packages]]
name = "tide-table"
version = "2.0.1"
dependencies = [{{ name = "buoy" }}]
wheels = [
    {{ name = "{tide}", url = "https://registry.example/wheels/{tide}", size = {tide_size}, hashes = {{ sha256 = "{tide_hash}" }} }},
]
'''

LIST_TOML = 'import json, sys, tomllib; print(json.dumps([[p["name"], p["version"], "virtual" in p.get("source", {})] for p in tomllib.loads(sys.stdin.read())[sys.argv[1]]]))'


def python(corpus, wheels, work):
    registry, fields = Registry(48217), {}  # pdm and pipenv hash the address, so the port is always the same
    for path in sorted(glob.glob(wheels + '/*.whl')):
        with open(path, 'rb') as f:
            content = f.read()
        file, sum = os.path.basename(path), hashlib.sha256(content).hexdigest()
        registry.files['/wheels/' + file] = content
        index = f'/simple/{languages.normalized(file.split("-")[0])}/'
        registry.files[index] = registry.files.get(index, b'') + f'<a href="/wheels/{file}#sha256={sum}">{file}</a>\n'.encode()
        for key, prefix in (('buoy', 'buoy-1.4.0-'), ('tide', 'Tide_Table-')):
            if file.startswith(prefix):
                fields.update({key: file, key + '_hash': sum, key + '_size': len(content)})
    system = '/usr/bin/python3'  # the tools are packages of Debian
    app = os.path.join(work, 'app')
    write(os.path.join(app, 'pyproject.toml'), PYPROJECT.format(url=registry.url))
    write(os.path.join(app, 'Pipfile'), PIPFILE.format(url=registry.url))
    run(system, '-m', 'virtualenv', '--quiet', '--no-download', '--no-pip', '--no-setuptools', '--no-wheel', os.path.join(app, '.venv'))
    env = {'HOME': os.path.join(work, 'home'), 'XDG_CACHE_HOME': os.path.join(work, 'cache'), 'PIP_CONFIG_FILE': '/dev/null', 'NO_COLOR': '1',
           'POETRY_VIRTUALENVS_CREATE': 'false', 'PYTHON_KEYRING_BACKEND': 'keyring.backends.null.Keyring',
           'PDM_CHECK_UPDATE': 'false', 'PIPENV_VENV_IN_PROJECT': '1', 'PIPENV_IGNORE_VIRTUALENVS': '1', 'PIPENV_PYTHON': system}

    def lock(format, name, tool, pattern, list, production, lock=('lock',)):
        """Writes the case of a tool. list has the arguments that print every package, production those that print the packages of production."""
        run(system, '/usr/bin/' + tool, *lock, cwd=app, env=env)
        everything, rest = (re.findall(pattern, run(system, '/usr/bin/' + tool, *a, cwd=app, env=env), re.M) for a in (list, production))
        detail = f'{tool} {" ".join(list)}'
        registry.rename(os.path.join(app, name))
        copy(work, ['app/' + name], corpus.case(format, 'locked', detail, [distribution(n, v, (n, v) not in rest) for n, v in everything]))

    lock('poetry-lock', 'poetry.lock', 'poetry', r'^(\S+) +(?:\(!\) )?(\d\S*)', ('show', '--no-ansi'), ('show', '--no-ansi', '--only', 'main'), lock=('lock', '--no-interaction', '--no-ansi'))
    pins = r'^([\w.-]+)==([^\s;]+)'
    lock('pdm-lock', 'pdm.lock', 'pdm', pins, ('export', '--without-hashes'), ('export', '--without-hashes'))  # the file doesn't say what is for development
    lock('pipfile-lock', 'Pipfile.lock', 'pipenv', pins, ('requirements', '--dev'), ('requirements',))
    for format, name, text, table in (('uv-lock', 'uv.lock', UV, 'package'), ('pylock', 'pylock.toml', PYLOCK, 'packages')):
        text = text.format(**fields)
        listed = json.loads(run('python3', '-c', LIST_TOML, table, stdin=text))
        folder = corpus.case(format, 'written', MADE_BY_HAND + 'tomllib of CPython', [distribution(n, v, False) for n, v, own in listed if not own], oracle=SCRIPT,
                             may=[distribution(n, v, False) for n, v, own in listed if own])
        write(os.path.join(folder, 'app', name), text)


def distribution(name, version, dev):
    return {'name': name, 'normalized_name': languages.normalized(name), 'version': version, 'dev': dev}


# Java

PARENT = '''<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example.port</groupId>
  <artifactId>port</artifactId>
  <version>1.0</version>
  <packaging>pom</packaging>
  <modules><module>core</module></modules>
  <properties><lantern>1.2.0</lantern></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>org.example.port</groupId><artifactId>lantern</artifactId><version>${lantern}</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.example.port</groupId><artifactId>foghorn</artifactId><version>3.0</version><scope>test</scope></dependency>
  </dependencies>
</project>
'''

MODULE = '''<project>
  <modelVersion>4.0.0</modelVersion>
  <parent><groupId>org.example.port</groupId><artifactId>port</artifactId><version>1.0</version></parent>
  <artifactId>core</artifactId>
  <dependencies>
    <dependency><groupId>org.example.port</groupId><artifactId>lantern</artifactId></dependency>
    <dependency><groupId>${project.groupId}</groupId><artifactId>lighthouse</artifactId><version>2.0-SNAPSHOT</version><scope>runtime</scope></dependency>
  </dependencies>
</project>
'''

EFFECTIVE = '''
import java.io.File;
import org.apache.maven.model.*;
import org.apache.maven.model.building.*;

class Effective {
    public static void main(String[] files) throws Exception {
        for (String file : files) {
            Model model = new DefaultModelBuilderFactory().newInstance().build(new DefaultModelBuildingRequest().setPomFile(new File(file))).getEffectiveModel();
            System.out.println("project\\t" + model.getGroupId() + ":" + model.getArtifactId() + "\\t" + model.getVersion() + "\\t" + file);
            for (Dependency d : model.getDependencies()) {
                System.out.println(d.getScope() + "\\t" + d.getGroupId() + ":" + d.getArtifactId() + "\\t" + d.getVersion() + "\\t" + file);
            }
        }
    }
}
'''


def maven(corpus, work):
    texts = {'app/pom.xml': PARENT, 'app/core/pom.xml': MODULE}
    for path, text in texts.items():
        write(os.path.join(work, path), text)
    write(os.path.join(work, 'Effective.java'), EFFECTIVE)
    rows = [line.split('\t') for line in run('java', '-cp', '/usr/share/maven/lib/*', 'Effective.java', *texts, cwd=work).splitlines()]
    listed = [(scope, {'name': name, 'version': version, 'scope': scope, 'location': path}) for scope, name, version, path in rows]
    folder = corpus.case('maven-pom', 'parent', 'DefaultModelBuilder of Maven', [p for scope, p in listed if scope != 'project'], may=[p for scope, p in listed if scope == 'project'])
    copy(work, ['app'], folder)


LOCKFILE = '''# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
# This file is expected to be part of source control.
org.example.port:foghorn:3.0=testCompileClasspath,testRuntimeClasspath
org.example.port:lantern:1.2.0=compileClasspath,runtimeClasspath,testCompileClasspath,testRuntimeClasspath
org.example.port:lighthouse:2.0-SNAPSHOT=runtimeClasspath
empty=annotationProcessor
'''


def gradle(corpus):
    rows = run('sed', '-n', 's/^\\([^#:]*:[^:]*\\):\\([^=]*\\)=.*/\\1 \\2/p', stdin=LOCKFILE).splitlines()
    packages = [{'name': n, 'version': v, 'location': 'app/gradle.lockfile'} for n, v in map(str.split, rows)]
    write(os.path.join(corpus.case('gradle-lockfile', 'written', MADE_BY_HAND + 'sed', packages, oracle=SCRIPT), 'app/gradle.lockfile'), LOCKFILE)


# PHP

PACKAGE = '''<?xml version="1.0" encoding="UTF-8"?>
<package version="2.0" xmlns="http://pear.php.net/dtd/package-2.0">
 <name>Harbour_{name}</name>
 <channel>pear.php.net</channel>
 <summary>package of the small corpus</summary>
 <description>package of the small corpus</description>
 <lead><name>Example</name><user>example</user><email>user@example.com</email><active>yes</active></lead>
 <date>2024-01-01</date>
 <version><release>{version}</release><api>{version}</api></version>
 <stability><release>stable</release><api>stable</api></stability>
 <license uri="https://licenses.example/">{license}</license>
 <notes>first</notes>
 <contents><dir name="/"><file name="{name}.php" role="php" /></dir></contents>
 <dependencies><required><php><min>7.0</min></php><pearinstaller><min>1.9</min></pearinstaller></required></dependencies>
 <phprelease />
</package>
'''

LIST_PEAR = '''$found = [];
foreach (glob("usr/share/php/.registry/*.reg") as $f) {
    $p = unserialize(file_get_contents($f), ["allowed_classes" => false]);
    $license = $p["license"];
    $found[] = ["name" => $p["name"], "version" => $p["version"]["release"], "licenses" => [is_array($license) ? $license["_content"] : $license],
        "channel" => $p["channel"], "location" => $f];
}
echo json_encode($found);'''


def pear(corpus, work):
    root = os.path.join(work, 'root')
    os.makedirs(root)
    settings = {'php_dir': '/usr/share/php', 'metadata_dir': '/usr/share/php', 'cache_dir': os.path.join(work, 'cache'), 'temp_dir': '/tmp', 'auto_discover': '0'}

    def call(*arguments, **changed):
        return run('pear', '-c', os.path.join(work, 'settings'), *(f'-d{k}={v}' for k, v in {**settings, **changed}.items()), *arguments, cwd=work, env={'HOME': work})

    for name, version, license in (('Bell', '1.2.3', 'MIT'), ('Flag', '0.4.0', 'New BSD License')):
        write(os.path.join(work, 'package.xml'), PACKAGE.format(name=name, version=version, license=license))
        write(os.path.join(work, name + '.php'), f'<?php // {name}\n')
        call('package', '-n', 'package.xml')
        call('install', '--nocompress', '--offline', '--nodeps', '-R', root, f'Harbour_{name}-{version}.tgz')
    for path in glob.glob(root + '/usr/share/php/.registry/*.reg'):
        with open(path, 'rb') as f:
            text = f.read()
        write(path, constant(text, root))
    packages = json.loads(run('php', '-r', LIST_PEAR, cwd=root))
    listed = call('list', php_dir=root + '/usr/share/php', metadata_dir=root + '/usr/share/php')
    assert all(re.search(rf'^{p["name"]} +{p["version"]} ', listed, re.M) for p in packages) and len(packages) == 2, listed
    copy(root, [os.path.relpath(f, root) for f in glob.glob(root + '/usr/share/php/.registry/*.reg')], corpus.case('php-pear', 'installed', 'pear list and unserialize of PHP', packages))


def constant(text, root):
    """Replaces times, and paths below the folder of the installation, in serialized values."""
    for old, new in ((rb'("_lastmodified";i:)\d+', rb'\g<1>%d' % EPOCH), (rb'("(?:release_)?date";s:10:)"[\d-]+"', rb'\1"2024-01-01"'), (rb'("time";s:8:)"[\d:]+"', rb'\1"00:00:00"')):
        text = re.sub(old, new, text)
    return re.sub(rb's:\d+:"%s(/[^"]*)"' % re.escape(root.encode()), lambda m: b's:%d:"%s"' % (len(m[1]), m[1]), text)


# Alpine

APK = '''C:Q1QhXvCxUwDdJSqgMWrGgWFlnGf+Y=
P:libbarge
V:2.1.0-r3
A:x86_64
S:18214
I:40960
T:Library of the small corpus
U:https://barge.example
L:MIT AND (GPL-2.0-or-later OR BSD-3-Clause)
o:barge
m:Example Maintainer <maintainer@barge.example>
t:1704067200
c:0123456789abcdef0123456789abcdef01234567
D:so:libc.musl-x86_64.so.1
p:so:libbarge.so.2=2.1.0
F:usr
F:usr/lib
R:libbarge.so.2
a:0:0:777
Z:Q1VEjqSbDlGwWV8U5LdD2i+v5kTNs=
R:libbarge.so.2.1.0
a:0:0:755
Z:Q1CoL1LF25tW7H+v98TRW2vaY6T6I=

C:Q1wvXHPd9dPYTTIJrbHQ8LHsDUDIY=
P:barge
V:2.1.0_rc2-r0
A:x86_64
S:3301
I:8192
T:Tool of the small corpus
U:https://barge.example
L:GPL-2.0-or-later
o:barge
m:Example Maintainer <maintainer@barge.example>
t:1704067200
D:libbarge=2.1.0-r3
p:cmd:barge=2.1.0_rc2-r0
F:etc
R:barge.conf
Z:Q1c8s4WKaHqElMozIwUwFigvPa050=
F:usr
F:usr/bin
R:barge
a:0:0:755
Z:Q1qAdtPSjSHgIBKyDq99v3VAmmJ3E=

C:Q1lZ8eCs8XFYZgL4QoVNQJ9wCkX40=
P:tow-doc
V:0.9-r12
A:noarch
S:120
I:0
T:Manual of the small corpus
U:https://tow.example
L:CC0-1.0
o:tow
m:Example Maintainer <maintainer@barge.example>
t:1704067200

'''

ALPINE = 'ID=alpine\nNAME="Alpine Linux"\nVERSION_ID=3.20.1\nPRETTY_NAME="Alpine Linux v3.20"\nHOME_URL="https://distribution.example/"\n'

LIST_APK = 'BEGIN { RS = ""; FS = "\\n" } { delete f; files = 0; for (i = 1; i <= NF; i++) { k = substr($i, 1, 1); f[k] = substr($i, 3); files += k == "R" }' \
           ' print f["P"] "\\t" f["V"] "\\t" f["A"] "\\t" f["o"] "\\t" f["m"] "\\t" f["L"] "\\t" files }'


def apk(corpus):
    packages = []
    for row in run('awk', LIST_APK, stdin=APK).splitlines():
        name, version, arch, source, maintainer, license, files = row.split('\t')
        packages.append({'name': name, 'version': version, 'arch': arch, 'source_name': source, 'source_version': version, 'licenses': [license], 'maintainer': maintainer, 'file_count': int(files)})
    folder = corpus.case('apk-installed', 'written', MADE_BY_HAND + 'awk', packages, oracle=SCRIPT)
    write(os.path.join(folder, 'lib/apk/db/installed'), APK)
    write(os.path.join(folder, 'etc/os-release'), ALPINE)
