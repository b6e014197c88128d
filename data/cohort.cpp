#include "data/cohort.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace thorax::data {

Cohort cohort_of(const Manifest& manifest, const std::vector<size_t>& rows) {
  Cohort c;
  c.images = std::ssize(rows);
  c.labels = count_labels(manifest, rows);
  std::unordered_set<std::string> patients;
  std::unordered_set<std::string> with_age;
  std::unordered_set<std::string> with_sex;
  std::vector<double> ages;
  for (size_t row : rows) {
    const Row& r = manifest.rows[row];
    patients.insert(r.patient);
    if (!std::isnan(r.age) && with_age.insert(r.patient).second) ages.push_back(static_cast<double>(r.age));
    if (r.sex == '?' || !with_sex.insert(r.patient).second) continue;
    (r.sex == 'F' ? c.female : c.male) += 1;
  }
  if (manifest.has_patients) c.patients = std::ssize(patients);
  if (ages.empty()) return c;
  std::sort(ages.begin(), ages.end());
  const size_t half = ages.size() / 2;
  const double median = ages.size() % 2 == 1 ? ages[half] : (ages[half - 1] + ages[half]) / 2;
  c.ages = {std::ssize(ages), median, ages.front(), ages.back()};
  return c;
}

}  // namespace thorax::data
