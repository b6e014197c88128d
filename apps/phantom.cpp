#include "data/phantom.h"

#include <algorithm>
#include <cstdio>

#include "apps/console.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "tensor/error.h"

namespace thorax {

Flags phantom_flags() {
  return Flags("phantom", "-o DIR [flags]",
               "Makes synthetic chest radiographs of children, with findings, boxes and the table for them.",
               {
                   {"out", "DIR", "the folder to make", ""},
                   {"count", "N", "images", "600"},
                   {"size", "PIXELS", "side of an image", "256"},
                   {"format", "FORMAT", "png, or dicom: as hospitals store them, in many ways", "png"},
                   {"findings", "A,B,...", "these alone, each in three of ten images; else ten, as rare as in the paper", ""},
                   {"seed", "N", "another seed, other images", "1"},
                   {"threads", "N", "0: all processors", "0"},
                   {"overwrite", "", "replace what is in --out", ""},
               },
               {"thorax phantom -o demo", "thorax phantom -o large --count 5000 --size 512 --format dicom --seed 7",
                "thorax phantom -o easy --findings \"Pneumonia,Bronchitis,Other opacity\""},
               false);
}

namespace {

std::vector<data::Finding> findings_of(const Flags& flags) {
  const std::vector<std::string>& names = data::paper_classes();
  std::vector<data::Finding> findings;
  for (const std::string& name : flags.list("findings")) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end() || found - names.begin() == data::no_finding) {
      std::string all;
      for (const std::string& n : names) all += n == names[data::no_finding] ? "" : (all.empty() ? "" : ", ") + n;
      throw Error(Fault::input, str("--findings: there is no \"", printable(name), '"'), "there are " + all);
    }
    findings.push_back(static_cast<data::Finding>(found - names.begin()));
  }
  return findings;
}

}  // namespace

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
  o.findings = findings_of(flags);
  o.dicom = flags.choice("format", {"png", "dicom"}) == "dicom";
  o.seed = static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX));
  const int64_t fewest = data::fewest_phantoms(o.seed);
  if (o.count < fewest)
    throw Error(Fault::input, str("--count is ", o.count, "; at least ", fewest, " images are needed with --seed ", o.seed),
                "a patient has one to three of them, and train, val and test need a patient each");
  o.threads = threads_of(flags);
  data::make_phantoms(out, o);
  const std::string table = printable((out / "labels.csv").string());
  std::fprintf(stderr, "made    %s images and %s\n", with_commas(o.count).c_str(), table.c_str());
  std::fprintf(stderr, "next    thorax train --data %s --size 96 --epochs 6 --flip -o run\n", table.c_str());
  return 0;
}

}  // namespace thorax
