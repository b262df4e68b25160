# SPDX-License-Identifier: ISC
"""An Active Directory as far as who reads people meets it, written from RFC 4511, RFC 2696 and [MS-ADTS]: simple binds over
TLS, capabilities of the root, searches by base and subtree with references to other partitions (3.1.1.3.4), the bitwise
rule and LDAP_MATCHING_RULE_IN_CHAIN (3.1.1.3.4.4), pages. It was never held against the vendor's server."""
import socketserver
import ssl
import threading

IN_CHAIN, BIT_AND = "1.2.840.113556.1.4.1941", "1.2.840.113556.1.4.803"
PAGED = "1.2.840.113556.1.4.319"
PAGE = 2  # entries of a page at most, whatever is asked for


def ber(tag, *parts):
    body = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    size = len(body)
    head = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + head + body


def elements(data):
    """(tag, content) of each."""
    found, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7f
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        found.append((tag, data[at:at + size]))
        at += size
    return found


def same(one, other):
    return one.lower() == other.lower()


class ActiveDirectory:
    """people: DN → {attribute: [value…]}; `memberOf` is made from the groups' `member`."""

    def __init__(self, entries, suffix, user, password, certificate, key):
        self.entries, self.suffix, self.user, self.password = entries, suffix, user, password
        self.asked = []  # filters' rules
        for dn, entry in entries.items():
            entry["memberOf"] = [group for group, other in entries.items()
                                 if any(same(dn, member) for member in other.get("member", []))]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def setup(self):
                self.request.settimeout(60)
                self.request = context.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self):
                outer.serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True

            def handle_error(self, request, client_address):
                pass  # who hangs up, or does not like the certificate

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # ---- filters ----

    def groups_of(self, dn, seen):
        """All that the entry is in, through others."""
        for group in self.entries.get(dn, {}).get("memberOf", []):
            if group.lower() not in seen:
                seen.add(group.lower())
                self.groups_of(group, seen)
        return seen

    @staticmethod
    def values(entry, name):
        return next((values for own, values in entry.items() if same(own, name)), [])

    def extensible(self, dn, entry, parts):
        fields = {tag: content.decode() for tag, content in parts}
        rule, name, value = fields.get(0x81), fields[0x82], fields[0x83]
        self.asked.append(rule)
        if rule == IN_CHAIN and same(name, "memberOf"):
            return value.lower() in self.groups_of(dn, set())
        if rule == BIT_AND:
            return any(int(own) & int(value) == int(value) for own in self.values(entry, name))
        return False

    def fits(self, dn, entry, tag, content):
        if tag in (0xa0, 0xa1):
            return (all if tag == 0xa0 else any)(self.fits(dn, entry, *part) for part in elements(content))
        if tag == 0xa2:
            return not self.fits(dn, entry, *elements(content)[0])
        if tag == 0xa3:
            name, value = (part[1].decode() for part in elements(content))
            return any(same(own, value) for own in self.values(entry, name))
        if tag == 0x87:
            return same(content.decode(), "objectClass") or bool(self.values(entry, content.decode()))
        return tag == 0xa9 and self.extensible(dn, entry, elements(content))

    # ---- operations ----

    def root(self):
        return {"defaultNamingContext": [self.suffix], "namingContexts": [self.suffix, "CN=Configuration," + self.suffix],
                "supportedCapabilities": ["1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"], "supportedControl": [PAGED]}

    def found(self, base, scope, criterion):
        if base == "":
            return [("", self.root())]
        within = [(dn, entry) for dn, entry in self.entries.items()
                  if same(dn, base) or (scope == 2 and dn.lower().endswith("," + base.lower()))]
        if not within and not same(base, self.suffix):
            return None
        return [(dn, entry) for dn, entry in within if self.fits(dn, entry, *criterion)]

    @staticmethod
    def page(controls):
        """Where the page that is asked for begins; None where none is."""
        for tag, content in elements(elements(controls)[0][1]) if controls else []:
            parts = elements(content)
            if parts[0][1].decode() == PAGED:
                cookie = elements(elements(parts[-1][1])[0][1])[1][1]
                return int(cookie or b"0")
        return None

    def search(self, number, content, controls):
        parts = elements(content)
        base, scope, wanted = parts[0][1].decode(), parts[1][1][0], [a[1].decode() for a in elements(parts[7][1])]
        found, first = self.found(base, scope, parts[6]), self.page(controls)
        if found is None:
            return [ber(0x30, number, ber(0x65, ber(0x0a, b"\x20"), ber(4, self.suffix), ber(4, "0000208D: NameErr")))]
        rest, behind = [], b""
        if first is not None:
            rest = found[first + PAGE:]
            found = found[first:first + PAGE]
            value = ber(0x30, ber(2, b"\0"), ber(4, str(first + PAGE) if rest else ""))
            behind = ber(0xa0, ber(0x30, ber(4, PAGED), ber(4, value)))
        answers = []
        for dn, entry in found:
            shown = [ber(0x30, ber(4, name), ber(0x31, *[ber(4, value) for value in values]))
                     for name, values in entry.items() if values and any(same(name, one) for one in wanted)]
            answers.append(ber(0x30, number, ber(0x64, ber(4, dn), ber(0x30, *shown))))
        if scope == 2 and same(base, self.suffix) and not rest:
            answers.append(ber(0x30, number, ber(0x73, ber(4, "ldaps://ForestDnsZones.corp.example/DC=ForestDnsZones"))))
        return answers + [ber(0x30, number, ber(0x65, ber(0x0a, b"\0"), ber(4, ""), ber(4, "")), behind)]

    def bind(self, number, content):
        parts = elements(content)
        good = parts[1][1].decode() == self.user and parts[2] == (0x80, self.password.encode())
        code, text = (b"\0", "") if good else (b"\x31", "80090308: LdapErr: DSID-0C090569, data 52e, v4563")
        return [ber(0x30, number, ber(0x61, ber(0x0a, code), ber(4, ""), ber(4, text)))]

    @staticmethod
    def receive(file):
        head = file.read(2)
        if len(head) < 2:
            return None
        size = head[1]
        if size & 0x80:
            size = int.from_bytes(file.read(size & 0x7f), "big")
        return elements(file.read(size))

    def serve(self, reading, writing):
        bound = False
        while (message := self.receive(reading)) is not None:
            number, (tag, content) = ber(2, message[0][1]), message[1]
            controls = ber(*message[2]) if len(message) > 2 else b""
            if tag == 0x60:
                answers = self.bind(number, content)
                bound = b"\x0a\x01\0" in answers[0]
            elif tag == 0x63 and (bound or elements(content)[0][1] == b""):
                answers = self.search(number, content, controls)
            elif tag == 0x63:
                answers = [ber(0x30, number, ber(0x65, ber(0x0a, b"\x01"), ber(4, ""), ber(4, "000004DC: bind first")))]
            else:
                return
            writing.write(b"".join(answers))
            writing.flush()
