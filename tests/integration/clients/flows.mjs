// The client flows of the API contract with Node's own fetch. BOX is the address, LATER a time of day; prints one JSON object.
const base = process.env.BOX + "/api/v1";
const alwaysThrow = process.env.THROW_ON_STATUS === "1";

async function call(method, path, body) {
  const response = await fetch(base + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (alwaysThrow && !response.ok) throw new Error("HTTP " + response.status);
  return response.json();
}
const config = { content_type: 0, captions: "{Fresh|New} #woodwork", material_list: ["clip.mp4"], upload_wait_time: 0 };
const create = (fields) => call("POST", "/task", { script_name: "post", script_config: config, ...fields });
async function until(done) {
  for (let round = 0; round < 400; round++) {
    const stats = (await call("GET", "/task/stats")).data;
    if (done(stats)) return stats;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("the tasks did not end");
}
const idle = () => until((stats) => stats.running === 0 && stats.pending === 0);

const result = {};
result.probe = await call("GET", "/license/check");
result.created = await create({ serials: ["GOOD1"] });
result.stats = await idle();

result.failing = await create({ serials: ["FLAKY1", "FLAKY2"] });
await idle();
result.rounds = [];
for (let round = 0; round < 3; round++) {
  const failed = await call("GET", "/task?status=3");
  result.rounds.push(failed.data.total);
  if (failed.data.total === 0) break;
  await call("POST", "/task/retry-all");
  await idle();
}

result.multi = await create({ serials: ["GOOD1", "GOOD2", "GOOD3", "GOOD4", "GOOD5"], enable_multi_account: true });
await idle();

const later = await create({ serials: ["GOOD1", "GOOD2", "GOOD3"], start_time: process.env.LATER });
const [first, second, third] = later.data.task_ids;
result.detail = await call("GET", "/task/" + first);
result.stopped = await call("POST", "/task/" + first + "/stop");
result.retried = await call("POST", "/task/" + first + "/retry");
result.deleted = await call("DELETE", "/task/" + second);
result.batch = await call("DELETE", "/task/batch", { task_ids: [third, second] });
result.missing = await call("GET", "/task/" + second);
console.log(JSON.stringify(result));
