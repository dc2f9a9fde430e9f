#!/usr/bin/python3
"""A Hullmark plugin in Python: packages of *.versions files, a name and a version a line, and files with private keys.

It needs grpcio, protobuf and the openssl command, and analyzer_pb2.py beside it, which protoc makes of analyzer.proto:

    protoc -I plugin/proto --python_out=. analyzer.proto
"""
import base64
import os
import subprocess
import sys
import threading
from concurrent import futures

import grpc

import analyzer_pb2 as pb

INFO = pb.Info(name="python", version=1, patterns=["**/*.versions", "**/*.pem"], max_size=1 << 20)


def analyze(path, data):
    """Says what one file consists of."""
    answer = pb.Answer()
    if path.endswith(b".pem"):
        for number, line in enumerate(data.split(b"\n"), 1):
            if line.startswith(b"-----BEGIN ") and line.rstrip().endswith(b"PRIVATE KEY-----"):
                answer.findings.add(rule="python:private-key", title="a private key", severity="high", line=number)
        return answer
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        name, space, version = line.partition(" ")
        if not space or not name:
            answer.problems.add(message="python: line %d: no name and version" % number)
            break
        answer.packages.add(type="generic", name=name, version=version)
    return answer


def handle(requests, context):
    """Puts files together from their parts, which follow one another, and answers each."""
    path, data = None, bytearray()
    for request in requests:
        response = pb.AnalyzeResponse()
        for part in request.parts:
            if path is None:
                path, data = part.path, bytearray()
            data += part.data
            if part.more:
                continue
            if not part.cancel:
                answer = analyze(path, bytes(data))
                answer.file = part.file
                response.answers.append(answer)
            path = None
        if response.answers:
            yield response


def certificate():
    """Makes a certificate for this process in its working directory, which is empty and goes with it."""
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=localhost"
        " -addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem".split(),
        check=True, stderr=subprocess.DEVNULL)
    with open("key.pem", "rb") as key, open("cert.pem", "rb") as cert:
        return key.read(), cert.read()


def main():
    if os.environ.get("HULLMARK_PLUGIN") != "analyzer":
        sys.exit("This is a plugin of Hullmark: hullmark scan --plugin " + sys.argv[0])
    key, cert = certificate()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("hullmark.plugin.v1.AnalyzerPlugin", {
        "Describe": grpc.unary_unary_rpc_method_handler(
            lambda request, context: pb.DescribeResponse(analyzers=[INFO]),
            pb.DescribeRequest.FromString, pb.DescribeResponse.SerializeToString),
        "Analyze": grpc.stream_stream_rpc_method_handler(
            handle, pb.AnalyzeRequest.FromString, pb.AnalyzeResponse.SerializeToString),
    }),))
    socket = os.path.join(os.environ["PLUGIN_UNIX_SOCKET_DIR"], "s")
    server.add_secure_port("unix:" + socket, grpc.ssl_server_credentials(
        [(key, cert)], root_certificates=os.environ["PLUGIN_CLIENT_CERT"].encode(), require_client_auth=True))
    server.start()
    der = base64.b64decode("".join(cert.decode().strip().split("\n")[1:-1]))
    print("1|1|unix|%s|grpc|%s" % (socket, base64.b64encode(der).decode().rstrip("=")), flush=True)
    sys.stdin.buffer.read()  # ends when the host closes the plugin, or has died
    os._exit(0)


if __name__ == "__main__":
    main()
