#include "data/phantom.h"

#include <cstdio>

#include "apps/console.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "tensor/error.h"

namespace thorax {

Flags phantom_flags() {
  return Flags("phantom", "-o DIR [flags]", "Makes synthetic chest radiographs with three findings, and the table for them.",
               {
                   {"out", "DIR", "the folder to make", ""},
                   {"count", "N", "images", "600"},
                   {"size", "PIXELS", "side of an image", "256"},
                   {"seed", "N", "another seed, other images", "1"},
                   {"threads", "N", "0: all processors", "0"},
                   {"overwrite", "", "replace what is in --out", ""},
               },
               {"thorax phantom -o demo", "thorax phantom -o large --count 5000 --size 512 --seed 7"}, false);
}

int run_phantom(Flags& flags) {
  const std::filesystem::path out = flags.text("out");
  if (out.empty()) throw Error(Fault::input, "phantom: -o DIR is missing", "thorax phantom --help has examples");
  std::error_code error;
  if (std::filesystem::exists(out / "labels.csv", error) && !flags.on("overwrite")) {
    throw Error(Fault::input, str((out / "labels.csv").string(), ": exists already"), "--overwrite replaces it");
  }
  data::PhantomOptions o;
  o.count = flags.integer("count", 1, 10000000);
  o.size = flags.integer("size", 32, 4096);
  o.seed = static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX));
  o.threads = threads_of(flags);
  data::make_phantoms(out, o);
  const std::string table = printable((out / "labels.csv").string());
  std::fprintf(stderr, "made    %s images and %s\n", with_commas(o.count).c_str(), table.c_str());
  std::fprintf(stderr, "next    thorax train --data %s --size 96 --epochs 6 --flip -o run\n", table.c_str());
  return 0;
}

}  // namespace thorax
