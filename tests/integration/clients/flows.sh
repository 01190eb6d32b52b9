#!/usr/bin/env bash
# The client flows of the API contract with curl and nothing else. BOX is the address, LATER a time of day; prints one JSON object.
set -euo pipefail
api="$BOX/api/v1"
config='{"content_type": 0, "captions": "{Fresh|New} #woodwork", "material_list": ["clip.mp4"], "upload_wait_time": 0}'
create() { curl -sS "$api/task" -d "{\"script_name\": \"post\", \"script_config\": $config, $1}"; }
number() { sed -E "s/.*\"$1\":([0-9]+).*/\1/"; }
idle() {
  local stats
  for _ in $(seq 400); do
    stats=$(curl -sS "$api/task/stats")
    if [ "$(number running <<<"$stats")" = 0 ] && [ "$(number pending <<<"$stats")" = 0 ]; then echo "$stats"; return; fi
    read -rt 0.025 <> <(:) || true
  done
  echo "the tasks did not end" >&2
  exit 1
}
ids() { sed -E 's/.*"task_ids":\[([0-9,]*)\].*/\1/' | tr ',' ' '; }

probe=$(curl -sS "$api/license/check")
created=$(create '"serials": ["GOOD1"]')
stats=$(idle)
failing=$(create '"serials": ["FLAKY1", "FLAKY2"]')
idle >/dev/null
rounds=""
for _ in 1 2 3; do
  total=$(curl -sS "$api/task?status=3" | number total)
  rounds="$rounds${rounds:+, }$total"
  [ "$total" = 0 ] && break
  curl -sS -X POST "$api/task/retry-all" >/dev/null
  idle >/dev/null
done
multi=$(create '"serials": ["GOOD1", "GOOD2", "GOOD3", "GOOD4", "GOOD5"], "enable_multi_account": true')
idle >/dev/null
later=$(create '"serials": ["GOOD1", "GOOD2", "GOOD3"], "start_time": "'"$LATER"'"')
read -r first second third <<<"$(ids <<<"$later")"
cat <<END
{"probe": $probe, "created": $created, "stats": $(sed -E 's/.*"data":(.*)\}$/\1/' <<<"$stats"), "failing": $failing,
 "rounds": [$rounds], "multi": $multi,
 "detail": $(curl -sS "$api/task/$first"),
 "stopped": $(curl -sS -X POST "$api/task/$first/stop"),
 "retried": $(curl -sS -X POST "$api/task/$first/retry"),
 "deleted": $(curl -sS -X DELETE "$api/task/$second"),
 "batch": $(curl -sS -X DELETE "$api/task/batch" -d "{\"task_ids\": [$third, $second]}"),
 "missing": $(curl -sS "$api/task/$second")}
END
