# SPDX-License-Identifier: ISC
"""The Gmail API, as far as mails are put, found and taken out with it."""
import base64
import email
import email.policy
import email.utils
import json
import secrets

from api import Double, Refused, jwt_claims, rsa_key, unpadded

WIDE = "https://mail.google.com/"
MODIFY = "https://www.googleapis.com/auth/gmail.modify"
SCOPES = {WIDE, MODIFY, "https://www.googleapis.com/auth/gmail.insert"}


class Gmail(Double):
    def __init__(self, root, domain, users):
        super().__init__(root)
        self.numbers = rsa_key(root, "service")
        self.domain = domain
        self.boxes = {f"{user}@{domain}": {"messages": {}, "labels": {"INBOX": "INBOX", "SENT": "SENT"}} for user in users}
        self.mail = "planter@project.iam.gserviceaccount.example"

    def service_account(self):
        """The key as Google hands it out."""
        with open(f"{self.root}/service.key") as file:
            return json.dumps({"type": "service_account", "client_email": self.mail, "private_key": file.read(),
                               "token_uri": "https://oauth2.googleapis.com/token"})

    def label(self, user, name):
        self.boxes[user]["labels"][f"Label_{len(self.boxes[user]['labels'])}"] = name

    def box(self, request, user, scopes=frozenset((WIDE, MODIFY))):
        holder, granted = self.holder(request)
        if holder != user:
            raise Refused(403, {"error": {"code": 403, "message": f"Delegation denied for {holder}"}})
        if not granted & scopes:
            raise Refused(403, {"error": {"code": 403, "message": "Request had insufficient authentication scopes."}})
        return self.boxes[user]

    # ---- calls ----

    def token(self, request):
        form = request.form()
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            raise Refused(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"})
        head, claims = jwt_claims(form["assertion"], *self.numbers)
        if claims["iss"] != self.mail or claims["aud"] != self.url + "/token" or claims["exp"] - claims["iat"] > 3600:
            raise Refused(400, {"error": "invalid_grant", "error_description": "Invalid JWT"})
        scopes = set(claims["scope"].split())
        if claims.get("sub") not in self.boxes or not scopes <= SCOPES:
            raise Refused(401, {"error": "unauthorized_client", "error_description":
                                "Client is unauthorized to retrieve access tokens using this method"})
        return self.issue((claims["sub"], scopes))

    def labels(self, request, user):
        labels = self.box(request, user)["labels"]
        return 200, {"labels": [{"id": key, "name": name, "type": "user" if key.startswith("Label") else "system"}
                                for key, name in labels.items()]}

    def insert(self, request, user):
        box = self.box(request, user, frozenset((WIDE, MODIFY, "https://www.googleapis.com/auth/gmail.insert")))
        body = request.json()
        if set(body) - {"raw", "labelIds", "threadId"} or request.query.get("internalDateSource") != "dateHeader":
            raise Refused(400, {"error": {"code": 400, "message": "Invalid JSON payload received."}})
        if any(label not in box["labels"] and label != "UNREAD" for label in body.get("labelIds", [])):
            raise Refused(400, {"error": {"code": 400, "message": "Invalid label"}})
        raw = unpadded(body["raw"].rstrip("="))
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        thread = body.get("threadId")
        if thread is not None:
            others = [m for m in box["messages"].values() if m["threadId"] == thread]
            known = {str(m["mail"]["Message-ID"]) for m in others}
            if not others or not known & set(str(mail["References"]).split()):
                raise Refused(404, {"error": {"code": 404, "message": "Requested entity was not found."}})
        key = secrets.token_hex(8)
        box["messages"][key] = {"id": key, "threadId": thread or key, "labelIds": list(body.get("labelIds", [])),
                                "internalDate": str(int(mail["Date"].datetime.timestamp() * 1000)), "raw": raw, "mail": mail}
        return 200, {"id": key, "threadId": thread or key, "labelIds": body.get("labelIds", [])}

    def listing(self, request, user):
        box = self.box(request, user)
        key, _, value = request.query.get("q", "").partition(":")
        def fits(m):
            if {"TRASH", "SPAM"} & set(m["labelIds"]) and request.query.get("includeSpamTrash") != "true":
                return False
            if key == "rfc822msgid":
                return str(m["mail"]["Message-ID"]) == f"<{value}>"
            if key == "from":
                return value in str(m["mail"]["From"])
            raise Refused(400, {"error": {"code": 400, "message": "Invalid query"}})
        found = [{"id": m["id"], "threadId": m["threadId"]} for m in box["messages"].values() if fits(m)]
        return 200, {"messages": found[:int(request.query.get("maxResults", 100))], "resultSizeEstimate": len(found)} \
            if found else {"resultSizeEstimate": 0}

    def message(self, request, user, key):
        box = self.box(request, user)
        if key not in box["messages"]:
            raise Refused(404, {"error": {"code": 404, "message": "Requested entity was not found."}})
        return box["messages"][key]

    def read(self, request, user, key):
        m = self.message(request, user, key)
        shown = {name: m[name] for name in ("id", "threadId", "labelIds", "internalDate")}
        if request.query.get("format") == "raw":
            shown["raw"] = base64.urlsafe_b64encode(m["raw"]).decode()
        return 200, shown

    def delete(self, request, user, key):
        self.box(request, user, frozenset((WIDE,)))
        self.message(request, user, key)
        del self.boxes[user]["messages"][key]
        return 204, None

    def trash(self, request, user, key):
        m = self.message(request, user, key)
        m["labelIds"] = [label for label in m["labelIds"] if label != "INBOX"] + ["TRASH"]
        return 200, {"id": key}

    routes = [
        ("token", "POST", "/token", token),
        ("labels", "GET", "/gmail/v1/users/([^/]+)/labels", labels),
        ("insert", "POST", "/gmail/v1/users/([^/]+)/messages", insert),
        ("list", "GET", "/gmail/v1/users/([^/]+)/messages", listing),
        ("read", "GET", "/gmail/v1/users/([^/]+)/messages/([^/]+)", read),
        ("delete", "DELETE", "/gmail/v1/users/([^/]+)/messages/([^/]+)", delete),
        ("trash", "POST", "/gmail/v1/users/([^/]+)/messages/([^/]+)/trash", trash),
    ]
