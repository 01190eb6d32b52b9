// What the hub says of itself, asked for every two seconds while the page is looked at: one small answer, 304 when nothing changed.

import { ApiError, raw, sayLocked } from "./api.js";
import { setClock } from "./times.js";

const EVERY_MS = 2000;
const LOST_MS = [2000, 3000, 5000, 10_000]; // between tries while the hub does not answer
const WAIT_MS = 10_000;

/**
 * @typedef {object} Live
 * @property {number} change another one whenever anything that a screen shows has changed
 * @property {boolean} ready
 * @property {string[]} reasons why it cannot work
 * @property {string[]} notices
 * @property {string} time
 * @property {string} timezone
 * @property {number} needs_count
 * @property {{ total: number, pending: number, running: number, completed: number, failed: number, unknown: number }} counts tasks
 * @property {{ task_id: number, start_time: string, username: string, platform: string, serial: string } | null} next_post
 * @property {string} version
 */

/** The newest answer, null before the first. @type {Live | null} */
export let live = null;
/** Since when the hub does not answer, in milliseconds of this browser; 0 while it does. */
export let lostSince = 0;

/** @type {((now: Live | null) => void)[]} */
const listeners = [];
let etag = "";
let timer = 0;
let failures = 0;
let asking = false;
let again = false;
let running = false;

/** Called with each answer, and with null when the hub did not answer. @param {(now: Live | null) => void} listener */
export function onLive(listener) {
  listeners.push(listener);
}

/** Begins to ask; while the page is hidden nothing is asked. */
export function startLive() {
  running = true;
  void askNow();
}

/** Asks no more, e.g. as somebody has to log in first. */
export function stopLive() {
  running = false;
  clearTimeout(timer);
}

/** Watches whether the page is looked at; called once. */
export function watchVisibility() {
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden && running) void askNow();
  });
  addEventListener("online", () => {
    if (running) void askNow();
  });
}

/** Asks at once, e.g. after an action. The answer is the same as for the next listener. */
export async function askNow() {
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  clearTimeout(timer);
  try {
    await ask();
  } finally {
    asking = false;
    const wait = failures === 0 ? EVERY_MS : (LOST_MS[Math.min(failures, LOST_MS.length) - 1] ?? EVERY_MS);
    if (running && !document.hidden) timer = setTimeout(() => void askNow(), again ? 0 : wait);
    again = false;
  }
}

async function ask() {
  try {
    /** @type {Record<string, string>} */
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await raw("GET", "/api/v1/changes", undefined, { headers, wait_ms: WAIT_MS });
    if (answer.status === 304 && live !== null) {
      const date = answer.headers.get("Date");
      if (date !== null && lostSince) setClock(new Date(date).toISOString(), live.timezone);
    } else {
      const found = await answer.json();
      if (found.code === 40101) {
        stopLive();
        sayLocked();
        return;
      }
      if (found.code !== 0) throw new ApiError(found.message, { code: found.code, status: answer.status });
      etag = answer.headers.get("ETag") ?? "";
      live = /** @type {Live} */ (found.data);
      setClock(live.time, live.timezone);
    }
    failures = 0;
    lostSince = 0;
  } catch {
    failures += 1;
    // One answer may be late; a second one that is missing is worth a word.
    if (!lostSince && failures > 1) lostSince = Date.now();
  }
  for (const listener of listeners) listener(lostSince || failures ? null : live);
}
