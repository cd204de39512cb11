# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx on a loopback port of its own, and a proxy that makes it slow."""

import http.client
import http.server
import os
import pathlib
import subprocess
import threading
import time

from workspace import comes_up, free_port

CONFIGURATION = """
daemon off; {user} worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 256; }}
http {{
  log_format plain '$status $request_uri';
  access_log {dir}/access.log plain;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fastcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  default_type application/octet-stream; sendfile on; etag on; if_modified_since exact;
  {server}
}}
"""
PLAIN_SERVER = "server {{ listen 127.0.0.1:{port}; root {root}; }}"


class Nginx:
    """Serves `root` from construction until stop(); `server` may replace the server block, with {port} and {root} in it."""

    def __init__(self, directory, root, port=None, server=PLAIN_SERVER):
        self.dir = pathlib.Path(directory)
        self.server = server
        self.dir.mkdir(parents=True, exist_ok=True)
        for _ in range(5):  # a free port can be taken before nginx has it
            self.port = port or free_port()
            if self._start(root):
                return
        raise AssertionError("nginx does not start: " + (self.dir / "error.log").read_text())

    def _start(self, root):
        (self.dir / "access.log").touch()
        user = "user root;" if os.getuid() == 0 else ""
        (self.dir / "nginx.conf").write_text(
            CONFIGURATION.format(user=user, dir=self.dir, server=self.server.format(
                port=self.port, root=pathlib.Path(root).absolute())))
        self.process = subprocess.Popen(
            ["nginx", "-e", str(self.dir / "error.log"), "-c", str(self.dir / "nginx.conf")], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"})
        if comes_up(self.process, self.port):
            return True
        self.stop()
        return False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def requests(self):
        """What was asked for so far: a list of (status, path)."""
        time.sleep(0.05)  # nginx logs after it answers
        lines = (self.dir / "access.log").read_text().splitlines()
        return [(int(line.split(" ", 1)[0]), line.split(" ", 1)[1]) for line in lines if line]

    def forget_requests(self):
        time.sleep(0.05)
        os.truncate(self.dir / "access.log", 0)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


class _SlowHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    passed_on = ("range", "if-range", "if-modified-since", "if-none-match", "user-agent", "accept", "cache-control")

    def do_GET(self):  # noqa: N802 (the name that http.server calls)
        time.sleep(self.server.delay)
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port, timeout=30)
        headers = {name: value for name, value in self.headers.items() if name.lower() in self.passed_on}
        upstream.request("GET", self.path, headers={**headers, "Connection": "close"})
        answer = upstream.getresponse()
        body = answer.read()
        upstream.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "keep-alive"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class SlowProxy:
    """Stands before `port` and delays each answer, so that many publishes happen within one client's session."""

    def __init__(self, port, delay):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _SlowHandler)
        self.server.daemon_threads = True
        self.server.upstream_port = port
        self.server.delay = delay
        self.server.handle_error = lambda *_: None  # a client that hangs up is not our failure
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
