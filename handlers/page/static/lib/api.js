// Calls of the API. Every answer is checked; a lost one is asked for again, where repeating it is safe.

import { spoken } from "./spoken.js";
import { asSentence, t } from "./texts.js";

const WAIT_MS = 30_000;
const TRIES_MS = [400, 1200, 3000]; // pauses before a call whose answer was lost is repeated

/**
 * @typedef {{ field: string, problem: string }} Problem
 * @typedef {object} CallOptions
 * @property {string} [key] Idempotency-Key: the same for all tries of one intent
 * @property {boolean} [repeat] whether a lost answer may be asked for again; always so for GET and with a key
 * @property {string | number} [ifMatch] the version that the change is for
 * @property {boolean} [keepalive] sent although the page is being left
 * @property {AbortSignal} [signal]
 * @property {number} [wait_ms] how long an answer may take
 * @property {Record<string, string>} [headers] further ones
 */

/** A call that did not succeed. `message` is a sentence for people, in the reader's language as far as the console knows it. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{ code?: number, status?: number, data?: any }} [facts] code 0: no answer came
   */
  constructor(message, facts = {}) {
    super(spoken(message));
    this.code = facts.code ?? 0;
    this.status = facts.status ?? 0;
    /** @type {any} */
    this.data = facts.data ?? null;
  }

  /** No answer came: it may or may not have been done. */
  get lost() {
    return this.code === 0;
  }

  /** Somebody has to log in. */
  get locked() {
    return this.code === 40101;
  }

  /** @returns {Problem[]} */
  get errors() {
    const found = /** @type {Problem[]} */ (this.data?.errors ?? []);
    return found.map((one) => ({ ...one, problem: spoken(one.problem) }));
  }
}

/** @type {(() => void)[]} */
const lockedListeners = [];
/** Called whenever a call was refused because nobody is logged in. @param {() => void} listener */
export function onLocked(listener) {
  lockedListeners.push(listener);
}

/** Tells all who asked that somebody has to log in. */
export function sayLocked() {
  for (const listener of lockedListeners) listener();
}

/** A key for one intent: the same intent sent twice is done once. */
export function newKey() {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  // Over plain HTTP from another machine browsers keep randomUUID back.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The `data` of a reading call.
 * @param {string} path
 * @param {CallOptions} [options]
 * @returns {Promise<any>}
 */
export function get(path, options) {
  return call("GET", path, undefined, options);
}

/**
 * The `data` of a call that changes something.
 * @param {"POST" | "PATCH" | "DELETE" | "PUT"} method
 * @param {string} path
 * @param {unknown} [body] an object for JSON, or a Blob or text that goes as it is
 * @param {CallOptions} [options]
 * @returns {Promise<any>}
 */
export function send(method, path, body, options) {
  return call(method, path, body, options);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {CallOptions} options
 */
async function call(method, path, body, options = {}) {
  const mayRepeat = options.repeat ?? (method === "GET" || options.key !== undefined);
  for (let turn = 0; ; turn += 1) {
    try {
      return await once(method, path, body, options);
    } catch (error) {
      const pause = TRIES_MS[turn];
      if (!(error instanceof ApiError) || !error.lost || !mayRepeat || pause === undefined || options.signal?.aborted)
        throw error;
      await sleep(pause, options.signal);
    }
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} body
 * @param {CallOptions} options
 */
async function once(method, path, body, options) {
  const answer = await raw(method, path, body, options);
  /** @type {{ code: number, message: string, data: any }} */
  let found;
  try {
    found = await answer.json();
  } catch {
    throw new ApiError("the answer broke off");
  }
  if (found.code === 0) {
    if (Array.isArray(found.data?.warnings)) found.data.warnings = found.data.warnings.map(spoken);
    return found.data;
  }
  if (found.code === 40101) sayLocked();
  throw new ApiError(found.message, { code: found.code, status: answer.status, data: found.data });
}

/** How many calls were made: the shell keeps what it makes on its own below one a second. */
export let calls = 0;

/**
 * The answer itself, for pictures and texts; refusals are raised by the caller. Raises ApiError where none came.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @param {CallOptions} [options]
 */
export async function raw(method, path, body, options = {}) {
  /** @type {Record<string, string>} */
  const headers = { "X-Tikmatrixd-Client": "console", ...options.headers };
  calls += 1;
  if (options.key !== undefined) headers["Idempotency-Key"] = options.key;
  if (options.ifMatch !== undefined) headers["If-Match"] = String(options.ifMatch);
  const plain = body === undefined || body instanceof Blob || typeof body === "string";
  if (!plain) headers["Content-Type"] = "application/json";
  const deadline = AbortSignal.timeout(options.wait_ms ?? WAIT_MS);
  try {
    return await fetch(path, {
      method,
      headers,
      body: plain ? /** @type {BodyInit | undefined} */ (body) : JSON.stringify(body),
      cache: "no-store",
      keepalive: options.keepalive === true,
      credentials: "same-origin",
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal]
 */
function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

/**
 * A path with a query; what is empty is left out.
 * @param {string} path
 * @param {Record<string, string | number | boolean | null | undefined>} query
 */
export function withQuery(path, query) {
  const parts = Object.entries(query).filter(
    ([, value]) => value !== "" && value !== null && value !== undefined && value !== false,
  );
  return parts.length === 0 ? path : `${path}?${new URLSearchParams(parts.map(([name, value]) => [name, String(value)]))}`;
}

/** What went wrong, for people. @param {unknown} error */
export function sentenceOf(error) {
  if (error instanceof ApiError) {
    if (error.lost) return t("parts.no_answer");
    const problems = error.errors.filter((one) => one.problem && !error.message.includes(one.problem)).map((one) => one.problem);
    return [error.message, ...problems].map(asSentence).join("\n");
  }
  return error instanceof Error ? error.message : String(error);
}
