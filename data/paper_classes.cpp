#include "data/paper_classes.h"

namespace thorax::data {

const std::vector<std::string>& paper_classes() {
  static const std::vector<std::string> names{"Other opacity",
                                              "Reticulonodular opacity",
                                              "Peribronchovascular interstitial opacity",
                                              "Bronchial thickening",
                                              "No finding",
                                              "Bronchitis",
                                              "Brocho-pneumonia",
                                              "Other disease",
                                              "Bronchiolitis",
                                              "Pneumonia"};
  return names;
}

}  // namespace thorax::data
