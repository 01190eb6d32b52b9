// Task: what becomes of one post. Its steps with times, the picture at the step where it failed, and what can be done.

import { ApiError, get } from "../lib/api.js";
import { show } from "../lib/dialogs.js";
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { live } from "../lib/live.js";
import { appName, button, copy, fold, linkButton, stepper, time } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid, spoken } from "../lib/spoken.js";
import { capital, number, t } from "../lib/texts.js";
import { duration, exact, seconds, timezone } from "../lib/times.js";
import { toast } from "../lib/toasts.js";
import { taskButtons } from "../model/actions.js";
import { loadPhones, phoneName } from "../model/phones.js";
import { phaseName, phasesOf } from "../model/steps.js";
import { accountOf, errorSentence, isUnknown, sentence, stateBadge } from "../model/tasks.js";

/** @typedef {import("../model/tasks.js").Task} Task */
/** @typedef {import("../model/steps.js").Line} Line */
/** @typedef {{ log: Line[], artifacts: string[] }} Evidence */

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function task(visit) {
  const id = visit.id;
  const name = t("tasks.task", { id });
  const head = h("div", { class: "task-head" });
  const acts = h("div", { class: "buttons task-buttons" });
  const attempts = h("div", { class: "attempts" });
  const facts = h("div", { class: "card" });
  const log = h("pre", { class: "log", tabindex: 0, "aria-label": t("task.log") });
  const files = h("ul", { class: "files" });
  const folded = fold(t("task.log"), log, files);
  let seen = "";
  /** @type {{ task: Task, evidence: Evidence } | null} */
  let current = null;

  async function load() {
    /** @type {[Task, Evidence, unknown] | null} */
    const answers = await Promise.all([
      get(`/api/v1/task/${encodeURIComponent(id)}`, { signal: visit.signal }),
      get(`/api/v1/task/${encodeURIComponent(id)}/log`, { signal: visit.signal }),
      loadPhones(),
    ]).catch(gone);
    if (answers === null) return;
    const [found, evidence] = answers;
    const now = JSON.stringify([found, evidence, phoneName(found.serial)]);
    if (now === seen) return;
    seen = now;
    current = { task: found, evidence };
    draw(found, evidence);
  }

  /** Its list has it no more: a link of long ago leads here, too. @param {unknown} error @returns {null} */
  function gone(error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    const said = sentenceSaid(error.errors[0]?.problem ?? error.message);
    const ways = [linkButton(t("history.title"), to("history")), linkButton(t("archive.title"), to("archive"))];
    fill(
      node,
      h("h1", null, name),
      h(
        "div",
        { class: "empty" },
        h("p", null, said),
        h("p", { class: "calm" }, t("task.gone")),
        h("div", { class: "buttons" }, ways),
      ),
    );
    return null;
  }

  /** @param {Task} found @param {Evidence} evidence */
  function draw(found, evidence) {
    const tone = isUnknown(found) ? "warn" : { 0: "calm", 1: "run", 2: "good", 3: "bad" }[found.status];
    fill(
      head,
      h("h1", null, name),
      stateBadge(found),
      h("p", { class: `verdict ${tone}` }, sentence(found)),
      isUnknown(found) &&
        h(
          "p",
          { class: "calm" },
          t("task.look", { account: accountOf(found) || phoneName(found.serial), app: appName(found.platform) }),
        ),
    );
    const tree = evidence.artifacts.findLast((file) => file.endsWith("tree.xml"));
    fill(
      acts,
      found.error?.code === "ui_changed" &&
        tree !== undefined &&
        linkButton(t("teach.say"), to("teach", `task-${found.id}-${tree.replace(".xml", "")}`), {
          kind: "primary",
          icon: "hand",
        }),
      taskButtons(found, visit.reload),
      button(t("task.copy"), copyAll, { icon: "copy", kind: "quiet" }),
    );
    fill(attempts, attemptsOf(found, evidence));
    fill(facts, factsOf(found));
    fill(log, logText(evidence.log) || t("task.no_log"));
    fill(
      files,
      evidence.artifacts.map((file) =>
        h("li", null, h("a", { href: fileOf(found, file), target: "_blank", rel: "noopener" }, icon("download"), file)),
      ),
    );
  }

  async function copyAll() {
    if (current === null) return;
    await copy(supportText(current.task, current.evidence));
    toast(t("task.copied"));
  }

  const node = h(
    "div",
    { class: "task-screen" },
    head,
    acts,
    h(
      "div",
      { class: "task-columns" },
      h("section", { "aria-label": t("task.steps") }, attempts),
      h("section", { "aria-label": t("task.facts") }, facts),
    ),
    folded,
  );
  fill(head, h("h1", null, name));
  return { title: name, node, load };
}

/**
 * The steps of every attempt; the last one is open, the others folded.
 * @param {Task} task
 * @param {Evidence} evidence
 */
function attemptsOf(task, evidence) {
  const numbers = [...new Set(evidence.log.map((line) => line.attempt))].sort((a, b) => a - b);
  if (numbers.length === 0) {
    const steps = phasesOf([], task, true).map((phase) => ({ name: phaseName(phase.name), state: phase.state }));
    return [h("div", { class: "card" }, stepper(steps, t("task.steps")))];
  }
  const newest = numbers.at(-1);
  return numbers.toReversed().map((attempt) => {
    const steps = attemptSteps(task, evidence, attempt, attempt === newest);
    if (attempt === newest)
      return h("div", { class: "card" }, numbers.length > 1 && h("h2", null, t("task.attempt", { n: attempt })), steps);
    return h("div", { class: "card" }, fold(t("task.attempt", { n: attempt }), steps));
  });
}

/**
 * @param {Task} task
 * @param {Evidence} evidence
 * @param {number} attempt
 * @param {boolean} newest
 */
function attemptSteps(task, evidence, attempt, newest) {
  const lines = evidence.log.filter((line) => line.attempt === attempt);
  const phases = phasesOf(lines, task, newest);
  const steps = phases.map((phase) => ({
    name: phaseName(phase.name),
    state: phase.state,
    note:
      phase.at === null
        ? null
        : h(
            "span",
            null,
            h("time", { datetime: phase.at, title: exact(phase.at) }, seconds(phase.at)),
            phase.took_s !== null && phase.took_s >= 0.5 && ` · ${duration(phase.took_s)}`,
          ),
  }));
  const list = stepper(steps, t("task.steps"));
  const failed = phases.findIndex((phase) => phase.state === "failed" || phase.state === "unknown");
  const shown = failed >= 0 ? failed : newest && task.status > 1 ? phases.length - 1 : -1;
  const item = list.children[shown];
  if (item !== undefined)
    item.append(
      h(
        "div",
        { class: "step-more" },
        failureOf(lines, task, newest, failed >= 0),
        pictureOf(task, evidence, attempt, phaseName(phases[shown]?.name ?? "")),
      ),
    );
  return list;
}

/**
 * Why it went no further: the sentence, and under details the code and the step.
 * @param {Line[]} lines
 * @param {Task} task
 * @param {boolean} newest
 * @param {boolean} failed
 */
function failureOf(lines, task, newest, failed) {
  if (!failed) return null;
  if (newest && task.error !== null) {
    return [
      h("p", null, errorSentence(task.error)),
      fold(
        t("task.details"),
        h(
          "dl",
          { class: "facts" },
          h("dt", null, t("task.code")),
          h("dd", null, h("code", null, task.error.code)),
          task.error.step && [h("dt", null, t("task.step")), h("dd", null, task.error.step)],
        ),
      ),
    ];
  }
  const error = lines.findLast((line) => line.error)?.error;
  return error && h("p", null, capital(spoken(error)));
}

/**
 * @param {Task} task
 * @param {Evidence} evidence
 * @param {number} attempt
 * @param {string} at
 */
function pictureOf(task, evidence, attempt, at) {
  const name = evidence.artifacts.findLast((file) => file.startsWith(`${attempt}-`) && file.endsWith(".png"));
  if (name === undefined) return null;
  const src = fileOf(task, name);
  const alt = t("task.picture", { step: at });
  return h(
    "button",
    { type: "button", class: "evidence", "aria-label": alt, on: { click: () => void show(alt, h("img", { src, alt })) } },
    h("img", { src, alt: "", loading: "lazy" }),
  );
}

/** @param {Task} task @param {string} name */
function fileOf(task, name) {
  return `/api/v1/task/${task.id}/artifacts/${encodeURIComponent(name)}`;
}

/** @param {Task} task */
function factsOf(task) {
  const config = task.script_config;
  /** @type {[string, import("../lib/dom.js").Kid][]} */
  const rows = [
    [t("task.account"), h("span", null, accountOf(task) || t("tasks.account_of_phone"), `, ${appName(task.platform)}`)],
    [t("task.seen_as"), task.account_seen && task.username && task.account_seen !== task.username ? `@${task.account_seen}` : ""],
    [t("task.phone"), h("a", { href: to("phone", task.serial) }, phoneName(task.serial))],
    [t("task.caption"), h("span", { class: "caption-text" }, task.caption || t("tasks.no_caption"))],
    [t("task.files"), task.materials.join(", ")],
    [t("task.options"), optionsOf(config)],
    [t("task.planned"), time(task.scheduled_at)],
    [t("task.started"), task.started_at && time(task.started_at)],
    [t("task.ended"), task.finished_at && time(task.finished_at)],
    [
      t("task.took"),
      task.started_at && task.finished_at && duration((Date.parse(task.finished_at) - Date.parse(task.started_at)) / 1000),
    ],
    [
      t("task.next_try"),
      task.status === 0 && task.next_attempt_at && task.next_attempt_at !== task.scheduled_at ? time(task.next_attempt_at) : "",
    ],
    [
      t("task.retries"),
      task.retry_count > 0 ? t("task.retries_of", { count: number(task.retry_count), max: number(task.max_retry_count) }) : "",
    ],
    [
      t("task.made"),
      h("span", null, time(task.created_at), ` · ${task.source === "ui" ? t("task.by_console") : t("task.by_api")}`),
    ],
  ];
  return h(
    "dl",
    { class: "facts" },
    rows.filter(([, value]) => value).map(([label, value]) => [h("dt", null, label), h("dd", null, value)]),
  );
}

/** What is not as usual about the post. @param {Record<string, any>} config */
function optionsOf(config) {
  return [
    config.placement === "story" && t("task.story"),
    config.ai_label && t("task.ai_label"),
    config.add_product_link === 1 && t("task.product"),
    config.post_way === "useSound" && config.sound_name,
  ]
    .filter(Boolean)
    .join(", ");
}

/** @param {Line[]} lines */
function logText(lines) {
  return lines
    .map(({ at, attempt, step, ...facts }) => {
      const more = Object.entries(facts).map(
        ([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`,
      );
      return `${seconds(at)}  ${attempt}  ${(step || "–").padEnd(16)}  ${more.join("  ")}`;
    })
    .join("\n");
}

/**
 * Everything that somebody who helps wants to know.
 * @param {Task} task
 * @param {Evidence} evidence
 */
function supportText(task, evidence) {
  const lines = [
    `task ${task.id}: ${task.status_text}, outcome ${task.outcome}`,
    task.error ? `error: ${task.error.code}${task.error.step ? ` at ${task.error.step}` : ""}: ${task.error.message}` : "",
    task.remark ? `remark: ${task.remark}` : "",
    `account: ${accountOf(task) || "(current)"}, seen: ${task.account_seen || "-"}, ${task.platform}, ${task.serial}`,
    `planned ${task.scheduled_at}, started ${task.started_at ?? "-"}, ended ${task.finished_at ?? "-"}, zone ${timezone()}`,
    `files: ${task.materials.join(", ")}; retries ${task.retry_count} of ${task.max_retry_count}; version ${live?.version ?? "?"}`,
    "",
    logText(evidence.log),
    "",
    `kept: ${evidence.artifacts.join(", ") || "nothing"}`,
  ];
  return lines.filter((line, place) => line !== "" || lines[place - 1] !== "").join("\n");
}
