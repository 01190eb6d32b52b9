// New post: files, accounts, a caption and a time become one task per account, exactly once.

import { ApiError, get, newKey, send, sentenceOf } from "../lib/api.js";
import { fill, freshId, h, write } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { button, heading, labelled, linkButton, tick } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { t } from "../lib/texts.js";
import { toast } from "../lib/toasts.js";
import { accountPicker, allAccounts, nameOf } from "../model/account_picker.js";
import { counts, LIMITS, longest } from "../model/captions.js";
import { bodiesOf, emptyDraft, loadDraft, saveDraft } from "../model/draft.js";
import { filePicker } from "../model/file_picker.js";
import { madeCard } from "../model/made_card.js";
import { loadPhones } from "../model/phones.js";
import { note, remarks } from "../model/remarks.js";
import { restoreUploads } from "../model/uploads.js";
import { whenPicker } from "../model/when_picker.js";

/** @typedef {import("../model/draft.js").Draft} Draft */

const PAUSE_MS = 500; // after the last change, before the hub is asked what it thinks of it
const SENT_MS = 120_000; // what was sent so long ago without an answer is not sent again by itself
/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {Promise<import("../lib/router.js").Screen>}
 */
export default async function compose(visit) {
  const [accounts] = await Promise.all([allAccounts(visit.signal), loadPhones(), restoreUploads()]);
  /** @type {Draft} */
  let draft = loadDraft();
  draft.accounts = draft.accounts.filter((id) => accounts.some((one) => one.id === id));
  let busy = false;
  let timer = 0;
  let asking = new AbortController();

  // --- the fields

  const files = filePicker(draft, visit.signal, changed, () => draw());
  const picker = accountPicker(accounts, draft.accounts, (chosen) => {
    draft.accounts = chosen;
    changed();
  });
  const caption = h("textarea", { name: "caption", rows: 6, value: draft.caption });
  caption.addEventListener("input", () => {
    draft.caption = caption.value;
    changed();
  });
  const counter = h("p", { class: "hint counter" });
  const previews = h("ul", { class: "previews" });
  const when = whenPicker(draft, changed);
  const ai = h("input", { type: "checkbox", checked: draft.ai });
  ai.addEventListener("change", () => {
    draft.ai = ai.checked;
    changed();
  });
  const placement = select("placement", ["reel", "story"]);
  const sound = select("sound", ["-1", "0", "1", "custom"]);
  const soundName = h("input", { name: "soundName", value: draft.soundName });
  soundName.addEventListener("input", () => {
    draft.soundName = soundName.value;
    changed();
  });
  const again = h("input", { type: "checkbox", checked: draft.again });
  again.addEventListener("change", () => {
    draft.again = again.checked;
    changed();
  });

  /** @type {Record<string, { list: HTMLElement, control: HTMLElement }>} */
  const notes = {};
  for (const [place, control] of Object.entries({
    files: files.input,
    accounts: picker.node,
    caption,
    start: when.input,
    options: ai,
    form: ai,
  })) {
    notes[place] = { list: h("ul", { class: "notes", id: freshId(), "aria-live": "polite" }), control };
  }
  counter.id = freshId();
  caption.setAttribute("aria-describedby", `${counter.id} ${notes.caption?.list.id}`);

  const placementField = labelled(t("compose.placement"), placement);
  const soundField = labelled(t("compose.sound"), sound);
  const soundNameField = labelled(t("compose.sound_name"), soundName);
  const againField = h("label", { class: "tick", hidden: true }, again, h("span", null, t("compose.again")));
  // No submit button: Enter in a field would press it, and publish.
  const act = h("button", { type: "button", class: "button primary", on: { click: submit } });
  const summary = h("p", { class: "compose-summary", role: "status" });
  const refusal = h("div", { class: "problem", role: "alert" });
  const done = h("div", { class: "done", role: "status" });

  const fields = [
    h(
      "div",
      { class: "compose-main" },
      h("section", { class: "card" }, h("h2", null, t("compose.files")), files.node, notes.files?.list),
      h("section", { class: "card" }, labelled(t("compose.caption"), caption, counter), notes.caption?.list, previews),
    ),
    h(
      "div",
      { class: "compose-side" },
      h("section", { class: "card" }, picker.node, notes.accounts?.list),
      h("section", { class: "card" }, when.node, notes.start?.list),
      h(
        "section",
        { class: "card stack-small" },
        h("h2", null, t("compose.options")),
        tick(ai, t("compose.ai_label")),
        placementField,
        soundField,
        soundNameField,
        notes.options?.list,
      ),
    ),
  ];
  const form = h(
    "form",
    { class: "compose", novalidate: true, on: { submit: (/** @type {Event} */ event) => event.preventDefault() } },
    fields,
    h("div", { class: "compose-bar" }, h("div", { class: "compose-said" }, summary, notes.form?.list, refusal, againField), act),
  );

  /** @param {string} name @param {string[]} values */
  function select(name, values) {
    const node = h(
      "select",
      { name },
      values.map((value) => h("option", { value }, t(`compose.${name}_${value.replace("-", "m")}`))),
    );
    node.value = String(Reflect.get(draft, name));
    node.addEventListener("change", () => {
      Reflect.set(draft, name, node.value);
      changed();
    });
    return node;
  }

  // --- what it is so far

  const chosen = () => accounts.filter((one) => draft.accounts.includes(one.id));

  function changed() {
    saveDraft(draft);
    draw();
    clearTimeout(timer);
    asking.abort();
    timer = setTimeout(() => void rehearse(), PAUSE_MS);
  }

  /** What is still to be given before it can be posted; "" where nothing is. */
  function missing() {
    if (draft.files.length === 0) return t("compose.no_file");
    if (files.problem()) return files.problem();
    if (chosen().length === 0) return t("compose.no_account");
    return draft.when === "at" && !draft.start ? t("compose.no_start") : "";
  }

  function draw() {
    when.draw();
    const who = chosen();
    const apps = new Set(who.map((one) => one.platform));
    const isVideo = draft.files.every((file) => file.kind !== "image");
    placementField.hidden = !apps.has("instagram") || !isVideo;
    soundField.hidden = !apps.has("tiktok");
    soundNameField.hidden = soundField.hidden || draft.sound !== "custom";
    drawCounter(apps);
    const n = who.length;
    act.textContent = t("compose.post_to", { n });
    act.disabled = busy || missing() !== "";
    // What is on its way is what the form shows until the answer is there.
    for (const part of fields) part.inert = busy && draft.sent !== null;
    const left = files.left();
    write(
      summary,
      busy
        ? left > 0
          ? t("compose.waits_for_upload", { n: left })
          : t("compose.sending")
        : missing() || t("compose.summary", { n, when: when.said() }),
    );
    act.setAttribute("aria-busy", String(busy));
  }

  /** @param {Set<string>} apps */
  function drawCounter(apps) {
    const found = counts(longest(draft.caption));
    const limits = [...apps].map((app) => LIMITS[app]).filter((one) => one !== undefined);
    const chars = Math.min(...limits.map((one) => one.chars));
    const tags = Math.min(...limits.map((one) => one.tags));
    const over = found.chars > chars || found.tags > tags;
    counter.classList.toggle("over", over);
    fill(
      counter,
      over && icon("alert"),
      Number.isFinite(chars) ? t("compose.chars_of", { n: found.chars, most: chars }) : t("compose.chars", { n: found.chars }),
      " · ",
      Number.isFinite(tags) ? t("compose.tags_of", { n: found.tags, most: tags }) : t("compose.tags", { n: found.tags }),
    );
  }

  // --- what the hub thinks of it

  async function rehearse() {
    const who = chosen();
    if (busy || missing() || files.left() > 0) {
      say([], []);
      fill(previews);
      return;
    }
    asking = new AbortController();
    const body = { tasks: bodiesOf(draft, who), dry_run: true, force: draft.again };
    try {
      const answer = await send("POST", "/api/v1/task/bulk", body, { signal: asking.signal, repeat: true });
      say([], answer.warnings);
      drawPreviews(who, answer.tasks);
    } catch (error) {
      if (asking.signal.aborted || !(error instanceof ApiError)) return;
      if (!error.lost && !error.locked) refuse(error);
      fill(previews);
    }
  }

  /** @param {ApiError} error */
  function refuse(error) {
    const problems = error.errors.length > 0 ? error.errors : [{ field: "", problem: error.message }];
    say(problems, []);
    // The same media for the same account: a person may insist.
    if (error.code === 40902) againField.hidden = false;
  }

  /** @param {import("../lib/api.js").Problem[]} problems @param {string[]} warnings */
  function say(problems, warnings) {
    const who = chosen();
    const found = remarks(problems, warnings, who.map(nameOf));
    for (const [place, { list, control }] of Object.entries(notes)) {
      const here = found.filter((one) => one.place === place);
      fill(
        list,
        here.map((one) => note(one, who.length)),
      );
      control.toggleAttribute(
        "aria-invalid",
        here.some((one) => one.kind === "bad"),
      );
    }
  }

  /** @param {any[]} who @param {any[]} tasks */
  function drawPreviews(who, tasks) {
    const differ = tasks.some((task) => task.caption !== draft.caption);
    fill(
      previews,
      differ && h("li", { class: "calm small-text" }, t("compose.for_example")),
      differ &&
        tasks.map((task, at) =>
          h(
            "li",
            { class: "preview" },
            h("b", null, who[at] ? nameOf(who[at]) : ""),
            h("span", { class: "two-lines" }, task.caption),
          ),
        ),
    );
  }

  // --- posting

  async function submit() {
    if (busy || act.disabled) return;
    await post(false);
  }

  /** @param {boolean} resent what was sent before the page was loaded again */
  async function post(resent) {
    busy = true;
    clearTimeout(timer);
    asking.abort();
    fill(refusal);
    draw();
    try {
      if (!resent) {
        await files.arrived();
        if (visit.signal.aborted || missing()) return;
        draft.sent = { at: Date.now(), body: { tasks: bodiesOf(draft, chosen()), force: draft.again } };
        saveDraft(draft);
        draw();
      }
      const answer = await send("POST", "/api/v1/task/bulk", draft.sent?.body, { key: draft.key, wait_ms: 60_000 });
      finish(answer);
    } catch (error) {
      const known = error instanceof ApiError ? error : null;
      if (known !== null && !known.lost) {
        draft.sent = null;
        keep();
      }
      if (visit.signal.aborted) {
        const link = { text: t("compose.title"), href: to("compose") };
        toast([t(known?.lost ? "compose.left_open" : "compose.left_refused"), sentenceOf(error)], { kind: "bad", link });
        return;
      }
      if (known !== null && known.code === 40901) offerAnother();
      else if (known !== null && known.errors.length > 0) {
        refuse(known);
        fill(refusal, t("compose.refused"));
      } else fill(refusal, sentenceOf(error));
    } finally {
      busy = false;
      draw();
    }
  }

  /** Keeps the draft, unless this form was left and another one is being written since. */
  function keep() {
    if (!visit.signal.aborted || loadDraft().key === draft.key) saveDraft(draft);
  }

  /** An earlier try of this form did arrive, and the form was changed since. */
  function offerAnother() {
    fill(
      refusal,
      h("p", null, t("compose.was_made")),
      h(
        "div",
        { class: "buttons" },
        linkButton(t("shell.queue"), to("queue")),
        button(t("compose.another_one"), () => {
          draft.key = newKey();
          saveDraft(draft);
          fill(refusal);
          return post(false);
        }),
      ),
    );
  }

  /** @param {any} answer */
  function finish(answer) {
    const made = answer.tasks;
    const { tasks = [] } = /** @type {{ tasks?: { usernames: string[], platform: string }[] }} */ (draft.sent?.body ?? {});
    const who = tasks.map(({ usernames: [username = ""], platform }) => nameOf({ username, platform }));
    const mine = !visit.signal.aborted || loadDraft().key === draft.key;
    files.taken();
    draft = Object.assign(draft, emptyDraft());
    if (mine) saveDraft(draft);
    if (visit.signal.aborted) {
      const told = made.map(
        (/** @type {any} */ one, /** @type {number} */ at) => `${t("tasks.task", { id: String(one.id) })}: ${who[at]}`,
      );
      if (mine) toast([t("compose.made", { n: made.length }), ...told], { link: { text: t("shell.queue"), href: to("queue") } });
      return;
    }
    fill(done, madeCard(made, who, answer.warnings, reset));
    form.hidden = true;
    done.scrollIntoView({ block: "nearest" });
  }

  function reset() {
    fill(done);
    form.hidden = false;
    caption.value = "";
    when.reset();
    ai.checked = again.checked = false;
    againField.hidden = true;
    placement.value = draft.placement;
    sound.value = draft.sound;
    picker.choose([]);
    files.draw();
    say([], []);
    fill(previews);
    changed();
    files.input.focus();
  }

  const materialWanted = Number(visit.params.get("material") ?? 0);
  if (materialWanted && !draft.files.some((file) => file.material === materialWanted)) {
    const found = await get(`/api/v1/materials/${materialWanted}`, { signal: visit.signal });
    files.add([found]);
    history.replaceState(null, "", to("compose"));
  }
  files.begin();
  draw();
  if (draft.sent !== null && Date.now() - draft.sent.at < SENT_MS) void post(true);
  else timer = setTimeout(() => void rehearse(), 0);

  return {
    title: t("compose.title"),
    node: h("div", { class: "compose-screen" }, heading(t("compose.title")), done, form),
    tick: when.draw,
    close: () => {
      clearTimeout(timer);
      asking.abort();
      if (busy && draft.sent === null) {
        toast(t("compose.left_waiting"), { kind: "bad", link: { text: t("compose.title"), href: to("compose") } });
      }
    },
  };
}
