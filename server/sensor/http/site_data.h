/* SPDX-License-Identifier: ISC
 *
 * A loaded site, for the site_*.c files alone. Texts point into the tree of site.yaml unless said otherwise. */
#ifndef HTTP_SITE_DATA_H
#define HTTP_SITE_DATA_H

#include <jansson.h>
#include "server/base/yaml.h"
#include "server/sensor/http/csrf.h"
#include "server/sensor/http/path.h"
#include "server/sensor/http/site.h"
#include "templates/render.h"

#define SITE_FLASHES 32     /* what pages may say once */
#define SITE_OPENINGS 4     /* kinds that one form lets in */
#define SITE_PARTS 8        /* captures of one pattern */
#define SITE_CONDITIONS 8   /* of one route */
#define SITE_STATUSES 32    /* that the front adds headers to */
#define SITE_PATH 8192      /* bytes of a path that are looked at */
#define SITE_PAGE (1 << 20) /* bytes of a page or a static file */
#define SITE_VALUE 8192     /* bytes of a field or another text from the request */
#define SITE_URL 512
#define SITE_SUFFIX ".mustache"
#define SITE_DATE 30
#define SITE_SECONDS 257    /* a byte, or any */
#define SITE_TEXTS 10       /* that the engine makes for one answer */
#define SITE_STORE 512      /* bytes of them */

/* What an answer's templates ask for, so that only that is made. */
enum site_need {
    SITE_NEED_SESSION = 1,
    SITE_NEED_FIELD = 2,
    SITE_NEED_PART = 4,
    SITE_NEED_COOKIE = 8,
    SITE_NEED_IDENTITY = 16,
    SITE_NEED_REQUEST_ID = 32,
    SITE_NEED_RUNTIME = 64,
    SITE_NEED_EXPIRES = 128,
    SITE_NEED_ETAG = 256,
    SITE_NEED_NONCE = 512,
    SITE_NEED_PATH = 1024,
    SITE_NEED_URL = 2048,
    SITE_NEED_MODIFIED = 4096,
    SITE_NEED_YEAR = 8192,
    SITE_NEED_META = 16384,
    SITE_NEED_TLS = 32768,
    SITE_NEED_SERVER = 65536,
    SITE_NEED_FLASH = 131072,
};

struct site_page {
    char *name, *path;
    struct template *template;
};

/* What is wrong with a site: all of it. Lives while the site is loaded. */
struct site_faults {
    struct error now;   /* for the call under way */
    struct error first; /* of all */
    size_t count;
    void (*tell)(const char *text, void *context); /* or NULL */
    void *context;
    bool lint;         /* look also for what works, but is not meant */
    struct slice text; /* of site.yaml */
};

/* What a site is loaded for. */
struct site_source {
    const char *folder;
    const struct decoy *decoy;
    const char *face;
    const unsigned char *salt; /* 32 bytes */
};

/* When nginx put a file into its cache, and when it last asked for it: what the product said then is said until the
 * file is forgotten. */
struct site_cache {
    int64_t filled, used; /* seconds since 1970 */
};

struct site_reply {
    const char *name; /* or NULL for one written into its route */
    const struct yaml *at;
    bool used; /* by some route */
    unsigned status;
    enum site_served served;
    const char *type; /* Content-Type or NULL */
    enum render_escape escape;
    struct template *head;
    struct template *inline_body;      /* owned, or NULL */
    const struct template *body;       /* a page's or inline_body, or NULL */
    struct site_cache *cache;          /* of an answer that is SITE_CACHED, or NULL */
    bool file;                         /* a static file */
    struct buffer content;             /* of it */
    struct slice constant;             /* the body where it never changes */
    json_t *with;                      /* names for this answer's templates, or NULL */
    unsigned char flash;               /* of the site's, from 1: for the session's next page; 0: none */
    unsigned needs;                    /* of enum site_need */
    int64_t runtime_low, runtime_high; /* microseconds */
    int64_t modified;                  /* seconds since 1970, 0: none */
};

enum token_type { TOKEN_TEXT, TOKEN_ONE, TOKEN_REST };

struct pattern_token {
    enum token_type type;
    struct slice text;    /* literal, or the capture's name */
    struct slice choices; /* of TOKEN_ONE: a|b, or data NULL: whatever there is */
};

struct pattern {
    char *text; /* owned, with the face's facts filled in */
    struct pattern_token *tokens;
    size_t count;
};

struct site_condition {
    const char *field, *value; /* "*": must be there; "!": must not; else equal */
};

struct site_form {
    char *identity, *secret; /* names of fields; owned, or NULL */
    char *code;              /* of the second factor's, which is asked for when the secret was right; owned, or NULL */
    bool guarded; /* asks for the session cookie and the CSRF field */
    const struct site_reply *rejected;
};

struct site_route {
    const struct yaml *at;
    const char *methods; /* "GET" or "GET|POST" or "*" */
    size_t methods_length;
    struct pattern pattern;
    const char *host; /* or NULL; "name.*" stands for any that begins so */
    struct site_condition conditions[SITE_CONDITIONS];
    size_t condition_count;
    struct site_form form;
    const struct site_reply *plain, *refused;
    const struct yaml *granted;                          /* a map of kinds, or NULL */
    const struct site_reply *openings[SITE_OPENINGS];    /* what each of them opens */
    const struct site_reply *wrong_code, *locked;        /* or NULL */
    int64_t body_limit; /* -1: the site's */
};

/* How a route's paths begin: up to eight bytes, which tell most routes apart. */
struct site_start {
    uint64_t bytes, mask;
    bool behind; /* of the path as the product reads it, not nginx */
};

struct site {
    const struct decoy *decoy;
    struct yaml *tree;
    struct site_faults *faults; /* NULL once it is loaded */
    json_t *face;
    struct csrf csrf;
    const char *product, *summary, *server;
    int64_t body_limit;
    char *cookie, *field, *field_header; /* names of the session cookie, CSRF field and header; owned, or NULL */
    int64_t session_age;                 /* seconds */
    const char *flashes[SITE_FLASHES];
    size_t flash_count;
    bool same_origin;                    /* a guarded form refuses a foreign Origin */
    bool sorted;                         /* headers by name */
    bool merges;                         /* the product takes several slashes in a row for one */
    bool empty_head;                     /* HEAD gets Content-Length: 0, but for files */
    unsigned front_statuses[SITE_STATUSES];
    size_t front_count;
    const char *front_head;
    char *front_lines; /* front_head with CR LF; owned */
    struct site_page *pages;
    size_t page_count;
    struct site_reply **replies; /* each owned */
    size_t reply_count;
    struct site_route *routes;
    struct site_start *starts; /* of the routes */
    size_t route_count;
    uint32_t *order;                      /* for each second byte of a path, the routes that it leaves, in their order */
    size_t firsts[SITE_SECONDS + 1];      /* where in `order` those begin */
    bool own_limits;             /* some route has a body_limit */
    bool own_fronts;             /* some route's answer is the front's own */
    struct site_route plain;     /* for plain listeners; plain.plain is NULL where the site answers there, too */
    const struct yaml *excepted; /* a list of paths that the site answers there itself, or NULL */
    char **literals; /* sorted, owned */
    size_t literal_count;
    int64_t runtime_low, runtime_high;
};

/* What stands beside a view: short texts of the engine's own. */
struct site_texts {
    struct template_text items[SITE_TEXTS];
    size_t count, stored;
    char store[SITE_STORE];
};

/* What one answer is made of. */
struct answering {
    const struct site *site;
    const struct site_route *route;
    const struct http_request *request;
    int64_t now; /* seconds since 1970 */
    struct csrf_session session;
    bool kept; /* the session came with the request */
    const unsigned char *pad; /* of the CSRF field, or NULL: random */
    unsigned runtime_us;
    json_t *view; /* NULL until something is in it */
    struct site_texts *texts;
};

/* site_answer.c: the path as the one who gives out the route's answer reads it. */
struct site_paths {
    struct path_text joined, decoded; /* working memory */
    struct slice front, behind;
};
void site_read_path(const struct site *site, const struct http_request *request, struct site_paths *paths);
struct slice site_path_for(const struct site_route *route, const struct site_paths *paths);
/* site_view.c: fills a->view and a->texts with what the reply needs. 0 or -1. */
int site_view(struct answering *a, const struct site_reply *reply);
/* https://host:port as asked for. */
void site_url(const struct answering *a, char url[SITE_URL]);
/* Seconds since 1970 as HTTP has it (RFC 9110, 5.6.7), whatever the locale. */
void site_date(int64_t seconds, char text[SITE_DATE]);

/* site_fault.c: each fault is told at once, as FILE:LINE:COLUMN: what is wrong; what to do. */
/* `result` of a call that was given &site->faults->now: unless it is 0, that is a fault. Returns result. */
int site_note(struct site *site, int result);
/* These return -1. A node of site.yaml; a line and column (from 0) of its text; or of another file (from 1). */
int site_fault(struct site *site, const struct yaml *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
int site_fault_in(struct site *site, const struct yaml *at, size_t line, size_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
int site_fault_at(struct site *site, const char *file, size_t line, size_t column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Each key of the map is in the list, and stands once. */
void site_keys(struct site *site, const struct yaml *map, const char *const *allowed);
/* A text of site.yaml, or its lines from `from` on, as a template; NULL when it is none, which is a fault. */
struct template *site_template(struct site *site, const struct yaml *at, struct slice text, size_t from);

/* site_head.c: the lines of a block of headers; 'heads'; 'use' and 'headers' of an answer. */
void site_check_head(struct site *site, const struct yaml *block);
void site_load_heads(struct site *site);
void site_load_head(struct site *site, struct site_reply *reply, const struct yaml *node);

/* site_page.c: all pages of FOLDER/pages, and a file of FOLDER/static. */
void site_load_pages(struct site *site, const char *folder);
const struct template *site_page(const char *name, void *site);
void site_load_file(struct site *site, struct site_reply *reply, const struct yaml *node, const char *folder,
                    const char *name);
/* FOLDER/PART/NAME; the caller's. NULL without memory. */
char *site_file(const char *folder, const char *part, const char *name);
/* Faults partials that are not there; of a page (at is NULL, then) those that come to hold themselves, too. */
void site_check_partials(struct site *site, const struct template *t, const struct yaml *at, const char *path);

/* site_reply.c: an answer: the name of one, or written out. NULL where there is none, which is a fault. */
const struct site_reply *site_load_reply(struct site *site, const char *folder, const struct yaml *node,
                                         const char *name);
/* Is that a name that the engine makes from the request? */
bool site_knows(const char *name);

/* site_route.c: 'routes' and 'missing'. site_plain.c: 'plain-port'. */
void site_load_routes(struct site *site, const char *folder);
void site_load_plain(struct site *site, const char *folder);

/* site_lint.c: what can be loaded, but cannot be meant; each is a fault. */
void site_lint(struct site *site, const char *folder);

/* runtime: [LOW, HIGH], in microseconds. */
int site_load_runtime(const struct yaml *node, int64_t *low, int64_t *high, struct error *error);

/* site_pattern.c */
/* A text of site.yaml with the face's facts filled in; the caller's. */
int site_facts(char **out, const struct site *site, const struct yaml *at, const char *text, struct error *error);
int pattern_parse(struct pattern *pattern, const struct site *site, const struct yaml *at, const char *text,
                  struct error *error);
void pattern_free(struct pattern *pattern);
/* Captures go to parts, one for each token that is no text, in order; may be NULL. */
bool pattern_match(const struct pattern *pattern, struct slice path, struct slice parts[SITE_PARTS]);
int pattern_literals(const struct pattern *pattern, struct site *site);

/* site_field.c: the value of a field of the query, or of a body that is URL-encoded, multipart or JSON. 0 with the
 * decoded value in `value` (cleared before), or -1. Rails' names: user[login] is {"user":{"login":…}} in JSON. */
int field_find(const struct http_request *request, const char *name, struct buffer *value);
/* For several values of one request: what they are read from is found out once. */
struct field_source {
    const struct http_request *request;
    enum { FIELD_UNREAD, FIELD_QUERY, FIELD_FORM, FIELD_MULTIPART, FIELD_JSON } type; /* to begin with: FIELD_UNREAD */
    struct slice body;
    bool plain; /* a form without escapes */
};
/* The value, which stands in the request or in `scratch`; empty where there is none. */
struct slice field_look(struct field_source *source, const char *name, struct buffer *scratch);
/* The value of a cookie, as sent; data NULL when there is none. */
struct slice field_cookie(const struct http_request *request, const char *name);

#endif
