/*
 * run_style.c - see run_style.h.
 */
#include "run_style.h"

#include <string.h>

#include "field.h"

enum style run_style(const char *state)
{
    static const struct {
        const char *state;
        enum style style;
    } styles[] = {
        {"promoted", STYLE_GOOD},          {"failed", STYLE_BAD},
        {"rolled_back", STYLE_BAD},        {"expired", STYLE_BAD},
        {"rejected", STYLE_WARN},          {"aborted", STYLE_WARN},
        {"awaiting_approval", STYLE_WARN}, {"awaiting_promotion", STYLE_WARN},
    };
    for (size_t i = 0; i < sizeof(styles) / sizeof(styles[0]); i++)
        if (strcmp(state, styles[i].state) == 0)
            return styles[i].style;
    return STYLE_PLAIN;
}

void run_show_brief(struct page *page, const cJSON *run, void *user)
{
    const char *next = field_text(run, "next"), *candidate = field_text(run, "candidate.label");
    (void)user;
    page_line(page, STYLE_PLAIN, "%s of %s is %s%s%s%s: %s", field_text(run, "id"),
              field_text(run, "model"), field_text(run, "state"),
              field_bool(run, "paused") ? " (paused)" : "", candidate[0] ? ", candidate " : "",
              candidate, field_text(run, "reason"));
    page_line(page, STYLE_PLAIN, "Next: leeway run show %s", field_text(run, "id"));
    if (next[0])
        page_line(page, STYLE_PLAIN, "      %s", next);
}
