/*
 * cmd_run_show.c - leeway run show: one run's timeline, with the numbers behind every decision.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "command.h"
#include "field.h"
#include "run_style.h"
#include "show.h"

#define MAX_NUMBERS 40

static bool is_among(const char *key, const char *const *keys)
{
    for (size_t i = 0; keys[i]; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

/* The numbers below node on as many lines as they need, but for the keys that are told otherwise.
 */
static void show_numbers(struct page *page, size_t indent, const cJSON *node,
                         const char *const *told)
{
    struct buf words = BUF_INIT;
    cJSON *rest = cJSON_CreateObject();
    const cJSON *child = NULL;
    cJSON_ArrayForEach(child, node) if (!is_among(child->string, told))
        cJSON_AddItemReferenceToObject(rest, child->string, (cJSON *)child);
    field_flatten(rest, MAX_NUMBERS, &words);
    if (words.len)
        page_indented(page, indent, STYLE_DIM, words.data);
    buf_free(&words);
    cJSON_Delete(rest);
}

static void show_head(struct page *page, const cJSON *r)
{
    char time[FIELD_BYTES], end[FIELD_BYTES];
    page_line(page, STYLE_BOLD, "%s of %s: %s%s", field_text(r, "id"), field_text(r, "model"),
              field_text(r, "state"), field_bool(r, "paused") ? " (paused)" : "");
    page_field(page, "why", "%s", field_text(r, "reason"));
    page_field(page, "trigger", "%s by %s: %s", field_text(r, "trigger.name"),
               field_text(r, "trigger.actor"), field_text(r, "trigger.reason"));
    page_field(page, "candidate", "%s", field_text(r, "candidate.label"));
    page_field(page, "started", "%s", field_show_time(r, "started_unix_ms", time));
    page_field(page, "ended", "%s", field_show_time(r, "ended_unix_ms", end));
    if (field_int(r, "step") > 0)
        page_field(page, "step", "%lld of %lld, the candidate answers %.3g%%",
                   (long long)field_int(r, "step"), (long long)field_int(r, "steps"),
                   100 * field_number(r, "weight"));
    page_field(page, "rows", "%lld when it was triggered",
               (long long)field_int(r, "rows_at_trigger"));
    if (field_int(r, "rows_at_end") > 0)
        page_field(page, "", "%lld at its end", (long long)field_int(r, "rows_at_end"));
    if (cJSON_GetObjectItem(r, "progress"))
        page_field(page, "training", "%s, %.0f%%", field_text(r, "progress.job"),
                   100 * field_number(r, "progress.done"));
    page_field(page, "next", "%s", field_text(r, "next"));
}

/* "accuracy-fell fired: accuracy 0.71 is ...", then its numbers. */
static void show_reasons(struct page *page, const cJSON *list, const char *flag, const char *yes,
                         const char *no)
{
    static const char *const told[] = {"name", "kind",    "fired", "allows",
                                       "why",  "windows", NULL}; /* why sums the windows up */
    const cJSON *item = NULL;
    cJSON_ArrayForEach(item, list)
    {
        struct buf line = BUF_INIT;
        bool on = field_bool(item, flag);
        buf_printf(&line, "%s %s: %s", field_text(item, "name"), on ? yes : no,
                   field_text(item, "why"));
        page_indented(page, 2, on ? STYLE_PLAIN : STYLE_DIM, line.data ? line.data : "");
        show_numbers(page, 6, item, told);
        buf_free(&line);
    }
}

static void show_evidence(struct page *page, const cJSON *r)
{
    static const char *const told[] = {"request",     "triggers", "guards",          "outcome",
                                       "trigger",     "guard",    "reason_in_words", "reason",
                                       "now_unix_ms", NULL};
    const cJSON *evidence = json_at(r, "trigger.evidence");
    if (!evidence)
        return;
    page_gap(page);
    page_line(page, STYLE_BOLD, "Triggers");
    show_reasons(page, json_at(evidence, "triggers"), "fired", "fired", "is quiet");
    page_line(page, STYLE_BOLD, "Guards");
    show_reasons(page, json_at(evidence, "guards"), "allows", "allows it", "forbids it");
    show_numbers(page, 2, evidence, told);
}

/* What was compared, a sentence each; the one that decided stands in the reason already. */
static void show_comparisons(struct page *page, const cJSON *detail, const char *reason)
{
    const cJSON *one = NULL;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(detail, "comparisons"))
    {
        const char *sentence = field_text(one, "sentence");
        if (sentence[0] && !strstr(reason, sentence))
            page_indented(page, 4, STYLE_DIM, sentence);
    }
}

static void show_step_numbers(struct page *page, const cJSON *line)
{
    static const char *const told[] = {"event", "text", "detail", NULL};
    static const char *const told_of_detail[] = {"comparisons", "rows", NULL};
    const cJSON *numbers = cJSON_GetObjectItem(line, "numbers");
    const cJSON *detail = cJSON_GetObjectItem(numbers, "detail");
    show_comparisons(page, detail, field_text(line, "reason"));
    show_numbers(page, 4, numbers, told);
    show_numbers(page, 4, detail, told_of_detail);
}

/* "14:00:01  gate -> shadow  (gate_verdict, system, row 19435)" */
static void show_moment(struct page *page, const cJSON *line)
{
    char time[FIELD_BYTES], rows[48] = "";
    const char *to = field_text(line, "to"), *from = field_text(line, "from");
    bool moved = strcmp(from, to) != 0;
    int64_t n_rows = field_int(line, "numbers.detail.rows");
    if (n_rows > 0)
        snprintf(rows, sizeof(rows), ", row %lld", (long long)n_rows);
    page_line(page, moved ? run_style(to) : STYLE_PLAIN, "%s  %s%s%s  (%s, %s%s)",
              field_show_time(line, "at_unix_ms", time), moved ? from : "",
              moved && from[0] ? " -> " : "", to, field_text(line, "event"),
              field_text(line, "actor"), rows);
}

static void show_transition(struct page *page, const cJSON *line)
{
    show_moment(page, line);
    if (field_text(line, "reason")[0])
        page_indented(page, 4, STYLE_PLAIN, field_text(line, "reason"));
    if (strcmp(field_text(line, "event"), "trigger") != 0) /* those are the evidence above */
        show_step_numbers(page, line);
}

static void show(struct page *page, const cJSON *r, void *user)
{
    const cJSON *line = NULL;
    (void)user;
    show_head(page, r);
    show_evidence(page, r);
    page_gap(page);
    page_line(page, STYLE_BOLD, "Timeline");
    cJSON_ArrayForEach(line, cJSON_GetObjectItem(r, "timeline")) show_transition(page, line);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    struct watch_options watch = WATCH_DEFAULT;
    const struct opt opts[] = {WATCH_OPTS(&watch), {.kind = OPT_END}};
    struct buf path = BUF_INIT;
    if (!cli_parse(cli, opts, &code))
        return code;
    control_path(&path, "/v1/runs/{}", cli->args[0]);
    code = show_get(cli, path.data, &watch, show, NULL);
    buf_free(&path);
    return code;
}

const struct command cmd_run_show = {
    .name = "run show",
    .synopsis = "RUN",
    .summary = "One run's timeline, with the numbers behind it",
    .about = "Every step of a run: when, by whom, why, and the numbers that decided.",
    .examples = "leeway run show r-7\nleeway run show r-7 --watch\n",
    .group = GROUP_WATCH,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
