#!/usr/bin/env bash
# Opens a report in headless Chromium: all charts are drawn, nothing stands on its console, nothing is fetched. That a fetch would be
# seen is seen on copies of the page with one, on the console with the page's policy and in the log of the network without.
# Usage: check_page.sh PAGE FOLDER
set -uo pipefail
page=$(realpath "$1")
mkdir -p "$2" && cd "$2" || exit 1
fail() { echo "$page: $*"; exit 1; }
look() {
  timeout 240 chromium --headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
    --no-first-run --allow-file-access-from-files --host-resolver-rules="MAP * ~NOTFOUND" --user-data-dir="$PWD/profile" --window-size="$2" --enable-logging=stderr --virtual-time-budget=20000 \
    --log-net-log="$PWD/net.json" --dump-dom "file://$1" >dom.html 2>console || fail "Chromium ended with $?: $(tail -n 3 console)"
}
# What the page asks for, not what the browser does on its own account.
fetched() { grep -E '"initiator":"(null|file:[^"]*)"' net.json | grep -E '"url":"(http|ws)s?://'; }
# Chromium's own windows are no narrower than 500 pixels; a frame is as narrow as a phone.
cat >phone.html <<END
<!DOCTYPE html>
<html lang="en"><body><iframe title="phone" src="file://$page" width="390" height="844"></iframe><script>
window.onload = () => {
  const framed = document.querySelector("iframe").contentDocument.documentElement;
  Object.assign(document.documentElement.dataset, {charts: framed.dataset.charts, beyond: framed.scrollWidth - framed.clientWidth});
};
</script></body></html>
END
figures=$(grep -c '<figure class="chart"' "$page")
[ "$figures" -gt 0 ] || fail "no charts"
for opened in "$page" "$PWD/phone.html"; do
  look "$opened" 1280,900
  grep 'CONSOLE' console && fail "its console is not empty in $opened"
  drawn=$(sed -n 's/^<html.* data-charts="\([0-9]*\)".*/\1/p' dom.html)
  [ "$drawn" = "$figures" ] || fail "$drawn of $figures charts are drawn in $opened"
  fetched && fail "it fetches in $opened"
done
grep -q '^<html.* data-beyond="0"' dom.html || fail "it is wider than a phone: $(grep '^<html' dom.html)"
sed 's|</main>|<img alt="" src="http://127.0.0.1:9/x.png"></main>|' "$page" >fetches.html
look "$PWD/fetches.html" 1280,900
grep -q 'CONSOLE.*127.0.0.1:9' console || fail "a fetch would not have been seen on the console"
sed -i '/http-equiv="Content-Security-Policy"/d' fetches.html
look "$PWD/fetches.html" 1280,900
fetched >log || fail "a fetch would not have been seen"
echo "$drawn charts are drawn, nothing is fetched"
