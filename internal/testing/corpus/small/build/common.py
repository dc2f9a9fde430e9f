"""Helpers of the scripts that make the small corpus."""
import http.server
import json
import os
import shutil
import subprocess
import threading
import urllib.parse

EPOCH = 1704067200  # 2024-01-01, the time of everything that is made

ENV = dict(os.environ, SOURCE_DATE_EPOCH=str(EPOCH), LC_ALL='C.UTF-8', TZ='UTC', DEBIAN_FRONTEND='noninteractive')
for name in ('HULLMARK_CORPUS', 'GEM_HOME', 'GEM_PATH', 'GOFLAGS', 'PYTHONPATH', 'NODE_PATH', 'PIP_FIND_LINKS', 'PIP_INDEX_URL'):
    ENV.pop(name, None)


def run(*command, cwd=None, env=None, stdin=None):
    """Runs a command and returns its output."""
    p = subprocess.run([str(c) for c in command], cwd=cwd, env={**ENV, **(env or {})}, input=stdin, stdout=subprocess.PIPE, text=True)
    if p.returncode:
        raise SystemExit(f'{command}: exit status {p.returncode}\n{p.stdout}')
    return p.stdout


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)


def dump(path, value):
    write(path, json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + '\n')


def copy(root, names, to):
    """Copies files and trees below root to another folder."""
    for name in names:
        source, target = os.path.join(root, name), os.path.join(to, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if os.path.isdir(source) and not os.path.islink(source):
            shutil.copytree(source, target, symlinks=True)
        else:
            shutil.copy2(source, target, follow_symlinks=False)


class Registry:
    """Serves files on the loopback interface, to tools that ask a registry for packages."""

    def __init__(self, port=0):
        files = self.files = {}  # content by path

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = urllib.parse.unquote(self.path)
                body = files.get(path) or files.get(path + '/')
                self.send_response(200 if body else 404)
                self.send_header('Content-Type', 'text/html' if path.startswith('/simple/') else 'application/json')
                self.end_headers()
                self.wfile.write(body or b'{}')

            def log_message(self, *arguments):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', port), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def rename(self, *paths):
        """Replaces the address in files by one that never changes."""
        for path in paths:
            with open(path) as f:
                text = f.read()
            for old, new in ((self.url, 'https://registry.example'), (urllib.parse.quote(self.url, safe=''), 'https%3A%2F%2Fregistry.example')):
                text = text.replace(old, new)
            write(path, text)


class Corpus:
    """The folder that is being made, in the layout that package corpus reads."""

    def __init__(self, dir):
        self.dir = dir
        self.packages = {}  # of each image, as its truth file lists them

    def case(self, format, name, detail, packages, oracle='native tool', **fields):
        """Writes the expectation of a case and returns its folder. Packages are sorted."""
        folder = os.path.join(self.dir, 'fixtures', format, name)
        packages = sorted(packages, key=lambda p: (p['name'], p['version'], p.get('location', '')))
        dump(os.path.join(folder, 'expected.json'),
             {'format': format, 'case': name, 'oracle': oracle, 'oracle_detail': detail, 'error': 'none', 'packages': packages, **fields})
        return folder

    def truth(self, image, packages):
        self.packages[image] = packages = sorted(packages, key=lambda p: (p['type'], p['name'], p['version'], p['path']))
        dump(os.path.join(self.dir, 'images', 'truth', image + '.json'), packages)
