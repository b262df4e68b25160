/* SPDX-License-Identifier: ISC
 *
 * What a plain listener answers where there is one for TLS, too. */
#include "server/base/unzeroed.h"
#include "server/sensor/http/site_data.h"

void site_load_plain(struct site *site, const char *folder)
{
    static const char *const keys[] = {"answer", "body-limit", "except", NULL};
    const struct yaml *plain = yaml_get(site->tree, "plain-port"), *answer = yaml_get(plain, "answer"),
                      *except = yaml_get(plain, "except");

    site->plain = (struct site_route){.methods = "*", .methods_length = 1, .body_limit = -1};
    if (plain == NULL)
        return;
    site_keys(site, plain, keys);
    site_note(site, plain->type != YAML_MAP ? 0 : yaml_size(plain, "body-limit", &site->plain.body_limit,
                                                            &site->faults->now));
    for (size_t i = 0; except != NULL && (i == 0 || i < except->count); i++)
        if (except->type != YAML_LIST || except->count == 0 || except->items[i]->type != YAML_TEXT) {
            site_fault(site, except, "'except' is no list of paths; write [/-/health]");
            break;
        }
    site->excepted = except;
    if (plain->type == YAML_MAP && answer == NULL)
        site_fault(site, plain, "'plain-port' says nothing; give it an 'answer'");
    if (answer != NULL)
        site->plain.plain = site->plain.refused = site_load_reply(site, folder, answer, NULL);
}

const struct site_route *site_plain_route(const struct site *site, const struct http_request *request)
{
    UNZEROED struct site_paths paths;
    bool except = false;

    if (site->excepted != NULL)
        site_read_path(site, request, &paths);
    for (size_t i = 0; site->excepted != NULL && !except && i < site->excepted->count; i++)
        except = slice_is(paths.front, site->excepted->items[i]->text);
    return except || site->plain.plain == NULL ? NULL : &site->plain;
}

const struct site_route *site_front_route(const struct site *site, const struct http_request *request)
{
    const struct site_route *route = site->own_fronts ? site_route(site, request) : NULL;

    return route != NULL && route->plain->served == SITE_FRONT ? route : NULL;
}

bool site_front_errs(const struct site_route *route)
{
    return route->plain->served == SITE_FRONT && !route->plain->file && route->plain->status >= 400;
}
