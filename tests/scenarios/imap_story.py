# SPDX-License-Identifier: ISC
"""What the scenarios of mailboxes over IMAP share: accounts, genuine mails and what a client sees of mails, and the same
story in each server's mailbox. A server has `opens`, the account that enters all mailboxes (its password is `secrets/mail`),
and `folder(name)`, its name for a folder."""
import email
import email.policy
import email.utils
import imaplib
import json
import os
import re
import time

from sundew import Tap

tap = Tap()
FOLDER = "Kunden-Gr&APYA3w-en"
GENUINE = """Return-Path: <{sender}>
Received: from mx.corp.example ([10.1.2.3])
\tby imap.corp.example with LMTP id {n}abc
\tfor <u1@corp.example>; {arrived}
From: Ann Field <{sender}>
To: U One <u1@corp.example>
Subject: {subject}
Date: {date}
Message-ID: <genuine-{n}@corp.example>
{chain}MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8

As said, number {n}.
"""


def accounts(sundew, server, **more):
    """Writes the accounts anew: one that opens all mailboxes, and what is given."""
    with open(sundew.config) as file:
        text = file.read().split("\naccounts:")[0]
    lines = ["", "accounts:"]
    for name, settings in dict(more, mail=dict(server.opens, password="secrets/mail")).items():
        lines += [f"  {name}:"]
        settings.setdefault("places", '["imaps://127.0.0.1", "imap://127.0.0.1"]')
        settings.setdefault("ca", "mail-ca.pem")
        lines += [f"    {key}: {value}" for key, value in settings.items()]
    with open(sundew.config, "w") as file:
        file.write(text + "\n".join(lines) + "\n")


def secret(sundew, name, text, mode=0o600):
    path = os.path.join(sundew.dir, "secrets", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text + "\n")
    os.chmod(path, mode)


def genuine(client, folder, count=6, keywords="NonJunk"):
    """A thread of genuine mails, as a server and a client left them there."""
    chain = []
    for n in range(count):
        when = time.time() - (40 - n) * 86400
        date = email.utils.formatdate(when, localtime=False)
        text = GENUINE.format(n=n, sender="a.field@corp.example", subject="Re: Rollout" if n else "Rollout", date=date,
                              arrived=email.utils.formatdate(when + 2),
                              chain=f"In-Reply-To: {chain[-1]}\nReferences: {' '.join(chain)}\n" if chain else "")
        chain.append(f"<genuine-{n}@corp.example>")
        client.append(folder, f"(\\Seen {keywords})", imaplib.Time2Internaldate(when + 2),
                      text.replace("\n", "\r\n").encode())


def facts(client, folder):
    """What a client sees: Message-ID → facts."""
    found = {}
    client.select(folder, readonly=True)
    if client.untagged_responses.get("EXISTS") == [b"0"]:
        return found
    told = b""
    for item in client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])")[1]:
        if not isinstance(item, tuple):
            continue
        told += item[0]
        if not re.search(rb"BODY\[\] \{\d+\}$", item[0]):  # a literal before it: a subject with quotes, a long one
            told += item[1]
            continue
        head, raw = told.decode(errors="replace"), item[1]
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        arrived = imaplib.Internaldate2tuple(re.search(rb'INTERNALDATE "[^"]*"', told).group(0))
        told = b""
        found[str(mail["Message-ID"])] = {
            "raw": raw, "mail": mail, "flags": set(re.search(r"FLAGS \(([^)]*)\)", head).group(1).split()),
            "uid": int(re.search(r"UID (\d+)", head).group(1)), "size": int(re.search(r"SIZE (\d+)", head).group(1)),
            "late": time.mktime(arrived) - mail["Date"].datetime.timestamp(), "head": head}
    return found


def check_beside_genuine(sundew, server):
    client = server.client("u1")
    genuine(client, server.folder(FOLDER))
    place = f"imaps://u1@127.0.0.1:{server.imaps}"
    minted = sundew.json("mint", "password")[0]
    placed = sundew.json("plant", minted["token"], place, "--lure", "handover")[0]
    where = placed["where"]
    tap.ok(placed["state"] == "there" and where["folder"] == server.folder("Kunden-Größen") and placed["owner"] == "u1@corp.example",
           "without a folder it goes where mails of that house lie, addressed to whose mailbox it is", placed)
    seen = facts(client, server.folder(FOLDER))
    ours = {k: v for k, v in seen.items() if "genuine" not in k}
    real = [v for k, v in seen.items() if "genuine" in k]
    chief = ours.get(where["message_id"])
    tap.ok(chief is not None and chief["uid"] == where["uid"] and
           minted["secret"].encode() in chief["raw"] and minted["identity"].encode() in chief["raw"],
           "another client sees it, identity and secret unbroken", where, list(seen))
    for name, mail in ours.items():
        tap.ok(mail["flags"] - {"\\Answered"} == real[0]["flags"] - {"\\Recent"},
               "it bears the flags and keywords of its neighbours, and is not recent", mail["flags"], real[0]["flags"])
        tap.ok(0 <= mail["late"] < 60, "it arrived seconds after it was sent", mail["head"])
        tap.ok(mail["size"] == len(mail["raw"]) and b"\n" not in mail["raw"].replace(b"\r\n", b""),
               "its lines end as IMAP wants")
        # Mail programs write Message-ID, and Message-Id.
        missing = ({k.lower() for k in real[0]["mail"].keys()} - {k.lower() for k in mail["mail"].keys()} -
                   {"in-reply-to", "references"})
        tap.ok(not missing, "it has every field that a genuine one has", missing)
        tap.ok(mail["mail"]["To"].addresses[0].domain == "corp.example", "it is for this house", mail["mail"]["To"])
    for what in ("ENVELOPE", "BODYSTRUCTURE"):
        tap.ok(what in chief["head"], f"the server makes {what} of it")
    client.select(server.folder(FOLDER), readonly=True)
    threads = client.uid("THREAD", "REFERENCES", "UTF-8", "ALL")[1][0].decode()
    together = [t for t in re.findall(r"\((?:[^()]|\([^()]*\))*\)", threads) if
                re.search(rf"\b{where['uid']}\b", t)]
    tap.ok(len(together) == 1 and all(re.search(rf"\b{v['uid']}\b", together[0]) for v in ours.values()),
           "the server threads it with its own mails", threads)
    sent = facts(client, server.folder("Sent"))
    answered = {str(m["mail"]["In-Reply-To"]) for m in sent.values()}
    tap.ok(all(("\\Answered" in v["flags"]) == (k in answered) for k, v in ours.items()),
           "what the owner answered is marked so", answered, {k: v["flags"] for k, v in ours.items()})
    for mail in sent.values():
        tap.ok(mail["mail"]["From"].addresses[0].addr_spec == "u1@corp.example" and mail["flags"] == {"\\Seen"} and
               mail["late"] == 0, "what the owner wrote lies among the sent ones", mail["head"])
    return client, placed, minted


def state(sundew, placement):
    result = sundew.call("inspect", placement, "--json", check=False)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    return (rows[0]["state"] if rows else None), result


def check_later(sundew, server, client, placed):
    uid = str(placed["where"]["uid"])
    tap.ok(state(sundew, placed["placement"])[0] == "there", "it is seen to be there")
    client.select(server.folder(FOLDER))
    client.uid("STORE", uid, "-FLAGS", "(\\Seen)")
    found, result = state(sundew, placed["placement"])
    tap.ok(found == "there" and "in hand" in result.stderr, "that its flags were changed is told", result)
    raw = client.uid("FETCH", uid, "(BODY.PEEK[])")[1][0][1]
    client.uid("MOVE", uid, server.folder("Trash"))
    found, result = state(sundew, placed["placement"])
    tap.ok(found == "moved" and "Trash" in result.stdout, "that it was moved is seen, and where to", result)
    client.select(server.folder("Trash"))
    client.uid("STORE", "1:*", "+FLAGS", "(\\Deleted)")
    client.expunge()
    found, result = state(sundew, placed["placement"])
    tap.ok(found == "gone" and result.returncode == 1, "that it was deleted is seen", result)
    client.append(server.folder(FOLDER), "(\\Seen)", None, raw.replace(b"\r\n\r\n", b"\r\n\r\n(scanned)\r\n", 1))
    found, result = state(sundew, placed["placement"])
    tap.ok(found == "changed" and result.returncode == 1, "a mail that was rewritten is not taken for ours", result)


def check_uproot(sundew, server):
    client = server.client("u2")
    genuine(client, "INBOX")
    before = facts(client, "INBOX")
    client.select("INBOX")
    client.uid("STORE", "2", "+FLAGS", "(\\Deleted)")
    placed = sundew.json("plant", "password", f"imaps://u2@127.0.0.1:{server.imaps}/INBOX", "--lure", "handover")[0]
    count = len(facts(client, "INBOX")) + len(facts(client, server.folder("Sent")))
    tap.ok(count == len(before) + 1 + len(placed["where"].get("thread", [])) and
           max(v["uid"] for v in facts(client, "INBOX").values()) == placed["where"]["uid"],
           "a whole thread is planted, the mail with the secret last", placed)
    sundew.call("uproot", placed["placement"])
    after = facts(client, "INBOX")
    tap.ok(set(after) == set(before) and not facts(client, server.folder("Sent")) and
           "\\Deleted" in [v["flags"] for v in after.values() if v["uid"] == 2][0],
           "uproot takes out that thread, and not what its owner has marked as deleted", list(after))
    again = sundew.call("uproot", placed["placement"])
    tap.ok("gone already" in again.stderr, "a second time does no harm", again)
    placed = sundew.json("plant", "password", f"imaps://u2@127.0.0.1:{server.imaps}/INBOX")[0]
    client.select("INBOX")
    client.uid("STORE", str(placed["where"]["uid"]), "+FLAGS", "(\\Deleted)")
    client.expunge()
    client.append(server.folder("Archive"), None, None, b"Subject: new\r\n\r\nNew.\r\n")
    looked = sundew.call("uproot", placed["placement"])
    client.select(server.folder("Archive"), readonly=True)
    tap.ok("gone already" in looked.stderr and client.untagged_responses.get("RECENT") == [b"1"],
           "a folder that is only looked into keeps what is recent in it", looked, client.untagged_responses)


def refused(sundew, what, place, words, code=3, kind="password"):
    result = sundew.call("plant", kind, place, check=False)
    tap.ok(result.returncode == code and all(word in result.stderr for word in words), f"refused: {what}", result)
    return result
