#!/usr/bin/python3
"""A Hullmark plugin in Python that reports the packages in *.versions files, a name and a version a line, and private keys.

It needs grpcio, protobuf, the openssl command, and analyzer_pb2.py in its directory, which protoc generates:

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
    """Returns the answer to a file."""
    answer = pb.Answer()
    if path.endswith(b".pem"):
        for number, line in enumerate(data.split(b"\n"), 1):
            if line.startswith(b"-----BEGIN ") and line.rstrip().endswith(b"PRIVATE KEY-----"):
                answer.findings.add(rule="python:private-key", title="a private key", severity="high", line=number)
        return answer
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        name, space, version = line.partition(" ")
        if not space or not name:
            answer.problems.add(line=number, message="no name and version")
            continue
        answer.packages.add(type="generic", name=name, version=version)
    return answer


def handle(requests, context):
    """Assembles files from their consecutive parts and answers each."""
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
    """Creates the certificate of this process. The host removes the working directory with the process."""
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
    sys.stdin.buffer.read()  # ends when the host closes the plugin or dies
    os._exit(0)


if __name__ == "__main__":
    main()
