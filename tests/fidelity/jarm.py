# SPDX-License-Identifier: ISC
"""JARM, the active fingerprint of a TLS server, after its published description: ten hellos, and of each answer the
cipher, the version, ALPN and the extensions in order. Also hellos of one's own making, for odd handshakes."""
import hashlib
import os
import socket

CIPHERS = """0016 0033 0067 c09e c0a2 009e 0039 006b c09f c0a3 009f 0045 00be 0088 00c4 009a c008 c009 c023 c0ac c0ae
c02b c00a c024 c0ad c0af c02c c072 c073 cca9 1302 1301 cc14 c007 c012 c013 c027 c02f c014 c028 c030 c060 c061 c076 c077
cca8 1305 1304 1303 cc13 c011 000a 002f 003c c09c c0a0 009c 0035 003d c09d c0a1 009d 0041 00ba 0084 00c0 0007 0004
0005""".split()
# A cipher's number in the hash is its place here.
PLACES = """0004 0005 0007 000a 0016 002f 0033 0035 0039 003c 003d 0041 0045 0067 006b 0084 0088 009a 009c 009d 009e
009f 00ba 00be 00c0 00c4 c007 c008 c009 c00a c011 c012 c013 c014 c023 c024 c027 c028 c02b c02c c02f c030 c060 c061 c072
c073 c076 c077 c09c c09d c09e c09f c0a0 c0a1 c0a2 c0a3 c0ac c0ad c0ae c0af cc13 cc14 cca8 cca9 1301 1302 1303 1304
1305""".split()
COMMON = ["http/0.9", "http/1.0", "http/1.1", "spdy/1", "spdy/2", "spdy/3", "h2", "h2c", "hq"]
RARE = ["http/0.9", "http/1.0", "spdy/1", "spdy/2", "spdy/3", "h2c", "hq"]
GREASE = 0x0a0a
TLS10, TLS11, TLS12, TLS13 = 0x0301, 0x0302, 0x0303, 0x0304

# version, with the ciphers of 1.3, their order, GREASE, protocols, the versions in the extension, order of the latter
PROBES = [
    (TLS12, True, "forward", False, COMMON, 12, "reverse"),
    (TLS12, True, "reverse", False, COMMON, 12, "forward"),
    (TLS12, True, "top half", False, COMMON, None, "forward"),
    (TLS12, True, "bottom half", False, RARE, None, "forward"),
    (TLS12, True, "middle out", True, RARE, None, "reverse"),
    (TLS11, True, "forward", False, COMMON, None, "forward"),
    (TLS13, True, "forward", False, COMMON, 13, "reverse"),
    (TLS13, True, "reverse", False, COMMON, 13, "forward"),
    (TLS13, False, "forward", False, COMMON, 13, "forward"),
    (TLS13, True, "middle out", True, COMMON, 13, "reverse"),
]


def u8(data):
    return len(data).to_bytes(1, "big") + data


def u16(data):
    return len(data).to_bytes(2, "big") + data


def extension(number, data):
    return number.to_bytes(2, "big") + u16(data)


def arrange(items, order):
    half, odd = len(items) // 2, len(items) % 2
    if order == "reverse":
        return items[::-1]
    if order == "bottom half":
        return items[half + odd:]
    if order == "top half":
        return ([items[half]] if odd else []) + items[:half][::-1]
    if order == "middle out":
        out = [items[half]] if odd else []
        for i in range(half):
            out += [items[half + odd + i], items[half - 1 - i]]
        return out
    return items


def key_share(grease):
    shares = (GREASE.to_bytes(2, "big") + u16(b"\0")) if grease else b""
    return extension(0x33, u16(shares + b"\0\x1d" + u16(os.urandom(32))))


def versions(upto, grease, order):
    known = [TLS10, TLS11, TLS12] + ([TLS13] if upto == 13 else [])
    listed = ([GREASE] if grease else []) + arrange(known, order)
    return extension(0x2b, u8(b"".join(v.to_bytes(2, "big") for v in listed)))


def extensions(host, grease, protocols, upto, order):
    offered = b"".join(u8(name.encode()) for name in arrange(protocols, order))
    return ((extension(GREASE, b"") if grease else b"") +
            (extension(0, u16(b"\0" + u16(host.encode()))) if host else b"") + extension(0x17, b"") +
            extension(1, b"\x01") + extension(0xff01, b"\0") + extension(0x0a, u16(b"\0\x1d\0\x17\0\x18\0\x19")) +
            extension(0x0b, u8(b"\0")) + extension(0x23, b"") + (extension(0x10, u16(offered)) if protocols else b"") +
            extension(0x0d, u16(bytes.fromhex("040308040401050308050501080606010201"))) + key_share(grease) +
            extension(0x2d, u8(b"\x01")) + (versions(upto, grease, order) if upto else b""))


def hello(version, ciphers, more, record=None, session=32):
    body = (min(version, TLS12).to_bytes(2, "big") + os.urandom(32) + u8(os.urandom(session)) +
            u16(b"".join(bytes.fromhex(c) for c in ciphers)) + u8(b"\0") + (u16(more) if more is not None else b""))
    record = record or (TLS10 if version == TLS13 else version)
    return b"\x16" + record.to_bytes(2, "big") + u16(b"\x01" + len(body).to_bytes(3, "big") + body)


def probe(host, number):
    version, with13, order, grease, protocols, upto, extension_order = PROBES[number]
    ciphers = arrange([c for c in CIPHERS if with13 or not c.startswith("13")], order)
    ciphers = ([f"{GREASE:04x}"] if grease else []) + ciphers
    return hello(version, ciphers, extensions(host, grease, protocols, upto, extension_order))


def exchange(port, data, wait=5, size=1484):
    """The first bytes that come back."""
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as s:
        try:
            s.sendall(data)
            return s.recv(size)
        except OSError:
            return b""


def read_extensions(data):
    """(number, value) of each extension of a ServerHello, in order."""
    at = 44 + data[43] + 3  # behind session, cipher, compression
    if at >= int.from_bytes(data[3:5], "big") + 5 or data[at:at + 1] == b"\x0b":
        return []
    end, found = at + 2 + int.from_bytes(data[at:at + 2], "big"), []
    at += 2
    while at < end:
        length = int.from_bytes(data[at + 2:at + 4], "big")
        found.append((data[at:at + 2], data[at + 4:at + 4 + length]))
        at += 4 + length
    return found


def read_answer(data):
    """(cipher, version, ALPN, extensions) as text, all empty where the server did not agree."""
    if len(data) < 46 or data[0] != 22 or data[5] != 2:
        return "", "", "", ""
    cipher = data[44 + data[43]:46 + data[43]].hex()
    found = read_extensions(data)
    alpn = next((value[3:].decode() for number, value in found if number == b"\0\x10"), "")
    return cipher, data[9:11].hex(), alpn, "-".join(number.hex() for number, _ in found)


def fingerprint(answers):
    """62 characters: cipher and version of each answer, and a hash over what follows them."""
    if not any(any(answer) for answer in answers):
        return "0" * 62
    shape = "".join((f"{PLACES.index(cipher) + 1:02x}" if cipher else "00") +
                    ("abcdef"[int(version[3])] if version else "0") for cipher, version, _, _ in answers)
    rest = "".join(alpn + more for _, _, alpn, more in answers)
    return shape + hashlib.sha256(rest.encode()).hexdigest()[:32]


def jarm(port, host):
    return fingerprint([read_answer(exchange(port, probe(host, n))) for n in range(len(PROBES))])
