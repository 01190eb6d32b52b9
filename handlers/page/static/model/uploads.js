// Uploads into the library: in pieces, two at a time, over lost connections, changes of the screen and reloads of the page.

import { ApiError, get, newKey, send, sentenceOf } from "../lib/api.js";
import { forget, keepFacts, keepFile, unfinished } from "./kept_files.js";

const UPLOADS = "/api/v1/materials/uploads";
const AT_ONCE = 2;
const FIRST_BYTES = 256 * 1024;
const MOST_BYTES = 4 * 1024 * 1024;
const PIECE_MS = 400; // a piece that takes about so long shows progress, and costs little when it is lost
const AGAIN_MS = 2000;
const RESTORE_MS = 1000;
const LOOK_MS = 180_000; // the last piece is answered when the hub has looked into the file

/**
 * @typedef {"waits" | "sending" | "looking" | "lost" | "choose" | "failed" | "done"} UploadState
 *   choose: after a reload the browser has no longer the file, so that a person has to choose it again
 *
 * @typedef {object} Upload
 * @property {string} id
 * @property {string} name
 * @property {number} size
 * @property {string} type
 * @property {Blob | null} file
 * @property {number} upload its number at the hub
 * @property {number} offset how many bytes are there
 * @property {UploadState} state
 * @property {string} problem
 * @property {any} material what it became
 */

/** @type {Map<string, Upload>} */
const uploads = new Map();
/** @type {Map<string, AbortController>} */
const running = new Map();
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Promise<void> | null} */
let restored = null;

/** Called after each change of an upload. @param {() => void} listener @param {AbortSignal} signal ends that */
export function onUploads(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

function changed() {
  for (const listener of listeners) listener();
}

/** All that were not taken away, oldest first. */
export function allUploads() {
  return [...uploads.values()];
}

/** @param {string} id */
export function uploadOf(id) {
  return uploads.get(id);
}

/** What kind of post a name makes. @param {string} name */
export function kindOf(name) {
  if (/\.(mp4|mov|m4v)$/i.test(name)) return "video";
  return /\.(jpe?g|png|webp)$/i.test(name) ? "image" : "";
}

/**
 * Begins to upload files; one that an unfinished upload waits for goes on there.
 * @param {Iterable<File>} files
 * @returns {Upload[]}
 */
export function addFiles(files) {
  const added = [...files].map((file) => {
    const waiting = allUploads().find((one) => one.state === "choose" && one.name === file.name && one.size === file.size);
    const one = waiting ?? {
      id: newKey(),
      name: file.name,
      size: file.size,
      type: file.type,
      file,
      upload: 0,
      offset: 0,
      state: /** @type {UploadState} */ ("waits"),
      problem: "",
      material: null,
    };
    one.file = file;
    one.state = "waits";
    uploads.set(one.id, one);
    void keepFacts(one).then(() => keepFile(one.id, file));
    return one;
  });
  next();
  changed();
  return added;
}

/** Takes up what a reload has interrupted; once for each page. */
export function restoreUploads() {
  restored ??= unfinished().then((found) => {
    for (const kept of found) {
      if (uploads.has(kept.id)) continue;
      const state = /** @type {UploadState} */ (kept.file === null ? "choose" : "waits");
      uploads.set(kept.id, { ...kept, offset: 0, state, problem: "", material: null });
    }
    next();
    changed();
  });
  // A browser that keeps it waiting must not keep the screen waiting.
  return Promise.race([restored, new Promise((resolve) => setTimeout(resolve, RESTORE_MS))]);
}

/** Gives an upload up, or takes its line away when it has ended. @param {string} id */
export function dropUpload(id) {
  const one = uploads.get(id);
  uploads.delete(id);
  running.get(id)?.abort();
  void forget(id);
  if (one?.upload && one.state !== "done")
    void send("DELETE", `${UPLOADS}/${one.upload}`, undefined, { repeat: true }).catch(() => {});
  changed();
}

/** Tries one that failed once more. @param {string} id */
export function retryUpload(id) {
  const one = uploads.get(id);
  if (one === undefined || one.state !== "failed" || one.file === null) return;
  Object.assign(one, { state: "waits", problem: "", upload: 0, offset: 0 });
  next();
  changed();
}

function next() {
  for (const one of uploads.values()) {
    if (running.size >= AT_ONCE) return;
    if (one.state === "waits" && one.file !== null && !running.has(one.id)) void run(one, one.file);
  }
}

/** @param {Upload} one @param {Blob} file */
async function run(one, file) {
  const stop = new AbortController();
  running.set(one.id, stop);
  try {
    while (one.state !== "done" && one.state !== "failed") await attempt(one, file, stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) console.error(error);
  } finally {
    running.delete(one.id);
    next();
    changed();
  }
}

/** Sends until the end, or until something goes wrong. @param {Upload} one @param {Blob} file @param {AbortSignal} signal */
async function attempt(one, file, signal) {
  try {
    await sendAll(one, file, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    if (error instanceof ApiError && error.code === 40401 && one.upload) {
      Object.assign(one, { upload: 0, offset: 0 }); // the hub has forgotten it: from the beginning
    } else if (error instanceof ApiError && (error.lost || error.locked)) {
      one.state = "lost";
      changed();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      signal.throwIfAborted();
    } else {
      Object.assign(one, { state: "failed", problem: sentenceOf(error) });
      void forget(one.id);
    }
  }
}

/** @param {Upload} one @param {Blob} file @param {AbortSignal} signal */
async function sendAll(one, file, signal) {
  const place = () => `${UPLOADS}/${one.upload}`;
  const begun = one.upload
    ? await get(place(), { signal })
    : await send("POST", UPLOADS, { name: one.name, size_bytes: one.size }, { signal });
  one.upload = begun.id;
  take(one, begun);
  void keepFacts(one);
  let bytes = FIRST_BYTES;
  while (one.material === null) {
    const end = Math.min(one.size, one.offset + bytes);
    one.state = end === one.size ? "looking" : "sending";
    changed();
    const started = performance.now();
    const piece = file.slice(one.offset, end);
    const headers = { "Content-Range": `bytes ${one.offset}-${end - 1}/${one.size}` };
    take(one, await send("PUT", place(), piece, { signal, headers, repeat: true, wait_ms: LOOK_MS }));
    void keepFacts(one);
    const took = performance.now() - started;
    bytes = Math.min(MOST_BYTES, begun.piece_bytes, Math.max(FIRST_BYTES, Math.round((bytes * PIECE_MS) / Math.max(took, 40))));
  }
  one.state = "done";
  await forget(one.id);
}

/** @param {Upload} one @param {any} answer */
function take(one, answer) {
  one.offset = answer.offset;
  one.material = answer.material ?? one.material;
}
