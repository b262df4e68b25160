# SPDX-License-Identifier: ISC
"""A simple classifier that tries to tell lures from ordinary mails: naive Bayes over what a mail's text and head show. It is
asked only about lures and topics that it has not seen."""
import collections
import email
import email.policy
import functools
import math
import random
import re
import statistics


@functools.lru_cache(maxsize=None)
def parsed(raw):
    message = email.message_from_bytes(raw.encode(), policy=email.policy.default)
    return message, message.get_body(("plain",)).get_content()


def words(raw, names=frozenset()):
    """The words of the text, what it quotes included. `names` are of people and projects, which tell nothing of style."""
    found = [word.lower() for word in re.findall(r"[^\W\d_][^\W\d_']*|\d+", parsed(raw)[1])]
    return {"0" if word[0].isdigit() else "NAME" if word in names else word for word in found}


def shape(text):
    """How somebody writes, whatever about."""
    own = re.sub(r"(?m)^(?:>.*|(?:On|Le) .*(?:wrote|a écrit) ?:)\n?", "", re.split(r"\n(?:From:|De :) ", text)[0]).strip("\n")
    paragraphs = [part for part in own.split("\n\n") if part.strip()]
    lines = own.split("\n")
    return {f"lines {min(len(lines) // 3, 8)}", f"paragraphs {min(len(paragraphs), 8)}", f"length {min(len(own) // 120, 8)}",
            f"whole {min(len(text) // 400, 6)}", f"quotes {'>' in text}", f"indented {sum(l[:1] == ' ' for l in lines) > 0}",
            f"block {min(sum(l[:1] == ' ' for l in lines), 5)}", f"colon {bool(re.search(r':$', own, re.M))}",
            f"greets {lines[0].rstrip()[-1:] == ','}", f"first {len(lines[0].split())}" if len(lines[0]) < 20 else "first long",
            f"signature {chr(10) + '-- ' in text}", f"asks {'?' in own}", f"calls {'!' in own}",
            f"ends {re.sub('[A-Za-z]+', 'a', re.sub('[0-9]+', '0', lines[-1][:12]))}"}


def head(raw):
    """What a head tells: names and their order, shapes of values, hops, hours, lengths; and the shape of the text."""
    message, text = parsed(raw)
    names = list(message.keys())
    date = message["Date"].datetime
    found = {f"name {n}" for n in names} | {f"pair {a} {b}" for a, b in zip(names, names[1:])}
    subject = str(message["Subject"])
    found |= {f"type {message.get_content_type()}", f"encoding {message['Content-Transfer-Encoding']}",
              f"weekday {date.weekday()}", f"hour {date.hour}", f"hops {len(message.get_all('Received', []))}",
              "id " + re.sub(r"[0-9a-z]+", "x", re.sub(r"[A-Z]+", "X", str(message["Message-ID"] or ""))).split("@")[0],
              f"answers {len(str(message['References'] or '').split())}", f"subject {len(subject) // 12}",
              f"subject words {len(subject.split())}", f"subject sign {re.sub('[A-Za-z0-9 .]', '', subject)[:2]}",
              f"copy {message['Cc'] is not None}", f"files {len(list(message.iter_attachments()))}"}
    return found | shape(text)


def views(names):
    """{what: a function of a raw mail}."""
    return {"heads and shapes": head, "words": lambda raw: words(raw, names), "both": lambda raw: head(raw) | words(raw, names)}


def train(groups):
    """Weights of what is there, of two lists of sets: above 0 speaks for the second."""
    counts = [collections.Counter(item for items in side for item in items) for side in groups]
    sizes = [len(side) for side in groups]
    return {item: math.log((counts[1][item] + 1) / (sizes[1] + 2)) - math.log((counts[0][item] + 1) / (sizes[0] + 2))
            for item in set(counts[0]) | set(counts[1]) if counts[0][item] + counts[1][item] > 2}


def score(weights, items):
    return sum(weights.get(item, 0) for item in items)


class Verdict:
    """`figures`: of each round, the balanced share told right. `told`: of each (side, name), which mails were taken for lures.
    `weights`: means over all trainings."""

    def __init__(self):
        self.figures, self.told, self.weights = [], collections.defaultdict(list), collections.Counter()

    def text(self):
        return f"{100 * statistics.mean(self.figures):.0f} % ± {100 * statistics.stdev(self.figures):.0f}"


def told_apart(common, bait, rounds=8, folds=5):
    """Cross-validation that holds out whole lures and whole topics, with other folds in each round. Both sides are {name:
    what a view shows of each mail}."""
    sides = [common, bait]
    verdict = Verdict()
    for number in range(rounds):
        chance, right = random.Random(number), [[], []]
        names = [sorted(side) for side in sides]
        for side in names:
            chance.shuffle(side)
        for fold in range(folds):
            asked = [set(side[fold::folds]) for side in names]
            seen = [[items for name in sorted(side) if name not in out for items in side[name]]
                    for side, out in zip(sides, asked)]
            weights = train(seen)
            verdict.weights.update({item: weight / rounds / folds for item, weight in weights.items()})
            border = threshold(weights, seen)
            for which, side in enumerate(sides):
                for name in sorted(asked[which]):
                    lures = [score(weights, items) > border for items in side[name]]
                    right[which] += [lure == bool(which) for lure in lures]
                    verdict.told[which, name] += lures
        verdict.figures.append(sum(sum(side) / len(side) for side in right) / 2)
    return verdict


def threshold(weights, seen):
    """Between the two sides' middles."""
    return sum(statistics.median(score(weights, items) for items in side) for side in seen) / 2
