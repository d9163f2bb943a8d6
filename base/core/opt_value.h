/*
 * opt_value.h - one option's text to its value and back; private to opt.c and opt_help.c.
 */
#ifndef CORE_OPT_VALUE_H
#define CORE_OPT_VALUE_H

#include "base/buf.h"
#include "base/opt.h"

/* Reads text into *opt->dest; the error says `--port: expected a whole number in 0..65535, got
 * "x"`. */
enum err_code opt_value_set(const struct opt *opt, const char *text, struct err *e);

/* Appends what *opt->dest holds, in the form that opt_value_set reads; nothing for an empty one. */
void opt_value_print(const struct opt *opt, struct buf *b);

/* What --help calls the argument: opt->arg or a word for its kind; NULL for a flag. */
const char *opt_value_arg(const struct opt *opt);

#endif
