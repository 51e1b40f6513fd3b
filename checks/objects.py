"""An S3 server for checks: a bucket on the one that the environment names, and a proxy before it that delays and breaks what passes."""
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
        root = f"{self.name}/{prefix}"
        found = self._fs.get_file_info(fs.FileSelector(root, recursive=True, allow_not_found=True))
        return sorted(i.path[len(root) + 1:] for i in found if i.type == fs.FileType.File)

    def remove(self):
        self._fs.delete_dir(self.name)


class Proxy:
    """Passes requests on, each after a delay; log has (method, path, start, end) of each. fault(method, path) may return what to do instead, (kind, argument): an error of ("status", (status, code, header...)), the same with the
    request's headers in its message ("echo"), "call" before the request is passed on, or "reset", "truncate" and "stall" after so many bytes of the answer."""

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
        started = time.monotonic()
        self.handle(h)
        with self._lock:
            self.log.append((h.command, h.path, started, time.monotonic()))

    def handle(self, h):
        body = h.rfile.read(int(h.headers.get("Content-Length") or 0))
        time.sleep(self.delay)
        with self._lock:
            fault = self.fault and self.fault(h.command, h.path)
            self.struck += bool(fault)
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
            if limit is None or h.command == "GET":
                self._answer(h, r, limit)
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
    def _answer(h, r, limit):
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
            h.wfile.write(body)
            return
        while limit is None or limit > 0:
            piece = r.read(1 << 16 if limit is None else min(limit, 1 << 16))
            if not piece:
                return
            h.wfile.write(piece)
            if limit is not None:
                limit -= len(piece)
