#!/usr/bin/env bash
# Checks the alert rules and what they say when, and the page of a running Holdfast, with Prometheus' own promtool, and has a real Prometheus scrape it. Not part of
# the tests: it downloads the Debian package `prometheus` (not installed, only unpacked) the first time.
#
#   scripts/promtool.sh                                  # the rules
#   scripts/promtool.sh http://127.0.0.1:4701/metrics    # the rules, the page, and a scrape of it
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
home=${PROMTOOL_HOME:-${TMPDIR:-/tmp}/holdfast-promtool}
bin=$home/root/usr/bin
rules=$root/packages/telemetry/prometheus/alerts.yml

if [ ! -x "$bin/promtool" ]; then
  mkdir -p "$home"
  (cd "$home" && apt-get download prometheus && dpkg -x prometheus_*.deb root)
fi

"$bin/promtool" check rules "$rules"
"$bin/promtool" test rules "${rules%.yml}.test.yml"
[ $# -gt 0 ] || exit 0
url=$1

# Says nothing if all is well; fails if there is anything to say.
page=$(curl -fsS "$url")
said=$("$bin/promtool" check metrics <<<"$page" 2>&1) || true
echo "promtool check metrics: ${said:-silent}"
[ -z "$said" ] || exit 1

# A real Prometheus, with the rules, for as long as it takes to have scraped once.
folder=$(mktemp -d)
prometheus=
trap '[ -z "$prometheus" ] || kill "$prometheus"; wait; rm -rf "$folder"' EXIT
target=${url#*://}
cat >"$folder/prometheus.yml" <<YAML
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["$rules"]
scrape_configs:
  - job_name: holdfast
    metrics_path: /${target#*/}
    static_configs: [{ targets: ["${target%%/*}"] }]
YAML
at=127.0.0.1:${PROMETHEUS_PORT:-19090}
"$bin/prometheus" --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
  --web.listen-address="$at" --log.level=warn &
prometheus=$!
for _ in $(seq 30); do
  sleep 1
  up=$(curl -fsS "http://$at/api/v1/query?query=up" 2>/dev/null || true)
  case $up in *',"1"]'*) break ;; esac
done
case $up in *',"1"]'*) ;; *) curl -sS "http://$at/api/v1/targets"; exit 1 ;; esac
series=$(curl -fsS -G "http://$at/api/v1/query" --data-urlencode 'query=count({__name__=~"holdfast_.+"})')
echo "scraped: $(grep -o '"[0-9]*"\]' <<<"$series" | tr -d '"]') holdfast series"
