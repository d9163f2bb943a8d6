/*
 * yaml_parse.c - libfyaml's events to our tree.
 *
 * Events, not libfyaml's own documents: only events know where mappings and sequences begin, and
 * the bounds (depth, number of nodes, expansion of aliases) are checked while reading, before
 * anything is built. An anchor is known once its node is complete, so a node can never contain
 * itself.
 */
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/utf8.h"
#include "yaml_node.h"

#define MAX_DEPTH 64
#define MAX_NODES 200000 /* with aliases expanded */
#define MAX_TEXT_BYTES (64 << 20)

struct anchor {
    const char *name;
    const struct yaml_node *node;
};

/* A collection whose end has not been read. */
struct frame {
    struct yaml_node *node;
    const char *anchor;
    size_t first_item; /* in the stack of items */
};

struct reader {
    struct yaml_doc *doc;
    const char *text;
    size_t len;
    struct frame frames[MAX_DEPTH];
    int depth;
    const struct yaml_node **items; /* the children of all open collections, one stack */
    size_t n_items, cap_items;
    struct anchor *anchors;
    size_t n_anchors, cap_anchors;
    size_t total_weight;
    bool is_complete;       /* the one document has been read */
    struct fy_event *event; /* the one being handled */
    int line, column;       /* where it begins */
    struct err *e;
};

static enum err_code fail(struct reader *r, enum err_code code, const char *what)
{
    return err_set(r->e, code, "%s:%d:%d: %s", r->doc->name, r->line, r->column, what);
}

static enum err_code no_memory(struct reader *r)
{
    return err_set(r->e, ERR_NOMEM, "%s: out of memory", r->doc->name);
}

/* Doubles an array where it is full. */
static bool grow(void **array, size_t n, size_t *cap, size_t item_bytes)
{
    if (n < *cap) {
        return true;
    }
    size_t new_cap = *cap ? *cap * 2 : 64;
    void *more = realloc(*array, new_cap * item_bytes);
    if (!more) {
        return false;
    }
    *array = more;
    *cap = new_cap;
    return true;
}

static bool is_block(struct fy_token *token)
{
    enum fy_scalar_style style = fy_token_scalar_style(token);
    return style == FYSS_LITERAL || style == FYSS_FOLDED;
}

/* A token's text as a string of the arena. */
static enum err_code copy_text(struct reader *r, struct fy_token *token, const char **out)
{
    size_t len = 0;
    const char *text = token ? fy_token_get_text(token, &len) : "";
    if (!text) {
        return no_memory(r);
    }
    if (is_block(token) && len == 1 && *text == '\0') {
        len = 0; /* libfyaml 0.7 counts a terminator in an empty block scalar */
    }
    if (memchr(text, '\0', len)) {
        return fail(r, ERR_PARSE, "a text must not contain a NUL character");
    }
    char *copy = yaml_alloc(r->doc, len + 1);
    if (!copy) {
        return no_memory(r);
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    *out = copy;
    return ERR_OK;
}

static enum err_code new_node(struct reader *r, enum yaml_kind kind, struct yaml_node **out)
{
    struct yaml_node *node = yaml_alloc(r->doc, sizeof *node);
    if (!node) {
        return no_memory(r);
    }
    *node = (struct yaml_node){
        .kind = kind, .line = r->line, .column = r->column, .weight = 1, .text = ""};
    *out = node;
    return ERR_OK;
}

/* The name in an event's "&name", NULL where there is none. */
static enum err_code anchor_name(struct reader *r, const char **out)
{
    struct fy_token *token = fy_event_get_anchor_token(r->event);
    *out = NULL;
    return token ? copy_text(r, token, out) : ERR_OK;
}

static enum err_code remember_anchor(struct reader *r, const char *name,
                                     const struct yaml_node *node)
{
    if (!name) {
        return ERR_OK;
    }
    if (!grow((void **)&r->anchors, r->n_anchors, &r->cap_anchors, sizeof *r->anchors)) {
        return no_memory(r);
    }
    r->anchors[r->n_anchors++] = (struct anchor){name, node};
    return ERR_OK;
}

static bool expects_key(const struct reader *r)
{
    const struct frame *f = r->depth ? &r->frames[r->depth - 1] : NULL;
    return f && f->node->kind == YAML_MAPPING && (r->n_items - f->first_item) % 2 == 0;
}

/* Puts a complete node where it belongs: into the innermost open collection, or as the root. */
static enum err_code place(struct reader *r, const struct yaml_node *node)
{
    r->total_weight += node->weight;
    if (r->total_weight > MAX_NODES) {
        return fail(r, ERR_LIMIT, "more than 200000 values, aliases expanded");
    }
    if (r->depth + node->height > MAX_DEPTH) {
        return fail(r, ERR_LIMIT, "more than 64 levels of nesting, aliases expanded");
    }
    if (r->depth == 0) {
        r->doc->root = node;
        return ERR_OK;
    }
    if (!grow((void **)&r->items, r->n_items, &r->cap_items, sizeof(*r->items))) {
        return no_memory(r);
    }
    r->items[r->n_items++] = node;
    return ERR_OK;
}

static enum err_code on_scalar(struct reader *r)
{
    struct yaml_node *node;
    const char *anchor;
    struct fy_token *value = r->event->scalar.value;
    enum err_code code = new_node(r, YAML_SCALAR, &node);
    if (!code) {
        code = copy_text(r, value, &node->text);
    }
    if (!code) {
        code = anchor_name(r, &anchor);
    }
    if (code) {
        return code;
    }
    node->is_plain = !value || fy_token_scalar_style(value) == FYSS_PLAIN;
    code = remember_anchor(r, anchor, node);
    return code ? code : place(r, node);
}

static enum err_code on_alias(struct reader *r)
{
    const char *name;
    struct yaml_node *node;
    enum err_code code = copy_text(r, r->event->alias.anchor, &name);
    if (code) {
        return code;
    }
    size_t i = r->n_anchors; /* the latest of equal names counts */
    while (i > 0 && strcmp(r->anchors[i - 1].name, name) != 0) {
        i--;
    }
    if (i == 0) {
        return fail(r, ERR_PARSE, "an alias without an anchor before it");
    }
    if (expects_key(r) && r->anchors[i - 1].node->kind != YAML_SCALAR) {
        return fail(r, ERR_PARSE, "expected a plain or quoted text as key");
    }
    code = new_node(r, YAML_SCALAR, &node);
    if (code) {
        return code;
    }
    int line = node->line, column = node->column;
    *node = *r->anchors[i - 1].node;
    node->line = line;
    node->column = column;
    return place(r, node);
}

static enum err_code on_open(struct reader *r, enum yaml_kind kind)
{
    struct frame f = {.first_item = r->n_items};
    if (expects_key(r)) {
        return fail(r, ERR_PARSE, "expected a plain or quoted text as key");
    }
    if (r->depth == MAX_DEPTH) {
        return fail(r, ERR_LIMIT, "more than 64 levels of nesting");
    }
    enum err_code code = new_node(r, kind, &f.node);
    if (!code) {
        code = anchor_name(r, &f.anchor);
    }
    if (!code) {
        r->frames[r->depth++] = f;
    }
    return code;
}

static int by_text_then_place(const void *a, const void *b)
{
    const struct yaml_node *x = *(const struct yaml_node *const *)a;
    const struct yaml_node *y = *(const struct yaml_node *const *)b;
    int order = strcmp(x->text, y->text);
    if (order == 0) {
        order = (x->line > y->line) - (x->line < y->line);
    }
    return order ? order : (x->column > y->column) - (x->column < y->column);
}

static enum err_code check_duplicates(struct reader *r, const struct yaml_node *node)
{
    size_t n = node->count;
    const struct yaml_node **keys = calloc(n ? n : 1, sizeof(*keys));
    if (!keys) {
        return no_memory(r);
    }
    for (size_t i = 0; i < n; i++) {
        keys[i] = node->items[2 * i];
    }
    qsort(keys, n, sizeof(*keys), by_text_then_place);
    enum err_code code = ERR_OK;
    for (size_t i = 1; i < n && !code; i++) {
        if (strcmp(keys[i]->text, keys[i - 1]->text) == 0) {
            code = err_set(r->e, ERR_PARSE, "%s:%d:%d: duplicate key \"%.80s\", first in line %d",
                           r->doc->name, keys[i]->line, keys[i]->column, keys[i]->text,
                           keys[i - 1]->line);
        }
    }
    free(keys);
    return code;
}

static int max_int(int a, int b)
{
    return a > b ? a : b;
}

/* Moves the children from the stack into the arena. */
static enum err_code take_items(struct reader *r, const struct frame *f)
{
    size_t n = r->n_items - f->first_item;
    struct yaml_node *node = f->node;
    node->items = yaml_alloc(r->doc, n * sizeof(*node->items));
    if (!node->items) {
        return no_memory(r);
    }
    for (size_t i = 0; i < n; i++) {
        node->items[i] = r->items[f->first_item + i];
        node->weight += node->items[i]->weight;
        node->height = max_int(node->height, node->items[i]->height + 1);
    }
    node->count = node->kind == YAML_MAPPING ? n / 2 : n;
    r->n_items = f->first_item;
    return ERR_OK;
}

static enum err_code on_close(struct reader *r)
{
    struct frame f = r->frames[--r->depth];
    enum err_code code = take_items(r, &f);
    if (!code && f.node->kind == YAML_MAPPING) {
        code = check_duplicates(r, f.node);
    }
    if (!code) {
        code = remember_anchor(r, f.anchor, f.node);
    }
    if (code) {
        return code;
    }
    r->total_weight -= f.node->weight - 1; /* the children were counted when they were placed */
    return place(r, f.node);
}

/* libfyaml's marks of quoted texts and aliases stand behind the quote or the star. */
static bool has_sign_before(const struct reader *r, size_t at)
{
    const char *signs = r->event->type == FYET_ALIAS ? "*" : "\"'";
    if (r->event->type == FYET_SCALAR &&
        fy_token_scalar_style(r->event->scalar.value) == FYSS_PLAIN) {
        return false;
    }
    return at > 0 && at <= r->len && strchr(signs, r->text[at - 1]);
}

/* An event without a token (the value of "key:") stands where the one before it stood. */
static void note_place(struct reader *r)
{
    const struct fy_mark *mark = fy_event_start_mark(r->event);
    if (!mark) {
        return;
    }
    r->line = mark->line + 1;
    r->column = mark->column + 1;
    if ((r->event->type == FYET_SCALAR || r->event->type == FYET_ALIAS) &&
        has_sign_before(r, mark->input_pos)) {
        r->column--;
    }
}

static enum err_code handle(struct reader *r)
{
    note_place(r);
    if (fy_event_get_tag_token(r->event)) {
        return fail(r, ERR_UNSUPPORTED, "tags (!name) are not supported");
    }
    switch (r->event->type) {
    case FYET_SCALAR:
        return on_scalar(r);
    case FYET_ALIAS:
        return on_alias(r);
    case FYET_MAPPING_START:
        return on_open(r, YAML_MAPPING);
    case FYET_SEQUENCE_START:
        return on_open(r, YAML_SEQUENCE);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        return on_close(r);
    case FYET_DOCUMENT_START:
        return r->is_complete ? fail(r, ERR_PARSE, "expected one document, got a second one")
                              : ERR_OK;
    case FYET_DOCUMENT_END:
        r->is_complete = true;
        return ERR_OK;
    case FYET_NONE:
    case FYET_STREAM_START:
    case FYET_STREAM_END:
        break;
    }
    return ERR_OK;
}

/* libfyaml's first complaint, in our form. */
static enum err_code syntax_error(struct reader *r, struct fy_diag *diag)
{
    void *iterator = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &iterator);
    if (!first) {
        return fail(r, ERR_PARSE, "not YAML");
    }
    r->line = first->line > 0 ? first->line : 1;
    r->column = first->column > 0 ? first->column : 1;
    return fail(r, ERR_PARSE, first->msg ? first->msg : "not YAML");
}

static enum err_code read_events(struct reader *r, struct fy_parser *parser, struct fy_diag *diag)
{
    enum err_code code = ERR_OK;
    bool at_end = false;
    while (!code && !at_end && (r->event = fy_parser_parse(parser))) {
        at_end = r->event->type == FYET_STREAM_END;
        code = handle(r);
        fy_parser_event_free(parser, r->event);
    }
    if (code || (at_end && r->doc->root && !fy_parser_get_stream_error(parser))) {
        return code;
    }
    if (at_end && !fy_parser_get_stream_error(parser)) {
        return fail(r, ERR_PARSE, "expected a document, got nothing");
    }
    return syntax_error(r, diag);
}

static enum err_code read_text(struct reader *r)
{
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    if (!diag) {
        return no_memory(r);
    }
    fy_diag_set_collect_errors(diag, true); /* instead of printing them */
    const struct fy_parse_cfg cfg = {.flags = FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2,
                                     .diag = diag};
    struct fy_parser *parser = fy_parser_create(&cfg);
    enum err_code code;
    if (!parser || fy_parser_set_string(parser, r->text, r->len) != 0) {
        code = no_memory(r);
    } else {
        code = read_events(r, parser, diag);
    }
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return code;
}

/* The control characters that YAML 1.2.2, section 5.1, leaves out. */
static bool is_unprintable(char c)
{
    return ((unsigned char)c < ' ' && !strchr("\t\n\r", c)) || c == '\0' || c == 0x7f;
}

/* ":", "?" or "-" at, followed by a blank or the end of the text. */
static bool is_indicator(const struct reader *r, size_t at)
{
    return at < r->len && strchr(":?-", r->text[at]) && r->text[at] &&
           (at + 1 == r->len || strchr(" \t\n\r", r->text[at + 1]));
}

/* The last character before at that is no blank, in at's line or not; -1: none. */
static ptrdiff_t last_before(const struct reader *r, size_t at)
{
    while (at > 0 && strchr(" \t", r->text[at - 1]) && r->text[at - 1])
        at--;
    return (ptrdiff_t)at - 1;
}

/*
 * What libfyaml 0.7 frees without having allocated it, after it has reported the mistake: keys with
 * "?" before them ("? a:<tab>: b"), which nobody needs here, and ":" right after ":". And tabs
 * between indicators: indentation is made of spaces (YAML 1.2.2, section 6.1). A text that has such
 * a pair or a line that begins with "?" wants another character there.
 */
static const char *odd_indicator(const struct reader *r, size_t at)
{
    if (!is_indicator(r, at))
        return NULL;
    ptrdiff_t before = last_before(r, at);
    bool is_first = before < 0 || strchr("\n\r", r->text[before]);
    bool is_second = !is_first && is_indicator(r, (size_t)before);
    if (r->text[at] == '?' && (is_first || is_second))
        return "expected a key without '?' before it";
    if (is_second && memchr(r->text + before, '\t', at - (size_t)before))
        return "expected spaces, got a tab";
    if (is_second && r->text[at] == ':' && r->text[before] == ':')
        return "expected a value, got another ':'";
    return NULL;
}

/* libfyaml stops at a NUL byte and lets broken UTF-8 and control characters through. */
static enum err_code check_characters(struct reader *r)
{
    for (size_t at = 0; at < r->len;) {
        size_t n = utf8_char_len(r->text + at, r->len - at);
        if (n == 0 || is_unprintable(r->text[at])) {
            return fail(r, ERR_PARSE,
                        n ? "expected text, got a control character" : "expected UTF-8");
        }
        const char *odd = odd_indicator(r, at);
        if (odd) {
            return fail(r, ERR_PARSE, odd);
        }
        bool is_newline = r->text[at] == '\n';
        r->line += is_newline;
        r->column = is_newline ? 1 : r->column + 1;
        at += n;
    }
    r->line = r->column = 1;
    return ERR_OK;
}

static enum err_code read_document(struct reader *r)
{
    if (r->len > MAX_TEXT_BYTES) {
        return err_set(r->e, ERR_LIMIT, "%s: YAML of %zu bytes, at most %d are read", r->doc->name,
                       r->len, MAX_TEXT_BYTES);
    }
    enum err_code code = check_characters(r);
    return code ? code : read_text(r);
}

enum err_code yaml_parse(const char *name, const char *text, size_t len, struct yaml_doc **out,
                         struct err *e)
{
    struct yaml_doc *doc = calloc(1, sizeof *doc);
    if (!doc || !(doc->name = strdup(name))) {
        free(doc);
        return err_set(e, ERR_NOMEM, "%s: out of memory", name);
    }
    struct reader r = {.doc = doc, .text = text, .len = len, .line = 1, .column = 1, .e = e};
    enum err_code code = read_document(&r);
    free(r.items);
    free(r.anchors);
    if (code) {
        yaml_free(doc);
        return code;
    }
    *out = doc;
    return ERR_OK;
}

enum err_code yaml_load(const char *path, size_t max_bytes, struct yaml_doc **out, struct err *e)
{
    char *text;
    size_t len;
    enum err_code code = file_read(path, max_bytes, &text, &len, e);
    if (code) {
        return code;
    }
    code = yaml_parse(path, text, len, out, e);
    free(text);
    return code;
}
