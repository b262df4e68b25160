/* SPDX-License-Identifier: ISC
 *
 * What the servers on the way wrote: Postfix took the mail from a desk, or from another house's Postfix; Dovecot's LMTP
 * delivered it into a Maildir, or Postfix's own local(8) into an mbox. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/minter/letter.h"
#include "server/minter/profile.h"
#include "server/minter/stamp.h"

#define TLS_TEXT                                                                                                       \
    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n\t key-exchange X25519 "                      \
    "server-signature ECDSA (P-256) server-digest SHA256)\n"

/* Of one letter: draws, and what the mailbox's own house is called. */
struct trace {
    const struct letter *letter;
    const struct draw *draw;
    const json_t *house; /* of the mailbox */
    const char *owner;   /* its mail */
};

static unsigned number(const struct trace *trace, unsigned least, unsigned span)
{
    return least + draw_below(trace->draw, span);
}

/* The same for the same text: addresses of machines that stay what they are. */
static unsigned fixed(const char *text, unsigned least, unsigned span)
{
    unsigned char hash[crypto_generichash_BYTES];

    crypto_generichash(hash, sizeof hash, (const unsigned char *)text, strlen(text), NULL, 0);
    return least + (hash[0] | (unsigned)hash[1] << 8) % span;
}

static bool into_mbox(const struct trace *trace)
{
    return strcmp(trace->letter->work->place, "mbox") == 0;
}

/* `by`: the object whose server took it from one of its own desks, for `whom`. */
static void add_desk(const struct trace *trace, const json_t *by, const char *whom, int64_t time, struct buffer *out)
{
    const struct letter *letter = trace->letter;
    const char *net = letter_text(by, "net");
    unsigned desk = fixed(letter_text(letter->from, "mail"), 20, 220);
    char queue[32], date[WHEN_TEXT];

    stamp_postfix(trace->draw, time, queue);
    buffer_add_format(out,
                      "Received: from [%s.%u] (%s%02u.%s [%s.%u])\n" TLS_TEXT
                      "\t(No client certificate requested)\n\t(Authenticated sender: %s)\n\tby %s (Postfix) with "
                      "ESMTPSA id %s",
                      net, desk, letter_text(by, "desks"), desk, letter_text(by, "domain"), net, desk,
                      letter_text(letter->from, "login"), letter_text(by, "server"), queue);
    /* Postfix names the recipient only where there is one. */
    if (letter->copy == NULL)
        buffer_add_format(out, "\n\tfor <%s>; %s\n", whom, when_mail(&letter->zone, time, date));
    else
        buffer_add_format(out, ";\n\t%s\n", when_mail(&letter->zone, time, date));
}

/* Google's own lines, from its last server to the browser; it keeps Pacific time. */
static void add_google(const struct trace *trace, const char *server, int64_t time, struct buffer *out)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const struct letter *letter = trace->letter;
    const struct zone pacific = {.minutes = -480, .summer = true};
    char id[24], text[345], hash[44], date[WHEN_TEXT], day[WHEN_TEXT + 8];

    letter_random(letter, "0123456789abcdef", 11, id);
    when_mail(&pacific, time, date);
    snprintf(day, sizeof day, "%s (%s)", date, strstr(date, "-0700") != NULL ? "PDT" : "PST");
    buffer_add_format(out, "Received: by %s with SMTP id %ssosi%ua12.%u\n        for <%s>; %s\n", server, id,
                      number(trace, 1000000, 8000000), number(trace, 0, 4), trace->owner, day);
    letter_random(letter, base64, 43, hash);
    letter_random(letter, base64, 342, text);
    buffer_add_format(out, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\n        d=%s; s=google; t=%lld; x=%lld; "
                           "darn=%s;\n        h=to:subject:message-id:date:from:in-reply-to:references:mime-version\n"
                           "         :from:to:cc:subject:date:message-id:reply-to;\n        bh=%s=;\n        b=",
                      letter_text(letter->habits, "domain"), (long long)time, (long long)time + 604800,
                      strchrnul(trace->owner, '@') + 1, hash);
    for (size_t at = 0; at < 342; at += at == 0 ? 60 : 68)
        buffer_add_format(out, "%s%.*s", at == 0 ? "" : "\n         ", at == 0 ? 60 : 68, text + at);
    letter_random(letter, base64, 160, text);
    buffer_add_format(out, "==\nX-Gm-Message-State: AOJu0Y%.70s\n\t%.84s\nX-Google-Smtp-Source: AGHT+I%.60s==\n", text,
                      text + 70, text + 40);
    letter_random(letter, "0123456789abcdef", 18, id);
    buffer_add_format(out, "X-Received: by 2002:a05:6402:%.4s:b0:%.3s:%.4s:%.4s with SMTP id\n %.11s-%usm%ua12.%u.%lld; %s\n",
                      id, id + 4, id + 7, id + 11, text + 3, number(trace, 100, 800), number(trace, 100, 900),
                      number(trace, 0, 40), (long long)time * 1000, day);
}

/* From another house's server, which had it at `taken`, to this one's. */
static void add_relay(const struct trace *trace, int64_t taken, int64_t time, struct buffer *out)
{
    const struct letter *letter = trace->letter;
    const char *server = letter_text(letter->habits, "server"), *address = letter_text(letter->habits, "address");
    char queue[32], date[WHEN_TEXT], google[64], at[32];

    if (letter_by(letter, "gmail")) {
        unsigned host = number(trace, 41, 20);

        snprintf(google, sizeof google, "mail-%s%u-f%u.google.com", draw_below(trace->draw, 2) == 0 ? "ed" : "wr", 1u,
                 host);
        snprintf(at, sizeof at, "209.85.%u.%u", strstr(google, "ed1") != NULL ? 208u : 221u, host);
        server = google;
        address = at;
    }

    stamp_postfix(trace->draw, time, queue);
    buffer_add_format(out,
                      "Received: from %s (%s [%s])\n" TLS_TEXT
                      "\t(No client certificate requested)\n\tby %s (Postfix) with ESMTPS id %s\n\tfor <%s>; %s\n",
                      server, server, address, letter_text(trace->house, "server"), queue, trace->owner,
                      when_mail(&letter->zone, time, date));
    if (letter_by(letter, "gmail"))
        add_google(trace, server, taken, out);
}

static void add_delivery(const struct trace *trace, const char *sender, int64_t time, struct buffer *out)
{
    const struct letter *letter = trace->letter;
    char session[32], date[WHEN_TEXT];

    buffer_add_format(out, "Return-Path: <%s>\n", sender);
    if (into_mbox(trace)) {
        buffer_add_format(out, "X-Original-To: %s\nDelivered-To: %s\n", trace->owner, trace->owner);
        return;
    }
    stamp_dovecot(trace->draw, letter_text(trace->house, "store"), time, session);
    buffer_add_format(out,
                      "Delivered-To: %s\nReceived: from %s ([%s.%u])\n\tby %s with LMTP\n\tid %s\n"
                      "\t(envelope-from <%s>)\n\tfor <%s>; %s\n",
                      trace->owner, letter_text(trace->house, "server"), letter_text(trace->house, "net"),
                      fixed(letter_text(trace->house, "server"), 5, 10), letter_text(trace->house, "store"), session,
                      sender, trace->owner, when_mail(&letter->zone, time, date));
}

/* What a mail of another house's brought along when it came to this one's learned servers. */
static void add_abroad(const struct trace *trace, int64_t taken, struct buffer *out)
{
    const struct letter *letter = trace->letter;
    char server[256];

    profile_peer(letter, false, server, sizeof server);
    if (letter_by(letter, "gmail"))
        add_google(trace, server, taken, out);
    else
        add_desk(trace, letter->habits, letter_text(letter->to, "mail"), taken, out);
}

void letter_trace(const struct letter *letter, struct buffer *out)
{
    struct trace trace = {
        .letter = letter,
        .draw = letter->work->minter->draw,
        .house = json_object_get(json_object_get(letter->work->parameters, "persona"), "mail"),
        .owner = letter_text(json_object_get(letter->work->token, "to"), "mail"),
    };
    const char *sender = letter_text(letter->from, "mail");
    int64_t taken = letter->sent + number(&trace, 0, 3), relayed = taken + number(&trace, 0, 3);
    const struct profile *profile = letter->work->profile;

    if (profile != NULL && profile_trace(profile, letter, letter->outside ? relayed : taken, out)) {
        if (letter->outside)
            add_abroad(&trace, taken, out);
        return;
    }
    add_delivery(&trace, sender, relayed + number(&trace, 0, 2), out);
    if (letter->outside)
        add_relay(&trace, taken, relayed, out);
    if (!letter_by(letter, "gmail"))
        add_desk(&trace, letter->habits, letter->outside ? letter_text(letter->to, "mail") : trace.owner, taken, out);
}
