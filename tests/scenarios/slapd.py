# SPDX-License-Identifier: ISC
"""An OpenLDAP of our own on loopback, with StartTLS and TLS, people, services that have been there for years, one who may
manage the services, one who may only add to them, and one who may read. With `windows` it has the schema of Active
Directory and says that it is one."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

from sundew import end, port_base, skip_all

SUFFIX = "dc=corp,dc=example"
SERVICES = "ou=services," + SUFFIX
SCHEMA = "/etc/ldap/schema"
CONFIG = """
{includes}
pidfile {root}/pid
argsfile {root}/args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {root}/ca.pem
TLSCertificateFile {root}/server.pem
TLSCertificateKeyFile {root}/server.key
TLSVerifyClient try
{extra}
authz-regexp "cn=gardener" "cn=gardener,{suffix}"
database mdb
suffix "{suffix}"
rootdn "cn=root,{suffix}"
rootpw {password}
maxsize {size}
directory {root}/data
index objectClass,entryUUID,uid eq
{lastbind}
access to attrs=userPassword by dn.exact="cn=gardener,{suffix}" manage by dn.exact="cn=writer,{suffix}" write
    by anonymous auth by * none
access to dn.subtree="{services}" by dn.exact="cn=gardener,{suffix}" manage by dn.exact="cn=writer,{suffix}" write
    by users read by * none
access to * by users read by * none
"""
WINDOWS_TEXTS = ["sAMAccountName", "userPrincipalName", "userWorkstations", "servicePrincipalName"]
WINDOWS_NUMBERS = ["userAccountControl", "lastLogon", "badPwdCount"]
WINDOWS_BYTES = ["logonHours", "unicodePwd"]


def windows_schema(root):
    """What of Active Directory's schema an account has, by [MS-ADA1] to [MS-ADA3]."""
    lines, number = [], 0
    for names, rest in ((WINDOWS_TEXTS, "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15"),
                        (WINDOWS_NUMBERS, "EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE"),
                        (WINDOWS_BYTES, "SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE"),
                        (["supportedCapabilities"], "EQUALITY objectIdentifierMatch "
                                                    "SYNTAX 1.3.6.1.4.1.1466.115.121.1.38")):
        for name in names:
            number += 1
            lines.append(f"attributetype ( 1.3.6.1.4.1.55555.1.{number} NAME '{name}' {rest} )")
    may = " $ ".join(WINDOWS_TEXTS + WINDOWS_NUMBERS + WINDOWS_BYTES)
    lines += [f"objectclass ( 1.3.6.1.4.1.55555.2.1 NAME 'user' STRUCTURAL MUST cn MAY ( displayName $ description $ "
              f"{may} ) )", "objectclass ( 1.3.6.1.4.1.55555.2.2 NAME 'group' STRUCTURAL MUST cn MAY ( member $ "
              "description $ sAMAccountName ) )", f"rootDSE {root}/root.ldif"]
    return "\n".join(lines)


STAMPS = """structuralObjectClass: {structural}
creatorsName: cn=idm,{suffix}
modifiersName: cn=idm,{suffix}
createTimestamp: {made}
modifyTimestamp: {made}
"""


def entry(dn, structural, made, **values):
    lines = [f"dn: {dn}"]
    for name, value in values.items():
        lines += [f"{name}: {one}" for one in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n" + STAMPS.format(structural=structural, suffix=SUFFIX, made=made) + "\n"


def everything(password):
    """The directory's LDIF."""
    text = entry(SUFFIX, "organization", "20170102080000Z", objectClass=["dcObject", "organization"], dc="corp", o="Corp")
    for unit, made in (("services", "20180305081500Z"), ("people", "20180305081501Z"), ("empty", "20180305081502Z")):
        text += entry(f"ou={unit},{SUFFIX}", "organizationalUnit", made, objectClass="organizationalUnit", ou=unit)
    for name in ("gardener", "writer", "reader"):
        text += entry(f"cn={name},{SUFFIX}", "organizationalRole", "20180305081503Z",
                      objectClass=["organizationalRole", "simpleSecurityObject"], cn=name, userPassword=password)
    for n, name in enumerate(["svc-backup", "svc-scan", "svc-wiki", "svc-print", "svc-voip", "svc-dns"]):
        text += entry(f"uid={name},{SERVICES}", "inetOrgPerson", f"20{19 + n % 4}0{1 + n}12093011Z",
                      objectClass=["inetOrgPerson", "posixAccount"], uid=name, cn=name, sn=name,
                      uidNumber=str(4100 + 3 * n), gidNumber="4000", homeDirectory=f"/srv/{name}",
                      loginShell="/usr/sbin/nologin", mail=f"{name}@corp.example", employeeType="service",
                      departmentNumber=["IT", "IT", "NET", "NET", "IT", "NET"][n],
                      labeledURI=[f"https://host{n}.corp.example"] if n < 5 else [],
                      description=["Nightly backup", "Scanners", "Wiki", "Print server", "Telephones", "DNS"][n])
    text += entry(f"uid=ann,ou=people,{SUFFIX}", "inetOrgPerson", "20200203101112Z",
                  objectClass=["inetOrgPerson", "posixAccount"], uid="ann", cn="Ann Field", sn="Field", uidNumber="4116",
                  gidNumber="4000", homeDirectory="/home/ann")
    return text


def windows_everything(password):
    text = entry(SUFFIX, "organization", "20170102080000Z", objectClass=["dcObject", "organization"], dc="corp", o="Corp")
    text += entry(SERVICES, "organizationalUnit", "20180305081500Z", objectClass="organizationalUnit", ou="services")
    for name in ("gardener", "writer", "reader"):
        text += entry(f"cn={name},{SUFFIX}", "organizationalRole", "20180305081503Z",
                      objectClass=["organizationalRole", "simpleSecurityObject"], cn=name, userPassword=password)
    return text


def certificates(root):
    """An authority, a server on loopback, and one who logs in by his own."""
    def run(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=root)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run("req", "-x509", *key, "-days", "30", "-subj", "/CN=An authority", "-keyout", "ca.key", "-out", "ca.pem")
    for name, subject, extension in (("server", "/CN=ldap", "subjectAltName=IP:127.0.0.1\n"),
                                     ("gardener", "/CN=gardener", "extendedKeyUsage=clientAuth\n")):
        run("req", *key, "-subj", subject, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        with open(os.path.join(root, "ext"), "w") as file:
            file.write(extension)
        run("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days",
            "30", "-extfile", "ext", "-out", f"{name}.pem")


class Slapd:
    def __init__(self, windows=False, size=64 << 20):
        os.environ["PATH"] += ":/usr/sbin:/usr/local/sbin"
        self.slapd = shutil.which("slapd")
        if not self.slapd or not shutil.which("ldapsearch") or not os.path.exists(f"{SCHEMA}/inetorgperson.schema"):
            skip_all("slapd, its schemas or ldap-utils are not installed")
        self.root = tempfile.mkdtemp(prefix="sundew-slapd-")
        self.password = "gardening-" + os.urandom(6).hex()
        self.windows = windows
        self.size = size
        os.mkdir(os.path.join(self.root, "data"))
        certificates(self.root)
        with open(os.path.join(self.root, "root.ldif"), "w") as file:
            file.write("dn:\nsupportedCapabilities: 1.2.840.113556.1.4.800\n")
        self.configure()
        self.load((windows_everything if windows else everything)(self.password))
        self.start()

    def configure(self):
        schemas = ["core", "cosine", "inetorgperson"] + ([] if self.windows else ["nis"])
        with open(os.path.join(self.root, "slapd.conf"), "w") as file:
            file.write(CONFIG.format(root=self.root, suffix=SUFFIX, services=SERVICES, password=self.password,
                                     size=self.size, lastbind="" if self.windows else "lastbind on",
                                     includes="\n".join(f"include {SCHEMA}/{name}.schema" for name in schemas),
                                     extra=windows_schema(self.root) if self.windows else ""))

    def load(self, ldif):
        result = subprocess.run([os.path.join(os.path.dirname(self.slapd), "slapadd"), "-f",
                                 os.path.join(self.root, "slapd.conf")], input=ldif, capture_output=True, text=True,
                                timeout=60)
        if result.returncode != 0:
            raise RuntimeError("slapadd: " + result.stdout + result.stderr)

    def start(self):
        for _ in range(5):
            base = port_base(2)
            self.plain, self.tls = base, base + 1
            self.process = subprocess.Popen(
                [self.slapd, "-f", os.path.join(self.root, "slapd.conf"), "-d", "stats", "-h",
                 f"ldap://127.0.0.1:{self.plain} ldaps://127.0.0.1:{self.tls}"], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=open(os.path.join(self.root, "log"), "ab"))
            end = time.monotonic() + 30
            while self.process.poll() is None and time.monotonic() < end:
                try:
                    for port in (self.plain, self.tls):
                        socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    return
                except OSError:
                    time.sleep(0.05)
            self.stop()
        raise RuntimeError("slapd does not start:\n" + self.said())

    def said(self):
        with open(os.path.join(self.root, "log"), errors="replace") as file:
            return file.read()

    def client(self, tool, *arguments, who="cn=reader," + SUFFIX, text=None, password=None):
        """ldapsearch and its like, over TLS."""
        environment = dict(os.environ, LDAPTLS_CACERT=os.path.join(self.root, "ca.pem"), LDAPNOINIT="")
        del environment["LDAPNOINIT"]
        return subprocess.run([tool, "-x", "-H", f"ldaps://127.0.0.1:{self.tls}", "-D", who, "-w",
                               password or self.password, *arguments], capture_output=True, text=True, input=text,
                              timeout=60, env=environment)

    def search(self, base, *wanted, scope="sub", filter="(objectClass=*)", who="cn=reader," + SUFFIX):
        """dn → [(name, value)…], in the order in which the server shows them."""
        result = self.client("ldapsearch", "-LLL", "-o", "ldif-wrap=no", "-b", base, "-s", scope, filter, *wanted,
                             who=who)
        found = {}
        for block in result.stdout.split("\n\n"):
            pairs = [line.split(":", 1) for line in block.splitlines() if ":" in line and not line.startswith("#")]
            if pairs:
                found[pairs[0][1].strip()] = [(name, self.decoded(value)) for name, value in pairs[1:]
                                              if name != "pwdLastSuccess"]
        return found

    @staticmethod
    def decoded(value):
        import base64
        return base64.b64decode(value[1:]).decode("utf-8", "replace") if value.startswith(":") else value.strip()

    def change(self, ldif, who="cn=root," + SUFFIX):
        result = self.client("ldapmodify", who=who, text=ldif)
        if result.returncode != 0:
            raise RuntimeError(f"ldapmodify: {result.stdout}{result.stderr}")

    def stop(self):
        end(self.process)

    def close(self):
        self.stop()
        if not os.environ.get("SUNDEW_KEEP"):
            shutil.rmtree(self.root, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        if what[0] is not None:
            print("# slapd:", *self.said().splitlines()[-20:], sep="\n#   ")
        self.close()
