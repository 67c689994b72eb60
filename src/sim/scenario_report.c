#include "sim/scenario_report.h"

#include <inttypes.h>
#include <string.h>

static double seconds(uint64_t ms) {
  return (double)ms / 1000;
}

/* --- For people --- */

static void print_step(const struct sherd__step *step, const struct sherd__result *result,
                       FILE *out) {
  switch (result->outcome) {
  case SHERD__OUTCOME_OK:
    fprintf(out, "  ok      %8.3f s  line %3" PRIu32 "  %s\n", seconds(result->at_ms), step->line,
            step->said);
    break;
  case SHERD__OUTCOME_FAILED:
    fprintf(out, "  FAILED  %8.3f s  line %3" PRIu32 "  %s\n", seconds(result->at_ms), step->line,
            step->said);
    fprintf(out, "          %s\n", result->note);
    break;
  case SHERD__OUTCOME_NOT_REACHED:
    fprintf(out, "  -                    line %3" PRIu32 "  %s\n", step->line, step->said);
    break;
  }
}

static uint32_t count_outcome(const struct sherd__scenario_run *run, enum sherd__outcome outcome) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < sherd__scenario_run_scenario(run)->count; i++)
    count += sherd__scenario_run_results(run)[i].outcome == outcome;
  return count;
}

void sherd__scenario_report(const struct sherd__scenario_run *run, const char *file, FILE *out) {
  const struct sherd__scenario *scenario = sherd__scenario_run_scenario(run);
  fprintf(out, "%s\n", file);
  if (scenario->story)
    fprintf(out, "%s\n", scenario->story);
  for (uint32_t i = 0; i < scenario->count; i++)
    print_step(&scenario->steps[i], &sherd__scenario_run_results(run)[i], out);
  if (sherd__scenario_run_has_passed(run))
    fprintf(out, "passed: %" PRIu32 " steps\n", scenario->count);
  else
    fprintf(out, "FAILED: %" PRIu32 " of %" PRIu32 " steps ok, %" PRIu32 " not reached\n",
            count_outcome(run, SHERD__OUTCOME_OK), scenario->count,
            count_outcome(run, SHERD__OUTCOME_NOT_REACHED));
}

/* --- For CI --- */

/* XML 1.0 has no way to write most control characters, and parsers refuse bytes that are no UTF-8;
 * a command's output has both. */
static void write_escaped(const char *text, FILE *out) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '&')
      fputs("&amp;", out);
    else if (c == '<')
      fputs("&lt;", out);
    else if (c == '>')
      fputs("&gt;", out);
    else if (c == '"')
      fputs("&quot;", out);
    else if (c == '\n' || c == '\t' || (c >= 0x20 && c < 0x7f))
      fputc(c, out);
    else
      fputc('?', out);
  }
}

static void write_case(const char *file, const struct sherd__step *step,
                       const struct sherd__result *result, FILE *out) {
  fputs("    <testcase classname=\"", out);
  write_escaped(file, out);
  fprintf(out, "\" name=\"line %" PRIu32 ": ", step->line);
  write_escaped(step->said, out);
  fprintf(out, "\" time=\"%.3f\"", seconds(result->took_ms));
  if (result->outcome == SHERD__OUTCOME_OK) {
    fputs("/>\n", out);
    return;
  }
  if (result->outcome == SHERD__OUTCOME_FAILED) {
    fputs(">\n      <failure message=\"", out);
    write_escaped(result->note, out);
    fputs("\"/>\n    </testcase>\n", out);
  } else {
    fputs(">\n      <skipped/>\n    </testcase>\n", out);
  }
}

void sherd__scenario_report_junit(const struct sherd__scenario_run *run, const char *file,
                                  const char *output, FILE *out) {
  const struct sherd__scenario *scenario = sherd__scenario_run_scenario(run);
  const struct sherd__result *results = sherd__scenario_run_results(run);
  uint64_t took_ms = 0;
  for (uint32_t i = 0; i < scenario->count; i++)
    took_ms += results[i].took_ms;
  fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", out);
  write_escaped(file, out);
  fprintf(out,
          "\" tests=\"%" PRIu32 "\" failures=\"%" PRIu32 "\" errors=\"0\" skipped=\"%" PRIu32
          "\" time=\"%.3f\">\n",
          scenario->count, count_outcome(run, SHERD__OUTCOME_FAILED),
          count_outcome(run, SHERD__OUTCOME_NOT_REACHED), seconds(took_ms));
  for (uint32_t i = 0; i < scenario->count; i++)
    write_case(file, &scenario->steps[i], &results[i], out);
  if (output) {
    fputs("    <system-out>", out);
    write_escaped(output, out);
    fputs("</system-out>\n", out);
  }
  fputs("  </testsuite>\n</testsuites>\n", out);
}
