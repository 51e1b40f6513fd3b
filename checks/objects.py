"""An S3 server for checks: a bucket on the one that the environment names, and a proxy before it that delays and breaks what passes."""
import collections
import html
import http.client
import http.server
import os
import random
import socket
import struct
import threading
import time
import urllib.parse

from pyarrow import fs

ENDPOINT = os.environ.get("AWS_ENDPOINT_URL_S3")

# What a proxy logs of a request: status is what the server answered, None where it was not asked or did not answer; fault is what struck.
Request = collections.namedtuple("Request", "method path start end status fault")
SLOW_PIECES = 20  # that a slow body comes in


class Bucket:
    """A fresh bucket; paths are keys in it."""

    def __init__(self):
        self.name = f"check-{os.getpid()}-{random.randrange(1 << 32):08x}"
        self.uri = f"s3://{self.name}"
        self._fs = fs.S3FileSystem(endpoint_override=ENDPOINT, allow_bucket_creation=True, allow_bucket_deletion=True, background_writes=False)
        self._fs.create_dir(self.name)

    def put(self, key, data):
        with self._fs.open_output_stream(f"{self.name}/{key}", compression=None) as f:
            f.write(data)
        return f"{self.uri}/{key}"

    def get(self, key):
        with self._fs.open_input_file(f"{self.name}/{key}") as f:
            return f.read()

    def keys(self, prefix):
        """Keys below a folder, without the folder."""
        return sorted(self.stamps(prefix))

    def stamps(self, prefix):
        """Size and time of every object below a folder, by key without the folder."""
        root = f"{self.name}/{prefix}"
        found = self._fs.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        return {i.path[len(root) + 1:]: (i.size, i.mtime_ns) for i in found if i.type == fs.FileType.File}

    def delete(self, key):
        self._fs.delete_file(f"{self.name}/{key}")

    def remove_folder(self, prefix):
        self._fs.delete_dir(f"{self.name}/{prefix}")

    def remove(self):
        self._fs.delete_dir(self.name)


class Proxy:
    """Passes requests on, each after a delay; log has a Request for each. fault(method, path) may return what to do instead, (kind, argument): an error of ("status", (status, code, header...)), the same with the
    request's headers in its message ("echo"), "call" before the request is passed on, "slow" for a body that takes so many seconds, or "reset", "truncate" and "stall" after so many bytes of the answer: of a write
    the server's answer is then lost altogether."""

    def __init__(self, delay=0):
        self.delay, self.fault, self.struck, self.log, self._lock = delay, None, 0, [], threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = lambda self: proxy.logged(self)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 128

            def handle_error(self, request, address):
                pass  # clients that are killed are the point of it

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def logged(self, h):
        started, told = time.monotonic(), {"status": None, "fault": None}
        try:
            self.handle(h, told)
        finally:  # of clients that are gone, too
            with self._lock:
                self.log.append(Request(h.command, h.path, started, time.monotonic(), **told))

    def handle(self, h, told):
        length = int(h.headers.get("Content-Length") or 0)
        body = h.rfile.read(length)
        if len(body) < length:  # the client was killed, and the server would wait for the rest
            h.close_connection = True
            return
        time.sleep(self.delay)
        with self._lock:
            fault = self.fault and self.fault(h.command, h.path)
            self.struck += bool(fault)
        told["fault"] = fault or None
        kind, argument = fault or (None, None)
        if kind in ("status", "echo"):
            status, code, *header = argument
            told = html.escape(str(h.headers)) if kind == "echo" else "made by a check"
            text = f"<Error><Code>{code}</Code><Message>{told}</Message></Error>".encode()
            h.send_response(status)
            for name, value in (("Content-Length", str(len(text))), *header):
                h.send_header(name, value)
            h.end_headers()
            h.wfile.write(b"" if h.command == "HEAD" else text)
            return
        if kind == "call":
            argument()
        limit = argument if kind in ("reset", "truncate", "stall") else None
        where = urllib.parse.urlsplit(ENDPOINT)
        c = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        try:
            c.putrequest(h.command, h.path, skip_host=True, skip_accept_encoding=True)
            for name, value in h.headers.items():
                if name.lower() not in ("connection", "expect"):
                    c.putheader(name, value)
            c.endheaders(body)
            r = c.getresponse()
            told["status"] = r.status
            if limit is None or h.command == "GET":
                self._answer(h, r, limit, argument if kind == "slow" else 0)
        finally:
            c.close()
        if kind == "stall":
            time.sleep(45)
        if kind in ("reset", "stall", "truncate"):
            if kind == "reset":
                h.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            h.close_connection = True
            h.connection.close()

    @staticmethod
    def _answer(h, r, limit, seconds):
        h.send_response_only(r.status)
        length = False
        for name, value in r.getheaders():
            if name.lower() not in ("connection", "transfer-encoding"):
                h.send_header(name, value)
                length = length or name.lower() == "content-length"
        body = b"" if h.command == "HEAD" else None
        if not length and h.command != "HEAD" and r.status != 204:
            body = r.read()
            h.send_header("Content-Length", str(len(body)))
        h.end_headers()
        if body is not None:
            time.sleep(seconds)
            h.wfile.write(body)
            return
        size = max(r.length // SLOW_PIECES, 1) if seconds and r.length else 1 << 16
        while limit is None or limit > 0:
            piece = r.read(size if limit is None else min(limit, size))
            if not piece:
                return
            time.sleep(seconds / SLOW_PIECES)
            h.wfile.write(piece)
            if limit is not None:
                limit -= len(piece)
