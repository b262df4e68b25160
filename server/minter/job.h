/* SPDX-License-Identifier: ISC
 *
 * What the keeper asks the minter for. Parameters and results are those of `struct job` and `struct result`. Members
 * with ? may be left out or null; unknown members are ignored.
 *
 * | what        | parameters (JSON object)                                             | results
 * | mint        | {"kind","form"?,"identity"?,"settings"?,"count"? (1),"artifacts":    | per token: "token", then
 * |             |  bool, VIEW}                                                         | "artifact" × n (name = file)
 * | artifacts   | {"kind","form","identity","secret","facts"?,"minted"? (seconds), VIEW} | "artifact" × n; the same
 * |             |                                                                      | text for the same parameters
 * | lure        | {"kind","form","identity","secret","facts"?,"place":"maildir",       | "meta" (JSON), then "file" × n
 * |             |  "lure"?,"language"?,"at"? (RFC 3339),"path"?,"buried"?:bool,        |
 * |             |  "outside"?,"ordinal"?,"lies"?,"takes"?,"profile"?,                   |
 * |             |  "profile_file"?, "former"?, VIEW}                                   |
 * | persona     | {"organisation","domain","language"}                                 | "json" (the persona)
 * | authority   | {"organisation","domain","language"?,"names"?:[…],"addresses"?:[…]}  | "pem" name "certificate",
 * |             |                                                                      | "pem" name "key"
 * | certificate | {"names":[…],"addresses":[…],"authority":{"certificate","key"}}      | "pem" × 2 as above (chain)
 * | self-signed | {"names":[…],"addresses":[…],"organisation"}                         | "pem" × 2
 * | verify      | {"names":[…],"certificate","key"}                                    | none; fails with what is wrong
 * | face        | {"service","site", VIEW}                                             | "json": drawn per decoy; of
 * |             |                                                                      | ldap, {"directory","hidden"}
 *
 * "settings" are {NAME: text}: what the operator gave by --NAME, of those that the kind knows. "facts" are {name:
 * text} as the token's result had them (server/base/facts.h).
 *
 * VIEW = "persona":{…}, "decoy":{"name","service","host","port","tls":bool,"url"?,"names":[…],"chosen"?:bool,
 * "host_key"?,"trust"?}, "owner"?, "memo"?. A decoy without a name is a host that the artifacts name while nothing of
 * ours listens for such a secret. `chosen`: the host is not the decoy's own first name, and stays with the token as fact
 * "host". "host_key" is by what ssh knows it ("ssh-ed25519 AAAA…"), "trust" the PEM of the authority that signed for it.
 * `service` is one of services.def; `tls` says whether the secret is to be used over TLS from the first byte. "owner"
 * is a person: "Name <mail>", a mail address or a name; a mail is addressed to that person.
 *
 * "outside" is a person of another house, "Name <mail>", for the lures that know one; else the persona's supplier is.
 * "people" is the text of a JSON array of real people: {"name","mail","given"?,"family"?,"title"?,"department"?,"phone"?,
 * "is"?:"owner"|"manager"}, from whom those of a lure are drawn, in place of the persona's (colleagues.h).
 * "ordinal" is how many lures the installation has planted: texts are taken in turn by it, and drawn without it.
 * "lies" are the names of lures that lie in the place: others are taken before them, where "lure" names none.
 *
 * "profile" is the text of a file as profile.h says, by which mails are written; faults name "profile_file".
 *
 * "former" is the token that lies there and that this one takes over from: {"identity","secret","facts"?}.
 *
 * "place" is a scheme of places.def; "takes" a type of lure, where it is another than that place takes. "path": a
 * repository's path for the secret's file, or for text the file's name, by which the artifact is chosen (.env, .netrc,
 * …). Where it is "text" and "lure" is given, it names the artifact.
 *
 * An authority signs only names at or below `domain`, and the `names` given; and addresses that are loopback,
 * private, or among the `addresses` given. "certificate" fails for other names; other addresses, and those that are
 * unspecified (0.0.0.0, ::), are left out. Names come as host names, addresses without brackets.
 *
 * The persona: {"organisation","domain","language","company_slug","people":[{"name","given","family","mail","login",
 * "title","department","phone","client"?,"version"?} × 24],"git":{…},"mail":{"server","client",…},
 * "supplier":{"name","domain","person",…},
 * "desk":{…} (desk.h),"directory":{"people","groups","hosts","accounts"} (names of units), "seeds":{…}}; lures, artifacts
 * and faces draw names only from it. A persona without a desk or supplier, drawn by an earlier version, gets one.
 *
 * A lure's meta: {"lure":"…","type":"mail","language":"en","subject","from","to","date","message_id",
 * "messages":[{"file","message_id","date","own"}]} with a file for each mail of the thread, the raw message with lines
 * ended by LF as Maildir keeps them, in their order ("own": written by the mailbox's owner, "to"; the others name the
 * one with the secret; "gone":[{"message_id","date"}] are those that it answers and quotes, and that lie nowhere;
 * "shared":{"name","mail","organisation","invented"} where it was sent to another house;
 * "people":[{"name","mail"}] who play in it and are real, where "people" were given); or
 * {"lure","type":"repository","language",
 * "changes":[{"message","area","author":{"name","mail"},"date","files":[{"path","file":"0"…[,"submodule":true]} or
 * {"path","remove":true}]}]}
 * whose files' bodies are "file" results by that name (a buried lure has two changes, the second takes the secret out);
 * and where "former" was given and can be exchanged in the secret's file, "rotation":{"message","area","texts":
 * [[["2","3"],…],…]}: what the commit says that does so, and for each text that is another now, the secret first, the ways
 * in which it may stand there, each as two "file" results, the former one's and the new one's;
 * or {"lure","type":"directory","language","date","entries":{"standard":{"file":"0","line":5},"active-directory":{…}}},
 * each file a list of entries (templates/README.md), the account first, with the line that holds the secret there;
 * or {"lure","type":"text","name":".env"} with one file, "0". All name "secret_file" (the name of the "file" result
 * which holds the secret) and "line" (from 1, in that file) on which it stands. Dates are RFC 3339 with the persona's
 * offset; a planter may move a change later, never past now, where the repository's head is younger. */
#ifndef MINTER_JOB_H
#define MINTER_JOB_H

#include "server/wire/message.h"

struct minter;
struct error;

/* Where results go. The slices are gone after the call. A call that returns -1 ends the job. */
struct job_sink {
    int (*result)(const struct result *result, void *context);
    void *context;
};

/* One job under way. */
struct job_work;

/* Reads the parameters; nothing of `job` is needed afterwards. NULL with the error's text. The minter must live
 * longer than the work. */
struct job_work *job_begin(struct minter *minter, const struct job *job, struct error *error);
/* Makes at most about `results` results. 1: there is more to do; 0: done; -1: failed, with the error's text. */
int job_step(struct job_work *work, unsigned results, const struct job_sink *sink, struct error *error);
/* Wipes what was secret. Takes NULL. */
void job_free(struct job_work *work);

#endif
