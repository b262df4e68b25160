/* SPDX-License-Identifier: ISC
 *
 * What the keeper asks the minter for. Parameters and results are those of `struct job` and `struct result`.
 *
 * | what        | parameters (JSON object)                                             | results
 * | mint        | {"kind","form"?,"identity"?,"count","artifacts":bool, VIEW}          | per token: "token", then
 * |             |                                                                      | "artifact" × n (name = file)
 * | artifacts   | {"kind","form","identity","secret", VIEW}                            | "artifact" × n
 * | lure        | {"kind","form","identity","secret","place":"maildir", "lure"?,       | "meta" (JSON), then "file" × n
 * |             |  "language","at"? (RFC 3339), "path"?, "buried":bool, VIEW}          |
 * | persona     | {"organisation","domain","language"}                                 | "json" (the persona)
 * | authority   | {"organisation","domain"}                                            | "pem" name "certificate",
 * |             |                                                                      | "pem" name "key"
 * | certificate | {"names":[…],"addresses":[…],"authority":{"certificate","key"}}      | "pem" × 2 as above (chain)
 * | self-signed | {"names":[…],"addresses":[…],"organisation"}                         | "pem" × 2
 * | face        | {"service","site", VIEW}                                             | "json": drawn per decoy
 *
 * VIEW = "persona":{…}, "decoy":{"name","service","host","port","tls":bool,"url","names":[…]}, "owner"?, "memo"?.
 *
 * The persona: {"organisation","domain","language","company_slug","people":[{"name","given","family","mail","login",
 * "title","department","phone"} × 24],"git":{…},"mail":{"server","client",…}, "seeds":{…}}; lures and artifacts draw
 * names only from it.
 *
 * A lure's meta: {"lure":"…","type":"mail","language":"en","subject","from","to","date","message_id"} with one file,
 * the raw RFC 5322 message; or {"type":"repository","changes":[{"message","author":{"name","mail"},"date","branch"?,
 * "files":[{"path","file":"0"…} or {"path","remove":true}]}]} whose files' bodies are "file" results by that name (a
 * buried lure has two changes); or {"type":"text","name":".env"} with one file. All name "secret_file" and the line
 * (from 1) on which the secret stands: "line". */
#ifndef MINTER_JOB_H
#define MINTER_JOB_H

struct minter;
struct channel;
struct job;
struct error;

#endif
