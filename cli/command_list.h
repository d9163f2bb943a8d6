/*
 * command_list.h - the one list of commands, in the order of --help; private to commands.c.
 */
#ifndef CLI_COMMAND_LIST_H
#define CLI_COMMAND_LIST_H

#include "command.h"

#define COMMAND_LIST(X)                                                                            \
    X(cmd_status)                                                                                  \
    X(cmd_drift)                                                                                   \
    X(cmd_runs)                                                                                    \
    X(cmd_run_show)                                                                                \
    X(cmd_replicas)                                                                                \
    X(cmd_retrain)                                                                                 \
    X(cmd_approve)                                                                                 \
    X(cmd_pause)                                                                                   \
    X(cmd_resume)                                                                                  \
    X(cmd_promote)                                                                                 \
    X(cmd_abort)                                                                                   \
    X(cmd_rollback)                                                                                \
    X(cmd_versions)                                                                                \
    X(cmd_lineage)                                                                                 \
    X(cmd_champion)                                                                                \
    X(cmd_audit)                                                                                   \
    X(cmd_model_create)                                                                            \
    X(cmd_model_show)                                                                              \
    X(cmd_schema_suggest)                                                                          \
    X(cmd_policy_check)                                                                            \
    X(cmd_policy_schema)                                                                           \
    X(cmd_policy_put)                                                                              \
    X(cmd_policy_show)                                                                             \
    X(cmd_policy_stock)                                                                            \
    X(cmd_import)                                                                                  \
    X(cmd_labels)                                                                                  \
    X(cmd_replay)                                                                                  \
    X(cmd_version)

#define X(symbol) extern const struct command symbol;
COMMAND_LIST(X)
#undef X

#endif
