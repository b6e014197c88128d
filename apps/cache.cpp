#include "data/cache.h"

#include <cstdio>

#include "apps/console.h"
#include "apps/data_flags.h"
#include "apps/image_cache.h"
#include "apps/interrupt.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"

namespace thorax {

Flags cache_flags() {
  return Flags("cache", "--data TABLE [flags]",
               "Preprocesses all images once; training and evaluation with the same table and size then use that by themselves.",
               with_data_flags({{"data", "TABLE", "the images: a table or a folder (docs/data.md)", ""}},
                               {{"size", "PIXELS", "side of the network's input", "512"},
                                {"fit", "stretch|pad", "how an image becomes a square", "stretch"},
                                {"no-equalize", "", "leave out the histogram equalisation", ""},
                                cache_flag(),
                                {"threads", "N", "0: all processors", "0"},
                                {"quiet", "", "no progress", ""}}),
               {"thorax cache --data labels.csv --size 512", "thorax train --data labels.csv --size 512 -o run"}, false);
}

int run_cache(Flags& flags) {
  if (flags.text("data").empty()) throw Error(Fault::input, "cache: --data TABLE is missing", "thorax cache --help has examples");
  ProgressLine::set_quiet(flags.on("quiet"));
  const std::filesystem::path table = flags.text("data");
  const std::filesystem::path folder = cache_folder(flags);
  if (folder.empty()) throw Error(Fault::input, "cache: no place to keep it", "--cache DIR names a folder");
  const data::Recipe recipe = recipe_of(flags);
  const data::Manifest manifest = data::read_manifest(manifest_options(flags, table));
  const std::filesystem::path file = data::cache_file(folder, table, recipe);
  catch_interrupts();
  ProgressLine line("caching", static_cast<int64_t>(manifest.rows.size()));
  data::CacheOptions options;
  options.threads = threads_of(flags);
  options.after_image = [&](int64_t done) { line.update(done, ""); };
  options.stop = [] { return interrupted(); };
  const data::CacheReport report = data::build_cache(file, manifest, recipe, options);
  line.finish();
  const std::string shown = printable(file.string());
  if (!report.complete) {
    std::fprintf(stderr, "stopped with %s of %s images; the same command goes on\n", with_commas(report.images).c_str(),
                 with_commas(static_cast<int64_t>(manifest.rows.size())).c_str());
    return interrupt_exit_code();
  }
  std::printf("%s: %s images, %s of them decoded now, %s\n", shown.c_str(), with_commas(report.images).c_str(),
              with_commas(report.decoded).c_str(), human_bytes(static_cast<int64_t>(report.bytes)).c_str());
  if (report.unreadable.empty()) return 0;
  const data::Unreadable& first = report.unreadable[0];
  throw Error(Fault::input, str(table.string(), ": ", with_commas(std::ssize(report.unreadable)),
                                " images cannot be read and are not in the cache, the first: line ",
                                manifest.rows[first.row].line, ": ", first.reason));
}

}  // namespace thorax
