#!/usr/bin/env bash
# thorax report about a run with heat maps, subgroups and a comparison: opened in Chromium; and it names no file.
# Usage: report.sh PROGRAM
set -uo pipefail
thorax=$1
here=$(dirname "$(realpath "$0")")
fail() { echo "$*"; cat log; exit 1; }
refused() { "$thorax" "$@" >out 2>log; [ $? -eq 2 ] || fail "not refused: $*"; }
"$thorax" phantom -o radiographs --count 60 --size 64 --findings "Other opacity,Bronchitis,Pneumonia" >log 2>&1 || fail phantom
sed -i '1s/$/,site/; 2,$s/$/,north/; 20,40s/north/"<b>south<\/b>"/' radiographs/labels.csv
training=(--data radiographs/labels.csv --labels "Other opacity,Bronchitis,Pneumonia" --model resnet18 --size 32 --batch 14 --max-lr 0.02
  --clamp-counts --threads 1 --workers 1 --cache none --quiet)
"$thorax" train "${training[@]}" --epochs 2 -o first >log 2>&1 || fail train
"$thorax" train "${training[@]}" --epochs 1 --loss bce -o second >log 2>&1 || fail train
"$thorax" explain --run first radiographs/labels.csv --split test --classes all -o first/explain --quiet >out 2>log || fail explain
pictures=$(grep -c overlay.png first/explain/explain.json)
[ "$pictures" -gt 0 ] && [ "$(ls first/explain/*.preview.png | wc -l)" -eq "$pictures" ] || fail "$pictures pictures in the list"

report=(report first --by site --compare second --replicates 100 --threads 1 --workers 1 --cache none --quiet)
"$thorax" "${report[@]}" >out 2>log || fail report
[ -s out ] && fail "something stands on stdout"
refused "${report[@]}"
grep -q 'exists already' log || fail "another error"
"$thorax" "${report[@]}" -o again.html 2>log || fail report
cmp first/report.html again.html || fail "the same report has other bytes"
refused report first --by image --replicates 10 -o other.html
grep -q 'a report names none' log || fail "another error"
for section in data learning results classes subgroups comparisons mistakes gallery origin; do
  grep -q "<section id=\"$section\">" first/report.html || fail "no section $section"
done
grep -q '&lt;b&gt;south&lt;/b&gt;' first/report.html || fail "the table's groups are not text"
grep -E -n 'radiographs|labels\.csv|0000[0-9][0-9]|[^a-z]second[^a-z]' first/report.html | grep -v 'data:image' | cut -c 1-200 >named
grep -q -v '^[0-9]*:!function' named && { cat named; fail "a file's name is in the report"; }

command -v chromium >log || { echo "[skipped] no chromium: the page was not opened"; exit 0; }
"$here/check_page.sh" first/report.html page || fail "the page"
