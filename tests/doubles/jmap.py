# SPDX-License-Identifier: ISC
"""JMAP for mail (RFC 8620, RFC 8621), as far as mails are put, found and taken out with it, and quotas (RFC 9425)."""
import base64
import email
import email.policy
import re
import secrets

from api import Double, Refused

CORE, MAIL, QUOTA = "urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:quota"
KNOWN = {"Mailbox/get": {"accountId", "ids", "properties"},
         "Email/query": {"accountId", "filter", "limit"},
         "Email/get": {"accountId", "ids", "properties", "fetchTextBodyValues", "fetchHTMLBodyValues"},
         "Email/import": {"accountId", "emails"},
         "Email/set": {"accountId", "destroy"},
         "Quota/get": {"accountId", "ids"}}


class Jmap(Double):
    """elsewhere: the way to the session leads on to another path, and it gives its addresses without a host, as Cyrus
    does. quotas: of each account, as Quota objects; None: the server tells none. sloppy: it looks at no header
    when mails are looked for."""
    elsewhere, quotas, sloppy = False, None, False

    def __init__(self, root, users, login, password):
        super().__init__(root)
        self.login, self.password = login, password
        self.accounts = {f"A{i}": {"name": user, "mails": {}, "boxes": {
            "m1": ("Inbox", "inbox"), "m2": ("Sent", "sent"), "m3": ("Archive", "archive"), "m4": ("Größe", None),
            "m5": ("Trash", "trash")}} for i, user in enumerate(users)}
        self.blobs = {}

    def allow(self, request):
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if kind == "Bearer":
            self.holder(request)
        elif kind != "Basic" or base64.b64decode(given).decode() != f"{self.login}:{self.password}":
            raise Refused(401, {"type": "about:blank", "status": 401, "detail": "wrong credentials"})

    def session(self, request):
        self.allow(request)
        if self.elsewhere and request.path != "/jmap/":
            return 301, None, {"Location": "/jmap/"}
        at = "" if self.elsewhere else self.url
        return 200, {"username": self.login, "apiUrl": at + "/api", "uploadUrl": at + "/upload/{accountId}/",
                     "downloadUrl": at + "/d/{accountId}/{blobId}/{name}?type={type}", "capabilities": self.offers(),
                     "eventSourceUrl": at + "/e", "state": "1", "primaryAccounts": {MAIL: next(iter(self.accounts))},
                     "accounts": {key: {"name": account["name"], "isPersonal": False, "accountCapabilities": {MAIL: {}}}
                                  for key, account in self.accounts.items()}}

    def offers(self):
        return {name: {} for name in (CORE, MAIL) + ((QUOTA,) if self.quotas is not None else ())}

    def upload(self, request, account):
        self.allow(request)
        if account not in self.accounts or request.headers.get("Content-Type") != "message/rfc822":
            raise Refused(400, {"type": "urn:ietf:params:jmap:error:notRequest"})
        blob = "B" + secrets.token_hex(8)
        self.blobs[blob] = request.body
        return 201, {"accountId": account, "blobId": blob, "type": "message/rfc822", "size": len(request.body)}

    def api(self, request):
        self.allow(request)
        body = request.json()
        if set(body) != {"using", "methodCalls"} or {CORE, MAIL} - set(body["using"]) or \
                set(body["using"]) - set(self.offers()):
            raise Refused(400, {"type": "urn:ietf:params:jmap:error:notRequest", "status": 400})
        answers = []
        for name, arguments, tag in body["methodCalls"]:
            account = self.accounts.get(arguments.get("accountId"))
            if name not in KNOWN or (name == "Quota/get" and QUOTA not in body["using"]):
                answers.append(["error", {"type": "unknownMethod"}, tag])
            elif account is None:
                answers.append(["error", {"type": "accountNotFound"}, tag])
            elif set(arguments) - KNOWN[name]:
                answers.append(["error", {"type": "invalidArguments"}, tag])
            else:
                said = getattr(self, name.lower().replace("/", "_"))(account, arguments)
                answers.append([name, dict(said, accountId=arguments["accountId"]), tag])
        return 200, {"methodResponses": answers, "sessionState": "1"}

    def quota_get(self, account, arguments):
        return {"list": self.quotas, "notFound": [], "state": "1"}

    def mailbox_get(self, account, arguments):
        return {"list": [{"id": key, "name": name, "role": role} for key, (name, role) in account["boxes"].items()],
                "notFound": [], "state": "1"}

    def email_query(self, account, arguments):
        name, text = arguments["filter"]["header"]
        ids = [key for key, mail in account["mails"].items() if self.sloppy or text in str(mail["mail"][name])]
        return {"ids": ids[:arguments.get("limit")], "queryState": "1", "position": 0, "canCalculateChanges": False}

    def email_get(self, account, arguments):
        found = []
        for key in arguments["ids"]:
            if key in account["mails"]:
                mail = account["mails"][key]
                shown = {"id": key, "mailboxIds": mail["mailboxIds"], "keywords": mail["keywords"],
                         "headers": [{"name": n, "value": " " + str(v)} for n, v in mail["mail"].items()],
                         "bodyValues": {"1": {"value": mail["raw"].split(b"\r\n\r\n", 1)[1].decode("latin-1")}}}
                found.append({name: shown[name] for name in arguments["properties"]})
        return {"list": found, "notFound": [], "state": "1"}

    def email_import(self, account, arguments):
        created, refused = {}, {}
        for name, wanted in arguments["emails"].items():
            boxes = wanted["mailboxIds"]
            if wanted["blobId"] not in self.blobs:
                refused[name] = {"type": "invalidEmail", "description": "no such blob"}
            elif not boxes or set(boxes) - set(account["boxes"]) or set(boxes.values()) != {True} or \
                    not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", wanted["receivedAt"]):
                refused[name] = {"type": "invalidProperties", "properties": ["mailboxIds"]}
            else:
                raw = self.blobs[wanted["blobId"]]
                key = "M" + secrets.token_hex(8)
                account["mails"][key] = dict(wanted, id=key, raw=raw,
                                             mail=email.message_from_bytes(raw, policy=email.policy.default))
                created[name] = {"id": key, "blobId": wanted["blobId"], "threadId": "T", "size": len(raw)}
        return {"created": created, "notCreated": refused, "oldState": "1", "newState": "2"}

    def email_set(self, account, arguments):
        gone = [key for key in arguments["destroy"] if account["mails"].pop(key, None)]
        return {"destroyed": gone, "notDestroyed": {key: {"type": "notFound"} for key in arguments["destroy"]
                                                    if key not in gone}, "newState": "3"}

    routes = [
        ("session", "GET", "/.well-known/jmap|/jmap/", session),
        ("upload", "POST", "/upload/([^/]+)/", upload),
        ("api", "POST", "/api", api),
    ]

    def serve(self, request):
        """Calls are counted and fail by their method."""
        if request.path == "/api":
            method = request.json()["methodCalls"][0][0]
            self.calls.append((method, __import__("time").monotonic()))
            return self.act(method, lambda double, r: double.api(r), request, [])
        return super().serve(request)
