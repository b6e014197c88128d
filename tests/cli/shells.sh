#!/usr/bin/env bash
# Shell completion and man page: every verb and flag of --help is in each, and the shells themselves complete with the scripts.
# Usage: shells.sh PROGRAM
set -uo pipefail
thorax=$1
fail() { echo "$*"; exit 1; }
for shell in bash zsh fish; do
  "$thorax" completion $shell >$shell || fail "completion $shell"
done
"$thorax" man | sed 's/\\-/-/g; s/\\f[BIR]//g' >man || fail "man"
verbs=$("$thorax" --help | sed -n '3,/^$/s/^[a-z ]\{9\} \([a-z]\{1,\}\) .*/\1/p')
[ "$(wc -w <<<"$verbs")" -ge 10 ] || fail "verbs: $verbs"
for verb in $verbs; do
  grep -q "^.SS thorax $verb" man || fail "man: no $verb"
  for flag in $("$thorax" "$verb" --help | sed -n '/^flags$/,$s/^ *\(-[a-z], \)\{0,1\}--\([a-z0-9-]*\).*/\2/p'); do
    sed -n "/^.SS thorax $verb/,/^.S[SH] \(thorax\|FLAGS\)/p; /^.SH FLAGS/,\$p" man | grep -e "--$flag" >log || fail "man: $verb --$flag"
    grep -q -e "^      $verb) words=.*--$flag[ \"]" bash || fail "bash: $verb --$flag"
    sed -n "/^    $verb) _arguments/,/;;$/p" zsh | grep -e "'--$flag\[" >log || fail "zsh: $verb --$flag"
    grep -q -e "-l $flag " fish || fail "fish: $verb --$flag"
  done
done

touch a-file
bash -c '. ./bash
complete_as() { COMP_WORDS=(thorax "$@"); COMP_CWORD=$#; COMPREPLY=(); _thorax; echo "${COMPREPLY[*]}"; }
[ "$(complete_as pre)" = predict ] && [ "$(complete_as explain --metho)" = --method ] &&
  [ "$(complete_as explain --target l)" = logit ] && [ "$(complete_as explain --target = l)" = logit ] && [ "$(complete_as explain --boxes a-)" = a-file ]' || fail "bash completes wrongly"
missing=""
if command -v zsh >log; then
  mkdir functions && cp zsh functions/_thorax
  cat >type <<'END'
zmodload zsh/zpty
zpty shell TERM=dumb zsh -f -i
zpty -w shell 'fpath=('$PWD/functions' $fpath); autoload -U compinit; compinit -u -D'
zpty -w shell 'show() { print -r -- $BUFFER >typed; exit }; zle -N show; bindkey "^X" show'
zpty -w -n shell "$1"$'\t\C-x'
while zpty -r shell line; do :; done
END
  typed_as() { timeout 60 zsh -f type "$1" >log 2>&1; [ "$(cat typed)" = "$2 " ] || fail "zsh completes $1 as $(cat typed)"; }
  typed_as "thorax pre" "thorax predict"
  typed_as "thorax explain --metho" "thorax explain --method"
  typed_as "thorax explain --target l" "thorax explain --target logit"
  typed_as "thorax explain --boxes a-f" "thorax explain --boxes a-file"
else
  missing+=" zsh"
fi
if command -v fish >log; then
  XDG_CONFIG_HOME=$PWD XDG_DATA_HOME=$PWD fish --no-config -c '. ./fish
string match -q "predict*" (complete -C "thorax pre"); and string match -q -- "--method*" (complete -C "thorax explain --metho")
and string match -q "logit*" (complete -C "thorax explain --target l")' || fail "fish completes wrongly"
else
  missing+=" fish"
fi
if command -v groff >log; then
  "$thorax" man | groff -man -Tutf8 -ww >page 2>log || fail "groff: $(cat log)"
  [ -s log ] && fail "groff: $(cat log)"
else
  missing+=" groff"
fi
[ -z "$missing" ] || echo "[skipped] not installed:$missing"
