"use strict";
// What is shown: read every three seconds, while somebody looks.

const EVERY_MS = 3000, PAGE_SIZE = 25;
let page = 1, status = "", timer = 0, turn = 0;

async function refresh() {
  const mine = ++turn;  // an answer that was overtaken by a newer question is not shown
  clearTimeout(timer);
  try {
    const ready = await (await call("/readyz")).json();
    if (ready.code === 40101) throw refusal(ready);
    const [phones, found] = await Promise.all([data("/api/v1/devices"), tasks()]);
    if (mine !== turn) return;
    boxAhead_ms = Date.parse(ready.time) - Date.now();
    showHealth(ready);
    labels = new Map(phones.devices.map((phone) => [phone.serial, phone.label]));
    showPhones(phones.devices, new Set(found.list.tasks.filter((task) => task.status > 1).map((task) => task.id)));
    showTasks(found);
    write("problem", found.refused || "");
    byId("token-form").hidden = true;
    write("refreshed", "as of " + ready.time.slice(0, 10) + " " + time(ready.time) + ". All times are those of the hub, in its zone " + ready.timezone + ".");
  } catch (error) {
    if (mine !== turn) return;
    if (error.locked && fallBack()) return refresh();
    write("state", error.locked ? "locked" : "not reachable", "bad");
    write("problem", error.message);
    byId("token-form").hidden = !error.locked;
    if (error.locked && document.activeElement !== byId("token")) byId("token").focus();
    if (error.locked) return;
  }
  timer = setTimeout(refresh, EVERY_MS);
}
async function tasks() {
  try {
    const [stats, list] = await Promise.all([
      data("/api/v1/task/stats"),
      data("/api/v1/task?page=" + page + "&page_size=" + PAGE_SIZE + "&status=" + status),
    ]);
    return { stats, list };
  } catch (error) {
    if (error.locked) throw error;
    return { stats: null, list: { tasks: [], total: 0 }, refused: error.message };
  }
}

function showHealth(ready) {
  write("state", ready.ready ? "● ready" : "● cannot work", ready.ready ? "good" : "bad");
  byId("health").replaceChildren(
    ...ready.reasons.map((text) => make("li", text, "bad")),
    ...ready.notices.map((text) => make("li", text, "warn")));
}
// What needs a person comes first; the others keep their places.
function phoneRank(phone) {
  if (phone.state !== "device") return 0;
  return phone.current_task !== null ? 2 : phone.detail ? 1 : 3;
}
function showPhones(phones, ended) {
  const names = [[2, "working"], [3, "free"], [1, "held up"], [0, "not usable"]];
  const counts = names.map(([rank, name]) => [phones.filter((phone) => phoneRank(phone) === rank).length, name]);
  write("phone-counts", phones.length ? counts.filter(([count, name]) => count || name !== "held up").map((pair) => pair.join(" ")).join(", ") : "");
  const order = (phone) => Math.min(phoneRank(phone), 2);
  const items = [...phones].sort((a, b) => order(a) - order(b)).map((phone) => ({ ...phone, rests: ended.has(phone.current_task) }));
  fill(byId("phones"), items, (phone) => phone.serial, phoneCard);
  byId("no-phones").hidden = phones.length > 0;
}
function phoneCard(phone) {
  const usable = phone.state === "device", rank = phoneRank(phone);
  const doing = phone.current_task === null ? "" : (phone.rests ? "rests after task " : "works on task ") + phone.current_task;
  const state = make("div", usable ? doing || (phone.detail ? "starts nothing for now: " + phone.detail : "ready, nothing to do")
    : phone.state + (phone.detail ? ": " + phone.detail : ""), ["bad", "warn", "run", "good"][rank]);
  if (!usable) state.append(make("span", " since " + time(phone.since), "small"));
  const battery = phone.battery_percent === null ? "" : phone.battery_percent + " %" +
    (phone.battery_celsius === null ? "" : ", " + phone.battery_celsius.toFixed(0) + " °C");
  const model = phone.model + (phone.model && phone.android ? ", Android " + phone.android : "");
  const name = box("span", "", make("b", phone.label || phone.serial), make("span", phone.label && " " + phone.serial, "small"));
  const head = box("div", "", name);
  if (usable) head.append(button("screen", () => showScreen(phone.serial), phone.serial));
  const card = box("div", "phone", head, state);
  if (doing && phone.detail) card.append(make("div", "afterwards starts nothing for now: " + phone.detail, "warn"));
  card.append(box("div", "small", model + (model && battery ? " · " : ""), make("span", battery, "number")));
  const actions = phoneActions(phone);
  if (actions.length) card.append(box("div", "buttons", ...actions));
  return card;
}
function showTasks(found) {
  const filters = ["all", "pending", "running", "completed", "failed"].map((name, place) => {
    const value = place ? String(place - 1) : "";
    return { name, value, pressed: status === value, count: found.stats ? found.stats[place ? name : "total"] : "–" };
  });
  fill(byId("counts"), filters, (filter) => filter.name, filterButton);
  fill(byId("tasks"), found.list.tasks.map((task) => ({ ...task, phone: phoneName(task.serial) })), (task) => task.id, taskRow);
  byId("no-tasks").hidden = found.list.tasks.length > 0;
  const total = found.list.total, pages = Math.max(1, Math.ceil(total / PAGE_SIZE));
  write("page", "page " + page + " of " + pages + ", " + total + (total === 1 ? " task" : " tasks"));
  byId("newer").disabled = page <= 1;
  byId("older").disabled = page >= pages;
}
function filterButton({ name, value, pressed, count }) {
  const filter = make("button", undefined, "filter");
  filter.type = "button";
  filter.dataset.of = name;
  filter.setAttribute("aria-pressed", String(pressed));
  filter.append(make("b", count), " " + name);
  filter.addEventListener("click", () => { status = value; page = 1; refresh(); });
  return filter;
}
function taskRow(task) {
  return box("tr", "", box("td", "id number", "#" + task.id), box("td", "status", badge(task)),
    box("td", "why text", why(task)), box("td", "what text", ...what(task)),
    box("td", "who text", whose(task) || "current account", ", " + task.platform, make("div", task.phone, "small")),
    box("td", "when number small", time(task.started_at || task.scheduled_at)),
    box("td", "acts", box("div", "buttons", button("log", () => showLog(task), "task " + task.id), ...taskActions(task))));
}
function badge(task) {
  if (task.status === 3 && task.outcome === "unknown") return make("span", "may be published", "badge warn");
  return make("span", task.status_text, "badge " + { pending: "calm", running: "run", completed: "good", failed: "bad" }[task.status_text]);
}
function why(task) {
  const parts = [];
  if (task.waiting_for === "retry_delay") parts.push("next try at " + time(task.next_attempt_at));
  else if (task.waiting_for) {
    const whom = { time: "its time, " + time(task.next_attempt_at || task.scheduled_at), device: "its phone", slot: "a free slot",
      account: "its account", hold: "its release" }[task.waiting_for];
    parts.push("waits for " + whom + (task.waiting_detail ? ": " + task.waiting_detail : "") +
      (task.waiting_since ? " (since " + time(task.waiting_since) + ")" : ""));
  }
  if (task.status === 1) parts.push((task.outcome === "unknown" ? "past the point of no return, step: " : "step: ") + (task.remark || "start"));
  else if (task.remark) parts.push(task.remark);
  if (task.error && !task.remark.includes(task.error.message)) parts.push(task.error.message);
  if (task.error) parts.push("[" + task.error.code + (task.error.step ? " at " + task.error.step : "") + "]");
  if (task.status === 3 && task.outcome === "unknown") parts.push("Look at the account, then say what you saw: retry, or it is published.");
  return parts.join("\n");
}
function what(task) {
  const caption = task.caption.length > 140 ? task.caption.slice(0, 140) + "…" : task.caption;
  return [caption, make("div", task.materials.join(", "), "small")];
}

byId("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(byId("token").value, byId("remember").checked);
  byId("token").value = "";
  refresh();
});
byId("device-act").addEventListener("click", rememberOrForget);
addEventListener("hashchange", () => { if (takeFromAddress()) refresh(); });
byId("newer").addEventListener("click", () => { page = Math.max(1, page - 1); refresh(); });
byId("older").addEventListener("click", () => { page += 1; refresh(); });
byId("said-ok").addEventListener("click", () => say([]));
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); else clearTimeout(timer); });
takeFromAddress();
showDevice();
refresh();
