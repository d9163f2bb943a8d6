/*
 * cmd_drift.c - leeway drift: the newest windows, one character each, and the newest one's numbers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "field.h"
#include "show.h"
#include "base/table.h"

#define MAX_GLYPHS 60

static char glyph_of(const char *verdict)
{
    return strcmp(verdict, "drift") == 0          ? '#'
           : strcmp(verdict, "ok") == 0           ? '.'
           : strcmp(verdict, "insufficient") == 0 ? '-'
                                                  : '?';
}

/* The signal of the same monitor, statistic, feature and length in another window; NULL: not there.
 */
static const cJSON *find_signal(const cJSON *window, const cJSON *like)
{
    static const char *const keys[] = {"monitor", "statistic", "feature"};
    const cJSON *signal = NULL;
    cJSON_ArrayForEach(signal, cJSON_GetObjectItem(window, "signals"))
    {
        bool same = field_int(signal, "windows_together") == field_int(like, "windows_together");
        for (size_t i = 0; same && i < sizeof(keys) / sizeof(keys[0]); i++)
            same = strcmp(field_text(signal, keys[i]), field_text(like, keys[i])) == 0;
        if (same)
            return signal;
    }
    return NULL;
}

/* Verdicts of the newest windows, oldest first. */
static void put_history(struct table *t, const cJSON *windows, int n_shown, const cJSON *like)
{
    char glyphs[MAX_GLYPHS + 1];
    int n = cJSON_GetArraySize(windows), i = 0;
    size_t len = 0;
    const cJSON *window = NULL;
    cJSON_ArrayForEach(window, windows)
    {
        if (n - i++ > n_shown)
            continue;
        const cJSON *signal = find_signal(window, like);
        glyphs[len++] = signal ? glyph_of(field_text(signal, "verdict")) : ' ';
    }
    glyphs[len] = '\0';
    table_cell(t, STYLE_PLAIN, "%s", glyphs);
}

/* "psi", "psi, 8 windows" */
static void put_statistic(struct table *t, const cJSON *signal)
{
    const char *statistic = field_text(signal, "statistic");
    int64_t n_windows = field_int(signal, "windows_together");
    if (n_windows > 0)
        table_cell(t, STYLE_PLAIN, "%s, %lld windows", statistic, (long long)n_windows);
    else
        table_cell(t, STYLE_PLAIN, "%s", statistic);
}

static void put_signal(struct table *t, const cJSON *windows, int n_shown, const cJSON *signal)
{
    char value[FIELD_BYTES], limit[FIELD_BYTES], p[FIELD_BYTES];
    const char *feature = field_text(signal, "feature");
    bool drift = strcmp(field_text(signal, "verdict"), "drift") == 0;
    table_cell(t, STYLE_PLAIN, "%s", feature[0] ? feature : "(model)");
    put_history(t, windows, n_shown, signal);
    put_statistic(t, signal);
    table_cell(t, drift ? STYLE_BAD : STYLE_PLAIN, "%s", field_show_number(signal, "value", value));
    table_cell(t, STYLE_PLAIN, "%s", field_show_number(signal, "threshold", limit));
    table_cell(t, STYLE_PLAIN, "%s", field_show_number(signal, "p_value", p));
}

/* Rates of missing or unseen values that never stirred would hide what did; so would features that
 * never varied, of which nobody can say that they stopped. */
static bool is_dull(const cJSON *windows, const cJSON *signal)
{
    const cJSON *window = NULL;
    if (strcmp(field_text(signal, "kind"), "quality") != 0)
        return false;
    cJSON_ArrayForEach(window, windows)
    {
        const cJSON *other = find_signal(window, signal);
        const char *verdict = other ? field_text(other, "verdict") : "ok";
        if (strcmp(verdict, "ok") != 0 && strcmp(verdict, "unavailable") != 0)
            return false;
    }
    return true;
}

/* What drifts comes first. Returns how many dull series were left out. */
static int show_window(struct page *page, const cJSON *windows, int n_shown, const cJSON *newest,
                       bool all)
{
    static const struct table_column columns[] = {
        {"FEATURE", TABLE_CUT},  {"WINDOWS", TABLE_KEEP}, {"STAT", TABLE_CUT},
        {"VALUE", TABLE_NUMBER}, {"LIMIT", TABLE_NUMBER}, {"P-VALUE", TABLE_NUMBER},
    };
    struct table *t = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    const cJSON *signal = NULL, *signals = cJSON_GetObjectItem(newest, "signals");
    int n_dull = 0;
    for (int drift = 1; drift >= 0; drift--) {
        cJSON_ArrayForEach(signal, signals)
        {
            if ((strcmp(field_text(signal, "verdict"), "drift") == 0) != drift)
                continue;
            if (!all && is_dull(windows, signal))
                n_dull++;
            else
                put_signal(t, windows, n_shown, signal);
        }
    }
    table_print(t, page);
    table_free(t);
    return n_dull;
}

static void show(struct page *page, const cJSON *answer, void *user)
{
    char from[FIELD_BYTES], to[FIELD_BYTES];
    const cJSON *windows = cJSON_GetObjectItem(answer, "windows");
    int n = cJSON_GetArraySize(windows);
    const cJSON *newest = n > 0 ? cJSON_GetArrayItem(windows, n - 1) : NULL;
    const bool *all = user;
    int most = page->width / 4 < MAX_GLYPHS ? (int)page->width / 4 : MAX_GLYPHS;
    int n_shown = n < most ? n : most;
    if (!newest) {
        page_line(page, STYLE_PLAIN, "No window is closed yet: rows must be served first.");
        return;
    }
    page_line(page, STYLE_BOLD, "%s against %s: %lld of %lld series drift in the newest window",
              field_text(answer, "model"), field_text(newest, "version"),
              (long long)field_int(newest, "drifted"), (long long)field_int(newest, "features"));
    page_line(page, STYLE_DIM, "window %lld: %lld rows, %s to %s",
              (long long)field_int(newest, "id"), (long long)field_int(newest, "rows"),
              field_show_time(newest, "from_unix_ms", from),
              field_show_time(newest, "to_unix_ms", to));
    page_gap(page);
    int n_dull = show_window(page, windows, n_shown, newest, *all);
    page_gap(page);
    page_line(
        page, STYLE_DIM,
        "%d windows, the newest last: # drift, . ok, - not enough rows, ? could not be judged",
        n_shown);
    if (n_dull > 0)
        page_line(page, STYLE_DIM,
                  "%d rates of missing, unseen or strange values are ok in all of "
                  "them; --all shows them",
                  n_dull);
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    int64_t n_windows = 20;
    bool all = false;
    struct watch_options watch = WATCH_DEFAULT;
    const struct opt opts[] = {{.name = "windows",
                                .letter = 'n',
                                .kind = OPT_INT,
                                .dest = &n_windows,
                                .arg = "N",
                                .min = 1,
                                .max = 500,
                                .help = "How many of the newest windows."},
                               {.name = "all",
                                .letter = 'a',
                                .kind = OPT_FLAG,
                                .dest = &all,
                                .help = "Also quality series that are ok in every window."},
                               WATCH_OPTS(&watch),
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    struct buf path = BUF_INIT;
    control_path(&path, "/v1/models/{}/drift", cli->args[0]);
    buf_printf(&path, "?windows=%lld", (long long)n_windows);
    code = show_get(cli, path.data, &watch, show, &all);
    buf_free(&path);
    return code;
}

const struct command cmd_drift = {
    .name = "drift",
    .synopsis = "MODEL",
    .summary = "What has moved against the reference, feature by feature",
    .about =
        "The newest windows against the data that the champion was fitted for: one character a "
        "window, and the newest one's statistic with its limit.",
    .examples = "leeway drift loan\nleeway drift loan --windows 50 --watch\n",
    .group = GROUP_WATCH,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
