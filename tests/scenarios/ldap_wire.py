# SPDX-License-Identifier: ISC
"""LDAP requests, byte for byte (RFC 4511)."""

BASE = "dc=corp,dc=example"


def tlv(tag, *parts):
    body = b"".join(p.encode() if isinstance(p, str) else p for p in parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = (n.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + n.to_bytes(size, "big") + body


def integer(n, tag=2):
    return tlv(tag, n.to_bytes(max(1, (n.bit_length() + 8) // 8), "big", signed=True))


def text(value):
    return tlv(4, value)


def message(number, op, *controls):
    return tlv(0x30, integer(number), op, *([tlv(0xA0, *controls)] if controls else []))


def control(oid, critical=False, value=None):
    return tlv(0x30, text(oid), *([tlv(1, b"\xff")] if critical else []), *([text(value)] if value is not None else []))


def bind(dn, password, version=3):
    return tlv(0x60, integer(version), text(dn), tlv(0x80, password))


def sasl(mechanism, credentials=None, dn="", version=3):
    more = [text(credentials)] if credentials is not None else []
    return tlv(0x60, integer(version), text(dn), tlv(0xA3, text(mechanism), *more))


def present(name):
    return tlv(0x87, name)


def equal(name, value):
    return tlv(0xA3, text(name), text(value))


def search(base, scope=0, filt=None, attrs=(), types=False, size=0, deref=0, seconds=0):
    return tlv(0x63, text(base), integer(scope, 10), integer(deref, 10), integer(size), integer(seconds),
               tlv(1, b"\xff" if types else b"\0"), filt or present("objectClass"), tlv(0x30, *[text(a) for a in attrs]))


def extended(oid, value=None):
    return tlv(0x77, tlv(0x80, oid), *([tlv(0x81, value)] if value is not None else []))


def compare(dn, name, value):
    return tlv(0x6E, text(dn), tlv(0x30, text(name), text(value)))


def modify(dn, name="description", value="x", kind=2):
    change = tlv(0x30, integer(kind, 10), tlv(0x30, text(name), tlv(0x31, text(value))))
    return tlv(0x66, text(dn), tlv(0x30, change))


def add(dn, name="objectClass", value="person"):
    return tlv(0x68, text(dn), tlv(0x30, tlv(0x30, text(name), tlv(0x31, text(value)))))
