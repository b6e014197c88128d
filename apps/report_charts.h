// The charts of a report: what they show, as a figure that apps/report/report.js draws. Three kinds are enough for all.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace thorax {

using Range = std::pair<double, double>;

struct ChartAxis {
  std::string label;
  std::optional<Range> range;  // nullopt: what the values need
};

// Curves, and points with intervals on them.
struct LineChart {
  struct Series {
    std::string name;
    std::vector<Range> points;  // (x, y)
  };
  struct Mark {
    std::string name;
    double x, y;
    std::optional<Range> x_interval, y_interval;
  };
  std::string title;
  ChartAxis x, y;
  std::vector<Series> series;
  std::vector<Mark> marks{};
  bool diagonal = false;  // y = x as a dashed line: chance, or a perfect calibration
  bool points = false;    // also the points of the curves
};

// A value with its interval on each line.
struct IntervalChart {
  struct Row {
    std::string name;
    double value;
    std::optional<Range> interval;
  };
  std::string title;
  ChartAxis x;
  double reference;  // a dashed line: what says nothing
  std::vector<Row> rows;
};

// A bar per series on each line.
struct BarChart {
  struct Row {
    std::string name;
    std::vector<double> values;  // of each series
  };
  std::string title;
  ChartAxis x;
  std::vector<std::string> series;
  std::vector<Row> rows;
};

std::string chart_html(const LineChart& chart);
std::string chart_html(const IntervalChart& chart);
std::string chart_html(const BarChart& chart);

}  // namespace thorax
