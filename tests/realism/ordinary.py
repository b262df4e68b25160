# SPDX-License-Identifier: ISC
"""Ordinary mails of a house, as its people might have written them: what lures are mixed with in the blind test. Written
without a look at the lures' texts; heads as five mail programs write them, from their public shapes."""
import datetime
import email.header
import random
import string

CLIENTS = ("thunderbird", "roundcube", "apple", "outlook", "gmail")

# Topic: subjects, openings, middles, ends. Half of the topics hold something that a thief searches for.
TOPICS = {
    "meeting": (["Thursday's meeting", "moving our slot", "agenda for {day}", "{project} call"],
                ["Can we move our slot to {day}?", "I have booked the small room for {day} at {hour}.",
                 "The call on {project} is at {hour}, the pin is {number}.", "Please find the agenda below."],
                ["{name} cannot come before {hour}.", "We should go through the open points of {project} first.",
                 "Ten minutes for the budget, then the plan for next month.",
                 "I would like to hear from {name} how far the tests are.",
                 "The customer will dial in, so please be on time."],
                ["Tell me if that does not suit you.", "See you there.", "Otherwise we do it by phone."]),
    "invoice": (["invoice {number}", "{number} - question", "open items {project}", "order for {project}"],
                ["{name} sent me invoice {number} and I do not know which budget it belongs to.",
                 "Accounts have asked twice about {number}.", "We have been charged twice for {project}, it seems."],
                ["The amount is right, only the reference is missing.", "Could you check whether it was ordered by us?",
                 "I have asked the supplier for a corrected one.", "If it is yours, please approve it in the system."],
                ["It is due on {day}.", "Thanks for a quick look.", "I am in the office until {hour}."]),
    "release": (["{project} {version}", "release of {project} on {day}", "{project}: ready?", "notes for {version}"],
                ["Version {version} of {project} is ready from my point of view.", "I would like to ship {project} on {day}.",
                 "{name} found one more bug in {project}, but it can wait."],
                ["All tests are green except the two that we know.", "The database needs a small change, it runs in a minute.",
                 "I have written the notes and put them into the folder.", "Somebody has to tell the service desk.",
                 "We can go back to the old version within five minutes."],
                ["Any objections?", "I will start at {hour}.", "Please give me a yes or a no."]),
    "account": (["your account for {project}", "new login", "access as requested", "{project} login", "Re-activation"],
                ["Your account for {project} has been set up, you can log in at once:",
                 "For the time being please use the account of the service desk:",
                 "Your account for {project} has been set up.", "I have reset your password as you asked.",
                 "{name} asked me to give you access to {project}.", "The new system is open for you from today."],
                [" user name: {login}\n password: {password}\n {url}", "    {url}\n    login {login}\n    pw {password}",
                 " {login} / {password}", "  - {url}\n  - user: {login}\n  - password: {password}"],
                ["Please change it at the first login.", "It asks for a new password after ninety days.",
                 "You should see the same menus as {name}.", "Ring me on {number} if it does not work.",
                 "The link works from the office network only."]),
    "server": (["{host} tonight", "maintenance {host}", "{host} is slow", "disk on {host}"],
               ["I will restart {host} at {hour}.", "{host} is running out of space again.",
                "The monitoring complains about {host} since this morning.", "We want to move {project} to {host}."],
               ["It takes a quarter of an hour, mail is not affected.", "Most of it are old logs, I will remove them.",
                " ssh {login}@{host}\n password {password}", "{name} has the root password in case I am not there.",
                "The backup ran through, so there is no risk."],
               ["Nothing for you to do.", "Tell the others please.", "I will write when it is done."]),
    "guest": (["guest network", "Wi-Fi for visitors", "visitors on {day}", "door code"],
              ["We have visitors on {day} and they need the network.", "The code for the side door has changed.",
               "Here are the details for the guests of {name}."],
              [" network: visitors\n password: {password}", "The new door code is {number}.",
               "    SSID guest-{number}\n    key {password}", "They should sign in at reception first."],
              ["It is valid for one day.", "Please do not put it on the door.", "Reception has it, too."]),
    "licence": (["licence for {project}", "renewal {number}", "keys", "subscription runs out"],
                ["The subscription for {project} runs out on {day}.", "I have got the new licence from the supplier.",
                 "Could you enter the key on {host}?"],
                [" {password}\n seats: {number}", "  serial {number}\n  key {password}",
                 "{name} is registered as owner, the mail address is {login}@{domain}.", "It costs the same as last year."],
                ["Please keep it with the contracts.", "Let me know when it is active.", "The old one can go then."]),
    "holiday": (["holiday", "out of office {day}", "cover", "next week"],
                ["I am away from {day} for a week.", "{name} and I have swapped our days off.", "I take {day} off."],
                ["{name} looks after {project} meanwhile.", "Nothing is planned, the freeze is on anyway.",
                 "My phone is off, but I look at mail in the evening.", "The password for the shared mailbox is with {name}."],
                ["Have a good time.", "Back on {day}.", "Thanks for standing in."]),
    "report": (["figures for {project}", "monthly report", "numbers", "report {number}"],
               ["The figures for {project} look odd this month.", "I need the numbers by {day}.",
                "Attached is the report that {name} asked for."],
               ["Compared with last year it is twelve per cent more.", "The export still counts cancelled orders.",
                "Can you run it again with the right dates?", "The login for the reporting tool is the usual one."],
               ["I send it on at {hour}.", "No rush.", "Thanks, that helps a lot."]),
    "customer": (["{project} at the customer", "complaint {number}", "demo on {day}", "feedback"],
                 ["The customer was happy with the demo.", "I had a long call with the customer about {project}.",
                  "They complain that {project} is down every {day}."],
                 ["They would like an account to try it themselves.", "I promised an answer by {day}.",
                  "{name} knows the details, I was only listening.", " demo access: {login} / {password}"],
                 ["What can we tell them?", "Could you take over from here?", "I have written it down in the ticket."]),
}
GREETINGS = ["Hi {to},", "Hello {to},", "{to},", "Hi,", "Dear {to},", "Good morning {to},", "Hello,", ""]
BYES = ["Best regards,", "Regards,", "Thanks,", "Cheers,", "Kind regards,", "Best,", "Many thanks,", ""]
QUEUE = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


class Person:
    """`block`: the lines of the signature below the name."""

    def __init__(self, name, mail, client, version, block):
        self.name, self.mail, self.client, self.version, self.block = name, mail, client, version, block
        self.given = name.split(" ")[0]


class House:
    """What lures and ordinary mails share: people, programs, servers, and the names of projects."""

    def __init__(self, seed, domain, people, server, store, net, projects):
        self.random = random.Random(seed)
        self.domain, self.people, self.server, self.store, self.net = domain, people, server, store, net
        self.projects = projects

    def pick(self, items):
        return self.random.choice(items)

    def password(self):
        words = ["".join(self.pick("bdfklmnprstvz") + self.pick("aeiou") for _ in range(3)) for _ in range(2)]
        return (self.pick(["{0}.{1}{2}", "{0}{2}!", "{1}-{0}-{2}", "{0}_{1}{2}?"])
                .format(words[0].title(), words[1], self.random.randrange(10, 9999)))

    def fields(self, people):
        project = self.pick(self.projects)
        return {"project": project, "name": self.pick(self.people).given, "host": f"{self.pick(['app', 'db', 'web'])}"
                f"{self.random.randrange(1, 9)}.{self.domain}", "url": f"https://{project}.{self.domain}",
                "day": self.pick(["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]), "hour":
                f"{self.random.randrange(8, 18)}:{self.pick(['00', '15', '30'])}", "number":
                str(self.random.randrange(1000, 9999)), "version": f"{self.random.randrange(1, 9)}."
                f"{self.random.randrange(0, 20)}", "login": self.pick(self.people).mail.split("@")[0],
                "password": self.password(), "domain": self.domain, "to": people[1].given}

    def text(self, topic, people):
        fields = self.fields(people)
        subjects, opens, middles, ends = TOPICS[topic]
        count = self.random.randrange(1, min(5, len(middles) + 1))
        body = [self.pick(opens)] + self.random.sample(middles, count) + [self.pick(ends)]
        parts, sentence = [], ""
        for piece in body:
            if piece.startswith(" "):
                parts += [sentence.strip(), piece]
                sentence = ""
            else:
                sentence += " " + piece
        parts += [sentence.strip()]
        text = "\n\n".join(p for p in [self.pick(GREETINGS), *parts, self.pick(BYES)] if p)
        return self.pick(subjects).format(**fields), (text + "\n" + people[0].given + "\n").format(**fields)

    def stamp(self):
        day = datetime.datetime(2026, 11, 2) - datetime.timedelta(days=self.random.randrange(0, 40))
        while day.weekday() > 4:
            day -= datetime.timedelta(days=1)
        return day + datetime.timedelta(seconds=self.random.randrange(8 * 3600 + 1800, 17 * 3600 + 2400))

    def thread(self, topic):
        """Raw mails of one conversation, in order."""
        people = [self.pick(self.people)]
        while len(people) < 3:
            other = self.pick(self.people)
            people += [other] if other.mail not in [p.mail for p in people] else []
        copy = people.pop() if self.random.random() < 0.2 else people.pop() and None
        subject, text = self.text(topic, people)
        time, before, mails = self.stamp(), [], []
        subject = self.pick(["{}", "{}", "{} ({})", "{} - {}", "{}, {}"]).format(subject, self.pick(self.projects))
        for turn in range(self.random.randrange(1, 5)):
            if turn:
                text = self.text(topic, people)[1].rstrip("\n") + "\n"
            mail, mid = write(self, people[0], people[1], ("Re: " if turn else "") + subject, text, time, before, copy)
            mails.append(mail)
            before = before + [(mid, people[0], time, text)]
            people = people[::-1]
            time += datetime.timedelta(seconds=self.random.randrange(300, 20000))
            if time.hour >= 18 or time.hour < 8:
                break
        return mails


def fill(text, width=72):
    lines = []
    for line in text.split("\n"):
        while len(line) > width and not line.startswith(" "):
            at = line.rfind(" ", 0, width + 1)
            lines.append(line[:at])
            line = line[at + 1:]
        lines.append(line)
    return "\n".join(lines)


def message_id(house, person):
    digits = "".join(house.pick("0123456789abcdef") for _ in range(32))
    if person.client == "outlook":
        return f"<{digits[:4]}01dd{digits[4:8]}${digits[8:16]}${digits[16:24]}$@{house.domain}>"
    if person.client == "gmail":
        letters = string.ascii_letters + string.digits + "-_+="
        return "<CA" + "".join(house.pick(letters) for _ in range(48)) + "@mail.gmail.com>"
    if person.client == "roundcube":
        return f"<{digits}@{house.domain}>"
    uuid = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
    return f"<{uuid.upper() if person.client == 'apple' else uuid}@{house.domain}>"


def quote(client, before, top, text):
    mid, who, time, old = before
    if client == "outlook":
        head = (f"\n\nFrom: {who.name} <{who.mail}>\nSent: {time:%d %B %Y %H:%M}\nTo: \nSubject: \n\n")
        return text + head + old
    mark = {"thunderbird": f"On {time:%d/%m/%Y %H:%M}, {who.name} wrote:", "roundcube": f"On {time:%Y-%m-%d %H:%M}, "
            f"{who.name} wrote:"}.get(client, f"On {time.day} {time:%b %Y, at %H:%M}, {who.name} <{who.mail}> wrote:\n")
    lines = "\n".join(("> " + line).rstrip() for line in old.split("\n-- \n")[0].rstrip().split("\n"))
    return text + "\n" + mark + "\n" + lines + "\n" if top else mark + "\n" + lines + "\n\n" + text


def signature(person):
    return ("\n" if person.client in ("apple", "outlook") else "\n-- \n") + person.name + "\n" + person.block


def head(house, person, to, subject, date, mid, before):
    word = email.header.Header
    name = lambda p: f'"{p.name}"' if person.client == "outlook" else p.name
    refs = "\n ".join(b[0] for b in before)
    known = {"From": f"{name(person)} <{person.mail}>", "To": f"{name(to)} <{to.mail}>", "Subject":
             str(word(subject, "utf-8") if not subject.isascii() else subject), "Date": date, "Message-ID": mid,
             "MIME-Version": "1.0", "References": refs, "In-Reply-To": before[-1][0] if before else "",
             "User-Agent": person.version, "X-Mailer": person.version, "Message-Id": mid, "Mime-Version":
             f"1.0 (Mac OS X Mail 16.0 \\({person.version.partition('.')[2].rstrip(')')}\\))", "X-Sender": person.mail,
             "Content-Language": "en-gb" if person.client == "outlook" else "en-GB", "Thread-Index":
             "Ad" + "".join(house.pick(string.ascii_letters + string.digits) for _ in range(28 + 7 * len(before))) + "=="}
    return known


ORDERS = {
    "thunderbird": "Message-ID Date MIME-Version User-Agent Subject To Cc References Content-Language From In-Reply-To TYPE",
    "roundcube": "MIME-Version Date From To Cc Subject In-Reply-To References User-Agent Message-ID X-Sender TYPE",
    "apple": "From TYPE Mime-Version Subject Date References Cc In-Reply-To To Message-Id X-Mailer",
    "outlook": "From To Cc References In-Reply-To Subject Date Message-ID MIME-Version TYPE X-Mailer Thread-Index "
               "Content-Language",
    "gmail": "MIME-Version References In-Reply-To From Date Message-ID Subject To Cc TYPE"}


def rich(house, person, text):
    """Text and HTML, as Outlook and Gmail send them."""
    outlook, mark = person.client == "outlook", "".join(house.pick("0123456789ABCDEF") for _ in range(16))
    mark = f"----=_NextPart_000_00{mark[:2]}_01DD{mark[2:6]}.{mark[6:14]}" if outlook else "000000000000" + mark.lower()
    tab, charset = ("\n\t", '"us-ascii"') if outlook else (" ", '"UTF-8"')
    coding = ["Content-Transfer-Encoding: 7bit\n", "Content-Transfer-Encoding: quoted-printable\n"] if outlook else ["", ""]
    shape = "<p class=3DMsoNormal>{}<o:p></o:p></p>\n" if outlook else "<div>{}</div>\n"
    page = "".join(shape.format(line or "<br>") for line in text.split("\n"))
    body = "This is a multipart message in MIME format.\n\n" if outlook else ""
    for kind, part, code in (("plain", text, coding[0]), ("html", page, coding[1])):
        body += f"--{mark}\nContent-Type: text/{kind};{tab}charset={charset}\n{code}\n{part}\n"
    return f"Content-Type: multipart/alternative;{tab}boundary=\"{mark}\"\n", body + f"--{mark}--\n"


def content(house, person, text):
    if person.client in ("outlook", "gmail"):
        return rich(house, person, text)
    kind = {"thunderbird": "text/plain; charset=UTF-8", "roundcube": "text/plain; charset=US-ASCII",
            "apple": "text/plain;\n\tcharset=us-ascii"}[person.client]
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: 7bit\n", text


def write(house, person, to, subject, text, time, before, copy=None):
    date = f"{time:%a}, {time.day} {time:%b %Y %H:%M:%S} +0000"
    mid = message_id(house, person)
    body = fill(text) + signature(person)
    if before:
        top = person.client in ("apple", "outlook", "gmail") or (person.client == "thunderbird" and house.pick((0, 1)))
        body = quote(person.client, (*before[-1][:3], fill(before[-1][3])), top, body)
    if person.client == "outlook" and before:
        subject = subject.replace("Re: ", "RE: ")
    known = head(house, person, to, subject, date, mid, before)
    known["Cc"] = (f'"{copy.name}"' if person.client == "outlook" else copy.name) + f" <{copy.mail}>" if copy else ""
    kind, body = content(house, person, body)
    lines = ""
    for field in ORDERS[person.client].split():
        lines += kind if field == "TYPE" else f"{field}: {known[field]}\n" if known[field] else ""
    desk = 20 + sum(map(ord, person.mail)) % 220
    queue = "".join(house.pick(QUEUE) for _ in range(15))
    trace = (f"Return-Path: <{person.mail}>\nDelivered-To: {to.mail}\nReceived: from {house.server} ([{house.net}.7])\n"
             f"\tby {house.store} with LMTP\n\tid {queue}QdAAdCkQ\n\t(envelope-from <{person.mail}>)\n"
             f"\tfor <{to.mail}>; {date}\n"
             f"Received: from [{house.net}.{desk}] (pc-{desk}.{house.domain} [{house.net}.{desk}])\n"
             "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519 server-signature "
             "ECDSA (P-256) server-digest SHA256)\n\t(No client certificate requested)\n\t(Authenticated sender: "
             f"{person.mail.split('@')[0]})\n\tby {house.server} (Postfix) with ESMTPSA id 4{queue}\n"
             f"\tfor <{to.mail}>; {date}\n")
    return trace + lines + "\n" + body, mid
