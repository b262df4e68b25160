#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Sends the same bytes to LDAP servers and prints or compares what comes back.

ldap_slapd.py print PORT              one line a case: name, answer in hex, "closed" where the server closed
ldap_slapd.py compare PORT PORT       TAP: the first server is the reference
ldap_slapd.py referrals PORT PORT     the same where both refer to other servers, as ldap_referrals.test has it
ldap_slapd.py walk FACE PORT PORT     the same for what a directory that was drawn holds
ldap_slapd.py secure PORT             SASL binds under TLS, without what is random
"""
import concurrent.futures
import itertools
import json
import re
import socket
import ssl
import sys

sys.dont_write_bytecode = True  # the source may be read-only
from ldap_referrals import referrals
from ldap_sasl import sasl_cases, secure_cases
from ldap_searches import searches, walk
from ldap_wire import *

WORKERS = 16


def cases():
    people = "ou=people," + BASE
    # anonymous binds, versions, names
    yield "bind anonymous", [message(7, bind("", ""))]
    yield "bind anonymous, large id", [message(0x7FFFFFFF, bind("", ""))]
    yield "bind id 0", [message(0, bind("", ""))]
    yield "bind id negative", [message(-5, bind("", ""))]
    for version in (0, 1, 2, 4, 5, 127, 128, 3000):
        yield "bind version %d" % version, [message(1, bind("", "", version))]
        yield "bind version %d with password" % version, [message(1, bind("cn=admin," + BASE, "x", version))]
    yield "bind wrong password", [message(1, bind("cn=admin," + BASE, "wrong"))]
    yield "bind wrong password, known entry", [message(1, bind("uid=anna," + people, "wrong"))]
    yield "bind unknown entry", [message(1, bind("uid=nobody," + people, "wrong"))]
    yield "bind outside", [message(1, bind("uid=x,dc=elsewhere,dc=test", "wrong"))]
    yield "bind suffix", [message(1, bind(BASE, "wrong"))]
    yield "bind parent of suffix", [message(1, bind("dc=example", "wrong"))]
    yield "bind cn=config", [message(1, bind("cn=config", "wrong"))]
    yield "bind cn=admin,cn=config", [message(1, bind("cn=admin,cn=config", "wrong"))]
    yield "bind subschema", [message(1, bind("cn=Subschema", "wrong"))]
    yield "bind no password", [message(1, bind("cn=admin," + BASE, ""))]
    yield "bind password without name", [message(1, bind("", "secret"))]
    for name in NAMES:
        shown = name if isinstance(name, str) else repr(name)
        yield "bind name %s" % shown, [message(1, bind(name, "x"))]
        yield "bind name %s, no password" % shown, [message(1, bind(name, ""))]
    yield "bind sasl external", [message(1, sasl("EXTERNAL"))]
    yield "bind sasl plain", [message(1, sasl("PLAIN", b"\0anna\0wrong"))]
    yield "bind sasl plain with a name", [message(1, sasl("PLAIN", b"\0anna\0wrong", "cn=x"))]
    yield "bind sasl plain with a bad name", [message(1, sasl("PLAIN", b"\0anna\0wrong", "anna"))]
    yield "bind sasl digest", [message(1, sasl("DIGEST-MD5"))]
    yield "bind sasl unknown", [message(1, sasl("FOO"))]
    yield "bind sasl empty", [message(1, sasl(""))]
    yield "bind sasl lower case", [message(1, sasl("plain", b"\0a\0b"))]
    yield "bind sasl odd characters", [message(1, sasl("A B\x01", b"x"))]
    yield "bind sasl version 2", [message(1, sasl("PLAIN", b"\0a\0b", "", 2))]
    yield "bind sasl twice", [message(1, sasl("DIGEST-MD5")), message(2, sasl("DIGEST-MD5", "x")), message(3, bind("", ""))]
    for tag in (0x81, 0x82, 0x85, 0x89, 0x8A, 0x8B, 0xA1, 0x04):
        yield "bind method %02x" % tag, [message(1, tlv(0x60, integer(3), text(""), tlv(tag, "x")))]
    yield "bind without credentials", [message(1, tlv(0x60, integer(3), text("")))]
    yield "bind without name", [message(1, tlv(0x60, integer(3)))]
    yield "bind empty", [message(1, tlv(0x60))]
    yield "bind with more behind", [message(1, tlv(0x60, integer(3), text(""), tlv(0x80, ""), text("more")))]
    yield "bind then search", [message(1, bind("cn=admin," + BASE, "x")), message(2, search(""))]
    yield "binds in one packet", [message(1, bind("", "")) + message(2, bind("cn=a", "b")) + message(3, bind("", ""))]
    # root DSE
    yield "root", [message(2, search(""))]
    yield "root all", [message(2, search("", attrs=["*", "+"]))]
    yield "root operational", [message(2, search("", attrs=["+"]))]
    yield "root user", [message(2, search("", attrs=["*"]))]
    yield "root none", [message(2, search("", attrs=["1.1"]))]
    yield "root none and one", [message(2, search("", attrs=["1.1", "objectClass"]))]
    yield "root some", [message(2, search("", attrs=["NAMINGCONTEXTS", "supportedldapversion", "foo", "vendorName"]))]
    yield "root by oid", [message(2, search("", attrs=["2.5.4.0", "1.3.6.1.4.1.1466.101.120.5"]))]
    yield "root object class", [message(2, search("", attrs=["@OpenLDAProotDSE"]))]
    yield "root mixed", [message(2, search("", attrs=["*", "namingContexts"]))]
    yield "root same twice", [message(2, search("", attrs=["objectClass", "objectclass"]))]
    yield "root bad attribute", [message(2, search("", attrs=["", "a b", "-x", "objectClass;x-y"]))]
    yield "root types", [message(2, search("", types=True))]
    yield "root types all", [message(2, search("", attrs=["+"], types=True))]
    yield "root one level", [message(2, search("", 1))]
    yield "root subtree", [message(2, search("", 2))]
    yield "root children", [message(2, search("", 3))]
    yield "root scope 4", [message(2, search("", 4))]
    yield "root scope 9", [message(2, search("", 9))]
    yield "root deref 3", [message(2, search("", deref=3))]
    yield "root deref 4", [message(2, search("", deref=4))]
    yield "root size 1", [message(2, search("", size=1))]
    yield "root size -1", [message(2, search("", size=-1))]
    yield "root time -1", [message(2, search("", seconds=-1))]
    for name, filt in FILTERS:
        yield "root filter " + name, [message(2, search("", filt=filt, attrs=["1.1"]))]
    # other searches
    for base in (BASE, people, "uid=anna," + people, "uid=none," + people, "ou=none," + BASE, "dc=example", "dc=test",
                 "cn=config", "cn=schema,cn=config", "cn=monitor", "cn=accesslog", "cn=Subschema", "CN=SUBSCHEMA",
                 "foo", "foo=bar", " " + BASE, "DC=Corp, DC=Example"):
        for scope in (0, 1, 2):
            if base.lower() == "cn=subschema" and scope == 0:
                yield "search subschema names", [message(2, search(base, attrs=["cn", "objectClass", "structuralObjectClass", "entryDN", "subschemaSubentry"]))]
                yield "search subschema none", [message(2, search(base, attrs=["1.1"]))]
                yield "search subschema plain", [message(2, search(base))]
                yield "search subschema syntaxes", [message(2, search(base, attrs=["ldapSyntaxes"]))]
                yield "search subschema rules", [message(2, search(base, attrs=["matchingRules", "matchingRuleUse"]))]
                yield "search subschema no match", [message(2, search(base, filt=present("uid")))]
                continue
            yield "search %s scope %d" % (base, scope), [message(2, search(base, scope))]
    yield "search without attributes", [message(2, search("")[:-2])]
    yield "search empty", [message(2, tlv(0x63))]
    # others
    for dn in (BASE, "uid=anna," + people, "dc=test", "", "foo", "cn=config", "cn=Subschema"):
        yield "compare " + dn, [message(3, compare(dn, "userPassword", "x"))]
        yield "compare oc " + dn, [message(3, compare(dn, "objectClass", "top"))]
        yield "modify " + dn, [message(3, modify(dn))]
        yield "add " + dn, [message(3, add("cn=n," + dn if dn else ""))]
        yield "delete " + dn, [message(3, tlv(0x4A, dn))]
        yield "rename " + dn, [message(3, tlv(0x6C, text(dn), text("cn=x"), tlv(1, b"\0")))]
    yield "compare unknown attribute", [message(3, compare(BASE, "nosuch", "x"))]
    yield "compare root false", [message(3, compare("", "objectClass", "person"))]
    yield "compare root missing", [message(3, compare("", "cn", "x"))]
    yield "compare empty", [message(3, tlv(0x6E))]
    yield "modify empty", [message(3, tlv(0x66))]
    yield "modify nothing", [message(3, tlv(0x66, text(BASE), tlv(0x30)))]
    yield "modify bad type", [message(3, modify(BASE, kind=9))]
    yield "modify unknown attribute", [message(3, modify(BASE, "nosuch"))]
    yield "add empty", [message(3, tlv(0x68))]
    yield "add nothing", [message(3, tlv(0x68, text("cn=x," + BASE), tlv(0x30)))]
    yield "rename bad", [message(3, tlv(0x6C, text(BASE), text("x"), tlv(1, b"\0")))]
    yield "rename empty", [message(3, tlv(0x6C))]
    yield "rename new superior", [message(3, tlv(0x6C, text("cn=a," + BASE), text("cn=x"), tlv(1, b"\0"), tlv(0x80, "dc=test")))]
    yield "abandon", [message(3, integer(1, 0x50)), message(4, bind("", ""))]
    yield "abandon empty", [message(3, tlv(0x50)), message(4, bind("", ""))]
    yield "unbind", [message(3, tlv(0x42))]
    yield "unbind and more", [message(3, tlv(0x42)) + message(4, bind("", ""))]
    yield "who am i", [message(5, extended("1.3.6.1.4.1.4203.1.11.3"))]
    yield "who am i with data", [message(5, extended("1.3.6.1.4.1.4203.1.11.3", "x"))]
    yield "start tls", [message(5, extended("1.3.6.1.4.1.1466.20037"))]
    yield "start tls with data", [message(5, extended("1.3.6.1.4.1.1466.20037", "x"))]
    yield "cancel", [message(5, extended("1.3.6.1.1.8", tlv(0x30, integer(1))))]
    yield "cancel without data", [message(5, extended("1.3.6.1.1.8"))]
    yield "cancel own", [message(5, extended("1.3.6.1.1.8", tlv(0x30, integer(5))))]
    yield "cancel bad", [message(5, extended("1.3.6.1.1.8", "x"))]
    yield "password", [message(5, extended("1.3.6.1.4.1.4203.1.11.1", tlv(0x30, tlv(0x80, "uid=anna," + people), tlv(0x81, "a"), tlv(0x82, "b"))))]
    yield "password bad name", [message(5, extended("1.3.6.1.4.1.4203.1.11.1", tlv(0x30, tlv(0x80, "anna"), tlv(0x81, "a"), tlv(0x82, "b"))))]
    yield "password outside", [message(5, extended("1.3.6.1.4.1.4203.1.11.1", tlv(0x30, tlv(0x80, "uid=a,dc=test"), tlv(0x81, "a"), tlv(0x82, "b"))))]
    yield "password no name", [message(5, extended("1.3.6.1.4.1.4203.1.11.1", tlv(0x30, tlv(0x81, "a"), tlv(0x82, "b"))))]
    yield "password bare", [message(5, extended("1.3.6.1.4.1.4203.1.11.1"))]
    yield "password bad", [message(5, extended("1.3.6.1.4.1.4203.1.11.1", "x"))]
    yield "transaction", [message(5, extended("1.3.6.1.1.21.1"))]
    yield "transaction with data", [message(5, extended("1.3.6.1.1.21.1", "x"))]
    yield "transaction end", [message(5, extended("1.3.6.1.1.21.3"))]
    yield "transaction end with data", [message(5, extended("1.3.6.1.1.21.3", tlv(0x30, text("x"))))]
    yield "turn", [message(5, extended("1.3.6.1.1.19"))]
    yield "extended unknown", [message(5, extended("1.2.3.4"))]
    yield "extended unknown with data", [message(5, extended("1.2.3.4", "x"))]
    yield "extended not an oid", [message(5, extended("foo"))]
    yield "extended empty oid", [message(5, extended(""))]
    yield "extended empty", [message(5, tlv(0x77))]
    # controls
    unknown, paged, manage = "1.2.3.4", "1.2.840.113556.1.4.319", "2.16.840.1.113730.3.4.2"
    for name, op in (("bind", bind("", "")), ("bind password", bind("cn=a", "b")), ("root", search("", attrs=["1.1"])), ("search", search(BASE)),
                     ("search outside", search("dc=test")), ("compare", compare(BASE, "o", "x")), ("modify", modify(BASE)), ("add", add("cn=x," + BASE)),
                     ("delete", tlv(0x4A, BASE)), ("who am i", extended("1.3.6.1.4.1.4203.1.11.3")), ("extended", extended("1.2.3.4")),
                     ("unbind", tlv(0x42)), ("abandon", integer(1, 0x50))):
        yield "control unknown, " + name, [message(6, op, control(unknown)), message(7, bind("", ""))]
        yield "control unknown critical, " + name, [message(6, op, control(unknown, True)), message(7, bind("", ""))]
        yield "control manage, " + name, [message(6, op, control(manage)), message(7, bind("", ""))]
        yield "control manage critical, " + name, [message(6, op, control(manage, True)), message(7, bind("", ""))]
        yield "control paged, " + name, [message(6, op, control(paged, False, tlv(0x30, integer(100), text("")))), message(7, bind("", ""))]
        yield "control paged critical, " + name, [message(6, op, control(paged, True, tlv(0x30, integer(100), text("")))), message(7, bind("", ""))]
        yield "control proxied critical, " + name, [message(6, op, control("2.16.840.1.113730.3.4.18", True, "")), message(7, bind("", ""))]
    for oid, value in (("1.3.6.1.4.1.4203.1.10.1", None), ("1.3.6.1.1.22", None), ("1.2.826.0.1.3344810.2.3", tlv(0x30)),
                       ("1.3.6.1.1.13.2", tlv(0x30)), ("1.3.6.1.1.13.1", tlv(0x30)), ("1.3.6.1.1.12", present("cn")),
                       ("1.2.840.113556.1.4.473", tlv(0x30, tlv(0x30, text("cn")))), ("1.3.6.1.4.1.4203.666.5.12", None)):
        for critical in (False, True):
            yield "control %s %s" % (oid, critical), [message(6, search(BASE), control(oid, critical, value)), message(7, bind("", ""))]
            yield "control %s %s root" % (oid, critical), [message(6, search("", attrs=["1.1"]), control(oid, critical, value)), message(7, bind("", ""))]
    yield "controls twice", [message(6, search(BASE), control(manage), control(manage)), message(7, bind("", ""))]
    yield "control not critical, bad value", [message(6, search(BASE), control(paged, False, "x")), message(7, bind("", ""))]
    yield "control without value", [message(6, search(BASE), control(paged)), message(7, bind("", ""))]
    yield "control garbage", [tlv(0x30, integer(6), bind("", ""), tlv(0xA0, b"\x30\x01\x01")), message(7, bind("", ""))]
    yield "control empty list", [tlv(0x30, integer(6), bind("", ""), tlv(0xA0)), message(7, bind("", ""))]
    yield "control empty oid", [message(6, bind("", ""), control("")), message(7, bind("", ""))]
    yield "something behind", [tlv(0x30, integer(6), bind("", ""), text("x")), message(7, bind("", ""))]
    # which fault is told first
    crit = control("1.2.3.4", True)
    yield "first: version 2, bad name", [message(1, bind("foo", "x", 2))]
    yield "first: version 2, bad name, critical", [message(1, bind("foo", "x", 2), crit)]
    yield "first: bad name, critical", [message(1, bind("foo", "x"), crit)]
    yield "first: bad method, version 2", [message(1, tlv(0x60, integer(2), text(""), tlv(0x81, "x")))]
    yield "first: bad method, bad name", [message(1, tlv(0x60, integer(3), text("foo"), tlv(0x81, "x")))]
    yield "first: sasl empty, bad name", [message(1, sasl("", None, "foo"))]
    yield "first: sasl empty, version 2", [message(1, sasl("", None, "", 2))]
    yield "first: scope, deref, name", [message(1, search("foo", 9, deref=9, size=-1, seconds=-1))]
    yield "first: deref, size, name", [message(1, search("foo", 0, deref=9, size=-1, seconds=-1))]
    yield "first: size, time, name", [message(1, search("foo", 0, size=-1, seconds=-1))]
    yield "first: time, name", [message(1, search("foo", 0, seconds=-1))]
    yield "first: name, critical", [message(1, search("foo", 0), crit)]
    yield "first: name, filter", [message(1, search("foo", 0, filt=deep(1100)))]
    yield "first: name, filter broken", [message(1, search("foo", 0, filt=equal("cn", "x")[:-3] + b"zzz"))]
    yield "first: compare name, type", [message(1, compare("foo", "nosuch", "x"))]
    yield "first: compare name, critical", [message(1, compare("foo", "cn", "x"), crit)]
    yield "first: compare type, critical", [message(1, compare(BASE, "nosuch", "x"), crit)]
    yield "first: compare root, type", [message(1, compare("", "nosuch", "x"))]
    yield "first: compare outside, type", [message(1, compare("dc=test", "nosuch", "x"))]
    yield "first: compare value", [message(1, compare(BASE, "uidNumber", "x"))]
    yield "first: compare dn value", [message(1, compare(BASE, "member", "x"))]
    yield "first: compare outside value", [message(1, compare("dc=test", "member", "x"))]
    yield "first: compare no rule", [message(1, compare(BASE, "jpegPhoto", "x"))]
    yield "first: compare class", [message(1, compare(BASE, "objectClass", "nosuch"))]
    yield "first: compare password", [message(1, compare(BASE, "userPassword", "geheim"))]
    yield "first: compare empty value", [message(1, compare(BASE, "cn", ""))]
    yield "first: compare empty type", [message(1, compare(BASE, "", "x"))]
    yield "first: modify outside, type", [message(1, modify("dc=test", "nosuch"))]
    yield "first: modify outside, kind", [message(1, modify("dc=test", kind=9))]
    yield "first: modify bad name, kind", [message(1, modify("foo", kind=9))]
    yield "first: modify root, kind", [message(1, modify("", kind=9))]
    yield "first: modify critical, kind", [message(1, modify(BASE, kind=9), crit)]
    yield "first: modify critical, type", [message(1, modify(BASE, "nosuch"), crit)]
    yield "first: modify bad name, critical", [message(1, modify("foo"), crit)]
    yield "first: modify nothing outside", [message(3, tlv(0x66, text("dc=test"), tlv(0x30)))]
    yield "first: modify add without values", [message(3, tlv(0x66, text(BASE), tlv(0x30, tlv(0x30, integer(0, 10), tlv(0x30, text("cn"), tlv(0x31))))))]
    yield "first: modify increment", [message(3, modify(BASE, "uidNumber", "1", 3))]
    yield "first: modify increment, no value", [message(3, tlv(0x66, text(BASE), tlv(0x30, tlv(0x30, integer(3, 10), tlv(0x30, text("cn"), tlv(0x31))))))]
    yield "first: modify operational", [message(3, modify(BASE, "createTimestamp", "x"))]
    yield "first: modify bad value", [message(3, modify(BASE, "uidNumber", "x"))]
    yield "first: modify password", [message(3, modify(BASE, "userPassword", "x"))]
    yield "first: modify subordinate of config", [message(3, modify("cn=x,cn=config"))]
    yield "first: modify under subschema", [message(3, modify("cn=x,cn=Subschema"))]
    yield "first: add type", [message(3, add("cn=x," + BASE, "nosuch"))]
    yield "first: add bad value", [message(3, add("cn=x," + BASE, "uidNumber", "x"))]
    yield "first: add class", [message(3, add("cn=x," + BASE, "objectClass", "nosuch"))]
    yield "first: add outside type", [message(3, add("cn=x,dc=test", "nosuch"))]
    yield "first: add name, type", [message(3, add("foo", "nosuch"))]
    yield "first: add critical", [message(3, add("foo", "nosuch"), crit)]
    yield "first: add type, critical", [message(3, add(BASE, "nosuch"), crit)]
    yield "first: add value missing", [message(3, tlv(0x68, text("cn=x," + BASE), tlv(0x30, tlv(0x30, text("cn"), tlv(0x31)))))]
    yield "first: add root nothing", [message(3, tlv(0x68, text(""), tlv(0x30)))]
    yield "first: add name nothing", [message(3, tlv(0x68, text("foo"), tlv(0x30)))]
    yield "first: add outside nothing", [message(3, tlv(0x68, text("dc=test"), tlv(0x30)))]
    yield "first: delete critical", [message(3, tlv(0x4A, "foo"), crit)]
    yield "first: delete root critical", [message(3, tlv(0x4A, ""), crit)]
    yield "first: rename name, rdn", [message(3, tlv(0x6C, text("foo"), text("x"), tlv(1, b"\0")))]
    yield "first: rename outside, rdn", [message(3, tlv(0x6C, text("dc=test"), text("x"), tlv(1, b"\0")))]
    yield "first: rename rdn of two", [message(3, tlv(0x6C, text("cn=a," + BASE), text("cn=x,cn=y"), tlv(1, b"\0")))]
    yield "first: rename rdn empty", [message(3, tlv(0x6C, text("cn=a," + BASE), text(""), tlv(1, b"\0")))]
    yield "first: rename superior bad", [message(3, tlv(0x6C, text("cn=a," + BASE), text("cn=b"), tlv(1, b"\0"), tlv(0x80, "foo")))]
    yield "first: rename rdn and superior bad", [message(3, tlv(0x6C, text("cn=a," + BASE), text("x"), tlv(1, b"\0"), tlv(0x80, "foo")))]
    yield "first: rename root, rdn", [message(3, tlv(0x6C, text(""), text("x"), tlv(1, b"\0")))]
    yield "first: rename critical", [message(3, tlv(0x6C, text("foo"), text("x"), tlv(1, b"\0")), crit)]
    yield "first: rename superior empty", [message(3, tlv(0x6C, text("cn=a," + BASE), text("cn=b"), tlv(1, b"\0"), tlv(0x80, "")))]
    for mechanism in ("A" * 20, "A" * 21, "A" * 200, "A" * 3000, "PL\0AIN", "external", "EXTERNAL ", "%s"):
        yield "mechanism " + repr(mechanism[:24]) + str(len(mechanism)), [message(1, sasl(mechanism, "x"))]
    yield "damaged changes", [message(3, tlv(0x66, text(BASE), tlv(0x30, b"\2\1\1"))), message(4, bind("", ""))]
    yield "damaged attributes", [message(3, tlv(0x68, text(BASE), tlv(0x30, b"\2\1\1"))), message(4, bind("", ""))]
    yield "damaged assertion", [message(2, search("", filt=b"\xa3\3\4\x20a")), message(4, bind("", ""))]
    yield "damaged presence", [message(2, search("", filt=b"\x87\x20a")), message(4, bind("", ""))]
    yield "damaged extension", [message(3, tlv(0x77, text("x"))), message(4, bind("", ""))]
    yield "damaged delete", [message(3, tlv(0x4A, b"")), message(4, bind("", ""))]
    for kind in ("a b", "cn;x", "cn;lang-de", "cn;binary", "", "2.5.4.3", "userCertificate", "userCertificate;binary", "jpegPhoto"):
        yield "type in modify " + kind, [message(3, modify(BASE, kind))]
        yield "type in add " + kind, [message(3, add("cn=x," + BASE, kind))]
        yield "type in compare " + kind, [message(3, compare(BASE, kind, "x"))]
        yield "type in compare of root " + kind, [message(3, compare("", kind, "x"))]
    yield "bind blank name", [message(1, bind(" ", "x"))]
    yield "bind blank name, no password", [message(1, bind(" ", ""))]
    yield "search blank name", [message(1, search(" "))]
    for name, filt in (("not class unknown", tlv(0xA2, equal("objectClass", "nosuch"))), ("not version", tlv(0xA2, equal("supportedLDAPVersion", "4"))),
                       ("not context", tlv(0xA2, equal("namingContexts", "foo"))), ("structural", equal("structuralObjectClass", "openldaprootdse")),
                       ("config", equal("configContext", "CN=config")), ("class oid", equal("objectClass", "2.5.6.0")), ("class unknown oid", tlv(0xA2, equal("objectClass", "1.2.3.4"))),
                       ("not cn", tlv(0xA2, equal("cn", "x"))), ("not int", tlv(0xA2, equal("uidNumber", "x"))), ("not empty", tlv(0xA2, equal("cn", ""))),
                       ("not substrings cn", tlv(0xA2, tlv(0xA4, text("cn"), tlv(0x30, tlv(0x80, "to"))))), ("not substrings class", tlv(0xA2, tlv(0xA4, text("objectClass"), tlv(0x30, tlv(0x80, "to"))))),
                       ("not greater cn", tlv(0xA2, tlv(0xA5, text("cn"), text("a")))), ("not greater uidNumber", tlv(0xA2, tlv(0xA5, text("uidNumber"), text("1")))),
                       ("not greater class", tlv(0xA2, tlv(0xA5, text("objectClass"), text("a")))), ("not approx", tlv(0xA2, tlv(0xA8, text("cn"), text("top")))),
                       ("not extensible cn", tlv(0xA2, tlv(0xA9, tlv(0x82, "cn"), tlv(0x83, "top")))), ("not extensible rule", tlv(0xA2, tlv(0xA9, tlv(0x81, "caseIgnoreMatch"), tlv(0x83, "top")))),
                       ("not extensible unknown", tlv(0xA2, tlv(0xA9, tlv(0x81, "1.2.3"), tlv(0x82, "cn"), tlv(0x83, "top")))), ("not unknown choice", tlv(0xA2, tlv(0xAA, text("x")))),
                       ("not bit", tlv(0xA2, tlv(0xA9, tlv(0x81, "1.2.840.113556.1.4.803"), tlv(0x82, "uidNumber"), tlv(0x83, "2")))),
                       ("subclass", equal("objectClass", "person;x")), ("option", present("objectClass;lang-de")), ("not option", tlv(0xA2, present("cn;lang-de"))), ("binary", present("userCertificate;binary")),
                       ("supertype", present("name")), ("not supertype", tlv(0xA2, equal("name", "x"))), ("operational", present("subschemaSubentry")), ("not operational", tlv(0xA2, present("subschemaSubentry"))),
                       ("has subordinates", present("hasSubordinates")), ("not equal has", tlv(0xA2, equal("hasSubordinates", "TRUE"))), ("create", present("createTimestamp")), ("feature", equal("supportedFeatures", "1.3.6.1.1.14")),
                       ("entry dn extensible", tlv(0xA9, tlv(0x82, "entryDN"), tlv(0x83, ""))), ("not two", tlv(0xA2, present("cn"), present("sn"))), ("not none", tlv(0xA2)), ("present long", present("a" * 300)),
                       ("and undefined false", tlv(0xA2, tlv(0xA0, present("foo"), present("cn")))), ("or undefined true", tlv(0xA1, present("foo"), present("objectClass"))), ("and undefined", tlv(0xA2, tlv(0xA0, present("foo")))),
                       ("substring parts", tlv(0xA4, text("cn"), tlv(0x30, tlv(0x82, "a"), tlv(0x80, "b")))), ("dn attributes", tlv(0xA9, tlv(0x82, "cn"), tlv(0x83, "x"), tlv(0x84, b"\xff"))),
                       ("extensible class upper", tlv(0xA9, tlv(0x82, "objectClass"), tlv(0x83, "TOP"))), ("extensible with rule", tlv(0xA9, tlv(0x81, "objectIdentifierMatch"), tlv(0x82, "objectClass"), tlv(0x83, "top"))),
                       ("extensible broken", tlv(0xA9, tlv(0x82, "cn"))), ("alternate", equal("altServer", "x")), ("vendor", present("vendorName")), ("monitor", present("monitorContext")), ("sasl", present("supportedSASLMechanisms"))):
        yield "filter " + name, [message(2, search("", filt=filt, attrs=["1.1"]))]
    for name, oid, criticals, values in CONTROLS:
        for op, body in (("search", search(BASE)), ("compare", compare(BASE, "o", "x")), ("modify", modify(BASE)), ("add", add("cn=x," + BASE)), ("delete", tlv(0x4A, BASE)),
                         ("rename", tlv(0x6C, text("cn=a," + BASE), text("cn=x"), tlv(1, b"\0"))), ("who", extended("1.3.6.1.4.1.4203.1.11.3")), ("bind", bind("", ""))):
            for critical in criticals:
                for value in values:
                    yield "control %s %s %s, %s" % (name, critical, None if value is None else value.hex(), op), [message(6, body, control(oid, critical, value))]
    # framing
    for tag in (0x60, 0x61, 0x62, 0x64, 0x65, 0x67, 0x78, 0x79, 0x41, 0x02, 0x00, 0x7F):
        if tag != 0x60:
            yield "operation %02x" % tag, [message(1, tlv(tag, "xy")), message(2, bind("", ""))]
    yield "no operation", [tlv(0x30, integer(1)), message(2, bind("", ""))]
    yield "no id", [tlv(0x30, bind("", "")), message(2, bind("", ""))]
    yield "id of 5 bytes", [tlv(0x30, tlv(2, b"\0\0\0\0\1"), bind("", ""))]
    yield "id of 9 bytes", [tlv(0x30, tlv(2, b"\0\0\0\0\0\0\0\0\1"), bind("", ""))]
    yield "id empty", [tlv(0x30, tlv(2, b""), bind("", ""))]
    yield "id 4 bytes high", [tlv(0x30, tlv(2, b"\xff\xff\xff\xff"), bind("", ""))]
    yield "empty sequence", [b"\x30\0"]
    yield "other tag", [tlv(0x31, integer(1), bind("", ""))]
    yield "octets", [tlv(4, "abc")]
    yield "web", [b"GET / HTTP/1.0\r\n\r\n"]
    yield "web long", [b"GET / HTTP/1.1\r\nHost: ldap.corp.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: */*\r\n\r\n"]
    yield "tls hello", [bytes.fromhex("16030100c8010000c40303") + b"A" * 200]
    yield "zeros", [b"\0" * 64]
    yield "ones", [b"\xff" * 64]
    yield "long lengths", [b"\x30\x84\0\0\0\x0c\x02\x01\x01\x60\x84\0\0\0\x07\x02\x01\x03\x04\0\x80\0"[:-2] + b"\x80\0"]
    yield "length of 5 bytes", [b"\x30\x85\0\0\0\0\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"]
    yield "indefinite", [b"\x30\x80\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0\0\0"]
    yield "too large", [b"\x30\x83\x04\0\0\x02\x01\x01"]
    yield "just not too large", [b"\x30\x83\x03\xff\xff\x02\x01\x01"]
    yield "long tag", [b"\x3f\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\0\x80\0"]
    yield "truncated", [message(1, bind("", ""))[:-3]]
    yield "inner length too long", [b"\x30\x0c\x02\x01\x01\x60\x20\x02\x01\x03\x04\0\x80\0"]
    yield "large password", [message(1, bind("cn=admin," + BASE, "p" * 100000))]
    yield "large name", [message(1, bind("cn=" + "a" * 9000 + "," + BASE, "p"))]
    yield "many in one packet", [b"".join(message(n, bind("", "")) for n in range(1, 200))]
    yield "byte by byte", [bytes([b]) for b in message(1, bind("cn=admin," + BASE, "x"))]


CONTROLS = [
    ("proxied", "2.16.840.1.113730.3.4.18", (False, True), (None, b"", b"dn:" + BASE.encode(), b"x")),
    ("manage", "2.16.840.1.113730.3.4.2", (False, True), (None, b"", b"x")),
    ("subentries", "1.3.6.1.4.1.4203.1.10.1", (False, True), (None, b"", b"\1\1\xff", b"\1\1\0")),
    ("no copy", "1.3.6.1.1.22", (False, True), (None, b"", b"x")),
    ("paged", "1.2.840.113556.1.4.319", (False, True), (None, b"", b"x", tlv(0x30, integer(0), text("")), tlv(0x30, integer(-1), text("")), tlv(0x30, integer(5), text("abc")))),
    ("values", "1.2.826.0.1.3344810.2.3", (False, True), (None, b"", b"x", tlv(0x30), tlv(0x30, present("cn")))),
    ("after", "1.3.6.1.1.13.2", (False, True), (None, b"", b"x", tlv(0x30))),
    ("before", "1.3.6.1.1.13.1", (False, True), (None, b"", tlv(0x30))),
    ("assert", "1.3.6.1.1.12", (False, True), (None, b"", b"x", present("cn"), present("objectClass"))),
    ("domain scope", "1.2.840.113556.1.4.1339", (False, True), (None, b"x")),
    ("permissive", "1.2.840.113556.1.4.1413", (False, True), (None, b"x")),
    ("options", "1.2.840.113556.1.4.1340", (False, True), (None, b"x", tlv(0x30, integer(1)))),
    ("tree delete", "1.2.840.113556.1.4.805", (False, True), (None, b"x")),
    ("no op", "1.3.6.1.4.1.4203.666.5.2", (False, True), (None, b"x")),
    ("relax", "1.3.6.1.4.1.4203.666.5.12", (False, True), (None, b"x")),
    ("transaction", "1.3.6.1.1.21.2", (False, True), (None, b"", b"x")),
    ("sort", "1.2.840.113556.1.4.473", (False, True), (None,)),
    ("list", "2.16.840.1.113730.3.4.9", (True,), (None,)),
    ("policy", "1.3.6.1.4.1.42.2.27.8.5.1", (False, True), (None,)),
    ("session", "1.3.6.1.4.1.21008.108.63.1", (False, True), (None, b"x")),
    ("sync", "1.3.6.1.4.1.4203.1.9.1.1", (False, True), (None,)),
    ("lazy commit", "1.2.840.113556.1.4.619", (False, True), (None, b"x")),
    ("chaining", "1.3.6.1.4.1.4203.666.11.3", (True,), (None,)),
    ("deref", "1.3.6.1.4.1.4203.666.5.16", (True,), (None,)),
]


NAMES = [
    "foo", "foo=bar", "anna@corp.example", "CORP\\anna", "uid=", "uid", "=x", "uid=a,", ",uid=a", "uid=a,,dc=b", "uid = a , dc = b",
    "uid=a;dc=b", "uid=a+cn=b", "uid=a+", "uid=\\61", "uid=\\6", "uid=\\zz", "uid=a\\,b", "uid=a\\", "uid=#0401", "uid=#040161", "uid=#04",
    "uid=#zz", "uid=\"a,b\"", "uid=\"a", "uid=<a", "uid=a<b", "uid=a=b", "uid= a", "1.2.3=x", "1.2.3.=x", "0.9.2342.19200300.100.1.1=x", "2.5.4.3=x",
    "OID.2.5.4.3=x", "oid.2.5.4.3=x", "cn-x=y", "-cn=y", "c n=y", "cn;lang-de=y", "c=DE", "c=DEU", "c=", "dc=\u00e4", "cn=\u00e4", b"cn=\xe4",
    "dc=a b", "cn=a\0b", "cn=\\00", "cn=\\", "mail=\u00e4", "mail=x", "objectClass=person", "objectClass=foo", "userPassword=x", "uidNumber=x", "uidNumber=5",
    "member=foo", "member=cn\\=a", "createTimestamp=x", "cn=  ", "cn=a  b", "<SID=1>", "<GUID=x>", "dc=corp/dc=example", "uid=a\n,dc=b", "uid=a,\ndc=b",
    "telephoneNumber=abc", "telephoneNumber=", "telephoneNumber=--", "ou=", "o=x", "l=x", "st=x", "street=x", "sn=x", "gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth",
    "krbPrincipalName=x", "uid=a,cn=external,cn=auth", "cn=" + "a" * 300, "title=x", "serialNumber=\u00e4", "distinguishedName=x", "description=", "cn=*", "uid=a b,dc=c", "employeeNumber=1",
    "x-y=1", "x_y=1", "entryUUID=1", "entryDN=x", "manager=x", "jpegPhoto=x", "dnQualifier=x", "uniqueMember=x", "destinationIndicator=x", "homeDirectory=\u00e4", "uid=\u00e4",
    "sAMAccountName=x", "userPrincipalName=x@y", "mail=", "userPassword=", "dc=", "jpegPhoto=", "member=", "objectClass=", "uidNumber=", "c=d1", "c=??",
    "uidNumber=-5", "uidNumber=05", "uidNumber=+5", "uidNumber=-0", "uidNumber= 5", "objectClass=2.5.6.6", "objectClass=1.2.3", "objectClass=1.2.3.", "createTimestamp=20260101000000Z", "createTimestamp=2026010100Z",
    "createTimestamp=20260101000000.5Z", "createTimestamp=20260101000000+0100", "createTimestamp=20261301000000Z", "createTimestamp=20260101000000", "hasSubordinates=TRUE", "hasSubordinates=true", "telephoneNumber=+49 (0)1*", "serialNumber=a_b",
    "serialNumber=a b?:/", "x121Address=12 3", "x121Address=12a", "uid=a ", "uid=a\\ ", "uid=\\ a", "uid=\\#a", "uid=a#b", "uid=\"\"", "uid=\"a\"b", "uid=\"a\" ,dc=b", "uid=a\"b", "uid=a>b", "uid=\\c3\\a4", "uid=\\e4", "uid=\\C3", "CN=x,OU=y,O=z,C=de",
    "uid=a,dc=b,", "uid=a, ,dc=b", "uid=a+dc=b,cn=c+sn=d", "uid=a+uid=b", "uid =a", "uid\t=a", "uid=\ta", "\nuid=a", "uid=a,\tdc=b", "0.9=x", "1=x", "01.2=x", "2.5.4.03=x", "2.5.4.3;x=y", "cn;=x", "cn;a;b=x", "cn;a b=x", "cn_=x", "cn=x\\=y", "cn=\\2c", "cn=a\\2", "cn=a\\g0",
    "cn=" + "a" * 8180, "cn=" + "a" * 8189, "cn=" + "a" * 8190, ",".join(["dc=a"] * 100), "member=cn=a,dc=b", "member=cn\\=a\\,dc\\=b", "seeAlso=cn\\=", "uniqueMember=cn\\=a", "uniqueMember=cn\\=a#'01'B", "entryUUID=597ae2f6-16a6-1027-98f4-d28b5365dc14", "postalAddress=a$b", "postalAddress=",
    "facsimileTelephoneNumber=x", "nisNetgroupTriple=x", "nisNetgroupTriple=(a\\,b\\,c)", "bootParameter=x", "deliveryMode=x", "preferredDeliveryMethod=any", "preferredDeliveryMethod=x", "teletexTerminalIdentifier=x", "telexNumber=x", "x500UniqueIdentifier='01'B", "x500UniqueIdentifier=x",
    "userCertificate=x", "supportedAlgorithms=x", "photo=x", "audio=x", "subtreeSpecification=x", "userSMIMECertificate=x", "userPKCS12=x", "memberUid=x", "memberUid=\u00e4", "authPassword=x", "ipHostNumber=x", "macAddress=x", "entry=x", "children=x", "labeledURI=x",
]
FILTERS = [
    ("present cn", present("cn")), ("present foo", present("foo")), ("present object class", present("OBJECTCLASS")),
    ("present naming contexts", present("namingContexts")), ("present dn", present("entryDN")), ("present empty", present("")),
    ("equal top", equal("objectClass", "top")), ("equal TOP", equal("objectClass", "TOP")), ("equal dse", equal("objectClass", "OpenLDAProotDSE")),
    ("equal person", equal("objectClass", "person")), ("equal foo", equal("objectClass", "foo")), ("equal unknown", equal("foo", "bar")),
    ("equal version", equal("supportedLDAPVersion", "3")), ("equal context", equal("namingContexts", "DC=corp, dc=example")),
    ("equal context 2", equal("namingContexts", "dc=test")), ("equal context 3", equal("namingContexts", "foo")),
    ("equal schema", equal("subschemaSubentry", "cn=subschema")), ("equal entryDN", equal("entryDN", "")),
    ("equal control", equal("supportedControl", "1.3.6.1.1.12")), ("equal extension", equal("supportedExtension", "1.2.3")),
    ("not", tlv(0xA2, equal("objectClass", "person"))), ("not unknown", tlv(0xA2, equal("foo", "bar"))), ("not present unknown", tlv(0xA2, present("foo"))),
    ("not present", tlv(0xA2, present("objectClass"))), ("not absent", tlv(0xA2, present("cn"))),
    ("and", tlv(0xA0, present("objectClass"), equal("objectClass", "top"))), ("and absent", tlv(0xA0, present("objectClass"), present("cn"))),
    ("and empty", tlv(0xA0)), ("or empty", tlv(0xA1)), ("or", tlv(0xA1, equal("foo", "x"), present("objectClass"))), ("or none", tlv(0xA1, equal("foo", "x"), present("cn"))),
    ("greater", tlv(0xA5, text("objectClass"), text("a"))), ("less", tlv(0xA6, text("supportedLDAPVersion"), text("9"))),
    ("greater version", tlv(0xA5, text("supportedLDAPVersion"), text("1"))), ("approx", tlv(0xA8, text("objectClass"), text("top"))),
    ("substrings", tlv(0xA4, text("objectClass"), tlv(0x30, tlv(0x80, "to")))), ("substrings empty", tlv(0xA4, text("objectClass"), tlv(0x30))),
    ("substrings cn", tlv(0xA4, text("cn"), tlv(0x30, tlv(0x80, "to")))),
    ("substrings empty part", tlv(0xA4, text("cn"), tlv(0x30, tlv(0x80, "")))), ("substrings unknown part", tlv(0xA4, text("cn"), tlv(0x30, tlv(0x83, "x")))),
    ("extensible", tlv(0xA9, tlv(0x82, "objectClass"), tlv(0x83, "top"))), ("extensible rule", tlv(0xA9, tlv(0x81, "caseIgnoreMatch"), tlv(0x82, "cn"), tlv(0x83, "top"))),
    ("extensible rule unknown", tlv(0xA9, tlv(0x81, "1.2.840.113556.1.4.803"), tlv(0x82, "userAccountControl"), tlv(0x83, "2"))),
    ("extensible no attribute", tlv(0xA9, tlv(0x83, "top"))), ("unknown", tlv(0xAA, text("x"))), ("unknown primitive", tlv(0x8A, "x")), ("equal broken", tlv(0xA3, text("cn"))),
    ("equal empty value", equal("cn", "")), ("equal int", equal("uidNumber", "x")), ("octets", text("cn")),
    ("deep", None),
]


def deep(levels):
    filt = present("objectClass")
    for _ in range(levels):
        filt = tlv(0xA0, filt)
    return filt


FILTERS[-1:] = [("deep 10", deep(10)), ("deep 100", deep(100)), ("deep 999", deep(999)), ("deep 1100", deep(1100))]


def exchange(port, packets, quiet=0.03):
    """The answer to all packets, and whether the server closed. Each packet waits for the line to be quiet."""
    got, closed = b"", False
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            try:
                client.sendall(packet(got) if callable(packet) else packet)
                client.settimeout(quiet)
                while True:
                    data = client.recv(65536)
                    if not data:
                        closed = True
                        break
                    got += data
            except socket.timeout:
                pass
            except OSError:
                closed = True
            if closed:
                break
    return got, closed


def without_random(answer):
    """Challenges are random: nonces of DIGEST-MD5, SCRAM and NTLM; the number in CRAM-MD5's, whose length is, too. SCRAM's
    salts are the server's own; their length is not."""
    got = re.sub(rb'nonce="[^"]{44}"', b"nonce", answer[0])
    got = re.sub(rb"(r=[^,]*)[0-9A-Za-z+/]{32},s=([0-9A-Za-z+/]*=*),i", lambda m: b"%s,s=%d,i" % (m[1], len(m[2])), got)
    got = re.sub(rb"(NTLMSSP\0\x02\0{3}.{12}).{8}", rb"\1", got, flags=re.S)
    return re.sub(rb"0.\x02\x01(.)a.([^<]*)\x87.<\d{1,10}\.\d{4,6}@([a-z.]+)>", rb"\1\2\3", got, flags=re.S), answer[1]


def by_request(answer):
    """The messages of an answer, in order for each request: slapd works on two searches at a time."""
    got, closed = answer
    found = []
    while len(got) > 6:
        length, at = got[1], 2
        if length > 0x80:
            at += length - 0x80
            length = int.from_bytes(got[2:at], "big")
        found.append((got[at:at + 2 + got[at + 1]], got[:at + length]))
        got = got[at + length:]
    return [whole for _, whole in sorted(found, key=lambda pair: pair[0])], closed


def answers_under_tls(port, packets):
    """The answer to each packet, of which there is one."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    got = b""
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20)) as client:
        for packet in packets:
            client.sendall(packet)
            got += client.recv(65536)
    return got


def both(case, ports):
    name, packets = case
    shape = by_request if name == "whole, twice" else without_random
    for quiet in (0.03, 0.3, 1, 3):  # a busy machine may answer late
        want, have = (exchange(port, packets, quiet) for port in ports)
        if shape(want) == shape(have):
            have = want
            break
    return name, want, have


def main():
    if sys.argv[1] == "print":
        for name, packets in itertools.chain(cases(), sasl_cases(), searches()):
            got, closed = exchange(int(sys.argv[2]), packets)
            print("%s\t%s%s" % (name, got.hex(), " closed" if closed else ""))
        return 0
    if sys.argv[1] == "secure":
        for name, packets in secure_cases():
            print(name, without_random((answers_under_tls(int(sys.argv[2]), packets), False))[0])
        return 0
    ports = [int(port) for port in sys.argv[-2:]]
    wanted = itertools.chain(cases(), sasl_cases(), searches())
    if sys.argv[1] == "referrals":
        wanted = referrals(NAMES)
    if sys.argv[1] == "walk":
        with open(sys.argv[2], encoding="utf-8") as face:
            wanted = walk(json.load(face))
    number = failed = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for name, want, have in pool.map(lambda case: both(case, ports), wanted):
            number += 1
            failed += want != have
            print("%s %d - %s" % ("ok" if want == have else "not ok", number, ascii(name).replace("#", "\\#")[:120]))
            if want != have:
                print("# want %s%s\n# have %s%s" % (want[0].hex(), " closed" if want[1] else "", have[0].hex(), " closed" if have[1] else ""))
    print("1..%d" % number)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
