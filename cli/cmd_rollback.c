/*
 * cmd_rollback.c - leeway rollback: an earlier version back into service, at once.
 */
#include <string.h>

#include "command.h"
#include "field.h"
#include "show.h"

static void show(struct page *page, const cJSON *answer, void *user)
{
    const struct cli *cli = user;
    const char *run = field_text(answer, "run");
    page_line(page, STYLE_PLAIN, "%s: %s is taken back, %s answers again", cli->args[0],
              field_text(answer, "from"), field_text(answer, "to"));
    if (run[0])
        page_line(page, STYLE_PLAIN, "%s takes it out of the fleet. Next: leeway run show %s", run,
                  run);
    else
        page_line(page, STYLE_PLAIN, "generation %lld, %lld of %lld replicas reached in %lld ms",
                  (long long)field_int(answer, "generation"),
                  (long long)field_int(answer, "replicas_reached"),
                  (long long)field_int(answer, "replicas"),
                  (long long)field_int(answer, "elapsed_ms"));
    if (!run[0])
        page_line(page, STYLE_PLAIN, "Next: leeway replicas");
}

static int roll_back(struct cli *cli, const char *to, const char *reason)
{
    struct control_answer answer = {0};
    struct err e = {0};
    struct buf path = BUF_INIT;
    int code = CLI_OK;
    cJSON *body = cJSON_CreateObject();
    cJSON_AddStringToObject(body, "reason", reason);
    if (to)
        cJSON_AddStringToObject(body, "to", to);
    control_path(&path, "/v1/models/{}/rollback", cli->args[0]);
    if (control_post(cli, path.data, body, &answer, &e) == ERR_OK)
        show_answer(cli, &answer, show, cli);
    else
        code = cli_fail(cli, &e);
    control_answer_clean_up(&answer);
    buf_free(&path);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *to = NULL, *reason = NULL;
    const struct opt opts[] = {{.name = "to",
                                .kind = OPT_STRING,
                                .dest = &to,
                                .arg = "VERSION",
                                .help = "A version by label or SHA-256; if absent, the champion "
                                        "before this one."},
                               {.name = "reason",
                                .kind = OPT_STRING,
                                .dest = &reason,
                                .arg = "TEXT",
                                .required = true,
                                .help = "Why; it goes into the audit log."},
                               {.kind = OPT_END}};
    return cli_parse(cli, opts, &code) ? roll_back(cli, to, reason) : code;
}

const struct command cmd_rollback = {
    .name = "rollback",
    .synopsis = "MODEL --reason TEXT",
    .summary = "Put an earlier version back into service, at once",
    .about =
        "During a rollout the candidate is taken back; afterwards an earlier champion returns. "
        "Replicas that are away get it at their next visit.",
    .examples = "leeway rollback loan --reason \"complaints since noon\"\n"
                "leeway rollback loan --to v3 --reason \"last one before the incident\"\n",
    .group = GROUP_RUNS,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
