// Set-up: from an empty box to the first post, one step after the other; each is done as soon as the hub sees it.

import { get, newKey, send, sentenceOf, withQuery } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { askNow, live } from "../lib/live.js";
import { badge, button, field, heading, linkButton, whileBusy } from "../lib/parts.js";
import { to } from "../lib/router.js";
import { sentenceSaid, spoken } from "../lib/spoken.js";
import { t } from "../lib/texts.js";
import { loadPhones, phoneName } from "../model/phones.js";

/** @typedef {import("../model/phones.js").Phone} Phone */
/** @typedef {{ id: number, username: string, platform: string, device: string }} Account */
/** @typedef {{ id: number, name: string }} Clip */

const UPLOAD_MS = 3_600_000;
const APPS = { tiktok: "TikTok", instagram: "Instagram" };
const HELP = ["unauthorized", "no_permissions", "duplicate", "needs_hands", "offline"];

/**
 * @param {import("../lib/router.js").Visit} visit
 * @returns {import("../lib/router.js").Screen}
 */
export default function setup(visit) {
  const key = newKey();
  /** @type {Phone[]} */
  let phones = [];
  /** @type {Account[]} */
  let accounts = [];
  /** @type {Clip | null} */
  let clip = null;
  /** @type {number[]} */
  let posted = [];
  let total = 0;

  const adb = step("adb");
  const phone = step("phone");
  const account = step("account");
  const upload = step("clip");
  const post = step("post");

  const username = h("input", {
    name: "username",
    required: true,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: "false",
  });
  const platform = h(
    "select",
    { name: "platform" },
    Object.entries(APPS).map(([value, text]) => h("option", { value }, text)),
  );
  const device = h("select", { name: "device" });
  const add = h("button", { type: "submit", class: "button primary" }, t("setup.add_account"));
  const accountForm = h(
    "form",
    { class: "setup-body", on: { submit: addAccount } },
    h("p", { class: "calm" }, t("setup.account_how")),
    h(
      "div",
      { class: "setup-fields" },
      field(t("setup.username"), username),
      field(t("setup.platform"), platform),
      field(t("setup.device"), device),
    ),
    h("div", { class: "buttons" }, add),
  );

  const file = h("input", { type: "file", name: "file", accept: "video/*,image/*", on: { change: sendFile } });
  const uploading = h("p", { class: "calm", role: "status" });
  const problem = h("p", { class: "problem", role: "alert" });
  const uploadForm = h("div", { class: "setup-body" }, field(t("setup.file"), file), uploading, problem);

  const caption = h("textarea", { name: "caption", rows: 3, maxlength: 2200 });
  const go = button("", makePost, { kind: "primary" });
  const made = h("p", { role: "status" });
  const postForm = h("div", { class: "setup-body" }, field(t("setup.caption"), caption), h("div", { class: "buttons" }, go));

  async function load() {
    const options = { signal: visit.signal };
    const [found, accountList, library] = await Promise.all([
      loadPhones(true),
      get("/api/v1/accounts?page_size=20", options),
      clip === null ? get("/api/v1/materials?page_size=1", options) : { materials: [clip] },
    ]);
    phones = found;
    accounts = accountList.accounts;
    total = accountList.total;
    clip = library.materials[0] ?? null;
    draw();
  }

  function draw() {
    const usable = phones.filter((one) => one.state === "device");
    const adbWorks =
      !phones.some((one) => one.state === "adb_down") && !(live?.reasons ?? []).some((line) => line.startsWith("adb"));
    const steps = [
      { part: adb, done: adbWorks, said: t("setup.adb_ok"), body: () => adbBody() },
      { part: phone, done: usable.length > 0, said: names(usable), body: () => phoneBody() },
      { part: account, done: accounts.length > 0, said: accountNames(), body: () => accountForm },
      { part: upload, done: clip !== null, said: clip?.name ?? "", body: () => uploadForm },
      { part: post, done: posted.length > 0 || (live?.counts.total ?? 0) > 0, said: "", body: () => postForm },
    ];
    const first = steps.find((one) => !one.done);
    for (const one of steps)
      one.part.draw(one.done ? "done" : one === first ? "now" : "open", one.said, one === first ? one.body() : null);
    fillDevices(usable);
    fill(go, h("span", null, t("setup.post_now", { account: accounts[0] ? `@${accounts[0].username}` : "" })));
    all.hidden = first !== undefined;
  }

  function adbBody() {
    const why = live?.reasons.find((line) => line.startsWith("adb")) ?? "";
    return h(
      "div",
      { class: "setup-body" },
      why && h("p", { class: "problem" }, sentenceSaid(why)),
      h("p", { class: "calm" }, t("setup.adb_how")),
    );
  }

  function phoneBody() {
    const seen = phones.filter((one) => HELP.includes(one.state));
    return h(
      "div",
      { class: "setup-body" },
      h(
        "ol",
        { class: "how" },
        ["phone_1", "phone_2", "phone_3"].map((name) => h("li", null, t(`setup.${name}`))),
      ),
      seen.length === 0 && h("p", { class: "calm" }, t("setup.phone_waits")),
      seen.map((one) => h("p", null, badge("warn", phoneName(one.serial), "phones"), " ", spoken(one.detail))),
    );
  }

  /** @param {Phone[]} usable */
  function names(usable) {
    return usable.map((one) => [phoneName(one.serial), one.model].filter(Boolean).join(", ")).join(" · ");
  }

  function accountNames() {
    const shown = accounts
      .slice(0, 3)
      .map((one) => `@${one.username} (${APPS[/** @type {"tiktok"} */ (one.platform)] ?? one.platform})`);
    return shown.join(", ") + (total > shown.length ? ` +${total - shown.length}` : "");
  }

  /** @param {Phone[]} usable */
  function fillDevices(usable) {
    const wanted = usable.map((one) => one.serial).join();
    if (device.dataset.serials === wanted) return;
    device.dataset.serials = wanted;
    fill(
      device,
      usable.map((one) => h("option", { value: one.serial }, phoneName(one.serial))),
    );
  }

  /** @param {Event} event */
  function addAccount(event) {
    event.preventDefault();
    const body = { username: username.value.trim(), platform: platform.value, device: device.value };
    void whileBusy(
      add,
      send("POST", "/api/v1/accounts", body).then(() => visit.reload()),
    );
  }

  async function sendFile() {
    const chosen = file.files?.[0];
    if (chosen === undefined) return;
    problem.textContent = "";
    uploading.textContent = t("setup.uploading", { name: chosen.name });
    file.disabled = true;
    try {
      const answer = await send("POST", withQuery("/api/v1/materials", { name: chosen.name }), chosen, {
        wait_ms: UPLOAD_MS,
        repeat: true, // the same content is stored once
      });
      clip = answer.material;
    } catch (error) {
      problem.textContent = sentenceOf(error);
    } finally {
      file.disabled = false;
      uploading.textContent = "";
    }
    if (clip !== null) draw();
  }

  async function makePost() {
    const account = accounts[0];
    if (account === undefined || clip === null) return;
    const body = {
      script_name: "post",
      usernames: [account.username],
      platform: account.platform,
      script_config: { captions: caption.value, material_ids: [clip.id] },
    };
    const answer = await send("POST", "/api/v1/task", body, { key });
    posted = answer.task_ids;
    fill(
      made,
      icon("check"),
      " ",
      t("setup.posted"),
      " ",
      posted.map((id) => [h("a", { href: to("task", id) }, t("tasks.task", { id: String(id) })), " "]),
    );
    draw();
    void askNow();
  }

  const all = h(
    "div",
    { class: "card stack setup-done", hidden: true },
    h("h2", null, t("setup.done")),
    made,
    h("p", null, t("setup.done_how")),
    h(
      "div",
      { class: "buttons" },
      linkButton(t("shell.home"), to("home"), { icon: "home", kind: "primary" }),
      linkButton(t("shell.compose"), to("compose"), { icon: "compose" }),
      linkButton(t("setup.invite"), to("system"), { icon: "key" }),
    ),
  );

  const node = h(
    "div",
    { class: "stack" },
    heading(t("setup.title")),
    h("p", { class: "calm" }, t("setup.how")),
    h("ol", { class: "setup" }, adb.node, phone.node, account.node, upload.node, post.node),
    all,
  );
  return { title: t("setup.title"), node, load };
}

let number = 0;

/** One step: its mark, its name, what came of it, and what is to be done. @param {string} name */
function step(name) {
  number = name === "adb" ? 1 : number + 1;
  const place = String(number);
  const mark = h("span", { class: "setup-mark", "aria-hidden": "true" }, place);
  const state = h("span", { class: "sr" });
  const said = h("p", { class: "calm setup-body" });
  const body = h("div", { class: "setup-body" });
  const node = h("li", null, mark, h("h2", null, t(`setup.${name}`), state), said, body);

  return {
    node,
    /**
     * @param {"done" | "now" | "open"} how
     * @param {string} text what it came to
     * @param {HTMLElement | null} inside
     */
    draw(how, text, inside) {
      node.className = how;
      if (how === "now") node.setAttribute("aria-current", "step");
      else node.removeAttribute("aria-current");
      fill(mark, how === "done" ? icon("check") : place);
      state.textContent = `, ${t(how === "done" ? "parts.step_done" : how === "now" ? "parts.step_now" : "parts.step_open")}`;
      said.textContent = how === "done" ? text : "";
      said.hidden = said.textContent === "";
      // A form keeps what was typed while the hub changes.
      if (inside === null) fill(body);
      else if (body.firstElementChild !== inside) fill(body, inside);
    },
  };
}
