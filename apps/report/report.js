// Draws the charts of a report from the JSON in their figures, with D3; and opens its pictures. Everything also stands in tables.
"use strict";
(() => {
  const dashes = ["", "7 3", "2 3", "9 3 2 3", "12 5", "1 4", "5 2", "3 6"];
  const color = i => `var(--s${i % 8})`;
  const short = d3.format(".3~f");
  const count = d3.format(",");
  const text = v => (Math.abs(v) >= 1000 ? count(Math.round(v)) : v !== 0 && Math.abs(v) < 0.001 ? d3.format(".2~e")(v) : short(v));

  // An empty drawing in the figure, as wide as it.
  function drawing(figure, width, height) {
    return d3.select(figure).insert("svg", "script").attr("viewBox", [0, 0, width, height]).attr("role", "img")
      .attr("aria-label", figure.querySelector("figcaption").textContent);
  }

  function axisLabel(svg, label, x, y, turned) {
    svg.append("text").attr("class", "axis-label").attr("text-anchor", "middle")
      .attr("transform", `translate(${x},${y})${turned ? " rotate(-90)" : ""}`).text(label);
  }

  function grid(svg, lines) {
    svg.append("g").attr("class", "grid").selectAll("line").data(lines).enter().append("line")
      .attr("x1", l => l[0]).attr("y1", l => l[1]).attr("x2", l => l[2]).attr("y2", l => l[3]);
  }

  function legend(figure, names, solid) {
    if (names.length < 2) return;
    const item = d3.select(figure).append("ul").attr("class", "legend").selectAll("li").data(names).enter().append("li");
    item.append("svg").attr("viewBox", "0 0 28 10").attr("aria-hidden", "true").append("line").attr("x1", 0).attr("x2", 28)
      .attr("y1", 5).attr("y2", 5).style("stroke", (d, i) => color(i)).attr("stroke-width", solid ? 8 : 2)
      .attr("stroke-dasharray", (d, i) => (solid ? "" : dashes[i % 8]));
    item.append("span").text(d => d);
  }

  // What lies under the pointer, or under the arrow keys, in words. stops: [{x, y, text}], from left to right.
  function readout(figure, svg, stops, byRow) {
    if (stops.length === 0) return;
    const output = d3.select(figure).append("output").node();
    const cursor = svg.append("circle").attr("class", "cursor").attr("r", 5).style("display", "none");
    let at = -1;
    const show = i => {
      at = Math.max(0, Math.min(stops.length - 1, i));
      cursor.style("display", null).attr("cx", stops[at].x).attr("cy", stops[at].y);
      output.textContent = stops[at].text;
    };
    svg.node().addEventListener("pointermove", event => {
      const [x, y] = d3.clientPoint(svg.node(), event);
      const far = s => (byRow ? Math.abs(s.y - y) : Math.hypot(s.x - x, (s.y - y) / 2));
      show(d3.leastIndex(stops, (a, b) => far(a) - far(b)));
    });
    figure.addEventListener("keydown", event => {
      const step = {ArrowRight: 1, ArrowDown: byRow ? 1 : 0, ArrowLeft: -1, ArrowUp: byRow ? -1 : 0}[event.key];
      if (!step || event.target !== figure) return;
      event.preventDefault();
      show(at + step);
    });
  }

  function extent(range, values, withZero) {
    if (range) return range;
    let [low, high] = d3.extent(values);
    if (withZero) low = Math.min(low, 0);
    if (!(high > low)) [low, high] = [low - 0.5, high + 0.5];
    return d3.scaleLinear().domain([low, high]).nice().domain();
  }

  function lines(figure, c, width) {
    const margin = {right: 12, top: 8, bottom: 42};
    const square = c.x.range && c.y.range;
    const height = square ? Math.min(width, 340) : Math.min(width * 0.7, 280);
    const svg = drawing(figure, width, height);
    const all = c.series.flatMap(s => s.points);
    const y = d3.scaleLinear(extent(c.y.range, all.map(p => p[1])), [height - margin.bottom, margin.top]);
    margin.left = 32 + 6.5 * d3.max(y.ticks(5), t => text(t).length);
    const x = d3.scaleLinear(extent(c.x.range, all.map(p => p[0])), [margin.left, width - margin.right]);
    const whole = all.every(p => Number.isInteger(p[0])) && !c.x.range;
    const ticks = whole ? x.ticks(Math.min(8, width / 50)).filter(Number.isInteger) : x.ticks(width / 60);
    grid(svg, y.ticks(5).map(t => [margin.left, y(t), width - margin.right, y(t)]));
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
      .call(d3.axisBottom(x).tickValues(ticks).tickFormat(text).tickSizeOuter(0));
    svg.append("g").attr("class", "axis").attr("transform", `translate(${margin.left},0)`)
      .call(d3.axisLeft(y).ticks(5).tickFormat(text).tickSizeOuter(0));
    axisLabel(svg, c.x.label, (margin.left + width - margin.right) / 2, height - 6, false);
    axisLabel(svg, c.y.label, 12, (margin.top + height - margin.bottom) / 2, true);
    if (c.diagonal) svg.append("path").attr("class", "reference").attr("d", d3.line()([[x(0), y(0)], [x(1), y(1)]]));
    const path = d3.line().x(p => x(p[0])).y(p => y(p[1]));
    c.series.forEach((s, i) => {
      svg.append("path").attr("class", "curve").attr("d", path(s.points)).style("stroke", color(i))
        .attr("stroke-dasharray", dashes[i % 8]);
      if (c.dots || s.points.length === 1)
        svg.append("g").selectAll("circle").data(s.points).enter().append("circle").attr("r", 3).style("fill", color(i))
          .attr("cx", p => x(p[0])).attr("cy", p => y(p[1]));
    });
    marks(svg, c.marks, x, y);
    const stops = c.series.flatMap(s => s.points.map(p => ({x: x(p[0]), y: y(p[1]),
      text: `${c.series.length > 1 ? s.name + ": " : ""}${c.x.label} ${text(p[0])}, ${c.y.label} ${text(p[1])}`})));
    readout(figure, svg, stops.sort((a, b) => a.x - b.x), false);
    legend(figure, c.series.map(s => s.name), false);
  }

  // Points with their intervals as a cross.
  function marks(svg, list, x, y) {
    const group = svg.append("g").selectAll("g").data(list).enter().append("g").style("stroke", "var(--s1)");
    const bar = (g, x1, y1, x2, y2) => g.append("line").attr("class", "interval").attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2);
    bar(group.filter(m => m.xi), m => x(m.xi[0]), m => y(m.y), m => x(m.xi[1]), m => y(m.y));
    bar(group.filter(m => m.yi), m => x(m.x), m => y(m.yi[0]), m => x(m.x), m => y(m.yi[1]));
    group.append("circle").attr("r", 5).attr("cx", m => x(m.x)).attr("cy", m => y(m.y)).style("fill", "var(--ground)")
      .attr("stroke-width", 2).append("title").text(m => m.name);
  }

  // A name on each line; its end is left out where there is no room. Returns where the drawing begins.
  function rowNames(svg, names, width, y) {
    const letters = Math.floor(Math.min(width * 0.42, 280) / 6.6);
    const left = Math.min(letters, d3.max(names, n => n.length)) * 6.6 + 12;
    svg.append("g").selectAll("text").data(names).enter().append("text").attr("x", left - 8).attr("y", (n, i) => y(i))
      .attr("dy", ".35em").attr("text-anchor", "end").text(n => (n.length > letters ? n.slice(0, letters - 1) + "\u2026" : n))
      .append("title").text(n => n);
    return left;
  }

  function intervals(figure, c, width) {
    const step = 26, top = 6, bottom = 42;
    const height = top + bottom + c.rows.length * step;
    const svg = drawing(figure, width, height);
    const y = i => top + step * (i + 0.5);
    const left = rowNames(svg, c.rows.map(r => r.name), width, y);
    const values = c.rows.flatMap(r => (r.interval || []).concat(r.value, c.reference));
    const x = d3.scaleLinear(extent(c.x.range, values), [left, width - 14]);
    grid(svg, x.ticks(width / 90).map(t => [x(t), top, x(t), height - bottom]));
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - bottom})`)
      .call(d3.axisBottom(x).ticks(width / 90).tickFormat(text).tickSizeOuter(0));
    axisLabel(svg, c.x.label, (left + width - 14) / 2, height - 6, false);
    svg.append("line").attr("class", "reference").attr("x1", x(c.reference)).attr("x2", x(c.reference)).attr("y1", top)
      .attr("y2", height - bottom);
    const row = svg.append("g").selectAll("g").data(c.rows).enter().append("g");
    row.filter(r => r.interval).append("line").attr("class", "interval").style("stroke", color(0))
      .attr("x1", r => x(r.interval[0])).attr("x2", r => x(r.interval[1]));
    row.selectAll("line").attr("y1", r => y(c.rows.indexOf(r))).attr("y2", r => y(c.rows.indexOf(r)));
    row.append("circle").attr("r", 4.5).style("fill", color(0)).attr("cx", r => x(r.value)).attr("cy", (r, i) => y(i));
    const words = r => `${r.name}: ${text(r.value)}` + (r.interval ? ` (${text(r.interval[0])} to ${text(r.interval[1])})` : "");
    readout(figure, svg, c.rows.map((r, i) => ({x: x(r.value), y: y(i), text: words(r)})), true);
  }

  function bars(figure, c, width) {
    const bar = 11, step = bar * c.series.length + 10, top = 4, bottom = 42;
    const height = top + bottom + c.rows.length * step;
    const svg = drawing(figure, width, height);
    const y = i => top + step * (i + 0.5);
    const left = rowNames(svg, c.rows.map(r => r.name), width, y);
    const x = d3.scaleLinear(extent(c.x.range, c.rows.flatMap(r => r.values), true), [left, width - 14]);
    grid(svg, x.ticks(width / 90).map(t => [x(t), top, x(t), height - bottom]));
    svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - bottom})`)
      .call(d3.axisBottom(x).ticks(width / 90).tickFormat(text).tickSizeOuter(0));
    axisLabel(svg, c.x.label, (left + width - 14) / 2, height - 6, false);
    const parts = c.rows.flatMap((r, i) => r.values.map((v, k) => ({v, k, y: y(i) + (k - c.series.length / 2) * bar, name: r.name})));
    svg.append("g").selectAll("rect").data(parts).enter().append("rect").attr("x", left).attr("y", p => p.y).attr("height", bar - 1)
      .attr("width", p => Math.max(0, x(p.v) - left)).style("fill", p => color(p.k));
    const series = p => (c.series.length > 1 ? c.series[p.k] + " " : "");
    readout(figure, svg, parts.map(p => ({x: x(p.v), y: p.y + bar / 2, text: `${p.name}: ${series(p)}${text(p.v)}`})), true);
    legend(figure, c.series, true);
  }

  const kinds = {lines, intervals, bars};
  function draw(figure) {
    d3.select(figure).selectAll("svg, output, .legend").remove();
    const chart = JSON.parse(figure.querySelector("script").textContent);
    kinds[chart.kind](figure, chart, Math.max(260, figure.clientWidth));
  }

  // Charts in closed parts have no width; they are drawn when they are opened, and all are drawn anew where the width changes.
  const figures = [...document.querySelectorAll("figure.chart")];
  const widths = new Map();
  const drawWhereNew = () => {
    for (const figure of figures) {
      if (figure.clientWidth === 0 || widths.get(figure) === figure.clientWidth) continue;
      widths.set(figure, figure.clientWidth);
      draw(figure);
    }
    document.documentElement.dataset.charts = document.querySelectorAll("figure.chart > svg").length;
  };
  const watcher = new ResizeObserver(() => window.requestAnimationFrame(drawWhereNew));
  for (const figure of figures) watcher.observe(figure);
  drawWhereNew();
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(d => { d.open = true; }));

  // The gallery: chosen by class and kind, a picture large in a dialog, the others by the arrow keys.
  const items = [...document.querySelectorAll(".gallery li")];
  const dialog = document.querySelector("dialog");
  if (!dialog) return;
  const choice = {class: document.querySelector("#gallery-class"), kind: document.querySelector("#gallery-kind")};
  const shown = () => items.filter(item => !item.hidden);
  const filter = () => items.forEach(item => {
    item.hidden = ["class", "kind"].some(key => choice[key].value !== "" && item.dataset[key] !== choice[key].value);
  });
  Object.values(choice).forEach(select => select.addEventListener("change", filter));
  let open = 0;
  const show = index => {
    const list = shown();
    open = (index + list.length) % list.length;
    dialog.querySelector("img").src = list[open].querySelector("img").src;
    dialog.querySelector("img").alt = list[open].querySelector("img").alt;
    dialog.querySelector("p").textContent = list[open].querySelector("p").textContent;
    if (!dialog.open) dialog.showModal();
  };
  items.forEach(item => item.querySelector("button").addEventListener("click", () => show(shown().indexOf(item))));
  dialog.addEventListener("keydown", event => {
    if (event.key === "ArrowRight") show(open + 1);
    if (event.key === "ArrowLeft") show(open - 1);
  });
  const [previous, next, close] = dialog.querySelectorAll("button");
  previous.addEventListener("click", () => show(open - 1));
  next.addEventListener("click", () => show(open + 1));
  close.addEventListener("click", () => dialog.close());
})();
