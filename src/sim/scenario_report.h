/* What became of a scenario's steps: for people, and for CI. */
#ifndef SHERD_SIM_SCENARIO_REPORT_H
#define SHERD_SIM_SCENARIO_REPORT_H

#include <stdio.h>

#include "sim/scenario_run.h"

/* Prints a line for each step; for one that is broken another one: why, and what there was instead.
 */
void sherd__scenario_report(const struct sherd__scenario_run *run, const char *file, FILE *out);

/* Writes the same as JUnit's XML: a test suite for the scenario, a test case for each step.
 * `output` is what the command said, or NULL. */
void sherd__scenario_report_junit(const struct sherd__scenario_run *run, const char *file,
                                  const char *output, FILE *out);

#endif
