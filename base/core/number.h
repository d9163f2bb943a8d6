/*
 * number.h - a double as the shortest decimal text that reads back as the same double.
 */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#define NUMBER_BYTES 32

/* Writes value into out and returns it; NaN and infinities as printf has them. */
char *number_format(double value, char out[NUMBER_BYTES]);

#endif
