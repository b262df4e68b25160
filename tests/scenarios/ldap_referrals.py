# SPDX-License-Identifier: ISC
"""Requests to directories that refer to others (RFC 4511, 4.1.10 and 4.5.3, RFC 3296): for all that is elsewhere, and for
ou=Lab and dc=emea below the suffix."""
from ldap_searches import ASSERT, DOMAIN_SCOPE, MANAGE, PAGED, PEOPLE, SUBENTRIES, either
from ldap_wire import *

LAB, EMEA = "ou=Lab," + BASE, "dc=emea," + BASE
PLACES = [LAB, "OU = lab , DC=Corp,dc=example", "uid=x," + LAB, "cn=b+uid=A\\2cB," + LAB, EMEA, "dc=x," + EMEA, BASE, "uid=x," + PEOPLE,
          "ou=accounts," + BASE, "dc=example", "dc=other,dc=test", "", "cn=Subschema", "cn=config", "cn=monitor", "foo"]
MANAGED = [[], [control(MANAGE)], [control(MANAGE, True)]]


def password(dn):
    return extended("1.3.6.1.4.1.4203.1.11.1", tlv(0x30, tlv(0x80, dn), tlv(0x81, "a"), tlv(0x82, "b")))


def operations(dn):
    yield "bind", bind(dn, "x")
    yield "bind without password", bind(dn, "")
    yield "bind version 2", bind(dn, "x", 2)
    yield "bind external", sasl("EXTERNAL", None, dn)
    yield "password", password(dn)
    for name, value in (("userPassword", "x"), ("objectClass", "referral"), ("ref", "ldap://x"), ("ou", "lab"), ("entryDN", dn), ("foo", "x")):
        yield "compare " + name, compare(dn, name, value)
    if dn in (BASE, LAB, EMEA):  # where there is no entry, slapd 2.5.13 dies of it
        yield "compare hasSubordinates", compare(dn, "hasSubordinates", "FALSE")
    yield "modify", modify(dn)
    yield "modify nothing known", modify(dn, "nosuch")
    yield "add", add("cn=n," + dn if dn else "")
    yield "delete", tlv(0x4A, dn)
    yield "rename", tlv(0x6C, text(dn), text("cn=x"), tlv(1, b"\0"))
    yield "rename to lab", tlv(0x6C, text(dn), text("cn=x"), tlv(1, b"\0"), tlv(0x80, LAB))
    for scope in range(4):
        yield "search, scope %d" % scope, search(dn, scope, attrs=["1.1"])
    yield "search whole", search(dn, 0, attrs=["*", "+"])


def below():
    """Searches at the suffix, whose answers hold references."""
    for name, filt in (("any", present("objectClass")), ("class", equal("objectClass", "referral")), ("person", equal("objectClass", "person")), ("lab", equal("ou", "lab")),
                       ("few", either(equal("uid", "dx"), equal("cn", "it"))), ("nothing", equal("uid", "nobody")), ("nothing, by no index", equal("sn", "nobody")),
                       ("not", tlv(0xA2, equal("objectClass", "person"))), ("unknown", equal("foo", "x")), ("ref", present("ref")), ("no list", tlv(0xA1))):
        for scope in range(4):
            for size in (0, 1, 5):
                for managed in MANAGED[:2]:
                    yield "%s, scope %d, size %d%s" % (name, scope, size, ", managed" * len(managed)), [message(2, search(BASE, scope, filt, ["1.1"], size=size), *managed)]
        for base in (PEOPLE, "uid=anna," + PEOPLE, LAB):
            yield "%s at %s" % (name, base), [message(2, search(base, 2, filt, ["1.1"]))]
            yield "%s at %s, managed" % (name, base), [message(2, search(base, 2, filt, ["*", "+"]), *MANAGED[1])]
        for oid, value in ((DOMAIN_SCOPE, None), (SUBENTRIES, b"\1\1\xff"), (SUBENTRIES, b"\1\1\0"), (ASSERT, present("dc")), (ASSERT, present("cn"))):
            yield "%s with %s %s" % (name, oid, value), [message(2, search(BASE, 2, filt, ["1.1"]), control(oid, True, value))]
        for page in (1, 2, 5, 50):
            for managed in MANAGED[:2]:
                yield "%s, page of %d%s" % (name, page, ", managed" * len(managed)), [
                    message(2, search(BASE, 2, filt, ["1.1"]), control(PAGED, False, tlv(0x30, integer(page), text(""))), *managed)]
    yield "types", [message(2, search(BASE, 2, None, [], types=True))]
    yield "values", [message(2, search(LAB, 0, None, ["*", "ref"]), control("1.2.826.0.1.3344810.2.3", True, tlv(0x30, present("ou"))), *MANAGED[1])]


def referrals(names):
    for attributes in ([], ["*"], ["+"], ["ref"], ["REF", "1.1"], ["@referral"], ["2.16.840.1.113730.3.1.34"]):
        yield "root %s" % attributes, [message(2, search("", attrs=attributes))]
    for name, filt in (("ref", present("ref")), ("ref is", equal("ref", "ldap://ldap.head.corp.example")), ("ref is not", equal("ref", "LDAP://ldap.head.corp.example"))):
        yield "root if " + name, [message(2, search("", filt=filt, attrs=["ref"]))]
    for dn in PLACES:
        for name, operation in operations(dn):
            for managed, more in zip(("", ", managed", ", managed, critical"), MANAGED):
                yield "%s: %s%s" % (dn, name, managed), [message(3, operation, *more)]
    for name in names:
        shown = name if isinstance(name, str) else repr(name)
        yield "compare %s" % shown, [message(3, compare(name, "cn", "x"))]
        yield "search %s" % shown, [message(3, search(name, 2))]
    yield from below()
