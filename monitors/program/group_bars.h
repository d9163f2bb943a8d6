/*
 * group_bars.h - a feature's groups as bars of text, the reference's share above the window's.
 */
#ifndef PROGRAM_GROUP_BARS_H
#define PROGRAM_GROUP_BARS_H

#include "base/page.h"
#include "monitors/reference.h"

/* counts: of a window, the series' cells. Groups that both sides leave empty are not shown. */
void group_bars_print(struct page *page, const struct mon_reference *ref, size_t series,
                      const uint64_t *counts);

/* What a group holds, into out: "below 12.5", "12.5 to 20", "yellow", "missing". */
void group_bars_label(const struct mon_reference *ref, size_t series, size_t group, char *out,
                      size_t size_bytes);

#endif
