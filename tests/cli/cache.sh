#!/usr/bin/env bash
# thorax cache, killed at random instants until it ends by itself; then a training takes it by itself and ends with the same bytes as
# one without. A changed image is not taken from it. Usage: cache.sh PROGRAM
set -uo pipefail
thorax=$1
export XDG_CACHE_HOME=$PWD/home
fail() { echo "$*"; cat log; exit 1; }
tensors() {  # the bytes behind a safetensors file's header
  local header
  header=$(od -A n -t u8 -N 8 "$1")
  tail -c +$((header + 9)) "$1"
}
"$thorax" phantom -o data --count 240 --size 256 --findings "Other opacity,Bronchitis,Pneumonia" 2>log || fail "phantom"
caching=("$thorax" cache --data data/labels.csv --size 96 --threads 1 --quiet)

RANDOM=2021
killed=0
for attempt in $(seq 60); do
  "${caching[@]}" >out 2>log &
  process=$!
  sleep "$(awk -v r=$RANDOM 'BEGIN {printf "%.3f", 0.02 + r / 32768 * 0.1}')"
  kill -KILL "$process" 2>/dev/null
  wait "$process" 2>/dev/null
  code=$?
  [ "$code" -eq 0 ] && break
  [ "$code" -eq 137 ] || fail "exit code $code"
  killed=$((killed + 1))
done
[ "$killed" -ge 1 ] || fail "no kill hit the program"
"${caching[@]}" >out 2>log || fail "the last call"
decoded=$(sed 's/.*images, \([0-9,]*\) of them.*/\1/' out)
grep -q ': 240 images' out || fail "$(cat out)"
echo "killed $killed times; the last call decoded $decoded of 240"

settings=(--data data/labels.csv --size 96 --batch 8 --epochs 1 --seed 3)
"$thorax" train "${settings[@]}" --cache none -o without --quiet 2>log || fail "training without"
grep -q '^cache' log && fail "a cache was used with --cache none"
"$thorax" train "${settings[@]}" -o with --quiet 2>log || fail "training with"
grep -q '^cache   240 of 240 images' log || fail "the cache was not used"
cmp -s <(tensors without/best.safetensors) <(tensors with/best.safetensors) || fail "the weights differ"
cmp -s without/config.toml with/config.toml || fail "the configurations differ"

cp data/images/000001.png data/images/000000.png
"$thorax" train "${settings[@]}" --dry-run 2>log || fail "dry run"
grep -q '^cache   239 of 240 images (1 have changed)' log || fail "a changed image was taken"
