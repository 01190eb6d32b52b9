// Files whose upload is unfinished, kept by the browser, so that a reload of the page goes on with them.

const DATABASE = "tikmatrixd-uploads";
const TAB = "tab";
/** A tab that was closed leaves its files behind; after so long another one may take them. */
const LEFT_MS = 60_000;
const OLD_MS = 24 * 3_600_000; // the hub forgets an unfinished upload after that, too

/**
 * @typedef {object} Kept
 * @property {string} id
 * @property {string} tab
 * @property {string} name
 * @property {number} size
 * @property {string} type
 * @property {number} upload its number at the hub, 0 before it has one
 * @property {number} touched
 */

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("facts", { keyPath: "id" });
      asked.result.createObjectStore("files");
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

/**
 * @template T
 * @param {"facts" | "files"} store
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} work
 * @returns {Promise<T | null>} null where this browser keeps nothing
 */
async function within(store, mode, work) {
  try {
    const database = await open();
    return await new Promise((resolve, reject) => {
      const asked = work(database.transaction(store, mode).objectStore(store));
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  } catch {
    return null; // a private window, a full disk: then a reload asks for the file again
  }
}

/** The name of this tab, which outlives its reload. */
export function thisTab() {
  try {
    const known = sessionStorage.getItem(TAB) ?? `${Date.now()}-${Math.random()}`;
    sessionStorage.setItem(TAB, known);
    return known;
  } catch {
    return "";
  }
}

/** @param {Omit<Kept, "tab" | "touched">} facts */
export function keepFacts(facts) {
  const { id, name, size, type, upload } = facts;
  const kept = { id, name, size, type, upload, tab: thisTab(), touched: Date.now() };
  return within("facts", "readwrite", (store) => store.put(kept));
}

/** @param {string} id @param {Blob} file */
export function keepFile(id, file) {
  return within("files", "readwrite", (store) => store.put(file, id));
}

/** @param {string} id */
export async function forget(id) {
  await within("facts", "readwrite", (store) => store.delete(id));
  await within("files", "readwrite", (store) => store.delete(id));
}

/** What this tab has left unfinished, or one that is closed; `file` is null where it was not kept. */
export async function unfinished() {
  const all = /** @type {Kept[]} */ ((await within("facts", "readonly", (store) => store.getAll())) ?? []);
  const mine = [];
  for (const kept of all) {
    const age = Date.now() - kept.touched;
    if (age > OLD_MS) await forget(kept.id);
    else if (kept.tab === thisTab() || age > LEFT_MS) {
      const file = /** @type {Blob | null} */ ((await within("files", "readonly", (store) => store.get(kept.id))) ?? null);
      mine.push({ ...kept, file });
    }
  }
  return mine;
}
