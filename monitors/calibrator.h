/*
 * calibrator.h - private: an empty calibrator, for those who fit or read one.
 */
#ifndef MONITORS_SRC_CALIBRATOR_H
#define MONITORS_SRC_CALIBRATOR_H

#include "monitors/calibration.h"

/* Curves without blocks. NULL: out of memory. n_outputs >= 1. */
struct mon_calibrator *calibrator_new(enum label_kind kind, size_t n_outputs);

#endif
