#!/usr/bin/env bash
# A step of two processes, timed: one table, one JSON file, and in both what part of the sum of the gradients was hidden.
# Usage: bench_ranks.sh PROGRAM
set -uo pipefail
thorax=$1
fail() { echo "$*"; cat table log; exit 1; }
"$thorax" bench step --procs 2 --model resnet18 --size 32 --batch 3 --steps 3 --dtype fp32 --threads 1 --json steps.json >table 2>log ||
  fail "bench step --procs 2"
[ -s log ] && fail "something stands on stderr"
[ "$(grep -c 'resnet18 train 32x32 batch 3 f32, 2 processes$' table)" -eq 1 ] || fail "not one line for the step"
line='^ *2 ranks, gloo: [0-9.]* ms without; all-reduce of 42\.7 MiB in 5 buckets alone [0-9.]* ms, [0-9]*% of it hidden$'
[ "$(grep -c "$line" table)" -eq 1 ] || fail "not one line for the communication"
value() { sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p" steps.json; }
[ "$(value ranks)" = 2 ] && [ "$(value communicator)" = '"gloo"' ] && [ "$(value buckets)" = 5 ] || fail "$(cat steps.json)"
awk -v hidden="$(value hidden)" -v alone="$(value all_reduce_s)" -v without="$(value without_s)" \
  'BEGIN {exit !(hidden >= 0 && hidden <= 1 && alone > 0 && without > 0)}' || fail "$(cat steps.json)"
echo "$(value hidden) of $(value all_reduce_s) s hidden"
