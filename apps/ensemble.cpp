#include "apps/ensemble.h"

#include <algorithm>
#include <cstdio>

#include "apps/console.h"
#include "apps/image_cache.h"

namespace thorax {

std::vector<size_t> class_places(const std::vector<std::string>& wanted, const std::vector<std::string>& has,
                                 const std::string& file, const std::string& first) {
  std::vector<size_t> place;
  for (const std::string& name : wanted) {
    const auto at = std::find(has.begin(), has.end(), name);
    if (at == has.end() || wanted.size() != has.size())
      throw Error(Fault::input, str(file, ": other classes than those of ", first),
                  "only models of the same classes can be averaged");
    place.push_back(static_cast<size_t>(at - has.begin()));
  }
  return place;
}

Ensemble::Ensemble(const std::vector<std::string>& runs, int64_t batch, const Stream& stream, TestViews views)
    : stream_(stream), views_(std::move(views)) {
  for (const std::string& run : runs) {
    Member member;
    const std::filesystem::path file = model_of_run(run);
    member.file = file.string();
    member.model = std::make_unique<LoadedModel>(file, batch, stream);
    const std::vector<std::string>& has = member.model->description().classes;
    member.place =
        class_places(members_.empty() ? has : classes(), has, member.file, members_.empty() ? member.file : members_[0].file);
    members_.push_back(std::move(member));
  }
}

std::string Ensemble::name() const {
  std::vector<std::string> files;
  for (const Member& member : members_) files.push_back(member.file);
  return size() == 1 ? files[0] : str("mean of ", size(), " models: ", joined(files));
}

metrics::Scores Ensemble::score(const data::Manifest& manifest, const std::vector<size_t>& rows, int workers,
                                const std::filesystem::path& cache) const {
  metrics::Scores result = truth_of(manifest, rows);
  std::vector<double> sums(result.probabilities.size(), 0.0);
  const size_t c = classes().size();
  ProgressLine line("predicting", static_cast<int64_t>(rows.size() * size()));
  int64_t done = 0;
  for (const Member& member : members_) {
    data::LoaderOptions options;
    options.batch = member.model->network().batch();
    options.workers = workers;
    std::string line_of_cache;
    options.cache =
        find_cache(cache, manifest.table, manifest, member.model->description().recipe, stream_.threads, line_of_cache);
    std::fputs(line_of_cache.c_str(), stderr);
    data::Loader loader(manifest, rows, member.model->description().recipe, options);
    const metrics::Scores one = thorax::score(
        member.model->network(), loader, manifest, rows, [&](const data::Batch& b) { line.update(done += b.n, ""); }, views_);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += double{one.probabilities[i / c * c + member.place[i % c]]};
  }
  line.finish();
  for (size_t i = 0; i < sums.size(); ++i) result.probabilities[i] = static_cast<float>(sums[i] / static_cast<double>(size()));
  return result;
}

std::vector<float> Ensemble::predict(const data::Image& image) const {
  std::vector<double> sums(classes().size(), 0.0);
  for (const Member& member : members_) {
    const std::vector<float> p =
        predict_plane(member.model->network(), data::preprocess(image, member.model->description().recipe), views_);
    for (size_t k = 0; k < sums.size(); ++k) sums[k] += double{p[member.place[k]]};
  }
  std::vector<float> means;
  means.reserve(sums.size());
  for (const double sum : sums) means.push_back(static_cast<float>(sum / static_cast<double>(size())));
  return means;
}

TestViews test_views(const Flags& flags) {
  const std::string& name = flags.choice("tta", {"none", "flip", "six"});
  TestViews views{{}};
  if (name == "none") return views;
  if (name == "six") views.insert(views.end(), {{.degrees = 5}, {.degrees = -5}});
  for (size_t i = views.size(); i-- > 0;) {
    views.push_back(views[i]);
    views.back().mirror = true;
  }
  return views;
}

}  // namespace thorax
