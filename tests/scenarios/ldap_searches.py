# SPDX-License-Identifier: ISC
"""Searches and comparisons over the entries of ldap_directory.ldif, and below a part that anonymous clients may not
see (ou=accounts), of which the decoy knows the name only."""
import base64

from ldap_wire import *

PEOPLE = "ou=People," + BASE
GROUPS = "ou=groups," + BASE
HOSTS = "ou=Hosts," + BASE
HIDDEN = "ou=accounts," + BASE
PAGED, SUBENTRIES, MANAGE, NOOP = "1.2.840.113556.1.4.319", "1.3.6.1.4.1.4203.1.10.1", "2.16.840.1.113730.3.4.2", "1.3.6.1.4.1.4203.666.5.2"
DOMAIN_SCOPE, ASSERT, SORT, VALUES = "1.2.840.113556.1.4.1339", "1.3.6.1.1.12", "1.2.840.113556.1.4.473", "1.2.826.0.1.3344810.2.3"


def choice(tag, name, value):
    return tlv(tag, text(name), text(value))


def both(*parts):
    return tlv(0xA0, *parts)


def either(*parts):
    return tlv(0xA1, *parts)


def no(part):
    return tlv(0xA2, part)


def like(name, *pieces):
    """Pieces as in cn=a*b*c: the first and the last may be empty."""
    parts = [tlv(0x80, pieces[0])] if pieces[0] else []
    parts += [tlv(0x81, piece) for piece in pieces[1:-1]]
    parts += [tlv(0x82, pieces[-1])] if pieces[-1] else []
    return tlv(0xA4, text(name), tlv(0x30, *parts))


def extensible(value, name=None, rule=None, dn=False):
    parts = ([tlv(0x81, rule)] if rule else []) + ([tlv(0x82, name)] if name else []) + [tlv(0x83, value)]
    return tlv(0xA9, *parts, *([tlv(0x84, b"\xff")] if dn else []))


EQUAL = [
    ("objectClass", "person"), ("objectClass", "TOP"), ("objectClass", "2.5.6.6"), ("objectClass", "1.2.3"), ("objectClass", "posixGroup"),
    ("objectClass", "organizationalUnit"), ("objectClass", "referral"), ("structuralObjectClass", "person"), ("structuralObjectClass", "inetOrgPerson"),
    ("cn", "anna éclair"), ("cn", "ANNA ÉCLAIR"), ("cn", "  Anna   Éclair "), ("commonName", "it"), ("2.5.4.3", "IT"), ("cn", "nobody"), ("cn", "*"), ("cn", ""),
    ("name", "it"), ("name", "People"), ("uid", "anna"), ("uid", "ANNA"), ("userid", "dx"), ("uid", "alias-bkelly"), ("mail", "DX@corp.EXAMPLE"), ("mail", "  dx@corp.example "),
    ("sn", "van  der meer"), ("surname", "VAN DER MEER"), ("ou", "people"), ("ou", "études"), ("ou", "ÉTUDES"), ("o", "corp example"), ("dc", "CORP"),
    ("telephoneNumber", "+44205550 2001"), ("telephoneNumber", "+1-2"), ("telephoneNumber", "2002"), ("telephoneNumber", "+1(2)34"), ("telephoneNumber", "2-0-0-3"),
    ("uidNumber", "10000"), ("uidNumber", "010000"), ("uidNumber", "x"), ("gidNumber", "500"), ("employeeNumber", "1001"), ("shadowLastChange", "19000"),
    ("homeDirectory", "/home/anna"), ("homeDirectory", "/HOME/anna"), ("loginShell", "/bin/bash"), ("gecos", "anna x"), ("memberUid", "anna"), ("memberUid", "ANNA"),
    ("member", "uid=dx,ou=people,dc=corp,dc=example"), ("member", "UID=DX, OU=People, DC=corp, DC=example"), ("member", "uid=nobody"), ("member", "x"), ("distinguishedName", "uid=dx," + PEOPLE),
    ("manager", "uid=anna," + PEOPLE), ("creatorsName", "cn=Admin," + BASE), ("entryDN", PEOPLE), ("entryDN", "OU=people,DC=CORP,dc=example"), ("entryDN", BASE), ("entryDN", HIDDEN), ("entryDN", "x"),
    ("hasSubordinates", "TRUE"), ("hasSubordinates", "FALSE"), ("hasSubordinates", "true"), ("subschemaSubentry", "cn=Subschema"),
    ("entryUUID", "f29d0da9-953f-18f1-a09f-76b5a170b338"), ("entryUUID", "F29D0DA9-953F-18F1-A09F-76B5A170B338"), ("entryUUID", "f29d0da9"),
    ("createTimestamp", "20240703070535Z"), ("createTimestamp", "20240703070535.000Z"), ("createTimestamp", "202407030705Z"),
    ("entryCSN", "20250702180714.064867Z#000000#000#000000"), ("userPassword", "secret"), ("userPassword", "{SSHA}x"), ("description", "all of them"), ("description", "ALL  OF  THEM "),
    ("title", "head of it"), ("departmentNumber", "it"), ("displayName", "Éclair, Anna"), ("givenName", "CHLOÉ"), ("gn", "d"), ("ipHostNumber", "10.1.2.3"), ("l", "rack 3"),
    ("foo", "bar"), ("memberOf", "x"), ("sAMAccountName", "anna"), ("cn;lang-en", "it"), ("cn;x-y", "it"), ("userCertificate", "x"), ("jpegPhoto", "x"),
]
ORDERED = [("uidNumber", "10007"), ("uidNumber", "9"), ("uidNumber", "-5"), ("uidNumber", "x"), ("gidNumber", "500"), ("gidNumber", "501"), ("cn", "c"), ("sn", "k"), ("createTimestamp", "20240703070535Z"),
           ("createTimestamp", "20240101000000Z"), ("modifyTimestamp", "20250601000000Z"), ("entryCSN", "20250702180714.064867Z#000000#000#000000"), ("entryUUID", "80000000-0000-0000-0000-000000000000"),
           ("entryDN", BASE), ("hasSubordinates", "TRUE"), ("employeeNumber", "1001"), ("objectClass", "a"), ("shadowLastChange", "1"), ("userPassword", "a"), ("foo", "1")]
PIECES = [
    ("cn", "a", ""), ("cn", "A", "Éc", ""), ("cn", "", "r"), ("cn", "", "an", ""), ("cn", "", " ", ""), ("cn", "anna ", ""), ("cn", "", " éclair"), ("cn", "an", "n", "a", "ir"), ("cn", "anna éclair", ""),
    ("cn", "anna", "anna", ""), ("cn", "a", "a", "a", "a", ""), ("sn", "van ", " der", " meer"), ("name", "", "e", ""), ("uid", "d", ""), ("mail", "", "@corp", ""), ("mail", "A", ".EXAMPLE"), ("mail", "", " ", ""),
    ("telephoneNumber", "+44 20", ""), ("telephoneNumber", "", "-5-5-5", ""), ("telephoneNumber", "", "-", ""), ("telephoneNumber", "", "2001"), ("objectClass", "per", ""), ("uidNumber", "1", ""), ("member", "uid", ""), ("memberUid", "an", ""),
    ("memberUid", "AN", ""), ("homeDirectory", "/home", ""), ("description", "all   of", ""), ("description", "", "  of  ", ""), ("entryUUID", "f", ""), ("createTimestamp", "2024", ""), ("userPassword", "", "a", ""), ("foo", "a", ""),
    ("entryDN", "", "corp", ""), ("ou", "É", ""), ("ou", "", "tudes"), ("gecos", "", "X"), ("o", "corp ", ""), ("dc", "c", "p"), ("cn;lang-en", "a", ""), ("departmentNumber", "I", "T"), ("loginShell", "", "bash"),
]
PRESENT = ["objectClass", "cn", "name", "uid", "mail", "member", "memberUid", "userPassword", "hasSubordinates", "entryDN", "subschemaSubentry", "createTimestamp", "manager", "foo", "jpegPhoto", "cn;lang-en", "cn;x-y",
           "distinguishedName", "telephoneNumber", "2.5.4.11", "description", "structuralObjectClass", "namingContexts", "supportedControl", "shadowLastChange", "ref", "aliasedObjectName", "memberOf", ""]
EXTENSIBLE = [
    ("anna", "uid"), ("anna", "uid", "caseExactMatch"), ("ANNA", "uid", "caseExactMatch"), ("ANNA", "uid", "caseIgnoreMatch"), ("it", None, "caseIgnoreMatch"), ("IT", None, "2.5.13.2"), ("IT", None, "caseExactMatch"),
    ("people", "ou", None, True), ("people", "ou", "caseIgnoreMatch", True), ("people", None, "caseIgnoreMatch", True), ("corp", None, "caseIgnoreIA5Match", True), ("x", None, "foo"),
    ("10007", "uidNumber", "integerMatch"), ("1", "uidNumber", "1.2.840.113556.1.4.803"), ("7", "uidNumber", "1.2.840.113556.1.4.804"), ("16", None, "integerBitOrMatch"), ("2", "userAccountControl", "1.2.840.113556.1.4.803"),
    ("uid=dx," + PEOPLE, "member", "1.2.840.113556.1.4.1941"), ("uid=dx," + PEOPLE, "member", "distinguishedNameMatch"), ("uid=dx," + PEOPLE, None, "distinguishedNameMatch"), (PEOPLE, "entryDN"), (PEOPLE, "entryDN", "distinguishedNameMatch"),
    ("person", "objectClass"), ("person", "objectClass", "objectIdentifierMatch"), ("dx@corp.example", "mail", "caseExactIA5Match"), ("DX@corp.example", "mail", "caseExactIA5Match"), ("x", "mail", "caseIgnoreMatch"), ("2003", "telephoneNumber", "telephoneNumberMatch"),
    ("2003", "telephoneNumber", "caseIgnoreMatch"), ("TRUE", "hasSubordinates"), ("anna", None), ("anna", "foo"), ("anna", "foo", "caseIgnoreMatch"), ("x", "userPassword", "octetStringMatch"), ("TRUE", "hasSubordinates", "booleanMatch"),
    ("it", "name"), ("dx", "uid", None, True), ("example", "dc", None, True), ("f29d0da9-953f-18f1-a09f-76b5a170b338", "entryUUID", "UUIDMatch"), ("20240703070535Z", "createTimestamp", "generalizedTimeMatch"),
]
ATTRIBUTES = [[], ["*"], ["+"], ["*", "+"], ["1.1"], ["cn"], ["CN", "sn"], ["name"], ["2.5.4.3"], ["distinguishedName"], ["@person"], ["@posixAccount", "createTimestamp"], ["person"], ["@foo"], ["!person"], ["+person"], ["@extensibleObject"], ["@inetOrgPerson"],
              ["@groupOfNames"], ["@top"], ["foo"], ["cn;lang-en"], ["cn;x-y"], ["entryDN"], ["hasSubordinates", "entryDN", "subschemaSubentry"], ["structuralObjectClass", "objectClass"], ["userPassword"], ["memberUid", "member"], ["1.1", "cn"], ["*", "entryUUID"],
              ["dc", "dc", "DC"], ["-cn"], ["a b"], [""], ["telephoneNumber", "mail"], ["entryCSN", "modifiersName"], ["@posixGroup"]]
DNS = ["uid=anna," + PEOPLE, "UID=ANNA,ou=people," + BASE, "uid=none," + PEOPLE, "cn=a,uid=none," + PEOPLE, "cn=x,uid=anna," + PEOPLE, "ou=none," + BASE, "cn=x,ou=none," + BASE, HIDDEN, "uid=svc-x," + HIDDEN, "uid=none," + HIDDEN, "cn=a,uid=svc-x," + HIDDEN,
       "cn=a,uid=none," + HIDDEN, "OU=ACCOUNTS," + BASE, "cn=Engineers," + GROUPS, "cn=all  staff," + GROUPS, "cn=all\\20staff," + GROUPS, "cn=web-01," + HOSTS, "cn=db1.corp.example," + HOSTS, "uid=anna+cn=x," + PEOPLE, "dc=other," + BASE, "uid=alias-bkelly," + PEOPLE]

THERE = [DNS[0], DNS[1], "cn=Engineers," + GROUPS]


def ask(*a, controls=(), **k):
    return message(2, search(*a, **k), *controls)


def cut(data):
    """The base of a search as it is shown in a test's name."""
    return data.split(",")[0]


def filters():
    for name, value in EQUAL:
        yield "%s=%s" % (name, value), choice(0xA3, name, value)
        yield "not %s=%s" % (name, value), no(choice(0xA3, name, value))
    for name, value in ORDERED:
        for sign, tag in ((">=", 0xA5), ("<=", 0xA6)):
            yield name + sign + value, choice(tag, name, value)
            yield "not " + name + sign + value, no(choice(tag, name, value))
    for name, *pieces in PIECES:
        yield name + "=" + "*".join(pieces), like(name, *pieces)
        yield "not " + name + "=" + "*".join(pieces), no(like(name, *pieces))
    for name in PRESENT:
        yield name + "=*", present(name)
        yield "not " + name + "=*", no(present(name))
    for e in EXTENSIBLE:
        yield "extensible %s" % (e,), extensible(*e)
        yield "not extensible %s" % (e,), no(extensible(*e))
    for name, value in (("objectClass", "person"), ("uidNumber", "10000"), ("mail", "dx@corp.example"), ("member", "uid=dx," + PEOPLE), ("cn", "it"), ("uid", "nobody")):
        yield "%s~=%s" % (name, value), choice(0xA8, name, value)
    person, group, unit, ghost = equal("objectClass", "person"), equal("objectClass", "groupOfNames"), equal("ou", "People"), equal("foo", "x")
    yield "all", tlv(0xA0)
    yield "none", tlv(0xA1)
    yield "not all", no(tlv(0xA0))
    yield "not none", no(tlv(0xA1))
    yield "and", both(person, like("cn", "a", ""))
    yield "and undefined", both(person, ghost)
    yield "or undefined", either(person, ghost)
    yield "not or undefined", no(either(person, ghost))
    yield "not and undefined", no(both(person, ghost))
    yield "or", either(person, group)
    yield "or units", either(unit, group, equal("uid", "dx"))
    yield "two out of a few", either(equal("uid", "dx"), equal("uid", "anna"))
    yield "cn or uid", either(equal("cn", "it"), equal("uid", "dx"), equal("cn", "web-01"))
    yield "nested", both(either(person, group), no(equal("uid", "dx")), either(present("member"), like("mail", "", "corp", "")))
    yield "password or person", either(present("userPassword"), person)
    yield "password and person", both(present("userPassword"), person)
    yield "not password and person", both(no(present("userPassword")), person)
    yield "login", either(equal("uid", "anna"), equal("mail", "anna@corp.example"), equal("cn", "anna"))


def pages(page, filt, base=BASE, scope=2, rounds=(), critical=False, **k):
    """Packets that go through all pages; the cookie is that of the entry that came last, in the order of ids."""
    cookies = [b""] + [n.to_bytes(8, "little") for n in rounds]
    return [message(n + 2, search(base, scope, filt, ["1.1"], **k), control(PAGED, critical, tlv(0x30, integer(page), text(c)))) for n, c in enumerate(cookies)]


def searches():
    for name, filt in filters():
        yield "search " + name, [ask(BASE, 2, filt, ["1.1"])]
        for base in (PEOPLE, GROUPS):
            yield "search %s %s" % (cut(base), name), [ask(base, 1, filt, ["1.1"])]
        yield "search entry " + name, [ask("uid=anna," + PEOPLE, 0, filt, ["1.1"])]
    for base in (BASE, PEOPLE, GROUPS, HOSTS, "uid=anna," + PEOPLE):
        for scope in range(4):
            for name, filt in (("any", None), ("person", equal("objectClass", "person")), ("few", either(equal("uid", "dx"), equal("cn", "db1"), equal("cn", "it"))), ("top", equal("objectClass", "top"))):
                yield "search %s scope %d %s" % (cut(base), scope, name), [ask(base, scope, filt, ["1.1"])]
                yield "search %s scope %d %s, size 2" % (cut(base), scope, name), [ask(base, scope, filt, ["1.1"], size=2)]
                yield "search %s scope %d %s, deref" % (cut(base), scope, name), [ask(base, scope, filt, ["1.1"], deref=3)]
    for attributes in ATTRIBUTES:
        for types in (False, True):
            yield "attributes %s%s" % (attributes, ", types" if types else ""), [ask(BASE, 2, None, attributes, types)]
    for dn in DNS:
        for scope in range(4):
            yield "base %s scope %d" % (dn, scope), [ask(dn, scope)]
        yield "base %s, asserted" % dn, [ask(dn, controls=[control(ASSERT, True, present("cn"))])]
        for name, value in (("objectClass", "person"), ("objectClass", "top"), ("cn", "anna éclair"), ("cn", "ANNA  ÉCLAIR"), ("cn", "x"), ("name", "anna"), ("userPassword", "x"), ("entryDN", dn), ("subschemaSubentry", "cn=Subschema"), ("telephoneNumber", "+12-34"), ("uidNumber", "10000"), ("createTimestamp", "2024"), ("manager", "uid=anna," + PEOPLE), ("mail", "ANNA@CORP.EXAMPLE"), ("jpegPhoto", "x"), ("foo", "x")):
            yield "compare %s %s %s" % (dn, name, value), [message(3, compare(dn, name, value))]
        if dn in THERE:  # where there is no entry, slapd 2.5.13 dies of it
            for value in ("FALSE", "TRUE"):
                yield "compare %s hasSubordinates %s" % (dn, value), [message(3, compare(dn, "hasSubordinates", value))]
        yield "compare %s, asserted" % dn, [message(3, compare(dn, "uid", "anna"), control(ASSERT, True, equal("uid", "anna")))]
        yield "compare %s, not asserted" % dn, [message(3, compare(dn, "uid", "anna"), control(ASSERT, True, equal("uid", "x")))]
        yield "bind %s" % dn, [message(1, bind(dn, "wrong"))]
        yield "bind %s, no password" % dn, [message(1, bind(dn, ""))]
        yield "modify %s" % dn, [message(3, modify(dn))]
        yield "delete %s" % dn, [message(3, tlv(0x4A, dn))]
        yield "add %s" % dn, [message(3, add("cn=n," + dn))]
    any_, person = present("objectClass"), equal("objectClass", "person")
    for size in (1, 2, 3, 5, 20):
        yield "pages of %d" % size, pages(size, any_, rounds=range(size, 20, size))
        yield "pages of %d, persons" % size, pages(size, person, rounds=range(4 + size, 10, size))
        yield "pages of %d, one level" % size, pages(size, any_, PEOPLE, 1, range(4 + size, 10, size))
    yield "pages of 0", pages(0, any_, rounds=[5])
    yield "pages of 2, critical", pages(2, person, rounds=[6, 8], critical=True)
    yield "pages of 2, base", pages(2, any_, "uid=anna," + PEOPLE, 0, [])
    yield "pages of 2, nothing", pages(2, equal("uid", "none"), rounds=[])
    yield "pages of 2, nothing indexed", pages(2, equal("sn", "none"), rounds=[])
    yield "pages of 2, undefined", pages(2, equal("foo", "none"), rounds=[])
    yield "pages of 2, size 2", pages(2, person, rounds=[], size=2)
    yield "pages of 2, size 3", pages(2, person, rounds=[6], size=3)
    yield "pages, bad cookie", [ask(BASE, 2, person, ["1.1"], controls=[control(PAGED, False, tlv(0x30, integer(2), text("x")))])]
    yield "pages, early cookie", [ask(BASE, 2, person, ["1.1"], controls=[control(PAGED, False, tlv(0x30, integer(2), text((1).to_bytes(8, "little"))))])]
    yield "pages, old cookie", pages(2, person, rounds=[6, 6])
    yield "pages, late cookie", pages(2, person, rounds=[7])
    yield "pages, given up", pages(2, person, rounds=[6])[:1] + [ask(BASE, 2, person, ["1.1"], controls=[control(PAGED, False, tlv(0x30, integer(0), text((6).to_bytes(8, "little"))))])]
    yield "pages, no object", pages(2, person, "ou=none," + BASE, rounds=[])
    yield "pages, root", pages(2, any_, "", 0, [])
    for name, oid, value in (("subentries true", SUBENTRIES, b"\1\1\xff"), ("subentries false", SUBENTRIES, b"\1\1\0"), ("manage", MANAGE, None), ("no op", NOOP, None), ("domain scope", DOMAIN_SCOPE, None), ("sort", SORT, tlv(0x30, tlv(0x30, text("cn")))),
                             ("assert true", ASSERT, present("dc")), ("assert false", ASSERT, present("cn")), ("assert undefined", ASSERT, present("foo")), ("unknown", "1.2.3.4", None)):
        for critical in (False, True):
            for base, scope in ((BASE, 2), (BASE, 0), ("ou=none," + BASE, 2), (HIDDEN, 0)):
                yield "control %s%s %s %d" % (name, ", critical" if critical else "", cut(base), scope), [ask(base, scope, None, ["1.1"], controls=[control(oid, critical, value)])]
    yield "whole", [ask(BASE, 2, None, ["*", "+"])]
    yield "whole, twice", [ask(BASE, 2, None, ["*", "+"]) + message(3, search(BASE, 2, None, ["*", "+"]))]
    yield "search and bind", [ask(PEOPLE, 1) + message(3, bind("", ""))]
    yield "search, abandon", [ask("uid=anna," + PEOPLE, 0, None, ["1.1"]), message(4, integer(2, 0x50)), message(5, extended("1.3.6.1.4.1.4203.1.11.3"))]


def entries(ldif):
    """[(dn, [(attribute, value)])] of LDIF whose lines are not folded."""
    for record in ldif.strip().split("\n\n"):
        pairs = [line.split(": ", 1) for line in record.split("\n")]
        pairs = [(n[:-1], base64.b64decode(v).decode()) if n.endswith(":") else (n, v) for n, v in pairs]
        yield pairs[0][1], pairs[1:]


def walk(face):
    """Goes through a directory as it was drawn, by what stands in it."""
    found = list(entries(face["directory"]))
    suffix = found[0][0]
    yield "whole", [message(2, search(suffix, 2, None, ["*", "+"]))]
    yield "hidden", [message(2, search(face["hidden"], 2, None, ["*", "+"]))]
    yield "hidden account", [message(2, search("uid=svc-x," + face["hidden"], 0)), message(3, bind("uid=svc-x," + face["hidden"], "x"))]
    for size in (1, 7):
        cookies = [b""] + [n.to_bytes(8, "little") for n in range(size, len(found), size)]
        yield "pages of %d" % size, [message(n + 2, search(suffix, 2, None, ["1.1"]), control(PAGED, False, tlv(0x30, integer(size), text(c)))) for n, c in enumerate(cookies)]
    for dn, pairs in found:
        yield "entry " + dn, [message(2, search(dn, 0, None, ["*", "+"])), message(3, search(dn, 1, None, ["1.1"])), message(4, search(dn.upper(), 2, None, ["1.1"]))]
        yield "compare " + dn, [message(2, compare(dn, pairs[-9][0], pairs[-9][1].upper()))]
        for name, value in pairs[3::4]:
            yield "%s=%s" % (name, value), [message(2, search(suffix, 2, equal(name, value.upper()), ["1.1"])), message(3, search(found[1][0], 1, no(equal(name, value)), ["1.1"]))]
            yield "%s=*%s" % (name, value[1:4]), [message(2, search(suffix, 2, like(name, "", value[1:4], ""), ["cn", "entryDN"]))]
