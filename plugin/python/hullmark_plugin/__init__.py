"""Analyzers for Hullmark in Python. A plugin is a program such as this:

    import hullmark_plugin

    @hullmark_plugin.analyzer("versions", version=1, patterns=["**/*.versions"], max_size=1 << 20)
    def versions(file, result):
        for number, line in enumerate(file.text().splitlines(), 1):
            name, space, version = line.partition(" ")
            if name and space:
                result.package("generic", name, version)
            else:
                result.problem("no name and version", line=number)

    if __name__ == "__main__":
        hullmark_plugin.serve(versions)

An exception becomes a diagnostic of the file, with the last lines of the traceback. Raise Malformed for a file that cannot be read.
Text that the analyzer prints goes to standard error, and the host shows it.

It needs Python 3.9, protobuf, and for serve also grpcio and the openssl command.
"""
import os
import posixpath
import re
import sys
import traceback

try:
    from . import analyzer_pb2 as _pb
except ImportError as error:
    raise ImportError("%s; requirements.txt names what the plugin needs" % error) from None

__all__ = ["Analyzer", "Entry", "Fact", "File", "Malformed", "Result", "Unavailable", "Unsupported", "analyzer", "serve"]

_MESSAGE = 1 << 20  # approximate size of a message with answers
_ITEM = 8 << 20  # largest package or finding; hosts take messages of 16 MiB
_RESULT = 32 << 20  # largest result of a file; hosts take 64 MiB
_CREDIT = 128 << 20  # of all results; hosts give 256 MiB
_REASON = 1000  # longest message about an exception
_FIELDS_OF_RECORD = 1000  # most fields of a record that hosts take
_NO_ENTRIES = "the host does not send entries; a newer version of it does"


class Malformed(Exception):
    """The file is damaged, or not of the form that its name promises. What the result has so far counts."""

    def __init__(self, message="", line=0):
        super().__init__(message)
        self.line = line


class Unsupported(Malformed):
    """The file has a form that the analyzer cannot read."""


class Unavailable(Exception):
    """The analyzer cannot work at present, for a reason other than the file. The file counts as not analyzed."""


class _TooLarge(Exception):
    """The result of a file exceeds a limit."""


class _Room:
    """Counts the bytes that a result may still have."""

    def __init__(self, left):
        self.left = left

    def take(self, size):
        if size > _ITEM or size > self.left:
            raise _TooLarge("the result exceeds a limit of the plugin")
        self.left -= size


class Entry:
    """A file, directory, link or device as a layer has it.

    mode is st_mode of os.stat: the functions of the module stat read it. uid, gid and size are numbers. mtime is in seconds since 1970,
    mtime_ns in nanoseconds; they are numbers because layers have times that datetime lacks. target is the target of a symbolic link. A
    hard link has in link the path of the file for which it is one more name. Bytes of both that are not UTF-8 are surrogates. major and
    minor are the numbers of a device. xattrs has the extended attributes: bytes by name.
    """

    def __init__(self, mode, uid=0, gid=0, size=0, mtime_ns=0, target="", link="", major=0, minor=0, xattrs=None):
        self.mode, self.uid, self.gid, self.size, self.mtime_ns = mode, uid, gid, size, mtime_ns
        self.target, self.link, self.major, self.minor, self.xattrs = target, link, major, minor, xattrs or {}

    @property
    def mtime(self):
        return self.mtime_ns // 10**9


def _decoded(path):
    return path.decode("utf-8", "surrogateescape")


def _entry(part):
    """Returns the entry of the first part of a file, or None."""
    if not part.HasField("entry"):
        return None
    e = part.entry
    return Entry(e.mode, e.uid, e.gid, e.size, e.mtime * 10**9 + e.mtime_nanos, _decoded(e.target), _decoded(e.link), e.major, e.minor,
                 {_decoded(x.name): x.value for x in e.xattrs})


class File:
    """A file of an image.

    path has slashes, and none in front; bytes that are not UTF-8 are surrogates, as in os.fsdecode. The image's configuration has the path
    "". data are the content, mode the permission bits, and siblings the files that the argument siblings of analyzer asked for, by base
    name. entry is an Entry for an analyzer with entries=True, whose files have no data; else None.
    """

    def __init__(self, path, data, mode=0o644, siblings=None, entry=None):
        self.path, self.data, self.mode, self.siblings, self.entry = path, data, mode, siblings or {}, entry

    def text(self):
        """Returns the content as text. Bytes that are not UTF-8 become U+FFFD."""
        return self.data.decode("utf-8", "replace")


class Result:
    """What an analyzer learns from a file. A method raises TypeError or ValueError for a value that no host accepts."""

    def __init__(self, room=None):
        self._answers = [_pb.Answer()]
        self._size = 0  # of the last answer
        self._room = room or _Room(_RESULT)

    def package(self, type, name, version="", **fields):
        """Adds a package. type is a PURL type. The fields are those of Package in analyzer.proto: namespace, arch, system, vendor,
        qualifiers, licenses, files, depends, provides, hashes, declared, dev, inside, signer, stated, and origin, which is the pair of the
        source package's name and version."""
        if name == "":
            raise ValueError("name is empty")
        self._add("packages", _package(type, name, version, **fields))

    def fragment(self, type, name="", version="", **fields):
        """Adds what the file says about a package that another file describes. Its fields are those of package."""
        self._add("fragments", _package(type, name, version, **fields))

    def finding(self, rule, title, severity="", detail="", line=0):
        """Adds something worth reporting that is not a package. severity is critical, high, medium, low, info or empty."""
        if severity not in ("", "critical", "high", "medium", "low", "info"):
            raise ValueError("severity is %r, want critical, high, medium, low, info or an empty string" % (severity,))
        if rule == "":
            raise ValueError("rule is empty")
        self._add("findings", _pb.Finding(rule=_text("rule", rule), title=_text("title", title), severity=severity,
                                          detail=_text("detail", detail), line=_number("line", line)))

    def record(self, kind, key="", fields=None, line=0):
        """Adds a fact without judgement, such as an account. kind and the names in fields are in kebab-case, values are str. key tells
        records of a kind apart within the file."""
        names = _table("fields", {} if fields is None else fields)
        for name in names:
            if not _is_code(name):
                raise ValueError("a field is named %r, want kebab-case" % name)
        if not _is_code(_text("kind", kind)):
            raise ValueError("kind is %r, want kebab-case" % kind)
        if len(names) > _FIELDS_OF_RECORD:
            raise ValueError("the record has %d fields, want at most %d" % (len(names), _FIELDS_OF_RECORD))
        self._add("records", _pb.Record(kind=kind, key=_text("key", key), line=_number("line", line), fields=names), 64 + 32 * len(names))

    def problem(self, message, line=0, code=""):
        """Adds a diagnostic: something in the file that the analyzer does not understand. code is a code of the analyzer's own in
        kebab-case; without it, the file is malformed."""
        if code != "" and not _is_code(_text("code", code)):
            raise ValueError("code is %r, want up to 64 lower-case letters and digits with hyphens between words" % code)
        self._add("problems", _pb.Problem(message=_text("message", message)[:_REASON], line=_number("line", line), code=code))

    def distro(self, id, version_id="", codename="", name="", like=(), cpe="", rank=0):
        """Sets the Linux distribution, in the words of os-release(5)."""
        d = _pb.Distro(id=_text("id", id), version_id=_text("version_id", version_id), codename=_text("codename", codename),
                       name=_text("name", name), like=_texts("like", like), cpe=_text("cpe", cpe), rank=_number("rank", rank))
        self._grow(d.ByteSize())
        self._answers[-1].distro.CopyFrom(d)

    def fact(self, data):
        """Keeps bytes of the file for the function that joins. Several are put together."""
        if not isinstance(data, bytes):
            raise TypeError("fact is %s, want bytes" % type(data).__name__)
        self._grow(len(data))
        self._answers[-1].fact += data

    def _grow(self, size):
        size += 16
        self._room.take(size)
        if self._size > 0 and self._size + size > _MESSAGE:
            self._answers.append(_pb.Answer())
            self._size = 0
        self._size += size

    def _add(self, field, item, more=0):
        self._grow(item.ByteSize() + more)
        getattr(self._answers[-1], field).append(item)

    def _fail(self, kind, message, line=0):
        problem = _pb.Problem(kind=kind, message=_clean(message)[:_REASON], line=line, failed=True)
        self._answers[-1].problems.append(problem)

    def _messages(self):
        for answer in self._answers[:-1]:
            answer.more = True
        return self._answers


class Fact:
    """What Result.fact kept of a file, in data, and the path of the file."""

    def __init__(self, path, data, room):
        self.path, self.data = path, data
        self._room, self._result, self._keep = room, None, True

    def replace(self):
        """Returns a new Result, in place of what the analyzer answered for the file."""
        self._result, self._keep = Result(self._room), False
        return self._result

    def problem(self, message, line=0, code=""):
        """Adds a diagnostic to what the analyzer answered for the file, or to what replaces it."""
        self._result = self._result or Result(self._room)
        self._result.problem(message, line, code)


def _is_code(value):
    """Reports whether a text is kebab-case as hosts take it."""
    return re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", value) is not None and len(value) <= 64


def _cost(answer):
    """Returns the bytes that an answer counts against the limits of hosts."""
    return answer.ByteSize() + 16 + sum(64 + 32 * len(r.fields) for r in answer.records)


def _clean(value):
    """Replaces surrogates, which have no UTF-8."""
    return re.sub("[\ud800-\udfff]", "\ufffd", value)


def _text(what, value):
    if not isinstance(value, str):
        raise TypeError("%s is %s, want str" % (what, type(value).__name__))
    return value if value.isascii() else _clean(value)


def _texts(what, values):
    if isinstance(values, (str, bytes)):
        raise TypeError("%s is %s, want a list of str" % (what, type(values).__name__))
    return [_text("an element of " + what, v) for v in values]


def _line_of(what, value):
    """Returns a text on one line, as short as hosts want it."""
    return re.sub("[\x00-\x1f\x7f-\x9f]", "", " ".join(_text(what, value).split()))[:250]


def _table(what, values):
    if not isinstance(values, dict):
        raise TypeError("%s is %s, want a dict of str" % (what, type(values).__name__))
    return {_text("a key of " + what, k): _text("a value of " + what, v) for k, v in values.items()}


def _flag(what, value):
    if not isinstance(value, bool):
        raise TypeError("%s is %s, want bool" % (what, type(value).__name__))
    return value


def _number(what, value, bits=63):
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("%s is %s, want int" % (what, type(value).__name__))
    if not 0 <= value < 1 << bits:
        raise ValueError("%s is out of range, want a number from 0 to 2**%d - 1" % (what, bits))
    return value


def _key(what, value):
    return _number(what, value, 64)


def _origin(what, value):
    name, version = _texts(what, value)
    return _pb.Origin(name=name, version=version)


_FIELDS = {
    "namespace": _text, "arch": _text, "vendor": _text, "inside": _text, "system": _flag, "declared": _flag, "dev": _flag, "stated": _flag,
    "licenses": _texts, "files": _texts, "depends": _texts, "provides": _texts, "qualifiers": _table, "hashes": _table,
    "origin": _origin, "signer": _key,
}


def _package(type, name, version, **fields):
    if not re.fullmatch("[a-z.+-][a-z0-9.+-]{0,63}", _text("type", type)):
        raise ValueError("type is %r, want a PURL type such as pypi or generic" % type)
    checked = {}
    for key, value in fields.items():
        if key not in _FIELDS:
            raise TypeError("a package has no field %s" % key)
        checked[key] = _FIELDS[key](key, value)
    return _pb.Package(type=type, name=_text("name", name), version=_text("version", version), **checked)


class Analyzer:
    """An analyzer, as the function analyzer makes it."""

    def __init__(self, function, info):
        self.function, self.info = function, info
        self.__doc__, self.__name__ = function.__doc__, function.__name__
        self._joiner = None

    def join(self, function):
        """Decorates the function that completes the results of several files: once an image, it gets a list with the Fact of each file
        for which the analyzer called Result.fact, sorted by path."""
        self._joiner, self.info.joins = function, True
        return function

    def answer(self, path, data=b"", mode=0o644, siblings=None, entry=None):
        """Returns the answer to a file, for tests: an object with packages, findings, problems and the other fields of Answer in
        analyzer.proto. siblings has the content of siblings by base name. entry is an Entry for an analyzer with entries=True."""
        files = {base: File(posixpath.join(posixpath.dirname(path), base), content) for base, content in (siblings or {}).items()}
        whole = _pb.Answer()
        for part in self._answers(File(path, data, mode, files, entry), _Room(_RESULT)):
            whole.MergeFrom(part)
        return whole

    def _answers(self, file, room):
        """Returns the messages that answer a file. No exception leaves it."""
        result = Result(room)
        try:
            returned = self.function(file, result)
            if returned is not None:
                raise TypeError("%s returned %s, want None: call methods of result instead" % (self.__name__, type(returned).__name__))
        except _TooLarge as error:
            result._fail(_pb.Problem.TOO_LARGE, str(error))
        except Unsupported as error:
            result._fail(_pb.Problem.UNSUPPORTED, _message(error), _line(error))
        except Malformed as error:
            result._fail(_pb.Problem.MALFORMED, _message(error), _line(error))
        except Unavailable as error:
            result._fail(_pb.Problem.UNAVAILABLE, _message(error))
        except BaseException as error:  # SystemExit, too: a file must not end the plugin
            result = Result()
            result._fail(_pb.Problem.PANIC, _reason(error))
        return result._messages()

    def _joined(self, facts):
        """Returns the messages that answer facts. No exception leaves it."""
        try:
            returned = self._joiner(facts)
            if returned is not None:
                raise TypeError("%s returned %s, want None: call methods of facts instead" % (self._joiner.__name__, type(returned).__name__))
        except BaseException as error:
            return [_pb.JoinResponse(panic=_clean(_reason(error))[:_REASON])]
        responses = []
        for i, fact in enumerate(facts):
            for answer in fact._result._messages() if fact._result else ():
                answer.file, answer.keep = i, fact._keep
                if not responses or responses[-1].ByteSize() > _MESSAGE:
                    responses.append(_pb.JoinResponse())
                responses[-1].answers.append(answer)
        return responses


def _line(error):
    try:
        line = error.line
        return line if type(line) is int and 0 <= line < 1 << 63 else 0
    except BaseException:  # of a property
        return 0


def _message(error):
    try:
        return str(error) or type(error).__name__
    except BaseException as other:  # of __str__
        return "%s, whose text raises %s" % (type(error).__name__, type(other).__name__)


def _reason(error):
    """Returns the last lines of a traceback on one line, without the SDK's own frames. It has no directories and no addresses of
    objects, which differ between runs: hosts compare and keep answers."""
    frames = [f for f in traceback.extract_tb(error.__traceback__, limit=-50) if f.filename != __file__]
    text = "%s: %s" % (type(error).__name__.lstrip("_"), _message(error)[:_REASON // 2])
    for f in reversed(frames[-2:]):
        text += "; %s:%d, in %s" % (os.path.basename(f.filename), f.lineno or 0, f.name)
        if f.line:
            text += ": " + f.line[:120]
    return re.sub(r"\bat 0x[0-9A-Fa-f]+", "at 0x?", " ".join(text.split()))


def analyzer(name, version, patterns, *, max_size=0, siblings=(), build="", content_only=False, names_only=False,
             magic=(), contains=(), early=(), data_only=False, entries=False, config=False, hidden=False, finds=(), data="", unavailable="",
             list=False, digests=(), digests_if=(), completes=""):
    """Returns a decorator that makes an Analyzer of a function of a File and a Result. Raise version whenever the result for a file may
    change, because hosts keep results. The other arguments are the fields of Info in analyzer.proto; siblings is its field "with"."""
    for kind in finds:
        if not _is_code(_text("an element of finds", kind)):
            raise ValueError("an element of finds is %r, want kebab-case" % kind)
    if _number("version", version) < 1:
        raise ValueError("version is 0, want at least 1")
    info = _pb.Info(
        name=_text("name", name), version=version, patterns=_texts("patterns", patterns), max_size=_number("max_size", max_size),
        build=_text("build", build), content_only=_flag("content_only", content_only), names_only=_flag("names_only", names_only),
        magic=magic, contains=contains, early=early, data_only=_flag("data_only", data_only), entries=_flag("entries", entries),
        config=_flag("config", config), hidden=_flag("hidden", hidden), finds=_texts("finds", finds), data=_line_of("data", data),
        unavailable=_line_of("unavailable", unavailable), list=_flag("list", list), digests=_texts("digests", digests),
        digests_if=_texts("digests_if", digests_if), completes=_text("completes", completes))
    getattr(info, "with").extend(_texts("siblings", siblings))
    return lambda function: Analyzer(function, info)


class _Server:
    """The plugin's side of the protocol."""

    def __init__(self, analyzers):
        self.analyzers = analyzers
        self.credit = _CREDIT

    def describe(self, request, context):
        return _pb.DescribeResponse(analyzers=[a.info for a in self.analyzers])

    def analyze(self, requests, context):
        """Assembles files from their consecutive parts, and answers each."""
        first, pieces = None, {}
        for request in requests:
            batch, size = [], 0
            for part in request.parts:
                if first is None:
                    first, pieces = part, {}
                mode, data = pieces.setdefault(part.sibling, (part.mode, []))
                data.append(part.data)
                if part.more:
                    continue
                if not part.cancel:
                    for answer in self.answers(first, pieces):
                        if batch and size + answer.ByteSize() > _MESSAGE:
                            yield _pb.AnalyzeResponse(answers=batch)
                            batch, size = [], 0
                        batch.append(answer)
                        size += answer.ByteSize()
                first, pieces = None, {}
            if batch:
                yield _pb.AnalyzeResponse(answers=batch)

    def join(self, requests, context):
        joiner, facts, room = None, [], _Room(_RESULT)
        for request in requests:
            joiner = self.analyzers[request.analyzer]
            facts += [Fact(_decoded(f.path), f.data, room) for f in request.facts]
        if joiner:
            yield from joiner._joined(facts)

    def answers(self, first, pieces):
        path = _decoded(first.path)
        contents = {_decoded(base): (mode, b"".join(data)) for base, (mode, data) in pieces.items()}
        mode, data = contents.pop("", (0, b""))
        siblings = {base: File(posixpath.join(posixpath.dirname(path), base), d, m) for base, (m, d) in contents.items()}
        gain = 4096 + 16 * (len(data) + sum(len(s.data) for s in siblings.values()) + sum(len(x.name) + len(x.value) for x in first.entry.xattrs))
        self.credit = min(self.credit + gain, _CREDIT)
        analyzer, entry = self.analyzers[first.analyzer], _entry(first)
        missing = analyzer.info.unavailable  # an older host sends files nevertheless
        if analyzer.info.entries and entry is None and path:
            missing = _NO_ENTRIES
        if missing:
            result = Result()
            result._fail(_pb.Problem.UNAVAILABLE, missing)
            answers = result._messages()
        else:
            answers = analyzer._answers(File(path, data, mode, siblings, entry), _Room(min(_RESULT, self.credit - 2048)))
        for answer in answers:
            answer.file = first.file
            self.credit -= _cost(answer)
        return answers


# Standard output carries the handshake, so nothing else may print there; standard input tells when to exit, so nothing else may read
# it. This happens on import, before the analyzer can do either.
_stdin = _stdout = None
if os.environ.get("HULLMARK_PLUGIN") == "analyzer":
    _stdin, _stdout = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")


def _certificate():
    """Returns the key and the certificate of this process in PEM. The host removes the working directory with the process."""
    import subprocess
    command = ("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost"
               " -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem")
    try:
        subprocess.run(command.split(), check=True, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except FileNotFoundError:
        sys.exit("hullmark_plugin: the openssl command is not installed")
    except subprocess.CalledProcessError as error:
        sys.exit("hullmark_plugin: openssl: " + error.stderr.decode("utf-8", "replace").strip()[-500:])
    with open("key.pem", "rb") as key, open("cert.pem", "rb") as cert:
        return key.read(), cert.read()


def serve(*analyzers):
    """Runs analyzers as a plugin until the host closes it or ends. It is the last call of a program, and does not return. If no host
    started the program, it prints an explanation and exits with 1."""
    for a in analyzers:
        if not isinstance(a, Analyzer):
            raise TypeError("serve takes analyzers, which @hullmark_plugin.analyzer makes of functions; got %s" % type(a).__name__)
    if _stdout is None:
        sys.exit("This is a plugin of Hullmark: hullmark scan --plugin " + sys.argv[0])
    if "1" not in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "").split(","):
        sys.exit("hullmark_plugin: the host does not support version 1 of the protocol")
    try:
        import grpc
    except ImportError as error:
        sys.exit("hullmark_plugin: %s; requirements.txt names what the plugin needs" % error)
    from concurrent import futures
    key, cert = _certificate()
    plugin = _Server(analyzers)
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", 16 << 20)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("hullmark.plugin.v1.AnalyzerPlugin", {
        "Describe": grpc.unary_unary_rpc_method_handler(
            plugin.describe, _pb.DescribeRequest.FromString, _pb.DescribeResponse.SerializeToString),
        "Analyze": grpc.stream_stream_rpc_method_handler(
            plugin.analyze, _pb.AnalyzeRequest.FromString, _pb.AnalyzeResponse.SerializeToString),
        "Join": grpc.stream_stream_rpc_method_handler(plugin.join, _pb.JoinRequest.FromString, _pb.JoinResponse.SerializeToString),
    }),))
    credentials = grpc.ssl_server_credentials(
        [(key, cert)], root_certificates=os.environ["PLUGIN_CLIENT_CERT"].encode(), require_client_auth=True)
    if os.name == "nt":
        address = "tcp|127.0.0.1:%d" % server.add_secure_port("127.0.0.1:0", credentials)
    else:
        socket = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "s")
        server.add_secure_port("unix:" + socket, credentials)
        address = "unix|" + socket
    server.start()
    der = "".join(cert.decode().split("-----")[2].split()).rstrip("=")
    os.write(_stdout, ("1|1|%s|grpc|%s\n" % (address, der)).encode())
    while os.read(_stdin, 4096):  # until the host closes the plugin or dies
        pass
    sys.stdout.flush()
    os._exit(0)
