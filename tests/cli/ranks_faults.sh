#!/usr/bin/env bash
# What becomes of a training by several processes when one of them is killed or stopped, when the disk is full, and when the network
# between two of them is cut: all end within 30 seconds, a line names the one, and the last checkpoint can be gone on with.
# Usage: ranks_faults.sh PROGRAM
set -uo pipefail
thorax=$1
limit=30
fail() { echo "$*"; cat log; exit 1; }
"$thorax" phantom -o data --count 24 --size 40 --findings Bronchitis,Pneumonia >log 2>&1 || fail "phantom"
data=$PWD/data/labels.csv
settings=(--data "$data" --model resnet18 --size 32 --batch 8 --max-lr 0.01 --threads 1 --workers 1 --cache none --quiet)

# The process that is this rank of a run, whoever started it.
pid_of_rank() {
  local environment
  for environment in /proc/[0-9]*/environ; do
    grep -qzx "RANK=$1" "$environment" 2>/dev/null && grep -qzxF "$2" "${environment%environ}cmdline" 2>/dev/null &&
      basename "$(dirname "$environment")" && return
  done
}
wait_for() {  # a file, made by a process
  until [ -e "$1" ]; do
    kill -0 "$2" 2>/dev/null || fail "it ended before $1 was there"
    sleep 0.1
  done
}
begun() { date +%s; }
ended_in_time() { [ $(($(begun) - $1)) -le $limit ] || fail "$2: it took $(($(begun) - $1)) seconds"; }
goes_on() {  # one process reads the state and takes a step with it
  "$thorax" train --resume "$1" --procs 1 --dry-run >out 2>resumed || { cat resumed; fail "the state of $1 is not intact"; }
  grep -q "weights of the run" resumed || fail "$1 has no state"
  [ -z "$(pid_of_rank '[0-9]*' "$1")" ] || fail "a process of $1 is left"
}

"$thorax" train "${settings[@]}" --epochs 4 --procs 2 -o whole >out 2>log || fail "nobody is killed"

# SIGNAL RANK LINE: what the signal to the rank makes of the training.
struck() {
  local run=struck_$1_$2
  "$thorax" train "${settings[@]}" --epochs 4000 --procs 3 -o "$run" >out 2>log &
  local process=$!
  wait_for "$run/state.safetensors" $process
  kill -"$1" "$(pid_of_rank "$2" "$run")"
  local since
  since=$(begun)
  wait $process
  local code=$?
  ended_in_time "$since" "SIG$1 to rank $2"
  [ $code -eq 3 ] || fail "SIG$1 to rank $2: exit code $code"
  grep -q "^thorax: $3" log || fail "SIG$1 to rank $2 is not named"
  goes_on "$run"
  rm -rf "$run"
}
struck KILL 1 "rank 1 has ended$"
struck KILL 0 "rank 0 has ended$"
struck STOP 2 "rank 2 has not answered for 15 seconds$"
struck STOP 0 "rank 0 has not answered for 15 seconds$"

# Started again, it ends with the bytes of the one that nobody touched.
"$thorax" train "${settings[@]}" --epochs 4 --procs 2 --restarts 1 -o again >out 2>log &
process=$!
wait_for again/state.safetensors $process
kill -KILL "$(pid_of_rank 1 again)"
wait $process || fail "--restarts 1 does not go on"
grep -q '^thorax: rank 1 was ended by signal 9 (Killed)$' log && grep -q '^restart 1 of 1$' log || fail "the restart is not told"
cmp -s whole/state.safetensors again/state.safetensors || fail "behind a restart it ends with other numbers"

skipped=""
if mkdir full && mount -t tmpfs -o size=400m none full 2>/dev/null; then
  trap 'umount full' EXIT
  "$thorax" train "${settings[@]}" --epochs 4000 --procs 2 -o full/run >out 2>log &
  process=$!
  wait_for full/run/state.safetensors $process
  since=$(begun)
  dd if=/dev/zero of=full/filler bs=1M >/dev/null 2>&1
  wait $process
  code=$?
  ended_in_time "$since" "a full disk"
  [ $code -eq 3 ] && grep -q '^thorax: full/run/.*No space left on device' log || fail "a full disk: exit code $code"
  rm full/filler
  goes_on full/run
else
  skipped+=" no tmpfs can be mounted, so no disk was full;"
fi

# Two network namespaces with a link between them, which is cut.
here=thorax-$$-a
there=thorax-$$-b
if ip netns add "$here" 2>/dev/null && ip netns add "$there" && ip link add ta netns "$here" type veth peer name tb netns "$there" &&
  ip -n "$here" addr add 10.77.0.1/24 dev ta && ip -n "$there" addr add 10.77.0.2/24 dev tb &&
  ip -n "$here" link set ta up && ip -n "$there" link set tb up && ip -n "$here" link set lo up; then
  trap 'umount full 2>/dev/null; ip netns del "$here"; ip netns del "$there"' EXIT
  rank() {  # NAMESPACE RANK
    ip netns exec "$1" env RANK="$2" WORLD_SIZE=2 MASTER_ADDR=10.77.0.1 MASTER_PORT=29500 \
      "$thorax" train "${settings[@]}" --epochs 4000 -o cut >"out$2" 2>"log$2" &
  }
  rank "$here" 0
  first=$!
  rank "$there" 1
  second=$!
  cp log0 log
  wait_for cut/state.safetensors $first
  since=$(begun)
  ip -n "$there" link set tb down
  wait $first
  codes=$?
  wait $second
  codes+=" $?"
  ended_in_time "$since" "a cut link"
  cat log0 log1 >log
  [ "$codes" = "3 3" ] || fail "a cut link: exit codes $codes"
  grep -q '^thorax: rank 1 has not answered' log0 && grep -q '^thorax: rank 0 has not answered' log1 || fail "a cut link is not told"
  goes_on cut
else
  skipped+=" no network namespace can be made, so no link was cut;"
  ip netns del "$here" 2>/dev/null
fi
[ -n "$skipped" ] && echo "[skipped] in part:$skipped"
echo "all ended in time, their last checkpoints intact"
