/*
 * cmd_lineage.c - leeway lineage: where a version comes from and when it was in service.
 *
 * A version is named by its label within a model; a SHA-256 (or its beginning) names it alone, and
 * the model is looked up.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "field.h"
#include "show.h"

#define MODEL_BYTES 160
#define MIN_PREFIX 8
#define MAX_WORDS 60

static void show_service(struct page *page, const cJSON *answer)
{
    char from[FIELD_BYTES], to[FIELD_BYTES];
    const cJSON *stretch = NULL;
    cJSON_ArrayForEach(stretch, cJSON_GetObjectItem(answer, "service")) page_field(
        page, "in service", "%s to %s, put there by %s: %s",
        field_show_time(stretch, "from_unix_ms", from),
        field_int(stretch, "to_unix_ms") ? field_show_time(stretch, "to_unix_ms", to) : "now",
        field_text(stretch, "actor"), field_text(stretch, "reason"));
}

static void show_ancestors(struct page *page, const cJSON *answer)
{
    struct buf line = BUF_INIT;
    const cJSON *a = NULL;
    cJSON_ArrayForEach(a, cJSON_GetObjectItem(answer, "ancestors"))
        buf_printf(&line, "%s%s", line.len ? " <- " : "",
                   cJSON_IsString(a) ? a->valuestring : field_text(a, "label"));
    page_field(page, "ancestors", "%s", line.data ? line.data : "");
    buf_free(&line);
}

static void show_part(struct page *page, const char *name, const cJSON *part)
{
    struct buf words = BUF_INIT;
    field_flatten(part, MAX_WORDS, &words);
    bool leaf = words.len && words.data[0] == '='; /* a value alone has no path */
    page_field(page, name, "%s", words.data ? words.data + leaf : "");
    buf_free(&words);
}

/* The trigger's evidence is the run's to show; here its sentence is enough. */
static void show_lineage(struct page *page, const cJSON *lineage)
{
    const cJSON *part = NULL;
    cJSON_ArrayForEach(part, lineage)
    {
        if (strcmp(part->string, "trigger") != 0)
            show_part(page, part->string, part);
        else
            page_field(page, "trigger", "%s: %s", field_text(part, "trigger"),
                       field_text(part, "reason"));
    }
}

/* The manifest, a line per top-level key; the schema is the model's. */
static void show_manifest(struct page *page, const cJSON *manifest)
{
    const cJSON *part = NULL;
    page_gap(page);
    cJSON_ArrayForEach(part, manifest)
    {
        if (strcmp(part->string, "lineage") == 0)
            show_lineage(page, part);
        else if (strcmp(part->string, "schema") != 0)
            show_part(page, part->string, part);
    }
}

static void show(struct page *page, const cJSON *answer, void *user)
{
    char time[FIELD_BYTES];
    (void)user;
    page_line(page, STYLE_BOLD, "%s: %s", field_text(answer, "label"), field_text(answer, "state"));
    page_field(page, "sha256", "%s", field_text(answer, "sha256"));
    page_field(page, "created", "%s", field_show_time(answer, "created_unix_ms", time));
    page_field(page, "run", "%s", field_text(answer, "run"));
    page_field(page, "parent", "%s", field_text(answer, "parent"));
    show_ancestors(page, answer);
    show_service(page, answer);
    show_manifest(page, cJSON_GetObjectItem(answer, "manifest"));
}

/* ---- whose version is it? ---- */

static bool model_has(const struct cli *cli, const char *model, const char *version, struct err *e)
{
    struct control_answer answer = {0};
    struct buf path = BUF_INIT;
    bool found = false;
    const cJSON *v = NULL;
    size_t len = strlen(version);
    control_path(&path, "/v1/models/{}/versions", model);
    if (control_get(cli, path.data, &answer, e) == ERR_OK) {
        cJSON_ArrayForEach(v, cJSON_GetObjectItem(answer.json, "versions"))
        {
            bool label = strcmp(field_text(v, "label"), version) == 0;
            bool hash = len >= MIN_PREFIX && strncmp(field_text(v, "sha256"), version, len) == 0;
            found = found || label || hash;
        }
    }
    control_answer_clean_up(&answer);
    buf_free(&path);
    return found;
}

static enum err_code find_model(const struct cli *cli, const char *version, char out[MODEL_BYTES],
                                struct err *e)
{
    struct control_answer answer = {0};
    const cJSON *m = NULL;
    size_t n = 0;
    enum err_code code = control_get(cli, "/v1/models", &answer, e);
    struct err asked = {0};
    cJSON_ArrayForEach(m, cJSON_GetObjectItem(answer.json, "models"))
    {
        const char *name = field_text(m, "model");
        if (code == ERR_OK && asked.code == ERR_OK && model_has(cli, name, version, &asked)) {
            snprintf(out, MODEL_BYTES, "%s", name);
            n++;
        }
    }
    control_answer_clean_up(&answer);
    if (code != ERR_OK)
        return code;
    if (asked.code != ERR_OK)
        return err_set(e, asked.code, "%s", asked.message);
    if (n == 1)
        return ERR_OK;
    return n == 0 ? err_set(e, ERR_NOT_FOUND, "no model has a version \"%.80s\"", version)
                  : err_set(e, ERR_INVALID,
                            "%zu models have a version \"%.80s\": name one by --model", n, version);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *model = NULL;
    char found[MODEL_BYTES] = "";
    struct err e = {0};
    struct buf path = BUF_INIT;
    const struct opt opts[] = {{.name = "model",
                                .kind = OPT_STRING,
                                .dest = &model,
                                .arg = "MODEL",
                                .help = "The model, where only a version is given."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    const char *version = cli->args[cli->n_args - 1];
    if (cli->n_args == 2)
        model = cli->args[0];
    if (!model && find_model(cli, version, found, &e) != ERR_OK)
        return cli_fail(cli, &e);
    control_path(&path, "/v1/models/{}/versions/{}", model ? model : found, version);
    code = show_get(cli, path.data, NULL, show, NULL);
    buf_free(&path);
    return code;
}

const struct command cmd_lineage = {
    .name = "lineage",
    .synopsis = "[MODEL] VERSION",
    .summary = "Where a version comes from, and when it served",
    .about = "Snapshot, trigger, parent, policy, code and seed of a version, and the stretches in "
             "which it was champion. VERSION is a label or a SHA-256.",
    .examples = "leeway lineage loan v3\nleeway lineage 4f6ce1d2\nleeway lineage v3 --model loan\n",
    .group = GROUP_VERSIONS,
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
