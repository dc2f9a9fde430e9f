"""Files that name a distribution."""
import os
from common import run, write

DEBIAN = '''PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://distribution.example/"
'''

ROCKY = '''NAME="Rocky Linux"
VERSION="9.4 (Blue Onyx)"
ID="rocky"
ID_LIKE="rhel centos fedora"
VERSION_ID="9.4"
PLATFORM_ID="platform:el9"
PRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"
CPE_NAME="cpe:/o:rocky:rocky:9::baseos"
'''

ODD = r'''# comments, quotes and escapes that a shell removes
ID='debian'
   
NAME="A \"quoted\" \$NAME"
PRETTY_NAME="Debian \`testing\`"
VERSION_CODENAME=trixie
VERSION_ID=13
'''

FIELDS = 'ID ID_LIKE NAME PRETTY_NAME VERSION VERSION_ID VERSION_CODENAME CPE_NAME'.split()


def cases(corpus):
    for name, text in (('debian-12', DEBIAN), ('rocky-9', ROCKY), ('quotes', ODD)):
        fields = {}
        for field in FIELDS:
            fields[field.lower()] = run('sh', '-c', f'. /dev/stdin; printf %s "${field}"', stdin=text, env={f: '' for f in FIELDS})
        fields = {k: v for k, v in fields.items() if v}
        folder = corpus.case('os-release', name, 'sh sources the file', [], os_release=fields,
                             expected_distro={'id': fields['id'], 'version': fields['version_id']})
        write(os.path.join(folder, 'etc/os-release'), text)
