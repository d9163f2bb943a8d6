/*
 * cmd_run_show.c - leeway run show: one run's timeline, with the numbers behind every decision.
 */
#include <string.h>

#include "command.h"
#include "field.h"
#include "run_style.h"
#include "show.h"

#define MAX_NUMBERS 40

static void show_numbers(struct page *page, const cJSON *numbers)
{
    struct buf words = BUF_INIT;
    field_flatten(numbers, MAX_NUMBERS, &words);
    if (words.len)
        page_indented(page, 4, STYLE_DIM, words.data);
    buf_free(&words);
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

static void show_evidence(struct page *page, const cJSON *r)
{
    const cJSON *trigger = cJSON_GetObjectItem(r, "trigger");
    const cJSON *evidence = trigger ? cJSON_GetObjectItem(trigger, "evidence") : NULL;
    if (!evidence)
        return;
    page_gap(page);
    page_line(page, STYLE_BOLD, "Evidence");
    show_numbers(page, evidence);
}

static void show_transition(struct page *page, const cJSON *line)
{
    char time[FIELD_BYTES];
    const char *to = field_text(line, "to"), *from = field_text(line, "from");
    bool moved = strcmp(from, to) != 0;
    page_line(page, moved ? run_style(to) : STYLE_PLAIN, "%s  %s%s%s  (%s, %s)",
              field_show_time(line, "at_unix_ms", time), moved ? from : "",
              moved && from[0] ? " -> " : "", to, field_text(line, "event"),
              field_text(line, "actor"));
    if (field_text(line, "reason")[0])
        page_indented(page, 4, STYLE_PLAIN, field_text(line, "reason"));
    show_numbers(page, cJSON_GetObjectItem(line, "numbers"));
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
