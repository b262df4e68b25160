# SPDX-License-Identifier: ISC
"""Real git servers on loopback: git http-backend behind nginx with TLS and passwords, and OpenSSH's sshd, both over one
folder of bare repositories. Run as whoever runs the test; only what was started here is stopped."""
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time

from sundew import end, port_base

NGINX = shutil.which("nginx") or ("/usr/sbin/nginx" if os.path.exists("/usr/sbin/nginx") else None)
FCGIWRAP = shutil.which("fcgiwrap") or ("/usr/sbin/fcgiwrap" if os.path.exists("/usr/sbin/fcgiwrap") else None)
SSHD = shutil.which("sshd") or ("/usr/sbin/sshd" if os.path.exists("/usr/sbin/sshd") else None)
BACKEND = "/usr/lib/git-core/git-http-backend"
USER, PASSWORD = "planting", "Mild-Heron-49-Quay"

CONF = """
{runs}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    client_max_body_size 0;
    server {{
        listen 127.0.0.1:{https} ssl;
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        location /elsewhere/ {{ return 302 https://127.0.0.1:{decoy}$request_uri; }}
        location / {{
            auth_basic "git";
            auth_basic_user_file {folder}/passwords;
            fastcgi_pass unix:{folder}/fcgi;
            fastcgi_param SCRIPT_FILENAME {folder}/backend;
            fastcgi_param GIT_PROJECT_ROOT {folder}/srv;
            fastcgi_param GIT_HTTP_EXPORT_ALL "";
            fastcgi_param REMOTE_USER $remote_user;
            fastcgi_param PATH_INFO $uri;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
        }}
    }}
}}
"""
SSHD_CONF = """
ListenAddress 127.0.0.1:{ssh}
HostKey {folder}/host
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
# Keeps bash from the tester's own .bashrc.
SetEnv SHLVL=1
StrictModes no
"""


def missing():
    """Why these servers cannot run here; "" when they can."""
    for name, path in (("nginx", NGINX), ("fcgiwrap", FCGIWRAP), ("sshd", SSHD), ("openssl", shutil.which("openssl"))):
        if path is None:
            return f"{name} is not installed"
    return "" if os.path.exists(BACKEND) else "git http-backend is not installed"


class GitServers:
    def __init__(self, folder):
        self.folder = folder
        self.srv = os.path.join(folder, "srv")
        os.makedirs(self.srv)
        self.https = port_base(3)
        self.ssh, self.decoy = self.https + 1, self.https + 2
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.started = []
        self.make_keys()
        with open(os.path.join(folder, "backend"), "w") as backend:
            # A test may have something done between a push's look at the repository and the push itself.
            backend.write(f'#!/bin/sh\n[ "$QUERY_STRING" != service=git-receive-pack ] || [ ! -x {folder}/meanwhile ] ||'
                          f' {folder}/meanwhile >/dev/null 2>&1 </dev/null\nexec {BACKEND}\n')
        os.chmod(os.path.join(folder, "backend"), 0o755)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run(self, *command, **more):
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, **more).stdout

    def make_keys(self):
        self.run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                 "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                 self.path("server.key"), "-out", self.path("server.pem"))
        hashed = self.run("openssl", "passwd", "-6", PASSWORD).strip()
        with open(self.path("passwords"), "w") as passwords:
            passwords.write(f"{USER}:{hashed}\n")
        for name in ("host", "other", "client"):
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.path(name))
        shutil.copy(self.path("client.pub"), self.path("authorized"))

    def known(self, name="host"):
        with open(self.path(name + ".pub")) as key:
            return f"[127.0.0.1]:{self.ssh} " + " ".join(key.read().split()[:2])

    def start(self):
        with open(self.path("nginx.conf"), "w") as conf:
            conf.write(CONF.format(runs="user root;" if os.getuid() == 0 else "", **vars(self)))
        with open(self.path("sshd.conf"), "w") as conf:
            conf.write(SSHD_CONF.format(**vars(self)))
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        clean = {"PATH": "/usr/bin:/bin", "HOME": self.folder}
        for command in ([FCGIWRAP, "-s", f"unix:{self.folder}/fcgi"],
                        [NGINX, "-p", self.folder, "-c", self.path("nginx.conf")],
                        [SSHD, "-D", "-e", "-f", self.path("sshd.conf")]):
            log = open(self.path(os.path.basename(command[0]) + ".out"), "wb")
            self.started.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=clean))
            log.close()
        end = time.monotonic() + 30
        for port in (self.https, self.ssh):
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise RuntimeError("a git server does not start: " + self.logs())
                    time.sleep(0.05)
        return self

    def logs(self):
        said = ""
        for name in sorted(os.listdir(self.folder)):
            if name.endswith((".out", ".log")):
                with open(self.path(name), errors="replace") as log:
                    said += f"{name}: " + log.read()[-2000:]
        return said

    def stop(self):
        end(*self.started)

    def __enter__(self):
        return self.start()

    def __exit__(self, *what):
        if what[0] is not None:
            print("# servers:", self.logs().replace("\n", "\n#   "), file=sys.stdout)
        self.stop()
