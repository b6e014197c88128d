// The verbs of the program: one file and one line each.
#pragma once

#include <string>
#include <vector>

#include "apps/flags.h"

namespace thorax {

struct Verb {
  const char* group;
  const char* name;
  const char* summary;
  Flags (*flags)();
  int (*run)(Flags&);
};

const std::vector<Verb>& verbs();

// arguments: behind the program's name. Without one, with --help and with --version it prints what was asked for. Returns the
// exit code; throws Error.
int run_verb(std::vector<std::string> arguments);

// Each in apps/NAME.cpp.
Flags train_flags();
int run_train(Flags& flags);
Flags evaluate_flags();
int run_evaluate(Flags& flags);
Flags compare_flags();
int run_compare(Flags& flags);
Flags reproduce_flags();
int run_reproduce(Flags& flags);
Flags predict_flags();
int run_predict(Flags& flags);
Flags explain_flags();
int run_explain(Flags& flags);
Flags report_flags();
int run_report(Flags& flags);
Flags export_flags();
int run_export(Flags& flags);
Flags inspect_flags();
int run_inspect(Flags& flags);
Flags split_flags();
int run_split(Flags& flags);
Flags cache_flags();
int run_cache(Flags& flags);
Flags completion_flags();
int run_completion(Flags& flags);
Flags man_flags();
int run_man(Flags& flags);
Flags phantom_flags();
int run_phantom(Flags& flags);
Flags bench_flags();
int run_bench(Flags& flags);
Flags doctor_flags();
int run_doctor(Flags& flags);

}  // namespace thorax
