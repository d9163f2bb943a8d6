/*
 * cmd_champion.c - leeway champion: which version was in service at a moment, and who put it there.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "command.h"
#include "field.h"
#include "show.h"

static void show(struct page *page, const cJSON *answer, void *user)
{
    char from[FIELD_BYTES], to[FIELD_BYTES];
    (void)user;
    page_line(page, STYLE_BOLD, "%s", field_text(answer, "version"));
    page_field(page, "since", "%s", field_show_time(answer, "since_unix_ms", from));
    if (field_int(answer, "until_unix_ms"))
        page_field(page, "until", "%s", field_show_time(answer, "until_unix_ms", to));
    page_field(page, "by", "%s", field_text(answer, "actor"));
    page_field(page, "why", "%s", field_text(answer, "reason"));
    page_field(page, "sha256", "%s", field_text(answer, "sha256"));
}

/* "2026-01-02T03:04:05Z", Unix milliseconds, or "2h" for two hours ago. */
static bool parse_moment(const char *text, int64_t now, int64_t *out)
{
    char *end = NULL;
    int64_t ago = 0;
    if (clock_parse_utc(text, out))
        return true;
    if (clock_parse_duration(text, &ago)) {
        *out = now - ago;
        return true;
    }
    *out = strtoll(text, &end, 10);
    return *text && *end == '\0' && *out > 0;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *at = NULL;
    int64_t moment = 0;
    const struct opt opts[] = {{.name = "at",
                                .kind = OPT_STRING,
                                .dest = &at,
                                .arg = "TIME",
                                .help = "RFC 3339, Unix milliseconds, or a time ago such as 2h; "
                                        "now if absent."},
                               {.kind = OPT_END}};
    if (!cli_parse(cli, opts, &code))
        return code;
    if (at && !parse_moment(at, clock_unix_ms(), &moment))
        return cli_usage(
            cli,
            "--at: expected a time such as 2026-01-02T03:04:05Z, Unix milliseconds, or "
            "2h for two hours ago, got \"%.60s\"",
            at);
    struct buf path = BUF_INIT;
    control_path(&path, "/v1/models/{}/champion", cli->args[0]);
    if (at)
        buf_printf(&path, "?at=%lld", (long long)moment);
    code = show_get(cli, path.data, NULL, show, NULL);
    buf_free(&path);
    return code;
}

const struct command cmd_champion = {
    .name = "champion",
    .synopsis = "MODEL",
    .summary = "Which version served at a moment, and who put it there",
    .about = "The version in service now or at a moment in the past, since when, by whom, and why.",
    .examples = "leeway champion loan\nleeway champion loan --at 2026-01-02T03:04:05Z\n"
                "leeway champion loan --at 2h\n",
    .group = GROUP_VERSIONS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
