#!/usr/bin/env bash
# Colour: on a terminal, and nowhere else; none with NO_COLOR, --no-color or TERM=dumb. Usage: color.sh PROGRAM
set -uo pipefail
thorax=$(printf %q "$1")
unset NO_COLOR
export TERM=xterm
escape=$'\e'
on_terminal() { script -qec "$1 xyzzy" /dev/null; }
coloured() { [[ $(on_terminal "$1") == *"$escape"*'thorax:'*'no verb'* ]] || { echo "no colour: $1"; exit 1; }; }
plain() { [[ $(on_terminal "$1") == 'thorax: no verb'* ]] || { echo "colour: $1"; exit 1; }; }
coloured "$thorax"
coloured "NO_COLOR= $thorax"
plain "NO_COLOR=0 $thorax"
plain "TERM=dumb $thorax"
plain "$thorax --no-color"
[[ $("$1" xyzzy 2>&1) == 'thorax: no verb'* ]] || { echo "colour without a terminal"; exit 1; }
