# SPDX-License-Identifier: ISC
"""Reads keys and what is made of them, by arithmetic and by OpenSSL's and OpenSSH's tools; for independent.test."""
import base64
import hashlib
import json
import os
import re
import subprocess
from math import gcd

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
NOW = 1790000000  # of the draws


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canonical(text):
    raw = unpadded(text)
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != text:
        raise ValueError("no canonical base64url")
    return raw


P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b


def der(data):
    """The elements of a constructed value: (tag, content)."""
    found = []
    while data:
        length, at = data[1], 2
        if length & 128:
            at += length & 127
            length = int.from_bytes(data[2:at], "big")
        if len(data) < at + length:
            raise ValueError("DER that is cut off")
        found.append((data[0], data[at:at + length]))
        data = data[at + length:]
    return found


def unarmoured(text, label, line=64):
    """What is within PEM that is written as tools do, to the last byte."""
    found = re.fullmatch(rf"-----BEGIN {label}-----\n((?:[0-9A-Za-z+/]{{{line}}}\n)*[0-9A-Za-z+/]{{0,{line}}}={{0,2}}\n?)"
                         rf"-----END {label}-----\n", text)
    if not found:
        raise ValueError("no PEM")
    return base64.b64decode(found[1].replace("\n", ""), validate=True)


def rsa_fits(n, e, d, p, q, dp, dq, inverse, bits):
    return n.bit_length() == bits and n == p * q and e == 65537 and e * d % ((p - 1) * (q - 1) // gcd(p - 1, q - 1)) == 1 \
        and dp == d % (p - 1) and dq == d % (q - 1) and inverse * q % p == 1


def pkcs1(data, bits):
    numbers = [int.from_bytes(v, "big") for _, v in der(der(data)[0][1])]
    return numbers[0] == 0 and rsa_fits(*numbers[1:], bits) and numbers[1:3]


def pkcs8_rsa(text):
    parts = der(der(unarmoured(text, "PRIVATE KEY"))[0][1])
    return der(parts[1][1])[0][1].hex() == "2a864886f70d010101" and pkcs1(parts[2][1], 2048)


def gcp(t, whole):
    facts = whole["facts"]
    return pkcs8_rsa(t) and re.fullmatch(r"[0-9a-f]{40}", facts["key_id"]) and \
        10**20 <= int(facts["client_id"]) < 10**20 + 2**64 and re.fullmatch(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", facts["project"]) \
        and re.fullmatch(rf"[a-z0-9.-]+@{facts['project']}\.iam\.gserviceaccount\.com", whole["identity"])


def kubernetes(t, whole):
    head, claims, signature = (canonical(part) for part in t.split("."))
    head, claims, home = json.loads(head), json.loads(claims), whole["facts"]["namespace"]
    secret = claims["kubernetes.io/serviceaccount/secret.name"]
    return list(head) == ["alg", "kid"] and len(canonical(head["kid"])) == 32 and by_its_key(t, whole, signature) and \
        claims["iss"] == "kubernetes/serviceaccount" and claims["kubernetes.io/serviceaccount/namespace"] == home and \
        claims["sub"] == f"system:serviceaccount:{home}:{whole['identity']}" and \
        re.fullmatch(rf"{whole['identity']}-token-[a-z2-7]{{5}}", secret)


def kubernetes_key(t, whole):
    certificate = unarmoured(base64.b64decode(whole["facts"]["certificate"]).decode(), "CERTIFICATE")
    n, _ = pkcs1_pem(t)
    return n.to_bytes(256, "big") in certificate and whole["identity"].encode() in certificate


def signed_by(key, text, signature):
    n, e = key
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(text.encode()).digest()
    return pow(int.from_bytes(signature, "big"), e, n).to_bytes(256, "big") == \
        b"\0\1" + b"\xff" * (253 - len(digest)) + b"\0" + digest


def by_its_key(t, whole, signature):
    return signed_by((int(whole["modulus"], 16), 65537), t.rpartition(".")[0], signature)


def oidc(algorithm, length):
    def check(t, whole):
        head, claims, signature = (canonical(part) for part in t.split("."))
        head, claims, facts = json.loads(head), json.loads(claims), whole["facts"]
        return head["alg"] == algorithm and len(canonical(head["kid"])) == 32 and len(signature) == length and \
            claims["iss"] == "https://git.quill.internal/realms/" + facts["realm"] and claims["sub"] == facts["subject"] and \
            claims["azp"] == claims["clientId"] == whole["identity"] and re.fullmatch(UUID, claims["jti"]) and \
            re.fullmatch(UUID, claims["sub"]) and claims["exp"] - claims["iat"] in (n * 86400 for n in (180, 365, 730)) and \
            claims["iat"] < NOW < claims["exp"] and \
            (algorithm != "RS256" or by_its_key(t, whole, signature))
    return check


def fields(data):
    """Strings of SSH's wire format (RFC 4251), and what is behind the last whole one."""
    found = []
    while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
        length = int.from_bytes(data[:4], "big")
        found.append(data[4:4 + length])
        data = data[4 + length:]
    return found, data


def ssh_private(kind, public, private):
    if kind == b"ssh-ed25519":
        return private[1] == public[1] == private[2][32:] and len(private[2]) == 64
    if kind == b"ecdsa-sha2-nistp256":
        x, y = (int.from_bytes(public[2][at:at + 32], "big") for at in (1, 33))
        return private[1:3] == public[1:] == [b"nistp256", public[2]] and public[2][0] == 4 and len(public[2]) == 65 and \
            (y * y - x * x * x + 3 * x - P256_B) % P256 == 0
    n, e, d, inverse, p, q = (int.from_bytes(v, "big") for v in private[1:7])
    return [e, n] == [int.from_bytes(v, "big") for v in public[1:]] and \
        rsa_fits(n, e, d, p, q, d % (p - 1), d % (q - 1), inverse, 3072)


OPENSSH = b"openssh-key-v1\0\0\0\0\4none\0\0\0\4none\0\0\0\0\0\0\0\1"  # PROTOCOL.key: no cipher, one key


def openssh(t, whole):
    data = unarmoured(t, "OPENSSH PRIVATE KEY", 70)
    (blob, section), rest = fields(data[len(OPENSSH):])
    public, (private, padding) = fields(blob)[0], fields(section[8:])
    return data.startswith(OPENSSH) and not rest and section[:4] == section[4:8] and len(section) % 8 == 0 and \
        padding == bytes(range(1, len(padding) + 1)) and private[0] == public[0] and \
        ssh_private(public[0], public, private) and private[-1].decode() == whole["facts"]["comment"] and \
        public_is(blob, whole)


def public_is(blob, whole):
    return base64.b64decode(whole["facts"]["public"]) == blob and \
        hashlib.sha256(blob).hexdigest() == whole["facts"]["fingerprint"]


def pkcs1_pem(t):
    return pkcs1(unarmoured(t, "RSA PRIVATE KEY"), 2048)


def rsa_pem(t, whole):
    blob = base64.b64decode(whole["facts"]["public"])
    _, e, n = fields(blob)[0]
    return pkcs1_pem(t) == [int.from_bytes(n, "big"), int.from_bytes(e, "big")] and public_is(blob, whole)


def rsa_encrypted(t, whole):
    found = re.fullmatch(r"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,[0-9A-F]{32}\n\n"
                         r"([0-9A-Za-z+/=\n]+)-----END RSA PRIVATE KEY-----\n", t)
    return found and len(base64.b64decode(found[1])) % 16 == 0 and whole["facts"]["passphrase"] and \
        public_is(base64.b64decode(whole["facts"]["public"]), whole)


# PROTOCOL.key: its cipher, bcrypt with a salt and 16 rounds, one key. What is within is for ssh-keygen.
LOCKED = re.compile(rb"openssh-key-v1\0\0\0\0\x0aaes256-ctr\0\0\0\x06bcrypt\0\0\0\x18\0\0\0\x10(.{16})\0\0\0\x10\0\0\0\x01", re.S)


def openssh_encrypted(t, whole):
    data = unarmoured(t, "OPENSSH PRIVATE KEY", 70)
    head = LOCKED.match(data)
    (blob, section), rest = fields(data[head.end():])
    return not rest and section and len(section) % 16 == 0 and whole["facts"]["passphrase"] and public_is(blob, whole)


def p12(t, whole):
    parts = der(der(base64.b64decode(t, validate=True))[0][1])
    return parts[0] == (2, b"\3") and len(parts) == 3 and re.fullmatch(r"[0-9a-f]{64}", whole["facts"]["fingerprint"])


def client_pem(t, whole):
    parts = der(der(unarmoured(t, "PRIVATE KEY"))[0][1])
    names = [v.hex() for _, v in der(parts[1][1])]
    certificate = unarmoured(whole["facts"]["certificate"], "CERTIFICATE")
    public = der(der(der(certificate)[0][1])[0][1])[6][1]
    header = bytes.fromhex("3059")
    return names == ["2a8648ce3d0201", "2a8648ce3d030107"] and len(der(der(parts[2][1])[0][1])[1][1]) == 32 and \
        hashlib.sha256(header + public).hexdigest() == whole["facts"]["fingerprint"] and \
        whole["identity"].encode() in certificate


def run(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)


def read_ssh(t, folder):
    path = os.path.join(folder, "key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(t["secret"])
    shown = run("ssh-keygen", "-y", "-P", t["facts"].get("passphrase", ""), "-f", path).stdout.split()
    return shown[:2] == [t["facts"]["type"], t["facts"]["public"]]


def public_of(pem):
    return base64.b64decode("".join(pem.split("-----")[2].split()))


def read_p12(t, folder):
    path = os.path.join(folder, "client.p12")
    with open(path, "wb") as file:
        file.write(base64.b64decode(t["secret"]))
    whole = run("openssl", "pkcs12", "-in", path, "-nodes", "-passin", "pass:" + t["facts"].get("password", "")).stdout
    keys = {public_of(run("openssl", *command, text=whole).stdout) for command in
            (("pkey", "-pubout"), ("x509", "-noout", "-pubkey"))}
    return [hashlib.sha256(key).hexdigest() for key in keys] == [t["facts"]["fingerprint"]] and \
        whole.count("BEGIN CERTIFICATE") == 2


def read_pem(t, folder):
    paths = [os.path.join(folder, name) for name in ("authority", "certificate")]
    for path in paths:
        with open(path, "w") as file:
            file.write(t["facts"][os.path.basename(path)])
    key = public_of(run("openssl", "pkey", "-pubout", text=t["secret"]).stdout)
    verified = run("openssl", "verify", "-no_check_time", "-purpose", "sslclient", "-CAfile", *paths)
    return hashlib.sha256(key).hexdigest() == t["facts"]["fingerprint"] and verified.returncode == 0


def read_gcp(t, folder):
    return "Key is valid" in run("openssl", "pkey", "-check", "-noout", text=t["secret"]).stdout


# kind → its tool, and how that reads one.
TOOLS = {"ssh-key": ("ssh-keygen", read_ssh), "gcp-service-account": ("openssl", read_gcp),
         "tls-client pem": ("openssl", read_pem), "tls-client": ("openssl", read_p12)}
KEYS = {"gcp-service-account": gcp, "oidc-jwt rs256": oidc("RS256", 256), "oidc-jwt es256": oidc("ES256", 64),
        "oidc-jwt eddsa": oidc("EdDSA", 64), "ssh-key rsa-pem": rsa_pem, "ssh-key rsa-passphrase": rsa_encrypted,
        "ssh-key ed25519-passphrase": openssh_encrypted, "ssh-key ecdsa-passphrase": openssh_encrypted, "ssh-key": openssh, "tls-client pem": client_pem, "tls-client": p12, "kubeconfig token": kubernetes,
        "kubeconfig client-certificate": kubernetes_key}
