/*
 * cmd_run_verbs.c - leeway approve, pause, resume, promote, abort: one call each, the same but for
 * the verb.
 */
#include "command.h"
#include "field.h"
#include "run_style.h"
#include "show.h"

static int operate(const struct cli *cli, const char *reason)
{
    struct control_answer answer = {0};
    struct err e = {0};
    struct buf path = BUF_INIT;
    int code = CLI_OK;
    cJSON *body = cJSON_CreateObject();
    if (reason)
        cJSON_AddStringToObject(body, "reason", reason);
    control_path(&path, "/v1/runs/{}/{}", cli->args[0], cli->command->name);
    if (control_post(cli, path.data, body, &answer, &e) == ERR_OK)
        show_answer(cli, &answer, run_show_brief, NULL);
    else
        code = cli_fail(cli, &e);
    control_answer_clean_up(&answer);
    buf_free(&path);
    return code;
}

static int run(struct cli *cli)
{
    int code = CLI_OK;
    const char *reason = NULL;
    const struct opt opts[] = {{.name = "reason",
                                .kind = OPT_STRING,
                                .dest = &reason,
                                .arg = "TEXT",
                                .help = "Why; it goes into the audit log."},
                               {.kind = OPT_END}};
    return cli_parse(cli, opts, &code) ? operate(cli, reason) : code;
}

#define RUN_VERB(verb, what, more)                                                                 \
    const struct command cmd_##verb = {                                                            \
        .name = #verb,                                                                             \
        .synopsis = "RUN",                                                                         \
        .summary = what,                                                                           \
        .about = what ". " more " Doing it twice is the same as once.",                            \
        .examples = "leeway " #verb " r-7 --reason \"checked with the team\"\n",                   \
        .group = GROUP_RUNS,                                                                       \
        .min_args = 1,                                                                             \
        .max_args = 1,                                                                             \
        .run = run,                                                                                \
    }

RUN_VERB(approve, "Allow the training or the promotion that waits",
         "A run that awaits approval goes on.");
RUN_VERB(pause, "Hold a run where it is", "Nothing new is started; the safety checks go on.");
RUN_VERB(resume, "Let a paused run go on", "It takes up where it was paused.");
RUN_VERB(promote, "Make the candidate champion now",
         "What is left of the rollout is skipped; the audit log says who did it.");
RUN_VERB(abort, "Stop a run and take back what it rolled out",
         "The job is cancelled, the champion answers alone.");
