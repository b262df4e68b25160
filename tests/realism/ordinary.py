# SPDX-License-Identifier: ISC
"""Ordinary mails of a house, as its people might have written them: what lures are mixed with in the blind test. Sentences
are topics.py's; heads as five mail programs write them, from their public shapes."""
import datetime
import email.header
import html
import quopri
import random
import re
import string
import topics
import topics_fr

TONGUES = {"en": topics, "fr": topics_fr}
CLIENTS = ("thunderbird", "roundcube", "apple", "outlook", "gmail")
CONTRACTIONS = (("([Cc])an't", r"\1annot"), ("([Ww])on't", r"\1ill not"), ("(\\w+)n't", r"\1 not"), ("I'm", "I am"),
                ("'ve", " have"), ("'ll", " will"), ("I'd", "I would"), ("we'd", "we would"), ("'re", " are"),
                ("([Ii]t|[Tt]hat|[Ww]hat|[Hh]ere|[Ww]ho|[Ww]here|[Ss]he|[Hh]e|[Tt]here)'s", r"\1 is"))
QUEUE = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"


class Person:
    """`block`: the lines of the signature below the name."""

    def __init__(self, name, mail, client, version, block, language):
        self.name, self.mail, self.client, self.version, self.block = name, mail, client, version, block
        self.given = name.split(" ")[0]
        style = random.Random(mail)  # what somebody does in all mails
        tongue = TONGUES[language]
        self.greeting, self.bye = style.choice(tongue.GREETINGS), style.choice(tongue.BYES)
        self.greets, self.ends = style.choice([0.1, 0.5, 1]), style.choice([0.2, 0.6, 1])
        self.signs = style.choice([0, 0.3, 0.6, 1])
        self.sign = style.choice([self.given, self.given, self.given, self.given[0], self.name, ""])
        self.lower, self.contracts, self.top = style.random() < 0.15, style.random() < 0.6, style.random() < 0.5
        self.contracts |= language != "en"

    def spell(self, text):
        """As somebody writes who never contracts."""
        for short, long in () if self.contracts else CONTRACTIONS:
            text = re.sub(rf"\b{short}\b", long, text)
        return text


class House:
    """What lures and ordinary mails share: people, programs, servers, and the names of projects. `secrets`: passwords that
    its mails hold."""

    def __init__(self, seed, language, domain, people, server, store, net, projects, today):
        self.random = random.Random(seed)
        self.french, self.tongue, self.secrets = language == "fr", TONGUES[language], set()
        self.domain, self.people, self.server, self.store, self.net = domain, people, server, store, net
        self.projects, self.today = projects, today

    def pick(self, items):
        return self.random.choice(items)

    def password(self):
        words = ["".join(self.pick("bdfklmnprstvz") + self.pick("aeiou") for _ in range(3)) for _ in range(2)]
        return (self.pick(["{0}.{1}{2}", "{0}{2}!", "{1}-{0}-{2}", "{0}_{1}{2}?"])
                .format(words[0].title(), words[1], self.random.randrange(10, 9999)))

    def fields(self, people):
        project = self.pick(self.projects)
        host = self.pick(["app", "db", "web", "srv", "vm", "node", "lx", *self.tongue.DUTIES, *self.projects])
        return {"project": project, "name": self.pick(self.people).given, "host":
                f"{host}{self.pick(['', '', self.random.randrange(1, 40)])}.{self.domain}",
                "url": f"https://{project}.{self.domain}",
                "day": self.pick(self.tongue.DAYS), "hour":
                f"{self.random.randrange(8, 18)}:{self.pick(['00', '15', '30'])}", "number":
                str(self.random.randrange(1000, 9999)), "version": f"{self.random.randrange(1, 9)}."
                f"{self.random.randrange(0, 20)}", "login": self.login(project), "password": self.password(),
                "domain": self.domain, "to": people[1].given}

    def login(self, project):
        person = self.pick(self.people).mail.split("@")[0]
        whose = self.pick(self.tongue.DUTIES)
        return self.pick([person, person, person, f"svc-{project}", f"srv-{whose}", f"{project}-{whose}",
                          f"app.{project}", f"svc-{whose}", f"svc_{whose}", f"sa-{whose}", whose,
                          f"{whose}{self.random.randrange(10)}", f"{whose}@{self.domain}"])

    def block(self):
        """A login as people write it down: what is given of it, in an order, labelled or not, indented or not."""
        words = [self.pick(["{login}", f"{self.pick(self.tongue.USER)}{{login}}"]), f"{self.pick(self.tongue.WORD)}{{password}}"]
        where = self.pick(["{url}", "{url}", "{url}/login", "{host}", "https://{host}/", ""])
        if where:
            words.insert(2 * self.chance(0.4), self.pick(["", "", self.pick(self.tongue.WHERE)]) + where)
        if self.chance(0.1):
            words.append(self.pick(self.tongue.BESIDE))
        if self.chance(0.2):
            return self.pick([", ", " / ", " - ", "  "]).join(words)
        margin = self.pick(["", "", " ", "  ", "    ", "  - ", "  * "])
        return "\n".join(margin + word for word in words)

    def chance(self, share):
        return self.random.random() < share

    def said(self, topic, turn, last, login):
        """Paragraphs of the turn-th mail: asked or told, answered, and acknowledged."""
        kinds = self.tongue.TOPICS[topic]
        if turn > 1 or (turn and last and self.chance(0.5)):
            return [" ".join(self.random.sample(kinds["ack"], 1 + self.chance(0.2)))]
        first = kinds["reply"] if turn else kinds[self.pick(["ask", "tell"])]
        text = self.pick(first)
        more = self.random.sample(kinds["more"], self.random.choice([0, 0, 1, 1, 1, 2, 2, 3, 4]))
        more += self.random.sample(kinds["long"], self.random.choice([0, 0, 0, 1, 1, 1, 2, 3]))
        self.random.shuffle(more)
        if self.chance(0.1):  # something else, while one is at it
            other = self.tongue.TOPICS[self.pick(sorted(self.tongue.TOPICS))]
            more += [self.pick(self.tongue.ANOTHER) + self.pick(other["tell"])]
            more += self.random.sample(other["more"], self.random.randrange(3))
        end = [self.pick(self.tongue.ENDS)] if self.chance(0.4) else []
        if login and self.chance(0.4):
            return self.paragraphs([text, *more, self.pick(self.tongue.SAID), *end])
        if not login and self.chance(0.8):
            return self.paragraphs([text, *more, *end])
        block = self.block() if login else self.pick(self.tongue.OTHERS)
        if self.chance(0.5):
            return [*self.paragraphs([text, self.pick(kinds["lead"])]), block, *self.paragraphs(more + end)]
        return [*self.paragraphs([text, *more, self.pick(kinds["lead"])]), block, " ".join(end)]

    def paragraphs(self, sentences):
        """Some break often, some never."""
        parts = [""]
        for sentence in sentences:
            parts += [""] if parts[-1] and self.chance(0.3) else []
            parts[-1] = (parts[-1] + " " + sentence).strip()
        return parts

    def text(self, topic, people, turn=0, last=False, login=False):
        """Subject and text, as its writer greets and ends."""
        writer, fields = people[0], self.fields(people)
        parts = [writer.spell(part) for part in self.said(topic, turn, last, login) if part]
        greeting = writer.greeting if not turn or self.chance(writer.greets) else ""
        bye = writer.bye if self.chance(writer.ends) else ""
        if greeting and writer.lower:
            parts[0] = parts[0][0].lower() + parts[0][1:]
        name = writer.sign if turn or writer.sign else writer.given
        text = "\n\n".join(p for p in [greeting, *parts, "\n".join(n for n in (bye, name) if n)] if p) + "\n"
        self.secrets |= {fields["password"]} if "{password}" in text else set()
        return self.pick(self.tongue.TOPICS[topic]["subject"]).format(**fields), text.format(**fields)

    def stamp(self):
        days = [self.today - datetime.timedelta(days=back) for back in range(1, 22)]
        day = self.pick([day for day in days if day.weekday() < 5])
        return day + datetime.timedelta(seconds=self.random.randrange(8 * 3600 + 1800, 17 * 3600 + 2400))

    def thread(self, topic, owner):
        """Raw mails of one conversation that lie in the owner's inbox, in order."""
        others = [p for p in self.people if p.mail != owner.mail]
        people = self.random.sample(others, 2)
        people, copy = [people[0], owner], people[1] if self.chance(0.2) else None
        if self.chance(0.5):
            people.reverse()
        turns = self.random.choice([1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 5, 6])
        login = self.random.randrange(2) if self.chance(0.6) else None  # in which mail
        time, before, mails, subject = self.stamp(), [], [], None
        for turn in range(turns):
            title, text = self.text(topic, people, turn, turn == turns - 1, turn == login)
            subject = subject or title
            title = ("Re: " if turn else "") + subject
            mail, mid, body = write(self, people[0], people[1], title, text, time, before, copy)
            mails += [mail] if people[0] is not owner else []
            before = before + [(mid, people[0], time, body)]
            people = people[::-1]
            time += datetime.timedelta(seconds=self.random.randrange(300, 20000))
            if time.hour >= 18 or time.hour < 8:
                time = time.replace(hour=self.pick([8, 9, 9, 10, 11, 13, 14]))
                time += datetime.timedelta(days=1 if time.weekday() < 4 else 3)
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


MONTHS = {False: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], True: [
    "janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]}
LONG_MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
               "décembre"]
LONG_DAYS = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]


def sender_lines(writer, who, time, subject, french):
    """Outlook's, above what it quotes."""
    if french:
        day = f"{LONG_DAYS[time.weekday()]} {time.day} {LONG_MONTHS[time.month - 1]} {time:%Y %H:%M}"
        return f"\n\nDe : {who.name} <{who.mail}>\nEnvoyé : {day}\nÀ : {writer.name}\nObjet : {subject}\n\n"
    return (f"\n\nFrom: {who.name} <{who.mail}>\nSent: {time:%d %B %Y %H:%M}\nTo: {writer.name}\n"
            f"Subject: {subject}\n\n")


def attribution(client, who, time, french):
    day, on, at, wrote = time.day, *(("Le", "à", "a écrit :") if french else ("On", "at", "wrote:"))
    month = MONTHS[french][time.month - 1]
    if client == "thunderbird":
        return f"{on} {time:%d/%m/%Y}{' à' if french else ''} {time:%H:%M}, {who.name} {wrote}"
    if client == "roundcube":
        return f"{on} {time:%Y-%m-%d %H:%M}, {who.name} {wrote}"
    comma = "" if french else ","
    if client == "gmail":
        week = f"{LONG_DAYS[time.weekday()][:3]}." if french else f"{time:%a},"
        return f"{on} {week} {day} {month} {time.year} {at} {time:%H:%M}, {who.name} <{who.mail}> {wrote}\n"
    return f"{on} {day} {month} {time.year}{comma} {at} {time:%H:%M}, {who.name} <{who.mail}> {wrote}\n"


def quote(writer, before, top, text, subject, french):
    (mid, who, time, old), client = before, writer.client
    if client == "outlook":
        return text + sender_lines(writer, who, time, subject, french) + old
    mark = attribution(client, who, time, french)
    lines = "\n".join(("> " + line).rstrip() for line in old.split("\n-- \n")[0].rstrip().split("\n"))
    return text + "\n" + mark + "\n" + lines + "\n" if top else mark + "\n" + lines + "\n\n" + text


def signature(house, person, turn):
    if not person.block or not house.chance(person.signs if turn else max(person.signs, 0.3)):
        return ""
    return ("\n" if person.client in ("apple", "outlook") else "\n-- \n") + person.name + "\n" + person.block


def word(text):
    return text if text.isascii() else email.header.Header(text, "utf-8").encode()


def name(writer, person):
    return f'"{person.name}"' if writer.client == "outlook" and person.name.isascii() else word(person.name)


def head(house, person, to, subject, date, mid, before):
    refs = "\n ".join(b[0] for b in before)
    known = {"From": f"{name(person, person)} <{person.mail}>", "To": f"{name(person, to)} <{to.mail}>", "Subject":
             word(subject), "Date": date, "Message-ID": mid,
             "MIME-Version": "1.0", "References": refs, "In-Reply-To": before[-1][0] if before else "",
             "User-Agent": person.version, "X-Mailer": person.version, "Message-Id": mid, "Mime-Version":
             f"1.0 (Mac OS X Mail 16.0 \\({person.version.partition('.')[2].rstrip(')')}\\))", "X-Sender": person.mail,
             "Content-Language": "fr" if house.french else "en-gb" if person.client == "outlook" else "en-GB", "Thread-Index":
             "Ad" + "".join(house.pick(string.ascii_letters + string.digits) for _ in range(28 + 7 * len(before))) + "=="}
    return known


ORDERS = {
    "thunderbird": "Message-ID Date MIME-Version User-Agent Subject To Cc References Content-Language From In-Reply-To TYPE",
    "roundcube": "MIME-Version Date From To Cc Subject In-Reply-To References User-Agent Message-ID X-Sender TYPE",
    "apple": "From TYPE Mime-Version Subject Date References Cc In-Reply-To To Message-Id X-Mailer",
    "outlook": "From To Cc References In-Reply-To Subject Date Message-ID MIME-Version TYPE X-Mailer Thread-Index "
               "Content-Language",
    "gmail": "MIME-Version References In-Reply-To From Date Message-ID Subject To Cc TYPE"}


def coded(text, bit8):
    """Charset, encoding and bytes of a part; `bit8`: as it is, though it is not ASCII."""
    if text.isascii():
        return "us-ascii", "7bit", text
    lines = quopri.encodestring(text.encode()).decode()
    return ("utf-8", "8bit", text) if bit8 else ("utf-8", "quoted-printable", lines)


def rich(house, person, text):
    """Text and HTML, as Outlook and Gmail send them."""
    outlook, mark = person.client == "outlook", "".join(house.pick("0123456789ABCDEF") for _ in range(16))
    mark = f"----=_NextPart_000_00{mark[:2]}_01DD{mark[2:6]}.{mark[6:14]}" if outlook else "000000000000" + mark.lower()
    shape = "<p class=MsoNormal>{}<o:p></o:p></p>\n" if outlook else "<div>{}</div>\n"
    page = "".join(shape.format(html.escape(line) or "<br>") for line in text.split("\n"))
    body = "This is a multipart message in MIME format.\n\n" if outlook else ""
    for kind, part in (("plain", text), ("html", page)):
        charset, code, lines = coded(part, False)
        tab, charset = ("\n\t", f'"{charset}"') if outlook else (" ", '"UTF-8"')
        code = f"Content-Transfer-Encoding: {code}\n" if outlook or code != "7bit" else ""
        body += f"--{mark}\nContent-Type: text/{kind};{tab}charset={charset}\n{code}\n{lines}\n"
    return f"Content-Type: multipart/alternative;{tab}boundary=\"{mark}\"\n", body + f"--{mark}--\n"


def content(house, person, text):
    if person.client in ("outlook", "gmail"):
        return rich(house, person, text)
    charset, code, lines = coded(text, person.client != "apple")
    charset = {"thunderbird": " charset=UTF-8", "apple": f"\n\tcharset={charset}",
               "roundcube": f" charset={charset.upper()}"}[person.client]
    return f"Content-Type: text/plain;{charset}\nContent-Transfer-Encoding: {code}\n", lines


def write(house, person, to, subject, text, time, before, copy=None):
    date = f"{time:%a}, {time.day} {time:%b %Y %H:%M:%S} +0000"
    mid = message_id(house, person)
    body = fill(text) + signature(house, person, len(before))
    if before:
        top = person.client in ("apple", "outlook", "gmail") or (person.client == "thunderbird" and person.top)
        body = quote(person, before[-1], top, body, subject if len(before) > 1 else subject[4:], house.french)
    if person.client == "outlook" and before:
        subject = subject.replace("Re: ", "RE: ")
    known = head(house, person, to, subject, date, mid, before)
    known["Cc"] = f"{name(person, copy)} <{copy.mail}>" if copy else ""
    kind, page = content(house, person, body)
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
    return trace + lines + "\n" + page, mid, body
