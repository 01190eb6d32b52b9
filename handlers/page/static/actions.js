"use strict";
// What a person can do about a task or a phone. Each button asks in a dialog that names whom it is about (the list moves under
// a finger), sends one documented call, and shows what the daemon answered.

const APPS = { tiktok: "TikTok", instagram: "Instagram" };

function taskActions(task) {
  const found = [], unknown = task.status === 3 && task.outcome === "unknown";
  if (task.status < 2) found.push(["stop", askStop]);
  if (task.status === 3) found.push(unknown ? ["retry", askRetryUnknown] : ["retry", askRetry]);
  if (unknown) found.push(["it is published", askPublished]);
  if (task.status > 1) found.push(["delete", askDelete]);
  return found.map(([text, ask]) => button(text, () => ask(task), "task " + task.id));
}
function phoneActions(phone) {
  if (!phone.resumable) return [];
  return [button("I looked at it: go on", () => askResume(phone), phone.serial)];
}

const pathOf = (task) => "/api/v1/task/" + task.id;
const whose = (task) => (task.username || task.account_seen ? "@" + (task.username || task.account_seen) : "");
const account = (task) => whose(task) || "the account that is current on " + phoneName(task.serial);
const isToCome = (task) => Date.parse(task.scheduled_at) > Date.now();

function askStop(task) {
  const line = task.status === 0 ? "It is not started any more and ends as failed. A retry keeps its planned time, " + time(task.scheduled_at) + ", where that is still to come." :
    task.outcome !== "unknown" ? "It ends as failed at its next safe step. It can be retried later." :
    "It is past the point of no return: its post may still appear, and it ends as what is seen of that.";
  ask({ task, title: "Stop task " + task.id + "?", lines: [line], verb: "stop it", send: () => data(pathOf(task) + "/stop", "POST"),
    done: (now) => ["Task " + task.id + (now.stopping ? " is being stopped: it ends at its next safe step." : ": " + now.remark)] });
}
function askRetry(task) {
  const posted = task.error && task.error.code === "already_posted";
  if (posted) {
    askAgain(task, [task.error.message, "If that post is there, do not retry, or it appears twice."], { confirm: true });
    return;
  }
  askAgain(task, [task.outcome === "not_published" ? "The app said that nothing was published." :
    "Nothing was published: the publishing tap was not sent.", "The same caption and the same files are tried again."], {});
}
function askRetryUnknown(task) {
  askAgain(task, ["This post may already be out. Nobody but you can tell: the app gave no proof, and no refusal.",
    "Look at " + account(task) + " in " + APPS[task.platform] + " first. If the post is there, do not retry, or it appears " +
    "twice: close this and choose “it is published”."], { confirm: true });
}
function askAgain(task, lines, wishes) {
  if (task.retry_count >= task.max_retry_count) {
    lines.push("It was retried " + task.retry_count + " times, which is its limit: this goes beyond it.");
    wishes.force = true;
  }
  lines.push(isToCome(task) ? "It waits for its planned time again: " + time(task.scheduled_at) + "." :
    "Its planned time is over: it starts again within a minute.");
  const query = Object.keys(wishes).map((name) => name + "=true").join("&");
  ask({ task, title: "Retry task " + task.id + "?", lines, verb: wishes.confirm ? "post it again" : "retry",
    tick: wishes.confirm && "I have looked at " + account(task) + (task.outcome === "unknown" ? ": the post is not there." : ": it is to be posted all the same."),
    send: async () => { await unchanged(task); return data(pathOf(task) + "/retry" + (query && "?" + query), "POST"); },
    done: (now) => ["Task " + task.id + " is " + now.status_text + " again, next try at " + time(now.next_attempt_at || now.scheduled_at) + "."] });
}
function askPublished(task) {
  ask({ task, title: "Is the post of task " + task.id + " published?", verb: "it is published",
    lines: ["Look at " + account(task) + " in " + APPS[task.platform] + " first. The task is then completed, and cannot be retried."],
    send: async () => { await unchanged(task); return data(pathOf(task) + "/mark-published", "POST"); },
    done: (now) => ["Task " + task.id + " is " + now.status_text + ": " + now.remark + "."] });
}
function askDelete(task) {
  const lines = ["It leaves the list for good. Nothing is removed from " + APPS[task.platform] + "."];
  if (task.outcome === "unknown") lines.push("Whether its post is out is not known yet: afterwards nothing here reminds you of it.");
  ask({ task, title: "Delete task " + task.id + "?", lines, verb: "delete it",
    send: async () => { await unchanged(task); return data(pathOf(task), "DELETE"); },
    done: (gone) => ["Task " + task.id + " is deleted.", ...gone.warnings] });
}
function askResume(phone) {
  ask({ title: "Go on with " + phoneName(phone.serial) + "?", of: phone.serial, verb: "I looked at it: go on",
    lines: [phone.detail, "What the daemon paused on this phone goes on at once. If the cause is still there, it is held up again."],
    send: () => data("/api/v1/devices/" + encodeURIComponent(phone.serial) + "/resume", "POST"),
    done: (now) => [...(now.resumed.length ? ["On " + phoneName(phone.serial) + " this pause is over:", ...now.resumed] : ["Nothing was paused on " + phoneName(phone.serial) + "."]),
      now.still ? "It still starts nothing: " + now.still + "." : phoneName(phone.serial) + " goes on."] });
}

// The list may be seconds old, a dialog hours: nothing is done to a task that has moved on since a person read about it.
async function unchanged(task) {
  const now = await data(pathOf(task));
  if (["status", "outcome", "retry_count", "finished_at"].every((name) => now[name] === task[name])) return;
  const state = now.status_text + (now.outcome === "unknown" ? ", outcome unknown" : "");
  throw Object.assign(new Error("Nothing was done: task " + task.id + " has changed since you read it, it is " + state +
    " now. Close this and look again."), { refused: true });
}

// Asks, sends on the verb's button, and says what came of it. `tick`: a sentence to confirm before that button works.
function ask({ task, of = "task " + task.id, title, lines, tick, verb, send, done }) {
  const dialog = make("dialog"), problem = make("p", "", "bad"), opener = document.activeElement.textContent;
  const cancel = button("cancel", () => dialog.close()), confirm = make("input");
  let busy = false;
  const act = button(verb, async (event) => {
    if (busy || event.detail > 1) return;  // the second half of a double click was meant for the button below
    hold(true);
    problem.textContent = "";
    try {
      const sentences = done(await send());
      dialog.close();
      say(sentences);
    } catch (error) {
      const text = error.refused ? error.message : "No answer from the box (" + error.message +
        "). It may or may not have been done: look at the list again before you repeat it.";
      if (error.locked) dialog.close();  // the page asks for a token, and says why
      else if (dialog.open) problem.textContent = text; else say([title, text]);
    }
    hold(false);
    if (dialog.open) act.focus();
    refresh();
  });
  function hold(on) {
    busy = on;
    cancel.disabled = on;
    act.disabled = on || Boolean(tick && !confirm.checked);
    act.setAttribute("aria-busy", String(on));
  }
  act.className = "plain act";
  confirm.type = "checkbox";
  confirm.addEventListener("change", () => hold(false));
  problem.setAttribute("role", "alert");
  dialog.setAttribute("aria-label", title);
  dialog.append(make("h2", title));
  if (task) dialog.append(box("p", "small text", account(task) + ", " + APPS[task.platform] + ", " + phoneName(task.serial) + "\n" + task.caption));
  dialog.append(...lines.map((line) => make("p", line)));
  if (tick) dialog.append(box("label", "tick", confirm, " " + tick));
  dialog.append(problem, box("div", "buttons", cancel, act));
  dialog.addEventListener("cancel", (event) => { if (busy) event.preventDefault(); });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (document.activeElement === document.body) refocus(of, opener);
  });
  hold(false);
  say([]);
  document.body.append(dialog);
  dialog.showModal();
  cancel.focus();
}
// What came of an action stays at the bottom of the window until it is read, or the next one begins.
function say(sentences) {
  byId("said-ok").hidden = !sentences.length;
  byId("said").className = sentences.length ? "on" : "";
  write("said-text", sentences.join("\n"));
}
