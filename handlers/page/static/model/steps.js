// How far a post is: the seven steps of an attempt, read from its log, or for a list from the task alone.

import { t } from "../lib/texts.js";

/** @typedef {import("./tasks.js").Task} Task */
/** @typedef {{ at: string, attempt: number, step: string, note?: string, error?: string, took_ms?: number, [fact: string]: any }} Line */
/**
 * @typedef {object} Phase
 * @property {string} name one of PHASES
 * @property {"done" | "now" | "failed" | "unknown" | "open" | "skipped"} state
 * @property {string | null} at when it was done, or failed
 * @property {number | null} took_s since the step before
 */

export const PHASES = ["phone", "file", "app", "account", "form", "tap", "proof"];

const TAP = PHASES.indexOf("tap");

/** What each step's end looks like in the log. @type {Record<string, (line: Line) => boolean>} */
const ENDS = {
  phone: (line) => line.step === "wake" && !line.error && line.took_ms !== undefined,
  file: (line) => line.step === "index" && !line.error,
  app: (line) => /^screen: (?!unknown)/.test(line.note ?? ""),
  account: (line) => line.note === "account seen" || line.note === "ready to publish",
  form: (line) => line.note === "ready to publish",
  tap: (line) => line.note === "tap sent",
  proof: (line) => (line.note ?? "").startsWith("published: "),
};

/** Which step the phone is at while the log's own step has this name. @type {Record<string, string>} */
const AT = {
  wake: "phone",
  language: "phone",
  push: "file",
  index: "file",
  "open app": "app",
  commit: "tap",
  proof: "proof",
  "look for the post": "proof",
  "wait after upload": "proof",
  evidence: "proof",
  "clean up": "proof",
};

/** What a running task does, for people. @param {Task} task */
export function doing(task) {
  return t(`steps.doing_${PHASES[phaseOfTask(task)] ?? "phone"}`);
}

/** The name of a step, for people. @param {string} phase */
export function phaseName(phase) {
  return t(`steps.${phase}`);
}

/**
 * The steps of one attempt.
 * @param {Line[]} log of this attempt only
 * @param {Task} task
 * @param {boolean} newest whether it is the task's last attempt: only that can be going on
 * @returns {Phase[]}
 */
export function phasesOf(log, task, newest) {
  /** @type {(string | null)[]} */
  const ends = PHASES.map((phase) => log.find((line) => ENDS[phase]?.(line))?.at ?? null);
  const published = newest && task.outcome === "published";
  let last = -1;
  ends.forEach((end, place) => {
    if (end !== null) last = place;
  });
  if (published) last = PHASES.length - 1;
  const inDoubt = newest && task.outcome === "unknown";
  const running = newest && task.status === 1;
  const first = log[0]?.at ?? null;
  let before = first;
  return PHASES.map((name, place) => {
    const at = ends[place] ?? null;
    /** @type {Phase["state"]} */
    let state = "open";
    if (at !== null) state = "done";
    else if (place < last) state = "skipped";
    else if (published && place === last) state = "done";
    else if (place === last + 1)
      state = running ? "now" : log.length === 0 ? "open" : inDoubt && place > TAP ? "unknown" : "failed";
    const stopped =
      state === "failed" || state === "unknown" ? (log.findLast((line) => line.error)?.at ?? log.at(-1)?.at ?? null) : null;
    const took_s = at !== null && before !== null ? Math.max(0, (Date.parse(at) - Date.parse(before)) / 1000) : null;
    if (at !== null && (before === null || Date.parse(at) > Date.parse(before))) before = at;
    return { name, state, at: at ?? stopped, took_s };
  });
}

/** At which step a running task is, from the task alone: a number below PHASES.length. @param {Task} task */
export function phaseOfTask(task) {
  const known = AT[task.remark];
  if (known !== undefined) return PHASES.indexOf(known);
  if (task.outcome === "unknown") return PHASES.indexOf("proof");
  if (!task.remark) return 0;
  return PHASES.indexOf(task.account_seen ? "form" : "account");
}
