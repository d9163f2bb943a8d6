/*
 * policy_read.c - from a YAML tree to structs, by the key tables. It goes on after a mistake, so
 * that one pass finds them all; a value that is wrong is replaced by its default for what follows.
 */
#include "policy_table.h"

#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "base/yaml.h"

#define EXPECTED_BYTES sizeof(((struct diagnostic *)0)->expected)

/* ---- where we are, and what is wrong ---- */

static void full_path(const struct policy_reader *r, const char *key, char *out, size_t size_bytes)
{
    const char *dot = r->path[0] != '\0' && key != NULL ? "." : "";

    if ((size_t)snprintf(out, size_bytes, "%s%s%s", r->path, dot, key != NULL ? key : "") >=
        size_bytes)
        out[size_bytes - 1] = '\0';
}

void reader_report(struct policy_reader *r, const struct yaml_node *node, const char *key,
                   const char *message, const char *expected, const char *nearest)
{
    struct diagnostic *d;

    if (r->d->n == DIAGNOSTIC_MAX) {
        r->d->n_dropped++;
        return;
    }
    d = &r->d->items[r->d->n++];
    d->line = node != NULL ? yaml_line(node) : 0;
    d->column = node != NULL ? yaml_column(node) : 0;
    full_path(r, key, d->path, sizeof(d->path));
    snprintf(d->message, sizeof(d->message), "%s", message);
    snprintf(d->expected, sizeof(d->expected), "%s", expected != NULL ? expected : "");
    snprintf(d->nearest, sizeof(d->nearest), "%s", nearest != NULL ? nearest : "");
}

bool reader_clean(const struct policy_reader *r, const char *path_prefix)
{
    size_t len = strlen(path_prefix);

    for (size_t i = 0; i < r->d->n; i++) {
        if (strncmp(r->d->items[i].path, path_prefix, len) == 0)
            return false;
    }
    return r->d->n_dropped == 0;
}

/* Steps down to a key or an item; returns what pop_path needs to come back. */
static size_t push_key(struct policy_reader *r, const char *key)
{
    size_t len = strlen(r->path);

    snprintf(r->path + len, sizeof(r->path) - len, "%s%s", len > 0 ? "." : "", key);
    return len;
}

static size_t push_item(struct policy_reader *r, size_t i)
{
    size_t len = strlen(r->path);

    snprintf(r->path + len, sizeof(r->path) - len, "[%zu]", i);
    return len;
}

static void pop_path(struct policy_reader *r, size_t len)
{
    r->path[len] = '\0';
}

/* `got "5x"`, "got a list", "got nothing" */
static void describe(const struct yaml_node *node, char *out, size_t size_bytes)
{
    if (yaml_kind(node) == YAML_SEQUENCE)
        snprintf(out, size_bytes, "got a list");
    else if (yaml_kind(node) == YAML_MAPPING)
        snprintf(out, size_bytes, "got a mapping");
    else if (yaml_text(node)[0] == '\0')
        snprintf(out, size_bytes, "got nothing");
    else
        snprintf(out, size_bytes, "got \"%.100s\"", yaml_text(node));
}

/* The nearest of the words a value may be, or NULL. */
static const char *nearest_word(const struct key *k, const char *text)
{
    struct suggest s = suggest_start(text);

    for (size_t i = 0; k->words != NULL && i < k->words->n; i++) {
        if (k->allowed == 0 || (k->allowed >> i & 1) != 0)
            suggest_add(&s, k->words->items[i]);
    }
    if (k->off != NULL)
        suggest_add(&s, k->off);
    return suggest_best(&s);
}

/* The parser knows which of the five fields is wrong: `hour "25": expected ...`. */
static void explain_cron(const char *text, char *got, size_t got_bytes, char *expected,
                         size_t expected_bytes)
{
    struct err e = {ERR_OK, ""};
    struct cron ignored;
    const char *wanted;

    if (cron_parse(text, &ignored, &e) == ERR_OK ||
        (wanted = strstr(e.message, "expected ")) == NULL)
        return;
    snprintf(got, got_bytes, "%.*s", (int)(wanted - e.message - 2), e.message);
    snprintf(expected, expected_bytes, "%.250s", wanted + strlen("expected "));
}

static void report_value(struct policy_reader *r, const struct key *k, const struct yaml_node *node)
{
    char got[128], expected[EXPECTED_BYTES];
    const char *near = yaml_kind(node) == YAML_SCALAR ? nearest_word(k, yaml_text(node)) : NULL;

    describe(node, got, sizeof(got));
    key_type_of(k->kind)->expect(k, expected, sizeof(expected));
    if (k->kind == KEY_CRON && yaml_kind(node) == YAML_SCALAR)
        explain_cron(yaml_text(node), got, sizeof(got), expected, sizeof(expected));
    reader_report(r, node, NULL, got, expected, near);
}

/* ---- values ---- */

/* A name that the model does not have. */
static void check_feature(struct policy_reader *r, const struct yaml_node *node)
{
    struct suggest s = suggest_start(yaml_text(node));
    char message[160];

    for (size_t i = 0; i < r->facts->n_features; i++) {
        if (strcmp(r->facts->features[i], yaml_text(node)) == 0)
            return;
        suggest_add(&s, r->facts->features[i]);
    }
    snprintf(message, sizeof(message), "the model has no feature \"%.100s\"", yaml_text(node));
    reader_report(r, node, NULL, message, "a feature of its schema", suggest_best(&s));
}

static void read_items(struct policy_reader *r, const struct key *k, const struct yaml_node *node,
                       void *dest)
{
    const struct key_type *type = key_type_of(k->kind);

    /* A list replaces a default of `all`; append only adds. */
    if (k->kind == KEY_FLAGS)
        memset(dest, 0, sizeof(uint32_t));
    else if (k->kind == KEY_NAMES)
        ((struct policy_names *)dest)->all = false;
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *item = yaml_item(node, i);
        size_t outer = push_item(r, i);

        if (yaml_kind(item) != YAML_SCALAR ||
            !type->append(k, yaml_text(item), yaml_is_plain(item), dest))
            report_value(r, k, item);
        else if (k->kind == KEY_NAMES && r->facts->n_features > 0)
            check_feature(r, item);
        pop_path(r, outer);
    }
}

static void read_typed(struct policy_reader *r, const struct key *k, const struct yaml_node *node,
                       void *dest)
{
    const struct key_type *type = key_type_of(k->kind);

    if (type->append != NULL && yaml_kind(node) == YAML_SEQUENCE)
        read_items(r, k, node, dest);
    else if (type->read == NULL || yaml_kind(node) != YAML_SCALAR ||
             !type->read(k, yaml_text(node), yaml_is_plain(node), dest))
        report_value(r, k, node);
}

/* An index into the policy's monitors, which stand in the file's table before whatever names them.
 */
static void read_monitor(struct policy_reader *r, const struct key *k, const struct yaml_node *node,
                         int *dest)
{
    char message[160], expected[EXPECTED_BYTES];
    struct suggest s = suggest_start(yaml_text(node));
    int found = policy_find_monitor(r->policy, yaml_text(node));

    if (found < 0 || yaml_kind(node) != YAML_SCALAR) {
        for (size_t i = 0; i < r->policy->n_monitors; i++)
            suggest_add(&s, r->policy->monitors[i].name);
        snprintf(message, sizeof(message), "there is no monitor \"%.100s\"", yaml_text(node));
        reader_report(r, node, NULL, message, "the name of a monitor of this file",
                      suggest_best(&s));
        return;
    }
    *dest = found;
    if (key_enum_value(&r->policy->monitors[found].kind) < 0 ||
        (k->allowed >> r->policy->monitors[found].kind & 1) != 0)
        return;
    snprintf(message, sizeof(message), "monitor \"%s\" is of kind %s", yaml_text(node),
             policy_monitor_kind_name(r->policy->monitors[found].kind));
    strcpy(expected, "a monitor of kind ");
    key_expect_words(&policy_monitor_words, k->allowed, expected + strlen(expected),
                     sizeof(expected) - strlen(expected));
    reader_report(r, node, NULL, message, expected, NULL);
}

/* Items that have a name must not share it. */
static void check_unique(struct policy_reader *r, const struct yaml_node *list, size_t i)
{
    const struct yaml_node *mine = yaml_find(yaml_item(list, i), "name");
    char message[160];

    for (size_t j = 0; mine != NULL && j < i; j++) {
        const struct yaml_node *other = yaml_kind(yaml_item(list, j)) == YAML_MAPPING
                                            ? yaml_find(yaml_item(list, j), "name")
                                            : NULL;

        if (other == NULL || strcmp(yaml_text(other), yaml_text(mine)) != 0)
            continue;
        snprintf(message, sizeof(message), "\"%.100s\" is the name of an earlier one (line %d)",
                 yaml_text(mine), yaml_line(other));
        reader_report(r, mine, "name", message, "a name of its own", NULL);
        return;
    }
}

static void read_list(struct policy_reader *r, const struct key *k, const struct yaml_node *node,
                      void *base)
{
    char got[128], expected[64];
    size_t n = yaml_count(node);

    snprintf(expected, sizeof(expected), "a list of at most %zu items", k->max_items);
    if (yaml_kind(node) != YAML_SEQUENCE || n > k->max_items) {
        describe(node, got, sizeof(got));
        if (yaml_kind(node) == YAML_SEQUENCE)
            snprintf(got, sizeof(got), "got %zu items", n);
        reader_report(r, node, NULL, got, expected, NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        size_t outer = push_item(r, i);

        reader_mapping(r, k->table, yaml_item(node, i),
                       (char *)base + k->offset + i * k->table->size);
        *key_count(k, base) = i + 1;
        if (yaml_kind(yaml_item(node, i)) == YAML_MAPPING && key_find(k->table, "name") != NULL)
            check_unique(r, node, i);
        pop_path(r, outer);
    }
}

static void read_value(struct policy_reader *r, const struct key *k, const struct yaml_node *node,
                       void *base)
{
    size_t outer = push_key(r, k->name);

    if (k->kind == KEY_MAPPING)
        reader_mapping(r, k->table, node, (char *)base + k->offset);
    else if (k->kind == KEY_LIST)
        read_list(r, k, node, base);
    else if (k->kind == KEY_MONITOR)
        read_monitor(r, k, node, (int *)((char *)base + k->offset));
    else
        read_typed(r, k, node, key_dest(k, base));
    pop_path(r, outer);
}

/* ---- mappings ---- */

static void fill_default(const struct key *k, void *base)
{
    static const int unknown = -1;
    char *at = (char *)base + k->offset;

    if (k->kind == KEY_MAPPING) {
        for (size_t i = 0; i < k->table->n; i++)
            fill_default(&k->table->keys[i], at);
    } else if (k->kind == KEY_MONITOR || (k->kind == KEY_ENUM && k->fallback == NULL)) {
        memcpy(at, &unknown, sizeof(unknown));
    } else if (k->fallback != NULL) {
        key_type_of(k->kind)->read(k, k->fallback, true, key_dest(k, base));
    }
}

/* The name of the section that has such a key, or NULL: `cooldown` under a trigger belongs to
 * guards. */
static const char *section_with(const char *name)
{
    for (size_t i = 0; i < policy_file_table.n; i++) {
        const struct key *section = &policy_file_table.keys[i];

        if (section->table != NULL && key_find(section->table, name) != NULL)
            return section->name;
    }
    return NULL;
}

/* `unknown key "treshold"` */
static void report_key(struct policy_reader *r, const struct key_table *t,
                       const struct yaml_node *key, const void *base)
{
    struct suggest s = suggest_start(yaml_text(key));
    const char *elsewhere = section_with(yaml_text(key));
    char message[192], expected[EXPECTED_BYTES] = "one of";
    size_t used = strlen(expected);

    for (size_t i = 0; i < t->n; i++) {
        const char *name = t->keys[i].name;

        if (key_applies(t, &t->keys[i], base) == KEY_NO || key_find(t, name) != &t->keys[i])
            continue;
        suggest_add(&s, name);
        snprintf(expected + used, sizeof(expected) - used, "%s \"%s\"", used > 6 ? "," : "", name);
        used += strlen(expected + used);
    }
    used = (size_t)snprintf(message, sizeof(message), "unknown key \"%.100s\" in %s",
                            yaml_text(key), t->what);
    if (suggest_best(&s) == NULL && elsewhere != NULL)
        snprintf(message + used, sizeof(message) - used, " (it belongs to %s)", elsewhere);
    reader_report(r, key, yaml_text(key), message, expected, suggest_best(&s));
}

/* The words of the deciding key under which name would apply. */
static void report_inapplicable(struct policy_reader *r, const struct key_table *t,
                                const struct yaml_node *key, const struct key *k, const void *base)
{
    const struct key *decider = key_find(t, k->when.key);
    char message[192], expected[EXPECTED_BYTES];
    uint32_t mask = 0;
    size_t used;
    int value = key_applies(t, decider, base) == KEY_YES
                    ? key_enum_value((const char *)base + decider->offset)
                    : -1;

    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->keys[i].name, k->name) == 0)
            mask |= t->keys[i].when.mask;
    }
    used =
        (size_t)snprintf(message, sizeof(message), "\"%s\" does not apply to %s", k->name, t->what);
    if (value >= 0)
        snprintf(message + used, sizeof(message) - used, " with %s %s", decider->name,
                 decider->words->items[value]);
    used = (size_t)snprintf(expected, sizeof(expected), "it only where %s is ", decider->name);
    key_expect_words(decider->words, mask, expected + used, sizeof(expected) - used);
    reader_report(r, key, k->name, message, expected, NULL);
}

/* The row for name that applies, else any row of that name, else NULL. */
static const struct key *row_for(const struct key_table *t, const char *name, const void *base)
{
    for (size_t i = 0; i < t->n; i++) {
        if (strcmp(t->keys[i].name, name) == 0 && key_applies(t, &t->keys[i], base) == KEY_YES)
            return &t->keys[i];
    }
    return key_find(t, name);
}

static void check_keys(struct policy_reader *r, const struct key_table *t,
                       const struct yaml_node *node, const void *base)
{
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key = yaml_key_node(node, i);
        const struct key *k = row_for(t, yaml_text(key), base);

        if (k == NULL)
            report_key(r, t, key, base);
        else if (key_applies(t, k, base) == KEY_NO)
            report_inapplicable(r, t, key, k, base);
    }
}

static void read_key(struct policy_reader *r, const struct key_table *t, const struct key *k,
                     const struct yaml_node *node, void *base)
{
    const struct yaml_node *value = yaml_find(node, k->name);
    char message[128], expected[EXPECTED_BYTES] = "";

    if (key_applies(t, k, base) != KEY_YES)
        return;
    if (value != NULL) {
        read_value(r, k, value, base);
        return;
    }
    if (!k->required)
        return;
    snprintf(message, sizeof(message), "%s needs the key \"%s\"", t->what, k->name);
    if (key_type_of(k->kind) != NULL)
        key_type_of(k->kind)->expect(k, expected, sizeof(expected));
    reader_report(r, node, k->name, message, expected, NULL);
}

void reader_mapping(struct policy_reader *r, const struct key_table *t,
                    const struct yaml_node *node, void *base)
{
    size_t before = r->d->n + r->d->n_dropped;
    char got[128];

    for (size_t i = 0; i < t->n; i++)
        fill_default(&t->keys[i], base);
    if (yaml_kind(node) != YAML_MAPPING) {
        describe(node, got, sizeof(got));
        reader_report(r, node, NULL, got, "a mapping (key: value)", NULL);
        return;
    }
    for (size_t i = 0; i < t->n; i++)
        read_key(r, t, &t->keys[i], node, base);
    check_keys(r, t, node, base);
    if (t->check != NULL && r->d->n + r->d->n_dropped == before)
        t->check(r, node, base);
}
