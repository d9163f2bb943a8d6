/*
 * loan_rules.h - loan applicants and the ten rules by which a bank might approve them.
 *
 * The published test bed of Agrawal, Imielinski and Swami, "Database Mining: A Performance
 * Perspective", IEEE TKDE 5(6), 1993: nine attributes, and functions 1 to 10 that split applicants
 * into group A (approved here) and group B. Where the paper leaves room (bounds of uniform
 * integers, 2/3 for 0.67) this follows MOA and river. No I/O; used by loan_stream and its tests.
 */
#ifndef EXAMPLES_LOAN_RULES_H
#define EXAMPLES_LOAN_RULES_H

#include <stdbool.h>

#include "base/rand.h"

#define LOAN_FUNCTIONS 10

struct loan_applicant {
    double salary;     /* 20,000 .. 150,000 */
    double commission; /* 0 from a salary of 75,000 on, else 10,000 .. 75,000 */
    int age;           /* 20 .. 80 */
    int elevel;        /* education, 0 .. 4 */
    int car;           /* make, 1 .. 20 */
    int zipcode;       /* 1 .. 9 */
    double hvalue;     /* value of the house, 0.5 .. 1.5 times what the zipcode makes it */
    int hyears;        /* years the house has been owned, 1 .. 30 */
    double loan;       /* 0 .. 500,000 */
};

/* Draws an applicant from the paper's distributions. */
void loan_draw(struct rng *rng, struct loan_applicant *out);

/* Whether function 1..LOAN_FUNCTIONS approves; any other function is a bug. */
bool loan_approved(int function, const struct loan_applicant *a);

/* Moves each numeric attribute by up to `fraction` of its range, inside its range, as the paper's
 * perturbation does: the label keeps to what the applicant was before. Ages and years stay whole.
 */
void loan_perturb(struct rng *rng, double fraction, struct loan_applicant *a);

/* Makes houses and loans dearer by `factor`, as inflation does. Functions 1, 2, 3, 4, 6 and 8 read
 * neither, so a model that learned one of these is not harmed; 5, 7, 9 and 10 read them. */
void loan_inflate(double factor, struct loan_applicant *a);

#endif
