#include "apps/explain_output.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "apps/console.h"
#include "apps/printable.h"
#include "data/csv.h"
#include "data/npy.h"
#include "data/png16.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

namespace {

// A class's name as a part of a file's name.
std::string slug(const std::string& name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0)
      text += static_cast<char>(std::tolower(byte));
    else if (!text.empty() && text.back() != '-')
      text += '-';
  }
  return text.substr(0, 40);
}

std::string whole(float x) {
  return str(std::lround(x));
}

std::string json_box(const data::Box& b) {
  return str('[', whole(b.x), ", ", whole(b.y), ", ", whole(b.width), ", ", whole(b.height), ']');
}

std::string quoted(const std::string& s) {
  return json_quote(printable(s));
}

std::string map_json(const ClassMap& m, const std::vector<std::string>& classes) {
  std::string text = str("{\"class\": ", quoted(classes[m.class_index]), ", \"box\": ", m.found ? json_box(*m.found) : "null",
                         ", \"peak\": [", whole(m.peak.x), ", ", whole(m.peak.y), "]");
  if (!m.picture.empty()) text += ", \"picture\": " + quoted(m.picture) + ", \"overlay\": " + quoted(m.overlay);
  if (!m.truth.empty()) {
    std::string boxes;
    for (const data::Box& b : m.truth) boxes += (boxes.empty() ? "" : ", ") + json_box(b);
    text += str(", \"truth\": [", boxes, "], \"hit\": ", m.hit ? "true" : "false", ", \"iou\": ", fixed(m.iou, 4));
  }
  return text + "}";
}

std::string json_line(const ExplainedImage& image, const std::vector<std::string>& classes) {
  std::string probabilities;
  for (size_t k = 0; k < classes.size(); ++k)
    probabilities += str(k > 0 ? ", " : "", quoted(classes[k]), ": ", fixed(static_cast<double>(image.probabilities[k]), 6));
  std::string raw;
  for (const std::string& r : image.raw) raw += (raw.empty() ? "" : ", ") + quoted(r);
  std::string maps;
  for (const ClassMap& m : image.maps) maps += (maps.empty() ? "" : ", ") + map_json(m, classes);
  return str("{\"file\": ", quoted(image.file), ", \"probabilities\": {", probabilities, "}, \"raw\": [", raw, "], \"maps\": [",
             maps, "]}\n");
}

std::string interval_text(const std::optional<metrics::Interval>& i) {
  return i ? str(" (", fixed(i->low, 3), '-', fixed(i->high, 3), ')') : std::string(14, ' ');
}

}  // namespace

std::string mean_json(const metrics::Mean& m) {
  return str("{\"value\": ", json_number(m.value), ", \"low\": ", m.interval ? json_number(m.interval->low) : "null",
             ", \"high\": ", m.interval ? json_number(m.interval->high) : "null", "}");
}

ExplainFolder::ExplainFolder(std::filesystem::path folder, bool overwrite) : folder_(std::move(folder)) {
  if (!overwrite && path_exists(folder_) && (!std::filesystem::is_directory(folder_) || !std::filesystem::is_empty(folder_)))
    throw Error(Fault::input, str(folder_.string(), ": exists already"),
                "--overwrite replaces the files of the same names in it");
  make_directories(folder_);
}

std::string ExplainFolder::name_for(const std::filesystem::path& file) {
  const std::string stem = printable(file.stem().string());
  std::string name = stem;
  for (int i = 2; !used_.insert(name).second; ++i) name = str(stem, '-', i);
  return name;
}

void ExplainFolder::write(const std::string& name, const std::string& text) const {
  write_file_atomically(folder_ / name, text);
}

std::string ExplainFolder::write_raw(const std::string& name, size_t model, size_t models, const explain::Planes& maps) const {
  std::string file = name + (models > 1 ? str(".model", model + 1) : "") + ".npy";
  write(file, data::encode_npy({maps.count, maps.height, maps.width}, maps.values));
  return file;
}

std::string ExplainFolder::write_picture(const std::string& stem, const std::vector<float>& map, const data::Image& image) const {
  std::vector<uint16_t> pixels(map.size());
  std::transform(map.begin(), map.end(), pixels.begin(),
                 [](float v) { return static_cast<uint16_t>(std::lround(v * 65535.0F)); });
  std::string file = stem + ".map.png";
  write(file, data::encode_png16(pixels, image.height, image.width));
  return file;
}

std::string stem_of(const std::string& name, size_t class_index, const std::string& class_name) {
  return str(name, '.', class_index + 1, '-', slug(class_name));
}

std::string explain_line(const ExplainedImage& image, const std::vector<std::string>& classes, bool json) {
  if (json) return json_line(image, classes);
  std::string text = printable(image.file) + '\n';
  for (const ClassMap& m : image.maps) {
    text += "  " + padded(shortened(classes[m.class_index], 28), 28) + "  " + fixed(static_cast<double>(m.probability), 3);
    text += m.found
                ? str("  ", whole(m.found->width), 'x', whole(m.found->height), " at ", whole(m.found->x), ',', whole(m.found->y))
                : "  nothing speaks for it";
    if (!m.truth.empty()) text += str(m.hit ? "  hit" : "  missed", ", overlap ", fixed(m.iou, 2));
    text += '\n';
  }
  return text;
}

std::string boxes_csv(const std::vector<ExplainedImage>& images, const std::vector<std::string>& classes) {
  std::string csv = "file,class,probability,x,y,width,height,peak_x,peak_y,hit,iou\n";
  for (const ExplainedImage& image : images) {
    for (const ClassMap& m : image.maps) {
      csv += data::csv_text(image.file) + ',' + data::csv_text(classes[m.class_index]) + ',' +
             fixed(static_cast<double>(m.probability), 6) + ',';
      csv += m.found ? str(whole(m.found->x), ',', whole(m.found->y), ',', whole(m.found->width), ',', whole(m.found->height))
                     : ",,,";
      csv += str(',', whole(m.peak.x), ',', whole(m.peak.y), ',');
      csv += (m.truth.empty() ? "," : str(m.hit ? 1 : 0, ',', fixed(m.iou, 4))) + '\n';
    }
  }
  return csv;
}

std::string localisation_table(const std::vector<metrics::LocatedClass>& classes) {
  std::string text = "                           images  pointing game          overlap (IoU)\n";
  for (const metrics::LocatedClass& c : classes) {
    if (c.images == 0) continue;
    const std::string images = with_commas(c.images);
    text += str(padded(shortened(c.name, 26), 27), std::string(6 - std::min<size_t>(6, images.size()), ' '), images, "  ",
                fixed(c.pointing.value, 3), interval_text(c.pointing.interval), "    ", fixed(c.iou.value, 3),
                interval_text(c.iou.interval), '\n');
  }
  return text;
}

std::string times_json(const ExplainTimes& times, size_t images) {
  return str("{\"images\": ", images, ", \"prediction\": ", json_number(times.predict), ", \"maps\": ", json_number(times.maps),
             ", \"placing_and_writing\": ", json_number(times.pictures), "}\n");
}

std::string localisation_json(const std::vector<metrics::LocatedClass>& classes) {
  std::string list;
  for (const metrics::LocatedClass& c : classes) {
    if (c.images == 0) continue;
    list += str(list.empty() ? "" : ", ", "{\"name\": ", quoted(c.name), ", \"images\": ", c.images,
                ", \"pointing\": ", mean_json(c.pointing), ", \"iou\": ", mean_json(c.iou), "}");
  }
  return "{\"classes\": [" + list + "]}\n";
}

}  // namespace thorax
