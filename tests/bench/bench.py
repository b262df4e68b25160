#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""make bench: speed and memory as ratios against named peers, side by side in one run on this machine's loopback.

    SUNDEW_BENCH_SECONDS   length of each load (3)
    SUNDEW_BENCH_ROUNDS    turns of each load and its peer's, of which the median counts (3)
    SUNDEW_BENCH_MILLION   tokens for the big ledger (1000000)
    SUNDEW_BENCH_FOUND     bytes in which 10,000 secrets are to be found (2 GiB)
    SUNDEW_BENCH_ONLY      parts to run, of: http tls ldap hook crowd size lookup mint plan campaign search found

Peers: Debian's nginx answering the same POST with a static 401, or with the same certificate; Debian's slapd refusing the same binds. A peer that is
not installed is left out with a word. Figures are printed as measured; "to reach" stands beside those that have one."""
import base64
import os
import random
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "scenarios"))
from sundew import BIN, SUNDEW, Installation, Kept, form, port_base

SECONDS = int(os.environ.get("SUNDEW_BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("SUNDEW_BENCH_ROUNDS", "3"))
FOUND = int(os.environ.get("SUNDEW_BENCH_FOUND", str(2 << 30)))
MILLION = int(os.environ.get("SUNDEW_BENCH_MILLION", "1000000"))
ONLY = os.environ.get("SUNDEW_BENCH_ONLY", "http tls ldap hook crowd size lookup mint plan campaign search found").split()


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def say(what, figure, peer="", ratio=None, reach=None):
    verdict = ""
    if reach is not None:
        good = ratio is not None and (ratio >= reach[1] if reach[0] == ">=" else ratio <= reach[1])
        verdict = f"to reach {reach[0]} {reach[1]:g}: {'yes' if good else 'NO'}"
    shown = "" if ratio is None else f"{ratio:.2f}"
    print(f"{what:58} {figure:>16} {peer:>20} {shown:>8}  {verdict}", flush=True)


def tool(name):
    return shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")


def wait_port(port, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port}")


class Peer:
    """A peer's process in a folder of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="sundew-bench-")
        self.port = port_base(1)
        self.process = None

    def start(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_port(self.port)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def nginx(certificates=None, workers="auto"):
    peer = Peer()
    # The versions of Debian's nginx.conf; by itself nginx 1.22 has no TLS 1.3, whose keys cost more.
    tls = "" if certificates is None else (f"ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {certificates}/cert.pem; "
                                           f"ssl_certificate_key {certificates}/key.pem;")
    with open(os.path.join(peer.dir, "nginx.conf"), "w") as file:
        file.write(f"daemon off; worker_processes {workers}; pid {peer.dir}/pid; error_log {peer.dir}/error.log;\n"
                   f"events {{ worker_connections 2048; }}\n"
                   f"http {{ access_log off; client_body_temp_path {peer.dir}/b; proxy_temp_path {peer.dir}/p;\n"
                   f"fastcgi_temp_path {peer.dir}/f; uwsgi_temp_path {peer.dir}/u; scgi_temp_path {peer.dir}/s;\n"
                   f"server {{ listen 127.0.0.1:{peer.port}{' ssl' if tls else ''}; {tls} keepalive_requests 100000000;\n"
                   f"location / {{ default_type application/json; return 401 '{{\"error\":\"invalid_grant\"}}'; }} }} }}\n")
    return peer.start(tool("nginx"), "-p", peer.dir, "-c", os.path.join(peer.dir, "nginx.conf"))


def slapd():
    peer = Peer()
    config = os.path.join(peer.dir, "slapd.conf")
    modules = "/usr/lib/ldap"
    with open(config, "w") as file:
        file.write(f"include /etc/ldap/schema/core.schema\npidfile {peer.dir}/pid\nmodulepath {modules}\n"
                   f"moduleload back_mdb\ndatabase mdb\nmaxsize 10485760\nsuffix \"dc=corp,dc=example\"\n"
                   f"rootdn \"cn=admin,dc=corp,dc=example\"\nrootpw right-one\ndirectory {peer.dir}\n")
    return peer.start(tool("slapd"), "-d", "0", "-f", config, "-h", f"ldap://127.0.0.1:{peer.port}/")


def wrk(port, connections, body, path="/oauth/token"):
    """Requests per second and 99th percentile in ms."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/x-www-form-urlencoded'\n"
                     f"wrk.body = [==[{body.decode()}]==]\n")
        script.flush()
        text = subprocess.run([tool("wrk"), "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", "-s", script.name,
                               f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    tail = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    if "Socket errors" in text:
        print("  ", re.search(r"Socket errors.*", text).group(0))
    return rate, float(tail.group(1)) * {"us": 0.001, "ms": 1, "s": 1000}[tail.group(2)]


def bench_http():
    if not tool("wrk") or not tool("nginx"):
        return print("http: wrk or nginx is not installed; left out")
    with nginx() as peer, Installation(plain=True) as sundew:
        token = sundew.json("mint", "password", "--decoy", "gitlab")[0]
        sundew.start()
        port = sundew.port("gitlab", False)
        wrong = form("nobody.here", "some-wrong-secret")
        right = form(token["identity"], token["secret"])
        for connections in (1, 32, 256):
            # In turns, so that all three meet the same disturbances.
            turns = [(wrk(peer.port, connections, wrong)[0], wrk(port, connections, wrong),
                      wrk(port, connections, right)) for _ in range(ROUNDS)]
            base = median(turn[0] for turn in turns)
            for what, column in (("not planted", 1), ("planted", 2)):
                rate = median(turn[column][0] for turn in turns)
                tail = median(turn[column][1] for turn in turns)
                ratio = median(turn[column][0] / turn[0] for turn in turns)
                say(f"POST logins/s, {what}, {connections} connections (p99 {tail:.1f} ms)", f"{rate:,.0f}",
                    f"nginx {base:,.0f}", ratio, (">=", 0.5) if connections == 256 else None)
        base = wrk(peer.port, 256, b"x=y")[0]
    rate = derived()
    say("sightings derived/s, planted, 256 connections", f"{rate:,.0f}", f"nginx {base:,.0f}", rate / base, (">=", 0.1))


def derived():
    """How fast sightings are derived: of a load, from its begin until nothing of it is left."""
    with Installation(plain=True) as sundew:
        token = sundew.json("mint", "password", "--decoy", "gitlab")[0]
        sundew.start()
        begun = time.monotonic()
        wrk(sundew.port("gitlab", False), 256, form(token["identity"], token["secret"]))
        last, ended, now = 0, begun, 1
        while now != last:
            time.sleep(0.5)  # whoever asks holds up what is asked for
            last, ended, now = now, time.monotonic(), sundew.json("tokens")[0]["uses"]
        return last / (ended - begun)


def load_tls(port, connections):
    text = subprocess.run([os.path.join(BIN, "tests/bench/load_tls"), str(port), str(connections), str(SECONDS)],
                          capture_output=True, text=True)
    if text.returncode != 0:
        raise RuntimeError(text.stderr)
    rate, _, p99, failed = text.stdout.splitlines()[-1].split()
    if int(failed):
        print(f"   {failed} handshakes failed")
    return float(rate), int(p99)


def tls_rates(folder, workers, connections):
    """Of nginx and of ours, with as many processes each."""
    with nginx(folder, workers) as peer, Installation("--tls", folder) as sundew:
        with open(sundew.config, "a") as config:
            config.write(f"workers: {workers}\n")
        sundew.start()
        ports = peer.port, sundew.port("gitlab", True)
        turns = []
        for turn in range(ROUNDS):  # each begins as often as the other
            rates = {port: load_tls(port, connections) for port in (ports if turn % 2 else reversed(ports))}
            turns.append(tuple(rates[port] for port in ports))
        return turns


def bench_tls():
    """New connections with a whole handshake each; the peer has the same certificate."""
    if not tool("nginx") or not tool("openssl"):
        return print("tls: nginx or openssl is not installed; left out")
    with tempfile.TemporaryDirectory(prefix="sundew-bench-") as folder:
        for key in (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["rsa:2048"]):
            subprocess.run([tool("openssl"), "req", "-x509", "-newkey", *key, "-nodes", "-days", "30", "-subj",
                            "/CN=git.corp.example", "-addext", "subjectAltName=DNS:*.corp.example", "-keyout",
                            f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], capture_output=True, check=True)
            for workers, connections in ((1, 1), (1, 64), (os.cpu_count(), 64)):
                turns = tls_rates(folder, workers, connections)
                base, rate = median(turn[0][0] for turn in turns), median(turn[1][0] for turn in turns)
                say(f"new TLS connections/s, {key[0]}, {connections} at a time, workers: {workers} "
                    f"(p99 {median(turn[1][1] for turn in turns) / 1000:.1f} ms)", f"{rate:,.0f}",
                    f"nginx {base:,.0f}", median(turn[1][0] / turn[0][0] for turn in turns), (">=", 1.0))


def bench_crowd():
    """The scenario measures; here its figures are held against their limits."""
    text = subprocess.run([os.path.join(HERE, "..", "scenarios", "crowd.test")], capture_output=True, text=True,
                          env={**os.environ, "SUNDEW_CROWD_LIMITS": "1"}).stdout
    for what, figure, unit, limit in re.findall(r"# figure: (.*) \| ([\d.-]+) (\S+) \| (\d+)", text):
        say(what, f"{figure} {unit}", "", float(figure), ("<=", float(limit)))
    for line in re.findall(r"not ok .*", text):
        print("  ", line)


def load_ldap(port, connections, mode, dn, password):
    text = subprocess.run([os.path.join(BIN, "tests/bench/load_ldap"), str(port), str(connections), str(SECONDS), mode,
                           dn, password], capture_output=True, text=True)
    if text.returncode != 0:
        raise RuntimeError(text.stderr)
    rate, p50, p99, wrong = text.stdout.split()
    if int(wrong):
        print(f"   {wrong} answers were not 49")
    return float(rate), int(p99)


def bench_ldap():
    if not tool("slapd"):
        return print("ldap: slapd is not installed; left out")
    with slapd() as peer, Installation() as sundew:
        token = sundew.json("mint", "password", "--decoy", "ldap")[0]
        sundew.start()
        port = sundew.port("ldap", False)
        for mode, connections, reach in (("new", 1, None), ("new", 32, 1.0), ("kept", 1, None), ("kept", 32, 0.4)):
            loads = (peer.port, "cn=admin", "some-wrong-one"), (port, "uid=nobody.here", "some-wrong-one"), \
                (port, "uid=" + token["identity"], token["secret"])
            turns = [[load_ldap(where, connections, mode, dn + ",dc=corp,dc=example", password)
                      for where, dn, password in loads] for _ in range(ROUNDS)]
            base = median(turn[0][0] for turn in turns)
            for what, column in (("not planted", 1), ("planted", 2)):
                rate, p99 = median(turn[column][0] for turn in turns), median(turn[column][1] for turn in turns)
                ratio = median(turn[column][0] / turn[0][0] for turn in turns)
                say(f"LDAP binds/s, {what}, {connections} {mode} (p99 {p99 / 1000:.1f} ms)", f"{rate:,.0f}",
                    f"slapd {base:,.0f}", ratio, (">=", reach) if reach else None)


def bench_hook():
    hook = port_base(1)
    with Installation(route=f"http://127.0.0.1:{hook}/hook", plain=True) as sundew:
        tokens = sundew.json("mint", "password", "--decoy", "gitlab", "--count", "500")
        sundew.start()
        lines = "".join(f"{t['identity']}\t{t['secret']}\n" for t in tokens)
        text = subprocess.run([os.path.join(BIN, "tests/bench/use_to_hook"), str(sundew.port("gitlab", False)),
                               str(hook)], input=lines, capture_output=True, text=True)
        if text.returncode != 0:
            return print("hook:", text.stderr)
        count, p50, p99, most = (int(x) for x in text.stdout.split())
        say(f"use to webhook, {count} uses, p50", f"{p50 / 1000:.2f} ms")
        say(f"use to webhook, {count} uses, p99", f"{p99 / 1000:.2f} ms", "", p99 / 1000, ("<=", 25))


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def start_and_size(sundew, what):
    begun = time.monotonic()
    sundew.start()
    taken = time.monotonic() - begun
    say(f"start to ready, {what}", f"{taken:.3f} s", "", taken, ("<=", 1.0))
    connection = Kept(sundew.port("gitlab", False))
    for n in range(200):
        connection.post(f"nobody.{n}", f"wrong-secret-{n}")
    connection.close()
    for pid, name in sorted(sundew.processes().items(), key=lambda item: item[1]):
        size = resident(pid)
        reach = {"keeper": ("<=", 64), "sensor": ("<=", 16)}.get(name)
        say(f"resident, {name}, {what}", f"{size:.1f} MiB", "", size, reach)
    sundew.stop()


def mint_many(sundew, count):
    begun = time.monotonic()
    process = subprocess.Popen([SUNDEW, "-c", sundew.config, "mint", "password", "--decoy", "gitlab", "--count",
                                str(count), "--json"], stdout=subprocess.PIPE)
    lines = sum(block.count(b"\n") for block in iter(lambda: process.stdout.read(1 << 20), b""))
    if process.wait() != 0 or lines != count:
        raise RuntimeError(f"mint gave {lines} of {count}")
    return count / (time.monotonic() - begun)


def bench_size():
    with Installation(plain=True) as sundew:
        sundew.json("mint", "password", "--decoy", "gitlab")
        start_and_size(sundew, "1 token")
        rate = mint_many(sundew, MILLION)
        say(f"tokens minted/s, {MILLION:,} in bulk", f"{rate:,.0f}", "", rate, (">=", 20000))
        start_and_size(sundew, f"{MILLION:,} tokens")


def bench_plan():
    """A campaign into Maildirs on this machine: each placement is made durable before and after."""
    with Installation() as sundew:
        for i in range(100):
            for part in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(sundew.root, "mail", str(i), part))
        plan = os.path.join(sundew.root, "plan.yaml")
        with open(plan, "w") as file:
            file.write("plan: bench\nentries: {mail: {glob: [\"maildir:mail/*\"], density: 3, kinds: [password]}}\n")
        sundew.start()
        begun = time.monotonic()
        sundew.call("plan", plan, "--apply", timeout=600)
        say("lures planted/s, a plan of 300 into 100 Maildirs", f"{300 / (time.monotonic() - begun):.1f}")


def bench_campaign():
    """Into a Dovecot and repositories, killed again and again, and counted by others: campaign.py says how large."""
    run = subprocess.run([os.path.join(HERE, "campaign.py")], capture_output=True, text=True)
    for what, figure, unit in re.findall(r"(.*) \| ([\d.]+) \|(.*)", run.stdout):
        limit = ("<=", 64) if what.endswith("planter") else None
        say(what, figure + unit, "", float(figure) if limit else None, limit)
    for line in re.findall(r"(?:not ok|1\.\.0) .*", run.stdout + run.stderr):
        print("  ", line)
    say("exactly what the plan says", "yes" if run.returncode == 0 else "NO")


def bench_mint():
    with Installation() as sundew:
        sundew.start()
        rate = mint_many(sundew, 20000)
        say("tokens minted/s, 20,000 by the running daemon", f"{rate:,.0f}", "", rate, (">=", 20000))
        maildir = os.path.join(sundew.root, "Maildir")
        for part in ("cur", "new", "tmp"):
            os.makedirs(os.path.join(maildir, part))
        begun = time.monotonic()
        for _ in range(30):
            sundew.call("plant", "password", "maildir:" + maildir)
        say("lures planted/s, one command each", f"{30 / (time.monotonic() - begun):.1f}")


def bench_lookup():
    program = os.path.join(BIN, "tests/bench/lookup")
    if not os.path.exists(program):
        return print("lookup: tests/bench/lookup is not built")
    rates = {}
    for count in (1000, 100000, 1000000, 10000000):
        text = subprocess.run([program, str(count)], capture_output=True, text=True)
        if text.returncode != 0:
            return print("lookup:", text.stderr)
        miss, hit, size = (float(x) for x in text.stdout.split())
        rates[count] = miss, hit
        say(f"recognition of one login, {count:,} digests: miss, hit", f"{miss:.2f}, {hit:.2f} us", f"{size:.0f} MiB")
    # The fewest are looked up in memory (server/keeper/roster.h), all others in the ledger.
    for fewer, reach in ((1000, ("<=", 2)), (100000, None)):
        for which, what in enumerate(("miss", "hit")):
            say(f"{what} among 10,000,000 against {fewer:,}", f"{rates[10000000][which]:.2f} us", "",
                rates[10000000][which] / rates[fewer][which], reach)


# ---- recognise ----

def corpus(path, size, planted=()):
    """Mail, logs and code to that size: lines of both, drawn, and this tree's text; `planted` spread over it."""
    draw = random.Random(4711)
    top = os.path.join(HERE, "..", "..")
    code = b"".join(open(os.path.join(folder, name), "rb").read() for folder, _, names in os.walk(os.path.join(top, "server"))
                    for name in sorted(names) if name.endswith((".c", ".h")))
    logs = b"".join(b"10.%d.%d.%d - - [26/Nov/2026:10:%02d:11 +0100] \"GET /api/v4/projects/%d/issues?page=%d&sort=desc "
                    b"HTTP/1.1\" 200 %d \"https://git.corp.example/group%%2Fproject\" \"curl/7.88.1\" %032x\n" %
                    (draw.randrange(256), draw.randrange(256), draw.randrange(256), draw.randrange(60),
                     draw.randrange(99999), draw.randrange(99), draw.randrange(99999), draw.getrandbits(128))
                    for _ in range(20000))
    words = code.split()
    mail = b"".join(b"From: a%d@corp.example\r\nSubject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=\r\n\r\n%s=\r\n%s\r\n%s\r\n" %
                    (n, b" ".join(draw.choices(words, k=12)), b" ".join(draw.choices(words, k=9)),
                     base64.encodebytes(draw.randbytes(300))) for n in range(5000))
    block = code + logs + mail
    step = size // (len(planted) + 1)
    with open(path, "wb") as file:
        done = 0
        for secret in [*planted, None]:
            left = step
            while left > 0:
                at = done % len(block)
                piece = block[at:at + min(left, 1 << 22)]
                file.write(piece)
                left -= len(piece)
                done += len(piece)
            if secret is not None:
                file.write(b"\n" + secret + b"\n")


def searched(count, length, how, path):
    result = subprocess.run([os.path.join(BIN, "tests/bench/search"), str(count), str(length), how, path],
                            capture_output=True, text=True)
    return [float(x) for x in result.stdout.split()] if result.returncode == 0 else None


def bench_search():
    with tempfile.TemporaryDirectory(prefix="sundew-bench-") as folder:
        path, patterns = os.path.join(folder, "corpus"), os.path.join(folder, "patterns")
        corpus(path, 512 << 20)
        for count, length, how, reach in ((1000, 0, "plain", 2.0), (MILLION, 0, "plain", 1.0), (1000, 0, "all", 0.3),
                                          (MILLION, 0, "all", None), (1000, 18, "plain", None), (1000, 12, "plain", None)):
            ours, peer = searched(count, length, how, path), None
            if how == "plain" and count <= 10000:
                with open(patterns, "w") as file:
                    file.writelines(secrets.token_urlsafe(64)[:length or 23 + n % 38] + "\n" for n in range(count))
                begun = time.monotonic()
                subprocess.run(["grep", "-c", "-F", "-f", patterns, path], env={"LC_ALL": "C"}, stdout=subprocess.DEVNULL)
                peer = (512 << 20) / (time.monotonic() - begun) / 1e9
                hyper = searched(count, length, "hyperscan", path)
                say(f"  the same by Hyperscan, {count:,} secrets", f"{hyper[0]:.2f} GB/s" if hyper else "not installed")
            bytes_of = f"{length} bytes" if length else "23 to 60 bytes"
            say(f"searching for {count:,} secrets of {bytes_of}, {how}", f"{ours[0]:.2f} GB/s",
                f"{peer:.2f} grep -F" if peer else f"{ours[2]:.0f} MiB", ours[0], (">=", reach) if reach else None)


def bench_found():
    """10,000 planted in 2 GiB, each in one of several ways; all are to be found, and nothing else."""
    ways = (lambda s: s, lambda s: base64.b64encode(b"x:" + s + b"!"), lambda s: b"".join(b"%%%02X" % c for c in s),
            lambda s: s[:9] + b"=\r\n" + s[9:], lambda s: base64.encodebytes(b"y" * 50 + s + b"z" * 50))
    with Installation() as sundew, tempfile.TemporaryDirectory(prefix="sundew-bench-") as folder:
        minted = sundew.json("mint", "gitlab-token", "--count", "10000", timeout=600)
        path = os.path.join(folder, "corpus")
        corpus(path, FOUND, [ways[n % len(ways)](m["secret"].encode()) for n, m in enumerate(minted)])
        begun = time.monotonic()
        found = [row["token"] for row in sundew.json("recognise", path, timeout=1200)]
        taken = time.monotonic() - begun
        good = len(found) == len(set(found)) and set(found) == {m["token"] for m in minted}
        say(f"10,000 planted in {FOUND >> 20} MiB: found, in all", f"{len(set(found))}, {len(found)}",
            f"{FOUND / taken / 1e9:.2f} GB/s", float(good), (">=", 1))


if __name__ == "__main__":
    print(f"{'what':58} {'measured':>16} {'peer':>20} {'ratio':>8}")
    for part in ONLY:
        globals()["bench_" + part]()
