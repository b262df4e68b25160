#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""ldap_clients.py FOLDER PORT,TLS PORT,TLS: runs clients against slapd and against the service, and compares what they
print. FOLDER holds ldap3.py and ldapts.js."""
import concurrent.futures
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from sundew import Tap

BASE = "dc=corp,dc=example"
PEOPLE = "ou=People," + BASE
ANNA, HIDDEN = "uid=anna," + PEOPLE, "uid=svc-x,ou=accounts," + BASE
folder = sys.argv[1]
sides = [argument.split(",") for argument in sys.argv[2:4]]
tap = Tap()
pool = concurrent.futures.ThreadPoolExecutor(2)


# Binds, so that what a server says behind the handshake has come, too.
TICKETS = """import socket, ssl, sys
for version in ("TLSv1_2", "TLSv1_3"):
    context = ssl._create_unverified_context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)) as s:
        s.sendall(bytes.fromhex("300c020101600702010304008000"))
        print(version, s.recv(100).hex(), s.session.has_ticket, s.session.ticket_lifetime_hint, len(s.session.id) > 0)
"""


def run(command, ports):
    put = [a.replace("PORT", ports[0]).replace("TLS", ports[1]) for a in command]
    result = subprocess.run(put, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    said = result.stdout + result.stderr
    return said.replace(ports[0], "PORT").replace(ports[1], "TLS"), result.returncode


def same(what, *command, clean=lambda said: said):
    if shutil.which(command[0]) is None:
        tap.skip(what, command[0] + " is not installed")
        return
    (want, status), (have, other) = pool.map(lambda ports: run(command, ports), sides)
    want, have = clean(want).splitlines(), clean(have).splitlines()
    tap.ok(want == have and status == other and want, what, *(f"want {a}\nhave {b}" for a, b in zip(want, have) if a != b),
           f"{len(want)} and {len(have)} lines, status {status} and {other}")


def tools():
    for how in (("-H", "ldap://127.0.0.1:PORT"), ("-ZZ", "-H", "ldap://127.0.0.1:PORT"), ("-H", "ldaps://127.0.0.1:TLS")):
        shown = " ".join(how)
        search, who = ("ldapsearch", "-x", *how), ("ldapwhoami", "-x", *how)
        same("ldapsearch " + shown, *search, "-LLL", "-b", BASE)
        same(f"ldapsearch {shown}, all attributes", *search, "-b", PEOPLE, "(|(uid=anna)(sn=van*))", "*", "+")
        same(f"ldapsearch {shown}, the root", *search, "-b", "", "-s", "base", "*", "+")
        same("ldapwhoami " + shown, *who)
        for name, secret in ((ANNA, "wrong"), (HIDDEN, "wrong"), (ANNA, "")):
            same(f"ldapwhoami {shown}, {name.split(',')[0]} with \"{secret}\"", *who, "-D", name, "-w", secret)
    how = ("-x", "-H", "ldap://127.0.0.1:PORT")
    for what, *more in (("by pages", "-b", BASE, "-E", "pr=3/noprompt", "1.1"), ("size limit", "-b", BASE, "-z", "3", "1.1"),
                        ("sorted, critical", "-b", BASE, "-E", "!sss=cn", "1.1"), ("sorted", "-b", BASE, "-E", "sss=cn", "1.1"),
                        ("dereferencing", "-b", BASE, "-a", "always", "1.1"), ("hidden", "-b", "ou=accounts," + BASE),
                        ("nothing there", "-b", "ou=nothing," + BASE), ("the schema", "-b", "cn=Subschema", "-s", "base", "+"),
                        ("bad filter", "-b", BASE, "(&(cn=a)")):
        same("ldapsearch, " + what, "ldapsearch", *how, *more)
    for place in ("ldap://127.0.0.1:PORT", "ldaps://127.0.0.1:TLS"):
        for name in ("DIGEST-MD5", "CRAM-MD5", "SCRAM-SHA-256", "NTLM", "PLAIN", "LOGIN", "GSSAPI"):
            same(f"ldapwhoami {place} by {name}", "ldapwhoami", "-Q", "-H", place, "-Y", name, "-U", "anna", "-w", "wrong")
    same("SASL under TLS", "/usr/bin/python3", os.path.join(os.path.dirname(os.path.abspath(__file__)), "ldap_slapd.py"),
         "secure", "TLS")
    same("sessions under TLS are not taken up again", "/usr/bin/python3", "-c", TICKETS, "TLS")
    same("ldapcompare", "ldapcompare", *how, ANNA, "cn:ANNA ÉCLAIR")
    same("ldapcompare, false", "ldapcompare", *how, ANNA, "sn:x")
    same("ldapcompare, password", "ldapcompare", *how, HIDDEN, "userPassword:x")
    same("ldappasswd", "ldappasswd", *how, "-a", "old", "-s", "new", ANNA)
    same("ldapdelete", "ldapdelete", *how, ANNA)
    same("ldapexop", "ldapexop", *how, "whoami")


def libraries():
    modules = {"python ldap3": ("/usr/bin/python3", "-c", "import ldap3"), "ldapts": ("node", "-e", "require('ldapts')")}
    for name, try_it in modules.items():
        if shutil.which(try_it[0]) is None or subprocess.run(try_it, capture_output=True).returncode != 0:
            tap.skip(name, "it is not installed")
            continue
        script = os.path.join(folder, "ldap3.py" if name == "python ldap3" else "ldapts.js")
        for mode in ("plain", "start", "ldaps"):
            same(f"{name}, {mode}", try_it[0], script, ":PORT", ":TLS", mode)


def nmap():
    if shutil.which("nmap") is None:
        tap.skip("nmap", "it is not installed")
        return
    dull = ("Starting", "Nmap done", "Host is up", "Nmap scan", "PORT")
    same("nmap's root DSE and search", "nmap", "-n", "-Pn", "-p", "PORT", "--script", "ldap-rootdse,ldap-search", "127.0.0.1",
         clean=lambda said: "\n".join(line for line in said.splitlines() if not line.startswith(dull)))
    said = subprocess.run(["nmap", "-n", "-Pn", "-sV", "-p", sides[1][0], "127.0.0.1"], capture_output=True, text=True,
                          timeout=300).stdout
    tap.ok("OpenLDAP 2.2.X - 2.3.X" in said, "nmap names OpenLDAP", said)


tools()
libraries()
nmap()
tap.done()
