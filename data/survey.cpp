#include "data/survey.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <mutex>

#include "data/container.h"
#include "data/dicom.h"
#include "data/image_archive.h"
#include "data/parallel.h"
#include "tensor/checksum.h"
#include "tensor/error.h"

namespace thorax::data {

namespace {

constexpr auto largest_file = uintmax_t{512} << 20;

ImageFacts facts_of(const std::filesystem::path& file) {
  ImageFacts facts;
  std::error_code error;
  facts.bytes = std::filesystem::is_regular_file(file, error) ? std::filesystem::file_size(file, error) : 0;
  if (error || facts.bytes == 0 || facts.bytes > largest_file) {
    facts.reason = why_unreadable(file);
    return facts;
  }
  std::vector<uint8_t> bytes(facts.bytes);
  std::ifstream stream(file, std::ios::binary);
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
    facts.reason = file.string() + ": cannot be read";
    return facts;
  }
  facts.content = xxh64(std::as_bytes(std::span(bytes)));
  if (is_dicom(bytes)) {
    try {
      const Dicom dicom = read_dicom(bytes);
      facts.height = dicom.rows, facts.width = dicom.columns;
    } catch (const Error& e) {
      facts.reason = str(file.string(), ": ", e.what());
    }
    return facts;
  }
  const Format format = format_of(bytes);
  if (format == Format::other) {
    facts.reason = why_unreadable(file);
    return facts;
  }
  const std::string fault = why_not_whole(bytes, format);
  facts.reason = fault.empty() ? why_unreadable(file) : file.string() + ": " + fault;
  if (const auto size = size_of(bytes, format)) facts.height = size->height, facts.width = size->width;
  return facts;
}

ImageFacts facts_of_member(const ImageArchive& archive, int64_t member) {
  const Image image = archive.image(member);
  return {{}, image.height, image.width, xxh64(std::as_bytes(std::span(image.grey))), image.grey.size()};
}

}  // namespace

std::vector<ImageFacts> survey_images(const Manifest& manifest, int threads, const std::function<void()>& after_image) {
  std::vector<ImageFacts> facts(manifest.rows.size());
  std::mutex one_at_a_time;
  in_parallel(facts.size(), threads, [&](size_t i) {
    const Row& row = manifest.rows[i];
    facts[i] = row.member == no_member ? facts_of(row.file) : facts_of_member(*manifest.archive, row.member);
    const std::scoped_lock lock(one_at_a_time);
    after_image();
  });
  return facts;
}

std::vector<std::vector<size_t>> duplicates_of(const std::vector<ImageFacts>& facts) {
  std::map<std::pair<uint64_t, uint64_t>, std::vector<size_t>> by_content;
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i].content != 0) by_content[{facts[i].content, facts[i].bytes}].push_back(i);
  }
  std::vector<std::vector<size_t>> groups;
  for (auto& [content, rows] : by_content) {
    if (rows.size() > 1) groups.push_back(std::move(rows));
  }
  std::sort(groups.begin(), groups.end());
  return groups;
}

std::vector<std::vector<int64_t>> co_occurrence(const Manifest& manifest) {
  const size_t classes = manifest.classes.size();
  std::vector<std::vector<int64_t>> counts(classes, std::vector<int64_t>(classes));
  std::vector<size_t> positive;
  for (const Row& row : manifest.rows) {
    positive.clear();
    for (size_t k = 0; k < classes; ++k) {
      if (row.labels[k] >= 0.5F) positive.push_back(k);
    }
    for (size_t a : positive) {
      for (size_t b : positive) ++counts[a][b];
    }
  }
  return counts;
}

}  // namespace thorax::data
