#!/usr/bin/env bash
# Runs a test in a folder of its own, which begins empty and is kept only when the test fails: trainings leave gigabytes behind.
# Usage: in_folder.sh FOLDER COMMAND...
set -uo pipefail
folder=$1
shift
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder" || exit 1
"$@" || exit
rm -rf "$folder"
