/* SPDX-License-Identifier: ISC
 *
 * What `init` writes is read back by the configuration's own reader. Sites are taken from a folder made here. */
#include "server/command/layout.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/base/paths.h"
#include "server/wire/configuration.h"
#include "tests/test.h"

static struct layout layout;
static struct error error;
static struct buffer text;
static char folder[64];

static int lay(const char *const *words)
{
    char *argv[32] = {(char *)(uintptr_t) "sundew", (char *)(uintptr_t) "init", (char *)(uintptr_t) "d"};
    struct options options;
    int argc = 3;

    while (*words != NULL)
        argv[argc++] = (char *)(uintptr_t)*words++;
    ck_assert_int_eq(options_read(argc, argv, &options, &error), 0);
    return layout_read(&options, &layout, &error);
}

#define LAY(...) lay((const char *const[]){__VA_ARGS__, NULL})

static const char *const sites[] = {"gitlab", "portal"};

static void make_file(const char *path, const char *content)
{
    ck_assert_int_eq(paths_create(path, content, strlen(content), 0600, &error), 0);
}

/* A data folder with sites of the names that `init` uses. */
static void setup(void)
{
    char path[128];

    snprintf(folder, sizeof(folder), "/tmp/sundew-layout-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/site", folder);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/site/%s", folder, sites[i]);
        ck_assert_int_eq(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/site/%s/site.yaml", folder, sites[i]);
        make_file(path, "summary: x\n");
    }
    setenv("SUNDEW_DATADIR", folder, 1);
    buffer_init(&text, 65536);
}

static void teardown(void)
{
    static const char *const paths[] = {
        "site/gitlab/site.yaml", "site/gitlab", "site/portal/site.yaml", "site/portal", "site", "sundew.yaml",
        "cert.pem", "key.pem", ""};
    char path[128];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, paths[i]);
        remove(path);
    }
    layout_free(&layout);
    buffer_free(&text);
}

static struct configuration *read_back(void)
{
    struct configuration *configuration = NULL;
    char path[128];

    layout_write(&layout, &text);
    snprintf(path, sizeof(path), "%s/sundew.yaml", folder);
    make_file(path, buffer_text(&text));
    ck_assert_msg(configuration_load(path, &configuration, &error) == 0, "%s", error.text);
    return configuration;
}

START_TEST(ports_count_up)
{
    struct configuration *c;

    ck_assert_int_eq(LAY("--address", "127.0.0.1", "--port-base", "21001", "--domain", "corp.example"), 0);
    c = read_back();
    ck_assert_uint_eq(c->decoy_count, 3);
    ck_assert_str_eq(c->decoys[0].name, "gitlab");
    ck_assert_str_eq(c->decoys[0].names[0], "git.corp.example");
    ck_assert_uint_eq(c->decoys[0].listeners[0].port, 21001);
    ck_assert_int_eq(c->decoys[0].listeners[0].tls, TLS_DIRECT);
    ck_assert_uint_eq(c->decoys[0].listeners[1].port, 21002);
    ck_assert_int_eq(c->decoys[0].listeners[1].tls, TLS_NONE);
    ck_assert_str_eq(c->decoys[1].name, "portal");
    ck_assert_str_eq(strchr(c->decoys[1].names[0], '.'), ".corp.example");
    ck_assert_uint_eq(c->decoys[1].listeners[0].port, 21003);
    ck_assert_str_eq(c->decoys[2].name, "ldap");
    ck_assert_uint_eq(c->decoys[2].listeners[0].port, 21005);
    ck_assert_int_eq(c->decoys[2].listeners[0].tls, TLS_STARTTLS);
    ck_assert_uint_eq(c->decoys[2].listeners[1].port, 21006);
    ck_assert_str_eq(c->decoys[2].listeners[1].address, "127.0.0.1");
    configuration_free(c);
}
END_TEST

START_TEST(standard_ports_on_both_families)
{
    struct configuration *c;

    ck_assert_int_eq(LAY("--with", "ldap"), 0);
    c = read_back();
    ck_assert_uint_eq(c->decoy_count, 1);
    ck_assert_str_eq(c->decoys[0].listeners[0].address, "::");
    ck_assert_uint_eq(c->decoys[0].listeners[0].port, 389);
    ck_assert_uint_eq(c->decoys[0].listeners[1].port, 636);
    ck_assert_uint_eq(c->route_count, 0);
    configuration_free(c);
}
END_TEST

START_TEST(a_route_allows_exactly_its_address)
{
    struct configuration *c;
    struct address address;

    ck_assert_int_eq(LAY("--route", "http://127.0.0.1:8080/hook"), 0);
    c = read_back();
    ck_assert_uint_eq(c->route_count, 1);
    ck_assert_str_eq(c->routes[0].name, "soc");
    ck_assert_str_eq(c->routes[0].url, "http://127.0.0.1:8080/hook");
    ck_assert_uint_eq(c->routes[0].allow_count, 1);
    ck_assert_uint_eq(c->routes[0].allow[0].bits, 128);
    ck_assert_int_eq(address_parse("127.0.0.2", &address), 0);
    ck_assert(!network_holds(&c->routes[0].allow[0], &address));
    ck_assert_int_eq(address_parse("127.0.0.1", &address), 0);
    ck_assert(network_holds(&c->routes[0].allow[0], &address));
    configuration_free(c);
}
END_TEST

START_TEST(a_route_by_ipv6)
{
    struct configuration *c;

    ck_assert_int_eq(LAY("--route", "https://[2001:db8::7]:8443/x"), 0);
    c = read_back();
    ck_assert_uint_eq(c->routes[0].allow_count, 1);
    configuration_free(c);
}
END_TEST

START_TEST(odd_names_survive)
{
    static const char *const names[] = {"Yes", "O\"Brien: \\ Söhne #1", "- dash", "a: b",     "Example Rail",
                                        "007", "\xd0\x96\xd0\x94",      "true",   "trailing "};
    struct configuration *c;

    ck_assert_int_eq(LAY("--organisation", names[_i]), 0);
    c = read_back();
    ck_assert_str_eq(c->organisation, names[_i]);
    configuration_free(c);
}
END_TEST

START_TEST(drawn_domains_differ)
{
    char first[256];

    ck_assert_int_eq(LAY("--language", "fr"), 0);
    snprintf(first, sizeof(first), "%s", layout.domain);
    ck_assert_int_eq(LAY("--domain", "Corp.EXAMPLE"), 0);
    ck_assert_str_eq(layout.domain, "corp.example");
    ck_assert_str_eq(layout.organisation, "Corp");
    ck_assert_ptr_nonnull(strchr(first, '.'));
    if (access("/etc/hostname", R_OK) == 0)
        configuration_free(read_back());
    ck_assert_int_ne(layout.organisation[0], '\0');
}
END_TEST

START_TEST(own_certificates)
{
    struct configuration *c;
    char path[128];

    snprintf(path, sizeof(path), "%s/cert.pem", folder);
    make_file(path, "x");
    snprintf(path, sizeof(path), "%s/key.pem", folder);
    make_file(path, "x");
    ck_assert_int_eq(LAY("--tls", folder), 0);
    c = read_back();
    ck_assert_str_eq(c->decoys[0].key, path);
    configuration_free(c);
}
END_TEST

START_TEST(faults)
{
    ck_assert_int_eq(LAY("--with", "gitlab,nosuch"), 2);
    ck_assert_ptr_nonnull(strstr(error.text, "gitlab, portal, ldap"));
    ck_assert_int_eq(LAY("--language", "de"), 2);
    ck_assert_int_eq(LAY("--domain", "a b"), 2);
    ck_assert_int_eq(LAY("--address", "localhost"), 2);
    ck_assert_int_eq(LAY("--port-base", "65535"), 2);
    ck_assert_int_eq(LAY("--port-base", "x"), 2);
    ck_assert_int_eq(LAY("--route", "ftp://127.0.0.1/"), 2);
    ck_assert_int_eq(LAY("--route", "https://user@127.0.0.1/"), 2);
    ck_assert_int_eq(LAY("--grant", "portal"), 2);
    ck_assert_int_eq(LAY("--grant", "gitlab,nosuch"), 2);
    ck_assert_int_eq(LAY("--tls", "/nonexistent"), 3);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("layout");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, ports_count_up);
    tcase_add_test(tc, standard_ports_on_both_families);
    tcase_add_test(tc, a_route_allows_exactly_its_address);
    tcase_add_test(tc, a_route_by_ipv6);
    tcase_add_loop_test(tc, odd_names_survive, 0, 9);
    tcase_add_test(tc, drawn_domains_differ);
    tcase_add_test(tc, own_certificates);
    tcase_add_test(tc, faults);
    suite_add_tcase(s, tc);
    return s;
}

TEST_MAIN(suite)
