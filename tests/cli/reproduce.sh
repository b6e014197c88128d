#!/usr/bin/env bash
# thorax reproduce on phantoms, killed at random instants and called again until it ends by itself: the tables are the same bytes as
# those of a call that nobody touched, and what they say is what `thorax evaluate` says of the same runs. Then one table more.
# Usage: reproduce.sh PROGRAM [KILLS]
set -uo pipefail
thorax=$1
kills=${2:-2}
fail() { echo "$*"; cat log; exit 1; }
"$thorax" phantom -o data --count 40 --size 64 >log 2>&1 || fail "phantom"
call=("$thorax" reproduce --data data/labels.csv --models resnet18,densenet121 --losses bce,db-modified --size 32 --epochs 1 --batch 14
  --max-lr 0.02 --clamp-counts --threads 1 --workers 1 --replicates 100 --cache none --quiet)

"${call[@]}" -o whole >out 2>log || fail "the call that nobody touches"
[ -s out ] && fail "something stands on stdout: $(cat out)"
for table in table1 table2 table3 table5 table6 figure3 figure4; do
  [ "$(wc -l <whole/$table.csv)" -ge 2 ] || fail "$table.csv has no line"
done
[ "$(ls whole/runs | wc -l)" -eq 3 ] || fail "three trainings serve all tables, not $(ls whole/runs)"

RANDOM=2021
killed=0
for attempt in $(seq 100); do
  "${call[@]}" --workers $((1 + attempt % 2)) -o paper >out 2>log &
  process=$!
  if [ "$killed" -lt "$kills" ]; then
    sleep "$(awk -v r=$RANDOM 'BEGIN {printf "%.3f", 0.2 + r / 32768 * 2}')"
    signal=$([ $((RANDOM % 3)) -eq 0 ] && echo TERM || echo KILL)
    kill -$signal "$process" 2>/dev/null
  fi
  wait "$process" 2>/dev/null
  code=$?
  [ "$code" -eq 0 ] && break
  [ "$code" -eq 137 ] || [ "$code" -eq 143 ] || fail "exit code $code"
  killed=$((killed + 1))
done
[ "$killed" -ge 1 ] || fail "no kill hit the program"
[ "$code" -eq 0 ] || fail "it never ended"
for table in table1 table2 table3 table5 table6 figure3 figure4; do
  cmp -s whole/$table.csv paper/$table.csv || fail "$table.csv differs after $killed kills"
done
cmp -s whole/paper.md paper/paper.md || fail "paper.md differs after $killed kills"

for folder in whole paper; do
  "$thorax" report $folder >out 2>log || fail "report"
done
cmp -s whole/report.html paper/report.html || fail "report.html differs after $killed kills"
[ "$(grep -c '<figure class="chart"' whole/report.html)" -ge 8 ] || fail "the report has too few charts"
grep -q 'data:image/png' whole/report.html && fail "pictures that nobody made"
"$thorax" explain --run whole/runs/resnet18-random-db-modified-1 data/labels.csv --split test --classes all --boxes data/boxes.csv \
  -o whole/explain --quiet >out 2>log || fail "explain"
"$thorax" report whole --overwrite >out 2>log || fail "report with pictures"
grep -q '<h2>Figure 5: .*</h2>' whole/report.html && grep -q 'src="data:image/png' whole/report.html || fail "no Figure 5"

runs=(whole/runs/resnet18-random-db-modified-1 whole/runs/densenet121-random-db-modified-1)
"$thorax" evaluate "${runs[@]}" --replicates 100 --threads 1 --cache none --quiet --csv mean.csv >out 2>log || fail "evaluate"
cut -d , -f 2- whole/table5.csv >without_group.csv
cmp -s without_group.csv mean.csv || fail "evaluate says something else of the ensemble than Table 5: $(diff without_group.csv mean.csv)"

"${call[@]}" -o whole --tables 2 --adult "${runs[0]}/best.safetensors" --begin random >out 2>log || fail "weights given"
[ "$(grep -c 'done before' log)" -eq 1 ] || fail "what is done was done again"
[ "$(cut -d , -f 1 whole/table2.csv | tr '\n' ' ')" = "line random adult " ] || fail "$(cat whole/table2.csv)"
"${call[@]}" -o whole --tables 2 --dry-run >out 2>log || fail "dry run"
grep -q '^done   resnet18, random weights, db-modified, seed 1$' out || fail "dry run says $(cat out)"
"${call[@]}" -o whole --epochs 2 >out 2>log
[ $? -eq 2 ] && grep -q 'config.toml: another training: epochs = 1, not epochs = 2' log || fail "another training was taken for this one"
echo "the same tables after $killed kills"
