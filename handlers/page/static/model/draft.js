// A post that is being written, kept for this tab, so that a reload loses nothing of it.

import { newKey } from "../lib/api.js";

const KEY = "compose-draft";

/**
 * @typedef {object} ChosenFile a file of the library, or one on its way into it
 * @property {string} id
 * @property {string} name
 * @property {string} kind
 * @property {number} material its number in the library, 0 while it is on its way
 *
 * @typedef {object} Draft
 * @property {string} key the same for all tries of this one post
 * @property {ChosenFile[]} files
 * @property {number[]} accounts
 * @property {string} caption
 * @property {"now" | "at"} when
 * @property {string} start
 * @property {boolean} ai
 * @property {string} placement
 * @property {string} sound
 * @property {string} soundName
 * @property {boolean} again also where the account was given the same media before
 * @property {{ at: number, body: unknown } | null} sent what was sent without an answer so far
 */

/** @returns {Draft} */
export function emptyDraft() {
  return {
    key: newKey(),
    files: [],
    accounts: [],
    caption: "",
    when: "now",
    start: "",
    ai: false,
    placement: "reel",
    sound: "-1",
    soundName: "",
    again: false,
    sent: null,
  };
}

/** The one of this tab. @returns {Draft} */
export function loadDraft() {
  try {
    return { ...emptyDraft(), ...JSON.parse(sessionStorage.getItem(KEY) ?? "{}") };
  } catch {
    return emptyDraft();
  }
}

/** @param {Draft} draft */
export function saveDraft(draft) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // Then it lives as long as the page.
  }
}

/**
 * The bodies of the tasks, one for each account, as `POST /api/v1/task/bulk` takes them.
 * @param {Draft} draft
 * @param {{ username: string, platform: string }[]} accounts
 */
export function bodiesOf(draft, accounts) {
  const images = draft.files.length > 0 && draft.files.every((file) => file.kind === "image");
  return accounts.map(({ username, platform }) => ({
    script_name: "post",
    usernames: [username],
    platform,
    ...(draft.when === "at" ? { start_time: draft.start.replace("T", " ") } : {}),
    script_config: {
      captions: draft.caption,
      material_ids: draft.files.map((file) => file.material),
      content_type: images ? 1 : 0,
      ...(images ? { image_count: draft.files.length } : {}),
      ...(draft.ai ? { ai_label: true } : {}),
      ...(platform === "instagram" && !images && draft.placement === "story" ? { placement: "story" } : {}),
      ...(platform === "tiktok" && draft.sound !== "-1" ? { add_sound: draft.sound } : {}),
      ...(platform === "tiktok" && draft.sound === "custom" ? { custom_sound_keyword: draft.soundName } : {}),
    },
  }));
}
