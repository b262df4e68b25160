/* SPDX-License-Identifier: ISC
 *
 * The renderer, against the tests of the published specification (specification/README.md) and our own. MUSTACHE_SPEC
 * names another copy of the specification's JSON files, such as a newer version's. */
#include <stdio.h>
#include <string.h>
#include "templates/render.h"
#include "tests/test.h"

struct case_row {
    const char *template, *view, *partials, *expected;
};

struct partial_set {
    json_t *texts;
    struct template *parsed[16];
    const char *names[16];
    size_t count;
};

static const struct template *find_partial(const char *name, void *context)
{
    struct partial_set *set = context;
    const char *text = json_string_value(json_object_get(set->texts, name));
    struct error error;

    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->names[i], name) == 0)
            return set->parsed[i];
    if (text == NULL || set->count == 16)
        return NULL;
    ck_assert_int_eq(template_parse(slice_of(text), name, &set->parsed[set->count], &error), 0);
    set->names[set->count] = name;
    return set->parsed[set->count++];
}

static int render(const char *text, json_t *view, json_t *partials, enum render_escape escape, struct buffer *out)
{
    struct partial_set set = {.texts = partials};
    struct template_partials by = {find_partial, &set};
    struct template *t;
    struct error error = {""};
    int result = template_parse(slice_of(text), "t", &t, &error);

    ck_assert_msg(result == 0, "%s", error.text);
    result = template_render(t, &view, 1, escape, &by, out);
    template_free(t);
    for (size_t i = 0; i < set.count; i++)
        template_free(set.parsed[i]);
    return result;
}

static void expect(const char *name, const char *text, json_t *view, json_t *partials, enum render_escape escape,
                   const char *expected)
{
    struct buffer out;

    buffer_init(&out, 1 << 16);
    ck_assert_int_eq(render(text, view, partials, escape, &out), 0);
    ck_assert_msg(strcmp(buffer_text(&out), expected) == 0, "%s: %s\ngave     %s\nexpected %s", name, text,
                  buffer_text(&out), expected);
    buffer_free(&out);
}

static const struct case_row rows[] = {
    {"plain", "{}", "{}", "plain"},
    {"a {{b}} c", "{\"b\":\"<&\\\"'>\"}", "{}", "a &lt;&amp;&quot;&#39;&gt; c"},
    {"{{{b}}}{{&b}}{{ & b }}", "{\"b\":\"<\"}", "{}", "<<<"},
    {"{{n}} {{r}} {{t}} {{f}}{{nothing}}{{z}}", "{\"n\":-7,\"r\":1.21,\"t\":true,\"f\":false,\"z\":null}", "{}",
     "-7 1.21 true false"},
    {"{{a.b.c}}|{{a.x.c}}|{{c}}", "{\"a\":{\"b\":{\"c\":\"deep\"}},\"c\":\"top\"}", "{}", "deep||top"},
    {"{{#a}}{{c}}{{d}}{{/a}}", "{\"a\":{\"c\":1},\"c\":2,\"d\":3}", "{}", "13"},
    {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":{}},\"b\":{\"c\":\"outer\"}}", "{}", ""},
    {"{{#l}}<{{.}}>{{/l}}{{^l}}none{{/l}}", "{\"l\":[1,\"b\",2.5]}", "{}", "<1><b><2.5>"},
    {"{{#l}}<{{.}}>{{/l}}{{^l}}none{{/l}}", "{\"l\":[]}", "{}", "none"},
    {"{{#s}}yes{{/s}}{{^s}}no{{/s}}", "{\"s\":\"\"}", "{}", "no"},
    {"{{#s}}yes{{/s}}{{^s}}no{{/s}}", "{\"s\":0}", "{}", "yes"},
    {"{{#l}}{{#.}}{{.}}{{/.}};{{/l}}", "{\"l\":[[1,2],[3]]}", "{}", "12;3;"},
    {"a\n  {{! note\n more }}  \nb{{! in line }}\n", "{}", "{}", "a\nb\n"},
    {"a\r\n{{#s}}\r\nb\r\n{{/s}}\r\nc", "{\"s\":true}", "{}", "a\r\nb\r\nc"},
    {"  {{#s}}x{{/s}}\n", "{\"s\":true}", "{}", "  x\n"},
    {"{{=<% %>=}}(<%b%>){{b}}<%={{ }}=%>{{b}}", "{\"b\":1}", "{}", "(1){{b}}1"},
    {"{{=| |=}}|#s|{|b|}|/s|", "{\"s\":{\"b\":1}}", "{}", "{1}"},
    {"[{{>p}}]", "{\"b\":1}", "{\"p\":\"{{b}}\"}", "[1]"},
    {"[{{>unknown}}]", "{}", "{}", "[]"},
    {"a\n  {{>p}}\nb", "{\"v\":\"1\\n2\"}", "{\"p\":\"x\\n\\n{{v}}\\n  {{>q}}\\n\",\"q\":\"y\\nz\\n\"}",
     "a\n  x\n\n  1\n2\n    y\n    z\nb"},
    {"{{>tree}}", "{\"v\":1,\"kids\":[{\"v\":2,\"kids\":[]}]}", "{\"tree\":\"{{v}}({{#kids}}{{>tree}}{{/kids}})\"}",
     "1(2())"},
    /* What versions after 1.1.2 made clear. */
    {"[{{! a }}{{!a}}]", "{\"a\":\"shown\",\"! a\":\"shown\",\"!a\":\"shown\"}", "{}", "[]"},
    {"({{n}})({{{n}}})({{&n}})", "{\"n\":null}", "{}", "()()()"},
    {"{{v}}", "{\"v\":\"{{w}}\",\"w\":1}", "{}", "{{w}}"},
    {"{{a.b}}", "{\"a.b\":\"flat\"}", "{}", ""},
    {"{{#a}}{{a.b.c}}{{/a}}", "{\"a\":{\"b\":{\"c\":1}}}", "{}", "1"},
    {"{{#a}}{{b.c}}{{/a}}", "{\"a\":{\"b\":1},\"b\":{\"c\":\"masked\"}}", "{}", ""},
    {"{{.}}{{{.}}}{{&.}}", "\"<\"", "{}", "&lt;<<"},
    {"{{#.}}({{x}}){{/.}}", "[{\"x\":1},{\"x\":2}]", "{}", "(1)(2)"},
    {"{{#f}}{{.}} is {{f}}{{/f}}", "{\"f\":\"bar\"}", "{}", "bar is bar"},
    {"{{#t}}{{#o}}{{x}}{{y}}{{/o}}{{/t}}", "{\"t\":[{\"o\":[1]}],\"x\":2,\"y\":3}", "{}", "23"},
    {"{{^n}}none{{/n}}{{#n}}some{{/n}}", "{\"n\":null}", "{}", "none"},
    {"{{>o}}", "{\"a\":1,\"b\":2}", "{\"o\":\"*{{a}} {{>i}}*\",\"i\":\"{{b}}!\"}", "*1 2!*"},
    {"{{>a/b.c}}", "{}", "{\"a/b.c\":\"dots are no path\"}", "dots are no path"},
};

START_TEST(test_row)
{
    const struct case_row *row = &rows[_i];
    json_t *view = json_loads(row->view, JSON_DECODE_ANY, NULL), *partials = json_loads(row->partials, 0, NULL);

    ck_assert_ptr_nonnull(view);
    ck_assert_ptr_nonnull(partials);
    expect("row", row->template, view, partials, RENDER_HTML, row->expected);
    json_decref(view);
    json_decref(partials);
}
END_TEST

static const struct {
    const char *template, *where;
} faults[] = {
    {"{{", "f:1:1: "},          {"ab\n  {{ x", "f:2:3: "},
    {"{{}}", "f:1:1: "},        {"{{#}}", "f:1:1: "},
    {"{{a..b}}", "f:1:1: "},    {"{{.a}}", "f:1:1: "},
    {"x{{/a}}", "f:1:2: "},     {"{{#a}}\n{{#b}}\n{{/a}}", "f:3:1: "},
    {"{{#a}}", "f:1:1: "}, {"a\n b {{^c}}\n{{#d}}\n{{/d}}", "f:2:4: "},          {"{{=a=}}", "f:1:1: "},
    {"{{=a b c=}}", "f:1:1: "}, {"{{{a}}", "f:1:1: "},
};

START_TEST(test_fault)
{
    struct template *t;
    struct error error = {""};

    ck_assert_int_eq(template_parse(slice_of(faults[_i].template), "f", &t, &error), -1);
    ck_assert_ptr_null(t);
    ck_assert_msg(strncmp(error.text, faults[_i].where, strlen(faults[_i].where)) == 0, "%s", error.text);
}
END_TEST

START_TEST(test_escapes)
{
    json_t *view = json_pack("{s:s,s:s,s:s}", "v", "it's \"<é>\"\n$x", "p", "plain/word-1", "e", ""),
           *none = json_object();

    expect("plain", "{{v}}", view, none, RENDER_PLAIN, "it's \"<é>\"\n$x");
    expect("json", "{{v}}{{{v}}}", view, none, RENDER_JSON, "it's \\\"<é>\\\"\\n$xit's \"<é>\"\n$x");
    expect("yaml", "{{v}}", view, none, RENDER_YAML, "it's \\\"<é>\\\"\\n$x");
    expect("shell", "{{v}} {{p}} {{e}}", view, none, RENDER_SHELL, "'it'\\''s \"<é>\"\n$x' plain/word-1 ''");
    expect("url", "{{v}} {{p}}", view, none, RENDER_URL, "it%27s%20%22%3C%C3%A9%3E%22%0A%24x plain%2Fword-1");
    json_decref(view);
    json_decref(none);
}
END_TEST

START_TEST(test_bounds)
{
    json_t *view =
        json_pack("{s:s,s:[i,i,i,i,i,i,i,i,i,i],s:s}", "a", "12345", "l", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "x", "");
    json_t *partials = json_pack("{s:s}", "p", "{{>p}}");
    struct buffer out;
    char deep[RENDER_DEPTH * 6 + 7] = "";
    struct template *t;
    struct error error;

    buffer_init(&out, 12);
    ck_assert_int_eq(render("{{a}}{{a}}", view, partials, RENDER_HTML, &out), 0);
    ck_assert_int_eq(render("{{a}}", view, partials, RENDER_HTML, &out), -1);
    buffer_clear(&out);
    ck_assert_int_eq(render("{{>p}}", view, partials, RENDER_HTML, &out), -1);
    ck_assert_int_eq(render("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{x}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}",
                            view, partials, RENDER_HTML, &out),
                     -1);
    buffer_free(&out);
    for (size_t i = 0; i <= RENDER_DEPTH; i++)
        memcpy(deep + i * 6, "{{#a}}", 6);
    ck_assert_int_eq(template_parse((struct slice){(unsigned char *)deep, (RENDER_DEPTH + 1) * 6}, "f", &t, &error),
                     -1);
    ck_assert_ptr_nonnull(strstr(error.text, "too deep"));
    json_decref(view);
    json_decref(partials);
}
END_TEST

START_TEST(test_constant)
{
    struct template *t;
    struct error error;

    ck_assert_int_eq(template_parse(slice_of("a{{! b }}"), "f", &t, &error), 0);
    ck_assert(slice_is(template_constant(t), "a"));
    ck_assert_ptr_null(template_partial(t, 0));
    template_free(t);
    ck_assert_int_eq(template_parse(slice_of("a{{b}}{{>x}}{{>y.z}}"), "f", &t, &error), 0);
    ck_assert_ptr_null(template_constant(t).data);
    ck_assert_str_eq(template_partial(t, 0), "x");
    ck_assert_str_eq(template_partial(t, 1), "y.z");
    ck_assert_ptr_null(template_partial(t, 2));
    template_free(t);
}
END_TEST

START_TEST(test_tag)
{
    static const char text[] = "a\n {{b.c}}{{#d}}{{.}}{{/d}}\n{{>e}}";
    static const struct {
        char sigil;
        const char *name;
        size_t line, column;
    } tags[] = {{'t', "", 1, 1},  {0, "b.c", 2, 2}, {'#', "d", 2, 9}, {0, "", 2, 15},
                {'/', "d", 2, 20}, {'t', "", 2, 26}, {'>', "e", 3, 1}};
    struct template *t;
    struct template_tag tag;
    struct error error;
    size_t i = 0;

    ck_assert_int_eq(template_parse(slice_of(text), "f", &t, &error), 0);
    for (; template_tag(t, i, &tag); i++) {
        ck_assert_int_eq(tag.sigil, tags[i].sigil);
        ck_assert_str_eq(tag.name, tags[i].name);
        ck_assert_uint_eq(tag.line, tags[i].line);
        ck_assert_uint_eq(tag.column, tags[i].column);
    }
    ck_assert_uint_eq(i, sizeof(tags) / sizeof(*tags));
    template_free(t);
}
END_TEST

static const char *specification(char path[4096], const char *name)
{
    const char *folder = getenv("MUSTACHE_SPEC"), *source = getenv("SUNDEW_SRC");

    if (folder != NULL)
        snprintf(path, 4096, "%s/%s.json", folder, name);
    else
        snprintf(path, 4096, "%s/tests/templates/specification/%s.json", source == NULL ? "." : source, name);
    return path;
}

static const struct {
    const char *name;
    size_t tests; /* at least */
} modules[] = {{"comments", 11}, {"delimiters", 14}, {"interpolation", 30},
               {"inverted", 21}, {"partials", 11},   {"sections", 25}};

START_TEST(test_specification)
{
    char path[4096];
    json_t *root = json_load_file(specification(path, modules[_i].name), 0, NULL), *test;
    size_t index;

    ck_assert_msg(root != NULL, "%s cannot be read", path);
    ck_assert_uint_ge(json_array_size(json_object_get(root, "tests")), modules[_i].tests);
    json_array_foreach(json_object_get(root, "tests"), index, test)
    {
        expect(json_string_value(json_object_get(test, "name")), json_string_value(json_object_get(test, "template")),
               json_object_get(test, "data"), json_object_get(test, "partials"), RENDER_HTML,
               json_string_value(json_object_get(test, "expected")));
    }
    json_decref(root);
}
END_TEST

/* They are in the view that they stand behind: what is inside of it comes first, what is outside of it, later. */
START_TEST(test_texts)
{
    static const struct template_text items[] = {
        {"a", {(const unsigned char *)"<1>", 3}}, {"b", {(const unsigned char *)"2", 1}},
        {"c", {(const unsigned char *)"3", 1}},   {"empty", {(const unsigned char *)"", 0}},
    };
    static const char text[] = "{{a}}{{{a}}} {{b}} {{c}} {{d}}{{e}} {{#b}}<{{.}}>{{/b}}{{^b}}no{{/b}} "
                               "{{^empty}}none{{/empty}}{{#empty}}no{{/empty}}{{a.x}} {{#o}}{{c}}{{b}}{{/o}}";
    const struct template_texts texts = {items, 4, 2};
    json_t *views[] = {json_pack("{s:s,s:s}", "a", "outer", "d", "4"), NULL,
                       json_pack("{s:s,s:{s:s}}", "b", "inner", "o", "c", "within")};
    struct template *t;
    struct buffer out;
    struct error error = {""};

    buffer_init(&out, 4096);
    ck_assert_int_eq(template_parse(slice_of(text), "t", &t, &error), 0);
    ck_assert_int_eq(template_render_texts(t, views, 3, &texts, RENDER_HTML, NULL, &out), 0);
    ck_assert_str_eq(buffer_text(&out), "&lt;1&gt;<1> inner 3 4 <inner> none withininner");
    buffer_clear(&out);
    ck_assert_int_eq(template_render_texts(t, views, 2, &texts, RENDER_HTML, NULL, &out), 0);
    ck_assert_str_eq(buffer_text(&out), "&lt;1&gt;<1> 2 3 4 <2> none ");
    template_free(t);
    buffer_free(&out);
    json_decref(views[0]);
    json_decref(views[2]);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("render");
    TCase *c = tcase_create("render");

    tcase_add_loop_test(c, test_row, 0, sizeof(rows) / sizeof(*rows));
    tcase_add_loop_test(c, test_fault, 0, sizeof(faults) / sizeof(*faults));
    tcase_add_test(c, test_escapes);
    tcase_add_test(c, test_bounds);
    tcase_add_test(c, test_constant);
    tcase_add_test(c, test_tag);
    tcase_add_test(c, test_texts);
    tcase_add_loop_test(c, test_specification, 0, sizeof(modules) / sizeof(*modules));
    suite_add_tcase(s, c);
    return s;
}

TEST_MAIN(suite)
