# SPDX-License-Identifier: ISC
"""SASL binds for ldap_slapd.py: each mechanism from its first message to its refusal, odd ones, and what comes between
a challenge and its response."""
import re

from ldap_wire import *

DIGEST = ('username="user",realm="corp.example",nonce="NONCE",cnonce="abc",nc=00000001,qop=auth,'
          'digest-uri="ldap/corp.example",response=' + "0" * 32)
NEGOTIATE = b"NTLMSSP\0" + (1).to_bytes(4, "little") + (0xB207).to_bytes(4, "little") + bytes(16)


def digest(response, number=2):
    """The response to the DIGEST-MD5 challenge that came last."""
    def answer(got):
        nonces = re.findall(rb'nonce="([^"]*)"', got)
        return message(number, sasl("DIGEST-MD5", response.replace("NONCE", nonces[-1].decode() if nonces else "")))
    return answer


def authenticate(user, domain=b"D\0", flags=0xB205, lan=bytes(24), nt=bytes(24)):
    """NTLM's third message."""
    fields, body = b"", b""
    for value in (lan, nt, domain, user, b"H\0", b""):
        fields += 2 * len(value).to_bytes(2, "little") + (64 + len(body)).to_bytes(4, "little")
        body += value
    return b"NTLMSSP\0" + (3).to_bytes(4, "little") + fields + flags.to_bytes(4, "little") + body


def scram(final, number=2, name="SCRAM-SHA-256"):
    """The response to the SCRAM challenge that came last."""
    def answer(got):
        nonces = re.findall(rb"r=([^,]*),s=", got)
        return message(number, sasl(name, final.replace(b"NONCE", nonces[-1] if nonces else b"")))
    return answer


def firsts():
    """What may begin a bind."""
    for name in ("DIGEST-MD5", "CRAM-MD5", "NTLM", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-384", "PLAIN", "LOGIN",
                 "ANONYMOUS", "EXTERNAL", "digest-md5", "SCRAM-SHA-1-PLUS", "DIGEST-MD5-PLUS", "GSSAPI"):
        yield f"{name} alone", [message(1, sasl(name)), message(2, sasl(name)), message(3, bind("", ""))]
        yield f"{name} with x", [message(1, sasl(name, "x")), message(2, sasl(name, "x")), message(3, bind("", ""))]
        yield f"{name}, then x", [message(1, sasl(name)), message(2, sasl(name, "x")), message(3, sasl(name, "x"))]
        yield f"{name} with nothing", [message(1, sasl(name, "")), message(2, sasl(name, ""))]


def finals():
    """What may follow SCRAM's challenge."""
    first, proof = b"n,,n=user,r=fyko", b"A" * 43 + b"="
    last = b"c=biws,r=NONCE,p=" + proof
    for text in (b"", b"c", b"c=", b"x=1", b"cx1", b"c=\0", b"d=biws,r=NONCE,p=" + proof, b"c=biws", b"c=biws,", b"c=biws,x", b"c=biws,r=NONCE", b"c=biws,r=x,p=", b"c=biws,r=NONCE,", b"c=biws,r=NONCE,x",
                 b"c=biws,r=NONCE,x=y,p=" + proof, b"c=biws,r=NONCE,x=p=y,p=" + proof, last + b",x=y", b"c=b!ws,r=NONCE,p=" + proof, b"c=eSws,r=NONCE,p=" + proof, b"c=,r=NONCE,p=" + proof,
                 b"c=biw,r=NONCE,p=" + proof, b"c=biwsbiws,r=NONCE,p=" + proof, b"c=biwsYQ==,r=NONCE,p=" + proof, b"c=biws,r=NONCE,p=", b"c=biws,r=NONCE,p=abcd", b"c=biws,r=NONCE,p=" + b"!" * 44,
                 b"c=biws,r=NONCE,p=" + b"A" * 44, b"c=biws,r=NONCE,p=" + b"A" * 42 + b"==", b"c=biws,r=NONCE,p=" + b"A" * 43, b"c=biws,r=NONCE,p=" + b"A" * 40 + b"====", last, b"c=biws,r=NONCE,m=x,p=" + proof,
                 b"c=biws,r=NONCE,p=" + b"=" + b"A" * 43, b"c=biws,r=NONCE,xp=" + proof, last + b",p=" + proof, b"c=!,r=NONCE,p=!", last + b"\0", last.ljust(2048, b"A"), last.ljust(2049, b"A"), b"C=biws,r=NONCE,p=" + proof,
                 b"c=biws,r=NONCENONCE,p=" + proof, b"c=biws,R=NONCE,p=" + proof, b"c=biws,r=NONCE,P=" + proof, b" " + last,
                 b"c=eSws", b"c=eSws,", b"c=eSws,r=x", b"c=eSws,r=x,p=x,y", b"c=biws,r=x", b"c=biws,r=x,x", b"c=biws,r=x,p=x,y", b"c=biws,r=x,p=x"):
        yield f"SCRAM-SHA-256 last {text[:40]} {len(text)}", [message(1, sasl("SCRAM-SHA-256", first)), scram(text), message(3, bind("", ""))]
    for before, binding in ((b"y,,n=user,r=a", b"eSws"), (b"y,,n=user,r=a", b"biws"), (b"n,,n=user,r=a,x=y", b"biws"), (b"n,,n=user,r=,x=y", b"biws"), (b"n,,n=user,r=", b"biws"), (b"n,a=user,n=user,r=abc", b"bixhPXVzZXIs"),
                            (b"n,a=u:bob,n=user,r=abc", b"bixhPWJvYiw="), (b"p=tls-unique,,n=user,r=abc", b"biws"), (b"p=tls-unique,,n=user,r=abc", b"cD10bHMtdW5pcXVlLCw="), (b"p=tls-unique,,n=user,r=abc", b"cD10bHMtdW5pcXVlLCx4"),
                            (b"p=x,,n=user,r=abc", b"cD14LCw="), (b"p=x,,n=user,r=abc", b"cD14LCx5"), (b"n,,n=user,r=a b\xff", b"biws"), (b"n,,n=user,r=a\x01b=;", b"biws"), (b"p=,,n=user,r=abc", b"cD0sLGE=")):
        yield f"SCRAM-SHA-256 {before} {binding}", [message(1, sasl("SCRAM-SHA-256", before)), scram(b"c=" + binding + b",r=NONCE,p=" + proof), message(3, bind("", ""))]
    for name in (b"anonymous", b"Anonymous", b"U:bob", b"u:", b"dn:", b"DN:dc=3Dx", b"dn:x", b"u:a=2Cb", b"User", b"d:x", b"u:\xff", b"u", b"user"):
        yield f"SCRAM-SHA-256 for {name}", [message(1, sasl("SCRAM-SHA-256", b"n,a=" + name + b",n=user,r=abc")), message(2, bind("", ""))]
    for name in (b"anonymous", b"ANONYMOUS", b"u=2Cx", b"a b", b"x@corp.example", b"u" * 1000, b"u:x", b"dn:x", b"svc-x", b"\xc3\xa4", b"a+b", b"a=2C=3D", b"\"", b"a\\"):
        yield f"SCRAM-SHA-256 as {name[:20]}", [message(1, sasl("SCRAM-SHA-256", b"n,,n=" + name + b",r=abc")), scram(last), message(3, bind("", ""))]
    for length in (2048, 2049):
        yield f"SCRAM-SHA-256 of {length}", [message(1, sasl("SCRAM-SHA-256", b"n,,n=user,r=".ljust(length, b"a"))), message(2, bind("", ""))]
    for name, proof in (("SCRAM-SHA-1", b"A" * 27 + b"="), ("SCRAM-SHA-1", b"A" * 28), ("SCRAM-SHA-1", b"A" * 26 + b"=="), ("SCRAM-SHA-224", b"A" * 38 + b"=="), ("SCRAM-SHA-384", b"A" * 64), ("SCRAM-SHA-384", b"A" * 63 + b"="),
                        ("SCRAM-SHA-512", b"A" * 86 + b"=="), ("SCRAM-SHA-512", b"A" * 88), ("SCRAM-SHA-256-PLUS", b"A" * 43 + b"=")):
        yield f"{name} last {proof[-4:]}", [message(1, sasl(name, first)), scram(b"c=biws,r=NONCE,p=" + proof, name=name), message(3, bind("", ""))]
    yield "SCRAM-SHA-256 in three", [message(1, sasl("SCRAM-SHA-256")), message(2, sasl("SCRAM-SHA-256", first)), scram(last, 3), message(4, bind("", ""))]
    yield "SCRAM-SHA-256 twice", [message(1, sasl("SCRAM-SHA-256", first)), scram(last), message(3, sasl("SCRAM-SHA-256", first)), scram(last, 4)]


def responses():
    for text in (b"user " + b"0" * 32, b"user", b"user 00", b"a b c " + b"0" * 32, b"\0", b" " + b"0" * 32, b"u " + b"g" * 32,
                 b"u" * 300 + b" " + b"0" * 32, b"u" * 1030 + b" 0", b"u\0 x", b"u\xff x", b"\xc3\xa4 x"):
        yield f"CRAM-MD5 {text[:20]}", [message(1, sasl("CRAM-MD5")), message(2, sasl("CRAM-MD5", text)), message(3, bind("", ""))]
    changes = (("", ""), ("corp.example", "x"), ('realm="corp.example",', ""), ("ldap/", "imap/"), ("00000001", "00000002"), ("00000001", "0"), ("00000001", "x"),
               ("00000001", "00000000"), ("qop=auth", "qop=auth-conf,cipher=rc4,maxbuf=65536"), ('username="user",', ""), ('cnonce="abc",', ""), ("NONCE", "zzz"), ("response", "respons"),
               ('"user"', '""'), ("nc=00000001,", ""), ('digest-uri="ldap/corp.example",', ""), ('"user"', "user"), ('"user"', '"us\\"er"'), (",", " , "), ("=", " = "), (",", ";"),
               ('"user"', '"user'), ('nonce="NONCE",', ""), ("username", "USERNAME"), ("username=", "username"), ("0" * 32, "00"), ('"abc"', '"abc" x'))
    for old, new in changes:
        yield f"DIGEST-MD5 {old} {new}", [message(1, sasl("DIGEST-MD5")), digest(DIGEST.replace(old, new)), message(3, bind("", ""))]
    for more in (",charset=utf-8", ",charset=x", ",x=y", ',authzid="u:bob"', ",", " ", ",x", ",=", "\n"):
        yield f"DIGEST-MD5 and {more!r}", [message(1, sasl("DIGEST-MD5")), digest(DIGEST + more), message(3, bind("", ""))]
    for text in (b"n,,n=user,r=fyko+d2lbbFgONRv", b"y,,n=user,r=fyko", b"n,a=bob,n=user,r=abc", b"p=tls-unique,,n=user,r=abc", b"n,,n=,r=abcd", b"n,,r=abcdef", b"n,,n=u,r=", b"n,,m=x,n=u,r=abc",
                 b"n,,n=u=3Dx,r=abc", b"n,,n=u=2Cx,r=abc", b"n,,n=u=2cx,r=abc", b"n,,n=u=,r=abc", b"n,,n=u=3,r=abc", b"n,,n=u,r=abc,x=y", b"n", b"n,", b"n,,n=u", b"q,,n=u,r=a", b"n,,n=u\xff,r=abc", b"p,,n=user,r=abc",
                 b"p=,,n=user,r=abc", b"y,b=x,n=user,r=abc", b"n,a=,n=user,r=abc", b"n,a=b,m=x,n=u,r=abc", b"n;,n=user,r=abc", b"n,,n=user,x=abc", b"n,,n=user\0,r=abc", b"n,a=b=2,n=user,r=abcd",
                 b"p=tls-unique;,n=user,r=abc", b"p=tls-unique", b"n,a=b,n=,r=abcd", b"n,,n=user,r=,x=y", b"n,a=b=2Cc,n=user,r=abc", b"n,,n=" + b"u" * 300 + b",r=abc"):
        yield f"SCRAM-SHA-256 {text[:24]}", [message(1, sasl("SCRAM-SHA-256", text)), message(2, sasl("SCRAM-SHA-256", "c=biws,r=x,p=dGVzdA==")), message(3, bind("", ""))]
    yield from finals()
    user = "user".encode("utf-16le")
    for flags in (0xB207, 0xB205, 0x201, 2, 1, 0, 0xFFFFFFFF, 0xB206, 4, 0x80000):
        yield f"NTLM flags {flags:x}", [message(1, sasl("NTLM", NEGOTIATE[:12] + flags.to_bytes(4, "little") + bytes(16)))]
    for length in (7, 8, 12, 15, 16, 17, 31, 40):
        yield f"NTLM length {length}", [message(1, sasl("NTLM", (NEGOTIATE + bytes(40))[:length]))]
    for number, third in enumerate((authenticate(user), authenticate(b""), authenticate(user, b""), authenticate(b"user", b"D"), authenticate(user, flags=0x201), authenticate(user)[:60],
                                    authenticate(user)[:70], authenticate(user, lan=b""), authenticate(user, nt=b""), authenticate(user, lan=b"", nt=b""), authenticate(user, nt=bytes(60)),
                                    authenticate(user, lan=bytes(5)), authenticate(user)[:-4], b"x", NEGOTIATE)):
        yield f"NTLM third {number}", [message(1, sasl("NTLM", NEGOTIATE)), message(2, sasl("NTLM", third)), message(3, bind("", ""))]


def between():
    first = message(1, sasl("CRAM-MD5"))
    last = message(3, sasl("CRAM-MD5", "u x"))
    for name, operation in (("search", search("")), ("search, broken", tlv(0x63)), ("who am i", extended("1.3.6.1.4.1.4203.1.11.3")), ("compare", compare("dc=x", "o", "x")),
                            ("modify", modify("dc=x")), ("add", add("cn=x")), ("delete", tlv(0x4A, "dc=x")), ("rename", tlv(0x6C, text("cn=a"), text("cn=x"), tlv(1, b"\0"))),
                            ("abandon", integer(1, 0x50)), ("start tls", extended("1.3.6.1.4.1.1466.20037")), ("unbind", tlv(0x42)), ("unknown", tlv(0x61)),
                            ("bind", bind("", "")), ("bind with password", bind("cn=x", "x")), ("bind version 2", bind("", "", 2)), ("no mechanism", sasl("")),
                            ("another mechanism", sasl("DIGEST-MD5")), ("no known mechanism", sasl("FOO")), ("a bad name", sasl("CRAM-MD5", "u x", "foo"))):
        yield f"between: {name}", [first, message(2, operation), last]
    yield "between: critical", [first, message(2, sasl("CRAM-MD5", "u x"), control("1.2.3.4", True)), last]
    yield "other case", [first, message(3, sasl("cram-md5", "u x"))]
    yield "with a name", [message(1, sasl("CRAM-MD5", None, "cn=x")), message(2, sasl("CRAM-MD5", "u x", "cn=y"))]
    for one in ("FOO", "EXTERNAL", "PLAIN", "ANONYMOUS", ""):
        for other in ("EXTERNAL", "SCRAM-SHA-1", "PLAIN", "ANONYMOUS"):
            yield f"after {one} {other}", [message(1, sasl(one)), message(2, sasl(other)), message(3, bind("", ""))]
    yield "root mechanisms", [message(2, search("", attrs=["supportedSASLMechanisms"]))]
    for value in ("CRAM-MD5", "cram-md5", "PLAIN", ""):
        yield f"root mechanism {value}", [message(2, search("", filt=equal("supportedSASLMechanisms", value), attrs=["1.1"]))]


def sasl_cases():
    for name, packets in (*firsts(), *responses(), *between()):
        yield "sasl: " + name, packets


def secure_cases():
    """For TLS, where passwords may be sent in clear. One answer for each packet."""
    yield from firsts()
    for words in (b"\0user\0pw", b"a\0user\0pw", b"user\0pw", b"\0user\0", b"\0\0pw", b"\0user\0pw\0x", b"\0user", b"\0u\xff\0pw", b"\0\0", b"a\0\0"):
        yield f"PLAIN {words}", [message(1, sasl("PLAIN", words)), message(2, bind("", ""))]
        yield f"PLAIN later {words}", [message(1, sasl("PLAIN")), message(2, sasl("PLAIN", words))]
    for name, word in ((b"user", b"pw"), (b"", b"pw"), (None, b"x"), (b"user", b""), (b"user", None), (b"u" * 1200, b"p"), (b"u", b"p" * 1200), (b"u\xff", b"p"), (b"u\0x", b"p")):
        yield f"LOGIN {name and name[:9]} {word and word[:9]}", [message(1, sasl("LOGIN")), message(2, sasl("LOGIN", name)), message(3, sasl("LOGIN", word))]
        yield f"LOGIN at once {name and name[:9]}", [message(1, sasl("LOGIN", name)), message(2, sasl("LOGIN", word))]
    yield "mechanisms", [message(2, search("", filt=equal("supportedSASLMechanisms", "PLAIN"), attrs=["supportedSASLMechanisms"]))]
