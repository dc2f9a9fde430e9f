"""Advisories about the packages of the images, and the matches that the version orders of native tools give.

The identifiers are invented: CVE-2099-0001 and following."""
import os
import sys
from common import dump, run

# Of the Debian security tracker: source package, CVE, status in bookworm, further fields
TRACKER = [
    ('keel', 'CVE-2099-0001', 'resolved', {'fixed_version': '1.4.2-3+deb12u1', 'urgency': 'high'}),
    ('keel', 'CVE-2099-0002', 'open', {'urgency': 'low'}),
    ('keel', 'CVE-2099-0003', 'resolved', {'fixed_version': '0', 'urgency': 'unimportant'}),
    ('rope', 'CVE-2099-0004', 'resolved', {'fixed_version': '1:2.0-1', 'urgency': 'medium'}),
    ('rope', 'CVE-2099-0005', 'resolved', {'fixed_version': '1:1.9-4', 'urgency': 'medium'}),
    ('tide', 'CVE-2099-0006', 'open', {'urgency': 'not yet assigned', 'nodsa': 'Minor issue', 'nodsa_reason': ''}),
    ('knots', 'CVE-2099-0007', 'open', {'urgency': 'high'}),
    ('deckhand', 'CVE-2099-0008', 'resolved', {'fixed_version': '0.9.1-2', 'urgency': 'medium'}),  # the tracker answers for its files
]

CRITICAL = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H'
MEDIUM = 'CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:L/A:L'

# In the OSV format: ecosystem, package, introduced, fixed (None for none), severity
RECORDS = [
    ('PyPI', 'buoy', '0', '1.5.0', CRITICAL),  # a candidate for 1.5.0 is before it
    ('PyPI', 'tide-table', '2.1', None, CRITICAL),
    ('PyPI', 'deckhand', '0', '1.0', CRITICAL),  # the distribution's package has it
    ('npm', 'chart', '2.0.0', '2.1.1', MEDIUM),
    ('npm', 'chart', '0', '2.0.0', CRITICAL),  # deleted with sextant
    ('npm', '@fleet/compass', '0', '3.2.1', CRITICAL),
    ('RubyGems', 'capstan', '2.0.0', '2.3.1', MEDIUM),
    ('RubyGems', 'bosun', '0', '0.4.0', MEDIUM),
    ('Packagist', 'harbour/dock', '1.0.0', '1.2.1', MEDIUM),
    ('Packagist', 'harbour/gauge', '0', '4.0.0', CRITICAL),
    ('Maven', 'org.example.port:lantern', '0', '1.2.1', CRITICAL),  # within another archive
    ('Maven', 'org.example.port:lighthouse', '2.0-alpha', '2.0', MEDIUM),
    ('Maven', 'org.example.port:foghorn', '0', None, CRITICAL),  # deleted
    ('Go', 'flash.example/flash', '1.0.0', '1.3.1', MEDIUM),
    ('Rocky Linux:9', 'mast', '0', '0:3.1-3.el9', CRITICAL),  # fixed by the update
    ('Rocky Linux:9', 'mast-libs', '0', '0:3.1-5.el9_4', CRITICAL),
    ('Rocky Linux:9', 'sail', '0', '2:0.9-1.el9', MEDIUM),
    ('Rocky Linux:9', 'ballast', '0', '0:2-1.el9', CRITICAL),  # deleted
]

TYPES = {'PyPI': 'pypi', 'npm': 'npm', 'RubyGems': 'gem', 'Packagist': 'composer', 'Maven': 'maven', 'Go': 'golang', 'Rocky Linux:9': 'rpm'}

SEMVER = 'const s = require(process.argv[1] + "/npm/node_modules/semver"); process.exit(s.lt(process.argv[2], process.argv[3]) ? 0 : 1)'


def before(type, a, b):
    """Reports whether a version is before another in the order of a native tool."""
    def succeeds(*command):
        return run('sh', '-c', '"$@" && echo yes || echo no', 'sh', *command).strip().endswith('yes')
    if type == 'deb':
        return succeeds('dpkg', '--compare-versions', a, 'lt', b)
    if type == 'rpm':
        return run('rpm', '--eval', f'%{{lua:print(rpm.vercmp("{a}", "{b}"))}}').strip() == '-1'
    if type == 'pypi':
        return succeeds(sys.executable, '-c', 'import sys; from pip._vendor.packaging.version import Version as V; sys.exit(not V(sys.argv[1]) < V(sys.argv[2]))', a, b)
    if type in ('npm', 'golang'):
        return succeeds('node', '-e', SEMVER, run('npm', 'root', '--global').strip(), a, b)
    if type == 'gem':
        return succeeds('ruby', '-e', 'exit(Gem::Version.new(ARGV[0]) < Gem::Version.new(ARGV[1]))', a, b)
    if type == 'composer':
        return succeeds('php', '-r', 'require "/usr/share/php/Composer/Semver/autoload.php"; exit(Composer\\Semver\\Comparator::lessThan($argv[1], $argv[2]) ? 0 : 1);', a, b)
    if type == 'maven':
        jars = ':'.join(os.path.join('/usr/share/maven/lib', j) for j in ('maven-artifact-3.x.jar', 'commons-lang3.jar'))
        return f' {a} < {b}' in run('java', '-cp', jars, 'org.apache.maven.artifact.versioning.ComparableVersion', a, b)
    raise ValueError(type)


def normalized(type, version):
    """Returns a version as RPM compares it, with an epoch, or without the v of others."""
    if type == 'rpm' and ':' not in version:
        return '0:' + version
    return version.removeprefix('v') if type in ('golang', 'composer') else version


def cve(i):
    return f'CVE-2099-{1001 + i}'


def name_in(package):
    group = package.get('group')
    return f'{group}:{package["name"]}' if group else package['name']


def matches(packages):
    """Returns the matches of an image. A package of a language that the distribution owns has the distribution's advisories only."""
    found = []
    for p in packages:
        if p['type'] == 'deb':
            for source, id, status, fields in TRACKER:
                if source == p['source'] and (status == 'open' or before('deb', p['source_version'], fields['fixed_version'])):
                    found.append((id, p, fields.get('fixed_version')))
            continue
        for i, (ecosystem, name, introduced, fixed, _) in enumerate(RECORDS):
            if TYPES[ecosystem] != p['type'] or name != name_in(p).replace('Tide.Table', 'tide-table') or p.get('os_owned'):
                continue
            version = normalized(p['type'], p['version'])
            if introduced != '0' and before(p['type'], version, introduced) or fixed and not before(p['type'], version, fixed):
                continue
            found.append((cve(i), p, fixed))
    rows = [{'id': id, 'type': p['type'], 'name': name_in(p), 'version': p['version'], 'fixed': fixed or ''} for id, p, fixed in found]
    return sorted(rows, key=lambda m: (m['id'], m['name']))


def write(corpus):
    tracker = {}
    for source, id, status, fields in TRACKER:
        tracker.setdefault(source, {})[id] = {'description': f'vulnerability of {source}', 'releases': {
            'bookworm': {'status': status, 'repositories': {}, **fields}, 'bullseye': {'status': 'open', 'urgency': 'high', 'repositories': {}}}}
    dump(os.path.join(corpus.dir, 'feeds/debian.json'), tracker)
    for i, (ecosystem, name, introduced, fixed, severity) in enumerate(RECORDS):
        events = [{'introduced': introduced}] + ([{'fixed': fixed}] if fixed else [])
        dump(os.path.join(corpus.dir, f'feeds/osv/CORPUS-2099-{1001 + i}.json'), {
            'schema_version': '1.6.0', 'id': f'CORPUS-2099-{1001 + i}', 'modified': '2024-01-01T00:00:00Z', 'published': '2024-01-01T00:00:00Z', 'aliases': [cve(i)],
            'summary': f'vulnerability of {name}', 'severity': [{'type': 'CVSS_V3', 'score': severity}],
            'affected': [{'package': {'ecosystem': ecosystem, 'name': name}, 'ranges': [{'type': 'SEMVER' if ecosystem in ('Go', 'npm') else 'ECOSYSTEM', 'events': events}]}]})
    for image, packages in corpus.packages.items():
        dump(os.path.join(corpus.dir, 'matches', image + '.json'), matches(packages))
