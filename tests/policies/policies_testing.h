/*
 * policies_testing.h - what the tests of policies/ share: cmocka, instants as text, and policies
 * from a base text with sections replaced.
 */
#ifndef TESTS_POLICIES_TESTING_H
#define TESTS_POLICIES_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policies/policy.h"

/* "2026-03-29T01:00:00Z" -> milliseconds; fails the test where it is no instant. */
static inline int64_t at(const char *text)
{
    int64_t ms = 0;

    if (!clock_parse_utc(text, &ms))
        fail_msg("%s is no instant", text);
    return ms;
}

/* Compares instants and prints both as text. */
static inline void assert_instant(const char *what, int64_t got, const char *want)
{
    char text[CLOCK_TEXT_BYTES];

    if (got != at(want))
        fail_msg("%s: got %s, want %s", what, clock_format_utc(got, text, sizeof(text)), want);
}

/* The shortest policy, with `sections` added. */
static inline struct policy *policy_with(const char *sections)
{
    static struct diagnostics d;
    char text[8192], line[DIAGNOSTIC_LINE_BYTES];
    struct policy *p = NULL;
    struct err e;

    snprintf(text, sizeof(text),
             "leeway: 1\nmodel: loan\nwindow: {rows: 1000}\ntrain: {window: {rows: 5000}}\n"
             "rollout: {steps: [{weight: 10%%}]}\n%s",
             sections);
    if (policy_parse("test.yaml", text, strlen(text), NULL, &p, &d, &e) != ERR_OK) {
        for (size_t i = 0; i < d.n; i++)
            print_error("%s\n", diagnostic_format(&d, i, line, sizeof(line)));
        fail_msg("%s", e.message);
    }
    return p;
}

#endif
