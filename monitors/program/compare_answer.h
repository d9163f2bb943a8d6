/*
 * compare_answer.h - the first lines of a page: what has drifted, and whether it matters; and how
 * signals are called on one line.
 */
#ifndef PROGRAM_COMPARE_ANSWER_H
#define PROGRAM_COMPARE_ANSWER_H

#include "compare_report.h"

/* Sets of kinds. */
#define ANSWER_KIND(k) (1u << (k))
#define ANSWER_MOVES (ANSWER_KIND(MON_KIND_DRIFT) | ANSWER_KIND(MON_KIND_JOINT))
#define ANSWER_INPUTS (ANSWER_MOVES | ANSWER_KIND(MON_KIND_QUALITY))
#define ANSWER_TRUTH                                                                               \
    (ANSWER_KIND(MON_KIND_PERFORMANCE) | ANSWER_KIND(MON_KIND_HARM) |                              \
     ANSWER_KIND(MON_KIND_ESTIMATE))

/* How a signal is called on one line; a view of the signal's or a constant. */
const char *answer_subject(const struct mon_signal *s);

/* Beyond what chance explains, but not drift: by less than what is worth an alarm. */
bool answer_is_small(const struct mon_signal *s);

/* Appends the names of what drifted of a set of kinds, each once, `before` ahead of the first:
 * "age, income and 3 more". How many names there are. */
size_t answer_put_drifted(struct buf *out, const struct mon_signal *signals, size_t n,
                          unsigned kinds, const char *before);

/* Two or three lines; none where no window had rows enough. */
void answer_put(struct page *page, const struct compare_result *r,
                const struct ledger_entry *const *sorted);

#endif
