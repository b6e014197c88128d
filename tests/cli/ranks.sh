#!/usr/bin/env bash
# Trainings by several processes: what they learn in an epoch is what one learns, twice the same, whoever starts them; a run goes on
# with another number of them. Usage: ranks.sh PROGRAM
set -uo pipefail
thorax=$1
fail() { echo "$*"; cat log; exit 1; }
"$thorax" phantom -o data --count 40 --size 64 --findings "Other opacity,Bronchitis,Pneumonia" >log 2>&1 || fail "phantom"
# A last batch of fewer images than there are ranks.
settings=(--data data/labels.csv --model resnet18 --size 64 --epochs 1 --max-lr 0.001 --flip --shift 0.1 --ema 0.9 --clip-norm 1
  --threads 1 --workers 1 --cache none)
images=$("$thorax" train "${settings[@]}" --dry-run 2>&1 | sed -n 's/.*train \([0-9]*\), val.*/\1/p')
for batch in 9 8 7 6 5; do
  [ $((images % batch)) -eq 1 ] || [ $((images % batch)) -eq 2 ] && break
done
settings+=(--batch "$batch")

value() { sed -n "s/.*\"$2\":\([^,]*\),.*/\1/p" "$1/metrics.jsonl" | tail -n 1; }
near() { awk -v a="$1" -v b="$2" -v within="$3" 'BEGIN {d = a - b; exit !(d <= within * b && -d <= within * b)}'; }
same() { cmp -s "$1/state.safetensors" "$2/state.safetensors" || fail "$1 and $2 hold different numbers"; }

"$thorax" train "${settings[@]}" -o one >out 2>log || fail "one process"
for n in 2 3; do
  "$thorax" train "${settings[@]}" --procs $n --sync-bn -o joint$n >out 2>log || fail "$n processes"
  [ -s out ] && fail "something stands on stdout: $(cat out)"
  [ "$(grep -c '^epoch' log)" -eq 1 ] && grep -q "each of $n processes; batch norms over the images of all" log || fail "not one voice"
  for loss in train_loss val_loss; do
    near "$(value joint$n $loss)" "$(value one $loss)" 0.002 ||
      fail "$loss of $n processes is $(value joint$n $loss), of one $(value one $loss)"
  done
done

# The same bits a second time, and started by anybody who sets torchrun's variables.
"$thorax" train "${settings[@]}" --procs 3 -o first >out 2>log || fail "three processes"
"$thorax" train "${settings[@]}" --procs 3 -o second --workers 2 >out 2>log || fail "three processes again"
same first second
port=$((20000 + RANDOM % 10000))
for rank in 1 2 0; do
  RANK=$rank WORLD_SIZE=3 LOCAL_RANK=$rank LOCAL_WORLD_SIZE=3 MASTER_ADDR=127.0.0.1 MASTER_PORT=$port THORAX_SECRET=s \
    "$thorax" train "${settings[@]}" -o third >out$rank 2>log$rank &
done
wait -n && wait -n && wait -n || { cat log0 >log; fail "started one by one"; }
cat log1 log2 >log
[ -s log ] && fail "ranks 1 and 2 speak"
same first third
near "$(value first train_loss)" "$(value one train_loss)" 0.2 || fail "with batch norms of each: $(value first train_loss)"

# Ctrl-C, which a terminal sends to all, and the one that started them passes on: one line, one state. Then on by another number.
setsid "$thorax" train "${settings[@]}" --epochs 500 --procs 2 -o long >out 2>log &
process=$!
until [ -e long/state.safetensors ]; do sleep 0.1; done
kill -INT -- -$process
wait $process
[ $? -eq 130 ] && [ "$(grep -c '^saved   stopped' log)" -eq 1 ] || fail "stopped by SIGINT"
grep -q '^thorax' log && fail "an error where there is none"
epochs=$(("$(value long epoch)" + 2))
"$thorax" train --resume long --procs 3 >out 2>log &
process=$!
until [ "$(value long epoch)" -ge $epochs ]; do sleep 0.1; done
kill -TERM $process
wait $process
[ $? -eq 143 ] || fail "stopped by SIGTERM"
"$thorax" train --resume long --procs 1 --dry-run >out 2>log || fail "one process cannot go on"
grep -q 'weights of the run' log || fail "the run is not found"

"$thorax" train "${settings[@]}" --procs 2 --dry-run >out 2>log || fail "dry run"
[ "$(grep -c '^step ' log)" -eq 1 ] || fail "dry run says $(cat log)"
"$thorax" train "${settings[@]}" --procs 2 --data none.csv -o none >out 2>log
[ $? -eq 2 ] && [ "$(wc -l <log)" -eq 2 ] && grep -q '^thorax: none.csv: no such file$' log || fail "a table that is not there"
"$thorax" train "${settings[@]}" --procs 2 -o one >out 2>log
[ $? -eq 2 ] && [ "$(grep -c '^thorax: one: holds a run already' log)" -eq 1 ] || fail "a folder that holds a run"
"$thorax" train "${settings[@]}" --procs 16 -o none >out 2>log
[ $? -eq 2 ] && grep -q "^thorax: batches of $batch images for 16 processes" log || fail "more processes than images"
WORLD_SIZE=2 RANK=0 "$thorax" train "${settings[@]}" --procs 4 -o none >out 2>log
[ $? -eq 2 ] && grep -q '^thorax: --procs 4 in one of 2 processes' log || fail "processes in processes"
echo "the epoch of one process by 2 and 3; the same bits by 3, three times; gone on with by others"
