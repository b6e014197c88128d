#!/usr/bin/env bash
# A training that is killed at random instants and resumed, each time with another number of workers and threads that prepare
# images, ends with the same bytes as one that nobody touched. Usage: kill_and_resume.sh PROGRAM [KILLS]
set -uo pipefail
thorax=$1
kills=${2:-20}
"$thorax" phantom -o data --count 60 --size 40 --findings "Other opacity,Bronchitis,Pneumonia" >/dev/null 2>&1 || exit 1
settings=(--data data/labels.csv --size 32 --batch 8 --epochs 5 --max-lr 0.05 --flip --shift 0.1 --scale 0.1 --rotate 10
  --ema 0.9 --clip-norm 1)

start=$(date +%s%N)
"$thorax" train "${settings[@]}" -o whole --quiet 2>log || { cat log; exit 1; }
whole_ms=$((($(date +%s%N) - start) / 1000000))

RANDOM=2021
killed=0
attempts=0
rounds=0
resumed=0
fail() { echo "$*"; cat log; exit 1; }
tensors() {  # the bytes behind a safetensors file's header, which names the options of the last start
  local header
  header=$(od -A n -t u8 -N 8 "$1")
  tail -c +$((header + 9)) "$1"
}
records() {  # the last line of each epoch, without its seconds
  grep -v resumed_step "$1" | sed 's/,"seconds":.*//' | awk -F '[:,]' '{line[$2] = $0} END {for (e in line) print line[e]}' | sort
}
same() {
  cmp -s whole/state.safetensors run/state.safetensors || fail "state.safetensors differs after $killed kills"
  cmp -s <(tensors whole/best.safetensors) <(tensors run/best.safetensors) || fail "best.safetensors differs after $killed kills"
  cmp -s <(tensors whole/last.safetensors) <(tensors run/last.safetensors) || fail "last.safetensors differs after $killed kills"
  cmp -s <(records whole/metrics.jsonl) <(records run/metrics.jsonl) || fail "metrics.jsonl differs after $killed kills"
}
while [ "$killed" -lt "$kills" ]; do
  attempts=$((attempts + 1))
  [ "$attempts" -le $((3 * kills)) ] || fail "only $killed of $kills kills hit the program"
  workers=$((1 + RANDOM % 4))
  if [ -e run/config.toml ]; then
    command=("$thorax" train --resume run --workers "$workers" --quiet)
    resumed=$((resumed + 1))
  else
    command=("$thorax" train "${settings[@]}" --workers "$workers" -o run --overwrite --quiet)
  fi
  "${command[@]}" 2>log &
  process=$!
  # Mostly SIGKILL, which nothing can answer; every fifth time SIGTERM, which saves in the middle of an epoch.
  signal=$([ $((attempts % 5)) -eq 0 ] && echo TERM || echo KILL)
  sleep "$(awk -v r=$RANDOM -v ms="$whole_ms" 'BEGIN {printf "%.3f", r / 32768 * ms / 1000 * 0.6}')"
  kill -"$signal" "$process" 2>/dev/null
  wait "$process" 2>/dev/null
  code=$?
  case $code in
    137) killed=$((killed + 1)) ;;
    143) ;;
    0)
      same
      rounds=$((rounds + 1))
      rm -rf run
      ;;
    *) fail "exit code $code after signal $signal" ;;
  esac
done
if [ -e run/config.toml ]; then
  "$thorax" train --resume run --workers 3 --quiet 2>log || fail "the last resume failed"
else
  "$thorax" train "${settings[@]}" -o run --overwrite --quiet 2>log || fail "the last start failed"
fi
same
echo "$killed kills in $attempts starts, $resumed of them resumed; $((rounds + 1)) trainings ended with the same bytes"
